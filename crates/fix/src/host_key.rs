//! A host key of another type, for a server whose keys an old client cannot use.

use std::sync::OnceLock;

use serde::Deserialize;
use shakedown_model::ssh::{HostKey, SignatureCheck, key_type_of};
use shakedown_model::{
    Applicability, Change, Command, CommandPlace, DiagnosisId, Fix, Known, Name, Outcome, OutcomeResult, Party, Policy,
    Role, Side, Slot, Stage,
};

use crate::edited::{self, Delta, How};
use crate::plan::{Kind, PlanInput, Planned};
use crate::strength::{Score, best_first, sound};
use crate::{steps, syntax};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    host_key: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    product: Vec<String>,
    name: String,
    key_type: String,
    algorithms: Vec<String>,
    command: String,
    file: Option<String>,
    line: Option<String>,
    undo: String,
    #[allow(dead_code, reason = "every row says where it was read; the tests look at it")]
    source: String,
}

const FILE: &str = include_str!(concat!(env!("OUT_DIR"), "/host_keys.json"));

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| serde_json::from_str(FILE).unwrap_or_default())
}

/// The best new key that makes the two ends agree. It is for a person to decide, because every client is to trust it.
pub(crate) fn fixes(input: &PlanInput<'_>) -> Option<Planned> {
    let fails = |failed: &shakedown_model::FailedSlot| failed.stage == Stage::Kexinit && failed.slot == Slot::HostKey;
    if !input.outcome.failed.iter().any(fails) || fixed_list(input.server) {
        return None;
    }
    let (product, _) = syntax::identity(input.server, input.catalog)?;
    let (resolves, mut names) = asked(input);
    names.retain(|name| sound(input.catalog, Slot::HostKey, name) && lacks_key(input.server, name));
    best_first(input.catalog, Slot::HostKey, &mut names);
    names.iter().find_map(|name| {
        let fits = |row: &&Row| row.product.contains(&product) && row.algorithms.iter().any(|known| *name == **known);
        let row = data().host_key.iter().find(fits)?;
        let server = with_key(input.server, row);
        let outcome = input.with(&server);
        (outcome.result() == OutcomeResult::Agreed).then(|| planned(input, row, resolves.clone(), outcome))
    })
}

/// Whether the server's own file lists host key algorithms, so that a new key need not be offered.
fn fixed_list(server: &Party) -> bool {
    const KEYWORD: &[u8] = b"hostkeyalgorithms";
    let files = server.configuration.iter().flat_map(|configuration| &configuration.files);
    files
        .flat_map(|file| file.text.split(|&byte| byte == b'\n'))
        .any(|line| line.trim_ascii_start().get(..KEYWORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(KEYWORD)))
}

/// The names that diagnoses want the server to sign with, and those diagnoses.
fn asked(input: &PlanInput<'_>) -> (Vec<DiagnosisId>, Vec<Name>) {
    let (mut resolves, mut names): (Vec<DiagnosisId>, Vec<Name>) = (Vec::new(), Vec::new());
    for (index, diagnosis) in input.diagnoses.iter().enumerate() {
        for remedy in diagnosis.remedies.iter().filter(|remedy| remedy.role == Role::Server) {
            let Change::Enable { slot: Slot::HostKey, candidates } = &remedy.change else { continue };
            resolves.push(DiagnosisId(index));
            names.extend(candidates.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
        }
    }
    (resolves, names)
}

/// Whether the server shows no key of the type that the algorithm signs with.
fn lacks_key(server: &Party, algorithm: &Name) -> bool {
    let Some(policy) = server.ssh() else { return false };
    let key_type = key_type_of(algorithm.as_str());
    match &policy.offer.host_keys {
        Known::Complete(keys) => keys.iter().all(|key| key.key_type != *key_type),
        _ => {
            let listed = policy.offer.host_key.complete();
            listed.is_some_and(|list| list.iter().all(|item| key_type_of(item.name.as_str()) != key_type))
        }
    }
}

fn with_key(server: &Party, row: &Row) -> Party {
    let names = row.algorithms.iter().map(|name| Name::new(name)).collect();
    let mut server = edited::in_lists(server, &[Delta { slot: Slot::HostKey, names, how: How::Add }]);
    let Policy::Ssh(policy) = &mut server.policy else { return server };
    if let Known::Complete(keys) | Known::Partial { accepted: keys, .. } = &mut policy.offer.host_keys {
        keys.push(HostKey {
            key_type: Name::new(&row.key_type),
            bits: None,
            fingerprint: None,
            certificate_authority: None,
            signature: SignatureCheck::NotSeen,
            origin: None,
        });
    }
    server
}

fn planned(input: &PlanInput<'_>, row: &Row, resolves: Vec<DiagnosisId>, outcome: Outcome) -> Planned {
    let server = |text: &str, explanation: &str| Command {
        place: CommandPlace::ServerShell,
        text: text.to_owned(),
        explanation: explanation.to_owned(),
    };
    let title = format!("make {} host key for the server", row.name);
    let mut fix = Fix::new(resolves, title, Side::Server, Applicability::Manual);
    fix.commands.push(server(&row.command, "makes the key"));
    fix.undo.push(server(&row.undo, "once no client trusts the key any more"));
    fix.notes.push("clients meet a key that they do not know yet: publish its fingerprint first".to_owned());
    if let (Some(file), Some(line)) = (&row.file, &row.line) {
        let path = input.server.configuration.as_ref().and_then(|own| own.files.first()).map(|file| &file.path);
        fix.commands.push(Command {
            place: CommandPlace::File(path.unwrap_or(file).clone()),
            text: line.clone(),
            explanation: "needed where the file has other lines of this keyword; without any, this key is read anyway"
                .to_owned(),
        });
    }
    steps::reload(input, &mut fix, Role::Server);
    steps::verify(input, &mut fix);
    let score = Score::of(&outcome, input.catalog);
    fix.outcome_after = Some(outcome);
    Planned { fix, kind: Kind::Enable, score }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole() {
        let data: Data = serde_json::from_str(FILE).unwrap();
        assert!(!data.host_key.is_empty());
        for row in data.host_key {
            assert!(!row.source.is_empty() && row.name.starts_with("an "), "{row:?}");
            assert_eq!(row.file.is_some(), row.line.is_some(), "{row:?}");
            assert!(row.algorithms.iter().all(|name| key_type_of(name) == row.key_type), "{row:?}");
        }
    }
}
