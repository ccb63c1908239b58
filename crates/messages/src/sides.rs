//! Two texts of one attempt: what the client's and the server's logs say of the same connection is put together.

use std::collections::{HashMap, HashSet};

use shakedown_model::Role;

use crate::event::Event;
use crate::open::Key;
use crate::{Messages, peers, settle, when};

/// What one side says of an attempt.
struct Group {
    events: Vec<Event>,
    time: Option<f64>,
    /// Addresses, names and users.
    words: HashSet<String>,
    /// Ports that only this connection has.
    ports: HashSet<String>,
    /// The SPIs of IKE, which both ends print.
    spis: HashSet<Vec<u8>>,
    /// What the message is about.
    slots: HashSet<String>,
    /// Lists that were offered.
    lists: HashSet<String>,
}

/// Attempts of one side that are compared with those of the other.
const MOST: usize = 2000;
/// Seconds that both sides may be apart, once the difference of their clocks is known.
const APART: f64 = 10.0;
/// The weight from which on two attempts are one.
const ENOUGH: u32 = 10;

/// The attempts of both sides, with how they were found to be one.
pub(crate) fn gather(
    messages: &Messages,
    keyed: Vec<(Key, Vec<Event>)>,
    bytes: u64,
    roles: &HashMap<usize, (Role, u64)>,
) -> Vec<(Vec<Event>, Option<String>)> {
    let role = |key: &Key| roles.get(&key.file).map(|(role, _)| *role);
    let mut sides: [Vec<Group>; 2] = [Vec::new(), Vec::new()];
    let mut all: Vec<(Vec<Event>, Option<String>)> = Vec::new();
    for (place, side) in [Role::Client, Role::Server].into_iter().enumerate() {
        let keyed: Vec<(Key, Vec<Event>)> = keyed.iter().filter(|(key, _)| role(key) == Some(side)).cloned().collect();
        let bytes = roles.values().filter(|(role, _)| *role == side).map(|(_, bytes)| *bytes).sum();
        let groups = settle::gather(messages, keyed, bytes).into_iter().map(|events| Group::of(messages, events));
        if let Some(side) = sides.get_mut(place) {
            side.extend(groups);
        }
    }
    let rest: Vec<(Key, Vec<Event>)> = keyed.into_iter().filter(|(key, _)| role(key).is_none()).collect();
    let [clients, servers] = sides;
    let pairs = pairs(&clients, &servers);
    let mut servers: Vec<Option<Group>> = servers.into_iter().map(Some).collect();
    for (index, client) in clients.into_iter().enumerate() {
        let found = pairs.get(&index).and_then(|(other, how)| Some((servers.get_mut(*other)?.take()?, how)));
        let mut events = client.events;
        let joined = found.map(|(server, how)| {
            events.extend(server.events);
            how.clone()
        });
        all.push((events, joined));
    }
    all.extend(servers.into_iter().flatten().map(|group| (group.events, None)));
    all.extend(settle::gather(messages, rest, bytes).into_iter().map(|events| (events, None)));
    all
}

impl Group {
    fn of(messages: &Messages, events: Vec<Event>) -> Self {
        let mut group = Self {
            time: events.iter().find_map(|event| event.time.as_deref().and_then(when::seconds)),
            words: HashSet::new(),
            ports: HashSet::new(),
            spis: HashSet::new(),
            slots: HashSet::new(),
            lists: HashSet::new(),
            events: Vec::new(),
        };
        for event in &events {
            for (key, text, _) in &event.captures {
                let text = text.as_str();
                match key.as_str() {
                    "peer" | "host" | "user" | "own_address" | "connection" => {
                        group.words.insert(peers::normal(text));
                    }
                    "port" | "own_port" if text.parse::<u16>().is_ok_and(|port| port >= 1024) => {
                        group.ports.insert(text.to_owned());
                    }
                    key if key.ends_with("offer") && text.len() > 4 => {
                        group.lists.insert(text.to_owned());
                    }
                    _ => {}
                }
            }
            group.spis.extend(spis(&event.piece.bytes));
            if let Some(entry) = messages.entry(event.entry)
                && entry.kind != "context"
                && !entry.slot.is_empty()
            {
                group.slots.insert(entry.slot.clone());
            }
        }
        group.events = events;
        group
    }

    /// How much speaks for both being the same connection, and what most of all.
    fn likeness(&self, other: &Self, offset: Option<f64>) -> (u32, String) {
        let shared = |one: &HashSet<String>, two: &HashSet<String>| one.intersection(two).count() as u32;
        let mut weight = 0;
        let mut how = Vec::new();
        let mut add = |points: u32, what: &str| {
            weight += points;
            if points > 0 {
                how.push(what.to_owned());
            }
        };
        add(if self.spis.is_disjoint(&other.spis) { 0 } else { 100 }, "SPI");
        add(shared(&self.ports, &other.ports).min(1) * 40, "port");
        add(shared(&self.words, &other.words).min(2) * 10, "name");
        add(shared(&self.lists, &other.lists).min(3) * 10, "lists");
        add(shared(&self.slots, &other.slots).min(1) * 5, "what failed");
        if let (Some(one), Some(two), Some(offset)) = (self.time, other.time, offset) {
            let apart = (two - one - offset).abs();
            if apart <= APART {
                add(30 - (apart * 2.0) as u32, "time");
            } else {
                // The same lists are offered time and again.
                weight = if self.spis.is_disjoint(&other.spis) { 0 } else { weight };
            }
        }
        (weight, how.join(", "))
    }
}

/// For attempts of the client the one of the server, and how it was found.
fn pairs(clients: &[Group], servers: &[Group]) -> HashMap<usize, (usize, String)> {
    let mut pairs = HashMap::new();
    if let ([_], [_]) = (clients, servers) {
        pairs.insert(0, (0, "each tells of one attempt".to_owned()));
        return pairs;
    }
    let offset = offset(clients, servers);
    let mut likely: Vec<(u32, usize, usize, String)> = Vec::new();
    for (client, one) in clients.iter().enumerate().take(MOST) {
        for (server, two) in servers.iter().enumerate().take(MOST) {
            let (weight, how) = one.likeness(two, offset);
            if weight >= ENOUGH {
                likely.push((weight, client, server, how));
            }
        }
    }
    likely.sort_by_key(|(weight, client, server, _)| (std::cmp::Reverse(*weight), *client, *server));
    let mut taken = HashSet::new();
    for (_, client, server, how) in likely {
        if !pairs.contains_key(&client) && taken.insert(server) {
            let clocks = match offset {
                Some(offset) if offset.abs() >= 2.0 => format!("; the clocks are {:.0} s apart", offset.abs()),
                _ => String::new(),
            };
            pairs.insert(client, (server, format!("they share {how}{clocks}")));
        }
    }
    if pairs.is_empty() && clients.len() == servers.len() && offset.is_none() {
        let order = "by their order, for want of times and addresses";
        pairs.extend((0..clients.len()).map(|index| (index, (index, order.to_owned()))));
    }
    pairs
}

/// How much later the server's clock is: the difference that brings most attempts together, the smallest of those.
fn offset(clients: &[Group], servers: &[Group]) -> Option<f64> {
    const COMPARED: usize = 60;
    let times =
        |groups: &[Group]| -> Vec<f64> { groups.iter().filter_map(|group| group.time).take(COMPARED).collect() };
    let (clients, servers) = (times(clients), times(servers));
    let apart: Vec<f64> = clients.iter().flat_map(|one| servers.iter().map(move |two| two - one)).collect();
    let together = |offset: f64| {
        clients.iter().filter(|one| servers.iter().any(|two| (*two - **one - offset).abs() <= APART / 2.0)).count()
    };
    let best = apart.iter().map(|offset| (together(*offset), *offset));
    best.min_by(|one, other| other.0.cmp(&one.0).then(one.1.abs().total_cmp(&other.1.abs()))).map(|(_, offset)| offset)
}

/// Runs of 16 hexadecimal digits.
fn spis(line: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let words = line.split(|byte| !byte.is_ascii_hexdigit());
    let zero = |word: &[u8]| word.iter().all(|byte| *byte == b'0');
    words.filter(move |word| word.len() == 16 && !zero(word)).map(<[u8]>::to_ascii_lowercase)
}
