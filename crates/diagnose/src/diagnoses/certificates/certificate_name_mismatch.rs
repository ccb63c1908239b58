//! # The certificate is for another name
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The certificate is genuine, but it belongs to another name than the one that was asked for.
//!
//! ## Why
//! The client compares the name it wanted with the names in the certificate's "subject alternative name" (RFC 9525
//! section 6). The old field "common name" is no longer looked at. `*.example.org` stands for one part of a name:
//! `www.example.org`, and neither `example.org` nor `a.b.example.org`. An address must stand in the certificate as an
//! address.
//!
//! - `www.` or the bare domain is missing among the names.
//! - The connection goes to an address, a short name or an internal name.
//! - The server sent its default certificate, because the client named no site or an unknown one (`sni-missing`,
//!   `sni-rejected`).
//! - An old certificate with a common name only.
//!
//! ## How to tell
//! - `openssl s_client -connect HOST:443 -servername NAME </dev/null | openssl x509 -noout -ext subjectAltName`.
//! - curl `no alternative certificate subject name matches`; Node `ERR_TLS_CERT_ALTNAME_INVALID`; Go `certificate is
//!   valid for A, not B`; .NET `RemoteCertificateNameMismatch`.
//!
//! ## Fix
//! Server: a certificate with all names in use.
//!
//! Client: use a name that stands in the certificate.
//!
//! Safer: the server. Switching the comparison off lets every owner of any valid certificate stand in.
//!
//! ## Example
//! ```console
//! $ curl https://192.0.2.7
//! curl: (60) SSL: no alternative certificate subject name matches target host name '192.0.2.7'
//! ```
