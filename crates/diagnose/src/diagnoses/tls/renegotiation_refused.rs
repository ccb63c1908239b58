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
