use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Document;

/// What `lab list` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabList {
    /// `shakedown/1`.
    pub schema: String,
    /// `lab`.
    pub command: String,
    /// The scenarios, the demonstration first.
    #[serde(default)]
    pub scenarios: Vec<LabListed>,
}

/// A scenario that can be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabListed {
    /// Its name, for `lab run`.
    pub name: String,
    /// What goes wrong, in one line.
    pub title: String,
    /// `ssh`, `tls` or `ike`.
    pub protocol: String,
    /// The cause that is to be found, by its code; none for the demonstration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The programs that it needs.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Those of them that are not here.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// What `lab run` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabRun {
    /// `shakedown/1`.
    pub schema: String,
    /// `lab`.
    pub command: String,
    /// The scenarios that were run, in order.
    #[serde(default)]
    pub scenarios: Vec<LabResult>,
}

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabResult {
    /// Its name.
    pub name: String,
    /// What goes wrong, in one line.
    pub title: String,
    /// `ssh`, `tls` or `ike`.
    pub protocol: String,
    /// The cause that was to be found, by its code.
    pub cause: String,
    /// `proved`, `not-proved` or `missing`.
    pub result: String,
    /// Why it was not proved, or what is missing.
    #[serde(default)]
    pub because: Option<String>,
    /// What happened, in order.
    #[serde(default)]
    pub steps: Vec<LabStep>,
}

/// A step of a scenario. Which keys stand beside `step` depends on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabStep {
    /// `file`, `started`, `said`, `found`, `fix`, `by-hand`, `proof` or `kept`.
    pub step: String,
    /// Beside `file`: whose it is, `server` or `client`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whose: Option<String>,
    /// Beside `started` and `said`: the command line; not there where no program was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Beside `fix`: how far the change had come with it, as in `applied`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Beside `file`, `said`, `fix` and `by-hand`: what the file has, what was said or what was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Beside `found` and `proof`: what was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Document>>,
    /// Beside `kept`: the folder with the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// What `demo` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Demo {
    /// `shakedown/1`.
    pub schema: String,
    /// `demo`.
    pub command: String,
    /// Whether the same client connects after the fix.
    pub proved: bool,
    /// What was found before the fix, and after it.
    #[serde(default)]
    pub reports: Vec<Document>,
}
