//! # The peer calls itself by another name than expected
//!
//! Protocols: ike
//!
//! ## What happened
//! Each gateway introduces itself with an identity: an address, a name, an e-mail address or the subject of its
//! certificate. The other side knows no connection for that identity, or a certificate does not contain it.
//!
//! ## Why
//! The identity is sent in the first encrypted message (RFC 7296 section 3.5) and decides which connection, and which
//! secret or certificate, is used. It has a kind as well as a value: the name `gw.example` and the e-mail address
//! `gw@example` differ, and so do an address and the same address as text.
//!
//! - Behind NAT a gateway that is set to use its address sends the inner one.
//! - strongSwan's default is the certificate's subject, which is not the host name.
//! - A changed certificate has another subject, or lacks the name among its alternative names.
//! - FortiGate "peer ID", Cisco `identity address` or `fqdn`, Windows and Apple clients each have a default of their
//!   own.
//!
//! ## How to tell
//! Programs say:
//! - strongSwan, responder: `looking for peer configs matching ...[me]...[peer]`, then `no matching peer config
//!   found`; either side `constraint check failed: identity '...' required`; initiator `received IDr ..., but require
//!   ...`; IKEv1 `IDir '...' does not match to '...'`.
//! - libreswan: `Peer ID '...' mismatched on first found connection and no better connection found`.
//! - FortiGate `peer id ... does not match`, racoon `ID mismatched with certificate`, RouterOS `peer's ID does not
//!   match`. The other end is told AUTHENTICATION_FAILED whatever the reason is (RFC 7296 section 2.21.2).
//!
//! Look yourself:
//! - The responder's log at the line `looking for peer configs matching`: the two names in brackets are what was
//!   sent.
//! - `swanctl --list-conns` prints the configured `local` and `remote` identities, `swanctl --list-certs` the names
//!   in certificates, `ipsec status | grep -e left -e right` on libreswan.
//!
//! Look-alikes:
//! - `psk-mismatch`: the identities fit, and the line says `MAC mismatched`.
//! - `certificate-name-mismatch`: the identity is known, and the certificate does not contain it (`no trusted RSA
//!   public key found for '...'`).
//! - `auth-method-mismatch`: `constraint requires ... authentication` names methods instead of identities.
//!
//! ## Fix
//! Initiator: set its own identity to what the other side has configured (`local.id` in swanctl, `leftid` in
//! ipsec.conf, "local ID" on devices).
//!
//! Responder: expect what the initiator sends (`remote.id`, `rightid`). With certificates, an identity that stands in
//! the certificate.
//!
//! Safer: a fixed name on both sides.
//!
//! Never: `remote.id = %any` together with a shared secret: it lets every peer in that knows the secret.
//!
//! ## Example
//! ```said
//! charon: 09[CFG] looking for peer configs matching 203.0.113.5[gw-b.example.com]...198.51.100.7[192.168.0.2]
//! charon: 09[CFG] no matching peer config found
//! ```
//!
//! What both configurations show together:
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! server ike: aes256-sha256-modp2048
//! client esp: aes256-sha256
//! server esp: aes256-sha256
//! client peer: auth psk; key a; id a.example.com; expects b.example.com
//! server peer: auth psk; key a; id b.example.com; expects c.example.com
//! ```

use shakedown_model::Match;

use crate::{Case, ike_peering};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    ike_peering::matches(case, "peer-identity-mismatch")
}
