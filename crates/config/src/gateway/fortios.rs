//! FortiGate (FortiOS).

use std::sync::Arc;

use shakedown_model::ike::{IkeVersion, SaProtocol};
use shakedown_model::{Item, Known, Name, Slot};

use super::suite::{Suite, default, means, proposals};
use super::text::{Line, is_network, network, ranges, words};
use super::{Source, Tunnel, item};
use crate::value::Value;

/// An `edit` block: what it is of, its name, and its settings.
struct Edit {
    of: &'static str,
    name: Value,
    settings: Line,
}

pub(super) fn read(source: &Source<'_>) -> Vec<Tunnel> {
    let edits = edits(source);
    let mut tunnels = Vec::new();
    for phase1 in edits.iter().filter(|edit| edit.of == "phase1") {
        let belongs = |edit: &&Edit| {
            let name = edit.settings.value(&["set", "phase1name"]);
            edit.of == "phase2" && name.is_some_and(|name| name.as_str() == phase1.name.as_str())
        };
        let children: Vec<&Edit> = edits.iter().filter(belongs).collect();
        if children.is_empty() {
            tunnels.push(tunnel(source, phase1, None));
        }
        tunnels.extend(children.into_iter().map(|phase2| tunnel(source, phase1, Some(phase2))));
    }
    tunnels
}

/// The blocks of `config vpn ipsec phase1-interface` and its like; `config` and `end` may be nested.
fn edits(source: &Source<'_>) -> Vec<Edit> {
    let mut all: Vec<Edit> = Vec::new();
    // What each open `config` is of.
    let mut open: Vec<Option<&'static str>> = Vec::new();
    for range in ranges(&source.file) {
        let text = source.file.text.get(range.clone()).unwrap_or_default().trim_ascii();
        if let Some(rest) = text.strip_prefix(b"config ") {
            let of = match rest.trim_ascii() {
                b"vpn ipsec phase1-interface" | b"vpn ipsec phase1" => Some("phase1"),
                b"vpn ipsec phase2-interface" | b"vpn ipsec phase2" => Some("phase2"),
                _ => None,
            };
            open.push(of);
        } else if text == b"end" {
            open.pop();
        } else if let Some(Some(of)) = open.last().copied() {
            let mut words = words(&Arc::clone(&source.file), range);
            match words.first().map(Value::as_str) {
                Some("edit") if words.len() > 1 => {
                    let name = words.swap_remove(1);
                    all.push(Edit { of, name, settings: Line::default() });
                }
                Some("set") => {
                    if let Some(edit) = all.last_mut() {
                        edit.settings.inner.push(Line { words, inner: Vec::new() });
                    }
                }
                _ => {}
            }
        }
    }
    all
}

fn tunnel(source: &Source<'_>, phase1: &Edit, phase2: Option<&Edit>) -> Tunnel {
    let one = &phase1.settings;
    let own = |setting: &str| default("fortios", &source.version, setting);
    let mut tunnel = Tunnel::new(phase1.name.as_str());
    let written = one.value(&["set", "ike-version"]).cloned().or_else(|| own("ike-version"));
    tunnel.version = match written.as_ref().map(Value::as_str) {
        Some("2") => Some(IkeVersion::V2),
        _ => Some(IkeVersion::V1),
    };
    let groups = |settings: &Line| -> Vec<Value> {
        match settings.inner(&["set", "dhgrp"]) {
            Some(words) => words.to_vec(),
            None => own("dhgrp").map(|value| value.split(|letter| letter == ' ')).unwrap_or_default(),
        }
    };
    let list = |settings: &Line, setting: &str| -> Vec<Value> {
        match settings.inner(&["set", "proposal"]) {
            Some(words) => words.to_vec(),
            None => own(setting).map(|value| value.split(|letter| letter == ' ')).unwrap_or_default(),
        }
    };
    let shows = "`show full-configuration vpn ipsec phase1-interface`";
    let suites = suites(&list(one, "phase1 proposal"), &groups(one), true, shows);
    tunnel.ike = proposals(SaProtocol::Ike, &suites, tunnel.version, &mut tunnel.notes);
    if let Some(address) = one.value(&["set", "remote-gw"]).filter(|address| address.as_str() != "0.0.0.0") {
        tunnel.also(address.as_str());
        tunnel.peering.remote_addresses.push(item(address));
    }
    if let Some(address) = one.value(&["set", "local-gw"]).filter(|address| address.as_str() != "0.0.0.0") {
        tunnel.peering.local_addresses.push(item(address));
    }
    tunnel.peering.aggressive = one.value(&["set", "mode"]).is_some_and(|mode| mode.as_str() == "aggressive");
    let method = one.value(&["set", "authmethod"]).cloned().or_else(|| own("authmethod"));
    match method.as_ref().map(Value::as_str) {
        Some("psk") => tunnel.methods("psk", method.as_ref()),
        Some("signature") => tunnel.methods("pubkey", method.as_ref()),
        _ => {}
    }
    let kind = one.value(&["set", "localid-type"]).map_or("auto", Value::as_str);
    tunnel.peering.local.identity = one.value(&["set", "localid"]).map(|value| super::identity(kind, value));
    let by_id = one.value(&["set", "peertype"]).is_some_and(|kind| kind.as_str() == "one");
    if by_id || one.value(&["set", "peertype"]).is_none() {
        tunnel.peering.remote.identity = one.value(&["set", "peerid"]).map(item);
    }
    let secret = one.value(&["set", "psksecret"]);
    tunnel.key(secret.and_then(|value| Some((source.secret(value)?, value))));
    tunnel.lifetime("the IKE SA", one.value(&["set", "keylife"]));
    if let Some(phase2) = phase2 {
        child(source, &mut tunnel, phase2, &own, (&list, &groups));
    }
    tunnel
}

type Lists<'a> = (&'a dyn Fn(&Line, &str) -> Vec<Value>, &'a dyn Fn(&Line) -> Vec<Value>);

fn child(
    source: &Source<'_>,
    tunnel: &mut Tunnel,
    phase2: &Edit,
    own: &dyn Fn(&str) -> Option<Value>,
    (list, groups): Lists<'_>,
) {
    let _ = source;
    let two = &phase2.settings;
    tunnel.also(phase2.name.as_str());
    let pfs = two.value(&["set", "pfs"]).cloned().or_else(|| own("pfs"));
    let pfs = pfs.is_none_or(|value| value.as_str() == "enable");
    let groups = if pfs { groups(two) } else { Vec::new() };
    let shows = "`show full-configuration vpn ipsec phase2-interface`";
    let mut suites = suites(&list(two, "phase2 proposal"), &groups, false, shows);
    if pfs && groups.is_empty() {
        suites.iter_mut().for_each(|suite| suite.missing("the group of phase 2 (`set dhgrp`)", shows));
    }
    tunnel.child = proposals(SaProtocol::Esp, &suites, tunnel.version, &mut tunnel.notes);
    let selector = |end: &str| -> Known<Vec<Item>> {
        let kind = two.value(&["set", &format!("{end}-addr-type")]).map_or("subnet", Value::as_str);
        let subnet = two.inner(&["set", &format!("{end}-subnet")]);
        match (kind, subnet) {
            ("subnet", None) => Known::Complete(vec![Item::new("0.0.0.0/0")]),
            ("subnet", Some([address, mask])) => match network(address.as_str(), mask.as_str(), false) {
                Some(text) => {
                    Known::Complete(vec![Item { name: Name::new(&text), origin: Some(address.origin().clone()) }])
                }
                None => Known::Unknown,
            },
            ("subnet", Some([network])) if is_network(network.as_str()) => Known::Complete(vec![item(network)]),
            _ => Known::Unknown,
        }
    };
    tunnel.peering.transport =
        two.value(&["set", "encapsulation"]).is_some_and(|mode| mode.as_str() == "transport-mode");
    tunnel.peering.local_selectors = selector("src");
    tunnel.peering.remote_selectors = selector("dst");
    tunnel.lifetime("the tunnel", two.value(&["set", "keylifeseconds"]));
}

/// `aes256-sha256`, `aes256gcm-prfsha384`, `aes256gcm`: each a proposal, with all groups.
fn suites(list: &[Value], groups: &[Value], ike: bool, shows: &str) -> Vec<Suite> {
    let mut all = Vec::new();
    for word in list {
        let mut suite = Suite::default();
        for (index, part) in word.split(|letter| letter == '-').iter().enumerate() {
            let slot = match index {
                0 => Slot::Encryption,
                _ if means("fortios", Slot::Prf, part.as_str()).is_some() => Slot::Prf,
                _ => Slot::Integrity,
            };
            suite.add("fortios", slot, part);
        }
        groups.iter().for_each(|group| suite.add_group(group));
        if ike && groups.is_empty() {
            suite.missing("the group of phase 1 (`set dhgrp`)", shows);
        }
        all.push(suite);
    }
    if all.is_empty() {
        let mut suite = Suite::default();
        suite.missing("a proposal", shows);
        all.push(suite);
    }
    all
}
