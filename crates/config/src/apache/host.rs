//! What a host sets in OpenSSL: its own directives over those of the main server (`ssl_config_server_merge`).

use std::net::IpAddr;

use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, nearest};

use super::read::{Host, Node, Spec};
use crate::tls::{
    self, CertificateFiles, ClientVerification, Command, LibrarySettings, Listen, ServerSettings, Setting, Switch,
    TlsVersion, VersionBound, defaults,
};
use crate::value::Value;

/// The directives of mod_ssl that a host may have, to find what a misspelt one was to be.
const DIRECTIVES: [&str; 38] = [
    "SSLCACertificateFile",
    "SSLCACertificatePath",
    "SSLCADNRequestFile",
    "SSLCADNRequestPath",
    "SSLCARevocationCheck",
    "SSLCARevocationFile",
    "SSLCARevocationPath",
    "SSLCertificateChainFile",
    "SSLCertificateFile",
    "SSLCertificateKeyFile",
    "SSLCipherSuite",
    "SSLCompression",
    "SSLCryptoDevice",
    "SSLEngine",
    "SSLFIPS",
    "SSLHonorCipherOrder",
    "SSLInsecureRenegotiation",
    "SSLOCSPEnable",
    "SSLOpenSSLConfCmd",
    "SSLOptions",
    "SSLPassPhraseDialog",
    "SSLPolicy",
    "SSLProtocol",
    "SSLProxyCACertificateFile",
    "SSLProxyCheckPeerName",
    "SSLProxyCipherSuite",
    "SSLProxyEngine",
    "SSLProxyMachineCertificateFile",
    "SSLProxyProtocol",
    "SSLProxyVerify",
    "SSLRandomSeed",
    "SSLSessionCache",
    "SSLSessionCacheTimeout",
    "SSLSessionTicketKeyFile",
    "SSLSessionTickets",
    "SSLStrictSNIVHostCheck",
    "SSLUseStapling",
    "SSLVerifyClient",
];

/// The servers that speak TLS, and the host of each.
pub(super) fn servers(
    hosts: &[Host],
    spec: &Spec<'_>,
    evidence: &mut Vec<Evidence>,
) -> (Vec<ServerSettings>, Vec<usize>) {
    let Some((main, virtuals)) = hosts.split_first() else { return (Vec::new(), Vec::new()) };
    let ports = ports(main);
    for node in hosts.iter().flat_map(|host| &host.nodes) {
        misspelt(node, evidence);
        if node.name.as_str().eq_ignore_ascii_case("SSLProtocol") {
            illegal_protocols(node, evidence);
        }
    }
    let mut servers = Vec::new();
    let mut indices = Vec::new();
    for (index, host) in virtuals.iter().enumerate().map(|(index, host)| (index + 1, host)).chain([(0, main)]) {
        let both = Both { own: host, main };
        let engine = both.last("SSLEngine").and_then(argument).map(|value| value.as_str().to_ascii_lowercase());
        let server = server(both, index == 0, engine.as_deref(), &ports, spec, evidence);
        if engine.as_deref().is_some_and(|engine| engine != "off")
            || server.listen.iter().any(|listen| listen.value.tls)
        {
            servers.push(server);
            indices.push(index);
        }
    }
    (servers, indices)
}

/// A host and the main server.
#[derive(Clone, Copy)]
struct Both<'a> {
    own: &'a Host,
    main: &'a Host,
}

impl<'a> Both<'a> {
    fn last(self, name: &str) -> Option<&'a Node> {
        self.own.last(name).or_else(|| self.main.last(name))
    }

    /// Of the host where it has any, else of the main server.
    fn list(self, name: &str) -> Vec<&'a Node> {
        let own: Vec<&Node> = self.own.all(name).collect();
        if own.is_empty() { self.main.all(name).collect() } else { own }
    }

    /// Of the main server, then of the host.
    fn all(self, name: &str) -> Vec<&'a Node> {
        let same = std::ptr::eq(self.own, self.main);
        let main = self.main.all(name).filter(|_| !same);
        main.chain(self.own.all(name)).collect()
    }
}

fn argument(node: &Node) -> Option<&Value> {
    node.arguments.first()
}

fn tell(
    evidence: &mut Vec<Evidence>,
    origin: Origin,
    problem: ConfigProblem,
    message: String,
    suggestion: Option<&str>,
) {
    let fact = Fact::Configuration { problem, message, suggestion: suggestion.map(str::to_owned) };
    let found = Evidence::new(fact).by(Role::Server).at(origin);
    if !evidence.contains(&found) && evidence.len() < 200 {
        evidence.push(found);
    }
}

/// Directives that begin like those of mod_ssl and are none.
fn misspelt(node: &Node, evidence: &mut Vec<Evidence>) {
    let name = node.name.as_str();
    if !name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("SSL"))
        || name.len() > 5
            && name.get(..5).is_some_and(|start| {
                start.eq_ignore_ascii_case("SSLPr")
                    || start.eq_ignore_ascii_case("SSLOC")
                    || start.eq_ignore_ascii_case("SSLSt")
                    || start.eq_ignore_ascii_case("SSLSR")
            })
    {
        // The directives for proxies, OCSP and stapling are many; none of them matters here.
        if !name.eq_ignore_ascii_case("SSLProtocol") && nearest(name, DIRECTIVES) != Some("SSLProtocol") {
            return;
        }
    }
    let known = DIRECTIVES.iter().any(|known| known.eq_ignore_ascii_case(name));
    let others = ["SSLVerifyDepth", "SSLUserName", "SSLRequire", "SSLRequireSSL", "SSLRenegBufferSize"];
    if known || others.iter().any(|other| other.eq_ignore_ascii_case(name)) {
        return;
    }
    let shown: String = name.chars().take(64).filter(|letter| !letter.is_control()).collect();
    let message = format!(
        "Invalid command '{shown}', perhaps misspelled or defined by a module not included in the server configuration"
    );
    tell(evidence, node.name.origin().clone(), ConfigProblem::UnknownKeyword, message, nearest(name, DIRECTIVES));
}

/// Arguments of `SSLProtocol` that are no version, or SSL 2.0.
fn illegal_protocols(node: &Node, evidence: &mut Vec<Evidence>) {
    for value in &node.arguments {
        let name = value.as_str().trim_start_matches(['+', '-']);
        if name.eq_ignore_ascii_case("all") {
            continue;
        }
        let found = TlsVersion::ALL.into_iter().find(|version| version.as_str().eq_ignore_ascii_case(name));
        let (message, near) = match found {
            Some(TlsVersion::Ssl2) if !value.as_str().starts_with('-') => {
                ("SSLProtocol: SSLv2 is no longer supported".to_owned(), None)
            }
            Some(_) => continue,
            None => {
                let meant = TlsVersion::parse_any_case(name).map(TlsVersion::as_str);
                let near = meant.or_else(|| nearest(name, TlsVersion::ALL.map(TlsVersion::as_str)));
                (format!("SSLProtocol: Illegal protocol '{name}'"), near)
            }
        };
        tell(evidence, value.origin().clone(), ConfigProblem::BadValue, message, near);
    }
}

/// The ports of `Listen` that speak TLS by their protocol: `https`, or 443.
fn ports(main: &Host) -> Vec<(Listen, Origin)> {
    let listens = main.all("Listen").filter_map(|node| {
        let (address, name, port) = endpoint(argument(node)?.as_str())?;
        let tls = match node.arguments.get(1) {
            Some(protocol) => protocol.as_str().eq_ignore_ascii_case("https"),
            None => port == 443,
        };
        Some((listen(address, name, port, tls), node.origin.clone()))
    });
    listens.collect()
}

fn listen(address: Option<IpAddr>, name: Option<String>, port: u16, tls: bool) -> Listen {
    Listen { address, name, port, tls, default: false, quic: false, proxy_protocol: false }
}

/// `443`, `*:443`, `192.0.2.1:443`, `[::1]:443`, `_default_:443`; port 0 for `*`, all ports.
fn endpoint(text: &str) -> Option<(Option<IpAddr>, Option<String>, u16)> {
    if let Ok(port) = text.parse() {
        return Some((None, None, port));
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':').unwrap_or("0"))
        }
        None => text.rsplit_once(':').unwrap_or((text, "0")),
    };
    let port = if port == "*" { 0 } else { port.parse().ok()? };
    Some(match host {
        "*" | "_default_" | "" => (None, None, port),
        host => match host.parse() {
            Ok(address) => (Some(address), None, port),
            Err(_) => (None, Some(host.to_owned()), port),
        },
    })
}

/// Whether a name of `ServerName` or `ServerAlias` fits; `*` and `?` as in shells.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    fn fits(pattern: &[u8], name: &[u8]) -> bool {
        let (mut p, mut n) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while n < name.len() {
            match (pattern.get(p), name.get(n)) {
                (Some(b'*'), _) => {
                    star = Some((p, n));
                    p += 1;
                }
                (Some(b'?'), Some(_)) => (p, n) = (p + 1, n + 1),
                (Some(wanted), Some(letter)) if wanted.eq_ignore_ascii_case(letter) => (p, n) = (p + 1, n + 1),
                _ => match star {
                    Some((at, from)) => {
                        star = Some((at, from + 1));
                        (p, n) = (at + 1, from + 1);
                    }
                    None => return false,
                },
            }
        }
        pattern.get(p..).is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
    }
    fits(pattern.as_bytes(), name.as_bytes())
}

fn server(
    both: Both<'_>,
    is_main: bool,
    engine: Option<&str>,
    ports: &[(Listen, Origin)],
    spec: &Spec<'_>,
    evidence: &mut Vec<Evidence>,
) -> ServerSettings {
    let names: Vec<Value> = ["ServerName", "ServerAlias"]
        .into_iter()
        .flat_map(|name| both.own.all(name).flat_map(|node| &node.arguments))
        .map(|value| {
            // `ServerName https://name:443` is the name.
            let text = value.as_str();
            let start = text.find("://").map_or(0, |at| at + 3);
            let rest = text.get(start..).unwrap_or_default();
            let length = rest.find(':').filter(|_| !rest.starts_with('[')).unwrap_or(rest.len());
            value.slice(start..start + length)
        })
        .collect();
    let label = names.first().map(|name| name.as_str().to_owned());
    let mut server = ServerSettings::new("apache", Role::Server, label.unwrap_or_default());
    server.names = names;
    let on = engine.is_some_and(|engine| engine != "off");
    if let Some(header) = &both.own.header {
        server.block = Some(header.origin.clone());
        for value in &header.arguments {
            if let Some((address, name, port)) = endpoint(value.as_str()) {
                let by_port = engine.is_none() && ports.iter().any(|(listen, _)| listen.tls && listen.port == port);
                server.listen.push(Setting::new(listen(address, name, port, on || by_port), value.origin().clone()));
            }
        }
        if server.label.is_empty() {
            server.label = header.arguments.first().map(|value| value.as_str().to_owned()).unwrap_or_default();
        }
    } else if is_main {
        let mine = ports.iter().map(|(listen, origin)| {
            let tls = on || engine.is_none() && listen.tls && both.main.last("SSLCertificateFile").is_some();
            Setting::new(Listen { tls, ..listen.clone() }, origin.clone())
        });
        server.listen.extend(mine);
        if server.label.is_empty() {
            "the main server".clone_into(&mut server.label);
        }
    }
    server.settings = library(both, spec, evidence);
    server.certificates = certificates(both);
    let authority = both.last("SSLCACertificateFile").or_else(|| both.last("SSLCACertificatePath"));
    server.trusted_certificates = authority.and_then(argument).cloned();
    let check = both.last("SSLCARevocationCheck").and_then(argument).map(Value::as_str);
    match both.last("SSLCARevocationFile").and_then(argument) {
        Some(value) if check.is_some_and(|check| !check.eq_ignore_ascii_case("none")) => {
            server.revocation_lists = Some(value.clone());
        }
        Some(value) => server.notes.push(format!(
            "nothing is looked up in `{}`: `SSLCARevocationCheck` is `none`, which is its default",
            value.as_str()
        )),
        None => {}
    }
    server.alpn = Some(match both.last("Protocols") {
        Some(node) => {
            let names = node.arguments.iter().filter(|name| !name.as_str().eq_ignore_ascii_case("h2c"));
            names.map(|name| Setting::new(name.as_str().to_owned(), name.origin().clone())).collect()
        }
        None => {
            let value = defaults::default("apache", spec.version, "Protocols");
            value.into_iter().map(|value| Setting::new(value.as_str().to_owned(), value.origin().clone())).collect()
        }
    });
    if on
        && server.certificates.is_empty()
        && both.last("SSLPolicy").is_none()
        && let Some(origin) = both.last("SSLEngine").map(|node| node.origin.clone())
    {
        let message = format!("{}: no `SSLCertificateFile`: httpd looks for a certificate in vain", server.label);
        tell(evidence, origin, ConfigProblem::BadValue, message, Some("SSLCertificateFile"));
    }
    server
}

fn library(both: Both<'_>, spec: &Spec<'_>, evidence: &mut Vec<Evidence>) -> LibrarySettings {
    let mut settings = LibrarySettings::default();
    protocols(both, spec, evidence, &mut settings);
    // With two arguments the first one is the protocol: `SSL` (up to TLS 1.2) or `TLSv1.3`.
    for node in both.all("SSLCipherSuite") {
        match node.arguments.as_slice() {
            [suite] => settings.cipher_list = Some(suite.clone()),
            [protocol, suite] if protocol.as_str() == "SSL" => settings.cipher_list = Some(suite.clone()),
            [protocol, suite] if protocol.as_str() == "TLSv1.3" => settings.cipher_suites = Some(suite.clone()),
            [protocol, _] => {
                let message = format!("protocol '{}' not supported", protocol.as_str());
                let near = nearest(protocol.as_str(), ["SSL", "TLSv1.3"]);
                tell(evidence, protocol.origin().clone(), ConfigProblem::BadValue, message, near);
            }
            _ => {
                let message = "SSLCipherSuite takes one or two arguments".to_owned();
                tell(evidence, node.origin.clone(), ConfigProblem::Syntax, message, None);
            }
        }
    }
    settings.cipher_list = match settings.cipher_list {
        // httpd adds this to whatever is written.
        Some(list) => Some(list.followed_by(":!aNULL:!eNULL:!EXP")),
        None => defaults::default("apache", spec.version, "SSLCipherSuite"),
    };
    let flag = |name: &str| {
        let value = both.last(name).and_then(argument)?;
        Some((value.as_str().eq_ignore_ascii_case("on"), value.origin().clone()))
    };
    for (directive, option, wanted) in [
        ("SSLHonorCipherOrder", "ServerPreference", true),
        ("SSLSessionTickets", "SessionTicket", false),
        ("SSLInsecureRenegotiation", "UnsafeLegacyRenegotiation", true),
    ] {
        if let Some((on, origin)) = flag(directive).filter(|(on, _)| *on == wanted) {
            settings.options.push(Switch { what: option, on, origin });
        }
    }
    settings.client_verification = both.last("SSLVerifyClient").and_then(argument).map(|value| {
        let mode = match value.as_str().to_ascii_lowercase().as_str() {
            "require" => ClientVerification::Required,
            "optional" => ClientVerification::Optional,
            "optional_no_ca" => ClientVerification::OptionalUnverified,
            _ => ClientVerification::None,
        };
        Setting::new(mode, value.origin().clone())
    });
    let commands: Vec<Command> = both
        .all("SSLOpenSSLConfCmd")
        .into_iter()
        .filter_map(|node| match node.arguments.as_slice() {
            [name, value] => Some(Command { name: name.clone(), value: value.clone() }),
            _ => None,
        })
        .collect();
    let scope = tls::Scope { version: spec.library, role: Role::Server, certificates: true };
    for refusal in tls::apply(&commands, scope, &mut settings) {
        tell(evidence, refusal.origin, refusal.problem, refusal.message, refusal.suggestion.as_deref());
    }
    settings
}

/// `ssl_cmd_protocol_parse`, then the bounds that `ssl_init_ctx_protocol` makes of it: holes are not kept.
fn protocols(both: Both<'_>, spec: &Spec<'_>, evidence: &mut Vec<Evidence>, settings: &mut LibrarySettings) {
    let mut on: Vec<(TlsVersion, Origin)> = Vec::new();
    let whole = match both.last("SSLProtocol") {
        Some(node) => {
            for value in &node.arguments {
                let text = value.as_str();
                let (action, name) = match text.strip_prefix(['+', '-']) {
                    Some(name) => (text.chars().next(), name),
                    None => (None, text),
                };
                let versions: Vec<TlsVersion> = if name.eq_ignore_ascii_case("all") {
                    TlsVersion::ALL.into_iter().filter(|version| *version != TlsVersion::Ssl2).collect()
                } else {
                    let found = TlsVersion::ALL.into_iter().find(|version| version.as_str().eq_ignore_ascii_case(name));
                    // What is no version is told elsewhere.
                    let Some(version) = found else { continue };
                    if version == TlsVersion::Ssl2 {
                        continue;
                    }
                    vec![version]
                };
                match action {
                    Some('-') => on.retain(|(version, _)| !versions.contains(version)),
                    action => {
                        if action.is_none() {
                            on.clear();
                        }
                        let origin = value.origin();
                        on.extend(versions.into_iter().map(|version| (version, origin.clone())));
                    }
                }
            }
            node.origin.clone()
        }
        None => {
            let Some(value) = defaults::default("apache", spec.version, "SSLProtocol") else { return };
            let names = value.as_str().split(' ').filter_map(TlsVersion::parse);
            on.extend(names.map(|version| (version, value.origin().clone())));
            value.origin().clone()
        }
    };
    let place = |version: TlsVersion| {
        on.iter().find(|(on, _)| *on == version).map_or_else(|| whole.clone(), |(_, origin)| origin.clone())
    };
    let Some(highest) = on.iter().map(|(version, _)| *version).max() else {
        let message = "No SSL protocols available [hint: SSLProtocol]".to_owned();
        tell(evidence, whole, ConfigProblem::BadValue, message, None);
        return;
    };
    let has = |version: TlsVersion| on.iter().any(|(on, _)| *on == version);
    let mut least = highest;
    for version in TlsVersion::ALL.into_iter().rev().filter(|version| *version < highest) {
        if !has(version) {
            break;
        }
        least = version;
    }
    if let Some((lost, origin)) = on.iter().find(|(version, _)| *version < least) {
        let message = format!("`{lost}` has no effect: httpd leaves no hole between it and `{least}`");
        tell(evidence, origin.clone(), ConfigProblem::Ineffective, message, None);
    }
    settings.min_protocol = Some(Setting::new(VersionBound::Version(least), place(least)));
    settings.max_protocol = Some(Setting::new(VersionBound::Version(highest), place(highest)));
}

fn certificates(both: Both<'_>) -> Vec<CertificateFiles> {
    let files = both.list("SSLCertificateFile");
    let keys = both.list("SSLCertificateKeyFile");
    let chain = both.last("SSLCertificateChainFile").and_then(argument);
    let pairs = files.iter().enumerate().filter_map(|(index, node)| {
        let key = keys.get(index).and_then(|node| argument(node)).cloned();
        Some(CertificateFiles { certificate: argument(node)?.clone(), key, chain: chain.cloned() })
    });
    pairs.collect()
}
