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
//! Programs say:
//! - Transparency and pins: Chrome `ERR_CERTIFICATE_TRANSPARENCY_REQUIRED`, `ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN`,
//!   `ERR_CERT_VALIDITY_TOO_LONG`; Firefox `MOZILLA_PKIX_ERROR_KEY_PINNING_FAILURE`; curl `public key does not match
//!   pinned public key` (90); OkHttp `Certificate pinning failure!`.
//! - Constraints: OpenSSL `permitted subtree violation` (47), `excluded subtree violation` (48); Chrome
//!   `ERR_CERT_NAME_CONSTRAINT_VIOLATION`; Firefox `SEC_ERROR_CERT_NOT_IN_NAME_SPACE`.
//! - DANE: OpenSSL `no matching DANE TLSA records` (65); Postfix `Server certificate not verified`.
//!
//! Look yourself:
//! - `openssl x509 -noout -text -in cert.pem`: lifetime, `Name Constraints`, `CT Precertificate SCTs`.
//! - The key's hash, for pins: `openssl x509 -noout -pubkey -in cert.pem | openssl pkey -pubin -outform der | openssl
//!   dgst -sha256 -binary | base64`.
//! - `dig +dnssec TLSA _25._tcp.mail.example.org`, `openssl s_client -starttls smtp -connect mail.example.org:25
//!   -dane_tlsa_domain mail.example.org -dane_tlsa_rrdata "3 1 1 ..."`.
//!
//! Look-alikes:
//! - `certificate-untrusted`: the ordinary check fails already; `openssl s_client -verify_return_error` with the
//!   right store succeeds in the case of this page.
//! - `middlebox-interference`: a pin fails because a proxy shows a certificate of its own. Who issued it?
//!
//! ## Fix
//! Server: renew with the same key where it is pinned or in a TLSA record, or publish the new record first and wait
//! for its lifetime; for browsers, a certificate that stands in the public logs and lasts no longer than they allow.
//!
//! Client: update the app or the pin. A pin is trust, so that changing it is a decision for a person.
//!
//! Safer: keep a second, prepared key in the pin or record from the beginning.
//!
//! Never: remove the pin or the TLSA record to get past one failed renewal.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 policy has a name that its authority may not vouch for
//! side: server
//! ```
//!
//! ```said
//! $ curl --pinnedpubkey sha256//AAAA... https://api.example.com
//! curl: (90) SSL: public key does not match pinned public key
//! ```

use shakedown_model::{CertificateProblem, Match, Strength};

use crate::Case;
use crate::certificate::{decide, each, show_chain};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    each(case, |seen| {
        let CertificateProblem::Policy { .. } = seen.problem() else { return None };
        let mut found = seen.found(Strength::Decisive);
        let title = "have the certificate issued within the rules that its chain is under";
        found.remedies.push(decide(seen.role, title, vec![show_chain(case)]));
        Some(found)
    })
}
