//! Which attempt a message belongs to, while the text is still being read.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};

use shakedown_model::Role;

use crate::event::Event;
use crate::peers;
use crate::quick::Quick;

/// What tells one attempt from another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) file: usize,
    pub(crate) host: Vec<u8>,
    pub(crate) program: Vec<u8>,
    pub(crate) process: Vec<u8>,
    pub(crate) connection: Vec<u8>,
    /// Where all of that is the same: the peer and the time tell them apart.
    pub(crate) part: u32,
}

/// An attempt that may go on.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) key: Key,
    pub(crate) events: Vec<Event>,
    peer: Option<Peer>,
    /// When it was last heard of.
    time: Option<f64>,
    /// Whether more than the set-up was said.
    pub(crate) matters: bool,
    /// Whether the last that mattered was a success.
    works: bool,
    /// Whether one of what matters names the peer.
    names_peer: bool,
    /// The number of its last message.
    pub(crate) touched: u64,
    size: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Peer {
    name: String,
    port: Option<String>,
}

impl Peer {
    /// Whether both may be the same connection.
    fn fits(&self, other: &Self) -> bool {
        self.name == other.name && (self.port.is_none() || other.port.is_none() || self.port == other.port)
    }
}

/// What is known of a message's line besides the key.
pub(crate) struct Hint {
    /// The worker of the program that wrote it: it does one thing at a time.
    pub(crate) worker: Option<Vec<u8>>,
    /// What part the message plays.
    pub(crate) kind: Kind,
    pub(crate) seconds: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Context,
    Success,
    /// The end of something.
    Consequence,
    Failure,
}

/// Different messages kept of one attempt.
const EVENTS: usize = 256;
/// Attempts that are kept open.
const MOST: usize = 4096;
/// Bytes that all open attempts may take together.
const MEMORY: usize = 24 << 20;
/// Attempts of one key that a message is compared with.
const COMPARED: usize = 64;
/// Seconds without a message after which a further one begins another attempt, where nothing else tells them apart.
const GAP: f64 = 120.0;

/// All attempts that may go on.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    open: HashMap<u64, Open, Quick>,
    /// What attempts are found by stands in these as a number that nobody can choose.
    numbers: RandomState,
    by_key: HashMap<u64, Vec<u64>, Quick>,
    /// Of programs that give a connection to a process of its own, or to several.
    by_peer: HashMap<u64, u64, Quick>,
    by_worker: HashMap<u64, u64, Quick>,
    next: u64,
    size: usize,
}

impl Tracker {
    /// Adds a message to the attempt that it belongs to.
    pub(crate) fn add(&mut self, mut key: Key, event: Event, hint: &Hint, ordered: bool) {
        let is_sshd = family(&mut key.program);
        let peer = peer(&event);
        let id = self.place(&key, peer.as_ref(), &event, hint, is_sshd);
        if let Some(worker) = &hint.worker {
            let base = Key { connection: Vec::new(), ..key.clone() };
            self.by_worker.insert(self.number((&base, worker)), id);
        }
        if is_sshd && let Some(peer) = peer.as_ref().filter(|peer| peer.port.is_some()) {
            self.by_peer.insert(self.number((key.file, &key.host, peer)), id);
        }
        let Some(open) = self.open.get_mut(&id) else { return };
        open.peer = match (open.peer.take(), peer) {
            (Some(old), Some(new)) if old.port.is_some() || new.port.is_none() => Some(old),
            (old, new) => new.or(old),
        };
        open.time = hint.seconds.or(open.time);
        open.touched = event.number;
        match hint.kind {
            Kind::Context => {}
            kind => {
                open.matters = true;
                open.names_peer |= event.capture("peer").is_some();
                open.works = kind == Kind::Success || open.works && kind == Kind::Consequence;
            }
        }
        // A heading and the lists below it lose their meaning when they are put together with others.
        let same = if ordered { None } else { open.events.iter().rposition(|other| other.is_same(&event)) };
        if let Some(index) = same {
            let Some(same) = open.events.get_mut(index) else { return };
            same.times += 1;
            same.number = event.number;
            same.last_time = event.time.or(same.last_time.take());
        } else if open.events.len() < EVENTS {
            let size = event.size();
            open.size += size;
            self.size += size;
            open.events.push(event);
        }
    }

    fn number(&self, of: impl Hash) -> u64 {
        self.numbers.hash_one(of)
    }

    /// Where the attempts of a key are found.
    fn number_of(&self, key: &Key) -> u64 {
        self.number((key.file, &key.host, &key.program, &key.process, &key.connection))
    }

    fn place(&mut self, key: &Key, peer: Option<&Peer>, event: &Event, hint: &Hint, is_sshd: bool) -> u64 {
        let ids = self.by_key.get(&self.number_of(key)).map(Vec::as_slice).unwrap_or_default();
        let is_open = |id: &&u64| self.open.contains_key(*id);
        let latest = ids.iter().rev().find(is_open).copied();
        // What a server writes of a peer and its port is of one connection, also where no log says which program wrote it.
        let has_port = peer.is_some_and(|peer| peer.port.is_some());
        let serves = match event.printed_by {
            Some(Role::Client) => false,
            Some(Role::Server) => has_port || !key.program.is_empty(),
            None => !key.program.is_empty(),
        };
        let mut found = latest;
        if let Some(peer) = peer
            && serves
        {
            let of = |id: &u64| self.open.get(id).map(|open| open.peer.as_ref());
            let fits = |id: &&u64| of(id).flatten().is_some_and(|other| other.fits(peer));
            // A port that failed before belongs to a new connection now.
            let goes_on = |id: &&u64| self.open.get(*id).is_some_and(|open| !open.matters);
            let elsewhere = || self.by_peer.get(&self.number((key.file, &key.host, peer))).filter(goes_on);
            let other = if is_sshd { elsewhere() } else { None };
            let nobody = latest.filter(|id| of(id) == Some(None));
            // What `sshd` says on its own before it drops a connection: no program and no process ties the two together.
            let announced = |id: &u64| self.open.get(id).is_some_and(|open| open.matters && !open.names_peer);
            let lead = latest.filter(|id| key.program.is_empty() && hint.kind != Kind::Context && announced(id));
            found = ids.iter().rev().take(COMPARED).find(fits).or(other).copied().or(nobody).or(lead);
            if let (Some(found), Some(before)) = (found, nobody)
                && found != before
                && !key.process.is_empty()
                && is_sshd
            {
                self.join(before, found);
            }
        } else if key.connection.is_empty()
            && let Some(worker) = &hint.worker
        {
            found = self.by_worker.get(&self.number((key, worker))).filter(is_open).copied().or(latest);
        }
        if found.is_none()
            && !key.connection.is_empty()
            && let Some(worker) = &hint.worker
        {
            // The connection's name becomes known in the middle.
            let base = self.number((&Key { connection: Vec::new(), ..key.clone() }, worker));
            let unnamed = |id: &&u64| self.open.get(*id).is_some_and(|open| open.key.connection.is_empty());
            found = self.by_worker.get(&base).filter(unnamed).copied();
            if let Some(id) = found {
                self.rename(id, key);
            }
        }
        match found {
            Some(id) if !self.is_over(id, key, hint, is_sshd) => id,
            _ => self.begin(key),
        }
    }

    /// Whether so much time has passed that the message belongs to another attempt.
    fn is_over(&self, id: u64, key: &Key, hint: &Hint, is_sshd: bool) -> bool {
        let Some(open) = self.open.get(&id) else { return true };
        let has_id = !key.connection.is_empty() || is_sshd && !key.process.is_empty();
        if has_id || !open.matters || hint.kind == Kind::Context || open.works && hint.kind == Kind::Consequence {
            return false;
        }
        let apart = open.time.zip(hint.seconds).map(|(before, now)| now - before);
        apart.is_some_and(|apart| apart >= GAP)
    }

    fn begin(&mut self, key: &Key) -> u64 {
        let id = self.next;
        self.next += 1;
        let ids = self.by_key.entry(self.number_of(key)).or_default();
        let part = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        ids.push(id);
        let open = Open {
            key: Key { part, ..key.clone() },
            events: Vec::new(),
            peer: None,
            time: None,
            matters: false,
            works: false,
            names_peer: false,
            touched: 0,
            size: 0,
        };
        self.open.insert(id, open);
        id
    }

    /// Puts an attempt into another one.
    fn join(&mut self, from: u64, into: u64) {
        let Some(gone) = self.open.remove(&from) else { return };
        let number = self.number_of(&gone.key);
        let Some(open) = self.open.get_mut(&into) else { return };
        open.events.extend(gone.events);
        open.size += gone.size;
        open.matters |= gone.matters;
        if let Some(ids) = self.by_key.get_mut(&number) {
            ids.iter_mut().filter(|id| **id == from).for_each(|id| *id = into);
        }
    }

    fn rename(&mut self, id: u64, key: &Key) {
        let Some(open) = self.open.get_mut(&id) else { return };
        let old = std::mem::replace(&mut open.key, key.clone());
        let old = self.number_of(&old);
        if let Some(ids) = self.by_key.get_mut(&old) {
            ids.retain(|other| *other != id);
        }
        self.by_key.entry(self.number_of(key)).or_default().push(id);
    }

    /// Takes out what was heard of least lately, if there is more than there is room for.
    pub(crate) fn close_old(&mut self) -> Vec<Open> {
        if self.open.len() <= MOST && self.size <= MEMORY {
            return Vec::new();
        }
        let mut touched: Vec<u64> = self.open.values().map(|open| open.touched).collect();
        let middle = touched.len() / 2;
        let (_, middle, _) = touched.select_nth_unstable(middle);
        let middle = *middle;
        self.close(|open| open.touched <= middle)
    }

    /// Takes out what fits, in the order of the text.
    pub(crate) fn close(&mut self, mut fits: impl FnMut(&Open) -> bool) -> Vec<Open> {
        let ids: Vec<u64> = self.open.iter().filter(|(_, open)| fits(open)).map(|(id, _)| *id).collect();
        let mut closed: Vec<(u64, Open)> = ids.iter().filter_map(|id| self.open.remove_entry(id)).collect();
        closed.sort_by_key(|(id, _)| *id);
        self.size = self.open.values().map(|open| open.size).sum();
        let open = &self.open;
        self.by_key.retain(|_, ids| {
            ids.retain(|id| open.contains_key(id));
            !ids.is_empty()
        });
        self.by_peer.retain(|_, id| open.contains_key(id));
        self.by_worker.retain(|_, id| open.contains_key(id));
        closed.into_iter().map(|(_, open)| open).collect()
    }
}

/// From OpenSSH 9.8 on `sshd-session` serves the connections that `sshd` accepts, from 10.0 on with `sshd-auth`.
fn family(program: &mut Vec<u8>) -> bool {
    let name = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let is_sshd = [&b"sshd"[..], b"sshd-session", b"sshd-auth"].contains(&name);
    let has_processes = is_sshd || name == b"dropbear";
    if is_sshd && program != b"sshd" {
        *program = b"sshd".to_vec();
    }
    has_processes
}

fn peer(event: &Event) -> Option<Peer> {
    let name = event.capture("peer").filter(|name| !name.as_str().is_empty())?;
    let name = peers::normal(name.as_str());
    Some(Peer { name, port: event.capture("port").map(|port| port.as_str().to_owned()) })
}
