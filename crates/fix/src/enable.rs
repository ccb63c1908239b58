//! Switching on what a party's version has: for all failing slots together, on one side where one side can do it all.

use shakedown_catalog::Rating;
use shakedown_model::ssh::{is_marker, key_type_of};
use shakedown_model::{
    Applicability, Change, DiagnosisId, Fix, Known, Name, Outcome, OutcomeResult, Party, PartySource, Role, Side, Slot,
    Stage,
};

use crate::cut_off;
use crate::edited::{self, Delta, Edited, How, Refused};
use crate::plan::{Kind, PlanInput, Planned};
use crate::strength::{Score, best_first, family, head, sound};
use crate::{steps, words};

/// A fix, and the parties with it in place.
#[derive(Clone, Debug)]
pub(crate) struct Enabled {
    pub(crate) planned: Planned,
    pub(crate) client: Party,
    pub(crate) server: Party,
}

/// The best fix of each side; where neither can do it alone, one of both together.
pub(crate) fn fixes(input: &PlanInput<'_>) -> Vec<Enabled> {
    if !input.outcome.failed.iter().any(|failed| failed.stage == Stage::Kexinit) {
        return Vec::new();
    }
    let alone: Vec<Enabled> =
        [Role::Server, Role::Client].iter().filter_map(|&role| Search::new(input, &[role]).run()).collect();
    if !alone.is_empty() {
        return alone;
    }
    let server_first = input.diagnoses.first().is_none_or(|diagnosis| diagnosis.side != Side::Client);
    let both = if server_first { [Role::Server, Role::Client] } else { [Role::Client, Role::Server] };
    Search::new(input, &both).run().into_iter().collect()
}

/// One name that one party is to list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Addition {
    role: Role,
    slot: Slot,
    name: Name,
}

struct Search<'a> {
    input: &'a PlanInput<'a>,
    roles: &'a [Role],
    additions: Vec<Addition>,
    /// Tried, and of no use in a later stage.
    banned: Vec<Name>,
}

impl<'a> Search<'a> {
    fn new(input: &'a PlanInput<'a>, roles: &'a [Role]) -> Self {
        Self { input, roles, additions: Vec::new(), banned: Vec::new() }
    }

    /// Adds the best name for the first slot that fails, and looks again, until nothing fails. A new cipher can need a
    /// MAC that did not matter before, so that one look is not enough.
    fn run(mut self) -> Option<Enabled> {
        for _ in 0..24 {
            let outcome = self.input.negotiate(&self.party(Role::Client), &self.party(Role::Server));
            let Some(failed) = outcome.failed.first() else {
                match self.finish() {
                    Ok(enabled) => return enabled,
                    Err(Refused::Name(name)) => self.ban(&name),
                    Err(Refused::All) => return None,
                }
                continue;
            };
            if failed.stage == Stage::Kexinit {
                let slot = head(failed.slot);
                let addition = self.roles.iter().find_map(|&role| self.pick(role, slot))?;
                let companion = self.companion(&addition);
                self.additions.push(addition);
                self.additions.extend(companion);
            } else {
                // A group exchange without a group in range, a host key that is too small: another name may do.
                let chosen = outcome.agreed(failed.slot)?.clone();
                if !self.additions.iter().any(|added| added.name == chosen) {
                    return self.finish().ok()?;
                }
                self.ban(&chosen);
            }
        }
        None
    }

    fn ban(&mut self, name: &Name) {
        self.additions.retain(|added| added.name != *name);
        self.banned.push(name.clone());
    }

    fn deltas(&self, role: Role) -> Vec<Delta> {
        let mut deltas: Vec<Delta> = Vec::new();
        for added in self.additions.iter().filter(|added| added.role == role) {
            match deltas.iter_mut().find(|delta| delta.slot == added.slot) {
                Some(delta) => delta.names.push(added.name.clone()),
                None => deltas.push(Delta { slot: added.slot, names: vec![added.name.clone()], how: How::Add }),
            }
        }
        deltas
    }

    fn party(&self, role: Role) -> Party {
        edited::in_lists(self.input.party(role), &self.deltas(role))
    }

    fn pick(&self, role: Role, slot: Slot) -> Option<Addition> {
        let name = self.possible(role, slot)?.into_iter().next()?;
        Some(Addition { role, slot, name })
    }

    /// Few peers have a post-quantum method yet, so that the best classical one goes with it.
    fn companion(&self, addition: &Addition) -> Option<Addition> {
        let rating = |name: &Name| self.input.catalog.rating(addition.slot, name.as_str());
        if addition.slot != Slot::Kex || rating(&addition.name) != Some(Rating::PostQuantum) {
            return None;
        }
        let names = self.possible(addition.role, addition.slot)?.into_iter();
        let name = names
            .into_iter()
            .find(|name| rating(name).is_some_and(|r| r >= Rating::Acceptable && r < Rating::PostQuantum))?;
        Some(Addition { name, ..addition.clone() })
    }

    /// Whether both sides announce strict key exchange (OpenSSH PROTOCOL 1.9).
    fn strict(&self) -> bool {
        let has = |party: &Party, marker| party.ssh().is_some_and(|policy| policy.offer.has_marker(marker));
        has(self.input.client, "kex-strict-c-v00@openssh.com") && has(self.input.server, "kex-strict-s-v00@openssh.com")
    }

    /// The names that may be added, the best first.
    fn possible(&self, role: Role, slot: Slot) -> Option<Vec<Name>> {
        let mut candidates = candidates(self.input, role, slot);
        best_first(self.input.catalog, slot, &mut candidates);
        if !self.strict() {
            // Without strict key exchange on both sides this cipher brings Terrapin (CVE-2023-48795).
            candidates.sort_by_key(|name| *name == "chacha20-poly1305@openssh.com");
        }
        let policy = self.input.party(role).ssh()?;
        let listed = |name: &Name| {
            family(slot).iter().all(|&slot| {
                let list = policy.offer.list(slot).accepted();
                list.is_some_and(|list| list.iter().any(|item| item.name == *name))
            })
        };
        candidates.retain(|name| {
            let added = self.additions.iter().any(|added| added.slot == slot && added.name == *name);
            !added
                && !is_marker(name.as_str())
                && !self.banned.contains(name)
                && !listed(name)
                && self.usable(role, slot, name)
        });
        Some(candidates)
    }

    /// Whether the party can really use the name: its version may list it and fail, and a server signs only with keys
    /// that it has.
    fn usable(&self, role: Role, slot: Slot, name: &Name) -> bool {
        let broken = [Role::Client, Role::Server].into_iter().filter_map(|role| self.input.party(role).ssh());
        if broken.flat_map(|policy| &policy.behaviour.broken).any(|(broken, _)| broken == name) {
            return false;
        }
        if (role, slot) != (Role::Server, Slot::HostKey) {
            return true;
        }
        let Some(policy) = self.input.party(role).ssh() else { return false };
        let key_type = key_type_of(name.as_str());
        match &policy.offer.host_keys {
            Known::Complete(keys) => keys.iter().any(|key| key.key_type == *key_type),
            _ => {
                let listed = policy.offer.host_key.accepted();
                listed.is_none_or(|list| list.iter().any(|item| key_type_of(item.name.as_str()) == key_type))
            }
        }
    }

    fn finish(&self) -> Result<Option<Enabled>, Refused> {
        if self.additions.is_empty() {
            return Ok(None);
        }
        let catalog = self.input.catalog;
        let weakens = self.additions.iter().any(|added| !sound(catalog, added.slot, &added.name));
        let mut roles: Vec<Role> = self.roles.to_vec();
        roles.retain(|role| self.additions.iter().any(|added| added.role == *role));
        let client = self.edit(Role::Client, weakens)?;
        let server = self.edit(Role::Server, weakens)?;
        let outcome = self.input.negotiate(&client.party, &server.party);
        if outcome.failed.iter().any(|failed| failed.stage == Stage::Kexinit) {
            return Ok(None);
        }
        let score = Score::of(&outcome, catalog);
        let unsure: Vec<&Addition> = self.additions.iter().filter(|added| self.is_unsure(added)).collect();
        let applicability = match (weakens, unsure.is_empty()) {
            (true, _) => Applicability::Weakens,
            (false, true) => Applicability::Safe,
            // Where its version has none of it, there is nothing to switch on.
            (false, false) => Applicability::Manual,
        };
        let title = self.title(&roles, weakens);
        let mut fix = Fix::new(resolves(self.input, &self.additions), title, words::side(&roles), applicability);
        fix.notes = notes(&outcome);
        for &role in &roles {
            let names: Vec<Name> = unsure.iter().filter(|one| one.role == role).map(|one| one.name.clone()).collect();
            if let (Some(software), false) = (&self.input.party(role).software, names.is_empty()) {
                fix.notes.push(format!(
                    "whether `{software}` has {} at all is not known here: versions of it that were seen with it have no \
                     order; where it has not, a newer version is what helps",
                    words::list(&names)
                ));
            }
        }
        for &role in &roles {
            let edited = if role == Role::Client { &client } else { &server };
            let scoped = weakens && role == Role::Client;
            steps::fill(self.input, &mut fix, edited, &self.deltas(role), scoped);
        }
        if weakens && roles.contains(&Role::Server) {
            fix.notes.push(words::NO_SERVER_SCOPE.to_owned());
        }
        for &role in &roles {
            let after = if role == Role::Client { &client.party } else { &server.party };
            fix.cuts_off.extend(cut_off::known(self.input, self.input.party(role), after));
            fix.notes.extend(cut_off::let_in(self.input, self.input.party(role), after));
        }
        if fix.applicability == Applicability::Safe && !fix.cuts_off.is_empty() {
            fix.applicability = Applicability::Manual;
        }
        fix.outcome_after = Some(outcome);
        let planned = Planned { fix, kind: Kind::Enable, score };
        Ok(Some(Enabled { planned, client: client.party, server: server.party }))
    }

    /// Whether nothing tells if the party's version has the name: only its version is known, and of its product other versions
    /// were seen with the name, which cannot be told to be older or newer.
    fn is_unsure(&self, addition: &Addition) -> bool {
        let (catalog, party) = (self.input.catalog, self.input.party(addition.role));
        let unread = party.ssh().is_some_and(|policy| policy.supported.slot(addition.slot).complete().is_none());
        let Some(software) = party.software.as_ref().filter(|_| unread && party.source == PartySource::Catalog) else {
            return false;
        };
        let Some(product) = catalog.product_id(software.product(), software.version()) else { return false };
        let history = catalog.default_history(product, party.role, addition.slot, addition.name.as_str());
        let first = history.first_seen.map(|first| first.version);
        first.is_some_and(|first| catalog.compare_versions(product, &first, software.version()).is_none())
    }

    /// A weaker name goes into a block for one server, never into the file as a whole.
    fn edit(&self, role: Role, weakens: bool) -> Result<Edited, Refused> {
        let (party, deltas) = (self.input.party(role), self.deltas(role));
        let lists = || Edited { party: edited::in_lists(party, &deltas), edits: Vec::new() };
        let one_host = weakens && role == Role::Client;
        let host = self.input.host().filter(|_| one_host);
        if deltas.is_empty() || (one_host && host.is_none()) {
            return Ok(lists());
        }
        Ok(edited::in_file(party, &deltas, host, self.input.catalog)?.unwrap_or_else(lists))
    }

    fn title(&self, roles: &[Role], weakens: bool) -> String {
        let parts: Vec<String> = roles
            .iter()
            .map(|&role| {
                let names: Vec<Name> =
                    self.additions.iter().filter(|added| added.role == role).map(|added| added.name.clone()).collect();
                let only = match (weakens && role == Role::Client, self.input.host()) {
                    (true, Some(host)) => format!(", to `{host}` only"),
                    (true, None) => ", to this server only".to_owned(),
                    (false, _) => String::new(),
                };
                format!("the {role} also offer {}{only}", words::list(&names))
            })
            .collect();
        format!("let {}", words::joined(&parts))
    }
}

fn notes(outcome: &Outcome) -> Vec<String> {
    let mut notes = Vec::new();
    if outcome.result() == OutcomeResult::Unknown {
        notes.push("what else the two ends have to agree on is not known whole".to_owned());
    }
    for failed in &outcome.failed {
        notes.push(format!("the {} still fails afterwards and needs a fix of its own", failed.stage));
    }
    notes
}

/// What the diagnoses propose for the slot; for one that fails only once others are fixed, what the other side offers
/// and this one's version has.
fn candidates(input: &PlanInput<'_>, role: Role, slot: Slot) -> Vec<Name> {
    let fails_now = input.outcome.failed.iter().any(|failed| head(failed.slot) == slot);
    let mut names: Vec<Name> = Vec::new();
    for diagnosis in input.diagnoses {
        for remedy in &diagnosis.remedies {
            if let Change::Enable { slot: of, candidates } = &remedy.change
                && remedy.role == role
                && head(*of) == slot
            {
                names.extend(candidates.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
            }
        }
    }
    if !names.is_empty() || fails_now {
        return names;
    }
    let offered = input.party(role.peer()).ssh().and_then(|policy| policy.offer.list(slot).accepted());
    let supported = input.party(role).ssh().and_then(|policy| policy.supported.slot(slot).accepted());
    let able = |name: &Name| supported.is_none_or(|supported| supported.contains(name));
    offered.into_iter().flatten().map(|item| item.name.clone()).filter(able).collect()
}

fn resolves(input: &PlanInput<'_>, additions: &[Addition]) -> Vec<DiagnosisId> {
    let helps = |change: &Change, role: Role| match change {
        Change::Enable { slot, .. } => additions.iter().any(|added| added.role == role && added.slot == head(*slot)),
        _ => false,
    };
    let diagnoses = input.diagnoses.iter().enumerate();
    diagnoses
        .filter(|(_, diagnosis)| diagnosis.remedies.iter().any(|remedy| helps(&remedy.change, remedy.role)))
        .map(|(index, _)| DiagnosisId(index))
        .collect()
}
