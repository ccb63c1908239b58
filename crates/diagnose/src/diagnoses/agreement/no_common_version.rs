//! # No protocol version in common
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! The two programs do not speak the same edition of the protocol.
//!
//! ## Why
//! In SSH each side begins with a line such as `SSH-2.0-OpenSSH_9.2p1` (RFC 4253 section 4.2). `1.99` in that place
//! means that both editions are spoken (section 5.1), `1.5` that only the first one is. Edition 1 cannot be made secure
//! and was removed from OpenSSH 7.6; newer clients hang up when they read `SSH-1.5`.
//!
//! In TLS the server answers with a version that the client listed (RFC 8446 section 4.2.1). TLS 1.0 and 1.1 must not
//! be used any more (RFC 8996) and are off in current libraries, often by a system-wide setting such as `MinProtocol`.
//!
//! IKE version 1 and version 2 are different protocols on the same port (RFC 7296 section 2.5). A gateway with only one
//! of them answers the other with silence, or with "no proposal chosen". libreswan 5.0 and later have IKEv1 off unless
//! `ikev1-policy=accept` says otherwise: pluto does not load such a connection, and sends nothing for it.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `Protocol major versions differ: 2 vs. 1`, `SSH protocol v.1 is no longer supported`, PuTTY `SSH protocol
//!   version 2 required by our configuration but remote only provides (old, insecure) SSH-1`.
//! - TLS: alert 70 `protocol version`, OpenSSL `unsupported protocol`, `wrong ssl version`, `version too low`; Java
//!   `No appropriate protocol` or `The server selected protocol version TLS10 is not accepted`; Go `server selected
//!   unsupported protocol version`, `client offered only unsupported versions`; Firefox
//!   `SSL_ERROR_UNSUPPORTED_VERSION`, Chrome `ERR_SSL_VERSION_OR_CIPHER_MISMATCH`.
//! - IKE: `received unsupported IKE version`, libreswan `global ikev1-policy does not allow IKEv1 connections`; often
//!   nothing but retransmissions.
//!
//! Look yourself:
//! - SSH: `nc HOST 22` prints the line. TLS: `openssl s_client -connect HOST:443 -tls1_2` tries one version; the own
//!   lower limit is in `openssl.cnf` (`MinProtocol`), `java.security` or the Schannel registry.
//! - IKE: `tcpdump -n udp port 500` shows the version of the first packet; `swanctl --list-conns` prints `IKEv1`,
//!   `IKEv2` or `IKEv1/2`.
//!
//! Look-alikes:
//! - `crypto-policy`: nothing but a policy switches the version off, and only the machine with the policy says so
//!   (`no protocols available`).
//! - `wrong-protocol`: OpenSSL's `wrong version number` nearly always means that the answer was not TLS at all.
//! - `no-matching-connection` (IKE): the responder's log says `no IKE config found` for both; `version =` of the
//!   connection decides.
//!
//! ## Fix
//! Server: enable the current edition. Many old devices have it switched off: Cisco IOS needs `ip ssh version 2`, and
//! a host key of at least 768 bits before it starts; nginx `ssl_protocols TLSv1.2 TLSv1.3`. Otherwise the firmware
//! has to be replaced.
//!
//! Client: a release that speaks the current edition. For SSH-1 nothing is safe: it exposes the password to anybody
//! on the way. If there is no other way in, use the device's serial console or a network of its own.
//!
//! IKE: the same version at both ends, better 2. Where the other end has nothing but IKEv1, `ikev1-policy=accept` in
//! `config setup` of libreswan, and a restart.
//!
//! Safer: always the end that is behind, mostly the server. IKE: both on version 2 (RFC 9395 declares version 1
//! historic).
//!
//! Never: `MinProtocol = TLSv1` or `SECLEVEL=0` for a whole machine; if it has to be, for one program and one peer.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! fact: ssh-one SSH-1.5-Cisco-1.25
//! side: server
//! ```
//!
//! A connection that its own daemon does not load, and which therefore nobody answers:
//!
//! ```case
//! client ike: aes256-sha256-modp2048
//! client peer: auth psk; key a; mode off
//! fact: not-connected 192.0.2.7:500 timed-out
//! side: client
//! ```

use shakedown_model::ike::IkeVersion;
use shakedown_model::{
    Change, Command, CommandPlace, Fact, Item, Match, Phase, Protocol, Reason, Remedy, Role, Side, Slot, Stage,
    Strength, names,
};

use crate::Case;
use crate::text::{list, words};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    if case.protocol == Protocol::Tls {
        let mut found = crate::tls::matches(case, "no-common-version");
        // A version that both have, but that one end signs nothing of: the signature is how that shows.
        if case.failed().iter().any(|failed| failed.slot == Slot::Version && failed.stage == Stage::Certificate) {
            found.iter_mut().for_each(|found| found.supersedes.push("no-common-signature-algorithm"));
        }
        return found;
    }
    if case.protocol == Protocol::Ike {
        return ike(case);
    }
    let seen = case.facts().filter_map(|(id, evidence)| match &evidence.fact {
        Fact::SshOneOnly { identification } => Some((id, identification)),
        _ => None,
    });
    let seen: Vec<_> = seen.collect();
    let failed = case.failed().iter().any(|failed| crate::mismatch::cause_of(failed) == "no-common-version");
    if seen.is_empty() && !failed {
        return Vec::new();
    }
    let mut found = Match::new(Strength::Decisive, Side::Server, "the server speaks only SSH protocol version 1");
    found.phase = Some(Phase::Identification);
    found.reason = Reason::OutdatedSoftware;
    found.side_because = "outdated software: version 1 cannot be made secure, and clients no longer have it".to_owned();
    found.supersedes = vec!["connection-cut", "middlebox-interference", "wrong-protocol", "implementation-defect"];
    for (id, identification) in seen {
        found.evidence.push(id);
        let note = format!("the server identifies itself as {}", words(identification));
        if !found.notes.contains(&note) {
            found.notes.push(note);
            found.algorithms.push(identification.clone());
        }
    }
    found.notes.push("OpenSSH has no version 1 since 7.6p1 (2017-10-03)".to_owned());
    let text = "ip ssh version 2".to_owned();
    let place = CommandPlace::Settings("the device's own configuration".to_owned());
    let explanation = "on Cisco IOS, after `crypto key generate rsa modulus 3072`".to_owned();
    let steps = vec![Command { place, text, explanation }];
    let title = "enable SSH protocol version 2 on the server, or replace its software".to_owned();
    found.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
    vec![found]
}

/// Two configurations of different versions; a responder of IKEv1 alone, which says so or answers as if no proposal
/// fitted.
fn ike(case: &Case<'_>) -> Vec<Match> {
    const INVALID_MAJOR_VERSION: u16 = 5;
    let speaks_old =
        case.client.and_then(|party| party.ike()).and_then(|policy| policy.version) == Some(IkeVersion::V1);
    let says_so = |fact: &Fact| {
        matches!(fact, Fact::Notify { number: INVALID_MAJOR_VERSION, .. } | Fact::OldVersionOnly) && !speaks_old
    };
    let switched_off = crate::ike::switched_off(case);
    if !switched_off.is_empty() {
        return switched_off;
    }
    let says_so = case.facts().find(|(_, evidence)| says_so(&evidence.fact)).map(|(id, _)| id);
    let refused = crate::ike::refuses_everything(case).filter(|_| !case.answered());
    let differ = case.failed().iter().find(|failed| failed.slot == Slot::Version);
    let (strength, summary) = match (differ, says_so, refused) {
        (Some(failed), _, _) => {
            let [initiator, responder] = [&failed.client, &failed.server].map(|items| list(&names(items)));
            (Strength::Decisive, format!("the initiator speaks IKE version {initiator}, the responder {responder}"))
        }
        (None, Some(_), _) => (Strength::Decisive, "the responder does not speak IKEv2 with this peer".to_owned()),
        (None, None, Some(_)) => {
            let what = "the responder refuses whatever it is offered: it may speak IKEv1 with this peer only";
            (Strength::Weak, what.to_owned())
        }
        (None, None, None) => return Vec::new(),
    };
    let old = |items: &[Item]| items.iter().any(|item| item.name == "1");
    let side = if differ.is_some_and(|failed| old(&failed.client)) { Side::Client } else { Side::Server };
    let mut found = Match::new(strength, side, summary);
    found.phase = Some(Phase::IkeSa);
    found.rank = 2;
    found.reason = Reason::OutdatedSoftware;
    found.side_because = "IKEv1 is deprecated (RFC 9395)".to_owned();
    found.evidence.extend(says_so.or(refused));
    if says_so.is_some() {
        found.supersedes = vec!["no-matching-connection", "no-common-proposal", "port-filtered"];
    }
    let decides = "the version that the responder is set up with: `version` in swanctl.conf";
    found.what_would_decide = Some(decides.to_owned());
    vec![found]
}
