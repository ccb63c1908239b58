//! The gateways of clouds: what their command lines print.

use shakedown_model::ike::{IkeVersion, SaProtocol};
use shakedown_model::{Item, Known, Name, Role, Slot};

use super::suite::{Suite, default, proposals};
use super::text::is_network;
use super::tree::{self, xml};
use super::{Source, Tunnel, item};
use crate::value::Value;
use crate::yaml::{self, Node};

/// How deep a text is looked into.
const DEEPEST: usize = 12;

/// All mappings of the documents that have one of these keys, the outermost first.
fn having<'a>(nodes: &'a [Node], keys: &[&str]) -> Vec<&'a Node> {
    fn walk<'a>(node: &'a Node, keys: &[&str], found: &mut Vec<&'a Node>, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match node {
            Node::Mapping(entries) => {
                if keys.iter().any(|key| node.get(key).is_some()) {
                    found.push(node);
                    return;
                }
                entries.iter().for_each(|(_, value)| walk(value, keys, found, depth + 1));
            }
            Node::Sequence(elements) => elements.iter().for_each(|one| walk(one, keys, found, depth + 1)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    nodes.iter().for_each(|node| walk(node, keys, &mut found, 0));
    found
}

fn text<'a>(node: &'a Node, path: &[&str]) -> Option<&'a Value> {
    node.at(path)?.scalar().filter(|value| !matches!(value.as_str(), "" | "null"))
}

/// The values of a list: plain ones, or AWS' `{"Value": "AES256"}`.
fn values<'a>(node: &'a Node, name: &str) -> Option<Vec<&'a Value>> {
    let Node::Sequence(elements) = node.get(name)? else { return None };
    let of = |one: &'a Node| one.scalar().or_else(|| one.get("Value").and_then(Node::scalar));
    let values: Vec<&Value> = elements.iter().filter_map(of).collect();
    (!values.is_empty()).then_some(values)
}

/// `describe-vpn-connections`, or the XML for the customer gateway.
pub(super) fn aws(source: &Source<'_>) -> Vec<Tunnel> {
    if source.file.text.trim_ascii_start().starts_with(b"<") {
        return aws_xml(source);
    }
    let document = yaml::parse(&source.file);
    let mut tunnels = Vec::new();
    for connection in having(&document.documents, &["VpnConnectionId", "TunnelOptions"]) {
        let id = text(connection, &["VpnConnectionId"]).map_or("tunnel", Value::as_str);
        let options = connection.get("Options").unwrap_or(connection);
        let Some(Node::Sequence(each)) = options.get("TunnelOptions") else { continue };
        for (index, one) in each.iter().enumerate() {
            let mut tunnel = Tunnel::new(&format!("{id}-{}", index + 1));
            tunnel.also(id);
            aws_tunnel(source, &mut tunnel, one);
            // Named from the customer's side.
            let selector = |name: &str| match text(options, &[name]) {
                Some(value) if is_network(value.as_str()) => Known::Complete(vec![item(value)]),
                Some(_) => Known::Unknown,
                None => Known::Complete(vec![Item::new("0.0.0.0/0")]),
            };
            tunnel.peering.local_selectors = selector("RemoteIpv4NetworkCidr");
            tunnel.peering.remote_selectors = selector("LocalIpv4NetworkCidr");
            tunnels.push(tunnel);
        }
    }
    tunnels
}

fn aws_tunnel(source: &Source<'_>, tunnel: &mut Tunnel, one: &Node) {
    if let Some(address) = text(one, &["OutsideIpAddress"]) {
        tunnel.also(address.as_str());
        tunnel.peering.local_addresses.push(item(address));
    }
    // Both unless one of them is asked for.
    let versions = values(one, "IkeVersions").unwrap_or_default();
    tunnel.version = match versions.as_slice() {
        [only] if only.as_str() == "ikev2" => Some(IkeVersion::V2),
        [only] if only.as_str() == "ikev1" => Some(IkeVersion::V1),
        _ => None,
    };
    for (phase, protocol) in [(1, SaProtocol::Ike), (2, SaProtocol::Esp)] {
        let own = default("aws-vpn", &source.version, &format!("phase{phase}"));
        let parts = own.map(|value| value.split(|letter| letter == '/')).unwrap_or_default();
        let list = |name: &str, index: usize| -> Vec<Value> {
            match values(one, &format!("Phase{phase}{name}")) {
                Some(values) => values.into_iter().cloned().collect(),
                None => parts.get(index).map(|part| part.split(|letter| letter == ' ')).unwrap_or_default(),
            }
        };
        let mut suite = Suite::default();
        suite.add_all("aws", Slot::Encryption, &list("EncryptionAlgorithms", 0));
        suite.add_all("aws", Slot::Integrity, &list("IntegrityAlgorithms", 1));
        list("DHGroupNumbers", 2).iter().for_each(|group| suite.add_group(group));
        let all = proposals(protocol, &[suite], tunnel.version, &mut tunnel.notes);
        match protocol {
            SaProtocol::Ike => tunnel.ike = all,
            _ => tunnel.child = all,
        }
    }
    tunnel.lifetime("the IKE SA", text(one, &["Phase1LifetimeSeconds"]));
    tunnel.lifetime("the tunnel", text(one, &["Phase2LifetimeSeconds"]));
    if let Some(key) = text(one, &["PreSharedKey"]) {
        tunnel.methods("psk", Some(key));
        tunnel.key(source.secret(key).map(|print| (print, key)));
    }
}

/// What AWS tells the customer to set up: one choice of each, of all that its end takes.
fn aws_xml(source: &Source<'_>) -> Vec<Tunnel> {
    let mut tunnels = Vec::new();
    for connection in xml(&source.file, &["vpn_connection"]) {
        let id = connection.value(&["id"]).map_or("tunnel", Value::as_str);
        for (index, one) in connection.all("ipsec_tunnel").enumerate() {
            let mut tunnel = Tunnel::new(&format!("{id}-{}", index + 1));
            tunnel.also(id);
            let address = |end: &str| one.value(&[end, "tunnel_outside_address", "ip_address"]);
            if let Some(address) = address("vpn_gateway") {
                tunnel.also(address.as_str());
                tunnel.peering.local_addresses.push(item(address));
            }
            tunnel.peering.remote_addresses.extend(address("customer_gateway").map(item));
            let suite = |section: &tree::Node| {
                let mut suite = Suite::default();
                suite.add_all("aws", Slot::Encryption, section.value(&["encryption_protocol"]));
                suite.add_all("aws", Slot::Integrity, section.value(&["authentication_protocol"]));
                section.value(&["perfect_forward_secrecy"]).into_iter().for_each(|group| suite.add_group(group));
                suite
            };
            let mut some = |name: &str, protocol: SaProtocol| match one.at(&[name]) {
                Some(section) => {
                    let all = proposals(protocol, &[suite(section)], None, &mut tunnel.notes);
                    Known::Partial { accepted: all.accepted().cloned().unwrap_or_default(), refused: Vec::new() }
                }
                None => Known::Unknown,
            };
            let (ike, child) = (some("ike", SaProtocol::Ike), some("ipsec", SaProtocol::Esp));
            (tunnel.ike, tunnel.child) = (ike, child);
            tunnel.notes.push(
                "this file names one choice of each for the customer: what else the gateway takes, `aws ec2 \
                 describe-vpn-connections` tells"
                    .to_owned(),
            );
            if let Some(key) = one.value(&["ike", "pre_shared_key"]) {
                tunnel.methods("psk", Some(key));
                tunnel.key(source.secret(key).map(|print| (print, key)));
            }
            tunnel.lifetime("the IKE SA", one.value(&["ike", "lifetime"]));
            tunnel.lifetime("the tunnel", one.value(&["ipsec", "lifetime"]));
            tunnels.push(tunnel);
        }
    }
    tunnels
}

/// A connection with its policies, or the policies alone.
pub(super) fn azure(source: &Source<'_>) -> Vec<Tunnel> {
    let document = yaml::parse(&source.file);
    let mut tunnels = Vec::new();
    let connections = having(&document.documents, &["ipsecPolicies", "properties"]);
    for connection in &connections {
        let below = connection.get("properties").unwrap_or(connection);
        let Some(policies) = below.get("ipsecPolicies") else { continue };
        let mut tunnel = Tunnel::new(text(connection, &["name"]).map_or("connection", Value::as_str));
        tunnel.version = match text(below, &["connectionProtocol"]).map(Value::as_str) {
            Some("IKEv1") => Some(IkeVersion::V1),
            _ => Some(IkeVersion::V2),
        };
        let address = text(below, &["localNetworkGateway2", "gatewayIpAddress"])
            .or_else(|| text(below, &["localNetworkGateway2", "properties", "gatewayIpAddress"]));
        if let Some(address) = address {
            tunnel.also(address.as_str());
            tunnel.peering.remote_addresses.push(item(address));
        }
        if let Some(key) = text(below, &["sharedKey"]) {
            tunnel.key(source.secret(key).map(|print| (print, key)));
        }
        tunnel.methods("psk", None);
        let policies = match policies {
            Node::Sequence(all) => all.as_slice(),
            _ => &[],
        };
        azure_policies(source, &mut tunnel, &policies.iter().collect::<Vec<_>>());
        tunnels.push(tunnel);
    }
    if tunnels.is_empty() {
        let policies = having(&document.documents, &["ikeEncryption"]);
        if !policies.is_empty() {
            let mut tunnel = Tunnel::new("policy");
            tunnel.version = Some(IkeVersion::V2);
            azure_policies(source, &mut tunnel, &policies);
            tunnels.push(tunnel);
        }
    }
    tunnels
}

fn azure_policies(source: &Source<'_>, tunnel: &mut Tunnel, policies: &[&Node]) {
    let of = "azure";
    let (mut ike, mut esp) = (Vec::new(), Vec::new());
    for policy in policies {
        let word = |name: &str| text(policy, &[name]);
        let (mut one, mut two) = (Suite::default(), Suite::default());
        one.add_all(of, Slot::Encryption, word("ikeEncryption"));
        one.add_all(of, Slot::Integrity, word("ikeIntegrity"));
        one.add_all(of, Slot::Group, word("dhGroup"));
        two.add_all(of, Slot::Encryption, word("ipsecEncryption"));
        two.add_all(of, Slot::Integrity, word("ipsecIntegrity"));
        match word("pfsGroup") {
            Some(group) if group.as_str() == "PFSMM" => two.group.clone_from(&one.group),
            Some(group) => two.add(of, Slot::Group, group),
            None => {}
        }
        two.group.retain(|group| group.name != *"none");
        tunnel.lifetime("the tunnel", word("saLifeTimeSeconds"));
        ike.push(one);
        esp.push(two);
    }
    if policies.is_empty() {
        // What a route-based gateway has of its own; for the tunnel that depends on who begins.
        for combination in
            default("azure-vpn", &source.version, "ike").iter().flat_map(|value| value.split(|letter| letter == ' '))
        {
            let mut suite = Suite::default();
            let slots = [Slot::Encryption, Slot::Integrity, Slot::Group];
            for (slot, word) in slots.into_iter().zip(combination.split(|letter| letter == '/')) {
                suite.add(of, slot, &word);
            }
            ike.push(suite);
        }
        let end = format!("esp {}", if source.role == Role::Client { "initiator" } else { "responder" });
        for combination in
            default("azure-vpn", &source.version, &end).iter().flat_map(|value| value.split(|letter| letter == ' '))
        {
            let mut suite = Suite::default();
            let slots = [Slot::Encryption, Slot::Integrity, Slot::Group];
            for (slot, word) in slots.into_iter().zip(combination.split(|letter| letter == '/')) {
                suite.add(of, slot, &word);
            }
            suite.group.retain(|group| group.name != *"none");
            esp.push(suite);
        }
        tunnel.notes.push(
            "the connection has no policy of its own: these are the gateway's documented defaults where it is route-based, and a \
             policy of one's own (`az network vpn-connection ipsec-policy add`) would settle them"
                .to_owned(),
        );
        tunnel.notes.push("keys of the IKE SA are renewed after 28800 seconds".to_owned());
        tunnel.notes.push("keys of the tunnel are renewed after 27000 seconds".to_owned());
    }
    tunnel.ike = proposals(SaProtocol::Ike, &ike, tunnel.version, &mut tunnel.notes);
    tunnel.child = proposals(SaProtocol::Esp, &esp, tunnel.version, &mut tunnel.notes);
}

/// `gcloud compute vpn-tunnels describe`, in JSON or YAML.
pub(super) fn gcp(source: &Source<'_>) -> Vec<Tunnel> {
    let document = yaml::parse(&source.file);
    let of = "gcp";
    let mut tunnels = Vec::new();
    for one in having(&document.documents, &["ikeVersion"]) {
        let mut tunnel = Tunnel::new(text(one, &["name"]).map_or("tunnel", Value::as_str));
        tunnel.version = match text(one, &["ikeVersion"]).map(Value::as_str) {
            Some("1") => Some(IkeVersion::V1),
            _ => Some(IkeVersion::V2),
        };
        if let Some(address) = text(one, &["peerIp"]) {
            tunnel.also(address.as_str());
            tunnel.peering.remote_addresses.push(item(address));
        }
        tunnel.methods("psk", None);
        if let Some(key) = text(one, &["sharedSecret"]) {
            tunnel.key(source.secret(key).map(|print| (print, key)));
        }
        let phase = |name: &str, lists: &[(&str, Slot)]| {
            let section = one.at(&["cipherSuite", name])?;
            let mut suite = Suite::default();
            for (list, slot) in lists {
                suite.add_all(of, *slot, values(section, list).unwrap_or_default());
            }
            Some(suite)
        };
        let first = phase(
            "phase1",
            &[
                ("encryption", Slot::Encryption),
                ("integrity", Slot::Integrity),
                ("prf", Slot::Prf),
                ("dh", Slot::Group),
            ],
        );
        let lists = [("encryption", Slot::Encryption), ("integrity", Slot::Integrity), ("pfs", Slot::Group)];
        let second = phase("phase2", &lists);
        if first.is_none() || second.is_none() {
            tunnel.notes.push(
                "the tunnel has no list of ciphers of its own: which of its own the gateway takes is not known here; a list \
                 (`gcloud compute vpn-tunnels create --phase1-encryption` and its like) would settle it"
                    .to_owned(),
            );
        }
        let list = |suite: Option<Suite>, protocol, notes: &mut Vec<String>| match suite {
            Some(suite) => proposals(protocol, &[suite], tunnel.version, notes),
            None => Known::Unknown,
        };
        let mut notes = std::mem::take(&mut tunnel.notes);
        tunnel.ike = list(first, SaProtocol::Ike, &mut notes);
        tunnel.child = list(second, SaProtocol::Esp, &mut notes);
        tunnel.notes = notes;
        let selectors = |name: &str| match values(one, name) {
            Some(values) if values.iter().all(|value| is_network(value.as_str())) => Known::Complete(
                values
                    .iter()
                    .map(|value| Item { name: Name::new(value.as_str()), origin: Some(value.origin().clone()) })
                    .collect(),
            ),
            _ => Known::Unknown,
        };
        tunnel.peering.local_selectors = selectors("localTrafficSelector");
        tunnel.peering.remote_selectors = selectors("remoteTrafficSelector");
        tunnels.push(tunnel);
    }
    tunnels
}
