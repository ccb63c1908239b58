//! A relay that begins to refuse: a rate limit, or a device on the way.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What becomes of a connection that is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It is closed in order.
    Closed,
    /// It is reset.
    Reset,
    /// It stays open, and nothing comes.
    Silent,
}

/// Passes connections on to a server, some of them; it ends when this is dropped.
pub struct Gate {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Gate {
    /// Passes on so many connections, and none after them.
    ///
    /// # Panics
    /// Where loopback cannot be listened on.
    pub fn new(server: SocketAddr, limit: usize, turned: Turned) -> Self {
        Self::passing(server, turned, move |number, _| number < limit)
    }

    /// Passes connections on whose first bytes are no more than this: what some devices do to large hellos.
    ///
    /// # Panics
    /// Where loopback cannot be listened on.
    pub fn small(server: SocketAddr, most: usize) -> Self {
        Self::passing(server, Turned::Closed, move |_, client| {
            let _set = client.set_read_timeout(Some(Duration::from_millis(200)));
            let mut seen = vec![0; most + 1];
            let count = client.peek(&mut seen).unwrap_or(0);
            let _set = client.set_read_timeout(None);
            count <= most
        })
    }

    fn passing(
        server: SocketAddr,
        turned: Turned,
        passes: impl Fn(usize, &TcpStream) -> bool + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback can be listened on");
        let address = listener.local_addr().expect("a listening socket has an address");
        let (stop, connections) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&connections));
        let thread = thread::spawn(move || {
            let held = Mutex::new(Vec::new());
            while let Ok((client, _)) = listener.accept() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                if passes(counted.fetch_add(1, Ordering::SeqCst), &client) {
                    let _passed = pass(&client, server);
                    continue;
                }
                match turned {
                    Turned::Closed => drop(client),
                    Turned::Reset => {
                        let _set = socket2::Socket::from(client).set_linger(Some(Duration::ZERO));
                    }
                    Turned::Silent => held.lock().unwrap_or_else(PoisonError::into_inner).push(client),
                }
            }
        });
        Self { address, stop, connections, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has taken.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn pass(client: &TcpStream, server: SocketAddr) -> io::Result<()> {
    let other = TcpStream::connect(server)?;
    for (mut from, mut to) in [(client.try_clone()?, other.try_clone()?), (other, client.try_clone()?)] {
        thread::spawn(move || {
            let _the_end_of_either = io::copy(&mut from, &mut to);
            let _gone = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _wakes = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}
