use std::collections::HashMap;
use std::iter;
use std::ops::Range;
use std::sync::Arc;

use shakedown_model::Role;

use crate::attempt::{Attempt, Piece, Place};
use crate::classes::Classes;
use crate::event::{self, Event};
use crate::hit::{self, Hit, Lines};
use crate::kept::Kept;
use crate::nearest::Unrecognised;
use crate::open::{Hint, Key, Kind, Tracker};
use crate::peers::KnownPeer;
use crate::role::role;
use crate::rough::{LINES, Rough, Seen};
use crate::settle::{self, PASTED};
use crate::{Clean, Envelope, Messages, sides, when};

/// Reads a text block by block and gathers what belongs together.
///
/// Memory is bounded: what an attempt says is kept once however often it is said, attempts that nothing was heard of for
/// long are taken for over, and those that are over are folded into those that went the same way.
pub struct Reader<'a> {
    messages: &'a Messages,
    tracker: Tracker,
    classes: Classes,
    /// Whose text a file is, where the person has said it.
    roles: HashMap<usize, (Role, u64)>,
    next_line: NextLine,
    unrecognised: Unrecognised,
    rough: Rough,
    /// Parts that are still to be read closely.
    kept: Kept,
    bytes: u64,
    found: u64,
    /// The number of the last message before the last look at what is over.
    looked: u64,
}

/// Texts of more bytes are looked over first.
const LONG: usize = 256 * 1024;

/// Which line of the file that is read comes next.
#[derive(Debug, Default)]
struct NextLine {
    file: usize,
    next: usize,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    pub fn new(messages: &'a Messages) -> Self {
        Self {
            messages,
            tracker: Tracker::default(),
            classes: Classes::default(),
            roles: HashMap::new(),
            next_line: NextLine::default(),
            unrecognised: Unrecognised::default(),
            rough: Rough::default(),
            kept: Kept::default(),
            bytes: 0,
            found: 0,
            looked: 0,
        }
    }

    /// These peers are known to the person.
    pub fn know(&mut self, known: Vec<KnownPeer>) {
        self.classes.history().know(known);
    }

    /// Says whose text a file is. What the client's and the server's files say of one connection is put together.
    pub fn set_role(&mut self, file: usize, role: Role) {
        self.roles.insert(file, (role, 0));
    }

    /// Reads whole lines of a file, which begin at that byte of it. The blocks of a file come in their order.
    pub fn read(&mut self, file: usize, offset: u64, original: &[u8]) {
        if self.next_line.file != file || offset == 0 {
            self.next_line = NextLine { file, next: 1 };
        }
        let clean = Clean::of(original);
        self.bytes += original.len() as u64;
        if let Some((_, bytes)) = self.roles.get_mut(&file) {
            *bytes += original.len() as u64;
        }
        let text = clean.bytes();
        let Seen { parts, lines: places, .. } = self.look_over(file, text);
        // Where nothing was taken out, the lines are those of the file.
        let places = if clean.is_changed() { Vec::new() } else { places };
        let mut line = Counter { original, at: 0, line: self.next_line.next, first: self.next_line.next, places };
        if self.kept.file != file || self.kept.is_full() {
            self.read_kept();
        }
        // What one end said is put together with what the other said, as it comes.
        let can_wait = text.len() > LONG && !clean.is_changed() && self.found > 0 && self.roles.is_empty();
        if !can_wait || !self.kept.take(file, offset, text, &parts, |at| line.at(at)) {
            self.read_kept();
            let lines = Lines::of(text);
            let mut hits = hit::find(self.messages, &lines, &parts);
            if offset == 0 && original.len() as u64 <= PASTED {
                hits.extend(hit::plain(self.messages, &lines, &hits));
                hits.sort_by_key(|hit| hit.span.start);
            }
            if self.found == 0 && hits.is_empty() {
                self.unrecognised.see(text);
            }
            let at = |span: Range<usize>| {
                let original = clean.original(span);
                Place { file, start: offset + original.start as u64, end: offset + original.end as u64 }
            };
            for found in hits {
                let mut piece = event::piece(file, offset, 0, original, clean.original(found.span.clone()));
                piece.line = line.at(usize::try_from(piece.offset - offset).unwrap_or(0));
                self.message(file, &lines, &found, at, piece);
            }
            self.close_old();
        }
        self.next_line.next = line.at(original.len());
    }

    /// Reads the parts closely that were kept.
    fn read_kept(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        if !kept.parts.is_empty() {
            let lines = Lines::of(&kept.text);
            for found in hit::find(self.messages, &lines, &kept.parts) {
                let piece = kept.piece(found.span.clone());
                self.message(kept.file, &lines, &found, |span| kept.place(span), piece);
            }
            self.close_old();
        }
        kept.clear();
        self.kept = kept;
    }

    /// Bounds the memory of what may go on.
    fn close_old(&mut self) {
        if self.bytes > PASTED && self.roles.is_empty() {
            for open in self.tracker.close_old() {
                self.classes.add_events(self.messages, open.events);
            }
        }
    }

    /// What of a text is read closely: all of a short one, of a long one what may be of interest.
    fn look_over(&mut self, file: usize, text: &[u8]) -> Seen {
        if text.len() <= LONG {
            return Seen { parts: iter::once(0..text.len()).collect(), ..Seen::default() };
        }
        let mut seen = self.rough.see(self.messages, file, text);
        self.found += seen.successes.len() as u64;
        let history = self.classes.history();
        seen.successes.iter().for_each(|peer| history.succeeded(peer));
        if seen.parts.is_empty() && self.found == 0 {
            // Nothing failed, but something may have ended.
            seen.parts = iter::once(0..hit::line_of(text, LONG).end).collect();
        }
        seen
    }

    /// Takes a message that was found in a file, with the lines that it stands in.
    fn message(
        &mut self,
        file: usize,
        lines: &Lines<'_>,
        found: &Hit<'_>,
        at: impl Fn(Range<usize>) -> Place,
        piece: Piece,
    ) {
        let Some(entry) = self.messages.entry(found.entry) else { return };
        let text = lines.text;
        let line = text.get(found.line.clone()).unwrap_or_default();
        let envelope = lines.envelope(&found.line);
        self.found += 1;
        let event = Event {
            entry: found.entry,
            place: at(found.span.clone()),
            text: event::name(text, &found.span),
            captures: event::captures(text, found, at),
            printed_by: self
                .roles
                .get(&file)
                .map(|(role, _)| *role)
                .or_else(|| role(entry, text, found, line, &envelope)),
            time: part(line, envelope.time.as_ref()),
            times: 1,
            last_time: None,
            number: self.found,
            piece: Arc::new(piece),
        };
        let hint = Hint {
            worker: worker(line.get(..envelope.message).unwrap_or_default()),
            kind: match entry.kind.as_str() {
                "context" => Kind::Context,
                "success" => Kind::Success,
                "consequence" => Kind::Consequence,
                _ => Kind::Failure,
            },
            seconds: event.time.as_deref().and_then(when::seconds),
        };
        let ordered = !entry.begins_offer_of.is_empty() || event.capture("offer").is_some();
        self.tracker.add(key(file, line, &envelope), event, &hint, ordered);
    }

    /// Messages found so far; those of parts that wait to be read closely are still to come.
    pub fn found(&self) -> u64 {
        self.found
    }

    /// Where nothing was recognised: lines of the text and the known messages that they look like.
    pub fn nearest(&self) -> Vec<(String, String)> {
        if self.found > 0 { Vec::new() } else { self.unrecognised.nearest(self.messages) }
    }

    /// The attempts that nothing was heard of since the last call, each by itself; for a text that is still growing.
    pub fn settled(&mut self) -> Vec<Attempt> {
        self.read_kept();
        let looked = std::mem::replace(&mut self.looked, self.found);
        let closed = self.tracker.close(|open| open.touched <= looked);
        self.take(closed)
    }

    /// The attempts that are still open, each by itself, when a text that was growing is at its end.
    pub fn rest(&mut self) -> Vec<Attempt> {
        self.read_kept();
        let closed = self.tracker.close(|_| true);
        self.take(closed)
    }

    fn take(&mut self, closed: Vec<crate::open::Open>) -> Vec<Attempt> {
        let closed = closed.into_iter().filter(|open| open.matters);
        let mut attempts: Vec<Attempt> =
            closed.map(|open| settle::attempt(self.messages, open.events)).filter(|one| !one.said.is_empty()).collect();
        let history = self.classes.history();
        attempts.iter().for_each(|attempt| history.see(attempt));
        for attempt in &mut attempts {
            attempt.standing = history.standing(attempt);
        }
        attempts
    }

    /// All attempts, in the order of the text, and how many different peers failed that never succeeded.
    pub fn finish(mut self) -> (Vec<Attempt>, u64) {
        self.read_kept();
        let keyed = self.tracker.close(|_| true).into_iter().map(|open| (open.key, open.events)).collect();
        if self.roles.is_empty() {
            for events in settle::gather(self.messages, keyed, self.bytes) {
                self.classes.add_events(self.messages, events);
            }
        } else {
            for (events, joined) in sides::gather(self.messages, keyed, self.bytes, &self.roles) {
                self.classes.add(Attempt { joined, ..settle::attempt(self.messages, events) });
            }
        }
        let strangers = self.classes.strangers();
        (self.classes.finish(), strangers)
    }
}

/// Counts the lines of a block.
struct Counter<'a> {
    original: &'a [u8],
    at: usize,
    line: usize,
    /// The number of the first line.
    first: usize,
    /// Where every [`LINES`]th line begins, if that is known.
    places: Vec<usize>,
}

impl Counter<'_> {
    /// The line that a byte stands in.
    fn at(&mut self, at: usize) -> usize {
        let count =
            |range: Range<usize>| memchr::memchr_iter(b'\n', self.original.get(range).unwrap_or_default()).count();
        let place = self.places.partition_point(|place| *place <= at).saturating_sub(1);
        if let Some(begin) = self.places.get(place).filter(|begin| at < self.at || **begin > self.at) {
            (self.at, self.line) = (*begin, self.first + place * LINES);
        }
        // Messages come in the order of the clean text, which may change that of the original a little.
        self.line = if at >= self.at { self.line + count(self.at..at) } else { self.line - count(at..self.at) };
        self.at = at;
        self.line
    }
}

fn key(file: usize, line: &[u8], envelope: &Envelope) -> Key {
    let bytes =
        |range: Option<&Range<usize>>| range.and_then(|range| line.get(range.clone())).unwrap_or_default().to_vec();
    Key {
        file,
        host: bytes(envelope.host.as_ref()),
        program: bytes(envelope.program.as_ref()),
        process: bytes(envelope.process.as_ref()),
        connection: bytes(envelope.connection.as_ref()),
        part: 0,
    }
}

/// `09` of `09[IKE] `: the thread of charon that does one thing at a time.
fn worker(prefix: &[u8]) -> Option<Vec<u8>> {
    let prefix = prefix.trim_ascii_end();
    let prefix = match prefix.ends_with(b">") {
        true => prefix.get(..memchr::memrchr(b'<', prefix)?)?.trim_ascii_end(),
        false => prefix,
    };
    let open = prefix.strip_suffix(b"]")?.len().checked_sub(4)?;
    let (before, subsystem) = prefix.split_at_checked(open)?;
    let is_subsystem = subsystem.iter().skip(1).take(3).all(u8::is_ascii_uppercase) && subsystem.starts_with(b"[");
    let digits = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let number = before.get(before.len() - digits..)?;
    (is_subsystem && (1..=3).contains(&digits)).then(|| number.to_vec())
}

fn part(line: &[u8], range: Option<&Range<usize>>) -> Option<String> {
    Some(String::from_utf8_lossy(line.get(range?.clone())?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_of_charon() {
        assert_eq!(worker(b"Nov 21 10:00:00 gw charon[7]: 09[IKE] <site-a|3> "), Some(b"09".to_vec()));
        assert_eq!(worker(b"13[NET] "), Some(b"13".to_vec()));
        assert_eq!(worker(b"Nov 21 10:00:00 gw sshd[7]: "), None);
        assert_eq!(worker(b""), None);
    }
}
