//! # The server limits or bans the client
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! The server is there and could talk, but turns the client away for the moment: too many connections at once, too many
//! failed attempts, or too many in a short time.
//!
//! ## Why
//! Unfinished key exchanges cost a server memory and time, and an attacker can open many. Servers therefore count them.
//! In SSH a server may send lines before its own first line (RFC 4253 section 4.2), and uses them to say so:
//!
//! - OpenSSH 8.2 to 9.7 sends `Exceeded MaxStartups`; before 8.2 it closed without a word.
//! - OpenSSH since 9.8 sends `Not allowed at this time`, for `MaxStartups` and for `PerSourcePenalties`: an address
//!   that connects without logging in, fails to log in or makes the server crash is refused for a while, at first some
//!   seconds, then minutes.
//! - fail2ban, sshguard, cloud services and routers have limits of their own and only drop or close.
//! - A tar-pit answers one byte at a time on purpose, to keep scanners busy.
//! - IKE gateways answer with a cookie, or not at all, when too many exchanges are half open (RFC 7296 section 2.6).
//!
//! ## How to tell
//! Programs say:
//! - SSH: client `Exceeded MaxStartups` or `Not allowed at this time` before the banner (`ssh -v`: `banner line 0:
//!   ...`), else a bare close; server `drop connection #... past MaxStartups`, `beginning MaxStartups throttling`,
//!   `drop connection ... penalty: failed authentication`.
//! - TLS: a reset or a time-out for some connections only; SMTP `421 Too many connections`; HTTP 429 comes after the
//!   handshake.
//! - IKE: strongSwan `ignoring IKE_SA setup from ..., per-IP half-open IKE_SA limit of ... reached`; libreswan asks
//!   for a COOKIE, and drops what brings none; a COOKIE that is answered is normal.
//!
//! Look yourself:
//! - It works again after a minute without attempts, and fails again when several clients connect at once (Ansible,
//!   backup, monitoring, CI).
//! - On the server: `journalctl -u ssh | grep -i -e maxstartups -e penalty`, `fail2ban-client status sshd`, `nft list
//!   ruleset | grep -i limit`; `swanctl --stats` counts half-open IKE SAs.
//!
//! Look-alikes:
//! - `connection-cut`: the same close, and no pause helps.
//! - `port-filtered`: a ban that drops. From another address it works at the same moment.
//! - `authentication-failed`: `Too many authentication failures` is about keys tried within one connection.
//!
//! ## Fix
//! Client: connect less often: share one connection (`ControlMaster auto`), lower Ansible's `forks`, wait between
//! attempts.
//!
//! Server: raise `MaxStartups` (10:30:100 by default) for a jump host or Git server; name monitoring hosts in
//! `PerSourcePenaltyExemptList`, fail2ban's `ignoreip`; strongSwan `half_open_timeout`, `block_threshold`.
//!
//! Safer: fewer connections. Exempt single addresses, and leave the limits in force for others.
//!
//! Never: `PerSourcePenalties no` or no fail2ban on a server that faces the internet.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! fact: throttled not-allowed Not allowed at this time
//! side: server
//! ```

use shakedown_model::{Change, Ending, Fact, Match, Phase, Protocol, Remedy, Role, Side, Strength, Throttle};

use crate::Case;
use crate::hostkey::{client_shell, server_shell};
use crate::text::{seconds, words};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut said: Option<Match> = None;
    let mut found: Vec<Match> = Vec::new();
    for (id, evidence) in case.facts() {
        match &evidence.fact {
            Fact::Throttled { throttle, text } => {
                let one = said.get_or_insert_with(|| {
                    one(case, Strength::Decisive, "the server turns the client away for the moment")
                });
                one.evidence.push(id);
                let note = match throttle {
                    Throttle::MaxStartups => "too many unfinished connections at once (`MaxStartups`)",
                    Throttle::NotAllowedAtThisTime => {
                        "too many unfinished connections (`MaxStartups`), or a penalty (`PerSourcePenalties`)"
                    }
                    Throttle::Other => "the server limits connections",
                };
                one.notes.push(format!("its words: {}: {note}", words(text)));
            }
            Fact::Disconnected { code: 12, text, .. } => {
                let mut one = one(case, Strength::Decisive, "the server has too many connections");
                one.evidence.push(id);
                one.notes.push(format!("its words: {} (reason 12, RFC 4250 section 4.2.2)", words(text)));
                found.push(one);
            }
            Fact::NoStartTls { is_offered: true, text, .. } if crate::tls::is_busy(text) => {
                let mut one = one(case, Strength::Decisive, "the server turns the client away for the moment");
                one.evidence.push(id);
                one.notes.push(format!("its words: {}", words(text)));
                found.push(one);
            }
            Fact::TooSlow { phase, received, milliseconds } => {
                let summary = "the server answers too slowly to be of use, as a tar-pit does";
                let mut one = one(case, Strength::Strong, summary);
                one.phase = Some(*phase);
                one.evidence.push(id);
                one.notes.push(format!("it sent {received} bytes in {}", seconds(*milliseconds)));
                found.push(one);
            }
            _ => {}
        }
    }
    // What was said explains every connection that ended without a word.
    if let Some(said) = said {
        return vec![said];
    }
    for (id, _, phase, ending, _) in case.endings().filter(|(_, _, phase, ..)| *phase <= Phase::Kexinit) {
        let again = case.answered() && !matches!(ending, Ending::Silent { .. });
        let mut one = match ending {
            Ending::Silent { .. } if phase == Phase::Identification => {
                one(case, Strength::Weak, "the server may be too busy to answer")
            }
            _ if again => {
                one(case, Strength::Strong, "the server began to refuse after earlier connections had worked")
            }
            Ending::Closed | Ending::Reset if phase == Phase::Identification => {
                one(case, Strength::Weak, "the server may have closed the connection because of a limit")
            }
            _ => continue,
        };
        one.phase = Some(phase);
        one.evidence.push(id);
        one.what_would_decide = Some("a second attempt after some minutes without any connection".to_owned());
        found.push(one);
    }
    found
}

fn one(case: &Case<'_>, strength: Strength, summary: &str) -> Match {
    let mut one = Match::new(strength, Side::Server, summary);
    one.phase = Some(Phase::Identification);
    one.side_because = "a limit on connections or a ban".to_owned();
    if strength == Strength::Decisive {
        one.supersedes = vec!["connection-cut", "middlebox-interference", "wrong-protocol"];
    }
    let wait = client_shell("sleep 60", "no connection at all in the meantime, then try again");
    let of_ssh = [
        server_shell("sshd -T | grep -i -e maxstartups -e persource", "the limits in force"),
        server_shell("journalctl -u ssh | grep -i -e 'drop connection' -e penalty", "whom they hit"),
    ];
    let mut steps = vec![wait];
    steps.extend(of_ssh.into_iter().filter(|_| case.protocol == Protocol::Ssh));
    let title = "wait, connect less often, or raise the limit for this client".to_owned();
    one.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
    one
}
