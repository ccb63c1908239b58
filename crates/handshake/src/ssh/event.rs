use shakedown_model::ssh::{GexRequest, HostKey, SshOffer};
use shakedown_model::{Ending, Fact, Name, Phase, Slot, StrangeProtocol, Throttle};

use super::Negotiated;

/// What a machine saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A line before the server's identification string, without line end.
    PreambleLine(Name),
    /// The line just reported means that the server limits or bans.
    Throttled {
        /// What it means.
        throttle: Throttle,
        /// The line.
        text: Name,
    },
    /// The peer's identification string, without line end.
    Identification(Name),
    /// The identification string is one of protocol 1 alone; the machine is done.
    SshOneOnly {
        /// The identification string.
        identification: Name,
    },
    /// Another protocol answers; the machine is done.
    OtherProtocol {
        /// Which.
        protocol: StrangeProtocol,
        /// What gave it away: the first line, or the first bytes.
        first_bytes: Name,
    },
    /// The peer's KEXINIT. Origins are left to whoever knows the connection.
    KexInit(Box<SshOffer>),
    /// Both KEXINITs agree, by the plain rules of RFC 4253 section 7.1.
    Negotiated(Box<Negotiated>),
    /// No key exchange takes place: there is nothing in common in this slot, or it is not implemented here. This is no
    /// fault of the peer's. The machine is done.
    ExchangeImpossible {
        /// The slot.
        slot: Slot,
        /// Why, in one sentence.
        reason: String,
    },
    /// A message that is legal at any time and changes nothing.
    Ignored(IgnoredMessage),
    /// A departure from the protocol that does no harm and that common implementations let pass.
    Tolerated {
        /// What it is, in one sentence.
        what: String,
        /// The byte offset in what the peer sent.
        offset: u64,
    },
    /// The client asks for a group (sizes in bits, RFC 4419 section 3).
    GexRequest(GexRequest),
    /// The group that the server answers with.
    GexGroup {
        /// The size of its modulus in bits.
        bits: u32,
    },
    /// The server's host key, with the result of checking its signature over the exchange hash.
    HostKey(Box<HostKey>),
    /// SSH_MSG_EXT_INFO. It belongs after NEWKEYS, where it is encrypted; one sent too early is reported here.
    ExtInfo {
        /// Names and values, in order.
        extensions: Vec<(Name, Name)>,
    },
    /// The peer's NEWKEYS: the key exchange is complete. The machine is done, but for a server that goes on to refuse logins.
    NewKeys,
    /// What was agreed on to protect the connection is not computed here; the machine ends with NEWKEYS.
    NotProtected {
        /// The cipher, MAC or compression.
        name: Name,
    },
    /// The client, its packets protected, asked for a login by this method and was refused.
    LoginRefused {
        /// The method, RFC 4252 section 5.
        method: Name,
    },
    /// SSH_MSG_DISCONNECT; the machine is done.
    Disconnect {
        /// In which phase.
        phase: Phase,
        /// The reason code of RFC 4250 section 4.2.2.
        code: u32,
        /// Its text.
        text: Name,
    },
    /// Bytes that break the protocol; the machine is done.
    Malformed {
        /// In which phase.
        phase: Phase,
        /// What is wrong, with the field path.
        what: String,
        /// The byte offset in what the peer sent.
        offset: u64,
    },
    /// The peer sent more than is read; the machine is done.
    LimitReached {
        /// In which phase.
        phase: Phase,
        /// Which limit, with its figure.
        limit: String,
    },
    /// The stream ended although more was to come; the machine is done.
    Ended {
        /// In which phase.
        phase: Phase,
        /// Bytes received until then.
        received: u64,
        /// How many of them belong to a line or packet that is not whole.
        incomplete: usize,
    },
}

/// A message that is legal at any time, RFC 4253 section 11.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredMessage {
    /// SSH_MSG_IGNORE.
    Ignore {
        /// The length of its data in bytes.
        length: usize,
    },
    /// SSH_MSG_DEBUG.
    Debug {
        /// Its text.
        text: Name,
    },
    /// SSH_MSG_UNIMPLEMENTED.
    Unimplemented {
        /// The sequence number of the packet that the peer did not understand.
        sequence: u32,
    },
    /// A message that is not known here, or has no place before the key exchange.
    Unknown {
        /// Its number.
        number: u8,
    },
    /// The packet after a wrong guess, which RFC 4253 section 7 has dropped.
    WrongGuess {
        /// Its number.
        number: u8,
    },
}

impl Event {
    /// The observed fact that goes into a report; `None` for events that are part of a healthy exchange, and for
    /// preamble lines, which make up one fact together.
    pub fn fact(&self) -> Option<Fact> {
        Some(match self {
            Self::Throttled { throttle, text } => Fact::Throttled { throttle: *throttle, text: text.clone() },
            Self::Identification(text) => Fact::Identification { text: text.clone() },
            Self::SshOneOnly { identification } => Fact::SshOneOnly { identification: identification.clone() },
            Self::OtherProtocol { protocol, first_bytes } => {
                Fact::OtherProtocol { protocol: *protocol, first_bytes: first_bytes.clone() }
            }
            Self::Disconnect { phase, code, text } => {
                Fact::Disconnected { phase: *phase, code: *code, text: text.clone() }
            }
            Self::Malformed { phase, what, offset } => {
                Fact::Malformed { phase: *phase, what: what.clone(), offset: *offset }
            }
            Self::LimitReached { phase, limit } => Fact::LimitReached { phase: *phase, limit: limit.clone() },
            Self::Ended { phase, received, .. } => {
                Fact::Ended { phase: *phase, ending: Ending::Closed, received: *received }
            }
            _ => return None,
        })
    }
}
