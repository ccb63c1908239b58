use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::ahead::Ahead;
use super::kind::{self, HEAD, Kind};
use super::lines::{Filled, Input, Lines};
use super::{Block, Condition, Note, Piece};

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard input.
    Standard,
    /// A file, a named pipe or a device.
    File(PathBuf),
}

impl Source {
    /// `-` is standard input, all else a path.
    pub fn parse(text: impl Into<PathBuf>) -> Self {
        let path = text.into();
        if path.as_os_str() == "-" { Self::Standard } else { Self::File(path) }
    }
}

/// Reads sources one after the other, in blocks of whole lines.
///
/// ```
/// use shakedown::input::{Blocks, Piece};
///
/// let mut blocks = Blocks::of_reader(&b"one\ntwo\n"[..]);
/// while let Some(piece) = blocks.next() {
///     match piece {
///         Piece::Block(block) => assert_eq!(block.bytes, b"one\ntwo\n"),
///         Piece::Note(note) => panic!("{}", note.condition),
///     }
/// }
/// ```
pub struct Blocks {
    sources: std::vec::IntoIter<Source>,
    standard: Option<Box<dyn Read + Send>>,
    file: usize,
    open: Option<Open>,
    lines: Lines,
    done: Arc<AtomicU64>,
    total: Option<u64>,
    pending: Vec<Condition>,
}

/// Files of so many bytes are read ahead: for shorter ones another thread is not worth its while.
const LONG: u64 = 2 << 20;

/// Whether another thread can read while this one looks. On one core it cannot, and its buffers would only push each other out
/// of the processor's own memory.
fn has_other_core() -> bool {
    std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
}

/// The source that is being read.
struct Open {
    input: Input,
    /// How many bytes a regular file had at the beginning, and where the counter stood.
    size: Option<(u64, u64)>,
    is_over: bool,
    given: bool,
    is_compressed: bool,
}

impl Blocks {
    /// Will read these sources.
    pub fn new(sources: Vec<Source>) -> Self {
        Self::with_standard(sources, Box::new(io::stdin()))
    }

    /// Will read one source that is open already.
    pub fn of_reader(reader: impl Read + Send + 'static) -> Self {
        Self::with_standard(vec![Source::Standard], Box::new(reader))
    }

    /// Will read these sources, with something else for standard input.
    pub fn with_standard(sources: Vec<Source>, standard: Box<dyn Read + Send>) -> Self {
        let total = sources.iter().try_fold(0, |total, source| {
            let Source::File(path) = source else { return None };
            let size = std::fs::metadata(path).map_or(Some(0), |meta| size(&meta));
            Some(total + size?)
        });
        Self {
            sources: sources.into_iter(),
            standard: Some(standard),
            file: 0,
            open: None,
            lines: Lines::default(),
            done: Arc::default(),
            total,
            pending: Vec::new(),
        }
    }

    /// The size of all sources as they lie on the disk, if none is a pipe.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// How much of that was read.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// The counter of what was read, which is there as long as anything reads.
    #[cfg(test)]
    pub(super) fn counter(&self) -> std::sync::Weak<AtomicU64> {
        Arc::downgrade(&self.done)
    }

    /// How much memory the lines take.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.lines.memory()
    }

    /// The next lines or the next note, until all sources are read.
    #[expect(clippy::should_implement_trait, reason = "what it gives borrows the buffer")]
    pub fn next(&mut self) -> Option<Piece<'_>> {
        loop {
            if let Some(condition) = self.pending.pop() {
                return Some(Piece::Note(Note { file: self.file, condition }));
            }
            let Some(open) = &mut self.open else {
                self.begin()?;
                continue;
            };
            if let Some(given) = self.lines.give(open.is_over) {
                open.given = true;
                if given.long {
                    self.pending.push(Condition::LongLine(given.offset));
                }
                return Some(Piece::Block(Block {
                    file: self.file,
                    offset: given.offset,
                    bytes: self.lines.bytes(&given),
                }));
            }
            if open.is_over {
                self.end();
                continue;
            }
            match self.lines.fill_from(&mut open.input) {
                Ok(Filled::Full) => {}
                Ok(Filled::End) => open.is_over = true,
                Err(error) => {
                    open.is_over = true;
                    let reason = error.to_string();
                    // The reason stands for the source as well where nothing of it could be read.
                    open.given = true;
                    open.size = None;
                    self.pending.push(match open.is_compressed {
                        true => Condition::Damaged(reason),
                        false => Condition::Unreadable(reason),
                    });
                }
            }
        }
    }

    /// Opens the next source.
    fn begin(&mut self) -> Option<()> {
        let source = self.sources.next()?;
        match self.open(source) {
            Ok(open) => self.open = Some(open),
            Err(condition) => {
                self.pending.push(condition);
                self.open = Some(Open::nothing());
            }
        }
        Some(())
    }

    /// Ends a source.
    fn end(&mut self) {
        let Some(open) = self.open.take() else { return };
        if let Some((size, before)) = open.size {
            let read = self.done().saturating_sub(before);
            if read < size {
                self.pending.push(Condition::Shrunk { read, size });
            }
        }
        if !open.given {
            self.pending.push(Condition::Empty);
        }
        // The notes belong to this source: the next one begins when they are given.
        if self.pending.is_empty() {
            self.file += 1;
        } else {
            self.open = Some(Open::nothing());
        }
    }

    fn open(&mut self, source: Source) -> Result<Open, Condition> {
        let unreadable = |error: io::Error| Condition::Unreadable(error.to_string());
        let mut size = None;
        let reader: Box<dyn Read + Send> = match source {
            Source::Standard => self.standard.take().unwrap_or_else(|| Box::new(io::empty())),
            Source::File(path) => {
                let meta = std::fs::metadata(&path).map_err(unreadable)?;
                if meta.is_dir() {
                    return Err(Condition::Directory);
                }
                let file = File::open(&path).map_err(unreadable)?;
                // Some files have contents but no size, as those of /proc. One that grows is read as far as it went.
                if meta.is_file() && meta.len() > 0 {
                    size = Some((meta.len(), self.done()));
                    Box::new(file.take(meta.len()))
                } else {
                    Box::new(file)
                }
            }
        };
        let is_long = size.is_some_and(|(bytes, _)| bytes >= LONG) && has_other_core();
        let counted = Counted { reader, count: Arc::clone(&self.done) };
        let (head, reader) = with_head(Box::new(counted)).map_err(unreadable)?;
        match kind::recognise(&head) {
            Kind::Gzip => {
                // The packed bytes may well end after the text does.
                let unpacked: Box<dyn Read + Send> = Box::new(MultiGzDecoder::new(reader));
                let (head, reader) = with_head(unpacked).map_err(|error| Condition::Damaged(error.to_string()))?;
                let open = self.text(&head, reader, is_long)?;
                Ok(Open { is_compressed: true, ..open })
            }
            _ => Ok(Open { size, ..self.text(&head, reader, is_long)? }),
        }
    }

    /// Begins with a source whose first bytes are those; a long one is read ahead.
    fn text(&mut self, head: &[u8], reader: Box<dyn Read + Send>, is_long: bool) -> Result<Open, Condition> {
        let order = match kind::recognise(head) {
            Kind::Text => None,
            Kind::Utf16(order) => Some(order),
            Kind::Gzip => {
                return Err(Condition::Compressed("gzip more than once", "zcat FILE | zcat | shakedown explain"));
            }
            Kind::Other(condition) => return Err(condition),
        };
        self.lines.begin(0, order);
        let input = match is_long {
            true => Input::Ahead(Ahead::new(reader).map_err(|error| Condition::Unreadable(error.to_string()))?),
            false => Input::Direct(reader),
        };
        Ok(Open { input, size: None, is_over: false, given: false, is_compressed: false })
    }
}

impl Open {
    /// A source of which all was said.
    fn nothing() -> Self {
        let input = Input::Direct(Box::new(io::empty()));
        Self { input, size: None, is_over: true, given: true, is_compressed: false }
    }
}

/// Reads the first bytes of a source, and gives them back before the rest.
fn with_head(mut reader: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut head = Vec::with_capacity(HEAD);
    let end = reader.by_ref().take(HEAD as u64).read_to_end(&mut head);
    let again = io::Cursor::new(head.clone());
    match end {
        Ok(_) => Ok((head, Box::new(again.chain(reader)))),
        Err(error) if head.is_empty() => Err(error),
        // What came before the error is read first.
        Err(error) => Ok((head, Box::new(again.chain(Failing(Some(error)))))),
    }
}

/// Gives an error once.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Counts what is read.
struct Counted {
    reader: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A file's size; none if it shows only when it is read.
fn size(meta: &std::fs::Metadata) -> Option<u64> {
    if meta.is_dir() { Some(0) } else { meta.is_file().then_some(meta.len()) }
}
