//! The shapes of the TOML data files. One file may hold any of them; `product` and `role` at its top hold for every row
//! that does not name its own. The same reader serves the build of the data and the overlay of a running program.

use serde::Deserialize;
use toml::Spanned;

use crate::facts::{
    AlgorithmRow, Alias, BannerRow, BehaviourRow, BuildRow, CryptoPolicyRow, DistributionRow, Names, OfferRow,
    OpensslSuiteRow, PolicyRow, Product, ProductProtocol, Side, SupportedRow, TlsOfferRow, VendorIdRow,
};
use crate::version::Scheme;

/// A data file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DataFile {
    pub product: Option<String>,
    pub role: Option<Side>,
    #[serde(default)]
    pub products: Vec<Spanned<TomlProduct>>,
    #[serde(default)]
    pub offer: Vec<Spanned<TomlOffer>>,
    #[serde(default)]
    pub supported: Vec<Spanned<TomlSupported>>,
    #[serde(default)]
    pub behaviour: Vec<Spanned<TomlBehaviour>>,
    #[serde(default)]
    pub build: Vec<Spanned<TomlBuild>>,
    #[serde(default)]
    pub crypto_policy: Vec<Spanned<TomlCryptoPolicy>>,
    #[serde(default)]
    pub banner: Vec<Spanned<TomlBanner>>,
    #[serde(default)]
    pub algorithm: Vec<Spanned<TomlAlgorithm>>,
    #[serde(default)]
    pub distribution: Vec<Spanned<TomlDistribution>>,
    #[serde(default)]
    pub policy: Vec<Spanned<TomlPolicy>>,
    #[serde(default)]
    pub openssl_suite: Vec<Spanned<TomlOpensslSuite>>,
    #[serde(default)]
    pub vendor_id: Vec<Spanned<TomlVendorId>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlVendorId {
    pub prefix: String,
    pub name: String,
    pub implementation: Option<bool>,
    pub source: String,
}

impl From<TomlVendorId> for VendorIdRow {
    fn from(row: TomlVendorId) -> Self {
        let TomlVendorId { prefix, name, implementation, source } = row;
        Self { prefix, name, implementation, source }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlProduct {
    pub id: String,
    pub label: String,
    pub scheme: Scheme,
    #[serde(default)]
    pub protocol: ProductProtocol,
    #[serde(default)]
    pub aliases: Vec<TomlAlias>,
    pub identification: Option<String>,
    pub notes: Option<String>,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum TomlAlias {
    Always(String),
    Versions(TomlAliasRange),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlAliasRange {
    pub name: String,
    pub at_least: Option<String>,
    pub at_most: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlOffer {
    pub product: Option<String>,
    pub role: Option<Side>,
    pub version: String,
    pub label: Option<String>,
    pub released: Option<String>,
    #[serde(default)]
    pub observed: bool,
    pub seen: Option<String>,
    pub same_as: Option<String>,
    pub kex: Names,
    pub markers: Names,
    pub host_key: Names,
    pub cipher: Names,
    pub mac: Names,
    pub compression: Names,
    pub compression_s2c: Names,
    pub public_key_auth: Names,
    pub min_rsa_bits: Option<u32>,
    pub gex_minimum: Option<u32>,
    pub versions: Names,
    pub cipher_suites: Names,
    pub groups: Names,
    pub key_shares: Names,
    pub signature_schemes: Names,
    pub min_dh_bits: Option<u32>,
    pub security_level: Option<u32>,
    pub library: Option<String>,
    pub cipher_string: Option<String>,
    pub ciphersuites_string: Option<String>,
    pub groups_string: Option<String>,
    pub sends_server_name: Option<bool>,
    pub legacy_renegotiation: Option<String>,
    pub identification: Option<String>,
    pub notes: Option<String>,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlSupported {
    pub product: Option<String>,
    pub role: Option<Side>,
    pub version: String,
    pub same_as: Option<String>,
    pub kex: Names,
    pub host_key: Names,
    pub cipher: Names,
    pub mac: Names,
    pub compression: Names,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlBehaviour {
    pub product: Option<String>,
    pub role: Option<Side>,
    pub at_least: Option<String>,
    pub before: Option<String>,
    pub rule: String,
    pub slot: Option<String>,
    pub names: Names,
    pub peers: Names,
    pub value: Option<String>,
    pub minimum: Option<u32>,
    pub preferred: Option<u32>,
    pub maximum: Option<u32>,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlBuild {
    pub product: Option<String>,
    pub role: Option<Side>,
    pub build: String,
    pub version: Option<String>,
    pub kex_first: Names,
    pub kex_removed: Names,
    pub markers: Names,
    pub host_key: Names,
    pub cipher: Names,
    pub mac: Names,
    pub supported_kex: Names,
    pub security_level: Option<u32>,
    pub min_version: Option<String>,
    pub crypto_policy: Option<String>,
    pub crypto_policy_rows: Names,
    pub identification: Option<String>,
    pub notes: Option<String>,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlCryptoPolicy {
    pub policy: String,
    pub backend: String,
    pub row: String,
    pub kex: Names,
    pub host_key: Names,
    pub cipher: Names,
    pub mac: Names,
    pub public_key_auth: Names,
    pub ca_signature: Names,
    pub gssapi_kex: Names,
    pub min_rsa_bits: Option<u32>,
    pub notes: Option<String>,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlBanner {
    pub pattern: String,
    pub product: Option<String>,
    pub version: Option<String>,
    pub build: Option<String>,
    #[serde(default)]
    pub rank: u32,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlReason {
    pub text: String,
    pub references: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlAlgorithm {
    pub kind: String,
    pub name: String,
    pub bits: Option<u32>,
    pub rating: Option<String>,
    #[serde(default)]
    pub reasons: Vec<TomlReason>,
    pub deprecated_by: Names,
    pub aliases: Names,
    pub number: Option<u32>,
    pub libreswan: Option<String>,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlDistribution {
    pub product: Option<String>,
    pub distribution: String,
    pub release: String,
    pub build: Option<String>,
    pub version: String,
    pub package: Option<String>,
    pub identification: Option<String>,
    pub notes: Option<String>,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlPolicy {
    pub id: String,
    pub name: String,
    pub version: Option<String>,
    pub date: Option<String>,
    pub status: String,
    pub side: Option<Side>,
    #[serde(default)]
    pub exact_order: bool,
    pub kex: Names,
    pub host_key: Names,
    pub host_key_optional: Names,
    pub cipher: Names,
    pub mac: Names,
    pub public_key_auth: Names,
    pub kex_forbidden: Names,
    pub cipher_forbidden: Names,
    pub mac_forbidden: Names,
    pub min_rsa_bits: Option<u32>,
    pub sizes: Names,
    pub notes: Option<String>,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TomlOpensslSuite {
    pub name: String,
    pub suite: String,
    pub number: u32,
    pub class: String,
    pub strength: u32,
    pub lowest_version: String,
    #[serde(default)]
    pub not_default: bool,
    pub source: String,
}

impl From<TomlOpensslSuite> for OpensslSuiteRow {
    fn from(row: TomlOpensslSuite) -> Self {
        let TomlOpensslSuite { name, suite, number, class, strength, lowest_version, not_default, source } = row;
        Self { name, suite, number, class, strength, lowest_version, not_default, source }
    }
}

impl TomlProduct {
    pub(crate) fn into_rows(self) -> (Product, Vec<Alias>) {
        let mut plain = Vec::new();
        let mut ranges = Vec::new();
        for alias in self.aliases {
            match alias {
                TomlAlias::Always(name) => plain.push(name),
                TomlAlias::Versions(TomlAliasRange { name, at_least, at_most }) => {
                    ranges.push(Alias { name, product: self.id.clone(), at_least, at_most });
                }
            }
        }
        let Self { id, label, scheme, protocol, identification, notes, source, .. } =
            Self { aliases: Vec::new(), ..self };
        (Product { id, label, scheme, protocol, aliases: plain, identification, notes, source }, ranges)
    }
}

impl TomlOffer {
    /// The row, for a product and role found by the caller; `same_as` is still to be followed.
    pub(crate) fn into_row(self, product: String, role: Side) -> OfferRow {
        OfferRow {
            product,
            role,
            version: self.version,
            label: self.label,
            released: self.released,
            observed: self.observed,
            seen: self.seen,
            kex: self.kex,
            markers: self.markers,
            host_key: self.host_key,
            cipher: self.cipher,
            mac: self.mac,
            compression: self.compression,
            compression_s2c: self.compression_s2c,
            public_key_auth: self.public_key_auth,
            min_rsa_bits: self.min_rsa_bits,
            gex_minimum: self.gex_minimum,
            tls: TlsOfferRow {
                versions: self.versions,
                cipher_suites: self.cipher_suites,
                groups: self.groups,
                key_shares: self.key_shares,
                signature_schemes: self.signature_schemes,
                min_dh_bits: self.min_dh_bits,
                security_level: self.security_level,
                library: self.library,
                cipher_string: self.cipher_string,
                ciphersuites_string: self.ciphersuites_string,
                groups_string: self.groups_string,
                sends_server_name: self.sends_server_name,
                legacy_renegotiation: self.legacy_renegotiation,
            },
            identification: self.identification,
            notes: self.notes,
            source: self.source,
        }
    }
}

impl TomlSupported {
    pub(crate) fn into_row(self, product: String, role: Side) -> SupportedRow {
        let Self { version, kex, host_key, cipher, mac, compression, source, .. } = self;
        SupportedRow { product, role, version, kex, host_key, cipher, mac, compression, source }
    }
}

impl TomlBehaviour {
    pub(crate) fn into_row(self, product: String, role: Side) -> BehaviourRow {
        let Self { at_least, before, rule, slot, names, peers, value, minimum, preferred, maximum, source, .. } = self;
        BehaviourRow {
            product,
            role,
            at_least,
            before,
            rule,
            slot,
            names,
            peers,
            value,
            minimum,
            preferred,
            maximum,
            source,
        }
    }
}

impl TomlBuild {
    pub(crate) fn into_row(self, product: String, role: Side) -> BuildRow {
        BuildRow {
            product,
            role,
            build: self.build,
            version: self.version,
            kex_first: self.kex_first,
            kex_removed: self.kex_removed,
            markers: self.markers,
            host_key: self.host_key,
            cipher: self.cipher,
            mac: self.mac,
            supported_kex: self.supported_kex,
            security_level: self.security_level,
            min_version: self.min_version,
            crypto_policy: self.crypto_policy,
            crypto_policy_rows: self.crypto_policy_rows,
            identification: self.identification,
            notes: self.notes,
            source: self.source,
        }
    }
}

impl From<TomlCryptoPolicy> for CryptoPolicyRow {
    fn from(row: TomlCryptoPolicy) -> Self {
        Self {
            policy: row.policy,
            backend: row.backend,
            row: row.row,
            kex: row.kex,
            host_key: row.host_key,
            cipher: row.cipher,
            mac: row.mac,
            public_key_auth: row.public_key_auth,
            ca_signature: row.ca_signature,
            gssapi_kex: row.gssapi_kex,
            min_rsa_bits: row.min_rsa_bits,
            notes: row.notes,
            source: row.source,
        }
    }
}

impl TomlBanner {
    pub(crate) fn into_row(self, product: String) -> BannerRow {
        let Self { pattern, version, build, rank, source, .. } = self;
        BannerRow { pattern, product, version, build, rank, source }
    }
}

impl From<TomlAlgorithm> for AlgorithmRow {
    fn from(row: TomlAlgorithm) -> Self {
        let TomlAlgorithm { kind, name, bits, rating, reasons, deprecated_by, aliases, number, libreswan, source } =
            row;
        let reasons = reasons.into_iter().map(|reason| (reason.text, reason.references)).collect();
        Self { kind, name, bits, rating, reasons, deprecated_by, aliases, number, libreswan, source }
    }
}

impl TomlDistribution {
    pub(crate) fn into_row(self, product: String) -> DistributionRow {
        let Self { distribution, release, build, version, package, identification, notes, source, .. } = self;
        DistributionRow { product, distribution, release, build, version, package, identification, notes, source }
    }
}

impl From<TomlPolicy> for PolicyRow {
    fn from(row: TomlPolicy) -> Self {
        Self {
            id: row.id,
            name: row.name,
            version: row.version,
            date: row.date,
            status: row.status,
            side: row.side,
            exact_order: row.exact_order,
            kex: row.kex,
            host_key: row.host_key,
            host_key_optional: row.host_key_optional,
            cipher: row.cipher,
            mac: row.mac,
            public_key_auth: row.public_key_auth,
            kex_forbidden: row.kex_forbidden,
            cipher_forbidden: row.cipher_forbidden,
            mac_forbidden: row.mac_forbidden,
            min_rsa_bits: row.min_rsa_bits,
            sizes: row.sizes,
            notes: row.notes,
            source: row.source,
        }
    }
}
