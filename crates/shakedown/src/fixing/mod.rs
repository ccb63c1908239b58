//! Fixes that are planned over both ends and then made on this machine, proved by a new connection, or taken back.

mod applying;
mod certificates;
mod choice;
mod documents;
mod far;
mod guard;
mod hand;
mod keys;
mod ordinary;
mod proof;
mod saved;
mod seen;

pub use applying::{Applied, Applying, Step, recovered, taken_back};
pub use choice::FixError;
pub use documents::{Told, applied_document, change_document};
pub use far::{Far, FarFix, FarPlan, Shown, Via, ViaError, serve_far};
pub use guard::watch_until_confirmed;

use std::path::Path;

use shakedown_model::{Context, Fix, Protocol, Report, Role};

use crate::party::{LOCAL, names_software};
use crate::{Error, Session, Target};

/// What is to be changed, planned over both ends.
#[derive(Debug)]
pub struct FixPlan {
    /// The parties, what the rules make of them, and the fixes.
    pub report: Report,
    /// The target that is to prove a change, as the person named it.
    pub target: Option<String>,
    /// The clients that are to reach it, as they were named; none for this machine's own.
    pub clients: Vec<String>,
    /// What the target itself did before any change: the pairs of a check of it.
    pub before: Option<Report>,
    /// The labels of the clients that agreed with the target before.
    pub(crate) worked: Vec<String>,
}

impl FixPlan {
    /// With what is known of the clients that agree already.
    fn finished(mut self) -> Self {
        self.worked = self.before.as_ref().map(proof::agreeing).unwrap_or_default();
        "fix".clone_into(&mut self.report.command);
        choice::by_hand(&mut self.report);
        self
    }

    /// A fix by its number, counted from 1 in the order of the report.
    pub fn fix(&self, number: usize) -> Option<&Fix> {
        self.report.fixes.get(number.checked_sub(1)?)
    }
}

/// What two texts of a command line stand for.
#[derive(Debug, PartialEq, Eq)]
enum Ends<'a> {
    /// A running server, for the clients of the options.
    Target(&'a str),
    /// A running server and the file that it was started with.
    TargetAndFile(&'a str, &'a str),
    /// A client and a running server.
    ClientAndTarget(&'a str, &'a str),
    /// Two ends of which none runs.
    Pair(&'a str, &'a str),
}

/// Whether a text names a party and not a target: a file, a program, or a word that stands for one.
fn is_party(text: &str) -> bool {
    if text.contains("://") {
        return false;
    }
    let file = text.rsplit_once('#').map_or(text, |(file, _)| file);
    text == LOCAL || text.starts_with("policy:") || names_software(text) || Path::new(file).exists()
}

fn ends<'a>(first: &'a str, second: Option<&'a str>) -> Ends<'a> {
    match second {
        None if is_party(first) => Ends::Pair(LOCAL, first),
        None => Ends::Target(first),
        Some(second) if second.contains("://") => Ends::ClientAndTarget(first, second),
        Some(second) if !is_party(first) => Ends::TargetAndFile(first, second),
        Some(second) if !is_party(second) => Ends::ClientAndTarget(first, second),
        Some(second) => Ends::Pair(first, second),
    }
}

impl Session {
    /// Plans what to change: for a running server, for a running server with the file that it was started with, for a client
    /// and a running server, or for two ends that are only described.
    ///
    /// # Errors
    /// An end cannot be read.
    pub async fn fix(&self, first: &str, second: Option<&str>) -> Result<FixPlan, Error> {
        if !self.options.seen_in.is_empty() {
            let (peers, notes) = self.seen_clients(&self.options.seen_in)?;
            let mut session = self.clone();
            session.options.seen_in.clear();
            session.options.known_peers.extend(peers);
            let mut plan = Box::pin(session.fix(first, second)).await?;
            plan.report.notes.extend(notes);
            return Ok(plan);
        }
        let clients = self.options.clients.clone();
        let plan = match ends(first, second) {
            Ends::Target(target) => {
                let report = self.check(target).await?;
                FixPlan {
                    before: Some(report.clone()),
                    report,
                    target: Some(target.to_owned()),
                    clients,
                    worked: Vec::new(),
                }
            }
            Ends::ClientAndTarget(client, target) => return self.fix_client(client, target).await,
            Ends::TargetAndFile(target, file) => {
                let before = self.check(target).await?;
                let report = self.fix_of_file(target, file, &before).await?;
                FixPlan { report, target: Some(target.to_owned()), clients, before: Some(before), worked: Vec::new() }
            }
            Ends::Pair(client, server) => {
                let report = self.negotiate(client, server).await?;
                FixPlan { report, target: None, clients: vec![client.to_owned()], before: None, worked: Vec::new() }
            }
        };
        Ok(plan.finished())
    }

    /// Plans what to change at a client, or at the running server that it is to reach.
    async fn fix_client(&self, client: &str, target: &str) -> Result<FixPlan, Error> {
        let clients = if client == LOCAL { Vec::new() } else { vec![client.to_owned()] };
        let report = self.with_clients(&clients).check(target).await?;
        let (before, target) = (Some(report.clone()), Some(target.to_owned()));
        Ok(FixPlan { report, target, clients, before, worked: Vec::new() }.finished())
    }

    /// The same session with other clients in the place of this machine's own.
    pub(crate) fn with_clients(&self, clients: &[String]) -> Self {
        let mut session = self.clone();
        session.options.clients = clients.to_vec();
        session
    }

    /// The clients that reach a running server, and that server as its own file makes it.
    async fn fix_of_file(&self, target: &str, file: &str, before: &Report) -> Result<Report, Error> {
        let mut report = self.report("fix");
        report.connections = before.connections;
        let named: Target = target.parse()?;
        let (context, seen) = self.fix_context(&named, &mut report)?;
        report.evidence.extend(seen);
        report.parties = before.parties.iter().filter(|party| party.role == Role::Client).cloned().collect();
        // What a running server's certificates lack, its file does not tell.
        report.evidence.extend(certificates::about_files(&before.evidence));
        let mut session = self.clone();
        session.options.as_running = true;
        let mut report = session.with_file(report, file, &context, named.protocol).await?;
        self.mend_certificates(&mut report, &context);
        self.mend_keys(&mut report);
        Ok(report)
    }

    /// Adds the server that a file makes to a report on clients of it, and judges them.
    async fn with_file(
        &self,
        mut report: Report,
        file: &str,
        context: &Context,
        protocol: Protocol,
    ) -> Result<Report, Error> {
        let clients = report.parties.len();
        let servers = self.resolve(file, Role::Server, &self.server_context(context)).await?;
        report.evidence.extend(servers.evidence);
        report.parties.extend(servers.parties);
        if clients == 0 || report.parties.len() == clients {
            self.judge_evidence(&mut report, (clients > 0).then_some(0), context, protocol);
        }
        if report.parties.iter().any(|party| party.protocol() != protocol) {
            return Err(Error::Party {
                party: file.to_owned(),
                expected: format!("it does not speak {protocol}, as the target does"),
            });
        }
        for server in clients..report.parties.len() {
            for client in 0..clients {
                self.judge(&mut report, client, server, context);
            }
        }
        Ok(report)
    }

    /// What the clients see of a running server, and what is wrong with the host keys that they know.
    fn fix_context(
        &self,
        target: &Target,
        report: &mut Report,
    ) -> Result<(Context, Vec<shakedown_model::Evidence>), Error> {
        match target.protocol {
            Protocol::Ssh => {
                let (context, _, seen) = self.ssh_context(target, report)?;
                Ok((context, seen))
            }
            Protocol::Tls => Ok((self.tls_context(&self.tls_target(target)?), Vec::new())),
            Protocol::Ike => Ok((self.client_context(target), Vec::new())),
        }
    }

    /// What a server's `Match` sees: the words of `--context`, and the port that is asked.
    fn server_context(&self, client: &Context) -> Context {
        let mut context = self.options.context.clone();
        context.server_name = client.server_name.clone();
        context
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_words_stand_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sshd_config").display().to_string();
        std::fs::write(&file, "").unwrap();
        let file = file.as_str();
        assert_eq!(ends("db01", None), Ends::Target("db01"));
        assert_eq!(ends(file, None), Ends::Pair("local", file));
        assert_eq!(ends("ssh://db01", Some(file)), Ends::TargetAndFile("ssh://db01", file));
        assert_eq!(ends("db01:2222", Some(file)), Ends::TargetAndFile("db01:2222", file));
        assert_eq!(ends("local", Some("https://db01")), Ends::ClientAndTarget("local", "https://db01"));
        assert_eq!(ends(file, Some("db01")), Ends::ClientAndTarget(file, "db01"));
        assert_eq!(ends("openssh@9.2p1", Some(file)), Ends::Pair("openssh@9.2p1", file));
    }
}
