use shakedown_model::tls::Suite;
use zeroize::Zeroizing;

use super::Prf;
use super::aead::{Aead, AeadKind};
use crate::ike::hmac;
use crate::ssh::stream::{Kind, Stream};
use crate::{CryptoError, Hash};

type Secret = Zeroizing<Vec<u8>>;

/// The length of `verify_data` up to TLS 1.2.
const FINISHED: usize = 12;

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
    Aead(AeadKind),
    /// In blocks with CBC, or RC4, whose stream goes on from record to record.
    Stream(Kind),
    Null,
}

impl Cipher {
    fn key_length(self) -> usize {
        match self {
            Self::Aead(kind) => kind.key_length(),
            Self::Stream(kind) => kind.key_length(),
            Self::Null => 0,
        }
    }

    /// The length of a block, with CBC.
    fn block(self) -> Option<usize> {
        match self {
            Self::Stream(kind) if kind.iv_length() > 0 => Some(kind.block()),
            _ => None,
        }
    }
}

impl LegacyCipher {
    /// That of a suite by IANA's name; `None` where its cipher is not computed here (Camellia, ARIA, DES, ...).
    pub fn of(suite: &str) -> Option<Self> {
        let suite = Suite::parse(suite).filter(|suite| !suite.tls13)?;
        let cipher = match suite.cipher {
            "AES_128_GCM" => Cipher::Aead(AeadKind::Aes128Gcm),
            "AES_256_GCM" => Cipher::Aead(AeadKind::Aes256Gcm),
            "CHACHA20_POLY1305" => Cipher::Aead(AeadKind::ChaCha20Poly1305),
            "AES_128_CCM" => Cipher::Aead(AeadKind::AesCcm(16, 16)),
            "AES_256_CCM" => Cipher::Aead(AeadKind::AesCcm(32, 16)),
            "AES_128_CCM_8" => Cipher::Aead(AeadKind::AesCcm(16, 8)),
            "AES_256_CCM_8" => Cipher::Aead(AeadKind::AesCcm(32, 8)),
            "AES_128_CBC" => Cipher::Stream(Kind::AesCbc(16)),
            "AES_256_CBC" => Cipher::Stream(Kind::AesCbc(32)),
            "3DES_EDE_CBC" => Cipher::Stream(Kind::TripleDesCbc),
            "RC4_128" => Cipher::Stream(Kind::Arcfour(16, 0)),
            "NULL" => Cipher::Null,
            _ => return None,
        };
        let digest = match suite.digest {
            "MD5" => Hash::Md5,
            "SHA" => Hash::Sha1,
            // Those with CCM of TLS 1.2 name none: RFC 6655 section 3.
            "SHA256" | "" => Hash::Sha256,
            "SHA384" => Hash::Sha384,
            _ => return None,
        };
        let prf = if digest == Hash::Sha384 { Hash::Sha384 } else { Hash::Sha256 };
        Some(Self { cipher, mac: (!matches!(cipher, Cipher::Aead(_))).then_some(digest), prf })
    }

    /// The pseudo-random function in a version.
    pub fn prf(self, version: u16) -> Prf {
        if version < 0x0303 { Prf::Md5Sha1 } else { Prf::Hash(self.prf) }
    }

    /// Whether `encrypt_then_mac` makes a difference: only with CBC (RFC 7366 section 3).
    pub fn is_cbc(self) -> bool {
        self.cipher.block().is_some()
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
        let iv = match (self.cipher.cipher, self.cipher.cipher.block()) {
            (Cipher::Aead(AeadKind::ChaCha20Poly1305), _) => 12,
            (Cipher::Aead(_), _) => 4,
            (_, Some(block)) if self.version < EXPLICIT_IV => block,
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
            stream: None,
            sequence: 0,
        };
        Ok((make(client_mac, client_key, client_iv), make(server_mac, server_key, server_iv)))
    }
}

/// From here on each record with CBC brings its own initialisation vector (RFC 4346 section 6.2.3.2).
const EXPLICIT_IV: u16 = 0x0302;

/// Protects or opens the records of one direction of TLS 1.0 to 1.2. Has no `Debug`; keys are wiped when dropped.
pub struct LegacyRecords {
    cipher: LegacyCipher,
    version: u16,
    encrypt_then_mac: bool,
    mac_key: Secret,
    key: Secret,
    /// The implicit part of the nonce; with CBC in TLS 1.0 what the first record begins with.
    iv: Secret,
    /// What goes on from record to record: RC4, and CBC in TLS 1.0. It is used for one direction only.
    stream: Option<Box<Stream>>,
    sequence: u64,
}

impl LegacyRecords {
    /// The fragment of a protected record. The content must be at most 2^14 bytes.
    ///
    /// # Errors
    /// The content is too long, or the library fails.
    pub fn seal(&mut self, content_type: u8, content: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let sequence = self.next()?;
        if let Cipher::Aead(kind) = self.cipher.cipher {
            let header = self.header(sequence, content_type, content.len())?;
            let (explicit, nonce) = self.nonce(kind, &sequence);
            let sealed = Aead::new(kind, &self.key)?.seal(nonce, &header, content)?;
            return Ok([explicit, sealed].concat());
        }
        let mut plain = content.to_vec();
        if !self.encrypt_then_mac {
            plain.extend(self.checksum(sequence, content_type, content)?);
        }
        let mut fragment = self.encrypt(plain)?;
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
        if let Cipher::Aead(kind) = self.cipher.cipher {
            let explicit = if kind == AeadKind::ChaCha20Poly1305 { 0 } else { 8 };
            let (explicit, sealed) = fragment.split_at_checked(explicit).ok_or_else(wrong)?;
            let explicit = if explicit.is_empty() { sequence.as_slice() } else { explicit };
            let (_, nonce) = self.nonce(kind, explicit.try_into().map_err(|_| wrong())?);
            let length = sealed.len().checked_sub(kind.tag_length()).ok_or_else(wrong)?;
            let header = self.header(sequence, content_type, length)?;
            return Aead::new(kind, &self.key)?.open(nonce, &header, sealed);
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
            let (content, mac) = split(&self.decrypt(fragment)?)?;
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

    /// What of the nonce is sent, and the whole: RFC 5288 section 3, RFC 6655 section 3, RFC 7905 section 2.
    fn nonce(&self, kind: AeadKind, explicit: &[u8; 8]) -> (Vec<u8>, [u8; 12]) {
        let mut nonce = [0; 12];
        if let Some(end) = nonce.last_chunk_mut::<8>() {
            *end = *explicit;
        }
        nonce.iter_mut().zip(self.iv.iter()).for_each(|(byte, iv)| *byte ^= iv);
        (if kind == AeadKind::ChaCha20Poly1305 { Vec::new() } else { explicit.to_vec() }, nonce)
    }

    /// Encrypts or decrypts whole blocks, after the initialisation vector that the record brings, where it brings one.
    fn apply(&mut self, kind: Kind, iv: Option<&[u8]>, data: &mut [u8], opening: bool) -> Result<(), CryptoError> {
        if let Some(iv) = iv {
            return Stream::new(kind, &self.key, iv, opening)?.apply(data);
        }
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => Box::new(Stream::new(kind, &self.key, &self.iv, opening)?),
        };
        let applied = stream.apply(data);
        self.stream = Some(stream);
        applied
    }

    fn has_explicit_iv(&self) -> bool {
        self.version >= EXPLICIT_IV
    }

    fn encrypt(&mut self, mut plain: Vec<u8>) -> Result<Vec<u8>, CryptoError> {
        let Cipher::Stream(kind) = self.cipher.cipher else { return Ok(plain) };
        let Some(block) = self.cipher.cipher.block() else {
            self.apply(kind, None, &mut plain, false)?;
            return Ok(plain);
        };
        let padding = block - 1 - plain.len() % block;
        plain.extend(std::iter::repeat_n(u8::try_from(padding).map_err(|_| CryptoError::Library)?, padding + 1));
        if !self.has_explicit_iv() {
            self.apply(kind, None, &mut plain, false)?;
            return Ok(plain);
        }
        let mut iv = vec![0; block];
        crate::random(&mut iv)?;
        self.apply(kind, Some(&iv), &mut plain, false)?;
        Ok([iv, plain].concat())
    }

    fn decrypt(&mut self, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let wrong = || CryptoError::public_value("the record cannot be decrypted");
        let Cipher::Stream(kind) = self.cipher.cipher else { return Ok(sealed.to_vec()) };
        let Some(block) = self.cipher.cipher.block() else {
            let mut plain = sealed.to_vec();
            self.apply(kind, None, &mut plain, true)?;
            return Ok(plain);
        };
        let explicit = if self.has_explicit_iv() { block } else { 0 };
        let (iv, body) = sealed.split_at_checked(explicit).ok_or_else(wrong)?;
        if body.is_empty() || body.len() % block != 0 {
            return Err(wrong());
        }
        let mut plain = body.to_vec();
        self.apply(kind, (explicit > 0).then_some(iv), &mut plain, true)?;
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

    const SUITES: [&str; 14] = [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        "TLS_RSA_WITH_NULL_SHA256",
        "TLS_RSA_WITH_NULL_MD5",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
        "TLS_RSA_WITH_RC4_128_MD5",
        "TLS_RSA_WITH_AES_128_CCM",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
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
            "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
            "TLS_DHE_RSA_WITH_DES_CBC_SHA",
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
