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
//! - OpenSSL `unsafe legacy renegotiation disabled` (0A000152); alert 100 `no_renegotiation`.
//! - `openssl s_client -connect HOST:443` prints `Secure Renegotiation IS NOT supported`.
//!
//! ## Fix
//! Server: newer software, which has RFC 5746; ask for client certificates in the first handshake, on a name of its
//! own.
//!
//! Client: an exception for this one connection (`Options = UnsafeLegacyServerConnect` in an OpenSSL configuration of
//! its own).
//!
//! Safer: the server. The exception opens that connection to the old attack.
//!
//! ## Example
//! ```console
//! $ curl https://old-gateway.example
//! curl: (35) error:0A000152:SSL routines::unsafe legacy renegotiation disabled
//! ```
