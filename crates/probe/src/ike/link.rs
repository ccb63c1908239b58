//! One way to a responder: a socket, and whether messages carry the marker that tells them from ESP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;

use shakedown_wire::ike::Datagram;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::sys;

/// IKE's own port.
pub(super) const IKE: u16 = 500;
/// The port for peers behind NAT, and of ESP within UDP.
pub(super) const NAT: u16 = 4500;

/// A port, and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) port: u16,
    /// Whether the marker stands before each message (RFC 3948 section 2.2).
    pub(super) marked: bool,
}

/// The ways to a responder in the order in which they are tried.
pub(super) fn ways(port: u16) -> Vec<Way> {
    let way = |port, marked| Way { port, marked };
    match port {
        IKE => vec![way(IKE, false), way(NAT, true)],
        NAT => vec![way(NAT, true)],
        // strongSwan reads what comes from and to other ports as ESP unless the marker stands before it; others do not.
        port => vec![way(port, true), way(port, false)],
    }
}

/// What came of waiting.
pub(super) enum Arrived {
    /// A message, without its marker.
    Message(Vec<u8>),
    /// A datagram that is no message of IKE.
    Other,
    /// The system says that no datagram gets there.
    Failed(io::Error),
    /// Nothing until then.
    Nothing,
}

pub(super) struct Link {
    pub(super) way: Way,
    pub(super) address: SocketAddr,
    socket: UdpSocket,
    buffer: Vec<u8>,
}

impl Link {
    /// A socket that takes datagrams of this address and port only.
    pub(super) fn open(address: IpAddr, way: Way, source: Option<IpAddr>) -> io::Result<Self> {
        let address = SocketAddr::new(address, way.port);
        Ok(Self { way, address, socket: sys::datagrams(address, source)?, buffer: vec![0; 0xffff] })
    }

    /// This end's address and port.
    pub(super) fn own_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub(super) async fn send(&self, message: &[u8]) -> io::Result<()> {
        let bytes = if self.way.marked { Datagram::mark(message) } else { message.to_vec() };
        self.socket.send(&bytes).await.map(|_| ())
    }

    /// The next datagram, if one comes until then.
    pub(super) async fn receive(&mut self, until: Instant) -> Arrived {
        let size = match timeout_at(until, self.socket.recv(&mut self.buffer)).await {
            Err(_) => return Arrived::Nothing,
            Ok(Err(error)) => return Arrived::Failed(error),
            Ok(Ok(size)) => size,
        };
        let datagram = self.buffer.get(..size).unwrap_or_default();
        match Datagram::recognise(datagram) {
            Datagram::Ike(message) if self.way.marked => Arrived::Message(message.to_vec()),
            _ if self.way.marked => Arrived::Other,
            _ => Arrived::Message(datagram.to_vec()),
        }
    }
}

/// What arrives first on any of the links, and on which.
pub(super) async fn first(links: &mut [Link], live: &[bool], until: Instant) -> Option<(usize, Arrived)> {
    let open = links.iter_mut().enumerate().zip(live).filter(|(_, live)| **live);
    let mut waiting: Vec<_> =
        open.map(|((index, link), _)| Box::pin(async move { (index, link.receive(until).await) })).collect();
    if waiting.is_empty() {
        return None;
    }
    let arrived = std::future::poll_fn(|context| {
        for one in &mut waiting {
            if let Poll::Ready(arrived) = one.as_mut().poll(context) {
                return Poll::Ready(arrived);
            }
        }
        Poll::Pending
    });
    Some(arrived.await)
}
