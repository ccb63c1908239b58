//! What is typed for `listen`, `relay` and `emulate`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Reading;
use super::values::{ConnectAddress, ProtocolArgument, connect_address, duration};

pub(super) const LISTENERS: &str = "Point the failing client at the address that is printed; it gets no further than its offer: no key is \
                         exchanged, nobody can log in. Each offer is identified and printed as it comes; with --format json \
                         one document a line, which is a PARTY again.\n\nExamples:\n  shakedown listen ssh --port 2222 \
                         --against ssh://db01\n  shakedown listen tls --against nginx@1.22.1+openssl@3.0.15:nginx.conf\n  \
                         shakedown listen tls --starttls smtp --bind 0.0.0.0\n  shakedown listen ike --port 500 --bind \
                         192.0.2.1\n  shakedown listen ssh --count 1 --format json > client.json; shakedown negotiate \
                         client.json ssh://db01";

/// Arguments of `listen`.
#[derive(Args, Debug)]
pub(crate) struct ListenArguments {
    /// The protocol of the clients.
    #[arg(value_enum)]
    pub(crate) protocol: ProtocolArgument,
    /// The port; without it any free one, which is printed.
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "PORT")]
    pub(crate) port: u16,
    /// The address to listen on. Clients on other machines reach only what is not loopback.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDR")]
    pub(crate) bind: IpAddr,
    /// The server that each client is negotiated with; clients of SSH are shown its offer.
    #[arg(long, value_name = "PARTY")]
    pub(crate) against: Option<String>,
    /// End after so many clients that sent an offer.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// End after this time, such as `30s`, `10m`; without it at Ctrl-C.
    #[arg(long, value_parser = duration, value_name = "DURATION")]
    pub(crate) timeout: Option<Duration>,
    /// TLS: speak this protocol until the client begins TLS: `smtp`, `lmtp`, `imap`, `pop3`, `ftp`, `ldap`, `xmpp`, `nntp`,
    /// `sieve`, `postgres` or `mysql`.
    #[arg(long, value_name = "PROTOCOL")]
    pub(crate) starttls: Option<String>,
    /// IKE: do not answer. Without it an initiator is told NO_PROPOSAL_CHOSEN, so that it ends at once.
    #[arg(long)]
    pub(crate) silent: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

pub(super) const RELAYS: &str = "Point the failing client at the address that is printed instead of the server. Nothing of what is said is \
                      changed, held back or kept: no keys are needed, and what is encrypted stays so. What is found is \
                      printed once the handshake is over or has failed; with --format json one document a line. A session \
                      that works has no limit in time.\n\nExamples:\n  shakedown relay db01 --port 2222\n  ssh -o \
                      ProxyCommand='shakedown relay - %h %p' db01      its findings go to standard error; a connection \
                      that works is only told of with --verbose\n  shakedown relay https://www.example --port 8443\n  \
                      shakedown relay smtp://mx.example --bind 0.0.0.0 --port 2525";

/// Arguments of `relay`.
#[derive(Args, Debug)]
pub(crate) struct RelayArguments {
    /// The server: `db01`, `db01:2222`, `https://HOST`, `smtp://HOST`; or `-` for standard input and output as the client.
    pub(crate) target: String,
    /// With `-`: the server, as `ProxyCommand` of OpenSSH gives it by `%h`.
    #[arg(value_name = "HOST", required_if_eq("target", "-"))]
    pub(crate) host: Option<String>,
    /// With `-`: the port, by `%p`.
    #[arg(value_name = "PORT", requires = "host", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) host_port: Option<u16>,
    /// The port to listen on; without it any free one, which is printed.
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "PORT")]
    pub(crate) port: u16,
    /// The address to listen on. Clients on other machines reach only what is not loopback.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDR")]
    pub(crate) bind: IpAddr,
    /// End after so many clients, once their connections are over. Who connects and says nothing is not counted.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Go through this proxy: `http://HOST:PORT` (CONNECT) or `socks5://HOST:PORT`.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Open no connections of this program's own: a server of TLS that turns a client away is not asked for the reason.
    #[arg(long)]
    pub(crate) no_probe: bool,
    /// The deadline for asking such a server.
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "DURATION")]
    pub(crate) timeout: Duration,
    /// Connect to this address instead of those of the name; may be repeated.
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = connect_address)]
    pub(crate) connect: Vec<ConnectAddress>,
    /// Connect from this local address.
    #[arg(long, value_name = "ADDR")]
    pub(crate) source: Option<IpAddr>,
    /// IPv4 only.
    #[arg(short = '4', conflicts_with = "ipv6")]
    pub(crate) ipv4: bool,
    /// IPv6 only.
    #[arg(short = '6')]
    pub(crate) ipv6: bool,
    /// TLS: the authorities that certificates are judged by, in PEM, instead of this machine's.
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert: Option<PathBuf>,
    /// Read this file instead of your own ssh configuration for the names of known_hosts files; `none` for none.
    #[arg(short = 'F', long = "ssh-config", value_name = "FILE")]
    pub(crate) ssh_config: Option<PathBuf>,
}

pub(super) const EMULATIONS: &str = "The server identifies itself, offers, chooses and refuses as that software does, with host keys of its \
                          own and the certificates that its configuration names, exchanges keys where it has the \
                          algorithms, and lets nobody in but initiators of IKEv2 who know its pre-shared key. What it does not know of the software, or cannot compute, it says \
                          when it starts. Each client that is done is printed, with what was agreed or why it failed; with \
                          --format json one document a line.\n\nExamples:\n  shakedown \
                          emulate openssh@5.3p1 --port 2222\n  shakedown emulate --as-client putty@0.70 ssh://db01\n  shakedown emulate \
                          openssh@9.2p1/debian-12:/etc/ssh/sshd_config\n  shakedown emulate ssh://db01    what that server \
                          offers, without that server\n  shakedown emulate offer.json --count 1 --format json\n  shakedown emulate \
                          strongswan@5.9.8:swanctl.conf#site --psk-file key    an IKE responder up to the first CHILD SA";

/// Arguments of `emulate`.
#[derive(Args, Debug)]
pub(crate) struct EmulateArguments {
    /// What to act as.
    pub(crate) party: String,
    /// With `--as-client`, the server to connect to.
    #[arg(requires = "as_client")]
    pub(crate) target: Option<String>,
    /// Be the client: connect to TARGET with the offer of PARTY, exchange keys, and say what came out.
    #[arg(long, requires = "target", conflicts_with_all = ["port", "bind", "protocol", "count"])]
    pub(crate) as_client: bool,
    /// The port; without it any free one, which is printed.
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "PORT")]
    pub(crate) port: u16,
    /// The address to listen on. Clients on other machines reach only what is not loopback.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDR")]
    pub(crate) bind: IpAddr,
    /// IKE: the file with the pre-shared key by which initiators are let in, up to the first CHILD SA; `0x` and `0s` begin
    /// hexadecimal and Base64, as in `swanctl.conf`. Without it the key comes from SHAKEDOWN_PSK in the environment, else from
    /// the configuration's own secrets. It is never printed.
    #[arg(long, value_name = "FILE", conflicts_with = "as_client")]
    pub(crate) psk_file: Option<PathBuf>,
    /// The protocol, where the party could have several.
    #[arg(long, value_enum)]
    pub(crate) protocol: Option<ProtocolArgument>,
    /// End after so many clients that sent an offer.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// End after this time, such as `30s`, `10m`; without it at Ctrl-C.
    #[arg(long, value_parser = duration, value_name = "DURATION")]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}
