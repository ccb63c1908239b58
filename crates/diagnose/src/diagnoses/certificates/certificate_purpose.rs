//! # The certificate is not meant for this purpose
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! A certificate says what it may be used for: servers, clients, signing other certificates. This one is used for
//! something else.
//!
//! ## Why
//! Three fields limit it: key usage (RFC 5280 section 4.2.1.3), extended key usage (4.2.1.12) and basic constraints
//! (4.2.1.9), which say whether it may sign other certificates and how long a chain may become. The alert is
//! `unsupported_certificate` (43) or `bad_certificate`.
//!
//! - A certificate "for servers" used by a client in mutual TLS, or the other way round. Public authorities no longer
//!   put both purposes into one.
//! - A home-made authority without `CA:TRUE`, or an ordinary certificate used as one.
//! - A path length constraint, and one intermediate too many.
//! - Windows IKEv2 wants the purpose "server authentication" on the gateway's certificate.
//! - An RSA key limited to "key encipherment", while TLS 1.3 needs "digital signature".
//!
//! ## How to tell
//! - OpenSSL `unsuitable certificate purpose` (26), `invalid CA certificate` (24 or 79), `path length constraint
//!   exceeded` (25); OpenVPN `Certificate does not have extended key usage extension`.
//! - `openssl x509 -noout -purpose -ext keyUsage,extendedKeyUsage,basicConstraints -in cert.pem`.
//!
//! ## Fix
//! Whoever owns the certificate: have it issued anew with the right purposes.
//!
//! The other side: nothing; switching the check off lets any client's certificate stand in for the server.
//!
//! Safer: a separate certificate for each purpose.
//!
//! ## Example
//! ```console
//! $ openssl verify -purpose sslclient -CAfile ca.pem web.pem
//! error 26 at 0 depth lookup: unsuitable certificate purpose
//! ```
