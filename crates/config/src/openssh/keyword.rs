//! The keywords of `ssh_config` and `sshd_config`, as the version read for knows them.

use shakedown_model::{Role, Software, nearest};

/// A keyword of one of the two files.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Keyword {
    /// As the manual page writes it.
    pub(crate) name: &'static str,
    /// What an alias stands for; otherwise the name.
    pub(crate) canonical: &'static str,
    pub(crate) kind: Kind,
    since: Version,
    until: Option<Version>,
    obsolete: Option<(Obsolete, Version)>,
    match_since: Option<Version>,
    /// Every occurrence counts, not only the first.
    pub(crate) multiple: bool,
    distributions: &'static [&'static str],
}

/// The grammar of a keyword's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A list of algorithm names.
    Names(ListKind),
    /// One of these words, whatever their case.
    Values(&'static [&'static str]),
    /// A number.
    Integer,
    /// A time such as `1h30m`; `none` where that is a word for it.
    Time {
        /// Whether `none` is a time.
        none: bool,
    },
    /// A port or the name of a service.
    Port,
    /// An amount of data and, optionally, a time.
    RekeyLimit,
    /// One text.
    Text,
    /// One text or more.
    Texts,
    /// The rest of the line as it stands.
    Command,
    /// Jump hosts; the rest of the line as it stands.
    Jump,
    /// `Host`.
    Host,
    /// `Match`.
    Match,
    /// `Include`.
    Include,
    /// Not looked into here: it has nothing to do with a key exchange.
    Other,
}

/// Which algorithms a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    Kex,
    Cipher,
    Mac,
    KeyType,
}

/// How a keyword that does nothing any more is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obsolete {
    /// Passed over; sshd says so.
    Deprecated,
    /// Passed over, with a warning.
    Unsupported,
    /// Passed over in silence.
    Ignored,
}

/// Major and minor version of OpenSSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u16, pub(crate) u16);

include!(concat!(env!("OUT_DIR"), "/openssh_keywords.rs"));

/// Whether some version of either program has the keyword, and it stands for itself.
pub(crate) fn is_canonical(name: &str) -> bool {
    CLIENT.iter().chain(SERVER).any(|keyword| keyword.name == name && keyword.canonical == name)
}

/// What decides which keywords and which quoting rules hold.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub(crate) role: Role,
    pub(crate) version: Version,
    distribution: Option<String>,
}

impl Dialect {
    /// The dialect of a version; that of the newest where the text is not a version of OpenSSH.
    pub(crate) fn new(role: Role, software: &Software) -> Self {
        let number = |text: &str| text.parse::<u16>().ok();
        let mut parts = software.version().split(|c: char| !c.is_ascii_digit());
        let version = match (parts.next().and_then(number), parts.next().and_then(number)) {
            (Some(major), Some(minor)) => Version(major, minor),
            _ => Version(u16::MAX, 0),
        };
        let distribution = software.build().map(|build| build.split('-').next().unwrap_or(build).to_owned());
        Self { role, version, distribution }
    }

    /// Since 8.7 quotes and backslashes are those of `argv_split`, and `#` ends a line's arguments.
    pub(crate) fn splits_like_argv(&self) -> bool {
        self.version >= Version(8, 7)
    }

    /// Since 9.9 so in `Match` lines.
    pub(crate) fn splits_match_like_argv(&self) -> bool {
        self.version >= Version(9, 9)
    }

    /// Whether the build is of a distribution that lets a group read host keys (RHEL's `ssh_keys`).
    pub(crate) fn has_ssh_keys_group(&self) -> bool {
        matches!(
            self.distribution.as_deref(),
            Some("rhel" | "centos" | "fedora" | "rocky" | "alma" | "almalinux" | "oracle")
        )
    }

    fn table(&self) -> &'static [Keyword] {
        match self.role {
            Role::Client => CLIENT,
            Role::Server => SERVER,
        }
    }

    fn has(&self, keyword: &Keyword) -> bool {
        self.version >= keyword.since
            && keyword.until.is_none_or(|until| self.version <= until)
            && (keyword.distributions.is_empty()
                || self.distribution.as_deref().is_some_and(|name| keyword.distributions.contains(&name)))
    }

    /// The keyword of this spelling, whatever its case.
    pub(crate) fn find(&self, text: &str) -> Option<&'static Keyword> {
        self.table().iter().find(|keyword| keyword.name.eq_ignore_ascii_case(text) && self.has(keyword))
    }

    /// Whether this version passes the keyword over.
    pub(crate) fn obsolete(&self, keyword: &Keyword) -> Option<Obsolete> {
        keyword.obsolete.and_then(|(how, since)| (self.version >= since).then_some(how))
    }

    /// Whether the server allows the keyword in a `Match` block.
    pub(crate) fn allowed_in_match(&self, keyword: &Keyword) -> bool {
        keyword.match_since.is_some_and(|since| self.version >= since)
    }

    /// A keyword that this version does not have, but another version, the other program or another build.
    pub(crate) fn elsewhere(&self, text: &str) -> Option<String> {
        let same = |keyword: &&Keyword| keyword.name.eq_ignore_ascii_case(text);
        if let Some(keyword) = self.table().iter().find(same) {
            return Some(if self.version < keyword.since {
                format!("`{}` exists since OpenSSH {}.{}", keyword.name, keyword.since.0, keyword.since.1)
            } else if let Some(until) = keyword.until.filter(|until| self.version > *until) {
                format!("`{}` existed until OpenSSH {}.{}", keyword.name, until.0, until.1)
            } else {
                format!("`{}` exists in builds of {}", keyword.name, keyword.distributions.join(", "))
            });
        }
        let (other, file) = match self.role {
            Role::Client => (SERVER, "sshd_config"),
            Role::Server => (CLIENT, "ssh_config"),
        };
        other.iter().find(same).map(|keyword| format!("`{}` is a keyword of `{file}`", keyword.name))
    }

    /// The keyword that was probably meant.
    pub(crate) fn nearest(&self, text: &str) -> Option<&'static str> {
        let names = self.table().iter().filter(|keyword| self.has(keyword) && self.obsolete(keyword).is_none());
        nearest(text, names.map(|keyword| keyword.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(role: Role, software: &str) -> Dialect {
        Dialect::new(role, &software.parse().unwrap())
    }

    #[test]
    fn versions_decide_which_keywords_there_are() {
        let new = dialect(Role::Client, "openssh@9.2p1/debian-12");
        assert_eq!(new.find("kexalgorithms").unwrap().name, "KexAlgorithms");
        assert_eq!(new.find("PubkeyAcceptedKeyTypes").unwrap().canonical, "PubkeyAcceptedAlgorithms");
        assert!(new.find("Tag").is_none());
        assert!(new.find("GSSAPIKexAlgorithms").is_some());
        assert!(new.elsewhere("tag").unwrap().contains("since OpenSSH 9.4"));
        assert_eq!(new.nearest("Cipers"), Some("Ciphers"));
        assert!(new.elsewhere("PermitRootLogin").unwrap().contains("sshd_config"));
        assert!(dialect(Role::Client, "openssh@9.2p1").find("GSSAPIKexAlgorithms").is_none());
        assert!(dialect(Role::Client, "openssh@5.6p1").find("KexAlgorithms").is_none());
    }

    #[test]
    fn some_server_keywords_may_not_stand_in_a_match_block() {
        let server = dialect(Role::Server, "openssh@9.2p1");
        assert!(!server.allowed_in_match(server.find("Ciphers").unwrap()));
        assert!(server.allowed_in_match(server.find("RequiredRSASize").unwrap()));
        assert_eq!(server.obsolete(server.find("ServerKeyBits").unwrap()), Some(Obsolete::Deprecated));
    }
}
