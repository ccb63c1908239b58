//! The certificates and private keys that a server's configuration names: whether its process can load them, and whether they
//! belong together.

use shakedown_config::Files;
use shakedown_config::files::FILE_LIMIT;
use shakedown_config::tls_party::{CertificatePlace, KeyProblems, certificate_places, key_files};
use shakedown_model::tls::{Unable, UnableCause};
use shakedown_model::{Evidence, Fact, FilePermission, Gathered, Origin, Role, Slot};
use shakedown_x509::{KeyFit, Limits, certificates, key_fits};

/// Finds what no server over OpenSSL starts with: files that cannot be loaded, and pairs that do not belong together.
pub(crate) fn look_at(gathered: &mut Gathered, files: &dyn Files) {
    for party in gathered.parties.iter_mut().filter(|party| party.role == Role::Server) {
        let KeyProblems { evidence, note } = key_files(files, party);
        party.notes.extend(note);
        for one in &evidence {
            let what = match &one.fact {
                Fact::KeyFile { path, permission: FilePermission::Missing } => {
                    format!("the private key `{path}` is not there")
                }
                Fact::KeyFile { permission: FilePermission::BadFormat { reason }, .. } => reason.clone(),
                Fact::KeyFile { path, .. } => format!("the private key `{path}` may be read by others"),
                Fact::Configuration { message, .. } => message.clone(),
                _ => continue,
            };
            let what = format!("it does not start: {what}");
            if let Some(policy) = party.tls_mut() {
                let (origin, cause) = (one.origin.clone(), UnableCause::Key);
                policy.unable.push(Unable { slot: Slot::Certificate, what, origin, cause });
            }
        }
        gathered.evidence.extend(evidence);
        for place in certificate_places(party) {
            let (key, origin) = key_of(&place);
            if fit(files, &place) != Some(KeyFit::Differs) {
                continue;
            }
            let fact = Fact::KeyFile { path: key.to_owned(), permission: FilePermission::DoesNotMatch };
            gathered.evidence.push(Evidence::new(fact).by(Role::Server).at(origin.clone()));
            let what = format!("the private key `{key}` does not belong to the certificate `{}`", place.path);
            let (origin, cause) = (Some(origin.clone()), UnableCause::Key);
            let unable = Unable { slot: Slot::Certificate, what, origin, cause };
            if let Some(policy) = party.tls_mut() {
                policy.unable.push(unable);
            }
        }
    }
}

/// The file of the key, and where it is named.
pub(crate) fn key_of(place: &CertificatePlace) -> (&str, &Origin) {
    place.key.as_ref().map_or((place.path.as_str(), &place.origin), |(path, origin)| (path.as_str(), origin))
}

/// Whether a pair belongs together; `None` where that cannot be told here.
fn fit(files: &dyn Files, place: &CertificatePlace) -> Option<KeyFit> {
    let bytes = files.read(&place.path, FILE_LIMIT).ok()?;
    let (read, _) = certificates(&bytes, &Limits::default());
    let file = shakedown_model::Secret::new(files.read(key_of(place).0, FILE_LIMIT).ok()?);
    Some(key_fits(private_key(file.expose())?, &read.first()?.certificate))
}

/// The first private key of a file, in the form of PEM, whatever else it holds.
pub(crate) fn private_key(file: &[u8]) -> Option<&[u8]> {
    let find = |from: usize, what: &[u8]| {
        let at = file.get(from..)?.windows(what.len()).position(|window| window == what)?;
        Some(from + at)
    };
    let label = find(0, KEY)?;
    let line = file.get(..label)?.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end = find(find(label, b"-----END ")?, KEY)? + KEY.len();
    file.get(line..end)
}

/// The end of the first and the last line of every private key in PEM.
pub(crate) const KEY: &[u8] = b"PRIVATE KEY-----";
