//! # The two sides want to protect different traffic
//!
//! Protocols: ike
//!
//! ## What happened
//! Each gateway says which networks shall go through the tunnel. What the one asks for, the other does not grant.
//!
//! ## Why
//! In IKEv2 the responder may narrow the initiator's networks to the part that it allows; if nothing is left it answers
//! TS_UNACCEPTABLE (RFC 7296 section 2.9). In IKEv1 there is no narrowing: the pair of networks in quick mode has to be
//! equal (RFC 2409 section 5.5), and the answer is INVALID_ID_INFORMATION or silence.
//!
//! - `10.0.0.0/24` on one side, `10.0.0.0/16` on the other; policy-based gateways (Cisco crypto maps, Palo Alto proxy
//!   IDs, Azure policy-based) want equality, route-based ones offer `0.0.0.0/0`.
//! - Left and right exchanged: both configurations describe the same side as "local".
//! - Several networks: some gateways take one pair for each SA only.
//! - A client that expects an address from the gateway, which has no pool.
//!
//! ## How to tell
//! - strongSwan prints what it looked for: `no matching CHILD_SA config found for 10.1.0.0/16 === 10.2.0.0/16`.
//! - libreswan `does not match any IKEv2 connection; responding with TS_UNACCEPTABLE`, v1 `cannot respond to IPsec SA
//!   request because no connection is known for ...`.
//!
//! ## Fix
//! Responder or initiator: write the same networks on both sides, mirrored: one's local is the other's remote.
//!
//! Safer: the narrower networks.
//!
//! ## Example
//! ```console
//! charon: looking for a child config for 192.168.1.0/24 === 10.0.0.0/16
//! charon: traffic selectors 192.168.1.0/24 === 10.0.0.0/16 unacceptable
//! ```
