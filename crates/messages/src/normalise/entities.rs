use super::characters;

/// Longest reference that is looked at, with `&` and `;`.
const LONGEST: usize = 12;

/// Reads a character reference of HTML at the beginning of the bytes: what it stands for and its length.
pub(super) fn read(bytes: &[u8], buffer: &mut String) -> Option<usize> {
    let within = bytes.get(..LONGEST).unwrap_or(bytes);
    let end = memchr::memchr(b';', within)?;
    let name = within.get(1..end)?;
    buffer.clear();
    let character = match name {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        b"quot" | b"QUOT" => '"',
        b"apos" => '\'',
        b"amp" | b"AMP" => '&',
        b"lt" | b"LT" => '<',
        b"gt" | b"GT" => '>',
        b"nbsp" | b"ensp" | b"emsp" | b"thinsp" => ' ',
        b"lsquo" | b"rsquo" | b"sbquo" | b"prime" | b"lsaquo" | b"rsaquo" => '\'',
        b"ldquo" | b"rdquo" | b"bdquo" | b"Prime" | b"laquo" | b"raquo" => '"',
        b"ndash" | b"mdash" | b"minus" | b"hyphen" => '-',
        b"lpar" => '(',
        b"rpar" => ')',
        b"lbrack" => '[',
        b"rbrack" => ']',
        b"colon" => ':',
        b"comma" => ',',
        b"sol" => '/',
        b"bsol" => '\\',
        b"commat" => '@',
        b"NewLine" => '\n',
        b"Tab" => '\t',
        b"hellip" => '…',
        b"shy" | b"zwj" | b"zwnj" => '\u{ad}',
        _ => return None,
    };
    match characters::plain(character) {
        Some(plain) => buffer.push_str(plain),
        None => buffer.push(character),
    }
    Some(end + 1)
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
    match u32::from_str_radix(digits, radix).ok()? {
        0x91 | 0x92 => Some('\''),
        0x93 | 0x94 => Some('"'),
        0x96 | 0x97 => Some('-'),
        0 => None,
        code => char::from_u32(code),
    }
}
