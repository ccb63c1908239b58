//! Apache httpd as a server.

use shakedown_catalog::Catalog;
use shakedown_model::tls::DhParameters;
use shakedown_model::{ConfigurationKind, Gathered, Role};

use super::program::{Program, Source, party_of};
use super::{PartyError, Spec};
use crate::apache as reader;

/// The virtual host that a connection meets, over the library below httpd.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS for this connection, or the library is not known.
pub(super) fn apache(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    if spec.role == Role::Client {
        return Err(PartyError::OtherRole { kind: ConfigurationKind::Apache, role: spec.role });
    }
    let library = spec.software.layer("openssl").map(|layer| layer.version.as_str());
    let version = Some(spec.software.version());
    let reading = reader::read(source.files, &reader::Spec { path: spec.path, version, library, variables: &[] })?;
    let context = spec.context;
    let name = context.server_name.as_deref().or(context.host.as_deref()).or(context.target.as_deref());
    let selection = reading
        .select(context.local_address.or(context.address), context.local_port.or(context.port), name)
        .ok_or_else(|| PartyError::NoServer { path: spec.path.to_owned() })?;
    let base = format!("{}/", reading.root);
    let program = Program {
        kind: ConfigurationKind::Apache,
        name: "httpd",
        settings: &selection.settings,
        sources: &reading.files,
        problems: &reading.evidence,
        notes: reading.notes.clone(),
        base: &base,
        // `SSL_CTX_set_dh_auto`.
        dh: Some(DhParameters::Automatic),
        dh_in_certificates: true,
        dh_up_to: None,
    };
    let (party, mut evidence) = party_of(source, spec, catalog, program)?;
    evidence.extend(reading.evidence.iter().cloned());
    Ok(Gathered { parties: vec![party], evidence })
}
