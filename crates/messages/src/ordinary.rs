//! Lines that programs write where nothing is wrong, known by how their message begins. Also compiled into the build
//! script, which lays the table out.
//!
//! Most lines of a long log are of a few forms. A line that has one of them is passed over without a look at the rest of
//! it, in which there may be names that somebody else chose.

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

/// The forms, found by the first bytes of a message; read in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ordinary<'a> {
    /// Places of forms, a number each, by a hash of how they begin; zero is none, and ends the search.
    slots: &'a [[u8; 2]; SLOTS],
    /// Of each form where its beginning and its end are, and what message it is.
    rows: &'a [[u8; ROW]],
    bytes: &'a [u8],
}

impl Default for Ordinary<'_> {
    fn default() -> Self {
        Self { slots: &[[0; 2]; SLOTS], rows: &[], bytes: &[] }
    }
}

/// Bytes that a beginning is found by.
pub(crate) const HEAD: usize = 8;
/// Bytes of a form: the first and the last ones of how it begins, and six numbers.
const ROW: usize = 2 * HEAD + 24;
/// Places that a hash may name.
const SLOTS: usize = 1 << 9;
/// More forms have no room; lines of further ones are looked at.
const MOST: usize = SLOTS / 4;

/// A line of an ordinary form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The message of a peer's success that it is, by place.
    pub(crate) success: Option<usize>,
    /// Where the message begins in the line: behind a colon and a blank, or at the front.
    pub(crate) message: usize,
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
        let begins = form.begins.as_bytes();
        rows.extend(begins.first_chunk().copied().unwrap_or([0; HEAD]));
        rows.extend(begins.last_chunk().copied().unwrap_or([0; HEAD]));
        let between = begins.get(HEAD..begins.len().saturating_sub(HEAD)).unwrap_or_default();
        for text in [between, form.ends.as_bytes()] {
            rows.extend(short(bytes.len()).to_le_bytes());
            bytes.extend_from_slice(text);
            rows.extend(short(bytes.len()).to_le_bytes());
        }
        rows.extend(short(success.map_or(0, |entry| entry + 1)).to_le_bytes());
        rows.extend(short(begins.len()).to_le_bytes());
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
        Some(Self { slots, rows: part()?.as_chunks().0, bytes: part()? })
    }

    /// The form of a line without its end; `None` of a line that is to be looked at.
    #[inline]
    pub(crate) fn pass(&self, line: &[u8]) -> Option<Passed> {
        let begin = begin(line);
        let message = line.get(begin..)?;
        let head = message.first_chunk::<HEAD>()?;
        let mut at = hash(*head);
        loop {
            let row = self.rows.get(usize::from(u16::from_le_bytes(*self.slots.get(at)?)).checked_sub(1)?)?;
            if let Some((success, begins)) = self.is_of(row, message, head) {
                return Some(Passed { success, message: begin, begins });
            }
            at = (at + 1) % SLOTS;
        }
    }

    /// Whether a message is of a form: the message of a success that it is, and how much is the same in all of them.
    #[inline]
    fn is_of(&self, row: &[u8; ROW], message: &[u8], head: &[u8; HEAD]) -> Option<(Option<usize>, usize)> {
        let (first, row) = row.split_first_chunk::<HEAD>()?;
        let (last, row) = row.split_first_chunk::<HEAD>()?;
        let (row, _) = row.as_chunks::<4>();
        let number = |place: usize| row.get(place).map_or(0, |number| u32::from_le_bytes(*number) as usize);
        let begins = number(5);
        // Two comparisons of numbers tell nearly all forms apart.
        if head != first || message.get(..begins)?.last_chunk::<HEAD>()? != last {
            return None;
        }
        let text = |from: usize| self.bytes.get(number(from)..number(from + 1)).unwrap_or_default();
        let (between, ends) = (text(0), text(2));
        let same = between.is_empty() || message.get(HEAD..)?.starts_with(between);
        (same && (ends.is_empty() || message.ends_with(ends))).then(|| (number(4).checked_sub(1), begins))
    }
}

/// Where the message of a line begins: behind the time, the host and the program of syslog, if these are there.
#[inline]
fn begin(line: &[u8]) -> usize {
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
    use crate::Messages;
    use crate::literals::{Weight, weight};

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
                assert!(messages.ordinary().pass(line.as_bytes()).is_some(), "{line}");
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
            .filter(|(_, line)| messages.ordinary().pass(line.as_bytes()).is_some())
            .collect();
        assert!(passed.is_empty(), "{passed:?}");
    }

    /// A success that is passed over still tells of its peer.
    #[test]
    fn the_peer_of_a_success_is_found() {
        let messages = Messages::built_in();
        for form in messages.forms().iter().filter(|form| !form.success.is_empty()) {
            let passed = messages.ordinary().pass(form.example.as_bytes());
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
            assert_eq!(messages.ordinary().pass(line.as_bytes()), None, "{line}");
        }
    }
}
