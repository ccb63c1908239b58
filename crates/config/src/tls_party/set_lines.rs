//! What is wanted of stunnel, PostgreSQL, OpenVPN and lighttpd, in the words of their files.

use shakedown_model::FileEdit;
use shakedown_model::tls::TlsVersion;

use super::edit::{in_words, of_settings};
use super::set::{Pending, range};
use crate::flat::Reading;
use crate::lighttpd;
use crate::tls::edit::{Edit, EditError};
use crate::tls::{LibrarySettings, ServerSettings, VersionBound, defaults};

/// One bound that is to be another.
enum Bound {
    Least(TlsVersion),
    Highest(TlsVersion),
}

/// The bound that keeps a version out, or does not keep one out.
fn bound(settings: &LibrarySettings, versions: &[TlsVersion]) -> Result<Bound, EditError> {
    let (least, highest) = range(versions)?;
    let now = match settings.min_protocol.as_ref().map(|bound| bound.value) {
        Some(VersionBound::Version(version)) => version.max(of_settings(TlsVersion::Tls10)),
        Some(VersionBound::None) | None => of_settings(TlsVersion::Tls10),
    };
    Ok(if now == of_settings(least) { Bound::Highest(highest) } else { Bound::Least(least) })
}

fn not_writable<T>(value: impl Into<String>) -> Result<T, EditError> {
    Err(EditError::NotWritable { value: value.into() })
}

fn alone(edit: FileEdit) -> Edit {
    Edit { files: vec![edit], also: Vec::new() }
}

/// The edit of one thing in a file of lines.
pub(super) fn flat(reading: &Reading, at: usize, pending: &Pending) -> Result<Edit, EditError> {
    let server = reading.servers.get(at).ok_or(EditError::NoServer)?;
    let edit = match server.product {
        "stunnel" => stunnel(reading, server, pending),
        "postgresql" => postgresql(reading, server, pending),
        "openvpn" => openvpn(reading, server, pending),
        _ => Err(EditError::NoServer),
    };
    edit.map(alone)
}

/// Sets a line where the version has it.
fn line(reading: &Reading, product: &str, section: &str, name: &str, value: &str) -> Result<FileEdit, EditError> {
    if !defaults::has(product, reading.versions.0.as_deref(), &name.to_ascii_lowercase()) {
        return not_writable(value);
    }
    reading.set(section, name, value)
}

fn stunnel(reading: &Reading, server: &ServerSettings, pending: &Pending) -> Result<FileEdit, EditError> {
    let section = server.label.as_str();
    let set = |command: &str, name: &str, value: &str| {
        // A command of the library counts before the option.
        let has = |line: &&crate::flat::Line| {
            let written = line.value.as_str().split_once(':').map(|(name, _)| name);
            written.is_some_and(|written| written.eq_ignore_ascii_case(command))
        };
        if let Some(line) = reading.all(section, "config").filter(has).last() {
            let written = line.value.as_str().split_once(':').map_or(command, |(name, _)| name);
            return reading.replace(line, &format!("{written}:{value}"));
        }
        if name.is_empty() || reading.all("", "config").any(|line| has(&line)) {
            return reading.append(section, "config", &format!("{command}:{value}"));
        }
        line(reading, "stunnel", section, name, value)
    };
    match pending {
        Pending::Versions(versions) => {
            let off = |version: &&TlsVersion| {
                server.settings.protocol(of_settings(**version)).is_some_and(|switch| !switch.on)
            };
            if let Some(version) = versions.iter().find(off) {
                let name = in_words(*version).replace('.', "_");
                return reading.append(section, "options", &format!("-NO_{name}"));
            }
            match bound(&server.settings, versions)? {
                Bound::Least(version) => set("MinProtocol", "sslVersionMin", in_words(version)),
                Bound::Highest(version) => set("MaxProtocol", "sslVersionMax", in_words(version)),
            }
        }
        Pending::Ciphers(text) => set("CipherString", "ciphers", text),
        Pending::Tls13(text) => set("Ciphersuites", "ciphersuites", text),
        Pending::Groups(text) => line(reading, "stunnel", section, "curves", text),
        Pending::Schemes(text) => set("SignatureAlgorithms", "", text),
    }
}

fn postgresql(reading: &Reading, server: &ServerSettings, pending: &Pending) -> Result<FileEdit, EditError> {
    let set = |name: &str, value: &str| line(reading, "postgresql", "", name, value);
    match pending {
        Pending::Versions(versions) => match bound(&server.settings, versions)? {
            Bound::Least(version) => set("ssl_min_protocol_version", in_words(version)),
            Bound::Highest(version) => set("ssl_max_protocol_version", in_words(version)),
        },
        Pending::Ciphers(text) => reading.set("", "ssl_ciphers", text),
        Pending::Tls13(text) => set("ssl_tls13_ciphers", text),
        Pending::Groups(text) => {
            let old = reading.value("", "ssl_ecdh_curve").is_some() && reading.value("", "ssl_groups").is_none();
            let several = defaults::has("postgresql", reading.versions.0.as_deref(), "ssl_groups");
            match (several, old) {
                (true, false) => reading.set("", "ssl_groups", text),
                // The name that the setting had before 18 still stands for it.
                (true, true) => reading.set("", "ssl_ecdh_curve", text),
                // Before 18 it is one curve.
                (false, _) if text.contains(':') => not_writable(text.as_str()),
                (false, _) => reading.set("", "ssl_ecdh_curve", text),
            }
        }
        Pending::Schemes(text) => not_writable(text.as_str()),
    }
}

fn openvpn(reading: &Reading, server: &ServerSettings, pending: &Pending) -> Result<FileEdit, EditError> {
    let set = |name: &str, value: &str| line(reading, "openvpn", "", name, value);
    match pending {
        Pending::Versions(versions) => match bound(&server.settings, versions)? {
            Bound::Least(version) => {
                // `or-highest` stays.
                let old = reading.value("", "tls-version-min");
                let rest = old.as_ref().and_then(|old| old.as_str().split_once(char::is_whitespace));
                let rest = rest.map(|(_, rest)| format!(" {rest}")).unwrap_or_default();
                set("tls-version-min", &format!("{}{rest}", number(version)))
            }
            Bound::Highest(version) => set("tls-version-max", number(version)),
        },
        Pending::Ciphers(text) => {
            let old = reading.value("", "tls-cipher");
            let written: Vec<&str> = old.as_ref().map(|old| old.as_str().split(':').collect()).unwrap_or_default();
            let words = text
                .split(':')
                .map(|word| if written.contains(&word) { word.to_owned() } else { crate::flat::openvpn_name(word) });
            reading.set("", "tls-cipher", &words.collect::<Vec<_>>().join(":"))
        }
        Pending::Tls13(text) => set("tls-ciphersuites", text),
        Pending::Groups(text) => set("tls-groups", text),
        Pending::Schemes(text) => not_writable(text.as_str()),
    }
}

/// A version as OpenVPN writes it.
fn number(version: TlsVersion) -> &'static str {
    match in_words(version).strip_prefix("TLSv") {
        Some("1") | None => "1.0",
        Some(number) => number,
    }
}

/// The edit of one thing in lighttpd's file.
pub(super) fn lighttpd(reading: &lighttpd::Reading, at: usize, pending: &Pending) -> Result<Edit, EditError> {
    let server = reading.servers.get(at).ok_or(EditError::NoServer)?;
    if !defaults::has("lighttpd", reading.spec.1.as_deref(), "ssl.openssl.ssl-conf-cmd") {
        return Err(EditError::NotWritable { value: "ssl.openssl.ssl-conf-cmd".to_owned() });
    }
    let set = |command: &str, value: &str| reading.set_command(at, command, value);
    match pending {
        Pending::Versions(versions) => {
            let off =
                |version: &TlsVersion| server.settings.protocol(of_settings(*version)).is_some_and(|switch| !switch.on);
            if versions.iter().any(off) {
                let names: Vec<&str> = versions.iter().map(|version| in_words(*version)).collect();
                return set("Protocol", &format!("-ALL, {}", names.join(", ")));
            }
            match bound(&server.settings, versions)? {
                Bound::Least(version) => set("MinProtocol", in_words(version)),
                Bound::Highest(version) => set("MaxProtocol", in_words(version)),
            }
        }
        Pending::Ciphers(text) => reading.set_command_or(at, "CipherString", "ssl.cipher-list", text),
        Pending::Tls13(text) => set("Ciphersuites", text),
        // One curve is all that the option takes.
        Pending::Groups(text) if text.contains(':') => set("Groups", text),
        Pending::Groups(text) => reading.set_command_or(at, "Groups", "ssl.ec-curve", text),
        Pending::Schemes(text) => set("SignatureAlgorithms", text),
    }
}
