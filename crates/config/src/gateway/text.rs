//! Words and lines of a text, with their places.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{Origin, SourceFile};

use crate::value::Value;

/// How many lines are kept of one text: no configuration of tunnels comes near it.
const MOST_LINES: usize = 100_000;

/// A line, and the lines that stand further in below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) words: Vec<Value>,
    pub(super) inner: Vec<Line>,
}

impl Line {
    /// Whether it begins with these words.
    pub(super) fn is(&self, words: &[&str]) -> bool {
        words.len() <= self.words.len() && self.words.iter().zip(words).all(|(own, word)| own.as_str() == *word)
    }

    /// The words behind those that it begins with; `None` where it begins otherwise.
    pub(super) fn after(&self, words: &[&str]) -> Option<&[Value]> {
        self.is(words).then(|| self.words.get(words.len()..).unwrap_or_default())
    }

    /// The words behind the first inner line that begins so.
    pub(super) fn inner(&self, words: &[&str]) -> Option<&[Value]> {
        self.inner.iter().find_map(|line| line.after(words))
    }

    /// The first word behind the first inner line that begins so.
    pub(super) fn value(&self, words: &[&str]) -> Option<&Value> {
        self.inner(words)?.first()
    }

    /// A word of the line itself.
    pub(super) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", Value::as_str)
    }
}

/// A range of a file as a value.
pub(super) fn value(file: &Arc<SourceFile>, range: Range<usize>) -> Value {
    let bytes = file.text.get(range.clone()).unwrap_or_default();
    let places: Vec<usize> = range.clone().collect();
    Value::written(file, bytes, &places, range, None)
}

/// The words of a part of a file; quotes hold one together and are taken away.
pub(super) fn words(file: &Arc<SourceFile>, range: Range<usize>) -> Vec<Value> {
    let text = &file.text;
    let mut words = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let Some(byte) = text.get(at) else { break };
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let rest = text.get(at..range.end).unwrap_or_default();
        if *byte == b'"' {
            let length = rest.iter().skip(1).position(|byte| *byte == b'"').unwrap_or(rest.len().saturating_sub(1));
            words.push(value(file, at + 1..at + 1 + length));
            at += length + 2;
        } else {
            let length = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            words.push(value(file, at..at + length));
            at += length.max(1);
        }
    }
    words
}

/// The ranges of the lines of a file, without their ends.
pub(super) fn ranges(file: &SourceFile) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    file.text.split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let range = start..start + line.trim_ascii_end().len();
        start += line.len();
        range
    })
}

/// The lines of a configuration in which what belongs to a line stands below it, further in. Only blocks whose first line
/// begins with one of the words are kept.
pub(super) fn indented(file: &Arc<SourceFile>, begins: &[&str]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut kept = false;
    let mut count = 0;
    for range in ranges(file) {
        let text = file.text.get(range.clone()).unwrap_or_default();
        let (Some(first), true) = (text.first(), count < MOST_LINES) else { continue };
        if first.is_ascii_whitespace() {
            if let Some(last) = lines.last_mut().filter(|_| kept) {
                last.inner.push(Line { words: words(file, range), inner: Vec::new() });
                count += 1;
            }
            continue;
        }
        kept = begins.iter().any(|word| text.starts_with(word.as_bytes()));
        if kept {
            lines.push(Line { words: words(file, range), inner: Vec::new() });
            count += 1;
        }
    }
    lines
}

/// Several words as one text with one blank between them, in the place of the first one.
pub(super) fn joined(words: &[Value]) -> Option<Value> {
    let first = words.first()?;
    let text = words.iter().map(Value::as_str).collect::<Vec<_>>().join(" ");
    Some(if words.len() == 1 { first.clone() } else { Value::unwritten(text, spanning(words)?) })
}

/// The place from the first word to the last one.
fn spanning(words: &[Value]) -> Option<Origin> {
    use shakedown_model::OriginKind;
    let (first, last) = (words.first()?, words.last()?);
    match (first.origin().kind(), last.origin().kind()) {
        (OriginKind::File { file, span }, OriginKind::File { span: end, .. }) if span.start <= end.end => {
            Some(Origin::file(file, span.start..end.end))
        }
        _ => Some(first.origin().clone()),
    }
}

/// A network of an address and a mask (`255.255.255.0`), a wildcard (`0.0.0.255`) or a length, as selectors are written.
pub(super) fn network(address: &str, mask: &str, wildcard: bool) -> Option<String> {
    use std::net::Ipv4Addr;
    let address: Ipv4Addr = address.parse().ok()?;
    let mask = u32::from(mask.parse::<Ipv4Addr>().ok()?);
    let mask = if wildcard { !mask } else { mask };
    (mask.leading_ones() + mask.trailing_zeros() == 32 || mask == u32::MAX)
        .then(|| format!("{address}/{}", mask.leading_ones()))
}

/// Whether a text is a plain address or a network.
pub(super) fn is_network(text: &str) -> bool {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    address.parse::<std::net::IpAddr>().is_ok()
}
