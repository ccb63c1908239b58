//! The configuration as blocks and directives, includes in their place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, SourceFile, nearest};

use super::directive::{self, Arguments, Context, Directive};
use crate::brace::{Document, Statement, StatementKind};
use crate::files::{FILE_LIMIT, FileError, Files, MOST_BYTES, MOST_FILES, MOST_PROBLEMS};
use crate::value::Value;

/// How many directives are kept in all.
const MOST_DIRECTIVES: usize = 400_000;
/// How deep includes may nest: nginx would go on until it has no file left to open.
const DEEPEST: usize = 32;

/// One directive.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: Value,
    pub(crate) arguments: Vec<Value>,
    /// From its name to its `;` or `{`.
    pub(crate) origin: Origin,
    pub(crate) document: Arc<Document>,
    /// Its place among the statements of the file.
    pub(crate) statement: usize,
    /// The block that it opens.
    pub(crate) block: Option<usize>,
}

impl Node {
    pub(crate) fn argument(&self) -> Option<&Value> {
        self.arguments.first()
    }
}

/// One block; the first one is the whole configuration.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) context: Context,
    pub(crate) parent: Option<usize>,
    pub(crate) nodes: Vec<Node>,
    /// Where in `nodes` the directives of each name are.
    index: BTreeMap<String, Vec<usize>>,
    /// The directive that opened it, with its file.
    pub(crate) header: Option<Header>,
}

#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) origin: Origin,
    pub(crate) document: Arc<Document>,
    pub(crate) statement: usize,
}

impl Block {
    /// The directives of a name, in this block alone.
    pub(crate) fn named(&self, name: &str) -> impl DoubleEndedIterator<Item = &Node> {
        self.index.get(name).into_iter().flatten().filter_map(|at| self.nodes.get(*at))
    }

    fn new(context: Context, parent: Option<usize>, header: Option<Header>) -> Self {
        Self { context, parent, nodes: Vec::new(), index: BTreeMap::new(), header }
    }

    fn push(&mut self, node: Node) {
        self.index.entry(node.name.as_str().to_owned()).or_default().push(self.nodes.len());
        self.nodes.push(node);
    }
}

pub(crate) struct Tree<'a> {
    files: &'a dyn Files,
    version: Option<&'a str>,
    /// The folder that relative paths begin in.
    prefix: String,
    documents: BTreeMap<String, Arc<Document>>,
    pub(crate) order: Vec<Arc<SourceFile>>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) evidence: Vec<Evidence>,
    /// Whether modules are loaded whose directives are not known here.
    pub(crate) other_modules: bool,
    opened: usize,
    bytes: usize,
    directives: usize,
    stopped: bool,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(files: &'a dyn Files, version: Option<&'a str>, path: &str) -> Self {
        let prefix = path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or_default().to_owned();
        Self {
            files,
            version,
            prefix,
            documents: BTreeMap::new(),
            order: Vec::new(),
            blocks: vec![Block::new(Context::Main, None, None)],
            evidence: Vec::new(),
            other_modules: false,
            opened: 0,
            bytes: 0,
            directives: 0,
            stopped: false,
        }
    }

    /// A path as nginx completes it: relative to the folder of the main file.
    pub(crate) fn full_path(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_owned() } else { format!("{}{path}", self.prefix) }
    }

    pub(crate) fn load(&mut self, path: &str) -> Result<Arc<Document>, FileError> {
        self.opened += 1;
        if let Some(document) = self.documents.get(path) {
            return Ok(Arc::clone(document));
        }
        let text = self.files.read(path, FILE_LIMIT.min(MOST_BYTES - self.bytes))?;
        self.bytes += text.len();
        let file = Arc::new(SourceFile::new(path, text));
        let document = Arc::new(Document::parse(Arc::clone(&file)));
        self.order.push(file);
        self.documents.insert(path.to_owned(), Arc::clone(&document));
        Ok(document)
    }

    pub(crate) fn tell(
        &mut self,
        origin: Origin,
        problem: ConfigProblem,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        if self.evidence.len() < MOST_PROBLEMS {
            let fact = Fact::Configuration { problem, message: message.into(), suggestion };
            let evidence = Evidence::new(fact).by(Role::Server).at(origin);
            // What several blocks inherit is told once.
            if !self.evidence.contains(&evidence) {
                self.evidence.push(evidence);
            }
        }
    }

    /// Takes the directives of a file into a block.
    pub(crate) fn file(&mut self, document: &Arc<Document>, block: usize, include: Option<&Origin>, depth: usize) {
        // The block of each statement that opens one.
        let mut blocks: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, statement) in document.statements().iter().enumerate() {
            if self.stopped {
                return;
            }
            let block = statement.parent.and_then(|parent| blocks.get(&parent).copied()).unwrap_or(block);
            if statement.kind == StatementKind::Close {
                continue;
            }
            let context = self.blocks.get(block).map_or(Context::Any, |block| block.context);
            let mut node = node(document, index, statement, include);
            if context == Context::Any {
                // Lines of `types`, `map` and their like are no directives.
                if let StatementKind::Open { .. } = statement.kind {
                    blocks.insert(index, block);
                }
                continue;
            }
            self.directives += 1;
            if self.directives > MOST_DIRECTIVES {
                self.tell(node.origin, ConfigProblem::TooDeep, format!("more than {MOST_DIRECTIVES} directives"), None);
                self.stopped = true;
                return;
            }
            self.check(&node, statement, context);
            if let StatementKind::Open { .. } = statement.kind {
                let inner = context.within(node.name.as_str().as_bytes());
                let header = Header { origin: node.origin.clone(), document: Arc::clone(document), statement: index };
                let id = self.blocks.len();
                self.blocks.push(Block::new(inner, Some(block), Some(header)));
                blocks.insert(index, id);
                node.block = Some(id);
            }
            if node.name.as_str() == "load_module" {
                self.other_modules = true;
            }
            let included = (node.name.as_str() == "include").then(|| node.argument().cloned()).flatten();
            if let Some(owner) = self.blocks.get_mut(block) {
                owner.push(node);
            }
            if let Some(pattern) = included {
                self.include(&pattern, block, depth);
            }
        }
        if let Some(problem) = document.problem() {
            let place = Origin::file(document.file(), problem.at.clone());
            let place = include.map_or(place.clone(), |include| place.after(include.clone()));
            self.tell(place, ConfigProblem::Syntax, problem.message.clone(), None);
        }
    }

    fn include(&mut self, pattern: &Value, block: usize, depth: usize) {
        let origin = pattern.origin().clone();
        let path = self.full_path(pattern.as_str());
        if depth >= DEEPEST || self.opened >= MOST_FILES {
            let message = format!("includes nest deeper than {DEEPEST}, or are more than {MOST_FILES}");
            self.tell(origin, ConfigProblem::TooDeep, message, None);
            self.stopped = true;
            return;
        }
        let is_pattern = path.contains(['*', '?', '[']);
        let paths = if is_pattern { self.files.glob(&path) } else { vec![path] };
        for path in paths {
            match self.load(&path) {
                Ok(document) => self.file(&document, block, Some(&origin), depth + 1),
                Err(error) => {
                    let message = match error {
                        FileError::Directory => format!("read() \"{path}\" failed (21: Is a directory)"),
                        FileError::NotFound => format!("open() \"{path}\" failed (2: No such file or directory)"),
                        FileError::Permission => format!("open() \"{path}\" failed (13: Permission denied)"),
                        other => format!("\"{path}\": {other}"),
                    };
                    self.tell(origin.clone(), ConfigProblem::FileNotReadable, message, None);
                }
            }
        }
    }

    /// `ngx_conf_handler`: whether the directive is known, may stand here and has the right number of arguments.
    fn check(&mut self, node: &Node, statement: &Statement, context: Context) {
        let name = node.name.as_str();
        let origin = node.name.origin().clone();
        let all = directive::named(name);
        let known: Vec<&Directive> = all.iter().filter(|row| row.exists(self.version)).collect();
        if known.is_empty() {
            if self.other_modules || directive::is_newer(self.version) || name.ends_with("_by_lua_block") {
                return;
            }
            let shown: String =
                name.chars().take(64).map(|letter| if letter.is_control() { '?' } else { letter }).collect();
            let (message, suggestion) = match all.first() {
                Some(row) => {
                    let version = self.version.unwrap_or_default();
                    (format!("unknown directive \"{name}\" in nginx {version}: {}", row.releases()), None)
                }
                None => {
                    let suggestion = nearest(name, directive::names(self.version)).map(str::to_owned);
                    (format!("unknown directive \"{shown}\""), suggestion)
                }
            };
            self.tell(origin, ConfigProblem::UnknownKeyword, message, suggestion);
            return;
        }
        let Some(row) = known.into_iter().find(|row| row.may_stand_in(context)) else {
            let message = format!("\"{name}\" directive is not allowed here");
            self.tell(origin, ConfigProblem::NotAllowedHere, message, None);
            return;
        };
        let opens = matches!(statement.kind, StatementKind::Open { .. });
        if row.block != opens {
            let message = match row.block {
                true => format!("directive \"{name}\" has no opening \"{{\""),
                false => format!("directive \"{name}\" is not terminated by \";\""),
            };
            self.tell(origin, ConfigProblem::Syntax, message, None);
            return;
        }
        let count = node.arguments.len();
        if !row.arguments.allow(count) || count > 7 && matches!(row.arguments, Arguments::Counts(_)) {
            let message = format!("invalid number of arguments in \"{name}\" directive");
            self.tell(origin, ConfigProblem::Syntax, message, None);
            return;
        }
        if row.arguments == Arguments::Flag
            && let Some(value) = node.argument()
            && !matches!(value.as_str().to_ascii_lowercase().as_str(), "on" | "off")
        {
            let message =
                format!("invalid value \"{}\" in \"{name}\" directive, it must be \"on\" or \"off\"", value.as_str());
            self.tell(value.origin().clone(), ConfigProblem::BadValue, message, None);
        }
    }
}

fn node(document: &Arc<Document>, index: usize, statement: &Statement, include: Option<&Origin>) -> Node {
    let mut words = statement.words.iter().map(|word| {
        let (bytes, places) = document.word(word);
        Value::written(document.file(), &bytes, &places, word.span.clone(), include)
    });
    let span: Range<usize> = statement.span().start..statement.words.last().map_or(0, |word| word.span.end);
    let place = Origin::file(document.file(), span);
    let origin = include.map_or(place.clone(), |include| place.after(include.clone()));
    let name = words.next().unwrap_or_else(|| Value::unwritten("", origin.clone()));
    let arguments = words.collect();
    Node { name, arguments, origin, document: Arc::clone(document), statement: index, block: None }
}
