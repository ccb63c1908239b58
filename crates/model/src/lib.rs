//! The nouns of `shakedown`: what is observed (evidence), what both ends would do (parties), what the protocol's own
//! rules make of it (outcome), why it failed (diagnosis) and what to change (fix).
//!
//! Nothing here opens a socket, a file or a clock.

mod certificate;
mod completion;
mod context;
mod diagnosis;
mod evidence;
mod fix;
pub mod ike;
mod incident;
mod known;
mod name;
mod nearest;
mod origin;
mod outcome;
mod party;
mod protocol;
mod report;
mod said;
mod secret;
mod slot;
mod software;
pub mod ssh;
pub mod tls;

pub use certificate::{CertificateFinding, CertificateProblem};
pub use completion::{ClientVerdict, Completion, CompletionEnd, ShownCertificate};
pub use context::{Context, KnownHostKey, KnownHostMark};
pub use diagnosis::{Diagnosis, DiagnosisId, Label, Match, Object, Reason, Strength};
pub use evidence::{
    ConfigProblem, ConnectFailure, Ending, Evidence, EvidenceId, Fact, FilePermission, HopRef, KnownHostStatus, Phase,
    ResolveFailure, StrangeProtocol, Throttle,
};
pub use fix::{Applicability, Change, Command, CommandPlace, FileEdit, Fix, FixId, Remedy, TextEdit};
pub use incident::{Incident, IncidentResult, Standing};
pub use known::Known;
pub use name::{Item, Name, items, names, printed_names};
pub use nearest::nearest;
pub use origin::{Excerpt, Origin, OriginKind, SourceFile, Span};
pub use outcome::{
    FailedSlot, FailureKind, Forecast, Outcome, OutcomeResult, Risk, Stage, StageOutcome, StageResult, TraceStep,
};
pub use party::{Configuration, ConfigurationKind, Gathered, KeyPair, NamedFile, Offer, Party, PartySource, Policy};
pub use protocol::{Protocol, Role, Side};
pub use report::{Pair, Report, Vantage};
pub use said::{Fault, Indication, MessageKind, Said};
pub use secret::Secret;
pub use slot::Slot;
pub use software::{Layer, Software, SoftwareParseError};
