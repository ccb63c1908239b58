use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use shakedown_model::tls::StartTls;

use super::Identity;
use crate::{Family, ProgressFunction};

/// Whom to connect to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsTarget {
    /// The name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The addresses to try; empty to resolve `host`.
    pub addresses: Vec<SocketAddr>,
    /// The source address to bind to.
    pub source: Option<IpAddr>,
    /// The proxy to go through; it resolves the name.
    pub proxy: Option<Proxy>,
    /// What is spoken before TLS; `None` where TLS comes first.
    pub start: Option<StartTls>,
    /// The name in `server_name`; `None` for none.
    pub server_name: Option<String>,
    /// The application protocols offered.
    pub protocols: Vec<String>,
    /// Whether HTTP is spoken within TLS. A web server may take every client's certificate in the handshake and refuse it
    /// in its answer: where one is asked for, a whole handshake goes on with one request.
    pub speaks_http: bool,
}

impl TlsTarget {
    /// TLS from the first byte, the host's name as `server_name` unless it is an address.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        let host = host.into();
        let server_name = Some(host.clone()).filter(|host| host.parse::<IpAddr>().is_err());
        Self {
            host,
            port,
            addresses: Vec::new(),
            source: None,
            proxy: None,
            start: None,
            server_name,
            protocols: Vec::new(),
            speaks_http: false,
        }
    }

    /// TLS at one address, without `server_name`.
    pub fn at(address: SocketAddr) -> Self {
        Self { addresses: vec![address], ..Self::new(address.ip().to_string(), address.port()) }
    }
}

/// A proxy on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// One that speaks HTTP and takes CONNECT.
    Http {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A SOCKS proxy of version 5 without authentication.
    Socks5 {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
    },
}

impl Proxy {
    /// Name and port.
    pub fn place(&self) -> (&str, u16) {
        match self {
            Self::Http { host, port } | Self::Socks5 { host, port } => (host, *port),
        }
    }
}

/// How to probe.
#[derive(Clone)]
pub struct TlsOptions {
    /// The deadline for the whole target, all connections together.
    pub timeout: Duration,
    /// Which addresses to use.
    pub family: Family,
    /// The most connections that are opened in this run, all addresses together.
    pub max_connections: u32,
    /// How many connections are open at the same time.
    pub at_once: usize,
    /// What the client shows to a server that asks for a certificate.
    pub showing: Showing,
    /// Whether a whole handshake is made as a second opinion, where the server speaks what rustls does.
    pub complete: bool,
    /// Told of each step.
    pub progress: Option<ProgressFunction>,
}

/// What the client has to show to a server that asks for a certificate.
#[derive(Clone, Default)]
pub enum Showing {
    /// Nothing: whether the server insists is asked.
    #[default]
    Nothing,
    /// A certificate that cannot be shown, so that what the server makes of a client without one says nothing of this one.
    Unusable,
    /// A certificate with its key.
    Certificate(Identity),
}

impl Default for TlsOptions {
    /// 10 seconds, 40 connections, 8 at once, no certificate, no whole handshake.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            family: Family::Any,
            max_connections: 40,
            at_once: 8,
            showing: Showing::default(),
            complete: false,
            progress: None,
        }
    }
}
