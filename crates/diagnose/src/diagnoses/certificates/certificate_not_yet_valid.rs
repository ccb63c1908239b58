//! # A certificate is not valid yet
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The certificate's first day lies in the future, as seen by the machine that checks it.
//!
//! ## Why
//! Outside of "not before" and "not after" a certificate must be refused (RFC 5280 sections 4.1.2.5 and 6.1.3). That a
//! real certificate begins in the future is rare; a wrong clock is the usual reason (`clock-skew`).
//!
//! - The checking machine's clock is behind: no battery, restored snapshot, no time server.
//! - The issuing machine's clock is ahead, and the certificate was used within minutes.
//! - A certificate was ordered for a later day and installed too soon.
//! - Dates in local time that were taken for UTC.
//!
//! ## How to tell
//! Programs say:
//! - TLS: OpenSSL, curl, Python `certificate is not yet valid` (verify code 9); Go `certificate has expired or is not
//!   yet valid: current time ... is before ...`; Java `CertificateNotYetValidException: NotBefore: ...`; rustls
//!   `NotValidYet`; Firefox `MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE`; Chrome `ERR_CERT_DATE_INVALID`. The other
//!   end sees alert 42 or 45.
//! - IKE: strongSwan `certificate invalid (valid from ... to ...)`; the peer sees AUTHENTICATION_FAILED.
//!
//! Look yourself:
//! - `openssl x509 -noout -startdate -in cert.pem` beside `date -u` on both machines; `swanctl --list-certs` prints
//!   `not before`.
//! - `timedatectl` (Linux), `w32tm /query /status` (Windows): is the clock synchronised?
//!
//! Look-alikes:
//! - `clock-skew` is the usual truth behind this message: if `date -u` on the checking machine is behind, the
//!   certificate is fine.
//! - `certificate-expired`: Go and Chrome use one text for both; the dates decide.
//!
//! ## Fix
//! The machine whose clock is wrong: set it and keep it synchronised (`chronyc makestep`, `timedatectl set-ntp
//! true`).
//!
//! Server: install the new certificate when its time has come; issue with a start some minutes back.
//!
//! Safer: no check has to be switched off for this: waiting or setting the clock is enough.
//!
//! Never: `curl -k`, `verify=False`, or a program that is told to pass over dates.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 not-yet-valid 2026-02-10 2026-02-03
//! side: server
//! alternatives: clock-skew
//! ```
//!
//! ```said
//! $ wget https://new.example.com/
//! ERROR: The certificate of 'new.example.com' is not yet activated.
//! The certificate has not yet been activated
//! ```

use shakedown_model::{CertificateProblem, Match, Strength};

use crate::Case;
use crate::certificate::{decide, seen, show_chain};
use crate::hostkey::client_shell;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let early: Vec<_> =
        seen(case).filter(|seen| matches!(seen.problem(), CertificateProblem::NotYetValid { .. })).collect();
    let Some(first) = early.first() else { return Vec::new() };
    // An authority has been there for years: if it is not valid yet either, it is the clock.
    let authority = early.iter().any(|seen| seen.finding.place > 0);
    let mut found = first.found(if authority { Strength::Weak } else { Strength::Strong });
    found.evidence = early.iter().map(|seen| seen.id).collect();
    found.what_would_decide = Some("`date -u` on this machine, beside a clock that is right".to_owned());
    let steps = vec![client_shell("date -u", "the clock that judged"), show_chain(case)];
    found.remedies.push(decide(first.role, "use a certificate that is valid already", steps));
    vec![found]
}
