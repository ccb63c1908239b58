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
//! Programs say:
//! - OpenSSL `unable to get certificate CRL` (3), `CRL is not yet valid` (11), `CRL has expired` (12); curl `No OCSP
//!   response received`; rustls `UnknownRevocationStatus`, `ExpiredRevocationList`; Java `Unable to determine
//!   revocation status due to network error`; GnuTLS `requires OCSP status`; alert 113 for a bad stapled answer.
//! - Windows `CRYPT_E_REVOCATION_OFFLINE` (0x80092013), `CRYPT_E_NO_REVOCATION_CHECK` (0x80092012); .NET
//!   `RevocationStatusUnknown`; Chrome `ERR_CERT_UNABLE_TO_CHECK_REVOCATION`; Firefox
//!   `MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING`.
//! - IKE: strongSwan `crl fetching failed`, `certificate status is not available`; libreswan `certificate payload
//!   rejected; crl-strict=yes`; nginx `OCSP responder timed out` while it fetches the answer to staple.
//!
//! Look yourself:
//! - `openssl x509 -noout -ext crlDistributionPoints,authorityInfoAccess -in cert.pem`, then fetch these addresses
//!   with `curl -v` from the machine that checks, as the user of the service.
//! - `openssl crl -in list.crl -noout -lastupdate -nextupdate` beside `date -u`; `openssl s_client -status -connect
//!   HOST:443` for stapling; `certutil -verify -urlfetch cert.cer` on Windows.
//!
//! Look-alikes:
//! - `certificate-revoked`: there is an answer, and it is "revoked".
//! - `certificate-expired`: alert 45 stands for an expired list as well; the certificate's own dates decide.
//! - `clock-skew`: a list "not yet valid".
//!
//! ## Fix
//! Authority or server: publish a fresh list before the old one ends; switch stapling on (`ssl_stapling on`,
//! `SSLUseStapling on`) and let the server reach the OCSP service.
//!
//! Client: let it reach the address in the certificate over HTTP, through the proxy where there is one (on Windows
//! that of the system account: `netsh winhttp`).
//!
//! Safer: make it reachable. To leave the check out is a decision for a person, and for one connection at most.
//!
//! Never: `revocation = relaxed`, `--ssl-no-revoke` or `checkRevocation=false` for all connections because one list
//! is late.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 staple-missing
//! side: server
//! ```
//!
//! ```case
//! fact: certificate server 0 list-unusable old.crl ended 3 days ago, on 2026-01-31
//! side: client
//! ```
//!
//! ```said
//! $ openssl verify -crl_check -CAfile ca.pem -CRLfile old.crl web.pem
//! CN = web.example.com
//! error 12 at 0 depth lookup: CRL has expired
//! error web.pem: verification failed
//! ```

use shakedown_model::{CertificateProblem, Match, Role, Strength};

use crate::Case;
use crate::certificate::{Seen, decide, each, show_chain};
use crate::hostkey::{client_shell, server_shell};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    each(case, |seen| {
        match seen.problem() {
            CertificateProblem::StapleMissing | CertificateProblem::StapleUnusable { .. } => {}
            CertificateProblem::ListUnusable { list, .. } => return Some(list_at_hand(seen, list.as_str())),
            CertificateProblem::ListMissing { fetch, .. } => {
                return Some(list_at_hand(seen, fetch.first().map_or("FILE", |place| place.as_str())));
            }
            _ => return None,
        }
        let mut found = seen.found(Strength::Decisive);
        found.side_because = "configuration: it has to fetch and send the response".to_owned();
        let test = server_shell("nginx -T | grep -e ssl_stapling -e resolver", "stapling is off by default");
        let title = "let the server fetch OCSP responses and staple them";
        found.remedies.push(decide(seen.role, title, vec![test, show_chain(case)]));
        Some(found)
    })
}

/// Who checks has a list that does not count, or none.
fn list_at_hand(seen: Seen<'_>, place: &str) -> Match {
    let checker = seen.role.peer();
    let mut found = seen.found_at(Strength::Decisive, checker);
    found.side_because = "it is the one that checks against this list".to_owned();
    let dates = format!("openssl crl -in {place} -noout -issuer -lastupdate -nextupdate");
    let dates = match checker {
        Role::Client => client_shell(&dates, "whose list it is, and until when it counts"),
        Role::Server => server_shell(&dates, "whose list it is, and until when it counts"),
    };
    let title = "fetch the authority's list of today, and put it in the place of the one that is there";
    found.remedies.push(decide(checker, title, vec![dates]));
    found
}
