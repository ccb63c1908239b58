//! The peers themselves: each starts, talks to the clients of the others, and is gone afterwards.

use std::net::{SocketAddr, TcpStream};

use shakedown_testkit::clients::{self, Connection};
use shakedown_testkit::peers::{self, DropbearSpec, ScriptSpec, SshdSpec};
use shakedown_testkit::{Agreed, KeyType};

/// A connection of each client, with its name.
fn all_clients(address: SocketAddr) -> Vec<(&'static str, Connection)> {
    let script = ScriptSpec::default();
    let connections = [
        ("openssh", clients::openssh(address, &[])),
        ("plink", clients::plink(address, &[])),
        ("dbclient", clients::dbclient(address, &[])),
        ("libssh2", clients::libssh2(address)),
        ("paramiko", clients::paramiko(address, &script)),
        ("asyncssh", clients::asyncssh(address, &script)),
        ("node", clients::node_ssh2(address, &script)),
    ];
    connections.into_iter().filter_map(|(name, connection)| Some((name, connection?))).collect()
}

#[test]
fn every_client_exchanges_keys_with_sshd() {
    let Some(server) = peers::sshd(&SshdSpec::default()) else { return };
    for (name, connection) in all_clients(server.address()) {
        assert!(connection.exchanged, "{name}: {}\n{}", connection.text, server.log());
    }
}

#[test]
fn every_client_exchanges_keys_with_dropbear() {
    let Some(server) = peers::dropbear(&DropbearSpec::default()) else { return };
    for (name, connection) in all_clients(server.address()) {
        assert!(connection.exchanged, "{name}: {}\n{}", connection.text, server.log());
    }
}

#[test]
fn no_client_exchanges_keys_without_a_cipher_and_mac_in_common() {
    let spec = SshdSpec::with_config("Ciphers aes192-cbc\nMACs umac-128@openssh.com\n");
    let Some(server) = peers::sshd(&spec.host_keys(&[KeyType::Ed25519])) else { return };
    for (name, connection) in all_clients(server.address()) {
        assert!(!connection.exchanged, "{name}: {}", connection.text);
        assert!(!connection.text.is_empty(), "{name} says nothing");
    }
}

#[test]
fn both_ends_tell_the_same() {
    let spec = SshdSpec::with_config("Ciphers aes128-ctr,aes256-gcm@openssh.com\nMACs hmac-sha2-512\n");
    let wanted = |kex: &str, host_key: Option<&str>| Agreed {
        kex: Some(kex.to_owned()),
        host_key: host_key.map(str::to_owned),
        cipher_c2s: Some("aes128-ctr".to_owned()),
        cipher_s2c: Some("aes128-ctr".to_owned()),
        mac_c2s: Some("hmac-sha2-512".to_owned()),
        mac_s2c: Some("hmac-sha2-512".to_owned()),
        compression_c2s: Some("none".to_owned()),
        compression_s2c: Some("none".to_owned()),
    };
    let script = ScriptSpec {
        kex: vec!["ecdh-sha2-nistp384".to_owned()],
        host_key: vec!["rsa-sha2-256".to_owned()],
        cipher: vec!["aes128-ctr".to_owned()],
        mac: vec!["hmac-sha2-512".to_owned()],
        ..ScriptSpec::default()
    };
    let openssh = |address| {
        clients::openssh(
            address,
            &["-oKexAlgorithms=ecdh-sha2-nistp384", "-oHostKeyAlgorithms=rsa-sha2-256", "-oCiphers=aes128-ctr"],
        )
    };
    // A new server for each, so that its log tells of one connection.
    for client in ["openssh", "paramiko", "asyncssh", "node"] {
        let Some(server) = peers::sshd(&spec) else { return };
        let connection = match client {
            "openssh" => openssh(server.address()),
            "paramiko" => clients::paramiko(server.address(), &script),
            "asyncssh" => clients::asyncssh(server.address(), &script),
            _ => clients::node_ssh2(server.address(), &script),
        };
        let Some(connection) = connection else { continue };
        let host_key = (client != "asyncssh").then_some("rsa-sha2-256");
        assert_eq!(connection.agreed, wanted("ecdh-sha2-nistp384", host_key), "{client}: {}", connection.text);
        assert_eq!(server.agreed(), wanted("ecdh-sha2-nistp384", Some("rsa-sha2-256")), "{client}: {}", server.log());
    }
}

#[test]
fn servers_of_libraries_tell_what_they_agreed_on() {
    let spec = ScriptSpec {
        cipher: vec!["aes256-ctr".to_owned()],
        mac: vec!["hmac-sha2-256".to_owned()],
        keys: vec![KeyType::Ecdsa(256)],
        ..ScriptSpec::default()
    };
    let check = |name: &str, address: SocketAddr, agreed: &dyn Fn() -> Agreed, log: &dyn Fn() -> String| {
        let Some(connection) = clients::openssh(address, &[]) else { return };
        assert!(connection.exchanged, "{name}: {}\n{}", connection.text, log());
        assert_eq!(connection.agreed, agreed(), "{name}: {}\n{}", connection.text, log());
        assert_eq!(connection.agreed.cipher_s2c.as_deref(), Some("aes256-ctr"), "{name}");
    };
    if let Some(server) = peers::paramiko_server(&spec) {
        check("paramiko", server.address(), &|| server.agreed(), &|| server.log());
    }
    if let Some(server) = peers::asyncssh_server(&spec) {
        check("asyncssh", server.address(), &|| server.agreed(), &|| server.log());
    }
}

#[test]
fn a_server_is_gone_when_its_guard_is_dropped() {
    let Some(server) = peers::sshd(&SshdSpec::default().host_keys(&[KeyType::Ed25519])) else { return };
    let (address, id) = (server.address(), server.id());
    let held = TcpStream::connect(address).expect("it listens");
    assert!(server.wait_for_log("Connection from"), "{}", server.log());
    drop(server);
    assert!(!std::path::Path::new(&format!("/proc/{id}")).exists(), "process {id} still runs");
    assert!(TcpStream::connect(address).is_err(), "it still listens");
    drop(held);
}

#[test]
fn match_blocks_keep_what_stands_before_them() {
    let spec = SshdSpec::with_config("Ciphers aes192-ctr\nMatch User somebody\n  PasswordAuthentication no");
    let Some(server) = peers::sshd(&spec.host_keys(&[KeyType::Ed25519])) else { return };
    let Some(connection) = clients::openssh(server.address(), &[]) else { return };
    assert_eq!(connection.agreed.cipher_c2s.as_deref(), Some("aes192-ctr"), "{}", connection.text);
}
