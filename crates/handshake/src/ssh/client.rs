use shakedown_crypto::kex::{ClientExchange, Family, MethodInfo, method};
use shakedown_crypto::{CryptoError, SharedSecret, signature};
use shakedown_model::ssh::{GexRequest, SignatureCheck, SshOffer};
use shakedown_model::{Name, Phase, Role, Slot};
use shakedown_wire::ssh::{
    KexDhInit, KexDhReply, KexEcdhInit, KexEcdhReply, KexGexGroup, KexGexInit, KexGexReply, KexGexRequest, KexInit,
    Mpint, NewKeys, Packet, number,
};
use shakedown_wire::{WireError, WireErrorKind};

use super::exchange_hash::{ExchangeHash, GexSizes, MethodValues};
use super::proposal::{cookie, host_key, implemented, propose, receive_kexinit};
use super::transport::Transport;
use super::{Event, Limits, Negotiated, guess_is_right, kexinit_from_offer, negotiate};

/// What a client wants to learn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Read the server's KEXINIT and no more.
    ReadOffer,
    /// Read the server's KEXINIT, then answer with one that lists these, and exchange keys up to the server's NEWKEYS:
    /// one connection gives the whole offer, a host key and the proof that the server holds it.
    Exchange {
        /// Key exchange methods by preference, of which those that are implemented are proposed; empty for all of these.
        kex: Vec<Name>,
        /// Host key algorithms by preference; empty for the server's own list.
        host_key: Vec<Name>,
    },
    /// Send this KEXINIT, whatever the server offers, and exchange keys up to the server's NEWKEYS, as the client would whose
    /// offer it is. No guess is sent along.
    Offer(Box<SshOffer>),
    /// Ask for a group of this size (in bits, RFC 4419 section 3) and stop when it comes.
    Gex {
        /// Smallest.
        minimum: u32,
        /// Preferred.
        preferred: u32,
        /// Largest.
        maximum: u32,
    },
}

/// How a [`Client`] behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The identification string, without line end.
    pub identification: Vec<u8>,
    /// What to learn.
    pub strategy: Strategy,
    /// What to ask for where [`Strategy::Exchange`] agrees on a group exchange.
    pub gex: GexRequest,
    /// How much is read.
    pub limits: Limits,
}

impl ClientConfig {
    /// The identification string of this program.
    pub const IDENTIFICATION: &'static str = concat!("SSH-2.0-shakedown_", env!("CARGO_PKG_VERSION"));

    /// This strategy with this program's identification string, the smallest group that servers still give (1024 bits)
    /// and default limits.
    pub fn new(strategy: Strategy) -> Self {
        Self {
            identification: Self::IDENTIFICATION.as_bytes().to_vec(),
            strategy,
            gex: GexRequest { minimum: 1024, preferred: Some(2048), maximum: 8192 },
            limits: Limits::default(),
        }
    }
}

/// The client's end of a key exchange.
pub struct Client {
    transport: Transport,
    strategy: Strategy,
    gex: KexGexRequest,
    /// Whether the size that is preferred follows from what is agreed on.
    by_strength: bool,
    /// Our KEXINIT and its payload, once it is sent.
    ours: Option<(KexInit, Vec<u8>)>,
    /// The payload of the server's.
    theirs: Vec<u8>,
    state: State,
}

enum State {
    Kexinit,
    Group(Agreed),
    Reply { agreed: Agreed, exchange: ClientExchange, group: Option<(Vec<u8>, Vec<u8>)> },
    NewKeys,
}

/// The part of the negotiation that the key exchange itself needs.
#[derive(Clone)]
struct Agreed {
    method: MethodInfo,
    host_key: Name,
}

/// The fields of the three kinds of reply, and their names.
struct Reply {
    host_key: Vec<u8>,
    public: Vec<u8>,
    signature: Vec<u8>,
}

impl Client {
    /// A client at the beginning of a connection. Its identification string is ready to be sent.
    pub fn new(config: ClientConfig) -> Self {
        let gex = match &config.strategy {
            Strategy::Gex { minimum, preferred, maximum } => {
                GexRequest { minimum: *minimum, preferred: Some(*preferred), maximum: *maximum }
            }
            Strategy::Offer(offer) => offer.gex_request.unwrap_or(config.gex),
            _ => config.gex,
        };
        let by_strength = gex.preferred.is_none();
        let preferred = gex.preferred.unwrap_or(gex.minimum);
        Self {
            transport: Transport::new(Role::Client, config.identification, config.limits),
            strategy: config.strategy,
            gex: KexGexRequest { min: gex.minimum, n: preferred, max: gex.maximum },
            by_strength,
            ours: None,
            theirs: Vec::new(),
            state: State::Kexinit,
        }
    }

    /// Takes bytes from the server. Nothing is done with those that come after [`Self::is_done`].
    pub fn receive(&mut self, bytes: &[u8]) {
        self.transport.receive(bytes);
        self.advance();
    }

    /// The server has closed its end of the stream.
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

    /// Where in the exchange the client is.
    pub fn phase(&self) -> Phase {
        self.transport.phase()
    }

    /// Sends our KEXINIT without waiting for the server's: for servers that wait for the client's. Does nothing before
    /// the server has identified itself, or when it was sent before.
    pub fn propose(&mut self) {
        if self.ours.is_none() && !self.is_done() && self.phase() == Phase::Kexinit {
            let kexinit = self.proposal(None);
            self.send_kexinit(kexinit);
        }
    }

    /// Tells the server that the connection ends by intention, so that its log does not read like a fault. To be called
    /// once the client is done.
    pub fn disconnect(&mut self) {
        if !self.transport.peer_identification().is_empty() {
            self.transport.send_disconnect(number::DISCONNECT_BY_APPLICATION, "");
        }
    }

    fn advance(&mut self) {
        while let Some(packet) = self.transport.next_packet() {
            match self.state {
                State::Kexinit => self.kexinit(&packet),
                State::Group(_) => self.group(&packet),
                State::Reply { .. } => self.reply(&packet),
                State::NewKeys => self.new_keys(&packet),
            }
        }
    }

    fn proposal(&self, server: Option<&KexInit>) -> KexInit {
        match &self.strategy {
            Strategy::ReadOffer => propose(implemented(&[]), &[], server),
            Strategy::Exchange { kex, host_key } => propose(implemented(kex), host_key, server),
            Strategy::Offer(offer) => {
                let kexinit = kexinit_from_offer(offer, cookie());
                KexInit { first_kex_packet_follows: false, ..kexinit }
            }
            Strategy::Gex { .. } => {
                let names = ["diffie-hellman-group-exchange-sha256", "diffie-hellman-group-exchange-sha1"];
                propose(implemented(&names.map(Name::new)), &[], server)
            }
        }
    }

    fn send_kexinit(&mut self, kexinit: KexInit) {
        let payload = kexinit.write();
        self.transport.send(&payload);
        self.ours = Some((kexinit, payload));
    }

    fn kexinit(&mut self, packet: &Packet) {
        let Some(theirs) = receive_kexinit(&mut self.transport, packet) else { return };
        self.theirs.clone_from(&packet.payload);
        if self.strategy == Strategy::ReadOffer {
            return self.transport.finish_silently();
        }
        let ours = match &self.ours {
            Some((ours, _)) => ours.clone(),
            None => self.proposal(Some(&theirs)),
        };
        if self.ours.is_none() && matches!(self.strategy, Strategy::Offer(_)) {
            self.send_kexinit(ours.clone());
        }
        let agreed = match negotiate(&ours, &theirs) {
            Ok(agreed) => agreed,
            Err(slots) => return self.impossible(&slots),
        };
        let Some(method) = method(agreed.kex.as_str()) else {
            let reason = format!("`{}` is not implemented here", agreed.kex);
            return self.transport.finish(Event::ExchangeImpossible { slot: Slot::Kex, reason });
        };
        if theirs.first_kex_packet_follows && !guess_is_right(&ours, &theirs) {
            self.transport.drop_next();
        }
        if self.ours.is_none() {
            self.send_kexinit(ours);
        }
        let host_key = agreed.host_key.clone();
        if self.by_strength {
            self.gex.n = estimate(&agreed).clamp(self.gex.min, self.gex.max.max(self.gex.min));
        }
        self.transport.event(Event::Negotiated(Box::new(agreed)));
        self.start(Agreed { method, host_key });
    }

    fn impossible(&mut self, slots: &[Slot]) {
        let slot = slots.first().copied().unwrap_or(Slot::Kex);
        let reason = match slot {
            slot if matches!(self.strategy, Strategy::Offer(_)) => format!("no matching {} found", slot.phrase()),
            Slot::Kex => "the server offers no key exchange method that is asked for and implemented here".to_owned(),
            Slot::HostKey => "the server offers no host key algorithm that is asked for".to_owned(),
            slot => format!("the server offers nothing usable as {}", slot.phrase()),
        };
        self.transport.finish(Event::ExchangeImpossible { slot, reason });
    }

    fn start(&mut self, agreed: Agreed) {
        if agreed.method.family == Family::GroupExchange {
            self.transport.send(&self.gex.write());
            self.state = State::Group(agreed);
            return;
        }
        match ClientExchange::start(agreed.method.name) {
            Ok(exchange) => {
                let init = match agreed.method.family {
                    Family::FiniteField { .. } => KexDhInit { e: Mpint::from_unsigned(exchange.public()) }.write(),
                    _ => KexEcdhInit { public: exchange.public().to_vec() }.write(),
                };
                self.transport.send(&init);
                self.state = State::Reply { agreed, exchange, group: None };
            }
            Err(error) => self.cannot(&error),
        }
    }

    /// The key exchange cannot go on for a reason of our own.
    fn cannot(&mut self, error: &CryptoError) {
        self.transport.finish(Event::ExchangeImpossible { slot: Slot::Kex, reason: error.to_string() });
    }

    fn group(&mut self, packet: &Packet) {
        let State::Group(agreed) = &self.state else { return };
        let agreed = agreed.clone();
        let group = KexGexGroup::parse(&packet.payload).and_then(|group| {
            Ok((unsigned(&group.p, "KEX_DH_GEX_GROUP.p")?, unsigned(&group.g, "KEX_DH_GEX_GROUP.g")?, group.p.bits()))
        });
        let (p, g, bits) = match group {
            Ok(group) => group,
            Err(error) => return self.transport.malformed(packet, &error),
        };
        self.transport.event(Event::GexGroup { bits });
        if matches!(self.strategy, Strategy::Gex { .. }) {
            return self.transport.finish_silently();
        }
        match ClientExchange::start_group(&p, &g, agreed.method.hash) {
            Ok(exchange) => {
                self.transport.send(&KexGexInit { e: Mpint::from_unsigned(exchange.public()) }.write());
                self.state = State::Reply { agreed, exchange, group: Some((p, g)) };
            }
            Err(error) => self.cannot(&error),
        }
    }

    fn reply(&mut self, packet: &Packet) {
        let State::Reply { agreed, exchange, group } = std::mem::replace(&mut self.state, State::NewKeys) else {
            return;
        };
        let reply = match read_reply(agreed.method.family, &packet.payload) {
            Ok(reply) => reply,
            Err(error) => return self.transport.malformed(packet, &error),
        };
        let client_public = exchange.public().to_vec();
        let (check, broken) = match exchange.finish(&reply.public) {
            Ok(secret) => (self.verify(&agreed, &reply, &client_public, group.as_ref(), &secret), None),
            Err(error) => {
                let broken = matches!(error, CryptoError::PublicValue { .. }).then(|| error.to_string());
                (SignatureCheck::Unverified { reason: error.to_string() }, broken)
            }
        };
        let key = host_key(&agreed.host_key, &reply.host_key, check);
        self.transport.event(Event::HostKey(Box::new(key)));
        if let Some(what) = broken {
            self.transport.malformed_message(packet, what);
        }
    }

    fn verify(
        &self,
        agreed: &Agreed,
        reply: &Reply,
        client: &[u8],
        group: Option<&(Vec<u8>, Vec<u8>)>,
        secret: &SharedSecret,
    ) -> SignatureCheck {
        let server = &reply.public[..];
        let values = match (group, agreed.method.family) {
            (Some((p, g)), _) => MethodValues::GroupExchange { sizes: GexSizes::Range(self.gex), p, g, client, server },
            (None, Family::FiniteField { .. }) => MethodValues::FiniteField { client, server },
            (None, _) => MethodValues::Strings { client, server },
        };
        let hash = ExchangeHash {
            client_identification: self.transport.identification(),
            server_identification: self.transport.peer_identification(),
            client_kexinit: self.ours.as_ref().map(|(_, payload)| payload.as_slice()).unwrap_or_default(),
            server_kexinit: &self.theirs,
            host_key: &reply.host_key,
            values,
        };
        let hash = hash.digest(agreed.method.hash, secret);
        signature::verify(agreed.host_key.as_str(), &reply.host_key, &reply.signature, &hash)
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

/// The group that OpenSSH prefers for what was agreed on, in bits: `dh_estimate` of dh.c over the largest need of
/// `kex_choose_conf`.
fn estimate(agreed: &Negotiated) -> u32 {
    let cipher = |name: &Name| match name.as_str() {
        name if name.starts_with("chacha20-poly1305") => 64,
        name if name.contains("256") => 32,
        name if name.contains("192") => 24,
        _ => 16,
    };
    let mac = |name: &Option<Name>| match name.as_ref().map_or("", Name::as_str) {
        "" => 0,
        name if name.starts_with("hmac-sha2-512") => 64,
        name if name.starts_with("hmac-sha2-256") => 32,
        name if name.starts_with("hmac-sha1") || name.starts_with("hmac-ripemd160") => 20,
        _ => 16,
    };
    let needs = [cipher(&agreed.cipher_c2s), cipher(&agreed.cipher_s2c), mac(&agreed.mac_c2s), mac(&agreed.mac_s2c)];
    match needs.into_iter().max().unwrap_or_default() * 8 {
        0..=112 => 2048,
        113..=128 => 3072,
        129..=192 => 7680,
        _ => 8192,
    }
}

fn read_reply(family: Family, payload: &[u8]) -> Result<Reply, WireError> {
    match family {
        Family::FiniteField { .. } => {
            let KexDhReply { host_key, f, signature } = KexDhReply::parse(payload)?;
            Ok(Reply { host_key, public: unsigned(&f, "KEXDH_REPLY.f")?, signature })
        }
        Family::GroupExchange => {
            let KexGexReply { host_key, f, signature } = KexGexReply::parse(payload)?;
            Ok(Reply { host_key, public: unsigned(&f, "KEX_DH_GEX_REPLY.f")?, signature })
        }
        Family::Ecdh { .. } | Family::Hybrid { .. } => {
            let KexEcdhReply { host_key, public, signature } = KexEcdhReply::parse(payload)?;
            Ok(Reply { host_key, public, signature })
        }
    }
}

/// The number that an mpint holds, which has no sign here.
pub(super) fn unsigned(number: &Mpint, field: &str) -> Result<Vec<u8>, WireError> {
    let negative = || WireError::new(1, field, WireErrorKind::BadForm { form: "a number that is not negative" });
    number.to_unsigned().map(<[u8]>::to_vec).ok_or_else(negative)
}
