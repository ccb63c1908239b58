//! lighttpd as a server.

use shakedown_catalog::Catalog;
use shakedown_model::tls::DhParameters;
use shakedown_model::{ConfigurationKind, Gathered, Role};

use super::program::{Program, Source};
use super::{PartyError, Spec, several};
use crate::lighttpd as reader;

/// The sockets that speak TLS, and the hosts on them with a certificate of their own, over the library below lighttpd.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS, or the library is not known.
pub(super) fn lighttpd(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    if spec.role == Role::Client {
        return Err(PartyError::OtherRole { kind: ConfigurationKind::Lighttpd, role: spec.role });
    }
    let library = spec.software.layer("openssl").map(|layer| layer.version.as_str());
    let version = Some(spec.software.version());
    let reading = reader::read(source.files, &reader::Spec { path: spec.path, version, library })?;
    several(source, spec, catalog, &reading.servers, &reading.evidence, |chosen| Program {
        kind: ConfigurationKind::Lighttpd,
        name: "lighttpd",
        settings: chosen.server,
        sources: &reading.files,
        problems: &reading.evidence,
        notes: [chosen.notes.clone(), reading.notes.clone()].concat(),
        base: spec.path,
        dh: Some(DhParameters::Automatic),
        dh_in_certificates: false,
        dh_up_to: None,
    })
}
