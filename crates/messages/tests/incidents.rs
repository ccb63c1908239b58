//! What belongs together in a log.

use shakedown_messages::{Attempt, KnownPeer, Messages, Place, Reader};
use shakedown_model::{IncidentResult, Role, Slot, Standing};

const NO_KEX: &str = "no matching key exchange method found. Their offer: diffie-hellman-group1-sha1 [preauth]";

fn read(text: &str) -> (Vec<Attempt>, u64) {
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    reader.read(0, 0, text.as_bytes());
    reader.finish()
}

fn counts(attempts: &[Attempt]) -> Vec<(Option<&str>, u64)> {
    attempts.iter().map(|attempt| (attempt.peer.as_deref(), attempt.count)).collect()
}

#[test]
fn processes_of_sshd_are_attempts_and_the_same_peer_is_counted() {
    let text = format!(
        "Nov 21 10:00:00 gw sshd[7]: Unable to negotiate with 192.0.2.7 port 40001: {NO_KEX}\n\
         Nov 21 10:00:05 gw sshd[8]: Unable to negotiate with 192.0.2.8 port 40002: {NO_KEX}\n\
         Nov 21 10:00:09 gw sshd[9]: Unable to negotiate with 192.0.2.7 port 40003: {NO_KEX}\n"
    );
    let (attempts, _) = read(&text);
    assert_eq!(counts(&attempts), [(Some("192.0.2.7"), 2), (Some("192.0.2.8"), 1)]);
    assert_eq!(attempts[0].first.as_deref(), Some("Nov 21 10:00:00"));
    assert_eq!(attempts[0].last.as_deref(), Some("Nov 21 10:00:09"));
}

#[test]
fn the_processes_that_serve_one_connection_are_one_attempt() {
    let text = format!(
        "Nov 21 10:00:00 gw sshd-session[7]: Connection from 192.0.2.7 port 40001 on 192.0.2.1 port 22\n\
         Nov 21 10:00:01 gw sshd-auth[8]: Unable to negotiate with 192.0.2.7 port 40001: {NO_KEX}\n\
         Nov 21 10:00:03 gw sshd-session[9]: Connection from 192.0.2.9 port 40002 on 192.0.2.1 port 22\n\
         Nov 21 10:00:04 gw sshd-auth[10]: Unable to negotiate with 192.0.2.9 port 40002: {NO_KEX}\n"
    );
    let (attempts, _) = read(&text);
    assert_eq!(counts(&attempts), [(Some("192.0.2.7"), 1), (Some("192.0.2.9"), 1)]);
    assert!(attempts.iter().all(|attempt| attempt.said.len() >= 2), "{attempts:#?}");
}

#[test]
fn minutes_tell_failures_apart_where_nothing_else_does() {
    let failure = "Unable to negotiate with 192.0.2.7 port 22: no matching host key type found. Their offer: ssh-rsa";
    let close = format!("2026-11-21T10:00:00Z backup: {failure}\n2026-11-21T10:00:05Z backup: {failure}\n");
    assert_eq!(counts(&read(&close).0), [(Some("192.0.2.7"), 1)]);
    let apart = format!("2026-11-21T10:00:00Z backup: {failure}\n2026-11-21T10:30:00Z backup: {failure}\n");
    assert_eq!(counts(&read(&apart).0), [(Some("192.0.2.7"), 2)]);
}

/// Many strangers, one that works, and a known peer that fails.
fn noisy(strangers: usize) -> String {
    let mut text = String::new();
    for number in 0..strangers {
        let line = format!("Nov 21 10:00:00 gw sshd[{}]: Unable to negotiate with ", 100 + number);
        text += &format!("{line}203.0.113.{} port 50000: {NO_KEX}\n", number % 250);
    }
    text += "Nov 21 10:01:00 gw sshd[7]: Accepted publickey for root from 192.0.2.7 port 40001 ssh2: ED25519 x\n";
    text += &format!("Nov 21 10:02:00 gw sshd[8]: Unable to negotiate with 192.0.2.7 port 40002: {NO_KEX}\n");
    text
}

#[test]
fn peers_that_succeed_are_known_and_those_that_never_do_are_strangers() {
    let (attempts, strangers) = read(&noisy(40));
    assert_eq!(strangers, 40);
    let of = |standing| attempts.iter().filter(|attempt| attempt.standing == standing).collect::<Vec<_>>();
    assert_eq!(of(Standing::Stranger).len(), 40);
    let known = of(Standing::Known);
    assert!(known.iter().all(|attempt| attempt.peer.as_deref() == Some("192.0.2.7")) && known.len() == 2);
    assert!(known.iter().any(|attempt| attempt.result == IncidentResult::Failed));
}

#[test]
fn a_peer_that_the_person_names_is_known() {
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    reader.know(vec!["203.0.113.0/31".parse::<KnownPeer>().unwrap()]);
    reader.read(0, 0, noisy(40).as_bytes());
    let (attempts, strangers) = reader.finish();
    assert_eq!(strangers, 38);
    let failed_and_known = attempts.iter().filter(|attempt| {
        attempt.standing == Standing::Known && attempt.peer.as_deref().is_some_and(|peer| peer.starts_with("203."))
    });
    assert_eq!(failed_and_known.count(), 2);
}

#[test]
fn a_text_with_one_or_two_incidents_has_no_strangers() {
    let text: String = noisy(2).lines().take(2).map(|line| format!("{line}\n")).collect();
    assert!(read(&text).0.iter().all(|attempt| attempt.standing == Standing::Unremarkable));
}

#[test]
fn blocks_of_a_long_log_keep_line_numbers_and_count_everything() {
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    let (mut offset, mut line) = (0_u64, 0);
    let mut expected = None;
    for block in 0..40 {
        let mut text = String::new();
        for number in 0..400 {
            line += 1;
            let process = block * 400 + number;
            if number == 399 {
                expected = expected.or(Some((line, offset + text.len() as u64)));
                text += &format!(
                    "Nov 21 10:00:00 gw sshd[{process}]: Unable to negotiate with 192.0.2.7 port 40001: {NO_KEX}\n"
                );
            } else {
                text += &format!("Nov 21 10:00:00 gw cron[{process}]: (root) CMD (true)\n");
            }
        }
        reader.read(0, offset, text.as_bytes());
        offset += text.len() as u64;
    }
    let (attempts, _) = reader.finish();
    assert_eq!(counts(&attempts), [(Some("192.0.2.7"), 40)]);
    let piece = &attempts[0].pieces[0];
    assert_eq!(Some((piece.line, piece.offset)), expected);
    assert!(piece.bytes.starts_with(b"Nov 21") && piece.bytes.ends_with(b"[preauth]"));
}

#[test]
fn any_number_of_peers_is_held_in_bounds() {
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    let mut offset = 0;
    for block in 0..5_u32 {
        let mut text = String::new();
        for number in 0..500 {
            let peer = block * 500 + number;
            let (high, low) = (peer / 250, peer % 250);
            text += &format!(
                "Nov 21 10:00:00 gw sshd[{peer}]: Unable to negotiate with 10.0.{high}.{low} port 50000: {NO_KEX}\n"
            );
        }
        reader.read(0, offset, text.as_bytes());
        offset += text.len() as u64;
    }
    let (attempts, strangers) = reader.finish();
    assert!(attempts.len() <= 1100, "{}", attempts.len());
    assert_eq!(attempts.iter().map(|attempt| attempt.count).sum::<u64>(), 2500);
    assert_eq!(strangers, 2500);
}

#[test]
fn what_both_ends_say_of_one_connection_is_one_attempt() {
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    reader.set_role(0, Role::Client);
    reader.set_role(1, Role::Server);
    let client = "Nov 21 10:00:00 db01 ssh[5]: Unable to negotiate with 192.0.2.1 port 22: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1\n\
                  Nov 21 11:00:00 db01 ssh[6]: Unable to negotiate with 192.0.2.1 port 22: no matching cipher found. Their offer: 3des-cbc\n";
    // The server's clock is a minute ahead.
    let server = "Nov 21 11:01:00 gw sshd[8]: Unable to negotiate with 192.0.2.7 port 40002: no matching cipher found. Their offer: aes256-gcm@openssh.com [preauth]\n\
                  Nov 21 10:01:00 gw sshd[7]: Unable to negotiate with 192.0.2.7 port 40001: no matching key exchange method found. Their offer: curve25519-sha256 [preauth]\n";
    reader.read(0, 0, client.as_bytes());
    reader.read(1, 0, server.as_bytes());
    let (attempts, _) = reader.finish();
    assert_eq!(attempts.len(), 2, "{attempts:#?}");
    for (attempt, slot) in attempts.iter().zip(["kex", "cipher_c2s"]) {
        assert!(attempt.joined.is_some());
        for offer in [&attempt.client_offer, &attempt.server_offer] {
            assert!(offer.iter().any(|list| list.slot == slot), "{slot}: {offer:?}");
        }
    }
}

#[test]
fn a_growing_log_gives_each_attempt_when_it_is_quiet() {
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    let line = |process: u32| {
        format!("Nov 21 10:00:00 gw sshd[{process}]: Unable to negotiate with 192.0.2.7 port 40001: {NO_KEX}\n")
    };
    reader.read(0, 0, line(1).as_bytes());
    assert_eq!(reader.settled().len(), 0, "more may come");
    assert_eq!(reader.settled().len(), 1);
    assert_eq!(reader.settled().len(), 0);
    reader.read(0, 200, line(2).as_bytes());
    assert_eq!(reader.rest().len(), 1);
}

/// Failures, far apart in a log of connections that work; one peer comes back with success.
fn busy() -> String {
    let mut text = String::new();
    for number in 0..6000 {
        let (process, peer) = (1000 + number, format!("198.51.100.{} port {}", number % 199, 40_000 + number));
        let mut line = |what: &str| text += &format!("Nov 21 10:{:02}:00 gw sshd[{process}]: {what}\n", number / 100);
        line(&format!("Connection from {peer} on 192.0.2.1 port 22"));
        match number {
            1000 | 2000 => line(&format!("Unable to negotiate with {peer}: {NO_KEX}")),
            3000 => {
                line("Client protocol version 2.0; client software version JSCH-0.1.54");
                line(&format!("Unable to negotiate with {peer}: {NO_KEX}"));
                line(&format!("Connection closed by {peer} [preauth]"));
            }
            4000 => {
                line(&format!("Failed password for deploy from {peer} ssh2"));
                line(&format!("Accepted password for deploy from {peer} ssh2"));
            }
            _ => {
                line(&format!("Accepted publickey for deploy from {peer} ssh2: ED25519 SHA256:abcdefghijklmnop"));
                line("pam_unix(sshd:session): session opened for user deploy(uid=1001) by (uid=0)");
                line(&format!("Disconnected from user deploy {peer}"));
            }
        }
    }
    text
}

/// A long text is looked over first: what is read closely then gives the same as when all is.
#[test]
fn a_long_text_tells_the_same_as_its_parts() {
    let messages = Messages::built_in();
    let text = busy();
    assert!(text.len() > 1 << 20);
    let told = |block: usize| {
        let mut reader = Reader::new(&messages);
        let mut at = 0;
        while at < text.len() {
            let end =
                text[at..].char_indices().skip(block).find(|(_, c)| *c == '\n').map_or(text.len(), |(i, _)| at + i + 1);
            reader.read(0, at as u64, &text.as_bytes()[at..end]);
            at = end;
        }
        let (attempts, strangers) = reader.finish();
        let failed = attempts.into_iter().filter(|attempt| attempt.result != IncidentResult::Succeeded);
        let told: Vec<_> = failed
            .map(|attempt| {
                let said = attempt.said.iter().map(|(said, place)| (said.message.clone(), *place));
                let said: Vec<(String, Place)> = said.collect();
                for piece in &attempt.pieces {
                    let at = usize::try_from(piece.offset).unwrap();
                    assert_eq!(text.as_bytes()[at..at + piece.bytes.len()], piece.bytes);
                    assert_eq!(text[..at].matches('\n').count() + 1, piece.line);
                }
                let lines: Vec<usize> = attempt.pieces.iter().map(|piece| piece.line).collect();
                (attempt.peer, attempt.result, attempt.standing, attempt.client_software, said, lines)
            })
            .collect();
        (told, strangers)
    };
    let parts = told(50_000);
    assert_eq!(parts.0.len(), 4, "{parts:#?}");
    assert_eq!(told(text.len()), parts);
    for block in [300_000, 500_000, 900_000] {
        assert_eq!(told(block), parts, "{block}");
    }
}

/// The end of a failed connection was told as one of its own: its peer was the name with a part of the address.
#[test]
fn what_postfix_says_of_one_connection_is_one_incident() {
    let text = "Mar  3 11:45:47 mail postfix/smtpd[1058]: connect from mx.example.net[192.0.2.10]\n\
        Mar  3 11:45:47 mail postfix/smtpd[1058]: SSL_accept error from mx.example.net[192.0.2.10]: -1\n\
        Mar  3 11:45:47 mail postfix/smtpd[1058]: warning: TLS library problem: \
        error:1417A0C1:SSL routines:tls_post_process_client_hello:no shared cipher:../ssl/statem/statem_srvr.c:1419:\n\
        Mar  3 11:45:47 mail postfix/smtpd[1058]: lost connection after STARTTLS from mx.example.net[192.0.2.10]\n";
    let (attempts, _) = read(text);
    assert_eq!(attempts.len(), 1, "{attempts:#?}");
    assert_eq!(attempts[0].peer.as_deref(), Some("192.0.2.10"));
}

/// `docker logs` of an sshd that writes to standard error: connections of one peer were put together, and so undecided.
#[test]
fn connections_are_told_apart_by_their_ports_where_no_program_is_written() {
    let text = "Server listening on 0.0.0.0 port 22.\n\
        Connection from 192.0.2.10 port 50001 on 192.0.2.1 port 22 rdomain \"\"\n\
        Unable to negotiate with 192.0.2.10 port 50001: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1 [preauth]\n\
        Connection from 192.0.2.10 port 50002 on 192.0.2.1 port 22 rdomain \"\"\n\
        Accepted publickey for deploy from 192.0.2.10 port 50002 ssh2: ED25519 SHA256:l3ZcnfPYmrsLRWZ4b6sfKwQm1VPzUo0tC8vK2sVd9yE\n\
        Connection from 192.0.2.10 port 50003 on 192.0.2.1 port 22 rdomain \"\"\n\
        Unable to negotiate with 192.0.2.10 port 50003: no matching host key type found. Their offer: ssh-dss [preauth]\n";
    let (attempts, _) = read(text);
    let failed: Vec<_> = attempts.iter().filter(|attempt| attempt.result == IncidentResult::Failed).collect();
    let said = |slot: Slot| {
        failed.iter().filter(|attempt| attempt.said.iter().any(|(said, _)| said.slot == Some(slot))).count()
    };
    assert_eq!((failed.len(), said(Slot::Kex), said(Slot::HostKey)), (2, 1, 1), "{attempts:#?}");
}
