//! From a connection to a party.

use shakedown_catalog::Catalog;
use shakedown_model::ike::{
    ChildGroups, IkePolicy, IkeVersion, Lifetime, OfOtherMode, Peering, Preference, Proof, Proposal, SaProtocol,
    SwitchedOff, WrittenConnection, is_aead,
};
use shakedown_model::{ConfigProblem, ConfigurationKind, Evidence, Fact, Gathered, Item, Known, Name, Role};

use super::{Connection, Daemon, Reading, at_least, proposals};
use crate::swanctl::{Selection, begun_with, of_keywords, seconds};
use crate::value::Value;

/// The parties of a configuration: one for each connection, and where a server's file does not say which of two addresses is
/// its own, one for each. A connection whose settings the daemon refuses is none, and evidence.
pub fn parties(reading: &Reading, selection: &Selection<'_>, catalog: &Catalog) -> Gathered {
    let mut gathered = Gathered { parties: Vec::new(), evidence: reading.evidence.clone() };
    let several = reading.connections.len() > 1;
    for connection in &reading.connections {
        if selection.name.is_some_and(|name| name != connection.name) {
            continue;
        }
        let ends = orientations(connection, reading.daemon, selection.role);
        for flipped in ends.iter().copied() {
            let end = End { reading, connection, selection, catalog, flipped };
            match end.policy() {
                Ok((policy, notes)) => {
                    let name = several.then_some(connection.name.as_str());
                    let files = (ConfigurationKind::IpsecConf, reading.files.as_slice());
                    let notes = [reading.notes.clone(), notes, which_end(flipped, ends.len() > 1)].concat();
                    gathered.parties.push(selection.party(name, policy, files, notes));
                }
                Err(evidence) if gathered.evidence.contains(&evidence) => {}
                Err(evidence) => gathered.evidence.push(evidence.by(selection.role)),
            }
        }
    }
    gathered
}

/// Which end is this one, `false` for the left one. Where both are plain addresses only the machine knows: the initiator is taken
/// to be the left one, and the responder may be either.
fn orientations(connection: &Connection, daemon: Daemon, role: Role) -> Vec<bool> {
    let address = |end: &str| connection.value(end).map_or("%any", Value::as_str);
    let (left, right) = (address("left"), address("right"));
    let is_any = |address: &str| address.starts_with('%') || matches!(address, "0.0.0.0" | "::");
    match (left, right) {
        ("%defaultroute", _) => vec![false],
        (_, "%defaultroute") => vec![true],
        // libreswan's own end has to have an address; strongSwan's is the left one.
        (left, right) if is_any(left) && !is_any(right) => vec![daemon == Daemon::Libreswan],
        (left, right) if is_any(left) || is_any(right) || role == Role::Client => vec![false],
        _ => vec![false, true],
    }
}

/// What has to be said of an end that could be the other one.
fn which_end(flipped: bool, open: bool) -> Vec<String> {
    let side = if flipped { "right" } else { "left" };
    let note = format!("read as the {side} end: only the machine knows which of the two addresses is its own");
    if open { vec![note] } else { Vec::new() }
}

/// An identity as it is compared: the `@` in front of a name only says that it is not looked up.
pub(super) fn identity(text: &str) -> String {
    match text.strip_prefix('@') {
        Some(name) if !name.starts_with(['#', '~', '[', '@']) => name.to_owned(),
        _ => text.to_owned(),
    }
}

/// The evidence of a setting for which the daemon does not load the connection.
type Refused = Box<Evidence>;

struct End<'a> {
    reading: &'a Reading,
    connection: &'a Connection,
    selection: &'a Selection<'a>,
    catalog: &'a Catalog,
    flipped: bool,
}

impl End<'_> {
    fn is_libreswan(&self) -> bool {
        self.reading.daemon == Daemon::Libreswan
    }

    fn at_least(&self, version: &str) -> bool {
        at_least(self.selection.software.version(), version)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.connection.value(name)
    }

    /// A setting of this end, or of the other one.
    fn of_end(&self, local: bool, name: &str) -> Option<&Value> {
        let side = if local == self.flipped { "right" } else { "left" };
        self.value(&format!("{side}{name}"))
    }

    fn policy(&self) -> Result<(IkePolicy, Vec<String>), Refused> {
        let mut notes = Vec::new();
        let version = self.version()?;
        let [ike, child] = if self.is_libreswan() {
            self.libreswan(version.unwrap_or(IkeVersion::V2))?
        } else {
            [self.strongswan("ike", SaProtocol::Ike)?, self.strongswan_child()?]
        };
        let switched_off = self.switched_off(version);
        match &switched_off {
            Some(SwitchedOff::ByDefault) => notes.push(
                "IKEv1 is off since libreswan 5.0 unless `ikev1-policy=accept` stands in `config setup`: pluto does not \
                 load this connection"
                    .to_owned(),
            ),
            Some(SwitchedOff::Written(item)) => notes.push(format!(
                "`ikev1-policy={}` has pluto not load this connection, which is one of IKEv1",
                item.name
            )),
            None => {}
        }
        let policy = IkePolicy {
            proposals: ike,
            child_proposals: child,
            child_groups: self.child_groups(version),
            child_lifetime: self.lifetime().unwrap_or_default(),
            version,
            switched_off,
            // pluto goes through the transforms of IKEv1 in the order in which they come (`ikev1_spdb_struct.c`).
            preference: match version {
                Some(IkeVersion::V1) if self.is_libreswan() => Preference::Initiator,
                _ => Preference::Responder,
            },
            peering: Some(Box::new(self.peering())),
        };
        Ok((policy, notes))
    }

    /// Whether pluto loads no connection of this version: `global ikev1-policy=drop does not allow IKEv1 connections`
    /// (`extract.c`); `drop` is the default since 5.0 (CHANGES).
    fn switched_off(&self, version: Option<IkeVersion>) -> Option<SwitchedOff> {
        (self.is_libreswan() && version == Some(IkeVersion::V1)).then_some(())?;
        match self.reading.setup.iter().rev().find(|(name, _)| name.as_str() == "ikev1-policy") {
            Some((_, value)) if value.as_str() == "accept" => None,
            Some((_, value)) => Some(SwitchedOff::Written(Item {
                name: Name::new(value.as_str()),
                origin: Some(value.origin().clone()),
            })),
            None => self.at_least("5.0").then_some(SwitchedOff::ByDefault),
        }
    }

    /// `None` where both are spoken.
    fn version(&self) -> Result<Option<IkeVersion>, Refused> {
        let exchange = self.value("keyexchange");
        if !self.is_libreswan() {
            return match exchange.map(Value::as_str) {
                Some("ikev1") => Ok(Some(IkeVersion::V1)),
                Some("ikev2") => Ok(Some(IkeVersion::V2)),
                Some("ike") | None => Ok(begun_with(self.selection.role)),
                Some(_) => Err(self.refused(exchange, "keyexchange is `ike`, `ikev1` or `ikev2`".to_owned())),
            };
        }
        let written = self.value("ikev2");
        match (written.map(Value::as_str), exchange.map(Value::as_str)) {
            (Some("yes" | "insist" | "propose"), _) | (None, Some("ikev2")) => Ok(Some(IkeVersion::V2)),
            (Some("no" | "never"), _) | (None, Some("ikev1")) => Ok(Some(IkeVersion::V1)),
            // Before 3.28 it began with IKEv1 and took both.
            (Some("permit"), _) | (None, None | Some("ike")) => Ok(match self.selection.role {
                _ if self.at_least("3.28") => Some(IkeVersion::V2),
                Role::Client => Some(IkeVersion::V1),
                Role::Server => None,
            }),
            _ => Err(self.refused(written.or(exchange), "ikev2 is `yes` or `no`".to_owned())),
        }
    }

    /// The proposals of `ike=` or `esp=`, and the defaults behind them, where no `!` says otherwise (`add_proposals` of
    /// `stroke_config.c`).
    fn strongswan(&self, setting: &str, protocol: SaProtocol) -> Result<Known<Vec<Proposal>>, Refused> {
        let written = self.value(setting).cloned();
        let (written, strict) = match written {
            Some(value) => match value.as_str().strip_suffix('!') {
                Some(text) => {
                    let length = text.trim_end().len();
                    (Some(value.slice(0..length)), true)
                }
                None => (Some(value), false),
            },
            None => (None, false),
        };
        let own = written.map(|value| value.split(|letter| letter == ',')).unwrap_or_default();
        let mut all = match own.is_empty() {
            true => Vec::new(),
            false => match of_keywords(&own, protocol, self.selection.software, self.catalog)? {
                Known::Complete(all) => all,
                _ => return Ok(Known::Unknown),
            },
        };
        if strict {
            return Ok(Known::Complete(all));
        }
        let Known::Complete(mut default) = of_keywords(&[], protocol, self.selection.software, self.catalog)? else {
            return Ok(Known::Partial { accepted: all, refused: Vec::new() });
        };
        // Here those without integrity of their own come first, whatever vici does.
        default.sort_by_key(|proposal| proposal.encryption.iter().any(|item| is_aead(item.name.as_str())));
        all.extend(default);
        Ok(Known::Complete(all))
    }

    fn strongswan_child(&self) -> Result<Known<Vec<Proposal>>, Refused> {
        match self.value("ah") {
            Some(_) => self.strongswan("ah", SaProtocol::Ah),
            None => self.strongswan("esp", SaProtocol::Esp),
        }
    }

    fn libreswan(&self, ike: IkeVersion) -> Result<[Known<Vec<Proposal>>; 2], Refused> {
        let version = self.selection.software.version();
        let read = |value: Option<&Value>, protocol: SaProtocol| {
            proposals::proposals(value, protocol, (ike, self.selection.role), version, self.catalog)
                .map_err(|(value, why)| self.refused(Some(&value), why))
        };
        let own = read(self.value("ike"), SaProtocol::Ike)?;
        let is_ah = self.value("ah").is_some() || self.value("phase2").is_some_and(|value| value.as_str() == "ah");
        let protocol = if is_ah { SaProtocol::Ah } else { SaProtocol::Esp };
        let written = ["ah", "esp", "phase2alg"].iter().find_map(|name| self.value(name));
        let mut child = read(written, protocol)?;
        let pfs = self.value("pfs").is_none_or(|value| value.as_str() == "yes");
        if let Some(all) = &mut child {
            proposals::check_groups(all, pfs).map_err(|why| self.refused(written, why))?;
        }
        let esn = self.esn(ike);
        for proposal in child.iter_mut().flatten() {
            if proposal.esn.is_empty() {
                proposal.esn.clone_from(&esn);
            }
        }
        let known = |all: Option<Vec<Proposal>>| all.map_or(Known::Unknown, Known::Complete);
        // Where nothing is written a responder of IKEv1 took all that it has, once; when that ended is not known.
        let took_all = ike == IkeVersion::V1 && self.selection.role == Role::Server && !self.at_least("5.0");
        let or_all = |own: Option<Vec<Proposal>>, is_written: bool, protocol: SaProtocol| match (own, is_written) {
            (own, _) if !took_all => known(own),
            (own, true) => known(own),
            (Some(accepted), false) if self.at_least("4.11") => Known::Partial { accepted, refused: Vec::new() },
            (_, false) => Known::Complete(proposals::all(protocol, &esn, self.catalog)),
        };
        let own = or_all(own, self.value("ike").is_some(), SaProtocol::Ike);
        Ok([own, or_all(child, written.is_some(), protocol)])
    }

    /// When a CHILD SA is renewed: libreswan's initiator takes up to twice the margin, its responder half of it (`rekeyfuzz.c`);
    /// strongSwan's ends are alike (`stroke_config.c`). `None` where a time cannot be read.
    fn lifetime(&self) -> Option<Lifetime> {
        let of = |names: &[&str], default: u64| match names.iter().find_map(|name| self.value(name)) {
            Some(value) => seconds(value.as_str()),
            None => Some(default),
        };
        let hours = if self.is_libreswan() { 8 } else { 1 };
        let life = of(&["salifetime", "ipsec-lifetime", "lifetime", "keylife"], hours * 3_600)?;
        let margin = of(&["rekeymargin", "margintime"], 540)?;
        let percent = match self.value("rekeyfuzz") {
            Some(value) => value.as_str().trim_end_matches('%').parse::<u64>().ok()?,
            None => 100,
        };
        let early = margin.checked_mul(percent.checked_add(100)?)? / 100;
        let (early, late) = match (self.is_libreswan(), self.selection.role) {
            (true, Role::Server) => (margin / 2, margin / 2),
            _ => (early, margin),
        };
        let renews = self.value("rekey").is_none_or(|value| value.as_str() != "no");
        let renewed = (life.saturating_sub(early), life.saturating_sub(late));
        Some(Lifetime { renewed: (renews && life > 0).then_some(renewed), ends: (life > 0).then_some(life) })
    }

    /// In quick mode a responder looks only whether there is a group where it wants one; else a proposal without a group is
    /// renewed with that of the IKE SA.
    fn child_groups(&self, version: Option<IkeVersion>) -> ChildGroups {
        let pfs = self.value("pfs").is_none_or(|value| value.as_str() == "yes");
        match (self.is_libreswan(), version, self.selection.role) {
            (false, ..) => ChildGroups::Written,
            (true, Some(IkeVersion::V1), Role::Server) => ChildGroups::Any { required: pfs },
            (true, ..) if pfs => ChildGroups::OfIke,
            (true, ..) => ChildGroups::Written,
        }
    }

    fn esn(&self, ike: IkeVersion) -> Vec<Item> {
        let written = self.value("esn");
        let item = |name: &str| Item { name: Name::new(name), origin: written.map(|value| value.origin().clone()) };
        let no_window = self.value("replay-window").is_some_and(|value| value.as_str() == "0");
        match written.map(Value::as_str) {
            _ if ike == IkeVersion::V1 && written.is_none() || no_window => vec![item("noesn")],
            Some("yes") => vec![item("esn")],
            Some("no") => vec![item("noesn")],
            None if !self.at_least("4.6") => vec![item("noesn")],
            Some(_) | None => vec![item("esn"), item("noesn")],
        }
    }

    fn peering(&self) -> Peering {
        let item = |value: &Value, text: &str| Item { name: Name::new(text), origin: Some(value.origin().clone()) };
        let proof = |local: bool| Proof {
            method: self.method(local),
            identity: self
                .of_end(local, "id")
                .filter(|value| !value.as_str().starts_with("%from"))
                .map(|value| item(value, &identity(value.as_str()))),
        };
        let addresses = |local: bool| {
            let side = if local == self.flipped { "right" } else { "left" };
            let values = self.value(side).map(|value| value.split(|letter| letter == ',')).unwrap_or_default();
            let is_any = |text: &str| text.starts_with('%') || matches!(text, "0.0.0.0" | "::");
            values.iter().filter(|value| !is_any(value.as_str())).map(|value| item(value, value.as_str())).collect()
        };
        let aggressive = ["aggressive", "aggrmode"].iter().find_map(|name| self.value(name));
        Peering {
            local: proof(true),
            remote: proof(false),
            aggressive: aggressive.is_some_and(|value| value.as_str() == "yes"),
            refuses_aggressive_psk: !self.is_libreswan(),
            keys: self.reading.keys.clone(),
            local_selectors: self.selectors(true),
            remote_selectors: self.selectors(false),
            local_addresses: addresses(true),
            remote_addresses: addresses(false),
            exact_selectors: self.is_libreswan() && self.value("narrowing").is_none_or(|value| value.as_str() != "yes"),
            narrowing_open: false,
            transport: self.value("type").is_some_and(|value| value.as_str().starts_with("transport")),
            of_other_mode: if self.is_libreswan() { OfOtherMode::Refusal } else { OfOtherMode::Tunnel },
            written: Some(WrittenConnection {
                name: Item { name: Name::new(&self.connection.name), origin: Some(self.connection.origin.clone()) },
                child: None,
                is_right: self.flipped,
            }),
        }
    }

    /// How an end proves itself, in strongSwan's words; `None` where several ways are open.
    fn method(&self, local: bool) -> Option<Item> {
        let own = self.of_end(local, "auth").filter(|value| value.as_str() != "any");
        let Some(value) = own.or_else(|| self.value("authby")) else { return Some(Item::new("pubkey")) };
        let mut words = value.split(|letter| matches!(letter, '|' | ',')).into_iter().map(|word| {
            let text = word.as_str().to_ascii_lowercase();
            match text.as_str() {
                "secret" | "psk" | "xauthpsk" => "psk",
                "null" => "null",
                text if text.starts_with("eap") => "eap",
                _ => "pubkey",
            }
        });
        let first = words.next()?;
        words.all(|word| word == first).then(|| Item { name: Name::new(first), origin: Some(value.origin().clone()) })
    }

    fn selectors(&self, local: bool) -> Known<Vec<Item>> {
        let written = self.of_end(local, "subnet").or_else(|| self.of_end(local, "subnets"));
        let only = self.of_end(local, "protoport").map(|value| ports(value.as_str())).unwrap_or_default();
        let of = |text: &str| match text.contains('[') || only.is_empty() {
            true => text.to_owned(),
            false => format!("{text}[{only}]"),
        };
        let Some(value) = written else { return Known::Complete(vec![Item::new(&of("dynamic"))]) };
        // `vhost:%priv` and the like depend on who calls.
        if value.as_str().contains([':', '%']) && (value.as_str().contains("vhost") || value.as_str().contains("vnet"))
        {
            return Known::Unknown;
        }
        let parts = value.split(|letter| matches!(letter, ',' | '{' | '}' | ' '));
        let items = parts.iter().map(|part| {
            let text = if part.as_str() == "%dynamic" { "dynamic" } else { part.as_str() };
            Item { name: Name::new(&of(text)), origin: Some(part.origin().clone()) }
        });
        Known::Complete(items.collect())
    }

    fn refused(&self, value: Option<&Value>, why: String) -> Refused {
        let name = &self.connection.name;
        let message = format!("connection `{name}` is not loaded: {why}");
        let fact = Fact::Configuration { problem: ConfigProblem::BadValue, message, suggestion: None };
        let origin = value.map_or_else(|| self.connection.origin.clone(), |value| value.origin().clone());
        Box::new(Evidence::new(fact).at(origin))
    }
}

/// `17/1701` as `udp/1701`.
fn ports(text: &str) -> String {
    let (protocol, port) = text.split_once('/').unwrap_or((text, ""));
    let protocol = match protocol {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "%any" | "0" => "",
        other => other,
    };
    let port = if matches!(port, "%any" | "0") { "" } else { port };
    match (protocol, port) {
        ("", "") => String::new(),
        (protocol, "") => protocol.to_owned(),
        (protocol, port) => format!("{protocol}/{port}"),
    }
}
