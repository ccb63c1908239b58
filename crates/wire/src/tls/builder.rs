use crate::tls::number::{content, extension, grease, grease_psk_mode, version};
use crate::tls::record::{LONGEST_PLAINTEXT, UnusualRecord};
use crate::tls::{ClientHello, Extension, Extensions, KeyShare, Place, View};
use crate::{WireError, WireErrorKind};

/// Messages of this length hang some servers, RFC 7685 section 1.
const HANGING: std::ops::RangeInclusive<usize> = 256..=511;
/// Type and length of an extension.
const EXTENSION_HEADER: usize = 4;
/// The longest list of extensions.
const LONGEST_EXTENSIONS: usize = 0xffff;

/// Where something is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// Nowhere: records only where the longest fragment makes it needful.
    #[default]
    Whole,
    /// After every so many bytes; 0 is taken as 1.
    Every(usize),
    /// At these places, in order; the same place twice makes an empty part.
    At(Vec<usize>),
}

impl Split {
    /// The parts; at least one.
    pub fn parts<'a>(&self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        match self {
            Self::Whole => vec![bytes],
            Self::Every(_) if bytes.is_empty() => vec![bytes],
            Self::Every(size) => bytes.chunks((*size).max(1)).collect(),
            Self::At(places) => {
                let mut parts = Vec::with_capacity(places.len().saturating_add(1));
                let (mut rest, mut done) = (bytes, 0_usize);
                for &place in places {
                    let length = place.saturating_sub(done).min(rest.len());
                    let (part, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                    parts.push(part);
                    rest = after;
                    done = done.saturating_add(length);
                }
                parts.push(rest);
                parts
            }
        }
    }
}

/// Writes a ClientHello, deliberately unusual ones included. Every field of the hello itself can be set to anything
/// before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloBuilder {
    /// The hello.
    pub hello: ClientHello,
    /// The version field of the records.
    pub record_version: u16,
    /// The length of the handshake message with its header, in bytes, reached by `padding`; `None` for as long as it is.
    pub length: Option<usize>,
    /// Whether a message of 256 to 511 bytes may be sent as it is. Otherwise it is padded to 512 bytes or a little more
    /// where no length is set.
    pub allow_hanging_length: bool,
    /// How the message is cut into records.
    pub records: Split,
    /// How all records together are cut into segments.
    pub segments: Split,
}

/// A ClientHello ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltHello {
    /// The hello with its padding.
    pub hello: ClientHello,
    /// The handshake message.
    pub message: Vec<u8>,
    /// What is to be written at once, one after the other.
    pub segments: Vec<Vec<u8>>,
}

impl BuiltHello {
    /// All bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.segments.concat()
    }
}

impl HelloBuilder {
    /// A hello in one record of TLS 1.0, as clients send it, in one segment.
    pub fn new(hello: ClientHello) -> Self {
        Self {
            hello,
            record_version: version::TLS10,
            length: None,
            allow_hanging_length: false,
            records: Split::Whole,
            segments: Split::Whole,
        }
    }

    /// Puts values reserved for GREASE where browsers put them: first among suites, groups, key shares and versions, and
    /// as the first and last extension. Only lists that are there get one. `seed` decides which of the values.
    #[must_use]
    pub fn with_grease(mut self, seed: u8) -> Self {
        self.hello.cipher_suites.insert(0, grease(seed));
        let Some(extensions) = &mut self.hello.extensions else { return self };
        let group = grease(seed.wrapping_add(1));
        for entry in &mut extensions.0 {
            let Ok(mut view) = entry.view(Place::ClientHello) else { continue };
            match &mut view {
                View::SupportedGroups(groups) => groups.insert(0, group),
                View::KeyShares(shares) => shares.insert(0, KeyShare { group, public: vec![0] }),
                View::SupportedVersions(versions) => versions.insert(0, grease(seed.wrapping_add(2))),
                View::PskKeyExchangeModes(modes) => modes.push(grease_psk_mode(seed)),
                _ => continue,
            }
            entry.data = view.write();
        }
        let (first, last) = (grease(seed.wrapping_add(3)), grease(seed.wrapping_add(4)));
        extensions.0.insert(0, Extension { number: first, data: Vec::new() });
        let place = place_for_padding(extensions);
        extensions.0.insert(place, Extension { number: last, data: vec![0] });
        self
    }

    /// The bytes to send.
    ///
    /// # Errors
    /// `TooShort` and `TooLong` for a length that padding cannot reach: shorter than the hello, less than the four bytes
    /// of an extension longer, or beyond what the list of extensions holds.
    pub fn build(&self) -> Result<BuiltHello, WireError> {
        let mut hello = self.hello.clone();
        let natural = hello.write().len();
        let target = match self.length {
            Some(length) => Some(length),
            // One byte of padding at least: some servers stumble over an empty extension at the end.
            None if HANGING.contains(&natural) && !self.allow_hanging_length => {
                let least = bare_length(&hello).saturating_add(EXTENSION_HEADER + 1);
                Some(least.max(HANGING.end().saturating_add(1)))
            }
            None => None,
        };
        if let Some(target) = target.filter(|&target| target != natural) {
            pad(&mut hello, target)?;
        }
        let message = hello.write();
        let longest = if self.records == Split::Whole { LONGEST_PLAINTEXT } else { usize::from(u16::MAX) };
        let parts = self.records.parts(&message).into_iter().flat_map(|part| Split::Every(longest).parts(part));
        let stream: Vec<u8> =
            parts.flat_map(|part| UnusualRecord::new(content::HANDSHAKE, self.record_version, part).write()).collect();
        let segments = self.segments.parts(&stream).into_iter().map(<[u8]>::to_vec).collect();
        Ok(BuiltHello { hello, message, segments })
    }
}

/// The length of the message without padding, but with a list of extensions.
fn bare_length(hello: &ClientHello) -> usize {
    let mut bare = hello.clone();
    bare.extensions.get_or_insert_default().0.retain(|entry| entry.number != extension::PADDING);
    bare.write().len()
}

/// Makes the message this long. Padding that is there is replaced.
fn pad(hello: &mut ClientHello, target: usize) -> Result<(), WireError> {
    let error = |kind| Err(WireError::new(0, "padding", kind).within("client_hello"));
    let as_u64 = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let bare = bare_length(hello);
    let extensions = hello.extensions.get_or_insert_default();
    extensions.0.retain(|entry| entry.number != extension::PADDING);
    if target == bare {
        return Ok(());
    }
    let least = bare.saturating_add(EXTENSION_HEADER);
    let Some(padding) = target.checked_sub(least) else {
        return error(WireErrorKind::TooShort { length: as_u64(target), minimum: as_u64(least) });
    };
    let others: usize = extensions.0.iter().map(|entry| entry.data.len().saturating_add(EXTENSION_HEADER)).sum();
    let most = LONGEST_EXTENSIONS.saturating_sub(others.saturating_add(EXTENSION_HEADER));
    if padding > most {
        let limit = least.saturating_add(most);
        return error(WireErrorKind::TooLong { length: as_u64(target), limit: as_u64(limit) });
    }
    let place = place_for_padding(extensions);
    extensions.0.insert(place, Extension { number: extension::PADDING, data: vec![0; padding] });
    Ok(())
}

/// The end, or before `pre_shared_key`, which must be last (RFC 8446 section 4.2.11).
fn place_for_padding(extensions: &Extensions) -> usize {
    let length = extensions.0.len();
    match extensions.0.last() {
        Some(last) if last.number == extension::PRE_SHARED_KEY => length.saturating_sub(1),
        _ => length,
    }
}
