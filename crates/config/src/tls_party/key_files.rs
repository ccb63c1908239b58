//! The certificates and keys that a server's configuration names, as its process would find them.

use shakedown_model::{ConfigProblem, Evidence, Fact, FilePermission, Origin, Party, Role};

use super::edit::{self, CertificatePlace, certificate_places};
use crate::files::{FILE_LIMIT, FileError, Files};

/// What was found of the files of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyProblems {
    /// What is wrong with them: the server does not start with any of it.
    pub evidence: Vec<Evidence>,
    /// What could not be looked at, in one sentence.
    pub note: Option<String>,
}

/// Looks for the certificates, keys and Diffie-Hellman parameters that a server's own files name; of what is in them, only whether
/// there is a private key where one has to be. A configuration from
/// elsewhere, of whose files none is here, says nothing about them.
///
/// All servers but PostgreSQL read their keys as root, so no mode keeps them from it, and none refuses a key that others
/// can read. PostgreSQL refuses a key of its own that group or others can read, and one of root's that others can read or
/// the group can write (`check_ssl_key_file_permissions` of be-secure-common.c).
pub fn key_files(files: &dyn Files, party: &Party) -> KeyProblems {
    let product = party.software.as_ref().map(|software| software.product());
    let sources = party.configuration.iter().flat_map(|own| &own.files);
    let renames = |text: &[u8]| text.windows(RENAMES.len()).any(|window| window == RENAMES);
    let mut places = certificate_places(party);
    if sources.into_iter().any(|file| renames(&file.text)) {
        // Where the keys are then is not looked up here.
        places.retain(|place| place.key.is_some());
    }
    let mut found = of_places(files, product.unwrap_or_default(), &places);
    // A configuration from elsewhere names what is there.
    let is_of_here = found.note.is_none() && !certificate_places(party).is_empty();
    if let Some((path, origin)) = parameters_place(party).filter(|_| is_of_here)
        && product.is_some_and(|product| NEEDS_PARAMETERS.contains(&product))
        && files.metadata(&path).is_err_and(|error| matches!(error, FileError::NotFound))
    {
        let message = format!("cannot load Diffie-Hellman parameters \"{path}\": no such file or directory");
        found.evidence.push(not_there(message, &origin));
    }
    found
}

/// HAProxy's setting with which it looks for keys under other names.
const RENAMES: &[u8] = b"ssl-load-extra-del-ext";

/// What does not start without a file of Diffie-Hellman parameters that it names.
const NEEDS_PARAMETERS: [&str; 4] = ["nginx", "haproxy", "apache-httpd", "dovecot"];

/// The file of Diffie-Hellman parameters that a server's own files name.
fn parameters_place(party: &Party) -> Option<(String, Origin)> {
    let base = party.configuration.as_ref()?.files.first()?.path.as_str();
    let files = edit::Files::of(party)?;
    let value = files.server()?.settings.dh_parameters.as_ref()?;
    let path = super::certificate::absolute(value.as_str(), base);
    let is_file = value.as_str() != "auto" && !value.as_str().contains(['$', ':']);
    (is_file && (value.as_str().starts_with('/') || matches!(files, edit::Files::Nginx { .. })))
        .then(|| (path, value.origin().clone()))
}

fn of_places(files: &dyn Files, product: &str, places: &[CertificatePlace]) -> KeyProblems {
    let mut found = KeyProblems::default();
    let mut missing: Vec<(&str, &Origin, bool)> = Vec::new();
    let (mut here, mut unreadable) = (0_usize, 0_usize);
    let named = places.iter().flat_map(|place| {
        let key = place.key.as_ref().map(|(path, origin)| (path.as_str(), origin, true));
        let chain = place.chain.as_ref().map(|path| (path.as_str(), &place.origin, false));
        [Some((place.path.as_str(), &place.origin, place.key.is_none())), key, chain].into_iter().flatten()
    });
    for (path, origin, is_key) in named {
        match files.metadata(path) {
            Ok(metadata) => {
                here += 1;
                let forbidden = if metadata.owner == 0 { 0o027 } else { 0o077 };
                if is_key && !has_key(files, path, product == "haproxy") {
                    let reason = format!("`{path}` has a certificate and no private key");
                    found.evidence.push(key(path, FilePermission::BadFormat { reason }, origin));
                }
                if is_key && product == "postgresql" && metadata.mode & forbidden != 0 {
                    found.evidence.push(key(path, FilePermission::TooOpen { mode: metadata.mode }, origin));
                }
            }
            Err(FileError::NotFound | FileError::NoHome) => missing.push((path, origin, is_key)),
            Err(_) => unreadable += 1,
        }
    }
    if unreadable > 0 {
        found.note = Some(format!("{unreadable} certificate or key files cannot be looked at: run this as root"));
    }
    // A file that was brought here from another machine names what is there: folders like /etc/ssl are on every one.
    if here == 0 && !missing.is_empty() {
        found.note = Some("no certificate or key that the configuration names is here".to_owned());
        return found;
    }
    for (path, origin, is_key) in missing {
        found.evidence.push(if is_key {
            key(path, FilePermission::Missing, origin)
        } else {
            not_there(format!("cannot load certificate \"{path}\": no such file or directory"), origin)
        });
    }
    found
}

fn not_there(message: String, origin: &Origin) -> Evidence {
    let fact = Fact::Configuration { problem: ConfigProblem::FileNotReadable, message, suggestion: None };
    Evidence::new(fact).by(Role::Server).at(origin.clone())
}

/// Whether a file that has to hold the private key may hold one. HAProxy looks for it beside the file too
/// (`ssl_sock_load_files_into_ckch`).
fn has_key(files: &dyn Files, path: &str, beside: bool) -> bool {
    let Ok(text) = files.read(path, FILE_LIMIT) else { return true };
    let has = |what: &[u8]| text.windows(what.len()).any(|window| window == what);
    let is_beside = || files.metadata(&format!("{path}.key")).is_ok();
    has(b"PRIVATE KEY-----") || !has(b"-----BEGIN CERTIFICATE-----") || beside && is_beside()
}

fn key(path: &str, permission: FilePermission, origin: &Origin) -> Evidence {
    Evidence::new(Fact::KeyFile { path: path.to_owned(), permission }).by(Role::Server).at(origin.clone())
}

#[cfg(test)]
mod tests {
    use shakedown_model::OriginKind;

    use super::*;
    use crate::{Memory, Metadata};

    fn place(certificate: &str, key: &str) -> [CertificatePlace; 1] {
        let origin = || Origin::new(OriginKind::CommandLine { argument: "test".into() });
        let key = Some((key.to_owned(), origin()));
        [CertificatePlace { path: certificate.to_owned(), origin: origin(), key, chain: None }]
    }

    #[test]
    fn missing_files_are_told_where_others_are_here() {
        let files = Memory::new().with("/etc/nginx/a.crt", "");
        let found = of_places(&files, "nginx", &place("/etc/nginx/a.crt", "/etc/nginx/a.key"));
        let [evidence] = found.evidence.as_slice() else { panic!("{found:?}") };
        assert!(
            matches!(&evidence.fact, Fact::KeyFile { path, permission: FilePermission::Missing } if path == "/etc/nginx/a.key")
        );
        let found = of_places(&files, "nginx", &place("/etc/nginx/b.crt", "/etc/nginx/b.key"));
        assert!(found.evidence.is_empty() && found.note.is_some(), "{found:?}");
    }

    #[test]
    fn postgresql_refuses_keys_that_others_can_read() {
        for (mode, owner, refused) in
            [(0o600, 110, false), (0o640, 110, true), (0o640, 0, false), (0o644, 0, true), (0o660, 0, true)]
        {
            let mut files = Memory::new().with("/d/server.crt", "").with("/d/server.key", "");
            files.set_metadata("/d/server.key", Metadata { mode, owner });
            let of =
                |product: &str| of_places(&files, product, &place("/d/server.crt", "/d/server.key")).evidence.len();
            assert_eq!(of("postgresql"), usize::from(refused), "{mode:o} {owner}");
            assert_eq!(of("nginx"), 0);
        }
    }
}
