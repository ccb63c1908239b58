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

/// The lists of a hello by their names in an offer, as numbers.
type Numbers = Vec<(&'static str, Vec<u16>)>;

/// A client, its arguments, and what reads from its own words what it sends, where it says so.
type Client<'a> = (&'a str, &'a [&'a str], Option<fn(&str) -> Numbers>);

/// Left out of an offer: values of RFC 8701, and those that stand for no suite.
fn is_told(number: u16) -> bool {
    let grease = number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff;
    !grease && number != 0x00ff && number != 0x5600
}

/// What OpenSSL's `-trace` makes of a hello, at either end of a connection.
fn of_trace(text: &str) -> Numbers {
    let lines = |heading: &str| {
        let rest = text.split_once(heading).map_or("", |(_, rest)| rest);
        let lines = rest.lines().skip(1);
        // Up to the next heading.
        lines.take_while(|line| !line.contains('=')).map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let hexadecimal = |digits: &str| u16::from_str_radix(digits, 16).ok();
    let suite = |line: &String| {
        let (high, low) = line.strip_prefix("{0x")?.split_once('}')?.0.split_once(", 0x")?;
        hexadecimal(&format!("{high}{low}"))
    };
    let bracket = |line: &String| {
        let inside = line.strip_suffix(')')?.rsplit_once('(')?.1;
        inside.strip_prefix("0x").map_or_else(|| inside.parse().ok(), hexadecimal)
    };
    let of = |lines: Vec<String>, read: &dyn Fn(&String) -> Option<u16>| {
        lines.iter().filter_map(read).filter(|number| is_told(*number)).collect::<Vec<u16>>()
    };
    vec![
        ("cipher_suites", of(lines("cipher_suites (len="), &suite)),
        ("groups", of(lines("extension_type=supported_groups("), &bracket)),
        ("signature_schemes", of(lines("extension_type=signature_algorithms("), &bracket)),
        ("versions", of(lines("extension_type=supported_versions("), &bracket)),
    ]
}

/// What GnuTLS says that it sends, at `-d 5`.
fn of_gnutls(text: &str) -> Numbers {
    let pair = |text: &str, radix: u32| {
        let (high, low) = text.split_once('.')?;
        Some(u16::from_str_radix(high, radix).ok()? << 8 | u16::from_str_radix(low, radix).ok()?)
    };
    let after = |label: &str, end: char, read: &dyn Fn(&str) -> Option<u16>| -> Vec<u16> {
        let found = text.lines().filter_map(|line| line.split_once(label)?.1.split(end).next().and_then(read));
        found.collect()
    };
    vec![
        ("cipher_suites", after("Keeping ciphersuite ", ' ', &|text| pair(text, 16))),
        (
            "groups",
            text.lines()
                .filter_map(|line| {
                    let (_, number) = line.split_once(": Sent group ")?.1.split_once("(0x")?;
                    u16::from_str_radix(number.trim_end_matches(')'), 16).ok()
                })
                .collect(),
        ),
        ("signature_schemes", after("sent signature algo (", ')', &|text| pair(text, 10))),
        ("versions", after("Advertizing version ", ' ', &|text| pair(text.trim(), 10))),
    ]
}

/// An offer's lists are these.
fn same(session: &shakedown::Session, document: &Value, numbers: &Numbers, client: &str) {
    let offer = &document["offers"][0];
    for (list_name, numbers) in numbers {
        let named = |number: &u16| {
            let slot = match *list_name {
                "cipher_suites" => shakedown::Slot::CipherSuite,
                "groups" => shakedown::Slot::Group,
                "signature_schemes" => shakedown::Slot::SignatureScheme,
                _ => {
                    let name = shakedown_wire::tls::number::version::name(*number);
                    return name.map_or_else(|| format!("{number:#06x}"), str::to_owned);
                }
            };
            session.catalog().tls_name(slot, *number).unwrap_or_else(|| format!("{number:#06x}"))
        };
        let expected: Vec<String> = numbers.iter().map(named).collect();
        assert!(expected.len() > 1, "{client}: {list_name}: {expected:?}");
        assert_eq!(list(offer, list_name), expected, "{client}: {list_name}");
    }
}

/// What each client sends, as OpenSSL's server reads it and, where it says so, as the client itself has it, is what is recorded.
#[test]
fn every_client_sends_what_is_recorded() {
    let Some(server) = shakedown_testkit::peers::openssl_s_server(&["rsa"], &["-trace"]) else { return };
    let session = shakedown::Session::new(shakedown::Options::default()).expect("a session");
    let listener = Listener::start(&["tls", "--timeout", "5m"]);
    let python = "import socket, ssl, sys\nc = ssl.create_default_context()\n\
                  c.check_hostname, c.verify_mode = False, ssl.CERT_NONE\n\
                  s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n\
                  try:\n c.wrap_socket(s, server_hostname='name.example').close()\nexcept OSError: pass\n";
    // It says itself what it sends.
    let node = "require('tls').connect({host: '127.0.0.1', port: +process.argv[1], servername: 'n.example', \
                rejectUnauthorized: false, enableTrace: true, ALPNProtocols: ['x']}, function () { this.end() })\
                .on('error', () => {})";
    let folder = tempfile::tempdir().expect("a folder");
    let profile = format!("--user-data-dir={}", folder.path().display());
    let chromium = ["--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", &profile, "--dump-dom", "URL"];
    // The last one connects again where it is refused.
    let clients: [Client; 7] = [
        ("openssl", &["s_client", "-trace", "-servername", "db01.example", "-connect", "ADDRESS"], Some(of_trace)),
        ("gnutls-cli", &["--insecure", "-d", "5", "--port", "PORT", "127.0.0.1"], Some(of_gnutls)),
        ("python3", &["-c", python, "PORT"], None),
        ("curl", &["-sk", "--noproxy", "*", "URL"], None),
        ("node", &["-e", node, "PORT"], Some(of_trace)),
        (
            "wget",
            &["-q", "--no-config", "--no-proxy", "--no-hsts", "--tries=1", "--no-check-certificate", "-O", "-", "URL"],
            None,
        ),
        ("chromium-headless-shell", &chromium, None),
    ];
    for (name, arguments, own) in clients {
        let run = |address: SocketAddr| {
            let filled: Vec<String> = arguments
                .iter()
                .map(|word| match *word {
                    "ADDRESS" => address.to_string(),
                    "PORT" => address.port().to_string(),
                    "URL" => format!("https://{address}/"),
                    other => other.to_owned(),
                })
                .collect();
            let words: Vec<&str> = filled.iter().map(String::as_str).collect();
            client(name, &words)
        };
        let before = server.log().len();
        if run(server.address()).is_none() {
            continue;
        }
        let traced = server.wait_for(|log| {
            let (_, hello) = log.get(before..)?.split_once("ClientHello, Length=")?;
            // Whatever is answered, the hello stands whole before it.
            hello.split_once("Sent ").map(|(hello, _)| hello.to_owned())
        });
        let traced = of_trace(&traced.unwrap_or_else(|| panic!("{name}: {}", server.log())));
        let finished = run(listener.address).expect("it is there");
        let document = listener.next();
        same(&session, &document, &traced, name);
        if let Some(own) = own {
            let text = finished.text();
            let text = text
                .split_once("ClientHello, Length=")
                .map_or(text.as_str(), |(_, hello)| hello.split_once("Received ").map_or(hello, |(hello, _)| hello));
            same(&session, &document, &own(text), name);
        }
        match name {
            "python3" => {
                assert_eq!(note(&document, "it asks for"), Some("it asks for the name `name.example`".to_owned()));
            }
            "curl" => {
                assert_eq!(list(&document["offers"][0], "alpn"), ["h2", "http/1.1"], "{document:#}");
                assert!(note(&document, "it sends no server name").is_some());
            }
            "node" => {
                assert_eq!(list(&document["offers"][0], "alpn"), ["x"]);
                assert!(note(&document, "JA4 t13d").is_some_and(|ja4| ja4.contains("xx_")), "{document:#}");
            }
            _ => {}
        }
    }
    let ended = listener.interrupt();
    assert!(ended.stderr.contains("recorded"), "{}", ended.stderr);
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
