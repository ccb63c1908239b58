//! What an emulated server makes of a hello: the outcome of the protocol's rules, put into numbers.

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_crypto::kex;
use shakedown_crypto::tls::KeyKind;
use shakedown_handshake::tls::{Agreement, CertificateDemand, ClientOpening, Decision, Refusal, Suite, offered};
use shakedown_listen::tls::Decide;
use shakedown_model::tls::{
    ClientCertificate, DhParameters, KeyExchange, Suite as SuiteName, TlsOffer, TlsPolicy, TlsVersion, UnknownName,
};
use shakedown_model::{
    Context, FailureKind, Item, Known, Name, Origin, OriginKind, Outcome, Role, Slot, Stage, StageResult,
};
use shakedown_wire::tls::Alert;
use shakedown_wire::tls::number::{alert, extension as x, version};

use super::habits::Habits;
use super::identity::{self, Identity};

/// An emulated server.
pub(super) struct Rules {
    pub(super) catalog: Arc<Catalog>,
    pub(super) policy: TlsPolicy,
    pub(super) identities: Vec<Identity>,
    pub(super) habits: Habits,
    /// Whether the program is nginx, whose server block refuses every handshake where it refuses any.
    pub(super) is_nginx: bool,
    /// Prime and generator of DHE that its configuration names.
    pub(super) own_dh: Option<(Vec<u8>, Vec<u8>)>,
}

/// What becomes of a hello.
pub(super) enum Verdict {
    /// It is agreed on.
    Agreed(Box<Agreement>),
    /// The server refuses.
    Refused(Refusal),
    /// What the real server would do is not known; the text says what would decide.
    Unknown(String),
}

impl Decide for Rules {
    fn decide(&self, opening: &ClientOpening) -> Decision {
        match self.verdict(opening) {
            Verdict::Agreed(agreement) => Decision::Agree(agreement),
            Verdict::Refused(refusal) => Decision::Refuse(refusal),
            Verdict::Unknown(_) => Decision::Refuse(Refusal::Close),
        }
    }
}

impl Rules {
    /// What the server makes of a client's first message.
    pub(super) fn verdict(&self, opening: &ClientOpening) -> Verdict {
        let hello = opening.hello();
        let name = |slot, number| self.catalog.tls_name(slot, number);
        let origin =
            Origin::new(OriginKind::Peer { address: String::new(), connection: 0, what: "ClientHello".to_owned() });
        let mut offer = offered(&hello, &name, &origin);
        if hello.supported_versions().is_none() {
            offer.versions = Known::Complete(up_to(hello.version));
        }
        let server_name = offer.server_name.complete().cloned().flatten().map(|name| name.to_string());
        let context = Context { server_name, ..Context::default() };
        let has_schemes = hello.view(x::SIGNATURE_ALGORITHMS).is_some();
        let client = TlsPolicy { offer, ..TlsPolicy::default() };
        let outcome = shakedown_negotiate::tls::negotiate(&client, &self.policy, &context);
        if hello.cipher_suites.is_empty() && outcome.agreed(Slot::Version).is_some() {
            return Verdict::Refused(self.habits.without_suites);
        }
        if let Some(verdict) = self.before_suites(&client.offer, &outcome) {
            return verdict;
        }
        if let Some(failed) = outcome.failed.first()
            && (failed.stage, failed.slot) == (Stage::KeyExchange, Slot::CipherSuite)
        {
            return self.refused_again(&outcome, &client.offer);
        }
        if let Some(refusal) = self.refusal(&outcome, has_schemes) {
            return Verdict::Refused(refusal);
        }
        // Whom the server lets in is its own matter, and comes later.
        let unknown = outcome.stages.iter().filter(|stage| stage.stage != Stage::ClientCertificate);
        for stage in unknown {
            if let StageResult::Unknown { what_would_decide } = &stage.result {
                return Verdict::Unknown(what_would_decide.clone());
            }
        }
        match self.agreement(&outcome, &client.offer) {
            Ok(agreement) => Verdict::Agreed(Box::new(agreement)),
            Err(what) => Verdict::Unknown(what),
        }
    }

    /// The hello is answered by a HelloRetryRequest, and the second one by an alert: where another suite is chosen then, and
    /// where none is (OpenSSL: `tls_early_post_process_client_hello`).
    fn refused_again(&self, outcome: &Outcome, client: &TlsOffer) -> Verdict {
        const HANDSHAKE_FAILURE: u8 = 40;
        const ILLEGAL_PARAMETER: u8 = 47;
        let own = self.policy.behaviour.suites_after_retry.as_deref().unwrap_or_default();
        let mut theirs = client.tls13_cipher_suites.accepted().into_iter().flatten();
        let description = if theirs.any(|one| own.contains(&one.name)) { ILLEGAL_PARAMETER } else { HANDSHAKE_FAILURE };
        match self.agreement(outcome, client) {
            Ok(agreement) => Verdict::Agreed(Box::new(Agreement {
                second_hello_refusal: Some(Alert { level: alert::FATAL, description }),
                ..agreement
            })),
            Err(what) => Verdict::Unknown(what),
        }
    }

    /// What is decided by more than the lists, before them: names, marked retries, application protocols.
    fn before_suites(&self, client: &TlsOffer, outcome: &Outcome) -> Option<Verdict> {
        let chosen = outcome.agreed(Slot::Version).and_then(version_number)?;
        let server = &self.policy.offer;
        let above = |version: &TlsVersion| {
            let number = version_number(&Name::new(version.as_str()));
            number.is_some_and(|number| number > chosen) && server.has_version(*version) != Some(false)
        };
        if client.fallback && TlsVersion::ALL.iter().any(above) {
            let unknown =
                || Verdict::Unknown("whether the server refuses a hello marked as a retry (RFC 7507)".to_owned());
            return Some(self.habits.fallback.map_or_else(unknown, Verdict::Refused));
        }
        if server.unknown_name == Known::Complete(UnknownName::Rejected) {
            if self.is_nginx {
                return Some(Verdict::Refused(self.habits.name));
            }
            let asked = client.server_name.complete().cloned().flatten();
            let certificates = server.certificates.accepted().map(Vec::as_slice).unwrap_or_default();
            let has = |name: &Name| certificates.iter().any(|one| one.names.contains(name));
            if !asked.as_ref().is_some_and(has) {
                return Some(Verdict::Unknown(
                    "whether the server has a certificate for the name asked for".to_owned(),
                ));
            }
        }
        let (ours, theirs) = (server.alpn.complete()?, client.alpn.complete()?);
        let common = || ours.iter().any(|one| theirs.iter().any(|other| other.name == one.name));
        if !ours.is_empty() && !theirs.is_empty() && !common() {
            let what = "whether the server goes on with a client none of whose application protocols it has";
            return Some(Verdict::Unknown(what.to_owned()));
        }
        None
    }

    /// How the server refuses, where it does. The client's policy is its hello alone: whatever fails, fails for what the
    /// server sees.
    fn refusal(&self, outcome: &Outcome, has_schemes: bool) -> Option<Refusal> {
        let mut failed = outcome.failed.iter().filter(|failed| failed.stage != Stage::ClientCertificate);
        let first = failed.next()?;
        let version = outcome.agreed(Slot::Version);
        Some(match first.slot {
            Slot::Version => self.habits.version,
            Slot::SignatureScheme
                if matches!(first.kind, FailureKind::Deviation { by: Role::Server, .. })
                    && version.and_then(version_number).is_some_and(|version| version < version::TLS12) =>
            {
                self.habits.old_signature
            }
            Slot::SignatureScheme
                if !has_schemes && version.is_some_and(|version| *version == *TlsVersion::Tls13.as_str()) =>
            {
                self.habits.without_schemes
            }
            _ => self.habits.other,
        })
    }

    fn agreement(&self, outcome: &Outcome, client: &TlsOffer) -> Result<Agreement, String> {
        let several = |what: &str| format!("which of several {what} it would take");
        let version = outcome.agreed(Slot::Version).and_then(version_number).ok_or_else(|| several("versions"))?;
        let suite = outcome.agreed(Slot::CipherSuite).ok_or_else(|| several("cipher suites"))?;
        let number = self.number(Slot::CipherSuite, suite)?;
        let name = SuiteName::parse(suite.as_str()).ok_or_else(|| format!("what `{suite}` is"))?;
        let tls13 = version::is_tls13(version);
        let group = outcome.agreed(Slot::Group);
        let needs_group = tls13 || name.key_exchange == KeyExchange::Ecdhe;
        if needs_group && group.is_none() {
            return Err(several("groups"));
        }
        let scheme = outcome.agreed(Slot::SignatureScheme).filter(|_| version >= version::TLS12);
        let shown = outcome.agreed(Slot::Certificate).map(ToString::to_string);
        let identity = match &shown {
            Some(phrase) => self.identities.iter().find(|identity| identity.phrase == *phrase),
            None => identity::for_suite(&self.identities, &name),
        };
        let known = |known: &Known<bool>| known.complete().copied().unwrap_or(true);
        let offer = &self.policy.offer;
        Ok(Agreement {
            version,
            suite: Suite::new(number, suite.as_str()).ok_or_else(|| format!("what `{suite}` is"))?,
            group: group.filter(|_| needs_group).map(|group| self.number(Slot::Group, group)).transpose()?,
            dh: if name.key_exchange == KeyExchange::Dhe { self.dh(identity) } else { None },
            signature_scheme: scheme.map(|scheme| self.number(Slot::SignatureScheme, scheme)).transpose()?,
            certificates: identity.map(|identity| identity.chain.clone()).unwrap_or_default(),
            key: identity.map(|identity| Arc::clone(&identity.key)),
            protocol: outcome.agreed(Slot::Alpn).map(Name::to_bytes),
            acknowledges_name: client.server_name.complete().is_some_and(Option::is_some),
            secure_renegotiation: known(&offer.secure_renegotiation),
            extended_master_secret: known(&offer.extended_master_secret),
            encrypt_then_mac: self.habits.encrypt_then_mac,
            downgrade_mark: self.mark(version),
            client_certificate: self.demand(),
            second_hello_refusal: None,
        })
    }

    fn number(&self, slot: Slot, name: &Name) -> Result<u16, String> {
        let hexadecimal = |text: &str| u16::from_str_radix(text.strip_prefix("0x")?, 16).ok();
        let found = self.catalog.tls_number(slot, name.as_str()).or_else(|| hexadecimal(name.as_str()));
        found.ok_or_else(|| format!("which number `{name}` has"))
    }

    /// RFC 8446 section 4.1.3: a server that has TLS 1.3 marks TLS 1.2, one that has TLS 1.2 marks what is older.
    fn mark(&self, chosen: u16) -> Option<u16> {
        if self.policy.behaviour.marks_downgrade != Some(true) {
            return None;
        }
        let has = |version| self.policy.offer.has_version(version) == Some(true);
        match chosen {
            version::TLS12 if has(TlsVersion::Tls13) => Some(version::TLS12),
            // Not where TLS 1.2 is the hole: OpenSSL's check_for_downgrade lets clients of TLS 1.2 come down then.
            version::TLS11 | version::TLS10 | version::SSL3 if has(TlsVersion::Tls12) => Some(version::TLS11),
            _ => None,
        }
    }

    fn demand(&self) -> Option<CertificateDemand> {
        let asked = self.policy.offer.client_certificate.complete()?;
        if *asked == ClientCertificate::NotAsked {
            return None;
        }
        let schemes = self.policy.offer.signature_schemes.accepted().map(Vec::as_slice).unwrap_or_default();
        let number = |item: &Item| self.catalog.tls_number(Slot::SignatureScheme, item.name.as_str());
        Some(CertificateDemand {
            signature_schemes: schemes.iter().filter_map(number).collect(),
            ..CertificateDemand::default()
        })
    }

    /// The server's own parameters, else those of the size that the server's have, of RFC 2409 and RFC 3526.
    fn dh(&self, identity: Option<&Identity>) -> Option<(Vec<u8>, Vec<u8>)> {
        let bits = match self.policy.offer.dh_parameters.complete()? {
            DhParameters::Fixed { .. } if self.own_dh.is_some() => return self.own_dh.clone(),
            DhParameters::Fixed { bits } => *bits,
            DhParameters::Automatic => automatic(identity),
            DhParameters::None | DhParameters::Missing => return None,
        };
        let group = kex::group_for_request(bits, bits, bits).or_else(|| kex::group_for_request(1024, bits, 8192))?;
        Some((group.modulus(), group.generator()))
    }
}

/// The size that OpenSSL chooses by the strength of the certificate's key (`ssl_get_auto_dh`).
fn automatic(identity: Option<&Identity>) -> u32 {
    match identity.map(|identity| identity.key.kind()) {
        Some(KeyKind::Rsa(..2048)) | None => 1024,
        Some(KeyKind::Rsa(2048..3072)) => 2048,
        Some(KeyKind::Rsa(3072..4096) | KeyKind::Ec(256) | KeyKind::Ed25519) => 3072,
        Some(KeyKind::Rsa(4096..7680)) => 4096,
        Some(KeyKind::Rsa(_) | KeyKind::Ec(_)) => 8192,
    }
}

/// All versions up to one: what a hello without a list of versions stands for to a server (RFC 5246 appendix E.1).
fn up_to(highest: u16) -> Vec<Item> {
    let all = TlsVersion::ALL.into_iter().filter(|version| *version != TlsVersion::Tls13);
    let fits = |name: &&str| version_number(&Name::new(name)).is_some_and(|number| number <= highest);
    all.map(TlsVersion::as_str).filter(fits).map(Item::new).collect()
}

fn version_number(name: &Name) -> Option<u16> {
    (version::SSL3..=version::TLS13).find(|number| version::name(*number) == Some(name.as_str()))
}
