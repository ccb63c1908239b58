//! Each product's own way to write a change of TLS, from `data/tls_ways.toml`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use shakedown_catalog::Catalog;
use shakedown_catalog::openssl::scheme_word;
use shakedown_config::tls_party;
use shakedown_model::tls::{TlsVersion, is_tls13_suite};
use shakedown_model::{Command, CommandPlace, Known, Name, Party, Role, Slot};

use super::delta::{Changed, Delta, openssl_group, versions_of};
use super::search::weak;
use crate::syntax::{Place, Whose, identity};
use crate::words;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    way: Vec<Way>,
}

/// One place to write a change, for a range of versions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Way {
    product: Vec<String>,
    role: Whose,
    at_least: Option<String>,
    before: Option<String>,
    place: Place,
    #[serde(rename = "where")]
    location: Option<String>,
    /// What stands around the options; `{options}` without it.
    line: Option<String>,
    /// Between two options; a line end without it.
    join: Option<String>,
    /// Whether it holds for one server or connection only.
    #[serde(default)]
    scoped: bool,
    explanation: Option<String>,
    /// The versions of the product that it is for, where they have no order.
    #[serde(default)]
    only: Vec<String>,
    /// Names that these versions have although none of their defaults lists them.
    #[serde(default)]
    has: Vec<String>,
    /// How it names versions; one that is missing cannot be set.
    #[serde(default)]
    versions: BTreeMap<String, String>,
    /// Between two versions; a space without it.
    versions_join: Option<String>,
    /// How it names suites, groups and schemes: IANA's names, or OpenSSL's.
    #[serde(default)]
    names: Names,
    /// Between two of them; a colon without it.
    names_join: Option<String>,
    /// Versions: `{min}`, `{max}`, `{list}` (all afterwards), `{new}`.
    version: Option<String>,
    /// Suites up to TLS 1.2 and the security level: `{string}` (OpenSSL's cipher string), `{list}`, `{new}`.
    cipher: Option<String>,
    /// Suites of TLS 1.3: `{list}`, `{new}`.
    tls13: Option<String>,
    /// Groups: `{list}`, `{new}`.
    group: Option<String>,
    /// Signature schemes: `{list}`, `{new}`.
    scheme: Option<String>,
    /// What is written is a whole `openssl.cnf`: the other commands of the end's own one have to be in it.
    #[serde(default)]
    whole: bool,
    /// What a weaker name needs besides.
    weaker: Option<String>,
    #[allow(dead_code, reason = "every row says where it was read; the tests look at it")]
    source: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Names {
    #[default]
    Iana,
    Openssl,
}

const FILE: &str = include_str!(concat!(env!("OUT_DIR"), "/tls_ways.json"));

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| serde_json::from_str(FILE).unwrap_or_default())
}

fn ways<'a>(
    catalog: &'a Catalog,
    product: &'a str,
    version: &'a str,
    role: Role,
) -> impl Iterator<Item = &'static Way> + 'a {
    let compare = move |bound: &Option<String>| {
        bound.as_deref().and_then(|bound| catalog.compare_versions(product, version, bound))
    };
    data().way.iter().filter(move |way| {
        way.product.iter().any(|id| id == product)
            && way.role.covers(role)
            && (way.only.is_empty() || way.only.iter().any(|one| one == version))
            && compare(&way.at_least).is_none_or(Ordering::is_ge)
            && compare(&way.before).is_none_or(Ordering::is_lt)
    })
}

/// Whether there is any row for a product.
pub(super) fn is_known(product: &str, role: Role) -> bool {
    data().way.iter().any(|way| way.product.iter().any(|id| id == product) && way.role.covers(role))
}

/// Whether a version of a product has a setting for a name.
pub(super) fn has_way(catalog: &Catalog, product: &str, version: &str, role: Role, slot: Slot, name: &Name) -> bool {
    ways(catalog, product, version, role).any(|way| match slot {
        Slot::Version => way.version.is_some() && way.versions.contains_key(name.as_str()),
        _ => way.template(slot, name.as_str()).is_some(),
    })
}

/// Whether a version of a product has a name that its defaults never list.
pub(super) fn brings(catalog: &Catalog, product: &str, version: &str, role: Role, slot: Slot, name: &Name) -> bool {
    ways(catalog, product, version, role)
        .any(|way| way.template(slot, name.as_str()).is_some() && way.has.iter().any(|one| name == one.as_str()))
}

impl Way {
    fn template(&self, slot: Slot, name: &str) -> Option<&String> {
        match slot {
            Slot::Version => self.version.as_ref(),
            Slot::CipherSuite if is_tls13_suite(name) => self.tls13.as_ref(),
            Slot::CipherSuite => self.cipher.as_ref(),
            Slot::Group => self.group.as_ref(),
            Slot::SignatureScheme => self.scheme.as_ref(),
            _ => None,
        }
    }

    fn word(&self, slot: Slot, name: &Name, catalog: &Catalog) -> Option<String> {
        match (slot, self.names) {
            (Slot::Version, _) => self.versions.get(name.as_str()).cloned(),
            (Slot::CipherSuite, Names::Openssl) if !is_tls13_suite(name.as_str()) => {
                catalog.openssl_suite_name(name.as_str())
            }
            (Slot::SignatureScheme, Names::Openssl) => Some(scheme_word(name.as_str())),
            (Slot::Group, Names::Openssl) => Some(openssl_group(name.as_str()).to_owned()),
            _ => Some(name.as_str().to_owned()),
        }
    }

    fn words(&self, slot: Slot, names: &[Name], catalog: &Catalog) -> Option<String> {
        let words: Option<Vec<String>> = names.iter().map(|name| self.word(slot, name, catalog)).collect();
        let join = if slot == Slot::Version { &self.versions_join } else { &self.names_join };
        Some(words?.join(join.as_deref().unwrap_or(if slot == Slot::Version { " " } else { ":" })))
    }

    /// All that changes, written; `None` where this way cannot say all of it.
    fn written(&self, delta: &Delta, changed: &Changed, place: &Target<'_>, catalog: &Catalog) -> Option<String> {
        let offer = &changed.party.tls()?.offer;
        let mut options = Vec::new();
        let mut versions = versions_of(offer);
        versions.sort();
        let all = |known: &Known<Vec<shakedown_model::Item>>| -> Vec<Name> {
            known.accepted().into_iter().flatten().map(|item| item.name.clone()).collect()
        };
        let new = delta.of(Slot::Version);
        if !new.is_empty() || !delta.without.is_empty() {
            let names: Vec<Name> = versions.iter().map(|version| Name::new(version.as_str())).collect();
            let bound = |version: Option<&TlsVersion>| self.versions.get(version?.as_str()).cloned();
            let text = self.version.as_ref()?;
            options.push(
                text.replace("{min}", &bound(versions.first())?)
                    .replace("{max}", &bound(versions.last())?)
                    .replace("{list}", &self.words(Slot::Version, &names, catalog)?)
                    .replace("{new}", &self.words(Slot::Version, &new, catalog)?),
            );
        }
        let (tls13, old): (Vec<Name>, Vec<Name>) =
            delta.of(Slot::CipherSuite).into_iter().partition(|name| is_tls13_suite(name.as_str()));
        if !old.is_empty() || changed.level.is_some() {
            let string = changed.wanted.cipher_list.clone().unwrap_or_default();
            let text = self.cipher.as_ref().filter(|text| changed.level.is_none() || text.contains("{string}"))?;
            options.push(
                text.replace("{string}", &string)
                    .replace(
                        "{list}",
                        &self.words(Slot::CipherSuite, &all(&offer.cipher_suites), catalog).unwrap_or(string),
                    )
                    .replace("{new}", &self.words(Slot::CipherSuite, &old, catalog)?),
            );
        }
        let lists = [
            (Slot::CipherSuite, tls13, &self.tls13, &offer.tls13_cipher_suites),
            (Slot::Group, delta.of(Slot::Group), &self.group, &offer.groups),
            (Slot::SignatureScheme, delta.of(Slot::SignatureScheme), &self.scheme, &offer.signature_schemes),
        ];
        for (slot, new, text, list) in lists {
            if new.is_empty() {
                continue;
            }
            let list = self.words(slot, &all(list), catalog)?;
            options.push(text.as_ref()?.replace("{list}", &list).replace("{new}", &self.words(slot, &new, catalog)?));
        }
        // As the edit of the file would leave them, of which the program reads no other.
        let own =
            if self.whole && !changed.edits.is_empty() { tls_party::commands(&changed.party) } else { Vec::new() };
        if !own.is_empty() && own.iter().all(|(_, value)| !value.contains(['$', '\\', '#', '"', '\'', '`'])) {
            options = own.into_iter().map(|(command, value)| format!("{command} = {value}")).collect();
        }
        options.extend(self.weaker.clone().filter(|_| weak(delta, changed)));
        let options = options.join(self.join.as_deref().unwrap_or("\n"));
        let line = self.line.as_deref().unwrap_or("{options}").replace("{options}", &options);
        // Of an address it sends none by itself.
        let asked = match place.name {
            Some(name) => format!(" -servername {name}"),
            None if place.host.parse::<std::net::IpAddr>().is_ok() => String::new(),
            None => " -noservername".to_owned(),
        };
        let line = line.replace("{servername}", &asked);
        Some(line.replace("{host}", place.host).replace("{port}", &place.port.to_string()))
    }
}

/// Where a command connects to.
pub(super) struct Target<'a> {
    pub(super) host: &'a str,
    /// The name that the server is asked for.
    pub(super) name: Option<&'a str>,
    pub(super) port: u16,
}

/// The lines and commands that make the changes, and whether they hold for one server or connection only. What reaches more
/// is given only where nothing narrower exists.
pub(super) fn commands(
    delta: &Delta,
    changed: &Changed,
    target: &Target<'_>,
    catalog: &Catalog,
) -> (Vec<Command>, bool) {
    let party = &changed.party;
    let narrow = weak(delta, changed) && party.role == Role::Client;
    let mut commands: Vec<(bool, Command)> = Vec::new();
    if let Some((id, version)) = identity(party, catalog) {
        for way in ways(catalog, &id, &version, party.role) {
            let Some(text) = way.written(delta, changed, target, catalog) else { continue };
            let location = way.location.clone().unwrap_or_default();
            let place = match way.place {
                Place::ClientShell => CommandPlace::ClientShell,
                Place::ServerShell => CommandPlace::ServerShell,
                Place::File => CommandPlace::File(location),
                Place::Settings => CommandPlace::Settings(location),
            };
            let explanation = way.explanation.clone().unwrap_or_default();
            commands.push((way.scoped, Command { place, text, explanation }));
        }
    }
    if narrow && commands.iter().any(|(scoped, _)| *scoped) {
        commands.retain(|(scoped, _)| *scoped);
    }
    let scoped = commands.iter().all(|(scoped, _)| *scoped);
    let mut commands: Vec<Command> = commands.into_iter().map(|(_, command)| command).collect();
    if commands.is_empty() {
        commands.push(generic(party, delta, changed));
    }
    (commands, scoped)
}

/// For a product whose syntax is not known here: what to look for in its settings.
fn generic(party: &Party, delta: &Delta, changed: &Changed) -> Command {
    let mut lines = Vec::new();
    for (slot, what) in [
        (Slot::Version, "protocol versions"),
        (Slot::CipherSuite, "cipher suites"),
        (Slot::Group, "groups (curves)"),
        (Slot::SignatureScheme, "signature algorithms"),
    ] {
        let names = delta.of(slot);
        if !names.is_empty() {
            let verb = if delta.whole { "leave only" } else { "add" };
            lines.push(format!("{what}: {verb} {}", words::list(&names)));
        }
    }
    if !delta.without.is_empty() {
        lines.push(format!("protocol versions: remove {}", words::list(&delta.without)));
    }
    if let Some(level) = changed.level {
        lines.push(format!("OpenSSL's security level: {level}"));
    }
    let who = party.software.as_ref().map_or_else(|| format!("the {}", party.role), ToString::to_string);
    let place = CommandPlace::Settings(format!("TLS settings of {who}"));
    Command { place, text: lines.join("\n"), explanation: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_where_it_was_read_and_names_products_of_the_catalog() {
        let data: Data = serde_json::from_str(FILE).unwrap();
        let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
        assert!(!data.way.is_empty());
        for way in &data.way {
            assert!(!way.source.is_empty());
            for id in &way.product {
                assert!(catalog.products().any(|product| product.id == *id), "{id}");
            }
            let shell = matches!(way.place, Place::ClientShell | Place::ServerShell);
            assert_eq!(shell, way.location.is_none(), "{:?}", way.product);
            assert!(way.line.as_deref().is_none_or(|line| line.contains("{options}")));
            assert_eq!(way.version.is_some(), !way.versions.is_empty(), "{:?}", way.product);
            assert!(way.versions.keys().all(|name| TlsVersion::parse(name).is_some()));
        }
    }
}
