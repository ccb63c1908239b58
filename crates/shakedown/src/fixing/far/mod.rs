//! A fix on another machine: planned and made there by this program itself, asked from here over the user's own `ssh`; proved
//! from here.
//!
//! What is seen of the running server and its clients goes there; the server's file is read, planned over and changed there,
//! with the rights and by the programs of that machine. What comes back is what a person is shown, secrets masked. Where a
//! client of that machine is to change, the server is seen, and the change proved, from there as well.

mod protocol;
mod serve;
mod ssh;

pub use protocol::{FarFix, FarPlan, Shown};
pub use serve::serve_far;
pub use ssh::Via;

use std::time::Duration;

use jiff::Timestamp;
use shakedown_apply::{Change, SavedPlan, State};
use shakedown_model::{Report, Role};
use shakedown_schema::v1;

use self::protocol::{Answer, Beginning, Begun, OwnTask, Question, Task};
use self::ssh::Channel;
use super::applying::{Applied, Applying, Step, Steps, by};
use super::hand::{Hand, Prover};
use super::proof::{self, Proof};
use super::{FixError, saved};
use crate::{Error, Session, Target, Told};

/// Why nothing is done on another machine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViaError {
    /// It is no destination.
    #[error("`--via` needs a machine that `ssh` reaches")]
    Destination {
        /// Why.
        source: crate::TargetError,
    },
    /// It is another protocol.
    #[error("`{destination}` is not reached by `ssh`: write `--via ssh://USER@HOST`")]
    NotSsh {
        /// As it was written.
        destination: String,
    },
    /// There is no `ssh` here.
    #[error("no `ssh` is found here")]
    NoSsh,
    /// `ssh` cannot be run.
    #[error("`ssh` cannot be run")]
    Run {
        /// Why.
        source: std::io::Error,
    },
    /// The user's configuration does not verify who answers.
    #[error("nothing is changed on a machine whose host key is not verified: {because}")]
    Unverified {
        /// What is set so.
        because: String,
    },
    /// The host key is not the known one, or not known.
    #[error("the host key is not known to be that machine's, and nothing was run there: {said}")]
    HostKey {
        /// What `ssh` said.
        said: String,
    },
    /// `ssh` has ended.
    #[error("`ssh` ended{}: {said}", status.map(|status| format!(" with status {status}")).unwrap_or_default())]
    Ended {
        /// Its status.
        status: Option<i32>,
        /// What it said.
        said: String,
    },
    /// There is no shakedown on the other machine.
    #[error(
        "there is no `shakedown` on the `PATH` of `{destination}`: install it there, or send this one with `--send-binary`"
    )]
    NotThere {
        /// The machine.
        destination: String,
    },
    /// There is one from before there was `--via`.
    #[error(
        "the `shakedown` of `{destination}` is older than `--via`: install this version there, or send this one with `--send-binary`"
    )]
    Older {
        /// The machine.
        destination: String,
    },
    /// The two programs do not understand each other.
    #[error(
        "the `shakedown` of `{destination}` (version {version}) speaks version {theirs} of what the two ends say, and this one \
         {ours}: install the same version on both, or send this one with `--send-binary`"
    )]
    Protocol {
        /// The machine.
        destination: String,
        /// The version of its program.
        version: String,
        /// The version of what it says.
        theirs: u32,
        /// Ours.
        ours: u32,
    },
    /// This program does not run there.
    #[error("this program is built for `{here}` and that machine is `{there}`: install one for it there")]
    OtherMachine {
        /// This system and architecture.
        here: String,
        /// Those of the other machine.
        there: String,
    },
    /// This program's own file cannot be read.
    #[error("`{}` cannot be read to be sent", path.display())]
    Binary {
        /// Its path.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The connection was lost, or nothing came in time.
    #[error("the connection to the other machine was lost while {doing}")]
    Lost {
        /// What was being done.
        doing: &'static str,
    },
    /// What came is no answer.
    #[error("the other machine's answer is not understood")]
    Answer {
        /// Why.
        source: serde_json::Error,
    },
    /// It came out of turn.
    #[error("the other machine answered something else than it was asked")]
    OtherAnswer,
    /// The other machine does not do it; nothing was changed.
    #[error("on the other machine: {because}")]
    Refused {
        /// Why, in its words.
        because: String,
    },
    /// The target or a client cannot be read here.
    #[error(transparent)]
    Here(Box<Error>),
    /// The saved plan is not used.
    #[error(transparent)]
    Plan(Box<FixError>),
}

/// How long a plan may take.
const PLAN: Duration = Duration::from_secs(180);
/// How long what needs no program may take.
const SHORT: Duration = Duration::from_secs(60);

/// Another machine, on which changes are planned and made.
pub struct Far {
    channel: Channel,
    plan: Option<Seen>,
}

/// From where the running server of a plan is asked.
enum Seen {
    /// From here: the server, and what it did before.
    Here(String, Box<Report>),
    /// From the other machine, whose client is to change.
    There(String),
}

impl std::fmt::Debug for Far {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Far").field("greeting", &self.channel.greeting).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects to another machine.
    ///
    /// # Errors
    /// It is not reached, its host key is not verified, or there is no matching program.
    pub async fn far(&self, via: &Via) -> Result<Far, ViaError> {
        Ok(Far { channel: Channel::open(via).await?, plan: None })
    }

    /// Plans over a running server, as it is seen from here, and its file on another machine.
    ///
    /// # Errors
    /// The target cannot be checked from here, or the file not read there.
    pub async fn plan_on(&self, far: &mut Far, target: &str, file: &str, shown: &Shown) -> Result<FarPlan, ViaError> {
        let here = |error: Error| ViaError::Here(Box::new(error));
        let before = self.check(target).await.map_err(here)?;
        let named: Target = target.parse::<Target>().map_err(|error| here(error.into()))?;
        let mut report = self.report("fix");
        let (context, _) = self.fix_context(&named, &mut report).map_err(here)?;
        let clients = before.parties.iter().filter(|party| party.role == Role::Client);
        let files = self.options.files.iter().filter(|(role, ..)| *role == Role::Server);
        let task = Task {
            target: target.to_owned(),
            protocol: named.protocol.into(),
            file: file.to_owned(),
            clients: clients.map(v1::Offer::from).collect(),
            worked: proof::agreeing(&before),
            context: (&context).into(),
            server_context: (&self.options.context).into(),
            files: files.map(|(_, product, path)| (product.clone(), path.clone())).collect(),
            seen_in: self.options.seen_in.clone(),
            shown: shown.clone(),
        };
        far.planned(&Question::Plan(Box::new(task)), Seen::Here(target.to_owned(), Box::new(before)))
    }

    /// Plans over a client of another machine, which is named as it would be there, and a running server as it is reached
    /// from there. All that is to be seen is seen there.
    ///
    /// # Errors
    /// The client cannot be read there, or the target not be checked.
    pub fn plan_client_on(
        &self,
        far: &mut Far,
        client: &str,
        target: &str,
        shown: &Shown,
    ) -> Result<FarPlan, ViaError> {
        let task = OwnTask {
            client: client.to_owned(),
            target: target.to_owned(),
            timeout: milliseconds(self.options.timeout),
            shown: shown.clone(),
        };
        far.planned(&Question::PlanThere(Box::new(task)), Seen::There(target.to_owned()))
    }

    /// The plan of a fix of the plan there, for a file here.
    ///
    /// # Errors
    /// The fix cannot be made, or nothing was planned.
    pub fn saved_on(
        &self,
        far: &mut Far,
        number: Option<usize>,
        exception: Option<shakedown_apply::Exception>,
    ) -> Result<SavedPlan, ViaError> {
        match far.channel.ask(&Question::Save { number, exception }, SHORT, "saving the plan")? {
            Answer::Saved(saved) => {
                let mut saved = *saved;
                if let Some(Seen::Here(..)) = far.plan {
                    saved.seen_from = Some(self.own_name());
                    saved.clients.clone_from(&self.options.clients);
                }
                Ok(saved)
            }
            _ => Err(ViaError::OtherAnswer),
        }
    }

    /// Makes a saved plan there, if all its files are as they were, and proves it from where its target is reached.
    ///
    /// # Errors
    /// It is not begun; nothing was changed then.
    pub async fn apply_saved_on(
        &self,
        far: &mut Far,
        path: &std::path::Path,
        applying: &Applying,
        said: impl FnMut(&Step),
    ) -> Result<Option<Applied>, ViaError> {
        let wrong = |error: FixError| ViaError::Plan(Box::new(error));
        let plan = saved::read(path).map_err(wrong)?;
        let own = self.own_name();
        let seen = match &plan.seen_from {
            Some(from) if *from != own => {
                let source = shakedown_apply::SavedError::SeenFrom { from: from.clone() };
                return Err(wrong(FixError::Saved { path: path.to_owned(), source }));
            }
            Some(_) => {
                let session = self.with_clients(&plan.clients);
                let before = session.check(&plan.target).await.map_err(|error| ViaError::Here(Box::new(error)))?;
                Seen::Here(plan.target.clone(), Box::new(before))
            }
            None => Seen::There(plan.target.clone()),
        };
        let clients = plan.clients.clone();
        self.begin_on(far, seen, Some(plan), &clients, applying, said).await
    }

    /// This machine, for a plan.
    fn own_name(&self) -> String {
        self.report("fix").vantage.host.unwrap_or_else(|| "a machine without a name".to_owned())
    }

    /// Makes a fix of the plan there, proves it by new connections from here, and takes it back where that fails. `None`
    /// where nothing fails.
    ///
    /// # Errors
    /// It is not begun; nothing was changed then. What goes wrong afterwards is in [`Applied`].
    pub async fn apply_on(
        &self,
        far: &mut Far,
        applying: &Applying,
        said: impl FnMut(&Step),
    ) -> Result<Option<Applied>, ViaError> {
        let Some(seen) = far.plan.take() else { return Err(ViaError::OtherAnswer) };
        self.begin_on(far, seen, None, &self.options.clients, applying, said).await
    }

    async fn begin_on(
        &self,
        far: &mut Far,
        seen: Seen,
        saved: Option<SavedPlan>,
        clients: &[String],
        applying: &Applying,
        mut said: impl FnMut(&Step),
    ) -> Result<Option<Applied>, ViaError> {
        let patience = self.options.timeout.saturating_mul(4) + SHORT;
        let beginning = Beginning {
            saved: saved.map(Box::new),
            number: applying.number,
            exception: applying.exception.clone(),
            state: state(applying.state.as_ref()),
            reload: applying.reload.clone(),
            restart: applying.restart.clone(),
            limit: milliseconds(applying.limit),
            confirm_within: applying.confirm_within.map(|within| within.as_secs().max(1)),
            by: match self.report("fix").vantage.host {
                Some(host) => format!("{} at {host}", by()),
                None => by(),
            },
            timeout: milliseconds(self.options.timeout),
            patience: patience.as_secs(),
        };
        let begun = match far.channel.ask(&Question::Begin(Box::new(beginning)), PLAN, "the change was being begun")? {
            Answer::Begun(begun) => *begun,
            Answer::Nothing => return Ok(None),
            _ => return Err(ViaError::OtherAnswer),
        };
        let mut steps = Steps { steps: Vec::new(), said: &mut said };
        for found in &begun.recovered {
            steps.add(State::RolledBack, found.clone());
        }
        let (target, worked, proves) = match seen {
            Seen::Here(target, before) => (target, proof::begun(&before), false),
            // Who agreed before, and whether all still do, is known there.
            Seen::There(target) => (target, Vec::new(), true),
        };
        let proof = Proof {
            target,
            clients: clients.to_vec(),
            client: begun.client.clone(),
            tunnel: begun.tunnel,
            worked,
            causes: proof::of_certificates(begun.change.causes.iter().map(String::as_str)),
            ordinary: None,
        };
        let number = begun.number;
        let step = (applying.limit.saturating_mul(4) + SHORT).max(patience);
        let mut hand = There { channel: &mut far.channel, begun, state: State::Planned, step, proves };
        Ok(Some(self.make(&mut hand, number, proof, steps, &applying.stop).await))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn state(folder: Option<&std::path::PathBuf>) -> Option<String> {
    folder.map(|folder| folder.display().to_string())
}

impl Far {
    fn planned(&mut self, question: &Question, seen: Seen) -> Result<FarPlan, ViaError> {
        match self.channel.ask(question, PLAN, "planning")? {
            Answer::Planned(plan) => {
                self.plan = Some(seen);
                Ok(*plan)
            }
            _ => Err(ViaError::OtherAnswer),
        }
    }

    /// All changes of the journal there.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn changes(&mut self, folder: Option<&std::path::PathBuf>) -> Result<v1::Changes, ViaError> {
        match self.channel.ask(&Question::List { state: state(folder) }, SHORT, "reading the journal")? {
            Answer::Changes(changes) => Ok(*changes),
            _ => Err(ViaError::OtherAnswer),
        }
    }

    /// Takes a change back.
    ///
    /// # Errors
    /// As [`Session::undo_change`].
    pub fn undo(&mut self, folder: Option<&std::path::PathBuf>, id: &str) -> Result<Told, ViaError> {
        self.told(&Question::Undo { state: state(folder), id: id.to_owned() })
    }

    /// Says that a change is to stay. That this connection came about shows that one can still log in.
    ///
    /// # Errors
    /// As [`Session::confirm_change`].
    pub fn confirm(&mut self, folder: Option<&std::path::PathBuf>, id: &str) -> Result<Told, ViaError> {
        self.told(&Question::Confirm { state: state(folder), id: id.to_owned() })
    }

    /// Takes back the weaker fixes that are past their date.
    ///
    /// # Errors
    /// As [`Session::expire_changes`].
    pub fn expire(&mut self, folder: Option<&std::path::PathBuf>) -> Result<Told, ViaError> {
        self.told(&Question::Expire { state: state(folder) })
    }

    /// The weaker fixes in force.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn exceptions(&mut self, folder: Option<&std::path::PathBuf>) -> Result<v1::Exceptions, ViaError> {
        match self.channel.ask(&Question::Exceptions { state: state(folder) }, SHORT, "reading the journal")? {
            Answer::Exceptions(exceptions) => Ok(*exceptions),
            _ => Err(ViaError::OtherAnswer),
        }
    }

    fn told(&mut self, question: &Question) -> Result<Told, ViaError> {
        match self.channel.ask(question, PLAN, "changing the journal")? {
            Answer::Told { document, said, done } => Ok(Told { document: *document, said, done }),
            _ => Err(ViaError::OtherAnswer),
        }
    }
}

/// A change on another machine.
struct There<'a> {
    channel: &'a mut Channel,
    begun: Begun,
    state: State,
    /// How long a step may take.
    step: Duration,
    /// Whether it is proved from there.
    proves: bool,
}

impl There<'_> {
    fn ask(&mut self, question: &Question, doing: &'static str) -> Result<Answer, String> {
        self.channel.ask(question, self.step, doing).map_err(|error| match error {
            ViaError::Lost { .. } => {
                format!("{error}; the other machine takes the change back by itself, once it notices")
            }
            _ => error.to_string(),
        })
    }

    fn step(&mut self, question: &Question, doing: &'static str) -> Result<String, String> {
        match self.ask(question, doing)? {
            Answer::Done { state, said } => {
                self.state = state;
                Ok(said)
            }
            Answer::NotDone { state, because } => {
                self.state = state;
                Err(because)
            }
            _ => Err(ViaError::OtherAnswer.to_string()),
        }
    }
}

impl Hand for There<'_> {
    fn id(&self) -> String {
        self.begun.id.clone()
    }

    fn change(&self) -> Change {
        self.begun.change.clone()
    }

    fn state(&self) -> State {
        self.state
    }

    fn back_up(&mut self) -> Result<String, String> {
        self.step(&Question::BackUp, "the old files were being copied")
    }

    fn check(&mut self) -> Result<String, String> {
        self.step(&Question::Check, "the new files were being checked")
    }

    fn write(&mut self) -> Result<String, String> {
        self.step(&Question::Write, "the new files were being put in place")
    }

    fn reload(&mut self) -> Result<String, String> {
        self.step(&Question::Reload, "the program was being reloaded")
    }

    fn proved(&mut self, how: &str) -> Result<(), String> {
        self.step(&Question::Proved { how: how.to_owned() }, "the proof was being noted").map(|_| ())
    }

    fn roll_back(&mut self, because: &str) -> Result<(usize, String), String> {
        match self.ask(&Question::RollBack { because: because.to_owned() }, "the change was being taken back")? {
            Answer::RolledBack { files, said } => {
                self.state = State::RolledBack;
                Ok((files, said))
            }
            Answer::NotDone { because, .. } => Err(because),
            _ => Err(ViaError::OtherAnswer.to_string()),
        }
    }

    fn restart(&mut self) -> Option<String> {
        match self.ask(&Question::Restart, "the program was being started") {
            Ok(Answer::Restarted { said }) => said,
            Ok(_) => None,
            Err(because) => Some(because),
        }
    }

    fn undone_at(&mut self) -> Option<Timestamp> {
        match self.ask(&Question::End, "the change was being ended") {
            Ok(Answer::Ended { undone_at }) => undone_at.and_then(|at| at.parse().ok()),
            _ => None,
        }
    }

    fn prover(&mut self) -> Option<&mut dyn Prover> {
        if self.proves { Some(self) } else { None }
    }
}

impl Prover for There<'_> {
    fn prove(&mut self) -> Result<String, String> {
        self.step(&Question::Prove, "a new connection was being made")
    }

    fn answers(&mut self) -> bool {
        matches!(self.ask(&Question::Answers, "the server was being asked"), Ok(Answer::Answers { answers: true }))
    }
}
