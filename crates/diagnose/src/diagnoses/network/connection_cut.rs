//! # The connection was cut
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! The connection came about, and then the other end, or something in between, closed or reset it before the key
//! exchange was done. No reason was given.
//!
//! ## Why
//! A program that refuses by the rules says so (in SSH with a disconnect message, RFC 4253 section 11.1; in TLS with an
//! alert, RFC 8446 section 6). A bare close comes from elsewhere:
//!
//! - Before the server's first line: TCP wrappers (`/etc/hosts.deny`), a server before OpenSSH 8.2 whose `MaxStartups`
//!   is used up, fail2ban, a load balancer without a living server behind it, or a server process that dies at start
//!   because its host keys or its chroot folder are missing.
//! - After the server's first line: an intrusion prevention system that reads the lines and dislikes one, or a server
//!   process that crashed.
//! - In the key exchange: a crash, a middlebox, or a server that found no algorithm and does not say so.
//! - A reset (RST) instead of a close (FIN) is more often a firewall's doing than a program's.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `kex_exchange_identification: Connection closed by remote host` or `read: Connection reset by peer`,
//!   `Connection closed by ... port 22`; PuTTY `Remote side unexpectedly closed network connection`; paramiko `Error
//!   reading SSH protocol banner`; JSch `connection is closed by foreign host`; Go `ssh: handshake failed: EOF`.
//! - TLS: OpenSSL `unexpected eof while reading`, `SSL_ERROR_SYSCALL`; curl `(35) Recv failure: Connection reset by
//!   peer`; Java `Remote host terminated the handshake`; Firefox `PR_END_OF_FILE_ERROR`, `PR_CONNECT_RESET_ERROR`;
//!   Chrome `ERR_CONNECTION_CLOSED`; GnuTLS `non-properly terminated`; nginx `peer closed connection in SSL
//!   handshake`; Go server `TLS handshake error from ...: EOF`.
//! - IKE (over TCP): `socket closed`; over UDP nothing is ever cut, see `port-filtered`.
//!
//! Look yourself:
//! - The server's log of that second: `journalctl -u ssh --since -5min`. If it does not even know the connection,
//!   something in between answered. From the server itself: `ssh localhost`, `openssl s_client -connect
//!   localhost:443`.
//! - `sshd -t`, and `/usr/sbin/sshd -d -p 2222` on the server, which serves one connection and prints why it ends.
//! - `tcpdump -n port 22` on both ends: who sent the FIN or RST? `shakedown relay HOST`, with the client pointed at it,
//!   tells which end was the first.
//!
//! Look-alikes:
//! - `connection-throttled`: it works again after a pause; the log has `MaxStartups` or `penalty`.
//! - `middlebox-interference`: the server's log does not know the connection, or it works from another network.
//! - `host-key-unusable`, `server-certificate-missing`: for every client alike.
//! - `client-certificate-rejected`: it ends right after the client's certificate.
//!
//! ## Fix
//! Server: what its log names: mend host keys and folders, allow the client in `/etc/hosts.allow`, raise
//! `MaxStartups`.
//!
//! Network: take the client off the ban list, or make an exception for this traffic. Client: nothing, before it is
//! known who cut.
//!
//! Safer: take a rule away only after its log has said that it was the one.
//!
//! Never: go down to older versions or weaker algorithms by guess: a bare close says nothing of them.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! fact: ended identification closed 0
//! alternatives: connection-throttled, middlebox-interference
//! side: unknown
//! ```

use shakedown_model::{Change, Ending, Fact, Match, Phase, Protocol, Remedy, Role, Side, Strength};

use crate::Case;
use crate::hostkey::server_shell;
use crate::text::words;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for (id, evidence, phase, ending, _) in case.endings() {
        let how = match ending {
            Ending::Closed => "closed",
            Ending::Reset => "reset",
            Ending::Silent { .. } => continue,
        };
        let (when, because) = match phase {
            Phase::Resolve | Phase::Connect | Phase::Identification => (
                "before the server had identified itself",
                "the server or a firewall, proxy or load balancer before it can do this",
            ),
            Phase::Kexinit => ("after the server's first line", "the server, or something that reads its first line"),
            Phase::Hello | Phase::IkeSa | Phase::KeyExchange | Phase::Certificate => {
                ("in the key exchange", "the server's process, or something on the way")
            }
            // What ends later is no matter of the key exchange.
            Phase::ClientCertificate
            | Phase::Auth
            | Phase::Service
            | Phase::Authentication
            | Phase::ChildSa
            | Phase::Rekey => continue,
        };
        let summary = format!("the connection was {how} {when}");
        if let Some(same) = found.iter_mut().find(|one| one.summary == summary) {
            same.evidence.push(id);
            continue;
        }
        // After a whole offer was read, a further connection that is cut tells less.
        let strength = if case.answered() { Strength::Weak } else { Strength::Strong };
        let mut one = Match::new(strength, Side::Unknown, summary);
        one.phase = Some(phase);
        one.hop = evidence.hop.clone();
        one.side_because = because.to_owned();
        one.evidence.push(id);
        one.notes.extend(usual(phase));
        finish(&mut one, case);
        found.push(one);
    }
    found.extend(left(case));
    for (id, evidence) in case.facts() {
        let Fact::Disconnected { phase, code, text } = &evidence.fact else { continue };
        // Other codes have causes of their own: 2 and 5 a defect, 12 throttling, 13 and 14 user authentication.
        let own = matches!(code, 2 | 5 | 8 | 12 | 13 | 14) || *phase >= Phase::Authentication;
        if own || case.rules_fail() {
            continue;
        }
        let who = evidence.subject.unwrap_or(Role::Server);
        let summary = format!("the {who} ended the connection with reason {code}");
        let mut one = Match::new(Strength::Strong, who.into(), summary);
        one.phase = Some(*phase);
        one.hop = evidence.hop.clone();
        one.side_because = "it says so itself".to_owned();
        one.evidence.push(id);
        one.notes.push(format!("its words: {}", words(text)));
        finish(&mut one, case);
        found.push(one);
    }
    found
}

/// A client that was watched and went away: by an alert of its own, or by its end of the connection alone.
fn left(case: &Case<'_>) -> Option<Match> {
    // Who waits for an answer that does not come has no other choice.
    let in_vain = case.endings().any(|(_, _, _, ending, _)| matches!(ending, Ending::Silent { .. }));
    if case.rules_fail() || in_vain {
        return None;
    }
    let said = crate::alert::seen(case).find(|alert| alert.role == Role::Client && !alert.is_warning);
    let ended = case
        .left()
        .find(|(_, _, phase, ending, _)| *phase < Phase::ClientCertificate && !matches!(ending, Ending::Silent { .. }));
    let (id, phase, summary) = match (said, ended) {
        (Some(alert), _) => {
            let name = case.facts().find_map(|(id, evidence)| match &evidence.fact {
                Fact::Alert { name, .. } if id == alert.id => Some(name.clone()),
                _ => None,
            });
            let name = name.unwrap_or_default();
            (alert.id, alert.phase, format!("the client ended the handshake by the alert `{name}` ({})", alert.number))
        }
        (None, Some((id, _, phase, ..))) => {
            let when = match phase {
                Phase::Resolve | Phase::Connect | Phase::Identification => "before the server had identified itself",
                Phase::Kexinit | Phase::Hello | Phase::IkeSa => "before it had the server's offer",
                Phase::Certificate => "after the server had answered",
                _ => "in the key exchange",
            };
            (id, phase, format!("the client itself closed the connection {when}"))
        }
        (None, None) => return None,
    };
    let mut one = Match::new(Strength::Strong, Side::Client, summary);
    one.phase = Some(phase);
    one.side_because = "it was the first to end the connection".to_owned();
    one.evidence.push(id);
    one.what_would_decide = Some("what the client itself prints or logs: it knows why".to_owned());
    let title = "read the client's own message; it names what it did not like".to_owned();
    one.remedies.push(Remedy { role: Role::Client, change: Change::Decide { title, steps: Vec::new() } });
    Some(one)
}

fn usual(phase: Phase) -> Vec<String> {
    let text = match phase {
        Phase::Kexinit | Phase::KeyExchange => {
            "usual causes: an intrusion prevention system, or a server process that crashed"
        }
        Phase::Hello | Phase::Certificate => {
            "usual causes: a filter of server names, a device that drops large hellos, a limit on connections, or \
             a server that refuses without an alert"
        }
        _ => {
            "usual causes: TCP wrappers, `MaxStartups` before OpenSSH 8.2, fail2ban, a load balancer without a server \
             behind it, or a server that cannot load its host keys"
        }
    };
    vec![text.to_owned()]
}

fn finish(one: &mut Match, case: &Case<'_>) {
    if case.protocol == Protocol::Tls {
        one.what_would_decide = Some("the server's log of that second".to_owned());
        let port = case.port();
        let steps = vec![
            server_shell(&format!("ss -tlnp | grep ':{port} '"), "which program listens, and so whose log to read"),
            server_shell("journalctl --since -5min", "does that program know the connection, and what does it say"),
        ];
        let title = "read the server's log of that second; it names what closed the connection".to_owned();
        one.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
        return;
    }
    one.what_would_decide = Some("the server's log of that second: `journalctl -u ssh --since -5min`".to_owned());
    let steps = vec![
        server_shell("journalctl -u ssh --since -5min", "does the server know the connection, and what does it say"),
        server_shell("sshd -t", "errors of configuration and host keys"),
    ];
    let title = "read the server's log of that second; it names what closed the connection".to_owned();
    one.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
}
