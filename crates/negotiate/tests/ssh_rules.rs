//! One test for each rule of the SSH negotiation.

mod common;

use common::{agreed, failed, gex, host_key, is, kind, known_host, list, modern, outcome, policy, rule, stage};
use shakedown_model::ssh::{BannerRule, GuessRule, HostKeyOrder, SignatureCheck, Undecided};
use shakedown_model::{
    Context, FailureKind, Item, Known, KnownHostMark, Name, OutcomeResult, Role, Slot, Stage, StageResult, items,
};
use shakedown_negotiate::ssh::negotiate;

#[test]
fn the_clients_first_that_the_server_has() {
    let client = policy("b,a,c", "x,y", "p,q", "m,n");
    let server = policy("a,b", "y,x", "q,p", "n,m");
    let outcome = outcome(&client, &server);
    is(&outcome, OutcomeResult::Agreed);
    let values: Vec<_> = Slot::SSH.iter().map(|&slot| agreed(&outcome, slot)).collect();
    let expected = ["b", "x", "p", "p", "m", "m", "none", "none"].map(Some);
    assert_eq!(values, expected);
    assert_eq!(outcome.agreed.len(), 8);
    assert!(rule(&outcome, Slot::Kex).contains("RFC 4253 section 7.1"));
}

#[test]
fn two_ends_of_today_agree_in_one_stage() {
    let outcome = outcome(&modern(), &modern());
    is(&outcome, OutcomeResult::Agreed);
    assert_eq!(outcome.stages.len(), 1, "no stage without anything to judge");
}

#[test]
fn openssh_reads_only_forty_names() {
    let mut many: Vec<String> = (0..40).map(|n| format!("filler{n}")).collect();
    many.push("curve25519-sha256".into());
    let mut server = modern();
    server.offer.kex = list(&many.join(","));
    let mut client = modern();
    is(&outcome(&client, &server), OutcomeResult::Agreed);
    client.behaviour.name_limit = Some(40);
    let failing = outcome(&client, &server);
    assert_eq!(kind(&failing, Slot::Kex), &FailureKind::BeyondLimit { limit: 40 });
    many.swap(39, 40);
    server.offer.kex = list(&many.join(","));
    is(&outcome(&client, &server), OutcomeResult::Agreed);
    // The client's own list may be as long as it likes.
    client.offer.kex = list(&many.join(","));
    server.offer.kex = list("curve25519-sha256");
    server.behaviour.name_limit = Some(40);
    is(&outcome(&client, &server), OutcomeResult::Agreed);
}

#[test]
fn a_limit_that_moves_the_choice_breaks_the_exchange() {
    let mut client = modern();
    client.offer.kex = list("late,early");
    client.behaviour.name_limit = Some(1);
    let mut server = modern();
    server.offer.kex = list("early,late");
    assert!(matches!(kind(&outcome(&client, &server), Slot::Kex), FailureKind::Deviation { by: Role::Client, .. }));
}

#[test]
fn all_failing_slots_are_reported_in_the_clients_order() {
    let client = policy("a", "b", "c", "d");
    let server = policy("w", "x", "y", "z");
    let outcome = outcome(&client, &server);
    is(&outcome, OutcomeResult::Failed);
    assert_eq!(failed(&outcome), ["kex", "host_key", "cipher_s2c", "mac_s2c", "cipher_c2s", "mac_c2s"]);
    assert_eq!(outcome.failed[0].client, items(["a"]));
    assert_eq!(outcome.failed[0].server, items(["w"]));
    let mut other = client.clone();
    other.behaviour.stops = vec![Slot::MacC2s, Slot::Kex];
    assert_eq!(failed(&common::outcome(&other, &server))[..2], ["mac_c2s", "kex"]);
}

#[test]
fn a_method_needs_a_host_key_that_it_can_use() {
    let mut client = modern();
    client.offer.kex = list("curve25519-sha256,gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g==");
    client.offer.host_key = list("null,ssh-dss");
    let mut server = client.clone();
    server.offer.host_key = list("null");
    // Independent choice, as in OpenSSH: the method wants a signature, and there is none.
    let failing = outcome(&client, &server);
    assert_eq!(failed(&failing), ["host_key"]);
    client.behaviour.kex_needs_host_key = true;
    assert!(matches!(kind(&outcome(&client, &server), Slot::Kex), FailureKind::Deviation { by: Role::Client, .. }));
    server.behaviour.kex_needs_host_key = true;
    let outcome = outcome(&client, &server);
    is(&outcome, OutcomeResult::Agreed);
    assert_eq!(agreed(&outcome, Slot::Kex), Some("gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g=="));
    assert_eq!(agreed(&outcome, Slot::HostKey), Some("null"));
}

#[test]
fn without_a_common_host_key_the_method_is_not_blamed() {
    let mut client = modern();
    client.behaviour.kex_needs_host_key = true;
    let mut server = modern();
    server.offer.host_key = list("ssh-dss");
    assert_eq!(failed(&outcome(&client, &server)), ["host_key"]);
}

#[test]
fn a_guess_is_judged_by_the_first_names() {
    let mut client = modern();
    client.offer.first_kex_packet_follows = true;
    let mut server = modern();
    assert!(rule(&outcome(&client, &server), Slot::Kex).contains("guess is right"));
    server.offer.kex = list("ecdh-sha2-nistp256,curve25519-sha256");
    let wrong = outcome(&client, &server);
    is(&wrong, OutcomeResult::Agreed);
    assert!(rule(&wrong, Slot::Kex).contains("guess is wrong"));
}

#[test]
fn ends_that_judge_a_guess_differently_cannot_go_on() {
    let mut client = modern();
    client.offer.first_kex_packet_follows = true;
    client.offer.kex = list("ext-info-c,curve25519-sha256");
    client.behaviour.guess = GuessRule::FirstsWithoutMarkers;
    let server = modern();
    assert!(matches!(kind(&outcome(&client, &server), Slot::Kex), FailureKind::Deviation { by: Role::Client, .. }));
}

#[test]
fn markers_can_never_be_chosen() {
    let mut client = modern();
    client.offer.kex = list("curve25519-sha256,ext-info-c,kex-strict-c-v00@openssh.com");
    let mut server = modern();
    server.offer.kex = list("sntrup761x25519-sha512,ext-info-c");
    let marker = Name::new("ext-info-c");
    assert_eq!(kind(&outcome(&client, &server), Slot::Kex), &FailureKind::MarkerChosen { marker });
}

#[test]
fn a_signature_algorithm_for_user_keys_is_forecast() {
    let mut client = modern();
    client.offer.public_key_auth = list("rsa-sha2-512,rsa-sha2-256,ssh-rsa");
    let mut server = modern();
    server.offer.public_key_auth = list("rsa-sha2-512,rsa-sha2-256");
    let outcome = outcome(&client, &server);
    is(&outcome, OutcomeResult::Agreed);
    assert_eq!(outcome.forecast[0].when, "authentication", "without ext-info-c an RSA key signs with SHA-1");
    client.offer.kex = list("curve25519-sha256,ext-info-c");
    assert!(common::outcome(&client, &server).forecast.is_empty());
    server.offer.public_key_auth = list("ssh-ed25519");
    assert_eq!(common::outcome(&client, &server).forecast.len(), 1);
}

#[test]
fn a_mac_is_not_used_beside_an_aead_cipher() {
    for cipher in ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"] {
        let outcome = outcome(&policy("a", "b", cipher, "m"), &policy("a", "b", cipher, "n"));
        is(&outcome, OutcomeResult::Agreed);
        assert!(outcome.agreed.contains(&(Slot::MacC2s, None)) && outcome.agreed.contains(&(Slot::MacS2c, None)));
    }
}

#[test]
fn the_gcm_names_of_rfc_5647_stand_for_cipher_and_mac() {
    let cipher = "AEAD_AES_128_GCM";
    let fitting = policy("a", "b", cipher, "hmac-sha1,AEAD_AES_128_GCM");
    let result = outcome(&fitting, &fitting);
    is(&result, OutcomeResult::Agreed);
    assert_eq!(agreed(&result, Slot::MacC2s), None);
    let without = policy("a", "b", cipher, "hmac-sha1");
    assert_eq!(failed(&outcome(&without, &fitting)), ["mac_s2c", "mac_c2s"]);
}

#[test]
fn a_broken_algorithm_fails_although_both_list_it() {
    let mut client = modern();
    client.behaviour.broken = vec![(Name::new("curve25519-sha256"), "its library lacks the curve".into())];
    let outcome = outcome(&client, &modern());
    assert!(
        matches!(kind(&outcome, Slot::Kex), FailureKind::Deviation { by: Role::Client, what } if what.contains("lacks"))
    );
}

#[test]
fn a_server_with_its_own_preference_chooses_something_else() {
    let client = modern();
    let mut server = modern();
    server.behaviour.server_prefers_own = true;
    is(&outcome(&client, &server), OutcomeResult::Agreed);
    server.offer.kex = list("ecdh-sha2-nistp256,curve25519-sha256");
    assert!(matches!(kind(&outcome(&client, &server), Slot::Kex), FailureKind::Deviation { by: Role::Server, .. }));
}

#[test]
fn known_host_keys_come_first() {
    let mut client = modern();
    client.host_key_order = HostKeyOrder::KnownFirst;
    let known_hosts = vec![known_host("ssh-rsa", "SHA256:a", KnownHostMark::None)];
    let context = Context { known_hosts, ..Context::default() };
    let outcome = negotiate(&client, &modern(), &context);
    assert_eq!(agreed(&outcome, Slot::HostKey), Some("rsa-sha2-512"));
    assert!(rule(&outcome, Slot::HostKey).contains("known host keys first"));
    client.host_key_order = HostKeyOrder::KnownOnly;
    let mut server = modern();
    server.offer.host_key = list("ssh-ed25519");
    assert_eq!(failed(&negotiate(&client, &server, &context)), ["host_key"]);
    assert_eq!(agreed(&common::outcome(&client, &server), Slot::HostKey), Some("ssh-ed25519"));
}

#[test]
fn an_identification_changes_what_the_peer_offers() {
    let rule = BannerRule {
        peer: vec!["OpenSSH_6.5*".into(), "OpenSSH_6.6*".into(), "!OpenSSH_6.6.1*".into()],
        slot: Slot::Kex,
        drop: vec![Name::new("curve25519-sha256")],
    };
    let with = |identification: &str| {
        let mut policy = modern();
        policy.offer.identification = Some(Name::new(identification));
        policy.behaviour.drops = vec![rule.clone()];
        policy
    };
    let choice =
        |client: &str, server: &str| agreed(&outcome(&with(client), &with(server)), Slot::Kex).map(str::to_owned);
    assert_eq!(choice("SSH-2.0-OpenSSH_9.2", "SSH-2.0-OpenSSH_6.6p1").as_deref(), Some("ecdh-sha2-nistp256"));
    assert_eq!(choice("SSH-2.0-OpenSSH_6.6p1", "SSH-2.0-OpenSSH_9.2").as_deref(), Some("ecdh-sha2-nistp256"));
    assert_eq!(choice("SSH-2.0-OpenSSH_9.2", "SSH-2.0-OpenSSH_6.6.1p1").as_deref(), Some("curve25519-sha256"));
}

#[test]
fn what_a_match_block_hides_is_unknown() {
    let mut client = modern();
    let criterion = "Match exec \"test -e /run/vpn\"".to_owned();
    client.undecided = vec![Undecided { slot: Slot::Kex, criterion, origin: None }];
    let result = outcome(&client, &modern());
    is(&result, OutcomeResult::Unknown);
    assert!(matches!(stage(&result, Stage::Kexinit), Some(StageResult::Unknown { what_would_decide })
        if what_would_decide.contains("Match exec")));
    let mut server = modern();
    server.offer.host_key = list("ssh-dss");
    let outcome = outcome(&client, &server);
    is(&outcome, OutcomeResult::Failed);
    assert_eq!(failed(&outcome), ["host_key"], "the undecided slot is not said to fail");
}

#[test]
fn a_partly_known_server_is_not_guessed() {
    let client = modern();
    let mut server = modern();
    server.offer.kex = Known::Unknown;
    is(&outcome(&client, &server), OutcomeResult::Unknown);
    server.offer.kex = Known::Partial { accepted: vec![], refused: items(["curve25519-sha256", "ecdh-sha2-nistp256"]) };
    assert_eq!(failed(&outcome(&client, &server)), ["kex"]);
    server.offer.kex = Known::Partial { accepted: items(["ecdh-sha2-nistp256"]), refused: vec![] };
    let certain = outcome(&client, &server);
    is(&certain, OutcomeResult::Agreed);
    assert_eq!(agreed(&certain, Slot::Kex), None, "certain to agree, but not on which");
    server.offer.cipher_c2s = Known::Unknown;
    server.offer.mac_c2s = list("hmac-md5");
    let open = outcome(&client, &server);
    is(&open, OutcomeResult::Unknown);
    assert!(open.failed.is_empty(), "an unknown cipher may need no MAC");
}

#[test]
fn a_group_exchange_needs_a_group_in_range() {
    let kex = "diffie-hellman-group-exchange-sha256";
    let mut client = modern();
    client.offer.kex = list(kex);
    client.offer.gex_request = gex(2048, 8192);
    let mut server = modern();
    server.offer.kex = list(kex);
    is(&outcome(&client, &server), OutcomeResult::Agreed);
    server.offer.gex_sizes = Known::Complete(vec![1024, 1536]);
    let failing = outcome(&client, &server);
    is(&failing, OutcomeResult::Failed);
    assert_eq!((failing.failed[0].stage, failing.failed[0].slot), (Stage::Gex, Slot::Kex));
    assert!(matches!(failing.failed[0].kind, FailureKind::OutOfRange { minimum: 2048, maximum: 8192, .. }));
    server.offer.gex_sizes = Known::Unknown;
    client.offer.gex_request = gex(1024, 1024);
    is(&outcome(&client, &server), OutcomeResult::Unknown);
    server.offer.identification = Some(Name::new("SSH-2.0-OpenSSH_9.2p1"));
    is(&outcome(&client, &server), OutcomeResult::Failed);
}

#[test]
fn an_rsa_host_key_must_be_large_enough() {
    let mut client = modern();
    client.offer.host_key = list("rsa-sha2-512");
    client.offer.min_rsa_bits = Some(2048);
    let mut server = modern();
    server.offer.host_keys = Known::Complete(vec![host_key("ssh-rsa", 1024, "SHA256:a")]);
    let outcome = outcome(&client, &server);
    is(&outcome, OutcomeResult::Failed);
    assert_eq!(
        kind(&outcome, Slot::HostKey),
        &FailureKind::TooSmall { bits: 1024, minimum: 2048, demanded_by: Role::Client }
    );
    server.offer.host_keys = Known::Complete(vec![host_key("ssh-rsa", 2048, "SHA256:a")]);
    assert_eq!(stage(&common::outcome(&client, &server), Stage::HostKey), Some(&StageResult::Agreed));
}

#[test]
fn the_host_key_is_compared_with_the_known_ones() {
    let client = modern();
    let mut server = modern();
    let mut key = host_key("ssh-ed25519", 256, "SHA256:now");
    server.offer.host_keys = Known::Complete(vec![key.clone()]);
    let judge =
        |known: &[(&str, &str, KnownHostMark)], strict: Option<bool>, server: &shakedown_model::ssh::SshPolicy| {
            let known_hosts = known.iter().map(|&(key_type, print, mark)| known_host(key_type, print, mark)).collect();
            negotiate(&client, server, &Context { known_hosts, strict_host_keys: strict, ..Context::default() })
        };
    let of = |outcome: &shakedown_model::Outcome| outcome.failed.first().map(|failed| failed.kind.clone());
    let none = KnownHostMark::None;
    assert_eq!(of(&judge(&[("ssh-ed25519", "SHA256:now", none)], Some(true), &server)), None);
    assert_eq!(of(&judge(&[("ssh-ed25519", "SHA256:old", none)], None, &server)), Some(FailureKind::NotTheKnownKey));
    assert_eq!(of(&judge(&[("ssh-rsa", "SHA256:old", none)], None, &server)), None, "the client would ask");
    assert_eq!(of(&judge(&[("ssh-rsa", "SHA256:old", none)], Some(true), &server)), Some(FailureKind::NoKnownKey));
    assert_eq!(
        of(&judge(&[("ssh-ed25519", "SHA256:now", KnownHostMark::Revoked)], None, &server)),
        Some(FailureKind::RevokedKey)
    );
    let authority = [("ssh-ed25519", "SHA256:ca", KnownHostMark::CertAuthority)];
    key.certificate_authority = Some("SHA256:ca".into());
    server.offer.host_keys = Known::Complete(vec![key.clone()]);
    assert_eq!(of(&judge(&authority, Some(true), &server)), None);
    key.signature = SignatureCheck::Wrong;
    server.offer.host_keys = Known::Complete(vec![key]);
    assert!(matches!(of(&judge(&authority, None, &server)), Some(FailureKind::Deviation { by: Role::Server, .. })));
}

#[test]
fn openssh_takes_a_key_of_another_type_for_a_changed_one() {
    let mut client = modern();
    client.offer.identification = Some("SSH-2.0-OpenSSH_9.2p1".into());
    let mut server = modern();
    server.offer.host_keys = Known::Complete(vec![host_key("ssh-ed25519", 256, "SHA256:now")]);
    let of = |context: &Context| negotiate(&client, &server, context).failed.first().map(|failed| failed.kind.clone());
    let entry = |key_type, print| vec![known_host(key_type, print, KnownHostMark::None)];
    let with_port = Context { known_hosts: entry("ssh-rsa", "SHA256:old"), ..Context::default() };
    assert_eq!(of(&with_port), Some(FailureKind::NotTheKnownKey));
    let without_port = |print| Context {
        other_known_hosts: entry("ssh-ed25519", print),
        strict_host_keys: Some(true),
        ..Context::default()
    };
    assert_eq!(of(&without_port("SHA256:old")), Some(FailureKind::NoKnownKey));
    assert_eq!(of(&without_port("SHA256:now")), None);
    let both = Context { known_hosts: entry("ssh-rsa", "SHA256:old"), ..without_port("SHA256:now") };
    assert_eq!(of(&both), Some(FailureKind::NotTheKnownKey));
}

#[test]
fn a_peer_that_cannot_exchange_new_keys_is_forecast() {
    let (mut client, mut server) = (modern(), modern());
    client.behaviour.no_rekey_with = vec!["Sun_SSH_1.0*".into()];
    server.offer.identification = Some("SSH-2.0-Sun_SSH_1.1".into());
    let told = |outcome: &shakedown_model::Outcome| {
        outcome.forecast.iter().map(|forecast| (forecast.when.clone(), forecast.stage)).collect::<Vec<_>>()
    };
    assert_eq!(told(&outcome(&client, &server)), []);
    server.offer.identification = Some("SSH-2.0-Sun_SSH_1.0.1".into());
    assert_eq!(told(&outcome(&client, &server)), [("rekey".to_owned(), Stage::Rekey)]);
    client.offer.kex = list("curve448-sha512");
    assert_eq!(told(&outcome(&client, &server)), [], "what does not come about cannot end");
}

#[test]
fn the_configured_order_stands_where_its_first_type_is_known() {
    let mut client = modern();
    client.offer.host_key = list("ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512");
    let mut server = modern();
    server.offer.host_key = list("ecdsa-sha2-nistp256,rsa-sha2-512");
    let known_hosts = ["ssh-ed25519", "ssh-rsa"].map(|kind| known_host(kind, "SHA256:a", KnownHostMark::None)).to_vec();
    let context = Context { known_hosts, ..Context::default() };
    client.host_key_order = HostKeyOrder::KnownFirst;
    assert_eq!(agreed(&negotiate(&client, &server, &context), Slot::HostKey), Some("rsa-sha2-512"));
    client.host_key_order = HostKeyOrder::KnownFirstUnlessBest;
    assert_eq!(agreed(&negotiate(&client, &server, &context), Slot::HostKey), Some("ecdsa-sha2-nistp256"));
}

#[test]
fn entries_without_the_port_and_revoked_ones_bring_no_order() {
    let mut client = modern();
    client.host_key_order = HostKeyOrder::KnownFirst;
    let chosen = |context: &Context| agreed(&negotiate(&client, &modern(), context), Slot::HostKey).map(str::to_owned);
    let first = chosen(&Context::default());
    let rsa = vec![known_host("ssh-rsa", "SHA256:a", KnownHostMark::None)];
    assert_ne!(chosen(&Context { known_hosts: rsa.clone(), ..Context::default() }), first);
    assert_eq!(chosen(&Context { other_known_hosts: rsa.clone(), ..Context::default() }), first);
    let revoked = vec![known_host("ssh-rsa", "SHA256:a", KnownHostMark::Revoked)];
    assert_eq!(chosen(&Context { known_hosts: [rsa.clone(), revoked.clone()].concat(), ..Context::default() }), first);
    let by_file = Context { known_hosts: rsa, other_known_hosts: revoked, ..Context::default() };
    assert_ne!(chosen(&by_file), first, "RevokedHostKeys does not count for the order");
}

#[test]
fn a_later_stage_is_not_reached_when_the_choice_fails() {
    let client = modern();
    let mut server = modern();
    server.offer.cipher_c2s = list("3des-cbc");
    server.offer.host_keys = Known::Complete(vec![host_key("ssh-ed25519", 256, "SHA256:now")]);
    let known_hosts = vec![known_host("ssh-ed25519", "SHA256:old", KnownHostMark::None)];
    let outcome = negotiate(&client, &server, &Context { known_hosts, ..Context::default() });
    assert_eq!(stage(&outcome, Stage::HostKey), Some(&StageResult::NotReached));
    assert_eq!(failed(&outcome), ["cipher_c2s"]);
}

#[test]
fn compression_must_be_in_common() {
    let client = modern();
    let mut server = modern();
    server.offer.compression_s2c = list("zlib@openssh.com");
    assert_eq!(failed(&outcome(&client, &server)), ["compression_s2c"]);
}

#[test]
fn odd_lists_are_read_as_they_are() {
    let client = modern();
    let mut server = modern();
    server.offer.kex = Known::Complete(
        ["", "unheard-of@example.com", "curve25519-sha256", "curve25519-sha256"].map(Item::new).to_vec(),
    );
    is(&outcome(&client, &server), OutcomeResult::Agreed);
    server.offer.kex = Known::Complete(Vec::new());
    assert_eq!(kind(&outcome(&client, &server), Slot::Kex), &FailureKind::NothingOffered { by: Role::Server });
}

#[test]
fn protocol_one_alone_is_no_common_version() {
    let client = modern();
    let mut server = modern();
    server.offer.identification = Some(Name::new("SSH-1.5-Cisco-1.25"));
    let failing = outcome(&client, &server);
    is(&failing, OutcomeResult::Failed);
    assert_eq!(failed(&failing), ["version"]);
    server.offer.identification = Some(Name::new("SSH-1.99-Cisco-1.25"));
    is(&outcome(&client, &server), OutcomeResult::Agreed);
}
