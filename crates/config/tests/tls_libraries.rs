//! Java's `java.security`, and OpenSSL's servers whose versions have a hole, as the programs themselves take them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "seeds, counts and what is skipped are printed")]

mod common;
mod tls_peers;

use std::process::Command;
use std::time::Duration;

use common::Random;
use shakedown_config::tls_party::{self, Spec};
use shakedown_model::tls::ClientCertificate;
use shakedown_model::{ConfigurationKind, Context, Item, Known, Origin, OriginKind, Role, names};
use shakedown_testkit::Running;
use tls_peers::{Bench, TLS13, Target, some};

/// Java's file as its own server and client take it: who is left of suites, and which come last.
#[test]
fn java_does_what_its_file_says() {
    let runtimes = runtimes();
    let Some(mut bench) = Bench::new() else { return };
    if runtimes.is_empty() {
        eprintln!("skipped: this machine has no Java");
        return;
    }
    for java in runtimes {
        what_its_file_says(&mut bench, &java);
    }
    bench.done("Java");
}

/// Every Java of this machine, once.
fn runtimes() -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let all = folders.map(|entry| entry.path().join("bin/java")).chain(shakedown_testkit::program("java"));
    let mut found: Vec<_> = all.filter_map(|path| path.canonicalize().ok()).collect();
    found.sort();
    found.dedup();
    found
}

fn what_its_file_says(bench: &mut Bench, java: &std::path::Path) {
    let said = shakedown_testkit::run(Command::new(java).arg("-version"), b"", Duration::from_secs(30)).unwrap().text();
    let version = said.split('"').nth(1).unwrap();
    let software = format!("java-jsse@{version}");
    let program = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/Server.java");
    let certificates: Vec<_> = ["ec", "rsa"].map(|name| bench.described(&format!("{name}.crt"))).into();
    for name in ["ec", "rsa"] {
        let made = Command::new(&bench.openssl)
            .args(["pkcs12", "-export", "-passout", "pass:x", "-name", name, "-in"])
            .arg(bench.path(&format!("{name}.pem")))
            .arg("-out")
            .arg(bench.path(&format!("{name}.p12")))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    const USUAL: [&str; 12] = [
        "SSLv3",
        "TLSv1",
        "TLSv1.1",
        "DTLSv1.0",
        "RC4",
        "DES",
        "MD5withRSA",
        "DH keySize < 1024",
        "3DES_EDE_CBC",
        "anon",
        "NULL",
        "ECDH",
    ];
    // Without `secp256r1`: Java 17 then shows a certificate of that curve and fails with an internal error as it signs.
    const MORE: [&str; 13] = [
        "TLSv1.3",
        "AES_128_CBC",
        "AES_256_GCM",
        "CBC",
        "GCM",
        "ECDHE",
        "SHA384",
        "HmacSHA1",
        "x25519",
        "ChaCha20-Poly1305",
        "RSASSA-PSS",
        "ECDSA",
        "AES_128_GCM",
    ];
    // What 24 and 25 added.
    const NEWER: [&str; 5] = [
        "EC keySize < 224",
        "TLS_RSA_*",
        "rsa_pkcs1_sha1 usage HandshakeSignature",
        "ecdsa_sha1 usage HandshakeSignature",
        "dsa_sha1 usage HandshakeSignature",
    ];
    let series: u32 = version.split('.').next().and_then(|number| number.parse().ok()).unwrap_or_default();
    let usual = if series >= 25 { [&USUAL[..], &NEWER].concat() } else { USUAL.to_vec() }.join(", ");
    let differing =
        of_client(java, &software, &bench.write("java.security", &format!("jdk.tls.disabledAlgorithms={usual}\n")));
    if !differing.is_empty() && !matches!(series, 17 | 25) {
        eprintln!("skipped: the catalog's {software} is not this one: {differing:?}");
        return;
    }
    assert!(differing.is_empty(), "{software}: {differing:?}");
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    for case in 0..shakedown_testkit::cases(4) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 15_487_469));
        let disabled = [usual.clone(), some(&mut random, &MORE, 3, ", ")].join(", ");
        let legacy = some(&mut random, &MORE[1..], 4, ", ");
        let text = format!(
            "jdk.tls.disabledAlgorithms={disabled}\njdk.tls.legacyAlgorithms={legacy}\njdk.certpath.disabledAlgorithms=MD5\n"
        );
        let path = bench.write("java.security", &text);
        let mut command = Command::new(java);
        command.args(["-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true"]);
        command.arg(format!("-Djava.security.properties={}", path.display())).arg(&program);
        command.args(["ec.p12", "rsa.p12"].map(|name| bench.path(name)));
        let running = Running::start(&mut command).unwrap();
        let port = running.wait_for(Duration::from_secs(60), |log| {
            log.split_once("listening at ").and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok())
        });
        let port: u16 = port.unwrap_or_else(|| panic!("{}", running.log()));
        let target = Target {
            kind: ConfigurationKind::JavaSecurity,
            software: software.clone(),
            path: &path,
            port,
            starttls: None,
            text: &text,
        };
        for _ in 0..12 {
            let list = some(&mut random, JAVA_CLIENT, 6, ":");
            let mut client = format!(
                "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = {list}:@SECLEVEL=1\n"
            );
            client += random.pick(&["", "MaxProtocol = TLSv1.2\n", "MaxProtocol = TLSv1.2\n"]);
            if random.percent(30) {
                client += &format!("Ciphersuites = {}\n", some(&mut random, TLS13, 3, ":"));
            }
            bench.compare_with(&client, &target, None, &format!("seed {seed} case {case}"), |party| {
                let offer = &mut party.tls_mut().unwrap().offer;
                offer.certificates = Known::Complete(certificates.clone());
                offer.client_certificate = Known::Complete(ClientCertificate::NotAsked);
            });
        }
        let differing = of_client(java, &software, &path);
        assert!(differing.is_empty(), "{differing:?}\n{text}");
    }
}

/// The lists of Java's hello that are not as its file makes them, ours before its own.
fn of_client(java: &std::path::Path, software: &str, path: &std::path::Path) -> Vec<(&'static str, String, String)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = Command::new(java.canonicalize().unwrap().with_file_name("keytool"));
    command.arg(format!("-J-Djava.security.properties={}", path.display()));
    command.args(["-printcert", "-sslserver", &listener.local_addr().unwrap().to_string()]);
    let _client = Running::start(&mut command).unwrap();
    let hello = tls_peers::hello(&listener);
    let name = |slot, number| common::catalog().tls_name(slot, number);
    let origin = Origin::new(OriginKind::Program { command: "java".into() });
    let seen = shakedown_handshake::tls::offered(&hello, &name, &origin);
    let software = software.parse().unwrap();
    let (context, role) = (Context::default(), Role::Client);
    let spec = Spec { software: &software, path: path.to_str().unwrap(), openssl_cnf: None, role, context: &context };
    let files = shakedown_config::Disk::local();
    let party = tls_party::gather(&files, ConfigurationKind::JavaSecurity, &spec, common::catalog()).unwrap();
    let ours = &party.parties[0].tls().unwrap().offer;
    let names =
        |list: &Known<Vec<Item>>| list.accepted().map(|items| format!("{:?}", names(items))).unwrap_or_default();
    [
        ("versions", &ours.versions, &seen.versions),
        ("suites", &ours.cipher_suites, &seen.cipher_suites),
        ("suites of TLS 1.3", &ours.tls13_cipher_suites, &seen.tls13_cipher_suites),
        ("groups", &ours.groups, &seen.groups),
        ("schemes", &ours.signature_schemes, &seen.signature_schemes),
    ]
    .into_iter()
    .map(|(what, ours, seen)| (what, names(ours), names(seen)))
    .filter(|(_, ours, seen)| ours != seen)
    .collect()
}

const JAVA_CLIENT: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA384",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA",
];

/// A server with a hole between its versions marks the lower one, which an OpenSSL client of old versions refuses.
#[test]
fn a_marked_downgrade_is_refused() {
    let Some(mut bench) = Bench::new() else { return };
    let port = shakedown_testkit::free_port().unwrap();
    for (off, most, agreed) in [
        ("-no_tls1_1", "TLSv1.1", false),
        ("-no_tls1_1", "TLSv1", true),
        ("-no_tls1_1", "TLSv1.2", true),
        ("-no_tls1_2", "TLSv1.1", true),
        ("-tls1", "TLSv1.1", true),
    ] {
        let mut command = Command::new(&bench.openssl);
        command.args([
            "s_server",
            "-www",
            "-accept",
            &format!("127.0.0.1:{port}"),
            off,
            "-cipher",
            "ALL:@SECLEVEL=0",
            "-key",
        ]);
        command.arg(bench.path("rsa.key")).arg("-cert").arg(bench.path("rsa.crt"));
        let running = Running::start(command.env("OPENSSL_CONF", bench.path("empty.cnf"))).unwrap();
        assert!(running.wait_for(Duration::from_secs(20), |log| log.contains("ACCEPT").then_some(())).is_some());
        let protocol = match off {
            "-no_tls1_1" => "ALL,-TLSv1.1",
            "-no_tls1_2" => "ALL,-TLSv1.2",
            _ => "-ALL,TLSv1",
        };
        let head =
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = ALL:@SECLEVEL=0\n";
        let path = bench.write("server.cnf", &format!("{head}Protocol = {protocol}\n"));
        let target = Target {
            kind: ConfigurationKind::OpenSslCnf,
            software: bench.library.clone(),
            path: &path,
            port,
            starttls: None,
            text: off,
        };
        let certificate = bench.described("rsa.crt");
        let before = bench.counts.agreed;
        bench.compare_with(&format!("{head}MaxProtocol = {most}\n"), &target, None, off, |party| {
            let offer = &mut party.tls_mut().unwrap().offer;
            offer.certificates = Known::Complete(vec![certificate]);
            offer.client_certificate = Known::Complete(ClientCertificate::NotAsked);
        });
        assert_eq!(bench.counts.agreed > before, agreed, "{off} {most}");
    }
    assert_eq!(bench.counts.unknown, 0);
}
