//! Whether a change works: the same clients meet the running server again.

use std::time::{Duration, Instant};

use shakedown_model::{Outcome, OutcomeResult, Report, Role, Stage, StageOutcome, StageResult};

use super::ordinary::{self, Verdict};
use crate::{Error, Session};

/// What a change is proved by.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    /// The running server, as the person named it.
    pub(super) target: String,
    /// The clients, as they were named; none for this machine's own.
    pub(super) clients: Vec<String>,
    /// The label of the client that the change is for; `None` where all have to agree.
    pub(super) client: Option<String>,
    /// IKE: the change is about the tunnel, which an IKE_SA_INIT does not show.
    pub(super) tunnel: bool,
    /// The labels of the clients that agreed before.
    pub(super) worked: Vec<String>,
    /// What the certificates were found to lack, which nothing that is agreed on shows: none of it may be found again.
    pub(super) causes: Vec<String>,
    /// What the ordinary client of this machine met before; `None` where none is asked.
    pub(super) ordinary: Option<Verdict>,
}

/// The labels of the clients of a report for which every pair agrees.
pub(super) fn agreeing(report: &Report) -> Vec<String> {
    let clients = report.parties.iter().enumerate().filter(|(_, party)| party.role == Role::Client);
    let all = clients.filter(|(index, _)| {
        let mut pairs = report.pairs.iter().filter(|pair| pair.client == *index).peekable();
        pairs.peek().is_some() && pairs.all(|pair| pair.outcome.result() == OutcomeResult::Agreed)
    });
    all.map(|(_, party)| party.label.clone()).collect()
}

/// Whether two ends agree on their IKE SA at least, and nothing is known to fail after it.
pub(super) fn is_begun(outcome: &Outcome) -> bool {
    let agreed = |stage: &StageOutcome| stage.stage == Stage::IkeSa && stage.result == StageResult::Agreed;
    match outcome.result() {
        OutcomeResult::Agreed => true,
        OutcomeResult::Unknown => outcome.failed.is_empty() && outcome.stages.iter().any(agreed),
        OutcomeResult::Failed => false,
    }
}

/// The same, and the initiators of IKE whose IKE SA is agreed on: of what comes after it a check mostly sees nothing.
pub(super) fn begun(report: &Report) -> Vec<String> {
    let mut labels = agreeing(report);
    for (index, party) in report.parties.iter().enumerate().filter(|(_, party)| party.role == Role::Client) {
        let mut pairs = report.pairs.iter().filter(|pair| pair.client == index).peekable();
        if !labels.contains(&party.label) && pairs.peek().is_some() && pairs.all(|pair| is_begun(&pair.outcome)) {
            labels.push(party.label.clone());
        }
    }
    labels
}

/// What was agreed on, in the order of the slots, each name once.
pub(super) fn agreed(outcome: &Outcome) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in outcome.agreed.iter().filter_map(|(_, name)| name.as_ref()) {
        let name = name.to_string();
        if !names.contains(&name) && name != "none" {
            names.push(name);
        }
    }
    names.join(", ")
}

impl Session {
    /// Makes new connections until they show that the change works, or the time is over: a server needs a moment to read
    /// its files. Gives what shows it, or what stands against it, in words.
    pub(super) async fn prove(&self, proof: &Proof) -> Result<String, String> {
        let session = self.with_clients(&proof.clients);
        let until = Instant::now() + self.options.timeout;
        let mut wait = Duration::from_millis(100);
        let probed = loop {
            let report = session.check(&proof.target).await;
            match report.as_ref().map_err(Error::to_string).and_then(|report| judged(report, proof)) {
                Ok(said) => break said,
                // No more than a few connections: strict servers ban who comes too often.
                Err(said) if Instant::now() + wait >= until => return Err(said),
                Err(_) => tokio::time::sleep(wait).await,
            }
            wait *= 2;
        };
        let unseen = || Err(format!("{probed}, and nobody here could ask for the tunnel itself"));
        let Some(before) = &proof.ordinary else { return if proof.tunnel { unseen() } else { Ok(probed) } };
        let Some(client) = ordinary::client(&session, &proof.target) else {
            return if proof.tunnel { unseen() } else { Ok(probed) };
        };
        let name = client.name();
        match (client.connect(), before) {
            (Verdict::Connects, _) => Ok(format!("{probed}; `{name}` connects")),
            (Verdict::Unclear(said), _) if proof.tunnel => {
                Err(format!("{probed}, and not whether the tunnel is: {said}"))
            }
            (Verdict::Unclear(said), _) => Ok(format!("{probed}; `{name}`: {said}")),
            (Verdict::Fails(said), before) => {
                let ours = proof.client.as_ref().is_none_or(|label| client.is(label));
                if ours || *before == Verdict::Connects {
                    Err(format!("`{name}` does not connect: {said}"))
                } else {
                    Ok(format!("{probed}; `{name}` does not connect, as before: {said}"))
                }
            }
        }
    }
}

/// Of the causes of a change those that show in what the server's certificates are, and in no negotiation.
pub(super) fn of_certificates<'a>(causes: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    const SHOWN: [&str; 2] = ["certificate-chain-incomplete", "certificate-expired"];
    causes.into_iter().filter(|cause| SHOWN.contains(cause)).map(str::to_owned).collect()
}

fn judged(report: &Report, proof: &Proof) -> Result<String, String> {
    let agreeing = begun(report);
    let left = report.diagnoses.iter().find(|one| proof.causes.iter().any(|cause| cause == one.cause));
    if let Some(left) = left {
        return Err(format!("the running server shows the same as before: {}", left.summary));
    }
    if let Some(lost) = proof.worked.iter().find(|label| !agreeing.contains(label)) {
        return Err(format!("`{lost}` agreed with the server before, and does not any more"));
    }
    let wanted = |label: &String| proof.client.as_ref().is_none_or(|client| client == label);
    let clients = report.parties.iter().filter(|party| party.role == Role::Client && wanted(&party.label));
    let missing = clients.filter(|party| !agreeing.contains(&party.label)).map(|party| party.label.clone()).next();
    let index = report.parties.iter().position(|party| party.role == Role::Client && wanted(&party.label));
    let pair = index.and_then(|index| report.pairs.iter().find(|pair| pair.client == index));
    match (missing, pair) {
        (None, Some(pair)) => Ok(format!("a new connection agreed on {}", agreed(&pair.outcome))),
        (Some(label), Some(_)) => Err(format!("`{label}` does not agree with the running server")),
        _ => Err("the server does not answer a new connection".to_owned()),
    }
}
