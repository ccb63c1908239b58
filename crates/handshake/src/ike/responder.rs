use std::net::SocketAddr;

use shakedown_crypto::CryptoError;
use shakedown_crypto::ike::{IkeKeys, KeyPair, Seed, public_value};
use shakedown_model::Role;
use shakedown_wire::ike::number::{exchange, flag, notify, payload, protocol, transform};
use shakedown_wire::ike::{
    Delete, Header, KeyExchange, Message, Notify, Payload, Phase1Suite, Proposal, SecurityAssociation, Transform,
    TransformV1, View,
};

use super::admit::{self, Admission, AuthRequest, Entered, Exchanged};
use super::envelope::{Fragments, Opened, seal};
use super::initiator::{place, suite};
use super::request::{HASHES, notify_payload};
use super::version1::{self, Keeper};

/// What a responder makes of an initiator's proposals. The rules are the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This one of IKEv2, with one transform a type, under the number that the initiator gave it.
    Select(Proposal<Transform>),
    /// This one of IKEv1, with one transform.
    SelectV1(Proposal<TransformV1>),
    /// NO_PROPOSAL_CHOSEN.
    Refuse,
}

/// How far an initiator came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Nothing of what it proposed was chosen.
    Refused,
    /// It was asked for a public value of another group, with this number.
    AskedForGroup(u16),
    /// IKE_SA_INIT is done, or of IKEv1 the proposals are chosen, or keys exchanged.
    Chosen,
    /// The same, but nothing after it can be read here, for this reason.
    ChosenOnly(String),
    /// It tried to prove itself, and was told AUTHENTICATION_FAILED, for this reason.
    AuthenticationRefused(String),
    /// It proved itself.
    Entered(Box<Entered>),
    /// Of IKEv1: this end proved itself to it, and it deleted the SA.
    Left,
    /// What it sent does not begin an exchange that is answered.
    Unanswered(String),
}

/// A responder to one initiator, from its first message on: IKE_SA_INIT and IKE_AUTH as the caller decides (RFC 7296
/// sections 1.2 and 2.21.2), and what ends them. Of IKEv1 main mode with a pre-shared key and one quick mode, as a [`Keeper`]
/// decides.
pub struct Responder {
    /// The first message of the initiator, as it came, and the answer.
    request: Vec<u8>,
    reply: Vec<u8>,
    header: Header,
    keys: Option<IkeKeys>,
    /// The nonces of the initiator and of this end.
    nonces: [Vec<u8>; 2],
    fragments: Fragments,
    /// The number of the last request that was answered, and the answer, which is repeated.
    answered: (u32, Vec<Vec<u8>>),
    /// What it said in IKE_AUTH.
    auth: Option<Box<AuthRequest>>,
    reached: Reached,
    /// What goes on with main mode.
    old: Option<Box<version1::Responder>>,
}

impl Responder {
    /// Answers the first message, which `bytes` are the whole of, between these addresses (this end's first).
    ///
    /// # Errors
    /// The random source or the library fails.
    pub fn new(
        message: &Message,
        bytes: &[u8],
        decision: Decision,
        addresses: [SocketAddr; 2],
    ) -> Result<Self, CryptoError> {
        let mut spi = [0; 8];
        shakedown_crypto::random(&mut spi)?;
        let [first, ..] = &mut spi;
        *first |= 1;
        let header = Header { responder_spi: spi, flags: flag::RESPONSE, ..message.header };
        let mut responder = Self {
            request: bytes.to_vec(),
            reply: Vec::new(),
            header,
            keys: None,
            nonces: [Vec::new(), Vec::new()],
            fragments: Fragments::default(),
            answered: (0, Vec::new()),
            auth: None,
            reached: Reached::Refused,
            old: None,
        };
        match decision {
            Decision::Refuse => responder.refuse(message),
            Decision::Select(proposal) => responder.sa_init(message, proposal, addresses)?,
            Decision::SelectV1(proposal) => responder.main_mode(message, proposal, addresses),
        }
        Ok(responder)
    }

    /// The answer to the first message; nothing where it is not answered.
    pub fn reply(&self) -> &[u8] {
        &self.reply
    }

    /// Whether these bytes are the first message again, whose answer did not arrive.
    pub fn is_repeated(&self, bytes: &[u8]) -> bool {
        self.request == bytes
    }

    /// The SPIs of both ends.
    pub fn spis(&self) -> ([u8; 8], [u8; 8]) {
        (self.header.initiator_spi, self.header.responder_spi)
    }

    /// How far it came.
    pub fn reached(&self) -> &Reached {
        self.old.as_ref().map_or(&self.reached, |old| &old.reached)
    }

    /// Whether it came as far as it will: nothing more is waited for that would change [`Self::reached`].
    pub fn is_over(&self) -> bool {
        match (&self.old, &self.reached) {
            (Some(old), _) => old.is_over(),
            (None, reached) => {
                matches!(reached, Reached::Refused | Reached::AuthenticationRefused(_) | Reached::Entered(_))
            }
        }
    }

    /// What it said in IKE_AUTH, or of IKEv1 in main mode and quick mode, where it came so far.
    pub fn auth(&self) -> Option<&AuthRequest> {
        match &self.old {
            Some(old) => (old.auth != AuthRequest::default()).then_some(&old.auth),
            None => self.auth.as_deref(),
        }
    }

    /// Reads a later message of an initiator of IKEv1, and gives the datagrams to answer with, as `keeper` decides.
    ///
    /// # Errors
    /// The random source or the library fails.
    pub fn receive_version_1(
        &mut self,
        message: &Message,
        bytes: &[u8],
        keeper: &dyn Keeper,
    ) -> Result<Vec<Vec<u8>>, CryptoError> {
        match &mut self.old {
            Some(old) => old.receive(message, bytes, keeper),
            None => Ok(Vec::new()),
        }
    }

    /// Reads a later message of the initiator, and gives the datagrams to answer with. `admit` decides what becomes of
    /// IKE_AUTH.
    ///
    /// # Errors
    /// The random source or the library fails.
    pub fn receive(
        &mut self,
        message: &Message,
        bytes: &[u8],
        admit: &dyn Fn(&AuthRequest) -> Admission,
    ) -> Result<Vec<Vec<u8>>, CryptoError> {
        let header = &message.header;
        let Some(keys) = &self.keys else { return Ok(Vec::new()) };
        let (last, answer) = &self.answered;
        if header.is_response() {
            return Ok(Vec::new());
        }
        if header.message_id == *last && !answer.is_empty() {
            return Ok(answer.clone());
        }
        let is_first = *last == 0;
        let due = match header.exchange {
            exchange::IKE_AUTH => is_first,
            exchange::INFORMATIONAL | exchange::CREATE_CHILD_SA => matches!(self.reached, Reached::Entered(_)),
            _ => false,
        };
        if !due || Some(header.message_id) != last.checked_add(1) {
            return Ok(Vec::new());
        }
        let Opened::Whole(payloads) = self.fragments.open(keys.of(Role::Client), message, bytes) else {
            return Ok(Vec::new());
        };
        self.fragments = Fragments::default();
        let answer = match header.exchange {
            exchange::IKE_AUTH => {
                let mut spi = [0; 4];
                shakedown_crypto::random(&mut spi)?;
                // The lowest values are reserved (RFC 4303 section 2.1).
                let [first, ..] = &mut spi;
                *first |= 0xc0;
                let (request, identity, proof) = admit::read(&payloads);
                let [theirs, ours] = &self.nonces;
                let exchanged =
                    Exchanged { keys, messages: [&self.request, &self.reply], nonces: [theirs.as_slice(), ours] };
                let judged = admit::answer(admit(&request), &request, &identity, &proof, &exchanged, spi);
                self.auth = Some(Box::new(request));
                match judged {
                    Ok((payloads, entered)) => {
                        self.reached = Reached::Entered(Box::new(entered));
                        payloads
                    }
                    Err(why) => {
                        self.reached = Reached::AuthenticationRefused(why);
                        vec![admit::refusal()]
                    }
                }
            }
            exchange::CREATE_CHILD_SA => vec![notify_payload(Notify::new(notify::NO_ADDITIONAL_SAS, Vec::new()))],
            _ => self.ended(&payloads),
        };
        let header = Header { exchange: header.exchange, message_id: header.message_id, ..self.header };
        let sealed = seal(keys.of(Role::Server), header, &answer, false)?;
        self.answered = (header.message_id, sealed.clone());
        Ok(sealed)
    }

    /// The answer to what deletes the CHILD SA: that its other half is deleted too (RFC 7296 section 1.4.1).
    fn ended(&self, payloads: &[Payload]) -> Vec<Payload> {
        let Reached::Entered(entered) = &self.reached else { return Vec::new() };
        let deletes = payloads.iter().any(|one| match one.view() {
            Ok(View::Delete(delete)) => delete.protocol != protocol::IKE,
            _ => false,
        });
        match &entered.child {
            Some(Ok(child)) if deletes => {
                let [_, own] = &child.spis;
                let spi_size = u8::try_from(own.len()).unwrap_or_default();
                let delete = Delete { protocol: child.proposal.protocol, spi_size, count: 1, spis: own.clone() };
                vec![Payload::new(payload::DELETE, &View::Delete(delete))]
            }
            _ => Vec::new(),
        }
    }

    fn refuse(&mut self, message: &Message) {
        let header = &message.header;
        self.reply = refusal(header);
    }

    fn sa_init(
        &mut self,
        message: &Message,
        proposal: Proposal<Transform>,
        addresses: [SocketAddr; 2],
    ) -> Result<(), CryptoError> {
        let views: Vec<View> = message.payloads.iter().filter_map(|payload| payload.view().ok()).collect();
        let key = views.iter().find_map(|view| if let View::KeyExchange(key) = view { Some(key) } else { None });
        let nonce = views.iter().find_map(|view| if let View::Nonce(nonce) = view { Some(nonce) } else { None });
        let group = proposal.transforms.iter().find(|one| one.kind == transform::KEY_EXCHANGE).map(|one| one.id);
        let (Some(group), Some(nonce)) = (group, nonce) else {
            self.refuse(message);
            return Ok(());
        };
        let Some(key) = key.filter(|key| key.group == group) else {
            // RFC 7296 section 1.3.
            let asked = Notify::new(notify::INVALID_KE_PAYLOAD, group.to_be_bytes().to_vec());
            let header = Header { responder_spi: [0; 8], ..self.header };
            self.reply = Message { header, payloads: vec![notify_payload(asked)], ..Message::default() }.write();
            self.reached = Reached::AskedForGroup(group);
            return Ok(());
        };
        let mut own_nonce = vec![0; 32];
        shakedown_crypto::random(&mut own_nonce)?;
        let pair = KeyPair::generate(group)?;
        let public = match &pair {
            Some(pair) => pair.public().to_vec(),
            None => match public_value(group)? {
                Some(value) => value,
                None => {
                    let why = format!("a public value of group {group} is not made here");
                    self.reached = Reached::Unanswered(why);
                    return Ok(());
                }
            },
        };
        let secret = pair.map(|pair| pair.agree(&key.data));
        let (initiator_spi, responder_spi) = self.spis();
        self.reached = match (secret, suite(&proposal)) {
            (Some(Ok(secret)), Some(suite)) => {
                let seed = Seed { initiator_nonce: nonce, responder_nonce: &own_nonce, initiator_spi, responder_spi };
                self.keys = Some(IkeKeys::derive(suite, &secret, seed));
                self.nonces = [nonce.clone(), own_nonce.clone()];
                Reached::Chosen
            }
            (Some(Err(error)), _) => {
                // charon passes over a message whose public value is wrong.
                self.reached = Reached::Unanswered(error.to_string());
                return Ok(());
            }
            (None, _) => Reached::ChosenOnly(format!("group {group} is not computed in here")),
            (_, None) => Reached::ChosenOnly("the suite is not computed here".to_owned()),
        };
        let [own, peer] = addresses.map(|address| place(initiator_spi, responder_spi, address));
        let answer = KeyExchange { group, reserved: 0, data: public };
        let mut payloads = vec![
            Payload::new(payload::SA, &View::Proposals(vec![proposal])),
            Payload::new(payload::KE, &View::KeyExchange(answer)),
            Payload::new(payload::NONCE, &View::Nonce(own_nonce)),
        ];
        let sent = |kind: u16| views.iter().any(|view| matches!(view, View::Notify(one) if one.kind == kind));
        for (kind, asked_by, data) in [
            (notify::NAT_DETECTION_SOURCE_IP, notify::NAT_DETECTION_SOURCE_IP, own),
            (notify::NAT_DETECTION_DESTINATION_IP, notify::NAT_DETECTION_SOURCE_IP, peer),
            (notify::FRAGMENTATION_SUPPORTED, notify::FRAGMENTATION_SUPPORTED, Vec::new()),
            (notify::SIGNATURE_HASH_ALGORITHMS, notify::SIGNATURE_HASH_ALGORITHMS, HASHES.to_vec()),
        ] {
            let is_place = asked_by == notify::NAT_DETECTION_SOURCE_IP;
            if sent(asked_by) && (!is_place || has_place(addresses)) {
                payloads.push(notify_payload(Notify::new(kind, data)));
            }
        }
        self.reply = Message { header: self.header, payloads, ..Message::default() }.write();
        Ok(())
    }

    /// The second message of main mode, RFC 2409 section 5.
    fn main_mode(&mut self, message: &Message, proposal: Proposal<TransformV1>, addresses: [SocketAddr; 2]) {
        if message.header.exchange != exchange::IDENTITY_PROTECTION {
            self.reached = Reached::Unanswered("only main mode of IKEv1 is answered".to_owned());
            return;
        }
        let suite = proposal.transforms.first().and_then(Phase1Suite::of);
        let association = SecurityAssociation { doi: 1, situation: 1, proposals: vec![proposal] };
        let header = Header { flags: 0, ..self.header };
        let mut payloads = vec![Payload::new(payload::SA_V1, &View::SecurityAssociation(association))];
        let is_nat = |one: &Payload| one.body == version1::NAT_TRAVERSAL;
        let finds_nat = message.of_type(payload::VENDOR_ID_V1).any(is_nat) && has_place(addresses);
        if finds_nat {
            payloads.push(Payload {
                number: payload::VENDOR_ID_V1,
                reserved: 0,
                body: version1::NAT_TRAVERSAL.to_vec(),
            });
        }
        self.reply = Message { header, payloads, ..Message::default() }.write();
        let unread = || "one of its attributes is not known here".to_owned();
        let old = suite.ok_or_else(unread);
        match old.and_then(|suite| version1::Responder::new(message, suite, &header, addresses, finds_nat)) {
            Ok(old) => self.old = Some(Box::new(old)),
            Err(why) => self.reached = Reached::ChosenOnly(why),
        }
    }
}

/// Whether this end knows its own address, by which a NAT is found.
fn has_place([own, _]: [SocketAddr; 2]) -> bool {
    !own.ip().is_unspecified()
}

/// That nothing of it is chosen, RFC 7296 section 2.7 and RFC 2408 section 5.4.
pub fn refusal(header: &Header) -> Vec<u8> {
    use shakedown_wire::ike::Notification;
    use shakedown_wire::ike::number::notification;
    let (exchange, flags, payload) = if header.major() == 1 {
        let spi = [header.initiator_spi, header.responder_spi].concat();
        let kind = notification::NO_PROPOSAL_CHOSEN;
        let notification = Notification { doi: 1, protocol: protocol::IKE, spi, kind, data: Vec::new() };
        let payload = Payload::new(payload::NOTIFICATION_V1, &View::Notification(notification));
        (exchange::INFORMATIONAL_V1, 0, payload)
    } else {
        let notify = Notify::new(notify::NO_PROPOSAL_CHOSEN, Vec::new());
        (exchange::IKE_SA_INIT, flag::RESPONSE, notify_payload(notify))
    };
    let header = Header { exchange, flags, ..*header };
    Message { header, payloads: vec![payload], ..Message::default() }.write()
}
