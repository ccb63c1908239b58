//! nginx as a server.

use shakedown_catalog::Catalog;
use shakedown_model::tls::{Certificate, ClientCertificate, Unable, UnknownName};
use shakedown_model::{ConfigProblem, ConfigurationKind, Fact, Gathered, Item, Known, Name, Slot};

use super::context::Building;
use super::{PartyError, Spec, certificate, party};
use crate::files::Files;
use crate::nginx as reader;
use crate::tls::{CertificateFiles, ClientVerification, ServerSettings};

/// The server block that a connection meets, over the library below nginx.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS for this connection, or the library is not known.
pub fn nginx(files: &dyn Files, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    nginx_with(files, spec, catalog, &KeyFiles(files))
}

/// The same with what is known of the files of keys and parameters.
pub(super) fn nginx_with(
    files: &dyn Files,
    spec: &Spec<'_>,
    catalog: &Catalog,
    keys: &dyn Keys,
) -> Result<Gathered, PartyError> {
    let mut building = Building::new(catalog, spec.software, spec.role)?;
    let library = spec.software.layer("openssl").map(|layer| layer.version.as_str());
    let reading =
        reader::read(files, &reader::Spec { path: spec.path, version: Some(spec.software.version()), library })
            .map_err(|error| PartyError::File { path: error.path, source: error.source })?;
    let context = spec.context;
    let name = context.server_name.as_deref().or(context.host.as_deref()).or(context.target.as_deref());
    let selection = reading
        .select(context.address, context.port, name)
        .ok_or_else(|| PartyError::NoServer { path: spec.path.to_owned() })?;
    let mut sources = reading.files.clone();
    if let Some(path) = spec.openssl_cnf {
        let system = super::openssl::system(files, path, library, spec.role)?;
        building.apply(system.system_settings(), spec.role);
        // What the library refuses of the system's file, it passes over.
        building.refused.clear();
        sources.extend(system.files.iter().cloned());
        building.evidence.extend(system.evidence.iter().cloned());
    }
    let settings = &selection.settings;
    building.apply(&settings.settings, spec.role);
    certificates(keys, &mut building, settings, spec);
    let mut policy = building.context.policy();
    if building.unknown_dh {
        policy.offer.dh_parameters = Known::Unknown;
    }
    // nginx ends with what the library refuses.
    policy.unable.extend(building.refused.iter().cloned());
    for evidence in &reading.evidence {
        if let Fact::Configuration { problem, message, .. } = &evidence.fact
            && stops(*problem)
        {
            policy.unable.push(Unable {
                slot: Slot::Version,
                what: format!("nginx does not start with this configuration: {message}"),
                origin: evidence.origin.clone(),
            });
        }
    }
    others(&mut policy.offer, settings);
    building.evidence.extend(reading.evidence.iter().cloned());
    let mut party = party(spec, ConfigurationKind::Nginx, &sources, policy);
    party.notes.extend(building.notes);
    party.notes.extend(settings.notes.clone());
    party.notes.extend(selection.undecided.clone());
    Ok(Gathered { parties: vec![party], evidence: building.evidence })
}

/// Whether nginx refuses to start for a problem. What only has no effect, or may be known to a newer version, it takes.
fn stops(problem: ConfigProblem) -> bool {
    matches!(problem, ConfigProblem::BadValue | ConfigProblem::Syntax | ConfigProblem::UnknownKeyword)
}

fn certificates(keys: &dyn Keys, building: &mut Building, settings: &ServerSettings, spec: &Spec<'_>) {
    for pair in &settings.certificates {
        let (certificate, note) = keys.certificate(pair, spec.path);
        building.notes.extend(note);
        if let Err(error) = building.context.add_certificate(certificate) {
            building.refuse(Slot::Certificate, &pair.certificate, &error, spec.role);
        }
    }
    let Some(value) = settings.settings.dh_parameters.as_ref().filter(|value| value.as_str() != "auto") else { return };
    let path = certificate::absolute(value.as_str(), spec.path);
    match keys.dh_bits(&path) {
        Some(bits) => {
            if let Err(error) = building.context.set_dh_bits(bits) {
                building.refuse(Slot::Group, value, &error, spec.role);
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

/// What is known of the files that a configuration names: certificates, parameters of DHE.
pub(super) trait Keys {
    /// The certificate of a pair of files, and what to say where it is not known.
    fn certificate(&self, pair: &CertificateFiles, base: &str) -> (Certificate, Option<String>);

    /// The size of the prime in a file of parameters.
    fn dh_bits(&self, path: &str) -> Option<u32>;
}

/// They are read.
struct KeyFiles<'a>(&'a dyn Files);

impl Keys for KeyFiles<'_> {
    fn certificate(&self, pair: &CertificateFiles, base: &str) -> (Certificate, Option<String>) {
        certificate::read(self.0, pair, base)
    }

    fn dh_bits(&self, path: &str) -> Option<u32> {
        self.0.read(path, crate::files::FILE_LIMIT).ok().and_then(|bytes| dh_bits(&bytes))
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
fn others(offer: &mut shakedown_model::tls::TlsOffer, settings: &ServerSettings) {
    offer.client_certificate =
        Known::Complete(match settings.settings.client_verification.as_ref().map(|set| set.value) {
            Some(ClientVerification::Required) => ClientCertificate::Required,
            Some(ClientVerification::Optional | ClientVerification::OptionalUnverified) => ClientCertificate::Optional,
            Some(ClientVerification::None) | None => ClientCertificate::NotAsked,
        });
    offer.alpn = Known::Complete(
        settings
            .alpn
            .iter()
            .flatten()
            .map(|setting| Item::with_origin(Name::new(&setting.value), setting.origin.clone()))
            .collect(),
    );
    let rejects = settings.reject_handshake.as_ref().is_some_and(|setting| setting.value);
    offer.unknown_name = Known::Complete(if rejects { UnknownName::Rejected } else { UnknownName::Default });
}
