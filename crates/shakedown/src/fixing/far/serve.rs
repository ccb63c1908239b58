//! The other machine's end: it plans over its own files, with its own rights and by its own programs, and makes the change
//! step by step as it is asked. Where nobody asks any more, it takes the change back.

use std::ffi::OsString;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use shakedown_apply::{Exception, Locked, Real, State, Transaction};
use shakedown_model::{Party, Report, Role};
use shakedown_report::TextOptions;
use shakedown_schema::v1;

use super::protocol::{
    Answer, Beginning, Begun, FarFix, FarPlan, GREETING, Greeting, OwnTask, PROTOCOL, Question, Shown, Task, line,
    next_line,
};
use crate::fixing::applying::{Applying, Job, recovered, with_sources};
use crate::fixing::hand::{Hand, Here};
use crate::fixing::proof::Proof;
use crate::fixing::{FixError, FixPlan};
use crate::{Error, Options, Session, Target};

/// How long nothing may be asked where no change is under way.
const IDLE: Duration = Duration::from_secs(3600);
/// The least and the most that the other end may be silent while a change is under way.
const SILENCE: std::ops::RangeInclusive<u64> = 5..=600;

/// Answers another machine's `fix --via` until it has no more questions. `guard` is as in [`Applying`].
///
/// # Errors
/// The answers cannot be written any more. A change under way was taken back then.
pub async fn serve_far(
    input: impl Read + Send + 'static,
    output: impl Write,
    guard: Vec<OsString>,
) -> Result<(), io::Error> {
    let (sender, questions) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut input = BufReader::new(input);
        while let Ok(Some(line)) = next_line(&mut input) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let mut far = Serving { questions, output, guard, plan: None };
    far.greet()?;
    while let Some(question) = far.next(IDLE) {
        far.answer_to(question).await?;
    }
    Ok(())
}

struct Serving<W> {
    questions: mpsc::Receiver<Vec<u8>>,
    output: W,
    guard: Vec<OsString>,
    plan: Option<Planned>,
}

/// What was planned.
struct Planned {
    session: Session,
    plan: FixPlan,
    /// Whether the server is asked from here.
    seen_here: bool,
}

/// A change that is begun, as far as it is known here what proves it.
struct Proving<'a> {
    session: &'a Session,
    /// What proves it, where that is done here.
    proof: Option<&'a Proof>,
    silence: Duration,
}

impl<W: Write> Serving<W> {
    fn greet(&mut self) -> io::Result<()> {
        let host = Session::new(Options::default()).ok().and_then(|session| session.report("fix").vantage.host);
        let greeting = Greeting { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned(), host };
        self.output.write_all(GREETING.as_bytes())?;
        self.output.write_all(&line(&greeting)?)?;
        self.output.flush()
    }

    /// The next question; `None` where there is none in time, or what comes is none.
    fn next(&mut self, within: Duration) -> Option<Question> {
        let line = self.questions.recv_timeout(within).ok()?;
        serde_json::from_slice(&line).ok()
    }

    fn say(&mut self, answer: &Answer) -> io::Result<()> {
        self.output.write_all(&line(answer)?)?;
        self.output.flush()
    }

    async fn answer_to(&mut self, question: Question) -> io::Result<()> {
        let answer = match question {
            Question::Plan(task) => self.plan(&task).await.map_err(|error| with_sources(&error)),
            Question::PlanThere(task) => self.plan_here(&task).await.map_err(|error| with_sources(&error)),
            Question::Save { number, exception } => self.save(number, exception),
            Question::Begin(beginning) => return self.change(*beginning).await,
            Question::List { state } => {
                journal(state, |session, store| Ok(Answer::Changes(Box::new(session.changes(store)?))))
            }
            Question::Undo { state, id } => journal(state, |session, store| told(session.undo_change(store, &id)?)),
            Question::Confirm { state, id } => {
                journal(state, |session, store| told(session.confirm_change(store, &id)?))
            }
            Question::Expire { state } => journal(state, |session, store| told(session.expire_changes(store)?)),
            Question::Exceptions { state } => {
                journal(state, |session, store| Ok(Answer::Exceptions(Box::new(session.exceptions(store)?))))
            }
            _ => Err("no change is under way".to_owned()),
        };
        self.say(&answer.unwrap_or_else(refused))
    }

    async fn plan(&mut self, task: &Task) -> Result<Answer, Error> {
        let files = task.files.iter().map(|(product, path)| (Role::Server, product.clone(), path.clone()));
        let options = Options { context: (&task.server_context).into(), files: files.collect(), ..Options::default() };
        let session = Session::new(options)?;
        let plan = session.plan_far(task).await?;
        Ok(self.planned(Planned { session, plan, seen_here: false }, &task.shown))
    }

    /// Plans over the own client of this machine.
    async fn plan_here(&mut self, task: &OwnTask) -> Result<Answer, Error> {
        let options = Options { timeout: Duration::from_millis(task.timeout), ..Options::default() };
        let session = Session::new(options)?;
        let plan = session.fix_client(&task.client, &task.target).await?;
        Ok(self.planned(Planned { session, plan, seen_here: true }, &task.shown))
    }

    /// Keeps a plan, and shows it.
    fn planned(&mut self, planned: Planned, shown: &Shown) -> Answer {
        let Planned { session, plan, .. } = &planned;
        let report = &plan.report;
        let options = TextOptions {
            color: shown.color,
            width: shown.width.clamp(40, 1_000),
            trace: shown.verbose,
            verbose: shown.verbose,
            allow_weaker: shown.allow_weaker,
            ratings: session.ratings(),
        };
        let fix = |fix: &shakedown_model::Fix| FarFix {
            applicability: fix.applicability.as_str().to_owned(),
            side: fix.side.as_str().to_owned(),
            title: fix.title.clone(),
            edits: !fix.edits.is_empty(),
        };
        let answer = FarPlan {
            document: serde_json::from_str(&shakedown_report::json(report)).unwrap_or_default(),
            text: match shown.markdown {
                true => shakedown_report::markdown(report),
                false => shakedown_report::text(report, &options),
            },
            exit_status: report.exit_status(),
            fixes: report.fixes.iter().map(fix).collect(),
        };
        self.plan = Some(planned);
        Answer::Planned(Box::new(answer))
    }

    /// The plan of a fix, for a file.
    fn save(&self, number: Option<usize>, exception: Option<Exception>) -> Result<Answer, String> {
        let planned = self.plan.as_ref().ok_or("nothing was planned yet")?;
        let saved = planned.session.saved(&planned.plan, number, exception);
        Ok(Answer::Saved(Box::new(saved.map_err(|error| with_sources(&error))?)))
    }

    /// What is to be done, and whether what proves it is asked from here.
    async fn job(&mut self, beginning: &mut Beginning, applying: &Applying) -> Result<(Session, Job, bool), FixError> {
        if let Some(saved) = beginning.saved.take() {
            let seen_here = saved.seen_from.is_none();
            let options = Options { timeout: Duration::from_millis(beginning.timeout), ..Options::default() };
            let wrong = |source| FixError::Saved { path: "the plan that was sent".into(), source };
            let session = Session::new(options).map_err(|source| FixError::Target(Box::new(source)))?;
            let mut job = session.job_of_saved(*saved, applying).map_err(wrong)?;
            if seen_here {
                let before = session.with_clients(&job.proof.clients).check(&job.proof.target).await;
                let before = before.map_err(|source| FixError::Target(Box::new(source)))?;
                job.proof.worked = crate::fixing::proof::begun(&before);
            }
            return Ok((session, job, seen_here));
        }
        let refused = || FixError::NoneFits { why: "nothing was planned yet".to_owned() };
        let Planned { session, plan, seen_here } = self.plan.take().ok_or_else(refused)?;
        let job = session.job(&plan, applying)?;
        Ok((session, job, seen_here))
    }

    /// A change from its beginning to its end.
    async fn change(&mut self, mut beginning: Beginning) -> io::Result<()> {
        let applying = Applying {
            number: beginning.number,
            exception: beginning.exception.clone(),
            state: beginning.state.as_ref().map(PathBuf::from),
            reload: beginning.reload.clone(),
            restart: beginning.restart.clone(),
            limit: Duration::from_millis(beginning.limit),
            confirm_within: beginning.confirm_within.map(Duration::from_secs),
            confirm_own_session: None,
            guard: self.guard.clone(),
            // The other machine decides: where it goes away, the change is taken back.
            stop: Arc::default(),
        };
        let begun = self.job(&mut beginning, &applying).await.and_then(|(session, mut job, seen_here)| {
            job.request.by = format!("{}, for {}", job.request.by, beginning.by);
            applying.complete(&mut job.request, &job.proof.target);
            let locked: Locked = session.store(applying.state.clone())?.lock()?;
            Ok((session, job, seen_here, locked))
        });
        let (session, mut job, seen_here, locked) = match begun {
            Ok(begun) => begun,
            Err(FixError::Nothing) => return self.say(&Answer::Nothing),
            Err(error) => return self.say(&refused(with_sources(&error))),
        };
        let system = Real { guard: self.guard.clone() };
        let planned = shakedown_apply::recover(&locked, &system)
            .map_err(FixError::from)
            .and_then(|found| Ok((found, Transaction::plan(&locked, &system, &job.request)?)));
        let (found, transaction) = match planned {
            Ok(planned) => planned,
            Err(error) => return self.say(&refused(with_sources(&error))),
        };
        let mut hand = Here::new(&locked, transaction, applying.limit);
        let silence = Duration::from_secs(beginning.patience.clamp(*SILENCE.start(), *SILENCE.end()));
        let begun = Begun {
            id: hand.id(),
            number: job.number,
            change: hand.change(),
            client: job.proof.client.clone(),
            tunnel: job.proof.tunnel,
            recovered: found.iter().map(recovered).collect(),
        };
        if seen_here {
            job.proof.ordinary = session.ordinary_before(&job.proof);
        }
        let proof = seen_here.then_some(&job.proof);
        let steps = match self.say(&Answer::Begun(Box::new(begun))) {
            Ok(()) => self.steps(&mut hand, &Proving { session: &session, proof, silence }).await,
            Err(error) => Err(error),
        };
        if hand.state() < State::Proved {
            // Nobody is left to be told of it but the journal; what does not work here, the guard tries again.
            let _journalled = hand.roll_back("the connection to the machine that made it was lost");
        }
        steps
    }

    /// The steps that are asked for, until the change is over or nobody asks any more.
    async fn steps(&mut self, hand: &mut Here<'_>, proving: &Proving<'_>) -> io::Result<()> {
        let mut last = Instant::now();
        while let Some(question) = self.next(proving.silence.saturating_sub(last.elapsed())) {
            let done = |hand: &Here<'_>, step: Result<String, String>| match step {
                Ok(said) => Answer::Done { state: hand.state(), said },
                Err(because) => Answer::NotDone { state: hand.state(), because },
            };
            let answer = match question {
                Question::BackUp if hand.state() == State::Planned => {
                    let step = hand.back_up();
                    done(hand, step)
                }
                Question::Check if hand.state() == State::BackedUp => {
                    let step = hand.check();
                    done(hand, step)
                }
                Question::Write if hand.state() == State::Checked => {
                    let step = hand.write();
                    done(hand, step)
                }
                Question::Reload if hand.state() == State::Written => {
                    let step = hand.reload();
                    done(hand, step)
                }
                Question::Prove if hand.state() == State::Reloaded => match proving.proof {
                    Some(proof) => done(hand, proving.session.prove(proof).await),
                    None => done(hand, Err("the change is not proved from here".to_owned())),
                },
                Question::Answers => match proving.proof {
                    Some(proof) => Answer::Answers { answers: proving.session.target_answers(proof).await },
                    None => done(hand, Err("the server is not asked from here".to_owned())),
                },
                Question::Proved { how } if hand.state() == State::Reloaded => {
                    let step = hand.proved(&how).map(|()| how);
                    done(hand, step)
                }
                Question::RollBack { because } => match hand.roll_back(&because) {
                    Ok((files, said)) => Answer::RolledBack { files, said },
                    Err(because) => Answer::NotDone { state: hand.state(), because },
                },
                Question::Restart if hand.state() == State::RolledBack => Answer::Restarted { said: hand.restart() },
                Question::End => {
                    let undone_at = hand.undone_at().map(|at| at.to_string());
                    return self.say(&Answer::Ended { undone_at });
                }
                _ => Answer::NotDone { state: hand.state(), because: "the steps are out of order".to_owned() },
            };
            self.say(&answer)?;
            last = Instant::now();
        }
        Ok(())
    }
}

fn refused(because: String) -> Answer {
    Answer::Refused { because: shakedown_report::mask(&because).into_owned() }
}

fn told(told: crate::Told) -> Result<Answer, FixError> {
    let crate::Told { document, said, done } = told;
    Ok(Answer::Told { document: Box::new(document), said, done })
}

fn journal(
    state: Option<String>,
    ask: impl FnOnce(&Session, &shakedown_apply::Store) -> Result<Answer, FixError>,
) -> Result<Answer, String> {
    let words = |error: &dyn std::error::Error| with_sources(error);
    let session = Session::new(Options::default()).map_err(|error| words(&error))?;
    let store = session.store(state.map(PathBuf::from)).map_err(|error| words(&error))?;
    ask(&session, &store).map_err(|error| words(&error))
}

impl Session {
    /// A plan over a file of this machine for clients that were seen from another one.
    async fn plan_far(&self, task: &Task) -> Result<FixPlan, Error> {
        let named: Target = task.target.parse()?;
        let protocol = named.protocol;
        let wrong = |expected: &str| Error::Party { party: task.file.clone(), expected: expected.to_owned() };
        if task.protocol != v1::Protocol::from(protocol) {
            return Err(wrong("it is planned for another protocol"));
        }
        if task.file.contains("://") || task.file == crate::party::LOCAL || !task.file.contains('/') {
            return Err(wrong("a file of that machine is needed here, by its whole path"));
        }
        let mut report: Report = self.report("fix");
        report.parties = task.clients.iter().map(Party::from).collect();
        for (party, offer) in report.parties.iter_mut().zip(&task.clients) {
            party.role = Role::Client;
            if let Some(label) = &offer.label {
                party.label.clone_from(label);
            }
        }
        let (peers, notes) = self.seen_clients(&task.seen_in)?;
        let mut session = self.clone();
        session.options.known_peers.extend(peers);
        let mut report = session.with_file(report, &task.file, &(&task.context).into(), protocol).await?;
        report.notes.extend(notes);
        let (target, worked) = (Some(task.target.clone()), task.worked.clone());
        Ok(FixPlan { report, target, clients: Vec::new(), before: None, worked })
    }
}
