use std::sync::Arc;

use shakedown_model::{IncidentResult, Protocol, Role, Said, Standing};

/// What belongs together in a text: one attempt to connect, or several that went the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The protocol, where the text shows it.
    pub protocol: Option<Protocol>,
    /// The peer's address or name.
    pub peer: Option<String>,
    /// The port of the server, where the text shows it.
    pub port: Option<u16>,
    /// The user, where the text shows one.
    pub user: Option<String>,
    /// When it began, as the log writes it.
    pub first: Option<String>,
    /// When the last one that went this way ended, as the log writes it.
    pub last: Option<String>,
    /// How many went this way.
    pub count: u64,
    /// What became of it.
    pub result: IncidentResult,
    /// The messages, in the order of the text, with where each one stands.
    pub said: Vec<(Said, Place)>,
    /// The client, by identification string or as `product version`.
    pub client_software: Option<String>,
    /// The server, likewise.
    pub server_software: Option<String>,
    /// What the client offers, as far as the text shows it.
    pub client_offer: Vec<OfferedList>,
    /// What the server offers, as far as the text shows it.
    pub server_offer: Vec<OfferedList>,
    /// Who wrote the text, where that is clear.
    pub printed_by: Option<Role>,
    /// How many different peers went this way: more than one only where there were too many to keep them apart.
    pub peers: u64,
    /// Whether the peer is one to worry about.
    pub standing: Standing,
    /// How the client's and the server's text were found to tell of the same attempt, where both do.
    pub joined: Option<String>,
    /// The lines that the messages stand in.
    pub pieces: Vec<Arc<Piece>>,
}

/// A list that an end offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedList {
    /// The slot's name in JSON.
    pub slot: String,
    /// The names, in order.
    pub names: Vec<String>,
    /// Where the list stands.
    pub place: Place,
}

/// A place in the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file, by place in the input.
    pub file: usize,
    /// The first byte.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
}

/// Lines of the input, as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The file, by place in the input.
    pub file: usize,
    /// The first byte in the file.
    pub offset: u64,
    /// The line of that byte, counted from 1.
    pub line: usize,
    /// The bytes, without the end of the last line.
    pub bytes: Vec<u8>,
}
