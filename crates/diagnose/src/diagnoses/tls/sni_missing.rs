//! # The client does not say which name it wants
//!
//! Protocols: tls
//!
//! ## What happened
//! The server needs to know which of its sites is meant, and the client does not send a name. It gets a default
//! certificate, or nothing.
//!
//! ## Why
//! The name stands in the extension `server_name` (RFC 6066 section 3). A TLS 1.3 server may demand it and answer with
//! `missing_extension` (109) (RFC 8446 section 9.2). A client leaves it out if it is old (Windows XP, Java 6, Python
//! 2.6), if it connects to an address instead of a name, or if the program never sets it.
//!
//! - nginx does not send it to its back ends unless `proxy_ssl_server_name on` is set.
//! - Health checks of load balancers, mail servers and monitoring scripts.
//! - A library that has to be told the name (`SSL_set_tlsext_host_name`, `server_hostname=`).
//!
//! ## How to tell
//! Programs say:
//! - Client: alert 112 `unrecognized name`, 40 `handshake failure`, 80 `internal error` or 109 `missing extension`;
//!   or the name check fails, because a default certificate came (`hostname mismatch`, `self-signed certificate`).
//! - Server: rustls `NoServerNameProvided` or `no server certificate chain resolved`; httpd AH02033 `No hostname was
//!   provided via SNI`; Go `tls: no certificates configured`; HAProxy `SSL handshake failure` with `strict-sni`;
//!   stunnel `SNI: no pattern matched servername`. nginx as a client of its back end: `SSL_do_handshake() failed ...
//!   while SSL handshaking to upstream`.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -noservername </dev/null` fails or shows another certificate than with
//!   `-servername NAME`.
//! - What does the client send? `tshark -r FILE -Y tls.handshake.type==1 -T fields -e
//!   tls.handshake.extensions_server_name` on a capture; an empty line is this cause.
//!
//! Look-alikes:
//! - `sni-rejected`: a name was sent, and the server does not know it.
//! - `certificate-name-mismatch`: with the name sent, the certificate is still another one's.
//! - `no-common-cipher`: the same alert 40; with `-servername NAME` it remains.
//!
//! ## Fix
//! Client: send the name; connect to a name and not to an address. nginx: `proxy_ssl_server_name on; proxy_ssl_name
//! NAME;`. HAProxy: `sni str(NAME)` on the server line. Python: `server_hostname=`, Java 8 and later by itself when
//! given a name.
//!
//! Server: give it a default site with a valid certificate for clients that cannot.
//!
//! Safer: the client.
//!
//! Never: `verify=False` or `-k` because a default certificate has the wrong name.
//!
//! ## Example
//! ```case
//! client: openssl@3.0.15
//! client server_name: none
//! fact: alert hello 112 unrecognized_name
//! side: client
//! ```
//!
//! ```said
//! SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40)
//! while SSL handshaking to upstream, client: 192.0.2.9, server: www.example.com
//! ```

use shakedown_model::{Match, Role, Side, Strength};

use crate::Case;
use crate::alert;
use crate::certificate::decide;
use crate::hostkey::client_shell;

/// The unrecognized_name alert, RFC 6066 section 3.
const UNRECOGNIZED_NAME: u8 = 112;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let fits =
        |seen: &alert::Seen| seen.number == UNRECOGNIZED_NAME && !seen.is_warning && alert::sent_no_name(case, seen);
    let summary = "the client sends no server name, and the server refuses a client without one";
    let mut found = alert::found(case, fits, Strength::Decisive, Side::Client, summary);
    if let Some(found) = &mut found {
        found.side_because = "it connects to an address, or was told to send no name".to_owned();
        let (host, port) = (case.host(), case.port());
        let text = format!("openssl s_client -connect {host}:{port} -servername NAME </dev/null");
        let step = client_shell(&text, "with a name that the server has");
        found.remedies.push(decide(Role::Client, "connect to the server by its name", vec![step]));
    }
    found.into_iter().collect()
}
