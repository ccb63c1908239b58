//! # No ESP proposal in common
//!
//! Protocols: ike
//!
//! ## What happened
//! The two gateways talk to each other safely, and then cannot agree on how to protect the traffic itself (CHILD SA,
//! "phase 2"). The tunnel's control part stands, and no data flows.
//!
//! ## Why
//! ESP algorithms are chosen like those of IKE, from a list of their own (RFC 7296 section 3.3): encryption, integrity,
//! extended sequence numbers (ESN), and for perfect forward secrecy (PFS) a group.
//!
//! - PFS on one side only. In IKEv2 the first CHILD SA is made without an exchange of its own (section 1.2), so that a
//!   difference in PFS shows only at the first rekey: the tunnel works for an hour and dies.
//! - In IKEv1 quick mode a missing group is refused at once.
//! - ESN: one side demands it, the other does not offer it.
//! - A GCM suite on one side, CBC with an HMAC on the other.
//! - The kernel lacks what was agreed: see `platform-support-missing`.
//!
//! ## How to tell
//! - `NO_PROPOSAL_CHOSEN` in IKE_AUTH, CREATE_CHILD_SA or quick mode, and not in IKE_SA_INIT or main mode.
//! - strongSwan `no matching proposal found, sending NO_PROPOSAL_CHOSEN`; libreswan `no acceptable Proposal in IPsec
//!   SA`, `we require PFS but Quick I1 SA specifies no GROUP_DESCRIPTION`.
//!
//! ## Fix
//! Responder or initiator: make `esp_proposals` (strongSwan), `esp=` and `pfs=` (libreswan) or the vendor's phase 2
//! settings equal on both sides, the PFS group included.
//!
//! Safer: PFS on both sides instead of off on both.
//!
//! ## Example
//! ```console
//! charon: received proposals: ESP:AES_CBC_256/HMAC_SHA1_96/NO_EXT_SEQ
//! charon: configured proposals: ESP:AES_GCM_16_256/NO_EXT_SEQ
//! charon: no acceptable proposal found
//! charon: failed to establish CHILD_SA, keeping IKE_SA
//! ```
