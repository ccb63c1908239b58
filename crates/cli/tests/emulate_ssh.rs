//! `emulate` as an SSH server: the real clients of this machine meet what they would meet at the real one.

#[path = "support/listener.rs"]
mod listener;
#[path = "support/mod.rs"]
mod support;

use listener::Listener;
use serde_json::Value;
use shakedown_testkit::clients;
use support::Shakedown;

fn emulate(arguments: &[&str]) -> Listener {
    Listener::start_as("emulate", &[arguments, &["--timeout", "5m"]].concat())
}

fn noted(document: &Value, words: &str) -> bool {
    document["notes"]
        .as_array()
        .is_some_and(|notes| notes.iter().any(|note| note.as_str().unwrap_or("").contains(words)))
}

#[test]
fn an_old_server_that_nobody_has_any_more() {
    let server = emulate(&["openssh@5.3p1", "--count", "2"]);
    let Some(refused) = clients::openssh(server.address, &[]) else { return };
    assert!(refused.text.contains("remote software version OpenSSH_5.3"), "{}", refused.text);
    assert!(refused.text.contains("Unable to negotiate") && refused.text.contains("Their offer: "), "{}", refused.text);
    let document = server.next();
    assert_eq!(
        (&document["command"], &document["pairs"][0]["outcome"]["result"]),
        (&"emulate".into(), &"failed".into())
    );
    assert!(document["diagnoses"][0]["cause"].as_str().is_some_and(|cause| cause.starts_with("no-common-")));
    assert_eq!(document["parties"][1]["label"], "openssh@5.3p1");

    let wider = ["-oHostKeyAlgorithms=+ssh-rsa", "-oKexAlgorithms=diffie-hellman-group14-sha1", "-oMACs=hmac-sha1"];
    let agreed = clients::openssh(server.address, &wider).expect("ssh");
    assert!(agreed.exchanged, "{}", agreed.text);
    assert_eq!(agreed.agreed.kex.as_deref(), Some("diffie-hellman-group14-sha1"));
    let document = server.next();
    assert_eq!(document["pairs"][0]["outcome"]["result"], "agreed", "{document:#}");
    assert!(noted(&document, "carried out to its end"), "{document:#}");
    let ended = server.end();
    assert_eq!(ended.status, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("ssh-dss"), "what it has no key for is said: {}", ended.stderr);
}

/// A switch that nobody can update.
#[test]
fn an_old_cisco_ios() {
    let server = emulate(&["cisco-ios@12"]);
    let Some(refused) = clients::openssh(server.address, &[]) else { return };
    let offered = "no matching key exchange method found. Their offer: diffie-hellman-group1-sha1";
    assert!(refused.text.contains(offered), "{}", refused.text);
    let wider = ["-oKexAlgorithms=+diffie-hellman-group1-sha1", "-oHostKeyAlgorithms=+ssh-rsa"];
    let refused = clients::openssh(server.address, &wider).expect("ssh");
    let offered = "no matching cipher found. Their offer: aes128-cbc,3des-cbc,aes192-cbc,aes256-cbc";
    assert!(refused.text.contains(offered), "{}", refused.text);
    for cipher in ["3des-cbc", "aes256-cbc"] {
        let ciphers = format!("-oCiphers={cipher}");
        let all = [&wider[..], &[&ciphers]].concat();
        let agreed = clients::openssh(server.address, &all).expect("ssh");
        assert!(agreed.exchanged && agreed.text.contains("Cisco-1.25"), "{}", agreed.text);
        assert_eq!(agreed.agreed.cipher_c2s.as_deref(), Some(cipher));
    }
}

#[test]
fn groups_are_given_as_that_version_gives_them() {
    let gex = ["-oKexAlgorithms=diffie-hellman-group-exchange-sha256", "-oHostKeyAlgorithms=+ssh-rsa"];
    let server = emulate(&["openssh@5.3p1"]);
    let Some(given) = clients::openssh(server.address, &[&gex[..], &["-oCiphers=aes128-ctr"]].concat()) else { return };
    assert!(given.exchanged, "{}", given.text);
    assert!(noted(&server.next(), "a group of 3072 bits was given"));
}

#[test]
fn a_configuration_and_a_recorded_offer() {
    let shakedown = Shakedown::new();
    let file =
        shakedown.write("sshd_config", "Ciphers aes256-ctr\nMACs hmac-sha2-512\nKexAlgorithms ecdh-sha2-nistp384\n");
    let party = format!("openssh@9.2p1:{file}");
    let server = emulate(&[&party]);
    let Some(met) = clients::openssh(server.address, &[]) else { return };
    assert_eq!(met.agreed.kex.as_deref(), Some("ecdh-sha2-nistp384"), "{}", met.text);
    assert_eq!(met.agreed.mac_c2s.as_deref(), Some("hmac-sha2-512"));
    assert!(met.exchanged);

    let (status, offer) = shakedown.json(&["offer", "dropbear@2022.83", "--side", "server"]);
    assert_eq!(status, 0);
    let file = shakedown.write("offer.json", offer.to_string());
    let server = emulate(&[&file]);
    let met = clients::openssh(server.address, &[]).expect("ssh");
    assert!(met.text.contains("dropbear_2022.83") && met.exchanged, "{}", met.text);
    if let Some(met) = clients::dbclient(server.address, &[]) {
        assert!(met.exchanged, "{}", met.text);
    }
}

#[test]
fn what_is_not_emulated_is_refused() {
    let shakedown = Shakedown::new();
    for (arguments, words) in [
        (&["emulate", "openssh@9.6p1", "--protocol", "tls"][..], "does not speak TLS"),
        (&["emulate", "local"], "this machine's client"),
        (&["emulate", "openssh@9.6p1", "--format", "sarif"], "json"),
    ] {
        let run = shakedown.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
}
