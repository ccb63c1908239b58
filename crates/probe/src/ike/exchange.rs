//! IKE_SA_INIT requests and what comes back: retransmission, cookies, the ways to a responder, the budget.

use std::net::SocketAddr;
use std::time::Duration;

use shakedown_handshake::ike::version1::release;
use shakedown_model::ConnectFailure;
use shakedown_wire::WireError;
use shakedown_wire::ike::number::{exchange, notification, notify, payload};
use shakedown_wire::ike::{
    Header, KeyExchange, Message, MessageLimits, Notification, Notify, Payload, Phase1Suite, Proposal, Transform, View,
};
use tokio::time::{Instant, sleep_until};

use super::link::{Arrived, Link, first, ways};
use super::{Answering, version1};
use crate::budget::Budget;
use crate::sys;

/// How long each sending waits for an answer, in milliseconds. RFC 7296 section 2.4 leaves the times open.
const WAITS: [u64; 3] = [500, 1000, 2000];
/// A cookie is answered with another one only by a responder whose secret has just changed, once.
const COOKIES: usize = 2;
/// The pause before a request to a responder that asked for a cookie: it has enough to do.
const PAUSE: Duration = Duration::from_millis(50);

/// What makes a request one of ours, and new.
#[derive(Clone)]
struct Identity {
    spi: [u8; 8],
    nonce: [u8; 32],
    /// The cookie that the responder gave for these two.
    cookie: Option<Vec<u8>>,
}

impl Identity {
    /// `None` where the system gives no random numbers.
    fn new() -> Option<Self> {
        let (mut spi, mut nonce) = ([0; 8], [0; 32]);
        shakedown_crypto::random(&mut spi).ok()?;
        shakedown_crypto::random(&mut nonce).ok()?;
        // An SPI of zeros is none.
        let [first, ..] = &mut spi;
        *first |= 1;
        Some(Self { spi, nonce, cookie: None })
    }
}

/// What an IKE_SA_INIT request holds.
pub(super) struct Request {
    pub(super) proposals: Vec<Proposal<Transform>>,
    pub(super) group: u16,
    pub(super) public: Vec<u8>,
    pub(super) notifies: Vec<Notify>,
}

impl Request {
    pub(super) fn new(proposals: Vec<Proposal<Transform>>, group: u16, public: Vec<u8>) -> Self {
        Self { proposals, group, public, notifies: Vec::new() }
    }

    fn message(&self, identity: &Identity) -> Vec<u8> {
        let cookie = identity.cookie.as_ref().map(|data| Notify::new(notify::COOKIE, data.clone()));
        let notify = |one: &Notify| Payload::new(payload::NOTIFY, &View::Notify(one.clone()));
        let key = KeyExchange { group: self.group, reserved: 0, data: self.public.clone() };
        let mut payloads: Vec<Payload> = cookie.iter().map(notify).collect();
        payloads.push(Payload::new(payload::SA, &View::Proposals(self.proposals.clone())));
        payloads.push(Payload::new(payload::KE, &View::KeyExchange(key)));
        payloads.push(Payload::new(payload::NONCE, &View::Nonce(identity.nonce.to_vec())));
        payloads.extend(self.notifies.iter().map(notify));
        Message { header: Header::sa_init(identity.spi), payloads, ..Message::default() }.write()
    }
}

/// What a request came to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It would be accepted with a key exchange of this group.
    OtherGroup(u16),
    /// It is accepted.
    Selected(Box<Selected>),
    /// An error of this number and name. It may be one of IKEv1.
    Refused(u16, String),
    /// The responder asks for a cookie again and again.
    Cookies,
    /// An answer of another form.
    Odd(String),
    /// No answer.
    Silent,
    /// ICMP says on each way that nothing gets there.
    Unreachable,
    /// It was not sent, or not as often as it could be: the datagrams or the time are used up.
    Spent,
}

/// What the first message of a main mode came to.
#[derive(Debug)]
pub(super) enum Old {
    /// This suite is chosen.
    Selected { suite: Phase1Suite, vendor_ids: Vec<Vec<u8>> },
    /// An error of this number and name.
    Refused(u16, String),
    /// An answer of another form.
    Odd(String),
    /// No answer.
    Silent,
    /// ICMP says on each way that nothing gets there.
    Unreachable,
    /// It was not sent: the datagrams or the time are used up.
    Spent,
}

/// An IKE_SA_INIT response that accepts.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) proposal: Proposal<Transform>,
    pub(super) vendor_ids: Vec<Vec<u8>>,
}

/// One address of a responder.
pub(super) struct Exchanger {
    links: Vec<Link>,
    /// The ways on which nothing failed.
    live: Vec<bool>,
    /// The way on which the first answer came.
    chosen: Option<usize>,
    pub(super) failures: Vec<(SocketAddr, ConnectFailure)>,
    budget: Budget,
    deadline: Instant,
    /// SPI, nonce and cookie of a request that was let in.
    admitted: Option<Identity>,
    /// How often a cookie was asked for.
    pub(super) cookies: u32,
    /// How many requests were accepted: each leaves a half-open IKE SA behind.
    pub(super) half_open: u32,
    /// The same of IKEv1, where the responder was told each time that nothing comes of it.
    pub(super) half_open_old: u32,
    /// Whether a main mode was answered with one.
    pub(super) spoken: bool,
    /// The first datagram that was no message.
    pub(super) broken: Option<WireError>,
    /// Messages that belong to no request of ours.
    pub(super) strays: u32,
}

impl Exchanger {
    pub(super) fn new(
        address: SocketAddr,
        (source, tcp): (Option<std::net::IpAddr>, bool),
        budget: Budget,
        deadline: Instant,
    ) -> Self {
        let (mut links, mut failures) = (Vec::new(), Vec::new());
        for way in ways(address.port(), tcp) {
            match Link::open(address.ip(), way, source) {
                Ok(link) => links.push(link),
                Err(error) => {
                    let address = SocketAddr::new(address.ip(), way.port);
                    failures.push((address, sys::connect_failure(&error, source.is_some())));
                }
            }
        }
        let live = vec![true; links.len()];
        Self {
            links,
            live,
            chosen: None,
            failures,
            budget,
            deadline,
            admitted: None,
            cookies: 0,
            half_open: 0,
            half_open_old: 0,
            spoken: false,
            broken: None,
            strays: 0,
        }
    }

    /// Where answers come from, and how.
    pub(super) fn answering(&self) -> Option<Answering> {
        let link = self.links.get(self.chosen?)?;
        Some(Answering { address: link.address, marked: link.way.marked, tcp: link.way.stream })
    }

    /// The addresses that were asked and gave no answer.
    pub(super) fn silent(&self) -> Vec<SocketAddr> {
        let mut silent: Vec<SocketAddr> =
            self.links.iter().zip(&self.live).filter(|(_, live)| **live).map(|(link, _)| link.address).collect();
        silent.dedup();
        silent
    }

    /// Whether the other port than the one in use answers this request; `None` where there is none.
    pub(super) async fn other_port(&mut self, request: &Request) -> Option<(SocketAddr, bool)> {
        let chosen = self.chosen?;
        let port = self.links.get(chosen)?.way.port;
        let other = self.links.iter().position(|link| link.way.port != port)?;
        let address = self.links.get(other)?.address;
        self.chosen = Some(other);
        let was_live = std::mem::replace(self.live.get_mut(other)?, true);
        let outcome = self.exchange(request).await;
        self.chosen = Some(chosen);
        *self.live.get_mut(other)? = was_live;
        match outcome {
            Outcome::Spent => None,
            Outcome::Silent | Outcome::Unreachable => Some((address, false)),
            _ => Some((address, true)),
        }
    }

    /// Begins a main mode of IKEv1 with these suites (RFC 2409 section 5.4). Where one is chosen, the responder is told that
    /// nothing comes of it, which it may heed or not.
    pub(super) async fn main_mode(&mut self, suites: &[Phase1Suite]) -> Old {
        let Some(identity) = Identity::new() else {
            return Old::Odd("this machine gives no random numbers".to_owned());
        };
        let message = version1::main_mode(identity.spi, suites);
        // Who is silent to IKEv2 has had its time: fewer repetitions are made.
        let (before, times) = (self.chosen, if self.spoken { WAITS.len() } else { 2 });
        let reply = match self.answer(&message, identity.spi, times).await {
            Ok((reply, _)) => reply,
            Err(Outcome::Silent) => return Old::Silent,
            Err(Outcome::Unreachable) => return Old::Unreachable,
            Err(_) => return Old::Spent,
        };
        let meaning = old_meaning(&reply);
        if reply.header.exchange == exchange::IDENTITY_PROTECTION {
            self.spoken = true;
        }
        if let Old::Selected { .. } = meaning {
            self.half_open_old += 1;
            let cookies = [identity.spi, reply.header.responder_spi];
            if let (Some(link), Some(release), true) = (
                self.chosen.and_then(|index| self.links.get_mut(index)),
                release(cookies),
                self.budget.take().is_some(),
            ) {
                // Whether it gets there shows only in what the responder keeps.
                let _ = link.send(&release).await;
            }
        } else if before.is_none() && !self.spoken {
            // A refusal does not say which version it is for.
            self.chosen = before;
        }
        meaning
    }

    /// Sends a request until it is answered.
    pub(super) async fn exchange(&mut self, request: &Request) -> Outcome {
        // A cookie is for one SPI and one nonce (RFC 7296 section 2.6): with these it is good for further requests.
        let Some(mut identity) = self.admitted.take().or_else(Identity::new) else {
            return Outcome::Odd("this machine gives no random numbers".to_owned());
        };
        for _ in 0..=COOKIES {
            let message = request.message(&identity);
            if self.cookies > 0 {
                sleep_until((Instant::now() + PAUSE).min(self.deadline)).await;
            }
            let (reply, once) = match self.answer(&message, identity.spi, WAITS.len()).await {
                Ok(reply) => reply,
                Err(outcome) => return outcome,
            };
            match meaning(&reply) {
                Meaning::Cookie(data) => {
                    self.cookies += 1;
                    identity.cookie = Some(data);
                }
                Meaning::Outcome(outcome) => {
                    let accepted = matches!(outcome, Outcome::Selected(_));
                    self.half_open += u32::from(accepted);
                    // A second answer to what was sent twice could be taken for that to the next request.
                    if once && !accepted && identity.cookie.is_some() {
                        self.admitted = Some(identity);
                    }
                    return outcome;
                }
            }
        }
        Outcome::Cookies
    }

    /// The answer, and whether the request was sent only once.
    async fn answer(&mut self, message: &[u8], spi: [u8; 8], times: usize) -> Result<(Message, bool), Outcome> {
        let mut sent = false;
        for (turn, wait) in WAITS.into_iter().enumerate().take(times) {
            for index in 0..self.links.len() {
                // Until one of the ways has answered, the first is tried alone once.
                let first = self.live.iter().position(|live| *live);
                let wanted = match self.chosen {
                    Some(chosen) => index == chosen,
                    None => turn > 0 || Some(index) == first,
                };
                let repeated = turn > 0 && self.links.get(index).is_some_and(|link| link.way.stream);
                if !wanted || repeated || self.live.get(index) != Some(&true) {
                    continue;
                }
                if Instant::now() >= self.deadline || self.budget.take().is_none() {
                    return Err(if sent { Outcome::Silent } else { Outcome::Spent });
                }
                sent = true;
                let failed = match self.links.get_mut(index) {
                    Some(link) => link.send(message).await.err(),
                    None => None,
                };
                if let Some(error) = failed {
                    self.fail(index, &error);
                }
            }
            let until = (Instant::now() + Duration::from_millis(wait)).min(self.deadline);
            if let Some(reply) = self.await_reply(spi, until).await {
                return Ok((reply, turn == 0));
            }
            let open = |index: usize| self.live.get(index) == Some(&true);
            if !self.chosen.map_or_else(|| self.live.contains(&true), open) {
                return Err(Outcome::Unreachable);
            }
        }
        Err(Outcome::Silent)
    }

    /// The answer to the request with this SPI. Ends early where a way fails, so that the next one is tried.
    async fn await_reply(&mut self, spi: [u8; 8], until: Instant) -> Option<Message> {
        loop {
            let live: Vec<bool> = match self.chosen {
                Some(chosen) => (0..self.live.len()).map(|index| index == chosen).collect(),
                None => self.live.clone(),
            };
            let (index, arrived) = first(&mut self.links, &live, until).await?;
            match arrived {
                Arrived::Nothing => return None,
                Arrived::Other => self.strays += 1,
                Arrived::Failed(error) => {
                    self.fail(index, &error);
                    if self.chosen.is_some() || !self.live.contains(&true) || self.live.len() > 1 {
                        return None;
                    }
                }
                Arrived::Message(bytes) => match Message::parse(&bytes, MessageLimits::default()) {
                    Ok(reply) if answers(&reply, spi) => {
                        self.chosen = self.chosen.or(Some(index));
                        return Some(reply);
                    }
                    Ok(_) => self.strays += 1,
                    Err(error) => self.broken = self.broken.take().or(Some(error)),
                },
            }
        }
    }

    fn fail(&mut self, index: usize, error: &std::io::Error) {
        if let (Some(live), Some(link)) = (self.live.get_mut(index), self.links.get(index)) {
            *live = false;
            self.failures.push((link.address, sys::connect_failure(error, false)));
        }
    }
}

/// Whether a message is the answer to our request; of IKEv1 a notification can be that to either version.
fn answers(reply: &Message, spi: [u8; 8]) -> bool {
    let header = &reply.header;
    let by_version = match header.major() {
        // What is sent back as it came has no responder's cookie.
        1 if header.exchange == exchange::IDENTITY_PROTECTION => header.responder_spi != [0; 8],
        1 => header.exchange == exchange::INFORMATIONAL_V1,
        _ => header.is_response() && header.exchange == exchange::IKE_SA_INIT && header.message_id == 0,
    };
    header.initiator_spi == spi && by_version
}

fn old_meaning(reply: &Message) -> Old {
    let views: Vec<View> = reply.payloads.iter().filter_map(|payload| payload.view().ok()).collect();
    let vendor_id = |view: &View| if let View::VendorId(id) = view { Some(id.clone()) } else { None };
    for view in &views {
        match view {
            View::SecurityAssociation(one) => {
                if let Some(suite) = one.selected() {
                    return Old::Selected { suite, vendor_ids: views.iter().filter_map(vendor_id).collect() };
                }
            }
            View::Notification(Notification { kind, .. }) if notification::is_error(*kind) => {
                return Old::Refused(*kind, notification::name(*kind).map_or_else(|| kind.to_string(), str::to_owned));
            }
            // A responder of IKEv2 alone may say so in its own version.
            View::Notify(one) if notify::is_error(one.kind) => {
                return Old::Refused(
                    one.kind,
                    notify::name(one.kind).map_or_else(|| one.kind.to_string(), str::to_owned),
                );
            }
            _ => {}
        }
    }
    Old::Odd("it answers the first message of main mode without a suite".to_owned())
}

enum Meaning {
    Cookie(Vec<u8>),
    Outcome(Outcome),
}

fn meaning(reply: &Message) -> Meaning {
    let views: Vec<View> = reply.payloads.iter().filter_map(|payload| payload.view().ok()).collect();
    let notifies = || views.iter().filter_map(|view| if let View::Notify(one) = view { Some(one) } else { None });
    if let Some(cookie) = notifies().find(|one| one.kind == notify::COOKIE) {
        return Meaning::Cookie(cookie.data.clone());
    }
    if let Some(group) = notifies().find_map(Notify::requested_group) {
        return Meaning::Outcome(Outcome::OtherGroup(group));
    }
    if let Some(error) = notifies().find(|one| notify::is_error(one.kind)) {
        let name = notify::name(error.kind).map_or_else(|| error.kind.to_string(), str::to_owned);
        return Meaning::Outcome(Outcome::Refused(error.kind, name));
    }
    for view in &views {
        match view {
            View::Notification(Notification { kind, .. }) => {
                let name = notification::name(*kind).map_or_else(|| kind.to_string(), str::to_owned);
                return Meaning::Outcome(Outcome::Refused(*kind, name));
            }
            View::Proposals(proposals) => {
                let [proposal] = proposals.as_slice() else { break };
                let vendor_id = |view: &View| if let View::VendorId(id) = view { Some(id.clone()) } else { None };
                let vendor_ids = views.iter().filter_map(vendor_id).collect();
                let selected = Selected { proposal: proposal.clone(), vendor_ids };
                return Meaning::Outcome(Outcome::Selected(Box::new(selected)));
            }
            _ => {}
        }
    }
    if let Some(redirect) = notifies().find(|one| one.kind == notify::REDIRECT) {
        return Meaning::Outcome(Outcome::Odd(format!(
            "it redirects to another gateway ({} bytes)",
            redirect.data.len()
        )));
    }
    let kinds: Vec<String> = reply
        .payloads
        .iter()
        .map(|one| payload::name(one.number).map_or_else(|| one.number.to_string(), str::to_owned))
        .collect();
    Meaning::Outcome(Outcome::Odd(format!("it answers with the payloads {}", kinds.join(", "))))
}
