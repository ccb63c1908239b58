//! What the two ends say: a greeting, then one JSON value a line, a question and its answer in turn.

use std::io::{self, BufRead, Read as _};
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use shakedown_apply::{Change, Exception, SavedPlan, State};
use shakedown_model::{Context, KnownHostKey, KnownHostMark, Name, Origin, OriginKind};
use shakedown_schema::v1;

/// The version of what the two ends say. It grows with any change that the other end could not follow.
pub(super) const PROTOCOL: u32 = 2;
/// What the line of the greeting begins with. Shells print other things first.
pub(super) const GREETING: &str = "shakedown-far ";
/// The longest line, in bytes.
const LONGEST: u64 = 64 << 20;

/// Who answers on the other machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Greeting {
    pub(super) protocol: u32,
    /// The version of the program, for messages.
    pub(super) version: String,
    /// The machine's name.
    #[serde(default)]
    pub(super) host: Option<String>,
}

/// A question to the other machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(super) enum Question {
    /// Plan over its own file for clients that were seen from here.
    Plan(Box<Task>),
    /// Plan over its own client, and a server as it is seen from there.
    PlanThere(Box<OwnTask>),
    /// The plan of a fix, for a file.
    Save { number: Option<usize>, exception: Option<Exception> },
    /// Begin the change of a fix of the plan, or of a saved plan. The steps come after it.
    Begin(Box<Beginning>),
    /// A step.
    BackUp,
    /// A step.
    Check,
    /// A step.
    Write,
    /// A step.
    Reload,
    /// Makes the new connections that prove the change, where they are made there.
    Prove,
    /// The last step: a new connection works.
    Proved {
        /// How that is known.
        how: String,
    },
    /// Puts the old files back.
    RollBack {
        /// Why.
        because: String,
    },
    /// After that: whether the server answers, where it is asked from there.
    Answers,
    /// After that: starts the program.
    Restart,
    /// The change needs nothing more.
    End,
    /// The journal.
    List { state: Option<String> },
    /// Takes a change back.
    Undo { state: Option<String>, id: String },
    /// Says that a change is to stay.
    Confirm { state: Option<String>, id: String },
    /// Takes back what is past its date.
    Expire { state: Option<String> },
    /// The weaker fixes in force.
    Exceptions { state: Option<String> },
}

/// What the other machine plans from: what was seen of the running server and its clients from here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    /// The running server, as the person named it.
    pub(super) target: String,
    /// Its protocol.
    pub(super) protocol: v1::Protocol,
    /// The file of that server on the other machine.
    pub(super) file: String,
    /// The clients.
    pub(super) clients: Vec<v1::Offer>,
    /// Their labels: those that agree with the server now.
    pub(super) worked: Vec<String>,
    /// What the clients see of the server.
    pub(super) context: WireContext,
    /// What `Match` of the server's file sees.
    pub(super) server_context: WireContext,
    /// Further files of the server: product and path.
    #[serde(default)]
    pub(super) files: Vec<(String, String)>,
    /// Logs of the server there, whose clients are computed as well.
    #[serde(default)]
    pub(super) seen_in: Vec<PathBuf>,
    /// How the result is shown.
    pub(super) shown: Shown,
}

/// What the other machine plans from where its own client is to change: all is seen from there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OwnTask {
    /// The client, as a person there would name it: a file, or `local`.
    pub(super) client: String,
    /// The running server, as it is reached from there.
    pub(super) target: String,
    /// Milliseconds for a check of it.
    pub(super) timeout: u64,
    /// How the result is shown.
    pub(super) shown: Shown,
}

/// How a plan is drawn, by the machine that made it: no more of it crosses than a person is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shown {
    /// With colours.
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// More of it.
    pub verbose: bool,
    /// Also the weaker fixes.
    pub allow_weaker: bool,
    /// As Markdown.
    pub markdown: bool,
}

/// What a decision depends on, as it crosses.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct WireContext {
    target: Option<String>,
    host: Option<String>,
    address: Option<IpAddr>,
    port: Option<u16>,
    user: Option<String>,
    local_address: Option<IpAddr>,
    local_port: Option<u16>,
    server_name: Option<String>,
    strict_host_keys: Option<bool>,
    known_hosts: Vec<WireKey>,
    other_known_hosts: Vec<WireKey>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct WireKey {
    key_type: String,
    fingerprint: String,
    mark: Mark,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mark {
    None,
    CertAuthority,
    Revoked,
}

impl From<&KnownHostKey> for WireKey {
    fn from(key: &KnownHostKey) -> Self {
        let mark = match key.mark {
            KnownHostMark::None => Mark::None,
            KnownHostMark::CertAuthority => Mark::CertAuthority,
            KnownHostMark::Revoked => Mark::Revoked,
        };
        Self { key_type: key.key_type.to_string(), fingerprint: key.fingerprint.clone(), mark }
    }
}

impl From<&WireKey> for KnownHostKey {
    fn from(key: &WireKey) -> Self {
        let mark = match key.mark {
            Mark::None => KnownHostMark::None,
            Mark::CertAuthority => KnownHostMark::CertAuthority,
            Mark::Revoked => KnownHostMark::Revoked,
        };
        let origin = Origin::new(OriginKind::Program { command: "the client's known_hosts".to_owned() });
        Self { key_type: Name::from_escaped(&key.key_type), fingerprint: key.fingerprint.clone(), mark, origin }
    }
}

impl From<&Context> for WireContext {
    fn from(context: &Context) -> Self {
        Self {
            target: context.target.clone(),
            host: context.host.clone(),
            address: context.address,
            port: context.port,
            user: context.user.clone(),
            local_address: context.local_address,
            local_port: context.local_port,
            server_name: context.server_name.clone(),
            strict_host_keys: context.strict_host_keys,
            known_hosts: context.known_hosts.iter().map(WireKey::from).collect(),
            other_known_hosts: context.other_known_hosts.iter().map(WireKey::from).collect(),
        }
    }
}

impl From<&WireContext> for Context {
    fn from(context: &WireContext) -> Self {
        Self {
            target: context.target.clone(),
            host: context.host.clone(),
            address: context.address,
            port: context.port,
            user: context.user.clone(),
            local_address: context.local_address,
            local_port: context.local_port,
            server_name: context.server_name.clone(),
            strict_host_keys: context.strict_host_keys,
            known_hosts: context.known_hosts.iter().map(KnownHostKey::from).collect(),
            other_known_hosts: context.other_known_hosts.iter().map(KnownHostKey::from).collect(),
            ..Self::default()
        }
    }
}

/// How a change is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Beginning {
    /// A saved plan; else what was planned before.
    #[serde(default)]
    pub(super) saved: Option<Box<SavedPlan>>,
    pub(super) number: Option<usize>,
    pub(super) exception: Option<Exception>,
    pub(super) state: Option<String>,
    pub(super) reload: Option<String>,
    pub(super) restart: Option<String>,
    /// Milliseconds for each of the check and the reload.
    pub(super) limit: u64,
    /// Seconds after which it is undone unless confirmed.
    pub(super) confirm_within: Option<u64>,
    /// Who makes it, and from where.
    pub(super) by: String,
    /// Milliseconds for a check of the target, where it is asked from there.
    pub(super) timeout: u64,
    /// Seconds without a word from here after which the other machine takes the change back by itself.
    pub(super) patience: u64,
}

/// An answer of the other machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(super) enum Answer {
    /// A plan.
    Planned(Box<FarPlan>),
    /// The plan of a fix, for a file.
    Saved(Box<SavedPlan>),
    /// A change was begun.
    Begun(Box<Begun>),
    /// A step was made, and what was done.
    Done { state: State, said: String },
    /// A step did not hold.
    NotDone { state: State, because: String },
    /// The old files are in place.
    RolledBack { files: usize, said: String },
    /// Whether the server answers.
    Answers { answers: bool },
    /// The program was started, or not; nothing where it is not known how.
    Restarted { said: Option<String> },
    /// Nothing more.
    Ended { undone_at: Option<String> },
    /// The journal.
    Changes(Box<v1::Changes>),
    /// What became of changes.
    Told { document: Box<v1::Changes>, said: Vec<String>, done: bool },
    /// The weaker fixes in force.
    Exceptions(Box<v1::Exceptions>),
    /// Nothing fails.
    Nothing,
    /// It is not done, and nothing was changed.
    Refused { because: String },
}

/// A plan that another machine made over its own file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FarPlan {
    /// The document, secrets masked.
    pub document: serde_json::Value,
    /// The same for people.
    pub text: String,
    /// What a check that found this would exit with.
    pub exit_status: u8,
    /// The fixes, in the order of their numbers.
    pub fixes: Vec<FarFix>,
}

/// A fix of such a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FarFix {
    /// `safe`, `weakens` or `manual`.
    pub applicability: String,
    /// The side that changes.
    pub side: String,
    /// What it does.
    pub title: String,
    /// Whether it edits a file there.
    pub edits: bool,
}

/// A change that was begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) id: String,
    /// The fix's number.
    pub(super) number: Option<usize>,
    pub(super) change: Change,
    /// The label of the client that it is for.
    pub(super) client: Option<String>,
    /// IKE: it is about the tunnel.
    #[serde(default)]
    pub(super) tunnel: bool,
    /// What was found of earlier runs, in words.
    pub(super) recovered: Vec<String>,
}

/// A value as a line.
pub(super) fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// The next line without its end; `None` at the end of the stream.
pub(super) fn next_line(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    from.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
    match line.pop() {
        Some(b'\n') => Ok(Some(line)),
        // A line that is cut off is worth nothing: the other end is gone, or is no such program.
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_cross_unchanged() {
        let context = Context {
            target: Some("db01".into()),
            port: Some(2222),
            known_hosts: vec![KnownHostKey {
                key_type: Name::new("ssh-ed25519"),
                fingerprint: "SHA256:x".into(),
                mark: KnownHostMark::Revoked,
                origin: Origin::new(OriginKind::Program { command: "the client's known_hosts".into() }),
            }],
            ..Context::default()
        };
        let crossed = line(&WireContext::from(&context)).unwrap();
        let read: WireContext = serde_json::from_slice(&crossed).unwrap();
        assert_eq!(Context::from(&read), context);
        for question in [Question::Reload, Question::Undo { state: None, id: "1\n2".into() }] {
            let line = line(&question).unwrap();
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let read = next_line(&mut line.as_slice()).unwrap().unwrap();
            let read: Question = serde_json::from_slice(&read).unwrap();
            assert_eq!(format!("{read:?}"), format!("{question:?}"));
        }
        assert!(next_line(&mut &b"cut off"[..]).unwrap().is_none());
    }
}
