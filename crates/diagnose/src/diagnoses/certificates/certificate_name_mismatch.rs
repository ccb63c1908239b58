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
//! Programs say:
//! - OpenSSL and Python: `hostname mismatch` (62), `IP address mismatch` (64); curl `no alternative certificate
//!   subject name matches target host name`; Node `ERR_TLS_CERT_ALTNAME_INVALID`; Go `certificate is valid for A, not
//!   B`, `doesn't contain any IP SANs`; Java `No subject alternative DNS name matching ... found`; rustls
//!   `NotValidForName`; PostgreSQL `server certificate for "A" does not match host name "B"`.
//! - Firefox `SSL_ERROR_BAD_CERT_DOMAIN`, Chrome `ERR_CERT_COMMON_NAME_INVALID`, .NET
//!   `RemoteCertificateNameMismatch`, Windows `SEC_E_WRONG_PRINCIPAL` (0x80090322), GnuTLS `name does not match the
//!   expected`.
//! - IKE: libreswan `certificate subjectAltName extension does not match`; strongSwan `certificate does not confirm
//!   identity '...'`, before 6 only `no trusted RSA public key found for '...'`; Windows error 13801.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -servername NAME </dev/null | openssl x509 -noout -subject -ext
//!   subjectAltName`.
//! - IKE: `swanctl --list-certs` prints `altNames`; the identity in use stands in the log line.
//!
//! Look-alikes:
//! - `sni-missing` and `sni-rejected`: the certificate is another site's or a placeholder. If `-servername NAME`
//!   brings the right one, the client did not send the name.
//! - `name-resolution`: the name leads to the wrong machine; the certificate there is right for its own name.
//! - `peer-identity-mismatch` (IKE): no certificate was at issue; the identity is unknown to the responder.
//!
//! ## Fix
//! Server: a certificate with all names in use as alternative names, addresses as `IP:`; IKE: the identity as `DNS:`
//! or `email:` in it.
//!
//! Client: use a name that stands in the certificate; for a test `curl --connect-to` or `--resolve` keeps the name
//! and changes the address.
//!
//! Safer: the server.
//!
//! Never: switch the comparison off (`check_hostname = False`, `verify-ca` for `verify-full`, `-k`): then every owner
//! of any valid certificate can stand in.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 other-name www.example.org the wildcard stands for one label
//! side: server
//! ```
//!
//! ```said
//! $ curl https://192.0.2.7
//! curl: (60) SSL: no alternative certificate subject name matches target host name '192.0.2.7'
//! ```
//!
//! ```said
//! charon: 11[CFG] constraint check failed: certificate does not confirm identity 'gw-c.example.com' (ID_FQDN)
//! ```

use shakedown_model::{CertificateProblem, Match, Strength};

use crate::Case;
use crate::certificate::{decide, each, show_chain};
use crate::text::{list, quoted};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    each(case, |seen| {
        let CertificateProblem::OtherName { wanted, names, total, nearest, .. } = seen.problem() else { return None };
        let mut found = seen.found(Strength::Decisive);
        found.supersedes.push("sni-rejected");
        match (nearest, total) {
            (_, 0) => found.notes.push("it has no alternative names".to_owned()),
            (Some(nearest), total) => {
                found.notes.push(format!("of its {total} names {} comes nearest", quoted(nearest.as_str())));
            }
            (None, _) => found.notes.push(format!("it is for {}", list(names))),
        }
        let title = format!("use a certificate with {} among its alternative names", quoted(wanted.as_str()));
        found.remedies.push(decide(seen.role, &title, vec![show_chain(case)]));
        Some(found)
    })
}
