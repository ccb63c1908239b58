//! What is wrong with a configuration is told with its place, in OpenSSH's words, with a suggestion; and nothing that a file
//! holds ends in a panic or takes for ever.

mod common;

use std::time::{Duration, Instant};

use common::catalog;
use proptest::prelude::*;
use shakedown_config::openssh::{ClientSpec, ConfigError, ServerSpec, client, server};
use shakedown_config::{Disk, FileError, Files, Memory, Metadata};
use shakedown_model::{ConfigProblem, Context, Evidence, Fact, FilePermission, Gathered, OriginKind, Slot};

const SERVER: &str = "/etc/ssh/sshd_config";

fn read_server(files: &dyn Files) -> Gathered {
    let spec = ServerSpec::new("openssh@9.2p1/debian-12".parse().unwrap(), SERVER, Context::default());
    server(files, &spec, catalog()).unwrap()
}

fn of_server(text: impl Into<Vec<u8>>) -> Gathered {
    read_server(&Memory::new().with(SERVER, text))
}

fn of_client(software: &str, text: impl Into<Vec<u8>>) -> Gathered {
    let context = Context { target: Some("target".into()), local_user: Some("me".into()), ..Context::default() };
    let spec = ClientSpec::new(software.parse().unwrap(), vec!["c".into()], context);
    client(&Memory::new().with("c", text), &spec, catalog()).unwrap()
}

/// Problem, message, suggestion and the text at the place, of the only problem there is.
fn only(gathered: &Gathered) -> (ConfigProblem, String, Option<String>, String) {
    let problems: Vec<_> = gathered.evidence.iter().filter_map(problem).collect();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.into_iter().next().unwrap()
}

fn problem(evidence: &Evidence) -> Option<(ConfigProblem, String, Option<String>, String)> {
    let Fact::Configuration { problem, message, suggestion } = &evidence.fact else { return None };
    let place = match evidence.origin.as_ref().map(|origin| origin.kind()) {
        Some(OriginKind::File { file, span }) => String::from_utf8_lossy(&file.text[span.clone()]).into_owned(),
        _ => String::new(),
    };
    Some((*problem, message.clone(), suggestion.clone(), place))
}

#[test]
fn problems_of_a_server_configuration() {
    use ConfigProblem::*;
    for (text, problem, message, suggestion, place) in [
        ("Cipers aes128-ctr\n", UnknownKeyword, "Bad configuration option: Cipers", Some("Ciphers"), "Cipers"),
        (
            "Port 22\nCiphers aes128-ctr,aes256-crt\n",
            UnknownAlgorithm,
            "Bad SSH2 cipher spec 'aes128-ctr,aes256-crt'",
            Some("aes256-ctr"),
            "aes256-crt",
        ),
        (
            "MACs \"hmac-sha2-521\"\n",
            UnknownAlgorithm,
            "Bad SSH2 mac spec 'hmac-sha2-521'",
            Some("hmac-sha2-512"),
            "hmac-sha2-521",
        ),
        ("KexAlgorithms +diffie*\n", UnknownAlgorithm, "Bad SSH2 KexAlgorithms '+diffie*'", None, "diffie*"),
        (
            "HostKeyAlgorithms ssh-ed25591\n",
            UnknownAlgorithm,
            "Bad key types 'ssh-ed25591'",
            Some("ssh-ed25519"),
            "ssh-ed25591",
        ),
        (
            "KexAlgorithms -curve25519-sha265\n",
            Ineffective,
            "`-curve25519-sha265` matches no algorithm, so that it removes nothing",
            Some("curve25519-sha256"),
            "curve25519-sha265",
        ),
        ("KexAlgorithms\n", Syntax, "no argument after keyword \"KexAlgorithms\"", None, "KexAlgorithms"),
        ("KexAlgorithms \"\"\n", Syntax, "KexAlgorithms missing argument", None, "\"\""),
        ("KexAlgorithms +\n", BadValue, "Bad SSH2 KexAlgorithms '+'", None, "+"),
        (
            "Ciphers aes128-ctr aes256-ctr\n",
            Syntax,
            "keyword Ciphers extra arguments at end of line",
            None,
            "aes256-ctr",
        ),
        ("Ciphers 'aes128-ctr\n", Syntax, "invalid quotes", None, "'aes128-ctr"),
        (
            "\"Ciphers aes128-ctr\n",
            Ineffective,
            "a quote without its closing quote: the line is passed over in silence",
            None,
            "\"Ciphers aes128-ctr",
        ),
        ("Compression on\n", BadValue, "unsupported option \"on\"", Some("no"), "on"),
        ("RequiredRSASize big\n", BadValue, "RequiredRSASize integer value invalid", None, "big"),
        ("Port 0\n", BadValue, "Badly formatted port number", None, "0"),
        ("LoginGraceTime soon\n", BadValue, "invalid time value", None, "soon"),
        ("RekeyLimit 15\n", BadValue, "RekeyLimit too small", None, "15"),
        ("ServerKeyBits 768\n", Deprecated, "Deprecated option \"ServerKeyBits\"", None, "ServerKeyBits 768"),
        (
            "Match User git\n  Ciphers aes128-ctr\n",
            NotAllowedHere,
            "Directive 'Ciphers' is not allowed within a Match block",
            Some("move `Ciphers` above the first `Match`"),
            "Ciphers aes128-ctr",
        ),
        ("Match Usre git\n", Syntax, "Unsupported Match attribute usre", Some("user"), "Usre"),
        ("Match\tUser\n", Syntax, "Missing Match criteria for user", None, "User"),
        ("Match Address 192.0.2.1/24\n", BadValue, "Invalid Match address argument '192.0.2.1/24'", None, "Address"),
        (
            "HostName x\n",
            UnknownKeyword,
            "Bad configuration option: HostName",
            Some("`HostName` is a keyword of `ssh_config`"),
            "HostName",
        ),
        (
            "PersourcePenalties yes\n",
            UnknownKeyword,
            "Bad configuration option: PersourcePenalties",
            Some("`PerSourcePenalties` exists since OpenSSH 9.8"),
            "PersourcePenalties",
        ),
        (
            "Ciphers aes128-ctr\nText\0with a NUL byte\n",
            NotAConfiguration,
            "not a text file: it holds a NUL byte, and OpenSSH reads no further in that line",
            None,
            "\0",
        ),
        (
            "Include /etc/ssh/sshd_config\n",
            TooDeep,
            "Too many recursive configuration includes",
            None,
            "/etc/ssh/sshd_config",
        ),
    ] {
        let gathered = of_server(text);
        let problems: Vec<_> = gathered.evidence.iter().filter_map(self::problem).collect();
        let expected = (problem, message.to_owned(), suggestion.map(str::to_owned), place.to_owned());
        assert!(problems.contains(&expected), "{text:?}: {problems:#?}");
        assert_eq!(gathered.parties.len(), 1);
    }
}

#[test]
fn problems_of_a_client_configuration() {
    let old = of_client("openssh@8.6p1", "Ciphers aes128-ctr # comment\n");
    assert_eq!(only(&old).1, "garbage at end of line; \"#\"");
    assert!(of_client("openssh@9.2p1", "Ciphers aes128-ctr # comment\n").evidence.is_empty());
    let (_, message, suggestion, _) = only(&of_client("openssh@6.6p1", "KexAlgorithms +diffie-hellman-group1-sha1\n"));
    assert_eq!(message, "Bad SSH2 KexAlgorithms '+diffie-hellman-group1-sha1'");
    assert_eq!(suggestion.as_deref(), Some("`+` exists since OpenSSH 7.0"));
    assert!(of_client("openssh@9.2p1", "IgnoreUnknown Use*\nUseKeychain yes\n").evidence.is_empty());
    let (problem, ..) = only(&of_client("openssh@9.2p1", "UseKeychain yes\nIgnoreUnknown Use*\n"));
    assert_eq!(problem, ConfigProblem::UnknownKeyword);
    assert_eq!(only(&of_client("openssh@9.2p1", "Match host\n")).1, "Missing Match criteria for host");
    assert_eq!(only(&of_client("openssh@9.2p1", "ProxyJump me@target:22\nUser me\n")).1, "jumphost loop via target");
    let escaped = only(&of_client("openssh@9.2p1", b"\x1b[31mred yes\n".to_vec())).1;
    assert_eq!(escaped, "Bad configuration option: \\x1b[31mred");
}

#[test]
fn a_match_that_would_run_a_command_stays_undecided() {
    let text = "Match exec \"touch /tmp/x\" user me\n  KexAlgorithms diffie-hellman-group1-sha1\n  Port 99\nHost *\n  Ciphers aes128-ctr\n";
    let gathered = of_client("openssh@9.2p1", text);
    let policy = gathered.parties[0].ssh().unwrap();
    assert_eq!(policy.undecided.len(), 1);
    assert_eq!(policy.undecided[0].slot, Slot::Kex);
    assert_eq!(policy.undecided[0].criterion, "Match exec \"touch /tmp/x\" user me");
    assert!(policy.offer.kex.complete().unwrap().len() > 5);
    assert!(gathered.parties[0].notes.iter().any(|note| note.starts_with("`Port` depends on `Match exec")));
    // What cannot hold anyway is decided, and no command would run for it.
    let gathered = of_client("openssh@9.2p1", "Match user other exec \"touch /tmp/x\"\n  MACs hmac-md5\n");
    assert!(gathered.parties[0].ssh().unwrap().undecided.is_empty());
}

#[test]
fn a_match_on_the_local_network_stays_undecided() {
    let gathered = of_client("openssh@9.9p1", "Match localnetwork 192.0.2.0/24\n  MACs hmac-sha1\n");
    let criteria: Vec<_> = gathered.parties[0].ssh().unwrap().undecided.iter().map(|one| &one.criterion).collect();
    assert_eq!(criteria, ["Match localnetwork 192.0.2.0/24"; 2]);
    assert!(gathered.evidence.is_empty());
    let gathered = of_client("openssh@9.9p1", "Match host other localnetwork 192.0.2.0/24\n  MACs hmac-sha1\n");
    assert!(gathered.parties[0].ssh().unwrap().undecided.is_empty());
}

#[test]
fn includes_know_tokens_and_environment_variables_since_9_9() {
    let read = |software: &str, include: &str| {
        let context = Context { target: Some("target".into()), local_user: Some("me".into()), ..Context::default() };
        let spec = ClientSpec::new(software.parse().unwrap(), vec!["c".into()], context);
        let files = Memory::new()
            .with("c", format!("Include {include}\n"))
            .with("/d/target.conf", "Ciphers aes128-ctr\n")
            .with_environment("FOLDER", "/d");
        let gathered = client(&files, &spec, catalog()).unwrap();
        let ciphers = gathered.parties[0].ssh().unwrap().offer.cipher_c2s.complete().unwrap().len();
        (ciphers == 1, gathered.evidence.len())
    };
    assert_eq!(read("openssh@9.9p1", "${FOLDER}/%h.conf"), (true, 0));
    assert_eq!(read("openssh@9.9p1", "${NONE}/%h.conf"), (false, 1));
    assert_eq!(read("openssh@9.8p1", "${FOLDER}/%h.conf"), (false, 0));
}

#[test]
fn without_a_target_blocks_of_single_hosts_are_undecided() {
    let spec = ClientSpec::new("openssh@9.2p1".parse().unwrap(), vec!["c".into()], Context::default());
    let files = Memory::new().with("c", "Host db\n  MACs hmac-md5\nHost *\n  Ciphers aes128-ctr\n");
    let gathered = client(&files, &spec, catalog()).unwrap();
    let policy = gathered.parties[0].ssh().unwrap();
    let slots: Vec<Slot> = policy.undecided.iter().map(|undecided| undecided.slot).collect();
    assert_eq!(slots, [Slot::MacC2s, Slot::MacS2c]);
    assert_eq!(policy.offer.cipher_c2s.complete().unwrap().len(), 1);
}

#[test]
fn an_include_that_cannot_be_read_is_told() {
    struct Locked(Memory);
    impl Files for Locked {
        fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, FileError> {
            if path.ends_with("locked.conf") { Err(FileError::Permission) } else { self.0.read(path, limit) }
        }
        fn metadata(&self, path: &str) -> Result<Metadata, FileError> {
            self.0.metadata(path)
        }
        fn glob(&self, pattern: &str) -> Vec<String> {
            self.0.glob(pattern)
        }
    }
    let files = Memory::new().with(SERVER, "Include *.conf\nInclude nothing-*\n").with("/etc/ssh/locked.conf", "x");
    let gathered = read_server(&Locked(files));
    let (problem, message, _, place) = only(&gathered);
    assert_eq!(problem, ConfigProblem::FileNotReadable);
    assert_eq!((message.as_str(), place.as_str()), ("/etc/ssh/locked.conf: permission denied", "*.conf"));
}

#[test]
fn others_must_not_be_able_to_write_the_users_file() {
    let mut files = Memory::new().with("~/.ssh/config", "Ciphers aes128-ctr\n");
    files.set_metadata("~/.ssh/config", Metadata { mode: 0o664, owner: 0 });
    let spec = ClientSpec::usual("openssh@9.2p1".parse().unwrap(), Context::default());
    let gathered = client(&files, &spec, catalog()).unwrap();
    let (_, message, suggestion, _) = only(&gathered);
    assert_eq!(message, "Bad owner or permissions on ~/.ssh/config");
    assert_eq!(suggestion.as_deref(), Some("chmod go-w ~/.ssh/config"));
}

#[test]
fn what_is_no_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let spec = |path: &str| ServerSpec::new("openssh@9.2p1".parse().unwrap(), path, Context::default());
    let error = server(&Disk::local(), &spec(&path), catalog()).unwrap_err();
    assert!(matches!(error, ConfigError::File { source: FileError::Directory, .. }), "{error}");
    let error = server(&Disk::local(), &spec(&format!("{path}/none")), catalog()).unwrap_err();
    assert!(matches!(error, ConfigError::File { source: FileError::NotFound, .. }), "{error}");
    let unknown = ServerSpec::new("openssh@0.1".parse().unwrap(), SERVER, Context::default());
    let error = server(&Memory::new().with(SERVER, ""), &unknown, catalog()).unwrap_err();
    assert!(matches!(error, ConfigError::Catalog(_)), "{error}");
}

#[test]
fn key_files_that_sshd_cannot_use_are_told() {
    let mut files = Memory::new()
        .with(
            SERVER,
            "HostKey /k/open_ed25519\nHostKey /k/bad_rsa\nHostKey /k/gone_ecdsa\nHostCertificate /k/none-cert.pub\n",
        )
        .with("/k/open_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\n")
        .with("/k/bad_rsa", "not a key");
    files.set_metadata("/k/open_ed25519", Metadata { mode: 0o644, owner: 0 });
    let gathered = read_server(&files);
    let permissions: Vec<_> = gathered
        .evidence
        .iter()
        .filter_map(|evidence| match &evidence.fact {
            Fact::KeyFile { path, permission } => Some((path.as_str(), permission)),
            _ => None,
        })
        .collect();
    assert!(permissions.contains(&("/k/open_ed25519", &FilePermission::TooOpen { mode: 0o644 })));
    assert!(matches!(permissions[1], ("/k/bad_rsa", FilePermission::BadFormat { .. })), "{permissions:?}");
    assert!(permissions.contains(&("/k/gone_ecdsa", &FilePermission::Missing)));
    assert!(permissions.contains(&("/k/none-cert.pub", &FilePermission::Missing)));
    let offer = &gathered.parties[0].ssh().unwrap().offer;
    assert_eq!(offer.host_key.complete().map(Vec::len), Some(0));
}

#[test]
fn a_foreign_configuration_without_keys_assumes_them() {
    let gathered = of_server("HostKeyAlgorithms -ecdsa*\n");
    let party = &gathered.parties[0];
    let names: Vec<&str> =
        party.ssh().unwrap().offer.host_key.complete().unwrap().iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
    assert!(party.notes.iter().any(|note| note.contains("assumed")), "{:?}", party.notes);
    let gathered = of_server("HostKey /k/ssh_host_ed25519_key\n");
    assert!(gathered.evidence.iter().any(|evidence| matches!(evidence.fact, Fact::KeyFile { .. })));
    let offer = &gathered.parties[0].ssh().unwrap().offer;
    assert_eq!(offer.host_key.complete().unwrap()[0].name, "ssh-ed25519");
    let gathered = of_server("HostKey /k/unnamed\n");
    assert!(!gathered.parties[0].ssh().unwrap().offer.host_key.is_complete());
}

/// No configuration keeps the program busy: these are far larger or more nested than any that is meant.
#[test]
fn hostile_configurations_end_soon() {
    let started = Instant::now();
    let long = |prefix: &str, part: &str| format!("{prefix}{}\n", part.repeat((10 << 20) / part.len()));
    for text in [
        long("Ciphers ", "a,"),
        long("HostKeyAlgorithms ", "*,"),
        long("Ciphers -", "*a*b"),
        long("Match User ", "x "),
        long("#", "x"),
        long("AllowUsers ", "\"x "),
        "\n".repeat(1 << 20),
    ] {
        let gathered = of_server(text);
        let size: usize = gathered.evidence.iter().filter_map(problem).map(|(_, message, ..)| message.len()).sum();
        assert!(size < 20_000);
    }
    // Every file includes the next one ten times.
    let mut files = Memory::new().with(SERVER, "Include f0\n".repeat(10));
    for depth in 0..15 {
        files.insert(&format!("/etc/ssh/f{depth}"), format!("Include f{}\n", depth + 1).repeat(10));
    }
    files.insert("/etc/ssh/f15", "# the end\n");
    assert_eq!(only(&read_server(&files)).0, ConfigProblem::TooDeep);
    let elapsed = started.elapsed();
    assert!(elapsed < Duration::from_secs(60), "{elapsed:?}");
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(128))]

    #[test]
    fn any_bytes_are_read(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        of_server(text.clone());
        of_client("openssh@9.2p1", text.clone());
        of_client("openssh@6.6p1", text);
    }

    #[test]
    fn any_lines_are_read(
        text in "((Ciphers|MACs|Match|Host|HostKeyAlgorithms|Include|RekeyLimit|ProxyJump|HostKey)[ =\t][ -~]{0,40}\r?\n){0,6}"
    ) {
        of_server(text.clone());
        of_client("openssh@10.0p1", text.clone());
        of_client("openssh@6.6p1", text);
    }
}
