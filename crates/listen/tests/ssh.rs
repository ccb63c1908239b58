//! The listener against this project's own probe and against the `ssh` of the machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use shakedown_crypto::{PrivateHostKey, kex};
use shakedown_listen::ssh::{Limits, Listener, SshServer};
use shakedown_model::ssh::{SignatureCheck, SshOffer};
use shakedown_model::{Ending, Fact, Known, Name, Phase, items};
use shakedown_probe::{HostKeys, Options, SshTarget, Want};

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn offer(kex: &[&str]) -> SshOffer {
    let list = |names: &[&str]| Known::Complete(items(names.iter().copied()));
    SshOffer {
        kex: list(kex),
        host_key: list(&["ssh-ed25519", "ecdsa-sha2-nistp256"]),
        cipher_c2s: list(&["aes256-ctr", "aes128-cbc"]),
        cipher_s2c: list(&["aes128-ctr"]),
        mac_c2s: list(&["hmac-sha2-256"]),
        mac_s2c: list(&["hmac-sha1"]),
        compression_c2s: list(&["none"]),
        compression_s2c: list(&["none"]),
        ..SshOffer::default()
    }
}

fn server(kex: &[&str]) -> SshServer {
    SshServer {
        identification: Name::new("SSH-2.0-OpenSSH_6.7"),
        offer: offer(kex),
        host_keys: vec![PrivateHostKey::generate_ed25519().unwrap(), PrivateHostKey::generate_ecdsa_p256().unwrap()],
    }
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

#[test]
fn the_probe_reads_what_the_listener_offers() {
    wait(async {
        let listener = Listener::bind(loopback(), server(&["diffie-hellman-group1-sha1"])).await.unwrap();
        let want = Want { host_keys: HostKeys::All, gex_sizes: true };
        let options = Options { want, timeout: Duration::from_secs(30), ..Options::default() };
        let target = SshTarget::at(listener.local_addr());
        let probed = shakedown_probe::ssh(&target, &options).await;
        let found = &probed.gathered.parties[0].ssh().unwrap().offer;
        let names = |list: &Known<Vec<shakedown_model::Item>>| shakedown_model::names(list.complete().unwrap());
        assert_eq!(names(&found.kex), ["diffie-hellman-group1-sha1"]);
        assert_eq!(names(&found.cipher_c2s), ["aes256-ctr", "aes128-cbc"]);
        assert_eq!(names(&found.mac_s2c), ["hmac-sha1"]);
        assert_eq!(found.identification.as_ref().unwrap(), "SSH-2.0-OpenSSH_6.7");
        let keys = found.host_keys.complete().unwrap();
        assert_eq!(keys.len(), 2);
        assert!(keys.iter().all(|key| key.signature == SignatureCheck::Verified), "{keys:?}");
        assert_eq!(probed.connections, 2);

        // The change holds from the next connection on.
        listener.set_offer(offer(&["curve25519-sha256"]));
        let probed = shakedown_probe::ssh(&target, &options).await;
        assert_eq!(names(&probed.gathered.parties[0].ssh().unwrap().offer.kex), ["curve25519-sha256"]);

        listener.wait_for(4).await;
        let observations = listener.observations();
        assert_eq!(observations.len(), 4);
        assert!(observations.iter().all(|seen| seen.identification.as_ref().unwrap().as_str().contains("shakedown")));
    });
}

#[test]
fn both_ends_exchange_keys_in_every_method() {
    wait(async {
        let listener = Listener::bind(loopback(), server(&["curve25519-sha256"])).await.unwrap();
        for method in kex::methods().iter().filter(|method| method.derives()) {
            // Without optimisation the largest groups take seconds, and their arithmetic is that of the others.
            if method.name.contains("group17") || method.name.contains("group18") {
                continue;
            }
            listener.set_offer(offer(&[method.name]));
            let want = Want { host_keys: HostKeys::One { kex: Vec::new(), host_key: Vec::new() }, gex_sizes: false };
            let options = Options { want, timeout: Duration::from_secs(30), ..Options::default() };
            let probed = shakedown_probe::ssh(&SshTarget::at(listener.local_addr()), &options).await;
            let found = &probed.gathered.parties[0].ssh().unwrap().offer;
            let keys = found.host_keys.accepted().unwrap();
            assert_eq!(keys[0].signature, SignatureCheck::Verified, "{}", method.name);
        }
    });
}

#[test]
fn a_real_client_completes_the_key_exchange() {
    let Some(ssh) = shakedown_testkit::require("ssh") else { return };
    wait(async {
        let listener = Listener::bind(loopback(), server(&["curve25519-sha256"])).await.unwrap();
        let port = listener.local_addr().port().to_string();
        let options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "MACs=+hmac-sha1"];
        let mut command = tokio::process::Command::new(ssh);
        command.args(["-F", "none", "-p", &port]).stdin(std::process::Stdio::null()).kill_on_drop(true);
        command.args(options.iter().flat_map(|option| ["-o", option]));
        let child = command.arg("127.0.0.1").stderr(std::process::Stdio::null()).spawn().unwrap();
        listener.wait_for(1).await;
        drop(child);
        let seen = &listener.observations()[0];
        assert!(seen.completed, "{seen:?}");
        assert!(seen.identification.as_ref().unwrap().as_str().starts_with("SSH-2.0-OpenSSH_"));
        assert_eq!(seen.kex.as_ref().unwrap(), "curve25519-sha256");
        assert!(seen.offer.as_ref().unwrap().kex_methods().len() > 3);
    });
}

/// Sends these bytes and reads until the listener closes.
fn talk(address: SocketAddr, bytes: &[u8], close: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    if close {
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    }
    let mut answer = Vec::new();
    // Where the listener ends in a reset, what came before it counts.
    let _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn strange_clients_are_recorded() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limits = Limits { time: Duration::from_millis(300), observations: 2, ..Limits::default() };
    let listener = runtime.block_on(Listener::bind_with(loopback(), server(&["curve25519-sha256"]), limits)).unwrap();
    let address = listener.local_addr();
    type Case = (&'static [u8], bool, fn(&Fact) -> bool);
    let cases: [Case; 4] = [
        (b"", true, |fact| matches!(fact, Fact::Ended { ending: Ending::Closed, phase: Phase::Identification, .. })),
        (b"GET / HTTP/1.1\r\n\r\n", false, |fact| matches!(fact, Fact::OtherProtocol { .. })),
        (b"SSH-2.0-x\r\n\xff\xff\xff\xff\x00\x00\x00\x00", false, |fact| {
            matches!(fact, Fact::Malformed { .. } | Fact::LimitReached { .. })
        }),
        (b"SSH-2.0-x\r\n", false, |fact| {
            matches!(fact, Fact::Ended { ending: Ending::Silent { .. }, phase: Phase::Kexinit, .. })
        }),
    ];
    for (number, (bytes, close, expected)) in (1..).zip(cases) {
        let client = std::thread::spawn(move || talk(address, bytes, close));
        runtime.block_on(listener.wait_for(number));
        assert!(client.join().unwrap().starts_with(b"SSH-2.0-OpenSSH_6.7\r\n"));
        let seen = listener.observations().pop().unwrap();
        assert_eq!(seen.connection, number);
        assert!(seen.facts.iter().any(expected), "{seen:?}");
    }
    assert_eq!(listener.observations().len(), 2);
}

#[test]
fn a_dropped_listener_listens_no_more() {
    wait(async {
        let listener = Listener::bind(loopback(), server(&["curve25519-sha256"])).await.unwrap();
        let address = listener.local_addr();
        drop(listener);
        // The socket goes when its task is next looked at.
        tokio::task::yield_now().await;
        let probed = shakedown_probe::ssh(&SshTarget::at(address), &Options::default()).await;
        assert!(probed.gathered.parties.is_empty());
    });
}
