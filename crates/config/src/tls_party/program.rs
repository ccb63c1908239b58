//! From what a program's file sets to a party, for every program over OpenSSL alike.

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_model::tls::{
    Certificate, CertificateKeyType, ClientCertificate, DhParameters, TlsOffer, TlsPolicy, Unable, UnableCause,
    UnknownName,
};
use shakedown_model::{
    ConfigProblem, ConfigurationKind, Evidence, Fact, Item, KeyPair, Known, Name, NamedFile, Party, Role, Slot,
    SourceFile,
};

use super::context::Building;
use super::{PartyError, Spec, certificate, contexts, party};
use crate::files::{FILE_LIMIT, Files};
use crate::tls::{CertificateFiles, ClientVerification, ServerSettings};
use crate::value::Value;

/// One server or client of a program, as its reader found it.
pub(super) struct Program<'a> {
    pub(super) kind: ConfigurationKind,
    /// Its name in a sentence.
    pub(super) name: &'static str,
    pub(super) settings: &'a ServerSettings,
    pub(super) sources: &'a [Arc<SourceFile>],
    /// What the reader found wrong: where the program does not start with it, no handshake begins.
    pub(super) problems: &'a [Evidence],
    pub(super) notes: Vec<String>,
    /// A file in the folder from which relative paths begin.
    pub(super) base: &'a str,
    /// Where parameters of DHE come from when no setting says it; `None` where that is not known.
    pub(super) dh: Option<DhParameters>,
    /// Whether parameters in a certificate's file count.
    pub(super) dh_in_certificates: bool,
    /// The program's own primes go by the size of the RSA key, up to this size in bits.
    pub(super) dh_up_to: Option<u32>,
}

/// Where a party is read from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) keys: &'a dyn Keys,
}

/// What is known of the files that a configuration names: certificates, parameters of DHE.
pub(super) trait Keys {
    /// The certificate of a pair of files, and what to say where it is not known.
    fn certificate(&self, pair: &CertificateFiles, base: &str) -> (Certificate, Option<String>);

    /// The certificates of a file of its own behind that.
    fn chain(&self, path: &Value, base: &str) -> Vec<Certificate>;

    /// The size of the prime in a file of parameters.
    fn dh_bits(&self, path: &str) -> Option<u32>;

    /// That file, where it holds nothing else.
    fn dh_file(&self, path: &str) -> Option<Arc<SourceFile>>;
}

/// They are read.
pub(super) struct KeyFiles<'a>(pub(super) &'a dyn Files);

impl Keys for KeyFiles<'_> {
    fn certificate(&self, pair: &CertificateFiles, base: &str) -> (Certificate, Option<String>) {
        certificate::read(self.0, pair, base)
    }

    fn chain(&self, path: &Value, base: &str) -> Vec<Certificate> {
        certificate::chain(self.0, path, base)
    }

    fn dh_bits(&self, path: &str) -> Option<u32> {
        self.0.read(path, FILE_LIMIT).ok().and_then(|bytes| dh_bits(&bytes))
    }

    fn dh_file(&self, path: &str) -> Option<Arc<SourceFile>> {
        let bytes = self.0.read(path, FILE_LIMIT).ok().filter(|bytes| dh_bits(bytes).is_some())?;
        let only = std::str::from_utf8(&bytes).is_ok_and(|text| text.matches("-----BEGIN ").count() == 1);
        only.then(|| Arc::new(SourceFile::new(path, bytes)))
    }
}

/// The party, and what the library says of its settings.
pub(super) fn party_of(
    source: &Source<'_>,
    spec: &Spec<'_>,
    catalog: &Catalog,
    program: Program<'_>,
) -> Result<(Party, Vec<Evidence>), PartyError> {
    let library = spec.software.layer("openssl").map(|layer| layer.version.as_str());
    let system = match spec.openssl_cnf {
        Some(path) => Some(super::openssl::system(source.files, path, library, spec.role)?),
        None => None,
    };
    let settings = program.settings;
    let (read, mut notes) = certificates(source.keys, &program);
    let making = Making { source, spec, catalog, program: &program, system: system.as_ref() };
    let mut made = match contexts::choose(settings, &read, spec) {
        None => making.make(settings, &read)?,
        Some(choice) => {
            notes.extend(choice.notes.clone());
            choice.make(&making, &read)?
        }
    };
    starts(&mut made.policy, &program);
    let mut sources = program.sources.to_vec();
    let written = settings.settings.dh_parameters.as_ref().filter(|value| value.as_str() != "auto");
    let named = written.map(|value| certificate::absolute(value.as_str(), program.base));
    let is_server = spec.role == Role::Server;
    sources.extend(named.filter(|_| is_server).and_then(|path| source.keys.dh_file(&path)));
    sources.extend(system.iter().flat_map(|system| system.files.iter().cloned()));
    let mut party = party(spec, program.kind, &sources, made.policy);
    if let Some(configuration) = &mut party.configuration {
        let path = |read: &Read<'_>| (read.path.as_str().to_owned(), read.certificate.clone());
        configuration.certificates = read.iter().filter(|read| read.certificate.key.is_some()).map(path).collect();
        let whole = |value: &Value| certificate::absolute(value.as_str(), program.base);
        let pairs = program.settings.certificates.iter().map(|pair| KeyPair {
            certificate: whole(&pair.certificate),
            key: whole(pair.key.as_ref().unwrap_or(&pair.certificate)),
            chain: pair.chain.as_ref().map(whole),
        });
        configuration.key_pairs = pairs.collect();
        let dh = settings.settings.dh_parameters.as_ref().filter(|path| path.as_str() != "auto");
        configuration.dh_parameters = dh.map(whole);
        let lists = settings.revocation_lists.as_ref().filter(|_| is_server);
        // Of Apache httpd the folder that relative paths begin at is said elsewhere.
        let lists = lists.filter(|value| value.as_str().starts_with('/') || program.kind != ConfigurationKind::Apache);
        configuration.revocation_lists =
            lists.map(|value| NamedFile { path: whole(value), origin: value.origin().clone() });
    }
    party.notes.extend(made.notes);
    party.notes.extend(notes);
    party.notes.extend(settings.notes.clone());
    party.notes.extend(program.notes);
    Ok((party, made.evidence))
}

/// What a policy is made with.
pub(super) struct Making<'a> {
    source: &'a Source<'a>,
    pub(super) spec: &'a Spec<'a>,
    catalog: &'a Catalog,
    program: &'a Program<'a>,
    system: Option<&'a crate::openssl_cnf::Reading>,
}

/// A policy, and what is said of it.
pub(super) struct Made {
    pub(super) policy: TlsPolicy,
    pub(super) notes: Vec<String>,
    pub(super) evidence: Vec<Evidence>,
}

impl Making<'_> {
    /// The policy of these settings with these certificates.
    pub(super) fn make(&self, settings: &ServerSettings, read: &[Read<'_>]) -> Result<Made, PartyError> {
        let Self { source, spec, program, .. } = *self;
        let mut building = Building::new(self.catalog, spec.software, spec.role)?;
        if let Some(system) = self.system {
            building.apply(system.system_settings(), spec.role);
            // What the library refuses of the system's file, it passes over.
            building.refused.clear();
            building.evidence.extend(system.evidence.iter().cloned());
        }
        building.apply(&settings.settings, spec.role);
        dh_parameters(source.keys, &mut building, program, spec.role);
        with_certificates(source.keys, &mut building, program, spec, read);
        let mut policy = building.context.policy();
        if building.unknown_dh && spec.role == Role::Server {
            policy.offer.dh_parameters = Known::Unknown;
        }
        // A program ends with what the library refuses.
        policy.unable.extend(building.refused.iter().cloned());
        handshake(&mut policy.offer, settings, spec);
        Ok(Made { policy, notes: building.notes, evidence: building.evidence })
    }
}

/// What is wrong with the files so that the program does not start. What only has no effect, or may be known to a newer
/// version, it takes.
fn starts(policy: &mut TlsPolicy, program: &Program<'_>) {
    for evidence in program.problems {
        if let Fact::Configuration { problem, message, .. } = &evidence.fact
            && matches!(problem, ConfigProblem::BadValue | ConfigProblem::Syntax | ConfigProblem::UnknownKeyword)
        {
            policy.unable.push(Unable {
                slot: Slot::Version,
                what: format!("{} does not start with this configuration: {message}", program.name),
                origin: evidence.origin.clone(),
                cause: UnableCause::Setting,
            });
        }
    }
}

fn dh_parameters(keys: &dyn Keys, building: &mut Building, program: &Program<'_>, role: Role) {
    if role == Role::Client {
        return;
    }
    let written = program.settings.settings.dh_parameters.as_ref();
    match (written.filter(|value| value.as_str() != "auto"), &program.dh) {
        (Some(value), _) => dh_file(keys, building, value, program.base, role),
        // `auto` is set already.
        (None, _) if written.is_some() => {}
        (None, Some(dh)) => building.context.dh_parameters = *dh,
        (None, None) => building.unknown_dh = true,
    }
}

fn dh_file(keys: &dyn Keys, building: &mut Building, value: &Value, base: &str, role: Role) {
    let path = certificate::absolute(value.as_str(), base);
    match keys.dh_bits(&path) {
        Some(bits) => {
            if let Err(error) = building.context.set_dh_bits(bits) {
                building.refuse(Slot::Group, value, &error, role);
            }
        }
        None => {
            building.unknown_dh = true;
            building.notes.push(format!(
                "`{path}` cannot be read here as Diffie-Hellman parameters: whether suites with DHE can be used is not known"
            ));
        }
    }
}

/// A certificate that was read, and where it is named.
#[derive(Clone)]
pub(super) struct Read<'a> {
    pub(super) certificate: Certificate,
    pub(super) path: &'a Value,
}

/// All certificates of the program's settings, and what is said of those that cannot be read.
fn certificates<'a>(keys: &dyn Keys, program: &Program<'a>) -> (Vec<Read<'a>>, Vec<String>) {
    let (mut read, mut notes) = (Vec::new(), Vec::new());
    for pair in &program.settings.certificates {
        let (mut certificate, note) = keys.certificate(pair, program.base);
        notes.extend(note);
        if let Some(chain) = &pair.chain {
            certificate.chain.extend(keys.chain(chain, program.base));
        }
        read.push(Read { certificate, path: &pair.certificate });
    }
    (read, notes)
}

fn with_certificates(
    keys: &dyn Keys,
    building: &mut Building,
    program: &Program<'_>,
    spec: &Spec<'_>,
    read: &[Read<'_>],
) {
    let rsa = |read: &Read<'_>| {
        read.certificate.key.as_ref().filter(|key| key.kind == CertificateKeyType::Rsa).and_then(|key| key.bits)
    };
    if let Some((limit, key)) = program.dh_up_to.zip(read.iter().find_map(rsa)) {
        let bits = [4096, 2048].into_iter().find(|bits| key.min(limit) >= *bits).unwrap_or(1024);
        building.context.dh_parameters = DhParameters::Fixed { bits };
        building.unknown_dh = false;
    }
    for Read { certificate, path } in read {
        if let Err(error) = building.context.add_certificate(certificate.clone()) {
            building.refuse(Slot::Certificate, path, &error, spec.role);
        }
        if program.dh_in_certificates && spec.role == Role::Server {
            let file = certificate::absolute(path.as_str(), program.base);
            if let Some(bits) = keys.dh_bits(&file) {
                building.unknown_dh = false;
                if let Err(error) = building.context.set_dh_bits(bits) {
                    building.refuse(Slot::Group, path, &error, spec.role);
                }
            }
        }
    }
}

/// The size of the prime in a file of parameters (PKCS #3: a sequence that begins with the prime).
fn dh_bits(file: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(file).ok()?;
    // That of X9.42 begins with the prime too.
    let begins = ["-----BEGIN DH PARAMETERS-----", "-----BEGIN X9.42 DH PARAMETERS-----"];
    let (_, after) = begins.iter().find_map(|label| text.split_once(label))?;
    let (body, _) = after.split_once("-----END")?;
    let der = shakedown_crypto::decode_base64(body.split_whitespace().collect::<String>().as_bytes()).ok()?;
    let (_, sequence) = element(&der)?;
    let (0x02, prime) = element(sequence)? else { return None };
    let first = prime.iter().position(|byte| *byte != 0)?;
    let prime = prime.get(first..)?;
    let bits = u32::try_from(prime.len()).ok()?.checked_mul(8)?;
    Some(bits - prime.first()?.leading_zeros())
}

/// Tag and contents of the first element of DER.
fn element(der: &[u8]) -> Option<(u8, &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if length < 0x80 {
        return Some((tag, rest.get(..usize::from(length))?));
    }
    let count = usize::from(length & 0x7f).min(4);
    let (bytes, rest) = rest.split_at_checked(count)?;
    let length = bytes.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    Some((tag, rest.get(..length)?))
}

/// What is said of the handshake besides the library's settings.
fn handshake(offer: &mut TlsOffer, settings: &ServerSettings, spec: &Spec<'_>) {
    offer.alpn = Known::Complete(
        settings
            .alpn
            .iter()
            .flatten()
            .map(|setting| Item::with_origin(Name::new(&setting.value), setting.origin.clone()))
            .collect(),
    );
    if spec.role == Role::Client {
        offer.verifies = settings.verify_peer.as_ref().map(|setting| setting.value);
        offer.server_name = match settings.server_name.as_ref().map(Value::as_str) {
            Some("") => Known::Complete(None),
            // What holds a variable or is an expression is known only as the program runs.
            Some(name) if !name.contains(['$', '(', '%']) => Known::Complete(Some(Name::new(name))),
            _ => Known::Unknown,
        };
        return;
    }
    offer.client_certificate =
        Known::Complete(match settings.settings.client_verification.as_ref().map(|set| set.value) {
            Some(ClientVerification::Required) => ClientCertificate::Required,
            Some(ClientVerification::Optional | ClientVerification::OptionalUnverified) => ClientCertificate::Optional,
            Some(ClientVerification::None) | None => ClientCertificate::NotAsked,
        });
    let rejects = settings.reject_handshake.as_ref().is_some_and(|setting| setting.value);
    offer.unknown_name = Known::Complete(if rejects { UnknownName::Rejected } else { UnknownName::Default });
}
