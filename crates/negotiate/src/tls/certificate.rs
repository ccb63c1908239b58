//! What the client makes of the certificate shown, whom it trusts aside, and what the server wants of the client.

use shakedown_model::tls::{Certificate, CertificateKeyType, ClientCertificate};
use shakedown_model::{Context, FailedSlot, FailureKind, Forecast, Item, Name, Role, Slot, Stage, StageResult};

use super::ends::Ends;

/// The failures that the facts of a certificate decide: its size, the digest that it is signed with.
pub(super) fn refused(ends: &Ends<'_>, certificate: &Certificate) -> Vec<FailedSlot> {
    if ends.client.verifies == Some(false) {
        return Vec::new();
    }
    let mut failed = Vec::new();
    let item = |one: &Certificate| vec![Item { name: Name::new(&one.phrase()), origin: one.origin.clone() }];
    for one in std::iter::once(certificate).chain(&certificate.chain) {
        if let Some((bits, minimum)) = too_small(ends, one) {
            failed.push(FailedSlot {
                stage: Stage::Certificate,
                slot: Slot::Certificate,
                client: Vec::new(),
                server: item(one),
                kind: FailureKind::TooSmall { bits, minimum, demanded_by: Role::Client },
            });
        }
        let weak = one.signature_digest.filter(|digest| ends.client.refused_certificate_digests.contains(digest));
        // The signature of what signs itself is not looked at.
        if let Some(digest) = weak.filter(|_| one.self_signed == Some(false)) {
            let what = format!("it refuses certificates signed with {digest}");
            failed.push(FailedSlot {
                stage: Stage::Certificate,
                slot: Slot::Certificate,
                client: Vec::new(),
                server: item(one),
                kind: FailureKind::Deviation { by: Role::Client, what },
            });
        }
    }
    failed
}

fn too_small(ends: &Ends<'_>, one: &Certificate) -> Option<(u32, u32)> {
    let key = one.key.as_ref()?;
    let minimum = match key.kind {
        CertificateKeyType::Rsa | CertificateKeyType::RsaPss | CertificateKeyType::Dsa => ends.client.min_rsa_bits,
        CertificateKeyType::Ec => ends.client.min_ec_bits,
        _ => None,
    }?;
    let bits = key.bits?;
    (bits < minimum).then_some((bits, minimum))
}

/// A certificate that will have expired.
pub(super) fn forecast(certificate: &Certificate, context: &Context) -> Option<Forecast> {
    let (now, end) = (context.time?, certificate.not_after?);
    (end > now).then(|| Forecast {
        when: end.to_string(),
        stage: Stage::Certificate,
        slot: Slot::Certificate,
        summary: "the server's certificate expires".to_owned(),
        after: None,
    })
}

/// Whether the client has the certificate that the server asks for; `None` where it asks for none.
pub(super) fn of_client(ends: &Ends<'_>) -> Option<(StageResult, Option<FailedSlot>)> {
    let asked = ends.server.client_certificate.complete()?;
    match (asked, ends.client.certificates.complete()) {
        (ClientCertificate::NotAsked, _) => None,
        (ClientCertificate::Optional, _) => Some((StageResult::Agreed, None)),
        (ClientCertificate::Required, Some(own)) if own.is_empty() => {
            let failed = FailedSlot {
                stage: Stage::ClientCertificate,
                slot: Slot::Certificate,
                client: Vec::new(),
                server: Vec::new(),
                kind: FailureKind::NothingOffered { by: Role::Client },
            };
            Some((StageResult::Failed, Some(failed)))
        }
        (ClientCertificate::Required, own) => {
            let what_would_decide = own
                .and_then(|own| of_others(own, &ends.server.client_authorities))
                .unwrap_or_else(|| "whether the client has a certificate that the server accepts".to_owned());
            Some((StageResult::Unknown { what_would_decide }, None))
        }
    }
}

/// What would decide where the server names authorities, and none of them issued what the client has (RFC 5246 section 7.4.4,
/// RFC 8446 section 4.2.4). OpenSSL and rustls show it all the same, Java and Go do not; and the server may know more
/// authorities than it names.
fn of_others(own: &[Certificate], authorities: &[Name]) -> Option<String> {
    let chains = || own.iter().flat_map(|one| std::iter::once(one).chain(&one.chain));
    let mut issuers = chains().filter_map(|one| one.issuer.as_ref());
    let first = issuers.next()?;
    // Where an issuer is not known, it may be one of them.
    if authorities.is_empty()
        || chains().any(|one| one.issuer.is_none())
        || std::iter::once(first).chain(issuers).any(|issuer| authorities.contains(issuer))
    {
        return None;
    }
    Some(format!(
        "whether the client shows its certificate of `{first}` to a server that names other authorities ({}), and whether the \
         server knows that one too",
        authorities.iter().take(4).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    ))
}
