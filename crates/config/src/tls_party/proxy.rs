//! Caddy, Traefik and Envoy: what their lists leave of what the library below them does.

use shakedown_catalog::{Catalog, Scheme};
use shakedown_model::tls::{
    ClientCertificate, Preference, TlsPolicy, TlsVersion, Unable, UnableCause, UnknownName, is_tls13_suite,
};
use shakedown_model::{
    ConfigProblem, ConfigurationKind, Evidence, Fact, Gathered, Item, Known, Name, Origin, Role, Slot, Software,
};

use super::choose::choose;
use super::program::Source;
use super::{PartyError, Spec, party};
use crate::proxy::{self, GROUPS, SCHEMES, SUITES, names};
use crate::tls::{ClientVerification, Library, ServerSettings, Setting, VersionBound, defaults};
use crate::value::Value;

/// Reads the file of a proxy, and makes a party of each server in it that fits.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS, or the catalog lacks the library.
pub(super) fn proxy(
    source: &Source<'_>,
    kind: ConfigurationKind,
    spec: &Spec<'_>,
    catalog: &Catalog,
) -> Result<Gathered, PartyError> {
    let version = Some(spec.software.version());
    let reading = match kind {
        ConfigurationKind::Caddy => proxy::caddy(source.files, spec.path, version)?,
        ConfigurationKind::Traefik => proxy::traefik(source.files, spec.path, version)?,
        _ => proxy::envoy(source.files, spec.path, version)?,
    };
    let mut gathered = Gathered::default();
    for chosen in choose(&reading.servers, spec.role, spec.context) {
        let (library, note) = library(spec, chosen.server, catalog)?;
        let (policy, resolved) = catalog.tls_policy(&library, spec.role)?;
        let mut building =
            Building { policy, library, role: spec.role, catalog, evidence: Vec::new(), notes: Vec::new() };
        building.settings(chosen.server);
        building.certificates(source, chosen.server, spec.path);
        for evidence in &reading.evidence {
            building.starts(evidence);
        }
        let mut party = party(spec, kind, &reading.files, building.policy);
        if chosen.one_of {
            party.label = format!("{}#{}", party.label, chosen.server.label);
        }
        party.notes =
            [resolved.notes, note.into_iter().collect(), building.notes, chosen.server.notes.clone()].concat();
        party.notes.extend(chosen.notes);
        party.notes.extend(reading.notes.iter().cloned());
        gathered.evidence.extend(building.evidence);
        gathered.parties.push(party);
    }
    if gathered.parties.is_empty() {
        return Err(PartyError::NoServer { path: spec.path.to_owned() });
    }
    gathered.evidence.extend(reading.evidence);
    Ok(gathered)
}

/// The library: the layer that is named, the one that the release was built with, or the newest.
fn library(
    spec: &Spec<'_>,
    server: &ServerSettings,
    catalog: &Catalog,
) -> Result<(Software, Option<String>), PartyError> {
    let product = match server.library {
        Library::Go => "go-crypto-tls",
        _ => "boringssl",
    };
    let is = |name: &str, version: &str| catalog.product_id(name, version) == Some(product);
    if let Some(layer) = spec.software.layers.iter().skip(1).find(|layer| is(&layer.product, &layer.version)) {
        return Ok((Software::new(product, &layer.version), None));
    }
    if let Some(built) = defaults::default(server.product, Some(spec.software.version()), "go") {
        return Ok((Software::new(product, built.as_str()), None));
    }
    let newest =
        catalog.newest(product, spec.role).ok_or_else(|| PartyError::UnknownLibrary { version: product.to_owned() })?;
    let short = if product == "boringssl" { "BoringSSL" } else { "Go" };
    let note = format!(
        "which {short} it was built with is not said: read as with `{product}@{newest}`, the newest of the catalog"
    );
    Ok((Software::new(product, newest), Some(note)))
}

struct Building<'a> {
    policy: TlsPolicy,
    library: Software,
    role: Role,
    catalog: &'a Catalog,
    evidence: Vec<Evidence>,
    notes: Vec<String>,
}

impl Building<'_> {
    fn is_go(&self) -> bool {
        self.library.product() == "go-crypto-tls"
    }

    fn at_least(&self, version: &str) -> bool {
        Scheme::Numeric.compare(self.library.version(), version).is_some_and(std::cmp::Ordering::is_ge)
    }

    fn settings(&mut self, server: &ServerSettings) {
        self.versions(&server.settings.min_protocol, &server.settings.max_protocol);
        let suites = names(&server.settings, SUITES);
        if !suites.is_empty() {
            self.suites(&suites, server.product);
        } else if server.product == "traefik" {
            // The list of all suites that Go holds secure, which its own default does not take whole.
            if let Some(all) = self.policy.offer.cipher_suites.complete().cloned() {
                self.policy.offer.cipher_suites = Known::Partial { accepted: all, refused: Vec::new() };
                self.notes
                    .push("which suites without forward secrecy Traefik has on by itself is not known here".to_owned());
            }
        } else if server.product == "envoy" {
            self.policy.offer.cipher_suites = Known::Unknown;
            self.notes.push("which suites this version of Envoy has by itself is not known here".to_owned());
        }
        let groups = names(&server.settings, GROUPS);
        if !groups.is_empty() {
            self.groups(&groups);
        }
        let schemes = names(&server.settings, SCHEMES);
        if !schemes.is_empty() {
            let items =
                schemes.iter().map(|value| Item::with_origin(Name::new(value.as_str()), value.origin().clone()));
            self.policy.offer.signature_schemes = Known::Complete(items.collect());
        }
        let offer = &mut self.policy.offer;
        let alpn = server.alpn.iter().flatten();
        offer.alpn =
            Known::Complete(alpn.map(|name| Item::with_origin(Name::new(&name.value), name.origin.clone())).collect());
        if self.role == Role::Client {
            offer.verifies = server.verify_peer.as_ref().map(|setting| setting.value);
            offer.server_name = match server.server_name.as_ref().map(Value::as_str) {
                Some("") => Known::Complete(None),
                Some(name) => Known::Complete(Some(Name::new(name))),
                None => Known::Unknown,
            };
            return;
        }
        let asks = server.settings.client_verification.as_ref().map(|setting| setting.value);
        offer.client_certificate = Known::Complete(match asks {
            Some(ClientVerification::Required) => ClientCertificate::Required,
            Some(ClientVerification::Optional | ClientVerification::OptionalUnverified) => ClientCertificate::Optional,
            Some(ClientVerification::None) | None => ClientCertificate::NotAsked,
        });
        if server.reject_handshake.as_ref().is_some_and(|setting| setting.value) {
            offer.unknown_name = Known::Complete(UnknownName::Rejected);
        }
    }

    /// The versions between the bounds, of all that the library has.
    fn versions(&mut self, min: &Option<Setting<VersionBound>>, max: &Option<Setting<VersionBound>>) {
        let value = |setting: &Option<Setting<VersionBound>>| match setting.as_ref().map(|setting| setting.value) {
            Some(VersionBound::Version(version)) => Some(super::context::model_version(version)),
            _ => None,
        };
        let own: Vec<TlsVersion> = self
            .policy
            .offer
            .versions
            .accepted()
            .into_iter()
            .flatten()
            .filter_map(|item| TlsVersion::parse(item.name.as_str()))
            .collect();
        let (Some(lowest), Some(highest)) = (own.iter().min().copied(), own.iter().max().copied()) else { return };
        let (least, most) = (value(min).unwrap_or(lowest), value(max).unwrap_or(highest).min(highest));
        let origin = min.as_ref().or(max.as_ref()).map(|setting| setting.origin.clone());
        let all = TlsVersion::ALL.into_iter().filter(|version| *version >= TlsVersion::Tls10);
        let mut versions: Vec<TlsVersion> = all.filter(|version| *version >= least && *version <= most).collect();
        versions.sort_by_key(|version| std::cmp::Reverse(*version));
        let offer = &mut self.policy.offer;
        if versions.iter().any(|version| *version < TlsVersion::Tls12) {
            offer.legacy_signatures = Some(true);
        }
        if !versions.contains(&TlsVersion::Tls13)
            && let Some(suites) = offer.tls13_cipher_suites.complete_mut()
        {
            suites.clear();
        }
        let items =
            versions.into_iter().map(|version| Item { name: Name::new(version.as_str()), origin: origin.clone() });
        offer.versions = Known::Complete(items.collect());
    }

    /// The suites up to TLS 1.2; those of TLS 1.3 cannot be set.
    fn suites(&mut self, written: &[&Value], product: &str) {
        if self.is_go() {
            return self.go_suites(written, product);
        }
        let openssl = self.catalog.openssl("1.1.1");
        let mut items: Vec<Item> = Vec::new();
        let mut equal = false;
        for value in written {
            for part in value.split(|letter| letter == ':') {
                let text = part.as_str();
                let group = text.starts_with('[') && text.ends_with(']');
                let inner = if group { part.slice(1..text.len() - 1) } else { part };
                let words = inner.split(|letter| letter == '|');
                equal |= words.len() > 1;
                for word in words {
                    let known = match openssl.suite(word.as_str()) {
                        Some(name) => name.to_owned(),
                        None if self.catalog.tls_number(Slot::CipherSuite, word.as_str()).is_some() => {
                            word.as_str().to_owned()
                        }
                        None => {
                            // A keyword or a rule of BoringSSL's language, or a suite that it lacks.
                            self.policy.offer.cipher_suites = Known::Unknown;
                            self.notes.push(format!("what `{}` stands for is not known here", word.as_str()));
                            return;
                        }
                    };
                    if !is_tls13_suite(&known) && !items.iter().any(|item| item.name == *known) {
                        items.push(Item::with_origin(Name::new(&known), word.origin().clone()));
                    }
                }
            }
        }
        self.policy.offer.cipher_suites = Known::Complete(items);
        // Envoy's order decides, but between brackets the client's.
        self.policy.behaviour.suite_order = (!equal).then_some(Preference::Server);
        if equal {
            self.notes
                .push("suites in brackets have the same rank: the client's order decides between them".to_owned());
        }
    }

    fn go_suites(&mut self, written: &[&Value], product: &str) {
        let mut items: Vec<Item> = Vec::new();
        for value in written {
            let text = value.as_str();
            // Go's first name for these was without the digest.
            let name = if text.ends_with("_CHACHA20_POLY1305") { format!("{text}_SHA256") } else { text.to_owned() };
            if self.catalog.tls_number(Slot::CipherSuite, &name).is_none() {
                let what = match product {
                    "caddy" => format!("wrong cipher suite name or cipher suite not supported: '{text}'"),
                    _ => format!("invalid CipherSuite: {text}"),
                };
                self.refuse(Slot::CipherSuite, what, value.origin());
            } else if !is_tls13_suite(&name) && !items.iter().any(|item| item.name == *name) {
                items.push(Item::with_origin(Name::new(&name), value.origin().clone()));
            }
        }
        if self.at_least("1.17") {
            // The order of the list does not count any more.
            let order = defaults::default("go-crypto-tls", Some(self.library.version()), "preference");
            let order: Vec<String> =
                order.iter().flat_map(|value| value.as_str().split(' ')).map(str::to_owned).collect();
            items.sort_by_key(|item| order.iter().position(|name| item.name == **name).unwrap_or(usize::MAX));
        } else if product == "caddy" {
            self.policy.behaviour.suite_order = Some(Preference::Server);
        }
        self.policy.offer.cipher_suites = Known::Complete(items);
    }

    fn groups(&mut self, written: &[&Value]) {
        let mut items: Vec<Item> = Vec::new();
        for value in written {
            for part in value.split(|letter| letter == ':') {
                let lower = part.as_str().to_ascii_lowercase();
                let name = match lower.strip_prefix("curve").unwrap_or(&lower) {
                    "x25519" => "x25519",
                    "p256" | "p-256" | "secp256r1" | "prime256v1" => "secp256r1",
                    "p384" | "p-384" | "secp384r1" => "secp384r1",
                    "p521" | "p-521" | "secp521r1" => "secp521r1",
                    "x25519mlkem768" => "X25519MLKEM768",
                    "secp256r1mlkem768" => "SecP256r1MLKEM768",
                    "secp384r1mlkem1024" => "SecP384r1MLKEM1024",
                    _ => {
                        let what = format!("`{}` is no group that is known here", part.as_str());
                        self.refuse(Slot::Group, what, part.origin());
                        continue;
                    }
                };
                if !items.iter().any(|item| item.name == name) {
                    items.push(Item::with_origin(Name::new(name), part.origin().clone()));
                }
            }
        }
        if self.is_go() && self.at_least("1.24") {
            // Go's own order counts since then.
            let own: Vec<Name> =
                self.policy.offer.groups.accepted().into_iter().flatten().map(|item| item.name.clone()).collect();
            items.sort_by_key(|item| own.iter().position(|name| *name == item.name).unwrap_or(usize::MAX));
        }
        self.policy.offer.groups = Known::Complete(items);
        if self.role == Role::Client {
            self.policy.offer.key_shares = Known::Unknown;
        }
    }

    fn refuse(&mut self, slot: Slot, what: String, origin: &Origin) {
        let fact = Fact::Configuration { problem: ConfigProblem::BadValue, message: what.clone(), suggestion: None };
        self.evidence.push(Evidence::new(fact).by(self.role).at(origin.clone()));
        let (origin, cause) = (Some(origin.clone()), UnableCause::Setting);
        self.policy.unable.push(Unable { slot, what, origin, cause });
    }

    fn certificates(&mut self, source: &Source<'_>, server: &ServerSettings, base: &str) {
        if server.certificates.is_empty() {
            // They are made or fetched as the program runs.
            self.policy.offer.certificates = Known::Unknown;
            return;
        }
        let read = server.certificates.iter().map(|pair| source.keys.certificate(pair, base));
        let (certificates, notes): (Vec<_>, Vec<_>) = read.unzip();
        self.notes.extend(notes.into_iter().flatten());
        self.policy.offer.certificates = Known::Complete(certificates);
    }

    /// A mistake with which the program does not start.
    fn starts(&mut self, evidence: &Evidence) {
        if let Fact::Configuration { problem: ConfigProblem::BadValue | ConfigProblem::Syntax, message, .. } =
            &evidence.fact
        {
            let what = format!("it does not start with this configuration: {message}");
            let (origin, cause) = (evidence.origin.clone(), UnableCause::Setting);
            self.policy.unable.push(Unable { slot: Slot::Version, what, origin, cause });
        }
    }
}
