//! Protocol state machines of both roles, without input or output: bytes and the end of the stream go in, bytes to send
//! and [events](ssh::Event) come out. Whoever drives them owns sockets, deadlines and cancellation.
//!
//! What a peer does wrong is an event and never an error.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

#[doc(hidden)]
pub mod fuzzing;
pub mod ike;
pub mod ssh;
pub mod tls;
pub mod watch;
