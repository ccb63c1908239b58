//! Another certificate for a server, where no client of this kind can use its own.

use shakedown_model::tls::{Certificate, CertificateKey, CertificateKeyType, Digest};
use shakedown_model::{
    Applicability, Command, CommandPlace, DiagnosisId, Fix, Known, Name, Party, Policy, Role, Side, Slot,
};

use super::search;
use crate::plan::{Kind, PlanInput, Planned};
use crate::steps;
use crate::strength::Score;

/// A kind of certificate, the words for it and what makes its key.
struct Sort {
    kind: CertificateKeyType,
    bits: u32,
    curve: Option<&'static str>,
    name: &'static str,
    key: &'static str,
}

const SORTS: [Sort; 2] = [
    Sort {
        kind: CertificateKeyType::Ec,
        bits: 256,
        curve: Some("secp256r1"),
        name: "an ECDSA certificate (secp256r1, signed with SHA-256)",
        key: "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1",
    },
    Sort {
        kind: CertificateKeyType::Rsa,
        bits: 3072,
        curve: None,
        name: "an RSA certificate (3072 bits, signed with SHA-256)",
        key: "-newkey rsa:3072",
    },
];

/// The first kind of certificate that makes the two ends agree. A person has to get it signed.
pub(super) fn fixes(input: &PlanInput<'_>, resolves: &[DiagnosisId]) -> Option<Planned> {
    let about = |slot| matches!(slot, Slot::Certificate | Slot::SignatureScheme | Slot::CipherSuite | Slot::Group);
    let certificates = input.server.tls()?.offer.certificates.accepted()?;
    if !input.outcome.failed.iter().all(|failed| about(failed.slot)) {
        return None;
    }
    let has = |sort: &&Sort| certificates.iter().any(|one| one.key.as_ref().is_some_and(|key| key.kind == sort.kind));
    // One of the same kind takes the old one's place; another stands beside it.
    let (same, other): (Vec<&Sort>, Vec<&Sort>) = SORTS.iter().partition(|sort| has(sort));
    same.into_iter().map(|sort| (sort, true)).chain(other.into_iter().map(|sort| (sort, false))).find_map(
        |(sort, replaces)| {
            let server = with(input.server, sort)?;
            let outcome = input.with(&server);
            if !search::holds(&outcome) {
                return None;
            }
            let title = if replaces {
                format!("replace the server's certificate by {}", sort.name)
            } else {
                format!("give the server {} besides its own", sort.name)
            };
            let mut fix = Fix::new(resolves.to_vec(), title, Side::Server, Applicability::Manual);
                    fix.notes.push("the new one has to come from an authority that the clients trust already".to_owned());
            if replaces {
                fix.notes.push("clients that pin the old key have to be told first".to_owned());
            }
            let host = steps::host(input).unwrap_or_else(|| "HOST".to_owned());
            let text = format!(
                "openssl req -new {} -sha256 -nodes -subj /CN={host} -addext subjectAltName=DNS:{host} -keyout new.key -out new.csr",
                sort.key
            );
            let place = CommandPlace::ServerShell;
            let explanation = "makes the key and a request for the authority to sign".to_owned();
            fix.commands.push(Command { place, text, explanation });
            let text = "name the new certificate and its key in the server's settings, where the old ones stand".to_owned();
            let place = CommandPlace::Settings("the server's certificates".to_owned());
            fix.commands.push(Command { place: place.clone(), text, explanation: String::new() });
            let text = "name the old certificate and its key again".to_owned();
            fix.undo.push(Command { place, text, explanation: "keep both files until then".to_owned() });
            steps::reload(input, &mut fix, Role::Server);
            steps::verify(input, &mut fix);
            let score = Score::of(&outcome, input.catalog);
            fix.outcome_after = Some(outcome);
            Some(Planned { fix, kind: Kind::Enable, score })
        },
    )
}

/// The server with such a certificate in the place of one of the same kind, or beside the others.
fn with(server: &Party, sort: &Sort) -> Option<Party> {
    let mut server = server.clone();
    let Policy::Tls(policy) = &mut server.policy else { return None };
    let (Known::Complete(all) | Known::Partial { accepted: all, .. }) = &mut policy.offer.certificates else {
        return None;
    };
    let old = all.iter().find(|one| one.key.as_ref().is_some_and(|key| key.kind == sort.kind));
    let (names, self_signed) = old.or(all.first()).map(|one| (one.names.clone(), one.self_signed)).unwrap_or_default();
    // A new one brings a chain of its own.
    all.retain(|one| one.key.as_ref().is_none_or(|key| key.kind != sort.kind));
    all.push(Certificate {
        key: Some(CertificateKey { kind: sort.kind, curve: sort.curve.map(Name::new), bits: Some(sort.bits) }),
        signature_digest: Some(Digest::Sha256),
        self_signed,
        names,
        ..Certificate::default()
    });
    Some(server)
}
