//! Apache httpd: what is read, what `apache2 -t` says to the same files, and which host a connection to a running httpd meets.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Random, message, versions};
use shakedown_config::apache::{Reading, Spec, read};
use shakedown_config::tls::TlsVersion;
use shakedown_config::{Disk, Files, Memory};
use shakedown_model::{ConfigProblem, Evidence, Fact, OriginKind};
use shakedown_testkit::Running;

const PATH: &str = "/etc/apache2/apache2.conf";

fn spec<'a>(path: &'a str, version: &'a str) -> Spec<'a> {
    Spec { path, version: Some(version), library: Some("3.0.19"), variables: &[] }
}

fn reading(files: &dyn Files) -> Reading {
    read(files, &spec(PATH, "2.4.62")).unwrap()
}

fn of(text: &str) -> Reading {
    reading(&Memory::new().with(PATH, text))
}

const TWO: &str = "Listen 443
Define dir /etc/tls
<IfModule mod_ssl.c>
SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1
SSLCipherSuite HIGH
SSLHonorCipherOrder on
</IfModule>
<VirtualHost *:443>
    ServerName a.example
    SSLEngine on
    SSLCertificateFile ${dir}/a.crt
</VirtualHost>
<VirtualHost *:443>
    ServerName https://b.example:443
    ServerAlias *.b.example
    SSLEngine on
    SSLProtocol -all +TLSv1.3
    SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256
    SSLOpenSSLConfCmd Curves X25519
    SSLCertificateFile b.crt
    SSLCertificateKeyFile b.key
    SSLVerifyClient require
    Protocols h2 http/1.1
</VirtualHost>
<VirtualHost *:80>
    ServerName c.example
</VirtualHost>
";

#[test]
fn hosts_inherit_from_the_main_server() {
    let reading = of(TWO);
    assert!(reading.evidence.is_empty(), "{:?}", reading.evidence.iter().map(message).collect::<Vec<_>>());
    let [a, b] = reading.servers.as_slice() else { panic!("{}", reading.servers.len()) };
    assert_eq!((versions(a).as_str(), versions(b).as_str()), ("TLSv1.2 TLSv1.3", "TLSv1.3"));
    assert_eq!(a.settings.cipher_list.as_ref().unwrap().as_str(), "HIGH:!aNULL:!eNULL:!EXP");
    let OriginKind::File { span, .. } = a.settings.cipher_list.as_ref().unwrap().part(0..4).kind().clone() else {
        panic!()
    };
    assert_eq!(&TWO[span], "HIGH");
    assert_eq!(b.settings.cipher_suites.as_ref().unwrap().as_str(), "TLS_AES_128_GCM_SHA256");
    assert_eq!(a.certificates[0].certificate.as_str(), "/etc/tls/a.crt");
    assert!(a.settings.option("ServerPreference").unwrap().on);
    assert_eq!(b.names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["b.example", "*.b.example"]);
    assert_eq!(b.alpn.as_ref().unwrap().len(), 2);
    let met = reading.select(None, Some(443), Some("x.b.example")).unwrap();
    assert_eq!((met.default, met.server), (0, 1));
    assert!(met.settings.settings.groups.is_none());
    assert!(reading.select(None, Some(80), None).is_none());
}

#[test]
fn protocols_have_no_holes() {
    for (value, expected) in [
        ("all", "SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"),
        ("all -TLSv1.2", "TLSv1.3"),
        ("+TLSv1.2 +TLSv1", "TLSv1.2"),
        ("TLSv1.2", "TLSv1.2"),
        ("-all +TLSv1.3 tlsv1.2", "TLSv1.2"),
    ] {
        let reading = of(&format!(
            "Listen 443\n<VirtualHost *:443>\nSSLEngine on\nSSLProtocol {value}\nSSLCertificateFile x\n</VirtualHost>"
        ));
        assert_eq!(versions(&reading.servers[0]), expected, "{value}");
    }
}

#[test]
fn what_httpd_refuses() {
    for (text, expected) in [
        ("SSLProtocol all -TLSv9", "SSLProtocol: Illegal protocol 'TLSv9'"),
        ("SSLProtcol all", "Invalid command 'SSLProtcol', perhaps misspelled"),
        ("SSLCipherSuite TLSv1.2 HIGH", "protocol 'TLSv1.2' not supported"),
        ("<VirtualHost *:443>", "<virtualhost> was not closed"),
        ("</VirtualHost>", "</VirtualHost> without matching <VirtualHost> section"),
        ("Include none/*.conf", "could not open directory /etc/apache2/none"),
        ("SSLProtocol all -all", "No SSL protocols available"),
    ] {
        let reading = of(&format!("Listen 443\nSSLEngine on\n{text}\nSSLCertificateFile x\n"));
        let found: Vec<&str> = reading.evidence.iter().map(message).collect();
        assert!(found.iter().any(|found| found.starts_with(expected)), "{text}: {found:?}");
    }
}

#[test]
fn edits() {
    let reading = of(TWO);
    let text = |server, directive, arguments: &[&str]| {
        let edit = reading.set(server, directive, arguments).unwrap();
        (String::from_utf8(edit.files[0].apply()).unwrap(), edit.also)
    };
    let (after, also) = text(1, "SSLProtocol", &["-all", "+TLSv1.2", "+TLSv1.3"]);
    assert_eq!(after, TWO.replace("-all +TLSv1.3", "-all +TLSv1.2 +TLSv1.3"));
    assert!(also.is_empty());
    let (after, also) = text(0, "SSLCipherSuite", &["HIGH:AES128-SHA"]);
    assert_eq!(after, TWO.replace("a.crt\n", "a.crt\n    SSLCipherSuite HIGH:AES128-SHA\n"));
    assert!(also.is_empty());
    assert!(reading.set(1, "SSLVerifyClient", &["require"]).is_err());
}

struct Httpd {
    program: PathBuf,
    openssl: PathBuf,
    folder: tempfile::TempDir,
    modules: PathBuf,
    version: String,
}

fn httpd() -> Option<Httpd> {
    let program = shakedown_testkit::require("apache2")?;
    let openssl = shakedown_testkit::require("openssl")?;
    // Beside the peers, or those of the machine.
    let unpacked = shakedown_testkit::peers_dir().join("debian/usr/lib/apache2/modules");
    let modules = if unpacked.is_dir() { unpacked } else { "/usr/lib/apache2/modules".into() };
    let folder = tempfile::tempdir().unwrap();
    for name in ["s0", "s1", "s2"] {
        let made = Command::new(&openssl)
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", &format!("/CN={name}")])
            .arg("-keyout")
            .arg(folder.path().join(format!("{name}.key")))
            .arg("-out")
            .arg(folder.path().join(format!("{name}.crt")))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(made.status.success());
    }
    std::fs::write(folder.path().join("empty.cnf"), "").unwrap();
    let text = Command::new(&program).arg("-v").output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    let version = text.split_once("Apache/").unwrap().1.split(' ').next().unwrap().to_owned();
    Some(Httpd { program, openssl, folder, modules, version })
}

impl Httpd {
    fn path(&self) -> PathBuf {
        self.folder.path().join("httpd.conf")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-d").arg(self.folder.path()).arg("-f").arg(self.path());
        command.env("OPENSSL_CONF", self.folder.path().join("empty.cnf"));
        command
    }

    fn read(&self) -> Reading {
        let path = self.path();
        read(&Disk::local(), &spec(path.to_str().unwrap(), &self.version)).unwrap()
    }

    fn head(&self) -> String {
        let folder = self.folder.path().display();
        let mut text = format!(
            "ServerRoot {folder}\nServerName main.example\nPidFile {folder}/pid\nErrorLog /dev/stderr\nLogLevel notice\nMutex file:{folder}\nUser nobody\nGroup nogroup\n"
        );
        for module in ["mpm_event", "authz_core", "ssl"] {
            text.push_str(&format!("LoadModule {module}_module {}/mod_{module}.so\n", self.modules.display()));
        }
        text
    }
}

fn host(random: &mut Random, index: usize, port: u16, name: &str, folder: &Path) -> String {
    let protocols = random.pick(&[
        "SSLProtocol TLSv1.2",
        "SSLProtocol all -TLSv1.2",
        "SSLProtocol -all +TLSv1.1 +TLSv1.2",
        "<IfModule !mod_ssl.c>\nSSLProtocol TLSv1.3\n</IfModule>",
        "sslprotocol \"all\" \\\n  -tlsv1.3",
        "# SSLProtocol TLSv1.3",
        "",
    ]);
    let address = random.pick(&["*", "*", "127.0.0.1", "_default_"]);
    format!(
        "<VirtualHost {address}:{port}>\nServerName {name}\nSSLEngine on\n{protocols}\nSSLCertificateFile {0}/s{index}.crt\nSSLCertificateKeyFile {0}/s{index}.key\n</VirtualHost>\n",
        folder.display()
    )
}

/// The certificate and the versions that clients get from a running httpd are those of the host that is selected.
#[test]
fn connections_meet_the_host_that_is_selected() {
    let Some(httpd) = httpd() else { return };
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let mut connections = 0;
    for case in 0..shakedown_testkit::cases(5) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 86_028_121));
        let Some((port, _running)) = start(&httpd, &mut random) else { continue };
        let reading = httpd.read();
        let text = || std::fs::read_to_string(httpd.path()).unwrap();
        for name in [None, Some("a.example"), Some("www.b.example"), Some("x.b.example"), Some("other")] {
            let met = reading.select("127.0.0.1".parse().ok(), Some(port), name).expect("it listens there");
            for (flag, version) in
                [("-tls1_1", TlsVersion::Tls11), ("-tls1_2", TlsVersion::Tls12), ("-tls1_3", TlsVersion::Tls13)]
            {
                let mut client = Command::new(&httpd.openssl);
                client.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-cipher", "ALL:@SECLEVEL=0", flag]);
                match name {
                    Some(name) => client.args(["-servername", name]),
                    None => client.arg("-noservername"),
                };
                client.env("OPENSSL_CONF", httpd.folder.path().join("empty.cnf"));
                let output = client.stdin(Stdio::null()).output().unwrap();
                let shown = String::from_utf8_lossy(&output.stdout).into_owned();
                let agreed = !shown.contains("Cipher is (NONE)");
                let expected = met.settings.settings.allows(version).is_ok();
                assert_eq!(agreed, expected, "case {case} {name:?} {version}\n{}\n{shown}", text());
                if expected {
                    let certificate = met.settings.certificates[0].certificate.as_str();
                    let owner = certificate.rsplit('/').next().unwrap().trim_end_matches(".crt");
                    let subject = format!("subject=CN = {owner}");
                    assert!(shown.contains(&subject), "case {case} {name:?} {subject}\n{}\n{shown}", text());
                }
                connections += 1;
            }
        }
    }
    println!("{connections} connections");
    assert!(connections > 0);
}

fn start(httpd: &Httpd, random: &mut Random) -> Option<(u16, Running)> {
    let state = random.0;
    for _ in 0..8 {
        random.0 = state;
        let port = shakedown_testkit::free_port().unwrap();
        let mut text = httpd.head();
        text.push_str(&format!("Listen 127.0.0.1:{port}\nSSLCipherSuite ALL:@SECLEVEL=0\n"));
        text.push_str(random.pick(&[
            "",
            "SSLProtocol all -TLSv1.1 -TLSv1\n",
            "<IfModule ssl_module>\nSSLProtocol all\n</IfModule>\n",
        ]));
        for (index, name) in
            ["a.example", "b.example\nServerAlias www.b.* x.b.example", "c.example\nServerAlias ?.b.example"]
                .into_iter()
                .enumerate()
        {
            text.push_str(&host(random, index, port, name, httpd.folder.path()));
        }
        std::fs::write(httpd.path(), text).unwrap();
        let running = Running::start(httpd.command().arg("-DFOREGROUND")).unwrap();
        let started =
            running.wait_for(Duration::from_secs(20), |log| log.contains("resuming normal operations").then_some(()));
        if started.is_some() {
            return Some((port, running));
        }
        println!("httpd does not start: {}", running.log());
    }
    None
}

/// What `apache2 -t` says to generated files is among what is read from them; what it accepts, nothing speaks against.
#[test]
fn httpd_refuses_the_same() {
    let Some(httpd) = httpd() else { return };
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let (mut accepted, mut refused) = (0, 0);
    for case in 0..shakedown_testkit::cases(60) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 49_979_687));
        let mut text = httpd.head();
        text.push_str("Listen 127.0.0.1:18443\n");
        let line = |random: &mut Random| {
            let wrong = random.pick(&[
                "SSLProtocol TLSv9",
                "SSLProtocol SSLv2",
                "SSLProtcol all",
                "SSLCipherSuite TLSv1.2 HIGH",
                "SSLOpenSSLConfCmd Foo bar",
                "Include none/*.conf",
                "</IfModule>",
                "<IfModule mod_ssl.c>",
                "SSLCiphers HIGH",
                "Define VERSIONS \"all -TLSv1.1\"\nSSLProtocol \"${VERSIONS}\"",
            ]);
            let right = random.pick(&[
                "SSLProtocol all -TLSv1.1",
                "Define VERSIONS \"all -TLSv1.1\"\nSSLProtocol ${VERSIONS}",
                "SSLCipherSuite 'HIGH:!MD5'",
                "SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256",
                "SSLHonorCipherOrder off",
                "SSLSessionTickets on",
                "IncludeOptional none/*.conf",
                "<IfDefine NONE>\nSSLProtocol TLSv9\n</IfDefine>",
                "<IfModule mod_none.c>\nSSLFoo\n</IfModule>",
                "SSLOpenSSLConfCmd Options -SessionTicket",
            ]);
            format!("{}\n", if random.percent(8) { wrong } else { right })
        };
        for _ in 0..random.below(3) {
            text.push_str(&line(&mut random));
        }
        text.push_str(&host(&mut random, 0, 18443, "a.example", httpd.folder.path()));
        for _ in 0..random.below(3) {
            text.push_str(&line(&mut random));
        }
        std::fs::write(httpd.path(), &text).unwrap();
        let reading = httpd.read();
        let output = httpd.command().arg("-t").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let fatal = |evidence: &&Evidence| {
            !matches!(evidence.fact, Fact::Configuration { problem: ConfigProblem::Ineffective, .. })
        };
        let ours: Vec<&str> = reading.evidence.iter().filter(fatal).map(message).collect();
        if output.status.success() {
            assert!(ours.is_empty(), "case {case}: {ours:?}\n{said}\n{text}");
            accepted += 1;
        } else {
            refused += 1;
            let said = said.to_ascii_lowercase();
            let found = ours.iter().any(|message| {
                let message = message.to_ascii_lowercase();
                let start = message.split('\'').next().unwrap_or(&message);
                said.contains(start) || message.contains("cmd=") && said.contains("openssl configuration command")
            });
            assert!(found, "case {case}: {ours:?}\n{said}\n{text}");
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0);
}
