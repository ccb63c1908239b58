//! HAProxy: what is read, what `haproxy -c` says to the same files, and the versions that clients get from a running one.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Random, message, versions};
use shakedown_config::haproxy::{DEFAULT_PATH, Reading, Spec, read};
use shakedown_config::tls::{ClientVerification, TlsVersion, VersionBound};
use shakedown_config::{Disk, Files, Memory};
use shakedown_model::{ConfigProblem, Evidence, Fact, OriginKind, Role};
use shakedown_testkit::Running;

fn reading(files: &dyn Files) -> Reading {
    read(files, &Spec { path: DEFAULT_PATH, version: Some("2.6.12") }).unwrap()
}

fn of(text: &str) -> Reading {
    reading(&Memory::new().with(DEFAULT_PATH, text))
}

const TWO: &str = "global
  crt-base /etc/certs
  ssl-default-bind-ciphers ECDHE+AESGCM # strong
  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
frontend web
  bind :80
  bind *:443,[::]:443 ssl crt site.pem alpn h2,http/1.1
  bind 192.0.2.1:8443 ssl crt /x/y.pem ciphers HIGH ssl-max-ver TLSv1.2 prefer-client-ciphers verify optional ca-file /x/ca.pem strict-sni
backend back
  server one 192.0.2.9:443 ssl verify none sni str(back.example)
";

#[test]
fn lines_over_the_global_section() {
    let reading = of(TWO);
    assert!(reading.evidence.is_empty(), "{:?}", reading.evidence.iter().map(message).collect::<Vec<_>>());
    let [a, b] = reading.servers.as_slice() else { panic!("{}", reading.servers.len()) };
    assert_eq!((versions(a).as_str(), versions(b).as_str()), ("TLSv1.2 TLSv1.3", "TLSv1.2"));
    let ciphers = a.settings.cipher_list.as_ref().unwrap();
    let OriginKind::File { span, .. } = ciphers.part(0..5).kind().clone() else { panic!() };
    assert_eq!((ciphers.as_str(), &TWO[span]), ("ECDHE+AESGCM", "ECDHE"));
    assert_eq!(b.settings.cipher_list.as_ref().unwrap().as_str(), "HIGH");
    assert_eq!(a.listen.len(), 2);
    assert_eq!(a.certificates[0].certificate.as_str(), "/etc/certs/site.pem");
    assert!(a.settings.option("ServerPreference").unwrap().on && !b.settings.option("ServerPreference").unwrap().on);
    assert!(!a.settings.option("SessionTicket").unwrap().on);
    assert_eq!(b.settings.client_verification.as_ref().unwrap().value, ClientVerification::Optional);
    assert!(b.reject_handshake.as_ref().unwrap().value);
    assert_eq!(a.alpn.as_ref().unwrap()[0].value, "h2");
    let [client] = reading.clients.as_slice() else { panic!() };
    assert_eq!((client.role, client.verify_peer.as_ref().unwrap().value), (Role::Client, false));
}

#[test]
fn versions_by_default_and_by_name() {
    for (version, options, expected) in [
        ("2.6.12", "", "TLSv1.2 TLSv1.3"),
        ("2.0.0", "", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"),
        ("2.6.12", "ssl-max-ver TLSv1.1", "TLSv1.1"),
        ("2.6.12", "no-tlsv13", "TLSv1.2"),
        ("2.6.12", "ssl-min-ver TLSv1.0 no-tlsv13", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"),
        ("2.6.12", "force-tlsv13", "TLSv1.3"),
    ] {
        let text = format!("frontend f\n bind :443 ssl crt x {options}\n");
        let files = Memory::new().with(DEFAULT_PATH, text);
        let reading = read(&files, &Spec { path: DEFAULT_PATH, version: Some(version) }).unwrap();
        assert_eq!(versions(&reading.servers[0]), expected, "{version} {options}");
    }
}

#[test]
fn lists_of_certificates_and_mistakes() {
    let files = Memory::new()
        .with(
            DEFAULT_PATH,
            "frontend f\n bind :443 ssl crt-list /l\n bind :444 ssl\n bind :445 ssl crt x ssl-min-ver TLSv1\n",
        )
        .with("/l", "# x\na.pem a.example\nb.pem [ssl-min-ver TLSv1.3] b.example !x.b.example\n");
    let reading = reading(&files);
    let first = &reading.servers[0];
    assert_eq!(first.certificates.len(), 2);
    assert_eq!(
        first.names.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["a.example", "b.example", "!x.b.example"]
    );
    let [plain, own] = first.contexts.as_slice() else { panic!("{:?}", first.contexts) };
    assert!(plain.settings.is_none() && plain.fallback && !own.fallback);
    let least = own.settings.as_ref().unwrap().min_protocol.as_ref().unwrap();
    assert_eq!(least.value, VersionBound::Version(TlsVersion::Tls13));
    assert_eq!(own.names.len(), 2);
    let found: Vec<&str> = reading.evidence.iter().map(message).collect();
    assert_eq!(found, ["no SSL certificate specified for bind ':444'", "'TLSv1' : unknown ssl/tls version"]);
}

#[test]
fn edits() {
    let reading = of(TWO);
    let text = |server, option, value| {
        let edit = reading.set(server, option, value).unwrap();
        (String::from_utf8(edit.files[0].apply()).unwrap(), edit.also)
    };
    let (after, also) = text(1, "ciphers", "HIGH:AES128-SHA");
    assert_eq!(after, TWO.replace("ciphers HIGH", "ciphers HIGH:AES128-SHA"));
    assert!(also.is_empty());
    let (after, _) = text(0, "ssl-min-ver", "TLSv1.1");
    assert_eq!(after, TWO.replace("alpn h2,http/1.1", "alpn h2,http/1.1 ssl-min-ver TLSv1.1"));
    assert!(reading.set(1, "ssl-max-ver", "TLSv1.2").is_err());
}

struct Haproxy {
    program: PathBuf,
    openssl: PathBuf,
    folder: tempfile::TempDir,
}

fn haproxy() -> Option<Haproxy> {
    let program = shakedown_testkit::require("haproxy")?;
    let openssl = shakedown_testkit::require("openssl")?;
    let folder = tempfile::tempdir().unwrap();
    let both = folder.path().join("s.pem");
    let made = Command::new(&openssl)
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=s"])
        .arg("-keyout")
        .arg(&both)
        .arg("-out")
        .arg(folder.path().join("s.crt"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(made.status.success());
    let mut pem = std::fs::read(&both).unwrap();
    pem.extend(std::fs::read(folder.path().join("s.crt")).unwrap());
    std::fs::write(&both, pem).unwrap();
    std::fs::write(folder.path().join("empty.cnf"), "").unwrap();
    Some(Haproxy { program, openssl, folder })
}

impl Haproxy {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-f").arg(self.folder.path().join("haproxy.cfg"));
        command.env("OPENSSL_CONF", self.folder.path().join("empty.cnf"));
        command
    }

    fn read(&self) -> Reading {
        let path = self.folder.path().join("haproxy.cfg");
        read(&Disk::local(), &Spec { path: path.to_str().unwrap(), version: Some("2.6.12") }).unwrap()
    }

    fn write(&self, random: &mut Random, port: u16) -> String {
        let certificate = self.folder.path().join("s.pem").display().to_string();
        let mut text = "global\n  ssl-default-bind-ciphers ALL:@SECLEVEL=0\n".to_owned();
        let options = |random: &mut Random| {
            let mut options = String::new();
            for _ in 0..random.below(3) {
                options.push_str(random.pick(&[
                    " ssl-min-ver TLSv1.1",
                    " ssl-min-ver TLSv1.3",
                    " ssl-max-ver TLSv1.2",
                    " ssl-max-ver TLSv1.1",
                    " no-tlsv13",
                    " no-tlsv12",
                    " no-tls-tickets",
                    " prefer-client-ciphers",
                    " force-tlsv12",
                    " no-sslv3",
                ]));
            }
            if random.percent(6) {
                options.push_str(random.pick(&[" ssl-min-ver TLSv1", " ssl-max-ver 1.3"]));
            }
            options
        };
        if random.percent(60) {
            text.push_str(&format!("  ssl-default-bind-options{}\n", options(random)));
        }
        text.push_str(
            "defaults\n  mode http\n  timeout client 5s\n  timeout connect 5s\n  timeout server 5s\nfrontend \"f\"\n",
        );
        let certificate = if random.percent(95) { format!("crt \"{certificate}\"") } else { String::new() };
        text.push_str(&format!("  bind 127.0.0.1:{port} ssl {certificate}{} # end\n", options(random)));
        std::fs::write(self.folder.path().join("haproxy.cfg"), &text).unwrap();
        text
    }
}

/// What `haproxy -c` says to generated files is among what is read from them; what it accepts, nothing speaks against; and a
/// running one speaks the versions that were read.
#[test]
fn haproxy_does_the_same() {
    let Some(haproxy) = haproxy() else { return };
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let (mut refused, mut connections) = (0, 0);
    for case in 0..shakedown_testkit::cases(40) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 49_979_687));
        let port = shakedown_testkit::free_port().unwrap();
        let text = haproxy.write(&mut random, port);
        let reading = haproxy.read();
        let output = haproxy.command().arg("-c").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let fatal = |evidence: &&Evidence| {
            !matches!(evidence.fact, Fact::Configuration { problem: ConfigProblem::Ineffective, .. })
        };
        let ours: Vec<&str> = reading.evidence.iter().filter(fatal).map(message).collect();
        if !output.status.success() {
            assert!(ours.iter().any(|message| said.contains(message)), "case {case}: {ours:?}\n{said}\n{text}");
            refused += 1;
            continue;
        }
        assert!(ours.is_empty(), "case {case}: {ours:?}\n{said}\n{text}");
        if case % 3 != 0 {
            continue;
        }
        let running = Running::start(haproxy.command().arg("-db")).unwrap();
        // It says nothing once it listens.
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(address).is_err() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        for (flag, version) in
            [("-tls1_1", TlsVersion::Tls11), ("-tls1_2", TlsVersion::Tls12), ("-tls1_3", TlsVersion::Tls13)]
        {
            let mut client = Command::new(&haproxy.openssl);
            client.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-cipher", "ALL:@SECLEVEL=0", flag]);
            client.env("OPENSSL_CONF", haproxy.folder.path().join("empty.cnf"));
            let output = client.stdin(Stdio::null()).output().unwrap();
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            let agreed = shown.contains("Cipher is ") && !shown.contains("Cipher is (NONE)");
            let expected = reading.servers[0].settings.allows(version).is_ok();
            assert_eq!(agreed, expected, "case {case} {version}\n{text}\n{shown}\n{}", running.log());
            connections += 1;
        }
    }
    println!("{refused} refused, {connections} connections");
    assert!(refused > 0 && connections > 0);
}
