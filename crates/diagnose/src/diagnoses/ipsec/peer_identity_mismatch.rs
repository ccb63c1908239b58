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
//! - The responder answers AUTHENTICATION_FAILED whatever the reason is (RFC 7296 section 2.21.2): only its log tells.
//! - strongSwan `no matching peer config found`, `constraint check failed: identity '...' required`; libreswan `Peer ID
//!   '...' mismatched on first found connection`.
//!
//! ## Fix
//! Initiator: set its own identity to what the other side has configured (`local.id`, `leftid`).
//!
//! Responder: expect what the initiator sends (`remote.id`, `rightid`).
//!
//! Safer: a fixed name on both sides. `%any` lets every peer that knows the secret in.
//!
//! ## Example
//! ```console
//! charon: looking for peer configs matching 203.0.113.5[gw-b.example]...198.51.100.7[192.168.0.2]
//! charon: no matching peer config found
//! ```
