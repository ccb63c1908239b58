//! Which fix is made, and on what it depends.

use std::path::PathBuf;

use shakedown_apply as apply;
use shakedown_model::{Applicability, Configuration, Fix, Outcome, OutcomeResult, Party, Report, Role, Side, Stage};

use super::{FixPlan, proof};

/// Why no fix is made. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixError {
    /// Nothing fails.
    #[error("nothing fails between the two ends, so that there is nothing to apply")]
    Nothing,
    /// Nothing fails by the file, and the running server does not do what the file says.
    #[error(
        "by its file the server agrees with every client, and the running one does not: it has not read the file since its \
         last change, or was started with another one"
    )]
    Unread,
    /// There is no such fix.
    #[error("there is no fix {number}: the report has {count}")]
    NoSuchFix {
        /// The number asked for.
        number: usize,
        /// How many there are.
        count: usize,
    },
    /// None of the fixes can be made by this program.
    #[error("no safe fix edits a file that was read here: {why}")]
    NoneFits {
        /// Why, for what there is.
        why: String,
    },
    /// A person has to decide.
    #[error("fix {number} is for a person to decide, and `--apply` never does it")]
    Manual {
        /// Its number.
        number: usize,
    },
    /// It lowers security, and what that needs was not given.
    #[error("fix {number} lowers security: it needs `--allow-weaker`, `--reason TEXT` and `--until DATE`")]
    Weaker {
        /// Its number.
        number: usize,
    },
    /// The fix edits no file.
    #[error("fix {number} edits no file that was read here: name the file of the {side} beside the target")]
    NoEdit {
        /// Its number.
        number: usize,
        /// The side that would change.
        side: &'static str,
    },
    /// Its outcome is not known to be an agreement.
    #[error("what fix {number} comes to is not known to be an agreement, so that it is for a person to make")]
    NotComputed {
        /// Its number.
        number: usize,
    },
    /// There is nothing to prove it with.
    #[error(
        "no running server is named that could prove the change: write `shakedown fix TARGET FILE` for a server's file, \
         `shakedown fix CLIENT TARGET` for a client's"
    )]
    NoTarget,
    /// The files are another machine's.
    #[error("the files below `--root` are another machine's: make the change there")]
    Foreign,
    /// What reads the file is started again to read it, and that is not known here.
    #[error(
        "the servers that read `{}` have to be started again for it: name the command that does so by `--reload`", path.display()
    )]
    Restart {
        /// The file.
        path: PathBuf,
    },
    /// The running server works already.
    #[error(
        "the running server agrees with that client already: it was not started with this file, or not since its last change"
    )]
    Works,
    /// The target cannot be checked.
    #[error(transparent)]
    Target(Box<crate::Error>),
    /// A change cannot be taken back.
    #[error("change `{id}` is not taken back")]
    Undo {
        /// The change.
        id: String,
        /// Why.
        source: apply::StepError,
    },
    /// It cannot be begun.
    #[error(transparent)]
    Refused(#[from] apply::Refused),
    /// The journal cannot be used.
    #[error(transparent)]
    Store(#[from] apply::StoreError),
    /// The saved plan is not used.
    #[error("the plan `{}` is not applied", path.display())]
    Saved {
        /// The plan.
        path: PathBuf,
        /// Why.
        source: apply::SavedError,
    },
}

/// A fix that can be made.
pub(super) struct Chosen<'a> {
    /// Its number, counted from 1.
    pub(super) number: usize,
    pub(super) fix: &'a Fix,
    /// The configuration that it changes.
    pub(super) configuration: &'a Configuration,
    /// The label of the client that it helps.
    pub(super) client: String,
    /// IKE: it is about what the tunnel is made of, now or when its keys are renewed.
    pub(super) tunnel: bool,
}

/// The fix of this number, or the first safe one that can be made.
pub(super) fn choose(plan: &FixPlan, number: Option<usize>, weaker: bool) -> Result<Chosen<'_>, FixError> {
    let fixes = &plan.report.fixes;
    if let Some(number) = number {
        let fix = plan.fix(number).ok_or(FixError::NoSuchFix { number, count: fixes.len() })?;
        return fits(plan, number, fix, weaker);
    }
    if fixes.is_empty() {
        let agreed = plan.report.pairs.iter().all(|pair| pair.outcome.result() == OutcomeResult::Agreed);
        if agreed && !plan.report.pairs.is_empty() {
            let runs =
                |before: &shakedown_model::Report| proof::begun(before).len() >= proof::begun(&plan.report).len();
            return Err(if plan.before.as_ref().is_none_or(runs) { FixError::Nothing } else { FixError::Unread });
        }
    }
    let mut reasons: Vec<String> = Vec::new();
    let allowed = |fix: &&Fix| !fix.afterwards;
    let numbered = fixes.iter().enumerate().map(|(index, fix)| (index + 1, fix));
    for (number, fix) in numbered.filter(|(_, fix)| allowed(fix)) {
        match fits(plan, number, fix, weaker) {
            Ok(chosen) => return Ok(chosen),
            Err(error) => reasons.push(error.to_string()),
        }
    }
    if let Some(refused) = managed(plan) {
        return Err(refused.into());
    }
    reasons.dedup();
    let why = if reasons.is_empty() { "no fix is known".to_owned() } else { reasons.join("; ") };
    Err(FixError::NoneFits { why })
}

/// A file of the parties that a tool writes: the planner proposes no edit of it.
fn managed(plan: &FixPlan) -> Option<apply::Refused> {
    let files = plan.report.parties.iter().filter_map(|party| party.configuration.as_ref()).flat_map(|all| &all.files);
    files.into_iter().find_map(|file| {
        let path = PathBuf::from(&file.path);
        let managed = apply::sign_of(&path, &file.text)?;
        Some(apply::Refused::Managed { path, managed: Box::new(managed) })
    })
}

/// The kind of the file that a fix edits, where its program has no check of its own that is known here.
fn unchecked(report: &Report, fix: &Fix) -> Option<&'static str> {
    let edited = |configuration: &Configuration, path: &str| configuration.files.iter().any(|file| file.path == path);
    let kind_of = |path: &str| {
        let party =
            report.parties.iter().find(|party| party.configuration.as_ref().is_some_and(|own| edited(own, path)))?;
        let kind = party.configuration.as_ref()?.kind;
        // strongSwan's starter has no check of the file of the same name.
        let of_starter = kind == shakedown_model::ConfigurationKind::IpsecConf
            && party.software.as_ref().is_none_or(|software| software.product() != "libreswan");
        (of_starter || apply::program_for(kind).is_none()).then(|| kind.as_str())
    };
    fix.edits.iter().filter(|edit| !edit.edits.is_empty()).find_map(|edit| kind_of(&edit.file.path))
}

/// Makes a fix that edits what no program checks before it is in use one for a person.
pub(super) fn by_hand(report: &mut Report) {
    let kinds: Vec<Option<&str>> = report.fixes.iter().map(|fix| unchecked(report, fix)).collect();
    for (fix, kind) in report.fixes.iter_mut().zip(kinds) {
        if let (Some(kind), Applicability::Safe) = (kind, fix.applicability) {
            fix.applicability = Applicability::Manual;
            fix.notes.push(format!(
                "`{kind}` has no check of its own that is known here, so that a person has to make the change; it weakens \
                 nothing and cuts nobody off"
            ));
        }
    }
}

fn fits<'a>(plan: &'a FixPlan, number: usize, fix: &'a Fix, weaker: bool) -> Result<Chosen<'a>, FixError> {
    match fix.applicability {
        Applicability::Manual => {
            let refused = unchecked(&plan.report, fix).map(|kind| apply::Refused::NoCheck { kind });
            return Err(refused.map_or(FixError::Manual { number }, Into::into));
        }
        Applicability::Weakens if !weaker => return Err(FixError::Weaker { number }),
        Applicability::Safe | Applicability::Weakens => {}
    }
    let no_edit = FixError::NoEdit { number, side: fix.side.as_str() };
    if fix.edits.iter().all(|edit| edit.edits.is_empty()) {
        return Err(no_edit);
    }
    // What a responder of IKE does after IKE_SA_INIT shows once the tunnel is asked for, which is the proof then.
    if !fix.outcome_after.as_ref().is_some_and(proof::is_begun) {
        return Err(FixError::NotComputed { number });
    }
    let open = fix.outcome_after.as_ref().map(Outcome::result) != Some(OutcomeResult::Agreed);
    let role = match fix.side {
        Side::Client => Role::Client,
        Side::Server => Role::Server,
        Side::Both | Side::Network | Side::Unknown => return Err(FixError::Manual { number }),
    };
    let pair = fix.resolves.iter().find_map(|id| plan.report.diagnoses.get(id.0)?.pair);
    let pair = pair.or_else(|| (plan.report.pairs.len() == 1).then_some(0));
    let pair = pair.and_then(|index| plan.report.pairs.get(index));
    let party = |index: usize| plan.report.parties.get(index);
    let changed = pair.and_then(|pair| party(if role == Role::Client { pair.client } else { pair.server }));
    let configuration = changed.and_then(|party| party.configuration.as_ref());
    let has_all = |configuration: &&Configuration| {
        fix.edits.iter().all(|edit| configuration.files.iter().any(|file| file.path == edit.file.path))
    };
    let (Some(configuration), Some(client)) = (
        configuration.filter(has_all),
        pair.and_then(|pair| party(pair.client)).map(|party: &Party| party.label.clone()),
    ) else {
        return Err(no_edit);
    };
    if let Some(kind) = unchecked(&plan.report, fix) {
        return Err(apply::Refused::NoCheck { kind }.into());
    }
    let late = |stage: Stage| matches!(stage, Stage::ChildSa | Stage::Rekey);
    let tunnel = open
        || pair.is_some_and(|pair| {
            let (failed, forecast) = (&pair.outcome.failed, &pair.outcome.forecast);
            failed.iter().any(|one| late(one.stage)) || forecast.iter().any(|one| late(one.stage))
        });
    Ok(Chosen { number, fix, configuration, client, tunnel })
}
