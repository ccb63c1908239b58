//! The server of TLS against real clients: whatever is agreed on, through Finished, in every version.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use shakedown_crypto::decode_base64;
use shakedown_crypto::tls::ServerKey;
use shakedown_handshake::tls::{Agreement, Decision, Server, ServerEnd, ServerObservation, Suite};
use shakedown_testkit::{require, run};

const PATIENCE: Duration = Duration::from_secs(30);
const TLS10: u16 = 0x0301;
const TLS11: u16 = 0x0302;
const TLS12: u16 = 0x0303;
const TLS13: u16 = 0x0304;

/// A key with its certificate.
#[derive(Clone)]
struct Identity {
    key: Arc<ServerKey>,
    certificate: Vec<u8>,
}

fn identity(openssl: &Path, folder: &Path, kind: &str) -> Identity {
    let key: &[&str] = match kind {
        "rsa" => &["-newkey", "rsa:2048"],
        "ed25519" => &["-newkey", "ed25519"],
        "p384" => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
        _ => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    };
    let path = |end: &str| folder.join(format!("{kind}.{end}"));
    let mut command = Command::new(openssl);
    command.args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=test.example"]).args(key);
    command.arg("-keyout").arg(path("key")).arg("-out").arg(path("pem"));
    assert!(run(&mut command, b"", PATIENCE).unwrap().status.unwrap().success());
    let pem = fs::read_to_string(path("pem")).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    Identity {
        key: Arc::new(ServerKey::from_file(&fs::read(path("key")).unwrap()).unwrap()),
        certificate: decode_base64(body.as_bytes()).unwrap(),
    }
}

/// Serves one connection by this agreement, and answers whatever the application says.
fn serve(agreement: Agreement) -> (SocketAddr, JoinHandle<ServerObservation>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut server = Server::default();
        let mut buffer = [0; 4096];
        while !server.is_done() {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => server.end_of_stream(),
                Ok(count) => server.receive(&buffer[..count]),
            }
            if server.asks().is_some() {
                server.decide(Decision::Agree(Box::new(agreement.clone())));
            }
            if !server.take_received().is_empty() {
                server.send(b"HTTP/1.0 200 OK\r\n\r\nthrough\n");
                server.close();
            }
            while let Some(bytes) = server.transmit() {
                if stream.write_all(&bytes).is_err() {
                    break;
                }
            }
        }
        server.into_observation()
    });
    (address, served)
}

fn agreement(version: u16, suite: (u16, &str), group: Option<u16>, scheme: Option<u16>, of: &Identity) -> Agreement {
    Agreement {
        version,
        suite: Suite::new(suite.0, suite.1).unwrap(),
        group,
        dh: None,
        signature_scheme: scheme,
        certificates: vec![of.certificate.clone()],
        key: Some(Arc::clone(&of.key)),
        protocol: None,
        acknowledges_name: true,
        secure_renegotiation: true,
        extended_master_secret: true,
        encrypt_then_mac: true,
        downgrade_mark: None,
        client_certificate: None,
        second_hello_refusal: None,
    }
}

struct Bench {
    openssl: PathBuf,
    _folder: tempfile::TempDir,
    rsa: Identity,
    p256: Identity,
    p384: Identity,
    ed25519: Identity,
}

impl Bench {
    fn new() -> Option<Self> {
        let openssl = require("openssl")?;
        let folder = tempfile::tempdir().unwrap();
        let of = |kind| identity(&openssl, folder.path(), kind);
        let (rsa, p256, p384, ed25519) = (of("rsa"), of("p256"), of("p384"), of("ed25519"));
        Some(Self { rsa, p256, p384, ed25519, openssl, _folder: folder })
    }

    /// What `s_client` says, and what the server saw.
    fn meet(&self, agreement: Agreement, arguments: &[&str]) -> (String, ServerObservation) {
        let (address, served) = serve(agreement);
        let mut command = Command::new(&self.openssl);
        command.args(["s_client", "-brief", "-ign_eof", "-connect", &address.to_string()]).args(arguments);
        command.env("OPENSSL_CONF", "/dev/null");
        let said = run(&mut command, b"GET / HTTP/1.0\r\n\r\n", PATIENCE).unwrap().text();
        (said, served.join().unwrap())
    }

    fn through(&self, agreement: Agreement, arguments: &[&str], expected: &[&str]) -> ServerObservation {
        let name = agreement.suite.name.clone();
        let (said, seen) = self.meet(agreement, arguments);
        assert!(seen.finished && seen.end == Some(ServerEnd::Complete), "{name} {arguments:?}\n{said}\n{seen:?}");
        for words in ["CONNECTION ESTABLISHED", "through"].iter().chain(expected) {
            assert!(said.contains(words), "{name} {arguments:?}: {words}\n{said}");
        }
        seen
    }
}

const AES_128_GCM: (u16, &str) = (0x1301, "TLS_AES_128_GCM_SHA256");
const AES_256_GCM: (u16, &str) = (0x1302, "TLS_AES_256_GCM_SHA384");
const CHACHA20: (u16, &str) = (0x1303, "TLS_CHACHA20_POLY1305_SHA256");

#[test]
fn tls_1_3_through_finished() {
    let Some(bench) = Bench::new() else { return };
    let rows = [
        (AES_128_GCM, 0x001d, "X25519", 0x0804, &bench.rsa, "RSA-PSS"),
        (AES_256_GCM, 0x0017, "P-256", 0x0806, &bench.rsa, "SHA512"),
        (CHACHA20, 0x0018, "P-384", 0x0403, &bench.p256, "ECDSA"),
        (AES_128_GCM, 0x0019, "P-521", 0x0503, &bench.p384, "SHA384"),
        (AES_256_GCM, 0x001e, "X448", 0x0807, &bench.ed25519, "ed25519"),
        (AES_128_GCM, 0x0100, "ffdhe2048", 0x0805, &bench.rsa, "DH, 2048 bits"),
    ];
    for (suite, group, name, scheme, identity, expected) in rows {
        let agreed = agreement(TLS13, suite, Some(group), Some(scheme), identity);
        let seen = bench.through(agreed.clone(), &["-groups", name], &["TLSv1.3", suite.1, expected]);
        assert!(!seen.retried);
        // A client with a key share of another group is asked for one of this.
        let both = if name == "P-256" { "X25519:P-256".to_owned() } else { format!("P-256:{name}") };
        let seen = bench.through(agreed, &["-groups", &both], &["TLSv1.3", suite.1, expected]);
        assert!(seen.retried && seen.second_hello.is_some(), "{name}");
    }
}

#[test]
fn tls_1_2_through_finished() {
    let Some(bench) = Bench::new() else { return };
    let rows = [
        ((0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), Some(0x001d), Some(0x0401), &bench.rsa),
        ((0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"), Some(0x0017), Some(0x0804), &bench.rsa),
        ((0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"), Some(0x001e), Some(0x0201), &bench.rsa),
        ((0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"), Some(0x0018), Some(0x0603), &bench.p256),
        ((0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), Some(0x0019), Some(0x0403), &bench.p384),
        ((0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"), Some(0x001d), Some(0x0807), &bench.ed25519),
        ((0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"), Some(0x001d), Some(0x0601), &bench.rsa),
        ((0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"), Some(0x001d), Some(0x0501), &bench.rsa),
        ((0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"), None, Some(0x0804), &bench.rsa),
        ((0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"), None, Some(0x0401), &bench.rsa),
        ((0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"), None, None, &bench.rsa),
        ((0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"), None, None, &bench.rsa),
        ((0x003b, "TLS_RSA_WITH_NULL_SHA256"), None, None, &bench.rsa),
    ];
    let group = shakedown_crypto::kex::group(14).unwrap();
    for (suite, curve, scheme, identity) in rows {
        for extended in [true, false] {
            let agreed = Agreement {
                dh: Some((group.modulus(), group.generator())),
                extended_master_secret: extended,
                encrypt_then_mac: extended,
                ..agreement(TLS12, suite, curve, scheme, identity)
            };
            let arguments = ["-tls1_2", "-cipher", "ALL:eNULL:@SECLEVEL=0", "-curves", "X25519:X448:P-256:P-384:P-521"];
            bench.through(agreed, &arguments, &["TLSv1.2"]);
        }
    }
}

#[test]
fn tls_1_0_and_1_1_through_finished() {
    let Some(bench) = Bench::new() else { return };
    let rows = [
        ((0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"), Some(0x001d), &bench.rsa),
        ((0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"), Some(0x0017), &bench.p256),
        ((0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"), None, &bench.rsa),
        ((0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"), None, &bench.rsa),
        ((0x0001, "TLS_RSA_WITH_NULL_MD5"), None, &bench.rsa),
    ];
    let group = shakedown_crypto::kex::group(14).unwrap();
    for (version, argument) in [(TLS10, "-tls1"), (TLS11, "-tls1_1")] {
        for (suite, curve, identity) in rows {
            for extended in [true, false] {
                let agreed = Agreement {
                    dh: Some((group.modulus(), group.generator())),
                    extended_master_secret: extended,
                    encrypt_then_mac: extended,
                    ..agreement(version, suite, curve, None, identity)
                };
                bench.through(agreed, &[argument, "-cipher", "ALL:eNULL:@SECLEVEL=0"], &["TLSv1"]);
            }
        }
    }
}
