use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown_model::{self as model, OriginKind};

use crate::Lines;

/// Where a statement comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// `file`, `catalog`, `peer`, `program`, `command-line`, `edit`.
    pub kind: String,
    /// Beside `file`: the path as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Beside `file`: the first byte, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// Beside `file`: the byte after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
    /// Beside `file`: the line, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Beside `file`: the column in characters, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// Beside `catalog`: the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// Beside `catalog`: where the row's facts were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Beside `peer`: its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Beside `peer`: the connection of this run, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<u32>,
    /// Beside `peer`: what was seen, such as `KEXINIT`. Beside `program`: the command. Beside `command-line`: the
    /// argument. Beside `edit`: what the change does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// The place before: the default that an include or an edit has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Origin>>,
}

/// Longer chains are cut: a chain is as long as the list of changes that a file makes to one value.
const MAX_CHAIN: usize = 16;

impl Origin {
    pub(crate) fn new(origin: &model::Origin, lines: &mut Lines) -> Self {
        Self::chain(origin, lines, MAX_CHAIN)
    }

    fn chain(origin: &model::Origin, lines: &mut Lines, left: usize) -> Self {
        let mut out = match origin.kind() {
            OriginKind::File { file, span } => {
                let place = lines.place(file, span.start);
                Self {
                    kind: "file".into(),
                    file: Some(file.path.clone()),
                    start: Some(file.offset(span.start)),
                    end: Some(file.offset(span.start) + span.len() as u64),
                    line: Some(place.line as u64),
                    column: Some(place.column as u64),
                    ..Self::default()
                }
            }
            OriginKind::Catalog { row, source } => {
                Self { kind: "catalog".into(), row: Some(row.clone()), source: Some(source.clone()), ..Self::default() }
            }
            OriginKind::Peer { address, connection, what } => Self {
                kind: "peer".into(),
                address: Some(address.clone()),
                connection: Some(*connection),
                what: Some(what.clone()),
                ..Self::default()
            },
            OriginKind::Program { command } => {
                Self { kind: "program".into(), what: Some(command.clone()), ..Self::default() }
            }
            OriginKind::CommandLine { argument } => {
                Self { kind: "command-line".into(), what: Some(argument.clone()), ..Self::default() }
            }
            OriginKind::Edit { title } => Self { kind: "edit".into(), what: Some(title.clone()), ..Self::default() },
        };
        if left > 0 {
            out.before = origin.before().map(|before| Box::new(Self::chain(before, lines, left - 1)));
        }
        out
    }
}
