use std::io;
use std::path::PathBuf;

use crate::Managed;

/// Why the folder of the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be made, read or written.
    #[error("the state folder `{}` cannot be used", path.display())]
    Io {
        /// The folder, or a file in it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another run holds it.
    #[error("another run of `shakedown fix` is under way in `{}`", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// There is no such change.
    #[error("the journal in `{}` has no change `{id}`; `shakedown fix --list` shows those that it has", path.display())]
    Unknown {
        /// The folder.
        path: PathBuf,
        /// The id asked for.
        id: String,
    },
    /// The change is not in a state in which that can be done.
    #[error("change `{id}` is {state}: {because}")]
    State {
        /// The change.
        id: String,
        /// The state that it is in.
        state: &'static str,
        /// What that means for what was asked.
        because: &'static str,
    },
}

/// Why a change is not begun. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is nothing to write.
    #[error("the fix has no edit of a file")]
    NoEdit,
    /// The program has no check that is known here.
    #[error("`{kind}` has no check of its own that is known here, so that a person has to make the change")]
    NoCheck {
        /// What the configuration is called.
        kind: &'static str,
    },
    /// The file is written by a tool.
    #[error("`{}` is written by {}, which would undo the change: change {} instead ({})", path.display(), managed.tool, managed.instead(), managed.sign)]
    Managed {
        /// The file.
        path: PathBuf,
        /// What writes it.
        managed: Box<Managed>,
    },
    /// The file is not as it was when the fix was planned.
    #[error("`{}` has changed since the fix was planned; plan it again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Only a part of the file is known.
    #[error("`{}` was read only in part", path.display())]
    Partial {
        /// The file.
        path: PathBuf,
    },
    /// It is no plain file.
    #[error("`{}` is not a plain file", path.display())]
    NotPlain {
        /// The file.
        path: PathBuf,
    },
    /// It has other names, which would keep the old contents.
    #[error("`{}` has {links} hard links, and only one of them would be changed", path.display())]
    HardLinks {
        /// The file.
        path: PathBuf,
        /// How many names it has.
        links: u64,
    },
    /// The running program has settings that are in none of the files, and would lose them.
    #[error(
        "the running `{program}` (process {process}) has connections that the files do not have, or is not the only one: {names}"
    )]
    Elsewhere {
        /// The program.
        program: &'static str,
        /// Its id.
        process: i32,
        /// Their names.
        names: String,
    },
    /// It belongs to somebody else, and only the superuser can write a file for another user.
    #[error("`{}` belongs to user {owner}: run this as that user or as root", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
    },
    /// It, or the folder that it is in, cannot be read or written.
    #[error("`{}` cannot be {doing}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The edits do not fit into the file.
    #[error("the edits do not fit into `{}`", path.display())]
    Edits {
        /// The file.
        path: PathBuf,
    },
    /// No running program reads the file.
    #[error("no running `{program}` is found that reads `{}`: name the way to make it read its file again with `--reload`", main.display())]
    NotRunning {
        /// The program.
        program: &'static str,
        /// The main file.
        main: PathBuf,
    },
    /// What changes is read when the program starts, and never again.
    #[error("`{program}` reads what changes in `{}` only when it starts: change it by hand and start it again, or name the way with `--reload`", path.display())]
    AtStart {
        /// The program.
        program: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// Of what changes the running program has loaded nothing.
    #[error("`{program}` loads nothing of what changes in `{}` by itself (`auto=ignore`): name the way with `--reload`", path.display())]
    NotLoaded {
        /// The program.
        program: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The running program belongs to somebody else.
    #[error("the running `{program}` (process {process}) belongs to another user: run this as root")]
    NotOurs {
        /// The program.
        program: &'static str,
        /// Its process id.
        process: i32,
    },
    /// The running program cannot be made to read its files again by a signal.
    #[error(
        "the running `{program}` (process {process}) runs without `{option}` and cannot read its file again: name the way with `--reload`"
    )]
    NoMaster {
        /// The program.
        program: &'static str,
        /// Its process id.
        process: i32,
        /// The option that it would need.
        option: &'static str,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A step that did not hold. The change has to be rolled back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The backup could not be made.
    #[error("the backup `{}` cannot be written", path.display())]
    BackUp {
        /// The backup.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The private copy could not be made.
    #[error("the private copy of the configuration cannot be made at `{}`", path.display())]
    Copy {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration is larger than what is copied.
    #[error("the folder `{}` holds more than {most} files, too much for a private copy", path.display())]
    Large {
        /// The folder.
        path: PathBuf,
        /// The most.
        most: usize,
    },
    /// A file that changes would not be part of what the program checks.
    #[error("it is not seen how `{}` is included, so that the program cannot check it in a private copy", path.display())]
    Apart {
        /// The file.
        path: PathBuf,
    },
    /// A program could not be run.
    #[error("`{command}` cannot be run")]
    Command {
        /// The command.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// The program's own check says no.
    #[error("`{command}` {end}: {said}")]
    Check {
        /// The command.
        command: String,
        /// How it ended.
        end: String,
        /// What it said.
        said: String,
    },
    /// The file was changed by somebody else meanwhile.
    #[error("`{}` was changed meanwhile", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be written.
    #[error("`{}` cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The process that undoes an unconfirmed change could not be started.
    #[error("the process that undoes the change unless it is confirmed cannot be started")]
    Guard {
        /// Why.
        source: io::Error,
    },
    /// The running program could not be made to read its files again.
    #[error("the running program cannot be made to read its files again: {because}")]
    Reload {
        /// Why.
        because: String,
    },
    /// The journal cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
