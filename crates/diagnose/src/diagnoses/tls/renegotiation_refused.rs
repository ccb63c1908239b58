//! # Renegotiation is refused
//!
//! Protocols: tls
//!
//! ## What happened
//! One side wants to run the handshake again inside a connection, or does so in the old, unsafe way, and the other
//! refuses.
//!
//! ## Why
//! Up to TLS 1.2 either side can start a new handshake at any time. In its first form an attacker could put data of his
//! own in front of the client's (CVE-2009-3555). RFC 5746 mends that by binding the two handshakes together. A peer
//! without it is refused by OpenSSL 3 at the first handshake already (`unsafe legacy renegotiation disabled`). TLS 1.3
//! has no renegotiation at all (RFC 8446 section 4.1.2).
//!
//! - Old firewalls, load balancers and mainframes without RFC 5746.
//! - IIS or httpd that asks for a client certificate only for some paths, and therefore renegotiates.
//! - A server that refuses renegotiation begun by clients, as it should.
//!
//! ## How to tell
//! Programs say:
//! - Client: OpenSSL 3, curl, Python, Ruby, node: `unsafe legacy renegotiation disabled` (0A000152); GnuTLS `Safe
//!   renegotiation failed`, `Unsafe renegotiation denied`; Firefox `SSL_ERROR_UNSAFE_NEGOTIATION`; Java `Unsafe
//!   renegotiation is not allowed`; alert 100 `no renegotiation`.
//! - Server: httpd AH02042 `rejecting client initiated renegotiation`, AH02261 `Re-negotiation handshake failed`; Go
//!   `tls: no renegotiation`; IIS resets when it asks for a client certificate in mid-connection.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -tls1_2 -legacy_server_connect </dev/null | grep Renegotiation`: `Secure
//!   Renegotiation IS NOT supported` is this cause on the server's side.
//! - `R` typed into `openssl s_client -tls1_2` asks for a renegotiation by the client.
//!
//! Look-alikes:
//! - `no-common-cipher`: the same alert 40 on the server's side, and the client does not name renegotiation.
//! - `client-certificate-required`: it fails only for some paths, at the moment in which the server asks for a
//!   certificate.
//! - `middlebox-interference`: without the proxy in between (or from another network) the line reads `IS supported`.
//!
//! ## Fix
//! Server: newer software, which has RFC 5746 (on Citrix NetScaler a setting of `denySSLReneg` other than `ALL`); ask
//! for client certificates in the first handshake, on a name of its own.
//!
//! Client: an exception for this one connection: `Options = UnsafeLegacyServerConnect` in an OpenSSL configuration of
//! its own, given by `OPENSSL_CONF` to this one program.
//!
//! Safer: the server. The exception opens that connection to the old attack.
//!
//! Never: `UnsafeLegacyRenegotiation` or `-Dsun.security.ssl.allowUnsafeRenegotiation=true` for all connections, nor
//! a downgrade of OpenSSL.
//!
//! ## Example
//! ```said
//! $ curl https://old-gateway.example.com
//! curl: (35) OpenSSL/3.0.17: error:0A000152:SSL routines::unsafe legacy renegotiation disabled
//! ```
//!
//! ```case
//! client: openssl@3.0.15
//! server: openssl@1.0.1u
//! server version: TLSv1.2
//! server secure_renegotiation: no
//! side: server
//! reason: outdated-software
//! ```

use shakedown_model::{FailureKind, Match, Phase, Reason, Role, Side, Strength};

use crate::Case;
use crate::certificate::decide;
use crate::hostkey::{client_shell, server_shell};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let failed = case.failed().iter().filter(|failed| failed.kind == FailureKind::NoSecureRenegotiation);
    let one = |_| {
        let summary =
            "the server does not announce secure renegotiation (RFC 5746), and the client demands it".to_owned();
        let mut found = Match::new(Strength::Decisive, Side::Server, summary);
        found.phase = Some(Phase::Hello);
        found.reason = Reason::OutdatedSoftware;
        found.side_because = "outdated software: RFC 5746 is of 2010".to_owned();
        let (host, port) = (case.host(), case.port());
        let show = client_shell(
            &format!(
                "openssl s_client -connect {host}:{port} -servername {host} -tls1_2 -legacy_server_connect </dev/null"
            ),
            "prints `Secure Renegotiation IS NOT supported`",
        );
        let steps = vec![show, server_shell("openssl version", "what does TLS on the server, if that is OpenSSL")];
        found.remedies.push(decide(Role::Server, "give the server software that has RFC 5746", steps));
        let own = client_shell(
            "OPENSSL_CONF=own.cnf PROGRAM",
            "for this one program: own.cnf has `Options = UnsafeLegacyServerConnect` in its `system_default` section",
        );
        found.remedies.push(decide(
            Role::Client,
            "let this one program connect without it, until the server changes",
            vec![own],
        ));
        found.supersedes = vec!["connection-cut", "middlebox-interference"];
        found
    };
    failed.map(one).collect()
}
