//! Juniper SRX (Junos), with braces or as `set` commands.

use shakedown_model::ike::{IkeVersion, SaProtocol};
use shakedown_model::{Item, Known, Name, Slot};

use super::suite::{Suite, means, proposals};
use super::text::is_network;
use super::tree::{Node, at, braces, set_commands};
use super::{Source, Tunnel, item};
use crate::value::Value;

pub(super) fn read(source: &Source<'_>) -> Vec<Tunnel> {
    let commands = set_commands(&source.file, &["set security ike ", "set security ipsec "]);
    let tree = if commands.is_empty() { braces(&source.file, &["security", "ike", "ipsec"]) } else { commands };
    // A part of a configuration may begin below `security`.
    let below = |name: &str| at(&tree, &["security", name]).or_else(|| at(&tree, &[name]));
    let (Some(ike), ipsec) = (below("ike"), below("ipsec")) else { return Vec::new() };
    let junos = Junos { source, ike, ipsec };
    let mut tunnels = Vec::new();
    for vpns in ipsec.into_iter().flat_map(|ipsec| ipsec.all("vpn")) {
        for vpn in &vpns.inner {
            let gateway = vpn.value(&["ike", "gateway"]);
            let gateway = gateway.and_then(|name| ike.at(&["gateway", name.as_str()]));
            let Some(gateway) = gateway else { continue };
            let mut tunnel = junos.gateway(vpn.word.as_str(), gateway);
            junos.child(&mut tunnel, vpn);
            tunnels.push(tunnel);
        }
    }
    if tunnels.is_empty() {
        let gateways = ike.all("gateway").flat_map(|gateways| &gateways.inner);
        tunnels.extend(gateways.map(|gateway| junos.gateway(gateway.word.as_str(), gateway)));
    }
    tunnels
}

struct Junos<'a> {
    source: &'a Source<'a>,
    ike: &'a Node,
    ipsec: Option<&'a Node>,
}

impl Junos<'_> {
    fn gateway(&self, name: &str, gateway: &Node) -> Tunnel {
        let mut tunnel = Tunnel::new(name);
        tunnel.also(gateway.word.as_str());
        match gateway.value(&["version"]).map(Value::as_str) {
            Some("v2-only") => tunnel.version = Some(IkeVersion::V2),
            Some("v1-only") => tunnel.version = Some(IkeVersion::V1),
            _ => tunnel.notes.push(
                "the gateway has no `version`: which version of IKE it begins with depends on the release; `show security \
                 ike security-associations detail` would tell"
                    .to_owned(),
            ),
        }
        if let Some(address) = gateway.value(&["address"]) {
            tunnel.also(address.as_str());
            tunnel.peering.remote_addresses.push(item(address));
        }
        if let Some(address) = gateway.value(&["local-address"]) {
            tunnel.peering.local_addresses.push(item(address));
        }
        // `local-identity inet 192.0.2.1`, `hostname a`, `user-at-hostname "a@b"`.
        let identity = |which: &str| {
            let kind = gateway.at(&[which])?.inner.first()?;
            let known = matches!(kind.word.as_str(), "inet" | "inet6" | "hostname" | "user-at-hostname" | "key-id");
            kind.inner.first().filter(|_| known).map(|node| super::identity(kind.word.as_str(), &node.word))
        };
        tunnel.peering.local.identity = identity("local-identity");
        tunnel.peering.remote.identity = identity("remote-identity");
        let policy = gateway.value(&["ike-policy"]).and_then(|name| self.ike.at(&["policy", name.as_str()]));
        let Some(policy) = policy else {
            tunnel.notes.push("the IKE policy of the gateway is not in the text".to_owned());
            return tunnel;
        };
        tunnel.also(policy.word.as_str());
        tunnel.peering.aggressive = policy.value(&["mode"]).is_some_and(|mode| mode.as_str() == "aggressive");
        let mut suites = self.named_set(policy);
        let mut methods: Vec<&Value> = Vec::new();
        for name in policy.values(&["proposals"]) {
            match self.ike.at(&["proposal", name.as_str()]) {
                Some(proposal) => {
                    suites.push(ike_suite(proposal));
                    methods.extend(proposal.value(&["authentication-method"]));
                    tunnel.lifetime("the IKE SA", proposal.value(&["lifetime-seconds"]));
                }
                None => suites.push(absent(name)),
            }
        }
        tunnel.ike = proposals(SaProtocol::Ike, &suites, tunnel.version, &mut tunnel.notes);
        if let Some(first) = methods.first()
            && methods.iter().all(|method| method.as_str() == first.as_str())
        {
            match first.as_str() {
                "pre-shared-keys" => tunnel.methods("psk", Some(first)),
                word if word.contains("signature") || word == "certificates" => tunnel.methods("pubkey", Some(first)),
                _ => {}
            }
        }
        let secret = policy.value(&["pre-shared-key", "ascii-text"]);
        tunnel.key(secret.and_then(|value| Some((self.source.secret(value)?, value))));
        tunnel
    }

    /// A set of proposals that the product has by name: their members are in no source that was found.
    fn named_set(&self, policy: &Node) -> Vec<Suite> {
        let named = policy.value(&["proposal-set"]);
        let open = |name: &Value| {
            format!(
                "what the proposal set `{}` holds is not known here: the documentation of its release, or proposals of one's \
                 own in its place, would tell",
                Name::new(name.as_str())
            )
        };
        named.map(|name| Suite { open: vec![open(name)], ..Suite::default() }).into_iter().collect()
    }

    fn child(&self, tunnel: &mut Tunnel, vpn: &Node) {
        let Some(ipsec) = self.ipsec else { return };
        let policy = vpn.value(&["ike", "ipsec-policy"]).and_then(|name| ipsec.at(&["policy", name.as_str()]));
        let Some(policy) = policy else { return };
        let mut suites = self.named_set(policy);
        for name in policy.values(&["proposals"]) {
            match ipsec.at(&["proposal", name.as_str()]) {
                Some(proposal) => {
                    let mut suite = Suite::default();
                    suite.add_all("junos esp", Slot::Encryption, proposal.value(&["encryption-algorithm"]));
                    suite.add_all("junos esp", Slot::Integrity, proposal.value(&["authentication-algorithm"]));
                    if suite.encryption.is_empty() && suite.open.is_empty() {
                        suite.missing(
                            "the encryption of an IPsec proposal",
                            "`show security ipsec security-associations detail`",
                        );
                    }
                    suites.push(suite);
                    tunnel.lifetime("the tunnel", proposal.value(&["lifetime-seconds"]));
                }
                None => suites.push(absent(name)),
            }
        }
        for group in policy.values(&["perfect-forward-secrecy", "keys"]) {
            suites.iter_mut().for_each(|suite| suite.add_group(group));
        }
        tunnel.child = proposals(SaProtocol::Esp, &suites, tunnel.version, &mut tunnel.notes);
        let mut pairs: Vec<(&Value, &Value)> = Vec::new();
        for selector in vpn.all("traffic-selector").flat_map(|all| &all.inner) {
            pairs.extend(selector.value(&["local-ip"]).zip(selector.value(&["remote-ip"])));
        }
        let identity = vpn.at(&["ike", "proxy-identity"]);
        if let Some(identity) = identity {
            pairs.extend(identity.value(&["local"]).zip(identity.value(&["remote"])));
        }
        if !pairs.is_empty() {
            let known = |values: Vec<&Value>| match values.iter().all(|value| is_network(value.as_str())) {
                true => Known::Complete(values.into_iter().map(item).collect()),
                false => Known::Unknown,
            };
            tunnel.peering.local_selectors = known(pairs.iter().map(|(local, _)| *local).collect());
            tunnel.peering.remote_selectors = known(pairs.iter().map(|(_, remote)| *remote).collect());
        } else if vpn.at(&["bind-interface"]).is_some() {
            let all = Known::Complete(vec![Item::new("0.0.0.0/0")]);
            tunnel.peering.local_selectors = all.clone();
            tunnel.peering.remote_selectors = all;
        }
    }
}

fn absent(name: &Value) -> Suite {
    let open = vec![format!("the proposal `{}` is not in the text", Name::new(name.as_str()))];
    Suite { open, ..Suite::default() }
}

fn ike_suite(proposal: &Node) -> Suite {
    let of = "junos ike";
    let mut suite = Suite::default();
    suite.add_all(of, Slot::Encryption, proposal.value(&["encryption-algorithm"]));
    if let Some(hash) = proposal.value(&["authentication-algorithm"]) {
        suite.add(of, Slot::Integrity, hash);
        if means(of, Slot::Prf, hash.as_str()).is_some() {
            suite.add(of, Slot::Prf, hash);
        }
    }
    if let Some(group) = proposal.value(&["dh-group"]) {
        suite.add_group(group);
    }
    if suite.open.is_empty() && (suite.encryption.is_empty() || suite.group.is_empty() || suite.prf.is_empty()) {
        suite.missing(
            &format!("a part of the proposal `{}`", Name::new(proposal.word.as_str())),
            "`show security ike security-associations detail`",
        );
    }
    suite
}
