//! What the causes about host keys share: which of the server's keys counts, and the commands for the check out of band.

use shakedown_model::{Command, CommandPlace, Fact, KnownHostStatus, Name, Slot, ssh};

use crate::Case;

/// Whether a key that the server showed is the one that the connection is judged by. A server shows one of each type to
/// a probe; the client meets only that of the algorithm agreed on.
pub(crate) fn counts(case: &Case<'_>, key_type: &Name) -> bool {
    let outcome = case.outcome;
    let chosen = outcome.and_then(|outcome| {
        let traced = outcome.trace.iter().find(|step| step.slot == Slot::HostKey).and_then(|step| step.chosen.as_ref());
        outcome.agreed(Slot::HostKey).or(traced)
    });
    chosen.is_none_or(|chosen| {
        let plain = ssh::key_type_of(chosen.as_str());
        key_type == chosen || *key_type == *plain
    })
}

/// Whether one of the server's keys is known: a client that knows one asks for that type first.
pub(crate) fn one_is_known(case: &Case<'_>) -> bool {
    case.facts()
        .any(|(_, evidence)| matches!(&evidence.fact, Fact::HostKeyLookup { status: KnownHostStatus::Known, .. }))
}

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
