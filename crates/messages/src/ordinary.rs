//! Lines that programs write where nothing is wrong, known by how their message begins. Also compiled into the build
//! script, which lays the table out.
//!
//! Most lines of a long log are of a few forms. A line that has one of them is passed over without a look at the rest of
//! it, in which there may be names that somebody else chose.

use std::ops::Range;

/// A form, as the data write it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// How the message begins; at least [`HEAD`] bytes.
    pub begins: String,
    /// How the line ends; may be empty.
    pub ends: String,
    /// A message of this form.
    pub example: String,
    /// The message of a peer's success that it is, by its id in the same file; may be empty.
    pub success: String,
    /// Where the wording was read.
    pub source: String,
}

/// The forms, found by the first bytes of a message; their texts are read in place.
#[derive(Clone, Debug)]
pub(crate) struct Ordinary<'a> {
    /// Places of forms, a number each, by a hash of how they begin; zero is none, and ends the search.
    slots: &'a [[u8; 2]; SLOTS],
    rows: Vec<Row<'a>>,
}

/// A form, as lines are compared with it.
#[derive(Clone, Copy, Debug)]
struct Row<'a> {
    /// How it begins, and which of these bytes it has; the others are zero.
    first: [u8; LONGEST],
    mask: [u8; LONGEST],
    begins: &'a [u8],
    ends: &'a [u8],
    success: Option<usize>,
}

impl Default for Ordinary<'_> {
    fn default() -> Self {
        Self { slots: &[[0; 2]; SLOTS], rows: Vec::new() }
    }
}

/// Bytes that a beginning is found by.
pub(crate) const HEAD: usize = 8;
/// Bytes of the longest beginning, which are compared together.
pub(crate) const LONGEST: usize = 48;
/// Bytes of a form: five numbers.
const ROW: usize = 20;
/// Places that a hash may name.
const SLOTS: usize = 1 << 9;
/// More forms have no room; lines of further ones are looked at.
const MOST: usize = SLOTS / 4;

/// A line of an ordinary form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The message of a peer's success that it is, by place.
    pub(crate) success: Option<usize>,
    /// How much of the message is the same in all lines of the form.
    pub(crate) begins: usize,
}

/// Lays out the table: beginning, end, and the place of the message of a success.
pub(crate) fn encode(forms: &[(&Form, Option<usize>)]) -> Vec<u8> {
    let mut slots = [[0; 2]; SLOTS];
    let (mut rows, mut bytes) = (Vec::new(), Vec::new());
    for (number, (form, success)) in (1_u16..).zip(forms).take(MOST) {
        let mut at = form.begins.as_bytes().first_chunk().map_or(0, |head| hash(*head));
        while slots.get(at).is_some_and(|slot| *slot != [0; 2]) {
            at = (at + 1) % SLOTS;
        }
        slots.get_mut(at).into_iter().for_each(|slot| *slot = number.to_le_bytes());
        for text in [&form.begins, &form.ends] {
            rows.extend(short(bytes.len()).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
            rows.extend(short(bytes.len()).to_le_bytes());
        }
        rows.extend(short(success.map_or(0, |entry| entry + 1)).to_le_bytes());
    }
    let mut out = Vec::new();
    for part in [slots.concat(), rows, bytes] {
        out.extend(short(part.len()).to_le_bytes());
        out.extend_from_slice(&part);
    }
    out
}

fn short(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The place at which the forms that begin so are looked for.
fn hash(head: [u8; HEAD]) -> usize {
    (u64::from_le_bytes(head).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SLOTS.ilog2())) as usize
}

impl<'a> Ordinary<'a> {
    /// Reads what [`encode`] wrote; `None` where it is something else.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (part, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            rest = after;
            Some(part)
        };
        let slots = part()?.as_chunks().0.try_into().ok()?;
        let (rows, bytes) = (part()?.as_chunks().0, part()?);
        Some(Self { slots, rows: rows.iter().map(|row| Row::of(row, bytes)).collect::<Option<_>>()? })
    }

    /// The form of a message that goes from one place of a text to another, the end of its line; `None` of one that is to
    /// be looked at.
    #[inline]
    pub(crate) fn pass(&self, text: &[u8], from: usize, end: usize) -> Option<Passed> {
        let message = text.get(from..)?;
        match message.first_chunk() {
            Some(first) => self.form(*first.first_chunk()?, |row| row.are_first(first), text, from..end),
            None => self.form(*message.first_chunk()?, |row| message.starts_with(row.begins), text, from..end),
        }
    }

    /// The form that a message has which begins with these bytes.
    #[inline]
    fn form(
        &self,
        head: [u8; HEAD],
        begins: impl Fn(&Row<'_>) -> bool,
        text: &[u8],
        message: Range<usize>,
    ) -> Option<Passed> {
        let mut at = hash(head);
        loop {
            let row = self.rows.get(usize::from(u16::from_le_bytes(*self.slots.get(at)?)).checked_sub(1)?)?;
            // There is no end of a line in how it begins: that is within the message.
            if begins(row) && (row.ends.is_empty() || row.ends(text, &message)) {
                return Some(Passed { success: row.success, begins: row.begins.len() });
            }
            at = (at + 1) % SLOTS;
        }
    }
}

impl<'a> Row<'a> {
    fn of(row: &[u8; ROW], bytes: &'a [u8]) -> Option<Self> {
        let number =
            |place: usize| row.as_chunks::<4>().0.get(place).map(|number| u32::from_le_bytes(*number) as usize);
        let begins = bytes.get(number(0)?..number(1)?).filter(|begins| begins.len() <= LONGEST)?;
        let padded = |byte: fn(&u8) -> u8| {
            let mut padded = [0; LONGEST];
            padded.iter_mut().zip(begins).for_each(|(to, own)| *to = byte(own));
            padded
        };
        Some(Self {
            first: padded(|own| *own),
            mask: padded(|_| u8::MAX),
            begins,
            ends: bytes.get(number(2)?..number(3)?)?,
            success: number(4)?.checked_sub(1),
        })
    }

    /// Whether a message begins as the form does, of which these are the first bytes and others that may be behind it.
    #[inline]
    fn are_first(&self, first: &[u8; LONGEST]) -> bool {
        // All of them at once: to find the first that differs would take longer.
        let own = self.first.iter().zip(&self.mask);
        let differ = first.iter().zip(own).fold(0, |differ, (byte, (own, mask))| differ | ((byte ^ own) & mask));
        differ == 0
    }

    /// Whether a message ends as the form does, which it begins as.
    #[inline]
    fn ends(&self, text: &[u8], message: &Range<usize>) -> bool {
        let ends = message.end.checked_sub(self.ends.len());
        let ends = ends.filter(|ends| *ends >= message.start + self.begins.len());
        ends.and_then(|ends| text.get(ends..message.end)).is_some_and(|ends| same(ends, self.ends))
    }
}

/// Whether two short texts of one length are the same; without the call that comparing slices makes.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    // What is no whole number of words is compared in two that overlap.
    if let (Some(last), Some(other_last)) = (one.last_chunk::<8>(), other.last_chunk()) {
        let (ones, others) = (one.as_chunks::<8>().0, other.as_chunks().0);
        return last == other_last && ones.iter().zip(others).all(|(one, other)| one == other);
    }
    if let (Some(last), Some(other_last)) = (one.last_chunk::<4>(), other.last_chunk()) {
        return last == other_last && one.first_chunk::<4>() == other.first_chunk();
    }
    one.iter().zip(other).all(|(one, other)| one == other)
}

/// Where the message of a line begins: behind the time, the host and the program of syslog, if these are there.
#[inline]
pub(crate) fn begin(line: &[u8]) -> usize {
    // `Nov 21 10:11:12 `, or a time in one word.
    let time = match line {
        [_, _, _, b' ', _, _, b' ', _, _, b':', _, _, b':', _, _, b' ', ..] => 16,
        [b'0'..=b'9', ..] => memchr::memchr(b' ', line).map_or(0, |end| end + 1),
        _ => return 0,
    };
    // Eight bytes at a time: the host and the program are short.
    let (mut at, mut rest) = (time, line.get(time..).unwrap_or_default());
    while let Some((eight, after)) = rest.split_first_chunk() {
        let mut colons = places(u64::from_le_bytes(*eight), b':');
        while colons != 0 {
            let blank = at + (colons.trailing_zeros() / 8) as usize + 1;
            if line.get(blank) == Some(&b' ') {
                return blank + 1;
            }
            colons &= colons - 1;
        }
        (at, rest) = (at + 8, after);
    }
    rest.windows(2).position(|two| two == b": ").map_or(0, |colon| at + colon + 2)
}

/// The highest bit of each of eight bytes that are a certain one.
pub(crate) fn places(eight: u64, byte: u8) -> u64 {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    let other = eight ^ u64::from_le_bytes([byte; 8]);
    !(((other & LOW) + LOW) | other | LOW)
}

#[cfg(test)]
mod tests {
    use super::{Passed, begin};
    use crate::Messages;
    use crate::literals::{Weight, weight};

    fn pass(messages: &Messages, line: &[u8]) -> Option<Passed> {
        messages.ordinary().pass(line, begin(line), line.len())
    }

    const PREFIXES: [&str; 4] = [
        "",
        "Nov 21 10:11:12 host sshd[1234]: ",
        "2026-11-21T10:11:12.123456+00:00 host sshd[1234]: ",
        "Nov  1 09:00:00 2001:db8::7 postfix/smtpd[12]: ",
    ];

    #[test]
    fn each_form_is_found_behind_any_prefix() {
        let messages = Messages::built_in();
        let forms = messages.forms();
        assert!(forms.len() > 20);
        for form in &forms {
            for prefix in PREFIXES {
                let line = format!("{prefix}{}", form.example);
                assert!(pass(&messages, line.as_bytes()).is_some(), "{line}");
            }
        }
    }

    /// What a failure prints may not have the form of a line that is passed over.
    #[test]
    fn no_failure_is_passed_over() {
        let messages = Messages::built_in();
        let passed: Vec<_> = messages
            .entries()
            .filter(|entry| weight(entry) == Weight::Failure)
            .flat_map(|entry| entry.examples.iter().flat_map(|example| example.lines()).map(move |line| (entry, line)))
            .flat_map(|(entry, line)| PREFIXES.map(|prefix| (entry.id.clone(), format!("{prefix}{line}"))))
            .filter(|(_, line)| pass(&messages, line.as_bytes()).is_some())
            .collect();
        assert!(passed.is_empty(), "{passed:?}");
    }

    /// A success that is passed over still tells of its peer.
    #[test]
    fn the_peer_of_a_success_is_found() {
        let messages = Messages::built_in();
        for form in messages.forms().iter().filter(|form| !form.success.is_empty()) {
            let passed = pass(&messages, form.example.as_bytes());
            let entry = passed.and_then(|passed| passed.success).expect("a message");
            assert_eq!(messages.entry(entry).map(weight), Some(Weight::Success), "{form:?}");
            let regex = messages.regex(entry).expect("a pattern");
            let mut captures = regex.create_captures();
            regex.captures(form.example.as_bytes(), &mut captures);
            assert!(captures.get_group_by_name("peer").is_some(), "{form:?}");
        }
    }

    #[test]
    fn other_lines_are_looked_at() {
        let messages = Messages::built_in();
        for line in [
            "",
            "short",
            "Nov 21 10:11:12 host sshd[1234]: ",
            "Nov 21 10:11:12 host sshd[1234]: Received disconnect from 192.0.2.7 port 22:3: no matching cipher found",
            "Nov 21 10:11:12 host sshd[1234]: error: Accepted publickey for root",
            "Nov 21 10:11:12 host sshd[1234] Accepted publickey for root from 192.0.2.7",
        ] {
            assert_eq!(pass(&messages, line.as_bytes()), None, "{line}");
        }
    }
}
