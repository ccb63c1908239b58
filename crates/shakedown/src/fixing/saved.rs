//! Plans that are saved, looked at by somebody else, and made later.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use shakedown_apply::{Exception, Refused, Request, SavedError, SavedFile, SavedPlan, StoredEdit, sha256};
use shakedown_config::Files as _;
use shakedown_model::{ConfigurationKind, FileEdit, SourceFile, TextEdit};

use super::FixPlan;
use super::applying::{Applied, Applying, Job, Step, by};
use super::choice::{self, FixError};
use super::proof::{self, Proof};
use crate::{Error, Session};

/// The configurations that a plan can be about.
const KINDS: [ConfigurationKind; 10] = [
    ConfigurationKind::SshdConfig,
    ConfigurationKind::SshConfig,
    ConfigurationKind::Nginx,
    ConfigurationKind::Haproxy,
    ConfigurationKind::Dovecot,
    ConfigurationKind::Apache,
    ConfigurationKind::Postfix,
    ConfigurationKind::OpenSslCnf,
    ConfigurationKind::Swanctl,
    ConfigurationKind::IpsecConf,
];

impl Session {
    /// The plan of a fix, for a file.
    ///
    /// # Errors
    /// The fix cannot be made by this program, or a file of it cannot be read any more.
    pub fn saved(
        &self,
        plan: &FixPlan,
        number: Option<usize>,
        exception: Option<Exception>,
    ) -> Result<SavedPlan, FixError> {
        let applying = Applying { number, exception, ..Applying::default() };
        let job = self.job(plan, &applying)?;
        let chosen = choice::choose(plan, number, applying.exception.is_some())?;
        let home = job.request.home.clone();
        let mut inputs = Vec::new();
        for path in &job.request.read {
            let absolute = from_root(path, home.as_deref());
            let unreadable = |source| Refused::Io { path: path.clone(), doing: "read", source };
            let bytes = std::fs::read(&absolute).map_err(unreadable)?;
            let edits = job.request.edits.iter().filter(|edit| Path::new(&edit.file.path) == path);
            let edits = edits.flat_map(|edit| &edit.edits).map(|edit| StoredEdit {
                start: edit.span.start,
                end: edit.span.end,
                replacement: edit.replacement.clone(),
            });
            inputs.push(SavedFile { sha256: sha256(&bytes), edits: edits.collect(), path: absolute });
        }
        // What was planned on has to be what is there now.
        for edit in &job.request.edits {
            let path = PathBuf::from(&edit.file.path);
            let now = std::fs::read(from_root(&path, home.as_deref()));
            if now.ok().as_ref() != Some(&edit.file.text) {
                return Err(Refused::Changed { path }.into());
            }
        }
        Ok(SavedPlan {
            schema: SavedPlan::schema(),
            planned_at: self.now(),
            by: by(),
            machine: plan.report.vantage.host.clone(),
            title: job.request.title,
            causes: job.request.causes,
            applicability: job.request.applicability.to_owned(),
            side: chosen.fix.side.as_str().to_owned(),
            kind: job.request.kind.as_str().to_owned(),
            main: inputs.first().map(|input| input.path.clone()).unwrap_or_default(),
            inputs,
            afterwards: chosen.fix.outcome_after.as_ref().map(proof::agreed),
            target: job.proof.target,
            clients: job.proof.clients,
            client: job.proof.client,
            seen_from: None,
            exception: job.request.exception,
        })
    }

    /// Makes a saved plan, if all its files are as they were.
    ///
    /// # Errors
    /// It is not begun; nothing was changed then.
    pub async fn apply_saved(
        &self,
        path: &Path,
        applying: &Applying,
        said: impl FnMut(&Step),
    ) -> Result<Applied, FixError> {
        let wrong = |source: SavedError| FixError::Saved { path: path.to_owned(), source };
        let plan = read(path)?;
        if let Some(from) = plan.seen_from {
            return Err(wrong(SavedError::SeenFrom { from }));
        }
        let mut job = self.job_of_saved(plan, applying).map_err(wrong)?;
        let session = self.with_clients(&job.proof.clients);
        let before = session.check(&job.proof.target).await;
        job.proof.worked = proof::begun(&before.map_err(|source: Error| FixError::Target(Box::new(source)))?);
        self.carry_out(job, applying, said).await
    }

    /// What is to be done for a saved plan whose files are as they were. Who agreed with the target before is to be added.
    pub(super) fn job_of_saved(&self, plan: SavedPlan, applying: &Applying) -> Result<Job, SavedError> {
        plan.still_holds(self.report("fix").vantage.host.as_deref())?;
        let no_check = || Refused::NoCheck { kind: "this configuration" };
        let kind = KINDS.into_iter().find(|kind| kind.as_str() == plan.kind).ok_or_else(no_check)?;
        let mut edits = Vec::new();
        for input in plan.inputs.iter().filter(|input| !input.edits.is_empty()) {
            let unreadable = |source| Refused::Io { path: input.path.clone(), doing: "read", source };
            let text = std::fs::read(&input.path).map_err(unreadable)?;
            if sha256(&text) != input.sha256 {
                return Err(Refused::Changed { path: input.path.clone() }.into());
            }
            let file = Arc::new(SourceFile::new(input.path.display().to_string(), text));
            let of = |edit: &StoredEdit| TextEdit { span: edit.start..edit.end, replacement: edit.replacement.clone() };
            edits.push(FileEdit { file, edits: input.edits.iter().map(of).collect() });
        }
        let request = Request {
            title: plan.title,
            causes: plan.causes,
            applicability: if plan.applicability == "safe" { "safe" } else { "weakens" },
            by: format!("{}; planned by {}", by(), plan.by),
            kind,
            read: plan.inputs.iter().map(|input| input.path.clone()).collect(),
            edits,
            host: plan.target.clone(),
            home: self.own_files().home().map(PathBuf::from),
            reload: None,
            restart: None,
            limit: applying.limit,
            confirm_within: None,
            exception: plan.exception,
        };
        // What of IKE it was about is not in the plan: the tunnel has to be seen.
        let tunnel = matches!(kind, ConfigurationKind::Swanctl | ConfigurationKind::IpsecConf);
        let (target, clients, client) = (plan.target, plan.clients, plan.client);
        let causes = proof::of_certificates(request.causes.iter().map(String::as_str));
        let proof = Proof { target, clients, client, tunnel, worked: Vec::new(), causes, ordinary: None };
        Ok(Job { number: None, request, proof })
    }
}

/// Reads a plan, which has a reason and a date where it lowers security.
pub(super) fn read(path: &Path) -> Result<SavedPlan, FixError> {
    let wrong = |source: SavedError| FixError::Saved { path: path.to_owned(), source };
    let unreadable = |source| wrong(Refused::Io { path: path.to_owned(), doing: "read", source }.into());
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let plan = SavedPlan::parse(&bytes).map_err(wrong)?;
    if plan.applicability != "safe" && plan.exception.is_none() {
        return Err(FixError::Weaker { number: 1 });
    }
    Ok(plan)
}

/// A path as a program or a person wrote it, from the root.
fn from_root(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}
