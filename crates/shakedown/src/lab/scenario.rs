//! What a scenario is: a file of the folder `lab`.

use serde::Deserialize;

include!(concat!(env!("OUT_DIR"), "/lab.rs"));

/// A scenario of the lab. The name is that of its file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// What goes wrong, in one line.
    pub title: String,
    /// `ssh`, `tls` or `ike`.
    pub protocol: String,
    /// What one learns.
    pub learn: String,
    /// The cause that is to be found.
    pub cause: String,
    #[serde(default)]
    pub(super) server: End,
    #[serde(default)]
    pub(super) client: End,
    /// Which end changes.
    pub(super) change: Change,
    /// Why security is lowered, where the change does that.
    #[serde(default)]
    pub(super) weaker: Option<String>,
    /// What a person does, where no program may.
    #[serde(default)]
    pub(super) by_hand: Option<ByHand>,
}

/// One end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct End {
    /// Lines of its configuration: all of it, or what the lab puts into a file that runs.
    #[serde(default)]
    pub(super) config: String,
    /// SSH: the types of the host keys (`ssh-keygen -t`).
    #[serde(default)]
    pub(super) keys: Vec<String>,
    /// TLS: the name in the certificate.
    #[serde(default)]
    pub(super) certificate: Option<String>,
    /// SSH: the known_hosts file of the client has another key.
    #[serde(default)]
    pub(super) other_known_key: bool,
    /// What it says, where no program runs that could.
    #[serde(default)]
    pub(super) says: Option<String>,
}

/// Which end changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    /// The server's file, by `fix --apply`.
    Server,
    /// The client's file, by `fix --apply`.
    Client,
    /// What a person decides.
    ByHand,
}

/// What a person does.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ByHand {
    /// In words.
    pub(super) text: String,
    /// TLS: the name in the new certificate.
    #[serde(default)]
    pub(super) certificate: Option<String>,
    /// SSH: the server's real key is put into the known_hosts file.
    #[serde(default)]
    pub(super) known_key: bool,
}

impl Scenario {
    /// Whether its fix lowers security.
    pub fn weakens(&self) -> bool {
        self.weaker.is_some()
    }

    /// The programs that it needs on this machine.
    pub fn needs(&self) -> &'static [&'static str] {
        match self.protocol.as_str() {
            "ssh" => &["sshd", "ssh", "ssh-keygen"],
            "tls" => &["nginx", "openssl"],
            _ => &[],
        }
    }

    /// Those of them that are not here.
    pub fn missing(&self) -> Vec<String> {
        let gone = |name: &&&str| crate::installed::find(name).is_none();
        self.needs().iter().filter(gone).map(|name| (*name).to_owned()).collect()
    }
}

/// All scenarios, by name; those that are no such file, of which a test makes sure that there are none, are left out.
pub fn scenarios() -> Vec<Scenario> {
    let read = |(name, text): &(&str, &str)| {
        let mut scenario: Scenario = toml::from_str(text).ok()?;
        (*name).clone_into(&mut scenario.name);
        Some(scenario)
    };
    FILES.iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_scenario() {
        for (name, text) in FILES {
            let scenario: Scenario = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(crate::cause(&scenario.cause).is_ok(), "{name}: {}", scenario.cause);
            assert!(["ssh", "tls", "ike"].contains(&scenario.protocol.as_str()), "{name}");
            assert!(name.starts_with(&scenario.protocol), "{name}");
            assert_eq!(scenario.change == Change::ByHand, scenario.by_hand.is_some(), "{name}");
            assert!(!scenario.learn.trim().is_empty() && !scenario.title.ends_with('.'), "{name}");
        }
        assert!(FILES.len() >= 12);
    }
}
