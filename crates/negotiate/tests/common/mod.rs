//! Two ends made by hand.

#![allow(dead_code, unreachable_pub)]

use shakedown_model::ssh::{GexRequest, HostKey, SignatureCheck, SshOffer, SshPolicy};
use shakedown_model::{
    Context, FailureKind, Known, KnownHostKey, KnownHostMark, Name, Origin, OriginKind, Outcome, OutcomeResult, Slot,
    Stage, StageResult, items,
};
use shakedown_negotiate::ssh::negotiate;

/// A list from a comma-separated text, as a configuration writes it.
pub fn list(text: &str) -> Known<Vec<shakedown_model::Item>> {
    Known::Complete(items(text.split(',').filter(|name| !name.is_empty())))
}

/// An end whose directions are equal.
pub fn policy(kex: &str, host_key: &str, cipher: &str, mac: &str) -> SshPolicy {
    let offer = SshOffer {
        identification: Some(Name::new("SSH-2.0-test")),
        kex: list(kex),
        host_key: list(host_key),
        cipher_c2s: list(cipher),
        cipher_s2c: list(cipher),
        mac_c2s: list(mac),
        mac_s2c: list(mac),
        compression_c2s: list("none"),
        compression_s2c: list("none"),
        ..SshOffer::default()
    };
    SshPolicy { offer, ..SshPolicy::default() }
}

/// An end of today.
pub fn modern() -> SshPolicy {
    policy(
        "curve25519-sha256,ecdh-sha2-nistp256",
        "ssh-ed25519,rsa-sha2-512",
        "chacha20-poly1305@openssh.com,aes128-ctr",
        "hmac-sha2-256",
    )
}

pub fn outcome(client: &SshPolicy, server: &SshPolicy) -> Outcome {
    negotiate(client, server, &Context::default())
}

/// The slots that failed, in order, by name.
pub fn failed(outcome: &Outcome) -> Vec<&'static str> {
    outcome.failed.iter().map(|failed| failed.slot.as_str()).collect()
}

pub fn kind(outcome: &Outcome, slot: Slot) -> &FailureKind {
    &outcome.failed.iter().find(|failed| failed.slot == slot).expect("the slot fails").kind
}

pub fn agreed(outcome: &Outcome, slot: Slot) -> Option<&str> {
    outcome.agreed(slot).map(Name::as_str)
}

pub fn rule(outcome: &Outcome, slot: Slot) -> &str {
    &outcome.trace.iter().find(|step| step.slot == slot).expect("every slot has a step").rule
}

pub fn stage(outcome: &Outcome, stage: Stage) -> Option<&StageResult> {
    outcome.stages.iter().find(|entry| entry.stage == stage).map(|entry| &entry.result)
}

pub fn is(outcome: &Outcome, result: OutcomeResult) {
    assert_eq!(outcome.result(), result, "{outcome:#?}");
}

pub fn host_key(key_type: &str, bits: u32, fingerprint: &str) -> HostKey {
    HostKey {
        key_type: Name::new(key_type),
        bits: Some(bits),
        fingerprint: Some(fingerprint.into()),
        certificate_authority: None,
        signature: SignatureCheck::NotSeen,
        origin: None,
    }
}

pub fn known_host(key_type: &str, fingerprint: &str, mark: KnownHostMark) -> KnownHostKey {
    let origin = Origin::new(OriginKind::CommandLine { argument: "test".into() });
    KnownHostKey { key_type: Name::new(key_type), fingerprint: fingerprint.into(), mark, origin }
}

pub fn gex(minimum: u32, maximum: u32) -> Option<GexRequest> {
    Some(GexRequest { minimum, preferred: None, maximum })
}
