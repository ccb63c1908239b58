use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use memchr::memmem;
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::{Input, PatternID};

use crate::data::LINES;
use crate::needs::Needs;
use crate::quick::Quick;
use crate::{Envelope, Messages};

/// A message found in clean text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit<'a> {
    /// The entry, by place.
    pub(crate) entry: usize,
    /// The words matched.
    pub(crate) span: Range<usize>,
    /// The parts that have a name.
    pub(crate) captures: Vec<(&'a str, Range<usize>)>,
    /// The line that the match begins in.
    pub(crate) line: Range<usize>,
}

/// Clean text, and what logs wrote before each of its lines that was looked at.
pub(crate) struct Lines<'a> {
    pub(crate) text: &'a [u8],
    /// What was read last before the messages of some lines, by where they begin.
    envelopes: RefCell<[Before; ENVELOPES]>,
    /// The lines that were put together last.
    joined: RefCell<VecDeque<Rc<Joined>>>,
    /// The part that was last looked at with small letters.
    small: RefCell<(Range<usize>, Vec<u8>)>,
}

/// What stands before the message of the line that begins at a place.
type Before = Option<(usize, Rc<Envelope>)>;

/// Lines put together that are kept: the messages that are looked for in a line ask for a few different ones.
const JOINED: usize = 8;
/// Lines of which it is remembered what stands before their messages.
const ENVELOPES: usize = 64;

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        let envelopes = RefCell::new([const { None }; ENVELOPES]);
        Self { text, envelopes, joined: RefCell::default(), small: RefCell::default() }
    }

    /// What stands before the message of a line.
    pub(crate) fn envelope(&self, line: &Range<usize>) -> Rc<Envelope> {
        let mut envelopes = self.envelopes.borrow_mut();
        // Lines that are looked at together are near each other, and of different lengths.
        let Some(place) = envelopes.get_mut(line.start % ENVELOPES) else { return Rc::default() };
        if let Some((start, envelope)) = place
            && *start == line.start
        {
            return Rc::clone(envelope);
        }
        let envelope = Rc::new(Envelope::read(self.text.get(line.clone()).unwrap_or_default()));
        *place = Some((line.start, Rc::clone(&envelope)));
        envelope
    }

    /// Whether a part of the text has what a pattern needs.
    fn have(&self, window: &Range<usize>, needs: &Needs) -> bool {
        let (seen, small) = &mut *self.small.borrow_mut();
        if window.start < seen.start || window.end > seen.end {
            *seen = window.start.saturating_sub(SMALL)..self.text.len().min(window.end + SMALL);
            small.clear();
            small.extend_from_slice(self.text.get(seen.clone()).unwrap_or_default());
            small.make_ascii_lowercase();
        }
        needs.are_in(small.get(window.start - seen.start..window.end - seen.start).unwrap_or_default())
    }

    /// Some lines with or without what stands before their messages.
    fn joined(&self, window: &Range<usize>, prefix: Prefix) -> Rc<Joined> {
        let mut all = self.joined.borrow_mut();
        if let Some(joined) = all.iter().find(|joined| joined.window == *window && joined.prefix == prefix) {
            return Rc::clone(joined);
        }
        let joined = Rc::new(Joined::of(self, window.clone(), prefix));
        all.truncate(JOINED - 1);
        all.push_front(Rc::clone(&joined));
        joined
    }
}

/// Bytes around a window that are made small together with it: the next message to look for may ask for more lines.
const SMALL: usize = 1024;

/// Bytes of a line that are looked at on either side of a literal.
const REACH: usize = 16 * 1024;
/// Matches of one entry in one line.
const MATCHES_A_LINE: usize = 8;

/// All messages in parts of a clean text, in the order of the text.
pub(crate) fn find<'a>(messages: &'a Messages, lines: &Lines<'_>, parts: &[Range<usize>]) -> Vec<Hit<'a>> {
    let text = lines.text;
    let mut literals = Vec::new();
    for part in parts {
        messages.scan().find(text.get(part.clone()).unwrap_or_default(), |literal, span| {
            literals.push((part.start + span.start..part.start + span.end, literal));
            0
        });
    }
    // Of two that begin at one place the longer one leads to messages that say more.
    literals.sort_by_key(|(span, _)| (span.start, Reverse(span.end)));
    // How far the text was looked at for a message.
    let mut done: HashMap<usize, usize, Quick> = HashMap::default();
    let mut hits = Vec::new();
    // What was found that says more than others with the same literal.
    let mut covering: Vec<(Range<usize>, &[String])> = Vec::new();
    for (span, literal) in literals {
        covering.retain(|(found, _)| found.end >= span.end);
        for index in literal.entries() {
            let done = done.entry(index).or_default();
            let id = || messages.entry(index).map(|entry| &entry.id);
            let is_in = |found: &Range<usize>| found.start <= span.start && span.end <= found.end;
            let covered =
                |(found, ids): &(Range<usize>, &[String])| is_in(found) && id().is_some_and(|id| ids.contains(id));
            if span.start < *done || covering.iter().any(covered) {
                continue;
            }
            let before = hits.len();
            *done = match_entry(messages, index, lines, span.clone(), *done, &mut hits);
            let covers = messages.entry(index).map(|entry| entry.covers.as_slice()).unwrap_or_default();
            let new = hits.iter().skip(if covers.is_empty() { hits.len() } else { before });
            covering.extend(new.map(|hit| (hit.span.clone(), covers)));
        }
    }
    hits.sort_by_key(|hit| (hit.span.start, hit.entry));
    specific(messages, text, hits)
}

/// What the plain words of a text point to, where the messages in it say nothing; where they only guess, words that say
/// more than that.
pub(crate) fn plain<'a>(messages: &'a Messages, lines: &Lines<'_>, said: &[Hit<'_>]) -> Vec<Hit<'a>> {
    let said = said.iter().map(|hit| says(messages, lines.text, hit)).max().unwrap_or(Says::Nothing);
    let tells = |index: &usize| {
        messages.entry(*index).is_some_and(|entry| {
            said == Says::Nothing || said == Says::Guess && entry.indicates.iter().any(|points| points.strength != WEAK)
        })
    };
    let entries: Vec<usize> = messages.plain().into_iter().filter(tells).collect();
    let (mut hits, mut at) = (Vec::new(), if said == Says::Something { lines.text.len() } else { 0 });
    while at < lines.text.len() {
        let line = line_of(lines.text, at);
        let small = lines.text.get(line.clone()).unwrap_or_default().to_ascii_lowercase();
        let is_in = |literal: &String| memmem::find(&small, literal.as_bytes()).is_some();
        for index in &entries {
            if messages.entry(*index).is_some_and(|entry| entry.literals.iter().any(is_in)) {
                match_entry(messages, *index, lines, line.start..line.start, 0, &mut hits);
            }
        }
        at = line.end + 1;
    }
    // Words that are within others still say what is meant: their conditions tell which of them count.
    hits.sort_by_key(|hit| (hit.span.start, hit.entry));
    hits
}

const WEAK: &str = "weak";

/// How much a message says by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Nothing,
    /// It points to several causes, and to none of them firmly.
    Guess,
    /// It points to a cause, or tells of a success.
    Something,
}

fn says(messages: &Messages, text: &[u8], hit: &Hit<'_>) -> Says {
    let Some(entry) = messages.entry(hit.entry).filter(|entry| entry.kind != "context") else { return Says::Nothing };
    if entry.kind == "success" {
        return Says::Something;
    }
    let of_tables = hit
        .captures
        .iter()
        .filter_map(|(table, span)| Some(messages.value(table, text.get(span.clone())?)?.indicates.iter()));
    let points = entry.indicates.iter().chain(of_tables.flatten());
    let points = points.filter(|points| points.with.is_empty() && points.times <= 1);
    points
        .map(|points| if points.strength == WEAK { Says::Guess } else { Says::Something })
        .max()
        .unwrap_or(Says::Nothing)
}

/// Whether all that a message has to say would be in a table, and no table has what stands in it: words cut off, of another
/// language, or new. Then what says less than it is all there is.
fn is_mute(messages: &Messages, text: &[u8], hit: &Hit<'_>) -> bool {
    let Some(entry) = messages.entry(hit.entry) else { return false };
    let known = |span: &Range<usize>, table: &str| {
        text.get(span.clone()).is_some_and(|captured| messages.value(table, captured).is_some())
    };
    let mut of_tables = hit.captures.iter().filter(|(table, _)| messages.has_table(table)).peekable();
    entry.indicates.is_empty() && of_tables.peek().is_some() && !of_tables.any(|(table, span)| known(span, table))
}

/// Looks for one entry around a literal, and gives up to where the text has been looked at for it.
fn match_entry<'a>(
    messages: &'a Messages,
    index: usize,
    lines_of: &Lines<'_>,
    literal: Range<usize>,
    done: usize,
    hits: &mut Vec<Hit<'a>>,
) -> usize {
    let text = lines_of.text;
    let line = line_of(text, literal.start);
    let Some(regex) = messages.regex(index) else {
        hits.push(Hit { entry: index, span: literal.clone(), captures: Vec::new(), line });
        return literal.end;
    };
    let lines = messages.entry(index).map_or(1, |entry| usize::from(entry.lines));
    let literals = messages.entry(index).map(|entry| entry.literals.as_slice()).unwrap_or_default();
    let window = if lines > 1 { around(text, &line, lines - 1) } else { line.clone() };
    let window = window.start.max(done).max(literal.start.saturating_sub(REACH))
        ..window.end.min(literal.end.saturating_add(REACH));
    // A window of one line is looked at once; one of several may begin a match further down.
    let seen = if lines == 1 { window.end.max(literal.end) } else { literal.end };
    if messages.needs(index).is_some_and(|needs| !lines_of.have(&window, needs)) {
        return seen;
    }
    let mut captures = regex.create_captures();
    let mut last = 0;
    // What stands before the message is taken off first; a pattern that names it is tried on the whole line.
    for prefix in [Prefix::Off, Prefix::On] {
        let joined = lines_of.joined(&window, prefix);
        let mut at = 0;
        for _ in 0..MATCHES_A_LINE {
            regex.search_captures(&Input::new(&joined.text).range(at..), &mut captures);
            let Some(found) = captures.get_match() else { break };
            let span = joined.original(found.range());
            let line = line_of(text, span.start);
            hits.push(Hit { entry: index, span: span.clone(), captures: named(regex, &captures, &joined), line });
            last = span.end;
            at = if found.is_empty() { found.end() + 1 } else { found.end() };
            if !joined.text.get(at..).is_some_and(|rest| literals.iter().any(|literal| may_have(rest, literal))) {
                break;
            }
        }
        if last > 0 || !joined.without {
            break;
        }
    }
    seen.max(last)
}

/// Whether a text may have a literal, which may be in several lines: it has the longest of its words, in letters of any
/// size.
fn may_have(text: &[u8], literal: &str) -> bool {
    let word = literal.split_ascii_whitespace().max_by_key(|word| word.len()).unwrap_or_default().as_bytes();
    word.is_empty() || text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

fn named<'a>(regex: &'a Regex, captures: &Captures, joined: &Joined) -> Vec<(&'a str, Range<usize>)> {
    let names = regex.group_info().pattern_names(PatternID::ZERO);
    let named = names.enumerate().filter_map(|(group, name)| Some((name?, captures.get_group(group)?)));
    named.map(|(name, span)| (name, joined.original(span.range()))).collect()
}

/// Lines without what the log wrote before each of them.
struct Joined {
    /// Where they stand in the clean text, and what was asked for.
    window: Range<usize>,
    prefix: Prefix,
    text: Vec<u8>,
    /// Where a piece begins here, and in the clean text.
    pieces: Vec<(usize, usize)>,
    /// Whether anything was taken off.
    without: bool,
}

/// Whether what a log wrote before a message is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Off,
    On,
}

impl Joined {
    fn of(lines: &Lines<'_>, window: Range<usize>, prefix: Prefix) -> Self {
        let text = lines.text;
        let (bytes, pieces) = (Vec::with_capacity(window.len()), Vec::with_capacity(usize::from(LINES)));
        let mut joined = Self { window: window.clone(), prefix, text: bytes, pieces, without: false };
        let mut start = window.start;
        while start < window.end {
            let line = line_of(text, start);
            let end = line.end.min(window.end);
            let whole = text.get(start..end).unwrap_or_default();
            let begins = start == line.start && prefix == Prefix::Off;
            let skip = if begins { lines.envelope(&line).message.min(whole.len()) } else { 0 };
            joined.without |= skip > 0;
            joined.pieces.push((joined.text.len(), start + skip));
            joined.text.extend_from_slice(whole.get(skip..).unwrap_or_default());
            start = end + 1;
            if start < window.end {
                joined.text.push(b'\n');
            }
        }
        joined
    }

    fn original(&self, span: Range<usize>) -> Range<usize> {
        self.place(span.start)..self.place(span.end)
    }

    fn place(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|(start, _)| *start <= at).saturating_sub(1);
        self.pieces.get(piece).map_or(at, |(start, original)| original + (at - start))
    }
}

/// The line around a place, without its end.
pub(crate) fn line_of(text: &[u8], at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| memchr::memrchr(b'\n', before)).map_or(0, |end| end + 1);
    let end = text.get(at..).and_then(|after| memchr::memchr(b'\n', after)).map_or(text.len(), |end| at + end);
    start..end
}

/// That line and so many on either side.
fn around(text: &[u8], line: &Range<usize>, lines: usize) -> Range<usize> {
    // The first line end in either direction is that of the line before, or of the line itself.
    let before = memchr::memrchr_iter(b'\n', text.get(..line.start).unwrap_or_default()).nth(lines);
    let after = memchr::memchr_iter(b'\n', text.get(line.end..).unwrap_or_default()).nth(lines);
    before.map_or(0, |end| end + 1)..after.map_or(text.len(), |end| line.end + end)
}

/// Of two matches where one lies within the other, the longer one is the more specific.
fn specific<'a>(messages: &Messages, text: &[u8], hits: Vec<Hit<'a>>) -> Vec<Hit<'a>> {
    let context = |hit: &Hit<'_>| messages.entry(hit.entry).is_none_or(|entry| entry.kind == "context");
    let kind = |hit: &Hit<'_>, kind: &str| messages.entry(hit.entry).is_some_and(|entry| entry.kind == kind);
    let any = |hit: &Hit<'_>| messages.entry(hit.entry).is_some_and(|entry| entry.protocol == "any");
    // The end of something often quotes what it ended for.
    let quotes = |hit: &Hit<'_>, other: &Hit<'_>| kind(other, "consequence") && kind(hit, "failure") && !any(hit);
    let general = |hit: &Hit<'_>| messages.entry(hit.entry).is_some_and(|entry| entry.general);
    let product = |hit: &Hit<'_>| messages.entry(hit.entry).map(|entry| entry.product.as_str());
    let gives_way = |hit: &Hit<'_>| {
        let from = hits.partition_point(|other| other.span.start < hit.span.start);
        general(hit)
            && hits.iter().skip(from).take_while(|other| other.span.start < hit.span.end).any(|other| {
                other.span.end <= hit.span.end
                    && !general(other)
                    && kind(other, "failure")
                    && product(other) == product(hit)
            })
    };
    let covered = |hit: &Hit<'_>| {
        let from = hits.partition_point(|other| other.span.start + REACH < hit.span.start);
        hits.iter().skip(from).take_while(|other| other.span.start <= hit.span.start).any(|other| {
            let within = other.span.start <= hit.span.start && hit.span.end <= other.span.end;
            let longer = other.span.len() > hit.span.len();
            let same = other.span == hit.span && any(hit) && !any(other);
            other.entry != hit.entry
                && within
                && (longer || same)
                && !context(other)
                && !quotes(hit, other)
                && !gives_way(other)
                && !is_mute(messages, text, other)
        })
    };
    let keep: Vec<bool> = hits.iter().map(|hit| context(hit) || !(covered(hit) || gives_way(hit))).collect();
    hits.into_iter().zip(keep).filter_map(|(hit, keep)| keep.then_some(hit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is covered is not looked for: it must be what would have given way.
    #[test]
    fn what_a_message_covers_is_a_part_of_it() {
        let messages = Messages::built_in();
        let place = |id: &str| messages.entries().position(|entry| entry.id == id);
        let mut count = 0;
        for (index, entry) in messages.entries().enumerate().filter(|(_, entry)| !entry.covers.is_empty()) {
            for id in &entry.covers {
                let other = place(id).unwrap_or_else(|| panic!("{} covers {id}, which is not there", entry.id));
                let literals = &messages.entry(other).expect("an entry").literals;
                let within = |literal: &String| entry.literals.iter().any(|own| own.contains(literal.as_str()));
                assert!(literals.iter().any(within), "{} and {id}", entry.id);
                for example in &entry.examples {
                    let find =
                        |index: usize| messages.regex(index)?.find(example.as_bytes()).map(|found| found.range());
                    let (found, covered) = (find(index).expect("its example"), find(other));
                    let is_part = |part: Range<usize>| found.start <= part.start && part.end < found.end;
                    assert!(covered.is_none_or(is_part), "{} and {id}: {example}", entry.id);
                    count += 1;
                }
            }
        }
        assert!(count > 0);
    }

    /// A covering message on one line does not hide a covered one on the next.
    #[test]
    fn only_the_words_that_are_covered_are_passed_over() {
        let messages = Messages::built_in();
        let said = |tail: &str, port: u16| {
            format!(
                "Unable to negotiate with 192.0.2.7 port {port}: no matching key exchange method found. \
                 Their offer: diffie-hellman-group1-sha1{tail}\n"
            )
        };
        let text = [said(" [preauth]", 50122), said("", 22), said(" [preauth]", 50123)].concat();
        let hits = find(&messages, &Lines::of(text.as_bytes()), std::slice::from_ref(&(0..text.len())));
        let ids: Vec<&str> = hits.iter().filter_map(|hit| Some(messages.entry(hit.entry)?.id.as_str())).collect();
        let (server, peer) = ("openssh/no-matching-kex-server", "openssh/no-matching-kex");
        assert_eq!(ids, [server, peer, server]);
    }
}
