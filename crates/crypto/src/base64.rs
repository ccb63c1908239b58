//! Base64 of RFC 4648 section 4, as key files and fingerprints use it.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let value = chunk.iter().fold(0_u32, |value, &byte| value << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for position in 0..=chunk.len() {
            let index = (value >> (18 - 6 * position)) as usize & 63;
            text.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'=')));
        }
    }
    text
}

/// With padding.
pub(crate) fn encode_padded(bytes: &[u8]) -> String {
    let mut text = encode(bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// From base64. White space is passed over, `=` ends it.
///
/// # Errors
/// The place of a byte that is not of the alphabet.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut value, mut bits) = (0_u32, 0_u32);
    for (place, &byte) in text.iter().enumerate() {
        if byte.is_ascii_whitespace() {
            continue;
        }
        if byte == b'=' {
            break;
        }
        let digit = ALPHABET.iter().position(|&letter| letter == byte).ok_or(place)? as u32;
        value = (value << 6 | digit) & 0xfff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((value >> bits) as u8);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4648 section 10.
    #[test]
    fn known_answers() {
        for (plain, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()).unwrap(), plain.as_bytes());
        }
        assert_eq!((encode_padded(b"f"), encode_padded(b"foo")), ("Zg==".to_owned(), "Zm9v".to_owned()));
        assert_eq!(decode(b"Zm 8=\n").unwrap(), b"fo");
        assert_eq!(decode(b"Zm*8"), Err(2));
    }
}
