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
//! - strongSwan `tried 1 shared key for '...' - '...', but MAC mismatched`; libreswan `computed hash does not match
//!   hash received from peer`; IKEv1 `probable authentication failure (mismatch of preshared secrets?)`, `malformed
//!   payload`.
//! - On the wire only AUTHENTICATION_FAILED, which has many other reasons: the responder's log decides.
//! - TLS: `decrypt error` (51), `unknown psk identity` (115), `bad record mac` (20).
//!
//! ## Fix
//! Both sides: enter the secret anew, from one source, and look at which line (which identities) it stands for.
//!
//! Safer: a long random secret for each pair, or certificates.
//!
//! ## Example
//! ```console
//! charon: tried 2 shared keys for 'gw-b' - 'gw-a', but MAC mismatched
//! charon: generating IKE_AUTH response 1 [ N(AUTH_FAILED) ]
//! ```
