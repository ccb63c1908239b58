use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use shakedown_handshake::watch::{Seen, Watch};
use shakedown_model::{Ending, Role};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use super::{Limits, Relayed};

/// Bytes that are read at once; back-pressure is the kernel's.
const BUFFER: usize = 16 * 1024;

/// How one direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    /// The sender closed, and the receiver was told.
    Closed,
    /// The sender's connection was reset.
    SourceReset,
    /// The receiver's connection was reset.
    SinkReset,
}

/// Whose connection was reset, if one was.
pub(super) type Reset = Option<Role>;

/// What both directions and whoever waits for news share.
pub(super) struct Shared {
    state: Mutex<State>,
    news: Notify,
    /// The client's stream has ended.
    left: Notify,
    limits: Limits,
}

struct State {
    /// Gone once it was told what was seen.
    watch: Option<Watch>,
    last: Instant,
    last_speaker: Option<Role>,
    /// Bytes of the client and of the server.
    bytes: [u64; 2],
    ended: [bool; 2],
    /// How long nothing had come when the first stream ended.
    waited: Option<std::time::Duration>,
    /// When it is told what was seen, even if the handshake's end was not.
    due: Option<Instant>,
    in_use: bool,
    complete: bool,
}

fn place(role: Role) -> usize {
    match role {
        Role::Client => 0,
        Role::Server => 1,
    }
}

impl Shared {
    pub(super) fn new(watch: Watch, limits: Limits) -> Self {
        let state = State {
            watch: Some(watch),
            last: Instant::now(),
            last_speaker: None,
            bytes: [0; 2],
            ended: [false; 2],
            waited: None,
            due: None,
            in_use: false,
            complete: false,
        };
        Self { state: Mutex::new(state), news: Notify::new(), left: Notify::new(), limits }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self, from: Role, bytes: &[u8]) {
        let mut state = self.state();
        state.last = Instant::now();
        state.last_speaker = Some(from);
        if let Some(count) = state.bytes.get_mut(place(from)) {
            *count = count.saturating_add(bytes.len() as u64);
        }
        let Some(watch) = &mut state.watch else { return };
        watch.receive(from, bytes);
        let (in_use, complete) = (watch.is_in_use(), watch.is_complete());
        if (in_use, complete) != (state.in_use, state.complete) {
            (state.in_use, state.complete) = (in_use, complete);
            state.due.get_or_insert(Instant::now() + self.limits.patience);
            self.news.notify_one();
        }
    }

    fn end(&self, from: Role, ending: Ending) {
        let mut state = self.state();
        let ended = state.ended.get_mut(place(from)).is_none_or(|ended| std::mem::replace(ended, true));
        if ended {
            return;
        }
        let waited = state.last.elapsed();
        state.waited.get_or_insert(waited);
        if let Some(watch) = &mut state.watch {
            watch.end_of_stream(from, ending);
        }
        state.due.get_or_insert(Instant::now() + self.limits.patience);
        self.news.notify_one();
        if from == Role::Client {
            self.left.notify_one();
        }
    }

    /// Waits until the client's stream has ended; for one who waits.
    pub(super) async fn client_left(&self) {
        self.left.notified().await;
    }

    /// When there is something to do next: it is told what was seen, or nothing came for too long.
    fn next(&self) -> Instant {
        let state = self.state();
        let begin = if state.in_use { Instant::now() } else { state.last };
        let idle = begin + self.limits.idle;
        state.due.filter(|_| state.watch.is_some()).map_or(idle, |due| due.min(idle))
    }

    /// Whether nothing came for too long before anything could be in use.
    fn is_idle(&self) -> bool {
        let state = self.state();
        !state.in_use && state.last.elapsed() >= self.limits.idle
    }

    /// The client is gone, by this program's own doing.
    pub(super) fn stop(&self) {
        self.end(Role::Client, Ending::Closed);
    }

    /// What was seen, where it was not told yet.
    pub(super) fn rest(&self, mut relayed: Relayed) -> Relayed {
        if let Some(seen) = self.told(true) {
            self.fill(&mut relayed, seen, true);
        }
        relayed
    }

    /// Whose turn it was when nothing came any more.
    fn silent(&self) -> (Role, Ending) {
        let state = self.state();
        let milliseconds = u64::try_from(state.last.elapsed().as_millis()).unwrap_or(u64::MAX);
        let turn = state.last_speaker.map_or(Role::Client, Role::peer);
        (turn, Ending::Silent { milliseconds })
    }

    /// What was seen, once, when it is time to tell.
    fn told(&self, over: bool) -> Option<Seen> {
        let mut state = self.state();
        let is_due = state.due.is_some_and(|due| due <= Instant::now());
        if over || state.complete || is_due { state.watch.take().map(Watch::into_seen) } else { None }
    }

    fn fill(&self, relayed: &mut Relayed, seen: Seen, over: bool) {
        let state = self.state();
        let [from_client, from_server] = state.bytes;
        relayed.seen = Some(seen);
        relayed.bytes = (from_client, from_server);
        relayed.waited = state.waited.unwrap_or_default();
        relayed.last_speaker = state.last_speaker;
        relayed.over = over;
    }
}

/// Passes bytes one way until the sender closes or somebody is gone. A byte waits for nothing but the receiver.
async fn copy<R, W>(from: Role, source: &mut R, sink: &mut W, shared: &Shared) -> Half
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = vec![0; BUFFER];
    loop {
        let bytes = match source.read(&mut buffer).await {
            Ok(0) => break,
            Ok(count) => buffer.get(..count).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => {
                shared.end(from, Ending::Reset);
                return Half::SourceReset;
            }
        };
        // Before they are passed on, so that no answer is seen before its question.
        shared.bytes(from, bytes);
        let passed = async {
            sink.write_all(bytes).await?;
            sink.flush().await
        };
        if passed.await.is_err() {
            return Half::SinkReset;
        }
    }
    shared.end(from, Ending::Closed);
    match sink.shutdown().await {
        Ok(()) => Half::Closed,
        Err(_) => Half::SinkReset,
    }
}

/// Passes bytes both ways, each end of a stream by itself, and tells what was seen as soon as it is known, beside that.
/// Gives whose connection was reset; the other one is left to the caller.
pub(super) async fn pass<R, W, S, T>(
    client: (&mut R, &mut W),
    server: (&mut S, &mut T),
    shared: &Shared,
    mut relayed: Relayed,
    sender: &mpsc::Sender<Relayed>,
) -> Reset
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    S: AsyncRead + Unpin,
    T: AsyncWrite + Unpin,
{
    let passing = both(client, server, shared);
    let mut passing = std::pin::pin!(passing);
    let mut reset = None;
    let mut over = false;
    let mut waiting: Option<Relayed> = None;
    loop {
        tokio::select! {
            biased;
            who = &mut passing, if !over => (over, reset) = (true, who),
            () = shared.news.notified(), if !over => {}
            permit = sender.reserve(), if waiting.is_some() => {
                // Nobody is left to be told where this fails.
                if let (Ok(permit), Some(relayed)) = (permit, waiting.take()) {
                    permit.send(relayed);
                }
            }
            () = sleep_until(shared.next()), if !over => {
                if shared.is_idle() {
                    let (who, how) = shared.silent();
                    shared.end(who, how);
                    // Whoever is still there is told that it is over.
                    (over, reset) = (true, Some(who));
                }
            }
        }
        if let Some(seen) = shared.told(over) {
            shared.fill(&mut relayed, seen, over);
            waiting = Some(relayed.clone());
        }
        if over && waiting.is_none() {
            return reset;
        }
    }
}

async fn both<R, W, S, T>(client: (&mut R, &mut W), server: (&mut S, &mut T), shared: &Shared) -> Reset
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    S: AsyncRead + Unpin,
    T: AsyncWrite + Unpin,
{
    let ((from_client, to_client), (from_server, to_server)) = (client, server);
    let up = copy(Role::Client, from_client, to_server, shared);
    let down = copy(Role::Server, from_server, to_client, shared);
    let (mut up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
    let mut halves = [None, None];
    while halves.contains(&None) {
        let [first, second] = halves;
        tokio::select! {
            half = &mut up, if first.is_none() => halves = [Some(half), second],
            half = &mut down, if second.is_none() => halves = [first, Some(half)],
        }
        // Who was reset takes nothing and says nothing more. A receiver that is gone may have left last words.
        if halves.contains(&Some(Half::SourceReset)) {
            break;
        }
    }
    let gone = match halves {
        [Some(Half::SourceReset), _] | [_, Some(Half::SinkReset)] => Some(Role::Client),
        [_, Some(Half::SourceReset)] | [Some(Half::SinkReset), _] => Some(Role::Server),
        _ => None,
    };
    if let Some(role) = gone {
        shared.end(role, Ending::Reset);
    }
    gone
}
