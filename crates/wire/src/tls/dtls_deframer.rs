use std::collections::BTreeMap;

use crate::tls::{DtlsFragment, HandshakeLimits, HandshakeMessage};
use crate::{WireError, WireErrorKind, Writer};

/// How many messages ahead of the one that is waited for are kept.
const AHEAD: u16 = 8;
/// The most fragments of one message.
const MOST_FRAGMENTS: usize = 1024;

/// Joins the fragments of DTLS into messages, in whatever order and however often they come.
#[derive(Clone, Debug, Default)]
pub struct DtlsDeframer {
    limits: HandshakeLimits,
    /// The sequence number of the message that is waited for.
    next: u16,
    fragments: BTreeMap<u16, Vec<DtlsFragment>>,
    total: usize,
    offset: usize,
}

impl DtlsDeframer {
    /// A deframer at the beginning of a handshake.
    pub fn new(limits: HandshakeLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds a fragment. Those of messages that are done, or far ahead, are passed over: the peer sends them again.
    ///
    /// # Errors
    /// `TooLong` for a message or a handshake above the limits, `TooMany` for fragments, `BadForm` for one whose type or
    /// length is not that of the message's others. The fragment is not kept then.
    pub fn push(&mut self, fragment: DtlsFragment) -> Result<(), WireError> {
        let error = |field, kind| Err(WireError::new(0, field, kind).within("DTLS handshake"));
        if fragment.length > self.limits.message {
            let kind = WireErrorKind::TooLong { length: fragment.length.into(), limit: self.limits.message.into() };
            return error("length", kind);
        }
        let sequence = fragment.message_sequence;
        let ahead = sequence.checked_sub(self.next);
        if ahead.is_none_or(|ahead| ahead > AHEAD) {
            return Ok(());
        }
        let total = self.total.saturating_add(fragment.body.len());
        if total > self.limits.total {
            let as_u64 = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
            let kind = WireErrorKind::TooLong { length: as_u64(total), limit: as_u64(self.limits.total) };
            return error("messages", kind);
        }
        let others = self.fragments.entry(sequence).or_default();
        if let Some(first) = others.first()
            && (first.message_type, first.length) != (fragment.message_type, fragment.length)
        {
            let form = "the type and length of the message's other fragments";
            return error("length", WireErrorKind::BadForm { form });
        }
        if others.iter().any(|other| other.offset <= fragment.offset && end(other) >= end(&fragment)) {
            return Ok(());
        }
        if others.len() >= MOST_FRAGMENTS {
            let limit = u64::try_from(MOST_FRAGMENTS).unwrap_or(u64::MAX);
            return error("fragments", WireErrorKind::TooMany { limit });
        }
        let place = others.partition_point(|other| other.offset <= fragment.offset);
        others.insert(place, fragment);
        self.total = total;
        Ok(())
    }

    /// The next message in order, in the form that it has on a stream; `None` when it is not whole yet. Where fragments
    /// overlap, the one that begins first counts.
    pub fn next_message(&mut self) -> Option<HandshakeMessage> {
        let fragments = self.fragments.get(&self.next)?;
        let first = fragments.first()?;
        let mut body = Vec::new();
        for fragment in fragments {
            let known = body.len().checked_sub(usize::try_from(fragment.offset).unwrap_or(usize::MAX))?;
            body.extend_from_slice(fragment.body.get(known..).unwrap_or_default());
        }
        if u32::try_from(body.len()) != Ok(first.length) {
            return None;
        }
        let mut writer = Writer::new();
        writer.u8(first.message_type).opaque24(&body);
        let message = HandshakeMessage { bytes: writer.into_bytes(), offset: self.offset };
        self.offset = self.offset.saturating_add(message.bytes.len());
        self.fragments.remove(&self.next);
        self.next = self.next.saturating_add(1);
        Some(message)
    }
}

fn end(fragment: &DtlsFragment) -> u64 {
    u64::from(fragment.offset).saturating_add(u64::try_from(fragment.body.len()).unwrap_or(u64::MAX))
}
