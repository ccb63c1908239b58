use shakedown_wire::WireError;
use shakedown_wire::ike::{Identification, Proposal, TrafficSelector, Transform};

/// What came of an initiator's attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// IKE_SA_INIT.
    pub sa_init: Step,
    /// IKE_AUTH, as far as it is about who the ends are.
    pub auth: Step,
    /// The CHILD SA that IKE_AUTH is to set up.
    pub child: Step,
    /// The proposal that the responder selected for the IKE SA.
    pub selected: Option<Proposal<Transform>>,
    /// The responder's vendor IDs.
    pub vendor_ids: Vec<Vec<u8>>,
    /// Who is behind a NAT, where the responder takes part in finding out.
    pub nat: Option<Nat>,
    /// Whether the responder takes fragments (RFC 7383).
    pub fragmentation: bool,
    /// The hashes that it announces for signatures (RFC 7427).
    pub hashes: Vec<u16>,
    /// Whether it asks for a certificate.
    pub asks_certificate: bool,
    /// Who the responder says that it is.
    pub identity: Option<Identification>,
    /// The certificates that it sent, its own first, in DER.
    pub certificates: Vec<Vec<u8>>,
    /// How it proves itself.
    pub proof: Option<Proof>,
    /// Whether it asks for EAP (RFC 7296 section 2.16), which is not run.
    pub eap: bool,
    /// The proposal that it selected for the CHILD SA.
    pub child_selected: Option<Proposal<Transform>>,
    /// The traffic selectors of both ends that it left.
    pub selectors: Option<[Vec<TrafficSelector>; 2]>,
    /// How many fragments of a message came, and of how many, where not all did.
    pub fragments: Option<(u16, u16)>,
    /// What was passed over.
    pub passed: Passed,
    /// What became of the IKE SA in the end.
    pub deletion: Deletion,
    /// The groups that the responder asked for in the place of another.
    pub other_groups: Vec<u16>,
    /// How often it asked for a cookie.
    pub cookies: u32,
}

/// How far an exchange came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// It was not begun.
    #[default]
    NotReached,
    /// It is done.
    Done,
    /// The responder answered with this error. Within IKE_AUTH that is protected: the responder itself says so.
    Refused(u16),
    /// No answer came.
    NoAnswer,
    /// It was ended from here, for this reason.
    Stopped(String),
}

/// Who is behind a NAT, by the detection payloads (RFC 7296 section 2.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nat {
    /// This end.
    pub initiator: bool,
    /// The responder.
    pub responder: bool,
}

/// How the responder proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The authentication method.
    pub method: u8,
    /// Whether that holds.
    pub check: ProofCheck,
}

/// Whether a proof holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofCheck {
    /// By a pre-shared key: whether it is the same as here.
    SharedKey(bool),
    /// By a signature, which is for the certificate's reader to check: the data of the payload and what is signed.
    Signature {
        /// The data.
        data: Vec<u8>,
        /// What is signed.
        octets: Vec<u8>,
    },
    /// It cannot be checked: there is no pre-shared key here, or the method is not known.
    Unchecked,
}

/// Datagrams that were no answer. They are bounded by time, and one never ends the attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Messages of another exchange, of another IKE SA, or that came a second time.
    pub strays: u32,
    /// Encrypted messages that were not made with the keys of this IKE SA.
    pub undecryptable: u32,
    /// The first datagram that cannot be read.
    pub broken: Option<WireError>,
    /// An error that came without protection where protection was due: anybody on the way can have sent it.
    pub unprotected: Option<u16>,
}

/// What became of the IKE SA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deletion {
    /// There was none, or the responder itself dropped it with its refusal (RFC 7296 section 2.21.2).
    #[default]
    NotDue,
    /// It was deleted, and the responder confirmed that.
    Confirmed,
    /// It was deleted; no confirmation came.
    Unconfirmed,
}
