use shakedown_model::Name;

/// The most that a server may say before TLS begins, in bytes.
pub(crate) const MOST: usize = 64 * 1024;
/// As much of a server's words as is kept, in bytes.
const KEPT: usize = 200;

/// What was received and not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    total: usize,
}

impl Buffer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether the server said more than [`MOST`].
    pub(crate) fn is_overfull(&self) -> bool {
        self.total > MOST
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The next whole line without its end.
    pub(crate) fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.bytes.iter().position(|&byte| byte == b'\n')?;
        let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
        line.truncate(line.trim_ascii_end().len());
        Some(line)
    }

    /// The next so many bytes.
    pub(crate) fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        (self.bytes.len() >= count).then(|| self.bytes.drain(..count).collect())
    }

    /// All that is left: what belongs to TLS.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// Why TLS does not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The server does not offer it.
    NotOffered(Name),
    /// The server was asked and refused.
    Refused(Name),
    /// The server does not speak this protocol.
    OtherProtocol(Vec<u8>),
}

impl Refusal {
    pub(crate) fn not_offered(text: &[u8]) -> Step {
        Step::Refused(Self::NotOffered(kept(text)))
    }

    pub(crate) fn refused(text: &[u8]) -> Step {
        Step::Refused(Self::Refused(kept(text)))
    }

    pub(crate) fn other(bytes: &[u8]) -> Step {
        Step::Refused(Self::OtherProtocol(bytes.to_vec()))
    }
}

fn kept(text: &[u8]) -> Name {
    Name::from_bytes(text.get(..text.len().min(KEPT)).unwrap_or_default())
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// More has to come from the server.
    Wait,
    /// These bytes are to be sent.
    Send(Vec<u8>),
    /// TLS begins with the next byte in both directions.
    Begin,
    /// TLS does not begin.
    Refused(Refusal),
}

impl Step {
    pub(crate) fn line(text: &str) -> Self {
        Self::Send(format!("{text}\r\n").into_bytes())
    }
}

/// What one end says before TLS begins.
pub(crate) trait Dialogue: Send {
    /// The next step, given what was received and not taken yet. Called again after each step but [`Step::Wait`], and
    /// then once more has come.
    fn step(&mut self, received: &mut Buffer) -> Step;
}

/// A reply of SMTP, FTP and NNTP: three digits, then a hyphen where more lines follow. `None` for other lines.
pub(crate) fn reply_code(line: &[u8]) -> Option<(u16, bool)> {
    let digits = line.get(..3)?;
    let code: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((code, line.get(3) == Some(&b'-')))
}

/// Whether the text begins with these words in any case.
pub(crate) fn begins(text: &[u8], words: &str) -> bool {
    text.get(..words.len()).is_some_and(|head| head.eq_ignore_ascii_case(words.as_bytes()))
}
