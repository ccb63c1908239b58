//! What `ssh_config` says of the way to the target: names, jumps, known hosts.

use shakedown_model::{Context, Item, Known, Origin};

use super::client::ClientReader;
use super::keyword::Version;
use super::party::OtherLists;
use super::setting::Settings;
use super::time;
use super::tokens::{Tokens, UnknownToken};
use crate::files::Files;

/// The client's settings for one target, tokens expanded. Paths may begin with `~/`, which [`Files`] understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSettings {
    /// The host to connect to, after `HostName`; `None` without a target.
    pub host_name: Option<String>,
    /// The port.
    pub port: u16,
    /// The remote user; `None` where neither the configuration nor the context names one.
    pub user: Option<String>,
    /// The jump hosts, first hop first; empty for none.
    pub proxy_jump: Vec<Jump>,
    /// The command whose input and output are the connection.
    pub proxy_command: Option<String>,
    /// The name under which the host's keys are known, where it is not its own.
    pub host_key_alias: Option<String>,
    /// What known_hosts files are searched for: the alias, the host or `[host]:port`.
    pub known_hosts_name: Option<String>,
    /// The user's known_hosts files.
    pub user_known_hosts_files: Vec<String>,
    /// The machine's known_hosts files.
    pub global_known_hosts_files: Vec<String>,
    /// The file of revoked host keys.
    pub revoked_host_keys: Option<String>,
    /// What happens with unknown host keys.
    pub strict_host_key_checking: StrictHostKeyChecking,
    /// The local address to connect from.
    pub bind_address: Option<String>,
    /// The local interface to connect from.
    pub bind_interface: Option<String>,
    /// The address family to connect with.
    pub address_family: AddressFamily,
    /// The time to connect in, in seconds.
    pub connect_timeout: Option<u32>,
    /// The user's key files, as configured; empty for the default ones.
    pub identity_files: Vec<String>,
    /// The signature algorithms that the user signs with.
    pub pubkey_accepted_algorithms: Known<Vec<Item>>,
    /// The signature algorithms accepted from the authorities of host certificates.
    pub ca_signature_algorithms: Known<Vec<Item>>,
    /// What could not be found out, one sentence each.
    pub notes: Vec<String>,
}

/// A jump host of `ProxyJump`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The user there.
    pub user: Option<String>,
    /// The host, without brackets.
    pub host: String,
    /// The port there.
    pub port: Option<u16>,
}

/// `StrictHostKeyChecking`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrictHostKeyChecking {
    /// Unknown keys are refused.
    Yes,
    /// Every key is accepted.
    No,
    /// The user is asked.
    Ask,
    /// Unknown keys are accepted and kept, changed ones refused.
    AcceptNew,
}

/// `AddressFamily`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFamily {
    /// Both.
    Any,
    /// IPv4 only.
    Inet,
    /// IPv6 only.
    Inet6,
}

/// Since then the jump host counts for `%C`.
pub(crate) const HASHES_JUMP: Version = Version(9, 6);

const USER_FILES: [&str; 2] = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
const GLOBAL_FILES: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// A text that is set and is not `none`.
fn unless_none(settings: &Settings, keyword: &str) -> Option<String> {
    settings.text(keyword).filter(|text| !text.eq_ignore_ascii_case("none"))
}

fn files(settings: &Settings, keyword: &str, default: &[&str]) -> Vec<String> {
    let Some(setting) = settings.first(keyword) else { return default.iter().map(|&path| path.to_owned()).collect() };
    let mut paths = setting.texts();
    paths.retain(|path| !path.eq_ignore_ascii_case("none"));
    paths
}

impl ClientSettings {
    pub(crate) fn new(reader: &ClientReader<'_>, context: &Context, lists: &OtherLists) -> Self {
        let settings = &reader.settings;
        let host_name = reader.host_name();
        let port = context.port.or_else(|| settings.text("Port").and_then(|text| time::port(&text))).unwrap_or(22);
        let user = context.user.clone().or_else(|| settings.text("User")).or_else(|| context.local_user.clone());
        let host_key_alias = settings.text("HostKeyAlias").map(|alias| alias.to_ascii_lowercase());
        let proxy_jump = jumps(settings);
        let tokens = Tokens {
            host: host_name.clone(),
            original_host: context.target.clone(),
            port: Some(port),
            remote_user: user.clone(),
            local_user: context.local_user.clone(),
            home: reader.reader.files.home().map(str::to_owned),
            key_alias: host_key_alias.clone().or_else(|| context.target.clone()),
            jump: proxy_jump.last().map(|jump| jump.host.clone()),
            user_id: Some(reader.reader.files.user_id()),
            this_host: reader.reader.files.host_name(),
            hashes_jump: reader.reader.dialect.version >= HASHES_JUMP,
        };
        let mut notes = Vec::new();
        let files_of = reader.reader.files;
        let mut expand = |keyword: &str, text: String, environment: bool| {
            let expanded = match environment {
                true => tokens.expand_with_environment(&text, files_of),
                false => tokens.expand(&text),
            };
            expanded.unwrap_or_else(|UnknownToken(token)| {
                notes.push(format!("`{token}` in `{keyword}` is not known here, and stands as it is"));
                text
            })
        };
        let user_files = files(settings, "UserKnownHostsFile", &USER_FILES).into_iter();
        let user_known_hosts_files = user_files.map(|path| expand("UserKnownHostsFile", path, true)).collect();
        let proxy_command = proxy_command(settings).map(|command| expand("ProxyCommand", command, false));
        let revoked = unless_none(settings, "RevokedHostKeys");
        let revoked_host_keys = revoked.map(|path| expand("RevokedHostKeys", path, true));
        let identity_files = settings.all("IdentityFile").iter().filter_map(|setting| setting.text(0));
        let identity_files = identity_files.map(|path| expand("IdentityFile", path, true)).collect();
        let canonicalize = settings.text("CanonicalizeHostname").unwrap_or_default().to_ascii_lowercase();
        if matches!(canonicalize.as_str(), "yes" | "true" | "always") {
            notes.push("`CanonicalizeHostname` is on: the name's canonical form is not looked up here".into());
        }
        let known_hosts_name =
            host_key_alias.clone().or_else(|| host_name.as_deref().map(|host| with_port(host, port)));
        Self {
            host_name,
            port,
            user,
            proxy_jump,
            proxy_command,
            host_key_alias,
            known_hosts_name,
            user_known_hosts_files,
            global_known_hosts_files: files(settings, "GlobalKnownHostsFile", &GLOBAL_FILES),
            revoked_host_keys,
            strict_host_key_checking: match word(settings, "StrictHostKeyChecking").as_str() {
                "yes" | "true" => StrictHostKeyChecking::Yes,
                "no" | "false" | "off" => StrictHostKeyChecking::No,
                "accept-new" => StrictHostKeyChecking::AcceptNew,
                _ => StrictHostKeyChecking::Ask,
            },
            bind_address: settings.text("BindAddress"),
            bind_interface: settings.text("BindInterface"),
            address_family: match word(settings, "AddressFamily").as_str() {
                "inet" => AddressFamily::Inet,
                "inet6" => AddressFamily::Inet6,
                _ => AddressFamily::Any,
            },
            connect_timeout: settings.text("ConnectTimeout").and_then(|text| time::seconds(&text)),
            identity_files,
            pubkey_accepted_algorithms: lists.pubkey_accepted.clone(),
            ca_signature_algorithms: lists.ca_signature.clone(),
            notes,
        }
    }
}

/// The message of ssh where the last jump host is the target itself, and the directive.
pub(crate) fn jump_loop(settings: &ClientSettings, directives: &Settings) -> Option<(String, Origin)> {
    let jump = settings.proxy_jump.last()?;
    let same = Some(&jump.host) == settings.host_name.as_ref()
        && jump.port.unwrap_or(22) == settings.port
        && (jump.user.is_none() || jump.user == settings.user);
    let directive = directives.first("ProxyJump").filter(|_| same)?;
    Some((format!("jumphost loop via {}", jump.host), directive.place(directive.rest.clone())))
}

pub(crate) fn word(settings: &Settings, keyword: &str) -> String {
    settings.text(keyword).unwrap_or_default().to_ascii_lowercase()
}

/// `put_host_port`: the standard port is not written.
pub(crate) fn with_port(host: &str, port: u16) -> String {
    if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") }
}

/// `ProxyCommand`, tokens as they stand.
pub(crate) fn proxy_command(settings: &Settings) -> Option<String> {
    let command = settings.first("ProxyCommand")?.rest_text();
    let command = command.trim_start_matches([' ', '\t', '\r', '\n', '=']);
    (!command.eq_ignore_ascii_case("none")).then(|| command.to_owned())
}

/// `ProxyJump` as written, without a comment.
pub(crate) fn proxy_jump(settings: &Settings) -> Option<String> {
    let text = settings.first("ProxyJump")?.rest_text();
    let text = text.trim_start_matches([' ', '\t', '\r', '\n', '=']);
    let text = text.split('#').next().unwrap_or("").trim_end();
    (!text.eq_ignore_ascii_case("none") && !text.is_empty()).then(|| text.to_owned())
}

/// The last hop before the target.
pub(crate) fn last_jump(settings: &Settings) -> Option<String> {
    jumps(settings).pop().map(|jump| jump.host)
}

fn jumps(settings: &Settings) -> Vec<Jump> {
    let Some(text) = proxy_jump(settings) else { return Vec::new() };
    text.split(',').filter_map(Jump::parse).collect()
}

impl Jump {
    /// `[user@]host[:port]` or `ssh://[user@]host[:port]`; `None` where it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let text = match text.strip_prefix("ssh://") {
            Some(rest) => rest.split('/').next().unwrap_or(rest),
            None => text,
        };
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) if !user.is_empty() => (Some(user), rest),
            Some(_) => return None,
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(inner) => {
                let (host, after) = inner.split_once(']')?;
                (host, after.strip_prefix(':').unwrap_or(after))
            }
            None => rest.split_once(':').unwrap_or((rest, "")),
        };
        let port = if port.is_empty() { None } else { Some(time::port(port)?) };
        (!host.is_empty()).then(|| Self { user: user.map(str::to_owned), host: host.to_owned(), port })
    }
}

impl std::fmt::Display for Jump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        // Addresses are put in brackets, as `ssh -G` prints them.
        let address = self.host.contains(':') || self.host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if address {
            write!(f, "[{}]", self.host)?
        } else {
            f.write_str(&self.host)?
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The path with the home in place of `~`, as `ssh -G` prints it.
pub(crate) fn at_home(files: &dyn Files, path: &str) -> String {
    match (path.strip_prefix("~/"), files.home()) {
        (Some(rest), Some(home)) => format!("{}/{rest}", home.trim_end_matches('/')),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jump_hosts() {
        let read = |text| Jump::parse(text).map(|jump| jump.to_string());
        assert_eq!(read("me@gate:2222").as_deref(), Some("me@gate:2222"));
        assert_eq!(read("ssh://me@gate:22/").as_deref(), Some("me@gate:22"));
        assert_eq!(read("[2001:db8::1]:22").as_deref(), Some("[2001:db8::1]:22"));
        assert_eq!(read("192.0.2.1").as_deref(), Some("[192.0.2.1]"));
        assert_eq!(read("gate:x"), None);
        assert_eq!(read("@gate"), None);
    }
}
