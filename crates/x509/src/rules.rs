use crate::oid::extension;
use crate::{Digest, Fault, KeyKind};

/// What a client refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Which kind of verifier; it decides what has no figure of its own here.
    pub verifier: Verifier,
    /// The smallest RSA and DSA key, in bits.
    pub smallest_rsa: u32,
    /// The smallest elliptic curve, in bits.
    pub smallest_curve: u32,
    /// Whether signatures with SHA-1 are refused (those with MD5 and MD2 always are).
    pub refuses_sha1: bool,
    /// The most authorities between the end and its anchor.
    pub most_authorities: usize,
}

/// Kinds of verifiers, by how they treat what is rare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verifier {
    /// rustls-webpki.
    Webpki,
    /// OpenSSL 1.1.0 and later, at its defaults (without `X509_V_FLAG_X509_STRICT`).
    OpenSsl,
    /// What browsers of today have in common.
    Browser,
}

/// Where in a path a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Position {
    /// The end's own.
    End,
    /// An authority's.
    Authority,
    /// The one that is trusted.
    Anchor,
}

impl Rules {
    /// rustls-webpki 0.103 with all its algorithms.
    pub fn webpki() -> Self {
        let verifier = Verifier::Webpki;
        Self { verifier, smallest_rsa: 2048, smallest_curve: 256, refuses_sha1: true, most_authorities: 6 }
    }

    /// What browsers of today have in common: the baseline requirements of the CA/Browser Forum, as far as Chrome and
    /// Firefox enforce them also for private authorities.
    pub fn browser() -> Self {
        let verifier = Verifier::Browser;
        Self { verifier, smallest_rsa: 1024, smallest_curve: 256, refuses_sha1: true, most_authorities: 100 }
    }

    /// OpenSSL 3 at a security level, `SSL_CTX_set_security_level(3)`: level 1 is OpenSSL's own default, level 2
    /// Debian's and Ubuntu's.
    pub fn openssl(security_level: u8) -> Self {
        let (smallest_rsa, smallest_curve) = match security_level {
            0 => (0, 0),
            1 => (1024, 160),
            2 => (2048, 224),
            3 => (3072, 256),
            4 => (7680, 384),
            _ => (15_360, 512),
        };
        // SHA-1 counts as 63 bits of security since 3.0, level 1 asks for 80.
        let refuses_sha1 = security_level >= 1;
        Self { verifier: Verifier::OpenSsl, smallest_rsa, smallest_curve, refuses_sha1, most_authorities: 100 }
    }

    /// Whether a fault of a certificate in this position makes the client refuse the path.
    pub fn refuses(&self, position: Position, fault: &Fault) -> bool {
        use Verifier::{Browser, OpenSsl, Webpki};
        let anchor = position == Position::Anchor;
        match fault {
            // The anchor is a name and a key to webpki, and nothing else is looked at.
            Fault::Expired { .. } | Fault::NotYetValid { .. } | Fault::NeverValid => {
                !anchor || self.verifier == OpenSsl
            }
            Fault::NotAnAuthority { .. } | Fault::MayNotSign => match self.verifier {
                Webpki => !anchor && matches!(fault, Fault::NotAnAuthority { .. }),
                // `check_ca` and `check_chain`: of the last one key usage alone makes an authority.
                OpenSsl => !(anchor && matches!(fault, Fault::NotAnAuthority { says_so: false, may_sign: true })),
                Browser => true,
            },
            Fault::PathLength { allowed, found, .. } => match self.verifier {
                Webpki => !anchor,
                _ => u32::try_from(*found).unwrap_or(u32::MAX) > *allowed,
            },
            Fault::WrongSignature
            | Fault::IssuerNotFound { .. }
            | Fault::UntrustedRoot
            | Fault::SelfSigned
            | Fault::NameConstraint { .. } => true,
            Fault::UncheckedSignature { .. } => true,
            // To OpenSSL such a root signs itself no more (`check_sig_alg_match`).
            Fault::AlgorithmsDiffer => !anchor || self.verifier == OpenSsl,
            Fault::WeakDigest { digest } => match digest {
                Digest::Sha1 => self.refuses_sha1,
                _ => true,
            },
            Fault::RareSignature { .. } => self.verifier != OpenSsl,
            Fault::RareKey { .. } => match self.verifier {
                OpenSsl => false,
                Browser => true,
                Webpki => position != Position::End,
            },
            Fault::SmallKey { kind, bits } => {
                let least = if matches!(kind, KeyKind::Ec { .. }) { self.smallest_curve } else { self.smallest_rsa };
                // webpki meets a key only where it checks a signature.
                *bits < least && !(self.verifier == Webpki && position == Position::End)
            }
            Fault::LargeKey { bits } => match self.verifier {
                Webpki => position != Position::End,
                // OPENSSL_RSA_MAX_MODULUS_BITS.
                OpenSsl => *bits > 16_384,
                Browser => false,
            },
            Fault::AnchorIsNoRoot => self.verifier == OpenSsl,
            Fault::Purpose { .. } => !anchor || self.verifier == OpenSsl,
            Fault::MayNotSignHandshakes { may_encrypt } => match self.verifier {
                Webpki => false,
                OpenSsl => !may_encrypt,
                Browser => true,
            },
            Fault::AuthorityAsEnd => self.verifier == Webpki,
            Fault::UnknownConstraint { .. } => self.verifier == Webpki,
            Fault::CriticalExtension { oid } => (!anchor || self.verifier == OpenSsl) && !self.knows(oid.as_bytes()),
            Fault::OldVersion { version } => match self.verifier {
                Webpki => !anchor,
                OpenSsl => false,
                Browser => !anchor || *version > 3,
            },
            Fault::UniqueIdentifiers => self.verifier == Webpki && !anchor,
            Fault::Malformed { field, .. } => match self.verifier {
                Webpki => !anchor && read_by_webpki(field),
                _ => !anchor,
            },
            Fault::ExtensionTwice { extension } => {
                !anchor && (self.verifier != Webpki || extension == "keyUsage" || read_by_webpki(extension))
            }
            Fault::NameEncoding => self.verifier == Webpki,
            Fault::LargeCertificate { .. } => self.verifier == Webpki && !anchor,
            Fault::TooLong { authorities } => *authorities > self.most_authorities,
        }
    }

    /// Whether the client knows this extension where it is critical.
    fn knows(&self, oid: &[u8]) -> bool {
        let always = [
            extension::KEY_USAGE,
            extension::SUBJECT_ALT_NAME,
            extension::BASIC_CONSTRAINTS,
            extension::NAME_CONSTRAINTS,
            extension::EXTENDED_KEY_USAGE,
        ];
        let policies = [
            extension::CERTIFICATE_POLICIES,
            extension::POLICY_MAPPINGS,
            extension::POLICY_CONSTRAINTS,
            extension::INHIBIT_ANY_POLICY,
        ];
        always.contains(&oid)
            || match self.verifier {
                Verifier::Webpki => oid == extension::CRL_DISTRIBUTION_POINTS,
                // OpenSSL crypto/x509/v3_purp.c, `X509_supported_extension`.
                Verifier::OpenSsl => policies.contains(&oid) || oid == extension::CRL_DISTRIBUTION_POINTS,
                Verifier::Browser => policies.contains(&oid),
            }
    }
}

/// The extensions that webpki reads; it passes over the contents of all others.
fn read_by_webpki(field: &str) -> bool {
    let last = field.rsplit('.').next().unwrap_or(field);
    ["basicConstraints", "extKeyUsage", "subjectAltName", "nameConstraints", "cRLDistributionPoints"].contains(&last)
}
