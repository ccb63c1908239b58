//! What `smtpd` and `smtp` set in OpenSSL (`tls_server_init`, `tls_client_init`, `tls_set_ciphers`).

use std::collections::BTreeMap;
use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Origin, Role, SourceFile, nearest};

use super::read::{Logical, Parameters, lines, tell};
use crate::tls::{
    CertificateFiles, ClientVerification, LibrarySettings, Listen, ServerSettings, Setting, Switch, TlsVersion,
    VersionBound,
};
use crate::value::Value;

/// How many services of `master.cf` are looked at.
const MOST_SERVICES: usize = 1_000;

/// What a configuration makes.
pub(super) struct Found {
    pub(super) servers: Vec<ServerSettings>,
    /// Of each server what its line of `master.cf` sets.
    pub(super) overrides: Vec<BTreeMap<String, Value>>,
    pub(super) clients: Vec<ServerSettings>,
}

/// The servers and the client of a configuration.
pub(super) fn find(
    parameters: &Parameters,
    master: Option<&Arc<SourceFile>>,
    files: &[Arc<SourceFile>],
    evidence: &mut Vec<Evidence>,
) -> Found {
    let (mut servers, mut overrides) = (Vec::new(), Vec::new());
    let services: Vec<(String, Option<Origin>, Parameters)> = match master {
        Some(master) => lines(master).iter().filter_map(|line| service(line, parameters)).take(MOST_SERVICES).collect(),
        None => vec![("smtp".to_owned(), None, parameters.clone())],
    };
    for (name, origin, parameters) in services {
        if let Some(server) = server(&name, origin, &parameters, evidence) {
            servers.push(server);
            overrides.push(parameters.own);
        }
    }
    for server in &mut servers {
        server.files = files.to_vec();
    }
    let mut clients: Vec<ServerSettings> = client(parameters, evidence).into_iter().collect();
    clients.iter_mut().for_each(|client| client.files = files.to_vec());
    Found { servers, overrides, clients }
}

/// A line of `master.cf` that runs `smtpd`: its name, and the parameters with its `-o` over them.
fn service(line: &Logical, parameters: &Parameters) -> Option<(String, Option<Origin>, Parameters)> {
    let whole = line.whole();
    let words = words(&whole);
    let name = words.first()?;
    let inet = words.get(1).is_some_and(|kind| kind.as_str() == "inet");
    if !inet || words.get(7).is_none_or(|command| command.as_str() != "smtpd") {
        return None;
    }
    let mut own = parameters.clone();
    let mut rest = words.iter().skip(8);
    while let Some(word) = rest.next() {
        // `-o name=value`, `-oname=value`, or `-o { name = value }`.
        let option = match word.as_str() {
            "-o" => rest.next().cloned(),
            text if text.starts_with("-o") => Some(word.slice(2..text.len())),
            _ => None,
        };
        let Some(option) = option else { continue };
        let text = option.as_str();
        let inner = text.strip_prefix('{').map_or(text, |inner| inner.strip_suffix('}').unwrap_or(inner));
        let begin = usize::from(inner.len() < text.len());
        if let Some((parameter, value)) = inner.split_once('=') {
            let from = begin + parameter.len() + 1 + (value.len() - value.trim_start().len());
            own.own.insert(parameter.trim().to_owned(), option.slice(from..from + value.trim().len()));
        }
    }
    Some((name.as_str().to_owned(), Some(name.origin().clone()), own))
}

/// The words of a line; one that begins with a brace goes to where that is closed (`mystrtokq` of src/util/mystrtok.c).
fn words(line: &Value) -> Vec<Value> {
    let mut words = Vec::new();
    let (mut begun, mut depth): (Option<usize>, usize) = (None, 0);
    for (at, letter) in line.as_str().char_indices().chain([(line.as_str().len(), ' ')]) {
        match (begun, letter) {
            (None, letter) if letter.is_whitespace() => {}
            (None, letter) => (begun, depth) = (Some(at), usize::from(letter == '{')),
            (Some(_), '{') if depth > 0 => depth += 1,
            (Some(_), '}') if depth > 0 => depth -= 1,
            (Some(from), letter) if letter.is_whitespace() && (depth == 0 || at == line.as_str().len()) => {
                words.push(line.slice(from..at));
                begun = None;
            }
            _ => {}
        }
    }
    words
}

/// The port of a service by its name in `/etc/services`.
fn port(name: &str) -> Option<u16> {
    match name {
        "smtp" => Some(25),
        "smtps" | "submissions" => Some(465),
        "submission" => Some(587),
        name => name.parse().ok(),
    }
}

fn server(
    name: &str,
    origin: Option<Origin>,
    parameters: &Parameters,
    evidence: &mut Vec<Evidence>,
) -> Option<ServerSettings> {
    let wrapped = parameters.is_yes("smtpd_tls_wrappermode");
    let level = parameters.text("smtpd_tls_security_level");
    let level = match level.as_str() {
        "" if parameters.is_yes("smtpd_enforce_tls") || wrapped => "encrypt",
        "" if parameters.is_yes("smtpd_use_tls") => "may",
        "" => "none",
        level => level,
    };
    if level == "none" && !wrapped {
        return None;
    }
    let mandatory = level == "encrypt" || wrapped;
    let (host, service) = name.rsplit_once(':').unwrap_or(("", name));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut server = ServerSettings::new("postfix", Role::Server, name);
    server.block.clone_from(&origin);
    let place = origin.or_else(|| parameters.value("smtpd_tls_security_level").map(|value| value.origin().clone()));
    if let Some(origin) = place {
        let listen = Listen {
            address: host.parse().ok(),
            name: (!host.is_empty() && host.parse::<std::net::IpAddr>().is_err()).then(|| host.to_owned()),
            port: port(service).unwrap_or(0),
            tls: wrapped,
            default: true,
            quic: false,
            proxy_protocol: !parameters.text("smtpd_upstream_proxy_protocol").is_empty(),
        };
        server.listen.push(Setting::new(listen, origin));
    }
    server.starttls = (!wrapped).then_some("smtp");
    let requires = mandatory && parameters.is_yes("smtpd_tls_req_ccert");
    let asks = requires || parameters.is_yes("smtpd_tls_ask_ccert");
    server.settings = library("smtpd", mandatory, requires, asks, parameters, evidence);
    if let Some(value) = parameters.value(if requires { "smtpd_tls_req_ccert" } else { "smtpd_tls_ask_ccert" })
        && asks
    {
        let mode = if requires { ClientVerification::Required } else { ClientVerification::Optional };
        server.settings.client_verification = Some(Setting::new(mode, value.origin().clone()));
    }
    server.settings.groups = groups(parameters);
    if let Some(value) =
        parameters.value("tls_preempt_cipherlist").filter(|value| value.as_str().eq_ignore_ascii_case("yes"))
    {
        let origin = value.origin().clone();
        server.settings.options.push(Switch { what: "ServerPreference", on: true, origin });
    }
    let dh = parameters.value("smtpd_tls_dh1024_param_file");
    server.settings.dh_parameters = dh.filter(|value| !matches!(value.as_str(), "" | "auto"));
    certificates("smtpd", parameters, &mut server);
    let authorities = parameters.value("smtpd_tls_CAfile").or_else(|| parameters.value("smtpd_tls_CApath"));
    server.trusted_certificates = authorities.filter(|value| !value.as_str().is_empty());
    Some(server)
}

fn client(parameters: &Parameters, evidence: &mut Vec<Evidence>) -> Option<ServerSettings> {
    let level = parameters.text("smtp_tls_security_level");
    let level = match level.as_str() {
        "" if parameters.is_yes("smtp_enforce_tls") => "verify",
        "" if parameters.is_yes("smtp_use_tls") => "may",
        "" => "none",
        level => level,
    };
    if level == "none" {
        return None;
    }
    let mandatory = level != "may" && level != "dane";
    let verifies = matches!(level, "verify" | "secure" | "fingerprint" | "dane-only" | "dane");
    let mut client = ServerSettings::new("postfix", Role::Client, "smtp");
    client.settings = library("smtp", mandatory, verifies, verifies, parameters, evidence);
    client.starttls = (!parameters.is_yes("smtp_tls_wrappermode")).then_some("smtp");
    let origin = parameters.value("smtp_tls_security_level").map(|value| value.origin().clone());
    client.verify_peer = origin.map(|origin| Setting::new(verifies, origin));
    certificates("smtp", parameters, &mut client);
    let authorities = parameters.value("smtp_tls_CAfile").or_else(|| parameters.value("smtp_tls_CApath"));
    client.trusted_certificates = authorities.filter(|value| !value.as_str().is_empty());
    Some(client)
}

fn library(
    side: &str,
    mandatory: bool,
    verifies: bool,
    named: bool,
    parameters: &Parameters,
    evidence: &mut Vec<Evidence>,
) -> LibrarySettings {
    let mut settings = LibrarySettings::default();
    let middle = if mandatory { "_tls_mandatory_" } else { "_tls_" };
    if let Some(value) = parameters.value(&format!("{side}{middle}protocols")) {
        protocols(&value, &mut settings, evidence);
    }
    let grade = parameters.value(&format!("{side}{middle}ciphers"));
    let list = grade.as_ref().and_then(|grade| match grade.as_str().to_ascii_lowercase().as_str() {
        grade @ ("high" | "medium" | "low" | "export" | "null") => parameters.value(&format!("tls_{grade}_cipherlist")),
        other => {
            let near = nearest(other, ["high", "medium", "low", "export", "null"]).map(str::to_owned);
            let message = format!("invalid cipher grade: \"{other}\"");
            tell(evidence, grade.origin().clone(), ConfigProblem::BadValue, message, near);
            None
        }
    });
    settings.cipher_list = list.map(|list| {
        let mut added = String::new();
        let mut names = vec![format!("{side}_tls_exclude_ciphers")];
        if mandatory {
            names.push(format!("{side}_tls_mandatory_exclude_ciphers"));
        }
        for name in names {
            let excluded = parameters.text(&name);
            let parts = excluded.split([',', ':', ' ', '\t', '\r', '\n']).filter(|part| !part.is_empty());
            parts.for_each(|part| added.push_str(&format!(":!{part}")));
        }
        // Who asks for a certificate has no use for suites without one.
        if named {
            added.push_str(":!aNULL");
        }
        // Postfix sets the level itself: 1 where it verifies the peer.
        added.push_str(if verifies { ":@SECLEVEL=1" } else { ":@SECLEVEL=0" });
        // What decides is the grade, where the list is the program's own.
        match (&grade, list.is_written()) {
            (Some(grade), false) if grade.is_written() => {
                Value::unwritten(format!("{}{added}", list.as_str()), grade.origin().clone())
            }
            _ => list.followed_by(&added),
        }
    });
    settings
}

/// `tls_proto_mask_lims`: `!SSLv3` takes out, `TLSv1.2` leaves only what is named, `>=` and `<=` are bounds.
fn protocols(value: &Value, settings: &mut LibrarySettings, evidence: &mut Vec<Evidence>) {
    let mut named: Vec<(TlsVersion, Origin)> = Vec::new();
    let (mut least, mut highest) = (None, None);
    for part in value.split(|letter| letter.is_whitespace() || letter == ',' || letter == ':') {
        let text = part.as_str();
        let (operator, name) = match text {
            text if text.starts_with(">=") => (">=", text.get(2..)),
            text if text.starts_with("<=") => ("<=", text.get(2..)),
            text if text.starts_with('!') => ("!", text.get(1..)),
            text => ("", Some(text)),
        };
        let name = name.unwrap_or_default();
        let found = TlsVersion::ALL
            .into_iter()
            .find(|version| version.as_str().eq_ignore_ascii_case(name) || name == format!("{:04x}", version.number()));
        let origin = part.origin().clone();
        let Some(version) = found else {
            let meant = TlsVersion::parse_any_case(name).map(TlsVersion::as_str);
            let near = meant.or_else(|| nearest(name, TlsVersion::ALL.map(TlsVersion::as_str))).map(str::to_owned);
            let message = format!("invalid TLS protocol \"{text}\" in \"{}\"", value.as_str());
            tell(evidence, origin, ConfigProblem::BadValue, message, near);
            continue;
        };
        match operator {
            ">=" => least = Some(Setting::new(VersionBound::Version(version), origin)),
            "<=" => highest = Some(Setting::new(VersionBound::Version(version), origin)),
            "!" => settings.protocols.push(Switch { what: version, on: false, origin }),
            _ => named.push((version, origin)),
        }
    }
    if !named.is_empty() {
        for version in TlsVersion::ALL {
            if !named.iter().any(|(named, _)| *named == version) {
                settings.protocols.push(Switch { what: version, on: false, origin: value.origin().clone() });
            }
        }
    }
    // Without a bound Postfix resets the system's to none (3.6 and later; before there were no bounds).
    let none = || Setting::new(VersionBound::None, value.origin().clone());
    settings.min_protocol = Some(least.unwrap_or_else(none));
    settings.max_protocol = Some(highest.unwrap_or_else(none));
}

/// `smtpd_tls_eecdh_grade`, and for `auto` the list of groups. Since 3.6 the grade is passed over.
fn groups(parameters: &Parameters) -> Option<Value> {
    let grade = parameters.value("smtpd_tls_eecdh_grade")?;
    let list = match if parameters.at_least("3.6.0") { "auto" } else { grade.as_str() } {
        "strong" => parameters.value("tls_eecdh_strong_curve")?,
        "ultra" => parameters.value("tls_eecdh_ultra_curve")?,
        "auto" => parameters.value("tls_eecdh_auto_curves")?,
        _ => return None,
    };
    let written = list.as_str().to_owned();
    let names: Vec<&str> = written.split([' ', '\t', ',', '\r', '\n']).filter(|name| !name.is_empty()).collect();
    let joined = names.join(":");
    if list.is_written() && joined.len() == written.len() {
        // Names with one separator between them keep their places.
        return Some(list.with_text(joined));
    }
    (!joined.is_empty()).then(|| Value::unwritten(joined, list.origin().clone()))
}

fn certificates(side: &str, parameters: &Parameters, server: &mut ServerSettings) {
    let chains = parameters.value(&format!("{side}_tls_chain_files")).filter(|value| !value.as_str().is_empty());
    if let Some(chains) = chains {
        for file in chains.split(|letter| letter.is_whitespace() || letter == ',') {
            server.certificates.push(CertificateFiles { certificate: file, key: None, chain: None });
        }
        return;
    }
    for kind in ["", "d", "ec"] {
        let certificate = parameters.value(&format!("{side}_tls_{kind}cert_file"));
        let certificate = certificate.filter(|value| !matches!(value.as_str(), "" | "none"));
        let Some(certificate) = certificate else { continue };
        let key = parameters.value(&format!("{side}_tls_{kind}key_file")).filter(|value| !value.as_str().is_empty());
        server.certificates.push(CertificateFiles { certificate, key, chain: None });
    }
}
