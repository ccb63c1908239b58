//! # The server does not accept the client's certificate
//!
//! Protocols: tls
//!
//! ## What happened
//! The client did send a certificate, and the server refused it: it comes from an authority that the server does not
//! trust, has expired, is meant for another purpose, or its owner is not allowed in.
//!
//! ## Why
//! The server checks a client's certificate like any other (RFC 5280 section 6) and adds its own rules: which
//! authority, which names. It answers with one of `unknown_ca` (48), `bad_certificate` (42), `certificate_expired`
//! (45), `certificate_unknown` (46) or `access_denied` (49) (RFC 8446 section 6.2). Some servers (Schannel) just reset.
//!
//! - The client sends its certificate without the intermediate one.
//! - The server's list of trusted authorities is old, or holds only the root.
//! - The certificate lacks the extended key usage "client authentication" (RFC 5280 section 4.2.1.12); public
//!   authorities stop issuing that one.
//! - A name in it is not on the server's list.
//!
//! ## How to tell
//! - An alert that is RECEIVED by the client after it has sent its certificate is about that certificate.
//! - Server: nginx `client SSL certificate verify error: (N:text)`, httpd `AH02039: Certificate Verification: Error`.
//! - `openssl verify -CAfile SERVERS-AUTHORITIES -untrusted INTERMEDIATE client.pem`.
//!
//! ## Fix
//! Client: send the whole chain; renew the certificate; use one that is meant for clients.
//!
//! Server: trust the authority that issues these certificates, or add the name. Whom to trust is a decision for a
//! person.
//!
//! Safer: the client.
//!
//! ## Example
//! ```console
//! $ curl --cert me.pem --key me.key https://api.example
//! curl: (56) OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca
//! ```
