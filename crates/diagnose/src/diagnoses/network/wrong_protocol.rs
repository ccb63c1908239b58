//! # Another protocol answers
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! Something answered, and it was not what the client speaks: a web server on the SSH port, plain text on a TLS port,
//! SSH where TLS was expected.
//!
//! ## Why
//! Every protocol opens in its own way. An SSH server's first line begins with `SSH-` (RFC 4253 section 4.2); it may
//! send other lines before, but that line has to come. A TLS record begins with the byte 0x16 (RFC 8446 section 5.1).
//! The first bytes therefore show what really listens.
//!
//! - The port number is wrong, or the service was moved to another port.
//! - A port forwarding or load balancer leads to another service.
//! - Plain text first, encryption later: SMTP, IMAP, LDAP or PostgreSQL need STARTTLS before TLS may begin.
//! - A proxy or a captive portal answers in place of the server, often with an HTML page.
//! - A tar-pit sends lines without end and never becomes a server.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `kex_exchange_identification: banner line 0: HTTP/1.1 400 ...`, `client sent invalid protocol identifier
//!   "GET / HTTP/1.1"`, `Bad remote protocol version identification`; paramiko `Error reading SSH protocol banner`;
//!   Go `ssh: overflow reading version string`; JSch `invalid server's version string`.
//! - TLS: OpenSSL `wrong version number`, `packet length too long`, `http request`; Go `first record does not look
//!   like a TLS handshake`, `server gave HTTP response to HTTPS client`; Java `Unsupported or unrecognized SSL
//!   message`; GnuTLS `An unexpected TLS packet was received`; Firefox `SSL_ERROR_RX_RECORD_TOO_LONG`; Chrome
//!   `ERR_SSL_PROTOCOL_ERROR`; Windows `SEC_E_INVALID_TOKEN` (0x80090308); nginx `client sent plain HTTP request to
//!   HTTPS port`.
//! - IKE: `received invalid IKE header`, `unsupported IKE version`: something else uses UDP 500 or 4500.
//!
//! Look yourself:
//! - `nc HOST PORT` shows the first line of a server that speaks first. HTTP and TLS wait: `curl -v
//!   http://HOST:PORT`, `openssl s_client -connect HOST:PORT`, and `-starttls smtp|imap|ldap|postgres|mysql`.
//! - On the server, `ss -tlnp | grep :PORT` names the program.
//!
//! Look-alikes:
//! - `no-common-version`: alert 70 `protocol version` is TLS; bytes that are no TLS at all are this cause.
//! - `middlebox-interference`: the page that answers is a firewall's or a hotel's; from another network it does not.
//! - `proxy-refused`: the text is a proxy's error (403, 407).
//!
//! ## Fix
//! Client: use the port of the service, or the scheme that begins with STARTTLS (`smtp` on 587 against `smtps` on
//! 465; `ldap` against `ldaps`); `https://` for an HTTPS proxy only if the proxy itself speaks TLS.
//!
//! Server: let the right program listen (`listen 443 ssl`), or lead the port forwarding to it; a back end that speaks
//! plain text is named with `http://`.
//!
//! Safer: no difference in itself.
//!
//! Never: "solve" it by switching encryption off where passwords travel.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! fact: other-protocol http HTTP/1.1 400 Bad Request
//! side: client
//! ```

use shakedown_model::{Change, Ending, Fact, Match, Phase, Protocol, Remedy, Role, Side, StrangeProtocol, Strength};

use crate::Case;
use crate::hostkey::{client_shell, server_shell};
use crate::text::words;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let expected = case.protocol.as_str().to_uppercase();
    let port = case.port();
    let mut found: Vec<Match> = Vec::new();
    for (id, evidence) in case.facts() {
        let (strength, summary, note) = match &evidence.fact {
            Fact::OtherProtocol { protocol: StrangeProtocol::Unknown, first_bytes } => {
                let note = format!("the first bytes: {}", words(first_bytes));
                (Strength::Strong, format!("what answers on port {port} is not {expected}"), note)
            }
            Fact::OtherProtocol { protocol, first_bytes } => {
                let summary = format!("{} answers on port {port} instead of {expected}", protocol.phrase());
                (Strength::Decisive, summary, format!("the first bytes: {}", words(first_bytes)))
            }
            Fact::NoStartTls { protocol, is_offered: false, text } => {
                let mut one = Match::new(
                    Strength::Decisive,
                    Side::Server,
                    format!("the server speaks {protocol} on port {port} and does not offer TLS there"),
                );
                one.phase = Some(Phase::Connect);
                one.side_because = "it does not announce STARTTLS, or has no certificate to begin with".to_owned();
                one.evidence.push(id);
                one.notes.push(format!("its words: {}", words(text)));
                one.supersedes = vec!["connection-cut", "middlebox-interference", "implementation-defect"];
                if !found.iter().any(|known| known.summary == one.summary) {
                    found.push(one);
                }
                continue;
            }
            Fact::LimitReached { phase: Phase::Identification, limit } => {
                let summary =
                    format!("what answers on port {port} sends lines without end and never becomes {expected}");
                (Strength::Strong, summary, format!("the limit reached: {limit}"))
            }
            // Some services wait for the client to speak in their own way.
            Fact::Ended { phase: Phase::Identification, ending: Ending::Silent { .. }, received: 0 } => {
                let summary = format!("what listens on port {port} may wait for another protocol than {expected}");
                (Strength::Weak, summary, "services such as HTTP and TLS wait for the client to speak first".to_owned())
            }
            _ => continue,
        };
        if let Some(same) = found.iter_mut().find(|one| one.summary == summary) {
            same.evidence.push(id);
            continue;
        }
        let mut one = Match::new(strength, Side::Client, summary);
        one.phase = Some(Phase::Identification);
        one.hop = evidence.hop.clone();
        one.side_because = "the port asked for belongs to another service".to_owned();
        one.evidence.push(id);
        one.notes.push(note);
        if strength == Strength::Decisive {
            one.supersedes = vec!["connection-cut", "middlebox-interference", "implementation-defect"];
        }
        let mut steps = vec![server_shell(&format!("ss -tlnp | grep ':{port} '"), "which program listens there")];
        if case.protocol == Protocol::Ssh {
            steps.push(client_shell(
                &format!("ssh -G {} | grep -i -e '^hostname ' -e '^port '", case.host()),
                "where the configuration leads",
            ));
        }
        let title = format!("use the port that {expected} listens on, or lead this port to it");
        one.remedies.push(Remedy { role: Role::Client, change: Change::Decide { title, steps } });
        found.push(one);
    }
    found
}
