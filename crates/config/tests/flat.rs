//! Programs whose TLS is a handful of lines.

mod common;

use common::versions;
use shakedown_config::Memory;
use shakedown_config::flat::{java_security, openvpn, postgresql, stunnel};
use shakedown_model::{OriginKind, Role};

#[test]
fn postgresql_lines() {
    let text = "#ssl = off\nssl = on # yes\nssl_ciphers = 'HIGH:!aNULL'\t# x\nSSL_max_protocol_version 'TLSv1.2'\nport=5433\nssl_ca_file = ''\n";
    let files = Memory::new().with("/p", text);
    let reading = postgresql(&files, "/p", Some("15.10")).unwrap();
    let server = &reading.servers[0];
    assert_eq!(versions(server), "TLSv1.2");
    let ciphers = server.settings.cipher_list.as_ref().unwrap();
    let OriginKind::File { span, .. } = ciphers.part(0..4).kind().clone() else { panic!() };
    assert_eq!((&text[span], server.listen[0].value.port), ("HIGH", 5433));
    assert!(server.settings.client_verification.is_none());
    assert!(server.settings.option("ServerPreference").unwrap().on);
    let edit = reading.set("", "ssl_ciphers", "HIGH").unwrap();
    assert_eq!(String::from_utf8(edit.apply()).unwrap(), text.replace("'HIGH:!aNULL'", "'HIGH'"));
    let edit = reading.set("", "ssl_min_protocol_version", "TLSv1.3").unwrap();
    assert_eq!(String::from_utf8(edit.apply()).unwrap(), format!("{text}ssl_min_protocol_version = 'TLSv1.3'\n"));
    let off = Memory::new().with("/p", "ssl = off\n");
    assert!(postgresql(&off, "/p", None).unwrap().servers.is_empty());
}

#[test]
fn stunnel_services() {
    let text = "; global\nsslVersionMin = TLSv1.2\ncert = /c.pem\n[https]\naccept = 127.0.0.1:443\nconnect = 80\noptions = NO_TLSv1_3\noptions = -NO_TICKET\nconfig = Groups:P-256\n[out]\nclient = yes\naccept = 25\nverifyChain = yes\nsslVersionMin = TLSv9\n";
    let files = Memory::new().with("/s", text);
    let reading = stunnel(&files, "/s", Some("5.68"), Some("3.0.19")).unwrap();
    let [https, out] = reading.servers.as_slice() else { panic!() };
    assert_eq!((https.role, out.role), (Role::Server, Role::Client));
    assert_eq!(versions(https), "TLSv1.2");
    assert_eq!(https.settings.groups.as_ref().unwrap().as_str(), "P-256");
    assert!(https.settings.option("SessionTicket").unwrap().on);
    assert!(out.verify_peer.as_ref().unwrap().value);
    assert_eq!(reading.evidence.len(), 1);
    let edit = reading.set("https", "ciphers", "HIGH").unwrap();
    assert!(String::from_utf8(edit.apply()).unwrap().contains("config = Groups:P-256\nciphers = HIGH\n[out]"));
}

#[test]
fn openvpn_and_java() {
    let text = "server 10.8.0.0 255.255.255.0\ntls-cipher TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384\ntls-version-min 1.2 or-highest\ncert s.crt\nkey \"s.key\"\n<ca>\n";
    let files = Memory::new().with("/o", text);
    let reading = openvpn(&files, "/o", Some("2.6.14")).unwrap();
    assert_eq!((reading.servers[0].role, versions(&reading.servers[0]).as_str()), (Role::Server, "TLSv1.2 TLSv1.3"));
    assert_eq!(reading.servers[0].certificates[0].key.as_ref().unwrap().as_str(), "s.key");
    let text = "# x\njdk.tls.disabledAlgorithms=SSLv3, TLSv1, \\\n    RC4, \\\n    DES\nother=1\n";
    let files = Memory::new().with("/j", text);
    let reading = java_security(&files, "/j").unwrap();
    let (name, value) = &reading.servers[0].settings.other[0];
    assert_eq!((*name, value.as_str()), ("jdk.tls.disabledAlgorithms", "SSLv3, TLSv1, RC4, DES"));
    let parts = value.split(|letter| letter == ',');
    let OriginKind::File { span, .. } = parts[2].origin().kind().clone() else { panic!() };
    assert_eq!(&text[span], "RC4");
}
