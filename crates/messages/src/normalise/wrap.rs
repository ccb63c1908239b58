use super::rewriter::{Rewriter, Rewritten};

/// Puts lines together that a terminal or a mail program broke, and lists that a program prints one name a line.
pub(super) fn rejoin(bytes: &[u8]) -> Option<Rewritten> {
    let lines: Vec<Line> = lines(bytes).collect();
    let mut rewriter = Rewriter::new(bytes);
    let mut index = 0;
    while let Some((line, next)) = lines.get(index).zip(lines.get(index + 1)) {
        if let Some(closing) = list(&lines, index) {
            for pair in lines.get(index..=closing).unwrap_or_default().windows(2) {
                if let [line, next] = pair {
                    rewriter.replace(line.trimmed_end()..next.trimmed_start(), b" ");
                }
            }
            index = closing;
            continue;
        }
        match broken(&lines, index, line, next) {
            Some(Break::Within) => rewriter.replace(line.trimmed_end()..next.start, b""),
            Some(Break::Column) => rewriter.replace(line.end()..next.start, b""),
            Some(Break::Between) => rewriter.replace(line.trimmed_end()..next.trimmed_start(), b" "),
            None => {}
        }
        index += 1;
    }
    rewriter.finish()
}

#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a [u8],
    start: usize,
    /// Columns on a screen.
    width: usize,
}

impl Line<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn trimmed_end(&self) -> usize {
        self.start + self.text.trim_ascii_end().len()
    }

    fn trimmed_start(&self) -> usize {
        self.end() - self.text.trim_ascii_start().len()
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    bytes.split(|byte| *byte == b'\n').map(move |text| {
        let width = text.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let line = Line { text, start, width };
        start += text.len() + 1;
        line
    })
}

/// Where a line was broken.
enum Break {
    /// Within a name, or after the comma of a list without blanks.
    Within,
    /// Where the screen ended, whatever stood there.
    Column,
    /// Where a blank was.
    Between,
}

/// Widths of terminals, besides those that the text itself shows.
const SCREENS: &[usize] = &[80, 100, 120, 132, 160];
/// No screen is narrower, unless it is known.
const SCREEN: usize = 60;
/// Nothing narrower is broken.
const NARROW: usize = 40;
/// A mail program's lines.
const MAIL: std::ops::RangeInclusive<usize> = 50..=100;
/// How many lines around a break are looked at.
const AROUND: usize = 12;

fn broken(lines: &[Line], index: usize, line: &Line, next: &Line) -> Option<Break> {
    if line.text.is_empty() || next.text.is_empty() || begins_record(next.text) {
        return None;
    }
    let (last, first) = (last_word(line.text), first_word(next.text));
    let indented = next.text.starts_with(b" ") || next.text.starts_with(b"\t");
    if !indented && line.text.len() == line.text.trim_ascii_end().len() && crosses(last, first) {
        return Some(Break::Within);
    }
    if let Some(found) = at_comma(line, next) {
        return Some(found);
    }
    if !indented && last.ends_with(b"-") && is_algorithm(last) && first.first().is_some_and(u8::is_ascii_alphanumeric) {
        return Some(Break::Within);
    }
    if !indented
        && line.text.trim_ascii_end().ends_with(b":")
        && is_list(next.text.trim_ascii())
        && next.text.trim_ascii().contains(&b'-')
    {
        return Some(Break::Between);
    }
    at_screen(lines, index, line, next).or_else(|| at_words(lines, index, line, next))
}

/// After the comma of a list of algorithms.
fn at_comma(line: &Line, next: &Line) -> Option<Break> {
    let text = line.text.trim_ascii_end();
    let list = last_word(text.strip_suffix(b",")?);
    let first = first_word(next.text.trim_ascii_start());
    let bare = |word: &[u8]| is_algorithm(word.split(|byte| *byte == b',').next_back().unwrap_or_default());
    if !bare(trim(list)) || !is_algorithm(trim(first.split(|byte| *byte == b',').next().unwrap_or_default())) {
        return None;
    }
    // Of two names, or where one begins after a blank, the blanks are the list's own.
    let blanks = memchr::memmem::find(text, b", ").is_some() || list.starts_with(b"\"") || list.starts_with(b"'");
    Some(if blanks { Break::Between } else { Break::Within })
}

/// Where a terminal's last column was: both lines are as long as it has columns, or only the first one and what follows
/// cannot be a line's beginning.
fn at_screen(lines: &[Line], index: usize, line: &Line, next: &Line) -> Option<Break> {
    let width = line.width;
    let wider = around(lines, index).iter().any(|other| other.width > width);
    if width < NARROW || wider || begins_alike(line.text, next.text) {
        return None;
    }
    // Two messages of one kind are as long as each other without being broken.
    let another = |one: &Line, other: &Line| one.width == other.width && !begins_alike(one.text, other.text);
    let previous = index.checked_sub(1).and_then(|index| lines.get(index));
    let sentence = line.text.last().is_some_and(|byte| b".!?):;}".contains(byte))
        && next.text.first().is_some_and(u8::is_ascii_uppercase);
    let repeated = width >= SCREEN
        && !sentence
        && next.width <= width
        && (another(line, next) || previous.is_some_and(|previous| another(previous, line)));
    let within = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_@,./".contains(byte));
    let first = first_word(next.text);
    let word =
        within(line.text.last()) && within(next.text.first()) && !first.ends_with(b":") && !first.contains(&b'=');
    let lower = next.text.first().is_some_and(|byte| byte.is_ascii_lowercase() || b"-@,.".contains(byte));
    let rule = line.text.iter().all(|byte| Some(byte) == line.text.first());
    (!rule && (repeated || SCREENS.contains(&width) && word && lower)).then_some(Break::Column)
}

/// Where a mail program ended a line because the next word did not fit: within a known phrase, or within three lines
/// or more that are all as full as they can be.
fn at_words(lines: &[Line], index: usize, line: &Line, next: &Line) -> Option<Break> {
    let last = last_word(line.text.trim_ascii_end());
    let first = first_word(next.text.trim_ascii_start());
    if line.width >= NARROW && PHRASES.lines().any(|phrase| is_phrase(phrase, last, first)) && !is_value(next.text) {
        return Some(Break::Between);
    }
    let around = around(lines, index);
    let widest = around.iter().map(|line| line.width).max().unwrap_or_default();
    let full = |line: &Line, next: &Line| {
        let open = line.text.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || b",'\"-".contains(byte));
        let alike = begins_alike(line.text, next.text);
        open && !alike && MAIL.contains(&line.width) && line.width + 1 + first_word(next.text).len() > widest
    };
    let before = index.checked_sub(1).and_then(|index| lines.get(index)).is_some_and(|before| full(before, line));
    let after = lines.get(index + 2).is_some_and(|after| !after.text.is_empty() && full(next, after));
    let second = next.text.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let plain = |word: &[u8]| !word.ends_with(b":") && !word.contains(&b'=') && !word.contains(&b'(');
    let goes_on = first.first().is_some_and(u8::is_ascii_lowercase) && plain(first) && plain(second);
    (widest <= *MAIL.end() && full(line, next) && (before || after) && goes_on).then_some(Break::Between)
}

/// Phrases of messages, two words on a line; a word that ends in `*` stands for all that begin so.
const PHRASES: &str = include_str!("phrases.txt");

/// Whether a line begins with a value's name and the value: `verify return:1`.
fn is_value(text: &[u8]) -> bool {
    let mut words = text.trim_ascii().split(|byte| *byte == b' ').take(2);
    words.any(|word| word.iter().rev().skip(1).any(|byte| b":=".contains(byte)))
}

/// Whether two words are a phrase of the table.
fn is_phrase(phrase: &str, last: &[u8], first: &[u8]) -> bool {
    let Some((left, right)) = phrase.split_once(' ') else { return false };
    let right = match right.strip_suffix('*') {
        Some(start) => first.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start.as_bytes())),
        None => first.eq_ignore_ascii_case(right.as_bytes()),
    };
    right && trim(last).eq_ignore_ascii_case(left.as_bytes())
}

/// Whether two lines have their first characters in common, as messages of one kind have.
fn begins_alike(one: &[u8], other: &[u8]) -> bool {
    const ALIKE: usize = 6;
    one.get(..ALIKE).is_some_and(|start| other.starts_with(start))
}

/// The lines before and after one, as far as its paragraph goes.
fn around<'a, 'b>(lines: &'a [Line<'b>], index: usize) -> &'a [Line<'b>] {
    let filled = |line: &&Line| !line.text.trim_ascii().is_empty();
    let before = lines.get(..index).unwrap_or_default().iter().rev().take(AROUND).take_while(filled).count();
    let after = lines.get(index..).unwrap_or_default().iter().take(AROUND).take_while(filled).count();
    lines.get(index - before..index + after).unwrap_or_default()
}

/// Longest list that is printed one name a line.
const NAMES: usize = 200;

/// The line that ends a list which begins at the end of a line: `[`, then one name a line, then `]`.
fn list(lines: &[Line], index: usize) -> Option<usize> {
    if !matches!(lines.get(index)?.text.trim_ascii_end().last(), Some(b'[' | b'(')) {
        return None;
    }
    let within = lines.get(index + 1..)?;
    let names = within.iter().take(NAMES).take_while(|line| {
        let text = line.text.trim_ascii();
        let name = trim(text.strip_suffix(b",").unwrap_or(text));
        !name.is_empty() && is_list(name)
    });
    let names = names.count();
    let closing = within.get(names)?.text.trim_ascii_start();
    (names > 0 && matches!(closing.first(), Some(b']' | b')'))).then_some(index + 1 + names)
}

fn last_word(text: &[u8]) -> &[u8] {
    text.rsplit(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default()
}

fn first_word(text: &[u8]) -> &[u8] {
    text.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default()
}

fn trim(mut word: &[u8]) -> &[u8] {
    while let [b'"' | b'\'' | b'[' | b'(' | b'{' | b'`', rest @ ..]
    | [rest @ .., b'"' | b'\'' | b']' | b')' | b'}' | b'`' | b','] = word
    {
        word = rest;
    }
    word
}

/// Whether these are names without blanks, with commas between them.
fn is_list(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_@.,+/".contains(byte))
}

/// What names of algorithms are made of.
const PARTS: &str = "\
    diffie hellman group exchange sha1 sha2 sha256 sha384 sha512 ecdh aes hmac curve25519 curve448 ssh- \
    rsa ecdsa ed25519 nistp chacha poly1305 umac sntrup mlkem camellia 3des blowfish arcfour cast128 \
    modp ecp x25519 openssh.com libssh.org gss- ext-info kex-strict tls_ dhe- md5 prf zlib cert-v0";

fn is_algorithm(word: &[u8]) -> bool {
    !word.is_empty() && is_list(word) && PARTS.split(' ').any(|part| find(word, part.as_bytes()).is_some())
}

/// Words that are so long that a piece of them is hardly ever a word, and that stand in what is looked for.
const WORDS: &str = "\
    diffie hellman group-exchange group14 group16 group18 group1- sha256 sha384 sha512 sha2- -sha1 \
    curve25519 nistp256 nistp384 nistp521 ecdh- hmac- ecdsa- ed25519 ssh-rsa ssh-dss chacha20 poly1305 \
    openssh.com libssh.org sntrup761 mlkem768 aes128 aes192 aes256 camellia blowfish 3des-cbc modp1024 \
    modp2048 unable negotiate matching exchange algorithm handshake certificate connection \
    identification authentication verification verify proposal protocol unsupported signature supported \
    requested required message version failed failure invalid unknown received permission publickey \
    password offered compression available encryption";

/// Whether the end of one line and the beginning of the next are one word in two pieces.
fn crosses(last: &[u8], first: &[u8]) -> bool {
    const LONGEST: usize = 14;
    let last = last.get(last.len().saturating_sub(LONGEST)..).unwrap_or_default();
    let first = first.get(..first.len().min(LONGEST)).unwrap_or_default();
    if last.is_empty()
        || !first.first().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
    {
        return false;
    }
    let whole = [last, first].concat();
    WORDS.split(' ').any(|word| {
        let mut from = 0;
        while let Some(found) = whole.get(from..).and_then(|rest| find(rest, word.as_bytes())).map(|found| from + found)
        {
            if found < last.len() && found + word.len() > last.len() {
                return true;
            }
            from = found + 1;
        }
        false
    })
}

/// Where the lower-case needle stands, whatever the case.
fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|part| part.eq_ignore_ascii_case(needle))
}

/// Whether a line begins as logs and programs begin one: with a time, a level, a bracket, a prompt.
fn begins_record(line: &[u8]) -> bool {
    const MONTHS: &[&[u8]] =
        &[b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    const DAYS: &[&[u8]] = &[b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    let text = line.trim_ascii_start();
    match text {
        [a, b, c, b' ' | b',', ..] if MONTHS.contains(&&[*a, *b, *c][..]) || DAYS.contains(&&[*a, *b, *c][..]) => true,
        [b'[' | b'<', next, ..] => next.is_ascii_digit() || next.is_ascii_uppercase(),
        [b'$' | b'#' | b'*' | b'%' | b'~', b' ', ..] => true,
        [b'-', b'-', ..] | [b'@', b'@', ..] | [b'=', b'=', ..] => true,
        _ => {
            let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let time = matches!(digits, 1..=4)
                && matches!(text.get(digits), Some(b':' | b'-' | b'/' | b'.'))
                && text.get(digits + 1).is_some_and(u8::is_ascii_digit);
            // `09[IKE]` of charon, `002 "site" #1` of whack, `"site"[1] 192.0.2.7 #1` of pluto.
            let rest = text.get(digits..).unwrap_or_default();
            let charon = digits == 2 && rest.first() == Some(&b'[') && rest.get(4) == Some(&b']');
            let whack = digits == 3 && rest.starts_with(b" \"");
            let pluto = digits == 0 && rest.first() == Some(&b'"') && memchr::memmem::find(rest, b" #").is_some();
            time || charon || whack || pluto || starts_with_label(text)
        }
    }
}

/// Labels that only a message of its own begins with.
fn starts_with_label(text: &[u8]) -> bool {
    const LABELS: &[&[u8]] = &[
        b"debug1:",
        b"debug2:",
        b"debug3:",
        b"error:",
        b"fatal:",
        b"warning:",
        b"remote:",
        b"ssh:",
        b"kex_exchange_identification:",
        b"ssh_exchange_identification:",
        b"curl:",
        b"at ",
        b"caused by",
        b"stdout",
        b"stderr",
        b"sshd[",
        b"pluto[",
        b"packet from ",
        b"charon",
        b"racoon",
        b"ISAKMP",
    ];
    LABELS.iter().any(|label| text.get(..label.len()).is_some_and(|start| start.eq_ignore_ascii_case(label)))
}
