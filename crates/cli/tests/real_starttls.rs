//! `check` of servers that come to TLS by a dialogue of their own protocol: the real servers, on loopback.
//!
//! | schemes | server |
//! |---|---|
//! | `smtp` (and `submission`, the same dialogue at another port) | Postfix |
//! | `lmtp`, `imap`, `pop3`, `sieve` | Dovecot |
//! | `ftp` | vsftpd |
//! | `ldap` | OpenLDAP |
//! | `xmpp`, `xmpp-server` | Prosody |
//! | `nntp` | INN |
//! | `irc` | InspIRCd |
//! | `mysql` | MariaDB |
//! | `postgres` | PostgreSQL |
//!
//! The others are scripted, in `probe`'s tests of the dialogues and in `without_a_server_in_debian` below: Debian has no server of
//! `mssql` (TDS); its server of `rdp`, xrdp, makes its sockets in `/run/xrdp`, a path that no setting changes; its telnetd-ssl
//! begins TLS by the option AUTHENTICATION, and not by START_TLS, which is what `telnet` speaks here.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

#[path = "support/listener.rs"]
mod listener;
mod support;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use listener::Listener;
use shakedown_testkit::{Running, free_port, peers_dir, require, require_file, run};
use support::Shakedown;

/// How long a server may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A folder with a certificate for `test.example`, which every user may read.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Option<Self> {
        let openssl = require("openssl")?;
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let made = Command::new(openssl)
            .args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=test.example", "-newkey", "rsa:2048"])
            .args(["-addext", "subjectAltName=DNS:test.example", "-keyout", "rsa.key", "-out", "rsa.pem"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(Self(folder))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// One check, which agrees; and OpenSSL's client through a relay.
    fn agrees(&self, scheme: &str, port: u16, log: impl Fn() -> String) {
        self.checks(scheme, port, &log);
        self.passes(scheme, port, log);
    }

    /// One check, which agrees: one hello, and one whole handshake.
    fn checks(&self, scheme: &str, port: u16, log: impl Fn() -> String) {
        let (url, trusted) = (format!("{scheme}://127.0.0.1:{port}"), self.path("rsa.pem").display().to_string());
        let run = Shakedown::new().run(&[
            "check",
            &url,
            "--cacert",
            &trusted,
            "--sni",
            "test.example",
            "--as",
            "openssl@3.0.15",
            "--format",
            "json",
        ]);
        assert_eq!(run.status, 0, "{scheme}: {}{}\n{}", run.stdout, run.stderr, log());
        let document = run.json();
        assert_eq!(document["pairs"][0]["outcome"]["result"], "agreed", "{scheme}: {document:#}\n{}", log());
        assert_eq!(document["connections"], 2, "{scheme}: {document:#}\n{}", log());
    }

    /// OpenSSL's client comes to TLS through a relay, which finds where it begins.
    fn passes(&self, scheme: &str, port: u16, log: impl Fn() -> String) {
        let Some(openssl) = require("openssl") else { return };
        let relay = Listener::relay(&[&format!("{scheme}://127.0.0.1:{port}"), "--no-probe", "--count", "1"]);
        let address = relay.address.to_string();
        let mut command = Command::new(openssl);
        command.args(["s_client", "-starttls", scheme, "-connect", &address, "-servername", "test.example"]);
        command.args(["-xmpphost", "test.example"]).env("OPENSSL_CONF", "/dev/null");
        let finished = run(&mut command, b"", PATIENCE).unwrap();
        let ended = relay.end();
        let document = &ended.documents[0];
        assert_eq!(ended.status, 0, "{scheme}: {document:#}\n{}\n{}", finished.text(), log());
        assert_eq!(document["pairs"][0]["outcome"]["result"], "agreed", "{scheme}: {document:#}");
        let version = document["pairs"][0]["outcome"]["agreed"]["version"].as_str().unwrap_or_default();
        assert!(finished.stdout.contains(version) && !version.is_empty(), "{scheme}: {}", finished.text());
    }
}

/// A path below the folder of the peers, or that of the machine where they are installed.
fn place(path: &str) -> PathBuf {
    let unpacked = peers_dir().join("debian").join(path);
    if unpacked.exists() { unpacked } else { PathBuf::from("/").join(path) }
}

/// The folders of a package's own libraries.
fn libraries(path: &str) -> String {
    format!("{}:{}", place(path).display(), place("usr/lib/x86_64-linux-gnu").display())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this server can be begun here: some are begun by root alone.
fn root_only() -> bool {
    if !is_root() {
        eprintln!("skipped: only root may start this server");
    }
    is_root()
}

/// Whether a process of another user's can load programs from the folder of the peers.
fn others_may_enter() -> bool {
    let folder = peers_dir();
    let folder = folder.canonicalize().unwrap_or(folder);
    let open = folder.ancestors().all(|folder| folder.metadata().is_ok_and(|metadata| metadata.mode() & 0o1 != 0));
    if !open {
        eprintln!("skipped: another user cannot read {}", folder.display());
    }
    open
}

/// The number of a user or a group by its name.
fn number(file: &str, name: &str) -> u32 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.split(':').nth(1).unwrap().parse().unwrap()
}

/// Starts a server; it is ready when it has printed this.
fn start(command: &mut Command, ready: &str) -> Running {
    let running = Running::start(command.env("OPENSSL_CONF", "/dev/null")).unwrap();
    let started = running.wait_for(PATIENCE, |log| log.contains(ready).then_some(()));
    assert!(started.is_some(), "{command:?} did not start:\n{}", running.log());
    running
}

#[test]
fn postfix_over_smtp() {
    let (Some(bench), Some(_)) = (Bench::new(), require("postconf")) else { return };
    if !root_only() {
        return;
    }
    let (owner, group) = (number("/etc/passwd", "nobody"), number("/etc/group", "tty"));
    chown(bench.folder("data"), Some(owner), None).unwrap();
    for name in ["active", "incoming", "private", "public", "pid", "maildrop", "saved", "defer", "deferred"] {
        let group = (name == "public" || name == "maildrop").then_some(group);
        chown(bench.folder(&format!("queue/{name}")), (name != "pid").then_some(owner), group).unwrap();
    }
    let (port, shown) = (free_port().unwrap(), bench.0.path().display());
    bench.write(
        "main.cf",
        &format!(
            "compatibility_level = 3.6\nqueue_directory = {shown}/queue\ndata_directory = {shown}/data\n\
             daemon_directory = {}\ncommand_directory = {}\nmail_owner = nobody\ndefault_privs = daemon\n\
             setgid_group = tty\nmaillog_file = {shown}/log\nmaillog_file_prefixes = {shown}\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = test.example\nmydestination =\n\
             smtpd_peername_lookup = no\nsmtpd_relay_restrictions = reject\nlocal_recipient_maps =\n\
             import_environment = LD_LIBRARY_PATH OPENSSL_CONF MAIL_CONFIG MAIL_LOGTAG POSTLOG_SERVICE \
             POSTLOG_HOSTNAME\nsmtpd_tls_security_level = may\nsmtpd_tls_cert_file = {shown}/rsa.pem\n\
             smtpd_tls_key_file = {shown}/rsa.key\n",
            place("usr/lib/postfix/sbin").display(),
            place("usr/sbin").display(),
        ),
    );
    bench.write(
        "master.cf",
        &format!(
            "127.0.0.1:{port} inet n - n - - smtpd\npostlog unix-dgram n - n - 1 postlogd\n\
             anvil unix - - n - 1 anvil\ntlsmgr unix - - n 1000? 1 tlsmgr\nproxymap unix - - n - - proxymap\n\
             rewrite unix - - n - - trivial-rewrite\n"
        ),
    );
    // Its log goes to standard output only where it is the first process of all.
    let log = bench.write("log", "");
    let log = Running::start(Command::new("tail").args(["-n", "+1", "-f"]).arg(&log)).unwrap();
    let mut command = Command::new(place("usr/lib/postfix/sbin/master"));
    command.arg("-d").arg("-c").arg(bench.0.path());
    command.env("LD_LIBRARY_PATH", libraries("usr/lib/postfix")).env("OPENSSL_CONF", "/dev/null");
    let running = Running::start(&mut command).unwrap();
    let started = log.wait_for(PATIENCE, |log| log.contains("daemon started").then_some(()));
    assert!(started.is_some(), "{}{}", running.log(), log.log());
    bench.agrees("smtp", port, || log.log());
}

/// Dovecot loads its TLS from `/usr/lib/dovecot/modules`, a path that no setting changes: it is asked where it is installed.
#[test]
fn dovecot_over_imap_pop3_lmtp_and_sieve() {
    let Some(bench) = Bench::new() else { return };
    if !root_only() {
        return;
    }
    let installed = Path::new("/usr/lib/dovecot");
    let needed = ["modules/libssl_iostream_openssl.so", "imap-login", "pop3-login", "lmtp", "managesieve-login"];
    if !needed.iter().all(|name| require_file(&installed.join(name))) {
        return;
    }
    let (run, shown) = (bench.folder("run"), bench.0.path().display());
    let ports = [(); 4].map(|()| free_port().unwrap());
    let mut text = format!(
        "base_dir = {run}\nstate_dir = {run}\nprotocols = imap pop3 lmtp sieve\nlog_path = /dev/stderr\n\
         default_login_user = nobody\ndefault_internal_user = root\ndefault_internal_group = root\n\
         import_environment = OPENSSL_CONF\nssl = yes\n\
         ssl_cert = <{shown}/rsa.pem\nssl_key = <{shown}/rsa.key\n\
         passdb {{\n  driver = static\n  args = nopassword=y\n}}\n\
         userdb {{\n  driver = static\n  args = uid=nobody gid=nogroup home={shown}\n}}\n\
         service anvil {{\n  chroot =\n}}\n",
        run = run.display(),
    );
    for ((service, listener), port) in
        [("imap-login", "imap"), ("pop3-login", "pop3"), ("lmtp", "lmtp"), ("managesieve-login", "sieve")]
            .iter()
            .zip(ports)
    {
        text += &format!(
            "service {service} {{\n  chroot =\n  inet_listener {listener} {{\n    address = 127.0.0.1\n    \
             port = {port}\n  }}\n"
        );
        if ["imap", "pop3"].contains(listener) {
            text += &format!("  inet_listener {listener}s {{\n    port = 0\n  }}\n");
        }
        text += "}\n";
    }
    let mut command = Command::new("/usr/sbin/dovecot");
    command.arg("-F").arg("-c").arg(bench.write("dovecot.conf", &text));
    let running = start(&mut command, "starting up");
    for (scheme, port) in ["imap", "pop3", "lmtp", "sieve"].iter().zip(ports) {
        bench.agrees(scheme, port, || running.log());
    }
}

/// It serves one connection that is its standard input, as under inetd: it says nothing by which one would know that it
/// listens.
#[test]
fn vsftpd_over_ftp() {
    let (Some(bench), Some(vsftpd)) = (Bench::new(), require("vsftpd")) else { return };
    if !root_only() {
        return;
    }
    let (shown, empty) = (bench.0.path().display(), bench.folder("empty"));
    let text = format!(
        "listen=NO\nlisten_ipv6=NO\nanonymous_enable=YES\nftp_username=nobody\nnopriv_user=nobody\nssl_enable=YES\n\
         allow_anon_ssl=YES\nseccomp_sandbox=NO\nxferlog_enable=NO\nrsa_cert_file={shown}/rsa.pem\n\
         rsa_private_key_file={shown}/rsa.key\nsecure_chroot_dir={}\n",
        empty.display()
    );
    let file = bench.write("vsftpd.conf", &text);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = thread::spawn(move || {
        // It ends with its connection; a check makes two, and the relay one.
        let connections = (0..3).map(|_| listener.accept().unwrap().0);
        let serve = |stream| {
            let mut command = Command::new(&vsftpd);
            command.arg(&file).env("OPENSSL_CONF", "/dev/null").stdin(OwnedFd::from(stream));
            command.output().unwrap()
        };
        connections.map(serve).map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).collect::<String>()
    });
    bench.agrees("ftp", port, String::new);
    assert_eq!(served.join().unwrap(), "");
}

#[test]
fn openldap_over_ldap() {
    let (Some(bench), Some(slapd)) = (Bench::new(), require("slapd")) else { return };
    let (port, shown) = (free_port().unwrap(), bench.0.path().display());
    let text = format!(
        "pidfile {shown}/pid\nargsfile {shown}/arguments\nTLSCertificateFile {shown}/rsa.pem\n\
         TLSCertificateKeyFile {shown}/rsa.key\n"
    );
    let mut command = Command::new(slapd);
    command.arg("-f").arg(bench.write("slapd.conf", &text));
    command.args(["-h", &format!("ldap://127.0.0.1:{port}"), "-d", "stats"]);
    let running = start(&mut command, "slapd starting");
    bench.agrees("ldap", port, || running.log());
}

#[test]
fn prosody_over_xmpp() {
    let (Some(bench), Some(lua)) = (Bench::new(), require("lua5.4")) else { return };
    let script = place("usr/bin/prosody");
    let Ok(script) = fs::read_to_string(&script) else {
        assert!(require("prosody").is_none(), "{} cannot be read", script.display());
        return;
    };
    // The path of its modules is written in its first lines.
    let script = script.replace("'/usr/lib/prosody", &format!("'{}", place("usr/lib/prosody").display()));
    let (clients, servers, shown) = (free_port().unwrap(), free_port().unwrap(), bench.0.path().display());
    bench.folder("data");
    bench.folder("certs");
    let certificate = format!("ssl = {{ certificate = \"{shown}/rsa.pem\", key = \"{shown}/rsa.key\" }}\n");
    let text = format!(
        "pidfile = \"{shown}/pid\"\ndata_path = \"{shown}/data\"\nrun_as_root = true\ninterfaces = {{ \"127.0.0.1\" }}\n\
         c2s_ports = {{ {clients} }}\ns2s_ports = {{ {servers} }}\n\
         modules_enabled = {{ \"tls\", \"saslauth\", \"s2s\", \"c2s\" }}\nc2s_require_encryption = true\n\
         log = {{ info = \"*console\" }}\n{certificate}VirtualHost \"test.example\"\n{certificate}"
    );
    let mut command = Command::new(lua);
    command.arg(bench.write("prosody", &script)).arg("--config").arg(bench.write("prosody.cfg.lua", &text)).arg("-F");
    command.env("LUA_PATH", format!("{}/?.lua;;", place("usr/share/lua/5.4").display()));
    command.env("LUA_CPATH", format!("{}/?.so;;", place("usr/lib/x86_64-linux-gnu/lua/5.4").display()));
    command.env("LD_LIBRARY_PATH", libraries("usr/lib/prosody"));
    let running = start(&mut command, &format!("Activated service 'c2s' on [127.0.0.1]:{clients}"));
    let both = running.wait_for(PATIENCE, |log| log.contains("Activated service 's2s'").then_some(()));
    assert!(both.is_some(), "{}", running.log());
    bench.agrees("xmpp", clients, || running.log());
    bench.agrees("xmpp-server", servers, || running.log());
}

/// INN's server of readers, by itself. It prints nothing, and logs to the machine's log.
#[test]
fn inn_over_nntp() {
    let (Some(bench), Some(nnrpd)) = (Bench::new(), require("nnrpd")) else { return };
    if !root_only() {
        return;
    }
    let (port, shown) = (free_port().unwrap(), bench.0.path().display());
    let folders = ["articles", "db", "etc", "filter", "log", "overview", "run", "spool", "tmp"];
    for name in folders {
        bench.folder(name);
    }
    for name in ["db/active", "db/newsgroups", "db/history", "overview/group.index", "spool/tradspool.map"] {
        bench.write(name, "");
    }
    bench.write("etc/storage.conf", "method tradspool {\n    newsgroups: *\n    class: 0\n}\n");
    bench.write(
        "etc/readers.conf",
        "auth \"local\" {\n    hosts: \"127.0.0.1\"\n    default: \"<local>\"\n}\n\
         access \"local\" {\n    users: \"<local>\"\n    newsgroups: \"*\"\n    access: R\n}\n",
    );
    let text = format!(
        "mta: \"/bin/true %s\"\norganization: test\npathhost: test.example\ndomain: test.example\n\
         hismethod: hisv6\novmethod: tradindexed\nenableoverview: true\nrunasuser: root\nrunasgroup: root\n\
         pathnews: {shown}\npathbin: {shown}\npatharchive: {shown}/articles\npatharticles: {shown}/articles\n\
         pathdb: {shown}/db\npathetc: {shown}/etc\npathfilter: {shown}/filter\npathlog: {shown}/log\n\
         pathoverview: {shown}/overview\npathrun: {shown}/run\npathspool: {shown}/spool\npathtmp: {shown}/tmp\n\
         tlscertfile: {shown}/rsa.pem\ntlskeyfile: {shown}/rsa.key\n"
    );
    let mut command = Command::new(nnrpd);
    command.args(["-D", "-f", "-4", "127.0.0.1", "-p", &port.to_string()]);
    command.env("INNCONF", bench.write("etc/inn.conf", &text)).env("OPENSSL_CONF", "/dev/null");
    let running = Running::start(&mut command).unwrap();
    let listens = running.wait_for(PATIENCE, |_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
    assert!(listens.is_some(), "{}", running.log());
    bench.agrees("nntp", port, || running.log());
}

#[test]
fn inspircd_over_irc() {
    let (Some(bench), Some(inspircd)) = (Bench::new(), require("inspircd")) else { return };
    let (port, shown) = (free_port().unwrap(), bench.0.path().display());
    let modules = place("usr/lib/inspircd/modules");
    let text = format!(
        "<server name=\"irc.test.example\" description=\"test\" network=\"Test\">\n\
         <admin name=\"a\" nick=\"a\" email=\"a@test.example\">\n\
         <bind address=\"127.0.0.1\" port=\"{port}\" type=\"clients\">\n\
         <path configdir=\"{shown}\" datadir=\"{shown}\" logdir=\"{shown}\" runtimedir=\"{shown}\" moduledir=\"{}\">\n\
         <pid file=\"{shown}/pid\">\n<module name=\"ssl_gnutls\">\n\
         <sslprofile name=\"Clients\" provider=\"gnutls\" certfile=\"{shown}/rsa.pem\" keyfile=\"{shown}/rsa.key\" \
         hash=\"sha256\">\n<module name=\"starttls\">\n<starttls sslprofile=\"Clients\">\n\
         <connect allow=\"*\" resolvehostnames=\"no\" useident=\"no\">\n",
        modules.display()
    );
    // It keeps what it says to itself until it ends, unless it writes line by line.
    let begin = |more: &[&str]| {
        let mut command = Command::new("stdbuf");
        command.arg("-oL").arg(&inspircd).arg("--config").arg(bench.write("inspircd.conf", &text));
        command.arg("--nofork").args(more);
        if is_root() {
            command.arg("--runasroot");
        }
        start(&mut command, "is now running as")
    };
    let running = begin(&[]);
    bench.agrees("irc", port, || running.log());
    drop(running);
    // So it warns each client first, in a NOTICE. OpenSSL's client takes that line for the answer to its STARTTLS and goes
    // away, although the answer (670) is on its way.
    let running = begin(&["--debug"]);
    bench.checks("irc", port, || running.log());
    let Some(openssl) = require("openssl") else { return };
    let relay = Listener::relay(&[&format!("irc://127.0.0.1:{port}"), "--no-probe", "--count", "1"]);
    let mut command = Command::new(openssl);
    command.args(["s_client", "-starttls", "irc", "-connect", &relay.address.to_string()]);
    let finished = run(&mut command, b"", PATIENCE).unwrap();
    assert!(finished.text().contains("Server does not support STARTTLS"), "{}", finished.text());
    // That one client was all: the relay ends with it, and puts no blame on the server.
    let ended = relay.end();
    let document = &ended.documents[0];
    assert_eq!(document["diagnoses"].as_array().map(Vec::len), Some(0), "{document:#}");
    let notes = document["notes"].to_string();
    assert!(notes.contains("the client asked for TLS") && notes.contains("closed the connection"), "{document:#}");
    assert_eq!(ended.status, 3, "{}", ended.stderr);
}

#[test]
fn mariadb_over_mysql() {
    let (Some(bench), Some(mariadbd)) = (Bench::new(), require("mariadbd")) else { return };
    let (port, shown) = (free_port().unwrap(), bench.0.path().display());
    let data = bench.folder("database");
    let mut command = Command::new(mariadbd);
    // Without its tables of users: the dialogue ends before anybody is asked for.
    command.args(["--no-defaults", "--skip-grant-tables", "--bind-address=127.0.0.1", "--skip-name-resolve"]);
    command.arg(format!("--datadir={}", data.display())).arg(format!("--socket={shown}/socket"));
    command.arg(format!("--port={port}")).arg(format!("--pid-file={shown}/pid"));
    command.arg(format!("--ssl-cert={shown}/rsa.pem")).arg(format!("--ssl-key={shown}/rsa.key"));
    command.arg(format!("--lc-messages-dir={}", place("usr/share/mysql").display()));
    command.arg(format!("--character-sets-dir={}", place("usr/share/mysql/charsets").display()));
    command.args(["--innodb-buffer-pool-size=8M", "--innodb-use-native-aio=0", "--innodb-log-file-size=4M"]);
    if is_root() {
        command.arg("--user=root");
    }
    let running = start(&mut command, "ready for connections");
    bench.agrees("mysql", port, || running.log());
}

/// PostgreSQL, told to end when this is dropped: killed, it would leave a piece of shared memory behind.
struct Postgres(Running);

impl Drop for Postgres {
    fn drop(&mut self) {
        let process = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw);
        let told = process.map(|process| rustix::process::kill_process(process, rustix::process::Signal::INT));
        if told == Some(Ok(())) {
            self.0.wait_for(PATIENCE, |log| log.contains("database system is shut down").then_some(()));
        }
    }
}

/// Lets a program run as `nobody` where root runs the tests: PostgreSQL refuses root.
fn as_nobody(command: &mut Command) -> &mut Command {
    if is_root() {
        let (user, group) = (number("/etc/passwd", "nobody"), number("/etc/group", "nogroup"));
        command.uid(user).gid(group);
    }
    command
}

fn given_to_nobody(path: &Path) {
    if is_root() {
        chown(path, Some(number("/etc/passwd", "nobody")), Some(number("/etc/group", "nogroup"))).unwrap();
    }
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn postgresql_over_postgres() {
    let (Some(bench), Some(initdb), Some(postgres)) = (Bench::new(), require("initdb"), require("postgres")) else {
        return;
    };
    if is_root() && !others_may_enter() {
        return;
    }
    let (data, key) = (bench.folder("database"), bench.path("rsa.key"));
    given_to_nobody(&data);
    given_to_nobody(&key);
    let mut command = Command::new(initdb);
    command.arg("-D").arg(&data).args(["-A", "trust", "-U", "test", "--no-locale", "-E", "UTF8", "--no-sync"]);
    let made = as_nobody(command.current_dir(&data)).output().unwrap();
    assert!(
        made.status.success(),
        "{}{}",
        String::from_utf8_lossy(&made.stdout),
        String::from_utf8_lossy(&made.stderr)
    );
    let (port, shown) = (free_port().unwrap(), bench.0.path().display());
    let mut command = Command::new(postgres);
    command.arg("-D").arg(&data).current_dir(&data).env("LC_ALL", "C");
    for setting in [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        "ssl=on".to_owned(),
        format!("ssl_cert_file={shown}/rsa.pem"),
        format!("ssl_key_file={shown}/rsa.key"),
        "jit=off".to_owned(),
        "fsync=off".to_owned(),
        "shared_buffers=1MB".to_owned(),
    ] {
        command.args(["-c", &setting]);
    }
    let running = Postgres(start(as_nobody(&mut command), "ready to accept connections"));
    bench.agrees("postgres", port, || running.0.log());
}

/// What a scripted server says until TLS begins.
type Script = fn(&mut TcpStream) -> io::Result<()>;

/// The answers that SQL Server, Windows and a Telnet server with START_TLS give, and behind them TLS of the real OpenSSL.
#[test]
fn without_a_server_in_debian() {
    let (Some(bench), Some(openssl)) = (Bench::new(), require("openssl")) else { return };
    let port = free_port().unwrap();
    let mut command = Command::new(openssl);
    command.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}"), "-cert", "rsa.pem", "-key", "rsa.key"]);
    let server = start(command.current_dir(bench.0.path()), "ACCEPT");
    let scripts: [(&str, Script, bool); 3] =
        [("mssql", prelogin, true), ("rdp", negotiation, false), ("telnet", options, false)];
    for (scheme, script, is_tds) in scripts {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let served = thread::spawn(move || {
            // A check makes two connections.
            for _ in 0..2 {
                let mut client = listener.accept().unwrap().0;
                script(&mut client).unwrap();
                pass(client, TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap(), is_tds);
            }
        });
        bench.checks(scheme, own, || server.log());
        served.join().unwrap();
    }
}

/// [MS-TDS] section 2.2.6.5: PRELOGIN, answered with "encryption is available".
fn prelogin(client: &mut TcpStream) -> io::Result<()> {
    let _request = packet(client)?;
    client.write_all(b"\x04\x01\0\x1a\0\0\x01\0\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x10\0\0\0\0\0\x01")
}

/// [MS-RDPBCGR] section 2.2.1.2: the X.224 Connection Confirm with PROTOCOL_SSL.
fn negotiation(client: &mut TcpStream) -> io::Result<()> {
    let mut head = [0; 4];
    client.read_exact(&mut head)?;
    client.read_exact(&mut vec![0; usize::from(u16::from_be_bytes([head[2], head[3]])) - 4])?;
    client.write_all(b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x01\0\0\0")
}

/// The draft "Telnet START_TLS": DO START_TLS, answered WILL; then FOLLOWS from both ends.
fn options(client: &mut TcpStream) -> io::Result<()> {
    const FOLLOWS: [u8; 6] = [255, 250, 46, 1, 255, 240];
    client.write_all(&[255, 253, 46])?;
    let (mut will, mut follows) = ([0; 3], [0; 6]);
    client.read_exact(&mut will)?;
    client.write_all(&FOLLOWS)?;
    client.read_exact(&mut follows)?;
    assert_eq!((will, follows), ([255, 251, 46], FOLLOWS));
    Ok(())
}

/// The contents of a packet of TDS.
fn packet(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = [0; 8];
    stream.read_exact(&mut head)?;
    let mut contents = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]])) - 8];
    stream.read_exact(&mut contents)?;
    Ok(contents)
}

/// Passes TLS on in both directions until either end is done; with SQL Server it travels in packets of TDS.
fn pass(client: TcpStream, server: TcpStream, is_tds: bool) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let up = thread::spawn(move || {
        let _end = match is_tds {
            false => io::copy(&mut from, &mut to).map(drop),
            true => (|| loop {
                to.write_all(&packet(&mut from)?)?;
            })(),
        };
        let _gone = to.shutdown(Shutdown::Both);
    });
    let (mut from, mut to) = (server, client);
    let mut bytes = [0; 4000];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let head = [4, 1, ((count + 8) >> 8) as u8, (count + 8) as u8, 0, 0, 1, 0];
        let sent =
            if is_tds { to.write_all(&[&head[..], &bytes[..count]].concat()) } else { to.write_all(&bytes[..count]) };
        if sent.is_err() {
            break;
        }
    }
    let _gone = to.shutdown(Shutdown::Both);
    up.join().unwrap();
}
