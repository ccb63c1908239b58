use super::Condition;

/// How many bytes of a source are looked at to know what it is.
pub(super) const HEAD: usize = 1024;

/// What a source is, by its first bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// UTF-16, by the order of its bytes.
    Utf16(Order),
    Gzip,
    Other(Condition),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// The byte order mark.
    pub(super) fn mark(self) -> [u8; 2] {
        match self {
            Self::Little => [0xff, 0xfe],
            Self::Big => [0xfe, 0xff],
        }
    }
}

/// Formats by their first bytes.
const BINARY: &[(&[u8], &str)] = &[
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ\x90\0", "a program of Windows"),
    (b"\xca\xfe\xba\xbe", "a program (Java class or Mach-O)"),
    (b"\xcf\xfa\xed\xfe", "a program (Mach-O)"),
    (b"\x89PNG\r\n\x1a\n", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"%PDF-", "a PDF document: copy its text"),
    (b"PK\x03\x04", "a ZIP archive or an office document: unpack it"),
    (b"SQLite format 3\0", "a database (SQLite)"),
    (b"ElfFile\0", "a Windows event log: export it as text"),
    (b"LPKSHHRH", "a journal of systemd: pipe in what `journalctl --file` prints"),
    (b"\xfe\xed\xfe\xed", "a Java key store"),
];

const CAPTURES: &[(&[u8], &str)] = &[
    (b"\xd4\xc3\xb2\xa1", "pcap"),
    (b"\xa1\xb2\xc3\xd4", "pcap"),
    (b"\x4d\x3c\xb2\xa1", "pcap"),
    (b"\xa1\xb2\x3c\x4d", "pcap"),
    (b"\x0a\x0d\x0d\x0a", "pcapng"),
    (b"snoop\0\0\0", "snoop"),
];

const COMPRESSED: &[(&[u8], &str, &str)] = &[
    (b"\x28\xb5\x2f\xfd", "zstd", "zstdcat FILE | shakedown explain"),
    (b"BZh", "bzip2", "bzcat FILE | shakedown explain"),
    (b"\xfd7zXZ\0", "xz", "xzcat FILE | shakedown explain"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4cat FILE | shakedown explain"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x -so FILE | shakedown explain"),
];

/// Looks at the first bytes of a source.
pub(super) fn recognise(head: &[u8]) -> Kind {
    if head.is_empty() {
        return Kind::Other(Condition::Empty);
    }
    if head.starts_with(b"\x1f\x8b") {
        return Kind::Gzip;
    }
    for (magic, what) in CAPTURES {
        if head.starts_with(magic) {
            return Kind::Other(Condition::Capture(what));
        }
    }
    for (magic, what, command) in COMPRESSED {
        // A text may begin with the letters of bzip2: its blocks begin with the digits of pi.
        if head.starts_with(magic) && (*what != "bzip2" || head.get(4..10) == Some(b"1AY&SY")) {
            return Kind::Other(Condition::Compressed(what, command));
        }
    }
    for (magic, what) in BINARY {
        if head.starts_with(magic) {
            return Kind::Other(Condition::Binary(what));
        }
    }
    if let Some(order) = utf16(head) {
        return Kind::Utf16(order);
    }
    if is_binary(head) { Kind::Other(Condition::Binary("binary data")) } else { Kind::Text }
}

/// UTF-16 by its mark, or by the zeros beside Latin letters, digits and blanks, which are all on one side.
fn utf16(head: &[u8]) -> Option<Order> {
    match head {
        [0xff, 0xfe, 0, 0, ..] => return None,
        [0xff, 0xfe, ..] => return Some(Order::Little),
        [0xfe, 0xff, ..] => return Some(Order::Big),
        _ => {}
    }
    let count = |fits: fn(&[u8; 2]) -> bool| head.as_chunks::<2>().0.iter().filter(|pair| fits(pair)).count();
    let little = count(|pair| matches!(pair, [0x09..=0x7e, 0]));
    let big = count(|pair| matches!(pair, [0, 0x09..=0x7e]));
    let pairs = head.len() / 2;
    let enough = |this: usize, other: usize| this >= 2 && this * 4 >= pairs && other * 20 <= this;
    if enough(little, big) {
        Some(Order::Little)
    } else if enough(big, little) {
        Some(Order::Big)
    } else {
        None
    }
}

/// Whether a good part of the bytes are ones that no text has. Zeros alone are a hole, which a log has where it was cut
/// off while a program was still writing at its old place.
fn is_binary(head: &[u8]) -> bool {
    let filled = head.iter().filter(|byte| **byte != 0).count();
    let zeros = head.len() - filled;
    let odd = head.iter().filter(|byte| matches!(byte, 1..=6 | 0x0e..=0x1a | 0x1c..=0x1f)).count();
    let hole = head.iter().take_while(|byte| **byte == 0).count() == zeros;
    odd * 20 > filled.max(1) || !hole && zeros * 5 > head.len()
}
