//! The certificates and keys that a configuration names, as the server's process would find them.

use shakedown_model::{ConfigProblem, Evidence, Fact, FilePermission, Origin, Role};

use super::ServerSettings;
use crate::files::{FileError, Files};
use crate::value::Value;

/// What was found of the files of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFiles {
    /// What is wrong with them.
    pub evidence: Vec<Evidence>,
    /// What could not be looked at, in one sentence.
    pub note: Option<String>,
}

/// Looks for the certificates and keys of a server; `folder` is where its relative paths begin. The files' contents are
/// not read. A configuration from elsewhere, of whose files none is here, says nothing about them.
///
/// All servers but PostgreSQL read their keys as root, so no mode keeps them from it, and none refuses a key that others
/// can read. PostgreSQL refuses a key of its own that group or others can read, and one of root's that others can read or
/// the group can write (`check_ssl_key_file_permissions` of be-secure-common.c).
pub fn key_files(files: &dyn Files, server: &ServerSettings, folder: &str) -> KeyFiles {
    let mut found = KeyFiles::default();
    let mut missing: Vec<(String, &Value, bool)> = Vec::new();
    let (mut here, mut unreadable) = (0_usize, 0_usize);
    let pairs = server.certificates.iter().flat_map(|pair| {
        let parts = [(Some(&pair.certificate), false), (pair.key.as_ref(), true), (pair.chain.as_ref(), false)];
        parts.into_iter().filter_map(|(value, is_key)| Some((value?, is_key)))
    });
    for (value, is_key) in pairs {
        let Some(path) = path(value, folder) else { continue };
        match files.metadata(&path) {
            Ok(metadata) => {
                here += 1;
                let forbidden = if metadata.owner == 0 { 0o027 } else { 0o077 };
                if is_key && server.product == "postgresql" && metadata.mode & forbidden != 0 {
                    let permission = FilePermission::TooOpen { mode: metadata.mode };
                    found.evidence.push(key(path, permission, value.origin().clone(), server.role));
                }
            }
            Err(FileError::NotFound | FileError::NoHome) => missing.push((path, value, is_key)),
            Err(_) => unreadable += 1,
        }
    }
    let folder_is_here = |path: &str| {
        let parent = path.rfind('/').and_then(|slash| path.get(..slash)).filter(|parent| !parent.is_empty());
        parent.is_some_and(|parent| files.metadata(parent).is_ok())
    };
    if here == 0 && !missing.is_empty() && !missing.iter().any(|(path, ..)| folder_is_here(path)) {
        found.note = Some("no certificate or key that the configuration names is here".to_owned());
        return found;
    }
    for (path, value, is_key) in missing {
        let origin = value.origin().clone();
        if is_key {
            found.evidence.push(key(path, FilePermission::Missing, origin, server.role));
        } else {
            let fact = Fact::Configuration {
                problem: ConfigProblem::FileNotReadable,
                message: format!("cannot load certificate \"{path}\": no such file or directory"),
                suggestion: None,
            };
            found.evidence.push(Evidence::new(fact).by(server.role).at(origin));
        }
    }
    if unreadable > 0 {
        found.note = Some(format!("{unreadable} certificate or key files cannot be looked at: run this as root"));
    }
    found
}

fn key(path: String, permission: FilePermission, origin: Origin, role: Role) -> Evidence {
    Evidence::new(Fact::KeyFile { path, permission }).by(role).at(origin)
}

/// The path that a value names; `None` for what is no file: a variable, data, a key of an engine or token.
fn path(value: &Value, folder: &str) -> Option<String> {
    let text = value.as_str();
    let other = ["data:", "engine:", "store:", "pkcs11:", "@", "-----BEGIN"];
    if text.is_empty() || text.contains('$') || other.iter().any(|prefix| text.starts_with(prefix)) {
        return None;
    }
    Some(if text.starts_with('/') { text.to_owned() } else { format!("{}/{text}", folder.trim_end_matches('/')) })
}

#[cfg(test)]
mod tests {
    use shakedown_model::OriginKind;

    use super::*;
    use crate::tls::CertificateFiles;
    use crate::{Memory, Metadata};

    fn server(product: &'static str, certificate: &str, key: &str) -> ServerSettings {
        let origin = || Origin::new(OriginKind::CommandLine { argument: "test".into() });
        let mut server = ServerSettings::new(product, Role::Server, "s");
        let value = |text: &str| Value::unwritten(text, origin());
        let pair = CertificateFiles { certificate: value(certificate), key: Some(value(key)), chain: None };
        server.certificates.push(pair);
        server
    }

    #[test]
    fn missing_files_are_told_where_others_are_here() {
        let files = Memory::new().with("/etc/nginx/a.crt", "");
        let found = key_files(&files, &server("nginx", "a.crt", "a.key"), "/etc/nginx/");
        let [evidence] = found.evidence.as_slice() else { panic!("{found:?}") };
        assert!(
            matches!(&evidence.fact, Fact::KeyFile { path, permission: FilePermission::Missing } if path == "/etc/nginx/a.key")
        );
        let found = key_files(&files, &server("nginx", "CERTS/a.crt", "CERTS/a.key"), "/etc/nginx");
        assert!(found.evidence.is_empty() && found.note.is_some());
        let found = key_files(&files, &server("nginx", "$ssl_server_name.crt", "data:x"), "/etc/nginx");
        assert_eq!(found, KeyFiles::default());
    }

    #[test]
    fn postgresql_refuses_keys_that_others_can_read() {
        for (mode, owner, refused) in
            [(0o600, 110, false), (0o640, 110, true), (0o640, 0, false), (0o644, 0, true), (0o660, 0, true)]
        {
            let mut files = Memory::new().with("/d/server.crt", "").with("/d/server.key", "");
            files.set_metadata("/d/server.key", Metadata { mode, owner });
            let found = key_files(&files, &server("postgresql", "server.crt", "server.key"), "/d");
            assert_eq!(found.evidence.len(), usize::from(refused), "{mode:o} {owner}");
            assert!(key_files(&files, &server("nginx", "server.crt", "server.key"), "/d").evidence.is_empty());
        }
    }
}
