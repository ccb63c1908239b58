//! Hellos that are unusual on purpose.

use proptest::collection::vec;
use proptest::prelude::*;
use shakedown_wire::WireErrorKind;
use shakedown_wire::tls::number::{extension, is_grease, version};
use shakedown_wire::tls::{
    ClientHello, Deframer, DtlsDeframer, DtlsFragment, Extension, Extensions, HandshakeLimits, HelloBuilder, KeyShare,
    RecordLimits, RecordReader, Split, Transport, UnusualRecord, View, write_records,
};

fn hello(suites: usize, extensions: &[(u16, View)]) -> ClientHello {
    let extensions = extensions.iter().map(|(number, view)| Extension::new(*number, view)).collect();
    ClientHello {
        cipher_suites: (0..suites).map(|suite| u16::try_from(suite).unwrap()).collect(),
        extensions: Some(Extensions(extensions)),
        ..ClientHello::default()
    }
}

fn modern() -> ClientHello {
    hello(
        3,
        &[
            (extension::SERVER_NAME, View::ServerNames(vec![(0, b"example.com".to_vec())])),
            (extension::SUPPORTED_VERSIONS, View::SupportedVersions(vec![version::TLS13, version::TLS12])),
            (extension::SUPPORTED_GROUPS, View::SupportedGroups(vec![29, 23])),
            (extension::KEY_SHARE, View::KeyShares(vec![KeyShare { group: 29, public: vec![9; 32] }])),
        ],
    )
}

/// What a server reads from these bytes: the hello and how many records it came in.
fn read(bytes: &[u8]) -> (Option<ClientHello>, usize) {
    let mut reader = RecordReader::new(RecordLimits { fragment: u16::MAX });
    let mut deframer = Deframer::new(HandshakeLimits { empty: 1000, ..HandshakeLimits::default() });
    reader.push(bytes);
    let mut records = 0;
    let mut hello = None;
    while let Some(record) = reader.next_record().unwrap() {
        records += 1;
        deframer.push(&record.fragment);
        if let Some(message) = deframer.next_message().unwrap() {
            hello = Some(ClientHello::parse(&message.bytes, Transport::Stream).unwrap());
        }
    }
    assert!(reader.partial().is_empty() && deframer.partial().is_empty());
    (hello, records)
}

fn split(length: usize) -> impl Strategy<Value = Split> {
    let places = vec(0..=length, 0..6).prop_map(|mut places| {
        places.sort_unstable();
        Split::At(places)
    });
    prop_oneof![Just(Split::Whole), (1..=length).prop_map(Split::Every), places]
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(128))]

    #[test]
    fn built_hellos_are_read_again(
        suites in 0_usize..300,
        session in vec(any::<u8>(), 0..40),
        versions in any::<[u16; 2]>(),
        data in vec((any::<u16>(), vec(any::<u8>(), 0..50)), 0..6),
        records in split(700),
        segments in split(900),
        allow in any::<bool>(),
        seed in proptest::option::of(any::<u8>()),
    ) {
        let extensions = data.into_iter().map(|(number, data)| Extension { number, data }).collect();
        let hello = ClientHello {
            session_id: session,
            version: versions[0],
            extensions: Some(Extensions(extensions)),
            ..hello(suites, &[])
        };
        let mut builder = HelloBuilder::new(hello.clone());
        builder.record_version = versions[1];
        builder.records = records.clone();
        builder.segments = segments.clone();
        builder.allow_hanging_length = allow;
        if let Some(seed) = seed {
            builder = builder.with_grease(seed);
        }
        let built = builder.build().unwrap();
        let (again, count) = read(&built.bytes());
        prop_assert_eq!(again.as_ref(), Some(&built.hello));
        prop_assert_eq!(built.hello.write(), built.message.clone());
        if !allow {
            prop_assert!(!(256..512).contains(&built.message.len()));
        } else {
            prop_assert_eq!(&built.hello, &builder.hello);
        }
        match records {
            Split::Whole => prop_assert_eq!(count, 1),
            Split::Every(size) => prop_assert_eq!(count, built.message.len().div_ceil(size)),
            Split::At(places) => prop_assert_eq!(count, places.len() + 1),
        }
        match segments {
            Split::Whole => prop_assert_eq!(built.segments.len(), 1),
            Split::Every(size) => prop_assert!(built.segments.iter().all(|segment| segment.len() <= size)),
            Split::At(places) => prop_assert_eq!(built.segments.len(), places.len() + 1),
        }
    }

    #[test]
    fn any_length_can_be_reached(length in 0_usize..70_000) {
        let natural = modern().write().len();
        let builder = HelloBuilder { length: Some(length), ..HelloBuilder::new(modern()) };
        match builder.build() {
            Ok(built) => {
                prop_assert_eq!(built.message.len(), length);
                prop_assert_eq!(read(&built.bytes()).0, Some(built.hello));
            }
            Err(error) => match error.kind {
                WireErrorKind::TooShort { minimum, .. } => {
                    prop_assert_eq!(minimum, natural as u64 + 4);
                    prop_assert!(length < natural + 4 && length != natural);
                }
                WireErrorKind::TooLong { limit, .. } => prop_assert!(length as u64 > limit && limit > 65_000),
                other => prop_assert!(false, "{other:?}"),
            },
        }
    }
}

#[test]
fn no_hello_of_256_to_511_bytes_unless_asked() {
    let mut padded = 0;
    for suites in 0..260 {
        let plain = hello(suites, &[(extension::SERVER_NAME, View::ServerNames(vec![(0, b"example.com".to_vec())]))]);
        let natural = plain.write().len();
        let built = HelloBuilder::new(plain.clone()).build().unwrap();
        if (256..512).contains(&natural) {
            padded += 1;
            assert!((512..=516).contains(&built.message.len()), "{natural}: {}", built.message.len());
            let last = built.hello.extensions().last().unwrap();
            assert!(last.number == extension::PADDING && !last.data.is_empty());
            let asked = HelloBuilder { allow_hanging_length: true, ..HelloBuilder::new(plain) };
            assert_eq!(asked.build().unwrap().message.len(), natural);
        } else {
            assert_eq!(built.hello, plain);
        }
    }
    assert_eq!(padded, 128);
    let bare = ClientHello { extensions: None, ..hello(120, &[]) };
    assert_eq!(HelloBuilder::new(bare).build().unwrap().message.len(), 512);
}

#[test]
fn padding_that_is_there_is_replaced_and_pre_shared_key_stays_last() {
    let psk = View::PreSharedKeys(shakedown_wire::tls::PreSharedKeys {
        identities: vec![(vec![1; 8], 7)],
        binders: vec![vec![2; 32]],
    });
    let hello = hello(2, &[(extension::PADDING, View::Padding(vec![0; 100])), (extension::PRE_SHARED_KEY, psk)]);
    let built = HelloBuilder { length: Some(600), ..HelloBuilder::new(hello) }.with_grease(3).build().unwrap();
    assert_eq!(built.message.len(), 600);
    let numbers: Vec<u16> = built.hello.extensions().iter().map(|entry| entry.number).collect();
    assert_eq!(numbers.iter().filter(|&&number| number == extension::PADDING).count(), 1);
    assert_eq!(numbers.last(), Some(&extension::PRE_SHARED_KEY));
    assert_eq!(numbers.iter().filter(|&&number| is_grease(number)).count(), 2);
}

#[test]
fn grease_stands_where_browsers_put_it() {
    let built = HelloBuilder::new(modern()).with_grease(0xff).build().unwrap();
    let hello = &built.hello;
    assert!(is_grease(hello.cipher_suites[0]));
    assert!(is_grease(hello.supported_versions().unwrap()[0]));
    let Some(Ok(View::SupportedGroups(groups))) = hello.view(extension::SUPPORTED_GROUPS) else { panic!() };
    let Some(Ok(View::KeyShares(shares))) = hello.view(extension::KEY_SHARE) else { panic!() };
    assert!(is_grease(groups[0]) && groups[0] == shares[0].group && groups[1..] == [29, 23]);
    let extensions = hello.extensions();
    assert!(extensions[0].is_grease() && extensions[0].data.is_empty());
    assert!(extensions.iter().rfind(|entry| entry.is_grease()).is_some_and(|entry| entry.data == [0]));
    assert_eq!(hello.server_name().as_deref(), Some(&b"example.com"[..]));
}

#[test]
fn records_of_any_form_can_be_written() {
    let broken = UnusualRecord { length: 9, ..UnusualRecord::new(21, 0x0300, &[2, 40]) };
    assert_eq!(broken.write(), [21, 3, 0, 0, 9, 2, 40]);
    let long = vec![7; 40_000];
    let (mut reader, mut total) = (RecordReader::new(RecordLimits::default()), 0);
    reader.push(&write_records(23, version::TLS12, &long));
    while let Some(record) = reader.next_record().unwrap() {
        assert!(record.fragment.len() <= 16_384 && record.offset + 5 == record.fragment_offset());
        total += record.fragment.len();
    }
    assert_eq!(total, 40_000);
    let mut reader = RecordReader::new(RecordLimits::default());
    reader.push(&[22, 3, 3, 0xff, 0xff]);
    let error = reader.next_record().unwrap_err();
    assert_eq!(error.to_string(), "record.length: length 65535 is above the limit of 18432");
    assert_eq!((error.offset, reader.next_record()), (3, Err(error)));
}

#[test]
fn a_handshake_without_end_is_stopped() {
    let limits = HandshakeLimits { message: 100, total: 250, empty: 3 };
    let mut deframer = Deframer::new(limits);
    deframer.push(&[11, 0, 0, 101]);
    assert_eq!(
        deframer.next_message().unwrap_err().to_string(),
        "handshake.length: length 101 is above the limit of 100"
    );
    let mut deframer = Deframer::new(limits);
    let message = [&[11, 0, 0, 96][..], &[0; 96]].concat();
    for _ in 0..5 {
        deframer.push(&message);
    }
    assert_eq!(deframer.next_message().unwrap().unwrap().offset, 0);
    assert_eq!(deframer.next_message().unwrap().unwrap().offset, 100);
    assert_eq!(deframer.next_message().unwrap_err().kind, WireErrorKind::TooLong { length: 251, limit: 250 });
    assert_eq!(deframer.partial().len(), 50);
    let mut deframer = Deframer::new(limits);
    for _ in 0..4 {
        deframer.push(&[]);
    }
    assert_eq!(deframer.next_message().unwrap_err().kind, WireErrorKind::TooMany { limit: 3 });
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(128))]

    #[test]
    fn fragments_of_datagrams_in_any_order(
        order in vec((0_usize..100, 1_usize..90), 1..20),
    ) {
        let messages = [modern().write(), vec![14, 0, 0, 0], modern().write()];
        // Whatever overlaps and repeats, then the whole of each, last message first.
        let body = &messages[0][4..];
        let length = u32::try_from(body.len()).unwrap();
        let mut deframer = DtlsDeframer::new(HandshakeLimits::default());
        let mut read = Vec::new();
        for (at, size) in order {
            let part = &body[at.min(body.len())..(at + size).min(body.len())];
            let offset = u32::try_from(at.min(body.len())).unwrap();
            deframer
                .push(DtlsFragment { message_type: 1, length, message_sequence: 0, offset, body: part.to_vec() })
                .unwrap();
            read.extend(std::iter::from_fn(|| deframer.next_message()));
        }
        for (sequence, message) in messages.iter().enumerate().rev() {
            for part in DtlsFragment::split(message, u16::try_from(sequence).unwrap(), 33).into_iter().rev() {
                deframer.push(part).unwrap();
                read.extend(std::iter::from_fn(|| deframer.next_message()));
            }
        }
        prop_assert_eq!(read.iter().map(|message| message.bytes.clone()).collect::<Vec<_>>(), messages.to_vec());
        prop_assert_eq!(read[1].offset, messages[0].len());
    }
}

#[test]
fn fragments_without_end_are_stopped() {
    let limits = HandshakeLimits { message: 5000, total: 6000, empty: 0 };
    let part = |offset: u32, length: usize| DtlsFragment {
        message_type: 11,
        length: 5000,
        message_sequence: 0,
        offset,
        body: vec![0; length],
    };
    let mut deframer = DtlsDeframer::new(limits);
    let long = DtlsFragment { length: 5001, ..part(0, 1) };
    assert_eq!(deframer.push(long).unwrap_err().kind, WireErrorKind::TooLong { length: 5001, limit: 5000 });
    for index in 0..1024 {
        deframer.push(part(index * 2, 1)).unwrap();
    }
    assert_eq!(deframer.push(part(3000, 1)).unwrap_err().kind, WireErrorKind::TooMany { limit: 1024 });
    let other = DtlsFragment { length: 4000, ..part(3000, 1) };
    assert!(matches!(deframer.push(other).unwrap_err().kind, WireErrorKind::BadForm { .. }));
    let ahead = |sequence| DtlsFragment { message_sequence: sequence, ..part(0, 4900) };
    deframer.push(ahead(9)).unwrap();
    assert_eq!(deframer.push(ahead(8)), Ok(()));
    assert_eq!(deframer.push(part(0, 4990)).unwrap_err().kind, WireErrorKind::TooLong { length: 10_914, limit: 6000 });
    assert_eq!(deframer.next_message(), None);
}
