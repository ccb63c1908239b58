//! Key exchanges of IKE_SA_INIT.

use zeroize::Zeroizing;

use super::brainpool::BrainpoolKey;
use crate::CryptoError;
use crate::hex;
use crate::kex::Curve;
use crate::kex::elliptic::EllipticKey;
use crate::kex::finite_field::FieldKey;
use crate::tls::x448::X448Key;

/// The curves that are computed on, by their numbers in the IKEv2 registry (RFC 5903, RFC 8031).
const CURVES: [(u16, Curve); 4] = [(19, Curve::P256), (20, Curve::P384), (21, Curve::P521), (31, Curve::X25519)];
/// X448 (RFC 8031).
const X448: u16 = 32;

/// The first half of all moduli of 1536 bits and more: the digits are those of pi.
const MODP_768: &str = "\
    FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B\
    302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A3620FFFFFFFFFFFFFFFF";
const MODP_1536: &str = "\
    FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B\
    302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6\
    49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D\
    670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF";

/// One end of a key exchange. Its private half is wiped when dropped.
pub struct KeyPair {
    group: u16,
    public: Vec<u8>,
    key: Key,
}

enum Key {
    Curve(Curve, EllipticKey),
    X448(X448Key),
    Brainpool(BrainpoolKey),
    /// With the length of the modulus in bytes.
    Field(Box<FieldKey>, usize),
}

impl KeyPair {
    /// A new one in the group with this number in the IKEv2 registry; `None` for groups that are not computed in here.
    ///
    /// # Errors
    /// The library or the random source fails.
    pub fn generate(group: u16) -> Result<Option<Self>, CryptoError> {
        if let Some((_, curve)) = CURVES.iter().find(|(number, _)| *number == group) {
            let key = EllipticKey::generate(*curve)?;
            let point = key.public()?;
            // The byte that says "not compressed" is left out (RFC 5903 section 7).
            let public = point.get(usize::from(*curve != Curve::X25519)..).unwrap_or_default().to_vec();
            return Ok(Some(Self { group, public, key: Key::Curve(*curve, key) }));
        }
        if group == X448 {
            let key = X448Key::generate()?;
            return Ok(Some(Self { group, public: key.public()?, key: Key::X448(key) }));
        }
        if let Some(key) = BrainpoolKey::generate(group)? {
            return Ok(Some(Self { group, public: key.public()?, key: Key::Brainpool(key) }));
        }
        let Some(modulus) = modulus(group) else { return Ok(None) };
        let key = FieldKey::generate(&modulus, &[2])?;
        let public = padded(key.public(), modulus.len());
        Ok(Some(Self { group, public, key: Key::Field(Box::new(key), modulus.len()) }))
    }

    /// The number of its group.
    pub fn group(&self) -> u16 {
        self.group
    }

    /// The public value as it goes into a key exchange payload (RFC 7296 section 3.4, RFC 5903 section 7).
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The shared secret with the peer's public value, in the form in which it goes into SKEYSEED: of a finite field as long
    /// as the modulus (RFC 7296 section 2.14), of a curve the first coordinate (RFC 5903 section 7).
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where the peer's value is wrong.
    pub fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match &self.key {
            Key::Curve(Curve::X25519, key) => key.agree(peer),
            Key::Curve(_, key) => key.agree(&[&[4], peer].concat()),
            Key::X448(key) => key.agree(peer),
            Key::Brainpool(key) => key.agree(peer),
            Key::Field(_, length) if peer.len() != *length => {
                Err(CryptoError::public_value(format!("it has {} bytes instead of {length}", peer.len())))
            }
            Key::Field(key, length) => {
                let secret = key.agree(peer)?;
                Ok(Zeroizing::new(padded(&secret, *length)))
            }
        }
    }
}

/// The modulus of a group of RFC 2409 and RFC 3526; the generator of each is 2.
fn modulus(group: u16) -> Option<Vec<u8>> {
    // SSH's first group is the second of IKE.
    let field = match group {
        1 => return Some(hex::bytes(MODP_768)),
        5 => return Some(hex::bytes(MODP_1536)),
        2 => crate::kex::group(1),
        14..=18 => u8::try_from(group).ok().and_then(crate::kex::group),
        _ => None,
    };
    field.map(crate::kex::Group::modulus)
}

/// With zeros in front, to the length of the modulus.
fn padded(value: &[u8], length: usize) -> Vec<u8> {
    let mut padded = Vec::with_capacity(length.max(value.len()));
    padded.resize(length.saturating_sub(value.len()), 0);
    padded.extend_from_slice(value);
    padded
}

/// A public value of the group with this number in the IKEv2 registry, for messages whose secret nobody computes: one that
/// the responder takes. `None` for groups of which none can be made here.
///
/// # Errors
/// The library or the random source fails.
pub fn public_value(group: u16) -> Result<Option<Vec<u8>>, CryptoError> {
    Ok(KeyPair::generate(group)?.map(|pair| pair.public))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_length_of_their_group() {
        let lengths =
            [(1, 96), (2, 128), (5, 192), (14, 256), (18, 1024), (19, 64), (20, 96), (21, 132), (31, 32), (32, 56)];
        for (group, length) in lengths {
            assert_eq!(public_value(group).unwrap().map(|value| value.len()), Some(length), "{group}");
        }
        assert_eq!(public_value(23).unwrap(), None);
        assert_ne!(public_value(14).unwrap(), public_value(14).unwrap());
    }

    #[test]
    fn both_ends_come_to_the_same_secret() {
        for group in [1, 2, 5, 14, 19, 20, 21, 27, 28, 29, 30, 31, 32] {
            let (ours, theirs) =
                (KeyPair::generate(group).unwrap().unwrap(), KeyPair::generate(group).unwrap().unwrap());
            let secret = ours.agree(theirs.public()).unwrap();
            assert_eq!(secret, theirs.agree(ours.public()).unwrap(), "{group}");
            assert!(ours.agree(&theirs.public()[1..]).is_err(), "{group}");
            assert!(ours.agree(&[]).is_err() && ours.group() == group);
        }
        assert!(KeyPair::generate(23).unwrap().is_none());
    }

    // A Fermat test: that a typing error in the digits passes it is out of the question.
    #[test]
    fn the_small_moduli_are_prime() {
        for group in [1, 5] {
            let bytes = modulus(group).unwrap();
            let prime = crate::modular::Modulus::new(&bytes).unwrap();
            let mut exponent = bytes.clone();
            *exponent.last_mut().unwrap() &= 0xfe;
            let one = prime.power(&[2], &exponent).unwrap();
            assert_eq!(crate::blob::strip_zeros(&one), [1], "group {group}");
        }
    }
}
