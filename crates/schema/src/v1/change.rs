use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AppliedFile;

/// What `fix --list`, `--undo`, `--confirm` and `--expire` print.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// `shakedown/1`.
    pub schema: String,
    /// `fix`.
    pub command: String,
    /// Beside `--list`: whether a run is making a change now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<bool>,
    /// The changes, oldest first: all of the journal, or those that the call was about.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// Beside `--undo`: what the running program was told, in words.
    #[serde(default)]
    pub reloaded: Option<String>,
    /// Beside `--undo`: why the running program could not be told.
    #[serde(default)]
    pub not_reloaded: Option<String>,
}

/// What `exceptions` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exceptions {
    /// `shakedown/1`.
    pub schema: String,
    /// `exceptions`.
    pub command: String,
    /// The weaker fixes that are in force, oldest first.
    #[serde(default)]
    pub exceptions: Vec<Change>,
}

/// A change of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Its id, for `fix --undo` and `fix --confirm`.
    pub id: String,
    /// `planned`, `backed-up`, `checked`, `written`, `reloaded`, `proved`, `confirmed` or `rolled-back`.
    pub state: String,
    /// Whether nothing more is going to happen to it by itself.
    pub finished: bool,
    /// When it was begun, in RFC 3339.
    #[serde(default)]
    pub begun: Option<String>,
    /// What it does.
    pub title: String,
    /// The causes that it resolves, by their codes.
    #[serde(default)]
    pub causes: Vec<String>,
    /// `safe` or `weakens`.
    pub applicability: String,
    /// Who made it.
    pub by: String,
    /// The files that it changed.
    #[serde(default)]
    pub files: Vec<AppliedFile>,
    /// What was said of its last step.
    #[serde(default)]
    pub detail: Option<String>,
    /// When it is undone unless it is confirmed, in RFC 3339.
    #[serde(default)]
    pub undone_at: Option<String>,
    /// Why security was lowered, in the words of who did it.
    #[serde(default)]
    pub reason: Option<String>,
    /// The last day on which that holds.
    #[serde(default)]
    pub until: Option<String>,
    /// Beside `exceptions`: the days until then; fewer than none where it is past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
}
