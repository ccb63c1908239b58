//! Secrets in the configurations of gateways: they are taken out before anything of the text is kept. Only whose pre-shared keys
//! are the same is known afterwards.

use std::ops::Range;

use shakedown_model::ike::KeyPrint;
use zeroize::Zeroize as _;

use super::Vendor;

/// Words behind which a secret stands, in lower case.
const WORDS: [&str; 38] = [
    "key",
    "key-string",
    "keystring",
    "psksecret",
    "psksecret-remote",
    "ppk-secret",
    "secret",
    "passwd",
    "password",
    "password1",
    "password2",
    "passphrase",
    "privatekey",
    "private-key",
    "pre-shared-key",
    "pre_shared_key",
    "presharedkey",
    "pre-shared-secret",
    "preshared-key",
    "seeded-pre-shared-key",
    "ascii-text",
    "hexadecimal",
    "sharedkey",
    "sharedsecret",
    "sharedsecrethash",
    "community",
    "phash",
    "prv",
    "pkcs11pin",
    "encrypted-password",
    "md5-hash",
    "sha512-hash",
    "bcrypt-hash",
    "authentication-key",
    "token",
    "l2tppsk",
    "tls",
    "customergatewayconfiguration",
];

/// A secret that was taken out.
#[derive(Debug)]
pub(super) struct Taken {
    /// Where it stood.
    pub(super) span: Range<usize>,
    /// Tells it from others; `None` where it is encrypted or was starred already.
    pub(super) print: Option<KeyPrint>,
}

/// How the text of a vendor writes a setting and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `word value ...`, up to the end of the line.
    Line,
    /// `word value;`
    Statement,
    /// `word=value`
    Equals,
    /// `<word>value</word>`
    Element,
    /// `"word": "value"`, or YAML's `word: value`.
    Colon,
}

fn form(vendor: Vendor, text: &[u8]) -> Form {
    match vendor {
        Vendor::CiscoIos | Vendor::CiscoAsa | Vendor::FortiOs => Form::Line,
        Vendor::RouterOs => Form::Equals,
        Vendor::Junos => Form::Statement,
        Vendor::PanOs | Vendor::AwsVpn if text.trim_ascii_start().starts_with(b"<") => Form::Element,
        Vendor::PanOs => Form::Line,
        Vendor::PfSense | Vendor::OpnSense => Form::Element,
        Vendor::AwsVpn | Vendor::AzureVpn | Vendor::GcpVpn | Vendor::WindowsVpn => Form::Colon,
    }
}

/// Puts stars in the place of all secrets. The length of the text and its lines stay.
pub(super) fn take(vendor: Vendor, text: &mut [u8]) -> Vec<Taken> {
    let form = form(vendor, text);
    let mut taken = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text.get(at..).is_some_and(|rest| rest.starts_with(b"-----BEGIN ")) {
            let rest = text.get(at..).unwrap_or_default();
            let length = find(rest, b"-----END ").unwrap_or(rest.len());
            star(text, at..at + length);
            at += length.max(1);
            continue;
        }
        let length = text.get(at..).map_or(0, |rest| rest.iter().take_while(|byte| is_word(**byte)).count());
        if length == 0 {
            at += 1;
            continue;
        }
        let word = at..at + length;
        at = word.end;
        if !text.get(word.clone()).is_some_and(is_secret) {
            continue;
        }
        let Some(span) = value(text, &word, form) else { continue };
        at = span.end.max(at);
        let key = text.get(span.clone()).unwrap_or_default();
        // Cisco's number in front of a secret says how it is encrypted.
        let before = text.get(word.end..span.start).unwrap_or_default().trim_ascii_end();
        let encrypted = form == Form::Line && before.last().is_some_and(|byte| b"5678".contains(byte));
        let print = plain(key, vendor, form).filter(|_| !encrypted).map(|mut key| {
            let print = KeyPrint::of(&key);
            key.zeroize();
            print
        });
        star(text, span.clone());
        taken.push(Taken { span, print });
    }
    taken
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_secret(word: &[u8]) -> bool {
    WORDS.iter().any(|secret| secret.as_bytes().eq_ignore_ascii_case(word))
}

fn star(text: &mut [u8], span: Range<usize>) {
    for byte in text.get_mut(span).into_iter().flatten() {
        if !matches!(*byte, b'\n' | b'\r') {
            *byte = b'*';
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

/// The end of the line that a byte stands in.
fn line_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len())
}

fn blanks(text: &[u8], at: usize, end: usize) -> usize {
    at + text.get(at..end).unwrap_or_default().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// A text in quotes, the quotes included, `\` taking the next byte; it may have several lines.
fn quoted(text: &[u8], at: usize) -> Option<Range<usize>> {
    let quote = *text.get(at).filter(|byte| matches!(byte, b'"' | b'\''))?;
    let mut end = at + 1;
    while let Some(byte) = text.get(end) {
        match byte {
            b'\\' => end += 1,
            byte if *byte == quote => return Some(at..end + 1),
            _ => {}
        }
        end += 1;
    }
    Some(at..text.len())
}

/// What stands behind a word that a secret belongs to.
fn value(text: &[u8], word: &Range<usize>, form: Form) -> Option<Range<usize>> {
    let end = line_end(text, word.end);
    let before = word.start.checked_sub(1).and_then(|at| text.get(at));
    match form {
        Form::Line | Form::Statement => {
            let mut start = blanks(text, word.end, end);
            if start == word.end || start >= end {
                return None;
            }
            let next = |at: usize| {
                let rest = text.get(at..end).unwrap_or_default();
                let length = rest.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
                at..at + length
            };
            // The words between, which say whose the secret is and how it is written.
            loop {
                let part = next(start);
                match text.get(part.clone())? {
                    b"address" | b"hostname" => return None,
                    b"local" | b"remote" | b"ascii-text" | b"hexadecimal" | b"0" | b"5" | b"6" | b"7" | b"8" => {
                        let behind = blanks(text, part.end, end);
                        if behind >= end {
                            break;
                        }
                        start = behind;
                    }
                    _ => break,
                }
            }
            // `crypto isakmp key SECRET address ADDRESS`: what follows it is kept.
            let line = text.get(..word.start).unwrap_or_default();
            if form == Form::Line && line.trim_ascii_end().ends_with(b"crypto isakmp") {
                return Some(next(start));
            }
            if let Some(span) = quoted(text, start) {
                return Some(if form == Form::Line { span.start..span.end.max(end) } else { span });
            }
            if text.get(start) == Some(&b'{') {
                return None;
            }
            if form == Form::Statement {
                let rest = text.get(start..end).unwrap_or_default();
                let length = rest.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
                let closes = rest.get(..length).is_some_and(|part| part.ends_with(b";"));
                return Some(start..start + length - usize::from(closes));
            }
            Some(start..end)
        }
        Form::Equals => {
            if text.get(word.end) != Some(&b'=') {
                return None;
            }
            let start = word.end + 1;
            if let Some(span) = quoted(text, start) {
                return Some(span);
            }
            let rest = text.get(start..end)?;
            let length = rest.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
            Some(start..start + length)
        }
        Form::Element => {
            // `<word>`, or an attribute of it before the `>`.
            if before != Some(&b'<') {
                return None;
            }
            let rest = text.get(word.end..)?;
            let opens = rest.iter().position(|byte| *byte == b'>')?;
            if rest.get(..opens)?.ends_with(b"/") {
                return None;
            }
            let start = word.end + opens + 1;
            let rest = text.get(start..)?;
            let length = rest.iter().position(|byte| *byte == b'<').unwrap_or(rest.len());
            let blank = rest.get(..length).is_none_or(|text| text.trim_ascii().is_empty());
            if let Some(inner) = rest.strip_prefix(b"<![CDATA[") {
                let length = find(inner, b"]]>").unwrap_or(inner.len());
                return Some(start + 9..start + 9 + length);
            }
            (!blank).then_some(start..start + length)
        }
        Form::Colon => {
            let behind = word.end + usize::from(matches!(text.get(word.end), Some(b'"' | b'\'')));
            let colon = blanks(text, behind, end.max(behind));
            if text.get(colon) != Some(&b':') {
                return None;
            }
            let start = blanks(text, colon + 1, end.max(colon + 1));
            if let Some(span) = quoted(text, start) {
                return Some(span.start + 1..span.end.saturating_sub(1).max(span.start + 1));
            }
            let rest = text.get(start..end)?;
            let length = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']')).unwrap_or(rest.len());
            let plain = rest.get(..length)?.trim_ascii();
            // What JSON writes without quotes is no text; YAML's may be.
            let is_json = text.trim_ascii_start().first().is_some_and(|byte| matches!(byte, b'{' | b'['));
            let is_text =
                !is_json && !plain.is_empty() && plain != b"null" && !matches!(plain.first(), Some(b'{' | b'['));
            is_text.then_some(start..start + length)
        }
    }
}

/// The secret itself, where the text has it and not something that only its product can read.
fn plain(written: &[u8], vendor: Vendor, form: Form) -> Option<Vec<u8>> {
    let text = written.trim_ascii();
    let inner = match (text.first(), text.last()) {
        (Some(b'"'), Some(b'"')) if text.len() > 1 => text.get(1..text.len() - 1)?,
        _ => text,
    };
    if inner.is_empty() || inner.iter().all(|byte| *byte == b'*') || inner.starts_with(b"<") {
        return None;
    }
    let encrypted = match vendor {
        Vendor::FortiOs => inner.starts_with(b"ENC "),
        Vendor::Junos => inner.starts_with(b"$"),
        Vendor::PanOs => true,
        Vendor::CiscoIos | Vendor::CiscoAsa => inner.contains(&b' '),
        _ => false,
    };
    // Escapes differ by product, and a key with one of them is left open.
    let escaped = form != Form::Line && inner.contains(&b'\\') || form == Form::Element && inner.contains(&b'&');
    (!encrypted && !escaped).then(|| inner.to_vec())
}
