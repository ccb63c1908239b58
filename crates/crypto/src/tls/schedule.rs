use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::{Opener, Protection, Sealer};
use crate::{CryptoError, Hash};

type Secret = Zeroizing<Vec<u8>>;

/// The keys of a handshake of TLS 1.3, RFC 8446 section 7.1. Both ends compute the same.
pub struct HandshakeKeys {
    protection: Protection,
    handshake: Secret,
    client: Secret,
    server: Secret,
}

impl HandshakeKeys {
    /// From the shared secret and the hash over ClientHello to ServerHello, without a pre-shared key.
    ///
    /// # Errors
    /// The library fails.
    pub fn new(protection: Protection, shared: &[u8], hello_hash: &[u8]) -> Result<Self, CryptoError> {
        let hash = protection.hash;
        let zeros = vec![0; hash.length()];
        let early = extract(hash, &zeros, &zeros)?;
        let handshake = extract(hash, &derive(hash, &early, "derived", &hash.digest(&[]))?, shared)?;
        let client = derive(hash, &handshake, "c hs traffic", hello_hash)?;
        let server = derive(hash, &handshake, "s hs traffic", hello_hash)?;
        Ok(Self { protection, handshake, client, server })
    }

    /// Opens the server's handshake messages.
    ///
    /// # Errors
    /// The library fails.
    pub fn server_opener(&self) -> Result<Opener, CryptoError> {
        let (key, iv) = traffic(self.protection, &self.server)?;
        Opener::new(self.protection, &key, iv)
    }

    /// Protects the client's handshake messages.
    ///
    /// # Errors
    /// The library fails.
    pub fn client_sealer(&self) -> Result<Sealer, CryptoError> {
        let (key, iv) = traffic(self.protection, &self.client)?;
        Sealer::new(self.protection, &key, iv)
    }

    /// Opens the client's handshake messages.
    ///
    /// # Errors
    /// The library fails.
    pub fn client_opener(&self) -> Result<Opener, CryptoError> {
        let (key, iv) = traffic(self.protection, &self.client)?;
        Opener::new(self.protection, &key, iv)
    }

    /// Protects the server's handshake messages.
    ///
    /// # Errors
    /// The library fails.
    pub fn server_sealer(&self) -> Result<Sealer, CryptoError> {
        let (key, iv) = traffic(self.protection, &self.server)?;
        Sealer::new(self.protection, &key, iv)
    }

    /// The content of the client's Finished over this transcript, RFC 8446 section 4.4.4.
    ///
    /// # Errors
    /// The library fails.
    pub fn client_finished(&self, transcript_hash: &[u8]) -> Result<Vec<u8>, CryptoError> {
        finished(self.protection.hash, &self.client, transcript_hash)
    }

    /// The content that the server's Finished must have.
    ///
    /// # Errors
    /// The library fails.
    pub fn server_finished(&self, transcript_hash: &[u8]) -> Result<Vec<u8>, CryptoError> {
        finished(self.protection.hash, &self.server, transcript_hash)
    }

    /// Opens what the server sends after its Finished, and protects what the client sends after its own: the hash is over
    /// ClientHello to the server's Finished.
    ///
    /// # Errors
    /// The library fails.
    pub fn application(&self, transcript_hash: &[u8]) -> Result<(Opener, Sealer), CryptoError> {
        let [(server, server_iv), (client, client_iv)] = self.application_keys(transcript_hash)?;
        Ok((Opener::new(self.protection, &server, server_iv)?, Sealer::new(self.protection, &client, client_iv)?))
    }

    /// The same for the server: opens what the client sends after its Finished, and protects what the server sends after its
    /// own.
    ///
    /// # Errors
    /// The library fails.
    pub fn application_of_server(&self, transcript_hash: &[u8]) -> Result<(Opener, Sealer), CryptoError> {
        let [(server, server_iv), (client, client_iv)] = self.application_keys(transcript_hash)?;
        Ok((Opener::new(self.protection, &client, client_iv)?, Sealer::new(self.protection, &server, server_iv)?))
    }

    /// Key and initialisation vector of the server and of the client.
    fn application_keys(&self, transcript_hash: &[u8]) -> Result<[(Secret, Secret); 2], CryptoError> {
        let hash = self.protection.hash;
        let salt = derive(hash, &self.handshake, "derived", &hash.digest(&[]))?;
        let master = extract(hash, &salt, &vec![0; hash.length()])?;
        let keys = |label| traffic(self.protection, &derive(hash, &master, label, transcript_hash)?);
        Ok([keys("s ap traffic")?, keys("c ap traffic")?])
    }
}

fn finished(hash: Hash, secret: &[u8], transcript_hash: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = expand_label(hash, secret, "finished", &[], hash.length())?;
    Ok(mac(hash, &key, &[transcript_hash])?.to_vec())
}

fn traffic(protection: Protection, secret: &[u8]) -> Result<(Secret, Secret), CryptoError> {
    let key = expand_label(protection.hash, secret, "key", &[], protection.key_length())?;
    Ok((key, expand_label(protection.hash, secret, "iv", &[], 12)?))
}

/// Derive-Secret.
fn derive(hash: Hash, secret: &[u8], label: &str, transcript_hash: &[u8]) -> Result<Secret, CryptoError> {
    expand_label(hash, secret, label, transcript_hash, hash.length())
}

/// HKDF-Expand-Label. No output here is longer than the hash, so that one block is enough.
fn expand_label(hash: Hash, secret: &[u8], label: &str, context: &[u8], length: usize) -> Result<Secret, CryptoError> {
    let short = |length: usize| u8::try_from(length).map_err(|_| CryptoError::Library);
    let size = u16::try_from(length).map_err(|_| CryptoError::Library)?.to_be_bytes();
    let prefix = b"tls13 ";
    let label_length = [short(prefix.len() + label.len())?];
    let context_length = [short(context.len())?];
    let parts: [&[u8]; 7] = [&size, &label_length, prefix, label.as_bytes(), &context_length, context, &[1]];
    let block = mac(hash, secret, &parts)?;
    Ok(Zeroizing::new(block.get(..length).ok_or(CryptoError::Library)?.to_vec()))
}

/// HKDF-Extract.
fn extract(hash: Hash, salt: &[u8], input: &[u8]) -> Result<Secret, CryptoError> {
    mac(hash, salt, &[input])
}

fn mac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Result<Secret, CryptoError> {
    let algorithm = match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        _ => return Err(CryptoError::Library),
    };
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    parts.iter().for_each(|part| context.update(part));
    Ok(Zeroizing::new(context.sign().as_ref().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::bytes;

    // RFC 8448 section 3: shared secret, hash over ClientHello and ServerHello, and what follows from them.
    #[test]
    fn the_keys_of_the_simple_handshake_of_rfc_8448() {
        let shared = bytes("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
        let hellos = bytes("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8");
        let keys = HandshakeKeys::new(Protection::of(0x1301).unwrap(), &shared, &hellos).unwrap();
        assert_eq!(keys.server.to_vec(), bytes("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"));
        let (key, iv) = traffic(keys.protection, &keys.server).unwrap();
        assert_eq!(key.to_vec(), bytes("3fce516009c21727d0f2e4e86ee403bc"));
        assert_eq!(iv.to_vec(), bytes("5d313eb2671276ee13000b30"));
    }

    #[test]
    fn records_are_opened_by_the_other_end() {
        for suite in [0x1301, 0x1302, 0x1303, 0x1304, 0x1305] {
            let protection = Protection::of(suite).unwrap();
            let (key, iv) = (vec![7; protection.key_length()], || Zeroizing::new(vec![9; 12]));
            let mut sealer = Sealer::new(protection, &key, iv()).unwrap();
            let mut opener = Opener::new(protection, &key, iv()).unwrap();
            for content in [&b"abc"[..], b"", &[0; 100]] {
                let record = sealer.seal(22, content).unwrap();
                assert_eq!(opener.open(0x0303, &record[5..]).unwrap(), (22, content.to_vec()));
            }
            assert!(opener.open(0x0303, &[0; 40]).is_err());
        }
        assert!(Protection::of(0x1306).is_none());
    }
}
