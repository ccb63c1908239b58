//! Private keys that a passphrase protects: PKCS #8 in PEM (RFC 5958 section 3, RFC 7468 section 11).

use pkcs8::der::{AnyRef, Decode as _};
use pkcs8::{EncryptedPrivateKeyInfoRef, Error as Pkcs8Error, pkcs5};
use shakedown_model::Secret;
use zeroize::Zeroizing;

use crate::base64;

/// Why a protected private key was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnlockError {
    /// It is protected in the form that OpenSSL had before PKCS #8 (`Proc-Type: 4,ENCRYPTED`), whose key derivation is MD5
    /// once over.
    #[error("the private key is protected in OpenSSL's old form, not in that of PKCS #8")]
    OldForm,
    /// It is protected by a scheme that is not computed here: PBES1, or a cipher out of use.
    #[error("the private key is protected by a scheme that is not computed here")]
    Scheme,
    /// What is said to be a protected key is none.
    #[error("the protected private key cannot be read")]
    Broken,
    /// The passphrase is another one.
    #[error("the passphrase does not open the private key")]
    Passphrase,
}

const BEGIN: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END: &[u8] = b"-----END ENCRYPTED PRIVATE KEY-----";
/// The header of RFC 1421 section 4.6.1.1, as OpenSSL writes it.
const OLD: &[u8] = b"Proc-Type: 4,ENCRYPTED";

/// Opens the private key of a file in PEM with this passphrase. Gives the key in PEM and without protection; `None` where
/// no key in the file is protected. A file may hold certificates besides.
///
/// # Errors
/// [`UnlockError`] with the reason.
pub fn unlock_key(file: &[u8], passphrase: &Secret<Vec<u8>>) -> Result<Option<Secret<Vec<u8>>>, UnlockError> {
    let find = |text: &[u8], part: &[u8]| text.windows(part.len()).position(|window| window == part);
    let Some(rest) = find(file, BEGIN).and_then(|at| file.get(at + BEGIN.len()..)) else {
        return if find(file, OLD).is_some() { Err(UnlockError::OldForm) } else { Ok(None) };
    };
    let body = find(rest, END).and_then(|at| rest.get(..at)).ok_or(UnlockError::Broken)?;
    let der = base64::decode(body).map_err(|_| UnlockError::Broken)?;
    if AnyRef::from_der(&der).is_err() {
        return Err(UnlockError::Broken);
    }
    // PKCS #12's own schemes are not known to the parser.
    let protected = EncryptedPrivateKeyInfoRef::try_from(der.as_slice()).map_err(|_| UnlockError::Scheme)?;
    let plain = protected.decrypt(passphrase.expose()).map_err(|error| match error {
        Pkcs8Error::EncryptedPrivateKey(
            pkcs5::Error::NoPbes1CryptSupport
            | pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::AlgorithmParametersInvalid { .. },
        ) => UnlockError::Scheme,
        // With a wrong passphrase the padding comes out wrong or, once in 256 times, what it encloses.
        _ => UnlockError::Passphrase,
    })?;
    let text = Zeroizing::new(base64::encode_padded(plain.as_bytes()));
    let mut pem = Vec::with_capacity(text.len() + text.len() / 64 + 64);
    pem.extend(b"-----BEGIN PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line);
        pem.push(b'\n');
    }
    pem.extend(b"-----END PRIVATE KEY-----\n");
    Ok(Some(Secret::new(pem)))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use shakedown_testkit::require;

    use super::*;

    fn secret(text: &str) -> Secret<Vec<u8>> {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn what_openssl_protects_is_opened() {
        let Some(openssl) = require("openssl") else { return };
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| {
            let ran = Command::new(&openssl).args(arguments).current_dir(folder.path()).output().unwrap();
            assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        };
        run(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "plain.pem"]);
        run(&["pkcs8", "-topk8", "-nocrypt", "-in", "plain.pem", "-outform", "DER", "-out", "plain.der"]);
        let plain = std::fs::read(folder.path().join("plain.der")).unwrap();
        let protect = ["pkcs8", "-topk8", "-in", "plain.pem", "-out", "locked.pem", "-passout", "pass:open sesame"];
        let schemes: [&[&str]; 7] = [
            &[],
            &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"],
            &["-v2", "aes-192-cbc"],
            // What OpenSSL 1.0 made.
            &["-v2", "des3", "-v2prf", "hmacWithSHA1"],
            &["-scrypt"],
            &["-v1", "PBE-SHA1-3DES"],
            &["-v2", "camellia-256-cbc"],
        ];
        for (at, scheme) in schemes.into_iter().enumerate() {
            run(&[&protect[..], scheme].concat());
            let file = std::fs::read(folder.path().join("locked.pem")).unwrap();
            let opened = unlock_key(&file, &secret("open sesame")).map(|key| key.map(|key| key.expose().clone()));
            if at >= 5 {
                assert_eq!(opened, Err(UnlockError::Scheme), "{scheme:?}");
                continue;
            }
            let text = String::from_utf8(opened.unwrap().unwrap()).unwrap();
            let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
            assert_eq!(base64::decode(body.as_bytes()).unwrap(), plain, "{scheme:?}");
            assert!(matches!(unlock_key(&file, &secret("open")), Err(UnlockError::Passphrase)), "{scheme:?}");
        }
        run(&["ec", "-in", "plain.pem", "-aes128", "-out", "old.pem", "-passout", "pass:open sesame"]);
        let old = std::fs::read(folder.path().join("old.pem")).unwrap();
        assert!(matches!(unlock_key(&old, &secret("open sesame")), Err(UnlockError::OldForm)));
        let none = std::fs::read(folder.path().join("plain.pem")).unwrap();
        assert!(matches!(unlock_key(&none, &secret("open sesame")), Ok(None)));
    }

    #[test]
    fn broken_files_are_no_panic() {
        for (body, expected) in [
            ("", UnlockError::Broken),
            ("AAAA", UnlockError::Broken),
            ("!", UnlockError::Broken),
            ("MIIFHDBOBgkqhkiG9w0BBQ0", UnlockError::Broken),
            ("MAA=", UnlockError::Scheme),
        ] {
            let file = format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}\n-----END ENCRYPTED PRIVATE KEY-----\n");
            let opened = unlock_key(file.as_bytes(), &secret("x")).map(|_| ());
            assert_eq!(opened, Err(expected), "{body}");
        }
        let cut = unlock_key(BEGIN, &secret("x")).map(|_| ());
        assert_eq!(cut, Err(UnlockError::Broken));
    }
}
