//! From a text that a person has to the cause, the side and the fix.

use std::sync::Arc;

use shakedown_messages::{Attempt, Messages, OfferedList, Place, Reader};
use shakedown_model::{
    Context, Evidence, EvidenceId, Fact, Fix, Incident, IncidentResult, Item, Known, Name, Origin, Pair, Party, PartySource,
    Policy, Protocol, Report, Role, Slot, Software, SourceFile, Standing, ssh,
};

use crate::{Error, Session};

/// A text to explain.
#[derive(Clone, Debug)]
pub struct Input {
    /// What it is called: a path, or `-`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Session {
    /// Says what a text means: an error message, a log, a program's debug output, alone or among unrelated lines.
    ///
    /// ```
    /// let session = shakedown::Session::new(shakedown::Options::default())?;
    /// let text = "Unable to negotiate with 192.0.2.7 port 22: no matching host key type found. Their offer: ssh-rsa";
    /// let report = session.explain(text)?;
    /// assert_eq!(report.diagnoses[0].cause, "no-common-host-key-algorithm");
    /// # Ok::<(), shakedown::Error>(())
    /// ```
    ///
    /// # Errors
    /// The overlay of the message data is wrong.
    pub fn explain(&self, text: &str) -> Result<Report, Error> {
        self.explain_inputs(vec![Input { name: "-".to_owned(), bytes: text.as_bytes().to_vec() }])
    }

    /// The same for several texts that belong together.
    ///
    /// # Errors
    /// The overlay of the message data is wrong.
    pub fn explain_inputs(&self, inputs: Vec<Input>) -> Result<Report, Error> {
        let messages = self.messages()?;
        let mut reader = Reader::new(&messages);
        let files: Vec<Arc<SourceFile>> =
            inputs.into_iter().map(|input| Arc::new(SourceFile::new(input.name, input.bytes))).collect();
        for (index, file) in files.iter().enumerate() {
            reader.read(index, 0, &file.text);
        }
        let mut report = self.report("explain");
        let origin = |place: Place| {
            let file = files.get(place.file)?;
            let span = usize::try_from(place.start).ok()?..usize::try_from(place.end).ok()?;
            Some(Origin::file(file, span))
        };
        for attempt in reader.finish() {
            self.add_attempt(&mut report, attempt, &origin);
        }
        order(&mut report);
        Ok(report)
    }

    fn messages(&self) -> Result<Messages, Error> {
        let Some(directory) = &self.options.catalog else { return Ok(Messages::built_in()) };
        let folder = directory.join("messages");
        if !folder.is_dir() {
            return Ok(Messages::built_in());
        }
        let files = crate::session::toml_files(&folder)
            .map_err(|source| Error::File { path: folder.display().to_string(), source })?;
        let prefix = format!("{}/", folder.display());
        let files =
            files.into_iter().map(|(name, text)| (name.strip_prefix(&prefix).unwrap_or(&name).to_owned(), text));
        Messages::with_overlay(files).map_err(|source| Error::Messages { source })
    }

    /// Adds one attempt of the text, with what it means.
    fn add_attempt(&self, report: &mut Report, attempt: Attempt, origin: &dyn Fn(Place) -> Option<Origin>) {
        let protocol = attempt.protocol.unwrap_or(Protocol::Tls);
        let first = report.evidence.len();
        for (said, place) in &attempt.said {
            let subject = said.printed_by;
            let evidence = Evidence::new(Fact::Said(Box::new(said.clone())));
            report.evidence.push(Evidence { subject, origin: origin(*place), ..evidence });
        }
        let ids = (first..report.evidence.len()).map(EvidenceId).collect();
        let incident = report.incidents.len();
        report.incidents.push(Incident {
            protocol: attempt.protocol,
            peer: attempt.peer.clone(),
            peers: 1,
            summary: String::new(),
            first: attempt.first.clone(),
            last: attempt.last.clone(),
            count: attempt.count,
            result: attempt.result,
            standing: Standing::Unremarkable,
            evidence: ids,
        });
        if matches!(attempt.result, IncidentResult::Succeeded | IncidentResult::Recovered) {
            return;
        }
        let context = Context {
            host: attempt.peer.clone(),
            port: attempt.port,
            user: attempt.user.clone(),
            ..Context::default()
        };
        let parties = [Role::Client, Role::Server].map(|role| self.party_of(&attempt, role, origin));
        self.judge_incident(report, incident, first, parties, &context, protocol);
    }

    /// What the text tells of one end: its lists, its software, and by that what the catalog knows.
    fn party_of(&self, attempt: &Attempt, role: Role, origin: &dyn Fn(Place) -> Option<Origin>) -> Option<Party> {
        if attempt.protocol != Some(Protocol::Ssh) {
            return None;
        }
        let (lists, named) = match role {
            Role::Client => (&attempt.client_offer, &attempt.client_software),
            Role::Server => (&attempt.server_offer, &attempt.server_software),
        };
        let software = named.as_deref().and_then(|text| self.software(text));
        if lists.is_empty() && software.is_none() {
            return None;
        }
        let mut notes = Vec::new();
        let mut policy = ssh::SshPolicy::default();
        if let Some(software) = &software
            && let Ok((row, resolved)) = self.catalog.ssh_policy(software, role)
        {
            let whole = Slot::SSH.iter().all(|slot| lists.iter().any(|list| list.slot == slot.as_str()));
            if !whole {
                notes.push(format!(
                    "the text does not show all that the {role} offers: the rest is what `{software}` offers by default"
                ));
            }
            notes.extend(resolved.notes);
            policy = row;
        }
        for list in lists {
            let Some(slot) = Slot::parse(Protocol::Ssh, &list.slot) else { continue };
            let Some(known) = policy.offer.list_mut(slot) else { continue };
            *known = Known::Complete(items(list, origin));
        }
        policy.offer.identification = named.as_deref().filter(|text| text.starts_with("SSH-")).map(Name::new);
        let label = software.as_ref().map_or_else(|| format!("the {role} of the text"), Software::to_string);
        let source = PartySource::Offer { path: "the text".to_owned() };
        Some(Party { label, role, software, source, policy: Policy::Ssh(Box::new(policy)), configuration: None, notes })
    }

    /// The software behind an identification string, or `OpenSSH_9.2p1 Debian-2`, or `product version`.
    fn software(&self, text: &str) -> Option<Software> {
        let text = text.trim();
        self.catalog
            .identify(text)
            .or_else(|| self.catalog.identify(format!("SSH-2.0-{text}")))
            .or_else(|| text.split_once(' ').map(|(product, version)| Software::new(&product.to_lowercase(), version)))
            .filter(|software| self.catalog.product_id(software.product(), software.version()).is_some())
    }

    /// Runs the rules where both ends are known, and diagnoses the incident.
    fn judge_incident(
        &self,
        report: &mut Report,
        incident: usize,
        first: usize,
        parties: [Option<Party>; 2],
        context: &Context,
        protocol: Protocol,
    ) {
        let [client, server] = parties;
        let outcome = match (&client, &server) {
            (Some(client), Some(server)) => Some(shakedown_negotiate::negotiate(client, server, context)),
            _ => None,
        };
        let pair = outcome.is_some().then_some(report.pairs.len());
        let evidence = report.evidence.split_off(first);
        let case = shakedown_diagnose::Case {
            protocol,
            client: client.as_ref(),
            server: server.as_ref(),
            outcome: outcome.as_ref(),
            context,
            evidence: &evidence,
            catalog: &self.catalog,
            pair,
            now: Some(report.observed_at),
        };
        let mut diagnoses = shakedown_diagnose::diagnose(&case);
        let mut fixes = Vec::new();
        if let (Some(client), Some(server), Some(outcome)) = (&client, &server, &outcome) {
            fixes = shakedown_fix::plan(&shakedown_fix::PlanInput {
                diagnoses: &diagnoses,
                client,
                server,
                outcome,
                context,
                catalog: &self.catalog,
                known_peers: &[],
            });
        }
        let of_text = shakedown_fix::from_text(&shakedown_fix::TextInput {
            diagnoses: &diagnoses,
            evidence: &evidence,
            client: client.as_ref(),
            server: server.as_ref(),
            context,
            catalog: &self.catalog,
        });
        add_fixes(&mut fixes, of_text);
        report.evidence.extend(evidence);
        for diagnosis in &mut diagnoses {
            diagnosis.incident = Some(incident);
            for id in diagnosis.evidence.iter_mut().chain(&mut diagnosis.evidence_against) {
                id.0 += first;
            }
        }
        let parties_before = report.parties.len();
        let (client_place, server_place) = (parties_before, parties_before + usize::from(client.is_some()));
        report.parties.extend(client.into_iter().chain(server));
        if let Some(outcome) = outcome {
            report.pairs.push(Pair { client: client_place, server: server_place, address: None, outcome });
        }
        self.add(report, diagnoses, fixes);
    }
}

/// Recipes fill what the planner lacks: it has computed its outcome.
fn add_fixes(planned: &mut Vec<Fix>, of_text: Vec<Fix>) {
    let has = |planned: &[Fix], fix: &Fix| {
        planned.iter().any(|other| {
            other.side == fix.side
                && other.applicability == fix.applicability
                && other.resolves.iter().any(|id| fix.resolves.contains(id))
        })
    };
    let lacking: Vec<Fix> = of_text.into_iter().filter(|fix| !has(planned, fix)).collect();
    planned.extend(lacking);
}

fn items(list: &OfferedList, origin: &dyn Fn(Place) -> Option<Origin>) -> Vec<Item> {
    let origin = origin(list.place);
    list.names.iter().map(|name| Item { name: Name::new(name), origin: origin.clone() }).collect()
}

/// Most likely first over all incidents; fixes and numbers follow.
fn order(report: &mut Report) {
    let mut places: Vec<usize> = (0..report.diagnoses.len()).collect();
    places.sort_by_key(|place| {
        let diagnosis = report.diagnoses.get(*place);
        std::cmp::Reverse(diagnosis.map_or(0, |diagnosis| diagnosis.confidence_permille))
    });
    let mut new_place = vec![0; places.len()];
    for (new, old) in places.iter().enumerate() {
        if let Some(place) = new_place.get_mut(*old) {
            *place = new;
        }
    }
    for fix in &mut report.fixes {
        for id in &mut fix.resolves {
            id.0 = new_place.get(id.0).copied().unwrap_or(id.0);
        }
    }
    let mut old: Vec<Option<shakedown_model::Diagnosis>> =
        std::mem::take(&mut report.diagnoses).into_iter().map(Some).collect();
    report.diagnoses = places.into_iter().filter_map(|place| old.get_mut(place).and_then(Option::take)).collect();
}
