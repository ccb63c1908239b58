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
//! Programs say:
//! - OpenSSL `certificate revoked` (23) with `-crl_check`; curl `--cert-status` `certificate revoked`; Go and rustls
//!   `Revoked`; Java `CertificateRevokedException`; GnuTLS `chain is revoked`; alert 44.
//! - Firefox `SEC_ERROR_REVOKED_CERTIFICATE`, Chrome `ERR_CERT_REVOKED`, Windows 0x80092010 or 0x800B010C.
//! - IKE: strongSwan `certificate was revoked on ..., reason: ...`; libreswan `X509: CERT payload bogus or revoked`;
//!   the peer sees AUTHENTICATION_FAILED.
//!
//! Look yourself:
//! - `openssl ocsp -issuer chain.pem -cert cert.pem -url $(openssl x509 -noout -ocsp_uri -in cert.pem)`, or the list:
//!   `openssl crl -in list.crl -noout -text | grep -A1 SERIAL`.
//! - `openssl s_client -connect HOST:443 -status </dev/null` prints the answer that the server staples. `swanctl
//!   --list-certs --type x509_crl`, `certutil -verify -urlfetch cert.cer` (Windows).
//!
//! Look-alikes:
//! - `revocation-unavailable`: no usable answer, instead of the answer "revoked". The words `unable to get` or
//!   `expired` decide.
//! - `certificate-untrusted`: some programs (old Java, mail servers) report both alike; `openssl verify -crl_check`
//!   tells.
//!
//! ## Fix
//! Server: get a new certificate with a new key, install it on every member of the cluster, reload; find out why it
//! was revoked before the next one is.
//!
//! Client: nothing. If its own certificate was revoked, ask whoever issued it.
//!
//! Safer: a new key. A certificate that was revoked for a stolen key is used by the thief.
//!
//! Never: switch the check off (`--ssl-no-revoke`, `revocation = relaxed`) to reach a server whose certificate is
//! known to be revoked.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 revoked 2026-01-31
//! side: server
//! ```
//!
//! ```said
//! $ openssl verify -crl_check -CAfile ca.pem -CRLfile ca.crl web.pem
//! CN = web.example.com
//! error 23 at 0 depth lookup: certificate revoked
//! error web.pem: verification failed
//! ```
//!
//! ```said
//! charon: 13[CFG] certificate was revoked on Mar 01 08:00:00 UTC 2025, reason: key compromise
//! charon: 13[IKE] no trusted RSA public key found for 'gw-b.example.com'
//! ```

use shakedown_model::{CertificateProblem, Match, Role, Strength};

use crate::Case;
use crate::certificate::{decide, each, reload, said_by_client, show_chain};

/// The alert of that name, RFC 8446 section 6.2.
const CERTIFICATE_REVOKED: u8 = 44;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut all = each(case, |seen| {
        let CertificateProblem::Revoked { .. } = seen.problem() else { return None };
        let mut found = seen.found(Strength::Decisive);
        let title = "have a new certificate issued for a new key, and find out why this one was revoked";
        found.remedies.push(decide(seen.role, title, vec![reload(), show_chain(case)]));
        Some(found)
    });
    all.extend(said_by_client(
        case,
        CERTIFICATE_REVOKED,
        Role::Server,
        "the client says that a certificate of the server was revoked",
        "it shows the certificate",
    ));
    all
}
