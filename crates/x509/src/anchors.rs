use crate::der::{Element, SEQUENCE};
use crate::pem::{self, Block};
use crate::{Certificate, DistinguishedName, Limits, NameConstraints, PublicKey};

/// What somebody trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    /// The anchors; two may have one name.
    pub list: Vec<Anchor>,
}

/// A name and a key that are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The name.
    pub subject: DistinguishedName,
    /// The key.
    pub key: PublicKey,
    /// The names that those below it may have.
    pub name_constraints: Option<NameConstraints>,
    /// The certificate that it was read from, where there is one.
    pub certificate: Option<Certificate>,
}

impl Anchors {
    /// What these certificates say is trusted, whatever they are.
    pub fn from_certificates(certificates: impl IntoIterator<Item = Certificate>) -> Self {
        Self { list: certificates.into_iter().map(Anchor::from).collect() }
    }

    /// The certificates of a bundle, and the blocks that hold none that can be read.
    pub fn from_pem(bundle: &[u8]) -> (Self, Vec<Block>) {
        let (certificates, others) = pem::certificates(bundle, &Limits::default());
        (Self::from_certificates(certificates.into_iter().map(|read| read.certificate)), others)
    }

    /// The authorities that Mozilla trusts for servers, as of the version of `webpki-roots` that is built in. Their
    /// certificates are not part of it: only names, keys and constraints.
    pub fn mozilla() -> Self {
        let list = webpki_roots::TLS_SERVER_ROOTS.iter().filter_map(|anchor| {
            Some(Anchor {
                subject: DistinguishedName::from_der(&anchor.subject)?,
                key: PublicKey::from_der(&anchor.subject_public_key_info).ok()?,
                name_constraints: match &anchor.name_constraints {
                    Some(contents) => {
                        let element = Element { tag: SEQUENCE, offset: 0, whole: contents, value: contents };
                        Some(NameConstraints::read(&element, &Limits::default()).ok()?)
                    }
                    None => None,
                },
                certificate: None,
            })
        });
        Self { list: list.collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing is trusted.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl From<Certificate> for Anchor {
    fn from(certificate: Certificate) -> Self {
        Self {
            subject: certificate.subject.clone(),
            key: certificate.key.clone(),
            name_constraints: certificate.extensions.name_constraints.clone(),
            certificate: Some(certificate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_anchors_of_mozilla_are_read() {
        assert_eq!(Anchors::mozilla().len(), webpki_roots::TLS_SERVER_ROOTS.len());
        assert!(Anchors::mozilla().list.iter().any(|anchor| anchor.subject.to_string().contains("ISRG Root X1")));
    }
}
