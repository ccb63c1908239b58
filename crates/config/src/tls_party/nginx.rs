//! nginx as a server, and towards the servers that it passes requests to.

use shakedown_catalog::Catalog;
use shakedown_model::tls::{DhParameters, Unable, UnableCause};
use shakedown_model::{ConfigurationKind, Gathered, Party, Role, names};

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
    if let Some(gathered) = super::ingress::ingress(source, spec, catalog)? {
        return Ok(gathered);
    }
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
        .select(context.local_address.or(context.address), context.local_port.or(context.port), name)
        .ok_or_else(|| PartyError::NoServer { path: spec.path.to_owned() })?;
    let notes = selection.undecided.clone().into_iter().collect();
    let (mut party, mut evidence) =
        party_of(source, spec, catalog, program(&reading, spec, &selection.settings, notes))?;
    if let Some(default) = reading.servers.get(selection.default).filter(|_| selection.server != selection.default) {
        let (default, _) = party_of(source, spec, catalog, program(&reading, spec, default, Vec::new()))?;
        before_the_name(&mut party, &default, reading.names_before_versions);
    }
    evidence.extend(reading.evidence.iter().cloned());
    Ok(Gathered { parties: vec![party], evidence })
}

/// What OpenSSL has settled by the default block before nginx learns the name: the suite of TLS 1.3, and whether there is a
/// suite for its highest version at all.
fn before_the_name(party: &mut Party, default: &Party, names_before_versions: bool) {
    let (Some(policy), Some(default)) = (party.tls_mut(), default.tls()) else { return };
    if names_before_versions {
        return;
    }
    policy.behaviour.suites_after_retry = policy.offer.tls13_cipher_suites.complete().map(|suites| names(suites));
    policy.offer.tls13_cipher_suites.clone_from(&default.offer.tls13_cipher_suites);
    policy.behaviour.tls13_suite_order = default.behaviour.suite_order;
    let looks_for_suite = |unable: &Unable| unable.cause == UnableCause::NoSuiteToPrepare;
    policy.unable.retain(|unable| !looks_for_suite(unable));
    policy.unable.extend(default.unable.iter().filter(|unable| looks_for_suite(unable)).cloned());
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
