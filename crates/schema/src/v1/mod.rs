//! Version 1 of the documents, `"schema": "shakedown/1"`.
//!
//! Names of algorithms and other tokens of a peer are strings in the reversible form of [`shakedown_model::Name`]: a
//! byte that is not printable ASCII, and the backslash, is `\xNN`.

mod agreed;
mod change;
mod diagnosis;
mod document;
mod evidence;
mod fix;
mod incident;
mod kinds;
mod lab;
mod offer;
mod offer_ike;
mod offer_party;
mod offer_tls;
mod origin;
mod outcome;

pub use agreed::Agreed;
pub use change::{Change, Changes, Exceptions};
pub use diagnosis::{Diagnosis, Label, Object};
pub use document::{
    Applied, AppliedFile, AppliedStep, Configuration, Document, Pair, Party, PartySource, SCHEMA, Vantage,
};
pub use evidence::{Evidence, Hop};
pub use fix::{Command, Edit, Fix};
pub use incident::Incident;
pub use kinds::{Applicability, OutcomeResult, Protocol, Role, Side, SignatureState, StageResult};
pub use lab::{Demo, LabList, LabListed, LabResult, LabRun, LabStep};
pub use offer::{
    BannerRule, Behaviour, Broken, Confirm, GexRequest, HostKey, IkeProposal, Offer, Supported, TlsCertificate,
    Undecided,
};
pub use origin::Origin;
pub use outcome::{FailedSlot, Forecast, Outcome, Risk, StageOutcome, TraceStep};
