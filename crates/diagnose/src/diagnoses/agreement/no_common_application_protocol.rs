//! # No application protocol in common
//!
//! Protocols: tls
//!
//! ## What happened
//! One TLS port can serve several protocols, such as HTTP/1.1 and HTTP/2. The client says in its first message which
//! ones it wants, and the server speaks none of them.
//!
//! ## Why
//! The extension is named ALPN. A server that knows it and finds no match must end with the alert
//! `no_application_protocol` (120) (RFC 7301 section 3.2). Many servers pass over it in silence instead and speak their
//! default.
//!
//! - A gRPC client wants only `h2`, and a proxy in between offers only `http/1.1`.
//! - PostgreSQL 17 with direct TLS wants `postgresql`; older servers and proxies do not know it.
//! - A port made for certificate validation only speaks `acme-tls/1`.
//! - The names are exact: `h2` is not `HTTP/2`.
//!
//! ## How to tell
//! Programs say:
//! - OpenSSL `no application protocol` (sent) or `tlsv1 alert no application protocol` (received), rustls `peer
//!   doesn't support any known protocol`, Go `tls: client requested unsupported application protocols`, Chrome
//!   `ERR_ALPN_NEGOTIATION_FAILED`, Windows `SEC_E_APPLICATION_PROTOCOL_MISMATCH` (0x80090367).
//! - gRPC: `credentials: cannot check peer: missing selected ALPN property`; PostgreSQL: `received direct SSL
//!   connection request without ALPN protocol negotiation extension`.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -alpn h2,http/1.1 </dev/null` prints `ALPN protocol: ...` or `No ALPN
//!   negotiated`.
//! - `curl -v --http2 https://HOST` prints `ALPN: server accepted ...` or `ALPN: server did not agree on a protocol`.
//!
//! Look-alikes:
//! - `sni-rejected`: one name of the server speaks `h2` and the default name does not. The same command with
//!   `-servername NAME` decides.
//! - `wrong-protocol`: the port speaks TLS, and inside of it something else than HTTP; the alert is missing then.
//!
//! ## Fix
//! Server: enable the protocol (`http2 on;` in nginx, `Protocols h2 http/1.1` in httpd, `alpn h2,http/1.1` in
//! HAProxy), also on the proxy in between.
//!
//! Client: list the protocol that the server speaks besides the preferred one; for gRPC through a proxy, let the
//! proxy speak `h2` to both sides.
//!
//! Safer: no difference in security.
//!
//! Never: go over to plain text because of it. Certificate checks have nothing to do with this failure and stay on.
//!
//! ## Example
//! ```case
//! fact: alert hello 120 no_application_protocol
//! ```
//!
//! ```said
//! * ALPN: curl offers h2,http/1.1
//! * TLSv1.3 (IN), TLS alert, no application protocol (632):
//! curl: (35) OpenSSL/3.0.17: error:0A000460:SSL routines::reason(1120)
//! ```

use shakedown_model::{Match, Side, Strength};

use crate::Case;
use crate::alert;

/// no_application_protocol, RFC 7301 section 3.2.
const NO_APPLICATION_PROTOCOL: u8 = 120;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let fits = |seen: &alert::Seen| seen.number == NO_APPLICATION_PROTOCOL;
    let summary = "the server speaks none of the application protocols that the client names";
    let mut found = alert::found(case, fits, Strength::Decisive, Side::Both, summary);
    if let Some(found) = &mut found {
        found.side_because = "either may name what the other speaks".to_owned();
    }
    found.into_iter().collect()
}
