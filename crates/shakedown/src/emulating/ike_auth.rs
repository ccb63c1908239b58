//! Who is let in by a responder that acts as a party: by the party's identities, pre-shared keys, traffic selectors and
//! proposals for the CHILD SA, as strongSwan judges them.

use std::net::IpAddr;

use shakedown_config::shared_key;
use shakedown_handshake::ike::version1::{Keeper, QuickChoice};
use shakedown_handshake::ike::{Admission, Admitted, AuthRequest, ChildSa, identification, identity_text};
use shakedown_model::ike::{IkePolicy, IkeVersion, KeyPrint, Peering, Proof, Proposal, SharedKey};
use shakedown_model::{Item, Known, Name, Origin, OriginKind, Party, Policy, Secret, Slot};
use shakedown_negotiate::ike::{Selecting, looked_up, select};
use shakedown_probe::ike::Candidates;
use shakedown_wire::ike::number::{identity, notification, notify, transform};
use shakedown_wire::ike::{self as wire, Identification, TrafficSelector};

use crate::live::{ike_candidates, selector};
use crate::{Error, Session};

/// A pre-shared key with its print.
type Key = (KeyPrint, Secret<Vec<u8>>);

/// What a responder needs to let somebody in.
pub(super) struct Entrance {
    policy: IkePolicy,
    peering: Peering,
    keys: Vec<Key>,
    candidates: Candidates,
}

impl Entrance {
    /// That of a party. `Err` within says why nobody is let in. A key that the options give takes the place of the party's.
    pub(super) fn of(session: &Session, party: &mut Party) -> Result<Result<Self, String>, Error> {
        let given = session.given_key()?;
        let label = party.label.clone();
        let Policy::Ike(policy) = &mut party.policy else { return Ok(Err("it does not speak IKE".to_owned())) };
        let mut keys = Vec::new();
        if let Some(key) = given {
            let print = KeyPrint::of(key.expose());
            let peering = policy.peering.get_or_insert_default();
            peering.keys = Known::Complete(vec![SharedKey { owners: Vec::new(), print, origin: None }]);
            for proof in [&mut peering.local, &mut peering.remote] {
                proof.method.get_or_insert_with(|| Item::new("psk"));
            }
            keys.push((print, key));
        } else {
            let peering = policy.peering.as_deref();
            for one in peering.and_then(|own| own.keys.accepted()).into_iter().flatten() {
                let Some(OriginKind::File { file, .. }) = one.origin.as_ref().map(Origin::kind) else { continue };
                let read = shared_key(&session.files()?, &file.path, one.print);
                let read =
                    read.map_err(|error| Error::File { path: label.clone(), source: std::io::Error::other(error) })?;
                keys.extend(read.map(|key| (one.print, key)));
            }
        }
        let policy = (**policy).clone();
        let peering = policy.peering.as_deref().cloned().unwrap_or_default();
        if let Some(why) = obstacle(&policy, &peering, keys.is_empty()) {
            return Ok(Err(why));
        }
        Ok(Ok(Self { policy, peering, keys, candidates: ike_candidates(&session.catalog) }))
    }

    /// What becomes of an initiator, between these addresses (this end's first).
    pub(super) fn admit(&self, request: &AuthRequest, addresses: [IpAddr; 2]) -> Admission {
        match self.admitted(request, addresses) {
            Ok(admitted) => Admission::Key(Box::new(admitted)),
            Err(why) => Admission::Refuse(why),
        }
    }

    fn admitted(&self, request: &AuthRequest, addresses: [IpAddr; 2]) -> Result<Admitted, String> {
        let (identity, (_, key)) = self.key_for(request, addresses)?;
        let child = if request.child.is_empty() { None } else { Some(self.child(request, addresses)) };
        Ok(Admitted { identity, key: Secret::new(key.expose().clone()), child })
    }

    /// The print of the key that an initiator has to have, where it is one that may come.
    pub(super) fn print_for(&self, request: &AuthRequest, addresses: [IpAddr; 2]) -> Option<KeyPrint> {
        self.key_for(request, addresses).ok().map(|(_, (print, _))| *print)
    }

    /// Who this end is for an initiator, where it may come.
    fn own_identity(&self, request: &AuthRequest, own: IpAddr) -> Result<Identification, String> {
        let Some(theirs) = &request.identity else { return Err("it does not say who it is".to_owned()) };
        let configured = written(&self.peering.local).and_then(identification);
        let identity = match (configured, &request.asked_for) {
            (Some(configured), Some(asked)) if !is_same(&configured, asked) => {
                let (asked, own) = (identity_text(asked), identity_text(&configured));
                return Err(format!("it asks for `{asked}`, and this end is `{own}`"));
            }
            (Some(configured), _) => configured,
            // Without an identity of its own it is whoever is asked for.
            (None, Some(asked)) => asked.clone(),
            (None, None) => Identification::address(own),
        };
        if let Some(expected) = written(&self.peering.remote).filter(|text| *text != "%any")
            && !is_expected(expected, theirs)
        {
            let shown = identity_text(theirs);
            return Err(format!("it is `{shown}`, and `{}` is expected", Name::new(expected)));
        }
        Ok(identity)
    }

    /// The key between two ends, of which this is known.
    fn looked_up(&self, ours: &Peering, initiator: &Peering) -> Option<&Key> {
        let [_, key] = looked_up(initiator, ours);
        key.and_then(|key| self.keys.iter().find(|(print, _)| *print == key.print))
    }

    /// Who this end is for an initiator, and the key that it has to have.
    fn key_for(&self, request: &AuthRequest, [own, peer]: [IpAddr; 2]) -> Result<(Identification, &Key), String> {
        let identity = self.own_identity(request, own)?;
        let Some(theirs) = &request.identity else { return Err("it does not say who it is".to_owned()) };
        let ours = Peering {
            local: Proof { identity: named(&identity), ..self.peering.local.clone() },
            local_addresses: address(own),
            ..self.peering.clone()
        };
        let initiator = Peering {
            local: Proof { identity: named(theirs), ..Proof::default() },
            local_addresses: address(peer),
            ..Peering::default()
        };
        match self.looked_up(&ours, &initiator) {
            Some(key) => Ok((identity, key)),
            None => {
                let (own, theirs) = (identity_text(&identity), identity_text(theirs));
                Err(format!("no pre-shared key is for `{own}` and `{theirs}`"))
            }
        }
    }

    /// The key of main mode, where nobody has said yet who he is: that of the two addresses, else that of the identities
    /// that are set up (strongSwan's `lookup_shared_key` in `src/libcharon/sa/ikev1/phase1.c`).
    fn key_of_addresses(&self, [own, peer]: [IpAddr; 2]) -> Result<&Key, String> {
        let of = |end: IpAddr| Peering {
            local: Proof { identity: named(&Identification::address(end)), ..Proof::default() },
            local_addresses: address(end),
            keys: self.peering.keys.clone(),
            ..Peering::default()
        };
        let configured = Peering {
            local: self.peering.remote.clone(),
            remote: self.peering.local.clone(),
            local_addresses: Vec::new(),
            ..Peering::default()
        };
        let found = self.looked_up(&of(own), &of(peer)).or_else(|| self.looked_up(&self.peering, &configured));
        found.ok_or_else(|| format!("no pre-shared key is for {own} and {peer}, by which main mode looks it up"))
    }

    /// The print of that key.
    pub(super) fn print_of_addresses(&self, addresses: [IpAddr; 2]) -> Option<KeyPrint> {
        self.key_of_addresses(addresses).ok().map(|(print, _)| *print)
    }

    /// The CHILD SA: what is let through is judged before how it is protected.
    fn child(&self, request: &AuthRequest, [own, peer]: [IpAddr; 2]) -> Result<ChildSa, u16> {
        let [theirs, ours] = &request.selectors;
        let selectors = [
            self.narrowed(&self.peering.remote_selectors, theirs, peer),
            self.narrowed(&self.peering.local_selectors, ours, own),
        ];
        if selectors.iter().any(Vec::is_empty) {
            return Err(notify::TS_UNACCEPTABLE);
        }
        let nowhere = Origin::new(OriginKind::Peer { address: String::new(), connection: 0, what: String::new() });
        let offered: Vec<Proposal> = request.child.iter().map(|one| self.candidates.decode(one, &nowhere)).collect();
        let own = self.policy.child_proposals.accepted().ok_or(notify::NO_PROPOSAL_CHOSEN)?;
        let own: Vec<Proposal> = own.iter().cloned().map(with_sequence_numbers).collect();
        let how = Selecting {
            version: IkeVersion::V2,
            preference: self.policy.preference,
            without_key_exchange: true,
            counter_mode_in_ikev1: self.policy.has_counter_mode_in_ikev1(),
        };
        let chosen = select(&offered, &own, how).map_err(|_| notify::NO_PROPOSAL_CHOSEN)?;
        let (sent, read) = request.child.get(chosen.initiator).zip(offered.get(chosen.initiator)).unzip();
        let (Some(sent), Some(read)) = (sent, read) else { return Err(notify::NO_PROPOSAL_CHOSEN) };
        let wanted =
            |slot: Slot| chosen.transforms.iter().find(|(of, _)| *of == slot).and_then(|(_, name)| name.clone());
        let mut taken: Vec<wire::Transform> = Vec::new();
        for (kind, slot) in [
            (transform::ENCRYPTION, Slot::Encryption),
            (transform::INTEGRITY, Slot::Integrity),
            (transform::SEQUENCE_NUMBERS, Slot::Esn),
        ] {
            let Some(wanted) = wanted(slot) else { continue };
            let of_kind = sent.transforms.iter().filter(|one| one.kind == kind && (one.id != 0 || slot == Slot::Esn));
            let found = of_kind.zip(read.list(slot)).find(|(_, item)| item.name == wanted);
            taken.push(found.ok_or(notify::NO_PROPOSAL_CHOSEN)?.0.clone());
        }
        let proposal = wire::Proposal { transforms: taken, ..sent.clone() };
        let transport = request.transport && self.peering.transport;
        Ok(ChildSa { proposal, selectors, transport, spis: [Vec::new(), Vec::new()] })
    }

    /// What the configured selectors of an end and those that are asked for have in common (RFC 7296 section 2.9).
    fn narrowed(&self, own: &Known<Vec<Item>>, asked: &[TrafficSelector], end: IpAddr) -> Vec<TrafficSelector> {
        let Some(own) = own.accepted() else { return asked.to_vec() };
        let own: Vec<TrafficSelector> = own.iter().filter_map(|item| selector(item.name.as_str(), end)).collect();
        if self.peering.exact_selectors {
            let same = own.len() == asked.len() && asked.iter().all(|one| own.contains(one));
            return if same { asked.to_vec() } else { Vec::new() };
        }
        let mut common: Vec<TrafficSelector> =
            own.iter().flat_map(|one| asked.iter().filter_map(|other| common(one, other))).collect();
        // What lies within another is said with it.
        let mut at = 0;
        while let Some(one) = common.get(at) {
            let rest = common.iter().enumerate();
            let within = rest
                .filter(|(place, _)| *place != at)
                .any(|(place, other)| common_is(one, other) && (!common_is(other, one) || place < at));
            if within {
                common.remove(at);
            } else {
                at += 1;
            }
        }
        common
    }
}

/// Of IKEv1, as strongSwan's `src/libcharon/sa/ikev1/tasks/main_mode.c` and `quick_mode.c` judge.
impl Keeper for Entrance {
    fn shared_key(&self, ends: [IpAddr; 2]) -> Result<Secret<Vec<u8>>, String> {
        self.key_of_addresses(ends).map(|(_, key)| Secret::new(key.expose().clone()))
    }

    fn identity(&self, request: &AuthRequest, [own, _]: [IpAddr; 2]) -> Result<Identification, String> {
        self.own_identity(request, own)
    }

    fn quick_mode(&self, request: &AuthRequest, [own, peer]: [IpAddr; 2]) -> Result<QuickChoice, u16> {
        let [theirs, ours] = &request.selectors;
        // One network of each end is all that can be said.
        let theirs = self.narrowed(&self.peering.remote_selectors, theirs, peer).into_iter().next();
        let ours = self.narrowed(&self.peering.local_selectors, ours, own).into_iter().next();
        let (Some(theirs), Some(ours)) = (theirs, ours) else { return Err(notification::INVALID_ID_INFORMATION) };
        let none = notification::NO_PROPOSAL_CHOSEN;
        let nowhere = Origin::new(OriginKind::Peer { address: String::new(), connection: 0, what: String::new() });
        let suites = request.quick.iter();
        let offered: Vec<Proposal> =
            suites.map(|(protocol, suite)| self.candidates.of_phase_2(*protocol, suite, &nowhere)).collect();
        let configured = self.policy.child_proposals.accepted().ok_or(none)?;
        let configured: Vec<Proposal> = configured.iter().cloned().map(with_sequence_numbers).collect();
        let how = Selecting {
            version: IkeVersion::V1,
            preference: self.policy.preference,
            without_key_exchange: false,
            counter_mode_in_ikev1: self.policy.has_counter_mode_in_ikev1(),
        };
        let chosen = select(&offered, &configured, how).map_err(|_| none)?;
        Ok(QuickChoice { suite: chosen.initiator, traffic: [theirs, ours] })
    }
}

/// Of IKEv1, where nobody is let in.
pub(super) struct Closed(pub(super) String);

impl Keeper for Closed {
    fn shared_key(&self, _: [IpAddr; 2]) -> Result<Secret<Vec<u8>>, String> {
        Err(self.0.clone())
    }

    fn identity(&self, _: &AuthRequest, _: [IpAddr; 2]) -> Result<Identification, String> {
        Err(self.0.clone())
    }

    fn quick_mode(&self, _: &AuthRequest, _: [IpAddr; 2]) -> Result<QuickChoice, u16> {
        Err(notification::NO_PROPOSAL_CHOSEN)
    }
}

fn named(identity: &Identification) -> Option<Item> {
    Some(Item { name: identity_text(identity), origin: None })
}

fn address(address: IpAddr) -> Vec<Item> {
    vec![Item::new(&address.to_string())]
}

/// Why nobody can be let in.
fn obstacle(policy: &IkePolicy, peering: &Peering, no_key: bool) -> Option<String> {
    let method = |proof: &Proof| {
        let text = proof.method.as_ref().map(|item| item.name.as_str().to_owned())?;
        let family = text.split(['-', ':']).next().unwrap_or_default().to_owned();
        (family != "psk" && family != "any").then_some(text)
    };
    if peering.aggressive {
        return Some("aggressive mode of IKEv1 is not answered".to_owned());
    }
    if let Some(method) = method(&peering.local) {
        return Some(format!("it proves itself by `{method}`, which is not done from here"));
    }
    if let Some(method) = method(&peering.remote) {
        return Some(format!("it asks for `{method}`, which is not judged here"));
    }
    if no_key {
        return Some("no pre-shared key is known: `--psk-file FILE` gives one".to_owned());
    }
    let pattern =
        written(&peering.remote).filter(|text| text.contains('*') && (text.contains('=') || !text.starts_with('*')));
    if let Some(pattern) = pattern {
        return Some(format!("the pattern `{}` of identities is not compared here", Name::new(pattern)));
    }
    let complete = policy.child_proposals.complete().is_some_and(|all| all.iter().all(|one| one.unknown.is_empty()));
    (!complete).then(|| "its proposals for the CHILD SA are not known whole".to_owned())
}

fn written(proof: &Proof) -> Option<&str> {
    proof.identity.as_ref().map(|item| item.name.as_str())
}

/// Names and mail addresses count without their case.
fn is_same(one: &Identification, other: &Identification) -> bool {
    let text = matches!(one.kind, identity::FQDN | identity::RFC822);
    one.kind == other.kind && if text { one.data.eq_ignore_ascii_case(&other.data) } else { one.data == other.data }
}

/// Whether an identity is one that is expected: the same, or one that ends as `*.example` or `*@example.org` says.
fn is_expected(expected: &str, shown: &Identification) -> bool {
    let Some(end) = expected.strip_prefix('*') else {
        return identification(expected).is_some_and(|expected| is_same(&expected, shown));
    };
    let kind = if end.contains('@') { identity::RFC822 } else { identity::FQDN };
    let length = shown.data.len().checked_sub(end.len());
    let shown_end = length.and_then(|at| shown.data.get(at..));
    shown.kind == kind && shown_end.is_some_and(|shown| shown.eq_ignore_ascii_case(end.as_bytes()))
}

/// Without any, sequence numbers are the short ones (RFC 7296 section 3.3.3).
fn with_sequence_numbers(mut proposal: Proposal) -> Proposal {
    if proposal.esn.is_empty() {
        proposal.esn.push(Item::new("noesn"));
    }
    proposal
}

/// What two selectors have in common.
fn common(one: &TrafficSelector, other: &TrafficSelector) -> Option<TrafficSelector> {
    let (
        TrafficSelector::Range { protocol, ports, first, last },
        TrafficSelector::Range { protocol: other, ports: (from, to), first: start, last: end },
    ) = (one, other)
    else {
        return None;
    };
    let protocol = match (*protocol, *other) {
        (0, other) => other,
        (one, 0) => one,
        (one, other) if one == other => one,
        _ => return None,
    };
    let ports = (ports.0.max(*from), ports.1.min(*to));
    let (first, last) = (*first.max(start), *last.min(end));
    let fits = first.is_ipv4() == last.is_ipv4() && start.is_ipv4() == first.is_ipv4();
    (fits && first <= last && ports.0 <= ports.1).then_some(TrafficSelector::Range { protocol, ports, first, last })
}

/// Whether the first lies within the second.
fn common_is(inner: &TrafficSelector, outer: &TrafficSelector) -> bool {
    common(inner, outer).as_ref() == Some(inner)
}

/// Adds to the party that was recorded of a first message what the initiator said later. `proved` is whether it has
/// the key of this end; `None` where that did not come up.
pub(super) fn with_auth(
    client: &mut Party,
    request: &AuthRequest,
    proved: Option<(bool, KeyPrint)>,
    candidates: &Candidates,
    origin: &Origin,
) {
    let Policy::Ike(policy) = &mut client.policy else { return };
    let item = |name: Name| Item::with_origin(name, origin.clone());
    let list = |all: &[TrafficSelector]| match all {
        [] => Known::Unknown,
        all => Known::Complete(all.iter().filter_map(text).map(|text| item(Name::new(&text))).collect()),
    };
    if !request.child.is_empty() {
        let proposals = request.child.iter().map(|one| candidates.decode(one, origin)).collect();
        policy.child_proposals = Known::Complete(proposals);
    }
    if !request.quick.is_empty() {
        let suites = request.quick.iter();
        let proposals = suites.map(|(protocol, suite)| candidates.of_phase_2(*protocol, suite, origin)).collect();
        policy.child_proposals = Known::Complete(proposals);
    }
    if policy.child_proposals.accepted().is_some() {
        client.notes.retain(|note| !note.starts_with("what it proposes for the CHILD SA"));
    }
    let method = match request.method {
        None => "eap",
        Some(shakedown_crypto::ike::auth_method::SHARED_KEY) => "psk",
        Some(_) => "pubkey",
    };
    let proof = |method: Option<&str>, identity: &Option<Identification>| Proof {
        method: method.map(|method| item(Name::new(method))),
        identity: identity.as_ref().map(|identity| item(identity_text(identity))),
    };
    let [own, theirs] = &request.selectors;
    // A key that is not the one here has a print of its own.
    let key = proved.map(|(same, print)| if same { print } else { KeyPrint::of(b"another key than that of this end") });
    policy.peering = Some(Box::new(Peering {
        local: proof(Some(method), &request.identity),
        remote: proof(Some("any"), &request.asked_for),
        keys: match key {
            Some(print) => Known::Complete(vec![SharedKey { owners: Vec::new(), print, origin: None }]),
            None => Known::Unknown,
        },
        local_selectors: list(own),
        remote_selectors: list(theirs),
        transport: request.transport,
        ..Peering::default()
    }));
}

/// A selector as configurations write it.
pub(super) fn text(selector: &TrafficSelector) -> Option<String> {
    let TrafficSelector::Range { protocol, ports, first, last } = selector else { return None };
    let range = format!("{first}-{last}");
    let protocol = match *protocol {
        0 => "any".to_owned(),
        1 => "icmp".to_owned(),
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        58 => "ipv6-icmp".to_owned(),
        number => number.to_string(),
    };
    Some(match *ports {
        (0, u16::MAX) if protocol == "any" => range,
        (0, u16::MAX) => format!("{range}[{protocol}]"),
        (from, to) if from == to => format!("{range}[{protocol}/{from}]"),
        (from, to) => format!("{range}[{protocol}/{from}-{to}]"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entrance(own: &[&str]) -> (Entrance, Known<Vec<Item>>) {
        let candidates = Candidates::default();
        let (policy, peering) = (IkePolicy::default(), Peering::default());
        let own = own.iter().map(|text| Item::new(text)).collect();
        (Entrance { policy, peering, keys: Vec::new(), candidates }, Known::Complete(own))
    }

    #[test]
    fn selectors_are_narrowed_as_strongswan_narrows_them() {
        let end: IpAddr = "192.0.2.7".parse().unwrap();
        let narrowed = |own: &[&str], asked: &[&str]| {
            let (entrance, own) = entrance(own);
            let asked: Vec<TrafficSelector> = asked.iter().filter_map(|text| selector(text, end)).collect();
            entrance.narrowed(&own, &asked, end).iter().filter_map(text).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(narrowed(&["10.1.0.0/16"], &["10.1.2.0/24"]), "10.1.2.0-10.1.2.255");
        assert_eq!(narrowed(&["10.1.2.0/24"], &["0.0.0.0/0"]), "10.1.2.0-10.1.2.255");
        assert_eq!(narrowed(&["10.1.2.0/24"], &["10.1.3.0/24"]), "");
        assert_eq!(narrowed(&["10.1.0.0/16"], &["10.1.2.0/24", "10.1.0.0/16"]), "10.1.0.0-10.1.255.255");
        assert_eq!(narrowed(&["10.1.0.0/24", "10.1.0.0/24"], &["10.1.0.0/24"]), "10.1.0.0-10.1.0.255");
        assert_eq!(narrowed(&["10.1.0.0/24[tcp]"], &["10.1.0.0/24[tcp/443]"]), "10.1.0.0-10.1.0.255[tcp/443]");
        assert_eq!(narrowed(&["10.1.0.0/24[tcp]"], &["10.1.0.0/24[udp]"]), "");
        assert_eq!(narrowed(&["dynamic"], &["0.0.0.0/0"]), "192.0.2.7-192.0.2.7");
        assert_eq!(narrowed(&["::/0"], &["0.0.0.0/0"]), "");
    }

    #[test]
    fn identities_are_expected_by_kind_and_end() {
        let shown = |text: &str| identification(text).unwrap();
        assert!(is_expected("gw.example", &shown("GW.example")));
        assert!(is_expected("*.example", &shown("gw.example")));
        assert!(!is_expected("*.example", &shown("gw.example.org")));
        assert!(is_expected("*@example.org", &shown("me@example.org")));
        assert!(!is_expected("*.example", &shown("me@a.example")));
        assert!(!is_expected("192.0.2.1", &Identification::new(identity::FQDN, "192.0.2.1")));
    }
}
