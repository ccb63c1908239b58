//! The form of the data files, and their checks; also compiled into the build script.

use std::fmt;

use serde::Deserialize;

use crate::literals::SHORTEST;
use crate::ordinary::{Form, HEAD, LONGEST};

/// The product of messages that nobody in particular prints: what the words of a failure point to, whatever their order.
/// They are looked for only in a short text in which no message of a program says anything.
pub const PLAIN: &str = "plain-words";

/// Lines that a match may span at most.
pub const LINES: u8 = 10;

/// One data file, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    product: String,
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    message: Vec<RawMessage>,
    #[serde(default)]
    value: Vec<RawValue>,
    #[serde(default)]
    ordinary: Vec<RawForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawForm {
    begins: String,
    #[serde(default)]
    ends: String,
    example: String,
    #[serde(default)]
    success: String,
    #[serde(default)]
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMessage {
    id: String,
    #[serde(default)]
    literal: String,
    #[serde(default)]
    literals: Vec<String>,
    #[serde(default)]
    pattern: String,
    #[serde(default)]
    lines: Option<u8>,
    #[serde(default)]
    example: String,
    #[serde(default)]
    counterexamples: Vec<String>,
    #[serde(default)]
    printed_by: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    phase: String,
    #[serde(default)]
    slot: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    explains: Vec<String>,
    #[serde(default)]
    covers: Vec<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    decides: String,
    #[serde(default)]
    indicates: Vec<RawIndication>,
    #[serde(default)]
    begins_offer_of: String,
    #[serde(default)]
    offer_of: String,
    #[serde(default)]
    general: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIndication {
    cause: String,
    strength: String,
    side: String,
    #[serde(default)]
    because: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    object: String,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    times: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValue {
    table: String,
    keys: Vec<String>,
    #[serde(default)]
    indicates: Vec<RawIndication>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    decides: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    tags: Vec<String>,
}

/// A message that a program prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// `product/id`.
    pub id: String,
    /// The product that prints it.
    pub product: String,
    /// `ssh`, `tls`, `ike` or `any`.
    pub protocol: String,
    /// What the fast scan looks for; any of them.
    pub literals: Vec<String>,
    /// The regular expression; empty where the literal is the whole message.
    pub pattern: String,
    /// How many lines a match may span.
    pub lines: u8,
    /// Texts that must match.
    pub examples: Vec<String>,
    /// Texts that must not match.
    pub counterexamples: Vec<String>,
    /// `client`, `server` or empty.
    pub printed_by: String,
    /// The first version with this wording; may be empty.
    pub since: String,
    /// The last version with this wording; may be empty.
    pub until: String,
    /// Where the wording was read.
    pub source: String,
    /// A phase of the model; may be empty.
    pub phase: String,
    /// A slot of the model, or `cipher`, `mac`, `compression`; may be empty.
    pub slot: String,
    /// `failure`, `consequence`, `context`, `success`, `warning`.
    pub kind: String,
    /// Names that conditions can ask for.
    pub tags: Vec<String>,
    /// Causes and messages that it explains away.
    pub explains: Vec<String>,
    /// Messages that say less, with a literal that is in one of this one: where this one is, each of them is a part of it.
    pub covers: Vec<String>,
    /// One sentence.
    pub summary: String,
    /// A fact worth knowing.
    pub note: String,
    /// What would decide between the candidates.
    pub decides: String,
    /// What it points to.
    pub indicates: Vec<Points>,
    /// Whose offer the lines after it give; may be empty.
    pub begins_offer_of: String,
    /// Whose the list captured as `offer` is; empty where a heading before it says so.
    pub offer_of: String,
    /// Whether it says less than another message of its product that stands within it, and gives way to that.
    pub general: bool,
}

/// A cause that a message points to, with its conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Points {
    /// The cause.
    pub cause: String,
    /// `decisive`, `strong`, `weak`.
    pub strength: String,
    /// `client`, `server`, `both`, `network`, `unknown`, `printer`, `peer`, `computed`.
    pub side: String,
    /// Why that side.
    pub because: String,
    /// Where the mismatch comes from; may be empty.
    pub reason: String,
    /// Whose certificate, key or file.
    pub object: String,
    /// Names that must have been seen in the same incident.
    pub with: Vec<String>,
    /// Names that must not have been seen in it.
    pub without: Vec<String>,
    /// How often the message must have been seen.
    pub times: u64,
}

/// A row of a look-up table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The table, which is the name of the capture that is looked up.
    pub table: String,
    /// Numbers and names, folded.
    pub keys: Vec<String>,
    /// What it points to.
    pub indicates: Vec<Points>,
    /// One sentence.
    pub summary: String,
    /// A fact worth knowing.
    pub note: String,
    /// What would decide.
    pub decides: String,
    /// Names that conditions can ask for.
    pub tags: Vec<String>,
}

/// All rows of one or several files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// The messages.
    pub entries: Vec<Entry>,
    /// The rows of the tables.
    pub values: Vec<Value>,
    /// Forms of lines that tell of nothing wrong.
    pub forms: Vec<Form>,
}

/// A data file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// The file.
    pub file: String,
    /// The message's id, where it is about one.
    pub entry: Option<String>,
    /// What is wrong, in one sentence.
    pub problem: String,
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(f, "{}, `{entry}`: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

impl std::error::Error for DataError {}

const PHASES: &[&str] = &[
    "resolve",
    "connect",
    "identification",
    "kexinit",
    "hello",
    "ike-sa",
    "key-exchange",
    "certificate",
    "client-certificate",
    "auth",
    "service",
    "authentication",
    "child-sa",
    "rekey",
];
const SLOTS: &[&str] = &[
    "kex",
    "host_key",
    "cipher",
    "cipher_c2s",
    "cipher_s2c",
    "mac",
    "mac_c2s",
    "mac_s2c",
    "compression",
    "compression_c2s",
    "compression_s2c",
    "version",
    "cipher_suite",
    "group",
    "signature_scheme",
    "certificate",
    "alpn",
    "encryption",
    "integrity",
    "prf",
    "esn",
    "auth",
    "traffic_selector",
];
const REASONS: &[&str] = &[
    "outdated-software",
    "removed-by-default",
    "policy-layer",
    "configured-out",
    "key-material",
    "build-option",
    "unknown",
];

impl Data {
    /// Reads one file.
    ///
    /// # Errors
    /// The file is not TOML of this form, or a value is none of those allowed.
    pub fn read(file: &str, text: &str) -> Result<Self, DataError> {
        let wrong = |entry: Option<&str>, problem: String| DataError {
            file: file.to_owned(),
            entry: entry.map(str::to_owned),
            problem,
        };
        let raw: RawFile = toml::from_str(text).map_err(|error| wrong(None, error.to_string()))?;
        let mut data = Self::default();
        if !raw.message.is_empty() && (raw.product.is_empty() || raw.source.is_empty()) {
            return Err(wrong(None, "`product` and `source` are missing".to_owned()));
        }
        let protocols = ["ssh", "tls", "ike", "any"];
        if !raw.message.is_empty() && !protocols.contains(&raw.protocol.as_str()) {
            return Err(wrong(None, "`protocol` is `ssh`, `tls`, `ike` or `any`".to_owned()));
        }
        for message in raw.message {
            let id = message.id.clone();
            let entry = entry(&raw.product, &raw.protocol, &raw.source, message)
                .map_err(|problem| wrong(Some(&id), problem))?;
            if data.entries.iter().any(|other: &Entry| other.id == entry.id) {
                return Err(wrong(Some(&id), "this id is there twice".to_owned()));
            }
            data.entries.push(entry);
        }
        for value in raw.value {
            let name = format!("{} {}", value.table, value.keys.join(","));
            if value.source.is_empty() && raw.source.is_empty() {
                return Err(wrong(Some(&name), "`source` is missing".to_owned()));
            }
            if value.keys.is_empty() {
                return Err(wrong(Some(&name), "`keys` is empty".to_owned()));
            }
            let indicates = points(value.indicates).map_err(|problem| wrong(Some(&name), problem))?;
            data.values.push(Value {
                table: value.table,
                keys: value.keys.iter().map(|key| fold(key.as_bytes())).collect(),
                indicates,
                summary: value.summary,
                note: value.note,
                decides: value.decides,
                tags: value.tags,
            });
        }
        for form in raw.ordinary {
            let name = form.begins.clone();
            data.forms.push(
                self::form(&raw.product, &raw.source, form, &data.entries)
                    .map_err(|problem| wrong(Some(&name), problem))?,
            );
        }
        Ok(data)
    }
}

fn form(product: &str, source: &str, raw: RawForm, entries: &[Entry]) -> Result<Form, String> {
    if !(HEAD..=LONGEST).contains(&raw.begins.len()) {
        return Err(format!("`begins` is of {HEAD} to {LONGEST} bytes"));
    }
    if !raw.example.starts_with(&raw.begins) || !raw.example.ends_with(&raw.ends) || raw.example.contains('\n') {
        return Err("`example` is one line that begins and ends so".to_owned());
    }
    let success = if raw.success.is_empty() { String::new() } else { format!("{product}/{}", raw.success) };
    if !success.is_empty() && !entries.iter().any(|entry| entry.id == success && entry.kind == "success") {
        return Err(format!("`{success}` is no message of a success in this file"));
    }
    let source = if raw.source.is_empty() { source.to_owned() } else { raw.source };
    if source.is_empty() {
        return Err("`source` is missing".to_owned());
    }
    Ok(Form { begins: raw.begins, ends: raw.ends, example: raw.example, success, source })
}

fn entry(product: &str, protocol: &str, source: &str, raw: RawMessage) -> Result<Entry, String> {
    let mut literals = raw.literals;
    if !raw.literal.is_empty() {
        literals.insert(0, raw.literal);
    }
    if literals.is_empty() {
        return Err("`literal` is missing".to_owned());
    }
    if product == PLAIN && literals.iter().any(|literal| literal.chars().any(char::is_uppercase)) {
        return Err("the literals of plain words have small letters".to_owned());
    }
    // Plain words are not what the scan looks for.
    if let Some(short) = literals.iter().find(|literal| literal.len() < SHORTEST && product != PLAIN) {
        return Err(format!("the literal `{short}` is shorter than {SHORTEST} bytes"));
    }
    let kind = if raw.kind.is_empty() { "failure".to_owned() } else { raw.kind };
    one_of("kind", &kind, &["failure", "consequence", "context", "success", "warning"])?;
    if !raw.covers.is_empty() && (kind != "failure" || raw.general) {
        return Err("`covers` is only of a failure that is not general".to_owned());
    }
    maybe("printed_by", &raw.printed_by, &["client", "server"])?;
    maybe("begins_offer_of", &raw.begins_offer_of, &["client", "server", "printer", "peer"])?;
    maybe("offer_of", &raw.offer_of, &["client", "server", "printer", "peer"])?;
    maybe("phase", &raw.phase, PHASES)?;
    maybe("slot", &raw.slot, SLOTS)?;
    if raw.example.is_empty() {
        return Err("`example` is missing".to_owned());
    }
    if product == PLAIN && (raw.pattern.is_empty() || kind != "failure") {
        return Err("plain words have a pattern, and tell of a failure".to_owned());
    }
    if product == PLAIN && raw.indicates.iter().any(|points| points.strength == "decisive") {
        return Err("plain words decide nothing".to_owned());
    }
    // What a table says of a captured value may be decisive.
    if product == PLAIN && raw.pattern.contains("(?<") {
        return Err("plain words capture nothing".to_owned());
    }
    let lines = raw.lines.unwrap_or(1);
    if !(1..=LINES).contains(&lines) {
        return Err(format!("`lines` is from 1 to {LINES}"));
    }
    Ok(Entry {
        id: format!("{product}/{}", raw.id),
        product: product.to_owned(),
        protocol: protocol.to_owned(),
        literals,
        pattern: raw.pattern,
        lines,
        examples: vec![raw.example],
        counterexamples: raw.counterexamples,
        printed_by: raw.printed_by,
        since: raw.since,
        until: raw.until,
        source: if raw.source.is_empty() { source.to_owned() } else { raw.source },
        phase: raw.phase,
        slot: raw.slot,
        kind,
        tags: raw.tags,
        explains: raw.explains,
        covers: raw
            .covers
            .iter()
            .map(|id| if id.contains('/') { id.clone() } else { format!("{product}/{id}") })
            .collect(),
        summary: raw.summary,
        note: raw.note,
        decides: raw.decides,
        indicates: points(raw.indicates)?,
        begins_offer_of: raw.begins_offer_of,
        offer_of: raw.offer_of,
        general: raw.general,
    })
}

fn points(raw: Vec<RawIndication>) -> Result<Vec<Points>, String> {
    raw.into_iter()
        .map(|raw| {
            one_of("strength", &raw.strength, &["decisive", "strong", "weak"])?;
            let sides = ["client", "server", "both", "network", "unknown", "printer", "peer", "computed"];
            one_of("side", &raw.side, &sides)?;
            maybe("reason", &raw.reason, REASONS)?;
            Ok(Points {
                cause: raw.cause,
                strength: raw.strength,
                side: raw.side,
                because: raw.because,
                reason: raw.reason,
                object: raw.object,
                with: raw.with,
                without: raw.without,
                times: raw.times.unwrap_or(1),
            })
        })
        .collect()
}

fn one_of(key: &str, value: &str, allowed: &[&str]) -> Result<(), String> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(format!("`{key} = \"{value}\"`: allowed are `{}`", allowed.join("`, `")))
}

fn maybe(key: &str, value: &str, allowed: &[&str]) -> Result<(), String> {
    if value.is_empty() { Ok(()) } else { one_of(key, value, allowed) }
}

/// Letters and digits only, in lower case: how keys of tables are compared. What is not ASCII counts byte for byte: other
/// languages' letters tell their words apart.
pub fn fold(text: &[u8]) -> String {
    use std::fmt::Write;
    let mut folded = String::with_capacity(text.len());
    for &byte in text {
        if byte.is_ascii_alphanumeric() {
            folded.push(char::from(byte.to_ascii_lowercase()));
        } else if !byte.is_ascii() {
            // Writing to a String cannot fail.
            let _ = write!(folded, "{byte:02x}");
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use shakedown_model::{Phase, Protocol, Reason, Slot};

    use super::*;

    /// The build script does not see the model; what it allows are the model's names.
    #[test]
    fn allowed_names_are_those_of_the_model() {
        assert!(PHASES.iter().copied().eq(Phase::ALL.iter().map(|phase| phase.as_str())));
        assert!(REASONS.iter().copied().eq(Reason::ALL.iter().map(|reason| reason.as_str())));
        let both_directions = ["cipher", "mac", "compression"];
        for slot in SLOTS.iter().filter(|slot| !both_directions.contains(slot)) {
            let known = [Protocol::Ssh, Protocol::Tls, Protocol::Ike];
            assert!(known.iter().any(|protocol| Slot::parse(*protocol, slot).is_some()), "{slot}");
        }
    }
}
