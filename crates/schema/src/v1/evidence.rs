use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shakedown_model::{
    self as model, Completion, CompletionEnd, ConfigProblem, ConnectFailure, Ending, Fact, FilePermission, HopRef,
    KnownHostStatus, Name, ResolveFailure, StrangeProtocol, Throttle,
};

use super::{Origin, Role};
use crate::{Lines, address_text};

/// One observed fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Its place in `evidence`; diagnoses refer to it.
    pub id: u64,
    /// What kind of fact: `not-connected`, `ended`, `disconnected`, `malformed`, `configuration`, ...
    pub kind: String,
    /// The fact in one sentence. Its words may change between versions; `kind` and `details` do not.
    pub summary: String,
    /// The figures and names of the fact; which keys there are depends on `kind`.
    #[serde(default)]
    pub details: BTreeMap<String, Value>,
    /// Whose doing it is, where that is known.
    #[serde(default)]
    pub subject: Option<Role>,
    /// Where it was seen.
    #[serde(default)]
    pub origin: Option<Origin>,
    /// The connection of this run, counted from 1.
    #[serde(default)]
    pub connection: Option<u32>,
    /// The hop that it was seen at.
    #[serde(default)]
    pub hop: Hop,
    /// When, in RFC 3339, where the source says so.
    #[serde(default)]
    pub time: Option<String>,
}

/// On the way to the target: where something was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// `target`, `jump-host`, `proxy`.
    pub kind: String,
    /// The name of the jump host, or the proxy command or server.
    #[serde(default)]
    pub name: Option<String>,
}

impl Default for Hop {
    fn default() -> Self {
        Self { kind: "target".into(), name: None }
    }
}

impl From<&HopRef> for Hop {
    fn from(hop: &HopRef) -> Self {
        match hop {
            HopRef::Target => Self::default(),
            HopRef::JumpHost(name) => Self { kind: "jump-host".into(), name: Some(name.clone()) },
            HopRef::Proxy(name) => Self { kind: "proxy".into(), name: Some(name.clone()) },
        }
    }
}

impl Evidence {
    pub(crate) fn new(id: usize, evidence: &model::Evidence, lines: &mut Lines) -> Self {
        let (kind, details) = fact(&evidence.fact, lines);
        Self {
            id: id as u64,
            kind: kind.to_owned(),
            summary: crate::sentence(&evidence.fact),
            details,
            subject: evidence.subject.map(Role::from),
            origin: evidence.origin.as_ref().map(|origin| Origin::new(origin, lines)),
            connection: evidence.connection,
            hop: (&evidence.hop).into(),
            time: evidence.time.map(|time| time.to_string()),
        }
    }
}

fn fact(fact: &Fact, lines: &mut Lines) -> (&'static str, BTreeMap<String, Value>) {
    let (kind, pairs): (&'static str, Vec<(&str, Value)>) = match fact {
        Fact::NotResolved { host, failure } => {
            ("not-resolved", vec![("host", json!(host)), ("failure", json!(resolve_failure(*failure)))])
        }
        Fact::Resolved { host, addresses } => {
            let addresses: Vec<String> = addresses.iter().map(address_text).collect();
            ("resolved", vec![("host", json!(host)), ("addresses", json!(addresses))])
        }
        Fact::NotConnected { address, failure } => (
            "not-connected",
            vec![("address", json!(address_text(address))), ("failure", json!(connect_failure(*failure)))],
        ),
        Fact::Connected { address, milliseconds } => {
            ("connected", vec![("address", json!(address_text(address))), ("milliseconds", json!(milliseconds))])
        }
        Fact::Ended { phase, ending, received } => {
            let mut pairs = vec![("phase", json!(phase.as_str())), ("received", json!(received))];
            let ending = match ending {
                Ending::Closed => "closed",
                Ending::Reset => "reset",
                Ending::Silent { milliseconds } => {
                    pairs.push(("milliseconds", json!(milliseconds)));
                    "silent"
                }
            };
            pairs.push(("ending", json!(ending)));
            ("ended", pairs)
        }
        Fact::Preamble { lines } => ("preamble", vec![("lines", texts(lines))]),
        Fact::Identification { text } => ("identification", vec![("text", json!(text.as_str()))]),
        Fact::SshOneOnly { identification } => {
            ("ssh-one-only", vec![("identification", json!(identification.as_str()))])
        }
        Fact::Throttled { throttle, text } => {
            let throttle = match throttle {
                Throttle::MaxStartups => "max-startups",
                Throttle::NotAllowedAtThisTime => "not-allowed-at-this-time",
                Throttle::Other => "other",
            };
            ("throttled", vec![("throttle", json!(throttle)), ("text", json!(text.as_str()))])
        }
        Fact::OtherProtocol { protocol, first_bytes } => (
            "other-protocol",
            vec![("protocol", json!(strange_protocol(*protocol))), ("first_bytes", json!(first_bytes.as_str()))],
        ),
        Fact::Disconnected { phase, code, text } => (
            "disconnected",
            vec![("phase", json!(phase.as_str())), ("code", json!(code)), ("text", json!(text.as_str()))],
        ),
        Fact::Malformed { phase, what, offset } => {
            ("malformed", vec![("phase", json!(phase.as_str())), ("what", json!(what)), ("offset", json!(offset))])
        }
        Fact::LimitReached { phase, limit } => {
            ("limit-reached", vec![("phase", json!(phase.as_str())), ("limit", json!(limit))])
        }
        Fact::TooSlow { phase, received, milliseconds } => (
            "too-slow",
            vec![
                ("phase", json!(phase.as_str())),
                ("received", json!(received)),
                ("milliseconds", json!(milliseconds)),
            ],
        ),
        Fact::BackendsDiffer { what } => ("backends-differ", vec![("what", json!(what))]),
        Fact::TrustStore { client, path, trusts } => {
            ("trust-store", vec![("client", json!(client)), ("path", json!(path)), ("trusts", json!(trusts))])
        }
        Fact::HostKeyLookup { status, key_type, fingerprint } => {
            let mut pairs = vec![("key_type", json!(key_type.as_str())), ("fingerprint", json!(fingerprint))];
            known_host(status, &mut pairs, lines);
            ("host-key-lookup", pairs)
        }
        Fact::WrongSignature { algorithm } => ("wrong-signature", vec![("algorithm", json!(algorithm.as_str()))]),
        Fact::SmallKey { key_type, bits, minimum } => (
            "small-key",
            vec![("key_type", json!(key_type.as_str())), ("bits", json!(bits)), ("minimum", json!(minimum))],
        ),
        Fact::Configuration { problem, message, suggestion } => (
            "configuration",
            vec![
                ("problem", json!(config_problem(*problem))),
                ("message", json!(message)),
                ("suggestion", json!(suggestion)),
            ],
        ),
        Fact::KeyFile { path, permission } => {
            let mut pairs = vec![("path", json!(path))];
            file_permission(permission, &mut pairs);
            ("key-file", pairs)
        }
        Fact::Disagreement { setting, ours, theirs, program } => (
            "disagreement",
            vec![
                ("setting", json!(setting)),
                ("ours", json!(ours)),
                ("theirs", json!(theirs)),
                ("program", json!(program)),
            ],
        ),
        Fact::ProxyRefused { text } => ("proxy-refused", vec![("text", json!(text.as_str()))]),
        Fact::NoStartTls { protocol, is_offered, text } => (
            "no-starttls",
            vec![("spoken", json!(protocol)), ("offered", json!(is_offered)), ("text", json!(text.as_str()))],
        ),
        Fact::Alert { phase, level, number, name, is_encrypted, after_finished } => (
            "alert",
            vec![
                ("phase", json!(phase.as_str())),
                ("level", json!(level)),
                ("number", json!(number)),
                ("name", json!(name)),
                ("encrypted", json!(is_encrypted)),
                ("after_finished", json!(after_finished)),
            ],
        ),
        Fact::Certificate(finding) => (
            "certificate",
            vec![
                ("problem", json!(finding.problem.as_str())),
                ("subject", json!(finding.subject.as_str())),
                ("place", json!(finding.place)),
                ("trusted", json!(finding.is_anchor)),
                ("fingerprint", json!(finding.fingerprint)),
                ("text", json!(finding.problem.to_string())),
            ],
        ),
        Fact::Completion(completion) => ("completion", of_completion(completion)),
        Fact::Notify { phase, number, name, to_everything } => (
            "notify",
            vec![
                ("phase", json!(phase.as_str())),
                ("number", json!(number)),
                ("name", json!(name)),
                ("to_everything", json!(to_everything)),
            ],
        ),
        Fact::Unanswered { phase } => ("unanswered", vec![("phase", json!(phase.as_str()))]),
        Fact::TunnelPart { slot, accepted } => {
            ("tunnel-part", vec![("slot", json!(slot.as_str())), ("accepted", json!(accepted))])
        }
        Fact::OldVersionOnly => ("old-version-only", Vec::new()),
        Fact::Departure { what } => ("departure", vec![("what", json!(what))]),
        Fact::LargeHelloLost { ending } => {
            let ending = match ending {
                Ending::Closed => "closed",
                Ending::Reset => "reset",
                Ending::Silent { .. } => "silent",
            };
            ("large-hello-lost", vec![("ending", json!(ending))])
        }
        Fact::NoUserSignature { client, server } => {
            ("no-user-signature", vec![("client", texts(client)), ("server", texts(server))])
        }
        Fact::Program { command, text } => {
            ("program", vec![("command", json!(command)), ("text", json!(text.as_str()))])
        }
        Fact::Said(said) => {
            let captures: serde_json::Map<String, Value> =
                said.captures.iter().map(|(key, text)| (key.clone(), json!(text.as_str()))).collect();
            let pairs = vec![
                ("message", json!(said.message)),
                ("product", json!(said.product)),
                ("printed_by", json!(said.printed_by.map(|role| role.as_str()))),
                ("text", json!(said.text.as_str())),
                ("captures", Value::Object(captures)),
                ("times", json!(said.times)),
            ];
            ("said", pairs)
        }
    };
    (kind, pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn of_completion(completion: &Completion) -> Vec<(&'static str, Value)> {
    let name = |name: &Option<Name>| json!(name.as_ref().map(Name::as_str));
    let mut pairs = vec![
        ("by", json!(completion.by)),
        ("version", name(&completion.version)),
        ("cipher_suite", name(&completion.cipher_suite)),
        ("group", name(&completion.group)),
        ("application_protocol", name(&completion.protocol)),
        ("client_certificate_asked", json!(completion.asked)),
        ("client_certificate_shown", json!(completion.shown.as_ref().map(|shown| shown.subject.as_str()))),
        ("authorities", texts(&completion.authorities)),
    ];
    match &completion.end {
        CompletionEnd::Complete => pairs.push(("end", json!("complete"))),
        CompletionEnd::Quiet { milliseconds } => {
            pairs.extend([("end", json!("quiet")), ("milliseconds", json!(milliseconds))]);
        }
        CompletionEnd::Alert { number, name } => {
            pairs.extend([("end", json!("alert")), ("number", json!(number)), ("name", json!(name))]);
        }
        CompletionEnd::Answered { status, title } => {
            pairs.extend([("end", json!("answered")), ("status", json!(status)), ("text", json!(title.as_str()))]);
        }
        CompletionEnd::Ended { ending: Ending::Closed } => pairs.push(("end", json!("closed"))),
        CompletionEnd::Ended { ending: Ending::Reset } => pairs.push(("end", json!("reset"))),
        CompletionEnd::Ended { ending: Ending::Silent { milliseconds } } => {
            pairs.extend([("end", json!("silent")), ("milliseconds", json!(milliseconds))]);
        }
        CompletionEnd::Stopped { what } => pairs.extend([("end", json!("stopped")), ("text", json!(what))]),
    }
    pairs
}

fn known_host(status: &KnownHostStatus, pairs: &mut Vec<(&str, Value)>, lines: &mut Lines) {
    let text = match status {
        KnownHostStatus::Known => "known",
        KnownHostStatus::Changed { known, fingerprint } => {
            pairs.push(("known_fingerprint", json!(fingerprint)));
            pairs.push(("entry", json!(Origin::new(known, lines))));
            "changed"
        }
        KnownHostStatus::Unknown { other_types, strict } => {
            pairs.push(("other_types", texts(other_types)));
            pairs.push(("strict", json!(strict)));
            "unknown"
        }
        KnownHostStatus::Revoked { entry } => {
            pairs.push(("entry", json!(Origin::new(entry, lines))));
            "revoked"
        }
        KnownHostStatus::BadCertificate { reason } => {
            pairs.push(("reason", json!(reason)));
            "bad-certificate"
        }
    };
    pairs.push(("status", json!(text)));
}

fn file_permission(permission: &FilePermission, pairs: &mut Vec<(&str, Value)>) {
    let text = match permission {
        FilePermission::Missing => "missing",
        FilePermission::NotReadable => "not-readable",
        FilePermission::TooOpen { mode } => {
            pairs.push(("mode", json!(format!("{mode:#o}"))));
            "too-open"
        }
        FilePermission::BadFormat { reason } => {
            pairs.push(("reason", json!(reason)));
            "bad-format"
        }
        FilePermission::DoesNotMatch => "does-not-match",
    };
    pairs.push(("permission", json!(text)));
}

fn resolve_failure(failure: ResolveFailure) -> &'static str {
    match failure {
        ResolveFailure::NoSuchName => "no-such-name",
        ResolveFailure::NoAddress => "no-address",
        ResolveFailure::ResolverFailed => "resolver-failed",
        ResolveFailure::TimedOut => "timed-out",
    }
}

fn connect_failure(failure: ConnectFailure) -> &'static str {
    match failure {
        ConnectFailure::Refused => "refused",
        ConnectFailure::TimedOut => "timed-out",
        ConnectFailure::HostUnreachable => "host-unreachable",
        ConnectFailure::NetworkUnreachable => "network-unreachable",
        ConnectFailure::Prohibited => "prohibited",
        ConnectFailure::SourceNotAvailable => "source-not-available",
        ConnectFailure::Other => "other",
    }
}

fn strange_protocol(protocol: StrangeProtocol) -> &'static str {
    match protocol {
        StrangeProtocol::Http => "http",
        StrangeProtocol::Tls => "tls",
        StrangeProtocol::Smtp => "smtp",
        StrangeProtocol::Ftp => "ftp",
        StrangeProtocol::Pop3 => "pop3",
        StrangeProtocol::Imap => "imap",
        StrangeProtocol::Rdp => "rdp",
        StrangeProtocol::Vnc => "vnc",
        StrangeProtocol::MySql => "mysql",
        StrangeProtocol::Telnet => "telnet",
        StrangeProtocol::Ssh => "ssh",
        StrangeProtocol::Unknown => "unknown",
    }
}

fn config_problem(problem: ConfigProblem) -> &'static str {
    match problem {
        ConfigProblem::UnknownKeyword => "unknown-keyword",
        ConfigProblem::Deprecated => "deprecated",
        ConfigProblem::BadValue => "bad-value",
        ConfigProblem::UnknownAlgorithm => "unknown-algorithm",
        ConfigProblem::Syntax => "syntax",
        ConfigProblem::NotAllowedHere => "not-allowed-here",
        ConfigProblem::FileNotReadable => "file-not-readable",
        ConfigProblem::NotAConfiguration => "not-a-configuration",
        ConfigProblem::TooDeep => "too-deep",
        ConfigProblem::Ineffective => "ineffective",
    }
}

fn texts(names: &[Name]) -> Value {
    names.iter().map(|name| Value::from(name.as_str())).collect()
}
