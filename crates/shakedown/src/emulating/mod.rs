//! `emulate`: a server that answers as some software would, so that a client can be tried against it.
//!
//! Each protocol has a [`Front`] of its own, which listens, answers by the party's own rules and tells of each client that
//! is done. What the rules make of both offers is added here, for all alike.

mod client;
mod habits;
mod ike;
mod ike_auth;
mod ssh;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use shakedown_model::{Context, Evidence, Fact, Origin, OriginKind, Party, Protocol, Role};

use crate::recording::{Heard, KnownOffers, Listened};
use crate::{Error, Session};

/// What is emulated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Emulate {
    /// The party, in the role of the server.
    pub party: String,
    /// Its protocol, where parties of several could be meant.
    pub protocol: Option<Protocol>,
    /// Where; port 0 takes a free one.
    pub address: SocketAddr,
}

impl Emulate {
    /// A server as this party would be, at this address.
    pub fn new(party: impl Into<String>, address: SocketAddr) -> Self {
        Self { party: party.into(), protocol: None, address }
    }
}

/// One client that is done.
struct Seen {
    number: u32,
    address: SocketAddr,
    /// The client's offer as a party; `None` where it sent none.
    client: Option<Party>,
    /// TLS: the name that the client asks for.
    server_name: Option<String>,
    /// How far it went on the wire.
    notes: Vec<String>,
    /// What went wrong on the wire.
    facts: Vec<Fact>,
    /// TLS: the server that it met, where a name chooses among several.
    server: Option<Party>,
}

/// The server of one protocol.
enum Front {
    Ssh(ssh::Front),
    Ike(ike::Front),
    Tls(Box<tls::Front>),
}

impl Front {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Ssh(front) => front.address(),
            Self::Ike(front) => front.address(),
            Self::Tls(front) => front.address(),
        }
    }

    /// The next client that is done. Nothing is lost where this future is dropped before it is ready.
    async fn next(&mut self, session: &Session, known: Option<&KnownOffers>) -> Option<Seen> {
        match self {
            Self::Ssh(front) => Some(front.next(session, known).await),
            Self::Ike(front) => front.next(session).await,
            Self::Tls(front) => front.next(session, known).await,
        }
    }
}

/// A server that acts as a party, until this is dropped.
pub struct Emulating<'a> {
    session: &'a Session,
    front: Front,
    server: Party,
    context: Context,
    known: Option<Arc<KnownOffers>>,
    listened: Listened,
}

impl Session {
    /// Acts as a server of this party. Nothing outside loopback can come unless the address says so.
    ///
    /// # Errors
    /// The address cannot be listened on, or the party cannot be read, speaks another protocol or one that is not emulated,
    /// or is not known well enough to act as.
    pub async fn emulate(&self, what: &Emulate) -> Result<Emulating<'_>, Error> {
        let mut server = self.emulated(what).await?;
        let protocol = server.protocol();
        let front = match protocol {
            Protocol::Ssh => Front::Ssh(ssh::Front::bind(self, &mut server, what.address).await?),
            Protocol::Ike => Front::Ike(ike::Front::bind(self, &mut server, what.address).await?),
            Protocol::Tls => Front::Tls(Box::new(tls::Front::bind(self, &mut server, what.address).await?)),
        };
        let context = Context { time: Some(self.now()), ..self.options.context.clone() };
        let listened = Listened::default();
        Ok(Emulating { session: self, front, server, context, known: None, listened })
    }

    /// The one server that is meant.
    async fn emulated(&self, what: &Emulate) -> Result<Party, Error> {
        let refused = |expected: String| Error::Party { party: what.party.clone(), expected };
        let gathered = self.resolve(&what.party, Role::Server, &self.options.context).await?;
        let found = gathered.parties.len();
        let fits = |party: &Party| what.protocol.is_none_or(|protocol| party.protocol() == protocol);
        let mut parties = gathered.parties.into_iter().filter(fits);
        let Some(mut server) = parties.next() else {
            return Err(refused(match (found, what.protocol) {
                (1.., Some(protocol)) => format!("it does not speak {}", protocol.as_str().to_uppercase()),
                _ => format!("nothing of it could be read; `shakedown offer {}` says why", what.party),
            }));
        };
        let others = parties.count();
        if others > 0 {
            server.notes.push(format!("the first of {} that the file has; `FILE#NAME` names another", others + 1));
        }
        Ok(server)
    }
}

impl Emulating<'_> {
    /// Where it listens, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// What it acts as. Its notes say where it departs from the real one.
    pub fn server(&self) -> &Party {
        &self.server
    }

    /// What came of it so far.
    pub fn listened(&self) -> Listened {
        self.listened
    }

    /// The next client that is done. Nothing is lost where this future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Heard> {
        if self.known.is_none() {
            self.known = self.session.known_offers(self.server.protocol()).await.ok();
        }
        let seen = self.front.next(self.session, self.known.as_deref()).await?;
        Some(self.heard(seen))
    }

    fn heard(&mut self, seen: Seen) -> Heard {
        let Seen { number, address, client, server_name, notes, facts, server } = seen;
        let mut context = self.context.clone();
        context.server_name = server_name.or(context.server_name);
        let mut report = self.session.report("emulate");
        let kind = OriginKind::Peer { address: address.to_string(), connection: number, what: "connection".to_owned() };
        let place = Origin::new(kind);
        let offered = client.is_some();
        report
            .evidence
            .extend(facts.into_iter().map(|fact| Evidence::new(fact).by(Role::Client).on(number).at(place.clone())));
        if let Some(client) = client {
            report.parties.extend([client, server.unwrap_or_else(|| self.server.clone())]);
            self.session.judge(&mut report, 0, 1, &context);
        }
        report.notes.extend(notes);
        self.listened.count(offered.then_some(&report));
        Heard { number, address, offered, report }
    }
}
