//! From a text that a person has to the cause, the side and the fix.

mod ike;
mod incidents;
mod texts;
mod watch;

use shakedown_messages::{Attempt, KnownPeer, Messages, OfferedList, Place, Reader};
use shakedown_model::{
    Context, Evidence, EvidenceId, Fact, Fix, Incident, IncidentResult, Item, Known, Name, Origin, Pair, Party,
    PartySource, Policy, Protocol, Report, Role, Slot, Software, ssh,
};

use crate::input::{Block, Blocks, Note, Piece};
use crate::{Error, Session};
use texts::Texts;

pub use watch::{News, Tally, Watching};

/// A text to explain.
#[derive(Clone, Debug)]
pub struct Input {
    /// What it is called: a path, or `-`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whose text it is, where the person has said it.
    pub role: Option<Role>,
}

/// What a person says beside the texts.
#[derive(Clone, Debug, Default)]
pub struct Explaining {
    /// Peers that are known: what they meet comes first.
    pub known: Vec<KnownPeer>,
    /// Which text is the client's and which the server's, by place. What both say of one connection is put together.
    pub roles: Vec<(usize, Role)>,
}

/// Texts being read.
struct Reading<'a> {
    reader: Reader<'a>,
    texts: Texts,
    file: usize,
}

impl<'a> Reading<'a> {
    fn new(messages: &'a Messages, names: impl IntoIterator<Item = String>, how: Explaining) -> Self {
        let mut reader = Reader::new(messages);
        reader.know(how.known);
        let together = !how.roles.is_empty();
        for (file, role) in how.roles {
            reader.set_role(file, role);
        }
        Self { reader, texts: Texts::of(names, together), file: 0 }
    }

    fn take(&mut self, block: &Block<'_>) {
        while self.file < block.file {
            self.texts.end(&mut self.reader, self.file);
            self.file += 1;
        }
        self.texts.take(&mut self.reader, block);
    }

    fn report(mut self, session: &Session) -> Report {
        self.texts.end(&mut self.reader, self.file);
        let mut report = session.report("explain");
        report.notes.extend(self.texts.notes());
        for (line, example) in self.reader.nearest() {
            let shown = |text: &str| Name::new(&text.replace('`', "'")).to_string();
            report.notes.push(format!(
                "`{}` looks like a message that is known, `{}`: paste it as the program printed it",
                shown(&line),
                shown(&example)
            ));
        }
        let (attempts, strangers) = self.reader.finish();
        let sorted = incidents::sort(attempts);
        let files = self.texts.files(sorted.reported.iter());
        let mut joined: Vec<String> = Vec::new();
        for attempt in sorted.reported {
            joined.extend(attempt.joined.clone());
            session.add_attempt(&mut report, attempt, &|place| files.origin(place));
        }
        session.add_strangers(&mut report, &sorted.strangers, strangers);
        incidents::order(&mut report);
        joined.dedup();
        let joined = joined.into_iter().take(3);
        report
            .notes
            .extend(joined.map(|how| format!("the client's and the server's text tell of the same attempt: {how}")));
        if sorted.left_out > 0 {
            let more = sorted.left_out;
            report.notes.push(format!("{more} more attempts are not shown: name the peers to look at with `--known`"));
        }
        report
    }
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
        self.explain_inputs(vec![Input { name: "-".to_owned(), bytes: text.as_bytes().to_vec(), role: None }])
    }

    /// The same for several texts that belong together.
    ///
    /// # Errors
    /// The overlay of the message data is wrong.
    pub fn explain_inputs(&self, inputs: Vec<Input>) -> Result<Report, Error> {
        let how = Explaining {
            roles: inputs.iter().enumerate().filter_map(|(file, input)| Some((file, input.role?))).collect(),
            ..Explaining::default()
        };
        let messages = self.messages()?;
        let mut reading = Reading::new(&messages, inputs.iter().map(|input| input.name.clone()), how);
        for (file, input) in inputs.iter().enumerate() {
            reading.take(&Block { file, offset: 0, bytes: &input.bytes });
        }
        Ok(reading.report(self))
    }

    /// The same for sources of any size, which are read block by block. `names` are those of the sources, in their
    /// order. Returns what is to be said of the sources beside the report, in which it stands as notes too.
    ///
    /// # Errors
    /// The overlay of the message data is wrong.
    pub fn explain_sources(
        &self,
        mut blocks: Blocks,
        names: &[String],
        how: Explaining,
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<(Report, Vec<Note>), Error> {
        let messages = self.messages()?;
        let mut reading = Reading::new(&messages, names.iter().cloned(), how);
        let (total, mut notes) = (blocks.total(), Vec::new());
        loop {
            progress(blocks.done(), total);
            match blocks.next() {
                Some(Piece::Block(block)) => reading.take(&block),
                Some(Piece::Note(note)) => notes.push(note),
                None => break,
            }
        }
        let mut report = reading.report(self);
        for note in &notes {
            let name = names.get(note.file).map_or("", String::as_str);
            let name = if name == "-" { "standard input".to_owned() } else { format!("`{}`", Name::new(name)) };
            report.notes.push(format!("{name} {}", note.condition));
        }
        Ok((report, notes))
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
            peers: attempt.peers,
            summary: String::new(),
            first: attempt.first.clone(),
            last: attempt.last.clone(),
            count: attempt.count,
            result: attempt.result,
            standing: attempt.standing,
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

    /// The clients that a text tells of, those too that connected, with the address of each and how often it came.
    pub(crate) fn clients_of_text(&self, text: &[u8]) -> Result<Vec<(Party, Option<String>, u64)>, Error> {
        let messages = self.messages()?;
        let mut reader = Reader::new(&messages);
        reader.read(0, 0, text);
        let (attempts, _) = reader.finish();
        let client =
            |attempt: &Attempt| self.party_of(attempt, Role::Client, &|_| None).or_else(|| self.tls_client(attempt));
        Ok(attempts.iter().filter_map(|one| Some((client(one)?, one.peer.clone(), one.count))).collect())
    }

    /// A client of TLS whose software the text names, as the catalog has it.
    fn tls_client(&self, attempt: &Attempt) -> Option<Party> {
        let software = attempt.client_software.as_deref().and_then(|text| self.software(text))?;
        if matches!(attempt.protocol, Some(Protocol::Ssh | Protocol::Ike)) {
            return None;
        }
        let (policy, _) = self.catalog.tls_policy(&software, Role::Client).ok()?;
        let source = PartySource::Offer { path: "the text".to_owned() };
        let (label, notes) = (software.to_string(), Vec::new());
        let policy = Policy::Tls(Box::new(policy));
        Some(Party { label, role: Role::Client, software: Some(software), source, policy, configuration: None, notes })
    }

    /// What the text tells of one end: its lists, its software, and by that what the catalog knows.
    fn party_of(&self, attempt: &Attempt, role: Role, origin: &dyn Fn(Place) -> Option<Origin>) -> Option<Party> {
        match attempt.protocol {
            Some(Protocol::Ssh) => {}
            Some(Protocol::Ike) => return ike::party(&self.catalog, attempt, role, origin),
            _ => return None,
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
            (Some(client), Some(server)) => {
                let mut outcome = shakedown_negotiate::negotiate(client, server, context);
                outcome.risks = shakedown_negotiate::risks(&outcome, client, server, &self.catalog);
                Some(outcome)
            }
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
        // Without a software the planner can only write generic lines; the recipes know who printed the text.
        if let (Some(client), Some(server), Some(outcome)) = (&client, &server, &outcome)
            && client.software.is_some()
            && server.software.is_some()
        {
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
