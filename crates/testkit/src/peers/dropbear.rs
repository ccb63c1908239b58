use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{START, on_free_port};
use crate::key::KeyType;
use crate::process::{Running, StartError, run};
use crate::program::require;

/// What a Dropbear server is started with.
#[derive(Clone, Debug, Default)]
pub struct DropbearSpec {
    /// The host keys to make; none means ed25519, ECDSA of 256 bits and RSA of 2048 bits.
    pub host_keys: Vec<KeyType>,
    /// More arguments, such as `-s`.
    pub arguments: Vec<String>,
}

/// A running Dropbear server.
#[derive(Debug)]
pub struct Dropbear {
    process: Running,
    port: u16,
    _folder: TempDir,
}

impl Dropbear {
    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// 127.0.0.1 and its port.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Waits until this text is in its log; `false` where it does not come within 10 s.
    pub fn wait_for_log(&self, text: &str) -> bool {
        self.process.wait_for(Duration::from_secs(10), |log| log.contains(text).then_some(())).is_some()
    }
}

/// Starts `dropbear` on loopback; `None` where it is not on this machine and need not be (see [`crate::require`]).
///
/// # Panics
/// Where it does not start, with its log.
pub fn dropbear(spec: &DropbearSpec) -> Option<Dropbear> {
    let program = require("dropbear")?;
    let keygen = require("dropbearkey")?;
    match on_free_port(|port| start(&program, &keygen, spec, port)) {
        Ok(server) => Some(server),
        Err(StartError::Io(error)) => panic!("dropbear: {error}"),
        Err(StartError::NotReady(log)) => panic!("dropbear did not start:\n{log}"),
    }
}

const USUAL_KEYS: [KeyType; 3] = [KeyType::Rsa(2048), KeyType::Ecdsa(256), KeyType::Ed25519];

fn start(program: &Path, keygen: &Path, spec: &DropbearSpec, port: u16) -> Result<Dropbear, StartError> {
    let folder = tempfile::tempdir().map_err(StartError::Io)?;
    let mut command = Command::new(program);
    command.args(["-F", "-E", "-p", &format!("127.0.0.1:{port}")]);
    command.arg("-P").arg(folder.path().join("pid"));
    for key in if spec.host_keys.is_empty() { &USUAL_KEYS[..] } else { &spec.host_keys } {
        let file = folder.path().join(key.file_name());
        let mut make = Command::new(keygen);
        make.args(["-t", key.name()]).arg("-f").arg(&file);
        if let KeyType::Rsa(bits) | KeyType::Ecdsa(bits) = key {
            make.args(["-s", &bits.to_string()]);
        }
        let made = run(&mut make, b"", Duration::from_secs(60)).map_err(StartError::Io)?;
        if !file.exists() {
            return Err(StartError::NotReady(format!("dropbearkey: {}", made.text())));
        }
        command.arg("-r").arg(file);
    }
    let process = Running::start(command.args(&spec.arguments)).map_err(StartError::Io)?;
    // It says so only after it has bound its sockets, and ends where it could not.
    if process.wait_for(START, |log| log.contains("Not backgrounding").then_some(())).is_none() {
        return Err(StartError::NotReady(process.log()));
    }
    Ok(Dropbear { process, port, _folder: folder })
}
