use zeroize::Zeroizing;

use super::elliptic::{EllipticKey, public_length};
use super::finite_field::FieldKey;
use super::hybrid::{KemKey, lengths};
use super::{Family, SharedSecret, group, method};
use crate::{CryptoError, Hash};
use shakedown_model::Name;

/// The client's half of a key exchange, from its public value to the shared secret.
pub struct ClientExchange {
    method: Name,
    hash: Hash,
    public: Vec<u8>,
    key: Key,
}

enum Key {
    Elliptic(EllipticKey),
    Field(Box<FieldKey>),
    Hybrid { kem: KemKey, curve: super::Curve, elliptic: EllipticKey },
}

impl ClientExchange {
    /// Begins the exchange of that method. A group exchange begins with [`Self::start_group`] instead, once the server
    /// has sent its group.
    ///
    /// # Errors
    /// [`CryptoError::UnknownMethod`], or a failure of the library.
    pub fn start(name: &str) -> Result<Self, CryptoError> {
        let unknown = || CryptoError::UnknownMethod { method: Name::new(name) };
        let info = method(name).ok_or_else(unknown)?;
        let (public, key) = match info.family {
            Family::Ecdh { curve } => {
                let key = EllipticKey::generate(curve)?;
                (key.public()?, Key::Elliptic(key))
            }
            Family::FiniteField { group: number } => {
                let group = group(number).ok_or_else(unknown)?;
                let key = FieldKey::generate(&group.modulus(), &group.generator())?;
                (key.public().to_vec(), Key::Field(Box::new(key)))
            }
            Family::GroupExchange => return Err(unknown()),
            Family::Hybrid { kem, curve } => {
                let (kem, elliptic) = (KemKey::generate(kem)?, EllipticKey::generate(curve)?);
                let mut public = kem.public()?;
                public.extend(elliptic.public()?);
                (public, Key::Hybrid { kem, curve, elliptic })
            }
        };
        Ok(Self { method: Name::new(name), hash: info.hash, public, key })
    }

    /// Begins a group exchange in the server's group (RFC 4419 section 3): modulus and generator, most significant byte
    /// first.
    ///
    /// # Errors
    /// [`CryptoError::Group`] where the group cannot be used.
    pub fn start_group(p: &[u8], g: &[u8], hash: Hash) -> Result<Self, CryptoError> {
        let key = FieldKey::generate(p, g)?;
        let method = Name::new("diffie-hellman-group-exchange");
        Ok(Self { method, hash, public: key.public().to_vec(), key: Key::Field(Box::new(key)) })
    }

    /// The public value: Q_C or C_INIT as it goes into a string; for finite fields the unsigned number e, to be written
    /// as mpint.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The hash over the exchange.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The shared secret, from the server's public value (Q_S, S_REPLY or the unsigned number f).
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where the server's value is wrong; [`CryptoError::CannotDerive`] where it is right
    /// but its secret cannot be computed here.
    pub fn finish(self, server_public: &[u8]) -> Result<SharedSecret, CryptoError> {
        match &self.key {
            Key::Elliptic(key) => Ok(SharedSecret::Mpint(key.agree(server_public)?)),
            Key::Field(key) => Ok(SharedSecret::Mpint(key.agree(server_public)?)),
            Key::Hybrid { kem, curve, elliptic } => {
                let (_, ciphertext) = lengths(kem.kem());
                let expected = ciphertext + public_length(*curve);
                if server_public.len() != expected {
                    let length = server_public.len();
                    return Err(CryptoError::public_value(format!("it has {length} bytes instead of {expected}")));
                }
                let (ciphertext, point) = server_public.split_at(ciphertext);
                let classical = elliptic.agree(point)?;
                let Some(quantum) = kem.decapsulate(ciphertext)? else {
                    return Err(CryptoError::CannotDerive { method: self.method.clone() });
                };
                Ok(combine(self.hash, &quantum, &classical))
            }
        }
    }
}

/// K of a hybrid method: the hash of both secrets, the encapsulated one first.
pub(super) fn combine(hash: Hash, quantum: &[u8], classical: &[u8]) -> SharedSecret {
    SharedSecret::String(Zeroizing::new(hash.digest(&[quantum, classical])))
}
