use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::{Family, ProgressFunction};

/// Whom to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IkeTarget {
    /// The name or address.
    pub host: String,
    /// The port. Beside 500, port 4500 is tried.
    pub port: u16,
    /// The addresses to try; empty to resolve `host`.
    pub addresses: Vec<SocketAddr>,
    /// The source address to bind to.
    pub source: Option<IpAddr>,
    /// Whether to speak over TCP (RFC 9329), to port 4500 where the port is IKE's own.
    pub tcp: bool,
}

impl IkeTarget {
    /// A name that is still to be resolved.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, addresses: Vec::new(), source: None, tcp: false }
    }

    /// One address and port.
    pub fn at(address: SocketAddr) -> Self {
        Self { addresses: vec![address], ..Self::new(address.ip().to_string(), address.port()) }
    }
}

/// How to ask.
#[derive(Clone)]
pub struct IkeOptions {
    /// The deadline for the whole target, all addresses together.
    pub timeout: Duration,
    /// Which addresses to use.
    pub family: Family,
    /// The most datagrams that are sent in this run, all addresses together.
    pub max_packets: u32,
    /// Whether an initiator's offer is sent with the key exchange of another group, so that a responder that accepts it asks
    /// for one of its groups and no half-open SA is left behind. Of what it selects only the group is known then.
    pub without_key_exchange: bool,
    /// Told of each step.
    pub progress: Option<ProgressFunction>,
}

impl Default for IkeOptions {
    /// 10 seconds, 40 datagrams.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            family: Family::Any,
            max_packets: 40,
            without_key_exchange: false,
            progress: None,
        }
    }
}
