//! A server as one client met it.

use shakedown_model::tls::TlsVersion;
use shakedown_model::{Item, Known, Name, Party};
use shakedown_probe::tls::Answer;

/// The server reduced to what it chose for this answer, so that the rules say what the client makes of that: its
/// certificate's size and digest among others. Without it, what else the server might have leaves them in doubt.
pub(crate) fn chosen(server: &Party, answer: &Answer) -> Party {
    let mut server = server.clone();
    let Some(policy) = server.tls_mut() else { return server };
    let offer = &mut policy.offer;
    let known = |list: &Known<Vec<Item>>, name: &Name| {
        let items = list.accepted().into_iter().flatten();
        let item = items.into_iter().find(|item| item.name == *name).cloned();
        Known::Complete(vec![item.unwrap_or_else(|| Item { name: name.clone(), origin: None })])
    };
    if let Some(name) = &answer.version {
        offer.versions = known(&offer.versions, name);
    }
    if let Some(name) = &answer.cipher_suite {
        if answer.version.as_ref().is_some_and(|version| *version == *TlsVersion::Tls13.as_str()) {
            offer.tls13_cipher_suites = known(&offer.tls13_cipher_suites, name);
        } else {
            offer.cipher_suites = known(&offer.cipher_suites, name);
        }
    }
    if let Some(name) = &answer.group {
        offer.groups = known(&offer.groups, name);
        offer.group_tuples.clear();
    }
    if let Some(name) = &answer.signature_scheme {
        offer.signature_schemes = known(&offer.signature_schemes, name);
    }
    if let Some(certificate) = shakedown_x509::describe(&answer.chain) {
        offer.certificates = Known::Complete(vec![certificate]);
    }
    server
}
