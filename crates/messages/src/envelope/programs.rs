use super::cursor::Cursor;
use super::prefix::{LEVELS, Reader, is_level};
use super::time;

/// What single programs and logging libraries write between the time and the message.
impl Reader<'_> {
    /// `08[IKE] <site-a|3> ` of charon, `[IKE] ` of swanctl.
    pub(super) fn charon(&mut self) -> bool {
        let mut after = self.cursor;
        after.take(3, |byte| byte.is_ascii_digit());
        let Some(subsystem) = after.between(b'[', b']', 4) else { return false };
        let letters = after.text(&subsystem);
        if !SUBSYSTEMS.split(' ').any(|known| letters.starts_with(known.as_bytes())) || after.blanks() == 0 {
            return false;
        }
        self.cursor = after;
        if let Some(connection) = after.between(b'<', b'>', 255) {
            self.envelope.connection = Some(connection);
            after.blanks();
            self.cursor = after;
        }
        self.is_over = true;
        true
    }

    /// `"site-a"[1] 192.0.2.7 #4: ` and `packet from 192.0.2.7:500: ` of pluto, after the number of `ipsec up`.
    pub(super) fn pluto(&mut self) -> bool {
        let mut after = self.cursor;
        let code = after.take(3, |byte| byte.is_ascii_digit());
        if code.len() == 3 {
            if !after.eat(" ") {
                return false;
            }
        } else {
            after = self.cursor;
        }
        after.eat("| ");
        // What goes wrong in a call of the system begins so, before the connection.
        let _ = after.eat("FATAL ");
        after.eat("ERROR: ");
        let start = after.at();
        if after.eat("packet from ") {
            let address = after.take(64, |byte| byte.is_ascii_hexdigit() || b".:[]".contains(&byte));
            let text = after.text(&address);
            self.envelope.connection = Some(address.start..address.end - usize::from(text.ends_with(b":")));
            self.is_over = true;
            return false;
        }
        let named = after.between(b'"', b'"', 128).is_some();
        if named {
            after.between(b'[', b']', 10);
            let mut address = after;
            if address.eat(" ")
                && !address.take(64, |byte| byte.is_ascii_hexdigit() || b".:/".contains(&byte)).is_empty()
            {
                // The colon after it ends the prefix.
                after = address;
                if after.text(&(start..after.at())).ends_with(b":") {
                    return self.pluto_connection(start..after.at() - 1, after);
                }
            }
            after.eat(" ");
        }
        let number = after.eat("#") && after.number().is_some();
        if !(named || number) || !after.eat(":") {
            return false;
        }
        self.pluto_connection(start..after.at() - 1, after)
    }

    fn pluto_connection(&mut self, connection: std::ops::Range<usize>, mut after: Cursor) -> bool {
        if after.blanks() == 0 {
            return false;
        }
        self.envelope.connection = Some(connection);
        self.is_over = true;
        self.cursor.advance(after.at() - self.cursor.at());
        true
    }

    /// `ISAKMP:(1001): `, `ISAKMP-ERROR: (1001):`, `IKEv2:(SESSION ID = 1,SA ID = 1):` of Cisco IOS.
    pub(super) fn cisco(&mut self) -> bool {
        let mut after = self.cursor;
        if !(after.eat("ISAKMP") || after.eat("IKEv2") || after.eat("IPSEC")) {
            return false;
        }
        let _ = after.eat("-ERROR") || after.eat("-PAK") || after.eat("-INTERNAL");
        after.blanks();
        if !after.eat(":") {
            return false;
        }
        after.blanks();
        let Some(connection) = after.between(b'(', b')', 64) else { return false };
        if !after.text(&connection).iter().any(u8::is_ascii_digit) {
            return false;
        }
        after.eat(":");
        after.blanks();
        self.envelope.connection = Some(connection);
        self.cursor = after;
        self.is_over = true;
        true
    }

    /// `12#12: *17 ` of nginx.
    pub(super) fn nginx(&mut self) -> bool {
        let mut after = self.cursor;
        let Some(process) = after.number() else { return false };
        if !after.eat("#") || after.number().is_none() || !after.eat(": ") {
            return false;
        }
        self.envelope.process = Some(process);
        self.cursor = after;
        let start = after.at();
        if after.eat("*") && after.number().is_some() {
            self.envelope.connection = Some(start..after.at());
            after.blanks();
            self.cursor = after;
        }
        self.is_over = true;
        true
    }

    /// `[error]`, `[pid 1:tid 2]`, `[client 192.0.2.7:5]`, `[main]`, `[C3]`, `[12]`, `<warn>` after a time.
    pub(super) fn bracket(&mut self) -> bool {
        if !self.timed {
            return false;
        }
        let mut after = self.cursor;
        let Some(inner) = after.between(b'[', b']', 96).or_else(|| after.between(b'<', b'>', 12)) else { return false };
        let text = after.text(&inner);
        let part = |from: usize, length: usize| Some(inner.start + from..inner.start + from + length);
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if let Some(rest) = text.strip_prefix(b"pid ").or_else(|| text.strip_prefix(b"pid: ")) {
            self.envelope.process = part(text.len() - rest.len(), digits(rest));
        } else if let Some(rest) = text.strip_prefix(b"client ").or_else(|| text.strip_prefix(b"remote ")) {
            self.envelope.connection = part(text.len() - rest.len(), rest.len());
        } else if text.strip_prefix(b"C").is_some_and(|rest| !rest.is_empty() && digits(rest) == rest.len()) {
            self.envelope.connection = Some(inner);
        } else if digits(text) > 0 && text.iter().all(|byte| byte.is_ascii_digit() || b":#-".contains(byte)) {
            self.envelope.process.get_or_insert(inner.start..inner.start + digits(text));
        } else if text.is_empty() || text.iter().any(|byte| b"\", ".contains(byte)) {
            // Words or a list: they belong to the message.
            return false;
        }
        after.eat(":");
        self.cursor = after;
        true
    }

    /// `ERROR`, `WARN:`, `error` between tabs; `ERROR:name:` of Python; `ipsec,error` of RouterOS.
    pub(super) fn level(&mut self) -> bool {
        let mut after = self.cursor;
        let word = after.take(16, |byte| byte.is_ascii_alphabetic());
        let text = after.text(&word);
        if !self.timed {
            let name =
                after.eat(":").then(|| after.take(128, |byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)));
            let python = is_level(text) && text.iter().all(u8::is_ascii_uppercase);
            if python && name.is_some_and(|name| !name.is_empty()) && after.eat(":") && after.peek() != Some(b' ') {
                self.cursor = after;
                self.is_over = true;
                return true;
            }
            return false;
        }
        let lower = LEVELS.iter().any(|level| level.as_bytes() == text) && after.peek() == Some(b'\t');
        if is_level(text) || lower {
            after.eat(":");
            if matches!(after.peek(), Some(b' ' | b'\t' | b'[')) {
                self.cursor = after;
                return true;
            }
        }
        let mut topics = self.cursor;
        let names = topics.take(64, |byte| byte.is_ascii_lowercase() || byte == b',' || byte == b'!');
        let found = topics.text(&names).contains(&b',') && topics.peek() == Some(b' ');
        if found {
            self.cursor = topics;
        }
        found
    }

    /// The logger and what separates it: `- `, `--- `, `com.example.Foo - `, `c.e.Foo : `, `file.go:12: `,
    /// `isakmp.c:123:main(): `, a process or a thread before `---` or a bracket, `CEST ` and other words of time.
    pub(super) fn logger(&mut self) -> bool {
        if !self.timed {
            return false;
        }
        let mut after = self.cursor;
        if !after.take(3, |byte| byte == b'-').is_empty() && after.blanks() > 0 {
            self.cursor = after;
            return true;
        }
        let mut after = self.cursor;
        if let Some(number) = after.number() {
            let blank = after.blanks() > 0;
            if blank && after.rest().starts_with(b"--- ") {
                self.envelope.process.get_or_insert(number);
            } else if blank && after.peek() == Some(b'[') {
                self.envelope.connection.get_or_insert(number);
            } else {
                return false;
            }
            self.cursor = after;
            return true;
        }
        let name = after.take(128, |byte| byte.is_ascii_alphanumeric() || b"._$/-".contains(&byte));
        let text = after.text(&name);
        if text.is_empty() {
            return false;
        }
        let mut place = after;
        if text.contains(&b'.') && place.eat(":") && place.number().is_some() {
            if place.eat(":") {
                let function = place.take(64, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if !function.is_empty() && !place.eat("():") {
                    return false;
                }
                self.cursor = place;
                return true;
            }
            after = place;
        }
        let mut separated = after;
        separated.blanks();
        let dash = separated.at() > after.at() && (separated.eat("- ") || separated.eat("-- ") || separated.eat(": "));
        if dash && text.contains(&b'.') {
            self.cursor = separated;
            return true;
        }
        false
    }

    /// The peer's address, before the message or as its beginning.
    pub(super) fn address(&mut self) -> bool {
        let mut after = self.cursor;
        let address = after.take(64, |byte| byte.is_ascii_hexdigit() || b".:[]".contains(&byte));
        let text = after.text(&address);
        let port = text.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        let is_port = !port.is_empty() && port.iter().all(u8::is_ascii_digit) && port.len() < text.len();
        let dots = text.iter().filter(|byte| **byte == b'.').count();
        if self.timed && is_port && (dots == 3 || text.contains(&b']')) && after.peek() == Some(b' ') {
            self.envelope.connection.get_or_insert(address);
        }
        false
    }

    /// Seconds since the kernel started: `[   12.345678] `.
    pub(super) fn uptime(&mut self) -> bool {
        let mut after = self.cursor;
        let Some(seconds) = after.between(b'[', b']', 20) else { return false };
        let text = after.text(&seconds);
        let blanks = text.iter().take_while(|byte| **byte == b' ').count();
        let digits = text.get(blanks..).unwrap_or_default();
        if !digits.contains(&b'.') || !digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
            return false;
        }
        self.envelope.time.get_or_insert(seconds.start + blanks..seconds.end);
        self.timed = true;
        self.cursor = after;
        true
    }

    /// `E0102 10:11:12.345678   12 server.go:34] ` of glog and klog.
    pub(super) fn glog(&mut self) -> bool {
        let mut after = self.cursor;
        if !["I", "W", "E", "F"].iter().any(|level| after.eat(level)) {
            return false;
        }
        let start = after.at();
        if after.take(4, |byte| byte.is_ascii_digit()).len() != 4
            || after.blanks() == 0
            || time::read(&mut after).is_none()
        {
            return false;
        }
        let end = after.at();
        after.blanks();
        let process = after.number();
        after.blanks();
        if after.take(128, |byte| byte.is_ascii_graphic() && byte != b']').is_empty() || !after.eat("] ") {
            return false;
        }
        self.envelope.time = Some(start..end);
        self.envelope.process = process;
        self.cursor = after;
        self.is_over = true;
        true
    }

    /// `DEB [20240102-10:11:12.345] thr=1   paramiko.transport: ` of paramiko's own log.
    pub(super) fn paramiko(&mut self) -> bool {
        let mut after = self.cursor;
        let level = after.take(3, |byte| byte.is_ascii_uppercase());
        if level.len() != 3 || after.blanks() == 0 || !after.eat("[") {
            return false;
        }
        let Some(time) = time::read(&mut after) else { return false };
        after.eat("]");
        after.blanks();
        let thread = after.take(16, |byte| byte.is_ascii_alphanumeric() || byte == b'=');
        after.blanks();
        let name = after.take(64, |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !after.text(&thread).starts_with(b"thr=") || name.is_empty() || !after.eat(": ") {
            return false;
        }
        self.envelope.time = Some(time.range);
        self.envelope.connection = Some(thread);
        self.cursor = after;
        self.is_over = true;
        true
    }

    /// `time="..." level=error msg="`, after the equals sign of the time.
    pub(super) fn logfmt(&mut self, mut after: Cursor) -> bool {
        after.eat("\"");
        let Some(time) = time::read(&mut after) else { return false };
        let rest = after.rest().get(..256).unwrap_or(after.rest());
        let Some(message) = memchr::memmem::find(rest, b" msg=") else { return false };
        after.advance(message + 5);
        after.eat("\"");
        self.envelope.time = Some(time.range);
        self.cursor.advance(after.at() - self.cursor.at());
        self.is_over = true;
        true
    }
}

/// What charon's lines are about.
const SUBSYSTEMS: &str = "IKE NET ENC CFG KNL JOB MGR CHD DMN LIB TLS TNC IMC IMV PTS ASN ESP APP";
