//! SSH: the choice from two KEXINITs (RFC 4253 section 7.1), the group exchange (RFC 4419), the host key, and where
//! implementations depart from the text.

mod choice;
mod ends;
mod forecast;
mod guess;
mod kexinit;
mod known_host;
mod later;
pub(crate) mod list;
mod one_end;
mod outcome;
mod risks;

pub use known_host::{Verdict, verdict};
pub use one_end::server_choice;
pub use outcome::negotiate;
pub use risks::risks;
