use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{START, on_free_port};
use crate::agreed::Agreed;
use crate::key::{KeyType, generate_key};
use crate::process::{Running, StartError};
use crate::program::require;

/// What an OpenSSH server is started with.
#[derive(Clone, Debug, Default)]
pub struct SshdSpec {
    /// Lines of `sshd_config`, which go before this crate's own: the first value wins. `KEYDIR` in them stands for the
    /// folder of the host keys.
    pub config: String,
    /// The host keys to make and to list; none means ed25519, ECDSA of 256 bits and RSA of 3072 bits.
    pub host_keys: Vec<KeyType>,
}

impl SshdSpec {
    /// These lines, and the usual host keys.
    pub fn with_config(config: impl Into<String>) -> Self {
        Self { config: config.into(), host_keys: Vec::new() }
    }

    /// The same with these host keys instead.
    pub fn host_keys(mut self, keys: &[KeyType]) -> Self {
        self.host_keys = keys.to_vec();
        self
    }
}

/// A running OpenSSH server.
#[derive(Debug)]
pub struct Sshd {
    process: Running,
    folder: TempDir,
    port: u16,
}

impl Sshd {
    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// 127.0.0.1 and its port.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Its `sshd_config`, all of it.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("sshd_config")
    }

    /// The folder with its host keys, `ssh_host_TYPE_key` and `.pub`.
    pub fn key_dir(&self) -> &Path {
        self.folder.path()
    }

    /// The public half of a host key as `ssh-keygen` writes it: type, base64, comment.
    ///
    /// # Panics
    /// Where it has no such key.
    pub fn public_key(&self, key_type: KeyType) -> String {
        let file = self.folder.path().join(key_type.file_name()).with_extension("pub");
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        text.trim_end().to_owned()
    }

    /// What it has logged so far, at `LogLevel DEBUG`.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until this text is in its log; `false` where it does not come within 10 s.
    pub fn wait_for_log(&self, text: &str) -> bool {
        self.process.wait_for(Duration::from_secs(10), |log| log.contains(text).then_some(())).is_some()
    }

    /// What it agreed on in its last connection, once it has logged the end of a key exchange or of a connection.
    pub fn agreed(&self) -> Agreed {
        let ended = ["KEX done", "Unable to negotiate", "Connection closed", "Connection reset"];
        let log = self
            .process
            .wait_for(Duration::from_secs(10), |log| ended.iter().any(|end| log.contains(end)).then(|| log.to_owned()));
        Agreed::from_openssh_log(&log.unwrap_or_else(|| self.process.log()))
    }
}

/// Starts `sshd` on loopback; `None` where it is not on this machine and need not be (see [`crate::require`]).
///
/// # Panics
/// Where it does not start, with its log.
pub fn sshd(spec: &SshdSpec) -> Option<Sshd> {
    let program = require("sshd")?;
    require("ssh-keygen")?;
    match on_free_port(|port| start(&program, spec, port)) {
        Ok(server) => Some(server),
        Err(StartError::Io(error)) => panic!("sshd: {error}"),
        Err(StartError::NotReady(log)) => panic!("sshd did not start:\n{log}"),
    }
}

const USUAL_KEYS: [KeyType; 3] = [KeyType::Rsa(3072), KeyType::Ecdsa(256), KeyType::Ed25519];

fn start(program: &Path, spec: &SshdSpec, port: u16) -> Result<Sshd, StartError> {
    let folder = tempfile::tempdir().map_err(StartError::Io)?;
    // Started by root, sshd goes into this folder; elsewhere it is made at boot.
    let _only_root_may_and_must = fs::create_dir_all("/run/sshd");
    let keys = if spec.host_keys.is_empty() { &USUAL_KEYS[..] } else { &spec.host_keys };
    let mut text = spec.config.replace("KEYDIR", &folder.path().display().to_string());
    // Before the first Match, which would take what follows.
    let mut own = format!(
        "Port {port}\nListenAddress 127.0.0.1\nUsePAM no\nStrictModes no\nPidFile none\nLogLevel DEBUG\nLoginGraceTime 20\n"
    );
    for key in keys {
        let file = generate_key(*key, folder.path()).map_err(StartError::Io)?;
        own.push_str(&format!("HostKey {}\n", file.display()));
    }
    let at = first_match(&text);
    if at > 0 && !text[..at].ends_with('\n') {
        own.insert(0, '\n');
    }
    text.insert_str(at, &own);
    let config = folder.path().join("sshd_config");
    fs::write(&config, text).map_err(StartError::Io)?;
    let process =
        Running::start(Command::new(program).args(["-D", "-e", "-f"]).arg(&config)).map_err(StartError::Io)?;
    let ready = format!("Server listening on 127.0.0.1 port {port}.");
    if process.wait_for(START, |log| log.contains(&ready).then_some(())).is_none() {
        return Err(StartError::NotReady(process.log()));
    }
    Ok(Sshd { process, folder, port })
}

/// Where the first `Match` line begins, else the end.
fn first_match(config: &str) -> usize {
    let mut at = 0;
    for line in config.split_inclusive('\n') {
        let word = line.trim_start().split(|c: char| c.is_whitespace() || c == '=').next().unwrap_or("");
        if word.eq_ignore_ascii_case("match") {
            return at;
        }
        at += line.len();
    }
    at
}
