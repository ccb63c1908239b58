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
//! Programs say:
//! - SSH: `ssh: connect to host ... port 22: Connection timed out`, `No route to host`, `Network is unreachable`;
//!   PuTTY `Network error: Connection timed out`; Go `i/o timeout`; Java `connect timed out`; paramiko
//!   `TimeoutError`.
//! - TLS: curl `(28) Failed to connect ... Timeout was reached`; Chrome `ERR_CONNECTION_TIMED_OUT`; nginx `upstream
//!   timed out (110: Connection timed out) while connecting`; Postfix `Connection timed out`.
//! - IKE: strongSwan `giving up after 5 retransmits`, `establishing IKE_SA failed, peer not responding`; libreswan
//!   `No response (or no acceptable response) to our first IKEv2 message`; Windows error 809.
//!
//! Look yourself:
//! - `nc -vz HOST 22`, another port, `ping HOST`, `tcptraceroute HOST 22` (Windows: `Test-NetConnection HOST -Port
//!   22`). UDP says nothing by itself: `ike-scan --sport=0 HOST` or `tcpdump` on both ends.
//! - From another network, or through the VPN: does it answer there? Then a rule looks at the client's address.
//! - On the server, `tcpdump -n port 22` shows whether the request arrives; `nft list ruleset`, `fail2ban-client
//!   status sshd`.
//!
//! Look-alikes:
//! - `port-refused`: an answer within milliseconds, and it is no.
//! - `connection-throttled`: it worked a minute ago and works from another address.
//! - `no-matching-connection` (IKE): the packet arrives and the gateway stays silent on purpose; its log knows.
//! - `path-mtu`: the connection opens, and only later there is silence.
//!
//! ## Fix
//! Network: allow the port from the client's network, on every firewall on the way; for IKE UDP 500 and 4500. Take
//! the client's address off the ban list.
//!
//! Client: connect the VPN, or go through a jump host (`ProxyJump`). Server: is it up, and has it a way back?
//!
//! Safer: allow the networks that need it.
//!
//! Never: switch the firewall off to see whether it is the firewall, and leave it off.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! fact: not-connected 192.0.2.7:22 timed-out
//! side: network
//! ```

use shakedown_model::{Change, ConnectFailure, Fact, Match, Phase, Protocol, Remedy, Role, Side, Strength};

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
        let is_ike = case.protocol == Protocol::Ike;
        let strength = match (case.answered(), failure) {
            // Over UDP a gateway that knows no connection for the peer is as silent as a firewall.
            (false, ConnectFailure::TimedOut) if is_ike => Strength::Weak,
            // It was there a moment ago: that is a limit rather than a filter.
            _ if case.connected(*address) => Strength::Weak,
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
        let (over, steps) = if is_ike {
            // After `no-matching-connection`, which the responder's own log decides.
            one.rank = 1;
            let rules = server_shell("nft list ruleset", "the server's own rules: UDP 500 and 4500");
            ("udp", vec![rules])
        } else {
            let route = format!("tcptraceroute {} {}", address.ip(), address.port());
            let bans = "nft list ruleset; fail2ban-client status sshd";
            let steps = vec![
                client_shell(&route, "where the packets end"),
                server_shell(bans, "the server's own rules and bans"),
            ];
            ("tcp", steps)
        };
        one.what_would_decide =
            Some(format!("whether the request arrives: `tcpdump -n {over} port {}` on the server", address.port()));
        let title =
            "allow the port from this network on every firewall on the way, or go through a jump host".to_owned();
        one.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
        found.push(one);
    }
    found
}
