//! # The responder has no connection for this peer
//!
//! Protocols: ike
//!
//! ## What happened
//! A request to open a tunnel arrived, and the gateway has nothing configured that fits where it comes from, whom it is
//! for, or which version of IKE it speaks.
//!
//! ## Why
//! A responder looks for a connection by the pair of addresses first, then by version and identity. If it finds none,
//! it may answer NO_PROPOSAL_CHOSEN, as if only the algorithms were wrong (RFC 7296 section 3.10.1 has no better word),
//! or stay silent, to tell strangers nothing.
//!
//! - The peer's address changed (dial-up, moved behind NAT, another uplink).
//! - The connection is configured for IKEv2 only and the peer begins with IKEv1, or the other way round.
//! - The connection was not loaded: a typing error, a missing certificate, or nobody ran `swanctl --load-all`.
//! - The gateway listens on another of its addresses.
//!
//! ## How to tell
//! Programs say:
//! - strongSwan, responder: `no IKE config found for 203.0.113.5...198.51.100.7, sending NO_PROPOSAL_CHOSEN`.
//! - libreswan, responder: `no suitable connection found with IKEv2 policy`; IKEv1 `initial Main Mode message
//!   received but no connection has been authorized`, and no answer on the wire.
//! - Palo Alto `Couldn't find configuration for IKE phase-1 request for peer IP`, OpenIKED `No matching Policy
//!   found`. The initiator sees NO_PROPOSAL_CHOSEN, or nothing and gives up after its retransmissions; Google Cloud
//!   calls it `Proposal mismatch in IKE SA (phase 1)`.
//!
//! Look yourself:
//! - `swanctl --list-conns`, `ipsec status` on the responder: is the connection there at all, and with which
//!   addresses and version?
//! - `swanctl --load-all` and the log below it: `loading connection '...' failed` names what is wrong.
//! - `tcpdump -n udp port 500 or udp port 4500` on the responder: from which address does the request really come?
//!
//! Look-alikes:
//! - `no-common-proposal`: its log line prints both proposals; this one names addresses.
//! - `peer-identity-mismatch`: fails one exchange later, as `no matching peer config found` and
//!   AUTHENTICATION_FAILED.
//! - `port-filtered`: a silent responder looks like a lost packet; `tcpdump` on it decides.
//!
//! ## Fix
//! Responder: load the connection (`swanctl --load-conns`, `ipsec auto --add NAME`), correct `remote_addrs`,
//! `local_addrs` and `version`.
//!
//! Initiator: use the IKE version and source address that the responder expects.
//!
//! Safer: a fixed address or name for the peer; `%any` only together with certificates.
//!
//! Never: a catch-all connection with `%any` and a shared secret.
//!
//! ## Example
//! ```said
//! charon: 06[NET] received packet: from 198.51.100.7[500] to 203.0.113.5[500] (464 bytes)
//! charon: 06[IKE] no IKE config found for 203.0.113.5...198.51.100.7, sending NO_PROPOSAL_CHOSEN
//! ```
