//! Which directives of `sshd_config` count: the global ones, then those of the `Match` blocks that hold for the connection
//! (servconf.c reads the file twice for that).

use std::sync::Arc;

use shakedown_model::{ConfigProblem, Context, Origin, nearest};

use super::check::{Complaint, shown};
use super::client::criterion;
use super::client_match::{argument, words};
use super::keyword::{Dialect, Keyword, Kind, Version};
use super::pattern::{Judgement, judge, judge_address, judge_host};
use super::reader::{Active, Reader};
use super::setting::{Setting, Settings};
use super::time;
use crate::files::{FileError, Files};
use crate::line::{Argument, Document};

/// The directives of `Match` blocks that sshd takes over (`copy_set_server_options`) and that matter to a key exchange or to
/// the signatures behind it.
const TAKEN_OVER: [&str; 5] = [
    "PubkeyAcceptedAlgorithms",
    "HostbasedAcceptedAlgorithms",
    "CASignatureAlgorithms",
    "RequiredRSASize",
    "RekeyLimit",
];

pub(crate) struct ServerReader<'a> {
    pub(crate) reader: Reader<'a>,
    pub(crate) settings: Settings,
    context: &'a Context,
    /// The second pass: only blocks that hold count.
    connection: bool,
}

/// What holds at a place of the file.
struct Place {
    depth: u32,
    include: Option<Origin>,
    /// What the block around the `Include` comes to: blocks of included files hold no more than that.
    base: Active,
    /// In the second pass outside of any block: only blocks count.
    blocks_only: bool,
}

impl<'a> ServerReader<'a> {
    pub(crate) fn new(reader: Reader<'a>, context: &'a Context) -> Self {
        Self { reader, settings: Settings::default(), context, connection: false }
    }

    pub(crate) fn read(&mut self, path: &str) -> Result<(), FileError> {
        let document = self.reader.load(path)?;
        let mut place = Place { depth: 0, include: None, base: Active::Yes, blocks_only: false };
        self.file(&document, &mut place, Active::Yes);
        if self.reader.stopped {
            return Ok(());
        }
        let global = std::mem::take(&mut self.settings);
        self.connection = true;
        self.reader.quiet = true;
        let mut place = Place { depth: 0, include: None, base: Active::Yes, blocks_only: true };
        self.file(&document, &mut place, Active::No);
        let blocks = std::mem::replace(&mut self.settings, global);
        self.settings.override_with(blocks, &TAKEN_OVER);
        Ok(())
    }

    fn file(&mut self, document: &Arc<Document>, place: &mut Place, start: Active) {
        let mut active = start;
        for line in document.lines() {
            if self.reader.stopped {
                return;
            }
            // Outside of an active part only what a Match block allows may stand; in the second pass it is passed over.
            let refuse = active == Active::No && !self.connection;
            let allowed = |dialect: &Dialect, keyword: &Keyword| !refuse || dialect.allowed_in_match(keyword);
            let statement = self.reader.statement(document, line, place.include.as_ref(), &|_| false, &allowed);
            let Some(statement) = statement.filter(|statement| !statement.refused) else { continue };
            let setting = statement.setting;
            match setting.keyword.kind {
                Kind::Match => {
                    active = match self.criteria(&setting) {
                        Ok(active) => place.base.and(active),
                        Err(complaint) => {
                            let origin = setting.place(complaint.span);
                            self.reader.tell(origin, complaint.problem, complaint.message, complaint.suggestion);
                            Active::No
                        }
                    };
                    place.blocks_only = false;
                }
                Kind::Include => self.include(&setting, place, &active),
                _ => self.set(setting, &active),
            }
        }
    }

    fn set(&mut self, setting: Setting, active: &Active) {
        if setting.keyword.canonical == "Subsystem" && *active == Active::Yes {
            let same = |known: &Setting| known.bytes(0) == setting.bytes(0);
            // Since 9.5 the first one counts.
            if self.reader.dialect.version < Version(9, 5) && self.settings.all("Subsystem").iter().any(same) {
                let name = shown(setting.bytes(0).unwrap_or_default());
                let message = format!("Subsystem '{name}' already defined");
                self.reader.tell(setting.argument_origin(0), ConfigProblem::BadValue, message, None);
                return;
            }
        }
        let multiple = setting.keyword.multiple || setting.keyword.kind == Kind::RekeyLimit;
        match active {
            Active::No => {}
            Active::Yes => self.settings.add(setting, multiple),
            Active::Undecided(criterion) => {
                if !self.settings.has(setting.keyword.canonical) && TAKEN_OVER.contains(&setting.keyword.canonical) {
                    self.settings.undecided.push((setting, criterion.clone()));
                }
            }
        }
    }

    fn include(&mut self, setting: &Setting, place: &Place, active: &Active) {
        for (index, argument) in setting.arguments.iter().enumerate() {
            let origin = setting.argument_origin(index);
            let text = String::from_utf8_lossy(&argument.text).into_owned();
            if text.is_empty() {
                let message =
                    format!("keyword {} empty argument", shown(setting.document.bytes(&setting.keyword_span)));
                self.reader.tell(origin, ConfigProblem::Syntax, message, None);
                return;
            }
            let pattern = if text.starts_with(['/', '~']) { text } else { format!("/etc/ssh/{text}") };
            // sshd does not know `~` here: it is a folder of that name in the working directory.
            let pattern = if pattern.starts_with('~') { format!("./{pattern}") } else { pattern };
            for path in self.reader.files.glob(&pattern) {
                if self.reader.stopped || !self.reader.may_include(place.depth + 1, &origin) {
                    return;
                }
                match self.reader.load(&path) {
                    Ok(document) => {
                        let mut inner = Place {
                            depth: place.depth + 1,
                            include: Some(origin.clone()),
                            base: if place.blocks_only { Active::Yes } else { active.clone() },
                            blocks_only: place.blocks_only,
                        };
                        self.file(&document, &mut inner, active.clone());
                    }
                    Err(error) => {
                        let message = format!("{path}: {error}");
                        self.reader.tell(origin.clone(), ConfigProblem::FileNotReadable, message, None);
                    }
                }
            }
        }
    }

    /// `match_cfg_line` of servconf.c. Before the connection is known only `Match all` holds.
    fn criteria(&self, setting: &Setting) -> Result<Active, Complaint> {
        let version = self.reader.dialect.version;
        let words = words(setting, &self.reader.dialect);
        let mut words = words.iter();
        let mut active = Active::Yes;
        let mut attributes = 0_u32;
        while let Some(word) = words.next().filter(|word| !word.text.starts_with(b"#")) {
            let complaint = |message: String| Complaint::new(ConfigProblem::Syntax, message, word.span.clone());
            attributes += 1;
            let written = String::from_utf8_lossy(&word.text).into_owned();
            let name = written.split('=').next().unwrap_or(&written).to_ascii_lowercase();
            if name == "all" {
                let more = words.next().is_some_and(|next| !next.text.is_empty() && !next.text.starts_with(b"#"));
                if attributes > 1 || more {
                    return Err(complaint("'all' cannot be combined with other Match attributes".into()));
                }
                return Ok(Active::Yes);
            }
            let known = CRITERIA.iter().any(|(known, since)| *known == name && version >= *since);
            let value = match name.as_str() {
                "invalid-user" if known => b"" as &[u8],
                _ => match argument(word, &mut words) {
                    Some(value) if !value.is_empty() && !value.starts_with(b"#") => value,
                    _ => return Err(complaint(format!("Missing Match criteria for {name}"))),
                },
            };
            if !known {
                let names = CRITERIA.iter().filter(|(_, since)| version >= *since).map(|(name, _)| *name);
                let mut complaint = complaint(format!("Unsupported Match attribute {}", shown(name.as_bytes())));
                complaint.suggestion = nearest(&name, names).map(str::to_owned);
                return Err(complaint);
            }
            let holds = self.holds(&name, value, word)?;
            active = active.and(match holds {
                _ if !self.connection => Active::No,
                Some(true) => Active::Yes,
                Some(false) => Active::No,
                None => Active::Undecided(criterion(setting)),
            });
        }
        if attributes == 0 {
            let message = "One or more attributes required for Match";
            return Err(Complaint::new(ConfigProblem::Syntax, message, setting.keyword_span.clone()));
        }
        Ok(active)
    }

    /// Whether a criterion holds for the connection; `None` where the context does not say.
    fn holds(&self, name: &str, value: &[u8], word: &Argument) -> Result<Option<bool>, Complaint> {
        let bad = |message: String| Complaint::new(ConfigProblem::BadValue, message, word.span.clone());
        let address = |address| match judge_address(value, address) {
            Ok(judgement) => Ok(address.map(|_| judgement == Judgement::Match)),
            Err(_) => Err(bad(format!("Invalid Match {name} argument '{}'", shown(value)))),
        };
        match name {
            "address" => address(self.context.address),
            "localaddress" => address(self.context.local_address),
            "localport" => {
                let text = String::from_utf8_lossy(value);
                let port = match text.as_ref() {
                    "0" => Some(0),
                    text => time::port(text),
                };
                let port = port.ok_or_else(|| bad(format!("Invalid LocalPort '{}' on Match line", shown(value))))?;
                Ok(self.context.local_port.map(|local| local == port))
            }
            "user" => {
                Ok(self.context.user.as_ref().map(|user| judge(value, user.as_bytes(), false) == Judgement::Match))
            }
            "group" => Ok(match &self.context.user {
                // A group that a pattern with `!` matches rules the user out, whatever the others do.
                Some(user) => groups(self.reader.files, user).map(|groups| {
                    let judged = groups.iter().map(|group| judge(value, group.as_bytes(), false));
                    judged
                        .filter(|judgement| *judgement != Judgement::NoMatch)
                        .max_by_key(|judgement| *judgement == Judgement::Negated)
                        == Some(Judgement::Match)
                }),
                None => None,
            }),
            "host" => Ok(self.context.host.as_ref().map(|host| judge_host(value, host) == Judgement::Match)),
            "version" => {
                let Version(major, minor) = self.reader.dialect.version;
                let release = format!("OpenSSH_{major}.{minor}p1");
                Ok(Some(judge(value, release.as_bytes(), false) == Judgement::Match))
            }
            _ => Ok(None),
        }
    }
}

const CRITERIA: [(&str, Version); 9] = [
    ("user", Version(0, 0)),
    ("group", Version(0, 0)),
    ("host", Version(0, 0)),
    ("address", Version(0, 0)),
    ("localaddress", Version(6, 1)),
    ("localport", Version(6, 1)),
    ("rdomain", Version(7, 7)),
    ("invalid-user", Version(9, 9)),
    ("version", Version(10, 0)),
];

/// The groups of a user by `/etc/passwd` and `/etc/group`; `None` where these do not know the user.
fn groups(files: &dyn Files, user: &str) -> Option<Vec<String>> {
    const LIMIT: usize = 4 << 20;
    let read = |path| files.read(path, LIMIT).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let passwd = read("/etc/passwd")?;
    let primary = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(user)).then(|| fields.nth(2).unwrap_or("").to_owned())
    })?;
    let group = read("/etc/group")?;
    let member = group.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number = fields.nth(1)?;
        let members = fields.next().unwrap_or("");
        (number == primary || members.split(',').any(|member| member == user)).then(|| name.to_owned())
    });
    Some(member.collect())
}
