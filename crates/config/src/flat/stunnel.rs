//! stunnel: services of a client or a server.

use shakedown_model::{ConfigProblem, Origin, Role, nearest};

use super::lines::{Include, Reading, Style, Trailing, read};
use super::products::{bound, listen, switch, version_before};
use crate::files::{Files, Unreadable};
use crate::tls::{
    self, CertificateFiles, ClientVerification, Command, LibrarySettings, Refusal, ServerSettings, Setting, Switch,
    TlsVersion, defaults,
};
use crate::value::Value;

/// stunnel: each section is a service, over the global lines in front of the first one. `version` is such as `5.68`, `library`
/// is OpenSSL's version.
///
/// # Errors
/// [`Unreadable`] where the file cannot be read.
pub fn stunnel(
    files: &dyn Files,
    path: &str,
    version: Option<&str>,
    library: Option<&str>,
) -> Result<Reading, Unreadable> {
    let style = Style {
        equals: true,
        comments: b";#",
        trailing: Trailing::Nowhere,
        joins: false,
        case: false,
        quotes: false,
        inline: false,
        includes: &[("include", Include::Folder(""))],
    };
    let mut reading = read(files, path, style)?;
    reading.versions = (version.map(str::to_owned), library.map(str::to_owned));
    let mut sections: Vec<String> = Vec::new();
    for line in &reading.lines {
        if !line.section.is_empty() && sections.len() < 500 && !sections.contains(&line.section) {
            sections.push(line.section.clone());
        }
    }
    let mut refusals = lines_refused(&reading);
    let mut servers = Vec::new();
    for section in &sections {
        let value = |name: &str| reading.value(section, name).or_else(|| reading.value("", name));
        let or_default = |name: &str| value(name).or_else(|| defaults::default("stunnel", version, name));
        let is_client = value("client").is_some_and(|value| value.as_str().eq_ignore_ascii_case("yes"));
        let role = if is_client { Role::Client } else { Role::Server };
        let mut server = ServerSettings::new("stunnel", role, section.as_str());
        let mut settings = LibrarySettings {
            cipher_list: or_default("ciphers"),
            cipher_suites: or_default("ciphersuites"),
            groups: value("curves").or_else(|| value("curve")).or_else(|| or_default("curves")),
            ..LibrarySettings::default()
        };
        if let Some(level) = or_default("securitylevel") {
            match level.as_str().parse() {
                Ok(number @ 0..=5_u8) => {
                    settings.security_level = Some(Setting::new(number, level.origin().clone()));
                }
                _ => refusals.push(Refusal {
                    problem: ConfigProblem::BadValue,
                    message: format!("Illegal security level: {}", level.as_str()),
                    suggestion: None,
                    origin: level.origin().clone(),
                }),
            }
        }
        if let Some(value) = defaults::default("stunnel", version, "sslversionmin") {
            settings.min_protocol = bound(&value, &["all"]).ok();
        }
        // One line after the other: `sslVersion` sets both ends.
        let lines = reading.lines.iter().filter(|line| line.section.is_empty() || line.section == *section);
        for line in lines {
            let (least, most) = match line.name.as_str() {
                "sslversion" => (true, true),
                "sslversionmin" => (true, false),
                "sslversionmax" => (false, true),
                _ => continue,
            };
            match bound(&line.value, &["all"]) {
                Ok(bound) => {
                    settings.min_protocol = Some(bound.clone()).filter(|_| least).or(settings.min_protocol.take());
                    settings.max_protocol = Some(bound).filter(|_| most).or(settings.max_protocol.take());
                }
                Err(refusal) => refusals.push(*refusal),
            }
        }
        // What is cleared with a `-` is cleared last, wherever that stands.
        let options = || reading.all("", "options").chain(reading.all(section, "options"));
        let (cleared, set): (Vec<_>, Vec<_>) = options().partition(|line| line.value.as_str().starts_with('-'));
        for line in set.into_iter().chain(cleared) {
            let text = line.value.as_str();
            let (name, on) = text.strip_prefix('-').map_or((text, true), |name| (name, false));
            // Case does not count (`parse_ssl_option`).
            match name.to_ascii_uppercase().as_str() {
                "CIPHER_SERVER_PREFERENCE" => switch(&mut settings, "ServerPreference", on, &line.value),
                "NO_TICKET" => switch(&mut settings, "SessionTicket", !on, &line.value),
                "LEGACY_SERVER_CONNECT" => switch(&mut settings, "UnsafeLegacyServerConnect", on, &line.value),
                _ => {
                    let bare = name.get(..3).filter(|start| start.eq_ignore_ascii_case("NO_")).and(name.get(3..));
                    let version = bare.map(|name| name.replace('_', "."));
                    if let Some(version) = version.as_deref().and_then(TlsVersion::parse_any_case) {
                        settings.protocols.push(Switch { what: version, on: !on, origin: line.value.origin().clone() });
                    }
                    // With a dot they were once taken, by versions that are not looked up here.
                    let dotted = name.contains('.') && version_before(reading.versions.0.as_deref(), "5.68");
                    if !dotted && !OPTIONS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                        refusals.push(Refusal {
                            problem: ConfigProblem::BadValue,
                            message: format!("\"options = {text}\": Illegal TLS option"),
                            suggestion: nearest(name, OPTIONS).map(str::to_owned),
                            origin: line.value.origin().clone(),
                        });
                    }
                }
            }
        }
        let commands: Vec<Command> = reading
            .all("", "config")
            .chain(reading.all(section, "config"))
            .filter_map(|line| {
                let at = line.value.as_str().find(':')?;
                let length = line.value.as_str().len();
                Some(Command { name: line.value.slice(0..at), value: line.value.slice(at + 1..length) })
            })
            .collect();
        let scope = tls::Scope { version: library, role: Role::Server, certificates: true };
        let curves = settings.groups.take();
        refusals.extend(tls::apply(&commands, scope, &mut settings));
        // The curves are set last (`ecdh_init`), and a version that has the option always sets some.
        settings.groups = curves.or(settings.groups);
        if let Some(accept) = value("accept") {
            let text = accept.as_str();
            let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
            let mut listen = listen(port.parse().unwrap_or(0), !is_client);
            listen.address = host.trim_matches(['[', ']']).parse().ok();
            server.block = Some(accept.origin().clone());
            if !is_client {
                server.listen.push(Setting::new(listen, accept.origin().clone()));
            }
        }
        let checks = value("verifychain").or_else(|| value("verifypeer")).or_else(|| value("verify"));
        let checks = checks.filter(|value| !matches!(value.as_str().to_ascii_lowercase().as_str(), "no" | "0"));
        match (role, checks) {
            (Role::Server, Some(value)) => {
                // Level 1 looks at a certificate that is shown, and asks for none.
                let mode = match value.as_str() {
                    "1" => ClientVerification::Optional,
                    _ => ClientVerification::Required,
                };
                settings.client_verification = Some(Setting::new(mode, value.origin().clone()));
                server.revocation_lists = or_default("crlfile");
            }
            (Role::Client, checks) => {
                server.verify_peer = checks.map(|checks| Setting::new(true, checks.origin().clone()));
                server.server_name = value("sni").or_else(|| connect_name(&value("connect")?));
            }
            (Role::Server, None) => {}
        }
        if let Some(certificate) = value("cert") {
            server.certificates.push(CertificateFiles { certificate, key: value("key"), chain: None });
        }
        server.trusted_certificates = value("cafile").or_else(|| value("capath"));
        let has = |names: &[&str]| names.iter().any(|name| value(name).is_some());
        let needs = |message: &str, suggestion: &str, origin: &Origin| Refusal {
            problem: ConfigProblem::BadValue,
            message: format!("Service [{section}]: {message}"),
            suggestion: Some(suggestion.to_owned()),
            origin: origin.clone(),
        };
        if let Some(asks) = settings.client_verification.as_ref().filter(|_| !has(&["cafile", "capath", "caengine"])) {
            let message = "Either \"CAengine\", \"CAfile\" or \"CApath\" has to be configured";
            refusals.push(needs(message, "CAfile", &asks.origin));
        }
        // Before 5.0 there was a path of its own for a server's certificate.
        let old = version_before(version, "5.0");
        if let Some(accept) = server.block.as_ref().filter(|_| !is_client && !old)
            && !has(&["cert", "engineid", "enginenum", "psksecrets"])
        {
            refusals.push(needs("TLS server needs a certificate", "cert", accept));
        }
        server.settings = settings;
        server.files.clone_from(&reading.files);
        servers.push(server);
    }
    reading.servers = servers;
    for refusal in refusals {
        reading.tell(&refusal, Role::Server);
    }
    Ok(reading)
}

/// Lines that stunnel does not take, whatever they are about.
fn lines_refused(reading: &Reading) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for line in &reading.lines {
        let text = line.file.text.get(line.span.clone()).unwrap_or_default();
        let (name, origin) = (line.name.as_str(), line.name.origin().clone());
        if !text.contains(&b'=') {
            refusals.push(Refusal {
                problem: ConfigProblem::Syntax,
                message: format!("\"{}\": No '=' found", String::from_utf8_lossy(text).trim()),
                suggestion: None,
                origin,
            });
            continue;
        }
        let is_known = NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
        // What is near to no name may be one of a version that is not known here.
        if let Some(near) = nearest(name, NAMES).filter(|_| !is_known) {
            refusals.push(Refusal {
                problem: ConfigProblem::UnknownKeyword,
                message: format!("\"{name}\": Specified option name is not valid here"),
                suggestion: Some(near.to_owned()),
                origin,
            });
        }
    }
    refusals
}

/// The names of settings (`stunnel -help`, and those of other releases and systems).
const NAMES: [&str; 102] = [
    "CAengine",
    "CAfile",
    "CApath",
    "CAstore",
    "CRLfile",
    "CRLpath",
    "EGD",
    "OCSP",
    "OCSPaia",
    "OCSPflag",
    "OCSPnonce",
    "OCSPrequire",
    "PSKidentity",
    "PSKsecrets",
    "RNDbytes",
    "RNDfile",
    "RNDoverwrite",
    "TIMEOUTbusy",
    "TIMEOUTclose",
    "TIMEOUTconnect",
    "TIMEOUTidle",
    "TIMEOUTocsp",
    "accept",
    "cert",
    "checkEmail",
    "checkHost",
    "checkIP",
    "checkSubject",
    "chroot",
    "ciphers",
    "ciphersuites",
    "client",
    "compression",
    "config",
    "connect",
    "curve",
    "curves",
    "debug",
    "delay",
    "engine",
    "engineCtrl",
    "engineDefault",
    "engineId",
    "engineNum",
    "exec",
    "execArgs",
    "execargs",
    "failover",
    "fips",
    "foreground",
    "iconActive",
    "iconError",
    "iconIdle",
    "ident",
    "include",
    "key",
    "libwrap",
    "local",
    "log",
    "logId",
    "options",
    "output",
    "pid",
    "protocol",
    "protocolAuthentication",
    "protocolDomain",
    "protocolHeader",
    "protocolHost",
    "protocolPassword",
    "protocolUsername",
    "provider",
    "providerParameter",
    "pty",
    "redirect",
    "renegotiation",
    "requireCert",
    "reset",
    "retry",
    "securityLevel",
    "service",
    "session",
    "sessionCacheSize",
    "sessionCacheTimeout",
    "sessionResume",
    "sessiond",
    "setEnv",
    "setgid",
    "setuid",
    "sni",
    "socket",
    "sslVersion",
    "sslVersionMax",
    "sslVersionMin",
    "stack",
    "syslog",
    "taskbar",
    "ticketKeySecret",
    "ticketMacSecret",
    "transparent",
    "verify",
    "verifyChain",
    "verifyPeer",
];

/// The words of stunnel's `options` (`ssl_opts` of options.c; those of OpenSSL 1.0 and of 3.0).
const OPTIONS: [&str; 53] = [
    "ALL",
    "ALLOW_CLIENT_RENEGOTIATION",
    "ALLOW_NO_DHE_KEX",
    "ALLOW_UNSAFE_LEGACY_RENEGOTIATION",
    "CIPHER_SERVER_PREFERENCE",
    "CISCO_ANYCONNECT",
    "CLEANSE_PLAINTEXT",
    "COOKIE_EXCHANGE",
    "CRYPTOPRO_TLSEXT_BUG",
    "DISABLE_TLSEXT_CA_NAMES",
    "DONT_INSERT_EMPTY_FRAGMENTS",
    "ENABLE_KTLS",
    "ENABLE_MIDDLEBOX_COMPAT",
    "EPHEMERAL_RSA",
    "IGNORE_UNEXPECTED_EOF",
    "LEGACY_SERVER_CONNECT",
    "MICROSOFT_BIG_SSLV3_BUFFER",
    "MICROSOFT_SESS_ID_BUG",
    "MSIE_SSLV2_RSA_PADDING",
    "NETSCAPE_CA_DN_BUG",
    "NETSCAPE_CHALLENGE_BUG",
    "NETSCAPE_DEMO_CIPHER_CHANGE_BUG",
    "NETSCAPE_REUSE_CIPHER_CHANGE_BUG",
    "NO_ANTI_REPLAY",
    "NO_COMPRESSION",
    "NO_DTLS_MASK",
    "NO_DTLSv1",
    "NO_DTLSv1_2",
    "NO_ENCRYPT_THEN_MAC",
    "NO_EXTENDED_MASTER_SECRET",
    "NO_QUERY_MTU",
    "NO_RENEGOTIATION",
    "NO_SESSION_RESUMPTION_ON_RENEGOTIATION",
    "NO_SSL_MASK",
    "NO_SSLv2",
    "NO_SSLv3",
    "NO_TICKET",
    "NO_TLSv1",
    "NO_TLSv1_1",
    "NO_TLSv1_2",
    "NO_TLSv1_3",
    "PKCS1_CHECK_1",
    "PKCS1_CHECK_2",
    "PRIORITIZE_CHACHA",
    "SAFARI_ECDHE_ECDSA_BUG",
    "SINGLE_DH_USE",
    "SINGLE_ECDH_USE",
    "SSLEAY_080_CLIENT_DH_BUG",
    "SSLREF2_REUSE_CERT_TYPE_BUG",
    "TLSEXT_PADDING",
    "TLS_BLOCK_PADDING_BUG",
    "TLS_D5_BUG",
    "TLS_ROLLBACK_BUG",
];

/// What stunnel sends as SNI without a word of it: the host that it connects to; nothing for an address.
fn connect_name(connect: &Value) -> Option<Value> {
    let text = connect.as_str();
    let host = text.rsplit_once(':').map_or("localhost", |(host, _)| host);
    let is_address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    let name = if is_address { "" } else { host };
    Some(Value::unwritten(name, connect.origin().clone()))
}
