//! # One implementation does not keep to the protocol
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! The two lists would agree, or a message arrived that the protocol does not allow. One of the two programs has a bug,
//! or goes its own way.
//!
//! ## Why
//! Every rule of the protocol was read differently by somebody:
//!
//! - Announcing names such as `ext-info-c` are no algorithms. If one is chosen, both sides must disconnect (RFC 8308
//!   section 2.2).
//! - A side may send its first key exchange message as a guess. If the guess was wrong, the other must pass over that
//!   one message (RFC 4253 section 7); some forget to, and the next message makes no sense.
//! - paramiko wants a MAC in common even where the cipher needs none. russh reads one cipher list for both directions.
//! - Old OpenSSH 6.5 and 6.6 sometimes compute a wrong `curve25519-sha256@libssh.org` secret; others avoid it with
//!   them.
//! - A packet longer than 35000 bytes need not be accepted (RFC 4253 section 6.1).
//! - A signature of the server that does not verify: a bug, broken memory, or somebody in between.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `incorrect signature`, `Bad packet length`, `protocol error: type 30`, `strict KEX violation`, `Corrupted
//!   MAC on input`.
//! - TLS: alerts 10 `unexpected message`, 47, 50 `decode error`, 80 `internal error`; Java `extension (5) should not
//!   be presented in certificate_request`.
//! - IKE: INVALID_SYNTAX, `payload malformed`, `giving up after ... retries` where both lists hold the group.
//!
//! Look yourself:
//! - Another client at the same server, and the same client at other servers: whichever fails everywhere has the bug.
//!   `ssh -vvv`, `openssl s_client -msg`, `swanctl --log`.
//! - Release notes of both programs, for the text of the error.
//!
//! Look-alikes:
//! - `middlebox-interference`: it does not fail on the server itself.
//! - `no-common-kex` and its kin: no name in common, instead of one that goes wrong.
//!
//! ## Fix
//! The side with the bug, client or server: a release in which it is mended.
//!
//! The other side, meanwhile: avoid what triggers it for this one host (`KexAlgorithms
//! -curve25519-sha256@libssh.org`).
//!
//! Safer: the newer release. Leaving one algorithm out is safe as long as sound ones remain.
//!
//! Never: a wrong signature passed over, or one peer's bug taken as reason to weaken all connections.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! client kex: ext-info-c, diffie-hellman-group14-sha256
//! server: openssh@9.2p1
//! server kex: ext-info-c, diffie-hellman-group14-sha256
//! ```

use shakedown_model::{Change, Fact, FailedSlot, FailureKind, Match, Phase, Reason, Remedy, Side, Strength};

use crate::Case;
use crate::mismatch::cause_of;
use crate::text::{quoted, software_or_role, words};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let failed = case.failed().iter().filter(|failed| cause_of(failed) == "implementation-defect");
    let mut found: Vec<Match> = failed.map(|failed| by_rule(case, failed)).collect();
    for (id, evidence) in case.facts() {
        let by = evidence.subject.map_or(Side::Server, Side::from);
        let (strength, phase, summary, note) = match &evidence.fact {
            Fact::Malformed { phase, what, offset } => (
                Strength::Strong,
                *phase,
                format!("the {by} sends bytes that break the protocol"),
                format!("at byte {offset}: {what}"),
            ),
            Fact::WrongSignature { algorithm } => {
                let note = format!(
                    "the algorithm is {}; until it is explained, do not trust this connection",
                    quoted(algorithm.as_str())
                );
                (
                    Strength::Strong,
                    Phase::KeyExchange,
                    format!("the {by}'s signature over the key exchange is wrong"),
                    note,
                )
            }
            Fact::LimitReached { phase, limit } if *phase > Phase::Identification => {
                let summary = format!("the {by} sends more than the protocol asks any program to take");
                (Strength::Strong, *phase, summary, format!("the limit reached: {limit}"))
            }
            Fact::Disconnected { phase, code, text } if matches!(code, 2 | 5) && !case.rules_fail() => {
                let what = if *code == 2 { "a protocol error" } else { "a wrong message authentication code" };
                (
                    Strength::Strong,
                    *phase,
                    format!("the {by} ended the connection over {what}"),
                    format!("its words: {}", words(text)),
                )
            }
            _ => continue,
        };
        let known = found.iter_mut().find(|one| one.summary == summary || is_signature(one, &evidence.fact));
        if let Some(same) = known {
            same.evidence.push(id);
            same.notes.push(note);
            continue;
        }
        let mut one = Match::new(strength, by, summary);
        one.phase = Some(phase);
        one.side_because = "what it sends is not what the protocol allows".to_owned();
        one.evidence.push(id);
        one.notes.push(note);
        one.supersedes = vec!["connection-cut"];
        found.push(one);
    }
    found
}

/// Whether the rules have already reported the wrong signature that was seen.
fn is_signature(one: &Match, fact: &Fact) -> bool {
    matches!(fact, Fact::WrongSignature { .. })
        && one.notes.iter().any(|note| note.contains("signature over the exchange"))
}

fn by_rule(case: &Case<'_>, failed: &FailedSlot) -> Match {
    let (side, summary, because, note) = match &failed.kind {
        FailureKind::MarkerChosen { marker } => {
            let marker = quoted(marker.as_str());
            let summary = format!("the lists agree on {marker}, which is an announcement and no algorithm");
            (Side::Unknown, summary, "one end lists the marker that is the other role's".to_owned(), None)
        }
        FailureKind::Deviation { by, what } => {
            let who = software_or_role(case.party(*by).and_then(|party| party.software.as_ref()), *by);
            let summary = format!("the {by}'s program cannot use the {} that the lists agree on", failed.slot.phrase());
            (Side::from(*by), summary, format!("{who} departs from the rules"), Some(format!("of {who}: {what}")))
        }
        _ => (Side::Unknown, "the two programs cannot go on".to_owned(), String::new(), None),
    };
    let mut one = Match::new(Strength::Decisive, side, summary);
    one.phase = Some(Phase::Kexinit);
    one.reason = Reason::Unknown;
    one.side_because = because;
    one.notes.extend(note);
    if let FailureKind::MarkerChosen { marker } = &failed.kind {
        one.algorithms.push(marker.clone());
        one.notes.push("both sides must disconnect if a marker is chosen (RFC 8308 section 2.2)".to_owned());
    }
    if let FailureKind::Deviation { by, .. } = &failed.kind {
        let names = failed.client.iter().map(|item| item.name.clone());
        let names: Vec<_> = names.filter(|name| failed.server.iter().any(|item| item.name == *name)).collect();
        one.algorithms.clone_from(&names);
        // What triggers it can be left out of the list for this one peer.
        if !names.is_empty() {
            one.remedies.push(Remedy { role: *by, change: Change::Disable { slot: failed.slot, names } });
        }
    }
    one
}
