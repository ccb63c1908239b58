//! Secure Shell: from the identification string to NEWKEYS, in both roles.
//!
//! Start with [`Client`] and [`Strategy`]; [`Server`] is its mirror image. Both are driven in the same way:
//! [`Client::receive`] and [`Client::end_of_stream`] take what came, [`Client::transmit`] gives what to send,
//! [`Client::next_event`] tells what was seen, until [`Client::is_done`].

mod choose;
mod client;
mod event;
mod exchange_hash;
mod limits;
mod offer;
mod proposal;
pub(crate) mod recognise;
mod server;
mod transport;
/// Both ends of a connection, read from outside.
pub mod watch;

pub use choose::{Negotiated, guess_is_right, negotiate};
pub use client::{Client, ClientConfig, Strategy};
pub use event::{Event, IgnoredMessage};
pub use limits::Limits;
pub use offer::{kexinit_from_offer, offer_from_kexinit};
pub use server::{GroupFallback, GroupRules, Login, Refusal, Server, ServerConfig, ServerRules};
