//! Values without quotes and escapes, with variables in them expanded (`str_copy` of conf_def.c).

use std::ops::Range;

use super::sections::Sections;
use crate::files::Files;
use crate::ini::is_word;

/// What a value may grow to by its variables (`MAX_CONF_VALUE_LENGTH`), in bytes.
const LONGEST: usize = 65_536;

/// A value as the program reads it; each byte with the range of the raw text that it comes from.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) from: Vec<Range<usize>>,
}

/// Why a value cannot be expanded.
#[derive(Debug)]
pub(crate) struct Failure {
    /// In OpenSSL's words.
    pub(crate) message: &'static str,
    /// The name of the variable, where that is the matter.
    pub(crate) name: Option<String>,
    /// Where in the raw text.
    pub(crate) at: Range<usize>,
}

pub(crate) struct Expander<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) sections: &'a Sections,
    /// The section that plain variables are looked up in; `None` where there are none.
    pub(crate) section: Option<&'a str>,
    /// `.pragma dollarid:on`: a dollar without a brace is a plain letter.
    pub(crate) dollar_id: bool,
}

impl Expander<'_> {
    pub(crate) fn expand(&self, raw: &[u8]) -> Result<Expanded, Failure> {
        let mut out = Expanded::default();
        let mut at = 0;
        while let Some(&byte) = raw.get(at) {
            let next = raw.get(at + 1).copied();
            match byte {
                b'"' | b'\'' | b'`' => at = quoted(raw, at, &mut out),
                b'\\' => {
                    let Some(escaped) = next else { break };
                    let escaped = match escaped {
                        b'r' => b'\r',
                        b'n' => b'\n',
                        b'b' => 0x08,
                        b't' => b'\t',
                        other => other,
                    };
                    out.push(escaped, at..at + 2);
                    at += 2;
                }
                b'$' if !self.dollar_id || matches!(next, Some(b'{' | b'(')) => {
                    at = self.variable(raw, at, &mut out)?
                }
                byte => {
                    out.push(byte, at..at + 1);
                    at += 1;
                }
            }
        }
        Ok(out)
    }

    fn variable(&self, raw: &[u8], start: usize, out: &mut Expanded) -> Result<usize, Failure> {
        let closing = match raw.get(start + 1) {
            Some(b'{') => Some(b'}'),
            Some(b'(') => Some(b')'),
            _ => None,
        };
        let word = |from: usize| {
            let rest = raw.get(from..).unwrap_or_default();
            let in_name = |byte: &u8| is_word(*byte) || self.dollar_id && *byte == b'$';
            from + rest.iter().position(|byte| !in_name(byte)).unwrap_or(rest.len())
        };
        let text = |range: Range<usize>| String::from_utf8_lossy(raw.get(range).unwrap_or_default()).into_owned();
        let first = start + 1 + usize::from(closing.is_some());
        let mut name = first..word(first);
        let mut section = self.section.map(str::to_owned);
        if raw.get(name.end..name.end + 2) == Some(b"::") {
            section = Some(text(name.clone()));
            let from = name.end + 2;
            name = from..word(from);
        }
        let mut end = name.end;
        if closing.is_some() {
            if raw.get(end).copied() != closing {
                return Err(Failure { message: "no close brace", name: None, at: start..end });
            }
            end += 1;
        }
        let name = text(name);
        let Some(value) = self.look_up(section.as_deref(), &name) else {
            return Err(Failure { message: "variable has no value", name: Some(name), at: start..end });
        };
        if value.len() + out.bytes.len() + (raw.len() - end) > LONGEST {
            return Err(Failure { message: "variable expansion too long", name: Some(name), at: start..end });
        }
        value.bytes().for_each(|byte| out.push(byte, start..end));
        Ok(end)
    }

    fn look_up(&self, section: Option<&str>, name: &str) -> Option<String> {
        let here = section.and_then(|section| self.sections.entry(section, name));
        if let Some(entry) = here {
            return Some(entry.value.as_str().to_owned());
        }
        if section == Some("ENV")
            && let Some(value) = self.files.environment(name)
        {
            return Some(value);
        }
        self.sections.entry("default", name).map(|entry| entry.value.as_str().to_owned())
    }
}

impl Expanded {
    fn push(&mut self, byte: u8, from: Range<usize>) {
        self.bytes.push(byte);
        self.from.push(from);
    }
}

/// What stands in quotes: only a backslash is special.
fn quoted(raw: &[u8], start: usize, out: &mut Expanded) -> usize {
    let quote = raw.get(start).copied();
    let mut at = start + 1;
    while let Some(&byte) = raw.get(at) {
        if Some(byte) == quote {
            return at + 1;
        }
        let escaped = byte == b'\\';
        if escaped {
            let Some(&next) = raw.get(at + 1) else { return at + 1 };
            out.push(next, at..at + 2);
            at += 2;
        } else {
            out.push(byte, at..at + 1);
            at += 1;
        }
    }
    at
}
