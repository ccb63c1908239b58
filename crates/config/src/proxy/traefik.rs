//! Traefik's dynamic configuration, in YAML or TOML: `tls.options`, and the routers that name them (`buildTLSConfig` of
//! `pkg/tls/tlsmanager.go`). Kubernetes' `TLSOption` too.

use shakedown_model::{ConfigProblem, Role};

use super::{GROUPS, Reading, SUITES, bound, list};
use crate::files::{Files, Unreadable};
use crate::tls::{CertificateFiles, ClientVerification, Library, ServerSettings, Setting, TlsVersion, defaults};
use crate::value::Value;
use crate::yaml::Node;

const VERSIONS: [(&str, TlsVersion); 4] = [
    ("VersionTLS10", TlsVersion::Tls10),
    ("VersionTLS11", TlsVersion::Tls11),
    ("VersionTLS12", TlsVersion::Tls12),
    ("VersionTLS13", TlsVersion::Tls13),
];

/// Reads a configuration. `version` is such as `3.1.0`.
///
/// # Errors
/// [`Unreadable`] where the file cannot be read.
pub fn traefik(files: &dyn Files, path: &str, version: Option<&str>) -> Result<Reading, Unreadable> {
    let mut reading = Reading::default();
    for document in reading.documents(files, path)? {
        let is_option = document.get("kind").and_then(Node::scalar).is_some_and(|kind| kind.as_str() == "TLSOption");
        if is_option {
            let name = document.at(&["metadata", "name"]).and_then(Node::scalar).map_or("default", Value::as_str);
            let server = server(&mut reading, name, document.get("spec"), version);
            reading.add(server);
            continue;
        }
        let Some(tls) = document.get("tls") else {
            if document.get("http").or_else(|| document.get("tcp")).is_some_and(|routes| !routers(routes).is_empty()) {
                let server = server(&mut reading, "default", None, version);
                reading.add(server);
            }
            continue;
        };
        let options = tls.get("options").map(Node::entries).unwrap_or_default();
        let mut servers = Vec::new();
        if !options.iter().any(|(name, _)| name.as_str() == "default") {
            servers.push(server(&mut reading, "default", None, version));
        }
        for (name, node) in options {
            let mut server = server(&mut reading, name.as_str(), Some(node), version);
            server.block = Some(name.origin().clone());
            servers.push(server);
        }
        let pairs: Vec<CertificateFiles> = match tls.get("certificates") {
            Some(Node::Sequence(pairs)) => pairs.iter().filter_map(pair).collect(),
            _ => Vec::new(),
        };
        let routers: Vec<_> =
            [document.get("http"), document.get("tcp")].into_iter().flatten().flat_map(routers).collect();
        for mut server in servers {
            server.certificates.clone_from(&pairs);
            for (option, names) in &routers {
                // Options of another provider are named with it, as in `a@file`.
                let option = option.split('@').next().unwrap_or_default();
                if option == server.label && option != "default" {
                    server.names.extend(names.iter().cloned());
                }
            }
            reading.add(server);
        }
    }
    let files = reading.files.clone();
    reading.servers.iter_mut().for_each(|server| server.files.clone_from(&files));
    Ok(reading)
}

fn pair(node: &Node) -> Option<CertificateFiles> {
    let certificate = node.get("certFile").and_then(Node::scalar)?.clone();
    Some(CertificateFiles { certificate, key: node.get("keyFile").and_then(Node::scalar).cloned(), chain: None })
}

/// The routers with TLS: the options that they name, and the hosts of their rules.
fn routers(protocol: &Node) -> Vec<(String, Vec<Value>)> {
    let routers = protocol.get("routers").map(Node::entries).unwrap_or_default();
    let mut found = Vec::new();
    for (_, router) in routers {
        let Some(tls) = router.get("tls") else { continue };
        let option = tls.get("options").and_then(Node::scalar).map_or("default", Value::as_str);
        let rule = router.get("rule").and_then(Node::scalar);
        found.push((option.to_owned(), rule.map(hosts).unwrap_or_default()));
    }
    found
}

/// The names of `` Host(`a`, `b`) `` and `` HostSNI(`a`) ``.
fn hosts(rule: &Value) -> Vec<Value> {
    let text = rule.as_str();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("Host")) {
        let Some(open) = text.get(at + start..).and_then(|rest| rest.find('(')) else { break };
        let from = at + start + open + 1;
        let end = text.get(from..).and_then(|rest| rest.find(')')).map_or(text.len(), |end| from + end);
        let is_host = matches!(text.get(at + start..from - 1).map(str::trim), Some("Host" | "HostSNI"));
        if is_host {
            let inner = rule.slice(from..end);
            for part in inner.split(|letter| letter == ',') {
                let name = part.as_str();
                let quotes = name.len() >= 2 && matches!(name.as_bytes().first(), Some(b'`' | b'"' | b'\''));
                found.push(if quotes { part.slice(1..name.len() - 1) } else { part });
            }
        }
        at = end;
    }
    found.retain(|name| name.as_str() != "*");
    found
}

fn server(reading: &mut Reading, label: &str, options: Option<&Node>, version: Option<&str>) -> ServerSettings {
    let mut server = ServerSettings::new("traefik", Role::Server, label);
    server.library = Library::Go;
    let get = |name: &str| options.and_then(|node| node.get(name));
    let text = |name: &str| get(name).and_then(Node::scalar).filter(|value| !value.as_str().is_empty());
    let default = |name: &str| defaults::default("traefik", version, name);
    if options.is_none()
        && let Some(value) = default("minVersion")
    {
        // What a set of options leaves out is Go's own; only the set that is there of itself says it.
        server.settings.min_protocol = bound(&value, &VERSIONS).ok();
    }
    for (name, least) in [("minVersion", true), ("maxVersion", false)] {
        let Some(value) = text(name) else { continue };
        match bound(value, &VERSIONS) {
            Ok(bound) if least => server.settings.min_protocol = Some(bound),
            Ok(bound) => server.settings.max_protocol = Some(bound),
            Err(near) => {
                let message = format!("`{}` is no version that `{name}` takes: it is passed over", value.as_str());
                reading.tell(value.origin(), ConfigProblem::Ineffective, message, near);
            }
        }
    }
    list(&mut server.settings, SUITES, &get("cipherSuites").map(Node::scalars).unwrap_or_default());
    list(&mut server.settings, GROUPS, &get("curvePreferences").map(Node::scalars).unwrap_or_default());
    let protocols = get("alpnProtocols").map(Node::scalars).unwrap_or_default();
    let default_protocols = default("alpnProtocols");
    let words = default_protocols.iter().flat_map(|value| value.split(|letter| letter == ' '));
    let all: Vec<Value> = if protocols.is_empty() { words.collect() } else { protocols.into_iter().cloned().collect() };
    server.alpn = Some(all.iter().map(|name| Setting::new(name.as_str().to_owned(), name.origin().clone())).collect());
    if let Some(strict) = text("sniStrict").filter(|strict| strict.as_str() == "true") {
        server.reject_handshake = Some(Setting::new(true, strict.origin().clone()));
    }
    if let Some(client) = get("clientAuth") {
        let authorities = client.get("caFiles").map(Node::scalars).unwrap_or_default();
        server.trusted_certificates = authorities.first().map(|value| (*value).clone());
        let kind = client.get("clientAuthType").and_then(Node::scalar);
        let mode = match kind.map(Value::as_str) {
            Some("RequestClientCert") => Some(ClientVerification::OptionalUnverified),
            Some("VerifyClientCertIfGiven") => Some(ClientVerification::Optional),
            Some("RequireAnyClientCert" | "RequireAndVerifyClientCert") => Some(ClientVerification::Required),
            Some("NoClientCert") => None,
            Some(_) | None => (!authorities.is_empty()).then_some(ClientVerification::Required),
        };
        let origin = kind.or_else(|| authorities.first().copied()).map(|value| value.origin().clone());
        server.settings.client_verification = mode.zip(origin).map(|(mode, origin)| Setting::new(mode, origin));
    }
    server
}
