//! Reads and writes with a deadline, and how they fail in the words of the model.

use std::io;

use shakedown_model::Ending;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// How a connection ended, given when it began.
pub(crate) type How = fn(Instant) -> Ending;

fn reset(_begun: Instant) -> Ending {
    Ending::Reset
}

fn silent(begun: Instant) -> Ending {
    Ending::Silent { milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX) }
}

/// Sends all that there is to send.
pub(crate) async fn send_all(
    stream: &mut TcpStream,
    next: &mut (dyn FnMut() -> Option<Vec<u8>> + Send),
    deadline: Instant,
) -> Result<(), How> {
    while let Some(bytes) = next() {
        match timeout_at(deadline, stream.write_all(&bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(reset),
            Err(_) => return Err(silent),
        }
    }
    Ok(())
}

/// Reads what comes next; nothing at the end of the stream.
pub(crate) async fn read(stream: &mut TcpStream, buffer: &mut [u8], deadline: Instant) -> Result<usize, How> {
    match timeout_at(deadline, stream.read(buffer)).await {
        Ok(Ok(count)) => Ok(count),
        Ok(Err(_)) => Err(reset),
        Err(_) => Err(silent),
    }
}

/// Closes our end first and reads away what the client still sends, so that it gets our last words.
pub(crate) async fn linger(stream: &mut TcpStream) -> io::Result<()> {
    /// More than a client sends before it notices the end.
    const MOST: u64 = 64 * 1024;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(MOST), &mut tokio::io::sink()).await?;
    Ok(())
}
