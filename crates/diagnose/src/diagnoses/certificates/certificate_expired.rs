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
//! Programs say:
//! - OpenSSL, curl, Python: `certificate has expired` (verify code 10); Node `CERT_HAS_EXPIRED`; Go `certificate has
//!   expired or is not yet valid: current time ... is after ...`; Java `CertificateExpiredException: NotAfter: ...`.
//! - Firefox `SEC_ERROR_EXPIRED_CERTIFICATE`, Chrome `ERR_CERT_DATE_INVALID`, Windows 0x800B0101 or
//!   `SEC_E_CERT_EXPIRED` (0x80090328), GnuTLS `uses expired certificate`. A program that RECEIVES alert 45 learns
//!   that its own certificate was refused.
//! - IKE: strongSwan `certificate invalid (valid from ... to ...)`, then `no trusted RSA public key found`; libreswan
//!   `NSS: end certificate invalid`; Windows error 13801.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -servername NAME </dev/null | openssl x509 -noout -subject -dates` for the
//!   first certificate; with `-showcerts` all of them. Ask every address of the name (`-connect ADDRESS:443`).
//! - IKE: `swanctl --list-certs` on both gateways prints `not after` and marks what has expired.
//!
//! Look-alikes:
//! - `clock-skew`: `date -u` on the machine that complains. If many different hosts have "expired" at once, it is the
//!   clock.
//! - `revocation-unavailable`: the text says `CRL has expired`; the certificate's own dates are fine, and the alert
//!   is 45 as well.
//! - `certificate-untrusted`: an expired root that the server still sends; newer programs find another way to a root.
//!
//! ## Fix
//! Server: renew the certificate and reload the service (`nginx -s reload`, `systemctl reload postfix`, `swanctl
//! --load-creds`); check with `openssl s_client` what is really sent, on every member of the cluster. Let the renewal
//! reload the service from now on (certbot `--deploy-hook`).
//!
//! Client: update the store of trusted authorities if a root is at issue. If its own certificate has expired, renew
//! that one.
//!
//! Safer: renew.
//!
//! Never: `curl -k`, `verify=False` or a clock set back. Each lets everybody in between in.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 expired 2026-01-31 2026-02-03
//! side: server
//! reason: key-material
//! ```
//!
//! ```said
//! $ curl https://shop.example.com
//! curl: (60) SSL certificate problem: certificate has expired
//! ```
//!
//! ```said
//! charon: 09[CFG] subject certificate invalid (valid from Mar 01 08:00:00 2024 to Mar 01 08:00:00 2025)
//! charon: 09[IKE] no trusted RSA public key found for 'gw-b.example.com'
//! ```

use shakedown_model::{CertificateProblem, Match, Role, Strength};

use crate::Case;
use crate::certificate::{decide, each, reload, said_by_client, show_chain};

/// The alert of that name, RFC 8446 section 6.2.
const CERTIFICATE_EXPIRED: u8 = 45;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut all = each(case, |seen| {
        let CertificateProblem::Expired { .. } = seen.problem() else { return None };
        let at_fault = if seen.finding.is_anchor { seen.role.peer() } else { seen.role };
        let mut found = seen.found_at(Strength::Decisive, at_fault);
        if seen.finding.is_anchor {
            found.notes.push(
                "clients that try only one way up fail at an expired root, also where another way holds".to_owned(),
            );
            found.remedies.push(decide(at_fault, "update the trusted authorities", vec![show_chain(case)]));
        } else {
            found.remedies.push(decide(
                seen.role,
                "renew the certificate and reload the service",
                vec![reload(), show_chain(case)],
            ));
        }
        Some(found)
    });
    all.extend(said_by_client(
        case,
        CERTIFICATE_EXPIRED,
        Role::Server,
        "the client says that a certificate of the server has expired",
        "it shows the certificate; a clock of the client that is fast has the same effect",
    ));
    all
}
