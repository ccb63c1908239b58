//! # The certificate is signed by nobody but itself
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The certificate was not issued by an authority. It vouches for itself, or the chain ends in a root that vouches for
//! itself and is not known here.
//!
//! ## Why
//! A self-signed certificate proves only that the server has the key that belongs to it, and not who the server is. It
//! can be trusted only if it was put on the list of trusted certificates beforehand (RFC 5280 section 6.1). OpenSSL
//! distinguishes the certificate itself (error 18) from a self-signed root at the end of a chain (error 19).
//!
//! - Devices, databases and test servers that make one at the first start (PostgreSQL's "snakeoil", printers,
//!   hypervisors).
//! - A proxy's default certificate, because the real one could not be loaded or the name is unknown (`sni-rejected`).
//! - A company's root that the server sends along and that this machine does not know.
//!
//! ## How to tell
//! Programs say:
//! - OpenSSL, curl, Python: `self-signed certificate` (18) for the certificate itself, `self-signed certificate in
//!   certificate chain` (19) for a root at the end; without the hyphen before OpenSSL 3. Node
//!   `DEPTH_ZERO_SELF_SIGNED_CERT`, `SELF_SIGNED_CERT_IN_CHAIN`.
//! - Firefox `MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT`, Chrome `ERR_CERT_AUTHORITY_INVALID`, Java `PKIX path building
//!   failed`, Go `certificate signed by unknown authority`, Windows 0x800B0109.
//! - IKE: strongSwan `self-signed certificate "..." is not trusted`; the peer sees AUTHENTICATION_FAILED.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -servername NAME </dev/null | openssl x509 -noout -subject -issuer
//!   -fingerprint -sha256`: for code 18 subject and issuer are equal.
//! - With `-showcerts`: is there a root at the end of the list that this machine does not know (code 19)?
//!
//! Look-alikes:
//! - `certificate-untrusted`: subject and issuer differ, and the issuer is not known here.
//! - `sni-missing` and `sni-rejected`: the self-signed certificate is a placeholder ("Fake Certificate", "localhost",
//!   "snakeoil"), and with the right `-servername` another one comes.
//! - `middlebox-interference`: code 19, and the root is a security product's.
//!
//! ## Fix
//! Server: install a certificate of a real authority; ACME makes that free of charge, also for internal names of a
//! public domain. For code 19: an authority that the clients know, or leave the root out of the file and give it to
//! the clients.
//!
//! Client: trust this one certificate for this one program, after its fingerprint was compared by another way (`curl
//! --cacert server.pem`, `sslrootcert=` in PostgreSQL).
//!
//! Safer: the server. A pinned self-signed certificate is sound as long as somebody cares for its renewal.
//!
//! Never: `curl -k`, `verify=False`, `sslmode=require` in place of `verify-full`: encryption to whoever answers
//! protects from nobody.
//!
//! ## Example
//! ```case
//! fact: certificate server 0 self-signed
//! side: client
//! ```
//!
//! ```said
//! $ psql "host=db01.example.com sslmode=verify-full"
//! psql: error: connection to server at "db01.example.com" (192.0.2.7), port 5432 failed: SSL error: certificate verify
//! failed: self-signed certificate
//! ```

use shakedown_model::{CertificateProblem, Match, Strength};

use crate::Case;
use crate::certificate::{decide, each, show_chain};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    each(case, |seen| {
        let CertificateProblem::SelfSigned = seen.problem() else { return None };
        let mut found = seen.found_at(Strength::Decisive, seen.role.peer());
        found.notes.push(format!("its SHA-256 fingerprint is `{}`", seen.finding.fingerprint));
        let title = "use a certificate of an authority that the other side knows";
        found.remedies.push(decide(seen.role, title, vec![show_chain(case)]));
        let title = "trust this certificate, after its fingerprint was compared out of band";
        found.remedies.push(decide(seen.role.peer(), title, vec![show_chain(case)]));
        Some(found)
    })
}
