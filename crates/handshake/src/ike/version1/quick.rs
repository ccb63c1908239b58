//! Quick mode, RFC 2409 section 5.5.

use shakedown_crypto::CryptoError;
use shakedown_crypto::ike::KeyPair;
use shakedown_crypto::ike::version1::{Chain, Phase1Keys};
use shakedown_wire::ike::number::{exchange, payload};
use shakedown_wire::ike::{
    Encapsulation, Identification, Message, MessageLimits, Payload, Phase2Suite, SecurityAssociation, View,
    read_padded_payloads, write_payloads,
};

use super::super::initiator::{Received, key_pair};
use super::super::observation::Step;
use super::initiator::Initiator;
use super::observation::PhaseTwo;
use super::request::{CHILD_LIFETIME, raw, selector_identity};

/// A quick mode that is under way.
pub(super) struct Quick {
    pub(super) message_id: u32,
    chain: Chain,
    nonce: Vec<u8>,
    pub(super) spi: [u8; 4],
    pair: Option<KeyPair>,
}

impl Initiator {
    /// Payloads of an encrypted message after phase 1 that prove, by their hash, that they are the responder's.
    pub(super) fn open(
        &self,
        keys: &Phase1Keys,
        chain: &Chain,
        message: &Message,
        before: &[&[u8]],
    ) -> Option<(Vec<Payload>, Chain)> {
        let (text, next) = keys.open(chain, &message.rest).ok()?;
        let payloads = read_padded_payloads(message.next, &text, MessageLimits::default()).ok()?;
        let (hash, rest) = payloads.split_first()?;
        let body = write_payloads(rest);
        let id = message.header.message_id.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![&id];
        parts.extend(before);
        parts.push(&body);
        let holds = hash.number == payload::HASH_V1 && keys.hash(&parts).as_slice() == hash.body;
        holds.then(|| (rest.to_vec(), next))
    }

    /// Makes its first message.
    pub(super) fn quick(&mut self) -> Result<(), String> {
        let (Some(keys), Some(chain)) = (&self.keys, &self.chain) else { return Ok(()) };
        let library = |error: CryptoError| error.to_string();
        let (mut id, mut spi, mut nonce) = ([0; 4], [0; 4], vec![0; 32]);
        shakedown_crypto::random(&mut id).map_err(library)?;
        shakedown_crypto::random(&mut spi).map_err(library)?;
        shakedown_crypto::random(&mut nonce).map_err(library)?;
        let message_id = u32::from_be_bytes(id) | 1;
        // The lowest values are reserved (RFC 4303 section 2.1).
        let [first, ..] = &mut spi;
        *first |= 0xc0;
        let group = self.config.child.iter().find_map(|suite| suite.group);
        let pair = group.map(key_pair).transpose().map_err(library)?;
        let udp = self.seen.nat.is_some_and(|nat| nat.initiator || nat.responder);
        let encapsulation = Encapsulation { transport: self.config.transport, udp };
        let numbered = (1..=u8::MAX).zip(&self.config.child);
        let transforms = numbered.map(|(number, suite)| suite.transform(number, encapsulation, CHILD_LIFETIME));
        let association = SecurityAssociation::one(self.config.protocol, spi.to_vec(), transforms.collect());
        let mut payloads = vec![
            Payload::new(payload::SA_V1, &View::SecurityAssociation(association)),
            raw(payload::NONCE_V1, nonce.as_slice()),
        ];
        payloads.extend(pair.as_ref().map(|pair| raw(payload::KE_V1, pair.public())));
        for selector in &self.config.traffic {
            let one = selector_identity(selector).ok_or("the traffic selectors cannot be said in IKEv1")?;
            payloads.push(raw(payload::IDENTITY_V1, View::Identification(one).write()));
        }
        let mut chain = keys.later_chain(chain, message_id);
        let datagram = self.hashed(keys, &mut chain, exchange::QUICK_MODE, message_id, payloads).map_err(library)?;
        self.datagrams = vec![datagram];
        self.quick = Some(Quick { message_id, chain, nonce, spi, pair });
        Ok(())
    }

    /// A message after phase 1, with its hash.
    pub(super) fn hashed(
        &self,
        keys: &Phase1Keys,
        chain: &mut Chain,
        exchange: u8,
        message_id: u32,
        mut payloads: Vec<Payload>,
    ) -> Result<Vec<u8>, CryptoError> {
        let hash = keys.hash(&[&message_id.to_be_bytes(), &write_payloads(&payloads)]);
        payloads.insert(0, raw(payload::HASH_V1, hash.as_slice()));
        let rest = keys.seal(chain, &write_payloads(&payloads))?;
        let header = self.header(exchange, message_id);
        Ok(Message { header, payloads: Vec::new(), next: payload::HASH_V1, rest }.write())
    }

    /// The second message of quick mode.
    pub(super) fn quick_answer(&mut self, keys: &Phase1Keys, message: &Message) -> Received {
        let Some(quick) = &self.quick else { return Received::Passed };
        if message.header.message_id != quick.message_id {
            return self.stray();
        }
        let Some((payloads, next)) = self.open(keys, &quick.chain, message, &[&quick.nonce]) else {
            self.seen.passed.undecryptable = self.seen.passed.undecryptable.saturating_add(1);
            return Received::Passed;
        };
        let own_pair = quick.pair.is_some();
        let (mut association, mut nonce, mut key, mut traffic) = (None, None, false, Vec::new());
        for one in &payloads {
            match (one.number, one.view()) {
                (_, Ok(View::SecurityAssociation(sent))) => association = Some(sent),
                (payload::NONCE_V1, Ok(View::Nonce(sent))) => nonce = Some(sent),
                (payload::KE_V1, _) => key = true,
                (payload::IDENTITY_V1, _) => traffic.extend(traffic_of(&one.body)),
                _ => {}
            }
        }
        let selected = association.as_ref().and_then(|all| match all.proposals.as_slice() {
            [one] => {
                Some((one.protocol, Phase2Suite::of(one.transforms.first()?))).filter(|_| one.transforms.len() == 1)
            }
            _ => None,
        });
        let (Some((protocol, suite)), Some(nonce)) = (selected, nonce) else {
            self.seen.child = Step::Stopped("its answer to quick mode selects no suite".to_owned());
            return Received::Answer;
        };
        self.seen.child_selected = Some(PhaseTwo { protocol, suite, traffic: traffic.try_into().ok() });
        let offered = protocol == self.config.protocol && self.config.child.contains(&suite);
        self.seen.child = match (offered, own_pair == key) {
            (false, _) => Step::Stopped("it selects what was not offered".to_owned()),
            (true, false) => Step::Stopped("its answer to quick mode has no key exchange, or one too many".to_owned()),
            (true, true) => Step::Done,
        };
        if let Some(quick) = &mut self.quick {
            quick.chain = next;
            // HASH(3), RFC 2409 section 5.5.
            let hash = keys.hash(&[&[0], &quick.message_id.to_be_bytes(), &quick.nonce, &nonce]);
            let body = write_payloads(&[raw(payload::HASH_V1, hash.as_slice())]);
            if let Ok(rest) = keys.seal(&mut quick.chain, &body) {
                let header = self.header(exchange::QUICK_MODE, message.header.message_id);
                self.datagrams = vec![Message { header, payloads: Vec::new(), next: payload::HASH_V1, rest }.write()];
            }
        }
        Received::Answer
    }
}

/// Traffic in an identification payload.
fn traffic_of(body: &[u8]) -> Option<Identification> {
    match body {
        [kind, one, two, three, data @ ..] => {
            Some(Identification { kind: *kind, reserved: [*one, *two, *three], data: data.to_vec() })
        }
        _ => None,
    }
}
