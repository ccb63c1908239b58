//! What follows the key exchange and can already be told: the signature algorithm of a user's key.

use shakedown_model::ssh::{SshOffer, key_type_of};
use shakedown_model::{Forecast, Name, Slot, Stage};

use super::ends::Ends;

/// RFC 8332 section 3.3: which algorithm a user's key may sign with is announced in `server-sig-algs`, and only to a
/// client that sent `ext-info-c` (RFC 8308 section 2.1). Without it an RSA key signs with SHA-1.
pub(crate) fn forecast(ends: &Ends<'_>) -> Vec<Forecast> {
    let (client, server) = (&ends.client.offer, &ends.server.offer);
    let (Some(would), Some(accepts)) = (client.public_key_auth.complete(), server.public_key_auth.complete()) else {
        return Vec::new();
    };
    if would.is_empty() || accepts.is_empty() {
        return Vec::new();
    }
    let informed = client.has_marker("ext-info-c");
    if would.iter().any(|item| accepts.iter().any(|other| other.name == item.name) && usable(&item.name, informed)) {
        return Vec::new();
    }
    let summary = "the server accepts no signature algorithm that the client's user keys can use, so that public key \
                   authentication fails after the key exchange";
    vec![Forecast {
        when: "authentication".into(),
        stage: Stage::Auth,
        slot: Slot::SignatureScheme,
        summary: summary.into(),
    }]
}

fn usable(algorithm: &Name, informed: bool) -> bool {
    informed || key_type_of(algorithm.as_str()) == algorithm.as_str()
}

/// SSH protocol 1 only: `SSH-1.99` stands for a server that speaks both (RFC 4253 section 5.1).
pub(crate) fn protocol_one(offer: &SshOffer) -> bool {
    offer.identification.as_ref().is_some_and(|text| {
        let text = text.as_str();
        text.starts_with("SSH-1.") && !text.starts_with("SSH-1.99-")
    })
}
