use std::sync::Arc;

use shakedown_crypto::kex::{self, Family, Group, MethodInfo, ServerExchange, method};
use shakedown_crypto::ssh::{KeySource, Protection};
use shakedown_crypto::{CryptoError, Hash, PrivateHostKey, SharedSecret};
use shakedown_model::ssh::{GexRequest, SshOffer, key_type_of};
use shakedown_model::{Name, Phase, Role, Slot};
use shakedown_wire::ssh::{
    ExtInfo, KexDhInit, KexDhReply, KexEcdhInit, KexEcdhReply, KexGexGroup, KexGexInit, KexGexReply, KexGexRequest,
    KexGexRequestOld, KexInit, Mpint, NameListField, NewKeys, Packet, ServiceAccept, ServiceRequest, number,
};
use shakedown_wire::{Reader, WireError, Writer};

use super::client::unsigned;
use super::exchange_hash::{ExchangeHash, GexSizes, MethodValues};
use super::proposal::{cookie, receive_kexinit};
use super::transport::Transport;
use super::{Event, Limits, Negotiated, guess_is_right, kexinit_from_offer, negotiate, offer_from_kexinit};

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
    /// The rules that it goes by; the plain ones of RFC 4253 section 7.1 where there are none.
    pub rules: Option<Arc<dyn ServerRules>>,
    /// What it does where the lists have nothing in common.
    pub refusal: Refusal,
    /// How it answers requests for a group.
    pub groups: GroupRules,
    /// Where it goes on after NEWKEYS: what it says to a client that asks for logins, all of which it refuses. Without it, it
    /// is done with the client's NEWKEYS.
    pub login: Option<Login>,
    /// Where only the client's offer is wanted: the words of the DISCONNECT that answers a KEXINIT in place of a key
    /// exchange. Lists without a name in common are answered by the failure, as ever.
    pub farewell: Option<String>,
}

impl ServerConfig {
    /// A server with default limits.
    pub fn new(identification: Vec<u8>, offer: SshOffer, host_keys: Arc<[PrivateHostKey]>) -> Self {
        Self {
            identification,
            offer,
            host_keys,
            limits: Limits::default(),
            rules: None,
            refusal: Refusal::default(),
            groups: GroupRules::default(),
            login: None,
            farewell: None,
        }
    }
}

/// What a server says about logins while it refuses them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The signature algorithms for `server-sig-algs` (RFC 8308 section 3.1), told to clients that announce `ext-info-c`.
    pub signature_algorithms: Vec<Name>,
    /// The methods that are said to go on with, RFC 4252 section 5.1.
    pub methods: Vec<Name>,
    /// After so many refusals it disconnects (OpenSSH's `MaxAuthTries`). Asking by the method `none` is free, once.
    pub most: u32,
}

/// How some server opens towards a client and what it chooses.
pub trait ServerRules: Send + Sync {
    /// What it offers to a client that has identified itself so.
    fn offer(&self, client: &Name) -> SshOffer;

    /// What it makes of the client's offer and its own.
    ///
    /// # Errors
    /// The slot that it stops at.
    fn choose(&self, client: &SshOffer, server: &SshOffer) -> Result<Negotiated, Slot>;
}

/// What a server does where it has nothing in common with the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusal {
    /// It sends SSH_MSG_DISCONNECT, as RFC 4253 section 7.1 wants.
    #[default]
    Disconnect,
    /// It closes the connection without a word.
    Close,
}

/// How a server answers requests for a group, RFC 4419 section 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupRules {
    /// The smallest group that it gives, in bits: a smaller minimum counts as this one, and a range that ends below it, or
    /// contradicts itself, is refused by a close (OpenSSH's `DH_GRP_MIN`). Without one any range is taken as it is.
    pub least: Option<u32>,
    /// What it gives where it has no group in the range.
    pub fallback: GroupFallback,
    /// Whether it does not know the old request with one size.
    pub refuses_old: bool,
}

/// The server's end of a key exchange. It negotiates by the plain rules, exchanges keys and signs, and is done with the
/// client's NEWKEYS; what follows is encrypted and of no interest here.
pub struct Server {
    transport: Transport,
    offer: SshOffer,
    host_keys: Arc<[PrivateHostKey]>,
    rules: Option<Arc<dyn ServerRules>>,
    refusal: Refusal,
    groups: GroupRules,
    login: Option<Login>,
    farewell: Option<String>,
    /// What both agreed on.
    negotiated: Option<Negotiated>,
    /// What the keys are made from, once the exchange is signed.
    keys: Option<Keys>,
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
    Service,
    Login { asked: u32, refused: u32 },
}

/// What the keys of the connection are made from.
struct Keys {
    hash: Hash,
    exchange_hash: Vec<u8>,
    secret: SharedSecret,
    /// Of what the client sends, and of what is sent to it.
    protection: (Protection, Protection),
    /// Whether packets are counted anew with new keys.
    strict: bool,
}

impl Keys {
    fn source(&self) -> KeySource<'_> {
        // The first exchange of a connection is the only one here.
        let (exchange_hash, session) = (&self.exchange_hash, &self.exchange_hash);
        KeySource { hash: self.hash, secret: &self.secret, exchange_hash, session }
    }
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
            rules: config.rules,
            refusal: config.refusal,
            groups: config.groups,
            login: config.login,
            farewell: config.farewell,
            negotiated: None,
            keys: None,
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
                State::Service => self.service(&packet),
                State::Login { asked, refused } => self.refuse_login(&packet, asked, refused),
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
        if let Some(rules) = &self.rules {
            self.offer = rules.offer(&Name::from_bytes(self.transport.peer_identification()));
        }
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
        let agreed = match &self.rules {
            Some(rules) => rules.choose(&offer_from_kexinit(&theirs, None), &self.offer),
            None => negotiate(&theirs, ours).map_err(|slots| slots.first().copied().unwrap_or(Slot::Kex)),
        };
        let agreed = match agreed {
            Ok(agreed) => agreed,
            Err(slot) => {
                let reason = format!("no matching {} found", slot.phrase());
                return match self.refusal {
                    Refusal::Disconnect => self.impossible(slot, reason),
                    Refusal::Close => self.transport.finish(Event::ExchangeImpossible { slot, reason }),
                };
            }
        };
        if theirs.first_kex_packet_follows && !guess_is_right {
            self.transport.drop_next();
        }
        let (kex, host_key) = (agreed.kex.clone(), agreed.host_key.clone());
        self.negotiated = Some(agreed.clone());
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
        let Some((host_key, signature)) = self.sign(&agreed, values, secret) else { return };
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
        let old = packet.payload.first() == Some(&number::KEX_DH_GEX_REQUEST_OLD);
        if old && self.groups.refuses_old {
            return self.transport.unimplemented(packet);
        }
        let sizes = if old {
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
        let Some(within) = self.groups.within(request) else {
            let reason = format!("it refuses groups of {} to {} bits", request.minimum, request.maximum);
            return self.transport.finish(Event::ExchangeImpossible { slot: Slot::Kex, reason });
        };
        let Some(group) = self.choose_group(within).or_else(|| self.groups.fallback(within)) else {
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
        let Some((host_key, signature)) = self.sign(&agreed, values, secret) else { return };
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

    fn sign(&mut self, agreed: &Agreed, values: MethodValues<'_>, secret: SharedSecret) -> Option<(Vec<u8>, Vec<u8>)> {
        let keys = Arc::clone(&self.host_keys);
        let key = keys.get(agreed.key)?;
        let host_key = key.public_blob().to_vec();
        let hash = ExchangeHash {
            client_identification: self.transport.peer_identification(),
            server_identification: self.transport.identification(),
            client_kexinit: &self.theirs,
            server_kexinit: self.ours.as_ref().map(|(_, payload)| payload.as_slice()).unwrap_or_default(),
            host_key: &host_key,
            values,
        };
        let hash = hash.digest(agreed.method.hash, &secret);
        self.keep_keys(agreed.method.hash, &hash, secret);
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
        let (Some(keys), Some(login)) = (&self.keys, &self.login) else { return };
        let protected = self.transport.protect_outgoing(keys.protection.1, &keys.source(), keys.strict);
        let informed = self.client_has(b"ext-info-c");
        if let (Ok(()), true, false) = (protected, informed, login.signature_algorithms.is_empty()) {
            let names = login.signature_algorithms.iter().map(Name::as_str).collect::<Vec<_>>().join(",");
            let extensions = vec![(b"server-sig-algs".to_vec(), names.into_bytes())];
            self.transport.send(&ExtInfo { extensions }.write());
        }
    }

    /// Whether the client's key exchange list holds this name.
    fn client_has(&self, marker: &[u8]) -> bool {
        let list = KexInit::parse(&self.theirs).ok();
        list.is_some_and(|theirs| theirs.list(NameListField::KexAlgorithms).iter().any(|name| name == marker))
    }

    /// Keeps what the keys are made from, where the connection goes on after NEWKEYS and can be protected.
    fn keep_keys(&mut self, hash: Hash, exchange_hash: &[u8], secret: SharedSecret) {
        let (Some(agreed), Some(_)) = (&self.negotiated, &self.login) else { return };
        let mac = |name: &'_ Option<Name>| name.as_ref().map(|name| name.as_str().to_owned());
        let (mac_c2s, mac_s2c) = (mac(&agreed.mac_c2s), mac(&agreed.mac_s2c));
        let c2s = Protection::new(agreed.cipher_c2s.as_str(), mac_c2s.as_deref());
        let s2c = Protection::new(agreed.cipher_s2c.as_str(), mac_s2c.as_deref());
        let at_once = |name: &&Name| !matches!(name.as_str(), "none" | "zlib@openssh.com");
        let compressed = [&agreed.compression_c2s, &agreed.compression_s2c].into_iter().find(at_once);
        let not_computed = match (c2s, s2c, compressed) {
            (Ok(c2s), Ok(s2c), None) => {
                let ours = |marker: &str| self.offer.has_marker(marker);
                let strict = ours("kex-strict-s-v00@openssh.com") && self.client_has(b"kex-strict-c-v00@openssh.com");
                let (exchange_hash, protection) = (exchange_hash.to_vec(), (c2s, s2c));
                self.keys = Some(Keys { hash, exchange_hash, secret, protection, strict });
                return;
            }
            (Err(name), ..) | (_, Err(name), _) => Name::new(name),
            (.., Some(name)) => name.clone(),
        };
        self.transport.event(Event::NotProtected { name: not_computed });
    }

    fn new_keys(&mut self, packet: &Packet) {
        match NewKeys::parse(&packet.payload) {
            Ok(NewKeys) => {
                self.transport.set_phase(Phase::Service);
                let Some(keys) = self.keys.take() else { return self.transport.finish(Event::NewKeys) };
                self.transport.event(Event::NewKeys);
                match self.transport.protect_incoming(keys.protection.0, &keys.source(), keys.strict) {
                    Ok(()) => self.state = State::Service,
                    Err(_) => self.transport.finish_silently(),
                }
            }
            Err(error) => self.transport.malformed(packet, &error),
        }
    }

    /// RFC 4253 section 10: the only service that is there before a login is the login.
    fn service(&mut self, packet: &Packet) {
        match ServiceRequest::parse(&packet.payload) {
            Ok(request) if request.service == b"ssh-userauth" => {
                self.transport.send(&ServiceAccept { service: request.service }.write());
                self.transport.set_phase(Phase::Authentication);
                self.state = State::Login { asked: 0, refused: 0 };
            }
            Ok(request) => {
                let what = format!("bad service request {}", Name::from_bytes(&request.service));
                self.transport.send_disconnect(number::DISCONNECT_PROTOCOL_ERROR, &what);
                self.transport.finish_silently();
            }
            Err(error) => self.transport.malformed(packet, &error),
        }
    }

    /// RFC 4252 section 5: every request fails. What a client would prove itself with is not looked at.
    fn refuse_login(&mut self, packet: &Packet, asked: u32, refused: u32) {
        let Some(login) = &self.login else { return };
        if packet.payload.first() != Some(&USERAUTH_REQUEST) {
            return self.transport.unimplemented(packet);
        }
        let method = match read_method(&packet.payload) {
            Ok(method) => method,
            Err(error) => return self.transport.malformed(packet, &error),
        };
        let free = asked == 0 && method == *"none";
        let refused = if free { refused } else { refused.saturating_add(1) };
        if refused >= login.most {
            let words = "Too many authentication failures";
            self.transport.send_disconnect(number::DISCONNECT_PROTOCOL_ERROR, words);
            self.transport.event(Event::LoginRefused { method });
            return self.transport.finish_silently();
        }
        let methods = login.methods.iter().map(Name::as_str).collect::<Vec<_>>().join(",");
        let mut failure = Writer::new();
        failure.u8(USERAUTH_FAILURE).string(methods.as_bytes()).u8(0);
        self.transport.send(failure.as_bytes());
        self.transport.event(Event::LoginRefused { method });
        self.state = State::Login { asked: asked.saturating_add(1), refused };
    }
}

/// What a server gives where none of its groups is in the range that a client asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupFallback {
    /// Nothing: it disconnects.
    #[default]
    None,
    /// Group 14, of 2048 bits (OpenSSH before 6.9).
    Group14,
    /// Group 14, 16 or 18, by the largest size that is asked for (OpenSSH's `dh_new_group_fallback`).
    ByMaximum,
}

impl GroupRules {
    /// The range that is looked for; `None` where the request is refused.
    fn within(self, request: GexRequest) -> Option<GexRequest> {
        /// OpenSSH's `DH_GRP_MAX`.
        const MOST: u32 = 8192;
        let Some(least) = self.least else { return Some(request) };
        let preferred = request.preferred.unwrap_or(request.minimum);
        let ordered = request.minimum <= preferred && preferred <= request.maximum;
        (ordered && request.maximum >= least).then(|| GexRequest {
            minimum: request.minimum.max(least),
            preferred: Some(preferred.clamp(least, MOST)),
            maximum: request.maximum.min(MOST),
        })
    }

    fn fallback(self, request: GexRequest) -> Option<&'static Group> {
        kex::group(match (self.fallback, request.maximum) {
            (GroupFallback::None, _) => return None,
            (GroupFallback::Group14, _) | (_, ..3072) => 14,
            (_, 3072..6144) => 16,
            _ => 18,
        })
    }
}

/// SSH_MSG_USERAUTH_REQUEST and SSH_MSG_USERAUTH_FAILURE, RFC 4252 section 6.
const USERAUTH_REQUEST: u8 = 50;
const USERAUTH_FAILURE: u8 = 51;

/// The method of SSH_MSG_USERAUTH_REQUEST, RFC 4252 section 5.
fn read_method(payload: &[u8]) -> Result<Name, WireError> {
    let mut reader = Reader::new(payload);
    reader.u8("message_number")?;
    reader.string("user_name")?;
    reader.string("service_name")?;
    Ok(Name::from_bytes(reader.string("method_name")?))
}

fn read_init(finite: bool, payload: &[u8]) -> Result<Vec<u8>, WireError> {
    if finite {
        KexDhInit::parse(payload).and_then(|init| unsigned(&init.e, "KEXDH_INIT.e"))
    } else {
        KexEcdhInit::parse(payload).map(|init| init.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(minimum: u32, preferred: u32, maximum: u32) -> GexRequest {
        GexRequest { minimum, preferred: Some(preferred), maximum }
    }

    // kexgexs.c input_kex_dh_gex_request and dh.c dh_new_group_fallback of OpenSSH 9.2.
    #[test]
    fn ranges_as_openssh_takes_them() {
        let rules = GroupRules { least: Some(2048), fallback: GroupFallback::ByMaximum, refuses_old: true };
        assert_eq!(rules.within(request(1024, 1024, 8192)), Some(request(2048, 2048, 8192)));
        assert_eq!(rules.within(request(3072, 16384, 16384)), Some(request(3072, 8192, 8192)));
        for refused in [request(1024, 1024, 1024), request(4096, 2048, 8192), request(2048, 8192, 4096)] {
            assert_eq!(rules.within(refused), None, "{refused:?}");
        }
        let given = |rules: GroupRules, maximum| rules.fallback(request(2048, 2048, maximum)).map(|group| group.bits);
        assert_eq!([2048, 3072, 6144].map(|most| given(rules, most)), [Some(2048), Some(4096), Some(8192)]);
        let old = GroupRules { fallback: GroupFallback::Group14, ..rules };
        assert_eq!(given(old, 8192), Some(2048));
        assert_eq!(given(GroupRules::default(), 8192), None);
        assert_eq!(GroupRules::default().within(request(9, 8, 7)), Some(request(9, 8, 7)));
    }
}
