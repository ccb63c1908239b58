//! The bodies of the fuzz targets, so that a test on stable replays the very same code. Not part of the API.

use crate::{Clean, Messages, Reader};

/// What text is made clean of stays within the text, and a text says nothing that stands outside it.
pub fn text(data: &[u8]) {
    let clean = Clean::of(data);
    let length = clean.bytes().len();
    for place in [0, length / 3, length / 2, length] {
        let original = clean.original(place..length);
        assert!(original.start <= original.end && original.end <= data.len(), "{original:?} of {}", data.len());
    }
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    reader.read(0, 0, data);
    let _ = reader.nearest();
    for attempt in reader.finish().0 {
        for (_, place) in attempt.said {
            assert!(place.start <= place.end && place.end <= data.len() as u64, "{place:?} of {}", data.len());
        }
    }
}
