//! Certificates between this initiator and a real libreswan responder: each end proves itself by RSA or ECDSA, and each refusal
//! has its cause, or its candidates.

mod ike_lab;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ike_lab::{Asked, Lab};
use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, pem};
use shakedown_testkit::{require, run};

const CHECK: &str = "check ike://192.0.2.2 --may-disturb-live-tunnel";

/// The connection of the gateway, which has a certificate and wants one.
fn gateway(method: &str) -> String {
    let lines = [
        "left=192.0.2.2",
        "leftid=@gw.example",
        "leftcert=gw",
        "leftsendcert=always",
        "leftsubnet=10.2.0.0/24",
        "right=192.0.2.1",
        "rightid=@a.example",
        "rightca=%same",
        "rightsubnet=10.1.0.0/24",
        &format!("authby={method}"),
        "ikev2=insist",
        "ike=aes256-sha2_256-modp2048",
        "esp=aes256-sha2_256",
        "auto=add",
    ];
    let lines: String = lines.iter().map(|line| format!("\t{line}\n")).collect();
    format!("config setup\n\tlisten=192.0.2.2\nconn site\n{lines}")
}

fn key(kind: &str) -> CertificateKey {
    if kind == "ecdsa" { CertificateKey::p256() } else { CertificateKey::rsa() }
}

/// The gateway's certificate of this kind goes into its database with the authority that it trusts. The initiator's are `rsa`
/// and `ecdsa`, `expired`, `named` for another name, and `strange` by an authority that the gateway does not know.
fn certificates(folder: &Path, kind: &str, valid: bool) {
    const DAY: i64 = 86_400;
    let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_secs()).expect("a time");
    for part in ["own", "trusted"] {
        fs::create_dir_all(folder.join(part)).expect("a folder");
    }
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("a file");
    let (root_key, strange_key) = (CertificateKey::p256(), CertificateKey::p256());
    // A database of NSS has one certificate for each serial number of an issuer.
    let root = CertificateSpec { serial: 1, ..CertificateSpec::authority("Root of Example", now) };
    let stranger = CertificateSpec::authority("Root of Others", now);
    write("trusted/root.pem", pem("CERTIFICATE", &root.self_signed(&root_key)));
    write("stranger.pem", pem("CERTIFICATE", &stranger.self_signed(&strange_key)));
    let over = |spec: &mut CertificateSpec| (spec.not_before, spec.not_after) = (now - 20 * DAY, now - 10 * DAY);
    let (own, mut spec) = (key(kind), CertificateSpec::server("gw.example", now));
    if !valid {
        over(&mut spec);
    }
    write("gw.pem", pem("CERTIFICATE", &spec.signed(&own, &root.signer(&root_key))));
    write("gw.key", own.pem());
    let mut openssl = Command::new(require("openssl").expect("openssl"));
    openssl.args("pkcs12 -export -in gw.pem -inkey gw.key -name gw -out own/gw.p12 -passout pass:".split(' '));
    let made = run(openssl.current_dir(folder), b"", Duration::from_secs(30)).expect("openssl runs");
    assert!(made.status.is_some_and(|status| status.success()), "{}", made.text());
    for (serial, (name, kind)) in
        (10..).zip([("rsa", "rsa"), ("ecdsa", "ecdsa"), ("strange", "rsa"), ("expired", "rsa"), ("named", "rsa")])
    {
        let of = if name == "named" { "c.example" } else { "a.example" };
        let (own, mut spec) = (key(kind), CertificateSpec { serial, ..CertificateSpec::server(of, now) });
        if name == "expired" {
            over(&mut spec);
        }
        let signer = if name == "strange" { stranger.signer(&strange_key) } else { root.signer(&root_key) };
        write(&format!("{name}.pem"), pem("CERTIFICATE", &spec.signed(&own, &signer)));
        write(&format!("{name}.key"), own.pem());
    }
}

fn certified(own: &str, authority: &str) -> String {
    let names = "--id a.example --remote-id gw.example";
    format!("{CHECK} --cert {own}.pem --key {own}.key --cacert {authority} {names}")
}

fn lab(method: &str, (kind, valid): (&str, bool), commands: &[String]) -> Option<Lab> {
    require("openssl")?;
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    Lab::pluto(&gateway(method), |folder| certificates(folder, kind, valid), &commands)
}

const ROOT: &str = "trusted/root.pem";
const REFUSED: [&str; 3] = ["agreed", "failed", "not-reached"];

#[test]
fn both_ends_prove_themselves_by_rsa_and_by_ecdsa() {
    // What the gateway signs with is what its list of methods begins with, whatever its key can.
    for (method, kind, owns) in [("rsasig,ecdsa", "rsa", &["rsa", "ecdsa"][..]), ("ecdsa", "ecdsa", &["ecdsa"])] {
        let commands: Vec<String> = owns.iter().map(|own| certified(own, ROOT)).collect();
        let Some(lab) = lab(method, (kind, true), &commands) else { return };
        for (asked, own) in lab.asked.iter().zip(owns) {
            assert_eq!(asked.stages()[..2], ["agreed"; 2], "{kind} {own}: {:#}{}", asked.document, lab.log);
            let kind = if *own == "rsa" { "RSA with SHA2" } else { "P-256 ECDSA with SHA2" };
            assert!(lab.log.contains(kind), "{}", lab.log);
        }
        assert!(lab.statistics.contains("current.states.all=0"), "{}", lab.statistics);
    }
}

#[test]
fn each_refusal_of_a_certificate_has_its_cause_or_its_candidates() {
    let commands = [
        certified("strange", ROOT),
        certified("expired", ROOT),
        certified("named", ROOT),
        certified("rsa", "stranger.pem"),
        certified("rsa", ROOT).replace("gw.example", "other.example"),
        format!("{CHECK} --psk-file key --id a.example --remote-id gw.example --cacert {ROOT}"),
    ];
    let Some(lab) = lab("rsasig", ("rsa", true), &commands) else { return };
    let first = |asked: &Asked| asked.causes().first().map(|cause| (*cause).to_owned()).unwrap_or_default();
    for (asked, command) in lab.asked.iter().zip(&commands) {
        assert_eq!(asked.stages(), REFUSED, "{command}: {:#}{}", asked.document, lab.log);
    }
    let [strange, expired, name, stranger, other, psk] = lab.asked.as_slice() else { panic!("six") };
    // What the responder has against a sound certificate it does not say.
    assert_eq!(first(strange), "certificate-untrusted", "{:#}", strange.document);
    assert!(strange.confidence() < 0.5, "{:#}", strange.document);
    assert!(psk.causes().iter().take(3).any(|cause| *cause == "auth-method-mismatch"), "{:#}", psk.document);
    assert!(psk.confidence() < 0.5, "{:#}", psk.document);
    // What is wrong with it whatever the responder trusts is seen here.
    assert_eq!(first(expired), "certificate-expired", "{:#}", expired.document);
    assert_eq!(first(name), "certificate-name-mismatch", "{:#}", name.document);
    assert_eq!(name.document["diagnoses"][0]["side"], "client", "{:#}", name.document);
    // What this end has against the responder is its own judgement.
    assert_eq!(first(stranger), "certificate-untrusted", "{:#}", stranger.document);
    assert!(other.causes().contains(&"peer-identity-mismatch"), "{:#}", other.document);
    let Some(lab) = self::lab("rsasig", ("rsa", false), &[certified("rsa", ROOT)]) else { return };
    let [old] = lab.asked.as_slice() else { panic!("one") };
    // pluto loads no connection whose own certificate is over.
    assert_eq!((old.status, first(old).as_str()), (3, "no-matching-connection"), "{:#}{}", old.document, lab.log);
}
