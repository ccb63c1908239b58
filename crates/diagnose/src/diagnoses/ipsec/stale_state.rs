//! # One side remembers a connection that the other has forgotten
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The two sides do not agree on what there is. One of them was restarted, or its memory expired, and the other goes on
//! as before: it sends packets for a tunnel, or a ticket for a session, that nobody knows any more.
//!
//! ## Why
//! Both ends keep state, and nothing forces them to lose it together. An IPsec gateway that gets a packet with an
//! unknown number (SPI) may say so with INVALID_SPI, but unprotected, so that the other must not believe it (RFC 7296
//! sections 1.5 and 2.4). It finds out only by liveness checks (dead peer detection). In TLS a resumed session that the
//! server no longer knows must fall back to a whole handshake (RFC 8446 section 2.2); faulty servers fail instead.
//!
//! - A gateway was restarted; its peer sends into the void until the lifetime ends.
//! - Both sides opened a tunnel at once and keep different ones.
//! - A load balancer sends a returning client to a server that does not share ticket keys.
//!
//! ## How to tell
//! - It heals by itself after an hour, or at once after `swanctl --terminate` or `clear crypto sa` on the side that
//!   remembers.
//! - `received INVALID_SPI`, `unable to find SA`, `QUICK_MODE request ... for unknown connection`.
//! - TLS: the first connection works and the second does not; `openssl s_client -reconnect`.
//!
//! ## Fix
//! The side that remembers: close its tunnel; switch on dead peer detection (`dpd_delay = 30s`).
//!
//! The side that was restarted: let it send INITIAL_CONTACT (the default), so that the peer clears old state (RFC 7296
//! section 2.4).
//!
//! Safer: no difference.
//!
//! ## Example
//! ```console
//! charon: received ESP packet with unknown SPI c0ffee02 from 198.51.100.7
//! charon: received INVALID_SPI notify, no such SA
//! ```
