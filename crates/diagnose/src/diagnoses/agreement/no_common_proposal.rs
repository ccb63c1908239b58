//! # No IKE proposal in common
//!
//! Protocols: ike
//!
//! ## What happened
//! Two VPN gateways first have to agree on how to protect their own conversation (IKE SA, "phase 1"): encryption,
//! integrity, a function to derive keys, and a group for the key exchange. No combination of the initiator's fits one
//! of the responder's.
//!
//! ## Why
//! IKEv2: the initiator sends proposals in order. The responder takes one proposal and from it exactly one algorithm of
//! each kind; one kind without a match makes the whole proposal unfit (RFC 7296 sections 2.7 and 3.3). It then answers
//! NO_PROPOSAL_CHOSEN. A key length is part of the algorithm: AES-128 and AES-256 are two. Ciphers with their own
//! integrity (GCM) and those without cannot stand in one proposal.
//!
//! IKEv1: each transform is one whole combination, and exactly one of them must be equal (RFC 2409 appendix A, RFC 2408
//! section 4.2).
//!
//! The same answer is also given when the responder knows no connection for this peer: see `no-matching-connection`.
//!
//! - Old gateways end at 3DES, SHA-1 and `modp1024`; current ones have dropped just these.
//! - One side uses AES-GCM and the other AES-CBC.
//! - A typing error in one keyword made the responder drop the whole connection at load.
//!
//! ## How to tell
//! - The responder's log is best: strongSwan prints `received proposals:` and `configured proposals:` below each other.
//! - libreswan `no local proposal matches remote proposals`; FortiGate `no SA proposal chosen`; Windows error 13868.
//!
//! ## Fix
//! Responder or initiator: add one combination that the other side has, for example `aes256-sha256-modp2048`, at the
//! end of the list.
//!
//! Safer: add the strongest that both sides have. Single DES, MD5 and groups below 2048 bits should stay out (RFC
//! 8247).
//!
//! ## Example
//! ```console
//! charon: received proposals: IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024
//! charon: configured proposals: IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_256
//! charon: received proposals unacceptable
//! ```
