use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shakedown_crypto::PrivateHostKey;
use shakedown_handshake::ssh::ServerConfig;
use shakedown_model::Name;
use shakedown_model::ssh::SshOffer;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use super::{Observation, connection};

/// What a listener acts as.
pub struct SshServer {
    /// The identification string, without line end.
    pub identification: Name,
    /// What it offers. Names that are not implemented may be in it: agreeing on one ends the exchange.
    pub offer: SshOffer,
    /// The keys that it signs with.
    pub host_keys: Vec<PrivateHostKey>,
}

/// How much a listener takes from its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections served at the same time; further ones wait in the operating system's queue.
    pub connections: usize,
    /// The time for one connection.
    pub time: Duration,
    /// Bytes, packets and lines of one connection.
    pub exchange: shakedown_handshake::ssh::Limits,
    /// Observations that are kept; the oldest go first.
    pub observations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16,
            time: Duration::from_secs(20),
            exchange: shakedown_handshake::ssh::Limits::default(),
            observations: 256,
        }
    }
}

/// A server on one address. It serves from [`Self::bind`] on, in tasks of the runtime that `bind` was called in, until it
/// is dropped.
pub struct Listener {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    state: Mutex<State>,
    limits: Limits,
    changed: tokio::sync::Notify,
}

struct State {
    config: ServerConfig,
    observations: VecDeque<Observation>,
    connections: u32,
}

impl Listener {
    /// Listens and serves with the usual limits; port 0 takes a free one.
    ///
    /// # Errors
    /// What the operating system says where the address cannot be listened on.
    pub async fn bind(address: SocketAddr, server: SshServer) -> io::Result<Self> {
        Self::bind_with(address, server, Limits::default()).await
    }

    /// Listens and serves with these limits.
    ///
    /// # Errors
    /// What the operating system says where the address cannot be listened on.
    pub async fn bind_with(address: SocketAddr, server: SshServer, limits: Limits) -> io::Result<Self> {
        let SshServer { identification, offer, host_keys } = server;
        Self::serve(address, ServerConfig::new(identification.to_bytes(), offer, host_keys.into()), limits).await
    }

    /// Listens and serves as a machine that is set up so; its limits are those of `limits`.
    ///
    /// # Errors
    /// What the operating system says where the address cannot be listened on.
    pub async fn serve(address: SocketAddr, mut config: ServerConfig, limits: Limits) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        config.limits = limits.exchange;
        let state = State { config, observations: VecDeque::new(), connections: 0 };
        let shared = Arc::new(Shared { state: Mutex::new(state), limits, changed: tokio::sync::Notify::new() });
        let task = tokio::spawn(accept(socket, Arc::clone(&shared))).abort_handle();
        Ok(Self { address, shared, task })
    }

    /// The address listened on, with the port that was taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Offers this from the next connection on.
    pub fn set_offer(&self, offer: SshOffer) {
        self.shared.lock().config.offer = offer;
    }

    /// What the last connections showed, in the order in which they ended.
    pub fn observations(&self) -> Vec<Observation> {
        self.shared.lock().observations.iter().cloned().collect()
    }

    /// The next connection that has ended, which is no longer among [`Self::observations`] then. Nothing is lost where this
    /// future is dropped before it is ready.
    pub async fn next(&self) -> Observation {
        loop {
            let changed = self.shared.changed.notified();
            if let Some(observation) = self.shared.lock().observations.pop_front() {
                return observation;
            }
            changed.await;
        }
    }

    /// Waits until as many connections have ended as said, counted from the first.
    pub async fn wait_for(&self, connections: u32) {
        loop {
            let changed = self.shared.changed.notified();
            if self.shared.lock().connections >= connections {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The connections' tasks belong to this one and end with it.
        self.task.abort();
    }
}

impl Shared {
    /// Nothing that holds the lock can leave the state half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn config(&self) -> ServerConfig {
        self.lock().config.clone()
    }

    fn record(&self, observation: Observation) {
        let mut state = self.lock();
        if state.observations.len() >= self.limits.observations {
            state.observations.pop_front();
        }
        state.observations.push_back(observation);
        state.connections = state.connections.saturating_add(1);
        drop(state);
        self.changed.notify_waiters();
    }
}

async fn accept(socket: TcpListener, shared: Arc<Shared>) {
    /// After a failure of `accept`, such as too many open files, before the next try.
    const PAUSE: Duration = Duration::from_millis(50);
    let mut connections = JoinSet::new();
    let mut number = 0_u32;
    loop {
        while connections.len() >= shared.limits.connections {
            finished(&shared, connections.join_next().await);
        }
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, address)) => {
                    number = number.saturating_add(1);
                    // Where the option cannot be set the answers only take longer.
                    let _ = stream.set_nodelay(true);
                    let observation = Observation::new(number, address);
                    connections.spawn(connection::serve(stream, shared.config(), shared.limits.time, observation));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            ended = connections.join_next(), if !connections.is_empty() => finished(&shared, ended),
        }
    }
}

fn finished(shared: &Shared, ended: Option<Result<Observation, tokio::task::JoinError>>) {
    if let Some(Ok(observation)) = ended {
        shared.record(observation);
    }
}
