//! A fix made step by step: backed up, checked, written, reloaded, proved, or taken back.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use shakedown_apply::{Change, Exception, Locked, Real, Recovered, Request, State, Store, TakenBack, Transaction};
use shakedown_config::Files as _;
use shakedown_model::{ConfigurationKind, Side};

use super::choice::{self, FixError};
use super::hand::{Hand, Here};
use super::proof::{self, Proof};
use super::{FixPlan, ordinary};
use crate::Session;

/// How a fix is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Applying {
    /// Its number, counted from 1; `None` for the first safe one that can be made.
    pub number: Option<usize>,
    /// What allows one that lowers security.
    pub exception: Option<Exception>,
    /// The folder of the journal; `None` for the usual one.
    pub state: Option<PathBuf>,
    /// The command that makes the running program read its files again; `None` to find out.
    pub reload: Option<String>,
    /// The command that starts the program where a reload has ended it.
    pub restart: Option<String>,
    /// How long the program's own check and the reload may take, each.
    pub limit: Duration,
    /// After which time it is undone unless confirmed; `None` for never.
    pub confirm_within: Option<Duration>,
    /// The same for a server whose sessions carry this one.
    pub confirm_own_session: Option<Duration>,
    /// The command that starts [`watch_until_confirmed`](super::watch_until_confirmed) in a process of its own; the state
    /// folder and the id are added.
    pub guard: Vec<OsString>,
    /// Set by the caller when it is told to stop: the change is taken back before its next step.
    pub stop: Arc<AtomicBool>,
}

impl Default for Applying {
    fn default() -> Self {
        Self {
            number: None,
            exception: None,
            state: None,
            reload: None,
            restart: None,
            limit: Duration::from_secs(30),
            confirm_within: None,
            confirm_own_session: None,
            guard: Vec::new(),
            stop: Arc::default(),
        }
    }
}

/// A step that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How far the change has come with it.
    pub state: State,
    /// What was done, in words.
    pub text: String,
}

/// What became of a fix.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Applied {
    /// The id in the journal.
    pub id: String,
    /// The fix's number in the report, counted from 1; `None` for a saved plan.
    pub number: Option<usize>,
    /// What was changed.
    pub change: Change,
    /// How far it has come: `Proved`, or `RolledBack`, or an earlier state where it could not be taken back.
    pub state: State,
    /// The steps.
    pub steps: Vec<Step>,
    /// Why it was taken back.
    pub because: Option<String>,
    /// When it is undone unless it is confirmed.
    pub undone_at: Option<Timestamp>,
}

impl Applying {
    /// What the person says of the way to make a change; `target` is the running server.
    pub(super) fn complete(&self, request: &mut Request, target: &str) {
        request.host = target.parse().map_or_else(|_| target.to_owned(), |target: crate::Target| target.host);
        request.reload = self.reload.clone();
        request.restart = self.restart.clone();
        let own = self.confirm_own_session.filter(|_| request.kind == ConfigurationKind::SshdConfig);
        request.confirm_within = self.confirm_within.or(own);
    }
}

/// The steps that were made, told as they are.
pub(super) struct Steps<'a> {
    pub(super) steps: Vec<Step>,
    pub(super) said: &'a mut dyn FnMut(&Step),
}

impl Steps<'_> {
    pub(super) fn add(&mut self, state: State, text: String) {
        let step = Step { state, text };
        (self.said)(&step);
        self.steps.push(step);
    }
}

/// A change with what is to prove it.
pub(super) struct Job {
    pub(super) number: Option<usize>,
    pub(super) request: Request,
    pub(super) proof: Proof,
}

impl Session {
    /// The journal's folder: the one named, or the usual one of this user.
    ///
    /// # Errors
    /// The user's home is not known.
    pub fn store(&self, folder: Option<PathBuf>) -> Result<Store, FixError> {
        let unknown = || shakedown_apply::StoreError::Io {
            path: "~/.local/state/shakedown".into(),
            source: std::io::ErrorKind::NotFound.into(),
        };
        let files = self.own_files();
        let home = files.home().map(PathBuf::from);
        let state_home = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let usual = || Store::usual(rustix::process::geteuid().as_raw(), state_home, home.as_deref());
        let named = folder.map(|folder| Store::new(std::path::absolute(&folder).unwrap_or(folder)));
        Ok(named.or_else(usual).ok_or_else(unknown)?)
    }

    /// Makes a fix of the plan, proves it by a new connection, and takes it back where that fails.
    ///
    /// # Errors
    /// It is not begun; nothing was changed then. What goes wrong afterwards is in [`Applied`].
    pub async fn apply(
        &self,
        plan: &FixPlan,
        applying: &Applying,
        said: impl FnMut(&Step),
    ) -> Result<Applied, FixError> {
        let job = match self.job(plan, applying) {
            // What a run under way has written already, and nobody has read yet, looks as if nothing were to be done.
            Err(error @ (FixError::Nothing | FixError::Unread)) => {
                let store = self.store(applying.state.clone())?;
                return Err(if store.is_busy() { store.lock().err().map_or(error, FixError::from) } else { error });
            }
            job => job?,
        };
        self.carry_out(job, applying, said).await
    }

    /// What is to be done for a fix of the plan.
    pub(super) fn job(&self, plan: &FixPlan, applying: &Applying) -> Result<Job, FixError> {
        if self.options.root.is_some() {
            return Err(FixError::Foreign);
        }
        let chosen = choice::choose(plan, applying.number, applying.exception.is_some())?;
        let target = plan.target.clone().ok_or(FixError::NoTarget)?;
        let before = plan.worked.clone();
        let planned = proof::agreeing(&plan.report);
        if before.contains(&chosen.client) && !planned.contains(&chosen.client) {
            return Err(FixError::Works);
        }
        // What OpenSSL reads when a program starts, and never again.
        let at_start = chosen.configuration.kind == ConfigurationKind::OpenSslCnf && chosen.fix.side != Side::Client;
        if at_start && applying.reload.is_none() {
            let main = chosen.configuration.files.first();
            return Err(FixError::Restart { path: main.map(|file| PathBuf::from(&file.path)).unwrap_or_default() });
        }
        let weakens = chosen.fix.applicability == shakedown_model::Applicability::Weakens;
        let causes = chosen.fix.resolves.iter().filter_map(|id| plan.report.diagnoses.get(id.0));
        let request = Request {
            title: chosen.fix.title.clone(),
            causes: causes.map(|diagnosis| diagnosis.cause.to_string()).collect(),
            applicability: chosen.fix.applicability.as_str(),
            by: by(),
            kind: chosen.configuration.kind,
            read: chosen.configuration.files.iter().map(|file| PathBuf::from(&file.path)).collect(),
            edits: chosen.fix.edits.clone(),
            host: target.clone(),
            home: self.own_files().home().map(PathBuf::from),
            reload: None,
            restart: None,
            limit: applying.limit,
            confirm_within: None,
            exception: applying.exception.clone().filter(|_| weakens),
        };
        let client = Some(chosen.client);
        let tunnel = chosen.tunnel;
        let worked = plan.before.as_ref().map(proof::begun).unwrap_or_default();
        let causes = proof::of_certificates(request.causes.iter().map(String::as_str));
        let proof = Proof { target, clients: plan.clients.clone(), client, tunnel, worked, causes, ordinary: None };
        Ok(Job { number: Some(chosen.number), request, proof })
    }

    pub(super) async fn carry_out(
        &self,
        job: Job,
        applying: &Applying,
        mut said: impl FnMut(&Step),
    ) -> Result<Applied, FixError> {
        let Job { number, mut request, proof } = job;
        applying.complete(&mut request, &proof.target);
        let system = Real { guard: applying.guard.clone() };
        let locked = self.store(applying.state.clone())?.lock()?;
        let mut steps = Steps { steps: Vec::new(), said: &mut said };
        for found in shakedown_apply::recover(&locked, &system)? {
            steps.add(State::RolledBack, recovered(&found));
        }
        let transaction = Transaction::plan(&locked, &system, &request)?;
        let mut hand = Here::new(&locked, transaction, applying.limit);
        Ok(self.make(&mut hand, number, proof, steps, &applying.stop).await)
    }

    /// Makes a change that is planned, step by step, and takes it back where one of them does not hold.
    pub(super) async fn make(
        &self,
        hand: &mut dyn Hand,
        number: Option<usize>,
        mut proof: Proof,
        mut steps: Steps<'_>,
        stop: &AtomicBool,
    ) -> Applied {
        let (id, change) = (hand.id(), hand.change());
        steps.add(State::Planned, format!("change `{id}`: {}", change.title));
        if hand.prover().is_none() {
            proof.ordinary = self.ordinary_before(&proof);
        }
        let because = self.steps_of(hand, &proof, &mut steps, stop).await.err();
        let because = because.map(|said| shakedown_report::mask(&said).into_owned());
        let mut state = hand.state();
        if let Some(because) = &because {
            match hand.roll_back(because) {
                Ok((files, text)) => {
                    state = State::RolledBack;
                    steps.add(state, text);
                    if files > 0 {
                        self.see_that_it_answers(&proof, hand, &mut steps).await;
                    }
                }
                Err(error) => steps.add(state, format!("not taken back: {error}")),
            }
        }
        let undone_at = hand.undone_at();
        Applied { id, number, change, state, steps: steps.steps, because, undone_at }
    }

    /// What the ordinary client of this machine meets before the change.
    pub(super) fn ordinary_before(&self, proof: &Proof) -> Option<ordinary::Verdict> {
        let session = self.with_clients(&proof.clients);
        ordinary::client(&session, &proof.target).map(|client| client.connect())
    }

    async fn steps_of(
        &self,
        hand: &mut dyn Hand,
        proof: &Proof,
        steps: &mut Steps<'_>,
        stop: &AtomicBool,
    ) -> Result<(), String> {
        let going_on = || if stop.load(Ordering::Relaxed) { Err(STOPPED.to_owned()) } else { Ok(()) };
        steps.add(State::BackedUp, hand.back_up()?);
        going_on()?;
        steps.add(State::Checked, hand.check()?);
        going_on()?;
        steps.add(State::Written, hand.write()?);
        going_on()?;
        steps.add(State::Reloaded, hand.reload()?);
        let how = match hand.prover() {
            Some(prover) => prover.prove()?,
            None => tokio::select! {
                how = self.prove(proof) => how?,
                () = stopped(stop) => return Err(STOPPED.to_owned()),
            },
        };
        going_on()?;
        hand.proved(&how)?;
        steps.add(State::Proved, how);
        Ok(())
    }

    /// After a roll-back: whether the server answers as it did. Where it does not, it is started again if it is known how.
    async fn see_that_it_answers(&self, proof: &Proof, hand: &mut dyn Hand, steps: &mut Steps<'_>) {
        let mut answered = self.answers(proof, hand).await;
        if !answered && let Some(started) = hand.restart() {
            steps.add(State::RolledBack, started);
            answered = self.answers(proof, hand).await;
        }
        let text = if answered { "the server answers again" } else { "the server does not answer: it needs a look" };
        steps.add(State::RolledBack, text.to_owned());
    }

    async fn answers(&self, proof: &Proof, hand: &mut dyn Hand) -> bool {
        match hand.prover() {
            Some(prover) => prover.answers(),
            None => self.target_answers(proof).await,
        }
    }

    /// Whether the server says what it offers.
    pub(super) async fn target_answers(&self, proof: &Proof) -> bool {
        let session = self.with_clients(&proof.clients);
        session.check(&proof.target).await.is_ok_and(|report| !report.pairs.is_empty())
    }

    /// Takes back a change of the journal.
    ///
    /// # Errors
    /// There is none of this id, it is taken back already, or a file was changed by somebody else since.
    pub fn undo(&self, locked: &Locked, id: &str) -> Result<TakenBack, FixError> {
        let record = locked.store().record(id)?;
        if record.state == State::RolledBack {
            let because = "there is nothing to undo";
            return Err(shakedown_apply::StoreError::State {
                id: id.to_owned(),
                state: record.state.as_str(),
                because,
            }
            .into());
        }
        let because = format!("undone by {}", by());
        let limit = Applying::default().limit;
        shakedown_apply::take_back(locked, &Real::default(), &record, &because, limit)
            .map_err(|source| FixError::Undo { id: id.to_owned(), source })
    }
}

/// Why a change was taken back that nothing spoke against.
const STOPPED: &str = "it was stopped: by Ctrl-C, the loss of the terminal, or a signal to end";

/// Until the caller is told to stop.
async fn stopped(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Who runs this, for the journal.
pub(super) fn by() -> String {
    let user = crate::local::user_name().unwrap_or_else(|| rustix::process::geteuid().as_raw().to_string());
    match std::env::var("SUDO_USER") {
        Ok(before) if before != user => format!("{user}, for {before}"),
        _ => user,
    }
}

/// A change that was taken back, in words.
pub fn taken_back(back: &TakenBack) -> String {
    let files = match back.files {
        0 => "nothing had been written".to_owned(),
        1 => "the old file is in place again".to_owned(),
        count => format!("the {count} old files are in place again"),
    };
    match (&back.reloaded, &back.not_reloaded) {
        (Some(told), _) => format!("{files}; {told}"),
        (None, Some(because)) => format!("{files}; the running program was not told: {because}"),
        (None, None) => files,
    }
}

/// What was found of an earlier run, in words.
pub fn recovered(found: &Recovered) -> String {
    match found {
        Recovered::TakenBack(back) => format!("change `{}` of an earlier run: {}", back.id, taken_back(back)),
        Recovered::Stuck { id, because } => {
            format!("change `{id}` of an earlier run is unfinished: {}", with_sources(because))
        }
    }
}

/// An error with what is behind it, on one line.
pub(super) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(&format!(": {next}"));
        source = next.source();
    }
    text
}
