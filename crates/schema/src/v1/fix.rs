use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown_model::{self as model, CommandPlace};

use super::{Applicability, Outcome, Side};
use crate::Lines;

/// One concrete change, with its consequences computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// Its place in `fixes`.
    pub id: u64,
    /// The diagnoses that it resolves, by `id`.
    pub resolves: Vec<u64>,
    /// What it does.
    pub title: String,
    /// The side that changes.
    pub side: Side,
    /// How safe it is.
    pub applicability: Applicability,
    /// Whether it is a step of its own, after one that makes it possible.
    #[serde(default)]
    pub afterwards: bool,
    /// The edits, where the real file was given.
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// The commands or configuration lines.
    #[serde(default)]
    pub commands: Vec<Command>,
    /// The outcome with this change in place, for all slots together; `null` where nothing can be computed.
    #[serde(default)]
    pub outcome_after: Option<Outcome>,
    /// How to check afterwards that it works.
    #[serde(default)]
    pub verify: Vec<Command>,
    /// How to take it back.
    #[serde(default)]
    pub undo: Vec<Command>,
    /// Known peers that would no longer connect.
    #[serde(default)]
    pub cuts_off: Vec<String>,
    /// What to know about it, each one sentence.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A byte range of one file and what replaces it. What no edit touches stays byte-identical.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// The path.
    pub file: String,
    /// The first byte, counted from 0 in the file as it is now.
    pub start: u64,
    /// The byte after the last; equal to `start` for an insertion.
    pub end: u64,
    /// The line of `start`, counted from 1.
    pub line: u64,
    /// The column of `start` in characters, counted from 1.
    pub column: u64,
    /// The text that is replaced; bytes that are not UTF-8 as U+FFFD.
    #[serde(default)]
    pub replaced: String,
    /// What replaces it.
    pub replacement: String,
}

/// A command or configuration lines for a person to use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Command {
    /// `client-shell`, `server-shell`, `file`, `settings`.
    pub place: String,
    /// Beside `file`: its usual path. Beside `settings`: where they are found.
    #[serde(default)]
    pub path: Option<String>,
    /// The text to type or to write.
    pub text: String,
    /// What it does, in a few words; may be empty.
    #[serde(default)]
    pub explanation: String,
}

impl Fix {
    pub(crate) fn new(id: usize, fix: &model::Fix, lines: &mut Lines) -> Self {
        let mut edits = Vec::new();
        for file_edit in &fix.edits {
            for edit in &file_edit.edits {
                let place = lines.place(&file_edit.file, edit.span.start);
                let replaced = file_edit.file.text.get(edit.span.clone()).unwrap_or_default();
                edits.push(Edit {
                    file: file_edit.file.path.clone(),
                    start: edit.span.start as u64,
                    end: edit.span.end as u64,
                    line: place.line as u64,
                    column: place.column as u64,
                    replaced: String::from_utf8_lossy(replaced).into_owned(),
                    replacement: edit.replacement.clone(),
                });
            }
        }
        Self {
            id: id as u64,
            resolves: fix.resolves.iter().map(|id| id.0 as u64).collect(),
            title: fix.title.clone(),
            side: fix.side.into(),
            applicability: fix.applicability.into(),
            afterwards: fix.afterwards,
            edits,
            commands: fix.commands.iter().map(Command::from).collect(),
            outcome_after: fix.outcome_after.as_ref().map(Outcome::from),
            verify: fix.verify.iter().map(Command::from).collect(),
            undo: fix.undo.iter().map(Command::from).collect(),
            cuts_off: fix.cuts_off.clone(),
            notes: fix.notes.clone(),
        }
    }
}

impl From<&model::Command> for Command {
    fn from(command: &model::Command) -> Self {
        let (place, path) = match &command.place {
            CommandPlace::ClientShell => ("client-shell", None),
            CommandPlace::ServerShell => ("server-shell", None),
            CommandPlace::File(path) => ("file", Some(path.clone())),
            CommandPlace::Settings(path) => ("settings", Some(path.clone())),
        };
        Self { place: place.to_owned(), path, text: command.text.clone(), explanation: command.explanation.clone() }
    }
}
