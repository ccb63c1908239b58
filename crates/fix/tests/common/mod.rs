//! Parties of the catalog, changed by hand, and plans in a form that a snapshot can hold.

#![allow(dead_code, unreachable_pub)]

pub mod weaker;

use std::fmt::Write;
use std::sync::OnceLock;

use shakedown_catalog::Catalog;
use shakedown_diagnose::{Case, diagnose};
use shakedown_fix::{PlanInput, plan};
use shakedown_model::{
    Context, Diagnosis, Fix, Known, Outcome, Party, PartySource, Policy, Role, Slot, Software, items,
};

pub fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| Catalog::from_blob(shakedown_catalog_data::BLOB).expect("the blob of this build is whole"))
}

/// A party as the catalog has it.
pub fn party(software: &str, role: Role) -> Party {
    let software: Software = software.parse().expect("a software");
    let (policy, _) = catalog().ssh_policy(&software, role).expect("the catalog has it");
    Party {
        label: software.to_string(),
        role,
        software: Some(software),
        source: PartySource::Catalog,
        policy: Policy::Ssh(Box::new(policy)),
        configuration: None,
        notes: Vec::new(),
    }
}

/// The same party with one list replaced, in both directions where it has two.
pub fn with(mut party: Party, slots: &[Slot], names: &[&str]) -> Party {
    let Some(policy) = party.ssh_mut() else { panic!("an SSH party") };
    for &slot in slots {
        *policy.offer.list_mut(slot).expect("an SSH slot") = Known::Complete(items(names.iter().copied()));
    }
    party
}

pub struct Planned {
    pub diagnoses: Vec<Diagnosis>,
    pub outcome: Outcome,
    pub fixes: Vec<Fix>,
}

/// From two parties to fixes, as a whole run does it.
pub fn run(client: &Party, server: &Party, context: &Context, known_peers: &[Party]) -> Planned {
    let mut outcome = shakedown_negotiate::negotiate(client, server, context);
    outcome.risks = shakedown_negotiate::risks(&outcome, client, server, catalog());
    let diagnoses = diagnose(&Case {
        protocol: client.protocol(),
        client: Some(client),
        server: Some(server),
        outcome: Some(&outcome),
        context,
        evidence: &[],
        catalog: catalog(),
        pair: Some(0),
        now: None,
    });
    let fixes = plan(&PlanInput {
        diagnoses: &diagnoses,
        client,
        server,
        outcome: &outcome,
        context,
        catalog: catalog(),
        known_peers,
    });
    Planned { diagnoses, outcome, fixes }
}

pub fn host(name: &str) -> Context {
    Context { target: Some(name.into()), ..Context::default() }
}

/// A plan as text.
pub fn render(planned: &Planned) -> String {
    let mut text = String::new();
    for fix in &planned.fixes {
        let _ = writeln!(text, "{} ({}): {}", fix.applicability.as_str(), fix.side, fix.title);
        let resolves: Vec<&str> =
            fix.resolves.iter().filter_map(|id| planned.diagnoses.get(id.0)).map(|diagnosis| diagnosis.cause).collect();
        let _ = writeln!(text, "  resolves: {}", resolves.join(", "));
        for edit in &fix.edits {
            let after = String::from_utf8_lossy(&edit.apply()).into_owned();
            let _ = writeln!(text, "  {} becomes:\n{}", edit.file.path, indent(&after));
        }
        for (what, commands) in [("do", &fix.commands), ("verify", &fix.verify), ("undo", &fix.undo)] {
            for command in commands {
                let _ =
                    writeln!(text, "  {what} [{:?}] {}\n{}", command.place, command.explanation, indent(&command.text));
            }
        }
        match &fix.outcome_after {
            Some(outcome) => {
                let agreed: Vec<String> = outcome
                    .agreed
                    .iter()
                    .map(|(slot, name)| format!("{slot}={}", name.as_ref().map_or("-", |name| name.as_str())))
                    .collect();
                let _ = writeln!(text, "  after: {} {}", outcome.result().as_str(), agreed.join(" "));
            }
            None => text.push_str("  after: not computed\n"),
        }
        if !fix.cuts_off.is_empty() {
            let _ = writeln!(text, "  cuts off: {}", fix.cuts_off.join(", "));
        }
        // What changes with every release of the catalog's facts stays out of snapshots.
        let dated = |note: &&String| note.contains("in the catalog") || note.starts_with("distribution releases");
        for note in fix.notes.iter().filter(|note| !dated(note)) {
            let _ = writeln!(text, "  note: {note}");
        }
    }
    text
}

pub fn indent(text: &str) -> String {
    text.lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n")
}
