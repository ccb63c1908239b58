//! What the lines of each product set.

use std::cmp::Ordering;

use shakedown_catalog::Scheme;
use shakedown_model::{ConfigProblem, Role, nearest};

use super::lines::{Include, Reading, Style, Trailing, read};
use super::names::openssl_names;
use crate::files::{Files, Unreadable};
use crate::tls::{
    CertificateFiles, ClientVerification, Library, LibrarySettings, Listen, Refusal, ServerSettings, Setting, Switch,
    TlsVersion, VersionBound, defaults,
};
use crate::value::Value;

pub(super) fn switch(settings: &mut LibrarySettings, what: &'static str, on: bool, value: &Value) {
    settings.options.push(Switch { what, on, origin: value.origin().clone() });
}

pub(super) fn listen(port: u16, tls: bool) -> Listen {
    Listen { address: None, name: None, port, tls, default: true, quic: false, proxy_protocol: false }
}

/// A bound by a version's name; `no` bound where the value is empty or says so.
pub(super) fn bound(value: &Value, none: &[&str]) -> Result<Setting<VersionBound>, Box<Refusal>> {
    let origin = value.origin().clone();
    if none.iter().any(|name| name.eq_ignore_ascii_case(value.as_str())) {
        return Ok(Setting::new(VersionBound::None, origin));
    }
    let name = value.as_str();
    // OpenVPN writes a bare number.
    let long = format!("TLSv{name}");
    match TlsVersion::parse_any_case(name).or_else(|| TlsVersion::parse_any_case(&long)) {
        Some(version) => Ok(Setting::new(VersionBound::Version(version), origin)),
        None => Err(Box::new(Refusal {
            problem: ConfigProblem::BadValue,
            message: format!("`{name}` is no version of TLS"),
            suggestion: nearest(name, TlsVersion::ALL.map(TlsVersion::as_str)).map(str::to_owned),
            origin,
        })),
    }
}

/// PostgreSQL: `postgresql.conf` (`be_tls_init`). `version` is such as `15.10`.
///
/// # Errors
/// [`Unreadable`] where the file cannot be read.
pub fn postgresql(files: &dyn Files, path: &str, version: Option<&str>) -> Result<Reading, Unreadable> {
    let style = Style {
        equals: true,
        comments: b"#",
        trailing: Trailing::Anywhere,
        joins: false,
        case: false,
        quotes: true,
        inline: false,
        includes: &[
            ("include", Include::File),
            ("include_if_exists", Include::FileIfThere),
            ("include_dir", Include::Folder(".conf")),
        ],
    };
    let mut reading = read(files, path, style)?;
    reading.versions.0 = version.map(str::to_owned);
    // What `ALTER SYSTEM` writes counts before all else.
    let folder = reading.value("", "data_directory").map(|folder| folder.as_str().to_owned());
    let folder = folder.or_else(|| path.rsplit_once('/').map(|(folder, _)| folder.to_owned())).unwrap_or_default();
    let automatic = format!("{}/postgresql.auto.conf", folder.trim_end_matches('/'));
    let _none = reading.take(files, &automatic, &mut String::new(), None, 0);
    let value = |reading: &Reading, name: &str| {
        reading.value("", name).or_else(|| defaults::default("postgresql", version, name))
    };
    let on =
        |value: &Value| matches!(value.as_str().to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1" | "t" | "y");
    let Some(ssl) = value(&reading, "ssl").filter(on) else { return Ok(reading) };
    let mut server = ServerSettings::new("postgresql", Role::Server, "postgresql");
    let port = value(&reading, "port").and_then(|port| port.as_str().parse().ok()).unwrap_or(5432);
    server.listen.push(Setting::new(listen(port, false), ssl.origin().clone()));
    server.starttls = Some("postgres");
    server.block = Some(ssl.origin().clone());
    let mut settings = LibrarySettings {
        cipher_list: value(&reading, "ssl_ciphers"),
        cipher_suites: value(&reading, "ssl_tls13_ciphers"),
        groups: value(&reading, "ssl_groups").or_else(|| value(&reading, "ssl_ecdh_curve")),
        dh_parameters: value(&reading, "ssl_dh_params_file"),
        ..LibrarySettings::default()
    };
    for (name, least) in [("ssl_min_protocol_version", true), ("ssl_max_protocol_version", false)] {
        let Some(value) = value(&reading, name) else { continue };
        match bound(&value, &[""]) {
            Ok(bound) if least => settings.min_protocol = Some(bound),
            Ok(bound) => settings.max_protocol = Some(bound),
            Err(refusal) => reading.tell(&refusal, Role::Server),
        }
    }
    if let Some(value) = value(&reading, "ssl_prefer_server_ciphers").filter(on) {
        switch(&mut settings, "ServerPreference", true, &value);
    }
    if let Some(authority) = value(&reading, "ssl_ca_file") {
        // With it the server asks; `pg_hba.conf` says who has to answer.
        settings.client_verification = Some(Setting::new(ClientVerification::Optional, authority.origin().clone()));
        server.trusted_certificates = Some(authority);
        server.revocation_lists = value(&reading, "ssl_crl_file").filter(|path| !path.as_str().is_empty());
    }
    if let Some(certificate) = value(&reading, "ssl_cert_file") {
        let key = value(&reading, "ssl_key_file");
        server.certificates.push(CertificateFiles { certificate, key, chain: None });
    }
    server.settings = settings;
    server.files.clone_from(&reading.files);
    reading.servers.push(server);
    Ok(reading)
}

/// Whether OpenSSL is older than 3.0; one that is not known is not.
fn before_3(library: Option<&str>) -> bool {
    version_before(library, "3.0.0")
}

pub(super) fn version_before(version: Option<&str>, bound: &str) -> bool {
    version.is_some_and(|version| Scheme::Numeric.compare(version, bound) == Some(Ordering::Less))
}

/// OpenVPN: its control channel. `tls-server`, `server` or `mode server` make it the server. `library` is OpenSSL's version.
///
/// # Errors
/// [`Unreadable`] where the file cannot be read.
pub fn openvpn(
    files: &dyn Files,
    path: &str,
    version: Option<&str>,
    library: Option<&str>,
) -> Result<Reading, Unreadable> {
    let style = Style {
        equals: false,
        comments: b"#;",
        trailing: Trailing::AtWord,
        joins: false,
        case: true,
        quotes: true,
        inline: true,
        includes: &[("config", Include::File)],
    };
    let mut reading = read(files, path, style)?;
    reading.versions = (version.map(str::to_owned), library.map(str::to_owned));
    let has = |reading: &Reading, name: &str| reading.last("", name).is_some();
    let is_server = ["tls-server", "server", "server-bridge"].iter().any(|name| has(&reading, name))
        || reading.value("", "mode").is_some_and(|mode| mode.as_str() == "server");
    let role = if is_server { Role::Server } else { Role::Client };
    let mut server = ServerSettings::new("openvpn", role, "openvpn");
    // Over OpenSSL 3 it passes a curve over (`tls_ctx_load_ecdh_params`).
    let takes_curve = is_server && (defaults::has("openvpn", version, "ecdh-curve") || before_3(library));
    let mut settings = LibrarySettings {
        cipher_list: reading
            .value("", "tls-cipher")
            .map(|value| openssl_names(&value))
            .or_else(|| defaults::default("openvpn", version, "tls-cipher")),
        // `TLS-AES-...` is taken too.
        cipher_suites: reading.value("", "tls-ciphersuites").map(|value| {
            let text = value.as_str().replace('-', "_");
            value.with_text(text)
        }),
        groups: reading.value("", "tls-groups").or_else(|| reading.value("", "ecdh-curve").filter(|_| takes_curve)),
        dh_parameters: reading.value("", "dh").filter(|value| value.as_str() != "none"),
        ..LibrarySettings::default()
    };
    for (name, least) in [("tls-version-min", true), ("tls-version-max", false)] {
        let value = reading.value("", name).or_else(|| defaults::default("openvpn", version, name));
        let Some(value) = value.and_then(|value| value.split(char::is_whitespace).into_iter().next()) else { continue };
        match bound(&value, &[]) {
            Ok(bound) if least => settings.min_protocol = Some(bound),
            Ok(bound) => settings.max_protocol = Some(bound),
            Err(refusal) => reading.tell(&refusal, role),
        }
    }
    if let Some(on) = defaults::default("openvpn", version, "ServerPreference") {
        switch(&mut settings, "ServerPreference", true, &on);
    }
    let profile = reading.value("", "tls-cert-profile");
    if let Some(profile) = profile.or_else(|| defaults::default("openvpn", version, "tls-cert-profile")) {
        let level = match profile.as_str() {
            "insecure" => Some(0),
            "legacy" => Some(1),
            "preferred" => Some(2),
            "suiteb" => Some(3),
            _ => None,
        };
        match level {
            Some(level) => settings.security_level = Some(Setting::new(level, profile.origin().clone())),
            None => reading.tell(
                &Refusal {
                    problem: ConfigProblem::BadValue,
                    message: format!("ERROR: Invalid cert profile: {}", profile.as_str()),
                    suggestion: None,
                    origin: profile.origin().clone(),
                },
                role,
            ),
        }
    }
    if let Some(origin) = ["tls-server", "server", "server-bridge", "mode"]
        .iter()
        .find_map(|name| reading.last("", name))
        .map(|line| line.name.origin().clone())
        .filter(|_| is_server)
    {
        // A server asks for a certificate without a word of it (`tls_ctx_set_options`). Whether the client's is one that it
        // takes no pair of files tells, so that it stays out of the outcome but where a list refuses all.
        let written = reading.value("", "verify-client-cert");
        let mode = match written.as_ref().map(Value::as_str) {
            Some("none") => Some(ClientVerification::None),
            Some("optional") => Some(ClientVerification::Optional),
            Some(_) => Some(ClientVerification::Required),
            None if has(&reading, "client-cert-not-required") => Some(ClientVerification::None),
            None => has(&reading, "crl-verify").then_some(ClientVerification::Required),
        };
        let origin = written.map_or(origin, |value| value.origin().clone());
        settings.client_verification = mode.map(|mode| Setting::new(mode, origin));
        server.revocation_lists = reading.value("", "crl-verify").and_then(|value| {
            let mut words = value.split(char::is_whitespace).into_iter();
            // `dir` makes it a folder of serial numbers.
            let file = words.next()?;
            words.next().is_none().then_some(file)
        });
    }
    if let Some(certificate) = reading.value("", "cert") {
        let key = reading.value("", "key");
        server.certificates.push(CertificateFiles { certificate, key, chain: None });
    }
    server.trusted_certificates = reading.value("", "ca");
    let port = reading.value("", "port").or_else(|| reading.value("", "lport"));
    if is_server && let Some(line) = reading.lines.first() {
        let origin = port.as_ref().map_or_else(|| line.name.origin().clone(), |port| port.origin().clone());
        let number = port.and_then(|port| port.as_str().parse().ok()).unwrap_or(1194);
        server.listen.push(Setting::new(listen(number, false), origin));
    }
    server.settings = settings;
    server.files.clone_from(&reading.files);
    reading.servers.push(server);
    Ok(reading)
}

/// Java's `java.security`: what every TLS client and server of that Java leaves out. The disabled and legacy algorithms, and
/// those of certificates, are in `settings.other` under the names of their properties, in JSSE's own language.
///
/// # Errors
/// [`Unreadable`] where the file cannot be read.
pub fn java_security(files: &dyn Files, path: &str) -> Result<Reading, Unreadable> {
    let style = Style {
        equals: true,
        comments: b"#!",
        trailing: Trailing::Nowhere,
        joins: true,
        case: true,
        quotes: false,
        inline: false,
        includes: &[],
    };
    let mut reading = read(files, path, style)?;
    for role in [Role::Client, Role::Server] {
        let mut party = ServerSettings::new("java-jsse", role, "java.security");
        party.library = Library::Jsse;
        for name in [
            "jdk.tls.disabledAlgorithms",
            "jdk.tls.legacyAlgorithms",
            "jdk.certpath.disabledAlgorithms",
            "jdk.tls.keyLimits",
            "jdk.disabled.namedCurves",
            "jdk.tls.namedGroups",
        ] {
            // An empty list takes nothing away, which is not what a missing one does.
            if let Some(value) = reading.last("", name).map(|line| line.value.clone()) {
                party.settings.other.push((name, value));
            }
        }
        party.files.clone_from(&reading.files);
        reading.servers.push(party);
    }
    Ok(reading)
}
