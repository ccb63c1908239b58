//! One change, step by step.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shakedown_model::{ConfigurationKind, FileEdit};

use crate::journal::{Change, ChangedFile, Exception, Locked, State, StoredEdit};
use crate::{
    Invocation, Program, Refused, StepError, System, TakenBack, charon, copy, edit, files, managed, pluto, program,
    recover, running, sha256,
};

/// A change that is wanted.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it does.
    pub title: String,
    /// The causes that it resolves.
    pub causes: Vec<String>,
    /// `safe` or `weakens`.
    pub applicability: &'static str,
    /// Who makes it.
    pub by: String,
    /// Which program's configuration it is.
    pub kind: ConfigurationKind,
    /// All files that were read of it, the main one first.
    pub read: Vec<PathBuf>,
    /// The edits.
    pub edits: Vec<FileEdit>,
    /// The name of the server, for a client's own check.
    pub host: String,
    /// The user's home, for paths that begin with `~`.
    pub home: Option<PathBuf>,
    /// The command that makes the running program read its files again, where the person named one.
    pub reload: Option<String>,
    /// The command that starts the program where a reload has ended it.
    pub restart: Option<String>,
    /// How long the program's own check and the reload may take, each.
    pub limit: Duration,
    /// Undo it after this time unless it is confirmed.
    pub confirm_within: Option<Duration>,
    /// What allows it where it lowers security.
    pub exception: Option<Exception>,
}

/// How the running program is made to read its files again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum ReloadBy {
    /// It reads them each time.
    Nothing,
    /// A signal to the process that was started with the main file.
    Signal {
        /// What starts it where the reload has ended it.
        #[serde(default)]
        restart: Option<String>,
    },
    /// The service manager.
    Unit {
        /// The systemd service.
        unit: String,
    },
    /// A command of the person's.
    Command {
        /// The command line.
        command: String,
        /// What starts the program where the reload has ended it.
        #[serde(default)]
        restart: Option<String>,
    },
}

/// A change under way.
#[derive(Debug)]
pub struct Transaction<'a, S: System> {
    locked: &'a Locked,
    system: &'a S,
    id: String,
    change: Change,
    program: &'static Program,
    read: Vec<PathBuf>,
    /// The new bytes, by the file itself.
    new: BTreeMap<PathBuf, Vec<u8>>,
    host: String,
    home: Option<PathBuf>,
    limit: Duration,
    state: State,
}

/// A path that a program or a person wrote, from the root.
fn absolute(path: &Path, home: Option<&Path>) -> std::io::Result<PathBuf> {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => Ok(home.join(rest)),
        _ => std::path::absolute(path),
    }
}

impl<'a, S: System> Transaction<'a, S> {
    /// Looks whether a change can be made: that its files are those that it was planned on, can be written and are not
    /// written by a tool, that the program can check them, and that the running one can be made to read them.
    ///
    /// # Errors
    /// [`Refused`]; nothing was written then but, where the error is the journal's, a line of it.
    pub fn plan(locked: &'a Locked, system: &'a S, request: &Request) -> Result<Self, Refused> {
        let kind = request.kind.as_str();
        let program = program::of_kind(kind).ok_or(Refused::NoCheck { kind })?;
        let id = locked.new_id(system.now())?;
        let home = request.home.as_deref();
        let comment = request.exception.as_ref().map(|exception| {
            format!("shakedown fix {id}: weaker until {}: {}", exception.until, one_line(&exception.reason))
        });
        let mut changed: Vec<ChangedFile> = Vec::new();
        let mut new = BTreeMap::new();
        for file in request.edits.iter().filter(|file| !file.edits.is_empty()) {
            let named = Path::new(&file.file.path);
            let unreadable = |source| Refused::Io { path: named.to_owned(), doing: "read", source };
            let path = absolute(named, home).map_err(unreadable)?;
            let target = files::target(&path)?;
            let bytes = system.read(&target).map_err(unreadable)?;
            // The name it is reached by says as much as the file itself: a folder of a tool may be linked from elsewhere.
            if let Some(managed) = managed::sign_of(&target, &bytes).or_else(|| managed::sign_of(&path, &[])) {
                return Err(Refused::Managed { path, managed: Box::new(managed) });
            }
            if !file.file.excerpts.is_empty() {
                return Err(Refused::Partial { path });
            }
            if !edit::same_but_secrets(&file.file, &bytes) {
                return Err(Refused::Changed { path });
            }
            let comment = comment.as_deref().filter(|_| changed.is_empty());
            let Some((after, edits)) = edit::edited(file, &bytes, comment) else {
                return Err(Refused::Edits { path });
            };
            if new.insert(target.clone(), after.clone()).is_some() {
                // Two names of one file: the second edit was planned on the bytes before the first.
                return Err(Refused::Edits { path });
            }
            let stored = edits.into_iter().map(|edit| StoredEdit {
                start: edit.span.start,
                end: edit.span.end,
                replacement: edit.replacement,
            });
            changed.push(ChangedFile {
                backup: files::beside(&target, &id, "bak"),
                staged: files::beside(&target, &id, "new"),
                before: sha256(&bytes),
                after: sha256(&after),
                edits: stored.collect(),
                path,
                target,
            });
        }
        if changed.is_empty() || changed.iter().all(|file| file.before == file.after) {
            return Err(Refused::NoEdit);
        }
        let mut read = Vec::new();
        for path in &request.read {
            let path =
                absolute(path, home).map_err(|source| Refused::Io { path: path.clone(), doing: "read", source })?;
            if !read.contains(&path) {
                read.push(path);
            }
        }
        let main = read.first().cloned().ok_or(Refused::NoEdit)?;
        let reload = reload_by(program, &main, request, system)?;
        let again = match &reload {
            ReloadBy::Signal { .. } if kind == pluto::KIND => pluto::again(system, &main, &read, &new)?,
            _ => Vec::new(),
        };
        let change = Change {
            title: request.title.clone(),
            causes: request.causes.clone(),
            applicability: request.applicability.to_owned(),
            by: request.by.clone(),
            kind: kind.to_owned(),
            main,
            files: changed,
            reload,
            again,
            confirm_within: request.confirm_within.map(|within| within.as_secs()),
            exception: request.exception.clone(),
        };
        locked.append(system, &id, State::Planned, None, Some(&change))?;
        Ok(Self {
            locked,
            system,
            id,
            change,
            program,
            read,
            new,
            host: request.host.clone(),
            home: request.home.clone(),
            limit: request.limit,
            state: State::Planned,
        })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is being changed.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// How far it has come.
    pub fn state(&self) -> State {
        self.state
    }

    fn done(&mut self, state: State, detail: Option<&str>) -> Result<(), StepError> {
        self.locked.append(self.system, &self.id, state, detail, None)?;
        self.state = state;
        Ok(())
    }

    /// Copies the old files, beside them.
    ///
    /// # Errors
    /// That does not work, or a file has changed meanwhile.
    pub fn back_up(&mut self) -> Result<(), StepError> {
        for file in &self.change.files {
            let failed = |source| StepError::BackUp { path: file.backup.clone(), source };
            let bytes = self.system.read(&file.target).map_err(failed)?;
            if sha256(&bytes) != file.before {
                return Err(StepError::Changed { path: file.path.clone() });
            }
            self.system.stage(&file.target, &file.backup, &bytes).map_err(failed)?;
        }
        self.done(State::BackedUp, None)
    }

    /// Lets the program check a private copy of the whole configuration with the new files in it. Gives the command.
    ///
    /// # Errors
    /// The check says no, takes too long or cannot be made.
    pub fn check(&mut self) -> Result<String, StepError> {
        let folder = self.locked.copy_folder(&self.id);
        let result = self.checked(&folder);
        let _left_for_the_next_run = copy::remove(&folder);
        let commands = result?.join("; ");
        self.done(State::Checked, Some(&commands))?;
        Ok(commands)
    }

    fn checked(&self, folder: &Path) -> Result<Vec<String>, StepError> {
        let mains: Vec<PathBuf> = if self.program.each {
            self.change.files.iter().map(|file| file.path.clone()).collect()
        } else {
            vec![self.change.main.clone()]
        };
        let process = running::running(self.program, &self.change.main).into_iter().next();
        let mut commands = Vec::new();
        for main in mains {
            let source = copy::Source {
                program: self.program,
                root: process.as_ref().and_then(|process| process.values("-d").next()),
                main: &main,
                read: &self.read,
                changed: &self.new,
                home: self.home.as_deref(),
            };
            let copied = copy::make(&source, folder)?;
            if !self.program.harmless.is_empty() {
                commands.push(charon::check(self.system, self.program, process.as_ref(), &copied, self.limit)?);
                continue;
            }
            let words = self.program.check.iter().map(|word| match word.as_str() {
                "{main}" => copied.clone().into_os_string(),
                "{folder}" => files::folder_of(&copied).to_owned().into_os_string(),
                "{host}" => self.host.clone().into(),
                word => word.into(),
            });
            let mut words: Vec<OsString> = words.collect();
            let told = process.as_ref().map(|process| process.files.as_slice()).unwrap_or_default();
            if let (Some(option), [_, _, ..]) = (&self.program.option, told) {
                // In their order, each of the copy where that has it.
                words.retain(|word| **word != **option && *word != *copied);
                words.extend(told.iter().flat_map(|path| [option.into(), self.copied(folder, path).into_os_string()]));
            }
            let mut words = words.into_iter();
            let named = words.next().unwrap_or_default();
            // The program that runs is the one whose word counts, where it makes the check itself.
            let itself = named.to_str().is_some_and(|named| self.program.is_named(named));
            let own = process.as_ref().filter(|process| process.is_own());
            let program = own.filter(|_| itself).and_then(|process| process.file.clone()).filter(|file| file.is_file());
            let beside = self.program.helper.as_deref().filter(|helper| named.to_str() == Some(helper));
            let program = match beside {
                Some(helper) => pluto::helper(process.as_ref(), helper),
                None => program.map_or(named, PathBuf::into_os_string),
            };
            let mut arguments: Vec<_> = words.collect();
            for option in &self.program.prefix {
                let values = process.iter().flat_map(|process| process.values(option));
                arguments.extend(values.flat_map(|value| [option.into(), value.into()]));
            }
            let mut invocation = Invocation::new(program, arguments, self.limit);
            invocation.environment = own.map(|process| process.environment.clone()).unwrap_or_default();
            invocation.environment.extend(
                self.program
                    .env
                    .iter()
                    .map(|(name, value)| (name.clone(), value.replace("{main}", &copied.to_string_lossy()))),
            );
            let command = invocation.text();
            let ran = self.system.run(&invocation);
            let ran = ran.map_err(|source| StepError::Command { command: command.clone(), source })?;
            if !ran.succeeded() {
                return Err(StepError::Check { command, end: ran.end(), said: ran.said() });
            }
            commands.push(command);
        }
        Ok(commands)
    }

    /// Where a file is in the copy; the file itself where the copy does not have it.
    fn copied(&self, folder: &Path, path: &Path) -> PathBuf {
        let target = path.canonicalize().ok();
        let read = self.read.iter().find(|read| target.is_some() && read.canonicalize().ok() == target);
        read.map_or_else(|| path.to_owned(), |read| copy::below(folder, read))
    }

    /// Puts the new files in place. Where it is to be undone unless confirmed, the process that does so runs before.
    ///
    /// # Errors
    /// A file cannot be written, or has changed meanwhile.
    pub fn write(&mut self) -> Result<(), StepError> {
        if self.change.confirm_within.is_some() {
            let state = self.locked.store().folder();
            self.system.guard(state, &self.id).map_err(|source| StepError::Guard { source })?;
        }
        for file in &self.change.files {
            let failed = |source| StepError::Write { path: file.path.clone(), source };
            let new = self.new.get(&file.target).ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
            self.system.stage(&file.target, &file.staged, new).map_err(failed)?;
        }
        for file in &self.change.files {
            self.unchanged(file)?;
        }
        for file in &self.change.files {
            let failed = |source| StepError::Write { path: file.path.clone(), source };
            // The last look before the file is replaced.
            self.unchanged(file)?;
            self.system.rename(&file.staged, &file.target).map_err(failed)?;
        }
        self.done(State::Written, None)
    }

    fn unchanged(&self, file: &ChangedFile) -> Result<(), StepError> {
        let failed = |source| StepError::Write { path: file.path.clone(), source };
        let bytes = self.system.read(&file.target).map_err(failed)?;
        if sha256(&bytes) == file.before { Ok(()) } else { Err(StepError::Changed { path: file.path.clone() }) }
    }

    /// Makes the running program read its files. Gives what was done, in words.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn reload(&mut self) -> Result<Option<String>, StepError> {
        let told = recover::reload(self.system, &self.change, self.limit);
        let told = told.map_err(|because| StepError::Reload { because })?;
        self.done(State::Reloaded, told.as_deref())?;
        Ok(told)
    }

    /// Notes that a new connection has shown that it works.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn proved(&mut self, how: &str) -> Result<(), StepError> {
        self.done(State::Proved, Some(how))
    }

    /// Puts the old files back, and makes the running program read them again.
    ///
    /// # Errors
    /// A file was changed by somebody else meanwhile, or cannot be written; what is left to do is in the error.
    pub fn roll_back(self, because: &str) -> Result<TakenBack, StepError> {
        let record = self.locked.store().record(&self.id)?;
        recover::take_back(self.locked, self.system, &record, because, self.limit)
    }
}

/// How the running program will be told.
fn reload_by(
    program: &'static Program,
    main: &Path,
    request: &Request,
    system: &impl System,
) -> Result<ReloadBy, Refused> {
    if let Some(command) = &request.reload {
        return Ok(ReloadBy::Command { command: command.clone(), restart: request.restart.clone() });
    }
    if !program.server {
        return Ok(ReloadBy::Nothing);
    }
    let found = running::running(program, main);
    let Some(process) = found.first() else {
        return Err(Refused::NotRunning { program: &program.program, main: main.to_owned() });
    };
    let user = rustix::process::geteuid().as_raw();
    if user != 0 && process.owner != user {
        return Err(Refused::NotOurs { program: &program.program, process: process.id });
    }
    if program.kind == pluto::KIND {
        // Its service starts it anew, and all tunnels with it.
        return Ok(ReloadBy::Signal { restart: request.restart.clone() });
    }
    if !program.reload.is_empty() {
        let main_and_more =
            || request.read.iter().filter_map(|path| absolute(path, request.home.as_deref()).ok()).collect::<Vec<_>>();
        match charon::elsewhere(system, process, &main_and_more(), request.limit) {
            Some(elsewhere) if elsewhere.is_empty() && found.len() == 1 => {}
            Some(elsewhere) => {
                return Err(Refused::Elsewhere {
                    program: &program.program,
                    process: process.id,
                    names: elsewhere.join(", "),
                });
            }
            None => return Err(Refused::NotRunning { program: &program.program, main: main.to_owned() }),
        }
    }
    if let Some(option) = program.master.as_deref().filter(|option| !process.has(option)) {
        return Err(Refused::NoMaster { program: &program.program, process: process.id, option });
    }
    Ok(match running::service(system, process, request.limit) {
        Some(unit) => ReloadBy::Unit { unit },
        None => ReloadBy::Signal { restart: request.restart.clone() },
    })
}

/// A person's words on one line of a file.
fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}
