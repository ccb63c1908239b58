use zeroize::Zeroizing;

use crate::CryptoError;
use crate::kex::elliptic::{EllipticKey, public_length};
use crate::kex::hybrid::{KemKey, lengths};
use crate::kex::{Curve, Kem};

/// Which values a group's key share is made of, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Curve(Curve),
    Kem(Kem),
    CurveThenKem(Curve, Kem),
    KemThenCurve(Kem, Curve),
}

/// The groups whose shared secret can be computed here, by their number in IANA's registry "TLS Supported Groups".
const GROUPS: [(u16, Form); 9] = [
    // RFC 8446 section 4.2.7.
    (0x001d, Form::Curve(Curve::X25519)),
    (0x0017, Form::Curve(Curve::P256)),
    (0x0018, Form::Curve(Curve::P384)),
    (0x0019, Form::Curve(Curve::P521)),
    // draft-ietf-tls-ecdhe-mlkem section 3.
    (0x11ec, Form::KemThenCurve(Kem::MlKem768, Curve::X25519)),
    (0x11eb, Form::CurveThenKem(Curve::P256, Kem::MlKem768)),
    (0x11ed, Form::CurveThenKem(Curve::P384, Kem::MlKem1024)),
    // draft-ietf-tls-mlkem section 3.
    (0x0201, Form::Kem(Kem::MlKem768)),
    (0x0202, Form::Kem(Kem::MlKem1024)),
];

/// That of a group; `None` where it is not implemented.
pub(super) fn form(group: u16) -> Option<Form> {
    GROUPS.iter().find(|(number, _)| *number == group).map(|(_, form)| *form)
}

/// The groups for which [`KeyShareSecret::generate`] has an answer.
pub fn groups() -> impl Iterator<Item = u16> {
    GROUPS.iter().map(|(number, _)| *number)
}

/// The client's half of a key share.
pub struct KeyShareSecret {
    group: u16,
    form: Form,
    curve: Option<EllipticKey>,
    kem: Option<KemKey>,
    public: Vec<u8>,
}

impl KeyShareSecret {
    /// A fresh key of this group; `None` where the group is not implemented.
    ///
    /// # Errors
    /// The library or the random source fails.
    pub fn generate(group: u16) -> Result<Option<Self>, CryptoError> {
        let Some(form) = form(group) else { return Ok(None) };
        let (curve, kem) = match form {
            Form::Curve(curve) => (Some(curve), None),
            Form::Kem(kem) => (None, Some(kem)),
            Form::CurveThenKem(curve, kem) | Form::KemThenCurve(kem, curve) => (Some(curve), Some(kem)),
        };
        let curve = curve.map(EllipticKey::generate).transpose()?;
        let kem = kem.map(KemKey::generate).transpose()?;
        let point = curve.as_ref().map(EllipticKey::public).transpose()?.unwrap_or_default();
        let encapsulation = kem.as_ref().map(KemKey::public).transpose()?.unwrap_or_default();
        let public = match form {
            Form::KemThenCurve(..) => [encapsulation, point].concat(),
            _ => [point, encapsulation].concat(),
        };
        Ok(Some(Self { group, form, curve, kem, public }))
    }

    /// The group's number.
    pub fn group(&self) -> u16 {
        self.group
    }

    /// What goes into `key_share`.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The shared secret, from the server's share.
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where the server's value is wrong.
    pub fn agree(&self, server: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let ciphertext = self.kem.as_ref().map_or(0, |kem| lengths(kem.kem()).1);
        let point = match self.form {
            Form::Curve(curve) | Form::CurveThenKem(curve, _) | Form::KemThenCurve(_, curve) => public_length(curve),
            Form::Kem(_) => 0,
        };
        let expected = ciphertext + point;
        let wrong = || CryptoError::public_value(format!("it has {} bytes instead of {expected}", server.len()));
        if server.len() != expected {
            return Err(wrong());
        }
        let kem_first = matches!(self.form, Form::KemThenCurve(..));
        let (first, second) = server.split_at_checked(if kem_first { ciphertext } else { point }).ok_or_else(wrong)?;
        let (point, ciphertext) = if kem_first { (second, first) } else { (first, second) };
        let classical = self.curve.as_ref().map(|key| key.agree(point)).transpose()?;
        let quantum = match &self.kem {
            Some(kem) => Some(kem.decapsulate(ciphertext)?.ok_or(CryptoError::Library)?),
            None => None,
        };
        let parts = if kem_first { [quantum, classical] } else { [classical, quantum] };
        let mut secret = Zeroizing::new(Vec::with_capacity(128));
        for part in parts.into_iter().flatten() {
            secret.extend_from_slice(&part);
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kex::hybrid::encapsulate;

    #[test]
    fn curves_agree_with_themselves() {
        for group in [0x001d, 0x0017, 0x0018, 0x0019] {
            let (one, other) = (KeyShareSecret::generate(group).unwrap(), KeyShareSecret::generate(group).unwrap());
            let (one, other) = (one.unwrap(), other.unwrap());
            assert_eq!(one.agree(other.public()).unwrap(), other.agree(one.public()).unwrap());
            assert!(one.agree(&[]).is_err() && one.agree(&[4; 65]).is_err());
        }
        assert!(KeyShareSecret::generate(0x0100).unwrap().is_none());
    }

    #[test]
    fn hybrids_join_both_secrets_in_the_order_of_their_name() {
        for (group, kem, curve, kem_first) in [
            (0x11ec, Kem::MlKem768, Curve::X25519, true),
            (0x11eb, Kem::MlKem768, Curve::P256, false),
            (0x11ed, Kem::MlKem1024, Curve::P384, false),
        ] {
            let client = KeyShareSecret::generate(group).unwrap().unwrap();
            let (key, point) = (lengths(kem).0, public_length(curve));
            assert_eq!(client.public().len(), key + point);
            let (theirs_kem, theirs_point) = if kem_first {
                client.public().split_at(key)
            } else {
                let (point, key) = client.public().split_at(point);
                (key, point)
            };
            let server = EllipticKey::generate(curve).unwrap();
            let sealed = encapsulate(kem, theirs_kem).unwrap();
            let classical = server.agree(theirs_point).unwrap();
            let (share, expected) = if kem_first {
                ([sealed.ciphertext, server.public().unwrap()].concat(), [sealed.secret, classical])
            } else {
                ([server.public().unwrap(), sealed.ciphertext].concat(), [classical, sealed.secret])
            };
            let [first, second] = expected;
            assert_eq!(client.agree(&share).unwrap().to_vec(), [first.to_vec(), second.to_vec()].concat());
        }
    }
}
