//! What is wanted of the settings of a program, one step after the other, in the words of its own file.

use shakedown_model::Slot;
use shakedown_model::tls::TlsVersion;

use super::edit::{Files, Wanted, in_words, of_settings};
use super::{set_in_list, set_lines};
use crate::tls::edit::{Edit, EditError};
use crate::tls::{LibrarySettings, VersionBound};
use crate::value::Value;

/// One thing that is not as wanted.
pub(super) enum Pending {
    /// These versions, in ascending order.
    Versions(Vec<TlsVersion>),
    Ciphers(String),
    Tls13(String),
    Groups(String),
    Schemes(String),
}

impl Pending {
    /// What tells one list from another; `None` for versions, which may take two steps.
    pub(super) fn list(&self) -> Option<(Slot, bool)> {
        match self {
            Self::Versions(_) => None,
            Self::Ciphers(_) => Some((Slot::CipherSuite, false)),
            Self::Tls13(_) => Some((Slot::CipherSuite, true)),
            Self::Groups(_) => Some((Slot::Group, false)),
            Self::Schemes(_) => Some((Slot::SignatureScheme, false)),
        }
    }
}

/// What is not as wanted. Versions of which only the range counts are as wanted where the range is.
pub(super) fn pending(settings: &LibrarySettings, wanted: &Wanted) -> Vec<Pending> {
    let mut all = Vec::new();
    if let Some(versions) = &wanted.versions {
        let on = |version: &TlsVersion| settings.allows(of_settings(*version)).is_ok();
        let same = |version: &TlsVersion| *version < TlsVersion::Tls10 || on(version) == versions.contains(version);
        if !TlsVersion::ALL.iter().all(same) {
            let mut ascending = versions.clone();
            ascending.sort();
            all.push(Pending::Versions(ascending));
        }
    }
    let mut list = |text: &Option<String>, now: &Option<Value>, make: fn(String) -> Pending| {
        let differs = |text: &String| now.as_ref().is_none_or(|now| now.as_str() != text);
        all.extend(text.clone().filter(differs).map(make));
    };
    list(&wanted.cipher_list, &settings.cipher_list, Pending::Ciphers);
    list(&wanted.cipher_suites, &settings.cipher_suites, Pending::Tls13);
    list(&wanted.groups, &settings.groups, Pending::Groups);
    list(&wanted.signature_algorithms, &settings.signature_algorithms, Pending::Schemes);
    all
}

/// The edit of one thing; `Ok(None)` where it is as wanted after all.
pub(super) fn set(files: &Files, pending: &Pending) -> Result<Option<Edit>, EditError> {
    match files {
        Files::Apache { reading, selection } => {
            let version_host = if reading.names_before_versions { selection.server } else { selection.default };
            match pending {
                Pending::Versions(versions) => {
                    let names: Vec<String> =
                        versions.iter().map(|version| format!("+{}", in_words(*version))).collect();
                    let words: Vec<&str> = std::iter::once("-all").chain(names.iter().map(String::as_str)).collect();
                    reading.set(version_host, "SSLProtocol", &words).map(Some)
                }
                Pending::Ciphers(text) => reading.set(selection.server, "SSLCipherSuite", &[text]).map(Some),
                // Directives that stand there more than once, each with a command of its own.
                Pending::Tls13(text) | Pending::Groups(text) | Pending::Schemes(text) => {
                    Err(EditError::NotWritable { value: text.clone() })
                }
            }
        }
        Files::Haproxy { reading, at, contexts } => {
            if let Some(edit) = set_in_list::edit(reading, *at, contexts, pending)? {
                return Ok(Some(edit));
            }
            let set = |option: &str, text: &str| reading.set(*at, option, text).map(Some);
            match pending {
                Pending::Versions(versions) => {
                    let settings =
                        reading.servers.get(*at).map(|server| &server.settings).ok_or(EditError::NoServer)?;
                    let (least, highest) = range(versions)?;
                    if is_bound(&settings.min_protocol, least) {
                        set("ssl-max-ver", highest.as_str())
                    } else {
                        set("ssl-min-ver", least.as_str())
                    }
                }
                Pending::Ciphers(text) => set("ciphers", text),
                Pending::Tls13(text) => set("ciphersuites", text),
                Pending::Groups(text) => set("curves", text),
                Pending::Schemes(text) => set("sigalgs", text),
            }
        }
        Files::Dovecot { reading, at } => match pending {
            Pending::Versions(versions) => {
                let (least, highest) = range(versions)?;
                // Before 2.3 versions are named one by one.
                if reading.setting("ssl_protocols").is_some() || highest != TlsVersion::Tls13 {
                    return Err(EditError::NotWritable { value: in_words(least).to_owned() });
                }
                reading.set_for(*at, "ssl_min_protocol", in_words(least)).map(Some)
            }
            Pending::Ciphers(text) => reading.set_for(*at, "ssl_cipher_list", text).map(Some),
            Pending::Tls13(text) => reading.set_for(*at, "ssl_cipher_suites", text).map(Some),
            Pending::Groups(text) => reading.set_for(*at, "ssl_curve_list", text).map(Some),
            Pending::Schemes(text) => Err(EditError::NotWritable { value: text.clone() }),
        },
        Files::Postfix { reading, at } => match pending {
            Pending::Versions(versions) => {
                // Exclusions are what every version of Postfix reads.
                let off = TlsVersion::ALL.iter().rev().filter(|version| !versions.contains(version));
                let text: Vec<String> = off.map(|version| format!("!{}", in_words(*version))).collect();
                let text = text.join(", ");
                either(reading, *at, &["smtpd_tls_protocols", "smtpd_tls_mandatory_protocols"], &text)
            }
            Pending::Ciphers(text) => either(reading, *at, &["tls_medium_cipherlist", "tls_high_cipherlist"], text),
            Pending::Groups(text) => {
                let text = text.replace(':', " ");
                let own = reading.set_over(*at, "tls_eecdh_auto_curves", &text);
                own.or_else(|_| reading.set("tls_eecdh_auto_curves", &text)).map(Some)
            }
            Pending::Tls13(text) | Pending::Schemes(text) => Err(EditError::NotWritable { value: text.clone() }),
        },
        Files::Flat { reading, at } => set_lines::flat(reading, *at, pending).map(Some),
        Files::Lighttpd { reading, at } => set_lines::lighttpd(reading, *at, pending).map(Some),
        Files::Nginx { .. } | Files::OpenSslCnf { .. } => Ok(None),
    }
}

pub(super) fn range(versions: &[TlsVersion]) -> Result<(TlsVersion, TlsVersion), EditError> {
    let ends = versions.first().copied().zip(versions.last().copied());
    ends.ok_or_else(|| EditError::NotWritable { value: "no version".to_owned() })
}

fn is_bound(bound: &Option<crate::tls::Setting<VersionBound>>, version: TlsVersion) -> bool {
    bound.as_ref().is_some_and(|bound| bound.value == VersionBound::Version(of_settings(version)))
}

/// The first of the parameters that reaches the service.
fn either(
    reading: &crate::postfix::Reading,
    at: usize,
    parameters: &[&str],
    text: &str,
) -> Result<Option<Edit>, EditError> {
    let mut last = EditError::NoServer;
    for parameter in parameters {
        let own = reading.set_over(at, parameter, text);
        match own.or_else(|_| reading.set(parameter, text)) {
            Ok(edit) if edit.also.contains(&at) => return Ok(Some(edit)),
            Ok(_) => last = EditError::NotEffective { directive: (*parameter).to_owned() },
            Err(error) => last = error,
        }
    }
    Err(last)
}
