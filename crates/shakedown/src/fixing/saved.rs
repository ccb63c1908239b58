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
const KINDS: [ConfigurationKind; 9] = [
    ConfigurationKind::SshdConfig,
    ConfigurationKind::SshConfig,
    ConfigurationKind::Nginx,
    ConfigurationKind::Haproxy,
    ConfigurationKind::Dovecot,
    ConfigurationKind::Apache,
    ConfigurationKind::Postfix,
    ConfigurationKind::OpenSslCnf,
    ConfigurationKind::Swanctl,
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
        let unreadable = |source| wrong(Refused::Io { path: path.to_owned(), doing: "read", source }.into());
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let plan = SavedPlan::parse(&bytes).map_err(wrong)?;
        plan.still_holds(self.report("fix").vantage.host.as_deref()).map_err(wrong)?;
        let no_check = || wrong(Refused::NoCheck { kind: "this configuration" }.into());
        let kind = KINDS.into_iter().find(|kind| kind.as_str() == plan.kind).ok_or_else(no_check)?;
        let weakens = plan.applicability != "safe";
        if weakens && plan.exception.is_none() {
            return Err(FixError::Weaker { number: 1 });
        }
        let mut edits = Vec::new();
        for input in plan.inputs.iter().filter(|input| !input.edits.is_empty()) {
            let text = std::fs::read(&input.path).map_err(unreadable)?;
            if sha256(&text) != input.sha256 {
                return Err(wrong(Refused::Changed { path: input.path.clone() }.into()));
            }
            let file = Arc::new(SourceFile::new(input.path.display().to_string(), text));
            let of = |edit: &StoredEdit| TextEdit { span: edit.start..edit.end, replacement: edit.replacement.clone() };
            edits.push(FileEdit { file, edits: input.edits.iter().map(of).collect() });
        }
        let session = self.with_clients(&plan.clients);
        let before = session.check(&plan.target).await.map_err(|source: Error| FixError::Target(Box::new(source)))?;
        let request = Request {
            title: plan.title,
            causes: plan.causes,
            applicability: if weakens { "weakens" } else { "safe" },
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
        let worked = proof::begun(&before);
        // What of IKE it was about is not in the plan: the tunnel has to be seen.
        let tunnel = kind == ConfigurationKind::Swanctl;
        let (target, clients, client) = (plan.target, plan.clients, plan.client);
        let causes = proof::of_certificates(request.causes.iter().map(String::as_str));
        let proof = Proof { target, clients, client, tunnel, worked, causes, ordinary: None };
        self.carry_out(Job { number: None, request, proof }, applying, said).await
    }
}

/// A path as a program or a person wrote it, from the root.
fn from_root(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}
