use std::net::SocketAddr;

use crate::{Name, Origin, Role};

/// The place of an [`Evidence`] in its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EvidenceId(pub usize);

/// One observed fact. What a peer or a file under diagnosis does wrong is evidence, never an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What was seen.
    pub fact: Fact,
    /// Whose doing it is, where that is known.
    pub subject: Option<Role>,
    /// Where it was seen.
    pub origin: Option<Origin>,
    /// The connection of this run, counted from 1.
    pub connection: Option<u32>,
    /// The hop that it was seen at.
    pub hop: HopRef,
    /// When, where the source says so.
    pub time: Option<jiff::Timestamp>,
}

impl Evidence {
    /// A fact about the target itself, with nothing else known.
    pub fn new(fact: Fact) -> Self {
        Self { fact, subject: None, origin: None, connection: None, hop: HopRef::Target, time: None }
    }

    /// The same, done by this party.
    pub fn by(mut self, role: Role) -> Self {
        self.subject = Some(role);
        self
    }

    /// The same, seen there.
    pub fn at(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// The same, on this connection.
    pub fn on(mut self, connection: u32) -> Self {
        self.connection = Some(connection);
        self
    }
}

/// On the way to the target: where something was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum HopRef {
    /// The target itself.
    #[default]
    Target,
    /// A jump host, by the name in the configuration.
    JumpHost(String),
    /// A proxy command or proxy server.
    Proxy(String),
}

/// The facts that gatherers see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The name did not resolve.
    NotResolved {
        /// The name.
        host: String,
        /// How it failed.
        failure: ResolveFailure,
    },
    /// The name resolved to these addresses.
    Resolved {
        /// The name.
        host: String,
        /// The addresses, in the order tried.
        addresses: Vec<SocketAddr>,
    },
    /// No connection came about.
    NotConnected {
        /// The address tried.
        address: SocketAddr,
        /// How it failed.
        failure: ConnectFailure,
    },
    /// A connection came about.
    Connected {
        /// The address.
        address: SocketAddr,
        /// How long it took, in milliseconds.
        milliseconds: u64,
    },
    /// The connection ended before the exchange was done.
    Ended {
        /// In which phase.
        phase: Phase,
        /// How.
        ending: Ending,
        /// Bytes received until then.
        received: u64,
    },
    /// Lines before the identification string (RFC 4253 section 4.2), as many as were kept.
    Preamble {
        /// The lines, escaped.
        lines: Vec<Name>,
    },
    /// The identification string.
    Identification {
        /// As sent, without line end.
        text: Name,
    },
    /// Only SSH protocol 1 is spoken.
    SshOneOnly {
        /// The identification string.
        identification: Name,
    },
    /// The peer says that it limits or bans.
    Throttled {
        /// How it says so.
        throttle: Throttle,
        /// Its words.
        text: Name,
    },
    /// Another protocol answers.
    OtherProtocol {
        /// Which.
        protocol: StrangeProtocol,
        /// The first bytes, escaped.
        first_bytes: Name,
    },
    /// SSH_MSG_DISCONNECT.
    Disconnected {
        /// In which phase.
        phase: Phase,
        /// The reason code of RFC 4250 section 4.2.2.
        code: u32,
        /// Its text.
        text: Name,
    },
    /// Bytes that break the protocol.
    Malformed {
        /// In which phase.
        phase: Phase,
        /// What is wrong, with the field path.
        what: String,
        /// The byte offset within the message or stream.
        offset: u64,
    },
    /// A limit of this program was reached: too many preamble lines, packets or bytes.
    LimitReached {
        /// In which phase.
        phase: Phase,
        /// Which limit, with its figure.
        limit: String,
    },
    /// Bytes came, but too slowly for the deadline.
    TooSlow {
        /// In which phase.
        phase: Phase,
        /// Bytes received.
        received: u64,
        /// The time given, in milliseconds.
        milliseconds: u64,
    },
    /// The addresses or connections of one name answered differently.
    BackendsDiffer {
        /// What differed.
        what: String,
    },
    /// A client has a store of trusted authorities of its own, which judges otherwise than that of its machine.
    TrustStore {
        /// The program that it is known by on its machine.
        client: String,
        /// Where its store is.
        path: String,
        /// Whether the server's certificates lead to an authority in it.
        trusts: bool,
    },
    /// The server's host key was looked up in the known hosts.
    HostKeyLookup {
        /// Result.
        status: KnownHostStatus,
        /// The key's type.
        key_type: Name,
        /// The key's fingerprint.
        fingerprint: String,
    },
    /// The signature over the exchange hash is wrong.
    WrongSignature {
        /// The algorithm.
        algorithm: Name,
    },
    /// A key is smaller than the other party demands.
    SmallKey {
        /// The key's type.
        key_type: Name,
        /// Its size in bits.
        bits: u32,
        /// The smallest accepted, in bits.
        minimum: u32,
    },
    /// Something is wrong in a configuration file.
    Configuration {
        /// What.
        problem: ConfigProblem,
        /// As the program would say it, in one sentence.
        message: String,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// A key file cannot be used as it is.
    KeyFile {
        /// The path.
        path: String,
        /// What is wrong with it.
        permission: FilePermission,
    },
    /// What this program read itself and what the real program says differ.
    Disagreement {
        /// The setting.
        setting: String,
        /// What this program makes of it.
        ours: String,
        /// What the real program prints.
        theirs: String,
        /// The command that was asked.
        program: String,
    },
    /// A hop refused to pass the connection on.
    ProxyRefused {
        /// Its words or code.
        text: Name,
    },
    /// TLS: the server speaks the protocol that TLS should begin in, but does not begin it.
    NoStartTls {
        /// The protocol: `SMTP`, `PostgreSQL`.
        protocol: String,
        /// Whether it offers TLS, and refused when asked.
        is_offered: bool,
        /// Its words.
        text: Name,
    },
    /// TLS: an alert of the peer.
    Alert {
        /// In which phase.
        phase: Phase,
        /// 1 is a warning, 2 is fatal; in TLS 1.3 it says nothing.
        level: u8,
        /// The number of IANA's registry "TLS Alerts".
        number: u8,
        /// The name that the registry has for it.
        name: String,
        /// Whether it was encrypted.
        is_encrypted: bool,
        /// Whether it came after the other end had sent all of its handshake.
        after_finished: bool,
    },
    /// IKE: an error that the responder answers with.
    Notify {
        /// In which phase.
        phase: Phase,
        /// Its number: of the registry "IKEv2 Notify Message Types - Error Types", or of IKEv1's.
        number: u16,
        /// The name that the registry has for it.
        name: String,
        /// Whether all that could be offered was answered with it.
        to_everything: bool,
    },
    /// IKE: the responder has answered before, and gives no answer to what is sent in this phase.
    Unanswered {
        /// The phase.
        phase: Phase,
    },
    /// IKE: a tunnel was refused, and asked for again in a way that shows what the refusal is about.
    TunnelPart {
        /// What it shows: [`Slot::TrafficSelector`](crate::Slot::TrafficSelector) where the proposals were those that nobody
        /// takes, [`Slot::Encryption`](crate::Slot::Encryption) where all proposals were offered at once.
        slot: crate::Slot,
        /// Whether the responder accepts that part.
        accepted: bool,
    },
    /// IKE: the responder answers the first message of version 1, where it has no answer to version 2 but a refusal or none.
    OldVersionOnly,
    /// Whoever checks a certificate has something against it.
    Certificate(Box<crate::CertificateFinding>),
    /// TLS: a whole handshake, made as a second opinion.
    Completion(Box<crate::Completion>),
    /// TLS: the peer chose or sent what the rules do not let it.
    Departure {
        /// What, in one sentence without a full stop.
        what: String,
    },
    /// TLS: a client's hello of more than one packet had no answer, and the same hello without its large key share has.
    LargeHelloLost {
        /// How the first one ended.
        ending: Ending,
    },
    /// The user cannot sign with any algorithm that the server accepts.
    NoUserSignature {
        /// What the client would sign with.
        client: Vec<Name>,
        /// What the server accepts.
        server: Vec<Name>,
    },
    /// A program that was needed printed an error.
    Program {
        /// The command.
        command: String,
        /// What it printed, escaped.
        text: Name,
    },
    /// A program's message, read from a text or a log.
    Said(Box<crate::Said>),
}

/// How a name failed to resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveFailure {
    /// There is no such name.
    NoSuchName,
    /// The name exists but has no address of the family asked for.
    NoAddress,
    /// The resolver could not be asked, or did not answer.
    ResolverFailed,
    /// It took longer than the deadline.
    TimedOut,
}

/// How a connection failed to come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFailure {
    /// Answered with a reset: nothing listens.
    Refused,
    /// No answer within the deadline.
    TimedOut,
    /// ICMP: host unreachable.
    HostUnreachable,
    /// ICMP or routing table: network unreachable.
    NetworkUnreachable,
    /// Forbidden by a local or remote rule (EACCES, EPERM, ICMP administratively prohibited).
    Prohibited,
    /// The source address asked for is not one of this machine's.
    SourceNotAvailable,
    /// Anything else.
    Other,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Closed in order (FIN).
    Closed,
    /// Reset (RST).
    Reset,
    /// Nothing came until the deadline.
    Silent {
        /// The time waited, in milliseconds.
        milliseconds: u64,
    },
}

/// Where in an exchange something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Name resolution.
    Resolve,
    /// TCP connection.
    Connect,
    /// SSH: before the identification string was whole.
    Identification,
    /// SSH: after the identification string, before the peer's KEXINIT was whole.
    Kexinit,
    /// TLS: ClientHello and ServerHello.
    Hello,
    /// IKE: IKE_SA_INIT, or phase 1 of IKEv1 before the identities.
    IkeSa,
    /// Key exchange messages.
    KeyExchange,
    /// TLS: the server's certificate.
    Certificate,
    /// TLS: the client's certificate.
    ClientCertificate,
    /// IKE: IKE_AUTH, or the end of phase 1 of IKEv1.
    Auth,
    /// After the key exchange.
    Service,
    /// SSH: user authentication.
    Authentication,
    /// IKE: the CHILD_SA, or quick mode.
    ChildSa,
    /// IKE: rekeying.
    Rekey,
}

impl Phase {
    /// All phases, in the order in which an exchange meets them.
    pub const ALL: [Self; 14] = [
        Self::Resolve,
        Self::Connect,
        Self::Identification,
        Self::Kexinit,
        Self::Hello,
        Self::IkeSa,
        Self::KeyExchange,
        Self::Certificate,
        Self::ClientCertificate,
        Self::Auth,
        Self::Service,
        Self::Authentication,
        Self::ChildSa,
        Self::Rekey,
    ];

    /// The name in JSON: `resolve`, `connect`, `identification`, `kexinit`, `hello`, `ike-sa`, `key-exchange`,
    /// `certificate`, `client-certificate`, `auth`, `service`, `authentication`, `child-sa`, `rekey`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Identification => "identification",
            Self::Kexinit => "kexinit",
            Self::Hello => "hello",
            Self::IkeSa => "ike-sa",
            Self::KeyExchange => "key-exchange",
            Self::Certificate => "certificate",
            Self::ClientCertificate => "client-certificate",
            Self::Auth => "auth",
            Self::Service => "service",
            Self::Authentication => "authentication",
            Self::ChildSa => "child-sa",
            Self::Rekey => "rekey",
        }
    }

    /// The phase of a JSON name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }
}

/// How a server says that it limits or bans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttle {
    /// `Exceeded MaxStartups` (OpenSSH 8.2 to 9.7).
    MaxStartups,
    /// `Not allowed at this time` (OpenSSH since 9.8: MaxStartups or PerSourcePenalties).
    NotAllowedAtThisTime,
    /// Any other text that means the same.
    Other,
}

/// A protocol that answers instead of the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrangeProtocol {
    /// HTTP.
    Http,
    /// A TLS record.
    Tls,
    /// SMTP.
    Smtp,
    /// FTP.
    Ftp,
    /// POP3.
    Pop3,
    /// IMAP.
    Imap,
    /// Remote Desktop (TPKT).
    Rdp,
    /// VNC (RFB).
    Vnc,
    /// MySQL or MariaDB.
    MySql,
    /// Telnet.
    Telnet,
    /// SSH, where another protocol was expected.
    Ssh,
    /// Nothing that is known here.
    Unknown,
}

impl StrangeProtocol {
    /// What a person calls it.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Tls => "TLS",
            Self::Smtp => "SMTP",
            Self::Ftp => "FTP",
            Self::Pop3 => "POP3",
            Self::Imap => "IMAP",
            Self::Rdp => "Remote Desktop",
            Self::Vnc => "VNC",
            Self::MySql => "MySQL",
            Self::Telnet => "Telnet",
            Self::Ssh => "SSH",
            Self::Unknown => "an unknown protocol",
        }
    }
}

/// The result of looking a host key up in known_hosts files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownHostStatus {
    /// The key is known.
    Known,
    /// The host is known by another key. To OpenSSH one of another type is that too.
    Changed {
        /// The entry that differs.
        known: Origin,
        /// Its fingerprint.
        fingerprint: String,
    },
    /// No entry for this host, or only of other key types.
    Unknown {
        /// Key types known for this host.
        other_types: Vec<Name>,
        /// Whether the client refuses unknown keys (`StrictHostKeyChecking yes`).
        strict: bool,
    },
    /// Marked `@revoked` or listed in `RevokedHostKeys`.
    Revoked {
        /// The entry.
        entry: Origin,
    },
    /// A certificate that the client does not accept.
    BadCertificate {
        /// Why, in one sentence.
        reason: String,
    },
}

/// What is wrong in a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigProblem {
    /// No such keyword.
    UnknownKeyword,
    /// The keyword is no longer supported.
    Deprecated,
    /// A value that the program refuses.
    BadValue,
    /// An algorithm name that the program does not know.
    UnknownAlgorithm,
    /// Quotes, missing or extra arguments.
    Syntax,
    /// Not allowed where it stands (inside a Match block).
    NotAllowedHere,
    /// An included or named file is missing or cannot be read.
    FileNotReadable,
    /// It is not a text file, a directory, or too large.
    NotAConfiguration,
    /// Includes nest too deeply.
    TooDeep,
    /// A typing error that the program itself passes over in silence (a name after `-` that is nothing).
    Ineffective,
}

/// What is wrong with a key file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilePermission {
    /// It does not exist.
    Missing,
    /// It cannot be read by this process.
    NotReadable,
    /// Others can read it.
    TooOpen {
        /// The mode, such as `0o644`.
        mode: u32,
    },
    /// Its contents are not a key that is known here.
    BadFormat {
        /// Why, in one sentence.
        reason: String,
    },
    /// The public part does not fit the private part, or a certificate does not fit the key.
    DoesNotMatch,
}
