use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use shakedown_model::tls::Suite;
use zeroize::Zeroizing;

use super::Prf;
use crate::ike::hmac;
use crate::{CryptoError, Hash};

type Secret = Zeroizing<Vec<u8>>;

/// The length of `verify_data` up to TLS 1.2.
const FINISHED: usize = 12;
const BLOCK: usize = 16;

/// The protection of a suite of TLS 1.0 to 1.2 that is computed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyCipher {
    cipher: Cipher,
    /// The hash of the records' HMAC; none beside an AEAD cipher.
    mac: Option<Hash>,
    /// The hash of the PRF of TLS 1.2.
    prf: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    Aes128Cbc,
    Aes256Cbc,
    Null,
}

impl Cipher {
    fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 | Self::Aes256Cbc => 32,
            Self::Null => 0,
        }
    }

    fn aead(self) -> Option<&'static Algorithm> {
        match self {
            Self::Aes128Gcm => Some(&AES_128_GCM),
            Self::Aes256Gcm => Some(&AES_256_GCM),
            Self::ChaCha20Poly1305 => Some(&CHACHA20_POLY1305),
            Self::Aes128Cbc | Self::Aes256Cbc | Self::Null => None,
        }
    }

    fn is_cbc(self) -> bool {
        matches!(self, Self::Aes128Cbc | Self::Aes256Cbc)
    }
}

impl LegacyCipher {
    /// That of a suite by IANA's name; `None` where its cipher is not computed here (3DES, RC4, Camellia, CCM, ...).
    pub fn of(suite: &str) -> Option<Self> {
        let suite = Suite::parse(suite).filter(|suite| !suite.tls13)?;
        let cipher = match suite.cipher {
            "AES_128_GCM" => Cipher::Aes128Gcm,
            "AES_256_GCM" => Cipher::Aes256Gcm,
            "CHACHA20_POLY1305" => Cipher::ChaCha20Poly1305,
            "AES_128_CBC" => Cipher::Aes128Cbc,
            "AES_256_CBC" => Cipher::Aes256Cbc,
            "NULL" => Cipher::Null,
            _ => return None,
        };
        let digest = match suite.digest {
            "MD5" => Hash::Md5,
            "SHA" => Hash::Sha1,
            "SHA256" => Hash::Sha256,
            "SHA384" => Hash::Sha384,
            _ => return None,
        };
        let prf = if digest == Hash::Sha384 { Hash::Sha384 } else { Hash::Sha256 };
        Some(Self { cipher, mac: cipher.aead().is_none().then_some(digest), prf })
    }

    /// The pseudo-random function in a version.
    pub fn prf(self, version: u16) -> Prf {
        if version < 0x0303 { Prf::Md5Sha1 } else { Prf::Hash(self.prf) }
    }

    /// Whether `encrypt_then_mac` makes a difference: only with CBC (RFC 7366 section 3).
    pub fn is_cbc(self) -> bool {
        self.cipher.is_cbc()
    }
}

/// The keys of a connection of TLS 1.0 to 1.2. Both ends compute the same. Has no `Debug`; wiped when dropped.
pub struct LegacyKeys {
    cipher: LegacyCipher,
    version: u16,
    prf: Prf,
    master: Secret,
    client_random: [u8; 32],
    server_random: [u8; 32],
}

impl LegacyKeys {
    /// From the secret of the key exchange. `session_hash` is over the messages up to ClientKeyExchange, where
    /// `extended_master_secret` is agreed on (RFC 7627 section 4).
    pub fn new(
        cipher: LegacyCipher,
        version: u16,
        premaster: &[u8],
        client_random: [u8; 32],
        server_random: [u8; 32],
        session_hash: Option<&[u8]>,
    ) -> Self {
        let prf = cipher.prf(version);
        let master = match session_hash {
            Some(hash) => prf.compute(premaster, "extended master secret", &[hash], 48),
            None => prf.compute(premaster, "master secret", &[&client_random, &server_random], 48),
        };
        Self { cipher, version, prf, master, client_random, server_random }
    }

    /// The content of the client's Finished over the hash of the messages before it.
    pub fn client_finished(&self, transcript_hash: &[u8]) -> Vec<u8> {
        self.prf.compute(&self.master, "client finished", &[transcript_hash], FINISHED).to_vec()
    }

    /// The content of the server's Finished.
    pub fn server_finished(&self, transcript_hash: &[u8]) -> Vec<u8> {
        self.prf.compute(&self.master, "server finished", &[transcript_hash], FINISHED).to_vec()
    }

    /// The protection of what the client and of what the server sends.
    ///
    /// # Errors
    /// The library fails.
    pub fn records(&self, encrypt_then_mac: bool) -> Result<(LegacyRecords, LegacyRecords), CryptoError> {
        let mac = self.cipher.mac.map_or(0, Hash::length);
        let key = self.cipher.cipher.key_length();
        let iv = match self.cipher.cipher {
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => 4,
            Cipher::ChaCha20Poly1305 => 12,
            Cipher::Aes128Cbc | Cipher::Aes256Cbc if self.version < 0x0302 => BLOCK,
            _ => 0,
        };
        let seed: [&[u8]; 2] = [&self.server_random, &self.client_random];
        let block = self.prf.compute(&self.master, "key expansion", &seed, 2 * (mac + key + iv));
        let mut rest = block.as_slice();
        let mut next = |length: usize| -> Result<Secret, CryptoError> {
            let (part, after) = rest.split_at_checked(length).ok_or(CryptoError::Library)?;
            rest = after;
            Ok(Zeroizing::new(part.to_vec()))
        };
        let (client_mac, server_mac) = (next(mac)?, next(mac)?);
        let (client_key, server_key) = (next(key)?, next(key)?);
        let (client_iv, server_iv) = (next(iv)?, next(iv)?);
        let make = |mac_key, key, iv| LegacyRecords {
            cipher: self.cipher,
            version: self.version,
            encrypt_then_mac: encrypt_then_mac && self.cipher.is_cbc(),
            mac_key,
            key,
            iv,
            sequence: 0,
        };
        Ok((make(client_mac, client_key, client_iv), make(server_mac, server_key, server_iv)))
    }
}

/// Protects or opens the records of one direction of TLS 1.0 to 1.2. Has no `Debug`; keys are wiped when dropped.
pub struct LegacyRecords {
    cipher: LegacyCipher,
    version: u16,
    encrypt_then_mac: bool,
    mac_key: Secret,
    key: Secret,
    /// The implicit part of the nonce; with CBC in TLS 1.0 the last block of the record before.
    iv: Secret,
    sequence: u64,
}

impl LegacyRecords {
    /// The fragment of a protected record. The content must be at most 2^14 bytes.
    ///
    /// # Errors
    /// The content is too long, or the library fails.
    pub fn seal(&mut self, content_type: u8, content: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let sequence = self.next()?;
        if let Some(algorithm) = self.cipher.cipher.aead() {
            let header = self.header(sequence, content_type, content.len())?;
            let mut sealed = content.to_vec();
            let (explicit, nonce) = self.nonce(&sequence);
            let key = self.aead_key(algorithm)?;
            key.seal_in_place_append_tag(nonce, Aad::from(header), &mut sealed).map_err(|_| CryptoError::Library)?;
            return Ok([explicit, sealed].concat());
        }
        let mut plain = content.to_vec();
        if !self.encrypt_then_mac {
            plain.extend(self.checksum(sequence, content_type, content)?);
        }
        let mut fragment = if self.cipher.is_cbc() { self.encrypt(plain)? } else { plain };
        if self.encrypt_then_mac {
            fragment.extend(self.checksum(sequence, content_type, &fragment)?);
        }
        Ok(fragment)
    }

    /// The content of a protected record.
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where the record was not made with this key.
    pub fn open(&mut self, content_type: u8, fragment: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let wrong = || CryptoError::public_value("the record cannot be decrypted");
        let sequence = self.next()?;
        if let Some(algorithm) = self.cipher.cipher.aead() {
            let gcm = self.cipher.cipher != Cipher::ChaCha20Poly1305;
            let (explicit, sealed) = fragment.split_at_checked(if gcm { 8 } else { 0 }).ok_or_else(wrong)?;
            let explicit = if gcm { explicit } else { sequence.as_slice() };
            let (_, nonce) = self.nonce(explicit.try_into().map_err(|_| wrong())?);
            let length = sealed.len().checked_sub(algorithm.tag_len()).ok_or_else(wrong)?;
            let header = self.header(sequence, content_type, length)?;
            let mut buffer = sealed.to_vec();
            let key = self.aead_key(algorithm)?;
            let plain = key.open_in_place(nonce, Aad::from(header), &mut buffer).map_err(|_| wrong())?;
            return Ok(plain.to_vec());
        }
        let mac_length = self.cipher.mac.map_or(0, Hash::length);
        let split = |bytes: &[u8]| -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
            let length = bytes.len().checked_sub(mac_length).ok_or_else(wrong)?;
            let (content, mac) = bytes.split_at_checked(length).ok_or_else(wrong)?;
            Ok((content.to_vec(), mac.to_vec()))
        };
        let (content, mac, expected) = if self.encrypt_then_mac {
            let (sealed, mac) = split(fragment)?;
            let expected = self.checksum(sequence, content_type, &sealed)?;
            (self.decrypt(&sealed)?, mac, expected)
        } else {
            let plain = if self.cipher.is_cbc() { self.decrypt(fragment)? } else { fragment.to_vec() };
            let (content, mac) = split(&plain)?;
            let expected = self.checksum(sequence, content_type, &content)?;
            (content, mac, expected)
        };
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected, &mac).map_err(|_| wrong())?;
        Ok(content)
    }

    fn next(&mut self) -> Result<[u8; 8], CryptoError> {
        let sequence = self.sequence.to_be_bytes();
        self.sequence = self.sequence.checked_add(1).ok_or(CryptoError::Library)?;
        Ok(sequence)
    }

    /// What stands before the content where it is authenticated, RFC 5246 sections 6.2.3.1 and 6.2.3.3.
    fn header(&self, sequence: [u8; 8], content_type: u8, length: usize) -> Result<Vec<u8>, CryptoError> {
        let length = u16::try_from(length).map_err(|_| CryptoError::Library)?;
        Ok([&sequence[..], &[content_type], &self.version.to_be_bytes(), &length.to_be_bytes()].concat())
    }

    fn checksum(&self, sequence: [u8; 8], content_type: u8, content: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let hash = self.cipher.mac.ok_or(CryptoError::Library)?;
        let header = self.header(sequence, content_type, content.len())?;
        Ok(hmac(hash, &self.mac_key, &[&header, content]).to_vec())
    }

    fn aead_key(&self, algorithm: &'static Algorithm) -> Result<LessSafeKey, CryptoError> {
        UnboundKey::new(algorithm, &self.key).map(LessSafeKey::new).map_err(|_| CryptoError::Library)
    }

    /// What of the nonce is sent, and the whole: RFC 5288 section 3, RFC 7905 section 2.
    fn nonce(&self, explicit: &[u8; 8]) -> (Vec<u8>, Nonce) {
        let mut nonce = [0; 12];
        if let Some(end) = nonce.last_chunk_mut::<8>() {
            *end = *explicit;
        }
        nonce.iter_mut().zip(self.iv.iter()).for_each(|(byte, iv)| *byte ^= iv);
        let sent = if self.cipher.cipher == Cipher::ChaCha20Poly1305 { Vec::new() } else { explicit.to_vec() };
        (sent, Nonce::assume_unique_for_key(nonce))
    }

    fn block_key(&self) -> Result<UnboundCipherKey, CryptoError> {
        let algorithm = if self.cipher.cipher == Cipher::Aes128Cbc { &AES_128 } else { &AES_256 };
        UnboundCipherKey::new(algorithm, &self.key).map_err(|_| CryptoError::Library)
    }

    fn has_explicit_iv(&self) -> bool {
        self.version >= 0x0302
    }

    fn encrypt(&mut self, mut plain: Vec<u8>) -> Result<Vec<u8>, CryptoError> {
        let padding = BLOCK - 1 - plain.len() % BLOCK;
        plain.extend(std::iter::repeat_n(u8::try_from(padding).map_err(|_| CryptoError::Library)?, padding + 1));
        let mut iv = [0; BLOCK];
        if self.has_explicit_iv() {
            crate::random(&mut iv)?;
        } else {
            iv = self.iv.as_slice().try_into().map_err(|_| CryptoError::Library)?;
        }
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        EncryptingKey::cbc(self.block_key()?)
            .and_then(|key| key.less_safe_encrypt(&mut plain, context))
            .map_err(|_| CryptoError::Library)?;
        if self.has_explicit_iv() {
            return Ok([&iv, plain.as_slice()].concat());
        }
        self.chain(&plain)?;
        Ok(plain)
    }

    /// Keeps the last block for the next record (RFC 2246 section 6.2.3.2).
    fn chain(&mut self, sealed: &[u8]) -> Result<(), CryptoError> {
        let last = sealed.last_chunk::<BLOCK>().ok_or(CryptoError::Library)?;
        self.iv = Zeroizing::new(last.to_vec());
        Ok(())
    }

    fn decrypt(&mut self, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let wrong = || CryptoError::public_value("the record cannot be decrypted");
        let explicit = if self.has_explicit_iv() { BLOCK } else { 0 };
        let (iv, body) = sealed.split_at_checked(explicit).ok_or_else(wrong)?;
        if body.is_empty() || body.len() % BLOCK != 0 {
            return Err(wrong());
        }
        let iv: [u8; BLOCK] = if explicit > 0 { iv } else { self.iv.as_slice() }.try_into().map_err(|_| wrong())?;
        if explicit == 0 {
            self.chain(body)?;
        }
        let mut plain = body.to_vec();
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        let key = DecryptingKey::cbc(self.block_key()?).map_err(|_| CryptoError::Library)?;
        key.decrypt(&mut plain, context).map_err(|_| wrong())?;
        let padding = plain.last().copied().map(usize::from).ok_or_else(wrong)?;
        let length = plain.len().checked_sub(padding + 1).ok_or_else(wrong)?;
        if plain.iter().skip(length).any(|&byte| usize::from(byte) != padding) {
            return Err(wrong());
        }
        plain.truncate(length);
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITES: [&str; 8] = [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        "TLS_RSA_WITH_NULL_SHA256",
        "TLS_RSA_WITH_NULL_MD5",
    ];

    #[test]
    fn what_is_sealed_is_opened_and_nothing_else() {
        for suite in SUITES {
            let cipher = LegacyCipher::of(suite).unwrap();
            for version in [0x0301, 0x0302, 0x0303] {
                for encrypt_then_mac in [false, true] {
                    let keys = LegacyKeys::new(cipher, version, &[3; 48], [1; 32], [2; 32], None);
                    let (mut sealer, _) = keys.records(encrypt_then_mac).unwrap();
                    let (mut opener, mut other) = keys.records(encrypt_then_mac).unwrap();
                    for length in [0, 1, 15, 16, 300] {
                        let content = vec![5; length];
                        let fragment = sealer.seal(23, &content).unwrap();
                        assert!(other.open(23, &fragment).is_err(), "{suite}");
                        assert_eq!(opener.open(23, &fragment).unwrap(), content, "{suite} {version:#06x}");
                    }
                    let mut fragment = sealer.seal(23, b"content").unwrap();
                    fragment[0] ^= 1;
                    assert!(opener.open(23, &fragment).is_err(), "{suite} {version:#06x}");
                    for cut in 0..20 {
                        assert!(opener.open(23, &fragment[..cut.min(fragment.len())]).is_err());
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_computed_here() {
        for suite in [
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
            "TLS_RSA_WITH_RC4_128_SHA",
            "TLS_RSA_WITH_AES_128_CCM",
            "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
            "TLS_AES_128_GCM_SHA256",
        ] {
            assert_eq!(LegacyCipher::of(suite), None, "{suite}");
        }
        let cipher = LegacyCipher::of(SUITES[1]).unwrap();
        assert_eq!(cipher.prf(0x0303), Prf::Hash(Hash::Sha384));
        assert_eq!(LegacyCipher::of(SUITES[3]).unwrap().prf(0x0302), Prf::Md5Sha1);
    }
}
