//! # A system-wide policy forbids it
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! Somebody set rules for all cryptography of a machine: FIPS mode, Red Hat's crypto-policies, OpenSSL's security
//! level, a group policy in Windows. They take algorithms away from every program at once, also from one whose own
//! configuration names them.
//!
//! ## Why
//! A policy is meant to keep weak algorithms out in one place, and the program often does not know that it is ruled.
//! Where the slot that fails is known, that slot is the cause (for example `no-common-kex`) and the policy its reason.
//! This page is for failures of which only the policy can be told:
//!
//! - Red Hat 8 and later, Fedora: `/etc/crypto-policies/config`; OpenSSH reads its lists from
//!   `/etc/crypto-policies/back-ends/openssh*.config`, and `DEFAULT` forbids SHA-1 signatures since Red Hat 9.
//! - FIPS mode: no `curve25519-sha256` before FIPS 186-5 modules, no `chacha20-poly1305@openssh.com`, RSA of 2048 bits
//!   at least (NIST SP 800-131A).
//! - OpenSSL `CipherString = DEFAULT@SECLEVEL=2`, Debian's default, refuses 1024-bit keys, SHA-1 signatures and (from
//!   OpenSSL 3.0) TLS 1.0 and 1.1.
//! - Java: `jdk.tls.disabledAlgorithms` in `java.security`.
//!
//! ## How to tell
//! - `update-crypto-policies --show`, `fips-mode-setup --check` or `cat /proc/sys/crypto/fips_enabled`.
//! - The same program in a container of another distribution works.
//! - `error in libcrypto`, `ca md too weak`, `legacy sigalg disallowed`, `no protocols available`.
//!
//! ## Fix
//! The other side: let it offer what the policy allows. That is what the policy is for.
//!
//! The ruled side: an exception for one connection (`Host old-switch` in `ssh_config`, a sub-policy such as
//! `DEFAULT:SHA1`, one OpenSSL configuration for one service).
//!
//! Safer: the other side. `update-crypto-policies --set LEGACY` opens every program of the machine.
//!
//! ## Example
//! ```console
//! $ ssh old-switch
//! ssh_dispatch_run_fatal: Connection to 192.0.2.7 port 22: error in libcrypto
//! $ update-crypto-policies --show
//! DEFAULT
//! ```

use shakedown_model::{Match, Phase, Reason, Role, Software, Strength};

use crate::Case;
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    if case.rules_fail() {
        return Vec::new();
    }
    let ruled = |role: Role| {
        let layers = &case.party(role)?.software.as_ref()?.layers;
        let layer = layers.iter().skip(1).find(|layer| layer.product.contains("polic"))?.clone();
        Some((role, Software { layers: vec![layer] }.to_string()))
    };
    let Some((role, policy)) = ruled(Role::Client).or_else(|| ruled(Role::Server)) else { return Vec::new() };
    let ended = case.endings().filter(|(_, _, phase, ..)| *phase == Phase::KeyExchange);
    let evidence: Vec<_> = ended.map(|(id, ..)| id).collect();
    if evidence.is_empty() {
        return Vec::new();
    }
    let summary = format!("the {role}'s policy {} may forbid what the key exchange needs", quoted(&policy));
    let mut one = Match::new(Strength::Weak, role.into(), summary);
    one.phase = Some(Phase::KeyExchange);
    one.reason = Reason::PolicyLayer;
    one.side_because = format!("policy layer: {} rules it", quoted(&policy));
    one.evidence = evidence;
    one.what_would_decide = Some("the same connection from a machine without that policy".to_owned());
    vec![one]
}
