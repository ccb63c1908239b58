use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use shakedown_handshake::tls::{Agreement, ClientOpening, Decision, Refusal, Server, ServerEnd, ServerObservation};
use shakedown_model::Ending;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::page;
use crate::stream;

const BUFFER: usize = 16 * 1024;
/// Bytes of the application that are looked at; a request of HTTP is shorter.
const LONGEST_REQUEST: usize = 256 * 1024;

/// What answers hellos.
pub trait Decide: Send + Sync {
    /// What is made of a client's first message.
    fn decide(&self, opening: &ClientOpening) -> Decision;
}

/// One client of an emulated server.
#[derive(Clone, Debug)]
pub struct Served {
    /// Its number, counted from 1 in the order in which clients came.
    pub number: u32,
    /// Its address.
    pub address: SocketAddr,
    /// What was seen of it.
    pub observation: ServerObservation,
    /// How the connection failed below TLS, where it did.
    pub ending: Option<Ending>,
}

/// How much an emulated server takes from its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections served at the same time; further ones wait in the operating system's queue.
    pub connections: usize,
    /// The time for one connection.
    pub time: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { connections: 64, time: Duration::from_secs(60) }
    }
}

/// A server of TLS on one address, which answers as it is told and then has one page for clients of HTTP. It serves in tasks of
/// the runtime that [`Self::bind`] was called in, until it is dropped.
pub struct TlsServer {
    address: SocketAddr,
    served: mpsc::Receiver<Served>,
    task: AbortHandle,
}

impl TlsServer {
    /// Listens and serves; port 0 takes a free one.
    ///
    /// # Errors
    /// What the operating system says where the address cannot be listened on.
    pub async fn bind(address: SocketAddr, decide: Arc<dyn Decide>, limits: ServerLimits) -> io::Result<Self> {
        /// Clients that are done and not yet asked for; the next ones wait to be done.
        const WAITING: usize = 64;
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        let (sender, served) = mpsc::channel(WAITING);
        let task = tokio::spawn(accept(socket, decide, limits, sender)).abort_handle();
        Ok(Self { address, served, task })
    }

    /// Where it listens, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next client that is done. Nothing is lost where this future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Served> {
        self.served.recv().await
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        // The connections' tasks belong to this one and end with it.
        self.task.abort();
    }
}

async fn accept(socket: TcpListener, decide: Arc<dyn Decide>, limits: ServerLimits, sender: mpsc::Sender<Served>) {
    /// After a failure of `accept`, such as too many open files, before the next try.
    const PAUSE: Duration = Duration::from_millis(50);
    let mut connections = JoinSet::new();
    let mut number = 0_u32;
    loop {
        while connections.len() >= limits.connections.max(1) {
            connections.join_next().await;
        }
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, address)) => {
                    number = number.saturating_add(1);
                    // Where the option cannot be set the answers only take longer.
                    let _ = stream.set_nodelay(true);
                    let (decide, sender) = (Arc::clone(&decide), sender.clone());
                    connections.spawn(serve(stream, decide, limits.time, (number, address), sender));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            _ = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    decide: Arc<dyn Decide>,
    time: Duration,
    (number, address): (u32, SocketAddr),
    sender: mpsc::Sender<Served>,
) {
    let deadline = Instant::now() + time;
    let mut server = Server::default();
    let ending = exchange(&mut stream, &mut server, &*decide, deadline).await;
    let observation = server.into_observation();
    let resets = observation.end == Some(ServerEnd::Refused(Refusal::Reset));
    // Nobody is left to be told where this fails.
    let _ = sender.send(Served { number, address, observation, ending }).await;
    if resets {
        // The connection goes with a reset where it is dropped.
        let _ = stream.set_zero_linger();
    } else {
        let _ = timeout_at(deadline, stream::linger(&mut stream)).await;
    }
}

/// How the connection ended before the machine was done.
async fn exchange(
    stream: &mut TcpStream,
    server: &mut Server,
    decide: &dyn Decide,
    deadline: Instant,
) -> Option<Ending> {
    let begun = Instant::now();
    let mut buffer = vec![0; BUFFER];
    let mut said = Vec::new();
    let mut text = String::new();
    loop {
        if let Err(how) = stream::send_all(stream, &mut || server.transmit(), deadline).await {
            return Some(how(begun));
        }
        if server.is_done() {
            return None;
        }
        match stream::read(stream, &mut buffer, deadline).await {
            Ok(0) => server.end_of_stream(),
            Ok(count) => server.receive(buffer.get(..count).unwrap_or_default()),
            Err(how) => return Some(how(begun)),
        }
        if let Some(opening) = server.asks() {
            let decision = decide.decide(opening);
            if let Decision::Agree(agreement) = &decision {
                text = page_text(agreement);
            }
            server.decide(decision);
        }
        said.extend(server.take_received());
        if let Some(answer) = page::answer(&said, &text) {
            server.send(&answer);
            server.close();
        } else if said.len() > LONGEST_REQUEST {
            server.close();
        }
    }
}

/// What the page says.
fn page_text(agreement: &Agreement) -> String {
    let version = shakedown_wire::tls::number::version::name(agreement.version).unwrap_or("an unknown version");
    format!("shakedown: {version}, {}\n", agreement.suite.name)
}
