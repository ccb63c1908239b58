use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use shakedown_model::{Gathered, HopRef, Name};

/// Whom to connect to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshTarget {
    /// The name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The addresses to try; empty to resolve `host`.
    pub addresses: Vec<SocketAddr>,
    /// The way there.
    pub route: Route,
}

impl SshTarget {
    /// A direct connection to a name that is still to be resolved.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, addresses: Vec::new(), route: Route::Direct { source: None } }
    }

    /// A direct connection to one address.
    pub fn at(address: SocketAddr) -> Self {
        Self { addresses: vec![address], ..Self::new(address.ip().to_string(), address.port()) }
    }
}

/// The way to the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// A TCP connection of this process.
    Direct {
        /// The source address to bind to.
        source: Option<IpAddr>,
    },
    /// Standard input and output of a program carry the bytes, such as `ssh -W host:port jump`.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
        /// The hop that the program stands for.
        hop: HopRef,
    },
}

/// How to probe.
#[derive(Clone)]
pub struct Options {
    /// The deadline for the whole target, all connections together.
    pub timeout: Duration,
    /// Which addresses to use.
    pub family: Family,
    /// What to find out beyond the offer.
    pub want: Want,
    /// The most connections that are opened in this run, all addresses together.
    pub max_connections: u32,
    /// Told of each step.
    pub progress: Option<ProgressFunction>,
}

/// A function that is told of each step.
pub type ProgressFunction = Arc<dyn Fn(Progress) + Send + Sync>;

impl Default for Options {
    /// The offer and no host key, within 10 seconds and 14 connections.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            family: Family::Any,
            want: Want::default(),
            max_connections: 14,
            progress: None,
        }
    }
}

/// Which addresses to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// All.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// What to find out beyond the offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// Which host keys.
    pub host_keys: HostKeys,
    /// Whether to ask for a group of a group exchange where one is offered.
    pub gex_sizes: bool,
}

/// Which host keys to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostKeys {
    /// None: the connection ends after the server's KEXINIT.
    #[default]
    None,
    /// The one that a client with these preferences would get, in the same connection as the offer.
    One {
        /// The client's key exchange methods, in order.
        kex: Vec<Name>,
        /// The client's host key algorithms, in order.
        host_key: Vec<Name>,
    },
    /// The one that the client gets whose offer this is: it is sent as it stands, with its identification, and keys are
    /// exchanged up to the server's NEWKEYS.
    As(Box<shakedown_model::ssh::SshOffer>),
    /// All: one further connection for each key type.
    All,
}

/// A step of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The name is being resolved.
    Resolving {
        /// The name.
        host: String,
    },
    /// A connection is being opened.
    Connecting {
        /// The address, or the command that leads there.
        address: String,
        /// Its number in this run, counted from 1.
        connection: u32,
        /// What it is for.
        purpose: String,
    },
    /// The offer is complete.
    Offer {
        /// The address.
        address: String,
    },
    /// A host key was received.
    HostKey {
        /// The address.
        address: String,
        /// Its type.
        key_type: Name,
    },
}

/// What a probe brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probed {
    /// A party for each address that answered with a KEXINIT, and the evidence.
    pub gathered: Gathered,
    /// How many connections were opened.
    pub connections: u32,
}
