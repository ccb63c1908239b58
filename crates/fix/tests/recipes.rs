//! Fixes for what a text tells, in typical cases.

mod common;

use std::fmt::Write;

use common::{catalog, indent, party};
use shakedown_fix::{TextInput, from_text};
use shakedown_model::{
    Applicability, CommandPlace, Context, Diagnosis, Evidence, EvidenceId, Fact, Fix, HopRef, MessageKind, Name,
    Protocol, Reason, Role, Said, Side, Slot,
};

/// A message of a product with its captures.
fn said(protocol: Protocol, product: &str, role: Option<Role>, text: &str, captures: &[(&str, &str)]) -> Said {
    Said {
        message: format!("{product}/test"),
        product: product.into(),
        protocol: Some(protocol),
        kind: MessageKind::Failure,
        printed_by: role,
        phase: None,
        slot: None,
        text: Name::new(text),
        captures: captures.iter().map(|(name, value)| ((*name).to_owned(), Name::new(value))).collect(),
        indications: Vec::new(),
        explains: Vec::new(),
        summary: String::new(),
        note: String::new(),
        decides: None,
        times: 1,
    }
}

fn diagnosis(protocol: Protocol, cause: &'static str, side: Side, permille: u16) -> Diagnosis {
    Diagnosis {
        pair: None,
        incident: Some(0),
        group: 0,
        cause,
        reason: Reason::Unknown,
        protocol,
        object: None,
        hop: HopRef::Target,
        phase: None,
        side,
        side_because: String::new(),
        confidence_permille: permille,
        summary: String::new(),
        algorithms: Vec::new(),
        evidence: vec![EvidenceId(0)],
        evidence_against: Vec::new(),
        labels: Vec::new(),
        notes: Vec::new(),
        what_would_decide: None,
        remedies: Vec::new(),
    }
}

fn fixes(diagnoses: &[Diagnosis], messages: Vec<Said>) -> Vec<Fix> {
    let evidence: Vec<Evidence> = messages.into_iter().map(|said| Evidence::new(Fact::Said(Box::new(said)))).collect();
    from_text(&TextInput {
        diagnoses,
        evidence: &evidence,
        client: None,
        server: None,
        context: &Context::default(),
        catalog: catalog(),
    })
}

fn one(diagnosis: Diagnosis, message: Said) -> Vec<Fix> {
    fixes(&[diagnosis], vec![message])
}

fn render(fixes: &[Fix]) -> String {
    let mut text = String::new();
    for fix in fixes {
        let _ = writeln!(text, "{} ({}): {}", fix.applicability.as_str(), fix.side, fix.title);
        for (what, commands) in [("do", &fix.commands), ("verify", &fix.verify), ("undo", &fix.undo)] {
            for command in commands {
                let explanation = &command.explanation;
                let _ = writeln!(text, "  {what} [{:?}] {explanation}\n{}", command.place, indent(&command.text));
            }
        }
        // What changes with every release of the catalog's facts stays out of snapshots.
        for note in fix.notes.iter().filter(|note| !note.starts_with("written for")) {
            let _ = writeln!(text, "  note: {note}");
        }
    }
    text
}

const SSH_KEX: &str = "no matching key exchange method found";

fn openssh_kex(their_offer: &str) -> Vec<Fix> {
    let mut message = said(
        Protocol::Ssh,
        "openssh",
        Some(Role::Client),
        SSH_KEX,
        &[("peer", "192.0.2.7"), ("port", "22"), ("their_offer", their_offer)],
    );
    message.slot = Some(Slot::Kex);
    one(diagnosis(Protocol::Ssh, "no-common-kex", Side::Server, 970), message)
}

#[test]
fn an_old_ssh_server_gets_an_upgrade_and_the_client_a_host_block() {
    let fixes = openssh_kex("diffie-hellman-group1-sha1,diffie-hellman-group14-sha1");
    assert_eq!(fixes[0].applicability, Applicability::Safe);
    let weaker = fixes.iter().find(|fix| fix.applicability == Applicability::Weakens).expect("a way for the client");
    assert_eq!(weaker.side, Side::Client);
    assert!(weaker.title.contains("diffie-hellman-group14-sha1"), "{}", weaker.title);
    assert!(weaker.commands.iter().any(|command| command.text.contains("Host 192.0.2.7\n")));
    insta::assert_snapshot!(render(&fixes));
}

#[test]
fn a_sound_method_that_the_server_offers_is_switched_on_as_a_safe_step() {
    let fixes = openssh_kex("diffie-hellman-group14-sha1,ecdh-sha2-nistp256");
    let enable = fixes.iter().find(|fix| fix.title.contains("also offer")).expect("something to switch on");
    assert_eq!((enable.applicability, enable.side), (Applicability::Safe, Side::Client));
    assert!(enable.title.contains("ecdh-sha2-nistp256"), "{}", enable.title);
    assert!(fixes.iter().all(|fix| fix.applicability != Applicability::Weakens));
}

#[test]
fn what_a_stranger_sent_does_not_get_into_a_command() {
    let mut message = said(
        Protocol::Ssh,
        "openssh",
        Some(Role::Client),
        SSH_KEX,
        &[("peer", "a;reboot"), ("their_offer", "diffie-hellman-group1-sha1")],
    );
    message.slot = Some(Slot::Kex);
    let fixes = one(diagnosis(Protocol::Ssh, "no-common-kex", Side::Server, 970), message);
    let all = fixes.iter().flat_map(|fix| fix.commands.iter().chain(&fix.verify).chain(&fix.undo));
    let mut commands = 0;
    for command in all {
        commands += 1;
        assert!(!command.text.contains("reboot"), "{}", command.text);
    }
    assert!(commands > 0);
}

#[test]
fn the_client_of_a_server_s_log_is_not_taken_for_the_server() {
    let mut message = said(
        Protocol::Ssh,
        "openssh",
        Some(Role::Server),
        SSH_KEX,
        &[("peer", "198.51.100.9"), ("port", "51234"), ("their_offer", "diffie-hellman-group1-sha1")],
    );
    message.slot = Some(Slot::Kex);
    let evidence = [Evidence::new(Fact::Said(Box::new(message)))];
    let context = Context { host: Some("198.51.100.9".into()), port: Some(51234), ..Context::default() };
    let fixes = from_text(&TextInput {
        diagnoses: &[diagnosis(Protocol::Ssh, "no-common-kex", Side::Client, 970)],
        evidence: &evidence,
        client: None,
        server: None,
        context: &context,
        catalog: catalog(),
    });
    assert_eq!((fixes[0].applicability, fixes[0].side), (Applicability::Safe, Side::Client));
    let weaker = fixes.iter().find(|fix| fix.applicability == Applicability::Weakens).expect("a way for the server");
    assert!(weaker.side == Side::Server && weaker.notes.iter().any(|note| note.contains("another port")), "{weaker:?}");
    let text = render(&fixes);
    assert!(!text.contains("198.51.100.9") && !text.contains("51234"), "{text}");
}

#[test]
fn a_jsch_session_is_told_in_java() {
    let mut message = said(
        Protocol::Ssh,
        "jsch",
        None,
        "Algorithm negotiation fail",
        &[("client_offer", "rsa-sha2-512,rsa-sha2-256,ssh-ed25519"), ("server_offer", "ssh-rsa")],
    );
    message.slot = Some(Slot::HostKey);
    let fixes = one(diagnosis(Protocol::Ssh, "no-common-host-key-algorithm", Side::Server, 900), message);
    insta::assert_snapshot!(render(&fixes));
}

#[test]
fn a_changed_host_key_is_for_a_person() {
    let mut message = said(
        Protocol::Ssh,
        "openssh",
        Some(Role::Client),
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        &[("host", "db01.example.com"), ("file", "/home/user/.ssh/known_hosts"), ("line", "7")],
    );
    let fixes = one(diagnosis(Protocol::Ssh, "host-key-changed", Side::Unknown, 900), message.clone());
    message.captures.push(("port".into(), Name::new("2222")));
    let other_port = render(&one(diagnosis(Protocol::Ssh, "host-key-changed", Side::Unknown, 900), message));
    assert!(other_port.contains("ssh-keygen -R '[db01.example.com]:2222'"), "{other_port}");
    assert!(fixes.iter().all(|fix| fix.applicability == Applicability::Manual));
    let first = &fixes[0].commands[0];
    assert!(first.place == CommandPlace::ServerShell && first.text.contains("ssh-keygen -lf"), "{first:?}");
    insta::assert_snapshot!(render(&fixes));
}

#[test]
fn a_private_key_that_others_can_read() {
    let message = said(
        Protocol::Ssh,
        "openssh",
        Some(Role::Client),
        "Permissions 0644 for '/home/user/.ssh/id_rsa' are too open",
        &[("file", "/home/user/.ssh/id_rsa")],
    );
    let fixes = one(diagnosis(Protocol::Ssh, "private-key-permissions", Side::Client, 970), message);
    assert_eq!(fixes[0].applicability, Applicability::Safe);
    insta::assert_snapshot!(render(&fixes));
}

#[test]
fn an_expired_certificate_behind_nginx() {
    let curl = said(
        Protocol::Tls,
        "curl",
        Some(Role::Client),
        "certificate has expired",
        &[("host", "www.example.com"), ("port", "443")],
    );
    let nginx = said(Protocol::Tls, "nginx", Some(Role::Server), "alert certificate expired", &[]);
    let fixes = fixes(&[diagnosis(Protocol::Tls, "certificate-expired", Side::Server, 970)], vec![curl, nginx]);
    assert!(fixes[0].title.contains("nginx"), "{}", fixes[0].title);
    insta::assert_snapshot!(render(&fixes));
}

#[test]
fn an_unknown_authority_in_java() {
    let message = said(
        Protocol::Tls,
        "java-jsse",
        None,
        "unable to find valid certification path",
        &[("host", "ldap.example.com")],
    );
    let fixes = one(diagnosis(Protocol::Tls, "certificate-untrusted", Side::Client, 600), message);
    let trust = fixes.iter().find(|fix| fix.title.contains("Java")).expect("a key store for Java");
    assert_eq!(trust.applicability, Applicability::Manual);
    insta::assert_snapshot!(render(&fixes));
}

#[test]
fn an_old_tls_server_and_python() {
    let message = said(
        Protocol::Tls,
        "python-ssl",
        Some(Role::Client),
        "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol",
        &[("host", "old.example.com")],
    );
    let fixes = one(diagnosis(Protocol::Tls, "no-common-version", Side::Server, 900), message);
    let weaker = fixes.iter().find(|fix| fix.applicability == Applicability::Weakens).expect("a way for the client");
    assert!(weaker.title.contains("this connection only"), "{}", weaker.title);
    insta::assert_snapshot!(render(&fixes));
}

#[test]
fn the_strongest_ike_proposal_of_the_peer_is_taken() {
    let offer = "IKE:3DES_CBC/HMAC_MD5_96/PRF_HMAC_MD5/MODP_1024, \
                 IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048";
    let message = said(
        Protocol::Ike,
        "strongswan",
        Some(Role::Server),
        "no proposal found",
        &[("their_offer", offer), ("peer", "192.0.2.9")],
    );
    let fixes = one(diagnosis(Protocol::Ike, "no-common-proposal", Side::Client, 970), message);
    let weaker = fixes.iter().find(|fix| fix.applicability == Applicability::Weakens).expect("a way for this gateway");
    assert!(weaker.title.contains("aes128-sha1-modp2048"), "{}", weaker.title);
    insta::assert_snapshot!(render(&fixes));
}

#[test]
fn different_pre_shared_keys() {
    let message = said(Protocol::Ike, "libreswan", Some(Role::Server), "authentication using PSK failed", &[]);
    let fixes = one(diagnosis(Protocol::Ike, "psk-mismatch", Side::Unknown, 800), message);
    assert!(!fixes.is_empty() && fixes.iter().all(|fix| fix.applicability == Applicability::Manual));
    insta::assert_snapshot!(render(&fixes));
}

#[test]
fn a_windows_client_with_the_old_default_group() {
    let message = said(Protocol::Ike, "windows-ike", Some(Role::Client), "Policy match error", &[]);
    let fixes = one(diagnosis(Protocol::Ike, "no-common-proposal", Side::Client, 700), message);
    let first = &fixes[0];
    assert!(first.commands[0].text.contains("Set-VpnConnectionIPsecConfiguration"), "{}", render(&fixes));
}

#[test]
fn alternatives_get_fewer_fixes_and_unlikely_ones_none() {
    let message = || said(Protocol::Tls, "openssl", Some(Role::Client), "handshake failure", &[]);
    let diagnoses = [
        diagnosis(Protocol::Tls, "no-common-version", Side::Server, 500),
        diagnosis(Protocol::Tls, "sni-missing", Side::Client, 300),
        diagnosis(Protocol::Tls, "client-certificate-required", Side::Client, 100),
    ];
    let fixes = fixes(&diagnoses, vec![message()]);
    let of = |index: usize| fixes.iter().filter(|fix| fix.resolves.iter().any(|id| id.0 == index)).count();
    assert!(of(0) > 1, "{}", render(&fixes));
    assert!((1..=3).contains(&of(1)), "{}", render(&fixes));
    assert_eq!(of(2), 0);
}

#[test]
fn every_cause_has_a_fix_that_can_be_verified_whoever_printed_it() {
    let mut without = Vec::new();
    for page in shakedown_diagnose::causes() {
        for &protocol in page.protocols {
            for side in [Side::Client, Side::Server, Side::Both, Side::Network, Side::Unknown] {
                for printer in [Some(Role::Client), Some(Role::Server), None] {
                    let message = said(protocol, "a-program-nobody-knows", printer, "words", &[]);
                    let fixes = one(diagnosis(protocol, page.code, side, 800), message);
                    let what = format!("{} {protocol} {side} {printer:?}", page.code);
                    let acts = fixes.iter().any(|fix| fix.applicability != Applicability::Weakens);
                    if !acts {
                        without.push(what.clone());
                    }
                    for fix in &fixes {
                        assert!(!fix.verify.is_empty(), "{what}: {} is not verified", fix.title);
                        assert!(!fix.commands.is_empty(), "{what}: {} does nothing", fix.title);
                        assert!(fix.outcome_after.is_none());
                    }
                    let ranks = fixes.iter().map(|fix| match fix.applicability {
                        Applicability::Safe => 0,
                        Applicability::Manual => 1,
                        Applicability::Weakens => 2,
                    });
                    assert!(ranks.is_sorted(), "{what}: the safest comes first");
                }
            }
        }
    }
    assert!(without.is_empty(), "without a fix: {without:#?}");
}

#[test]
fn what_is_planned_from_two_parties_is_left_to_the_plan() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let server = party("dropbear@2012.55", Role::Server);
    let mut message =
        said(Protocol::Ssh, "openssh", Some(Role::Client), SSH_KEX, &[("their_offer", "diffie-hellman-group1-sha1")]);
    message.slot = Some(Slot::Kex);
    let evidence = [Evidence::new(Fact::Said(Box::new(message)))];
    let diagnoses = [diagnosis(Protocol::Ssh, "no-common-kex", Side::Server, 970)];
    let context = Context::default();
    let input = TextInput {
        diagnoses: &diagnoses,
        evidence: &evidence,
        client: Some(&client),
        server: Some(&server),
        context: &context,
        catalog: catalog(),
    };
    assert!(from_text(&input).iter().all(|fix| !fix.title.contains("also offer")));
    let without = TextInput { server: None, ..input };
    assert!(from_text(&without).iter().any(|fix| fix.title.contains("also offer")));
}
