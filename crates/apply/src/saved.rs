//! A plan in a file, for somebody else to look at and for later.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::journal::StoredEdit;
use crate::{Exception, Refused, sha256};

/// A change that was planned and is to be made later. It holds no command: how a program checks and reads its files is
/// looked up when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// `shakedown-plan/1`.
    pub schema: String,
    /// When it was planned.
    #[serde(with = "crate::journal::as_text")]
    pub planned_at: jiff::Timestamp,
    /// Who planned it.
    pub by: String,
    /// The machine whose files it is for.
    #[serde(default)]
    pub machine: Option<String>,
    /// What it does.
    pub title: String,
    /// The causes that it resolves.
    #[serde(default)]
    pub causes: Vec<String>,
    /// `safe` or `weakens`.
    pub applicability: String,
    /// The side that changes: `client` or `server`.
    pub side: String,
    /// What the configuration is called (`sshd_config`).
    pub kind: String,
    /// Its main file.
    pub main: PathBuf,
    /// All files that were read for it: a change of any makes the plan void.
    pub inputs: Vec<SavedFile>,
    /// What is agreed afterwards, in words.
    #[serde(default)]
    pub afterwards: Option<String>,
    /// The target whose connection is to prove it.
    pub target: String,
    /// The clients that are to connect, as they were named; none for this machine's own.
    #[serde(default)]
    pub clients: Vec<String>,
    /// The one of them that it helps, by its label; all have to agree where none is named.
    #[serde(default)]
    pub client: Option<String>,
    /// The machine that the target is reached from, where that is not the one with the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_from: Option<String>,
    /// What allows it where it lowers security.
    #[serde(default)]
    pub exception: Option<Exception>,
}

/// A file that a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFile {
    /// Its path.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// What is to change in it.
    #[serde(default)]
    pub edits: Vec<StoredEdit>,
}

/// Why a saved plan is not used.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It is no plan.
    #[error("the file is no plan that `shakedown fix --save` has written")]
    Json(#[from] serde_json::Error),
    /// It is one of another version.
    #[error("the plan has the schema `{0}`, and this version reads `{SCHEMA}`")]
    Schema(String),
    /// It was planned for another machine.
    #[error("the plan is for the machine `{planned}`, and this is `{here}`")]
    Machine {
        /// The machine of the plan.
        planned: String,
        /// This one.
        here: String,
    },
    /// Its target is reached from another machine.
    #[error(
        "the plan was made on `{from}` for another machine, by `--via`, and its target is reached from there: apply it there, \
         with `--via` as well"
    )]
    SeenFrom {
        /// The machine that the target is reached from.
        from: String,
    },
    /// A file that it was made from is another one now.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// The version of the format.
pub(crate) const SCHEMA: &str = "shakedown-plan/1";

impl SavedPlan {
    /// The name of the format, for a new plan.
    pub fn schema() -> String {
        SCHEMA.to_owned()
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// It is none, or one of another version.
    pub fn parse(bytes: &[u8]) -> Result<Self, SavedError> {
        let plan: Self = serde_json::from_slice(bytes)?;
        if plan.schema == SCHEMA { Ok(plan) } else { Err(SavedError::Schema(plan.schema)) }
    }

    /// The plan as text.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// Looks whether every file is as it was when the plan was made, on the machine that it was made for.
    ///
    /// # Errors
    /// One is not.
    pub fn still_holds(&self, machine: Option<&str>) -> Result<(), SavedError> {
        if let (Some(planned), Some(here)) = (&self.machine, machine)
            && planned != here
        {
            return Err(SavedError::Machine { planned: planned.clone(), here: here.to_owned() });
        }
        for input in &self.inputs {
            let read = crate::files::read(&input.path);
            let bytes = read.map_err(|source| Refused::Io { path: input.path.clone(), doing: "read", source })?;
            if sha256(&bytes) != input.sha256 {
                return Err(Refused::Changed { path: input.path.clone() }.into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_does_not_outlive_a_change_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sshd_config");
        std::fs::write(&path, "Port 22\n").unwrap();
        let plan = SavedPlan {
            schema: SavedPlan::schema(),
            planned_at: jiff::Timestamp::UNIX_EPOCH,
            by: "a".into(),
            machine: Some("here".into()),
            title: "t".into(),
            causes: vec![],
            applicability: "safe".into(),
            side: "server".into(),
            kind: "sshd_config".into(),
            main: path.clone(),
            inputs: vec![SavedFile { path: path.clone(), sha256: sha256(b"Port 22\n"), edits: vec![] }],
            afterwards: None,
            target: "ssh://db01".into(),
            clients: vec![],
            client: None,
            seen_from: None,
            exception: None,
        };
        let read = SavedPlan::parse(plan.text().as_bytes()).unwrap();
        assert_eq!(read, plan);
        assert!(read.still_holds(Some("here")).is_ok());
        assert!(matches!(read.still_holds(Some("there")), Err(SavedError::Machine { .. })));
        std::fs::write(&path, "Port 23\n").unwrap();
        assert!(matches!(read.still_holds(None), Err(SavedError::Refused(Refused::Changed { .. }))));
        assert!(SavedPlan::parse(b"{}").is_err());
        let other = plan.text().replace("plan/1", "plan/9");
        assert!(matches!(SavedPlan::parse(other.as_bytes()), Err(SavedError::Schema(_))));
    }
}
