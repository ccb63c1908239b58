use std::ops::Range;

use super::{json, prefix, syslog};

/// What a log writes before the message: time, host, program, process id, the connection's own name.
/// All are ranges of the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The time, as written.
    pub time: Option<Range<usize>>,
    /// The host that logged.
    pub host: Option<Range<usize>>,
    /// The program, such as `sshd`, `charon`, `nginx`.
    pub program: Option<Range<usize>>,
    /// The process id.
    pub process: Option<Range<usize>>,
    /// What the program itself calls the connection: `site-a|3` of charon, `"site-a"[1] 192.0.2.7 #4` of pluto,
    /// `*17` of nginx, the client's address where the log gives nothing better.
    pub connection: Option<Range<usize>>,
    /// Where the message begins.
    pub message: usize,
}

impl Envelope {
    /// Reads the beginning of one line of clean text (no line end).
    ///
    /// What is not recognised as a prefix belongs to the message: a message loses none of its words.
    pub fn read(line: &[u8]) -> Self {
        if let Some(envelope) = syslog::read(line) {
            debug_assert_eq!(envelope, prefix::read(line));
            return envelope;
        }
        json::read(line).unwrap_or_else(|| prefix::read(line))
    }
}
