//! What the tests of TLS parties against real servers share: certificates, clients by chance, and the comparison.
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use shakedown_config::Disk;
use shakedown_config::tls_party::{self, Spec};
use shakedown_model::tls::Certificate;
use shakedown_model::{ConfigurationKind, Context, Outcome, OutcomeResult, Party, Role, Slot, Software};
use shakedown_testkit::run;

use super::common::{Random, catalog};

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const CIPHERS: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-SHA",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA",
    "HIGH",
    "kRSA",
    "ALL",
    "DEFAULT",
];
pub(crate) const GROUPS: &[&str] = &["X25519", "P-256", "P-384", "P-521", "X448"];
pub(crate) const SCHEMES: &[&str] =
    &["RSA+SHA256", "RSA-PSS+SHA256", "ECDSA+SHA256", "ECDSA+SHA384", "RSA+SHA512", "RSA-PSS+SHA512"];
pub(crate) const TLS13: &[&str] = &["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const VERSIONS: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/// Some of the names, in an order by chance.
pub(crate) fn some(random: &mut Random, names: &[&str], most: usize, separator: &str) -> String {
    let mut left: Vec<&str> = names.to_vec();
    let count = 1 + random.below(most);
    let drawn: Vec<&str> = (0..count).map(|_| left.swap_remove(random.below(left.len()))).collect();
    drawn.join(separator)
}

/// A cipher string. It always says its level: the one that a build has by itself differs between machines.
pub(crate) fn ciphers(random: &mut Random) -> String {
    let list = some(random, CIPHERS, 4, ":");
    format!("{list}:@SECLEVEL={}", random.below(3))
}

/// Certificates in a folder, and the client that connects.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) openssl: PathBuf,
    /// `openssl@3.0.19`.
    pub(crate) library: String,
    names: BTreeMap<String, String>,
    pub(crate) counts: Counts,
}

/// What became of the comparisons.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) agreed: u32,
    pub(crate) failed: u32,
    pub(crate) unknown: u32,
}

/// The server that a client connects to.
pub(crate) struct Target<'a> {
    pub(crate) kind: ConfigurationKind,
    pub(crate) software: String,
    pub(crate) path: &'a Path,
    pub(crate) port: u16,
    pub(crate) starttls: Option<&'a str>,
    pub(crate) text: &'a str,
}

impl Bench {
    pub(crate) fn new() -> Option<Self> {
        let openssl = shakedown_testkit::require("openssl")?;
        let folder = tempfile::tempdir().unwrap();
        for (name, key) in [
            ("rsa", &["rsa:2048"][..]),
            ("ec", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
            ("ed25519", &["ed25519"]),
        ] {
            let made = Command::new(&openssl)
                .args(["req", "-x509", "-nodes", "-days", "2", "-newkey"])
                .args(key)
                .args(["-subj", &format!("/CN={name}"), "-addext", &format!("subjectAltName=DNS:{name}.example")])
                .arg("-keyout")
                .arg(folder.path().join(format!("{name}.key")))
                .arg("-out")
                .arg(folder.path().join(format!("{name}.crt")))
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            let read = |ending: &str| std::fs::read(folder.path().join(format!("{name}.{ending}"))).unwrap();
            std::fs::write(folder.path().join(format!("{name}.pem")), [read("crt"), read("key")].concat()).unwrap();
        }
        std::fs::write(folder.path().join("empty.cnf"), "").unwrap();
        let library = run(Command::new(&openssl).arg("version"), b"", PATIENCE).unwrap().text();
        // `OpenSSL 3.0.22 ... (Library: OpenSSL 3.0.19 ...)`: the library counts.
        let version = library.rsplit("OpenSSL ").next().unwrap().split_whitespace().next().unwrap();
        let library = format!("openssl@{version}");
        let text =
            run(Command::new(&openssl).args(["ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]), b"", PATIENCE);
        let names = text.unwrap().stdout;
        let names = names.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let standard = words.next()?;
            Some((words.nth(1)?.to_owned(), standard.to_owned()))
        });
        let names = names.collect();
        Some(Self { folder, openssl, library, names, counts: Counts::default() })
    }

    /// A file with a certificate for these names, and the key of that name.
    pub(crate) fn certificate(&self, file: &str, key: &str, names: &str) {
        let key = self.path(&format!("{key}.key"));
        let made = Command::new(&self.openssl)
            .args(["req", "-x509", "-days", "2", "-subj", "/CN=made", "-addext", &format!("subjectAltName={names}")])
            .arg("-key")
            .arg(&key)
            .arg("-out")
            .arg(self.path(file))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let both = [std::fs::read(self.path(file)).unwrap(), std::fs::read(&key).unwrap()].concat();
        std::fs::write(self.path(file), both).unwrap();
    }

    /// The facts of a certificate in the folder.
    pub(crate) fn described(&self, file: &str) -> Certificate {
        let bytes = std::fs::read(self.path(file)).unwrap();
        let (read, _) = shakedown_x509::certificates(&bytes, &shakedown_x509::Limits::default());
        read[0].certificate.facts()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// IANA's name of a suite that OpenSSL names so.
    pub(crate) fn standard<'a>(&'a self, name: &'a str) -> &'a str {
        self.names.get(name).map_or(name, String::as_str)
    }

    pub(crate) fn client(&self, random: &mut Random) -> String {
        let mut text = format!(
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = {}\n",
            ciphers(random)
        );
        if random.percent(40) {
            text += &format!("MinProtocol = {}\n", random.pick(VERSIONS));
        }
        if random.percent(50) {
            text += &format!("MaxProtocol = {}\n", random.pick(&VERSIONS[1..]));
        }
        if random.percent(50) {
            text += &format!("Groups = {}\n", some(random, GROUPS, 3, ":"));
        }
        if random.percent(30) {
            text += &format!("SignatureAlgorithms = {}\n", some(random, SCHEMES, 4, ":"));
        }
        if random.percent(30) {
            text += &format!("Ciphersuites = {}\n", some(random, TLS13, 3, ":"));
        }
        text
    }

    /// The party of the server's file for this connection.
    pub(crate) fn server(&self, target: &Target<'_>, name: Option<&str>) -> (Party, Context) {
        let context = Context {
            address: "127.0.0.1".parse().ok(),
            port: Some(target.port),
            server_name: name.map(str::to_owned),
            ..Context::default()
        };
        let software: Software = target.software.parse().unwrap();
        let spec = Spec {
            software: &software,
            path: target.path.to_str().unwrap(),
            openssl_cnf: None,
            role: Role::Server,
            context: &context,
        };
        let gathered = tls_party::gather(&Disk::local(), target.kind, &spec, catalog());
        let mut gathered = gathered.unwrap_or_else(|error| panic!("{error}\n{}", target.text));
        assert_eq!(
            gathered.parties.len(),
            1,
            "{:?}\n{}",
            gathered.parties.iter().map(|party| &party.notes).collect::<Vec<_>>(),
            target.text
        );
        (gathered.parties.remove(0), context)
    }

    /// Connects with a client by chance, and compares what comes of it with what the rules make of both files.
    pub(crate) fn compare(&mut self, random: &mut Random, target: &Target<'_>, name: Option<&str>, shown: &str) {
        let text = self.client(random);
        self.compare_with(&text, target, name, shown, |_| {});
    }

    /// The same with a client that has this `openssl.cnf`, and a server of which more is known than its file says.
    pub(crate) fn compare_with(
        &mut self,
        text: &str,
        target: &Target<'_>,
        name: Option<&str>,
        shown: &str,
        more: impl FnOnce(&mut Party),
    ) {
        let path = self.write("client.cnf", text);
        let mut command = Command::new(&self.openssl);
        command.args(["s_client", "-brief", "-connect", &format!("127.0.0.1:{}", target.port)]);
        match name {
            Some(name) => command.args(["-servername", name]),
            None => command.arg("-noservername"),
        };
        if let Some(protocol) = target.starttls {
            command.args(["-starttls", protocol]);
        }
        let real = run(command.env("OPENSSL_CONF", &path), b"", PATIENCE).expect("s_client runs").text();
        let (mut server, context) = self.server(target, name);
        more(&mut server);
        let software: Software = self.library.parse().unwrap();
        let spec = Spec {
            software: &software,
            path: path.to_str().unwrap(),
            openssl_cnf: None,
            role: Role::Client,
            context: &context,
        };
        let client = tls_party::openssl(&Disk::local(), &spec, catalog()).unwrap().parties.remove(0);
        let outcome = shakedown_negotiate::negotiate(&client, &server, &context);
        let shown = format!(
            "{shown} {name:?}\n{text}---\n{}---\n{real}\n{:?}\n{:?}",
            target.text, outcome.agreed, outcome.failed
        );
        self.judge(&real, &outcome, &shown);
    }

    pub(crate) fn judge(&mut self, real: &str, outcome: &Outcome, shown: &str) {
        // They agree in any case, on which of several is not known.
        let one_of = outcome.result() == OutcomeResult::Agreed && outcome.agreed(Slot::CipherSuite).is_none();
        if outcome.result() == OutcomeResult::Unknown || one_of && real.contains("CONNECTION ESTABLISHED") {
            self.counts.unknown += 1;
            return;
        }
        let Some(suite) = after(real, &["Ciphersuite:"]).filter(|_| real.contains("CONNECTION ESTABLISHED")) else {
            assert_eq!(outcome.result(), OutcomeResult::Failed, "{shown}");
            self.counts.failed += 1;
            return;
        };
        assert_eq!(outcome.result(), OutcomeResult::Agreed, "{shown}");
        let agreed = |slot| outcome.agreed(slot).map(|name| name.as_str().to_owned());
        let version = after(real, &["Protocol version:"]).map(|name| if name == "TLSv1" { "TLSv1.0" } else { name });
        assert_eq!(agreed(Slot::Version).as_deref(), version, "{shown}");
        let suite = self.names.get(suite).map_or(suite, String::as_str);
        assert_eq!(agreed(Slot::CipherSuite).as_deref(), Some(suite), "{shown}");
        // `X25519, 253 bits`, or `ECDH, prime256v1, 256 bits`; of DHE, `DH, 2048 bits`.
        let group = after(real, &["Server Temp Key:", "Peer Temp Key:"]).filter(|key| !key.starts_with("DH,"));
        let group = group.map(|key| {
            let key = key.strip_prefix("ECDH, ").unwrap_or(key);
            match key.split(',').next().unwrap_or_default() {
                "prime256v1" => "secp256r1".to_owned(),
                other => other.to_lowercase(),
            }
        });
        // Some group in any case, of several that may be.
        if outcome.agreed.iter().any(|(slot, _)| *slot == Slot::Group) {
            assert_eq!(agreed(Slot::Group).map(|name| name.to_lowercase()), group, "{shown}");
        }
        self.counts.agreed += 1;
    }

    /// Says the figures; both kinds have to have come about, and next to nothing may be left open.
    pub(crate) fn done(&self, what: &str) {
        let Counts { agreed, failed, unknown } = self.counts;
        println!("{what}: {agreed} agreed, {failed} failed, {unknown} not known");
        assert!(agreed > 0 && failed > 0 && unknown * 5 <= agreed + failed, "{:?}", self.counts);
    }
}

/// What a line of `s_client -brief` says after this label.
fn after<'a>(text: &'a str, labels: &[&str]) -> Option<&'a str> {
    text.lines().find_map(|line| labels.iter().find_map(|label| line.strip_prefix(label)).map(str::trim))
}

/// The hello of the next client that connects.
pub(crate) fn hello(listener: &std::net::TcpListener) -> shakedown_wire::tls::ClientHello {
    use std::io::Read as _;
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).unwrap();
    // One record holds it.
    shakedown_wire::tls::ClientHello::parse(&body, shakedown_wire::tls::Transport::Stream).unwrap()
}
