//! # The certificate's authority is not trusted
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! A certificate is signed by an authority. The chain of signatures is whole, but ends at an authority that the
//! checking machine does not have on its list.
//!
//! ## Why
//! Trust begins at a list of roots (RFC 5280 section 6.1), which the operating system, the browser, Java or the program
//! brings along. Each has a list of its own: what a browser accepts, `curl` or Java on the same machine may not.
//!
//! - A company's own authority, not installed on this machine, in this container, or in Java's store.
//! - TLS inspection by a proxy: its authority is known to the company's browsers and not to the program.
//! - An old machine without newer roots.
//! - An authority that was removed by the browsers for misconduct.
//! - The root is there, and an intermediate is missing: then the cause is `certificate-chain-incomplete`.
//!
//! ## How to tell
//! Programs say:
//! - OpenSSL, curl, Python: `unable to get local issuer certificate` (20), `self-signed certificate in certificate
//!   chain` (19); Node `UNABLE_TO_GET_ISSUER_CERT_LOCALLY`; Go `certificate signed by unknown authority`; Java `PKIX
//!   path building failed`; rustls `UnknownIssuer`; git `server certificate verification failed. CAfile: none`.
//! - Firefox `SEC_ERROR_UNKNOWN_ISSUER`, Chrome `ERR_CERT_AUTHORITY_INVALID`, Windows 0x800B0109, .NET
//!   `UntrustedRoot`. A server that logs a RECEIVED alert 48 `unknown ca` is told so by its client.
//! - IKE: strongSwan `no issuer certificate found for "..."`, `no trusted RSA public key found for '...'`; libreswan
//!   `no certificate matched`; Windows error 13801.
//!
//! Look yourself:
//! - Who issued it? `openssl s_client -connect HOST:443 -servername NAME -showcerts </dev/null | grep -e ' s:' -e '
//!   i:'`.
//! - Which store is asked? `curl -v` prints `CAfile`; `openssl version -d`; `python3 -m ssl` or
//!   `ssl.get_default_verify_paths()`; Java `keytool -list -cacerts`; `swanctl --list-certs --flag ca`.
//!
//! Look-alikes:
//! - `certificate-chain-incomplete`: the same text 20. If the server sends a single certificate and its issuer is no
//!   root, that is it (21 is printed beside it).
//! - `certificate-self-signed`: subject and issuer of the server's own certificate are equal.
//! - `middlebox-interference`: the issuer is a security product or the company itself. From another network the
//!   issuer is another.
//!
//! ## Fix
//! Server: use a certificate of an authority that its clients know.
//!
//! Client: install the authority after its fingerprint was checked by another way: `update-ca-certificates`,
//! `update-ca-trust`, `keytool -importcert`, `swanctl/x509ca`; for this one program if that is possible (`curl
//! --cacert`, `REQUESTS_CA_BUNDLE`, `NODE_EXTRA_CA_CERTS`). Whom to trust is a decision for a person.
//!
//! Safer: the server.
//!
//! Never: `curl --insecure`, `verify=False`, `NODE_TLS_REJECT_UNAUTHORIZED=0`, `git -c http.sslVerify=false`, a trust
//! manager that accepts everything: each accepts everybody.
//!
//! ## Example
//! ```case
//! fact: certificate server 1 untrusted-root
//! side: client
//! ```
//!
//! ```said
//! $ curl https://intranet.example.com
//! curl: (60) SSL certificate problem: unable to get local issuer certificate
//! ```
//!
//! ```said
//! charon: 13[CFG] no issuer certificate found for "CN=gw-b.example.com"
//! charon: 13[CFG]   issuer is "CN=Example CA"
//! charon: 13[IKE] no trusted RSA public key found for 'gw-b.example.com'
//! ```

use shakedown_model::{CertificateProblem, Match, Phase, Protocol, Reason, Role, Side, Strength};

use crate::Case;
use crate::certificate::{decide, each, is_private, own_store, said_by_client, show_chain};
use crate::hostkey::client_shell;

/// The alert of that name, RFC 8446 section 6.2.
const UNKNOWN_CA: u8 = 48;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut all = of_chain(case);
    if all.is_empty() {
        all.extend(of_store(case));
    }
    all
}

/// A client with a store of its own, which does not hold what its machine trusts: Java's.
fn of_store(case: &Case<'_>) -> Option<Match> {
    let (id, path, false) = own_store(case)? else { return None };
    let summary = "the client's own store of authorities holds none that the server's certificate leads to".to_owned();
    let mut found = Match::new(Strength::Decisive, Side::Client, summary);
    found.phase = Some(Phase::Certificate);
    found.reason = Reason::KeyMaterial;
    found.side_because = format!("`{path}` is its own: other programs of this machine trust the certificate");
    found.evidence.push(id);
    found.notes.push("a program may name another store: `-Djavax.net.ssl.trustStore=FILE`".to_owned());
    let import = client_shell(
        &format!("keytool -importcert -keystore '{path}' -alias NAME -file CA.pem"),
        "CA.pem is the authority's certificate; the store's password is `changeit` where nobody changed it",
    );
    let title = "import the authority into the client's store, after its fingerprint was compared out of band";
    found.remedies.push(decide(Role::Client, title, vec![show_chain(case), import]));
    let title = "use a certificate of an authority that the other side knows";
    found.remedies.push(decide(Role::Server, title, vec![show_chain(case)]));
    Some(found)
}

fn of_chain(case: &Case<'_>) -> Vec<Match> {
    let mut all = each(case, |seen| {
        let mut found = match seen.problem() {
            CertificateProblem::UntrustedRoot => seen.found_at(Strength::Decisive, seen.role.peer()),
            // A root is left out as a rule, so that the last one sent has an issuer that was not.
            // That of a gateway stands mostly right below a root, and then nothing of it is missing.
            CertificateProblem::IssuerMissing { fetch, .. }
                if seen.finding.place > 0 || case.protocol == Protocol::Ike && fetch.is_empty() =>
            {
                seen.found_at(Strength::Strong, seen.role.peer())
            }
            CertificateProblem::IssuerMissing { fetch, .. } if is_private(case, fetch) => {
                seen.found_at(Strength::Strong, seen.role.peer())
            }
            CertificateProblem::IssuerMissing { fetch, .. } => {
                let mut found = seen.found_at(Strength::Weak, seen.role.peer());
                if !fetch.is_empty() {
                    found.rank = 1;
                }
                found
            }
            CertificateProblem::WrongSignature { .. } => seen.found_at(Strength::Strong, seen.role.peer()),
            _ => return None,
        };
        if !matches!(seen.problem(), CertificateProblem::UntrustedRoot) {
            found.what_would_decide = Some(
                "whether its issuer is a root: a root is known by its name, and an intermediate can be fetched"
                    .to_owned(),
            );
        }
        let title = "use a certificate of an authority that the other side knows";
        found.remedies.push(decide(seen.role, title, vec![show_chain(case)]));
        let title = "trust the authority, after its fingerprint was compared out of band";
        found.remedies.push(decide(seen.role.peer(), title, vec![show_chain(case)]));
        Some(found)
    });
    all.extend(said_by_client(
        case,
        UNKNOWN_CA,
        Role::Client,
        "the client says that it does not know the authority of the server's certificate",
        "it does not know the authority, or the server leaves an intermediate certificate out",
    ));
    all
}
