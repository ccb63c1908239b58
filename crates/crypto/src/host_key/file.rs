use shakedown_model::Name;

use super::{CertificateInfo, PrivateHostKey, describe, fingerprint, openssh, pem};
use crate::{CryptoError, base64};

/// What a key file says without its private part, which is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFileInfo {
    /// The file format.
    pub format: KeyFormat,
    /// The key type, such as `ssh-rsa`; `None` where only the passphrase would show it.
    pub key_type: Option<Name>,
    /// The size in bits, as `ssh-keygen -l` counts it.
    pub bits: Option<u32>,
    /// `SHA256:...` as OpenSSH prints it.
    pub fingerprint: Option<String>,
    /// Whether a passphrase protects the private part.
    pub encrypted: bool,
    /// The public key blob.
    pub public_blob: Option<Vec<u8>>,
    /// For a certificate, what it certifies.
    pub certificate: Option<CertificateInfo>,
    /// The comment of a public key line, escaped.
    pub comment: Option<Name>,
}

impl KeyFileInfo {
    pub(super) fn of(format: KeyFormat, encrypted: bool) -> Self {
        Self {
            format,
            key_type: None,
            bits: None,
            fingerprint: None,
            encrypted,
            public_blob: None,
            certificate: None,
            comment: None,
        }
    }

    pub(super) fn with_blob(mut self, blob: &[u8]) -> Result<Self, CryptoError> {
        let info = describe(blob)?;
        self.key_type = Some(info.key_type);
        self.bits = info.bits;
        self.certificate = info.certificate;
        self.fingerprint = Some(fingerprint(blob));
        self.public_blob = Some(blob.to_vec());
        Ok(self)
    }
}

/// The formats of key files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFormat {
    /// OpenSSH's own (`BEGIN OPENSSH PRIVATE KEY`, OpenSSH's PROTOCOL.key).
    OpenSsh,
    /// PKCS #1 in PEM (`BEGIN RSA PRIVATE KEY`).
    Pkcs1,
    /// PKCS #8 in PEM (`BEGIN PRIVATE KEY`, `BEGIN ENCRYPTED PRIVATE KEY`).
    Pkcs8,
    /// SEC 1 in PEM (`BEGIN EC PRIVATE KEY`).
    Sec1,
    /// OpenSSL's form of DSA keys in PEM (`BEGIN DSA PRIVATE KEY`).
    DsaPem,
    /// PuTTY's `.ppk`, which OpenSSH does not read.
    Putty,
    /// ssh.com's (`BEGIN SSH2 ENCRYPTED PRIVATE KEY`), which OpenSSH does not read.
    SshCom,
    /// SSH protocol 1's, which OpenSSH does not read any more.
    SshOne,
    /// A line of a public key file.
    PublicLine,
}

/// Key files are small; what is longer than this is something else.
const LARGEST_FILE: usize = 1 << 20;

/// Reads the public part of a private key file.
///
/// # Errors
/// [`CryptoError::BadKey`] with the reason where it is no private key file, or a broken one.
pub fn read_private_key_file(bytes: &[u8]) -> Result<KeyFileInfo, CryptoError> {
    if bytes.len() > LARGEST_FILE {
        return Err(CryptoError::key("the file is too large for a private key"));
    }
    if bytes.starts_with(b"SSH PRIVATE KEY FILE FORMAT 1.") {
        return Ok(KeyFileInfo::of(KeyFormat::SshOne, false));
    }
    let text = String::from_utf8_lossy(bytes);
    if text.starts_with("PuTTY-User-Key-File-") {
        return putty(&text);
    }
    if text.contains("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----") {
        return Ok(KeyFileInfo::of(KeyFormat::SshCom, true));
    }
    match pem::armour(&text)? {
        Some(armour) if armour.label == "OPENSSH PRIVATE KEY" => openssh::read(&armour.contents),
        Some(armour) => pem::read(&armour),
        None if text.trim().is_empty() => Err(CryptoError::key("the file is empty")),
        None if read_public_key_line(bytes).is_ok() => {
            Err(CryptoError::key("the file holds a public key and not a private one"))
        }
        None => Err(CryptoError::key("the file is not in a format of private keys")),
    }
}

/// Reads a line of a public key file (`ssh-ed25519 AAAA... comment`); options in front of it are not allowed.
///
/// # Errors
/// [`CryptoError::BadKey`] with the reason.
pub fn read_public_key_line(bytes: &[u8]) -> Result<KeyFileInfo, CryptoError> {
    if bytes.len() > LARGEST_FILE {
        return Err(CryptoError::key("the file is too large for a public key"));
    }
    let text = String::from_utf8_lossy(bytes);
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .ok_or_else(|| CryptoError::key("the file is empty"))?;
    let (key_type, rest) = line
        .split_once([' ', '\t'])
        .ok_or_else(|| CryptoError::key("the line is not a key type followed by a key in base64"))?;
    let (encoded, comment) = rest.trim_start().split_once([' ', '\t']).unwrap_or((rest.trim_start(), ""));
    let blob = base64::decode(encoded.as_bytes())
        .map_err(|place| CryptoError::key(format!("character {} of the key is not base64", place + 1)))?;
    let mut info = KeyFileInfo::of(KeyFormat::PublicLine, false).with_blob(&blob)?;
    if info.key_type.as_ref().is_none_or(|within| within != key_type) {
        return Err(CryptoError::key(format!("the line says `{}` but the key within differs", Name::new(key_type))));
    }
    let comment = comment.trim();
    info.comment = (!comment.is_empty()).then(|| Name::new(comment));
    Ok(info)
}

pub(super) fn private_from_file(bytes: &[u8]) -> Result<PrivateHostKey, CryptoError> {
    let info = read_private_key_file(bytes)?;
    if info.encrypted {
        return Err(CryptoError::key("the key is protected by a passphrase"));
    }
    match pem::armour(&String::from_utf8_lossy(bytes))? {
        Some(armour) if armour.label == "OPENSSH PRIVATE KEY" => openssh::private(&armour.contents),
        Some(armour) => pem::private(&armour),
        None => Err(CryptoError::key("private keys of this format are not read")),
    }
}

fn putty(text: &str) -> Result<KeyFileInfo, CryptoError> {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.split_once(':').filter(|(name, _)| *name == key).map(|(_, value)| value.trim()))
    };
    let encrypted = value("Encryption").is_some_and(|cipher| cipher != "none");
    let count = value("Public-Lines").and_then(|count| count.parse().ok()).unwrap_or(0);
    let lines = text.lines().skip_while(|line| !line.starts_with("Public-Lines:")).skip(1).take(count);
    let blob = base64::decode(lines.collect::<String>().as_bytes())
        .map_err(|_| CryptoError::key("the public part is not base64"))?;
    KeyFileInfo::of(KeyFormat::Putty, encrypted).with_blob(&blob)
}
