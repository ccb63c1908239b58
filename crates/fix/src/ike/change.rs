//! One end set up in another way: by edits of its file where there is one, else by lines to write.

use shakedown_config::ike_edit::{self, Line, SETUP, Setting};
use shakedown_model::{
    Applicability, Command, CommandPlace, ConfigurationKind, DiagnosisId, FailedSlot, FailureKind, Fix, Name, Outcome,
    Party, Role, Slot, names,
};

use super::peering;
use super::proposals::{end, load};
use crate::plan::{Kind, PlanInput, Planned};
use crate::steps;
use crate::strength::Score;

/// A change of one end.
pub(super) struct Change<'a> {
    pub(super) role: Role,
    pub(super) title: String,
    pub(super) settings: Vec<Setting>,
    pub(super) applicability: Applicability,
    pub(super) resolves: Vec<DiagnosisId>,
    /// What must no longer fail.
    pub(super) failed: Vec<&'a FailedSlot>,
    /// What a person has to do before.
    pub(super) first: Vec<Command>,
    pub(super) notes: Vec<String>,
}

/// The change as a fix, with what comes of it; `None` where it does not help.
pub(super) fn planned(input: &PlanInput<'_>, change: Change<'_>) -> Option<Planned> {
    let before = input.party(change.role);
    let edited = ike_edit::edit(before, &change.settings, input.catalog);
    let (party, edits) = edited.unwrap_or_else(|| (ike_edit::with(before, &change.settings), Vec::new()));
    let outcome = input.with(&party);
    if change.failed.iter().any(|failed| outcome.failed.iter().any(|other| is_same(failed, other))) {
        return None;
    }
    let left = left(&outcome);
    let applicability = if left.is_empty() { change.applicability } else { Applicability::Manual };
    let mut fix = Fix::new(change.resolves, change.title, change.role.into(), applicability);
    fix.commands = change.first;
    fix.notes = change.notes;
    fix.notes.extend(left);
    fix.edits = edits;
    fix.undo.extend(fix.edits.iter().map(steps::former));
    if fix.edits.is_empty() {
        let commands = by_hand(before, &change.settings);
        let undo = |command: &Command| Command { explanation: "put back what stood there".into(), ..command.clone() };
        fix.undo.extend(commands.iter().map(undo));
        fix.commands.extend(commands);
    }
    match change.settings.contains(&Setting::OldVersionAllowed) {
        true => restart(&mut fix, change.role),
        false => load(&mut fix, &party),
    }
    steps::verify(input, &mut fix);
    let score = Score::of(&outcome, input.catalog);
    fix.outcome_after = Some(outcome);
    Some(Planned { fix, kind: Kind::Repair, score })
}

/// `config setup` is read at the start only.
fn restart(fix: &mut Fix, role: Role) {
    let explanation = "`config setup` is read at the start only; open tunnels end".to_owned();
    fix.commands.push(Command { place: steps::shell(role), text: "systemctl restart ipsec".to_owned(), explanation });
}

fn is_same(one: &FailedSlot, other: &FailedSlot) -> bool {
    let lists = |failed: &FailedSlot| [names(&failed.client), names(&failed.server)];
    one.slot == other.slot && one.kind == other.kind && lists(one) == lists(other)
}

/// What fails still.
fn left(outcome: &Outcome) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for failed in &outcome.failed {
        let note = match (&failed.kind, failed.slot) {
            (FailureKind::NoKey { by }, _) => {
                format!(
                    "the {} has no pre-shared key for that identity yet: its key has to be filed under it",
                    end(*by)
                )
            }
            (FailureKind::DifferentKeys, _) => "the pre-shared keys of the two ends differ as well".to_owned(),
            (_, Slot::TrafficSelector) => "the networks of the two ends do not fit either".to_owned(),
            (FailureKind::WrongIdentity { .. }, _) => "another identity does not fit either".to_owned(),
            _ => "this is not all that differs: see the other changes".to_owned(),
        };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// The lines to write where no edit can be made.
pub(super) fn by_hand(party: &Party, settings: &[Setting]) -> Vec<Command> {
    let written = peering(party).and_then(|peering| peering.written.as_ref());
    let name = written.map_or("NAME", |written| written.name.name.as_str());
    let main = party.configuration.as_ref().and_then(|own| own.files.first());
    let file = |main: &std::sync::Arc<shakedown_model::SourceFile>| CommandPlace::File(main.path.clone());
    match (ike_edit::lines(party, settings), main, party.configuration.as_ref().map(|own| own.kind)) {
        (Some(lines), Some(main), Some(ConfigurationKind::Swanctl)) => {
            let text = lines.iter().map(|line| nested(name, line)).collect::<Vec<_>>().join("\n");
            let explanation = "beside what is in the connection".to_owned();
            vec![Command { place: file(main), text, explanation }]
        }
        (Some(lines), Some(main), _) => {
            let (setup, own): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| line.sections == [SETUP]);
            let section = |head: String, lines: &[&Line], explanation: &str| {
                let lines: String = lines.iter().map(|line| format!("\n    {}={}", line.key, line.value)).collect();
                Command { place: file(main), text: head + &lines, explanation: explanation.to_owned() }
            };
            let setup =
                (!setup.is_empty()).then(|| section(SETUP.to_owned(), &setup, "beside what is in that section"));
            let own =
                (!own.is_empty()).then(|| section(format!("conn {name}"), &own, "beside what is in the connection"));
            setup.into_iter().chain(own).collect()
        }
        _ => settings.iter().map(|setting| in_words(party, setting)).collect(),
    }
}

/// A line of `swanctl.conf` with the sections around it.
fn nested(name: &str, line: &Line) -> String {
    let sections: Vec<&str> =
        ["connections", name].into_iter().chain(line.sections.iter().map(String::as_str)).collect();
    let pad = |depth: usize| "  ".repeat(depth);
    let mut text: String =
        sections.iter().enumerate().map(|(depth, name)| format!("{}{name} {{\n", pad(depth))).collect();
    text.push_str(&format!("{}{} = {}\n", pad(sections.len()), line.key, line.value));
    let closed: Vec<String> = (0..sections.len()).rev().map(|depth| format!("{}}}", pad(depth))).collect();
    text + &closed.join("\n")
}

/// What to set at an end whose words are not known here.
fn in_words(party: &Party, setting: &Setting) -> Command {
    let of_end = |local: bool| if local { "its own" } else { "the other end's" };
    let list = |all: &[Name]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (what, text) = match setting {
        Setting::Version(shakedown_model::ike::IkeVersion::V1) => ("version of IKE".to_owned(), "IKEv1".to_owned()),
        Setting::Version(shakedown_model::ike::IkeVersion::V2) => ("version of IKE".to_owned(), "IKEv2".to_owned()),
        Setting::OldVersionAllowed => ("version of IKE".to_owned(), "IKEv1 allowed".to_owned()),
        Setting::Aggressive(on) => ("mode of phase 1".to_owned(), if *on { "aggressive" } else { "main" }.to_owned()),
        Setting::Transport(on) => {
            ("mode of the tunnel".to_owned(), if *on { "transport" } else { "tunnel" }.to_owned())
        }
        Setting::Identity { local, name } => (format!("{} identity", of_end(*local)), name.to_string()),
        Setting::Methods { local, remote } => {
            ("authentication".to_owned(), format!("its own by {local}, the other end's by {remote}"))
        }
        Setting::Selectors { local, selectors } => (format!("{} networks", of_end(*local)), list(selectors)),
    };
    let place = CommandPlace::Settings(format!("{}: {what}", party.label));
    Command { place, text, explanation: "in the words of that program".to_owned() }
}
