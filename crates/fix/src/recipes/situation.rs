//! What a text tells of one failure: who printed what, what runs at either end, which values have a name.

use shakedown_catalog::Catalog;
use shakedown_model::{Diagnosis, DiagnosisId, Evidence, Fact, Name, Party, Protocol, Role, Said, Side, Slot};

use super::data::{self, Actor, Recipe};
use super::select::TextInput;

/// One diagnosis with all that is known around it.
pub(crate) struct Situation<'a> {
    pub(crate) input: &'a TextInput<'a>,
    pub(crate) id: DiagnosisId,
    pub(crate) diagnosis: &'a Diagnosis,
    /// The messages, those that the diagnosis rests on first.
    pub(crate) said: Vec<&'a Said>,
    /// Who printed the message that the diagnosis rests on.
    pub(crate) printer: Option<Role>,
    seen: Vec<Seen>,
}

/// A product that was seen, by its id of the recipes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    id: String,
    /// As the catalog or the message calls it.
    name: String,
    version: Option<String>,
    role: Option<Role>,
}

impl<'a> Situation<'a> {
    pub(crate) fn new(input: &'a TextInput<'a>, id: DiagnosisId, diagnosis: &'a Diagnosis) -> Self {
        let own: Vec<&Evidence> = diagnosis.evidence.iter().filter_map(|id| input.evidence.get(id.0)).collect();
        // What else was seen of the same attempt. Without a number the whole text is one attempt.
        let same = |evidence: &&Evidence| own.iter().any(|own| own.connection == evidence.connection);
        let rest = input.evidence.iter().filter(|evidence| !own.iter().any(|own| std::ptr::eq(*own, *evidence)));
        let around: Vec<&Evidence> = rest.filter(same).collect();
        let said = |evidence: &&'a Evidence| match &evidence.fact {
            Fact::Said(said) => Some(said.as_ref()),
            _ => None,
        };
        let first: Vec<&Said> = own.iter().filter_map(said).collect();
        let printer = first.iter().find_map(|said| printed_by(said));
        let mut situation = Self { input, id, diagnosis, said: first, printer, seen: Vec::new() };
        situation.said.extend(around.iter().filter_map(said));
        situation.gather(&own);
        situation.gather(&around);
        situation
    }

    fn gather(&mut self, evidence: &[&Evidence]) {
        for party in [self.input.client, self.input.server].into_iter().flatten() {
            if let Some(software) = &party.software {
                for layer in &software.layers {
                    self.add(&layer.product, Some(layer.version.clone()), Some(party.role));
                }
            }
        }
        for said in self.said.clone() {
            let printer = printed_by(said);
            for (key, role) in [
                ("own_software", printer),
                ("their_software", printer.map(Role::peer)),
                ("client_software", Some(Role::Client)),
                ("server_software", Some(Role::Server)),
            ] {
                if let Some(text) = said.capture(key) {
                    self.add_software(text.as_str(), role);
                }
            }
            self.add(&said.product, None, printer);
        }
        for evidence in evidence {
            if let Fact::Identification { text } = &evidence.fact {
                self.add_software(text.as_str(), evidence.subject);
            }
        }
    }

    fn add_software(&mut self, text: &str, role: Option<Role>) {
        if let Some(software) = software(self.input.catalog, text) {
            self.add(&software.0, software.1, role);
        }
    }

    fn add(&mut self, name: &str, version: Option<String>, role: Option<Role>) {
        let row = data::product(name);
        let id = row.map_or(name, |row| row.id.as_str()).to_owned();
        match self.seen.iter_mut().find(|seen| seen.id == id && seen.role == role) {
            Some(seen) if seen.version.is_none() && version.is_some() => {
                seen.version = version;
                seen.name = name.to_owned();
            }
            Some(_) => {}
            None => self.seen.push(Seen { id, name: name.to_owned(), version, role }),
        }
        for base in row.into_iter().flat_map(|row| &row.uses) {
            self.add(base, None, role);
        }
    }

    /// The ids of what runs at an end; with no end, all that was seen. What may be at either end counts for both, but a
    /// TLS library, which talks to any other, only for the client: what runs at the server is then not known.
    pub(crate) fn products(&self, role: Option<Role>) -> Vec<&str> {
        let either = role == Some(Role::Client) || self.protocol() != Protocol::Tls;
        let at = |seen: &&Seen| role.is_none() || seen.role == role || (seen.role.is_none() && either);
        let mut ids: Vec<&str> = self.seen.iter().filter(at).map(|seen| seen.id.as_str()).collect();
        ids.dedup();
        ids
    }

    /// The name and version of what runs at an end, where the catalog knows it.
    pub(crate) fn software(&self, role: Role) -> Option<(String, Option<String>)> {
        let known = |seen: &&Seen| {
            let version = seen.version.as_deref().unwrap_or_default();
            self.input.catalog.product_id(&seen.name, version).is_some()
                || self.input.catalog.product_id(&seen.id, version).is_some()
        };
        let mut at: Vec<&Seen> = self.seen.iter().filter(|seen| seen.role == Some(role)).filter(known).collect();
        at.sort_by_key(|seen| seen.version.is_none());
        let seen = at.first()?;
        let version = seen.version.as_deref().unwrap_or_default();
        let name = if self.input.catalog.product_id(&seen.name, version).is_some() { &seen.name } else { &seen.id };
        Some((name.clone(), seen.version.clone()))
    }

    pub(crate) fn party(&self, role: Role) -> Option<&'a Party> {
        match role {
            Role::Client => self.input.client,
            Role::Server => self.input.server,
        }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.diagnosis.protocol
    }

    /// The first capture of a name, the diagnosis' own messages first.
    pub(crate) fn capture(&self, name: &str) -> Option<&'a Name> {
        self.said.iter().find_map(|said| said.capture(name))
    }

    /// The slot that it is about.
    pub(crate) fn slot(&self) -> Option<Slot> {
        let by_cause = match self.diagnosis.cause {
            "no-common-kex" => Some(Slot::Kex),
            "no-common-host-key-algorithm" => Some(Slot::HostKey),
            "no-common-cipher" if self.protocol() == Protocol::Ssh => Some(Slot::CipherC2s),
            "no-common-mac" => Some(Slot::MacC2s),
            "no-common-compression" => Some(Slot::CompressionC2s),
            _ => None,
        };
        by_cause.or_else(|| self.said.iter().find_map(|said| said.slot))
    }

    /// The end that acts, where the recipe's side is one.
    pub(crate) fn role(&self, actor: Actor) -> Option<Role> {
        let fault = match self.diagnosis.side {
            Side::Client => Some(Role::Client),
            Side::Server => Some(Role::Server),
            _ => None,
        };
        match actor {
            Actor::Client => Some(Role::Client),
            Actor::Server => Some(Role::Server),
            Actor::Printer => self.printer,
            Actor::Peer => self.printer.map(Role::peer),
            Actor::Fault => fault.or(self.printer),
            Actor::Both | Actor::Network => None,
        }
    }

    pub(crate) fn side(&self, actor: Actor) -> Side {
        match (actor, self.role(actor)) {
            (Actor::Both, _) => Side::Both,
            (Actor::Network, _) => Side::Network,
            (_, Some(role)) => role.into(),
            (_, None) => Side::Unknown,
        }
    }

    /// Whether a recipe's conditions hold.
    pub(crate) fn fits(&self, recipe: &Recipe) -> bool {
        let diagnosis = self.diagnosis;
        let among = |list: &[String], value: &str| list.is_empty() || list.iter().any(|one| one == value);
        let role = self.role(recipe.side);
        let runs = |list: &[String], role: Option<Role>| {
            list.is_empty() || self.products(role).iter().any(|id| list.iter().any(|one| one == id))
        };
        let slot = self.slot().map_or("", Slot::as_str);
        let slot_fits = recipe.slot.is_empty()
            || recipe.slot.iter().any(|one| !slot.is_empty() && (one == slot || slot.starts_with(&format!("{one}_"))));
        let object = diagnosis.object.as_ref().map(|object| format!("{} {}", object.kind, object.name));
        let object_fits = recipe.object.is_empty()
            || object.is_some_and(|object| recipe.object.iter().any(|part| object.contains(part.as_str())));
        let products = self.products(None);
        let tagged = |tag: &String| {
            products.contains(&tag.as_str())
                || self.said.iter().any(|said| said.message == *tag || said.product == *tag)
        };
        let words = |word: &String| {
            let word = word.to_ascii_lowercase();
            self.said.iter().any(|said| said.text.as_str().to_ascii_lowercase().contains(&word))
        };
        among(&recipe.protocol, diagnosis.protocol.as_str())
            && among(&recipe.fault, diagnosis.side.as_str())
            && among(&recipe.reason, diagnosis.reason.as_str())
            && (recipe.phase.is_empty() || diagnosis.phase.is_some_and(|phase| among(&recipe.phase, phase.as_str())))
            && slot_fits
            && object_fits
            && runs(&recipe.product, role)
            && runs(&recipe.peer_product, role.map(Role::peer))
            && (recipe.with.is_empty() || recipe.with.iter().any(tagged))
            && !recipe.without.iter().any(tagged)
            && (recipe.text.is_empty() || recipe.text.iter().any(words))
            && recipe.needs.iter().all(|name| self.value(name, role).is_some())
            && (recipe.algorithm.is_empty() || recipe.algorithm.iter().any(|pattern| self.at_issue(pattern)))
            && recipe.captured.iter().all(|(name, starts)| {
                let value = self.capture(name).map(|value| value.as_str().to_ascii_lowercase());
                value.is_some_and(|value| starts.iter().any(|start| value.starts_with(&start.to_ascii_lowercase())))
            })
    }

    fn at_issue(&self, pattern: &str) -> bool {
        let pattern = pattern.to_ascii_lowercase();
        let lists = ["their_offer", "our_offer", "client_offer", "server_offer", "algorithm", "algorithms"];
        let captured = lists.iter().filter_map(|name| self.capture(name)).flat_map(|list| split(list.as_str()));
        let names = self.diagnosis.algorithms.iter().map(|name| name.as_str().to_owned()).chain(captured);
        let mut names = names.map(|name| name.to_ascii_lowercase());
        names.any(|name| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        })
    }
}

/// The end that printed a message, where it or its product tells.
fn printed_by(said: &Said) -> Option<Role> {
    said.printed_by.or_else(|| match data::product(&said.product)?.usual.as_deref() {
        Some("client") => Some(Role::Client),
        Some("server") => Some(Role::Server),
        _ => None,
    })
}

/// The names of a list as a message quotes it.
pub(crate) fn split(list: &str) -> Vec<String> {
    let parts = list.split([',', ' ', ';', '[', ']', '"', '\'', '(', ')', '{', '}']);
    parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// An identification string, or `product version`.
fn software(catalog: &Catalog, text: &str) -> Option<(String, Option<String>)> {
    if let Some(software) = catalog.identify(text) {
        let version = software.version();
        let version = (version != "unknown").then(|| version.to_owned());
        return Some((software.product().to_owned(), version));
    }
    let lower = text.trim().to_ascii_lowercase();
    let mut words =
        lower.split([' ', '_', '/', '-']).filter(|word| !word.is_empty() && *word != "ssh" && *word != "2.0");
    let name = words.next()?.to_owned();
    let version = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned);
    name.starts_with(|c: char| c.is_ascii_lowercase()).then_some((name, version))
}
