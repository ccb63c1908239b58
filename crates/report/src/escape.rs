use std::borrow::Cow;
use std::fmt::Write;

/// The text with every character that could act on a terminal written out: control characters, DEL, C1, and those that
/// change the direction of writing or cannot be seen. A line feed is kept only by those who split lines before.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push(&mut out, c);
    }
    Cow::Owned(out)
}

/// Appends one character, written out where it acts on a terminal.
pub(crate) fn push(out: &mut String, c: char) {
    if !acts(c) {
        out.push(c);
    } else if c.is_ascii() {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\x{:02x}", u32::from(c));
    } else {
        let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
    }
}

/// Whether a character acts on a terminal instead of being shown.
pub(crate) fn acts(c: char) -> bool {
    // Nearly all characters are these.
    if matches!(c, ' '..='~') {
        return false;
    }
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_written_out() {
        assert_eq!(printable("\u{1b}[2J\u{9b}x\u{202e}\u{7f}\n"), "\\x1b[2J\\u{9b}x\\u{202e}\\x7f\\x0a");
        assert!(matches!(printable("é日 ok"), Cow::Borrowed(_)));
    }
}
