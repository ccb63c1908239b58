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
//! Programs say:
//! - OpenSSL `unsuitable certificate purpose` (26), `invalid CA certificate` (24 or 79), `path length constraint
//!   exceeded` (25); Go `certificate specifies an incompatible key usage`, `not authorized to sign other
//!   certificates`; Java `Extended key usage does not permit use for TLS server authentication`; rustls
//!   `InvalidPurpose`; GnuTLS `Key usage violation`; alert 43.
//! - Firefox `SEC_ERROR_INADEQUATE_KEY_USAGE`, Chrome `ERR_SSL_KEY_USAGE_INCOMPATIBLE`, Windows
//!   `SEC_E_CERT_WRONG_USAGE` (0x80090349) or 0x800B0110; OpenVPN `Certificate does not have extended key usage
//!   extension`.
//! - IKE: Windows error 13801 for a gateway certificate without "server authentication"; strongSwan passes over an
//!   authority without `CA:TRUE` and says `no issuer certificate found`.
//!
//! Look yourself:
//! - `openssl x509 -noout -purpose -ext keyUsage,extendedKeyUsage,basicConstraints -in cert.pem`, for each
//!   certificate of the chain.
//! - `openssl verify -purpose sslserver -CAfile ca.pem -untrusted chain.pem cert.pem`, and with `sslclient`.
//!
//! Look-alikes:
//! - `client-certificate-rejected`: the server refuses whose certificate it is, and not what it is for. The server's
//!   log decides.
//! - `certificate-untrusted`: an authority without `CA:TRUE` is passed over by some programs, which then find no
//!   issuer; `basicConstraints` decides.
//!
//! ## Fix
//! Whoever owns the certificate: have it issued anew with the right purposes: `serverAuth` for servers and gateways,
//! `clientAuth` for clients, `CA:TRUE` and `keyCertSign` for an authority.
//!
//! The other side: nothing.
//!
//! Safer: a separate certificate for each purpose.
//!
//! Never: switch the check off (by taking `remote-cert-tls` out of an OpenVPN configuration, for example): then any
//! client's certificate can stand in for the server.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 purpose is for clientAuth only
//! side: server
//! ```
//!
//! ```said
//! $ openssl verify -purpose sslclient -CAfile ca.pem web.pem
//! CN = web.example.com
//! error 26 at 0 depth lookup: unsuitable certificate purpose
//! error web.pem: verification failed
//! ```

use shakedown_model::{CertificateProblem, Match, Strength};

use crate::Case;
use crate::certificate::{decide, each, show_chain};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    each(case, |seen| {
        let CertificateProblem::Purpose { .. } = seen.problem() else { return None };
        let mut found = seen.found(Strength::Decisive);
        let title = "have the certificate issued anew, for this purpose";
        found.remedies.push(decide(seen.role, title, vec![show_chain(case)]));
        Some(found)
    })
}
