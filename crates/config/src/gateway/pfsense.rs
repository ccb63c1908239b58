//! pfSense and OPNsense: `config.xml`. Both have strongSwan below, so what they hand to it counts.

use shakedown_model::ike::{IkeVersion, OfOtherMode, SaProtocol};
use shakedown_model::{Item, Known, Name, Slot};

use super::suite::{Suite, proposals};
use super::text::is_network;
use super::tree::{Node, xml};
use super::{Source, Tunnel, item};
use crate::swanctl;
use crate::value::Value;

pub(super) fn read(source: &Source<'_>) -> Vec<Tunnel> {
    let trees = xml(&source.file, &["ipsec", "Swanctl", "IPsec"]);
    let mut tunnels = Vec::new();
    for ipsec in trees.iter().filter(|tree| tree.word.as_str() == "ipsec") {
        for phase1 in ipsec.all("phase1").filter(|one| one.at(&["disabled"]).is_none()) {
            let id = phase1.value(&["ikeid"]).map(Value::as_str);
            let belongs =
                |two: &&Node| two.value(&["ikeid"]).map(Value::as_str) == id && two.at(&["disabled"]).is_none();
            let children: Vec<&Node> = ipsec.all("phase2").filter(belongs).collect();
            if children.is_empty() {
                tunnels.push(tunnel(source, phase1, None));
            }
            tunnels.extend(children.into_iter().map(|phase2| tunnel(source, phase1, Some(phase2))));
        }
    }
    connections(source, &trees, &mut tunnels);
    tunnels
}

fn tunnel(source: &Source<'_>, phase1: &Node, phase2: Option<&Node>) -> Tunnel {
    let text = |name: &str| phase1.value(&[name]);
    let name = text("descr").or_else(|| text("ikeid")).map_or("phase1", Value::as_str);
    let mut tunnel = Tunnel::new(name);
    tunnel.peering.narrowing_open = false;
    tunnel.peering.of_other_mode = OfOtherMode::Tunnel;
    tunnel.also(text("ikeid").map_or("", Value::as_str));
    tunnel.version = match text("iketype").map(Value::as_str) {
        Some("ikev2") => Some(IkeVersion::V2),
        Some("ikev1") => Some(IkeVersion::V1),
        // `auto`: both.
        _ => swanctl::begun_with(source.role),
    };
    if let Some(address) = text("remote-gateway") {
        tunnel.also(address.as_str());
        tunnel.peering.remote_addresses.push(item(address));
    }
    tunnel.peering.aggressive = text("mode").is_some_and(|mode| mode.as_str() == "aggressive");
    match text("authentication_method").map(Value::as_str) {
        Some("pre_shared_key") => tunnel.methods("psk", text("authentication_method")),
        Some("cert" | "rsasig") => tunnel.methods("pubkey", text("authentication_method")),
        _ => {}
    }
    // `myaddress` and `peeraddress` are the addresses of the ends.
    let kind = |name: &str| text(name).map_or("", Value::as_str);
    tunnel.peering.local.identity = match kind("myid_type") {
        "myaddress" => None,
        kind => text("myid_data").map(|value| super::identity(kind, value)),
    };
    tunnel.peering.remote.identity = match kind("peerid_type") {
        "peeraddress" => text("remote-gateway").map(item),
        "any" => None,
        kind => text("peerid_data").map(|value| super::identity(kind, value)),
    };
    let secret = text("pre-shared-key");
    tunnel.key(secret.and_then(|value| Some((source.secret(value)?, value))));
    tunnel.lifetime("the IKE SA", text("lifetime"));
    // Newer files have a list, older ones one algorithm in the phase itself.
    let items: Vec<&Node> = match phase1.at(&["encryption"]) {
        Some(list) if list.all("item").next().is_some() => list.all("item").collect(),
        _ => vec![phase1],
    };
    let suites: Vec<Suite> = items.iter().map(|one| ike_suite(one)).collect();
    tunnel.ike = proposals(SaProtocol::Ike, &suites, tunnel.version, &mut tunnel.notes);
    if let Some(phase2) = phase2 {
        child(&mut tunnel, phase2);
    }
    tunnel
}

fn ike_suite(one: &Node) -> Suite {
    let mut suite = Suite::default();
    for algorithm in one.all("encryption-algorithm") {
        cipher(&mut suite, algorithm);
    }
    suite.add_all(
        "pfsense",
        Slot::Integrity,
        one.all("hash-algorithm").filter_map(first).flat_map(commas).collect::<Vec<_>>().iter(),
    );
    // It counts beside a cipher that brings its own integrity, or where it was chosen by hand.
    let is_aead = suite.encryption.iter().any(|item| shakedown_model::ike::is_aead(item.name.as_str()));
    if is_aead {
        suite.add_all("pfsense", Slot::Prf, one.all("prf-algorithm").filter_map(first));
    }
    for group in one.all("dhgroup").filter_map(first).flat_map(commas) {
        suite.add_group(&group);
    }
    if suite.encryption.is_empty() || suite.group.is_empty() {
        suite.missing("a part of phase 1", "`swanctl --list-conns` on the firewall");
    }
    suite
}

fn first(node: &Node) -> Option<&Value> {
    Some(&node.inner.first()?.word)
}

fn commas(value: &Value) -> Vec<Value> {
    value.split(|letter| letter == ',')
}

/// A cipher's name with its key length; without one, or with `auto`, all lengths are meant.
fn cipher(suite: &mut Suite, algorithm: &Node) {
    let Some(name) = algorithm.value(&["name"]) else { return };
    let length = algorithm.value(&["keylen"]).filter(|length| length.as_str() != "auto");
    let of = "pfsense";
    match (name.as_str(), length) {
        ("3des" | "chacha20poly1305" | "des", _) => suite.add(of, Slot::Encryption, name),
        ("aes", None) => {
            // `auto` offers the lengths from the longest to the shortest.
            for keyword in ["aes256", "aes192", "aes128"] {
                suite.push(Slot::Encryption, Item { name: Name::new(keyword), origin: Some(name.origin().clone()) });
            }
        }
        (_, None) => suite.add(of, Slot::Encryption, name),
        ("aes128gcm" | "aes192gcm" | "aes256gcm" | "aes", Some(length)) => {
            let text = format!("{} {}", name.as_str(), length.as_str());
            suite.add(of, Slot::Encryption, &Value::unwritten(text, name.origin().clone()));
        }
        // OPNsense's names have their length in them.
        (_, Some(_)) => suite.add(of, Slot::Encryption, name),
    }
}

fn child(tunnel: &mut Tunnel, phase2: &Node) {
    tunnel.also(phase2.value(&["descr"]).map_or("", Value::as_str));
    let mut suite = Suite::default();
    for algorithm in phase2.all("encryption-algorithm-option") {
        cipher(&mut suite, algorithm);
    }
    suite.add_all(
        "pfsense",
        Slot::Integrity,
        phase2.all("hash-algorithm-option").filter_map(first).flat_map(commas).collect::<Vec<_>>().iter(),
    );
    match phase2.value(&["pfsgroup"]) {
        Some(group) if group.as_str() != "0" && group.as_str() != "off" => suite.add_group(group),
        _ => {}
    }
    if suite.encryption.is_empty() {
        suite.missing("the encryption of phase 2", "`swanctl --list-conns` on the firewall");
    }
    let protocol = if phase2.value(&["protocol"]).is_some_and(|one| one.as_str() == "ah") {
        SaProtocol::Ah
    } else {
        SaProtocol::Esp
    };
    tunnel.child = match protocol {
        SaProtocol::Ah => Known::Unknown,
        _ => proposals(protocol, &[suite], tunnel.version, &mut tunnel.notes),
    };
    let selector = |end: &str| {
        let node = phase2.at(&[end]);
        let address = node.and_then(|node| node.value(&["address"]));
        let bits = node.and_then(|node| node.value(&["netbits"]));
        match (address, bits) {
            (Some(address), Some(bits)) if is_network(address.as_str()) => {
                let text = format!("{}/{}", address.as_str(), bits.as_str());
                Known::Complete(vec![Item { name: Name::new(&text), origin: Some(address.origin().clone()) }])
            }
            // `lan` and its like name an interface, whose network is elsewhere.
            _ => Known::Unknown,
        }
    };
    // `tunnel`, `tunnel6`, `transport`, `vti`.
    tunnel.peering.transport = phase2.value(&["mode"]).is_some_and(|mode| mode.as_str() == "transport");
    tunnel.peering.local_selectors = selector("localid");
    tunnel.peering.remote_selectors = selector("remoteid");
    tunnel.lifetime("the tunnel", phase2.value(&["lifetime"]));
}

/// OPNsense's connections, which are written as `swanctl.conf` has them.
fn connections(source: &Source<'_>, trees: &[Node], tunnels: &mut Vec<Tunnel>) {
    let mut swanctl: Vec<&Node> = trees.iter().filter(|tree| tree.word.as_str() == "Swanctl").collect();
    swanctl.extend(trees.iter().filter_map(|tree| tree.at(&["Swanctl"])));
    let keys: Vec<&Node> = trees.iter().filter_map(|tree| tree.at(&["preSharedKeys"])).collect();
    for all in swanctl {
        for one in all.all("Connections").flat_map(|list| list.all("Connection")) {
            if one.value(&["enabled"]).is_some_and(|on| on.as_str() == "0") {
                continue;
            }
            let id = one.value(&["uuid"]).map_or("", Value::as_str);
            let of_one = |node: &&Node| node.value(&["connection"]).is_some_and(|own| own.as_str() == id);
            let children: Vec<&Node> =
                all.all("children").flat_map(|list| list.all("child")).filter(|child| of_one(child)).collect();
            let each = if children.is_empty() { vec![None] } else { children.into_iter().map(Some).collect() };
            for child in each {
                let round = |kind: &str, single: &str| {
                    all.all(kind)
                        .flat_map(|list| list.inner.iter())
                        .filter(|node| node.word.as_str() == single)
                        .find(|node| of_one(node))
                        .cloned()
                };
                let rounds = [round("locals", "local"), round("remotes", "remote")];
                tunnels.push(connection(source, one, child, rounds, &keys));
            }
        }
    }
}

fn connection(
    source: &Source<'_>,
    one: &Node,
    child: Option<&Node>,
    [local, remote]: [Option<Node>; 2],
    keys: &[&Node],
) -> Tunnel {
    let name = one.value(&["description"]).or_else(|| one.value(&["uuid"])).map_or("connection", Value::as_str);
    let mut tunnel = Tunnel::new(name);
    tunnel.peering.narrowing_open = false;
    tunnel.peering.of_other_mode = OfOtherMode::Tunnel;
    tunnel.also(one.value(&["uuid"]).map_or("", Value::as_str));
    tunnel.version = match one.value(&["version"]).map(Value::as_str) {
        Some("1") => Some(IkeVersion::V1),
        Some("2") => Some(IkeVersion::V2),
        _ => swanctl::begun_with(source.role),
    };
    let addresses = |name: &str| one.value(&[name]).map(commas).unwrap_or_default();
    for address in addresses("remote_addrs") {
        tunnel.also(address.as_str());
        tunnel.peering.remote_addresses.push(item(&address));
    }
    tunnel.peering.local_addresses.extend(addresses("local_addrs").iter().map(item));
    tunnel.ike = of_keywords(source, one.value(&["proposals"]), SaProtocol::Ike, &mut tunnel.notes);
    if let Some(child) = child {
        tunnel.also(child.value(&["description"]).map_or("", Value::as_str));
        tunnel.child = of_keywords(source, child.value(&["esp_proposals"]), SaProtocol::Esp, &mut tunnel.notes);
        let selectors = |name: &str| match child.value(&[name]) {
            Some(value) => Known::Complete(commas(value).iter().map(item).collect()),
            None => Known::Unknown,
        };
        tunnel.peering.transport = child.value(&["mode"]).is_some_and(|mode| mode.as_str() == "transport");
        tunnel.peering.local_selectors = selectors("local_ts");
        tunnel.peering.remote_selectors = selectors("remote_ts");
    }
    let round = |node: &Option<Node>| {
        let node = node.as_ref();
        let method = node.and_then(|node| node.value(&["auth"])).map(item);
        let identity = node.and_then(|node| node.value(&["id"])).map(item);
        (method, identity)
    };
    let ((method, identity), (remote_method, remote_identity)) = (round(&local), round(&remote));
    tunnel.peering.local.method = method;
    tunnel.peering.local.identity = identity;
    tunnel.peering.remote.method = remote_method;
    tunnel.peering.remote.identity = remote_identity;
    // A key is for the identities that stand beside it.
    let all = keys.iter().flat_map(|list| list.all("preSharedKey"));
    let names = |name: &Option<Item>, own: Option<&Value>| {
        own.is_some_and(|own| name.as_ref().is_some_and(|name| name.name == *own.as_str()))
    };
    let fitting: Vec<&Node> = all
        .filter(|key| {
            names(&tunnel.peering.local.identity, key.value(&["ident"]))
                && names(&tunnel.peering.remote.identity, key.value(&["remote_ident"]))
        })
        .collect();
    let key = if let [key] = fitting.as_slice() { key.value(&["Key"]) } else { None };
    tunnel.key(key.and_then(|value| Some((source.secret(value)?, value))));
    tunnel
}

/// Proposals in strongSwan's own keywords. `default` depends on the strongSwan below, which the text does not tell.
fn of_keywords(
    source: &Source<'_>,
    list: Option<&Value>,
    protocol: SaProtocol,
    notes: &mut Vec<String>,
) -> Known<Vec<shakedown_model::ike::Proposal>> {
    let list = list.map(commas).unwrap_or_default();
    if list.is_empty() || list.iter().any(|value| value.as_str() == "default") {
        notes.push(
            "`default` stands for what the firewall's strongSwan has of its own: `swanctl --list-conns` on the firewall would \
             tell"
                .to_owned(),
        );
        return Known::Unknown;
    }
    let software = shakedown_model::Software::new("strongswan", "");
    swanctl::of_keywords(&list, protocol, &software, source.catalog).unwrap_or_else(|_| {
        notes.push("a proposal is not one that strongSwan takes".to_owned());
        Known::Unknown
    })
}
