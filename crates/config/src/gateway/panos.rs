//! Palo Alto Networks (PAN-OS): the XML of a configuration, or `set` commands.

use shakedown_model::ike::{IkeVersion, SaProtocol};
use shakedown_model::{Item, Known, Name, Slot};

use super::suite::{Suite, default, proposals};
use super::text::is_network;
use super::tree::{Node, set_commands, xml};
use super::{Source, Tunnel, item};
use crate::value::Value;

pub(super) fn read(source: &Source<'_>) -> Vec<Tunnel> {
    // Both forms come to the words below `network`.
    let networks: Vec<Node> = if source.file.text.trim_ascii_start().starts_with(b"<") {
        xml(&source.file, &["network", "ike", "tunnel"])
    } else {
        let tree = set_commands(
            &source.file,
            &[" network ike ", " network tunnel ", "set network ike ", "set network tunnel "],
        );
        // `set template T config devices ... network ike ...` of Panorama stands deeper.
        let mut found = Vec::new();
        for node in tree {
            descend(node, &mut found, 0);
        }
        found
    };
    let mut tunnels = Vec::new();
    for network in &networks {
        let inner = std::slice::from_ref(network);
        let ike =
            if network.word.as_str() == "ike" { Some(network) } else { super::tree::at(inner, &["network", "ike"]) };
        let Some(ike) = ike else { continue };
        let ipsec = network.at(&["tunnel", "ipsec"]);
        // A part of a configuration may have `ike` and `tunnel` beside each other.
        let beside = || networks.iter().find(|node| node.word.as_str() == "tunnel")?.at(&["ipsec"]);
        let panos = Panos { source, ike };
        for gateway in ike.all("gateway").flat_map(|gateways| &gateways.inner) {
            let uses = |vpn: &&Node| {
                vpn.at(&["auto-key", "ike-gateway"])
                    .is_some_and(|node| node.inner.iter().any(|one| one.word.as_str() == gateway.word.as_str()))
            };
            let vpns: Vec<&Node> =
                ipsec.or_else(beside).into_iter().flat_map(|ipsec| &ipsec.inner).filter(uses).collect();
            if vpns.is_empty() {
                tunnels.push(panos.gateway(gateway.word.as_str(), gateway));
            }
            for vpn in vpns {
                let proxies: Vec<Option<&Node>> = match vpn.at(&["auto-key", "proxy-id"]) {
                    Some(all) if !all.inner.is_empty() => all.inner.iter().map(Some).collect(),
                    _ => vec![None],
                };
                for proxy in proxies {
                    let mut tunnel = panos.gateway(vpn.word.as_str(), gateway);
                    panos.child(&mut tunnel, vpn, proxy);
                    tunnels.push(tunnel);
                }
            }
        }
    }
    tunnels
}

fn descend(node: Node, found: &mut Vec<Node>, depth: usize) {
    if node.word.as_str() == "network" {
        found.push(node);
    } else if depth < 12 {
        node.inner.into_iter().for_each(|inner| descend(inner, found, depth + 1));
    }
}

struct Panos<'a> {
    source: &'a Source<'a>,
    ike: &'a Node,
}

impl Panos<'_> {
    fn gateway(&self, name: &str, gateway: &Node) -> Tunnel {
        let mut tunnel = Tunnel::new(name);
        tunnel.also(gateway.word.as_str());
        let protocol = gateway.at(&["protocol"]);
        let written = protocol.and_then(|protocol| protocol.value(&["version"])).cloned();
        let version = written.or_else(|| default("pan-os", &self.source.version, "ike version"));
        let version = version.as_ref().map(Value::as_str);
        // With `ikev2-preferred` both are spoken, and IKEv2 is begun with.
        tunnel.version = match version {
            Some("ikev2") => Some(IkeVersion::V2),
            Some("ikev2-preferred") => None,
            _ => Some(IkeVersion::V1),
        };
        let section = if tunnel.version == Some(IkeVersion::V1) { "ikev1" } else { "ikev2" };
        let profile = protocol.and_then(|protocol| protocol.value(&[section, "ike-crypto-profile"]));
        let suite = self.profile("ike", profile);
        tunnel.ike = proposals(SaProtocol::Ike, &[suite], tunnel.version, &mut tunnel.notes);
        let mode = protocol.and_then(|protocol| protocol.value(&["ikev1", "exchange-mode"]));
        tunnel.peering.aggressive = mode.is_some_and(|mode| mode.as_str() == "aggressive");
        if let Some(address) = gateway.value(&["peer-address", "ip"]) {
            tunnel.also(address.as_str());
            tunnel.peering.remote_addresses.push(item(address));
        }
        if let Some(address) = gateway.value(&["local-address", "ip"])
            && is_network(address.as_str())
        {
            let text = address.as_str().split('/').next().unwrap_or_default();
            tunnel.peering.local_addresses.push(Item { name: Name::new(text), origin: Some(address.origin().clone()) });
        }
        let identity = |which: &str| {
            let kind = gateway.value(&[which, "type"]).map_or("", Value::as_str);
            gateway.value(&[which, "id"]).map(|value| super::identity(kind, value))
        };
        tunnel.peering.local.identity = identity("local-id");
        tunnel.peering.remote.identity = identity("peer-id");
        if let Some(way) = gateway.at(&["authentication"]).and_then(|node| node.inner.first()) {
            match way.word.as_str() {
                "pre-shared-key" => tunnel.methods("psk", Some(&way.word)),
                "certificate" => tunnel.methods("pubkey", Some(&way.word)),
                _ => {}
            }
        }
        tunnel
    }

    /// A crypto profile by its name: of the text, or one that comes with the product.
    fn profile(&self, of: &str, name: Option<&Value>) -> Suite {
        let mut suite = Suite::default();
        let words = format!("panos {of}");
        let section = if of == "ike" { "ike-crypto-profiles" } else { "ipsec-crypto-profiles" };
        let named = name.map_or("default", Value::as_str);
        let Some(profile) = self.ike.at(&["crypto-profiles", section, named]) else {
            match default("pan-os", &self.source.version, &format!("{of} {named}")) {
                Some(value) => {
                    let parts = value.split(|letter| letter == '/');
                    let part = |index: usize| {
                        parts.get(index).map(|part| part.split(|letter| letter == ' ')).unwrap_or_default()
                    };
                    suite.add_all(&words, Slot::Encryption, &part(0));
                    suite.add_all(&words, Slot::Integrity, &part(1));
                    part(2).iter().for_each(|group| suite.add_group(group));
                }
                None => suite.open.push(format!("the crypto profile `{}` is not in the text", Name::new(named))),
            }
            return suite;
        };
        let list = |path: &[&str]| profile.values(path);
        let (encryption, integrity): (&[&str], &[&str]) = match of {
            "ike" => (&["encryption"], &["hash"]),
            _ => (&["esp", "encryption"], &["esp", "authentication"]),
        };
        suite.add_all(&words, Slot::Encryption, list(encryption));
        suite.add_all(&words, Slot::Integrity, list(integrity));
        for group in list(&["dh-group"]).into_iter().filter(|group| group.as_str() != "no-pfs") {
            suite.add_group(group);
        }
        let no_group = profile.at(&["dh-group"]).is_none();
        if suite.encryption.is_empty() || no_group {
            suite.missing(&format!("a part of the crypto profile `{}`", Name::new(named)), "`show vpn ike-sa detail`");
        }
        suite
    }

    fn child(&self, tunnel: &mut Tunnel, vpn: &Node, proxy: Option<&Node>) {
        let suite = self.profile("esp", vpn.value(&["auto-key", "ipsec-crypto-profile"]));
        tunnel.child = proposals(SaProtocol::Esp, &[suite], tunnel.version, &mut tunnel.notes);
        let Some(proxy) = proxy else {
            let all = Known::Complete(vec![Item::new("0.0.0.0/0")]);
            tunnel.peering.local_selectors = all.clone();
            tunnel.peering.remote_selectors = all;
            return;
        };
        tunnel.also(proxy.word.as_str());
        let any = proxy.at(&["protocol"]).is_none() || proxy.at(&["protocol", "any"]).is_some();
        let selector = |end: &str| match proxy.value(&[end]) {
            Some(value) if any && is_network(value.as_str()) => Known::Complete(vec![item(value)]),
            _ => Known::Unknown,
        };
        tunnel.peering.local_selectors = selector("local");
        tunnel.peering.remote_selectors = selector("remote");
    }
}
