//! `emulate` as a server of TLS: the real clients of this machine meet what they would meet at the real server.
#![allow(clippy::print_stderr, reason = "the seed and what came out are told")]

#[path = "support/emulations.rs"]
mod emulations;
#[path = "support/listener.rs"]
mod listener;
#[path = "support/random_tls.rs"]
mod random_tls;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use emulations::Emulations;
use listener::Listener;
use random_tls::{Random, TLS13, version};
use serde_json::{Value, json};
use shakedown_testkit::peers::nginx_sites;
use shakedown_testkit::{cases, program, require, run, seed};

const PATIENCE: Duration = Duration::from_secs(30);

fn emulate(arguments: &[&str]) -> Listener {
    Listener::start_as("emulate", &[arguments, &["--timeout", "5m"]].concat())
}

fn notes(document: &Value) -> String {
    let notes = document["notes"].as_array().map(Vec::as_slice).unwrap_or_default();
    notes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

/// A client that is run against both servers.
struct Client {
    name: &'static str,
    /// The command with `{port}` in place of the port.
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
    input: &'static [u8],
    /// The lines that tell what came out, without what differs between any two runs.
    read: fn(&str) -> Vec<String>,
}

impl Client {
    fn outcome(&self, server: SocketAddr) -> (Vec<String>, String) {
        let mut words = self.arguments.iter().map(|word| word.replace("{port}", &server.port().to_string()));
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words).envs(self.environment.iter().map(|(name, value)| (name, value)));
        let ended = run(&mut command, self.input, PATIENCE).expect("it runs");
        let text = ended.text();
        assert!(ended.status.is_some(), "{} did not end: {:?} {text}", self.name, self.arguments);
        let mut lines = (self.read)(&text);
        lines.push(format!("status {:?}", ended.status.and_then(|status| status.code())));
        (lines, text)
    }
}

fn begins(text: &str, beginnings: &[&str]) -> Vec<String> {
    let wanted = |line: &&str| beginnings.iter().any(|begin| line.starts_with(begin));
    text.lines().map(str::trim).filter(wanted).map(str::to_owned).collect()
}

/// OpenSSL's errors without the number of the thread.
fn errors(text: &str) -> Vec<String> {
    let error = |line: &str| line.split_once(":error:").map(|(_, error)| format!("error:{error}"));
    text.lines().filter_map(error).collect()
}

fn of_s_client(text: &str) -> Vec<String> {
    let labels = [
        "CONNECTION ESTABLISHED",
        "Protocol version:",
        "Ciphersuite:",
        "Hash used:",
        "Signature type:",
        "Server Temp Key:",
        "Peer Temp Key:",
    ];
    [begins(text, &labels), errors(text)].concat()
}

fn of_curl(text: &str) -> Vec<String> {
    begins(
        text,
        &["* SSL connection using", "* ALPN", "curl: (", "code ", "* OpenSSL/", "*  subject", "*  SSL certificate"],
    )
    .into_iter()
    .filter(|line| !line.contains("Send failure") && !line.contains("Recv failure"))
    .collect()
}

fn of_gnutls(text: &str) -> Vec<String> {
    begins(text, &["- Description:", "- Options:", "*** ", "- Handshake was completed"])
}

/// The clients that are slow to start make all their connections in one process: a line of input each, a line of output each.
const PYTHON: &str = r#"
import json, socket, ssl, sys
for line in sys.stdin:
    port, name, versions, ciphers = json.loads(line)
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers(ciphers)
        context.minimum_version, context.maximum_version = (getattr(ssl.TLSVersion, one) for one in versions.split("-"))
        with socket.create_connection(("127.0.0.1", port), 20) as plain:
            with context.wrap_socket(plain, server_hostname=name) as stream:
                print(stream.version(), stream.cipher(), len(stream.getpeercert(True)))
    except OSError as error:
        print(type(error).__name__, error)
"#;

const NODE: &str = r#"
const tls = require("tls");
const meet = ([port, servername, ecdhCurve, ciphers, minVersion, maxVersion]) => new Promise(told => {
  const options = {port, host: "127.0.0.1", servername, rejectUnauthorized: false, ecdhCurve, ciphers, minVersion, maxVersion};
  const failed = error => told([error.code, error.library, error.reason].join(" "));
  try {
    const stream = tls.connect(options, () => {
      const key = stream.getEphemeralKeyInfo();
      const certificate = stream.getPeerCertificate();
      told([stream.getProtocol(), stream.getCipher().standardName, key.type, key.name, key.size, certificate.fingerprint].join(" "));
      stream.end();
    });
    stream.on("error", failed);
  } catch (error) { failed(error); }
});
(async () => {
  const lines = require("fs").readFileSync(0, "utf8").trim().split("\n");
  for (const line of lines) console.log(await meet(JSON.parse(line)));
})();
"#;

/// What the sites are called, and a name that none has.
const NAMES: [&str; 3] = ["test.example", "other.example", "stranger.example"];
/// Beside those that are drawn everywhere.
const MORE_CIPHERS: &[&str] = &[
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-SHA",
    "DHE-RSA-AES128-CCM8",
    "ECDHE-ECDSA-AES256-CCM",
    "ECDHE-ECDSA-AES128-CCM8",
    "AES128-CCM",
    "AES256-CCM8",
    "ECDHE-RSA-AES128-SHA256",
];
const MORE_TLS13: &[&str] = &["TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256", "TLS_AES_256_GCM_SHA384"];

fn ciphers(random: &mut Random) -> String {
    let usual = random.ciphers();
    if random.below(2) == 0 { usual } else { format!("{}:{usual}", random.some(MORE_CIPHERS, 3, ":")) }
}

/// The two blocks of a site.
fn site(random: &mut Random) -> String {
    let protocols = if random.below(2) == 0 { " http2" } else { "" };
    let mut text = String::new();
    for name in &NAMES[..2] {
        let (certificates, mut settings) = random.server();
        if random.below(3) == 0 {
            let list = ciphers(random);
            settings = settings.replacen("ssl_ciphers ", &format!("ssl_ciphers {list}:"), 1);
        }
        if random.below(3) == 0 {
            let suites = random.some(MORE_TLS13, 2, ":");
            settings += &format!("ssl_conf_command Ciphersuites {suites};\n");
        }
        // The smaller prime is none for the level 2.
        if random.below(2) == 0 {
            let file = if settings.contains("@SECLEVEL=2") {
                "dh2048.pem"
            } else {
                ["dh1024.pem", "dh2048.pem"][random.below(2)]
            };
            settings += &format!("ssl_dhparam PLACE/{file};\n");
        }
        let files = certificates
            .iter()
            .map(|kind| format!("ssl_certificate PLACE/{kind}.pem; ssl_certificate_key PLACE/{kind}.key;\n"));
        let files: String = files.collect();
        text += &format!(
            "server {{ listen 127.0.0.1:PORT ssl{protocols}; server_name {name};\n{files}{settings}return 200; }}\n"
        );
    }
    text
}

/// Parameters of DHE: a prime that everybody knows, and one of its own.
fn dh_files(openssl: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let made = |arguments: &[&str]| {
        let ended = run(Command::new(openssl).args(arguments).env("OPENSSL_CONF", "/dev/null"), b"", PATIENCE)
            .expect("openssl");
        assert!(ended.stdout.contains("-----BEGIN"), "{}", ended.text());
        ended.stdout.into_bytes()
    };
    let known = made(&["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"]);
    vec![("dh2048.pem", known), ("dh1024.pem", made(&["dhparam", "-dsaparam", "1024"]))]
}

/// One case: what its clients are configured as.
struct Case {
    seed: u64,
    openssl_cnf: String,
    clients: Vec<Client>,
    python: Value,
    node: Value,
}

/// The clients of one case. `folder` has the certificates of the real server.
fn clients(random: &mut Random, openssl_cnf: &str, folder: &Path) -> Vec<Client> {
    let name = |name: &str| program(name).map(|path| path.display().to_string());
    let mut all = Vec::new();
    let mut add = |name, program: Option<String>, arguments: &[&str], environment, input, read| {
        let Some(program) = program else { return };
        let arguments = std::iter::once(program).chain(arguments.iter().map(|word| (*word).to_owned())).collect();
        all.push(Client { name, arguments, environment, input, read });
    };
    let to = "127.0.0.1:{port}";
    let environment = vec![("OPENSSL_CONF", openssl_cnf.to_owned())];
    let asked = NAMES[random.below(3)];
    let mut s_client = vec!["s_client", "-brief", "-connect", to];
    match random.below(4) {
        0 => s_client.push("-noservername"),
        _ => s_client.extend(["-servername", asked]),
    }
    add("s_client", name("openssl"), &s_client, environment, &b""[..], of_s_client as fn(&str) -> Vec<String>);

    let (ciphers, curves) = (ciphers(random), random.some(&["X25519", "P-256", "P-384"], 3, ":"));
    let suites = random.some(TLS13, 3, ":");
    let asked = NAMES[random.below(3)];
    let (resolve, url) = (format!("{asked}:{{port}}:127.0.0.1"), format!("https://{asked}:{{port}}/"));
    let authorities = folder.join("all.pem").display().to_string();
    let mut curl =
        vec!["-v", "-o", "/dev/null", "-w", "code %{http_code}\n", "--resolve", &resolve, &url, "--max-time", "20"];
    match random.below(2) {
        0 => curl.push("-k"),
        _ => curl.extend(["--cacert", &authorities]),
    }
    if random.below(2) == 0 {
        curl.extend(["--ciphers", &ciphers]);
    }
    if random.below(2) == 0 {
        curl.extend(["--curves", &curves]);
    }
    if random.below(3) == 0 {
        curl.extend(["--tls13-ciphers", &suites]);
    }
    match random.below(4) {
        0 => curl.extend(["--tlsv1.2"]),
        1 => curl.extend(["--tlsv1.0", "--tls-max", ["1.0", "1.1", "1.2", "1.3"][random.below(4)]]),
        2 => curl.push("--http1.1"),
        _ => {}
    }
    let none = || vec![("OPENSSL_CONF", "/dev/null".to_owned())];
    add("curl", name("curl"), &curl, none(), b"", of_curl);

    let versions = ["VERS-TLS1.2", "VERS-TLS1.3", "VERS-TLS1.2:+VERS-TLS1.3", "VERS-TLS1.1"][random.below(4)];
    let groups = random.some(&["GROUP-X25519", "GROUP-SECP256R1", "GROUP-SECP384R1", "GROUP-FFDHE2048"], 3, ":+");
    let ciphers = random.some(
        &["AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305", "AES-128-CBC", "AES-128-CCM", "AES-256-CCM-8"],
        3,
        ":+",
    );
    let priority = format!("NORMAL:-VERS-ALL:+{versions}:-GROUP-ALL:+{groups}:-CIPHER-ALL:+{ciphers}");
    let asked = NAMES[random.below(3)];
    let gnutls = ["--insecure", "--sni-hostname", asked, "--priority", &priority, "-p", "{port}", "127.0.0.1"];
    add("gnutls-cli", name("gnutls-cli"), &gnutls, none(), b"", of_gnutls);
    all
}

fn case(seed: u64, random: &mut Random, folder: &Path) -> Case {
    let openssl_cnf = random.client();
    let file = folder.join(format!("client-{seed}.cnf"));
    std::fs::write(&file, &openssl_cnf).expect("a file");
    let clients = clients(random, &file.display().to_string(), folder);
    let versions = ["TLSv1-TLSv1_3", "TLSv1_2-TLSv1_2", "TLSv1_2-TLSv1_3", "TLSv1_3-TLSv1_3"][random.below(4)];
    let python = json!([0, NAMES[random.below(3)], versions, ciphers(random)]);
    let curves = random.some(&["X25519", "P-256", "P-384", "P-521"], 3, ":");
    let list = random.some(TLS13, 2, ":") + ":" + &ciphers(random);
    let least = ["TLSv1.2", "TLSv1.3", "TLSv1"][random.below(3)];
    let node = json!([0, NAMES[random.below(3)], curves, list, least, "TLSv1.3"]);
    Case { seed, openssl_cnf, clients, python, node }
}

/// What the clients of one process meet at each of these addresses.
fn at_once(program: &str, code: &str, each: &[(Value, SocketAddr)]) -> Vec<String> {
    let Some(path) = require(program) else { return Vec::new() };
    let option = if program == "node" { "-e" } else { "-c" };
    let lines: Vec<String> = each
        .iter()
        .map(|(what, address)| {
            let mut what = what.clone();
            what[0] = json!(address.port());
            what.to_string()
        })
        .collect();
    let mut command = Command::new(path);
    command.args([option, code]).env("OPENSSL_CONF", "/dev/null");
    let ended = run(&mut command, lines.join("\n").as_bytes(), PATIENCE * 4).expect("it runs");
    let found: Vec<String> = ended.stdout.lines().map(str::to_owned).collect();
    assert_eq!(found.len(), each.len(), "{program}: {}", ended.text());
    found
}

/// What came of all, told at the end.
#[derive(Default)]
struct Met {
    /// By the number of the case and that of the client in it.
    wrong: Mutex<BTreeMap<(usize, usize), String>>,
    agreed: AtomicUsize,
    failed: AtomicUsize,
}

impl Met {
    fn compare(&self, client: (usize, usize), real: &[String], emulated: &[String], shown: impl Fn() -> String) {
        if real != emulated {
            self.wrong.lock().expect("no panic").insert(client, shown());
        }
        let begins = ["CONNECTION ESTABLISHED", "* SSL connection using", "- Description:", "TLSv1"];
        let agreed = real.iter().any(|line| begins.iter().any(|begin| line.starts_with(begin)));
        if agreed { &self.agreed } else { &self.failed }.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn random_configurations_of_the_installed_nginx() {
    let (Some(openssl), Some(nginx), Some(_)) = (require("openssl"), require("nginx"), require("curl")) else { return };
    let software =
        format!("nginx@{}+openssl@{}", version(&nginx, "-v", "nginx/"), version(&openssl, "version", "OpenSSL "));
    let seeds: Vec<u64> = (0..cases(50)).map(|case| seed() + u64::from(case)).collect();
    let mut draws: Vec<Random> = seeds.iter().map(|seed| Random::of(*seed)).collect();
    let sites: Vec<String> = draws.iter_mut().map(site).collect();
    let Some(real) = nginx_sites(&["rsa", "ec", "ed25519"], &dh_files(&openssl), &sites) else { return };
    let cases: Vec<Case> =
        seeds.iter().zip(&mut draws).map(|(seed, random)| case(*seed, random, real.folder())).collect();
    let parties = (0..cases.len()).map(|site| format!("{software}:{}", real.file(site).display())).collect();
    let emulated = Emulations::start(parties);
    let (met, next) = (Met::default(), AtomicUsize::new(0));
    let alone = || {
        let taken = || next.fetch_add(1, Ordering::Relaxed);
        while let Some((number, case)) = Some(taken()).and_then(|number| Some((number, cases.get(number)?))) {
            for (place, client) in case.clients.iter().enumerate() {
                let (expected, real_text) = client.outcome(real.address(number));
                let (found, text) = client.outcome(emulated.addresses[number]);
                met.compare((number, place), &expected, &found, || {
                    format!(
                        "SEED {}, {}: {:?}\n{}---\n{}---\n{real_text}\n--- emulated:\n{text}",
                        case.seed, client.name, client.arguments, case.openssl_cnf, sites[number]
                    )
                });
            }
        }
    };
    let together = || {
        for (place, (program, code)) in (3..).zip([("python3", PYTHON), ("node", NODE)]) {
            let what = |case: &Case| if program == "node" { case.node.clone() } else { case.python.clone() };
            let both = |address: &dyn Fn(usize) -> SocketAddr| -> Vec<(Value, SocketAddr)> {
                cases.iter().enumerate().map(|(number, case)| (what(case), address(number))).collect()
            };
            let expected = at_once(program, code, &both(&|number| real.address(number)));
            let found = at_once(program, code, &both(&|number| emulated.addresses[number]));
            for (number, (expected, found)) in expected.into_iter().zip(found).enumerate() {
                let case = &cases[number];
                met.compare((number, place), std::slice::from_ref(&expected), std::slice::from_ref(&found), || {
                    format!(
                        "SEED {}, {program}: {}\n---\n{}---\n{expected}\n--- emulated:\n{found}",
                        case.seed,
                        what(case),
                        sites[number]
                    )
                });
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(alone);
        scope.spawn(alone);
        scope.spawn(together);
    });
    let (agreed, failed) = (met.agreed.into_inner(), met.failed.into_inner());
    eprintln!("seed {}: {agreed} carried through Finished, {failed} not", seed());
    let wrong = met.wrong.into_inner().expect("no panic");
    let told: Vec<String> = wrong
        .iter()
        .map(|((number, _), text)| {
            let notes = emulated.reports(*number, 5).into_iter().flat_map(|report| report.notes);
            format!("{text}\n{}\n", notes.collect::<Vec<_>>().join("\n"))
        })
        .collect();
    assert!(told.is_empty(), "{} of {} differ\n{}", told.len(), agreed + failed, told.join("\n"));
    assert!(agreed * 5 > failed && failed * 5 > agreed, "one kind hardly came about: {agreed} and {failed}");
}

/// The other side: the hello of OpenSSL with some configuration meets what that OpenSSL meets.
#[test]
fn as_a_client_it_meets_what_the_real_client_meets() {
    let (Some(openssl), Some(_)) = (require("openssl"), require("nginx")) else { return };
    let library = format!("openssl@{}", version(&openssl, "version", "OpenSSL "));
    let first = seed();
    let mut draws: Vec<Random> = (0..u64::from(cases(12))).map(|case| Random::of(first + 1_000 + case)).collect();
    let sites: Vec<String> = draws.iter_mut().map(site).collect();
    let Some(real) = nginx_sites(&["rsa", "ec", "ed25519"], &dh_files(&openssl), &sites) else { return };
    let mut met = [0, 0];
    for (number, random) in draws.iter_mut().enumerate() {
        let settings = random.client();
        let file = real.folder().join(format!("client-{number}.cnf"));
        std::fs::write(&file, &settings).expect("a file");
        let address = real.address(number);
        let mut command = Command::new(&openssl);
        command.args(["s_client", "-brief", "-noservername", "-connect", &address.to_string()]);
        let text = run(command.env("OPENSSL_CONF", &file), b"", PATIENCE).expect("openssl").text();
        let told = text.lines().find_map(|line| line.strip_prefix("Protocol version: "));
        let mut command = Command::new(env!("CARGO_BIN_EXE_shakedown"));
        let party = format!("{library}:{}", file.display());
        command.args(["emulate", "--as-client", &party, &format!("tls://{address}"), "--format", "json"]);
        let ended = run(&mut command, b"", PATIENCE).expect("shakedown");
        let document: Value =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.text()));
        let outcome = &document["pairs"][0]["outcome"];
        let shown = || format!("seed {first} {number}\n{settings}---\n{}---\n{text}\n{document:#}", sites[number]);
        assert_eq!(document["command"], "emulate", "{}", shown());
        assert_eq!(outcome["result"] == "agreed", told.is_some(), "{}", shown());
        if let Some(version) = told {
            let version = if version == "TLSv1" { "TLSv1.0" } else { version };
            assert_eq!(outcome["agreed"]["version"], version, "{}", shown());
            assert!(notes(&document).contains("carried through Finished: "), "{}", shown());
        }
        met[usize::from(told.is_some())] += 1;
    }
    assert!(met.iter().all(|count| *count > 0), "one kind did not come about: {met:?}");
}

/// What a program that nobody has any more does to a client of today.
#[test]
fn an_old_server_that_nobody_has_any_more() {
    let Some(curl) = require("curl") else { return };
    let server = emulate(&["openssl@1.0.1"]);
    let met = |arguments: &[&str]| {
        let url = format!("https://{}/", server.address);
        let mut command = Command::new(&curl);
        command.args(["-vk", "--max-time", "20", &url]).args(arguments).env("OPENSSL_CONF", "/dev/null");
        let text = run(&mut command, b"", PATIENCE).expect("curl").text();
        (text, server.next())
    };
    let (text, document) = met(&[]);
    assert!(text.contains("shakedown: TLSv1.2"), "{text}\n{document:#}");
    assert!(notes(&document).contains("through Finished"), "{document:#}");
    let (text, document) = met(&["--tlsv1.3"]);
    assert!(text.contains("curl: (35)"), "{text}");
    assert!(notes(&document).contains("it resets the connection"), "{document:#}");
    let (text, document) = met(&["--ciphers", "ECDHE-RSA-CHACHA20-POLY1305"]);
    assert!(text.contains("handshake failure"), "{text}\n{document:#}");
    assert!(notes(&document).contains("handshake_failure (40)"), "{document:#}");
    assert_eq!(document["pairs"][0]["outcome"]["result"], "failed");
}
