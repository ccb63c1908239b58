//! MikroTik RouterOS: `/ip ipsec export`.

use shakedown_model::ike::{IkeVersion, SaProtocol};
use shakedown_model::{Item, Known, Name, Slot};

use super::suite::{Suite, default, proposals};
use super::text::{is_network, ranges, value};
use super::{Source, Tunnel, item};
use crate::value::Value;

/// A line of a section: `add name=x ...`.
struct Entry {
    section: String,
    /// Whether it is the entry that is always there: `set [ find default=yes ]`.
    is_default: bool,
    settings: Vec<(String, Value)>,
}

impl Entry {
    fn get(&self, name: &str) -> Option<&Value> {
        self.settings.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    fn is(&self, name: &str) -> bool {
        self.get("name").map_or("", Value::as_str) == name || self.is_default && name == "default"
    }
}

pub(super) fn read(source: &Source<'_>) -> Vec<Tunnel> {
    let entries = entries(source);
    let of = |section: &'static str| entries.iter().filter(move |entry| entry.section == section);
    let mut tunnels = Vec::new();
    for peer in of("peer").filter(|peer| peer.get("disabled").is_none_or(|value| value.as_str() != "yes")) {
        let name = peer.get("name").map_or("", Value::as_str);
        let belongs = |entry: &&Entry| entry.get("peer").is_some_and(|own| own.as_str() == name);
        let identity = of("identity").find(belongs);
        let policies: Vec<&Entry> = of("policy").filter(belongs).collect();
        let profile = peer.get("profile").map_or("default", Value::as_str);
        let profile = of("profile").find(|entry| entry.is(profile));
        let each: Vec<Option<&Entry>> =
            if policies.is_empty() { vec![None] } else { policies.into_iter().map(Some).collect() };
        for policy in each {
            let mut tunnel = Tunnel::new(name);
            set_peer(source, &mut tunnel, peer);
            ike(source, &mut tunnel, profile);
            if let Some(identity) = identity {
                set_identity(source, &mut tunnel, identity);
            }
            let proposal = policy.and_then(|policy| policy.get("proposal")).map_or("default", Value::as_str);
            child(source, &mut tunnel, of("proposal").find(|entry| entry.is(proposal)));
            if let Some(policy) = policy {
                let selector = |name: &str| match policy.get(name) {
                    Some(value) if is_network(value.as_str()) => Known::Complete(vec![item(value)]),
                    _ => Known::Unknown,
                };
                tunnel.peering.local_selectors = selector("src-address");
                tunnel.peering.remote_selectors = selector("dst-address");
                // `tunnel` is `no` where it is not written.
                tunnel.peering.transport = policy.get("tunnel").is_none_or(|value| value.as_str() != "yes");
            }
            tunnels.push(tunnel);
        }
    }
    tunnels
}

fn set_peer(source: &Source<'_>, tunnel: &mut Tunnel, peer: &Entry) {
    let mode = setting(source, Some(peer), "peer", "exchange-mode");
    let mode = mode.as_ref().map(Value::as_str);
    tunnel.version = Some(if mode == Some("ike2") { IkeVersion::V2 } else { IkeVersion::V1 });
    tunnel.peering.aggressive = mode == Some("aggressive");
    if let Some(address) = peer.get("address") {
        let text = address.as_str().trim_end_matches("/32");
        tunnel.also(text);
        if is_network(text) {
            let item = Item { name: Name::new(text), origin: Some(address.origin().clone()) };
            tunnel.peering.remote_addresses.push(item);
        }
    }
    if let Some(address) = peer.get("local-address") {
        tunnel.peering.local_addresses.push(item(address));
    }
}

/// What an entry has, or the product of its own.
fn setting(source: &Source<'_>, entry: Option<&Entry>, section: &str, name: &str) -> Option<Value> {
    let written = entry.and_then(|entry| entry.get(name)).cloned();
    written.or_else(|| default("routeros", &source.version, &format!("{section} {name}")))
}

fn commas(value: &Value) -> Vec<Value> {
    value.split(|letter| letter == ',')
}

fn ike(source: &Source<'_>, tunnel: &mut Tunnel, profile: Option<&Entry>) {
    let mut suite = Suite::default();
    let of = "routeros ike";
    for (name, slot) in [
        ("enc-algorithm", Slot::Encryption),
        ("hash-algorithm", Slot::Integrity),
        ("prf-algorithm", Slot::Prf),
        ("dh-group", Slot::Group),
    ] {
        match setting(source, profile, "profile", name) {
            // `auto` is the hash.
            Some(value) if slot == Slot::Prf && value.as_str() == "auto" => {}
            Some(value) => suite.add_all(of, slot, &commas(&value)),
            None if slot == Slot::Prf => {}
            None => suite.missing(&format!("`{name}` of the profile"), "`/ip ipsec profile print detail`"),
        }
    }
    tunnel.ike = proposals(SaProtocol::Ike, &[suite], tunnel.version, &mut tunnel.notes);
    tunnel.lifetime("the IKE SA", profile.and_then(|profile| profile.get("lifetime")));
}

fn child(source: &Source<'_>, tunnel: &mut Tunnel, proposal: Option<&Entry>) {
    let mut suite = Suite::default();
    let of = "routeros esp";
    for (name, slot) in
        [("enc-algorithms", Slot::Encryption), ("auth-algorithms", Slot::Integrity), ("pfs-group", Slot::Group)]
    {
        match setting(source, proposal, "proposal", name) {
            Some(value) if slot == Slot::Group && value.as_str() == "none" => {}
            // With ciphers that have their own integrity it is empty.
            Some(value) => suite.add_all(of, slot, &commas(&value)),
            None => suite.missing(&format!("`{name}` of the proposal"), "`/ip ipsec proposal print detail`"),
        }
    }
    tunnel.child = proposals(SaProtocol::Esp, &[suite], tunnel.version, &mut tunnel.notes);
    tunnel.lifetime("the tunnel", proposal.and_then(|proposal| proposal.get("lifetime")));
}

fn set_identity(source: &Source<'_>, tunnel: &mut Tunnel, identity: &Entry) {
    let method = setting(source, Some(identity), "identity", "auth-method");
    match method.as_ref().map(Value::as_str) {
        Some("pre-shared-key") => tunnel.methods("psk", method.as_ref()),
        Some("digital-signature" | "rsa-key") => tunnel.methods("pubkey", method.as_ref()),
        _ => {}
    }
    let secret = identity.get("secret");
    tunnel.key(secret.and_then(|value| Some((source.secret(value)?, value))));
    // `fqdn:a.example`, `address:192.0.2.1`, `user-fqdn:a@b`; `auto` is the address.
    let id = |name: &str| {
        let value = identity.get(name)?;
        let (kind, text) = value.as_str().split_once(':')?;
        let kept = if kind == "key-id" { format!("keyid:{text}") } else { text.to_owned() };
        (!text.is_empty()).then(|| Item { name: Name::new(&kept), origin: Some(value.origin().clone()) })
    };
    tunnel.peering.local.identity = id("my-id");
    tunnel.peering.remote.identity = id("remote-id");
}

/// The entries of `/ip ipsec`. A line goes on behind a `\` at its end.
fn entries(source: &Source<'_>) -> Vec<Entry> {
    let file = &source.file;
    let mut all: Vec<Entry> = Vec::new();
    let mut section: Option<String> = None;
    let mut goes_on = false;
    for range in ranges(file) {
        let text = file.text.get(range.clone()).unwrap_or_default();
        let continued = goes_on;
        goes_on = text.ends_with(b"\\");
        let end = range.end - usize::from(goes_on);
        if let (Some(rest), false) = (text.strip_prefix(b"/"), continued) {
            section = rest.strip_prefix(b"ip ipsec ").map(|name| {
                let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
                name.split_whitespace().next().unwrap_or_default().to_owned()
            });
        }
        let Some(section) = &section else { continue };
        if !continued {
            // A command may stand on the line of its section.
            let is_default = memchr::memmem::find(text, b"default=yes").is_some();
            let is_entry = |word: &[u8]| memchr::memmem::find(text, word).is_some();
            if !is_entry(b"add ") && !is_entry(b"set ") {
                continue;
            }
            all.push(Entry { section: section.clone(), is_default, settings: Vec::new() });
        }
        if let Some(entry) = all.last_mut() {
            settings(source, range.start..end, &mut entry.settings);
        }
    }
    all
}

/// `name=value` and `name="value"` of a line.
fn settings(source: &Source<'_>, range: std::ops::Range<usize>, into: &mut Vec<(String, Value)>) {
    let file = &source.file;
    let text = &file.text;
    let mut at = range.start;
    while at < range.end {
        let rest = text.get(at..range.end).unwrap_or_default();
        let length = rest.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'=').unwrap_or(rest.len());
        let name = String::from_utf8_lossy(rest.get(..length).unwrap_or_default()).into_owned();
        at += length;
        if text.get(at) != Some(&b'=') || at >= range.end {
            at += 1;
            continue;
        }
        at += 1;
        let rest = text.get(at..range.end).unwrap_or_default();
        let (start, length, behind) = match rest.strip_prefix(b"\"") {
            Some(inner) => {
                let length = inner.iter().position(|byte| *byte == b'"').unwrap_or(inner.len());
                (at + 1, length, length + 2)
            }
            None => {
                let length = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                (at, length, length)
            }
        };
        into.push((name, value(file, start..start + length)));
        at += behind.max(1);
    }
}
