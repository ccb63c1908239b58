use std::sync::Arc;

use crate::{DiagnosisId, Name, Origin, Outcome, Role, Side, Slot, SourceFile, Span};

/// The place of a [`Fix`] in its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FixId(pub usize);

/// What would resolve a diagnosis, before it is known how that product writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Which party changes.
    pub role: Role,
    /// What changes.
    pub change: Change,
}

/// The kinds of change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Let the party also offer one of these, best first; the planner takes the best that both versions support.
    Enable {
        /// The slot; a direction stands for both.
        slot: Slot,
        /// Names that the other side already offers.
        candidates: Vec<Name>,
    },
    /// Take these away.
    Disable {
        /// The slot.
        slot: Slot,
        /// The names.
        names: Vec<Name>,
    },
    /// Move to a newer version of the party's own software, which offers one of the names by default.
    Upgrade {
        /// The slot.
        slot: Slot,
        /// Names that the other side already offers.
        candidates: Vec<Name>,
    },
    /// Replace text in a file: a typing error, a wrong keyword.
    ReplaceText {
        /// Where.
        at: Origin,
        /// With what.
        replacement: String,
        /// What that does, as a title.
        title: String,
    },
    /// Commands that make or repair a key file or its permissions.
    Commands {
        /// What they do, as a title.
        title: String,
        /// The commands.
        commands: Vec<Command>,
        /// How safe.
        applicability: Applicability,
    },
    /// A person has to decide. The out-of-band check comes first.
    Decide {
        /// What to do, as a title.
        title: String,
        /// The steps, in order.
        steps: Vec<Command>,
    },
}

/// One concrete change, with its consequences computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The diagnoses that it resolves.
    pub resolves: Vec<DiagnosisId>,
    /// What it does: `let the server also offer \`curve25519-sha256\``.
    pub title: String,
    /// The side that changes.
    pub side: Side,
    /// How safe it is.
    pub applicability: Applicability,
    /// Whether it is a step of its own, after one that makes it possible: it resolves nothing by itself, and takes away what
    /// is no longer needed then.
    pub afterwards: bool,
    /// The edits, where the real file was given.
    pub edits: Vec<FileEdit>,
    /// The commands or configuration lines.
    pub commands: Vec<Command>,
    /// The outcome with this change in place, for all slots together. `None` only where nothing can be computed
    /// (`Decide`, key repairs).
    pub outcome_after: Option<Outcome>,
    /// How to check afterwards that it works.
    pub verify: Vec<Command>,
    /// How to take it back.
    pub undo: Vec<Command>,
    /// Known peers that would no longer connect.
    pub cuts_off: Vec<String>,
    /// What to know about it, each one sentence, lower case, no full stop.
    pub notes: Vec<String>,
}

impl Fix {
    /// A change of one side that nothing else is said of yet.
    pub fn new(resolves: Vec<DiagnosisId>, title: impl Into<String>, side: Side, applicability: Applicability) -> Self {
        Self {
            resolves,
            title: title.into(),
            side,
            applicability,
            afterwards: false,
            edits: Vec::new(),
            commands: Vec::new(),
            outcome_after: None,
            verify: Vec::new(),
            undo: Vec::new(),
            cuts_off: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// How safe a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Applicability {
    /// No weaker algorithm, no change of trust, no known peer cut off.
    Safe,
    /// It works but lowers security: needs a flag, a reason and an end date.
    Weakens,
    /// A person must decide.
    Manual,
}

impl Applicability {
    /// The name in JSON: `safe`, `weakens`, `manual`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Weakens => "weakens",
            Self::Manual => "manual",
        }
    }
}

/// A command or a configuration line for a person to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it is: a command, or lines for a named file.
    pub place: CommandPlace,
    /// The text to type or to write.
    pub text: String,
    /// What it does, in a few words; may be empty.
    pub explanation: String,
}

/// Where the text of a [`Command`] goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandPlace {
    /// A shell on the client.
    ClientShell,
    /// A shell on the server.
    ServerShell,
    /// A file, by its usual path.
    File(String),
    /// The program's own settings, such as PuTTY's dialogue or a library's arguments.
    Settings(String),
}

/// The edits of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEdit {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The edits, by place, not overlapping.
    pub edits: Vec<TextEdit>,
}

impl FileEdit {
    /// The file's bytes with the edits made. Edits whose range lies outside the file or overlaps an earlier one are left
    /// out.
    pub fn apply(&self) -> Vec<u8> {
        let text = &self.file.text;
        let mut edits: Vec<&TextEdit> = self.edits.iter().collect();
        edits.sort_by_key(|edit| edit.span.start);
        let mut out = Vec::with_capacity(text.len() + 64);
        let mut done = 0;
        for edit in edits {
            let (Some(kept), true) = (text.get(done..edit.span.start), edit.span.end <= text.len()) else { continue };
            out.extend_from_slice(kept);
            out.extend_from_slice(edit.replacement.as_bytes());
            done = edit.span.end;
        }
        out.extend_from_slice(text.get(done..).unwrap_or_default());
        out
    }
}

/// A byte range of one file and what replaces it. What no edit touches stays byte-identical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// The bytes to replace; empty for an insertion.
    pub span: Span,
    /// What replaces them.
    pub replacement: String,
}
