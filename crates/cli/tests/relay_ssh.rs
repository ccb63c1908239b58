//! `relay` between the SSH clients of this machine and real servers: what works still works, what fails has its cause.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::peers::{ScriptSpec, SshdSpec, dropbear, sshd};
use shakedown_testkit::{KeyType, clients, require, run};

#[path = "support/listener.rs"]
mod listener;
#[path = "support/mod.rs"]
mod support;
#[path = "support/tap.rs"]
mod tap;

use listener::{Listener, list};
use support::Shakedown;
use tap::Tap;

const LONG: Duration = Duration::from_secs(60);

fn cause(document: &Value) -> (&str, &str) {
    let first = &document["diagnoses"][0];
    (first["cause"].as_str().unwrap_or_default(), first["side"].as_str().unwrap_or_default())
}

#[test]
fn every_client_works_through_it_and_no_byte_is_changed() {
    let Some(server) = sshd(&SshdSpec::default()) else { return };
    let far = Tap::start(server.address());
    let relay = Listener::relay(&[&format!("ssh://{}", far.address)]);
    let near = Tap::start(relay.address);
    let address = near.address;
    let usual = ScriptSpec::default();
    type Connect<'a> = &'a dyn Fn() -> Option<clients::Connection>;
    let made: [(&str, Connect); 7] = [
        ("openssh", &|| clients::openssh(address, &[])),
        ("putty", &|| clients::plink(address, &[])),
        ("dropbear", &|| clients::dbclient(address, &[])),
        ("libssh2", &|| clients::libssh2(address)),
        ("paramiko", &|| clients::paramiko(address, &usual)),
        ("asyncssh", &|| clients::asyncssh(address, &usual)),
        ("ssh2", &|| clients::node_ssh2(address, &usual)),
    ];
    let mut worked = 0;
    for (product, connect) in made {
        let Some(connection) = connect() else { continue };
        assert!(connection.exchanged, "{product}: {}", connection.text);
        assert!(tap::identical(&near, &far), "{product}: the bytes differ");
        let document = relay.next();
        let outcome = &document["pairs"][0]["outcome"];
        assert_eq!(outcome["result"], "agreed", "{product}: {document:#}");
        let software = document["parties"][0]["software"].as_str().unwrap_or_default();
        assert!(software.contains(product), "{product}: {document:#}");
        if let Some(kex) = &connection.agreed.kex {
            assert_eq!(outcome["agreed"]["kex"], kex.as_str(), "{product}");
        }
        // The server's list is whole: it is what it offers to anybody.
        assert!(list(&document["offers"][1], "kex").len() > 3, "{document:#}");
        assert_eq!(document["diagnoses"], Value::Array(Vec::new()), "{product}: {document:#}");
        worked += 1;
    }
    let ended = relay.interrupt();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("{worked} connections work, 0 fail")), "{}", ended.stderr);
}

#[test]
fn what_fails_has_the_cause_and_the_side_that_a_check_finds() {
    let only = "KexAlgorithms diffie-hellman-group14-sha256\nCiphers aes256-ctr\nMACs hmac-sha2-512\n";
    let Some(server) = sshd(&SshdSpec::with_config(only)) else { return };
    let target = format!("ssh://{}", server.address());
    let relay = Listener::relay(&[&target]);
    for (option, cause_of_it) in [
        ("-oKexAlgorithms=curve25519-sha256", "no-common-kex"),
        ("-oCiphers=aes128-gcm@openssh.com", "no-common-cipher"),
        ("-oHostKeyAlgorithms=ssh-dss", "no-common-host-key-algorithm"),
    ] {
        let Some(connection) = clients::openssh(relay.address, &[option]) else { return };
        assert!(!connection.exchanged);
        let document = relay.next();
        let (found, side) = cause(&document);
        assert_eq!(found, cause_of_it, "{document:#}");
        assert_ne!(side, "unknown");
        let shakedown = Shakedown::new();
        let path = shakedown.write("client.json", document.to_string());
        let (status, checked) = shakedown.json(&["check", &target, "-F", "none", "--as", &path]);
        assert_eq!((status, cause(&checked)), (1, (found, side)), "{checked:#}");
    }
    assert_eq!(relay.interrupt().status, 1);
}

#[test]
fn a_client_that_goes_away_at_the_host_key() {
    let Some(server) = sshd(&SshdSpec::default().host_keys(&[KeyType::Ed25519])) else { return };
    let (Some(other), Some(_)) = (sshd(&SshdSpec::default().host_keys(&[KeyType::Ed25519])), require("ssh")) else {
        return;
    };
    let shakedown = Shakedown::new();
    let key = other.public_key(KeyType::Ed25519);
    let line = format!("[127.0.0.1]:{} {key}\n", server.port());
    let known = shakedown.write("known_hosts", &line);
    let config = shakedown.write("config", format!("UserKnownHostsFile {known}\nStrictHostKeyChecking yes\n"));
    let alias = format!("-oHostKeyAlias=[127.0.0.1]:{}", server.port());
    let file = format!("-oUserKnownHostsFile={known}");
    let strict = ["-oStrictHostKeyChecking=yes", &alias, &file];
    let target = format!("ssh://{}", server.address());

    let relay = Listener::relay(&[&target, "-F", &config, "--count", "1"]);
    let connection = clients::openssh(relay.address, &[&["-F", "none"][..], &strict].concat()).expect("ssh");
    // The client's options come first in `clients::openssh`: the first value wins, so that it may have gone on.
    let document = relay.next();
    if connection.text.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") && !connection.exchanged {
        assert_eq!(cause(&document), ("host-key-changed", "client"), "{document:#}");
    }
    drop(relay);

    // What nothing here explains is the client's to tell.
    let relay = Listener::relay(&[&target, "-F", "none", "--count", "1"]);
    let mut command = Command::new(require("ssh").expect("ssh"));
    command.args(["-F", "none", "-T", "-oBatchMode=yes", "-oIdentityAgent=none", "-oGlobalKnownHostsFile=/dev/null"]);
    command.args(strict).args(["-p", &relay.address.port().to_string(), "nobody@127.0.0.1", "true"]);
    let finished = run(&mut command, b"", LONG).expect("ssh");
    assert!(finished.text().contains("Host key verification failed"), "{}", finished.text());
    let document = relay.next();
    assert_eq!(cause(&document), ("connection-cut", "client"), "{document:#}");
    assert_eq!(document["pairs"][0]["outcome"]["result"], "unknown", "{document:#}");
    drop(relay);

    let relay = Listener::relay(&[&target, "-F", &config, "--count", "1"]);
    let mut command = Command::new(require("ssh").expect("ssh"));
    command.args(["-F", "none", "-T", "-oBatchMode=yes", "-oIdentityAgent=none", "-oGlobalKnownHostsFile=/dev/null"]);
    command.args(strict).args(["-p", &relay.address.port().to_string(), "nobody@127.0.0.1", "true"]);
    run(&mut command, b"", LONG).expect("ssh");
    let ended = relay.end();
    assert_eq!(cause(&ended.documents[0]), ("host-key-changed", "client"), "{:#}", ended.documents[0]);
    assert_eq!(ended.status, 1);
}

#[test]
fn as_a_proxy_command_of_ssh() {
    let Some(server) = sshd(&SshdSpec::default()) else { return };
    let program = env!("CARGO_BIN_EXE_shakedown");
    let proxy = |more: &str| format!("-oProxyCommand={program} relay {more} - %h %p");
    let Some(connection) = clients::openssh(server.address(), &[&proxy("")]) else { return };
    assert!(connection.exchanged, "{}", connection.text);
    assert!(!connection.text.contains("connection 1:"), "what works is not told of: {}", connection.text);
    let connection = clients::openssh(server.address(), &[&proxy("--verbose")]).expect("ssh");
    assert!(connection.exchanged && connection.text.contains("connection 1: it works"), "{}", connection.text);
    let connection =
        clients::openssh(server.address(), &[&proxy(""), "-oKexAlgorithms=diffie-hellman-group14-sha1"]).expect("ssh");
    assert!(!connection.exchanged);
    assert!(connection.text.contains("error[no-common-kex]"), "{}", connection.text);

    // A server that is not there.
    let free = shakedown_testkit::free_port().expect("a port");
    let connection = clients::openssh(([127, 0, 0, 1], free).into(), &[&proxy("")]).expect("ssh");
    assert!(connection.text.contains("error[port-refused]"), "{}", connection.text);
}

/// ssh ends its `ProxyCommand` by SIGHUP as soon as it has read that nothing is in common: what it said before may not have
/// been read by then, and is read all the same.
#[test]
fn what_was_said_before_the_signal_to_end_is_read() {
    use std::io::{BufRead as _, Read as _, Write as _};
    let Some(server) = sshd(&SshdSpec::default()) else { return };
    let mut child = Command::new(env!("CARGO_BIN_EXE_shakedown"))
        .args(["relay", "-", "127.0.0.1", &server.port().to_string()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut said = String::new();
    let mut answers = std::io::BufReader::new(child.stdout.take().expect("its output"));
    answers.read_line(&mut said).expect("the server's banner");
    assert!(said.starts_with("SSH-2.0-"), "{said}");
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
    let signal = |signal| rustix::process::kill_process(id, signal).expect("a signal");
    let mut kexinit = shakedown_wire::ssh::KexInit::default();
    for field in shakedown_wire::ssh::NameListField::ALL {
        *kexinit.list_mut(field) = vec![b"none-of-it".to_vec()];
    }
    let packet = shakedown_wire::ssh::write_packet(&kexinit.write());
    let mut input = child.stdin.take().expect("its input");
    input.write_all(b"SSH-2.0-Test_1\r\n").expect("a banner");
    let mut length = [0; 4];
    answers.read_exact(&mut length).expect("the server's packet");
    let mut theirs = vec![0; usize::try_from(u32::from_be_bytes(length)).expect("a length")];
    answers.read_exact(&mut theirs).expect("the server's packet");
    // It stands still while both come.
    signal(rustix::process::Signal::STOP);
    input.write_all(&packet).expect("a packet");
    drop((input, answers));
    signal(rustix::process::Signal::HUP);
    signal(rustix::process::Signal::CONT);
    let mut errors = String::new();
    child.stderr.take().expect("its errors").read_to_string(&mut errors).expect("text");
    let status = child.wait().expect("its status");
    assert!(errors.contains("error[no-common-kex]"), "{status}: {errors}");
}

#[test]
fn names_of_the_ssh_configuration_and_proxies() {
    let Some(server) = sshd(&SshdSpec::default()) else { return };
    let shakedown = Shakedown::new();
    let config = shakedown.write("config", format!("Host db01\n HostName 127.0.0.1\n Port {}\n", server.port()));
    let relay = Listener::relay(&["db01", "-F", &config, "--count", "1"]);
    let Some(connection) = clients::openssh(relay.address, &[]) else { return };
    assert!(connection.exchanged, "{}", connection.text);
    assert_eq!(relay.end().status, 0);

    // Both kinds of proxy, of which each answers once.
    for scheme in ["http", "socks5"] {
        let proxy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("{scheme}://{}", proxy.local_addr().expect("its address"));
        let target = server.address();
        let passing = std::thread::spawn(move || {
            let (mut client, _) = proxy.accept().expect("a client");
            let mut request = [0; 512];
            let count = std::io::Read::read(&mut client, &mut request).expect("a request");
            let mut asked = request[..count].to_vec();
            let answer: &[u8] = match scheme {
                "http" => b"HTTP/1.1 200 OK\r\n\r\n",
                _ => {
                    std::io::Write::write_all(&mut &client, &[5, 0]).expect("an answer");
                    let count = std::io::Read::read(&mut &client, &mut request).expect("a request");
                    asked = request[..count].to_vec();
                    &[5, 0, 0, 1, 127, 0, 0, 1, 0, 1]
                }
            };
            std::io::Write::write_all(&mut &client, answer).expect("an answer");
            let upstream = TcpStream::connect(target).expect("the server");
            let _said = tap::both(&client, &upstream);
            asked
        });
        let relay = Listener::relay(&["db01", "-F", &config, "--proxy", &url, "--count", "1"]);
        let connection = clients::openssh(relay.address, &[]).expect("ssh");
        assert!(connection.exchanged, "{scheme}: {}", connection.text);
        let asked = passing.join().expect("the proxy");
        let port = server.port();
        match scheme {
            "http" => assert!(asked.starts_with(format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n").as_bytes())),
            _ => assert_eq!(asked, [&[5, 1, 0, 1, 127, 0, 0, 1][..], &port.to_be_bytes()].concat()),
        }
        let ended = relay.end();
        assert_eq!(ended.status, 0, "{scheme}: {}", ended.stderr);
    }

    // One that refuses.
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", proxy.local_addr().expect("its address"));
    let refusing = std::thread::spawn(move || {
        let (mut client, _) = proxy.accept().expect("a client");
        let _ = std::io::Read::read(&mut client, &mut [0; 512]);
        let _ = std::io::Write::write_all(&mut client, b"HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    let program = env!("CARGO_BIN_EXE_shakedown");
    let command = format!("-oProxyCommand={program} relay --proxy {url} - %h %p");
    let connection = clients::openssh(server.address(), &[&command]).expect("ssh");
    refusing.join().expect("the proxy");
    assert!(connection.text.contains("403 Forbidden"), "{}", connection.text);
}

#[test]
fn other_servers_and_who_only_knocks() {
    let Some(server) = dropbear(&shakedown_testkit::peers::DropbearSpec::default()) else { return };
    let relay = Listener::relay(&[&format!("ssh://{}", server.address()), "--count", "1"]);
    // A port scanner, a health check.
    drop(TcpStream::connect(relay.address).expect("a connection"));
    let knock = relay.next();
    assert_eq!(knock["diagnoses"], Value::Array(Vec::new()), "{knock:#}");
    let Some(connection) = clients::openssh(relay.address, &[]) else { return };
    assert!(connection.exchanged, "{}", connection.text);
    let ended = relay.end();
    let document = &ended.documents[0];
    let software = document["parties"][1]["software"].as_str().unwrap_or_default();
    assert!(software.starts_with("dropbear@"), "{document:#}");
    assert_eq!(document["pairs"][0]["outcome"]["result"], "agreed", "{document:#}");
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("1 connection works, 0 fail, 1 connection without an offer"), "{}", ended.stderr);
}

#[test]
fn wrong_uses() {
    let shakedown = Shakedown::new();
    for (arguments, word) in [
        (&["relay", "ike://gw"][..], "listen ike"),
        (&["relay", "-"], "HOST"),
        (&["relay", "db01", "22"], "db01:2222"),
        (&["relay", "-", "db01", "22", "--port", "5"], "--port"),
        (&["relay", "gopher://x"], "scheme"),
        (&["relay", "db01", "--bind", "192.0.2.1"], "cannot be listened on"),
        (&["relay", "db01", "--format", "sarif"], "json"),
    ] {
        let run = shakedown.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{arguments:?}: {}", run.stderr);
    }
}
