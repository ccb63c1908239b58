//! `shakedown explain` beside grep and ripgrep, which look for the same literals in the same log, and on a pasted error.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::measure::{Tool, median, ratio};
use super::table::{self, Goal};
use super::{Figures, figures, megabytes, of, take_turns};
use crate::{command, peers, workspace};

const LOG: &str = "shakedown explain, a log";
const ONE_CORE: &str = "shakedown explain, a log, one core";
const LINE: &str = "shakedown explain, one long line";
const PASTED: &str = "shakedown explain, a pasted error";
const GREP: &str = "grep -F -f";
const RIPGREP: &str = "rg -F -f";

/// One of so many lines of the log tells of a failure.
const RARE: u64 = 1000;
/// Rounds on the log; a pasted error takes part in all.
const ROUNDS: usize = 3;

pub(super) fn run(binary: &Path, peers: &peers::Peers, rounds: usize, size: u64) -> Result<Vec<Goal>> {
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder)?;
    let (log, line) = (log(&folder, size)?, long_line(&folder, size)?);
    let literals = literals(&folder)?;
    let error = folder.join("error.txt");
    fs::write(&error, ERROR)?;
    let path = |path: &Path| path.display().to_string();
    let search = ["-c", "-F", "-f", &path(&literals), &path(&log)];
    let mut tools = vec![Tool::new(GREP, Path::new("grep"), &search)];
    tools.extend(command::find("rg").map(|program| Tool::new(RIPGREP, &program, &search)));
    tools.push(Tool::new(LOG, binary, &["explain", &path(&log)]));
    // All its threads on the first core.
    let taskset = command::find("taskset").context("no `taskset` to hold a program to one core: install util-linux")?;
    let held = ["--cpu-list", "0", &path(binary), "explain", &path(&log)];
    tools.push(Tool::new(ONE_CORE, &taskset, &held));
    tools.push(Tool::new(LINE, binary, &["explain", &path(&line)]));
    let pasted = [Tool::new(PASTED, binary, &["explain", &path(&error)])];
    let (home, time) = (tempfile::tempdir()?, peers.programs().join("time"));
    let (mut long, mut short) = (figures(&tools, home.path(), &time)?, figures(&pasted, home.path(), &time)?);
    take_turns(&mut long, rounds.min(ROUNDS), home.path())?;
    take_turns(&mut short, rounds, home.path())?;
    long.extend(short);
    println!();
    table::print(["", "wall time", "of grep's", "peak memory"], &rows(&long));
    for made in [log, line] {
        fs::remove_file(&made).with_context(|| made.display().to_string())?;
    }
    Ok(goals(&long, size))
}

const ERROR: &str = "Unable to negotiate with 192.0.2.7 port 22: no matching key exchange method found. \
    Their offer: diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1\n";

/// What sshd and its neighbours log of connections that work.
const ORDINARY: [&str; 7] = [
    "sshd[PID]: Connection from ADDRESS port PORT on 192.0.2.1 port 22 rdomain \"\"",
    "sshd[PID]: Accepted publickey for deploy from ADDRESS port PORT ssh2: ED25519 SHA256:l3ZcnfPYmrsLRWZ4b6sfKwQm1VPzUo0tC8vK2sVd9yE",
    "sshd[PID]: pam_unix(sshd:session): session opened for user deploy(uid=1001) by (uid=0)",
    "systemd-logind[512]: New session PORT of user deploy.",
    "sshd[PID]: Received disconnect from ADDRESS port PORT:11: disconnected by user",
    "sshd[PID]: Disconnected from user deploy ADDRESS port PORT",
    "sshd[PID]: pam_unix(sshd:session): session closed for user deploy",
];
/// And of one that fails.
const FAILURE: [&str; 2] = [
    ORDINARY[0],
    "sshd[PID]: Unable to negotiate with ADDRESS port PORT: no matching key exchange method found. \
        Their offer: diffie-hellman-group14-sha1,diffie-hellman-group1-sha1 [preauth]",
];

/// A log of sshd in which few connections fail. Each has a process of its own, as sshd gives it (seen with OpenSSH 9.2 at
/// `LogLevel VERBOSE`).
fn log(folder: &Path, size: u64) -> Result<PathBuf> {
    let path = folder.join("sshd.log");
    let mut file = BufWriter::new(File::create(&path).with_context(|| path.display().to_string())?);
    let (mut written, mut lines, mut failed) = (0, 0_u64, 0);
    let mut connection = 0_u64;
    let mut connect = |messages: &[&str]| -> Result<u64> {
        // Numbers without a pattern, the same in each run.
        let random = connection.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let (minute, second) = (connection / 60 % 60, connection % 60);
        let mut bytes = 0;
        for message in messages {
            let text = message
                .replace("PID", &(1000 + connection % 900_000).to_string())
                .replace("ADDRESS", &format!("198.51.{}.{}", random % 16, random / 16 % 250))
                .replace("PORT", &(32_768 + random % 28_000).to_string());
            let text = format!("Nov 21 {:02}:{minute:02}:{second:02} bastion {text}\n", connection / 3600 % 24);
            file.write_all(text.as_bytes())?;
            bytes += text.len() as u64;
        }
        connection += 1;
        Ok(bytes)
    };
    while written < size * 1_000_000 {
        written += connect(&ORDINARY)?;
        lines += ORDINARY.len() as u64;
        if lines / RARE > failed {
            failed += 1;
            written += connect(&FAILURE)?;
            lines += FAILURE.len() as u64;
        }
    }
    file.flush()?;
    Ok(path)
}

/// One line without end, in which a message stands at the end.
fn long_line(folder: &Path, size: u64) -> Result<PathBuf> {
    let path = folder.join("line.log");
    let mut file = BufWriter::new(File::create(&path).with_context(|| path.display().to_string())?);
    let block = "0123456789abcdefghijklmnopqrstuvwxyz, ".repeat(1000);
    for _ in 0..size * 1_000_000 / block.len() as u64 {
        file.write_all(block.as_bytes())?;
    }
    file.write_all(ERROR.as_bytes())?;
    file.flush()?;
    Ok(path)
}

/// The literals of the messages that tell of a failure, a line each.
fn literals(folder: &Path) -> Result<PathBuf> {
    let mut all = Vec::new();
    let data = workspace::root().join("crates/messages/data");
    let mut files = Vec::new();
    for protocol in fs::read_dir(&data).with_context(|| data.display().to_string())? {
        for file in fs::read_dir(protocol?.path())? {
            files.push(file?.path());
        }
    }
    for file in files {
        let table: toml::Table = fs::read_to_string(&file)?.parse().with_context(|| file.display().to_string())?;
        for message in table.get("message").and_then(toml::Value::as_array).into_iter().flatten() {
            let kind = message.get("kind").and_then(toml::Value::as_str).unwrap_or("failure");
            let one = message.get("literal").into_iter();
            let several = message.get("literals").and_then(toml::Value::as_array).into_iter().flatten();
            if matches!(kind, "failure" | "warning") {
                all.extend(one.chain(several).filter_map(toml::Value::as_str).map(str::to_owned));
            }
        }
    }
    all.retain(|literal| !literal.chars().any(char::is_control));
    all.sort();
    all.dedup();
    let path = folder.join("literals.txt");
    fs::write(&path, all.join("\n") + "\n")?;
    Ok(path)
}

fn rows(all: &[Figures]) -> Vec<[String; 4]> {
    let grep = of(all, GREP);
    all.iter()
        .map(|figures| {
            let against = grep
                .filter(|grep| figures.times.len() == grep.times.len())
                .and_then(|grep| ratio(&figures.times, &grep.times));
            [
                figures.tool.name.to_owned(),
                format!("{:.1} ms", median(&figures.times).as_secs_f64() * 1000.0),
                against.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}")),
                format!("{:.1} MB", megabytes(figures.peak_kib)),
            ]
        })
        .collect()
}

fn goals(all: &[Figures], size: u64) -> Vec<Goal> {
    let against = |name| ratio(&of(all, LOG)?.times, &of(all, name)?.times);
    let seconds = |name| of(all, name).map(|log| median(&log.times).as_secs_f64() * 1000.0 / size as f64);
    let start = of(all, PASTED).map(|pasted| median(&pasted.times).as_secs_f64() * 1000.0);
    let memory = [LOG, LINE].iter().filter_map(|name| of(all, name)).map(|figures| megabytes(figures.peak_kib));
    let mut goals = vec![
        Goal::new("explain of a log, wall time for a gigabyte", seconds(LOG), 1.0, " s"),
        Goal::new("explain of a log, wall time for a gigabyte on one core", seconds(ONE_CORE), 1.0, " s"),
        Goal::new("explain of a log, wall time as a share of grep's", against(GREP), 1.0, ""),
        Goal::new("explain of a pasted error, with process start", start, 10.0, " ms"),
        Goal::new("explain, peak memory", Some(memory.fold(0.0, f64::max)), 100.0, " MB"),
    ];
    if of(all, RIPGREP).is_some() {
        goals.push(Goal::new("explain of a log, wall time as a share of ripgrep's", against(RIPGREP), 1.0, ""));
    }
    goals
}
