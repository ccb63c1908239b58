//! A responder of IKE over UDP that answers as it is told. Nothing ever runs through what is agreed on.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use shakedown_handshake::ike::version1::Keeper;
use shakedown_handshake::ike::{Admission, AuthRequest, Decision, Reached, Responder};
use shakedown_model::{Fact, Name, Phase, StrangeProtocol};
use shakedown_wire::ike::{Datagram, Message, MessageLimits};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::record::{begins_sa, looks_like_ike};

/// What a responder makes of an initiator's first message.
pub type Decide = Box<dyn Fn(&Message) -> Decision + Send>;

/// What a responder makes of an initiator's IKE_AUTH, between these addresses (this end's first).
pub type Admit = Box<dyn Fn(&AuthRequest, [IpAddr; 2]) -> Admission + Send>;

/// What a responder does.
pub struct Rules {
    /// With a first message.
    pub decide: Decide,
    /// With IKE_AUTH.
    pub admit: Admit,
    /// With main mode and quick mode of IKEv1.
    pub keeper: Box<dyn Keeper + Send>,
}

/// What came of one initiator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number, counted from 1.
    pub number: u32,
    /// Its address.
    pub address: SocketAddr,
    /// Its first message, the last of several if its guess of the group was wrong.
    pub opening: Option<Box<Message>>,
    /// How far it came.
    pub reached: Option<Reached>,
    /// What it said in IKE_AUTH, or of IKEv1 in main mode and quick mode.
    pub auth: Option<Box<AuthRequest>>,
    /// The groups that it was asked for.
    pub groups: Vec<u16>,
    /// What went wrong.
    pub facts: Vec<Fact>,
}

/// A responder on one address, until it is dropped.
pub struct IkeServer {
    address: SocketAddr,
    receiver: mpsc::Receiver<Seen>,
    task: AbortHandle,
}

/// Initiators that are being answered at the same time; the oldest go first.
const MOST: usize = 256;
/// How long one may be silent until it is told of as it is. Initiators repeat what is not answered after seconds.
const PATIENCE: Duration = Duration::from_secs(8);
/// What waits to be read.
const QUEUE: usize = 64;
/// The largest datagram.
const LARGEST: usize = 0xffff;

impl IkeServer {
    /// Listens and answers; port 0 takes a free one. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// What the operating system says where the address cannot be listened on.
    pub async fn bind(address: SocketAddr, rules: Rules) -> io::Result<Self> {
        let socket = UdpSocket::bind(address).await?;
        let address = socket.local_addr()?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let task = tokio::spawn(serve(socket, address, rules, sender)).abort_handle();
        Ok(Self { address, receiver, task })
    }

    /// Where it listens, with the port that was taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The next initiator that is done.
    pub async fn next(&mut self) -> Option<Seen> {
        self.receiver.recv().await
    }
}

impl Drop for IkeServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One initiator.
struct Peer {
    address: SocketAddr,
    opening: Box<Message>,
    responder: Responder,
    groups: Vec<u16>,
    heard: Instant,
    /// Whether it was told of.
    told: bool,
}

async fn serve(socket: UdpSocket, own: SocketAddr, rules: Rules, sender: mpsc::Sender<Seen>) {
    let mut buffer = vec![0; LARGEST];
    let mut peers: VecDeque<Peer> = VecDeque::new();
    let mut number = 0_u32;
    loop {
        let due = peers.iter().filter(|peer| !peer.told).map(|peer| peer.heard + PATIENCE).min();
        let due = due.unwrap_or_else(|| Instant::now() + PATIENCE);
        let mut stray = None;
        if let Ok(received) = tokio::time::timeout_at(due, socket.recv_from(&mut buffer)).await {
            // An error is of a datagram that was sent before and did not arrive.
            let Ok((size, address)) = received else { continue };
            let datagram = buffer.get(..size).unwrap_or_default();
            let (marked, bytes) = match Datagram::recognise(datagram) {
                Datagram::Ike(message) => (true, message),
                Datagram::KeepAlive => continue,
                Datagram::Esp(message) | Datagram::Short(message) => (false, message),
            };
            let answers = match Message::parse(bytes, MessageLimits::default()) {
                Ok(message) => answer(&mut peers, &message, bytes, [own, address], &rules),
                Err(error) => {
                    stray = Some((address, broken(&error, bytes)));
                    Vec::new()
                }
            };
            for one in answers {
                let one = if marked { Datagram::mark(&one) } else { one };
                // What does not arrive is asked for again.
                let _ = socket.send_to(&one, address).await;
            }
        }
        let mut seen: Vec<Seen> = Vec::new();
        if let Some((address, fact)) = stray {
            let (groups, facts) = (Vec::new(), vec![fact]);
            seen.push(Seen { number: 0, address, opening: None, reached: None, auth: None, groups, facts });
        }
        for peer in peers.iter_mut().filter(|peer| !peer.told && peer.is_over()) {
            peer.told = true;
            let (opening, reached) = (Some(peer.opening.clone()), Some(peer.responder.reached().clone()));
            let (address, groups) = (peer.address, peer.groups.clone());
            let auth = peer.responder.auth().cloned().map(Box::new);
            seen.push(Seen { number: 0, address, opening, reached, auth, groups, facts: Vec::new() });
        }
        for mut one in seen {
            number = number.saturating_add(1);
            one.number = number;
            if sender.send(one).await.is_err() {
                return;
            }
        }
    }
}

impl Peer {
    fn is_over(&self) -> bool {
        self.responder.is_over() || self.heard.elapsed() >= PATIENCE
    }
}

/// The answers to a message.
fn answer(
    peers: &mut VecDeque<Peer>,
    message: &Message,
    bytes: &[u8],
    addresses: [SocketAddr; 2],
    rules: &Rules,
) -> Vec<Vec<u8>> {
    let Rules { decide, admit, keeper } = rules;
    let [own, address] = addresses;
    let spi = message.header.initiator_spi;
    // An initiator behind a NAT goes on from another port.
    let is_same = |peer: &&mut Peer| peer.address.ip() == address.ip() && peer.responder.spis().0 == spi;
    let known = peers.iter_mut().find(is_same);
    if !begins_sa(message) {
        let Some(peer) = known else { return Vec::new() };
        peer.heard = Instant::now();
        if message.header.major() == 1 {
            return peer.responder.receive_version_1(message, bytes, keeper.as_ref()).unwrap_or_default();
        }
        let admit = |request: &AuthRequest| admit(request, [own.ip(), address.ip()]);
        return peer.responder.receive(message, bytes, &admit).unwrap_or_default();
    }
    let reply = |responder: &Responder| match responder.reply() {
        [] => Vec::new(),
        reply => vec![reply.to_vec()],
    };
    if let Some(peer) = known {
        if peer.responder.is_repeated(bytes) {
            return reply(&peer.responder);
        }
        // Another public value was asked for, and here it is.
        let Ok(responder) = Responder::new(message, bytes, decide(message), addresses) else { return Vec::new() };
        if let Reached::AskedForGroup(group) = responder.reached() {
            peer.groups.push(*group);
        }
        let answers = reply(&responder);
        (peer.opening, peer.responder, peer.heard) = (Box::new(message.clone()), responder, Instant::now());
        return answers;
    }
    let Ok(responder) = Responder::new(message, bytes, decide(message), addresses) else { return Vec::new() };
    let groups = match responder.reached() {
        Reached::AskedForGroup(group) => vec![*group],
        _ => Vec::new(),
    };
    let answers = reply(&responder);
    if peers.len() >= MOST {
        peers.pop_front();
    }
    let (opening, heard) = (Box::new(message.clone()), Instant::now());
    peers.push_back(Peer { address, opening, responder, groups, heard, told: false });
    answers
}

fn broken(error: &shakedown_wire::WireError, bytes: &[u8]) -> Fact {
    if looks_like_ike(bytes) {
        let offset = u64::try_from(error.offset).unwrap_or(u64::MAX);
        return Fact::Malformed { phase: Phase::IkeSa, what: error.to_string(), offset };
    }
    let first_bytes = Name::from_bytes(bytes.get(..bytes.len().min(64)).unwrap_or_default());
    Fact::OtherProtocol { protocol: StrangeProtocol::Unknown, first_bytes }
}
