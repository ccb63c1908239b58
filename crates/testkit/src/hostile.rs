//! SSH servers that misbehave, each a script of a few steps, for tests of whatever connects to them.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

mod bytes;
mod peers;

pub use bytes::{kexinit, kexinit_with, packet};
pub use peers::{HostilePeer, PEERS};

/// What a hostile server does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes over and over, as fast as they are taken.
    SendForever(Vec<u8>),
    /// Sends one byte after another with this pause between them, over and over.
    Drip(Vec<u8>, Duration),
    /// Reads up to the end of the client's first line.
    ReadLine,
    /// Reads as many bytes as said.
    Read(usize),
    /// Reads and says nothing until the client closes.
    Hold,
    /// Closes in order. The same happens at the end of a script.
    Close,
    /// Closes with a reset: bytes that the client has sent are left unread.
    Reset,
}

/// A hostile server on loopback; it ends when this is dropped.
#[derive(Debug)]
pub struct Hostile {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    connections: Arc<AtomicU32>,
    thread: Option<JoinHandle<()>>,
}

impl Hostile {
    /// Runs the first script for the first connection, the second for the second, and the last one for all that follow.
    ///
    /// # Panics
    /// Where there is no script, or loopback cannot be listened on.
    pub fn start(scripts: Vec<Vec<Step>>) -> Self {
        assert!(!scripts.is_empty(), "a hostile server needs a script");
        let listener = crate::process::listener().expect("loopback can be listened on");
        let address = listener.local_addr().expect("a listening socket has an address");
        let stop = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(AtomicU32::new(0));
        let thread = {
            let (stop, connections) = (Arc::clone(&stop), Arc::clone(&connections));
            std::thread::spawn(move || serve(&listener, &scripts, &stop, &connections))
        };
        Self { address, stop, connections, thread: Some(thread) }
    }

    /// Runs one script for every connection.
    pub fn run(script: Vec<Step>) -> Self {
        Self::start(vec![script])
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has taken.
    pub fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, scripts: &[Vec<Step>], stop: &Arc<AtomicBool>, connections: &AtomicU32) {
    let mut threads = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let number = connections.fetch_add(1, Ordering::SeqCst) as usize;
        let Some(script) = scripts.get(number).or(scripts.last()).cloned() else { break };
        let stop = Arc::clone(stop);
        threads.push(std::thread::spawn(move || play(stream, &script, &stop)));
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// How often a step that waits looks whether the server is to end.
const GLANCE: Duration = Duration::from_millis(20);

fn play(mut stream: TcpStream, script: &[Step], stop: &AtomicBool) {
    let _ = stream.set_read_timeout(Some(GLANCE));
    let _ = stream.set_write_timeout(Some(GLANCE));
    let _ = stream.set_nodelay(true);
    for step in script {
        let goes_on = match step {
            Step::Send(bytes) => send(&mut stream, bytes, stop),
            Step::SendForever(bytes) => {
                while send(&mut stream, bytes, stop) {}
                false
            }
            Step::Drip(bytes, pause) => {
                for byte in bytes.iter().cycle() {
                    if !send(&mut stream, &[*byte], stop) {
                        break;
                    }
                    std::thread::sleep(*pause);
                }
                false
            }
            Step::ReadLine => receive(&mut stream, stop, |byte, _| byte == b'\n'),
            Step::Read(count) => receive(&mut stream, stop, |_, read| read >= *count),
            Step::Hold => {
                receive(&mut stream, stop, |_, _| false);
                false
            }
            Step::Close => false,
            Step::Reset => {
                reset(&mut stream, stop);
                return;
            }
        };
        if !goes_on {
            break;
        }
    }
    close(stream, stop);
}

/// Whether the script goes on.
fn send(stream: &mut TcpStream, bytes: &[u8], stop: &AtomicBool) -> bool {
    let mut rest = bytes;
    while !rest.is_empty() {
        if stop.load(Ordering::SeqCst) {
            return false;
        }
        match stream.write(rest) {
            Ok(0) => return false,
            Ok(count) => rest = &rest[count..],
            Err(error) if waits(error.kind()) => {}
            Err(_) => return false,
        }
    }
    true
}

/// Reads until a byte, or the count of bytes, is what was waited for.
fn receive(stream: &mut TcpStream, stop: &AtomicBool, enough: impl Fn(u8, usize) -> bool) -> bool {
    let mut count = 0;
    let mut byte = [0];
    while !stop.load(Ordering::SeqCst) {
        match stream.read(&mut byte) {
            Ok(0) => return false,
            Ok(_) => {
                count += 1;
                if enough(byte[0], count) {
                    return true;
                }
            }
            Err(error) if waits(error.kind()) => {}
            Err(_) => return false,
        }
    }
    false
}

/// In order: what the client has sent is read, because bytes left unread turn the end into a reset.
fn close(mut stream: TcpStream, stop: &AtomicBool) {
    let _ = stream.shutdown(Shutdown::Write);
    receive(&mut stream, stop, |_, _| false);
}

/// Linux answers a close with a reset where received bytes are left unread; so some are waited for.
fn reset(stream: &mut TcpStream, stop: &AtomicBool) {
    let mut byte = [0];
    while !stop.load(Ordering::SeqCst) {
        match stream.peek(&mut byte) {
            Err(error) if waits(error.kind()) => {}
            _ => return,
        }
    }
}

fn waits(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
