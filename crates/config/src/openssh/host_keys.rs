//! The host keys of a server by its configuration, and the algorithms that it offers with them (`main` and
//! `list_hostkey_types` of sshd.c).

use shakedown_crypto::host_key::{self, KeyFileInfo, KeyFormat};
use shakedown_model::ssh::{HostKey, SignatureCheck};
use shakedown_model::{Evidence, Fact, FilePermission, Item, Known, Name, Origin, Role};
use zeroize::Zeroize as _;

use super::keyword::{Dialect, Version};
use super::setting::Settings;
use crate::files::{FileError, Files};

/// Larger than any key file.
const KEY_LIMIT: usize = 256 << 10;

/// RSA keys below are refused whatever `RequiredRSASize` says (`SSH_RSA_MINIMUM_MODULUS_SIZE`).
pub(crate) const LEAST_RSA_BITS: u32 = 1_024;

/// What was found of the host keys.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) keys: Vec<HostKey>,
    /// Whether the keys were made up, because none of the files is here.
    pub(crate) assumed: bool,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) notes: Vec<String>,
}

/// One key file that sshd would open.
struct Wanted {
    path: String,
    origin: Option<Origin>,
}

/// A key that sshd would load, with what its certificate is compared with.
struct Loaded {
    key: HostKey,
    blob: Option<Vec<u8>>,
    certificate: Option<HostKey>,
}

/// The paths that sshd opens without a `HostKey` (`fill_default_server_options`).
fn default_paths(version: Version) -> Vec<Wanted> {
    let types = [
        ("rsa", true),
        ("dsa", version < Version(7, 0)),
        ("ecdsa", version >= Version(5, 7)),
        ("ed25519", version >= Version(6, 5)),
    ];
    let kept = types.into_iter().filter(|(_, has)| *has);
    kept.map(|(name, _)| Wanted { path: format!("/etc/ssh/ssh_host_{name}_key"), origin: None }).collect()
}

/// Finds the keys. `required` is the smallest RSA key, in bits.
pub(crate) fn find(files: &dyn Files, dialect: &Dialect, settings: &Settings, required: Option<u32>) -> Found {
    let configured: Vec<Wanted> = settings
        .all("HostKey")
        .iter()
        .filter_map(|setting| Some(Wanted { path: setting.text(0)?, origin: Some(setting.argument_origin(0)) }))
        .collect();
    let wanted = if configured.is_empty() { default_paths(dialect.version) } else { configured };
    let agent = settings.text("HostKeyAgent").is_some_and(|agent| !agent.eq_ignore_ascii_case("none"));
    let mut found = Found::default();
    let mut loaded: Vec<Loaded> = Vec::new();
    let mut missing = Vec::new();
    let mut unreadable = 0_usize;
    let mut known_public = false;
    for file in &wanted {
        match load(files, dialect, file, agent) {
            Ok((key, note)) => {
                found.notes.extend(note);
                if let Some(bits) = key.key.bits.filter(|_| key.key.key_type == *"ssh-rsa")
                    && bits < required.unwrap_or(0).max(LEAST_RSA_BITS)
                {
                    let minimum = required.unwrap_or(0).max(LEAST_RSA_BITS);
                    let fact = Fact::SmallKey { key_type: key.key.key_type.clone(), bits, minimum };
                    found.evidence.push(evidence(fact, file.origin.clone()));
                } else {
                    loaded.push(key);
                }
            }
            Err(FilePermission::Missing) => missing.push(file),
            Err(FilePermission::NotReadable) if guessed(file).is_some() => {
                unreadable += 1;
                loaded.extend(guessed(file).map(|key| Loaded { key, blob: None, certificate: None }));
            }
            Err(permission) => found.evidence.push(key_file(file, permission)),
        }
    }
    if unreadable > 0 {
        found.notes.push(format!(
            "{unreadable} host key files cannot be read by this user: their types are taken from the files' names, run this as root to be sure"
        ));
    }
    if missing.len() == wanted.len() {
        // A configuration from elsewhere, without its keys.
        found.assumed = true;
        for file in &wanted {
            let public = public_key(files, &file.path);
            known_public |= public.is_some();
            let public = public.and_then(|info| loaded_key(info, file).ok());
            let name = || guessed(file).map(|key| Loaded { key, blob: None, certificate: None });
            loaded.extend(public.or_else(name));
        }
        missing.retain(|file| files.metadata(&format!("{}.pub", file.path)).is_err());
        let whose = if settings.has("HostKey") { "`HostKey` file" } else { "host key file" };
        found.notes.push(format!(
            "no {whose} is here: {}, the server's own files would decide",
            if known_public {
                "their public parts are taken for them"
            } else {
                "the types are assumed by the files' names"
            }
        ));
    }
    // sshd itself tells only of files that were named.
    found.evidence.extend(
        missing.into_iter().filter(|file| file.origin.is_some()).map(|file| key_file(file, FilePermission::Missing)),
    );
    certificates(files, settings, &mut loaded, &mut found);
    found.keys = loaded.into_iter().flat_map(|key| [Some(key.key), key.certificate]).flatten().collect();
    found
}

fn evidence(fact: Fact, origin: Option<Origin>) -> Evidence {
    let evidence = Evidence::new(fact).by(Role::Server);
    match origin {
        Some(origin) => evidence.at(origin),
        None => evidence,
    }
}

fn key_file(file: &Wanted, permission: FilePermission) -> Evidence {
    evidence(Fact::KeyFile { path: file.path.clone(), permission }, file.origin.clone())
}

fn load(
    files: &dyn Files,
    dialect: &Dialect,
    file: &Wanted,
    agent: bool,
) -> Result<(Loaded, Option<String>), FilePermission> {
    let public = public_key(files, &file.path);
    let mut bytes = match files.read(&file.path, KEY_LIMIT) {
        Ok(bytes) => bytes,
        Err(error) => {
            let absent = matches!(error, FileError::NotFound | FileError::NoHome);
            return match public {
                // The agent holds the private part.
                Some(public) if agent => Ok((loaded_key(public, file)?, None)),
                Some(public) if error == FileError::Permission => {
                    let note = format!("`{}` cannot be read by this user: its type is taken from `{0}.pub`", file.path);
                    Ok((loaded_key(public, file)?, Some(note)))
                }
                _ if absent => Err(FilePermission::Missing),
                _ => Err(FilePermission::NotReadable),
            };
        }
    };
    let private = host_key::read_private_key_file(&bytes);
    bytes.zeroize();
    if let Ok(metadata) = files.metadata(&file.path) {
        // RHEL lets the group `ssh_keys` read host keys.
        let forbidden = if dialect.has_ssh_keys_group() && metadata.owner == 0 { 0o037 } else { 0o077 };
        let ours = metadata.owner == 0 || metadata.owner == files.user_id();
        if ours && metadata.mode & forbidden != 0 {
            return Err(FilePermission::TooOpen { mode: metadata.mode });
        }
    }
    let private = private.map_err(|error| FilePermission::BadFormat { reason: error.to_string() })?;
    let unread = match private.format {
        KeyFormat::Putty => Some("it is PuTTY's format, which OpenSSH does not read"),
        KeyFormat::SshCom => Some("it is ssh.com's format, which OpenSSH does not read"),
        KeyFormat::SshOne => Some("it is a key of SSH protocol 1"),
        _ if private.encrypted => Some("it is protected by a passphrase"),
        _ => None,
    };
    if let Some(reason) = unread {
        return Err(FilePermission::BadFormat { reason: reason.into() });
    }
    if let (Some(public), Some(blob)) = (&public, &private.public_blob)
        && public.public_blob.as_ref() != Some(blob)
    {
        // sshd goes on with the private key's own public part.
        let note = format!("`{}.pub` is not the public part of `{0}`; sshd takes the private key's", file.path);
        return Ok((loaded_key(private, file)?, Some(note)));
    }
    Ok((loaded_key(private, file)?, None))
}

fn public_key(files: &dyn Files, path: &str) -> Option<KeyFileInfo> {
    let bytes = files.read(&format!("{path}.pub"), KEY_LIMIT).ok()?;
    host_key::read_public_key_line(first_line(&bytes)).ok()
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    lines.find(|line| !line.is_empty() && !line.starts_with(b"#")).unwrap_or_default()
}

fn loaded_key(info: KeyFileInfo, file: &Wanted) -> Result<Loaded, FilePermission> {
    let unknown = || FilePermission::BadFormat { reason: "its type cannot be told".into() };
    let key = HostKey {
        key_type: info.key_type.ok_or_else(unknown)?,
        bits: info.bits,
        fingerprint: info.fingerprint,
        certificate_authority: None,
        signature: SignatureCheck::NotSeen,
        origin: file.origin.clone(),
    };
    Ok(Loaded { key, blob: info.public_blob, certificate: None })
}

/// The key that the file's name promises, such as `ssh_host_ed25519_key`.
fn guessed(file: &Wanted) -> Option<HostKey> {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let names = [
        ("ed25519_sk", "sk-ssh-ed25519@openssh.com"),
        ("ecdsa_sk", "sk-ecdsa-sha2-nistp256@openssh.com"),
        ("ed25519", "ssh-ed25519"),
        ("ecdsa", "ecdsa-sha2-nistp256"),
        ("dsa", "ssh-dss"),
        ("rsa", "ssh-rsa"),
    ];
    let (_, key_type) = names.into_iter().find(|(part, _)| name.contains(part))?;
    Some(HostKey {
        key_type: Name::new(key_type),
        bits: None,
        fingerprint: None,
        certificate_authority: None,
        signature: SignatureCheck::NotSeen,
        origin: file.origin.clone(),
    })
}

fn certificates(files: &dyn Files, settings: &Settings, keys: &mut [Loaded], found: &mut Found) {
    for setting in settings.all("HostCertificate") {
        let Some(path) = setting.text(0) else { continue };
        let file = Wanted { path, origin: Some(setting.argument_origin(0)) };
        let read = match files.read(&file.path, KEY_LIMIT) {
            Ok(bytes) => host_key::read_public_key_line(first_line(&bytes))
                .map_err(|error| FilePermission::BadFormat { reason: error.to_string() }),
            Err(FileError::NotFound | FileError::NoHome) => Err(FilePermission::Missing),
            Err(_) => Err(FilePermission::NotReadable),
        };
        let outcome = read.and_then(|info| {
            let reason = || FilePermission::BadFormat { reason: "it is not a certificate".into() };
            let certificate = info.certificate.as_ref().ok_or_else(reason)?;
            let authority = certificate.authority_fingerprint.clone();
            let plain = info.public_blob.as_deref().and_then(host_key::plain_blob);
            let owner = keys.iter_mut().find(|key| key.blob.is_some() && key.blob == plain);
            let owner = owner.ok_or(FilePermission::DoesNotMatch)?;
            let mut loaded = loaded_key(info, &file)?;
            loaded.key.certificate_authority = Some(authority);
            owner.certificate = Some(loaded.key);
            Ok(())
        });
        if let Err(permission) = outcome {
            found.evidence.push(key_file(&file, permission));
        }
    }
}

/// The algorithms that a server offers with its keys, in the order of the keys: each RSA key signs with SHA-2 as well, and
/// `allowed` (HostKeyAlgorithms) takes out what it does not have.
pub(crate) fn algorithms(keys: &[HostKey], version: Version, allowed: &Known<Vec<Item>>) -> Vec<Item> {
    let mut list = Vec::new();
    for key in keys {
        let own = key.key_type.as_str();
        let names: &[&str] = match own {
            "ssh-rsa" if version >= Version(7, 2) => &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
            "ssh-rsa-cert-v01@openssh.com" if version >= Version(7, 8) => &[
                "rsa-sha2-512-cert-v01@openssh.com",
                "rsa-sha2-256-cert-v01@openssh.com",
                "ssh-rsa-cert-v01@openssh.com",
            ],
            own => &[own],
        };
        for name in names {
            let permitted = allowed.complete().is_none_or(|allowed| allowed.iter().any(|item| item.name == **name));
            if permitted {
                list.push(Item { name: Name::new(name), origin: key.origin.clone() });
            }
        }
    }
    list
}
