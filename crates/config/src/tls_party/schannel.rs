//! What the registry of Windows sets for Schannel, from a file that `regedit` or `reg export` writes: protocols, ciphers, key
//! exchanges, the order of cipher suites, and curves (Microsoft, "TLS registry settings").

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_model::tls::{KeyExchange, Layer, Suite, TlsOffer, TlsPolicy, TlsVersion, Withheld, is_tls13_suite};
use shakedown_model::{
    ConfigProblem, ConfigurationKind, Evidence, Fact, Gathered, Item, Known, Name, Origin, Role, Slot, SourceFile,
};

use super::program::Source;
use super::{PartyError, Spec, party};
use crate::files::{FILE_LIMIT, Unreadable};

/// One value of a key.
struct Entry {
    /// The path of its key below the root, in lower case.
    key: String,
    /// Its name in lower case.
    name: String,
    data: Data,
    origin: Origin,
}

enum Data {
    Number(u32),
    /// The words of a string or of a list of strings.
    Words(Vec<String>),
}

/// A client or a server over Schannel with the settings of this file; where it says nothing, the version's own hold.
///
/// # Errors
/// The file cannot be read, or the version of Windows is not known.
pub(super) fn schannel(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    let bytes = source
        .files
        .read(spec.path, FILE_LIMIT)
        .map_err(|error| Unreadable { path: spec.path.to_owned(), source: error })?;
    let file = Arc::new(SourceFile::new(spec.path, text(&bytes)));
    let mut evidence = Vec::new();
    let entries = entries(&file, &mut evidence);
    let (mut policy, resolved) = catalog.tls_policy(spec.software, spec.role)?;
    let mut notes = resolved.notes;
    versions(&entries, spec.role, &mut policy, &mut notes);
    order(&entries, &mut policy);
    curves(&entries, &mut policy);
    algorithms(&entries, &mut policy);
    sizes(&entries, spec.role, &mut policy.offer);
    let mut party = party(spec, ConfigurationKind::SchannelRegistry, &[file], policy);
    party.notes = notes;
    Ok(Gathered { parties: vec![party], evidence })
}

/// `regedit` writes UTF-16 with its mark in front, which becomes UTF-8 here.
fn text(bytes: &[u8]) -> Vec<u8> {
    match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(wide) => utf16(wide).into_bytes(),
        None => bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes).to_vec(),
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(u16::from_le_bytes);
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn entries(file: &Arc<SourceFile>, evidence: &mut Vec<Evidence>) -> Vec<Entry> {
    const MOST: usize = 20_000;
    let (mut all, mut key, mut at) = (Vec::new(), String::new(), 0);
    let text = String::from_utf8_lossy(&file.text).into_owned();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next().filter(|_| all.len() < MOST) {
        let start = at;
        at += line.len();
        let mut whole = line.trim().to_owned();
        // A backslash at the end of `hex` joins the next line.
        while whole.ends_with('\\') && !whole.starts_with('[') {
            whole.pop();
            let Some(next) = lines.next() else { break };
            at += next.len();
            whole.push_str(next.trim());
        }
        let origin = || Origin::file(file, start..start + line.trim_end().len());
        if let Some(path) = whole.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            // One with `-` in front is deleted.
            let below = path.split_once('\\').map_or("", |(_, below)| below);
            key = if path.starts_with('-') { String::new() } else { below.to_ascii_lowercase() };
            continue;
        }
        let Some((name, data)) = whole.strip_prefix('"').and_then(|rest| rest.split_once("\"=")) else { continue };
        match data_of(data) {
            Some(data) => {
                all.push(Entry { key: key.clone(), name: name.to_ascii_lowercase(), data, origin: origin() });
            }
            None if key.contains("schannel") || key.contains("\\ssl\\0001000") => {
                let message = format!("`{name}` has a value that is not read here");
                let fact = Fact::Configuration { problem: ConfigProblem::Ineffective, message, suggestion: None };
                evidence.push(Evidence::new(fact).at(origin()));
            }
            None => {}
        }
    }
    all
}

fn data_of(text: &str) -> Option<Data> {
    let text = text.trim();
    if let Some(number) = text.strip_prefix("dword:") {
        return u32::from_str_radix(number.trim(), 16).ok().map(Data::Number);
    }
    let bytes = |hex: &str| -> Option<Vec<u8>> {
        hex.split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
            .map(|one| u8::from_str_radix(one, 16).ok())
            .collect()
    };
    let words = |text: &str, between: &[char]| {
        let all = text.split(between).map(str::trim).filter(|word| !word.is_empty());
        Data::Words(all.map(str::to_owned).collect())
    };
    if let Some(hex) = text.strip_prefix("hex(7):").or_else(|| text.strip_prefix("hex(2):")) {
        return Some(words(&utf16(&bytes(hex)?), &['\0', ',']));
    }
    Some(words(text.strip_prefix('"')?.strip_suffix('"')?, &[',']))
}

/// The number of a value below `...\SCHANNEL\` and this path.
fn number<'a>(entries: &'a [Entry], path: &str, name: &str) -> Option<(u32, &'a Origin)> {
    let end = format!("securityproviders\\schannel\\{path}").to_ascii_lowercase();
    let found =
        entries.iter().rev().find(|entry| entry.key.ends_with(&end) && entry.name == name.to_ascii_lowercase())?;
    match found.data {
        Data::Number(number) => Some((number, &found.origin)),
        Data::Words(_) => None,
    }
}

fn withhold(policy: &mut TlsPolicy, slot: Slot, name: Name, origin: &Origin) {
    let (by, what) = (Layer::SystemPolicy, "the registry of Schannel".to_owned());
    policy.withheld.push(Withheld { slot, name, by, what, origin: Some(origin.clone()) });
}

/// `Protocols\TLS 1.2\Server`: `Enabled` of 0 takes a version away, `DisabledByDefault` from programs that do not ask for it.
fn versions(entries: &[Entry], role: Role, policy: &mut TlsPolicy, notes: &mut Vec<String>) {
    const NAMES: [(TlsVersion, &str); 6] = [
        (TlsVersion::Ssl2, "SSL 2.0"),
        (TlsVersion::Ssl3, "SSL 3.0"),
        (TlsVersion::Tls10, "TLS 1.0"),
        (TlsVersion::Tls11, "TLS 1.1"),
        (TlsVersion::Tls12, "TLS 1.2"),
        (TlsVersion::Tls13, "TLS 1.3"),
    ];
    let end = if role == Role::Client { "Client" } else { "Server" };
    let knows_tls13 = policy.offer.tls13_cipher_suites.complete().is_some_and(|suites| !suites.is_empty());
    for (version, name) in NAMES {
        let path = format!("Protocols\\{name}\\{end}");
        let (enabled, default) = (number(entries, &path, "Enabled"), number(entries, &path, "DisabledByDefault"));
        let off = enabled.filter(|(value, _)| *value == 0).or_else(|| default.filter(|(value, _)| *value != 0));
        // A version that is off by default is on only where both say so.
        let on = default.filter(|(value, _)| *value == 0).filter(|_| enabled.is_none_or(|(value, _)| value != 0));
        let is_it = |item: &Item| item.name == *version.as_str();
        let Some(list) = policy.offer.versions.complete_mut() else { return };
        match (off, on) {
            (Some((_, origin)), _) if list.iter().any(is_it) => {
                list.retain(|item| !is_it(item));
                withhold(policy, Slot::Version, Name::new(version.as_str()), origin);
            }
            (None, Some((_, origin))) if !list.iter().any(is_it) => {
                if version == TlsVersion::Tls13 && !knows_tls13 {
                    notes.push(
                        "the registry switches TLS 1.3 on, which this version of Windows does not have".to_owned(),
                    );
                    continue;
                }
                list.push(Item::with_origin(Name::new(version.as_str()), origin.clone()));
                let place = |item: &Item| TlsVersion::parse(item.name.as_str()).map(std::cmp::Reverse);
                list.sort_by_key(place);
            }
            _ => {}
        }
    }
}

/// The words of a value below `...\SSL\00010002`: those of the group policy before the local ones.
fn listed<'a>(entries: &'a [Entry], name: &str) -> Option<(&'a [String], &'a Origin)> {
    let of = |policy: bool| {
        let fits = move |entry: &&Entry| {
            entry.key.ends_with("cryptography\\configuration\\ssl\\00010002") == policy
                && entry.key.ends_with("ssl\\00010002")
                && entry.name == name
        };
        entries.iter().rev().find(fits)
    };
    let found = of(true).or_else(|| of(false))?;
    match &found.data {
        Data::Words(words) => Some((words, &found.origin)),
        Data::Number(_) => None,
    }
}

/// `Functions`: the cipher suites in their order. Before Windows 10 their names end in a curve.
fn order(entries: &[Entry], policy: &mut TlsPolicy) {
    let Some((words, origin)) = listed(entries, "functions") else { return };
    let mut names: Vec<Name> = Vec::new();
    for word in words {
        let bare = ["_P256", "_P384", "_P521"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
        let name = Name::new(bare);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut left = Vec::new();
    for list in [&mut policy.offer.tls13_cipher_suites, &mut policy.offer.cipher_suites] {
        left.extend(list.complete().into_iter().flatten().filter(|item| !names.contains(&item.name)).cloned());
    }
    let items = |tls13: bool| {
        let of = names.iter().filter(|name| is_tls13_suite(name.as_str()) == tls13);
        Known::Complete(of.map(|name| Item::with_origin(name.clone(), origin.clone())).collect())
    };
    policy.offer.cipher_suites = items(false);
    // What a version does not have it does not have by its name alone.
    if policy.offer.tls13_cipher_suites.complete().is_none_or(|suites| !suites.is_empty()) {
        policy.offer.tls13_cipher_suites = items(true);
    }
    for item in left {
        withhold(policy, Slot::CipherSuite, item.name, origin);
    }
}

/// `EccCurves`: the groups in their order.
fn curves(entries: &[Entry], policy: &mut TlsPolicy) {
    let Some((words, origin)) = listed(entries, "ecccurves") else { return };
    let name = |word: &String| {
        Name::new(match word.to_ascii_lowercase().as_str() {
            "curve25519" => "x25519",
            "nistp256" => "secp256r1",
            "nistp384" => "secp384r1",
            "nistp521" => "secp521r1",
            _ => word,
        })
    };
    let finite = |item: &&Item| item.name.as_str().starts_with("ffdhe");
    let mut items: Vec<Item> = words.iter().map(|word| Item::with_origin(name(word), origin.clone())).collect();
    items.extend(policy.offer.groups.complete().into_iter().flatten().filter(finite).cloned());
    let kept = |share: &Item| items.iter().any(|item| item.name == share.name);
    if let Some(shares) = policy.offer.key_shares.complete_mut() {
        shares.retain(kept);
    }
    policy.offer.groups = Known::Complete(items);
}

/// `Ciphers`, `Hashes` and `KeyExchangeAlgorithms`: what is switched off takes its suites away.
fn algorithms(entries: &[Entry], policy: &mut TlsPolicy) {
    let off = |path: &str| number(entries, path, "Enabled").filter(|(value, _)| *value == 0).map(|(_, origin)| origin);
    type Takes = fn(&str, &Suite<'_>) -> bool;
    let rules: [(&str, Takes); 13] = [
        ("Ciphers\\NULL", |name, _| name.contains("_WITH_NULL")),
        ("Ciphers\\DES 56/56", |name, _| name.contains("_WITH_DES_CBC")),
        ("Ciphers\\RC4 40/128", |name, _| name.contains("RC4_40")),
        ("Ciphers\\RC4 56/128", |name, _| name.contains("RC4_56")),
        ("Ciphers\\RC4 128/128", |name, _| name.contains("RC4_128")),
        ("Ciphers\\Triple DES 168", |name, _| name.contains("3DES_EDE")),
        ("Ciphers\\AES 128/128", |name, _| name.contains("AES_128")),
        ("Ciphers\\AES 256/256", |name, _| name.contains("AES_256")),
        ("Hashes\\MD5", |name, _| name.ends_with("_MD5")),
        ("Hashes\\SHA", |name, _| name.ends_with("_SHA")),
        ("KeyExchangeAlgorithms\\PKCS", |_, suite| suite.key_exchange == KeyExchange::Rsa),
        ("KeyExchangeAlgorithms\\Diffie-Hellman", |_, suite| suite.key_exchange == KeyExchange::Dhe),
        ("KeyExchangeAlgorithms\\ECDH", |_, suite| suite.key_exchange == KeyExchange::Ecdhe),
    ];
    for (path, takes) in rules {
        let Some(origin) = off(path) else { continue };
        let mut gone = Vec::new();
        for list in [&mut policy.offer.cipher_suites, &mut policy.offer.tls13_cipher_suites] {
            let Some(items) = list.complete_mut() else { continue };
            items.retain(|item| {
                let taken = Suite::parse(item.name.as_str()).is_some_and(|suite| takes(item.name.as_str(), &suite));
                if taken {
                    gone.push(item.name.clone());
                }
                !taken
            });
        }
        for name in gone {
            withhold(policy, Slot::CipherSuite, name, origin);
        }
    }
}

/// `ClientMinKeyBitLength`: the smallest Diffie-Hellman prime and RSA key that a client takes.
fn sizes(entries: &[Entry], role: Role, offer: &mut TlsOffer) {
    if role == Role::Client {
        let least = |path: &str| number(entries, path, "ClientMinKeyBitLength").map(|(bits, _)| bits);
        offer.min_dh_bits = least("KeyExchangeAlgorithms\\Diffie-Hellman").or(offer.min_dh_bits);
        offer.min_rsa_bits = least("KeyExchangeAlgorithms\\PKCS").or(offer.min_rsa_bits);
    }
}
