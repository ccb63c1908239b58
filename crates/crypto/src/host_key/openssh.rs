//! OpenSSH's own format of private keys, PROTOCOL.key.

use super::{KeyFileInfo, KeyFormat, PrivateHostKey};
use crate::CryptoError;
use crate::blob::Fields;

const MAGIC: &[u8] = b"openssh-key-v1\0";

struct Container<'a> {
    cipher: &'a [u8],
    public: &'a [u8],
    private: &'a [u8],
}

fn container(contents: &[u8]) -> Result<Container<'_>, CryptoError> {
    let mut fields = Fields::new(contents);
    if fields.take(MAGIC.len()).ok() != Some(MAGIC) {
        return Err(CryptoError::key("the key does not begin with `openssh-key-v1`"));
    }
    let cipher = fields.string()?;
    let (_kdf, _kdf_options) = (fields.string()?, fields.string()?);
    let count = fields.u32()?;
    if count != 1 {
        return Err(CryptoError::key(format!("the file holds {count} keys instead of one")));
    }
    Ok(Container { cipher, public: fields.string()?, private: fields.string()? })
}

pub(super) fn read(contents: &[u8]) -> Result<KeyFileInfo, CryptoError> {
    let container = container(contents)?;
    KeyFileInfo::of(KeyFormat::OpenSsh, container.cipher != b"none").with_blob(container.public)
}

pub(super) fn private(contents: &[u8]) -> Result<PrivateHostKey, CryptoError> {
    let container = container(contents)?;
    let mut fields = Fields::new(container.private);
    if fields.u32()? != fields.u32()? {
        return Err(CryptoError::key("the private part is damaged"));
    }
    let key_type = fields.string()?;
    let key = match key_type {
        b"ssh-ed25519" => {
            let _public = fields.string()?;
            // The seed, then the public key again.
            let private = fields.string()?;
            let seed = private.get(..32).ok_or_else(|| CryptoError::key("the Ed25519 key does not have 64 bytes"))?;
            PrivateHostKey::from_ed25519_seed(seed)?
        }
        b"ssh-rsa" => {
            let (n, e, d) = (fields.unsigned()?, fields.unsigned()?, fields.unsigned()?);
            PrivateHostKey::from_rsa(n, e, d)
        }
        b"ecdsa-sha2-nistp256" | b"ecdsa-sha2-nistp384" | b"ecdsa-sha2-nistp521" => {
            let curve = String::from_utf8_lossy(fields.string()?);
            let (point, private) = (fields.string()?, fields.unsigned()?);
            PrivateHostKey::from_ecdsa(&curve, private, point)?
        }
        _ => return Err(CryptoError::key("this program does not sign with keys of this type")),
    };
    if key.public_blob() != container.public {
        return Err(CryptoError::key("the public part does not fit the private part"));
    }
    Ok(key)
}
