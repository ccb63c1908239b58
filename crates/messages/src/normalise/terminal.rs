/// What a terminal makes of a sequence that begins with escape.
pub(super) enum Sequence {
    /// It shows nothing.
    Nothing,
    /// It moves right by that many columns.
    Right(usize),
    /// It moves to another line.
    Line,
}

/// Longest sequence that carries text, such as a window title or the address of a link.
const STRING: usize = 4096;
/// Longest way to the right: wider than any screen.
const COLUMNS: usize = 512;

/// Reads what follows the escape character: the sequence and its length. ECMA-48 section 5.
pub(super) fn sequence(after: &[u8]) -> (Sequence, usize) {
    match after.first() {
        Some(b'[') => control(after.get(1..).unwrap_or_default(), 1),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => (Sequence::Nothing, 1 + string(after.get(1..).unwrap_or_default())),
        Some(0x20..=0x2f) => {
            let middle = after.iter().take(4).take_while(|byte| (0x20..=0x2f).contains(*byte)).count();
            let end = after.get(middle).is_some_and(|byte| (0x30..=0x7e).contains(byte));
            (Sequence::Nothing, if end { middle + 1 } else { 0 })
        }
        Some(b'E' | b'D') => (Sequence::Line, 1),
        Some(b'7' | b'8' | b'=' | b'>' | b'c' | b'M' | b'H' | b'N' | b'O' | b'Z' | b'\\' | b'n' | b'o') => {
            (Sequence::Nothing, 1)
        }
        _ => (Sequence::Nothing, 0),
    }
}

/// Reads what follows the control sequence introducer.
pub(super) fn control(after: &[u8], introducer: usize) -> (Sequence, usize) {
    let parameters = after.iter().take(64).take_while(|byte| (0x30..=0x3f).contains(*byte)).count();
    let middle = after.iter().skip(parameters).take(4).take_while(|byte| (0x20..=0x2f).contains(*byte)).count();
    let numbers = after.get(..parameters).unwrap_or_default();
    let length = introducer + parameters + middle;
    match after.get(parameters + middle) {
        // How the Windows console writes blanks.
        Some(b'C') => {
            let columns = std::str::from_utf8(numbers).ok().and_then(|text| text.parse::<usize>().ok());
            (Sequence::Right(columns.unwrap_or(1).clamp(1, COLUMNS)), length + 1)
        }
        Some(b'H' | b'f' | b'E' | b'F' | b'd') => (Sequence::Line, length + 1),
        Some(0x40..=0x7e) => (Sequence::Nothing, length + 1),
        // Cut short: the introducer and its numbers go, what follows is text.
        _ => (Sequence::Nothing, length),
    }
}

/// The length of a string and its end, BEL or ST. One without an end on its line is none.
fn string(after: &[u8]) -> usize {
    let within = after.get(..STRING).unwrap_or(after);
    for (index, byte) in within.iter().enumerate() {
        match byte {
            0x07 => return index + 1,
            0x1b if within.get(index + 1) == Some(&b'\\') => return index + 2,
            b'\n' | 0x1b => return 0,
            _ => {}
        }
    }
    0
}
