//! `emulate` as a server of TLS: the real clients of this machine meet what they would meet at the real server.

#[path = "support/listener.rs"]
mod listener;
#[path = "support/random_tls.rs"]
mod random_tls;
#[path = "support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use listener::Listener;
use random_tls::{Random, TLS13, version};
use serde_json::Value;
use shakedown_testkit::{cases, peers, program, require, run, seed};
use support::Shakedown;

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
        assert!(ended.status.is_some(), "{} did not end: {text}", self.name);
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
    begins(text, &["* SSL connection using", "* ALPN", "curl: (", "code ", "* OpenSSL/", "* Server certificate:"])
        .into_iter()
        .filter(|line| !line.contains("Send failure") && !line.contains("Recv failure"))
        .collect()
}

fn of_gnutls(text: &str) -> Vec<String> {
    begins(text, &["- Description:", "- Options:", "*** ", "- Handshake was completed"])
}

fn of_any(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

const PYTHON: &str = r#"
import socket, ssl, sys
port, versions, ciphers = int(sys.argv[1]), sys.argv[2].split("-"), sys.argv[3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.set_ciphers(ciphers)
context.minimum_version, context.maximum_version = (getattr(ssl.TLSVersion, one) for one in versions)
try:
    with socket.create_connection(("127.0.0.1", port), 20) as plain:
        with context.wrap_socket(plain, server_hostname="test.example") as stream:
            print(stream.version(), stream.cipher())
except OSError as error:
    print(type(error).__name__, error)
"#;

const NODE: &str = r#"
const [port, curves, ciphers, minVersion, maxVersion] = process.argv.slice(1);
const options = {port, host: "127.0.0.1", servername: "test.example", rejectUnauthorized: false,
  ecdhCurve: curves, ciphers, minVersion, maxVersion};
const stream = require("tls").connect(options, () => {
  const key = stream.getEphemeralKeyInfo();
  console.log(stream.getProtocol(), stream.getCipher().standardName, key.type, key.name, key.size);
  stream.end();
});
stream.on("error", error => console.log(error.code, error.library, error.reason));
"#;

/// The clients of one case.
fn clients(random: &mut Random, openssl_cnf: &str) -> Vec<Client> {
    let name = |name: &str| program(name).map(|path| path.display().to_string());
    let mut all = Vec::new();
    let mut add = |name, program: Option<String>, arguments: &[&str], environment, input, read| {
        let Some(program) = program else { return };
        let arguments = std::iter::once(program).chain(arguments.iter().map(|word| (*word).to_owned())).collect();
        all.push(Client { name, arguments, environment, input, read });
    };
    let to = "127.0.0.1:{port}";
    let environment = vec![("OPENSSL_CONF", openssl_cnf.to_owned())];
    let s_client = ["s_client", "-brief", "-servername", "test.example", "-connect", to];
    add("s_client", name("openssl"), &s_client, environment, &b""[..], of_s_client as fn(&str) -> Vec<String>);

    let (ciphers, curves) = (random.ciphers(), random.some(&["X25519", "P-256", "P-384"], 3, ":"));
    let suites = random.some(TLS13, 3, ":");
    let mut curl = vec!["-vk", "-o", "/dev/null", "-w", "code %{http_code}\n", "--resolve"];
    curl.extend(["test.example:{port}:127.0.0.1", "https://test.example:{port}/", "--max-time", "20"]);
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
    let ciphers = random.some(&["AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305", "AES-128-CBC"], 3, ":+");
    let priority = format!("NORMAL:-VERS-ALL:+{versions}:-GROUP-ALL:+{groups}:-CIPHER-ALL:+{ciphers}");
    let gnutls = ["--insecure", "--sni-hostname", "test.example", "--priority", &priority, "-p", "{port}", "127.0.0.1"];
    add("gnutls-cli", name("gnutls-cli"), &gnutls, none(), b"", of_gnutls);

    let versions = ["TLSv1-TLSv1_3", "TLSv1_2-TLSv1_2", "TLSv1_2-TLSv1_3", "TLSv1_3-TLSv1_3"][random.below(4)];
    let ciphers = random.ciphers();
    add("python", name("python3"), &["-c", PYTHON, "{port}", versions, &ciphers], none(), b"", of_any);

    let curves = random.some(&["X25519", "P-256", "P-384", "P-521"], 3, ":");
    let ciphers = random.some(TLS13, 2, ":") + ":" + &random.ciphers();
    let least = ["TLSv1.2", "TLSv1.3", "TLSv1"][random.below(3)];
    let node = ["-e", NODE, "{port}", &curves, &ciphers, least, "TLSv1.3"];
    add("node", name("node"), &node, Vec::new(), b"", of_any);
    all
}

#[test]
fn random_configurations_of_the_installed_nginx() {
    let (Some(openssl), Some(nginx), Some(_)) = (require("openssl"), require("nginx"), require("curl")) else { return };
    let software =
        format!("nginx@{}+openssl@{}", version(&nginx, "-v", "nginx/"), version(&openssl, "version", "OpenSSL "));
    let first = seed();
    let mut met = [0, 0];
    for case in 0..cases(12) {
        let seed = first + u64::from(case);
        let mut random = Random::of(seed);
        let openssl_cnf = random.client();
        let (certificates, settings) = random.server();
        let Some(real) = peers::nginx(&certificates, &settings) else { return };
        let shakedown = Shakedown::new();
        let client_file = shakedown.write("openssl.cnf", &openssl_cnf);
        let party = format!("{software}:{}", real.folder().join("nginx.conf").display());
        let emulated = emulate(&[&party]);
        for client in clients(&mut random, &client_file) {
            let (expected, real_text) = client.outcome(real.address());
            let (found, text) = client.outcome(emulated.address);
            let document = emulated.next();
            let shown = format!(
                "SEED {seed}, {}: {:?}\n{openssl_cnf}---\n{certificates:?} {settings}---\n{real_text}\n--- emulated:\n{text}\n{}",
                client.name,
                client.arguments,
                notes(&document)
            );
            assert_eq!(found, expected, "{shown}");
            met[usize::from(notes(&document).contains("through Finished"))] += 1;
        }
    }
    assert!(met.iter().all(|count| *count > 10), "one kind hardly came about: {met:?}");
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
