//! Responders on loopback that do as they are told.
#![allow(dead_code, reason = "each test file uses a part")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shakedown_model::{Name, Slot};
use shakedown_probe::ike::{Candidate, Candidates, IkeOptions};
use shakedown_wire::ike::number::{flag, notify, payload, transform};
use shakedown_wire::ike::{Datagram, Header, Message, MessageLimits, Notify, Payload, Transform, View};
use tokio::net::UdpSocket;

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) fn options(milliseconds: u64) -> IkeOptions {
    IkeOptions { timeout: Duration::from_millis(milliseconds), ..IkeOptions::default() }
}

/// Some transforms with their numbers.
const TRANSFORMS: [(Slot, &str, u16, Option<u16>); 24] = [
    (Slot::Encryption, "aes256", 12, Some(256)),
    (Slot::Encryption, "aes128", 12, Some(128)),
    (Slot::Encryption, "3des", 3, None),
    (Slot::Encryption, "aes256gcm16", 20, Some(256)),
    (Slot::Encryption, "aes128gcm16", 20, Some(128)),
    (Slot::Encryption, "chacha20poly1305", 28, None),
    (Slot::Integrity, "sha1", 2, None),
    (Slot::Integrity, "sha256", 12, None),
    (Slot::Integrity, "sha384", 13, None),
    (Slot::Integrity, "sha512", 14, None),
    (Slot::Prf, "prfsha1", 2, None),
    (Slot::Prf, "prfsha256", 5, None),
    (Slot::Prf, "prfsha384", 6, None),
    (Slot::Prf, "prfsha512", 7, None),
    (Slot::Group, "modp1024", 2, None),
    (Slot::Group, "modp2048", 14, None),
    (Slot::Group, "modp2048s224", 23, None),
    (Slot::Group, "modp2048s256", 24, None),
    (Slot::Group, "ecp256", 19, None),
    (Slot::Group, "ecp384", 20, None),
    (Slot::Group, "ecp192", 25, None),
    (Slot::Group, "ecp224", 26, None),
    (Slot::Group, "ecp256bp", 28, None),
    (Slot::Group, "x25519", 31, None),
];

pub(crate) fn candidates() -> Candidates {
    let one = |(slot, name, number, key_length)| Candidate { slot, name: Name::new(name), number, key_length };
    Candidates::new(TRANSFORMS.into_iter().map(one))
}

/// What a responder answers to a message, which is its so-and-so-many-th.
pub(crate) type Behaviour = Box<dyn FnMut(&Message, usize) -> Vec<Vec<u8>>>;

/// A responder that reads messages behind the marker, or without one.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    /// What it has received.
    pub(crate) received: Arc<Mutex<Vec<Message>>>,
}

impl Fake {
    /// It runs as long as the runtime does.
    pub(crate) async fn start(marked: bool, mut behaviour: Behaviour) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&received);
        let serve = async move {
            let mut buffer = vec![0; 0xffff];
            let mut count = 0;
            loop {
                let (size, from) = socket.recv_from(&mut buffer).await.unwrap();
                let bytes = match Datagram::recognise(&buffer[..size]) {
                    Datagram::Ike(message) if marked => message.to_vec(),
                    Datagram::Esp(datagram) if !marked => datagram.to_vec(),
                    _ => continue,
                };
                let Ok(message) = Message::parse(&bytes, MessageLimits::default()) else { continue };
                noted.lock().unwrap().push(message.clone());
                for reply in behaviour(&message, count) {
                    let reply = if marked { Datagram::mark(&reply) } else { reply };
                    socket.send_to(&reply, from).await.unwrap();
                }
                count += 1;
            }
        };
        LOCAL.with(|tasks| tasks.borrow_mut().push(Box::pin(serve)));
        Self { address, received }
    }
}

type Task = std::pin::Pin<Box<dyn Future<Output = ()>>>;
thread_local! {
    static LOCAL: std::cell::RefCell<Vec<Task>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Runs the future beside the responders that were started on this thread.
pub(crate) async fn beside<T>(future: impl Future<Output = T>) -> T {
    let mut tasks = LOCAL.with(|tasks| std::mem::take(&mut *tasks.borrow_mut()));
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        for task in &mut tasks {
            let _serves_on = task.as_mut().poll(context);
        }
        future.as_mut().poll(context)
    })
    .await
}

/// A responder that refuses IKEv1, as one does that speaks IKEv2 alone, and else has this behaviour.
pub(crate) fn modern(mut behaviour: Behaviour) -> Behaviour {
    Box::new(move |request, count| match request.header.major() {
        1 => vec![refuses_old(request)],
        _ => behaviour(request, count),
    })
}

/// NO-PROPOSAL-CHOSEN of IKEv1.
pub(crate) fn refuses_old(request: &Message) -> Vec<u8> {
    let header = Header {
        version: Header::V1,
        exchange: shakedown_wire::ike::number::exchange::INFORMATIONAL_V1,
        flags: 0,
        ..request.header
    };
    let notification = shakedown_wire::ike::Notification {
        doi: 1,
        protocol: 1,
        kind: notify::NO_PROPOSAL_CHOSEN,
        ..shakedown_wire::ike::Notification::default()
    };
    let payloads = vec![Payload::new(payload::NOTIFICATION_V1, &View::Notification(notification))];
    Message { header, payloads, ..Message::default() }.write()
}

/// A response with these payloads.
pub(crate) fn response(request: &Message, payloads: Vec<Payload>) -> Vec<u8> {
    let header = Header { flags: flag::RESPONSE, ..request.header };
    Message { header, payloads, ..Message::default() }.write()
}

/// A response with a notify alone.
pub(crate) fn notifies(request: &Message, kind: u16, data: &[u8]) -> Vec<u8> {
    let one = Notify::new(kind, data.to_vec());
    response(request, vec![Payload::new(payload::NOTIFY, &View::Notify(one))])
}

pub(crate) fn refuses(request: &Message) -> Vec<u8> {
    notifies(request, notify::NO_PROPOSAL_CHOSEN, &[])
}

/// The group of the key exchange payload.
pub(crate) fn group_of(request: &Message) -> u16 {
    let key = request.of_type(payload::KE).next().unwrap().view().unwrap();
    let View::KeyExchange(key) = key else { panic!("a key exchange") };
    key.group
}

/// The groups of all proposals.
pub(crate) fn groups_of(request: &Message) -> Vec<u16> {
    proposals_of(request).concat().iter().filter(|one| one.kind == transform::KEY_EXCHANGE).map(|one| one.id).collect()
}

pub(crate) fn proposals_of(request: &Message) -> Vec<Vec<Transform>> {
    let association = request.of_type(payload::SA).next().unwrap().view().unwrap();
    let View::Proposals(proposals) = association else { panic!("proposals") };
    proposals.into_iter().map(|one| one.transforms).collect()
}

/// The transforms of one proposal by name.
pub(crate) fn transforms(names: &str) -> Vec<Transform> {
    let one = |name: &str| {
        let (slot, _, number, key_length) = *TRANSFORMS.iter().find(|(_, known, ..)| *known == name).unwrap();
        let kind = match slot {
            Slot::Encryption => transform::ENCRYPTION,
            Slot::Prf => transform::PRF,
            Slot::Integrity => transform::INTEGRITY,
            _ => transform::KEY_EXCHANGE,
        };
        Transform::new(kind, number, key_length)
    };
    names.split('-').map(one).collect()
}

/// What RFC 7296 has a responder select that is set up with these proposals.
pub(crate) fn select(own: &[Vec<Transform>], offered: &[Vec<Transform>]) -> Option<Vec<Transform>> {
    let kinds = |proposal: &[Transform]| {
        let mut kinds: Vec<u8> = proposal.iter().map(|one| one.kind).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    own.iter().find_map(|own| {
        offered.iter().filter(|offered| kinds(own) == kinds(offered)).find_map(|offered| {
            kinds(own)
                .into_iter()
                .map(|kind| own.iter().find(|one| one.kind == kind && offered.contains(one)).cloned())
                .collect()
        })
    })
}

/// What it answers: the selection, another group to use, or a refusal.
pub(crate) fn answer(own: &[Vec<Transform>], request: &Message) -> Vec<u8> {
    let Some(selected) = select(own, &proposals_of(request)) else { return refuses(request) };
    let group = selected.iter().find(|one| one.kind == transform::KEY_EXCHANGE).unwrap().id;
    if group != group_of(request) {
        return notifies(request, notify::INVALID_KE_PAYLOAD, &group.to_be_bytes());
    }
    accept(request, selected)
}

pub(crate) fn accept(request: &Message, transforms: Vec<Transform>) -> Vec<u8> {
    let proposal = shakedown_wire::ike::Proposal {
        number: 1,
        protocol: 1,
        transforms,
        ..shakedown_wire::ike::Proposal::default()
    };
    let association = Payload::new(payload::SA, &View::Proposals(vec![proposal]));
    let vendor_id = Payload::new(payload::VENDOR_ID, &View::VendorId(b"a test".to_vec()));
    response(request, vec![association, vendor_id])
}
