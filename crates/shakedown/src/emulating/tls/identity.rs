//! The certificates of an emulated server: those that its configuration names, else of the types and sizes that the real one
//! has.

use std::io;
use std::sync::Arc;

use shakedown_config::Files;
use shakedown_config::files::FILE_LIMIT;
use shakedown_crypto::tls::{KeyKind, ServerKey};
use shakedown_model::tls::{Certificate, CertificateKey, CertificateKeyType, Suite, TlsPolicy};
use shakedown_model::{Configuration, KeyPair, Known, Name};

use super::certificate::{self, Wanted};
use crate::Error;

/// A certificate with its key.
#[derive(Clone)]
pub(super) struct Identity {
    /// What the policy calls it.
    pub(super) phrase: String,
    pub(super) kind: CertificateKeyType,
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) key: Arc<ServerKey>,
}

/// The size of an RSA key where nothing else is known.
const RSA_BITS: u32 = 2048;
/// How long a certificate is valid that says nothing else, before and after now.
const VALID: (i64, i64) = (24, 30 * 24);

/// What was made so far, so that all servers of a run show the same.
#[derive(Default)]
pub(super) struct Pool(Vec<(Certificate, Identity)>);

/// A certificate for each that the policy has: the configuration's own where it can be read with its key. Where the policy
/// does not say which it has, it gets one.
pub(super) fn identities(
    policy: &mut TlsPolicy,
    configuration: Option<&Configuration>,
    files: &dyn Files,
    now: jiff::Timestamp,
    pool: &mut Pool,
    notes: &mut Vec<String>,
) -> Result<Vec<Identity>, Error> {
    if policy.by_client.is_none() && policy.offer.certificates.accepted().is_none_or(|all| !knows_keys(all)) {
        notes.push(format!("which certificates it has is not known: one with an RSA key of {RSA_BITS} bits stands in"));
        let key = CertificateKey { kind: CertificateKeyType::Rsa, curve: None, bits: Some(RSA_BITS) };
        policy.offer.certificates = Known::Complete(vec![Certificate { key: Some(key), ..Certificate::default() }]);
    }
    let mut all: Vec<Certificate> = policy.offer.certificates.accepted().cloned().unwrap_or_default();
    if let Some(choices) = &policy.by_client {
        let each = [&choices.ecdsa, &choices.rsa, &choices.other].into_iter().flatten();
        all.extend(each.filter_map(|policy| policy.offer.certificates.accepted()).flatten().cloned());
    }
    let pairs = configuration.map(|configuration| configuration.key_pairs.as_slice()).unwrap_or_default();
    let own: Vec<Own> = pairs.iter().filter_map(|pair| own(files, pair)).collect();
    let mut found: Vec<Identity> = Vec::new();
    let mut stand_ins = 0_usize;
    for one in &all {
        let phrase = one.phrase();
        let Some(key) = &one.key else { continue };
        if found.iter().any(|identity| identity.phrase == phrase) {
            continue;
        }
        if let Some(own) = own.iter().find(|own| one.fingerprint.is_some() && own.fingerprint == one.fingerprint) {
            found.push(Identity { phrase, kind: key.kind, chain: own.chain.clone(), key: Arc::clone(&own.key) });
            continue;
        }
        let Some(kind) = kind(key, notes) else {
            notes.push(format!(
                "no key is made here for its certificate ({phrase}): a handshake with it goes no further"
            ));
            continue;
        };
        stand_ins += 1;
        if let Some((_, made)) = pool.0.iter().find(|(of, _)| of == one) {
            found.push(made.clone());
            continue;
        }
        let made = make(one, phrase, key.kind, kind, now)?;
        pool.0.push((one.clone(), made.clone()));
        found.push(made);
    }
    if stand_ins > 0 {
        let which = if stand_ins == found.len() {
            "its certificates"
        } else {
            "those of its certificates whose keys cannot be read here"
        };
        notes.push(format!(
            "{which} are made for this run and sign themselves: whether a client trusts the real ones is not shown"
        ));
    }
    Ok(found)
}

/// A certificate of the configuration, with its key.
struct Own {
    fingerprint: Option<String>,
    chain: Vec<Vec<u8>>,
    key: Arc<ServerKey>,
}

/// What is in the files of a pair; `None` where they cannot be read, or the key is protected or of a kind that is not computed
/// here.
fn own(files: &dyn Files, pair: &KeyPair) -> Option<Own> {
    let certificates = |path: &str| -> Vec<shakedown_x509::ReadCertificate> {
        let bytes = files.read(path, FILE_LIMIT).unwrap_or_default();
        shakedown_x509::certificates(&bytes, &shakedown_x509::Limits::default()).0
    };
    let mut read = certificates(&pair.certificate);
    read.extend(pair.chain.iter().flat_map(|path| certificates(path)));
    let key = ServerKey::from_file(&files.read(&pair.key, FILE_LIMIT).ok()?).ok()?;
    let fingerprint = read.first()?.certificate.facts().fingerprint;
    let chain = read.iter().map(|one| one.certificate.der.to_vec()).collect();
    Some(Own { fingerprint, chain, key: Arc::new(key) })
}

fn knows_keys(certificates: &[Certificate]) -> bool {
    !certificates.is_empty() && certificates.iter().all(|one| one.key.is_some())
}

/// What kind of key is made.
fn kind(key: &CertificateKey, notes: &mut Vec<String>) -> Option<KeyKind> {
    match (key.kind, key.curve.as_ref().map(Name::as_str)) {
        (CertificateKeyType::Rsa, _) => {
            let wanted = key.bits.unwrap_or(RSA_BITS);
            let bits = if matches!(wanted, 2048 | 3072 | 4096 | 8192) { wanted } else { RSA_BITS };
            if bits != wanted {
                notes.push(format!(
                    "an RSA key of {wanted} bits is not made here, one of {bits} bits stands in: a client that minds the size \
                     does not show it"
                ));
            }
            Some(KeyKind::Rsa(bits))
        }
        (CertificateKeyType::Ec, Some("secp256r1") | None) => Some(KeyKind::Ec(256)),
        (CertificateKeyType::Ec, Some("secp384r1")) => Some(KeyKind::Ec(384)),
        (CertificateKeyType::Ec, Some("secp521r1")) => Some(KeyKind::Ec(521)),
        (CertificateKeyType::Ed25519, _) => Some(KeyKind::Ed25519),
        _ => None,
    }
}

fn make(
    one: &Certificate,
    phrase: String,
    kind: CertificateKeyType,
    key: KeyKind,
    now: jiff::Timestamp,
) -> Result<Identity, Error> {
    let failed = |source: shakedown_crypto::CryptoError| Error::System {
        doing: "making a certificate",
        source: io::Error::other(source),
    };
    let key = ServerKey::generate(key).map_err(failed)?;
    let mut names: Vec<String> = one.names.iter().map(ToString::to_string).collect();
    for own in ["localhost", "127.0.0.1", "::1"] {
        if !names.iter().any(|name| name == own) {
            names.push(own.to_owned());
        }
    }
    let hours = |count: i64| jiff::SignedDuration::from_hours(count);
    let validity = (
        one.not_before.unwrap_or_else(|| now.saturating_sub(hours(VALID.0)).unwrap_or(now)),
        one.not_after.unwrap_or_else(|| now.saturating_add(hours(VALID.1)).unwrap_or(now)),
    );
    let common_name = names.first().map_or("localhost", String::as_str);
    // The common name has room for 64 characters.
    let common_name = if common_name.len() > 64 { "localhost" } else { common_name };
    let wanted = Wanted { common_name, names: &names, validity };
    let certificate = certificate::self_signed(&key, &wanted).map_err(failed)?;
    Ok(Identity { phrase, kind, chain: vec![certificate], key: Arc::new(key) })
}

/// The first that a suite below TLS 1.3 can use, where nothing is signed that would say which.
pub(super) fn for_suite<'a>(all: &'a [Identity], suite: &Suite<'_>) -> Option<&'a Identity> {
    use shakedown_model::tls::Authentication;
    all.iter().find(|identity| match suite.authentication {
        Authentication::Rsa => identity.kind == CertificateKeyType::Rsa,
        Authentication::Ecdsa => matches!(identity.kind, CertificateKeyType::Ec | CertificateKeyType::Ed25519),
        _ => false,
    })
}
