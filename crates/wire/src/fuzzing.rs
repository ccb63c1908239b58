//! The bodies of the fuzz targets, so that a test on stable replays the very same code. Not part of the API.

use crate::ssh::{
    HostKeyBlob, IdentificationLimits, IdentificationLine, IdentificationReader, Message, MethodMessages, PacketLimits,
    PacketReader, SignatureBlob,
};

pub use crate::ike::fuzzing::ike_messages;
pub use crate::tls::fuzzing::{tls_extensions, tls_messages, tls_other_records, tls_records};

/// Lines read from the stream are the same in one piece and byte by byte, and their sizes keep to the limits.
pub fn ssh_identification(data: &[u8]) {
    let limits = IdentificationLimits { lines: 16, line_bytes: 300, total_bytes: 2000 };
    let whole = identification_lines(data, data.len().max(1), limits);
    let single = identification_lines(data, 1, limits);
    assert_eq!(whole, single);
    assert!(whole.0.len() <= limits.lines + 1);
    if let Some(IdentificationLine::Identification(identification)) = whole.0.last() {
        // Written with a carriage return, it may be one byte longer than it came and than these limits allow.
        let (read, error, _) = identification_lines(&identification.write(), 7, IdentificationLimits::default());
        assert_eq!((read.last(), error), (whole.0.last(), None));
        let _ = (identification.version(), identification.software(), identification.is_too_long());
    }
}

type Lines = (Vec<IdentificationLine>, Option<crate::WireError>, usize);

fn identification_lines(data: &[u8], chunk: usize, limits: IdentificationLimits) -> Lines {
    let mut reader = IdentificationReader::new(limits);
    let mut lines = Vec::new();
    for mut piece in data.chunks(chunk) {
        while !piece.is_empty() {
            let (taken, line) = match reader.read(piece) {
                Ok(read) => read,
                Err(error) => return (lines, Some(error), reader.total()),
            };
            piece = piece.get(taken..).unwrap_or_default();
            if let Some(line) = line {
                let done = matches!(line, IdentificationLine::Identification(_));
                lines.push(line);
                if done {
                    return (lines, None, reader.total());
                }
            }
        }
    }
    (lines, None, reader.total())
}

/// Packets cut from the stream are the same in one piece and byte by byte, and written again they are read the same.
pub fn ssh_packet(data: &[u8]) {
    let read = |chunk: usize| {
        let mut reader = PacketReader::new(PacketLimits { packet: 200, kexinit: 400 });
        let mut packets = Vec::new();
        for piece in data.chunks(chunk) {
            reader.push(piece);
            loop {
                match reader.next_packet() {
                    Ok(Some(packet)) => packets.push(packet),
                    Ok(None) => break,
                    Err(error) => return (packets, Some(error)),
                }
            }
        }
        (packets, None)
    };
    let whole = read(data.len().max(1));
    assert_eq!(whole, read(1));
    for packet in &whole.0 {
        assert!(packet.payload.len() <= 400);
        let mut reader = PacketReader::new(PacketLimits::default());
        reader.push(&crate::ssh::write_packet(&packet.payload));
        let again = reader.next_packet();
        assert!(matches!(again, Ok(Some(again)) if again.payload == packet.payload));
    }
}

/// Every message that can be read is read the same after it was written.
pub fn ssh_messages(data: &[u8]) {
    use MethodMessages::{DiffieHellman, Ecdh, GroupExchange, Unknown};
    for method in [Unknown, DiffieHellman, GroupExchange, Ecdh] {
        match Message::parse(data, method) {
            Ok(message) => {
                assert_eq!(message.number(), data.first().copied());
                assert_eq!(Message::parse(&message.write(), method), Ok(message));
            }
            Err(error) => assert!(error.offset <= data.len()),
        }
    }
    if let Ok(blob) = HostKeyBlob::parse(data) {
        assert_eq!(blob.write(), data);
    }
    if let Ok(blob) = SignatureBlob::parse(data) {
        assert_eq!(blob.write(), data);
    }
}
