//! # A certificate has expired
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! A certificate is good for a limited time. This one's last day is over.
//!
//! ## Why
//! Each certificate carries "not before" and "not after" (RFC 5280 section 4.1.2.5), and whoever checks it must refuse
//! it outside of that time (section 6.1.3). It can be the server's own, an intermediate one, or a root.
//!
//! - The renewal failed in silence, or it worked and the service was not reloaded.
//! - One of several servers, or a load balancer in front, still has the old file.
//! - An intermediate or a cross-signed root expired: new clients find another way, old ones (OpenSSL 1.0.2) do not.
//! - It is not the certificate but a revocation list or an OCSP answer that expired (OpenSSL sends alert 45 for it as
//!   well).
//!
//! ## How to tell
//! - `openssl s_client -connect HOST:443 -servername NAME </dev/null | openssl x509 -noout -dates` (the first
//!   certificate), with `-showcerts` all of them.
//! - Alert 45 `certificate_expired`; `certificate has expired`; Windows 0x800B0101.
//! - The same host from another machine works: then see `clock-skew`.
//!
//! ## Fix
//! Server: renew the certificate and reload the service; check with `openssl s_client` what is really sent, on every
//! member of the cluster.
//!
//! Client: update the store of trusted authorities if a root is at issue.
//!
//! Safer: renew. Switching the check off on the client lets everybody in between in.
//!
//! ## Example
//! ```console
//! $ curl https://shop.example
//! curl: (60) SSL certificate problem: certificate has expired
//! ```
