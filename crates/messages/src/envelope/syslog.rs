use super::Envelope;
use super::prefix::is_level;

/// Reads the form that most lines of a log have, `Nov 21 10:11:12 gw sshd[12]: Connection closed`, without a try at every
/// other one; `None` of any other line, and where the message may begin with a further prefix.
pub(super) fn read(line: &[u8]) -> Option<Envelope> {
    let [month @ .., b' ', ten, one, b' ', h, i, b':', m, n, b':', s, t] = line.first_chunk::<TIME>()? else {
        return None;
    };
    let is_time = MONTHS.contains(month)
        && (*ten == b' ' || ten.is_ascii_digit())
        && [one, h, i, m, n, s, t].iter().all(|digit| digit.is_ascii_digit());
    if !is_time {
        return None;
    }
    let host = TIME + 1..word(line, TIME, b' ', |byte| byte.is_ascii_alphanumeric() || byte == b'-')?;
    let program =
        host.end + 1
            ..word(line, host.end, b'[', |byte| byte.is_ascii_alphanumeric() || b"._/@-".contains(&byte))
                .filter(|end| end - host.end <= LONGEST)?;
    let digits = line.get(program.end + 1..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let process = program.end + 1..program.end + 1 + digits;
    if !(1..=MOST_DIGITS).contains(&digits) || line.get(process.end..process.end + 3) != Some(b"]: ") {
        return None;
    }
    let message = process.end + 3;
    is_plain(line.get(message..)?).then_some(Envelope {
        time: Some(0..TIME),
        host: Some(host),
        program: Some(program),
        process: Some(process),
        connection: None,
        message,
    })
}

/// Bytes of a time.
const TIME: usize = 15;
/// Bytes of the name of a program.
const LONGEST: usize = 64;
/// Digits of the number of a process.
const MOST_DIGITS: usize = 9;
const MONTHS: [[u8; 3]; 12] =
    [*b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct", *b"Nov", *b"Dec"];
const DAYS: [[u8; 3]; 7] = [*b"Mon", *b"Tue", *b"Wed", *b"Thu", *b"Fri", *b"Sat", *b"Sun"];

/// Words that other prefixes begin with: of journald, of containers, of pluto and of Cisco IOS.
const OTHERS: [&[u8]; 6] = [b"Message", b"stdout", b"stderr", b"packet", b"ISAKMP", b"IPSEC"];

/// Where a word ends that begins with a small letter behind the blank at a place, and is followed by that byte.
fn word(line: &[u8], blank: usize, end: u8, alike: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = line.get(blank..)?;
    let begins = rest.first() == Some(&b' ') && rest.get(1).is_some_and(u8::is_ascii_lowercase);
    let length = rest.iter().skip(1).take_while(|byte| alike(**byte)).count();
    (begins && rest.get(1 + length) == Some(&end)).then_some(blank + 1 + length)
}

/// Whether a message begins with a word that no prefix begins with.
fn is_plain(message: &[u8]) -> bool {
    let letters = message.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'_').count();
    let Some((word, rest)) = message.split_at_checked(letters) else { return false };
    let follows = match rest {
        // `db01 | UNREACHABLE! => {`
        [b' ', b'|', ..] => false,
        [b' ', ..] => true,
        // No number of a process.
        [b'(', letter, ..] => letter.is_ascii_lowercase(),
        _ => false,
    };
    let named = |names: &[[u8; 3]]| word.first_chunk().is_some_and(|begin| names.contains(begin));
    follows
        && word.first().is_some_and(u8::is_ascii_alphabetic)
        && !is_level(word)
        && !OTHERS.contains(&word)
        && !named(&MONTHS)
        && !named(&DAYS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::prefix;
    use super::*;

    #[test]
    fn most_lines_are_read_at_once() {
        for line in [
            "Nov 21 10:11:12 gw sshd[12]: Connection closed",
            "Nov  1 10:11:12 gw-1 postfix/smtpd[1234567]: connect from",
            "Nov 21 10:11:12 gw sshd[12]: pam_unix(sshd:session): session opened",
        ] {
            assert_eq!(read(line.as_bytes()), Some(prefix::read(line.as_bytes())), "{line}");
        }
    }

    /// Pieces of lines that other forms are made of.
    const PIECES: [&[&str]; 5] = [
        &[
            "Nov 21 10:11:12",
            "Nov  1 10:11:12",
            "Mon 21 10:11:12",
            "Nov 21 10:11:1x",
            "Nov 21 1:11:12",
            "<3>Nov 21 10:11:12",
        ],
        &[" gw", " GW", " UTC", " gw.example.com", " mail.info gw", "  gw", " gw:", " 192.0.2.7", "", " gw-1", " z"],
        &[" sshd", " LOG5", " Error", " error", " postfix/smtpd", " t", " charon", " pluto", "  sshd", " asa :", ""],
        &[
            "[12]: ",
            "[1234567890123]: ",
            "[x]: ",
            "(12): ",
            ": ",
            "[12]:",
            "[12]:  ",
            "[]: ",
            " ",
            "[12]: [ID 8 auth.info] ",
        ],
        &[
            "Connection closed",
            "error: kex",
            "Error x",
            "ERROR [x] y",
            "Message : x",
            "stdout F x",
            "db01 | FAILED => {",
            "May 02 10:11:12 x",
            "Sunday x",
            "pam_unix(sshd:session): x",
            "sshd(12): x",
            "sshd(a): x",
            "inner[3]: text",
            "08[IKE] <a|3> x",
            "\"site\"[1] 192.0.2.7 #4: no",
            "%ASA-4-113019: Group",
            "12#12: *17 x",
            "[main] x",
            "",
            "a.b.C - x",
            "192.0.2.7:5000 x",
            "I0102 10:11:12.3 12 a.go:3] x",
            "DEB [20240102-10:11:12.3] thr=1 p: x",
            "time=\"2024-01-02T10:11:12Z\" level=error msg=\"x",
            "ts=1 x",
            "Accepted",
            "_x y",
            "remote: x",
            "fatal: [db01]: x => {",
            "client 192.0.2.7 x",
            "Information,1",
            "imap-login: x",
            "Maximum x",
            "warn\tx",
            "packet from 192.0.2.7:500: x",
            "ISAKMP (1001): x",
            "IPSEC(x): y",
            "ISAKMP:(1001): x",
            "note x",
            "Note x",
            "kex: x",
        ],
    ];

    proptest! {
        #![proptest_config(shakedown_testkit::properties(512))]

        /// Whatever this takes for the common form is read the same by trying all forms.
        #[test]
        fn the_short_way_leads_to_the_same_place(places in prop::array::uniform5(any::<prop::sample::Index>())) {
            let line: String = PIECES.iter().zip(places).map(|(pieces, place)| pieces[place.index(pieces.len())]).collect();
            if let Some(read) = read(line.as_bytes()) {
                prop_assert_eq!(read, prefix::read(line.as_bytes()), "{}", line);
            }
        }
    }
}
