//! `listen tls` with the TLS clients of this machine: what is recorded is what each of them says that it sends.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::{Finished, require, run};

#[path = "support/listener.rs"]
mod listener;
#[path = "support/mod.rs"]
mod support;

use listener::{Listener, list, note};

const LONG: Duration = Duration::from_secs(60);

/// Runs a client; it fails, because every hello is refused.
fn client(program: &str, arguments: &[&str]) -> Option<Finished> {
    let mut command = Command::new(require(program)?);
    command.env("OPENSSL_CONF", "/dev/null");
    Some(run(command.args(arguments), b"", LONG).unwrap_or_else(|error| panic!("{program}: {error}")))
}

fn connect(address: SocketAddr) -> String {
    address.to_string()
}

/// The names in lines such as `{0x13, 0x02} TLS_AES_256_GCM_SHA384` after a heading of `s_client -trace`, to its end.
fn traced(text: &str, heading: &str, mark: &str) -> Vec<String> {
    let begin = text.find(heading).unwrap_or_else(|| panic!("no `{heading}` in:\n{text}"));
    let lines =
        text[begin..].lines().skip(1).map(str::trim).take_while(|line| line.contains(mark) && !line.contains('='));
    lines
        .filter_map(|line| line.split_whitespace().find(|word| !word.starts_with(['{', '0']) && !word.ends_with('}')))
        .map(str::to_owned)
        .collect()
}

#[test]
fn openssl_sends_what_it_traces() {
    let listener = Listener::start(&["tls", "--count", "1", "--timeout", "5m"]);
    let address = connect(listener.address);
    let Some(finished) =
        client("openssl", &["s_client", "-trace", "-servername", "db01.example", "-connect", &address])
    else {
        return;
    };
    let document = listener.next();
    let offer = &document["offers"][0];
    let mut suites = traced(&finished.stdout, "cipher_suites", "{0x");
    suites.retain(|name| !name.ends_with("_SCSV"));
    assert!(suites.len() > 10, "{}", finished.stdout);
    assert_eq!(list(offer, "cipher_suites"), suites);
    // OpenSSL puts a word of its own before the names of some.
    let groups = traced(&finished.stdout, "extension_type=supported_groups", "(");
    let groups: Vec<&str> = groups.iter().map(|name| name.trim_start_matches("ecdh_")).collect();
    assert_eq!(list(offer, "groups"), groups);
    let schemes = traced(&finished.stdout, "extension_type=signature_algorithms", "(0x");
    assert_eq!(list(offer, "signature_schemes").len(), schemes.len(), "{schemes:?}");
    let versions = list(offer, "versions");
    assert_eq!(versions.first().map(String::as_str), Some("TLSv1.3"));
    assert_eq!(versions.len(), traced(&finished.stdout, "extension_type=supported_versions", "(").len());
    assert_eq!(note(&document, "it asks for the name"), Some("it asks for the name `db01.example`".to_owned()));
    let ja4 = note(&document, "JA4 ").expect("its JA4");
    let suites_sent = suites.len() + 1;
    assert!(ja4.starts_with(&format!("JA4 t13d{suites_sent:02}")), "{ja4}");
    assert_eq!(listener.end().status, 0);
}

#[test]
fn the_other_clients() {
    let listener = Listener::start(&["tls", "--timeout", "5m"]);
    let address = connect(listener.address);
    let port = listener.address.port().to_string();

    if let Some(finished) = client("gnutls-cli", &["--insecure", "-d", "5", "--port", &port, "127.0.0.1"]) {
        let offer = &listener.next()["offers"][0];
        // `Keeping ciphersuite: GNUTLS_AES_256_GCM_SHA384 (13.02)`, but not the name that asks for no renegotiation.
        let kept = finished.text().lines().filter(|line| line.contains("Keeping ciphersuite")).count();
        let own = finished.text().matches("sent signature algo").count();
        assert_eq!(list(offer, "signature_schemes").len(), own, "{}", finished.text());
        assert!(kept == 0 || list(offer, "cipher_suites").len() == kept, "{kept}: {offer:#}");
    }
    let python = "import socket, ssl, sys\nc = ssl.create_default_context()\n\
                  print(','.join(str(one['id'] & 0xffff) for one in c.get_ciphers()))\n\
                  s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n\
                  try:\n c.wrap_socket(s, server_hostname='name.example')\nexcept ssl.SSLError: pass\n";
    if let Some(finished) = client("python3", &["-c", python, &port]) {
        let document = listener.next();
        let own = finished.stdout.trim().split(',').count();
        assert_eq!(list(&document["offers"][0], "cipher_suites").len(), own, "{}", finished.text());
        assert_eq!(note(&document, "it asks for"), Some("it asks for the name `name.example`".to_owned()));
    }
    if client("curl", &["-sk", "--noproxy", "*", &format!("https://{address}/")]).is_some() {
        let document = listener.next();
        assert_eq!(list(&document["offers"][0], "alpn"), ["h2", "http/1.1"], "{document:#}");
        assert!(note(&document, "it sends no server name").is_some());
    }
    let node = "require('tls').connect({host: '127.0.0.1', port: +process.argv[1], servername: 'n.example', \
                ALPNProtocols: ['x']}).on('error', () => {})";
    if client("node", &["-e", node, &port]).is_some() {
        let document = listener.next();
        assert_eq!(list(&document["offers"][0], "alpn"), ["x"]);
        assert!(note(&document, "JA4 t13d").is_some_and(|ja4| ja4.contains("xx_")), "{document:#}");
    }
    let ended = listener.interrupt();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
}

#[test]
fn why_a_client_fails_at_a_server() {
    let old = "openssl@1.0.1";
    let listener = Listener::start(&["tls", "--against", old, "--count", "1", "--timeout", "5m"]);
    let address = connect(listener.address);
    if client("openssl", &["s_client", "-tls1_3", "-connect", &address]).is_none() {
        return;
    }
    let document = listener.next();
    assert_eq!(document["diagnoses"][0]["cause"], "no-common-version", "{document:#}");
    assert_eq!(listener.end().status, 1);
    let shakedown = support::Shakedown::new();
    let path = shakedown.write("client.json", document.to_string());
    let (status, again) = shakedown.json(&["negotiate", &path, old]);
    assert_eq!((status, &again["diagnoses"][0]["cause"]), (1, &Value::from("no-common-version")), "{again:#}");
}

/// What Linux says of the most memory that a process has had, in kilobytes.
fn peak(process: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn a_thousand_clients_at_once_in_bounded_memory() {
    use std::io::{Read as _, Write as _};

    use shakedown_wire::tls::{ClientHello, write_records};

    const CLIENTS: usize = 1_000;
    let listener = Listener::start(&["tls", "--timeout", "10m"]);
    let hello = ClientHello { cipher_suites: vec![0x1301, 0xc02f, 0x002f], ..ClientHello::default() }.write();
    let record = write_records(22, 0x0301, &hello);
    // They are all there before the first has said all that it has to say.
    let connect = |number: usize| {
        let mut stream =
            TcpStream::connect(listener.address).unwrap_or_else(|error| panic!("client {number}: {error}"));
        stream.write_all(&record[..10]).expect("a part");
        stream
    };
    let mut streams: Vec<TcpStream> = (0..CLIENTS).map(connect).collect();
    for stream in &mut streams {
        stream.write_all(&record[10..]).expect("the rest");
    }
    let mut numbers: Vec<String> = (0..CLIENTS)
        .map(|_| {
            let document = listener.next();
            assert_eq!(list(&document["offers"][0], "cipher_suites").len(), 3, "{document:#}");
            document["parties"][0]["label"].as_str().expect("a label").to_owned()
        })
        .collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), CLIENTS, "each client is there once");
    let kilobytes = peak(listener.id());
    assert!(kilobytes < 100_000, "{kilobytes} kB at the most");
    let mut alert = Vec::new();
    let _ = streams[CLIENTS - 1].read_to_end(&mut alert);
    assert_eq!(alert, [21, 3, 1, 0, 2, 2, 40]);
    drop(streams);
    let ended = listener.interrupt();
    assert_eq!(ended.status, 0);
    assert!(ended.stderr.contains("1000 clients recorded"), "{}", ended.stderr);
}
