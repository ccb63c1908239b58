//! Envoy, in YAML or JSON: every `common_tls_context` with what it is for (`envoy.extensions.transport_sockets.tls.v3`).

use shakedown_model::{ConfigProblem, Role};

use super::{GROUPS, Reading, SCHEMES, SUITES, bound, list};
use crate::files::{Files, Unreadable};
use crate::tls::{
    CertificateFiles, ClientVerification, Library, Listen, ServerSettings, Setting, TlsVersion, defaults,
};
use crate::value::Value;
use crate::yaml::Node;

const DEEPEST: usize = 64;
const VERSIONS: [(&str, TlsVersion); 4] = [
    ("TLSv1_0", TlsVersion::Tls10),
    ("TLSv1_1", TlsVersion::Tls11),
    ("TLSv1_2", TlsVersion::Tls12),
    ("TLSv1_3", TlsVersion::Tls13),
];

/// What stands around a context.
#[derive(Clone, Default)]
struct Around {
    label: Option<Value>,
    address: Option<Value>,
    port: Option<Value>,
    names: Vec<Value>,
}

/// Reads a configuration. `version` is such as `1.30.2`.
///
/// # Errors
/// [`Unreadable`] where the file cannot be read.
pub fn envoy(files: &dyn Files, path: &str, version: Option<&str>) -> Result<Reading, Unreadable> {
    let mut reading = Reading::default();
    for document in reading.documents(files, path)? {
        walk(&mut reading, &document, &Around::default(), version, 0);
    }
    let files = reading.files.clone();
    reading.servers.iter_mut().for_each(|server| server.files.clone_from(&files));
    Ok(reading)
}

/// A field: protocol buffers in JSON may write it either way.
fn field<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.get(name).or_else(|| {
        let mut parts = name.split('_');
        let mut camel = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let mut letters = part.chars();
            camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            camel.push_str(letters.as_str());
        }
        node.get(&camel)
    })
}

fn text<'a>(node: &'a Node, name: &str) -> Option<&'a Value> {
    field(node, name).and_then(Node::scalar)
}

fn walk(reading: &mut Reading, node: &Node, around: &Around, version: Option<&str>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match node {
        Node::Sequence(elements) => {
            elements.iter().for_each(|element| walk(reading, element, around, version, depth + 1));
        }
        Node::Mapping(entries) => {
            let mut around = around.clone();
            if let Some(socket) = field(node, "address").and_then(|address| field(address, "socket_address")) {
                around.address = text(socket, "address").cloned();
                around.port = text(socket, "port_value").cloned();
            }
            let has = |name: &str| field(node, name).is_some();
            if has("filter_chains") || has("load_assignment") || has("transport_socket") && around.label.is_none() {
                around.label = text(node, "name").cloned().or(around.label);
            }
            if let Some(names) = field(node, "filter_chain_match").and_then(|fits| field(fits, "server_names")) {
                around.names = names.scalars().into_iter().cloned().collect();
            }
            match field(node, "common_tls_context") {
                Some(common) => context(reading, node, common, &around, version),
                None => {
                    entries.iter().for_each(|(_, inner)| walk(reading, inner, &around, version, depth + 1));
                }
            }
        }
        _ => {}
    }
}

fn context(reading: &mut Reading, node: &Node, common: &Node, around: &Around, version: Option<&str>) {
    let kind = node.get("@type").and_then(Node::scalar);
    let role = match kind.map(Value::as_str) {
        Some(kind) if kind.ends_with("UpstreamTlsContext") => Role::Client,
        Some(kind) if kind.ends_with("DownstreamTlsContext") => Role::Server,
        _ => return,
    };
    let label = around.label.as_ref().map_or("tls", Value::as_str);
    let label = match around.names.first() {
        Some(name) => format!("{label} {}", name.as_str()),
        None => label.to_owned(),
    };
    let mut server = ServerSettings::new("envoy", role, label);
    server.library = Library::BoringSsl;
    server.names.clone_from(&around.names);
    server.block = kind.map(|kind| kind.origin().clone());
    if let (Role::Server, Some(port)) = (role, &around.port) {
        let address = around.address.as_ref().and_then(|address| address.as_str().parse().ok());
        let listen = Listen {
            address,
            name: around.address.as_ref().filter(|_| address.is_none()).map(|name| name.as_str().to_owned()),
            port: port.as_str().parse().unwrap_or(0),
            tls: true,
            default: around.names.is_empty(),
            quic: false,
            proxy_protocol: false,
        };
        server.listen.push(Setting::new(listen, port.origin().clone()));
    }
    let side = if role == Role::Server { "server" } else { "client" };
    let default = |name: &str| defaults::default("envoy", version, &format!("{side} {name}"));
    let parameters = field(common, "tls_params");
    for (name, least) in [("tls_minimum_protocol_version", true), ("tls_maximum_protocol_version", false)] {
        let written =
            parameters.and_then(|parameters| text(parameters, name)).filter(|value| value.as_str() != "TLS_AUTO");
        let Some(value) = written.cloned().or_else(|| default(name)) else { continue };
        match bound(&value, &VERSIONS) {
            Ok(bound) if least => server.settings.min_protocol = Some(bound),
            Ok(bound) => server.settings.max_protocol = Some(bound),
            Err(near) => {
                let message = format!("invalid value \"{}\" for enum TlsProtocol of `{name}`", value.as_str());
                reading.tell(value.origin(), ConfigProblem::BadValue, message, near);
            }
        }
    }
    for (name, what) in [("cipher_suites", SUITES), ("ecdh_curves", GROUPS), ("signature_algorithms", SCHEMES)] {
        let written = parameters.and_then(|parameters| field(parameters, name)).map(Node::scalars).unwrap_or_default();
        if written.is_empty() {
            let words = default(name).map(|value| value.split(|letter| letter == ' ')).unwrap_or_default();
            list(&mut server.settings, what, &words.iter().collect::<Vec<_>>());
        } else {
            list(&mut server.settings, what, &written);
        }
    }
    let protocols = field(common, "alpn_protocols").map(Node::scalars).unwrap_or_default();
    let protocols = protocols.iter().map(|name| Setting::new(name.as_str().to_owned(), name.origin().clone()));
    server.alpn = Some(protocols.collect());
    if let Some(Node::Sequence(pairs)) = field(common, "tls_certificates") {
        server.certificates.extend(pairs.iter().filter_map(pair));
    }
    let elsewhere = ["tls_certificate_sds_secret_configs", "custom_tls_certificate_selector"];
    if elsewhere.iter().any(|name| field(common, name).is_some()) {
        server.notes.push("its certificates come from a secret service: they are not in this file".to_owned());
    }
    verification(node, common, role, &mut server);
    reading.add(server);
}

fn pair(node: &Node) -> Option<CertificateFiles> {
    let file = |name: &str| text(field(node, name)?, "filename").cloned();
    Some(CertificateFiles { certificate: file("certificate_chain")?, key: file("private_key"), chain: None })
}

/// Whether the peer's certificate is asked for, and checked.
fn verification(node: &Node, common: &Node, role: Role, server: &mut ServerSettings) {
    let validates = ["validation_context", "validation_context_sds_secret_config", "combined_validation_context"];
    let validates = validates.iter().find_map(|name| field(common, name));
    if role == Role::Client {
        let Some(origin) = server.block.clone() else { return };
        server.verify_peer = Some(Setting::new(validates.is_some(), origin.clone()));
        server.server_name = Some(text(node, "sni").cloned().unwrap_or_else(|| Value::unwritten("", origin)));
        return;
    }
    let require = field(node, "require_client_certificate");
    // A wrapped boolean may be written with its `value`.
    let require = require.and_then(|require| require.scalar().or_else(|| text(require, "value")));
    let origin = require.map(|value| value.origin().clone()).or_else(|| server.block.clone());
    let mode = match (require.map(Value::as_str), validates) {
        (Some("true"), _) => Some(ClientVerification::Required),
        (_, Some(_)) => Some(ClientVerification::Optional),
        _ => None,
    };
    server.settings.client_verification = mode.zip(origin).map(|(mode, origin)| Setting::new(mode, origin));
}
