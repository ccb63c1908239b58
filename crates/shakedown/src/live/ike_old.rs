//! IKEv1 targets: the first message of main mode for each initiator; with leave to, main mode and quick mode.

use std::net::SocketAddr;
use std::time::Duration;

use shakedown_handshake::ike::version1::{Config, Until, selector_identity};
use shakedown_handshake::ike::{Certificate, Step, identification};
use shakedown_model::ike::{IkeVersion, Peering};
use shakedown_model::{Name, Origin, OriginKind, Party, PartySource, Report, Secret};
use shakedown_probe as probe;
use shakedown_probe::ike::{Answer, Answering, Attempt, Candidates, IkeOptions, IkeTarget, Verdict, method};
use shakedown_wire::ike::{Phase1Suite, TrafficSelector};

use super::ike::ike_gathering;
use super::ike_initiate::{computed, subject};
use super::ike_old_seen;
use super::ike_seen::{Judging, Seen};
use crate::{Error, Session};

type Observation = shakedown_handshake::ike::version1::Observation;

/// The port of IKE.
const IKE: u16 = 500;
/// The port behind NAT.
const NAT: u16 = 4500;

/// A check that is under way.
pub(super) struct OldCheck<'a> {
    pub(super) target: &'a IkeTarget,
    pub(super) options: &'a IkeOptions,
    pub(super) candidates: &'a Candidates,
    pub(super) named: &'a str,
    /// The initiator that goes on after the first exchange.
    pub(super) going_on: Option<&'a Party>,
    pub(super) begun: std::time::Instant,
}

/// What an initiator of IKEv1 proves itself with.
enum OldProof {
    SharedKey(Secret<Vec<u8>>),
    Certificate(Certificate),
}

/// What the first exchanges came to.
#[derive(Default)]
pub(super) struct OldMet {
    /// For each initiator, where it was asked.
    pub(super) answers: Vec<Option<Answer>>,
    pub(super) seen: Option<Seen>,
}

impl Session {
    /// Meets a responder with initiators that all speak IKEv1, and adds what was found to the report.
    pub(super) async fn meet_old(&self, report: &mut Report, check: &OldCheck<'_>) -> Result<OldMet, Error> {
        if check.target.tcp {
            let (option, value) = ("--tcp", check.named.to_owned());
            let expected = "IKEv1 is not spoken over TCP (RFC 9329)".to_owned();
            return Err(Error::OptionValue { option, value, expected });
        }
        let parties = report.parties.clone();
        let mut met = OldMet { answers: vec![None; parties.len()], seen: None };
        let aggressive = parties
            .iter()
            .any(|party| party.ike().and_then(|one| one.peering.as_ref()).is_some_and(|one| one.aggressive));
        if aggressive {
            return self.meet_aggressive(report, check, met).await;
        }
        let mut offers: Vec<Vec<Phase1Suite>> = Vec::new();
        let mut asked: Vec<Option<usize>> = Vec::new();
        for party in &parties {
            let (suites, left_out) = suites(party, check.candidates);
            report.notes.extend(left_out_note(&left_out));
            asked.push((!suites.is_empty()).then(|| match offers.iter().position(|other| *other == suites) {
                Some(known) => known,
                None => {
                    offers.push(suites);
                    offers.len() - 1
                }
            }));
        }
        let probed = probe::ike::meet_version_1(check.target, check.options, check.candidates, &offers).await;
        let answers = probed.answers.clone();
        let accepted = answers.first().is_some_and(|answer| answer.verdict == Verdict::Accepted);
        let answering = probed.answering.filter(|_| accepted);
        let gathered = ike_gathering(probed, check.named);
        report.connections += gathered.connections;
        report.evidence.extend(gathered.evidence);
        report.parties.extend(gathered.parties);
        met.answers = asked.iter().map(|index| answers.get((*index)?).cloned()).collect();
        if let (Some(party), Some(answering)) = (check.going_on, answering) {
            let suites = offers.into_iter().next().unwrap_or_default();
            let left = self.options.timeout.saturating_sub(check.begun.elapsed());
            let key = match self.old_key(party)? {
                Ok(key) => key,
                Err(why) => {
                    report.notes.push(format!("nothing was sent after the first message: {why}"));
                    return Ok(met);
                }
            };
            let Some(attempted) =
                self.attempt_old(report, party, check, (answering, left), (suites, Some(key))).await?
            else {
                return Ok(met);
            };
            let (mut seen, attempt) = attempted;
            if let (Some(Some(answer)), Some(selected)) = (met.answers.first_mut(), &attempt.observation.selected) {
                answer.selected = Some(check.candidates.of_phase_1(selected, &origin(answering.address)));
                answer.vendor_ids.clone_from(&attempt.observation.vendor_ids);
            }
            report.evidence.append(&mut seen.evidence);
            if let Some(server) = report.parties.last_mut() {
                server.notes.push(format!("datagrams sent for main mode and quick mode: {}", attempt.packets));
                server.notes.append(&mut seen.notes);
            }
            met.seen = Some(seen);
        }
        Ok(met)
    }

    /// Aggressive mode: one message, and its answer.
    async fn meet_aggressive(
        &self,
        report: &mut Report,
        check: &OldCheck<'_>,
        mut met: OldMet,
    ) -> Result<OldMet, Error> {
        let [party] = report.parties.as_slice() else {
            let note = "of several connections with aggressive mode none was asked: write `PATH#NAME`";
            report.notes.push(note.to_owned());
            return Ok(met);
        };
        let party = party.clone();
        let (all, left_out) = suites(&party, check.candidates);
        report.notes.extend(left_out_note(&left_out));
        // The key exchange goes along, so that there is one group only.
        let Some(group) = all.first().map(|suite| suite.group).filter(computed) else {
            report.notes.push("nothing was sent: its first group is not computed here".to_owned());
            return Ok(met);
        };
        let suites: Vec<Phase1Suite> = all.into_iter().filter(|suite| suite.group == group).collect();
        let key = match self.old_key(&party)? {
            Ok(OldProof::SharedKey(key)) => Some(key),
            _ => None,
        };
        let addresses = match check.target.addresses.is_empty() {
            false => check.target.addresses.clone(),
            true => {
                let host = (check.target.host.as_str(), check.target.port);
                let found = tokio::net::lookup_host(host).await;
                let wanted = |address: &SocketAddr| match check.options.family {
                    probe::Family::Any => true,
                    probe::Family::V4 => address.is_ipv4(),
                    probe::Family::V6 => address.is_ipv6(),
                };
                found.map(|all| all.filter(wanted).collect()).unwrap_or_default()
            }
        };
        let Some(address) = addresses.first().copied() else {
            report.notes.push(format!("`{}` has no address", check.target.host));
            return Ok(met);
        };
        let ways: &[bool] = match address.port() {
            IKE => &[false],
            NAT => &[true],
            _ => &[true, false],
        };
        for marked in ways {
            let left = self.options.timeout.saturating_sub(check.begun.elapsed()) / if ways.len() > 1 { 2 } else { 1 };
            let secret = key.as_ref().map(|key| OldProof::SharedKey(Secret::new(key.expose().clone())));
            let what = (Answering { address, marked: *marked, tcp: false }, left);
            let Some((mut seen, attempt)) =
                self.attempt_old(report, &party, check, what, (suites.clone(), secret)).await?
            else {
                return Ok(met);
            };
            if attempt.observation.proposal == Step::NoAnswer {
                continue;
            }
            met.answers = vec![Some(answer_of(&attempt, check.candidates, address))];
            seen.notes.push(
                "in aggressive mode the responder answers anybody with a hash made of the pre-shared key, so that the key can \
                 be guessed at leisure (RFC 2409 section 5.4 protects no identity either): main mode or IKEv2 keeps it back"
                    .to_owned(),
            );
            report.evidence.append(&mut seen.evidence);
            report.parties.push(aggressive_party(
                check,
                address,
                met.answers.iter().flatten(),
                std::mem::take(&mut seen.notes),
            ));
            met.seen = Some(seen);
            return Ok(met);
        }
        let failure = shakedown_model::ConnectFailure::TimedOut;
        let fact = shakedown_model::Fact::NotConnected { address, failure };
        report.evidence.push(shakedown_model::Evidence::new(fact));
        Ok(met)
    }

    /// The pre-shared key; `Err` within says in words what is missing.
    fn old_key(&self, party: &Party) -> Result<Result<OldProof, String>, Error> {
        let empty = Peering::default();
        let peering = party.ike().and_then(|policy| policy.peering.as_deref()).unwrap_or(&empty);
        let method = peering.local.method.as_ref().map(|item| item.name.as_str());
        let family = method.map(|own| own.split(['-', ':']).next().unwrap_or(own));
        match family {
            Some("pubkey" | "rsa") if !peering.aggressive => {
                let found = self.ike_certificate(party, peering)?;
                return Ok(found.map(OldProof::Certificate).map_err(|why| {
                    format!("it proves itself with a certificate, and {why}: give `--cert FILE --key FILE`")
                }));
            }
            Some("psk") | None => {}
            Some(_) => {
                return Ok(Err(format!(
                    "it proves itself by `{}`, which is not done from here in IKEv1{}: its own program would decide \
                     (`swanctl --initiate`, `ipsec up`), with the responder's log beside it",
                    method.unwrap_or_default(),
                    if peering.aggressive { " with aggressive mode" } else { "" }
                )));
            }
        }
        let key = self.key_of(party, peering)?.map(OldProof::SharedKey);
        Ok(key.ok_or_else(|| {
            format!(
                "no pre-shared key is known for it: give `--psk-file FILE`, or the variable {} of the environment",
                crate::options::InitiatorOptions::PSK_VARIABLE
            )
        }))
    }

    /// Runs an attempt, and judges it. `None` where it cannot be made, which the report then says.
    async fn attempt_old(
        &self,
        report: &mut Report,
        party: &Party,
        check: &OldCheck<'_>,
        (answering, left): (Answering, Duration),
        (suites, proof): (Vec<Phase1Suite>, Option<OldProof>),
    ) -> Result<Option<(Seen, Attempt<Observation>)>, Error> {
        let address = answering.address;
        let empty = Peering::default();
        let Some(policy) = party.ike() else { return Ok(None) };
        let peering = policy.peering.as_deref().unwrap_or(&empty);
        let until = if check.going_on.is_some() { Until::Child } else { Until::Proposal };
        let (protocol, child, left_out) = match policy.child_offer().accepted() {
            Some(proposals) => check.candidates.phase_2(proposals),
            None => Default::default(),
        };
        let aggressive = peering.aggressive.then(|| suites.first().map(|suite| suite.group)).flatten();
        if until == Until::Child && aggressive.is_none() {
            report.notes.extend(left_out_note(&left_out));
            if child.is_empty() {
                report.notes.push(
                    "nothing was sent after the first message: what it proposes for quick mode is not known".into(),
                );
                return Ok(None);
            }
            if child.iter().any(|suite| suite.group.is_some_and(|group| !computed(&group))) {
                report.notes.push(
                    "nothing was sent after the first message: its group for quick mode is not computed here".into(),
                );
                return Ok(None);
            }
        }
        let documentation = !self.options.initiator.real_selectors && self.options.initiator.selectors.is_none();
        let unknown: SocketAddr = match address {
            SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let first =
            |[ours, theirs]: [Vec<TrafficSelector>; 2]| Some([ours.into_iter().next()?, theirs.into_iter().next()?]);
        let several = match self.selectors(peering, documentation, [unknown, address]) {
            Err(why) => {
                report.notes.push(format!("nothing was sent after the first message: {why}"));
                return Ok(None);
            }
            Ok(both) if both.iter().flatten().any(|one| selector_identity(one).is_none()) => {
                let why = "IKEv1 has no words for a range of ports as traffic selector";
                report.notes.push(format!("nothing was sent after the first message: {why}"));
                return Ok(None);
            }
            Ok(both) => both.iter().any(|list| list.len() > 1),
        };
        if several && until == Until::Child {
            report
                .notes
                .push("a tunnel of IKEv1 has one network at each end: the first of each was asked for".to_owned());
        }
        let (key, certificate) = match proof {
            Some(OldProof::SharedKey(key)) => (Some(key), None),
            Some(OldProof::Certificate(own)) => (None, Some(own)),
            None => (None, None),
        };
        let chain = certificate.as_ref().map(|own| own.chain.clone()).unwrap_or_default();
        let of_certificate = certificate.as_ref().and_then(subject);
        let make = |addresses: [SocketAddr; 2]| {
            let own = peering.local.identity.as_ref().and_then(|item| identification(item.name.as_str()));
            let both = self.selectors(peering, documentation, addresses).ok().and_then(first);
            let any = || TrafficSelector::addresses(addresses[0].ip(), addresses[0].ip());
            Config {
                suites,
                protocol,
                child,
                identity: own.or(of_certificate),
                shared_key: key,
                certificate,
                traffic: both.unwrap_or_else(|| [any(), any()]),
                transport: peering.transport,
                until,
                aggressive,
            }
        };
        if until == Until::Child {
            self.progress("proving who this end is");
        }
        let attempt = probe::ike::initiate_version_1(answering, self.options.source, left, make).await;
        let attempt = match attempt {
            Ok(attempt) => attempt,
            Err(error) => {
                report.notes.push(format!("nothing was sent after the first message: {error}"));
                return Ok(None);
            }
        };
        report.connections += attempt.packets;
        let place = match report.parties.last().map(|party| &party.source) {
            Some(PartySource::Live { address }) => address.clone(),
            _ => address.to_string(),
        };
        let (anchors, _) = self.ike_anchors(party)?;
        let judging = Judging {
            peering,
            candidates: check.candidates,
            anchors: &anchors,
            now: self.now(),
            place: &place,
            documentation,
            own_chain: &chain,
        };
        Ok(Some((ike_old_seen::read(&attempt, &judging), attempt)))
    }
}

/// The suites of a party, and what IKEv1 has no number for.
fn suites(party: &Party, candidates: &Candidates) -> (Vec<Phase1Suite>, Vec<Name>) {
    let Some(policy) = party.ike().filter(|policy| policy.switched_off.is_none()) else { return Default::default() };
    let own =
        policy.peering.as_ref().and_then(|one| one.local.method.as_ref()).map(|item| item.name.as_str().to_owned());
    let method = match own.as_deref() {
        Some(own) if own.starts_with("pubkey") || own.starts_with("rsa") => method::RSA,
        _ => method::SHARED_KEY,
    };
    policy.proposals.accepted().map(|all| candidates.phase_1(all, method)).unwrap_or_default()
}

fn left_out_note(names: &[Name]) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| format!("left out of the offer, as IKEv1 has no number for them: {}", names.join(", ")))
}

fn origin(address: SocketAddr) -> Origin {
    let what = "answer of IKEv1".to_owned();
    Origin::new(OriginKind::Peer { address: address.to_string(), connection: 1, what })
}

fn answer_of(attempt: &Attempt<Observation>, candidates: &Candidates, address: SocketAddr) -> Answer {
    let observation = &attempt.observation;
    let error = match &observation.proposal {
        Step::Refused(kind) => Some(Name::new(&ike_old_seen::name(*kind))),
        _ => None,
    };
    Answer {
        verdict: match &observation.proposal {
            Step::Done => Verdict::Accepted,
            Step::Refused(_) => Verdict::Refused,
            _ => Verdict::Unknown,
        },
        selected: observation.selected.as_ref().map(|suite| candidates.of_phase_1(suite, &origin(address))),
        error,
        vendor_ids: observation.vendor_ids.clone(),
        left_out: Vec::new(),
    }
}

/// A responder of which only the answer to aggressive mode is known.
fn aggressive_party<'a>(
    check: &OldCheck<'_>,
    address: SocketAddr,
    answers: impl Iterator<Item = &'a Answer>,
    notes: Vec<String>,
) -> Party {
    use shakedown_model::ike::IkePolicy;
    use shakedown_model::{Known, Policy, Role};
    let accepted: Vec<_> = answers.filter_map(|answer| answer.selected.clone()).collect();
    let proposals = match accepted.is_empty() {
        true => Known::Unknown,
        false => Known::Partial { accepted, refused: Vec::new() },
    };
    let policy = IkePolicy { proposals, version: Some(IkeVersion::V1), ..IkePolicy::default() };
    Party {
        label: check.named.to_owned(),
        role: Role::Server,
        software: None,
        source: PartySource::Live { address: address.to_string() },
        policy: Policy::Ike(Box::new(policy)),
        configuration: None,
        notes,
    }
}
