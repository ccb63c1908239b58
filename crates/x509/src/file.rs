//! What is wrong with the files that a server is given: the order of a chain file, a key that does not belong to it.

use std::ops::Range;

use shakedown_crypto::host_key::read_private_key_file;

use crate::{Certificate, Curve, KeyKind, ReadCertificate, SignatureCheck};

/// Something in a chain file that is not as it should be. Servers send the file as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFinding {
    /// What.
    pub problem: ChainProblem,
    /// The certificate, by place in the file.
    pub place: usize,
    /// Where it stands in the file.
    pub span: Range<usize>,
}

/// What can be wrong with the order of a chain file (RFC 5246 section 7.4.2, RFC 8446 section 4.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChainProblem {
    /// The first one is an authority's, and the server's own stands further down.
    OwnIsNotFirst {
        /// Where the server's own stands.
        own: usize,
    },
    /// It did not sign the one before it, but another one of the file.
    WrongOrder,
    /// It is the same as an earlier one.
    Duplicate,
    /// It is a root: whoever trusts it has it, and whoever does not, does not trust it for being sent.
    Root,
    /// It signed none of the others.
    Unrelated,
}

/// What is wrong with the order of the certificates of a chain file. Nothing of it keeps clients of today from finding
/// a path, but for [`ChainProblem::OwnIsNotFirst`].
pub fn chain_order(certificates: &[ReadCertificate]) -> Vec<ChainFinding> {
    let mut found = Vec::new();
    let mut add = |place: usize, problem| {
        let span = certificates.get(place).map(|one| one.span.clone()).unwrap_or_default();
        found.push(ChainFinding { problem, place, span });
    };
    let own = certificates.iter().position(|one| !one.certificate.is_ca()).unwrap_or(0);
    if own > 0 {
        add(0, ChainProblem::OwnIsNotFirst { own });
    }
    for (place, one) in certificates.iter().enumerate().filter(|(place, _)| *place != own) {
        let before = certificates.get(..place).unwrap_or_default();
        let signs = |other: &ReadCertificate| issued(&one.certificate, &other.certificate);
        let others = certificates.iter().enumerate().filter(|(other, _)| *other != place);
        if before.iter().any(|earlier| earlier.certificate.der == one.certificate.der) {
            add(place, ChainProblem::Duplicate);
        } else if certificates.len() > 1 && !others.clone().any(|(_, other)| signs(other)) {
            add(place, ChainProblem::Unrelated);
        } else if one.certificate.is_self_signed() {
            add(place, ChainProblem::Root);
        } else if own == 0 && !before.last().is_some_and(signs) {
            add(place, ChainProblem::WrongOrder);
        }
    }
    found
}

fn issued(issuer: &Certificate, child: &Certificate) -> bool {
    issuer.subject.is_same(&child.issuer) && child.signature_by(&issuer.key) != SignatureCheck::Wrong
}

/// Whether a private key belongs to a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFit {
    /// It does.
    Fits,
    /// It belongs to another key of the same kind, or of another.
    Differs,
    /// It is protected by a passphrase, so that its public half does not show.
    Encrypted,
    /// The file holds no private key that is read here.
    Unreadable {
        /// Why.
        reason: String,
    },
}

/// Whether the private key of a file (PEM) belongs to a certificate. Only its public half is looked at, and nothing of
/// it is kept.
pub fn key_fits(file: &[u8], certificate: &Certificate) -> KeyFit {
    let info = match read_private_key_file(file) {
        Ok(info) => info,
        Err(error) => return KeyFit::Unreadable { reason: error.to_string() },
    };
    let Some(blob) = info.public_blob else {
        return match info.encrypted {
            true => KeyFit::Encrypted,
            false => {
                KeyFit::Unreadable { reason: "the public half of this kind of key is not computed here".to_owned() }
            }
        };
    };
    if blob_is(&blob, certificate).unwrap_or(false) { KeyFit::Fits } else { KeyFit::Differs }
}

/// Whether a public key in the form of SSH (RFC 4253 section 6.6) is the certificate's.
fn blob_is(blob: &[u8], certificate: &Certificate) -> Option<bool> {
    let mut rest = blob;
    let mut string = || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (value, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        rest = after;
        Some(value)
    };
    let kind = string()?;
    let key = &certificate.key;
    Some(match (kind, &key.kind) {
        (b"ssh-rsa", KeyKind::Rsa { .. } | KeyKind::RsaPss { .. }) => {
            let (exponent, modulus) = (string()?, string()?);
            let numbers = (crate::key::strip_zeros(modulus), crate::key::strip_zeros(exponent));
            key.rsa_numbers() == Some(numbers)
        }
        (b"ssh-ed25519", KeyKind::Ed25519) => string()? == key.bits,
        (_, KeyKind::Ec { curve: Curve::Named { .. } }) if kind.starts_with(b"ecdsa-sha2-") => {
            let _curve = string()?;
            string()? == key.bits
        }
        _ => false,
    })
}
