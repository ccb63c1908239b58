//! # A proxy or jump host does not pass the connection on
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! The connection goes over another machine: a jump host, a SOCKS or an HTTP proxy. That machine was reached, and
//! refused to open the next part of the way. The target itself was never asked.
//!
//! ## Why
//! - HTTP proxy: `CONNECT` is answered with 403 (not allowed by policy, often only port 443 is) or 407 (log in first)
//!   (RFC 9110 sections 9.3.6 and 15.5.8).
//! - SOCKS: reply 2 "not allowed by ruleset", 4 "host unreachable", 5 "connection refused" (RFC 1928 section 6).
//! - SSH jump host: it opens a forwarded channel (RFC 4254 section 7.2) and may answer `administratively prohibited`
//!   (`AllowTcpForwarding no`, `PermitOpen`, `restrict` in `authorized_keys`) or `connect failed` (its own network or
//!   resolver does not know the target).
//! - The log-in on the jump host itself fails: another user, another key.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `channel 0: open failed: administratively prohibited` or `connect failed`, `stdio forwarding failed`, then
//!   `Connection closed by UNKNOWN port 65535`; nc `Proxy error: "HTTP/1.1 403 Forbidden"`; PuTTY `Proxy error: 407
//!   ...`; Git `kex_exchange_identification: Connection closed` with a `ProxyCommand`.
//! - TLS: curl `(56) CONNECT tunnel failed, response 403` (older: `Received HTTP code 407 from proxy after CONNECT`),
//!   `(97) Can't complete SOCKS5 connection`; Chrome `ERR_TUNNEL_CONNECTION_FAILED`; Java `Unable to tunnel through
//!   proxy. Proxy returns "HTTP/1.1 407 ..."`; Go `Proxy Authentication Required`; Python `Tunnel connection failed:
//!   403 Forbidden`.
//! - IKE does not pass ordinary proxies; over TCP (RFC 9329) the same replies appear.
//!
//! Look yourself:
//! - `curl -v -x http://PROXY:3128 https://TARGET` prints the proxy's reply; `env | grep -i proxy` what is set.
//! - Try the parts one by one: `ssh JUMP true`, then `ssh JUMP nc -vz TARGET 22`. `ssh -G TARGET | grep -i -e
//!   proxyjump -e proxycommand` shows the way that is configured.
//! - The proxy's own log (squid `TCP_DENIED/403`), and `sshd` on the jump host: `refused local port forward`.
//!
//! Look-alikes:
//! - `authentication-failed`: the log-in on the jump host itself; `ssh JUMP true` fails.
//! - `name-resolution` and `port-refused`, as seen from the jump host: `connect failed: Name or service not known`.
//! - `wrong-protocol`: an HTTP proxy's error page, read as SSH or TLS.
//!
//! ## Fix
//! Proxy (the server in the middle): allow the target and port (`AllowTcpForwarding`, `PermitOpen`, the proxy's
//! access list).
//!
//! Client: give the proxy the credentials that it wants, name the target as the jump host knows it, or take another
//! way (`NO_PROXY` for inner hosts).
//!
//! Safer: allow single targets on the jump host with `PermitOpen host:22`.
//!
//! Never: an agent forwarded to the jump host (`ssh -A`) to go round it, or an open proxy.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! fact: proxy-refused bastion channel 0: open failed: administratively prohibited: open failed
//! side: network
//! ```

use shakedown_model::{Change, Fact, HopRef, Match, Phase, Remedy, Role, Side, Strength};

use crate::Case;
use crate::hostkey::{client_shell, server_shell};
use crate::text::{quoted, words};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for (id, evidence) in case.facts() {
        let (strength, text, done) = match &evidence.fact {
            Fact::ProxyRefused { text } => (Strength::Decisive, text, "refused; the target was never asked"),
            // The command that leads over the hop complained of something else, such as the way to the hop itself.
            Fact::Program { text, .. } if evidence.hop != HopRef::Target && !case.answered() => {
                (Strength::Strong, text, "or the way to it failed; the target was not reached")
            }
            _ => continue,
        };
        let (who, name) = match &evidence.hop {
            HopRef::JumpHost(name) => (format!("the jump host {}", quoted(name)), name.clone()),
            HopRef::Proxy(name) => (format!("the proxy {}", quoted(name)), name.clone()),
            HopRef::Target => ("a machine on the way".to_owned(), "JUMP".to_owned()),
        };
        let summary = format!("{who} does not pass the connection on");
        let mut one = Match::new(strength, Side::Network, summary);
        one.phase = Some(Phase::Connect);
        one.hop = evidence.hop.clone();
        one.side_because = format!("a hop on the way {done}");
        one.evidence.push(id);
        one.notes.push(format!("its words: {}", words(text)));
        one.supersedes = vec!["connection-cut", "middlebox-interference", "connection-throttled"];
        let target = case.context.host.clone().unwrap_or_else(|| case.host());
        let steps = vec![
            client_shell(&format!("ssh {name} true"), "is the log-in on the hop itself in order"),
            client_shell(&format!("ssh {name} nc -vz {target} {}", case.port()), "does the hop reach the target"),
            server_shell("sshd -T | grep -i -e allowtcpforwarding -e permitopen", "on the hop: what it may pass on"),
        ];
        let title = format!("let {who} pass connections to this target on, or take another way");
        one.remedies.push(Remedy { role: Role::Client, change: Change::Decide { title, steps } });
        found.push(one);
    }
    found
}
