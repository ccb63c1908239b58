//! # Nothing listens on the port
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! The machine answered at once: no program of mine listens on this port. The way there works, and so does the machine.
//!
//! ## Why
//! A connection request to a port without a listener is answered with a reset (RFC 9293 section 3.5.2), for UDP with
//! the ICMP message "port unreachable". Some firewalls are set to send the same reset on purpose.
//!
//! - The service is not running: it was never started, it stopped, or it failed at start over an error in its
//!   configuration.
//! - It listens on another port, or only on another address: `ListenAddress 127.0.0.1`, IPv4 but not IPv6.
//! - The address is not the machine's: an old DNS record, a port forwarding that leads elsewhere.
//! - fail2ban and similar tools can be set to refuse instead of to drop.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `ssh: connect to host ... port 22: Connection refused`; PuTTY `Network error: Connection refused`; Go
//!   `connect: connection refused`; Java `Connection refused (ConnectException)`; paramiko `Unable to connect to port
//!   22`.
//! - TLS: curl `(7) Failed to connect ... Connection refused`; Chrome `ERR_CONNECTION_REFUSED`; nginx `connect()
//!   failed (111: Connection refused) while connecting to upstream`; PostgreSQL `Is the server running on that host
//!   and accepting TCP/IP connections?`.
//! - IKE: charon `error writing to socket: Connection refused` or nothing; libreswan logs `ERROR: asynchronous
//!   network error report ... Connection refused`.
//!
//! Look yourself:
//! - The answer comes within milliseconds. `nc -vz HOST PORT` (Windows: `Test-NetConnection HOST -Port PORT`).
//! - On the server: `ss -tlnp | grep :22`, `ss -ulnp | grep -e :500 -e :4500`, `systemctl status ssh`, `journalctl -u
//!   ssh`, `sshd -t`, `nginx -t`.
//! - Right after start-up or a restart the service may need some seconds.
//!
//! Look-alikes:
//! - `port-filtered`: no answer until a time-out.
//! - `connection-cut`: it was accepted first, and closed afterwards.
//! - `invalid-configuration`: why the service does not run; its log names file and line.
//!
//! ## Fix
//! Server: start the service, and make it start with the machine (`systemctl enable --now ssh`). If it fails, its log
//! names the line of the configuration. Let it listen where clients look for it (`ListenAddress`, `listen`, IPv6 as
//! well).
//!
//! Client: use the port and address that the service has (`Port` and `HostName` in `~/.ssh/config`).
//!
//! Safer: both are equally safe.
//!
//! Never: let a service listen on all addresses that was meant for the machine itself only.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! fact: not-connected 192.0.2.7:22 refused
//! side: server
//! ```

use shakedown_model::{Change, ConnectFailure, Fact, HopRef, Match, Phase, Protocol, Remedy, Role, Side, Strength};

use crate::Case;
use crate::hostkey::server_shell;
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    // A client goes on to the next address without a delay; where one of them answers, nothing is wrong.
    if case.answered() {
        return Vec::new();
    }
    let mut found: Option<Match> = None;
    for (id, evidence) in case.facts() {
        let Fact::NotConnected { address, failure: ConnectFailure::Refused } = &evidence.fact else { continue };
        if case.connected(*address) {
            continue;
        }
        let port = address.port();
        let one = found.get_or_insert_with(|| {
            let summary = format!("nothing listens on port {port} of {}", quoted(&address.ip().to_string()));
            let mut one = Match::new(Strength::Decisive, Side::Server, summary);
            one.phase = Some(Phase::Connect);
            one.hop = evidence.hop.clone();
            one.side_because = "it answered at once that the port is closed".to_owned();
            if matches!(evidence.hop, HopRef::Proxy(_)) {
                one.side = Side::Network;
                one.side_because =
                    "the proxy answered at once that its port is closed; the target was never asked".to_owned();
                return one;
            }
            let (listens, runs) = match case.protocol {
                Protocol::Ike => ("ss -ulnp", "systemctl status strongswan; swanctl --list-conns"),
                Protocol::Tls => ("ss -tlnp", "systemctl status SERVICE"),
                Protocol::Ssh => ("ss -tlnp", "systemctl status ssh; sshd -t"),
            };
            let steps = vec![
                server_shell(&format!("{listens} | grep ':{port} '"), "which program listens there"),
                server_shell(runs, "whether the service runs, and what its configuration says"),
            ];
            let title = format!("start the service, or use the port that it listens on instead of {port}");
            one.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
            one
        });
        if !one.evidence.is_empty() {
            one.notes.push(format!("the same holds for {}", quoted(&address.to_string())));
        }
        one.evidence.push(id);
    }
    found.into_iter().collect()
}
