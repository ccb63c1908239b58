//! Real and fake peers for the tests.
//!
//! [`peers`] starts real servers on loopback and stops them when the guard is dropped; [`clients`] runs one connection of
//! a real client and returns what it agreed on. A program that is missing fails the test where `CI` or
//! `SHAKEDOWN_REQUIRE_PEERS` is set; elsewhere the test prints that it is skipped. `cargo xtask test` brings them all.

#![allow(clippy::print_stderr, reason = "skipped tests and replayed seeds are named")]

pub mod badssl;
pub mod certificates;
pub mod clients;
pub mod hostile;
pub mod peers;

mod agreed;
mod draw;
mod gate;
mod key;
mod process;
mod program;
mod shared;

pub use agreed::Agreed;
pub use draw::Draw;
pub use gate::{Gate, Turned};
pub use key::{KeyType, generate_key};
pub use process::{Finished, Running, StartError, free_port, run};
pub use program::{peers_dir, program, require, require_file, skipped};
pub use shared::{cases, properties, replay, seed, seeds, shared_dir};
