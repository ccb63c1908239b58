use std::net::SocketAddr;

use shakedown_handshake::ssh::Negotiated;
use shakedown_model::ssh::SshOffer;
use shakedown_model::{Fact, Name, Slot};

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
    /// All that was agreed on.
    pub agreed: Option<Box<Negotiated>>,
    /// The size of the group that was given in a group exchange, in bits.
    pub group_bits: Option<u32>,
    /// The slot at which the listener ended the exchange, and why in one sentence.
    pub refused: Option<(Slot, String)>,
    /// Whether the key exchange came to its end: both ends sent NEWKEYS.
    pub completed: bool,
    /// What was agreed on to protect the connection and is not computed here, so that it ended with the key exchange.
    pub not_protected: Option<Name>,
    /// How often it asked for a login and was refused.
    pub logins: u32,
    /// The methods that it asked by.
    pub methods: Vec<Name>,
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
            agreed: None,
            group_bits: None,
            refused: None,
            completed: false,
            not_protected: None,
            logins: 0,
            methods: Vec::new(),
            facts: Vec::new(),
        }
    }
}
