//! Every case of x509-limbo has the verdict that rustls-webpki has for it. The file `limbo.json` is large and not kept
//! here: `SHAKEDOWN_LIMBO` says where it is.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use jiff::Timestamp;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::Value;
use shakedown_x509::{Anchors, Bounds, Certificate, NameMatch, Purpose, Rules, Search, Wanted, match_name, paths};

struct Case {
    id: String,
    end: CertificateDer<'static>,
    others: Vec<CertificateDer<'static>>,
    anchors: Vec<CertificateDer<'static>>,
    name: Option<String>,
    now: Timestamp,
}

fn read(case: &Value) -> Option<Case> {
    let certificate = |value: &Value| CertificateDer::from_pem_slice(value.as_str()?.as_bytes()).ok();
    let list = |key: &str| case[key].as_array()?.iter().map(certificate).collect::<Option<Vec<_>>>();
    let now =
        case["validation_time"].as_str().map_or(Timestamp::from_second(1_750_000_000).ok(), |text| text.parse().ok());
    (case["validation_kind"] == "SERVER").then_some(())?;
    Some(Case {
        id: case["id"].as_str()?.to_owned(),
        end: certificate(&case["peer_certificate"])?,
        others: list("untrusted_intermediates")?,
        anchors: list("trusted_certs")?,
        name: case["expected_peer_name"]["value"].as_str().map(str::to_owned),
        now: now?,
    })
}

fn theirs(case: &Case) -> bool {
    let anchors: Vec<_> = case.anchors.iter().filter_map(|der| webpki::anchor_from_trusted_cert(der).ok()).collect();
    let Ok(end) = webpki::EndEntityCert::try_from(&case.end) else { return false };
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(case.now.as_second() as u64));
    let usage = webpki::KeyUsage::server_auth();
    let path = end.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &case.others, time, usage, None, None);
    let named = case.name.as_ref().is_none_or(|name| {
        ServerName::try_from(name.as_str()).is_ok_and(|name| end.verify_is_valid_for_subject_name(&name).is_ok())
    });
    path.is_ok() && named
}

fn ours(case: &Case) -> (bool, String) {
    let Ok(end) = Certificate::from_der(&case.end) else { return (false, "unreadable".to_owned()) };
    let read = |list: &[CertificateDer<'_>]| -> Vec<Certificate> {
        list.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
    };
    let loads = |der: &&CertificateDer<'_>| webpki::anchor_from_trusted_cert(der).is_ok();
    let loaded: Vec<CertificateDer<'_>> = case.anchors.iter().filter(loads).cloned().collect();
    let (others, anchors) = (read(&case.others), Anchors::from_certificates(read(&loaded)));
    let search = Search {
        end: &end,
        others: &others,
        anchors: &anchors,
        now: case.now,
        purpose: Purpose::Server,
        bounds: Bounds::default(),
    };
    let found = paths(&search);
    let verdict = found.verdict(&Rules::webpki());
    let named = case.name.as_ref().is_none_or(|name| {
        Wanted::parse(name).is_some_and(|wanted| matches!(match_name(&end, &wanted), NameMatch::Matches(_)))
    });
    (verdict.is_trusted() && named, format!("{:?} named {named}", verdict.refusals))
}

#[test]
fn the_verdicts_of_limbo() {
    let Some(file) = std::env::var_os("SHAKEDOWN_LIMBO") else {
        eprintln!("skipped: SHAKEDOWN_LIMBO does not say where limbo.json is");
        return;
    };
    let all: Value = serde_json::from_slice(&std::fs::read(file).expect("the file")).expect("JSON");
    let (mut compared, mut differ) = (0, Vec::new());
    for case in all["testcases"].as_array().expect("cases").iter().filter_map(read) {
        let (mine, why) = ours(&case);
        compared += 1;
        if mine != theirs(&case) {
            differ.push(format!("{}: here {mine}: {why}", case.id));
        }
    }
    assert!(compared > 100, "{compared} cases");
    assert!(differ.is_empty(), "{} of {compared}:\n{}", differ.len(), differ.join("\n"));
}
