//! `listen ssh` with the SSH clients of this machine: what is recorded is what each of them says that it sends, or what
//! the catalog has of it.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::Value;
use shakedown_testkit::clients;
use shakedown_testkit::peers::ScriptSpec;

#[path = "support/listener.rs"]
mod listener;
#[path = "support/mod.rs"]
mod support;

use listener::{Listener, list, note};
use support::Shakedown;

/// The lists of the client's own KEXINIT in the output of `ssh -vv`.
fn own_lists(text: &str) -> Vec<(&'static str, Vec<String>)> {
    let begin = text.find("local client KEXINIT proposal").expect("the client's KEXINIT");
    let text = &text[begin..];
    let text = text.find("peer server KEXINIT proposal").map_or(text, |end| &text[..end]);
    let names = [
        ("KEX algorithms: ", "kex"),
        ("host key algorithms: ", "host_key"),
        ("ciphers ctos: ", "cipher_c2s"),
        ("ciphers stoc: ", "cipher_s2c"),
        ("MACs ctos: ", "mac_c2s"),
        ("MACs stoc: ", "mac_s2c"),
        ("compression ctos: ", "compression_c2s"),
        ("compression stoc: ", "compression_s2c"),
    ];
    let found = names.map(|(label, slot)| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix("debug2: ")?.strip_prefix(label));
        let line = line.unwrap_or_else(|| panic!("no `{label}` in:\n{text}"));
        (slot, line.split(',').map(str::to_owned).collect())
    });
    found.into()
}

#[test]
fn openssh_sends_what_it_says() {
    let listener = Listener::start(&["ssh", "--count", "2", "--timeout", "5m"]);
    let Some(first) = clients::openssh(listener.address, &["-vv"]) else { return };
    let document = listener.next();
    let offer = &document["offers"][0];
    let markers = list(offer, "kex_markers");
    assert!(!first.exchanged && first.text.contains("recorded by shakedown"), "{}", first.text);
    for (slot, own) in own_lists(&first.text) {
        assert_eq!(list(offer, slot), own, "{slot}");
    }
    assert!(!markers.is_empty());
    let software = document["parties"][0]["software"].as_str().expect("its software");
    assert!(software.starts_with("openssh@") && first.text.contains("OpenSSH_"), "{software}");
    assert!(note(&document, "it offers what `openssh@").is_some(), "{document:#}");
    assert_eq!(document["command"], "listen");

    // HASSH as its authors define it, from what ssh prints.
    let lists = own_lists(&first.text);
    let joined = |slot: &str| lists.iter().find(|(name, _)| *name == slot).expect("a list").1.join(",");
    let text = ["kex", "cipher_c2s", "mac_c2s", "compression_c2s"].map(joined).join(";");
    if let Some(python) = shakedown_testkit::require("python3") {
        let program = "import hashlib, sys; print(hashlib.md5(sys.stdin.buffer.read()).hexdigest())";
        let mut command = std::process::Command::new(python);
        let hash = shakedown_testkit::run(command.args(["-c", program]), text.as_bytes(), LONG).expect("python");
        assert_eq!(note(&document, "HASSH "), Some(format!("HASSH {}", hash.stdout.trim())));
    }

    // A client that departs from its defaults.
    clients::openssh(listener.address, &["-oCiphers=aes128-ctr"]);
    let document = listener.next();
    assert_eq!(list(&document["offers"][0], "cipher_c2s"), ["aes128-ctr"]);
    let departs = note(&document, "it departs from the defaults of `openssh@").expect("a note");
    assert!(departs.contains(" in cipher_c2s, cipher_s2c"), "{departs}");
    let ended = listener.end();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("2 clients recorded"), "{}", ended.stderr);
}

const LONG: std::time::Duration = std::time::Duration::from_secs(60);

#[test]
fn the_other_clients_are_recognised_and_known() {
    let listener = Listener::start(&["ssh", "--timeout", "5m"]);
    let address = listener.address;
    let usual = ScriptSpec::default();
    let made = [
        ("putty", clients::plink(address, &[])),
        ("dropbear", clients::dbclient(address, &[])),
        ("libssh2", clients::libssh2(address)),
        ("paramiko", clients::paramiko(address, &usual)),
        ("asyncssh", clients::asyncssh(address, &usual)),
        ("ssh2", clients::node_ssh2(address, &usual)),
    ];
    for (product, connection) in made {
        let Some(connection) = connection else { continue };
        assert!(!connection.exchanged, "{product}: {}", connection.text);
        let document = listener.next();
        let software = document["parties"][0]["software"].as_str().unwrap_or_default();
        assert!(software.contains(product), "{product}: {document:#}");
        assert!(!list(&document["offers"][0], "kex").is_empty());
        let known = ["it offers what `", "the lists are the defaults of ", "it departs from the defaults of `"];
        assert!(known.iter().any(|begins| note(&document, begins).is_some()), "{product}: {document:#}");
        assert!(note(&document, "HASSH ").is_some());
    }
    assert_eq!(listener.interrupt().status, 0);
}

/// The lists of an offer, as a client names them of itself, those of ciphers and MACs for both directions.
fn same(offer: &Value, product: &str, own: &[(&str, Vec<String>)]) {
    for (name, own) in own {
        let slots: &[&str] = match *name {
            "cipher" => &["cipher_c2s", "cipher_s2c"],
            "mac" => &["mac_c2s", "mac_s2c"],
            "compression" => &["compression_c2s", "compression_s2c"],
            other => &[other],
        };
        for slot in slots {
            let mut names = list(offer, slot);
            // Not every client counts the markers among its methods.
            names.retain(|name| !shakedown::ssh::is_marker(name));
            assert_eq!(&names, own, "{product}: {slot}");
        }
    }
}

fn split(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

/// Runs Python with the libraries of the peers.
fn python(program: &str, port: u16) -> Option<String> {
    let mut command = std::process::Command::new(shakedown_testkit::require("peers-python")?);
    let finished = shakedown_testkit::run(command.args(["-c", program, &port.to_string()]), b"", LONG);
    Some(finished.expect("python").text())
}

/// PuTTY's log of packets holds its KEXINIT in hexadecimal.
fn from_putty_log(text: &str) -> shakedown_wire::ssh::KexInit {
    let lines = text.lines().skip_while(|line| !(line.starts_with("Outgoing") && line.contains("SSH2_MSG_KEXINIT")));
    let rows = lines.skip(1).take_while(|line| line.starts_with("  "));
    let bytes = rows.flat_map(|row| {
        let digits = row.get(12..60).unwrap_or_default().to_owned();
        digits.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("a byte")).collect::<Vec<u8>>()
    });
    let payload: Vec<u8> = [20].into_iter().chain(bytes).collect();
    shakedown_wire::ssh::KexInit::parse(&payload).expect("a KEXINIT")
}

#[test]
fn putty_and_dropbear_send_what_they_say() {
    use shakedown_wire::ssh::NameListField as Field;

    let listener = Listener::start(&["ssh", "--timeout", "5m"]);
    let folder = Shakedown::new();
    let log = folder.write("packets", "");
    if clients::plink(listener.address, &["-sshlog", &log, "-logoverwrite"]).is_some() {
        let document = listener.next();
        let text = std::fs::read(&log).expect("its log");
        let kexinit = from_putty_log(&String::from_utf8_lossy(&text));
        let names = |field| -> Vec<String> {
            let names = kexinit.list(field).iter().map(|name| String::from_utf8_lossy(name).into_owned());
            names.filter(|name| !shakedown::ssh::is_marker(name)).collect()
        };
        let own = [
            ("kex", names(Field::KexAlgorithms)),
            ("host_key", names(Field::ServerHostKeyAlgorithms)),
            ("cipher_c2s", names(Field::EncryptionAlgorithmsClientToServer)),
            ("cipher_s2c", names(Field::EncryptionAlgorithmsServerToClient)),
            ("mac_c2s", names(Field::MacAlgorithmsClientToServer)),
            ("mac_s2c", names(Field::MacAlgorithmsServerToClient)),
            ("compression_c2s", names(Field::CompressionAlgorithmsClientToServer)),
            ("compression_s2c", names(Field::CompressionAlgorithmsServerToClient)),
        ];
        assert!(own.iter().all(|(_, list)| !list.is_empty()), "{own:?}");
        same(&document["offers"][0], "putty", &own);
    }
    if clients::dbclient(listener.address, &[]).is_some() {
        let document = listener.next();
        let offer = &document["offers"][0];
        // `dbclient -c help`: Available ciphers: a,b
        let help = |option: &str| -> Vec<String> {
            let mut command = std::process::Command::new(shakedown_testkit::require("dbclient").expect("dbclient"));
            let finished = shakedown_testkit::run(command.args([option, "help", "x"]), b"", LONG).expect("dbclient");
            let text = finished.text();
            split(text.lines().find_map(|line| line.split_once(": Available ")?.1.split_once(": ")).expect("a list").1)
        };
        same(offer, "dropbear", &[("cipher", help("-c")), ("mac", help("-m"))]);
        // Of the rest it says nothing.
    }
    assert_eq!(listener.interrupt().status, 0);
}

#[test]
fn paramiko_and_asyncssh_send_what_they_say() {
    let listener = Listener::start(&["ssh", "--timeout", "5m"]);
    let port = listener.address.port();
    let program = "import socket, sys, paramiko\n\
                   t = paramiko.Transport(socket.create_connection(('127.0.0.1', int(sys.argv[1]))))\n\
                   o = t.get_security_options()\n\
                   for n, l in (('kex', o.kex), ('host_key', t.preferred_keys), ('cipher', o.ciphers), ('mac', o.digests), \
                   ('compression', o.compression)): print('own', n, ','.join(l))\n\
                   try: t.start_client(timeout=20)\n\
                   except Exception: pass\n\
                   t.close()\n";
    if let Some(text) = python(program, port) {
        let document = listener.next();
        let own: Vec<(&str, Vec<String>)> = text
            .lines()
            .filter_map(|line| line.strip_prefix("own ")?.split_once(' '))
            .map(|(n, l)| (n, split(l)))
            .collect();
        assert_eq!(own.len(), 5, "{text}");
        same(&document["offers"][0], "paramiko", &own);
    }
    let program = "import asyncio, logging, sys, asyncssh\n\
                   logging.basicConfig(level=1, format='%(message)s', stream=sys.stdout)\n\
                   asyncssh.set_log_level(logging.DEBUG)\nasyncssh.set_debug_level(2)\n\
                   async def main():\n    try:\n        \
                   await asyncssh.connect('127.0.0.1', int(sys.argv[1]), username='a', password='b', known_hosts=None, \
                   config=None, client_keys=None, agent_path=None, login_timeout=20)\n    except Exception: pass\n\
                   asyncio.run(main())\n";
    if let Some(text) = python(program, port) {
        let document = listener.next();
        let labels = [
            ("kex", "Key exchange algs: "),
            ("host_key", "Host key algs: "),
            ("cipher", "Encryption algs: "),
            ("mac", "MAC algs: "),
            ("compression", "Compression algs: "),
        ];
        let own = labels.map(|(name, label)| {
            let line =
                text.lines().find_map(|line| line.split_once(label)).unwrap_or_else(|| panic!("{label}: {text}"));
            let names = split(line.1).into_iter().filter(|name| !shakedown::ssh::is_marker(name));
            (name, names.collect::<Vec<_>>())
        });
        same(&document["offers"][0], "asyncssh", &own);
    }
    assert_eq!(listener.interrupt().status, 0);
}

#[test]
fn why_a_client_fails_at_a_server_and_its_offer_as_a_party() {
    let server = "openssh@5.3p1";
    let listener = Listener::start(&["ssh", "--against", server, "--count", "1", "--timeout", "5m"]);
    let Some(connection) = clients::openssh(listener.address, &[]) else { return };
    // It is shown the server's own offer, and fails as it would there.
    assert!(connection.text.contains("Unable to negotiate"), "{}", connection.text);
    let document = listener.next();
    let cause = document["diagnoses"][0]["cause"].clone();
    assert!(cause.as_str().is_some_and(|cause| cause.starts_with("no-common-")), "{document:#}");
    assert!(!document["fixes"].as_array().expect("fixes").is_empty());
    assert_eq!(listener.end().status, 1);

    let shakedown = Shakedown::new();
    let path = shakedown.write("client.json", document.to_string());
    let (status, again) = shakedown.json(&["negotiate", &path, server]);
    assert_eq!((status, &again["diagnoses"][0]["cause"]), (1, &cause), "{again:#}");
    let (status, offered) = shakedown.json(&["offer", &path, "--side", "client"]);
    assert_eq!((status, &offered["offers"][0]["kex"]), (0, &document["offers"][0]["kex"]));

    // And with one that it agrees with.
    let listener = Listener::start(&["ssh", "--against", "openssh@9.6p1", "--count", "1", "--timeout", "5m"]);
    clients::openssh(listener.address, &[]);
    let ended = listener.end();
    assert_eq!(ended.status, 0, "{:?}", ended.documents);
}

#[test]
fn what_is_no_client_is_told_and_does_not_count() {
    let listener = Listener::start(&["ssh", "--timeout", "5m"]);
    let mut stream = TcpStream::connect(listener.address).expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("a request");
    let document = listener.next();
    assert_eq!(document["evidence"][0]["kind"], "other-protocol", "{document:#}");
    assert_eq!(document["offers"], Value::Array(Vec::new()));
    let ended = listener.interrupt();
    assert_eq!(ended.status, 3, "nothing was recorded");
    assert!(ended.stderr.contains("0 clients recorded, 1 connection without an offer"), "{}", ended.stderr);
}

#[test]
fn wrong_uses() {
    let shakedown = Shakedown::new();
    for (arguments, word) in [
        (&["listen", "ssh", "--starttls", "smtp"][..], "listen tls"),
        (&["listen", "tls", "--starttls", "gopher"], "smtp"),
        (&["listen", "tls", "--silent"], "listen ike"),
        (&["listen", "tls", "--against", "openssh@9.6p1"], "does not speak TLS"),
        (&["listen", "ssh", "--bind", "192.0.2.1", "--timeout", "1s"], "cannot be listened on"),
        (&["listen", "ssh", "--format", "sarif"], "json"),
    ] {
        let run = shakedown.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{arguments:?}: {}", run.stderr);
    }
    let run = shakedown.run(&["listen", "ssh", "--timeout", "100ms"]);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{}", run.stderr);
    assert!(run.stderr.contains("ssh -p "), "{}", run.stderr);
}
