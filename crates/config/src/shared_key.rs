//! The one way to a pre-shared key itself: parties, files and everything that is printed have only its print.

use shakedown_model::Secret;
use shakedown_model::ike::KeyPrint;
use zeroize::{Zeroize as _, Zeroizing};

use crate::files::{FILE_LIMIT, FileError, Files};
use crate::{ipsec_conf, settings};

/// The pre-shared key with this print in a `swanctl.conf` or an `ipsec.secrets`, which is read anew for it; `None` where it
/// is not in this very file. The text that was read is wiped.
///
/// # Errors
/// The file cannot be read.
pub fn shared_key(files: &dyn Files, path: &str, wanted: KeyPrint) -> Result<Option<Secret<Vec<u8>>>, FileError> {
    let text = Zeroizing::new(files.read(path, FILE_LIMIT)?);
    let mut found = None;
    let mut take = |key: &[u8]| {
        if found.is_none() && KeyPrint::of(key) == wanted {
            found = Some(Secret::new(key.to_vec()));
        }
    };
    ipsec_conf::each_key(&text, &mut take);
    settings::without_secrets(text.to_vec(), |_, key| take(key)).zeroize();
    Ok(found)
}

/// A pre-shared key from the text of a file that holds nothing else, or of a variable: read as in a configuration (`0x`
/// hexadecimal, `0s` Base64), without the line end behind it.
pub fn shared_key_of_text(text: &[u8]) -> Secret<Vec<u8>> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    Secret::new(settings::key(text).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    #[test]
    fn a_key_is_found_by_its_print_and_nowhere_else() {
        let mut files = Memory::new();
        files.insert("s.conf", "secrets {\n ike-a { secret = one }\n ike-b { secret = 0x00ff }\n}\n");
        files.insert("ipsec.secrets", "# no\na b : PSK \"two\"\n: PSK 0sAAH/\n");
        let of = |path: &str, key: &[u8]| {
            shared_key(&files, path, KeyPrint::of(key)).unwrap().map(|secret| secret.expose().clone())
        };
        for (path, key) in [
            ("s.conf", &b"one"[..]),
            ("s.conf", &[0, 0xff]),
            ("ipsec.secrets", b"two"),
            ("ipsec.secrets", &[0, 1, 0xff]),
        ] {
            assert_eq!(of(path, key).as_deref(), Some(key), "{path}");
        }
        assert_eq!(of("s.conf", b"two"), None);
        assert!(shared_key(&files, "none", KeyPrint::of(b"x")).is_err());
        for (text, key) in [("a b\n", &b"a b"[..]), ("0x01\r\n", &[1]), ("0sAA==", &[0]), ("\n\n", b"\n")] {
            assert_eq!(shared_key_of_text(text.as_bytes()).expose(), key);
        }
    }
}
