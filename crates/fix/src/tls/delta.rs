//! What one end is to do beyond what it does, and the end that results.

use shakedown_catalog::openssl::scheme_word;
use shakedown_catalog::{Catalog, Rating};
use shakedown_config::tls_party::{self, Wanted};
use shakedown_model::tls::{TlsOffer, TlsPolicy, TlsVersion, is_tls13_suite};
use shakedown_model::{FileEdit, Item, Known, Name, Origin, OriginKind, Party, PartySource, Policy, Role, Slot};

use super::rating::rating;

/// Additions to one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    /// The names, each with its slot.
    pub(crate) names: Vec<(Slot, Name)>,
    /// Versions that it is to give up.
    pub(crate) without: Vec<Name>,
    /// The security level that it is to come down to at the most, where that is what stands in the way.
    pub(crate) level: Option<u8>,
    /// The names are all that is to be left.
    pub(crate) whole: bool,
}

impl Delta {
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.without.is_empty() && self.level.is_none()
    }

    pub(crate) fn of(&self, slot: Slot) -> Vec<Name> {
        self.names.iter().filter(|(of, _)| *of == slot).map(|(_, name)| name.clone()).collect()
    }
}

/// An end with its additions made.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    pub(crate) party: Party,
    /// The edits of its own files that make it so, where it has any that can be edited.
    pub(crate) edits: Vec<FileEdit>,
    /// Other servers of its files that change with it.
    pub(crate) also: Vec<String>,
    /// What was set, in OpenSSL's words.
    pub(crate) wanted: Wanted,
    /// The security level that it was lowered to.
    pub(crate) level: Option<u8>,
}

impl Changed {
    pub(crate) fn unchanged(party: &Party) -> Self {
        Self { party: party.clone(), edits: Vec::new(), also: Vec::new(), wanted: Wanted::default(), level: None }
    }
}

/// Whether a name is acceptable to add.
pub(crate) fn sound(slot: Slot, name: &Name) -> bool {
    rating(slot, name.as_str()).is_some_and(|rating| rating >= Rating::Acceptable)
}

/// The end with additions: by its own files read again, by the library's own rules, or by its lists. The security level
/// comes down only as far as it has to. `None` where nothing makes it offer them.
pub(crate) fn change(party: &Party, delta: &Delta, catalog: &Catalog) -> Option<Changed> {
    if delta.is_empty() {
        return Some(Changed::unchanged(party));
    }
    let now = party.tls()?.offer.security_level;
    let highest = match (delta.level, now) {
        (Some(level), _) => Some(level),
        (None, now) => now,
    };
    let mut levels: Vec<Option<u8>> = if delta.level.is_none() { vec![None] } else { Vec::new() };
    if let Some(highest) = highest {
        levels.extend((0..=highest).rev().map(Some).filter(|level| *level != now));
    }
    levels.into_iter().find_map(|level| {
        let changed = at_level(party, delta, level, catalog)?;
        has_all(&changed.party, delta).then_some(changed)
    })
}

fn has_all(party: &Party, delta: &Delta) -> bool {
    delta.names.iter().all(|(slot, name)| offers(party, *slot, name))
        && !delta.without.iter().any(|name| offers(party, Slot::Version, name))
}

/// Whether a name is on the list of an end.
pub(crate) fn offers(party: &Party, slot: Slot, name: &Name) -> bool {
    let list = party.tls().map(|policy| policy.offer.list(slot));
    list.as_ref().and_then(Known::accepted).is_some_and(|list| list.iter().any(|item| item.name == *name))
}

fn at_level(party: &Party, delta: &Delta, level: Option<u8>, catalog: &Catalog) -> Option<Changed> {
    if party.configuration.is_some() {
        let edited = in_files(party, delta, level, catalog);
        // A format that is only read here: what to write is told in words.
        return edited
            .or_else(|| if level.is_some() || can_edit(party) { None } else { in_lists(party, delta, catalog) });
    }
    let library = matches!(party.source, PartySource::Catalog) && party.tls()?.offer.security_level.is_some();
    if library && catalog.tls_context(party.software.as_ref()?, party.role).is_some() {
        return in_library(party, delta, level, catalog);
    }
    if level.is_some() { None } else { in_lists(party, delta, catalog) }
}

/// What is to be set, in OpenSSL's words. `base` is the cipher string that counts now.
fn wanted(policy: &TlsPolicy, delta: &Delta, level: Option<u8>, base: &str, catalog: &Catalog) -> Option<Wanted> {
    let offer = &policy.offer;
    let mut wanted = Wanted::default();
    let versions = delta.of(Slot::Version);
    if !versions.is_empty() || !delta.without.is_empty() {
        let mut all: Vec<TlsVersion> = versions_of(offer);
        all.extend(versions.iter().filter_map(|name| TlsVersion::parse(name.as_str())));
        all.retain(|version| !delta.without.iter().any(|name| *name == version.as_str()));
        all.sort();
        all.dedup();
        wanted.versions = Some(all);
    }
    let (new, old): (Vec<Name>, Vec<Name>) =
        delta.of(Slot::CipherSuite).into_iter().partition(|name| is_tls13_suite(name.as_str()));
    if !old.is_empty() || level.is_some() {
        let mut front = Vec::new();
        let mut back = Vec::new();
        for name in &old {
            let word = catalog.openssl_suite_name(name.as_str())?;
            if sound(Slot::CipherSuite, name) { front.push(word) } else { back.push(word) }
        }
        let kept = base.split([':', ',', ' ']).filter(|word| !word.is_empty());
        let kept = kept.filter(|word| level.is_none() || !word.starts_with("@SECLEVEL"));
        let level = level.map(|level| format!("@SECLEVEL={level}"));
        let words = front.into_iter().chain(kept.map(str::to_owned)).chain(back).chain(level);
        wanted.cipher_list = Some(words.collect::<Vec<_>>().join(":"));
    }
    if !new.is_empty() {
        wanted.cipher_suites = Some(joined(&offer.tls13_cipher_suites, &new, |name| name.as_str().to_owned()));
    }
    let groups = delta.of(Slot::Group);
    if !groups.is_empty() {
        wanted.groups = Some(joined(&offer.groups, &groups, |name| openssl_group(name.as_str()).to_owned()));
    }
    let schemes = delta.of(Slot::SignatureScheme);
    if !schemes.is_empty() {
        wanted.signature_algorithms =
            Some(joined(&offer.signature_schemes, &schemes, |name| scheme_word(name.as_str())));
    }
    Some(wanted)
}

fn joined(list: &Known<Vec<Item>>, new: &[Name], word: impl Fn(&Name) -> String) -> String {
    let have = list.accepted().into_iter().flatten().map(|item| &item.name);
    let all: Vec<String> = have.chain(new).map(word).collect();
    all.join(":")
}

/// The versions on the list.
pub(crate) fn versions_of(offer: &TlsOffer) -> Vec<TlsVersion> {
    let items = offer.versions.accepted().into_iter().flatten();
    items.filter_map(|item| TlsVersion::parse(item.name.as_str())).collect()
}

/// The name that every version of OpenSSL takes.
pub(crate) fn openssl_group(name: &str) -> &str {
    match name {
        "secp256r1" => "prime256v1",
        "secp192r1" => "prime192v1",
        "x25519" => "X25519",
        "x448" => "X448",
        other => other,
    }
}

fn in_files(party: &Party, delta: &Delta, level: Option<u8>, catalog: &Catalog) -> Option<Changed> {
    let policy = party.tls()?;
    let words = tls_party::words(party)?;
    let base = words.cipher_list.unwrap_or_else(|| "DEFAULT".to_owned());
    [Some(base), explicit(policy, catalog)].into_iter().flatten().find_map(|base| {
        let mut wanted = wanted(policy, delta, level, &base, catalog)?;
        if let (Some(groups), Some(list)) = (&words.groups, &mut wanted.groups) {
            let new: Vec<String> =
                delta.of(Slot::Group).iter().map(|name| openssl_group(name.as_str()).to_owned()).collect();
            *list = format!("{groups}:{}", new.join(":"));
        }
        by_files(party, wanted, level, catalog).filter(|changed| has_all(&changed.party, delta))
    })
}

/// All suites that are left, by their names: where the string forbids one for good (`!`), they stand in its place.
fn explicit(policy: &TlsPolicy, catalog: &Catalog) -> Option<String> {
    let names = policy.offer.cipher_suites.accepted().into_iter().flatten();
    let names: Option<Vec<String>> = names.map(|item| catalog.openssl_suite_name(item.name.as_str())).collect();
    names.map(|names| names.join(":"))
}

/// Whether the party's files are of a kind that is edited here.
fn can_edit(party: &Party) -> bool {
    tls_party::words(party).is_some()
}

/// The end with its files saying what is wanted.
pub(crate) fn by_files(party: &Party, wanted: Wanted, level: Option<u8>, catalog: &Catalog) -> Option<Changed> {
    let change = tls_party::edit(party, &wanted).ok()?;
    let party = tls_party::with_edits(party, &change.edits, catalog)?;
    Some(Changed { party, edits: change.edits, also: change.also, wanted, level })
}

/// By the rules of OpenSSL, as the program's option makes the setting.
fn in_library(party: &Party, delta: &Delta, level: Option<u8>, catalog: &Catalog) -> Option<Changed> {
    let policy = party.tls()?;
    [Some(base_of(party, catalog)), explicit(policy, catalog)].into_iter().flatten().find_map(|base| {
        let wanted = wanted(policy, delta, level, &base, catalog)?;
        by_library(party, wanted, level, catalog).filter(|changed| has_all(&changed.party, delta))
    })
}

/// The cipher string of the program.
pub(crate) fn base_of(party: &Party, catalog: &Catalog) -> String {
    let row = party.software.as_ref().and_then(|software| {
        let resolved = catalog.resolve(software, party.role).ok()?;
        catalog.offer_row(&resolved.product, party.role, &resolved.version)
    });
    let set = row.and_then(|row| row.tls.cipher_string).filter(|text| !text.is_empty() && text != "auto");
    match set {
        Some(text) if !text.starts_with("DEFAULT (") => text,
        _ => "DEFAULT".to_owned(),
    }
}

/// The end with settings made on top of what its program sets.
pub(crate) fn by_library(party: &Party, wanted: Wanted, level: Option<u8>, catalog: &Catalog) -> Option<Changed> {
    let mut context = catalog.tls_context(party.software.as_ref()?, party.role)?;
    let origin = proposed();
    if let Some(versions) = &wanted.versions {
        for version in TlsVersion::ALL {
            context.switch(version, versions.contains(&version) || party.role == Role::Client, origin.clone());
        }
        context.set_lowest(versions.iter().min().copied(), origin.clone());
        context.set_highest(versions.iter().max().copied(), origin.clone());
    }
    if let Some(text) = &wanted.cipher_list {
        context.set_ciphers(text, origin.clone()).ok()?;
    }
    if let Some(text) = &wanted.cipher_suites {
        context.set_tls13_suites(text, origin.clone()).ok()?;
    }
    if let Some(text) = &wanted.groups {
        context.set_groups(text, origin.clone()).ok()?;
    }
    if let Some(text) = &wanted.signature_algorithms {
        context.set_schemes(text, origin).ok()?;
    }
    let mut changed = party.clone();
    let Policy::Tls(policy) = &mut changed.policy else { return None };
    settle(policy, context.policy());
    Some(Changed { party: changed, edits: Vec::new(), also: Vec::new(), wanted, level })
}

/// What a library decides comes from `new`; what the end was given or was seen to do stays.
pub(crate) fn settle(policy: &mut TlsPolicy, new: TlsPolicy) {
    let TlsPolicy { offer: new, withheld, unable, supported, behaviour, .. } = new;
    let offer = &mut policy.offer;
    offer.versions = new.versions;
    offer.tls13_cipher_suites = new.tls13_cipher_suites;
    offer.cipher_suites = new.cipher_suites;
    offer.groups = new.groups;
    offer.group_tuples = new.group_tuples;
    offer.key_shares = new.key_shares;
    offer.signature_schemes = new.signature_schemes;
    offer.legacy_signatures = new.legacy_signatures;
    offer.needs_secure_renegotiation = new.needs_secure_renegotiation;
    offer.needs_extended_master_secret = new.needs_extended_master_secret;
    offer.staples = new.staples;
    offer.security_level = new.security_level;
    offer.min_rsa_bits = new.min_rsa_bits;
    offer.min_dh_bits = new.min_dh_bits;
    offer.min_ec_bits = new.min_ec_bits;
    offer.refused_certificate_digests = new.refused_certificate_digests;
    policy.behaviour = behaviour;
    policy.supported = supported;
    policy.withheld = withheld;
    policy.unable = unable;
}

fn proposed() -> Origin {
    Origin::new(OriginKind::Edit { title: "proposed".into() })
}

/// The lists as they stand, with the names put in.
fn in_lists(party: &Party, delta: &Delta, catalog: &Catalog) -> Option<Changed> {
    let mut party = party.clone();
    let Policy::Tls(policy) = &mut party.policy else { return None };
    let base = policy.offer.cipher_suites.accepted().into_iter().flatten();
    let base: Vec<String> = base.filter_map(|item| catalog.openssl_suite_name(item.name.as_str())).collect();
    let wanted = wanted(policy, delta, None, &base.join(":"), catalog).unwrap_or_default();
    for (slot, name) in &delta.names {
        let offer = &mut policy.offer;
        let list = match slot {
            Slot::Version => &mut offer.versions,
            Slot::CipherSuite if is_tls13_suite(name.as_str()) => &mut offer.tls13_cipher_suites,
            Slot::CipherSuite => &mut offer.cipher_suites,
            Slot::Group => &mut offer.groups,
            Slot::SignatureScheme => &mut offer.signature_schemes,
            _ => return None,
        };
        add(list, name, sound(*slot, name) && *slot != Slot::Group);
        let old = TlsVersion::parse(name.as_str()).filter(|version| *version < TlsVersion::Tls12);
        if *slot == Slot::Version && old.is_some() && party.role == Role::Client {
            offer.legacy_signatures = Some(true);
        }
    }
    if let Known::Complete(items) | Known::Partial { accepted: items, .. } = &mut policy.offer.versions {
        items.retain(|item| !delta.without.contains(&item.name));
        items.sort_by_key(|item| std::cmp::Reverse(TlsVersion::parse(item.name.as_str())));
    }
    Some(Changed { party, edits: Vec::new(), also: Vec::new(), wanted, level: None })
}

fn add(list: &mut Known<Vec<Item>>, name: &Name, first: bool) {
    let item = Item::with_origin(name.clone(), proposed());
    let put = |items: &mut Vec<Item>| {
        if items.iter().all(|known| known.name != *name) {
            if first { items.insert(0, item.clone()) } else { items.push(item.clone()) }
        }
    };
    match list {
        Known::Complete(items) => put(items),
        Known::Partial { accepted, refused } => {
            put(accepted);
            refused.retain(|known| known.name != *name);
        }
        Known::Unknown => *list = Known::Partial { accepted: vec![item], refused: Vec::new() },
    }
}
