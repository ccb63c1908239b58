//! HAProxy as a server, and towards its own.

use std::cmp::Ordering;

use shakedown_catalog::{Catalog, Scheme};
use shakedown_model::tls::DhParameters;
use shakedown_model::{ConfigurationKind, Gathered, Known, Role};

use super::program::{Program, Source};
use super::{PartyError, Spec, several};
use crate::haproxy as reader;

/// The `bind` lines with `ssl`, or as a client the `server` lines, over the library below HAProxy.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS, or the library is not known.
pub(super) fn haproxy(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    let version = spec.software.version();
    let reading = reader::read(source.files, &reader::Spec { path: spec.path, version: Some(version) })?;
    let since = |wanted: &str| Scheme::Numeric.compare(version, wanted) != Some(Ordering::Less);
    // Its own primes go by the key up to a limit; since 2.6 they are left out unless a limit is asked for.
    let asked = reading.default_dh_bits.as_ref().map(|value| value.as_str().parse().ok());
    let limit = match asked {
        Some(limit) => limit,
        None if since("2.6.0") || !since("2.0.0") => None,
        None => Some(2048),
    };
    let dh = (asked.is_none() && since("2.6.0")).then_some(DhParameters::None);
    let servers = if spec.role == Role::Client { &reading.clients } else { &reading.servers };
    let mut gathered = several(source, spec, catalog, servers, &reading.evidence, |chosen| Program {
        kind: ConfigurationKind::Haproxy,
        name: "HAProxy",
        settings: chosen.server,
        sources: &reading.files,
        problems: &reading.evidence,
        notes: [chosen.notes.clone(), reading.notes.clone()].concat(),
        base: spec.path,
        dh,
        dh_in_certificates: true,
        dh_up_to: limit,
    })?;
    for party in &mut gathered.parties {
        let Some(policy) = party.tls_mut() else { continue };
        let contexts = policy.by_client.iter_mut().flat_map(|all| [&mut all.ecdsa, &mut all.rsa, &mut all.other]);
        let contexts = contexts.flatten().map(|policy| &mut policy.offer);
        for offer in std::iter::once(&mut policy.offer).chain(contexts) {
            let none = offer.alpn.complete().is_some_and(Vec::is_empty);
            if none && since("2.8.0") && spec.role == Role::Server {
                // A `bind` line of HTTP has `h2,http/1.1` by itself, one of TCP nothing.
                offer.alpn = Known::Unknown;
            }
        }
    }
    Ok(gathered)
}
