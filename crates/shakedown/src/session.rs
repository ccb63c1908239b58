use shakedown_catalog::Catalog;
use shakedown_model::{Evidence, Pair, Party, Protocol, Report, Vantage};

use crate::recording::KnownOffers;
use crate::{Error, Options};

/// A catalog and the options, shared by any number of calls.
#[derive(Clone)]
pub struct Session {
    pub(crate) catalog: std::sync::Arc<Catalog>,
    pub(crate) options: Options,
    /// The host keys of emulated servers, by their types and sizes.
    pub(crate) host_keys: std::sync::Arc<std::sync::Mutex<Vec<HostKeysMade>>>,
    pub(crate) known_offers: std::sync::Arc<[std::sync::OnceLock<std::sync::Arc<KnownOffers>>; 3]>,
}

/// Host keys, and what they were asked to be.
type HostKeysMade = (Vec<(String, u32)>, std::sync::Arc<[shakedown_crypto::PrivateHostKey]>);

impl Session {
    /// Opens the catalog and lays the overlay of the options over it.
    ///
    /// # Errors
    /// The overlay cannot be read or holds a row that is wrong.
    pub fn new(options: Options) -> Result<Self, Error> {
        let mut catalog = Catalog::from_blob(shakedown_catalog_data::BLOB)
            .map_err(|source| Error::Overlay { directory: "the program itself".into(), source })?;
        if let Some(directory) = &options.catalog {
            let files = toml_files(directory)
                .map_err(|source| Error::File { path: directory.display().to_string(), source })?;
            let messages = directory.join("messages");
            catalog
                // The messages of programs have a form of their own.
                .overlay(files.into_iter().filter(|(name, _)| !std::path::Path::new(name).starts_with(&messages)))
                .map_err(|source| Error::Overlay { directory: directory.display().to_string(), source })?;
        }
        Ok(Self {
            catalog: std::sync::Arc::new(catalog),
            options,
            host_keys: std::sync::Arc::default(),
            known_offers: std::sync::Arc::default(),
        })
    }

    /// The facts about software and algorithms that this session judges by.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// How the catalog rates algorithms, for the marks in an offer.
    pub fn ratings(&self) -> shakedown_report::Ratings {
        use shakedown_catalog::Rating;
        use shakedown_report::Mark;
        let catalog = std::sync::Arc::clone(&self.catalog);
        shakedown_report::Ratings::new(move |slot, name| {
            Some(match catalog.rating(slot, name)? {
                Rating::Broken => Mark::Broken,
                Rating::Weak => Mark::Weak,
                Rating::Legacy => Mark::Legacy,
                Rating::Acceptable => Mark::Acceptable,
                Rating::Strong => Mark::Strong,
                Rating::PostQuantum => Mark::PostQuantum,
            })
        })
    }

    /// The offers of all clients of the catalog, which are computed once for a session and its copies.
    pub(crate) fn known_offers(&self, protocol: Protocol) -> tokio::task::JoinHandle<std::sync::Arc<KnownOffers>> {
        let (catalog, all) = (std::sync::Arc::clone(&self.catalog), std::sync::Arc::clone(&self.known_offers));
        tokio::task::spawn_blocking(move || {
            let [ssh, tls, ike] = &*all;
            let cell = match protocol {
                Protocol::Ssh => ssh,
                Protocol::Tls => tls,
                Protocol::Ike => ike,
            };
            std::sync::Arc::clone(cell.get_or_init(|| std::sync::Arc::new(KnownOffers::new(&catalog, protocol))))
        })
    }

    pub(crate) fn progress(&self, step: &str) {
        if let Some(progress) = &self.options.progress {
            progress(step);
        }
    }

    /// The time to judge by.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.options.now.unwrap_or_else(jiff::Timestamp::now)
    }

    /// A report with nothing found yet.
    pub(crate) fn report(&self, command: &str) -> Report {
        Report {
            command: command.to_owned(),
            observed_at: self.now(),
            vantage: Vantage { host: host_name(), version: env!("CARGO_PKG_VERSION").to_owned() },
            catalog_date: self.catalog.date().to_owned(),
            parties: Vec::new(),
            pairs: Vec::new(),
            evidence: Vec::new(),
            incidents: Vec::new(),
            diagnoses: Vec::new(),
            fixes: Vec::new(),
            connections: 0,
            notes: Vec::new(),
        }
    }
}

/// What is gathered before the rules run.
#[derive(Default)]
pub(crate) struct Gathering {
    pub(crate) parties: Vec<Party>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) connections: u32,
}

/// The TOML files of a folder and its folders, by name.
pub(crate) fn toml_files(directory: &std::path::Path) -> std::io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut folders = vec![directory.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                files.push((path.display().to_string(), std::fs::read_to_string(&path)?));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The other parties of a report that meet either end: a fix says which of them it would cut off or let in.
fn others(parties: &[shakedown_model::Party], client: usize, server: usize) -> Vec<shakedown_model::Party> {
    let of_pair = |index: usize| index == client || index == server;
    let mut others: Vec<shakedown_model::Party> = Vec::new();
    for (_, party) in parties.iter().enumerate().filter(|(index, _)| !of_pair(*index)) {
        if !others.iter().any(|known| known.label == party.label && known.role == party.role) {
            others.push(party.clone());
        }
    }
    others
}

fn host_name() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .filter(|n| !n.is_empty())
}

impl Session {
    /// Runs the rules, the diagnoses and the planner over one pair and adds what they find to the report.
    pub(crate) fn judge(&self, report: &mut Report, client: usize, server: usize, context: &shakedown_model::Context) {
        if let (Some(client_party), Some(server_party)) = (report.parties.get(client), report.parties.get(server)) {
            let outcome = shakedown_negotiate::negotiate(client_party, server_party, context);
            self.judge_outcome(report, client, server, context, outcome);
        }
    }

    /// The same for an outcome that is known already: computed before, or seen in part.
    pub(crate) fn judge_outcome(
        &self,
        report: &mut Report,
        client: usize,
        server: usize,
        context: &shakedown_model::Context,
        outcome: shakedown_model::Outcome,
    ) {
        let mut others = others(&report.parties, client, server);
        let protocol = report.parties.get(client).map(shakedown_model::Party::protocol);
        let known = self.options.known_peers.iter().filter(|peer| Some(peer.protocol()) == protocol);
        others.extend(known.cloned());
        self.judge_among(report, client, server, context, outcome, &others);
    }

    /// The same with these as the parties that a fix may reach besides.
    pub(crate) fn judge_among(
        &self,
        report: &mut Report,
        client: usize,
        server: usize,
        context: &shakedown_model::Context,
        mut outcome: shakedown_model::Outcome,
        others: &[shakedown_model::Party],
    ) {
        let (Some(client_party), Some(server_party)) = (report.parties.get(client), report.parties.get(server)) else {
            return;
        };
        outcome.risks = shakedown_negotiate::risks(&outcome, client_party, server_party, &self.catalog);
        let pair = report.pairs.len();
        let case = shakedown_diagnose::Case {
            protocol: client_party.protocol(),
            client: Some(client_party),
            server: Some(server_party),
            outcome: Some(&outcome),
            context,
            evidence: &report.evidence,
            catalog: &self.catalog,
            pair: Some(pair),
            now: Some(report.observed_at),
        };
        let diagnoses = shakedown_diagnose::diagnose(&case);
        let fixes = shakedown_fix::plan(&shakedown_fix::PlanInput {
            diagnoses: &diagnoses,
            client: client_party,
            server: server_party,
            outcome: &outcome,
            context,
            catalog: &self.catalog,
            known_peers: others,
        });
        let address = match &server_party.source {
            shakedown_model::PartySource::Live { address } => Some(address.clone()),
            _ => None,
        };
        report.pairs.push(Pair { client, server, address, outcome });
        self.add(report, diagnoses, fixes);
    }

    /// Diagnoses what was seen where no pair came about.
    pub(crate) fn judge_evidence(
        &self,
        report: &mut Report,
        client: Option<usize>,
        context: &shakedown_model::Context,
        protocol: shakedown_model::Protocol,
    ) {
        let case = shakedown_diagnose::Case {
            protocol,
            client: client.and_then(|index| report.parties.get(index)),
            server: None,
            outcome: None,
            context,
            evidence: &report.evidence,
            catalog: &self.catalog,
            pair: None,
            now: Some(report.observed_at),
        };
        let diagnoses = shakedown_diagnose::diagnose(&case);
        self.add(report, diagnoses, Vec::new());
    }

    /// Adds diagnoses and fixes whose numbers count from their own first to those of the report.
    pub(crate) fn add(
        &self,
        report: &mut Report,
        diagnoses: Vec<shakedown_model::Diagnosis>,
        fixes: Vec<shakedown_model::Fix>,
    ) {
        let first = report.diagnoses.len();
        let group = report.diagnoses.iter().map(|diagnosis| diagnosis.group + 1).max().unwrap_or(0);
        report.diagnoses.extend(diagnoses.into_iter().map(|mut diagnosis| {
            diagnosis.group += group;
            diagnosis
        }));
        report.fixes.extend(fixes.into_iter().map(|mut fix| {
            for resolved in &mut fix.resolves {
                resolved.0 += first;
            }
            fix
        }));
    }
}
