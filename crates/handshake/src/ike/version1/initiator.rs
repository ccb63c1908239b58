use std::net::SocketAddr;

use shakedown_crypto::ike::KeyPair;
use shakedown_crypto::ike::version1::{BlockCipher, Chain, Phase1Keys, Phase1Seed, hash_of};
use shakedown_crypto::{CryptoError, Hash};
use shakedown_model::Role;
use shakedown_wire::ike::number::{encoding, exchange, flag, notification, payload, protocol};
use shakedown_wire::ike::{
    Header, Identification, Message, MessageLimits, Payload, View, read_padded_payloads, write_payloads,
};

use super::super::initiator::{Machine, Patience, Received, key_pair};
use super::super::observation::{Deletion, Nat, Step};
use super::observation::Observation;
use super::quick::Quick;
use super::request::{Config, Until, deletion, identity_body, is_identity, opening, place, random_id, raw, release};

/// Lengths of nonces, RFC 2409 section 5.
pub(super) const NONCE: std::ops::RangeInclusive<usize> = 8..=256;

/// An initiator of IKEv1, from the first message to the deletion of all that was set up; used as [`Machine`] says.
pub struct Initiator {
    pub(super) config: Config,
    /// This end's and the responder's.
    addresses: [SocketAddr; 2],
    /// The initiator's and the responder's.
    cookies: [[u8; 8]; 2],
    nonce: Vec<u8>,
    /// The body of the SA payload.
    association: Vec<u8>,
    /// The body of this end's identification payload.
    identity: Vec<u8>,
    pair: Option<KeyPair>,
    hash: Hash,
    pub(super) keys: Option<Phase1Keys>,
    /// Of phase 1, after what was sent and received last.
    pub(super) chain: Option<Chain>,
    pub(super) quick: Option<Quick>,
    state: State,
    pub(super) datagrams: Vec<Vec<u8>>,
    pub(super) seen: Observation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first message of main mode is sent.
    Proposal,
    /// That of aggressive mode.
    Aggressive,
    /// The third.
    KeyExchange,
    /// The fifth.
    Identity,
    /// The first of quick mode.
    Quick,
    /// The third of quick mode, which has no answer.
    Confirm,
    /// Deletions, which have none either.
    End,
    Done,
}

impl Initiator {
    /// Begins, between these addresses (this end's first).
    ///
    /// # Errors
    /// The group of aggressive mode is not computed in here, or the random source fails.
    pub fn new(config: Config, addresses: [SocketAddr; 2]) -> Result<Self, CryptoError> {
        let (mut cookie, mut nonce) = ([0; 8], vec![0; 32]);
        shakedown_crypto::random(&mut cookie)?;
        shakedown_crypto::random(&mut nonce)?;
        // A cookie of zeros is none.
        let [first, ..] = &mut cookie;
        *first |= 1;
        let (association, vendor) = opening(&config.suites);
        let identity = identity_body(&config, addresses[0]);
        let pair = config.aggressive.map(key_pair).transpose()?;
        let header = |exchange| Header { initiator_spi: cookie, version: Header::V1, exchange, ..Header::default() };
        let (state, message) = match &pair {
            None => {
                let payloads = vec![association.clone(), vendor];
                let header = header(exchange::IDENTITY_PROTECTION);
                (State::Proposal, Message { header, payloads, ..Message::default() })
            }
            Some(pair) => {
                let payloads = vec![
                    association.clone(),
                    raw(payload::KE_V1, pair.public()),
                    raw(payload::NONCE_V1, nonce.as_slice()),
                    raw(payload::IDENTITY_V1, identity.as_slice()),
                    vendor,
                ];
                (State::Aggressive, Message { header: header(exchange::AGGRESSIVE), payloads, ..Message::default() })
            }
        };
        Ok(Self {
            config,
            addresses,
            cookies: [cookie, [0; 8]],
            nonce,
            association: association.body,
            identity,
            pair,
            hash: Hash::Sha1,
            keys: None,
            chain: None,
            quick: None,
            state,
            datagrams: vec![message.write()],
            seen: Observation::default(),
        })
    }

    /// What came of it.
    pub fn finish(self) -> Observation {
        self.seen
    }

    pub(super) fn stray(&mut self) -> Received {
        self.seen.passed.strays = self.seen.passed.strays.saturating_add(1);
        Received::Passed
    }

    pub(super) fn header(&self, exchange: u8, message_id: u32) -> Header {
        let [initiator_spi, responder_spi] = self.cookies;
        let flags = if message_id != 0 || self.state == State::Identity { flag::ENCRYPTION } else { 0 };
        Header { initiator_spi, responder_spi, version: Header::V1, exchange, flags, message_id }
    }

    /// Where the exchange that is under way ended.
    fn step(&mut self) -> &mut Step {
        match self.state {
            State::Proposal | State::Aggressive => &mut self.seen.proposal,
            State::KeyExchange => &mut self.seen.key_exchange,
            State::Identity => &mut self.seen.auth,
            State::Quick | State::Confirm | State::End | State::Done => &mut self.seen.child,
        }
    }

    /// Ends the exchange that is under way, and with it all.
    fn stop(&mut self, why: Step) -> Received {
        *self.step() = why;
        self.end();
        Received::Answer
    }

    /// A message without protection, of the first four.
    fn plain(&mut self, message: &Message) -> Received {
        let views: Vec<(&Payload, View)> =
            message.payloads.iter().filter_map(|one| one.view().ok().map(|view| (one, view))).collect();
        let error = views.iter().find_map(|(_, view)| match view {
            View::Notification(one) if notification::is_error(one.kind) => Some(one.kind),
            _ => None,
        });
        let own = match self.state {
            State::Aggressive => exchange::AGGRESSIVE,
            _ => exchange::IDENTITY_PROTECTION,
        };
        match (self.state, message.header.exchange, error) {
            (State::Proposal | State::Aggressive | State::KeyExchange, exchange::INFORMATIONAL_V1, Some(kind)) => {
                *self.step() = Step::Refused(kind);
                // Nothing is left of it that could be deleted.
                self.state = State::Done;
                Received::Answer
            }
            (State::Proposal | State::Aggressive, kind, _) if kind == own => {
                // What is sent back as it came has no responder's cookie.
                if message.header.responder_spi == [0; 8] {
                    return self.stray();
                }
                self.cookies[1] = message.header.responder_spi;
                match self.selected(message, &views) {
                    Ok(()) => Received::Answer,
                    Err(why) => self.stop(Step::Stopped(why)),
                }
            }
            (State::KeyExchange, kind, _) if kind == own => match self.exchanged(message) {
                Ok(()) => Received::Answer,
                Err(why) => self.stop(Step::Stopped(why)),
            },
            (_, exchange::INFORMATIONAL_V1, Some(kind)) => {
                self.seen.passed.unprotected = self.seen.passed.unprotected.or(Some(kind));
                Received::Passed
            }
            // The answer to a message before, once more.
            _ => self.stray(),
        }
    }

    /// The second message: the suite.
    fn selected(&mut self, message: &Message, views: &[(&Payload, View)]) -> Result<(), String> {
        let suite = views.iter().find_map(|(_, view)| match view {
            View::SecurityAssociation(one) => one.selected(),
            _ => None,
        });
        let suite =
            suite.ok_or_else(|| format!("it answers with the payloads {}, and selects no suite", names(message)))?;
        if !self.config.suites.contains(&suite) {
            return Err("it selects what was not offered".to_owned());
        }
        self.seen.selected = Some(suite);
        self.seen.proposal = Step::Done;
        self.seen.vendor_ids = views
            .iter()
            .filter_map(|(_, view)| if let View::VendorId(id) = view { Some(id.clone()) } else { None })
            .collect();
        if self.state == State::Aggressive {
            self.aggressive(message);
            return Ok(());
        }
        if self.config.until == Until::Proposal {
            self.end();
            return Ok(());
        }
        self.state = State::KeyExchange;
        let cannot = || "what was agreed on for phase 1 is not computed here".to_owned();
        self.hash = hash_of(suite.hash).ok_or_else(cannot)?;
        BlockCipher::new(suite.cipher, suite.key_length).ok_or_else(cannot)?;
        if self.config.shared_key.is_none() && self.config.certificate.is_none() {
            return Err("no pre-shared key is known here".to_owned());
        }
        let pair = key_pair(suite.group).map_err(|error| error.to_string())?;
        let mut payloads = vec![raw(payload::KE_V1, pair.public()), raw(payload::NONCE_V1, self.nonce.as_slice())];
        if self.config.certificate.is_some() {
            // Of any authority: what the responder would pick it by is judged here.
            payloads.push(raw(payload::CERTIFICATE_REQUEST_V1, [encoding::X509_SIGNATURE]));
        }
        if self.seen.vendor_ids.iter().any(|id| id.as_slice() == super::request::NAT_TRAVERSAL) {
            let [own, peer] = self.addresses;
            // Where the message goes stands first.
            for address in [peer, own] {
                payloads.push(raw(payload::NAT_D_V1, place(self.hash, self.cookies, address)));
            }
        }
        self.pair = Some(pair);
        let header = self.header(exchange::IDENTITY_PROTECTION, 0);
        self.datagrams = vec![Message { header, payloads, ..Message::default() }.write()];
        Ok(())
    }

    /// The keys of phase 1 from the responder's public value and nonce.
    fn agree(&self, message: &Message) -> Result<Phase1Keys, String> {
        let of = |number| message.of_type(number).next().map(|one| one.body.as_slice());
        let (Some(public), Some(nonce)) = (of(payload::KE_V1), of(payload::NONCE_V1)) else {
            return Err(format!("it answers with the payloads {}", names(message)));
        };
        if !NONCE.contains(&nonce.len()) {
            return Err(format!("its nonce has {} bytes", nonce.len()));
        }
        let cannot = || "what was agreed on for phase 1 is not computed here".to_owned();
        let (pair, suite) = self.pair.as_ref().zip(self.seen.selected).ok_or_else(cannot)?;
        let cipher = BlockCipher::new(suite.cipher, suite.key_length).ok_or_else(cannot)?;
        let hash = hash_of(suite.hash).ok_or_else(cannot)?;
        let shared_key = self.config.shared_key.as_ref().filter(|_| self.config.certificate.is_none());
        let secret = pair.agree(public).map_err(|error| error.to_string())?;
        let seed = Phase1Seed {
            shared_key: shared_key.map(|key| key.expose().as_slice()),
            secret: &secret,
            public: [pair.public(), public],
            nonces: [&self.nonce, nonce],
            cookies: self.cookies,
        };
        Ok(Phase1Keys::new(cipher, hash, seed))
    }

    /// The second message of aggressive mode: it proves by itself whether both have the same pre-shared key.
    fn aggressive(&mut self, message: &Message) {
        let of = |number| message.of_type(number).next().map(|one| one.body.as_slice());
        self.read_identity(of(payload::IDENTITY_V1));
        self.seen.auth = match (self.agree(message), of(payload::IDENTITY_V1), of(payload::HASH_V1)) {
            (Ok(keys), Some(identity), Some(proof)) => {
                let same = keys.proof(Role::Server, &self.association, identity).as_slice() == proof;
                self.seen.same_key = Some(same);
                Step::Done
            }
            (Ok(_), ..) => Step::Stopped("it does not prove who it is".to_owned()),
            (Err(why), ..) => Step::Stopped(why),
        };
        self.end();
    }

    fn read_identity(&mut self, body: Option<&[u8]>) {
        if let Some([kind, one, two, three, data @ ..]) = body
            && is_identity(*kind)
        {
            let reserved = [*one, *two, *three];
            self.seen.identity = Some(Identification { kind: *kind, reserved, data: data.to_vec() });
        }
    }

    /// The fourth message: the key exchange.
    fn exchanged(&mut self, message: &Message) -> Result<(), String> {
        let keys = self.agree(message)?;
        self.seen.nat = self.nat(message);
        self.seen.key_exchange = Step::Done;
        self.state = State::Identity;
        let proof = keys.proof(Role::Client, &self.association, &self.identity);
        let mut payloads = vec![raw(payload::IDENTITY_V1, self.identity.as_slice())];
        match &self.config.certificate {
            None => payloads.push(raw(payload::HASH_V1, proof.as_slice())),
            Some(own) => {
                let signed = own.key.sign_hash(&proof).ok_or_else(|| "its key is none of RSA".to_owned())?;
                let signature = signed.map_err(|error| error.to_string())?;
                payloads.extend(
                    own.chain.iter().map(|der| {
                        raw(payload::CERTIFICATE_V1, [&[encoding::X509_SIGNATURE], der.as_slice()].concat())
                    }),
                );
                payloads.push(raw(payload::SIGNATURE_V1, signature));
            }
        }
        let mut chain = keys.first_chain();
        let rest = keys.seal(&mut chain, &write_payloads(&payloads)).map_err(|error| error.to_string())?;
        let header = self.header(exchange::IDENTITY_PROTECTION, 0);
        self.datagrams = vec![Message { header, payloads: Vec::new(), next: payload::IDENTITY_V1, rest }.write()];
        self.chain = Some(chain);
        self.keys = Some(keys);
        Ok(())
    }

    fn nat(&self, message: &Message) -> Option<Nat> {
        let [own, peer] = self.addresses.map(|address| place(self.hash, self.cookies, address));
        let mut digests = message.of_type(payload::NAT_D_V1).map(|one| one.body.as_slice());
        let destination = digests.next()?;
        let mut sources = digests.peekable();
        sources.peek()?;
        Some(Nat { initiator: destination != own, responder: !sources.any(|digest| digest == peer) })
    }

    /// A message with protection.
    fn protected(&mut self, message: &Message) -> Received {
        let Some(keys) = self.keys.take() else { return self.stray() };
        let received = match (self.state, message.header.exchange) {
            (State::Identity, exchange::IDENTITY_PROTECTION) if message.header.message_id == 0 => {
                self.identified(&keys, message)
            }
            (State::Quick, exchange::QUICK_MODE) => self.quick_answer(&keys, message),
            (State::Identity | State::Quick | State::Confirm, exchange::INFORMATIONAL_V1) => {
                self.informed(&keys, message)
            }
            (State::Quick, exchange::TRANSACTION) => {
                self.seen.transaction = true;
                Received::Passed
            }
            _ => self.stray(),
        };
        self.keys = Some(keys);
        match (received, self.state, &self.seen.auth) {
            (Received::Answer, State::Identity, Step::Done) => self.begin_quick(),
            (Received::Answer, State::Identity, _) => self.end(),
            (Received::Answer, State::Quick, _) if self.seen.child == Step::Done => self.state = State::Confirm,
            (Received::Answer, State::Quick | State::Confirm, _) => self.end(),
            _ => {}
        }
        received
    }

    /// The sixth message: who the responder is.
    fn identified(&mut self, keys: &Phase1Keys, message: &Message) -> Received {
        let Some(chain) = &self.chain else { return Received::Passed };
        let read = keys.open(chain, &message.rest).ok().and_then(|(text, next)| {
            let payloads = read_padded_payloads(message.next, &text, MessageLimits::default()).ok()?;
            Some((payloads, next))
        });
        let of =
            |payloads: &[Payload], number| payloads.iter().find(|one| one.number == number).map(|one| one.body.clone());
        let number = if self.config.certificate.is_some() { payload::SIGNATURE_V1 } else { payload::HASH_V1 };
        let parts = read.and_then(|(payloads, next)| {
            let certificates = payloads.iter().filter(|one| one.number == payload::CERTIFICATE_V1);
            let of_x509 = |one: &Payload| match one.body.split_first() {
                Some((&encoding::X509_SIGNATURE, der)) => Some(der.to_vec()),
                _ => None,
            };
            let certificates: Vec<Vec<u8>> = certificates.filter_map(of_x509).collect();
            Some((of(&payloads, payload::IDENTITY_V1)?, of(&payloads, number)?, certificates, next))
        });
        let Some((identity, proof, certificates, next)) = parts else {
            self.seen.other_keys = self.seen.other_keys.saturating_add(1);
            return Received::Passed;
        };
        self.read_identity(Some(&identity));
        if self.config.certificate.is_some() {
            let hash = keys.proof(Role::Server, &self.association, &identity).to_vec();
            self.seen.certificates = certificates;
            self.seen.signature = Some([proof, hash]);
            self.chain = Some(next);
            self.seen.auth = Step::Done;
            return Received::Answer;
        }
        let same = keys.proof(Role::Server, &self.association, &identity).as_slice() == proof;
        self.seen.same_key = Some(same);
        self.chain = Some(next);
        self.seen.auth = match same {
            true => Step::Done,
            false => {
                Step::Stopped("its proof does not hold, though its message was made with the same keys".to_owned())
            }
        };
        Received::Answer
    }

    /// An informational message: a refusal, or that something is gone.
    fn informed(&mut self, keys: &Phase1Keys, message: &Message) -> Received {
        // What the responder chains it to depends on how far it read what it was sent.
        let chains = [self.chain.clone(), Some(keys.first_chain())];
        let later = chains.iter().flatten().map(|chain| keys.later_chain(chain, message.header.message_id));
        let opened = later.into_iter().find_map(|chain| self.open(keys, &chain, message, &[]));
        let Some((payloads, _)) = opened else {
            match self.state {
                State::Identity => self.seen.other_keys = self.seen.other_keys.saturating_add(1),
                _ => self.seen.passed.undecryptable = self.seen.passed.undecryptable.saturating_add(1),
            }
            return Received::Passed;
        };
        let error = payloads.iter().find_map(|one| match one.view() {
            Ok(View::Notification(one)) if notification::is_error(one.kind) => Some(one.kind),
            _ => None,
        });
        let gone = payloads.iter().any(|one| one.number == payload::DELETE_V1);
        match (self.state, error) {
            (State::Identity | State::Quick, Some(kind)) => {
                *self.step() = Step::Refused(kind);
                Received::Answer
            }
            (State::Identity | State::Quick, None) if gone => {
                *self.step() = Step::Stopped("it deletes the SA, and does not say why".to_owned());
                Received::Answer
            }
            (State::Confirm, _) if gone || error.is_some() => {
                self.seen.child = Step::Stopped("it deletes the tunnel that it has just agreed to".to_owned());
                Received::Answer
            }
            // Lifetimes and the like.
            _ => Received::Passed,
        }
    }

    /// Begins quick mode; where it cannot be, all ends.
    fn begin_quick(&mut self) {
        self.state = State::Quick;
        if let Err(why) = self.quick() {
            self.stop(Step::Stopped(why));
        }
    }

    /// Deletes what was set up, as far as there is something: the tunnel, then the SA of phase 1. Before there are keys, the
    /// responder is told that nothing comes of it.
    fn end(&mut self) {
        let had = std::mem::replace(&mut self.state, State::End);
        self.datagrams = match (&self.keys, &self.chain) {
            (Some(keys), Some(chain)) => {
                let mut datagrams = Vec::new();
                let child = self.quick.as_ref().filter(|_| self.seen.child_selected.is_some());
                let sas = child.map(|quick| (self.config.protocol, quick.spi.to_vec()));
                for (protocol, spi) in sas.into_iter().chain([(protocol::IKE, self.cookies.concat())]) {
                    datagrams.extend(self.deletion_of(keys, chain, protocol, &spi));
                }
                datagrams
            }
            _ if self.cookies[1] != [0; 8] => release(self.cookies).into_iter().collect(),
            _ => Vec::new(),
        };
        if self.datagrams.is_empty() || had == State::Done {
            self.state = State::Done;
        } else {
            self.seen.deletion = Deletion::Unconfirmed;
        }
    }

    fn deletion_of(&self, keys: &Phase1Keys, chain: &Chain, protocol: u8, spi: &[u8]) -> Option<Vec<u8>> {
        let message_id = random_id()?;
        let mut chain = keys.later_chain(chain, message_id);
        let payloads = vec![raw(payload::DELETE_V1, deletion(protocol, spi))];
        self.hashed(keys, &mut chain, exchange::INFORMATIONAL_V1, message_id, payloads).ok()
    }
}

impl Machine for Initiator {
    fn datagrams(&self) -> &[Vec<u8>] {
        if self.state == State::Done { &[] } else { &self.datagrams }
    }

    fn patience(&self) -> Patience {
        match self.state {
            State::Confirm | State::End | State::Done => Patience::NoAnswer,
            _ => Patience::Usual,
        }
    }

    fn is_ending(&self) -> bool {
        matches!(self.state, State::End | State::Done)
    }

    fn is_behind_nat(&self) -> bool {
        self.seen.nat.is_some_and(|nat| nat.initiator || nat.responder)
    }

    fn is_doubtful(&self) -> bool {
        let Observation { passed, other_keys, transaction, .. } = &self.seen;
        passed.unprotected.is_some() || *other_keys > 0 || passed.undecryptable > 0 || *transaction
    }

    fn receive(&mut self, datagram: &[u8]) -> Received {
        let message = match Message::parse(datagram, MessageLimits::default()) {
            Ok(message) => message,
            Err(error) => {
                self.seen.passed.broken = self.seen.passed.broken.take().or(Some(error));
                return Received::Passed;
            }
        };
        let Header { initiator_spi, responder_spi, flags, .. } = message.header;
        let [own, peer] = self.cookies;
        let is_ours = initiator_spi == own && (peer == [0; 8] || responder_spi == peer || responder_spi == [0; 8]);
        if message.header.major() != 1 || !is_ours || matches!(self.state, State::End | State::Done) {
            return self.stray();
        }
        if flags & flag::ENCRYPTION == 0 { self.plain(&message) } else { self.protected(&message) }
    }

    fn give_up(&mut self) {
        match self.state {
            State::End | State::Done => self.state = State::Done,
            State::Confirm => self.end(),
            _ => {
                *self.step() = Step::NoAnswer;
                self.end();
            }
        }
    }
}

fn names(message: &Message) -> String {
    let name = |one: &Payload| payload::name(one.number).map_or_else(|| one.number.to_string(), str::to_owned);
    message.payloads.iter().map(name).collect::<Vec<String>>().join(", ")
}
