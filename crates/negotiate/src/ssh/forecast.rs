//! What follows the key exchange and can already be told: the signature algorithm of a user's key, new keys.

use shakedown_model::ssh::{SshOffer, key_type_of, matches_banner};
use shakedown_model::{Forecast, Name, Role, Slot, Stage};

use super::ends::Ends;

/// What can be told of the time after the key exchange. `agreed`: nothing failed in it.
pub(crate) fn forecast(ends: &Ends<'_>, agreed: bool) -> Vec<Forecast> {
    authentication(ends).into_iter().chain(rekey(ends).filter(|_| agreed)).collect()
}

/// RFC 4253 section 9: either end may ask for new keys at any time, and the other has to exchange them.
fn rekey(ends: &Ends<'_>) -> Option<Forecast> {
    let fails = |role: Role| {
        let identification = ends.end(role.peer()).offer.identification.as_ref()?;
        let software = identification.as_str().splitn(3, '-').nth(2).unwrap_or_default();
        matches_banner(&ends.end(role).policy.behaviour.no_rekey_with, software).then_some(role)
    };
    let asking = fails(Role::Client).or_else(|| fails(Role::Server))?;
    Some(Forecast {
        when: "rekey".into(),
        stage: Stage::Rekey,
        slot: Slot::Kex,
        summary: format!(
            "the {asking} asks for new keys after a gigabyte or so (OpenSSH: RekeyLimit), which a {} of this version \
             cannot exchange, so that long sessions end",
            asking.peer()
        ),
        after: None,
    })
}

/// RFC 8332 section 3.3: which algorithm a user's key may sign with is announced in `server-sig-algs`, and only to a
/// client that sent `ext-info-c` (RFC 8308 section 2.1). Without it an RSA key signs with SHA-1.
fn authentication(ends: &Ends<'_>) -> Option<Forecast> {
    let (client, server) = (&ends.client.offer, &ends.server.offer);
    let (would, accepts) = (client.public_key_auth.complete()?, server.public_key_auth.complete()?);
    if would.is_empty() || accepts.is_empty() {
        return None;
    }
    let informed = client.has_marker("ext-info-c");
    if would.iter().any(|item| accepts.iter().any(|other| other.name == item.name) && usable(&item.name, informed)) {
        return None;
    }
    let summary = "the server accepts no signature algorithm that the client's user keys can use, so that public key \
                   authentication fails after the key exchange";
    Some(Forecast {
        when: "authentication".into(),
        stage: Stage::Auth,
        slot: Slot::SignatureScheme,
        summary: summary.into(),
        after: None,
    })
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
