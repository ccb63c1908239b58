//! The steps of a change, wherever its files are.

use std::time::Duration;

use jiff::Timestamp;
use shakedown_apply::{Change, Locked, Real, State, Transaction};

use super::applying::{taken_back, with_sources};

/// A change under way, here or on another machine. Each step says what was done, or what went wrong, in words.
pub(super) trait Hand {
    /// The id in the journal.
    fn id(&self) -> String;
    /// What is being changed.
    fn change(&self) -> Change;
    /// How far it has come.
    fn state(&self) -> State;
    /// Copies the old files.
    fn back_up(&mut self) -> Result<String, String>;
    /// Lets the program check the new ones.
    fn check(&mut self) -> Result<String, String>;
    /// Puts them in place.
    fn write(&mut self) -> Result<String, String>;
    /// Makes the running program read them.
    fn reload(&mut self) -> Result<String, String>;
    /// Notes that a new connection works.
    fn proved(&mut self, how: &str) -> Result<(), String>;
    /// Puts the old files back; gives also how many there were.
    fn roll_back(&mut self, because: &str) -> Result<(usize, String), String>;
    /// Starts the program where a reload has ended it; `None` where it is not known how.
    fn restart(&mut self) -> Option<String>;
    /// When the change is undone unless it is confirmed.
    fn undone_at(&mut self) -> Option<Timestamp>;
    /// Where the new connections that prove the change are not made by this program, who makes them.
    fn prover(&mut self) -> Option<&mut dyn Prover> {
        None
    }
}

/// Who makes new connections elsewhere.
pub(super) trait Prover {
    /// Makes them, until they show that the change works. Gives what shows it, or what stands against it.
    fn prove(&mut self) -> Result<String, String>;
    /// After a roll-back: whether the server answers.
    fn answers(&mut self) -> bool;
}

/// On this machine.
pub(super) struct Here<'a> {
    locked: &'a Locked,
    /// `None` once it was taken back.
    transaction: Option<Transaction<'a, Real>>,
    id: String,
    change: Change,
    state: State,
    limit: Duration,
}

impl<'a> Here<'a> {
    pub(super) fn new(locked: &'a Locked, transaction: Transaction<'a, Real>, limit: Duration) -> Self {
        let (id, change) = (transaction.id().to_owned(), transaction.change().clone());
        Self { locked, state: transaction.state(), transaction: Some(transaction), id, change, limit }
    }

    fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Transaction<'a, Real>) -> Result<T, shakedown_apply::StepError>,
    ) -> Result<T, String> {
        let transaction = self.transaction.as_mut().ok_or("the change is over")?;
        let done = step(transaction);
        self.state = transaction.state();
        // A program may quote a line of its file with a secret in it: neither the screen nor the journal gets that.
        done.map_err(|error| shakedown_report::mask(&with_sources(&error)).into_owned())
    }
}

fn quoted<'a>(paths: impl Iterator<Item = &'a std::path::PathBuf>) -> String {
    paths.map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}

impl Hand for Here<'_> {
    fn id(&self) -> String {
        self.id.clone()
    }

    fn change(&self) -> Change {
        self.change.clone()
    }

    fn state(&self) -> State {
        self.state
    }

    fn back_up(&mut self) -> Result<String, String> {
        self.step(Transaction::back_up)?;
        Ok(quoted(self.change.files.iter().map(|file| &file.backup)))
    }

    fn check(&mut self) -> Result<String, String> {
        self.step(Transaction::check).map(|command| format!("`{command}` on a private copy"))
    }

    fn write(&mut self) -> Result<String, String> {
        self.step(Transaction::write)?;
        Ok(quoted(self.change.files.iter().map(|file| &file.path)))
    }

    fn reload(&mut self) -> Result<String, String> {
        let told = self.step(Transaction::reload)?;
        Ok(told.unwrap_or_else(|| "the client reads its file each time".to_owned()))
    }

    fn proved(&mut self, how: &str) -> Result<(), String> {
        self.step(|transaction| transaction.proved(how))
    }

    fn roll_back(&mut self, because: &str) -> Result<(usize, String), String> {
        let transaction = self.transaction.take().ok_or("the change is over")?;
        let back = transaction.roll_back(because).map_err(|error| with_sources(&error))?;
        self.state = State::RolledBack;
        Ok((back.files, taken_back(&back)))
    }

    fn restart(&mut self) -> Option<String> {
        let told = shakedown_apply::restart(&Real::default(), &self.change, self.limit)?;
        Some(told.unwrap_or_else(|because| because))
    }

    fn undone_at(&mut self) -> Option<Timestamp> {
        let record = self.locked.store().record(&self.id).ok()?;
        record.deadline().filter(|_| record.is_pending())
    }
}
