//! Phrases that the formats share.

use shakedown_model::{
    CommandPlace, Diagnosis, FailedSlot, FailureKind, HopRef, Name, Outcome, OutcomeResult, Party, Report, Role, Side,
    Slot, Stage, StageResult,
};

/// What a person calls a slot where both directions are equal: `cipher`, not `cipher (client to server)`.
pub(crate) fn without_direction(slot: Slot) -> &'static str {
    slot.phrase().split(" (").next().unwrap_or_default()
}

/// The other direction of a slot, if it has one, and this is the direction from client to server.
pub(crate) fn reverse(slot: Slot) -> Option<Slot> {
    match slot {
        Slot::CipherC2s => Some(Slot::CipherS2c),
        Slot::MacC2s => Some(Slot::MacS2c),
        Slot::CompressionC2s => Some(Slot::CompressionS2c),
        _ => None,
    }
}

/// One value agreed: slots whose two directions are equal stand once.
pub(crate) struct AgreedLine<'a> {
    /// What a person calls the slot.
    pub(crate) phrase: &'static str,
    /// The name, or `None` where the slot is not used.
    pub(crate) name: Option<&'a Name>,
}

/// What was agreed, for people.
pub(crate) fn agreed(outcome: &Outcome) -> Vec<AgreedLine<'_>> {
    let mut lines = Vec::new();
    let value = |slot: Slot| outcome.agreed.iter().find(|(key, _)| *key == slot).map(|(_, name)| name.as_ref());
    let mut told = Vec::new();
    for (slot, name) in &outcome.agreed {
        if told.contains(slot) {
            continue;
        }
        let mut phrase = slot.phrase();
        if let Some(other) = reverse(*slot)
            && value(other) == Some(name.as_ref())
        {
            told.push(other);
            phrase = without_direction(*slot);
        }
        lines.push(AgreedLine { phrase, name: name.as_ref() });
    }
    lines
}

/// The names agreed that matter most, for one line: `curve25519-sha256, ssh-ed25519, aes128-ctr`.
pub(crate) fn agreed_short(outcome: &Outcome) -> String {
    let mut names: Vec<&str> = Vec::new();
    for line in agreed(outcome) {
        let Some(name) = line.name else { continue };
        if line.phrase.starts_with("compression") && *name == *"none" {
            continue;
        }
        names.push(name.as_str());
    }
    names.join(", ")
}

/// The phrases of all slots that failed, directions taken together, each once.
pub(crate) fn failed_slots(outcome: &Outcome) -> Vec<&'static str> {
    let mut phrases: Vec<&'static str> = Vec::new();
    for failed in &outcome.failed {
        let phrase = without_direction(failed.slot);
        if !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    phrases
}

/// What comes of a fix: the part after `afterwards: `.
pub(crate) fn afterwards(outcome: &Outcome) -> String {
    match outcome.result() {
        OutcomeResult::Agreed => format!("agreed on {} (re-computed)", agreed_short(outcome)),
        OutcomeResult::Failed => {
            let slots = failed_slots(outcome);
            let slots = if slots.is_empty() { "an earlier stage".to_owned() } else { slots.join(", ") };
            format!("still fails on {slots} (re-computed)")
        }
        OutcomeResult::Unknown => match what_would_decide(outcome).first() {
            Some((stage, what)) => format!("the stage {} cannot be told; this would decide it: {what}", stage.as_str()),
            None => "it cannot be told".to_owned(),
        },
    }
}

/// For each stage that cannot be told, what would decide it.
pub(crate) fn what_would_decide(outcome: &Outcome) -> Vec<(Stage, &str)> {
    let mut found = Vec::new();
    for stage in &outcome.stages {
        if let StageResult::Unknown { what_would_decide } = &stage.result {
            found.push((stage.stage, what_would_decide.as_str()));
        }
    }
    found
}

/// How a slot failed, in one sentence.
pub(crate) fn failure(failed: &FailedSlot) -> String {
    let slot = failed.slot.phrase();
    match &failed.kind {
        FailureKind::NothingInCommon => format!("client and server share no {slot}"),
        FailureKind::NothingOffered { by } => format!("the {by} offers no {slot}"),
        FailureKind::MarkerChosen { marker } => format!("the marker `{marker}` would be chosen as {slot}"),
        FailureKind::BeyondLimit { limit } => {
            format!(
                "what client and server share as {slot} stands behind the first {limit} names, and only those are read"
            )
        }
        FailureKind::TooSmall { bits, minimum, demanded_by } => {
            format!("{bits} bits are too few: the {demanded_by} demands {minimum} ({slot})")
        }
        FailureKind::OutOfRange { minimum, maximum, .. } => {
            format!("the server has no group of {minimum} to {maximum} bits ({slot})")
        }
        FailureKind::WrongIdentity { of: Role::Client } => "the initiator is not whom the responder expects".to_owned(),
        FailureKind::WrongIdentity { of: Role::Server } => "the responder is not whom the initiator expects".to_owned(),
        FailureKind::DifferentKeys => "the two have different pre-shared keys for each other".to_owned(),
        FailureKind::NoKey { by: Role::Client } => "the initiator has no pre-shared key for the responder".to_owned(),
        FailureKind::NoKey { by: Role::Server } => "the responder has no pre-shared key for the initiator".to_owned(),
        FailureKind::OtherAddress { of: Role::Client } => {
            "the responder's connection is for initiators at other addresses".to_owned()
        }
        FailureKind::OtherAddress { of: Role::Server } => {
            "the responder's connection is for another address of its own".to_owned()
        }
        FailureKind::OtherMode if failed.stage == Stage::ChildSa => {
            "one has tunnel mode, the other one transport mode".to_owned()
        }
        FailureKind::OtherMode => "one speaks main mode, the other one aggressive mode".to_owned(),
        FailureKind::NoSecureRenegotiation => {
            "the server does not announce secure renegotiation (RFC 5746), which the client demands".to_owned()
        }
        FailureKind::NoExtendedMasterSecret { demanded_by } => format!(
            "the {} does not announce the extended master secret (RFC 7627), which the {demanded_by} demands",
            demanded_by.peer()
        ),
        FailureKind::NotTheKnownKey => "the server's host key is not the known one".to_owned(),
        FailureKind::NoKnownKey => "the server's host key is not known, and the client checks strictly".to_owned(),
        FailureKind::RevokedKey => "the server's host key is revoked".to_owned(),
        FailureKind::Deviation { by, what } => format!("the {by} cannot go on: {what}"),
    }
}

/// A list shortened to so many columns, with the number of names where some are left out: `a, b, ... (10)`. 0 is no limit.
pub(crate) fn shortened<'a>(names: impl ExactSizeIterator<Item = &'a str>, width: usize) -> String {
    let total = names.len();
    if total == 0 {
        return "nothing".to_owned();
    }
    let tail = format!(", ... ({total})");
    let mut out = String::new();
    for (index, name) in names.enumerate() {
        let last = index + 1 == total;
        let needed = out.len() + 2 + name.len() + if last { 0 } else { tail.len() };
        if width > 0 && needed > width && index > 0 {
            out.push_str(&tail);
            return out;
        }
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(name);
    }
    out
}

/// `client` or its software, in backticks: how sentences name a party.
pub(crate) fn party(party: &Party) -> String {
    format!("`{}`", party.label.replace('`', "'"))
}

/// Both ends of a pair: "client `a` and server `b`".
pub(crate) fn ends(report: &Report, pair: usize) -> String {
    let Some(pair) = report.pairs.get(pair) else { return "client and server".to_owned() };
    let name = |role: &str, index: usize| match report.parties.get(index) {
        Some(end) => format!("{role} {}", party(end)),
        None => role.to_owned(),
    };
    format!("{} and {}", name("client", pair.client), name("server", pair.server))
}

/// Where the text of a command goes: the words before it.
pub(crate) fn place(place: &CommandPlace) -> String {
    match place {
        CommandPlace::ClientShell => "on the client, run".to_owned(),
        CommandPlace::ServerShell => "on the server, run".to_owned(),
        CommandPlace::File(path) => format!("in {path}, write"),
        CommandPlace::Settings(path) => path.clone(),
    }
}

/// The words before a command that checks or undoes a change.
pub(crate) fn later(place: &CommandPlace, what: &str) -> String {
    match place {
        CommandPlace::ClientShell | CommandPlace::ServerShell => what.to_owned(),
        CommandPlace::File(path) => format!("{what}, in {path}"),
        CommandPlace::Settings(path) => format!("{what}, {path}"),
    }
}

/// The first few of a list, and how many more there are.
pub(crate) fn some_of(list: &[String], most: usize) -> String {
    let shown: Vec<&str> = list.iter().take(most).map(String::as_str).collect();
    let more = list.len() - shown.len();
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// The hop, where it is not the target itself.
pub(crate) fn hop(hop: &HopRef) -> Option<String> {
    match hop {
        HopRef::Target => None,
        HopRef::JumpHost(name) => Some(format!("it is the jump host `{name}` that fails, not the target")),
        HopRef::Proxy(name) => Some(format!("it is the proxy `{name}` that fails, not the target")),
    }
}

/// The line `at fault: server (...)` without its beginning.
pub(crate) fn at_fault(diagnosis: &Diagnosis) -> String {
    let side = match diagnosis.side {
        Side::Both => "both sides",
        Side::Unknown => "it cannot be told which side",
        side => side.as_str(),
    };
    if diagnosis.side_because.is_empty() { side.to_owned() } else { format!("{side} ({})", diagnosis.side_because) }
}

/// `1 connection`, `3 connections`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// Whether a diagnosis is told as what it is: of the answers given so, nearly all are right. A less sure one is told with
/// its confidence.
pub(crate) fn is_sure(diagnosis: &Diagnosis) -> bool {
    diagnosis.confidence_permille >= 800
}

/// A confidence in whole per cent, never 100.
pub(crate) fn percent(diagnosis: &Diagnosis) -> u16 {
    (diagnosis.confidence_permille / 10).min(99)
}
