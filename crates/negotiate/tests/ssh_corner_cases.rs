//! The cases in which simple negotiators go wrong.

mod common;

use common::{agreed, failed, is, kind, list, modern, outcome, policy, rule};
use shakedown_model::ssh::GuessRule;
use shakedown_model::{FailureKind, Name, OutcomeResult, Role, Slot};

#[test]
fn the_directions_differ() {
    let mut client = modern();
    client.offer.cipher_c2s = list("aes128-ctr");
    client.offer.cipher_s2c = list("aes256-ctr");
    let mut server = modern();
    server.offer.cipher_c2s = list("aes256-ctr,aes128-ctr");
    server.offer.cipher_s2c = list("aes128-ctr,aes256-ctr");
    let result = outcome(&client, &server);
    assert_eq!(agreed(&result, Slot::CipherC2s), Some("aes128-ctr"));
    assert_eq!(agreed(&result, Slot::CipherS2c), Some("aes256-ctr"));
    server.offer.cipher_s2c = list("aes128-ctr");
    assert_eq!(failed(&outcome(&client, &server)), ["cipher_s2c"]);
}

#[test]
fn aead_in_one_direction_only() {
    let mut client = policy("a", "b", "aes128-ctr", "m");
    client.offer.cipher_c2s = list("aes128-gcm@openssh.com");
    let mut server = policy("a", "b", "aes128-gcm@openssh.com,aes128-ctr", "m");
    server.offer.mac_c2s = list("n");
    let result = outcome(&client, &server);
    is(&result, OutcomeResult::Agreed);
    assert_eq!((agreed(&result, Slot::MacC2s), agreed(&result, Slot::MacS2c)), (None, Some("m")));
    server.offer.mac_s2c = list("n");
    assert_eq!(failed(&outcome(&client, &server)), ["mac_s2c"]);
}

#[test]
fn only_markers_overlap() {
    let mut client = modern();
    client.offer.kex = list("curve25519-sha256,kex-strict-c-v00@openssh.com,ext-info-c");
    let mut server = modern();
    server.offer.kex = list("diffie-hellman-group1-sha1,kex-strict-s-v00@openssh.com,kex-strict-c-v00@openssh.com");
    let marker = Name::new("kex-strict-c-v00@openssh.com");
    assert_eq!(kind(&outcome(&client, &server), Slot::Kex), &FailureKind::MarkerChosen { marker });
    server.offer.kex = list("kex-strict-s-v00@openssh.com,ext-info-s");
    assert_eq!(kind(&outcome(&client, &server), Slot::Kex), &FailureKind::NothingOffered { by: Role::Server });
}

#[test]
fn both_markers_on_one_side_do_no_harm_by_themselves() {
    let mut client = modern();
    client.offer.kex = list("curve25519-sha256,ext-info-c,ext-info-s");
    let mut server = modern();
    server.offer.kex = list("curve25519-sha256,ext-info-s");
    assert_eq!(agreed(&outcome(&client, &server), Slot::Kex), Some("curve25519-sha256"));
}

#[test]
fn a_marker_in_the_first_place_spoils_a_guess() {
    let mut client = modern();
    client.offer.first_kex_packet_follows = true;
    client.offer.kex = list("ext-info-c,curve25519-sha256");
    let mut server = modern();
    let result = outcome(&client, &server);
    is(&result, OutcomeResult::Agreed);
    assert!(rule(&result, Slot::Kex).contains("guess is wrong"));
    client.behaviour.guess = GuessRule::FirstsWithoutMarkers;
    server.behaviour.guess = GuessRule::FirstsWithoutMarkers;
    assert!(rule(&outcome(&client, &server), Slot::Kex).contains("guess is right"));
}

#[test]
fn one_rsa_key_two_signature_algorithms() {
    let mut client = modern();
    client.offer.host_key = list("ssh-ed25519,rsa-sha2-512,rsa-sha2-256");
    let mut server = modern();
    server.offer.host_key = list("ssh-rsa");
    assert_eq!(failed(&outcome(&client, &server)), ["host_key"], "the key would do, the SHA-1 signature does not");
    server.offer.host_key = list("rsa-sha2-512,rsa-sha2-256,ssh-rsa");
    assert_eq!(agreed(&outcome(&client, &server), Slot::HostKey), Some("rsa-sha2-512"));
}

#[test]
fn a_client_that_takes_only_certificates() {
    let mut client = modern();
    client.offer.host_key = list("ssh-ed25519-cert-v01@openssh.com");
    let mut server = modern();
    assert_eq!(failed(&outcome(&client, &server)), ["host_key"]);
    server.offer.host_key = list("ssh-ed25519-cert-v01@openssh.com,ssh-ed25519");
    is(&outcome(&client, &server), OutcomeResult::Agreed);
}

#[test]
fn gss_names_carry_the_mechanism() {
    let mut client = modern();
    client.offer.kex = list("gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g==,curve25519-sha256");
    let mut server = modern();
    server.offer.kex = list("gss-group14-sha256-eipGX3TCiQSrx573bT1o1Q==,curve25519-sha256");
    assert_eq!(agreed(&outcome(&client, &server), Slot::Kex), Some("curve25519-sha256"));
    server.offer.kex = client.offer.kex.clone();
    assert_eq!(agreed(&outcome(&client, &server), Slot::Kex), Some("gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g=="));
}

#[test]
fn macs_matter_only_beside_the_cipher_that_is_chosen() {
    let first_aead = "aes128-gcm@openssh.com,aes128-ctr";
    let client = policy("a", "b", first_aead, "m");
    is(&outcome(&client, &policy("a", "b", first_aead, "n")), OutcomeResult::Agreed);
    let result = outcome(&client, &policy("a", "b", "aes128-ctr", "n"));
    assert_eq!(failed(&result), ["mac_s2c", "mac_c2s"]);
}

#[test]
fn macs_are_not_blamed_where_the_cipher_fails_and_could_be_aead() {
    let client = policy("a", "b", "aes128-gcm@openssh.com", "m");
    let server = policy("a", "b", "3des-cbc", "n");
    assert_eq!(failed(&outcome(&client, &server)), ["cipher_s2c", "cipher_c2s"]);
}

#[test]
fn languages_never_fail() {
    let mut client = modern();
    client.offer.languages = (vec![Name::new("de")], vec![Name::new("de")]);
    let mut server = modern();
    server.offer.languages = (vec![Name::new("en")], vec![Name::new("en")]);
    is(&outcome(&client, &server), OutcomeResult::Agreed);
}

#[test]
fn delayed_compression_is_another_name() {
    let mut client = modern();
    client.offer.compression_c2s = list("zlib");
    let mut server = modern();
    server.offer.compression_c2s = list("zlib@openssh.com");
    assert_eq!(failed(&outcome(&client, &server)), ["compression_c2s"]);
    server.offer.compression_c2s = list("none,zlib@openssh.com,zlib");
    assert_eq!(agreed(&outcome(&client, &server), Slot::CompressionC2s), Some("zlib"));
}

#[test]
fn dropbears_guess_rule_holds_where_both_announce_it() {
    let guess2 = "kexguess2@matt.ucc.asn.au";
    let mut client = modern();
    client.offer.kex = list(&format!("curve25519-sha256,ecdh-sha2-nistp256,{guess2}"));
    client.offer.first_kex_packet_follows = true;
    client.behaviour.guess = GuessRule::ChosenIsClientsFirst;
    let mut server = client.clone();
    server.offer.first_kex_packet_follows = false;
    // By the RFC this guess would be wrong: the first names differ.
    server.offer.kex = list(&format!("ecdh-sha2-nistp256,curve25519-sha256,{guess2}"));
    assert!(rule(&outcome(&client, &server), Slot::Kex).contains("guess is right"));
    // A server without the marker judges by the RFC, and the client knows that.
    server.offer.kex = list("ecdh-sha2-nistp256,curve25519-sha256");
    let result = outcome(&client, &server);
    is(&result, OutcomeResult::Agreed);
    assert!(rule(&result, Slot::Kex).contains("guess is wrong"));
}

#[test]
fn paramiko_wants_a_mac_beside_gcm() {
    let mut client = policy("a", "b", "aes128-gcm@openssh.com", "hmac-sha2-256");
    let server = policy("a", "b", "aes128-gcm@openssh.com", "hmac-md5");
    is(&outcome(&client, &server), OutcomeResult::Agreed);
    client.behaviour.mac_needed_beside_aead = true;
    let result = outcome(&client, &server);
    assert_eq!(failed(&result), ["mac_s2c", "mac_c2s"]);
    assert!(matches!(kind(&result, Slot::MacC2s), FailureKind::Deviation { by: Role::Client, .. }));
    let both = policy("a", "b", "aes128-gcm@openssh.com", "hmac-md5,hmac-sha2-256");
    let result = outcome(&client, &both);
    is(&result, OutcomeResult::Agreed);
    assert_eq!(agreed(&result, Slot::MacC2s), None);
}

#[test]
fn russh_uses_one_cipher() {
    let mut client = modern();
    client.behaviour.one_cipher = true;
    let mut server = modern();
    is(&outcome(&client, &server), OutcomeResult::Agreed);
    server.offer.cipher_s2c = list("aes128-ctr");
    let result = outcome(&client, &server);
    assert!(matches!(kind(&result, Slot::CipherS2c), FailureKind::Deviation { by: Role::Client, .. }));
    server.behaviour.one_cipher = true;
    let result = outcome(&client, &server);
    is(&result, OutcomeResult::Agreed);
    assert_eq!(agreed(&result, Slot::CipherS2c), Some("chacha20-poly1305@openssh.com"));
}
