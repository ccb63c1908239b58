use std::io::{self, Read};

use super::ahead::{Ahead, Chunk, ROOM};
use super::kind::Order;

/// How much is read at once: it fits into a processor's own memory.
pub(super) const BLOCK: usize = 3 << 18;

/// Where lines come from.
pub(super) enum Input {
    /// Read when they are wanted.
    Direct(Box<dyn Read + Send>),
    /// Read by another thread before they are wanted.
    Ahead(Ahead),
}

/// Longest line that is kept whole, in bytes. A longer one is read in pieces of about this length.
pub const LINE_LIMIT: usize = 4 << 20;

/// Some lines of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The source, by its place among those given.
    pub file: usize,
    /// Where the bytes begin in the source, counted in the bytes of its text: of a compressed file, unpacked.
    ///
    /// A block of UTF-16 text begins with a byte order mark, so that it can be read alone. Where the file has none
    /// there, this is the place two bytes before the text, so that places within the block still add up.
    pub offset: u64,
    /// Whole lines, but for the last one of a source and the pieces of one longer than [`LINE_LIMIT`].
    pub bytes: &'a [u8],
}

/// A buffer that gives whole lines and keeps the rest for the next block.
#[derive(Debug, Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// How much of the buffer holds bytes.
    filled: usize,
    /// How much of them was given already.
    given: usize,
    /// Where the buffer begins in the source.
    offset: u64,
    /// Whether what comes next is the rest of a line that was given in part.
    within_line: bool,
    order: Option<Order>,
}

/// Some lines, as places in the buffer.
pub(super) struct Given {
    pub(super) offset: u64,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The first piece of a line that is too long.
    pub(super) long: bool,
}

/// How far filling the buffer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// There is room for no more.
    Full,
    /// There is nothing more to read for now.
    End,
}

impl Lines {
    /// Begins another source, or the same one anew, at a place in it.
    pub(super) fn begin(&mut self, offset: u64, order: Option<Order>) {
        *self = Self { buffer: std::mem::take(&mut self.buffer), offset, order, ..Self::default() };
    }

    /// Reads about a block.
    pub(super) fn fill_from(&mut self, input: &mut Input) -> io::Result<Filled> {
        match input {
            Input::Direct(source) => self.fill(source),
            Input::Ahead(ahead) => {
                let Some(chunk) = ahead.next()? else { return Ok(Filled::End) };
                ahead.free(self.take(chunk));
                Ok(Filled::Full)
            }
        }
    }

    /// Puts what was not given before what was read; gives the buffer that is no longer needed.
    fn take(&mut self, chunk: Chunk) -> Vec<u8> {
        let rest = self.buffer.get(self.given..self.filled).unwrap_or_default();
        let mut chunk = chunk;
        // Two bytes before the text have room for a byte order mark.
        let front = ROOM.checked_sub(rest.len()).filter(|front| *front >= 2);
        if let Some((front, place)) = front.and_then(|front| Some((front, chunk.get_mut(front..ROOM)?))) {
            place.copy_from_slice(rest);
            // Where a buffer begins may be before the beginning of the source.
            self.offset = self.offset.wrapping_add(self.given as u64).wrapping_sub(front as u64);
            (self.given, self.filled) = (front, chunk.len());
            return std::mem::replace(&mut self.buffer, chunk);
        }
        // A line that is longer than that.
        self.move_to_front();
        self.buffer.truncate(self.filled);
        self.buffer.extend_from_slice(chunk.get(ROOM..).unwrap_or_default());
        self.filled = self.buffer.len();
        chunk
    }

    /// Reads as much as the buffer takes.
    pub(super) fn fill(&mut self, source: &mut dyn Read) -> io::Result<Filled> {
        self.make_room();
        while self.filled < self.buffer.len() {
            match source.read(self.buffer.get_mut(self.filled..).unwrap_or_default()) {
                Ok(0) => return Ok(Filled::End),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Filled::Full)
    }

    /// The whole lines in the buffer, and at the end what is left.
    pub(super) fn give(&mut self, is_end: bool) -> Option<Given> {
        self.skip_hole();
        let bytes = self.buffer.get(self.given..self.filled).unwrap_or_default();
        if bytes.is_empty() {
            return None;
        }
        let whole = self.last_line_end(bytes);
        let (length, long) = match whole {
            _ if is_end => (bytes.len(), false),
            Some(length) => (length, false),
            None if bytes.len() < LINE_LIMIT => return None,
            None => (self.piece(bytes), !self.within_line),
        };
        self.within_line = whole.is_none() && !is_end;
        let start = self.given;
        let offset = self.offset.wrapping_add(start as u64);
        self.given += length;
        Some(self.marked(Given { offset, start, end: start + length, long }))
    }

    /// How many bytes wait for the end of their line.
    pub(super) fn waiting(&self) -> usize {
        self.filled - self.given
    }

    /// How much memory it takes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.buffer.capacity()
    }

    pub(super) fn bytes(&self, given: &Given) -> &[u8] {
        self.buffer.get(given.start..given.end).unwrap_or_default()
    }

    /// Moves what was not given to the front.
    fn move_to_front(&mut self) {
        // Two bytes before the text have room for a byte order mark.
        let front = self.given.saturating_sub(2);
        self.buffer.copy_within(front..self.filled, 0);
        self.filled -= front;
        self.given -= front;
        self.offset = self.offset.wrapping_add(front as u64);
    }

    /// Makes room behind what was not given; the buffer grows while a line does not fit.
    fn make_room(&mut self) {
        self.move_to_front();
        if self.buffer.is_empty() {
            // Zeros from the system cost nothing until they are used: most texts are short.
            self.buffer = vec![0; BLOCK];
        } else if self.filled + BLOCK / 4 > self.buffer.len() {
            self.buffer.resize((self.buffer.len() * 2).clamp(BLOCK, LINE_LIMIT + BLOCK), 0);
        }
    }

    /// Leaves out zeros before the text, so that a hole of any size costs nothing.
    fn skip_hole(&mut self) {
        if self.order.is_none() && !self.within_line {
            let bytes = self.buffer.get(self.given..self.filled).unwrap_or_default();
            let runs = bytes.as_chunks::<256>().0.iter().take_while(|run| **run == [0; 256]).count() * 256;
            let rest = bytes.get(runs..).unwrap_or_default();
            self.given += runs + rest.iter().take_while(|byte| **byte == 0).count();
        }
    }

    /// The length up to the end of the last whole line.
    fn last_line_end(&self, bytes: &[u8]) -> Option<usize> {
        let Some(order) = self.order else { return memchr::memrchr(b'\n', bytes).map(|at| at + 1) };
        let end = match order {
            Order::Little => [b'\n', 0],
            Order::Big => [0, b'\n'],
        };
        bytes.as_chunks::<2>().0.iter().rposition(|pair| *pair == end).map(|at| at * 2 + 2)
    }

    /// Where a line that is too long is cut: after a blank or a comma, if there is one near.
    fn piece(&self, bytes: &[u8]) -> usize {
        const NEAR: usize = 4096;
        let most = LINE_LIMIT.min(bytes.len());
        if self.order.is_some() {
            return most & !1;
        }
        let near = bytes.get(most.saturating_sub(NEAR)..most).unwrap_or_default();
        match near.iter().rposition(|byte| b" ,;}".contains(byte)) {
            Some(at) => most - near.len() + at + 1,
            None => most,
        }
    }

    /// Puts the byte order mark before lines of UTF-16 text that have none.
    fn marked(&mut self, mut given: Given) -> Given {
        if let Some(order) = self.order {
            let mark = order.mark();
            let has_mark = self.buffer.get(given.start..given.start + 2) == Some(&mark);
            if !has_mark
                && let Some(start) = given.start.checked_sub(2)
                && let Some(before) = self.buffer.get_mut(start..given.start)
            {
                before.copy_from_slice(&mark);
                given.start = start;
                given.offset -= 2;
            }
        }
        given
    }
}
