//! Connections read from outside: the same is seen however the bytes are cut, and no bytes do harm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::sync::Arc;

use proptest::prelude::*;
use shakedown_crypto::PrivateHostKey;
use shakedown_handshake::ssh::{Client, ClientConfig};
use shakedown_handshake::tls::{Suite, SuiteTable};
use shakedown_handshake::watch::{Kind, Said, Seen, Watch};
use shakedown_handshake::{ssh, tls};
use shakedown_model::tls::StartTls;
use shakedown_model::{Ending, Fact, Phase, Role, StrangeProtocol};
use shakedown_wire::ssh::{Disconnect, write_packet};
use shakedown_wire::tls::number::{content, version};
use shakedown_wire::tls::{
    Alert, Certificate, CertificateEntry, CertificateRequest, ClientHello, Extension, Extensions,
    KeyExchangeParameters, KeyShare, Message, ServerHello, ServerKeyExchange, Signature, View, write_records,
};

/// What each end says in turn.
type Script = Vec<(Role, Vec<u8>)>;

const ENDS: [Role; 2] = [Role::Client, Role::Server];

/// Reads a script, each turn cut into pieces of this length.
fn watch(kind: &Kind, script: &[(Role, Vec<u8>)], piece: usize, end: Option<(Role, Ending)>) -> Seen {
    let mut watch = Watch::new(kind);
    for (from, bytes) in script {
        for part in bytes.chunks(piece) {
            watch.receive(*from, part);
        }
    }
    if let Some((first, ending)) = end {
        watch.end_of_stream(first, ending);
        watch.end_of_stream(first.peer(), Ending::Closed);
    }
    watch.into_seen()
}

/// The same however it is cut.
fn in_any_cut(kind: &Kind, script: &[(Role, Vec<u8>)], end: Option<(Role, Ending)>) -> Seen {
    let whole = watch(kind, script, usize::MAX, end);
    for piece in [1, 2, 3, 5, 17, 256] {
        let cut = watch(kind, script, piece, end);
        assert_eq!(format!("{cut:?}"), format!("{whole:?}"), "in pieces of {piece} bytes");
    }
    whole
}

fn ssh_seen(seen: Seen) -> ssh::watch::Seen {
    match seen.said {
        Said::Ssh(seen) => *seen,
        Said::Tls(_) => panic!("not SSH"),
    }
}

fn tls_seen(seen: &Seen) -> &tls::watch::Seen {
    match &seen.said {
        Said::Tls(seen) => seen,
        Said::Ssh(_) => panic!("not TLS"),
    }
}

/// What two machines say to each other; at the end each sends something encrypted.
fn ssh_script(kex: &str, key: PrivateHostKey, algorithm: &str) -> Script {
    let mut server = common::server(common::offer(&[kex, "ext-info-s"], &[algorithm]), vec![key]);
    let mut client = Client::new(ClientConfig::new(common::exchange(&[], &[])));
    let mut script = Script::new();
    loop {
        let to_server: Vec<u8> = std::iter::from_fn(|| client.transmit()).flatten().collect();
        server.receive(&to_server);
        let to_client: Vec<u8> = std::iter::from_fn(|| server.transmit()).flatten().collect();
        client.receive(&to_client);
        if to_server.is_empty() && to_client.is_empty() {
            break;
        }
        script.extend([(Role::Client, to_server), (Role::Server, to_client)]);
    }
    script.push((Role::Client, [write_packet(&[21]), vec![0xa5; 500]].concat()));
    script.push((Role::Server, vec![0x5a; 500]));
    script
}

#[test]
fn a_whole_ssh_exchange_in_every_form_of_it() {
    for kex in ["curve25519-sha256", "diffie-hellman-group14-sha256", "diffie-hellman-group-exchange-sha256"] {
        let key = PrivateHostKey::generate_rsa(2048).unwrap();
        let fingerprint = shakedown_crypto::host_key::fingerprint(key.public_blob());
        let script = ssh_script(kex, key, "rsa-sha2-512");
        let seen = in_any_cut(&Kind::Ssh, &script, Some((Role::Client, Ending::Closed)));
        assert!(seen.complete && seen.in_use);
        assert_eq!(seen.first_end, Some((Role::Client, Ending::Closed)));
        let seen = ssh_seen(seen);
        assert_eq!(seen.negotiated.as_ref().unwrap().kex.as_str(), kex);
        let found = seen.host_key.as_ref().unwrap();
        assert_eq!((found.key_type.as_str(), found.bits), ("ssh-rsa", Some(2048)), "{kex}");
        assert_eq!(found.fingerprint.as_deref(), Some(fingerprint.as_str()));
        assert_eq!(seen.server.identification.unwrap().as_str(), "SSH-2.0-server");
        assert!(seen.client.offer.unwrap().list(shakedown_model::Slot::Kex).is_complete());
        assert_eq!((seen.client.facts, seen.server.facts), (Vec::new(), Vec::new()), "{kex}");
        let is_gex = kex.contains("exchange");
        assert_eq!(seen.gex_request.is_some() && seen.gex_bits == Some(2048), is_gex, "{kex}");
    }
}

#[test]
fn what_comes_before_the_offer_of_the_other_end_waits_for_it() {
    // The client guesses: its first message of the exchange comes before anything of the server.
    let key = PrivateHostKey::generate_ed25519().unwrap();
    let script = ssh_script("diffie-hellman-group-exchange-sha256", key, "ssh-ed25519");
    let of = |role: Role| -> Vec<u8> {
        script.iter().filter(|(from, _)| *from == role).flat_map(|(_, bytes)| bytes.clone()).collect()
    };
    let early = vec![(Role::Client, of(Role::Client)), (Role::Server, of(Role::Server))];
    let seen = in_any_cut(&Kind::Ssh, &early, None);
    assert!(seen.complete);
    let seen = ssh_seen(seen);
    assert!(seen.host_key.is_some() && seen.gex_request.is_some() && seen.gex_bits.is_some());
}

#[test]
fn a_disconnect_and_the_end_that_came_first_have_their_side() {
    let offer = common::stream("SSH-2.0-c", &[common::kexinit(&["a"], &["b"]).write()]);
    let goodbye = Disconnect { reason_code: 3, description: b"no matching kex".to_vec(), language: None }.write();
    let answer = common::stream("SSH-2.0-s", &[common::kexinit(&["x"], &["b"]).write(), goodbye]);
    let script = vec![(Role::Client, offer), (Role::Server, answer)];
    let seen = in_any_cut(&Kind::Ssh, &script, Some((Role::Server, Ending::Closed)));
    assert!(!seen.complete);
    let seen = ssh_seen(seen);
    assert!(seen.negotiated.is_none());
    assert!(matches!(&seen.server.facts[..], [Fact::Disconnected { code: 3, .. }]), "{:?}", seen.server.facts);
    assert_eq!(seen.client.facts, [], "it only answered");
    // A reset before anything was said.
    let seen = ssh_seen(in_any_cut(&Kind::Ssh, &[], Some((Role::Server, Ending::Reset))));
    let reset = Fact::Ended { phase: Phase::Identification, ending: Ending::Reset, received: 0 };
    assert_eq!(seen.server.facts, [reset]);
    // A client of another protocol.
    let script = vec![(Role::Client, b"GET / HTTP/1.1\r\n\r\n".to_vec())];
    let seen = ssh_seen(in_any_cut(&Kind::Ssh, &script, Some((Role::Server, Ending::Closed))));
    let other = matches!(seen.client.facts[..], [Fact::OtherProtocol { protocol: StrangeProtocol::Http, .. }]);
    assert!(other, "{:?}", seen.client.facts);
}

fn suites() -> Arc<SuiteTable> {
    let names = [(0x1301, "TLS_AES_128_GCM_SHA256"), (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")];
    Arc::new(names.iter().filter_map(|&(number, name)| Suite::new(number, name)).collect())
}

fn tls(start: Option<StartTls>) -> Kind {
    Kind::Tls(start, suites())
}

fn handshake(message: &[u8]) -> Vec<u8> {
    write_records(content::HANDSHAKE, version::TLS10, message)
}

fn hello() -> Vec<u8> {
    let extensions = vec![Extension::new(0, &View::ServerNames(vec![(0, b"db01.example".to_vec())]))];
    let hello = ClientHello {
        cipher_suites: vec![0x1301, 0xc02f],
        extensions: Some(Extensions(extensions)),
        ..ClientHello::default()
    };
    handshake(&hello.write())
}

fn alert(description: u8) -> Vec<u8> {
    write_records(content::ALERT, version::TLS12, &Alert { level: 2, description }.write())
}

/// A flight of TLS 1.2 that asks for a client certificate.
fn flight() -> Vec<u8> {
    let hello = ServerHello {
        cipher_suite: 0xc02f,
        random: [7; 32],
        extensions: Some(Extensions::default()),
        ..ServerHello::default()
    };
    let exchange = ServerKeyExchange {
        psk_identity_hint: None,
        parameters: KeyExchangeParameters::NamedCurve { group: 0x0017, public: vec![4; 65] },
        signature: Some(Signature { algorithm: Some(0x0401), signature: vec![1; 256] }),
    };
    let request = CertificateRequest::Legacy {
        certificate_types: vec![1, 64],
        signature_algorithms: Some(vec![0x0401]),
        authorities: vec![vec![0x30, 0]],
    };
    let certificate = CertificateEntry { certificate: vec![0x30; 900], extensions: Extensions::default() };
    let messages = [
        hello.write(),
        Certificate { request_context: None, entries: vec![certificate] }.write(),
        Message::ServerKeyExchange(Box::new(exchange)).write(),
        request.write(),
        Message::ServerHelloDone.write(),
    ];
    handshake(&messages.concat())
}

/// The client's second flight, with or without a certificate, and what is encrypted after it.
fn second(entries: Vec<CertificateEntry>) -> Vec<u8> {
    let certificate = Certificate { request_context: None, entries }.write();
    [
        handshake(&certificate),
        handshake(&Message::ClientKeyExchange(vec![1; 66]).write()),
        write_records(content::CHANGE_CIPHER_SPEC, version::TLS12, &[1]),
        write_records(content::HANDSHAKE, version::TLS12, &[9; 40]),
    ]
    .concat()
}

#[test]
fn a_whole_handshake_of_tls_1_2() {
    let last = [
        write_records(content::CHANGE_CIPHER_SPEC, version::TLS12, &[1]),
        write_records(content::HANDSHAKE, version::TLS12, &[9; 40]),
    ]
    .concat();
    let data = write_records(content::APPLICATION_DATA, version::TLS12, &[3; 300]);
    let script = vec![
        (Role::Client, hello()),
        (Role::Server, flight()),
        (Role::Client, second(Vec::new())),
        (Role::Server, last),
        (Role::Client, data),
    ];
    let seen = in_any_cut(&tls(None), &script, Some((Role::Client, Ending::Closed)));
    assert!(seen.complete);
    let seen = tls_seen(&seen);
    assert_eq!(seen.hello.as_ref().unwrap().cipher_suites, [0x1301, 0xc02f]);
    assert_eq!((seen.chosen.version, seen.chosen.cipher_suite), (Some(version::TLS12), Some(0xc02f)));
    assert_eq!((seen.chosen.group, seen.chosen.signature_scheme), (Some(0x0017), Some(0x0401)));
    assert_eq!((seen.chosen.certificates.len(), seen.client_certificates.as_deref()), (1, Some(&[][..])));
    assert!(seen.chosen.flight_complete && seen.chosen.certificate_request.is_some());
    let closed = matches!(seen.client.facts[..], [Fact::Ended { phase: Phase::Service, ending: Ending::Closed, .. }]);
    assert!(closed, "{:?}", seen.client.facts);
}

#[test]
fn alerts_have_their_side_and_place() {
    let found = |script: Script, from: Role| {
        let seen = in_any_cut(&tls(None), &script, Some((from, Ending::Closed)));
        assert!(!seen.complete);
        let seen = tls_seen(&seen);
        let end = if from == Role::Client { &seen.client } else { &seen.server };
        let alert = end.facts.iter().find_map(|fact| match fact {
            Fact::Alert { phase, number, after_finished, .. } => Some((*phase, *number, *after_finished)),
            _ => None,
        });
        alert.unwrap_or_else(|| panic!("{:?}", end.facts))
    };
    let (client, server) = (Role::Client, Role::Server);
    let one = CertificateEntry { certificate: vec![0x30; 9], extensions: Extensions::default() };
    assert_eq!(found(vec![(client, hello()), (server, alert(40))], server), (Phase::Hello, 40, false));
    assert_eq!(
        found(vec![(client, hello()), (server, flight()), (client, alert(48))], client),
        (Phase::Certificate, 48, true)
    );
    let none = vec![(client, hello()), (server, flight()), (client, second(vec![])), (server, alert(40))];
    assert_eq!(found(none, server), (Phase::ClientCertificate, 40, true));
    let wrong = vec![(client, hello()), (server, flight()), (client, second(vec![one])), (server, alert(42))];
    assert_eq!(found(wrong, server), (Phase::ClientCertificate, 42, false), "it showed one");
}

/// A ServerHello of TLS 1.3 and an encrypted flight.
fn flight_13() -> Vec<u8> {
    let share = KeyShare { group: 0x001d, public: vec![5; 32] };
    let extensions =
        vec![Extension::new(43, &View::SelectedVersion(version::TLS13)), Extension::new(51, &View::KeyShare(share))];
    let hello = ServerHello {
        cipher_suite: 0x1301,
        random: [7; 32],
        extensions: Some(Extensions(extensions)),
        ..ServerHello::default()
    };
    let change = write_records(content::CHANGE_CIPHER_SPEC, version::TLS12, &[1]);
    [handshake(&hello.write()), change, protected(1_200)].concat()
}

fn protected(length: usize) -> Vec<u8> {
    write_records(content::APPLICATION_DATA, version::TLS12, &vec![0xcc; length])
}

#[test]
fn what_tls_1_3_hides_is_told_by_its_length_alone() {
    let (client, server) = (Role::Client, Role::Server);
    let begun = || vec![(client, hello()), (server, flight_13())];
    let with = |more: Vec<(Role, Vec<u8>)>| [begun(), more].concat();
    let seen = in_any_cut(&tls(None), &with(vec![(client, protected(53)), (server, protected(250))]), None);
    assert!(seen.complete);
    assert_eq!(tls_seen(&seen).chosen.group, Some(0x001d));
    // The client has something against the server's flight.
    let seen = in_any_cut(&tls(None), &with(vec![(client, protected(19))]), Some((client, Ending::Closed)));
    assert!(!seen.complete && !seen.in_use && tls_seen(&seen).client.hidden_alert);
    assert_eq!(seen.phases.0, Phase::Certificate);
    // The server has something against the client's.
    let refused = with(vec![(client, protected(53)), (server, protected(19))]);
    let seen = in_any_cut(&tls(None), &refused, Some((server, Ending::Closed)));
    assert!(!seen.complete && seen.in_use && tls_seen(&seen).server.hidden_alert);
    assert_eq!(seen.phases.1, Phase::ClientCertificate);
}

#[test]
fn a_goodbye_that_is_answered_is_no_complaint() {
    let (client, server) = (Role::Client, Role::Server);
    let goodbye = [protected(53), protected(19)].concat();
    let script = vec![(client, hello()), (server, flight_13()), (client, goodbye), (server, protected(19))];
    let seen = in_any_cut(&tls(None), &script, Some((client, Ending::Closed)));
    let said = tls_seen(&seen);
    assert!(seen.in_use && said.client.finished && said.client.hidden_alert && !said.server.hidden_alert);
}

/// What comes before TLS, in turn, and whether the server announced it.
fn dialogues() -> Vec<(StartTls, Script, Option<bool>)> {
    let (c, s) = (Role::Client, Role::Server);
    let text = |turns: &[(Role, &str)]| turns.iter().map(|(from, text)| (*from, text.as_bytes().to_vec())).collect();
    let ldap = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037".to_vec();
    let ldap_ok = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0".to_vec();
    let mysql = {
        let body = [&[10][..], b"8.0.36\0", &[1, 0, 0, 0], &[7; 8], &[0], &[0xff, 0xff], &[9; 20]].concat();
        [&[u8::try_from(body.len()).unwrap(), 0, 0, 0][..], &body].concat()
    };
    let mysql_ask = [&[32, 0, 0, 1][..], &0x8a00_u32.to_le_bytes(), &[0; 28]].concat();
    let tds = |kind: u8, content: &[u8]| {
        let length = u16::try_from(content.len() + 8).unwrap().to_be_bytes();
        [&[kind, 1], &length[..], &[0; 4], content].concat()
    };
    let prelogin = [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 9, 0, 0, 0, 0, 0, 1];
    let xmpp: Script = text(&[
        (c, "<?xml version='1.0'?><stream:stream to='x'>"),
        (s, "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"),
        (c, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\n"),
        (s, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    ]);
    vec![
        (
            StartTls::Smtp,
            text(&[
                (s, "220-mx\r\n220 mx ESMTP\r\n"),
                (c, "EHLO me\r\n"),
                (s, "250-mx\r\n250 STARTTLS\r\n"),
                (c, "STARTTLS\r\n"),
                (s, "220 go\r\n"),
            ]),
            Some(true),
        ),
        (StartTls::Lmtp, text(&[(c, "LHLO me\r\nstarttls\r\n"), (s, "220 mx\r\n250 STARTTLS\r\n220 go\r\n")]), None),
        (
            StartTls::Imap,
            text(&[(s, "* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"), (c, "a1 STARTTLS\r\n"), (s, "a1 OK go\r\n")]),
            Some(true),
        ),
        (
            StartTls::Pop3,
            text(&[
                (s, "+OK\r\n"),
                (c, "CAPA\r\n"),
                (s, "+OK\r\nUIDL\r\nSTLS\r\n.\r\n"),
                (c, "STLS\r\n"),
                (s, "+OK\r\n"),
            ]),
            Some(true),
        ),
        (StartTls::Ftp, text(&[(s, "220 hi\r\n"), (c, "AUTH TLS\r\n"), (s, "234 go\r\n")]), None),
        (StartTls::Ldap, vec![(c, ldap), (s, ldap_ok)], None),
        (StartTls::XmppClient, xmpp.clone(), Some(true)),
        (StartTls::XmppServer, xmpp, Some(true)),
        (StartTls::Nntp, text(&[(s, "200 hi\r\n"), (c, "STARTTLS\r\n"), (s, "382 go\r\n")]), None),
        (StartTls::Sieve, text(&[(s, "\"STARTTLS\"\r\nOK\r\n"), (c, "STARTTLS\r\n"), (s, "OK\r\n")]), Some(true)),
        (
            StartTls::Postgres,
            vec![
                (c, vec![0, 0, 0, 8, 4, 210, 22, 48]),
                (s, b"N".to_vec()),
                (c, vec![0, 0, 0, 8, 4, 210, 22, 47]),
                (s, b"S".to_vec()),
            ],
            None,
        ),
        (StartTls::Mysql, vec![(s, mysql), (c, mysql_ask)], Some(true)),
        (StartTls::Mssql, vec![(c, tds(0x12, &prelogin)), (s, tds(4, &prelogin))], Some(true)),
        (
            StartTls::Rdp,
            vec![
                (c, vec![3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0]),
                (s, vec![3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 1, 0, 0, 0]),
            ],
            None,
        ),
        (StartTls::Irc, text(&[(c, "STARTTLS\r\n"), (s, ":irc 670 * :go\r\n")]), None),
        (
            StartTls::Telnet,
            vec![
                (s, vec![255, 253, 1, 255, 253, 46]),
                (c, vec![255, 251, 1, 255, 251, 46, 255, 250, 46, 1, 255, 240]),
                (s, vec![255, 250, 46, 1, 255, 240]),
            ],
            None,
        ),
    ]
}

#[test]
fn tls_is_found_where_it_begins_in_every_dialogue() {
    let tds = |bytes: Vec<u8>| {
        let parts = bytes.chunks(40).map(|part| {
            let length = u16::try_from(part.len() + 8).unwrap().to_be_bytes();
            [&[0x12, 1], &length[..], &[0; 4], part].concat()
        });
        parts.collect::<Vec<_>>().concat()
    };
    let all = dialogues();
    assert_eq!(all.len(), StartTls::ALL.len());
    for (kind, script, offered) in all {
        let wrapped = |bytes: Vec<u8>| if kind == StartTls::Mssql { tds(bytes) } else { bytes };
        let mut script = script;
        script.push((Role::Client, wrapped(hello())));
        script.push((Role::Server, wrapped(flight())));
        script.push((Role::Client, wrapped(second(Vec::new()))));
        let seen = in_any_cut(&tls(Some(kind)), &script, None);
        let seen = tls_seen(&seen);
        assert!(seen.hello.is_some(), "{kind:?}: {seen:?}");
        assert_eq!(seen.chosen.cipher_suite, Some(0xc02f), "{kind:?}");
        assert!(seen.client.finished && seen.client.facts.is_empty() && seen.server.facts.is_empty(), "{kind:?}");
        let start = seen.start.as_ref().unwrap();
        assert!(start.asked && start.begun && !start.direct && !start.plain, "{kind:?}: {start:?}");
        // In the dialogue of LMTP the client asks before the greeting.
        let says_so = !matches!(kind, StartTls::Mysql | StartTls::Lmtp);
        assert_eq!(start.agreed, says_so.then_some(true), "{kind:?}: {start:?}");
        assert_eq!(start.offered, offered, "{kind:?}");
    }
}

#[test]
fn a_dialogue_that_does_not_come_to_tls() {
    let (c, s) = (Role::Client, Role::Server);
    let run = |kind: StartTls, turns: &[(Role, &str)]| {
        let script: Script = turns.iter().map(|(from, text)| (*from, text.as_bytes().to_vec())).collect();
        let seen = in_any_cut(&tls(Some(kind)), &script, Some((c, Ending::Closed)));
        tls_seen(&seen).start.clone().unwrap()
    };
    let greeting = [(s, "220 mx\r\n"), (c, "EHLO me\r\n")];
    let refused = run(
        StartTls::Smtp,
        &[&greeting[..], &[(s, "250 STARTTLS\r\n"), (c, "STARTTLS\r\n"), (s, "454 TLS not available\r\n")]].concat(),
    );
    assert!(refused.asked && !refused.begun && refused.offered == Some(true), "{refused:?}");
    assert_eq!((refused.agreed, refused.words.unwrap().as_str()), (Some(false), "454 TLS not available"));
    let none = run(StartTls::Smtp, &[&greeting[..], &[(s, "250-mx\r\n250 SIZE 1\r\n"), (c, "QUIT\r\n")]].concat());
    assert!(!none.asked && none.offered == Some(false), "{none:?}");
    // A client that goes before the server has answered says nothing of the server.
    let early = run(StartTls::Smtp, &greeting);
    assert!(!early.asked && early.offered.is_none(), "{early:?}");
    let long = "MAIL\r\n".repeat(12_000);
    assert!(run(StartTls::Smtp, &[(c, &long)]).plain);
    let direct = in_any_cut(&tls(Some(StartTls::Smtp)), &[(s, b"220 mx\r\n".to_vec()), (c, hello())], None);
    let direct = tls_seen(&direct);
    assert!(direct.hello.is_some() && direct.start.as_ref().unwrap().direct);
}

#[test]
fn text_in_the_place_of_tls_is_recognised() {
    let script = vec![(Role::Client, hello()), (Role::Server, b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec())];
    let seen = in_any_cut(&tls(None), &script, Some((Role::Client, Ending::Closed)));
    let seen = tls_seen(&seen);
    let is_ssh = matches!(seen.server.facts[..], [Fact::OtherProtocol { protocol: StrangeProtocol::Ssh, .. }]);
    assert!(is_ssh, "{:?}", seen.server.facts);
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(30))]

    #[test]
    fn any_bytes_do_no_harm(
        parts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 0..12),
        spoil in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let strange: Script =
            parts.into_iter().map(|(server, bytes)| (ENDS[usize::from(server)], bytes)).collect();
        let kinds = StartTls::ALL.into_iter().map(Some).chain([None]).map(tls).chain([Kind::Ssh]);
        for kind in kinds {
            watch(&kind, &strange, 7, Some((Role::Server, Ending::Reset)));
        }
        // One wrong byte in a script that is right.
        for (kind, mut script, _) in dialogues() {
            script.push((Role::Client, hello()));
            script.push((Role::Server, flight()));
            let turn = spoil.index(script.len());
            let at = spoil.index(script[turn].1.len());
            script[turn].1[at] = byte;
            in_any_cut(&tls(Some(kind)), &script, Some((Role::Client, Ending::Closed)));
        }
    }
}
