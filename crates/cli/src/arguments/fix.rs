//! What is typed for `fix`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::duration;
use super::{Connection, Reading};

pub(super) const FIXES: &str = "The running server that proves a change is always named:\n  shakedown fix db01                           plan \
                     for your own ssh and db01; edits your ssh configuration\n  shakedown fix ssh://localhost \
                     /etc/ssh/sshd_config       plan for a server and the file that it was started with\n  shakedown fix \
                     https://localhost /etc/nginx/nginx.conf --as openssl@1.0.2u\n  shakedown fix ~/.ssh/config \
                     ssh://db01         plan for a client's file and a server\n  shakedown fix ssh://db01 \
                     /etc/ssh/sshd_config --via ssh://root@db01      a server of another machine\n  shakedown fix local \
                     ssh://db01 --via ssh://app@app01     the ssh of another machine, as it reaches db01\n\nWithout `--apply` nothing is changed. \
                     With it, the first safe fix that edits a file named here is made: a backup beside the file, the \
                     program's own check on a private copy of its configuration, the file replaced at once, the running \
                     program told to read it, and new connections by this program and by your own client. If any of it \
                     does not hold, the old file is put back. Files that a tool writes (Ansible, Puppet, Kubernetes) are \
                     left alone.\n\nExit status: 0 proved, 1 rolled back (or, without `--apply`, a cause was found), 2 \
                     nothing was begun, 3 it cannot be told for sure.";

/// Arguments of `fix`.
#[derive(Args, Debug)]
pub(crate) struct FixArguments {
    /// A running server, or a client or server as `negotiate` takes it.
    #[arg(value_name = "TARGET|PARTY", required_unless_present_any = ["list", "undo", "confirm", "expire", "apply"])]
    pub(crate) first: Option<String>,
    /// The file that the running server was started with; or the server, where the first one is the client.
    #[arg(value_name = "PARTY|TARGET")]
    pub(crate) second: Option<String>,
    /// Put this client in the place of this machine's own; may be repeated.
    #[arg(long = "as", value_name = "PARTY")]
    pub(crate) clients: Vec<String>,
    /// A log of the server, or offers that `listen --format json` has printed: the clients seen there are computed with every
    /// change, and a fix says which of them it would cut off or let in. What cuts one off is not applied. May be repeated.
    /// With `--via`, a file of the other machine, which is read there.
    #[arg(long, value_name = "FILE")]
    pub(crate) seen_in: Vec<PathBuf>,
    /// Make the change, prove it, and take it back if that fails; with a file, the plan that `--save` has written, if all
    /// its files are as they were.
    #[arg(long, value_name = "PLAN", num_args = 0..=1)]
    pub(crate) apply: Option<Option<PathBuf>>,
    /// Which fix, counted from 1 in the order of the report; else the first safe one that edits a file named here.
    #[arg(long, value_name = "N")]
    pub(crate) fix: Option<usize>,
    /// Write the plan to a file, for somebody else to look at and for `--apply PLAN` later; nothing is changed.
    #[arg(long, value_name = "PLAN", conflicts_with = "apply")]
    pub(crate) save: Option<PathBuf>,
    /// Why a weaker fix is needed; it stands in the file and in the journal.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The last day of a weaker fix, such as `2026-12-31`; after it `exceptions` warns and `--expire` removes it.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Undo the change after this time unless `fix --confirm ID` is run, by a process that outlives this session; `never`
    /// for not at all. On by default (5m) where the changed sshd carries this session.
    #[arg(long, value_name = "DURATION|never", value_parser = confirm_within)]
    pub(crate) confirm_within: Option<Confirm>,
    /// The command that makes the running program read its files again; else its service or process is found and told.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) reload: Option<String>,
    /// The command that starts the program again where the reload has ended it.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) restart: Option<String>,
    /// The folder of the journal: /var/lib/shakedown for root, $XDG_STATE_HOME/shakedown for others.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Read, change and reload on another machine, over your own `ssh` with your own configuration. `TARGET FILE`: TARGET
    /// is reached from here, FILE is the server's there. `CLIENT TARGET`: CLIENT is a file of that machine, or `local` for
    /// its own client, and TARGET is reached, and the change proved, from there. A `shakedown` of the same version has to be
    /// on the PATH there. The host key has to be verified. The change is undone after 5m unless `--confirm ID --via ...` is
    /// run from here (`--confirm-within`).
    #[arg(long, value_name = "ssh://USER@HOST")]
    pub(crate) via: Option<String>,
    #[command(flatten)]
    pub(crate) far: FarArguments,
    /// List the changes that were made; 1 where one is unfinished.
    #[arg(long, conflicts_with_all = ["first", "apply", "save", "undo", "confirm", "expire"])]
    pub(crate) list: bool,
    /// Take a change back: the old files are put in place, byte for byte, if nobody has changed them since.
    #[arg(long, value_name = "ID", conflicts_with_all = ["first", "apply", "save", "confirm", "expire"])]
    pub(crate) undo: Option<String>,
    /// Keep a change that waits for it.
    #[arg(long, value_name = "ID", conflicts_with_all = ["first", "apply", "save", "expire"])]
    pub(crate) confirm: Option<String>,
    /// Take back the weaker fixes that are past their date.
    #[arg(long, conflicts_with_all = ["first", "apply", "save"])]
    pub(crate) expire: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What runs on the other machine, beside `--via`.
#[derive(Args, Debug)]
pub(crate) struct FarArguments {
    /// With `--via`: send this program where the other machine has none, to a folder of its own that is removed afterwards;
    /// only where the operating system and the architecture are the same.
    #[arg(long, requires = "via")]
    pub(crate) send_binary: bool,
    /// With `--via`: run as the superuser there, by `sudo -n`.
    #[arg(long, requires = "via")]
    pub(crate) via_sudo: bool,
}

/// Arguments of `exceptions`.
#[derive(Args, Debug)]
pub(crate) struct ExceptionsArguments {
    /// The folder of the journal.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Those of another machine, over your own `ssh` with your own configuration, as with `fix --via`.
    #[arg(long, value_name = "ssh://USER@HOST")]
    pub(crate) via: Option<String>,
    #[command(flatten)]
    pub(crate) far: FarArguments,
    /// With `--via`: read this file instead of your own ssh configuration, as `ssh -F` does; `none` for none
    #[arg(short = 'F', long = "ssh-config", value_name = "FILE", requires = "via")]
    pub(crate) ssh_config: Option<PathBuf>,
}

/// The value of `--confirm-within`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirm {
    /// The change stays.
    Never,
    /// It is undone after this time.
    Within(Duration),
}

fn confirm_within(text: &str) -> Result<Confirm, String> {
    if text == "never" { Ok(Confirm::Never) } else { duration(text).map(Confirm::Within) }
}
