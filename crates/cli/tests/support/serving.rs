//! Real TLS servers that read their files again: each with a certificate for `test.example` in a folder of its own.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use shakedown_testkit::{Running, free_port, peers_dir, require, require_file};

/// How long a server may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// Which program serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Nginx,
    Haproxy,
    Apache,
    Postfix,
    Dovecot,
}

/// A running server.
pub(crate) struct Serving {
    pub(crate) folder: tempfile::TempDir,
    server: Server,
    port: u16,
    process: Running,
    /// What follows the server's log, where it writes it to a file.
    log: Option<Running>,
}

/// A path below the folder of the peers, or that of the machine where they are installed.
pub(crate) fn place(path: &str) -> PathBuf {
    let unpacked = peers_dir().join("debian").join(path);
    if unpacked.exists() { unpacked } else { PathBuf::from("/").join(path) }
}

fn number(file: &str, name: &str) -> u32 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.split(':').nth(1).unwrap().parse().unwrap()
}

impl Serving {
    pub(crate) fn file(&self) -> PathBuf {
        self.path(match self.server {
            Server::Nginx => "nginx.conf",
            Server::Haproxy => "haproxy.cfg",
            Server::Apache => "httpd.conf",
            Server::Postfix => "main.cf",
            Server::Dovecot => "dovecot.conf",
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn target(&self) -> String {
        let scheme = match self.server {
            Server::Postfix => "smtp",
            Server::Dovecot => "imaps",
            _ => "tls",
        };
        format!("{scheme}://{}", self.address())
    }

    /// What `openssl s_client` needs besides.
    pub(crate) fn starttls(&self) -> &'static [&'static str] {
        if self.server == Server::Postfix { &["-starttls", "smtp"] } else { &[] }
    }

    pub(crate) fn log(&self) -> String {
        self.process.log() + &self.log.as_ref().map(Running::log).unwrap_or_default()
    }

    /// The id of its first process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The `PATH` on which the programs' own checks are found.
    pub(crate) fn search_path() -> OsString {
        let own = [peers_dir().join("bin"), place("usr/sbin"), place("usr/bin")];
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path))).unwrap()
    }
}

/// Starts a server with these settings, and further files below its folder, in whose texts and in the settings `PLACE` is
/// the folder. `None` where it cannot be started here and need not be.
pub(crate) fn serving(server: Server, settings: &str, files: &[(&str, &str)]) -> Option<Serving> {
    let openssl = require("openssl")?;
    let folder = tempfile::tempdir().unwrap();
    let place_of = folder.path().canonicalize().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for (kind, key) in
        [("rsa", &["-newkey", "rsa:2048"][..]), ("ec", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])]
    {
        let made = Command::new(&openssl)
            .args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=test.example"])
            .args([
                "-addext",
                "subjectAltName=DNS:test.example,DNS:other.example",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
            ])
            .args(key)
            .args(["-keyout", &format!("{kind}.key"), "-out", &format!("{kind}.pem")])
            .env("OPENSSL_CONF", "/etc/ssl/openssl.cnf")
            .current_dir(&place_of)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let both = [
            fs::read(place_of.join(format!("{kind}.pem"))).unwrap(),
            fs::read(place_of.join(format!("{kind}.key"))).unwrap(),
        ];
        fs::write(place_of.join(format!("{kind}.both")), both.concat()).unwrap();
    }
    let shown = place_of.display().to_string();
    for (name, text) in files {
        let path = place_of.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("PLACE", &shown)).unwrap();
    }
    let port = free_port().unwrap();
    let settings = settings.replace("PLACE", &shown).replace("PORT", &port.to_string());
    let (process, log) = match server {
        Server::Nginx => (nginx(&place_of, port, &settings)?, None),
        Server::Haproxy => (haproxy(&place_of, port, &settings)?, None),
        Server::Apache => (apache(&place_of, port, &settings)?, None),
        Server::Dovecot => (dovecot(&place_of, port, &settings)?, None),
        Server::Postfix => postfix(&place_of, port, &settings).map(|(process, log)| (process, Some(log)))?,
    };
    Some(Serving { folder, server, port, process, log })
}

fn start(command: &mut Command, ready: &str) -> Running {
    let running = Running::start(command.env("OPENSSL_CONF", "/dev/null")).unwrap();
    let started = running.wait_for(PATIENCE, |log| log.contains(ready).then_some(()));
    assert!(started.is_some(), "{command:?} did not start:\n{}", running.log());
    running
}

/// `SERVER` in the settings stands before what follows it of a block of its own: all before it goes into `http`.
fn nginx(place: &Path, port: u16, settings: &str) -> Option<Running> {
    let program = require("nginx")?;
    let shown = place.display();
    let (http, server) = settings.split_once("SERVER").unwrap_or(("", settings));
    let text = format!(
        "daemon off; master_process on; worker_processes 1; pid {shown}/pid; error_log stderr notice;\n\
         events {{ worker_connections 64; }}\n\
         http {{ access_log off; client_body_temp_path {shown}/a; proxy_temp_path {shown}/b;\n\
         fastcgi_temp_path {shown}/c; uwsgi_temp_path {shown}/d; scgi_temp_path {shown}/e;\n\
         ssl_certificate {shown}/rsa.pem; ssl_certificate_key {shown}/rsa.key;\n{http}\
         server {{ listen 127.0.0.1:{port} ssl; server_name test.example;\n{server}\nreturn 200; }} }}\n",
    );
    fs::write(place.join("nginx.conf"), text).unwrap();
    let mut command = Command::new(program);
    command.arg("-p").arg(place).arg("-c").arg(place.join("nginx.conf")).args(["-e", "stderr"]);
    Some(start(&mut command, "start worker process "))
}

/// What follows `GLOBAL` goes there, the rest behind `bind`. Behind `APART` the site stands in a folder of its own, by a second
/// `-f`, as in the packages of Red Hat.
fn haproxy(place: &Path, port: u16, settings: &str) -> Option<Running> {
    let program = require("haproxy")?;
    let apart = settings.strip_prefix("APART");
    let settings = apart.unwrap_or(settings);
    let (bind, global) = settings.split_once("GLOBAL").unwrap_or((settings, ""));
    let text = format!(
        "global\n  log stdout format raw daemon\n{global}\ndefaults\n  mode http\n  timeout client 5s\n  timeout connect 5s\n  timeout server 5s\n\
         frontend site\n  bind 127.0.0.1:{port} ssl crt {shown}/rsa.both {bind}\n  http-request return status 200\n",
        shown = place.display(),
    );
    let mut command = Command::new(program);
    command.args(["-W", "-f"]).arg(place.join("haproxy.cfg"));
    match text.split_once("frontend").filter(|_| apart.is_some()) {
        None => fs::write(place.join("haproxy.cfg"), text).unwrap(),
        Some((common, site)) => {
            fs::write(place.join("haproxy.cfg"), common).unwrap();
            fs::create_dir_all(place.join("conf.d")).unwrap();
            fs::write(place.join("conf.d/site.cfg"), format!("frontend{site}")).unwrap();
            command.arg("-f").arg(place.join("conf.d"));
        }
    }
    Some(start(&mut command, "Loading success"))
}

fn apache(place: &Path, port: u16, settings: &str) -> Option<Running> {
    let program = require("apache2")?;
    let (shown, modules) = (place.display(), self::place("usr/lib/apache2/modules"));
    let modules: String = ["mpm_event", "authz_core", "socache_shmcb", "ssl"]
        .iter()
        .map(|name| format!("LoadModule {name}_module {}/mod_{name}.so\n", modules.display()))
        .collect();
    let (outside, inside) = settings.split_once("HOST").unwrap_or(("", settings));
    let text = format!(
        "ServerRoot \"{shown}\"\nPidFile {shown}/pid\nDefaultRuntimeDir {shown}\n{modules}Listen 127.0.0.1:{port}\nErrorLog /dev/stderr\n\
         User nobody\nGroup nogroup\nServerName test.example\n{outside}<VirtualHost 127.0.0.1:{port}>\nServerName test.example\nSSLEngine on\n\
         SSLCertificateFile {shown}/rsa.pem\nSSLCertificateKeyFile {shown}/rsa.key\n{inside}\n</VirtualHost>\n",
    );
    fs::write(place.join("httpd.conf"), text).unwrap();
    let mut command = Command::new(program);
    command.args(["-D", "FOREGROUND", "-f"]).arg(place.join("httpd.conf"));
    Some(start(&mut command, "resuming normal operations"))
}

fn may_start_as_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: only root may start this server");
    }
    root
}

fn postfix(place: &Path, port: u16, settings: &str) -> Option<(Running, Running)> {
    require("postconf")?;
    if !may_start_as_root() {
        return None;
    }
    let (owner, group) = (number("/etc/passwd", "nobody"), number("/etc/group", "tty"));
    let folder = |name: &str| {
        let path = place.join(name);
        fs::create_dir_all(&path).unwrap();
        path
    };
    chown(folder("data"), Some(owner), None).unwrap();
    for name in ["active", "incoming", "private", "public", "pid", "maildrop", "saved", "defer", "deferred"] {
        let group = (name == "public" || name == "maildrop").then_some(group);
        chown(folder(&format!("queue/{name}")), (name != "pid").then_some(owner), group).unwrap();
    }
    let shown = place.display();
    let text = format!(
        "compatibility_level = 3.6\nqueue_directory = {shown}/queue\ndata_directory = {shown}/data\n\
         daemon_directory = {}\ncommand_directory = {}\nmail_owner = nobody\ndefault_privs = daemon\n\
         setgid_group = tty\nmaillog_file = {shown}/log\nmaillog_file_prefixes = {shown}\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = test.example\nmydestination =\n\
         smtpd_peername_lookup = no\nsmtpd_relay_restrictions = reject\nlocal_recipient_maps =\n\
         import_environment = LD_LIBRARY_PATH OPENSSL_CONF MAIL_CONFIG MAIL_LOGTAG POSTLOG_SERVICE \
         POSTLOG_HOSTNAME\nsmtpd_tls_security_level = may\nsmtpd_tls_cert_file = {shown}/rsa.pem\n\
         smtpd_tls_key_file = {shown}/rsa.key\n{settings}\n",
        self::place("usr/lib/postfix/sbin").display(),
        self::place("usr/sbin").display(),
    );
    fs::write(place.join("main.cf"), text).unwrap();
    let services = format!(
        "127.0.0.1:{port} inet n - n - - smtpd\npostlog unix-dgram n - n - 1 postlogd\nanvil unix - - n - 1 anvil\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\nproxymap unix - - n - - proxymap\nrewrite unix - - n - - trivial-rewrite\n"
    );
    fs::write(place.join("master.cf"), services).unwrap();
    let log = place.join("log");
    fs::write(&log, "").unwrap();
    let log = Running::start(Command::new("tail").args(["-n", "+1", "-f"]).arg(&log)).unwrap();
    let libraries =
        format!("{}:{}", self::place("usr/lib/postfix").display(), self::place("usr/lib/x86_64-linux-gnu").display());
    let mut command = Command::new(self::place("usr/lib/postfix/sbin/master"));
    command.arg("-d").arg("-c").arg(place).env("LD_LIBRARY_PATH", libraries).env("OPENSSL_CONF", "/dev/null");
    let running = Running::start(&mut command).unwrap();
    let started = log.wait_for(PATIENCE, |log| log.contains("daemon started").then_some(()));
    assert!(started.is_some(), "{}{}", running.log(), log.log());
    Some((running, log))
}

/// Dovecot loads its TLS from `/usr/lib/dovecot/modules`, a path that no setting changes: it is asked where it is installed.
fn dovecot(place: &Path, port: u16, settings: &str) -> Option<Running> {
    let installed = Path::new("/usr/lib/dovecot");
    let needed = ["modules/libssl_iostream_openssl.so", "imap-login"];
    if !may_start_as_root() {
        return None;
    }
    if !needed.iter().all(|name| require_file(&installed.join(name))) {
        return None;
    }
    let shown = place.display();
    let text = format!(
        "base_dir = {shown}/run\nstate_dir = {shown}/run\nprotocols = imap\nlog_path = /dev/stderr\n\
         default_login_user = nobody\ndefault_internal_user = root\ndefault_internal_group = root\n\
         import_environment = OPENSSL_CONF\nssl = yes\nssl_cert = <{shown}/rsa.pem\nssl_key = <{shown}/rsa.key\n\
         passdb {{\n  driver = static\n  args = nopassword=y\n}}\n\
         userdb {{\n  driver = static\n  args = uid=nobody gid=nogroup home={shown}\n}}\n\
         service anvil {{\n  chroot =\n}}\nservice imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = 0\n  }}\n  \
         inet_listener imaps {{\n    address = 127.0.0.1\n    port = {port}\n  }}\n}}\n{settings}\n"
    );
    fs::create_dir_all(place.join("run")).unwrap();
    let file = place.join("dovecot.conf");
    fs::write(&file, text).unwrap();
    Some(start(Command::new("/usr/sbin/dovecot").arg("-F").arg("-c").arg(file), "starting up"))
}
