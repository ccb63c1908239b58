//! HAProxy with certificates that have settings of their own.

mod common;

use common::{Planned, catalog, host, render};
use shakedown_config::{Memory, tls_party};
use shakedown_model::{
    Applicability, ConfigurationKind, Fix, Known, OutcomeResult, Party, PartySource, Policy, Role, Side, Software,
    items,
};
use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, pem};

const PATH: &str = "/etc/haproxy/haproxy.cfg";
const LIST: &str = "/etc/haproxy/certificates.list";
const BIND: &str = "frontend web\n    bind :443 ssl crt-list /etc/haproxy/certificates.list ssl-min-ver TLSv1.2\n    mode \
                    http\n";
const NOW: i64 = 1_790_000_000;

fn read(list: &str, files: Memory) -> Party {
    let software: Software = "haproxy@2.6.12+openssl@3.0.17".parse().unwrap();
    let context = host("db01");
    let spec =
        tls_party::Spec { software: &software, path: PATH, openssl_cnf: None, role: Role::Server, context: &context };
    let files = files.with(PATH, BIND).with(LIST, list);
    tls_party::gather(&files, ConfigurationKind::Haproxy, &spec, catalog()).unwrap().parties.remove(0)
}

fn client(software: &str) -> Party {
    let software: Software = software.parse().unwrap();
    let (policy, _) = catalog().tls_policy(&software, Role::Client).unwrap();
    Party {
        label: software.to_string(),
        role: Role::Client,
        software: Some(software),
        source: PartySource::Catalog,
        policy: Policy::Tls(Box::new(policy)),
        configuration: None,
        notes: Vec::new(),
    }
}

fn certificate(key: &CertificateKey, file: &str, files: Memory) -> Memory {
    let made = CertificateSpec::server("db01", NOW).self_signed(key);
    files.with(file, pem("CERTIFICATE", &made))
}

fn plan(client: &Party, server: &Party) -> Planned {
    let planned = common::run(client, server, &host("db01"), &[]);
    assert!(!planned.outcome.failed.is_empty(), "they agree already: {:?}", planned.outcome);
    planned
}

fn of_server(planned: &Planned, applicability: Applicability) -> &Fix {
    let is = |fix: &&Fix| fix.side == Side::Server && fix.applicability == applicability && !fix.afterwards;
    planned.fixes.iter().find(is).unwrap_or_else(|| panic!("{}", render(planned)))
}

#[test]
fn lines_of_a_list_are_edited_where_they_decide() {
    let rsa = CertificateKey::rsa();
    let files = |extra| certificate(&rsa, "/etc/haproxy/rsa.pem", extra);
    let other = "other.pem [ssl-min-ver TLSv1.3] other.example\n";
    for (options, from, to, client_versions, suites) in [
        ("ssl-min-ver TLSv1.3", "TLSv1.3", "TLSv1.2", "TLSv1.2", None),
        (
            "ciphers ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384",
            "TLSv1.2",
            Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ),
    ] {
        let list = format!("# kept\n/etc/haproxy/rsa.pem [alpn h2 {options}] db01\n{other}");
        let server = read(&list, files(Memory::new()));
        let mut client = client("openssl@3.0.15");
        let offer = &mut client.tls_mut().unwrap().offer;
        offer.versions = Known::Complete(items([client_versions]));
        if let Some(suite) = suites {
            offer.cipher_suites = Known::Complete(items([suite]));
        }
        let planned = plan(&client, &server);
        let fix = of_server(&planned, Applicability::Safe);
        let [edit] = fix.edits.as_slice() else { panic!("{}", render(&planned)) };
        let after = String::from_utf8(edit.apply()).unwrap();
        assert_eq!((edit.file.path.as_str(), after), (LIST, list.replacen(from, to, 1)), "{}", render(&planned));
        assert_eq!(fix.outcome_after.as_ref().unwrap().result(), OutcomeResult::Agreed, "{}", render(&planned));
    }
}

#[test]
fn a_certificate_of_another_kind_beside_the_one_that_the_client_cannot_use() {
    let ec = CertificateKey::p256();
    let server = read("/etc/haproxy/ec.pem db01\n", certificate(&ec, "/etc/haproxy/ec.pem", Memory::new()));
    let mut client = client("openssl@3.0.15");
    let offer = &mut client.tls_mut().unwrap().offer;
    offer.versions = Known::Complete(items(["TLSv1.2"]));
    offer.cipher_suites = Known::Complete(items(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]));
    offer.signature_schemes = Known::Complete(items(["rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"]));
    // It has nothing else to switch on.
    client.software = None;
    let policy = client.tls_mut().unwrap();
    policy.supported = shakedown_model::tls::TlsSupported {
        versions: Known::Complete(vec!["TLSv1.2".into()]),
        cipher_suites: Known::Complete(vec!["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".into()]),
        groups: Known::Complete(Vec::new()),
        signature_schemes: Known::Complete(Vec::new()),
    };
    policy.withheld.clear();
    policy.offer.security_level = None;
    let planned = plan(&client, &server);
    let fix = of_server(&planned, Applicability::Manual);
    assert!(fix.title.starts_with("give the server an RSA certificate"), "{}", render(&planned));
    assert!(fix.commands.iter().any(|command| command.text.contains(LIST)), "{}", render(&planned));
    // With both there is a context each; the client that takes ECDSA keeps its own.
    let rsa = CertificateKey::small_rsa(1024).unwrap();
    let files = certificate(&rsa, "/etc/haproxy/rsa.pem", certificate(&ec, "/etc/haproxy/ec.pem", Memory::new()));
    let server = read("/etc/haproxy/ec.pem db01\n/etc/haproxy/rsa.pem db01\n", files);
    let policy = server.tls().unwrap();
    assert!(policy.by_client.is_some(), "{:?}", server.notes);
    let offer = &mut client.tls_mut().unwrap().offer;
    offer.min_rsa_bits = Some(2048);
    offer.verifies = Some(true);
    let planned = plan(&client, &server);
    let fix = of_server(&planned, Applicability::Manual);
    assert!(fix.title.starts_with("replace the server's certificate by an RSA certificate"), "{}", render(&planned));
    assert!(fix.commands.iter().any(|command| command.text.contains("in the place of the old one")));
}
