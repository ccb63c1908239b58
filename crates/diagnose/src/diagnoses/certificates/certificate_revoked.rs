//! # The certificate was revoked
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The authority has declared the certificate void before its time: its key was lost, its owner asked for it, or it
//! should never have been issued.
//!
//! ## Why
//! An authority publishes revoked serial numbers in a list (CRL, RFC 5280 section 5) or answers questions about single
//! ones (OCSP, RFC 6960). A checker that finds the number there must refuse it; TLS has the alert `certificate_revoked`
//! (44) for it (RFC 8446 section 6.2).
//!
//! - A new certificate was issued and the old one revoked, but the server still sends the old one.
//! - The authority revoked many at once after a mistake of its own, often with a day's notice.
//! - A gateway's or employee's certificate was revoked in a company's own authority.
//! - An intermediate was revoked.
//!
//! ## How to tell
//! - OpenSSL `certificate revoked` (23) with `-crl_check`; Windows 0x80092010; Firefox `SEC_ERROR_REVOKED_CERTIFICATE`.
//! - `openssl ocsp -issuer chain.pem -cert cert.pem -url $(openssl x509 -noout -ocsp_uri -in cert.pem)`.
//!
//! ## Fix
//! Server: get a new certificate with a new key, install it, reload.
//!
//! Client: nothing.
//!
//! Safer: a new key. A certificate that was revoked for a stolen key is used by the thief.
//!
//! ## Example
//! ```console
//! $ openssl verify -crl_check -CAfile ca.pem -CRLfile ca.crl gw.pem
//! error 23 at 0 depth lookup: certificate revoked
//! ```
