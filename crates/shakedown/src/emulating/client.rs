//! The other side: a connection to a server as some client would make it.

use shakedown_model::{Known, Protocol, Report, Role, Slot};

use crate::check::Wanted;
use crate::{Error, Session, Target};

impl Session {
    /// Connects to a server with the offer of this client, exchanges keys where they are computed here, and says what came
    /// out. Nobody logs in. Of TLS and IKE this is a check with that client.
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
                report.notes.push(
                    "the client's own hello was sent, and the server's answer to it read; no request was made"
                        .to_owned(),
                );
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
