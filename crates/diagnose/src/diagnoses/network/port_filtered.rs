//! # No answer from the port
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! The request to open a connection was sent, and nothing came back, or a router on the way said that the machine
//! cannot be reached. Nobody refused: somebody does not speak.
//!
//! ## Why
//! A machine that is up answers every request, be it with a refusal (RFC 9293 section 3.5.2). Silence means that the
//! request, or the answer, was lost or dropped:
//!
//! - A firewall on the server, in the cloud (security group) or in between drops it. Dropping is the usual setting.
//! - The machine is down, or the address belongs to none.
//! - The route leads nowhere: VPN not connected, private address used from outside, wrong gateway for the way back.
//! - fail2ban or an intrusion prevention system has banned the client's address, often after too many attempts.
//! - IKE over UDP: a gateway that knows no connection for the client stays silent on purpose.
//!
//! ## How to tell
//! - `ping HOST` and another port (443) show whether the machine is up. `tcptraceroute HOST 22` shows where packets
//!   end.
//! - From another network, or through the VPN: does it answer there? Then a rule looks at the client's address.
//! - On the server, `tcpdump -n port 22` shows whether the request arrives. `nft list ruleset`, `fail2ban-client status
//!   sshd`.
//!
//! ## Fix
//! Network: allow the port from the client's network, on every firewall on the way; take the client's address off the
//! ban list.
//!
//! Client: connect the VPN, or go through a jump host (`ProxyJump`).
//!
//! Safer: allow the networks that need it, and not the whole world.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! fact: not-connected 192.0.2.7:22 timed-out
//! side: network
//! ```

use shakedown_model::{Change, ConnectFailure, Fact, Match, Phase, Remedy, Role, Side, Strength};

use crate::Case;
use crate::hostkey::{client_shell, server_shell};
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for (id, evidence) in case.facts() {
        let Fact::NotConnected { address, failure } = &evidence.fact else { continue };
        let (summary, side, because) = match failure {
            ConnectFailure::TimedOut => ("gives no answer", Side::Network, "requests to it are dropped, or it is down"),
            ConnectFailure::HostUnreachable => {
                ("cannot be reached", Side::Network, "a router says that the host is unreachable")
            }
            ConnectFailure::NetworkUnreachable => {
                ("cannot be reached", Side::Network, "there is no route to its network")
            }
            ConnectFailure::Prohibited => {
                ("may not be reached", Side::Network, "a firewall rule forbids it, here or on the way")
            }
            ConnectFailure::SourceNotAvailable => {
                ("was not tried", Side::Client, "the source address asked for is not one of this machine's")
            }
            ConnectFailure::Other => ("cannot be connected to", Side::Unknown, "the system gives no clear reason"),
            ConnectFailure::Refused => continue,
        };
        // Where another address answers, only a time-out costs the user anything.
        if case.answered() && *failure != ConnectFailure::TimedOut {
            continue;
        }
        let strength = match (case.answered(), failure) {
            (true, _) | (_, ConnectFailure::Other) => Strength::Weak,
            (false, ConnectFailure::TimedOut) => Strength::Strong,
            (false, _) => Strength::Decisive,
        };
        // The other addresses of the name that fail in the same way are one finding.
        if let Some(same) = found.iter_mut().find(|one| one.side_because == because && one.hop == evidence.hop) {
            same.notes.push(format!("the same holds for {}", quoted(&address.to_string())));
            same.evidence.push(id);
            continue;
        }
        let where_to = quoted(&address.ip().to_string());
        let mut one = Match::new(strength, side, format!("port {} of {where_to} {summary}", address.port()));
        one.phase = Some(Phase::Connect);
        one.hop = evidence.hop.clone();
        one.side_because = because.to_owned();
        one.evidence.push(id);
        if case.answered() {
            one.notes.push(
                "another address of the same name answers; clients that try this one first wait in vain".to_owned(),
            );
        }
        one.what_would_decide =
            Some(format!("whether the request arrives: `tcpdump -n tcp port {}` on the server", address.port()));
        let steps = vec![
            client_shell(&format!("tcptraceroute {} {}", address.ip(), address.port()), "where the packets end"),
            server_shell("nft list ruleset; fail2ban-client status sshd", "the server's own rules and bans"),
        ];
        let title =
            "allow the port from this network on every firewall on the way, or go through a jump host".to_owned();
        one.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
        found.push(one);
    }
    found
}
