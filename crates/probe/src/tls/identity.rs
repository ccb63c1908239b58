use std::fmt;
use std::sync::Arc;

use rustls::InconsistentKeys;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use shakedown_model::Secret;
use zeroize::Zeroizing;

/// A client's certificate with its private key, to show to servers that ask for one. It cannot be printed.
#[derive(Clone)]
pub struct Identity {
    pub(super) certified: Arc<CertifiedKey>,
}

/// Why a certificate and a key cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityError {
    /// There is no certificate in PEM.
    NoCertificate,
    /// There is no private key in PEM.
    NoKey,
    /// The private key is protected by a passphrase.
    Encrypted,
    /// The private key cannot be read, or is of a kind that nothing is signed with here.
    Key {
        /// Why.
        reason: String,
    },
    /// The key is not that of the first certificate.
    DoesNotFit,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("there is no certificate in PEM in it"),
            Self::NoKey => f.write_str("there is no private key in PEM in it"),
            Self::Encrypted => f.write_str("the private key is protected by a passphrase"),
            Self::Key { reason } => write!(f, "the private key cannot be used: {reason}"),
            Self::DoesNotFit => f.write_str("the private key does not belong to the first certificate"),
        }
    }
}

impl std::error::Error for IdentityError {}

impl Identity {
    /// Reads certificates, the client's own first, and its private key (PKCS #8, PKCS #1 or SEC1), all in PEM. Of the key
    /// no copy is kept but the one that signs.
    ///
    /// # Errors
    /// One of the two is missing, cannot be used, or they do not belong together.
    pub fn from_pem(certificates: &[u8], key: &Secret<Vec<u8>>) -> Result<Self, IdentityError> {
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(certificates).filter_map(Result::ok).collect();
        if chain.is_empty() {
            return Err(IdentityError::NoCertificate);
        }
        let has = |text: &str| key.expose().windows(text.len()).any(|part| part == text.as_bytes());
        // RFC 7468 section 11, and the header of RFC 1421 section 4.6.1.1 that OpenSSL writes.
        if has("-----BEGIN ENCRYPTED PRIVATE KEY-----") || has("Proc-Type: 4,ENCRYPTED") {
            return Err(IdentityError::Encrypted);
        }
        let key = match PrivateKeyDer::from_pem_slice(key.expose()) {
            Ok(key) => Zeroizing::new(key),
            Err(rustls_pki_types::pem::Error::NoItemsFound) => return Err(IdentityError::NoKey),
            Err(error) => return Err(IdentityError::Key { reason: error.to_string() }),
        };
        let key = any_supported_type(&key).map_err(|_| IdentityError::Key {
            reason: "it is none of RSA, of the curves P-256, P-384 and P-521, and Ed25519".to_owned(),
        })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(IdentityError::DoesNotFit),
            _ => Ok(Self { certified: Arc::new(certified) }),
        }
    }

    /// The certificates in DER, the client's own first.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        self.certified.cert.iter().map(|certificate| certificate.to_vec()).collect()
    }
}
