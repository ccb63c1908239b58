use std::ops::Range;

use super::rewriter::{Rewriter, Rewritten};

/// Makes characters of their escaped forms on lines that show that they are such a string: output quoted in JSON, by
/// Python's `repr`, by a shell, or by rsyslog (`#012`).
pub(super) fn unescape(bytes: &[u8]) -> Option<Rewritten> {
    let mut rewriter = Rewriter::new(bytes);
    let mut octals = memchr::memmem::find_iter(bytes, b"#0").peekable();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)).map(|found| at + found) {
        let start = bytes.get(..found).and_then(|before| memchr::memrchr(b'\n', before)).map_or(0, |end| end + 1);
        let end =
            bytes.get(found..).and_then(|rest| memchr::memchr(b'\n', rest)).map_or(bytes.len(), |end| found + end);
        while let Some(octal) = octals.next_if(|octal| *octal < start) {
            rsyslog(&mut rewriter, bytes, octal);
        }
        let line = Line { bytes, span: start..end };
        if line.is_escaped(found) {
            // rsyslog's form has no place on a line that something else escaped.
            while octals.next_if(|octal| *octal < end).is_some() {}
            line.unescape(found, &mut rewriter);
        }
        at = end;
    }
    for octal in octals {
        rsyslog(&mut rewriter, bytes, octal);
    }
    rewriter.finish()
}

/// `#` and three octal digits, as rsyslog writes control characters.
fn rsyslog(rewriter: &mut Rewriter, bytes: &[u8], at: usize) {
    let with = match bytes.get(at + 1..at + 4) {
        Some(b"012" | b"015") => "\n",
        Some(b"011") => "\t",
        Some(b"033") if matches!(bytes.get(at + 4), Some(b'[' | b']' | b'(')) => "\u{1b}",
        _ => return,
    };
    rewriter.replace(at..at + 4, with.as_bytes());
}

struct Line<'a> {
    bytes: &'a [u8],
    span: Range<usize>,
}

/// How far before a backslash the word is looked at that it is in.
const WORD: usize = 260;

impl Line<'_> {
    /// Whether the line shows that its backslashes escape something, the first of which is known.
    fn is_escaped(&self, first: usize) -> bool {
        let mut ends = 0;
        let mut at = first;
        while let Some(after) = self.from(at + 1) {
            let sure = match after {
                [b'"', ..] => true,
                [b'r', b'\\', b'n', ..] => !self.is_path(at),
                [b'r', b'"' | b'\'', ..] | [b'r'] => !self.is_path(at),
                [b'u' | b'x' | b'0' | b'1' | b'2' | b'3' | b'e', ..] => code(after).is_some() && !self.is_path(at),
                [b'n', rest @ ..] if !self.is_path(at) => {
                    ends += 1;
                    ends > 1 || self.ends_line(at, rest)
                }
                [b'\\', b'n', rest @ ..] if !self.is_path(at) => {
                    ends += 1;
                    ends > 1 || self.ends_line(at, rest)
                }
                [b'\\', b'\\', b'"', ..] | [b'\\', b'"', ..] => true,
                _ => false,
            };
            if sure {
                return true;
            }
            // A backslash that is escaped itself does not escape what follows.
            let step = if after.first() == Some(&b'\\') { 2 } else { 1 };
            match self.from(at + step).and_then(|rest| memchr::memchr(b'\\', rest)) {
                Some(next) => at += step + next,
                None => return false,
            }
        }
        false
    }

    /// Whether `\n` stands where a line would end, rather than in a name such as `DOMAIN\nigel`.
    fn ends_line(&self, at: usize, rest: &[u8]) -> bool {
        let before = self.bytes.get(self.span.start..at).unwrap_or_default();
        let punctuation = before.last().is_none_or(|byte| b".,:;!?)]}\"' ".contains(byte));
        // Within quotes, but not `"DOMAIN\nigel"`, a name alone.
        let quoted = memchr::memrchr2(b'"', b'\'', before)
            .is_some_and(|quote| before.get(quote..).is_some_and(|string| string.contains(&b' ')));
        let next = matches!(rest.first(), None | Some(b'"' | b'\'' | b' ' | b'\\' | b'A'..=b'Z' | b'[' | b'\t'));
        let label = rest.split(|byte| *byte == b' ').next().is_some_and(|word| word.ends_with(b":"));
        punctuation || quoted || next || label
    }

    /// Whether the word before a backslash is the beginning of a path of Windows.
    fn is_path(&self, at: usize) -> bool {
        let word = self.word(at);
        let drive = word.windows(3).any(|bytes| matches!(bytes, [letter, b':', b'\\'] if letter.is_ascii_alphabetic()));
        drive || word.ends_with(b":") && word.len() == 2 || word.starts_with(b"HKLM") || word.starts_with(b"HKEY_")
    }

    /// Whether that path has single backslashes, which therefore stand for themselves.
    fn is_plain_path(&self, at: usize) -> bool {
        let word = self.bytes.get(at.saturating_sub(self.word(at).len())..at + 2).unwrap_or_default();
        word.windows(4)
            .any(|bytes| matches!(bytes, [letter, b':', b'\\', next] if letter.is_ascii_alphabetic() && *next != b'\\'))
            || word.windows(4).any(|bytes| matches!(bytes, b"HKLM" | b"HKEY"))
    }

    fn word(&self, at: usize) -> &[u8] {
        let before = self.bytes.get(self.span.start.max(at.saturating_sub(WORD))..at).unwrap_or_default();
        let start = before.iter().rposition(|byte| b" \t\"',;()=<>|[]{}".contains(byte)).map_or(0, |end| end + 1);
        before.get(start..).unwrap_or_default()
    }

    fn unescape(&self, first: usize, rewriter: &mut Rewriter) {
        let mut at = first;
        while let Some(after) = self.from(at + 1) {
            let length = match after {
                [b'r', b'\\', b'n', ..] if !self.is_plain_path(at) => {
                    rewriter.replace(at..at + 4, b"\n");
                    4
                }
                [b'n' | b'r', ..] if !self.is_plain_path(at) => {
                    rewriter.replace(at..at + 2, b"\n");
                    2
                }
                [b't', ..] if !self.is_plain_path(at) => {
                    rewriter.replace(at..at + 2, b"\t");
                    2
                }
                [quoted @ (b'"' | b'\'' | b'\\' | b'/'), ..] => {
                    rewriter.replace(at..at + 2, &[*quoted]);
                    2
                }
                _ => match code(after).filter(|(code, _)| !self.is_plain_path(at) && !code.is_binary()) {
                    Some((code, length)) => {
                        match code {
                            Code::Byte(byte) => rewriter.replace(at..at + 1 + length, &[byte]),
                            Code::Character(character) => {
                                rewriter.replace(at..at + 1 + length, character.encode_utf8(&mut [0; 4]).as_bytes());
                            }
                        }
                        1 + length
                    }
                    None => 1,
                },
            };
            match self.from(at + length).and_then(|rest| memchr::memchr(b'\\', rest)) {
                Some(next) => at += length + next,
                None => break,
            }
        }
    }

    /// The rest of the line.
    fn from(&self, at: usize) -> Option<&[u8]> {
        self.bytes.get(at..self.span.end)
    }
}

enum Code {
    Byte(u8),
    Character(char),
}

impl Code {
    /// Whether no text holds it: such bytes are a protocol that was sent to the wrong port, and stay as they are
    /// written. Escape is a terminal's.
    fn is_binary(&self) -> bool {
        let number = match self {
            Self::Byte(byte) => u32::from(*byte),
            Self::Character(character) => u32::from(*character),
        };
        matches!(number, 0..=7 | 0x0e..=0x1a | 0x1c..=0x1f)
    }
}

/// Reads a character's number after a backslash: what it is and the length without the backslash.
fn code(after: &[u8]) -> Option<(Code, usize)> {
    match after {
        [b'u', b'{', rest @ ..] => {
            let end = rest.iter().take(7).position(|byte| *byte == b'}')?;
            Some((Code::Character(char::from_u32(hexadecimal(rest.get(..end)?)?)?), end + 3))
        }
        [b'u', rest @ ..] => {
            let unit = hexadecimal(rest.get(..4)?)?;
            if let Some(character) = char::from_u32(unit) {
                return Some((Code::Character(character), 5));
            }
            let low = rest.get(4..).and_then(|rest| rest.strip_prefix(b"\\u"))?;
            let low = hexadecimal(low.get(..4)?).filter(|low| (0xdc00..0xe000).contains(low))?;
            let high = Some(unit).filter(|high| (0xd800..0xdc00).contains(high))?;
            Some((Code::Character(char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?), 11))
        }
        [b'x', rest @ ..] => Some((Code::Byte(hexadecimal(rest.get(..2)?)? as u8), 3)),
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
            Some((Code::Byte((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0')), 3))
        }
        [b'e', b'[', ..] => Some((Code::Byte(0x1b), 1)),
        _ => None,
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}
