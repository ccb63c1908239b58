//! Something between two ends that keeps all that they say.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

/// It passes connections on to one address.
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    passed: mpsc::Receiver<Said>,
}

/// What the client of a connection and its server said.
pub(crate) type Said = (Vec<u8>, Vec<u8>);

impl Tap {
    pub(crate) fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let (sender, passed) = mpsc::channel();
        std::thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let sender = sender.clone();
                std::thread::spawn(move || {
                    let Ok(server) = TcpStream::connect(to) else { return };
                    // Nobody is left to be told where this fails.
                    let _ = sender.send(both(&client, &server));
                });
            }
        });
        Self { address, passed }
    }

    /// What was said in the next connection, once it is over.
    pub(crate) fn next(&self) -> Said {
        self.passed.recv_timeout(Duration::from_secs(60)).expect("a connection that has ended")
    }
}

/// Whether the bytes of a connection on one side of a relay are those on the other side. A client may have made more than one.
pub(crate) fn identical(near: &Tap, far: &Tap) -> bool {
    /// The most connections that a client makes.
    const MOST: usize = 3;
    let said = near.next();
    assert!(!said.0.is_empty() && !said.1.is_empty(), "both ends speak");
    (0..MOST).any(|_| far.next() == said)
}

pub(crate) fn both(client: &TcpStream, server: &TcpStream) -> Said {
    std::thread::scope(|scope| {
        let there = scope.spawn(|| one(client, server));
        let back = one(server, client);
        (there.join().expect("no panic"), back)
    })
}

/// Reads to the end, whatever becomes of the other end; a reset is an end too.
fn one(mut from: &TcpStream, mut to: &TcpStream) -> Vec<u8> {
    let (mut all, mut buffer, mut open) = (Vec::new(), vec![0; 1 << 14], true);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        all.extend_from_slice(&buffer[..count]);
        open = open && to.write_all(&buffer[..count]).is_ok();
    }
    let _ = to.shutdown(Shutdown::Write);
    all
}
