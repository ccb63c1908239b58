//! `relay`: real clients and a real server with this program between them, what both offer, and why it fails.

mod ssh;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use shakedown_handshake::tls::Suite;
use shakedown_handshake::watch::{Kind, Said, Seen};
use shakedown_listen::relay::{self, Limits, Relay, Relayed, Upstream};
use shakedown_model::{Ending, Evidence, Fact, Name, Origin, OriginKind, Protocol, Report, Role, Slot};
use shakedown_probe::tls::Proxy;

use crate::live::proxy;
use crate::recording::KnownOffers;
use crate::{Error, Family, Session, Target};

/// What is passed on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelayFor {
    /// The server, as `check` takes it. Of SSH the user's ssh configuration is asked for `HostName`, `Port` and
    /// `AddressFamily`; not so where this program's standard input is the client, which has been asked already then.
    pub target: String,
    /// Where clients come to; port 0 takes a free one.
    pub address: SocketAddr,
    /// Whether a server of TLS that turns a client away is asked for the reason, by connections of this program's own.
    pub ask: bool,
}

impl RelayFor {
    /// Passes on to this server what comes to this address.
    pub fn new(target: impl Into<String>, address: SocketAddr) -> Self {
        Self { target: target.into(), address, ask: true }
    }
}

/// One connection that was passed on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Passed {
    /// Its number, counted from 1 in the order in which clients came.
    pub number: u32,
    /// The client's address; `None` where it is this program's standard input and output.
    pub client: Option<SocketAddr>,
    /// The server's address, where it was reached.
    pub server: Option<SocketAddr>,
    /// Whether the client sent an offer.
    pub offered: bool,
    /// Whether the client sent anything at all.
    pub spoke: bool,
    /// Whether the handshake came to its end.
    pub works: bool,
    /// Both ends as parties, what was seen, and what the rules make of it.
    pub report: Report,
}

impl Passed {
    /// 1 where a cause was found, 3 where the connection did not come about and none was, else 0.
    pub fn exit_status(&self) -> u8 {
        match self.report.exit_status() {
            0 if !self.works => 3,
            status => status,
        }
    }
}

/// What came of relaying so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PassedOn {
    /// Connections whose handshake came to its end.
    pub working: u64,
    /// Connections whose handshake did not.
    pub failing: u64,
    /// Connections in which the client sent no offer.
    pub others: u64,
    /// Those of them in which it sent something else.
    pub gave_up: u64,
    status: Option<u8>,
}

impl PassedOn {
    /// 1 where a connection failed for a reason that was found, 3 where it was not or there was none, else 0.
    pub fn exit_status(&self) -> u8 {
        self.status.unwrap_or(3)
    }

    /// All connections in which the client sent an offer.
    pub fn offers(&self) -> u64 {
        self.working + self.failing
    }

    /// All connections in which the client said something: who only knocks is no client.
    pub fn clients(&self) -> u64 {
        self.offers() + self.gave_up
    }

    fn count(&mut self, passed: &Passed) {
        match (passed.offered, passed.works) {
            (false, _) => {
                self.others += 1;
                self.gave_up += u64::from(passed.spoke);
            }
            (true, true) => self.working += 1,
            (true, false) => self.failing += 1,
        }
        if passed.offered || passed.spoke || passed.server.is_none() {
            let status = passed.exit_status();
            // 1 beats 3 beats 0.
            let rank = |status: u8| [0, 3, 1].iter().position(|other| *other == status);
            let worst = self.status.filter(|worst| rank(*worst) > rank(status));
            self.status = Some(worst.unwrap_or(status));
        }
    }
}

/// Connections are being passed on, until this is dropped.
pub struct Relaying<'a> {
    relay: Relay,
    judge: Judge<'a>,
    protocol: Protocol,
    /// The connection that is being judged.
    current: Option<Relayed>,
    passed_on: PassedOn,
}

/// What connections are judged by.
struct Judge<'a> {
    session: &'a Session,
    target: Target,
    named: String,
    known: Option<Arc<KnownOffers>>,
    ask: bool,
    /// What is to be said of each connection.
    notes: Vec<String>,
    /// What was found out about clients that were turned away: by what they offered and met.
    asked: Vec<(String, u32, Report)>,
}

impl Session {
    /// Passes connections on. Nothing outside loopback can come unless the address says so.
    ///
    /// # Errors
    /// The address cannot be listened on, or the target is none that can be passed on to.
    pub fn relay(&self, what: &RelayFor) -> Result<Relaying<'_>, Error> {
        let mut judge = self.relay_judge(what)?;
        let (mut upstream, kind) = (self.upstream(&judge.target)?, self.watched(&judge.target)?);
        let protocol = judge.target.protocol;
        if protocol == Protocol::Ssh {
            judge.notes = self.as_configured(&judge.target, &mut upstream)?;
        }
        let relay = Relay::bind(what.address, upstream, kind, Limits::default())
            .map_err(|source| Error::Listen { address: what.address, source })?;
        Ok(Relaying { relay, judge, protocol, current: None, passed_on: PassedOn::default() })
    }

    /// Passes this program's standard input on to the server, and its answers to standard output, until both are closed or
    /// `stopped` is ready: what `ProxyCommand` of OpenSSH needs.
    ///
    /// # Errors
    /// The target is none that can be passed on to.
    pub async fn relay_standard_streams(
        &self,
        what: &RelayFor,
        stopped: impl Future<Output = ()>,
    ) -> Result<Passed, Error> {
        let mut judge = self.relay_judge(what)?;
        let (upstream, kind) = (self.upstream(&judge.target)?, self.watched(&judge.target)?);
        let relayed = relay::standard_streams(&upstream, &kind, Limits::default(), stopped).await;
        Ok(judge.passed(relayed).await)
    }

    fn relay_judge(&self, what: &RelayFor) -> Result<Judge<'_>, Error> {
        let target: Target = what.target.parse()?;
        let named = what.target.clone();
        Ok(Judge { session: self, target, named, known: None, ask: what.ask, asked: Vec::new(), notes: Vec::new() })
    }

    fn upstream(&self, target: &Target) -> Result<Upstream, Error> {
        let port = self.relay_port(target)?;
        let mut upstream = Upstream::new(target.host.clone(), port);
        upstream.addresses = self.options.addresses(port);
        upstream.source = self.options.source;
        upstream.family = match self.options.family {
            Family::Any => relay::Family::Any,
            Family::V4 => relay::Family::V4,
            Family::V6 => relay::Family::V6,
        };
        upstream.proxy = self.options.proxy.as_deref().map(proxy).transpose()?.map(|proxy| match proxy {
            Proxy::Http { host, port } => relay::Proxy::Http { host, port },
            Proxy::Socks5 { host, port } => relay::Proxy::Socks5 { host, port },
        });
        Ok(upstream)
    }

    /// Where the user's ssh configuration has this server; what it has besides is said.
    fn as_configured(&self, target: &Target, upstream: &mut Upstream) -> Result<Vec<String>, Error> {
        let mut unused = self.report("relay");
        let settings = self.route_settings(target, &self.client_context(target), &mut unused)?;
        let way = self.way(&settings, target);
        upstream.host = way.target.host;
        upstream.port = way.target.port;
        upstream.addresses = way.target.addresses;
        upstream.family = match way.family {
            shakedown_probe::Family::Any => relay::Family::Any,
            shakedown_probe::Family::V4 => relay::Family::V4,
            shakedown_probe::Family::V6 => relay::Family::V6,
        };
        let is_direct = settings.proxy_jump.is_empty() && settings.proxy_command.is_none();
        let direct = || {
            "your ssh configuration goes to it by `ProxyJump` or `ProxyCommand`, which a relay does not: it connects directly"
                .to_owned()
        };
        Ok(if is_direct { Vec::new() } else { vec![direct()] })
    }

    fn relay_port(&self, target: &Target) -> Result<u16, Error> {
        match target.protocol {
            Protocol::Ssh => Ok(target.port.unwrap_or(22)),
            _ => Ok(self.tls_target(target)?.port),
        }
    }

    /// What is read of connections to this target.
    fn watched(&self, target: &Target) -> Result<Kind, Error> {
        match target.protocol {
            Protocol::Ssh => Ok(Kind::Ssh),
            Protocol::Tls => {
                let names = self.catalog.tls_names(Slot::CipherSuite);
                let suites = names.iter().filter_map(|(name, number)| Suite::new(*number, name)).collect();
                Ok(Kind::Tls(self.tls_target(target)?.start, Arc::new(suites)))
            }
            Protocol::Ike => Err(Error::OptionValue {
                option: "TARGET",
                value: target.host.clone(),
                expected: "SSH and TLS can be passed on; an initiator of IKE is recorded by `listen ike`".to_owned(),
            }),
        }
    }
}

impl Relaying<'_> {
    /// Where it listens, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.relay.address()
    }

    /// What came of it so far.
    pub fn passed_on(&self) -> PassedOn {
        self.passed_on
    }

    /// Takes no further clients. Those that are there are served to their end, after which [`Self::next`] gives nothing.
    pub fn close(&mut self) {
        self.relay.close();
    }

    /// The next connection: as soon as its handshake is over, or with its end. Nothing is lost where this future is dropped
    /// before it is ready.
    pub async fn next(&mut self) -> Option<Passed> {
        let relayed = match self.current.take() {
            Some(relayed) => relayed,
            None => self.relay.next().await?,
        };
        self.current = Some(relayed.clone());
        if self.judge.known.is_none() {
            self.judge.known = self.judge.session.known_offers(self.protocol).await.ok();
        }
        let passed = self.judge.passed(relayed).await;
        self.current = None;
        self.passed_on.count(&passed);
        Some(passed)
    }
}

/// A connection as its evidence is told.
struct Seat {
    number: u32,
    /// The server's address: what was seen on the way to it belongs to it.
    address: String,
}

impl Seat {
    fn origin(&self, what: &str) -> Origin {
        let (address, connection) = (self.address.clone(), self.number);
        Origin::new(OriginKind::Peer { address, connection, what: what.to_owned() })
    }

    fn evidence(&self, from: Role, fact: Fact) -> Evidence {
        Evidence::new(fact).by(from).on(self.number).at(self.origin(&format!("sent by the {from}, passed on")))
    }
}

impl Judge<'_> {
    async fn passed(&mut self, relayed: Relayed) -> Passed {
        let Relayed { number, client, server, .. } = relayed;
        let (spoke, report) = (relayed.bytes.0 > 0, self.session.report("relay"));
        let mut passed = Passed { number, client, server, offered: false, spoke, works: false, report };
        passed.report.notes.extend(self.notes.iter().cloned());
        let Some((address, seen)) = server.zip(relayed.seen.clone()) else {
            let unseen = |fact: &Fact| Evidence::new(fact.clone()).on(number);
            passed.report.evidence.extend(relayed.not_connected.iter().map(unseen));
            let context = self.session.client_context(&self.target);
            self.session.judge_evidence(&mut passed.report, None, &context, self.target.protocol);
            return passed;
        };
        let seat = Seat { number, address: address.to_string() };
        passed.report.notes.extend(ending(&relayed, &seen));
        passed.report.evidence.extend(silence(&relayed, &seen).map(|(role, fact)| seat.evidence(role, fact)));
        passed.report.connections = 1;
        let label = client.map_or_else(|| "standard input".to_owned(), |client| client.to_string());
        match &seen.said {
            Said::Ssh(said) => self.ssh(&mut passed, &seat, label, &seen, said),
            Said::Tls(said) => self.tls(&mut passed, &seat, label, &seen, said).await,
        }
        passed
    }
}

/// How the connection ended, in words; nothing while it lasts.
fn ending(relayed: &Relayed, seen: &Seen) -> Option<String> {
    let (who, how) = seen.first_end?;
    let (up, down) = relayed.bytes;
    let what = match how {
        Ending::Closed => format!("the {who} closed the connection first"),
        Ending::Reset => format!("the {who} reset the connection"),
        Ending::Silent { milliseconds } => {
            format!("the {who} said nothing for {milliseconds} ms, and the relay closed the connection")
        }
    };
    Some(format!("{what}, after {up} bytes of the client and {down} of the server"))
}

/// A client that gives up on a server that does not answer closes first: the silence came before.
fn silence(relayed: &Relayed, seen: &Seen) -> Option<(Role, Fact)> {
    /// Shorter ones are ordinary.
    const LONG: u128 = 3_000;
    let (who, how) = seen.first_end?;
    let waited = relayed.waited.as_millis();
    if seen.complete || seen.in_use || how != Ending::Closed || waited < LONG || relayed.last_speaker != Some(who) {
        return None;
    }
    let (phase, received) = match who {
        Role::Client => (seen.phases.1, relayed.bytes.1),
        Role::Server => (seen.phases.0, relayed.bytes.0),
    };
    let milliseconds = u64::try_from(waited).unwrap_or(u64::MAX);
    Some((who.peer(), Fact::Ended { phase, ending: Ending::Silent { milliseconds }, received }))
}

/// A name for what a client is called in a report.
fn live(named: &str, address: &str) -> String {
    if named.contains(address) { named.to_owned() } else { format!("{named} ({address})") }
}

fn preamble_fact(lines: &[Name]) -> Option<Fact> {
    (!lines.is_empty()).then(|| Fact::Preamble { lines: lines.to_vec() })
}
