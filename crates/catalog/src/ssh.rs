//! An SSH party's policy from the catalog: the offer of a version with its build and layers, how it behaves, and what it
//! could do beyond its defaults.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Mutex;

use shakedown_model::ssh::{GexRequest, HostKeyOrder, SshBehaviour, SshOffer, SshPolicy, Supported};
use shakedown_model::{Item, Known, Layer, Name, Origin, OriginKind, Role, Slot, Software};

use crate::Catalog;
use crate::blob::Section;
use crate::error::{CatalogError, close};
use crate::facts::{BehaviourRow, Names, OfferRow, PolicyRow, Product, ProductProtocol, Side, SupportedRow};
use crate::layer::{apply_build, apply_crypto_policy};
use crate::resolve::Resolved;
use crate::rule::Rule;

/// The layer that stands for a system-wide policy.
const CRYPTO_POLICIES: &str = "crypto-policies";
/// The build with every optional part of a library.
const FULL_BUILD: &str = "full";

/// Policies by what they are of.
pub(crate) type Policies = Mutex<HashMap<(Software, Role), (SshPolicy, Resolved)>>;

/// Policies that are remembered: a log, or a fleet, has many connections of a few kinds of software.
const REMEMBERED: usize = 64;

impl Catalog {
    /// All that a software would offer and accept by default, and how it chooses.
    ///
    /// # Errors
    /// The software or one of its layers is not known.
    pub fn ssh_policy(&self, software: &Software, role: Role) -> Result<(SshPolicy, Resolved), CatalogError> {
        let remembered = || self.ssh_policies.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (software.clone(), role);
        if let Some(known) = remembered().get(&key) {
            return Ok(known.clone());
        }
        let made = self.make_ssh_policy(software, role)?;
        let mut remembered = remembered();
        if remembered.len() < REMEMBERED {
            remembered.insert(key, made.clone());
        }
        Ok(made)
    }

    fn make_ssh_policy(&self, software: &Software, role: Role) -> Result<(SshPolicy, Resolved), CatalogError> {
        let (product, mut row, mut resolved) = self.find(software, role)?;
        if product.protocol != ProductProtocol::Ssh {
            return Err(CatalogError::OtherProtocol { product: product.id, protocol: "SSH" });
        }
        let rules = self.rules(&product, role, Some(&resolved.version));
        for rule in &rules {
            match rule {
                Rule::Sends(slot, names) => set(&mut row, *slot, names),
                Rule::Optional(slot, names) if resolved.build.as_deref() != Some(FULL_BUILD) => {
                    remove(&mut row, *slot, names);
                }
                _ => {}
            }
        }
        let whole = rules.contains(&Rule::OffersAll);
        let mut supported = self.supported(&product, role, &row, whole);
        let builds = resolved
            .build
            .as_deref()
            .map_or_else(Vec::new, |build| self.build_rows(&product.id, role, build, &resolved.version));
        let mut policy_rows = Vec::new();
        let mut own_policy = None;
        for build in &builds {
            apply_build(&mut row, build);
            resolved.notes.extend(build.notes.clone());
            if let (Known::Complete(kex), Some(more)) = (&mut supported.kex, &build.supported_kex) {
                kex.extend(
                    more.iter().map(|name| Name::new(name)).filter(|name| !kex.contains(name)).collect::<Vec<_>>(),
                );
            }
            if let (Some(policy), Some(rows)) = (&build.crypto_policy, &build.crypto_policy_rows) {
                own_policy = Some(Layer { product: CRYPTO_POLICIES.to_owned(), version: policy.clone(), build: None });
                policy_rows.clone_from(rows);
            }
        }
        let mut sources = vec![resolved.source.clone()];
        sources.extend(builds.iter().map(|build| build.source.clone()));
        if let Some(layer) = software.layer(CRYPTO_POLICIES).cloned().or(own_policy) {
            let policy = self.crypto_policy(&layer, &product.id, role, &policy_rows, resolved.released.as_deref())?;
            let known: Option<Vec<&Name>> = [&supported.kex, &supported.host_key, &supported.cipher, &supported.mac]
                .into_iter()
                .map(Known::complete)
                .collect::<Option<Vec<_>>>()
                .map(|lists| lists.into_iter().flatten().collect());
            let able = |name: &str| known.as_ref().is_none_or(|known| known.iter().any(|other| *other == name));
            apply_crypto_policy(&mut row, &policy, role, able);
            resolved
                .notes
                .push(format!("the lists are those of the system-wide policy {} ({})", policy.policy, policy.row));
            resolved.notes.extend(policy.notes.clone());
            sources.push(policy.source);
        }
        let origin = Origin::new(OriginKind::Catalog {
            row: format!("{} {role}", row_name(&resolved, software)),
            source: sources.join("; "),
        });
        let mut policy = SshPolicy { offer: offer(&row, role, &origin), supported, ..SshPolicy::default() };
        policy.offer.identification = identification(&product, &row);
        apply_rules(&mut policy, role, rules);
        Ok((policy, resolved))
    }

    /// How a software behaves, also where its version is not known: then only what holds for every version.
    pub fn ssh_behaviour(&self, software: &Software, role: Role) -> SshBehaviour {
        let Ok(product) = self.product(software.product(), software.version()) else {
            return SshBehaviour::default();
        };
        let version = Some(software.version()).filter(|version| version.bytes().any(|byte| byte.is_ascii_digit()));
        let mut policy = SshPolicy::default();
        apply_rules(&mut policy, role, self.rules(&product, role, version));
        policy.behaviour
    }

    /// The compression list of a software whose user has switched compression on or off; `None` where nothing is known.
    pub fn compression(&self, software: &Software, role: Role, enabled: bool) -> Option<Vec<Name>> {
        let (product, _, resolved) = self.find(software, role).ok()?;
        self.rules(&product, role, Some(&resolved.version)).into_iter().find_map(|rule| match rule {
            Rule::CompressionEnabled(names) if enabled => Some(names),
            Rule::CompressionDisabled(names) if !enabled => Some(names),
            _ => None,
        })
    }

    /// What a named policy allows, as the policy of a party that offers exactly that.
    ///
    /// # Errors
    /// No policy has the name.
    pub fn named_policy(&self, name: &str) -> Result<SshPolicy, CatalogError> {
        let blob = self.blob();
        let wanted = name.to_ascii_lowercase();
        let Some(place) = blob.named(Section::Policies, &wanted).next() else {
            let ids: Vec<&str> = (0..blob.rows(Section::Policies))
                .map(|row| blob.string(blob.cell(Section::Policies, row, 0)))
                .collect();
            return Err(CatalogError::UnknownPolicy {
                name: name.to_owned(),
                suggestions: close(&wanted, ids.into_iter()),
            });
        };
        let row: PolicyRow = blob.row(place);
        let origin = Origin::new(OriginKind::Catalog { row: format!("policy {}", row.id), source: row.source.clone() });
        let host_key = row.host_key.map(|mut names| {
            names.extend(row.host_key_optional.unwrap_or_default());
            names
        });
        let list = |names: &Names| known(names, &origin);
        Ok(SshPolicy {
            offer: SshOffer {
                kex: list(&row.kex),
                host_key: list(&host_key),
                cipher_c2s: list(&row.cipher),
                cipher_s2c: list(&row.cipher),
                mac_c2s: list(&row.mac),
                mac_s2c: list(&row.mac),
                public_key_auth: list(&row.public_key_auth),
                min_rsa_bits: row.min_rsa_bits,
                ..SshOffer::default()
            },
            ..SshPolicy::default()
        })
    }

    /// The names of the policies.
    pub fn policy_names(&self) -> Vec<&str> {
        let blob = self.blob();
        (0..blob.rows(Section::Policies)).map(|row| blob.string(blob.cell(Section::Policies, row, 0))).collect()
    }

    /// The departures from the plain rules that hold for a version, or for every version.
    pub(crate) fn rules(&self, product: &Product, role: Role, version: Option<&str>) -> Vec<Rule> {
        let blob = self.blob();
        let holds = |row: &BehaviourRow| {
            let bound = |bound: &Option<String>, fits: fn(Ordering) -> bool| match (bound, version) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(bound), Some(version)) => product.scheme.compare(version, bound).is_some_and(fits),
            };
            row.role.covers(role) && bound(&row.at_least, Ordering::is_ge) && bound(&row.before, Ordering::is_lt)
        };
        blob.named(Section::Behaviours, &product.id)
            .map(|row| blob.row::<BehaviourRow>(row))
            .filter(holds)
            .filter_map(|row| Rule::from_row(&row).ok())
            .collect()
    }

    /// What the version could do. Where its tables were not read, what it offers is known to be supported, no more.
    fn supported(&self, product: &Product, role: Role, offer: &OfferRow, whole: bool) -> Supported {
        let blob = self.blob();
        // Rows stand in the order of their versions; only the one that holds is decoded.
        let cell = |row: u32, column| blob.cell(Section::Supported, row, column);
        let row: SupportedRow = blob
            .named(Section::Supported, &product.id)
            .rfind(|&row| {
                let version = blob.string(cell(row, 2));
                [Side::from(role) as u32, Side::Both as u32].contains(&cell(row, 1))
                    && product.scheme.compare(version, &offer.version).is_some_and(Ordering::is_le)
            })
            .map_or_else(SupportedRow::default, |row| blob.row(row));
        let list = |supported: Names, offered: &Names| match (supported, offered) {
            (Some(names), _) => Known::Complete(names.iter().map(|name| Name::new(name)).collect()),
            (None, Some(names)) if whole => Known::Complete(names.iter().map(|name| Name::new(name)).collect()),
            (None, Some(names)) => {
                Known::Partial { accepted: names.iter().map(|name| Name::new(name)).collect(), refused: Vec::new() }
            }
            (None, None) => Known::Unknown,
        };
        Supported {
            kex: list(row.kex, &offer.kex),
            host_key: list(row.host_key, &offer.host_key),
            cipher: list(row.cipher, &offer.cipher),
            mac: list(row.mac, &offer.mac),
            compression: list(row.compression, &offer.compression),
        }
    }
}

/// `openssh@9.2p1/debian-12+crypto-policies@FIPS`, with the version of the row.
fn row_name(resolved: &Resolved, software: &Software) -> String {
    let mut named = software.clone();
    if let Some(layer) = named.layers.first_mut() {
        layer.product.clone_from(&resolved.product);
        layer.version.clone_from(&resolved.version);
    }
    named.to_string()
}

fn remove(row: &mut OfferRow, slot: Slot, names: &[Name]) {
    let list = match slot {
        Slot::Kex => &mut row.kex,
        Slot::HostKey => &mut row.host_key,
        Slot::CipherC2s | Slot::CipherS2c => &mut row.cipher,
        Slot::MacC2s | Slot::MacS2c => &mut row.mac,
        _ => return,
    };
    if let Some(list) = list {
        list.retain(|name| !names.iter().any(|other| other == name.as_str()));
    }
}

fn set(row: &mut OfferRow, slot: Slot, names: &[Name]) {
    let names = Some(names.iter().map(|name| name.as_str().to_owned()).collect());
    match slot {
        Slot::Kex => row.kex = names,
        Slot::HostKey => row.host_key = names,
        Slot::CipherC2s | Slot::CipherS2c => row.cipher = names,
        Slot::MacC2s | Slot::MacS2c => row.mac = names,
        Slot::CompressionC2s => row.compression = names,
        Slot::CompressionS2c => row.compression_s2c = names,
        _ => {}
    }
}

fn known(names: &Names, origin: &Origin) -> Known<Vec<Item>> {
    match names {
        Some(names) => {
            Known::Complete(names.iter().map(|name| Item::with_origin(Name::new(name), origin.clone())).collect())
        }
        None => Known::Unknown,
    }
}

fn offer(row: &OfferRow, role: Role, origin: &Origin) -> SshOffer {
    let list = |names: &Names| known(names, origin);
    let kex = row.kex.as_ref().map(|kex| {
        let mut kex = kex.clone();
        kex.extend(row.markers.clone().unwrap_or_default());
        kex
    });
    let s2c = if row.compression_s2c.is_some() { &row.compression_s2c } else { &row.compression };
    SshOffer {
        kex: list(&kex),
        host_key: list(&row.host_key),
        cipher_c2s: list(&row.cipher),
        cipher_s2c: list(&row.cipher),
        mac_c2s: list(&row.mac),
        mac_s2c: list(&row.mac),
        compression_c2s: list(&row.compression),
        compression_s2c: list(s2c),
        min_rsa_bits: row.min_rsa_bits,
        public_key_auth: list(&row.public_key_auth),
        // RFC 4419 section 3 names 8192 as the largest group; rows of `gex-request` say where a client asks for less.
        gex_request: row.gex_minimum.filter(|_| role == Role::Client).map(|minimum| GexRequest {
            minimum,
            preferred: None,
            maximum: 8192,
        }),
        ..SshOffer::default()
    }
}

/// What it sends as its identification, where that is known.
fn identification(product: &Product, row: &OfferRow) -> Option<Name> {
    if let Some(text) = &row.identification {
        let text = if text.starts_with("SSH-") { text.clone() } else { format!("SSH-2.0-{text}") };
        return Some(Name::new(&text));
    }
    let base = row.version.split('p').next().unwrap_or(&row.version);
    let text = product.identification.as_ref()?;
    Some(Name::new(&text.replace("{version}", &row.version).replace("{base}", base)))
}

fn apply_rules(policy: &mut SshPolicy, role: Role, rules: Vec<Rule>) {
    let behaviour = &mut policy.behaviour;
    for rule in rules {
        match rule {
            Rule::MacNeededBesideAead => behaviour.mac_needed_beside_aead = true,
            Rule::OneCipher => behaviour.one_cipher = true,
            Rule::KexNeedsHostKey => behaviour.kex_needs_host_key = true,
            Rule::ServerPrefersOwn => behaviour.server_prefers_own = role == Role::Server,
            Rule::NameLimit(limit) => behaviour.name_limit = Some(limit),
            Rule::Guess(guess) => behaviour.guess = guess,
            Rule::Stops(slots) => behaviour.stops = slots,
            Rule::Drops(drops) => behaviour.drops.push(drops),
            Rule::Broken(names, reason) => {
                behaviour.broken.extend(names.into_iter().map(|name| (name, reason.clone())));
            }
            Rule::Confirms(slot, names) => {
                behaviour.confirms.extend(names.into_iter().map(|name| (slot, name)));
            }
            Rule::NoRekeyWith(peers) => behaviour.no_rekey_with.extend(peers),
            Rule::HostKeyOrder(order) => {
                policy.host_key_order = if role == Role::Client { order } else { HostKeyOrder::Fixed };
            }
            Rule::GexRequest(request) if role == Role::Client => policy.offer.gex_request = Some(request),
            Rule::Guesses => policy.offer.first_kex_packet_follows = true,
            Rule::GexRequest(_)
            | Rule::Sends(..)
            | Rule::Optional(..)
            | Rule::OffersAll
            | Rule::CompressionEnabled(_)
            | Rule::CompressionDisabled(_)
            | Rule::TlsOrder(..)
            | Rule::TlsGroupChoice(_)
            | Rule::TlsCertificateCurve
            | Rule::TlsChaChaUnlessGcm
            | Rule::TlsFfdhe
            | Rule::TlsBundles(_)
            | Rule::TlsMinRsaBits(_)
            | Rule::TlsMaxDhBits(_)
            | Rule::TlsStaples(_)
            | Rule::TlsNoExtendedMasterSecret => {}
        }
    }
}
