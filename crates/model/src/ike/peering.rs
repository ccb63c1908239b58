use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use crate::{Item, Known, Name, Origin};

/// How the two ends of a connection prove who they are and what they let through, as one of them is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peering {
    /// How this end proves itself.
    pub local: Proof,
    /// How the other end has to.
    pub remote: Proof,
    /// IKEv1: aggressive mode instead of main mode.
    pub aggressive: bool,
    /// Whether a responder refuses aggressive mode with pre-shared keys (strongSwan, unless
    /// `i_dont_care_about_security_and_use_aggressive_mode_psk` is set).
    pub refuses_aggressive_psk: bool,
    /// The pre-shared keys that it knows.
    pub keys: Known<Vec<SharedKey>>,
    /// Traffic selectors of this end.
    pub local_selectors: Known<Vec<Item>>,
    /// Traffic selectors of the other end.
    pub remote_selectors: Known<Vec<Item>>,
    /// As responder: whether only selectors that are its own are taken, and nothing narrower or wider (libreswan, unless
    /// `narrowing=yes`).
    pub exact_selectors: bool,
    /// Whether it is not known what it makes of selectors that are narrower or wider than its own (gateways of other
    /// vendors).
    pub narrowing_open: bool,
    /// Whether it asks for transport mode in the place of tunnel mode.
    pub transport: bool,
    /// What it makes of a peer with the other mode.
    pub of_other_mode: OfOtherMode,
    /// Addresses of this end.
    pub local_addresses: Vec<Item>,
    /// Addresses of the other end.
    pub remote_addresses: Vec<Item>,
    /// Which connection of the party's own configuration it is.
    pub written: Option<WrittenConnection>,
}

/// What an end makes of a peer that is set up for tunnel mode where it has transport mode itself, or the other way round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OfOtherMode {
    /// In IKEv2 there is a tunnel then; in IKEv1 it refuses (strongSwan's `child_create.c` and `quick_mode.c`).
    #[default]
    Tunnel,
    /// In IKEv2 it refuses tunnel mode where it has transport mode; in IKEv1 it takes the initiator's mode (libreswan's
    /// `ikev2_child.c` and `ikev1_spdb_struct.c`).
    Refusal,
    /// It is not known (gateways of other vendors).
    Unknown,
}

/// A connection of a configuration by its name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenConnection {
    /// Its name, and where that is written.
    pub name: Item,
    /// The name of the child in it (`swanctl.conf`).
    pub child: Option<Item>,
    /// Whether this end is the right one of left and right (`ipsec.conf`).
    pub is_right: bool,
}

impl Peering {
    /// Whether a configuration of strongSwan has it.
    pub fn is_strongswan(&self) -> bool {
        self.of_other_mode == OfOtherMode::Tunnel && self.written.is_some()
    }

    /// The identity of this end, where it is known: what is set up, or its only address (RFC 7296 section 3.5).
    pub fn own_identity(&self) -> Option<&Name> {
        match (&self.local.identity, self.local_addresses.as_slice()) {
            (Some(identity), _) => Some(&identity.name),
            (None, [address]) if address.name.as_str().parse::<std::net::IpAddr>().is_ok() => Some(&address.name),
            (None, _) => None,
        }
    }
}

/// How an end proves who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// `psk`, `pubkey`, `eap`, ... in strongSwan's words; `None` where it is not known.
    pub method: Option<Item>,
    /// The identity; `None` where none is set up.
    pub identity: Option<Item>,
}

/// A pre-shared key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedKey {
    /// The identities and addresses that it is for; for all where there are none.
    pub owners: Vec<Name>,
    /// Tells it from others.
    pub print: KeyPrint,
    /// Where it is written.
    pub origin: Option<Origin>,
}

/// Tells whether two pre-shared keys are the same, in this process and nowhere else, and nothing more of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyPrint(u64);

impl KeyPrint {
    /// The print of a key.
    pub fn of(key: &[u8]) -> Self {
        static STATE: OnceLock<RandomState> = OnceLock::new();
        Self(STATE.get_or_init(RandomState::new).hash_one(key))
    }
}

impl fmt::Debug for KeyPrint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPrint")
    }
}
