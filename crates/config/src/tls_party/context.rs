//! Settings made in a context of OpenSSL.

use shakedown_catalog::Catalog;
use shakedown_catalog::openssl::{Context, ContextError};
use shakedown_model::tls::{self as model, DhParameters, Unable, UnableCause};
use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, OriginKind, Role, Slot, Software};

use super::PartyError;
use crate::tls::{LibrarySettings, TlsVersion, VersionBound};
use crate::value::Value;

/// A context under way, and what was refused on the way.
pub(super) struct Building {
    pub(super) context: Context,
    pub(super) evidence: Vec<Evidence>,
    /// What was refused, by slot: a program that stops at it cannot begin.
    pub(super) refused: Vec<Unable>,
    pub(super) notes: Vec<String>,
    /// The parameters of DHE could not be read.
    pub(super) unknown_dh: bool,
}

impl Building {
    /// The library below a program.
    pub(super) fn new(catalog: &Catalog, software: &Software, role: Role) -> Result<Self, PartyError> {
        let (version, note) = catalog
            .openssl_version(software, role)
            .ok_or_else(|| PartyError::UnknownLibrary { version: software.version().to_owned() })?;
        let context = catalog
            .openssl_context(&version, software.build(), role)
            .map_err(|_| PartyError::UnknownLibrary { version: version.clone() })?;
        Ok(Self {
            context,
            evidence: Vec::new(),
            refused: Vec::new(),
            notes: note.into_iter().collect(),
            unknown_dh: false,
        })
    }

    /// Makes settings, in the order in which OpenSSL's programs make them: versions, ciphers, groups, signatures.
    pub(super) fn apply(&mut self, settings: &LibrarySettings, role: Role) {
        if let Some(bound) = &settings.min_protocol {
            self.context.set_lowest(version(bound.value), bound.origin.clone());
        }
        if let Some(bound) = &settings.max_protocol {
            self.context.set_highest(version(bound.value), bound.origin.clone());
        }
        for switch in &settings.protocols {
            self.context.switch(model_version(switch.what), switch.on, switch.origin.clone());
        }
        if let Some(level) = &settings.security_level {
            self.context.set_level(level.value, level.origin.clone());
        }
        if let Some(value) = &settings.cipher_list {
            let made = self.context.set_ciphers(value.as_str(), value.origin().clone());
            match made {
                Ok(unknown) => self.unknown(value, &unknown, role, "cipher"),
                Err(error) => self.refuse(Slot::CipherSuite, value, &error, role),
            }
        }
        if let Some(value) = &settings.cipher_suites {
            let made = self.context.set_tls13_suites(value.as_str(), value.origin().clone());
            match made {
                Ok(unknown) => self.unknown(value, &unknown, role, "TLS 1.3 cipher suite"),
                Err(error) => self.refuse(Slot::CipherSuite, value, &error, role),
            }
        }
        if let Some(value) = &settings.groups
            && let Err(error) = self.context.set_groups(value.as_str(), value.origin().clone())
        {
            self.refuse(Slot::Group, value, &error, role);
        }
        if let Some(value) = &settings.signature_algorithms
            && let Err(error) = self.context.set_schemes(value.as_str(), value.origin().clone())
        {
            self.refuse(Slot::SignatureScheme, value, &error, role);
        }
        let on = |name: &str| settings.option(name).map(|switch| switch.on);
        if let Some(on) = on("ServerPreference") {
            self.context.server_preference = on;
        }
        if let Some(on) = on("PrioritizeChaCha") {
            self.context.prioritize_chacha = on;
        }
        if let Some(on) = on("UnsafeLegacyServerConnect").or_else(|| on("UnsafeLegacyRenegotiation").filter(|on| *on)) {
            self.context.legacy_server_connect = on;
        }
        if settings.dh_parameters.as_ref().is_some_and(|value| value.as_str() == "auto") {
            self.context.dh_parameters = DhParameters::Automatic;
        }
    }

    /// A setting that the library refuses.
    pub(super) fn refuse(&mut self, slot: Slot, value: &Value, error: &ContextError, role: Role) {
        self.refuse_at(slot, value.origin().clone(), error.to_string(), role);
    }

    pub(super) fn refuse_at(&mut self, slot: Slot, origin: Origin, what: String, role: Role) {
        let fact = Fact::Configuration { problem: ConfigProblem::BadValue, message: what.clone(), suggestion: None };
        self.evidence.push(Evidence::new(fact).by(role).at(origin.clone()));
        self.refused.push(Unable { slot, what, origin: Some(origin), cause: UnableCause::Setting });
    }

    /// Words that OpenSSL passes over in silence. What a program adds by itself is nobody's mistake.
    fn unknown(&mut self, value: &Value, words: &[String], role: Role, what: &str) {
        for word in words {
            let written = |at: &usize| {
                let part = value.part(*at..at + word.len());
                let text = match part.kind() {
                    OriginKind::File { file, span } => file.text.get(span.clone()) == Some(word.as_bytes()),
                    _ => false,
                };
                text.then_some(part)
            };
            let mut places = value.as_str().match_indices(word.as_str()).map(|(at, _)| at);
            let Some(origin) = places.find_map(|at| written(&at)) else { continue };
            let message = format!("`{word}` is no {what} of this OpenSSL: it is passed over");
            let fact = Fact::Configuration { problem: ConfigProblem::Ineffective, message, suggestion: None };
            self.evidence.push(Evidence::new(fact).by(role).at(origin));
        }
    }
}

fn version(bound: VersionBound) -> Option<model::TlsVersion> {
    match bound {
        VersionBound::None => None,
        VersionBound::Version(version) => Some(model_version(version)),
    }
}

pub(super) fn model_version(version: TlsVersion) -> model::TlsVersion {
    match version {
        TlsVersion::Ssl2 => model::TlsVersion::Ssl2,
        TlsVersion::Ssl3 => model::TlsVersion::Ssl3,
        TlsVersion::Tls10 => model::TlsVersion::Tls10,
        TlsVersion::Tls11 => model::TlsVersion::Tls11,
        TlsVersion::Tls12 => model::TlsVersion::Tls12,
        TlsVersion::Tls13 => model::TlsVersion::Tls13,
    }
}
