use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::shown;

/// A command line to measure.
#[derive(Clone)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// Whether it connects to the server.
    pub(super) connects: bool,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Tool {
    pub(super) fn new(name: &'static str, program: &Path, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { name, connects: true, program: program.to_owned(), arguments }
    }

    pub(super) fn without_connections(mut self) -> Self {
        self.connects = false;
        self
    }

    /// The wall time of one run, from the start of the process to its end.
    pub(super) fn time(&self, home: &Path) -> Result<Duration> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env("HOME", home)
            .env("PATH", path())
            .stdin(Stdio::null())
            // grep stops at the first match where nobody reads its output.
            .stdout(File::create(home.join("output")).context("the file for the output")?)
            .stderr(Stdio::null());
        let started = Instant::now();
        let status = command.status().with_context(|| shown(&command))?;
        let time = started.elapsed();
        self.judge(status)?;
        Ok(time)
    }

    /// The largest resident set of one run, in KiB, as the `time` program sees it.
    pub(super) fn peak_memory(&self, time: &Path, home: &Path) -> Result<u64> {
        let file = home.join("peak");
        let mut command = Command::new(time);
        command.args(["--quiet", "--format", "%M", "--output"]).arg(&file).arg(&self.program).args(&self.arguments);
        let output = command
            .env("HOME", home)
            .env("PATH", path())
            .stdin(Stdio::null())
            .output()
            .with_context(|| shown(&command))?;
        if let Err(error) = self.judge(output.status) {
            bail!("{error}\n{}", String::from_utf8_lossy(&output.stderr));
        }
        let text = std::fs::read_to_string(&file).context("no figure from `time`")?;
        text.trim().parse().with_context(|| format!("`time` says {text:?}"))
    }

    /// Both shakedown and ssh-audit use the exit status for what they found; a status that says that they could not work
    /// would make the measurement worthless.
    fn judge(&self, status: ExitStatus) -> Result<()> {
        match status.code() {
            Some(0 | 1 | 3) => Ok(()),
            // The number of things that it finds fault with; above that it could not work.
            Some(0..=50) if self.name.starts_with("testssl") => Ok(()),
            Some(2) if !self.name.starts_with("shakedown") => Ok(()),
            _ => bail!("`{}` ended with {status}", self.name),
        }
    }
}

/// The folders of programs, the peers' first: some are scripts that look for others.
fn path() -> std::ffi::OsString {
    let own = shakedown_testkit::peers_dir().join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(own).chain(std::env::split_paths(&path));
    std::env::join_paths(all).unwrap_or(path.clone())
}

/// The middle one, or the mean of the middle two.
pub(super) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle), middle.checked_sub(1).and_then(|index| sorted.get(index))) {
        (1, Some(one), _) => *one,
        (0, Some(upper), Some(lower)) => (*upper + *lower) / 2,
        _ => Duration::ZERO,
    }
}

/// The median of the ratios of the runs of one round: what the machine does meanwhile hits both alike.
pub(super) fn ratio(times: &[Duration], reference: &[Duration]) -> Option<f64> {
    let mut ratios: Vec<f64> =
        times.iter().zip(reference).map(|(time, reference)| time.as_secs_f64() / reference.as_secs_f64()).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let times: Vec<Duration> = [5, 1, 9].map(Duration::from_millis).to_vec();
        assert_eq!(median(&times), Duration::from_millis(5));
        assert_eq!(median(&times[..2]), Duration::from_millis(3));
        assert_eq!(median(&[]), Duration::ZERO);
        let double: Vec<Duration> = times.iter().map(|time| *time * 2).collect();
        assert_eq!(ratio(&times, &double), Some(0.5));
    }
}
