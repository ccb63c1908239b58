//! What a socket sets in OpenSSL (`mod_openssl_set_defaults_sockets`, `network_init_ssl`).

use shakedown_model::{ConfigProblem, Evidence, Origin, Role};

use super::read::{Condition, Data, Entry, Spec, tell};
use crate::tls::{
    self, CertificateFiles, ClientVerification, Command, LibrarySettings, Listen, ServerSettings, Setting, Switch,
    VersionBound, defaults,
};
use crate::value::Value;

const MOST_SERVERS: usize = 2_000;
/// What stands behind every `CipherString`.
pub(crate) const ADDED: &str = ":!aNULL:!eNULL:!EXP";

/// The settings that hold in some blocks: the last one of the innermost block counts.
#[derive(Clone, Copy)]
struct Scope<'a> {
    entries: &'a [Entry],
    socket: Option<usize>,
    host: Option<usize>,
}

impl<'a> Scope<'a> {
    fn entry(&self, name: &str) -> Option<&'a Entry> {
        let ours = |condition: &Condition| Some(condition.block) == self.socket || Some(condition.block) == self.host;
        let fits = self.entries.iter().filter(|entry| entry.name.as_str() == name && entry.conditions.iter().all(ours));
        // A later block counts before an earlier one, whatever is around it.
        fits.max_by_key(|entry| entry.conditions.last().map(|condition| condition.block + 1).unwrap_or(0))
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.entry(name)?.data.text()
    }

    fn flag(&self, name: &str) -> Option<Setting<bool>> {
        let value = self.value(name)?;
        Some(Setting::new(matches!(value.as_str(), "enable" | "1" | "true"), value.origin().clone()))
    }
}

pub(super) fn servers(
    entries: &[Entry],
    spec: &Spec<'_>,
    evidence: &mut Vec<Evidence>,
) -> (Vec<ServerSettings>, Vec<Option<usize>>) {
    let (mut servers, mut blocks) = (Vec::new(), Vec::new());
    let global = Scope { entries, socket: None, host: None };
    if global.flag("ssl.engine").is_some_and(|flag| flag.value) {
        let bind = global.value("server.bind").map_or("", Value::as_str);
        let port = global.value("server.port").and_then(|port| port.as_str().parse().ok()).unwrap_or(443);
        let origin = global.value("ssl.engine").map(|value| value.origin().clone());
        let socket = format!("{bind}:{port}");
        add(global, &socket, origin, spec, evidence, &mut servers, &mut blocks);
    }
    let mut seen = Vec::new();
    for entry in entries {
        let [condition] = entry.conditions.as_slice() else { continue };
        if condition.field != "SERVER socket" || condition.operator != "==" || seen.contains(&condition.block) {
            continue;
        }
        seen.push(condition.block);
        let mut own = entries.iter().filter(|entry| {
            entry.name.as_str() == "ssl.engine"
                && entry.conditions.last().is_some_and(|one| one.block == condition.block)
        });
        let on = own.next_back().and_then(|entry| entry.data.text()).is_some_and(|value| value.as_str() == "enable");
        if on && servers.len() < MOST_SERVERS {
            let scope = Scope { entries, socket: Some(condition.block), host: None };
            let origin = Some(condition.text.origin().clone());
            add(scope, condition.text.as_str(), origin, spec, evidence, &mut servers, &mut blocks);
        }
    }
    (servers, blocks)
}

/// A socket, and the hosts with a certificate of their own on it.
fn add(
    scope: Scope<'_>,
    socket: &str,
    origin: Option<Origin>,
    spec: &Spec<'_>,
    evidence: &mut Vec<Evidence>,
    servers: &mut Vec<ServerSettings>,
    blocks: &mut Vec<Option<usize>>,
) {
    let own = |entry: &&Entry| scope.socket.is_some() && entry.conditions.last().map(|one| one.block) == scope.socket;
    let other = |entry: &&Entry| entry.name.as_str().starts_with("ssl.") && entry.name.as_str() != "ssl.engine";
    let has_certificate = scope.entries.iter().filter(own).any(|entry| entry.name.as_str() == "ssl.pemfile");
    if let Some(entry) = scope.entries.iter().filter(own).find(other).filter(|_| !has_certificate) {
        let message = "ssl.pemfile has to be set in same $SERVER[\"socket\"] scope as other ssl.* directives, unless only \
                       ssl.engine is set, inheriting ssl.* from global scope";
        let origin = entry.name.origin().clone();
        tell(evidence, origin, ConfigProblem::BadValue, message.to_owned(), Some("ssl.pemfile".to_owned()));
    }
    let base = server(scope, socket, origin.clone(), spec, evidence);
    let label = base.label.clone();
    servers.push(base);
    blocks.push(scope.socket);
    let mut seen: Vec<usize> = Vec::new();
    for entry in scope.entries {
        let Some((last, outer)) = entry.conditions.split_last() else { continue };
        let mine = outer.iter().all(|one| Some(one.block) == scope.socket);
        if entry.name.as_str() != "ssl.pemfile" || last.field != "HTTP host" || !mine || seen.contains(&last.block) {
            continue;
        }
        seen.push(last.block);
        let mut named = server(Scope { host: Some(last.block), ..scope }, socket, origin.clone(), spec, evidence);
        if last.operator != "==" {
            named.notes.push(format!(
                "whether `$HTTP[\"host\"] {} \"{}\"` fits a name is not said here",
                last.operator,
                last.text.as_str()
            ));
        }
        named.label = format!("{label} {}", last.text.as_str());
        named.names = vec![last.text.clone()];
        if servers.len() < MOST_SERVERS {
            servers.push(named);
            blocks.push(Some(last.block));
        }
    }
}

fn server(
    scope: Scope<'_>,
    socket: &str,
    origin: Option<Origin>,
    spec: &Spec<'_>,
    evidence: &mut Vec<Evidence>,
) -> ServerSettings {
    let mut server = ServerSettings::new("lighttpd", Role::Server, socket);
    server.block.clone_from(&origin);
    let (host, port) = socket.rsplit_once(':').unwrap_or((socket, "443"));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Some(origin) = origin {
        let listen = Listen {
            address: host.parse().ok().filter(|address: &std::net::IpAddr| !address.is_unspecified()),
            name: (!host.is_empty() && host.parse::<std::net::IpAddr>().is_err()).then(|| host.to_owned()),
            port: port.parse().unwrap_or(0),
            tls: true,
            default: scope.host.is_none(),
            quic: false,
            proxy_protocol: false,
        };
        server.listen.push(Setting::new(listen, origin));
    }
    server.settings = library(scope, spec, evidence);
    if let Some(certificate) = scope.value("ssl.pemfile") {
        let key = scope.value("ssl.privkey").cloned();
        server.certificates.push(CertificateFiles { certificate: certificate.clone(), key, chain: None });
    }
    if let Some(on) = scope.flag("ssl.engine").filter(|flag| flag.value && server.certificates.is_empty()) {
        let message = "ssl.pemfile has to be set when ssl.engine = \"enable\"".to_owned();
        tell(evidence, on.origin, ConfigProblem::BadValue, message, Some("ssl.pemfile".to_owned()));
    }
    let authority = scope.value("ssl.verifyclient.ca-file").or_else(|| scope.value("ssl.ca-file"));
    server.trusted_certificates = authority.cloned();
    // It counts beside the authorities only.
    let lists = scope.value("ssl.verifyclient.ca-crl-file").or_else(|| scope.value("ssl.ca-crl-file"));
    server.revocation_lists = lists.filter(|_| authority.is_some()).cloned();
    let names = defaults::default("lighttpd", spec.version, "alpn");
    server.alpn = names.map(|names| {
        names.as_str().split(' ').map(|name| Setting::new(name.to_owned(), names.origin().clone())).collect()
    });
    server
}

fn library(scope: Scope<'_>, spec: &Spec<'_>, evidence: &mut Vec<Evidence>) -> LibrarySettings {
    let default = |setting: &str| defaults::default("lighttpd", spec.version, setting);
    let has = |setting: &str| defaults::has("lighttpd", spec.version, setting);
    let mut settings = LibrarySettings {
        cipher_list: scope.value("ssl.cipher-list").cloned().or_else(|| default("CipherString")),
        groups: scope.value("ssl.ec-curve").filter(|_| has("ssl.ec-curve")).cloned(),
        dh_parameters: scope.value("ssl.dh-file").cloned(),
        ..LibrarySettings::default()
    };
    if let Some(least) = default("MinProtocol")
        && let Some(version) = tls::TlsVersion::parse(least.as_str())
    {
        settings.min_protocol = Some(Setting::new(VersionBound::Version(version), least.origin().clone()));
    }
    let order = match (default("ssl.honor-cipher-order"), scope.value("ssl.cipher-list")) {
        // Since 1.4.68 the option is passed over: the server's order decides where `ssl.cipher-list` is still in use.
        (Some(row), Some(list)) if row.as_str() == "disable" => Some(Setting::new(true, list.origin().clone())),
        (Some(row), None) if row.as_str() == "disable" => Some(Setting::new(false, row.origin().clone())),
        (row, _) => scope
            .flag("ssl.honor-cipher-order")
            .or_else(|| row.map(|row| Setting::new(row.as_str() == "enable", row.origin().clone()))),
    };
    if let Some(flag) = order {
        let what = ["ServerPreference"].into_iter().chain(has("PrioritizeChaCha").then_some("PrioritizeChaCha"));
        settings.options.extend(what.map(|what| Switch { what, on: flag.value, origin: flag.origin.clone() }));
    }
    if let Some(asks) = scope.flag("ssl.verifyclient.activate").filter(|flag| flag.value) {
        let must = scope.flag("ssl.verifyclient.enforce").is_none_or(|flag| flag.value);
        let mode = if must { ClientVerification::Required } else { ClientVerification::Optional };
        settings.client_verification = Some(Setting::new(mode, asks.origin));
    }
    let mut commands = Vec::new();
    if let Some(Data::List(list)) = scope.entry("ssl.openssl.ssl-conf-cmd").map(|entry| &entry.data) {
        for (name, value) in list {
            let (Some(name), Data::Text(value)) = (name, value) else { continue };
            let is = |command: &str| name.as_str().eq_ignore_ascii_case(command);
            if is("SecurityLevel") && has("SecurityLevel") {
                // A command of lighttpd's own; what is no number is 0 (`atoi`), and less than that changes nothing.
                let level = value.as_str().trim().parse().unwrap_or(0_i64);
                let level = u8::try_from(level.min(5)).ok();
                settings.security_level =
                    level.map(|level| Setting::new(level, value.origin().clone())).or(settings.security_level.take());
                continue;
            }
            let value = match is("CipherString") {
                // `network_openssl_ssl_conf_cmd` adds this.
                true => value.followed_by(ADDED),
                false => value.clone(),
            };
            commands.push(Command { name: name.clone(), value });
        }
    }
    let run = tls::Scope { version: spec.library, role: Role::Server, certificates: true };
    for refusal in tls::apply(&commands, run, &mut settings) {
        tell(evidence, refusal.origin, refusal.problem, refusal.message, refusal.suggestion);
    }
    settings
}
