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

    /// Whether the server's own offer was read from this pair's address.
    pub(crate) fn answered(&self) -> bool {
        self.server.is_some_and(|party| matches!(party.source, PartySource::Live { .. }))
    }

    /// Connections that ended before the exchange was done, and that the rules do not explain.
    pub(crate) fn endings(&self) -> impl Iterator<Item = (EvidenceId, &'a Evidence, Phase, Ending, u64)> {
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
