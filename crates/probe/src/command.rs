use std::process::Stdio;

use shakedown_model::{Fact, Name};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout_at};

/// As much of what a program prints as is kept, in bytes.
const LARGEST_TEXT: usize = 8 * 1024;

/// A running program whose standard input and output carry the connection. It is killed when this is dropped.
pub(crate) struct CommandStream {
    // Held so that the program lives as long as this does.
    _child: Child,
    pub(crate) input: Option<ChildStdin>,
    pub(crate) output: ChildStdout,
    errors: ChildStderr,
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
            (input @ Some(_), Some(output), Some(errors)) => Ok(Self { _child: child, input, output, errors }),
            _ => Err(failed("the program has no standard streams")),
        }
    }

    /// What the program printed to standard error, once its output has ended or will not be awaited any longer.
    pub(crate) async fn complaint(&mut self, argv: &[String], deadline: Instant) -> Option<Fact> {
        self.input = None;
        let mut text = Vec::new();
        let mut errors = (&mut self.errors).take(LARGEST_TEXT as u64);
        // Whatever came until the deadline is kept.
        let _ = timeout_at(deadline, errors.read_to_end(&mut text)).await;
        let text = text.trim_ascii();
        if text.is_empty() {
            return None;
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
