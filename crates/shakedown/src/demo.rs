//! A legacy server on loopback: found, explained, fixed and proved, on a machine with nothing but this program.

use std::net::{Ipv4Addr, SocketAddr};

use shakedown_config::{Memory, openssh};
use shakedown_crypto::PrivateHostKey;
use shakedown_listen::ssh::{Listener, SshServer};
use shakedown_model::{
    Applicability, Context, FileEdit, Name, Outcome, OutcomeResult, Party, PartySource, Report, Role, Software,
};

use crate::check::Wanted;
use crate::{Error, Session};

/// What the demonstration shows, step by step.
#[derive(Debug)]
#[non_exhaustive]
pub enum DemoStep {
    /// The server that was started.
    Started {
        /// Where it listens.
        address: SocketAddr,
        /// What it acts as.
        software: Software,
        /// Its configuration file.
        configuration: String,
    },
    /// What the check of the server found.
    Found(Box<Report>),
    /// The change that was made to the server's configuration.
    Applied {
        /// The fix's title.
        title: String,
        /// Its place in the report's list of fixes, counted from 1.
        number: usize,
        /// The configuration file afterwards.
        configuration: String,
    },
    /// What the check of the changed server found.
    Proved(Box<Report>),
}

/// The end of a demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// The server was found failing, changed, and then agreed with the client.
    Proved,
    /// Something did not go as it should; the steps say what.
    NotProved,
}

/// What the demonstration's server acts as.
const SOFTWARE: &str = "openssh@6.7p1";
/// The path of its configuration in messages. Nothing is written to disk.
const PATH: &str = "/demo/sshd_config";
const CONFIGURATION: &str = "\
# file transfer for the old plant, hardened in 2009
Port 22
HostKey /demo/ssh_host_ed25519_key
KexAlgorithms diffie-hellman-group1-sha1
Ciphers 3des-cbc,aes128-cbc
MACs hmac-md5
Subsystem sftp internal-sftp
";

impl Session {
    /// Starts a legacy SSH server on loopback, checks it, applies the safest fix to its configuration and checks again.
    ///
    /// # Errors
    /// A socket on loopback cannot be bound, or the catalog's overlay has taken the demonstration's software away.
    pub async fn demo(&self, mut step: impl FnMut(DemoStep)) -> Result<Demo, Error> {
        let key = PrivateHostKey::generate_ed25519()
            .map_err(|source| Error::System { doing: "making a host key", source: std::io::Error::other(source) })?;
        let public = key.public_line("demo");
        let software: Software =
            SOFTWARE.parse().map_err(|_| Error::Party { party: SOFTWARE.into(), expected: "a software".into() })?;
        let before = self.demo_server(&software, CONFIGURATION, &public)?;
        let Some(policy) = before.ssh() else { return Ok(Demo::NotProved) };
        let identification = Name::new("SSH-2.0-OpenSSH_6.7");
        let server =
            SshServer { identification: identification.clone(), offer: policy.offer.clone(), host_keys: vec![key] };
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), server)
            .await
            .map_err(|source| Error::System { doing: "listening on loopback", source })?;
        let address = listener.local_addr();
        step(DemoStep::Started { address, software: software.clone(), configuration: CONFIGURATION.to_owned() });

        let found = self.demo_check("check", &before, address).await?;
        let chosen = found.fixes.iter().position(|fix| {
            fix.applicability == Applicability::Safe
                && !fix.edits.is_empty()
                && fix.outcome_after.as_ref().map(Outcome::result) == Some(OutcomeResult::Agreed)
        });
        let edit = chosen.and_then(|index| found.fixes.get(index)).map(|fix| (fix.title.clone(), fix.edits.clone()));
        step(DemoStep::Found(Box::new(found)));
        let (Some(index), Some((title, edits))) = (chosen, edit) else { return Ok(Demo::NotProved) };

        let configuration =
            String::from_utf8_lossy(&edits.first().map(FileEdit::apply).unwrap_or_default()).into_owned();
        let after = self.demo_server(&software, &configuration, &public)?;
        let Some(policy) = after.ssh() else { return Ok(Demo::NotProved) };
        listener.set_offer(policy.offer.clone());
        step(DemoStep::Applied { title, number: index + 1, configuration });

        let proved = self.demo_check("check", &after, address).await?;
        let agreed = proved.pairs.first().is_some_and(|pair| pair.outcome.result() == OutcomeResult::Agreed);
        step(DemoStep::Proved(Box::new(proved)));
        Ok(if agreed { Demo::Proved } else { Demo::NotProved })
    }

    /// The demonstration's server as its configuration makes it.
    fn demo_server(&self, software: &Software, configuration: &str, public_key: &str) -> Result<Party, Error> {
        let mut files = Memory::new();
        files.insert(PATH, configuration);
        files.insert("/demo/ssh_host_ed25519_key.pub", public_key);
        let spec = openssh::ServerSpec::new(software.clone(), PATH, Context::default());
        let gathered = openssh::server(&files, &spec, &self.catalog)
            .map_err(|source| Error::Configuration { party: SOFTWARE.to_owned(), source })?;
        gathered.parties.into_iter().next().ok_or_else(|| Error::Party {
            party: SOFTWARE.to_owned(),
            expected: "its configuration gives a server".to_owned(),
        })
    }

    /// Probes the demonstration's server for real, and judges it with its configuration file at hand.
    async fn demo_check(&self, command: &str, configured: &Party, address: SocketAddr) -> Result<Report, Error> {
        let mut report = self.report(command);
        let mut context = Context { target: Some("demo".to_owned()), ..Context::default() };
        context.address = Some(address.ip());
        let client = self.newest_openssh(Role::Client)?;
        report.parties.extend(self.catalog_party(&client.to_string(), client, Role::Client)?.parties);
        let wanted =
            report.parties.first().and_then(Party::ssh).map_or(Wanted::Offer, |policy| Wanted::of(policy, &context));
        let gathered = self.probe_direct(address, wanted).await;
        report.connections = gathered.connections;
        report.evidence = gathered.evidence;
        if let Some(live) = gathered.parties.into_iter().next() {
            report.parties.push(with_configuration(live, configured));
            self.judge(&mut report, 0, 1, &context);
        } else {
            self.judge_evidence(&mut report, Some(0), &context, shakedown_model::Protocol::Ssh);
        }
        Ok(report)
    }
}

/// The party as seen on the wire, with the file that it was started from: each list element that both have keeps its
/// place in the file.
fn with_configuration(mut live: Party, configured: &Party) -> Party {
    if let (Some(policy), Some(from_file)) = (live.ssh_mut(), configured.ssh()) {
        for slot in shakedown_model::Slot::SSH {
            let Some(written) = from_file.offer.list(slot).complete() else { continue };
            let Some(seen) = policy.offer.list_mut(slot).and_then(|list| list.complete_mut()) else { continue };
            for item in seen {
                if let Some(place) = written.iter().find(|other| other.name == item.name) {
                    item.origin = place.origin.clone();
                }
            }
        }
        policy.behaviour = from_file.behaviour.clone();
        policy.supported = from_file.supported.clone();
    }
    if let PartySource::Live { address } = &live.source {
        live.label = format!("demo server at {address}");
    }
    live.configuration = configured.configuration.clone();
    live.software = configured.software.clone();
    live
}
