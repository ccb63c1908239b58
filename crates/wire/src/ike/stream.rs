//! IKE and ESP over TCP: packets behind their lengths (RFC 9329 section 3).

use crate::error::{WireError, WireErrorKind};

/// What an initiator sends before its first packet, RFC 9329 section 4.
pub const STREAM_PREFIX: [u8; 6] = *b"IKETCP";

/// Bytes of the length, which counts itself.
const LENGTH: usize = 2;

/// A packet as it goes over TCP: an IKE message with its non-ESP marker, as [`super::Datagram::mark`] gives it, or an ESP
/// packet. `None` for one that is longer than its length can say.
pub fn frame(packet: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(packet.len().checked_add(LENGTH)?).ok()?;
    Some([&length.to_be_bytes(), packet].concat())
}

/// Packets out of a stream, of which bytes come in any pieces. It never holds more than what was given and not yet taken.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    /// How many bytes of the stream were taken before these.
    taken: usize,
}

impl Frames {
    /// The next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The prefix of an initiator's stream is taken off; `None` as long as too few bytes are there.
    ///
    /// # Errors
    /// The stream begins otherwise.
    pub fn prefix(&mut self) -> Result<Option<()>, WireError> {
        let begun = self.bytes.len().min(STREAM_PREFIX.len());
        if self.bytes.get(..begun) != STREAM_PREFIX.get(..begun) {
            let kind = WireErrorKind::BadForm { form: "IKETCP" };
            return Err(WireError::new(self.taken, "ike.stream.prefix", kind));
        }
        if begun < STREAM_PREFIX.len() {
            return Ok(None);
        }
        self.take(begun);
        Ok(Some(()))
    }

    /// The next packet that is there as a whole, as it would be in a datagram.
    ///
    /// # Errors
    /// A length that does not even count itself: where the next packet begins is not known then.
    pub fn packet(&mut self) -> Result<Option<Vec<u8>>, WireError> {
        let Some((length, rest)) = self.bytes.split_first_chunk::<LENGTH>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some(size) = length.checked_sub(LENGTH) else {
            let kind = WireErrorKind::TooShort { length: length as u64, minimum: LENGTH as u64 };
            return Err(WireError::new(self.taken, "ike.stream.length", kind));
        };
        let Some(packet) = rest.get(..size).map(<[u8]>::to_vec) else { return Ok(None) };
        self.take(length);
        Ok(Some(packet))
    }

    fn take(&mut self, bytes: usize) {
        self.bytes.drain(..bytes.min(self.bytes.len()));
        self.taken = self.taken.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ike::Datagram;

    #[test]
    fn packets_come_out_as_they_went_in_however_the_stream_is_cut() {
        let packets = [Datagram::mark(b"first"), vec![0xff], Vec::new(), Datagram::mark(&[7; 3000])];
        let mut stream = STREAM_PREFIX.to_vec();
        packets.iter().for_each(|packet| stream.extend(frame(packet).unwrap()));
        for piece in [1, 2, 5, 7, 4096] {
            let (mut frames, mut found, mut begun) = (Frames::default(), Vec::new(), false);
            for bytes in stream.chunks(piece) {
                frames.push(bytes);
                begun = begun || frames.prefix().unwrap().is_some();
                while begun && let Some(packet) = frames.packet().unwrap() {
                    found.push(packet);
                }
            }
            assert_eq!(found, packets, "pieces of {piece}");
            assert!(frames.bytes.is_empty());
        }
    }

    #[test]
    fn what_is_no_stream_is_told_with_its_place() {
        let mut frames = Frames::default();
        frames.push(b"IKE");
        assert_eq!(frames.prefix(), Ok(None));
        frames.push(b"v2");
        assert_eq!(frames.prefix().unwrap_err().field.as_str(), "ike.stream.prefix");
        let mut frames = Frames::default();
        frames.push(&[0, 3, 9, 0, 1]);
        assert_eq!(frames.packet(), Ok(Some(vec![9])));
        let error = frames.packet().unwrap_err();
        assert_eq!((error.offset, error.kind), (3, WireErrorKind::TooShort { length: 1, minimum: 2 }));
        assert_eq!(frame(&[0; 0xfffd]).unwrap().len(), 0xffff);
        assert_eq!(frame(&[0; 0xfffe]), None);
    }
}
