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
//! - OpenSSL: `tlsv1 alert no application protocol`; rustls: `peer doesn't support any known protocol`.
//! - `openssl s_client -connect HOST:443 -alpn h2,http/1.1` prints `ALPN protocol: ...` or `No ALPN negotiated`.
//!
//! ## Fix
//! Server: enable the protocol (`http2 on;` in nginx, `Protocols h2 http/1.1` in httpd), also on the proxy in between.
//!
//! Client: list the protocol that the server speaks besides the preferred one.
//!
//! Safer: no difference.
//!
//! ## Example
//! ```console
//! $ openssl s_client -connect db01:443 -alpn h2 </dev/null
//! error:0A000460:SSL routines::reason(1120)
//! ```
