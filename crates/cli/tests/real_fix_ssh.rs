//! `shakedown fix --apply` against real sshd and real ssh: the fix alone makes the client connect, and undo brings back
//! every byte.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use shakedown_testkit::peers::{Sshd, SshdSpec, sshd};
use shakedown_testkit::{KeyType, require, run};
use support::Shakedown;

/// A server, and a client's file that knows its host keys.
struct Ends {
    server: Sshd,
    client: PathBuf,
    folder: tempfile::TempDir,
    ssh: PathBuf,
}

fn ends(spec: &SshdSpec, client: &str) -> Option<Ends> {
    let ssh = require("ssh")?;
    let server = sshd(spec)?;
    let folder = tempfile::tempdir().unwrap();
    let keys = std::fs::read_dir(server.key_dir()).unwrap().flatten().map(|entry| entry.path());
    let public = keys.filter(|path| path.extension().is_some_and(|end| end == "pub"));
    let known: String = public
        .map(|path| format!("[127.0.0.1]:{} {}", server.port(), std::fs::read_to_string(path).unwrap()))
        .collect();
    let known_hosts = folder.path().join("known_hosts");
    std::fs::write(&known_hosts, known).unwrap();
    let file = folder.path().join("config");
    let lines = format!(
        "{client}\nUserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n",
        known_hosts.display()
    );
    std::fs::write(&file, lines).unwrap();
    Some(Ends { server, client: file, folder, ssh })
}

impl Ends {
    /// Whether the real client comes as far as to log in.
    fn connects(&self) -> bool {
        let mut command = Command::new(&self.ssh);
        command.args(["-v", "-o", "BatchMode=yes", "-o", "PreferredAuthentications=none", "-F"]).arg(&self.client);
        command.args(["-p", &self.server.port().to_string(), "127.0.0.1", "true"]);
        let said = run(&mut command, b"", Duration::from_secs(30)).unwrap().text();
        said.contains("SSH2_MSG_SERVICE_ACCEPT received")
    }

    fn target(&self) -> String {
        format!("ssh://127.0.0.1:{}", self.server.port())
    }

    fn state(&self) -> String {
        self.folder.path().join("state").display().to_string()
    }

    fn fix(&self, more: &[&str]) -> support::Run {
        let (target, client, state) = (self.target(), self.client.display().to_string(), self.state());
        Shakedown::new().run(&[&["fix", &target][..], more, &["-F", &client, "--state", &state]].concat())
    }

    fn undo(&self) -> support::Run {
        let state = self.state();
        let (_, list) = Shakedown::new().json(&["fix", "--list", "--state", &state]);
        let id = list["changes"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
        Shakedown::new().run(&["fix", "--undo", &id, "--state", &state])
    }
}

/// Servers that the client does not agree with, and what is written in their files.
const SERVERS: [(&str, &str); 13] = [
    ("one old key exchange", "KexAlgorithms diffie-hellman-group14-sha1\n"),
    ("an older one", "KexAlgorithms diffie-hellman-group1-sha1\n"),
    ("group exchange with SHA-1", "KexAlgorithms diffie-hellman-group-exchange-sha1\n"),
    ("old ciphers", "Ciphers aes128-cbc,3des-cbc\n"),
    ("one old cipher", "Ciphers aes256-cbc\n"),
    ("an old MAC", "Ciphers aes128-ctr\nMACs hmac-md5\n"),
    ("a short MAC", "Ciphers aes256-ctr\nMACs hmac-sha1-96\n"),
    ("an old signature", "HostKeyAlgorithms ssh-rsa\n"),
    (
        "all of it",
        "KexAlgorithms diffie-hellman-group1-sha1\nHostKeyAlgorithms ssh-rsa\nCiphers 3des-cbc\nMACs hmac-md5\n",
    ),
    ("key exchange and cipher", "KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes192-cbc\n"),
    ("comments and blanks around", "# kept\n\n  Ciphers\taes128-cbc   # old\n\n"),
    ("nothing left", "Ciphers -chacha20*,aes*-ctr,aes*-gcm*\n"),
    ("equals sign and quotes", "Ciphers=\"aes256-cbc\"\n"),
];

#[test]
fn a_server_is_changed_and_the_client_connects() {
    for (name, lines) in SERVERS {
        let spec = SshdSpec::with_config(lines).host_keys(&[KeyType::Rsa(3072)]);
        let Some(ends) = ends(&spec, "") else { return };
        let file = ends.server.config();
        let before = std::fs::read(&file).unwrap();
        assert!(!ends.connects(), "{name}");
        let run = ends.fix(&[&file.display().to_string(), "--apply"]);
        assert_eq!(run.status, 0, "{name}\n{}{}\n{}", run.stdout, run.stderr, ends.server.log());
        assert!(ends.connects(), "{name}\n{}", run.stdout);
        assert_ne!(std::fs::read(&file).unwrap(), before, "{name}");
        let undone = ends.undo();
        assert_eq!(undone.status, 0, "{name}\n{}{}", undone.stdout, undone.stderr);
        assert_eq!(std::fs::read(&file).unwrap(), before, "{name}");
        assert!(!litter(file.parent().unwrap()), "{name}");
    }
}

fn litter(folder: &Path) -> bool {
    let mut names = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().contains(".shakedown-"))
}

/// Client files that do not agree with a server of today.
const CLIENTS: [(&str, &str); 4] = [
    ("an old cipher", "Ciphers aes128-cbc"),
    ("an old key exchange", "KexAlgorithms diffie-hellman-group1-sha1"),
    ("an old MAC", "Ciphers aes128-ctr\nMACs hmac-md5"),
    ("in a block for the host", "Host 127.0.0.1\n  Ciphers 3des-cbc\nHost *"),
];

#[test]
fn a_client_is_changed_and_connects() {
    for (name, lines) in CLIENTS {
        let Some(ends) = ends(&SshdSpec::default(), lines) else { return };
        let before = std::fs::read(&ends.client).unwrap();
        assert!(!ends.connects(), "{name}");
        let run = ends.fix(&["--apply"]);
        assert_eq!(run.status, 0, "{name}\n{}{}", run.stdout, run.stderr);
        assert!(ends.connects(), "{name}\n{}", run.stdout);
        assert_eq!(ends.undo().status, 0, "{name}");
        assert_eq!(std::fs::read(&ends.client).unwrap(), before, "{name}");
    }
}

#[test]
fn nothing_is_changed_without_apply_and_a_link_stays_a_link() {
    let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\r\n"), "") else { return };
    let file = ends.server.config();
    let real = ends.server.key_dir().join("real_config");
    std::fs::rename(&file, &real).unwrap();
    std::os::unix::fs::symlink("real_config", &file).unwrap();
    let before = std::fs::read(&real).unwrap();
    let named = file.display().to_string();
    assert_eq!(ends.fix(&[&named]).status, 1);
    assert_eq!(std::fs::read(&real).unwrap(), before);
    assert!(!Path::new(&ends.state()).exists());

    let run = ends.fix(&[&named, "--apply", "--format", "json"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let document = run.json();
    assert_eq!(document["applied"]["state"], "proved");
    assert_eq!(document["applied"]["fix"], 0);
    assert!(file.is_symlink());
    let after = std::fs::read_to_string(&real).unwrap();
    assert!(after.starts_with("Ciphers ") && after.contains("aes128-cbc\r\n"), "{after}");
    assert_eq!(ends.undo().status, 0);
    assert!(file.is_symlink());
    assert_eq!(std::fs::read(&real).unwrap(), before);
}

#[test]
fn a_check_that_fails_or_hangs_leaves_the_file() {
    let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\n"), "") else { return };
    let file = ends.server.config();
    let named = file.display().to_string();
    // sshd refuses the file, which the running one never read.
    let broken = std::fs::read_to_string(&file).unwrap() + "NoSuchKeyword yes\n";
    std::fs::write(&file, &broken).unwrap();
    let run = ends.fix(&[&named, "--apply"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("rolled back") && run.stdout.contains("NoSuchKeyword"), "{}", run.stdout);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), broken);
    assert!(!litter(file.parent().unwrap()));
}

#[test]
fn a_reload_that_fails_or_ends_the_server_is_rolled_back() {
    let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\n"), "") else { return };
    let file = ends.server.config();
    let (named, before) = (file.display().to_string(), std::fs::read(&file).unwrap());
    let run = ends.fix(&[&named, "--apply", "--reload", "echo no way; exit 3"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("no way"), "{}", run.stdout);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // A reload that does nothing proves nothing.
    let run = ends.fix(&[&named, "--apply", "--reload", "true", "--timeout", "2s"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("does not agree with the running server"), "{}", run.stdout);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // One that ends the server: the file is put back, and the restart is asked for.
    let mark = ends.folder.path().join("restarted");
    let kill = format!("kill -9 {}", ends.server.id());
    let restart = format!("touch {}", mark.display());
    let run = ends.fix(&[&named, "--apply", "--reload", &kill, "--restart", &restart, "--timeout", "2s"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("the server does not answer"), "{}", run.stdout);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert!(mark.exists(), "{}", run.stdout);
}

#[test]
fn two_runs_at_once_do_not_meet() {
    let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\n"), "") else { return };
    let named = ends.server.config().display().to_string();
    let before = std::fs::read(&named).unwrap();
    std::fs::create_dir_all(ends.state()).unwrap();
    let lock = std::fs::File::create(Path::new(&ends.state()).join("lock")).unwrap();
    lock.lock().unwrap();
    let run = ends.fix(&[&named, "--apply"]);
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("another run of `shakedown fix` is under way"), "{}", run.stderr);
    assert_eq!(std::fs::read(&named).unwrap(), before);
}

#[test]
fn a_plan_is_saved_and_made_later_unless_something_changed() {
    let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\n"), "") else { return };
    let named = ends.server.config().display().to_string();
    let before = std::fs::read(&named).unwrap();
    let plan = ends.folder.path().join("plan.json").display().to_string();
    let run = ends.fix(&[&named, "--save", &plan]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert_eq!(std::fs::read(&named).unwrap(), before);
    let (client, state) = (ends.client.display().to_string(), ends.state());
    let apply = || Shakedown::new().run(&["fix", "--apply", &plan, "-F", &client, "--state", &state]);

    std::fs::write(&named, [before.as_slice(), b"# one more line\n"].concat()).unwrap();
    let refused = apply();
    assert_eq!(refused.status, 2, "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains("has changed since the fix was planned"), "{}", refused.stderr);

    std::fs::write(&named, &before).unwrap();
    let made = apply();
    assert_eq!(made.status, 0, "{}{}", made.stdout, made.stderr);
    assert!(ends.connects());
    assert_eq!(ends.undo().status, 0);
    assert_eq!(std::fs::read(&named).unwrap(), before);
}

#[test]
fn a_change_that_is_not_confirmed_is_undone_by_a_process_of_its_own() {
    let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\n"), "") else { return };
    let named = ends.server.config().display().to_string();
    let before = std::fs::read(&named).unwrap();
    let run = ends.fix(&[&named, "--apply", "--confirm-within", "10s", "--format", "json"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.json()["applied"]["undone_at"].is_string());
    assert!(ends.connects());
    // The other process tells nobody but the journal.
    let (state, until) = (ends.state(), std::time::Instant::now() + Duration::from_secs(60));
    let last = || Shakedown::new().json(&["fix", "--list", "--state", &state]).1["changes"][0]["state"].clone();
    while last() != "rolled-back" && std::time::Instant::now() < until {}
    assert_eq!(std::fs::read(&named).unwrap(), before);

    // One that is confirmed stays.
    let run = ends.fix(&[&named, "--apply", "--confirm-within", "1m", "--format", "json"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let id = run.json()["applied"]["id"].as_str().unwrap().to_owned();
    assert_eq!(Shakedown::new().run(&["fix", "--confirm", &id, "--state", &state]).status, 0);
    let (status, list) = Shakedown::new().json(&["fix", "--list", "--state", &state]);
    assert_eq!(status, 0);
    assert_eq!(list["changes"][1]["state"], "confirmed");
    assert_eq!(ends.undo().status, 0);
    assert_eq!(std::fs::read(&named).unwrap(), before);
}

#[test]
fn a_weaker_fix_needs_a_reason_and_a_date_and_is_reminded_of() {
    let Some(ends) = ends(&SshdSpec::with_config("KexAlgorithms diffie-hellman-group14-sha1\n"), "Host 127.0.0.1")
    else {
        return;
    };
    let before = std::fs::read(&ends.client).unwrap();
    // Without the flag it is not made.
    let refused = ends.fix(&["--apply"]);
    assert_eq!(refused.status, 2, "{}{}", refused.stdout, refused.stderr);
    let refused = ends.fix(&["--apply", "--allow-weaker"]);
    assert_eq!(refused.status, 2, "{}{}", refused.stdout, refused.stderr);
    let past = ["--apply", "--allow-weaker", "--reason", "x", "--until", "2020-01-01"];
    assert_eq!(ends.fix(&past).status, 2);
    assert_eq!(std::fs::read(&ends.client).unwrap(), before);

    let allowed = ["--apply", "--allow-weaker", "--reason", "the plant is replaced in spring", "--until", "2099-03-31"];
    let run = ends.fix(&allowed);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(ends.connects());
    let text = std::fs::read_to_string(&ends.client).unwrap();
    assert!(text.contains("weaker until 2099-03-31: the plant is replaced in spring"), "{text}");
    let state = ends.state();
    let (status, document) = Shakedown::new().json(&["exceptions", "--state", &state]);
    assert_eq!(status, 0);
    assert_eq!(document["exceptions"][0]["until"], "2099-03-31");
    assert!(document["exceptions"][0]["days_left"].as_i64().unwrap() > 20_000);
    assert!(Shakedown::new().run(&["fix", "--expire", "--state", &state]).stdout.contains("no weaker fix is past"));

    // The day before its last one is over, by a time that is named.
    let early = ["fix", "--expire", "--now", "2099-03-30T12:00:00Z", "--state", &state];
    assert!(Shakedown::new().run(&early).stdout.contains("no weaker fix is past"));

    // Once its day is over.
    let journal = Path::new(&state).join("journal.jsonl");
    let told = std::fs::read_to_string(&journal).unwrap().replace("2099-03-31", "2020-03-31");
    std::fs::write(&journal, told).unwrap();
    assert_eq!(Shakedown::new().run(&["exceptions", "--state", &state]).status, 1);
    let early = ["fix", "--expire", "--now", "2020-03-30T12:00:00Z", "--state", &state];
    assert!(Shakedown::new().run(&early).stdout.contains("no weaker fix is past"));
    assert_ne!(std::fs::read(&ends.client).unwrap(), before);
    let later = ["fix", "--expire", "--now", "2020-04-02T12:00:00Z", "--state", &state];
    assert_eq!(Shakedown::new().run(&later).status, 0);
    assert_eq!(std::fs::read(&ends.client).unwrap(), before);
    assert_eq!(Shakedown::new().run(&["exceptions", "--state", &state]).status, 0);
}

/// A `systemctl` for machines that systemd does not run, first on the `PATH`: it knows one service, whose main process is the
/// server, and reloads it as that service would.
fn systemctl(folder: &Path, server: u32, can_reload: &str, reload: &str) -> std::ffi::OsString {
    use std::os::unix::fs::PermissionsExt as _;
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let log = bin.join("log");
    let text = format!(
        "#!/bin/sh\necho \"$*\" >> '{}'\ncase \"$1\" in\n  show) printf 'Id=other.service\\nMainPID=1\\nCanReload=yes\\n\\nId=shakedown-test.service\\nMainPID={server}\\nCanReload={can_reload}\\n';;\n  reload) {reload};;\n  *) exit 9;;\nesac\n",
        log.display()
    );
    std::fs::write(bin.join("systemctl"), text).unwrap();
    std::fs::set_permissions(bin.join("systemctl"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).unwrap()
}

#[test]
fn a_service_is_reloaded_by_its_manager() {
    let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\n"), "") else { return };
    let file = ends.server.config();
    let (named, before) = (file.display().to_string(), std::fs::read(&file).unwrap());
    let (target, client, state) = (ends.target(), ends.client.display().to_string(), ends.state());
    let fix = |can_reload: &str, reload: &str| {
        let path = systemctl(ends.folder.path(), ends.server.id(), can_reload, reload);
        let words = ["fix", &target, &named, "--apply", "-F", &client, "--state", &state, "--timeout", "3s"];
        Shakedown::new().run_with(&words, &[("PATH", &path)])
    };
    let hangup = format!("kill -HUP {}", ends.server.id());
    let run = fix("yes", &hangup);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("reloaded  `systemctl reload -- shakedown-test.service`"), "{}", run.stdout);
    assert!(ends.connects());
    let path = systemctl(ends.folder.path(), ends.server.id(), "yes", &hangup);
    let list = Shakedown::new().json(&["fix", "--list", "--state", &state]).1;
    let id = list["changes"][0]["id"].as_str().unwrap().to_owned();
    let undone = Shakedown::new().run_with(&["fix", "--undo", &id, "--state", &state], &[("PATH", &path)]);
    assert!(undone.stdout.contains("systemctl reload"), "{}{}", undone.stdout, undone.stderr);
    assert_eq!(std::fs::read(&file).unwrap(), before);

    // One that the manager cannot reload is told by a signal.
    let run = fix("no", "exit 9");
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("reloaded  SIGHUP"), "{}", run.stdout);
    assert_eq!(ends.undo().status, 0);

    // A reload that the manager says has failed, and which a restart does not mend, is rolled back.
    let run = fix("yes", "echo job failed; exit 1");
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("rolled back") && run.stdout.contains("job failed"), "{}", run.stdout);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let log = std::fs::read_to_string(ends.folder.path().join("bin/log")).unwrap();
    assert!(log.contains("reload -- shakedown-test.service\n"), "{log}");
}

/// A file that is right already, and a server that has not read it.
#[test]
fn a_file_that_nobody_has_read_is_told() {
    let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\n"), "") else { return };
    let file = ends.server.config();
    let right = std::fs::read_to_string(&file).unwrap().replace("aes128-cbc", "aes128-ctr");
    std::fs::write(&file, &right).unwrap();
    let run = ends.fix(&[&file.display().to_string(), "--apply"]);
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("it has not read the file since its last change"), "{}{}", run.stdout, run.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), right);
    assert!(!Path::new(&ends.state()).join("journal.jsonl").exists());
}

/// What a debug log of sshd tells of clients is computed with the change: one that fails today would be let in.
#[test]
fn clients_of_a_log_are_computed_with_every_change() {
    let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\n"), "") else { return };
    let named = ends.server.config().display().to_string();
    let log = ends.folder.path().join("auth.log");
    let text = support::sshd_log("192.0.2.7", "OpenSSH_8.4p1", 50_001)
        + &support::sshd_log("192.0.2.8", "OpenSSH_5.3", 50_002);
    std::fs::write(&log, text).unwrap();
    let run = ends.fix(&[&named, "--seen-in", &log.display().to_string()]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("2 kinds of clients seen in"), "{}", run.stdout);
    assert!(
        run.stdout.contains("lets in, of those that fail today") && run.stdout.contains("192.0.2.7"),
        "{}",
        run.stdout
    );
    // The old one connects before and after.
    assert!(!run.stdout.contains("192.0.2.8"), "{}", run.stdout);
}

type Names = &'static [&'static str];
type Weaker = (&'static str, &'static str, &'static str, Names, Names);

/// Servers that only a weaker client reaches, what names the slot in files and for `ssh -Q`, what is weaker than the best
/// that helps, and what is as weak as that: the rest of what the client knows is stronger.
const WEAKER: [Weaker; 6] = [
    (
        "KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1\n",
        "KexAlgorithms",
        "kex",
        &["diffie-hellman-group1-sha1"],
        &[],
    ),
    ("KexAlgorithms diffie-hellman-group1-sha1\n", "KexAlgorithms", "kex", &[], &[]),
    (
        "Ciphers 3des-cbc,aes128-cbc,aes256-cbc\n",
        "Ciphers",
        "cipher",
        &["3des-cbc"],
        &["aes128-cbc", "aes192-cbc", "aes256-cbc"],
    ),
    ("Ciphers 3des-cbc\n", "Ciphers", "cipher", &[], &[]),
    (
        "Ciphers aes128-ctr\nMACs hmac-md5-96,hmac-md5\n",
        "MACs",
        "mac",
        &["hmac-md5-96", "hmac-md5-96-etm@openssh.com"],
        &[],
    ),
    ("HostKeyAlgorithms ssh-rsa\n", "HostKeyAlgorithms", "key-sig", &["ssh-dss"], &[]),
];

#[test]
fn a_weaker_fix_is_no_weaker_than_it_has_to_be() {
    for (lines, keyword, query, weaker, equal) in WEAKER {
        let spec = SshdSpec::with_config(lines).host_keys(&[KeyType::Rsa(3072)]);
        let Some(ends) = ends(&spec, "Host *") else { return };
        let before = std::fs::read_to_string(&ends.client).unwrap();
        let allowed = ["--apply", "--allow-weaker", "--reason", "a test", "--until", "2099-12-31", "--format", "json"];
        let run = ends.fix(&allowed);
        assert_eq!(run.status, 0, "{lines}\n{}{}", run.stdout, run.stderr);
        assert!(ends.connects(), "{lines}");
        let after = std::fs::read_to_string(&ends.client).unwrap();
        // One block for this host, with one directive that adds one name.
        let new: Vec<&str> = after.lines().filter(|line| !before.lines().any(|old| old == *line)).collect();
        let directive = new.iter().find_map(|line| line.trim().strip_prefix(&format!("{keyword} +")));
        let added = directive.unwrap_or_else(|| panic!("{lines}\n{after}"));
        assert!(new.contains(&"Host 127.0.0.1"), "{after}");
        let directives = new.iter().filter(|line| line.starts_with([' ', '\t']));
        assert_eq!(directives.count(), 1, "{after}");
        assert!(!added.contains(',') && !weaker.contains(&added), "{after}");
        let asked = Command::new(&ends.ssh).args(["-Q", query]).output().unwrap();
        let mut tried = 0;
        let known = String::from_utf8_lossy(&asked.stdout).into_owned();
        let is_stronger = |other: &&str| *other != added && !weaker.contains(other) && !equal.contains(other);
        for other in known.lines().filter(is_stronger) {
            let (old, new) = (format!("{keyword} +{added}"), format!("{keyword} +{other}"));
            std::fs::write(&ends.client, after.replace(&old, &new)).unwrap();
            assert!(!ends.connects(), "{lines}: `{other}` would do as well as `{added}`");
            tried += 1;
        }
        assert!(tried > 5, "{lines}: {tried} alternatives");
        std::fs::write(&ends.client, &after).unwrap();
        assert_eq!(ends.undo().status, 0, "{lines}");
        assert_eq!(std::fs::read_to_string(&ends.client).unwrap(), before, "{lines}");
    }
}

#[test]
fn a_run_that_is_stopped_takes_its_change_back_and_lets_no_other_in() {
    use rustix::process::{Pid, Signal, kill_process};
    for signal in [Signal::INT, Signal::HUP, Signal::TERM] {
        let Some(ends) = ends(&SshdSpec::with_config("Ciphers aes128-cbc\n"), "") else { return };
        let file = ends.server.config();
        let (named, before) = (file.display().to_string(), std::fs::read(&file).unwrap());
        let (begun, go) = (ends.folder.path().join("begun"), ends.folder.path().join("go"));
        // The reload takes until it is told to go on.
        let reload = format!(
            "touch {}; while [ ! -e {} ]; do sleep 0.05; done; kill -HUP {}",
            begun.display(),
            go.display(),
            ends.server.id()
        );
        let (target, client, state) = (ends.target(), ends.client.display().to_string(), ends.state());
        let mut child = Command::new(env!("CARGO_BIN_EXE_shakedown"))
            .args(["fix", &target, &named, "--apply", "--reload", &reload, "-F", &client, "--state", &state])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let until = std::time::Instant::now() + Duration::from_secs(60);
        while !begun.exists() {
            assert!(std::time::Instant::now() < until, "the reload was not begun");
            std::thread::yield_now();
        }
        assert_ne!(std::fs::read(&file).unwrap(), before);
        // What is under way cannot be taken back by another run.
        let second = ends.undo();
        assert_eq!(second.status, 2, "{}{}", second.stdout, second.stderr);
        assert!(second.stderr.contains("another run of `shakedown fix` is under way"), "{}", second.stderr);
        // Nor does another one take the file for what runs.
        let third = ends.fix(&[&named, "--apply"]);
        assert_eq!(third.status, 2, "{}{}", third.stdout, third.stderr);
        assert!(
            third.stderr.contains("another run of `shakedown fix` is under way"),
            "{}{}",
            third.stdout,
            third.stderr
        );
        kill_process(Pid::from_child(&child), signal).unwrap();
        std::fs::write(&go, "").unwrap();
        let mut said = String::new();
        std::io::Read::read_to_string(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{signal:?}: {said}");
        assert!(said.contains("rolled back: it was stopped"), "{signal:?}: {said}");
        assert_eq!(std::fs::read(&file).unwrap(), before, "{signal:?}");
        assert!(!litter(file.parent().unwrap()), "{signal:?}");
        let (status, list) = Shakedown::new().json(&["fix", "--list", "--state", &state]);
        assert_eq!((status, &list["changes"][0]["state"]), (0, &"rolled-back".into()), "{signal:?}");
    }
}

/// A disk that is full for the backup, then for the new file; with the journal on another one, and on this one.
#[test]
fn a_disk_that_is_really_full_leaves_the_old_file() {
    let Some(ends) = ends(&SshdSpec::default(), "Ciphers aes128-cbc") else { return };
    let Some(unshare) = require("unshare") else { return };
    let tiny = ends.folder.path().join("tiny");
    std::fs::create_dir(&tiny).unwrap();
    // A page for each of the files, and so much room besides.
    let script = r#"
        mount -t tmpfs -o size=$((8192 + ROOM)) tmpfs "$TINY" || { echo no mount; exit; }
        cp "$CLIENT" "$TINY/config"; head -c 4096 /dev/zero > "$TINY/filler"
        "$SHAKEDOWN" fix "$TARGET" --apply -F "$TINY/config" --state "$STATE" 2>&1
        echo "status $?"
        cmp "$CLIENT" "$TINY/config" && echo same; ls -A "$TINY" | sed "s/^/left: /"
    "#;
    let root = rustix::process::geteuid().is_root();
    for (room, inside) in [(0, false), (4096, false), (4096, true), (0, true)] {
        let state = if inside { tiny.join("state").display().to_string() } else { format!("{}{room}", ends.state()) };
        let mut command = Command::new(&unshare);
        command.args(if root { &["-m"][..] } else { &["-Urm"][..] }).args(["sh", "-c", script]);
        command.env("TINY", &tiny).env("CLIENT", &ends.client).env("TARGET", ends.target()).env("STATE", state);
        command.env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown")).env("ROOM", room.to_string());
        let said = run(&mut command, b"", Duration::from_secs(60)).unwrap().text();
        if said.contains("no mount") || said.starts_with("unshare:") {
            eprintln!("skipped: nothing can be mounted here: {said}");
            return;
        }
        assert!(said.contains("same\n") && !said.contains("status 0"), "{room} {inside}: {said}");
        assert!(said.contains("No space left") && !said.contains("left: .config"), "{room} {inside}: {said}");
    }
}
