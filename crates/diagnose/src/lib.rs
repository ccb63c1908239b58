//! Evidence, parties and outcome in; ranked diagnoses out.
//!
//! Each cause is one file in `src/diagnoses/<family>/<cause>.rs`. Its doc comment is the page that `shakedown cause
//! CODE` prints; its function `matches`, where it has one, looks at a [`Case`] and returns what speaks for the cause.
//! The list of the files is made at build time, so that a new cause touches one file. [`diagnose`] asks all of them and
//! alone turns their strengths into a confidence.
//!
//! Nothing here opens a socket, a file or a clock: every diagnosis can be tested from a text.

mod alert;
mod blame;
mod case;
mod certificate;
mod completion;
mod engine;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod examples_ike;
mod facts;
mod hostkey;
mod ike;
mod ike_answer;
mod ike_peering;
mod mismatch;
mod registry;
mod said;
mod text;
mod tls;

pub use case::Case;
pub use engine::diagnose;
pub use registry::{Page, Section, causes, page};
