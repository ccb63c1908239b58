use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519};
use zeroize::Zeroizing;

use super::Curve;
use crate::CryptoError;

/// One end of an exchange on an elliptic curve.
pub(crate) struct EllipticKey {
    curve: Curve,
    private: PrivateKey,
}

impl EllipticKey {
    pub(crate) fn generate(curve: Curve) -> Result<Self, CryptoError> {
        Ok(Self { curve, private: PrivateKey::generate(algorithm(curve)).map_err(|_| CryptoError::Random)? })
    }

    /// A point in uncompressed form, or the 32 bytes of X25519.
    pub(crate) fn public(&self) -> Result<Vec<u8>, CryptoError> {
        Ok(self.private.compute_public_key().map_err(|_| CryptoError::Library)?.as_ref().to_vec())
    }

    pub(crate) fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let length = public_length(self.curve);
        if peer.len() != length {
            return Err(CryptoError::public_value(format!("it has {} bytes instead of {length}", peer.len())));
        }
        let error = || CryptoError::public_value("it is not a point of the curve, or one of small order");
        if self.curve != Curve::X25519 && peer.first() != Some(&4) {
            return Err(CryptoError::public_value("the point is not in uncompressed form"));
        }
        agreement::agree(&self.private, UnparsedPublicKey::new(algorithm(self.curve), peer), error(), |secret| {
            Ok(Zeroizing::new(secret.to_vec()))
        })
    }
}

/// The length of a public value in bytes.
pub(crate) fn public_length(curve: Curve) -> usize {
    match curve {
        Curve::X25519 => 32,
        Curve::P256 => 65,
        Curve::P384 => 97,
        Curve::P521 => 133,
    }
}

fn algorithm(curve: Curve) -> &'static agreement::Algorithm {
    match curve {
        Curve::X25519 => &X25519,
        Curve::P256 => &ECDH_P256,
        Curve::P384 => &ECDH_P384,
        Curve::P521 => &ECDH_P521,
    }
}
