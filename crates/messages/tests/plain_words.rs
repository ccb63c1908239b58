//! What words point to that no known program printed: only where nothing better is in the text.

use shakedown_messages::{Messages, Reader};
use shakedown_model::Strength;

/// The messages of a text that point to something, with the causes.
fn points(text: &str) -> Vec<(String, Vec<String>)> {
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    reader.read(0, 0, text.as_bytes());
    let attempts = reader.finish().0;
    let said = attempts.into_iter().flat_map(|attempt| attempt.said).map(|(said, _)| said);
    said.filter(|said| !said.indications.is_empty())
        .map(|said| (said.message, said.indications.into_iter().map(|one| one.cause).collect()))
        .collect()
}

fn of_plain_words(text: &str) -> Vec<String> {
    let plain = points(text).into_iter().filter(|(message, _)| message.starts_with("plain-words/"));
    plain.flat_map(|(_, causes)| causes.into_iter().take(1)).collect()
}

#[test]
fn words_of_a_program_that_is_not_known_have_a_cause() {
    for (text, cause) in [
        ("NIOSSHError.keyExchangeNegotiationFailure", "no-common-kex"),
        ("login: no mutual hostkey", "no-common-host-key-algorithm"),
        ("Failed certificate verification of the node", "certificate-untrusted"),
        ("connector: the host does not support SSL connections", "wrong-protocol"),
        ("SSL library: protocol version mismatch", "no-common-version"),
        ("tunnel to the branch is down: phase 2 proposal mismatch", "no-common-child-proposal"),
        ("gateway says: encryption domains differ", "traffic-selector-mismatch"),
    ] {
        assert_eq!(of_plain_words(text).first().map(String::as_str), Some(cause), "{text}");
    }
}

/// Nobody's words are as good as those of a program that is known.
#[test]
fn they_give_way_to_a_known_message() {
    let known = "com.jcraft.jsch.JSchException: UnknownHostKey: 192.0.2.7. RSA key fingerprint is aa:bb\n";
    let text = format!("{known}the deployment failed: no common cipher, certificate expired, PSK mismatch\n");
    assert_eq!(of_plain_words(&text), Vec::<String>::new());
    let success = "Nov 21 10:11:12 host sshd[1234]: Accepted publickey for user from 192.0.2.1 port 50000 ssh2\n";
    assert_eq!(of_plain_words(&format!("{success}PSK mismatch\n")), Vec::<String>::new());
}

/// A message that only guesses does not keep them out, but they have to say more than it does.
#[test]
fn they_stand_beside_a_guess_only_where_they_say_more() {
    let guess = "TLS handshake failed";
    let alone = points(guess);
    assert!(!alone.is_empty() && alone.iter().all(|(message, _)| !message.starts_with("plain-words/")), "{alone:?}");
    let more = of_plain_words("TLS handshake failed: Failed certificate verification calling hello");
    assert_eq!(more.first().map(String::as_str), Some("certificate-untrusted"));
}

/// A log is full of words.
#[test]
fn they_are_not_looked_for_in_long_texts() {
    let line = "app: PSK mismatch\n";
    assert!(!of_plain_words(line).is_empty());
    let filler = "app: all is well with the world today and tomorrow\n".repeat(1000);
    assert_eq!(of_plain_words(&format!("{filler}{line}")), Vec::<String>::new());
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    reader.read(0, 100, line.as_bytes());
    assert_eq!(reader.found(), 0, "not what was added to a text that grows either");
}

#[test]
fn they_are_never_decisive() {
    let messages = Messages::built_in();
    let plain = messages.entries().filter(|entry| entry.product == "plain-words");
    let mut count = 0;
    for entry in plain {
        let mut reader = Reader::new(&messages);
        reader.read(0, 0, entry.examples.first().map(String::as_str).unwrap_or_default().as_bytes());
        let attempts = reader.finish().0;
        let mut indications = attempts.iter().flat_map(|one| &one.said).flat_map(|(said, _)| &said.indications);
        assert!(indications.all(|one| one.strength < Strength::Decisive), "{}", entry.id);
        count += 1;
    }
    assert!(count > 20, "{count}");
}

/// The same words where nobody speaks of a secure connection.
#[test]
fn words_of_other_things_are_none_of_these() {
    for text in [
        "IDX10205: Issuer validation failed. The issuer is invalid",
        "kernel: usb 1-1: device not accepting address 2, error -71",
        "make: warning: Clock skew detected. Your build may be incomplete.",
        "card reader: PIN invalid",
        "selenium: invalid selector",
        "Get \"\": unsupported protocol scheme",
        "the proposal was rejected by the board",
        "smtp: authentication method not supported",
        "image: fingerprint mismatch of layer 3",
        "peer 7 of the ring is unreachable",
        "row not written: invalid id",
        "transform failed at stage 2",
        "the banner of the shop could not be loaded",
    ] {
        assert_eq!(of_plain_words(text), Vec::<String>::new(), "{text}");
    }
}
