//! TLS: what clients send first, and servers that answer as they are told.

mod emulated;
mod page;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use shakedown_wire::tls::number::{alert, content};
use shakedown_wire::tls::{
    Alert, ClientHello, Deframer, HandshakeLimits, RecordLimits, RecordReader, Transport, write_records,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub use emulated::{Decide, Served, ServerLimits, TlsServer};

/// The most that a hello may take, in bytes; with the largest known key shares it is below 10,000.
const LONGEST_HELLO: usize = 1 << 17;

/// The alert `handshake_failure`, RFC 8446 section 6.2.
const HANDSHAKE_FAILURE: u8 = 40;

/// Reads the hello of one client after another and refuses it.
pub struct HelloRecorder {
    listener: TcpListener,
    address: SocketAddr,
}

impl HelloRecorder {
    /// Listens; port 0 takes a free one.
    ///
    /// # Errors
    /// What the operating system says where the address cannot be listened on.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The hello of the next client that sends one within the time. The client gets the alert `handshake_failure`, so that
    /// it ends soon; what clients send that is no hello is passed over.
    pub async fn next(&self, patience: Duration) -> Option<ClientHello> {
        tokio::time::timeout(patience, async {
            loop {
                let Ok((mut stream, _)) = self.listener.accept().await else { continue };
                if let Some(hello) = read_hello(&mut stream).await {
                    refuse(stream).await;
                    return hello;
                }
            }
        })
        .await
        .ok()
    }
}

async fn read_hello(stream: &mut TcpStream) -> Option<ClientHello> {
    let mut records = RecordReader::new(RecordLimits::default());
    let mut messages = Deframer::new(HandshakeLimits { total: LONGEST_HELLO, ..HandshakeLimits::default() });
    let mut buffer = vec![0; 16_384];
    loop {
        let length = stream.read(&mut buffer).await.ok().filter(|&length| length > 0)?;
        records.push(buffer.get(..length)?);
        while let Some(record) = records.next_record().ok()? {
            if record.content_type != content::HANDSHAKE {
                return None;
            }
            messages.push(&record.fragment);
            if let Some(message) = messages.next_message().ok()? {
                return ClientHello::parse(&message.bytes, Transport::Stream).ok();
            }
        }
    }
}

/// Says that nothing is agreed, and closes in order.
async fn refuse(mut stream: TcpStream) {
    let refusal = Alert { level: alert::FATAL, description: HANDSHAKE_FAILURE };
    // RFC 8446 section 5.1: the version of a first record is 0x0301 for the sake of old peers.
    let record = write_records(content::ALERT, 0x0301, &refusal.write());
    // A client that is gone already has sent what was wanted.
    let _ = stream.write_all(&record).await;
    let _ = stream.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hello_in_pieces_and_noise_before_it() {
        let recorder = HelloRecorder::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let hello = ClientHello { cipher_suites: vec![0x002f], ..ClientHello::default() };
        let sent = hello.write();
        let address = recorder.address();
        let client = async {
            let mut noise = TcpStream::connect(address).await.unwrap();
            noise.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
            let mut stream = TcpStream::connect(address).await.unwrap();
            for piece in sent.chunks(10) {
                stream.write_all(&write_records(content::HANDSHAKE, 0x0301, piece)).await.unwrap();
            }
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            answer
        };
        let (seen, answer) = tokio::join!(recorder.next(Duration::from_secs(20)), client);
        assert_eq!(seen, Some(hello));
        assert_eq!(answer, [21, 3, 1, 0, 2, 2, 40]);
    }
}
