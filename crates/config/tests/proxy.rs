//! Caddy, Traefik and Envoy: what stands in their files, and what Caddy does with it.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;
mod tls_peers;

use std::process::Command;
use std::time::Duration;

use common::{Random, catalog};
use shakedown_config::Memory;
use shakedown_config::tls_party::{self, Spec};
use shakedown_model::tls::{ClientCertificate, Preference, UnknownName};
use shakedown_model::{ConfigurationKind, Context, Evidence, Known, Party, Role, Slot, Software};
use shakedown_testkit::Running;
use tls_peers::{Bench, Target, some};

fn parties(software: &str, path: &str, text: &str, role: Role, target: Option<&str>) -> (Vec<Party>, Vec<Evidence>) {
    let software: Software = software.parse().unwrap();
    let context = Context { target: target.map(str::to_owned), ..Context::default() };
    let spec = Spec { software: &software, path, openssl_cnf: None, role, context: &context };
    let kind = tls_party::kind_of(software.product()).unwrap();
    let files = Memory::new().with(path, text);
    let gathered = tls_party::gather(&files, kind, &spec, catalog()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (gathered.parties, gathered.evidence)
}

fn list(party: &Party, slot: Slot) -> String {
    let list = party.tls().unwrap().offer.list(slot);
    let all = list.complete().unwrap_or_else(|| panic!("{list:?}"));
    all.iter().map(|item| item.name.as_str().to_owned()).collect::<Vec<_>>().join(" ")
}

const CADDYFILE: &str = r#"# ours
{
    email me@example.org
}
(old) {
    tls a.pem "a.key" {
        protocols tls1.2 tls1.2
        ciphers TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        curves secp384r1 \
            x25519
        client_auth {
            mode verify_if_given
        }
        alpn http/1.1
    }
}
a.example, www.a.example:8443 {
    import old
    respond "{ # }"
}
http://b.example {
    respond b
}
c.example {
    tls internal
}
"#;

#[test]
fn a_caddyfile_has_sites_that_import() {
    let (all, evidence) = parties("caddy@2.6.2", "/etc/caddy/Caddyfile", CADDYFILE, Role::Server, None);
    assert!(evidence.is_empty(), "{evidence:?}");
    let labels: Vec<&str> = all.iter().filter_map(|party| Some(party.label.rsplit_once('#')?.1)).collect();
    assert_eq!(labels, ["a.example", "c.example"]);
    let a = &all[0];
    assert_eq!(list(a, Slot::Version), "TLSv1.2");
    // Go's own order counts.
    let suites = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
    assert_eq!((list(a, Slot::CipherSuite).as_str(), list(a, Slot::Group).as_str()), (suites, "secp384r1 x25519"));
    let offer = &a.tls().unwrap().offer;
    assert_eq!(offer.client_certificate, Known::Complete(ClientCertificate::Optional));
    assert_eq!(offer.certificates.complete().unwrap().len(), 1);
    let c = &all[1];
    assert_eq!(
        (list(c, Slot::Version).as_str(), list(c, Slot::Group).as_str()),
        ("TLSv1.3 TLSv1.2", "x25519 secp256r1")
    );
    assert_eq!(c.tls().unwrap().offer.certificates, Known::Unknown);
    let (named, _) = parties("caddy@2.6.2", "/etc/caddy/Caddyfile", CADDYFILE, Role::Server, Some("www.a.example"));
    assert_eq!((named.len(), list(&named[0], Slot::Version).as_str()), (1, "TLSv1.2"));
    // One site alone, and what it does not know.
    let alone = "d.example\ntls {\n\tprotocols tls1.0\n\tciphers NONE\n}\n";
    let (all, evidence) = parties("caddy@2.10.2", "/Caddyfile", alone, Role::Server, None);
    assert_eq!((all.len(), evidence.len(), all[0].tls().unwrap().unable.len()), (1, 2, 2));
    assert_eq!(list(&all[0], Slot::Group), "X25519MLKEM768 x25519 secp256r1");
}

#[test]
fn caddy_in_json_has_policies() {
    let text = r#"{"apps": {"http": {"servers": {"srv0": {"listen": [":443"], "tls_connection_policies": [
        {"match": {"sni": ["a.example"]}, "protocol_min": "tls1.3", "client_authentication": {"mode": "require"}},
        {"cipher_suites": ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], "curves": ["secp521r1"]}]}}}}}"#;
    let (all, _) = parties("caddy@2.8.4", "/c.json", text, Role::Server, Some("a.example"));
    assert_eq!((all.len(), list(&all[0], Slot::Version).as_str()), (1, "TLSv1.3"));
    assert!(all[0].tls().unwrap().offer.tls13_cipher_suites.complete().unwrap().len() == 3);
    let (all, _) = parties("caddy@2.8.4", "/c.json", text, Role::Server, Some("z.example"));
    assert_eq!(list(&all[0], Slot::Group), "secp521r1");
}

#[test]
fn traefik_has_sets_of_options_for_routers() {
    let yaml = "tls:\n  certificates:\n    - certFile: /a.crt\n      keyFile: /a.key\n  options:\n    old:\n      minVersion: VersionTLS10\n      maxVersion: VersionTLS12\n      cipherSuites:\n        - TLS_RSA_WITH_AES_128_CBC_SHA\n        - TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\n      curvePreferences: [CurveP521, CurveP384]\n      sniStrict: true\n      clientAuth:\n        caFiles: [/ca.pem]\nhttp:\n  routers:\n    r:\n      rule: \"PathPrefix(`/`) && Host(`a.example`, `b.example`)\"\n      tls:\n        options: old\n";
    let toml = "[tls.options.old]\nminVersion = \"VersionTLS10\"\nmaxVersion = 'VersionTLS12'\ncipherSuites = [\"TLS_RSA_WITH_AES_128_CBC_SHA\", \"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\"]\ncurvePreferences = [\"CurveP521\", \"CurveP384\"]\nsniStrict = true\n[tls.options.old.clientAuth]\ncaFiles = [\"/ca.pem\"]\n[[tls.certificates]]\ncertFile = \"/a.crt\"\nkeyFile = \"/a.key\"\n[http.routers.r]\nrule = \"Host(`b.example`)\"\n[http.routers.r.tls]\noptions = \"old\"\n";
    for (path, text) in [("/d.yml", yaml), ("/d.toml", toml)] {
        let (all, evidence) = parties("traefik@3.1.0", path, text, Role::Server, Some("b.example"));
        assert!(all.len() == 1 && evidence.is_empty(), "{evidence:?}");
        let old = &all[0];
        assert_eq!(list(old, Slot::Version), "TLSv1.2 TLSv1.1 TLSv1.0");
        assert_eq!(list(old, Slot::CipherSuite), "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA TLS_RSA_WITH_AES_128_CBC_SHA");
        assert_eq!(list(old, Slot::Group), "secp521r1 secp384r1");
        let offer = &old.tls().unwrap().offer;
        assert_eq!(offer.unknown_name, Known::Complete(UnknownName::Rejected));
        assert_eq!(offer.client_certificate, Known::Complete(ClientCertificate::Required));
        assert_eq!(offer.certificates.complete().unwrap().len(), 1);
        // Its own set: of the suites only some are known.
        let (all, _) = parties("traefik@3.1.0", path, text, Role::Server, Some("default"));
        assert_eq!(list(&all[0], Slot::Version), "TLSv1.3 TLSv1.2");
        assert!(matches!(all[0].tls().unwrap().offer.cipher_suites, Known::Partial { .. }));
    }
    let (all, evidence) =
        parties("traefik@3.1.0", "/d.toml", "[tls.options.default]\nminVersion = \"1.2\"\n", Role::Server, None);
    assert_eq!((all.len(), evidence.len()), (1, 1));
    let (_, evidence) = parties(
        "traefik@3.1.0",
        "/d.yml",
        "tls:\n  options:\n    default:\n      cipherSuites: [NONE]\n",
        Role::Server,
        None,
    );
    assert_eq!(evidence.len(), 1);
}

#[test]
fn envoy_has_contexts_of_both_ends() {
    let text = "static_resources:\n  listeners:\n  - name: web\n    address:\n      socket_address: { address: 0.0.0.0, port_value: 8443 }\n    filter_chains:\n    - filter_chain_match: { server_names: [\"a.example\"] }\n      transport_socket:\n        name: envoy.transport_sockets.tls\n        typed_config:\n          \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext\n          require_client_certificate: true\n          common_tls_context:\n            tls_params:\n              tls_minimum_protocol_version: TLSv1_2\n              tls_maximum_protocol_version: TLSv1_2\n              cipher_suites:\n              - \"[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]\"\n              - AES128-SHA\n              ecdh_curves: [P-384]\n            tls_certificates:\n            - certificate_chain: { filename: /a.crt }\n              private_key: { filename: /a.key }\n  clusters:\n  - name: back\n    transport_socket:\n      name: tls\n      typed_config:\n        \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext\n        sni: back.example\n        common_tls_context: {}\n";
    let (all, evidence) = parties("envoy@1.28.5", "/envoy.yaml", text, Role::Server, Some("a.example"));
    assert!(all.len() == 1 && evidence.is_empty(), "{evidence:?}");
    let policy = all[0].tls().unwrap();
    assert_eq!(list(&all[0], Slot::Version), "TLSv1.2");
    assert_eq!(
        list(&all[0], Slot::CipherSuite),
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 TLS_RSA_WITH_AES_128_CBC_SHA"
    );
    assert_eq!(list(&all[0], Slot::Group), "secp384r1");
    assert_eq!(
        (policy.behaviour.suite_order, &policy.offer.client_certificate),
        (None, &Known::Complete(ClientCertificate::Required))
    );
    let (all, _) = parties("envoy@1.28.5", "/envoy.yaml", text, Role::Client, None);
    assert_eq!(
        (list(&all[0], Slot::Version).as_str(), list(&all[0], Slot::Group).as_str()),
        ("TLSv1.2", "x25519 secp256r1")
    );
    let one = text.replace("[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]", "ECDHE-RSA-AES128-GCM-SHA256");
    let (all, _) = parties("envoy@1.28.5", "/envoy.yaml", &one, Role::Server, None);
    assert_eq!(all[0].tls().unwrap().behaviour.suite_order, Some(Preference::Server));
    // A rule of BoringSSL's language is not guessed, nor what a version has by itself that no row says.
    for text in [one.replace("- AES128-SHA", "- ECDHE+AESGCM"), one.replace("cipher_suites:", "others:")] {
        let (all, _) = parties("envoy@1.25.0", "/envoy.yaml", &text, Role::Server, None);
        assert_eq!(all[0].tls().unwrap().offer.cipher_suites, Known::Unknown);
    }
}

/// Debian's Caddy with files by chance.
#[test]
fn caddy_negotiates_what_its_file_says() {
    let (Some(mut bench), Some(program)) = (Bench::new(), shakedown_testkit::require("caddy")) else { return };
    let version = shakedown_testkit::run(Command::new(&program).arg("version"), b"", Duration::from_secs(20)).unwrap();
    let version = version.text();
    let version = version.split_whitespace().next().unwrap().trim_start_matches('v');
    let software = format!("caddy@{version}+go@1.19");
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    for case in 0..shakedown_testkit::cases(5) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 141_650_939));
        let port = shakedown_testkit::free_port().unwrap();
        let folder = bench.folder.path().display().to_string();
        let mut text = format!("{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {folder}/caddy\n}}\n");
        for name in ["rsa.example", "ec.example"] {
            let key = name.split('.').next().unwrap();
            text += &format!(
                "https://{name}:{port} {{\n\tbind 127.0.0.1\n\ttls {folder}/{key}.crt {folder}/{key}.key {{\n"
            );
            text += random.pick(&["", "\t\tprotocols tls1.3\n", "\t\tprotocols tls1.2 tls1.2\n"]);
            if random.percent(50) {
                let suites = [
                    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                    "TLS_RSA_WITH_AES_128_CBC_SHA",
                    "TLS_RSA_WITH_AES_256_GCM_SHA384",
                ];
                text += &format!("\t\tciphers {}\n", some(&mut random, &suites, 4, " "));
            }
            if random.percent(50) {
                text += &format!("\t\tcurves {}\n", some(&mut random, &["x25519", "secp256r1", "secp384r1"], 2, " "));
            }
            text += "\t}\n\trespond hello\n}\n";
        }
        let path = bench.write("Caddyfile", &text);
        let mut command = Command::new(&program);
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&path).env("HOME", bench.folder.path());
        let running = Running::start(&mut command).unwrap();
        let started = running
            .wait_for(Duration::from_secs(20), |log| log.contains("serving initial configuration").then_some(()));
        assert!(started.is_some(), "{}\n{text}", running.log());
        let target = Target {
            kind: ConfigurationKind::Caddy,
            software: software.clone(),
            path: &path,
            port,
            starttls: None,
            text: &text,
        };
        for client in 0..6 {
            let name = ["rsa.example", "ec.example"][client % 2];
            bench.compare(&mut random, &target, Some(name), &format!("seed {seed} case {case}"));
        }
    }
    bench.done("Caddy");
}
