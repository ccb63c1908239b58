//! Dovecot: what is read, and that `doveconf` reads the same.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::process::Command;

use common::{Random, versions};
use shakedown_config::dovecot::{DEFAULT_PATH, Reading, Spec, read};
use shakedown_config::tls::TlsVersion;
use shakedown_config::{Disk, Files, Memory};
use shakedown_model::{Fact, OriginKind};

fn reading(files: &dyn Files, version: &str) -> Reading {
    read(files, &Spec { path: DEFAULT_PATH, version: Some(version) }).unwrap()
}

const MAIN: &str = "protocols = imap pop3
!include conf.d/*.conf
!include_try none.conf
protocol pop3 {
  ssl_min_protocol = TLSv1.3
}
local_name b.example {
  ssl_cert = </b.pem
  ssl_key = </b.key
}
service imap-login {
  inet_listener imaps {
    port = 993
  }
}
";

fn two() -> Reading {
    let tls = "ssl = required # now\nssl_cert = </a.pem\nssl_key = </a.key\nssl_cipher_list = \"HIGH\"\nssl_prefer_server_ciphers = yes\n";
    reading(&Memory::new().with(DEFAULT_PATH, MAIN).with("/etc/dovecot/conf.d/ssl.conf", tls), "2.3.19.1")
}

#[test]
fn protocols_and_names() {
    let reading = two();
    assert!(reading.evidence.is_empty());
    let server = |label: &str| reading.servers.iter().find(|server| server.label == label).unwrap();
    assert_eq!(
        (versions(server("imap:993")), versions(server("pop3:995"))),
        ("TLSv1.2 TLSv1.3".into(), "TLSv1.3".into())
    );
    assert_eq!(server("imap:143").starttls, Some("imap"));
    assert_eq!(server("imap:993 b.example").certificates[0].certificate.as_str(), "/b.pem");
    let ciphers = server("imap:993").settings.cipher_list.clone().unwrap();
    assert_eq!(ciphers.as_str(), "HIGH");
    assert!(ciphers.origin().before().is_some());
    let OriginKind::File { file, span } = ciphers.part(0..4).kind().clone() else { panic!() };
    assert_eq!(&file.text[span], b"HIGH");
    assert!(server("imap:993").settings.option("ServerPreference").unwrap().on);
    assert_eq!(reading.servers.len(), 8);
}

#[test]
fn versions_and_mistakes() {
    let files = Memory::new().with(DEFAULT_PATH, "ssl = yes\nssl_cert = <x\n");
    assert_eq!(versions(&reading(&files, "2.3.4").servers[0]), "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3");
    assert!(reading(&files, "2.2.30").servers[0].settings.allows(TlsVersion::Ssl3).is_err());
    let files = Memory::new().with(DEFAULT_PATH, "ssl = yes\nssl_min_protocol = tlsv1.2\nnonsense\n}\n!include none\n");
    let found: Vec<String> = reading(&files, "2.3.19")
        .evidence
        .iter()
        .map(|evidence| match &evidence.fact {
            Fact::Configuration { message, .. } => message.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        found,
        [
            "Expecting '='",
            "Unexpected '}'",
            "Couldn't open include file /etc/dovecot/none: No such file or directory",
            "Unknown ssl_min_protocol setting 'tlsv1.2'",
            "ssl enabled, but ssl_cert not set",
        ]
    );
}

#[test]
fn edits() {
    let reading = two();
    let edit = reading.set("ssl_cipher_list", "HIGH:!MD5").unwrap();
    let text = String::from_utf8(edit.files[0].apply()).unwrap();
    assert!(text.contains("ssl_cipher_list = \"HIGH:!MD5\"\n"), "{text}");
    assert_eq!(edit.also.len(), 8);
    let edit = reading.set("ssl_curve_list", "X25519").unwrap();
    assert_eq!(String::from_utf8(edit.files[0].apply()).unwrap(), format!("{MAIN}ssl_curve_list = X25519\n"));
    assert!(reading.set("ssl", "required").is_err());
    // Where a block decides, it is changed there.
    let at = |label: &str| reading.servers.iter().position(|server| server.label == label).unwrap();
    let edit = reading.set_for(at("pop3:995"), "ssl_min_protocol", "TLSv1.1").unwrap();
    assert_eq!(
        String::from_utf8(edit.files[0].apply()).unwrap(),
        MAIN.replace("ssl_min_protocol = TLSv1.3", "ssl_min_protocol = TLSv1.1")
    );
    let edit = reading.set_for(at("imap:993"), "ssl_min_protocol", "TLSv1.1").unwrap();
    assert_eq!(String::from_utf8(edit.files[0].apply()).unwrap(), format!("{MAIN}ssl_min_protocol = TLSv1.1\n"));
    assert!(!edit.also.contains(&at("pop3:995")), "{:?}", edit.also);
}

/// A block counts over what stands outside of it, also behind it. Versions are taken before the name is known.
#[test]
fn blocks_count_wherever_they_stand() {
    let text = "ssl = yes\nlocal_name a.example {\n  ssl_min_protocol = TLSv1.3\n}\nprotocol imap {\n  ssl_min_protocol = \
                TLSv1.2\n}\nssl_min_protocol = TLSv1.1\nlocal_name a.example {\n  ssl_cipher_list = AES128-SHA\n}\nssl_cipher_list = \
                HIGH\n";
    let reading = reading(&Memory::new().with(DEFAULT_PATH, text), "2.3.19.1");
    let of = |label: &str| versions(reading.servers.iter().find(|server| server.label == label).unwrap());
    assert_eq!(of("imap:993 a.example"), "TLSv1.2 TLSv1.3");
    assert_eq!(of("pop3:995 a.example"), "TLSv1.1 TLSv1.2 TLSv1.3");
    let ciphers = |label: &str| {
        let server = reading.servers.iter().find(|server| server.label == label).unwrap();
        server.settings.cipher_list.clone().unwrap().as_str().to_owned()
    };
    assert_eq!((ciphers("imap:993 a.example"), ciphers("imap:993")), ("AES128-SHA".to_owned(), "HIGH".to_owned()));
    assert_eq!(of("imap:993"), "TLSv1.2 TLSv1.3");
    assert_eq!(of("pop3:995"), "TLSv1.1 TLSv1.2 TLSv1.3");
}

/// Settings of generated files, as `doveconf` prints them.
#[test]
fn doveconf_reads_the_same() {
    let Some(doveconf) = shakedown_testkit::require("doveconf") else { return };
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let names =
        ["ssl_cipher_list", "ssl_min_protocol", "ssl_curve_list", "ssl_cipher_suites", "ssl_prefer_server_ciphers"];
    let mut compared = 0;
    for case in 0..shakedown_testkit::cases(40) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 15_485_863));
        let lines = |random: &mut Random, depth: usize| {
            let mut text = String::new();
            for _ in 0..random.below(6) {
                let name = random.pick(&names[..4]);
                let value =
                    random.pick(&["HIGH:!MD5", "\"A B\"", "A#B", "A # comment", "A \\\n  B", "'x y'", "TLSv1.2"]);
                let equals = random.pick(&["=", " = ", "  ="]);
                let indent = random.pick(&["", "", "  ", "\t"]);
                text.push_str(&format!("{indent}{name}{equals}{value}\n"));
                if depth == 0 && random.percent(20) {
                    text.push_str(random.pick(&[
                        "# x\n",
                        "\n",
                        "protocol imap {\n ssl_curve_list = in\n}\n",
                        "!include_try none/*.conf\n",
                    ]));
                }
            }
            text
        };
        let included = lines(&mut random, 1);
        let mut text = lines(&mut random, 0);
        text.push_str("!include more.conf\n");
        text.push_str(&lines(&mut random, 0));
        let path = folder.path().join("dovecot.conf");
        std::fs::write(&path, &text).unwrap();
        std::fs::write(folder.path().join("more.conf"), &included).unwrap();
        let spec = Spec { path: path.to_str().unwrap(), version: Some("2.3.19.1") };
        let reading = read(&Disk::local(), &spec).unwrap();
        let output = Command::new(&doveconf).arg("-c").arg(&path).args(names).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        if !output.status.success() {
            println!("case {case}: {}", String::from_utf8_lossy(&output.stderr));
            continue;
        }
        for line in printed.lines() {
            let Some((name, value)) = line.split_once(" = ") else { continue };
            let Some(ours) = reading.setting(name) else { continue };
            assert_eq!(
                ours.as_str(),
                value.trim_matches('"'),
                "case {case}: {name}\n{text}\n--- more.conf\n{included}"
            );
            compared += 1;
        }
    }
    println!("{compared} values");
    assert!(compared > 0);
}
