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
//! Programs say:
//! - strongSwan: `Aggressive Mode PSK disabled for security reasons`; `but none allows ... authentication using
//!   Aggressive Mode`; for tunnel against transport `no matching CHILD_SA config found`, IKEv2 answers with tunnel
//!   mode, or TS_UNACCEPTABLE.
//! - libreswan: `no connection has been authorized with ... policy`; racoon `Exchange type is mismatched`, `not
//!   acceptable Aggressive mode`; FortiGate `aggressive mode` against `main mode` in the debug output.
//! - Often silence: the responder drops what it does not allow, and the initiator gives up after its retransmissions.
//!
//! Look yourself:
//! - `tcpdump -vn udp port 500`: `phase 1 I ident` is main mode, `phase 1 I agg` aggressive mode; IKEv2 prints
//!   `ikev2_init`.
//! - `swanctl --list-conns`: `IKEv1 Aggressive`, and for children `TUNNEL` or `TRANSPORT`. `ipsec status` on
//!   libreswan prints `AGGRESSIVE` and `tunnel`.
//!
//! Look-alikes:
//! - `no-matching-connection`: the addresses or the version do not fit; `tcpdump` shows the same mode on both sides
//!   then.
//! - `traffic-selector-mismatch`: strongSwan uses one message for networks and mode in IKEv1; compare the networks
//!   first.
//! - `auth-method-mismatch`: the line names both method and mode; whichever differs is the cause.
//!
//! ## Fix
//! Initiator: use the mode of the responder (`aggressive = no`, `mode = tunnel` in swanctl; `aggressive=no`,
//! `type=tunnel` in ipsec.conf).
//!
//! Responder: the same; or better IKEv2 on both sides, which has no such modes. L2TP over IPsec is the usual reason
//! for transport mode.
//!
//! Safer: IKEv2.
//!
//! Never: aggressive mode with a pre-shared key (`i_dont_care_about_security_and_use_aggressive_mode_psk`): anybody
//! on the way can guess the key offline.
//!
//! ## Example
//! ```said
//! racoon: INFO: respond new phase 1 negotiation: 203.0.113.5[500]<=>198.51.100.7[500]
//! racoon: ERROR: not acceptable Aggressive mode
//! ```
//!
//! ```said
//! pluto[912]: "net" #2: policy dictates Transport Mode, but peer requested Tunnel Mode
//! ```
//!
//! What both configurations show together:
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! server ike: aes256-sha256-modp2048
//! client esp: aes256-sha256
//! server esp: aes256-sha256
//! client peer: auth psk; key a; mode aggressive
//! server peer: auth psk; key a; mode main
//! ```

use shakedown_model::Match;

use crate::{Case, ike_peering};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    ike_peering::matches(case, "exchange-mode-mismatch")
}
