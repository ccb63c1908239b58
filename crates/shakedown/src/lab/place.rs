//! The private folder of a scenario, the server that runs in it, and the client that is asked to connect.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use shakedown_apply::{Invocation, Real, System as _};

use super::scenario::Scenario;

/// The name of the lab's TLS server.
pub(super) const SERVER_NAME: &str = "lab.example";
/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);
/// How long a program that makes keys or connects may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A folder that only this user can enter; it goes with this value unless it is kept.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    keep: bool,
}

impl Place {
    pub(super) fn new(name: &str, keep: bool) -> io::Result<Self> {
        let all = std::env::temp_dir();
        let process = std::process::id();
        for number in 0..1_000 {
            let folder = all.join(format!("shakedown-lab-{name}-{process}-{number}"));
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => return Ok(Self { folder: folder.canonicalize()?, keep }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(super) fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(self.path(name));
        open?.write_all(text.as_bytes())
    }

    pub(super) fn read(&self, name: &str) -> io::Result<String> {
        std::fs::read_to_string(self.path(name))
    }

    fn make(&self, program: &str, words: &[&str]) -> io::Result<()> {
        let ran = Real::default().run(&Invocation::new(program, words.iter().map(Into::into), LIMIT))?;
        if ran.succeeded() {
            Ok(())
        } else {
            Err(io::Error::other(format!("`{program}` {}: {}", ran.end(), ran.said())))
        }
    }

    /// Host keys of these types, as files; gives their paths.
    pub(super) fn host_keys(&self, types: &[String]) -> io::Result<Vec<String>> {
        let usual = [String::from("ed25519")];
        let types = if types.is_empty() { &usual } else { types };
        let mut paths = Vec::new();
        for kind in types {
            let path = self.text(&format!("host_{kind}_key"));
            let mut words = vec!["-q", "-t", kind, "-N", "", "-C", "lab", "-f", &path];
            if kind == "rsa" {
                words.extend(["-b", "3072"]);
            }
            self.make("ssh-keygen", &words)?;
            paths.push(path);
        }
        Ok(paths)
    }

    /// A key that is nobody's, in the form of a known_hosts line without its host.
    pub(super) fn other_key(&self) -> io::Result<String> {
        self.make("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", &self.text("other_key")])?;
        self.read("other_key.pub")
    }

    /// A certificate that signs itself, and its key.
    pub(super) fn certificate(&self, name: &str) -> io::Result<()> {
        let (alternative, subject) = (format!("subjectAltName=DNS:{name}"), format!("/CN={name}"));
        let (pem, key) = (self.text("server.pem"), self.text("server.key"));
        let mut words = vec!["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", &subject];
        words.extend(["-addext", &alternative, "-out", &pem, "-keyout", &key]);
        self.make("openssl", &words)
    }

    /// Starts the server of a scenario and waits until it listens.
    pub(super) fn start(&self, scenario: &Scenario, port: u16) -> io::Result<Server> {
        let log = File::create(self.path("server.log"))?;
        let mut command = if scenario.protocol == "ssh" {
            // sshd runs itself again, and asks for its whole path for that.
            let program = crate::installed::find("sshd").ok_or(io::ErrorKind::NotFound)?;
            let mut command = Command::new(program);
            command.args(["-D", "-e", "-f"]).arg(self.path("sshd_config"));
            command
        } else {
            let program = crate::installed::find("nginx").ok_or(io::ErrorKind::NotFound)?;
            let mut command = Command::new(program);
            command.arg("-p").arg(&self.folder).arg("-c").arg(self.path("nginx.conf")).args(["-e", "stderr"]);
            command
        };
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words = words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
        let mut server = Server { child: command.spawn()?, words };
        let until = Instant::now() + START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = server.child.try_wait()?.is_some();
            if ended || Instant::now() > until {
                let log = self.read("server.log").unwrap_or_default();
                let last = log.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
                return Err(io::Error::other(format!("`{}` does not start: {last}", server.words)));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Lets the ordinary client connect; gives the command and what it said of it.
    pub(super) fn connect(&self, scenario: &Scenario, port: u16) -> io::Result<(String, String)> {
        let invocation = if scenario.protocol == "ssh" {
            let (config, port) = (self.text("ssh_config"), port.to_string());
            let mut words = vec!["-F", &config, "-o", "BatchMode=yes", "-o", "PreferredAuthentications=none"];
            words.extend(["-p", &port, "127.0.0.1", "true"]);
            Invocation::new("ssh", words.iter().map(Into::into), LIMIT)
        } else {
            let (address, trusted) = (format!("127.0.0.1:{port}"), self.text("server.pem"));
            let mut words = vec!["s_client", "-connect", &address, "-servername", SERVER_NAME, "-CAfile", &trusted];
            words.extend(["-verify_hostname", SERVER_NAME, "-verify_return_error", "-brief"]);
            let mut invocation = Invocation::new("openssl", words.iter().map(Into::into), LIMIT);
            invocation.environment.push(("OPENSSL_CONF".to_owned(), self.text("openssl.cnf")));
            invocation
        };
        let ran = Real::default().run(&invocation)?;
        let telling =
            |line: &&str| !line.is_empty() && !line.starts_with("Warning: Permanently added") && *line != "DONE";
        let lines: Vec<&str> = ran.output.lines().map(str::trim).filter(telling).collect();
        let said = lines.iter().take(8).copied().collect::<Vec<_>>().join("\n");
        Ok((invocation.text(), said))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.keep {
            let _what_is_left_is_in_the_folder_for_such = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// A port that nobody listens on.
pub(super) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A running server; it ends with this value.
pub(super) struct Server {
    child: Child,
    /// The command line.
    pub(super) words: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        // What it has started ends with it, if it is asked to end.
        if let Some(id) = id {
            let _already_ended = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let until = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _already_ended = self.child.kill();
        let _status = self.child.wait();
    }
}
