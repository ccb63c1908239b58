//! # No pre-shared key for this pair
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The connection is to be authenticated by a shared secret, and one side finds none for these two identities. It is
//! not that the secret is wrong: there is none.
//!
//! ## Why
//! Secrets are looked up by the identities or addresses of both ends. The line is there, but under a name that is not
//! the one used now. In IKEv1 main mode the identity is not yet known when the secret is needed, so that only addresses
//! can select it (RFC 2409 section 5.4); in IKEv2 the identity does (RFC 7296 section 2.15). In TLS the client names an
//! identity, and the server has no key for it (RFC 8446 section 4.2.11).
//!
//! - The secrets file was not read again (`swanctl --load-creds`, `ipsec rereadsecrets`), or not for lack of
//!   permission.
//! - The peer's address or identity changed.
//! - The secret stands under `id-1` that is written differently: `@gw.example` against `gw.example`.
//!
//! ## How to tell
//! Programs say:
//! - IKE: strongSwan `no shared key found for '...' - '...'`; libreswan `authentication failed: no PSK found for
//!   '...'`, IKEv1 `Can't authenticate: no preshared key found for ...`; racoon `couldn't find the pskey`.
//! - TLS: alert 115 `unknown psk identity`; OpenSSL `psk identity not found`; GnuTLS `Insufficient credentials`;
//!   mosquitto and stunnel log the identity that was asked for.
//!
//! Look yourself:
//! - The two names in the log line, letter by letter, against the secrets: `grep -n id- /etc/swanctl/swanctl.conf`,
//!   `cut -d: -f1 /etc/ipsec.secrets` (the part before the secret).
//! - `swanctl --load-creds` prints `loaded ike secret 'ike-...'` for each one that was read.
//!
//! Look-alikes:
//! - `psk-mismatch`: a secret was found and is another one (`MAC mismatched`).
//! - `private-key-permissions`: the file with the secrets could not be read; the log at load says `Permission
//!   denied`.
//! - `peer-identity-mismatch`: the identity is not what was meant; then change it instead of adding a secret for it.
//!
//! ## Fix
//! The side that finds none (client or server, initiator or responder): add the line for exactly the identities in
//! its log, and load it with `swanctl --load-creds`, `ipsec rereadsecrets` or a restart of the service.
//!
//! The other side: send the identity that the secret is filed under.
//!
//! Safer: a line for this pair only.
//!
//! Never: a secret without identities, or for `%any`, that then fits every peer.
//!
//! ## Example
//! ```said
//! charon: 07[IKE] no shared key found for '203.0.113.5' - '198.51.100.7'
//! ```
//!
//! ```said
//! error:0A0000E0:SSL routines:tls_construct_cke_psk_preamble:psk no client cb:../ssl/statem/statem_clnt.c:2812:
//! ```
//!
//! What both configurations show together:
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! server ike: aes256-sha256-modp2048
//! client esp: aes256-sha256
//! server esp: aes256-sha256
//! client peer: auth psk; key a; id a.example.com
//! server peer: auth psk; id b.example.com
//! side: server
//! ```

use shakedown_model::Match;

use crate::{Case, ike_peering};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    ike_peering::matches(case, "psk-missing")
}
