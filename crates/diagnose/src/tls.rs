//! What the causes "nothing in common" of TLS share: from failed slots to matches with both lists, the side at fault and
//! what took away what would have fitted.

use shakedown_model::tls::{Digest, Layer, Scheme, Suite, TlsVersion, Unable, UnableCause, Withheld, group_bits};
use shakedown_model::{
    Evidence, EvidenceId, Fact, FailedSlot, FailureKind, Item, Label, Match, Name, Origin, Phase, Reason, Role, Side,
    Slot, Stage, Strength, names,
};

use crate::Case;
use crate::blame::{self, Blame, End};
use crate::mismatch::{cause_of, whole};
use crate::text::{list, quoted, words};

/// Whether a stage is one of TLS.
pub(crate) fn is_stage(stage: Stage) -> bool {
    matches!(stage, Stage::Hello | Stage::KeyExchange | Stage::Certificate | Stage::ClientCertificate)
}

/// One match for each failed slot of this cause.
pub(crate) fn matches(case: &Case<'_>, cause: &str) -> Vec<Match> {
    let of_cause = case.failed().iter().filter(|failed| is_stage(failed.stage) && cause_of(failed) == cause);
    of_cause.map(|failed| one(case, failed)).collect()
}

fn one(case: &Case<'_>, failed: &FailedSlot) -> Match {
    let noun = failed.slot.phrase();
    let summary = match &failed.kind {
        FailureKind::NothingOffered { by } => format!("the {by} has no {noun} left"),
        FailureKind::Deviation { .. } => format!("client and server have no {noun} that can be used"),
        _ => format!("client and server share no {noun}"),
    };
    let Blame { side, reason, because } = blame(case, failed);
    let mut found = Match::new(Strength::Decisive, side, summary);
    found.phase = Some(match failed.stage {
        Stage::Certificate => Phase::Certificate,
        Stage::KeyExchange => Phase::KeyExchange,
        Stage::ClientCertificate => Phase::ClientCertificate,
        _ => Phase::Hello,
    });
    found.reason = reason;
    found.side_because = because;
    let own = if side == Side::Client { &failed.client } else { &failed.server };
    found.algorithms = names(own);
    describe(case, failed, side, &mut found);
    for role in [Role::Client, Role::Server] {
        found.notes.extend(taken(case, failed, role).first().map(|one| note(role, one)));
    }
    found
}

fn note(role: Role, one: &Withheld) -> String {
    format!("the {role} would have {}, which {} takes away", quoted(one.name.as_str()), one.what)
}

/// What a layer took from one end that the other has.
fn taken<'a>(case: &Case<'a>, failed: &FailedSlot, role: Role) -> Vec<&'a Withheld> {
    let other = names(if role == Role::Client { &failed.server } else { &failed.client });
    let policy = case.party(role).and_then(|party| party.tls());
    let all = policy.into_iter().flat_map(|policy| &policy.withheld);
    all.filter(|one| one.slot == failed.slot && other.contains(&one.name)).collect()
}

fn blame(case: &Case<'_>, failed: &FailedSlot) -> Blame {
    match &failed.kind {
        FailureKind::Deviation { by, what } => {
            return Blame { side: (*by).into(), reason: Reason::ConfiguredOut, because: what.clone() };
        }
        FailureKind::NothingOffered { by } => {
            let reason = match case.party(*by).and_then(|party| party.tls()).map(|policy| policy.withheld.as_slice()) {
                Some(all) if all.iter().any(|one| one.slot == failed.slot && one.by == Layer::SecurityLevel) => {
                    Reason::PolicyLayer
                }
                _ => Reason::ConfiguredOut,
            };
            return Blame { side: (*by).into(), reason, because: "its list is empty".to_owned() };
        }
        _ => {}
    }
    let sound = |name: &Name| sound(failed.slot, name);
    // A layer that took away what is sound, and what the other has.
    for role in [Role::Server, Role::Client] {
        let taken = taken(case, failed, role);
        if let Some(one) = taken.iter().find(|one| sound(&one.name) != Some(false)) {
            let reason = match one.by {
                Layer::SecurityLevel | Layer::SystemPolicy => Reason::PolicyLayer,
                Layer::Build => Reason::BuildOption,
                Layer::LibraryDefault => Reason::RemovedByDefault,
                Layer::Configuration => Reason::ConfiguredOut,
                Layer::KeyMaterial => Reason::KeyMaterial,
            };
            let because = format!("{} takes {} away", one.what, quoted(one.name.as_str()));
            return Blame { side: role.into(), reason, because };
        }
    }
    let decided = blame::decide(&end(case, failed, Role::Client), &end(case, failed, Role::Server), sound);
    match decided.side {
        Side::Unknown => without_mandatory(failed).unwrap_or(decided),
        _ => decided,
    }
}

/// The end without the one group that every implementation has to have (RFC 8446 section 9.1, RFC 9325 section 4.2), where the
/// other one has it.
fn without_mandatory(failed: &FailedSlot) -> Option<Blame> {
    const MANDATORY: &str = "secp256r1";
    let has = |items: &[Item]| items.iter().any(|item| item.name == *MANDATORY);
    let side = match (failed.slot, has(&failed.client), has(&failed.server)) {
        (Slot::Group, true, false) => Side::Server,
        (Slot::Group, false, true) => Side::Client,
        _ => return None,
    };
    let because =
        format!("it lacks {}, which every implementation has to have (RFC 8446 section 9.1)", quoted(MANDATORY));
    Some(Blame { side, reason: Reason::ConfiguredOut, because })
}

fn end(case: &Case<'_>, failed: &FailedSlot, role: Role) -> End {
    let items: &[Item] = if role == Role::Client { &failed.client } else { &failed.server };
    let offered = names(items);
    let Some(party) = case.party(role) else { return End { offered, ..End::default() } };
    let defaults = party.software.as_ref().and_then(|software| {
        let (policy, _) = case.catalog.tls_policy(software, role).ok()?;
        Some(names(policy.offer.list(failed.slot).complete()?))
    });
    End {
        upstream: defaults.clone(),
        supported: party.tls().and_then(|policy| policy.supported.slot(failed.slot).complete().cloned()),
        software: party.software.as_ref().map(ToString::to_string),
        offered,
        defaults,
        ..End::default()
    }
}

/// Whether something is still recommended; `None` where that is not judged here.
pub(crate) fn sound(slot: Slot, name: &Name) -> Option<bool> {
    let name = name.as_str();
    match slot {
        Slot::Version => TlsVersion::parse(name).map(|version| version >= TlsVersion::Tls12),
        Slot::CipherSuite => Suite::parse(name).map(|suite| suite.is_aead() && suite.has_forward_secrecy()),
        Slot::Group => Some(group_bits(name).is_none_or(|bits| bits >= 224 && !(1024..2048).contains(&bits))),
        Slot::SignatureScheme => {
            Scheme::parse(name).map(|scheme| !matches!(scheme.digest, Digest::Md5 | Digest::Sha1 | Digest::Sha224))
        }
        _ => None,
    }
}

/// The lists: as labels where they stand in a file, else as notes.
fn describe(case: &Case<'_>, failed: &FailedSlot, side: Side, found: &mut Match) {
    let first = if side == Side::Client { Role::Client } else { Role::Server };
    for role in [first, first.peer()] {
        let items: &[Item] = if role == Role::Client { &failed.client } else { &failed.server };
        if let Some(origin) = place(items) {
            let only = if Side::from(role) == side { " only this" } else { " this" };
            found.labels.push(Label { origin, text: format!("the {role} has{only}") });
        }
        let software = case.party(role).and_then(|party| party.software.as_ref());
        let who = match software {
            Some(software) => format!("{role} {}", quoted(&software.to_string())),
            None => format!("the {role}"),
        };
        let what = if items.is_empty() { "nothing".to_owned() } else { list(&names(items)) };
        found.notes.push(format!("{who} has: {what}"));
    }
}

fn place(items: &[Item]) -> Option<Origin> {
    whole(items)
}

/// The servers that offer to begin TLS within their own protocol and refuse when asked, with how far their words speak
/// for the server having nothing to begin TLS with: RFC 3207 section 4.1 has 454 for any reason that passes, and Postfix,
/// Sendmail and qmail say these words where certificate or key did not load.
pub(crate) fn refused_starts<'a>(case: &Case<'a>) -> impl Iterator<Item = RefusedStart<'a>> + use<'a> {
    const NOTHING_TO_BEGIN_WITH: [&str; 3] = ["tls not available", "tls currently unavailable", "tls missing"];
    case.facts().filter_map(|(id, evidence)| {
        let Fact::NoStartTls { protocol, is_offered: true, text } = &evidence.fact else { return None };
        if is_busy(text) {
            return None;
        }
        let said = text.as_str().to_ascii_lowercase();
        let is_known = NOTHING_TO_BEGIN_WITH.iter().any(|phrase| said.contains(phrase));
        let strength = if is_known { Strength::Strong } else { Strength::Weak };
        Some(RefusedStart { id, protocol, text, strength })
    })
}

/// Whether a server says, before TLS begins, that it has too many connections: 421 of SMTP and FTP, `* BYE`, `-ERR`.
pub(crate) fn is_busy(text: &Name) -> bool {
    const BUSY: [&str; 7] = [
        "too many",
        "too busy",
        "overload",
        "rate limit",
        "connection limit",
        "maximum number of connections",
        "connections exceeded",
    ];
    let said = text.as_str().to_ascii_lowercase();
    BUSY.iter().any(|phrase| said.contains(phrase))
}

/// A server that offers to begin TLS and refuses when asked.
pub(crate) struct RefusedStart<'a> {
    id: EvidenceId,
    protocol: &'a str,
    text: &'a Name,
    strength: Strength,
}

impl RefusedStart<'_> {
    /// A match at the server's side.
    pub(crate) fn found(&self, because: &str) -> Match {
        let summary = format!("the server speaks {}, offers TLS, and refuses when asked to begin it", self.protocol);
        let mut found = Match::new(self.strength, Side::Server, summary);
        found.phase = Some(Phase::Connect);
        found.side_because = because.to_owned();
        found.evidence.push(self.id);
        found.notes.push(format!("its words: {}", words(self.text)));
        found.what_would_decide = Some(
            "the server's log of that second: it names the certificate, the key or the setting, or says that it was busy"
                .to_owned(),
        );
        found.supersedes = vec!["connection-cut", "middlebox-interference"];
        found
    }
}

/// Whether a TLS program does not start with this mistake.
pub(crate) fn stops_the_program(case: &Case<'_>, evidence: &Evidence) -> bool {
    let party = match evidence.subject {
        Some(Role::Client) => case.client,
        _ => case.server,
    };
    let is_it = |unable: &Unable| {
        unable.cause == UnableCause::Setting && unable.slot == Slot::Version && unable.origin == evidence.origin
    };
    party.and_then(|party| party.tls()).is_some_and(|policy| policy.unable.iter().any(is_it))
}
