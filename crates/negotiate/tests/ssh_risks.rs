//! What is weak about a session, judged for the pair.

mod common;

use common::{list, modern, outcome, policy};
use shakedown_catalog::Catalog;
use shakedown_model::ssh::SshPolicy;
use shakedown_model::{Risk, Slot};
use shakedown_negotiate::ssh::risks;

fn found(client: &SshPolicy, server: &SshPolicy) -> Vec<Risk> {
    let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).expect("the blob of this build is whole");
    risks(&outcome(client, server), client, server, &catalog)
}

fn codes(client: &SshPolicy, server: &SshPolicy) -> Vec<String> {
    found(client, server).into_iter().map(|risk| risk.code).collect()
}

fn strict(mut policy: SshPolicy, marker: &str) -> SshPolicy {
    let kex = policy.offer.kex.complete_mut().unwrap();
    kex.push(shakedown_model::Item::new(marker));
    policy
}

#[test]
fn terrapin_needs_both_ends_and_the_cipher_that_is_used() {
    let terrapin = |client: &SshPolicy, server: &SshPolicy| codes(client, server).contains(&"terrapin".to_owned());
    let (client, server) = (modern(), modern());
    assert!(terrapin(&client, &server));
    let strict_client = strict(modern(), "kex-strict-c-v00@openssh.com");
    let strict_server = strict(modern(), "kex-strict-s-v00@openssh.com");
    assert!(terrapin(&strict_client, &server) && terrapin(&client, &strict_server));
    assert!(!terrapin(&strict_client, &strict_server));
    let counter = policy("curve25519-sha256", "ssh-ed25519", "aes128-ctr", "hmac-sha2-256-etm@openssh.com");
    assert!(!terrapin(&counter, &counter), "counter mode cannot be attacked so");
    let chained = policy("curve25519-sha256", "ssh-ed25519", "aes128-cbc", "hmac-sha2-256-etm@openssh.com");
    assert!(terrapin(&chained, &chained));
    let mut unknown = modern();
    unknown.offer.kex =
        shakedown_model::Known::Partial { accepted: shakedown_model::items(["curve25519-sha256"]), refused: vec![] };
    assert!(!terrapin(&unknown, &server), "the markers of a partly known end are not known");
}

#[test]
fn each_weakness_is_named_with_its_source() {
    let old = policy("rsa1024-sha1", "ssh-rsa", "3des-cbc", "hmac-md5");
    let risks = found(&old, &old);
    let codes: Vec<&str> = risks.iter().map(|risk| risk.code.as_str()).collect();
    for code in ["sha1-signature", "no-forward-secrecy", "no-post-quantum", "cbc-without-etm", "weak-cipher"] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
    for risk in &risks {
        assert!(!risk.citation.is_empty() && risk.slot.is_some(), "{risk:?}");
        assert!(risk.summary.starts_with(|c: char| c == '`' || c.is_lowercase()), "{}", risk.summary);
        assert!(!risk.summary.ends_with('.'), "{}", risk.summary);
    }
    let ciphers = risks.iter().filter(|risk| risk.code == "weak-cipher").count();
    assert_eq!(ciphers, 1, "both directions are one risk");
}

#[test]
fn a_session_of_today_has_no_weakness() {
    let mut best = policy("mlkem768x25519-sha256", "ssh-ed25519", "aes256-gcm@openssh.com", "hmac-sha2-256");
    assert_eq!(found(&best, &best), []);
    best.offer.kex = list("curve25519-sha256");
    assert_eq!(codes(&best, &best), ["no-post-quantum"]);
    assert_eq!(found(&best, &best)[0].slot, Some(Slot::Kex));
}
