//! SSH algorithm lists as a text tells them: what to switch on, and where to find a version that has it.

use shakedown_model::ssh::is_marker;
use shakedown_model::{Command, Known, Name, Party, PartySource, Policy, Role, Slot, Software, items};

use super::data;
use super::situation::{Situation, split};
use crate::edited::{self, Delta, How};
use crate::strength::{best_first, head, sound};
use crate::syntax;

/// What one end would switch on.
pub(crate) struct Enable {
    pub(crate) name: Name,
    /// Whether the catalog rates it acceptable or better.
    pub(crate) sound: bool,
    pub(crate) commands: Vec<Command>,
    pub(crate) notes: Vec<String>,
}

impl Situation<'_> {
    /// What an end offers in a slot: as the text quotes it, else as the party is known.
    pub(crate) fn offer(&self, role: Role, slot: Slot) -> Vec<Name> {
        let (own, other) = match role {
            Role::Client => ("client_offer", "server_offer"),
            Role::Server => ("server_offer", "client_offer"),
        };
        // A list holds for the slot that its message is about.
        let about = |said: &&&shakedown_model::Said| said.slot.is_none_or(|of| head(of) == head(slot));
        let said = || self.said.iter().filter(about);
        let listed = |list: &Name| -> Vec<Name> { split(list.as_str()).iter().map(|name| Name::new(name)).collect() };
        if let Some(list) = said().find_map(|said| said.capture(own)) {
            return listed(list);
        }
        let relative = if self.printer == Some(role) { "our_offer" } else { "their_offer" };
        if self.printer.is_some()
            && let Some(list) = said().find_map(|said| said.capture(relative))
        {
            return listed(list);
        }
        let party = self.party(role).and_then(Party::ssh).and_then(|policy| policy.offer.list(slot).accepted());
        if let Some(list) = party {
            return list.iter().map(|item| item.name.clone()).filter(|name| !is_marker(name.as_str())).collect();
        }
        // The values at issue are what the printer's peer offers, where the text quotes one list only.
        let one_list = said().all(|said| said.capture(other).is_none() && said.capture("our_offer").is_none());
        if one_list && self.printer == Some(role.peer()) { self.diagnosis.algorithms.clone() } else { Vec::new() }
    }

    /// The best that the other end offers and this one could switch on.
    pub(crate) fn enable(&self, role: Role) -> Option<Enable> {
        let catalog = self.input.catalog;
        let slot = self.slot()?;
        let own = self.offer(role, slot);
        let mut names = self.offer(role.peer(), slot);
        names.retain(|name| !own.contains(name) && !is_marker(name.as_str()) && *name != "none");
        if let Some(party) = self.known_party(role)
            && let Some(supported) = party.ssh().and_then(|policy| policy.supported.slot(slot).complete())
        {
            names.retain(|name| supported.contains(name));
        }
        best_first(catalog, slot, &mut names);
        // Without strict key exchange on both sides this cipher brings Terrapin (CVE-2023-48795).
        let only_one = names.len() == 1;
        names.sort_by_key(|name| !only_one && *name == "chacha20-poly1305@openssh.com");
        let name = names.into_iter().next()?;
        let sound = sound(catalog, slot, &name);
        let (commands, notes) = self.syntax(role, slot, &name, !sound);
        Some(Enable { name, sound, commands, notes })
    }

    /// How this end is told to use a name.
    fn syntax(&self, role: Role, slot: Slot, name: &Name, weaker: bool) -> (Vec<Command>, Vec<String>) {
        let catalog = self.input.catalog;
        let deltas = [Delta { slot: head(slot), names: vec![name.clone()], how: How::Add }];
        let mut notes = Vec::new();
        let party = self.known_party(role).or_else(|| {
            let party = self.assumed_party(role)?;
            let software = party.software.as_ref()?;
            notes.push(format!("written for {}, because the text does not tell the version", self.named(software)));
            Some(party)
        });
        let party = party.unwrap_or_else(|| Party {
            label: role.to_string(),
            role,
            software: None,
            source: PartySource::Catalog,
            policy: Policy::Ssh(Box::default()),
            configuration: None,
            notes: Vec::new(),
        });
        let supported = party.ssh().and_then(|policy| policy.supported.slot(slot).complete());
        if let (Some(supported), Some(software)) = (supported, &party.software)
            && !supported.contains(name)
        {
            notes.push(format!("{} no longer has `{name}`: it takes an older version", self.named(software)));
        }
        let after = edited::in_lists(&party, &deltas);
        let host = self.value("host", Some(role));
        let host = host.filter(|host| self.fill("{host}", Some(role), false) == *host);
        let scoped = weaker && role == Role::Client;
        // The port in a text may be the client's.
        let server = syntax::Destination { host, port: None };
        (syntax::commands(&after, &deltas, &server, scoped, catalog), notes)
    }

    fn named(&self, software: &Software) -> String {
        let label = self.input.catalog.label(software.product());
        format!("{} {}", label.unwrap_or_else(|| software.product().to_owned()), software.version())
    }

    /// The end as it is known: as a party, or from its version in the text.
    fn known_party(&self, role: Role) -> Option<Party> {
        let given = self.party(role).filter(|party| party.software.is_some());
        given.cloned().or_else(|| {
            let (product, version) = self.software(role)?;
            self.catalog_party(role, &Software::new(&product, &version?))
        })
    }

    /// The end as the newest version of its product would be.
    fn assumed_party(&self, role: Role) -> Option<Party> {
        let (product, _) = self.software(role)?;
        let newest = self.input.catalog.newest(&product, role)?;
        self.catalog_party(role, &Software::new(&product, newest))
    }

    fn catalog_party(&self, role: Role, software: &Software) -> Option<Party> {
        let (mut policy, _) = self.input.catalog.ssh_policy(software, role).ok()?;
        if let Some(slot) = self.slot()
            && let Some(said) = Some(self.offer(role, slot)).filter(|names| !names.is_empty())
            && let Some(list) = policy.offer.list_mut(slot)
        {
            *list = Known::Complete(items(said.iter().map(Name::as_str)));
        }
        Some(Party {
            label: software.to_string(),
            role,
            software: Some(software.clone()),
            source: PartySource::Catalog,
            policy: Policy::Ssh(Box::new(policy)),
            configuration: None,
            notes: Vec::new(),
        })
    }

    /// The first version of this end's product whose defaults have one of the sound names that the other end offers.
    pub(crate) fn upgrade(&self, role: Role) -> Option<String> {
        let catalog = self.input.catalog;
        let slot = self.slot()?;
        let mut names = self.offer(role.peer(), slot);
        names.retain(|name| sound(catalog, slot, name));
        let (product, version) = self.software(role)?;
        let first = catalog.first_version_offering(&product, role, slot, &names, version.as_deref().unwrap_or("0"))?;
        let id = catalog.product_id(&product, &first.version)?;
        Some(self.named(&Software::new(id, &first.version)))
    }

    /// What people call the product of an end.
    pub(crate) fn label(&self, role: Role) -> Option<String> {
        if let Some((product, _)) = self.software(role) {
            let id = self.input.catalog.product_id(&product, "").unwrap_or(&product);
            if let Some(label) = self.input.catalog.label(id) {
                return Some(label);
            }
        }
        self.products(Some(role)).into_iter().find_map(|id| data::product(id).map(|row| row.label.clone()))
    }
}
