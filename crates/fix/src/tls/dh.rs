//! Diffie-Hellman parameters of a server that are too small for the client or for the server's own library, or missing.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use shakedown_config::tls_party::{DhSource, dh_source};
use shakedown_model::tls::{CertificateKeyType, DhParameters, TlsPolicy};
use shakedown_model::{
    Applicability, Command, CommandPlace, DiagnosisId, FailureKind, FileEdit, Fix, Known, Origin, OriginKind, Party,
    Role, Side, Slot, TextEdit,
};

use super::{peers, search};
use crate::plan::{Kind, PlanInput, Planned};
use crate::steps;
use crate::strength::Score;
use crate::syntax::identity;

/// The groups of RFC 7919, by their sizes in bits.
const GROUPS: [u32; 5] = [2048, 3072, 4096, 6144, 8192];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    way: Vec<Way>,
    #[serde(default)]
    group: Vec<Group>,
}

/// A published group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// The size of its prime.
    bits: u32,
    /// Its parameters as a file holds them.
    pem: String,
    #[allow(dead_code, reason = "every row says where it was read; the tests look at it")]
    source: String,
}

/// How a program is told, for a range of versions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Way {
    product: Vec<String>,
    at_least: Option<String>,
    before: Option<String>,
    #[serde(rename = "where")]
    location: String,
    /// Where the file would stand; without it the program brings its own parameters.
    file: Option<String>,
    set: String,
    says: Option<String>,
    #[allow(dead_code, reason = "every row says where it was read; the tests look at it")]
    source: String,
}

const FILE: &str = include_str!(concat!(env!("OUT_DIR"), "/tls_dh.json"));

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| serde_json::from_str(FILE).unwrap_or_default())
}

fn way(input: &PlanInput<'_>) -> Option<&'static Way> {
    let (id, version) = identity(input.server, input.catalog)?;
    let compare = |bound: &Option<String>| {
        bound.as_deref().and_then(|bound| input.catalog.compare_versions(&id, &version, bound))
    };
    data().way.iter().find(|way| {
        way.product.contains(&id)
            && compare(&way.at_least).is_none_or(Ordering::is_ge)
            && compare(&way.before).is_none_or(Ordering::is_lt)
    })
}

/// Parameters that are large enough, where that makes the two ends agree.
pub(super) fn fix(input: &PlanInput<'_>, resolves: &[DiagnosisId]) -> Option<Planned> {
    let source = dh_source(input.server);
    let least = wanted(input, source.as_ref())?;
    let bits = GROUPS.into_iter().find(|bits| *bits >= least)?;
    let made = make(input, source.as_ref(), bits)?;
    let server = with(input.server, made.becomes, source.as_ref())?;
    let outcome = input.with(&server);
    if !search::holds(&outcome) {
        return None;
    }
    let reached = peers::reached(input, input.server, &server);
    let applicability = if reached.cut_off.is_empty() { Applicability::Safe } else { Applicability::Manual };
    let mut fix = Fix::new(resolves.to_vec(), made.title, Side::Server, applicability);
    fix.edits = made.edits;
    fix.commands = made.commands;
    fix.undo = made.undo;
    fix.notes = made.notes;
    steps::reload(input, &mut fix, Role::Server);
    super::affected(&mut fix, reached);
    steps::verify(input, &mut fix);
    let score = Score::of(&outcome, input.catalog);
    fix.outcome_after = Some(outcome);
    Some(Planned { fix, kind: Kind::Enable, score })
}

/// The size that is needed at least; `None` where parameters are not what fails.
fn wanted(input: &PlanInput<'_>, source: Option<&DhSource>) -> Option<u32> {
    let offer = &input.server.tls()?.offer;
    if refused(input.server, source) {
        return Some(GROUPS[0]);
    }
    let small = input.outcome.failed.iter().find_map(|failed| match (&failed.kind, failed.slot) {
        (FailureKind::TooSmall { bits, minimum, demanded_by: Role::Client }, Slot::Group) => Some((*bits, *minimum)),
        _ => None,
    });
    match offer.dh_parameters.complete()? {
        DhParameters::Fixed { bits } => small.filter(|(seen, _)| seen == bits).map(|(_, minimum)| minimum),
        // Whether more than these are missing, the outcome shows.
        DhParameters::Missing | DhParameters::None => Some(GROUPS[0]),
        DhParameters::Automatic => None,
    }
}

/// Whether the server's library refuses the parameters of its file.
fn refused(server: &Party, source: Option<&DhSource>) -> bool {
    let Some(DhSource::File { origin, .. }) = source else { return false };
    server.tls().is_some_and(|policy| policy.unable.iter().any(|unable| is_about(unable, origin)))
}

fn is_about(unable: &shakedown_model::tls::Unable, origin: &Origin) -> bool {
    unable.slot == Slot::Group && unable.origin.as_ref() == Some(origin)
}

/// What is to be done, and what the server has afterwards.
struct Made {
    title: String,
    becomes: u32,
    edits: Vec<FileEdit>,
    commands: Vec<Command>,
    undo: Vec<Command>,
    notes: Vec<String>,
}

fn make(input: &PlanInput<'_>, source: Option<&DhSource>, bits: u32) -> Option<Made> {
    let shell = |text: String, explanation: &str| Command {
        place: CommandPlace::ServerShell,
        text,
        explanation: explanation.to_owned(),
    };
    let title = format!("give the server Diffie-Hellman parameters of {bits} bits (ffdhe{bits}, RFC 7919)");
    let mut made =
        Made { title, becomes: bits, edits: Vec::new(), commands: Vec::new(), undo: Vec::new(), notes: Vec::new() };
    match source {
        Some(DhSource::Size { origin }) => {
            // HAProxy takes no more than the key of its certificate has.
            let certificates = input.server.tls()?.offer.certificates.complete()?;
            let keys = certificates.iter().filter_map(|one| one.key.as_ref());
            let smallest = keys.filter(|key| key.kind == CertificateKeyType::Rsa).filter_map(|key| key.bits).min();
            if smallest.is_some_and(|key| key < bits) {
                return None;
            }
            let OriginKind::File { file, span } = origin.kind() else { return None };
            let edit = TextEdit { span: span.clone(), replacement: bits.to_string() };
            let edit = FileEdit { file: Arc::clone(file), edits: vec![edit] };
            made.title = format!("let HAProxy use Diffie-Hellman parameters of up to {bits} bits");
            made.undo.push(steps::former(&edit));
            made.edits.push(edit);
            return Some(made);
        }
        Some(DhSource::File { path, .. }) => {
            if let Some(edit) = replaced(input.server, path, bits) {
                made.undo.push(steps::former(&edit));
                made.edits.push(edit);
                made.notes.push("whatever else names that file changes with it".to_owned());
                return Some(made);
            }
            let path = quoted(path)?;
            made.commands.push(shell(format!("cp -p {path} {path}.before"), "keeps the old parameters"));
            made.commands.push(generate(input, bits, &path));
            made.undo.push(shell(format!("mv {path}.before {path}"), "and have the server read its files again"));
            made.notes.push("whatever else names that file changes with it".to_owned());
            return Some(made);
        }
        None => {}
    }
    let Some(way) = way(input) else {
        let place = CommandPlace::Settings("the server's TLS settings".to_owned());
        made.commands.push(generate(input, bits, "dhparam.pem"));
        let text = "name the new file as its Diffie-Hellman parameters".to_owned();
        made.commands.push(Command { place: place.clone(), text, explanation: String::new() });
        let text = "name what stood there before".to_owned();
        made.undo.push(Command { place, text, explanation: String::new() });
        return Some(made);
    };
    let place = match (&way.location, input.server.configuration.as_ref().and_then(|own| own.files.first())) {
        (place, _) if !place.contains('/') => CommandPlace::Settings(place.clone()),
        (_, Some(file)) => CommandPlace::File(file.path.clone()),
        (place, None) => CommandPlace::File(place.clone()),
    };
    let says = way.says.clone().unwrap_or_default();
    let text = match &way.file {
        Some(file) => {
            made.commands.push(generate(input, bits, file));
            way.set.replace("{file}", file)
        }
        // The program's own are of that size and no other.
        None if bits > GROUPS[0] => return None,
        None => {
            made.title = "leave the Diffie-Hellman parameters to the server".to_owned();
            way.set.clone()
        }
    };
    made.commands.push(Command { place: place.clone(), text: text.clone(), explanation: says });
    made.undo.push(Command { place, text, explanation: "take this out again, or put back what stood there".into() });
    Some(made)
}

/// The parameters in the server's own file, where it was read, replaced by a published group.
fn replaced(server: &Party, path: &str, bits: u32) -> Option<FileEdit> {
    let file = server.configuration.as_ref()?.files.iter().find(|file| file.path == path)?;
    let group = data().group.iter().find(|group| group.bits == bits)?;
    let text = std::str::from_utf8(&file.text).ok()?;
    let start = text.find("-----BEGIN ").filter(|start| text.get(*start..).is_some_and(is_parameters))?;
    let end = start + text.get(start..)?.find("-----END ")?;
    let end = end + text.get(end..)?.find('\n').unwrap_or(text.len() - end);
    // With anything else in the file it is not ours to judge what that is for.
    let alone = text.matches("-----BEGIN ").count() == 1;
    let windows = text.contains("\r\n");
    let pem = group.pem.trim_end().replace('\n', if windows { "\r\n" } else { "\n" });
    let end = if windows && text.get(..end)?.ends_with('\r') { end - 1 } else { end };
    let edit = TextEdit { span: start..end, replacement: pem };
    alone.then(|| FileEdit { file: Arc::clone(file), edits: vec![edit] })
}

fn is_parameters(text: &str) -> bool {
    ["DH PARAMETERS-----", "X9.42 DH PARAMETERS-----"]
        .iter()
        .any(|label| text.strip_prefix("-----BEGIN ").is_some_and(|rest| rest.starts_with(label)))
}

/// What writes the group into a file.
fn generate(input: &PlanInput<'_>, bits: u32, path: &str) -> Command {
    let library = input.server.software.as_ref().and_then(|software| software.layer("openssl"));
    let old = library.is_some_and(|layer| layer.version.starts_with(['0', '1', '2']));
    let (text, explanation) = if old {
        (format!("openssl dhparam -out {path} {bits}"), "makes a prime of that size, which takes a while")
    } else {
        let text = format!("openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe{bits} -out {path}");
        (text, "writes the published group; OpenSSL since 3.0")
    };
    Command { place: CommandPlace::ServerShell, text, explanation: explanation.to_owned() }
}

/// A path as one word of a shell; `None` where it holds what has no place in one.
fn quoted(path: &str) -> Option<String> {
    if path.bytes().any(|byte| byte < b' ' || byte == 0x7f) || path.starts_with('-') {
        return None;
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+,:@%".contains(letter);
    Some(if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) })
}

/// The server with such parameters.
fn with(server: &Party, bits: u32, source: Option<&DhSource>) -> Option<Party> {
    let mut server = server.clone();
    let policy = server.tls_mut()?;
    let origin = source.and_then(|source| match source {
        DhSource::File { origin, .. } => Some(origin.clone()),
        DhSource::Size { .. } => None,
    });
    change(policy, bits, origin.as_ref());
    let contexts = policy.by_client.iter_mut().flat_map(|all| [&mut all.ecdsa, &mut all.rsa, &mut all.other]);
    contexts.flatten().for_each(|policy| change(policy, bits, origin.as_ref()));
    Some(server)
}

fn change(policy: &mut TlsPolicy, bits: u32, origin: Option<&Origin>) {
    policy.offer.dh_parameters = Known::Complete(DhParameters::Fixed { bits });
    if let Some(origin) = origin {
        policy.unable.retain(|unable| !is_about(unable, origin));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_of_a_known_product_and_says_where_it_was_read() {
        let data: Data = serde_json::from_str(FILE).unwrap();
        let catalog = shakedown_catalog::Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
        assert!(data.way.len() >= 9);
        for way in &data.way {
            assert!(!way.source.is_empty());
            assert!(way.product.iter().all(|id| catalog.products().any(|one| one.id == *id)), "{way:?}");
            assert_eq!(way.file.is_some(), way.set.contains("{file}"), "{way:?}");
        }
        for group in &data.group {
            assert!(!group.source.is_empty() && is_parameters(&group.pem) && GROUPS.contains(&group.bits));
        }
    }

    #[test]
    fn paths_are_one_word() {
        assert_eq!(quoted("/etc/dh.pem").as_deref(), Some("/etc/dh.pem"));
        assert_eq!(quoted("/etc/it's here").as_deref(), Some("'/etc/it'\\''s here'"));
        assert_eq!((quoted("-rf"), quoted("a\nb")), (None, None));
    }
}
