//! Which directives of `ssh_config` count for one target: `Host`, `Match`, `Include`, the first value wins (readconf.c,
//! and the order of things in ssh.c).

use std::net::IpAddr;
use std::sync::Arc;

use shakedown_model::{ConfigProblem, Context, Evidence, Fact, Origin};

use super::client_match::{Facts, decide};
use super::client_settings::HASHES_JUMP;
use super::keyword::{Kind, Version};
use super::pattern::{Judgement, judge, matches};
use super::read::ClientSpec;
use super::reader::{Active, Reader};
use super::setting::{Criterion, Setting, Settings};
use super::tokens::{Tokens, UnknownToken};
use crate::files::FileError;
use crate::line::Document;

/// What decides which directives count.
pub(crate) struct ClientReader<'a> {
    pub(crate) reader: Reader<'a>,
    pub(crate) settings: Settings,
    context: &'a Context,
    given_host: Option<&'a str>,
    /// The host as `Host` sees it: as typed, in the second pass after `HostName`.
    host: Option<String>,
    final_pass: bool,
    wants_final_pass: bool,
    allow_commands: bool,
}

/// Where the text that is read comes from.
#[derive(Clone)]
struct Place {
    /// The user's file or one included from it: `~` is known, relative includes lie in `~/.ssh`.
    user: bool,
    /// Owner and mode are checked.
    checked: bool,
    depth: u32,
    include: Option<Origin>,
}

impl<'a> ClientReader<'a> {
    pub(crate) fn new(reader: Reader<'a>, spec: &'a ClientSpec) -> Self {
        let context = &spec.context;
        Self {
            reader,
            settings: Settings::default(),
            context,
            given_host: spec.host_name.as_deref(),
            host: context.target.clone(),
            final_pass: false,
            wants_final_pass: false,
            allow_commands: spec.allow_exec,
        }
    }

    /// Reads the user's file and then the others, and all of them again where a `Match final` asks for it.
    pub(crate) fn read(&mut self, paths: &[String], optional: bool) -> Result<(), (String, FileError)> {
        self.pass(paths, optional)?;
        let canonicalize = self.settings.text("CanonicalizeHostname");
        let canonical =
            canonicalize.is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "no" | "false"));
        if (canonical || self.wants_final_pass) && !self.reader.stopped {
            self.host = self.host_name();
            self.final_pass = true;
            self.reader.quiet = true;
            self.pass(paths, optional)?;
        }
        Ok(())
    }

    fn pass(&mut self, paths: &[String], optional: bool) -> Result<(), (String, FileError)> {
        for (index, path) in paths.iter().enumerate() {
            let place = Place { user: index == 0, checked: index == 0 && optional, depth: 0, include: None };
            match self.reader.load(path) {
                Ok(document) => {
                    if self.trusted(path, &document, &place) {
                        self.file(&document, &place, &Active::Yes);
                    }
                }
                // ssh itself passes over what it cannot open here, whatever the reason.
                Err(FileError::NotFound | FileError::NoHome) if optional => {}
                Err(error) if optional => {
                    let fact = Fact::Configuration {
                        problem: ConfigProblem::FileNotReadable,
                        message: format!("{path}: {error}"),
                        suggestion: None,
                    };
                    if !self.reader.quiet {
                        self.reader.evidence.push(Evidence::new(fact).by(self.reader.dialect.role));
                    }
                }
                Err(error) => return Err((path.clone(), error)),
            }
        }
        Ok(())
    }

    /// `HostName`, tokens as they stand.
    fn configured_host(&self) -> Option<String> {
        self.given_host.map(str::to_owned).or_else(|| self.settings.text("HostName"))
    }

    /// The host name after `HostName`; `None` where it depends on a target that is not known.
    pub(crate) fn host_name(&self) -> Option<String> {
        // The second pass begins with the name that the first one has found; a `HostName` in it comes too late.
        if self.final_pass {
            return self.host.clone();
        }
        let typed = self.context.target.clone();
        let name = match self.configured_host() {
            // Only %h and %% are known there.
            Some(name) => Tokens { host: typed, ..Tokens::default() }.expand(&name).ok(),
            None => typed,
        }?;
        // Addresses are not turned to lower case.
        Some(if name.parse::<IpAddr>().is_ok() { name } else { name.to_ascii_lowercase() })
    }

    /// Owner and mode have to keep others from writing (`Bad owner or permissions`).
    fn trusted(&mut self, path: &str, document: &Arc<Document>, place: &Place) -> bool {
        if !place.checked {
            return true;
        }
        let Ok(metadata) = self.reader.files.metadata(path) else { return true };
        let owner = metadata.owner == 0 || metadata.owner == self.reader.files.user_id();
        if owner && metadata.mode & 0o022 == 0 {
            return true;
        }
        let whole = Origin::file(document.file(), 0..document.lines().first().map_or(0, |line| line.span().end));
        let message = format!("Bad owner or permissions on {path}");
        let suggestion = if owner { format!("chmod go-w {path}") } else { format!("chown \"$(id -un)\" {path}") };
        self.reader.tell(whole, ConfigProblem::FileNotReadable, message, Some(suggestion));
        false
    }

    fn file(&mut self, document: &Arc<Document>, place: &Place, base: &Active) {
        let mut active = base.clone();
        for line in document.lines() {
            if self.reader.stopped {
                return;
            }
            let unknown = self.settings.first("IgnoreUnknown").and_then(|setting| setting.bytes(0)).map(<[u8]>::to_vec);
            let ignored =
                |name: &[u8]| unknown.as_ref().is_some_and(|list| judge(list, name, true) == Judgement::Match);
            let statement = self.reader.statement(document, line, place.include.as_ref(), &ignored, &|_, _| true);
            let Some(statement) = statement.filter(|statement| !statement.refused) else { continue };
            let setting = statement.setting;
            match setting.keyword.kind {
                Kind::Host => active = self.host_block(&setting, base),
                Kind::Match => active = self.match_block(&setting, base),
                Kind::Include => self.include(&setting, place, &active),
                _ => self.set(setting, &active),
            }
        }
    }

    fn set(&mut self, setting: Setting, active: &Active) {
        let keyword = setting.keyword.canonical;
        if keyword == "HostName" && (self.final_pass || self.given_host.is_some()) {
            return;
        }
        // Of ProxyJump and ProxyCommand the first one counts.
        let other = match keyword {
            "ProxyJump" => "ProxyCommand",
            "ProxyCommand" => "ProxyJump",
            _ => keyword,
        };
        // The time of a RekeyLimit can come from a later one than its amount.
        let multiple = setting.keyword.multiple || setting.keyword.kind == Kind::RekeyLimit;
        if self.settings.has(other) && other != keyword || self.settings.has(keyword) && !multiple {
            return;
        }
        match active {
            Active::No => {}
            Active::Undecided(criterion) => self.settings.undecided.push((setting, criterion.clone())),
            Active::Yes => {
                let again = |known: &Setting| known.bytes(0) == setting.bytes(0);
                if !(multiple && self.settings.all(keyword).iter().any(again) && keyword != "RekeyLimit") {
                    self.settings.add(setting, multiple);
                }
            }
        }
    }

    fn host_block(&mut self, setting: &Setting, base: &Active) -> Active {
        if let Some(empty) = setting.arguments.iter().find(|argument| argument.text.is_empty()) {
            let message = "keyword host empty argument".to_owned();
            self.reader.tell(setting.place(empty.span.clone()), ConfigProblem::Syntax, message, None);
            return base.and(Active::No);
        }
        let patterns = setting.arguments.iter().map(|argument| argument.text.as_slice());
        let Some(host) = &self.host else {
            // Only `*` holds for every host.
            let all: Vec<&[u8]> = patterns.collect();
            let certain = all.contains(&&b"*"[..]) && !all.iter().any(|pattern| pattern.starts_with(b"!"));
            return base.and(if certain { Active::Yes } else { Active::Undecided(criterion(setting)) });
        };
        let mut holds = false;
        for pattern in patterns {
            let (negated, pattern) = match pattern.strip_prefix(b"!") {
                Some(rest) => (true, rest),
                None => (false, pattern),
            };
            if matches(pattern, host.as_bytes()) {
                if negated {
                    return Active::No;
                }
                holds = true;
            }
        }
        base.and(if holds { Active::Yes } else { Active::No })
    }

    fn match_block(&mut self, setting: &Setting, base: &Active) -> Active {
        let tokens = self.tokens();
        let facts = Facts {
            original_host: self.context.target.clone(),
            user: tokens.remote_user.clone(),
            local_user: self.context.local_user.clone(),
            tag: self.settings.text("Tag").unwrap_or_default(),
            final_pass: self.final_pass,
            version: self.reader.dialect.version,
            host: tokens.host.clone(),
            tokens,
        };
        let run = |command: &str| if self.allow_commands { self.reader.files.run(command) } else { None };
        let decision = decide(setting, &self.reader.dialect, &facts, &run);
        self.wants_final_pass |= decision.wants_final_pass;
        match decision.result {
            Ok(active) => base.and(active),
            Err(complaint) => {
                let place = setting.place(complaint.span);
                self.reader.tell(place, complaint.problem, complaint.message, complaint.suggestion);
                base.and(Active::No)
            }
        }
    }

    /// What tokens stand for in the middle of the reading (`expand_match_exec_or_include_path`).
    fn tokens(&self) -> Tokens {
        let typed = self.host.clone();
        let host = match self.configured_host() {
            Some(name) if !self.final_pass => Tokens { host: typed, ..Tokens::default() }.expand(&name).ok(),
            _ => typed,
        };
        let port = self.context.port.or_else(|| self.settings.text("Port").and_then(|text| super::time::port(&text)));
        let local_user = self.context.local_user.clone();
        Tokens {
            original_host: self.context.target.clone(),
            port: Some(port.unwrap_or(22)),
            remote_user: self.context.user.clone().or_else(|| self.settings.text("User")).or(local_user.clone()),
            local_user,
            home: self.reader.files.home().map(str::to_owned),
            key_alias: self.settings.text("HostKeyAlias").or_else(|| host.clone()),
            jump: super::client_settings::last_jump(&self.settings),
            user_id: Some(self.reader.files.user_id()),
            this_host: self.reader.files.host_name(),
            hashes_jump: self.reader.dialect.version >= HASHES_JUMP,
            host,
        }
    }

    fn include(&mut self, setting: &Setting, place: &Place, active: &Active) {
        for (index, argument) in setting.arguments.iter().enumerate() {
            let origin = setting.argument_origin(index);
            let text = String::from_utf8_lossy(&argument.text).into_owned();
            let message = if text.is_empty() {
                Some("keyword include empty argument".to_owned())
            } else if text.starts_with('~') && !place.user {
                Some(format!("bad include path {text}"))
            } else {
                None
            };
            if let Some(message) = message {
                self.reader.tell(origin, ConfigProblem::Syntax, message, None);
                return;
            }
            // Since 9.9 tokens and environment variables are known here; a path with an unknown one is passed over.
            let text = match self.reader.dialect.version >= Version(9, 9) && text.contains(['%', '$']) {
                true => match self.tokens().expand_with_environment(&text, self.reader.files) {
                    Ok(text) => text,
                    Err(UnknownToken(token)) => {
                        let message = format!("Unable to expand user config file '{text}': `{token}` is not known");
                        self.reader.tell(origin, ConfigProblem::BadValue, message, None);
                        continue;
                    }
                },
                false => text,
            };
            let pattern = match text.starts_with(['/', '~']) {
                true => text,
                false if place.user => format!("~/.ssh/{text}"),
                false => format!("/etc/ssh/{text}"),
            };
            for path in self.reader.files.glob(&pattern) {
                if self.reader.stopped || !self.reader.may_include(place.depth + 1, &origin) {
                    return;
                }
                match self.reader.load(&path) {
                    Ok(document) => {
                        let inner = Place {
                            user: place.user,
                            checked: true,
                            depth: place.depth + 1,
                            include: Some(origin.clone()),
                        };
                        if self.trusted(&path, &document, &inner) {
                            self.file(&document, &inner, active);
                        }
                    }
                    Err(error) => {
                        let message = format!("Can't open user config file {path}: {error}");
                        self.reader.tell(origin.clone(), ConfigProblem::FileNotReadable, message, None);
                    }
                }
            }
        }
    }
}

/// A block's first line, as a criterion that could not be decided.
pub(crate) fn criterion(setting: &Setting) -> Criterion {
    let arguments = setting.arguments.iter();
    let end = arguments.last().map_or(setting.keyword_span.end, |argument| argument.span.end);
    let span = setting.keyword_span.start..end;
    Criterion { text: super::check::shown(setting.document.bytes(&span)), origin: setting.place(span) }
}
