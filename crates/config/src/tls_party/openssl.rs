//! A program that takes OpenSSL as it is: `openssl s_client`, `openssl s_server`.

use shakedown_catalog::Catalog;
use shakedown_model::{ConfigurationKind, Gathered, Known, Party, Role};

use super::context::Building;
use super::edit;
use super::{PartyError, Spec, party};
use crate::files::Files;
use crate::openssl_cnf;

/// What `system_default` of an `openssl.cnf` makes of the library's defaults.
///
/// # Errors
/// The file cannot be read, or the version is not known.
pub fn openssl(files: &dyn Files, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    let mut building = Building::new(catalog, spec.software, spec.role)?;
    let version = spec.software.layer("openssl").map(|layer| layer.version.as_str());
    let reading = system(files, spec.path, version, spec.role)?;
    building.apply(reading.system_settings(), spec.role);
    building.evidence.extend(reading.evidence.iter().cloned());
    let mut policy = building.context.policy();
    if spec.role == Role::Client {
        // `openssl s_client` shows what it finds wrong with a certificate and goes on.
        policy.offer.verifies = Some(false);
        policy.offer.alpn = Known::Complete(Vec::new());
    }
    if reading.status == openssl_cnf::Use::Refused {
        policy.unable.extend(building.refused.clone());
    }
    let mut party = party(spec, ConfigurationKind::OpenSslCnf, &reading.files, policy);
    party.notes.extend(building.notes);
    party.notes.extend(reading.notes.clone());
    Ok(Gathered { parties: vec![party], evidence: building.evidence })
}

/// The commands that every context runs by a party's own `openssl.cnf` (`system_default`), in their order; none of a party that
/// was read from other files.
pub fn commands(party: &Party) -> Vec<(String, String)> {
    let Some(edit::Files::OpenSslCnf { reading }) = edit::Files::of(party) else { return Vec::new() };
    let set = reading.set("system_default").map_or(&[][..], |set| &set.commands);
    set.iter().map(|command| (command.name.as_str().to_owned(), command.value.as_str().to_owned())).collect()
}

/// Reads the system's file.
pub(super) fn system(
    files: &dyn Files,
    path: &str,
    version: Option<&str>,
    role: Role,
) -> Result<openssl_cnf::Reading, PartyError> {
    let spec = openssl_cnf::Spec { path, version, application: None, role };
    Ok(openssl_cnf::read(files, &spec)?)
}
