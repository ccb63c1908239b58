//! A responder of main mode with a pre-shared key and of quick mode, from the third message on (RFC 2409 sections 5.4 and 5.5).

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use shakedown_crypto::CryptoError;
use shakedown_crypto::ike::KeyPair;
use shakedown_crypto::ike::auth_method;
use shakedown_crypto::ike::version1::{BlockCipher, Chain, Phase1Keys, Phase1Seed, hash_of};
use shakedown_model::{Role, Secret};
use shakedown_wire::ike::number::{exchange, flag, notification, payload, protocol};
use shakedown_wire::ike::{
    Header, Identification, Message, MessageLimits, Notification, Payload, Phase1Suite, Phase2Suite, Proposal,
    SecurityAssociation, TrafficSelector, TransformV1, View, read_padded_payloads, write_payloads,
};

use super::super::admit::{AuthRequest, ChildSa, Entered, WRONG_KEY};
use super::super::initiator::key_pair;
use super::super::responder::Reached;
use super::initiator::NONCE;
use super::request::{place, random_id, raw, selector_identity, traffic_selector};

/// The method of authentication by a pre-shared key, RFC 2409 appendix A.
const SHARED_KEY: u16 = 1;
/// Methods of XAUTH that begin with a pre-shared key (draft-ietf-ipsec-isakmp-xauth-06 section 8).
const XAUTH_SHARED_KEY: [u16; 2] = [65001, 65002];
/// How many answers are kept to be sent again.
const ANSWERS: usize = 4;

/// Whom a responder of IKEv1 asks, about an initiator that comes between these addresses (this end's first).
pub trait Keeper {
    /// The pre-shared key of whoever comes: the initiator has not said yet who it is.
    ///
    /// # Errors
    /// There is none, for this reason.
    fn shared_key(&self, ends: [IpAddr; 2]) -> Result<Secret<Vec<u8>>, String>;

    /// Who this end is for an initiator that knows the key.
    ///
    /// # Errors
    /// It is not let in, for this reason.
    fn identity(&self, request: &AuthRequest, ends: [IpAddr; 2]) -> Result<Identification, String>;

    /// What is chosen of its quick mode.
    ///
    /// # Errors
    /// The notification that it is told instead.
    fn quick_mode(&self, request: &AuthRequest, ends: [IpAddr; 2]) -> Result<QuickChoice, u16>;
}

impl<K: Keeper + ?Sized> Keeper for Arc<K> {
    fn shared_key(&self, ends: [IpAddr; 2]) -> Result<Secret<Vec<u8>>, String> {
        (**self).shared_key(ends)
    }

    fn identity(&self, request: &AuthRequest, ends: [IpAddr; 2]) -> Result<Identification, String> {
        (**self).identity(request, ends)
    }

    fn quick_mode(&self, request: &AuthRequest, ends: [IpAddr; 2]) -> Result<QuickChoice, u16> {
        (**self).quick_mode(request, ends)
    }
}

/// What a responder chooses of quick mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuickChoice {
    /// The suite, by its place among those of the request.
    pub suite: usize,
    /// The traffic of the initiator's end and of this one.
    pub traffic: [TrafficSelector; 2],
}

/// A responder that has answered the first message.
pub(crate) struct Responder {
    suite: Phase1Suite,
    /// This end's and the initiator's.
    addresses: [SocketAddr; 2],
    /// The initiator's and this end's.
    cookies: [[u8; 8]; 2],
    /// The body of the initiator's SA payload.
    association: Vec<u8>,
    /// Whether both ends find out about a NAT.
    finds_nat: bool,
    keys: Option<Phase1Keys>,
    /// Of phase 1, after the last message that could be read.
    chain: Option<Chain>,
    state: State,
    /// The last messages, with their answers, which are repeated.
    answered: VecDeque<(Vec<u8>, Vec<Vec<u8>>)>,
    pub(crate) auth: AuthRequest,
    pub(crate) reached: Reached,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// The third message of main mode is waited for.
    KeyExchange,
    /// The fifth.
    Identity,
    /// Phase 1 is done.
    Ready,
    /// Quick mode of this number is answered.
    Quick(u32),
    /// Nothing is waited for.
    Over,
}

impl Responder {
    /// Goes on after the second message, which selected this suite. `Err` says what of it cannot be done here.
    pub(crate) fn new(
        first: &Message,
        suite: Phase1Suite,
        header: &Header,
        addresses: [SocketAddr; 2],
        finds_nat: bool,
    ) -> Result<Self, String> {
        let association = first.of_type(payload::SA_V1).next().map(|one| one.body.clone()).unwrap_or_default();
        let shared = suite.method == SHARED_KEY || XAUTH_SHARED_KEY.contains(&suite.method);
        if !shared {
            return Err(format!("authentication by method {} of IKEv1 is not done here", suite.method));
        }
        let known = BlockCipher::new(suite.cipher, suite.key_length).is_some() && hash_of(suite.hash).is_some();
        if !known || KeyPair::generate(suite.group).ok().flatten().is_none() {
            return Err("what was agreed on for phase 1 is not computed here".to_owned());
        }
        Ok(Self {
            suite,
            addresses,
            cookies: [header.initiator_spi, header.responder_spi],
            association,
            finds_nat,
            keys: None,
            chain: None,
            state: State::KeyExchange,
            answered: VecDeque::new(),
            auth: AuthRequest::default(),
            reached: Reached::Chosen,
        })
    }

    /// Whether nothing more is waited for that would change what came of it.
    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Over || matches!(self.reached, Reached::AuthenticationRefused(_))
    }

    fn ends(&self) -> [IpAddr; 2] {
        self.addresses.map(|address| address.ip())
    }

    /// Reads a message of the initiator, and gives the datagrams to answer with.
    pub(crate) fn receive(
        &mut self,
        message: &Message,
        bytes: &[u8],
        keeper: &dyn Keeper,
    ) -> Result<Vec<Vec<u8>>, CryptoError> {
        let header = &message.header;
        if header.major() != 1 || header.responder_spi != self.cookies[1] {
            return Ok(Vec::new());
        }
        if let Some((_, answer)) = self.answered.iter().find(|(known, _)| known == bytes) {
            return Ok(answer.clone());
        }
        let sealed = header.flags & flag::ENCRYPTION != 0;
        let state = self.state.clone();
        let answer = match (header.exchange, sealed, state) {
            (exchange::IDENTITY_PROTECTION, false, State::KeyExchange) => self.key_exchange(message, keeper)?,
            (exchange::IDENTITY_PROTECTION, true, State::Identity) => self.identified(message, keeper)?,
            (exchange::QUICK_MODE, true, State::Quick(id)) if id == header.message_id => {
                // The third message: what it proves is the initiator's matter alone.
                self.state = State::Over;
                Vec::new()
            }
            (exchange::QUICK_MODE, true, State::Ready) => self.quick_mode(message, keeper)?,
            (exchange::INFORMATIONAL_V1, _, State::Ready | State::Quick(_)) => {
                self.informed(message);
                Vec::new()
            }
            _ => return Ok(Vec::new()),
        };
        if self.answered.len() >= ANSWERS {
            self.answered.pop_front();
        }
        self.answered.push_back((bytes.to_vec(), answer.clone()));
        Ok(answer)
    }

    fn header(&self, exchange: u8, message_id: u32, flags: u8) -> Header {
        let [initiator_spi, responder_spi] = self.cookies;
        Header { initiator_spi, responder_spi, version: Header::V1, exchange, flags, message_id }
    }

    fn refuse(&mut self, why: String) {
        self.reached = Reached::AuthenticationRefused(why);
        self.state = State::Over;
    }

    /// The third message, and the fourth.
    fn key_exchange(&mut self, message: &Message, keeper: &dyn Keeper) -> Result<Vec<Vec<u8>>, CryptoError> {
        let of = |number| message.of_type(number).next().map(|one| one.body.as_slice());
        let (Some(public), Some(theirs)) = (of(payload::KE_V1), of(payload::NONCE_V1)) else { return Ok(Vec::new()) };
        let (Some(cipher), Some(hash)) =
            (BlockCipher::new(self.suite.cipher, self.suite.key_length), hash_of(self.suite.hash))
        else {
            return Ok(Vec::new());
        };
        if !NONCE.contains(&theirs.len()) {
            return Ok(Vec::new());
        }
        let pair = key_pair(self.suite.group)?;
        // charon passes over a message whose public value is wrong.
        let Ok(secret) = pair.agree(public) else { return Ok(Vec::new()) };
        let key = match keeper.shared_key(self.ends()) {
            Ok(key) => key,
            Err(why) => {
                self.refuse(why);
                return self.told(None, protocol::IKE, self.cookies.concat(), notification::INVALID_KEY_INFORMATION);
            }
        };
        let mut nonce = vec![0; 32];
        shakedown_crypto::random(&mut nonce)?;
        let seed = Phase1Seed {
            shared_key: Some(key.expose()),
            secret: &secret,
            public: [public, pair.public()],
            nonces: [theirs, &nonce],
            cookies: self.cookies,
        };
        let keys = Phase1Keys::new(cipher, hash, seed);
        let mut payloads = vec![raw(payload::KE_V1, pair.public()), raw(payload::NONCE_V1, nonce.as_slice())];
        if self.finds_nat {
            let [own, peer] = self.addresses;
            payloads.extend([peer, own].map(|address| raw(payload::NAT_D_V1, place(hash, self.cookies, address))));
        }
        self.chain = Some(keys.first_chain());
        self.keys = Some(keys);
        self.state = State::Identity;
        self.auth.method = Some(auth_method::SHARED_KEY);
        let header = self.header(exchange::IDENTITY_PROTECTION, 0, 0);
        Ok(vec![Message { header, payloads, ..Message::default() }.write()])
    }

    /// The fifth message, and the sixth.
    fn identified(&mut self, message: &Message, keeper: &dyn Keeper) -> Result<Vec<Vec<u8>>, CryptoError> {
        let (Some(keys), Some(chain)) = (&self.keys, &self.chain) else { return Ok(Vec::new()) };
        let find =
            |payloads: &[Payload], number| payloads.iter().find(|one| one.number == number).map(|one| one.body.clone());
        let read = keys.open(chain, &message.rest).ok().and_then(|(text, next)| {
            let payloads = read_padded_payloads(message.next, &text, MessageLimits::default()).ok()?;
            Some((find(&payloads, payload::IDENTITY_V1)?, find(&payloads, payload::HASH_V1)?, next))
        });
        let proved = read.filter(|(identity, proof, _)| {
            let expected = keys.proof(Role::Client, &self.association, identity);
            expected.len() == proof.len() && expected.iter().zip(proof).fold(0, |all, (a, b)| all | (a ^ b)) == 0
        });
        let Some((identity, _, next)) = proved else {
            // The keys are made of the pre-shared key: with another one nothing can be read.
            self.reached = Reached::AuthenticationRefused(WRONG_KEY.to_owned());
            let (spi, kind) = (self.cookies.concat(), notification::PAYLOAD_MALFORMED);
            return self.told(Some(chain.clone()), protocol::IKE, spi, kind);
        };
        let Some([kind, one, two, three, data @ ..]) = identity.get(..) else { return Ok(Vec::new()) };
        let shown = Identification { kind: *kind, reserved: [*one, *two, *three], data: data.to_vec() };
        self.auth.identity = Some(shown);
        let own = match XAUTH_SHARED_KEY.contains(&self.suite.method) {
            true => Err("it wants to log in by XAUTH as well".to_owned()),
            false => keeper.identity(&self.auth, self.ends()),
        };
        let own = match own {
            Ok(own) => own,
            Err(why) => {
                self.refuse(why);
                let (spi, kind) = (self.cookies.concat(), notification::AUTHENTICATION_FAILED);
                return self.told(Some(next), protocol::IKE, spi, kind);
            }
        };
        let body = View::Identification(own).write();
        let proof = keys.proof(Role::Server, &self.association, &body);
        let payloads = [raw(payload::IDENTITY_V1, body), raw(payload::HASH_V1, proof.as_slice())];
        let mut chain = next;
        let rest = keys.seal(&mut chain, &write_payloads(&payloads))?;
        let header = self.header(exchange::IDENTITY_PROTECTION, 0, flag::ENCRYPTION);
        self.chain = Some(chain);
        self.state = State::Ready;
        self.reached = Reached::Entered(Box::new(Entered { child: None }));
        Ok(vec![Message { header, payloads: Vec::new(), next: payload::IDENTITY_V1, rest }.write()])
    }

    /// The payloads of a message after phase 1 without its hash, where that holds, and the chain after it.
    fn open(&self, message: &Message) -> Option<(Vec<Payload>, Chain)> {
        let (keys, chain) = self.keys.as_ref().zip(self.chain.as_ref())?;
        let id = message.header.message_id;
        let (text, next) = keys.open(&keys.later_chain(chain, id), &message.rest).ok()?;
        let payloads = read_padded_payloads(message.next, &text, MessageLimits::default()).ok()?;
        let (hash, rest) = payloads.split_first()?;
        let holds = hash.number == payload::HASH_V1
            && keys.hash(&[&id.to_be_bytes(), &write_payloads(rest)]).as_slice() == hash.body;
        holds.then(|| (rest.to_vec(), next))
    }

    /// A notification, encrypted where there are keys.
    fn told(&self, chain: Option<Chain>, of: u8, spi: Vec<u8>, kind: u16) -> Result<Vec<Vec<u8>>, CryptoError> {
        let Some(id) = random_id() else { return Ok(Vec::new()) };
        let notification = Notification { doi: 1, protocol: of, spi, kind, data: Vec::new() };
        let payloads = vec![Payload::new(payload::NOTIFICATION_V1, &View::Notification(notification))];
        let (Some(keys), Some(chain)) = (&self.keys, chain) else {
            let header = self.header(exchange::INFORMATIONAL_V1, id, 0);
            return Ok(vec![Message { header, payloads, ..Message::default() }.write()]);
        };
        let mut chain = keys.later_chain(&chain, id);
        self.hashed(keys, &mut chain, exchange::INFORMATIONAL_V1, id, &[], payloads)
    }

    /// A message after phase 1, with its hash over the message's number, these parts and its payloads.
    fn hashed(
        &self,
        keys: &Phase1Keys,
        chain: &mut Chain,
        exchange: u8,
        id: u32,
        before: &[&[u8]],
        mut payloads: Vec<Payload>,
    ) -> Result<Vec<Vec<u8>>, CryptoError> {
        let (number, body) = (id.to_be_bytes(), write_payloads(&payloads));
        let parts: Vec<&[u8]> =
            [number.as_slice()].into_iter().chain(before.iter().copied()).chain([body.as_slice()]).collect();
        payloads.insert(0, raw(payload::HASH_V1, keys.hash(&parts).as_slice()));
        let rest = keys.seal(chain, &write_payloads(&payloads))?;
        let header = self.header(exchange, id, flag::ENCRYPTION);
        Ok(vec![Message { header, payloads: Vec::new(), next: payload::HASH_V1, rest }.write()])
    }

    /// The first message of quick mode, and the second.
    fn quick_mode(&mut self, message: &Message, keeper: &dyn Keeper) -> Result<Vec<Vec<u8>>, CryptoError> {
        let Some((payloads, mut chain)) = self.open(message) else { return Ok(Vec::new()) };
        let id = message.header.message_id;
        let (mut sent, mut nonce, mut public, mut traffic) = (None, None, None, Vec::new());
        for one in &payloads {
            match (one.number, one.view()) {
                (_, Ok(View::SecurityAssociation(association))) => sent = Some(association),
                (payload::NONCE_V1, _) => nonce = Some(one.body.as_slice()),
                (payload::KE_V1, _) => public = Some(one.body.as_slice()),
                (payload::IDENTITY_V1, _) => traffic.push(traffic_selector(&one.body)),
                _ => {}
            }
        }
        let (Some(sent), Some(nonce)) = (sent, nonce) else { return Ok(Vec::new()) };
        // Without any it is for the two ends themselves.
        let said = !traffic.is_empty();
        let [own, peer] = self.ends();
        let end = |address: IpAddr| TrafficSelector::Range {
            protocol: 0,
            ports: (0, u16::MAX),
            first: address,
            last: address,
        };
        let mut traffic = traffic.into_iter();
        let mut next = |address| traffic.next().unwrap_or_else(|| Some(end(address)));
        let [Some(theirs), Some(ours)] = [next(peer), next(own)] else {
            return self.quick_refused(&sent, notification::INVALID_ID_INFORMATION);
        };
        self.auth.selectors = [vec![theirs], vec![ours]];
        let offered = transforms(&sent);
        self.auth.quick = offered.iter().map(|(of, one)| (of.protocol, Phase2Suite::of(one))).collect();
        self.auth.transport = offered.iter().any(|(_, one)| is_transport(one));
        let choice = match keeper.quick_mode(&self.auth, [own, peer]) {
            Ok(choice) => choice,
            Err(kind) => return self.quick_refused(&sent, kind),
        };
        let Some((proposal, transform)) = offered.get(choice.suite).copied() else {
            return self.quick_refused(&sent, notification::NO_PROPOSAL_CHOSEN);
        };
        let group = Phase2Suite::of(transform).group;
        let pair = match group.map(key_pair) {
            None => None,
            Some(Ok(pair)) => Some(pair),
            Some(Err(_)) => return self.quick_refused(&sent, notification::INVALID_KEY_INFORMATION),
        };
        if pair.is_some() && public.is_none() {
            return self.quick_refused(&sent, notification::INVALID_PAYLOAD_TYPE);
        }
        let (mut spi, mut own_nonce) = ([0; 4], vec![0; 32]);
        shakedown_crypto::random(&mut spi)?;
        shakedown_crypto::random(&mut own_nonce)?;
        // The lowest values are reserved (RFC 4303 section 2.1).
        let [first, ..] = &mut spi;
        *first |= 0xc0;
        let chosen = Proposal { spi: spi.to_vec(), transforms: vec![transform.clone()], ..proposal.clone() };
        let child = ChildSa {
            proposal: Proposal { protocol: proposal.protocol, spi: proposal.spi.clone(), ..Proposal::default() },
            selectors: choice.traffic.clone().map(|one| vec![one]),
            transport: is_transport(transform),
            spis: [proposal.spi.clone(), spi.to_vec()],
        };
        let association = SecurityAssociation { proposals: vec![chosen], ..sent };
        let mut payloads = vec![
            Payload::new(payload::SA_V1, &View::SecurityAssociation(association)),
            raw(payload::NONCE_V1, own_nonce),
        ];
        payloads.extend(pair.as_ref().map(|pair| raw(payload::KE_V1, pair.public())));
        if said {
            let identities = choice.traffic.iter().filter_map(selector_identity);
            payloads.extend(identities.map(|one| raw(payload::IDENTITY_V1, View::Identification(one).write())));
        }
        let nonce = nonce.to_vec();
        let Some(keys) = &self.keys else { return Ok(Vec::new()) };
        let answer = self.hashed(keys, &mut chain, exchange::QUICK_MODE, id, &[&nonce], payloads)?;
        self.state = State::Quick(id);
        self.reached = Reached::Entered(Box::new(Entered { child: Some(Ok(child)) }));
        Ok(answer)
    }

    fn quick_refused(&mut self, sent: &SecurityAssociation, kind: u16) -> Result<Vec<Vec<u8>>, CryptoError> {
        self.reached = Reached::Entered(Box::new(Entered { child: Some(Err(kind)) }));
        self.state = State::Over;
        let spi = sent.proposals.first().map(|one| one.spi.clone()).unwrap_or_default();
        self.told(self.chain.clone(), protocol::ESP, spi, kind)
    }

    /// That the initiator does not take it after all, or that it goes.
    fn informed(&mut self, message: &Message) {
        let Some((payloads, _)) = self.open(message) else { return };
        let ends = |one: &Payload| match one.view() {
            Ok(View::Notification(one)) => notification::is_error(one.kind),
            _ => one.number == payload::DELETE_V1,
        };
        if payloads.iter().any(ends) {
            if self.state == State::Ready {
                self.reached = Reached::Left;
            }
            self.state = State::Over;
        }
    }
}

/// All transforms of quick mode, with their proposals; without those of bundles, which have the same number.
fn transforms(sent: &SecurityAssociation) -> Vec<(&Proposal<TransformV1>, &TransformV1)> {
    let alone =
        |one: &&Proposal<TransformV1>| sent.proposals.iter().filter(|other| other.number == one.number).count() == 1;
    sent.proposals.iter().filter(alone).flat_map(|one| one.transforms.iter().map(move |all| (one, all))).collect()
}

/// Whether a transform of quick mode is for transport mode: also within UDP (RFC 3947 section 5.1).
fn is_transport(transform: &TransformV1) -> bool {
    use shakedown_wire::ike::number::attribute;
    matches!(transform.value(attribute::V1_ESP_ENCAPSULATION), Some(2 | 4))
}
