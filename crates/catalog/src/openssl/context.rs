//! What a context of the library offers after the settings made on it.

use shakedown_model::tls::{
    Authentication, Certificate, CertificateKeyType, DhParameters, GroupRule, KeyExchange, Layer, Preference, Scheme,
    Suite, TlsBehaviour, TlsOffer, TlsPolicy, TlsSupported, TlsVersion, Unable, UnableCause, Withheld,
};
use shakedown_model::{Item, Known, Name, Origin, Role, Slot};

use super::Openssl;
use super::ciphers::{CipherStringError, TLS13_OFF};
use super::groups::{GroupError, GroupList};
use super::level::{Level, is_group_of_tls12, is_group_of_tls13};
use super::schemes::SchemeError;

/// OpenSSL's list without a setting (`TLS_DEFAULT_CIPHERSUITES`).
const DEFAULT_TLS13: [&str; 3] = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"];

/// A setting that the library refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// A cipher string.
    #[error(transparent)]
    Ciphers(#[from] CipherStringError),
    /// A list of groups.
    #[error(transparent)]
    Groups(#[from] GroupError),
    /// A list of signature algorithms.
    #[error(transparent)]
    Schemes(#[from] SchemeError),
    /// A certificate whose key is below the security level.
    #[error("a {kind} key of {bits} bits is below the {minimum} bits of security level {level}")]
    KeyTooSmall {
        /// The type of the key.
        kind: &'static str,
        /// Its size in bits.
        bits: u32,
        /// The smallest size accepted.
        minimum: u32,
        /// The level.
        level: u8,
    },
    /// A certificate whose signature's digest is below the security level.
    #[error("a certificate signed with {digest} is below security level {level}")]
    WeakDigest {
        /// The digest.
        digest: &'static str,
        /// The level.
        level: u8,
    },
}

/// A value with the place of its setting.
#[derive(Clone, Debug)]
struct Set<T> {
    value: T,
    origin: Origin,
}

/// A context (`SSL_CTX`) that settings are made on. What is never set keeps the library's default.
#[derive(Clone, Debug)]
pub struct Context {
    openssl: Openssl,
    role: Role,
    level: Set<u8>,
    lowest: Option<Set<TlsVersion>>,
    highest: Option<Set<TlsVersion>>,
    off: Vec<Set<TlsVersion>>,
    suites: Set<Vec<String>>,
    tls13_suites: Set<Vec<String>>,
    groups: Set<GroupList>,
    schemes: Set<Vec<String>>,
    certificates: Vec<Certificate>,
    default: Origin,
    /// Whether the server's own order decides (`SSL_OP_CIPHER_SERVER_PREFERENCE`).
    pub server_preference: bool,
    /// `SSL_OP_PRIORITIZE_CHACHA`.
    pub prioritize_chacha: bool,
    /// `SSL_OP_LEGACY_SERVER_CONNECT`: whether a client accepts servers without RFC 5746.
    pub legacy_server_connect: bool,
    /// Server: where the parameters of DHE come from.
    pub dh_parameters: DhParameters,
}

impl Context {
    /// A fresh context. `default` is where the library's defaults are known from.
    ///
    /// # Errors
    /// The tables of this version are not known.
    pub fn new(openssl: Openssl, role: Role, level: u8, default: Origin) -> Result<Self, ContextError> {
        let set = |value: Vec<String>| Set { value, origin: default.clone() };
        let ciphers = openssl.ciphers("DEFAULT")?;
        let groups = openssl.default_groups();
        let tls13: &[&str] = if openssl.has_tls13() { &DEFAULT_TLS13 } else { &[] };
        Ok(Self {
            level: Set { value: level, origin: default.clone() },
            lowest: None,
            highest: None,
            off: vec![Set { value: TlsVersion::Ssl3, origin: default.clone() }],
            suites: set(ciphers.suites),
            tls13_suites: set(tls13.iter().map(|name| (*name).to_owned()).collect()),
            groups: Set { value: groups, origin: default.clone() },
            schemes: set(openssl.default_schemes()),
            certificates: Vec::new(),
            server_preference: false,
            prioritize_chacha: false,
            legacy_server_connect: !openssl.at_least("3.0.0"),
            dh_parameters: DhParameters::None,
            default,
            role,
            openssl,
        })
    }

    /// The library's tables.
    pub fn openssl(&self) -> &Openssl {
        &self.openssl
    }

    /// The security level as it stands.
    pub fn level(&self) -> Level {
        Level::new(&self.openssl, self.level.value)
    }

    /// Sets the security level.
    pub fn set_level(&mut self, level: u8, origin: Origin) {
        self.level = Set { value: level, origin };
    }

    /// `SSL_CTX_set_min_proto_version`; `None` for the lowest that there is.
    pub fn set_lowest(&mut self, version: Option<TlsVersion>, origin: Origin) {
        self.lowest = version.map(|value| Set { value, origin });
    }

    /// `SSL_CTX_set_max_proto_version`; `None` for the highest that there is.
    pub fn set_highest(&mut self, version: Option<TlsVersion>, origin: Origin) {
        self.highest = version.map(|value| Set { value, origin });
    }

    /// Switches one version on or off (`SSL_OP_NO_TLSv1_2` and its like).
    pub fn switch(&mut self, version: TlsVersion, on: bool, origin: Origin) {
        self.off.retain(|off| off.value != version);
        // SSL 3.0 is not built in.
        if !on || version == TlsVersion::Ssl3 {
            self.off.push(Set { value: version, origin });
        }
    }

    /// `SSL_CTX_set_cipher_list`. Gives the words that are no cipher.
    ///
    /// # Errors
    /// The library refuses the string. Where nothing matches, nothing is what it has from then on
    /// (`ssl_create_cipher_list` puts the empty list in place before it is counted).
    pub fn set_ciphers(&mut self, text: &str, origin: Origin) -> Result<Vec<String>, ContextError> {
        let ciphers = match self.openssl.ciphers(text) {
            Err(CipherStringError::NoMatch) => {
                self.suites = Set { value: Vec::new(), origin };
                return Err(CipherStringError::NoMatch.into());
            }
            other => other?,
        };
        if let Some(level) = ciphers.level {
            self.level = Set { value: level, origin: origin.clone() };
        }
        self.suites = Set { value: ciphers.suites, origin };
        Ok(ciphers.unknown)
    }

    /// `SSL_CTX_set_ciphersuites`. Gives the words that are no cipher suite of TLS 1.3.
    ///
    /// # Errors
    /// The library refuses the list.
    pub fn set_tls13_suites(&mut self, text: &str, origin: Origin) -> Result<Vec<String>, ContextError> {
        let (value, unknown) = self.openssl.tls13_suites(text)?;
        self.tls13_suites = Set { value, origin };
        Ok(unknown)
    }

    /// `SSL_CTX_set1_groups_list`.
    ///
    /// # Errors
    /// The library refuses the list.
    pub fn set_groups(&mut self, text: &str, origin: Origin) -> Result<(), ContextError> {
        self.groups = Set { value: self.openssl.groups(text)?, origin };
        Ok(())
    }

    /// `SSL_CTX_set1_sigalgs_list`.
    ///
    /// # Errors
    /// The library refuses the list.
    pub fn set_schemes(&mut self, text: &str, origin: Origin) -> Result<(), ContextError> {
        self.schemes = Set { value: self.openssl.schemes(text)?, origin };
        Ok(())
    }

    /// `SSL_CTX_use_certificate` and the key: one certificate of each type of key is kept, the last one.
    ///
    /// # Errors
    /// The certificate is below the security level.
    pub fn add_certificate(&mut self, certificate: Certificate) -> Result<(), ContextError> {
        let level = self.level();
        if let Some(key) = &certificate.key {
            let minimum = match key.kind {
                CertificateKeyType::Rsa | CertificateKeyType::RsaPss | CertificateKeyType::Dsa => level.min_rsa_bits(),
                CertificateKeyType::Ec => level.min_ec_bits(),
                _ => 0,
            };
            if let Some(bits) = key.bits.filter(|&bits| bits < minimum) {
                let kind = key.kind.as_str();
                return Err(ContextError::KeyTooSmall { kind, bits, minimum, level: level.number() });
            }
        }
        let refused = level.refused_certificate_digests();
        if let Some(digest) = certificate.signature_digest.filter(|digest| refused.contains(digest))
            && certificate.self_signed != Some(true)
        {
            return Err(ContextError::WeakDigest { digest: digest.as_str(), level: level.number() });
        }
        let kind = |certificate: &Certificate| certificate.key.as_ref().map(|key| key.kind);
        let mine = kind(&certificate);
        self.certificates.retain(|other| mine.is_none() || kind(other) != mine);
        self.certificates.push(certificate);
        Ok(())
    }

    /// `SSL_CTX_set0_tmp_dh_pkey`: parameters of DHE with a prime of this size in bits.
    ///
    /// # Errors
    /// The prime is below the security level.
    pub fn set_dh_bits(&mut self, bits: u32) -> Result<(), ContextError> {
        let (level, minimum) = (self.level().number(), self.level().min_dh_bits());
        if bits < minimum {
            return Err(ContextError::KeyTooSmall { kind: "Diffie-Hellman", bits, minimum, level });
        }
        self.dh_parameters = DhParameters::Fixed { bits };
        Ok(())
    }

    /// The party that results.
    pub fn policy(&self) -> TlsPolicy {
        let mut withheld = Vec::new();
        let versions = self.versions(&mut withheld);
        let (lowest, highest) = (versions.last().map(|one| one.0), versions.first().map(|one| one.0));
        let level = self.level();
        let schemes = self.schemes(lowest, &mut withheld);
        let suites = self.suites(lowest, highest, &schemes, &mut withheld);
        let groups = self.groups(lowest, highest, &suites, &mut withheld);
        let schemes = match (self.role, highest) {
            // `signature_algorithms` came with TLS 1.2.
            (Role::Client, Some(highest)) if highest < TlsVersion::Tls12 => Vec::new(),
            _ => schemes,
        };
        let tls13_suites = self.tls13_suites(highest);
        let items = |names: &[String], origin: &Origin| -> Vec<Item> {
            names.iter().map(|name| Item::with_origin(Name::new(name), origin.clone())).collect()
        };
        let unable = match self.role {
            Role::Client => self.unable(highest, &suites, &tls13_suites, &groups, &schemes),
            Role::Server => self.unusable(&versions),
        };
        let key_shares = self.key_shares(&groups, highest);
        let one = |preference| if self.server_preference { Preference::Server } else { preference };
        let preference = Some(one(Preference::Client));
        let server = self.role == Role::Server;
        let minimum = |bits: u32| Some(bits).filter(|&bits| bits > 0);
        TlsPolicy {
            offer: TlsOffer {
                versions: Known::Complete(
                    versions
                        .iter()
                        .map(|(version, origin)| Item::with_origin(Name::new(version.as_str()), origin.clone()))
                        .collect(),
                ),
                tls13_cipher_suites: Known::Complete(items(&tls13_suites, &self.tls13_suites.origin)),
                cipher_suites: Known::Complete(items(&suites, &self.suites.origin)),
                group_tuples: self.tuples(&groups),
                key_shares: if server {
                    Known::Unknown
                } else {
                    Known::Complete(items(&key_shares, &self.groups.origin))
                },
                groups: Known::Complete(items(&groups, &self.groups.origin)),
                signature_schemes: Known::Complete(items(&schemes, &self.schemes.origin)),
                legacy_signatures: Some(level.allows_legacy_signatures()),
                certificates: Known::Complete(self.certificates.clone()),
                dh_parameters: if server { Known::Complete(self.dh_parameters) } else { Known::Unknown },
                secure_renegotiation: Known::Complete(true),
                needs_secure_renegotiation: Some(!server && !self.legacy_server_connect),
                extended_master_secret: Known::Complete(self.openssl.at_least("1.1.0")),
                needs_extended_master_secret: Some(false),
                security_level: Some(level.number()),
                min_rsa_bits: minimum(level.min_rsa_bits()),
                min_dh_bits: minimum(level.min_dh_bits()),
                min_ec_bits: minimum(level.min_ec_bits()),
                refused_certificate_digests: level.refused_certificate_digests(),
                ..TlsOffer::default()
            },
            behaviour: TlsBehaviour {
                suite_order: preference.filter(|_| server),
                tls13_suite_order: None,
                suites_after_retry: None,
                chacha_first_for_client: self.prioritize_chacha,
                chacha_first_unless_gcm: false,
                group_order: preference.filter(|_| server),
                group_rule: server
                    .then(|| if self.openssl.at_least("3.5.0") { GroupRule::Tuples } else { GroupRule::FirstShare }),
                scheme_order: preference.filter(|_| server),
                certificate_curve_in_groups: true,
                rsa_counts_without_scheme: true,
                needs_shared_scheme: true,
                groups_if_none_sent: None,
                negotiates_ffdhe: false,
                last_resort: Vec::new(),
                // Both came with TLS 1.3.
                marks_downgrade: server.then(|| self.openssl.at_least("1.1.1")),
                refuses_marked_downgrade: !server && self.openssl.at_least("1.1.1"),
            },
            supported: self.supported(),
            withheld,
            undecided: Vec::new(),
            unable,
            by_client: None,
        }
    }

    /// The versions left, the highest first, each with the setting that it stands by.
    fn versions(&self, withheld: &mut Vec<Withheld>) -> Vec<(TlsVersion, Origin)> {
        let level = self.level();
        let mut versions = Vec::new();
        for version in TlsVersion::ALL {
            if version < TlsVersion::Tls10 || version == TlsVersion::Tls13 && !self.openssl.has_tls13() {
                continue;
            }
            let low = self.lowest.as_ref().filter(|lowest| version < lowest.value);
            let high = self.highest.as_ref().filter(|highest| version > highest.value);
            let off = self.off.iter().find(|off| off.value == version);
            let by = low.or(high).or(off);
            if let Some(by) = by {
                let layer = if by.origin == self.default { Layer::LibraryDefault } else { Layer::Configuration };
                withheld.push(taken(Slot::Version, version.as_str(), layer, "the range of versions", &by.origin));
            } else if !level.allows_version(version) {
                withheld.push(self.by_level(Slot::Version, version.as_str()));
            } else {
                let origin = self.lowest.as_ref().or(self.highest.as_ref()).map_or(&self.default, |set| &set.origin);
                versions.push((version, origin.clone()));
            }
        }
        // A client offers the lowest run without a gap (`ssl_get_min_max_version`).
        if self.role == Role::Client {
            let numbers: Vec<usize> = versions
                .iter()
                .map(|(version, _)| TlsVersion::ALL.iter().position(|one| one == version).unwrap_or_default())
                .collect();
            let gap = numbers.windows(2).rposition(|pair| matches!(pair, [high, low] if low - high > 1));
            if let Some(gap) = gap {
                versions.drain(..=gap);
            }
        }
        versions
    }

    fn by_level(&self, slot: Slot, name: &str) -> Withheld {
        let what = format!("security level {}", self.level.value);
        taken(slot, name, Layer::SecurityLevel, &what, &self.level.origin)
    }

    fn schemes(&self, lowest: Option<TlsVersion>, withheld: &mut Vec<Withheld>) -> Vec<String> {
        let level = self.level();
        let mut left = Vec::new();
        for name in &self.schemes.value {
            let Some(scheme) = Scheme::parse(name) else { continue };
            use shakedown_model::tls::Digest::{Md5, Sha1, Sha224};
            // A client of TLS 1.3 alone leaves these out (`tls12_sigalg_allowed`).
            let old = matches!(scheme.digest, Md5 | Sha1 | Sha224) || scheme.key == CertificateKeyType::Dsa;
            if self.role == Role::Client && lowest == Some(TlsVersion::Tls13) && old {
                continue;
            }
            if level.allows_scheme(name, scheme.digest) {
                left.push(name.clone());
            } else {
                withheld.push(self.by_level(Slot::SignatureScheme, name));
            }
        }
        // Without one that TLS 1.2 or 1.3 can use, nothing is sent at all (`tls12_copy_sigalgs`).
        left
    }

    fn suites(
        &self,
        lowest: Option<TlsVersion>,
        highest: Option<TlsVersion>,
        schemes: &[String],
        withheld: &mut Vec<Withheld>,
    ) -> Vec<String> {
        let level = self.level();
        let signs = |auth: Authentication| {
            schemes.iter().filter_map(|name| Scheme::parse(name)).any(|scheme| {
                matches!(
                    (auth, scheme.key),
                    (Authentication::Rsa, CertificateKeyType::Rsa | CertificateKeyType::RsaPss)
                        | (Authentication::Dss, CertificateKeyType::Dsa)
                        | (
                            Authentication::Ecdsa,
                            CertificateKeyType::Ec | CertificateKeyType::Ed25519 | CertificateKeyType::Ed448
                        )
                )
            })
        };
        let mut left = Vec::new();
        for name in &self.suites.value {
            let Some(suite) = Suite::parse(name) else { continue };
            let Some(row) = self.openssl.suites().iter().find(|row| row.suite == *name) else { continue };
            // These need a callback that no program named here sets.
            let callback = matches!(
                suite.key_exchange,
                KeyExchange::Psk | KeyExchange::RsaPsk | KeyExchange::DhePsk | KeyExchange::EcdhePsk | KeyExchange::Srp
            );
            if callback {
                continue;
            }
            if !level.allows_suite(&suite, row.strength) {
                withheld.push(self.by_level(Slot::CipherSuite, name));
                continue;
            }
            if self.role == Role::Client {
                let (Some(lowest), Some(highest)) = (lowest, highest) else { continue };
                let authenticated = match suite.authentication {
                    auth @ (Authentication::Rsa | Authentication::Dss | Authentication::Ecdsa) => signs(auth),
                    _ => true,
                };
                let first = TlsVersion::parse(&row.lowest_version).unwrap_or(TlsVersion::Tls10);
                if first > highest || TlsVersion::Tls12 < lowest || !authenticated {
                    continue;
                }
            }
            left.push(name.clone());
        }
        left
    }

    fn tls13_suites(&self, highest: Option<TlsVersion>) -> Vec<String> {
        if self.role == Role::Client && highest != Some(TlsVersion::Tls13) {
            return Vec::new();
        }
        let strength = |name: &str| match name {
            "TLS_AES_256_GCM_SHA384" | "TLS_CHACHA20_POLY1305_SHA256" => 256,
            "TLS_AES_128_CCM_8_SHA256" if self.openssl.at_least("3.2.0") => 64,
            _ => 128,
        };
        let level = self.level();
        self.tls13_suites.value.iter().filter(|name| strength(name) >= level.bits()).cloned().collect()
    }

    fn groups(
        &self,
        lowest: Option<TlsVersion>,
        highest: Option<TlsVersion>,
        suites: &[String],
        withheld: &mut Vec<Withheld>,
    ) -> Vec<String> {
        let level = self.level();
        let elliptic = |name: &String| {
            Suite::parse(name).is_some_and(|suite| {
                suite.key_exchange == KeyExchange::Ecdhe || suite.authentication == Authentication::Ecdsa
            })
        };
        let tls13 = highest == Some(TlsVersion::Tls13);
        if self.role == Role::Client && !tls13 && !suites.iter().any(elliptic) {
            return Vec::new();
        }
        let mut left = Vec::new();
        for name in &self.groups.value.groups {
            let tls12 = lowest.is_some_and(|lowest| lowest <= TlsVersion::Tls12);
            let fits = tls13 && is_group_of_tls13(name) || tls12 && is_group_of_tls12(name);
            if self.role == Role::Client && !fits {
                continue;
            }
            if level.allows_group(name) {
                left.push(name.clone());
            } else {
                withheld.push(self.by_level(Slot::Group, name));
            }
        }
        left
    }

    /// The sizes of the tuples, less what was taken away.
    fn tuples(&self, left: &[String]) -> Vec<usize> {
        let list = &self.groups.value;
        let mut rest = list.groups.as_slice();
        let mut tuples = Vec::new();
        for &size in &list.tuples {
            let (tuple, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            tuples.push(tuple.iter().filter(|name| left.contains(name)).count());
        }
        tuples.retain(|&size| size > 0);
        tuples
    }

    fn key_shares(&self, groups: &[String], highest: Option<TlsVersion>) -> Vec<String> {
        if self.role == Role::Server || highest != Some(TlsVersion::Tls13) {
            return Vec::new();
        }
        let usable: Vec<&String> = groups.iter().filter(|name| is_group_of_tls13(name)).collect();
        let marked: Vec<String> = usable
            .iter()
            .filter(|name| self.groups.value.key_shares.contains(name))
            .map(|name| (*name).clone())
            .collect();
        if marked.is_empty() { usable.first().map(|name| (*name).clone()).into_iter().collect() } else { marked }
    }

    /// What a client stops at before it has sent anything.
    fn unable(
        &self,
        highest: Option<TlsVersion>,
        suites: &[String],
        tls13_suites: &[String],
        groups: &[String],
        schemes: &[String],
    ) -> Vec<Unable> {
        let Some(highest) = highest else { return Vec::new() };
        let mut unable = Vec::new();
        let cause = UnableCause::Setting;
        let has_suite = match highest {
            TlsVersion::Tls13 => !tls13_suites.is_empty(),
            // What the version has was left out before.
            _ => suites.iter().filter_map(|name| Suite::parse(name)).any(|suite| suite.lowest_version() <= highest),
        };
        if !has_suite {
            let what = format!("it has no cipher suite for {highest}, the highest version that it would offer");
            let origin = if highest == TlsVersion::Tls13 { &self.tls13_suites.origin } else { &self.suites.origin };
            unable.push(Unable { slot: Slot::CipherSuite, what, origin: Some(origin.clone()), cause });
        }
        if highest >= TlsVersion::Tls12 && schemes.is_empty() {
            let what = format!("its security level {} leaves none of its signature algorithms", self.level.value);
            unable.push(Unable { slot: Slot::SignatureScheme, what, origin: Some(self.schemes.origin.clone()), cause });
        }
        if highest == TlsVersion::Tls13 && !groups.iter().any(|name| is_group_of_tls13(name)) {
            let what = "it has no group for TLSv1.3".to_owned();
            unable.push(Unable { slot: Slot::Group, what, origin: Some(self.groups.origin.clone()), cause });
        }
        unable
    }

    /// A server looks for a cipher suite of its highest version before it reads a hello, whether it could use it or not,
    /// and takes the lowest run of versions without a gap for that (`tls_setup_handshake`, `ssl_get_min_max_version`).
    fn unusable(&self, versions: &[(TlsVersion, Origin)]) -> Vec<Unable> {
        let mut highest = None;
        let mut gap = true;
        for version in TlsVersion::ALL {
            let has = versions.iter().any(|(one, _)| *one == version);
            if has && gap {
                highest = Some(version);
            }
            gap = !has;
        }
        let Some(highest) = highest else { return Vec::new() };
        let first = |name: &String| {
            let row = self.openssl.suites().iter().find(|row| row.suite == *name)?;
            TlsVersion::parse(&row.lowest_version)
        };
        let fits = match highest {
            TlsVersion::Tls13 => !self.tls13_suites.value.is_empty(),
            _ => self.suites.value.iter().filter_map(first).any(|first| first <= highest),
        };
        if fits {
            return Vec::new();
        }
        let what = format!(
            "it looks for a cipher suite of {highest}, the highest of its lowest versions without a gap, and ends every \
             handshake for having none"
        );
        let origin = if highest == TlsVersion::Tls13 { &self.tls13_suites.origin } else { &self.suites.origin };
        let cause = UnableCause::NoSuiteToPrepare;
        vec![Unable { slot: Slot::CipherSuite, what, origin: Some(origin.clone()), cause }]
    }

    fn supported(&self) -> TlsSupported {
        let names = |all: Vec<&str>| Known::Complete(all.into_iter().map(Name::new).collect::<Vec<_>>());
        let versions = TlsVersion::ALL
            .into_iter()
            .filter(|&version| version >= TlsVersion::Tls10)
            .filter(|&version| version != TlsVersion::Tls13 || self.openssl.has_tls13());
        TlsSupported {
            versions: names(versions.map(TlsVersion::as_str).collect()),
            cipher_suites: names(
                DEFAULT_TLS13
                    .into_iter()
                    .chain(TLS13_OFF)
                    .filter(|_| self.openssl.has_tls13())
                    .chain(self.openssl.suites().iter().map(|row| row.suite.as_str()))
                    .fold(Vec::new(), |mut all, name| {
                        if !all.contains(&name) {
                            all.push(name);
                        }
                        all
                    }),
            ),
            groups: self.openssl.supported_groups(),
            signature_schemes: Known::Complete(
                self.openssl.default_schemes().iter().map(|name| Name::new(name)).collect(),
            ),
        }
    }
}

fn taken(slot: Slot, name: &str, by: Layer, what: &str, origin: &Origin) -> Withheld {
    Withheld { slot, name: Name::new(name), by, what: what.to_owned(), origin: Some(origin.clone()) }
}
