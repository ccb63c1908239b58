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
//! Programs say:
//! - strongSwan, responder: `traffic selectors ... === ... unacceptable`, IKEv1 `no matching CHILD_SA config found
//!   for 10.1.0.0/16 === 10.2.0.0/16`; initiator `received TS_UNACCEPTABLE notify, no CHILD_SA built`.
//! - libreswan: `responding with TS_UNACCEPTABLE`, `No IKEv2 connection found with compatible Traffic Selectors`;
//!   IKEv1 `cannot respond to IPsec SA request because no connection is known for ...`.
//! - Cisco and Palo Alto speak of "proxy identities" or "proxy IDs", FortiGate of `no matching phase2`, racoon
//!   `mismatched ID was returned`; IKEv1 peers see INVALID_ID_INFORMATION.
//!
//! Look yourself:
//! - `swanctl --list-conns`: `local` and `remote` of the child must be the mirror image of the peer's; `ipsec status
//!   | grep ===` on libreswan.
//! - `swanctl --log` while the initiator tries: the responder prints `looking for a child config for ... === ...`.
//!
//! Look-alikes:
//! - `no-common-child-proposal`: NO_PROPOSAL_CHOSEN (14) instead of TS_UNACCEPTABLE (38).
//! - `platform-support-missing`: with equal networks, a route or policy that cannot be installed gives
//!   TS_UNACCEPTABLE too: the log has `unable to install` before it.
//! - `exchange-mode-mismatch`: in IKEv1 tunnel against transport gives the same line.
//!
//! ## Fix
//! Responder or initiator: write the same networks on both sides, mirrored: one's local is the other's remote
//! (`local_ts`, `remote_ts`; `leftsubnet`, `rightsubnet`; proxy IDs). Several networks: one child for each pair where
//! the peer takes one pair only. Clients that want an address: a `pool` on the responder.
//!
//! The other side: nothing, once they are equal.
//!
//! Safer: the narrower networks.
//!
//! Never: `0.0.0.0/0` on both sides to make it fit: all traffic of the machine then goes into the tunnel.
//!
//! ## Example
//! ```said
//! charon: 08[CFG] looking for a child config for 192.168.1.0/24 === 10.0.0.0/16
//! charon: 08[IKE] traffic selectors 192.168.1.0/24 === 10.0.0.0/16 unacceptable
//! charon: 08[IKE] failed to establish CHILD_SA, keeping IKE_SA
//! ```
//!
//! What both configurations show together:
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! server ike: aes256-sha256-modp2048
//! client esp: aes256-sha256
//! server esp: aes256-sha256
//! client peer: auth psk; key a; local 10.1.0.0/24; remote 10.9.0.0/24
//! server peer: auth psk; key a; local 10.2.0.0/24; remote 10.1.0.0/24
//! ```

use shakedown_model::Match;

use crate::{Case, ike_peering};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    ike_peering::matches(case, "traffic-selector-mismatch")
}
