use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PartySource, Protocol, Role, SignatureState};

/// What a party offers. A document with `offers`, or one such object by itself, is accepted as a party.
///
/// A list is `null` (or missing) where it is not known, and `[]` where it is known to be empty. Only `role`, `protocol`
/// and one list are needed by a reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// Which end it is.
    pub role: Role,
    /// The protocol.
    pub protocol: Protocol,
    /// Whether every list is known whole.
    #[serde(default)]
    pub complete: bool,
    /// How the person named the party, or how it was found.
    #[serde(default)]
    pub label: Option<String>,
    /// What it runs, where that is known.
    #[serde(default)]
    pub software: Option<String>,
    /// How it was found.
    #[serde(default)]
    pub source: PartySource,
    /// SSH: the identification string without line end.
    #[serde(default)]
    pub identification: Option<String>,
    /// SSH: key exchange methods as on the wire, markers included, in order.
    #[serde(default)]
    pub kex: Option<Vec<String>>,
    /// SSH: the markers among `kex`, such as `ext-info-c`. A reader adds those that `kex` lacks at its end.
    #[serde(default)]
    pub kex_markers: Vec<String>,
    /// SSH: server host key algorithms, in order.
    #[serde(default)]
    pub host_key: Option<Vec<String>>,
    /// SSH: ciphers, client to server, in order.
    #[serde(default)]
    pub cipher_c2s: Option<Vec<String>>,
    /// SSH: ciphers, server to client, in order.
    #[serde(default)]
    pub cipher_s2c: Option<Vec<String>>,
    /// SSH: MACs, client to server, in order.
    #[serde(default)]
    pub mac_c2s: Option<Vec<String>>,
    /// SSH: MACs, server to client, in order.
    #[serde(default)]
    pub mac_s2c: Option<Vec<String>>,
    /// SSH: compression, client to server, in order.
    #[serde(default)]
    pub compression_c2s: Option<Vec<String>>,
    /// SSH: compression, server to client, in order.
    #[serde(default)]
    pub compression_s2c: Option<Vec<String>>,
    /// Slots whose list is known only in part: the list holds what was accepted, this what was refused.
    #[serde(default)]
    pub refused: BTreeMap<String, Vec<String>>,
    /// SSH: languages, client to server.
    #[serde(default)]
    pub languages_c2s: Vec<String>,
    /// SSH: languages, server to client.
    #[serde(default)]
    pub languages_s2c: Vec<String>,
    /// SSH: whether a guessed key exchange packet follows the KEXINIT.
    #[serde(default)]
    pub first_kex_packet_follows: bool,
    /// SSH server: the host keys themselves.
    #[serde(default)]
    pub host_keys: Option<Vec<HostKey>>,
    /// SSH client: the group sizes asked for in a group exchange.
    #[serde(default)]
    pub gex_request: Option<GexRequest>,
    /// SSH server: the group sizes that a group exchange can answer with, in bits.
    #[serde(default)]
    pub gex_sizes: Option<Vec<u32>>,
    /// The smallest RSA key accepted from the peer, in bits.
    #[serde(default)]
    pub min_rsa_bits: Option<u32>,
    /// SSH: signature algorithms for user keys (server: accepted; client: what it would sign with).
    #[serde(default)]
    pub public_key_auth: Option<Vec<String>>,
    /// SSH client: how host key algorithms are ordered by what is known of the host: `fixed`, `known-first`,
    /// `known-first-unless-best`, `known-only`.
    #[serde(default)]
    pub host_key_order: String,
    /// SSH: where the implementation departs from the plain rules.
    #[serde(default)]
    pub behaviour: Behaviour,
    /// IKE: the proposals for the IKE SA (phase 1), in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposals: Option<Vec<IkeProposal>>,
    /// IKE: the proposals for the CHILD SA (phase 2), in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_proposals: Option<Vec<IkeProposal>>,
    /// IKE: the version, `1` or `2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ike_version: Option<u8>,
    /// TLS: protocol versions, the highest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Vec<String>>,
    /// TLS: cipher suites, in order, those of TLS 1.3 first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher_suites: Option<Vec<String>>,
    /// TLS: groups, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// TLS client: the groups that it sends a key share of, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_shares: Option<Vec<String>>,
    /// TLS: signature schemes of the handshake, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_schemes: Option<Vec<String>>,
    /// TLS: application protocols, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<Vec<String>>,
    /// TLS: the certificates that it may show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<TlsCertificate>>,
    /// TLS: OpenSSL's security level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_level: Option<u8>,
    /// TLS server: whether its own order of cipher suites decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_preference: Option<bool>,
    /// What the build could do if it were enabled.
    #[serde(default)]
    pub supported: Supported,
    /// What a configuration read offline left undecided.
    #[serde(default)]
    pub undecided: Vec<Undecided>,
    /// How this party was made up.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One IKE proposal: of each list one transform is agreed on. Names are strongSwan's proposal keywords.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IkeProposal {
    /// What it is for: `IKE`, `ESP` or `AH`.
    pub protocol: String,
    /// Encryption algorithms.
    #[serde(default)]
    pub encryption: Vec<String>,
    /// Integrity algorithms.
    #[serde(default)]
    pub integrity: Vec<String>,
    /// Pseudo-random functions.
    #[serde(default)]
    pub prf: Vec<String>,
    /// Groups of the key exchange.
    #[serde(default)]
    pub group: Vec<String>,
    /// Extended sequence numbers: `esn`, `noesn`.
    #[serde(default)]
    pub esn: Vec<String>,
    /// The additional key exchanges 1 to 7 (RFC 9370) up to the last that is used, each with the methods of which one will do;
    /// `none` where it may be left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_groups: Vec<Vec<String>>,
    /// What is no transform that is known, as it was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// A certificate as far as its facts decide a handshake; `null` where something is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TlsCertificate {
    /// The type of its key: `rsa`, `rsa-pss`, `ec`, `ed25519`, `ed448`, `dsa`, ...
    #[serde(default)]
    pub key_type: Option<String>,
    /// The curve of an elliptic curve key, as a TLS group: `secp256r1`.
    #[serde(default)]
    pub curve: Option<String>,
    /// The size of its key in bits.
    #[serde(default)]
    pub bits: Option<u32>,
    /// The digest that it was signed with: `sha256`.
    #[serde(default)]
    pub signature_digest: Option<String>,
    /// The type of the key that signed it, as `key_type`.
    #[serde(default)]
    pub signature_key_type: Option<String>,
    /// Whether it signs itself.
    #[serde(default)]
    pub self_signed: Option<bool>,
    /// The names that it is for.
    #[serde(default)]
    pub names: Vec<String>,
    /// Its subject.
    #[serde(default)]
    pub subject: Option<String>,
    /// Its issuer.
    #[serde(default)]
    pub issuer: Option<String>,
    /// From when it is valid, RFC 3339.
    #[serde(default)]
    pub not_before: Option<String>,
    /// Until when it is valid, RFC 3339.
    #[serde(default)]
    pub not_after: Option<String>,
    /// SHA-256 over its encoding, in hexadecimal.
    #[serde(default)]
    pub fingerprint: Option<String>,
    /// The certificates that are sent after it, in their order.
    #[serde(default)]
    pub chain: Vec<TlsCertificate>,
}

/// A server's host key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostKey {
    /// The key type, such as `ssh-rsa` (not the signature algorithm).
    pub key_type: String,
    /// Its size in bits.
    #[serde(default)]
    pub bits: Option<u32>,
    /// `SHA256:...` as OpenSSH prints it.
    #[serde(default)]
    pub fingerprint: Option<String>,
    /// For a certificate, the fingerprint of the key that signed it.
    #[serde(default)]
    pub certificate_authority: Option<String>,
    /// Whether the server proved that it holds the key.
    #[serde(default)]
    pub signature: SignatureState,
    /// Beside `unverified`: why it could not be checked.
    #[serde(default)]
    pub signature_reason: Option<String>,
}

/// The sizes in a group exchange request, RFC 4419 section 3, in bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GexRequest {
    /// Smallest.
    pub minimum: u32,
    /// Preferred; `null` where it follows from the negotiated cipher and MAC.
    #[serde(default)]
    pub preferred: Option<u32>,
    /// Largest.
    pub maximum: u32,
}

/// Where an SSH implementation departs from the plain rules.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Behaviour {
    /// It demands a MAC in common even beside an AEAD cipher.
    #[serde(default)]
    pub mac_needed_beside_aead: bool,
    /// It uses the client-to-server cipher for both directions.
    #[serde(default)]
    pub one_cipher: bool,
    /// It picks a method only if a host key algorithm that fits is in common.
    #[serde(default)]
    pub kex_needs_host_key: bool,
    /// It chooses by its own order of preference although it is the server.
    #[serde(default)]
    pub server_prefers_own: bool,
    /// It reads only so many names of the peer's list.
    #[serde(default)]
    pub name_limit: Option<u64>,
    /// How a guessed first packet is judged: `firsts`, `firsts-without-markers`, `chosen-is-clients-first`.
    #[serde(default)]
    pub guess: String,
    /// Names that it drops when the peer's identification matches.
    #[serde(default)]
    pub drops: Vec<BannerRule>,
    /// Slots in the order in which it stops; empty for the order of RFC 4253.
    #[serde(default)]
    pub stops: Vec<String>,
    /// Names that it lists but fails on.
    #[serde(default)]
    pub broken: Vec<Broken>,
    /// Names that it agrees on only after it has asked a person.
    #[serde(default)]
    pub confirms: Vec<Confirm>,
    /// Peers with which the connection ends when new keys are due: patterns over the peer's software.
    #[serde(default)]
    pub no_rekey_with: Vec<String>,
}

/// A name that a person is asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confirm {
    /// The slot.
    pub slot: String,
    /// The name.
    pub name: String,
}

/// Names that are dropped for some peers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BannerRule {
    /// Patterns over the peer's software; those that begin with `!` must not match.
    pub peer: Vec<String>,
    /// The slot that changes.
    pub slot: String,
    /// The names that are dropped.
    pub drop: Vec<String>,
}

/// A name that is listed but fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Broken {
    /// The name.
    pub name: String,
    /// Why it fails.
    pub reason: String,
}

/// What a build could do, per slot, if it were enabled; `null` where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Supported {
    /// Key exchange methods.
    #[serde(default)]
    pub kex: Option<Vec<String>>,
    /// Host key algorithms.
    #[serde(default)]
    pub host_key: Option<Vec<String>>,
    /// Ciphers.
    #[serde(default)]
    pub cipher: Option<Vec<String>>,
    /// MACs.
    #[serde(default)]
    pub mac: Option<Vec<String>>,
    /// Compression methods.
    #[serde(default)]
    pub compression: Option<Vec<String>>,
}

/// A part of a configuration that cannot be decided without running something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Undecided {
    /// The slot that depends on it.
    pub slot: String,
    /// The criterion, such as `Match exec "..."`.
    pub criterion: String,
}
