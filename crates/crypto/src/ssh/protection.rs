use aws_lc_rs::aead::chacha20_poly1305_openssh::{OpeningKey, SealingKey};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use shakedown_model::Role;
use zeroize::Zeroizing;

use super::stream::{Kind, Stream};
use super::umac::Umac;
use crate::ike::hmac;
use crate::{CryptoError, Hash, SharedSecret};

/// The longest packet that is taken, as its length field says it, in bytes: OpenSSH's `PACKET_MAX_SIZE`.
pub const LARGEST_PACKET: usize = 256 * 1024;

/// The least padding, RFC 4253 section 6.
const LEAST_PADDING: usize = 4;

/// What one direction was agreed to be protected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    cipher: Cipher,
    /// None beside a cipher that brings its own integrity.
    mac: Option<Mac>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cipher {
    Stream(Kind),
    /// RFC 5647 as OpenSSH names it; the length of the key in bytes.
    Gcm(usize),
    /// OpenSSH's PROTOCOL.chacha20poly1305.
    ChaCha20,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mac {
    kind: MacKind,
    /// The length of a tag in bytes.
    length: usize,
    /// Whether it covers what is sent and not what is meant (OpenSSH's `-etm`).
    after: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MacKind {
    Hmac(Hash),
    Umac,
}

impl Protection {
    /// That of these names.
    ///
    /// # Errors
    /// The name that is not computed here.
    pub fn new<'a>(cipher: &'a str, mac: Option<&'a str>) -> Result<Self, &'a str> {
        let known = cipher_of(cipher).ok_or(cipher)?;
        let mac = match mac {
            Some(name) if matches!(known, Cipher::Stream(_)) => Some(mac_of(name).ok_or(name)?),
            _ => None,
        };
        Ok(Self { cipher: known, mac })
    }

    fn cipher_lengths(self) -> (usize, usize) {
        match self.cipher {
            Cipher::Stream(kind) => (kind.key_length(), kind.iv_length()),
            Cipher::Gcm(length) => (length, 12),
            Cipher::ChaCha20 => (64, 0),
        }
    }

    /// The size that what is encrypted is a multiple of, in bytes.
    fn block(self) -> usize {
        match self.cipher {
            Cipher::Stream(kind) => kind.block(),
            Cipher::Gcm(_) => 16,
            Cipher::ChaCha20 => 8,
        }
    }

    /// Whether the packet length stands outside what is encrypted in blocks.
    fn length_apart(self) -> bool {
        !matches!(self.cipher, Cipher::Stream(_)) || self.mac.is_some_and(|mac| mac.after)
    }

    fn tag_length(self) -> usize {
        match self.cipher {
            Cipher::Stream(_) => self.mac.map_or(0, |mac| mac.length),
            _ => 16,
        }
    }
}

fn cipher_of(name: &str) -> Option<Cipher> {
    Some(match name {
        "chacha20-poly1305@openssh.com" => Cipher::ChaCha20,
        "aes128-gcm@openssh.com" => Cipher::Gcm(16),
        "aes256-gcm@openssh.com" => Cipher::Gcm(32),
        "aes128-ctr" => Cipher::Stream(Kind::AesCtr(16)),
        "aes192-ctr" => Cipher::Stream(Kind::AesCtr(24)),
        "aes256-ctr" => Cipher::Stream(Kind::AesCtr(32)),
        "aes128-cbc" => Cipher::Stream(Kind::AesCbc(16)),
        "aes192-cbc" => Cipher::Stream(Kind::AesCbc(24)),
        "aes256-cbc" | "rijndael-cbc@lysator.liu.se" => Cipher::Stream(Kind::AesCbc(32)),
        "3des-cbc" => Cipher::Stream(Kind::TripleDesCbc),
        "arcfour" => Cipher::Stream(Kind::Arcfour(16, 0)),
        "arcfour128" => Cipher::Stream(Kind::Arcfour(16, 1536)),
        "arcfour256" => Cipher::Stream(Kind::Arcfour(32, 1536)),
        _ => return None,
    })
}

fn mac_of(name: &str) -> Option<Mac> {
    let (plain, after) = match name.strip_suffix("-etm@openssh.com") {
        Some(plain) => (plain, true),
        None => (name.strip_suffix("@openssh.com").unwrap_or(name), false),
    };
    let (kind, length) = match plain {
        "hmac-sha2-256" => (MacKind::Hmac(Hash::Sha256), 32),
        "hmac-sha2-512" => (MacKind::Hmac(Hash::Sha512), 64),
        "hmac-sha1" => (MacKind::Hmac(Hash::Sha1), 20),
        "hmac-sha1-96" => (MacKind::Hmac(Hash::Sha1), 12),
        "hmac-md5" => (MacKind::Hmac(Hash::Md5), 16),
        "hmac-md5-96" => (MacKind::Hmac(Hash::Md5), 12),
        "umac-64" if name.ends_with("@openssh.com") => (MacKind::Umac, 8),
        "umac-128" if name.ends_with("@openssh.com") => (MacKind::Umac, 16),
        _ => return None,
    };
    // `hmac-...@openssh.com` without `-etm` is nobody's name.
    let known = after || matches!(kind, MacKind::Umac) || plain == name;
    known.then_some(Mac { kind, length, after })
}

/// What keys are derived from, RFC 4253 section 7.2.
#[derive(Clone, Copy)]
pub struct KeySource<'a> {
    /// The hash of the key exchange method.
    pub hash: Hash,
    /// K.
    pub secret: &'a SharedSecret,
    /// H of this exchange.
    pub exchange_hash: &'a [u8],
    /// H of the first exchange of the connection.
    pub session: &'a [u8],
}

impl KeySource<'_> {
    fn key(&self, letter: u8, length: usize) -> Zeroizing<Vec<u8>> {
        let secret = self.secret.to_wire();
        let first = self.hash.digest(&[&secret, self.exchange_hash, &[letter], self.session]);
        let mut key = Zeroizing::new(first);
        while key.len() < length {
            let more = Zeroizing::new(self.hash.digest(&[&secret, self.exchange_hash, &key]));
            key.extend_from_slice(&more);
        }
        key.truncate(length);
        key
    }

    /// The keys of what this role sends.
    fn direction(&self, protection: Protection, sender: Role, opening: bool) -> Result<Keys, CryptoError> {
        let [iv, key, integrity] = match sender {
            Role::Client => *b"ACE",
            Role::Server => *b"BDF",
        };
        let (key_length, iv_length) = protection.cipher_lengths();
        let (key, iv) = (self.key(key, key_length), self.key(iv, iv_length));
        let cipher = match protection.cipher {
            Cipher::Stream(kind) => Keyed::Stream(Box::new(Stream::new(kind, &key, &iv, opening)?)),
            Cipher::Gcm(length) => {
                let algorithm = if length == 16 { &AES_128_GCM } else { &AES_256_GCM };
                let key = UnboundKey::new(algorithm, &key).map_err(|_| CryptoError::Library)?;
                let iv = iv.as_slice().try_into().map_err(|_| CryptoError::Library)?;
                Keyed::Gcm { key: Box::new(LessSafeKey::new(key)), iv }
            }
            Cipher::ChaCha20 => {
                let key: &[u8; 64] = key.as_slice().try_into().map_err(|_| CryptoError::Library)?;
                if opening {
                    Keyed::Opening(Box::new(OpeningKey::new(key)))
                } else {
                    Keyed::Sealing(Box::new(SealingKey::new(key)))
                }
            }
        };
        let mac = match protection.mac {
            Some(Mac { kind: MacKind::Hmac(hash), .. }) => MacKey::Hmac(hash, self.key(integrity, hash.length())),
            Some(Mac { kind: MacKind::Umac, length, .. }) => {
                MacKey::Umac(Box::new(Umac::new(&self.key(integrity, 16), length)?))
            }
            None => MacKey::None,
        };
        Ok(Keys { protection, cipher, mac })
    }
}

/// The keys of one direction. Has no `Debug`.
struct Keys {
    protection: Protection,
    cipher: Keyed,
    mac: MacKey,
}

enum Keyed {
    Stream(Box<Stream>),
    Gcm { key: Box<LessSafeKey>, iv: [u8; 12] },
    Sealing(Box<SealingKey>),
    Opening(Box<OpeningKey>),
}

enum MacKey {
    None,
    Hmac(Hash, Zeroizing<Vec<u8>>),
    Umac(Box<Umac>),
}

impl Keys {
    /// The tag of a MAC over a packet with this number.
    fn tag(&self, sequence: u32, parts: &[&[u8]]) -> Result<Vec<u8>, CryptoError> {
        Ok(match &self.mac {
            MacKey::None => Vec::new(),
            MacKey::Umac(umac) => umac.tag(sequence, parts)?,
            MacKey::Hmac(hash, key) => {
                let number = sequence.to_be_bytes();
                let all: Vec<&[u8]> = std::iter::once(&number[..]).chain(parts.iter().copied()).collect();
                let mut tag = hmac(*hash, key, &all).to_vec();
                tag.truncate(self.protection.tag_length());
                tag
            }
        })
    }

    /// The nonce of the next packet of GCM, RFC 5647 section 7.1.
    fn gcm_nonce(iv: &mut [u8; 12]) -> Nonce {
        let nonce = Nonce::assume_unique_for_key(*iv);
        let [a, b, c, d, counter @ ..] = *iv;
        let [e, f, g, h, i, j, k, l] = u64::from_be_bytes(counter).wrapping_add(1).to_be_bytes();
        *iv = [a, b, c, d, e, f, g, h, i, j, k, l];
        nonce
    }
}

/// Protects the packets of one direction.
pub struct Sealer {
    keys: Keys,
    sequence: u32,
}

impl Sealer {
    /// With the keys of what this role sends, from the packet with this number on.
    ///
    /// # Errors
    /// The library fails.
    pub fn new(
        protection: Protection,
        source: &KeySource<'_>,
        sender: Role,
        sequence: u32,
    ) -> Result<Self, CryptoError> {
        Ok(Self { keys: source.direction(protection, sender, false)?, sequence })
    }

    /// The packet that carries this payload.
    ///
    /// # Errors
    /// The library or the random source fails.
    pub fn seal(&mut self, payload: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let protection = self.keys.protection;
        let block = protection.block();
        let before = if protection.length_apart() { 1 } else { 5 };
        let unpadded = before + payload.len();
        let padding = (unpadded + LEAST_PADDING).next_multiple_of(block) - unpadded;
        let length = 1 + payload.len() + padding;
        let mut packet = Vec::with_capacity(4 + length + protection.tag_length());
        packet.extend_from_slice(&u32::try_from(length).map_err(|_| CryptoError::Library)?.to_be_bytes());
        packet.push(u8::try_from(padding).map_err(|_| CryptoError::Library)?);
        packet.extend_from_slice(payload);
        let mut random = vec![0; padding];
        crate::random(&mut random)?;
        packet.extend_from_slice(&random);
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let after = protection.mac.is_some_and(|mac| mac.after);
        let early = if after { Vec::new() } else { self.keys.tag(sequence, &[&packet])? };
        let tag = match &mut self.keys.cipher {
            Keyed::Stream(stream) => {
                let from = if after { 4 } else { 0 };
                stream.apply(packet.get_mut(from..).unwrap_or_default())?;
                if after { self.keys.tag(sequence, &[&packet])? } else { early }
            }
            Keyed::Gcm { key, iv } => {
                let nonce = Keys::gcm_nonce(iv);
                let (length, text) = packet.split_at_mut_checked(4).ok_or(CryptoError::Library)?;
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(&*length), text);
                tag.map_err(|_| CryptoError::Library)?.as_ref().to_vec()
            }
            Keyed::Sealing(key) => {
                let mut tag = [0; 16];
                key.seal_in_place(sequence, &mut packet, &mut tag);
                tag.to_vec()
            }
            Keyed::Opening(_) => return Err(CryptoError::Library),
        };
        packet.extend_from_slice(&tag);
        Ok(packet)
    }
}

/// Opens the packets of one direction.
pub struct Opener {
    keys: Keys,
    sequence: u32,
    buffer: Vec<u8>,
    /// The length of the packet that is being read, and how much of it is decrypted.
    length: Option<(usize, usize)>,
}

impl Opener {
    /// With the keys of what this role sends, from the packet with this number on.
    ///
    /// # Errors
    /// The library fails.
    pub fn new(
        protection: Protection,
        source: &KeySource<'_>,
        sender: Role,
        sequence: u32,
    ) -> Result<Self, CryptoError> {
        let keys = source.direction(protection, sender, true)?;
        Ok(Self { keys, sequence, buffer: Vec::new(), length: None })
    }

    /// Adds bytes of the stream, which are kept until a packet is made of them.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that belong to no whole packet yet.
    pub fn partial(&self) -> usize {
        self.buffer.len()
    }

    /// The next packet's number and payload; `None` when it is not whole yet.
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where it was not made with these keys or has an impossible length. The stream cannot be
    /// read on after an error.
    pub fn next_packet(&mut self) -> Result<Option<(u32, Vec<u8>)>, CryptoError> {
        let protection = self.keys.protection;
        let Some((length, decrypted)) = self.read_length()? else { return Ok(None) };
        let tag_length = protection.tag_length();
        if self.buffer.len() < 4 + length + tag_length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(4 + length + tag_length);
        let mut packet = std::mem::replace(&mut self.buffer, rest);
        let tag = packet.split_off(4 + length);
        let sequence = self.sequence;
        let after = protection.mac.is_some_and(|mac| mac.after);
        if after {
            self.check(sequence, &packet, &tag)?;
        }
        match &mut self.keys.cipher {
            Keyed::Stream(stream) => {
                let from = if after { 4 } else { decrypted };
                stream.apply(packet.get_mut(from..).unwrap_or_default())?;
                if !after {
                    self.check(sequence, &packet, &tag)?;
                }
            }
            Keyed::Gcm { key, iv } => {
                let nonce = Keys::gcm_nonce(iv);
                let (length, text) = packet.split_at_mut_checked(4).ok_or(CryptoError::Library)?;
                let mut whole = [&*text, &tag].concat();
                let opened = key.open_in_place(nonce, Aad::from(&*length), &mut whole).map_err(|_| wrong())?;
                text.copy_from_slice(opened);
            }
            Keyed::Opening(key) => {
                let tag: [u8; 16] = tag.try_into().map_err(|_| CryptoError::Library)?;
                key.open_in_place(sequence, &mut packet, &tag).map_err(|_| wrong())?;
            }
            Keyed::Sealing(_) => return Err(CryptoError::Library),
        }
        self.sequence = sequence.wrapping_add(1);
        self.length = None;
        let padding = usize::from(packet.get(4).copied().unwrap_or_default());
        let end = packet.len().checked_sub(padding).filter(|_| padding >= LEAST_PADDING);
        let payload = end.and_then(|end| packet.get(5..end)).ok_or_else(|| CryptoError::public_value("its padding"))?;
        Ok(Some((sequence, payload.to_vec())))
    }

    /// The length of the packet, once it can be told, and how many bytes of it are decrypted for that.
    fn read_length(&mut self) -> Result<Option<(usize, usize)>, CryptoError> {
        if self.length.is_some() {
            return Ok(self.length);
        }
        let protection = self.keys.protection;
        let block = protection.block();
        let need = if protection.length_apart() { 4 } else { block };
        let Some(first) = self.buffer.get_mut(..need) else { return Ok(None) };
        let mut decrypted = 0;
        let field = match &mut self.keys.cipher {
            Keyed::Stream(stream) if !protection.length_apart() => {
                stream.apply(first)?;
                decrypted = need;
                first.first_chunk().copied()
            }
            Keyed::Opening(key) => first.first_chunk().map(|field| key.decrypt_packet_length(self.sequence, *field)),
            _ => first.first_chunk().copied(),
        };
        let length = u32::from_be_bytes(field.ok_or(CryptoError::Library)?);
        let length = usize::try_from(length).map_err(|_| CryptoError::Library)?;
        let blocks = if protection.length_apart() { length } else { length.saturating_add(4) };
        if !(1 + LEAST_PADDING..=LARGEST_PACKET).contains(&length) || !blocks.is_multiple_of(block) {
            return Err(CryptoError::public_value(format!("a packet cannot be {length} bytes long")));
        }
        self.length = Some((length, decrypted));
        Ok(self.length)
    }

    fn check(&self, sequence: u32, packet: &[u8], tag: &[u8]) -> Result<(), CryptoError> {
        let expected = self.keys.tag(sequence, &[packet])?;
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected, tag).map_err(|_| wrong())
    }
}

fn wrong() -> CryptoError {
    CryptoError::public_value("the packet was not made with the keys of this connection")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIPHERS: [&str; 13] = [
        "chacha20-poly1305@openssh.com",
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
        "aes128-cbc",
        "aes192-cbc",
        "aes256-cbc",
        "3des-cbc",
        "arcfour",
        "arcfour128",
        "arcfour256",
    ];
    const MACS: [&str; 8] = [
        "hmac-sha2-256",
        "hmac-sha2-512-etm@openssh.com",
        "hmac-sha1",
        "hmac-sha1-96-etm@openssh.com",
        "hmac-md5",
        "umac-64@openssh.com",
        "umac-128@openssh.com",
        "umac-64-etm@openssh.com",
    ];

    fn pair(cipher: &str, mac: &str) -> (Sealer, Opener) {
        let secret = SharedSecret::Mpint(Zeroizing::new(vec![5; 32]));
        let source = KeySource { hash: Hash::Sha256, secret: &secret, exchange_hash: &[1; 32], session: &[2; 32] };
        let protection = Protection::new(cipher, Some(mac)).unwrap();
        let sealer = Sealer::new(protection, &source, Role::Client, 3).unwrap();
        (sealer, Opener::new(protection, &source, Role::Client, 3).unwrap())
    }

    #[test]
    fn what_is_sealed_is_opened_however_it_is_cut() {
        for cipher in CIPHERS {
            for mac in MACS {
                let (mut sealer, mut opener) = pair(cipher, mac);
                for (sequence, length) in (3..).zip([1, 11, 12, 13, 100, 3000]) {
                    let payload = vec![9; length];
                    let packet = sealer.seal(&payload).unwrap();
                    let (last, before) = packet.split_last().unwrap();
                    for byte in before {
                        opener.push(&[*byte]);
                        assert!(opener.next_packet().unwrap().is_none(), "{cipher} {mac} {length}");
                    }
                    opener.push(&[*last]);
                    assert_eq!(opener.next_packet(), Ok(Some((sequence, payload))), "{cipher} {mac}");
                }
                assert_eq!(opener.partial(), 0);
            }
        }
    }

    #[test]
    fn what_was_changed_is_refused() {
        for cipher in CIPHERS {
            for mac in MACS {
                for at in [0, 4, 7, 20] {
                    let (mut sealer, mut opener) = pair(cipher, mac);
                    let mut packet = sealer.seal(b"a service request").unwrap();
                    packet[at] ^= 1;
                    opener.push(&packet);
                    // A length that grew waits for more; nothing comes out.
                    assert!(!matches!(opener.next_packet(), Ok(Some(_))), "{cipher} {mac} {at}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_computed_here() {
        assert_eq!(Protection::new("blowfish-cbc", Some("hmac-md5")), Err("blowfish-cbc"));
        assert_eq!(Protection::new("aes128-ctr", Some("hmac-ripemd160")), Err("hmac-ripemd160"));
        assert_eq!(Protection::new("aes128-ctr", Some("umac-64")), Err("umac-64"));
        assert_eq!(Protection::new("aes128-ctr", Some("hmac-sha1@openssh.com")), Err("hmac-sha1@openssh.com"));
        assert!(Protection::new("aes128-gcm@openssh.com", Some("unknown")).is_ok());
    }
}
