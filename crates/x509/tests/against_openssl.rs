//! The verdict on the path that OpenSSL takes is that of the real `openssl verify`, and an OCSP response that the real
//! `openssl ocsp` made is read.

mod made;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use made::{Made, NOW, make, plan};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use shakedown_model::{CertificateProblem, Fact, Role};
use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, pem};
use shakedown_testkit::{Finished, properties, require, run};
use shakedown_x509::{
    Anchors, Bounds, Builder, Certificate, OcspResponse, OcspState, Purpose, RevocationLists, Rules, Search, Shown,
    findings, paths,
};

fn openssl(program: &Path, folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = Command::new(program);
    run(command.current_dir(folder).args(arguments), b"", Duration::from_secs(60)).expect("openssl")
}

fn write(folder: &Path, name: &str, list: &[Vec<u8>]) {
    let text: String = list.iter().map(|der| pem("CERTIFICATE", der)).collect();
    std::fs::write(folder.join(name), text).expect("a file");
}

/// Whether the program trusts the end's certificate; `None` where it does not get that far.
fn theirs(program: &Path, folder: &Path, made: &Made) -> (bool, String) {
    write(folder, "end.pem", std::slice::from_ref(&made.end));
    write(folder, "others.pem", &made.others);
    write(folder, "anchors.pem", &made.anchors);
    let time = NOW.to_string();
    let mut arguments = vec!["verify", "-attime", &time, "-purpose", "sslserver", "-no-CApath", "-no-CAstore"];
    arguments.extend(["-CAfile", "anchors.pem"]);
    if !made.others.is_empty() {
        arguments.extend(["-untrusted", "others.pem"]);
    }
    arguments.push("end.pem");
    let finished = openssl(program, folder, &arguments);
    (finished.status.is_some_and(|status| status.success()), finished.text())
}

fn ours(made: &Made) -> (bool, String) {
    let read = |der: &Vec<u8>| Certificate::from_der(der).ok();
    let Some(end) = read(&made.end) else { return (false, "unreadable".to_owned()) };
    let others: Vec<Certificate> = made.others.iter().filter_map(read).collect();
    let anchors = Anchors::from_certificates(made.anchors.iter().filter_map(read));
    let now = Timestamp::from_second(NOW).expect("a time");
    let bounds = Bounds::default();
    let search = Search { end: &end, others: &others, anchors: &anchors, now, purpose: Purpose::Server, bounds };
    let (_, refusals) = paths(&search).taken_by(Builder::TrustedFirst, &Rules::openssl(1));
    (refusals.is_empty(), format!("{refusals:?}"))
}

#[test]
fn the_verdict_is_that_of_openssl() {
    let Some(program) = require("openssl") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let keys: Vec<CertificateKey> = (0..10).map(|_| CertificateKey::p256()).collect();
    let mut runner = TestRunner::new(properties(150));
    let result = runner.run(&plan(), |plan| {
        // OpenSSL looks at common names as well, and at malformed names and constraints as they are.
        prop_assume!(!plan.has_constraints());
        let mut made = make(&plan, &keys);
        // A file of which one certificate is broken is not read at all.
        made.anchors.retain(|der| Certificate::from_der(der).is_ok());
        made.others.retain(|der| Certificate::from_der(der).is_ok());
        prop_assume!(!made.anchors.is_empty());
        let (theirs, said) = theirs(&program, folder.path(), &made);
        let (mine, why) = ours(&made);
        prop_assert_eq!(mine, theirs, "{} {}", why, said);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn a_response_of_the_real_responder_is_read_and_checked() {
    let Some(program) = require("openssl") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let now = Timestamp::now();
    let keys = [CertificateKey::rsa(), CertificateKey::p256()];
    let root = CertificateSpec::authority("Example Root", now.as_second());
    let mut server = CertificateSpec::server("www.example.org", now.as_second());
    server.must_staple = true;
    let (anchor, end) = (root.self_signed(&keys[0]), server.signed(&keys[1], &root.signer(&keys[0])));
    write(folder, "ca.pem", std::slice::from_ref(&anchor));
    write(folder, "end.pem", std::slice::from_ref(&end));
    std::fs::write(folder.join("ca.key"), keys[0].pem()).expect("a file");
    let certificate = Certificate::from_der(&end).expect("a certificate");
    let serial = certificate.serial_text();
    let respond = |state: &str| {
        let line = format!("{state}\t{serial}\tunknown\t/CN=www.example.org\n");
        std::fs::write(folder.join("index.txt"), line).expect("a file");
        let request = ["ocsp", "-index", "index.txt", "-rsigner", "ca.pem", "-rkey", "ca.key", "-CA", "ca.pem"];
        let about = ["-issuer", "ca.pem", "-cert", "end.pem", "-ndays", "1", "-respout", "response.der", "-noverify"];
        let finished = openssl(&program, folder, &[&request[..], &about[..]].concat());
        std::fs::read(folder.join("response.der")).unwrap_or_else(|_| panic!("{}", finished.text()))
    };
    let good = respond("V\t400101000000Z\t");
    let revoked = respond("R\t400101000000Z\t250101000000Z,keyCompromise");
    let issuer = Certificate::from_der(&anchor).expect("a certificate");
    for (response, expected) in [(&good, true), (&revoked, false)] {
        let read = OcspResponse::from_der(response).expect("a response");
        assert_eq!((read.status, read.answers.len()), (0, 1));
        let answer = read.answer_for(&certificate, Some(&issuer.key)).expect("an answer");
        assert_eq!(answer.state == OcspState::Good, expected);
        assert!(answer.next_update > Some(answer.this_update) && read.produced_at.is_some());
    }
    let anchors = Anchors::from_certificates([issuer]);
    let problems = |staple: Option<&[u8]>, now: Timestamp| {
        let found = findings(&Shown {
            chain: std::slice::from_ref(&end),
            by: Role::Server,
            wanted: None,
            staple,
            staple_asked: true,
            lists: RevocationLists::default(),
            anchors: &anchors,
            rules: &Rules::browser(),
            builder: Builder::AllPaths,
            now,
        });
        let problem = |fact: &Fact| match fact {
            Fact::Certificate(finding) => match &finding.problem {
                CertificateProblem::Revoked { reason, .. } => format!("revoked {}", reason.clone().unwrap_or_default()),
                other => other.as_str().to_owned(),
            },
            other => format!("{other:?}"),
        };
        found.iter().map(|evidence| problem(&evidence.fact)).collect::<Vec<_>>()
    };
    let soon = Timestamp::from_second(now.as_second() + 60).expect("a time");
    assert_eq!(problems(Some(&good), soon), [""; 0]);
    assert_eq!(problems(Some(&revoked), soon), ["revoked keyCompromise"]);
    assert_eq!(problems(None, soon), ["staple-missing"]);
    let later = Timestamp::from_second(now.as_second() + 3 * 86_400).expect("a time");
    assert_eq!(problems(Some(&good), later), ["staple-unusable"]);
    let mut forged = good.clone();
    // The last second of the first time that another one follows.
    let second = forged.windows(2).position(|pair| pair == b"Z\xa0").expect("a time") - 1;
    forged[second] ^= 1;
    assert_eq!(problems(Some(&forged), soon), ["staple-unusable"]);
    assert_eq!(problems(Some(&good[..100]), soon), ["staple-unusable"]);
}
