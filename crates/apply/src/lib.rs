//! Makes the changes of a fix: each file is written whole or not at all, a journal knows every step, and whatever does not
//! hold is taken back.
//!
//! [`Store`] is the folder with the journal and the lock. [`Transaction::plan`] looks whether a change can be made at all;
//! the steps after it are [`back_up`](Transaction::back_up), [`check`](Transaction::check),
//! [`write`](Transaction::write), [`reload`](Transaction::reload) and [`proved`](Transaction::proved), and
//! [`roll_back`](Transaction::roll_back) from wherever it stands. A run that was killed is finished by [`recover()`].
//! What touches the machine goes through [`System`], so that a test can make any of it fail.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod charon;
mod command;
mod copy;
mod edit;
mod error;
mod files;
mod journal;
mod managed;
mod pluto;
mod program;
mod recover;
mod running;
mod saved;
mod system;
mod transaction;

pub use charon::{Tunnel, initiate};
pub use command::{Invocation, Ran};
pub use error::{Refused, StepError, StoreError};
pub use journal::{Change, ChangedFile, Exception, Locked, Record, State, Store, StoredEdit};
pub use managed::{Managed, sign_of};
pub use pluto::Again;
pub use program::{Program, program_for};
pub use recover::{Recovered, TakenBack, confirm, due, recover, restart, take_back};
pub use running::{Process, main_files, running};
pub use saved::{SavedError, SavedFile, SavedPlan};
pub use system::{Real, System};
pub use transaction::{ReloadBy, Request, Transaction};

/// The day on this machine, in UTC.
pub fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// The SHA-256 of some bytes in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in shakedown_crypto::Hash::Sha256.digest(&[bytes]) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
