use std::fmt;

/// The protocol whose key exchange is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Secure Shell, RFC 4251 to 4254.
    Ssh,
    /// Transport Layer Security and its predecessors.
    Tls,
    /// Internet Key Exchange, versions 1 and 2.
    Ike,
}

impl Protocol {
    /// The name in JSON: `ssh`, `tls`, `ike`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Tls => "tls",
            Self::Ike => "ike",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which end of the connection a party is. The IKE initiator is the client, the responder is the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The end that opens the connection.
    Client,
    /// The end that waits for it.
    Server,
}

impl Role {
    /// The name in JSON: `client`, `server`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The other end.
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who is at fault, or who can act. Only for blame and action; the two ends themselves are [`Role`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
    /// Both ends.
    Both,
    /// Something between them: firewall, proxy, resolver.
    Network,
    /// It cannot be told.
    Unknown,
}

impl Side {
    /// The name in JSON: `client`, `server`, `both`, `network`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Both => "both",
            Self::Network => "network",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Role> for Side {
    fn from(role: Role) -> Self {
        match role {
            Role::Client => Self::Client,
            Role::Server => Self::Server,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
