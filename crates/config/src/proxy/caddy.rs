//! Caddy: the Caddyfile's sites with their `tls` directive, and the connection policies of its JSON
//! (`caddyconfig/httpcaddyfile`, `modules/caddytls/connpolicy.go`).

use shakedown_model::{ConfigProblem, Role};

use super::caddyfile::{self, Directive};
use super::{GROUPS, Reading, SUITES, bound, list};
use crate::files::{FILE_LIMIT, Files, Unreadable};
use crate::tls::{
    CertificateFiles, ClientVerification, Library, Listen, ServerSettings, Setting, TlsVersion, defaults,
};
use crate::value::Value;
use crate::yaml::Node;

const VERSIONS: [(&str, TlsVersion); 2] = [("tls1.2", TlsVersion::Tls12), ("tls1.3", TlsVersion::Tls13)];

/// Reads a Caddyfile, or Caddy's JSON. `version` is such as `2.8.4`.
///
/// # Errors
/// [`Unreadable`] where the file cannot be read.
pub fn caddy(files: &dyn Files, path: &str, version: Option<&str>) -> Result<Reading, Unreadable> {
    let mut reading = Reading::default();
    let unreadable = |source| Unreadable { path: path.to_owned(), source };
    let begins = files.read(path, FILE_LIMIT).map_err(unreadable)?;
    // A Caddyfile may begin with a `{` too, behind which its line ends.
    let text = begins.trim_ascii_start();
    let is_json = text.first() == Some(&b'{')
        && text.get(1..).is_some_and(|rest| matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}')));
    if is_json {
        for document in reading.documents(files, path)? {
            of_json(&mut reading, &document, version);
        }
    } else {
        let directives = caddyfile::read(&mut reading, files, path).map_err(unreadable)?;
        of_caddyfile(&mut reading, &directives, version);
    }
    let files = reading.files.clone();
    reading.servers.iter_mut().for_each(|server| server.files.clone_from(&files));
    Ok(reading)
}

fn of_caddyfile(reading: &mut Reading, directives: &[Directive], version: Option<&str>) {
    let mut sites = directives.iter().peekable();
    // Options for all sites stand in a block without a name.
    if sites.peek().is_some_and(|first| first.words.is_empty()) {
        sites.next();
    }
    let left: Vec<&Directive> = sites.collect();
    match left.split_first() {
        // One site alone needs no braces.
        Some((address, rest)) if address.block.is_none() => {
            let inner: Vec<Directive> = rest.iter().map(|directive| (*directive).clone()).collect();
            site(reading, &address.words, &inner, version);
        }
        _ => left.iter().for_each(|directive| site(reading, &directive.words, directive.inner(), version)),
    }
}

/// An address of a site: the name, the port, and whether it is plain HTTP.
fn address(word: &Value) -> (Value, u16, bool) {
    let text = word.as_str().trim_end_matches(',');
    let (plain, start) = match text.split_once("://") {
        Some((scheme, _)) => (scheme == "http", scheme.len() + 3),
        None => (false, 0),
    };
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest.get(..end).unwrap_or_default();
    let (length, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name.len(), port.parse().unwrap_or(443)),
        _ => (host.len(), if plain { 80 } else { 443 }),
    };
    (word.slice(start..start + length), port, plain || port == 80)
}

fn site(reading: &mut Reading, addresses: &[Value], inner: &[Directive], version: Option<&str>) {
    let words = addresses.iter().flat_map(|word| word.split(|letter| letter == ','));
    let words: Vec<Value> = words.collect();
    let Some(first) = words.first() else { return };
    let with_tls: Vec<(Value, u16)> =
        words.iter().map(address).filter(|(_, _, plain)| !plain).map(|(name, port, _)| (name, port)).collect();
    if with_tls.is_empty() {
        return;
    }
    let mut server = server(first.as_str().trim_end_matches(','), version);
    server.block = Some(first.origin().clone());
    for (name, port) in with_tls {
        let listen = Listen {
            address: None,
            name: None,
            port,
            tls: true,
            default: name.as_str().is_empty(),
            quic: false,
            proxy_protocol: false,
        };
        if !server.listen.iter().any(|other| other.value.port == port) {
            server.listen.push(Setting::new(listen, first.origin().clone()));
        }
        if name.as_str().contains("{$") || name.as_str().contains("{env.") {
            server.notes.push(format!("`{}` is known only as Caddy runs", name.as_str()));
        } else if !name.as_str().is_empty() {
            server.names.push(name);
        }
    }
    for directive in inner.iter().filter(|directive| directive.name() == "tls") {
        if let [certificate, key] = directive.arguments() {
            let (certificate, key) = (certificate.clone(), Some(key.clone()));
            server.certificates.push(CertificateFiles { certificate, key, chain: None });
        }
        for option in directive.inner() {
            tls_option(reading, &mut server, option);
        }
    }
    defaulted(&mut server, version);
    reading.add(server);
}

fn tls_option(reading: &mut Reading, server: &mut ServerSettings, option: &Directive) {
    let arguments = option.arguments();
    match option.name() {
        "protocols" => {
            if let Some(value) = arguments.first() {
                version_of(reading, server, value, true);
            }
            if let Some(value) = arguments.get(1) {
                version_of(reading, server, value, false);
            }
        }
        "ciphers" => list(&mut server.settings, SUITES, &arguments.iter().collect::<Vec<_>>()),
        "curves" => list(&mut server.settings, GROUPS, &arguments.iter().collect::<Vec<_>>()),
        "alpn" => {
            let names = arguments.iter().map(|name| Setting::new(name.as_str().to_owned(), name.origin().clone()));
            server.alpn = Some(names.collect());
        }
        "client_auth" => {
            let mode = option.inner().iter().find(|inner| inner.name() == "mode");
            let mode = mode.and_then(|mode| mode.arguments().first());
            let trusts = |inner: &&Directive| inner.name().starts_with("trust");
            client_auth(server, mode, option.inner().iter().find(trusts).and_then(|trusts| trusts.words.first()));
        }
        _ => {}
    }
}

fn client_auth(server: &mut ServerSettings, mode: Option<&Value>, trusts: Option<&Value>) {
    let kind = match mode.map(Value::as_str) {
        Some("request") => Some(ClientVerification::OptionalUnverified),
        Some("verify_if_given") => Some(ClientVerification::Optional),
        Some("require" | "require_and_verify") => Some(ClientVerification::Required),
        Some(_) => None,
        // Without a mode: with an authority it has to be one of its certificates, else any.
        None => Some(ClientVerification::Required),
    };
    let origin = mode.or(trusts).map(|value| value.origin().clone()).or_else(|| server.block.clone());
    server.settings.client_verification = kind.zip(origin).map(|(kind, origin)| Setting::new(kind, origin));
}

fn version_of(reading: &mut Reading, server: &mut ServerSettings, value: &Value, least: bool) {
    match bound(value, &VERSIONS) {
        Ok(bound) if least => server.settings.min_protocol = Some(bound),
        Ok(bound) => server.settings.max_protocol = Some(bound),
        Err(near) => {
            let message = format!("wrong protocol name or protocol not supported: '{}'", value.as_str());
            reading.tell(value.origin(), ConfigProblem::BadValue, message, near);
        }
    }
}

fn server(label: &str, version: Option<&str>) -> ServerSettings {
    let mut server = ServerSettings::new("caddy", Role::Server, label);
    server.library = Library::Go;
    let default = |name: &str| defaults::default("caddy", version, name);
    let bound_of = |name: &str| default(name).and_then(|value| bound(&value, &VERSIONS).ok());
    server.settings.min_protocol = bound_of("protocol_min");
    server.settings.max_protocol = bound_of("protocol_max");
    let protocols = default("alpn").map(|value| value.split(|letter| letter == ' ')).unwrap_or_default();
    let protocols = protocols.iter().map(|name| Setting::new(name.as_str().to_owned(), name.origin().clone()));
    server.alpn = Some(protocols.collect());
    server
}

/// The lists that nothing is written for.
fn defaulted(server: &mut ServerSettings, version: Option<&str>) {
    for (name, what) in [("cipher_suites", SUITES), ("curves", GROUPS)] {
        if super::names(&server.settings, what).is_empty()
            && let Some(value) = defaults::default("caddy", version, name)
        {
            let words = value.split(|letter| letter == ' ');
            list(&mut server.settings, what, &words.iter().collect::<Vec<_>>());
        }
    }
}

/// `apps.http.servers`: one for each connection policy, the names being those that it is for.
fn of_json(reading: &mut Reading, document: &Node, version: Option<&str>) {
    let servers = document.at(&["apps", "http", "servers"]).map(Node::entries).unwrap_or_default();
    for (name, node) in servers {
        let listens = node.get("listen").map(Node::scalars).unwrap_or_default();
        let policies: &[Node] = match node.get("tls_connection_policies") {
            Some(Node::Sequence(policies)) => policies,
            _ => continue,
        };
        for policy in policies {
            let names = policy.at(&["match", "sni"]).map(Node::scalars).unwrap_or_default();
            let label = names.first().map_or(name.as_str(), |name| name.as_str());
            let mut server = server(label, version);
            server.block = Some(name.origin().clone());
            server.names = names.into_iter().cloned().collect();
            for listen in &listens {
                let port = listen.as_str().rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(443);
                let default = server.names.is_empty();
                let (address, name) = (None, None);
                let one = Listen { address, name, port, tls: true, default, quic: false, proxy_protocol: false };
                server.listen.push(Setting::new(one, listen.origin().clone()));
            }
            for (key, least) in [("protocol_min", true), ("protocol_max", false)] {
                if let Some(value) = policy.get(key).and_then(Node::scalar) {
                    version_of(reading, &mut server, value, least);
                }
            }
            for (key, what) in [("cipher_suites", SUITES), ("curves", GROUPS)] {
                list(&mut server.settings, what, &policy.get(key).map(Node::scalars).unwrap_or_default());
            }
            let protocols = policy.get("alpn").map(Node::scalars).unwrap_or_default();
            if !protocols.is_empty() {
                let all = protocols.iter().map(|name| Setting::new(name.as_str().to_owned(), name.origin().clone()));
                server.alpn = Some(all.collect());
            }
            if let Some(client) = policy.get("client_authentication") {
                let trusts = client.entries().iter().find(|(key, _)| key.as_str() != "mode").map(|(key, _)| key);
                client_auth(&mut server, client.get("mode").and_then(Node::scalar), trusts);
            }
            defaulted(&mut server, version);
            reading.add(server);
        }
    }
}
