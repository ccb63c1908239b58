//! # The certificate is signed by nobody but itself
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The certificate was not issued by an authority. It vouches for itself, or the chain ends in a root that vouches for
//! itself and is not known here.
//!
//! ## Why
//! A self-signed certificate proves only that the server has the key that belongs to it, and not who the server is. It
//! can be trusted only if it was put on the list of trusted certificates beforehand (RFC 5280 section 6.1). OpenSSL
//! distinguishes the certificate itself (error 18) from a self-signed root at the end of a chain (error 19).
//!
//! - Devices, databases and test servers that make one at the first start (PostgreSQL's "snakeoil", printers,
//!   hypervisors).
//! - A proxy's default certificate, because the real one could not be loaded or the name is unknown (`sni-rejected`).
//! - A company's root that the server sends along and that this machine does not know.
//!
//! ## How to tell
//! - `self-signed certificate` (OpenSSL 3; `self signed certificate` before), Node `DEPTH_ZERO_SELF_SIGNED_CERT`.
//! - Issuer and subject are equal: `openssl x509 -noout -subject -issuer -in cert.pem`.
//!
//! ## Fix
//! Server: install a certificate of a real authority; ACME makes that free of charge, also for internal names with a
//! public domain.
//!
//! Client: trust this one certificate for this one program, after its fingerprint was compared by another way.
//!
//! Safer: the server. A pinned self-signed certificate is sound as long as somebody cares for its renewal.
//!
//! ## Example
//! ```console
//! $ psql "host=db01 sslmode=verify-full"
//! SSL error: certificate verify failed: self-signed certificate
//! ```
