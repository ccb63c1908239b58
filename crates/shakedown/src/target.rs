//! What a person types as a target: a URL, `host`, `user@host`, `git@host:repo`, `host:port`.

use shakedown_model::Protocol;

/// A live end as the person named it, before any configuration is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The protocol, from the scheme or the port; SSH where nothing says otherwise.
    pub protocol: Protocol,
    /// The scheme as written (`ssh`, `sftp`, `https`, ...), where there was one.
    pub scheme: Option<String>,
    /// The user, where one was named.
    pub user: Option<String>,
    /// The name or address, without brackets.
    pub host: String,
    /// The port, where one was named.
    pub port: Option<u16>,
}

/// Why a text is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// There is no host in it.
    #[error("`{text}` names no host: write `HOST`, `USER@HOST` or `ssh://USER@HOST:PORT`")]
    NoHost {
        /// The text.
        text: String,
    },
    /// The port is not a number from 1 to 65535.
    #[error("`{port}` is not a port: use a number from 1 to 65535")]
    BadPort {
        /// The port as written.
        port: String,
    },
    /// No such scheme.
    #[error("`{scheme}://` is not a scheme that is known here: use `ssh://` or `sftp://`")]
    UnknownScheme {
        /// The scheme as written.
        scheme: String,
    },
    /// A character that no host name holds.
    #[error("`{host}` is not a host name or address")]
    BadHost {
        /// The host as written, escaped.
        host: String,
    },
}

const SSH_SCHEMES: [&str; 5] = ["ssh", "sftp", "scp", "git+ssh", "ssh+git"];
const IKE_SCHEMES: [&str; 2] = ["ike", "ipsec"];
const TLS_SCHEMES: [&str; 27] = [
    "tls",
    "https",
    "smtp",
    "smtps",
    "lmtp",
    "submission",
    "imap",
    "imaps",
    "pop3",
    "pop3s",
    "ftp",
    "ftps",
    "ldap",
    "ldaps",
    "xmpp",
    "xmpp-client",
    "xmpp-server",
    "nntp",
    "sieve",
    "postgres",
    "mysql",
    "mssql",
    "rdp",
    "irc",
    "ircs",
    "telnet",
    "wss",
];

impl std::str::FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((scheme, rest)) = text.split_once("://") {
            return from_url(text, scheme, rest);
        }
        let (user, rest) = split_user(text);
        let (host, port, named_protocol) = if let Some(bracketed) = rest.strip_prefix('[') {
            let (host, after) = bracketed.split_once(']').ok_or_else(|| bad_host(rest))?;
            match after.strip_prefix(':') {
                Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(parse_port(port)?), true),
                _ => (host, None, false),
            }
        } else if rest.parse::<std::net::Ipv6Addr>().is_ok() {
            (rest, None, false)
        } else {
            match rest.split_once(':') {
                // `host:22` is a port; `git@host:repo` and `host:path` are what scp and git write.
                Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                    (host, Some(parse_port(port)?), true)
                }
                Some((host, _path)) => (host, None, false),
                None => (rest, None, false),
            }
        };
        let protocol = match port {
            Some(443 | 465 | 636 | 853 | 990 | 993 | 995 | 8443) if named_protocol && user.is_none() => Protocol::Tls,
            Some(500 | 4500) if named_protocol && user.is_none() => Protocol::Ike,
            _ => Protocol::Ssh,
        };
        Ok(Self { protocol, scheme: None, user: owned(user), host: checked_host(text, host)?, port })
    }
}

fn from_url(text: &str, scheme: &str, rest: &str) -> Result<Target, TargetError> {
    let scheme = scheme.to_ascii_lowercase();
    let protocol = if SSH_SCHEMES.contains(&scheme.as_str()) {
        Protocol::Ssh
    } else if IKE_SCHEMES.contains(&scheme.as_str()) {
        Protocol::Ike
    } else if TLS_SCHEMES.contains(&scheme.as_str()) {
        Protocol::Tls
    } else {
        return Err(TargetError::UnknownScheme { scheme });
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let (user, host_port) = split_user(authority);
    // A password in a URL is never kept.
    let user = user.map(|user| user.split(':').next().unwrap_or(user));
    let (host, port) = if let Some(bracketed) = host_port.strip_prefix('[') {
        let (host, after) = bracketed.split_once(']').ok_or_else(|| bad_host(host_port))?;
        (host, after.strip_prefix(':').filter(|port| !port.is_empty()))
    } else {
        match host_port.rsplit_once(':') {
            Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
            None => (host_port, None),
        }
    };
    let port = port.map(parse_port).transpose()?;
    Ok(Target { protocol, scheme: Some(scheme), user: owned(user), host: checked_host(text, host)?, port })
}

fn split_user(text: &str) -> (Option<&str>, &str) {
    match text.rsplit_once('@') {
        Some((user, rest)) if !user.is_empty() => (Some(user), rest),
        Some((_, rest)) => (None, rest),
        None => (None, text),
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn parse_port(text: &str) -> Result<u16, TargetError> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(TargetError::BadPort { port: shakedown_model::Name::new(text).to_string() }),
    }
}

fn bad_host(host: &str) -> TargetError {
    TargetError::BadHost { host: shakedown_model::Name::new(host).to_string() }
}

fn checked_host(text: &str, host: &str) -> Result<String, TargetError> {
    if host.is_empty() {
        return Err(TargetError::NoHost { text: shakedown_model::Name::new(text).to_string() });
    }
    // A name that begins with `-` would be an option to `ssh`; control characters and blanks are in no name.
    if host.starts_with('-')
        || host.chars().any(|c| c.is_control() || c.is_whitespace() || "/\\'\"`$;|&<>()".contains(c))
    {
        return Err(bad_host(host));
    }
    Ok(host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        text.parse().unwrap()
    }

    #[test]
    fn what_people_type() {
        let table = [
            ("db01", None, "db01", None),
            ("root@db01", Some("root"), "db01", None),
            ("git@forge.example:group/repo.git", Some("git"), "forge.example", None),
            ("sftp://files.example/inbox", None, "files.example", None),
            ("ssh://bob@db01:2222", Some("bob"), "db01", Some(2222)),
            ("ssh://bob:secret@db01", Some("bob"), "db01", None),
            ("db01:2222", None, "db01", Some(2222)),
            ("::1", None, "::1", None),
            ("[::1]:2222", None, "::1", Some(2222)),
            ("ssh://[2001:db8::1]:22/", None, "2001:db8::1", Some(22)),
            ("bob@example.org@db01", Some("bob@example.org"), "db01", None),
        ];
        for (text, user, host, port) in table {
            let target = target(text);
            assert_eq!((target.user.as_deref(), target.host.as_str(), target.port), (user, host, port), "{text}");
            assert_eq!(target.protocol, Protocol::Ssh, "{text}");
        }
        assert_eq!(target("www.example:443").protocol, Protocol::Tls);
        assert_eq!(target("https://www.example").protocol, Protocol::Tls);
        assert_eq!(target("ike://gw").protocol, Protocol::Ike);
    }

    #[test]
    fn what_is_no_target() {
        for text in
            ["", "@", "ssh://", "ssh://:22", "-oProxyCommand=x", "a b", "db01:0", "db01:70000", "gopher://x", "$(x)"]
        {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
