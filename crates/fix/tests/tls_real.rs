//! What a plan for TLS promises is what the real nginx and `openssl s_client` of this machine then do, and what a weaker fix
//! could say instead that is stronger by one they refuse.

#![allow(clippy::print_stdout, reason = "how many were tried is the result")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::weaker::{self, Change, cnf};
use common::{Planned, catalog, host, render, run};
use shakedown_config::{Disk, Memory, tls_party};
use shakedown_model::{Applicability, CommandPlace, Fix, Party, Role, Side, Slot, Software};
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
        let flags = shakedown_testkit::run(Command::new(&openssl).args(["version", "-f"]), b"", TIME).expect("it runs");
        // Upstream's security level is 1 before 3.2.
        let build = if flags.text().contains("OPENSSL_TLS_SECURITY_LEVEL=2") { "/debian-12" } else { "" };
        let library = format!("openssl@{}{build}", version(&openssl, "version", "OpenSSL "));
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

    fn server(&self, server: &TlsServer, file: &str) -> Party {
        let path = server.folder().join(file).display().to_string();
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

    /// Makes what one text of a fix says and connects.
    fn connects_with(&self, server: &TlsServer, client: &str, text: &Text) -> Option<(bool, String)> {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join("openssl.cnf");
        let write = |text: &str| std::fs::write(&own, text).expect("the folder is ours");
        write(client);
        Some(match text {
            Text::Server(text) => self.connects(&peers::nginx_again(server, text)?, &own, &[]),
            Text::Client(text) => {
                write(text);
                self.connects(server, &own, &[])
            }
            Text::Call(text) => {
                let options = text.strip_prefix("openssl s_client ")?.split(' ').skip(4);
                let options: Vec<&str> = options.map(|word| word.trim_matches('\'')).collect();
                self.connects(server, &own, &options)
            }
        })
    }

    /// The party that a text makes; of a call there is none to read.
    fn party(&self, server: &TlsServer, text: &Text) -> Option<Party> {
        match text {
            Text::Server(text) => {
                std::fs::write(server.folder().join("edited.conf"), text).expect("the folder is ours");
                Some(self.server(server, "edited.conf"))
            }
            Text::Client(text) => Some(self.client(text)),
            Text::Call(_) => None,
        }
    }

    /// The suites that the library has without a shared secret of its own.
    fn suites(&self) -> BTreeSet<String> {
        let all = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:\
                   TLS_AES_128_CCM_8_SHA256";
        let mut command = Command::new(&self.openssl);
        command.args(["ciphers", "-s", "-stdname", "-ciphersuites", all, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]);
        let text = shakedown_testkit::run(command.env("OPENSSL_CONF", "/dev/null"), b"", TIME).expect("it runs").text();
        text.lines().filter_map(|line| line.split_once(" - ")).map(|(name, _)| name.trim().to_owned()).collect()
    }

    /// Whether the library can be given a group or a scheme.
    fn takes(&self, server: &TlsServer, option: &str, name: &str) -> bool {
        let text = self.connects(server, Path::new("/dev/null"), &[option, name]).1;
        !text.contains("SSL_CONF_cmd")
    }
}

/// What a fix says to write or to call.
enum Text {
    Server(String),
    Client(String),
    Call(String),
}

impl Text {
    fn of(fix: &Fix) -> Vec<Self> {
        let edits = fix.edits.iter().map(|edit| {
            let text = String::from_utf8_lossy(&edit.apply()).into_owned();
            if edit.file.path.ends_with("nginx.conf") { Self::Server(text) } else { Self::Client(text) }
        });
        let commands = fix.commands.iter().filter_map(|command| match &command.place {
            CommandPlace::ClientShell if command.text.starts_with("openssl s_client ") => {
                Some(Self::Call(command.text.clone()))
            }
            _ if command.text.starts_with("openssl_conf") => Some(Self::Client(command.text.clone())),
            _ => None,
        });
        edits.chain(commands).collect()
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Server(text) | Self::Client(text) | Self::Call(text) => text,
        }
    }

    fn into_client(self) -> Option<String> {
        if let Self::Client(text) = self { Some(text) } else { None }
    }

    fn changed(&self, change: &Change) -> Option<Self> {
        let text = weaker::rendered(self.as_str(), change)?;
        Some(match self {
            Self::Server(_) => Self::Server(text),
            Self::Client(_) => Self::Client(text),
            Self::Call(_) => Self::Call(text),
        })
    }
}

/// What `openssl s_client` says of a handshake that came to nothing; `None` where it did not come to one.
fn refusal(words: &str) -> Option<&str> {
    let line = words.lines().find(|line| line.contains(":SSL routines:"))?;
    let reason = line.split(':').nth(5)?;
    (!words.contains("SSL_CONF_cmd") && !words.contains("Error with command")).then_some(reason)
}

/// Certificates, the server's settings, the client's settings.
const CASES: [(&[&str], &str, &str); 13] = [
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
    // What would do neither end lists.
    (&["ec"], "ssl_protocols TLSv1.2;\nssl_ciphers ECDHE-RSA-AES128-SHA;", "CipherString = ECDHE-RSA-AES128-SHA\n"),
    (
        &["rsa"],
        "ssl_protocols TLSv1.3;\nssl_ecdh_curve secp256k1;",
        "MinProtocol = TLSv1.3\nGroups = brainpoolP256r1\nCipherString = kRSA\n",
    ),
];

#[derive(Default, Debug)]
struct Count {
    failing: usize,
    with_safe: usize,
    with_any: usize,
    safe: usize,
    weaker: usize,
    /// Texts tried that are stronger by one than a weaker fix, in vain, by what they change.
    stronger: BTreeMap<&'static str, usize>,
    /// Of those, calls.
    calls: usize,
    /// That need a name that the library does not have, or a shared secret.
    beyond: usize,
    /// What ended those handshakes.
    reasons: BTreeMap<String, usize>,
    /// Where the rules and the programs do not say the same, or a fix is needlessly weak.
    problems: Vec<String>,
}

impl Count {
    fn tried(&self) -> usize {
        self.stronger.values().sum()
    }
}

fn check(
    real: &Real,
    everything: &Everything,
    certificates: &[&str],
    settings: &str,
    client: &str,
    count: &mut Count,
) -> Option<()> {
    let server = peers::nginx(certificates, settings)?;
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("openssl.cnf");
    std::fs::write(&own, client).expect("the folder is ours");
    let (connects, words) = real.connects(&server, &own, &[]);
    let parties = (real.client(client), real.server(&server, "nginx.conf"));
    let planned = run(&parties.0, &parties.1, &host(NAME), &[]);
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
        let (servers, clients): (Vec<Text>, Vec<Text>) =
            Text::of(fix).into_iter().partition(|text| matches!(text, Text::Server(_)));
        if let Some(Text::Server(text)) = servers.first() {
            let (accepted, words) = real.accepts(&server, text);
            assert!(accepted, "{words}\n{text}");
        }
        // What comes after a fix of both ends meets the client as that one leaves it.
        let both = planned.fixes.iter().filter(|other| other.side == Side::Both && fix.afterwards);
        let own = both.flat_map(Text::of).find_map(Text::into_client).unwrap_or_else(|| client.to_owned());
        let edited_server = match (fix.side, servers.first()) {
            (Side::Both, Some(text)) => Some(peers::nginx_again(&server, text.as_str())?),
            _ => None,
        };
        let with_server = edited_server.as_ref().unwrap_or(&server);
        let texts = if fix.side == Side::Server { &servers } else { &clients };
        for text in texts {
            let (works, words) = real.connects_with(with_server, &own, text)?;
            assert!(works, "{}\n{}\n{words}\n{}", fix.title, text.as_str(), shown(&planned));
        }
        match fix.applicability {
            _ if texts.is_empty() => continue,
            Applicability::Safe => count.safe += 1,
            Applicability::Weakens => count.weaker += 1,
            Applicability::Manual => {}
        }
        if fix.applicability != Applicability::Weakens {
            continue;
        }
        let file = clients.into_iter().find_map(Text::into_client);
        let edited_client = file.as_ref().map(|text| real.client(text));
        let server_after = edited_server.as_ref().map(|server| real.server(server, "nginx.conf"));
        if !servers.is_empty() {
            let peer = edited_client.as_ref().unwrap_or(&parties.0);
            let end = End { server: &server, client: file.as_deref().unwrap_or(client), before: &parties.1, peer };
            stronger(real, everything, &end, (fix, &servers), count)?;
        }
        let texts: Vec<Text> = Text::of(fix).into_iter().filter(|text| !matches!(text, Text::Server(_))).collect();
        if !texts.is_empty() {
            let peer = server_after.as_ref().unwrap_or(&parties.1);
            let end = End { server: with_server, client, before: &parties.0, peer };
            stronger(real, everything, &end, (fix, &texts), count)?;
        }
    }
    Some(())
}

/// What a fix changes, with the other end as it leaves that.
struct End<'a> {
    server: &'a TlsServer,
    client: &'a str,
    before: &'a Party,
    peer: &'a Party,
}

/// All that the library has, by the catalog and by its own words.
struct Everything {
    party: Party,
    suites: BTreeSet<String>,
}

impl Everything {
    fn new(real: &Real) -> Self {
        Self { party: real.client(&cnf(weaker::EVERYTHING)), suites: real.suites() }
    }

    fn has(&self, real: &Real, server: &TlsServer, slot: Slot, name: &str) -> bool {
        match slot {
            Slot::CipherSuite => self.suites.contains(name),
            Slot::Group => real.takes(server, "-groups", name),
            Slot::SignatureScheme => real.takes(server, "-sigalgs", name),
            _ => true,
        }
    }
}

/// No more than it has to: what a weaker fix could say instead is refused, by the rules and by the programs.
fn stronger(
    real: &Real,
    everything: &Everything,
    end: &End<'_>,
    (fix, texts): (&Fix, &[Text]),
    count: &mut Count,
) -> Option<()> {
    let &End { server, client, before, peer } = end;
    let edited = texts.iter().find_map(|text| real.party(server, text)).expect("a file");
    for change in weaker::changes(before, &edited, fix, &everything.party) {
        let kind = match &change {
            Change::Without(..) => "without",
            Change::Instead(slot, ..) => slot.as_str(),
            Change::Level(..) => "level",
        };
        if let Change::Instead(slot, _, name) = &change
            && !everything.has(real, server, *slot, name)
        {
            count.beyond += 1;
            continue;
        }
        for text in texts {
            let shown = || format!("{} {change}\n{}\n{client}", fix.title, text.as_str());
            let Some(other) = text.changed(&change) else {
                count.problems.push(format!("no place for it: {}", shown()));
                continue;
            };
            let (connects, words) = real.connects_with(server, client, &other)?;
            let by_rules = real.party(server, &other).is_some_and(|party| {
                let (client, server) = if party.role == Role::Client { (&party, peer) } else { (peer, &party) };
                shakedown_negotiate::negotiate(client, server, &host(NAME)).failed.is_empty()
            });
            let reason = refusal(&words);
            if connects || by_rules || reason.is_none() {
                let verdict = format!("it connects: really {connects}, by the rules {by_rules}");
                count.problems.push(format!("{verdict}\n{}\n{}\n{words}", shown(), other.as_str()));
                continue;
            }
            *count.stronger.entry(kind).or_default() += 1;
            *count.reasons.entry(reason.unwrap_or_default().to_owned()).or_default() += 1;
            count.calls += usize::from(matches!(other, Text::Call(_)));
        }
    }
    Some(())
}

#[test]
fn what_a_plan_promises_is_what_nginx_and_openssl_do() {
    let Some(real) = Real::new() else { return };
    let everything = Everything::new(&real);
    let mut count = Count::default();
    for (certificates, settings, client) in CASES {
        check(&real, &everything, certificates, settings, &cnf(client), &mut count);
    }
    assert_eq!((count.failing, count.with_any), (CASES.len(), CASES.len()));
    assert!(count.problems.is_empty(), "{}", count.problems.join("\n---\n"));
    assert!(count.with_safe >= 7 && count.tried() >= 5, "{count:?}");
    println!("{count:?}");
}

/// Each scenario has a weaker fix, and no alternative to one works.
fn scenarios(chosen: std::ops::Range<usize>) -> Option<Count> {
    let real = Real::new()?;
    let everything = Everything::new(&real);
    let mut count = Count::default();
    for scenario in weaker::scenarios().skip(chosen.start).take(chosen.len()) {
        let before = count.weaker;
        check(&real, &everything, scenario.certificates, scenario.settings, &scenario.client, &mut count)?;
        if count.weaker == before {
            count.problems.push(format!("no weaker fix of {}", scenario.name));
        }
    }
    println!("{count:?}");
    assert!(count.problems.is_empty(), "{}", count.problems.join("\n---\n"));
    assert!(count.beyond < 10, "{count:?}");
    Some(count)
}

#[test]
fn no_server_gets_a_version_or_suite_that_is_weaker_by_one_than_the_real_programs_need() {
    let Some(count) = scenarios(0..9) else { return };
    assert!(count.weaker >= 9 && count.tried() >= 200, "{count:?}");
}

#[test]
fn no_server_gets_a_group_or_scheme_that_is_weaker_by_one_than_the_real_programs_need() {
    let Some(count) = scenarios(9..16) else { return };
    assert!(count.weaker >= 7 && count.tried() >= 50, "{count:?}");
}

#[test]
fn no_client_is_weakened_by_one_more_than_the_real_programs_need() {
    let Some(count) = scenarios(16..weaker::COUNT) else { return };
    // Each in a file and in a call.
    assert!(count.weaker >= 11 && count.tried() >= 150 && count.calls >= 75, "{count:?}");
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

const CIPHERS: [&str; 10] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "AES128-GCM-SHA256",
    "AES128-SHA",
    "kRSA",
    "AESGCM+ECDHE",
    "AES128-CCM8",
    "ECDHE-ECDSA-CAMELLIA128-SHA256",
    "DEFAULT",
];
const GROUPS: [&str; 7] = ["X25519", "P-256", "P-384", "P-521", "secp224r1", "secp256k1", "brainpoolP256r1"];
const SCHEMES: [&str; 6] =
    ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256", "RSA+SHA256", "RSA+SHA224", "RSA+SHA1", "ECDSA+SHA1"];
const VERSIONS: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

#[test]
fn so_it_is_for_configurations_drawn_at_random() {
    let Some(real) = Real::new() else { return };
    let everything = Everything::new(&real);
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
        if random.below(3) == 0 {
            settings += &format!("ssl_conf_command SignatureAlgorithms {};\n", random.some(&SCHEMES, 2, ":"));
            client += &format!("SignatureAlgorithms = {}\n", random.some(&SCHEMES, 3, ":"));
        }
        check(&real, &everything, certificates, &settings, &cnf(&client), &mut count);
    }
    println!("{count:?}");
    assert!(count.problems.is_empty(), "{}", count.problems.join("\n---\n"));
    assert!(count.failing > 0 && count.with_any == count.failing && count.safe > 0, "{count:?}");
}
