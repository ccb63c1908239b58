//! What is known of the programs whose files can be changed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use shakedown_model::ConfigurationKind;

/// A program whose files can be changed: a row of `data/programs.toml`, which says what each member means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    pub(crate) kind: String,
    /// The program's file name.
    pub program: String,
    /// Other names of the program's file.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    pub(crate) check: Vec<String>,
    #[serde(default)]
    pub(crate) each: bool,
    #[serde(default)]
    pub(crate) beside: bool,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) include: Option<String>,
    pub(crate) relative: Option<String>,
    pub(crate) root: Option<String>,
    pub(crate) option: Option<String>,
    #[serde(default)]
    pub(crate) several: bool,
    #[serde(default)]
    pub(crate) folder: bool,
    pub(crate) variable: Option<String>,
    pub(crate) within: Option<String>,
    #[serde(default)]
    pub(crate) default: Vec<String>,
    pub(crate) title: Option<String>,
    #[serde(default)]
    pub(crate) prefix: Vec<String>,
    pub(crate) master: Option<String>,
    pub(crate) signal: Option<String>,
    #[serde(default)]
    pub(crate) reload: Vec<String>,
    pub(crate) says: Option<String>,
    pub(crate) helper: Option<String>,
    #[serde(default)]
    pub(crate) harmless: Vec<String>,
    /// Whether it runs and has to read its files again.
    pub server: bool,
    /// Whether other processes than the one that reads the files answer.
    #[serde(default)]
    pub(crate) workers: bool,
    #[allow(dead_code, reason = "every row says where it was read")]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    program: Vec<Program>,
}

impl Program {
    /// Whether this is the name of the program's file.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        name == self.program || self.also.iter().any(|other| other == name)
    }
}

fn programs() -> &'static [Program] {
    static PROGRAMS: OnceLock<Vec<Program>> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let text = include_str!(concat!(env!("OUT_DIR"), "/programs.json"));
        // The build has read the same text; a test looks at every row.
        serde_json::from_str::<Data>(text).map(|data| data.program).unwrap_or_default()
    })
}

/// What is known of the program that reads such a configuration; `None` where it has no check of its own that is known
/// here, so that its files are for a person to change.
pub fn program_for(kind: ConfigurationKind) -> Option<&'static Program> {
    of_kind(kind.as_str())
}

pub(crate) fn of_kind(kind: &str) -> Option<&'static Program> {
    programs().iter().find(|program| program.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole() {
        assert!(programs().len() >= 9);
        for program in programs() {
            let checks = program.check.iter().any(|word| word == "{main}" || word == "{folder}");
            assert!(!program.source.is_empty() && (checks || !program.harmless.is_empty()), "{program:?}");
            assert!(program.helper.as_ref().is_none_or(|helper| program.check.contains(helper)), "{program:?}");
            assert_eq!(program.server, program.signal.is_some() || !program.reload.is_empty(), "{program:?}");
            assert!(program.relative.is_none() || program.include.is_some(), "{program:?}");
            assert!(program.root.is_none() || program.include.is_some(), "{program:?}");
        }
        assert!(program_for(ConfigurationKind::SshdConfig).is_some());
        assert!(program_for(ConfigurationKind::IpsecConf).is_some());
    }
}
