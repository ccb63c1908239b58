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
//!
//! A probe that is refused whatever it offers, or gets no answer:
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! fact: notify 14 NO_PROPOSAL_CHOSEN to-everything
//! alternatives: no-common-proposal, no-common-version
//! ```
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! fact: not-connected 192.0.2.7:500 timed-out
//! alternatives: port-filtered
//! ```
//!
//! Two configurations that are not for each other's addresses:
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! server ike: aes256-sha256-modp2048
//! client esp: aes256-sha256
//! server esp: aes256-sha256
//! client peer: auth psk; key a; at 192.0.2.1; to 192.0.2.2
//! server peer: auth psk; key a; at 192.0.2.2; to 192.0.2.9
//! ```

use shakedown_model::{Change, ConnectFailure, Fact, Match, Phase, Protocol, Remedy, Role, Side, Strength};

use crate::hostkey::{client_shell, server_shell};
use crate::{Case, ike, ike_peering};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    if case.protocol != Protocol::Ike || case.answered() {
        return Vec::new();
    }
    let configured = ike_peering::matches(case, "no-matching-connection");
    if !configured.is_empty() {
        return configured;
    }
    let refused = ike::refuses_everything(case);
    let silent = case
        .facts()
        .filter(|(_, evidence)| matches!(evidence.fact, Fact::NotConnected { failure: ConnectFailure::TimedOut, .. }));
    let (ids, summary) = match refused {
        Some(id) => (vec![id], "the responder refuses whatever it is offered: it may have no connection for this peer"),
        None => (
            silent.map(|(id, _)| id).collect(),
            "the responder gives no answer: it may have no connection for this peer, and stay silent on purpose",
        ),
    };
    if ids.is_empty() {
        return Vec::new();
    }
    let host = case.host();
    let mut found = Match::new(Strength::Weak, Side::Unknown, summary);
    found.phase = Some(Phase::IkeSa);
    found.side_because = "only the responder's log tells a stranger from a wrong proposal".to_owned();
    found.evidence = ids;
    found.notes.push(
        "responders look for a connection by the addresses first: from an address that none is set up for, the answer \
         says nothing of the algorithms"
            .to_owned(),
    );
    found.what_would_decide = Some(format!(
        "the same check from the address that the responder knows: `shakedown check ike://{host}` on the peer's own \
         gateway"
    ));
    let steps = vec![
        client_shell(
            &format!("shakedown check ike://{host} --as strongswan@VERSION:/etc/swanctl/swanctl.conf"),
            "on the gateway whose address the responder is set up for",
        ),
        server_shell("swanctl --list-conns", "which connections are loaded, and for which addresses and version"),
        server_shell(
            "journalctl -u strongswan | grep 'no IKE config found'",
            "whether it took the peer for a stranger",
        ),
    ];
    let title = "ask from the address that the responder is set up for, or set it up for this one".to_owned();
    found.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
    vec![found]
}
