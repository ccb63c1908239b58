//! One way to a responder: a socket, and whether messages carry the marker that tells them from ESP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use shakedown_wire::ike::{Datagram, Frames, STREAM_PREFIX, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout, timeout_at};

use crate::sys;

/// IKE's own port.
pub(super) const IKE: u16 = 500;
/// The port for peers behind NAT, and of ESP within UDP; of both within TCP.
pub(super) const NAT: u16 = 4500;
/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(5);

/// A port, and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) port: u16,
    /// Whether the marker stands before each message (RFC 3948 section 2.2).
    pub(super) marked: bool,
    /// Whether it is TCP (RFC 9329), where nothing is lost and so nothing sent twice.
    pub(super) stream: bool,
}

/// The ways to a responder in the order in which they are tried.
pub(super) fn ways(port: u16, stream: bool) -> Vec<Way> {
    let way = |port, marked| Way { port, marked, stream };
    match port {
        IKE | NAT if stream => vec![way(NAT, true)],
        port if stream => vec![way(port, true)],
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
    /// The system says that no datagram gets there, or the connection ended.
    Failed(io::Error),
    /// Nothing until then.
    Nothing,
}

pub(super) struct Link {
    pub(super) way: Way,
    pub(super) address: SocketAddr,
    socket: Socket,
    buffer: Vec<u8>,
}

enum Socket {
    Datagrams(UdpSocket),
    Stream(Connection),
}

/// A TCP connection, which is made when there is something to send.
struct Connection {
    source: Option<IpAddr>,
    stream: Option<TcpStream>,
    frames: Frames,
}

impl Link {
    /// A socket that takes datagrams of this address and port only, or for a connection to it.
    pub(super) fn open(address: IpAddr, way: Way, source: Option<IpAddr>) -> io::Result<Self> {
        let address = SocketAddr::new(address, way.port);
        let socket = match way.stream {
            true => Socket::Stream(Connection { source, stream: None, frames: Frames::default() }),
            false => Socket::Datagrams(sys::datagrams(address, source)?),
        };
        Ok(Self { way, address, socket, buffer: vec![0; 0xffff] })
    }

    /// This end's address and port.
    pub(super) async fn own_address(&mut self) -> io::Result<SocketAddr> {
        match &mut self.socket {
            Socket::Datagrams(socket) => socket.local_addr(),
            Socket::Stream(connection) => connection.open(self.address).await?.local_addr(),
        }
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let bytes = if self.way.marked { Datagram::mark(message) } else { message.to_vec() };
        match &mut self.socket {
            Socket::Datagrams(socket) => socket.send(&bytes).await.map(|_| ()),
            Socket::Stream(connection) => {
                let framed = frame(&bytes).ok_or(io::ErrorKind::InvalidInput)?;
                connection.open(self.address).await?.write_all(&framed).await
            }
        }
    }

    /// The next datagram, if one comes until then.
    pub(super) async fn receive(&mut self, until: Instant) -> Arrived {
        let datagram = match &mut self.socket {
            Socket::Datagrams(socket) => match timeout_at(until, socket.recv(&mut self.buffer)).await {
                Err(_) => return Arrived::Nothing,
                Ok(Err(error)) => return Arrived::Failed(error),
                Ok(Ok(size)) => self.buffer.get(..size).unwrap_or_default().to_vec(),
            },
            Socket::Stream(connection) => match timeout_at(until, connection.packet(&mut self.buffer)).await {
                Err(_) => return Arrived::Nothing,
                Ok(Err(error)) => return Arrived::Failed(error),
                Ok(Ok(packet)) => packet,
            },
        };
        match Datagram::recognise(&datagram) {
            Datagram::Ike(message) if self.way.marked => Arrived::Message(message.to_vec()),
            _ if self.way.marked => Arrived::Other,
            _ => Arrived::Message(datagram),
        }
    }
}

impl Connection {
    async fn open(&mut self, address: SocketAddr) -> io::Result<&mut TcpStream> {
        if self.stream.is_none() {
            let connected = timeout(CONNECT, sys::connect(address, self.source)).await;
            let mut stream = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            stream.write_all(&STREAM_PREFIX).await?;
            self.frames = Frames::default();
            self.stream = Some(stream);
        }
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// The next whole packet. What has come of it is kept where this is given up.
    async fn packet(&mut self, buffer: &mut [u8]) -> io::Result<Vec<u8>> {
        loop {
            let broken = |error| io::Error::new(io::ErrorKind::InvalidData, error);
            if let Some(packet) = self.frames.packet().map_err(broken)? {
                return Ok(packet);
            }
            let Some(stream) = &mut self.stream else { return std::future::pending().await };
            match stream.read(buffer).await {
                Ok(0) => {
                    self.stream = None;
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(size) => self.frames.push(buffer.get(..size).unwrap_or_default()),
                Err(error) => {
                    self.stream = None;
                    return Err(error);
                }
            }
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
