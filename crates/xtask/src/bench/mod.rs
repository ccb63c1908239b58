//! `cargo xtask bench`: shakedown side by side with other programs in one run: `check` and `offer` with ssh-audit and
//! ssh-keyscan against one local sshd, the map of a TLS server with sslscan and sslyze, that of an IKE responder with
//! ike-scan, `explain` with grep and ripgrep on one log.

mod explain;
mod ike;
mod measure;
mod proxy;
mod table;
mod tls;

use std::io::{IsTerminal as _, stderr};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use shakedown_testkit::peers::{self as servers, SshdSpec};

use crate::command::{self, cargo};
use crate::{peers, workspace};
use measure::{Tool, median, ratio};
use table::Goal;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often each program runs; the programs take turns
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// The program to measure; built with the release profile where none is given
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Fail where a goal is not reached
    #[arg(long)]
    enforce: bool,
    /// Only this part
    #[arg(long, value_enum)]
    part: Option<Part>,
    /// Size of the log that is explained, in megabytes
    #[arg(long, default_value_t = 1000)]
    megabytes: u64,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// `check`, `offer` and `negotiate`
    Ssh,
    /// The full map of a TLS server
    Tls,
    /// The full map of an IKE responder
    Ike,
    /// `explain`
    Explain,
}

/// The figures of one program.
struct Figures {
    tool: Tool,
    times: Vec<Duration>,
    /// `None` for programs that connect to nothing.
    connections: Option<usize>,
    peak_kib: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.rounds == 0 {
        bail!("--rounds must be at least 1");
    }
    let peers = peers::bring()?;
    let binary = match &arguments.binary {
        Some(binary) => binary.canonicalize().with_context(|| binary.display().to_string())?,
        None => build()?,
    };
    let is_wanted = |part| arguments.part.is_none_or(|only| only == part);
    let mut goals = Vec::new();
    if is_wanted(Part::Ssh) {
        goals.extend(ssh(&binary, &peers, arguments.rounds)?);
    }
    if is_wanted(Part::Tls) {
        goals.extend(tls::run(&binary, &peers, arguments.rounds)?);
    }
    if is_wanted(Part::Ike) {
        goals.extend(ike::run(&binary, arguments.rounds)?);
    }
    if is_wanted(Part::Explain) {
        goals.extend(explain::run(&binary, &peers, arguments.rounds, arguments.megabytes)?);
    }
    table::print_goals(&goals);
    if arguments.enforce && goals.iter().any(|goal| !goal.is_reached()) {
        bail!("a goal is not reached");
    }
    Ok(())
}

/// Programs that connect to one sshd.
fn ssh(binary: &Path, peers: &peers::Peers, rounds: usize) -> Result<Vec<Goal>> {
    // Plenty of connections at once must not be what is measured.
    let spec = SshdSpec::with_config("MaxStartups 200:30:400\n");
    let server = servers::sshd(&spec).context("there is no sshd")?;
    let home = tempfile::tempdir()?;
    let programs = peers.programs();
    let tools = |address: SocketAddr| tools(binary, &programs, address);
    let mut all = figures(&tools(server.address()), home.path(), &programs.join("time"))?;
    for (tool, figures) in tools(server.address()).iter().zip(&mut all) {
        if tool.connects {
            figures.connections = Some(connections(tool.name, server.address(), tools, home.path())?);
        }
    }
    take_turns(&mut all, rounds, home.path())?;
    table::print(["", "connections", "wall time", "of ssh-audit's", "peak memory"], &rows(&all));
    Ok(goals(&all))
}

/// Runs each program once a round.
fn take_turns(all: &mut [Figures], rounds: usize, home: &Path) -> Result<()> {
    for round in 0..rounds {
        if stderr().is_terminal() {
            eprint!("\rround {} of {rounds} ", round + 1);
        }
        for figures in all.iter_mut() {
            figures.times.push(figures.tool.time(home)?);
        }
    }
    if stderr().is_terminal() {
        eprintln!();
    }
    Ok(())
}

fn build() -> Result<PathBuf> {
    command::run(cargo().args(["build", "--quiet", "--release", "--package", "shakedown-cli"]))?;
    Ok(workspace::target().join("release/shakedown"))
}

const AUDIT: &str = "ssh-audit --skip-rate-test";
const CHECK: &str = "shakedown check";
const OFFER: &str = "shakedown offer";
const NEGOTIATE: &str = "shakedown negotiate";

/// What is measured, in the order of the table.
fn tools(binary: &Path, programs: &Path, address: SocketAddr) -> Vec<Tool> {
    let port = address.port().to_string();
    let host = address.ip().to_string();
    let target = format!("ssh://{address}");
    vec![
        Tool::new(AUDIT, &programs.join("ssh-audit"), &["--skip-rate-test", "-p", &port, &host]),
        Tool::new("ssh-keyscan", &programs.join("ssh-keyscan"), &["-p", &port, &host]),
        Tool::new(CHECK, binary, &["check", &target]),
        Tool::new(OFFER, binary, &["offer", &target]),
        Tool::new(NEGOTIATE, binary, &["negotiate", "openssh@10.0p1", "openssh@6.6p1"]).without_connections(),
        Tool::new("an empty process", Path::new("/bin/true"), &[]).without_connections(),
    ]
}

/// The peak memory of each, which also warms the caches.
fn figures(tools: &[Tool], home: &Path, time: &Path) -> Result<Vec<Figures>> {
    let mut all = Vec::new();
    for tool in tools {
        let peak_kib = tool.peak_memory(time, home)?;
        all.push(Figures { tool: tool.clone(), times: Vec::new(), connections: None, peak_kib });
    }
    Ok(all)
}

/// How many connections one run makes, counted on the way to the server.
fn connections(name: &str, server: SocketAddr, tools: impl Fn(SocketAddr) -> Vec<Tool>, home: &Path) -> Result<usize> {
    let proxy = proxy::Counter::start(server)?;
    let through = tools(proxy.address());
    let tool = through.iter().find(|tool| tool.name == name).context("the same tools")?;
    tool.time(home)?;
    Ok(proxy.count())
}

fn of<'a>(all: &'a [Figures], name: &str) -> Option<&'a Figures> {
    all.iter().find(|figures| figures.tool.name == name)
}

fn rows(all: &[Figures]) -> Vec<[String; 5]> {
    let audit = of(all, AUDIT);
    all.iter()
        .map(|figures| {
            let against = audit.and_then(|audit| ratio(&figures.times, &audit.times));
            [
                figures.tool.name.to_owned(),
                figures.connections.map_or_else(|| "-".to_owned(), |count| count.to_string()),
                format!("{:.1} ms", median(&figures.times).as_secs_f64() * 1000.0),
                against.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}")),
                format!("{:.1} MB", megabytes(figures.peak_kib)),
            ]
        })
        .collect()
}

fn goals(all: &[Figures]) -> Vec<Goal> {
    let audit = of(all, AUDIT);
    let against = |name| {
        let figures = of(all, name)?;
        ratio(&figures.times, &audit?.times)
    };
    let own = || all.iter().filter(|figures| figures.tool.name.starts_with("shakedown"));
    let memory = own().map(|figures| megabytes(figures.peak_kib)).fold(0.0, f64::max);
    let count = own().filter_map(|figures| figures.connections).max().unwrap_or(0);
    let start = of(all, NEGOTIATE).map(|figures| median(&figures.times).as_secs_f64() * 1000.0);
    vec![
        Goal::new("check, wall time as a share of ssh-audit's", against(CHECK), 0.2, ""),
        Goal::new("offer, wall time as a share of ssh-audit's", against(OFFER), 0.4, ""),
        Goal::new("negotiate of two catalog parties, with process start", start, 10.0, " ms"),
        Goal::new("peak memory", Some(memory), 30.0, " MB"),
        Goal::new("connections to one host", u32::try_from(count).ok().map(f64::from), 14.0, ""),
    ]
}

fn megabytes(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) * 1024.0 / 1_000_000.0
}

/// A program's command line, for messages.
fn shown(command: &Command) -> String {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    format!("{} {}", command.get_program().to_string_lossy(), words.join(" "))
}
