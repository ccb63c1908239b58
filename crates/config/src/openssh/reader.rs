//! What both files have in common: files are read once each, includes are found, problems are collected.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, SourceFile};

use super::check::{Check, Complaint, Universe, shown};
use super::keyword::{Dialect, Keyword, Kind, Obsolete};
use super::setting::{Criterion, Setting};
use crate::files::{FILE_LIMIT, FileError, Files};
use crate::line::{Document, Line, LineKind, MOST_ARGUMENTS, Splitting};

/// How deep includes may nest: `READCONF_MAX_DEPTH` and `SERVCONF_MAX_DEPTH`.
const DEEPEST: u32 = 16;
/// How many files are opened in all, an included file counted each time. A configuration that reaches this would keep
/// OpenSSH busy for ever.
const MOST_FILES: u32 = 4_096;
/// How many bytes are kept in all.
const MOST_BYTES: usize = 64 << 20;
/// How many bytes are gone through in all, an included file's each time.
const MOST_PROCESSED: usize = 256 << 20;
/// How many problems are told.
const MOST_PROBLEMS: usize = 200;

/// Whether the directives of a block hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Active {
    Yes,
    No,
    /// It depends on something that is not known here.
    Undecided(Criterion),
}

impl Active {
    /// What holds where both have to.
    pub(crate) fn and(&self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Undecided(first), _) => Self::Undecided(first.clone()),
            (Self::Yes, other) => other,
        }
    }
}

pub(crate) struct Reader<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) dialect: Dialect,
    pub(crate) universe: &'a Universe,
    documents: BTreeMap<String, Arc<Document>>,
    /// In the order of first reading.
    pub(crate) order: Vec<Arc<SourceFile>>,
    pub(crate) evidence: Vec<Evidence>,
    problems: usize,
    opened: u32,
    bytes: usize,
    processed: usize,
    /// In a second pass over the same files nothing is told again.
    pub(crate) quiet: bool,
    /// After a problem that ends all reading.
    pub(crate) stopped: bool,
}

/// A line that holds a directive.
pub(crate) struct Statement {
    pub(crate) setting: Setting,
    /// Whether the program would refuse it.
    pub(crate) refused: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files, dialect: Dialect, universe: &'a Universe) -> Self {
        Self {
            files,
            dialect,
            universe,
            documents: BTreeMap::new(),
            order: Vec::new(),
            evidence: Vec::new(),
            problems: 0,
            opened: 0,
            bytes: 0,
            processed: 0,
            quiet: false,
            stopped: false,
        }
    }

    pub(crate) fn splitting(&self) -> Splitting {
        if self.dialect.splits_like_argv() { Splitting::Argv } else { Splitting::Strdelim }
    }

    /// Reads a file, from memory where it was read before.
    pub(crate) fn load(&mut self, path: &str) -> Result<Arc<Document>, FileError> {
        self.opened += 1;
        if let Some(document) = self.documents.get(path) {
            self.processed += document.file().text.len();
            return Ok(Arc::clone(document));
        }
        let limit = FILE_LIMIT.min(MOST_BYTES - self.bytes);
        let text = self.files.read(path, limit)?;
        self.bytes += text.len();
        self.processed += text.len();
        let file = Arc::new(SourceFile::new(path, text));
        let document = Arc::new(Document::parse(Arc::clone(&file)));
        if let Some(nul) = file.text.iter().position(|&byte| byte == 0) {
            let message = "not a text file: it holds a NUL byte, and OpenSSH reads no further in that line";
            self.tell(Origin::file(&file, nul..nul + 1), ConfigProblem::NotAConfiguration, message.into(), None);
        }
        self.order.push(file);
        self.documents.insert(path.to_owned(), Arc::clone(&document));
        Ok(document)
    }

    pub(crate) fn tell(&mut self, origin: Origin, problem: ConfigProblem, message: String, suggestion: Option<String>) {
        if self.quiet || self.problems >= MOST_PROBLEMS {
            return;
        }
        self.problems += 1;
        let fact = Fact::Configuration { problem, message, suggestion };
        self.evidence.push(Evidence::new(fact).by(self.dialect.role).at(origin));
    }

    fn complain(&mut self, place: &dyn Fn(Range<usize>) -> Origin, complaint: Complaint) {
        self.tell(place(complaint.span.clone()), complaint.problem, complaint.message, complaint.suggestion);
    }

    /// Whether an include of this depth is read, or why not.
    pub(crate) fn may_include(&mut self, depth: u32, origin: &Origin) -> bool {
        let message = if depth > DEEPEST {
            "Too many recursive configuration includes".to_owned()
        } else if self.opened >= MOST_FILES {
            format!("more than {MOST_FILES} files are included")
        } else if self.processed >= MOST_PROCESSED {
            format!("more than {MOST_PROCESSED} bytes are included")
        } else {
            return true;
        };
        self.tell(origin.clone(), ConfigProblem::TooDeep, message, None);
        self.stopped = true;
        false
    }

    /// Reads one line. `ignored` judges unknown keywords (`IgnoreUnknown`); `allowed` says whether the keyword may stand
    /// here.
    pub(crate) fn statement(
        &mut self,
        document: &Arc<Document>,
        line: &Line,
        include: Option<&Origin>,
        ignored: &dyn Fn(&[u8]) -> bool,
        allowed: &dyn Fn(&Dialect, &Keyword) -> bool,
    ) -> Option<Statement> {
        let place = |span: Range<usize>| {
            let place = Origin::file(document.file(), span);
            include.map_or(place.clone(), |include| place.after(include.clone()))
        };
        let whole = line.keyword.start..line.arguments.end.max(line.keyword.end);
        match line.kind {
            LineKind::Blank => return None,
            LineKind::PassedOver => {
                let message = "a quote without its closing quote: the line is passed over in silence";
                self.tell(place(line.arguments.clone()), ConfigProblem::Ineffective, message.into(), None);
                return None;
            }
            LineKind::Directive => {}
        }
        let mut name = document.keyword(line);
        if self.dialect.role == Role::Client {
            name.make_ascii_lowercase();
        }
        if line.arguments.is_empty() {
            let message = format!("no argument after keyword \"{}\"", shown(&name));
            let suggestion = std::str::from_utf8(&name).ok().filter(|name| self.dialect.find(name).is_none());
            let suggestion = suggestion.and_then(|name| self.dialect.nearest(name)).map(str::to_owned);
            self.tell(place(line.keyword.clone()), ConfigProblem::Syntax, message, suggestion);
            return None;
        }
        let written = String::from_utf8_lossy(&name).into_owned();
        let keyword = self.dialect.find(&written);
        if keyword.is_none() && !ignored(&name) {
            let message = format!("Bad configuration option: {}", shown(&name));
            let near = self.dialect.nearest(&written).map(str::to_owned);
            let suggestion = self.dialect.elsewhere(&written).or(near);
            self.tell(place(line.keyword.clone()), ConfigProblem::UnknownKeyword, message, suggestion);
            return None;
        }
        let splitting = self.splitting();
        let Ok(arguments) = splitting.split(&document.file().text, &line.arguments) else {
            self.tell(place(line.arguments.clone()), ConfigProblem::Syntax, "invalid quotes".into(), None);
            return None;
        };
        if arguments.cut {
            let message = format!("more than {MOST_ARGUMENTS} arguments");
            self.tell(place(line.keyword.clone()), ConfigProblem::NotAConfiguration, message, None);
            return None;
        }
        let keyword = keyword?;
        if !allowed(&self.dialect, keyword) {
            let message = format!("Directive '{}' is not allowed within a Match block", shown(&name));
            let suggestion = Some(format!("move `{}` above the first `Match`", keyword.name));
            self.tell(place(whole), ConfigProblem::NotAllowedHere, message, suggestion);
            return None;
        }
        if let Some(how) = self.dialect.obsolete(keyword) {
            let word = match how {
                Obsolete::Deprecated => "Deprecated",
                Obsolete::Unsupported => "Unsupported",
                Obsolete::Ignored => return None,
            };
            self.tell(place(whole), ConfigProblem::Deprecated, format!("{word} option \"{}\"", shown(&name)), None);
            return None;
        }
        let complaints = Check {
            dialect: &self.dialect,
            universe: self.universe,
            document,
            keyword,
            written: &written,
            keyword_span: line.keyword.clone(),
            arguments: &arguments.list,
            splitting,
        }
        .complaints();
        // A list is kept without its unknown names: what it would be once they are put right.
        let refused = !matches!(keyword.kind, Kind::Names(_))
            && complaints.iter().any(|complaint| complaint.problem != ConfigProblem::Ineffective)
            || complaints.iter().any(|complaint| complaint.problem == ConfigProblem::Syntax);
        complaints.into_iter().for_each(|complaint| self.complain(&place, complaint));
        let setting = Setting {
            keyword,
            document: Arc::clone(document),
            keyword_span: line.keyword.clone(),
            rest: line.arguments.clone(),
            arguments: arguments.list,
            splitting,
            include: include.cloned(),
        };
        Some(Statement { setting, refused })
    }
}
