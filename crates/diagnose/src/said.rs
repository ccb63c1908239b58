//! From what programs printed to causes. The message data say what a text points to; here several messages are put
//! together, and the side at fault is worked out where the offers have to say.

mod joint;

use shakedown_catalog::Rating;
use shakedown_model::{
    Evidence, EvidenceId, Fact, Fault, Indication, Label, Match, MessageKind, Name, Object, Protocol, Reason, Role,
    Said, Side, Slot, Strength, printed_names,
};

use crate::ike;
use crate::text::list;
use crate::{Case, page};

/// A match for each cause that the messages of this case point to, in the order of the text; warnings bear out what
/// other messages say, and come last.
pub(crate) fn matches(case: &Case<'_>) -> Vec<(&'static str, Match)> {
    let mut found: Vec<(&'static str, Match)> = Vec::new();
    let mut details: Vec<(&'static str, Detail)> = Vec::new();
    let said = || {
        case.facts().filter_map(|(id, evidence)| match &evidence.fact {
            Fact::Said(said) => Some((id, evidence, said)),
            _ => None,
        })
    };
    let warns = |said: &Said| said.kind == MessageKind::Warning;
    let ordered = said().filter(|(.., said)| !warns(said)).chain(said().filter(|(.., said)| warns(said)));
    for (id, evidence, said) in ordered {
        for (place, indication) in said.indications.iter().enumerate() {
            let Some(page) = page(&indication.cause) else { continue };
            let one = one(case, id, evidence, said, indication, place);
            details.extend(detail(said).filter(|_| place == 0).map(|detail| (page.code, detail)));
            match found.iter_mut().find(|(code, _)| *code == page.code) {
                Some((_, other)) => merge(other, one),
                None => found.push((page.code, one)),
            }
        }
    }
    for (code, one) in &mut found {
        tell(one, details.iter().filter(|(of, _)| of == code).map(|(_, detail)| detail));
    }
    if let Some(joint) = joint::joint(case) {
        for (code, one) in &mut found {
            if *code == joint.cause {
                one.strength = one.strength.max(joint.strength);
                one.rank = 0;
                one.what_would_decide = None;
                one.notes.push("the client's and the server's text both point to it".to_owned());
            } else {
                one.strength = Strength::Weak;
            }
        }
    }
    found
}

fn one(
    case: &Case<'_>,
    id: EvidenceId,
    evidence: &Evidence,
    said: &Said,
    indication: &Indication,
    place: usize,
) -> Match {
    let title = page(&indication.cause).map_or("", |page| page.title);
    // A summary speaks of the first cause of its message.
    let summary = if place == 0 && !said.summary.is_empty() { said.summary.clone() } else { lower(title) };
    let mut found = Match::new(indication.strength, Side::Unknown, summary);
    found.rank = u32::try_from(place).unwrap_or(u32::MAX);
    found.phase = said.phase;
    found.reason = indication.reason;
    found.evidence = vec![id];
    found.supersedes = superseded(said);
    found.labels = evidence.origin.iter().map(|origin| Label { origin: origin.clone(), text: String::new() }).collect();
    found.notes.extend((!said.note.is_empty()).then(|| said.note.clone()));
    found.what_would_decide.clone_from(&said.decides);
    found.algorithms = algorithms(said);
    if !indication.object.is_empty() {
        let name = ["file", "host", "peer"].into_iter().find_map(|key| said.capture(key));
        found.object = Some(Object {
            kind: kind(&indication.object),
            name: name.map(|name| name.as_str().to_owned()).unwrap_or_default(),
        });
    }
    blame(case, said, indication, &mut found);
    found
}

/// The first letter small, unless the word is an acronym or a name.
fn lower(title: &str) -> String {
    let mut characters = title.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => title.to_owned(),
    }
}

/// Details of one match that are told; a daemon that compares many proposals prints hundreds.
const DETAILS: usize = 12;

/// What a message tells of one value in which the ends differ, or of what may fail: worth telling also where another
/// message names the cause.
struct Detail {
    text: String,
    /// Whether it gives the values of both ends.
    both: bool,
}

fn detail(said: &Said) -> Option<Detail> {
    let both = said.capture("own").is_some() && said.capture("theirs").is_some();
    let tells = both || said.kind == MessageKind::Warning;
    (tells && !said.summary.is_empty()).then(|| Detail { text: said.summary.clone(), both })
}

/// Adds the details that a match does not tell yet. Where both values are known there is nothing left to find out.
fn tell<'a>(found: &mut Match, details: impl Iterator<Item = &'a Detail>) {
    let mut told: Vec<String> = Vec::new();
    for detail in details {
        if detail.both {
            found.what_would_decide = None;
        }
        if detail.text != found.summary && !found.notes.contains(&detail.text) && !told.contains(&detail.text) {
            told.push(detail.text.clone());
        }
    }
    let more = told.len().saturating_sub(DETAILS);
    told.truncate(DETAILS);
    told.extend((more > 0).then(|| format!("{more} more such lines are in the text")));
    found.notes.splice(0..0, told);
}

fn superseded(said: &Said) -> Vec<&'static str> {
    said.explains.iter().filter_map(|cause| page(cause)).map(|page| page.code).collect()
}

fn kind(text: &str) -> &'static str {
    let kinds = [
        "host key",
        "certificate",
        "certificate authority",
        "client certificate",
        "server certificate",
        "configuration file",
        "private key",
        "key file",
        "user key",
        "proxy",
    ];
    kinds.into_iter().find(|kind| *kind == text).unwrap_or("object")
}

fn algorithms(said: &Said) -> Vec<Name> {
    let keys = ["algorithm", "algorithms", "their_offer", "our_offer", "client_offer", "server_offer"];
    let mut names: Vec<Name> = Vec::new();
    for text in keys.into_iter().filter_map(|key| said.capture(key)) {
        for name in parts(text) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn parts(text: &Name) -> Vec<Name> {
    let names = printed_names(text.as_str());
    names.filter(|name| !shakedown_model::ssh::is_marker(name)).map(Name::new).collect()
}

/// What two messages say of the same cause: the stronger one leads.
fn merge(found: &mut Match, mut other: Match) {
    if (other.strength, std::cmp::Reverse(other.rank)) > (found.strength, std::cmp::Reverse(found.rank)) {
        std::mem::swap(found, &mut other);
    }
    found.rank = found.rank.min(other.rank);
    found.evidence.extend(other.evidence);
    found.labels.extend(other.labels);
    for name in other.algorithms {
        if !found.algorithms.contains(&name) {
            found.algorithms.push(name);
        }
    }
    for note in other.notes {
        if !found.notes.contains(&note) {
            found.notes.push(note);
        }
    }
    for cause in other.supersedes {
        if !found.supersedes.contains(&cause) {
            found.supersedes.push(cause);
        }
    }
    if found.side == Side::Unknown {
        found.side = other.side;
        found.side_because = other.side_because;
    }
    found.what_would_decide = found.what_would_decide.take().or(other.what_would_decide);
    found.object = found.object.take().or(other.object);
}

fn blame(case: &Case<'_>, said: &Said, indication: &Indication, found: &mut Match) {
    let side = match indication.fault {
        Fault::Side(side) => side,
        Fault::Computed => {
            let (side, reason, because) = by_lists(case, said);
            found.reason = if found.reason == Reason::Unknown { reason } else { found.reason };
            found.side_because = because;
            side
        }
    };
    found.side = side;
    if !indication.because.is_empty() {
        found.side_because.clone_from(&indication.because);
    }
    if found.side_because.is_empty() {
        found.side_because = match said.kind {
            MessageKind::Consequence => "the text holds only the end of the connection".to_owned(),
            _ if side == Side::Unknown => "the text does not show which side has to change".to_owned(),
            _ if said.product == "plain-words" => {
                "by the words of the text, which may leave out who is meant".to_owned()
            }
            _ => format!("by what `{}` reports", said.product),
        };
    }
}

/// The side that lists nothing sound. Where only one list is known, it is judged alone: who sends sound algorithms only
/// to be refused has met an old peer.
fn by_lists(case: &Case<'_>, said: &Said) -> (Side, Reason, String) {
    let lists = [Role::Client, Role::Server].map(|role| offered(said, role));
    let sound = |names: &[Name]| match case.protocol {
        Protocol::Ike => ike::is_sound(case.catalog, names),
        _ => names.iter().any(|name| is_sound(case, said.slot, name)),
    };
    let [client, server] = lists;
    // No program asks for these alone by itself, and no server keeps its host key on a security key.
    let security_key = |name: &Name| name.as_str().starts_with("sk-");
    if said.slot == Some(Slot::HostKey)
        && client.as_ref().is_some_and(|names| !names.is_empty() && names.iter().all(security_key))
    {
        let because = "configured out: it asks only for host keys on security keys, which servers do not have";
        return (Side::Client, Reason::ConfiguredOut, because.to_owned());
    }
    let outdated = |role: Role, names: &[Name]| {
        let because = format!("it offers only {}, none of which is still recommended", list(names));
        (Side::from(role), Reason::OutdatedSoftware, because)
    };
    match (client, server) {
        (Some(client), Some(server)) => match (sound(&client), sound(&server)) {
            (true, false) => outdated(Role::Server, &server),
            (false, true) => outdated(Role::Client, &client),
            // The client's order decides, and it is the end that a person can tell what to offer.
            (true, true) if case.protocol == Protocol::Ssh => {
                let because = "both lists are sound; the client can be told to offer one of the server's".to_owned();
                (Side::Client, Reason::Unknown, because)
            }
            (true, true) => (Side::Unknown, Reason::Unknown, "both lists hold sound algorithms".to_owned()),
            (false, false) => (Side::Both, Reason::OutdatedSoftware, "neither list holds a sound algorithm".to_owned()),
        },
        (Some(names), None) | (None, Some(names)) => {
            let role = if offered(said, Role::Client).is_some() { Role::Client } else { Role::Server };
            if sound(&names) {
                let because =
                    format!("the {role} offers sound algorithms, and the {} accepts none of them", role.peer());
                (Side::from(role.peer()), Reason::Unknown, because)
            } else {
                outdated(role, &names)
            }
        }
        (None, None) => (Side::Unknown, Reason::Unknown, "the text holds neither side's list".to_owned()),
    }
}

fn offered(said: &Said, role: Role) -> Option<Vec<Name>> {
    // Who prints without a prefix is the person's own client more often than not.
    let printer = said.printed_by.unwrap_or(Role::Client);
    let (own, their) = if role == printer { ("our_offer", "") } else { ("", "their_offer") };
    let keys = [own, their, if role == Role::Client { "client_offer" } else { "server_offer" }];
    let names = parts(keys.into_iter().find_map(|key| said.capture(key))?);
    (!names.is_empty()).then_some(names)
}

fn is_sound(case: &Case<'_>, slot: Option<Slot>, name: &Name) -> bool {
    let Some(slot) = slot else { return true };
    let rating = case.catalog.rating(slot, name.as_str());
    rating.is_some_and(|rating| matches!(rating, Rating::Acceptable | Rating::Strong | Rating::PostQuantum))
}
