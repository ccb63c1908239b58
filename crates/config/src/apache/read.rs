//! One pass over the files: includes, variables and conditions, as httpd goes through them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use shakedown_catalog::Scheme;
use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, SourceFile};

use super::host;
use crate::angle::{Document, LineKind, Word};
use crate::files::{FILE_LIMIT, FileError, Files, MOST_BYTES, MOST_FILES, MOST_PROBLEMS, Unreadable};
use crate::tls::ServerSettings;
use crate::value::Value;

const DEEPEST: usize = 128;
/// How many virtual hosts, and directives of each name in one of them, are looked at.
const MOST_HOSTS: usize = 5_000;
const MOST_OF_A_NAME: usize = 64;
/// What a word may grow to by its variables, in bytes.
const LONGEST: usize = 65_536;

/// What to read.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The main file.
    pub path: &'a str,
    /// The version of httpd, such as `2.4.62`; `None` where it is not known: then the newest one is assumed.
    pub version: Option<&'a str>,
    /// The version of OpenSSL, for `SSLOpenSSLConfCmd`.
    pub library: Option<&'a str>,
    /// Variables that the environment gives (`envvars` of Debian), besides those of `Define`.
    pub variables: &'a [(&'a str, &'a str)],
}

/// A configuration of httpd.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The files, the main one first.
    pub files: Vec<Arc<SourceFile>>,
    /// The virtual hosts in the order of the files, and the main server last where it speaks TLS itself.
    pub servers: Vec<ServerSettings>,
    /// What httpd refuses.
    pub evidence: Vec<Evidence>,
    /// What could not be decided, each one sentence.
    pub notes: Vec<String>,
    /// The folder from which relative paths begin (`ServerRoot`).
    pub root: String,
    pub(crate) hosts: Vec<Host>,
    /// The host of each server.
    pub(crate) server_hosts: Vec<usize>,
    pub(crate) names_before_versions: bool,
    pub(crate) spec: Owned,
}

/// What was read, for reading it again.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    path: String,
    version: Option<String>,
    library: Option<String>,
    variables: Vec<(String, String)>,
}

impl Owned {
    pub(crate) fn read_again(&self, files: &dyn Files) -> Option<Reading> {
        let variables: Vec<(&str, &str)> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let spec = Spec {
            path: &self.path,
            version: self.version.as_deref(),
            library: self.library.as_deref(),
            variables: &variables,
        };
        read(files, &spec).ok()
    }
}

/// What a connection meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The settings as they come together.
    pub settings: ServerSettings,
    /// The first host of the address and port.
    pub default: usize,
    /// The host that the name leads to; the first one where it leads nowhere.
    pub server: usize,
}

/// One directive.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: Value,
    pub(crate) arguments: Vec<Value>,
    pub(crate) document: Arc<Document>,
    pub(crate) line: usize,
    pub(crate) origin: Origin,
}

/// The main server (the first one), or a virtual host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Host {
    pub(crate) nodes: Vec<Node>,
    /// Where in `nodes` the directives of each name, in small letters, are.
    index: BTreeMap<String, Vec<usize>>,
    /// `<VirtualHost ...>`.
    pub(crate) header: Option<Node>,
}

impl Host {
    /// The last directive of a name: it counts.
    pub(crate) fn last(&self, name: &str) -> Option<&Node> {
        let at = self.index.get(&name.to_ascii_lowercase())?.last()?;
        self.nodes.get(*at)
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Node> {
        let found = self.index.get(&name.to_ascii_lowercase()).into_iter().flatten();
        found.take(MOST_OF_A_NAME).filter_map(|at| self.nodes.get(*at))
    }

    fn push(&mut self, node: Node) {
        self.index.entry(node.name.as_str().to_ascii_lowercase()).or_default().push(self.nodes.len());
        self.nodes.push(node);
    }
}

/// Reads a configuration.
///
/// # Errors
/// [`Unreadable`] where the main file cannot be read. All else that is wrong is evidence.
pub fn read(files: &dyn Files, spec: &Spec<'_>) -> Result<Reading, Unreadable> {
    let mut reader = Reader::new(files, spec);
    let document = reader.load(spec.path).map_err(|source| Unreadable { path: spec.path.to_owned(), source })?;
    reader.file(&document, None, 0);
    let Reader { order, mut evidence, mut notes, mut hosts, root, .. } = reader;
    if hosts.len() > MOST_HOSTS {
        notes.push(format!("there are more than {MOST_HOSTS} virtual hosts: the rest is not looked at"));
        hosts.truncate(MOST_HOSTS);
    }
    let (mut servers, server_hosts) = host::servers(&hosts, spec, &mut evidence);
    for server in &mut servers {
        server.files.clone_from(&order);
    }
    let since = |version: &str| Scheme::Numeric.compare(version, "2.4.42") != Some(Ordering::Less);
    Ok(Reading {
        files: order,
        servers,
        evidence,
        notes,
        root,
        hosts,
        server_hosts,
        names_before_versions: spec.version.is_none_or(since),
        spec: Owned {
            path: spec.path.to_owned(),
            version: spec.version.map(str::to_owned),
            library: spec.library.map(str::to_owned),
            variables: spec.variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        },
    })
}

impl Reading {
    /// What a connection to this address with this server name (SNI) meets: the hosts of the very address before those of
    /// all addresses, the name's before the first one. `None` where nothing here speaks TLS there.
    ///
    /// Groups are those of the first host, and so are versions where neither the host nor the main server has an
    /// `SSLProtocol`; before httpd 2.4.42 (or with OpenSSL before 1.1.1) versions are, too.
    pub fn select(&self, address: Option<IpAddr>, port: Option<u16>, name: Option<&str>) -> Option<Selection> {
        let at_port = |index: &usize| {
            self.servers.get(*index).is_some_and(|server| {
                server.listen.iter().any(|listen| {
                    listen.value.tls && port.is_none_or(|port| listen.value.port == port || listen.value.port == 0)
                })
            })
        };
        let mut candidates: Vec<usize> = (0..self.servers.len()).filter(at_port).collect();
        let exact = |index: &usize| {
            self.servers.get(*index).is_some_and(|server| {
                address.is_some() && server.listen.iter().any(|listen| listen.value.address == address)
            })
        };
        if candidates.iter().any(exact) {
            candidates.retain(exact);
        } else if address.is_some() {
            let wide = |index: &usize| {
                self.servers.get(*index).is_some_and(|server| {
                    server.listen.iter().any(|listen| listen.value.address.is_none() && listen.value.name.is_none())
                })
            };
            candidates.retain(wide);
        }
        let default = *candidates.first()?;
        let named = name.and_then(|name| {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            candidates.iter().copied().find(|index| {
                let server = self.servers.get(*index);
                server.is_some_and(|server| server.names.iter().any(|own| host::matches(own.as_str(), &name)))
            })
        });
        let server = named.unwrap_or(default);
        let first = self.servers.get(default)?;
        let mut settings = self.servers.get(server)?.clone();
        settings.settings.groups.clone_from(&first.settings.groups);
        // What the first host's context has turned on stays on.
        if server != default {
            settings.settings.options = [first.settings.options.clone(), settings.settings.options].concat();
        }
        // Without an `SSLProtocol` for the host the versions stay those of the first one, too.
        let own = settings
            .settings
            .max_protocol
            .as_ref()
            .is_some_and(|bound| matches!(bound.origin.kind(), shakedown_model::OriginKind::File { .. }));
        if !self.names_before_versions || !own {
            settings.settings.min_protocol.clone_from(&first.settings.min_protocol);
            settings.settings.max_protocol.clone_from(&first.settings.max_protocol);
            settings.settings.protocols.clone_from(&first.settings.protocols);
        }
        Some(Selection { settings, default, server })
    }
}

struct Reader<'a> {
    files: &'a dyn Files,
    version: Option<&'a str>,
    root: String,
    defines: BTreeMap<String, String>,
    modules: BTreeSet<String>,
    documents: BTreeMap<String, Arc<Document>>,
    order: Vec<Arc<SourceFile>>,
    evidence: Vec<Evidence>,
    notes: Vec<String>,
    hosts: Vec<Host>,
    /// The host that directives go to now.
    current: usize,
    opened: usize,
    bytes: usize,
}

/// An open section: whether its inside counts.
struct Section {
    name: String,
    counts: bool,
    is_host: bool,
}

impl<'a> Reader<'a> {
    fn new(files: &'a dyn Files, spec: &Spec<'a>) -> Self {
        let folder = spec.path.rfind('/').and_then(|slash| spec.path.get(..slash)).unwrap_or("/");
        Self {
            files,
            version: spec.version,
            // Debian's `ServerRoot` is the file's folder; elsewhere the directive says it.
            root: folder.to_owned(),
            defines: spec.variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            modules: BTreeSet::new(),
            documents: BTreeMap::new(),
            order: Vec::new(),
            evidence: Vec::new(),
            notes: Vec::new(),
            hosts: vec![Host::default()],
            current: 0,
            opened: 0,
            bytes: 0,
        }
    }

    fn load(&mut self, path: &str) -> Result<Arc<Document>, FileError> {
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

    fn tell(&mut self, origin: Origin, problem: ConfigProblem, message: String, suggestion: Option<String>) {
        if self.evidence.len() < MOST_PROBLEMS {
            let fact = Fact::Configuration { problem, message, suggestion };
            self.evidence.push(Evidence::new(fact).by(Role::Server).at(origin));
        }
    }

    fn file(&mut self, document: &Arc<Document>, include: Option<&Origin>, depth: usize) {
        let mut sections: Vec<Section> = Vec::new();
        for (index, line) in document.lines().iter().enumerate() {
            if line.kind == LineKind::Blank || line.words.is_empty() {
                continue;
            }
            let counts = sections.iter().all(|section| section.counts);
            let node = self.node(document, index, &line.words, include);
            let name = node.name.as_str().to_ascii_lowercase();
            match line.kind {
                LineKind::Open => {
                    let is_host = name == "virtualhost" && counts;
                    let inner = counts && self.enters(&name, &node);
                    if is_host {
                        self.current = self.hosts.len();
                        self.hosts.push(Host { header: Some(node), ..Host::default() });
                    }
                    sections.push(Section { name, counts: inner, is_host });
                }
                LineKind::Close => match sections.pop() {
                    Some(section) if section.name == name => {
                        if section.is_host {
                            self.current = 0;
                        }
                    }
                    Some(section) => {
                        let message = format!("Expected </{}> but saw </{}>", section.name, node.name.as_str());
                        self.tell(node.origin, ConfigProblem::Syntax, message, None);
                        return;
                    }
                    None => {
                        let message = format!("</{}> without matching <{0}> section", node.name.as_str());
                        self.tell(node.origin, ConfigProblem::Syntax, message, None);
                        return;
                    }
                },
                _ if !counts => {}
                _ => self.directive(node, &name, depth),
            }
        }
        // httpd lets a condition run to the end of the file.
        if let Some(section) = sections.iter().rev().find(|section| !section.name.starts_with("if")) {
            let end = document.file().text.len();
            let message = format!("<{}> was not closed", section.name);
            self.tell(Origin::file(document.file(), end..end), ConfigProblem::Syntax, message, None);
        }
    }

    /// Whether the directives of a section are those of the server around it. What holds for a folder or a place only
    /// comes after the handshake.
    fn enters(&mut self, name: &str, node: &Node) -> bool {
        let argument = node.arguments.first().map(|value| value.as_str()).unwrap_or_default();
        let (negated, argument) = match argument.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, argument),
        };
        match name {
            "virtualhost" | "requireall" | "requireany" => true,
            "ifmodule" => {
                // Without a word of any module the file is a part of a configuration: mod_ssl is taken to be there.
                let unknown = self.modules.is_empty();
                (unknown || self.modules.contains(&module(argument)) || BUILT_IN.contains(&module(argument).as_str()))
                    != negated
            }
            "ifdefine" => self.defines.contains_key(argument) != negated,
            "iffile" => self.files.metadata(&self.full_path(argument)).is_ok() != negated,
            "ifversion" => self.if_version(node),
            _ => false,
        }
    }

    fn if_version(&mut self, node: &Node) -> bool {
        let words: Vec<&str> = node.arguments.iter().map(Value::as_str).collect();
        let (operator, wanted) = match words.as_slice() {
            [wanted] => ("=", *wanted),
            [operator, wanted] => (*operator, *wanted),
            _ => return false,
        };
        let Some(order) = self.version.and_then(|version| Scheme::Numeric.compare(version, wanted)) else {
            self.notes.push(format!("whether `IfVersion {operator} {wanted}` holds is not known: it is taken not to"));
            return false;
        };
        let (operator, negated) = match operator.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (operator, false),
        };
        let holds = match operator {
            ">" => order == Ordering::Greater,
            ">=" => order != Ordering::Less,
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            _ => order == Ordering::Equal,
        };
        holds != negated
    }

    fn directive(&mut self, node: Node, name: &str, depth: usize) {
        let argument = node.arguments.first().map(|value| value.as_str().to_owned()).unwrap_or_default();
        match name {
            "serverroot" => self.root = argument.trim_end_matches('/').to_owned(),
            "define" => {
                let value = node.arguments.get(1).map(|value| value.as_str().to_owned()).unwrap_or_default();
                self.defines.insert(argument, value);
            }
            "undefine" => {
                self.defines.remove(&argument);
            }
            "loadmodule" => {
                self.modules.insert(module(&argument));
            }
            "include" | "includeoptional" => self.include(&node, name == "includeoptional", depth),
            _ => {
                if let Some(host) = self.hosts.get_mut(self.current) {
                    host.push(node);
                }
            }
        }
    }

    fn full_path(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.root) }
    }

    fn include(&mut self, node: &Node, optional: bool, depth: usize) {
        for value in &node.arguments {
            let path = self.full_path(value.as_str());
            let origin = value.origin().clone();
            if depth >= DEEPEST || self.opened >= MOST_FILES {
                let message = format!("Exceeded maximum include depth of {DEEPEST}, or more than {MOST_FILES} files");
                self.tell(origin, ConfigProblem::TooDeep, message, None);
                return;
            }
            let pattern = path.contains(['*', '?', '[']);
            let mut paths = if pattern { self.files.glob(&path) } else { vec![path.clone()] };
            if !pattern && matches!(self.files.read(&path, FILE_LIMIT), Err(FileError::Directory)) {
                // All of a folder.
                paths = self.files.glob(&format!("{path}/*"));
            }
            if paths.is_empty() && !optional && pattern {
                let folder = path.rfind('/').and_then(|slash| path.get(..slash)).unwrap_or("/");
                let message = match self.files.metadata(folder) {
                    Err(FileError::NotFound) if !folder.contains(['*', '?', '[']) => {
                        format!("could not open directory {folder}: no such file or directory")
                    }
                    _ => format!("No matches for the wildcard '{path}', failing"),
                };
                self.tell(origin.clone(), ConfigProblem::FileNotReadable, message, None);
            }
            for path in paths {
                match self.load(&path) {
                    Ok(document) => {
                        if document.is_cut() {
                            let message = format!("`{path}` has more lines than are read");
                            self.tell(origin.clone(), ConfigProblem::TooDeep, message, None);
                        }
                        self.file(&document, Some(&origin), depth + 1);
                    }
                    Err(FileError::NotFound) if optional => {}
                    Err(error) => {
                        let message = format!("Could not open configuration file {path}: {error}");
                        self.tell(origin.clone(), ConfigProblem::FileNotReadable, message, None);
                    }
                }
            }
        }
    }

    fn node(&self, document: &Arc<Document>, line: usize, words: &[Word], include: Option<&Origin>) -> Node {
        let raw = words.first().is_some_and(|word| RAW.iter().any(|raw| word.text.eq_ignore_ascii_case(raw)));
        let mut values = words.iter().flat_map(|word| self.values(document, word, raw, include));
        let span: Range<usize> =
            words.first().map_or(0, |word| word.span.start)..words.last().map_or(0, |word| word.span.end);
        let place = Origin::file(document.file(), span);
        let origin = include.map_or(place.clone(), |include| place.after(include.clone()));
        let name = values.next().unwrap_or_else(|| Value::unwritten("", origin.clone()));
        Node { name, arguments: values.collect(), document: Arc::clone(document), line, origin }
    }

    /// The words that a word comes to: of a directive whose arguments are replaced before they are split, each of those that a
    /// variable stands for.
    fn values(&self, document: &Document, word: &Word, raw: bool, include: Option<&Origin>) -> Vec<Value> {
        let quoted = matches!(document.file().text.get(word.span.start), Some(b'"' | b'\''));
        let (bytes, places) = self.resolved(word);
        if !raw || quoted || bytes == word.text {
            return vec![Value::written(document.file(), &bytes, &places, word.span.clone(), include)];
        }
        let all: Vec<(u8, usize)> = bytes.into_iter().zip(places).collect();
        let parts = all.split(|(byte, _)| byte.is_ascii_whitespace()).filter(|part| !part.is_empty());
        let written = |part: &[(u8, usize)]| {
            let (bytes, places): (Vec<u8>, Vec<usize>) = part.iter().copied().unzip();
            Value::written(document.file(), &bytes, &places, word.span.clone(), include)
        };
        parts.map(written).collect()
    }

    /// A word with `${NAME}` replaced; what is not defined stays (`ap_resolve_env`).
    fn resolved(&self, word: &Word) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(&byte) = word.text.get(at) {
            let rest = word.text.get(at..).unwrap_or_default();
            let end = rest.strip_prefix(b"${").and_then(|rest| rest.iter().position(|&byte| byte == b'}'));
            let name = end.and_then(|end| std::str::from_utf8(rest.get(2..end + 2)?).ok());
            let value = name.and_then(|name| self.defines.get(name).cloned().or_else(|| self.files.environment(name)));
            let value = value.filter(|value| bytes.len() + value.len() <= LONGEST);
            if let (Some(value), Some(end)) = (value, end) {
                let (from, to) = (word.places.get(at).copied(), word.places.get(at + end + 2).copied());
                for (index, byte) in value.bytes().enumerate() {
                    let last = index + 1 == value.len();
                    bytes.push(byte);
                    places.extend(if last { to } else { from });
                }
                at += end + 3;
                continue;
            }
            bytes.push(byte);
            places.extend(word.places.get(at));
            at += 1;
        }
        (bytes, places)
    }
}

/// Directives whose arguments are one text, in which variables are replaced before it is split into words (`RAW_ARGS` of
/// modules/ssl/mod_ssl.c).
const RAW: [&[u8]; 2] = [b"sslprotocol", b"sslproxyprotocol"];

/// Modules that every build has, besides those of the `LoadModule` lines.
const BUILT_IN: [&str; 5] = ["core", "so", "http", "unixd", "version"];

/// `ssl_module` and `mod_ssl.c` are the same module.
fn module(name: &str) -> String {
    let name = name.strip_suffix("_module").unwrap_or(name);
    let name = name.strip_prefix("mod_").unwrap_or(name);
    name.strip_suffix(".c").unwrap_or(name).to_owned()
}
