//! What a plan for TLS promises is what the real nginx and `openssl s_client` of this machine then do.

#![allow(clippy::print_stdout, reason = "how many were tried is the result")]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::{Planned, catalog, host, render, run};
use shakedown_config::{Disk, Memory, tls_party};
use shakedown_model::{Applicability, CommandPlace, Fix, Party, Role, Side, Software};
use shakedown_testkit::peers::{self, TlsServer};
use shakedown_testkit::{cases, require, seed};

const NAME: &str = "test.example";
const TIME: Duration = Duration::from_secs(20);

fn version(program: &Path, argument: &str, before: &str) -> String {
    let text = shakedown_testkit::run(Command::new(program).arg(argument), b"", TIME).expect("it runs").text();
    let after = text.split_once(before).expect("a version").1;
    after.split_whitespace().next().unwrap_or_default().to_owned()
}

struct Real {
    openssl: std::path::PathBuf,
    nginx: std::path::PathBuf,
    library: String,
    server: Software,
}

impl Real {
    fn new() -> Option<Self> {
        let (openssl, nginx) = (require("openssl")?, require("nginx")?);
        let library = format!("openssl@{}", version(&openssl, "version", "OpenSSL "));
        let server = format!("nginx@{}+{library}", version(&nginx, "-v", "nginx/")).parse().expect("a software");
        Some(Self { openssl, nginx, library, server })
    }

    /// Whether `openssl s_client` with this file and these options comes to an end of the handshake.
    fn connects(&self, server: &TlsServer, client: &Path, options: &[&str]) -> (bool, String) {
        let mut command = Command::new(&self.openssl);
        command.args(["s_client", "-brief", "-servername", NAME, "-connect", &server.address().to_string()]);
        command.args(options).env("OPENSSL_CONF", client);
        let text = shakedown_testkit::run(&mut command, b"", TIME).expect("s_client runs").text();
        (text.contains("CONNECTION ESTABLISHED"), text)
    }

    fn server(&self, server: &TlsServer) -> Party {
        let path = server.folder().join("nginx.conf").display().to_string();
        let context = host(NAME);
        let spec = tls_party::Spec {
            software: &self.server,
            path: &path,
            openssl_cnf: None,
            role: Role::Server,
            context: &context,
        };
        tls_party::gather(&Disk::local(), shakedown_model::ConfigurationKind::Nginx, &spec, catalog())
            .expect("it is read")
            .parties
            .remove(0)
    }

    fn client(&self, text: &str) -> Party {
        let software: Software = self.library.parse().expect("a software");
        let context = host(NAME);
        let spec = tls_party::Spec {
            software: &software,
            path: "openssl.cnf",
            openssl_cnf: None,
            role: Role::Client,
            context: &context,
        };
        let files = Memory::new().with("openssl.cnf", text);
        tls_party::openssl(&files, &spec, catalog()).expect("it is read").parties.remove(0)
    }

    /// `nginx -t` on a text in the place of the server's file.
    fn accepts(&self, server: &TlsServer, text: &str) -> (bool, String) {
        let path = server.folder().join("edited.conf");
        std::fs::write(&path, text).expect("the folder is ours");
        let mut command = Command::new(&self.nginx);
        command.arg("-t").arg("-p").arg(server.folder()).arg("-c").arg(&path).args(["-e", "stderr"]);
        let done = shakedown_testkit::run(command.env("OPENSSL_CONF", "/dev/null"), b"", TIME).expect("nginx runs");
        let text = done.text();
        (text.contains("test is successful"), text)
    }

    /// Makes what one fix says and connects.
    fn works(&self, server: &TlsServer, client: &str, fix: &Fix) -> Option<(bool, String)> {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join("openssl.cnf");
        std::fs::write(&own, client).expect("the folder is ours");
        let edited = fix.edits.first().map(|edit| String::from_utf8_lossy(&edit.apply()).into_owned());
        match (fix.side, edited) {
            (Side::Server, Some(text)) => {
                let (accepted, words) = self.accepts(server, &text);
                assert!(accepted, "{words}\n{text}");
                let again = peers::nginx_again(server, &text)?;
                Some(self.connects(&again, &own, &[]))
            }
            (Side::Client, Some(text)) => {
                std::fs::write(&own, text).expect("the folder is ours");
                Some(self.connects(server, &own, &[]))
            }
            (Side::Client, None) => {
                let command = fix.commands.iter().find(|command| command.place == CommandPlace::ClientShell)?;
                let options = command.text.strip_prefix("openssl s_client ")?.split(' ').skip(4);
                let options: Vec<&str> = options.map(|word| word.trim_matches('\'')).collect();
                Some(self.connects(server, &own, &options))
            }
            _ => None,
        }
    }
}

/// The last level of security and the lowest version of an `openssl.cnf`, by the places of [`VERSIONS`].
fn strength(text: &str) -> (Option<u8>, Option<usize>) {
    let level = text.rsplit_once("@SECLEVEL=").and_then(|(_, rest)| rest.get(..1)?.parse().ok());
    let lowest = text.lines().filter_map(|line| line.trim().strip_prefix("MinProtocol = ")).next_back();
    (level, lowest.and_then(|lowest| VERSIONS.iter().position(|version| *version == lowest.trim())))
}

/// The files that are stronger by one step in what a weaker one takes down from the client's own.
fn stronger(own: &str, weaker: &str) -> Vec<String> {
    let ((own_level, own_lowest), (level, lowest)) = (strength(own), strength(weaker));
    let mut all = Vec::new();
    if let (Some(level), Some((before, after))) = (level, weaker.rsplit_once("@SECLEVEL="))
        && level < own_level.unwrap_or(2)
    {
        all.push(format!("{before}@SECLEVEL={}{}", level + 1, &after[1..]));
    }
    if let Some(lowest) = lowest
        && own_lowest.is_some_and(|own| lowest < own)
    {
        let line = |version: usize| format!("MinProtocol = {}\n", VERSIONS[version]);
        all.push(weaker.replace(&line(lowest), &line(lowest + 1)));
    }
    all
}

fn cnf(lines: &str) -> String {
    format!("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n{lines}")
}

/// Certificates, the server's settings, the client's settings.
const CASES: [(&[&str], &str, &str); 11] = [
    (&["rsa"], "ssl_protocols TLSv1.3;", "MaxProtocol = TLSv1.2\n"),
    (
        &["rsa"],
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "MinProtocol = TLSv1\nMaxProtocol = TLSv1.1\nCipherString = DEFAULT:@SECLEVEL=0\n",
    ),
    (&["rsa"], "ssl_protocols TLSv1;\nssl_ciphers DEFAULT:@SECLEVEL=0;", "MinProtocol = TLSv1.2\n"),
    (&["rsa"], "ssl_protocols TLSv1.1;\nssl_ciphers DEFAULT:@SECLEVEL=0;", "MinProtocol = TLSv1.2\n"),
    (&["rsa"], "ssl_protocols TLSv1 TLSv1.1;\nssl_ciphers DEFAULT:@SECLEVEL=0;", "MinProtocol = TLSv1.3\n"),
    (&["rsa"], "ssl_protocols TLSv1.2;\nssl_ciphers ECDHE+AESGCM;", "CipherString = kRSA:@SECLEVEL=1\n"),
    (&["rsa"], "ssl_protocols TLSv1.3;\nssl_ecdh_curve secp521r1;", "Groups = X25519:P-256\n"),
    (&["ec"], "ssl_protocols TLSv1.2;", "CipherString = ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA\n"),
    (
        &["rsa"],
        "ssl_protocols TLSv1.2;\nssl_ciphers \"ECDHE-RSA-AES128-GCM-SHA256:!AES256\";",
        "CipherString = AES256-SHA\n",
    ),
    (&["rsa"], "ssl_protocols TLSv1.2;\nssl_ciphers AES128-SHA;", "CipherString = ECDHE-RSA-AES256-GCM-SHA384\n"),
    (&["rsa", "ec"], "ssl_protocols TLSv1.1;\nssl_ciphers AES128-SHA:@SECLEVEL=0;", "MinProtocol = TLSv1.3\n"),
];

#[derive(Default, Debug)]
struct Count {
    failing: usize,
    with_safe: usize,
    with_any: usize,
    safe: usize,
    weaker: usize,
    /// Tried that are stronger by one step than a weaker fix, in vain.
    stronger: usize,
}

fn check(real: &Real, certificates: &[&str], settings: &str, client: &str, count: &mut Count) -> Option<()> {
    let server = peers::nginx(certificates, settings)?;
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("openssl.cnf");
    std::fs::write(&own, client).expect("the folder is ours");
    let (connects, words) = real.connects(&server, &own, &[]);
    let planned = run(&real.client(client), &real.server(&server), &host(NAME), &[]);
    let shown = |planned: &Planned| format!("{certificates:?}\n{settings}\n{client}\n{words}\n{}", render(planned));
    assert_eq!(connects, planned.outcome.failed.is_empty(), "{}\n{:?}", shown(&planned), planned.outcome.failed);
    if connects {
        assert!(planned.fixes.is_empty(), "{}", shown(&planned));
        return Some(());
    }
    count.failing += 1;
    count.with_safe += usize::from(planned.fixes.iter().any(|fix| fix.applicability == Applicability::Safe));
    count.with_any += usize::from(!planned.fixes.is_empty());
    for fix in &planned.fixes {
        let Some((works, words)) = real.works(&server, client, fix) else { continue };
        assert!(works, "{}\n{words}\n{}", fix.title, shown(&planned));
        match fix.applicability {
            Applicability::Safe => count.safe += 1,
            _ => count.weaker += 1,
        }
        let text = fix.commands.iter().map(|command| &command.text).find(|text| text.starts_with("openssl_conf"));
        let Some(text) = text.filter(|_| fix.applicability == Applicability::Weakens && fix.side == Side::Client)
        else {
            continue;
        };
        // No more than it has to.
        std::fs::write(&own, text).expect("the folder is ours");
        assert!(real.connects(&server, &own, &[]).0, "{}\n{text}\n{}", fix.title, shown(&planned));
        for other in stronger(client, text) {
            std::fs::write(&own, &other).expect("the folder is ours");
            let (connects, words) = real.connects(&server, &own, &[]);
            assert!(!connects, "{}\n{text}\nneedlessly weak: {other}\n{words}\n{}", fix.title, shown(&planned));
            count.stronger += 1;
        }
    }
    Some(())
}

#[test]
fn what_a_plan_promises_is_what_nginx_and_openssl_do() {
    let Some(real) = Real::new() else { return };
    let mut count = Count::default();
    for (certificates, settings, client) in CASES {
        check(&real, certificates, settings, &cnf(client), &mut count);
    }
    assert_eq!((count.failing, count.with_any), (CASES.len(), CASES.len()));
    assert!(count.with_safe >= 7 && count.stronger >= 5, "{count:?}");
    println!("{count:?}");
}

/// xorshift64*, as in the tests of `negotiate`.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("31 bits") % limit
    }

    fn some(&mut self, names: &[&str], most: usize, separator: &str) -> String {
        let mut left: Vec<&str> = names.to_vec();
        let count = 1 + self.below(most);
        let drawn: Vec<&str> = (0..count).map(|_| left.swap_remove(self.below(left.len()))).collect();
        drawn.join(separator)
    }
}

const CIPHERS: [&str; 8] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "AES128-GCM-SHA256",
    "AES128-SHA",
    "kRSA",
    "AESGCM+ECDHE",
    "DEFAULT",
];
const GROUPS: [&str; 4] = ["X25519", "P-256", "P-384", "P-521"];
const VERSIONS: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

#[test]
fn so_it_is_for_configurations_drawn_at_random() {
    let Some(real) = Real::new() else { return };
    let mut count = Count::default();
    let first = seed();
    for case in 0..cases(16) {
        let mut random = Random((first + u64::from(case)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let certificates: [&[&str]; 3] = [&["rsa"], &["ec"], &["rsa", "ec"]];
        let certificates = certificates[random.below(3)];
        let level = random.below(3);
        let mut settings = format!(
            "ssl_ciphers {}:@SECLEVEL={level};\nssl_protocols {};\n",
            random.some(&CIPHERS, 2, ":"),
            random.some(&VERSIONS, 2, " ")
        );
        let mut client = format!("CipherString = {}:@SECLEVEL={}\n", random.some(&CIPHERS, 2, ":"), random.below(3));
        client += &format!("MinProtocol = {}\n", VERSIONS[random.below(4)]);
        if random.below(2) == 0 {
            settings += &format!("ssl_ecdh_curve {};\n", random.some(&GROUPS, 1, ":"));
            client += &format!("Groups = {}\n", random.some(&GROUPS, 2, ":"));
        }
        check(&real, certificates, &settings, &cnf(&client), &mut count);
    }
    assert!(count.failing > 0 && count.with_any == count.failing && count.safe > 0, "{count:?}");
}
