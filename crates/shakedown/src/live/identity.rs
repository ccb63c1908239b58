//! The reader's own certificate and key: `--cert` and `--key`.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use shakedown_model::{Evidence, Fact, FilePermission, Origin, OriginKind, Role, Secret};
use shakedown_probe::tls::{Identity, IdentityError, Showing};

use crate::{Error, Session};

/// More is no key and no chain.
pub(super) const MOST: u64 = 1024 * 1024;

/// What there is to show, and what is wrong with it.
#[derive(Default)]
pub(super) struct Own {
    pub(super) showing: Showing,
    pub(super) evidence: Vec<Evidence>,
    pub(super) notes: Vec<String>,
}

impl Own {
    pub(super) fn identity(&self) -> Option<&Identity> {
        match &self.showing {
            Showing::Certificate(identity) => Some(identity),
            Showing::Nothing | Showing::Unusable => None,
        }
    }
}

impl Session {
    /// Reads the certificate and the key of the options.
    ///
    /// # Errors
    /// A file cannot be read, or holds nothing that can be shown. A key that belongs to another certificate is evidence.
    pub(super) fn own_certificate(&self) -> Result<Own, Error> {
        let Some(certificate) = &self.options.certificate else { return Ok(Own::default()) };
        // As curl does: one file may hold both.
        let key = self.options.key.as_ref().unwrap_or(certificate);
        let mut own = Own::default();
        let certificates = read(certificate)?;
        let secret = read(key)?;
        let path = key.display().to_string();
        if let Some(mode) = open_to_others(key) {
            own.notes
                .push(format!("the private key `{path}` can be read by others (mode {mode:04o}): `chmod 600 {path}`"));
        }
        match Identity::from_pem(certificates.expose(), &secret) {
            Ok(identity) => own.showing = Showing::Certificate(identity),
            Err(IdentityError::DoesNotFit) => {
                own.showing = Showing::Unusable;
                let fact = Fact::KeyFile { path, permission: FilePermission::DoesNotMatch };
                let origin = Origin::new(OriginKind::CommandLine { argument: format!("--key {}", key.display()) });
                own.evidence.push(Evidence::new(fact).by(Role::Client).at(origin));
                let text = "no certificate was shown: the key does not belong to the one of `--cert`";
                own.notes.push(text.to_owned());
            }
            Err(error) => {
                let is_key = !matches!(error, IdentityError::NoCertificate);
                let (option, file) =
                    if is_key && self.options.key.is_some() { ("--key", key) } else { ("--cert", certificate) };
                let mut expected = error.to_string();
                if error == IdentityError::Encrypted {
                    expected.push_str(&format!(
                        "; no passphrase is asked for here: `openssl pkey -in {0} -out COPY` makes a copy without one, to be \
                         deleted afterwards",
                        file.display()
                    ));
                }
                return Err(Error::OptionValue { option, value: file.display().to_string(), expected });
            }
        }
        Ok(own)
    }
}

/// The contents, wiped when they are no longer needed.
fn read(path: &Path) -> Result<Secret<Vec<u8>>, Error> {
    read_secret(path, MOST)
}

/// The same, of a file of at most so many bytes.
pub(super) fn read_secret(path: &Path, most: u64) -> Result<Secret<Vec<u8>>, Error> {
    let failed = |source| Error::File { path: path.display().to_string(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let length = file.metadata().map(|data| data.len()).unwrap_or_default().min(most);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Secret::new(bytes))
}

/// The mode, where others than the owner and the group can read the file, or the group can.
fn open_to_others(path: &Path) -> Option<u32> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    (mode & 0o044 != 0).then_some(mode)
}
