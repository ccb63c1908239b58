//! # The certificate is signed with a broken hash
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! Whoever signs a certificate signs its hash. This one was signed with MD5 or SHA-1, for which two documents with the
//! same hash can be made, so that the signature proves nothing any more. The checker refuses it.
//!
//! ## Why
//! Collisions for MD5 were used to forge a certificate in 2008, for SHA-1 they were shown in 2017. TLS must not use
//! either in its own signatures any more (RFC 9155). For certificates the limit is the checker's: OpenSSL refuses SHA-1
//! at security level 1 since 3.0, and MD5 before; Red Hat 9 refuses SHA-1 for all programs; Java by
//! `jdk.certpath.disabledAlgorithms`; browsers since 2017. The self-signature of a trusted root is not looked at.
//!
//! - A company's authority from before 2015 with SHA-1 in its intermediate.
//! - Devices that make their own certificate with MD5 or SHA-1.
//! - IKE: a peer that signs with SHA-1, because it does not announce better (RFC 7427 section 4).
//!
//! ## How to tell
//! - OpenSSL `ca md too weak`, `ee key too small` (a sister of it), alert 42; Go `insecure algorithm SHA1-RSA`; NSS
//!   `SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED`.
//! - `openssl x509 -noout -text -in cert.pem | grep 'Signature Algorithm'`, for each certificate of the chain.
//!
//! ## Fix
//! Server or authority: issue the certificate anew with SHA-256; a new intermediate with the old key is enough if the
//! key is large.
//!
//! Client: an exception for one connection (`CipherString = DEFAULT@SECLEVEL=0` in a configuration of its own).
//!
//! Safer: the new certificate.
//!
//! ## Example
//! ```console
//! $ curl --cacert old-ca.pem https://printer.example
//! curl: (60) SSL certificate problem: CA signature digest algorithm too weak
//! ```
