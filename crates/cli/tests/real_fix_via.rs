//! `shakedown fix --via`: a real sshd stands for the way to another machine, whose server is changed there, proved from here,
//! and taken back there when nobody asks any more.

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use shakedown_testkit::peers::{Sshd, SshdSpec, sshd};
use shakedown_testkit::{require, run};
use support::{Run, Shakedown};

/// The other machine: the server that is to be changed, and the way there.
struct Other {
    server: Sshd,
    way: Sshd,
    folder: tempfile::TempDir,
    ssh: PathBuf,
    user: String,
}

fn output(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn known(server: &Sshd) -> String {
    let keys = std::fs::read_dir(server.key_dir()).unwrap().flatten().map(|entry| entry.path());
    let public = keys.filter(|path| path.extension().is_some_and(|end| end == "pub"));
    public.map(|path| format!("[127.0.0.1]:{} {}", server.port(), std::fs::read_to_string(path).unwrap())).collect()
}

fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The file of the server before: it does not agree with a client of today.
const LINES: &str = "Ciphers aes128-cbc\n";

fn other() -> Option<Other> {
    other_with(LINES)
}

fn other_with(lines: &str) -> Option<Other> {
    let (ssh, keygen) = (require("ssh")?, require("ssh-keygen")?);
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    for name in ["there", "there/tmp", "here"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    output(&keygen.display().to_string(), &["-q", "-t", "ed25519", "-N", "", "-f", &place("key")]);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_shakedown"), folder.path().join("there/shakedown")).unwrap();
    let way = sshd(&SshdSpec::with_config(format!(
        "AuthorizedKeysFile {}\nPermitRootLogin yes\nSetEnv PATH={}:/usr/bin:/bin:/usr/sbin:/sbin TMPDIR={}\n",
        place("key.pub"),
        place("there"),
        place("there/tmp")
    )))?;
    let server = sshd(&SshdSpec::with_config(lines))?;
    std::fs::write(place("known_hosts"), known(&way) + &known(&server)).unwrap();
    let user = output("id", &["-un"]);
    let other = Other { server, way, folder, ssh, user };
    other.configure("yes", &other.place("known_hosts"));
    // The program that the tests end in the middle.
    let (pid, real) = (other.place("here/pid"), other.ssh.display());
    script(
        &other.folder.path().join("here/ssh"),
        &format!("case \"$*\" in *serve-plan*) echo $$ > '{pid}';; esac\nexec '{real}' \"$@\""),
    );
    // The client of that machine, which notes what it was asked.
    let asked = other.place("asked");
    script(
        &other.folder.path().join("there/ssh"),
        &format!("echo \"$*\" >> '{asked}'\nexec '{}' \"$@\"", other.ssh.display()),
    );
    Some(other)
}

impl Other {
    fn place(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn configure(&self, strict: &str, known_hosts: &str) {
        let text = format!(
            "IdentityFile {}\nIdentitiesOnly yes\nUserKnownHostsFile {known_hosts}\nGlobalKnownHostsFile /dev/null\n\
             StrictHostKeyChecking {strict}\n",
            self.place("key")
        );
        std::fs::write(self.folder.path().join("config"), text).unwrap();
    }

    fn via(&self) -> String {
        format!("ssh://{}@127.0.0.1:{}", self.user, self.way.port())
    }

    fn shakedown(&self, more: &[&str]) -> Run {
        self.run(&[&["fix"], more].concat())
    }

    fn run(&self, words: &[&str]) -> Run {
        let (via, config, state) = (self.via(), self.place("config"), self.place("state"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let here = self.folder.path().join("here");
        let path = std::env::join_paths(std::iter::once(here).chain(std::env::split_paths(&path))).unwrap();
        let words = [words, &["--via", &via, "-F", &config, "--state", &state]].concat();
        Shakedown::new().run_with(&words, &[("PATH", &path)])
    }

    fn fix(&self, more: &[&str]) -> Run {
        let target = format!("ssh://127.0.0.1:{}", self.server.port());
        let file = self.server.config().display().to_string();
        self.shakedown(&[&[target.as_str(), &file][..], more].concat())
    }

    /// A client's file of the other machine, with this in it.
    fn client(&self, lines: &str) -> String {
        let path = self.place("there/client");
        let known = self.place("known_hosts");
        let text = format!("{lines}UserKnownHostsFile {known}\nGlobalKnownHostsFile /dev/null\n");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn connects(&self) -> bool {
        self.connects_with(&self.place("config"))
    }

    fn connects_with(&self, config: &str) -> bool {
        let mut command = Command::new(&self.ssh);
        command.args(["-v", "-o", "BatchMode=yes", "-o", "PreferredAuthentications=none", "-F", config]);
        command.args(["-p", &self.server.port().to_string(), "127.0.0.1", "true"]);
        run(&mut command, b"", Duration::from_secs(30)).unwrap().text().contains("SSH2_MSG_SERVICE_ACCEPT received")
    }

    fn file(&self) -> Vec<u8> {
        std::fs::read(self.server.config()).unwrap()
    }

    /// Waits until the journal there says that the last change has come to this.
    fn wait_for(&self, state: &str) -> serde_json::Value {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            // Not over the way there: it may be lost.
            let (_, list) = Shakedown::new().json(&["fix", "--list", "--state", &self.place("state")]);
            let last = list["changes"].as_array().and_then(|changes| changes.last()).cloned().unwrap_or_default();
            if last["state"] == state || Instant::now() > until {
                assert_eq!(last["state"], state, "{list:#}");
                return last;
            }
        }
    }
}

#[test]
fn a_server_of_another_machine_is_changed_proved_from_here_and_kept_or_not() {
    let Some(other) = other() else { return };
    let before = other.file();
    // A plan changes nothing.
    let plan = other.fix(&[]);
    assert_eq!(plan.status, 1, "{}{}\n{}", plan.stdout, plan.stderr, other.way.log());
    assert!(plan.stdout.contains("error[no-common-cipher]"), "{}", plan.stdout);
    assert!(!Path::new(&other.place("state")).exists());
    assert_eq!(other.file(), before);

    let made = other.fix(&["--apply", "--format", "json"]);
    assert_eq!(made.status, 0, "{}{}\n{}", made.stdout, made.stderr, other.way.log());
    let document = made.json();
    assert_eq!(document["applied"]["state"], "proved");
    assert!(document["applied"]["undone_at"].is_string(), "{document:#}");
    assert!(other.connects() && other.file() != before);
    let id = document["applied"]["id"].as_str().unwrap().to_owned();
    let list = other.shakedown(&["--list"]);
    assert_eq!(list.status, 0, "{}{}", list.stdout, list.stderr);
    assert!(list.stdout.contains(&id) && list.stdout.contains("proved, to be confirmed"), "{}", list.stdout);
    let kept = other.shakedown(&["--confirm", &id]);
    assert_eq!(kept.status, 0, "{}{}", kept.stdout, kept.stderr);
    assert_eq!(other.wait_for("confirmed")["finished"], true);
    let undone = other.shakedown(&["--undo", &id]);
    assert_eq!(undone.status, 0, "{}{}", undone.stdout, undone.stderr);
    assert_eq!(other.file(), before);

    // Nobody confirms: a process there undoes it, while no session is open.
    let made = other.fix(&["--apply", "--confirm-within", "5s"]);
    assert_eq!(made.status, 0, "{}{}", made.stdout, made.stderr);
    assert!(made.stdout.contains("--via ssh://"), "{}", made.stdout);
    other.wait_for("rolled-back");
    assert_eq!(other.file(), before);

    // What does not hold is taken back at once.
    let failed = other.fix(&["--apply", "--reload", "true", "--timeout", "2s"]);
    assert_eq!(failed.status, 1, "{}{}", failed.stdout, failed.stderr);
    assert!(failed.stdout.contains("rolled back") && failed.stdout.contains("does not agree"), "{}", failed.stdout);
    assert_eq!(other.file(), before);
}

#[test]
fn a_connection_that_is_lost_in_the_middle_leaves_the_old_file() {
    let Some(other) = other() else { return };
    let before = other.file();
    // The way is cut while the new file is in place; then also the program there is killed.
    for also in ["", " $PPID"] {
        // Once: the same command makes the server read the old file again.
        let (mark, pid) = (other.place(if also.is_empty() { "cut" } else { "cut too" }), other.place("here/pid"));
        let kill = format!("test -e '{mark}' || {{ touch '{mark}'; kill -9 $(cat '{pid}'){also}; }}");
        let reload = format!("kill -HUP {}; {kill}", other.server.id());
        let cut = other.fix(&["--apply", "--reload", &reload]);
        assert_eq!(cut.status, 1, "{}{}", cut.stdout, cut.stderr);
        assert!(cut.stdout.contains("was lost while the program was being reloaded"), "{}", cut.stdout);
        let last = other.wait_for("rolled-back");
        let detail = last["detail"].as_str().unwrap_or_default();
        assert_eq!(detail.contains("interrupted"), !also.is_empty(), "{detail}");
        assert_eq!(other.file(), before, "{also}");
        // The server was told; it has read the old file again once the client fails as before.
        let until = Instant::now() + Duration::from_secs(60);
        while other.connects() {
            assert!(Instant::now() < until, "{also}: {}", other.server.log());
        }
    }
}

#[test]
fn nothing_is_run_where_the_host_key_is_not_verified() {
    let Some(other) = other() else { return };
    let before = other.file();
    std::fs::write(other.place("only_server"), known(&other.server)).unwrap();
    let cases = [
        ("yes", "only_server", "not known to be that machine's"),
        ("ask", "only_server", "not known to be that machine's"),
        ("accept-new", "only_server", "not known to be that machine's"),
        ("no", "known_hosts", "StrictHostKeyChecking"),
        ("ask", "/dev/null", "UserKnownHostsFile"),
    ];
    for (strict, known_hosts, said) in cases {
        let path = if known_hosts.starts_with('/') { known_hosts.to_owned() } else { other.place(known_hosts) };
        other.configure(strict, &path);
        let refused = other.fix(&["--apply"]);
        assert_eq!(refused.status, 2, "{strict}: {}{}", refused.stdout, refused.stderr);
        assert!(refused.stderr.contains(said), "{strict}: {}", refused.stderr);
    }
    assert!(!Path::new(&other.place("state")).exists());
    assert!(!std::fs::read_to_string(other.place("only_server")).unwrap().contains(&other.way.port().to_string()));
    assert_eq!(other.file(), before);
}

#[test]
fn programs_that_do_not_match_say_so_and_one_can_be_sent() {
    let Some(other) = other() else { return };
    let (before, there) = (other.file(), other.folder.path().join("there/shakedown"));
    std::fs::remove_file(&there).unwrap();
    let of = |text: Option<&str>| {
        match text {
            Some(text) => script(&there, text),
            None => {
                let _it_may_be_missing = std::fs::remove_file(&there);
            }
        }
        let run = other.fix(&["--apply"]);
        assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
        run.stderr
    };
    let newer = "echo 'Welcome to db01'; echo 'shakedown-far {\"protocol\":99,\"version\":\"9.1\"}'; cat > /dev/null";
    let said = of(Some(newer));
    assert!(said.contains("version 9.1") && said.contains("speaks version 99"), "{said}");
    let said = of(Some("echo \"error: unrecognized subcommand 'serve-plan'\" >&2; exit 2"));
    assert!(said.contains("older than `--via`"), "{said}");
    let said = of(Some("echo 'out of memory' >&2; exit 7"));
    assert!(said.contains("ended with status 7") && said.contains("out of memory"), "{said}");
    let said = of(None);
    assert!(said.contains("there is no `shakedown` on the `PATH`") && said.contains("--send-binary"), "{said}");
    assert_eq!(other.file(), before);

    let made = other.fix(&["--apply", "--send-binary", "--confirm-within", "10s"]);
    assert_eq!(made.status, 0, "{}{}\n{}", made.stdout, made.stderr, other.way.log());
    assert!(other.connects());
    // The sent program is gone, and what it left behind to guard the change does its work all the same.
    assert_eq!(std::fs::read_dir(other.place("there/tmp")).unwrap().count(), 0);
    other.wait_for("rolled-back");
    assert_eq!(other.file(), before);
}

/// The file of a client there is changed there, and what proves it are connections that are made there.
#[test]
fn a_client_of_another_machine_is_changed_and_proved_from_there() {
    let Some(other) = other_with("") else { return };
    let client = other.client("Ciphers aes128-cbc\n");
    let before = std::fs::read(&client).unwrap();
    assert!(!other.connects_with(&client));
    let target = format!("ssh://127.0.0.1:{}", other.server.port());
    let asked = || std::fs::read_to_string(other.place("asked")).unwrap_or_default();
    let plan = other.shakedown(&[&client, &target]);
    assert_eq!(plan.status, 1, "{}{}\n{}", plan.stdout, plan.stderr, other.way.log());
    assert!(plan.stdout.contains("error[no-common-cipher]"), "{}", plan.stdout);
    assert_eq!(std::fs::read(&client).unwrap(), before);
    assert!(!asked().contains("PreferredAuthentications=none"), "{}", asked());

    let made = other.shakedown(&[&client, &target, "--apply", "--format", "json"]);
    assert_eq!(made.status, 0, "{}{}\n{}", made.stdout, made.stderr, other.way.log());
    let document = made.json();
    assert_eq!(document["applied"]["state"], "proved", "{document:#}");
    assert_eq!(document["applied"]["files"][0]["path"], client.as_str());
    let steps = document["applied"]["steps"].as_array().unwrap();
    assert!(steps.last().unwrap()["text"].as_str().unwrap().ends_with("`ssh` connects"), "{document:#}");
    // Before the change, and after it.
    assert_eq!(asked().lines().filter(|line| line.contains("PreferredAuthentications=none")).count(), 2, "{}", asked());
    assert!(other.connects_with(&client));
    let id = document["applied"]["id"].as_str().unwrap();
    assert_eq!(other.shakedown(&["--undo", id]).status, 0);
    assert_eq!(std::fs::read(&client).unwrap(), before);

    // What that machine's own client does not do afterwards is taken back.
    let real = other.ssh.display();
    script(
        &other.folder.path().join("there/ssh"),
        &format!("case \"$*\" in *PreferredAuthentications*) echo 'no route'; exit 255;; esac\nexec '{real}' \"$@\""),
    );
    let failed = other.shakedown(&[&client, &target, "--apply", "--timeout", "2s"]);
    assert_eq!(failed.status, 1, "{}{}", failed.stdout, failed.stderr);
    assert!(failed.stdout.contains("rolled back: `ssh` does not connect: no route"), "{}", failed.stdout);
    assert!(failed.stdout.contains("the server answers again"), "{}", failed.stdout);
    assert_eq!(std::fs::read(&client).unwrap(), before);

    // What is about connections from here does not silently go without effect.
    let refused = other.shakedown(&[&client, &target, "--connect", "127.0.0.1"]);
    assert_eq!(refused.status, 2, "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains("reaches the server from there"), "{}", refused.stderr);
}

#[test]
fn the_weaker_fixes_of_another_machine_are_listed_and_expire() {
    let Some(other) = other_with("KexAlgorithms diffie-hellman-group14-sha1\n") else { return };
    let client = other.client("Host 127.0.0.1\n");
    let before = std::fs::read(&client).unwrap();
    let none = other.run(&["exceptions"]);
    assert_eq!((none.status, none.stdout.as_str()), (0, "no weaker fix is in force\n"), "{}", none.stderr);
    let target = format!("ssh://127.0.0.1:{}", other.server.port());
    let weaker =
        ["--allow-weaker", "--reason", "the plant is replaced", "--until", "2099-03-31", "--confirm-within", "never"];
    let made = other.shakedown(&[&[client.as_str(), &target, "--apply"][..], &weaker].concat());
    assert_eq!(made.status, 0, "{}{}\n{}", made.stdout, made.stderr, other.way.log());
    let listed = other.run(&["exceptions", "--format", "json"]);
    assert_eq!(listed.status, 0, "{}{}", listed.stdout, listed.stderr);
    assert_eq!(listed.json()["exceptions"][0]["reason"], "the plant is replaced");
    assert!(listed.json()["exceptions"][0]["days_left"].as_i64().unwrap() > 20_000);
    // The same as on that machine itself.
    let (_, local) = Shakedown::new().json(&["exceptions", "--state", &other.place("state")]);
    assert_eq!(local, listed.json());

    // Once its day is over.
    let journal = other.folder.path().join("state/journal.jsonl");
    let told = std::fs::read_to_string(&journal).unwrap().replace("2099-03-31", "2020-03-31");
    std::fs::write(&journal, told).unwrap();
    let past = other.run(&["exceptions"]);
    assert_eq!(past.status, 1, "{}{}", past.stdout, past.stderr);
    assert!(past.stdout.contains(&format!("`shakedown fix --expire --via {}`", other.via())), "{}", past.stdout);
    assert_eq!(other.shakedown(&["--expire"]).status, 0);
    assert_eq!(std::fs::read(&client).unwrap(), before);
    assert_eq!(other.run(&["exceptions"]).status, 0);
}

#[test]
fn a_plan_for_another_machine_is_made_later_if_nothing_has_changed_there() {
    let Some(other) = other() else { return };
    let (before, plan) = (other.file(), other.place("plan.json"));
    let saved = other.fix(&["--save", &plan]);
    assert_eq!(saved.status, 1, "{}{}", saved.stdout, saved.stderr);
    assert!(saved.stdout.contains(&format!("written to `{plan}`; nothing was changed")), "{}", saved.stdout);
    assert_eq!(other.file(), before);
    let text = std::fs::read_to_string(&plan).unwrap();
    assert!(text.contains("\"seen_from\"") && text.contains("shakedown-plan/1"), "{text}");

    // On the other machine itself nobody could reach the target as it was reached from here.
    let refused = Shakedown::new().run(&["fix", "--apply", &plan, "--state", &other.place("state")]);
    assert_eq!(refused.status, 2, "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains("with `--via` as well"), "{}", refused.stderr);
    // Nor from a third machine.
    let elsewhere = other.place("elsewhere.json");
    let from = text.lines().find(|line| line.contains("\"seen_from\"")).unwrap();
    std::fs::write(&elsewhere, text.replace(from, "  \"seen_from\": \"jump.example\",")).unwrap();
    let refused = other.shakedown(&["--apply", &elsewhere]);
    assert_eq!(refused.status, 2, "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains("made on `jump.example`"), "{}", refused.stderr);
    // A file of it changed there meanwhile.
    std::fs::write(other.server.config(), [&before[..], b"# a note\n"].concat()).unwrap();
    let refused = other.shakedown(&["--apply", &plan]);
    assert_eq!(refused.status, 2, "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains("has changed"), "{}", refused.stderr);
    std::fs::write(other.server.config(), &before).unwrap();

    let made = other.shakedown(&["--apply", &plan, "--format", "json"]);
    assert_eq!(made.status, 0, "{}{}\n{}", made.stdout, made.stderr, other.way.log());
    assert_eq!(made.json()["applied"]["state"], "proved");
    assert!(other.connects() && other.file() != before);
    let list = Shakedown::new().json(&["fix", "--list", "--state", &other.place("state")]).1;
    assert!(list["changes"][0]["by"].as_str().unwrap().contains("planned by"), "{list:#}");
    let id = made.json()["applied"]["id"].as_str().unwrap().to_owned();
    assert_eq!(other.shakedown(&["--undo", &id]).status, 0);
    assert_eq!(other.file(), before);
}

/// A plan over a client there is proved from there, by whomever it is made.
#[test]
fn a_plan_for_a_client_of_another_machine_is_proved_from_there() {
    let Some(other) = other_with("") else { return };
    let client = other.client("Ciphers aes128-cbc\n");
    let (target, plan) = (format!("ssh://127.0.0.1:{}", other.server.port()), other.place("plan.json"));
    let saved = other.shakedown(&[&client, &target, "--save", &plan]);
    assert_eq!(saved.status, 1, "{}{}", saved.stdout, saved.stderr);
    assert!(!std::fs::read_to_string(&plan).unwrap().contains("seen_from"));
    let made = other.shakedown(&["--apply", &plan, "--confirm-within", "never"]);
    assert_eq!(made.status, 0, "{}{}\n{}", made.stdout, made.stderr, other.way.log());
    assert!(std::fs::read_to_string(other.place("asked")).unwrap().contains("PreferredAuthentications=none"));
    assert!(other.connects_with(&client));
}

/// The log lies there, and the clients that it tells of are computed there.
#[test]
fn clients_of_a_log_of_another_machine_are_computed_with_every_change() {
    let Some(other) = other() else { return };
    let log = other.place("there/auth.log");
    let text = support::sshd_log("192.0.2.7", "OpenSSH_8.4p1", 50_001)
        + &support::sshd_log("192.0.2.8", "OpenSSH_5.3", 50_002);
    std::fs::write(&log, text).unwrap();
    let run = other.fix(&["--seen-in", &log]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("2 kinds of clients seen in"), "{}", run.stdout);
    let lets_in = run.stdout.contains("lets in, of those that fail today") && run.stdout.contains("192.0.2.7");
    assert!(lets_in && !run.stdout.contains("192.0.2.8"), "{}", run.stdout);
    // A path that is one there.
    let missing = other.fix(&["--seen-in", "/nowhere/auth.log"]);
    assert_eq!(missing.status, 2, "{}{}", missing.stdout, missing.stderr);
    assert!(
        missing.stderr.contains("on the other machine") && missing.stderr.contains("/nowhere"),
        "{}",
        missing.stderr
    );
}
