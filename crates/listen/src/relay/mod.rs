//! Passes connections on to a server, byte for byte, and reads on the way what both ends offer.
//!
//! [`Relay::bind`] listens, [`Relay::next`] gives what was seen of one connection after another: as soon as the handshake is
//! over, or with the end of the connection where it never is. Bytes are passed on as they come, ends of streams and resets
//! too; what is read is read beside that. A connection that may be in use has no limit in time.

mod pass;
mod proxy;
mod sys;
mod upstream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use shakedown_handshake::watch::{Kind, Seen, Watch};
use shakedown_model::{Fact, Role};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::sleep;

use pass::{Shared, pass};
pub use proxy::Proxy;
pub use upstream::{Family, Upstream};

/// How much is passed on at the same time, and how long an idle handshake lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time; further ones wait in the operating system's queue.
    pub connections: usize,
    /// A connection that has not come to the end of its handshake is closed after so long without a byte. One that may be in
    /// use is never closed.
    pub idle: Duration,
    /// How long the end of a handshake is waited for, once the client has sent all of its part or an end has closed, until it
    /// is told what was seen.
    pub patience: Duration,
}

impl Default for Limits {
    /// 1,024 connections; five minutes, as long as mail servers wait (RFC 5321 section 4.5.3.2); two seconds.
    fn default() -> Self {
        Self { connections: 1_024, idle: Duration::from_secs(300), patience: Duration::from_secs(2) }
    }
}

/// What was seen of one connection.
#[derive(Clone, Debug)]
pub struct Relayed {
    /// Its number, counted from 1 in the order in which clients came.
    pub number: u32,
    /// The client's address; `None` where it is this program's standard input and output.
    pub client: Option<SocketAddr>,
    /// The server's address, where a connection came about.
    pub server: Option<SocketAddr>,
    /// Why none came about.
    pub not_connected: Vec<Fact>,
    /// What both ends said; `None` where the server was not reached.
    pub seen: Option<Seen>,
    /// Bytes that the client and the server have sent so far.
    pub bytes: (u64, u64),
    /// Who has spoken last.
    pub last_speaker: Option<Role>,
    /// How long nothing had come when the first of both closed.
    pub waited: Duration,
    /// Whether the connection is over.
    pub over: bool,
}

impl Relayed {
    fn new(number: u32, client: Option<SocketAddr>) -> Self {
        Self {
            number,
            client,
            server: None,
            not_connected: Vec::new(),
            seen: None,
            bytes: (0, 0),
            last_speaker: None,
            waited: Duration::ZERO,
            over: true,
        }
    }
}

/// Listens on one address until it is dropped, and passes connections on in a thread of its own, so that whatever the caller
/// does with what was seen holds up no byte. Connections that are passed on end with it.
pub struct Relay {
    address: SocketAddr,
    relayed: mpsc::Receiver<Relayed>,
    closing: watch::Sender<bool>,
}

impl Relay {
    /// Listens; port 0 takes a free one.
    ///
    /// # Errors
    /// What the operating system says where the address cannot be listened on, or no thread be had.
    pub fn bind(address: SocketAddr, upstream: Upstream, kind: Kind, limits: Limits) -> io::Result<Self> {
        let socket = std::net::TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (sender, relayed) = mpsc::channel(WAITING);
        let (closing, closed) = watch::channel(false);
        std::thread::Builder::new().name("relay".to_owned()).spawn(move || {
            runtime.block_on(async {
                // It was one a moment ago.
                let Ok(socket) = TcpListener::from_std(socket) else { return };
                serve(socket, Arc::new(upstream), kind, limits, sender, closed).await;
            });
            // A name that is still being looked up must not hold anybody back.
            runtime.shutdown_background();
        })?;
        Ok(Self { address, relayed, closing })
    }

    /// Where it listens, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was seen of the next connection; `None` once there is none left after [`Self::close`]. Nothing is lost where this
    /// future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Relayed> {
        self.relayed.recv().await
    }

    /// Takes no further clients. Those that are there are served to their end.
    pub fn close(&mut self) {
        self.closing.send_replace(true);
    }
}

/// Connections that were told of and not yet asked for.
const WAITING: usize = 64;

/// Until it is closed and every connection over, or nobody is left to be told.
async fn serve(
    socket: TcpListener,
    upstream: Arc<Upstream>,
    kind: Kind,
    limits: Limits,
    sender: mpsc::Sender<Relayed>,
    mut closed: watch::Receiver<bool>,
) {
    /// After a failure of `accept`, such as too many open files, before the next try.
    const PAUSE: Duration = Duration::from_millis(50);
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX).max(1);
    let places = Arc::new(Semaphore::new(usize::try_from(all).unwrap_or(Semaphore::MAX_PERMITS)));
    let mut number = 0_u32;
    loop {
        let next = async {
            // It is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((socket.accept().await, place))
        };
        let (accepted, place) = tokio::select! {
            biased;
            change = closed.changed() => match change {
                Ok(()) => break,
                Err(_) => return,
            },
            Some(next) = next => next,
            else => return,
        };
        let Ok((client, address)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        number = number.saturating_add(1);
        let (upstream, kind, sender) = (Arc::clone(&upstream), kind.clone(), sender.clone());
        let relayed = Relayed::new(number, Some(address));
        tokio::spawn(async move {
            relay(client, &upstream, &kind, limits, relayed, &sender).await;
            drop(place);
        });
    }
    drop((socket, sender));
    tokio::select! {
        _ = places.acquire_many(all) => {}
        // Whoever listened is gone.
        Err(_) = closed.changed() => {}
    }
}

async fn relay(
    mut client: TcpStream,
    upstream: &Upstream,
    kind: &Kind,
    limits: Limits,
    mut relayed: Relayed,
    sender: &mpsc::Sender<Relayed>,
) {
    let (mut server, address) = match upstream.connect().await {
        Ok(connected) => connected,
        Err(facts) => {
            relayed.not_connected = facts;
            sys::reset(client).await;
            // Nobody is left to be told where this fails.
            let _ = sender.send(relayed).await;
            return;
        }
    };
    relayed.server = Some(address);
    // Where the option cannot be set, bytes only come later.
    let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
    let shared = Shared::new(Watch::new(kind), limits);
    let reset = {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        pass((&mut from_client, &mut to_client), (&mut from_server, &mut to_server), &shared, relayed, sender).await
    };
    match reset {
        Some(Role::Client) => sys::reset(server).await,
        Some(Role::Server) => sys::reset(client).await,
        None => {}
    }
}

/// How long the rest of what a client said is waited for that has told this program to stop.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(2);

/// Passes this program's standard input on to the server and its answers to standard output, until both are closed or
/// `stopped` is ready. Gives what was seen when it is over.
pub async fn standard_streams(
    upstream: &Upstream,
    kind: &Kind,
    limits: Limits,
    stopped: impl Future<Output = ()>,
) -> Relayed {
    let (mut input, mut output) = (tokio::io::stdin(), tokio::io::stdout());
    let mut relayed = Relayed::new(1, None);
    let (mut server, address) = match upstream.connect().await {
        Ok(connected) => connected,
        Err(facts) => {
            relayed.not_connected = facts;
            return relayed;
        }
    };
    relayed.server = Some(address);
    let _ = server.set_nodelay(true);
    let shared = Shared::new(Watch::new(kind), limits);
    let empty = relayed.clone();
    let (sender, mut told) = mpsc::channel(1);
    let reset = {
        let (mut from_server, mut to_server) = server.split();
        let passing = pass((&mut input, &mut output), (&mut from_server, &mut to_server), &shared, relayed, &sender);
        let mut passing = std::pin::pin!(passing);
        tokio::select! {
            reset = &mut passing => reset,
            () = stopped => {
                // Whoever stops it is the client, whose last words may still be on their way in.
                let rest = async {
                    tokio::select! {
                        reset = &mut passing => reset,
                        () = shared.client_left() => Some(Role::Client),
                    }
                };
                let reset = tokio::time::timeout(LAST_WORDS, rest).await.unwrap_or(Some(Role::Client));
                shared.stop();
                reset
            }
        }
    };
    if reset == Some(Role::Client) {
        sys::reset(server).await;
    }
    match told.try_recv() {
        Ok(relayed) => relayed,
        Err(_) => shared.rest(empty),
    }
}
