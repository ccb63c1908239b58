//! A TLS party's policy from the catalog: what a version offers by default, over the library that does TLS for it.

use std::cmp::Ordering;

use shakedown_model::tls::{TlsOffer, TlsPolicy, TlsVersion, is_tls13_suite};
use shakedown_model::{Item, Known, Name, Origin, OriginKind, Role, Slot, Software};

use crate::Catalog;
use crate::error::CatalogError;
use crate::facts::{Names, OfferRow, Product, ProductProtocol};
use crate::openssl::{Context, ContextError};
use crate::resolve::Resolved;
use crate::rule::Rule;

/// The library whose settings are a language of their own.
const OPENSSL: &str = "openssl";
/// The level of a build that says nothing else: 1, and 2 since 3.2.0.
const LEVEL_2_SINCE: &str = "3.2.0";

impl Catalog {
    /// All that a software would offer and accept by default, and how it chooses.
    ///
    /// # Errors
    /// The software is not known, or does not speak TLS.
    pub fn tls_policy(&self, software: &Software, role: Role) -> Result<(TlsPolicy, Resolved), CatalogError> {
        // A build of a layer below says nothing of the program on top.
        let own = Software { layers: software.layers.first().cloned().into_iter().collect() };
        let (product, row, mut resolved) = self.find(&own, role)?;
        if product.protocol != ProductProtocol::Tls {
            return Err(CatalogError::OtherProtocol { product: product.id, protocol: "TLS" });
        }
        let rules = self.rules(&product, role, Some(software.version()));
        if let Some(context) = self.context_of(software, &product, &row, &rules, &mut resolved, role) {
            let mut policy = context.policy();
            // What it would be given is not known.
            policy.offer.certificates = Known::Unknown;
            policy.offer.dh_parameters = Known::Unknown;
            if let Some(sends) = row.tls.sends_server_name.filter(|_| role == Role::Client)
                && !sends
            {
                policy.offer.server_name = Known::Complete(None);
            }
            return Ok((policy, resolved));
        }
        let origin = Origin::new(OriginKind::Catalog { row: format!("{software} {role}"), source: row.source.clone() });
        Ok((from_row(&row, role, &rules, &origin), resolved))
    }

    /// OpenSSL's context as a program leaves it by default, for settings to be made on top; `None` where its TLS is not
    /// OpenSSL's, or that version's tables are not known.
    pub fn tls_context(&self, software: &Software, role: Role) -> Option<Context> {
        let own = Software { layers: software.layers.first().cloned().into_iter().collect() };
        let (product, row, mut resolved) = self.find(&own, role).ok()?;
        let rules = self.rules(&product, role, Some(software.version()));
        self.context_of(software, &product, &row, &rules, &mut resolved, role)
    }

    fn context_of(
        &self,
        software: &Software,
        product: &Product,
        row: &OfferRow,
        rules: &[Rule],
        resolved: &mut Resolved,
        role: Role,
    ) -> Option<Context> {
        if row.tls.library.as_deref() != Some(OPENSSL) && product.id != OPENSSL {
            return None;
        }
        let (version, note) = self.library_version(software, product, rules)?;
        resolved.notes.extend(note);
        let context = self.openssl_context(&version, software.build(), role).ok()?;
        let context = self.over_openssl(context, product, row, resolved);
        if product.id == OPENSSL {
            // The library's tables are those of the very version, not of the nearest row.
            resolved.notes.clear();
        }
        Some(context)
    }

    /// Whether a product's offers are of TLS; `None` where there is no such product.
    pub fn protocol_of(&self, name: &str, version: &str) -> Option<ProductProtocol> {
        self.product(name, version).ok().map(|product| product.protocol)
    }

    /// A fresh context of OpenSSL as a distribution builds it.
    ///
    /// # Errors
    /// The tables of the version are not known.
    pub fn openssl_context(&self, version: &str, build: Option<&str>, role: Role) -> Result<Context, ContextError> {
        let mut openssl = self.openssl(version);
        openssl.build = build.map(str::to_owned);
        let default = if openssl.at_least(LEVEL_2_SINCE) { 2 } else { 1 };
        let rows = build.map_or_else(Vec::new, |build| self.build_rows(OPENSSL, role, build, version));
        let built = rows.iter().find_map(|row| row.security_level).and_then(|level| u8::try_from(level).ok());
        let named = build.map_or_else(|| format!("openssl@{version}"), |build| format!("openssl@{version}/{build}"));
        let source = rows.first().map_or("openssl/openssl ssl/ssl_lib.c, ssl/t1_lib.c", |row| row.source.as_str());
        let origin = Origin::new(OriginKind::Catalog { row: format!("{named} default"), source: source.to_owned() });
        Context::new(openssl, role, built.unwrap_or(default), origin)
    }

    /// The version of OpenSSL below a program, and what is to be said of it.
    pub fn openssl_version(&self, software: &Software, role: Role) -> Option<(String, Option<String>)> {
        let product = self.product(software.product(), software.version()).ok()?;
        let rules = self.rules(&product, role, Some(software.version()));
        self.library_version(software, &product, &rules)
    }

    /// The version of OpenSSL below a program: its layer, what it brings with it, or the newest.
    fn library_version(
        &self,
        software: &Software,
        product: &Product,
        rules: &[Rule],
    ) -> Option<(String, Option<String>)> {
        if product.id == OPENSSL {
            return Some((software.version().to_owned(), None));
        }
        if let Some(layer) = software.layer(OPENSSL) {
            return Some((layer.version.clone(), None));
        }
        let bundled = rules.iter().find_map(|rule| match rule {
            Rule::TlsBundles(version) => Some(version.clone()),
            _ => None,
        });
        if let Some(version) = bundled {
            let note = format!("with OpenSSL {version}, of the series that {} brings with it", product.label);
            return Some((version, Some(note)));
        }
        // Not one that is still being made (`4.0.0-git`), nor a distribution's build (`1.1.0l-Debian`).
        let versions = self.versions(OPENSSL, Role::Client);
        let version = (*versions.iter().rev().find(|version| !version.contains('-'))?).to_owned();
        let note = format!(
            "no OpenSSL is named: read with {version}, the newest of the catalog; write `{software}+openssl@VERSION`"
        );
        Some((version, Some(note)))
    }

    /// What a program sets by itself in its library.
    fn over_openssl(
        &self,
        mut context: Context,
        product: &Product,
        row: &OfferRow,
        resolved: &mut Resolved,
    ) -> Context {
        if product.id == OPENSSL {
            return context;
        }
        let origin = Origin::new(OriginKind::Catalog {
            row: format!("{}@{} default", product.id, row.version),
            source: row.source.clone(),
        });
        if let Some(versions) = &row.tls.versions {
            for version in TlsVersion::ALL {
                let on = versions.iter().any(|name| name == version.as_str());
                context.switch(version, on, origin.clone());
            }
        }
        let mut refused = |what: &str, result: Result<(), ContextError>| {
            if let Err(error) = result {
                resolved.notes.push(format!("its default {what} is not taken by this OpenSSL: {error}"));
            }
        };
        let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty() && text != "auto");
        if let Some(text) = set(&row.tls.cipher_string) {
            // Some rows name a parameter here, whose value is not known: then the library's own list stays.
            let before = context.clone();
            let made = context.set_ciphers(&text, origin.clone()).map(drop);
            if made.is_err() {
                context = before;
            }
            refused("cipher string", made);
        }
        if let Some(text) = set(&row.tls.ciphersuites_string) {
            refused("list of TLS 1.3 cipher suites", context.set_tls13_suites(&text, origin.clone()).map(drop));
        }
        if let Some(text) = set(&row.tls.groups_string).filter(|text| !text.contains('_')) {
            refused("list of groups", context.set_groups(&text, origin));
        }
        context
    }

    /// The number of a TLS name in its registry: of a cipher suite, a group or a signature scheme.
    pub fn tls_number(&self, slot: Slot, name: &str) -> Option<u16> {
        u16::try_from(self.algorithm_named(tls_kind(slot)?, name)?.number?).ok()
    }

    /// The name of a number in the registry of TLS cipher suites, groups or signature schemes.
    pub fn tls_name(&self, slot: Slot, number: u16) -> Option<String> {
        self.tls_names(slot).into_iter().find(|(_, other)| *other == number).map(|(name, _)| name)
    }

    /// All names of a registry of TLS with their numbers.
    pub fn tls_names(&self, slot: Slot) -> Vec<(String, u16)> {
        let Some(kind) = tls_kind(slot) else { return Vec::new() };
        let numbered =
            self.algorithms(kind).filter_map(|(_, one)| Some((one.name.clone(), u16::try_from(one.number?).ok()?)));
        numbered.collect()
    }
}

fn tls_kind(slot: Slot) -> Option<&'static str> {
    Some(match slot {
        Slot::CipherSuite => "cipher-suite",
        Slot::Group => "tls-group",
        Slot::SignatureScheme => "signature-scheme",
        _ => return None,
    })
}

/// The lists of a row as they stand.
fn from_row(row: &OfferRow, role: Role, rules: &[Rule], origin: &Origin) -> TlsPolicy {
    let tls = &row.tls;
    let known = |names: &Names, keep: &dyn Fn(&str) -> bool| match names {
        Some(names) => Known::Complete(
            names
                .iter()
                .filter(|name| keep(name))
                .map(|name| Item::with_origin(Name::new(name), origin.clone()))
                .collect::<Vec<Item>>(),
        ),
        None => Known::Unknown,
    };
    let all = |_: &str| true;
    let versions = tls.versions.clone().map(|mut names| {
        names.sort_by_key(|name| std::cmp::Reverse(TlsVersion::parse(name)));
        names
    });
    let mut policy = TlsPolicy {
        offer: TlsOffer {
            versions: known(&versions, &all),
            tls13_cipher_suites: known(&tls.cipher_suites, &is_tls13_suite),
            cipher_suites: known(&tls.cipher_suites, &|name| !is_tls13_suite(name)),
            groups: known(&tls.groups, &all),
            key_shares: if role == Role::Client { known(&tls.key_shares, &all) } else { Known::Unknown },
            signature_schemes: known(&tls.signature_schemes, &all),
            legacy_signatures: legacy_signatures(tls.versions.as_ref()),
            server_name: match (role, tls.sends_server_name) {
                (Role::Client, Some(false)) => Known::Complete(None),
                _ => Known::Unknown,
            },
            needs_secure_renegotiation: tls.legacy_renegotiation.as_deref().map(|text| text == "refused"),
            min_rsa_bits: row.min_rsa_bits,
            min_dh_bits: tls.min_dh_bits,
            security_level: tls.security_level.and_then(|level| u8::try_from(level).ok()),
            ..TlsOffer::default()
        },
        ..TlsPolicy::default()
    };
    for rule in rules {
        let behaviour = &mut policy.behaviour;
        match rule {
            Rule::TlsOrder(Slot::CipherSuite, preference) => behaviour.suite_order = Some(*preference),
            Rule::TlsOrder(Slot::Group, preference) => behaviour.group_order = Some(*preference),
            Rule::TlsOrder(Slot::SignatureScheme, preference) => behaviour.scheme_order = Some(*preference),
            Rule::TlsGroupChoice(rule) => behaviour.group_rule = Some(*rule),
            Rule::TlsCertificateCurve => behaviour.certificate_curve_in_groups = true,
            Rule::TlsChaChaUnlessGcm => behaviour.chacha_first_unless_gcm = true,
            Rule::TlsFfdhe => behaviour.negotiates_ffdhe = true,
            Rule::TlsMinRsaBits(bits) => {
                policy.offer.min_rsa_bits = policy.offer.min_rsa_bits.or(Some(*bits));
            }
            Rule::TlsMaxDhBits(bits) => policy.offer.max_dh_bits = Some(*bits),
            Rule::TlsNoExtendedMasterSecret => policy.offer.extended_master_secret = Known::Complete(false),
            Rule::TlsStaples(rule) if role == Role::Client => policy.offer.staples = Some(*rule),
            _ => {}
        }
    }
    policy
}

/// Who offers a version below TLS 1.2 signs as that version does.
fn legacy_signatures(versions: Option<&Vec<String>>) -> Option<bool> {
    let old = |name: &String| {
        TlsVersion::parse(name).is_some_and(|version| version.cmp(&TlsVersion::Tls12) == Ordering::Less)
    };
    versions.map(|versions| versions.iter().any(old))
}
