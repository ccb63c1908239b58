//! What looks like something to hide, inside sentences.

use std::net::IpAddr;

use shakedown_model::Software;

use super::dictionary::{Dictionary, Kind, is_placeholder};

/// Replaces addresses, paths, fingerprints, URLs, `user@host`, host names with a domain, and serials.
pub(super) fn patterns(text: &str, dictionary: &mut Dictionary) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = String::new();
    for (word, is_word) in
        words(text, |c| c.is_whitespace() || matches!(c, '`' | '"' | '\'' | '(' | ')' | ',' | ';' | '<' | '>' | '|'))
    {
        if !is_word {
            out.push_str(word);
            continue;
        }
        let shown = if before.eq_ignore_ascii_case("serial") && word.bytes().any(|byte| byte.is_ascii_digit()) {
            dictionary.placeholder(Kind::Serial, word)
        } else {
            one(word, dictionary)
        };
        out.push_str(&shown);
        before = word.trim_end_matches(':').to_owned();
    }
    out
}

/// Replaces what stands in quotation marks and is no algorithm name.
pub(super) fn quotations(text: &str, dictionary: &mut Dictionary) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['`', '"', '\'']) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let mark = from.chars().next().unwrap_or('`');
        let inside = from.get(1..).unwrap_or_default();
        let Some(end) = inside.find(mark) else {
            out.push_str(from);
            return out;
        };
        let (inside, after) = inside.split_at(end);
        out.push(mark);
        out.push_str(&list(inside, dictionary));
        out.push(mark);
        rest = after.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Words that say nothing about who or where.
const HARMLESS: [&str; 35] = [
    "yes",
    "no",
    "none",
    "any",
    "all",
    "auto",
    "ask",
    "default",
    "true",
    "false",
    "match",
    "host",
    "user",
    "exec",
    "address",
    "group",
    "localuser",
    "originalhost",
    "localaddress",
    "localport",
    "canonical",
    "final",
    "tagged",
    "version",
    "sessiontype",
    "rdomain",
    "invalid-user",
    "accept-new",
    "off",
    "inet",
    "inet6",
    "prohibit-password",
    "delayed",
    "command",
    "HOST",
];

/// A list or value of a configuration file: names that are kept, numbers and harmless words stay.
pub(super) fn list(text: &str, dictionary: &mut Dictionary) -> String {
    let mut out = String::with_capacity(text.len());
    for (word, is_word) in
        words(text, |c| c.is_whitespace() || matches!(c, ',' | '=' | '"' | '\'' | '`' | '+' | '^' | '!'))
    {
        if !is_word {
            out.push_str(word);
            continue;
        }
        // A leading `-` takes names away from a default list.
        let (sign, name) = match word.strip_prefix('-') {
            Some(name) if !dictionary.is_kept(word) => ("-", name),
            _ => ("", word),
        };
        out.push_str(sign);
        if name.is_empty() || stays(name, dictionary) {
            out.push_str(name);
        } else {
            let shown = dictionary.known_as(name).unwrap_or_else(|| one(name, dictionary));
            if shown == name {
                out.push_str(&dictionary.placeholder(Kind::Value, name));
            } else {
                out.push_str(&shown);
            }
        }
    }
    out
}

fn stays(name: &str, dictionary: &Dictionary) -> bool {
    dictionary.is_kept(name)
        || is_placeholder(name)
        || dictionary.pattern_fits(name)
        || (name.len() <= 5 && name.bytes().all(|byte| byte.is_ascii_digit()))
        || name.chars().all(|c| matches!(c, '*' | '?' | '.' | '#'))
        || HARMLESS.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// One word of a sentence.
fn one(word: &str, dictionary: &mut Dictionary) -> String {
    let body = word.trim_end_matches(['.', ':', '!', '?']);
    let tail = word.get(body.len()..).unwrap_or_default();
    if body.is_empty() || dictionary.is_kept(body) || is_placeholder(body) || is_software(body, dictionary) {
        return word.to_owned();
    }
    format!("{}{tail}", body_of(body, dictionary))
}

fn body_of(word: &str, dictionary: &mut Dictionary) -> String {
    if let Some((scheme, rest)) = word.split_once("://") {
        if is_public(rest) {
            return word.to_owned();
        }
        let (end, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let path =
            if path.len() > 1 { format!("/{}", dictionary.placeholder(Kind::Path, path)) } else { path.to_owned() };
        return format!("{scheme}://{}{path}", dictionary.endpoint(end));
    }
    for digest in ["SHA256:", "SHA512:", "SHA1:", "MD5:"] {
        if word.starts_with(digest) {
            return dictionary.placeholder(Kind::Fingerprint, word);
        }
    }
    if word.len() >= 47 && word.split(':').count() >= 16 && word.split(':').all(is_octet) {
        return dictionary.placeholder(Kind::Fingerprint, word);
    }
    // `key=value` and `key:value` where the value begins like a path or an address.
    if let Some(at) = word.find('=') {
        let (key, value) = word.split_at(at + 1);
        return format!("{key}{}", one(value, dictionary));
    }
    if is_path(word) {
        // A line and a column may follow.
        let path = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':');
        let path = if word.get(path.len()..).is_some_and(|rest| rest.starts_with(':')) { path } else { word };
        let rest = word.get(path.len()..).unwrap_or_default();
        return format!("{}{rest}", dictionary.placeholder(Kind::Path, path));
    }
    if let Some(at) = word.find(":/").or_else(|| word.find(":~")) {
        let (before, path) = word.split_at(at + 1);
        let before = one(before.trim_end_matches(':'), dictionary);
        return format!("{before}:{}", dictionary.placeholder(Kind::Path, path));
    }
    if is_address(word) {
        return dictionary.endpoint(word);
    }
    if let Some((user, host)) = word.split_once('@')
        && !user.is_empty()
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && !is_public(host)
    {
        return dictionary.endpoint(word);
    }
    let host = word.split(':').next().unwrap_or_default();
    if is_domain(host) && !is_public(host) {
        return dictionary.endpoint(word);
    }
    word.to_owned()
}

fn is_octet(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_path(word: &str) -> bool {
    let rest = ["~/", "./", "../", "/"].iter().find_map(|start| word.strip_prefix(start));
    rest.is_some_and(|rest| !rest.is_empty())
        || (word.starts_with('~') && word.len() > 1 && word.contains('/'))
        || (word.len() > 3 && word.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/"))
}

/// An address, with or without brackets, port, prefix length or zone.
fn is_address(word: &str) -> bool {
    let bare = |text: &str| {
        text.trim_matches(['[', ']']).split(['%', '/']).next().unwrap_or_default().parse::<IpAddr>().is_ok()
    };
    bare(word)
        || word.rsplit_once(':').is_some_and(|(host, port)| {
            bare(host) && (port.is_empty() || port.bytes().all(|byte| byte.is_ascii_digit()))
        })
}

/// `product@version` and layers of it.
fn is_software(word: &str, dictionary: &Dictionary) -> bool {
    let before = word.split(':').next().unwrap_or_default();
    before.contains('@')
        && before.parse::<Software>().is_ok_and(|software| {
            software.layers.iter().all(|layer| {
                let plain = Software { layers: vec![layer.clone()] }.to_string();
                // A host name may begin with a digit too, but then it has letters behind its dots.
                dictionary.is_kept(&plain)
                    || (layer.version.starts_with(|c: char| c.is_ascii_digit()) && !is_domain(&layer.version))
            })
        })
        && !word.contains(":/")
}

/// Ends of file names that look like domains.
const FILE_ENDINGS: [&str; 14] =
    ["conf", "d", "pub", "json", "toml", "md", "rs", "js", "txt", "service", "socket", "config", "cnf", "exe"];

/// A host name with a domain.
fn is_domain(word: &str) -> bool {
    let labels: Vec<&str> = word.split('.').collect();
    let Some((last, rest)) = labels.split_last() else { return false };
    !rest.is_empty()
        && last.len() >= 2
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !FILE_ENDINGS.contains(last)
        && !last.starts_with(|c: char| c.is_ascii_uppercase())
        && rest.iter().all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

/// Domains of published documents, and those that stand in names of algorithms.
const PUBLIC: [&str; 17] = [
    "openssh.com",
    "libssh.org",
    "matt.ucc.asn.au",
    "ssh.com",
    "lysator.liu.se",
    "rfc-editor.org",
    "ietf.org",
    "iana.org",
    "nist.gov",
    "terrapin-attack.com",
    "debian.org",
    "ubuntu.com",
    "redhat.com",
    "bouncycastle.org",
    "putty.projects.tartarus.org",
    "tinyssh.org",
    "roumenpetrov.info",
];

fn is_public(host: &str) -> bool {
    let host = host.split(['/', ':', '?', '#']).next().unwrap_or_default();
    PUBLIC.iter().any(|public| host == *public || host.strip_suffix(public).is_some_and(|before| before.ends_with('.')))
}

/// The text in pieces: words, and what stands between them.
fn words(text: &str, between: impl Fn(char) -> bool) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut in_word = None;
    for (at, c) in text.char_indices() {
        let word = !between(c);
        if in_word != Some(word) {
            if let Some(was) = in_word {
                pieces.push((text.get(start..at).unwrap_or_default(), was));
            }
            start = at;
            in_word = Some(word);
        }
    }
    if let Some(was) = in_word {
        pieces.push((text.get(start..).unwrap_or_default(), was));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identifies_is_replaced_and_what_explains_stays() {
        let mut dictionary = Dictionary::default();
        dictionary.keep("chacha20-poly1305@openssh.com");
        dictionary.keep("my-kex@corp.example");
        dictionary.learn(Kind::Host, "db01");
        dictionary.learn(Kind::User, "alice");
        let cases = [
            ("run `ssh -o KexAlgorithms=+x alice@db01`", "run `ssh -o KexAlgorithms=+x user-1@host-1`"),
            ("DB01 answered, db01. db012 not", "host-1 answered, host-1. db012 not"),
            ("at 10.1.2.3:22, [2001:db8::1]:22 and fe80::1", "at address-1:22, address-2:22 and address-3"),
            ("see /etc/ssh/sshd_config:41:15 or /x/y2", "see path-1:41:15 or path-2"),
            ("openssh@9.2p1/debian-12:/etc/ssh/sshd_config", "openssh@9.2p1/debian-12:path-1"),
            (
                "client `openssh@9.2p1` offers: chacha20-poly1305@openssh.com",
                "client `openssh@9.2p1` offers: chacha20-poly1305@openssh.com",
            ),
            ("my-kex@corp.example stays", "my-kex@corp.example stays"),
            ("bob@corp.example does not", "user-2@host-2 does not"),
            ("key SHA256:abcdef", "key fingerprint-1"),
            ("MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", "fingerprint-2"),
            ("00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff.", "fingerprint-3."),
            ("https://bob@host.corp.example:8443/a/b", "https://user-2@host-3:8443/path-3"),
            ("https://www.rfc-editor.org/rfc/rfc9142 (RFC 9142)", "https://www.rfc-editor.org/rfc/rfc9142 (RFC 9142)"),
            ("certificate serial 0x1f2e expires", "certificate serial serial-1 expires"),
            ("IdentityFile=~/.ssh/key and HostName gw.corp.example", "IdentityFile=path-4 and HostName host-4"),
            (
                "sshd_config.d/x.conf, OpenSSH 9.2p1, SSH.NET, e.g. this",
                "sshd_config.d/x.conf, OpenSSH 9.2p1, SSH.NET, e.g. this",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(dictionary.sentence(text), expected);
        }
    }

    #[test]
    fn lists_keep_algorithm_names_only() {
        let mut dictionary = Dictionary::default();
        dictionary.keep("aes128-ctr");
        dictionary.keep("aes128-cbc");
        assert_eq!(
            list("-*-cbc,aes128-ctr,tpyo, 22 yes corp", &mut dictionary),
            "-*-cbc,aes128-ctr,value-1, 22 yes value-2"
        );
        assert_eq!(dictionary.finding("Bad value \"corp\" for `aes128-ctr`"), "Bad value \"value-2\" for `aes128-ctr`");
    }
}
