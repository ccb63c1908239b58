//! What logs write before a message.

mod cursor;
mod fields;
mod json;
mod prefix;
mod programs;
mod syslog;
mod time;

#[cfg(test)]
mod tests;

pub use fields::Envelope;
