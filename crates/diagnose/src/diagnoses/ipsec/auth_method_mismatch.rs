//! # The two sides want different ways to prove who they are
//!
//! Protocols: ike
//!
//! ## What happened
//! One side proves who it is with a certificate, the other expects a shared secret; or a user name and password (EAP)
//! is expected and does not come.
//!
//! ## Why
//! In IKEv2 each side chooses its own method and says which one it used (RFC 7296 section 2.15 and 3.8); a client that
//! sends no AUTH payload asks for EAP (section 2.16). The other side may accept only another one. In IKEv1 the method
//! is part of the proposal (RFC 2409 appendix A), so that a difference there looks like "no proposal chosen".
//!
//! - Windows and Apple clients begin with EAP or with a machine certificate, depending on one setting.
//! - IKEv1 with XAuth (a user name after the secret) on one side only.
//! - A signature with a hash that the other does not take (RFC 7427): SHA-1 against SHA-2.
//!
//! ## How to tell
//! Programs say:
//! - strongSwan: `constraint requires public key authentication, but pre-shared key was used`; responder `peer
//!   requested EAP, config unacceptable`; IKEv1 `found 1 matching config, but none allows pre-shared key
//!   authentication using Main Mode`.
//! - libreswan: `peer attempted PSK authentication but we want RSA`; IKEv1 `no connection has been authorized with
//!   authby=PSK and xauth=no`.
//! - racoon `rejected authmethod`. The other end is told AUTHENTICATION_FAILED, or NO_PROPOSAL_CHOSEN in IKEv1;
//!   Windows shows 13801, macOS "user authentication failed".
//!
//! Look yourself:
//! - `swanctl --list-conns`: the lines `local ... authentication` and `remote ... authentication` must mirror those
//!   of the other side. `ipsec status | grep policy` on libreswan.
//! - Windows: `Get-VpnConnection | Select Name, AuthenticationMethod, TunnelType`.
//!
//! Look-alikes:
//! - `psk-mismatch`: both used a secret, and it differs (`MAC mismatched`).
//! - `no-common-signature-algorithm`: both used certificates, and the hash or padding is not accepted (`signature
//!   scheme ... not acceptable`).
//! - `authentication-failed`: EAP began, and the password or user is wrong (`EAP method ... failed`).
//!
//! ## Fix
//! Initiator: use the method that the gateway expects (`local.auth` in swanctl, `authby=` or `leftauth=` in
//! ipsec.conf, "authentication method" of the Windows connection).
//!
//! Responder: allow the method of the client in a connection of its own (`remote.auth`).
//!
//! Safer: certificates, or EAP after the gateway has shown a certificate; a shared secret only between two fixed
//! gateways.
//!
//! Never: `authby=never`, "none", or a shared secret for many users as a way out.
//!
//! ## Example
//! ```said
//! charon: 10[IKE] authentication of 'gw-a.example.com' with pre-shared key successful
//! charon: 10[CFG] constraint requires public key authentication, but pre-shared key was used
//! charon: 10[CFG] no alternative config found
//! ```
//!
//! What both configurations show together:
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! server ike: aes256-sha256-modp2048
//! client esp: aes256-sha256
//! server esp: aes256-sha256
//! client peer: auth psk; key a
//! server peer: auth pubkey
//! ```

use shakedown_model::Match;

use crate::{Case, ike_peering};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    ike_peering::matches(case, "auth-method-mismatch")
}
