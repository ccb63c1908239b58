use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Passes connections on to a server and counts them.
pub(super) struct Counter {
    address: SocketAddr,
    count: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
}

impl Counter {
    pub(super) fn start(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let count = Arc::new(AtomicUsize::new(0));
        let stopped = Arc::new(AtomicBool::new(false));
        let (counted, stop) = (Arc::clone(&count), Arc::clone(&stopped));
        thread::spawn(move || {
            for client in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                counted.fetch_add(1, Ordering::SeqCst);
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) {
                    pass(&client, &server);
                    pass(&server, &client);
                }
            }
        });
        Ok(Self { address, count, stopped })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections so far. A connection counts when it is accepted, so ask after the client has ended.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _wakes_the_thread = TcpStream::connect(self.address);
    }
}

/// Copies one direction in a thread of its own.
fn pass(from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    thread::spawn(move || {
        let _ends_with_either_side = io::copy(&mut from, &mut to);
        let _already_closed = to.shutdown(Shutdown::Write);
    });
}
