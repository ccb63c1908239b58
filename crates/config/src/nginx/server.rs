//! What a `server` block sets in OpenSSL (`ngx_http_ssl_merge_srv_conf`, `ngx_ssl_create`), and what nginx does as a client.

use shakedown_model::{ConfigProblem, Origin, OriginKind, Role};

use super::directive::Context;
use super::read::Spec;
use super::tree::{Block, Node, Tree};
use super::{check, listen};
use crate::tls::{
    self, CertificateFiles, ClientVerification, Command, LibrarySettings, ServerSettings, Setting, Switch, TlsVersion,
    VersionBound, defaults,
};
use crate::value::Value;

/// How many directives of one name are looked at. No block that is meant has as many.
const MOST_OF_A_NAME: usize = 64;

/// A place to look settings up from: a block, and those around it.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'t> {
    blocks: &'t [Block],
    block: usize,
}

impl<'t> Scope<'t> {
    pub(crate) fn new(blocks: &'t [Block], block: usize) -> Self {
        Self { blocks, block }
    }

    /// The directives of a name in the innermost block that has any: what is set there replaces all that is inherited.
    pub(crate) fn all(&self, name: &str) -> Vec<&'t Node> {
        let mut at = Some(self.block);
        while let Some(block) = at.and_then(|at| self.blocks.get(at)) {
            let found: Vec<&Node> = block.named(name).take(MOST_OF_A_NAME).collect();
            if !found.is_empty() {
                return found;
            }
            at = block.parent;
        }
        Vec::new()
    }

    /// The argument of the directive that counts. A second one of the same block is refused elsewhere.
    pub(crate) fn value(&self, name: &str) -> Option<&'t Value> {
        self.all(name).first().and_then(|node| node.argument())
    }

    /// Whether a flag is on, and where.
    fn flag(&self, name: &str) -> Option<Setting<bool>> {
        self.value(name).map(|value| Setting::new(value.as_str().eq_ignore_ascii_case("on"), value.origin().clone()))
    }
}

/// The settings of one `server` block.
pub(crate) fn server(tree: &mut Tree<'_>, block: usize, spec: &Spec<'_>) -> ServerSettings {
    let blocks = std::mem::take(&mut tree.blocks);
    let scope = Scope::new(&blocks, block);
    let context = blocks.get(block).map_or(Context::Any, |block| block.context);
    let names: Vec<Value> = blocks.get(block).map_or_else(Vec::new, |block| {
        block.named("server_name").flat_map(|node| node.arguments.iter().cloned()).collect()
    });
    let label = names.iter().map(Value::as_str).find(|name| !matches!(*name, "" | "_"));
    let mut server = ServerSettings::new("nginx", Role::Server, label.unwrap_or_default());
    server.block = blocks.get(block).and_then(|block| block.header.as_ref()).map(|header| header.origin.clone());
    server.names = names;
    let http2 = listens(tree, &blocks, block, &mut server);
    if server.label.is_empty() {
        server.label = server.listen.first().map_or_else(|| "server".to_owned(), |listen| shown(&listen.value));
    }
    server.settings = library(tree, scope, spec, Role::Server, "");
    server.certificates = certificates(tree, scope, "ssl_certificate", "ssl_certificate_key");
    server.trusted_certificates =
        scope.value("ssl_client_certificate").or_else(|| scope.value("ssl_trusted_certificate")).cloned();
    server.revocation_lists = scope.value("ssl_crl").cloned();
    server.reject_handshake = scope.flag("ssl_reject_handshake").filter(|flag| flag.value);
    server.alpn = alpn(scope, context, http2, spec);
    if context == Context::MailServer {
        let protocol = scope.value("protocol").map(Value::as_str);
        let begun = scope.value("starttls").is_some_and(|value| matches!(value.as_str(), "on" | "only"));
        server.starttls = match protocol.filter(|_| begun) {
            Some("smtp") => Some("smtp"),
            Some("imap") => Some("imap"),
            Some("pop3") => Some("pop3"),
            _ => None,
        };
    }
    tree.blocks = blocks;
    server
}

/// Fills in where a block listens; whether `http2` is asked for there.
fn listens(tree: &mut Tree<'_>, blocks: &[Block], block: usize, server: &mut ServerSettings) -> Option<Origin> {
    let mut http2 = None;
    let scope = Scope::new(blocks, block);
    // `ssl on` is for every address of the block; gone since 1.25.1.
    let everywhere = scope.flag("ssl").is_some_and(|flag| flag.value);
    for node in blocks.get(block).into_iter().flat_map(|block| block.named("listen")) {
        match listen::parse(node) {
            Ok((mut listen, two)) => {
                listen.tls |= everywhere;
                if two {
                    http2 = Some(node.origin.clone());
                }
                server.listen.push(Setting::new(listen, node.origin.clone()));
            }
            Err(0) => {
                let value = node.argument().map(Value::as_str).unwrap_or_default();
                let message = format!("invalid port or address in \"{value}\" of the \"listen\" directive");
                tree.tell(node.origin.clone(), ConfigProblem::BadValue, message, None);
            }
            Err(index) => {
                let Some(argument) = node.arguments.get(index) else { continue };
                let known = ["ssl", "http2", "default_server", "reuseport", "proxy_protocol", "quic"];
                let suggestion = shakedown_model::nearest(argument.as_str(), known).map(str::to_owned);
                let message = format!("invalid parameter \"{}\"", argument.as_str());
                tree.tell(argument.origin().clone(), ConfigProblem::BadValue, message, suggestion);
            }
        }
    }
    if server.listen.is_empty()
        && let Some(header) = blocks.get(block).and_then(|block| block.header.as_ref())
        && blocks.get(block).is_some_and(|block| block.context == Context::HttpServer)
    {
        let listen = crate::tls::Listen {
            address: None,
            name: None,
            port: 80,
            tls: everywhere,
            default: false,
            quic: false,
            proxy_protocol: false,
        };
        server.listen.push(Setting::new(listen, header.origin.clone()));
    }
    http2
}

fn shown(listen: &crate::tls::Listen) -> String {
    match (&listen.address, &listen.name) {
        (_, Some(name)) if listen.port == 0 => format!("unix:{name}"),
        (Some(std::net::IpAddr::V6(address)), _) => format!("[{address}]:{}", listen.port),
        (Some(address), _) => format!("{address}:{}", listen.port),
        (None, Some(name)) => format!("{name}:{}", listen.port),
        (None, None) => format!("*:{}", listen.port),
    }
}

fn alpn(scope: Scope<'_>, context: Context, http2: Option<Origin>, spec: &Spec<'_>) -> Option<Vec<Setting<String>>> {
    match context {
        Context::HttpServer => {
            let two = http2.or_else(|| scope.flag("http2").filter(|flag| flag.value).map(|flag| flag.origin));
            let mut list: Vec<_> = two.into_iter().map(|origin| Setting::new("h2".to_owned(), origin)).collect();
            let plain = defaults::default("nginx", spec.version, "alpn")?;
            let names = plain.as_str().split(' ');
            list.extend(names.map(|name| Setting::new(name.to_owned(), plain.origin().clone())));
            Some(list)
        }
        Context::StreamServer => {
            let nodes = scope.all("ssl_alpn");
            let names = nodes.first()?.arguments.iter();
            Some(names.map(|name| Setting::new(name.as_str().to_owned(), name.origin().clone())).collect())
        }
        _ => None,
    }
}

/// What is set in OpenSSL; `prefix` is `proxy_` and the like where nginx is the client.
pub(crate) fn library(
    tree: &mut Tree<'_>,
    scope: Scope<'_>,
    spec: &Spec<'_>,
    role: Role,
    prefix: &str,
) -> LibrarySettings {
    let name = |directive: &str| format!("{prefix}{directive}");
    // uwsgi_ and grpc_ have the defaults of proxy_.
    let default = |directive: &str| {
        let setting = if prefix.is_empty() { directive.to_owned() } else { format!("proxy_{directive}") };
        defaults::default("nginx", spec.version, &setting)
    };
    let mut settings = LibrarySettings::default();
    protocols(&scope.all(&name("ssl_protocols")), default("ssl_protocols"), &mut settings);
    settings.cipher_list = scope.value(&name("ssl_ciphers")).cloned().or_else(|| default("ssl_ciphers"));
    if role == Role::Server {
        let groups = scope.value("ssl_ecdh_curve").cloned().or_else(|| default("ssl_ecdh_curve"));
        settings.groups = groups.filter(|groups| groups.as_str() != "auto");
        let preference = scope.flag("ssl_prefer_server_ciphers").filter(|flag| flag.value);
        let preference = preference.map(|flag| Switch { what: "ServerPreference", on: true, origin: flag.origin });
        settings.options.extend(preference);
        let tickets = scope.flag("ssl_session_tickets").filter(|flag| !flag.value);
        settings.options.extend(tickets.map(|flag| Switch { what: "SessionTicket", on: false, origin: flag.origin }));
        settings.dh_parameters = scope.value("ssl_dhparam").filter(|path| !path.as_str().is_empty()).cloned();
        settings.client_verification = scope.value("ssl_verify_client").map(|value| {
            let mode = match value.as_str() {
                "on" => ClientVerification::Required,
                "optional" => ClientVerification::Optional,
                "optional_no_ca" => ClientVerification::OptionalUnverified,
                _ => ClientVerification::None,
            };
            Setting::new(mode, value.origin().clone())
        });
    }
    let commands: Vec<Command> = scope
        .all(&name("ssl_conf_command"))
        .into_iter()
        .filter_map(|node| match node.arguments.as_slice() {
            [name, value] => Some(Command { name: name.clone(), value: value.clone() }),
            _ => None,
        })
        .collect();
    // A context of nginx can be both ends.
    let run = tls::Scope { version: spec.library, role: Role::Server, certificates: true };
    // They are run where there is a context to run them on.
    let runs = role == Role::Client
        || !scope.all("ssl_certificate").is_empty()
        || scope.flag("ssl_reject_handshake").is_some_and(|flag| flag.value);
    for refusal in tls::apply(&commands, run, &mut settings).into_iter().filter(|_| runs) {
        tree.tell(refusal.origin, refusal.problem, refusal.message, refusal.suggestion);
    }
    settings
}

/// `ngx_ssl_create`: all versions are turned on, then off again but for those named; no bound is left of the system's.
fn protocols(nodes: &[&Node], default: Option<Value>, settings: &mut LibrarySettings) {
    let mut on: Vec<(TlsVersion, Origin)> = Vec::new();
    let mut whole = default.as_ref().map(|value| value.origin().clone());
    if nodes.is_empty() {
        let names = default.iter().flat_map(|value| value.as_str().split(' ').map(|name| (name, value.origin())));
        on.extend(names.filter_map(|(name, origin)| Some((TlsVersion::parse(name)?, origin.clone()))));
    }
    // More than one of them in a block add up.
    for node in nodes {
        whole = Some(node.origin.clone());
        for argument in &node.arguments {
            let name = argument.as_str();
            let origin = argument.origin().clone();
            // What is no version is told elsewhere.
            let Some(version) = check::protocol(name) else { continue };
            on.push((version, origin));
        }
    }
    let Some(whole) = whole else { return };
    for version in TlsVersion::ALL {
        let named = on.iter().find(|(on, _)| *on == version);
        let origin = named.map_or_else(|| whole.clone(), |(_, origin)| origin.clone());
        settings.protocols.push(Switch { what: version, on: named.is_some(), origin });
    }
    let row = OriginKind::Catalog {
        row: "nginx".to_owned(),
        source: "src/event/ngx_event_openssl.c, ngx_ssl_create".to_owned(),
    };
    let bound = Setting::new(VersionBound::None, Origin::new(row));
    settings.min_protocol = Some(bound.clone());
    settings.max_protocol = Some(bound);
}

/// Certificates and keys, paired by their order.
pub(crate) fn certificates(
    tree: &mut Tree<'_>,
    scope: Scope<'_>,
    certificate: &str,
    key: &str,
) -> Vec<CertificateFiles> {
    let nodes = scope.all(certificate);
    let keys = scope.all(key);
    if keys.len() < nodes.len()
        && let Some(value) = nodes.last().and_then(|node| node.argument())
    {
        let message = format!("no \"{key}\" is defined for certificate \"{}\"", value.as_str());
        tree.tell(value.origin().clone(), ConfigProblem::BadValue, message, Some(key.to_owned()));
    }
    let pairs = nodes.iter().enumerate().filter_map(|(index, node)| {
        let key = keys.get(index).and_then(|node| node.argument()).cloned();
        Some(CertificateFiles { certificate: node.argument()?.clone(), key, chain: None })
    });
    pairs.collect()
}
