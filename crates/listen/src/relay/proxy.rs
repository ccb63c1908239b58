use std::io;
use std::net::IpAddr;

use shakedown_model::{Fact, Name};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// A proxy that connections go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// HTTP's CONNECT (RFC 9110 section 9.3.6).
    Http {
        /// The proxy's name or address.
        host: String,
        /// Its port.
        port: u16,
    },
    /// SOCKS of version 5 without authentication (RFC 1928). The proxy resolves the name.
    Socks5 {
        /// The proxy's name or address.
        host: String,
        /// Its port.
        port: u16,
    },
}

/// The longest answer to a CONNECT that is read, in bytes.
const LONGEST: usize = 16 * 1024;
/// As much of an answer as is told.
const TOLD: usize = 200;

impl Proxy {
    /// Its name or address, and its port.
    pub fn place(&self) -> (&str, u16) {
        match self {
            Self::Http { host, port } | Self::Socks5 { host, port } => (host, *port),
        }
    }

    /// Has the proxy connect to the server. Not one byte of the server's is taken.
    pub(super) async fn ask<S>(&self, stream: &mut S, host: &str, port: u16) -> Result<(), Fact>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let refused = |text: &[u8]| Fact::ProxyRefused { text: Name::from_bytes(text.get(..TOLD).unwrap_or(text)) };
        let answered = match self {
            Self::Http { .. } => connect(stream, host, port).await,
            Self::Socks5 { .. } => socks5(stream, host, port).await,
        };
        match answered {
            Ok(None) => Ok(()),
            Ok(Some(words)) => Err(refused(&words)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(refused(b"it closed the connection")),
            Err(error) => Err(refused(error.to_string().as_bytes())),
        }
    }
}

/// `None` where it connects, else what it says.
async fn connect<S>(stream: &mut S, host: &str, port: u16) -> io::Result<Option<Vec<u8>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // Byte by byte: what follows the empty line is the server's.
    while !answer.ends_with(b"\r\n\r\n") && !answer.ends_with(b"\n\n") && answer.len() < LONGEST {
        answer.push(stream.read_u8().await?);
    }
    let status = answer.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let connects = status.starts_with(b"HTTP/1.") && status.get(8..10) == Some(b" 2");
    Ok((!connects).then(|| status.to_vec()))
}

/// `None` where it connects, else what it says.
async fn socks5<S>(stream: &mut S, host: &str, port: u16) -> io::Result<Option<Vec<u8>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&[5, 1, 0]).await?;
    let mut method = [0; 2];
    stream.read_exact(&mut method).await?;
    match method {
        [5, 0] => {}
        [5, _] => return Ok(Some(b"the SOCKS proxy wants authentication".to_vec())),
        other => return Ok(Some(other.to_vec())),
    }
    let address = match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => [&[1], &address.octets()[..]].concat(),
        Ok(IpAddr::V6(address)) => [&[4], &address.octets()[..]].concat(),
        Err(_) => match u8::try_from(host.len()) {
            Ok(length) => [&[3, length], host.as_bytes()].concat(),
            Err(_) => return Ok(Some(b"the name is too long for a SOCKS proxy".to_vec())),
        },
    };
    stream.write_all(&[&[5, 1, 0], address.as_slice(), &port.to_be_bytes()].concat()).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let [_, code, _, kind] = head;
    if code != 0 {
        return Ok(Some(format!("SOCKS reply {code}: {}", meaning(code)).into_bytes()));
    }
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await?),
        _ => return Ok(Some(head.to_vec())),
    };
    // The address that it connects from, and its port.
    let mut bound = vec![0; length + 2];
    stream.read_exact(&mut bound).await?;
    Ok(None)
}

/// RFC 1928 section 6.
fn meaning(code: u8) -> &'static str {
    match code {
        1 => "general failure",
        2 => "connection not allowed by the rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "not assigned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a proxy that says this after each of so many requests, and what is left of its words.
    async fn asked(proxy: Proxy, host: &str, answers: &[&[u8]]) -> (Result<(), Fact>, Vec<u8>, Vec<u8>) {
        let (mut own, mut far) = tokio::io::duplex(1 << 16);
        let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
        let proxy_end = tokio::spawn(async move {
            let mut said = vec![0; 1 << 12];
            let mut all = Vec::new();
            for answer in answers {
                let count = far.read(&mut said).await.unwrap();
                all.extend_from_slice(&said[..count]);
                far.write_all(&answer).await.unwrap();
            }
            all
        });
        let result = proxy.ask(&mut own, host, 22).await;
        let said = proxy_end.await.unwrap();
        let mut rest = Vec::new();
        own.read_to_end(&mut rest).await.unwrap();
        (result, said, rest)
    }

    #[tokio::test]
    async fn the_servers_first_bytes_are_left() {
        let http = || Proxy::Http { host: "proxy".to_owned(), port: 3128 };
        let (result, said, rest) =
            asked(http(), "db01", &[b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nSSH-2.0-x\r\n"]).await;
        assert_eq!((result, rest.as_slice()), (Ok(()), &b"SSH-2.0-x\r\n"[..]));
        assert_eq!(said, b"CONNECT db01:22 HTTP/1.1\r\nHost: db01:22\r\n\r\n");
        let (result, ..) = asked(http(), "2001:db8::1", &[b"HTTP/1.1 403 Forbidden\r\n\r\n"]).await;
        assert_eq!(result, Err(Fact::ProxyRefused { text: Name::new("HTTP/1.1 403 Forbidden") }));
        let (result, ..) = asked(http(), "db01", &[b"SSH-2.0-OpenSSH_9.2\r\n"]).await;
        assert!(matches!(result, Err(Fact::ProxyRefused { .. })), "{result:?}");

        let socks = || Proxy::Socks5 { host: "proxy".to_owned(), port: 1080 };
        let (result, said, rest) = asked(socks(), "db01", &[&[5, 0], b"\x05\0\0\x01\x7f\0\0\x01\x04\xd2SSH"]).await;
        assert_eq!((result, rest.as_slice()), (Ok(()), &b"SSH"[..]));
        assert_eq!(said, b"\x05\x01\0\x05\x01\0\x03\x04db01\0\x16");
        let (result, ..) = asked(socks(), "192.0.2.1", &[&[5, 0], &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]]).await;
        assert_eq!(result, Err(Fact::ProxyRefused { text: Name::new("SOCKS reply 5: connection refused") }));
        let (result, ..) = asked(socks(), "db01", &[&[5, 0xff]]).await;
        assert!(matches!(result, Err(Fact::ProxyRefused { .. })), "{result:?}");
    }
}
