//! Servers that no program at hand can be any more: what they send is written here byte by byte, or by rustls behind a
//! habit of old devices.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

/// How long a client may leave a server waiting.
const PATIENCE: Duration = Duration::from_secs(30);
/// A server of one read takes in no more than the first segment of an Ethernet path.
const FIRST_SEGMENT: usize = 1400;

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// It answers a web page to whatever comes.
    Http,
    /// It speaks SSL 2.0, and closes whatever else comes.
    Ssl2,
    /// It speaks SSL 3.0, and answers newer clients with that.
    Ssl3,
    /// It demands the extended master secret (rustls: `require_ems`), in TLS 1.2.
    ExtendedMasterSecret,
    /// It resets where a hello is longer than its first read (tldr.fail).
    OneRead,
    /// It never answers a hello of 256 to 511 bytes (F5 BIG-IP of 2013, RFC 7685 section 1).
    HangingLength,
}

/// The certificates that a server shows, its own first, in DER, and its key.
pub(super) struct Identity {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) pkcs8: Vec<u8>,
}

/// Serves until the program ends: a test's process is short.
pub(super) fn serve(habit: Habit, identity: Identity) -> io::Result<SocketAddr> {
    let listener = crate::process::listener()?;
    let address = listener.local_addr()?;
    let config = match habit {
        Habit::ExtendedMasterSecret | Habit::OneRead | Habit::HangingLength => {
            Some(Arc::new(config(habit, &identity)?))
        }
        Habit::Http | Habit::Ssl2 | Habit::Ssl3 => None,
    };
    let identity = Arc::new(identity);
    thread::spawn(move || accept(&listener, habit, &identity, config.as_ref()));
    Ok(address)
}

fn accept(listener: &TcpListener, habit: Habit, identity: &Arc<Identity>, config: Option<&Arc<ServerConfig>>) {
    for stream in listener.incoming().flatten() {
        let (identity, config) = (Arc::clone(identity), config.cloned());
        thread::spawn(move || {
            let _ended = talk(stream, habit, &identity, config);
        });
    }
}

fn talk(mut stream: TcpStream, habit: Habit, identity: &Identity, config: Option<Arc<ServerConfig>>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    match habit {
        Habit::Http => {
            let _length = stream.read(&mut [0; 512])?;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        }
        Habit::Ssl2 => {
            if let Some(hello) = ssl2_hello(&mut stream)? {
                stream.write_all(&ssl2_server_hello(&hello, identity))?;
                drain(&mut stream)?;
            }
        }
        Habit::Ssl3 => {
            if let Some(hello) = client_hello(&mut stream)? {
                stream.write_all(&ssl3_flight(&hello, identity))?;
                drain(&mut stream)?;
            }
        }
        Habit::ExtendedMasterSecret => tls(stream, config)?,
        Habit::OneRead => {
            let mut first = [0; FIRST_SEGMENT];
            let count = peeked(&stream, &mut first)?;
            let length = first.get(3..5).map_or(0, |two| usize::from(two[0]) << 8 | usize::from(two[1]));
            if length + 5 > count {
                // Bytes that are left unread make a reset of the close.
                return Ok(());
            }
            tls(stream, config)?;
        }
        Habit::HangingLength => {
            let mut first = [0; 5];
            let count = peeked(&stream, &mut first)?;
            let length = usize::from(first[3]) << 8 | usize::from(first[4]);
            if count == 5 && (256..512).contains(&length) {
                drain(&mut stream)?;
                return Ok(());
            }
            tls(stream, config)?;
        }
    }
    Ok(())
}

/// Waits until a whole hello is there, or as much of it as fits.
fn peeked(stream: &TcpStream, bytes: &mut [u8]) -> io::Result<usize> {
    loop {
        let count = stream.peek(bytes)?;
        let whole = bytes.get(3..5).map_or(usize::MAX, |two| 5 + (usize::from(two[0]) << 8 | usize::from(two[1])));
        if count == 0 || count >= bytes.len().min(whole) {
            return Ok(count);
        }
        thread::yield_now();
    }
}

/// Reads until the client closes.
fn drain(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    while stream.read(&mut [0; 1024])? > 0 {}
    Ok(())
}

fn config(habit: Habit, identity: &Identity) -> io::Result<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions: &[&rustls::SupportedProtocolVersion] = match habit {
        Habit::ExtendedMasterSecret => &[&rustls::version::TLS12],
        _ => &[&rustls::version::TLS12, &rustls::version::TLS13],
    };
    let chain = identity.chain.iter().map(|one| CertificateDer::from(one.clone())).collect();
    let key = PrivateKeyDer::Pkcs8(identity.pkcs8.clone().into());
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let made = builder.and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = made.map_err(io::Error::other)?;
    config.require_ems = habit == Habit::ExtendedMasterSecret;
    Ok(config)
}

fn tls(mut stream: TcpStream, config: Option<Arc<ServerConfig>>) -> io::Result<()> {
    let Some(config) = config else { return Ok(()) };
    let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut stream) {
            // The alert goes out.
            while connection.wants_write() {
                connection.write_tls(&mut stream)?;
            }
            stream.shutdown(Shutdown::Write)?;
            return Err(error);
        }
    }
    connection.send_close_notify();
    while connection.wants_write() {
        connection.write_tls(&mut stream)?;
    }
    drain(&mut stream)
}

/// The CLIENT-HELLO of SSL 2.0; `None` for anything else.
fn ssl2_hello(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 3];
    stream.read_exact(&mut head)?;
    if head[0] & 0x80 == 0 || head[2] != 1 {
        // What is left unread would make a reset of the close.
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        stream.read_exact(&mut vec![0; usize::from(u16::from_be_bytes(length))])?;
        return Ok(None);
    }
    let length = usize::from(head[0] & 0x7f) << 8 | usize::from(head[1]);
    let mut rest = vec![0; length.saturating_sub(1)];
    stream.read_exact(&mut rest)?;
    Ok(Some(rest))
}

/// SERVER-HELLO of the draft "The SSL Protocol" section 5.6, which takes all that the client offers.
fn ssl2_server_hello(hello: &[u8], identity: &Identity) -> Vec<u8> {
    let length = usize::from(hello[2]) << 8 | usize::from(hello[3]);
    let specs = hello.get(8..8 + length).unwrap_or_default();
    let certificate = identity.chain.first().map(Vec::as_slice).unwrap_or_default();
    // SERVER-HELLO, no session hit, an X.509 certificate, version 2.
    let mut message = vec![4, 0, 1, 0, 2];
    for part in [certificate.len(), specs.len(), 16] {
        message.extend((part as u16).to_be_bytes());
    }
    message.extend(certificate);
    message.extend(specs);
    message.extend([0x5a; 16]);
    [&(message.len() as u16 | 0x8000).to_be_bytes()[..], &message].concat()
}

/// The body of a ClientHello, whose first bytes are its version; `None` for anything else.
fn client_hello(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let mut fragment = vec![0; usize::from(head[3]) << 8 | usize::from(head[4])];
    if head[0] != 22 {
        return Ok(None);
    }
    stream.read_exact(&mut fragment)?;
    Ok(fragment.get(4..).map(<[u8]>::to_vec))
}

/// ServerHello, Certificate and ServerHelloDone of RFC 6101; the alert handshake_failure where the client offers neither of
/// two suites of that time.
fn ssl3_flight(hello: &[u8], identity: &Identity) -> Vec<u8> {
    const SUITES: [[u8; 2]; 2] = [[0, 0x2f], [0, 0x0a]];
    let record = |kind: u8, body: &[u8]| [&[kind, 3, 0][..], &(body.len() as u16).to_be_bytes(), body].concat();
    let at = 35 + hello.get(34).map_or(0, |length| usize::from(*length));
    let length = hello.get(at..at + 2).map_or(0, |two| usize::from(two[0]) << 8 | usize::from(two[1]));
    let offered = hello.get(at + 2..at + 2 + length).unwrap_or_default();
    let Some(suite) = SUITES.into_iter().find(|suite| offered.chunks(2).any(|one| one == suite)) else {
        return record(21, &[2, 40]);
    };
    let long = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[1..], bytes].concat();
    let message = |kind: u8, body: &[u8]| [&[kind][..], &long(body)].concat();
    let server_hello = [&[3, 0][..], &[0x5a; 32], &[0], &suite, &[0]].concat();
    let certificates: Vec<u8> = identity.chain.iter().flat_map(|one| long(one)).collect();
    let flight = [message(2, &server_hello), message(11, &long(&certificates)), message(14, &[])].concat();
    record(22, &flight)
}
