use shakedown_model::{Role, StrangeProtocol, Throttle};

/// Bytes without a line end after which a line is judged all the same.
pub(super) const JUDGED: usize = 64;
/// The longest prefix that [`by_prefix`] looks at.
pub(super) const LONGEST_PREFIX: usize = 7;

/// Another protocol, from the first bytes of a connection; asked once for every prefix up to [`LONGEST_PREFIX`], so that
/// the answer does not depend on how the bytes came in.
pub(crate) fn by_prefix(prefix: &[u8]) -> Option<StrangeProtocol> {
    match *prefix {
        // RFC 854: IAC, then WILL, WON'T, DO or DON'T, then an option.
        [0xff, 0xfb..=0xfe, _] => Some(StrangeProtocol::Telnet),
        // The MySQL protocol: three bytes of length, sequence number 0, then protocol version 10 or an error packet.
        [_, _, 0, 0, 0x0a | 0xff] => Some(StrangeProtocol::MySql),
        // RFC 8446 section 5.1: a handshake record with a ClientHello or ServerHello.
        [0x16, 3, 0..=4, _, _, 1 | 2] => Some(StrangeProtocol::Tls),
        // RFC 1006 and ITU-T X.224: a packet of version 3 with a connection confirm or request.
        [3, 0, _, _, _, 0xd0 | 0xe0] => Some(StrangeProtocol::Rdp),
        // RFC 8446 section 6: an alert record.
        [0x15, 3, 0..=4, 0, 2, 1 | 2, _] => Some(StrangeProtocol::Tls),
        _ => None,
    }
}

/// Beginnings of a first line, with the role of who sends it.
const BEGINNINGS: [(Role, &str, StrangeProtocol); 22] = [
    // RFC 9112 section 4, and bodies without a status line (HTTP/0.9).
    (Role::Server, "HTTP/", StrangeProtocol::Http),
    (Role::Server, "<!doctype html", StrangeProtocol::Http),
    (Role::Server, "<html", StrangeProtocol::Http),
    // RFC 6143 section 7.1.1.
    (Role::Server, "RFB 00", StrangeProtocol::Vnc),
    (Role::Client, "RFB 00", StrangeProtocol::Vnc),
    // RFC 1939 section 3.
    (Role::Server, "+OK", StrangeProtocol::Pop3),
    (Role::Server, "-ERR", StrangeProtocol::Pop3),
    // RFC 9051 section 7.1.
    (Role::Server, "* OK", StrangeProtocol::Imap),
    (Role::Server, "* PREAUTH", StrangeProtocol::Imap),
    (Role::Server, "* BYE", StrangeProtocol::Imap),
    // RFC 9110 section 9.
    (Role::Client, "GET ", StrangeProtocol::Http),
    (Role::Client, "HEAD ", StrangeProtocol::Http),
    (Role::Client, "POST ", StrangeProtocol::Http),
    (Role::Client, "PUT ", StrangeProtocol::Http),
    (Role::Client, "OPTIONS ", StrangeProtocol::Http),
    (Role::Client, "CONNECT ", StrangeProtocol::Http),
    (Role::Client, "PRI * HTTP/2", StrangeProtocol::Http),
    // RFC 5321 section 4.1.1.1.
    (Role::Client, "EHLO ", StrangeProtocol::Smtp),
    (Role::Client, "HELO ", StrangeProtocol::Smtp),
    // RFC 959 section 4.1.1.
    (Role::Client, "USER ", StrangeProtocol::Ftp),
    // RFC 9051 section 6.1.1, with the tags that clients begin with.
    (Role::Client, "a CAPABILITY", StrangeProtocol::Imap),
    (Role::Client, "a1 CAPABILITY", StrangeProtocol::Imap),
];

/// Another protocol, from the first line (without line end) that a peer of this role sends.
pub(crate) fn by_first_line(peer: Role, line: &[u8]) -> Option<StrangeProtocol> {
    let begins = |text: &str| line.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text.as_bytes()));
    if let Some((_, _, protocol)) = BEGINNINGS.iter().find(|(role, text, _)| *role == peer && begins(text)) {
        return Some(*protocol);
    }
    // Replies of SMTP (RFC 5321 section 4.2) and FTP (RFC 959 section 4.2) have one form: three digits, then a space or
    // hyphen. Only the words tell them apart.
    let [first @ (b'2' | b'4' | b'5'), b'0'..=b'5', b'0'..=b'9', b' ' | b'-', ..] = *line else { return None };
    if peer == Role::Client {
        return None;
    }
    let lower = line.to_ascii_lowercase();
    let has = |word: &str| lower.windows(word.len()).any(|part| part == word.as_bytes());
    if has("ftp") {
        Some(StrangeProtocol::Ftp)
    } else if has("smtp") || has("mail") || first != b'2' {
        Some(StrangeProtocol::Smtp)
    } else {
        Some(StrangeProtocol::Unknown)
    }
}

/// Whether a line cannot be text: a NUL, or more than one control character that no terminal text has.
pub(crate) fn is_binary(line: &[u8]) -> bool {
    let is_control = |byte: &&u8| matches!(**byte, 1..=6 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    line.contains(&0) || line.iter().filter(is_control).count() > 1
}

/// Parts of lines by which servers say that they limit or ban, in lower case.
const THROTTLES: [(&str, Throttle); 8] = [
    // sshd.c of OpenSSH 8.2 to 9.7.
    ("exceeded maxstartups", Throttle::MaxStartups),
    // sshd.c of OpenSSH since 9.8.
    ("not allowed at this time", Throttle::NotAllowedAtThisTime),
    // Vendors' firmware and service managers (xinetd, Cisco IOS, routers) in varying words.
    ("too many connections", Throttle::Other),
    ("too many users", Throttle::Other),
    ("too many sessions", Throttle::Other),
    ("too many logins", Throttle::Other),
    ("maximum number of connections", Throttle::Other),
    ("maximum number of sessions", Throttle::Other),
];

/// Whether a line says that the server limits or bans.
pub(super) fn throttle(line: &[u8]) -> Option<Throttle> {
    let lower = line.to_ascii_lowercase();
    let has = |text: &str| lower.windows(text.len()).any(|part| part == text.as_bytes());
    THROTTLES.iter().find(|(text, _)| has(text)).map(|(_, throttle)| *throttle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_servers() {
        let server = |line: &str| by_first_line(Role::Server, line.as_bytes());
        assert_eq!(server("HTTP/1.1 400 Bad Request"), Some(StrangeProtocol::Http));
        assert_eq!(server("220 mx1.example.net ESMTP Postfix"), Some(StrangeProtocol::Smtp));
        assert_eq!(server("554 mx1.example.net no service"), Some(StrangeProtocol::Smtp));
        assert_eq!(server("220 (vsFTPd 3.0.3)"), Some(StrangeProtocol::Ftp));
        assert_eq!(server("220-Welcome"), Some(StrangeProtocol::Unknown));
        assert_eq!(server("+OK Dovecot ready."), Some(StrangeProtocol::Pop3));
        assert_eq!(server("* OK [CAPABILITY IMAP4rev1] ready"), Some(StrangeProtocol::Imap));
        assert_eq!(server("RFB 003.008"), Some(StrangeProtocol::Vnc));
        assert_eq!(server("2 users logged in"), None);
        assert_eq!(server("Welcome to this host"), None);
        assert_eq!(server(""), None);
        assert_eq!(by_first_line(Role::Client, b"GET / HTTP/1.1"), Some(StrangeProtocol::Http));
        assert_eq!(by_first_line(Role::Client, b"220 x"), None);
    }

    #[test]
    fn first_bytes_of_other_servers() {
        assert_eq!(by_prefix(&[0x15, 3, 1, 0, 2, 2, 40]), Some(StrangeProtocol::Tls));
        assert_eq!(by_prefix(&[0x16, 3, 1, 2, 0, 1]), Some(StrangeProtocol::Tls));
        assert_eq!(by_prefix(&[0x4a, 0, 0, 0, 0x0a]), Some(StrangeProtocol::MySql));
        assert_eq!(by_prefix(&[3, 0, 0, 19, 14, 0xd0]), Some(StrangeProtocol::Rdp));
        assert_eq!(by_prefix(&[0xff, 0xfd, 0x18]), Some(StrangeProtocol::Telnet));
        assert_eq!(by_prefix(b"SSH-2.0"), None);
    }

    #[test]
    fn words_of_throttling() {
        assert_eq!(throttle(b"Exceeded MaxStartups"), Some(Throttle::MaxStartups));
        assert_eq!(throttle(b"Not allowed at this time"), Some(Throttle::NotAllowedAtThisTime));
        assert_eq!(throttle(b"% Too many users, try later"), Some(Throttle::Other));
        assert_eq!(throttle(b"Welcome"), None);
    }
}
