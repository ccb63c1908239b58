//! Attempts that went the same way are one, and peers that never succeed are told from those that do.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

use shakedown_model::{IncidentResult, Role, Said, Standing};

use crate::attempt::{Attempt, Place};
use crate::event::Event;
use crate::peers::{self, KnownPeer};
use crate::{Messages, settle};

/// Classes of attempts.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    attempts: Vec<Attempt>,
    places: HashMap<u64, usize>,
    /// Without the peer, of those that came when there were too many.
    crowds: HashMap<u64, (usize, HashSet<u64>)>,
    history: History,
    size: usize,
    /// What attempts of a shape came to, which nothing else has to be known of than the peer and the time.
    shapes: HashMap<u64, Shape>,
}

/// What all attempts of a shape have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    result: IncidentResult,
    printed_by: Option<Role>,
    with_lists: u64,
    without_lists: u64,
}

/// Who was seen, and with what success.
#[derive(Debug, Default)]
pub(crate) struct History {
    known: Vec<KnownPeer>,
    succeeded: HashSet<String>,
    /// Peers that failed, by hash: there may be many.
    failed: HashSet<u64>,
    failed_of_known: HashSet<u64>,
}

/// Classes that are kept apart by peer.
const MOST: usize = 1024;
/// Bytes that they may take.
const MEMORY: usize = 16 << 20;
/// Shapes that are remembered.
const SHAPES: usize = 4096;
/// Peers that are remembered.
const PEERS: usize = 200_000;
/// Peers that fail and never succeed, from which on they are taken for what every machine on the internet sees. Where
/// nobody at all succeeds, it may as well be the server's fault.
const MANY: usize = 3;
const MANY_WHERE_NOBODY_SUCCEEDS: usize = 10;

impl History {
    pub(crate) fn know(&mut self, known: Vec<KnownPeer>) {
        self.known = known;
    }

    /// Remembers a peer that had success.
    pub(crate) fn succeeded(&mut self, peer: &str) {
        let peer = peers::normal(peer);
        self.failed.remove(&hash(&peer));
        if self.succeeded.len() < PEERS {
            self.succeeded.insert(peer);
        }
    }

    /// Remembers how an attempt ended.
    pub(crate) fn see(&mut self, attempt: &Attempt) {
        self.ended(attempt.peer.as_deref(), attempt.result, knocks(attempt));
    }

    /// The same of a peer, and whether it is one that came here.
    fn ended(&mut self, peer: Option<&str>, result: IncidentResult, knocks: bool) {
        let Some(peer) = peer.map(peers::normal) else { return };
        match result {
            IncidentResult::Succeeded | IncidentResult::Recovered => self.succeeded(&peer),
            IncidentResult::Failed | IncidentResult::Unknown if knocks => {
                let known = self.is_known(&peer);
                let set = if known { &mut self.failed_of_known } else { &mut self.failed };
                if set.len() < PEERS {
                    set.insert(hash(&peer));
                }
            }
            _ => {}
        }
    }

    fn is_known(&self, peer: &str) -> bool {
        self.succeeded.contains(peer) || self.known.iter().any(|known| known.fits(peer))
    }

    /// Whether the peer of an attempt is one to worry about.
    pub(crate) fn standing(&self, attempt: &Attempt) -> Standing {
        let peer = attempt.peer.as_deref().map(peers::normal);
        if peer.as_ref().is_some_and(|peer| self.is_known(peer)) {
            return Standing::Known;
        }
        let nobody = self.succeeded.is_empty() && self.known.is_empty();
        let many = if nobody { MANY_WHERE_NOBODY_SUCCEEDS } else { MANY };
        let failed = matches!(attempt.result, IncidentResult::Failed | IncidentResult::Unknown);
        let stranger = failed && knocks(attempt) && self.failed.len() >= many;
        if stranger { Standing::Stranger } else { Standing::Unremarkable }
    }
}

/// Whether it is the peer that came here.
fn knocks(attempt: &Attempt) -> bool {
    (attempt.peer.is_some() || attempt.peers > 1) && attempt.printed_by == Some(Role::Server)
}

impl Classes {
    pub(crate) fn history(&mut self) -> &mut History {
        &mut self.history
    }

    /// Adds the attempt that some messages are of to those that went the same way.
    pub(crate) fn add_events(&mut self, messages: &Messages, events: Vec<Event>) {
        let number = settle::shape(messages, &events);
        let Some(shape) = self.shapes.get(&number).copied() else {
            let attempt = settle::attempt(messages, events);
            if self.shapes.len() < SHAPES {
                self.shapes.insert(number, Shape::of(&attempt));
            }
            return self.add(attempt);
        };
        debug_assert_eq!(Shape::of(&settle::attempt(messages, events.clone())), shape, "{events:?}");
        if !events.is_empty() {
            let (peer, last) = (settle::peer(&events).map(str::to_owned), settle::last(&events).cloned());
            self.put(shape, peer.as_deref(), last, || settle::attempt(messages, events));
        }
    }

    /// Adds an attempt to those that went the same way.
    pub(crate) fn add(&mut self, attempt: Attempt) {
        if !attempt.said.is_empty() {
            let (peer, last) = (attempt.peer.clone(), attempt.last.clone());
            self.put(Shape::of(&attempt), peer.as_deref(), last, || attempt);
        }
    }

    /// Adds an attempt, which is made only where it is not yet known.
    fn put(&mut self, shape: Shape, peer: Option<&str>, last: Option<String>, attempt: impl FnOnce() -> Attempt) {
        self.history.ended(peer, shape.result, peer.is_some() && shape.printed_by == Some(Role::Server));
        let key = hash(&(peer, shape.with_lists));
        if let Some(same) = self.places.get(&key).and_then(|place| self.attempts.get_mut(*place)) {
            join(same, last);
            return;
        }
        if self.attempts.len() < MOST && self.size < MEMORY {
            let attempt = attempt();
            self.size += size(&attempt);
            self.places.insert(key, self.attempts.len());
            self.attempts.push(attempt);
            return;
        }
        let peer = peer.map(|peer| hash(&peers::normal(peer)));
        // Past all bounds, what is rare is counted with the rest.
        let full = self.crowds.len() >= MOST;
        let found = self.crowds.get_mut(&shape.without_lists);
        let found = if found.is_none() && full { return } else { found };
        match found {
            Some((place, seen)) => {
                let Some(same) = self.attempts.get_mut(*place) else { return };
                if seen.len() < PEERS {
                    seen.extend(peer);
                }
                same.peers = (seen.len() as u64).max(1);
                join(same, last);
            }
            None => {
                self.crowds.insert(shape.without_lists, (self.attempts.len(), peer.into_iter().collect()));
                self.attempts.push(Attempt { peer: None, ..attempt() });
            }
        }
    }

    /// All of them, those of peers to worry about first, then in the order of the text.
    pub(crate) fn finish(mut self) -> Vec<Attempt> {
        for attempt in &mut self.attempts {
            attempt.standing = self.history.standing(attempt);
        }
        self.attempts
    }

    /// How many different peers failed and never succeeded.
    pub(crate) fn strangers(&self) -> u64 {
        self.history.failed.len() as u64
    }
}

fn join(same: &mut Attempt, last: Option<String>) {
    same.count += 1;
    same.last = last.or(same.last.take());
}

fn size(attempt: &Attempt) -> usize {
    let pieces: usize = attempt.pieces.iter().map(|piece| piece.bytes.len()).sum();
    // A message is kept with its captures and what it points to.
    pieces + attempt.said.iter().map(|(said, _)| 1024 + 2 * said.text.as_str().len()).sum::<usize>()
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Shape {
    fn of(attempt: &Attempt) -> Self {
        let (result, printed_by) = (attempt.result, attempt.printed_by);
        Self { result, printed_by, with_lists: signature(attempt, true), without_lists: signature(attempt, false) }
    }
}

/// What makes two attempts of one peer the same: the messages that point to a cause, with the lists in them or without,
/// and what became of it.
fn signature(attempt: &Attempt, with_lists: bool) -> u64 {
    let matters = |(said, _): &&(Said, Place)| !said.indications.is_empty();
    let lists = |said: &Said| -> Vec<(String, String)> {
        let captures = said.captures.iter().filter(|(key, _)| with_lists && key.ends_with("offer"));
        captures.map(|(key, text)| (key.clone(), text.as_str().to_owned())).collect()
    };
    let mut said: Vec<_> =
        attempt.said.iter().filter(matters).map(|(said, _)| (said.message.clone(), lists(said))).collect();
    said.sort();
    said.dedup();
    hash(&(said, attempt.result.as_str()))
}
