//! An initiator that goes on to IKE_AUTH: who it is, what it proves itself with, what it asks for.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use shakedown_config::{shared_key, shared_key_of_text};
use shakedown_crypto::ike::KeyPair;
use shakedown_handshake::ike::{Certificate, Config, Credentials, Proving, identification};
use shakedown_model::ike::{IkePolicy, IkeVersion, KeyPrint, Peering, Proof, SaProtocol, SharedKey};
use shakedown_model::{Item, Known, Name, Origin, OriginKind, Party, PartySource, Policy, Role, Secret, items};
use shakedown_probe::ike::{Answering, Attempt, Candidates, initiate};
use shakedown_wire::ike::{Identification, TrafficSelector};

use super::identity;
use crate::options::InitiatorOptions;
use crate::{Error, Session};

/// What is proposed where no configuration says it: all that is computed here, the best first.
const PROPOSALS: [&str; 2] = [
    "aes256gcm16-aes128gcm16-aes192gcm16-chacha20poly1305-aes256ccm16-aes128ccm16-prfsha384-prfsha256-prfsha512-prfsha1-\
     ecp384-ecp256-x25519-ecp521-modp3072-modp4096-modp2048-modp6144-modp8192-modp1536-modp1024",
    "aes256-aes128-aes192-aes256ctr-aes128ctr-3des-sha384-sha256-sha512-sha1-aesxcbc-aescmac-prfsha384-prfsha256-prfsha512-\
     prfsha1-prfaesxcbc-prfaescmac-ecp384-ecp256-x25519-ecp521-modp3072-modp4096-modp2048-modp6144-modp8192-modp1536-modp1024",
];
/// The same for the CHILD SA, whose algorithms are only named.
const CHILD_PROPOSALS: [&str; 2] = [
    "aes256gcm16-aes128gcm16-aes192gcm16-chacha20poly1305-noesn-esn",
    "aes256-aes128-aes192-3des-sha256-sha384-sha512-sha1-noesn-esn",
];

/// The same for IKEv1, whose proposals are whole suites.
const OLD_PROPOSALS: [&str; 16] = [
    "aes256-sha256-modp2048",
    "aes256-sha256-ecp256",
    "aes256-sha384-ecp384",
    "aes256-sha512-modp4096",
    "aes256-sha256-modp4096",
    "aes256-sha256-modp3072",
    "aes128-sha256-modp2048",
    "aes128-sha256-modp3072",
    "aes128-sha256-ecp256",
    "aes256-sha1-modp2048",
    "aes128-sha1-modp2048",
    "aes256-sha256-modp1536",
    "aes256-sha1-modp1536",
    "aes256-sha1-modp1024",
    "aes128-sha1-modp1024",
    "3des-sha1-modp1024",
];
/// The same for quick mode.
const OLD_CHILD_PROPOSALS: [&str; 8] = [
    "aes256gcm16",
    "aes128gcm16",
    "aes256-sha256",
    "aes128-sha256",
    "aes256-sha512",
    "aes256-sha1",
    "aes128-sha1",
    "3des-sha1",
];

/// Networks that nobody routes (RFC 5737): a tunnel for them takes no traffic away from one that is there.
const DOCUMENTATION: [&str; 2] = ["192.0.2.0/24", "198.51.100.0/24"];

/// The most bytes of a file with a pre-shared key.
const MOST_KEY: u64 = 4096;

/// What an attempt needs besides its party.
pub(super) struct Wherewithal {
    pub(super) config: Config,
    /// Whether the traffic selectors are those for documentation.
    pub(super) documentation: bool,
}

/// What was attempted.
pub(super) struct Attempted {
    pub(super) attempt: Attempt,
    /// Whether the traffic selectors were those for documentation.
    pub(super) documentation: bool,
    /// The certificates that this end showed.
    pub(super) chain: Vec<Vec<u8>>,
}

impl Session {
    /// The initiator that the options describe alone: no configuration is named.
    pub(super) fn described_initiator(&self) -> Result<Option<Party>, Error> {
        let options = &self.options.initiator;
        let described = InitiatorOptions { may_disturb_live_tunnel: false, real_selectors: false, ..options.clone() };
        if described == InitiatorOptions::default() {
            return Ok(None);
        }
        let read = |protocol: SaProtocol, all: &[&str]| {
            let read = |text: &&str| self.catalog.proposal_of_keywords(protocol, text);
            let all = all.iter().map(read).collect::<Result<Vec<_>, _>>();
            all.map_or(Known::Unknown, Known::Complete)
        };
        let method = if self.options.certificate.is_some() { "pubkey" } else { "psk" };
        let proof = |method: &str| Proof { method: Some(Item::new(method)), identity: None };
        let peering = Peering { local: proof(method), remote: proof("any"), ..Peering::default() };
        let version = options.version.unwrap_or(IkeVersion::V2);
        let (own, child) = match version {
            IkeVersion::V1 => (OLD_PROPOSALS.as_slice(), OLD_CHILD_PROPOSALS.as_slice()),
            IkeVersion::V2 => (PROPOSALS.as_slice(), CHILD_PROPOSALS.as_slice()),
        };
        let policy = IkePolicy {
            proposals: read(SaProtocol::Ike, own),
            child_proposals: read(SaProtocol::Esp, child),
            version: Some(version),
            peering: Some(Box::new(peering)),
            ..IkePolicy::default()
        };
        Ok(Some(Party {
            label: "this initiator".to_owned(),
            role: Role::Client,
            software: None,
            source: PartySource::Local { program: "shakedown".to_owned() },
            policy: Policy::Ike(Box::new(policy)),
            configuration: None,
            notes: vec!["it proposes all that is computed here: no configuration is named".to_owned()],
        }))
    }

    /// What the options say in the place of a party's configuration.
    pub(super) fn override_initiator(&self, party: &mut Party) -> Result<(), Error> {
        let options = &self.options.initiator;
        let key = self.given_key()?;
        let Policy::Ike(policy) = &mut party.policy else { return Ok(()) };
        let peering = policy.peering.get_or_insert_default();
        let item = |option: &str, text: &str| {
            let origin = Origin::new(OriginKind::CommandLine { argument: format!("{option} {text}") });
            Item { name: Name::new(text), origin: Some(origin) }
        };
        if let Some(own) = &options.identity {
            peering.local.identity = Some(item("--id", own));
        }
        if let Some(theirs) = &options.remote_identity {
            peering.remote.identity = Some(item("--remote-id", theirs));
        }
        if let Some((ours, theirs)) = &options.selectors {
            let list = |text: &str| text.split(',').map(|one| item("--ts", one.trim())).collect();
            (peering.local_selectors, peering.remote_selectors) =
                (Known::Complete(list(ours)), Known::Complete(list(theirs)));
        }
        if let Some(key) = key {
            let print = KeyPrint::of(key.expose());
            peering.keys = Known::Complete(vec![SharedKey { owners: Vec::new(), print, origin: None }]);
        }
        if self.options.certificate.is_some() && peering.local.method.is_none() {
            peering.local.method = items(["pubkey"]).pop();
        }
        Ok(())
    }

    /// The pre-shared key of `--psk-file`, else of the environment.
    pub(crate) fn given_key(&self) -> Result<Option<Secret<Vec<u8>>>, Error> {
        if let Some(path) = &self.options.initiator.psk_file {
            let text = identity::read_secret(path, MOST_KEY)?;
            let key = shared_key_of_text(text.expose());
            if key.expose().is_empty() {
                let (option, value) = ("--psk-file", path.display().to_string());
                return Err(Error::OptionValue { option, value, expected: "the file is empty".to_owned() });
            }
            return Ok(Some(key));
        }
        let variable = std::env::var_os(InitiatorOptions::PSK_VARIABLE).map(|text| Secret::new(text.into_vec()));
        Ok(variable.map(|text| shared_key_of_text(text.expose())).filter(|key| !key.expose().is_empty()))
    }

    /// The pre-shared key that a party proves itself with.
    pub(super) fn key_of(&self, party: &Party, peering: &Peering) -> Result<Option<Secret<Vec<u8>>>, Error> {
        if let Some(key) = self.given_key()? {
            return Ok(Some(key));
        }
        let Some(chosen) = shakedown_negotiate::ike::own_key(peering) else { return Ok(None) };
        let Some(OriginKind::File { file, .. }) = chosen.origin.as_ref().map(Origin::kind) else { return Ok(None) };
        let read = shared_key(&self.files()?, &file.path, chosen.print);
        read.map_err(|source| Error::File { path: party.label.clone(), source: std::io::Error::other(source) })
    }

    /// What an attempt of this party needs; `Err` within says in words what is missing.
    pub(super) fn wherewithal(
        &self,
        party: &Party,
        candidates: &Candidates,
        addresses: [SocketAddr; 2],
    ) -> Result<Result<Wherewithal, String>, Error> {
        let nothing = |why: &str| Ok(Err(why.to_owned()));
        let Some(policy) = party.ike() else { return nothing("it does not speak IKE") };
        let empty = Peering::default();
        let peering = policy.peering.as_deref().unwrap_or(&empty);
        let (Some(proposals), Some(child)) = (policy.proposals.accepted(), policy.child_proposals.accepted()) else {
            return nothing("what it proposes is not known");
        };
        let needs_more = |one: &shakedown_model::ike::Proposal| {
            one.additional.iter().any(|list| !list.is_empty() && list.iter().all(|item| item.name != "none"))
        };
        // Where they may be left out, they are.
        let mut proposals: Vec<_> = proposals.iter().filter(|one| !needs_more(one)).cloned().collect();
        proposals.iter_mut().for_each(|one| one.additional = Default::default());
        if proposals.is_empty() {
            return nothing("additional key exchanges (RFC 9370) are not made from here");
        }
        let (proposals, _) = candidates.encode_offer(&proposals);
        let (child, _) = candidates.child_proposals(child);
        let groups = proposals.iter().flat_map(|one| &one.transforms);
        let groups: Vec<u16> = groups
            .filter(|one| one.kind == shakedown_wire::ike::number::transform::KEY_EXCHANGE)
            .map(|one| one.id)
            .collect();
        let Some(group) = groups.iter().copied().find(computed) else {
            return nothing("none of its groups is computed here");
        };
        let credentials = match self.credentials(party, peering)? {
            Ok(credentials) => credentials,
            Err(why) => return Ok(Err(why)),
        };
        let documentation = !self.options.initiator.real_selectors && self.options.initiator.selectors.is_none();
        let selectors = match self.selectors(peering, documentation, addresses) {
            Ok(selectors) => selectors,
            Err(why) => return Ok(Err(why)),
        };
        let text = |proof: &Proof| proof.identity.as_ref().and_then(|item| identification(item.name.as_str()));
        let own = text(&peering.local).or_else(|| credentials.certificate.as_ref().and_then(subject));
        let config = Config {
            proposals,
            group,
            child,
            identity: own,
            peer: text(&peering.remote),
            credentials,
            selectors,
            transport: peering.transport,
        };
        Ok(Ok(Wherewithal { config, documentation }))
    }

    fn credentials(&self, party: &Party, peering: &Peering) -> Result<Result<Credentials, String>, Error> {
        let key = self.key_of(party, peering)?;
        let own = peering.local.method.as_ref().map(|item| item.name.as_str().to_owned());
        let theirs = peering.remote.method.as_ref().map(|item| item.name.as_str());
        let own = own.as_deref().unwrap_or(if key.is_some() { "psk" } else { "pubkey" });
        let authorities = match theirs {
            Some("psk") => None,
            _ => Some(self.trusted_keys(party)?),
        };
        let family = own.split(['-', ':']).next().unwrap_or(own);
        Ok(match family {
            "psk" if key.is_none() => Err(format!(
                "no pre-shared key is known for it: give `--psk-file FILE`, or the variable {} of the environment",
                InitiatorOptions::PSK_VARIABLE
            )),
            "psk" => Ok(Credentials { shared_key: key, certificate: None, with: Proving::SharedKey, authorities }),
            "pubkey" | "rsa" | "ecdsa" | "ed25519" => match self.ike_certificate(party, peering)? {
                Ok(certificate) => Ok(Credentials {
                    shared_key: key,
                    certificate: Some(certificate),
                    with: Proving::Certificate,
                    authorities,
                }),
                Err(why) => {
                    Err(format!("it proves itself with a certificate, and {why}: give `--cert FILE --key FILE`"))
                }
            },
            other => Err(format!("it proves itself by `{other}`, which is not done from here")),
        })
    }

    pub(super) fn selectors(
        &self,
        peering: &Peering,
        documentation: bool,
        [own, theirs]: [SocketAddr; 2],
    ) -> Result<[Vec<TrafficSelector>; 2], String> {
        let lists = match documentation {
            true => DOCUMENTATION.map(|one| vec![one.to_owned()]),
            false => [&peering.local_selectors, &peering.remote_selectors].map(|known| match known.accepted() {
                Some(items) => items.iter().map(|item| item.name.as_str().to_owned()).collect(),
                None => vec!["dynamic".to_owned()],
            }),
        };
        let read = |list: &Vec<String>, end: IpAddr| -> Result<Vec<TrafficSelector>, String> {
            let one = |text: &String| {
                selector(text, end).ok_or_else(|| format!("`{}` is no traffic selector", Name::new(text)))
            };
            list.iter().map(one).collect()
        };
        let [ours, of_peer] = &lists;
        Ok([read(ours, own.ip())?, read(of_peer, theirs.ip())?])
    }

    /// Goes on to IKE_AUTH with a responder that took the party's offer. `Err` within says what it could not be done for.
    pub(super) async fn initiate(
        &self,
        party: &Party,
        candidates: &Candidates,
        answering: Answering,
        (asked_for, timeout): (Option<u16>, Duration),
    ) -> Result<Result<Attempted, String>, Error> {
        // What is missing is found out before anything is sent.
        let unknown: SocketAddr = match answering.address {
            SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let ready = match self.wherewithal(party, candidates, [unknown, answering.address])? {
            Ok(ready) => ready,
            Err(why) => return Ok(Err(why)),
        };
        self.progress("proving who this end is");
        let documentation = ready.documentation;
        let chain = ready.config.credentials.certificate.as_ref().map(|own| own.chain.clone()).unwrap_or_default();
        let policy = party.ike().and_then(|policy| policy.peering.clone()).unwrap_or_default();
        let make = |addresses: [SocketAddr; 2]| {
            let mut config = ready.config;
            // The group that the responder would ask for in the end.
            if let Some(group) = asked_for.filter(computed) {
                config.group = group;
            }
            if let Ok(selectors) = self.selectors(&policy, documentation, addresses) {
                config.selectors = selectors;
            }
            config
        };
        let attempt = initiate(answering, self.options.source, timeout, make).await;
        let attempted = attempt.map(|attempt| Attempted { attempt, documentation, chain });
        Ok(attempted.map_err(|error| error.to_string()))
    }

    /// Whether a party can go on to IKE_AUTH at all.
    pub(super) fn only_one<'a>(&self, parties: &'a [Party], named: &str) -> Result<Option<&'a Party>, Error> {
        if !self.options.initiator.may_disturb_live_tunnel {
            return Ok(None);
        }
        match parties {
            [one] => Ok(Some(one)),
            [] => Err(Error::OptionValue {
                option: "--may-disturb-live-tunnel",
                value: named.to_owned(),
                expected: "no initiator is named: give `--config FILE#CONNECTION`, or `--psk-file FILE --id ME`"
                    .to_owned(),
            }),
            several => Err(Error::OptionValue {
                option: "--may-disturb-live-tunnel",
                value: named.to_owned(),
                expected: format!(
                    "{} connections may be meant, and only one goes on to IKE_AUTH: write `PATH#NAME`",
                    several.len()
                ),
            }),
        }
    }
}

/// Whether a key exchange of this group is computed here.
pub(super) fn computed(group: &u16) -> bool {
    KeyPair::generate(*group).is_ok_and(|pair| pair.is_some())
}

/// Of a certificate whose owner has no other identity, its subject.
pub(super) fn subject(certificate: &Certificate) -> Option<Identification> {
    let own = shakedown_x509::Certificate::from_der(certificate.chain.first()?).ok()?;
    let length = u16::try_from(own.subject.der.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let mut der = match (high, low) {
        (0, 0..0x80) => vec![0x30, low],
        (0, _) => vec![0x30, 0x81, low],
        _ => vec![0x30, 0x82, high, low],
    };
    der.extend_from_slice(&own.subject.der);
    Some(Identification::new(shakedown_wire::ike::number::identity::DISTINGUISHED_NAME, der))
}

/// `10.1.0.0/24[tcp/443]`, `10.1.0.1-10.1.0.9`, an address, or `dynamic` for the end's own.
pub(crate) fn selector(text: &str, end: IpAddr) -> Option<TrafficSelector> {
    let (network, only) = match text.trim().split_once('[') {
        Some((network, only)) => (network.trim(), only.strip_suffix(']')?),
        None => (text.trim(), ""),
    };
    let (protocol, port) = only.split_once('/').unwrap_or((only, ""));
    let any = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "" | "any" | "%any");
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        text if any(text) => 0,
        "icmp" => 1,
        "tcp" => 6,
        "udp" => 17,
        "gre" => 47,
        "ipv6-icmp" | "icmpv6" => 58,
        "sctp" => 132,
        number => number.parse().ok()?,
    };
    let ports = match port {
        text if any(text) => (0, u16::MAX),
        range => match range.split_once('-') {
            Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
            None => (range.parse().ok()?, range.parse().ok()?),
        },
    };
    let (first, last) = match (network.split_once('/'), network.split_once('-')) {
        _ if network.eq_ignore_ascii_case("dynamic") => (end, end),
        (Some((address, length)), _) => range(address.parse().ok()?, length.parse().ok()?)?,
        (None, Some((first, last))) => (first.trim().parse().ok()?, last.trim().parse().ok()?),
        (None, None) => (network.parse().ok()?, network.parse().ok()?),
    };
    (first.is_ipv4() == last.is_ipv4()).then_some(TrafficSelector::Range { protocol, ports, first, last })
}

/// First and last address of a network.
fn range(address: IpAddr, length: u32) -> Option<(IpAddr, IpAddr)> {
    match address {
        IpAddr::V4(address) => {
            let host = u32::MAX.checked_shr(length).unwrap_or(0);
            let bits = address.to_bits();
            (length <= 32).then(|| (IpAddr::V4((bits & !host).into()), IpAddr::V4((bits | host).into())))
        }
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(length).unwrap_or(0);
            let bits = address.to_bits();
            (length <= 128).then(|| (IpAddr::V6((bits & !host).into()), IpAddr::V6((bits | host).into())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_as_they_are_written() {
        let end: IpAddr = "203.0.113.7".parse().unwrap();
        let of = |text: &str| match selector(text, end) {
            Some(TrafficSelector::Range { protocol, ports, first, last }) => {
                format!("{protocol} {}-{} {first} {last}", ports.0, ports.1)
            }
            _ => "-".to_owned(),
        };
        assert_eq!(of("10.1.0.0/24"), "0 0-65535 10.1.0.0 10.1.0.255");
        assert_eq!(of("10.1.2.3/8[tcp/443]"), "6 443-443 10.0.0.0 10.255.255.255");
        assert_eq!(of("10.1.0.1-10.1.0.9[udp/1000-2000]"), "17 1000-2000 10.1.0.1 10.1.0.9");
        assert_eq!(of("dynamic"), "0 0-65535 203.0.113.7 203.0.113.7");
        assert_eq!(of("2001:db8::/32"), "0 0-65535 2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
        assert_eq!(of("0.0.0.0/0"), "0 0-65535 0.0.0.0 255.255.255.255");
        for wrong in ["10.0.0.0/33", "10.0.0.1-::1", "name", "10.0.0.0/8[tcp", "10.0.0.0/8[tcp/x]"] {
            assert_eq!(of(wrong), "-", "{wrong}");
        }
    }
}
