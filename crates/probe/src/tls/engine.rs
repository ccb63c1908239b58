use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use shakedown_handshake::tls::{ClientConfig, HelloSpec, Observation, Until};
use shakedown_model::{Ending, Evidence, Fact, HopRef, Name, Origin, OriginKind, Role, Throttle};
use shakedown_wire::tls::Alert;
use shakedown_wire::tls::number::alert;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::complete::{self, Completed, Wish};
use super::exchange::{self, Exchanged};
use super::line::{Line, NotBegun};
use super::{Candidates, Showing, TlsOptions, TlsTarget};
use crate::Progress;
use crate::budget::Budget;

/// Failures that are kept as evidence; more of them say nothing new.
const KEPT_FAILURES: usize = 6;
/// internal_error: what a server in trouble sends too.
const INTERNAL_ERROR: u8 = 80;

/// What a server makes of a hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It answered with a hello of its own.
    Accepted,
    /// It refused: by an alert, or by an end that a known-good hello does not meet.
    Refused,
    /// Neither is known.
    Unknown,
}

/// What one hello brought.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What the server makes of it.
    pub verdict: Verdict,
    /// All that was seen; `None` where no hello was sent.
    pub observation: Option<Observation>,
    /// The connection, counted from 1; 0 where none was made.
    pub connection: u32,
    /// What ended it before its time.
    pub failure: Option<Fact>,
    /// Whether that was the proxy's doing.
    pub at_proxy: bool,
}

impl Reply {
    /// Of a hello that was not sent.
    pub(crate) fn not_asked() -> Self {
        Self { verdict: Verdict::Unknown, observation: None, connection: 0, failure: None, at_proxy: false }
    }

    /// The observation of an accepted hello.
    pub fn accepted(&self) -> Option<&Observation> {
        self.observation.as_ref().filter(|_| self.verdict == Verdict::Accepted)
    }

    /// Whether it ended before a hello was of any matter: another one would not fare better.
    pub(crate) fn is_hopeless(&self) -> bool {
        matches!(
            self.failure,
            Some(
                Fact::NotConnected { .. }
                    | Fact::NoStartTls { .. }
                    | Fact::ProxyRefused { .. }
                    | Fact::OtherProtocol { .. }
            )
        )
    }

    /// The alert that ended it.
    pub fn alert(&self) -> Option<Alert> {
        Some(self.observation.as_ref()?.alert()?.alert)
    }
}

/// Asks one address, within the budget and the deadline, and watches whether the server goes on answering.
pub(crate) struct Engine<'a> {
    pub(crate) target: &'a TlsTarget,
    pub(crate) address: SocketAddr,
    pub(crate) options: &'a TlsOptions,
    pub(crate) candidates: &'a Candidates,
    budget: Budget,
    deadline: Instant,
    slots: Semaphore,
    stopped: AtomicBool,
    log: Mutex<Log>,
    canary: tokio::sync::Mutex<Option<Canary>>,
}

#[derive(Default)]
struct Log {
    evidence: Vec<Evidence>,
    notes: Vec<String>,
    failures: usize,
    is_connected: bool,
}

/// A hello that the server accepted.
struct Canary {
    config: ClientConfig,
    version: Option<u16>,
    cipher_suite: Option<u16>,
    seen: Instant,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(
        target: &'a TlsTarget,
        address: SocketAddr,
        options: &'a TlsOptions,
        candidates: &'a Candidates,
        budget: Budget,
        deadline: Instant,
    ) -> Self {
        Self {
            target,
            address,
            options,
            candidates,
            budget,
            deadline,
            slots: Semaphore::new(options.at_once.max(1)),
            stopped: AtomicBool::new(false),
            log: Mutex::default(),
            canary: tokio::sync::Mutex::new(None),
        }
    }

    /// What the server makes of a hello.
    pub(crate) async fn ask(&self, hello: HelloSpec, until: Until, purpose: &str) -> Reply {
        let config = ClientConfig::new(hello, until, self.candidates.table());
        self.ask_with(config, purpose).await
    }

    /// The same with a hello of any form.
    pub(crate) async fn ask_with(&self, config: ClientConfig, purpose: &str) -> Reply {
        let (mut reply, began) = self.connect(config, purpose).await;
        if reply.connection == 0 || reply.verdict != Verdict::Unknown {
            return reply;
        }
        let is_cut = matches!(&reply.failure, Some(Fact::Ended { ending: Ending::Closed | Ending::Reset, .. }) | None);
        match self.is_alive(began).await {
            // A known-good hello is still answered: the end was about what this one offered. A silence may be anything.
            Some(true) if is_cut && reply.observation.is_some() => reply.verdict = Verdict::Refused,
            Some(_) => self.keep(&reply, purpose),
            // Nothing is known of the server yet: whoever asks keeps it where that stays so.
            None => {}
        }
        reply
    }

    /// An answer that stays unexplained is evidence.
    pub(crate) fn keep(&self, reply: &Reply, purpose: &str) {
        let (Verdict::Unknown, Some(fact)) = (reply.verdict, &reply.failure) else { return };
        let mut log = self.log();
        let is_new = !log.evidence.iter().any(|known| is_same(&known.fact, fact));
        if is_new && log.failures < KEPT_FAILURES {
            log.failures += 1;
            let evidence = self.seen(fact.clone(), reply.connection, purpose, reply.at_proxy);
            log.evidence.push(evidence);
        }
    }

    /// A hello that the server accepted: from now on it tells whether the server still answers.
    pub(crate) async fn set_canary(&self, hello: &HelloSpec, observation: &Observation) {
        let config = ClientConfig::new(hello.clone(), Until::ServerHello, self.candidates.table());
        self.set_canary_of(config, observation).await;
    }

    /// The same with a hello of any form.
    pub(crate) async fn set_canary_of(&self, config: ClientConfig, observation: &Observation) {
        let mut canary = self.canary.lock().await;
        if canary.is_none() {
            let Observation { version, cipher_suite, .. } = *observation;
            *canary = Some(Canary { config, version, cipher_suite, seen: Instant::now() });
        }
    }

    /// The verdict on an answer from before the canary was known.
    pub(crate) async fn judge_again(&self, reply: &mut Reply) {
        let is_cut = matches!(&reply.failure, Some(Fact::Ended { ending: Ending::Closed | Ending::Reset, .. }) | None);
        if reply.verdict == Verdict::Unknown
            && reply.connection > 0
            && self.is_alive(Instant::now()).await == Some(true)
            && is_cut
            && reply.observation.is_some()
        {
            reply.verdict = Verdict::Refused;
        }
    }

    /// Whether the server has stopped answering what it answered before.
    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether more can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        !self.has_stopped() && Instant::now() < self.deadline && self.budget.used() < self.budget.most()
    }

    /// How many connections are left.
    pub(crate) fn left(&self) -> u32 {
        self.budget.most().saturating_sub(self.budget.used())
    }

    pub(crate) fn note(&self, note: impl Into<String>) {
        let (note, mut log) = (note.into(), self.log());
        if !log.notes.contains(&note) {
            log.notes.push(note);
        }
    }

    pub(crate) fn evidence(&self, fact: Fact, connection: u32, what: &str) {
        self.log().evidence.push(self.seen(fact, connection, what, false));
    }

    pub(crate) fn into_log(self) -> (Vec<Evidence>, Vec<String>) {
        let log = self.log.into_inner().unwrap_or_else(PoisonError::into_inner);
        (log.evidence, log.notes)
    }

    /// The address as it stands in origins and parties.
    pub(crate) fn place(&self) -> String {
        self.address.to_string()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self, fact: Fact, connection: u32, what: &str, at_proxy: bool) -> Evidence {
        let mut evidence = Evidence::new(fact).by(Role::Server).on(connection);
        evidence.origin =
            Some(Origin::new(OriginKind::Peer { address: self.place(), connection, what: what.to_owned() }));
        if let (true, Some(proxy)) = (at_proxy, &self.target.proxy) {
            let (host, port) = proxy.place();
            evidence.hop = HopRef::Proxy(format!("{host}:{port}"));
        }
        evidence
    }

    async fn connect(&self, config: ClientConfig, purpose: &str) -> (Reply, Instant) {
        let Ok(_slot) = self.slots.acquire().await else { return (Reply::not_asked(), Instant::now()) };
        let began = Instant::now();
        if self.has_stopped() || began >= self.deadline {
            return (Reply::not_asked(), began);
        }
        let Some(number) = self.budget.take() else {
            self.note(format!("no more than {} connections are made in one run", self.budget.most()));
            return (Reply::not_asked(), began);
        };
        if let Some(progress) = &self.options.progress {
            let (address, purpose) = (self.place(), purpose.to_owned());
            progress(Progress::Connecting { address, connection: number, purpose });
        }
        // One slow answer must not use up the time of all that is still to be asked.
        let (connecting, whole) = (self.options.timeout * 3 / 5, self.options.timeout * 2 / 5);
        let first = number == 1 || self.canary.try_lock().is_ok_and(|canary| canary.is_none());
        let deadline = if first {
            self.deadline.min(began + self.options.timeout * 4 / 5)
        } else {
            self.deadline.min(began + whole)
        };
        let exchanged =
            exchange::run(self.target, self.address, config, deadline.min(began + connecting), deadline).await;
        (self.judge(exchanged, number), began)
    }

    fn judge(&self, exchanged: Exchanged, connection: u32) -> Reply {
        let Exchanged { observation, failure, at_proxy, connect_milliseconds: milliseconds, .. } = exchanged;
        let verdict = match &observation {
            Some(observation) if observation.is_accepted() => Verdict::Accepted,
            Some(observation) => match observation.alert() {
                Some(seen) if is_refusal(seen.alert) => Verdict::Refused,
                _ => Verdict::Unknown,
            },
            None => Verdict::Unknown,
        };
        let mut log = self.log();
        if !log.is_connected && !matches!(failure, Some(Fact::NotConnected { .. })) {
            log.is_connected = true;
            let fact = Fact::Connected { address: self.address, milliseconds };
            log.evidence.push(Evidence::new(fact).on(connection));
        }
        drop(log);
        Reply { verdict, observation, connection, failure, at_proxy }
    }

    /// A whole handshake; `None` where it could not be made, which a note then tells.
    pub(crate) async fn complete(&self, wish: &Wish) -> Option<Completed> {
        if let Err(why) = complete::can(wish) {
            self.note(format!("no whole handshake was made by {}: {why}", complete::BY));
            return None;
        }
        // Without the certificate that was to be shown, it would tell of another client.
        if !self.can_ask() || matches!(self.options.showing, Showing::Unusable) {
            return None;
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left < self.options.timeout / 5 {
            self.note("no time was left for a whole handshake (`--timeout`)");
            return None;
        }
        let number = self.budget.take()?;
        let purpose = "a whole handshake";
        if let Some(progress) = &self.options.progress {
            progress(Progress::Connecting { address: self.place(), connection: number, purpose: purpose.to_owned() });
        }
        let deadline = self.deadline.min(Instant::now() + self.options.timeout * 3 / 5);
        let mut line = match Line::open(self.target, self.address, deadline, deadline).await {
            Ok(line) => line,
            // The server has answered before: this says nothing of what the client meets.
            Err(NotBegun { fact, .. }) => {
                let why = match fact {
                    Fact::NotConnected { .. } => "a further connection did not come about",
                    _ => "a further connection ended before TLS",
                };
                self.note(format!("no whole handshake was made by {}: {why}", complete::BY));
                return None;
            }
        };
        let identity = match &self.options.showing {
            Showing::Certificate(identity) => Some(identity),
            Showing::Nothing | Showing::Unusable => None,
        };
        match complete::run(&mut line, self.target, identity, wish, self.candidates).await {
            Ok(completed) => Some(Completed { connection: number, ..completed }),
            Err(why) => {
                self.note(format!("no whole handshake was made by {}: {why}", complete::BY));
                None
            }
        }
    }

    /// Whether the known-good hello is still answered; `None` where there is none yet. Where it is not, all that is
    /// asked later is unknown.
    async fn is_alive(&self, since: Instant) -> Option<bool> {
        let mut canary = self.canary.lock().await;
        let known = canary.as_mut()?;
        if known.seen > since {
            return Some(!self.has_stopped());
        }
        if self.has_stopped() {
            return Some(false);
        }
        let config = known.config.clone();
        let (version, cipher_suite) = (known.version, known.cipher_suite);
        // The lock is kept: others that wait for the same answer take this one.
        let Some(number) = self.budget.take() else { return Some(false) };
        let began = Instant::now();
        let deadline = self.deadline.min(began + self.options.timeout * 2 / 5);
        let exchanged = exchange::run(self.target, self.address, config, deadline, deadline).await;
        let purpose = "a hello that was accepted before";
        let reply = self.judge(exchanged, number);
        let Some(observation) = reply.accepted() else {
            self.stopped.store(true, Ordering::Relaxed);
            let made = self.budget.used();
            let text = format!("no answer to a hello that was accepted before, after {made} connections");
            self.evidence(Fact::Throttled { throttle: Throttle::Other, text: Name::new(&text) }, number, purpose);
            self.note(format!(
                "after {made} connections the server no longer answered a hello that it had accepted before: what it was \
                 not asked until then is unknown"
            ));
            return Some(false);
        };
        if (observation.version, observation.cipher_suite) != (version, cipher_suite) {
            let what =
                format!("between connections to {}: the same hello was answered with other choices", self.place());
            self.evidence(Fact::BackendsDiffer { what }, number, purpose);
        }
        known.seen = Instant::now();
        Some(true)
    }
}

/// Whether a fact says no more than another: times and counts may differ.
fn is_same(known: &Fact, fact: &Fact) -> bool {
    match (known, fact) {
        (Fact::Ended { phase: a, ending: one, .. }, Fact::Ended { phase: b, ending: other, .. }) => {
            a == b && std::mem::discriminant(one) == std::mem::discriminant(other)
        }
        (Fact::TooSlow { phase: a, .. }, Fact::TooSlow { phase: b, .. }) => a == b,
        (known, fact) => known == fact,
    }
}

/// Whether an alert is about what was offered. close_notify and internal_error may be about anything: they are judged
/// by whether a known-good hello is still answered.
fn is_refusal(alert: Alert) -> bool {
    !matches!(alert.description, alert::CLOSE_NOTIFY | INTERNAL_ERROR)
}
