//! stunnel, PostgreSQL and OpenVPN.

use shakedown_catalog::Catalog;
use shakedown_model::tls::DhParameters;
use shakedown_model::{ConfigurationKind, Gathered, Known};

use super::program::{Program, Source};
use super::{PartyError, Spec, several};
use crate::Unreadable;
use crate::flat;

/// stunnel's services, those with `client = yes` as clients.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS in that role, or the library is not known.
pub(super) fn stunnel(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    let library = spec.software.layer("openssl").map(|layer| layer.version.as_str());
    let reading = flat::stunnel(source.files, spec.path, Some(spec.software.version()), library);
    // Its own parameters are of 2048 bits, and new ones are made as it runs.
    of_lines(source, spec, catalog, reading, "stunnel", Some(DhParameters::Fixed { bits: 2048 }), true)
}

/// PostgreSQL as a server.
///
/// # Errors
/// The file cannot be read, it does not turn TLS on, or the library is not known.
pub(super) fn postgresql(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    let reading = flat::postgresql(source.files, spec.path, Some(spec.software.version()));
    of_lines(source, spec, catalog, reading, "PostgreSQL", Some(DhParameters::Fixed { bits: 2048 }), false)
}

/// The control channel of OpenVPN, the side that the file is for.
///
/// # Errors
/// The file cannot be read, it is for the other side, or the library is not known.
pub(super) fn openvpn(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    let library = spec.software.layer("openssl").map(|layer| layer.version.as_str());
    let reading = flat::openvpn(source.files, spec.path, Some(spec.software.version()), library);
    let mut gathered = of_lines(source, spec, catalog, reading, "OpenVPN", Some(DhParameters::None), false)?;
    for policy in gathered.parties.iter_mut().filter_map(|party| party.tls_mut()) {
        // It sends no name and asks for no application protocol.
        policy.offer.server_name = Known::Complete(None);
    }
    Ok(gathered)
}

fn of_lines(
    source: &Source<'_>,
    spec: &Spec<'_>,
    catalog: &Catalog,
    reading: Result<flat::Reading, Unreadable>,
    name: &'static str,
    dh: Option<DhParameters>,
    dh_in_certificates: bool,
) -> Result<Gathered, PartyError> {
    let reading = reading?;
    let kind = match name {
        "stunnel" => ConfigurationKind::Stunnel,
        "PostgreSQL" => ConfigurationKind::PostgreSql,
        _ => ConfigurationKind::OpenVpn,
    };
    // PostgreSQL's paths begin in the folder of its data.
    let data = reading.value("", "data_directory").filter(|_| kind == ConfigurationKind::PostgreSql);
    let base = data.map_or_else(|| spec.path.to_owned(), |folder| format!("{}/", folder.as_str()));
    several(source, spec, catalog, &reading.servers, &reading.evidence, |chosen| Program {
        kind,
        name,
        settings: chosen.server,
        sources: &reading.files,
        problems: &reading.evidence,
        notes: chosen.notes.clone(),
        base: &base,
        dh,
        dh_in_certificates,
        dh_up_to: None,
    })
}
