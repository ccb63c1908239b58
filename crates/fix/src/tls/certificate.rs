//! Another certificate for a server, where no client of this kind can use its own.

use shakedown_model::tls::{ByClient, Certificate, CertificateKey, CertificateKeyType, Digest, TlsPolicy, TlsVersion};
use shakedown_model::{
    Applicability, Command, CommandPlace, ConfigurationKind, DiagnosisId, Fix, Known, Name, OriginKind, Party, Policy,
    Role, Side, Slot,
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
    let certificates = all(input.server)?;
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
            let place = CommandPlace::Settings("the server's certificates".to_owned());
            for text in named(input.server, replaces) {
                fix.commands.push(Command { place: place.clone(), text, explanation: String::new() });
            }
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

/// All certificates of a server, whichever of them its contexts show.
fn all(server: &Party) -> Option<Vec<Certificate>> {
    let policy = server.tls()?;
    let Some(choices) = policy.by_client.as_deref() else { return policy.offer.certificates.accepted().cloned() };
    let contexts = [&choices.ecdsa, &choices.rsa, &choices.other].into_iter().flatten();
    let lists: Option<Vec<_>> = contexts.map(|one| one.offer.certificates.accepted().cloned()).collect();
    Some(lists?.concat())
}

/// Where the new one is named.
fn named(server: &Party, replaces: bool) -> Vec<String> {
    if server.configuration.as_ref().is_none_or(|own| own.kind != ConfigurationKind::Haproxy) {
        return vec![
            "name the new certificate and its key in the server's settings, where the old ones stand".to_owned(),
        ];
    }
    let named = server.tls().into_iter().flat_map(|policy| policy.offer.certificates.accepted()).flatten();
    let main = server.configuration.as_ref().and_then(|own| own.files.first()).map(|file| file.path.clone());
    let list = named.filter_map(|one| one.origin.as_ref()).find_map(|origin| match origin.kind() {
        OriginKind::File { file, .. } if Some(&file.path) != main.as_ref() => Some(file.path.clone()),
        _ => None,
    });
    let verb = if replaces { "in the place of the old one" } else { "besides the old one" };
    let text = match list {
        Some(list) => {
            format!("name that file {verb} in `{list}`, in a line with the options and names of the old one's line")
        }
        None => format!("name that file by `crt` {verb} in the `bind` line"),
    };
    vec!["put the new certificate, its chain and its key into one file in PEM, as HAProxy reads them".to_owned(), text]
}

/// The server with such a certificate in the place of one of the same kind, or beside the others.
fn with(server: &Party, sort: &Sort) -> Option<Party> {
    let kind = server.configuration.as_ref().map(|own| own.kind);
    let mut server = server.clone();
    let Policy::Tls(policy) = &mut server.policy else { return None };
    let chooses = policy.by_client.is_some() || kind == Some(ConfigurationKind::Haproxy);
    if !chooses {
        put(policy, sort, false)?;
        return Some(server);
    }
    // One context each: the new one has the settings of one that is there.
    let mut choices = match policy.by_client.take() {
        Some(choices) => choices,
        None => {
            let kind = policy.offer.certificates.accepted()?.first()?.key.as_ref()?.kind;
            if kind == sort.kind {
                put(policy, sort, true)?;
                return Some(server);
            }
            let old = Some((**policy).clone());
            let suites = policy.offer.cipher_suites.accepted().into_iter().flatten();
            let mut choices = ByClient {
                suites: suites.map(|item| item.name.clone()).collect(),
                tls13: policy.offer.has_version(TlsVersion::Tls13) == Some(true),
                ..ByClient::default()
            };
            match kind {
                CertificateKeyType::Ec => choices.ecdsa = old,
                CertificateKeyType::Rsa => choices.rsa = old,
                _ => choices.other = old,
            }
            Box::new(choices)
        }
    };
    let like = [&choices.ecdsa, &choices.rsa, &choices.other].into_iter().flatten().next()?.clone();
    let place = if sort.kind == CertificateKeyType::Ec { &mut choices.ecdsa } else { &mut choices.rsa };
    put(place.get_or_insert(like), sort, true)?;
    let contexts = [&choices.ecdsa, &choices.rsa, &choices.other].into_iter().flatten();
    let all: Vec<Certificate> = contexts.flat_map(|one| one.offer.certificates.accepted().cloned()).flatten().collect();
    policy.offer.certificates = Known::Complete(all);
    policy.by_client = Some(choices);
    Some(server)
}

/// A policy with such a certificate; with that alone, where others have contexts of their own.
fn put(policy: &mut TlsPolicy, sort: &Sort, alone: bool) -> Option<()> {
    let (Known::Complete(all) | Known::Partial { accepted: all, .. }) = &mut policy.offer.certificates else {
        return None;
    };
    let old = all.iter().find(|one| one.key.as_ref().is_some_and(|key| key.kind == sort.kind));
    let (names, self_signed) = old.or(all.first()).map(|one| (one.names.clone(), one.self_signed)).unwrap_or_default();
    // A new one brings a chain of its own.
    all.retain(|one| !alone && one.key.as_ref().is_none_or(|key| key.kind != sort.kind));
    all.push(Certificate {
        key: Some(CertificateKey { kind: sort.kind, curve: sort.curve.map(Name::new), bits: Some(sort.bits) }),
        signature_digest: Some(Digest::Sha256),
        self_signed,
        names,
        ..Certificate::default()
    });
    Some(())
}
