//! Following logs: each new incident is told once it has settled.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use shakedown_messages::{Attempt, KnownPeer, Reader};
use shakedown_model::{Incident, IncidentResult, Name, Report, Side, Standing};

use super::texts;
use crate::input::{Condition, Follow, INTERVAL, Pace, Piece, Poll, Start};
use crate::{Error, Session};

/// How logs are followed.
#[derive(Clone, Debug)]
pub struct Watching {
    /// Peers that are known: they are never taken for strangers.
    pub known: Vec<KnownPeer>,
    /// Whether what the logs hold already counts too. Otherwise the last part of it only tells who succeeded before.
    pub from_start: bool,
}

/// What comes up while logs are followed.
#[derive(Clone, Debug)]
pub enum News {
    /// A new incident, with its diagnosis.
    Incident(Report),
    /// A peer of an incident succeeded. The report has no diagnosis; its note says what is over.
    Over(Report),
    /// Something about a log that a reader should know.
    Note {
        /// The log.
        path: PathBuf,
        /// What it is.
        condition: Condition,
    },
}

/// What was told, and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Incidents reported.
    pub incidents: u64,
    /// Attempts that went the way of an incident reported before.
    pub repeated: u64,
    /// Failed attempts of peers that never succeeded, which are not reported.
    pub strangers: u64,
    /// 1 if an incident with a diagnosis of confidence 0.5 or more was reported, 3 if only weaker ones, else 0.
    pub exit_status: u8,
}

/// So much of what is in a log already tells who succeeded before.
const HISTORY: u64 = 64 << 20;
/// An attempt has settled when nothing was heard of it for this long.
const SETTLED: Duration = Duration::from_secs(3);
/// In a log that is behind, it has when nothing was heard of it in so many bytes.
const BEHIND: usize = 256 << 10;
/// Blocks and notes of a log that are still taken when it is to stop.
const LAST: usize = 4;
/// After so long, what went the way of an incident before is a new one.
const FORGOTTEN: Duration = Duration::from_secs(3600);
/// Incidents that are remembered.
const MOST: usize = 10_000;

impl Session {
    /// Follows logs, which need not be there yet, and tells of each new incident when it has settled. It ends when the
    /// pace or `news` answers `false`.
    ///
    /// What went the way of an incident told before, by peer and cause, is counted and not told again; it is when the
    /// peer succeeded in between or an hour has passed.
    ///
    /// # Errors
    /// The overlay of the message data is wrong.
    pub fn watch(
        &self,
        paths: &[PathBuf],
        how: &Watching,
        pace: &mut dyn Pace,
        news: &mut dyn FnMut(News) -> bool,
    ) -> Result<Tally, Error> {
        let messages = self.messages()?;
        let logs = paths.iter().map(|path| {
            let mut reader = Reader::new(&messages);
            reader.know(how.known.clone());
            let start = if how.from_start { Start::Beginning } else { Start::Last(HISTORY) };
            Log { path, follow: Follow::new(path, start), reader, lines: 0, added: 0, read: 0 }
        });
        let mut logs: Vec<Log<'_>> = logs.collect();
        let mut told = Told { session: self, news, met: HashMap::new(), time: Duration::ZERO, tally: Tally::default() };
        let mut settled = Duration::ZERO;
        loop {
            let mut goes_on = true;
            for log in &mut logs {
                goes_on &= log.read(&mut told, pace);
            }
            if goes_on && told.time >= settled + SETTLED {
                settled = told.time;
                for log in &mut logs {
                    let attempts = log.reader.settled();
                    goes_on &= told.tell(log.path, added_ones(attempts, log.lines, log.added));
                }
            }
            if !goes_on || !pace.wait(INTERVAL) {
                break;
            }
            told.time += INTERVAL;
        }
        for log in &mut logs {
            // What was written just before it was to stop counts too.
            let _last = (0..LAST).find(|_| log.read_piece(&mut told, &mut Poll) != Next::More);
            let attempts = log.reader.rest();
            told.tell(log.path, added_ones(attempts, log.lines, log.added));
        }
        Ok(told.tally)
    }
}

/// A log that is followed.
struct Log<'a> {
    path: &'a PathBuf,
    follow: Follow,
    /// Its own, so that lines are counted and peers are remembered by log.
    reader: Reader<'a>,
    /// Lines before those that the reader counts.
    lines: usize,
    /// Where that begins which is new.
    added: u64,
    /// Bytes read since the last look at what has settled.
    read: usize,
}

impl Log<'_> {
    /// Reads what there is. `false` where the following is at its end.
    fn read(&mut self, told: &mut Told<'_>, pace: &mut dyn Pace) -> bool {
        loop {
            match self.read_piece(told, pace) {
                Next::None => return true,
                Next::More if pace.wait(Duration::ZERO) => {}
                Next::More | Next::Stop => return false,
            }
        }
    }

    fn read_piece(&mut self, told: &mut Told<'_>, pace: &mut dyn Pace) -> Next {
        match self.follow.try_next() {
            None => return Next::None,
            Some(Piece::Block(block)) => {
                let mut offset = block.offset;
                for part in texts::parts(block.bytes, BEHIND) {
                    self.reader.read(0, offset, part);
                    offset += part.len() as u64;
                    self.read += part.len();
                    if self.read >= BEHIND {
                        self.read = 0;
                        let settled = self.reader.settled();
                        let settled = added_ones(settled, self.lines, self.added);
                        if !told.tell(self.path, settled) || !pace.wait(Duration::ZERO) {
                            return Next::Stop;
                        }
                    }
                }
            }
            Some(Piece::Note(note)) => {
                let place = match note.condition {
                    Condition::Followed { lines, added } => Some((lines, added)),
                    Condition::Truncated => Some((0, 0)),
                    _ => None,
                };
                if let Some((lines, added)) = place {
                    // Places in what was read before are no longer those of the file.
                    let rest = self.reader.rest();
                    if !told.tell(self.path, added_ones(rest, self.lines, self.added)) {
                        return Next::Stop;
                    }
                    (self.lines, self.added) = (lines, added);
                    self.reader.read(0, 0, b"");
                }
                if !(told.news)(News::Note { path: self.path.clone(), condition: note.condition }) {
                    return Next::Stop;
                }
            }
        }
        Next::More
    }
}

/// Those that were not there in the beginning, with their lines counted from the beginning of the file.
fn added_ones(attempts: Vec<Attempt>, lines: usize, added: u64) -> Vec<Attempt> {
    let is_new = |attempt: &Attempt| attempt.pieces.iter().any(|piece| piece.offset >= added);
    let mut attempts: Vec<Attempt> = attempts.into_iter().filter(is_new).collect();
    for piece in attempts.iter_mut().flat_map(|attempt| &mut attempt.pieces) {
        Arc::make_mut(piece).line += lines;
    }
    attempts
}

/// Whether there is more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    More,
    /// Nothing for now.
    None,
    /// Nobody listens any more.
    Stop,
}

/// What was told so far.
struct Told<'a> {
    session: &'a Session,
    news: &'a mut dyn FnMut(News) -> bool,
    met: HashMap<Way, Duration>,
    /// Time spent waiting.
    time: Duration,
    tally: Tally,
}

/// What makes two incidents the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Way {
    path: PathBuf,
    peer: Option<String>,
    cause: &'static str,
    side: Side,
}

impl Told<'_> {
    /// Tells of attempts that have settled. `false` where nobody listens any more.
    fn tell(&mut self, path: &Path, attempts: Vec<Attempt>) -> bool {
        attempts.into_iter().all(|attempt| match attempt.result {
            IncidentResult::Succeeded | IncidentResult::Recovered => self.over(path, &attempt),
            IncidentResult::Failed | IncidentResult::Unknown => self.failed(path, attempt),
        })
    }

    fn failed(&mut self, path: &Path, attempt: Attempt) -> bool {
        if attempt.standing == Standing::Stranger {
            self.tally.strangers += attempt.count;
            return true;
        }
        let files = texts::excerpts(&path.display().to_string(), &attempt);
        let mut report = self.session.report("explain");
        let peer = attempt.peer.clone();
        self.session.add_attempt(&mut report, attempt, &|place| files.origin(place));
        let Some(first) = report.diagnoses.first() else { return true };
        let way = Way { path: path.to_path_buf(), peer, cause: first.cause, side: first.side };
        let before = self.met.insert(way, self.time);
        if before.is_some_and(|before| self.time < before + FORGOTTEN) {
            self.tally.repeated += 1;
            return true;
        }
        if self.met.len() > MOST {
            let mut times: Vec<Duration> = self.met.values().copied().collect();
            let (_, middle, _) = times.select_nth_unstable(MOST / 2);
            let middle = *middle;
            let mut room = MOST / 2;
            self.met.retain(|_, time| {
                let stays = *time > middle || *time == middle && room > 0;
                room = room.saturating_sub(usize::from(stays));
                stays
            });
        }
        self.tally.incidents += 1;
        self.tally.exit_status = match (self.tally.exit_status, report.exit_status()) {
            (1, _) | (_, 1) => 1,
            (before, now) => before.max(now),
        };
        (self.news)(News::Incident(report))
    }

    /// A success: the incidents of this peer are over.
    fn over(&mut self, path: &Path, attempt: &Attempt) -> bool {
        let Some(peer) = &attempt.peer else { return true };
        let mut causes: Vec<&'static str> = Vec::new();
        self.met.retain(|way, _| {
            let same = way.path == *path && way.peer.as_ref() == Some(peer);
            causes.extend(same.then_some(way.cause));
            !same
        });
        if causes.is_empty() {
            return true;
        }
        causes.sort_unstable();
        causes.dedup();
        let causes: Vec<String> = causes.iter().map(|cause| format!("`{cause}`")).collect();
        let mut report = self.session.report("explain");
        report.incidents.push(Incident {
            protocol: attempt.protocol,
            peer: Some(peer.clone()),
            peers: 1,
            summary: String::new(),
            first: attempt.first.clone(),
            last: attempt.last.clone(),
            count: attempt.count,
            result: IncidentResult::Recovered,
            standing: attempt.standing,
            evidence: Vec::new(),
        });
        report.notes.push(format!("`{}` succeeded: {} is over", Name::new(&peer.replace('`', "'")), causes.join(", ")));
        (self.news)(News::Over(report))
    }
}
