//! Reads the examples of the pages and checks that each yields exactly its cause.
//!
//! An example is a fenced block marked `case`, of lines `KEY: VALUE`:
//!
//! ```text
//! client: openssh@9.2p1                     the party, from the catalog
//! server kex: NAME, NAME                    replaces a list: kex, host_key, cipher, mac, compression; of TLS version,
//!                                           cipher_suite, group, signature_scheme; of IKE see `examples_ike`
//! server secure_renegotiation: no           whether RFC 5746 is announced
//! client server_name: none                  the name that it sends
//! server extended_master_secret: demanded   whether RFC 7627 is announced (yes, no), or demanded of the peer
//! fact: FACT                                one piece of evidence, see `fact`
//! target: NAME                              what the person typed
//! side: server                              expected side at fault, where it matters
//! reason: configured-out                    expected reason, where it matters
//! alternatives: CODE, CODE                  the other causes that fit, each less likely
//! ```

use std::sync::LazyLock;

use shakedown_catalog::{Catalog, ProductProtocol};
use shakedown_model::tls::TlsOffer;
use shakedown_model::{
    CertificateFinding, CertificateProblem, Completion, CompletionEnd, ConfigProblem, ConnectFailure, Context,
    Diagnosis, Ending, Evidence, Fact, FilePermission, HopRef, Known, KnownHostStatus, Name, Origin, OriginKind,
    Outcome, Party, PartySource, Phase, Policy, Protocol, ResolveFailure, Role, ShownCertificate, Slot, Software,
    StrangeProtocol, Throttle, items,
};

use crate::examples_ike;
use crate::{Case, causes, diagnose};

static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::from_blob(shakedown_catalog_data::BLOB).expect("the catalog's own blob"));

/// What an example describes, and what it expects.
#[derive(Default)]
struct Example {
    client: Option<Party>,
    server: Option<Party>,
    evidence: Vec<Evidence>,
    context: Context,
    side: Option<String>,
    reason: Option<String>,
    alternatives: Vec<String>,
}

impl Example {
    fn read(text: &str) -> Self {
        let mut example = Self::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("no `KEY: VALUE`: {line}"));
            match key.split_once(' ') {
                Some((role, list)) => example.replace(role, list, value),
                None => example.set(key, value),
            }
        }
        example
    }

    fn set(&mut self, key: &str, value: &str) {
        match key {
            "client" => self.client = Some(party(Role::Client, value)),
            "server" => self.server = Some(party(Role::Server, value)),
            "fact" => self.evidence.push(fact(value)),
            "target" => self.context.target = Some(value.to_owned()),
            "side" => self.side = Some(value.to_owned()),
            "reason" => self.reason = Some(value.to_owned()),
            "alternatives" => self.alternatives = value.split(", ").map(str::to_owned).collect(),
            _ => panic!("no such key: {key}"),
        }
    }

    fn replace(&mut self, role: &str, list: &str, value: &str) {
        let party = if role == "client" { &mut self.client } else { &mut self.server };
        if examples_ike::LISTS.contains(&list) {
            let role = if role == "client" { Role::Client } else { Role::Server };
            return examples_ike::set(party.get_or_insert_with(|| examples_ike::party(role)), list, value, &CATALOG);
        }
        let party = party.as_mut();
        let party = party.unwrap_or_else(|| panic!("`{role} {list}` before `{role}`"));
        let slots: &[Slot] = match list {
            "kex" => &[Slot::Kex],
            "host_key" => &[Slot::HostKey],
            "cipher" => &[Slot::CipherC2s, Slot::CipherS2c],
            "cipher_c2s" => &[Slot::CipherC2s],
            "mac" => &[Slot::MacC2s, Slot::MacS2c],
            "compression" => &[Slot::CompressionC2s, Slot::CompressionS2c],
            _ => &[],
        };
        party.source = PartySource::Configuration;
        if let Some(policy) = party.tls_mut() {
            return replace_tls(&mut policy.offer, list, value);
        }
        let policy = party.ssh_mut().expect("an SSH party");
        for slot in slots {
            let names = value.split(", ").filter(|name| !name.is_empty() && *name != "none at all");
            *policy.offer.list_mut(*slot).expect("an SSH slot") = Known::Complete(items(names));
        }
    }

    fn diagnose(&self) -> Vec<Diagnosis> {
        let outcome: Option<Outcome> = match (&self.client, &self.server) {
            (Some(client), Some(server)) => Some(shakedown_negotiate::negotiate(client, server, &self.context)),
            _ => None,
        };
        let protocol = self.client.as_ref().map_or(Protocol::Ssh, Party::protocol);
        let mut case = Case::new(protocol, &self.context, &CATALOG);
        case.client = self.client.as_ref();
        case.server = self.server.as_ref();
        case.outcome = outcome.as_ref();
        case.evidence = &self.evidence;
        diagnose(&case)
    }
}

fn replace_tls(offer: &mut TlsOffer, list: &str, value: &str) {
    let names = || Known::Complete(items(value.split(", ")));
    match list {
        "version" => offer.versions = names(),
        "cipher_suite" => offer.cipher_suites = names(),
        "tls13_cipher_suite" => offer.tls13_cipher_suites = names(),
        "group" => {
            offer.groups = names();
            offer.key_shares = names();
        }
        "signature_scheme" => offer.signature_schemes = names(),
        "secure_renegotiation" => offer.secure_renegotiation = Known::Complete(value == "yes"),
        "server_name" => offer.server_name = Known::Complete(Some(Name::new(value)).filter(|name| *name != *"none")),
        "extended_master_secret" => {
            offer.extended_master_secret = Known::Complete(value != "no");
            offer.needs_extended_master_secret = Some(value == "demanded");
        }
        _ => panic!("no such list: {list}"),
    }
}

fn party(role: Role, text: &str) -> Party {
    let software: Software = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let policy = match CATALOG.protocol_of(software.product(), software.version()) {
        Some(ProductProtocol::Tls) => {
            CATALOG.tls_policy(&software, role).map(|(policy, _)| Policy::Tls(Box::new(policy)))
        }
        _ => CATALOG.ssh_policy(&software, role).map(|(policy, _)| Policy::Ssh(Box::new(policy))),
    };
    let policy = policy.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    Party {
        label: text.to_owned(),
        role,
        software: Some(software),
        source: PartySource::Catalog,
        policy,
        configuration: None,
        notes: Vec::new(),
    }
}

/// One piece of evidence: a word for the kind, then what belongs to it.
fn fact(text: &str) -> Evidence {
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    let words: Vec<&str> = rest.split_whitespace().collect();
    let word = |index: usize| words.get(index).copied().unwrap_or_else(|| panic!("too few words: {text}"));
    let number = |index: usize| word(index).parse::<u32>().unwrap_or_else(|_| panic!("no number: {text}"));
    let after = |count: usize| rest.splitn(count + 1, ' ').nth(count).unwrap_or_default();
    let fact = match kind {
        "not-resolved" => Fact::NotResolved { host: word(0).to_owned(), failure: resolve_failure(word(1)) },
        "not-connected" => {
            Fact::NotConnected { address: word(0).parse().expect("an address"), failure: connect_failure(word(1)) }
        }
        "ended" => {
            let (ending, received) = match word(1) {
                "closed" => (Ending::Closed, number(2)),
                "reset" => (Ending::Reset, number(2)),
                _ => (Ending::Silent { milliseconds: number(2).into() }, number(3)),
            };
            Fact::Ended { phase: phase(word(0)), ending, received: received.into() }
        }
        "ssh-one" => Fact::SshOneOnly { identification: Name::new(rest) },
        "throttled" => {
            let throttle = match word(0) {
                "max-startups" => Throttle::MaxStartups,
                "not-allowed" => Throttle::NotAllowedAtThisTime,
                _ => Throttle::Other,
            };
            Fact::Throttled { throttle, text: Name::new(after(1)) }
        }
        "too-slow" => {
            Fact::TooSlow { phase: phase(word(0)), received: number(1).into(), milliseconds: number(2).into() }
        }
        "limit" => Fact::LimitReached { phase: phase(word(0)), limit: after(1).to_owned() },
        "other-protocol" => {
            let protocol = match word(0) {
                "http" => StrangeProtocol::Http,
                "tls" => StrangeProtocol::Tls,
                _ => StrangeProtocol::Unknown,
            };
            Fact::OtherProtocol { protocol, first_bytes: Name::new(after(1)) }
        }
        "disconnected" => Fact::Disconnected { phase: phase(word(0)), code: number(1), text: Name::new(after(2)) },
        "malformed" => Fact::Malformed { phase: phase(word(0)), what: after(2).to_owned(), offset: number(1).into() },
        "host-key" => {
            let status = match word(0) {
                "changed" => KnownHostStatus::Changed { known: somewhere(), fingerprint: "SHA256:old".to_owned() },
                "revoked" => KnownHostStatus::Revoked { entry: somewhere() },
                "known" => KnownHostStatus::Known,
                other => KnownHostStatus::Unknown { other_types: Vec::new(), strict: other == "unknown-strict" },
            };
            Fact::HostKeyLookup { status, key_type: Name::new(word(1)), fingerprint: word(2).to_owned() }
        }
        "wrong-signature" => Fact::WrongSignature { algorithm: Name::new(word(0)) },
        "small-key" => Fact::SmallKey { key_type: Name::new(word(0)), bits: number(1), minimum: number(2) },
        "configuration" => {
            let (message, suggestion) = after(2).split_once(" | ").unwrap_or((after(2), ""));
            let problem = match word(1) {
                "unknown-keyword" => ConfigProblem::UnknownKeyword,
                "deprecated" => ConfigProblem::Deprecated,
                _ => ConfigProblem::Syntax,
            };
            let suggestion = (!suggestion.is_empty()).then(|| suggestion.to_owned());
            Fact::Configuration { problem, message: message.to_owned(), suggestion }
        }
        "key-file" => {
            let permission = match word(2) {
                "missing" => FilePermission::Missing,
                "not-readable" => FilePermission::NotReadable,
                "too-open" => FilePermission::TooOpen { mode: u32::from_str_radix(word(3), 8).expect("a mode") },
                "bad-format" => FilePermission::BadFormat { reason: after(3).to_owned() },
                _ => FilePermission::DoesNotMatch,
            };
            Fact::KeyFile { path: word(1).to_owned(), permission }
        }
        "proxy-refused" => Fact::ProxyRefused { text: Name::new(after(1)) },
        "alert" => Fact::Alert {
            phase: phase(word(0)),
            level: 2,
            number: word(1).parse().expect("a number"),
            name: word(2).to_owned(),
            is_encrypted: false,
            after_finished: false,
        },
        "no-starttls" => Fact::NoStartTls {
            protocol: word(0).to_owned(),
            is_offered: word(1) == "offered",
            text: Name::new(after(2)),
        },
        "certificate" => {
            let problem = certificate_problem(word(2), after(3));
            Fact::Certificate(Box::new(CertificateFinding {
                problem,
                subject: Name::new("CN = www.example.org"),
                place: word(1).parse().expect("a place"),
                is_anchor: false,
                fingerprint: "5f".repeat(32),
            }))
        }
        "completion" => completion(word(0), word(1), after(2)),
        "old-version-only" => Fact::OldVersionOnly,
        "notify" => Fact::Notify {
            phase: Phase::IkeSa,
            number: word(0).parse().expect("a number"),
            name: word(1).to_owned(),
            to_everything: word(2) == "to-everything",
        },
        "large-hello-lost" => Fact::LargeHelloLost {
            ending: match word(0) {
                "silent" => Ending::Silent { milliseconds: 4000 },
                "closed" => Ending::Closed,
                _ => Ending::Reset,
            },
        },
        "departure" => Fact::Departure { what: after(0).to_owned() },
        "no-user-signature" => {
            let (client, server) = rest.split_once(" | ").expect("CLIENT | SERVER");
            let names = |list: &str| list.split(',').map(Name::new).collect();
            Fact::NoUserSignature { client: names(client), server: names(server) }
        }
        _ => panic!("no such fact: {kind}"),
    };
    let mut evidence = Evidence::new(fact);
    match (kind, words.first()) {
        ("configuration" | "key-file" | "certificate", Some(&"client")) => evidence.subject = Some(Role::Client),
        ("configuration" | "key-file" | "certificate", Some(&"server")) => evidence.subject = Some(Role::Server),
        ("proxy-refused", Some(host)) => evidence.hop = HopRef::JumpHost((*host).to_owned()),
        _ => {}
    }
    evidence
}

/// A whole handshake in which a certificate was asked for: the name that was shown or `-`, then how it ended: `alert
/// NUMBER NAME`, `answered STATUS TITLE`, `complete`.
fn completion(shown: &str, end: &str, rest: &str) -> Fact {
    let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
    let shown = (shown != "-").then(|| ShownCertificate {
        subject: Name::new(&format!("CN = {shown}")),
        issuer: Name::new("CN = Example Clients"),
        is_of_named: Some(false),
    });
    Fact::Completion(Box::new(Completion {
        by: "rustls".to_owned(),
        version: Some(Name::new("TLSv1.3")),
        cipher_suite: None,
        group: None,
        protocol: None,
        asked: true,
        authorities: vec![Name::new("CN = Example Root")],
        shown,
        end: match end {
            "alert" => CompletionEnd::Alert { number: first.parse().expect("a number"), name: second.to_owned() },
            "answered" => {
                CompletionEnd::Answered { status: first.parse().expect("a status"), title: Name::new(second) }
            }
            _ => CompletionEnd::Complete,
        },
    }))
}

/// The problem of a certificate: its name in JSON, then what belongs to it.
fn certificate_problem(kind: &str, rest: &str) -> CertificateProblem {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let time = |index: usize| format!("{}T00:00:00Z", words[index]).parse().expect("a date");
    let first = || Name::new(words[0]);
    match kind {
        "expired" => CertificateProblem::Expired { not_after: time(0), now: time(1) },
        "not-yet-valid" => CertificateProblem::NotYetValid { not_before: time(0), now: time(1) },
        "self-signed" => CertificateProblem::SelfSigned,
        "untrusted-root" => CertificateProblem::UntrustedRoot,
        "issuer-missing" => CertificateProblem::IssuerMissing {
            issuer: Name::new("CN = Example Intermediate"),
            fetch: words.iter().skip(1).map(|address| Name::new(address)).collect(),
            sent: words[0].parse().expect("a number"),
            other_key: false,
        },
        "other-name" => CertificateProblem::OtherName {
            wanted: first(),
            why: words[1..].join(" "),
            names: vec![Name::new("*.example.org")],
            total: 1,
            nearest: Some(Name::new("*.example.org")),
        },
        "purpose" => CertificateProblem::Purpose { what: rest.to_owned() },
        "policy" => CertificateProblem::Policy { what: rest.to_owned() },
        "weak-digest" => CertificateProblem::WeakDigest { digest: first() },
        "small-key" => CertificateProblem::SmallKey {
            key: first(),
            bits: words[1].parse().expect("a number"),
            minimum: words[2].parse().expect("a number"),
        },
        "revoked" => CertificateProblem::Revoked { at: time(0), reason: None },
        "staple-missing" => CertificateProblem::StapleMissing,
        "list-unusable" => CertificateProblem::ListUnusable { list: first(), why: words[1..].join(" ") },
        "list-missing" => CertificateProblem::ListMissing { issuer: first(), fetch: Vec::new() },
        _ => panic!("no such problem: {kind}"),
    }
}

fn somewhere() -> Origin {
    Origin::new(OriginKind::CommandLine { argument: "known_hosts".to_owned() })
}

fn phase(text: &str) -> Phase {
    Phase::parse(text).unwrap_or_else(|| panic!("no such phase: {text}"))
}

fn resolve_failure(text: &str) -> ResolveFailure {
    match text {
        "no-such-name" => ResolveFailure::NoSuchName,
        "no-address" => ResolveFailure::NoAddress,
        "timed-out" => ResolveFailure::TimedOut,
        _ => ResolveFailure::ResolverFailed,
    }
}

fn connect_failure(text: &str) -> ConnectFailure {
    match text {
        "refused" => ConnectFailure::Refused,
        "timed-out" => ConnectFailure::TimedOut,
        "host-unreachable" => ConnectFailure::HostUnreachable,
        "prohibited" => ConnectFailure::Prohibited,
        _ => ConnectFailure::Other,
    }
}

/// The examples of a page.
fn of_page(text: &str) -> Vec<String> {
    let parts = text.split("```case\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// All diagnoses of all examples, with the code of the page each stands on.
fn all() -> Vec<(&'static str, Example, Vec<Diagnosis>)> {
    let mut all = Vec::new();
    for page in causes() {
        for text in of_page(page.text) {
            let example = Example::read(&text);
            let diagnoses = example.diagnose();
            all.push((page.code, example, diagnoses));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use shakedown_model::{Applicability, Change};

    use super::*;

    #[test]
    fn every_example_yields_exactly_its_cause() {
        for (code, example, diagnoses) in all() {
            let first = diagnoses.first().unwrap_or_else(|| panic!("{code}: the example yields nothing"));
            assert_eq!(first.cause, code, "{:?}", diagnoses.iter().map(|one| one.cause).collect::<Vec<_>>());
            let others: Vec<&str> = diagnoses.iter().skip(1).map(|one| one.cause).collect();
            assert_eq!(others, example.alternatives, "{code}: the alternatives");
            assert!(diagnoses.iter().all(|one| one.group == first.group), "{code}: the alternatives are one group");
            if let Some(side) = &example.side {
                assert_eq!(first.side.as_str(), side, "{code}: {}", first.side_because);
            }
            if let Some(reason) = &example.reason {
                assert_eq!(first.reason.as_str(), reason, "{code}: {}", first.side_because);
            }
        }
    }

    /// A cause that this version can find is shown by an example, unless it is only ever one of several that fit.
    #[test]
    fn what_can_be_found_has_an_example() {
        let seldom_alone = ["middlebox-interference"];
        for page in causes() {
            let has = !of_page(page.text).is_empty();
            assert_eq!(has, page.diagnosed && !seldom_alone.contains(&page.code), "{}", page.code);
        }
    }

    #[test]
    fn messages_keep_their_style() {
        for (code, _, diagnoses) in all() {
            for one in diagnoses {
                let mut texts = vec![one.summary.clone(), one.side_because.clone()];
                texts.extend(one.notes.iter().cloned());
                texts.extend(one.what_would_decide.iter().cloned());
                texts.extend(one.labels.iter().map(|label| label.text.clone()));
                texts.extend(one.remedies.iter().filter_map(|remedy| title(&remedy.change)));
                for text in texts {
                    style(code, &text);
                }
                assert!(!one.side_because.is_empty(), "{code} says why that side");
            }
        }
    }

    fn title(change: &Change) -> Option<String> {
        match change {
            Change::ReplaceText { title, .. } | Change::Commands { title, .. } | Change::Decide { title, .. } => {
                Some(title.clone())
            }
            Change::Enable { .. } | Change::Disable { .. } | Change::Upgrade { .. } => None,
        }
    }

    fn style(code: &str, text: &str) {
        let plain: String = text.split('`').step_by(2).collect::<Vec<_>>().join("x");
        assert!(!plain.is_empty() && text.matches('`').count().is_multiple_of(2), "{code}: {text}");
        let first = plain.chars().next().unwrap_or('a');
        let acronym = plain.chars().nth(1).is_some_and(|second| second.is_uppercase());
        assert!(!first.is_uppercase() || acronym || plain.starts_with("Open"), "{code}, lower case: {text}");
        assert!(!text.ends_with('.') || text.ends_with("..."), "{code}, no full stop: {text}");
        for word in ["illegal", "invalid", " you ", "your", "please", "sorry", "obviously", "simply"] {
            assert!(!plain.to_lowercase().contains(word), "{code}, not `{word}`: {text}");
        }
    }

    /// What a report is made of, in short.
    fn render(text: &str) -> String {
        let mut out = String::new();
        for one in Example::read(text).diagnose() {
            let (cause, reason, confidence) = (one.cause, one.reason.as_str(), one.confidence_permille);
            out += &format!("{}: {cause} ({reason}, {confidence}): {}\n", one.group, one.summary);
            out += &format!("   at fault: {} ({})\n", one.side, one.side_because);
            for note in &one.notes {
                out += &format!("   = {note}\n");
            }
            for remedy in &one.remedies {
                out += &format!("   {}: {}\n", remedy.role, short(&remedy.change));
            }
        }
        out
    }

    fn short(change: &Change) -> String {
        let list = |what: &str, slot: &Slot, names: &[Name]| {
            let names: Vec<&str> = names.iter().map(Name::as_str).collect();
            format!("{what} {slot}: {}", names.join(","))
        };
        match change {
            Change::Enable { slot, candidates } => list("enable", slot, candidates),
            Change::Disable { slot, names } => list("disable", slot, names),
            Change::Upgrade { slot, candidates } => list("upgrade", slot, candidates),
            other => title(other).unwrap_or_default(),
        }
    }

    #[test]
    fn what_works_yields_nothing() {
        assert_eq!(render("client: openssh@9.2p1\nserver: openssh@9.2p1\n"), "");
        assert_eq!(render("client: openssh@9.2p1\nserver: openssh@9.2p1\nfact: host-key known ssh-ed25519 x\n"), "");
        // A person is asked, and may say yes.
        assert_eq!(render("client: openssh@9.2p1\nfact: host-key unknown ssh-ed25519 x\n"), "");
    }

    /// Each way in which a probe can end has its own first cause.
    #[test]
    fn what_a_probe_sees_has_its_cause() {
        for (fact, cause) in [
            ("not-resolved db01 timed-out", "name-resolution"),
            ("not-connected 192.0.2.7:22 refused", "port-refused"),
            ("not-connected 192.0.2.7:22 timed-out", "port-filtered"),
            ("not-connected [2001:db8::7]:22 host-unreachable", "port-filtered"),
            ("ended identification closed 0", "connection-cut"),
            ("ended identification reset 0", "connection-cut"),
            ("ended kexinit closed 20", "connection-cut"),
            ("ended key-exchange reset 1100", "connection-cut"),
            ("ended identification silent 10000 0", "connection-throttled"),
            ("ended kexinit silent 10000 40", "path-mtu"),
            ("throttled max-startups Exceeded MaxStartups", "connection-throttled"),
            ("too-slow identification 10 10000", "connection-throttled"),
            ("limit identification 1024 lines", "wrong-protocol"),
            ("limit kexinit 262144 bytes in one packet", "implementation-defect"),
            ("other-protocol tls 15 03 01", "wrong-protocol"),
            ("other-protocol unknown xyz", "wrong-protocol"),
            ("malformed kexinit 17 packet length 4294967280", "implementation-defect"),
            ("wrong-signature ssh-ed25519", "implementation-defect"),
            ("disconnected kexinit 2 Packet corrupt", "implementation-defect"),
            ("disconnected kexinit 11 bye", "connection-cut"),
            ("disconnected kexinit 12 too many", "connection-throttled"),
            ("ssh-one SSH-1.5-1.2.27", "no-common-version"),
        ] {
            let found = Example::read(&format!("client: openssh@9.2p1\nfact: {fact}\n")).diagnose();
            assert_eq!(found.first().map(|one| one.cause), Some(cause), "{fact}");
            let groups = found.iter().map(|one| one.group).max();
            assert_eq!(groups, Some(0), "{fact}: all that fits is one group of alternatives");
        }
    }

    #[test]
    fn addresses_that_fail_alike_are_one_finding() {
        let silent = "fact: not-connected 192.0.2.7:22 timed-out\nfact: not-connected 192.0.2.8:22 timed-out\n";
        let found = Example::read(silent).diagnose();
        assert_eq!(found.iter().map(|one| (one.cause, one.evidence.len())).collect::<Vec<_>>(), [("port-filtered", 2)]);
        let two = "fact: not-connected 192.0.2.7:22 timed-out\nfact: not-connected 192.0.2.8:22 refused\n";
        assert_eq!(causes_of(two), ["port-refused", "port-filtered"]);
    }

    #[test]
    fn what_was_said_explains_what_was_cut() {
        let said = "fact: throttled max-startups Exceeded MaxStartups\nfact: ended identification closed 22\n";
        let found = Example::read(said).diagnose();
        assert_eq!(found.iter().map(|one| one.cause).collect::<Vec<_>>(), ["connection-throttled"]);
    }

    fn causes_of(text: &str) -> Vec<&'static str> {
        Example::read(text).diagnose().iter().map(|one| one.cause).collect()
    }

    /// A probe is shown a key of each type; the client meets only the one agreed on.
    #[test]
    fn only_the_host_key_that_is_agreed_on_counts() {
        let pair = "client: openssh@9.2p1\nserver: openssh@9.2p1\nserver host_key: ssh-ed25519, rsa-sha2-512\n";
        let known = "fact: host-key known ssh-ed25519 SHA256:a\n";
        assert_eq!(causes_of(&format!("{pair}{known}fact: host-key unknown-strict ssh-rsa SHA256:b\n")), [""; 0]);
        assert_eq!(causes_of(&format!("{pair}{known}fact: host-key changed ssh-rsa SHA256:b\n")), [""; 0]);
        assert_eq!(causes_of(&format!("{known}fact: host-key unknown-strict ssh-rsa SHA256:b\n")), [""; 0]);
        let changed = "fact: host-key changed ssh-ed25519 SHA256:b\nfact: host-key unknown-strict ssh-rsa SHA256:c\n";
        assert_eq!(causes_of(&format!("{pair}{changed}")), ["host-key-changed"]);
    }

    #[test]
    fn files_that_are_not_here_are_no_fault_where_both_agree() {
        let pair = "client: openssh@9.2p1\nserver: openssh@9.2p1\n";
        let missing = "fact: key-file server /etc/ssh/ssh_host_rsa_key missing\n";
        assert_eq!(causes_of(&format!("{pair}{missing}")), [""; 0]);
        assert_eq!(causes_of(&format!("{pair}fact: configuration server deprecated Protocol\n")), [""; 0]);
        let failing = format!("{pair}server host_key: ssh-dss\n{missing}");
        assert_eq!(causes_of(&failing), ["no-common-host-key-algorithm", "host-key-unusable"]);
    }

    /// What a neighbouring version stands for is never given as certain.
    #[test]
    fn a_version_that_is_not_in_the_catalog_is_less_sure() {
        let confidence = |client: &str| {
            let text = format!("client: {client}\nserver: openssh@9.2p1\nserver kex: diffie-hellman-group1-sha1\n");
            Example::read(&text).diagnose().first().map(Diagnosis::confidence)
        };
        assert!(confidence("openssh@9.2p1") > Some(0.9));
        assert!(confidence("openssh@99.1p1") < Some(0.8));
    }

    #[test]
    fn a_close_after_a_failed_negotiation_is_no_cause_of_its_own() {
        let text = "client: openssh@9.2p1\nserver: openssh@9.2p1\nserver kex: diffie-hellman-group1-sha1\n\
                    fact: disconnected key-exchange 3 no match\nfact: ended key-exchange closed 900\n";
        let found = Example::read(text).diagnose();
        assert_eq!(found.iter().map(|one| one.cause).collect::<Vec<_>>(), ["no-common-kex"]);
    }

    #[test]
    fn every_slot_that_fails_is_reported_at_once() {
        insta::assert_snapshot!(render("client: openssh@9.2p1\nserver: openssh@3.9p1\n"));
    }

    #[test]
    fn an_old_client_at_a_new_server() {
        insta::assert_snapshot!(render("client: jsch@0.1.42\nserver: openssh@10.0p1\n"));
    }

    #[test]
    fn a_policy_layer_in_force() {
        let server = "server: openssh@9.2p1\nserver kex: curve25519-sha256\n";
        insta::assert_snapshot!(render(&format!("client: openssh@8.7p1+crypto-policies@FIPS\n{server}")));
    }

    #[test]
    fn a_server_of_which_nothing_is_heard() {
        insta::assert_snapshot!(render("client: openssh@9.2p1\nfact: ended identification silent 10000 0\n"));
    }

    /// Whoever changes what is trusted must have decided to: such changes are never called safe.
    #[test]
    fn no_change_of_trust_is_safe() {
        let mut commands_seen = 0;
        for (code, _, diagnoses) in all() {
            for remedy in diagnoses.iter().flat_map(|one| &one.remedies) {
                let Change::Commands { commands, applicability, .. } = &remedy.change else { continue };
                commands_seen += 1;
                let trust = [
                    "known_hosts",
                    "ssh-keygen -R",
                    "ssh-keygen -A",
                    "ssh-keygen -t",
                    "StrictHostKey",
                    "authorized_keys",
                ];
                let touches = commands.iter().any(|command| trust.iter().any(|word| command.text.contains(word)));
                assert!(!(touches && *applicability == Applicability::Safe), "{code}: {commands:?}");
            }
        }
        assert!(commands_seen > 0);
    }
}
