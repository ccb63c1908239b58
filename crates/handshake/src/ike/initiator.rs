use std::net::{IpAddr, SocketAddr};

use shakedown_crypto::ike::{Cipher, IkeKeys, Integrity, KeyPair, Prf, Seed, Suite, auth_method};
use shakedown_crypto::{CryptoError, Hash};
use shakedown_model::Role;
use shakedown_wire::ike::number::{exchange, flag, notify, payload, transform};
use shakedown_wire::ike::{Header, Message, MessageLimits, Notify, Payload, Proposal, Transform, View};

use super::envelope::{Fragments, Opened, seal};
use super::observation::{Deletion, Nat, Observation, Proof, ProofCheck, Step};
use super::request::{Config, Opening, Signed, authentication, deletion, opening};

/// How often a cookie is given back: one may be asked for twice where the responder's secret has just changed.
const COOKIES: u32 = 2;
/// How often the group is changed to one that the responder asks for.
const GROUPS: usize = 1;
/// Lengths of nonces that RFC 7296 section 2.10 allows.
const NONCE: std::ops::RangeInclusive<usize> = 16..=256;

/// An initiator, from IKE_SA_INIT to the deletion of the IKE SA; used as [`Machine`] says, with [`Self::finish`] at the end.
pub struct Initiator {
    config: Config,
    /// This end's and the responder's.
    addresses: [SocketAddr; 2],
    spi: [u8; 8],
    responder_spi: [u8; 8],
    nonce: Vec<u8>,
    pair: KeyPair,
    cookie: Option<Vec<u8>>,
    keys: Option<IkeKeys>,
    /// The responder's IKE_SA_INIT response, and its nonce.
    response: Vec<u8>,
    peer_nonce: Vec<u8>,
    state: State,
    datagrams: Vec<Vec<u8>>,
    fragments: Fragments,
    seen: Observation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    SaInit,
    Auth,
    Delete,
    Done,
}

/// What a datagram was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The answer: what is to be sent has changed.
    Answer,
    /// A part of it.
    Part,
    /// None: it was passed over.
    Passed,
}

/// An initiator, without sockets and clocks: send all [`Self::datagrams`], again and again as RFC 7296 section 2.4 asks, give
/// [`Self::receive`] what comes, call [`Self::give_up`] where nothing does, until there is nothing to send.
pub trait Machine {
    /// What is to be sent until it is answered, without the non-ESP marker; nothing once all is done.
    fn datagrams(&self) -> &[Vec<u8>];
    /// How long to wait for that.
    fn patience(&self) -> Patience;
    /// Whether what is to be sent only ends what was begun.
    fn is_ending(&self) -> bool;
    /// Whether the next messages belong on port 4500: one end is behind a NAT (RFC 7296 section 2.23, RFC 3947 section 4).
    fn is_behind_nat(&self) -> bool;
    /// Whether something came that may be the answer, though nothing vouches for it: little more than that is to be expected.
    fn is_doubtful(&self) -> bool {
        false
    }
    /// Reads a datagram, without the non-ESP marker.
    fn receive(&mut self, datagram: &[u8]) -> Received;
    /// No answer came to what was sent.
    fn give_up(&mut self);
}

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// As long as answers take.
    Usual,
    /// There is none, and only loss on the way is made up for.
    NoAnswer,
}

impl Initiator {
    /// Begins, between these addresses (this end's first). The response to the guess of the group may be to take another.
    ///
    /// # Errors
    /// The group is not computed in here, or the random source fails.
    pub fn new(config: Config, addresses: [SocketAddr; 2]) -> Result<Self, CryptoError> {
        let (mut spi, mut nonce) = ([0; 8], vec![0; 32]);
        shakedown_crypto::random(&mut spi)?;
        shakedown_crypto::random(&mut nonce)?;
        // An SPI of zeros is none.
        let [first, ..] = &mut spi;
        *first |= 1;
        let pair = key_pair(config.group)?;
        let mut initiator = Self {
            config,
            addresses,
            spi,
            responder_spi: [0; 8],
            nonce,
            pair,
            cookie: None,
            keys: None,
            response: Vec::new(),
            peer_nonce: Vec::new(),
            state: State::SaInit,
            datagrams: Vec::new(),
            fragments: Fragments::default(),
            seen: Observation::default(),
        };
        initiator.open();
        Ok(initiator)
    }

    /// What came of it.
    pub fn finish(self) -> Observation {
        self.seen
    }

    fn is_answer(&self, header: &Header) -> bool {
        let (kind, id) = match self.state {
            State::SaInit => (exchange::IKE_SA_INIT, 0),
            State::Auth => (exchange::IKE_AUTH, 1),
            State::Delete | State::Done => (exchange::INFORMATIONAL, 2),
        };
        let from_responder = header.is_response() && header.flags & flag::INITIATOR == 0;
        let of_sa = header.initiator_spi == self.spi
            && (self.state == State::SaInit || header.responder_spi == self.responder_spi);
        header.major() == 2 && from_responder && of_sa && header.exchange == kind && header.message_id == id
    }

    /// Makes the IKE_SA_INIT request.
    fn open(&mut self) {
        let [own, peer] = self.addresses.map(|address| place(self.spi, [0; 8], address));
        let parts = Opening {
            cookie: self.cookie.as_deref(),
            group: self.pair.group(),
            public: self.pair.public(),
            nonce: &self.nonce,
            places: [own, peer],
        };
        let payloads = opening(&self.config, parts);
        let message = Message { header: Header::sa_init(self.spi), payloads, ..Message::default() };
        self.datagrams = vec![message.write()];
    }

    fn sa_init(&mut self, message: &Message, bytes: &[u8]) -> Received {
        let views: Vec<View> = message.payloads.iter().filter_map(|payload| payload.view().ok()).collect();
        let notifies: Vec<&Notify> =
            views.iter().filter_map(|view| if let View::Notify(one) = view { Some(one) } else { None }).collect();
        if let Some(cookie) = notifies.iter().find(|one| one.kind == notify::COOKIE) {
            self.seen.cookies += 1;
            if self.seen.cookies > COOKIES {
                return self.stop_sa_init("it answers each cookie with another one".to_owned());
            }
            self.cookie = Some(cookie.data.clone());
            self.open();
            return Received::Answer;
        }
        if let Some(group) = notifies.iter().find_map(|one| one.requested_group()) {
            return self.change_group(group);
        }
        if let Some(error) = notifies.iter().find(|one| notify::is_error(one.kind)) {
            self.seen.sa_init = Step::Refused(error.kind);
            self.state = State::Done;
            return Received::Answer;
        }
        match self.agree(message, &views, &notifies, bytes) {
            Ok(()) => Received::Answer,
            Err(why) => self.stop_sa_init(why),
        }
    }

    fn stop_sa_init(&mut self, why: String) -> Received {
        self.seen.sa_init = Step::Stopped(why);
        self.state = State::Done;
        Received::Answer
    }

    /// The group is only changed to one that was offered: the answer is not protected (RFC 7296 section 1.3).
    fn change_group(&mut self, group: u16) -> Received {
        let transforms = self.config.proposals.iter().flat_map(|one| &one.transforms);
        let offered = transforms.into_iter().any(|one| one.kind == transform::KEY_EXCHANGE && one.id == group);
        if !offered || group == self.pair.group() || self.seen.other_groups.len() >= GROUPS {
            self.seen.other_groups.push(group);
            return self.stop_sa_init(format!("it asks for group {group}, which was not offered or was given already"));
        }
        self.seen.other_groups.push(group);
        match key_pair(group) {
            Ok(pair) => {
                self.pair = pair;
                self.open();
                Received::Answer
            }
            Err(error) => self.stop_sa_init(error.to_string()),
        }
    }

    /// Takes the responder's choice and goes on with IKE_AUTH.
    fn agree(&mut self, message: &Message, views: &[View], notifies: &[&Notify], bytes: &[u8]) -> Result<(), String> {
        let selected = views.iter().find_map(|view| if let View::Proposals(all) = view { Some(all) } else { None });
        let key = views.iter().find_map(|view| if let View::KeyExchange(key) = view { Some(key) } else { None });
        let nonce = views.iter().find_map(|view| if let View::Nonce(nonce) = view { Some(nonce) } else { None });
        let (Some(selected), Some(key), Some(nonce)) = (selected, key, nonce) else {
            let names: Vec<String> = message.payloads.iter().map(payload_name).collect();
            return Err(format!("it answers with the payloads {}", names.join(", ")));
        };
        let [proposal] = selected.as_slice() else {
            return Err(format!("it selects {} proposals instead of one", selected.len()));
        };
        if !self.config.proposals.iter().any(|offered| is_choice_of(proposal, offered)) {
            return Err("it selects what was not offered".to_owned());
        }
        if !NONCE.contains(&nonce.len()) {
            return Err(format!("its nonce has {} bytes", nonce.len()));
        }
        if key.group != self.pair.group() {
            return Err(format!("its key exchange is of group {}", key.group));
        }
        self.seen.selected = Some(proposal.clone());
        self.seen.sa_init = Step::Done;
        self.seen.vendor_ids = views
            .iter()
            .filter_map(|view| if let View::VendorId(id) = view { Some(id.clone()) } else { None })
            .collect();
        self.seen.fragmentation = notifies.iter().any(|one| one.kind == notify::FRAGMENTATION_SUPPORTED);
        self.seen.hashes = notifies.iter().flat_map(|one| one.signature_hashes()).collect();
        self.seen.asks_certificate = message.of_type(payload::CERTIFICATE_REQUEST).next().is_some();
        self.responder_spi = message.header.responder_spi;
        self.seen.nat = self.nat(notifies);
        let stop = |seen: &mut Observation, why: String| {
            seen.auth = Step::Stopped(why);
            Ok(State::Done)
        };
        let state = match (suite(proposal), self.pair.agree(&key.data)) {
            (None, _) => stop(&mut self.seen, "what was agreed on for the IKE SA is not computed here".to_owned()),
            (_, Err(error)) => stop(&mut self.seen, error.to_string()),
            (Some(suite), Ok(secret)) => {
                let seed = Seed {
                    initiator_nonce: &self.nonce,
                    responder_nonce: nonce,
                    initiator_spi: self.spi,
                    responder_spi: self.responder_spi,
                };
                let keys = IkeKeys::derive(suite, &secret, seed);
                self.peer_nonce.clone_from(nonce);
                self.response = bytes.to_vec();
                match self.authenticate(&keys) {
                    Ok(()) => {
                        self.keys = Some(keys);
                        Ok(State::Auth)
                    }
                    Err(error) => stop(&mut self.seen, error.to_string()),
                }
            }
        };
        state.map(|state| self.state = state)
    }

    /// Who is behind a NAT; `None` where the responder does not take part.
    fn nat(&self, notifies: &[&Notify]) -> Option<Nat> {
        let of = |kind: u16| notifies.iter().filter(move |one| one.kind == kind).map(|one| one.data.as_slice());
        let [own, peer] = self.addresses.map(|address| place(self.spi, self.responder_spi, address));
        of(notify::NAT_DETECTION_SOURCE_IP).next()?;
        of(notify::NAT_DETECTION_DESTINATION_IP).next()?;
        Some(Nat {
            initiator: !of(notify::NAT_DETECTION_DESTINATION_IP).any(|digest| digest == own),
            responder: !of(notify::NAT_DETECTION_SOURCE_IP).any(|digest| digest == peer),
        })
    }

    /// Makes the IKE_AUTH request.
    fn authenticate(&mut self, keys: &IkeKeys) -> Result<(), CryptoError> {
        let mut spi = [0; 4];
        shakedown_crypto::random(&mut spi)?;
        // The lowest values are reserved (RFC 4303 section 2.1).
        let [first, ..] = &mut spi;
        *first |= 0xc0;
        let message = self.datagrams.first().cloned().unwrap_or_default();
        let [own, _] = self.addresses;
        let (peer_nonce, hashes) = (self.peer_nonce.as_slice(), self.seen.hashes.as_slice());
        let signed = Signed { address: own.ip(), keys, message: &message, peer_nonce, hashes };
        let payloads = authentication(&self.config, &signed, spi)?;
        let header = self.header(exchange::IKE_AUTH, 1);
        let datagrams = seal(keys.of(Role::Client), header, &payloads, self.seen.fragmentation)?;
        self.datagrams = datagrams;
        Ok(())
    }

    fn header(&self, exchange: u8, message_id: u32) -> Header {
        let (initiator_spi, responder_spi) = (self.spi, self.responder_spi);
        Header { initiator_spi, responder_spi, version: Header::V2, exchange, flags: flag::INITIATOR, message_id }
    }

    /// Reads an answer that has to be protected.
    fn protected(&mut self, message: &Message, bytes: &[u8]) -> Received {
        let Some(keys) = self.keys.take() else { return Received::Passed };
        let opened = self.fragments.open(keys.of(Role::Server), message, bytes);
        let received = match opened {
            Opened::Part => {
                self.seen.fragments = self.fragments.count();
                Received::Part
            }
            Opened::Foreign => {
                self.seen.passed.undecryptable = self.seen.passed.undecryptable.saturating_add(1);
                Received::Passed
            }
            Opened::Broken(error) => {
                self.seen.passed.broken = self.seen.passed.broken.take().or(Some(error));
                Received::Passed
            }
            Opened::Plain => {
                let unprotected = message.payloads.iter().find_map(error_of);
                self.seen.passed.unprotected = self.seen.passed.unprotected.or(unprotected);
                Received::Passed
            }
            Opened::Whole(payloads) => {
                self.fragments = Fragments::default();
                if self.state == State::Delete {
                    self.seen.deletion = Deletion::Confirmed;
                    self.state = State::Done;
                } else {
                    self.seen.fragments = None;
                    self.authenticated(&keys, &payloads);
                }
                Received::Answer
            }
        };
        self.keys = Some(keys);
        if self.state == State::Auth && received == Received::Answer {
            self.end();
        }
        received
    }

    /// Reads the payloads of the IKE_AUTH response.
    fn authenticated(&mut self, keys: &IkeKeys, payloads: &[Payload]) {
        let (mut proof, mut identity, mut proposals, mut selectors) = (None, None, None, [None, None]);
        let mut errors = Vec::new();
        for payload in payloads {
            match (payload.number, payload.view()) {
                (payload::IDENTITY_R, Ok(View::Identification(one))) => {
                    self.seen.identity = Some(one);
                    identity = Some(payload.body.as_slice());
                }
                (payload::CERTIFICATE, Ok(View::Certificate(one)))
                    if one.encoding == shakedown_wire::ike::number::encoding::X509_SIGNATURE =>
                {
                    self.seen.certificates.push(one.data);
                }
                (payload::AUTHENTICATION, Ok(View::Authentication(one))) => proof = Some(one),
                (payload::SA, Ok(View::Proposals(all))) => proposals = Some(all),
                (payload::SELECTORS_I, Ok(View::TrafficSelectors(all))) => {
                    selectors = [Some(all.all), selectors[1].take()]
                }
                (payload::SELECTORS_R, Ok(View::TrafficSelectors(all))) => {
                    selectors = [selectors[0].take(), Some(all.all)]
                }
                (payload::NOTIFY, Ok(View::Notify(one))) if notify::is_error(one.kind) => errors.push(one.kind),
                (payload::EAP, _) => self.seen.eap = true,
                (_, Err(error)) => self.seen.passed.broken = self.seen.passed.broken.take().or(Some(error)),
                _ => {}
            }
        }
        if let Some(proof) = proof {
            let octets = keys.signed_octets(Role::Server, &self.response, &self.nonce, identity.unwrap_or_default());
            let shared = self.config.credentials.shared_key.as_ref();
            let check = match (proof.method, shared) {
                (auth_method::SHARED_KEY, Some(key)) => {
                    let expected = keys.shared_key_proof(key.expose(), &octets);
                    ProofCheck::SharedKey(expected.as_slice() == proof.data)
                }
                (auth_method::SHARED_KEY | auth_method::NULL, _) => ProofCheck::Unchecked,
                _ => ProofCheck::Signature { data: proof.data, octets: octets.to_vec() },
            };
            self.seen.proof = Some(Proof { method: proof.method, check });
        }
        let error = errors.first().copied();
        self.seen.auth = match (&self.seen.proof, error) {
            (None, Some(error)) => Step::Refused(error),
            (None, None) if self.seen.eap => Step::Stopped("it asks for EAP, which is not run from here".to_owned()),
            (None, None) => Step::Stopped("it answers IKE_AUTH without a proof of who it is".to_owned()),
            (Some(_), _) if self.seen.eap => {
                // It has proved itself, and wants the same of a user first.
                Step::Stopped("it asks for EAP, which is not run from here".to_owned())
            }
            (Some(_), _) => Step::Done,
        };
        if self.seen.auth != Step::Done {
            return;
        }
        let [ours, theirs] = selectors;
        self.seen.child = match (proposals.as_deref(), ours, theirs, error) {
            (Some([one]), Some(ours), Some(theirs), _) => {
                let offered = self.config.child.iter().any(|offered| is_choice_of(one, offered));
                self.seen.child_selected = Some(one.clone());
                self.seen.selectors = Some([ours, theirs]);
                if offered { Step::Done } else { Step::Stopped("it selects what was not offered".to_owned()) }
            }
            (_, _, _, Some(error)) => Step::Refused(error),
            _ => Step::Stopped("it says nothing of the CHILD SA".to_owned()),
        };
    }

    /// Ends the IKE SA where the responder has one: after a refusal in IKE_AUTH it has none (RFC 7296 section 2.21.2).
    fn end(&mut self) {
        match self.seen.auth {
            Step::Refused(_) => self.state = State::Done,
            _ => self.delete(),
        }
    }

    fn delete(&mut self) {
        self.fragments = Fragments::default();
        self.state = State::Done;
        let header = self.header(exchange::INFORMATIONAL, 2);
        let Some(keys) = &self.keys else { return };
        if let Ok(datagrams) = seal(keys.of(Role::Client), header, &deletion(), false) {
            self.seen.deletion = Deletion::Unconfirmed;
            self.datagrams = datagrams;
            self.state = State::Delete;
        }
    }
}

impl Machine for Initiator {
    fn datagrams(&self) -> &[Vec<u8>] {
        if self.state == State::Done { &[] } else { &self.datagrams }
    }

    fn is_ending(&self) -> bool {
        matches!(self.state, State::Delete | State::Done)
    }

    fn patience(&self) -> Patience {
        Patience::Usual
    }

    fn is_behind_nat(&self) -> bool {
        self.seen.nat.is_some_and(|nat| nat.initiator || nat.responder)
    }

    fn receive(&mut self, datagram: &[u8]) -> Received {
        let message = match Message::parse(datagram, MessageLimits::default()) {
            Ok(message) => message,
            Err(error) => {
                self.seen.passed.broken = self.seen.passed.broken.take().or(Some(error));
                return Received::Passed;
            }
        };
        if !self.is_answer(&message.header) {
            self.seen.passed.strays = self.seen.passed.strays.saturating_add(1);
            return Received::Passed;
        }
        match self.state {
            State::SaInit => self.sa_init(&message, datagram),
            State::Auth | State::Delete => self.protected(&message, datagram),
            State::Done => Received::Passed,
        }
    }

    fn give_up(&mut self) {
        match self.state {
            State::SaInit => {
                self.seen.sa_init = Step::NoAnswer;
                self.state = State::Done;
            }
            // The responder may hold the IKE SA all the same.
            State::Auth => {
                self.seen.fragments = self.fragments.count();
                self.seen.auth = Step::NoAnswer;
                self.delete();
            }
            State::Delete | State::Done => self.state = State::Done,
        }
    }
}

pub(super) fn key_pair(group: u16) -> Result<KeyPair, CryptoError> {
    KeyPair::generate(group)?
        .ok_or_else(|| CryptoError::Group { what: format!("group {group} is not computed in here") })
}

/// The digest by which an end finds out about a NAT, RFC 7296 section 2.23.
pub(super) fn place(initiator_spi: [u8; 8], responder_spi: [u8; 8], address: SocketAddr) -> Vec<u8> {
    let octets = match address.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    Hash::Sha1.digest(&[&initiator_spi, &responder_spi, &octets, &address.port().to_be_bytes()])
}

/// Whether a proposal is a choice of one of each type from what was offered.
fn is_choice_of(selected: &Proposal<Transform>, offered: &Proposal<Transform>) -> bool {
    let is_same = |one: &Transform, other: &Transform| {
        (one.kind, one.id, one.key_length()) == (other.kind, other.id, other.key_length())
    };
    let mut kinds: Vec<u8> = selected.transforms.iter().map(|one| one.kind).collect();
    kinds.sort_unstable();
    let once = kinds.windows(2).all(|pair| pair.first() != pair.last());
    // "None" may be said or left out.
    let said = selected.transforms.iter().filter(|one| one.id != 0 || one.kind == transform::SEQUENCE_NUMBERS);
    once && selected.protocol == offered.protocol
        && said.into_iter().all(|one| offered.transforms.iter().any(|other| is_same(one, other)))
}

/// What is computed with; `None` where something of it is not, here.
pub(super) fn suite(selected: &Proposal<Transform>) -> Option<Suite> {
    let of = |kind: u8| selected.transforms.iter().find(move |one| one.kind == kind && one.id != 0);
    let cipher = of(transform::ENCRYPTION).and_then(|one| Cipher::new(one.id, one.key_length()))?;
    let prf = of(transform::PRF).and_then(|one| Prf::new(one.id))?;
    let integrity = match of(transform::INTEGRITY) {
        Some(one) => Some(Integrity::new(one.id)?),
        None => None,
    };
    (cipher.is_aead() || integrity.is_some()).then_some(Suite { cipher, integrity, prf })
}

fn error_of(one: &Payload) -> Option<u16> {
    match one.view() {
        Ok(View::Notify(error)) if notify::is_error(error.kind) => Some(error.kind),
        _ => None,
    }
}

fn payload_name(one: &Payload) -> String {
    payload::name(one.number).map_or_else(|| one.number.to_string(), str::to_owned)
}
