//! `listen`: clients that are pointed at this machine, what each of them offers, and why it fails at a server.

mod known;
pub(crate) mod party;

use std::net::SocketAddr;
use std::sync::Arc;

use shakedown_listen::Served;
use shakedown_listen::record::{IkeAnswer, Kind, Limits, Opening, Recorded, Recorder, SshFront};
use shakedown_model::ssh::SshOffer;
use shakedown_model::tls::StartTls;
use shakedown_model::{Context, Evidence, Known, Name, Origin, OriginKind, Party, Protocol, Report, Role, Slot};

use crate::session::Gathering;
use crate::{Error, Session, Target};
pub(crate) use known::KnownOffers;

/// What is listened for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListenFor {
    /// The protocol of the clients.
    pub protocol: Protocol,
    /// Where; port 0 takes a free one.
    pub address: SocketAddr,
    /// The server that each client is negotiated with.
    pub against: Option<String>,
    starttls: Option<Served>,
    /// IKE: initiators are not answered, so that they repeat until their own time is over.
    pub silent: bool,
}

impl ListenFor {
    /// Clients of a protocol at this address.
    pub fn new(protocol: Protocol, address: SocketAddr) -> Self {
        Self { protocol, address, against: None, starttls: None, silent: false }
    }

    /// TLS: the protocol that is spoken before it, by its scheme: `smtp`, `imap`, ...
    ///
    /// # Errors
    ///
    /// No server's side of such a protocol is known.
    pub fn begin_by(&mut self, scheme: &str) -> Result<(), Error> {
        self.starttls = Served::ALL.into_iter().find(|one| one.protocol.as_str() == scheme);
        let names = || Served::ALL.map(|one| one.protocol.as_str()).join(", ");
        self.starttls.map(drop).ok_or_else(|| Error::OptionValue {
            option: "--starttls",
            value: Name::new(scheme).to_string(),
            expected: format!("there are {}", names()),
        })
    }

    /// The protocol that is spoken before TLS.
    pub fn starttls(&self) -> Option<StartTls> {
        self.starttls.map(|served| served.protocol)
    }
}

/// One client.
#[derive(Debug)]
#[non_exhaustive]
pub struct Heard {
    /// Its number, counted from 1 in the order in which clients came.
    pub number: u32,
    /// Its address.
    pub address: SocketAddr,
    /// Whether it sent an offer; where not, the report's evidence says what it did.
    pub offered: bool,
    /// Its offer as a party, the server that it is compared with, and what the rules make of both.
    pub report: Report,
}

/// What came of listening so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listened {
    /// Clients that sent an offer.
    pub offers: u64,
    /// Those that did not.
    pub others: u64,
    /// Connections that were not looked at because their address came too often.
    pub turned_away: u64,
    status: Option<u8>,
}

impl Listened {
    /// 1 where a client would fail at the server, 3 where it cannot be told or nothing was recorded, else 0.
    pub fn exit_status(&self) -> u8 {
        self.status.unwrap_or(3)
    }

    /// One more client, with what came of its offer if it sent one.
    pub(crate) fn count(&mut self, offered: Option<&Report>) {
        let Some(report) = offered else {
            self.others += 1;
            return;
        };
        self.offers += 1;
        let status = report.exit_status();
        // 1 beats 3 beats 0.
        let rank = |status: u8| [0, 3, 1].iter().position(|other| *other == status);
        let worst = self.status.filter(|worst| rank(*worst) > rank(status));
        self.status = Some(worst.unwrap_or(status));
    }
}

/// Clients are being listened for, until this is dropped.
pub struct Listening<'a> {
    session: &'a Session,
    recorder: Recorder,
    servers: Gathering,
    context: Context,
    known: Option<Arc<KnownOffers>>,
    /// What `known` is made by, until it is there.
    knowing: Option<tokio::task::JoinHandle<Arc<KnownOffers>>>,
    listened: Listened,
}

impl Session {
    /// Listens for clients. Nothing outside loopback can come unless the address says so.
    ///
    /// # Errors
    /// The address cannot be listened on, the server cannot be read or speaks another protocol, or an option is of another
    /// protocol.
    pub async fn listen(&self, what: &ListenFor) -> Result<Listening<'_>, Error> {
        let option = |option: &'static str, value: String, needs: &str| Error::OptionValue {
            option,
            value,
            expected: format!("it is for `listen {needs}`"),
        };
        if let Some(start) = what.starttls().filter(|_| what.protocol != Protocol::Tls) {
            return Err(option("--starttls", start.as_str().to_owned(), "tls"));
        }
        if what.silent && what.protocol != Protocol::Ike {
            return Err(option("--silent", "true".to_owned(), "ike"));
        }
        let (servers, context) = self.compared(what).await?;
        let kind = match what.protocol {
            Protocol::Ssh => Kind::Ssh(Box::new(self.ssh_front(servers.parties.first(), &context)?)),
            Protocol::Tls => Kind::Tls(what.starttls),
            Protocol::Ike if what.silent => Kind::Ike(IkeAnswer::Silence),
            Protocol::Ike => Kind::Ike(IkeAnswer::NoProposalChosen),
        };
        let recorder = Recorder::bind(what.address, kind, Limits::default())
            .await
            .map_err(|source| Error::Listen { address: what.address, source })?;
        let protocol = what.protocol;
        let knowing = self.known_offers(protocol);
        Ok(Listening {
            session: self,
            recorder,
            servers,
            context,
            known: None,
            knowing: Some(knowing),
            listened: Listened::default(),
        })
    }

    /// The server that clients are compared with, and what is negotiated in.
    async fn compared(&self, what: &ListenFor) -> Result<(Gathering, Context), Error> {
        let Some(named) = &what.against else {
            return Ok((Gathering::default(), self.options.context.clone()));
        };
        let target: Option<Target> = named.contains("://").then(|| named.parse()).transpose()?;
        let mut context = match &target {
            Some(target) => self.client_context(target),
            None => self.options.context.clone(),
        };
        context.time = Some(self.now());
        let servers = self.resolve(named, Role::Server, &self.options.context).await?;
        let speaks = |party: &Party| party.protocol() == what.protocol;
        if servers.parties.is_empty() {
            return Err(Error::Party {
                party: named.clone(),
                expected: format!("nothing of it could be read; `shakedown offer {named}` says why"),
            });
        }
        if !servers.parties.iter().all(speaks) {
            return Err(Error::Party {
                party: named.clone(),
                expected: format!("it does not speak {}, which is listened for", what.protocol.as_str().to_uppercase()),
            });
        }
        Ok((servers, context))
    }

    /// What clients of SSH are shown: the server that they are compared with, so that they do as they would there, or a
    /// new OpenSSH.
    fn ssh_front(&self, server: Option<&Party>, context: &Context) -> Result<SshFront, Error> {
        let newest = self.newest_openssh(Role::Server)?;
        let stand_in = self.catalog_party(&newest.to_string(), newest, Role::Server)?;
        let open = |party: &Party| party.ssh().map(|policy| policy.open(Role::Server, context)).unwrap_or_default();
        let mut offer: SshOffer = stand_in.parties.first().map(open).unwrap_or_default();
        offer.identification = None;
        if let Some(theirs) = server.map(open) {
            offer.identification.clone_from(&theirs.identification);
            for slot in Slot::SSH {
                if let (Some(list), true) = (offer.list_mut(slot), theirs.list(slot).accepted().is_some()) {
                    list.clone_from(theirs.list(slot));
                }
            }
        }
        let own = format!("SSH-2.0-shakedown_{}", env!("CARGO_PKG_VERSION"));
        let identification = offer.identification.clone().unwrap_or_else(|| Name::new(&own));
        let farewell = match server {
            Some(_) => "recorded by shakedown: with the server it is compared with, the key exchange would go on here",
            None => "recorded by shakedown: there is nothing to log in to",
        };
        Ok(SshFront { identification, offer, farewell: farewell.to_owned() })
    }
}

impl Listening<'_> {
    /// Where it listens, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.recorder.address()
    }

    /// What came of it so far.
    pub fn listened(&self) -> Listened {
        Listened { turned_away: self.recorder.turned_away(), ..self.listened }
    }

    /// The next client. Nothing is lost where this future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Heard> {
        if let Some(knowing) = &mut self.knowing {
            self.known = knowing.await.ok();
            self.knowing = None;
        }
        let recorded = self.recorder.next().await?;
        Some(self.heard(recorded))
    }

    fn heard(&mut self, recorded: Recorded) -> Heard {
        let Recorded { number, address, opening, facts } = recorded;
        let mut report = self.session.report("listen");
        let place = |what: &str| {
            Origin::new(OriginKind::Peer { address: address.to_string(), connection: number, what: what.to_owned() })
        };
        let mut context = self.context.clone();
        let client = opening.map(|opening| self.client(opening, address, &place, &mut context));
        let offered = client.is_some();
        report.evidence.extend(
            facts.into_iter().map(|fact| Evidence::new(fact).by(Role::Client).on(number).at(place("connection"))),
        );
        if let Some(client) = client {
            report.parties.push(client);
            report.evidence.extend(self.servers.evidence.iter().cloned());
            for server in &self.servers.parties {
                let place = report.parties.len();
                report.parties.push(server.clone());
                self.session.judge(&mut report, 0, place, &context);
            }
        }
        self.listened.count(offered.then_some(&report));
        Heard { number, address, offered, report }
    }

    /// The party that sent an offer.
    fn client(
        &self,
        opening: Opening,
        address: SocketAddr,
        place: &dyn Fn(&str) -> Origin,
        context: &mut Context,
    ) -> Party {
        let session = self.session;
        let label = address.to_string();
        let known = self.known.as_deref();
        match opening {
            Opening::Ssh(offer) => party::ssh(session, known, *offer, label, &place("KEXINIT")),
            Opening::Tls(hello) => {
                let party = party::tls(session, known, &hello, label, &place("ClientHello"));
                let name = party.tls().and_then(|policy| policy.offer.server_name.complete().cloned().flatten());
                context.server_name = name.map(|name| name.to_string());
                party
            }
            Opening::Ssl2(hello) => party::ssl2(session, &hello, label, &place("CLIENT-HELLO")),
            Opening::Ike(message) => party::ike(session, &message, label, &place("first message")),
        }
    }
}

/// Marks where the elements of a list were seen.
fn seen_at(list: &mut Known<Vec<shakedown_model::Item>>, origin: &Origin) {
    if let Known::Complete(items) = list {
        items.iter_mut().for_each(|item| item.origin = Some(origin.clone()));
    }
}
