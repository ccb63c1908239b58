use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process::run;
use crate::program::{peers_dir, program};

/// A type of host key, with its size in bits where there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// `ssh-rsa`.
    Rsa(u32),
    /// `ssh-dss`, always of 1024 bits.
    Dsa,
    /// `ecdsa-sha2-nistp256`, `-nistp384` or `-nistp521`.
    Ecdsa(u32),
    /// `ssh-ed25519`.
    Ed25519,
}

impl KeyType {
    /// As `ssh-keygen -t` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa",
            Self::Dsa => "dsa",
            Self::Ecdsa(_) => "ecdsa",
            Self::Ed25519 => "ed25519",
        }
    }

    fn bits(self) -> Option<u32> {
        match self {
            Self::Rsa(bits) | Self::Ecdsa(bits) => Some(bits),
            Self::Dsa | Self::Ed25519 => None,
        }
    }

    /// The file in a server's folder: `ssh_host_TYPE_key`.
    pub fn file_name(self) -> String {
        format!("ssh_host_{}_key", self.name())
    }
}

/// Writes a new private key to `folder` in OpenSSH's format, its public half beside it, and returns its path. RSA keys,
/// which take long to make, are made once and then copied.
pub fn generate_key(key_type: KeyType, folder: &Path) -> io::Result<PathBuf> {
    let file = folder.join(key_type.file_name());
    let KeyType::Rsa(bits) = key_type else {
        generate(key_type, &file)?;
        return Ok(file);
    };
    let store = peers_dir().join("keys");
    let stored = store.join(format!("rsa-{bits}"));
    if !stored.exists() {
        fs::create_dir_all(&store)?;
        // Another test may do the same at the same time: make it elsewhere, then move it in whole.
        let scratch = tempfile::tempdir_in(&store)?;
        let new = scratch.path().join("key");
        generate(key_type, &new)?;
        fs::rename(&new, &stored)?;
    }
    fs::copy(&stored, &file)?;
    let text = keygen(Command::new(keygen_program()?).arg("-y").arg("-f").arg(&file))?;
    fs::write(public(&file), text)?;
    Ok(file)
}

fn public(private: &Path) -> PathBuf {
    private.with_extension("pub")
}

fn generate(key_type: KeyType, file: &Path) -> io::Result<()> {
    let mut command = Command::new(keygen_program()?);
    command.args(["-q", "-t", key_type.name(), "-N", "", "-C", "testkit"]);
    if let Some(bits) = key_type.bits() {
        command.args(["-b", &bits.to_string()]);
    }
    keygen(command.arg("-f").arg(file)).map(|_| ())
}

fn keygen_program() -> io::Result<PathBuf> {
    program("ssh-keygen").ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no ssh-keygen"))
}

fn keygen(command: &mut Command) -> io::Result<String> {
    let finished = run(command, b"", Duration::from_secs(60))?;
    if finished.status.is_some_and(|status| status.success()) {
        Ok(finished.stdout)
    } else {
        Err(io::Error::other(format!("ssh-keygen: {}", finished.text())))
    }
}
