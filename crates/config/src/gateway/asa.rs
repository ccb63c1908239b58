//! Cisco ASA.

use shakedown_model::ike::{IkeVersion, SaProtocol};
use shakedown_model::{Item, Known, Name, Role, Slot};

use super::suite::{Suite, any_group, default, proposals};
use super::text::{Line, indented, is_network, network};
use super::{Source, Tunnel, item};
use crate::value::Value;

const BLOCKS: [&str; 6] = ["crypto ", "interface ", "access-list ", "tunnel-group ", "object network ", "ASA Version"];

pub(super) fn read(source: &Source<'_>) -> Vec<Tunnel> {
    let lines = indented(&source.file, &BLOCKS);
    let asa = Asa { source, lines: &lines };
    // Each line of a crypto map stands for itself: those of one number are one entry.
    let mut entries: Vec<(&str, &str, &str)> = Vec::new();
    for line in &lines {
        for kind in ["map", "dynamic-map"] {
            if let Some([map, number, rest @ ..]) = line.after(&["crypto", kind])
                && rest.first().is_some_and(|word| word.as_str() == "set")
                && !entries.contains(&(kind, map.as_str(), number.as_str()))
            {
                entries.push((kind, map.as_str(), number.as_str()));
            }
        }
    }
    let mut tunnels: Vec<Tunnel> = Vec::new();
    for (kind, map, number) in entries {
        let set = |words: &[&str]| asa.after(&[&["crypto", kind, map, number], words].concat());
        // The map that a dynamic one is part of, which is bound to the interface.
        let outer = if kind == "map" { Some(map) } else { asa.outer(map) };
        let peer = set(&["set", "peer"]).and_then(<[Value]>::first);
        for version in [IkeVersion::V2, IkeVersion::V1] {
            let names = match version {
                IkeVersion::V2 => set(&["set", "ikev2", "ipsec-proposal"]),
                IkeVersion::V1 => set(&["set", "ikev1", "transform-set"]),
            };
            let Some(names) = names else { continue };
            let mut tunnel = Tunnel::new(&format!("{map}-{number}"));
            tunnel.version = Some(version);
            tunnel.also(map);
            if let Some(peer) = peer {
                tunnel.also(peer.as_str());
                tunnel.peering.remote_addresses.push(item(peer));
            }
            tunnel.notes.extend((kind == "dynamic-map").then(|| super::DYNAMIC_MAP.to_owned()));
            tunnel.names.extend(outer.filter(|outer| *outer != map).map(str::to_owned));
            if let Some(address) = outer.and_then(|outer| asa.address(outer)) {
                tunnel.peering.local_addresses.push(item(address));
            }
            asa.ike(&mut tunnel, version);
            asa.group(&mut tunnel, version, peer);
            let mut suites: Vec<Suite> = names.iter().flat_map(|name| asa.esp(version, name)).collect();
            tunnel.peering.transport = match version {
                IkeVersion::V2 => set(&["set", "ikev2", "mode", "transport"]).is_some(),
                IkeVersion::V1 => names.iter().any(|name| {
                    let words = ["crypto", "ipsec", "ikev1", "transform-set", name.as_str(), "mode", "transport"];
                    asa.after(&words).is_some()
                }),
            };
            asa.pfs(&mut suites, set(&["set", "pfs"]));
            tunnel.child = proposals(SaProtocol::Esp, &suites, Some(version), &mut tunnel.notes);
            if let Some([list, ..]) = set(&["match", "address"]) {
                asa.selectors(&mut tunnel, list);
            }
            tunnel.lifetime(
                "the tunnel",
                set(&["set", "security-association", "lifetime", "seconds"]).and_then(<[Value]>::first),
            );
            tunnels.push(tunnel);
        }
    }
    if tunnels.is_empty() {
        for (version, word) in [(IkeVersion::V2, "ikev2"), (IkeVersion::V1, "ikev1")] {
            if asa.after(&["crypto", word, "policy"]).is_none() {
                continue;
            }
            let mut tunnel = Tunnel::new(word);
            tunnel.version = Some(version);
            tunnel.notes.push("the text has no crypto map with a proposal: only the policies are read".to_owned());
            asa.ike(&mut tunnel, version);
            tunnels.push(tunnel);
        }
    }
    tunnels
}

struct Asa<'a> {
    source: &'a Source<'a>,
    lines: &'a [Line],
}

impl<'a> Asa<'a> {
    /// The words behind the first line that begins so.
    fn after(&self, words: &[&str]) -> Option<&'a [Value]> {
        self.lines.iter().find_map(|line| line.after(words))
    }

    /// The map that has a dynamic map in it.
    fn outer(&self, dynamic: &str) -> Option<&'a str> {
        let mut maps = self.lines.iter().filter_map(|line| line.after(&["crypto", "map"]));
        maps.find_map(|words| match words {
            [map, _, _, way, name, ..] if way.as_str() == "dynamic" && name.as_str() == dynamic => Some(map.as_str()),
            _ => None,
        })
    }

    /// The address of the interface that a map is bound to.
    fn address(&self, map: &str) -> Option<&'a Value> {
        let bound = self.after(&["crypto", "map", map, "interface"])?.first()?;
        let mut interfaces = self.lines.iter().filter(|line| line.is(&["interface"]));
        let interface =
            interfaces.find(|line| line.value(&["nameif"]).is_some_and(|name| name.as_str() == bound.as_str()))?;
        interface.value(&["ip", "address"]).filter(|address| is_network(address.as_str()))
    }

    fn ike(&self, tunnel: &mut Tunnel, version: IkeVersion) {
        let (word, of) = match version {
            IkeVersion::V1 => ("ikev1", "asa ikev1"),
            IkeVersion::V2 => ("ikev2", "asa ikev2"),
        };
        let mut policies: Vec<(&Line, u32)> = Vec::new();
        for line in self.lines {
            if let Some([number, ..]) = line.after(&["crypto", word, "policy"]) {
                policies.push((line, number.as_str().parse().unwrap_or(u32::MAX)));
            }
        }
        policies.sort_by_key(|(_, number)| *number);
        let mut suites = Vec::new();
        for (line, _) in policies {
            let mut suite = Suite::default();
            let of_line = |name: &str| line.inner(&[name]).unwrap_or_default();
            suite.add_all(of, Slot::Encryption, of_line("encryption"));
            suite.add_all(of, Slot::Integrity, of_line(if version == IkeVersion::V1 { "hash" } else { "integrity" }));
            suite.add_all(of, Slot::Prf, of_line("prf"));
            of_line("group").iter().for_each(|group| suite.add_group(group));
            let no_prf = version == IkeVersion::V2 && suite.prf.is_empty();
            if suite.encryption.is_empty() || suite.integrity.is_empty() || suite.group.is_empty() || no_prf {
                suite.missing("a part of a policy", "`show running-config all crypto`");
            }
            suites.push(suite);
        }
        tunnel.ike = proposals(SaProtocol::Ike, &suites, Some(version), &mut tunnel.notes);
    }

    /// The tunnel group of the peer: how both ends prove who they are.
    fn group(&self, tunnel: &mut Tunnel, version: IkeVersion, peer: Option<&Value>) {
        // Identities are chosen by the kind of authentication unless this is said; then they are addresses.
        let identity = self.after(&["crypto", "isakmp", "identity"]).and_then(<[Value]>::first);
        if identity.is_some_and(|word| !matches!(word.as_str(), "address" | "auto")) {
            tunnel.peering.local_addresses.clear();
        }
        let Some(peer) = peer else { return };
        let Some(line) = self.lines.iter().find(|line| line.is(&["tunnel-group", peer.as_str(), "ipsec-attributes"]))
        else {
            return;
        };
        if version == IkeVersion::V1 {
            match (line.inner(&["ikev1", "pre-shared-key"]), line.inner(&["ikev1", "trust-point"])) {
                (Some(words), None) => {
                    tunnel.methods("psk", words.first());
                    tunnel.key(words.first().and_then(|value| Some((self.source.secret(value)?, value))));
                }
                (None, Some(words)) => tunnel.methods("pubkey", words.first()),
                _ => {}
            }
            return;
        }
        let way = |side: &str| {
            let words = line.inner(&["ikev2", side])?;
            let first = words.first()?;
            let method = match first.as_str() {
                "pre-shared-key" => "psk",
                "certificate" => "pubkey",
                "eap" => "eap",
                _ => return None,
            };
            Some((Item { name: Name::new(method), origin: Some(first.origin().clone()) }, words.get(1)))
        };
        let (local, remote) = (way("local-authentication"), way("remote-authentication"));
        // One key for both directions can be compared.
        let key = |way: &Option<(Item, Option<&'a Value>)>| {
            let value = way.as_ref()?.1?;
            Some((self.source.secret(value)?, value))
        };
        tunnel.key(match (key(&local), key(&remote)) {
            (Some((one, value)), Some((other, _))) if one == other => Some((one, value)),
            _ => None,
        });
        tunnel.peering.local.method = local.map(|(method, _)| method);
        tunnel.peering.remote.method = remote.map(|(method, _)| method);
    }

    fn esp(&self, version: IkeVersion, name: &Value) -> Vec<Suite> {
        let of = "asa esp";
        let absent = || {
            let open = vec![format!("the proposal `{}` is not in the text", Name::new(name.as_str()))];
            vec![Suite { open, ..Suite::default() }]
        };
        match version {
            IkeVersion::V1 => {
                let Some(words) = self.after(&["crypto", "ipsec", "ikev1", "transform-set", name.as_str()]) else {
                    return absent();
                };
                let mut suite = Suite::default();
                for word in words.iter().filter(|word| word.as_str() != "mode") {
                    let slot = if word.as_str().ends_with("-hmac") { Slot::Integrity } else { Slot::Encryption };
                    if word.as_str() != "esp-none" {
                        suite.add(of, slot, word);
                    }
                }
                vec![suite]
            }
            IkeVersion::V2 => {
                let words = ["crypto", "ipsec", "ikev2", "ipsec-proposal", name.as_str()];
                let Some(line) = self.lines.iter().find(|line| line.is(&words)) else { return absent() };
                let mut suite = Suite::default();
                let of_line = |what: &str| line.inner(&["protocol", "esp", what]).unwrap_or_default();
                suite.add_all(of, Slot::Encryption, of_line("encryption"));
                suite.add_all(of, Slot::Integrity, of_line("integrity"));
                if suite.encryption.is_empty() {
                    suite.missing("the encryption of an IPsec proposal", "`show running-config all crypto ipsec`");
                }
                vec![suite]
            }
        }
    }

    fn pfs(&self, suites: &mut [Suite], written: Option<&[Value]>) {
        let takes_any =
            self.source.role == Role::Server && default("cisco-asa", &self.source.version, "pfs unwritten").is_some();
        for suite in suites {
            match written {
                Some([group, ..]) => suite.add_group(group),
                Some([]) => suite.missing("the group of `set pfs`", "`show running-config all crypto map`"),
                None if takes_any => suite.group = any_group(),
                None => {}
            }
        }
    }

    fn selectors(&self, tunnel: &mut Tunnel, list: &Value) {
        let (mut local, mut remote) = (Vec::new(), Vec::new());
        for line in self.lines {
            let Some(words) = line.after(&["access-list", list.as_str()]) else { continue };
            let words = match words {
                [first, rest @ ..] if first.as_str() == "extended" => rest,
                words => words,
            };
            let Some((permit, words)) = words.split_first() else { continue };
            if matches!(permit.as_str(), "remark" | "deny") {
                continue;
            }
            let Some((from, to)) = self.permits(words) else {
                let name = Name::new(list.as_str());
                tunnel.notes.push(format!("the access list `{name}` has lines that are not read here"));
                return;
            };
            let place = |text: String| Item { name: Name::new(&text), origin: Some(permit.origin().clone()) };
            local.push(place(from));
            remote.push(place(to));
        }
        if !local.is_empty() {
            tunnel.peering.local_selectors = Known::Complete(local);
            tunnel.peering.remote_selectors = Known::Complete(remote);
        }
    }

    fn permits(&self, words: &[Value]) -> Option<(String, String)> {
        let (protocol, mut rest) = words.split_first()?;
        if protocol.as_str() != "ip" {
            return None;
        }
        let mut end = || -> Option<String> {
            let (first, behind) = rest.split_first()?;
            if matches!(first.as_str(), "any" | "any4") {
                rest = behind;
                return Some("0.0.0.0/0".to_owned());
            }
            let (second, behind) = behind.split_first()?;
            rest = behind;
            match first.as_str() {
                "host" => is_network(second.as_str()).then(|| format!("{}/32", second.as_str())),
                "object" => {
                    let object = self.lines.iter().find(|line| line.is(&["object", "network", second.as_str()]))?;
                    match (object.inner(&["subnet"]), object.inner(&["host"])) {
                        (Some([address, mask]), None) => network(address.as_str(), mask.as_str(), false),
                        (None, Some([address])) => {
                            is_network(address.as_str()).then(|| format!("{}/32", address.as_str()))
                        }
                        _ => None,
                    }
                }
                address => network(address, second.as_str(), false),
            }
        };
        let pair = (end()?, end()?);
        rest.is_empty().then_some(pair)
    }
}
