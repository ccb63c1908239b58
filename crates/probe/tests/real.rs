//! Real servers on loopback: the whole offer, every host key with its proof, group sizes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shakedown_model::ssh::{SignatureCheck, SshOffer};
use shakedown_model::{Ending, Fact, Known, Name, Party, Slot, names};
use shakedown_probe::{HostKeys, Options, Probed, Progress, SshTarget, Want};
use shakedown_testkit::KeyType;
use shakedown_testkit::peers::{DropbearSpec, ScriptSpec, SshdSpec, asyncssh_server, dropbear, paramiko_server, sshd};

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn probe_with(address: SocketAddr, want: Want) -> Probed {
    let options = Options { want, timeout: Duration::from_secs(30), ..Options::default() };
    wait(shakedown_probe::ssh(&SshTarget::at(address), &options))
}

fn probe(address: SocketAddr) -> Probed {
    probe_with(address, Want { host_keys: HostKeys::All, gex_sizes: true })
}

fn one(kex: &[&str], host_key: &[&str]) -> Want {
    let names = |names: &[&str]| names.iter().map(|name| Name::new(name)).collect();
    Want { host_keys: HostKeys::One { kex: names(kex), host_key: names(host_key) }, gex_sizes: false }
}

fn party(probed: &Probed) -> &Party {
    assert_eq!(probed.gathered.parties.len(), 1, "{:#?}", probed.gathered.evidence);
    &probed.gathered.parties[0]
}

fn offer(probed: &Probed) -> &SshOffer {
    &party(probed).ssh().unwrap().offer
}

fn list(offer: &SshOffer, slot: Slot) -> String {
    let names = names(offer.list(slot).complete().unwrap());
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(",")
}

/// Key types and fingerprints, every signature verified.
fn verified(offer: &SshOffer) -> Vec<(String, String)> {
    let Known::Complete(keys) = &offer.host_keys else { panic!("{:?}", offer.host_keys) };
    assert!(keys.iter().all(|key| key.signature == SignatureCheck::Verified), "{keys:#?}");
    let mut keys: Vec<_> =
        keys.iter().map(|key| (key.key_type.to_string(), key.fingerprint.clone().unwrap())).collect();
    keys.sort();
    keys
}

fn fingerprint(public: &std::path::Path) -> String {
    let output = Command::new("ssh-keygen").arg("-lf").arg(public).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn openssh_whole_offer_and_all_host_keys() {
    let config = "KexAlgorithms curve25519-sha256,diffie-hellman-group-exchange-sha256\n\
                  Ciphers aes256-ctr,aes128-gcm@openssh.com\nMACs hmac-sha2-512\nCompression no\n";
    let keys = [KeyType::Ed25519, KeyType::Ecdsa(521), KeyType::Rsa(3072)];
    let Some(server) = sshd(&SshdSpec::with_config(config).host_keys(&keys)) else { return };
    let probed = probe(server.address());
    let offer = offer(&probed);
    assert!(list(offer, Slot::Kex).starts_with("curve25519-sha256,diffie-hellman-group-exchange-sha256"));
    for slot in [Slot::CipherC2s, Slot::CipherS2c] {
        assert_eq!(list(offer, slot), "aes256-ctr,aes128-gcm@openssh.com");
    }
    assert_eq!(list(offer, Slot::MacS2c), "hmac-sha2-512");
    assert_eq!(list(offer, Slot::CompressionC2s), "none");
    let mut expected: Vec<_> = [("ssh-ed25519", keys[0]), ("ecdsa-sha2-nistp521", keys[1]), ("ssh-rsa", keys[2])]
        .map(|(name, key)| {
            (name.to_owned(), fingerprint(&server.key_dir().join(key.file_name()).with_extension("pub")))
        })
        .to_vec();
    expected.sort();
    assert_eq!(verified(offer), expected);
    let bits: Vec<_> = offer.host_keys.complete().unwrap().iter().map(|key| key.bits.unwrap()).collect();
    assert!(bits.contains(&256) && bits.contains(&521) && bits.contains(&3072), "{bits:?}");
    assert!(offer.gex_sizes.accepted().unwrap()[0] >= 2048, "{:?}", offer.gex_sizes);
    // One for the offer and a key, two for further keys, one for the group.
    assert_eq!(probed.connections, 4);
    assert!(party(&probed).notes.is_empty(), "{:?}", party(&probed).notes);
    assert!(offer.kex.complete().unwrap().iter().all(|item| item.origin.is_some()));
    // Nothing in it reads like a fault.
    let faults = probed
        .gathered
        .evidence
        .iter()
        .filter(|evidence| !matches!(evidence.fact, Fact::Connected { .. } | Fact::Identification { .. }));
    assert_eq!(faults.count(), 0, "{:#?}", probed.gathered.evidence);
}

#[test]
fn openssh_one_connection_for_a_clients_check() {
    let Some(server) = sshd(&SshdSpec::default()) else { return };
    let probed = probe_with(server.address(), one(&["curve25519-sha256"], &["rsa-sha2-256", "ssh-ed25519"]));
    assert_eq!(probed.connections, 1);
    let Known::Partial { accepted, .. } = &offer(&probed).host_keys else { panic!() };
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].key_type, "ssh-rsa");
    assert_eq!(accepted[0].signature, SignatureCheck::Verified);
}

#[test]
fn openssh_every_method_verifies_the_signature() {
    let legacy = "KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1\n\
                  HostKeyAlgorithms +ssh-rsa\n";
    let Some(server) = sshd(&SshdSpec::with_config(legacy)) else { return };
    for method in [
        "curve25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "diffie-hellman-group1-sha1",
        "diffie-hellman-group14-sha1",
        "diffie-hellman-group14-sha256",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group-exchange-sha256",
        "diffie-hellman-group-exchange-sha1",
    ] {
        let probed = probe_with(server.address(), one(&[method], &["ssh-rsa"]));
        let keys = offer(&probed).host_keys.accepted().unwrap();
        assert_eq!(keys[0].signature, SignatureCheck::Verified, "{method}");
    }
}

#[test]
fn openssh_with_sntrup761_alone_is_read_but_not_verified() {
    let Some(server) = sshd(&SshdSpec::with_config("KexAlgorithms sntrup761x25519-sha512@openssh.com\n")) else {
        return;
    };
    let probed = probe(server.address());
    let keys = offer(&probed).host_keys.complete().unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        assert!(matches!(key.signature, SignatureCheck::Unverified { .. }), "{key:?}");
        assert!(key.fingerprint.is_some());
    }
}

#[test]
fn openssh_small_rsa_key_and_certificate() {
    // The certificate is made before the server starts, in a folder of its own.
    let Some(keygen) = shakedown_testkit::require("ssh-keygen") else { return };
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        assert!(Command::new(&keygen).args(arguments).current_dir(folder.path()).status().unwrap().success());
    };
    run(&["-q", "-t", "ed25519", "-N", "", "-f", "authority"]);
    run(&["-q", "-t", "ed25519", "-N", "", "-f", "host"]);
    run(&["-q", "-s", "authority", "-h", "-I", "id", "-n", "localhost", "host.pub"]);
    let at = folder.path().display();
    let config = format!("HostKey {at}/host\nHostCertificate {at}/host-cert.pub\n");
    let Some(server) = sshd(&SshdSpec::with_config(config).host_keys(&[KeyType::Rsa(1024)])) else { return };
    let probed = probe(server.address());
    let keys = offer(&probed).host_keys.complete().unwrap();
    let find = |key_type: &str| keys.iter().find(|key| key.key_type == *key_type).unwrap();
    assert_eq!(find("ssh-rsa").bits, Some(1024));
    let certificate = find("ssh-ed25519-cert-v01@openssh.com");
    assert_eq!(certificate.certificate_authority, Some(fingerprint(&folder.path().join("authority.pub"))));
    assert_eq!(certificate.fingerprint, find("ssh-ed25519").fingerprint);
    assert!(keys.iter().all(|key| key.signature == SignatureCheck::Verified), "{keys:#?}");
}

#[test]
fn dropbear_offer_and_all_host_keys() {
    let Some(server) = dropbear(&DropbearSpec::default()) else { return };
    let probed = probe(server.address());
    let found = offer(&probed);
    assert!(found.identification.as_ref().unwrap().as_str().contains("dropbear"));
    let types: Vec<String> = verified(found).into_iter().map(|(key_type, _)| key_type).collect();
    assert_eq!(types, ["ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-rsa"]);
}

#[test]
fn paramiko_offer_and_host_keys() {
    let Some(server) = paramiko_server(&ScriptSpec::default()) else { return };
    let probed = probe(server.address());
    assert!(!verified(offer(&probed)).is_empty(), "{:?}", server.log());
}

#[test]
fn asyncssh_offer_and_host_keys() {
    let Some(server) = asyncssh_server(&ScriptSpec::default()) else { return };
    let probed = probe(server.address());
    assert!(!verified(offer(&probed)).is_empty(), "{:?}", server.log());
}

#[test]
fn openssh_throttled_by_max_startups() {
    let Some(server) = sshd(&SshdSpec::with_config("MaxStartups 1\n")) else { return };
    // Takes up the only place; that sshd has it is seen by its identification.
    let mut first = std::net::TcpStream::connect(server.address()).unwrap();
    std::io::Read::read_exact(&mut first, &mut [0; 8]).unwrap();
    let probed = probe(server.address());
    assert!(probed.gathered.parties.is_empty());
    // OpenSSH says so since 8.2; before, it closed in silence.
    let said = probed.gathered.evidence.iter().any(|evidence| {
        matches!(&evidence.fact, Fact::Throttled { .. } | Fact::Ended { ending: Ending::Closed | Ending::Reset, .. })
    });
    assert!(said, "{:#?}", probed.gathered.evidence);
    assert_eq!(probed.connections, 1);
}

#[test]
fn progress_is_told() {
    let Some(server) = sshd(&SshdSpec::default()) else { return };
    let steps = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&steps);
    let options = Options {
        want: Want { host_keys: HostKeys::All, gex_sizes: false },
        progress: Some(Arc::new(move |step| told.lock().unwrap().push(step))),
        ..Options::default()
    };
    let probed = wait(shakedown_probe::ssh(&SshTarget::new("127.0.0.1", server.port()), &options));
    let steps = steps.lock().unwrap();
    let count = |wanted: fn(&Progress) -> bool| steps.iter().filter(|step| wanted(step)).count() as u32;
    assert_eq!(count(|step| matches!(step, Progress::Connecting { .. })), probed.connections);
    assert_eq!(count(|step| matches!(step, Progress::HostKey { .. })), 3);
    assert!(matches!(steps[0], Progress::Resolving { .. }));
}
