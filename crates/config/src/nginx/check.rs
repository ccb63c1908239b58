//! What `nginx -t` refuses besides unknown directives.

use shakedown_model::{ConfigProblem, Origin, nearest};

use super::directive::{Arguments, Context, named};
use super::read::Spec;
use super::select::Endpoint;
use super::tree::Tree;
use crate::tls::{ClientVerification, LibrarySettings, ServerSettings, TlsVersion};

/// Directives of TLS that a block may have once only (`is duplicate`).
const ONCE: [&str; 16] = [
    "ssl_ciphers",
    "ssl_dhparam",
    "ssl_ecdh_curve",
    "ssl_client_certificate",
    "ssl_trusted_certificate",
    "ssl_crl",
    "ssl_verify_client",
    "ssl_verify_depth",
    "ssl_buffer_size",
    "ssl_session_timeout",
    "ssl_stapling_file",
    "ssl_stapling_responder",
    "proxy_ssl_ciphers",
    "proxy_ssl_name",
    "proxy_ssl_trusted_certificate",
    "proxy_ssl_verify_depth",
];

/// Tells of directives that stand in a block twice; flags are among them.
pub(super) fn duplicates(tree: &mut Tree<'_>) {
    let mut told = Vec::new();
    for block in &tree.blocks {
        let mut seen: Vec<&str> = Vec::new();
        for node in &block.nodes {
            let name = node.name.as_str();
            let once = || {
                ONCE.contains(&name)
                    || name.contains("ssl") && named(name).iter().any(|row| row.arguments == Arguments::Flag)
            };
            if seen.contains(&name) {
                told.push((node.name.origin().clone(), format!("\"{name}\" directive is duplicate")));
            } else if once() {
                seen.push(name);
            }
        }
    }
    for (origin, message) in told {
        tree.tell(origin, ConfigProblem::BadValue, message, None);
    }
}

/// The version of a name, which nginx compares without regard to case.
pub(super) fn protocol(name: &str) -> Option<TlsVersion> {
    TlsVersion::ALL.into_iter().find(|version| version.as_str().eq_ignore_ascii_case(name))
}

/// Tells of values that a directive does not take.
pub(super) fn values(tree: &mut Tree<'_>) {
    let mut told = Vec::new();
    for value in tree.blocks.iter().flat_map(|block| &block.nodes).flat_map(|node| {
        let name = node.name.as_str();
        let refuses: fn(&str) -> Option<Option<&'static str>> = match name {
            "ssl_verify_client" => |value| {
                let values = ["on", "off", "optional", "optional_no_ca"];
                let known = values.iter().any(|known| known.eq_ignore_ascii_case(value));
                (!known).then(|| nearest(value, values))
            },
            _ if name.ends_with("ssl_protocols") => |value| {
                let meant = || TlsVersion::parse_any_case(value).map(TlsVersion::as_str);
                let names = TlsVersion::ALL.map(TlsVersion::as_str);
                protocol(value).is_none().then(|| meant().or_else(|| nearest(value, names)))
            },
            _ => |_| None,
        };
        node.arguments.iter().filter_map(move |value| Some((value, refuses(value.as_str())?)))
    }) {
        let (value, suggestion) = value;
        let message = format!("invalid value \"{}\"", value.as_str());
        told.push((value.origin().clone(), message, suggestion.map(str::to_owned)));
    }
    for (origin, message, suggestion) in told {
        tree.tell(origin, ConfigProblem::BadValue, message, suggestion);
    }
}

/// What is wrong between the directives of a server, and of an address.
pub(super) fn servers(tree: &mut Tree<'_>, servers: &[ServerSettings], endpoints: &[Endpoint], spec: &Spec<'_>) {
    if !tree.blocks.iter().any(|block| block.context == Context::Events) {
        let file = tree.order.first().cloned();
        if let Some(file) = file {
            let end = file.text.len();
            let message = "no \"events\" section in configuration";
            tree.tell(Origin::file(&file, end..end), ConfigProblem::Syntax, message, Some("events {}".into()));
        }
    }
    for server in servers {
        if !server.certificates.is_empty() || server.reject_handshake.is_some() {
            verification(tree, &server.settings, server, spec);
        }
    }
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.listen.tls) {
        missing_certificate(tree, endpoint, servers);
    }
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.listen.tls && endpoint.http) {
        overridden(tree, endpoint, servers, spec);
    }
}

fn verification(tree: &mut Tree<'_>, settings: &LibrarySettings, server: &ServerSettings, spec: &Spec<'_>) {
    let Some(mode) = &settings.client_verification else { return };
    let wants = matches!(mode.value, ClientVerification::Required | ClientVerification::Optional);
    if !wants || server.trusted_certificates.is_some() {
        return;
    }
    let message = match super::directive::since(spec.version, "1.27.2") {
        true => "no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client",
        false => "no ssl_client_certificate for ssl_verify_client",
    };
    tree.tell(mode.origin.clone(), ConfigProblem::BadValue, message, Some("ssl_client_certificate".into()));
}

/// `ngx_http_ssl_init`: the default block needs a certificate, or refuses all handshakes and the others have one.
fn missing_certificate(tree: &mut Tree<'_>, endpoint: &Endpoint, servers: &[ServerSettings]) {
    let bare = |index: &&usize| {
        servers.get(**index).is_some_and(|server| server.certificates.is_empty() && server.reject_handshake.is_none())
    };
    let default = servers.get(endpoint.default);
    let culprit = match default {
        Some(server) if !server.certificates.is_empty() => None,
        Some(server) if server.reject_handshake.is_some() => endpoint.servers.iter().find(bare),
        _ => Some(&endpoint.default),
    };
    let Some(server) = culprit.and_then(|index| servers.get(*index)) else { return };
    let name = if endpoint.listen.quic { "quic" } else { "ssl" };
    let message = format!("no \"ssl_certificate\" is defined for the \"listen ... {name}\" directive");
    if let Some(origin) = &server.block {
        tree.tell(origin.clone(), ConfigProblem::BadValue, message, Some("ssl_certificate".into()));
    }
}

/// Versions of a block that is not the default one have no effect before nginx 1.29.2.
fn overridden(tree: &mut Tree<'_>, endpoint: &Endpoint, servers: &[ServerSettings], spec: &Spec<'_>) {
    if super::directive::since(spec.version, "1.29.2") {
        return;
    }
    let Some(default) = servers.get(endpoint.default) else { return };
    let versions = |server: &ServerSettings| -> Vec<TlsVersion> {
        let all = TlsVersion::ALL.into_iter();
        all.filter(|version| server.settings.allows(*version).is_ok()).collect()
    };
    for &index in endpoint.servers.iter().filter(|index| **index != endpoint.default) {
        let Some(server) = servers.get(index).filter(|server| !server.certificates.is_empty()) else { continue };
        let own = server.settings.protocols.iter().find(|switch| switch.on);
        let written = own.filter(|switch| matches!(switch.origin.kind(), shakedown_model::OriginKind::File { .. }));
        if let Some(switch) = written
            && versions(server) != versions(default)
        {
            let message = format!(
                "\"ssl_protocols\" of a server that is not the default one of its address has no effect: those of `{}` count",
                default.label
            );
            tree.tell(switch.origin.clone(), ConfigProblem::Ineffective, message, None);
        }
    }
}
