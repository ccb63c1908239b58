use std::collections::VecDeque;

use shakedown_model::ssh::{GexRequest, HostKey, SignatureCheck, SshOffer};
use shakedown_model::{Ending, Fact, Name, Phase, Role};
use shakedown_wire::ssh::{KexEcdhReply, KexGexGroup, KexGexRequest, KexGexRequestOld, KexInit, Packet, number};

use super::proposal::{host_key, receive_kexinit};
use super::transport::Transport;
use super::{Event, Limits, Negotiated, guess_is_right, negotiate};

/// Facts and lines that are kept of one end.
const KEPT: usize = 32;

/// Reads what both ends of a connection say up to NEWKEYS, without a word of its own. Bytes come in with the end that sent
/// them, cut anywhere, and a packet before the one that it answers; nothing is kept of what is encrypted.
pub struct Watch {
    client: End,
    server: End,
    seen: Seen,
}

/// What was seen of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What the client said.
    pub client: EndSeen,
    /// What the server said.
    pub server: EndSeen,
    /// What both offers agree on by the plain rules; `None` where they do not, or one is missing.
    pub negotiated: Option<Box<Negotiated>>,
    /// The sizes that the client asked for, in bits.
    pub gex_request: Option<GexRequest>,
    /// The size of the group that the server gave, in bits.
    pub gex_bits: Option<u32>,
    /// The server's host key. Its signature cannot be checked from outside.
    pub host_key: Option<Box<HostKey>>,
}

/// What one end said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndSeen {
    /// Lines before the identification string.
    pub preamble: Vec<Name>,
    /// The identification string.
    pub identification: Option<Name>,
    /// The KEXINIT.
    pub offer: Option<Box<SshOffer>>,
    /// What else it did: a DISCONNECT, bytes that break the protocol, the end of the stream where it came first.
    pub facts: Vec<Fact>,
    /// Whether it sent NEWKEYS, after which all is encrypted.
    pub new_keys: bool,
}

struct End {
    transport: Transport,
    kexinit: Option<KexInit>,
    /// Messages of the key exchange that wait for the method to be known.
    waiting: VecDeque<Packet>,
    ended: bool,
}

impl End {
    /// Reads what this role sends.
    fn new(role: Role, limits: Limits) -> Self {
        Self {
            transport: Transport::new(role.peer(), Vec::new(), limits),
            kexinit: None,
            waiting: VecDeque::new(),
            ended: false,
        }
    }
}

impl Watch {
    /// A watch from the beginning of a connection, within these limits for each end.
    pub fn new(limits: Limits) -> Self {
        Self { client: End::new(Role::Client, limits), server: End::new(Role::Server, limits), seen: Seen::default() }
    }

    /// Bytes that this end has sent.
    pub fn receive(&mut self, from: Role, bytes: &[u8]) {
        let end = self.end(from);
        end.transport.receive(bytes);
        let mut new_keys = false;
        while let Some(packet) = end.transport.next_packet() {
            match packet.payload.first() {
                Some(&number::KEXINIT) if end.kexinit.is_none() => {
                    end.kexinit = receive_kexinit(&mut end.transport, &packet);
                }
                Some(&number::NEWKEYS) => {
                    new_keys = true;
                    end.transport.set_phase(Phase::Service);
                    end.transport.finish(Event::NewKeys);
                }
                Some(_) if end.kexinit.is_some() => end.waiting.push_back(packet),
                _ => end.transport.malformed_message(&packet, "a message that has no place before KEXINIT".to_owned()),
            }
        }
        self.take_in(from);
        if new_keys {
            self.end_seen(from).new_keys = true;
        }
        self.exchange();
    }

    /// This end has sent its last byte. What comes second is the answer to what came first, and no fact of its own.
    pub fn end_of_stream(&mut self, from: Role, ending: Ending, is_first: bool) {
        let end = self.end(from);
        end.transport.end_of_stream();
        end.ended = true;
        self.take_in(from);
        let facts = &mut self.end_seen(from).facts;
        for fact in facts.iter_mut() {
            if let Fact::Ended { ending: how, .. } = fact {
                *how = ending;
            }
        }
        if !is_first {
            facts.retain(|fact| !matches!(fact, Fact::Ended { .. }));
        }
    }

    /// Where in the exchange this end is: in the phase of what it has to send next.
    pub fn phase(&self, of: Role) -> Phase {
        match of {
            Role::Client => self.client.transport.phase(),
            Role::Server => self.server.transport.phase(),
        }
    }

    /// Whether both ends have new keys: the rest is encrypted.
    pub fn is_complete(&self) -> bool {
        self.seen.client.new_keys && self.seen.server.new_keys
    }

    /// Whether the client has new keys, or neither end can be read any more: a connection that may be in use.
    pub fn is_in_use(&self) -> bool {
        let opaque = |end: &End| end.transport.is_done() && !end.ended;
        self.seen.client.new_keys || opaque(&self.client) && opaque(&self.server)
    }

    /// What was seen so far.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What was seen.
    pub fn into_seen(self) -> Seen {
        self.seen
    }

    fn end(&mut self, role: Role) -> &mut End {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    fn end_seen(&mut self, role: Role) -> &mut EndSeen {
        match role {
            Role::Client => &mut self.seen.client,
            Role::Server => &mut self.seen.server,
        }
    }

    /// From events to what was seen.
    fn take_in(&mut self, from: Role) {
        // What a machine would answer is not said.
        while self.end(from).transport.transmit().is_some() {}
        while let Some(event) = self.end(from).transport.next_event() {
            let seen = self.end_seen(from);
            match event {
                Event::PreambleLine(line) if seen.preamble.len() < KEPT => seen.preamble.push(line),
                Event::Identification(text) => seen.identification = Some(text),
                Event::KexInit(offer) => seen.offer = Some(offer),
                other => seen.facts.extend(other.fact().filter(|_| seen.facts.len() < KEPT)),
            }
        }
    }

    /// Reads the messages of the key exchange, once it is known which one it is.
    fn exchange(&mut self) {
        let (Some(client), Some(server)) = (&self.client.kexinit, &self.server.kexinit) else { return };
        if self.seen.negotiated.is_none() {
            let Ok(agreed) = negotiate(client, server) else { return };
            if !guess_is_right(client, server) {
                // RFC 4253 section 7: what was sent on a wrong guess is dropped by the other end.
                for (kexinit, waiting) in [(client, &mut self.client.waiting), (server, &mut self.server.waiting)] {
                    if kexinit.first_kex_packet_follows {
                        waiting.pop_front();
                    }
                }
            }
            self.seen.negotiated = Some(Box::new(agreed));
        }
        let Some(agreed) = &self.seen.negotiated else { return };
        let (kex, algorithm) = (agreed.kex.as_str().to_owned(), agreed.host_key.clone());
        // RFC 4462 and RFC 4432 have messages of their own behind the same numbers.
        if kex.starts_with("gss-") || kex.starts_with("rsa") {
            self.client.waiting.clear();
            self.server.waiting.clear();
            return;
        }
        let is_group_exchange = kex.starts_with("diffie-hellman-group-exchange-");
        while let Some(packet) = self.client.waiting.pop_front() {
            self.client_message(&packet, is_group_exchange);
        }
        while let Some(packet) = self.server.waiting.pop_front() {
            self.server_message(&packet, is_group_exchange, &algorithm);
        }
    }

    fn client_message(&mut self, packet: &Packet, is_group_exchange: bool) {
        let request = match packet.payload.first() {
            Some(&number::KEX_DH_GEX_REQUEST) if is_group_exchange => KexGexRequest::parse(&packet.payload)
                .map(|one| GexRequest { minimum: one.min, preferred: Some(one.n), maximum: one.max }),
            // The old request has no bounds; these are OpenSSH's.
            Some(&number::KEX_DH_GEX_REQUEST_OLD) if is_group_exchange => KexGexRequestOld::parse(&packet.payload)
                .map(|one| GexRequest { minimum: 1024, preferred: Some(one.n), maximum: 8192 }),
            _ => return,
        };
        match request {
            Ok(request) => self.seen.gex_request = Some(request),
            Err(error) => self.client.transport.malformed(packet, &error),
        }
        self.take_in(Role::Client);
    }

    fn server_message(&mut self, packet: &Packet, is_group_exchange: bool, algorithm: &Name) {
        // Each reply begins and ends alike: the host key, the public value, the signature (RFC 4253 section 8, RFC 4419
        // section 3, RFC 5656 section 4).
        let reply = if is_group_exchange { number::KEX_DH_GEX_REPLY } else { number::KEXDH_REPLY };
        match packet.payload.first() {
            Some(&number::KEX_DH_GEX_GROUP) if is_group_exchange => match KexGexGroup::parse(&packet.payload) {
                Ok(group) => self.seen.gex_bits = Some(group.p.bits()),
                Err(error) => self.server.transport.malformed(packet, &error),
            },
            Some(&message) if message == reply => {
                let mut payload = packet.payload.clone();
                // The parser knows the reply by the number of the plain exchange.
                if let Some(first) = payload.first_mut() {
                    *first = number::KEXDH_REPLY;
                }
                match KexEcdhReply::parse(&payload) {
                    Ok(reply) => {
                        let reason = "only the two ends know the secret that is signed".to_owned();
                        let check = SignatureCheck::Unverified { reason };
                        self.seen.host_key = Some(Box::new(host_key(algorithm, &reply.host_key, check)));
                    }
                    Err(error) => self.server.transport.malformed(packet, &error),
                }
            }
            _ => {}
        }
        self.take_in(Role::Server);
    }
}
