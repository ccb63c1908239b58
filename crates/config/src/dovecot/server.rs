//! What the login processes set in OpenSSL (`iostream-openssl-context.c`).

use shakedown_model::{ConfigProblem, Evidence, Origin, OriginKind, Role, nearest};

use super::read::{Setting as Line, Spec, tell};
use crate::tls::{
    CertificateFiles, ClientVerification, LibrarySettings, Listen, ServerSettings, Setting, Switch, TlsVersion,
    VersionBound, defaults,
};
use crate::value::Value;

/// How many names of `local_name` are looked at.
const MOST_NAMES: usize = 200;

/// Protocols with the port for STARTTLS and the port for TLS from the first byte on.
const PROTOCOLS: [(&str, &str, u16, Option<u16>); 4] = [
    ("imap", "imap", 143, Some(993)),
    ("pop3", "pop3", 110, Some(995)),
    ("submission", "smtp", 587, Some(465)),
    ("sieve", "sieve", 4190, None),
];

/// The settings that hold at a place: those of fitting blocks. What stands in a block counts over what stands outside, wherever
/// that is; of several the last one. A setting in blocks of a name and of a protocol is a conflict for Dovecot 2.3.
struct Scope<'a> {
    lines: &'a [Line],
    protocol: &'a str,
    name: Option<&'a str>,
    spec: &'a Spec<'a>,
}

impl Scope<'_> {
    /// One of the names of a setting, the new one first: 2.4 has other names.
    fn value(&self, names: &[&str]) -> Option<Value> {
        let written = self.line(names).map(|line| line.value.clone());
        written
            .or_else(|| names.iter().find_map(|name| defaults::default("dovecot", self.spec.version, name)))
            .filter(|value| !value.as_str().is_empty())
    }

    /// The line that decides.
    fn line(&self, names: &[&str]) -> Option<&Line> {
        let fits = |line: &&Line| {
            line.blocks.iter().all(|(kind, argument)| match kind.as_str() {
                "protocol" => {
                    let (negated, protocol) = match argument.strip_prefix('!') {
                        Some(rest) => (true, rest.trim()),
                        None => (false, argument.as_str()),
                    };
                    (protocol == self.protocol) != negated
                }
                "local_name" => self.name.is_some_and(|name| name == argument),
                _ => false,
            })
        };
        let found = self.lines.iter().filter(|line| names.contains(&line.name.as_str())).filter(fits);
        let within = |line: &Line, kind: &str| line.blocks.iter().any(|(own, _)| own == kind);
        // Of equals the last one is taken.
        found.max_by_key(|line| (within(line, "local_name"), within(line, "protocol")))
    }
}

/// The line that decides a setting of a server.
pub(super) fn deciding<'a>(
    lines: &'a [Line],
    spec: &Spec<'_>,
    server: &ServerSettings,
    name: &str,
) -> Option<&'a Line> {
    let protocol = server.label.split(':').next().unwrap_or_default();
    let asked = server.names.first().map(Value::as_str).filter(|_| name != "ssl_min_protocol");
    let scope = Scope { lines, protocol, name: asked, spec };
    let found = scope.line(&[name])?;
    lines.iter().find(|line| std::ptr::eq(*line, found))
}

pub(super) fn servers(lines: &[Line], spec: &Spec<'_>, evidence: &mut Vec<Evidence>) -> Vec<ServerSettings> {
    let plain = Scope { lines, protocol: "", name: None, spec };
    let protocols =
        plain.value(&["protocols"]).map_or_else(|| "imap pop3".to_owned(), |value| value.as_str().to_owned());
    let mut names: Vec<&str> = Vec::new();
    for (kind, argument) in lines.iter().flat_map(|line| &line.blocks) {
        if kind == "local_name" && names.len() < MOST_NAMES && !names.contains(&argument.as_str()) {
            names.push(argument);
        }
    }
    let mut servers = Vec::new();
    for (protocol, starttls, port, tls) in PROTOCOLS {
        if !protocols.split_whitespace().any(|name| name.trim_end_matches('s') == protocol || name == protocol) {
            continue;
        }
        for name in std::iter::once(None).chain(names.iter().copied().map(Some)) {
            let scope = Scope { lines, protocol, name, spec };
            let Some(ssl) = scope.value(&["ssl"]).filter(|value| value.as_str() != "no") else { continue };
            if !matches!(ssl.as_str(), "yes" | "required") {
                let message = format!("Invalid value: {}", ssl.as_str());
                tell(evidence, ssl.origin().clone(), ConfigProblem::BadValue, message, Some("yes"));
            }
            let base = server(&scope, protocol, name, ssl.origin(), evidence);
            for (port, starttls) in [Some((port, Some(starttls))), tls.map(|port| (port, None))].into_iter().flatten() {
                let mut server = base.clone();
                server.starttls = starttls;
                let listen = Listen {
                    address: None,
                    name: None,
                    port,
                    tls: starttls.is_none(),
                    default: name.is_none(),
                    quic: false,
                    proxy_protocol: false,
                };
                server.listen.push(Setting::new(listen, ssl.origin().clone()));
                server.label = format!("{protocol}:{port}{}", name.map(|name| format!(" {name}")).unwrap_or_default());
                servers.push(server);
            }
        }
    }
    servers
}

fn server(
    scope: &Scope<'_>,
    protocol: &str,
    name: Option<&str>,
    origin: &Origin,
    evidence: &mut Vec<Evidence>,
) -> ServerSettings {
    let mut server = ServerSettings::new("dovecot", Role::Server, protocol);
    server.block = Some(origin.clone());
    server.names = name.into_iter().map(|name| Value::unwritten(name, origin.clone())).collect();
    let mut settings = LibrarySettings {
        cipher_list: scope.value(&["ssl_cipher_list"]),
        cipher_suites: scope.value(&["ssl_cipher_suites"]),
        groups: scope.value(&["ssl_curve_list"]),
        dh_parameters: scope.value(&["ssl_server_dh_file", "ssl_dh"]).map(|value| file(&value)),
        ..LibrarySettings::default()
    };
    // OpenSSL takes the range of versions before it is known which name is asked for.
    let unnamed = Scope { name: None, ..*scope };
    if let Some(value) = unnamed.value(&["ssl_min_protocol"]) {
        least(&value, &mut settings, evidence);
    } else if let Some(value) = unnamed.value(&["ssl_protocols"]) {
        listed(&value, &mut settings, evidence);
    }
    if let Some(value) = scope.value(&["ssl_server_prefer_ciphers", "ssl_prefer_server_ciphers"])
        && matches!(value.as_str(), "yes" | "server")
    {
        settings.options.push(Switch { what: "ServerPreference", on: true, origin: value.origin().clone() });
    }
    if let Some(value) = scope.value(&["ssl_options"]) {
        for option in value.split(|letter| letter == ',' || letter.is_whitespace()) {
            if option.as_str() == "no_ticket" {
                settings.options.push(Switch { what: "SessionTicket", on: false, origin: option.origin().clone() });
            }
        }
    }
    let asks = scope.value(&["ssl_server_request_client_cert", "ssl_verify_client_cert"]);
    settings.client_verification = asks.filter(|value| value.as_str() != "no").map(|value| {
        let must = scope.value(&["auth_ssl_require_client_cert"]).filter(|value| value.as_str() == "yes");
        match must {
            Some(value) => Setting::new(ClientVerification::Required, value.origin().clone()),
            None => Setting::new(ClientVerification::Optional, value.origin().clone()),
        }
    });
    server.settings = settings;
    for (certificates, keys) in [
        (&["ssl_server_cert_file", "ssl_cert"][..], &["ssl_server_key_file", "ssl_key"][..]),
        (&["ssl_server_alt_cert_file", "ssl_alt_cert"][..], &["ssl_server_alt_key_file", "ssl_alt_key"][..]),
    ] {
        let Some(certificate) = scope.value(certificates) else { continue };
        let key = scope.value(keys);
        for value in std::iter::once(&certificate).chain(&key) {
            is_contents(value, certificates.len() > 1 && scope.spec.is_before_2_4(), evidence);
        }
        let key = key.map(|key| file(&key));
        server.certificates.push(CertificateFiles { certificate: file(&certificate), key, chain: None });
    }
    if server.certificates.is_empty() && matches!(origin.kind(), OriginKind::File { .. }) {
        let message = "ssl enabled, but ssl_cert not set".to_owned();
        tell(evidence, origin.clone(), ConfigProblem::BadValue, message, Some("ssl_cert"));
    }
    server.trusted_certificates = scope.value(&["ssl_server_ca_file", "ssl_ca"]).map(|value| file(&value));
    server
}

/// Tells of a path where the contents of its file are wanted: `ssl_cert = /path` instead of `</path`.
fn is_contents(value: &Value, wanted: bool, evidence: &mut Vec<Evidence>) {
    let text = value.as_str();
    if wanted && text.starts_with('/') {
        let message = format!("There is no valid PEM certificate or key. (You probably forgot '<' from <{text})");
        tell(evidence, value.origin().clone(), ConfigProblem::BadValue, message, Some(&format!("<{text}")));
    }
}

/// `</path` is the file's contents.
fn file(value: &Value) -> Value {
    let text = value.as_str();
    let path = text.trim_start_matches('<').trim_start();
    value.slice(text.len() - path.len()..text.len())
}

fn least(value: &Value, settings: &mut LibrarySettings, evidence: &mut Vec<Evidence>) {
    let origin = value.origin().clone();
    let bound = match value.as_str() {
        "ANY" => VersionBound::None,
        "LATEST" => VersionBound::Version(TlsVersion::Tls13),
        name => match TlsVersion::parse(name) {
            Some(version) => VersionBound::Version(version),
            None => {
                let names = ["ANY", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "LATEST"];
                let meant = TlsVersion::parse_any_case(name).map(TlsVersion::as_str).or_else(|| nearest(name, names));
                let message = format!("Unknown ssl_min_protocol setting '{name}'");
                tell(evidence, origin, ConfigProblem::BadValue, message, meant);
                return;
            }
        },
    };
    settings.min_protocol = Some(Setting::new(bound, origin));
}

/// `ssl_protocols` of 2.2: names, or names to leave out.
fn listed(value: &Value, settings: &mut LibrarySettings, evidence: &mut Vec<Evidence>) {
    let mut named = Vec::new();
    for part in value.split(char::is_whitespace) {
        let (off, name) = match part.as_str().strip_prefix('!') {
            Some(name) => (true, name),
            None => (false, part.as_str()),
        };
        match TlsVersion::parse_any_case(name) {
            Some(version) if off => {
                settings.protocols.push(Switch { what: version, on: false, origin: part.origin().clone() });
            }
            Some(version) => named.push(version),
            None => {
                let near = nearest(name, TlsVersion::ALL.map(TlsVersion::as_str));
                let message = format!("Invalid ssl_protocols setting: Unknown protocol '{name}'");
                tell(evidence, part.origin().clone(), ConfigProblem::BadValue, message, near);
            }
        }
    }
    if !named.is_empty() {
        for version in TlsVersion::ALL.into_iter().filter(|version| !named.contains(version)) {
            settings.protocols.push(Switch { what: version, on: false, origin: value.origin().clone() });
        }
    }
}
