//! Quotes a line of a file: what a terminal may see of it, with the place of the part that matters.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{SourceFile, Span};
use shakedown_schema::{Lines, Place};

use crate::{escape, mask};

/// A line as it may be shown, and where the part that matters stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    /// Where the part begins in the file.
    pub(crate) place: Place,
    /// The line: printable, secrets masked, cut to a window around the part where it is long.
    pub(crate) text: String,
    /// The part, in bytes of `text`. Empty where the part is empty.
    pub(crate) part: Range<usize>,
}

/// Columns kept before the part of a long line.
const BEFORE: usize = 24;
/// Stands for what is cut away.
const CUT: &str = "...";

/// The line that the span begins in. What goes beyond that line is left out. `width` is the number of columns for the
/// line; 0 for the default.
pub(crate) fn quote(lines: &mut Lines, file: &Arc<SourceFile>, span: &Span, width: usize) -> Quote {
    let place = lines.place(file, span.start);
    let line = lines.line_around(file, span.start);
    let start = span.start.clamp(line.start, line.end);
    let end = span.end.clamp(start, line.end);
    let bytes = file.text.get(line.clone()).unwrap_or_default();
    let width = if width == 0 { 160 } else { width.max(40) };
    // A line of megabytes is cut before anything else looks at it. A secret that begins before the cut could then not be
    // told, so that the cut is at the line's own blank or comma where there is one.
    let window = near(bytes, start - line.start..end - line.start, width * 8);
    let shown = bytes.get(window.clone()).unwrap_or_default();
    let part = start - line.start - window.start..(end - line.start).min(window.end) - window.start;
    let secret = if mask::inside_private_key(&file.text, line.start) && !shown.is_empty() {
        std::iter::once(0..shown.len()).collect()
    } else {
        mask::secrets(shown)
    };
    let cells = cells(shown, &secret);
    let cut = (window.start > 0, window.end < bytes.len());
    let (text, part) = assemble(&cells, part, width, cut);
    Quote { place, text, part }
}

/// The bytes around a part that can matter for so many columns.
fn near(bytes: &[u8], part: Range<usize>, reach: usize) -> Range<usize> {
    let start = part.start.saturating_sub(reach);
    let end = part.start.saturating_add(reach).min(bytes.len());
    let start = if start == 0 {
        0
    } else {
        bytes
            .get(start..part.start)
            .and_then(|before| before.iter().position(|byte| matches!(byte, b' ' | b'\t' | b',')))
            .map_or(start, |at| start + at + 1)
    };
    start..end
}

/// What is shown for some bytes of the line.
struct Cell {
    /// The bytes, in the line.
    bytes: Range<usize>,
    /// What stands for them.
    text: String,
}

fn cells(bytes: &[u8], secrets: &[Range<usize>]) -> Vec<Cell> {
    let mut cells = Vec::with_capacity(bytes.len());
    let mut secrets = secrets.iter().peekable();
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push(&mut cells, &mut secrets, at..at + c.len_utf8(), |text| match c {
                '\t' => text.push_str("    "),
                c => escape::push(text, c),
            });
            at += c.len_utf8();
        }
        for byte in chunk.invalid() {
            push(&mut cells, &mut secrets, at..at + 1, |text| text.push_str(&format!("\\x{byte:02x}")));
            at += 1;
        }
    }
    cells
}

fn push(
    cells: &mut Vec<Cell>,
    secrets: &mut std::iter::Peekable<std::slice::Iter<'_, Range<usize>>>,
    bytes: Range<usize>,
    write: impl FnOnce(&mut String),
) {
    while secrets.next_if(|secret| secret.end <= bytes.start).is_some() {}
    match secrets.peek() {
        Some(secret) if secret.start <= bytes.start => {
            if secret.start == bytes.start {
                cells.push(Cell { bytes, text: mask::MASK.to_owned() });
            } else if let Some(last) = cells.last_mut() {
                last.bytes.end = bytes.end;
            }
        }
        _ => {
            let mut text = String::new();
            write(&mut text);
            cells.push(Cell { bytes, text });
        }
    }
}

/// Puts the cells together, with a cut on either side where they are too many.
fn assemble(cells: &[Cell], part: Range<usize>, width: usize, cut: (bool, bool)) -> (String, Range<usize>) {
    let columns = |cells: &[Cell]| -> usize { cells.iter().map(|cell| cell.text.chars().count()).sum() };
    let first = cells.iter().position(|cell| cell.bytes.end > part.start).unwrap_or(cells.len());
    let (before, rest) = cells.split_at_checked(first).unwrap_or((cells, &[]));
    let touched = rest.iter().take_while(|cell| cell.bytes.start < part.end).count();
    let part_columns = columns(rest.get(..touched).unwrap_or_default());
    let mut from = 0;
    if columns(cells) > width && columns(before) + part_columns > width - CUT.len() {
        // The part begins in view, and as much of it as there is room for is shown.
        let mut room = BEFORE.max(width.saturating_sub(part_columns + 2 * CUT.len()));
        from = first;
        for cell in before.iter().rev() {
            let Some(left) = room.checked_sub(cell.text.chars().count()) else { break };
            room = left;
            from -= 1;
        }
    }
    let shown = cells.get(from..).unwrap_or_default();
    let mut text = String::new();
    if from > 0 || cut.0 {
        text.push_str(CUT);
    }
    let all = text.len() + columns(shown) <= width && !cut.1;
    let room = if all { usize::MAX } else { width - CUT.len() };
    let mut used = text.len();
    let mut found: Option<Range<usize>> = None;
    for cell in shown {
        used += cell.text.chars().count();
        if used > room {
            break;
        }
        let start = text.len();
        text.push_str(&cell.text);
        if cell.bytes.start < part.end && cell.bytes.end > part.start {
            found = Some(found.map_or(start, |part| part.start)..text.len());
        } else if part.is_empty() && cell.bytes.start == part.start {
            found = Some(start..start);
        }
    }
    let end = text.len();
    if !all {
        text.push_str(CUT);
    }
    (text, found.unwrap_or(end..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8], span: Range<usize>, width: usize) -> Quote {
        let file = Arc::new(SourceFile::new("f", text.to_vec()));
        quote(&mut Lines::new(), &file, &span, width)
    }

    fn part(text: &[u8], span: Range<usize>, width: usize) -> (String, String, usize, usize) {
        let quote = of(text, span, width);
        let part = quote.text.get(quote.part.clone()).unwrap().to_owned();
        (quote.text, part, quote.place.line, quote.place.column)
    }

    #[test]
    fn tabs_line_ends_and_characters_of_several_bytes() {
        let text = "x\r\n\tMACs é,hmac-md5\r\n".as_bytes();
        let start = text.windows(8).position(|window| window == b"hmac-md5").unwrap();
        assert_eq!(part(text, start..start + 8, 100), ("    MACs é,hmac-md5".into(), "hmac-md5".into(), 2, 9));
        // What goes beyond the line is left out.
        assert_eq!(part(text, start..text.len(), 100).1, "hmac-md5");
    }

    #[test]
    fn bytes_that_act_on_a_terminal_are_written_out() {
        let text = b"KexAlgorithms a\x1b[2J\xff\x00b";
        let (text, part, _, column) = part(text, 14..20, 100);
        assert_eq!(text, "KexAlgorithms a\\x1b[2J\\xff\\x00b");
        assert_eq!((part.as_str(), column), ("a\\x1b[2J\\xff", 15));
    }

    #[test]
    fn a_secret_is_masked_and_the_part_still_found() {
        let text = b"ProxyCommand nc -x bob:hunter2@proxy bad-option";
        assert_eq!(part(text, 37..47, 100).1, "bad-option");
        let (text, part, ..) = part(text, 23..30, 100);
        assert_eq!((text.as_str(), part.as_str()), ("ProxyCommand nc -x bob:***@proxy bad-option", "***"));
        let key = b"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(of(key, 32..35, 100).text, "***");
    }

    #[test]
    fn a_long_line_is_cut_around_the_part() {
        let mut text = b"Ciphers ".to_vec();
        text.extend(std::iter::repeat_n(b"aes128-ctr,".as_slice(), 1_000_000).flatten());
        let start = text.len();
        text.extend_from_slice(b"bad-cipher,");
        text.extend(std::iter::repeat_n(b"aes128-ctr,".as_slice(), 1000).flatten());
        let (shown, part, _, column) = part(&text, start..start + 10, 80);
        assert_eq!((part.as_str(), column), ("bad-cipher", start + 1));
        assert!(shown.len() <= 80 && shown.starts_with("...") && shown.ends_with("..."), "{shown}");
        // A part that is longer than the width itself.
        let quote = of(&text, 8..start, 80);
        assert!(quote.text.len() <= 80 && quote.text.starts_with("Ciphers aes128-ctr,"), "{}", quote.text);
    }

    #[test]
    fn an_empty_part_is_a_place() {
        let quote = of(b"KexAlgorithms \n", 14..14, 80);
        assert_eq!(quote.part, 14..14);
        assert_eq!(of(b"", 0..0, 80).text, "");
        assert_eq!(of(b"ab", 7..9, 80).part, 2..2);
    }
}
