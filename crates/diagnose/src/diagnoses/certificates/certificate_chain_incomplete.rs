//! # An intermediate certificate is missing
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! Between the server's certificate and the root that everybody knows stand one or more intermediate certificates. The
//! server does not send them, and the client cannot close the gap.
//!
//! ## Why
//! A server must send the certificates that lead up to the root, in order (RFC 5246 section 7.4.2); TLS 1.3 says that
//! it should (RFC 8446 section 4.4.2). Browsers often hide the fault: they remember intermediates of other sites, or
//! fetch them from the address in the certificate. Programs such as `curl`, Java, Python and mail servers do not.
//!
//! - `ssl_certificate` names the server's certificate alone instead of the "full chain" file.
//! - The authority changed its intermediate, and the old file stayed.
//! - The order is wrong, or certificates of another chain stand in between.
//! - In mutual TLS the client sends only its own certificate.
//!
//! ## How to tell
//! Programs say:
//! - OpenSSL, curl, Python: `unable to verify the first certificate` (21), mostly after `unable to get local issuer
//!   certificate` (20); Node `UNABLE_TO_VERIFY_LEAF_SIGNATURE`; Java `PKIX path building failed`; Go `certificate
//!   signed by unknown authority`; .NET `PartialChain`; Android fails as well.
//! - httpd and nginx say nothing. A server that gets alert 48 `unknown ca` from some clients and not from browsers is
//!   a candidate.
//! - IKE: strongSwan `no issuer certificate found for "..."`; Windows error 13801.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -servername NAME -showcerts </dev/null | grep -e ' s:' -e ' i:'`: each
//!   issuer (`i:`) must be the subject (`s:`) of the next one; the last issuer is a root of the client's.
//! - How many are in the file? `grep -c BEGIN fullchain.pem` prints 2 or more. IKE: `swanctl --list-certs --flag ca`.
//!
//! Look-alikes:
//! - `certificate-untrusted`: the chain is whole, and the root at its end is missing here. Fetch the intermediate
//!   from the address in the certificate (`openssl x509 -noout -ext authorityInfoAccess`) and give it with `openssl
//!   verify -untrusted`: if that verifies, the chain was incomplete.
//! - `client-certificate-rejected`: the same fault on the client's side; the server's log tells.
//!
//! ## Fix
//! Server: configure the full chain, its own certificate first and without the root: certbot's `fullchain.pem` in
//! `ssl_certificate` (nginx), `SSLCertificateFile` (httpd), `crt` (HAProxy); IKE `certs` and `x509ca`. Reload and
//! look again.
//!
//! Client: nothing. Installing an intermediate on each client hides the fault for that client only.
//!
//! Safer: the server.
//!
//! Never: `curl -k` or `verify=False`; nor trusting the server's own certificate as if it were an authority.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 issuer-missing 0 http://ca.example.org/intermediate.cer
//! side: server
//! alternatives: certificate-untrusted
//! ```
//!
//! ```said
//! $ openssl s_client -connect shop.example.com:443 </dev/null
//! depth=0 CN = shop.example.com
//! verify error:num=20:unable to get local issuer certificate
//! depth=0 CN = shop.example.com
//! verify error:num=21:unable to verify the first certificate
//! ```

use shakedown_model::{CertificateProblem, Match, Protocol, Strength};

use crate::Case;
use crate::certificate::{decide, each, is_private, reload, show_chain};
use crate::text::{list, quoted};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    each(case, |seen| {
        let CertificateProblem::IssuerMissing { issuer, fetch, sent, .. } = seen.problem() else { return None };
        let strength = match (seen.finding.place, fetch.is_empty()) {
            // Gateways mostly have certificates right below a root of their own, which is not sent.
            (0, true) if case.protocol == Protocol::Ike => Strength::Weak,
            (0, _) => Strength::Strong,
            _ => Strength::Weak,
        };
        let mut found = seen.found(strength);
        if is_private(case, fetch) {
            found.rank = 1;
        }
        found.summary = match (seen.finding.place, sent) {
            (0, 0) => format!("the {} sends its own certificate only, and not that of its issuer", seen.role),
            (0, _) => format!("none of the certificates that the {} sends issued its own", seen.role),
            _ => format!("the {}'s chain ends before a root that is trusted", seen.role),
        };
        found.side_because = "key material: it sends no whole chain".to_owned();
        found.notes.push(format!("missing is {}", quoted(issuer.as_str())));
        if !fetch.is_empty() {
            let note = format!("it can be fetched from {}: browsers do that, most programs do not", list(fetch));
            found.notes.push(note);
        }
        let steps = vec![reload(), show_chain(case)];
        found.remedies.push(decide(seen.role, "configure the full chain, its own certificate first", steps));
        Some(found)
    })
}
