//! Programs of TLS, and a certification authority that is made for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use shakedown_testkit::{Running, require, run};
use tempfile::TempDir;

use crate::harness::output;

/// How long a server may take to start, and to log what it met.
const WAIT: Duration = Duration::from_secs(30);

/// Two root authorities, an intermediate one, and what they sign.
pub(crate) struct Authority {
    folder: TempDir,
    openssl: PathBuf,
}

const CONFIG: &str = "
[ca]
default_ca = default
[default]
new_certs_dir = FOLDER
database = FOLDER/index
rand_serial = yes
default_md = sha256
default_days = 30
default_crl_days = 10
policy = policy
unique_subject = no
[policy]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
subjectAltName = DNS:localhost
extendedKeyUsage = serverAuth
[other_name]
basicConstraints = CA:false
subjectAltName = DNS:other.example.com
extendedKeyUsage = serverAuth
[client]
basicConstraints = CA:false
subjectAltName = DNS:localhost
extendedKeyUsage = clientAuth
";

const EC: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

impl Authority {
    /// `None` where there is no openssl and need not be.
    pub(crate) fn new() -> Option<Self> {
        let openssl = require("openssl")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = CONFIG.replace("FOLDER", &folder.path().display().to_string());
        fs::write(folder.path().join("config"), config).expect("the configuration");
        fs::write(folder.path().join("index"), "").expect("the index");
        let authority = Self { folder, openssl };
        for name in ["root", "stranger"] {
            let subject = format!("/CN=Example {name}");
            authority.openssl(
                &[
                    &["req", "-x509"],
                    EC,
                    &["-nodes", "-subj", &subject, "-days", "30", "-extensions", "authority"],
                    &[
                        "-keyout",
                        &authority.path(&format!("{name}.key")),
                        "-out",
                        &authority.path(&format!("{name}.pem")),
                    ],
                ]
                .concat(),
            );
        }
        authority.sign("intermediate", "root", "authority", EC, &["-days", "20"]);
        Some(authority)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn openssl(&self, arguments: &[&str]) {
        let mut command = Command::new(&self.openssl);
        command.args(arguments);
        if ["req", "ca"].contains(&arguments[0]) {
            command.args(["-config", &self.path("config")]);
        }
        let finished = run(&mut command, b"", WAIT).expect("openssl runs");
        assert!(finished.status.is_some_and(|status| status.success()), "{arguments:?}: {}", finished.text());
    }

    /// Makes NAME.key and NAME.pem: a certificate with these extensions, signed by this issuer.
    pub(crate) fn sign(&self, name: &str, issuer: &str, extensions: &str, key: &[&str], more: &[&str]) {
        let subject = if extensions == "authority" { "/CN=Example intermediate" } else { "/CN=localhost" };
        let (request, private) = (self.path(&format!("{name}.csr")), self.path(&format!("{name}.key")));
        self.openssl(
            &[&["req", "-new"], key, &["-nodes", "-subj", subject, "-keyout", &private, "-out", &request]].concat(),
        );
        let (certificate, signed_by) = (self.path(&format!("{name}.pem")), self.path(&format!("{issuer}.pem")));
        let issuer_key = self.path(&format!("{issuer}.key"));
        let ca = ["ca", "-batch", "-notext", "-in", &request, "-out", &certificate, "-cert", &signed_by];
        self.openssl(&[&ca[..], &["-keyfile", &issuer_key, "-extensions", extensions], more].concat());
    }

    /// A usual server's certificate, signed by the root.
    pub(crate) fn server(&self, name: &str, more: &[&str]) {
        self.sign(name, "root", "server", EC, more);
    }

    /// The same with an RSA key of so many bits.
    pub(crate) fn rsa_server(&self, name: &str, bits: &str, more: &[&str]) {
        self.sign(name, "root", "server", &["-newkey", &format!("rsa:{bits}")], more);
    }

    /// A certificate that its own key has signed.
    pub(crate) fn self_signed(&self, name: &str) {
        let (private, certificate) = (self.path(&format!("{name}.key")), self.path(&format!("{name}.pem")));
        self.openssl(
            &[
                &["req", "-x509"],
                EC,
                &["-nodes", "-subj", "/CN=localhost", "-days", "30", "-extensions", "server"],
                &["-keyout", &private, "-out", &certificate],
            ]
            .concat(),
        );
    }

    /// Revokes NAME.pem and writes `crl.pem`.
    pub(crate) fn revoke(&self, name: &str) {
        let root = [&self.path("root.pem"), &self.path("root.key")].map(|path| path.as_str().to_owned());
        let signer = ["-cert", &root[0], "-keyfile", &root[1]];
        self.openssl(&[&["ca", "-revoke", &self.path(&format!("{name}.pem"))], &signer[..]].concat());
        self.openssl(&[&["ca", "-gencrl", "-out", &self.path("crl.pem")], &signer[..]].concat());
    }
}

/// A running server of TLS.
pub(crate) struct Server {
    process: Running,
    pub(crate) port: u16,
}

impl Server {
    /// Its log, once it holds this text; as far as it is where that does not come.
    pub(crate) fn log_with(&self, text: &str) -> String {
        self.process
            .wait_for(WAIT, |log| log.contains(text).then(|| log.to_owned()))
            .unwrap_or_else(|| self.process.log())
    }
}

/// `openssl s_server` with this certificate, which answers HTTP.
pub(crate) fn s_server(authority: &Authority, name: &str, arguments: &[&str]) -> Option<Server> {
    let mut command = Command::new(require("openssl")?);
    command.args(["s_server", "-accept", "127.0.0.1:0", "-www"]);
    if !arguments.contains(&"-nocert") {
        command.args([
            "-cert",
            &authority.path(&format!("{name}.pem")),
            "-key",
            &authority.path(&format!("{name}.key")),
        ]);
    }
    let process = Running::start(command.args(arguments)).expect("openssl runs");
    let port =
        process.wait_for(WAIT, |log| log.lines().find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:")?.parse().ok()));
    Some(Server { port: port.unwrap_or_else(|| panic!("s_server did not start:\n{}", process.log())), process })
}

/// `nginx` with these lines in its server block; `PORT` and the listening line are added.
pub(crate) fn nginx(authority: &Authority, lines: &str) -> Option<Server> {
    let program = require("nginx")?;
    for _ in 0..5 {
        let port = shakedown_testkit::free_port().expect("a free port");
        let folder = tempfile::tempdir_in(authority.folder.path()).expect("a temporary folder").keep();
        let config = nginx_config(authority, &folder, port, lines);
        let mut command = Command::new(&program);
        let process = Running::start(command.arg("-p").arg(&folder).arg("-e").arg("stderr").arg("-c").arg(config))
            .expect("nginx runs");
        // It says so after it has bound its sockets.
        if process.wait_for(WAIT, |log| log.contains("event method").then_some(())).is_some() {
            return Some(Server { process, port });
        }
        assert!(process.log().contains("Address already in use"), "nginx did not start:\n{}", process.log());
    }
    panic!("nginx found no free port");
}

fn nginx_config(authority: &Authority, folder: &Path, port: u16, lines: &str) -> PathBuf {
    let file = folder.join("nginx.conf");
    let path = folder.display();
    let lines = lines.replace("KEYS", &authority.folder.path().display().to_string());
    let text = format!(
        "daemon off;\nmaster_process off;\npid {path}/pid;\nerror_log stderr info;\nevents {{}}\nhttp {{\n  access_log off;\n\
         client_body_temp_path {path}/a;\n  proxy_temp_path {path}/b;\n  fastcgi_temp_path {path}/c;\n  uwsgi_temp_path {path}/d;\n\
         scgi_temp_path {path}/e;\n  server {{\n    listen 127.0.0.1:{port} ssl;\n    {lines}\n  }}\n}}\n"
    );
    fs::write(&file, text).expect("the configuration");
    file
}

/// What `nginx -t` says about these lines.
pub(crate) fn nginx_test(authority: &Authority, lines: &str) -> Option<String> {
    let program = require("nginx")?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = nginx_config(authority, folder.path(), 8443, lines);
    Some(output(
        Command::new(program).arg("-t").arg("-p").arg(folder.path()).arg("-e").arg("stderr").arg("-c").arg(config),
    ))
}

/// What a client of TLS is told to do.
#[derive(Clone, Default)]
pub(crate) struct Ask<'a> {
    /// The file with the authorities that it trusts.
    pub(crate) trust: String,
    /// A list of revoked certificates to check.
    pub(crate) revoked: Option<String>,
    /// The program's own further arguments.
    pub(crate) more: &'a [&'a str],
}

/// Every client of TLS that is tested here. `requests` is Python's, and `java` is run where the machine has it.
pub(crate) const CLIENTS: [&str; 9] =
    ["curl", "curl -v", "openssl", "gnutls-cli", "python3", "requests", "node", "wget", "java"];

/// What one of them prints when it connects to 127.0.0.1 as `localhost`.
pub(crate) fn client(name: &str, port: u16, ask: &Ask) -> Option<String> {
    let mut words = name.split(' ');
    let program = words.next().unwrap_or(name);
    let url = format!("https://localhost:{port}/");
    let (trust, revoked) = (ask.trust.as_str(), ask.revoked.as_deref());
    let mut command = match program {
        "requests" => Command::new(require("peers-python")?),
        "java" => java(ask.more, "Client.java")?,
        _ => Command::new(require(program)?),
    };
    match program {
        // It has no list of revoked certificates to read.
        "java" if revoked.is_some() => return None,
        "java" => {
            command.args([url.as_str(), trust]);
        }
        "curl" => {
            command.args(["--disable", "--silent", "--show-error", "-4", "--max-time", "20", "--cacert", trust]);
            command.args(revoked.map(|file| ["--crlfile", file]).into_iter().flatten());
            command.args(words).args(ask.more).arg(url);
        }
        "openssl" => {
            command.args([
                "s_client",
                "-connect",
                &format!("127.0.0.1:{port}"),
                "-servername",
                "localhost",
                "-CAfile",
                trust,
            ]);
            command.args(["-verify_hostname", "localhost", "-verify_return_error", "-x509_strict"]);
            command.args(revoked.map(|file| ["-crl_check", "-CRL", file]).into_iter().flatten()).args(ask.more);
        }
        "gnutls-cli" => {
            command.args(["--x509cafile", trust, "--sni-hostname", "localhost", "--verify-hostname", "localhost"]);
            command.args(revoked.map(|file| ["--x509crlfile", file]).into_iter().flatten());
            command.args(ask.more).args(["-p", &port.to_string(), "127.0.0.1"]);
        }
        "wget" => {
            command.args(["--no-config", "-4", "--tries=1", "--timeout=20", "-O", "-", "--ca-certificate", trust]);
            command.args(revoked.map(|file| format!("--crl-file={file}"))).args(ask.more).arg(url);
        }
        "python3" | "requests" => {
            let opened = if program == "requests" { REQUESTS } else { URLLIB };
            let text = format!("{PYTHON}{opened}").replace("{port}", &port.to_string()).replace("{trust}", trust);
            let text = text.replace("{revoked}", revoked.unwrap_or("")).replace("{more}", &ask.more.join("\n"));
            command.arg("-c").arg(text);
        }
        _ => {
            let text = NODE.replace("{port}", &port.to_string()).replace("{trust}", trust);
            let text = text.replace("{revoked}", revoked.unwrap_or("")).replace("{more}", &ask.more.join("\n"));
            command.arg("-e").arg(text);
        }
    }
    Some(output(&mut command))
}

const PYTHON: &str = "
import ssl, urllib.request
context = ssl.create_default_context(cafile='{trust}')
if '{revoked}':
    context.load_verify_locations(cafile='{revoked}')
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
{more}
";

const URLLIB: &str = "
urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)).open(
    'https://localhost:{port}/', timeout=20)
";

const REQUESTS: &str = "
import requests, requests.adapters
class Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *arguments, **named):
        super().init_poolmanager(*arguments, ssl_context=context, **named)
session = requests.Session()
session.trust_env = False
session.mount('https://', Adapter())
session.get('https://localhost:{port}/', verify='{trust}', timeout=20)
";

/// One of the programs in Java with these options of the machine, ready for its arguments; says so where there is no Java.
pub(crate) fn java(options: &[&str], name: &str) -> Option<Command> {
    let Some(java) = shakedown_testkit::program("java") else {
        eprintln!("skipped: this machine has no Java");
        return None;
    };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/programs").join(name);
    let mut command = Command::new(java);
    // A short run is not worth the better compiler.
    command.args(["-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true"]).args(options).arg(source);
    Some(command)
}

const NODE: &str = "
const https = require('https'), fs = require('fs');
const options = { host: '127.0.0.1', servername: 'localhost', port: {port}, ca: fs.readFileSync('{trust}') };
if ('{revoked}') options.crl = fs.readFileSync('{revoked}');
{more}
https.get(options, response => response.resume());
";
