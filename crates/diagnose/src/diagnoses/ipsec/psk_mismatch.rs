//! # The pre-shared keys differ
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! Both sides prove who they are with one secret that both know. They do not have the same one.
//!
//! ## Why
//! The secret itself is never sent. Each side sends a value computed from it, and the other computes the same and
//! compares (RFC 7296 section 2.15; TLS 1.3: the binder, RFC 8446 section 4.2.11.2). In IKEv1 main mode the secret also
//! goes into the encryption, so that a wrong one turns the next message into noise (RFC 2409 section 5.4).
//!
//! - A blank, a line end or quotes became part of the secret; one side takes `0x...` as hexadecimal digits, the other
//!   as text.
//! - The secret is right, but the wrong one is chosen: several peers, and the identity or address matches another line.
//! - It was changed on one side only.
//! - A character outside of ASCII, stored in different encodings.
//!
//! ## How to tell
//! Programs say:
//! - IKE: strongSwan, responder: `tried 1 shared key for '...' - '...', but MAC mismatched`; libreswan `computed hash
//!   does not match hash received from peer`; IKEv1 main mode `invalid ID_V1 payload length, decryption failed?` or
//!   `probable authentication failure (mismatch of preshared secrets?)`.
//! - The initiator gets AUTHENTICATION_FAILED, which has many other reasons: the responder's log decides. Azure
//!   `Authentication failed. Check shared key`, racoon `HASH mismatched`, Windows error 13801 or 789.
//! - TLS: alert 51 `decrypt error` (TLS 1.3 binder), 20 `bad record mac` (TLS 1.2 PSK), mosquitto and stunnel log the
//!   same; OpenVPN `cannot locate HMAC in incoming packet` for a differing `tls-auth` key.
//!
//! Look yourself:
//! - `swanctl --log` on the responder. `swanctl --load-creds` after each change; `swanctl --list-conns` for the
//!   identities that choose the secret.
//! - Compare without showing it: `printf %s 'SECRET' | sha256sum` on both machines; a trailing line end changes the
//!   sum.
//!
//! Look-alikes:
//! - `psk-missing`: `no shared key found`, so there is none, instead of a wrong one.
//! - `peer-identity-mismatch`: `no matching peer config found` comes before any secret is used.
//! - `auth-method-mismatch`: one side did not use a secret at all.
//!
//! ## Fix
//! Both sides: enter the secret anew, from one source, and look at which line (which identities) it stands for:
//! `secrets { ike-NAME { id-1 = ... secret = "..." } }` in swanctl, `ID1 ID2 : PSK "..."` in ipsec.secrets. Then
//! reload (`swanctl --load-creds`, `ipsec rereadsecrets`).
//!
//! Client or initiator and server or responder need the same bytes; quotes and `0x` are read differently by different
//! programs.
//!
//! Safer: a long random secret for each pair (`openssl rand -base64 32`), or certificates.
//!
//! Never: a short or shared secret, or the secret in a ticket or mail: whoever reads it can stand in for either side.
//!
//! ## Example
//! ```said
//! charon: 11[IKE] tried 2 shared keys for 'gw-b.example.com' - 'gw-a.example.com', but MAC mismatched
//! charon: 11[ENC] generating IKE_AUTH response 1 [ N(AUTH_FAILED) ]
//! ```
//!
//! ```said
//! error:0A0000FD:SSL routines:tls_psk_do_binder:binder does not verify:../ssl/statem/extensions.c:1618:
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
//! server peer: auth psk; key b; id b.example.com
//! ```

use shakedown_model::Match;

use crate::{Case, ike_peering};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    ike_peering::matches(case, "psk-mismatch")
}
