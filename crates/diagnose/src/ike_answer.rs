//! What the error may mean with which a responder ends IKE_AUTH. One notify stands for many causes (RFC 7296 sections 2.21.2
//! and 3.10.1; the sources of strongSwan and libreswan): they are candidates, and the responder's log tells them apart.

use shakedown_model::ike::IkeVersion;
use shakedown_model::{EvidenceId, Fact, Match, Phase, Protocol, Role, Side, Slot, Strength};

use crate::Case;
use crate::hostkey::server_shell;

const INVALID_SYNTAX: u16 = 7;
const NO_PROPOSAL_CHOSEN: u16 = 14;
const AUTHENTICATION_FAILED: u16 = 24;
/// Of IKEv1 (RFC 2408 section 3.14.1).
const PAYLOAD_MALFORMED: u16 = 16;
const INVALID_KEY_INFORMATION: u16 = 17;
const INVALID_ID_INFORMATION: u16 = 18;
const INVALID_HASH_INFORMATION: u16 = 23;
/// Not a notify: no answer at all.
const UNANSWERED: u16 = 0;
const SINGLE_PAIR_REQUIRED: u16 = 34;
const NO_ADDITIONAL_SAS: u16 = 35;
const INTERNAL_ADDRESS_FAILURE: u16 = 36;
const FAILED_CP_REQUIRED: u16 = 37;
const TS_UNACCEPTABLE: u16 = 38;

/// A candidate.
struct Candidate {
    phase: Phase,
    notify: u16,
    cause: &'static str,
    strength: Strength,
    side: Side,
    /// What the initiator proves itself with, for which this is one: `psk`, `pubkey`, or anything.
    with: Option<&'static str>,
    /// The version of IKE for which this is one, or any.
    only: Option<IkeVersion>,
    summary: &'static str,
}

/// In the order of how often each is the reason.
const CANDIDATES: &[Candidate] = &[
    auth(
        "psk-mismatch",
        Strength::Strong,
        Some("psk"),
        "the responder may have another pre-shared key for this initiator",
    ),
    auth(
        "certificate-untrusted",
        Strength::Strong,
        Some("pubkey"),
        "the responder may not trust the initiator's certificate",
    ),
    auth(
        "peer-identity-mismatch",
        Strength::Strong,
        None,
        "the responder may know the initiator, or itself, by another identity",
    ),
    // As likely as those before: alone, a refusal points to none of them.
    auth(
        "auth-method-mismatch",
        Strength::Strong,
        None,
        "the responder may want the initiator to prove itself in another way",
    ),
    Candidate {
        only: Some(IkeVersion::V1),
        ..auth(
            "exchange-mode-mismatch",
            Strength::Strong,
            None,
            "the responder may want the other of main mode and aggressive mode",
        )
    },
    auth("psk-missing", Strength::Weak, Some("psk"), "the responder may have no pre-shared key for these identities"),
    auth(
        "certificate-expired",
        Strength::Weak,
        Some("pubkey"),
        "a certificate of the initiator may be out of date to the responder",
    ),
    auth("certificate-revoked", Strength::Weak, Some("pubkey"), "the initiator's certificate may be revoked"),
    auth("no-matching-connection", Strength::Weak, None, "the responder may have no connection for this initiator"),
    Candidate {
        notify: INVALID_SYNTAX,
        side: Side::Unknown,
        ..auth(
            "implementation-defect",
            Strength::Weak,
            None,
            "the responder cannot read the initiator's IKE_AUTH request",
        )
    },
    Candidate {
        notify: NO_PROPOSAL_CHOSEN,
        ..auth("no-common-child-proposal", Strength::Weak, None, "the responder may take none of the ESP proposals")
    },
    of(
        UNANSWERED,
        "psk-mismatch",
        Strength::Weak,
        "the responder may have another pre-shared key for this initiator: it cannot read the message then, and may be silent",
    ),
    of(
        UNANSWERED,
        "nat-traversal-blocked",
        Strength::Weak,
        "what comes after the key exchange may be lost on the way, as from there on it goes to port 4500 behind a NAT",
    ),
    of(
        UNANSWERED,
        "peer-identity-mismatch",
        Strength::Weak,
        "the responder may know the initiator by another identity, and be silent on purpose",
    ),
    of(
        PAYLOAD_MALFORMED,
        "psk-mismatch",
        Strength::Strong,
        "the responder cannot read what was encrypted: it may have another pre-shared key for this initiator",
    ),
    of(
        INVALID_HASH_INFORMATION,
        "psk-mismatch",
        Strength::Strong,
        "the initiator's proof does not hold for the responder: it may have another pre-shared key",
    ),
    of(
        INVALID_KEY_INFORMATION,
        "psk-missing",
        Strength::Strong,
        "the responder may have no pre-shared key for the initiator's address",
    ),
    of(
        INVALID_ID_INFORMATION,
        "peer-identity-mismatch",
        Strength::Strong,
        "the responder may know the initiator by another identity",
    ),
    of(
        INVALID_ID_INFORMATION,
        "no-matching-connection",
        Strength::Weak,
        "the responder may have no connection for this initiator",
    ),
    child(
        INVALID_ID_INFORMATION,
        "traffic-selector-mismatch",
        Strength::Strong,
        "by its answer, the responder has no tunnel for these networks",
    ),
    child(INVALID_ID_INFORMATION, "exchange-mode-mismatch", Strength::Weak, "the responder may want transport mode"),
    child(
        NO_PROPOSAL_CHOSEN,
        "no-common-child-proposal",
        Strength::Strong,
        "by its answer, the responder takes none of the ESP proposals",
    ),
    child(
        NO_PROPOSAL_CHOSEN,
        "platform-support-missing",
        Strength::Strong,
        "the responder's kernel may not take the tunnel: some daemons then answer as if the proposal were wrong",
    ),
    child(NO_PROPOSAL_CHOSEN, "exchange-mode-mismatch", Strength::Weak, "the responder may want transport mode"),
    child(
        TS_UNACCEPTABLE,
        "traffic-selector-mismatch",
        Strength::Strong,
        "by its answer, the responder takes none of the traffic selectors",
    ),
    child(
        TS_UNACCEPTABLE,
        // libreswan answers so wherever its kernel refuses; alone, the answer points to neither.
        "platform-support-missing",
        Strength::Strong,
        "the responder's kernel may not take the tunnel: some daemons then answer as if the selectors were wrong",
    ),
    child(
        SINGLE_PAIR_REQUIRED,
        "traffic-selector-mismatch",
        Strength::Strong,
        "the responder takes one pair of addresses only",
    ),
    child(
        NO_ADDITIONAL_SAS,
        "invalid-configuration",
        Strength::Strong,
        "the responder sets up no CHILD SA with IKE_AUTH",
    ),
    child(INTERNAL_ADDRESS_FAILURE, "invalid-configuration", Strength::Strong, "the responder has no address to give"),
    child(
        FAILED_CP_REQUIRED,
        "invalid-configuration",
        Strength::Strong,
        "the responder wants the initiator to ask for an address, as remote users do",
    ),
];

const fn auth(cause: &'static str, strength: Strength, with: Option<&'static str>, summary: &'static str) -> Candidate {
    Candidate {
        phase: Phase::Auth,
        notify: AUTHENTICATION_FAILED,
        cause,
        strength,
        side: Side::Unknown,
        with,
        only: None,
        summary,
    }
}

const fn of(notify: u16, cause: &'static str, strength: Strength, summary: &'static str) -> Candidate {
    Candidate { notify, ..auth(cause, strength, None, summary) }
}

const fn child(notify: u16, cause: &'static str, strength: Strength, summary: &'static str) -> Candidate {
    Candidate { phase: Phase::ChildSa, notify, cause, strength, side: Side::Unknown, with: None, only: None, summary }
}

/// The candidates for what the responder answered, with their causes.
pub(crate) fn matches(case: &Case<'_>) -> Vec<(&'static str, Match)> {
    if case.protocol != Protocol::Ike {
        return Vec::new();
    }
    let refused = case.facts().find_map(|(id, evidence)| match &evidence.fact {
        Fact::Notify { phase: phase @ (Phase::Auth | Phase::ChildSa), number, name, .. } => {
            Some((id, *phase, *number, name.as_str()))
        }
        Fact::Unanswered { phase } => Some((id, *phase, UNANSWERED, "nothing")),
        _ => None,
    });
    let Some((id, phase, number, name)) = refused else { return Vec::new() };
    let method = case.party(Role::Client).and_then(|party| party.ike()?.peering.as_ref()?.local.method.as_ref());
    let method = method.map(|item| item.name.as_str());
    let version = case.party(Role::Client).and_then(|party| party.ike()?.version).unwrap_or(IkeVersion::V2);
    let fits = |one: &&Candidate| {
        // In IKEv1 the keys are made of the pre-shared key: an answer that can be read shows that it is the same.
        let known = version == IkeVersion::V1 && number == AUTHENTICATION_FAILED && one.cause.starts_with("psk-");
        let of_version = one.only.is_none_or(|only| only == version) && !known;
        of_version
            && one.phase == phase
            && one.notify == number
            && (method.is_none() || one.with.is_none() || one.with == method)
    };
    let part = case.facts().find_map(|(id, evidence)| match evidence.fact {
        Fact::TunnelPart { slot, accepted } if phase == Phase::ChildSa => Some((id, slot, accepted)),
        _ => None,
    });
    let mut all: Vec<(&'static str, Match)> =
        (0..).zip(CANDIDATES.iter().filter(fits)).map(|(rank, one)| (one.cause, found(one, rank, id, name))).collect();
    if let Some((id, slot, accepted)) = part {
        decide(&mut all, slot, accepted, id);
    }
    all
}

/// What the same tunnel asked for again shows: what was taken is not the cause, and what was refused by itself is.
fn decide(all: &mut Vec<(&'static str, Match)>, slot: Slot, accepted: bool, id: EvidenceId) {
    let own = if slot == Slot::TrafficSelector { "traffic-selector-mismatch" } else { "no-common-child-proposal" };
    let is_out = |cause: &str| match (slot, accepted) {
        (Slot::TrafficSelector, false) | (Slot::Encryption, true) => cause != own,
        // A responder may look at the proposals before the networks, and something may be missing among all proposals.
        _ => false,
    };
    all.retain(|(cause, _)| !is_out(cause));
    for (cause, found) in all {
        found.evidence.push(id);
        match (*cause, slot, accepted) {
            ("platform-support-missing", Slot::TrafficSelector, true) => {
                found.rank = 0;
                "the responder takes these networks, and refuses only when it has to set the tunnel up: its kernel may lack \
                 IPsec, or not take the route"
                    .clone_into(&mut found.summary);
            }
            (cause, Slot::TrafficSelector, true) if cause == own => {
                found.rank = 1;
                found.notes.push("only a responder that looks at the proposals first refuses these so".to_owned());
            }
            (cause, Slot::Encryption, true) if cause == own => {
                found.strength = Strength::Decisive;
                "the responder takes none of the ESP proposals of the initiator, and others for the same tunnel"
                    .clone_into(&mut found.summary);
            }
            ("platform-support-missing", Slot::Encryption, false) => {
                found.rank = 0;
                "the responder takes no proposal whatever for this tunnel: its kernel may lack IPsec"
                    .clone_into(&mut found.summary);
            }
            (cause, Slot::Encryption, false) if cause == own => {
                found.strength = Strength::Weak;
                found.rank = 9;
            }
            _ => {}
        }
    }
}

fn found(one: &Candidate, rank: u32, id: EvidenceId, name: &str) -> Match {
    let mut found = Match::new(one.strength, one.side, one.summary);
    found.phase = Some(one.phase);
    found.rank = rank;
    found.evidence.push(id);
    found.side_because = format!("the responder answers {name}, and does not say why");
    if one.notify != UNANSWERED {
        found.notes.push(format!(
            "{name} has several reasons, which responders do not tell apart on purpose or for want of a better word"
        ));
    }
    found.what_would_decide = Some("the responder's log at the same second".to_owned());
    let command = server_shell("journalctl -u strongswan -u ipsec --since -2min", "what the responder has against it");
    let change = shakedown_model::Change::Decide {
        title: "look into the responder's log: it names the reason".to_owned(),
        steps: vec![command],
    };
    found.remedies.push(shakedown_model::Remedy { role: Role::Server, change });
    found
}

#[cfg(test)]
mod tests {
    use shakedown_catalog::Catalog;
    use shakedown_model::ike::{IkePolicy, Peering};
    use shakedown_model::{Context, Evidence, Item, Policy};

    use super::*;
    use crate::diagnose;

    fn causes(phase: Phase, number: u16, method: &str) -> Vec<(&'static str, u16)> {
        told(phase, number, method, None)
    }

    fn told(phase: Phase, number: u16, method: &str, part: Option<(Slot, bool)>) -> Vec<(&'static str, u16)> {
        let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
        let mut client = crate::examples_ike::party(Role::Client);
        let mut peering = Peering::default();
        peering.local.method = Some(Item::new(method));
        client.policy = Policy::Ike(Box::new(IkePolicy { peering: Some(Box::new(peering)), ..IkePolicy::default() }));
        let mut evidence =
            vec![Evidence::new(Fact::Notify { phase, number, name: "X".to_owned(), to_everything: false })];
        evidence.extend(part.map(|(slot, accepted)| Evidence::new(Fact::TunnelPart { slot, accepted })));
        let context = Context::default();
        let case = Case { client: Some(&client), evidence: &evidence, ..Case::new(Protocol::Ike, &context, &catalog) };
        diagnose(&case).iter().map(|one| (one.cause, one.confidence_permille)).collect()
    }

    #[test]
    fn one_notify_has_many_candidates_and_none_is_certain() {
        let psk = causes(Phase::Auth, AUTHENTICATION_FAILED, "psk");
        assert_eq!(psk.iter().take(2).map(|one| one.0).collect::<Vec<_>>(), ["psk-mismatch", "peer-identity-mismatch"]);
        assert!(!psk.iter().any(|one| one.0.starts_with("certificate")), "{psk:?}");
        let certificate = causes(Phase::Auth, AUTHENTICATION_FAILED, "pubkey");
        assert_eq!(certificate.first().map(|one| one.0), Some("certificate-untrusted"));
        let child = causes(Phase::ChildSa, NO_PROPOSAL_CHOSEN, "psk");
        assert_eq!(child.first().map(|one| one.0), Some("no-common-child-proposal"));
        assert_eq!(
            causes(Phase::ChildSa, TS_UNACCEPTABLE, "psk").first().map(|one| one.0),
            Some("traffic-selector-mismatch")
        );
        for all in [psk, certificate, child] {
            assert!(all.iter().all(|(_, confidence)| *confidence < 800), "{all:?}");
        }
        assert!(causes(Phase::Auth, 9999, "psk").is_empty());
        // With nothing but that answer no cause is likelier than not.
        for method in ["psk", "pubkey"] {
            let all = causes(Phase::Auth, AUTHENTICATION_FAILED, method);
            assert!(all.iter().all(|(_, confidence)| *confidence < 500), "{all:?}");
        }
    }

    /// Networks that fit were told as the cause where only the kernel of libreswan's machine lacked ESP.
    #[test]
    fn what_the_same_tunnel_asked_for_again_shows_decides() {
        let first = |number, part| told(Phase::ChildSa, number, "psk", part).first().copied().unwrap();
        let (selectors, proposals) = (Slot::TrafficSelector, Slot::Encryption);
        assert_eq!(first(TS_UNACCEPTABLE, Some((selectors, true))), ("platform-support-missing", 550));
        assert_eq!(first(TS_UNACCEPTABLE, Some((selectors, false))), ("traffic-selector-mismatch", 790));
        assert_eq!(first(NO_PROPOSAL_CHOSEN, Some((proposals, true))), ("no-common-child-proposal", 980));
        assert_eq!(first(NO_PROPOSAL_CHOSEN, Some((proposals, false))), ("platform-support-missing", 780));
        // Where nothing decides, neither of the two is likely.
        for number in [TS_UNACCEPTABLE, NO_PROPOSAL_CHOSEN] {
            assert!(first(number, None).1 < 600);
        }
    }
}
