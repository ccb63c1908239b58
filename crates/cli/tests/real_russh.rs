//! `check` and `offer` against a server of russh, which listens on a free port of loopback.

mod support;

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

use russh::keys::ssh_key::Algorithm;
use russh::keys::{EcdsaCurve, HashAlg, PrivateKey};
use russh::{Preferred, SshId, cipher, kex, mac, server};
use support::Shakedown;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

struct Handler;

impl server::Handler for Handler {
    type Error = russh::Error;
}

/// A running server, stopped when dropped.
struct Russh {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Russh {
    fn start(preferred: Preferred, keys: Vec<PrivateKey>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let config = server::Config {
            server_id: SshId::Standard("SSH-2.0-russh_0.65.1".into()),
            keys,
            preferred,
            ..Default::default()
        };
        let config = Arc::new(config);
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            while let Ok((stream, _)) = listener.accept().await {
                let config = Arc::clone(&config);
                tokio::spawn(async move {
                    // How a session ends does not matter here.
                    if let Ok(session) = server::run_stream(config, stream, Handler).await {
                        let _ = session.await;
                    }
                });
            }
        };
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! { () = serve => {}, _ = stopped => {} }
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    fn url(&self) -> String {
        format!("ssh://{}", self.address)
    }
}

impl Drop for Russh {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn private_key(algorithm: Algorithm) -> PrivateKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), algorithm).expect("a key")
}

fn names(list: &serde_json::Value) -> Vec<String> {
    let name = |item: &serde_json::Value| item.as_str().expect("a name").to_owned();
    list.as_array().unwrap_or_else(|| panic!("no list: {list:#}")).iter().map(name).collect()
}

#[test]
fn its_whole_offer_is_mapped_and_every_host_key_verified() {
    let preferred = Preferred {
        kex: Cow::Borrowed(&[kex::CURVE25519, kex::ECDH_SHA2_NISTP256, kex::DH_GEX_SHA256]),
        cipher: Cow::Borrowed(&[cipher::AES_192_CTR, cipher::AES_256_GCM]),
        mac: Cow::Borrowed(&[mac::HMAC_SHA512, mac::HMAC_SHA256]),
        ..Preferred::DEFAULT
    };
    let keys = vec![private_key(Algorithm::Ed25519), private_key(Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 })];
    let fingerprints: Vec<String> =
        keys.iter().map(|key| key.public_key().fingerprint(HashAlg::Sha256).to_string()).collect();
    let server = Russh::start(preferred, keys);
    let (status, document) = Shakedown::new().json(&["offer", &server.url()]);
    assert_eq!(status, 0, "{document:#}");
    let offer = &document["offers"][0];
    assert_eq!(offer["complete"], true);
    assert_eq!(
        names(&offer["kex"])[..3],
        ["curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group-exchange-sha256"]
    );
    assert_eq!(names(&offer["host_key"]), ["ssh-ed25519", "ecdsa-sha2-nistp384"]);
    assert_eq!(names(&offer["cipher_c2s"]), ["aes192-ctr", "aes256-gcm@openssh.com"]);
    assert_eq!(names(&offer["mac_s2c"]), ["hmac-sha2-512", "hmac-sha2-256"]);
    let seen = offer["host_keys"].as_array().expect("host keys");
    for fingerprint in &fingerprints {
        let key = seen.iter().find(|key| key["fingerprint"].as_str() == Some(fingerprint));
        let key = key.unwrap_or_else(|| panic!("no {fingerprint} in {seen:#?}"));
        assert_eq!(key["signature"]["state"].as_str().or(key["signature"].as_str()), Some("verified"), "{key:#}");
    }
}

#[test]
fn a_check_gives_what_the_real_ssh_agrees_on() {
    let Some(ssh) = shakedown_testkit::require("ssh") else { return };
    let server = Russh::start(Preferred::DEFAULT, vec![private_key(Algorithm::Ed25519)]);
    let (status, document) = Shakedown::new().json(&["check", &server.url(), "-F", "none"]);
    let outcome = &document["pairs"][0]["outcome"];
    assert_eq!((status, &outcome["result"]), (0, &"agreed".into()), "{document:#}");
    let mut command = Command::new(ssh);
    command.args(["-vv", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"]);
    command.args(["-o", "UserKnownHostsFile=none", "-o", "GlobalKnownHostsFile=none"]);
    command.args(["-p", &server.address.port().to_string(), "127.0.0.1", "true"]);
    let output = command.stdin(Stdio::null()).output().expect("ssh runs");
    let real = shakedown_testkit::Agreed::from_openssh_log(&String::from_utf8_lossy(&output.stderr));
    for (slot, name) in [
        ("kex", real.kex),
        ("host_key", real.host_key),
        ("cipher_c2s", real.cipher_c2s),
        ("cipher_s2c", real.cipher_s2c),
        ("compression_c2s", real.compression_c2s),
    ] {
        assert!(name.is_some(), "{slot}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(outcome["agreed"][slot].as_str(), name.as_deref(), "{slot}");
    }
}

#[test]
fn what_it_lacks_is_found_in_every_slot() {
    let preferred = Preferred {
        kex: Cow::Borrowed(&[kex::CURVE25519]),
        cipher: Cow::Borrowed(&[cipher::CHACHA20_POLY1305]),
        ..Preferred::DEFAULT
    };
    let server = Russh::start(preferred, vec![private_key(Algorithm::Ed25519)]);
    let shakedown = Shakedown::new();
    let old = shakedown.write("old_config", "KexAlgorithms diffie-hellman-group14-sha256\nCiphers aes128-ctr\n");
    let run = shakedown.run(&["check", &server.url(), "--as", &old, "--format", "json"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    let causes = run.causes();
    for cause in ["no-common-kex", "no-common-cipher"] {
        assert!(causes.iter().any(|found| found == cause), "{cause} is not in {causes:?}");
    }
}
