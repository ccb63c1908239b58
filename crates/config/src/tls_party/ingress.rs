//! The ConfigMap of ingress-nginx as a server, over the library below its nginx.

use shakedown_catalog::Catalog;
use shakedown_model::tls::DhParameters;
use shakedown_model::{ConfigurationKind, Gathered, Role};

use super::program::{Program, Source};
use super::{PartyError, Spec, several};
use crate::files::FILE_LIMIT;
use crate::ingress;

/// The servers of the file's ConfigMaps; `None` where it has none, and is a file of nginx itself.
///
/// # Errors
/// The file cannot be read, or the library is not known.
pub(super) fn ingress(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Option<Gathered>, PartyError> {
    let names_one = |text: &[u8]| text.windows(9).any(|window| window == b"ConfigMap");
    let text = source.files.read(spec.path, FILE_LIMIT).unwrap_or_default();
    if spec.role == Role::Client || !names_one(&text) {
        return Ok(None);
    }
    let reading = ingress::read(source.files, spec.path)?;
    if reading.servers.is_empty() {
        return Ok(None);
    }
    let sources = [reading.file.clone()];
    several(source, spec, catalog, &reading.servers, &reading.evidence, |chosen| Program {
        kind: ConfigurationKind::IngressNginx,
        name: "ingress-nginx",
        settings: chosen.server,
        sources: &sources,
        problems: &reading.evidence,
        notes: chosen.notes.clone(),
        base: spec.path,
        dh: Some(DhParameters::None),
        dh_in_certificates: false,
        dh_up_to: None,
    })
    .map(Some)
}
