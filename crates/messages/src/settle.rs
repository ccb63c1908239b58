//! From messages to attempts: what belongs together, what explains what, what became of it.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use shakedown_model::{
    Fault, IncidentResult, Indication, MessageKind, Protocol, Reason, Role, Said, Side, Standing, Strength,
    printed_names,
};

use crate::Messages;
use crate::attempt::{Attempt, OfferedList, Place};
use crate::data::Points;
use crate::event::Event;
use crate::open::Key;
use crate::said::said;

/// A text of so many bytes or less is what a person pasted: its lines belong together more often than not.
pub(crate) const PASTED: u64 = 32 * 1024;

/// Puts together what one attempt said.
pub(crate) fn gather(messages: &Messages, keyed: Vec<(Key, Vec<Event>)>, bytes: u64) -> Vec<Vec<Event>> {
    let mut groups: Vec<(Key, Vec<Event>)> = Vec::new();
    for (key, events) in keyed {
        let key = identity(key, bytes <= PASTED);
        match groups.iter_mut().find(|(other, _)| bytes <= PASTED && *other == key) {
            Some((_, all)) => all.extend(events),
            None => groups.push((key, events)),
        }
    }
    if bytes <= PASTED {
        name_the_unnamed(messages, &mut groups);
    }
    type Attempts<'a> = HashSet<(&'a [u8], &'a [u8], u32)>;
    let mut programs: HashMap<&[u8], Attempts<'_>> = HashMap::new();
    for (key, events) in &groups {
        let speaks = events.iter().any(|event| matters(messages, event));
        if speaks {
            programs.entry(&key.program).or_default().insert((&key.process, &key.connection, key.part));
        }
    }
    let one = bytes <= PASTED && programs.values().all(|attempts| attempts.len() <= 1);
    if one {
        let mut all: Vec<Event> = groups.into_iter().flat_map(|(_, events)| events).collect();
        all.sort_by_key(|event| event.place);
        return vec![all];
    }
    // What only describes the set-up holds for every attempt of a pasted text.
    let (context, mut groups): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .map(|(_, events)| events)
        .partition(|events: &Vec<Event>| !events.iter().any(|event| matters(messages, event)));
    if bytes <= PASTED {
        for events in &mut groups {
            events.extend(context.iter().flatten().cloned());
            events.sort_by_key(|event| event.place);
        }
    }
    groups
}

/// What an IKE daemon says of its socket or its kernel names no connection. Where the text is of one connection only, it
/// is about that one.
fn name_the_unnamed(messages: &Messages, groups: &mut Vec<(Key, Vec<Event>)>) {
    let of_ike = |event: &Event| messages.entry(event.entry).is_some_and(|entry| entry.protocol == "ike");
    let named = |key: &Key| !key.connection.is_empty();
    let mut rest = Vec::new();
    for (key, events) in std::mem::take(groups) {
        if named(&key) || !events.iter().all(of_ike) {
            groups.push((key, events));
        } else {
            rest.push((key, events));
        }
    }
    for (key, events) in rest {
        let same = |(other, _): &&mut (Key, Vec<Event>)| {
            named(other) && (other.file, &other.program, &other.process) == (key.file, &key.program, &key.process)
        };
        let mut owners = groups.iter_mut().filter(same);
        match (owners.next(), owners.next()) {
            (Some((_, all)), None) => {
                all.extend(events);
                all.sort_by_key(|event| event.place);
            }
            _ => groups.push((key, events)),
        }
    }
}

fn matters(messages: &Messages, event: &Event) -> bool {
    messages.entry(event.entry).is_some_and(|entry| entry.kind != "context")
}

/// The key without what changes from one try to the next.
fn identity(mut key: Key, pasted: bool) -> Key {
    let numbered = key.connection.iter().any(u8::is_ascii_alphabetic);
    if pasted && numbered {
        // `<site-a|3>`, `"site-a"[1] 192.0.2.7 #4`
        let end =
            key.connection.iter().position(|byte| matches!(byte, b'|' | b'[' | b'#')).unwrap_or(key.connection.len());
        key.connection.truncate(end);
        while key.connection.last() == Some(&b' ') {
            key.connection.pop();
        }
    }
    key
}

/// Whatever two attempts say differently and this number does not tell apart makes no difference to what they point to,
/// what became of them, and who said it: all that the messages say but places, times, and captures that no table has.
pub(crate) fn shape(messages: &Messages, events: &[Event]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut order: Vec<u64> = events.iter().map(|event| event.number).collect();
    if !order.is_sorted() {
        order.sort_unstable();
    }
    for event in events {
        let number = order.partition_point(|number| *number < event.number);
        (event.entry, event.printed_by, event.times, event.place.file, number).hash(&mut hasher);
        for (key, text, _) in &event.captures {
            key.hash(&mut hasher);
            if key.ends_with("offer") || messages.has_table(key) {
                text.as_str().hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

/// The peer that an attempt was made with.
pub(crate) fn peer(events: &[Event]) -> Option<&str> {
    capture(events, &["peer"]).or_else(|| capture(events, &["host"]))
}

/// When an attempt ended.
pub(crate) fn last(events: &[Event]) -> Option<&String> {
    events.iter().rev().find_map(|event| event.last_time.as_ref().or(event.time.as_ref()))
}

fn capture<'a>(events: &'a [Event], names: &[&str]) -> Option<&'a str> {
    let mut found = events.iter().flat_map(|event| &event.captures);
    found.find(|(key, ..)| names.contains(&key.as_str())).map(|(_, text, _)| text.as_str())
}

/// Decides what the messages of one attempt mean together.
pub(crate) fn attempt(messages: &Messages, mut events: Vec<Event>) -> Attempt {
    share_printer(messages, &mut events);
    let seen = Seen::by_end(messages, &events);
    let seen_at = |event: &Event| {
        let own = seen.iter().find(|(role, _)| *role == event.printed_by);
        own.or_else(|| seen.iter().find(|(role, _)| role.is_none())).map(|(_, seen)| seen)
    };
    let mut all: Vec<(Said, Place)> = events
        .iter()
        .filter_map(|event| Some((with_indications(messages, event, seen_at(event)?), event.place)))
        .collect();
    let result = outcome(&mut all, &events);
    explain_away(&mut all);
    let offers = offers(messages, &events);
    let software = |role: Role| software(&events, role);
    let mut attempt = Attempt {
        protocol: None,
        peer: peer(&events).map(str::to_owned),
        port: capture(&events, &["port"]).and_then(|port| port.parse().ok()),
        user: capture(&events, &["user"]).map(str::to_owned),
        first: events.iter().find_map(|event| event.time.clone()),
        last: last(&events).cloned(),
        count: 1,
        result,
        client_software: software(Role::Client),
        server_software: software(Role::Server),
        client_offer: offers.0,
        server_offer: offers.1,
        printed_by: events.iter().find_map(|event| event.printed_by),
        said: all,
        peers: 1,
        standing: Standing::Unremarkable,
        joined: None,
        pieces: events.iter().map(|event| Arc::clone(&event.piece)).collect(),
    };
    attempt.protocol = protocol(&attempt);
    attempt
}

/// A TLS library, an IKE daemon and the system print the same text on both sides, and only some lines of a log show which
/// one wrote it. Where all those name the same side, the others are that side's too; of IKE, those of the same program.
fn share_printer(messages: &Messages, events: &mut [Event]) {
    let entry = |event: &Event| messages.entry(event.entry);
    let roles = |product: Option<&str>| {
        let of_product =
            |event: &&Event| product.is_none_or(|product| entry(event).is_some_and(|e| e.product == product));
        let mut known = events.iter().filter(of_product).filter_map(|event| event.printed_by);
        let role = known.next()?;
        known.all(|other| other == role).then_some(role)
    };
    let shared: Vec<Option<Role>> = events
        .iter()
        .map(|event| {
            let entry = entry(event)?;
            match entry.protocol.as_str() {
                "tls" | "any" => roles(None),
                "ike" => roles(Some(&entry.product)),
                _ => None,
            }
        })
        .collect();
    for (event, role) in events.iter_mut().zip(shared) {
        event.printed_by = event.printed_by.or(role);
    }
    // A port alone makes a server of the printer only where nothing else that was said is a client's.
    let says = |role: &str| events.iter().any(|event| entry(event).is_some_and(|entry| entry.printed_by == role));
    if says("client") && !says("server") {
        for event in events.iter_mut() {
            let open = messages.entry(event.entry);
            if open.is_some_and(|entry| entry.protocol == "ssh" && entry.printed_by.is_empty()) {
                event.printed_by = Some(Role::Client);
            }
        }
    }
}

/// The names that conditions ask for.
struct Seen<'a> {
    names: HashSet<&'a str>,
    /// How often each entry was said, whatever it captured.
    times: HashMap<usize, u64>,
}

impl<'a> Seen<'a> {
    /// What holds for messages of the client, of the server and of those whose printer is not known. Where each end's
    /// text is there, the circumstances of the one are not those of the other.
    fn by_end(messages: &'a Messages, events: &'a [Event]) -> Vec<(Option<Role>, Self)> {
        let file = events.first().map(|event| event.place.file);
        let apart = events.iter().any(|event| Some(event.place.file) != file);
        let ends = if apart { vec![Some(Role::Client), Some(Role::Server), None] } else { vec![None] };
        let of_end = |role: Option<Role>| {
            let own = events.iter().filter(|event| role.is_none() || event.printed_by != role.map(Role::peer));
            (role, Self::of(messages, own))
        };
        ends.into_iter().map(of_end).collect()
    }

    fn of(messages: &'a Messages, events: impl Iterator<Item = &'a Event>) -> Self {
        let mut names = HashSet::new();
        let mut times = HashMap::new();
        for event in events {
            *times.entry(event.entry).or_default() += event.times;
            names.extend(event.printed_by.map(|role| match role {
                Role::Client => "printed-by-client",
                Role::Server => "printed-by-server",
            }));
            let Some(entry) = messages.entry(event.entry) else { continue };
            names.extend([entry.id.as_str(), entry.product.as_str()]);
            names.extend(entry.tags.iter().map(String::as_str));
            for (key, text, _) in &event.captures {
                if let Some(value) = messages.value(key, &text.to_bytes()) {
                    names.extend(value.tags.iter().map(String::as_str));
                }
            }
        }
        Self { names, times }
    }

    fn holds(&self, points: &Points, entry: usize) -> bool {
        points.with.iter().all(|name| self.names.contains(name.as_str()))
            && !points.without.iter().any(|name| self.names.contains(name.as_str()))
            && self.times.get(&entry).copied().unwrap_or(1) >= points.times
    }
}

fn with_indications(messages: &Messages, event: &Event, seen: &Seen<'_>) -> Said {
    let mut said = said(messages, event);
    let Some(entry) = messages.entry(event.entry) else { return said };
    let mut points: Vec<&Points> = entry.indicates.iter().filter(|points| seen.holds(points, event.entry)).collect();
    for (key, text, _) in &event.captures {
        let Some(value) = messages.value(key, &text.to_bytes()) else { continue };
        let own: HashSet<&str> = points.iter().map(|points| points.cause.as_str()).collect();
        let of_value = value.indicates.iter().filter(|points| seen.holds(points, event.entry));
        points.extend(of_value.filter(|points| !own.contains(points.cause.as_str())));
        if said.summary.is_empty() {
            said.summary.clone_from(&value.summary);
        }
        if said.note.is_empty() {
            said.note.clone_from(&value.note);
        }
        if said.decides.is_none() && !value.decides.is_empty() {
            said.decides = Some(value.decides.clone());
        }
    }
    // Who prints a TLS error and does not say where is the person's own client more often than not.
    let printer = event.printed_by.or_else(|| (entry.protocol == "tls").then_some(Role::Client));
    for points in points {
        if said.indications.iter().all(|indication| indication.cause != points.cause) {
            said.indications.push(indication(points, printer));
        }
    }
    said.summary = filled(&said.summary, &said);
    said.note = filled(&said.note, &said);
    said.decides = said.decides.take().map(|decides| filled(&decides, &said));
    said
}

fn indication(points: &Points, printed_by: Option<Role>) -> Indication {
    let of_role = |role: Option<Role>| role.map_or(Side::Unknown, Side::from);
    let fault = match points.side.as_str() {
        "client" => Fault::Side(Side::Client),
        "server" => Fault::Side(Side::Server),
        "both" => Fault::Side(Side::Both),
        "network" => Fault::Side(Side::Network),
        "printer" => Fault::Side(of_role(printed_by)),
        "peer" => Fault::Side(of_role(printed_by.map(Role::peer))),
        "computed" => Fault::Computed,
        _ => Fault::Side(Side::Unknown),
    };
    Indication {
        cause: points.cause.clone(),
        strength: match points.strength.as_str() {
            "decisive" => Strength::Decisive,
            "strong" => Strength::Strong,
            _ => Strength::Weak,
        },
        fault,
        because: points.because.clone(),
        reason: Reason::parse(&points.reason).unwrap_or(Reason::Unknown),
        object: points.object.clone(),
    }
}

/// Puts captures in the place of `{name}`; a sentence that would have a hole is left out.
fn filled(template: &str, said: &Said) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match said.capture(name) {
            Some(text) if !text.as_str().is_empty() => out.push_str(&text.as_str().replace('`', "'")),
            _ => return String::new(),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What became of it. A success takes away what failed before it; the end of a connection says nothing where its cause
/// was said.
fn outcome(all: &mut [(Said, Place)], events: &[Event]) -> IncidentResult {
    let number = |index: usize| events.get(index).map_or(0, |event| event.number);
    // What worked for one end says nothing of what the other one wrote.
    let mut success: HashMap<usize, u64> = HashMap::new();
    for (index, (said, place)) in all.iter().enumerate() {
        if said.kind == MessageKind::Success {
            let last = success.entry(place.file).or_default();
            *last = number(index).max(*last);
        }
    }
    let mut recovered = false;
    for (index, (said, place)) in all.iter_mut().enumerate() {
        let before = success.get(&place.file).is_some_and(|success| number(index) < *success);
        if before && !said.indications.is_empty() && said.kind != MessageKind::Warning {
            recovered = true;
            said.indications.clear();
        }
    }
    let failed = all.iter().any(|(said, _)| said.kind == MessageKind::Failure && !said.indications.is_empty());
    if failed {
        // A warning may tell more of what failed, and is no cause beside it.
        let failures = all.iter().filter(|(said, _)| said.kind == MessageKind::Failure);
        let causes = failures.flat_map(|(said, _)| said.indications.iter().map(|indication| indication.cause.clone()));
        let causes: HashSet<String> = causes.collect();
        for (said, _) in all.iter_mut() {
            match said.kind {
                MessageKind::Consequence => said.indications.clear(),
                MessageKind::Warning => said.indications.retain(|indication| causes.contains(&indication.cause)),
                _ => {}
            }
        }
    }
    let ended = all.iter().any(|(said, _)| said.kind == MessageKind::Consequence && !said.indications.is_empty());
    match (failed || ended, !success.is_empty(), recovered) {
        (true, _, _) => IncidentResult::Failed,
        (false, true, true) => IncidentResult::Recovered,
        (false, true, false) => IncidentResult::Succeeded,
        (false, false, _) => IncidentResult::Unknown,
    }
}

/// A message explains others away by their id; causes are left to the diagnosis.
fn explain_away(all: &mut [(Said, Place)]) {
    let explained: HashSet<String> = all
        .iter()
        .filter(|(said, _)| !said.indications.is_empty() || said.kind == MessageKind::Context)
        .flat_map(|(said, _)| said.explains.iter().filter(|name| name.contains('/')).cloned())
        .collect();
    for (said, _) in all.iter_mut().filter(|(said, _)| explained.contains(&said.message)) {
        said.indications.clear();
    }
}

/// The lists of a KEXINIT in their order: OpenSSH before 7.2 printed them without a name, its own and then the peer's.
const KEXINIT: [&str; 10] =
    ["kex", "host_key", "cipher_c2s", "cipher_s2c", "mac_c2s", "mac_s2c", "compression_c2s", "compression_s2c", "", ""];

/// The lists that the text gives of both ends.
fn offers(messages: &Messages, events: &[Event]) -> (Vec<OfferedList>, Vec<OfferedList>) {
    let mut lists: (Vec<OfferedList>, Vec<OfferedList>) = (Vec::new(), Vec::new());
    let mut current: Option<Role> = None;
    let mut unnamed = 0_usize;
    for event in events {
        let Some(entry) = messages.entry(event.entry) else { continue };
        let printer = event.printed_by;
        let of = |whose: &str| match whose {
            "client" => Some(Role::Client),
            "server" => Some(Role::Server),
            "printer" => printer,
            "peer" => printer.map(Role::peer),
            _ => None,
        };
        if !entry.begins_offer_of.is_empty() {
            current = of(&entry.begins_offer_of);
        }
        for (key, text, place) in &event.captures {
            let whose = match key.as_str() {
                "client_offer" => Some(Role::Client),
                "server_offer" => Some(Role::Server),
                "their_offer" => printer.map(Role::peer),
                "our_offer" => printer,
                "offer" if entry.slot.is_empty() => {
                    let own = printer.unwrap_or(Role::Client);
                    unnamed += 1;
                    if ((unnamed - 1) / KEXINIT.len()).is_multiple_of(2) { Some(own) } else { Some(own.peer()) }
                }
                "offer" if entry.offer_of.is_empty() => current,
                "offer" => of(&entry.offer_of),
                _ => continue,
            };
            let Some(whose) = whose else { continue };
            let list = if whose == Role::Client { &mut lists.0 } else { &mut lists.1 };
            let slots: &[&str] = match entry.slot.as_str() {
                "cipher" => &["cipher_c2s", "cipher_s2c"],
                "mac" => &["mac_c2s", "mac_s2c"],
                "compression" => &["compression_c2s", "compression_s2c"],
                "" if key == "offer" => match KEXINIT.get((unnamed - 1) % KEXINIT.len()) {
                    Some(slot) if !slot.is_empty() => std::slice::from_ref(slot),
                    _ => &[],
                },
                "" => &[],
                slot => &[slot],
            };
            for slot in slots {
                let names = printed_names(text.as_str()).map(str::to_owned).collect();
                let one = OfferedList { slot: (*slot).to_owned(), names, place: *place };
                match list.iter_mut().find(|other| other.slot == *slot) {
                    // The latest of several tries is what the end is about.
                    Some(other) => *other = one,
                    None => list.push(one),
                }
            }
        }
    }
    lists
}

fn software(events: &[Event], role: Role) -> Option<String> {
    let mut found = events.iter().flat_map(|event| event.captures.iter().map(move |(key, text, _)| (event, key, text)));
    let own = |event: &Event, key: &str| match key {
        "client_software" => Some(Role::Client),
        "server_software" => Some(Role::Server),
        "own_software" => event.printed_by,
        "their_software" => event.printed_by.map(Role::peer),
        _ => None,
    };
    found.find(|(event, key, _)| own(event, key) == Some(role)).map(|(_, _, text)| text.as_str().to_owned())
}

fn protocol(attempt: &Attempt) -> Option<Protocol> {
    let mut counts = [0_u64; 3];
    let all = [Protocol::Ssh, Protocol::Tls, Protocol::Ike];
    for (said, _) in &attempt.said {
        let weight = if said.indications.is_empty() { 1 } else { 100 };
        if let Some(place) = said.protocol.and_then(|protocol| all.iter().position(|one| *one == protocol))
            && let Some(count) = counts.get_mut(place)
        {
            *count += weight;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    if most > 0 {
        return counts.iter().position(|count| *count == most).and_then(|place| all.get(place).copied());
    }
    match attempt.port {
        Some(22 | 2222 | 830) => Some(Protocol::Ssh),
        Some(500 | 4500) => Some(Protocol::Ike),
        Some(443 | 465 | 636 | 853 | 990 | 993 | 995 | 8443) => Some(Protocol::Tls),
        _ => None,
    }
}
