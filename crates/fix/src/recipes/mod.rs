//! Fixes for the causes that a text tells of, where the two ends are not known well enough for [`plan`](crate::plan()):
//! recipes from `data/recipes`, one file a cause.

mod data;
mod fill;
pub(crate) mod ike;
mod offers;
#[cfg(test)]
mod rules;
mod select;
mod situation;

pub use select::{TextInput, from_text};
