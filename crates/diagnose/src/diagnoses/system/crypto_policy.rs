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
//! - FIPS 140-3 demands the extended master secret (RFC 7627) in TLS 1.2: Red Hat 9 in FIPS mode, rustls with
//!   `require_ems` and GnuTLS with `%FORCE_SESSION_HASH` refuse a peer without it (OpenSSL before 1.1.0, Java before
//!   8u161, old load balancers). There the peer is at fault: it is behind since 2015.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `error in libcrypto`, `no matching ... found` against a peer that others reach, `Bad SSH2 cipher spec` for
//!   a name that FIPS mode took away.
//! - TLS: OpenSSL `no protocols available`, `ca md too weak`, `ee key too small`, `legacy sigalg disallowed or
//!   unsupported`, `no ciphers available`; Java `No appropriate protocol (protocol is disabled or cipher suites are
//!   inappropriate)`; GnuTLS `No or insufficient priorities were set`; Windows event 36871 (10013).
//! - IKE: strongSwan `algorithm ... not supported`, libreswan `... is not supported in FIPS mode`, `PSK length of ...
//!   bytes is too short for PRF`.
//!
//! Look yourself:
//! - `update-crypto-policies --show`, `cat /proc/sys/crypto/fips_enabled`, `openssl version -d` and `grep -e
//!   MinProtocol -e CipherString` in the `openssl.cnf` there.
//! - Java: `jdk.tls.disabledAlgorithms` in `conf/security/java.security`. Windows: `Get-TlsCipherSuite`, the registry
//!   below `SCHANNEL\Protocols`, `FIPSAlgorithmPolicy`.
//! - `openssl s_client -connect HOST:443 -tls1_2 </dev/null | grep Extended` prints whether a server has the extended
//!   master secret.
//! - The same program in a container of another distribution works; `OPENSSL_CONF=/dev/null` for one call shows
//!   whether the file rules it.
//!
//! Look-alikes:
//! - `no-common-kex`, `no-common-cipher` and their kin: where the list that fails is known, that is the cause, and
//!   the policy its reason.
//! - `platform-support-missing`: nothing forbids it; the build does not have it (`openssl list -providers`, `ssh -Q
//!   kex`).
//! - `invalid-configuration`: the program's own file names nothing that is left.
//!
//! ## Fix
//! The other side: let it offer what the policy allows. That is what the policy is for.
//!
//! The ruled side, client or server: an exception for one connection (`Host old-switch` in `ssh_config`, a sub-policy
//! module, one OpenSSL configuration for one service).
//!
//! Safer: the other side.
//!
//! Never: `update-crypto-policies --set LEGACY`, `SECLEVEL=0` in the system's `openssl.cnf`, an emptied
//! `jdk.tls.disabledAlgorithms`: each opens every program of the machine.
//!
//! ## Example
//! ```case
//! client: openssh@8.7p1/rhel-9+crypto-policies@DEFAULT
//! server: openssh@5.3p1
//! side: client
//! reason: policy-layer
//! ```
//!
//! ```case
//! client: openssl@1.0.2u
//! server: openssl@3.0.15
//! server version: TLSv1.2
//! server extended_master_secret: demanded
//! side: client
//! reason: outdated-software
//! ```

use shakedown_model::{Change, FailureKind, Match, Name, Phase, Reason, Remedy, Role, Slot, Software, Strength};

use crate::Case;
use crate::certificate::decide;
use crate::hostkey::{client_shell, server_shell};
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let no_extended_master_secret = extended_master_secret(case);
    if !no_extended_master_secret.is_empty() {
        return no_extended_master_secret;
    }
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
    let sha1 = role == Role::Client && refuses_sha1(case) && agreed_on_sha1(case);
    let (strength, summary) = match (sha1, evidence.is_empty()) {
        (true, _) => {
            let signature = "the server's SHA-1 signature, the only one in common";
            (Strength::Strong, format!("the client's policy {} forbids {signature}", quoted(&policy)))
        }
        (false, false) => {
            let summary = format!("the {role}'s policy {} may forbid what the key exchange needs", quoted(&policy));
            (Strength::Weak, summary)
        }
        (false, true) => return Vec::new(),
    };
    let mut one = Match::new(strength, role.into(), summary);
    one.phase = Some(Phase::KeyExchange);
    one.reason = Reason::PolicyLayer;
    one.side_because = format!("policy layer: {} rules it", quoted(&policy));
    one.evidence = evidence;
    one.what_would_decide = Some("the same connection from a machine without that policy".to_owned());
    if sha1 {
        one.algorithms.push(Name::new("ssh-rsa"));
        one.notes.push("OpenSSH then says `error in libcrypto`: its list still holds `ssh-rsa`".to_owned());
        let candidates = ["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"].map(Name::new).to_vec();
        let change = Change::Upgrade { slot: Slot::HostKey, candidates };
        one.remedies.push(Remedy { role: Role::Server, change });
    }
    vec![one]
}

/// One end demands of TLS 1.2 what the other, which is older, does not have.
fn extended_master_secret(case: &Case<'_>) -> Vec<Match> {
    let demanded = case.failed().iter().filter_map(|failed| match failed.kind {
        FailureKind::NoExtendedMasterSecret { demanded_by } => Some(demanded_by),
        _ => None,
    });
    let one = |demanded_by: Role| {
        let lacks = demanded_by.peer();
        let summary = format!(
            "the {demanded_by} demands the extended master secret (RFC 7627), and the {lacks} does not announce it"
        );
        let mut one = Match::new(Strength::Decisive, lacks.into(), summary);
        one.phase = Some(Phase::Hello);
        one.reason = Reason::OutdatedSoftware;
        one.side_because = "outdated software: RFC 7627 is of 2015".to_owned();
        one.notes
            .push(format!("who demands it in TLS 1.2 mostly runs in FIPS mode: that is the {demanded_by}'s policy"));
        one.notes.push("TLS 1.3 does not need it".to_owned());
        let look = "openssl version";
        let explanation = "OpenSSL has it since 1.1.0, Java since 8u161, GnuTLS since 3.4";
        let step =
            if lacks == Role::Client { client_shell(look, explanation) } else { server_shell(look, explanation) };
        let title = format!("give the {lacks} software that has the extended master secret");
        one.remedies.push(decide(lacks, &title, vec![step]));
        one.supersedes = vec!["connection-cut", "middlebox-interference", "no-common-cipher"];
        one
    };
    demanded.map(one).collect()
}

/// Since Red Hat 9 the library refuses SHA-1 in signatures unless the policy is LEGACY or has the SHA1 sub-policy.
fn refuses_sha1(case: &Case<'_>) -> bool {
    let Some(software) = case.client.and_then(|party| party.software.as_ref()) else { return false };
    let Some(policy) = software.layer("crypto-policies") else { return false };
    let release = software.build().and_then(|build| {
        let (name, release) = build.split_once('-')?;
        let family = ["rhel", "centos", "rocky", "almalinux", "oracle"].contains(&name);
        family.then(|| release.split('.').next()?.parse::<u32>().ok())?
    });
    release >= Some(9) && !policy.version.contains("LEGACY") && !policy.version.contains("SHA1")
}

fn agreed_on_sha1(case: &Case<'_>) -> bool {
    let agreed = case.outcome.and_then(|outcome| outcome.agreed(Slot::HostKey));
    agreed.is_some_and(|name| matches!(name.as_str(), "ssh-rsa" | "ssh-rsa-cert-v01@openssh.com"))
}
