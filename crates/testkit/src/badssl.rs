//! The servers of badssl.com, and those that it lacks, on loopback: each with one fault, run by the real `openssl
//! s_server` or nginx, or by a few lines here where neither can make the fault.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::certificates::{CertificateKey, CertificateSpec, SignatureDigest, TestName, pem, purpose};
use crate::process::{Running, StartError, free_port};
use crate::program::require;

/// The name that every scenario's server has, and that its client asks for.
pub const NAME: &str = "www.example.org";

/// A server with one fault, or with none.
pub struct Scenario {
    /// Its name at badssl.com, or what it is about.
    pub name: &'static str,
    /// The client, as a party of the catalog.
    pub client: &'static str,
    /// The cause to be found; `None` where the connection works and nothing is wrong.
    pub cause: Option<&'static str>,
    /// The side at fault.
    pub side: &'static str,
    /// The client's clock, as seconds since 1970, where it is wrong.
    pub clock: Option<i64>,
    build: fn(&mut Setup),
}

/// A scenario's server, which ends when this is dropped.
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    /// The file with the root that the client trusts.
    pub ca_file: PathBuf,
    _process: Option<Running>,
    _folder: TempDir,
}

/// What a server shows, and how it is run.
struct Setup {
    root: CertificateSpec,
    intermediate: CertificateSpec,
    server: CertificateSpec,
    keys: [CertificateKey; 3],
    /// Which certificates are sent behind the server's own, by the letters of [`Setup::letter`].
    chain: &'static str,
    self_signed: bool,
    root_is_trusted: bool,
    arguments: Vec<&'static str>,
    dh_bits: Option<u32>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    OpenSsl,
    GnuTls,
    NginxUnknownName,
    Http,
}

/// A client of today at the level of its distribution.
const CLIENT: &str = "openssl@3.0.19/debian-12";

const fn works(name: &'static str, build: fn(&mut Setup)) -> Scenario {
    Scenario { name, client: CLIENT, cause: None, side: "", clock: None, build }
}

const fn fails(name: &'static str, cause: &'static str, side: &'static str, build: fn(&mut Setup)) -> Scenario {
    Scenario { name, client: CLIENT, cause: Some(cause), side, clock: None, build }
}

/// Those of badssl.com that a server alone can be. Left out is what only lists within browsers decide (interception,
/// pins, transparency, extended validation, known bad roots), and what no server at hand speaks any more (SSL 2 and 3).
pub const BADSSL: &[Scenario] = &[
    fails("expired", "certificate-expired", "server", |setup| {
        setup.server.not_before -= 200 * DAY;
        setup.server.not_after -= 100 * DAY;
    }),
    fails("wrong.host", "certificate-name-mismatch", "server", |setup| {
        setup.server.names = vec![TestName::dns("mail.example.com")];
    }),
    fails("self-signed", "certificate-self-signed", "client", |setup| setup.self_signed = true),
    fails("untrusted-root", "certificate-untrusted", "client", |setup| {
        setup.chain = "ir";
        setup.root_is_trusted = false;
    }),
    fails("incomplete-chain", "certificate-chain-incomplete", "server", |setup| setup.chain = ""),
    works("reversed-chain", |setup| setup.chain = "ri"),
    works("no-common-name", |setup| setup.server.subject = "other".to_owned()),
    works("no-subject", |setup| setup.server.subject = String::new()),
    works("1000-sans", |setup| {
        setup.server.names.extend((0..1000).map(|n| TestName::dns(&format!("host{n}.example.org"))));
    }),
    fails("10000-sans", "certificate-policy", "server", |setup| {
        setup.server.names.extend((0..10_000).map(|n| TestName::dns(&format!("host{n}.example.org"))));
    }),
    works("ecc256", |_| {}),
    works("ecc384", |setup| setup.keys[2] = CertificateKey::p384()),
    works("rsa2048", |setup| setup.keys[2] = CertificateKey::rsa()),
    works("rsa4096", |setup| setup.keys[2] = CertificateKey::rsa_of(4096)),
    works("rsa8192", |setup| setup.keys[2] = CertificateKey::rsa_of(8192)),
    fails("rsa1024", "key-too-small", "server", |setup| {
        setup.keys[2] = CertificateKey::small_rsa(1024).expect("openssl");
        setup.arguments = vec!["-cipher", "DEFAULT@SECLEVEL=0"];
    }),
    works("sha384", |setup| {
        setup.keys[1] = CertificateKey::rsa();
        setup.server.digest = SignatureDigest::Sha384;
    }),
    works("sha512", |setup| {
        setup.keys[1] = CertificateKey::rsa();
        setup.server.digest = SignatureDigest::Sha512;
    }),
    fails("sha1-2017", "weak-signature-digest", "server", |setup| {
        setup.keys[1] = CertificateKey::rsa();
        setup.server.digest = SignatureDigest::Sha1;
        setup.arguments = vec!["-cipher", "DEFAULT@SECLEVEL=0"];
    }),
    fails("sha1-intermediate", "weak-signature-digest", "server", |setup| {
        setup.keys[0] = CertificateKey::rsa();
        setup.intermediate.digest = SignatureDigest::Sha1;
        setup.arguments = vec!["-cipher", "DEFAULT@SECLEVEL=0"];
    }),
    fails("null", "no-common-cipher", "server", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.arguments = vec!["-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0"];
    }),
    fails("3des", "no-common-cipher", "server", |setup| of_gnutls(setup, "+3DES-CBC:+SHA1")),
    fails("rc4", "no-common-cipher", "server", |setup| of_gnutls(setup, "+ARCFOUR-128:+SHA1")),
    fails("rc4-md5", "no-common-cipher", "server", |setup| of_gnutls(setup, "+ARCFOUR-128:+MD5")),
    works("cbc", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.arguments = vec!["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"];
    }),
    works("static-rsa", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.arguments = vec!["-tls1_2", "-cipher", "AES128-GCM-SHA256"];
    }),
    works("dh2048", |setup| small_dh(setup, 2048)),
    works("tls-v1-2", |setup| setup.arguments = vec!["-tls1_2"]),
    fails("client-cert-missing", "client-certificate-required", "client", |setup| {
        setup.arguments = vec!["-Verify", "1", "-verify_return_error"];
    }),
];

/// What badssl.com lacks.
pub const MISSING: &[Scenario] = &[
    Scenario {
        name: "tls-1.3-only",
        client: "openssl@1.0.2u",
        cause: Some("no-common-version"),
        side: "unknown",
        clock: None,
        build: |setup| setup.arguments = vec!["-tls1_3"],
    },
    works("hello-retry-request", |setup| setup.arguments = vec!["-tls1_3", "-groups", "P-384"]),
    fails("unrecognized-name", "sni-rejected", "server", |setup| setup.kind = Kind::NginxUnknownName),
    fails("alpn", "no-common-application-protocol", "both", |setup| setup.arguments = vec!["-alpn", "acme-tls/1"]),
    fails("plain-text", "wrong-protocol", "client", |setup| setup.kind = Kind::Http),
    Scenario {
        name: "clock-skew",
        client: CLIENT,
        cause: Some("clock-skew"),
        side: "client",
        clock: Some(86_400),
        build: |_| {},
    },
    fails("legacy-renegotiation", "renegotiation-refused", "server", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.kind = Kind::GnuTls;
        setup.arguments = vec!["NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION"];
    }),
    fails("wrong-purpose", "certificate-purpose", "server", |setup| {
        setup.server.purposes = Some(vec![purpose::CLIENT]);
    }),
    fails("name-constraints", "certificate-policy", "server", |setup| {
        setup.intermediate.constraints = Some((vec![TestName::dns("example.com")], Vec::new()));
    }),
    fails("expired-intermediate", "certificate-expired", "server", |setup| {
        setup.intermediate.not_after = setup.server.not_before;
    }),
];

/// Those whose cause depends on what a client refuses beyond its lists, or on what a server does not show. They may stay
/// without a cause; another cause is wrong.
pub const HARD: &[Scenario] = &[
    fails("dh512", "key-too-small", "server", |setup| small_dh(setup, 512)),
    fails("dh1024", "key-too-small", "server", |setup| small_dh(setup, 1024)),
    fails("tls-v1-0", "no-common-version", "server", |setup| old_version(setup, "-tls1")),
    fails("tls-v1-1", "no-common-version", "server", |setup| old_version(setup, "-tls1_1")),
    fails("no-common-group", "no-common-group", "server", |setup| {
        setup.arguments = vec!["-tls1_2", "-groups", "brainpoolP256r1", "-cipher", "ECDHE"];
        setup.keys[2] = CertificateKey::rsa();
    }),
    fails("signature-algorithms", "no-common-signature-algorithm", "server", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.arguments = vec!["-tls1_2", "-sigalgs", "RSA+SHA1", "-cipher", "DEFAULT@SECLEVEL=0"];
    }),
];

const DAY: i64 = 86_400;

fn small_dh(setup: &mut Setup, bits: u32) {
    setup.keys[2] = CertificateKey::rsa();
    setup.dh_bits = Some(bits);
    setup.arguments = vec!["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"];
}

/// With suites that OpenSSL was built without.
fn of_gnutls(setup: &mut Setup, suites: &'static str) {
    setup.keys[2] = CertificateKey::rsa();
    setup.kind = Kind::GnuTls;
    let common = "+VERS-TLS1.2:+RSA:+ECDHE-RSA:+GROUP-ALL:+SIGN-ALL:+COMP-NULL";
    setup.arguments = vec!["NONE", common, suites];
}

fn old_version(setup: &mut Setup, version: &'static str) {
    setup.keys[2] = CertificateKey::rsa();
    setup.arguments = vec![version, "-cipher", "DEFAULT@SECLEVEL=0"];
}

impl Scenario {
    /// Starts its server; `None` where the program is missing and need not be there.
    ///
    /// # Panics
    /// Where the server does not start.
    pub fn start(&self) -> Option<Started> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64);
        let mut setup = Setup {
            root: CertificateSpec::authority("Example Root", now),
            intermediate: CertificateSpec::authority("Example Intermediate", now),
            server: CertificateSpec::server(NAME, now),
            keys: [CertificateKey::p256(), CertificateKey::p256(), CertificateKey::p256()],
            chain: "i",
            self_signed: false,
            root_is_trusted: true,
            arguments: Vec::new(),
            dh_bits: None,
            kind: Kind::OpenSsl,
        };
        let program = |kind| match kind {
            Kind::OpenSsl => "openssl",
            Kind::GnuTls => "gnutls-serv",
            Kind::NginxUnknownName | Kind::Http => "nginx",
        };
        (self.build)(&mut setup);
        if setup.kind != Kind::Http {
            require(program(setup.kind))?;
        }
        let folder = tempfile::tempdir().expect("a folder");
        match setup.run(folder.path()) {
            Ok((address, process)) => {
                Some(Started { address, ca_file: folder.path().join("ca.pem"), _process: process, _folder: folder })
            }
            Err(StartError::Io(error)) => panic!("{}: {error}", self.name),
            Err(StartError::NotReady(log)) => panic!("{} did not start:\n{log}", self.name),
        }
    }
}

impl Setup {
    fn letter(&self, letter: char) -> Vec<u8> {
        let [root, intermediate, _] = &self.keys;
        match letter {
            'r' => self.root.self_signed(root),
            _ => self.intermediate.signed(intermediate, &self.root.signer(root)),
        }
    }

    fn run(&self, folder: &Path) -> Result<(SocketAddr, Option<Running>), StartError> {
        let [_, intermediate, key] = &self.keys;
        let own = match self.self_signed {
            true => self.server.self_signed(key),
            false => self.server.signed(key, &self.intermediate.signer(intermediate)),
        };
        let own = pem("CERTIFICATE", &own);
        let chain = if self.self_signed { "" } else { self.chain };
        let chain: String = chain.chars().map(|letter| pem("CERTIFICATE", &self.letter(letter))).collect();
        let other = CertificateSpec::authority("Other Root", self.root.not_before + DAY);
        let trusted = match self.root_is_trusted {
            true => self.letter('r'),
            false => other.self_signed(&CertificateKey::p256()),
        };
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).map_err(StartError::Io);
        write("ca.pem", &pem("CERTIFICATE", &trusted))?;
        write("server.pem", &own)?;
        write("chain.pem", &chain)?;
        write("full.pem", &format!("{own}{chain}"))?;
        write("key.pem", &key.pem())?;
        match self.kind {
            Kind::OpenSsl => crate::peers::on_free_port(|port| self.openssl(folder, port)),
            Kind::GnuTls => crate::peers::on_free_port(|port| self.gnutls(folder, port)),
            Kind::NginxUnknownName => crate::peers::on_free_port(|port| {
                nginx(folder, port, "server_name other.test; ssl_reject_handshake on;")
            }),
            Kind::Http => http().map(|address| (address, None)).map_err(StartError::Io),
        }
    }

    fn gnutls(&self, folder: &Path, port: u16) -> Result<(SocketAddr, Option<Running>), StartError> {
        let program = require("gnutls-serv").ok_or_else(|| StartError::NotReady("no gnutls-serv".to_owned()))?;
        let mut command = Command::new(&program);
        command.args(["--http", "--port", &port.to_string(), "--priority", &self.arguments.join(":")]);
        command.arg("--x509certfile").arg(folder.join("full.pem")).arg("--x509keyfile").arg(folder.join("key.pem"));
        let process = Running::start(&mut command).map_err(StartError::Io)?;
        match process.wait_for(Duration::from_secs(30), |log| log.contains("done").then_some(())) {
            Some(()) => Ok(((Ipv4Addr::LOCALHOST, port).into(), Some(process))),
            None => Err(StartError::NotReady(process.log())),
        }
    }

    fn openssl(&self, folder: &Path, port: u16) -> Result<(SocketAddr, Option<Running>), StartError> {
        let program = require("openssl").ok_or_else(|| StartError::NotReady("no openssl".to_owned()))?;
        let mut command = Command::new(&program);
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-www"]);
        command.arg("-cert").arg(folder.join("server.pem")).arg("-key").arg(folder.join("key.pem"));
        if !self.chain.is_empty() && !self.self_signed {
            command.arg("-cert_chain").arg(folder.join("chain.pem"));
        }
        if let Some(bits) = self.dh_bits {
            write_dh_parameters(&folder.join("dh.pem"), bits).map_err(StartError::Io)?;
            command.arg("-dhparam").arg(folder.join("dh.pem"));
        }
        let process = Running::start(command.args(&self.arguments)).map_err(StartError::Io)?;
        let ready = process.wait_for(Duration::from_secs(30), |log| log.contains("ACCEPT").then_some(()));
        match ready {
            Some(()) => Ok(((Ipv4Addr::LOCALHOST, port).into(), Some(process))),
            None => Err(StartError::NotReady(process.log())),
        }
    }
}

/// Safe primes of these sizes with generator 2: the groups of `openssl dhparam -2` made for these tests.
fn write_dh_parameters(file: &Path, bits: u32) -> io::Result<()> {
    let program = require("openssl").ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no openssl"))?;
    // 2048 bits take long to search for; that size has a group of its own, RFC 7919.
    let mut command = Command::new(program);
    match bits {
        2048 => command.args(["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out"]),
        // X9.42 parameters are found at once, and are no safe primes, which nobody looks at here.
        _ => command.args(["dhparam", "-dsaparam", "-out"]),
    };
    command.arg(file);
    if bits != 2048 {
        command.arg(bits.to_string());
    }
    let finished = crate::process::run(&mut command, b"", Duration::from_secs(60))?;
    match finished.status.is_some_and(|status| status.success()) {
        true => Ok(()),
        false => Err(io::Error::other(finished.text())),
    }
}

fn nginx(folder: &Path, port: u16, server: &str) -> Result<(SocketAddr, Option<Running>), StartError> {
    let program = require("nginx").ok_or_else(|| StartError::NotReady("no nginx".to_owned()))?;
    let place = folder.display();
    let text = format!(
        "daemon off; master_process off; pid {place}/pid; error_log stderr notice;\nevents {{}}\nhttp {{ access_log off; \
         client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c; uwsgi_temp_path \
         {place}/d; scgi_temp_path {place}/e;\nserver {{ listen 127.0.0.1:{port} ssl; {server} }} }}\n"
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, text).map_err(StartError::Io)?;
    let mut command = Command::new(program);
    command.arg("-p").arg(folder).arg("-c").arg(&file).args(["-e", "stderr"]);
    let process = Running::start(&mut command).map_err(StartError::Io)?;
    let ready = process.wait_for(Duration::from_secs(30), |log| log.contains("using the").then_some(()));
    match ready {
        Some(()) => Ok(((Ipv4Addr::LOCALHOST, port).into(), Some(process))),
        None => Err(StartError::NotReady(process.log())),
    }
}

/// A web server that does not speak TLS.
fn http() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port()?))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut bytes = [0; 512];
                let _length = stream.read(&mut bytes);
                let answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _written = stream.write_all(answer.as_bytes());
            });
        }
    });
    Ok(address)
}
