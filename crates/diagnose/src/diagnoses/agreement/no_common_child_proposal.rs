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
//! - In IKEv1 quick mode a missing group is refused at once. It has no number for ChaCha20.
//! - ESN: one side demands it, the other does not offer it.
//! - A GCM suite on one side, CBC with an HMAC on the other.
//! - The kernel lacks what was agreed: see `platform-support-missing`.
//!
//! ## How to tell
//! Programs say:
//! - strongSwan: `no acceptable proposal found`, `failed to establish CHILD_SA, keeping IKE_SA`; initiator `received
//!   NO_PROPOSAL_CHOSEN notify, no CHILD_SA built`; at a rekey `CHILD_SA rekeying failed, trying again in ...
//!   seconds`.
//! - libreswan: `IKE_AUTH response rejected Child SA with NO_PROPOSAL_CHOSEN`; IKEv1 `no acceptable Proposal in IPsec
//!   SA`, `we require PFS but Quick I1 SA specifies no GROUP_DESCRIPTION`.
//! - FortiGate `peer SA proposal not match local policy` (phase 2), Azure `rejected Quick Mode settings`, racoon `no
//!   suitable policy found`.
//!
//! Look yourself:
//! - `swanctl --list-sas`: the IKE SA is `ESTABLISHED` and no child below it is `INSTALLED`. `ipsec trafficstatus` on
//!   libreswan.
//! - `swanctl --rekey --child NAME` brings a difference in PFS to light at once, instead of in an hour.
//!
//! Look-alikes:
//! - `platform-support-missing`: everything matched, and the kernel refused. The log has `unable to install IPsec SA`
//!   or a netlink error before the notify.
//! - `traffic-selector-mismatch`: the notify is TS_UNACCEPTABLE (38) instead of NO_PROPOSAL_CHOSEN (14).
//! - `no-common-proposal`: it fails in the very first exchange already.
//!
//! ## Fix
//! Responder or initiator: make `esp_proposals` (strongSwan), `esp=` and `pfs=` (libreswan) or the vendor's phase 2
//! settings equal on both sides, the PFS group included. Changing the side that lists less keeps other peers working.
//!
//! Safer: PFS on both sides instead of off on both.
//!
//! Never: `null` encryption, or a lifetime made so long that the rekey does not come.
//!
//! ## Example
//! ```said
//! charon: received proposals: ESP:AES_CBC_256/HMAC_SHA1_96/NO_EXT_SEQ
//! charon: configured proposals: ESP:AES_GCM_16_256/NO_EXT_SEQ
//! charon: no acceptable proposal found
//! charon: failed to establish CHILD_SA, keeping IKE_SA
//! ```
//!
//! The tunnel that fails when its keys are renewed:
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! server ike: aes256-sha256-modp2048
//! client esp: aes256-sha256
//! server esp: aes256-sha256-modp2048
//! side: client
//! ```

use shakedown_model::{Match, Stage};

use crate::Case;
use crate::ike;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    ike::matches(case, Stage::ChildSa, "ESP proposal")
}
