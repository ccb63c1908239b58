//! Postfix and Dovecot.

use std::cmp::Ordering;

use shakedown_catalog::{Catalog, Scheme};
use shakedown_model::tls::DhParameters;
use shakedown_model::{ConfigurationKind, Gathered, Role, Software};

use super::program::{Program, Source};
use super::{PartyError, Spec, several};
use crate::{dovecot as dovecot_reader, postfix as postfix_reader};

fn at_least(version: &str, wanted: &str) -> bool {
    Scheme::Numeric.compare(version, wanted) != Some(Ordering::Less)
}

/// Postfix: each service of `smtpd` as a server, `smtp` as a client. The path is that of `main.cf`, or the folder that holds
/// it.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS in that role, or the library is not known.
pub(super) fn postfix(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    let folder = match spec.path.rsplit_once('/') {
        Some((folder, "main.cf" | "master.cf")) => folder,
        None if matches!(spec.path, "main.cf" | "master.cf") => ".",
        _ => spec.path,
    };
    let version = spec.software.version();
    let reading = postfix_reader::read(source.files, &postfix_reader::Spec { folder, version: Some(version) })?;
    // `tls_tmp_dh`: OpenSSL's own choice where both are new enough, else a prime of its own.
    let library = library(catalog, spec.software, spec.role);
    let dh = if at_least(version, "3.7.0") && library.is_some_and(|library| at_least(&library, "3.0.0")) {
        Some(DhParameters::Automatic)
    } else {
        at_least(version, "3.1.0").then_some(DhParameters::Fixed { bits: 2048 })
    };
    let base = format!("{folder}/main.cf");
    let servers = if spec.role == Role::Client { &reading.clients } else { &reading.servers };
    several(source, spec, catalog, servers, &reading.evidence, |chosen| Program {
        kind: ConfigurationKind::Postfix,
        name: "Postfix",
        settings: chosen.server,
        sources: &reading.files,
        problems: &reading.evidence,
        notes: chosen.notes.clone(),
        base: &base,
        dh,
        dh_in_certificates: false,
        dh_up_to: None,
    })
}

fn library(catalog: &Catalog, software: &Software, role: Role) -> Option<String> {
    catalog.openssl_version(software, role).map(|(version, _)| version)
}

/// Dovecot's servers: one for each protocol, and for each name of `local_name`.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS, or the library is not known.
pub(super) fn dovecot(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    if spec.role == Role::Client {
        return Err(PartyError::OtherRole { kind: ConfigurationKind::Dovecot, role: spec.role });
    }
    let version = Some(spec.software.version());
    let reading = dovecot_reader::read(source.files, &dovecot_reader::Spec { path: spec.path, version })?;
    // Since 2.3 parameters come from `ssl_dh` alone, and OpenSSL learns too late that there are none; before, Dovecot made
    // some itself.
    let dh = at_least(spec.software.version(), "2.3.0").then_some(DhParameters::Missing);
    several(source, spec, catalog, &reading.servers, &reading.evidence, |chosen| Program {
        kind: ConfigurationKind::Dovecot,
        name: "Dovecot",
        settings: chosen.server,
        sources: &reading.files,
        problems: &reading.evidence,
        notes: chosen.notes.clone(),
        base: spec.path,
        dh,
        dh_in_certificates: false,
        dh_up_to: None,
    })
}
