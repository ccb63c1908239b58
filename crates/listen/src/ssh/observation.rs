use std::net::SocketAddr;

use shakedown_model::ssh::SshOffer;
use shakedown_model::{Fact, Name};

/// What one connection showed of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The number of the connection, counted from 1.
    pub connection: u32,
    /// The client's address.
    pub address: SocketAddr,
    /// Its identification string.
    pub identification: Option<Name>,
    /// Its KEXINIT.
    pub offer: Option<Box<SshOffer>>,
    /// The key exchange method that was agreed on.
    pub kex: Option<Name>,
    /// The host key algorithm that was agreed on.
    pub host_key: Option<Name>,
    /// Whether the key exchange came to its end: both ends sent NEWKEYS.
    pub completed: bool,
    /// What went wrong, in order.
    pub facts: Vec<Fact>,
}

impl Observation {
    pub(super) fn new(connection: u32, address: SocketAddr) -> Self {
        Self {
            connection,
            address,
            identification: None,
            offer: None,
            kex: None,
            host_key: None,
            completed: false,
            facts: Vec::new(),
        }
    }
}
