//! Scenarios that a person can run and learn from: a fault on loopback, what the real client says of it, the diagnosis, the fix,
//! and a new connection that proves it. All of it happens in a folder of its own.

mod place;
mod scenario;

pub use scenario::{Scenario, scenarios};

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use shakedown_apply::{Exception, State};
use shakedown_model::{Applicability, FileEdit, Outcome, OutcomeResult, Report};

use self::place::{Place, SERVER_NAME, free_port};
use self::scenario::Change;
use crate::{Applying, Error, FixError, Options, Session, Step};

/// What a scenario shows, step by step.
#[derive(Debug)]
#[non_exhaustive]
pub enum LabStep {
    /// A configuration file of an end, without what only makes it run here.
    File {
        /// Whose: `server` or `client`.
        whose: &'static str,
        /// What the scenario is about in it.
        text: String,
    },
    /// The server that was started.
    Started {
        /// Its command line.
        command: String,
    },
    /// What the real client was asked, and what it said. Where no program runs, what one says in such a case.
    Said {
        /// The command line; `None` where no program was run.
        command: Option<String>,
        /// Its words.
        text: String,
    },
    /// The diagnosis, with the fixes.
    Found(Box<Report>),
    /// A step of the fix.
    Fix(Step),
    /// What a person does, which no program may decide.
    ByHand {
        /// In words.
        text: String,
    },
    /// What a new connection, or the rules on the new files, come to.
    Proof(Box<Report>),
    /// The folder that was kept.
    Kept {
        /// Its path.
        folder: PathBuf,
    },
}

/// How a scenario is run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LabOptions {
    /// Leave the files.
    pub keep: bool,
    /// The command that undoes a change which nobody confirms, as in [`Applying`].
    pub guard: Vec<OsString>,
}

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabEnd {
    /// The fault was found as it is described, mended, and a new connection worked.
    Proved,
    /// Something was not as it should be, in words.
    NotProved(String),
    /// Programs that it needs are not here.
    Missing(Vec<String>),
}

/// Why a scenario cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// There is none of this name.
    #[error("there is no scenario `{name}`; `shakedown lab list` shows them{}", suggestion.as_ref().map(|near| format!(", such as `{near}`")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// One that is like it.
        suggestion: Option<String>,
    },
    /// A file, a key or a server cannot be made.
    #[error("the scenario cannot be set up")]
    Io(#[from] io::Error),
    /// An end cannot be read.
    #[error(transparent)]
    End(#[from] Box<Error>),
}

impl From<Error> for LabError {
    fn from(source: Error) -> Self {
        Self::End(Box::new(source))
    }
}

/// A scenario by its name.
///
/// # Errors
/// There is none.
pub fn scenario(name: &str) -> Result<Scenario, LabError> {
    let all = scenarios();
    let near = shakedown_model::nearest(name, all.iter().map(|one| one.name.as_str())).map(str::to_owned);
    let unknown = || LabError::Unknown { name: shakedown_model::Name::new(name).to_string(), suggestion: near };
    all.into_iter().find(|one| one.name == name).ok_or_else(unknown)
}

/// How long a server may take until all of it has read its new file.
const SETTLED: Duration = Duration::from_secs(20);

/// Whether every pair agrees and no cause is likely.
fn works(report: &Report) -> bool {
    let agreed = report.pairs.iter().all(|pair| pair.outcome.result() == OutcomeResult::Agreed);
    agreed && !report.pairs.is_empty() && report.exit_status() == 0
}

fn first_cause(report: &Report) -> Option<&str> {
    report.diagnoses.first().map(|first| first.cause)
}

impl Session {
    /// Runs a scenario.
    ///
    /// # Errors
    /// It cannot be set up. What goes otherwise than it should is in [`LabEnd`].
    pub async fn lab(
        &self,
        scenario: &Scenario,
        options: &LabOptions,
        mut said: impl FnMut(LabStep),
    ) -> Result<LabEnd, LabError> {
        let missing = scenario.missing();
        if !missing.is_empty() {
            return Ok(LabEnd::Missing(missing));
        }
        let place = Place::new(&scenario.name, options.keep)?;
        let end = match scenario.protocol.as_str() {
            "ike" => self.lab_of_files(scenario, &place, &mut said).await,
            _ => self.lab_of_servers(scenario, &place, options, &mut said).await,
        };
        if options.keep {
            said(LabStep::Kept { folder: place.folder.clone() });
        }
        end
    }

    /// Two files, where no program of either end runs.
    async fn lab_of_files(
        &self,
        scenario: &Scenario,
        place: &Place,
        said: &mut dyn FnMut(LabStep),
    ) -> Result<LabEnd, LabError> {
        for (whose, name, end) in
            [("client", "initiator.conf", &scenario.client), ("server", "responder.conf", &scenario.server)]
        {
            place.write(name, &end.config)?;
            said(LabStep::File { whose, text: shakedown_report::mask(&end.config).into_owned() });
        }
        if let Some(text) = &scenario.client.says {
            said(LabStep::Said { command: None, text: text.clone() });
        }
        let (client, server) = (place.text("initiator.conf"), place.text("responder.conf"));
        let named = |path: &str| format!("strongswan@5.9.8:{path}");
        let found = self.negotiate(&named(&client), &named(&server)).await?;
        let cause = first_cause(&found) == Some(&scenario.cause);
        let fits = |fix: &&shakedown_model::Fix| {
            fix.applicability == Applicability::Safe
                && fix.edits.iter().any(|edit| !edit.edits.is_empty())
                && fix.outcome_after.as_ref().map(Outcome::result) == Some(OutcomeResult::Agreed)
        };
        let chosen = found.fixes.iter().find(fits).map(|fix| (fix.title.clone(), fix.edits.clone()));
        let before = works(&found);
        said(LabStep::Found(Box::new(found)));
        if before || !cause {
            return Ok(LabEnd::NotProved(format!("the cause `{}` was expected", scenario.cause)));
        }
        let Some((title, edits)) = chosen else {
            return Ok(LabEnd::NotProved("no safe fix edits one of the files".to_owned()));
        };
        for edit in &edits {
            let text = edited(edit)?;
            std::fs::write(&edit.file.path, text)?;
        }
        said(LabStep::Fix(Step { state: State::Written, text: title }));
        let proof = self.negotiate(&named(&client), &named(&server)).await?;
        let end =
            if works(&proof) { LabEnd::Proved } else { LabEnd::NotProved("the two files still differ".to_owned()) };
        said(LabStep::Proof(Box::new(proof)));
        Ok(end)
    }

    /// A server that runs, and the ordinary client.
    async fn lab_of_servers(
        &self,
        scenario: &Scenario,
        place: &Place,
        options: &LabOptions,
        said: &mut dyn FnMut(LabStep),
    ) -> Result<LabEnd, LabError> {
        let port = free_port()?;
        let (target, file) = set_up(scenario, place, port)?;
        for (whose, end) in [("server", &scenario.server), ("client", &scenario.client)] {
            if !end.config.trim().is_empty() {
                said(LabStep::File { whose, text: end.config.clone() });
            }
        }
        let mut server = place.start(scenario, port)?;
        said(LabStep::Started { command: server.words.clone() });
        let told = |said: &mut dyn FnMut(LabStep)| -> io::Result<()> {
            let (command, text) = place.connect(scenario, port)?;
            said(LabStep::Said { command: Some(command), text });
            Ok(())
        };
        told(said)?;

        let session = Self { options: lab_options(scenario, place), ..self.clone() };
        let second = (scenario.change == Change::Server).then_some(file.as_str());
        let plan = session.fix(&target, second).await?;
        let cause = first_cause(&plan.report) == Some(&scenario.cause);
        let before = plan.before.as_ref().is_some_and(works);
        said(LabStep::Found(Box::new(plan.report.clone())));
        if before || !cause {
            return Ok(LabEnd::NotProved(format!("the cause `{}` was expected", scenario.cause)));
        }
        if let Some(by_hand) = &scenario.by_hand {
            if by_hand.known_key {
                known_hosts(place, port, None)?;
            }
            if let Some(name) = &by_hand.certificate {
                place.certificate(name)?;
                drop(server);
                server = place.start(scenario, port)?;
            }
            said(LabStep::ByHand { text: by_hand.text.clone() });
        } else {
            let exception = scenario.weaker.as_ref().map(|reason| Exception {
                reason: reason.clone(),
                until: shakedown_apply::today().saturating_add(jiff::Span::new().days(90)),
            });
            let (state, guard) = (Some(place.path("state")), options.guard.clone());
            let applying = Applying { state, guard, exception, ..Applying::default() };
            let applied = session.apply(&plan, &applying, |step| said(LabStep::Fix(step.clone()))).await;
            match applied {
                Ok(applied) if applied.state == State::Proved => {}
                Ok(applied) => return Ok(LabEnd::NotProved(applied.because.unwrap_or_default())),
                Err(error @ (FixError::Store(_) | FixError::Refused(_))) => {
                    return Err(io::Error::other(error).into());
                }
                Err(error) => return Ok(LabEnd::NotProved(error.to_string())),
            }
        }
        let until = Instant::now() + SETTLED;
        let mut proof = session.check(&target).await?;
        while !works(&proof) && Instant::now() < until {
            // nginx's old workers may take connections for a moment after the new ones do.
            tokio::time::sleep(Duration::from_millis(500)).await;
            proof = session.check(&target).await?;
        }
        told(said)?;
        let end =
            if works(&proof) { LabEnd::Proved } else { LabEnd::NotProved("a new connection still fails".to_owned()) };
        said(LabStep::Proof(Box::new(proof)));
        drop(server);
        Ok(end)
    }
}

/// What a check in a scenario depends on.
fn lab_options(scenario: &Scenario, place: &Place) -> Options {
    let mut options = Options { timeout: Duration::from_secs(20), ..Options::default() };
    if scenario.protocol == "ssh" {
        options.ssh_config = Some(place.path("ssh_config"));
    } else {
        options.clients = vec![format!("openssl@3.0.17/debian-12:{}", place.text("openssl.cnf"))];
        options.server_name = Some(SERVER_NAME.to_owned());
        options.cacert = Some(place.path("server.pem"));
    }
    options
}

/// Writes the files of a scenario; gives the target and the server's file.
fn set_up(scenario: &Scenario, place: &Place, port: u16) -> io::Result<(String, String)> {
    let (server, client) = (scenario.server.config.trim_end(), scenario.client.config.trim_end());
    if scenario.protocol == "ssh" {
        let keys = place.host_keys(&scenario.server.keys)?;
        let keys: String = keys.iter().map(|key| format!("HostKey {key}\n")).collect();
        let own = format!("Port {port}\nListenAddress 127.0.0.1\nUsePAM no\nStrictModes no\nPidFile none\n{keys}");
        place.write("sshd_config", &format!("{server}\n# what the lab needs\n{own}"))?;
        let other = if scenario.client.other_known_key { Some(place.other_key()?) } else { None };
        known_hosts(place, port, other.as_deref())?;
        let own = format!(
            "UserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n",
            place.text("known_hosts")
        );
        place.write("ssh_config", &format!("# what the lab needs\n{own}{client}\n"))?;
        return Ok((format!("ssh://127.0.0.1:{port}"), place.text("sshd_config")));
    }
    place.certificate(scenario.server.certificate.as_deref().unwrap_or(SERVER_NAME))?;
    let folder = place.folder.display();
    let text = format!(
        "daemon off; worker_processes 1; pid {folder}/pid; error_log stderr notice;\nevents {{ worker_connections 64; }}\n\
         http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;\n\
         fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n\
         server {{\n  listen 127.0.0.1:{port} ssl; server_name {SERVER_NAME};\n  ssl_certificate {folder}/server.pem;\n  \
         ssl_certificate_key {folder}/server.key;\n{server}\n  return 200;\n}} }}\n",
    );
    place.write("nginx.conf", &text)?;
    let text = format!(
        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = here\n[here]\n\
         CipherString = DEFAULT@SECLEVEL=2\nMinProtocol = TLSv1.2\n{client}\n"
    );
    place.write("openssl.cnf", &text)?;
    Ok((format!("tls://127.0.0.1:{port}"), place.text("nginx.conf")))
}

/// Writes the known_hosts file of the client: with this key, or with those of the server.
fn known_hosts(place: &Place, port: u16, other: Option<&str>) -> io::Result<()> {
    let mut lines = String::new();
    let keys = match other {
        Some(key) => vec![key.to_owned()],
        None => {
            let names = std::fs::read_dir(&place.folder)?.filter_map(Result::ok).map(|entry| entry.file_name());
            let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
            names.retain(|name| name.starts_with("host_") && name.ends_with(".pub"));
            names.sort();
            names.iter().map(|name| place.read(name)).collect::<io::Result<_>>()?
        }
    };
    for key in keys {
        lines.push_str(&format!("[127.0.0.1]:{port} {}\n", key.trim()));
    }
    place.write("known_hosts", &lines)
}

/// The file's own bytes with the edits: the text that was read of it has stars for secrets.
fn edited(edit: &FileEdit) -> io::Result<Vec<u8>> {
    let mut bytes = std::fs::read(&edit.file.path)?;
    let mut edits: Vec<_> = edit.edits.iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    for edit in edits {
        if bytes.get(edit.span.clone()).is_none() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        bytes.splice(edit.span.clone(), edit.replacement.bytes());
    }
    Ok(bytes)
}
