//! The reader's own certificate and key: `--cert` and `--key`.

use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use shakedown_crypto::{UnlockError, unlock_key};
use shakedown_model::{Evidence, Fact, FilePermission, Origin, OriginKind, Role, Secret};
use shakedown_probe::tls::{Identity, IdentityError, Showing};

use crate::{Error, Options, Session};

/// More is no key and no chain.
pub(super) const MOST: u64 = 1024 * 1024;

/// What there is to show, and what is wrong with it.
#[derive(Default)]
pub(crate) struct Own {
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
        let secret = self.private_key(key)?;
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
                let expected = error.to_string();
                return Err(Error::OptionValue { option, value: file.display().to_string(), expected });
            }
        }
        Ok(own)
    }

    /// The private key in this file; one that a passphrase protects is opened with that of the options or of the
    /// environment.
    ///
    /// # Errors
    /// A file cannot be read, or there is no passphrase, or it does not open the key.
    pub(super) fn private_key(&self, path: &Path) -> Result<Secret<Vec<u8>>, Error> {
        let file = read(path)?;
        let given = self.passphrase()?;
        let is_given = given.is_some();
        let error = match unlock_key(file.expose(), &given.unwrap_or_else(|| Secret::new(Vec::new()))) {
            Ok(None) => return Ok(file),
            Ok(Some(opened)) if is_given => return Ok(opened),
            Ok(Some(_)) => UnlockError::Passphrase,
            Err(error) => error,
        };
        let named = |option, value: &Path, expected| {
            Err(Error::OptionValue { option, value: value.display().to_string(), expected })
        };
        let option = if self.options.key.is_some() { "--key" } else { "--cert" };
        match error {
            UnlockError::Passphrase if !is_given => {
                let how = format!(
                    "the private key is protected by a passphrase: write it into a file for `--key-passphrase-file`, or into \
                     the variable {} of the environment",
                    Options::KEY_PASSPHRASE_VARIABLE
                );
                named(option, path, how)
            }
            UnlockError::Passphrase => match &self.options.key_passphrase_file {
                Some(file) => named("--key-passphrase-file", file, format!("{error} `{}`", path.display())),
                None => {
                    let variable = Options::KEY_PASSPHRASE_VARIABLE;
                    named(option, path, format!("the passphrase of {variable} in the environment does not open it"))
                }
            },
            // OpenSSL asks for the passphrase and for that of the copy, which can be the same.
            UnlockError::OldForm | UnlockError::Scheme => {
                let command = format!("openssl pkcs8 -topk8 -v2 aes-256-cbc -in {} -out COPY", path.display());
                named(option, path, format!("{error}: `{command}` makes a copy that is read here"))
            }
            error => named(option, path, error.to_string()),
        }
    }

    /// The passphrase of `--key-passphrase-file`, else of the environment. As OpenSSL reads it: the first line of the file.
    fn passphrase(&self) -> Result<Option<Secret<Vec<u8>>>, Error> {
        if let Some(path) = &self.options.key_passphrase_file {
            let text = read(path)?;
            let line = text.expose().split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
            return Ok(Some(Secret::new(line.to_vec())));
        }
        Ok(std::env::var_os(Options::KEY_PASSPHRASE_VARIABLE).map(|text| Secret::new(text.into_vec())))
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
