use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use shakedown_model::{Context, Role};

/// What a call depends on besides its parties. The default is what `shakedown` does without options.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The total deadline for one target.
    pub timeout: Duration,
    /// IPv4 only, IPv6 only, or both.
    pub family: Family,
    /// The local address to connect from.
    pub source: Option<IpAddr>,
    /// Addresses to connect to instead of those of the name (`--connect`); port 0 is the target's own.
    pub connect: Vec<SocketAddr>,
    /// TLS: the name to send instead of the target's, or `none` (`--sni`).
    pub server_name: Option<String>,
    /// TLS: the authorities to trust instead of this machine's (`--cacert`).
    pub cacert: Option<PathBuf>,
    /// TLS: revocation lists that certificates are looked up in (`--crl`).
    pub crls: Vec<PathBuf>,
    /// TLS: the certificate that the client shows to servers that ask for one, with its chain, in PEM (`--cert`).
    pub certificate: Option<PathBuf>,
    /// TLS: the private key of that certificate, in PEM; `None` where it stands in the same file (`--key`).
    pub key: Option<PathBuf>,
    /// The file with the passphrase of that key, in its first line (`--key-passphrase-file`); `None` for the variable
    /// [`Options::KEY_PASSPHRASE_VARIABLE`].
    pub key_passphrase_file: Option<PathBuf>,
    /// TLS, and whatever is relayed: the proxy to go through, `http://HOST:PORT` or `socks5://HOST:PORT` (`--proxy`).
    pub proxy: Option<String>,
    /// Clients that take the place of this machine's own (`--as`).
    pub clients: Vec<String>,
    /// Logs, and offers recorded by `listen`, of which `fix` takes the clients that were seen (`--seen-in`).
    pub seen_in: Vec<PathBuf>,
    /// Other parties that meet either end: a fix says which of them it would cut off or let in.
    pub known_peers: Vec<shakedown_model::Party>,
    /// IKE: how far an initiator goes, and what it proves itself with.
    pub initiator: InitiatorOptions,
    /// IKE: over TCP (RFC 9329) in the place of UDP (`--tcp`).
    pub ike_over_tcp: bool,
    /// The client's configuration that is read instead of this user's own (`-F`).
    pub ssh_config: Option<PathBuf>,
    /// The name that a client's `Host` and `Match` see (`--host`).
    pub host: Option<String>,
    /// What a server's `Match` sees (`--context`).
    pub context: Context,
    /// The folder that stands for `/` when a foreign configuration is read (`--root`).
    pub root: Option<PathBuf>,
    /// Further files of a layer: role, product, path (`--file`).
    pub files: Vec<(Role, String, String)>,
    /// Whether a server's file is read with the further ones that its running program was started with.
    pub as_running: bool,
    /// The role of a party that could have both (`--side`).
    pub side: Option<Role>,
    /// Whether `Match exec` may run its command.
    pub allow_exec: bool,
    /// A folder with rows that overlay the catalog (`--catalog`).
    pub catalog: Option<PathBuf>,
    /// The time to judge by; `None` for the clock.
    pub now: Option<jiff::Timestamp>,
    /// Told of each step of long work.
    pub progress: Option<ProgressFunction>,
}

/// IKE: how far the initiator of a check goes, and what it says instead of what its configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InitiatorOptions {
    /// Whether it goes on to IKE_AUTH, at the risk that the responder gives up an IKE SA that it has with the same identity
    /// (`--may-disturb-live-tunnel`).
    pub may_disturb_live_tunnel: bool,
    /// The file with the pre-shared key (`--psk-file`); without one, the variable [`InitiatorOptions::PSK_VARIABLE`] of the
    /// environment, else the configuration's own.
    pub psk_file: Option<PathBuf>,
    /// Who this end is (`--id`).
    pub identity: Option<String>,
    /// Who the responder is (`--remote-id`).
    pub remote_identity: Option<String>,
    /// Traffic selectors of this end and of the responder's, lists with commas (`--ts`).
    pub selectors: Option<(String, String)>,
    /// Whether the configuration's own traffic selectors are asked for, in the place of networks for documentation
    /// (`--real-ts`).
    pub real_selectors: bool,
    /// The version of IKE that an initiator speaks that only these options describe (`--ike-version`); else 2.
    pub version: Option<shakedown_model::ike::IkeVersion>,
}

impl InitiatorOptions {
    /// The variable of the environment that may hold the pre-shared key.
    pub const PSK_VARIABLE: &str = "SHAKEDOWN_PSK";
}

/// A function that is told of each step, in words.
pub type ProgressFunction = Arc<dyn Fn(&str) + Send + Sync>;

impl Options {
    /// The variable of the environment that may hold the passphrase of the private key.
    pub const KEY_PASSPHRASE_VARIABLE: &str = "SHAKEDOWN_KEY_PASSPHRASE";

    /// The addresses to connect to instead of those of the name, for a target with this port.
    pub(crate) fn addresses(&self, port: u16) -> Vec<SocketAddr> {
        let with_port = |address: &SocketAddr| match address.port() {
            0 => SocketAddr::new(address.ip(), port),
            _ => *address,
        };
        self.connect.iter().map(with_port).collect()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            family: Family::Any,
            source: None,
            connect: Vec::new(),
            server_name: None,
            cacert: None,
            crls: Vec::new(),
            certificate: None,
            key: None,
            key_passphrase_file: None,
            proxy: None,
            clients: Vec::new(),
            seen_in: Vec::new(),
            known_peers: Vec::new(),
            initiator: InitiatorOptions::default(),
            ike_over_tcp: false,
            ssh_config: None,
            host: None,
            context: Context::default(),
            root: None,
            files: Vec::new(),
            as_running: false,
            side: None,
            allow_exec: false,
            catalog: None,
            now: None,
            progress: None,
        }
    }
}

/// Which addresses of a name are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// All.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// Reads `user=root,addr=192.0.2.1,lport=22`, as `sshd -C` does, into a context.
///
/// # Errors
/// A key that `sshd -C` does not have, or a value that is no address or port.
pub fn parse_context(text: &str, context: &mut Context) -> Result<(), crate::Error> {
    let wrong = |expected: &str| crate::Error::OptionValue {
        option: "--context",
        value: shakedown_model::Name::new(text).to_string(),
        expected: expected.to_owned(),
    };
    for pair in text.split(',').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| wrong("write `user=NAME,addr=ADDRESS,lport=PORT`"))?;
        match key {
            "user" => context.user = Some(value.to_owned()),
            "host" => context.host = Some(value.to_owned()),
            "addr" => context.address = Some(value.parse().map_err(|_| wrong("`addr` is an IP address"))?),
            "laddr" => context.local_address = Some(value.parse().map_err(|_| wrong("`laddr` is an IP address"))?),
            "lport" => context.local_port = Some(value.parse().map_err(|_| wrong("`lport` is a port"))?),
            "rdomain" | "invalid-user" => {}
            _ => return Err(wrong("the keys are `user`, `host`, `addr`, `laddr` and `lport`")),
        }
    }
    Ok(())
}
