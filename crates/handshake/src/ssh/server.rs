use std::sync::Arc;

use shakedown_crypto::kex::{self, Family, Group, MethodInfo, ServerExchange, method};
use shakedown_crypto::{CryptoError, PrivateHostKey, SharedSecret};
use shakedown_model::ssh::{GexRequest, SshOffer, key_type_of};
use shakedown_model::{Name, Phase, Role, Slot};
use shakedown_wire::WireError;
use shakedown_wire::ssh::{
    KexDhInit, KexDhReply, KexEcdhInit, KexEcdhReply, KexGexGroup, KexGexInit, KexGexReply, KexGexRequest,
    KexGexRequestOld, KexInit, Mpint, NewKeys, Packet, number,
};

use super::client::unsigned;
use super::exchange_hash::{ExchangeHash, GexSizes, MethodValues};
use super::proposal::{cookie, receive_kexinit};
use super::transport::Transport;
use super::{Event, Limits, guess_is_right, kexinit_from_offer, negotiate};

/// How a [`Server`] behaves.
#[derive(Clone)]
pub struct ServerConfig {
    /// The identification string, without line end.
    pub identification: Vec<u8>,
    /// What is offered. Names that are not implemented may be in it: agreeing on one ends the exchange.
    pub offer: SshOffer,
    /// The keys that are signed with; the first that fits the host key algorithm agreed on is taken.
    pub host_keys: Arc<[PrivateHostKey]>,
    /// How much is read.
    pub limits: Limits,
    /// Where only the client's offer is wanted: the words of the DISCONNECT that answers a KEXINIT in place of a key
    /// exchange. Lists without a name in common are answered by the failure, as ever.
    pub farewell: Option<String>,
}

impl ServerConfig {
    /// A server with default limits.
    pub fn new(identification: Vec<u8>, offer: SshOffer, host_keys: Arc<[PrivateHostKey]>) -> Self {
        Self { identification, offer, host_keys, limits: Limits::default(), farewell: None }
    }
}

/// The server's end of a key exchange. It negotiates by the plain rules, exchanges keys and signs, and is done with the
/// client's NEWKEYS; what follows is encrypted and of no interest here.
pub struct Server {
    transport: Transport,
    offer: SshOffer,
    host_keys: Arc<[PrivateHostKey]>,
    farewell: Option<String>,
    /// Our KEXINIT and its payload, once it is sent.
    ours: Option<(KexInit, Vec<u8>)>,
    /// The payload of the client's.
    theirs: Vec<u8>,
    state: State,
}

enum State {
    Kexinit,
    Init(Agreed),
    GexRequest(Agreed),
    GexInit { agreed: Agreed, sizes: GexSizes, group: &'static Group },
    NewKeys,
}

/// The part of the negotiation that the key exchange itself needs.
#[derive(Clone)]
struct Agreed {
    method: MethodInfo,
    host_key: Name,
    /// The place of the key in the list of keys.
    key: usize,
}

impl Server {
    /// A server at the beginning of a connection. Its identification string is ready to be sent.
    pub fn new(config: ServerConfig) -> Self {
        Self {
            transport: Transport::new(Role::Server, config.identification, config.limits),
            offer: config.offer,
            host_keys: config.host_keys,
            farewell: config.farewell,
            ours: None,
            theirs: Vec::new(),
            state: State::Kexinit,
        }
    }

    /// Takes bytes from the client. Nothing is done with those that come after [`Self::is_done`].
    pub fn receive(&mut self, bytes: &[u8]) {
        self.transport.receive(bytes);
        if self.ours.is_none() && self.phase() == Phase::Kexinit && !self.is_done() {
            self.send_kexinit();
        }
        while let Some(packet) = self.transport.next_packet() {
            match self.state {
                State::Kexinit => self.kexinit(&packet),
                State::Init(_) => self.init(&packet),
                State::GexRequest(_) => self.gex_request(&packet),
                State::GexInit { .. } => self.gex_init(&packet),
                State::NewKeys => self.new_keys(&packet),
            }
        }
    }

    /// The client has closed its end of the stream.
    pub fn end_of_stream(&mut self) {
        self.transport.end_of_stream();
    }

    /// The next bytes to send.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        self.transport.transmit()
    }

    /// The next thing seen.
    pub fn next_event(&mut self) -> Option<Event> {
        self.transport.next_event()
    }

    /// Whether there is nothing more to learn from this connection. Bytes may be left to send, and events to read.
    pub fn is_done(&self) -> bool {
        self.transport.is_done()
    }

    /// Where in the exchange the server is.
    pub fn phase(&self) -> Phase {
        self.transport.phase()
    }

    fn send_kexinit(&mut self) {
        let mut kexinit = kexinit_from_offer(&self.offer, cookie());
        // A server has nothing to send first in any method that is implemented, so there is no guess to announce.
        kexinit.first_kex_packet_follows = false;
        let payload = kexinit.write();
        self.transport.send(&payload);
        self.ours = Some((kexinit, payload));
    }

    fn kexinit(&mut self, packet: &Packet) {
        let Some(theirs) = receive_kexinit(&mut self.transport, packet) else { return };
        self.theirs.clone_from(&packet.payload);
        let Some((ours, _)) = &self.ours else { return };
        let guess_is_right = guess_is_right(&theirs, ours);
        let agreed = match negotiate(&theirs, ours) {
            Ok(agreed) => agreed,
            Err(slots) => {
                let slot = slots.first().copied().unwrap_or(Slot::Kex);
                return self.impossible(slot, format!("no matching {} found", slot.phrase()));
            }
        };
        if theirs.first_kex_packet_follows && !guess_is_right {
            self.transport.drop_next();
        }
        let (kex, host_key) = (agreed.kex.clone(), agreed.host_key.clone());
        self.transport.event(Event::Negotiated(Box::new(agreed)));
        if let Some(words) = &self.farewell {
            self.transport.send_disconnect(number::DISCONNECT_BY_APPLICATION, words);
            return self.transport.finish_silently();
        }
        let Some(method) = method(kex.as_str()) else {
            return self.impossible(Slot::Kex, format!("`{kex}` is not implemented here"));
        };
        let signs = |key: &PrivateHostKey| {
            key.key_type() == *key_type_of(host_key.as_str()) && key.algorithms().contains(&host_key)
        };
        let Some(key) = self.host_keys.iter().position(signs) else {
            return self.impossible(Slot::HostKey, format!("there is no key to sign with `{host_key}`"));
        };
        let agreed = Agreed { method, host_key, key };
        self.state = match method.family {
            Family::GroupExchange => State::GexRequest(agreed),
            _ => State::Init(agreed),
        };
    }

    /// RFC 4253 section 7.1: without a choice both sides disconnect.
    fn impossible(&mut self, slot: Slot, reason: String) {
        self.transport.send_disconnect(number::DISCONNECT_KEY_EXCHANGE_FAILED, &reason);
        self.transport.finish(Event::ExchangeImpossible { slot, reason });
    }

    fn init(&mut self, packet: &Packet) {
        let State::Init(agreed) = &self.state else { return };
        let agreed = agreed.clone();
        let finite = matches!(agreed.method.family, Family::FiniteField { .. });
        let client = match read_init(finite, &packet.payload) {
            Ok(client) => client,
            Err(error) => return self.transport.malformed(packet, &error),
        };
        let (server, secret) = match ServerExchange::respond(agreed.method.name, &client) {
            Ok(answer) => answer,
            Err(error) => return self.cannot(packet, &error),
        };
        let values = if finite {
            MethodValues::FiniteField { client: &client, server: &server }
        } else {
            MethodValues::Strings { client: &client, server: &server }
        };
        let Some((host_key, signature)) = self.sign(&agreed, values, &secret) else { return };
        let reply = if finite {
            KexDhReply { host_key, f: Mpint::from_unsigned(&server), signature }.write()
        } else {
            KexEcdhReply { host_key, public: server, signature }.write()
        };
        self.finish_exchange(&reply);
    }

    fn gex_request(&mut self, packet: &Packet) {
        let State::GexRequest(agreed) = &self.state else { return };
        let agreed = agreed.clone();
        let sizes = if packet.payload.first() == Some(&number::KEX_DH_GEX_REQUEST_OLD) {
            KexGexRequestOld::parse(&packet.payload).map(|request| GexSizes::Old(request.n))
        } else {
            KexGexRequest::parse(&packet.payload).map(GexSizes::Range)
        };
        let sizes = match sizes {
            Ok(sizes) => sizes,
            Err(error) => return self.transport.malformed(packet, &error),
        };
        let request = match sizes {
            // The old request has no bounds; these are OpenSSH's.
            GexSizes::Old(n) => GexRequest { minimum: 1024, preferred: Some(n), maximum: 8192 },
            GexSizes::Range(request) => {
                GexRequest { minimum: request.min, preferred: Some(request.n), maximum: request.max }
            }
        };
        self.transport.event(Event::GexRequest(request));
        let Some(group) = self.choose_group(request) else {
            self.transport.send_disconnect(number::DISCONNECT_PROTOCOL_ERROR, "no matching DH grp found");
            let (least, most) = (request.minimum, request.maximum);
            let reason = format!("there is no group between {least} and {most} bits");
            return self.transport.finish(Event::ExchangeImpossible { slot: Slot::Kex, reason });
        };
        let message =
            KexGexGroup { p: Mpint::from_unsigned(&group.modulus()), g: Mpint::from_unsigned(&group.generator()) };
        self.transport.send(&message.write());
        self.transport.event(Event::GexGroup { bits: group.bits });
        self.state = State::GexInit { agreed, sizes, group };
    }

    /// The smallest group in the range that is at least as large as preferred, else the largest in the range, among those
    /// that the offer says the server has.
    fn choose_group(&self, request: GexRequest) -> Option<&'static Group> {
        const NUMBERS: [u8; 6] = [1, 14, 15, 16, 17, 18];
        let has = |group: &&Group| self.offer.gex_sizes.complete().is_none_or(|sizes| sizes.contains(&group.bits));
        let in_range = |group: &&Group| (request.minimum..=request.maximum).contains(&group.bits);
        let mut groups = NUMBERS.into_iter().filter_map(kex::group).filter(has).filter(in_range);
        let preferred = request.preferred.unwrap_or(request.minimum);
        groups.clone().find(|group| group.bits >= preferred).or_else(|| groups.next_back())
    }

    fn gex_init(&mut self, packet: &Packet) {
        let State::GexInit { agreed, sizes, group } = &self.state else { return };
        let (agreed, sizes, p, g) = (agreed.clone(), *sizes, group.modulus(), group.generator());
        let client = KexGexInit::parse(&packet.payload).and_then(|init| unsigned(&init.e, "KEX_DH_GEX_INIT.e"));
        let client = match client {
            Ok(client) => client,
            Err(error) => return self.transport.malformed(packet, &error),
        };
        let (server, secret) = match ServerExchange::respond_group(&p, &g, &client) {
            Ok(answer) => answer,
            Err(error) => return self.cannot(packet, &error),
        };
        let values = MethodValues::GroupExchange { sizes, p: &p, g: &g, client: &client, server: &server };
        let Some((host_key, signature)) = self.sign(&agreed, values, &secret) else { return };
        self.finish_exchange(&KexGexReply { host_key, f: Mpint::from_unsigned(&server), signature }.write());
    }

    /// A failure of the computation: the client's doing where its value is wrong, else our own.
    fn cannot(&mut self, packet: &Packet, error: &CryptoError) {
        if matches!(error, CryptoError::PublicValue { .. }) {
            self.transport.send_disconnect(number::DISCONNECT_KEY_EXCHANGE_FAILED, "the public value is wrong");
            self.transport.malformed_message(packet, error.to_string());
        } else {
            self.impossible(Slot::Kex, error.to_string());
        }
    }

    fn sign(&mut self, agreed: &Agreed, values: MethodValues<'_>, secret: &SharedSecret) -> Option<(Vec<u8>, Vec<u8>)> {
        let key = self.host_keys.get(agreed.key)?;
        let host_key = key.public_blob().to_vec();
        let hash = ExchangeHash {
            client_identification: self.transport.peer_identification(),
            server_identification: self.transport.identification(),
            client_kexinit: &self.theirs,
            server_kexinit: self.ours.as_ref().map(|(_, payload)| payload.as_slice()).unwrap_or_default(),
            host_key: &host_key,
            values,
        };
        let hash = hash.digest(agreed.method.hash, secret);
        match key.sign(agreed.host_key.as_str(), &hash) {
            Ok(signature) => Some((host_key, signature)),
            Err(error) => {
                self.impossible(Slot::HostKey, error.to_string());
                None
            }
        }
    }

    fn finish_exchange(&mut self, reply: &[u8]) {
        self.transport.send(reply);
        self.transport.send(&NewKeys.write());
        self.state = State::NewKeys;
    }

    fn new_keys(&mut self, packet: &Packet) {
        match NewKeys::parse(&packet.payload) {
            Ok(NewKeys) => {
                self.transport.set_phase(Phase::Service);
                self.transport.finish(Event::NewKeys);
            }
            Err(error) => self.transport.malformed(packet, &error),
        }
    }
}

fn read_init(finite: bool, payload: &[u8]) -> Result<Vec<u8>, WireError> {
    if finite {
        KexDhInit::parse(payload).and_then(|init| unsigned(&init.e, "KEXDH_INIT.e"))
    } else {
        KexEcdhInit::parse(payload).map(|init| init.public)
    }
}
