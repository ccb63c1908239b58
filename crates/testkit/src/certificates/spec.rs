use super::der::{bit_string, boolean, context, integer, octet_string, oid, printable, sequence, set, time, tlv, utf8};
use super::key::{CertificateKey, SignatureDigest};

/// Bits of the extension key usage, RFC 5280 section 4.2.1.3.
pub mod key_usage {
    /// digitalSignature.
    pub const DIGITAL_SIGNATURE: u16 = 1 << 0;
    /// keyEncipherment.
    pub const KEY_ENCIPHERMENT: u16 = 1 << 2;
    /// keyCertSign.
    pub const CERTIFICATE_SIGNING: u16 = 1 << 5;
    /// cRLSign.
    pub const CRL_SIGNING: u16 = 1 << 6;
}

/// Purposes, RFC 5280 section 4.2.1.12.
pub mod purpose {
    /// id-kp-serverAuth.
    pub const SERVER: &str = "1.3.6.1.5.5.7.3.1";
    /// id-kp-clientAuth.
    pub const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
    /// id-kp-codeSigning.
    pub const CODE: &str = "1.3.6.1.5.5.7.3.3";
    /// id-kp-OCSPSigning.
    pub const OCSP: &str = "1.3.6.1.5.5.7.3.9";
    /// anyExtendedKeyUsage.
    pub const ANY: &str = "2.5.29.37.0";
}

/// A name of the extension "subject alternative name", or the base of a constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestName {
    /// dNSName, any bytes.
    Dns(Vec<u8>),
    /// iPAddress, any bytes.
    Ip(Vec<u8>),
    /// uniformResourceIdentifier.
    Uri(String),
    /// rfc822Name.
    Email(String),
    /// directoryName with a common name.
    Directory(String),
}

impl TestName {
    /// A DNS name.
    pub fn dns(name: &str) -> Self {
        Self::Dns(name.as_bytes().to_vec())
    }

    fn der(&self) -> Vec<u8> {
        match self {
            Self::Dns(bytes) => tlv(0x82, bytes),
            Self::Ip(bytes) => tlv(0x87, bytes),
            Self::Uri(text) => tlv(0x86, text.as_bytes()),
            Self::Email(text) => tlv(0x81, text.as_bytes()),
            Self::Directory(name) => context(4, &common_name(name, false)),
        }
    }
}

/// What is done to a certificate besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Damage {
    /// Nothing.
    #[default]
    None,
    /// Its signature has one bit turned.
    Signature,
    /// The algorithm within is another one than outside.
    Algorithms,
    /// It has unique identifiers.
    UniqueIds,
    /// Its last ten bytes are missing.
    Cut,
    /// An extension stands there twice.
    Twice,
    /// The subject alternative name is no list.
    Names,
}

/// A certificate to be made.
#[derive(Clone, Debug)]
pub struct CertificateSpec {
    /// 1, 2 or 3.
    pub version: u8,
    /// The serial number.
    pub serial: u64,
    /// The common name of the subject; empty for none at all.
    pub subject: String,
    /// Whether the subject is a PrintableString instead of a UTF8String.
    pub printable: bool,
    /// The first second, since 1970.
    pub not_before: i64,
    /// The last second, since 1970.
    pub not_after: i64,
    /// Alternative names; no extension where empty.
    pub names: Vec<TestName>,
    /// Basic constraints: whether it is an authority's, and how many authorities below.
    pub basic_constraints: Option<(bool, Option<u8>)>,
    /// Key usage.
    pub key_usage: Option<u16>,
    /// Extended key usage, as object identifiers.
    pub purposes: Option<Vec<&'static str>>,
    /// Permitted and excluded names below.
    pub constraints: Option<(Vec<TestName>, Vec<TestName>)>,
    /// Where its issuer's certificate is.
    pub ca_issuers: Option<String>,
    /// Where OCSP is answered.
    pub ocsp: Option<String>,
    /// Whether a staple is demanded.
    pub must_staple: bool,
    /// Whether subject and authority key identifiers are written.
    pub key_ids: bool,
    /// Further extensions: object identifier, critical, contents.
    pub extensions: Vec<(&'static str, bool, Vec<u8>)>,
    /// The hash of its signature.
    pub digest: SignatureDigest,
    /// What is done to it besides.
    pub damage: Damage,
}

/// Who signs.
#[derive(Clone)]
pub struct Authority {
    /// Its name, as DER.
    pub name: Vec<u8>,
    /// Its key.
    pub key: CertificateKey,
}

const YEAR: i64 = 365 * 86_400;

impl CertificateSpec {
    /// A server's certificate for this name, good from a day before `now` for 90 days.
    pub fn server(name: &str, now: i64) -> Self {
        Self {
            version: 3,
            serial: 0x1234_5678,
            subject: name.to_owned(),
            printable: false,
            not_before: now - 86_400,
            not_after: now + 90 * 86_400,
            names: vec![TestName::dns(name)],
            basic_constraints: Some((false, None)),
            key_usage: Some(key_usage::DIGITAL_SIGNATURE | key_usage::KEY_ENCIPHERMENT),
            purposes: Some(vec![purpose::SERVER]),
            constraints: None,
            ca_issuers: None,
            ocsp: None,
            must_staple: false,
            key_ids: true,
            extensions: Vec::new(),
            digest: SignatureDigest::Sha256,
            damage: Damage::None,
        }
    }

    /// An authority's certificate, good from a year before `now` for ten years.
    pub fn authority(name: &str, now: i64) -> Self {
        Self {
            subject: name.to_owned(),
            not_before: now - YEAR,
            not_after: now + 9 * YEAR,
            names: Vec::new(),
            basic_constraints: Some((true, None)),
            key_usage: Some(key_usage::CERTIFICATE_SIGNING | key_usage::CRL_SIGNING),
            purposes: None,
            ..Self::server(name, now)
        }
    }

    /// Who signs with this key under the name of this certificate.
    pub fn signer(&self, key: &CertificateKey) -> Authority {
        Authority { name: common_name(&self.subject, self.printable), key: key.clone() }
    }

    /// The certificate of `key`, signed by itself.
    pub fn self_signed(&self, key: &CertificateKey) -> Vec<u8> {
        self.signed(key, &self.signer(key))
    }

    /// The certificate of `key`, signed by `issuer`.
    pub fn signed(&self, key: &CertificateKey, issuer: &Authority) -> Vec<u8> {
        let algorithm = issuer.key.algorithm(self.digest);
        let inner = match self.damage {
            Damage::Algorithms => sequence(&[oid("1.2.840.113549.1.1.13"), tlv(0x05, &[])]),
            _ => algorithm.clone(),
        };
        let mut fields = Vec::new();
        if self.version > 1 {
            fields.push(context(0, &integer(&[self.version - 1])));
        }
        fields.push(integer(&self.serial.to_be_bytes()));
        fields.push(inner);
        fields.push(issuer.name.clone());
        fields.push(sequence(&[time(self.not_before), time(self.not_after)]));
        fields.push(common_name(&self.subject, self.printable));
        fields.push(key.spki().to_vec());
        if self.damage == Damage::UniqueIds {
            fields.push(tlv(0x81, &[0, 1, 2, 3]));
        }
        let extensions = self.written_extensions(key, &issuer.key);
        if self.version == 3 && !extensions.is_empty() {
            fields.push(context(3, &sequence(&extensions)));
        }
        let tbs = sequence(&fields);
        let mut signature = issuer.key.sign(self.digest, &tbs);
        if self.damage == Damage::Signature {
            let middle = signature.len() / 2;
            signature[middle] ^= 1;
        }
        let mut certificate = sequence(&[tbs, algorithm, bit_string(&signature)]);
        if self.damage == Damage::Cut {
            certificate.truncate(certificate.len() - 10);
        }
        certificate
    }

    fn written_extensions(&self, key: &CertificateKey, issuer: &CertificateKey) -> Vec<Vec<u8>> {
        let mut list = Vec::new();
        let mut add = |id: &str, critical: bool, contents: Vec<u8>| {
            let mut parts = vec![oid(id)];
            if critical {
                parts.push(boolean(true));
            }
            parts.push(octet_string(&contents));
            list.push(sequence(&parts));
        };
        if let Some((ca, length)) = self.basic_constraints {
            let mut parts = Vec::new();
            if ca {
                parts.push(boolean(true));
            }
            parts.extend(length.map(|length| integer(&[length])));
            add("2.5.29.19", true, sequence(&parts));
            if self.damage == Damage::Twice {
                add("2.5.29.19", true, sequence(&parts));
            }
        }
        if let Some(bits) = self.key_usage {
            let first = (bits as u8).reverse_bits();
            add("2.5.29.15", true, tlv(0x03, &[first.trailing_zeros().min(7) as u8, first]));
        }
        if let Some(purposes) = &self.purposes {
            let purposes: Vec<Vec<u8>> = purposes.iter().map(|purpose| oid(purpose)).collect();
            add("2.5.29.37", false, sequence(&purposes));
        }
        if !self.names.is_empty() {
            let names: Vec<Vec<u8>> = self.names.iter().map(TestName::der).collect();
            let contents = if self.damage == Damage::Names { octet_string(b"no list") } else { sequence(&names) };
            add("2.5.29.17", self.subject.is_empty(), contents);
        }
        if let Some((permitted, excluded)) = &self.constraints {
            let trees =
                |names: &[TestName]| -> Vec<u8> { names.iter().flat_map(|name| sequence(&[name.der()])).collect() };
            let mut parts = Vec::new();
            if !permitted.is_empty() {
                parts.push(context(0, &trees(permitted)));
            }
            if !excluded.is_empty() {
                parts.push(context(1, &trees(excluded)));
            }
            add("2.5.29.30", true, sequence(&parts));
        }
        if self.key_ids {
            add("2.5.29.14", false, octet_string(&key_id(key)));
            add("2.5.29.35", false, sequence(&[tlv(0x80, &key_id(issuer))]));
        }
        let access = |id: &str, address: &String| sequence(&[oid(id), tlv(0x86, address.as_bytes())]);
        let ways: Vec<Vec<u8>> = (self.ocsp.iter().map(|address| access("1.3.6.1.5.5.7.48.1", address)))
            .chain(self.ca_issuers.iter().map(|address| access("1.3.6.1.5.5.7.48.2", address)))
            .collect();
        if !ways.is_empty() {
            add("1.3.6.1.5.5.7.1.1", false, sequence(&ways));
        }
        if self.must_staple {
            add("1.3.6.1.5.5.7.1.24", false, sequence(&[integer(&[5])]));
        }
        for (id, critical, contents) in &self.extensions {
            add(id, *critical, contents.clone());
        }
        list
    }
}

/// The first method of RFC 5280 section 4.2.1.2, with SHA-256 cut to 20 bytes.
fn key_id(key: &CertificateKey) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.spki()).as_ref()[..20].to_vec()
}

/// A name of one common name; empty for none.
fn common_name(name: &str, is_printable: bool) -> Vec<u8> {
    if name.is_empty() {
        return sequence(&[]);
    }
    let text = if is_printable { printable(name) } else { utf8(name) };
    sequence(&[set(&[sequence(&[oid("2.5.4.3"), text])])])
}
