//! Certificates as parts of a party.

use shakedown_crypto::Hash;
use shakedown_model::tls;

use crate::Certificate;
use crate::findings::hex;

/// A chain as it was sent, the party's own certificate first; `None` for an empty one. Of what cannot be read only the
/// fingerprint is known.
pub fn describe(chain: &[Vec<u8>]) -> Option<tls::Certificate> {
    let (own, rest) = chain.split_first()?;
    Some(tls::Certificate { chain: rest.iter().map(|der| one(der)).collect(), ..one(own) })
}

fn one(der: &[u8]) -> tls::Certificate {
    match Certificate::from_der(der) {
        Ok(certificate) => certificate.facts(),
        Err(_) => {
            tls::Certificate { fingerprint: Some(hex(&Hash::Sha256.digest(&[der]))), ..tls::Certificate::default() }
        }
    }
}
