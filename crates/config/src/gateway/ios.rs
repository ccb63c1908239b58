//! Cisco IOS and IOS XE.

use shakedown_model::ike::{IkeVersion, SaProtocol};
use shakedown_model::{Item, Known, Name, Role, Slot};

use super::suite::{Suite, any_group, default, proposals};
use super::text::{Line, indented, is_network, joined, network};
use super::{Source, Tunnel, item};
use crate::value::Value;

const BLOCKS: [&str; 6] = ["crypto ", "interface ", "access-list ", "ip access-list ", "version ", "no crypto "];

pub(super) fn read(source: &Source<'_>) -> Vec<Tunnel> {
    let lines = indented(&source.file, &BLOCKS);
    let ios = Ios { source, lines: &lines };
    let mut tunnels: Vec<Tunnel> = Vec::new();
    for line in &lines {
        if let Some([map, number, kind, rest @ ..]) = line.after(&["crypto", "map"])
            && kind.as_str() == "ipsec-isakmp"
            && rest.is_empty()
        {
            let mut tunnel = Tunnel::new(&format!("{}-{}", map.as_str(), number.as_str()));
            tunnel.also(map.as_str());
            let local = ios.interface_with(&["crypto", "map", map.as_str()]);
            ios.tunnel(&mut tunnel, line, local, line.value(&["set", "peer"]));
            if let Some(list) = line.value(&["match", "address"]) {
                ios.selectors(&mut tunnel, list);
            }
            tunnels.push(tunnel);
        }
        if let Some([map, _, kind, way, dynamic, ..]) = line.after(&["crypto", "map"])
            && kind.as_str() == "ipsec-isakmp"
            && way.as_str() == "dynamic"
        {
            tunnels.extend(ios.dynamic(map, dynamic));
        }
        if let (Some([name, ..]), Some([profile, ..])) =
            (line.after(&["interface"]), line.inner(&["tunnel", "protection", "ipsec", "profile"]))
            && let Some(profile) = ios.block(&["crypto", "ipsec", "profile", profile.as_str()])
        {
            let mut tunnel = Tunnel::new(name.as_str());
            tunnel.also(profile.word(3));
            let local = line.value(&["tunnel", "source"]);
            let local = local.and_then(|of| match is_network(of.as_str()) {
                true => Some(of),
                false => ios.block(&["interface", of.as_str()])?.value(&["ip", "address"]),
            });
            ios.tunnel(&mut tunnel, profile, local, line.value(&["tunnel", "destination"]));
            if line.inner(&["tunnel", "mode", "ipsec"]).is_some() {
                let all = Known::Complete(vec![Item::new("0.0.0.0/0")]);
                tunnel.peering.local_selectors = all.clone();
                tunnel.peering.remote_selectors = all;
            }
            tunnels.push(tunnel);
        }
    }
    if tunnels.is_empty() {
        // Without a tunnel the policies stand for whoever comes.
        let mut tunnel = Tunnel::new("policies");
        let ikev2 = ios.block(&["crypto", "isakmp", "policy"]).is_none();
        tunnel.notes.push("the text has no crypto map and no protected tunnel: only the policies are read".to_owned());
        ios.policies(&mut tunnel, ikev2, None);
        tunnels.push(tunnel);
    }
    tunnels
}

struct Ios<'a> {
    source: &'a Source<'a>,
    lines: &'a [Line],
}

impl<'a> Ios<'a> {
    fn block(&self, words: &[&str]) -> Option<&'a Line> {
        self.lines.iter().find(|line| line.is(words))
    }

    fn blocks(&self, words: &'a [&'a str]) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.is(words))
    }

    /// The address of the interface that has a line.
    fn interface_with(&self, words: &[&str]) -> Option<&'a Value> {
        let mut interfaces = self.lines.iter().filter(|line| line.is(&["interface"]) && line.inner(words).is_some());
        let first = interfaces.next()?;
        // Of several only the router knows which is meant.
        interfaces.next().is_none().then(|| first.value(&["ip", "address"]))?
    }

    /// The entries of a dynamic map, for peers whose address nobody knows before.
    fn dynamic(&self, map: &Value, name: &Value) -> Vec<Tunnel> {
        let local = self.interface_with(&["crypto", "map", map.as_str()]);
        let mut tunnels = Vec::new();
        for line in self.lines.iter().filter(|line| line.is(&["crypto", "dynamic-map", name.as_str()])) {
            let mut tunnel = Tunnel::new(&format!("{}-{}", name.as_str(), line.word(3)));
            tunnel.also(name.as_str());
            tunnel.also(map.as_str());
            self.tunnel(&mut tunnel, line, local, line.value(&["set", "peer"]));
            if let Some(list) = line.value(&["match", "address"]) {
                self.selectors(&mut tunnel, list);
            }
            tunnel.notes.push(super::DYNAMIC_MAP.to_owned());
            tunnels.push(tunnel);
        }
        tunnels
    }

    /// What `settings`, a crypto map or an IPsec profile, says of the tunnel.
    fn tunnel(&self, tunnel: &mut Tunnel, settings: &Line, local: Option<&Value>, peer: Option<&Value>) {
        if let Some(peer) = peer {
            tunnel.also(peer.as_str());
            tunnel.peering.remote_addresses.push(item(peer));
        }
        if let Some(local) = local.filter(|local| is_network(local.as_str())) {
            tunnel.peering.local_addresses.push(item(local));
        }
        let profile = settings.value(&["set", "ikev2-profile"]);
        self.policies(tunnel, profile.is_some(), peer);
        match profile {
            Some(profile) => self.ikev2(tunnel, profile, peer),
            None => self.isakmp(tunnel, peer),
        }
        let mut suites = Vec::new();
        for name in settings.inner(&["set", "transform-set"]).unwrap_or_default() {
            suites.push(self.transform_set(name));
            let set = self.block(&["crypto", "ipsec", "transform-set", name.as_str()]);
            tunnel.peering.transport |= set.is_some_and(|set| set.inner(&["mode", "transport"]).is_some());
        }
        if suites.is_empty() {
            let mut suite = Suite::default();
            suite.missing("a transform set", "`show crypto ipsec transform-set default`");
            suites.push(suite);
        }
        self.pfs(&mut suites, settings);
        tunnel.child = proposals(SaProtocol::Esp, &suites, tunnel.version, &mut tunnel.notes);
        tunnel.lifetime("the tunnel", settings.value(&["set", "security-association", "lifetime", "seconds"]));
    }

    fn transform_set(&self, name: &Value) -> Suite {
        let mut suite = Suite::default();
        let Some(words) =
            self.block(&["crypto", "ipsec", "transform-set", name.as_str()]).and_then(|line| line.words.get(4..))
        else {
            suite.open.push(format!("the transform set `{}` is not in the text", Name::new(name.as_str())));
            return suite;
        };
        let mut at = 0;
        while let Some(word) = words.get(at) {
            // A key length stands behind its cipher.
            let pair = words.get(at..at + 2).filter(|pair| pair.last().is_some_and(is_number)).and_then(joined);
            at += if pair.is_some() { 2 } else { 1 };
            let slot = if word.as_str().ends_with("-hmac") { Slot::Integrity } else { Slot::Encryption };
            suite.add("ios esp", slot, pair.as_ref().unwrap_or(word));
        }
        suite
    }

    fn pfs(&self, suites: &mut [Suite], settings: &Line) {
        let takes_any =
            self.source.role == Role::Server && default("cisco-ios", &self.source.version, "pfs unwritten").is_some();
        let written = settings.inner(&["set", "pfs"]);
        for suite in suites {
            match written {
                Some([group, ..]) => suite.add_group(group),
                Some([]) => suite.missing("the group of `set pfs`", "`show crypto map`"),
                None if takes_any => suite.group = any_group(),
                None => {}
            }
        }
    }

    fn policies(&self, tunnel: &mut Tunnel, ikev2: bool, peer: Option<&Value>) {
        tunnel.version = Some(if ikev2 { IkeVersion::V2 } else { IkeVersion::V1 });
        let mut suites: Vec<Suite> = Vec::new();
        if ikev2 {
            let named: Vec<&Value> = self
                .blocks(&["crypto", "ikev2", "policy"])
                .flat_map(|line| &line.inner)
                .filter_map(|line| line.after(&["proposal"])?.first())
                .collect();
            if named.is_empty() {
                let mut suite = Suite::default();
                suite.missing("a policy of IKEv2", "`show crypto ikev2 proposal default`");
                suites.push(suite);
            }
            for name in named {
                match self.block(&["crypto", "ikev2", "proposal", name.as_str()]) {
                    Some(line) => suites.push(self.ikev2_proposal(line)),
                    None => suites.push(Suite {
                        open: vec![format!("the proposal `{}` is not in the text", Name::new(name.as_str()))],
                        ..Suite::default()
                    }),
                }
            }
        } else {
            suites.extend(self.blocks(&["crypto", "isakmp", "policy"]).map(|line| self.isakmp_policy(line)));
        }
        let _ = peer;
        tunnel.ike = proposals(SaProtocol::Ike, &suites, tunnel.version, &mut tunnel.notes);
    }

    fn isakmp_policy(&self, line: &Line) -> Suite {
        let mut suite = Suite::default();
        let own = |setting: &str| default("cisco-ios", &self.source.version, setting);
        let shows = "`show crypto isakmp policy`";
        let encryption = line.inner(&["encr"]).or_else(|| line.inner(&["encryption"])).and_then(joined);
        match encryption.or_else(|| own("isakmp encryption")) {
            Some(word) => suite.add("ios isakmp", Slot::Encryption, &word),
            None => suite.missing("an encryption algorithm of `crypto isakmp policy`", shows),
        }
        match line.value(&["hash"]).cloned().or_else(|| own("isakmp hash")) {
            Some(word) => suite.add("ios isakmp", Slot::Integrity, &word),
            None => suite.missing("a hash of `crypto isakmp policy`", shows),
        }
        match line.value(&["group"]).cloned().or_else(|| own("isakmp group")) {
            Some(word) => suite.add_group(&word),
            None => suite.missing("a group of `crypto isakmp policy`", shows),
        }
        suite
    }

    fn ikev2_proposal(&self, line: &Line) -> Suite {
        let mut suite = Suite::default();
        let of = "ios ikev2";
        suite.add_all(of, Slot::Encryption, line.inner(&["encryption"]).unwrap_or_default());
        suite.add_all(of, Slot::Integrity, line.inner(&["integrity"]).unwrap_or_default());
        suite.add_all(of, Slot::Prf, line.inner(&["prf"]).unwrap_or_default());
        for group in line.inner(&["group"]).unwrap_or_default() {
            suite.add_group(group);
        }
        if suite.encryption.is_empty() || suite.group.is_empty() || suite.integrity.is_empty() && suite.prf.is_empty() {
            suite.missing("a part of a proposal of IKEv2", "`show crypto ikev2 proposal`");
        }
        suite
    }

    /// Phase 1 of IKEv1: keys are found by the address of the peer.
    fn isakmp(&self, tunnel: &mut Tunnel, peer: Option<&Value>) {
        let methods: Vec<Option<Value>> = self
            .blocks(&["crypto", "isakmp", "policy"])
            .map(|line| {
                let written = line.value(&["authentication"]).cloned();
                written.or_else(|| default("cisco-ios", &self.source.version, "isakmp authentication"))
            })
            .collect();
        if let Some(Some(first)) = methods.first()
            && methods.iter().flatten().all(|method| method.as_str() == first.as_str())
            && let Some(method) = method(first.as_str())
        {
            tunnel.methods(method, Some(first));
        }
        // Identities are addresses unless this is said.
        if self.blocks(&["crypto", "isakmp", "identity"]).any(|line| line.word(3) != "address") {
            tunnel.peering.local_addresses.clear();
        }
        let Some(peer) = peer else { return };
        let mut found: Option<&Value> = None;
        for line in self.lines {
            let keys = line.after(&["crypto", "isakmp", "key"]).into_iter();
            let rings = line.is(&["crypto", "keyring"]).then_some(&line.inner).into_iter().flatten();
            let rings = rings.filter_map(|inner| inner.after(&["pre-shared-key"]));
            for words in keys.chain(rings) {
                let address = words.iter().position(|word| word.as_str() == "address").and_then(|at| words.get(at + 1));
                let secret = words.iter().find(|word| word.as_str().starts_with('*'));
                let of_peer = address.is_some_and(|address| address.as_str() == peer.as_str());
                let of_all = address.is_some_and(|address| address.as_str() == "0.0.0.0");
                if of_peer || of_all && found.is_none() {
                    found = secret.or(found);
                }
            }
        }
        tunnel.key(found.and_then(|value| Some((self.source.secret(value)?, value))));
    }

    fn ikev2(&self, tunnel: &mut Tunnel, profile: &Value, peer: Option<&Value>) {
        tunnel.also(profile.as_str());
        let Some(line) = self.block(&["crypto", "ikev2", "profile", profile.as_str()]) else {
            tunnel.notes.push(format!("the IKEv2 profile `{}` is not in the text", Name::new(profile.as_str())));
            return;
        };
        let way = |side: &str| {
            let written = line.value(&["authentication", side])?;
            Some(Item { name: Name::new(method(written.as_str())?), origin: Some(written.origin().clone()) })
        };
        tunnel.peering.local.method = way("local");
        tunnel.peering.remote.method = way("remote");
        if let Some([kind, own, ..]) = line.inner(&["identity", "local"]) {
            tunnel.peering.local.identity = Some(super::identity(kind.as_str(), own));
        }
        let mut remote = line.inner.iter().filter_map(|inner| inner.after(&["match", "identity", "remote"]));
        if let (Some([kind, other, rest @ ..]), None) = (remote.next(), remote.next()) {
            let host = rest.is_empty() || rest.first().is_some_and(|mask| mask.as_str() == "255.255.255.255");
            let known = matches!(kind.as_str(), "address" | "fqdn" | "email" | "key-id") && other.as_str() != "domain";
            if known && (kind.as_str() != "address" || host && other.as_str() != "0.0.0.0") {
                tunnel.peering.remote.identity = Some(super::identity(kind.as_str(), other));
            }
        }
        tunnel.lifetime("the IKE SA", line.value(&["lifetime"]));
        let ring = line.value(&["keyring", "local"]);
        let ring = ring.and_then(|name| self.block(&["crypto", "ikev2", "keyring", name.as_str()]));
        let mut found = None;
        let (mut address, mut keys): (Option<&str>, Vec<&Value>) = (None, Vec::new());
        let end = Line::default();
        for inner in ring.map_or(&[][..], |ring| &ring.inner).iter().chain([&end]) {
            if inner.is(&["peer"]) || inner.words.is_empty() {
                let fits = peer.is_some_and(|peer| address == Some(peer.as_str()));
                // Two keys, one for each direction, cannot be compared as one.
                if let [key] = keys.as_slice()
                    && (fits || address == Some("0.0.0.0") && found.is_none())
                {
                    found = Some(*key);
                }
                (address, keys) = (None, Vec::new());
            }
            if let Some([own, ..]) = inner.after(&["address"]) {
                address = Some(own.as_str());
            }
            if let Some(words) = inner.after(&["pre-shared-key"]) {
                keys.extend(words.iter().find(|word| word.as_str().starts_with('*')));
            }
        }
        tunnel.key(found.and_then(|value| Some((self.source.secret(value)?, value))));
    }

    /// The traffic that an access list permits: one pair of selectors a line.
    fn selectors(&self, tunnel: &mut Tunnel, list: &Value) {
        let name = list.as_str();
        let numbered = self.lines.iter().filter_map(|line| line.after(&["access-list", name]));
        let named = self.lines.iter().filter(|line| line.is(&["ip", "access-list", "extended", name]));
        let inner = named.flat_map(|line| &line.inner).map(|line| match line.words.as_slice() {
            [number, rest @ ..] if is_number(number) => rest,
            words => words,
        });
        let (mut local, mut remote) = (Vec::new(), Vec::new());
        for words in numbered.chain(inner) {
            let Some((permit, words)) = words.split_first() else { continue };
            if matches!(permit.as_str(), "remark" | "deny") {
                continue;
            }
            let pair = permits(words);
            let Some((from, to)) = pair else {
                tunnel.notes.push(format!("the access list `{}` has lines that are not read here", Name::new(name)));
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
}

/// `ip 10.1.0.0 0.0.0.255 host 10.2.0.1`.
fn permits(words: &[Value]) -> Option<(String, String)> {
    let (protocol, mut rest) = words.split_first()?;
    if protocol.as_str() != "ip" {
        return None;
    }
    let mut end = || -> Option<String> {
        let (first, behind) = rest.split_first()?;
        match first.as_str() {
            "any" | "any4" => {
                rest = behind;
                Some("0.0.0.0/0".to_owned())
            }
            "host" => {
                let (host, behind) = behind.split_first()?;
                rest = behind;
                is_network(host.as_str()).then(|| format!("{}/32", host.as_str()))
            }
            address => {
                let (mask, behind) = behind.split_first()?;
                rest = behind;
                network(address, mask.as_str(), true)
            }
        }
    };
    let pair = (end()?, end()?);
    rest.is_empty().then_some(pair)
}

/// A way to prove who one is, in strongSwan's words.
fn method(word: &str) -> Option<&'static str> {
    match word {
        "pre-share" => Some("psk"),
        "rsa-sig" | "ecdsa-sig" => Some("pubkey"),
        "eap" => Some("eap"),
        _ => None,
    }
}

fn is_number(word: &Value) -> bool {
    !word.as_str().is_empty() && word.as_str().bytes().all(|byte| byte.is_ascii_digit())
}
