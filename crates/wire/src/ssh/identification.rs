use crate::{WireError, WireErrorKind};

/// An identification string, RFC 4253 section 4.2: `SSH-protoversion-softwareversion SP comments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identification {
    line: Vec<u8>,
}

/// The protocol version of an identification string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolVersion {
    /// `2.0`, or another version that begins with `2.`.
    Two,
    /// `1.99`: both 1 and 2 (RFC 4253 section 5.1).
    OneAndTwo,
    /// Any other version that begins with `1.`.
    One,
    /// Anything else.
    Other,
}

impl Identification {
    /// The longest line that RFC 4253 allows, carriage return and line feed included.
    pub const LONGEST: usize = 255;

    /// From a line without its line end.
    ///
    /// # Errors
    /// `BadForm` when it does not begin with `SSH-`, or has no second hyphen.
    pub fn parse(line: &[u8]) -> Result<Self, WireError> {
        let hyphens = line.iter().filter(|&&byte| byte == b'-').count();
        if !line.starts_with(b"SSH-") || hyphens < 2 {
            let kind = WireErrorKind::BadForm { form: "SSH-protoversion-softwareversion" };
            return Err(WireError::new(0, "identification", kind));
        }
        Ok(Self { line: line.to_vec() })
    }

    /// The line as sent, without its line end: `V_C` or `V_S` of the exchange hash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.line
    }

    /// The protocol version.
    pub fn version(&self) -> ProtocolVersion {
        let version = self.field(1);
        if version == b"1.99" {
            ProtocolVersion::OneAndTwo
        } else if version.starts_with(b"2.") {
            ProtocolVersion::Two
        } else if version.starts_with(b"1.") {
            ProtocolVersion::One
        } else {
            ProtocolVersion::Other
        }
    }

    /// What follows the second hyphen: software version and comments.
    pub fn software(&self) -> &[u8] {
        self.field(2)
    }

    /// Whether the line is longer than RFC 4253 allows; most implementations take it all the same.
    pub fn is_too_long(&self) -> bool {
        self.line.len().saturating_add(2) > Self::LONGEST
    }

    /// Whether it holds bytes that RFC 4253 does not allow: anything but printable US-ASCII.
    pub fn has_forbidden_bytes(&self) -> bool {
        self.line.iter().any(|byte| !(0x20..=0x7e).contains(byte))
    }

    /// The line with carriage return and line feed.
    pub fn write(&self) -> Vec<u8> {
        [&self.line[..], b"\r\n"].concat()
    }

    fn field(&self, place: usize) -> &[u8] {
        self.line.splitn(3, |&byte| byte == b'-').nth(place).unwrap_or_default()
    }
}

/// How much is read before the identification string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentificationLimits {
    /// Lines before it. OpenSSH's client reads 1024.
    pub lines: usize,
    /// Bytes of one line, the identification string included.
    pub line_bytes: usize,
    /// Bytes in all.
    pub total_bytes: usize,
}

impl Default for IdentificationLimits {
    fn default() -> Self {
        Self { lines: 1024, line_bytes: 8192, total_bytes: 65_536 }
    }
}

/// A line at the beginning of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentificationLine {
    /// A line before the identification string, without its line end. Only servers may send these.
    Preamble(Vec<u8>),
    /// The identification string.
    Identification(Identification),
}

/// Reads lines up to and including the identification string. A line ends with a line feed; one carriage return before
/// it belongs to the line end.
#[derive(Clone, Debug, Default)]
pub struct IdentificationReader {
    limits: IdentificationLimits,
    line: Vec<u8>,
    lines: usize,
    total: usize,
}

impl IdentificationReader {
    /// A reader at the beginning of a connection.
    pub fn new(limits: IdentificationLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes bytes up to the end of the line and says how many it took. `None` as the line: it is not whole yet, and all
    /// bytes were taken. What comes after the identification string must not be given to it.
    ///
    /// # Errors
    /// `TooLong` and `TooMany` when a limit is passed, `BadForm` for a line that begins with `SSH-` but is no
    /// identification string. Offsets count from the beginning of the connection.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(usize, Option<IdentificationLine>), WireError> {
        let mut taken = 0;
        for &byte in bytes {
            taken += 1;
            self.total = self.total.saturating_add(1);
            if self.total > self.limits.total_bytes {
                return Err(self.limit("preamble", self.limits.total_bytes));
            }
            if byte == b'\n' {
                return self.end_line().map(|line| (taken, Some(line)));
            }
            self.line.push(byte);
            if self.line.len() > self.limits.line_bytes {
                return Err(self.limit("line", self.limits.line_bytes));
            }
        }
        Ok((taken, None))
    }

    /// The line read so far, while it is not whole.
    pub fn partial(&self) -> &[u8] {
        &self.line
    }

    /// Bytes taken since the beginning of the connection.
    pub fn total(&self) -> usize {
        self.total
    }

    fn end_line(&mut self) -> Result<IdentificationLine, WireError> {
        let mut line = std::mem::take(&mut self.line);
        let begin = self.total.saturating_sub(line.len()).saturating_sub(1);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.starts_with(b"SSH-") {
            let identification = Identification::parse(&line).map_err(|error| error.shifted(begin))?;
            return Ok(IdentificationLine::Identification(identification));
        }
        self.lines = self.lines.saturating_add(1);
        if self.lines > self.limits.lines {
            let kind = WireErrorKind::TooMany { limit: as_u64(self.limits.lines) };
            return Err(WireError::new(begin, "preamble.lines", kind));
        }
        Ok(IdentificationLine::Preamble(line))
    }

    fn limit(&self, field: &str, limit: usize) -> WireError {
        let length = if field == "line" { self.line.len() } else { self.total };
        let kind = WireErrorKind::TooLong { length: as_u64(length), limit: as_u64(limit) };
        WireError::new(self.total.saturating_sub(length), field, kind)
    }
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
