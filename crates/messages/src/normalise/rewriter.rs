use std::ops::Range;

use super::map::Map;

/// Writes a text anew with parts of it replaced, from front to back. Where nothing is replaced, nothing is copied.
pub(super) struct Rewriter<'a> {
    input: &'a [u8],
    output: Vec<u8>,
    map: Map,
    /// How much of the input is written or left out.
    done: usize,
    changed: bool,
}

/// A text written anew, and the way back.
pub(super) struct Rewritten {
    pub(super) bytes: Vec<u8>,
    pub(super) map: Map,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self { input, output: Vec::new(), map: Map::default(), done: 0, changed: false }
    }

    /// Puts other bytes in the place of a part, which begins at or after the end of the last one.
    pub(super) fn replace(&mut self, part: Range<usize>, with: &[u8]) {
        self.keep_to(part.start);
        self.output.extend_from_slice(with);
        self.map.push(with.len(), self.done..part.end.max(self.done));
        self.done = part.end.max(self.done);
        self.changed = true;
    }

    /// Leaves a part out, and takes back that many characters before it, but none of an earlier line.
    pub(super) fn erase_before(&mut self, part: Range<usize>, mut characters: usize) {
        self.keep_to(part.start);
        while characters > 0 && self.output.last().is_some_and(|byte| *byte != b'\n') {
            let mut length = self.output.len() - 1;
            while self.output.get(length).is_some_and(|byte| byte & 0xc0 == 0x80) && length > 0 {
                length -= 1;
            }
            self.output.truncate(length);
            self.map.truncate(length);
            characters -= 1;
        }
        self.done = part.end;
        self.changed = true;
    }

    /// The last byte before a place that was reached, as it will stand in the output.
    pub(super) fn last_before(&self, at: usize) -> Option<u8> {
        if at > self.done { self.input.get(at - 1).copied() } else { self.output.last().copied() }
    }

    /// The new text, if anything was replaced.
    pub(super) fn finish(mut self) -> Option<Rewritten> {
        if !self.changed {
            return None;
        }
        self.keep_to(self.input.len());
        Some(Rewritten { bytes: self.output, map: self.map })
    }

    fn keep_to(&mut self, at: usize) {
        if let Some(kept) = self.input.get(self.done..at).filter(|kept| !kept.is_empty()) {
            if self.output.capacity() == 0 {
                self.output.reserve(self.input.len());
            }
            self.output.extend_from_slice(kept);
            self.map.push(kept.len(), self.done..at);
            self.done = at;
        }
    }
}
