//! Encrypted payloads, whole and in fragments (RFC 7296 section 3.14, RFC 7383).

use shakedown_crypto::CryptoError;
use shakedown_crypto::ike::Protector;
use shakedown_wire::ike::number::payload;
use shakedown_wire::ike::{
    Fragment, Header, Message, MessageLimits, NON_ESP_MARKER, Payload, View, read_payloads, write_payloads,
};

/// The most bytes of a message that is sent in fragments: with the headers of UDP and IPv6 and the non-ESP marker they fit
/// into 1280 bytes, which every path carries.
pub const FRAGMENT_SIZE: usize = 1280 - 40 - 8 - NON_ESP_MARKER.len();

/// The most fragments of a message that are kept.
const MOST_FRAGMENTS: u16 = 256;
/// The most bytes of all fragments together: as many as a message has without any.
const MOST_BYTES: usize = 0xffff;
/// Header of the message, of the payload, and number and total of the fragment.
const BEFORE_FRAGMENT: usize = 28 + 4 + 4;

/// The datagrams of a protected message: one, or fragments where it is long and the peer takes them.
pub(super) fn seal(
    protector: &Protector,
    header: Header,
    payloads: &[Payload],
    in_fragments: bool,
) -> Result<Vec<Vec<u8>>, CryptoError> {
    let plain = zeroize::Zeroizing::new(write_payloads(payloads));
    let next = payloads.first().map_or(payload::NONE, |first| first.number);
    let length = 28 + 4 + protector.sealed_length(plain.len());
    if !in_fragments || length <= FRAGMENT_SIZE {
        return Ok(vec![one(protector, header, next, &plain, None)?]);
    }
    let room = protector.capacity(FRAGMENT_SIZE - BEFORE_FRAGMENT).max(1);
    let total = u16::try_from(plain.len().div_ceil(room)).map_err(|_| CryptoError::Library)?;
    (1..=total)
        .zip(plain.chunks(room))
        .map(|(number, part)| {
            // Only the first names the type of the first payload inside.
            one(protector, header, if number == 1 { next } else { payload::NONE }, part, Some((number, total)))
        })
        .collect()
}

fn one(
    protector: &Protector,
    header: Header,
    next: u8,
    plain: &[u8],
    fragment: Option<(u16, u16)>,
) -> Result<Vec<u8>, CryptoError> {
    let room = vec![0; protector.sealed_length(plain.len())];
    let length = room.len();
    let payload = match fragment {
        None => Payload::new(payload::ENCRYPTED, &View::Encrypted(room)),
        Some((number, total)) => {
            Payload::new(payload::FRAGMENT, &View::Fragment(Fragment { number, total, data: room }))
        }
    };
    let mut bytes = Message { header, payloads: vec![payload], next, rest: Vec::new() }.write();
    bytes.truncate(bytes.len().saturating_sub(length));
    let sealed = protector.seal(&bytes, plain)?;
    bytes.extend(sealed);
    Ok(bytes)
}

/// What a protected message came to.
pub(super) enum Opened {
    /// All its payloads.
    Whole(Vec<Payload>),
    /// A fragment was added to others, or is known already.
    Part,
    /// It has no encrypted payload.
    Plain,
    /// It was not made with these keys.
    Foreign,
    /// What is inside cannot be read.
    Broken(shakedown_wire::WireError),
}

/// Fragments of one message.
#[derive(Default)]
pub(super) struct Fragments {
    next: u8,
    parts: Vec<Option<zeroize::Zeroizing<Vec<u8>>>>,
    bytes: usize,
}

impl Fragments {
    /// How many came and of how many, where some did.
    pub(super) fn count(&self) -> Option<(u16, u16)> {
        let number = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        let came = self.parts.iter().flatten().count();
        (!self.parts.is_empty()).then(|| (number(came), number(self.parts.len())))
    }

    /// Opens a message, which `bytes` are the whole of.
    pub(super) fn open(&mut self, protector: &Protector, message: &Message, bytes: &[u8]) -> Opened {
        let Some(last) = message.payloads.last().filter(|last| last.is_encrypted()) else { return Opened::Plain };
        let view = match last.view() {
            Ok(view) => view,
            Err(error) => return Opened::Broken(error),
        };
        let open = |data: &[u8]| {
            let before = bytes.get(..bytes.len().saturating_sub(data.len())).unwrap_or_default();
            protector.open(before, data).ok()
        };
        match view {
            View::Encrypted(data) => match open(&data) {
                Some(plain) => payloads(message.next, &plain),
                None => Opened::Foreign,
            },
            View::Fragment(Fragment { number, total, data }) => {
                if number == 0 || number > total || total > MOST_FRAGMENTS {
                    return Opened::Foreign;
                }
                // Each fragment is protected by itself: what others made never takes the place of one.
                match open(&data) {
                    Some(plain) => self.add(number, total, message.next, plain),
                    None => Opened::Foreign,
                }
            }
            _ => Opened::Plain,
        }
    }

    fn add(&mut self, number: u16, total: u16, next: u8, plain: zeroize::Zeroizing<Vec<u8>>) -> Opened {
        // Sent anew in smaller fragments, there are more of them; those of before are of no use (RFC 7383 section 2.6).
        if usize::from(total) > self.parts.len() {
            *self = Self::default();
            self.parts.resize_with(total.into(), || None);
        }
        if usize::from(total) < self.parts.len() {
            return Opened::Part;
        }
        let Some(place) = self.parts.get_mut(usize::from(number).saturating_sub(1)) else { return Opened::Foreign };
        if place.is_none() && self.bytes.saturating_add(plain.len()) <= MOST_BYTES {
            self.bytes = self.bytes.saturating_add(plain.len());
            if number == 1 {
                self.next = next;
            }
            *place = Some(plain);
        }
        if self.parts.iter().any(Option::is_none) {
            return Opened::Part;
        }
        let whole: Vec<u8> = self.parts.iter().flatten().flat_map(|part| part.iter().copied()).collect();
        payloads(self.next, &zeroize::Zeroizing::new(whole))
    }
}

fn payloads(next: u8, plain: &[u8]) -> Opened {
    match read_payloads(next, plain, MessageLimits::default()) {
        Ok(payloads) => Opened::Whole(payloads),
        Err(error) => Opened::Broken(error),
    }
}
