use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use shakedown_model::{ConnectFailure, Fact, Name, ResolveFailure};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;

use super::proxy::Proxy;

/// The server that connections are passed on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Addresses to use instead of those of the name.
    pub addresses: Vec<SocketAddr>,
    /// The address to connect from.
    pub source: Option<IpAddr>,
    /// Which of the name's addresses are used.
    pub family: Family,
    /// The proxy that connections go through: then it is the proxy's name that is resolved here, and its address that is told.
    pub proxy: Option<Proxy>,
}

/// Which addresses of a name are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// All, in the resolver's order.
    #[default]
    Any,
    /// Those of IPv4.
    V4,
    /// Those of IPv6.
    V6,
}

/// The time that one address has to answer.
const EACH: Duration = Duration::from_secs(10);

impl Upstream {
    /// This host and port, from any address.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, addresses: Vec::new(), source: None, family: Family::Any, proxy: None }
    }

    /// Connects to the first address that answers; `Err` has what was seen of each.
    pub(super) async fn connect(&self) -> Result<(TcpStream, SocketAddr), Vec<Fact>> {
        let addresses = self.resolve().await.map_err(|fact| vec![fact])?;
        let mut facts = Vec::new();
        for address in addresses {
            let failure = match timeout(EACH, self.dial(address)).await {
                Ok(Ok(stream)) => match self.through(stream).await {
                    Ok(stream) => return Ok((stream, address)),
                    Err(fact) => {
                        facts.push(fact);
                        continue;
                    }
                },
                Ok(Err(error)) => failure(&error),
                Err(_) => ConnectFailure::TimedOut,
            };
            facts.push(Fact::NotConnected { address, failure });
        }
        Err(facts)
    }

    /// The connection, once the proxy has made its own to the server.
    async fn through(&self, mut stream: TcpStream) -> Result<TcpStream, Fact> {
        let Some(proxy) = &self.proxy else { return Ok(stream) };
        let (host, port) = match self.addresses.first() {
            Some(address) => (address.ip().to_string(), address.port()),
            None => (self.host.clone(), self.port),
        };
        match timeout(EACH, proxy.ask(&mut stream, &host, port)).await {
            Ok(asked) => asked.map(|()| stream),
            Err(_) => Err(Fact::ProxyRefused { text: Name::new("it gives no answer") }),
        }
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, Fact> {
        let (host, port) = match &self.proxy {
            Some(proxy) => proxy.place(),
            None if !self.addresses.is_empty() => return Ok(self.addresses.clone()),
            None => (self.host.as_str(), self.port),
        };
        let failed = |failure| Fact::NotResolved { host: host.to_owned(), failure };
        let found = match timeout(EACH, lookup_host((host, port))).await {
            Ok(Ok(found)) => found,
            // Whether there is no such name, or nobody could be asked, the words of the resolver alone tell.
            Ok(Err(error)) => {
                let text = error.to_string();
                let unknown = ["Name or service not known", "No address associated", "nodename nor servname"];
                return Err(failed(match unknown.iter().any(|words| text.contains(words)) {
                    true => ResolveFailure::NoSuchName,
                    false => ResolveFailure::ResolverFailed,
                }));
            }
            Err(_) => return Err(failed(ResolveFailure::TimedOut)),
        };
        let fits = |address: &SocketAddr| match self.family {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        };
        let mut addresses: Vec<SocketAddr> = found.filter(fits).collect();
        addresses.dedup();
        if addresses.is_empty() { Err(failed(ResolveFailure::NoAddress)) } else { Ok(addresses) }
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(source) = self.source {
            socket.bind(SocketAddr::new(source, 0))?;
        }
        socket.connect(address).await
    }
}

fn failure(error: &io::Error) -> ConnectFailure {
    match error.kind() {
        ErrorKind::ConnectionRefused => ConnectFailure::Refused,
        ErrorKind::TimedOut => ConnectFailure::TimedOut,
        ErrorKind::HostUnreachable => ConnectFailure::HostUnreachable,
        ErrorKind::NetworkUnreachable => ConnectFailure::NetworkUnreachable,
        ErrorKind::PermissionDenied => ConnectFailure::Prohibited,
        ErrorKind::AddrNotAvailable => ConnectFailure::SourceNotAvailable,
        _ => ConnectFailure::Other,
    }
}
