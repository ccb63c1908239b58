use std::ops::Range;

/// The way back from rewritten bytes to those that they were made of: stretches in the order of the text.
///
/// Within a stretch, both sides advance evenly: an unchanged run of any length is one stretch, and so is a run of UTF-16
/// whose units became one byte each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Map {
    pieces: Vec<Piece>,
    /// How many rewritten bytes there are.
    length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// Where it begins in the rewritten bytes. It ends where the next one begins.
    clean: usize,
    /// Where it begins in the original.
    original: usize,
    /// How much of the original it covers.
    covers: usize,
}

impl Map {
    /// Adds that many rewritten bytes, made of `original`, which begins at or after the end of the last stretch.
    pub(super) fn push(&mut self, bytes: usize, original: Range<usize>) {
        if bytes == 0 {
            return;
        }
        let clean = self.length;
        self.length += bytes;
        if let Some(last) = self.pieces.last_mut() {
            let same_pace = last.covers * bytes == original.len() * (clean - last.clean);
            if last.original + last.covers == original.start && same_pace {
                last.covers += original.len();
                return;
            }
        }
        self.pieces.push(Piece { clean, original: original.start, covers: original.len() });
    }

    /// Takes rewritten bytes off the end, down to that many.
    pub(super) fn truncate(&mut self, length: usize) {
        while let Some(last) = self.pieces.last().copied() {
            if last.clean < length {
                let all = self.length - last.clean;
                if let Some(last) = self.pieces.last_mut() {
                    last.covers = part(last.covers, length - last.clean, all);
                }
                break;
            }
            self.pieces.pop();
            self.length = last.clean;
        }
        self.length = self.length.min(length);
    }

    /// What a part of the rewritten bytes was made of. What lies beyond the end is taken for the end.
    pub(super) fn original(&self, span: Range<usize>) -> Range<usize> {
        let start = span.start.min(self.length);
        let end = span.end.min(self.length);
        if start >= end {
            let at = self.before(start);
            return at..at;
        }
        let (piece, length) = self.piece(start);
        let first = piece.original + part(piece.covers, start - piece.clean, length);
        let (piece, length) = self.piece(end - 1);
        let last = piece.original + part(piece.covers, end - piece.clean, length);
        first..last
    }

    /// How many stretches there are.
    #[cfg(test)]
    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// The place in the original of a place between rewritten bytes: before the byte that follows, after the last one.
    fn before(&self, at: usize) -> usize {
        if self.length == 0 {
            return 0;
        }
        if at == self.length {
            return self.pieces.last().map_or(0, |last| last.original + last.covers);
        }
        let (piece, length) = self.piece(at);
        piece.original + part(piece.covers, at - piece.clean, length)
    }

    /// The stretch that holds a rewritten byte, and how many rewritten bytes it has.
    fn piece(&self, at: usize) -> (Piece, usize) {
        let next = self.pieces.partition_point(|piece| piece.clean <= at);
        let none = Piece { clean: 0, original: 0, covers: 0 };
        let piece = next.checked_sub(1).and_then(|index| self.pieces.get(index)).copied().unwrap_or(none);
        let end = self.pieces.get(next).map_or(self.length, |piece| piece.clean);
        (piece, end - piece.clean)
    }
}

/// That many `of` parts of a length.
fn part(length: usize, many: usize, of: usize) -> usize {
    if length == of { many } else { (length as u128 * many as u128 / of.max(1) as u128) as usize }
}

#[cfg(test)]
mod tests {
    use super::Map;

    #[test]
    fn unchanged_runs_are_one_stretch_and_gaps_begin_another() {
        let mut map = Map::default();
        map.push(3, 0..3);
        map.push(4, 3..7);
        assert_eq!(map.pieces(), 1);
        map.push(5, 10..15);
        assert_eq!(map.pieces(), 2);
        assert_eq!(map.original(5..9), 5..12);
        assert_eq!(map.original(6..7), 6..7);
        assert_eq!(map.original(7..8), 10..11);
        assert_eq!(map.original(12..12), 15..15);
        assert_eq!(map.original(0..100), 0..15);
    }

    #[test]
    fn even_pace_is_one_stretch() {
        let mut map = Map::default();
        for unit in 0..1000 {
            map.push(1, unit * 2..unit * 2 + 2);
        }
        assert_eq!(map.pieces(), 1);
        assert_eq!(map.original(10..12), 20..24);
    }

    #[test]
    fn one_byte_made_of_many_covers_all_of_them() {
        let mut map = Map::default();
        map.push(2, 0..2);
        map.push(1, 2..8);
        map.push(2, 8..10);
        assert_eq!(map.original(2..3), 2..8);
        assert_eq!(map.original(1..4), 1..9);
    }

    #[test]
    fn bytes_taken_back_leave_the_rest_in_place() {
        let mut map = Map::default();
        map.push(4, 0..4);
        map.push(2, 9..11);
        map.truncate(5);
        map.truncate(3);
        map.push(1, 20..21);
        assert_eq!(map.original(0..4), 0..21);
        assert_eq!(map.original(2..3), 2..3);
        map.truncate(0);
        assert_eq!(map, Map::default());
    }
}
