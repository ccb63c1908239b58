//! The texts of a TLS policy.

use shakedown_model::ssh::Undecided;
use shakedown_model::tls::{Certificate, CertificateKey, TlsOffer, TlsPolicy, Unable, Withheld};
use shakedown_model::{Known, Name};

use super::{Visit, known};

pub(super) fn tls(visit: &mut dyn Visit, policy: &mut TlsPolicy) {
    // How it chooses and what it could do are rules and names of the catalog.
    let TlsPolicy { offer, behaviour: _, supported: _, withheld, undecided, unable, by_client } = policy;
    if let Some(by_client) = by_client {
        // The rest of it are names of suites and rules.
        let contexts = [&mut by_client.ecdsa, &mut by_client.rsa, &mut by_client.other];
        contexts.into_iter().flatten().for_each(|policy| tls(visit, policy));
    }
    let TlsOffer {
        versions,
        tls13_cipher_suites,
        cipher_suites,
        groups,
        group_tuples: _,
        key_shares,
        signature_schemes,
        certificate_signature_schemes,
        legacy_signatures: _,
        alpn,
        certificates,
        server_name,
        unknown_name: _,
        dh_parameters: _,
        secure_renegotiation: _,
        needs_secure_renegotiation: _,
        extended_master_secret: _,
        needs_extended_master_secret: _,
        verifies: _,
        fallback: _,
        staples: _,
        client_certificate: _,
        client_authorities,
        security_level: _,
        min_rsa_bits: _,
        min_dh_bits: _,
        max_dh_bits: _,
        min_ec_bits: _,
        refused_certificate_digests: _,
        origins,
    } = offer;
    for list in [
        versions,
        tls13_cipher_suites,
        cipher_suites,
        groups,
        key_shares,
        signature_schemes,
        certificate_signature_schemes,
        alpn,
    ] {
        known(list, |items| items.iter_mut().for_each(|item| visit.item(item)));
    }
    known(certificates, |all| all.iter_mut().for_each(|one| certificate(visit, one)));
    if let Known::Complete(Some(name)) = server_name {
        host(visit, name);
    }
    client_authorities.iter_mut().for_each(|name| visit.said(name));
    origins.iter_mut().for_each(|(_, origin)| visit.origin(origin));
    for Withheld { slot: _, name, by: _, what, origin } in withheld {
        visit.token(name);
        visit.sentence(what);
        origin.iter_mut().for_each(|origin| visit.origin(origin));
    }
    for Unable { slot: _, what, origin, cause: _ } in unable {
        visit.sentence(what);
        origin.iter_mut().for_each(|origin| visit.origin(origin));
    }
    for Undecided { slot: _, criterion, origin } in undecided {
        visit.finding(criterion);
        origin.iter_mut().for_each(|origin| visit.origin(origin));
    }
}

pub(super) fn certificate(visit: &mut dyn Visit, one: &mut Certificate) {
    let Certificate {
        key,
        signature_digest: _,
        signature_key: _,
        self_signed: _,
        names,
        subject,
        issuer,
        not_before: _,
        not_after: _,
        fingerprint,
        chain,
        origin,
    } = one;
    if let Some(CertificateKey { kind: _, curve: Some(curve), bits: _ }) = key {
        visit.token(curve);
    }
    names.iter_mut().for_each(|name| host(visit, name));
    [subject, issuer].into_iter().flatten().for_each(|name| visit.said(name));
    fingerprint.iter_mut().for_each(|text| visit.fingerprint(text));
    chain.iter_mut().for_each(|next| certificate(visit, next));
    origin.iter_mut().for_each(|origin| visit.origin(origin));
}

fn host(visit: &mut dyn Visit, name: &mut Name) {
    let mut text = name.as_str().to_owned();
    visit.host(&mut text);
    *name = Name::from_escaped(&text);
}
