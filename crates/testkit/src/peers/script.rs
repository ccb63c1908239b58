use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::START;
use crate::agreed::Agreed;
use crate::key::{KeyType, generate_key};
use crate::process::{Running, StartError};
use crate::program::require;

/// What a peer written in Python or JavaScript is started with. An empty list means the library's own.
#[derive(Clone, Debug, Default)]
pub struct ScriptSpec {
    /// Key exchange methods.
    pub kex: Vec<String>,
    /// Host key algorithms; a server of asyncssh has those of its keys.
    pub host_key: Vec<String>,
    /// Ciphers, both directions.
    pub cipher: Vec<String>,
    /// MACs, both directions.
    pub mac: Vec<String>,
    /// Compression; paramiko has no choice.
    pub compression: Vec<String>,
    /// A server's keys; none means ed25519, ECDSA of 256 bits and RSA of 3072 bits.
    pub keys: Vec<KeyType>,
}

impl ScriptSpec {
    /// The options as the scripts read them. `more` holds members that are JSON already.
    pub(crate) fn json(&self, more: &[(&str, String)]) -> String {
        let lists = [
            ("kex", &self.kex),
            ("host_key", &self.host_key),
            ("cipher", &self.cipher),
            ("mac", &self.mac),
            ("compression", &self.compression),
        ];
        let mut members: Vec<String> = more.iter().map(|(name, value)| format!("{}:{value}", quote(name))).collect();
        members.extend(lists.iter().map(|(name, list)| format!("{}:{}", quote(name), array(list))));
        format!("{{{}}}", members.join(","))
    }
}

pub(crate) fn array(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", quoted.join(","))
}

pub(crate) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// A server run by one of this crate's scripts.
#[derive(Debug)]
pub(super) struct Script {
    process: Running,
    port: u16,
    _folder: TempDir,
}

impl Script {
    /// Starts it; `None` where Python with its packages is not there and need not be.
    pub(super) fn start(name: &str, text: &str, spec: &ScriptSpec) -> Option<Self> {
        let python = require("peers-python")?;
        require("ssh-keygen")?;
        let mut command = Command::new(python);
        match Self::run(command.arg("-c").arg(text), spec) {
            Ok(server) => Some(server),
            Err(StartError::Io(error)) => panic!("{name}: {error}"),
            Err(StartError::NotReady(log)) => panic!("{name} did not start:\n{log}"),
        }
    }

    fn run(command: &mut Command, spec: &ScriptSpec) -> Result<Self, StartError> {
        let folder = tempfile::tempdir().map_err(StartError::Io)?;
        let usual = [KeyType::Rsa(3072), KeyType::Ecdsa(256), KeyType::Ed25519];
        let keys = if spec.keys.is_empty() { &usual[..] } else { &spec.keys };
        let files: io::Result<Vec<String>> =
            keys.iter().map(|key| Ok(generate_key(*key, folder.path())?.display().to_string())).collect();
        let options = spec.json(&[("keys", array(&files.map_err(StartError::Io)?))]);
        let process = Running::start(command.arg("server").arg(options)).map_err(StartError::Io)?;
        let port = process
            .wait_for(START, |log| log.lines().find_map(|line| line.strip_prefix("listening ")?.parse::<u16>().ok()));
        match port {
            Some(port) => Ok(Self { process, port, _folder: folder }),
            None => Err(StartError::NotReady(process.log())),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub(super) fn log(&self) -> String {
        self.process.log()
    }

    pub(super) fn agreed(&self) -> Agreed {
        let told = |log: &str| log.lines().any(|line| line.starts_with("agreed ") || line.starts_with("failed "));
        let log = self.process.wait_for(Duration::from_secs(10), |log| told(log).then(|| log.to_owned()));
        Agreed::from_script(&log.unwrap_or_else(|| self.process.log()))
    }
}
