//! The facts as plain rows: what the data files hold after reading, and what the blob holds after decoding.

use shakedown_model::Role;

use crate::version::Scheme;

/// A list of names; `None` in a row means that the list is not known.
pub(crate) type Names = Option<Vec<String>>;

/// All rows of a catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub products: Vec<Product>,
    pub aliases: Vec<Alias>,
    pub offers: Vec<OfferRow>,
    pub supported: Vec<SupportedRow>,
    pub behaviours: Vec<BehaviourRow>,
    pub builds: Vec<BuildRow>,
    pub crypto_policies: Vec<CryptoPolicyRow>,
    pub banners: Vec<BannerRow>,
    pub algorithms: Vec<AlgorithmRow>,
    pub distributions: Vec<DistributionRow>,
    pub policies: Vec<PolicyRow>,
    pub openssl_suites: Vec<OpensslSuiteRow>,
    pub vendor_ids: Vec<VendorIdRow>,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The id, such as `openssh`.
    pub id: String,
    /// What a person calls it, such as `OpenSSH`.
    pub label: String,
    /// How its versions are ordered.
    pub scheme: Scheme,
    /// The protocol that its offers are of.
    pub protocol: ProductProtocol,
    /// Other names for it, without those that hold for some versions only.
    pub aliases: Vec<String>,
    /// What it sends as its identification; `{version}` stands for the version, `{base}` for the part before a `p`.
    pub identification: Option<String>,
    /// What holds for all its rows, one sentence in lower case.
    pub notes: Option<String>,
    /// Where the id and the order of versions come from.
    pub source: String,
}

/// A name that means a product for some versions only: `jsch` is `jsch-jcraft` up to 0.1.55.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    pub name: String,
    pub product: String,
    pub at_least: Option<String>,
    pub at_most: Option<String>,
}

/// The default offer of one version, as the data file has it; lists that follow from it are not filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferRow {
    /// The product's id.
    pub product: String,
    /// Which end.
    pub role: Side,
    /// The version.
    pub version: String,
    /// The version as its source words it, where that cannot be typed.
    pub label: Option<String>,
    /// The release date, `YYYY-MM-DD`.
    pub released: Option<String>,
    /// Whether it was seen on the wire or in a log, not read in source.
    pub observed: bool,
    /// When it was observed.
    pub seen: Option<String>,
    /// Key exchange methods without markers.
    pub kex: Names,
    /// Markers in the key exchange list, in their order after the methods.
    pub markers: Names,
    /// Host key algorithms.
    pub host_key: Names,
    /// Ciphers.
    pub cipher: Names,
    /// MACs.
    pub mac: Names,
    /// Compression, both directions where the next is absent.
    pub compression: Names,
    /// Compression from server to client, where it differs.
    pub compression_s2c: Names,
    /// User key signature algorithms.
    pub public_key_auth: Names,
    /// The smallest RSA key accepted, in bits.
    pub min_rsa_bits: Option<u32>,
    /// The smallest group of a group exchange, in bits.
    pub gex_minimum: Option<u32>,
    /// What it offers in TLS.
    pub tls: TlsOfferRow,
    /// The identification string it was seen with.
    pub identification: Option<String>,
    /// What a reader has to know, one sentence in lower case.
    pub notes: Option<String>,
    /// Where it was read.
    pub source: String,
}

/// What a version offers in TLS by default. Settings that its library reads stand as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOfferRow {
    /// Protocol versions.
    pub versions: Names,
    /// Cipher suites, in order, those of TLS 1.3 too.
    pub cipher_suites: Names,
    /// Groups, in order.
    pub groups: Names,
    /// Client: the groups that it sends a key share of.
    pub key_shares: Names,
    /// Signature schemes, in order.
    pub signature_schemes: Names,
    /// The smallest Diffie-Hellman prime accepted, in bits.
    pub min_dh_bits: Option<u32>,
    /// OpenSSL's security level.
    pub security_level: Option<u32>,
    /// The product whose library does TLS for it, where it has none of its own.
    pub library: Option<String>,
    /// What it sets as OpenSSL's cipher string.
    pub cipher_string: Option<String>,
    /// What it sets as OpenSSL's list of TLS 1.3 cipher suites.
    pub ciphersuites_string: Option<String>,
    /// What it sets as OpenSSL's list of groups.
    pub groups_string: Option<String>,
    /// Client: whether it sends the server's name.
    pub sends_server_name: Option<bool>,
    /// Whether peers without RFC 5746 are `allowed` or `refused`.
    pub legacy_renegotiation: Option<String>,
}

/// The protocol of a product's offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductProtocol {
    /// SSH.
    #[default]
    Ssh,
    /// TLS.
    Tls,
}

/// A cipher suite as OpenSSL's cipher strings see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpensslSuiteRow {
    /// OpenSSL's name.
    pub name: String,
    /// IANA's name.
    pub suite: String,
    /// IANA's number.
    pub number: u32,
    /// `high`, `medium`, `low` or `none`.
    pub class: String,
    /// Its strength in bits.
    pub strength: u32,
    /// The lowest version that OpenSSL has it for.
    pub lowest_version: String,
    /// Whether `DEFAULT` leaves it out.
    pub not_default: bool,
    pub source: String,
}

/// [`Role`] with a default, so that rows can be built field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The client.
    #[default]
    Client,
    /// The server.
    Server,
    /// Either end.
    Both,
}

impl Side {
    /// Whether it holds for a role.
    pub fn covers(self, role: Role) -> bool {
        match self {
            Self::Client => role == Role::Client,
            Self::Server => role == Role::Server,
            Self::Both => true,
        }
    }
}

impl From<Role> for Side {
    fn from(role: Role) -> Self {
        match role {
            Role::Client => Self::Client,
            Role::Server => Self::Server,
        }
    }
}

/// What the program of one version could do if it were enabled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SupportedRow {
    pub product: String,
    pub role: Side,
    pub version: String,
    pub kex: Names,
    pub host_key: Names,
    pub cipher: Names,
    pub mac: Names,
    pub compression: Names,
    pub source: String,
}

/// One way in which a product departs from the plain rules, for a range of versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BehaviourRow {
    pub product: String,
    pub role: Side,
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

/// How the build of a distribution departs from the version that it is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BuildRow {
    pub product: String,
    pub role: Side,
    pub build: String,
    /// The version that it is made from; the row holds for no other. `None` holds for every version of that build.
    pub version: Option<String>,
    pub kex_first: Names,
    pub kex_removed: Names,
    pub markers: Names,
    pub host_key: Names,
    pub cipher: Names,
    pub mac: Names,
    pub supported_kex: Names,
    /// OpenSSL's security level.
    pub security_level: Option<u32>,
    /// The lowest TLS version that the distribution's file allows.
    pub min_version: Option<String>,
    pub crypto_policy: Option<String>,
    /// Which rows of a crypto policy hold for it: a snapshot date or a release such as `rhel-9`, the first one first.
    pub crypto_policy_rows: Names,
    pub identification: Option<String>,
    pub notes: Option<String>,
    pub source: String,
}

/// The lists that a system-wide crypto policy writes for one back end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CryptoPolicyRow {
    pub policy: String,
    pub backend: String,
    /// The date of the generator's output, or the release that it was seen on.
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

/// What an identification string tells of the software that sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BannerRow {
    /// Pattern over the part after `SSH-2.0-`: `{version}` stands for a version, `*` for anything.
    pub pattern: String,
    pub product: String,
    /// The version where the pattern holds none.
    pub version: Option<String>,
    /// The distribution build that the rest of the pattern means.
    pub build: Option<String>,
    /// Rows with a greater number are tried first.
    pub rank: u32,
    pub source: String,
}

/// What a vendor ID of IKE tells of who sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VendorIdRow {
    /// The bytes that it begins with, in hexadecimal digits of lower case.
    pub prefix: String,
    /// Who or what sends it.
    pub name: String,
    /// Whether it names an implementation, and not something that several can do.
    pub implementation: Option<bool>,
    pub source: String,
}

/// An algorithm name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AlgorithmRow {
    pub kind: String,
    pub name: String,
    pub bits: Option<u32>,
    pub rating: Option<String>,
    /// Each reason, then how many references follow, then these.
    pub reasons: Vec<(String, Vec<String>)>,
    pub deprecated_by: Names,
    /// Other names for it, in lower case without `_` and `-`.
    pub aliases: Names,
    /// IKE: its number in IANA's registry of IKEv2 parameters.
    pub number: Option<u32>,
    /// IKE: Libreswan's keyword.
    pub libreswan: Option<String>,
    pub source: String,
}

/// Which version a release of a distribution ships.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DistributionRow {
    pub product: String,
    pub distribution: String,
    pub release: String,
    pub build: Option<String>,
    pub version: String,
    pub package: Option<String>,
    pub identification: Option<String>,
    pub notes: Option<String>,
    pub source: String,
}

/// A published policy: what it allows and forbids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PolicyRow {
    pub id: String,
    pub name: String,
    pub version: Option<String>,
    pub date: Option<String>,
    pub status: String,
    pub side: Option<Side>,
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
    /// `NAME=BITS`, for host keys and group exchanges.
    pub sizes: Names,
    pub notes: Option<String>,
    pub source: String,
}
