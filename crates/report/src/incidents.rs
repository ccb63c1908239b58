//! Which incidents of a log are shown in full, and what is said of the others.

use shakedown_model::{Diagnosis, Incident, Report, Standing};

use crate::words;

/// An incident that is shown in full, and those like it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) incident: usize,
    pub(crate) more: Vec<usize>,
}

/// Peers named of incidents that are like another one.
const NAMED: usize = 5;

/// The incidents that were diagnosed, the most telling first; those with the same cause stand together.
pub(crate) fn blocks(report: &Report) -> Vec<Block> {
    let mut blocks: Vec<(&Diagnosis, Block)> = Vec::new();
    let mut seen: Vec<usize> = Vec::new();
    for diagnosis in &report.diagnoses {
        let Some(incident) = diagnosis.incident.filter(|incident| *incident < report.incidents.len()) else { continue };
        if seen.contains(&incident) {
            continue;
        }
        seen.push(incident);
        let same = |other: &&mut (&Diagnosis, Block)| {
            other.0.cause == diagnosis.cause && other.0.side == diagnosis.side && other.0.summary == diagnosis.summary
        };
        match blocks.iter_mut().find(same) {
            Some((_, block)) => block.more.push(incident),
            None => blocks.push((diagnosis, Block { incident, more: Vec::new() })),
        }
    }
    blocks.into_iter().map(|(_, block)| block).collect()
}

/// Who, how often and when: `192.0.2.7, 41 attempts, from Nov 21 10:00:00 to Nov 21 12:00:00`.
pub(crate) fn heading(incident: &Incident) -> String {
    let mut parts = vec![incident.peer.clone().unwrap_or_else(|| "peer unknown".to_owned())];
    parts.push(words::count(usize::try_from(incident.count).unwrap_or(usize::MAX), "attempt", "attempts"));
    parts.extend(when(incident));
    parts.join(", ")
}

fn when(incident: &Incident) -> Option<String> {
    match (&incident.first, &incident.last) {
        (Some(first), Some(last)) if first != last => Some(format!("from {first} to {last}")),
        (Some(at), _) | (None, Some(at)) => Some(format!("at {at}")),
        (None, None) => None,
    }
}

/// `3 more like it: 192.0.2.8 (2 times), 192.0.2.9, 192.0.2.10`
pub(crate) fn more(report: &Report, block: &Block) -> Option<String> {
    let others: Vec<&Incident> = block.more.iter().filter_map(|incident| report.incidents.get(*incident)).collect();
    let names = others.iter().take(NAMED).map(|incident| {
        let peer = incident.peer.as_deref().unwrap_or("peer unknown");
        if incident.count > 1 { format!("{peer} ({} times)", incident.count) } else { peer.to_owned() }
    });
    let names: Vec<String> = names.chain((others.len() > NAMED).then(|| "...".to_owned())).collect();
    (!others.is_empty()).then(|| format!("{} more like it: {}", others.len(), names.join(", ")))
}

/// What is said of incidents beside the diagnoses: how often the only one was seen, and what strangers met.
pub(crate) fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if let [block] = blocks(report).as_slice()
        && let Some(incident) = report.incidents.get(block.incident)
        && incident.count > 1
    {
        notes.extend((block.more.is_empty()).then(|| format!("seen more than once: {}", heading(incident))));
    }
    for incident in report.incidents.iter().filter(|incident| incident.standing == Standing::Stranger) {
        let attempts = words::count(
            usize::try_from(incident.count).unwrap_or(usize::MAX),
            "connection attempt",
            "connection attempts",
        );
        let strangers = words::count(usize::try_from(incident.peers).unwrap_or(usize::MAX), "stranger", "strangers");
        let what = if incident.summary.is_empty() { String::new() } else { format!(": {}", incident.summary) };
        // The whole of IPv4 stands for everybody: few logs name their peers otherwise.
        notes.push(format!(
            "{attempts} of {strangers} failed{what}; no stranger ever succeeds in what was read (should one? \
             `--known ADDRESS` explains it, `--known 0.0.0.0/0` all of them)"
        ));
    }
    notes
}
