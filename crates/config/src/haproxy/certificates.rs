//! The certificates of a `bind` line in the order in which they are loaded: files, bundles, folders and lists
//! (`ssl_sock_load_cert`, `crtlist_parse_file`).

use std::cmp::Ordering;
use std::sync::Arc;

use shakedown_catalog::Scheme;
use shakedown_model::{ConfigProblem, OriginKind, SourceFile};

use super::bind::{Found, Options, options, protocols, verification};
use super::read::{Line, Section, tell};
use crate::files::{FILE_LIMIT, Files};
use crate::tls::{CertificateContext, CertificateFiles, ServerSettings, Setting, VersionBound, defaults};
use crate::value::Value;

/// What the loading of certificates goes by.
pub(super) struct Loading<'a> {
    pub(super) files: &'a dyn Files,
    /// `crt-base`.
    pub(super) base: Option<&'a str>,
    /// Whether a name without a file stands for those with the kinds of key behind it.
    pub(super) bundles: bool,
    pub(super) version: Option<&'a str>,
}

/// What stands behind the names of a bundle's files, in the order of loading (`SSL_SOCK_KEYTYPE_NAMES`).
const KINDS: [&str; 3] = ["dsa", "ecdsa", "rsa"];

/// Loads what the words of the line name, in their order.
pub(super) fn load(line: &Line, own: &Options, loading: &Loading<'_>, server: &mut ServerSettings, found: &mut Found) {
    let explicit = own.certificates.iter().any(|(word, _)| word.as_str() == "default-crt");
    for (word, value) in &own.certificates {
        let path = loading.full(value.as_str());
        if word.as_str() == "crt-list" {
            list(line, &path, value, loading, server, found);
            continue;
        }
        let first = server.certificates.is_empty();
        let (paths, together) = loading.expand(&path);
        for (index, path) in paths.into_iter().enumerate() {
            let fallback = match word.as_str() {
                "default-crt" => true,
                _ => !explicit && first && (together || index == 0),
            };
            let certificate =
                if path == value.as_str() { value.clone() } else { Value::unwritten(path, value.origin().clone()) };
            server.certificates.push(CertificateFiles { certificate, key: None, chain: None });
            server.contexts.push(CertificateContext {
                names: Vec::new(),
                settings: None,
                alpn: None,
                fallback,
                versions_unknown: false,
            });
        }
    }
    // Before 3.0 the first one alone answers where no name fits.
    if !loading.since("3.0.0") {
        for (index, context) in server.contexts.iter_mut().enumerate() {
            context.fallback = index == 0;
        }
    }
}

impl Loading<'_> {
    fn since(&self, wanted: &str) -> bool {
        self.version.and_then(|version| Scheme::Numeric.compare(version, wanted)) != Some(Ordering::Less)
    }

    fn full(&self, path: &str) -> String {
        match self.base {
            Some(base) if !path.starts_with(['/', '@']) => format!("{}/{path}", base.trim_end_matches('/')),
            _ => path.to_owned(),
        }
    }

    /// The files behind a name, and whether they are one bundle.
    fn expand(&self, path: &str) -> (Vec<String>, bool) {
        let mut inside = self.files.glob(&format!("{path}/*"));
        if !inside.is_empty() {
            inside.retain(|file| ![".key", ".issuer", ".ocsp", ".sctl"].iter().any(|ending| file.ends_with(ending)));
            inside.sort();
            return (inside, false);
        }
        if self.bundles && self.files.metadata(path).is_err() {
            let all = KINDS.into_iter().map(|kind| format!("{path}.{kind}"));
            let there: Vec<String> = all.filter(|path| self.files.metadata(path).is_ok()).collect();
            if !there.is_empty() {
                return (there, true);
            }
        }
        (vec![path.to_owned()], false)
    }
}

/// A list of certificates: `file [options] name...`, one a line.
fn list(bind: &Line, path: &str, value: &Value, loading: &Loading<'_>, server: &mut ServerSettings, found: &mut Found) {
    let text = match loading.files.read(path, FILE_LIMIT) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("unable to open file '{path}': {error}");
            tell(&mut found.evidence, value.origin().clone(), ConfigProblem::FileNotReadable, message, None);
            return;
        }
    };
    let file = Arc::new(SourceFile::new(path, text));
    if !found.files.iter().any(|known| known.path == file.path) {
        found.files.push(Arc::clone(&file));
    }
    let mut start = 0;
    for line in file.text.split_inclusive(|&byte| byte == b'\n').take(100_000) {
        let end = start + line.len();
        let places: Vec<usize> = (start..end).collect();
        let whole = Value::written(&file, line, &places, start..end, Some(value.origin()));
        start = end;
        if !line.starts_with(b"#") {
            entry(bind, &whole, path, loading, server, found);
        }
        if loading.since("2.2.0") && !line.ends_with(b"\n") {
            let message = "Missing LF on last line, file might have been truncated";
            tell(&mut found.evidence, whole.origin().clone(), ConfigProblem::Syntax, message, None);
        }
    }
}

fn entry(
    bind: &Line,
    whole: &Value,
    path: &str,
    loading: &Loading<'_>,
    server: &mut ServerSettings,
    found: &mut Found,
) {
    let text = whole.as_str();
    let inside = text.find('[').and_then(|from| Some((from, from + text.get(from..)?.find(']')?)));
    let words = |from: usize, to: usize| -> Vec<Value> {
        whole.slice(from..to).split(char::is_whitespace).into_iter().filter(|word| !word.as_str().is_empty()).collect()
    };
    let (head, names) = match inside {
        Some((from, to)) => (words(0, from), words(to + 1, text.len())),
        None => {
            let mut all = words(0, text.len());
            let names = all.split_off(all.len().min(1));
            (all, names)
        }
    };
    let Some(first) = head.first() else { return };
    let mut context =
        CertificateContext { names, settings: None, alpn: None, fallback: false, versions_unknown: false };
    context.names.splice(0..0, head.iter().skip(1).cloned());
    if let Some((from, to)) = inside {
        own(bind, words(from + 1, to), server, &mut context, found);
    }
    server.names.extend(context.names.iter().cloned());
    let full = loading.full(first.as_str());
    let (paths, together) = loading.expand(&full);
    let empty = server.certificates.is_empty();
    for (index, path) in paths.into_iter().enumerate() {
        let certificate =
            if path == first.as_str() { first.clone() } else { Value::unwritten(path, first.origin().clone()) };
        server.certificates.push(CertificateFiles { certificate, key: None, chain: None });
        // Of a bundle in a list each file is an entry of its own.
        let fallback = empty && index == 0;
        let mut context = CertificateContext { fallback, ..context.clone() };
        if index > 0 {
            duplicated(loading, server, &mut context, found);
        }
        server.contexts.push(context);
    }
    if together && !loading.since("2.3.0") {
        server.notes.push(format!("`{}` in `{path}` is a bundle, which this version loads as one", first.as_str()));
    }
}

/// What of its line's settings the entry of a bundle's further certificate does not get: HAProxy does not copy them
/// (`crtlist_dup_ssl_conf`).
fn duplicated(loading: &Loading<'_>, server: &ServerSettings, context: &mut CertificateContext, found: &mut Found) {
    let Some(own) = &mut context.settings else { return };
    let line = &server.settings;
    let mut lost = Vec::new();
    if let Some(verify) =
        own.client_verification.clone().filter(|_| own.client_verification != line.client_verification)
    {
        lost.push((verify.origin, "verify"));
        own.client_verification.clone_from(&line.client_verification);
    }
    let copied = defaults::default("haproxy", loading.version, "versions-of-bundles");
    for (own, line, what) in [
        (&mut own.min_protocol, &line.min_protocol, "ssl-min-ver"),
        (&mut own.max_protocol, &line.max_protocol, "ssl-max-ver"),
    ] {
        let Some(bound) = own.clone().filter(|_| own != line) else { continue };
        match copied.as_ref().map(Value::as_str) {
            Some("copied") => {}
            Some(_) => context.versions_unknown = true,
            None => {
                lost.push((bound.origin, what));
                own.clone_from(line);
            }
        }
    }
    for (origin, what) in lost {
        let message = format!("of a bundle only the first certificate gets the `{what}` of its line");
        tell(&mut found.evidence, origin, ConfigProblem::Ineffective, message, None);
    }
}

/// The settings of a line over those of its `bind`.
fn own(bind: &Line, words: Vec<Value>, server: &ServerSettings, context: &mut CertificateContext, found: &mut Found) {
    let section = Section { kind: bind.section.kind.clone(), name: bind.section.name.clone() };
    let line = Line { words, span: 0..0, section };
    let mut own = Options::default();
    options(&line, 0, &mut own, false, found);
    context.alpn = own.alpn.as_ref().map(protocols);
    let mut settings = server.settings.clone();
    settings.cipher_list = own.ciphers.or(settings.cipher_list);
    settings.cipher_suites = own.suites.or(settings.cipher_suites);
    if let Some(groups) = own.groups {
        // OpenSSL hands the groups on when a connection begins, not with the context that it is given later.
        let message = "groups of a line in a list have no effect: those of `bind` count";
        tell(&mut found.evidence, groups.origin().clone(), ConfigProblem::Ineffective, message, None);
    }
    settings.signature_algorithms = own.signatures.or(settings.signature_algorithms);
    settings.client_signature_algorithms = own.client_signatures.or(settings.client_signature_algorithms);
    settings.client_verification = own.verify.as_ref().map(verification).or(settings.client_verification);
    let bound = |found: Option<(crate::tls::TlsVersion, shakedown_model::Origin)>| {
        found.map(|(version, origin)| Setting::new(VersionBound::Version(version), origin))
    };
    settings.min_protocol = bound(own.versions.least).or(settings.min_protocol);
    settings.max_protocol = bound(own.versions.highest).or(settings.max_protocol);
    if let (Some(least), Some(most)) = (&settings.min_protocol, &settings.max_protocol)
        && let (VersionBound::Version(low), VersionBound::Version(high)) = (least.value, most.value)
        && low > high
    {
        let written = |setting: &Setting<VersionBound>| matches!(setting.origin.kind(), OriginKind::File { .. });
        let place = if written(least) { &least.origin } else { &most.origin };
        let message = "all SSL/TLS versions are disabled";
        tell(&mut found.evidence, place.clone(), ConfigProblem::BadValue, message, None);
    }
    context.settings = Some(Box::new(settings));
}
