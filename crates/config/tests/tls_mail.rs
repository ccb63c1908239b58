//! Postfix and Dovecot as parties: what is negotiated from their files is what real clients get from the running programs.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;
mod tls_peers;

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use common::Random;
use shakedown_model::ConfigurationKind;
use shakedown_testkit::Running;
use tls_peers::{Bench, GROUPS, Target, ciphers, some};

const CLIENTS: usize = 6;
const PATIENCE: Duration = Duration::from_secs(20);

/// A path below the folder of the peers, or that of the machine where they are installed.
fn place(path: &str) -> PathBuf {
    let unpacked = shakedown_testkit::peers_dir().join("debian").join(path);
    if unpacked.exists() { unpacked } else { PathBuf::from("/").join(path) }
}

/// The folders of a package's own libraries.
fn libraries(path: &str) -> String {
    format!("{}:{}", place(path).display(), place("usr/lib/x86_64-linux-gnu").display())
}

/// Both programs are begun by root alone.
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: only root may start this server");
    }
    root
}

/// The number of a user or a group by its name.
fn number(file: &str, name: &str) -> u32 {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.split(':').nth(1).unwrap().parse().unwrap()
}

#[test]
fn postfix_negotiates_what_its_files_say() {
    let (Some(mut bench), Some(postconf)) = (Bench::new(), shakedown_testkit::require("postconf")) else { return };
    if !is_root() {
        return;
    }
    let output = Command::new(&postconf).args(["-d", "-h", "mail_version"]).output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let software = format!("postfix@{version}+{}", bench.library);
    let folder = bench.folder.path().to_owned();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (owner, group) = (number("/etc/passwd", "nobody"), number("/etc/group", "tty"));
    for name in ["data", "queue"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    for name in ["active", "incoming", "private", "public", "pid", "maildrop", "saved", "defer", "deferred"] {
        let path = folder.join("queue").join(name);
        std::fs::create_dir(&path).unwrap();
        let group = (name == "public" || name == "maildrop").then_some(group);
        chown(&path, (name != "pid").then_some(owner), group).unwrap();
    }
    chown(folder.join("data"), Some(owner), None).unwrap();
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    for case in 0..shakedown_testkit::cases(4) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 49_979_687));
        let port = shakedown_testkit::free_port().unwrap();
        let wrapped = shakedown_testkit::free_port().unwrap();
        let shown = folder.display();
        let mut text = format!(
            "compatibility_level = 3.6\nqueue_directory = {shown}/queue\ndata_directory = {shown}/data\ndaemon_directory = {}\ncommand_directory = {}\nmail_owner = nobody\ndefault_privs = daemon\nsetgid_group = tty\nmaillog_file = {shown}/log\nmaillog_file_prefixes = {shown}\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = test.example\nmydestination =\nsmtpd_peername_lookup = no\nsmtpd_relay_restrictions = reject\nlocal_recipient_maps =\nimport_environment = LD_LIBRARY_PATH OPENSSL_CONF MAIL_CONFIG MAIL_LOGTAG POSTLOG_SERVICE POSTLOG_HOSTNAME\nsmtpd_tls_security_level = may\n",
            place("usr/lib/postfix/sbin").display(),
            place("usr/sbin").display(),
        );
        for (kind, key) in match random.below(3) {
            0 => vec![("", "rsa")],
            1 => vec![("ec", "ec")],
            _ => vec![("", "rsa"), ("ec", "ec")],
        } {
            text += &format!(
                "smtpd_tls_{kind}cert_file = {shown}/{key}.crt\nsmtpd_tls_{kind}key_file = {shown}/{key}.key\n"
            );
        }
        if !text.contains("tls_cert_file") {
            text += "smtpd_tls_cert_file =\n";
        }
        for middle in ["", "mandatory_"] {
            let protocols =
                random.pick(&["", ">=TLSv1.2", "!SSLv2, !SSLv3, !TLSv1.3", "TLSv1.2 TLSv1.1", ">=TLSv1, <=TLSv1.2"]);
            if !protocols.is_empty() {
                text += &format!("smtpd_tls_{middle}protocols = {protocols}\n");
            }
            text += random.pick(&["", &format!("smtpd_tls_{middle}ciphers = high\n")]);
        }
        text += random.pick(&["", "tls_preempt_cipherlist = yes\n"]);
        text += random.pick(&["", "smtpd_tls_ask_ccert = yes\n"]);
        text +=
            random.pick(&["", "smtpd_tls_exclude_ciphers = aNULL, AES128\n", "smtpd_tls_exclude_ciphers = kRSA DHE\n"]);
        text += random.pick(&[
            "",
            "smtpd_tls_eecdh_grade = strong\n",
            "smtpd_tls_eecdh_grade = ultra\n",
            "tls_eecdh_auto_curves = secp384r1 X448\n",
        ]);
        text +=
            random.pick(&["", "tls_medium_cipherlist = ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA:DHE-RSA-AES128-SHA\n"]);
        let path = bench.write("main.cf", &text);
        bench.write(
            "master.cf",
            &format!(
                "127.0.0.1:{port} inet n - n - - smtpd\n127.0.0.1:{wrapped} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes -o tls_preempt_cipherlist=no\npostlog unix-dgram n - n - 1 postlogd\nanvil unix - - n - 1 anvil\ntlsmgr unix - - n 1000? 1 tlsmgr\nproxymap unix - - n - - proxymap\nrewrite unix - - n - - trivial-rewrite\n"
            ),
        );
        let mut command = Command::new(place("usr/lib/postfix/sbin/master"));
        // Its log goes to standard output only where it is the first process of all.
        let log = bench.write("log", "");
        let log = Running::start(Command::new("tail").args(["-n", "+1", "-f"]).arg(&log)).unwrap();
        command.arg("-d").arg("-c").arg(&folder);
        command.env("LD_LIBRARY_PATH", libraries("usr/lib/postfix"));
        let running = Running::start(command.env("OPENSSL_CONF", bench.path("empty.cnf"))).unwrap();
        let started = log.wait_for(PATIENCE, |log| log.contains("daemon started").then_some(()));
        assert!(started.is_some(), "{}{}\n{text}", running.log(), log.log());
        for client in 0..CLIENTS {
            let (port, starttls) = if client % 3 == 2 { (wrapped, None) } else { (port, Some("smtp")) };
            let target = Target {
                kind: ConfigurationKind::Postfix,
                software: software.clone(),
                path: &path,
                port,
                starttls,
                text: &text,
            };
            bench.compare(&mut random, &target, Some("test.example"), &format!("seed {seed} case {case}"));
        }
    }
    bench.done("Postfix");
}

/// The servers of Dovecot's that speak the mail protocols are in other packages; `doveadm-server`, which sets its library up by
/// the same settings but for `ssl_cipher_suites`, stands in for them.
#[test]
fn dovecot_negotiates_what_its_file_says() {
    let (Some(mut bench), Some(_)) = (Bench::new(), shakedown_testkit::require("doveconf")) else { return };
    if !is_root() {
        return;
    }
    // It loads its TLS from there, a path that no setting changes: where it is not installed, it cannot be asked.
    if !shakedown_testkit::require_file(std::path::Path::new("/usr/lib/dovecot/modules")) {
        return;
    }
    let mut command = Command::new(place("usr/sbin/dovecot"));
    let output = command.arg("--version").env("LD_LIBRARY_PATH", libraries("usr/lib/dovecot")).output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap().split_whitespace().next().unwrap().to_owned();
    let software = format!("dovecot@{version}+{}", bench.library);
    let folder = bench.folder.path().to_owned();
    let made = Command::new(&bench.openssl)
        .args(["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out"])
        .arg(folder.join("dh.pem"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    for case in 0..shakedown_testkit::cases(4) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 67_867_967));
        let port = shakedown_testkit::free_port().unwrap();
        let shown = folder.display();
        let run = folder.join(format!("run{case}"));
        std::fs::create_dir(&run).unwrap();
        let run = run.display();
        let mut text = format!(
            "base_dir = {run}\nstate_dir = {run}\nprotocols =\nlog_path = /dev/stderr\ndefault_login_user = nobody\ndefault_internal_user = root\ndefault_internal_group = root\nlibexec_dir = {}\ndoveadm_password = x\nimport_environment = LD_LIBRARY_PATH OPENSSL_CONF\nservice doveadm {{\n  inet_listener {{\n    address = 127.0.0.1\n    port = {port}\n    ssl = yes\n  }}\n}}\nssl = yes\n",
            place("usr/lib/dovecot").display()
        );
        let (main, other) = (random.pick(&["rsa", "rsa", "ec"]), random.pick(&["", "ed25519"]));
        text += &format!("ssl_cert = <{shown}/{main}.crt\nssl_key = <{shown}/{main}.key\n");
        if !other.is_empty() {
            text += &format!("ssl_alt_cert = <{shown}/{other}.crt\nssl_alt_key = <{shown}/{other}.key\n");
        }
        text += &format!("ssl_cipher_list = {}\n", ciphers(&mut random));
        text += random.pick(&[
            "",
            "ssl_min_protocol = TLSv1.1\n",
            "ssl_min_protocol = ANY\n",
            "ssl_min_protocol = TLSv1.3\n",
        ]);
        text += random.pick(&["", "ssl_prefer_server_ciphers = yes\n"]);
        text += &random.pick(&["", "ssl_dh = <DH\n"]).replace("DH", &format!("{shown}/dh.pem"));
        if random.percent(40) {
            text += &format!("ssl_curve_list = {}\n", some(&mut random, GROUPS, 3, ":"));
        }
        let path = bench.write("dovecot.conf", &text);
        let mut command = Command::new(place("usr/sbin/dovecot"));
        command.arg("-F").arg("-c").arg(&path).env("LD_LIBRARY_PATH", libraries("usr/lib/dovecot"));
        let running = Running::start(command.env("OPENSSL_CONF", bench.path("empty.cnf"))).unwrap();
        let started = running.wait_for(PATIENCE, |log| log.contains("starting up").then_some(()));
        assert!(started.is_some(), "{}\n{text}", running.log());
        let target = Target {
            kind: ConfigurationKind::Dovecot,
            software: software.clone(),
            path: &path,
            port,
            starttls: None,
            text: &text,
        };
        for _ in 0..CLIENTS {
            bench.compare(
                &mut random,
                &target,
                Some("test.example"),
                &format!("seed {seed} case {case}\n{}", running.log()),
            );
        }
    }
    bench.done("Dovecot");
}
