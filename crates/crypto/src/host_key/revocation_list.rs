//! Key revocation lists, which `ssh-keygen -k` makes (PROTOCOL.krl of OpenSSH).

use crate::blob::Fields;
use crate::{CryptoError, base64, host_key};

/// What a list revokes, as far as a fingerprint can be held against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationList {
    /// `SHA256:...` of each key.
    pub fingerprints: Vec<String>,
    /// How many more entries there are: keys by their SHA-1 hash, certificates by serial number or key ID.
    pub others: usize,
}

/// What a file of this kind begins with.
pub const MAGIC: &[u8] = b"SSHKRL\n\0";

const CERTIFICATES: u8 = 1;
const EXPLICIT_KEY: u8 = 2;
const FINGERPRINT_SHA1: u8 = 3;
const SIGNATURE: u8 = 4;
const FINGERPRINT_SHA256: u8 = 5;
const EXTENSION: u8 = 255;

/// Reads a list, which begins with [`MAGIC`].
///
/// # Errors
/// [`CryptoError`] where it is not whole, or holds what OpenSSH would not read either.
pub fn read_revocation_list(bytes: &[u8]) -> Result<RevocationList, CryptoError> {
    let mut fields = Fields::new(bytes);
    if fields.take(MAGIC.len())? != MAGIC {
        return Err(CryptoError::key("it is no key revocation list"));
    }
    if fields.u32()? != 1 {
        return Err(CryptoError::key("the format of the key revocation list is not version 1"));
    }
    // Version of the list, date, flags.
    for _ in 0..3 {
        fields.u64()?;
    }
    let (_reserved, _comment) = (fields.string()?, fields.string()?);
    let mut list = RevocationList::default();
    while !fields.rest().is_empty() {
        let kind = fields.byte()?;
        // Signatures come last, and protect a list on its way, which a local file does not need.
        if kind == SIGNATURE {
            break;
        }
        let mut section = Fields::new(fields.string()?);
        match kind {
            CERTIFICATES => {
                let (_authority, _reserved) = (section.string()?, section.string()?);
                while !section.rest().is_empty() {
                    let (_kind, _data) = (section.byte()?, section.string()?);
                    list.others += 1;
                }
            }
            EXPLICIT_KEY => {
                while !section.rest().is_empty() {
                    list.fingerprints.push(host_key::fingerprint(section.string()?));
                }
            }
            FINGERPRINT_SHA256 => {
                while !section.rest().is_empty() {
                    list.fingerprints.push(format!("SHA256:{}", base64::encode(section.string()?)));
                }
            }
            FINGERPRINT_SHA1 => {
                while !section.rest().is_empty() {
                    section.string()?;
                    list.others += 1;
                }
            }
            EXTENSION => {
                let (_name, critical) = (section.string()?, section.byte()?);
                if critical != 0 {
                    return Err(CryptoError::key("the key revocation list has a critical extension"));
                }
            }
            _ => return Err(CryptoError::key("the key revocation list has a section of an unknown kind")),
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_cut_off_is_an_error() {
        let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
        let mut list = [MAGIC, &[0, 0, 0, 1], &[0; 24]].concat();
        list.extend([string(b""), string(b"comment")].concat());
        assert_eq!(read_revocation_list(&list), Ok(RevocationList::default()));
        list.push(FINGERPRINT_SHA256);
        list.extend(string(&string(&[0; 32])));
        let read = read_revocation_list(&list).unwrap();
        assert_eq!(read.fingerprints, [format!("SHA256:{}", "A".repeat(43))]);
        let header = 52 - 1;
        for length in (0..list.len()).filter(|&length| length != header) {
            assert!(read_revocation_list(&list[..length]).is_err(), "{length} of {}", list.len());
        }
        list.extend([EXTENSION].iter().chain(&string(&[string(b"x"), vec![1], string(b"")].concat())));
        assert!(read_revocation_list(&list).is_err());
    }
}
