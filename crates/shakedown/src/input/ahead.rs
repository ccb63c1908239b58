//! Reading ahead: while some lines are looked at, another thread reads or unpacks those that follow.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::lines::BLOCK;

/// Bytes before what was read, where the beginning of its first line has room.
pub(super) const ROOM: usize = 64 << 10;

/// Bytes read, from [`ROOM`] on.
pub(super) type Chunk = Vec<u8>;

/// What a thread of its own reads.
pub(super) struct Ahead {
    /// What was read, until the end or an error.
    read: Receiver<io::Result<Chunk>>,
    /// Buffers that are to be used again.
    free: Sender<Chunk>,
}

impl Ahead {
    /// Begins to read.
    ///
    /// # Errors
    /// There can be no further thread.
    pub(super) fn new(source: Box<dyn Read + Send>) -> io::Result<Self> {
        let (to, read) = sync_channel(1);
        let (free, used) = channel();
        thread::Builder::new().name("read ahead".to_owned()).spawn(move || run(source, &to, &used))?;
        Ok(Self { read, free })
    }

    /// What comes next; none at the end.
    pub(super) fn next(&self) -> io::Result<Option<Chunk>> {
        self.read.recv().ok().transpose()
    }

    /// Gives a buffer back.
    pub(super) fn free(&self, chunk: Chunk) {
        // The thread may be at its end.
        let _ = self.free.send(chunk);
    }
}

/// Reads until the end, or until nobody wants it any more.
fn run(mut source: Box<dyn Read + Send>, to: &SyncSender<io::Result<Chunk>>, used: &Receiver<Chunk>) {
    loop {
        let mut chunk = used.try_recv().unwrap_or_default();
        chunk.resize(ROOM + BLOCK, 0);
        let (filled, error) = fill(&mut source, &mut chunk);
        let is_end = filled < chunk.len();
        chunk.truncate(filled);
        if chunk.len() > ROOM && to.send(Ok(chunk)).is_err() {
            return;
        }
        if let Some(error) = error {
            // Nobody may listen any more.
            let _ = to.send(Err(error));
        }
        if is_end {
            return;
        }
    }
}

/// Fills a chunk; up to where, and what ended it.
fn fill(source: &mut dyn Read, chunk: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = ROOM;
    while let Some(rest) = chunk.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}
