//! TLS: what a party offers and accepts, and how the stacks depart from one another in choosing.
//!
//! Names are IANA's: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`, `x25519`, `secp256r1`, `ecdsa_secp256r1_sha256`. Versions are
//! written `SSLv3`, `TLSv1.0`, `TLSv1.1`, `TLSv1.2`, `TLSv1.3`.

mod behaviour;
mod certificate;
mod group;
mod scheme;
mod start;
mod suite;
mod version;

pub use behaviour::{ByClient, GroupRule, Preference, TlsBehaviour};
pub use certificate::{Certificate, CertificateKey, CertificateKeyType};
pub use group::{GroupKind, group_bits, group_kind, is_post_quantum_group};
pub use scheme::{Digest, Scheme};
pub use start::StartTls;
pub use suite::{Authentication, KeyExchange, SIGNALLING_SUITES, Suite, is_tls13_suite};
pub use version::TlsVersion;

use crate::ssh::Undecided;
use crate::{Context, Item, Known, Name, Origin, Role, Slot};

/// All that a TLS party would offer and accept, and how it chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsPolicy {
    /// What it offers (client) or accepts (server), after every layer of its configuration has taken away its part.
    pub offer: TlsOffer,
    /// How it chooses.
    pub behaviour: TlsBehaviour,
    /// What the build could do if it were enabled; not what it offers.
    pub supported: TlsSupported,
    /// What a layer below the configuration took away: the system's policy, the security level, the build.
    pub withheld: Vec<Withheld>,
    /// What a configuration read offline left undecided.
    pub undecided: Vec<Undecided>,
    /// Why it cannot begin any handshake as it is set up.
    pub unable: Vec<Unable>,
    /// Server: contexts of which the client's hello chooses one; [`Self::offer`] then is what they come to together.
    pub by_client: Option<Box<ByClient>>,
}

/// A reason why a party cannot begin any handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unable {
    /// The slot that it is about.
    pub slot: Slot,
    /// What is the matter, in one sentence in lower case.
    pub what: String,
    /// Where the setting stands.
    pub origin: Option<Origin>,
    /// What kind of reason it is.
    pub cause: UnableCause,
}

/// The kinds of reasons why a party cannot begin any handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnableCause {
    /// The program, or its library, refuses a setting.
    Setting,
    /// The private key cannot be loaded, or is not that of the certificate.
    Key,
    /// OpenSSL finds no cipher suite for the version that it prepares before it reads a hello (`tls_setup_handshake`).
    NoSuiteToPrepare,
    /// The server refuses the name of the hello, which none of its certificates is for.
    UnknownName,
}

impl TlsPolicy {
    /// The opening in this context: a client sends the name of the context where it is not known to send another or none.
    pub fn open(&self, role: Role, context: &Context) -> TlsOffer {
        let mut offer = self.offer.clone();
        if role == Role::Client
            && let (Known::Unknown, Some(name)) = (&offer.server_name, &context.server_name)
        {
            offer.server_name = Known::Complete(Some(Name::new(name)));
        }
        offer
    }
}

/// What a TLS client sends in its hello and holds the peer to, or what a server accepts and shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOffer {
    /// Protocol versions, the highest first. Empty: no version is left, and no handshake begins.
    pub versions: Known<Vec<Item>>,
    /// Cipher suites of TLS 1.3, in order.
    pub tls13_cipher_suites: Known<Vec<Item>>,
    /// Cipher suites up to TLS 1.2, in order, without signalling values.
    pub cipher_suites: Known<Vec<Item>>,
    /// Groups (`supported_groups`, RFC 8446 section 4.2.7), in order. A client whose list is empty sends no extension; a
    /// server whose list is empty does no key exchange by a group.
    pub groups: Known<Vec<Item>>,
    /// Where groups stand in tuples (OpenSSL since 3.5): how many of [`Self::groups`] belong to each, in order. Empty: all
    /// belong to one.
    pub group_tuples: Vec<usize>,
    /// Client: the groups that it sends a key share of (RFC 8446 section 4.2.8), in order.
    pub key_shares: Known<Vec<Item>>,
    /// Signature schemes of the handshake (`signature_algorithms`), in order. A client whose list is empty sends no
    /// extension.
    pub signature_schemes: Known<Vec<Item>>,
    /// Signature schemes of certificates (`signature_algorithms_cert`); `Unknown` where the extension is not used, and
    /// [`Self::signature_schemes`] counts.
    pub certificate_signature_schemes: Known<Vec<Item>>,
    /// Whether signatures of TLS 1.1 and below, with MD5 and SHA-1 or SHA-1 alone, are made and accepted.
    pub legacy_signatures: Option<bool>,
    /// Application protocols (RFC 7301), in order. Empty: no extension.
    pub alpn: Known<Vec<Item>>,
    /// Server: the certificates that it may show, each with its key. Client: those that it may prove itself with.
    pub certificates: Known<Vec<Certificate>>,
    /// Client: the name that it sends (RFC 6066 section 3); `Complete(None)` for none. Server: unused.
    pub server_name: Known<Option<Name>>,
    /// Server: what it does with a name that is none of its own, or without one.
    pub unknown_name: Known<UnknownName>,
    /// Server: where the parameters of DHE come from (TLS 1.2 and below).
    pub dh_parameters: Known<DhParameters>,
    /// Whether RFC 5746 (secure renegotiation) is announced.
    pub secure_renegotiation: Known<bool>,
    /// Whether a peer without RFC 5746 is refused.
    pub needs_secure_renegotiation: Option<bool>,
    /// Whether the extended master secret (RFC 7627) is announced.
    pub extended_master_secret: Known<bool>,
    /// Whether a peer without the extended master secret is refused.
    pub needs_extended_master_secret: Option<bool>,
    /// Whether it checks the peer's certificate at all; `None` where that is for the application to say.
    pub verifies: Option<bool>,
    /// Whether the client marks its hello as a retry with a lower version (RFC 7507).
    pub fallback: bool,
    /// Client: what it makes of a stapled OCSP response (RFC 6066 section 8); `None` where it asks for none, or that is not
    /// known.
    pub staples: Option<StapleRule>,
    /// Server: whether it asks for a certificate of the client.
    pub client_certificate: Known<ClientCertificate>,
    /// Server: the names of the authorities that it asks for, where it lists any.
    pub client_authorities: Vec<Name>,
    /// OpenSSL's security level, where the party has one.
    pub security_level: Option<u8>,
    /// The smallest RSA key accepted from the peer, in bits.
    pub min_rsa_bits: Option<u32>,
    /// The smallest Diffie-Hellman prime accepted from the peer, in bits.
    pub min_dh_bits: Option<u32>,
    /// The largest Diffie-Hellman prime that it can compute with, in bits.
    pub max_dh_bits: Option<u32>,
    /// The smallest elliptic curve key accepted from the peer, in bits.
    pub min_ec_bits: Option<u32>,
    /// Digests in certificates' signatures that are not accepted from the peer.
    pub refused_certificate_digests: Vec<Digest>,
    /// Where the settings of this party that are not lists stand, by slot: for a diagnosis to point at.
    pub origins: Vec<(Slot, Origin)>,
}

/// Something that a layer took away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The slot.
    pub slot: Slot,
    /// What is missing there.
    pub name: Name,
    /// Which layer took it.
    pub by: Layer,
    /// Which setting or rule of that layer, in a few words: `security level 2`, `MinProtocol`.
    pub what: String,
    /// Where that stands.
    pub origin: Option<Origin>,
}

/// The layers that reduce what a TLS party offers, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// The library was built without it.
    Build,
    /// The library's own default leaves it out.
    LibraryDefault,
    /// The system's file: `openssl.cnf`, crypto-policies, `java.security`, the registry of Schannel.
    SystemPolicy,
    /// The application's configuration.
    Configuration,
    /// OpenSSL's security level, FIPS mode and the like, which hold whatever is configured.
    SecurityLevel,
    /// What the party has no key for.
    KeyMaterial,
}

/// What a server does with a name that it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnknownName {
    /// It answers as its default.
    Default,
    /// It refuses.
    Rejected,
}

/// Where the parameters of DHE come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DhParameters {
    /// There are none: suites with DHE cannot be used.
    None,
    /// A prime of this size in bits.
    Fixed {
        /// The size in bits.
        bits: u32,
    },
    /// Chosen by the size of the certificate's key (OpenSSL's `SSL_CTX_set_dh_auto`).
    Automatic,
    /// There are none, and the library is not told: it takes a suite with DHE, and the handshake ends there (a callback that
    /// has nothing to give).
    Missing,
}

/// What a client makes of a stapled OCSP response, which it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StapleRule {
    /// It refuses a certificate that the response calls revoked.
    Heeds,
    /// Besides, it refuses a certificate that demands a response (RFC 7633) where none is sent.
    Demands,
}

/// Whether a server asks for the client's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientCertificate {
    /// It does not.
    NotAsked,
    /// It asks and goes on without one.
    Optional,
    /// It asks and refuses clients without one.
    Required,
}

/// What a build could do if it were enabled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSupported {
    /// Protocol versions.
    pub versions: Known<Vec<Name>>,
    /// Cipher suites, those of TLS 1.3 too.
    pub cipher_suites: Known<Vec<Name>>,
    /// Groups.
    pub groups: Known<Vec<Name>>,
    /// Signature schemes.
    pub signature_schemes: Known<Vec<Name>>,
}

impl TlsSupported {
    /// The names for a slot.
    pub fn slot(&self, slot: Slot) -> &Known<Vec<Name>> {
        const UNKNOWN: &Known<Vec<Name>> = &Known::Unknown;
        match slot {
            Slot::Version => &self.versions,
            Slot::CipherSuite => &self.cipher_suites,
            Slot::Group => &self.groups,
            Slot::SignatureScheme => &self.signature_schemes,
            _ => UNKNOWN,
        }
    }
}

impl TlsOffer {
    /// The list of a slot as a person sees it: of cipher suites those of TLS 1.3 first. `Unknown` for slots that have no
    /// list.
    pub fn list(&self, slot: Slot) -> Known<Vec<Item>> {
        match slot {
            Slot::Version => self.versions.clone(),
            Slot::CipherSuite => joined(&self.tls13_cipher_suites, &self.cipher_suites),
            Slot::Group => self.groups.clone(),
            Slot::SignatureScheme => self.signature_schemes.clone(),
            Slot::Alpn => self.alpn.clone(),
            _ => Known::Unknown,
        }
    }

    /// Whether a version is on the list; `None` where that is not known.
    pub fn has_version(&self, version: TlsVersion) -> Option<bool> {
        let is = |items: &Vec<Item>| items.iter().any(|item| item.name == *version.as_str());
        match &self.versions {
            Known::Complete(items) => Some(is(items)),
            Known::Partial { accepted, .. } if is(accepted) => Some(true),
            Known::Partial { refused, .. } if is(refused) => Some(false),
            Known::Partial { .. } | Known::Unknown => None,
        }
    }
}

fn joined(first: &Known<Vec<Item>>, second: &Known<Vec<Item>>) -> Known<Vec<Item>> {
    let both = |a: &[Item], b: &[Item]| -> Vec<Item> { a.iter().chain(b).cloned().collect() };
    let refused = |known: &Known<Vec<Item>>| match known {
        Known::Partial { refused, .. } => refused.clone(),
        Known::Complete(_) | Known::Unknown => Vec::new(),
    };
    match (first, second) {
        (Known::Unknown, Known::Unknown) => Known::Unknown,
        (Known::Complete(a), Known::Complete(b)) => Known::Complete(both(a, b)),
        (a, b) => {
            let accepted = |known: &Known<Vec<Item>>| known.accepted().cloned().unwrap_or_default();
            Known::Partial { accepted: both(&accepted(a), &accepted(b)), refused: both(&refused(a), &refused(b)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items;

    #[test]
    fn a_list_that_is_known_in_part_stays_so() {
        let mut offer = TlsOffer { tls13_cipher_suites: Known::Complete(items(["a"])), ..TlsOffer::default() };
        assert_eq!(
            offer.list(Slot::CipherSuite),
            Known::Partial { accepted: items(["a"]), refused: Vec::new() },
            "nothing is known of those up to TLS 1.2"
        );
        offer.cipher_suites = Known::Complete(items(["b"]));
        assert_eq!(offer.list(Slot::CipherSuite), Known::Complete(items(["a", "b"])));
        assert_eq!(offer.has_version(TlsVersion::Tls12), None);
        offer.versions = Known::Complete(items(["TLSv1.3"]));
        assert_eq!(offer.has_version(TlsVersion::Tls12), Some(false));
    }
}
