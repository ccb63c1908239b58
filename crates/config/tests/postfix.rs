//! Postfix: what is read, and that `postconf` reads the same.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::process::Command;

use common::{Random, versions};
use shakedown_config::postfix::{Reading, Spec, read};
use shakedown_config::tls::{ClientVerification, TlsVersion};
use shakedown_config::{Disk, Files, Memory};
use shakedown_model::{Fact, OriginKind};

fn reading(files: &dyn Files, version: &str) -> Reading {
    read(files, &Spec { folder: "/etc/postfix", version: Some(version) }).unwrap()
}

fn of(text: &str) -> Reading {
    reading(&Memory::new().with("/etc/postfix/main.cf", text), "3.7.11")
}

const MAIN: &str = "# a comment
smtpd_tls_security_level = may
smtpd_tls_cert_file = /c.pem
smtpd_tls_key_file =
    $smtpd_tls_cert_file
smtpd_tls_mandatory_protocols = >=TLSv1.2, !TLSv1.3
smtpd_tls_exclude_ciphers = aNULL,
  # in between
  RC4 3DES
tls_preempt_cipherlist = yes
smtp_tls_security_level = verify
";

#[test]
fn services_override_the_main_file() {
    let master = "smtp      inet  n - y - - smtpd\nsubmission inet n - y - - smtpd\n  -o smtpd_tls_security_level=encrypt\n  -o smtpd_tls_req_ccert=yes\nsmtps inet n - y - - smtpd -o smtpd_tls_wrappermode=yes\npickup unix n - y 60 1 pickup\n";
    let files = Memory::new().with("/etc/postfix/main.cf", MAIN).with("/etc/postfix/master.cf", master);
    let reading = reading(&files, "3.7.11");
    assert!(reading.evidence.is_empty());
    let [smtp, submission, smtps] = reading.servers.as_slice() else { panic!("{}", reading.servers.len()) };
    assert_eq!(versions(smtp), "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3");
    assert_eq!((versions(submission), versions(smtps)), ("TLSv1.2".into(), "TLSv1.2".into()));
    assert_eq!((smtp.starttls, smtps.starttls), (Some("smtp"), None));
    assert_eq!(smtps.listen[0].value.port, 465);
    assert_eq!(
        smtp.settings.cipher_list.as_ref().unwrap().as_str(),
        "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH:!aNULL:!RC4:!3DES:@SECLEVEL=0"
    );
    assert_eq!(submission.settings.client_verification.as_ref().unwrap().value, ClientVerification::Required);
    assert!(submission.settings.cipher_list.as_ref().unwrap().as_str().ends_with("@SECLEVEL=1"));
    assert_eq!(smtp.certificates[0].key.as_ref().unwrap().as_str(), "/c.pem");
    assert!(smtp.settings.option("ServerPreference").unwrap().on);
    assert_eq!(reading.clients.len(), 1);
    let OriginKind::File { span, .. } = submission.settings.allows(TlsVersion::Tls13).unwrap_err().kind().clone()
    else {
        panic!()
    };
    assert_eq!(&MAIN[span], "!TLSv1.3");
}

#[test]
fn defaults_and_mistakes() {
    let text = "smtpd_tls_security_level=may\n";
    let files = Memory::new().with("/etc/postfix/main.cf", text);
    assert_eq!(versions(&reading(&files, "3.5.0").servers[0]), "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3");
    let new = reading(&files, "3.8.0");
    assert!(new.servers[0].settings.cipher_list.as_ref().unwrap().as_str().contains("!3DES"));
    assert_eq!(new.servers[0].settings.groups.as_ref().unwrap().as_str(), "X25519:X448:prime256v1:secp521r1:secp384r1");
    let bad = of("smtpd_tls_security_level=may\nsmtpd_tls_protocols = !TLSv9\nsmtpd_tls_ciphers=hihg\nnonsense\n");
    let found: Vec<String> = bad
        .evidence
        .iter()
        .map(|evidence| match &evidence.fact {
            Fact::Configuration { message, suggestion, .. } => format!("{message} {suggestion:?}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[2].contains("Some(\"high\")"), "{found:?}");
    assert!(of("smtpd_tls_security_level = none\n").servers.is_empty());
}

#[test]
fn edits() {
    let reading = of(MAIN);
    let text = |name, value| String::from_utf8(reading.set(name, value).unwrap().files[0].apply()).unwrap();
    assert_eq!(text("smtpd_tls_mandatory_protocols", ">=TLSv1.2"), MAIN.replace(">=TLSv1.2, !TLSv1.3", ">=TLSv1.2"));
    assert_eq!(text("smtpd_tls_ciphers", "high"), format!("{MAIN}smtpd_tls_ciphers = high\n"));
    assert_eq!(reading.set("smtpd_tls_ciphers", "high").unwrap().also, [0]);
    assert!(reading.set("tls_preempt_cipherlist", "yes").is_err());
}

/// What a line of `master.cf` sets is read in each of its forms, and changed where it stands.
#[test]
fn a_service_sets_its_own() {
    let main = "smtpd_tls_security_level = may\nsmtpd_tls_protocols = !SSLv2\n";
    for (line, after) in [
        ("  -o smtpd_tls_protocols=>=TLSv1.3", "  -o smtpd_tls_protocols=!SSLv3,!TLSv1"),
        ("  -osmtpd_tls_protocols=TLSv1.3 -v", "  -osmtpd_tls_protocols=!SSLv3,!TLSv1 -v"),
        ("  -o { smtpd_tls_protocols = TLSv1.3, !TLSv1.2 }\r", "  -o { smtpd_tls_protocols = !SSLv3,!TLSv1 }\r"),
        (
            "  -o {smtpd_tls_protocols=>=TLSv1.3} -o syslog_name=x",
            "  -o {smtpd_tls_protocols=!SSLv3,!TLSv1} -o syslog_name=x",
        ),
    ] {
        let services = format!("smtp inet n - n - - smtpd\n{line}\n587 inet n - n - - smtpd\n");
        let files = Memory::new().with("/etc/postfix/main.cf", main).with("/etc/postfix/master.cf", services.as_str());
        let reading = reading(&files, "3.7.11");
        assert_eq!(versions(&reading.servers[0]), "TLSv1.3", "{line}");
        assert_ne!(versions(&reading.servers[1]), "TLSv1.3");
        let edit = reading.set_over(0, "smtpd_tls_protocols", "!SSLv3, !TLSv1").unwrap();
        assert_eq!(edit.also, [0]);
        assert_eq!(edit.files[0].file.path, "/etc/postfix/master.cf");
        assert_eq!(String::from_utf8(edit.files[0].apply()).unwrap(), services.replace(line, after));
        assert!(reading.set_over(1, "smtpd_tls_protocols", "!SSLv3").is_err());
    }
}

/// Values and defaults of generated files, as `postconf -x` prints them.
#[test]
fn postconf_reads_the_same() {
    let Some(postconf) = shakedown_testkit::require("postconf") else { return };
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let version = {
        std::fs::write(folder.path().join("main.cf"), "").unwrap();
        let output =
            Command::new(&postconf).arg("-c").arg(folder.path()).args(["-d", "-h", "mail_version"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let names = [
        "smtpd_tls_protocols",
        "smtpd_tls_mandatory_protocols",
        "smtpd_tls_ciphers",
        "smtpd_tls_mandatory_ciphers",
        "smtp_tls_protocols",
        "smtp_tls_ciphers",
        "smtpd_tls_eecdh_grade",
        "tls_high_cipherlist",
        "tls_medium_cipherlist",
        "tls_preempt_cipherlist",
        "tls_eecdh_auto_curves",
        "smtpd_tls_security_level",
        "smtpd_tls_exclude_ciphers",
        "smtpd_tls_cert_file",
    ];
    let mut compared = 0;
    for case in 0..shakedown_testkit::cases(8) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 15_485_863));
        let mut text = String::new();
        for _ in 0..random.below(8) {
            let name = random.pick(&names);
            let value = random.pick(&[
                "one",
                "two, three",
                "$smtpd_tls_ciphers",
                "${smtpd_tls_security_level?{yes}:{no}}",
                "a\n  b",
                "a\n# comment\n\tb",
                "",
                "x${smtp_tls_ciphers}y",
                "${smtpd_tls_cert_file:none}",
                "a=b",
            ]);
            let equals = random.pick(&["=", " = ", " ="]);
            text.push_str(&format!("{name}{equals}{value}\n{}", random.pick(&["", "\n", "# x\n"])));
        }
        std::fs::write(folder.path().join("main.cf"), &text).unwrap();
        let spec = Spec { folder: folder.path().to_str().unwrap(), version: Some(&version) };
        let reading = read(&Disk::local(), &spec).unwrap();
        let output = Command::new(&postconf).arg("-c").arg(folder.path()).arg("-x").args(names).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        for line in printed.lines() {
            let Some((name, value)) = line.split_once(" =") else { continue };
            let one = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let Some(ours) = reading.parameter(name) else {
                // A default that is not known here, or a circle.
                let known = ["", "$"];
                assert!(known.contains(&value.trim()) || text.contains('$'), "case {case}: {line}\n{text}");
                continue;
            };
            assert_eq!(one(ours.as_str()), one(value), "case {case}: {name}\n{text}");
            compared += 1;
        }
    }
    println!("{compared} values");
    assert!(compared > 0);
}
