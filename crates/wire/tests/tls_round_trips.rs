//! Whatever is written is read the same, and whatever is not TLS gives an error with its place.

use proptest::collection::vec;
use proptest::prelude::*;
use shakedown_wire::tls::number::{extension, grease, handshake, is_grease, version};
use shakedown_wire::tls::{
    Alert, Certificate, CertificateEntry, CertificateRequest, CertificateStatus, ClientHello, CompressedCertificate,
    DtlsFragment, DtlsRecord, EncryptedClientHello, Extension, Extensions, Form, HELLO_RETRY_REQUEST_RANDOM,
    HelloVerifyRequest, KeyExchange, KeyExchangeParameters, KeyShare, Message, NewSessionTicket, Opening, Place,
    PreSharedKeys, ServerHello, ServerKeyExchange, Signature, Ssl2ClientHello, Ssl2Message, Ssl2ServerHello,
    StatusRequest, TicketDetails, Transport, View, read_ssl2_record, write_records, write_ssl2_record,
};
use shakedown_wire::{Reader, WireErrorKind, fuzzing};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn lists() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(bytes(), 0..4)
}

fn numbers() -> impl Strategy<Value = Vec<u16>> {
    vec(any::<u16>(), 0..20)
}

fn key_share() -> impl Strategy<Value = KeyShare> {
    (any::<u16>(), bytes()).prop_map(|(group, public)| KeyShare { group, public })
}

fn client_view() -> impl Strategy<Value = (u16, View)> {
    use extension as x;
    let ech = prop_oneof![
        Just(EncryptedClientHello::Inner),
        (any::<u16>(), any::<u16>(), any::<u8>(), bytes(), bytes()).prop_map(|(kdf, aead, config_id, enc, payload)| {
            EncryptedClientHello::Outer { kdf, aead, config_id, enc, payload }
        }),
    ];
    let status = prop_oneof![
        (lists(), bytes()).prop_map(|(responder_ids, request_extensions)| {
            StatusRequest::Ocsp { responder_ids, request_extensions }
        }),
        (2_u8.., bytes()).prop_map(|(kind, rest)| StatusRequest::Other(kind, rest)),
    ];
    let psk = (vec((bytes(), any::<u32>()), 0..3), lists())
        .prop_map(|(identities, binders)| View::PreSharedKeys(PreSharedKeys { identities, binders }));
    let first = prop_oneof![
        vec((any::<u8>(), bytes()), 0..3).prop_map(|names| (x::SERVER_NAME, View::ServerNames(names))),
        any::<u8>().prop_map(|number| (x::MAX_FRAGMENT_LENGTH, View::MaxFragmentLength(number))),
        status.prop_map(|request| (x::STATUS_REQUEST, View::StatusRequest(request))),
        numbers().prop_map(|list| (x::SUPPORTED_GROUPS, View::SupportedGroups(list))),
        bytes().prop_map(|list| (x::EC_POINT_FORMATS, View::EcPointFormats(list))),
        numbers().prop_map(|list| (x::SIGNATURE_ALGORITHMS, View::SignatureAlgorithms(list))),
        numbers().prop_map(|list| (x::SIGNATURE_ALGORITHMS_CERT, View::SignatureAlgorithms(list))),
        any::<u8>().prop_map(|mode| (x::HEARTBEAT, View::Heartbeat(mode))),
        lists().prop_map(|names| (x::ALPN, View::Protocols(names))),
        lists().prop_map(|names| (x::APPLICATION_SETTINGS, View::Protocols(names))),
        bytes().prop_map(|zeros| (x::PADDING, View::Padding(zeros))),
        Just((x::EXTENDED_MASTER_SECRET, View::Empty)),
        Just((x::ENCRYPT_THEN_MAC, View::Empty)),
    ];
    let second = prop_oneof![
        any::<u16>().prop_map(|limit| (x::RECORD_SIZE_LIMIT, View::RecordSizeLimit(limit))),
        numbers().prop_map(|list| (x::COMPRESS_CERTIFICATE, View::CompressCertificate(list))),
        bytes().prop_map(|ticket| (x::SESSION_TICKET, View::SessionTicket(ticket))),
        psk.prop_map(|view| (x::PRE_SHARED_KEY, view)),
        numbers().prop_map(|list| (x::SUPPORTED_VERSIONS, View::SupportedVersions(list))),
        bytes().prop_map(|cookie| (x::COOKIE, View::Cookie(cookie))),
        bytes().prop_map(|modes| (x::PSK_KEY_EXCHANGE_MODES, View::PskKeyExchangeModes(modes))),
        lists().prop_map(|names| (x::CERTIFICATE_AUTHORITIES, View::CertificateAuthorities(names))),
        vec(key_share(), 0..4).prop_map(|shares| (x::KEY_SHARE, View::KeyShares(shares))),
        bytes().prop_map(|data| (x::RENEGOTIATION_INFO, View::RenegotiationInfo(data))),
        ech.prop_map(|hello| (x::ENCRYPTED_CLIENT_HELLO, View::EncryptedClientHello(hello))),
        (0_u8..16, bytes()).prop_map(|(index, data)| (grease(index), View::Grease(data))),
        bytes().prop_map(|data| (57, View::Opaque(data))),
    ];
    prop_oneof![first, second]
}

fn extensions() -> impl Strategy<Value = Extensions> {
    let any = (any::<u16>(), bytes()).prop_map(|(number, data)| Extension { number, data });
    let known = client_view().prop_map(|(number, view)| Extension::new(number, &view));
    vec(prop_oneof![any, known], 0..8).prop_map(Extensions)
}

fn client_hello() -> impl Strategy<Value = ClientHello> {
    let cookie = proptest::option::of(bytes());
    (any::<u16>(), any::<[u8; 32]>(), bytes(), cookie, numbers(), bytes(), proptest::option::of(extensions())).prop_map(
        |(version, random, session_id, cookie, cipher_suites, compression_methods, extensions)| ClientHello {
            version,
            random,
            session_id,
            cookie,
            cipher_suites,
            compression_methods,
            extensions,
        },
    )
}

fn server_hello() -> impl Strategy<Value = ServerHello> {
    let version = any::<u16>().prop_filter("drafts have no session", |version| !(0x7f00..0x7f16).contains(version));
    (version, any::<[u8; 32]>(), bytes(), any::<u16>(), any::<u8>(), proptest::option::of(extensions())).prop_map(
        |(version, random, session_id, cipher_suite, compression_method, extensions)| ServerHello {
            version,
            random,
            session_id,
            cipher_suite,
            compression_method,
            extensions,
        },
    )
}

fn server_key_exchange() -> impl Strategy<Value = (Message, Form)> {
    let signature = |version: u16| {
        (any::<u16>(), bytes()).prop_map(move |(algorithm, signature)| Signature {
            algorithm: (version == version::TLS12).then_some(algorithm),
            signature,
        })
    };
    let parameters = prop_oneof![
        (bytes(), bytes(), bytes())
            .prop_map(|(p, g, public)| (KeyExchange::Dhe, KeyExchangeParameters::Dh { p, g, public })),
        (any::<u16>(), bytes())
            .prop_map(|(group, public)| (KeyExchange::Ecdhe, KeyExchangeParameters::NamedCurve { group, public })),
        (bytes(), bytes())
            .prop_map(|(modulus, exponent)| (KeyExchange::RsaExport, KeyExchangeParameters::Rsa { modulus, exponent })),
        (bytes(), bytes(), bytes(), bytes())
            .prop_map(|(n, g, salt, b)| (KeyExchange::SrpSigned, KeyExchangeParameters::Srp { n, g, salt, b })),
        vec(bytes(), 7).prop_map(|numbers| {
            let [p, a, b, base, order, cofactor, public] = numbers.try_into().unwrap();
            let parameters = KeyExchangeParameters::ExplicitPrime { p, a, b, base, order, cofactor, public };
            (KeyExchange::Ecdhe, parameters)
        }),
    ];
    let signed = prop_oneof![Just(version::TLS10), Just(version::TLS12)]
        .prop_flat_map(move |version| (signature(version), Just(version)));
    let signed = (parameters, signed).prop_map(|((key_exchange, parameters), (signature, version))| {
        let message = ServerKeyExchange { psk_identity_hint: None, parameters, signature: Some(signature) };
        (message, Form { version, key_exchange, transport: Transport::Stream })
    });
    let psk = (bytes(), any::<u16>(), bytes(), any::<bool>()).prop_map(|(hint, group, public, curve)| {
        let (key_exchange, parameters) = match curve {
            true => (KeyExchange::EcdhePsk, KeyExchangeParameters::NamedCurve { group, public }),
            false => (KeyExchange::Psk, KeyExchangeParameters::None),
        };
        let message = ServerKeyExchange { psk_identity_hint: Some(hint), parameters, signature: None };
        (message, Form { version: version::TLS12, key_exchange, transport: Transport::Stream })
    });
    prop_oneof![signed, psk].prop_map(|(message, form)| (Message::ServerKeyExchange(Box::new(message)), form))
}

fn of(version: u16) -> Form {
    Form { version, ..Form::default() }
}

fn message() -> impl Strategy<Value = (Message, Form)> {
    let tls13 = of(version::TLS13);
    let tls12 = of(version::TLS12);
    let hellos = prop_oneof![
        client_hello().prop_map(|hello| {
            let transport = if hello.cookie.is_some() { Transport::Datagram } else { Transport::Stream };
            (Message::ClientHello(Box::new(hello)), Form { transport, ..Form::default() })
        }),
        server_hello().prop_map(|hello| (Message::ServerHello(Box::new(hello)), Form::default())),
        server_hello().prop_map(|mut hello| {
            hello.random = HELLO_RETRY_REQUEST_RANDOM;
            (Message::HelloRetryRequest(Box::new(hello)), Form::default())
        }),
        (any::<u16>(), bytes()).prop_map(|(version, cookie)| {
            (Message::HelloVerifyRequest(HelloVerifyRequest { version, cookie }), Form::default())
        }),
        Just((Message::HelloRequest, Form::default())),
        Just((Message::ServerHelloDone, Form::default())),
        extensions().prop_map(move |list| (Message::EncryptedExtensions(list), tls13)),
    ];
    let entry =
        (bytes(), extensions()).prop_map(|(certificate, extensions)| CertificateEntry { certificate, extensions });
    let certificates = prop_oneof![
        lists().prop_map(move |list| {
            let entry = |certificate| CertificateEntry { certificate, extensions: Extensions::default() };
            let entries = list.into_iter().map(entry).collect();
            (Message::Certificate(Certificate { request_context: None, entries }), tls12)
        }),
        (bytes(), vec(entry, 0..3)).prop_map(move |(context, entries)| {
            (Message::Certificate(Certificate { request_context: Some(context), entries }), tls13)
        }),
        (any::<u16>(), 0_u32..1 << 24, bytes()).prop_map(move |(algorithm, uncompressed_length, compressed)| {
            let message = CompressedCertificate { algorithm, uncompressed_length, compressed };
            (Message::CompressedCertificate(message), tls13)
        }),
        bytes().prop_map(move |data| (Message::CertificateStatus(CertificateStatus::Ocsp(data)), tls12)),
        lists().prop_map(move |list| (Message::CertificateStatus(CertificateStatus::OcspMulti(list)), tls12)),
        (bytes(), proptest::option::of(numbers()), lists()).prop_map(|(types, algorithms, authorities)| {
            let version = if algorithms.is_some() { version::TLS12 } else { version::TLS11 };
            let request =
                CertificateRequest::Legacy { certificate_types: types, signature_algorithms: algorithms, authorities };
            (Message::CertificateRequest(request), of(version))
        }),
        (bytes(), extensions()).prop_map(move |(context, extensions)| {
            (Message::CertificateRequest(CertificateRequest::Tls13 { context, extensions }), tls13)
        }),
        (any::<u16>(), bytes()).prop_map(move |(algorithm, signature)| {
            (Message::CertificateVerify(Signature { algorithm: Some(algorithm), signature }), tls13)
        }),
        bytes().prop_map(|signature| {
            (Message::CertificateVerify(Signature { algorithm: None, signature }), of(version::TLS10))
        }),
    ];
    let others = prop_oneof![
        (any::<u32>(), bytes()).prop_map(move |(lifetime, ticket)| {
            (Message::NewSessionTicket(NewSessionTicket { lifetime, ticket, tls13: None }), tls12)
        }),
        (any::<u32>(), bytes(), any::<u32>(), bytes(), extensions()).prop_map(
            move |(lifetime, ticket, age_add, nonce, extensions)| {
                let details = Some(TicketDetails { age_add, nonce, extensions });
                (Message::NewSessionTicket(NewSessionTicket { lifetime, ticket, tls13: details }), tls13)
            }
        ),
        bytes().prop_map(move |data| (Message::Finished(data), tls12)),
        bytes().prop_map(move |data| (Message::ClientKeyExchange(data), tls12)),
        any::<u8>().prop_map(move |request| (Message::KeyUpdate(request), tls13)),
        bytes().prop_map(|data| (Message::Unknown(67, data), Form::default())),
    ];
    prop_oneof![3 => hellos, 3 => certificates, 2 => server_key_exchange(), 1 => others]
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(128))]

    #[test]
    fn messages((message, form) in message()) {
        let written = message.write();
        prop_assert_eq!(Some(message.number()), written.first().copied());
        prop_assert_eq!(Message::parse(&written, form), Ok(message));
        fuzzing::tls_messages(&written);
    }

    #[test]
    fn cut_messages_give_errors_within((message, form) in message(), cut in 1_usize..60) {
        let written = message.write();
        let length = written.len().saturating_sub(cut);
        let error = Message::parse(&written[..length], form).unwrap_err();
        prop_assert!(error.offset <= length);
        prop_assert!(matches!(error.kind, WireErrorKind::Truncated { .. }), "{error}");
        prop_assert!(error.field.as_str().contains('.'), "{error}");
    }

    #[test]
    fn bodies_cut_short((message, form) in message(), cut in 1_usize..60, flip in any::<prop::sample::Index>()) {
        let mut written = message.write();
        let length = written.len().saturating_sub(cut).max(4);
        written.truncate(length);
        let [_, a, b, c] = u32::try_from(length - 4).unwrap().to_be_bytes();
        written[1..4].copy_from_slice(&[a, b, c]);
        if let Ok(again) = Message::parse(&written, form) {
            prop_assert_eq!(again.write(), written.clone());
        }
        let place = flip.index(written.len());
        written[place] ^= 0x15;
        fuzzing::tls_messages(&written);
    }

    #[test]
    fn errors_in_extensions_have_their_place_in_the_message(mut client in client_hello(), mut server in server_hello()) {
        let broken = Extension { number: extension::SUPPORTED_GROUPS, data: vec![0] };
        for list in [&mut client.extensions, &mut server.extensions] {
            let list = list.get_or_insert_default();
            list.0.retain(|extension| extension.number != broken.number);
            list.0.push(broken.clone());
        }
        let error = client.view(broken.number).unwrap().unwrap_err();
        prop_assert_eq!(error.offset, client.write().len() - 1);
        prop_assert_eq!(error.field.as_str(), "client_hello.supported_groups.named_group_list");
        for random in [[0; 32], HELLO_RETRY_REQUEST_RANDOM] {
            server.random = random;
            let error = server.view(broken.number).unwrap().unwrap_err();
            prop_assert_eq!(error.offset, server.write().len() - 1);
        }
    }

    #[test]
    fn views((number, view) in client_view()) {
        let extension = Extension::new(number, &view);
        prop_assert_eq!(extension.view(Place::ClientHello), Ok(view));
        prop_assert_eq!(extension.is_grease(), is_grease(number));
    }

    #[test]
    fn views_of_a_server(share in key_share(), names in lists(), number in any::<u16>(), size in any::<u32>()) {
        use Place::{Certificate, EncryptedExtensions, HelloRetryRequest, NewSessionTicket, ServerHello};
        let response = names.concat();
        for (kind, place, view) in [
            (extension::KEY_SHARE, ServerHello, View::KeyShare(share.clone())),
            (extension::KEY_SHARE, HelloRetryRequest, View::SelectedGroup(number)),
            (extension::SUPPORTED_VERSIONS, HelloRetryRequest, View::SelectedVersion(number)),
            (extension::PRE_SHARED_KEY, ServerHello, View::SelectedIdentity(number)),
            (extension::SERVER_NAME, EncryptedExtensions, View::Empty),
            (extension::ALPN, EncryptedExtensions, View::Protocols(names.clone())),
            (extension::NEXT_PROTOCOL_NEGOTIATION, ServerHello, View::NextProtocols(names.clone())),
            (extension::SIGNED_CERTIFICATE_TIMESTAMP, Certificate, View::SignedCertificateTimestamps(names.clone())),
            (extension::STATUS_REQUEST, Certificate, View::CertificateStatus(1, response.clone())),
            (extension::EARLY_DATA, NewSessionTicket, View::MaxEarlyDataSize(size)),
            (extension::CLIENT_CERTIFICATE_TYPE, ServerHello, View::CertificateType(2)),
        ] {
            prop_assert_eq!(Extension::new(kind, &view).view(place), Ok(view));
        }
    }

    #[test]
    fn any_extension(number in prop_oneof![0_u16..64, any::<u16>(), Just(0xfe0d), Just(0xff01)], data in bytes()) {
        fuzzing::tls_extensions(&[&number.to_be_bytes()[..], &data].concat());
    }

    #[test]
    fn any_message(mut data in vec(any::<u8>(), 4..120), number in prop_oneof![0_u8..26, any::<u8>()]) {
        let [_, a, b, c] = u32::try_from(data.len() - 4).unwrap().to_be_bytes();
        data[..4].copy_from_slice(&[number, a, b, c]);
        fuzzing::tls_messages(&data);
        fuzzing::tls_messages(&data[3..]);
    }

    #[test]
    fn any_stream(messages in vec(message(), 0..4), sizes in vec(1_usize..80, 1..6), junk in bytes(), at in any::<prop::sample::Index>()) {
        let handshake: Vec<u8> = messages.iter().flat_map(|(message, _)| message.write()).collect();
        let (mut rest, mut stream) = (handshake.as_slice(), Vec::new());
        for size in sizes.iter().cycle() {
            let (part, after) = rest.split_at((*size).min(rest.len()));
            stream.extend(write_records(22, 0x0303, part));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        fuzzing::tls_records(&stream);
        stream.extend(&junk);
        fuzzing::tls_records(&stream);
        let place = at.index(stream.len());
        stream[place] ^= 0x41;
        fuzzing::tls_records(&stream);
    }

    #[test]
    fn ssl2(version in any::<u16>(), specs in vec(any::<[u8; 3]>(), 0..8), id in bytes(), random in bytes(), flags in any::<[u8; 2]>()) {
        let [session_id_hit, certificate_type] = flags;
        for message in [
            Ssl2Message::ClientHello(Ssl2ClientHello {
                version,
                cipher_specs: specs.clone(),
                session_id: id.clone(),
                challenge: random.clone(),
            }),
            Ssl2Message::ServerHello(Ssl2ServerHello {
                session_id_hit,
                certificate_type,
                version,
                certificate: id.clone(),
                cipher_specs: specs.clone(),
                connection_id: random.clone(),
            }),
            Ssl2Message::Error(version),
            Ssl2Message::Unknown(vec![7]),
        ] {
            let record = write_ssl2_record(&message.write());
            let (content, size) = read_ssl2_record(&record).unwrap().unwrap();
            prop_assert_eq!(size, record.len());
            prop_assert_eq!(Ssl2Message::parse(content), Ok(message));
            prop_assert_eq!(read_ssl2_record(&record[..size - 1]), Ok(None));
            fuzzing::tls_other_records(&record);
        }
    }

    #[test]
    fn datagrams(hello in client_hello(), most in 1_usize..60, sequence in 0_u64..1 << 48, junk in bytes()) {
        let message = hello.write();
        let parts = DtlsFragment::split(&message, 3, most);
        let mut body: Vec<u8> = Vec::new();
        let mut datagram = Vec::new();
        for part in &parts {
            let written = part.write();
            let mut reader = Reader::new(&written);
            prop_assert_eq!(&DtlsFragment::read(&mut reader).unwrap(), part);
            prop_assert!(reader.is_empty());
            body.extend(&part.body);
            let record = DtlsRecord { content_type: 22, version: version::DTLS12, epoch: 0, sequence, fragment: written };
            datagram.extend(record.write());
        }
        prop_assert_eq!(body.as_slice(), &message[4..]);
        prop_assert_eq!(DtlsRecord::parse_datagram(&datagram).unwrap().len(), parts.len());
        prop_assert_eq!(DtlsFragment::split(&message, 0, message.len())[0].whole(), Some(message));
        fuzzing::tls_other_records(&datagram);
        fuzzing::tls_other_records(&[datagram, junk].concat());
    }

    #[test]
    fn any_other_record(data in vec(any::<u8>(), 0..80), first in prop_oneof![Just(0x80_u8), Just(22), any::<u8>()]) {
        fuzzing::tls_other_records(&[&[first], data.as_slice()].concat());
    }
}

#[test]
fn errors_say_where_and_what() {
    let error = |message: &[u8]| Message::parse(message, Form::default()).unwrap_err();
    let mut hello = ClientHello {
        cipher_suites: vec![0x1301],
        extensions: Some(Extensions(vec![Extension { number: 0, data: vec![0, 9, 0, 0, 9, b'x'] }])),
        ..ClientHello::default()
    };
    let written = hello.write();
    let found = hello.view(0).unwrap().unwrap_err();
    assert_eq!(found.to_string(), "client_hello.server_name.server_name_list: 9 bytes needed, 4 left");
    assert_eq!(found.offset, written.len() - 4);
    hello.extensions = None;
    let mut odd = hello.write();
    odd[40] = 1;
    assert_eq!(
        error(&odd).to_string(),
        "client_hello.cipher_suites: length 1 with its length field is not a multiple of 2"
    );
    assert_eq!(error(&odd).offset, 41);
    let found = error(&[2, 0, 0, 3, 3, 3, 1]);
    assert_eq!((found.to_string().as_str(), found.offset), ("server_hello.random: 32 bytes needed, 1 left", 6));
    assert_eq!(error(&[14, 0, 0, 1, 9]).to_string(), "server_hello_done.end: 1 bytes too many");
    assert_eq!(error(&[14, 0, 0, 0, 9]).to_string(), "server_hello_done.end: 1 bytes too many");
    assert_eq!(error(&[99, 0, 0, 2, 9]).to_string(), "handshake.body: 2 bytes needed, 1 left");
    let found = ServerHello::parse(&[1, 0, 0, 0]).unwrap_err();
    assert_eq!(found.to_string(), "server_hello.msg_type: message number 1 where 2 is expected");
    assert_eq!(Alert::parse(&[2]).unwrap_err().to_string(), "Alert.description: 1 bytes needed, 0 left");
    assert_eq!(Alert::parse(&[2, 70, 0]).unwrap_err().to_string(), "Alert.end: 1 bytes too many");
    assert_eq!(Alert::parse(&[9, 200]), Ok(Alert { level: 9, description: 200 }));
}

#[test]
fn openings() {
    for (bytes, opening) in [
        (&b""[..], Opening::Undecided),
        (b"\x16", Opening::Undecided),
        (b"\x16\x03", Opening::Records),
        (b"\x15\x03\x01\x00\x02\x02\x46", Opening::Records),
        (b"\x16\xfe\xfd", Opening::Other),
        (b"\x80\x2e", Opening::Undecided),
        (b"\x80\x2e\x01\x03\x01", Opening::Ssl2),
        (b"\x80\x2e\x01\x00\x02", Opening::Ssl2),
        (b"\x84\x00\x04\x00\x01", Opening::Ssl2),
        (b"\x80\x03\x00\x00\x01", Opening::Ssl2),
        (b"\x80\x2e\x09\x00", Opening::Other),
        (b"HTTP/1.1 400", Opening::Other),
        (b"SSH-2.0-x\r\n", Opening::Other),
        (b"220 mail", Opening::Other),
        (b"\x00", Opening::Other),
    ] {
        assert_eq!(Opening::recognise(bytes), opening, "{bytes:x?}");
    }
}

#[test]
fn a_draft_of_tls_13_has_neither_session_nor_compression() {
    let mut bytes = vec![2, 0, 0, 38, 0x7f, 0x13];
    bytes.extend([5; 32]);
    bytes.extend([0x13, 0x02, 0, 0]);
    let hello = ServerHello::parse(&bytes).unwrap();
    assert_eq!((hello.version, hello.cipher_suite, hello.selected_version()), (0x7f13, 0x1302, 0x7f13));
    assert_eq!(hello.write(), bytes);
}

#[test]
fn the_random_says_what_the_server_was_brought_down_to() {
    let mut hello = ServerHello::default();
    assert_eq!(hello.downgraded_to(), None);
    hello.random[24..].copy_from_slice(b"DOWNGRD\x01");
    assert_eq!(hello.downgraded_to(), Some(version::TLS12));
    hello.random[31] = 0;
    assert_eq!(hello.downgraded_to(), Some(version::TLS11));
    assert_eq!(hello.write()[0], handshake::SERVER_HELLO);
}

#[test]
fn sizes_of_primes() {
    let bits = |p: Vec<u8>| KeyExchangeParameters::Dh { p, g: vec![2], public: vec![3] }.bits();
    assert_eq!(bits([&[0, 0x80][..], &[0; 127]].concat()), Some(1024));
    assert_eq!(bits(vec![0x7f; 64]), Some(511));
    assert_eq!(KeyExchangeParameters::NamedCurve { group: 29, public: Vec::new() }.bits(), None);
}

#[test]
fn names_of_authorities_in_both_forms() {
    let names = vec![b"one".to_vec(), b"two".to_vec()];
    let view = View::CertificateAuthorities(names.clone());
    let list = Extensions(vec![Extension::new(extension::CERTIFICATE_AUTHORITIES, &view)]);
    assert_eq!(CertificateRequest::Tls13 { context: Vec::new(), extensions: list }.authorities(), names);
    let legacy = CertificateRequest::Legacy {
        certificate_types: vec![1],
        signature_algorithms: None,
        authorities: names.clone(),
    };
    assert_eq!(legacy.authorities(), names);
}
