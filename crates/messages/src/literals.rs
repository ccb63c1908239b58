//! What the fast scan looks for, and which part of it is the rarest; also compiled into the build script.

use std::collections::HashMap;

use crate::data::{Entry, PLAIN};

/// A text that stands in every form of one message or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Literal {
    /// Its bytes; ASCII letters are small.
    pub(crate) bytes: Vec<u8>,
    /// Where its rarest part begins: [`WIDE`] bytes and one more, or where it is short [`NARROW`] and one more.
    pub(crate) anchor: usize,
    /// What finding it in a long text is good for.
    pub(crate) weight: Weight,
    /// The messages, by place; those that cover others come first.
    pub(crate) entries: Vec<usize>,
}

/// What finding a message in a long text is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// It is of interest where something failed: the set-up, the end of a connection.
    #[default]
    Nothing,
    /// A peer had success.
    Success,
    /// Something failed.
    Failure,
}

/// Bytes of a literal that the scan looks at.
pub(crate) const WIDE: usize = 4;
/// The same for literals that are too short for that.
pub(crate) const NARROW: usize = 3;
/// No literal is shorter: the scan looks at every second place of a text.
pub(crate) const SHORTEST: usize = NARROW + 1;

impl Literal {
    /// How many bytes the scan looks at.
    pub(crate) fn width(&self) -> usize {
        if self.bytes.len() > WIDE { WIDE } else { NARROW }
    }
}

/// The literals of all messages, each once.
pub(crate) fn of(entries: &[&Entry]) -> Vec<Literal> {
    let rarity = Rarity::of(entries);
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut literals: Vec<Literal> = Vec::new();
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.product != PLAIN) {
        for text in &entry.literals {
            let bytes = text.to_ascii_lowercase().into_bytes();
            let place = *places.entry(bytes.clone()).or_insert_with(|| {
                let mut literal = Literal { bytes, ..Literal::default() };
                literal.anchor = rarity.anchor(&literal);
                literals.push(literal);
                literals.len() - 1
            });
            let Some(literal) = literals.get_mut(place) else { continue };
            literal.weight = literal.weight.max(weight(entry));
            if literal.entries.last() != Some(&index) {
                literal.entries.push(index);
            }
        }
    }
    let covers_none = |index: &usize| entries.get(*index).is_none_or(|entry| entry.covers.is_empty());
    literals.iter_mut().for_each(|literal| literal.entries.sort_by_key(covers_none));
    literals
}

/// What finding a message is good for.
pub(crate) fn weight(entry: &Entry) -> Weight {
    match entry.kind.as_str() {
        "failure" | "warning" => Weight::Failure,
        "consequence" if entry.indicates.iter().any(|points| points.strength != "weak") => Weight::Failure,
        "success" if entry.pattern.contains("(?<peer>") => Weight::Success,
        _ => Weight::Nothing,
    }
}

/// What logs are full of where nothing is wrong.
const ORDINARY: &[&str] = &[
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun 2026-11-21T10:11:12.123456+00:00",
    "Nov 21 10:11:12 host sshd[1234]: Accepted publickey for user from 192.0.2.1 port 50000 ssh2: ED25519 SHA256:",
    "Nov  1 09:00:00 web sshd-session[1234]: Accepted password for admin from 198.51.100.10 port 60000 ssh2",
    "sshd[1234]: pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)",
    "sshd[1234]: pam_unix(sshd:session): session closed for user root",
    "sshd[1234]: Received disconnect from 203.0.113.1 port 40000:11: disconnected by user",
    "sshd[1234]: Disconnected from user root 203.0.113.1 port 40000",
    "sshd[1234]: Connection closed by authenticating user root 203.0.113.1 port 40000 [preauth]",
    "sshd[1234]: Connection from 203.0.113.1 port 40000 on 192.0.2.1 port 22 rdomain",
    "sshd[1234]: Starting session: command for user from 203.0.113.1 port 40000 id 0",
    "sshd[1234]: Close session: user from 203.0.113.1 port 40000 id 0 User child is on pid 1234",
    "sshd[1234]: Transferred: sent 1234, received 1234 bytes Closing connection to 203.0.113.1",
    "Failed password for invalid user admin from 203.0.113.1 port 40000 ssh2 authentication failure; logname= rhost=",
    "systemd[1]: Started Session 12 of User root. Starting Daily Cleanup of Temporary Directories... Finished target",
    "systemd-logind[500]: New session 12 of user root. Removed session 12. CRON[1234]: (root) CMD (command -v)",
    "charon: 10[IKE] sending DPD request 10[ENC] generating INFORMATIONAL request 10 [ ] parsed response",
    "charon: 10[NET] received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (76 bytes) sending keep alive",
    "192.0.2.1 - - [21/Nov/2026:10:11:12 +0000] \"GET /index.html HTTP/1.1\" 200 612 \"-\" \"Mozilla/5.0 (X11; Linux)\"",
    "postfix/smtpd[1234]: connect from mail.example.com[192.0.2.1] disconnect from unknown lost connection after",
    "kernel: [UFW BLOCK] IN=eth0 OUT= MAC= SRC=192.0.2.1 DST=192.0.2.2 LEN=40 PROTO=TCP SPT=40000 DPT=22",
    "for user deploy from for user git from for user alice from for user bob from for user ubuntu from for user www-data",
    "client server bastion gateway localhost example.com error warning info notice debug failed the of in to for with",
];

/// How often each of them counts, beside one example of a message.
const OFTEN: f64 = 100.0;

/// How often groups of bytes are seen in what programs print.
struct Rarity {
    bytes: Vec<f64>,
    pairs: HashMap<[u8; 2], f64>,
    groups: HashMap<[u8; WIDE], f64>,
}

impl Rarity {
    fn of(entries: &[&Entry]) -> Self {
        let mut rarity = Self { bytes: vec![1.0; 256], pairs: HashMap::new(), groups: HashMap::new() };
        for example in entries.iter().flat_map(|entry| &entry.examples) {
            rarity.see(example, 1.0);
        }
        ORDINARY.iter().for_each(|line| rarity.see(line, OFTEN));
        // Logs are full of times, addresses and numbers, which examples are not.
        let most = rarity.bytes.iter().copied().fold(1.0, f64::max);
        for digit in b'0'..=b'9' {
            if let Some(count) = rarity.bytes.get_mut(usize::from(digit)) {
                *count = most;
            }
        }
        rarity
    }

    fn see(&mut self, text: &str, times: f64) {
        let text = text.to_ascii_lowercase();
        for byte in text.bytes() {
            if let Some(count) = self.bytes.get_mut(usize::from(byte)) {
                *count += times;
            }
        }
        for pair in text.as_bytes().windows(2).filter_map(|pair| pair.try_into().ok()) {
            *self.pairs.entry(pair).or_default() += times;
        }
        for group in text.as_bytes().windows(WIDE).filter_map(|group| group.try_into().ok()) {
            *self.groups.entry(group).or_default() += times;
        }
    }

    /// Where the rarest part of a literal begins.
    fn anchor(&self, literal: &Literal) -> usize {
        let width = literal.width();
        let cost = |at: usize| -> f64 {
            let part = |at: usize| literal.bytes.get(at..at + width).unwrap_or_default();
            self.expected(part(at)) + self.expected(part(at + 1))
        };
        let last = literal.bytes.len().saturating_sub(width + 1);
        (0..=last).min_by(|one, other| cost(*one).total_cmp(&cost(*other))).unwrap_or(0)
    }

    /// How often bytes are to be expected: as seen, and as their pairs make it likely.
    fn expected(&self, bytes: &[u8]) -> f64 {
        let all: f64 = self.bytes.iter().sum();
        let seen = <[u8; WIDE]>::try_from(bytes).ok().and_then(|group| self.groups.get(&group)).copied();
        let count = |byte: u8| self.bytes.get(usize::from(byte)).copied().unwrap_or(1.0);
        let mut likely = bytes.first().map_or(0.0, |byte| count(*byte));
        for pair in bytes.windows(2) {
            let &[first, second] = pair else { continue };
            let digits = first.is_ascii_digit() && second.is_ascii_digit();
            let both = self.pairs.get(&[first, second]).copied().unwrap_or(0.0) + count(second) / all;
            likely *= if digits { 0.3 } else { both / count(first) };
        }
        seen.unwrap_or(0.0) + likely
    }
}
