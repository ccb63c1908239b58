//! The calls of [`Session`] for programs without an asynchronous runtime.

use crate::{Error, Options, Report, Session};

/// Checks a live target, as [`Session::check`] does.
///
/// # Errors
/// The target or a named client cannot be read.
pub fn check(target: &str, options: Options) -> Result<Report, Error> {
    let session = Session::new(options)?;
    runtime()?.block_on(session.check(target))
}

/// Negotiates two parties, as [`Session::negotiate`] does.
///
/// # Errors
/// A party cannot be read.
///
/// ```
/// use shakedown::{Options, OutcomeResult, Slot};
///
/// let report = shakedown::blocking::negotiate("openssh@9.6p1", "openssh@7.4p1", Options::default())?;
/// let outcome = &report.pairs[0].outcome;
/// assert_eq!(outcome.result(), OutcomeResult::Agreed);
/// assert_eq!(outcome.agreed(Slot::Kex).map(|name| name.as_str()), Some("curve25519-sha256"));
/// # Ok::<(), shakedown::Error>(())
/// ```
pub fn negotiate(client: &str, server: &str, options: Options) -> Result<Report, Error> {
    let session = Session::new(options)?;
    runtime()?.block_on(session.negotiate(client, server))
}

/// The full map of what a party offers, as [`Session::offer`] gives it.
///
/// # Errors
/// The party cannot be read.
///
/// ```
/// use shakedown::{Options, Role};
///
/// let mut options = Options::default();
/// options.side = Some(Role::Client);
/// let report = shakedown::blocking::offer("putty@0.78", options)?;
/// assert_eq!(report.parties.len(), 1);
/// # Ok::<(), shakedown::Error>(())
/// ```
pub fn offer(party: &str, options: Options) -> Result<Report, Error> {
    let session = Session::new(options)?;
    runtime()?.block_on(session.offer(party))
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::System { doing: "starting the asynchronous runtime", source })
}
