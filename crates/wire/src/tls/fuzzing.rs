//! The bodies of the fuzz targets for TLS.

use crate::tls::{
    Alert, ChangeCipherSpec, Deframer, DtlsDeframer, DtlsFragment, DtlsRecord, Extension, Form, HandshakeLimits,
    KeyExchange, Message, Opening, Place, RecordLimits, RecordReader, Ssl2Message, Transport, number::version,
    read_ssl2_record, write_records, write_ssl2_record,
};
use crate::{Reader, WireError};

const PLACES: [Place; 7] = [
    Place::ClientHello,
    Place::ServerHello,
    Place::HelloRetryRequest,
    Place::EncryptedExtensions,
    Place::Certificate,
    Place::CertificateRequest,
    Place::NewSessionTicket,
];
const KEY_EXCHANGES: [KeyExchange; 7] = [
    KeyExchange::Unknown,
    KeyExchange::RsaExport,
    KeyExchange::Dhe,
    KeyExchange::EcdhAnon,
    KeyExchange::EcdhePsk,
    KeyExchange::Psk,
    KeyExchange::SrpSigned,
];

/// Records and the messages in them are the same in one piece and byte by byte; written again, they are the same bytes.
pub fn tls_records(data: &[u8]) {
    let whole = read_stream(data, data.len().max(1));
    let single = read_stream(data, 1);
    assert_eq!(whole, single);
    let (records, messages, error) = whole;
    assert!(records.len() <= data.len());
    let joined = records.concat();
    assert_eq!(data.get(..joined.len()), Some(joined.as_slice()));
    for message in &messages {
        let again = read_stream(&write_records(22, 0x0301, message), 3);
        assert_eq!((again.1.as_slice(), again.2), (std::slice::from_ref(message), None));
    }
    if let Some(error) = error {
        assert!(error.field.as_str().contains('.'));
    }
    if !records.is_empty() && data.get(1) == Some(&3) {
        assert_eq!(Opening::recognise(data), Opening::Records);
    }
}

type Stream = (Vec<Vec<u8>>, Vec<Vec<u8>>, Option<WireError>);

fn read_stream(data: &[u8], chunk: usize) -> Stream {
    let mut reader = RecordReader::new(RecordLimits { fragment: 600 });
    let mut deframer = Deframer::new(HandshakeLimits { message: 500, total: 1500, empty: 4 });
    let (mut records, mut messages) = (Vec::new(), Vec::new());
    for piece in data.chunks(chunk) {
        reader.push(piece);
        loop {
            match reader.next_record() {
                Ok(Some(record)) => {
                    records.push(record.write());
                    if record.content_type == 22 {
                        deframer.push(&record.fragment);
                        loop {
                            match deframer.next_message() {
                                Ok(Some(message)) => messages.push(message.bytes),
                                Ok(None) => break,
                                Err(error) => return (records, messages, Some(error)),
                            }
                        }
                    }
                }
                Ok(None) => break,
                Err(error) => return (records, messages, Some(error)),
            }
        }
    }
    (records, messages, None)
}

/// Every message that can be read is written as the same bytes, in the forms of all versions and key exchanges; so is
/// the content of every extension.
pub fn tls_messages(data: &[u8]) {
    let versions = [version::TLS10, version::TLS12, version::TLS13];
    for version in versions {
        for key_exchange in KEY_EXCHANGES {
            for transport in [Transport::Stream, Transport::Datagram] {
                match Message::parse(data, Form { transport, version, key_exchange }) {
                    Ok(message) => {
                        assert_eq!(message.write(), data);
                        assert_eq!(Some(message.number()), data.first().copied());
                        extensions_of(&message);
                    }
                    Err(error) => assert!(error.offset <= data.len()),
                }
            }
        }
    }
    if let Ok(alert) = Alert::parse(data) {
        assert_eq!(alert.write(), data);
    }
    if let Ok(change) = ChangeCipherSpec::parse(data) {
        assert_eq!(change.write(), data);
    }
}

fn extensions_of(message: &Message) {
    let lists = match message {
        Message::ClientHello(hello) => {
            let _ = (hello.server_name(), hello.supported_versions());
            vec![hello.extensions.as_ref()]
        }
        Message::ServerHello(hello) | Message::HelloRetryRequest(hello) => {
            let _ = (hello.selected_version(), hello.downgraded_to());
            vec![hello.extensions.as_ref()]
        }
        Message::EncryptedExtensions(extensions) => vec![Some(extensions)],
        Message::Certificate(certificate) => certificate.entries.iter().map(|entry| Some(&entry.extensions)).collect(),
        _ => Vec::new(),
    };
    lists.into_iter().flatten().flat_map(|list| &list.0).for_each(extension_views);
}

fn extension_views(extension: &Extension) {
    for place in PLACES {
        match extension.view(place) {
            Ok(view) => assert_eq!(view.write(), extension.data),
            Err(error) => assert!(error.offset <= extension.data.len()),
        }
    }
}

/// The first two bytes are an extension type, the rest its data.
pub fn tls_extensions(data: &[u8]) {
    if let Some((&number, data)) = data.split_first_chunk::<2>() {
        extension_views(&Extension { number: u16::from_be_bytes(number), data: data.to_vec() });
    }
}

/// What is read of SSL 2.0 and DTLS is written as the same bytes.
pub fn tls_other_records(data: &[u8]) {
    let _ = Opening::recognise(data);
    if let Ok(Some((message, size))) = read_ssl2_record(data) {
        assert_eq!(data.get(..size), Some(write_ssl2_record(message).as_slice()));
        if let Ok(parsed) = Ssl2Message::parse(message) {
            assert_eq!(parsed.write(), message);
        }
    }
    if let Ok(records) = DtlsRecord::parse_datagram(data) {
        let written: Vec<u8> = records.iter().flat_map(DtlsRecord::write).collect();
        assert_eq!(written, data);
        let mut deframer = DtlsDeframer::new(HandshakeLimits { message: 500, total: 1500, empty: 4 });
        for record in &records {
            let mut reader = Reader::new(&record.fragment);
            while let Ok(part) = DtlsFragment::read(&mut reader) {
                let end = reader.offset();
                let begin = end.saturating_sub(part.write().len());
                assert_eq!(record.fragment.get(begin..end), Some(part.write().as_slice()));
                if let Some(message) = part.whole() {
                    tls_messages(&message);
                }
                let _ = deframer.push(part);
                while let Some(message) = deframer.next_message() {
                    assert!(message.bytes.len() <= 504 && message.offset <= 1500 + 4 * data.len());
                }
            }
        }
    }
}
