//! What the causes about host keys share: the commands for the check out of band.

use shakedown_model::{Command, CommandPlace};

/// A command for a shell on the client.
pub(crate) fn client_shell(text: &str, explanation: &str) -> Command {
    Command { place: CommandPlace::ClientShell, text: text.to_owned(), explanation: explanation.to_owned() }
}

/// A command for a shell on the server.
pub(crate) fn server_shell(text: &str, explanation: &str) -> Command {
    Command { place: CommandPlace::ServerShell, text: text.to_owned(), explanation: explanation.to_owned() }
}

/// How the server's administrator reads the fingerprints; the check that comes before any change of trust.
pub(crate) fn server_fingerprint() -> Command {
    server_shell(
        "for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf \"$key\"; done",
        "on the server's console: the fingerprints to compare with",
    )
}
