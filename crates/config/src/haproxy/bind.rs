//! `bind` and `server` lines over the defaults of the `global` section (`ssl_sock_initial_ctx`, `ssl_sock_prepare_ctx`).

use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Origin, Role, SourceFile, nearest};

use super::certificates::Loading;
use super::keywords;
use super::read::{Line, Spec, tell};
use crate::files::Files;
use crate::tls::{
    CertificateFiles, ClientVerification, LibrarySettings, Listen, ServerSettings, Setting, Switch, TlsVersion,
    VersionBound, defaults,
};
use crate::value::Value;

#[derive(Default)]
pub(super) struct Found {
    pub(super) files: Vec<Arc<SourceFile>>,
    pub(super) servers: Vec<ServerSettings>,
    pub(super) server_lines: Vec<usize>,
    pub(super) clients: Vec<ServerSettings>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) notes: Vec<String>,
    pub(super) default_dh_bits: Option<Value>,
}

/// What lines and defaults say about versions.
#[derive(Clone, Default)]
pub(super) struct Versions {
    pub(super) least: Option<(TlsVersion, Origin)>,
    pub(super) highest: Option<(TlsVersion, Origin)>,
    off: Vec<(TlsVersion, Origin)>,
}

/// The settings of a line, or of the `global` section for all of them.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) versions: Versions,
    pub(super) ciphers: Option<Value>,
    pub(super) suites: Option<Value>,
    pub(super) groups: Option<Value>,
    pub(super) signatures: Option<Value>,
    pub(super) client_signatures: Option<Value>,
    switches: Vec<Switch<&'static str>>,
    pub(super) verify: Option<Value>,
    authority: Option<Value>,
    revocation_lists: Option<Value>,
    /// `crt`, `default-crt` and `crt-list`, each with its value.
    pub(super) certificates: Vec<(Value, Value)>,
    pub(super) alpn: Option<Value>,
    strict: Option<Origin>,
    name: Option<Value>,
    ssl: bool,
}

pub(super) fn find(files: &dyn Files, lines: &[Line], spec: &Spec<'_>, found: &mut Found) {
    let mut bind = Options::default();
    let mut server = Options::default();
    let (mut certificates, mut authorities, mut dh) = (None, None, None);
    let mut bundles = true;
    for line in lines.iter().filter(|line| line.section.kind == "global") {
        let value = line.words.get(1);
        match (line.word(0), value) {
            ("ssl-default-bind-ciphers", Some(value)) => bind.ciphers = Some(value.clone()),
            ("ssl-default-bind-ciphersuites", Some(value)) => bind.suites = Some(value.clone()),
            ("ssl-default-bind-curves", Some(value)) => bind.groups = Some(value.clone()),
            ("ssl-default-bind-sigalgs", Some(value)) => bind.signatures = Some(value.clone()),
            ("ssl-default-bind-client-sigalgs", Some(value)) => bind.client_signatures = Some(value.clone()),
            ("ssl-default-server-ciphers", Some(value)) => server.ciphers = Some(value.clone()),
            ("ssl-default-server-ciphersuites", Some(value)) => server.suites = Some(value.clone()),
            ("ssl-default-server-curves", Some(value)) => server.groups = Some(value.clone()),
            ("ssl-default-server-sigalgs", Some(value)) => server.signatures = Some(value.clone()),
            ("ssl-default-bind-options", Some(_)) => options(line, 1, &mut bind, true, found),
            ("ssl-default-server-options", Some(_)) => options(line, 1, &mut server, true, found),
            (name @ ("ssl-default-bind-options" | "ssl-default-server-options"), None) => {
                let message = format!("global statement '{name}' expects an option as an argument.");
                if let Some(origin) = line.origin() {
                    tell(&mut found.evidence, origin, ConfigProblem::Syntax, message, None);
                }
            }
            ("crt-base", Some(value)) => certificates = Some(value.as_str().to_owned()),
            ("ca-base", Some(value)) => authorities = Some(value.as_str().to_owned()),
            ("ssl-load-extra-files", Some(_)) => {
                bundles = line.words.iter().any(|word| matches!(word.as_str(), "bundle" | "all"));
            }
            ("tune.ssl.default-dh-param", Some(value)) => found.default_dh_bits = Some(value.clone()),
            ("ssl-dh-param-file", Some(value)) => dh = Some(value.clone()),
            (name, _) if name.starts_with("ssl-default-") => {
                if let Some(near) = nearest(name, GLOBAL).filter(|near| *near != name)
                    && let Some(word) = line.words.first()
                {
                    let message = format!("unknown keyword '{name}' in 'global' section");
                    tell(
                        &mut found.evidence,
                        word.origin().clone(),
                        ConfigProblem::UnknownKeyword,
                        message,
                        Some(near),
                    );
                }
            }
            _ => {}
        }
    }
    let loading = Loading { files, base: certificates.as_deref(), bundles, version: spec.version };
    for (index, line) in lines.iter().enumerate() {
        match (line.word(0), line.section.kind.as_str()) {
            ("bind", "frontend" | "listen") => {
                let mut own = Options::default();
                options(line, 2, &mut own, false, found);
                if own.ssl {
                    let mut settings = listener(line, &own, &bind, spec, dh.as_ref(), &loading, found);
                    let base = authorities.as_deref();
                    settings.revocation_lists = own.revocation_lists.as_ref().map(|value| based(value, base));
                    found.servers.push(settings);
                    found.server_lines.push(index);
                }
            }
            ("server", "backend" | "listen") => {
                let mut own = Options::default();
                options(line, 3, &mut own, false, found);
                if own.ssl {
                    let settings = client(line, &own, &server, spec, authorities.as_deref(), found);
                    found.clients.push(settings);
                }
            }
            _ => {}
        }
    }
}

const GLOBAL: [&str; 12] = [
    "ssl-default-bind-ciphers",
    "ssl-default-bind-ciphersuites",
    "ssl-default-bind-curves",
    "ssl-default-bind-sigalgs",
    "ssl-default-bind-client-sigalgs",
    "ssl-default-bind-options",
    "ssl-default-server-ciphers",
    "ssl-default-server-ciphersuites",
    "ssl-default-server-curves",
    "ssl-default-server-sigalgs",
    "ssl-default-server-client-sigalgs",
    "ssl-default-server-options",
];

/// The version of a name such as `TLSv1.0` or, in `no-tlsv12`, `tlsv12`.
fn version(name: &str) -> Option<TlsVersion> {
    Some(match name {
        "SSLv3" | "sslv3" => TlsVersion::Ssl3,
        "TLSv1.0" | "tlsv10" => TlsVersion::Tls10,
        "TLSv1.1" | "tlsv11" => TlsVersion::Tls11,
        "TLSv1.2" | "tlsv12" => TlsVersion::Tls12,
        "TLSv1.3" | "tlsv13" => TlsVersion::Tls13,
        _ => return None,
    })
}

/// The version of a word such as `no-tlsv12`.
fn switched(word: &str, prefix: &str) -> Option<TlsVersion> {
    word.strip_prefix(prefix).filter(|name| name.starts_with(char::is_lowercase)).and_then(version)
}

/// Reads the words of a line from a place on.
pub(super) fn options(line: &Line, from: usize, options: &mut Options, global: bool, found: &mut Found) {
    let mut at = from;
    while let Some(word) = line.words.get(at) {
        let origin = || word.origin().clone();
        let value = line.words.get(at + 1).cloned();
        let mut takes = true;
        let text = word.as_str();
        match text {
            "ssl-min-ver" | "ssl-max-ver" => {
                let Some(value) = &value else { break };
                match version(value.as_str()) {
                    Some(version) => {
                        let place = Some((version, value.origin().clone()));
                        match text {
                            "ssl-min-ver" => options.versions.least = place,
                            _ => options.versions.highest = place,
                        }
                    }
                    // A variable of the running program's own environment.
                    None if value.as_str().contains('$') => {
                        let note = format!(
                            "the variable in `{text} {}` is not known here: it is read as if the option did not stand there",
                            value.as_str()
                        );
                        if !found.notes.contains(&note) {
                            found.notes.push(note);
                        }
                    }
                    None => {
                        let names = ["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
                        let near =
                            (value.as_str() == "TLSv1").then_some("TLSv1.0").or_else(|| nearest(value.as_str(), names));
                        let message = format!("'{}' : unknown ssl/tls version", value.as_str());
                        tell(&mut found.evidence, value.origin().clone(), ConfigProblem::BadValue, message, near);
                    }
                }
            }
            "ciphers" => options.ciphers = value,
            "ciphersuites" => options.suites = value,
            "curves" => options.groups = value,
            // One group; a list counts more.
            "ecdhe" => options.groups = options.groups.take().or(value),
            "sigalgs" => options.signatures = value,
            "client-sigalgs" => options.client_signatures = value,
            "verify" => options.verify = value,
            "ca-file" | "ca-verify-file" => options.authority = options.authority.take().or(value),
            "crl-file" => options.revocation_lists = value,
            "crt" | "default-crt" | "crt-list" => options.certificates.extend(value.map(|value| (word.clone(), value))),
            "alpn" => options.alpn = value,
            "sni" | "verifyhost" => {
                if text == "sni" {
                    options.name = value;
                }
            }
            _ => {
                takes = false;
                match text {
                    "ssl" => options.ssl = true,
                    "strict-sni" => options.strict = Some(origin()),
                    "no-tls-tickets" => options.switch("SessionTicket", false, origin()),
                    "prefer-client-ciphers" => options.switch("ServerPreference", false, origin()),
                    _ if switched(text, "force-").is_some() => {
                        let forced = switched(text, "force-").map(|version| (version, origin()));
                        options.versions.least.clone_from(&forced);
                        options.versions.highest = forced;
                    }
                    _ if switched(text, "no-").is_some() => {
                        let off = switched(text, "no-").map(|version| (version, origin()));
                        options.versions.off.retain(|(known, _)| off.as_ref().is_none_or(|(off, _)| off != known));
                        options.versions.off.extend(off);
                    }
                    _ if global => {
                        let known = [
                            "ssl-min-ver",
                            "ssl-max-ver",
                            "no-tls-tickets",
                            "no-sslv3",
                            "no-tlsv10",
                            "no-tlsv11",
                            "no-tlsv12",
                            "no-tlsv13",
                            "prefer-client-ciphers",
                            "strict-sni",
                            "no-alpn",
                            "tls-tickets",
                            "no-strict-sni",
                            "force-sslv3",
                            "force-tlsv10",
                            "force-tlsv11",
                            "force-tlsv12",
                            "force-tlsv13",
                        ];
                        if known.contains(&text) {
                            at += 1;
                            continue;
                        }
                        let message = format!("unknown option '{text}' on global statement '{}'", line.word(0));
                        let near = nearest(text, known);
                        // What else a server line may have is not all read here.
                        if near.is_none() && line.word(0) != "ssl-default-bind-options" {
                            at += 1;
                            continue;
                        }
                        tell(&mut found.evidence, origin(), ConfigProblem::UnknownKeyword, message, near);
                        return;
                    }
                    _ if line.word(0) == "bind" => match keywords::arguments(text) {
                        Some(count) => at += count,
                        None => {
                            let message = format!("'bind {}': unknown keyword '{text}'", line.word(1));
                            let near = nearest(text, keywords::names());
                            tell(&mut found.evidence, origin(), ConfigProblem::UnknownKeyword, message, near);
                            return;
                        }
                    },
                    _ => {}
                }
            }
        }
        at += if takes { 2 } else { 1 };
    }
}

impl Options {
    fn switch(&mut self, what: &'static str, on: bool, origin: Origin) {
        self.switches.retain(|switch| switch.what != what);
        self.switches.push(Switch { what, on, origin });
    }
}

fn library(own: &Options, default: &Options, spec: &Spec<'_>, server: bool, found: &mut Found) -> LibrarySettings {
    let pick = |own: &Option<Value>, default: &Option<Value>| own.clone().or_else(|| default.clone());
    let mut settings = LibrarySettings {
        cipher_list: pick(&own.ciphers, &default.ciphers),
        cipher_suites: pick(&own.suites, &default.suites),
        groups: pick(&own.groups, &default.groups),
        signature_algorithms: pick(&own.signatures, &default.signatures),
        client_signature_algorithms: pick(&own.client_signatures, &default.client_signatures),
        ..LibrarySettings::default()
    };
    if server && let Some(always) = defaults::default("haproxy", spec.version, "options") {
        for what in ["ServerPreference", "PrioritizeChaCha"] {
            if always.as_str().split(' ').any(|name| name == what) {
                settings.options.push(Switch { what, on: true, origin: always.origin().clone() });
            }
        }
    }
    settings.options.extend(default.switches.iter().chain(&own.switches).cloned());
    versions(own, default, spec, server, &mut settings, found);
    settings
}

/// Bounds by `ssl-min-ver` and `ssl-max-ver`, of the line before those of `global`; `no-tlsv1x` count only without any bound.
fn versions(
    own: &Options,
    default: &Options,
    spec: &Spec<'_>,
    server: bool,
    settings: &mut LibrarySettings,
    found: &mut Found,
) {
    let (mine, other) = (&own.versions, &default.versions);
    let row = |setting: &str| {
        let value = defaults::default("haproxy", spec.version, setting)?;
        Some((version(value.as_str())?, value.origin().clone()))
    };
    let least = mine.least.clone().or_else(|| other.least.clone());
    let highest = mine.highest.clone().or_else(|| other.highest.clone());
    let off: Vec<_> = other.off.iter().chain(&mine.off).collect();
    let bounded = least.is_some() || highest.is_some();
    if bounded && let Some((version, origin)) = off.first() {
        let message =
            format!("`no-` options such as the one for {version} are ignored beside `ssl-min-ver` and `ssl-max-ver`");
        tell(&mut found.evidence, origin.clone(), ConfigProblem::Ineffective, message, None);
    }
    let Some(top) = highest.clone().or_else(|| row("ssl-max-ver")) else { return };
    let base = match least {
        Some(least) => Some(least),
        // Towards its servers HAProxy has no least version of its own before any is set.
        None if !server => None,
        None => row("ssl-min-ver").map(|(least, origin)| if least > top.0 { top.clone() } else { (least, origin) }),
    };
    let counts = |version: TlsVersion| {
        version <= top.0
            && base.as_ref().is_none_or(|(least, _)| *least <= version)
            && (bounded || !off.iter().any(|(off, _)| *off == version))
    };
    let enabled: Vec<TlsVersion> =
        TlsVersion::ALL.into_iter().filter(|version| *version != TlsVersion::Ssl2 && counts(*version)).collect();
    // What lies between the lowest and the highest is on, too: there are only bounds.
    let place = |edge: TlsVersion, bound: Option<&(TlsVersion, Origin)>| {
        let near = |(off, _): &&&(TlsVersion, Origin)| off.number().abs_diff(edge.number()) == 1;
        let removed = off.iter().find(near).map(|(_, origin)| origin.clone());
        match bound {
            Some((version, origin)) if *version == edge => Some(origin.clone()),
            bound => removed.or_else(|| bound.map(|(_, origin)| origin.clone())),
        }
    };
    let (Some(low), Some(high)) = (enabled.first(), enabled.last()) else {
        let origin = base.as_ref().map_or(&top.1, |(_, origin)| origin).clone();
        tell(&mut found.evidence, origin, ConfigProblem::BadValue, "all SSL/TLS versions are disabled", None);
        return;
    };
    if base.is_some() || *low > TlsVersion::Ssl3 {
        let origin = place(*low, base.as_ref()).unwrap_or_else(|| top.1.clone());
        settings.min_protocol = Some(Setting::new(VersionBound::Version(*low), origin));
    }
    let origin = place(*high, Some(&top)).unwrap_or_else(|| top.1.clone());
    settings.max_protocol = Some(Setting::new(VersionBound::Version(*high), origin));
}

/// `192.0.2.1:443`, `:443`, `*:443`, `[::1]:443`, `ipv4@...`, `/path`; several with commas.
fn addresses(value: &Value) -> Vec<Setting<Listen>> {
    let parts = value.split(|letter| letter == ',');
    parts
        .iter()
        .map(|part| {
            let text = part.as_str();
            let text = text.split_once('@').map_or(text, |(_, rest)| rest);
            let mut listen = Listen {
                address: None,
                name: None,
                port: 0,
                tls: true,
                default: false,
                quic: part.as_str().starts_with("quic"),
                proxy_protocol: false,
            };
            if text.starts_with('/') {
                listen.name = Some(text.to_owned());
            } else {
                let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
                listen.port = port.split('-').next().and_then(|port| port.parse().ok()).unwrap_or(0);
                let host = host.trim_start_matches('[').trim_end_matches(']');
                match host.parse() {
                    Ok(address) => listen.address = Some(address),
                    Err(_) if matches!(host, "" | "*") => {}
                    Err(_) => listen.name = Some(host.to_owned()),
                }
            }
            Setting::new(listen, part.origin().clone())
        })
        .collect()
}

fn listener(
    line: &Line,
    own: &Options,
    default: &Options,
    spec: &Spec<'_>,
    dh: Option<&Value>,
    loading: &Loading<'_>,
    found: &mut Found,
) -> ServerSettings {
    let address = line.words.get(1);
    let label = format!("{} {}", line.section.name, address.map(Value::as_str).unwrap_or_default());
    let mut server = ServerSettings::new("haproxy", Role::Server, label.trim());
    server.block = line.origin();
    server.listen = address.map(addresses).unwrap_or_default();
    let proxied = line.words.iter().any(|word| word.as_str() == "accept-proxy");
    server.listen.iter_mut().for_each(|listen| listen.value.proxy_protocol = proxied);
    server.settings = library(own, default, spec, true, found);
    server.settings.dh_parameters = dh.cloned();
    server.settings.client_verification = own.verify.as_ref().map(verification);
    server.trusted_certificates = own.authority.clone();
    server.reject_handshake = own.strict.clone().map(|origin| Setting::new(true, origin));
    server.alpn = own.alpn.as_ref().map(protocols);
    if let Some(verify) = own.verify.as_ref().filter(|value| matches!(value.as_str(), "required" | "optional"))
        && own.authority.is_none()
    {
        let message = "verify is enabled but no CA file specified";
        tell(&mut found.evidence, verify.origin().clone(), ConfigProblem::BadValue, message, Some("ca-file"));
    }
    super::certificates::load(line, own, loading, &mut server, found);
    if server.certificates.is_empty()
        && own.certificates.iter().all(|(word, _)| word.as_str() != "crt-list")
        && let Some(origin) = line.origin()
    {
        let message =
            format!("no SSL certificate specified for bind '{}'", address.map(Value::as_str).unwrap_or_default());
        tell(&mut found.evidence, origin, ConfigProblem::BadValue, message, Some("crt"));
    }
    server
}

/// The path of a file of authorities or of their lists, from `ca-base` on.
fn based(value: &Value, base: Option<&str>) -> Value {
    match base {
        Some(base) if !value.as_str().starts_with(['/', '@']) => {
            Value::unwritten(format!("{}/{}", base.trim_end_matches('/'), value.as_str()), value.origin().clone())
        }
        _ => value.clone(),
    }
}

pub(super) fn verification(value: &Value) -> Setting<ClientVerification> {
    let mode = match value.as_str() {
        "required" => ClientVerification::Required,
        "optional" => ClientVerification::Optional,
        _ => ClientVerification::None,
    };
    Setting::new(mode, value.origin().clone())
}

pub(super) fn protocols(list: &Value) -> Vec<Setting<String>> {
    let names = list.split(|letter| letter == ',');
    names.iter().map(|name| Setting::new(name.as_str().to_owned(), name.origin().clone())).collect()
}

fn client(
    line: &Line,
    own: &Options,
    default: &Options,
    spec: &Spec<'_>,
    base: Option<&str>,
    found: &mut Found,
) -> ServerSettings {
    let label = format!("{} {}", line.section.name, line.word(1));
    let mut client = ServerSettings::new("haproxy", Role::Client, label.trim());
    client.block = line.origin();
    client.settings = library(own, default, spec, false, found);
    client.trusted_certificates = own.authority.as_ref().map(|value| based(value, base));
    client.verify_peer = own
        .verify
        .as_ref()
        .map(|value| Setting::new(value.as_str() == "required", value.origin().clone()))
        .or_else(|| line.origin().map(|origin| Setting::new(true, origin)));
    client.server_name = own
        .name
        .as_ref()
        .map(|name| constant(name).unwrap_or_else(|| name.clone()))
        .or_else(|| line.origin().map(|origin| Value::unwritten("", origin)));
    for (_, certificate) in &own.certificates {
        client.certificates.push(CertificateFiles { certificate: certificate.clone(), key: None, chain: None });
    }
    client.alpn = own.alpn.as_ref().map(protocols);
    client
}

/// The text of `str(text)`: the one expression whose value is known here.
fn constant(expression: &Value) -> Option<Value> {
    let text = expression.as_str();
    let inner = text.strip_prefix("str(")?.strip_suffix(')')?;
    (!inner.contains(['(', ')', ','])).then(|| expression.slice(4..4 + inner.len()))
}
