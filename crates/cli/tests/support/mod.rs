//! What the tests of the command line share.
#![allow(dead_code, clippy::new_without_default, clippy::print_stderr, reason = "each test binary uses a part of it")]

pub(crate) mod serving;

use std::process::{Command, Output, Stdio};

/// The built program and a folder for the files of a test.
pub(crate) struct Shakedown {
    folder: tempfile::TempDir,
}

/// What one run printed.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not JSON ({error}):\n{}\n{}", self.stdout, self.stderr))
    }

    /// The causes, most likely first.
    pub(crate) fn causes(&self) -> Vec<String> {
        let document = self.json();
        let diagnoses = document["diagnoses"].as_array().cloned().unwrap_or_default();
        diagnoses.iter().map(|diagnosis| diagnosis["cause"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Shakedown {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder }
    }

    /// Writes a file below the folder, readable by its owner only, and gives its path.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.path().join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("the folders of the file");
        }
        std::fs::write(&path, text).expect("the file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        path.display().to_string()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, &[])
    }

    /// A run with these environment variables.
    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &std::ffi::OsStr)]) -> Run {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_shakedown"))
            .args(arguments)
            .envs(environment.iter().copied())
            .env("COLUMNS", "100")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        Run {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A run with `--format json`, read.
    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, serde_json::Value) {
        let run = self.run(&[arguments, &["--format", "json"]].concat());
        (run.status, run.json())
    }
}

/// What a debug log of sshd tells of a client that went away.
pub(crate) fn sshd_log(address: &str, software: &str, port: u16) -> String {
    format!(
        "Nov 22 07:00:01 db01 sshd[{port}]: debug1: Connection from {address} port {port} on 192.0.2.1 port 22\n\
         Nov 22 07:00:01 db01 sshd[{port}]: debug1: Remote protocol version 2.0, remote software version {software}\n\
         Nov 22 07:00:02 db01 sshd[{port}]: Connection closed by {address} port {port} [preauth]\n"
    )
}
