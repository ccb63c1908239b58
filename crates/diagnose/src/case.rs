use std::net::SocketAddr;

use shakedown_catalog::Catalog;
use shakedown_model::{
    Context, Ending, Evidence, EvidenceId, Fact, FailedSlot, FailureKind, Origin, OriginKind, Outcome, OutcomeResult,
    Party, PartySource, Phase, Protocol, Role,
};

/// All that a diagnosis may look at: one pair of parties, or less, and what was seen.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The protocol.
    pub protocol: Protocol,
    /// The client, where it is known.
    pub client: Option<&'a Party>,
    /// The server, where it is known.
    pub server: Option<&'a Party>,
    /// What the protocol's rules make of the two.
    pub outcome: Option<&'a Outcome>,
    /// What both decide by.
    pub context: &'a Context,
    /// What was seen, of the whole report: the ids of a diagnosis count in this list. Facts that belong to another
    /// address or to a file that neither party was read from are passed over.
    pub evidence: &'a [Evidence],
    /// The facts about software and algorithms.
    pub catalog: &'a Catalog,
    /// The pair's place in the report.
    pub pair: Option<usize>,
    /// The time to judge by; `None` leaves out what depends on it.
    pub now: Option<jiff::Timestamp>,
}

impl<'a> Case<'a> {
    /// A case in which nothing is known yet.
    pub fn new(protocol: Protocol, context: &'a Context, catalog: &'a Catalog) -> Self {
        Self {
            protocol,
            client: None,
            server: None,
            outcome: None,
            context,
            evidence: &[],
            catalog,
            pair: None,
            now: None,
        }
    }

    /// The party of a role.
    pub fn party(&self, role: Role) -> Option<&'a Party> {
        match role {
            Role::Client => self.client,
            Role::Server => self.server,
        }
    }

    /// What was seen and concerns this pair, in the order in which it was seen.
    pub fn facts(&self) -> impl Iterator<Item = (EvidenceId, &'a Evidence)> + use<'a> {
        let case = *self;
        let all = self.evidence.iter().enumerate().map(|(index, evidence)| (EvidenceId(index), evidence));
        all.filter(move |(_, evidence)| case.concerns(evidence))
    }

    fn concerns(&self, evidence: &Evidence) -> bool {
        match evidence.origin.as_ref().map(Origin::kind) {
            Some(OriginKind::Peer { address, .. }) => match self.server.map(|party| &party.source) {
                Some(PartySource::Live { address: ours }) => address == ours,
                _ => true,
            },
            Some(OriginKind::File { file, .. }) if matches!(evidence.fact, Fact::Configuration { .. }) => {
                let roles = [Role::Client, Role::Server].into_iter();
                let roles = roles.filter(|role| evidence.subject.is_none_or(|subject| subject == *role));
                let mut read = roles.filter_map(|role| self.party(role)?.configuration.as_ref()).peekable();
                read.peek().is_none() || read.any(|configuration| configuration.files.contains(file))
            }
            _ => true,
        }
    }

    /// The slots that failed, in the order in which the implementation stops.
    pub(crate) fn failed(&self) -> &'a [FailedSlot] {
        self.outcome.map_or(&[], |outcome| outcome.failed.as_slice())
    }

    /// Those of the failed slots that failed in a way that the test names.
    pub(crate) fn failed_as(&self, test: impl Fn(&FailureKind) -> bool) -> impl Iterator<Item = &'a FailedSlot> {
        self.failed().iter().filter(move |failed| test(&failed.kind))
    }

    /// Whether the rules alone explain that there is no connection.
    pub(crate) fn rules_fail(&self) -> bool {
        self.outcome.is_some_and(|outcome| outcome.result() == OutcomeResult::Failed)
    }

    /// Whether the rules come to an agreement.
    pub(crate) fn agrees(&self) -> bool {
        self.outcome.is_some_and(|outcome| outcome.result() == OutcomeResult::Agreed)
    }

    /// Whether the server's own offer was read from this pair's address.
    pub(crate) fn answered(&self) -> bool {
        self.server.is_some_and(|party| matches!(party.source, PartySource::Live { .. }))
    }

    /// Whether a connection to this address came about in this run: something listens there, whatever came later.
    pub(crate) fn connected(&self, address: SocketAddr) -> bool {
        self.facts().any(|(_, one)| matches!(one.fact, Fact::Connected { address: known, .. } if known == address))
    }

    /// Connections that ended before the exchange was done, and that the rules do not explain. Those that a client ended that
    /// is watched are [`Self::left`].
    pub(crate) fn endings(&self) -> impl Iterator<Item = (EvidenceId, &'a Evidence, Phase, Ending, u64)> {
        self.all_endings().filter(|(_, evidence, ..)| evidence.subject != Some(Role::Client))
    }

    /// Connections that a watched client ended itself, before the exchange was done and without a reason in the rules.
    pub(crate) fn left(&self) -> impl Iterator<Item = (EvidenceId, &'a Evidence, Phase, Ending, u64)> {
        self.all_endings().filter(|(_, evidence, ..)| evidence.subject == Some(Role::Client))
    }

    fn all_endings(&self) -> impl Iterator<Item = (EvidenceId, &'a Evidence, Phase, Ending, u64)> {
        let explained = self.rules_fail();
        self.facts().filter_map(move |(id, evidence)| match &evidence.fact {
            Fact::Ended { phase, ending, received } if !(explained && *phase >= Phase::Kexinit) => {
                Some((id, evidence, *phase, *ending, *received))
            }
            _ => None,
        })
    }

    /// A name to use in commands: the target as typed, else the host, else `HOST`.
    pub(crate) fn host(&self) -> String {
        let context = self.context;
        context.target.clone().or_else(|| context.host.clone()).unwrap_or_else(|| "HOST".to_owned())
    }

    /// The port, or the protocol's own.
    pub(crate) fn port(&self) -> u16 {
        self.context.port.unwrap_or(match self.protocol {
            Protocol::Ssh => 22,
            Protocol::Tls => 443,
            Protocol::Ike => 500,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use shakedown_model::{ConfigProblem, Configuration, ConfigurationKind, Policy, SourceFile};

    use super::*;

    static CATALOG: LazyLock<Catalog> =
        LazyLock::new(|| Catalog::from_blob(shakedown_catalog_data::BLOB).expect("the catalog's own blob"));

    fn server(source: PartySource, file: Option<&Arc<SourceFile>>) -> Party {
        let configuration = |file: &Arc<SourceFile>| Configuration {
            kind: ConfigurationKind::SshdConfig,
            files: vec![Arc::clone(file)],
            context: Box::default(),
            certificates: Vec::new(),
            key_pairs: Vec::new(),
            dh_parameters: None,
            revocation_lists: None,
        };
        Party {
            label: "db01".to_owned(),
            role: Role::Server,
            software: None,
            source,
            policy: Policy::Ssh(Box::default()),
            configuration: file.map(configuration),
            notes: Vec::new(),
        }
    }

    fn seen_at(address: &str) -> Evidence {
        let fact = Fact::Ended { phase: Phase::Identification, ending: Ending::Closed, received: 0 };
        let what = "identification".to_owned();
        Evidence::new(fact).at(Origin::new(OriginKind::Peer { address: address.to_owned(), connection: 1, what }))
    }

    #[test]
    fn what_another_address_did_is_passed_over() {
        let context = Context::default();
        let party = server(PartySource::Live { address: "192.0.2.7:22".to_owned() }, None);
        let evidence = [seen_at("192.0.2.8:22"), seen_at("192.0.2.7:22")];
        let mut case = Case::new(Protocol::Ssh, &context, &CATALOG);
        case.evidence = &evidence;
        assert_eq!(case.facts().count(), 2);
        case.server = Some(&party);
        assert_eq!(case.facts().map(|(id, _)| id).collect::<Vec<_>>(), [EvidenceId(1)]);
    }

    #[test]
    fn what_stands_in_another_partys_file_is_passed_over() {
        let context = Context::default();
        let file = |path: &str| Arc::new(SourceFile::new(path, b"Cipher x".to_vec()));
        let (ours, other) = (file("sshd_config"), file("other"));
        let problem = |file: &Arc<SourceFile>| {
            let problem = ConfigProblem::UnknownKeyword;
            let fact = Fact::Configuration { problem, message: String::new(), suggestion: None };
            Evidence::new(fact).by(Role::Server).at(Origin::file(file, 0..6))
        };
        let evidence = [problem(&ours), problem(&other)];
        let party = server(PartySource::Configuration, Some(&ours));
        let mut case = Case::new(Protocol::Ssh, &context, &CATALOG);
        case.evidence = &evidence;
        assert_eq!(case.facts().count(), 2);
        case.server = Some(&party);
        assert_eq!(case.facts().map(|(id, _)| id).collect::<Vec<_>>(), [EvidenceId(0)]);
    }
}
