//! nginx as a server, and towards the servers that it passes requests to.

use shakedown_catalog::Catalog;
use shakedown_model::tls::DhParameters;
use shakedown_model::{ConfigurationKind, Gathered, Role};

use super::program::{Program, Source, party_of};
use super::{PartyError, Spec, several};
use crate::nginx as reader;
use crate::tls::ServerSettings;

/// The server block that a connection meets, over the library below nginx; as a client, each block that passes requests on
/// by TLS.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS for this connection, or the library is not known.
pub(super) fn nginx(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    let library = spec.software.layer("openssl").map(|layer| layer.version.as_str());
    let reading =
        reader::read(source.files, &reader::Spec { path: spec.path, version: Some(spec.software.version()), library })?;
    if spec.role == Role::Client {
        return several(source, spec, catalog, &reading.clients, &reading.evidence, |chosen| {
            program(&reading, spec, chosen.server, chosen.notes.clone())
        });
    }
    let context = spec.context;
    let name = context.server_name.as_deref().or(context.host.as_deref()).or(context.target.as_deref());
    let selection = reading
        .select(context.address, context.port, name)
        .ok_or_else(|| PartyError::NoServer { path: spec.path.to_owned() })?;
    let notes = selection.undecided.clone().into_iter().collect();
    let (party, mut evidence) = party_of(source, spec, catalog, program(&reading, spec, &selection.settings, notes))?;
    evidence.extend(reading.evidence.iter().cloned());
    Ok(Gathered { parties: vec![party], evidence })
}

fn program<'a>(
    reading: &'a reader::Reading,
    spec: &'a Spec<'_>,
    settings: &'a ServerSettings,
    notes: Vec<String>,
) -> Program<'a> {
    Program {
        kind: ConfigurationKind::Nginx,
        name: "nginx",
        settings,
        sources: &reading.files,
        problems: &reading.evidence,
        notes,
        base: spec.path,
        dh: Some(DhParameters::None),
        dh_in_certificates: false,
        dh_up_to: None,
    }
}
