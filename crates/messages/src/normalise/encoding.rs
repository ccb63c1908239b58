use super::map::Map;
use super::rewriter::{Rewriter, Rewritten};

/// How much of the text decides on its encoding.
const SAMPLE: usize = 1024;

/// Makes UTF-8 of UTF-16, with or without a byte order mark, and takes a byte order mark away.
pub(super) fn decode(bytes: &[u8]) -> Option<Rewritten> {
    match bytes {
        [0xff, 0xfe, rest @ ..] if !rest.starts_with(&[0, 0]) => Some(from_utf16(bytes, 2, u16::from_le_bytes)),
        [0xfe, 0xff, ..] => Some(from_utf16(bytes, 2, u16::from_be_bytes)),
        [0xef, 0xbb, 0xbf, ..] => {
            let mut rewriter = Rewriter::new(bytes);
            rewriter.replace(0..3, b"");
            rewriter.finish()
        }
        _ => match guess(bytes)? {
            Order::Little => Some(from_utf16(bytes, 0, u16::from_le_bytes)),
            Order::Big => Some(from_utf16(bytes, 0, u16::from_be_bytes)),
        },
    }
}

enum Order {
    Little,
    Big,
}

/// Text in UTF-16 has a zero beside every blank, digit and Latin letter, always on the same side; other text has none.
fn guess(bytes: &[u8]) -> Option<Order> {
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    memchr::memchr(0, sample)?;
    let (mut little, mut big, mut neither) = (0usize, 0usize, 0usize);
    for pair in sample.chunks_exact(2) {
        match pair {
            [0x09..=0x7e, 0] => little += 1,
            [0, 0x09..=0x7e] => big += 1,
            _ => neither += 1,
        }
    }
    let pairs = little + big + neither;
    // A tenth suffices: lines in Chinese still have their digits, blanks and line ends.
    let enough = |this: usize, other: usize| this >= 2 && this * 10 >= pairs && other * 20 <= this;
    if enough(little, big) && !has_ascii_pair(sample) {
        Some(Order::Little)
    } else if enough(big, little) && !has_ascii_pair(sample) {
        Some(Order::Big)
    } else {
        None
    }
}

/// Whether four letters in a row are one byte each, which UTF-16 text has only where rare characters meet.
fn has_ascii_pair(sample: &[u8]) -> bool {
    sample.windows(6).filter(|bytes| bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')).count() > 4
}

fn from_utf16(bytes: &[u8], mark: usize, unit: fn([u8; 2]) -> u16) -> Rewritten {
    let text = bytes.get(mark..).unwrap_or_default();
    let (pairs, rest) = text.as_chunks::<2>();
    let mut output = Vec::with_capacity(pairs.len() + rest.len());
    let mut map = Map::default();
    let mut at = mark;
    let mut buffer = [0; 4];
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        // A half of a pair that stands alone stays visible as the replacement character.
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        let encoded = character.encode_utf8(&mut buffer).as_bytes();
        let length = character.len_utf16() * 2;
        output.extend_from_slice(encoded);
        map.push(encoded.len(), at..at + length);
        at += length;
    }
    // The second half of the last unit may be in the part of the file that was not read yet.
    output.extend(rest.iter().filter(|byte| **byte != 0));
    map.push(rest.iter().filter(|byte| **byte != 0).count(), at..at + rest.len());
    Rewritten { bytes: output, map }
}
