//! The command line, as people type it.

mod fix;
mod lab;
mod listeners;
mod values;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use fix::{Confirm, ExceptionsArguments, FarArguments, FixArguments};
pub(crate) use lab::LabVerb;
pub(crate) use listeners::{EmulateArguments, ListenArguments, RelayArguments};
pub(crate) use values::{ConnectAddress, SideArgument};

use fix::FIXES;
use lab::LAB;
use listeners::{EMULATIONS, LISTENERS, RELAYS};
use values::{connect_address, duration, selectors};

/// Finds out why a secure connection's key exchange failed, and what to change on which side.
#[derive(Debug, Parser)]
#[command(
    name = "shakedown",
    version,
    about,
    long_about = "Finds out why a secure connection's key exchange failed, names the cause and the side that should \
                  change, and proposes the safest concrete change with its outcome computed.\n\nIt takes both parties' \
                  offers, from a live host, a configuration file, a recorded offer or the names of two programs, and runs \
                  the protocol's own negotiation on them. This version checks SSH, TLS and both versions of IKE.",
    after_help = "Start here:\n  shakedown check db01                         why does my ssh to db01 fail?\n  shakedown check \
                  db01 --as putty@0.70        ... and PuTTY 0.70?\n  shakedown check https://www.example          what \
                  would a TLS client meet there?\n  shakedown negotiate openssh@10.0p1 openssh@6.6p1   \
                  would they agree?\n  shakedown cause no-common-kex                what does that mean?\n  shakedown \
                  demo                               see it work on a legacy server on loopback\n\nExit status: 0 it works, \
                  1 a cause was found, 2 the command line or an input is wrong, 3 it cannot be told for sure.",
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(subcommand)]
    pub(crate) command: Verb,
}

/// How results are printed.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// How to print the result.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Whom `--format handoff` is written for; without it the side at fault.
    #[arg(long, global = true, value_enum, value_name = "SIDE")]
    pub(crate) to: Option<SideArgument>,
    /// Replace hosts, addresses, users, paths and fingerprints by stable placeholders.
    #[arg(long, global = true)]
    pub(crate) redact: bool,
    /// Colours: `auto` is on for a terminal without NO_COLOR.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub(crate) color: Colour,
    /// Show more: the trace of the negotiation, the evidence, every list in full.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Show the weaker fixes too, not only that they exist.
    #[arg(long, global = true)]
    pub(crate) allow_weaker: bool,
    /// No progress on standard error.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// A folder with rows that overlay the catalog.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
}

/// The formats of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: schema `shakedown/1`.
    Json,
    /// For tickets.
    Markdown,
    /// For the other party's ticket: what we offer, what you offer, what to change there.
    Handoff,
    /// For code scanning and other readers of SARIF 2.1.0.
    Sarif,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Probe a server, negotiate with the client(s), say why it fails and what to change.
    #[command(after_help = TARGETS)]
    Check(CheckArguments),
    /// Say what an error message, a log or a program's debug output means.
    #[command(after_help = TEXTS)]
    Explain(ExplainArguments),
    /// Run the protocol's rules on two parties.
    #[command(after_help = PARTIES)]
    Negotiate(NegotiateArguments),
    /// Print all that a party offers, in order.
    #[command(after_help = PARTIES)]
    Offer(OfferArguments),
    /// Plan what to change and, with `--apply`, change it, prove it by a new connection, or take it back.
    #[command(after_help = FIXES)]
    Fix(Box<FixArguments>),
    /// List the weaker fixes that are in force, with the days left; 1 where one is past its date.
    Exceptions(ExceptionsArguments),
    /// Undo a change unless it is confirmed; started by `fix`.
    #[command(hide = true)]
    Guard {
        /// The folder of the journal.
        state: PathBuf,
        /// The change.
        id: String,
    },
    /// Answer the `fix --via` of another machine on standard input and output; started over ssh.
    #[command(hide = true)]
    ServePlan,
    /// Print the page of a cause, or list the causes.
    Cause {
        /// The code, such as `no-common-kex`; without one, all are listed.
        code: Option<String>,
    },
    /// Record what clients offer that are pointed at this machine, and say why they fail at a server.
    #[command(after_help = LISTENERS)]
    Listen(ListenArguments),
    /// Pass connections on to a server, byte for byte, read on the way what both ends offer, and say why they fail.
    #[command(after_help = RELAYS)]
    Relay(RelayArguments),
    /// Act as a server of some software, so that a client can be tried against one that is not at hand.
    #[command(after_help = EMULATIONS)]
    Emulate(EmulateArguments),
    /// Run a fault on loopback and learn from it: what the real client says, the cause, the fix, and the proof.
    #[command(after_help = LAB)]
    Lab {
        /// What to do.
        #[command(subcommand)]
        verb: LabVerb,
    },
    /// A legacy server on loopback: found, explained, fixed and proved.
    Demo,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    #[command(hide = true)]
    Manual,
    /// Print the JSON Schema of `--format json`.
    #[command(hide = true)]
    Schema,
}

const TARGETS: &str = "TARGET is what you would type for ssh: `db01`, `user@host`, `git@host:repo`, `host:2222`, \
                       `sftp://host`, `ssh://user@host:port`. Your own ssh configuration is read: HostName, Port, \
                       ProxyJump, ProxyCommand, HostKeyAlias, UserKnownHostsFile, BindAddress.\n\nTLS: `https://HOST`, \
                       `tls://HOST:PORT`, and `smtp`, `submission`, `lmtp`, `imap`, `pop3`, `ftp`, `ldap`, `xmpp`, \
                       `xmpp-server`, `nntp`, `sieve`, `postgres`, `mysql`, `mssql`, `rdp`, `irc` and `telnet`, which \
                       begin TLS within their own protocol.";

const TEXTS: &str = "Paste what you have: the error alone is enough, the whole output of `ssh -vvv`, `openssl s_client` or \
                     `journalctl` is better. Lines that belong to something else do no harm. Nothing is sent \
                     anywhere.\n\nExamples:\n  ssh -vv db01 2>&1 | shakedown explain\n  journalctl -u ssh | shakedown \
                     explain -\n  shakedown explain /var/log/auth.log.1.gz\n  shakedown explain --watch \
                     /var/log/auth.log";

const PARTIES: &str = "A PARTY is one of\n  ssh://HOST, https://HOST     a live server\n  local                        this \
                       machine's client; of TLS each that is found\n  openssh@9.2p1/debian-12      a version from the \
                       catalog, of a distribution's build\n  openssh@9.2p1:/etc/ssh/sshd_config   that version with this \
                       configuration\n  nginx@1.22.1+openssl@3.0.15:/etc/nginx/nginx.conf   the same over a \
                       library\n  strongswan@5.9.8:swanctl.conf#home   one connection of a file\n  \
                       /etc/ssh/sshd_config         a configuration file\n  offer.json                   what `shakedown offer \
                       --format json` printed";

/// How to reach a live target.
#[derive(Args, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// The total deadline for one target, such as `10s`, `500ms`, `1m`.
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "DURATION")]
    pub(crate) timeout: Duration,
    /// Connect to this address instead of those of the name; may be repeated.
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = connect_address)]
    pub(crate) connect: Vec<ConnectAddress>,
    /// Read this file instead of your own ssh configuration, as `ssh -F` does; `none` for none
    #[arg(short = 'F', long = "ssh-config", value_name = "FILE")]
    pub(crate) ssh_config: Option<PathBuf>,
    /// TLS: send this server name instead of the target's; `none` for none.
    #[arg(long, value_name = "NAME|none")]
    pub(crate) sni: Option<String>,
    /// TLS: trust these authorities (PEM) instead of this machine's.
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert: Option<PathBuf>,
    /// TLS: look certificates up in these revocation lists (CRL, PEM or DER), as `curl --crlfile` does; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) crl: Vec<PathBuf>,
    /// TLS: show this certificate to a server that asks for one: PEM, your own first, then the intermediate ones. Without
    /// `--key` the file holds the private key too. Whether the server lets it in is proved by a whole handshake; a web
    /// server (`https`) is sent one request besides, because some refuse a certificate only in their answer.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// TLS: the private key of `--cert`: PEM. It is read from the file, signs the handshake, and is neither printed nor
    /// kept.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// The file whose first line is the passphrase of the private key. Without it the passphrase comes from
    /// SHAKEDOWN_KEY_PASSPHRASE in the environment. It is never printed.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    /// TLS: go through this proxy.
    #[arg(long, value_name = "http://HOST:PORT|socks5://HOST:PORT")]
    pub(crate) proxy: Option<String>,
    /// Connect from this local address.
    #[arg(long, value_name = "ADDR")]
    pub(crate) source: Option<IpAddr>,
    /// IKE: speak over TCP (RFC 9329) in the place of UDP, to port 4500 unless the target names another. IKEv1 has no such form.
    #[arg(long)]
    pub(crate) tcp: bool,
    /// IPv4 only.
    #[arg(short = '4', conflicts_with = "ipv6")]
    pub(crate) ipv4: bool,
    /// IPv6 only.
    #[arg(short = '6')]
    pub(crate) ipv6: bool,
}

/// How configuration files are read.
#[derive(Args, Debug)]
#[command(next_help_heading = "Configuration files")]
pub(crate) struct Reading {
    /// The target name that `Host` and `Match` of a client's file see.
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// What `Match` of a server's file sees, as for `sshd -C`: `user=,addr=,lport=`.
    #[arg(long, value_name = "KEY=VALUE,...")]
    pub(crate) context: Option<String>,
    /// The folder that stands for `/` for `Include` and key files of a foreign configuration.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// A further file of a party: `client|server:PRODUCT=PATH`; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Vec<String>,
    /// Let `Match exec` of a configuration run its command.
    #[arg(long)]
    pub(crate) allow_exec: bool,
    /// The time to judge by, in RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    /// The server: what you would type for `ssh`, or a URL.
    pub(crate) target: String,
    /// Put this client in the place of this machine's own; may be repeated. `all` stands alone: a table of every known
    /// client.
    #[arg(long = "as", value_name = "PARTY")]
    pub(crate) clients: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) initiator: Initiator,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// IKE: who the initiator is, and how far it goes.
#[derive(Args, Debug)]
#[command(next_help_heading = "IKE initiator")]
pub(crate) struct Initiator {
    /// Be the initiator of this configuration: `swanctl.conf`, `ipsec.conf`, or `FILE#CONNECTION`. The same as `--as FILE`.
    #[arg(long, value_name = "FILE[#NAME]")]
    pub(crate) config: Option<String>,
    /// Go on to IKE_AUTH and the first CHILD SA, prove who this end is, and delete it all again. Without this nothing is sent
    /// after IKE_SA_INIT. A responder that keeps one IKE SA for each identity may drop a tunnel that is up with the same
    /// identity: strongSwan where `unique` is `replace`, which is the default of `ipsec.conf` (`uniqueids = yes`) and not of
    /// `swanctl.conf`; libreswan with `uniqueids = yes`. INITIAL_CONTACT, which asks for just that, is never sent.
    #[arg(long)]
    pub(crate) may_disturb_live_tunnel: bool,
    /// The file with the pre-shared key; `0x` and `0s` begin hexadecimal and Base64, as in `swanctl.conf`. Without it the key
    /// comes from SHAKEDOWN_PSK in the environment, else from the configuration's own secrets. It is never printed.
    #[arg(long, value_name = "FILE")]
    pub(crate) psk_file: Option<PathBuf>,
    /// Who this end is: a name, an address, a mail address, or `C=CH, CN=gw`.
    #[arg(long, value_name = "IDENTITY")]
    pub(crate) id: Option<String>,
    /// Who the responder has to be.
    #[arg(long, value_name = "IDENTITY")]
    pub(crate) remote_id: Option<String>,
    /// Ask for a tunnel between these networks: `10.1.0.0/24=10.2.0.0/24`, several with commas.
    #[arg(long, value_name = "LOCAL=REMOTE", value_parser = selectors)]
    pub(crate) ts: Option<(String, String)>,
    /// Ask for the configuration's own networks. Otherwise the tunnel is for networks of documentation (192.0.2.0/24 and
    /// 198.51.100.0/24), so that nobody's traffic is taken into it.
    #[arg(long)]
    pub(crate) real_ts: bool,
    /// The version of IKE to speak where no configuration is named; a configuration says it itself. Of IKEv1 main mode and
    /// quick mode with a pre-shared key are gone through; of aggressive mode only the first message is sent.
    #[arg(long, value_name = "VERSION", value_parser = ["1", "2"])]
    pub(crate) ike_version: Option<String>,
}

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    /// The texts; `-` is standard input, which is read where none is named.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// A text that the client wrote; with `--server`, what both say of one connection is put together. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) client: Vec<PathBuf>,
    /// A text that the server wrote; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) server: Vec<PathBuf>,
    /// A peer that matters, by name, address or network; what it meets comes first. May be repeated.
    #[arg(long, value_name = "NAME|ADDR|CIDR")]
    pub(crate) known: Vec<shakedown::KnownPeer>,
    /// Follow the growing FILE, through rotation and from when it is there, and report each new incident some seconds
    /// after its last line, until Ctrl-C; with `--format json`, one document a line. Several files are followed each by
    /// itself. Peers that never succeeded, in a log that many such knock at, are only counted.
    #[arg(long, requires = "files", conflicts_with_all = ["client", "server"])]
    pub(crate) watch: bool,
    /// With `--watch`, report also what the file holds already; else that only tells which peers succeeded before.
    #[arg(long, requires = "watch")]
    pub(crate) from_start: bool,
}

/// Arguments of `negotiate`.
#[derive(Args, Debug)]
pub(crate) struct NegotiateArguments {
    /// The client.
    pub(crate) client: String,
    /// The server.
    pub(crate) server: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Arguments of `offer`.
#[derive(Args, Debug)]
pub(crate) struct OfferArguments {
    /// The party.
    pub(crate) party: String,
    /// Which role, where the party could have both.
    #[arg(long, value_enum)]
    pub(crate) side: Option<SideArgument>,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
