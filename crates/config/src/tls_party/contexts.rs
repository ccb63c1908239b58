//! HAProxy's contexts, one of each certificate: which of them a name can meet, and what of the client's hello chooses among
//! those (`ssl_sock_switchctx_cbk`).

use shakedown_catalog::Scheme;
use shakedown_model::tls::{ByClient, Certificate, CertificateKeyType, Unable, UnableCause};
use shakedown_model::{Known, Name, Role, Slot};

use super::program::{Made, Making, Read};
use super::{PartyError, Spec};
use crate::tls::{CertificateContext, ServerSettings, defaults};
use crate::value::Value;

/// The contexts that a handshake for a name may meet.
pub(super) struct Choice<'a> {
    settings: &'a ServerSettings,
    /// By the kinds of key that the choice tells apart: ECDSA, RSA, any other.
    kinds: [Option<usize>; 3],
    /// No name fits: the first one's certificate is shown, with the versions of the line.
    line_versions: bool,
    unable: Option<Unable>,
    /// Whether any certificate is shown depends on a name that is not known.
    unknown: bool,
    pub(super) notes: Vec<String>,
}

/// The contexts for the name of the connection; `None` where there is one for all, or where it cannot be told.
pub(super) fn choose<'a>(settings: &'a ServerSettings, read: &[Read<'_>], spec: &Spec<'_>) -> Option<Choice<'a>> {
    if settings.contexts.len() != read.len() || spec.role == Role::Client {
        return None;
    }
    let context = spec.context;
    let name = context.server_name.as_deref().or(context.host.as_deref()).or(context.target.as_deref());
    let mut choice =
        Choice { settings, kinds: [None; 3], line_versions: false, unable: None, unknown: false, notes: Vec::new() };
    let pairs: Vec<(&CertificateContext, &Certificate)> =
        settings.contexts.iter().zip(read.iter().map(|read| &read.certificate)).collect();
    let chooses_by_client = by_client_hello(spec);
    let add = |choice: &mut Choice<'_>, index: usize, certificate: &Certificate| {
        let kind = match certificate.key.as_ref().map(|key| key.kind) {
            Some(CertificateKeyType::Ec) => 0,
            Some(CertificateKeyType::Rsa) => 1,
            _ => 2,
        };
        if !chooses_by_client && choice.kinds.iter().any(Option::is_some) {
            return;
        }
        if let Some(place) = choice.kinds.get_mut(kind) {
            place.get_or_insert(index);
        }
    };
    if let Some(name) = name {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        for wild in [false, true] {
            for (index, (context, certificate)) in pairs.iter().enumerate() {
                if context.names.is_empty() && certificate.key.is_none() {
                    choice.unknown = true;
                } else if is_for(context, certificate, &name, wild) {
                    choice.unknown |= certificate.key.is_none();
                    add(&mut choice, index, certificate);
                }
            }
        }
    }
    if choice.unknown && pairs.len() > 1 {
        choice.notes.push(
            "which of the certificates is shown depends on the names in them, and not all of them can be read here"
                .to_owned(),
        );
        return None;
    }
    choice.unknown = false;
    if choice.kinds.iter().all(Option::is_none) {
        choice.without_a_name(name, &pairs, spec, add);
    }
    Some(choice)
}

impl Choice<'_> {
    /// What the product calls the setting that ends such handshakes.
    fn strict_word(&self) -> &'static str {
        if self.settings.product == "nginx" { "ssl_reject_handshake" } else { "strict-sni" }
    }

    /// No certificate is for the name.
    fn without_a_name(
        &mut self,
        name: Option<&str>,
        pairs: &[(&CertificateContext, &Certificate)],
        spec: &Spec<'_>,
        mut add: impl FnMut(&mut Self, usize, &Certificate),
    ) {
        for (index, (context, certificate)) in pairs.iter().enumerate() {
            if context.fallback {
                add(self, index, certificate);
            }
        }
        let strict = self.settings.reject_handshake.as_ref().filter(|setting| setting.value);
        match (strict, name) {
            (Some(strict), Some(name)) => {
                let word = self.strict_word();
                let what = format!("no certificate is for `{name}`, and `{word}` ends the handshake");
                let (origin, cause) = (Some(strict.origin.clone()), UnableCause::UnknownName);
                self.unable = Some(Unable { slot: Slot::Certificate, what, origin, cause });
            }
            (Some(_), None) => {
                self.unknown = true;
                let word = self.strict_word();
                self.notes.push(format!("`{word}` ends handshakes without a name that a certificate is for"));
            }
            (None, _) if pairs.len() > 1 => {
                self.notes.push("no certificate is for the name: the first one is shown".to_owned());
            }
            (None, _) => {}
        }
        let version = spec.software.version();
        self.line_versions = Scheme::Numeric.compare(version, "3.0.0") == Some(std::cmp::Ordering::Less);
    }

    /// The policy that results, with one of each context where the hello chooses.
    pub(super) fn make(self, making: &Making<'_>, read: &[Read<'_>]) -> Result<Made, PartyError> {
        let indices: Vec<usize> = self.kinds.iter().flatten().copied().collect();
        let of = |indices: &[usize]| -> Vec<Read<'_>> {
            indices.iter().filter_map(|index| read.get(*index)).cloned().collect()
        };
        let main = indices.first().map_or_else(|| self.settings.clone(), |index| self.settings_of(*index));
        let unknown = |index: usize| self.settings.contexts.get(index).is_some_and(|context| context.versions_unknown);
        let make = |settings: &ServerSettings, indices: &[usize]| {
            making.make(settings, &of(indices)).map(|mut made| {
                if indices.iter().any(|index| unknown(*index)) {
                    made.policy.offer.versions = Known::Unknown;
                    made.notes.push(
                        "whether this release gives all certificates of a bundle the versions of their line is not known"
                            .to_owned(),
                    );
                }
                made
            })
        };
        let mut made = make(&main, &indices)?;
        if self.unknown {
            // Without a name there is none at all.
            made.policy.offer.certificates = Known::Unknown;
        }
        made.policy.unable.extend(self.unable.clone());
        if indices.len() > 1 && !self.unknown {
            let mut contexts = Vec::new();
            for index in self.kinds {
                contexts.push(match index {
                    Some(index) => Some(make(&self.settings_of(index), &[index])?),
                    None => None,
                });
            }
            // A context that cannot be made ends the program.
            let all = contexts.iter().flatten();
            let unable: Vec<Unable> = all.flat_map(|made| made.policy.unable.clone()).collect();
            for one in unable {
                if !made.policy.unable.contains(&one) {
                    made.policy.unable.push(one);
                }
            }
            let line = making.make(self.settings, &[])?.policy;
            made.policy.by_client = Some(Box::new(self.by_client(making.spec, contexts, &line)));
            made.notes.push(
                "several certificates are for the name: a client that takes ECDSA gets that of an elliptic curve, \
                 whatever the order of the cipher suites"
                    .to_owned(),
            );
        }
        Ok(made)
    }

    fn by_client(
        &self,
        spec: &Spec<'_>,
        contexts: Vec<Option<Made>>,
        line: &shakedown_model::tls::TlsPolicy,
    ) -> ByClient {
        let row = defaults::default("haproxy", Some(spec.software.version()), "client-hello");
        let row = row.as_ref().map(Value::as_str).unwrap_or_default();
        let counts = |what: &str| match row.split(' ').find(|word| word.trim_end_matches('?') == what) {
            Some(word) if word.ends_with('?') => None,
            found => Some(found.is_some()),
        };
        let mut policies = contexts.into_iter().map(|made| made.map(|made| made.policy));
        let mut next = || policies.next().flatten();
        let names = line.offer.cipher_suites.accepted().into_iter().flatten();
        let suites: Vec<Name> = names.map(|item| item.name.clone()).collect();
        ByClient {
            ecdsa: next(),
            rsa: next(),
            other: next(),
            suites,
            tls13: line.offer.has_version(shakedown_model::tls::TlsVersion::Tls13) == Some(true),
            tls13_suites_count: counts("tls13"),
            own_suites_only: counts("own"),
            pss_counts: counts("pss"),
        }
    }

    /// The settings of each context that a client may be given.
    pub(super) fn all_settings(&self) -> Vec<ServerSettings> {
        self.kinds.iter().flatten().map(|index| self.settings_of(*index)).collect()
    }

    /// The settings of the line with those of one context over them.
    fn settings_of(&self, index: usize) -> ServerSettings {
        let mut settings = self.settings.clone();
        let Some(context) = self.settings.contexts.get(index) else { return settings };
        if let Some(own) = &context.settings {
            let line = settings.settings.clone();
            settings.settings = (**own).clone();
            if self.line_versions {
                settings.settings.min_protocol = line.min_protocol;
                settings.settings.max_protocol = line.max_protocol;
            }
        }
        settings.alpn = context.alpn.clone().or(settings.alpn);
        settings
    }
}

/// Whether the library hands the client's hello to HAProxy before it decides anything: OpenSSL since 1.1.1.
fn by_client_hello(spec: &Spec<'_>) -> bool {
    let library = spec.software.layer("openssl").map(|layer| layer.version.as_str());
    library.is_none_or(|version| version_at_least(version, "1.1.1"))
}

fn version_at_least(version: &str, wanted: &str) -> bool {
    Scheme::Numeric.compare(version, wanted) != Some(std::cmp::Ordering::Less)
}

/// Whether a context is chosen for a name, by its exact names or by those with `*` in front.
fn is_for(context: &CertificateContext, certificate: &Certificate, name: &str, wild: bool) -> bool {
    let fits = |own: &str| match own.strip_prefix('*') {
        Some(rest) => {
            wild && name.find('.').and_then(|dot| name.get(dot..)).is_some_and(|end| rest.eq_ignore_ascii_case(end))
        }
        None => !wild && own.eq_ignore_ascii_case(name),
    };
    if context.names.is_empty() {
        // Alternative names and common names alike.
        let subject = certificate.subject.as_ref().map(Name::as_str).unwrap_or_default();
        let common = subject.split([',', '+']).filter_map(|part| part.trim().strip_prefix("CN="));
        return certificate.names.iter().map(Name::as_str).chain(common).any(fits);
    }
    let written = || context.names.iter().map(Value::as_str);
    // What is taken out counts against wildcards of the same line.
    let out = wild && written().any(|own| own.strip_prefix('!').is_some_and(|own| own.eq_ignore_ascii_case(name)));
    !out && written().filter(|own| !own.starts_with('!')).any(fits)
}
