use super::rewriter::{Rewriter, Rewritten};

/// Longest line of quoted-printable text, with the soft line end. RFC 2045 section 6.7.
const LINE: usize = 76;
/// A mail program breaks lines only when they are about full.
const FULL: usize = 60;

/// Takes quoted-printable away, where a header or the line ends show it.
pub(super) fn decode(bytes: &[u8]) -> Option<Rewritten> {
    memchr::memchr(b'=', bytes)?;
    let header = memchr::memmem::find(bytes, b"quoted-printable").is_some();
    if !header && !has_soft_end(bytes) {
        return None;
    }
    let mut rewriter = Rewriter::new(bytes);
    for at in memchr::memchr_iter(b'=', bytes) {
        match bytes.get(at + 1..at + 3) {
            Some([b'\n', _]) => rewriter.replace(at..at + 2, b""),
            Some([high, low]) => {
                if let Some((high, low)) = digit(*high).zip(digit(*low)) {
                    rewriter.replace(at..at + 3, &[high << 4 | low]);
                }
            }
            _ => {}
        }
    }
    rewriter.finish()
}

/// Whether a line is broken as quoted-printable does it: full, with `=` at its end, and not base64.
fn has_soft_end(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let full = (FULL..=LINE).contains(&line.len()) && line.ends_with(b"=") && !line.ends_with(b"==");
        if full && line.contains(&b' ') && lines.peek().is_some_and(|next| !next.is_empty()) {
            return true;
        }
    }
    false
}

/// The value of a digit as the encoding writes it, with capital letters.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
