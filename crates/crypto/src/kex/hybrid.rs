use aws_lc_rs::kem::{self, Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_768, ML_KEM_1024};
use zeroize::Zeroizing;

use super::Kem;
use crate::CryptoError;

/// A public key of sntrup761 that an SSH client made up and sent in the clear. Nobody knows its private half any more:
/// it only serves to have the server send its reply, with the host key in it.
const SNTRUP761_PUBLIC_KEY: &[u8; 1158] = include_bytes!("../../data/sntrup761-public-key.bin");

/// The client's half of a key encapsulation.
pub(crate) enum KemKey {
    MlKem { kem: Kem, key: Box<DecapsulationKey> },
    Sntrup761,
}

impl KemKey {
    pub(crate) fn generate(kem: Kem) -> Result<Self, CryptoError> {
        Ok(match algorithm(kem) {
            Some(algorithm) => {
                let key = DecapsulationKey::generate(algorithm).map_err(|_| CryptoError::Random)?;
                Self::MlKem { kem, key: Box::new(key) }
            }
            None => Self::Sntrup761,
        })
    }

    pub(crate) fn public(&self) -> Result<Vec<u8>, CryptoError> {
        match self {
            Self::MlKem { key, .. } => {
                let public = key.encapsulation_key().map_err(|_| CryptoError::Library)?;
                Ok(public.key_bytes().map_err(|_| CryptoError::Library)?.as_ref().to_vec())
            }
            Self::Sntrup761 => Ok(SNTRUP761_PUBLIC_KEY.to_vec()),
        }
    }

    /// `None` where the secret cannot be derived.
    pub(crate) fn decapsulate(&self, ciphertext: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, CryptoError> {
        match self {
            Self::MlKem { key, .. } => {
                let secret = key
                    .decapsulate(Ciphertext::from(ciphertext))
                    .map_err(|_| CryptoError::public_value("the ciphertext cannot be decapsulated"))?;
                Ok(Some(Zeroizing::new(secret.as_ref().to_vec())))
            }
            Self::Sntrup761 => Ok(None),
        }
    }

    pub(crate) fn kem(&self) -> Kem {
        match self {
            Self::MlKem { kem, .. } => *kem,
            Self::Sntrup761 => Kem::Sntrup761,
        }
    }
}

/// The server's half of a key encapsulation.
pub(crate) struct Encapsulated {
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) secret: Zeroizing<Vec<u8>>,
}

pub(crate) fn encapsulate(kem: Kem, public: &[u8]) -> Result<Encapsulated, CryptoError> {
    let Some(algorithm) = algorithm(kem) else {
        let (ciphertext, secret) = super::sntrup761::encapsulate(public)?;
        return Ok(Encapsulated { ciphertext, secret });
    };
    let bad = || CryptoError::public_value("it is not a public key of the encapsulation");
    let key = EncapsulationKey::new(algorithm, public).map_err(|_| bad())?;
    let (ciphertext, secret) = key.encapsulate().map_err(|_| bad())?;
    let secret = Zeroizing::new(secret.as_ref().to_vec());
    Ok(Encapsulated { ciphertext: ciphertext.as_ref().to_vec(), secret })
}

/// The lengths of public key and ciphertext in bytes.
pub(crate) fn lengths(kem: Kem) -> (usize, usize) {
    match kem {
        Kem::MlKem768 => (1184, 1088),
        Kem::MlKem1024 => (1568, 1568),
        Kem::Sntrup761 => (1158, 1039),
    }
}

fn algorithm(kem: Kem) -> Option<&'static kem::Algorithm> {
    match kem {
        Kem::MlKem768 => Some(&ML_KEM_768),
        Kem::MlKem1024 => Some(&ML_KEM_1024),
        Kem::Sntrup761 => None,
    }
}
