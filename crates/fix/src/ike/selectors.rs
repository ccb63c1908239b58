//! What is let through the tunnel.

use shakedown_config::ike_edit::Setting;
use shakedown_model::ike::Peering;
use shakedown_model::{Applicability, Command, CommandPlace, FailedSlot, Item, Name, Role, Slot, names};
use shakedown_negotiate::ike::within;

use super::change::{Change, planned};
use super::proposals::end;
use super::{diagnosed, peering};
use crate::plan::{PlanInput, Planned};
use crate::words;

/// The networks behind one end, as each of the two has them, where they do not fit.
struct Direction<'a> {
    /// Behind whom they are.
    owner: Role,
    failed: &'a FailedSlot,
}

impl Direction<'_> {
    /// As an end has them.
    fn of(&self, role: Role) -> &[Item] {
        if role == Role::Client { &self.failed.client } else { &self.failed.server }
    }

    /// The setting by which an end has them as the other one has.
    fn taken_over(&self, by: Role) -> Option<Setting> {
        let selectors = names(self.of(by.peer()));
        // The other end's own address, whatever it is.
        let known = |name: &Name| name.as_str().starts_with(|first: char| first.is_ascii_hexdigit() || first == ':');
        let all =
            !selectors.is_empty() && selectors.iter().all(|name| known(name) && !name.as_str().starts_with("dyn"));
        all.then_some(Setting::Selectors { local: self.owner == by, selectors })
    }
}

pub(super) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let (Some(ours), Some(theirs)) = (peering(input.client), peering(input.server)) else { return Vec::new() };
    let failed = input.outcome.failed.iter().filter(|failed| failed.slot == Slot::TrafficSelector);
    let directions: Vec<Direction<'_>> =
        failed.filter_map(|failed| Some(Direction { owner: owner(ours, theirs, failed)?, failed })).collect();
    if directions.is_empty() {
        return Vec::new();
    }
    let both = [Role::Server, Role::Client];
    if is_exchanged(ours, theirs) {
        return both.iter().filter_map(|&role| exchanged(input, role, &directions)).collect();
    }
    let narrowed: Vec<Planned> = both.iter().filter_map(|&role| narrowed(input, role, &directions)).collect();
    if !narrowed.is_empty() {
        return narrowed;
    }
    both.iter().filter_map(|&role| corrected(input, role, &directions)).collect()
}

/// Behind whom the networks of a failure are: the initiator proposes its own and the responder's.
fn owner(ours: &Peering, theirs: &Peering, failed: &FailedSlot) -> Option<Role> {
    let is = |list: &shakedown_model::Known<Vec<Item>>, items: &[Item]| {
        list.complete().is_some_and(|list| names(list) == names(items))
    };
    if is(&ours.local_selectors, &failed.client) && is(&theirs.remote_selectors, &failed.server) {
        return Some(Role::Client);
    }
    (is(&ours.remote_selectors, &failed.client) && is(&theirs.local_selectors, &failed.server)).then_some(Role::Server)
}

/// Whether both configurations call the same networks their own.
fn is_exchanged(ours: &Peering, theirs: &Peering) -> bool {
    let plain = |list: &shakedown_model::Known<Vec<Item>>| list.complete().map(|all| names(all));
    plain(&ours.local_selectors) == plain(&theirs.local_selectors)
        && plain(&ours.remote_selectors) == plain(&theirs.remote_selectors)
        && plain(&ours.local_selectors).is_some()
}

fn exchanged(input: &PlanInput<'_>, role: Role, directions: &[Direction<'_>]) -> Option<Planned> {
    let settings: Option<Vec<Setting>> = directions.iter().map(|direction| direction.taken_over(role)).collect();
    let own = directions.iter().find(|direction| direction.owner == role)?;
    planned(
        input,
        Change {
            role,
            title: format!("exchange local and remote networks of the {}", end(role)),
            settings: settings?,
            applicability: Applicability::Manual,
            resolves: diagnosed(input, &["traffic-selector-mismatch"]),
            failed: directions.iter().map(|direction| direction.failed).collect(),
            first: vec![ask(role, &names(own.of(role.peer())))],
            notes: vec![
                "both ends call the same networks their own: at the one that does not have them, the two are exchanged"
                    .to_owned(),
            ],
        },
    )
}

/// An end that takes only what is its own, and another one that has more or less: the wider of the two takes the narrower, so
/// that nothing is let through that was not before.
fn narrowed(input: &PlanInput<'_>, role: Role, directions: &[Direction<'_>]) -> Option<Planned> {
    let is_narrower = |direction: &Direction<'_>| within(direction.of(role.peer()), direction.of(role)) == Some(true);
    if !directions.iter().all(is_narrower) {
        return None;
    }
    let settings: Option<Vec<Setting>> = directions.iter().map(|direction| direction.taken_over(role)).collect();
    let all: Vec<String> = directions.iter().map(|direction| words::list(&names(direction.of(role.peer())))).collect();
    planned(
        input,
        Change {
            role,
            title: format!(
                "narrow the {}'s networks to {}, as the {} has them",
                end(role),
                words::joined(&all),
                end(role.peer())
            ),
            settings: settings?,
            applicability: Applicability::Safe,
            resolves: diagnosed(input, &["traffic-selector-mismatch"]),
            failed: directions.iter().map(|direction| direction.failed).collect(),
            first: Vec::new(),
            notes: vec!["what lies outside of these networks does not go through this tunnel".to_owned()],
        },
    )
}

/// Networks that have nothing in common: an end knows what is behind itself, so that the other one is corrected, after a question.
fn corrected(input: &PlanInput<'_>, role: Role, directions: &[Direction<'_>]) -> Option<Planned> {
    // The own networks of an end are changed only where it has to fit the other one in both.
    let theirs: Vec<&Direction<'_>> = match directions {
        [one] if one.owner == role => return None,
        all => all.iter().collect(),
    };
    let settings: Option<Vec<Setting>> = theirs.iter().map(|direction| direction.taken_over(role)).collect();
    let all: Vec<String> = theirs.iter().map(|direction| words::list(&names(direction.of(role.peer())))).collect();
    let asked = theirs.iter().map(|direction| ask(direction.owner, &names(direction.of(role.peer()))));
    planned(input, Change {
        role,
        title: format!("let the {} have {} in the tunnel, as the {} has", end(role), words::joined(&all), end(role.peer())),
        settings: settings?,
        applicability: Applicability::Manual,
        resolves: diagnosed(input, &["traffic-selector-mismatch"]),
        failed: theirs.iter().map(|direction| direction.failed).collect(),
        first: asked.collect(),
        notes: vec![
            "other traffic is let through then: it is for a person to decide, and where the other end is the one that is wrong, \
             it is to be corrected there"
                .to_owned(),
        ],
    })
}

fn ask(owner: Role, networks: &[Name]) -> Command {
    Command {
        place: CommandPlace::Settings(format!("whoever runs the {}", end(owner))),
        text: format!("are {} the networks behind it that this tunnel is for?", words::list(networks)),
        explanation: "an end knows what is behind itself".to_owned(),
    }
}
