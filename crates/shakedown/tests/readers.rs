//! Files that are read and not edited: the ConfigMap of ingress-nginx, and the registry of Windows, without a program in front
//! of them.

use std::path::PathBuf;

use shakedown::{Options, blocking};
use shakedown_model::{OutcomeResult, Report, Slot};

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

fn outcome(report: &Report) -> (OutcomeResult, Option<&'static str>) {
    let first = report.diagnoses.iter().find(|one| one.confidence() >= 0.5).map(|one| one.cause);
    (report.pairs.first().expect("a pair").outcome.result(), first)
}

/// It was read as a configuration of OpenSSH.
#[test]
fn a_config_map_of_ingress_nginx_is_a_server() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ingress-nginx-controller\ndata:\n  ssl-protocols: TLSv1.3\n";
    let (_folder, path) = written("controller.yaml", text.as_bytes());
    let path = path.display().to_string();
    for named in [path.clone(), format!("nginx@1.25.5+openssl@3.0.15:{path}")] {
        let report = blocking::negotiate("java-jsse@8u181", &named, Options::default()).expect("a report");
        assert_eq!(outcome(&report), (OutcomeResult::Failed, Some("no-common-version")), "{named}");
        let report = blocking::negotiate("openssl@3.0.15", &named, Options::default()).expect("a report");
        assert_ne!(outcome(&report).0, OutcomeResult::Failed, "{named}: {:#?}", report.pairs);
        let agreed = &report.pairs.first().expect("a pair").outcome.agreed;
        let version = agreed.iter().find(|(slot, _)| *slot == Slot::Version).and_then(|(_, name)| name.clone());
        assert!(version.is_some_and(|name| name == *"TLSv1.3"), "{agreed:?}");
    }
}

const HEAD: &str = "Windows Registry Editor Version 5.00\r\n\r\n";
const SCHANNEL: &str = "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\";

/// As `regedit` writes it.
fn wide(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn the_registry_of_schannel_takes_away_and_orders() {
    let policy = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Cryptography\\Configuration\\SSL\\00010002]\r\n";
    let cases = [
        (String::new(), None),
        (format!("{SCHANNEL}Protocols\\TLS 1.2\\Server]\r\n\"Enabled\"=dword:00000000\r\n"), Some("no-common-version")),
        (format!("{SCHANNEL}Protocols\\TLS 1.2\\Client]\r\n\"Enabled\"=dword:00000000\r\n"), None),
        (
            format!("{SCHANNEL}Protocols\\TLS 1.2\\Server]\r\n\"DisabledByDefault\"=dword:00000001\r\n"),
            Some("no-common-version"),
        ),
        (format!("{policy}\"Functions\"=\"TLS_DHE_RSA_WITH_AES_128_CBC_SHA\"\r\n"), Some("no-common-cipher")),
        (
            format!(
                "{SCHANNEL}Ciphers\\AES 128/128]\r\n\"Enabled\"=dword:0\r\n{SCHANNEL}Ciphers\\AES 256/256]\r\n\"Enabled\"=dword:0\r\n"
            ),
            Some("no-common-cipher"),
        ),
    ];
    for (body, cause) in cases {
        for bytes in [wide(&format!("{HEAD}{body}")), format!("{HEAD}{body}").into_bytes()] {
            let (_folder, path) = written("server.reg", &bytes);
            let server = format!("schannel@Windows-Server-2016:{}", path.display());
            let report = blocking::negotiate("go-crypto-tls@1.27", &server, Options::default()).expect("a report");
            let (result, found) = outcome(&report);
            assert_eq!(found, cause, "{body}");
            assert_eq!(result == OutcomeResult::Failed, cause.is_some(), "{body} {result:?}");
        }
    }
}

#[test]
fn the_registry_of_schannel_switches_a_version_on() {
    let body = format!(
        "{HEAD}{SCHANNEL}Protocols\\TLS 1.2\\Client]\r\n\"Enabled\"=dword:00000001\r\n\"DisabledByDefault\"=dword:00000000\r\n\
         [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Cryptography\\Configuration\\Local\\SSL\\00010002]\r\n\
         \"EccCurves\"=hex(7):4e,00,69,00,73,00,74,00,50,00,33,00,38,00,34,00,00,00,\\\r\n  00,00\r\n"
    );
    let (_folder, path) = written("client.reg", &wide(&body));
    let mut options = Options::default();
    options.side = Some(shakedown_model::Role::Client);
    let report = blocking::offer(&format!("schannel@Windows-7:{}", path.display()), options).expect("a report");
    let offer = &report.parties.first().and_then(|party| party.tls()).expect("a client").offer;
    let names = |slot| offer.list(slot).accepted().map(|list| shakedown_model::names(list)).unwrap_or_default();
    assert_eq!(names(Slot::Version).first().map(ToString::to_string).as_deref(), Some("TLSv1.2"));
    assert_eq!(names(Slot::Group).iter().map(ToString::to_string).collect::<Vec<_>>(), ["secp384r1"]);
}
