use zeroize::Zeroizing;

use super::ffdhe;
use super::share::{Form, form};
use super::x448::X448Key;
use crate::CryptoError;
use crate::blob::strip_zeros;
use crate::kex::elliptic::{EllipticKey, public_length};
use crate::kex::finite_field::FieldKey;
use crate::kex::hybrid::{encapsulate, lengths};
use crate::kex::{Curve, Kem};

/// The number of X448 in IANA's registry "TLS Supported Groups".
const X448: u16 = 0x001e;

/// What a server of TLS 1.3 answers to a client's key share.
pub struct ShareAnswer {
    /// What goes into the server's `key_share`.
    pub public: Vec<u8>,
    /// The shared secret.
    pub secret: Zeroizing<Vec<u8>>,
}

/// Whether [`answer_share`] has an answer for a group.
pub fn answers_group(group: u16) -> bool {
    group == X448 || form(group).is_some() || ffdhe::modulus(group).is_some()
}

/// The server's answer to a key share of the client's; `None` where the group is not implemented.
///
/// # Errors
/// [`CryptoError::PublicValue`] where the client's value is wrong; the library or the random source fails.
pub fn answer_share(group: u16, client: &[u8]) -> Result<Option<ShareAnswer>, CryptoError> {
    if group == X448 {
        let key = X448Key::generate()?;
        return Ok(Some(ShareAnswer { secret: key.agree(client)?, public: key.public()? }));
    }
    if let Some(modulus) = ffdhe::modulus(group) {
        return finite_field(&modulus, client).map(Some);
    }
    let Some(form) = form(group) else { return Ok(None) };
    let with_curve = |curve: Curve, point: &[u8]| -> Result<ShareAnswer, CryptoError> {
        let key = EllipticKey::generate(curve)?;
        Ok(ShareAnswer { secret: key.agree(point)?, public: key.public()? })
    };
    let with_kem = |kem: Kem, public: &[u8]| -> Result<ShareAnswer, CryptoError> {
        let sealed = encapsulate(kem, public)?;
        Ok(ShareAnswer { secret: sealed.secret, public: sealed.ciphertext })
    };
    let split = |first: usize, second: usize| {
        let wrong =
            || CryptoError::public_value(format!("it has {} bytes instead of {}", client.len(), first + second));
        if client.len() == first + second { client.split_at_checked(first).ok_or_else(wrong) } else { Err(wrong()) }
    };
    let (one, other) = match form {
        Form::Curve(curve) => return with_curve(curve, client).map(Some),
        Form::Kem(kem) => return with_kem(kem, client).map(Some),
        Form::CurveThenKem(curve, kem) => {
            let (point, key) = split(public_length(curve), lengths(kem).0)?;
            (with_curve(curve, point)?, with_kem(kem, key)?)
        }
        Form::KemThenCurve(kem, curve) => {
            let (key, point) = split(lengths(kem).0, public_length(curve))?;
            (with_kem(kem, key)?, with_curve(curve, point)?)
        }
    };
    let mut secret = Zeroizing::new(Vec::with_capacity(128));
    secret.extend_from_slice(&one.secret);
    secret.extend_from_slice(&other.secret);
    Ok(Some(ShareAnswer { public: [one.public, other.public].concat(), secret }))
}

/// Public values and secret have the length of the prime (RFC 8446 sections 4.2.8.1 and 7.4.1).
fn finite_field(modulus: &[u8], client: &[u8]) -> Result<ShareAnswer, CryptoError> {
    if client.len() != modulus.len() {
        let what = format!("it has {} bytes instead of {}", client.len(), modulus.len());
        return Err(CryptoError::public_value(what));
    }
    let key = FieldKey::generate(modulus, &[2])?;
    let secret = key.agree(client)?;
    let mut public = vec![0; modulus.len().saturating_sub(key.public().len())];
    public.extend_from_slice(key.public());
    Ok(ShareAnswer { public, secret })
}

/// One end of an exchange on a named curve below TLS 1.3.
pub struct CurveKey(Either);

enum Either {
    Library(EllipticKey),
    X448(X448Key),
}

impl CurveKey {
    /// A fresh key; `None` where the group is no curve, or not implemented.
    ///
    /// # Errors
    /// The random source fails.
    pub fn generate(group: u16) -> Result<Option<Self>, CryptoError> {
        if group == X448 {
            return Ok(Some(Self(Either::X448(X448Key::generate()?))));
        }
        let Some(Form::Curve(curve)) = form(group) else { return Ok(None) };
        Ok(Some(Self(Either::Library(EllipticKey::generate(curve)?))))
    }

    /// The public value: a point, or the bytes of X25519 and X448.
    ///
    /// # Errors
    /// The library fails.
    pub fn public(&self) -> Result<Vec<u8>, CryptoError> {
        match &self.0 {
            Either::Library(key) => key.public(),
            Either::X448(key) => key.public(),
        }
    }

    /// The premaster secret.
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where the peer's value is wrong.
    pub fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match &self.0 {
            Either::Library(key) => key.agree(peer),
            Either::X448(key) => key.agree(peer),
        }
    }
}

/// One end of a finite-field exchange below TLS 1.3.
pub struct DhKey(FieldKey);

impl DhKey {
    /// A fresh key of this group.
    ///
    /// # Errors
    /// [`CryptoError::Group`] where the group cannot be used.
    pub fn generate(p: &[u8], g: &[u8]) -> Result<Self, CryptoError> {
        FieldKey::generate(p, g).map(Self)
    }

    /// The public value.
    pub fn public(&self) -> &[u8] {
        self.0.public()
    }

    /// The premaster secret, without leading zeros (RFC 5246 section 8.1.2).
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where the peer's value is wrong.
    pub fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        Ok(Zeroizing::new(strip_zeros(&self.0.agree(peer)?).to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::KeyShareSecret;

    #[test]
    fn clients_come_to_the_same_secret() {
        for group in crate::tls::groups() {
            let client = KeyShareSecret::generate(group).unwrap().unwrap();
            let answer = answer_share(group, client.public()).unwrap().unwrap();
            assert_eq!(client.agree(&answer.public).unwrap(), answer.secret, "{group:#06x}");
            assert!(answers_group(group) && answer_share(group, &[4; 3]).is_err());
        }
        let x448 = CurveKey::generate(X448).unwrap().unwrap();
        let answer = answer_share(X448, &x448.public().unwrap()).unwrap().unwrap();
        assert_eq!((x448.agree(&answer.public).unwrap(), answer.public.len()), (answer.secret, 56));
        assert!(!answers_group(0x001a) && answer_share(0x001a, &[]).unwrap().is_none());
    }

    #[test]
    fn finite_fields_keep_their_length_in_tls_1_3_only() {
        for (group, bits) in [(0x0100, 2048), (0x0101, 3072), (0x0102, 4096), (0x0103, 6144), (0x0104, 8192)] {
            let modulus = ffdhe::modulus(group).unwrap();
            assert_eq!(modulus.len() * 8, bits);
        }
        let modulus = ffdhe::modulus(0x0100).unwrap();
        let client = DhKey::generate(&modulus, &[2]).unwrap();
        let mut public = vec![0; modulus.len() - client.public().len()];
        public.extend_from_slice(client.public());
        let answer = answer_share(0x0100, &public).unwrap().unwrap();
        assert_eq!((answer.public.len(), answer.secret.len()), (256, 256));
        let secret = client.agree(&answer.public).unwrap();
        assert_eq!(secret.as_slice(), strip_zeros(&answer.secret));
    }
}
