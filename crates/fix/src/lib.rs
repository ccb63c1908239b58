//! Turns what diagnoses ask for into concrete changes of either side, each with the outcome re-computed.
//!
//! [`plan()`] is pure: it reads no file and opens no socket. Whoever applies a [`Fix`](shakedown_model::Fix) does both.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod cut_off;
mod disable;
mod edited;
mod enable;
mod host_key;
mod ike;
mod plan;
mod recipes;
mod repair;
mod steps;
mod strength;
mod syntax;
mod tls;
mod upgrade;
mod words;

pub use plan::{PlanInput, plan};
pub use recipes::{TextInput, from_text};
