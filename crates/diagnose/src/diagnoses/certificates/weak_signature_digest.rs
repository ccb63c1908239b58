//! # The certificate is signed with a broken hash
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! Whoever signs a certificate signs its hash. This one was signed with MD5 or SHA-1, for which two documents with the
//! same hash can be made, so that the signature proves nothing any more. The checker refuses it.
//!
//! ## Why
//! Collisions for MD5 were used to forge a certificate in 2008, for SHA-1 they were shown in 2017. TLS must not use
//! either in its own signatures any more (RFC 9155). For certificates the limit is the checker's: OpenSSL refuses SHA-1
//! at security level 1 since 3.0, and MD5 before; Red Hat 9 refuses SHA-1 for all programs; Java by
//! `jdk.certpath.disabledAlgorithms`; browsers since 2017. The self-signature of a trusted root is not looked at.
//!
//! - A company's authority from before 2015 with SHA-1 in its intermediate.
//! - Devices that make their own certificate with MD5 or SHA-1.
//! - IKE: a peer that signs with SHA-1, because it does not announce better (RFC 7427 section 4).
//!
//! ## How to tell
//! Programs say:
//! - OpenSSL `ca md too weak` when a file is loaded, `CA signature digest algorithm too weak` (68) when a peer's
//!   chain is checked; Python and curl likewise; Go `insecure algorithm SHA1-RSA`; Java `Algorithm constraints check
//!   failed on signature algorithm: SHA1withRSA`; GnuTLS `chain uses insecure algorithm`; rustls
//!   `UnsupportedSignatureAlgorithm`; alert 42.
//! - Firefox `SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED`, Chrome `ERR_CERT_WEAK_SIGNATURE_ALGORITHM`, Windows event
//!   36874 or 36882.
//! - IKE: strongSwan `signature scheme ... not acceptable`, `no trusted RSA public key found`; libreswan refuses
//!   SHA-1 signatures since 3.30.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -showcerts </dev/null` into single files, then for each `openssl x509 -noout
//!   -subject -text -in FILE | grep -e Subject: -e 'Signature Algorithm'`.
//! - The own limit: `openssl ciphers -s -v | head -1` with `openssl version`, `update-crypto-policies --show`, `grep
//!   -i disabledAlgorithms java.security`.
//!
//! Look-alikes:
//! - `key-too-small`: `ee key too small` or `ca key too small`; there the key has too few bits, and the hash may be
//!   fine.
//! - `no-common-signature-algorithm`: the signature made in the handshake, and not the one inside the certificate.
//! - `crypto-policy`: the same file worked until the system was upgraded; the certificate has to change all the same.
//!
//! ## Fix
//! Server or authority: issue the certificate anew with SHA-256 (`openssl x509 -req -sha256 ...`); a new intermediate
//! with the old key is enough if the key is large.
//!
//! Client: an exception for one connection (`CipherString = DEFAULT@SECLEVEL=0` in an OpenSSL configuration of its
//! own, given by `OPENSSL_CONF` to this one program).
//!
//! Safer: the new certificate.
//!
//! Never: `update-crypto-policies --set LEGACY`, `DEFAULT:SHA1` or `SECLEVEL=0` for the whole machine.
//!
//! ## Example
//! ```case
//! fact: certificate server 1 weak-digest SHA-1
//! side: server
//! ```
//!
//! ```said
//! $ curl --cacert old-ca.pem https://printer.example.com
//! curl: (60) SSL certificate problem: CA signature digest algorithm too weak
//! ```

use shakedown_model::{CertificateProblem, FailureKind, Match, Phase, Reason, Side, Strength};

use crate::Case;
use crate::certificate::{decide, each, show_chain};
use crate::mismatch::cause_of;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = each(case, |seen| {
        let CertificateProblem::WeakDigest { digest } = seen.problem() else { return None };
        let mut found = seen.found(Strength::Decisive);
        found.algorithms.push(digest.clone());
        let title = "have the certificate issued anew with SHA-256";
        found.remedies.push(decide(seen.role, title, vec![show_chain(case)]));
        Some(found)
    });
    if found.is_empty() {
        found.extend(computed(case));
    }
    found
}

/// What the client's own limit makes of the certificate that the server has.
fn computed(case: &Case<'_>) -> Option<Match> {
    let failed = case.failed().iter().find(|failed| cause_of(failed) == "weak-signature-digest")?;
    let FailureKind::Deviation { what, .. } = &failed.kind else { return None };
    let summary = "the server's certificate is signed with a digest that the client refuses";
    let mut found = Match::new(Strength::Decisive, Side::Server, summary);
    found.phase = Some(Phase::Certificate);
    found.reason = Reason::KeyMaterial;
    found.side_because = format!("key material: the client says that {what}");
    found.algorithms.extend(failed.server.iter().map(|item| item.name.clone()));
    Some(found)
}
