//! What OpenSSL's server makes of hellos that are built here.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use shakedown_testkit::{Running, require, run};
use shakedown_wire::tls::number::{extension, handshake, version};
use shakedown_wire::tls::{
    Alert, ClientHello, Extension, Extensions, Form, HelloBuilder, KeyExchangeParameters, KeyShare, Message, Split,
    StatusRequest, View,
};

use crate::walk::{Walk, extensions, walk};

const TIME: Duration = Duration::from_secs(20);

struct Server {
    running: Running,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(options: &[&str]) -> Option<Self> {
        let program = require("openssl")?;
        let folder = tempfile::tempdir().unwrap();
        certificate(&program, folder.path());
        let mut command = Command::new(program);
        // The system's configuration must not forbid old versions.
        command.env("OPENSSL_CONF", "/dev/null");
        command.current_dir(folder.path()).args(["s_server", "-accept", "127.0.0.1:0", "-www"]);
        command.args(["-key", "key.pem", "-cert", "certificate.pem"]).args(options);
        let running = Running::start(&mut command).unwrap();
        let port =
            |log: &str| log.lines().find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.parse().ok());
        let port = running.wait_for(TIME, port).unwrap_or_else(|| panic!("{}", running.log()));
        Some(Self { running, port, _folder: folder })
    }

    /// The server's answer, up to where it waits for more or closes.
    fn answer(&self, builder: &HelloBuilder) -> Walk {
        let built = builder.build().unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(TIME)).unwrap();
        for segment in &built.segments {
            stream.write_all(segment).unwrap();
        }
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let length = stream.read(&mut buffer).unwrap_or_else(|error| panic!("{error}: {}", self.running.log()));
            bytes.extend(&buffer[..length]);
            let walked = walk(&bytes, Form::default());
            let retry = matches!(walked.messages.last(), Some(Message::HelloRetryRequest(_)));
            let tls13 = version::is_tls13(walked.form.version) && !walked.messages.is_empty();
            if length == 0 || tls13 || retry || walked.has(handshake::SERVER_HELLO_DONE) || !walked.alerts.is_empty() {
                assert_eq!(walked.error, None);
                let (_, odd) = extensions(&walked.messages);
                assert!(odd.is_empty(), "{odd:?}");
                return walked;
            }
        }
    }
}

fn certificate(program: &Path, folder: &Path) {
    let mut command = Command::new(program);
    command.current_dir(folder).args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=example.com"]);
    command.args(["-keyout", "key.pem", "-out", "certificate.pem"]);
    let finished = run(&mut command, b"", TIME).unwrap();
    assert!(finished.status.is_some_and(|status| status.success()), "{}", finished.text());
}

fn hello(suites: &[u16], versions: Option<&[u16]>, shares: &[KeyShare]) -> ClientHello {
    let schemes = vec![0x0804, 0x0401, 0x0403, 0x0201];
    let status = StatusRequest::Ocsp { responder_ids: Vec::new(), request_extensions: Vec::new() };
    let mut list = vec![
        Extension::new(extension::SERVER_NAME, &View::ServerNames(vec![(0, b"example.com".to_vec())])),
        Extension::new(extension::SUPPORTED_GROUPS, &View::SupportedGroups(vec![24, 29, 23])),
        Extension::new(extension::EC_POINT_FORMATS, &View::EcPointFormats(vec![0])),
        Extension::new(extension::SIGNATURE_ALGORITHMS, &View::SignatureAlgorithms(schemes)),
        Extension::new(extension::STATUS_REQUEST, &View::StatusRequest(status)),
        Extension::new(extension::EXTENDED_MASTER_SECRET, &View::Empty),
        Extension::new(extension::RENEGOTIATION_INFO, &View::RenegotiationInfo(Vec::new())),
        Extension::new(extension::ALPN, &View::Protocols(vec![b"h2".to_vec()])),
    ];
    if let Some(versions) = versions {
        list.push(Extension::new(extension::SUPPORTED_VERSIONS, &View::SupportedVersions(versions.to_vec())));
        list.push(Extension::new(extension::KEY_SHARE, &View::KeyShares(shares.to_vec())));
        list.push(Extension::new(extension::PSK_KEY_EXCHANGE_MODES, &View::PskKeyExchangeModes(vec![1])));
    }
    ClientHello {
        random: [7; 32],
        session_id: vec![5; 32],
        cipher_suites: suites.to_vec(),
        extensions: Some(Extensions(list)),
        ..ClientHello::default()
    }
}

fn key_exchange(walk: &Walk) -> (&KeyExchangeParameters, Option<u16>) {
    let found = walk.messages.iter().find_map(|message| match message {
        Message::ServerKeyExchange(message) => Some(message),
        _ => None,
    });
    let message = found.unwrap_or_else(|| panic!("{walk:?}"));
    (&message.parameters, message.signature.as_ref().and_then(|signature| signature.algorithm))
}

/// Every version and suite that OpenSSL has, and a certificate asked for from the client.
fn server() -> Option<Server> {
    let protocols = ["-min_protocol", "TLSv1", "-cipher", "ALL:@SECLEVEL=0"];
    Server::start(&[&protocols[..], &["-verify", "1", "-CAfile", "certificate.pem"]].concat())
}

#[test]
fn a_flight_of_tls_12_however_the_hello_is_cut() {
    let Some(server) = server() else { return };
    let ecdhe = HelloBuilder::new(hello(&[0xc02f], None, &[]));
    let cuts = [
        (Split::Whole, Split::Whole),
        (Split::Every(50), Split::Every(7)),
        (Split::At(vec![1, 4, 40]), Split::At(vec![1, 5, 60])),
    ];
    for (records, segments) in cuts {
        let walked = server.answer(&HelloBuilder { records, segments, ..ecdhe.clone() }.with_grease(4));
        let (parameters, algorithm) = key_exchange(&walked);
        assert!(matches!(parameters, KeyExchangeParameters::NamedCurve { group: 24 | 29 | 23, .. }), "{parameters:?}");
        assert_eq!(algorithm, Some(0x0804));
        assert!(walked.has(handshake::CERTIFICATE) && walked.has(handshake::SERVER_HELLO_DONE));
        assert_eq!(authorities(&walked).len(), 1);
    }
    let dhe = server.answer(&HelloBuilder { length: Some(1000), ..HelloBuilder::new(hello(&[0x009e], None, &[])) });
    let (parameters, _) = key_exchange(&dhe);
    assert_eq!(parameters.bits(), Some(2048));
}

/// The names in the server's CertificateRequest.
fn authorities(walk: &Walk) -> Vec<Vec<u8>> {
    let found = walk.messages.iter().find_map(|message| match message {
        Message::CertificateRequest(request) => Some(request.authorities()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{walk:?}"))
}

#[test]
fn a_flight_of_tls_10() {
    let Some(server) = server() else { return };
    let hello = ClientHello { version: version::TLS10, ..hello(&[0x0033, 0xc013], None, &[]) };
    let walked = server.answer(&HelloBuilder::new(hello));
    assert_eq!(walked.form.version, version::TLS10);
    let (_, algorithm) = key_exchange(&walked);
    assert_eq!((algorithm, authorities(&walked).len()), (None, 1));
    let Some(Message::ServerHello(hello)) = walked.messages.first() else { panic!("{walked:?}") };
    assert_eq!(hello.downgraded_to(), Some(version::TLS11));
}

#[test]
fn hellos_of_tls_13_with_and_without_key_share() {
    let Some(server) = server() else { return };
    let versions = [version::TLS13, version::TLS12];
    let without = server.answer(&HelloBuilder::new(hello(&[0x1302], Some(&versions), &[])));
    let Some(Message::HelloRetryRequest(retry)) = without.messages.first() else { panic!("{without:?}") };
    assert_eq!((retry.selected_version(), retry.cipher_suite), (version::TLS13, 0x1302));
    let Some(Ok(View::SelectedGroup(group))) = retry.view(extension::KEY_SHARE) else { panic!("{retry:?}") };
    assert!([24, 29, 23].contains(&group));

    let share = KeyShare { group: 29, public: [&[9][..], &[0; 31]].concat() };
    let with = server.answer(&HelloBuilder::new(hello(&[0x1301], Some(&versions), &[share])).with_grease(1));
    let Some(Message::ServerHello(chosen)) = with.messages.first() else { panic!("{with:?}") };
    assert_eq!((chosen.selected_version(), chosen.version), (version::TLS13, version::TLS12));
    assert!(matches!(chosen.view(extension::KEY_SHARE), Some(Ok(View::KeyShare(share))) if share.group == 29));
    assert_eq!(chosen.session_id, [5; 32]);
}

#[test]
fn alerts_of_a_server() {
    let Some(server) = server() else { return };
    let none = server.answer(&HelloBuilder::new(hello(&[0x00ff, 0xfafa], None, &[])));
    assert_eq!(none.alerts, [Alert { level: 2, description: 40 }]);
    let old = ClientHello { version: 0x0200, ..hello(&[0xc02f], None, &[]) };
    let old = server.answer(&HelloBuilder::new(old));
    assert_eq!(old.alerts, [Alert { level: 2, description: 70 }]);
}
