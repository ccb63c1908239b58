use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Blocks, Condition, Follow, LINE_LIMIT, Note, Pace, Piece, Source, Start};

/// All that was read: per file the text and the offset at which it began, and the notes.
#[derive(Debug, Default, PartialEq, Eq)]
struct All {
    blocks: Vec<(usize, u64, Vec<u8>)>,
    notes: Vec<Note>,
}

impl All {
    fn of(mut blocks: Blocks) -> Self {
        let mut all = Self::default();
        while let Some(piece) = blocks.next() {
            match piece {
                Piece::Block(block) => all.blocks.push((block.file, block.offset, block.bytes.to_vec())),
                Piece::Note(note) => all.notes.push(note),
            }
        }
        all
    }

    fn text(&self, file: usize) -> String {
        let bytes: Vec<u8> =
            self.blocks.iter().filter(|(of, ..)| *of == file).flat_map(|(_, _, bytes)| bytes.iter().copied()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn condition(&self, file: usize) -> Option<&Condition> {
        self.notes.iter().find(|note| note.file == file).map(|note| &note.condition)
    }
}

fn read(bytes: impl Into<Vec<u8>>) -> All {
    All::of(Blocks::of_reader(io::Cursor::new(bytes.into())))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn file(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn blocks_are_whole_lines_and_their_places_add_up() {
    let text: String =
        (0..60_000).map(|line| format!("line {line} of a text that is longer than one block\n")).collect();
    let all = read(text.clone() + "the last line has no end");
    assert!(all.blocks.len() > 2);
    let mut place = 0;
    for (_, offset, bytes) in &all.blocks {
        assert_eq!(*offset, place);
        place += bytes.len() as u64;
    }
    assert!(all.blocks[..all.blocks.len() - 1].iter().all(|(_, _, bytes)| bytes.ends_with(b"\n")));
    assert_eq!(all.text(0), text + "the last line has no end");
    assert_eq!(all.notes, []);
}

#[test]
fn several_sources_follow_one_another_and_a_wrong_one_does_not_stop_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let sources = vec![
        Source::parse(file(directory.path(), "a.log", b"first\n")),
        Source::parse(directory.path().join("not there")),
        Source::parse(directory.path()),
        Source::parse("-"),
        Source::parse(file(directory.path(), "empty", b"")),
        Source::parse(file(directory.path(), "b.log", b"last")),
    ];
    let all = All::of(Blocks::with_standard(sources, Box::new(&b"piped\n"[..])));
    assert_eq!(all.blocks.iter().map(|(file, ..)| *file).collect::<Vec<_>>(), [0, 3, 5]);
    assert_eq!(all.text(3), "piped\n");
    assert!(matches!(all.condition(1), Some(Condition::Unreadable(_))));
    assert_eq!(all.condition(2), Some(&Condition::Directory));
    assert_eq!(all.condition(4), Some(&Condition::Empty));
    assert!(all.notes.iter().all(|note| note.condition.is_refusal()));
}

#[test]
fn the_size_is_known_of_files_and_unknown_of_pipes() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "a.log", &b"x\n".repeat(1000));
    let mut blocks = Blocks::new(vec![Source::File(path.clone()), Source::File(path)]);
    assert_eq!(blocks.total(), Some(4000));
    while blocks.next().is_some() {}
    assert_eq!(blocks.done(), 4000);
    assert_eq!(Blocks::of_reader(io::empty()).total(), None);
}

#[test]
fn gzip_is_unpacked_also_of_several_members() {
    let mut bytes = gzip(b"one\n");
    bytes.extend(gzip(b"two\n"));
    let all = read(bytes);
    assert_eq!(all.text(0), "one\ntwo\n");
    assert_eq!(all.notes, []);
}

#[test]
fn a_damaged_gzip_file_is_read_as_far_as_it_goes() {
    let text: Vec<u8> =
        (0..50_000u32).flat_map(|line| format!("{:x}\n", line.wrapping_mul(2_654_435_761)).into_bytes()).collect();
    let mut bytes = gzip(&text);
    bytes.truncate(bytes.len() / 2);
    let all = read(bytes);
    assert!(all.text(0).len() > text.len() / 4);
    assert!(text.starts_with(all.text(0).as_bytes()));
    assert!(matches!(all.condition(0), Some(Condition::Damaged(_))));
    let mut short = gzip(b"a short text\n");
    short.truncate(short.len() - 6);
    assert!(matches!(read(short).condition(0), Some(Condition::Damaged(_))));
}

#[test]
fn what_is_not_text_is_named() {
    for (bytes, expected) in [
        (&b"\x7fELF\x02\x01\x01\0"[..], "is not text but a program (ELF)"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text but an image (PNG)"),
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "is a capture (pcap): captures are not read yet"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0", "is a capture (pcapng): captures are not read yet"),
        (
            b"\x28\xb5\x2f\xfd\x04\x58",
            "is compressed with zstd, which is not read: pipe it in with `zstdcat FILE | shakedown explain`",
        ),
        (
            b"BZh91AY&SY\x01",
            "is compressed with bzip2, which is not read: pipe it in with `bzcat FILE | shakedown explain`",
        ),
        (b"\x01\x02\x03\x04\x05\x06\x0e\x0f random", "is not text but binary data"),
        (b"", "is empty"),
    ] {
        let all = read(bytes);
        assert_eq!(all.condition(0).map(ToString::to_string).as_deref(), Some(expected));
        assert_eq!(all.blocks, []);
    }
    assert_eq!(read(gzip(b"\x7fELF\x02\x01\x01\0")).condition(0), Some(&Condition::Binary("a program (ELF)")));
}

/// Bytes of which each is as frequent as any other: fewer than a tenth of them are ones that no text has.
#[test]
fn random_bytes_are_binary_data() {
    let mut number = 1_u32;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (number >> 24) as u8
    })
    .take(20_000)
    .collect();
    assert_eq!(read(&bytes[..]).condition(0), Some(&Condition::Binary("binary data")));
}

#[test]
fn odd_text_is_text() {
    for text in [
        &b"BZh is how a line may begin\n"[..],
        b"\x1b[31mred\x1b[0m\r\n",
        b"\xff\xfc latin \xe4\xf6\xfc\n",
        "无法找到有效的计算机证书\n".as_bytes(),
        b"x",
    ] {
        let all = read(text);
        assert_eq!(all.blocks, [(0, 0, text.to_vec())]);
    }
}

#[test]
fn utf_16_is_cut_at_line_ends_and_each_block_says_what_it_is() {
    let text: String = (0..30_000).map(|line| format!("Zeile {line} größer\r\n")).collect();
    for (with_mark, little) in [(true, true), (true, false), (false, true), (false, false)] {
        let units = with_mark.then_some('\u{feff}').into_iter().chain(text.chars()).collect::<String>();
        let original: Vec<u8> = units
            .encode_utf16()
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect();
        let all = read(original.clone());
        assert!(all.blocks.len() > 1);
        let mut whole = String::new();
        for (number, (_, offset, bytes)) in all.blocks.iter().enumerate() {
            let mark = if little { [0xff, 0xfe] } else { [0xfe, 0xff] };
            let marked = bytes.starts_with(&mark);
            assert!(marked || number == 0);
            // Past the mark, places within the block are places of the file.
            let at = usize::try_from(*offset).unwrap() + 2;
            assert_eq!(original[at..at + bytes.len() - 2], bytes[2..]);
            let units = bytes.chunks_exact(2).skip(usize::from(marked)).map(|pair| {
                if little { u16::from_le_bytes([pair[0], pair[1]]) } else { u16::from_be_bytes([pair[0], pair[1]]) }
            });
            let text = String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
            assert!(text.ends_with('\n'));
            whole.push_str(&text);
        }
        assert_eq!(whole, text);
    }
}

/// Gives the same byte a number of times, then another text, without holding any of it.
struct Long {
    byte: u8,
    left: usize,
    then: &'static [u8],
}

impl Read for Long {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return self.then.read(buffer);
        }
        let count = self.left.min(buffer.len());
        buffer[..count].fill(self.byte);
        self.left -= count;
        Ok(count)
    }
}

#[test]
fn one_line_of_200_mb_is_read_in_pieces_within_bounded_memory() {
    const LENGTH: usize = 200_000_000;
    let mut blocks = Blocks::of_reader(Long { byte: b'a', left: LENGTH, then: b"\nConnection closed\n" });
    let (mut read, mut largest, mut notes, mut last) = (0, 0, Vec::new(), Vec::new());
    while let Some(piece) = blocks.next() {
        match piece {
            Piece::Block(block) => {
                assert_eq!(block.offset, read as u64);
                read += block.bytes.len();
                largest = largest.max(block.bytes.len());
                last = block.bytes[block.bytes.len().saturating_sub(18)..].to_vec();
            }
            Piece::Note(note) => notes.push(note.condition),
        }
        assert!(blocks.memory() <= 8 << 20);
    }
    assert_eq!(read, LENGTH + 19);
    assert_eq!(last, b"Connection closed\n");
    assert!(largest <= LINE_LIMIT + (1 << 20));
    assert_eq!(notes, [Condition::LongLine(0)]);
}

#[test]
fn pieces_of_a_long_line_end_between_words() {
    let text = "words and words ".repeat(LINE_LIMIT / 8) + "\nnext\n";
    let all = read(text.clone());
    assert_eq!(all.text(0), text);
    assert!(all.blocks.len() > 1);
    assert!(all.blocks[0].2.ends_with(b" "));
    assert_eq!(all.notes, [Note { file: 0, condition: Condition::LongLine(0) }]);
}

#[test]
fn a_hole_of_200_mb_is_passed_over() {
    const HOLE: u64 = 200_000_000;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sparse.log");
    let mut file = File::create(&path).unwrap();
    file.set_len(HOLE).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(b"Connection closed\n").unwrap();
    let mut blocks = Blocks::new(vec![Source::File(path)]);
    let mut found = Vec::new();
    while let Some(piece) = blocks.next() {
        match piece {
            Piece::Block(block) => found.push((block.offset, block.bytes.to_vec())),
            Piece::Note(note) => panic!("{}", note.condition),
        }
        assert!(blocks.memory() <= 8 << 20);
    }
    assert_eq!(found, [(HOLE, b"Connection closed\n".to_vec())]);
}

#[test]
fn nothing_but_zeros_is_empty() {
    assert_eq!(read(vec![0; 5000]).condition(0), Some(&Condition::Empty));
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_noted() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "a.log", &b"a line of text\n".repeat(400_000));
    let mut blocks = Blocks::new(vec![Source::File(path.clone())]);
    assert!(matches!(blocks.next(), Some(Piece::Block(_))));
    OpenOptions::new().write(true).open(&path).unwrap().set_len(100).unwrap();
    let mut notes = Vec::new();
    while let Some(piece) = blocks.next() {
        if let Piece::Note(note) = piece {
            notes.push(note.condition);
        }
    }
    assert!(matches!(notes[..], [Condition::Shrunk { read, size: 6_000_000 }] if read < 6_000_000));
}

#[test]
fn a_file_that_grows_or_is_renamed_while_it_is_read_is_read_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let text = b"a line of text\n".repeat(200_000);
    let path = file(directory.path(), "a.log", &text);
    let mut blocks = Blocks::new(vec![Source::File(path.clone())]);
    let mut read = match blocks.next() {
        Some(Piece::Block(block)) => block.bytes.len(),
        other => panic!("{other:?}"),
    };
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"more\n").unwrap();
    fs::rename(&path, directory.path().join("a.log.1")).unwrap();
    while let Some(piece) = blocks.next() {
        match piece {
            Piece::Block(block) => read += block.bytes.len(),
            Piece::Note(note) => panic!("{}", note.condition),
        }
    }
    assert_eq!(read, text.len());
}

/// Does one thing each time that the reader waits, and ends after the last one.
struct Steps(std::vec::IntoIter<Box<dyn FnMut()>>);

impl Pace for Steps {
    fn wait(&mut self, time: Duration) -> bool {
        assert_eq!(time, Duration::from_millis(250));
        self.0.next().map(|mut step| step()).is_some()
    }
}

/// What a reader sees of a file to which these things happen.
fn follow(path: &Path, start: Start, steps: Vec<Box<dyn FnMut()>>) -> Vec<Result<(u64, String), Condition>> {
    let mut follow = Follow::with_pace(path, start, Steps(steps.into_iter()));
    let mut seen = Vec::new();
    while let Some(piece) = follow.next() {
        seen.push(match piece {
            Piece::Block(block) => Ok((block.offset, String::from_utf8_lossy(block.bytes).into_owned())),
            Piece::Note(Note { condition: Condition::Followed { .. }, .. }) => continue,
            Piece::Note(note) => Err(note.condition),
        });
    }
    seen
}

fn append(path: &Path, text: &'static str) -> Box<dyn FnMut()> {
    let path = path.to_owned();
    Box::new(move || {
        let mut file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    })
}

fn nothing() -> Box<dyn FnMut()> {
    Box::new(|| {})
}

#[test]
fn lines_that_are_added_are_followed() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "a.log", b"old\n");
    let steps = || vec![append(&path, "new\nhal"), append(&path, "f\n"), nothing()];
    assert_eq!(
        follow(&path, Start::Beginning, steps()),
        [Ok((0, "old\n".into())), Ok((4, "new\n".into())), Ok((8, "half\n".into()))]
    );
    fs::write(&path, b"old\n").unwrap();
    assert_eq!(follow(&path, Start::End, steps()), [Ok((4, "new\n".into())), Ok((8, "half\n".into()))]);
}

#[test]
fn the_last_part_of_what_was_there_is_read_too_and_the_lines_before_it_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "a.log", b"one\ntwo\nthree\n");
    let mut follow = Follow::new(&path, Start::Last(6));
    match follow.try_next() {
        Some(Piece::Note(note)) => assert_eq!(note.condition, Condition::Followed { lines: 2, added: 14 }),
        other => panic!("{other:?}"),
    }
    append(&path, "four\n")();
    match follow.try_next() {
        Some(Piece::Block(block)) => assert_eq!((block.offset, block.bytes), (8, &b"three\nfour\n"[..])),
        other => panic!("{other:?}"),
    }
    assert!(follow.try_next().is_none());
}

#[test]
fn a_line_without_end_is_given_after_a_second() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "a.log", b"Password:");
    let seen = follow(&path, Start::Beginning, (0..6).map(|_| nothing()).collect());
    assert_eq!(seen, [Ok((0, "Password:".into()))]);
    let seen = follow(&path, Start::Beginning, (0..2).map(|_| nothing()).collect());
    assert_eq!(seen, []);
}

#[test]
fn rotation_is_followed_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "a.log", b"one\n");
    let old = directory.path().join("a.log.1");
    let rotate: Box<dyn FnMut()> = {
        let (path, old) = (path.clone(), old.clone());
        Box::new(move || {
            // The program writes to the old file until it is told.
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            fs::rename(&path, &old).unwrap();
            file.write_all(b"two\nunfinished").unwrap();
            fs::write(&path, b"three\n").unwrap();
        })
    };
    let seen = follow(&path, Start::Beginning, vec![nothing(), rotate, nothing(), append(&path, "four\n"), nothing()]);
    assert_eq!(
        seen,
        [
            Ok((0, "one\n".into())),
            Ok((4, "two\n".into())),
            Err(Condition::Rotated),
            Ok((8, "unfinished".into())),
            Ok((0, "three\n".into())),
            Ok((6, "four\n".into())),
        ]
    );
}

#[test]
fn truncation_begins_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "a.log", b"one and more\n");
    let truncate: Box<dyn FnMut()> = {
        let path = path.clone();
        Box::new(move || fs::write(&path, b"two\n").unwrap())
    };
    let seen = follow(&path, Start::Beginning, vec![truncate, nothing()]);
    assert_eq!(seen, [Ok((0, "one and more\n".into())), Err(Condition::Truncated), Ok((0, "two\n".into()))]);
}

#[test]
fn a_file_that_is_not_there_yet_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("later.log");
    let seen = follow(&path, Start::End, vec![nothing(), append(&path, "here\n"), nothing()]);
    assert_eq!(seen, [Err(Condition::Missing), Ok((0, "here\n".into()))]);
    let seen = follow(directory.path(), Start::End, vec![nothing()]);
    assert_eq!(seen, [Err(Condition::Directory)]);
}

/// A long file is read ahead by another thread: its blocks are those of the text all the same.
#[test]
fn a_file_that_is_read_ahead_is_the_same_text() {
    let directory = tempfile::tempdir().unwrap();
    let mut text: String = (0..80_000).map(|line| format!("line {line} of a text that is long\n")).collect();
    // A line that is longer than the room before a block, one of several blocks, and one that is cut.
    for length in [100_000, 2_000_000, LINE_LIMIT + 1_000_000] {
        text.extend((0..length / 8).map(|word| format!("{:07} ", word % 10_000_000)));
        text += "\nshort\n";
    }
    text += "the last line has no end";
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let plain = file(directory.path(), "plain.log", text.as_bytes());
    let packed = file(directory.path(), "packed.log.gz", &{
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    });
    let wide_file = file(directory.path(), "wide.log", &wide);
    let all = All::of(Blocks::new([plain, packed, wide_file].map(Source::parse).to_vec()));
    for (number, whole) in [text.as_bytes(), text.as_bytes(), &wide].into_iter().enumerate() {
        let mut at = 0;
        for (_, offset, bytes) in all.blocks.iter().filter(|(file, ..)| *file == number) {
            let mark = if number == 2 && at > 0 { 2 } else { 0 };
            let offset = usize::try_from(*offset).unwrap();
            assert_eq!(offset + mark, at);
            assert!(whole[at..].starts_with(&bytes[mark..]), "file {number} at {at}");
            at += bytes.len() - mark;
        }
        assert_eq!(at, whole.len(), "file {number}");
    }
    assert_eq!(all.notes.len(), 3, "one line of each file is too long: {:?}", all.notes);
}

/// Whoever stops in the middle of a long file leaves no thread behind that waits for ever.
#[test]
fn a_file_that_is_read_ahead_need_not_be_read_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "long.log", "a line\n".repeat(2_000_000).as_bytes());
    let mut blocks = Blocks::new(vec![Source::parse(path)]);
    assert!(matches!(blocks.next(), Some(Piece::Block(_))));
    let weak = blocks.counter();
    drop(blocks);
    // The thread holds the file's counter as long as it runs.
    let began = std::time::Instant::now();
    while weak.strong_count() > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "the thread still waits");
        std::thread::yield_now();
    }
}
