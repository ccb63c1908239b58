//! # A rule beyond the usual ones forbids the certificate
//!
//! Protocols: tls
//!
//! ## What happened
//! By the ordinary rules the certificate is good. The client follows an additional rule: a fixed key ("pinning"), a
//! public log, a record in DNS, or limits that an authority has put on another.
//!
//! ## Why
//! - Pinning: an app or library accepts only certain keys. A renewal with a new key, or TLS inspection, breaks it.
//! - Transparency: browsers want proof that the certificate stands in public logs (RFC 6962 section 3.3); a private or
//!   misissued one lacks it.
//! - DANE: a mail server compares with a TLSA record of the domain (RFC 6698 section 2.1, RFC 7672). An old record
//!   after a renewal stops mail.
//! - Name constraints: an intermediate may sign only for certain domains (RFC 5280 section 4.2.1.10).
//! - CAs that a browser trusts only up to a date; lifetimes longer than 398 days.
//!
//! ## How to tell
//! - Chrome `ERR_CERTIFICATE_TRANSPARENCY_REQUIRED`, `ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN`; curl `SSL: public key does
//!   not match pinned public key`; OpenSSL `permitted subtree violation` (47).
//! - `dig TLSA _25._tcp.mail.example.org`; Postfix `Server certificate not verified`.
//!
//! ## Fix
//! Server: renew with the same key where it is pinned or in a TLSA record, or publish the new record first and wait for
//! its lifetime.
//!
//! Client: update the app or the pin. A pin is trust, so that changing it is a decision for a person.
//!
//! Safer: keep a second, prepared key in the pin or record from the beginning.
//!
//! ## Example
//! ```console
//! $ curl --pinnedpubkey sha256//AAAA... https://api.example
//! curl: (90) SSL: public key does not match pinned public key
//! ```
