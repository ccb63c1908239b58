//! The other side: a connection to a server as some client would make it.

use shakedown_model::{Ending, Fact, Known, OutcomeResult, Party, PartySource, Protocol, Report, Role, Slot};
use shakedown_probe::tls::{Finished, finish};

use crate::check::Wanted;
use crate::{Error, Session, Target};

impl Session {
    /// Connects to a server with the offer of this client, exchanges keys where they are computed here, and says what came
    /// out. Nobody logs in. Of TLS this is a check with that client and one more connection, which is carried through
    /// Finished where its algorithms are computed here; of IKE it is a check.
    ///
    /// # Errors
    /// The target or the client cannot be read, or they do not speak the same protocol, or one that is not emulated.
    pub async fn emulate_client(&self, party: &str, target: &str) -> Result<Report, Error> {
        let named = target;
        let target: Target = target.parse()?;
        let refused = |expected: String| Error::Party { party: party.to_owned(), expected };
        // Of these a check sends what the client itself would send.
        if target.protocol != Protocol::Ssh {
            let mut session = self.clone();
            session.options.clients = vec![party.to_owned()];
            let mut report = session.check(named).await?;
            report.command = "emulate".to_owned();
            if target.protocol == Protocol::Tls {
                report.notes.push("the client's own hello was sent; no request was made".to_owned());
                session.carry(&mut report, &target).await?;
            }
            return Ok(report);
        }
        let mut report = self.report("emulate");
        let (context, settings, seen) = self.ssh_context(&target, &mut report)?;
        let gathered = self.resolve(party, Role::Client, &self.client_context(&target)).await?;
        let Some(client) = gathered.parties.into_iter().next() else {
            return Err(refused("nothing of it could be read".to_owned()));
        };
        let Some(policy) = client.ssh() else {
            return Err(refused("it does not speak SSH, which the target does".to_owned()));
        };
        let offer = policy.open(Role::Client, &context);
        if let Some(slot) = Slot::SSH.into_iter().find(|slot| !matches!(offer.list(*slot), Known::Complete(_))) {
            let what = slot.phrase();
            return Err(refused(format!("its list for the {what} is not known whole, so that nobody can act as it")));
        }
        report.evidence.extend(gathered.evidence);
        report.evidence.extend(seen);
        report.parties.push(client);
        let probed = self.probe_ssh(self.way(&settings, &target), named, Wanted::As(Box::new(offer))).await;
        report.connections = probed.connections;
        report.evidence.extend(probed.evidence);
        let strict = context.strict_host_keys == Some(true);
        for server in &probed.parties {
            report.evidence.extend(crate::known_hosts::look_up(server, &context, strict));
        }
        report.parties.extend(probed.parties);
        let servers: Vec<usize> = (1..report.parties.len()).collect();
        if servers.is_empty() {
            self.judge_evidence(&mut report, Some(0), &context, Protocol::Ssh);
        }
        for server in servers {
            self.judge(&mut report, 0, server, &context);
        }
        Ok(report)
    }
}

impl Session {
    /// Carries the handshake through Finished with each server that took the client's hello.
    async fn carry(&self, report: &mut Report, target: &Target) -> Result<(), Error> {
        let reached = self.tls_target(target)?;
        let context = self.tls_context(&reached);
        let (options, candidates) = (self.tls_options(), crate::live::candidates(&self.catalog));
        let mut notes = Vec::new();
        for pair in report.pairs.iter().filter(|pair| pair.outcome.result() == OutcomeResult::Agreed) {
            let ends = report.parties.get(pair.client).and_then(Party::tls).zip(report.parties.get(pair.server));
            let Some((client, PartySource::Live { address })) = ends.map(|(client, server)| (client, &server.source))
            else {
                continue;
            };
            let Ok(address) = address.parse() else { continue };
            let offer = client.open(Role::Client, &context);
            notes.push(told(&finish(&reached, address, &options, &candidates, &offer).await));
            report.connections += 1;
        }
        report.notes.extend(notes);
        Ok(())
    }
}

/// How far it came, in one sentence.
fn told(finished: &Finished) -> String {
    let when = |after_finished: bool| if after_finished { "after" } else { "before" };
    match finished {
        Finished::Done { version, cipher_suite } => {
            let agreed: Vec<String> =
                version.iter().chain(cipher_suite).map(|name| format!("`{}`", name.as_str())).collect();
            format!("the handshake was carried through Finished: {}", agreed.join(", "))
        }
        Finished::NotCarried { why } => format!("the handshake was not carried through Finished: {why}"),
        Finished::WrongFinished => "the server's Finished does not fit the handshake".to_owned(),
        Finished::Refused { alert, after_finished } => {
            format!("the server sent the alert `{alert}` {} the client's Finished", when(*after_finished))
        }
        Finished::Ended { fact, after_finished } => {
            let how = match fact {
                Fact::Ended { ending: Ending::Closed, .. } => "closed the connection",
                Fact::Ended { ending: Ending::Reset, .. } => "reset the connection",
                Fact::Ended { ending: Ending::Silent { .. }, .. } | Fact::TooSlow { .. } => "said nothing more",
                _ => "did not go on",
            };
            format!("the server {how} {} the client's Finished", when(*after_finished))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn a_client_of_another_protocol_is_refused() {
        let session = Session::new(Options::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for (party, target) in [("openssh@9.6p1", "https://127.0.0.1:1"), ("openssl@3.0.2", "ssh://127.0.0.1:1")] {
            let result = runtime.block_on(session.emulate_client(party, target));
            assert!(matches!(result, Err(Error::Party { .. })), "{party} {target}");
        }
    }
}
