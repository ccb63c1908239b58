use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::kind::{self, HEAD, Kind};
use super::lines::{BLOCK, Filled, Given, Lines};
use super::{Block, Condition, Note, Piece};

/// How long to wait before looking again.
pub const INTERVAL: Duration = Duration::from_millis(250);
/// A line without an end is given when nothing was added to it for that many looks.
const PATIENCE: u32 = 4;

/// Lets time pass between two looks at a file.
pub trait Pace {
    /// Waits. `false` ends the following.
    fn wait(&mut self, time: Duration) -> bool;
}

/// Waits by sleeping, for ever.
#[derive(Clone, Copy, Debug, Default)]
pub struct Poll;

impl Pace for Poll {
    fn wait(&mut self, time: Duration) -> bool {
        std::thread::sleep(time);
        true
    }
}

/// Where to begin with a file that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what is there.
    Beginning,
    /// With what is added from now on.
    End,
    /// With so many bytes before the end: to know what came before what is added.
    Last(u64),
}

/// Follows a file that grows, through rotation and truncation. No service of the system is needed: it looks at the file
/// four times a second, which also works on network file systems.
pub struct Follow<P = Poll> {
    path: PathBuf,
    pace: P,
    start: Start,
    file: Option<Following>,
    lines: Lines,
    pending: Option<Condition>,
    /// Looks since something was added.
    quiet: u32,
    /// Looks since the file was there.
    absent: u32,
    was_missing: bool,
}

/// The file that was opened.
struct Following {
    file: File,
    identity: Option<(u64, u64)>,
    read: u64,
    /// Whether the whole of the buffer was given.
    is_over: bool,
}

impl Follow {
    /// Follows a file, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>, start: Start) -> Self {
        Self::with_pace(path, start, Poll)
    }
}

impl<P: Pace> Follow<P> {
    /// Follows a file, waiting in another way.
    pub fn with_pace(path: impl Into<PathBuf>, start: Start, pace: P) -> Self {
        Self {
            path: path.into(),
            pace,
            start,
            file: None,
            lines: Lines::default(),
            pending: None,
            quiet: 0,
            absent: 0,
            was_missing: false,
        }
    }

    /// The next lines or the next note; waits for them. The end comes only when the pace says so.
    #[expect(clippy::should_implement_trait, reason = "what it gives borrows the buffer")]
    pub fn next(&mut self) -> Option<Piece<'_>> {
        loop {
            match self.seen() {
                Seen::Nothing if self.pace.wait(INTERVAL) => {}
                seen => return self.piece(seen),
            }
        }
    }

    /// The next lines or the next note if there are any now.
    pub fn try_next(&mut self) -> Option<Piece<'_>> {
        let seen = self.seen();
        self.piece(seen)
    }

    /// Looks until there is something, or nothing for now.
    fn seen(&mut self) -> Seen {
        loop {
            if let Some(condition) = self.pending.take() {
                return Seen::Note(condition);
            }
            match self.look() {
                Looked::Lines(given) => {
                    if given.long {
                        self.pending = Some(Condition::LongLine(given.offset));
                    }
                    return Seen::Lines(given);
                }
                Looked::Again => {}
                Looked::Nothing => return Seen::Nothing,
            }
        }
    }

    fn piece(&self, seen: Seen) -> Option<Piece<'_>> {
        match seen {
            Seen::Lines(given) => {
                Some(Piece::Block(Block { file: 0, offset: given.offset, bytes: self.lines.bytes(&given) }))
            }
            Seen::Note(condition) => Some(Piece::Note(Note { file: 0, condition })),
            Seen::Nothing => None,
        }
    }

    /// Looks at the file once.
    fn look(&mut self) -> Looked {
        let Some(following) = &mut self.file else { return self.open() };
        let impatient = self.quiet >= PATIENCE || following.is_over;
        if let Some(given) = self.lines.give(impatient) {
            self.quiet = 0;
            return Looked::Lines(given);
        }
        if following.is_over {
            self.file = None;
            return Looked::Again;
        }
        let before = self.lines.waiting();
        match self.lines.fill(&mut following.file) {
            Ok(Filled::Full) => return Looked::Again,
            Ok(Filled::End) => {}
            Err(error) => {
                self.pending = Some(Condition::Unreadable(error.to_string()));
                self.file = None;
                self.was_missing = true;
                return Looked::Again;
            }
        }
        let added = self.lines.waiting().saturating_sub(before) as u64;
        following.read += added;
        if added > 0 {
            self.quiet = 0;
            return Looked::Again;
        }
        self.quiet += u32::from(self.lines.waiting() > 0);
        self.changed()
    }

    /// Nothing was added: perhaps the file is another one now.
    fn changed(&mut self) -> Looked {
        let Some(following) = &mut self.file else { return Looked::Nothing };
        let now = std::fs::metadata(&self.path).ok();
        let replaced = now.as_ref().is_some_and(|now| identity(now) != following.identity);
        if replaced {
            // What was written just before stands in the old file, which is still open.
            let before = self.lines.waiting();
            let more = self.lines.fill(&mut following.file).is_ok() && self.lines.waiting() > before;
            if more {
                return Looked::Again;
            }
            self.pending = Some(Condition::Rotated);
            following.is_over = true;
            self.start = Start::Beginning;
            return Looked::Again;
        }
        let shorter = following.file.metadata().is_ok_and(|meta| meta.len() < following.read);
        if shorter && following.file.seek(SeekFrom::Start(0)).is_ok() {
            following.read = 0;
            self.pending = Some(Condition::Truncated);
            self.lines.begin(0, None);
            return Looked::Again;
        }
        // Between the two steps of a rotation there is no file of the name.
        self.absent = if now.is_none() { self.absent + 1 } else { 0 };
        if self.absent > PATIENCE && !self.was_missing {
            self.was_missing = true;
            self.pending = Some(Condition::Missing);
            return Looked::Again;
        }
        Looked::Nothing
    }

    fn open(&mut self) -> Looked {
        match open(&self.path, self.start) {
            Ok(Opened { following, kind, lines, added }) => {
                let order = match kind {
                    Kind::Utf16(order) => Some(order),
                    Kind::Text => None,
                    // Empty as yet.
                    Kind::Other(Condition::Empty) => None,
                    Kind::Gzip => return self.refuse(Condition::Compressed("gzip", "zcat FILE | shakedown explain")),
                    Kind::Other(condition) => return self.refuse(condition),
                };
                self.lines.begin(following.read, order);
                self.pending = Some(Condition::Followed { lines, added });
                self.file = Some(following);
                self.was_missing = false;
                self.absent = 0;
                self.quiet = 0;
                Looked::Again
            }
            Err(error) => {
                self.start = Start::Beginning;
                let condition = match error.kind() {
                    io::ErrorKind::NotFound => Condition::Missing,
                    io::ErrorKind::IsADirectory => Condition::Directory,
                    _ => Condition::Unreadable(error.to_string()),
                };
                self.refuse(condition)
            }
        }
    }

    /// Says once what is in the way, and looks again later.
    fn refuse(&mut self, condition: Condition) -> Looked {
        if self.was_missing {
            return Looked::Nothing;
        }
        self.was_missing = true;
        self.pending = Some(condition);
        Looked::Again
    }
}

/// What comes next, as places.
enum Seen {
    Lines(Given),
    Note(Condition),
    Nothing,
}

enum Looked {
    Lines(Given),
    /// Something changed.
    Again,
    Nothing,
}

/// A file that was opened.
struct Opened {
    following: Following,
    kind: Kind,
    /// Lines before the place where reading begins.
    lines: usize,
    /// Where that begins which is added.
    added: u64,
}

fn open(path: &Path, start: Start) -> io::Result<Opened> {
    let mut file = File::open(path)?;
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let end = file.seek(SeekFrom::End(0))?;
    let (begin, added) = match start {
        Start::Beginning => (0, 0),
        Start::End => (end, end),
        // A character of UTF-16 text takes two bytes.
        Start::Last(bytes) => (end.saturating_sub(bytes) & !1, end),
    };
    let lines = lines_before(&mut file, begin)?;
    let read = file.seek(SeekFrom::Start(begin))?;
    let following = Following { file, identity: identity(&meta), read, is_over: false };
    Ok(Opened { following, kind: kind::recognise(&head), lines, added })
}

/// Reads up to this place, and counts the lines that end before it.
fn lines_before(file: &mut File, place: u64) -> io::Result<usize> {
    let (mut buffer, mut left, mut count) = (vec![0; BLOCK], place, 0);
    file.seek(SeekFrom::Start(0))?;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(room) = buffer.get_mut(..most) else { break };
        let read = match file.read(room) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        count += memchr::memchr_iter(b'\n', room.get(..read).unwrap_or_default()).count();
        left -= read as u64;
    }
    Ok(count)
}

/// What tells one file from another of its name, where the system has it.
#[cfg(unix)]
fn identity(meta: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    Some((meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}
