//! A connection between two others, read from outside: both offers and how it ends, without a word of its own. For whoever
//! passes bytes on, and for what was captured.

use std::sync::Arc;

use shakedown_model::tls::StartTls;
use shakedown_model::{Ending, Phase, Role};
use shakedown_wire::ssh::{IdentificationLimits, PacketLimits};

use crate::tls::SuiteTable;
use crate::{ssh, tls};

/// What is read.
#[derive(Clone, Debug)]
pub enum Kind {
    /// SSH.
    Ssh,
    /// TLS, from the first byte or after what this protocol has before it; and the suites whose messages can be read.
    Tls(Option<StartTls>, Arc<SuiteTable>),
}

/// Reads one connection. Bytes are given in the order in which they were seen, with the end that sent them.
pub struct Watch {
    reader: Reader,
    first: Option<(Role, Ending)>,
}

enum Reader {
    Ssh(Box<ssh::watch::Watch>),
    Tls(Box<tls::watch::Watch>),
}

/// What was seen of a connection.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Both ends' words.
    pub said: Said,
    /// Whether the handshake came to its end on both sides.
    pub complete: bool,
    /// Whether the client has sent all of its handshake, or what is spoken cannot be read any more.
    pub in_use: bool,
    /// Who ended its stream first, and how; `None` where nobody has.
    pub first_end: Option<(Role, Ending)>,
    /// Where the client and the server were.
    pub phases: (Phase, Phase),
}

/// What both ends said.
#[derive(Clone, Debug)]
pub enum Said {
    /// In SSH.
    Ssh(Box<ssh::watch::Seen>),
    /// In TLS.
    Tls(Box<tls::watch::Seen>),
}

impl Watch {
    /// A watch from the beginning of a connection.
    pub fn new(kind: &Kind) -> Self {
        let reader = match kind {
            Kind::Ssh => {
                // With all known names a KEXINIT is below 5,000 bytes, and no message of a key exchange is longer.
                let packet = PacketLimits::default();
                let limits = ssh::Limits {
                    identification: IdentificationLimits::default(),
                    packet,
                    packets: 32,
                    total_bytes: 256 << 10,
                };
                Reader::Ssh(Box::new(ssh::watch::Watch::new(limits)))
            }
            Kind::Tls(start, suites) => Reader::Tls(Box::new(tls::watch::Watch::new(*start, Arc::clone(suites)))),
        };
        Self { reader, first: None }
    }

    /// Bytes that this end has sent.
    pub fn receive(&mut self, from: Role, bytes: &[u8]) {
        match &mut self.reader {
            Reader::Ssh(watch) => watch.receive(from, bytes),
            Reader::Tls(watch) => watch.receive(from, bytes),
        }
    }

    /// This end sends nothing more.
    pub fn end_of_stream(&mut self, from: Role, ending: Ending) {
        let is_first = self.first.is_none();
        self.first.get_or_insert((from, ending));
        match &mut self.reader {
            Reader::Ssh(watch) => watch.end_of_stream(from, ending, is_first),
            Reader::Tls(watch) => watch.end_of_stream(from, ending, is_first),
        }
    }

    /// Whether the handshake came to its end on both sides.
    pub fn is_complete(&self) -> bool {
        match &self.reader {
            Reader::Ssh(watch) => watch.is_complete(),
            Reader::Tls(watch) => watch.is_complete(),
        }
    }

    /// Whether the client has sent all of its handshake, or what is spoken cannot be read any more: a connection that may be
    /// in use, which nobody must cut off.
    pub fn is_in_use(&self) -> bool {
        match &self.reader {
            Reader::Ssh(watch) => watch.is_in_use(),
            Reader::Tls(watch) => watch.is_in_use(),
        }
    }

    /// What was seen.
    pub fn into_seen(self) -> Seen {
        let (complete, in_use) = (self.is_complete(), self.is_in_use());
        let phases = match &self.reader {
            Reader::Ssh(watch) => (watch.phase(Role::Client), watch.phase(Role::Server)),
            Reader::Tls(watch) => (watch.phase(Role::Client), watch.phase(Role::Server)),
        };
        let said = match self.reader {
            Reader::Ssh(watch) => Said::Ssh(Box::new(watch.into_seen())),
            Reader::Tls(watch) => Said::Tls(Box::new(watch.into_seen())),
        };
        Seen { said, complete, in_use, first_end: self.first, phases }
    }
}
