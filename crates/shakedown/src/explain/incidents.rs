//! Which attempts are reported, in which order, and what becomes of the others.

use std::collections::{BTreeMap, HashMap};

use shakedown_messages::Attempt;
use shakedown_model::{Diagnosis, Incident, IncidentResult, Protocol, Report, Standing};

use crate::Session;

/// Incidents that are diagnosed one by one; there are more only in logs that nobody reads to the end.
const MOST: usize = 200;
/// Causes named of strangers.
const CAUSES: usize = 5;

/// The attempts to report, and the strangers'.
pub(super) struct Sorted {
    pub(super) reported: Vec<Attempt>,
    pub(super) strangers: Vec<Attempt>,
    /// Attempts that found no room.
    pub(super) left_out: u64,
}

/// Tells the attempts to report from the others, the first to look at first.
pub(super) fn sort(attempts: Vec<Attempt>) -> Sorted {
    let (strangers, mut reported): (Vec<_>, Vec<_>) =
        attempts.into_iter().partition(|attempt| attempt.standing == Standing::Stranger);
    reported.sort_by_key(|attempt| {
        let result = match attempt.result {
            IncidentResult::Failed => 0,
            IncidentResult::Unknown => 1,
            IncidentResult::Recovered => 2,
            IncidentResult::Succeeded => 3,
        };
        (result, attempt.standing != Standing::Known)
    });
    let left_out = reported.get(MOST..).unwrap_or_default().iter().map(|attempt| attempt.count).sum();
    reported.truncate(MOST);
    Sorted { reported, strangers, left_out }
}

impl Session {
    /// Folds the attempts of peers that never succeeded into one incident.
    pub(super) fn add_strangers(&self, report: &mut Report, attempts: &[Attempt], peers: u64) {
        let (Some(first), Some(last)) = (attempts.first(), attempts.last()) else { return };
        // Those that say the same have the same cause, whoever they are.
        let mut kinds: HashMap<Vec<&str>, (&Attempt, u64)> = HashMap::new();
        for attempt in attempts {
            let said = attempt.said.iter().filter(|(said, _)| !said.indications.is_empty());
            let mut said: Vec<&str> = said.map(|(said, _)| said.message.as_str()).collect();
            said.sort_unstable();
            said.dedup();
            kinds.entry(said).or_insert((attempt, 0)).1 += attempt.count;
        }
        let mut causes: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut unknown = 0;
        for (attempt, count) in kinds.into_values() {
            let mut alone = self.report("explain");
            self.add_attempt(&mut alone, Attempt { standing: Standing::Unremarkable, ..attempt.clone() }, &|_| None);
            match alone.diagnoses.iter().max_by_key(|diagnosis| diagnosis.confidence_permille) {
                Some(diagnosis) => *causes.entry(diagnosis.cause).or_default() += count,
                None => unknown += count,
            }
        }
        let mut causes: Vec<(&str, u64)> = causes.into_iter().collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let rest: u64 = causes.iter().skip(CAUSES).map(|(_, count)| count).sum::<u64>() + unknown;
        let mut summary: Vec<String> =
            causes.iter().take(CAUSES).map(|(cause, count)| format!("`{cause}` {count} times")).collect();
        summary.extend((rest > 0).then(|| format!("other causes {rest} times")));
        let protocols: Vec<Option<Protocol>> = attempts.iter().map(|attempt| attempt.protocol).collect();
        report.incidents.push(Incident {
            protocol: first.protocol.filter(|_| protocols.iter().all(|protocol| *protocol == first.protocol)),
            peer: None,
            peers,
            first: first.first.clone(),
            last: last.last.clone(),
            count: attempts.iter().map(|attempt| attempt.count).sum(),
            result: IncidentResult::Failed,
            standing: Standing::Stranger,
            summary: summary.join(", "),
            evidence: Vec::new(),
        });
    }
}

/// What is likely first, of peers to worry about before the others, then by likelihood; fixes and numbers follow.
pub(super) fn order(report: &mut Report) {
    let rank = |diagnosis: &Diagnosis| {
        let standing = diagnosis.incident.and_then(|incident| report.incidents.get(incident)).map(|one| one.standing);
        let likely = diagnosis.confidence_permille >= 500;
        (!likely, !(likely && standing == Some(Standing::Known)), std::cmp::Reverse(diagnosis.confidence_permille))
    };
    let mut places: Vec<usize> = (0..report.diagnoses.len()).collect();
    places.sort_by_key(|place| report.diagnoses.get(*place).map(rank));
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
    let mut old: Vec<Option<Diagnosis>> = std::mem::take(&mut report.diagnoses).into_iter().map(Some).collect();
    report.diagnoses = places.into_iter().filter_map(|place| old.get_mut(place).and_then(Option::take)).collect();
}
