//! Reads a configuration as a whole.

use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Origin, Role, SourceFile};

use super::directive::Context;
use super::select::Endpoint;
use super::server::{self, Scope};
use super::tree::{Block, Tree};
use super::{DEFAULT_PATH, check};
use crate::files::{Files, Unreadable};
use crate::tls::{ServerSettings, Setting};
use crate::value::Value;

/// How many `server` blocks are looked at.
const MOST_SERVERS: usize = 5_000;

/// What to read.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The main file.
    pub path: &'a str,
    /// The version of nginx, such as `1.22.1`; `None` where it is not known: then the newest one is assumed.
    pub version: Option<&'a str>,
    /// The version of OpenSSL, for `ssl_conf_command`.
    pub library: Option<&'a str>,
}

impl Default for Spec<'_> {
    fn default() -> Self {
        Self { path: DEFAULT_PATH, version: None, library: None }
    }
}

/// A configuration of nginx.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The files, the main one first.
    pub files: Vec<Arc<SourceFile>>,
    /// One for each `server` block, in the order of the files: what the block sets and inherits.
    pub servers: Vec<ServerSettings>,
    /// What nginx does as a client: one for each block with a `proxy_pass https://...` or its like.
    pub clients: Vec<ServerSettings>,
    /// What `nginx -t` refuses, or warns of.
    pub evidence: Vec<Evidence>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) names_before_versions: bool,
    pub(crate) spec: Owned,
    pub(crate) blocks: Vec<Block>,
    /// The block of each server.
    pub(crate) server_blocks: Vec<usize>,
}

/// What was read, for reading it again.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    path: String,
    version: Option<String>,
    library: Option<String>,
}

impl Owned {
    pub(crate) fn borrowed(&self) -> Spec<'_> {
        Spec { path: &self.path, version: self.version.as_deref(), library: self.library.as_deref() }
    }
}

/// Reads a configuration.
///
/// # Errors
/// [`Unreadable`] where the main file cannot be read. All else that is wrong is evidence.
pub fn read(files: &dyn Files, spec: &Spec<'_>) -> Result<Reading, Unreadable> {
    let mut tree = Tree::new(files, spec.version, spec.path);
    let document = tree.load(spec.path).map_err(|source| Unreadable { path: spec.path.to_owned(), source })?;
    tree.file(&document, 0, None, 0);
    check::values(&mut tree);
    check::duplicates(&mut tree);
    let mut server_blocks: Vec<usize> = tree
        .blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| matches!(block.context, Context::HttpServer | Context::StreamServer | Context::MailServer))
        .map(|(index, _)| index)
        .collect();
    if server_blocks.len() > MOST_SERVERS {
        let end = document.file().text.len();
        let message = format!("more than {MOST_SERVERS} servers: the rest is not looked at");
        tree.tell(Origin::file(document.file(), end..end), ConfigProblem::TooDeep, message, None);
        server_blocks.truncate(MOST_SERVERS);
    }
    let mut servers: Vec<ServerSettings> =
        server_blocks.iter().map(|block| server::server(&mut tree, *block, spec)).collect();
    let endpoints = endpoints(&mut tree, &server_blocks, &mut servers);
    check::servers(&mut tree, &servers, &endpoints, spec);
    let clients = clients(&mut tree, spec);
    for server in &mut servers {
        server.files.clone_from(&tree.order);
    }
    Ok(Reading {
        files: tree.order,
        servers,
        clients,
        evidence: tree.evidence,
        endpoints,
        spec: Owned {
            path: spec.path.to_owned(),
            version: spec.version.map(str::to_owned),
            library: spec.library.map(str::to_owned),
        },
        names_before_versions: super::directive::since(spec.version, "1.29.2"),
        blocks: tree.blocks,
        server_blocks,
    })
}

/// Brings the addresses of all blocks together; what one block says of an address holds for all of it.
fn endpoints(tree: &mut Tree<'_>, blocks: &[usize], servers: &mut [ServerSettings]) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    let mut explicit: Vec<bool> = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        let context = blocks.get(index).and_then(|block| tree.blocks.get(*block)).map(|block| block.context);
        let http = context == Some(Context::HttpServer);
        for listen in &server.listen {
            let (new, origin) = (&listen.value, &listen.origin);
            let same = |endpoint: &Endpoint| {
                let wide = |listen: &crate::tls::Listen| listen.address.filter(|address| !is_any_v4(*address));
                endpoint.http == http
                    && endpoint.listen.port == new.port
                    && endpoint.listen.name == new.name
                    && endpoint.listen.quic == new.quic
                    && wide(&endpoint.listen) == wide(new)
            };
            match endpoints.iter().position(same) {
                None => {
                    endpoints.push(Endpoint { listen: new.clone(), default: index, servers: vec![index], http });
                    explicit.push(new.default);
                }
                Some(at) => {
                    let (Some(endpoint), Some(explicit)) = (endpoints.get_mut(at), explicit.get_mut(at)) else {
                        continue;
                    };
                    if endpoint.servers.contains(&index) {
                        let message = format!("a duplicate listen {}", shown(new));
                        tree.tell(origin.clone(), ConfigProblem::BadValue, message, None);
                        continue;
                    }
                    if new.default && *explicit {
                        let message = format!("a duplicate default server for {}", shown(new));
                        tree.tell(origin.clone(), ConfigProblem::BadValue, message, None);
                    } else if new.default {
                        *explicit = true;
                        endpoint.default = index;
                    }
                    endpoint.listen.tls |= new.tls;
                    endpoint.listen.proxy_protocol |= new.proxy_protocol;
                    endpoint.servers.push(index);
                }
            }
        }
    }
    for endpoint in &mut endpoints {
        endpoint.listen.tls |= endpoint.listen.quic;
        endpoint.listen.default = true;
        for (index, server) in servers.iter_mut().enumerate() {
            let mine = endpoint.servers.contains(&index);
            for listen in server.listen.iter_mut().filter(|_| mine) {
                if listen.value.port == endpoint.listen.port && listen.value.address == endpoint.listen.address {
                    listen.value.default = endpoint.default == index;
                    listen.value.tls |= endpoint.listen.tls;
                }
            }
        }
    }
    endpoints
}

fn is_any_v4(address: std::net::IpAddr) -> bool {
    address.is_ipv4() && address.is_unspecified()
}

fn shown(listen: &crate::tls::Listen) -> String {
    match (listen.address, &listen.name) {
        (_, Some(name)) if listen.port == 0 => format!("unix:{name}"),
        (Some(std::net::IpAddr::V6(address)), _) => format!("[{address}]:{}", listen.port),
        (Some(address), _) => format!("{address}:{}", listen.port),
        (None, Some(name)) => format!("{name}:{}", listen.port),
        (None, None) => format!("0.0.0.0:{}", listen.port),
    }
}

/// Directives that make nginx a TLS client, and the prefix of their settings.
const PASSES: [(&str, &str, &str); 3] =
    [("proxy_pass", "https://", "proxy_"), ("grpc_pass", "grpcs://", "grpc_"), ("uwsgi_pass", "suwsgi://", "uwsgi_")];

fn clients(tree: &mut Tree<'_>, spec: &Spec<'_>) -> Vec<ServerSettings> {
    let mut clients = Vec::new();
    let blocks = tree.blocks.clone();
    for (index, block) in blocks.iter().enumerate() {
        let scope = Scope::new(&blocks, index);
        for (pass, scheme, prefix) in PASSES {
            for node in block.named(pass) {
                let Some(target) = node.argument() else { continue };
                let stream = block.context == Context::StreamServer;
                // In `stream` a flag makes it TLS.
                let flag = || scope.value("proxy_ssl").is_some_and(|value| value.as_str().eq_ignore_ascii_case("on"));
                let encrypted = if stream { flag() } else { target.as_str().starts_with(scheme) };
                if encrypted && clients.len() < MOST_SERVERS {
                    clients.push(client(tree, scope, spec, target, scheme, prefix, &node.origin));
                }
            }
        }
    }
    clients
}

fn client(
    tree: &mut Tree<'_>,
    scope: Scope<'_>,
    spec: &Spec<'_>,
    target: &Value,
    scheme: &str,
    prefix: &str,
    origin: &Origin,
) -> ServerSettings {
    let rest = target.as_str().strip_prefix(scheme).unwrap_or(target.as_str());
    let host = rest.split('/').next().unwrap_or(rest);
    let mut client = ServerSettings::new("nginx", Role::Client, target.as_str());
    client.block = Some(origin.clone());
    client.settings = server::library(tree, scope, spec, Role::Client, prefix);
    let name = |directive: &str| format!("{prefix}{directive}");
    let is_on = |directive: &str| {
        let value = scope.value(&name(directive));
        value.map(|value| Setting::new(value.as_str().eq_ignore_ascii_case("on"), value.origin().clone()))
    };
    client.verify_peer = Some(is_on("ssl_verify").unwrap_or_else(|| Setting::new(false, target.origin().clone())));
    client.trusted_certificates = scope.value(&name("ssl_trusted_certificate")).cloned();
    let certificate = scope.value(&name("ssl_certificate")).filter(|value| !value.as_str().is_empty());
    if certificate.is_some() {
        client.certificates = server::certificates(tree, scope, &name("ssl_certificate"), &name("ssl_certificate_key"));
    }
    let sends = is_on("ssl_server_name").is_some_and(|flag| flag.value);
    client.server_name = Some(if sends {
        scope.value(&name("ssl_name")).cloned().unwrap_or_else(|| {
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            let length = target.as_str().len();
            let start = length - rest.len();
            // With a variable in it, it is known only as nginx runs.
            target.slice(start..start + host.len())
        })
    } else {
        Value::unwritten("", target.origin().clone())
    });
    client.files.clone_from(&tree.order);
    client
}
