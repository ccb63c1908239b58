//! The command line, as people type it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    Exceptions {
        /// The folder of the journal.
        #[arg(long, value_name = "DIR")]
        state: Option<PathBuf>,
    },
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

/// What to do with the scenarios.
#[derive(Debug, Subcommand)]
pub(crate) enum LabVerb {
    /// The scenarios, with what is missing here for them.
    List,
    /// Run one, or `all`.
    Run {
        /// Its name.
        name: String,
        /// Leave its files, and say where they are.
        #[arg(long)]
        keep: bool,
    },
}

const LAB: &str = "Servers are started on loopback, in a folder of their own with keys of their own, and ended again; nothing of \
                   this machine's configuration is read or changed.\n\nExamples:\n  shakedown lab list\n  shakedown lab run \
                   ssh-old-cipher\n  shakedown lab run all --format json\n\nExit status: 0 proved, 1 something was not as it \
                   should be, 3 a program that it needs is missing.";

const FIXES: &str = "The running server that proves a change is always named:\n  shakedown fix db01                           plan \
                     for your own ssh and db01; edits your ssh configuration\n  shakedown fix ssh://localhost \
                     /etc/ssh/sshd_config       plan for a server and the file that it was started with\n  shakedown fix \
                     https://localhost /etc/nginx/nginx.conf --as openssl@1.0.2u\n  shakedown fix ~/.ssh/config \
                     ssh://db01         plan for a client's file and a server\n  shakedown fix ssh://db01 \
                     /etc/ssh/sshd_config --via ssh://root@db01      a server of another machine\n\nWithout `--apply` nothing is changed. \
                     With it, the first safe fix that edits a file named here is made: a backup beside the file, the \
                     program's own check on a private copy of its configuration, the file replaced at once, the running \
                     program told to read it, and new connections by this program and by your own client. If any of it \
                     does not hold, the old file is put back. Files that a tool writes (Ansible, Puppet, Kubernetes) are \
                     left alone.\n\nExit status: 0 proved, 1 rolled back (or, without `--apply`, a cause was found), 2 \
                     nothing was begun, 3 it cannot be told for sure.";

const LISTENERS: &str = "Point the failing client at the address that is printed; it gets no further than its offer: no key is \
                         exchanged, nobody can log in. Each offer is identified and printed as it comes; with --format json \
                         one document a line, which is a PARTY again.\n\nExamples:\n  shakedown listen ssh --port 2222 \
                         --against ssh://db01\n  shakedown listen tls --against nginx@1.22.1+openssl@3.0.15:nginx.conf\n  \
                         shakedown listen tls --starttls smtp --bind 0.0.0.0\n  shakedown listen ike --port 500 --bind \
                         192.0.2.1\n  shakedown listen ssh --count 1 --format json > client.json; shakedown negotiate \
                         client.json ssh://db01";

const RELAYS: &str = "Point the failing client at the address that is printed instead of the server. Nothing of what is said is \
                      changed, held back or kept: no keys are needed, and what is encrypted stays so. What is found is \
                      printed once the handshake is over or has failed; with --format json one document a line. A session \
                      that works has no limit in time.\n\nExamples:\n  shakedown relay db01 --port 2222\n  ssh -o \
                      ProxyCommand='shakedown relay - %h %p' db01      its findings go to standard error; a connection \
                      that works is only told of with --verbose\n  shakedown relay https://www.example --port 8443\n  \
                      shakedown relay smtp://mx.example --bind 0.0.0.0 --port 2525";

const EMULATIONS: &str = "The server identifies itself, offers, chooses and refuses as that software does, with host keys of its \
                          own and the certificates that its configuration names, exchanges keys where it has the \
                          algorithms, and lets nobody in. What it does not know of the software, or cannot compute, it says \
                          when it starts. Each client that is done is printed, with what was agreed or why it failed; with \
                          --format json one document a line.\n\nExamples:\n  shakedown \
                          emulate openssh@5.3p1 --port 2222\n  shakedown emulate --as-client putty@0.70 ssh://db01\n  shakedown emulate \
                          openssh@9.2p1/debian-12:/etc/ssh/sshd_config\n  shakedown emulate ssh://db01    what that server \
                          offers, without that server\n  shakedown emulate offer.json --count 1 --format json";

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

/// Arguments of `fix`.
#[derive(Args, Debug)]
pub(crate) struct FixArguments {
    /// A running server, or a client or server as `negotiate` takes it.
    #[arg(value_name = "TARGET|PARTY", required_unless_present_any = ["list", "undo", "confirm", "expire", "apply"])]
    pub(crate) first: Option<String>,
    /// The file that the running server was started with; or the server, where the first one is the client.
    #[arg(value_name = "PARTY|TARGET")]
    pub(crate) second: Option<String>,
    /// Put this client in the place of this machine's own; may be repeated.
    #[arg(long = "as", value_name = "PARTY")]
    pub(crate) clients: Vec<String>,
    /// A log of the server, or offers that `listen --format json` has printed: the clients seen there are computed with every
    /// change, and a fix says which of them it would cut off or let in. What cuts one off is not applied. May be repeated.
    #[arg(long, value_name = "FILE", conflicts_with = "via")]
    pub(crate) seen_in: Vec<PathBuf>,
    /// Make the change, prove it, and take it back if that fails; with a file, the plan that `--save` has written, if all
    /// its files are as they were.
    #[arg(long, value_name = "PLAN", num_args = 0..=1)]
    pub(crate) apply: Option<Option<PathBuf>>,
    /// Which fix, counted from 1 in the order of the report; else the first safe one that edits a file named here.
    #[arg(long, value_name = "N")]
    pub(crate) fix: Option<usize>,
    /// Write the plan to a file, for somebody else to look at and for `--apply PLAN` later; nothing is changed.
    #[arg(long, value_name = "PLAN", conflicts_with = "apply")]
    pub(crate) save: Option<PathBuf>,
    /// Why a weaker fix is needed; it stands in the file and in the journal.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The last day of a weaker fix, such as `2026-12-31`; after it `exceptions` warns and `--expire` removes it.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Undo the change after this time unless `fix --confirm ID` is run, by a process that outlives this session; `never`
    /// for not at all. On by default (5m) where the changed sshd carries this session.
    #[arg(long, value_name = "DURATION|never", value_parser = confirm_within)]
    pub(crate) confirm_within: Option<Confirm>,
    /// The command that makes the running program read its files again; else its service or process is found and told.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) reload: Option<String>,
    /// The command that starts the program again where the reload has ended it.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) restart: Option<String>,
    /// The folder of the journal: /var/lib/shakedown for root, $XDG_STATE_HOME/shakedown for others.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Read, change and reload on another machine, over your own `ssh` with your own configuration: TARGET is reached from
    /// here, FILE is a path there. A `shakedown` of the same version has to be on the PATH there. The host key has to be
    /// verified. The change is undone after 5m unless `--confirm ID --via ...` is run from here (`--confirm-within`).
    #[arg(long, value_name = "ssh://USER@HOST", conflicts_with = "save")]
    pub(crate) via: Option<String>,
    /// With `--via`: send this program where the other machine has none, to a folder of its own that is removed afterwards;
    /// only where the operating system and the architecture are the same.
    #[arg(long, requires = "via")]
    pub(crate) send_binary: bool,
    /// With `--via`: run as the superuser there, by `sudo -n`.
    #[arg(long, requires = "via")]
    pub(crate) via_sudo: bool,
    /// List the changes that were made; 1 where one is unfinished.
    #[arg(long, conflicts_with_all = ["first", "apply", "save", "undo", "confirm", "expire"])]
    pub(crate) list: bool,
    /// Take a change back: the old files are put in place, byte for byte, if nobody has changed them since.
    #[arg(long, value_name = "ID", conflicts_with_all = ["first", "apply", "save", "confirm", "expire"])]
    pub(crate) undo: Option<String>,
    /// Keep a change that waits for it.
    #[arg(long, value_name = "ID", conflicts_with_all = ["first", "apply", "save", "expire"])]
    pub(crate) confirm: Option<String>,
    /// Take back the weaker fixes that are past their date.
    #[arg(long, conflicts_with_all = ["first", "apply", "save"])]
    pub(crate) expire: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// The value of `--confirm-within`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirm {
    /// The change stays.
    Never,
    /// It is undone after this time.
    Within(Duration),
}

fn confirm_within(text: &str) -> Result<Confirm, String> {
    if text == "never" { Ok(Confirm::Never) } else { duration(text).map(Confirm::Within) }
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
    /// End after so many clients that sent an offer, once their connections are over.
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

/// A protocol on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProtocolArgument {
    /// SSH.
    Ssh,
    /// TLS, from the first byte or by STARTTLS.
    Tls,
    /// IKE of both versions, over UDP.
    Ike,
}

impl From<ProtocolArgument> for shakedown::Protocol {
    fn from(argument: ProtocolArgument) -> Self {
        match argument {
            ProtocolArgument::Ssh => Self::Ssh,
            ProtocolArgument::Tls => Self::Tls,
            ProtocolArgument::Ike => Self::Ike,
        }
    }
}

/// A role on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideArgument {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// An address of `--connect`, with or without a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectAddress {
    /// With a port.
    Socket(SocketAddr),
    /// The target's port is used.
    Address(IpAddr),
}

fn connect_address(text: &str) -> Result<ConnectAddress, String> {
    if let Ok(socket) = text.parse() {
        return Ok(ConnectAddress::Socket(socket));
    }
    text.trim_start_matches('[').trim_end_matches(']').parse().map(ConnectAddress::Address).map_err(|_| {
        "write an IP address, or an address and a port: `192.0.2.1`, `192.0.2.1:22`, `[2001:db8::1]:22`".into()
    })
}

fn selectors(text: &str) -> Result<(String, String), String> {
    let (local, remote) = text.split_once('=').ok_or("write `LOCAL=REMOTE`, such as `10.1.0.0/24=10.2.0.0/24`")?;
    Ok((local.to_owned(), remote.to_owned()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| "write a number and a unit, such as `10s` or `500ms`".to_owned())?;
    let milliseconds = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        _ => return Err(format!("`{unit}` is not a unit of time: use `ms`, `s` or `m`")),
    };
    match number.checked_mul(milliseconds) {
        Some(0) => Err("the deadline must be longer than zero".into()),
        Some(total) if total <= 3_600_000 => Ok(Duration::from_millis(total)),
        _ => Err("the deadline must be one hour or less".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["", "s", "0s", "10h", "99999999999999999999s", "2h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
