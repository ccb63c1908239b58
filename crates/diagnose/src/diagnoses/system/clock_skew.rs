//! # A clock is wrong
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! A certificate is refused as expired or not yet valid, and the certificate is fine: it is the machine that looks at
//! it whose clock shows another day.
//!
//! ## Why
//! A certificate is valid from one moment to another (RFC 5280 section 4.1.2.5), and the machine that checks it
//! compares these with its own clock. A wrong clock therefore looks exactly like a bad certificate, but for every site
//! at once.
//!
//! - Small devices without a battery start in 1970, or with the day of their firmware, until they have asked a time
//!   server.
//! - Virtual machines that were paused or restored from a snapshot.
//! - A certificate made a minute ago on a machine whose clock is ahead.
//! - Time servers blocked by a firewall (UDP 123).
//!
//! Revocation lists, OCSP answers, DNSSEC and Kerberos fail along with it.
//!
//! ## How to tell
//! Programs say:
//! - TLS: `certificate is not yet valid`, `certificate has expired`, for hosts that others reach; Chrome
//!   `ERR_CERT_DATE_INVALID` with "your clock is behind" or "ahead"; Firefox `SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE`;
//!   Go `current time 1970-01-01T... is before ...`; Windows `SEC_E_TIME_SKEW` (0x80090324); OCSP `response is not
//!   yet valid`; apt `Release file is not valid yet`.
//! - IKE: strongSwan `certificate invalid (valid from ... to ...)`, the peer AUTHENTICATION_FAILED; Windows 13801.
//!
//! Look yourself:
//! - `date -u` on both machines, beside a clock that is right. `timedatectl`, `chronyc tracking`, `w32tm /query
//!   /status` show whether the clock is synchronised.
//! - `curl -sI http://HOST | grep -i ^date` shows the server's time without TLS. Go and browsers print the time that
//!   they assumed.
//!
//! Look-alikes:
//! - `certificate-expired` and `certificate-not-yet-valid`: a single host, for all clients. Compare the printed dates
//!   with a clock that is right.
//! - `revocation-unavailable`: only lists or answers are out of date, and not the certificate.
//!
//! ## Fix
//! The machine whose clock is wrong, client or server: set it once (`chronyc makestep`, `timedatectl set-ntp true`,
//! `w32tm /resync`), let UDP 123 pass, and let a time service keep it right. Devices without a battery: fetch the
//! time before the first TLS connection.
//!
//! The other side: nothing. A new certificate would change nothing.
//!
//! Safer: the clock.
//!
//! Never: switch the check of dates or of certificates off (`curl -k`, `verify=False`) to get past this.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 not-yet-valid 2026-02-10 1970-01-02
//! fact: certificate server 1 not-yet-valid 2016-02-10 1970-01-02
//! side: client
//! alternatives: certificate-not-yet-valid
//! ```
//!
//! ```said
//! $ date -u
//! Thu Jan  1 00:03:11 UTC 1970
//! $ curl https://example.org
//! curl: (60) SSL certificate problem: certificate is not yet valid
//! ```

use shakedown_model::{CertificateProblem, Match, Reason, Side, Strength};

use crate::Case;
use crate::certificate::{decide, seen};
use crate::hostkey::client_shell;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let early: Vec<_> =
        seen(case).filter(|seen| matches!(seen.problem(), CertificateProblem::NotYetValid { .. })).collect();
    let Some(first) = early.first() else { return Vec::new() };
    // An authority has been there for years: if it is not valid yet either, it is not the certificates.
    let strength = if early.iter().any(|seen| seen.finding.place > 0) { Strength::Strong } else { Strength::Weak };
    let judge = first.role.peer();
    let summary = format!("the {judge}'s clock may be behind: it finds {} certificates not valid yet", early.len());
    let mut found = Match::new(strength, Side::from(judge), summary);
    found.reason = Reason::Unknown;
    found.phase = first.found(strength).phase;
    found.side_because = "its clock is what the certificates are judged by".to_owned();
    found.evidence = early.iter().map(|seen| seen.id).collect();
    found.what_would_decide = Some("`date -u` on this machine, beside a clock that is right".to_owned());
    let date = client_shell("date -u; timedatectl", "the clock, and whether it is synchronised");
    found.remedies.push(decide(judge, "set the clock, and let a time service keep it right", vec![date]));
    vec![found]
}
