use std::fmt;

/// An object identifier, as the bytes of its DER contents (X.690 section 8.19).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(Box<[u8]>);

impl Oid {
    /// From DER contents; whatever they are is kept.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The DER contents.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is this one, given as DER contents.
    pub(crate) fn is(&self, bytes: &[u8]) -> bool {
        *self.0 == *bytes
    }
}

impl fmt::Display for Oid {
    /// In dotted form; what is not an object identifier as hexadecimal bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arcs: Vec<u128> = Vec::new();
        let (mut value, mut open) = (0_u128, false);
        for &byte in &*self.0 {
            value = value.saturating_mul(128).saturating_add(u128::from(byte & 0x7f));
            open = byte & 0x80 != 0;
            if !open {
                arcs.push(value);
                value = 0;
            }
        }
        let Some((&first, rest)) = arcs.split_first().filter(|_| !open) else {
            write!(f, "0x")?;
            return self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"));
        };
        let root = (first / 40).min(2);
        write!(f, "{root}.{}", first - root * 40)?;
        rest.iter().try_for_each(|arc| write!(f, ".{arc}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Extensions, RFC 5280 section 4.2: id-ce is 2.5.29.
pub(crate) mod extension {
    pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
    pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    pub(crate) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
    pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
    pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
    pub(crate) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 32];
    pub(crate) const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 33];
    pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
    pub(crate) const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
    pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
    pub(crate) const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
    /// id-pe-authorityInfoAccess, RFC 5280 section 4.2.2.1.
    pub(crate) const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
    /// id-pe-tlsfeature, RFC 7633.
    pub(crate) const TLS_FEATURE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
    /// The list of signed certificate timestamps, RFC 6962 section 3.3.
    pub(crate) const SCT_LIST: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
}

/// Extensions of revocation lists and of their entries, RFC 5280 sections 5.2 and 5.3.
pub(crate) mod list_extension {
    pub(crate) const NUMBER: &[u8] = &[0x55, 0x1d, 20];
    pub(crate) const REASON: &[u8] = &[0x55, 0x1d, 21];
    pub(crate) const DELTA: &[u8] = &[0x55, 0x1d, 27];
    pub(crate) const ISSUING_POINT: &[u8] = &[0x55, 0x1d, 28];
    pub(crate) const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 29];
}

/// What RFC 5280 section 4.2.1 calls an extension; the dotted form where it has no name here.
pub(crate) fn extension_name(oid: &Oid) -> String {
    let names = [
        (extension::SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier"),
        (extension::KEY_USAGE, "keyUsage"),
        (extension::SUBJECT_ALT_NAME, "subjectAltName"),
        (extension::BASIC_CONSTRAINTS, "basicConstraints"),
        (extension::NAME_CONSTRAINTS, "nameConstraints"),
        (extension::CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints"),
        (extension::AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier"),
        (extension::EXTENDED_KEY_USAGE, "extKeyUsage"),
    ];
    let known = names.iter().find(|(bytes, _)| oid.is(bytes));
    known.map_or_else(|| oid.to_string(), |(_, name)| (*name).to_owned())
}

/// Ways of access, RFC 5280 section 4.2.2.1.
pub(crate) mod access {
    pub(crate) const OCSP: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1];
    pub(crate) const CA_ISSUERS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 2];
}

/// Purposes, RFC 5280 section 4.2.1.12.
pub(crate) mod purpose {
    pub(crate) const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    pub(crate) const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
    pub(crate) const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];

    /// What a person calls a purpose, RFC 5280 section 4.2.1.12 and OpenSSL's `objects.txt`.
    pub(crate) const NAMES: &[(&[u8], &str)] = &[
        (SERVER_AUTH, "serverAuth"),
        (CLIENT_AUTH, "clientAuth"),
        (&[0x2b, 6, 1, 5, 5, 7, 3, 3], "codeSigning"),
        (&[0x2b, 6, 1, 5, 5, 7, 3, 4], "emailProtection"),
        (&[0x2b, 6, 1, 5, 5, 7, 3, 8], "timeStamping"),
        (OCSP_SIGNING, "OCSPSigning"),
        (&[0x2b, 6, 1, 5, 5, 7, 3, 17], "ipsecIKE"),
        (&[0x55, 0x1d, 37, 0], "anyExtendedKeyUsage"),
    ];
}

/// What a person calls a purpose; the dotted form where it has no name here.
pub(crate) fn purpose_name(oid: &Oid) -> String {
    let known = purpose::NAMES.iter().find(|(bytes, _)| oid.is(bytes));
    known.map_or_else(|| oid.to_string(), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dotted_form() {
        for (bytes, text) in [
            (extension::TLS_FEATURE, "1.3.6.1.5.5.7.1.24"),
            (extension::SCT_LIST, "1.3.6.1.4.1.11129.2.4.2"),
            (extension::KEY_USAGE, "2.5.29.15"),
            (&[0x88, 0x37], "2.999"),
            (&[], "0x"),
            (&[0x2a, 0x86], "0x2a86"),
        ] {
            assert_eq!(Oid::from_bytes(bytes).to_string(), text);
        }
        assert_eq!(purpose_name(&Oid::from_bytes(purpose::CLIENT_AUTH)), "clientAuth");
    }
}
