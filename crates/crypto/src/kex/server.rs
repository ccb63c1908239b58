use super::client::combine;
use super::elliptic::{EllipticKey, public_length};
use super::finite_field::FieldKey;
use super::hybrid::{encapsulate, lengths};
use super::{Family, SharedSecret, group, method};
use crate::CryptoError;
use shakedown_model::Name;

/// The server's half of a key exchange, which has no state: it answers the client's public value at once.
pub struct ServerExchange;

impl ServerExchange {
    /// The server's public value and the shared secret. A group exchange is answered by [`Self::respond_group`].
    ///
    /// # Errors
    /// [`CryptoError::UnknownMethod`], or [`CryptoError::PublicValue`] where the client's value is wrong.
    pub fn respond(name: &str, client_public: &[u8]) -> Result<(Vec<u8>, SharedSecret), CryptoError> {
        let unknown = || CryptoError::UnknownMethod { method: Name::new(name) };
        let info = method(name).ok_or_else(unknown)?;
        match info.family {
            Family::Ecdh { curve } => {
                let key = EllipticKey::generate(curve)?;
                let secret = key.agree(client_public)?;
                Ok((key.public()?, SharedSecret::Mpint(secret)))
            }
            Family::FiniteField { group: number } => {
                let group = group(number).ok_or_else(unknown)?;
                Self::respond_group(&group.modulus(), &group.generator(), client_public)
            }
            Family::GroupExchange => Err(unknown()),
            Family::Hybrid { kem, curve } => {
                let (public, _) = lengths(kem);
                let expected = public + public_length(curve);
                if client_public.len() != expected {
                    let length = client_public.len();
                    return Err(CryptoError::public_value(format!("it has {length} bytes instead of {expected}")));
                }
                let (public, point) = client_public.split_at(public);
                let key = EllipticKey::generate(curve)?;
                let classical = key.agree(point)?;
                let encapsulated = encapsulate(kem, public)?;
                let mut reply = encapsulated.ciphertext;
                reply.extend(key.public()?);
                Ok((reply, combine(info.hash, &encapsulated.secret, &classical)))
            }
        }
    }

    /// The server's public value and the shared secret of a group exchange in this group (numbers, most significant byte
    /// first).
    ///
    /// # Errors
    /// [`CryptoError::Group`] where the group cannot be used, [`CryptoError::PublicValue`] where the client's value is
    /// wrong.
    pub fn respond_group(p: &[u8], g: &[u8], client_public: &[u8]) -> Result<(Vec<u8>, SharedSecret), CryptoError> {
        let key = FieldKey::generate(p, g)?;
        let secret = key.agree(client_public)?;
        Ok((key.public().to_vec(), SharedSecret::Mpint(secret)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ClientExchange, methods};
    use super::*;
    use crate::Hash;

    fn agree(name: &str) {
        let client = ClientExchange::start(name).unwrap();
        let (public, server) = ServerExchange::respond(name, client.public()).unwrap();
        let client = client.finish(&public).unwrap();
        assert_eq!(client.to_wire(), server.to_wire(), "{name}");
    }

    #[test]
    fn both_ends_agree_in_every_method() {
        // Group 18 alone would take seconds without optimisation; its arithmetic is that of the others.
        let small = |name: &str| !name.contains("group17") && !name.contains("group18");
        for info in methods().iter().filter(|info| info.derives() && info.family != Family::GroupExchange) {
            if small(info.name) {
                agree(info.name);
            }
        }
    }

    #[test]
    fn both_ends_agree_in_an_exchanged_group() {
        let group = group(14).unwrap();
        let (p, g) = (group.modulus(), group.generator());
        let client = ClientExchange::start_group(&p, &g, Hash::Sha256).unwrap();
        let (public, server) = ServerExchange::respond_group(&p, &g, client.public()).unwrap();
        assert_eq!(client.finish(&public).unwrap().to_wire(), server.to_wire());
    }

    #[test]
    fn wrong_public_values_are_refused() {
        for name in ["curve25519-sha256", "ecdh-sha2-nistp256", "mlkem768x25519-sha256", "diffie-hellman-group1-sha1"] {
            let client = ClientExchange::start(name).unwrap();
            let zeros = vec![0; client.public().len()];
            assert!(matches!(client.finish(&zeros), Err(CryptoError::PublicValue { .. })), "{name}");
            let client = ClientExchange::start(name).unwrap();
            assert!(matches!(client.finish(&[]), Err(CryptoError::PublicValue { .. })), "{name}");
        }
    }

    #[test]
    fn bad_groups_are_refused() {
        for (p, g) in
            [(vec![0xff; 128], 0), (vec![0xfe; 128], 2), (vec![0xff; 8], 2), (vec![0xff; 4096], 2), (vec![], 2)]
        {
            let result = ClientExchange::start_group(&p, &[g], Hash::Sha1);
            assert!(matches!(result.err(), Some(CryptoError::Group { .. })));
        }
    }

    #[test]
    fn sntrup761_sends_a_key_and_derives_nothing() {
        let client = ClientExchange::start("sntrup761x25519-sha512@openssh.com").unwrap();
        assert_eq!(client.public().len(), 1158 + 32);
        let mut reply = vec![7; 1039];
        reply.extend(EllipticKey::generate(super::super::Curve::X25519).unwrap().public().unwrap());
        assert!(matches!(client.finish(&reply), Err(CryptoError::CannotDerive { .. })));
    }
}
