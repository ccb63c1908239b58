use std::io;
use std::process::Stdio;

use shakedown_model::{Fact, Name};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout_at};

/// As much of what a program prints as is kept, in bytes.
const LARGEST_TEXT: usize = 8 * 1024;

/// A running program whose standard input and output carry the connection. It is killed when this is dropped.
pub(crate) struct CommandStream {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// `None` once it has ended.
    errors: Option<ChildStderr>,
    /// What came from `errors`, up to [`LARGEST_TEXT`].
    text: Vec<u8>,
}

impl CommandStream {
    /// `Err` holds what went wrong, as a fact.
    pub(crate) fn start(argv: &[String]) -> Result<Self, Fact> {
        let failed = |text: &str| Fact::Program { command: argv.join(" "), text: Name::new(text) };
        let (program, arguments) = argv.split_first().ok_or_else(|| failed("the command is empty"))?;
        let mut child = Command::new(program)
            .args(arguments)
            // What the program prints is read by words.
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(&error.to_string()))?;
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (input @ Some(_), Some(output), errors @ Some(_)) => {
                Ok(Self { child, input, output, errors, text: Vec::new() })
            }
            _ => Err(failed("the program has no standard streams")),
        }
    }

    /// Zero for the end of the program's output. What it complains of is taken in beside it, so that a program that says
    /// much is never held up by a full pipe.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(errors) = &mut self.errors else { return self.output.read(buffer).await };
            let mut part = [0; 1024];
            let count = tokio::select! {
                biased;
                count = self.output.read(buffer) => return count,
                count = errors.read(&mut part) => count.unwrap_or(0),
            };
            self.complain(part.get(..count).unwrap_or_default());
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(bytes).await?;
        input.flush().await
    }

    fn complain(&mut self, part: &[u8]) {
        if part.is_empty() {
            self.errors = None;
        }
        let room = LARGEST_TEXT.saturating_sub(self.text.len());
        self.text.extend(part.iter().take(room));
    }

    /// What the program printed to standard error up to its end or the deadline.
    pub(crate) async fn complaint(&mut self, argv: &[String], deadline: Instant) -> Option<Fact> {
        self.input = None;
        while let Some(errors) = &mut self.errors {
            let mut part = [0; 1024];
            let Ok(count) = timeout_at(deadline, errors.read(&mut part)).await else { break };
            self.complain(part.get(..count.unwrap_or(0)).unwrap_or_default());
        }
        let text = self.text.trim_ascii();
        if text.is_empty() {
            // A program that fails without a word still says so by its status.
            let status = timeout_at(deadline, self.child.wait()).await.ok()?.ok()?;
            let words = match status.code() {
                Some(0) => return None,
                Some(code) => format!("it ended with status {code} and no message"),
                None => "it was ended by a signal and left no message".to_owned(),
            };
            return Some(Fact::Program { command: argv.join(" "), text: Name::new(&words) });
        }
        Some(if is_refusal(text) {
            Fact::ProxyRefused { text: Name::from_bytes(text) }
        } else {
            Fact::Program { command: argv.join(" "), text: Name::from_bytes(text) }
        })
    }
}

/// Whether the hop itself was reached and refused to pass the connection on: `ssh -W` of OpenSSH (clientloop.c,
/// channels.c), and what proxy programs such as netcat and connect-proxy say of HTTP and SOCKS answers.
fn is_refusal(text: &[u8]) -> bool {
    let lower = String::from_utf8_lossy(text).to_ascii_lowercase();
    ["open failed", "stdio forwarding failed", "administratively prohibited", "proxy error", "forbidden", "socks"]
        .iter()
        .any(|words| lower.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_from_other_complaints() {
        assert!(is_refusal(
            b"channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed"
        ));
        assert!(is_refusal(b"nc: Proxy error: \"HTTP/1.1 403 Forbidden\""));
        assert!(!is_refusal(b"ssh: connect to host jump port 22: Connection refused"));
        assert!(!is_refusal(b"user@jump: Permission denied (publickey)."));
    }
}
