//! # No group or curve in common
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! To make a shared secret both ends compute in the same mathematical group: an elliptic curve, a prime of a certain
//! size, or a post-quantum scheme. They have none in common, or the one that was asked for is not to be had.
//!
//! ## Why
//! TLS 1.3: the client lists groups and sends a key share for some of them (RFC 8446 sections 4.2.7 and 4.2.8). If the
//! server likes another one of the list, it asks for it with a HelloRetryRequest; if it likes none, it ends with alert
//! 40. In TLS 1.2 curves matter only to ECDHE suites: without a common curve these suites are left out, and the failure
//! may look like "no common cipher" (RFC 8422 section 5.1).
//!
//! IKEv2: the initiator guesses a group and sends its share. The responder that wants another one answers
//! INVALID_KE_PAYLOAD with its number, and the initiator tries again (RFC 7296 section 1.2). That is normal; it is a
//! failure only if the initiator does not list the group, or cannot do it.
//!
//! - One end is limited to P-256 or P-384 (FIPS, hardware), the other to X25519.
//! - One end has only small groups (1024-bit MODP), the other has dropped them.
//! - A list with nothing but a post-quantum hybrid, against software from before 2024.
//!
//! ## How to tell
//! Programs say:
//! - TLS: OpenSSL `no suitable key share`, `no shared groups`; Go `no ECDHE curve supported by both client and
//!   server`; GnuTLS `No common key share with peer`; rustls `NoKxGroupsInCommon`. The other end sees alert 40.
//! - IKE: strongSwan `key exchange method ... unacceptable, requesting ...` (`DH group ...` before 6), `peer didn't
//!   accept ..., it requested ...`, and at the end `giving up after ... retries`; libreswan `initiator guessed wrong
//!   keying material group`, `discarding unauthenticated INVALID_KE_PAYLOAD`; Windows error 13865.
//!
//! Look yourself:
//! - TLS: `openssl s_client -connect HOST:443 -groups P-256` tries one; the line `Server Temp Key` (`Negotiated
//!   TLS1.3 group`) names the one that was taken. nginx: `ssl_ecdh_curve`.
//! - IKE: `swanctl --log`, `swanctl --list-algs`, `ipsec status` on libreswan; Windows `Get-VpnConnection | Select
//!   -Expand IPSecCustomPolicy`.
//!
//! Look-alikes:
//! - A single INVALID_KE_PAYLOAD followed by success is the normal second try, and no fault at all.
//! - `no-common-proposal` (IKE): the responder answers NO_PROPOSAL_CHOSEN instead of asking for a group.
//! - `no-common-cipher` (TLS 1.2): a missing curve removes the ECDHE suites. With `-groups P-256:P-384:X25519` it
//!   connects.
//! - `path-mtu` and `middlebox-interference`: with a post-quantum group there is no answer at all, instead of an
//!   alert.
//!
//! ## Fix
//! Server or responder: list a group that everybody has besides the preferred one: P-256 and X25519 in TLS, `ecp256`
//! or `modp2048` in IKE.
//!
//! Client or initiator: take the restriction out of its own list, or use a newer release. Windows offers larger
//! groups after `Set-VpnConnectionIPsecConfiguration -DHGroup Group14 ...`.
//!
//! Safer: add a sound group on either side.
//!
//! Never: bring 1024-bit groups back (`modp1024`, `dh2`); RFC 8247 forbids or discourages them.
//!
//! ## Example
//! ```said
//! [info] 812#812: *4 SSL_do_handshake() failed (SSL: error:0A000065:SSL routines::no suitable key share)
//! while SSL handshaking, client: 192.0.2.9, server: 0.0.0.0:443
//! ```
//!
//! ```said
//! charon: 09[IKE] peer didn't accept DH group CURVE_25519, it requested MODP_1024
//! charon: 09[IKE] requested DH group MODP_1024 not supported
//! ```
//!
//! ```case
//! client: openssl@3.0.19/debian-12
//! server: openssl@3.0.19/debian-12
//! client group: x448
//! server group: secp384r1, secp521r1
//! ```

use shakedown_model::{Match, Protocol};

use crate::{Case, tls};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    // In IKE a proposal fails as a whole.
    if case.protocol == Protocol::Tls { tls::matches(case, "no-common-group") } else { Vec::new() }
}
