use super::rewriter::{Rewriter, Rewritten};

/// Takes away what a page puts around a text: marks of quoting, of differences and of tables, tags of HTML, and what is
/// left of colours whose escape character got lost.
pub(super) fn unquote(bytes: &[u8]) -> Option<Rewritten> {
    let page = Page::of(bytes);
    let mut rewriter = Rewriter::new(bytes);
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let quoted = page.prefix(text);
        let (before, after) = row(text.get(quoted..).unwrap_or_default());
        let (start, end) = (at + quoted + before, at + text.len() - after);
        if quoted + before > 0 {
            rewriter.replace(at..start, b"");
        }
        page.unmark(&mut rewriter, bytes, start, end);
        if after > 0 {
            rewriter.replace(end..end + after, b"");
        }
        at += line.len();
    }
    rewriter.finish()
}

/// What the text shows about the page that it comes from.
struct Page {
    /// It is a difference of two texts.
    difference: bool,
    /// It has colours without their escape character.
    colours: bool,
    /// It has tags of HTML.
    html: bool,
}

impl Page {
    fn of(bytes: &[u8]) -> Self {
        let has = |text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
        Self {
            difference: has("@@ -") || has("diff --git") || has("```diff"),
            colours: ["[0m", "[39m", "[22m", "^[["].iter().any(|end| has(end)) || has("^M"),
            html: ["<br", "</", "<pre>", "<code>"].iter().any(|tag| has(tag)),
        }
    }

    /// The length of the marks of quoting or of a difference that a line begins with.
    fn prefix(&self, line: &[u8]) -> usize {
        let blanks = line.iter().take_while(|byte| **byte == b' ').count();
        let mut rest = line.get(blanks..).unwrap_or_default();
        // How OpenSSL marks what it sends, and Python where one types.
        if rest.starts_with(b">>>") {
            return 0;
        }
        let mut length = blanks;
        let mut marks = 0;
        while let [b'>', after @ ..] = rest {
            let blank = usize::from(after.first() == Some(&b' '));
            length += 1 + blank;
            rest = after.get(blank..).unwrap_or_default();
            marks += 1;
        }
        if marks > 0 {
            return length;
        }
        match line {
            [b'+' | b'-', after, ..] if self.difference && !b"+-".contains(after) => 1,
            _ => 0,
        }
    }

    /// Takes tags and colours out of a part of the text.
    fn unmark(&self, rewriter: &mut Rewriter, bytes: &[u8], start: usize, end: usize) {
        if !self.colours && !self.html {
            return;
        }
        let mut at = start;
        while let Some(found) = bytes.get(at..end).and_then(|rest| memchr::memchr3(b'<', b'[', b'^', rest)) {
            at += found;
            let rest = bytes.get(at..end).unwrap_or_default();
            let removed = match rest {
                [b'<', ..] if self.html => {
                    tag(rest).map(|(length, line_end)| (length, if line_end { &b"\n"[..] } else { b"" }))
                }
                [b'^', b'[', after @ ..] if self.colours => colour(after).map(|length| (2 + length, &b""[..])),
                [b'^', b'M'] if self.colours => Some((2, &b""[..])),
                [b'[', ..] if self.colours => colour(rest).map(|length| (length, &b""[..])),
                _ => None,
            };
            at += match removed {
                Some((length, with)) => {
                    rewriter.replace(at..at + length, with);
                    length
                }
                None => 1,
            };
        }
    }
}

/// The lengths of what stands before and after the text of a row of a table.
fn row(line: &[u8]) -> (usize, usize) {
    let blanks = line.iter().take_while(|byte| **byte == b' ').count();
    let trimmed = line.trim_ascii();
    match trimmed {
        [b'|', b' ', middle @ .., b'|'] => {
            let text = middle.trim_ascii();
            let before = blanks + 2 + middle.len() - middle.trim_ascii_start().len();
            (before, line.len() - before - text.len())
        }
        _ => (0, 0),
    }
}

/// The length of a colour without its escape character: `[1;31m`. Not `[5m]`, a range of time.
fn colour(bytes: &[u8]) -> Option<usize> {
    let numbers =
        bytes.strip_prefix(b"[")?.iter().take(16).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    let end = bytes.get(1 + numbers)?;
    let word = bytes.get(2 + numbers).is_some_and(|next| *next == b']' || numbers == 0 && next.is_ascii_alphanumeric());
    (!word && matches!(end, b'm' | b'K')).then_some(2 + numbers)
}

/// Tags within a line, and those that end one.
const INLINE: &[&str] =
    &["a", "b", "i", "u", "em", "strong", "code", "tt", "kbd", "samp", "span", "font", "small", "pre", "mark"];
const BLOCK: &[&str] = &[
    "br", "p", "div", "li", "ul", "ol", "tr", "td", "th", "table", "h1", "h2", "h3", "h4", "body", "title", "head",
    "html", "center", "hr",
];

/// The length of a tag at the beginning of the bytes, and whether it ends a line.
fn tag(bytes: &[u8]) -> Option<(usize, bool)> {
    let end = memchr::memchr(b'>', bytes.get(..256).unwrap_or(bytes))?;
    let inner = bytes.get(1..end)?;
    let inner = inner.strip_prefix(b"/").unwrap_or(inner);
    let name = inner.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let (name, rest) = inner.split_at_checked(name)?;
    // With attributes, or nothing more.
    let whole =
        rest.trim_ascii().is_empty() || rest.trim_ascii() == b"/" || rest.starts_with(b" ") && rest.contains(&b'=');
    let is = |names: &[&str]| names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
    (whole && (is(INLINE) || is(BLOCK))).then(|| (end + 1, is(BLOCK)))
}
