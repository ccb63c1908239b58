//! # The two sides use different modes
//!
//! Protocols: ike
//!
//! ## What happened
//! IKEv1 can begin in two ways, "main mode" and "aggressive mode", and IPsec can carry packets in two, "tunnel mode"
//! and "transport mode". The two sides are set to different ones.
//!
//! ## Why
//! IKEv1 main mode hides the identities, aggressive mode does not and needs fewer messages (RFC 2409 sections 5.1 to
//! 5.4). A responder that allows only one of them passes over or refuses the other. Aggressive mode with a pre-shared
//! key lets anybody on the way guess the key offline, so that strongSwan refuses it unless told otherwise.
//!
//! Transport mode is a wish of the initiator (USE_TRANSPORT_MODE, RFC 7296 section 1.3.1), which the responder may
//! decline; the result is then a tunnel, which the initiator may refuse. In IKEv1 the mode is an attribute that must be
//! equal.
//!
//! ## How to tell
//! - strongSwan `Aggressive Mode PSK disabled for security reasons`, `no matching CHILD_SA config found` for a mode;
//!   racoon `Exchange type is mismatched`.
//! - The first packet names the exchange: type 2 is main mode, type 4 aggressive mode (IKEv1), 34 is IKEv2.
//!
//! ## Fix
//! Both sides: use the same mode; main mode, or better IKEv2, which has only one.
//!
//! Safer: IKEv2. Never aggressive mode with a pre-shared key.
//!
//! ## Example
//! ```console
//! charon: 198.51.100.7 is initiating a Aggressive Mode IKE_SA
//! charon: Aggressive Mode PSK disabled for security reasons
//! ```
