//! Records what clients offer: many of them, each up to its first message, for as long as the caller wants.
//!
//! [`Recorder::bind`] listens, [`Recorder::next`] gives one client after another in the order in which they are done.
//! Nothing is kept of a client that has been given out, so that any number of them takes the memory of those that are
//! there at the same time.

mod ike;
mod rate;
mod ssh;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shakedown_model::Fact;
use shakedown_model::ssh::SshOffer;
use shakedown_wire::ike::Message;
use shakedown_wire::tls::{ClientHello, Ssl2ClientHello};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio::time::Instant;

pub use ike::IkeAnswer;
pub(crate) use ike::{begins_sa, looks_like_ike};
pub use rate::Rate;
pub use ssh::SshFront;

use crate::Served;
use rate::Gate;

/// What is listened for.
#[derive(Clone, Debug)]
pub enum Kind {
    /// SSH: this identification and KEXINIT are shown to every client.
    Ssh(Box<SshFront>),
    /// TLS, from the first byte or after what this protocol has before it.
    Tls(Option<Served>),
    /// IKE of both versions, over UDP.
    Ike(IkeAnswer),
}

/// How much is taken from clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections served at the same time; further ones wait in the operating system's queue.
    pub connections: usize,
    /// The time for one connection: one that has not sent its offer by then is closed.
    pub time: Duration,
    /// How fast one address may come back.
    pub rate: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 1_024, time: Duration::from_secs(10), rate: Rate::default() }
    }
}

/// What one client sent.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its number, counted from 1 in the order in which clients came.
    pub number: u32,
    /// Its address.
    pub address: SocketAddr,
    /// Its offer, where it sent one.
    pub opening: Option<Opening>,
    /// What else was seen, in order; where there is no offer, why.
    pub facts: Vec<Fact>,
}

/// A client's first message.
#[derive(Clone, Debug)]
pub enum Opening {
    /// SSH: the KEXINIT with the identification.
    Ssh(Box<SshOffer>),
    /// TLS: the ClientHello.
    Tls(Box<ClientHello>),
    /// The CLIENT-HELLO of SSL 2.0, in which old clients offer later versions too.
    Ssl2(Box<Ssl2ClientHello>),
    /// IKE: the first message of either version.
    Ike(Box<Message>),
}

/// Listens on one address until it is dropped, in tasks of the runtime that [`Self::bind`] was called in.
pub struct Recorder {
    address: SocketAddr,
    recorded: mpsc::Receiver<Recorded>,
    turned_away: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Recorder {
    /// Listens; port 0 takes a free one.
    ///
    /// # Errors
    /// What the operating system says where the address cannot be listened on.
    pub async fn bind(address: SocketAddr, kind: Kind, limits: Limits) -> io::Result<Self> {
        /// Clients that are done and not yet asked for; the next ones wait to be done.
        const WAITING: usize = 64;
        let (sender, recorded) = mpsc::channel(WAITING);
        let turned_away = Arc::new(AtomicU64::new(0));
        let gate = Gate::new(limits.rate, Arc::clone(&turned_away));
        let (address, task) = match kind {
            Kind::Ike(answer) => {
                let socket = tokio::net::UdpSocket::bind(address).await?;
                let address = socket.local_addr()?;
                (address, tokio::spawn(ike::serve(socket, answer, gate, sender)))
            }
            stream => {
                let socket = TcpListener::bind(address).await?;
                let address = socket.local_addr()?;
                (address, tokio::spawn(serve(socket, Arc::new(stream), limits, gate, sender)))
            }
        };
        Ok(Self { address, recorded, turned_away, task: task.abort_handle() })
    }

    /// Where it listens, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next client that is done. Nothing is lost where this future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Recorded> {
        self.recorded.recv().await
    }

    /// How many connections or datagrams were not looked at because their address came too often.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // The connections' tasks find nobody to tell and end by their deadline at the latest.
        self.task.abort();
    }
}

async fn serve(socket: TcpListener, kind: Arc<Kind>, limits: Limits, mut gate: Gate, sender: mpsc::Sender<Recorded>) {
    /// After a failure of `accept`, such as too many open files, before the next try.
    const PAUSE: Duration = Duration::from_millis(50);
    let places = Arc::new(Semaphore::new(limits.connections.max(1)));
    let mut number = 0_u32;
    loop {
        // It is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, address) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(_) => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if !gate.lets_in(address.ip(), Instant::now()) {
            continue;
        }
        number = number.saturating_add(1);
        // Where the option cannot be set the answers only take longer.
        let _ = stream.set_nodelay(true);
        let (kind, sender) = (Arc::clone(&kind), sender.clone());
        let empty = Recorded { number, address, opening: None, facts: Vec::new() };
        tokio::spawn(async move {
            let told = |recorded| async {
                // Nobody is left to be told where this fails.
                let _ = sender.send(recorded).await;
            };
            match &*kind {
                Kind::Ssh(front) => ssh::record(stream, front, limits.time, empty, told).await,
                Kind::Tls(start) => tls::record(stream, *start, limits.time, empty, told).await,
                Kind::Ike(_) => {}
            }
            drop(place);
        });
    }
}
