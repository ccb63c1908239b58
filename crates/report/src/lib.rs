//! Draws a report for people and programs: text in the shape of a compiler's message, JSON (`shakedown/1`), Markdown,
//! SARIF, and the text for the other party's ticket.
//!
//! Everything here returns strings; nothing is printed. Secrets are masked before anything is quoted, and no text that
//! is returned for a terminal holds a control character other than the line feed (and the codes of colours, where they
//! are asked for).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod diff;
mod escape;
mod handoff;
mod incidents;
mod json;
mod markdown;
mod mask;
mod options;
mod quote;
mod redact;
mod sarif;
mod text;
mod walk;
mod words;

pub use escape::printable;
pub use handoff::{HandoffOptions, handoff};
pub use json::{json, json_line};
pub use markdown::markdown;
pub use mask::mask;
pub use options::{Mark, Ratings, TextOptions};
pub use redact::Redactor;
pub use sarif::{RulePage, sarif};
pub use text::{cause_page, offer_text, text};
