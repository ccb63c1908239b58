//! Masks secrets. Works on single lines, since a mask must never move a line: whoever masks a text of several lines
//! masks each.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in the place of a secret. Its length says nothing about the secret's.
pub(crate) const MASK: &str = "***";

/// The text with passwords in URLs, values of password and token settings, tokens of known forms, and private keys
/// replaced by `***`.
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut key = false;
    let mut done = 0;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let found = secrets_of_line(body.as_bytes(), &mut key);
        for range in found {
            let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
            out.push_str(text.get(done..start + range.start).unwrap_or_default());
            out.push_str(MASK);
            done = start + range.end;
        }
        start += line.len();
    }
    match out {
        None => Cow::Borrowed(text),
        Some(mut out) => {
            out.push_str(text.get(done..).unwrap_or_default());
            Cow::Owned(out)
        }
    }
}

/// The secrets of one line, by place. `key` is whether the line stands inside a private key, and is kept up to date.
fn secrets_of_line(line: &[u8], key: &mut bool) -> Vec<Range<usize>> {
    if line.len() >= 20 && memchr::memmem::find(line, b"PRIVATE KEY-----").is_some() {
        *key = memchr::memmem::find(line, b"-----BEGIN").is_some() && memchr::memmem::find(line, b"-----END").is_none();
        let body = memchr::memmem::find(line, b"PRIVATE KEY-----").map_or(0, |at| at + 16);
        return (body < line.len()).then_some(body..line.len()).into_iter().collect();
    }
    if *key {
        return (!line.is_empty()).then_some(0..line.len()).into_iter().collect();
    }
    secrets(line)
}

/// The secrets of one line that stands by itself, by place, not overlapping.
pub(crate) fn secrets(line: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    user_information(line, &mut found);
    settings(line, &mut found);
    tokens(line, &mut found);
    for range in &mut found {
        *range = whole_characters(line, range.clone());
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Whether a place of a file lies inside a private key.
pub(crate) fn inside_private_key(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or(text);
    let Some(begin) = memchr::memmem::rfind(before, b"PRIVATE KEY-----") else { return false };
    let line = memchr::memrchr(b'\n', before.get(..begin).unwrap_or_default()).map_or(0, |at| at + 1);
    memchr::memmem::find(before.get(line..begin).unwrap_or_default(), b"-----BEGIN").is_some()
}

/// A range may not cut a character of several bytes in two.
fn whole_characters(line: &[u8], range: Range<usize>) -> Range<usize> {
    let inside = |at: usize| line.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let (mut start, mut end) = (range.start, range.end);
    while start > 0 && inside(start) {
        start -= 1;
    }
    while end < line.len() && inside(end) {
        end += 1;
    }
    start..end
}

/// `user:password@host`, in a URL or not.
fn user_information(line: &[u8], found: &mut Vec<Range<usize>>) {
    for at in memchr::memchr_iter(b'@', line) {
        let url = memchr::memmem::rfind(line.get(..at).unwrap_or_default(), b"://").map_or(0, |place| place + 3);
        let begin = line
            .get(..at)
            .and_then(|before| {
                before.iter().rposition(|byte| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'`' | b'<' | b'('))
            })
            .map_or(0, |place| place + 1);
        // In a URL the password may hold a slash, which a careless person has not escaped.
        let begin = begin.max(url);
        let Some(information) = line.get(begin..at) else { continue };
        let Some(colon) = memchr::memchr(b':', information) else { continue };
        let password = begin + colon + 1..at;
        // `host:/path@x` is a path.
        let slash = information.get(colon..).is_some_and(|rest| memchr::memchr(b'/', rest).is_some());
        let in_url = url == begin && url > 0;
        if !password.is_empty() && (in_url || colon > 0 && !slash) {
            found.push(password);
        }
    }
}

/// Words that end the name of a setting whose value is a secret.
const SECRET_NAMES: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "psk",
    "private_key",
    "credential",
    "authorization",
];

/// Options of programs whose next word is a secret: `sshpass -p`, `plink -pw`.
const SECRET_OPTIONS: [&str; 4] = ["-pw", "-pwfile", "--proxy-user", "-pass"];

/// `password=...`, `token: ...`, `--password ...`, `Authorization: Bearer ...`, `: PSK "..."`.
fn settings(line: &[u8], found: &mut Vec<Range<usize>>) {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut at = 0;
    let mut before: &[u8] = b"";
    while at < line.len() {
        let start = at;
        while line.get(at).is_some_and(|byte| is_word(*byte)) {
            at += 1;
        }
        let word = line.get(start..at).unwrap_or_default();
        if word.is_empty() {
            at += 1;
            continue;
        }
        let ends = |name: &str| {
            let end = word.len().checked_sub(name.len()).and_then(|start| word.get(start..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()))
        };
        let last = |text: &[u8]| text.last().map(u8::to_ascii_lowercase);
        let may_end = |name: &&&str| last(name.as_bytes()) == last(word);
        let secret = SECRET_NAMES.iter().filter(may_end).any(|name| ends(name));
        let option = word.starts_with(b"-");
        let blank_may_follow = option && secret
            || SECRET_OPTIONS.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
            || word.eq_ignore_ascii_case(b"-p") && before.ends_with(b"sshpass")
            || word == b"PSK";
        if secret || blank_may_follow {
            if let Some(value) = value_after(line, at, blank_may_follow) {
                at = value.end;
                found.push(value);
            }
        } else if word.first_chunk::<2>().is_some_and(|two| two.eq_ignore_ascii_case(b"-p"))
            && before.ends_with(b"sshpass")
        {
            found.push(start + 2..at);
        }
        before = word;
    }
}

/// The value behind the name of a setting: after `=` or `:`, or after a blank where that is how it is written.
fn value_after(line: &[u8], mut at: usize, blank_may_follow: bool) -> Option<Range<usize>> {
    let blank = |byte: u8| byte == b' ' || byte == b'\t';
    let skip = |mut at: usize| {
        while line.get(at).is_some_and(|byte| blank(*byte)) {
            at += 1;
        }
        at
    };
    // The closing quote of a name in JSON.
    if matches!(line.get(at), Some(b'"' | b'\'')) && matches!(line.get(skip(at + 1)), Some(b':' | b'=')) {
        at += 1;
    }
    let separator = skip(at);
    at = match line.get(separator) {
        Some(b'=' | b':') => skip(separator + 1),
        Some(_) if blank_may_follow && separator > at => separator,
        _ => return None,
    };
    for scheme in [b"bearer ".as_slice(), b"basic ", b"digest ", b"token "] {
        if line.get(at..at + scheme.len()).is_some_and(|word| word.eq_ignore_ascii_case(scheme)) {
            at = skip(at + scheme.len());
            break;
        }
    }
    let rest = line.get(at..)?;
    let value = match rest.first()? {
        quote @ (b'"' | b'\'' | b'`') => {
            let end = memchr::memchr(*quote, rest.get(1..)?).map_or(rest.len(), |end| end + 1);
            at + 1..at + end
        }
        _ => {
            let end = rest
                .iter()
                .position(|byte| blank(*byte) || matches!(byte, b'&' | b';' | b'`' | b'"' | b'\'' | b',' | b')'))
                .unwrap_or(rest.len());
            at..at + end
        }
    };
    (!value.is_empty()).then_some(value)
}

/// How tokens of known services begin, and how many characters must follow.
const TOKENS: [(&str, usize); 14] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("hvs.", 20),
    ("AKIA", 16),
    ("ASIA", 16),
    ("npm_", 30),
    ("eyJ", 30),
];

/// The shortest of them has so many characters.
const SHORTEST_TOKEN: usize = 15;

/// Fewer characters of base64 than this may be a fingerprint or a name.
const LONG_BASE64: usize = 48;

/// Tokens of known services, and long runs of base64 that are neither a public key nor a fingerprint.
fn tokens(line: &[u8], found: &mut Vec<Range<usize>>) {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=');
    let mut at = 0;
    while at < line.len() {
        let start = at;
        while line.get(at).is_some_and(|byte| is_token(*byte)) {
            at += 1;
        }
        let Some(word) = line.get(start..at).filter(|word| !word.is_empty()) else {
            at += 1;
            continue;
        };
        let mut piece_start = start;
        if word.len() < SHORTEST_TOKEN {
            continue;
        }
        for piece in word.split(|byte| matches!(byte, b'/' | b'=')) {
            let known = |(prefix, length): &(&str, usize)| {
                piece.starts_with(prefix.as_bytes()) && piece.len() >= prefix.len() + length
            };
            if TOKENS.iter().any(known) {
                found.push(piece_start..piece_start + piece.len());
            }
            piece_start += piece.len() + 1;
        }
        // A fingerprint of SHA-256 is shorter than what is masked.
        let fingerprint = line.get(..start).is_some_and(|before| {
            (before.ends_with(b"SHA384:") && word.len() <= 64) || (before.ends_with(b"SHA512:") && word.len() <= 88)
        });
        if !fingerprint && !word.starts_with(b"AAAA") && looks_random(word) {
            found.push(start..at);
        }
    }
}

/// Long, base64, and of all three kinds of characters: neither a path nor a list of names.
fn looks_random(word: &[u8]) -> bool {
    if word.len() < LONG_BASE64 {
        return false;
    }
    let longest = word
        .split(|byte| matches!(byte, b'-' | b'.' | b'_'))
        .filter(|part| {
            part.iter().any(u8::is_ascii_uppercase)
                && part.iter().any(u8::is_ascii_lowercase)
                && part.iter().any(u8::is_ascii_digit)
                && part.split(|byte| *byte == b'/').any(|piece| piece.len() >= 16)
        })
        .map(<[u8]>::len)
        .max();
    longest.is_some_and(|length| length >= LONG_BASE64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_shorter_than_what_is_looked_at() {
        assert_eq!(TOKENS.iter().map(|(prefix, more)| prefix.len() + more).min(), Some(SHORTEST_TOKEN));
    }

    #[test]
    fn secrets_are_masked_and_nothing_else() {
        let cases = [
            ("https://bob:hunter2@proxy:8080/x", "https://bob:***@proxy:8080/x"),
            ("https://bob:hun/ter:2@proxy/", "https://bob:***@proxy/"),
            ("https://:tok3n@host", "https://:***@host"),
            ("ProxyCommand nc -x bob:hunter2@proxy %h %p", "ProxyCommand nc -x bob:***@proxy %h %p"),
            ("password=hunter2&x=1", "password=***&x=1"),
            ("{\"token\": \"abc def\", \"x\": 1}", "{\"token\": \"***\", \"x\": 1}"),
            ("db_password: 'a b' # c", "db_password: '***' # c"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("curl --password hunter2 x", "curl --password *** x"),
            ("sshpass -p hunter2 ssh x", "sshpass -p *** ssh x"),
            ("sshpass -phunter2 ssh x", "sshpass -p*** ssh x"),
            ("plink -pw hunter2 host", "plink -pw *** host"),
            (": PSK \"swordfish\"", ": PSK \"***\""),
            ("x ghp_abcdefghijklmnopqrstuvwxyz0123 y", "x *** y"),
            ("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW", "***"),
            ("pässword=x passwörd:é password=pä ß", "pässword=x passwörd:é password=*** ß"),
        ];
        for (text, expected) in cases {
            assert_eq!(mask(text), expected);
        }
        let kept = [
            "PasswordAuthentication no",
            "KexAlgorithms curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256",
            "SHA256:AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfG is the fingerprint",
            "SHA512:AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIj0123",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh",
            "git@host:repo and user@host:22",
            "openssh@9.2p1/debian-12:/etc/ssh/sshd_config",
            "ssh://bob@host:22/path",
            "error in libcrypto: bad password",
            "/usr/lib/x86_64-linux-gnu/Some/Very/Long/Path/With/Digits0/And/More/And/More/Parts",
        ];
        for text in kept {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn a_private_key_is_masked_line_by_line() {
        let text = "a\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\r\ndef\n-----END OPENSSH PRIVATE KEY-----\nb\n";
        let expected = "a\n-----BEGIN OPENSSH PRIVATE KEY-----\n***\r\n***\n-----END OPENSSH PRIVATE KEY-----\nb\n";
        assert_eq!(mask(text), expected);
        let at = |word: &str| inside_private_key(text.as_bytes(), text.find(word).unwrap());
        assert!(at("abc") && at("def") && !at("b\n") && !at("a\n"));
    }
}
