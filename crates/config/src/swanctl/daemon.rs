//! `strongswan.conf`: what of the daemon's own settings changes what two ends agree on.

use shakedown_model::ike::Preference;
use shakedown_model::{ConfigProblem, Evidence, Fact, Party, Policy};

use super::party::is_on;
use crate::files::{FileError, Files};
use crate::settings::Settings;
use crate::value::Value;

/// The settings of a `strongswan.conf` that count in a negotiation.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// `prefer_configured_proposals`: as responder, whose order decides.
    preference: Option<Preference>,
    /// `i_dont_care_about_security_and_use_aggressive_mode_psk`.
    aggressive_psk: Option<bool>,
    notes: Vec<String>,
    /// What is wrong with the file.
    pub evidence: Vec<Evidence>,
}

/// Reads a `strongswan.conf` with what it includes. Settings of `charon-systemd` come before those of `charon`.
///
/// # Errors
/// The main file cannot be read.
pub fn daemon(files: &dyn Files, path: &str) -> Result<Daemon, FileError> {
    let settings = Settings::read(files, path)?;
    let mut daemon =
        Daemon { preference: None, aggressive_psk: None, notes: settings.notes.clone(), evidence: Vec::new() };
    if let Some(problem) = settings.problem {
        let fact = Fact::Configuration { problem: ConfigProblem::Syntax, message: problem.message, suggestion: None };
        daemon.evidence.push(Evidence::new(fact).at(problem.origin));
        return Ok(daemon);
    }
    let value = |name: &str| -> Option<&Value> {
        ["charon-systemd", "charon"].iter().find_map(|section| settings.root.section(section)?.value(name))
    };
    let on = |name: &str| value(name).map(|value| is_on(value.as_str()));
    daemon.preference = on("prefer_configured_proposals").map(|own| match own {
        true => Preference::Responder,
        false => Preference::Initiator,
    });
    daemon.aggressive_psk = on("i_dont_care_about_security_and_use_aggressive_mode_psk");
    if value("load").is_some() {
        daemon.notes.push(
            "`strongswan.conf` lists the plugins by hand: proposals with algorithms that none of them brings are dropped, and \
             which those are is not worked out here; `swanctl --list-algs` would tell"
                .to_owned(),
        );
    }
    for name in ["port", "port_nat_t"] {
        if let Some(port) = value(name).filter(|port| !matches!(port.as_str(), "500" | "4500")) {
            daemon.notes.push(format!(
                "`strongswan.conf` sets `{name}` to `{}`: the other end has to be told",
                shakedown_model::Name::new(port.as_str())
            ));
        }
    }
    Ok(daemon)
}

impl Daemon {
    /// The party as this daemon would be it.
    pub fn apply(&self, party: &mut Party) {
        if let Policy::Ike(policy) = &mut party.policy {
            if let Some(preference) = self.preference {
                policy.preference = preference;
            }
            if let (Some(accepts), Some(peering)) = (self.aggressive_psk, &mut policy.peering) {
                peering.refuses_aggressive_psk = !accepts;
            }
        }
        party.notes.extend(self.notes.iter().cloned());
    }
}
