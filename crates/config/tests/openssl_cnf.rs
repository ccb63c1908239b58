//! `openssl.cnf`: what is read from it, what is wrong with it, and that OpenSSL itself reads the same.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::Random;
use shakedown_config::openssl_cnf::{Reading, Spec, Use, read};
use shakedown_config::tls::{LibrarySettings, TlsVersion, VersionBound};
use shakedown_config::{Disk, Files, Memory};
use shakedown_model::{Evidence, Fact, OriginKind, Role};

const PATH: &str = "/etc/ssl/openssl.cnf";

fn spec<'a>(version: &'a str, path: &'a str) -> Spec<'a> {
    Spec { path, version: Some(version), application: None, role: Role::Client }
}

fn reading(files: &dyn Files) -> Reading {
    read(files, &spec("3.0.19", PATH)).unwrap()
}

fn of(text: &str) -> Reading {
    reading(&Memory::new().with(PATH, text))
}

fn messages(evidence: &[Evidence]) -> Vec<String> {
    let message = |evidence: &Evidence| match &evidence.fact {
        Fact::Configuration { message, suggestion, .. } => {
            format!("{message}{}", suggestion.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())
        }
        other => panic!("{other:?}"),
    };
    evidence.iter().map(message).collect()
}

const HEAD: &str = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n";

#[test]
fn system_default_is_found_and_every_value_has_its_place() {
    let text =
        format!("{HEAD}MinProtocol = TLSv1.2\nCipherString = \"ECDHE+AESGCM:\\\n!aNULL\" # why\n1.Options = A\n");
    let reading = of(&text);
    let settings = reading.system_settings();
    let bound = settings.min_protocol.as_ref().unwrap();
    assert_eq!(bound.value, VersionBound::Version(TlsVersion::Tls12));
    let ciphers = settings.cipher_list.as_ref().unwrap();
    assert_eq!(ciphers.as_str(), "ECDHE+AESGCM:!aNULL");
    let OriginKind::File { span, .. } = ciphers.part(13..19).kind().clone() else { panic!() };
    assert_eq!(&text[span], "!aNULL");
    let OriginKind::File { span, .. } = ciphers.part(0..19).kind().clone() else { panic!() };
    assert_eq!(&text[span], "ECDHE+AESGCM:\\\n!aNULL");
    assert_eq!(messages(&reading.evidence), ["bad value: cmd=Options, value=A"]);
    assert_eq!(reading.status, Use::Applied);
}

#[test]
fn variables_includes_and_the_last_value() {
    let files = Memory::new()
        .with(
            PATH,
            "x = HIGH\nopenssl_conf = a\n.include = /etc/ssl/d\n[a]\nssl_conf = b\n[b]\nsystem_default = $c::name\n",
        )
        .with(
            "/etc/ssl/d/1.cnf",
            "[c]\nname = the c\nCipherString = ALL\nCipherString = ${x}:$c::tail\n[ c ]\ntail = !$ENV::GONE\n",
        )
        .with("/etc/ssl/d/2.conf", "gone = 1\n[the c]\nCiphersuites=\\\"a\n")
        .with("/etc/ssl/d/3.txt", "rubbish");
    // `tail` is used before it is there.
    assert_eq!(reading(&files).status, Use::PassedOver);
    let files = Memory::new()
        .with(
            PATH,
            "GONE = x\nopenssl_conf = a\n.include = /etc/ssl/d\n[a]\nssl_conf = b\n[b]\nsystem_default = $c::name\n",
        )
        .with("/etc/ssl/d/1.cnf", "[c]\nname = the c\ntail = !$ENV::GONE\n")
        .with(
            "/etc/ssl/d/2.conf",
            "[the c]\nCipherString = ALL\nCipherString = ${GONE}:$(c::tail)\nMaxProtocol=TLSv1.2\n",
        );
    let reading = reading(&files);
    assert_eq!(messages(&reading.evidence), [""; 0]);
    let ciphers = reading.system_settings().cipher_list.clone().unwrap();
    assert_eq!(ciphers.as_str(), "x:!x");
    let before = ciphers.origin().before().expect("the include that led to the file");
    assert!(matches!(before.kind(), OriginKind::File { file, .. } if file.path == PATH));
    assert_eq!(reading.set("system_default").unwrap().commands.len(), 2);
}

#[test]
fn mistakes_and_what_becomes_of_the_file() {
    for (text, status, expected) in [
        ("rubbish\n", Use::PassedOver, "missing equal sign: HERE-->; the whole file is passed over"),
        ("[ a\n", Use::PassedOver, "missing close square bracket; the whole file is passed over (])"),
        ("a = $b\n", Use::PassedOver, "variable has no value: `b`; the whole file is passed over"),
        ("a = ${b\n", Use::PassedOver, "no close brace; the whole file is passed over"),
        (".pragma = abspath:yes\n", Use::PassedOver, "invalid pragma; the whole file is passed over (on)"),
        ("openssl_conf = a\n", Use::UsedInPart, "openssl conf references missing section: openssl_conf=a"),
        (
            "openssl_conf = a\n[a]\nfoo = x\nssl_conf = b\n",
            Use::UsedInPart,
            "unknown module name: module=foo; the modules behind it are not run",
        ),
        (
            "config_diagnostics = 1\nopenssl_conf = a\n[a]\nssl_conf = b\n",
            Use::Refused,
            "ssl section not found: section=b",
        ),
        (
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nx = y\n[y]\n",
            Use::UsedInPart,
            "ssl command section empty: name=x, value=y",
        ),
        (
            "ssl_conf = a\n",
            Use::Applied,
            "`ssl_conf` stands outside of the section that `openssl_conf` would name: it has no effect (openssl_conf)",
        ),
        (".include /none\n", Use::Applied, "`/none`: no such file or directory; OpenSSL goes on without it"),
    ] {
        let reading = of(text);
        assert_eq!((reading.status, messages(&reading.evidence).join("|").as_str()), (status, expected), "{text}");
        assert_eq!(reading.system_settings(), &LibrarySettings::default(), "{text}");
    }
}

#[test]
fn commands_that_are_refused_change_nothing() {
    for (command, expected) in [
        ("MinProtocol = TLSv1.4", "bad value: cmd=MinProtocol, value=TLSv1.4 (TLSv1.1)"),
        ("MinProtocol = tlsv1.2", "bad value: cmd=MinProtocol, value=tlsv1.2 (TLSv1.2)"),
        ("MinProtcol = TLSv1.2", "unknown cmd name: cmd=MinProtcol (MinProtocol)"),
        ("Protocol = -TLSv9", "bad value: cmd=Protocol, value=-TLSv9 (TLSv1)"),
        (
            "Certificate = /x",
            "unknown cmd name: cmd=Certificate; a system-wide section cannot name certificates and keys",
        ),
    ] {
        let reading = of(&format!("{HEAD}{command}\n"));
        let found = messages(&reading.evidence).join("|");
        assert!(found.starts_with(expected), "{found}");
        assert_eq!(reading.system_settings(), &LibrarySettings::default(), "{command}");
    }
    let reading = of(&format!("{HEAD}Options = UnsafeLegacyServerConnect, Foo, -SessionTicket\n"));
    assert!(reading.system_settings().option("UnsafeLegacyServerConnect").unwrap().on);
    assert!(reading.system_settings().option("SessionTicket").is_none());
}

#[test]
fn versions_differ() {
    let text = format!("{HEAD}Options = UnsafeLegacyServerConnect\nMinProtocol = TLSv1.3\n");
    let files = Memory::new().with(PATH, text);
    let settings = |version| read(&files, &spec(version, PATH)).unwrap();
    assert!(settings("3.0.4").system_settings().option("UnsafeLegacyServerConnect").is_some());
    let old = settings("3.0.2");
    assert!(old.system_settings().option("UnsafeLegacyServerConnect").is_none());
    assert!(
        messages(&old.evidence)[0].ends_with("OpenSSL 3.0.2 does not have `UnsafeLegacyServerConnect`, 3.0.4 does")
    );
    // There is no `system_default` yet.
    assert_eq!(settings("1.1.0l").system_settings(), &LibrarySettings::default());
    let strict = Memory::new().with(PATH, format!("config_diagnostics=1\n{HEAD}Foo = bar\n"));
    assert_eq!(read(&strict, &spec("3.3.2", PATH)).unwrap().status, Use::Applied);
    assert_eq!(read(&strict, &spec("3.4.0", PATH)).unwrap().status, Use::Refused);
}

#[test]
fn settings_on_top_of_others() {
    let system = of(&format!("{HEAD}Protocol = -TLSv1.2\nMinProtocol = TLSv1.2\nGroups = X25519\n"));
    let system = system.system_settings();
    assert!(system.allows(TlsVersion::Tls11).is_err() && system.allows(TlsVersion::Tls12).is_err());
    assert!(system.allows(TlsVersion::Tls13).is_ok());
    let own = of(&format!("{HEAD}Protocol = TLSv1.2\nMinProtocol = None\n")).system_settings().clone().over(system);
    assert!(own.allows(TlsVersion::Tls11).is_ok() && own.allows(TlsVersion::Tls12).is_ok());
    assert_eq!(own.groups.unwrap().as_str(), "X25519");
}

fn edited(text: &str, command: &str, value: &str) -> String {
    let edit = of(text).set_command(command, value).unwrap();
    let [file] = edit.files.as_slice() else { panic!() };
    String::from_utf8(file.apply()).unwrap()
}

#[test]
fn edits() {
    let text = format!("{HEAD}\tCipherString=\"A\" # why\r\n");
    assert_eq!(edited(&text, "CipherString", "B:!C"), format!("{HEAD}\tCipherString=B:!C # why\r\n"));
    assert_eq!(edited(&text, "Groups", "X25519"), format!("{text}\tGroups=X25519\r\n"));
    let text = format!("{HEAD}Curves = P-256\n[z]\nx=y");
    assert_eq!(edited(&text, "Groups", "X25519"), text.replace("P-256", "X25519"));
    assert_eq!(edited(&text, "MinProtocol", "TLSv1.2"), text.replace("[z]", "MinProtocol = TLSv1.2\n[z]"));
    assert_eq!(
        edited("", "MinProtocol", "TLSv1.2"),
        "openssl_conf = openssl_init\n[openssl_init]\nssl_conf = ssl_sect\n\n[ssl_sect]\nsystem_default = system_default_sect\n\n[system_default_sect]\nMinProtocol = TLSv1.2\n"
    );
    let debian =
        "openssl_conf = openssl_init\n\n[openssl_init]\nproviders = provider_sect\n\n[provider_sect]\ndefault = x\n";
    assert_eq!(
        edited(debian, "CipherString", "DEFAULT@SECLEVEL=1"),
        format!(
            "{}\n[ssl_sect]\nsystem_default = system_default_sect\n\n[system_default_sect]\nCipherString = DEFAULT@SECLEVEL=1\n",
            debian.replace("= provider_sect\n", "= provider_sect\nssl_conf = ssl_sect\n")
        )
    );
    let text = format!("{HEAD}Options = ServerPreference\n");
    let option = of(&text).set_option("UnsafeLegacyServerConnect", true).unwrap();
    let expected = format!("{HEAD}Options = UnsafeLegacyServerConnect,ServerPreference\n");
    assert_eq!(option.files[0].apply(), expected.as_bytes());
    assert!(of(&text).set_command("Options", "ServerPreference").is_err());
    assert!(of("rubbish").set_command("Groups", "X25519").is_err());
    let policy = Memory::new()
        .with(PATH, format!("{HEAD}.include /etc/crypto-policies/back-ends/opensslcnf.config\n"))
        .with("/etc/crypto-policies/back-ends/opensslcnf.config", "CipherString = A\n");
    assert!(reading(&policy).set_command("CipherString", "B").is_err());
}

/// Over generated files: what is set is read again, all else stays, and no byte outside of the edit differs.
#[test]
fn an_edit_is_effective_and_nothing_else_changes() {
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("openssl.cnf");
    let mut made = 0;
    for case in 0..shakedown_testkit::cases(300) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 32_452_843));
        std::fs::write(&path, generate(&mut random, folder.path())).unwrap();
        let before = read(&Disk::local(), &spec("3.0.19", path.to_str().unwrap())).unwrap();
        let (command, value) = match random.below(3) {
            0 => ("CipherString", "A:#$B \"c\\"),
            1 => ("SignatureAlgorithms", " x"),
            _ => ("Ciphersuites", "TLS_AES_128_CCM_SHA256"),
        };
        let Ok(edit) = before.set_command(command, value) else { continue };
        made += 1;
        let after = before.with_edits(&edit.files);
        let texts = |reading: &Reading| {
            let settings = reading.system_settings();
            [&settings.cipher_list, &settings.signature_algorithms, &settings.cipher_suites, &settings.groups]
                .map(|value| value.as_ref().map(|value| value.as_str().to_owned()).unwrap_or_default())
        };
        let place = ["CipherString", "SignatureAlgorithms", "Ciphersuites"].iter().position(|name| *name == command);
        for (index, (old, new)) in texts(&before).into_iter().zip(texts(&after)).enumerate() {
            let expected = if Some(index) == place { value } else { old.as_str() };
            assert_eq!(new, expected, "case {case} {command}");
        }
        let [file] = edit.files.as_slice() else { panic!() };
        let (source, whole) = (&file.file.text, file.apply());
        let (mut position, mut rest) = (0, whole.as_slice());
        for change in &file.edits {
            rest = rest.strip_prefix(&source[position..change.span.start]).expect("what stands before stays");
            rest = rest.strip_prefix(change.replacement.as_bytes()).expect("the replacement follows");
            position = change.span.end;
        }
        assert_eq!(rest, &source[position..], "case {case}");
    }
    println!("{made} edits");
    assert!(made > 0);
}

/// Generated files, and plain ones that say what was read from them, make `openssl s_client` send the same hello.
#[test]
fn openssl_reads_the_same() {
    let Some(openssl) = shakedown_testkit::require("openssl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let version = Command::new(&openssl).arg("version").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap().split(' ').nth(1).unwrap().to_owned();
    let plain = hello(&openssl, folder.path(), "").expect("a hello");
    let (mut told, mut refused) = (0, 0);
    for case in 0..shakedown_testkit::cases(120) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 32_452_843));
        let text = generate(&mut random, folder.path());
        let path = folder.path().join("openssl.cnf");
        std::fs::write(&path, &text).unwrap();
        let reading = read(&Disk::local(), &spec(&version, path.to_str().unwrap())).unwrap();
        let theirs = hello(&openssl, folder.path(), &text);
        let context = || format!("case {case}: {:?} {:?}\n{text}", reading.status, messages(&reading.evidence));
        if reading.status == Use::Refused {
            assert_eq!(theirs, None, "{}", context());
            refused += 1;
            continue;
        }
        let canonical = canonical(reading.system_settings());
        let ours = hello(&openssl, folder.path(), &canonical);
        assert_eq!(theirs, ours, "{}\n--- read as\n{canonical}", context());
        told += usize::from(theirs.is_some_and(|theirs| theirs != plain));
    }
    println!("{told} hellos differ from the default one, {refused} files are refused");
    assert!(told > 0);
}

/// A file as plain as can be.
fn canonical(settings: &LibrarySettings) -> String {
    let mut text = HEAD.to_owned();
    let mut count = 0;
    let mut line = |name: &str, value: &str| {
        count += 1;
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('#', "\\#");
        text.push_str(&format!("{count}.{name} = \"{escaped}\"\n"));
    };
    line("Options", "+SessionTicket");
    let bound = |bound: VersionBound| match bound {
        VersionBound::None => "None",
        VersionBound::Version(version) => version.as_str(),
    };
    for (name, value) in [("MinProtocol", &settings.min_protocol), ("MaxProtocol", &settings.max_protocol)] {
        if let Some(value) = value {
            line(name, bound(value.value));
        }
    }
    for (name, value) in [
        ("CipherString", &settings.cipher_list),
        ("Ciphersuites", &settings.cipher_suites),
        ("Groups", &settings.groups),
        ("SignatureAlgorithms", &settings.signature_algorithms),
    ] {
        if let Some(value) = value {
            line(name, value.as_str());
        }
    }
    for switch in &settings.protocols {
        line("Protocol", &format!("{}{}", if switch.on { "+" } else { "-" }, switch.what));
    }
    for switch in &settings.options {
        line("Options", &format!("{}{}", if switch.on { "+" } else { "-" }, switch.what));
    }
    text
}

fn generate(random: &mut Random, folder: &Path) -> String {
    let mut body = String::new();
    let mut tail = String::new();
    for index in 0..random.below(7) {
        let (name, values): (&str, &[&str]) = match random.below(9) {
            0 => ("MinProtocol", &["TLSv1.2", "TLSv1.3", "TLSv1", "None", "tlsv1.2", "DTLSv1.2", "TLSv1.1"]),
            1 => ("MaxProtocol", &["TLSv1.2", "TLSv1.3", "None", "TLSv1.4", "\"TLSv1.2\""]),
            2 => (
                "CipherString",
                &["ECDHE+AESGCM", "'HIGH:!aNULL'", "DEFAULT@SECLEVEL=1", "AES128-SHA", "$list", "${list}:AES256-SHA"],
            ),
            3 => ("Ciphersuites", &["TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"]),
            4 => ("Groups", &["P-256", "X25519:P-384", "P-521 # best", "$default::group", "$(common::group)"]),
            5 => ("Curves", &["X448", "P-256:X25519", "P-\\\n384"]),
            6 => (
                "Options",
                &[
                    "-SessionTicket",
                    "Foo,-SessionTicket",
                    " -SessionTicket , UnsafeLegacyServerConnect",
                    "-EncryptThenMac,-ExtendedMasterSecret",
                    "ServerPreference,-SessionTicket",
                    "-sessionticket,",
                ],
            ),
            7 => ("Protocol", &["-TLSv1.2", "-ALL,TLSv1.2,TLSv1.3", "-TLSv1.3", "-tlsv1.3, -TLSv9, -TLSv1.2"]),
            _ => ("SignatureAlgorithms", &["RSA+SHA256:ECDSA+SHA256", "ed25519:rsa_pss_rsae_sha256"]),
        };
        let value = random.pick(values);
        let name = match random.below(8) {
            0 => format!("{index}.{name}"),
            1 => name.to_ascii_lowercase(),
            2 => format!("common::{name}"),
            3 if random.percent(30) => format!("{name}x"),
            _ => name.to_owned(),
        };
        let indent = random.pick(&["", "", " ", "\t"]);
        let equals = random.pick(&["=", " = ", "= ", "\t=\t"]);
        let end = random.pick(&["\n", "\n", "\r\n", " \n", " # x\n", "\n\n", "\\\n\n"]);
        let line = format!("{indent}{name}{equals}{value}{end}");
        if random.percent(15) {
            tail.push_str(&line)
        } else {
            body.push_str(&line)
        }
        if random.percent(6) {
            body.push_str(random.pick(&[
                "[other]\n",
                "rubbish\n",
                "[ commands ] x\n",
                "; odd = 1\n",
                "x = $nothing\n",
                "# \\\n",
                "'a' = b\n",
            ]));
        }
    }
    let included = folder.join("more.cnf");
    std::fs::write(&included, &tail).unwrap();
    let head = random.pick(&["", "", "", "# top\n", "\u{feff}", "config_diagnostics = 1\n", ".pragma = dollarid:on\n"]);
    let modules = match random.below(12) {
        0 => "foo = x\nssl_conf = sets\n",
        1 => "ssl = sets\n",
        2 => "ssl_conf.1 = sets\nfoo = x\n",
        3 => "ssl_conf = none\n",
        4 => "engines = nothing\nssl_conf = sets\n",
        _ => "ssl_conf = sets\n",
    };
    let sets = random.pick(&[
        "system_default = commands",
        "system_default = commands",
        "x = none",
        "server = commands\nsystem_default = ${x}commands",
        "system_default = commands\nother = empty",
    ]);
    let include = match random.below(5) {
        0 => format!(".include {}\n", included.display()),
        1 => format!(".include = \"{}\"\n", included.display()),
        2 => ".include /nowhere/at/all\n".to_owned(),
        _ => String::new(),
    };
    format!(
        "{head}list = ECDHE+AES256\ngroup = X25519\nx =\nopenssl_conf = modules\n[modules]\n{modules}[sets]\n{sets}\n[empty]\n[common]\ngroup=P-384\n[commands]\nSignatureAlgorithms = RSA+SHA256:RSA+SHA384:ECDSA+SHA256\n{body}{include}"
    )
}

/// The hello that `openssl s_client` sends with a configuration, without what differs each time; `None` where it sends none.
fn hello(openssl: &Path, folder: &Path, configuration: &str) -> Option<Vec<u8>> {
    let path = folder.join("used.cnf");
    std::fs::write(&path, configuration).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = Command::new(openssl)
        .args(["s_client", "-noservername", "-connect", &address.to_string()])
        .env("OPENSSL_CONF", &path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let acceptor = std::thread::spawn(move || listener.accept().ok().and_then(|(stream, _)| record(stream)));
    let _ = client.wait_timeout_or_connect(address);
    acceptor.join().unwrap()
}

trait Wait {
    fn wait_timeout_or_connect(&mut self, address: std::net::SocketAddr) -> std::io::Result<()>;
}

impl Wait for std::process::Child {
    /// Waits for the end; then a connection of our own ends an `accept` that would wait for ever.
    fn wait_timeout_or_connect(&mut self, address: std::net::SocketAddr) -> std::io::Result<()> {
        self.wait()?;
        drop(std::net::TcpStream::connect_timeout(&address, Duration::from_secs(5)));
        Ok(())
    }
}

fn record(mut stream: std::net::TcpStream) -> Option<Vec<u8>> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let mut head = [0; 5];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).ok()?;
    if body.first() != Some(&1) {
        return None;
    }
    // Random, session id; key share: its keys are as long as their groups' numbers say.
    body[6..38].fill(0);
    let session = usize::from(body[38]);
    body[39..39 + session].fill(0);
    let mut at = 39 + session;
    at += 2 + usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
    at += 1 + usize::from(body[at]);
    at += 2;
    while at + 4 <= body.len() {
        let kind = u16::from_be_bytes([body[at], body[at + 1]]);
        let length = usize::from(u16::from_be_bytes([body[at + 2], body[at + 3]]));
        if kind == 51 {
            body[at + 10..at + 4 + length].fill(0);
        }
        at += 4 + length;
    }
    Some(body)
}
