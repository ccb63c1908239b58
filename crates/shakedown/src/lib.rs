//! Finds out why a secure connection's key exchange failed, and what to change.
//!
//! [`Session`] is the paved path: [`Session::check`] a live target, [`Session::negotiate`] two parties,
//! [`Session::offer`] of one, [`cause`] for the page of a code. Everything returns a [`Report`], which
//! [`report`] draws as text, JSON or Markdown. Calls that touch the network are futures: dropping one cancels it.
//! [`blocking`] has the same calls for programs without an asynchronous runtime.

mod all_clients;
pub mod blocking;
mod check;
mod demo;
mod emulating;
mod error;
mod explain;
mod fixing;
pub mod input;
mod installed;
mod key_pairs;
mod known_hosts;
mod lab;
mod list_files;
mod live;
mod local;
mod options;
mod party;
mod recognise;
mod recording;
mod relaying;
mod session;
mod target;

pub use demo::{Demo, DemoStep};
pub use emulating::{Emulate, Emulating};
pub use error::Error;
pub use explain::{Explaining, Input, News, Tally, Watching};
pub use fixing::{
    Applied, Applying, Far, FarFix, FarPlan, FixError, FixPlan, Shown, Step, Told, Via, ViaError, applied_document,
    change_document, recovered, serve_far, taken_back, watch_until_confirmed,
};
pub use lab::{LabEnd, LabError, LabOptions, LabStep, Scenario, scenario, scenarios};
pub use options::{Family, InitiatorOptions, Options, ProgressFunction, parse_context};
pub use recording::{Heard, ListenFor, Listened, Listening};
pub use relaying::{Passed, PassedOn, RelayFor, Relaying};
pub use session::Session;
pub use shakedown_apply as apply;
pub use shakedown_messages::KnownPeer;
pub use shakedown_model::ike::IkeVersion;
pub use shakedown_model::*;
pub use shakedown_report as report;
pub use shakedown_schema::v1 as document;
pub use target::{Target, TargetError};

/// The pages of all causes, in the order of the published list.
pub fn causes() -> &'static [shakedown_diagnose::Page] {
    shakedown_diagnose::causes()
}

/// The page of a cause.
///
/// # Errors
/// There is no such cause; the error names the nearest one.
///
/// ```
/// let page = shakedown::cause("no-common-kex")?;
/// assert!(page.text.contains("RFC 4253"));
/// # Ok::<(), shakedown::Error>(())
/// ```
pub fn cause(code: &str) -> Result<&'static shakedown_diagnose::Page, Error> {
    shakedown_diagnose::page(code).ok_or_else(|| Error::UnknownCause {
        code: Name::new(code).to_string(),
        suggestion: nearest(code, causes().iter().map(|page| page.code)).map(str::to_owned),
    })
}

/// The JSON Schema of the documents that [`report::json`] prints.
pub fn json_schema() -> String {
    shakedown_schema::generate()
}
