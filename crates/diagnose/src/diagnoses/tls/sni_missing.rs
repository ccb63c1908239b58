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
//! ```said
//! SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40)
//! while SSL handshaking to upstream, client: 192.0.2.9, server: www.example.com
//! ```
