use std::ops::Range;

use super::Envelope;
use super::cursor::Cursor;
use super::time::{self, Style};

/// Reads prefixes one after the other, until something else comes.
pub(super) fn read(line: &[u8]) -> Envelope {
    let mut reader =
        Reader { cursor: Cursor::new(line), envelope: Envelope::default(), timed: false, named: false, is_over: false };
    reader.wrappers();
    for _ in 0..MOST {
        reader.cursor.blanks();
        if reader.is_over || !reader.step() {
            break;
        }
    }
    reader.envelope.message = reader.cursor.at();
    reader.envelope
}

/// More prefixes than any line has.
const MOST: usize = 24;

pub(super) struct Reader<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) envelope: Envelope,
    /// A time was read: levels, threads and loggers may follow.
    pub(super) timed: bool,
    /// The host of syslog was read: a program follows.
    named: bool,
    /// What comes now is the message.
    pub(super) is_over: bool,
}

impl Reader<'_> {
    fn step(&mut self) -> bool {
        self.time()
            || self.tag()
            || self.charon()
            || self.pluto()
            || self.cisco()
            || self.nginx()
            || self.bracket()
            || self.level()
            || self.logger()
            || self.address()
            || self.wrappers()
    }

    /// What stands around the lines of another log.
    fn wrappers(&mut self) -> bool {
        let start = self.cursor.at();
        let mut after = self.cursor;
        after.blanks();
        // The message in the verbose form of journald and in PowerShell's list of an event.
        let known =
            ["remote: ", "stdout F ", "stderr F ", "stdout P ", "stderr P ", "##[error]", "MESSAGE=", "Message : "];
        let event = |after: &mut Cursor| after.eat("Message ") && after.blanks() > 0 && after.eat(": ");
        if known.iter().any(|text| after.eat(text)) || event(&mut after) {
            self.cursor = after;
        } else if self.ansible() || self.event() || self.pri() {
            return true;
        } else {
            self.compose();
            self.marks();
        }
        self.cursor.at() > start
    }

    /// `web_1  | ` of Compose, `kid1| ` of Squid, `[pod/web-0/app] ` of kubectl, `|<3>| ` of GnuTLS.
    fn compose(&mut self) {
        let mut after = self.cursor;
        if after.eat("[pod/") {
            let name = after.take(253, |byte| byte != b']' && byte != b'/');
            after.take(253, |byte| byte != b']');
            if after.eat("] ") {
                self.envelope.host.get_or_insert(name);
                self.cursor = after;
            }
            return;
        }
        if after.eat("|<") && after.number().is_some() && after.eat(">| ") {
            self.cursor = after;
            // The session's address.
            let mut session = after;
            session.take(8, |byte| byte.is_ascii_uppercase() || byte == b'_');
            if let Some(address) = session.between(b'[', b']', 24).filter(|range| after.text(range).starts_with(b"0x"))
            {
                self.envelope.connection.get_or_insert(address);
            }
            return;
        }
        let name = after.take(64, |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        after.blanks();
        if !name.is_empty() && self.cursor.at() == name.start && name.start == 0 && after.eat("| ") {
            self.envelope.host.get_or_insert(name);
            self.cursor = after;
        }
    }

    /// Marks before a time: `*` and `.` of Cisco where the clock is not set, those of WinSCP, a line's number, the
    /// process and role of Redis, the process of Dropbear.
    fn marks(&mut self) {
        let mut after = self.cursor;
        let mark = after.take(1, |byte| b"*.!<>+-".contains(&byte));
        after.blanks();
        if !mark.is_empty() && time::read(&mut after.clone()).is_some() {
            self.cursor = after;
            return;
        }
        let mut after = self.cursor;
        if let Some(number) = after.number() {
            let redis = after.eat(":") && after.take(1, |byte| byte.is_ascii_uppercase()).len() == 1;
            let line = after;
            after.blanks();
            let mut mark = after;
            let marked = mark.eat("*") || mark.eat(".");
            if time::read(&mut mark).is_some() && line.at() > number.end && after.at() > line.at() {
                if redis {
                    self.envelope.process.get_or_insert(number);
                }
                self.cursor = after;
                if marked {
                    self.cursor.advance(1);
                }
                return;
            }
        }
        let mut after = self.cursor;
        if let Some(process) = after.between(b'[', b']', 12) {
            let digits = !process.is_empty() && after.text(&process).iter().all(u8::is_ascii_digit);
            after.blanks();
            if digits && process.len() < 8 && time::read(&mut after.clone()).is_some() {
                self.envelope.process.get_or_insert(process);
                self.cursor = after;
            }
        }
    }

    /// The priority of syslog, and the header of RFC 5424.
    fn pri(&mut self) -> bool {
        let mut after = self.cursor;
        let Some(priority) = after.between(b'<', b'>', 5) else { return false };
        if priority.is_empty() || !after.text(&priority).iter().all(u8::is_ascii_digit) {
            return false;
        }
        self.cursor = after;
        if !after.eat("1 ") {
            return true;
        }
        let mut field = || {
            let field = after.take(255, |byte| byte != b' ');
            after.blanks();
            (after.text(&field) != b"-").then_some(field)
        };
        let (time, host, program, process, _) = (field(), field(), field(), field(), field());
        // Structured data, or none.
        if !after.eat("-") {
            while after.between(b'[', b']', 2048).is_some() {}
        }
        after.blanks();
        after.eat("\u{feff}");
        self.envelope = Envelope { time, host, program, process, ..std::mem::take(&mut self.envelope) };
        self.timed = true;
        self.cursor = after;
        true
    }

    /// The host in `fatal: [db01]: UNREACHABLE! => {"msg": "` and `db01 | UNREACHABLE! => {`. All of it is the message.
    fn ansible(&mut self) -> bool {
        let mut after = self.cursor;
        let host = if after.eat("fatal: ") || after.eat("failed: ") || after.eat("ok: ") || after.eat("changed: ") {
            let Some(host) = after.between(b'[', b']', 255) else { return false };
            host
        } else {
            let host = after.take(255, |byte| !b" |".contains(&byte));
            if host.is_empty() || !after.eat(" | ") {
                return false;
            }
            host
        };
        let rest = after.rest().get(..80).unwrap_or(after.rest());
        if memchr::memmem::find(rest, b"=> ").is_none() {
            return false;
        }
        self.envelope.host = Some(host);
        self.is_over = true;
        true
    }

    /// A row of the Windows event viewer: level, time, source, number, category, text.
    fn event(&mut self) -> bool {
        let mut after = self.cursor;
        let levels = ["Error", "Warning", "Information", "Critical", "Verbose"];
        if !levels.iter().any(|level| after.eat(level)) || !(after.eat(",") || after.eat("\t")) {
            return false;
        }
        let Some(time) = time::read(&mut after) else { return false };
        let mut field =
            || (after.eat(",") || after.eat("\t")).then(|| after.take(128, |byte| byte != b',' && byte != b'\t'));
        let (Some(source), Some(_), Some(_)) = (field(), field(), field()) else { return false };
        after.take(1, |byte| byte == b',' || byte == b'\t');
        after.eat("\"");
        self.envelope.time = Some(time.range);
        self.envelope.program = Some(source);
        self.cursor = after;
        self.is_over = true;
        true
    }

    /// A time, alone or in brackets, and the host and program of syslog.
    fn time(&mut self) -> bool {
        let mut after = self.cursor;
        let bracket = after.eat("[") || after.eat("(");
        after.blanks();
        if after.eat("time=\"") || after.eat("time=") || after.eat("ts=") || after.eat("t=") {
            return self.logfmt(after);
        }
        let Some(time) = time::read(&mut after) else { return self.uptime() || self.glog() || self.paramiko() };
        if bracket && !(after.eat("]") || after.eat(")")) {
            return false;
        }
        let colon = after.eat(":") || after.eat(",") || after.eat("|");
        if self.envelope.time.is_none() || time.has_date && !self.has_date() {
            self.envelope.time = Some(time.range);
        }
        self.timed = true;
        self.cursor = after;
        if !bracket && time.style != Style::Slashes {
            self.cursor.blanks();
            self.facility();
            if !colon || time.style == Style::Syslog {
                self.host(time.style);
            }
        }
        true
    }

    /// Whether the time read has a date: seconds since the start and bare times of day are short.
    fn has_date(&self) -> bool {
        self.envelope.time.as_ref().is_some_and(|time| time.len() > 13)
    }

    /// `authpriv.info` of OpenWrt.
    fn facility(&mut self) {
        let mut after = self.cursor;
        let facility = after.take(12, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !facility.is_empty() && after.eat(".") && LEVELS.iter().any(|level| after.eat(level)) && after.blanks() > 0 {
            self.cursor = after;
        }
    }

    /// The host, where a program comes after it.
    fn host(&mut self, style: Style) {
        let mut after = self.cursor;
        let host = after.take(255, |byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
        let name = after.text(&host);
        if host.is_empty() || name.ends_with(b":") || is_level(name) || after.blanks() == 0 {
            return;
        }
        // `asa : %ASA-4-113019: ...`
        after.eat(": ");
        if let Some(tag) = tag(&mut after.clone()) {
            let known = BARE.iter().any(|bare| bare.as_bytes() == after.text(&tag.program));
            if tag.process.is_some() || known || style == Style::Syslog {
                self.envelope.host.get_or_insert(host);
                self.cursor = after;
                self.named = true;
            }
        } else if after.peek() == Some(b'%') && style == Style::Syslog {
            self.envelope.host.get_or_insert(host);
            self.cursor = after;
        }
    }

    /// `sshd[12]: `, and `charon: ` where a host came before it or nothing else fits.
    fn tag(&mut self) -> bool {
        let mut after = self.cursor;
        let Some(tag) = tag(&mut after) else { return false };
        let name = after.text(&tag.program);
        let known = BARE.iter().any(|bare| bare.as_bytes() == name);
        let inner = self.envelope.program.is_some() && !known;
        if is_level(name) || inner || tag.process.is_none() && !known && !self.named {
            return false;
        }
        // stunnel numbers its connections.
        if name.starts_with(b"LOG") && name.len() == 4 {
            self.envelope.connection = tag.process;
        } else {
            self.envelope.program = Some(tag.program);
            self.envelope.process = tag.process.or(self.envelope.process.take());
        }
        self.timed = true;
        self.cursor = after;
        // `[ID 800047 auth.info] ` of Solaris.
        let mut number = after;
        if number.between(b'[', b']', 64).is_some_and(|range| after.text(&range).starts_with(b"ID ")) {
            self.cursor = number;
        }
        true
    }
}

/// The name of a program and its process id: `postfix/smtpd[12]:`.
pub(super) struct Tag {
    pub(super) program: Range<usize>,
    pub(super) process: Option<Range<usize>>,
}

/// Programs that log without a process id.
const BARE: &[&str] = &[
    "charon",
    "charon-systemd",
    "ipsec",
    "kernel",
    "racoon",
    "pluto",
    "dropbear",
    "haproxy",
    "dovecot",
    "stunnel",
    "strongswan",
    "swanctl",
];

fn tag(cursor: &mut Cursor) -> Option<Tag> {
    let mut after = *cursor;
    let program = after.take(64, |byte| byte.is_ascii_alphanumeric() || b"._/@-".contains(&byte));
    if program.is_empty() || !after.text(&program).iter().any(u8::is_ascii_alphabetic) {
        return None;
    }
    let process = after.between(b'[', b']', 12).or_else(|| after.between(b'(', b')', 12));
    let process = match process {
        Some(process) if after.text(&process).iter().all(u8::is_ascii_digit) && !process.is_empty() => Some(process),
        Some(_) => return None,
        None => None,
    };
    if !after.eat(":") || !matches!(after.peek(), None | Some(b' ' | b'\t')) {
        return None;
    }
    after.blanks();
    *cursor = after;
    Some(Tag { program, process })
}

/// What logs call the weight of a message.
pub(super) const LEVELS: &[&str] = &[
    "emerg",
    "emergency",
    "alert",
    "critical",
    "crit",
    "error",
    "err",
    "severe",
    "fatal",
    "panic",
    "warning",
    "warn",
    "notice",
    "information",
    "info",
    "debug",
    "trace",
    "verbose",
    "log",
    "note",
    "fine",
    "finer",
    "finest",
    "config",
];

/// Whether a word is a level, in capitals or with a capital.
pub(super) fn is_level(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_uppercase)
        && LEVELS.iter().any(|level| level.as_bytes().eq_ignore_ascii_case(word))
}
