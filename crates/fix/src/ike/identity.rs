//! Who the ends say to be, and how they prove it.

use std::net::IpAddr;

use shakedown_config::ike_edit::Setting;
use shakedown_model::ike::Peering;
use shakedown_model::{Applicability, Command, CommandPlace, FailedSlot, FailureKind, Item, Name, Role, Slot};

use super::change::{Change, planned};
use super::proposals::end;
use super::{diagnosed, peering};
use crate::plan::{PlanInput, Planned};
use crate::words;

/// For each identity that is not the expected one: the end that has it calls itself as expected, or the other end expects what
/// it says, which is for a person to decide.
pub(super) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let wrong: Vec<(Role, &FailedSlot)> = input
        .outcome
        .failed
        .iter()
        .filter_map(|failed| match failed.kind {
            FailureKind::WrongIdentity { of } => Some((of, failed)),
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    for (of, failed) in &wrong {
        let (shown, expected) = match of {
            Role::Client => (&failed.client, &failed.server),
            Role::Server => (&failed.server, &failed.client),
        };
        found.extend(called(input, *of, failed, expected));
        found.extend(expecting(input, *of, failed, shown));
    }
    // Where both are wrong, one end is made the mirror of the other.
    if wrong.len() > 1 {
        found.extend([Role::Server, Role::Client].iter().filter_map(|&role| mirrored(input, role, &wrong)));
    }
    found
}

/// A single identity, and no pattern of several.
fn single(items: &[Item]) -> Option<&Name> {
    let [one] = items else { return None };
    Some(&one.name).filter(|name| !name.as_str().contains(['*', '%']))
}

fn called(input: &PlanInput<'_>, role: Role, failed: &FailedSlot, expected: &[Item]) -> Option<Planned> {
    let name = single(expected)?.clone();
    let own = peering(input.party(role))?;
    // Nobody is trusted who was not before. Others that a responder for any address has would no longer know it.
    let applicability = match role == Role::Client || has_one_peer(own) {
        true => Applicability::Safe,
        false => Applicability::Manual,
    };
    let mut notes = Vec::new();
    if applicability == Applicability::Manual {
        notes.push(format!(
            "this connection of the {} is for any address: peers that know it by its present identity would refuse it",
            end(role)
        ));
    }
    notes.extend(certificate(own, &name));
    planned(
        input,
        Change {
            role,
            title: format!("let the {} call itself `{name}`, as the {} expects", end(role), end(role.peer())),
            settings: vec![Setting::Identity { local: true, name }],
            applicability,
            resolves: diagnosed(input, &["peer-identity-mismatch"]),
            failed: vec![failed],
            first: Vec::new(),
            notes,
        },
    )
}

fn expecting(input: &PlanInput<'_>, of: Role, failed: &FailedSlot, shown: &[Item]) -> Option<Planned> {
    let name = single(shown)?.clone();
    let role = of.peer();
    planned(
        input,
        Change {
            role,
            title: format!("let the {} expect `{name}`, as the {} calls itself", end(role), end(of)),
            first: vec![ask(of, &name)],
            settings: vec![Setting::Identity { local: false, name }],
            applicability: Applicability::Manual,
            resolves: diagnosed(input, &["peer-identity-mismatch"]),
            failed: vec![failed],
            notes: vec!["whom this end lets in is a matter of trust: it is for a person to decide".to_owned()],
        },
    )
}

fn mirrored(input: &PlanInput<'_>, role: Role, wrong: &[(Role, &FailedSlot)]) -> Option<Planned> {
    let other = peering(input.party(role.peer()))?;
    let own = other.remote.identity.as_ref().map(|item| item.name.clone())?;
    let theirs = other.own_identity()?.clone();
    planned(
        input,
        Change {
            role,
            title: format!(
                "let the {} call itself `{own}` and expect `{theirs}`, as the {} is set up",
                end(role),
                end(role.peer())
            ),
            first: vec![ask(role.peer(), &theirs)],
            settings: vec![
                Setting::Identity { local: true, name: own },
                Setting::Identity { local: false, name: theirs },
            ],
            applicability: Applicability::Manual,
            resolves: diagnosed(input, &["peer-identity-mismatch"]),
            failed: wrong.iter().map(|(_, failed)| *failed).collect(),
            notes: vec!["whom this end lets in is a matter of trust: it is for a person to decide".to_owned()],
        },
    )
}

fn ask(of: Role, name: &Name) -> Command {
    Command {
        place: CommandPlace::Settings(format!("whoever runs the {}", end(of))),
        text: format!("is `{name}` the identity of their gateway?"),
        explanation: "ask by another way than this connection, before it is let in".to_owned(),
    }
}

/// Whether the connection is for one address alone.
fn has_one_peer(own: &Peering) -> bool {
    matches!(own.remote_addresses.as_slice(), [one] if one.name.as_str().parse::<IpAddr>().is_ok())
}

fn certificate(own: &Peering, name: &Name) -> Option<String> {
    let method = own.local.method.as_ref()?.name.as_str();
    (method != "psk").then(|| format!("where it proves itself by a certificate, that has to contain `{name}`"))
}

/// Both ends prove themselves as one of them is set up to. Which of the two is for a person to decide.
pub(super) fn method_fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let differ = |failed: &&FailedSlot| failed.slot == Slot::Auth && failed.kind == FailureKind::NothingInCommon;
    let failed: Vec<&FailedSlot> = input.outcome.failed.iter().filter(differ).collect();
    if failed.is_empty() {
        return Vec::new();
    }
    [Role::Server, Role::Client].iter().filter_map(|&role| method(input, role, &failed)).collect()
}

fn method(input: &PlanInput<'_>, role: Role, failed: &[&FailedSlot]) -> Option<Planned> {
    let other = peering(input.party(role.peer()))?;
    let plain = |method: &Option<Item>| {
        let name = method.as_ref()?.name.clone();
        matches!(name.as_str(), "psk" | "pubkey").then_some(name)
    };
    let (local, remote) = (plain(&other.remote.method)?, plain(&other.local.method)?);
    let what = match local == remote {
        true => format!("prove both ends by {}", in_words(&local)),
        false => format!("prove itself by {} and the other end by {}", in_words(&local), in_words(&remote)),
    };
    let keys = [&local, &remote].into_iter().any(|name| *name == "psk");
    let certificates = [&local, &remote].into_iter().any(|name| *name == "pubkey");
    let mut notes =
        vec!["how an end has to prove itself is a matter of trust: it is for a person to decide".to_owned()];
    if keys {
        notes.push("a pre-shared key is only as good as it is long and random, and both ends can use it".to_owned());
    }
    if certificates {
        notes.push(
            "each end that proves itself by a certificate needs one with its private key, and the other end its authority"
                .to_owned(),
        );
    }
    planned(
        input,
        Change {
            role,
            title: format!("let the {} {what}, as the {} is set up", end(role), end(role.peer())),
            first: vec![Command {
                place: CommandPlace::Settings(format!("whoever runs the {}", end(role.peer()))),
                text: format!(
                    "is {} what this tunnel was agreed to be proved by?",
                    words::joined(&kinds(&local, &remote))
                ),
                explanation: "before one of the two ends is changed".to_owned(),
            }],
            settings: vec![Setting::Methods { local, remote }],
            applicability: Applicability::Manual,
            resolves: diagnosed(input, &["auth-method-mismatch"]),
            failed: failed.to_vec(),
            notes,
        },
    )
}

fn kinds(local: &Name, remote: &Name) -> Vec<String> {
    let mut kinds = vec![in_words(local).to_owned()];
    if local != remote {
        kinds.push(in_words(remote).to_owned());
    }
    kinds
}

fn in_words(method: &Name) -> &'static str {
    if *method == "psk" { "a pre-shared key" } else { "a certificate" }
}
