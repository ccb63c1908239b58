//! Lists of signature algorithms, as `SSL_CTX_set1_sigalgs_list` reads them.

use super::Openssl;

/// Why a list of signature algorithms is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemeError {
    /// A word that is none.
    #[error("OpenSSL {version} has no signature algorithm `{name}`")]
    Unknown {
        /// The word.
        name: String,
        /// The version.
        version: String,
    },
    /// A scheme that stands there twice.
    #[error("`{name}` stands there twice")]
    Twice {
        /// The word.
        name: String,
    },
    /// Nothing is left.
    #[error("the list has no signature algorithm")]
    Empty,
}

/// Schemes by IANA's name, and what stands before and after the `+` of OpenSSL's own words for them.
const SCHEMES: [(&str, &str, &str); 29] = [
    ("ecdsa_secp256r1_sha256", "ECDSA", "SHA256"),
    ("ecdsa_secp384r1_sha384", "ECDSA", "SHA384"),
    ("ecdsa_secp521r1_sha512", "ECDSA", "SHA512"),
    ("ed25519", "", ""),
    ("ed448", "", ""),
    ("ecdsa_sha224", "ECDSA", "SHA224"),
    ("ecdsa_sha1", "ECDSA", "SHA1"),
    ("rsa_pss_rsae_sha256", "RSA-PSS", "SHA256"),
    ("rsa_pss_rsae_sha384", "RSA-PSS", "SHA384"),
    ("rsa_pss_rsae_sha512", "RSA-PSS", "SHA512"),
    ("rsa_pss_pss_sha256", "", ""),
    ("rsa_pss_pss_sha384", "", ""),
    ("rsa_pss_pss_sha512", "", ""),
    ("rsa_pkcs1_sha256", "RSA", "SHA256"),
    ("rsa_pkcs1_sha384", "RSA", "SHA384"),
    ("rsa_pkcs1_sha512", "RSA", "SHA512"),
    ("rsa_pkcs1_sha224", "RSA", "SHA224"),
    ("rsa_pkcs1_sha1", "RSA", "SHA1"),
    ("dsa_sha256", "DSA", "SHA256"),
    ("dsa_sha384", "DSA", "SHA384"),
    ("dsa_sha512", "DSA", "SHA512"),
    ("dsa_sha224", "DSA", "SHA224"),
    ("dsa_sha1", "DSA", "SHA1"),
    ("ecdsa_brainpoolP256r1tls13_sha256", "", ""),
    ("ecdsa_brainpoolP384r1tls13_sha384", "", ""),
    ("ecdsa_brainpoolP512r1tls13_sha512", "", ""),
    ("mldsa44", "", ""),
    ("mldsa65", "", ""),
    ("mldsa87", "", ""),
];

/// Whether OpenSSL has no name for a scheme but its own two words before 3.5 (`sigalg_lookup_tbl` of ssl/t1_lib.c).
fn has_no_name(name: &str) -> bool {
    name.starts_with("ecdsa_sha") || name.starts_with("dsa_sha")
}

/// A scheme as every version of OpenSSL that has it reads it.
pub fn scheme_word(name: &str) -> String {
    let words = SCHEMES.iter().find(|(one, ..)| *one == name && has_no_name(name));
    words.map_or_else(|| name.to_owned(), |(_, key, digest)| format!("{key}+{digest}"))
}

impl Openssl {
    /// The schemes that one word of a list stands for; none where it is no word.
    fn scheme(&self, word: &str) -> Option<&'static str> {
        let any_case = self.at_least("3.5.0");
        let same = |word: &str, name: &str| if any_case { word.eq_ignore_ascii_case(name) } else { word == name };
        let (name, _, _) = match word.split_once('+') {
            // Case counts before 3.5; the digest has two names, that of its object in capitals and the other one.
            Some((key, digest)) => {
                let key = if same(key, "PSS") { "RSA-PSS" } else { key };
                SCHEMES.iter().find(|(_, one, its)| {
                    !one.is_empty() && same(key, one) && (same(digest, its) || *digest == its.to_ascii_lowercase())
                })
            }
            None => {
                SCHEMES.iter().find(|(name, _, _)| same(word, name)).filter(|(name, ..)| any_case || !has_no_name(name))
            }
        }?;
        let since = match *name {
            _ if name.starts_with("mldsa") => "3.5.0",
            _ if name.contains("tls13") => "3.2.0",
            _ => "1.1.1",
        };
        self.at_least(since).then_some(*name)
    }

    /// Reads a list of signature algorithms: `RSA+SHA256`, `RSA-PSS+SHA256`, IANA's names, with `:` between them; since
    /// 3.3 with `?` before one that may be missing.
    ///
    /// # Errors
    /// OpenSSL refuses the list.
    pub fn schemes(&self, text: &str) -> Result<Vec<String>, SchemeError> {
        let mut schemes: Vec<String> = Vec::new();
        for word in text.split(':').map(str::trim).filter(|word| !word.is_empty()) {
            let optional = self.at_least("3.3.0") && word.starts_with('?');
            let name = if optional { word.trim_start_matches('?') } else { word };
            let Some(scheme) = self.scheme(name) else {
                if optional {
                    continue;
                }
                return Err(SchemeError::Unknown { name: name.to_owned(), version: self.version.clone() });
            };
            if schemes.iter().any(|one| one == scheme) {
                if self.at_least("3.3.0") {
                    continue;
                }
                return Err(SchemeError::Twice { name: name.to_owned() });
            }
            schemes.push(scheme.to_owned());
        }
        if schemes.is_empty() { Err(SchemeError::Empty) } else { Ok(schemes) }
    }

    /// The schemes without a setting, before the security level takes its part (`tls12_sigalgs` of ssl/t1_lib.c).
    pub fn default_schemes(&self) -> Vec<String> {
        let new: &[&str] = if self.at_least("3.5.0") { &["mldsa65", "mldsa87", "mldsa44"] } else { &[] };
        let brainpool: &[&str] = if self.at_least("3.2.0") {
            &[
                "ecdsa_brainpoolP256r1tls13_sha256",
                "ecdsa_brainpoolP384r1tls13_sha384",
                "ecdsa_brainpoolP512r1tls13_sha512",
            ]
        } else {
            &[]
        };
        let plain = ["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519", "ed448"];
        let rest = [
            "rsa_pss_pss_sha256",
            "rsa_pss_pss_sha384",
            "rsa_pss_pss_sha512",
            "rsa_pss_rsae_sha256",
            "rsa_pss_rsae_sha384",
            "rsa_pss_rsae_sha512",
            "rsa_pkcs1_sha256",
            "rsa_pkcs1_sha384",
            "rsa_pkcs1_sha512",
            "ecdsa_sha224",
            "ecdsa_sha1",
            "rsa_pkcs1_sha224",
            "rsa_pkcs1_sha1",
            "dsa_sha224",
            "dsa_sha1",
            "dsa_sha256",
            "dsa_sha384",
            "dsa_sha512",
        ];
        new.iter().chain(&plain).chain(brainpool).chain(&rest).map(|&name| name.to_owned()).collect()
    }
}
