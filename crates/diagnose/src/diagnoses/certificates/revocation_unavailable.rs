//! # It cannot be told whether the certificate was revoked
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The checker is told to ask whether a certificate was revoked, and gets no usable answer: the list is missing, too
//! old, or its server cannot be reached.
//!
//! ## Why
//! Lists (CRL, RFC 5280 sections 5 and 6.3) and answers (OCSP, RFC 6960) have an end date of their own. Most programs
//! go on without an answer ("soft fail"); those that are set to be strict stop. A certificate that says "must staple"
//! (RFC 7633) demands that the server sends a fresh answer along (RFC 6066 section 8).
//!
//! - A firewall lets the machine not fetch the list over HTTP.
//! - A company's authority stopped publishing; the list on the gateway has expired.
//! - `crl_check` is on and no file was given; libreswan `crl-strict=yes`, strongSwan `revocation = strict`.
//! - The authority has switched OCSP off; certificates then name lists only.
//!
//! ## How to tell
//! - OpenSSL `unable to get certificate CRL` (3), `CRL has expired` (12); curl on Windows `CRYPT_E_REVOCATION_OFFLINE`
//!   (0x80092013), `CRYPT_E_NO_REVOCATION_CHECK` (0x80092012); .NET `RevocationStatusUnknown`.
//! - `openssl x509 -noout -ext crlDistributionPoints,authorityInfoAccess -in cert.pem`, then fetch these addresses.
//!
//! ## Fix
//! Authority or server: publish a fresh list; switch stapling on and let the server reach the OCSP service.
//!
//! Client: let it reach the address in the certificate, through the proxy where there is one.
//!
//! Safer: make it reachable. To leave the check out is a decision for a person, and for one connection at most.
//!
//! ## Example
//! ```console
//! $ openssl verify -crl_check -CAfile ca.pem -CRLfile old.crl gw.pem
//! error 12 at 0 depth lookup: CRL has expired
//! ```
