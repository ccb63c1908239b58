//! lighttpd: sockets, hosts on them, what is refused, edits.

mod common;

use common::versions;
use shakedown_config::lighttpd::{DEFAULT_PATH, Reading, Spec, read};
use shakedown_config::{Files, Memory};
use shakedown_model::{Fact, OriginKind};

fn reading(files: &dyn Files) -> Reading {
    read(files, &Spec { path: DEFAULT_PATH, version: Some("1.4.69"), library: Some("3.0.19") }).unwrap()
}

fn of(text: &str) -> Reading {
    reading(&Memory::new().with(DEFAULT_PATH, text))
}

const MAIN: &str = r#"# lighttpd
var.dir = "/etc/tls"
server.modules += ( "mod_openssl", )
server.port = 80
ssl.pemfile = dir + "/a.pem"
ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.3")
$SERVER["socket"] == "[::]:443" {
    ssl.engine = "enable"
    $HTTP["host"] == "b.example" {
        ssl.pemfile = "/etc/tls/b.pem" # b
        ssl.privkey = "/etc/tls/b.key"
    }
} else $SERVER["socket"] == "192.0.2.1:8443" {
    ssl.engine = "enable"
    ssl.pemfile = "/etc/tls/c.pem"
    ssl.openssl.ssl-conf-cmd = ("CipherString" => "HIGH",
                                "Curves" => "X25519:P-256")
    ssl.verifyclient.activate = "enable"
}
$SERVER["socket"] == ":81" { server.errorlog = "/x" }
"#;

#[test]
fn sockets_inherit_and_hosts_have_certificates() {
    let reading = of(MAIN);
    assert!(reading.evidence.is_empty(), "{:?}", reading.evidence);
    let [all, named, other] = reading.servers.as_slice() else {
        panic!("{:?}", reading.servers.iter().map(|server| &server.label).collect::<Vec<_>>())
    };
    assert_eq!((versions(all).as_str(), versions(other).as_str()), ("TLSv1.3", "TLSv1.2 TLSv1.3"));
    assert_eq!(all.certificates[0].certificate.as_str(), "/etc/tls/a.pem");
    assert_eq!(named.certificates[0].key.as_ref().unwrap().as_str(), "/etc/tls/b.key");
    assert_eq!((named.names[0].as_str(), named.label.as_str()), ("b.example", "[::]:443 b.example"));
    assert_eq!(other.settings.groups.as_ref().unwrap().as_str(), "X25519:P-256");
    let OriginKind::File { span, .. } = other.settings.cipher_list.as_ref().unwrap().origin().kind().clone() else {
        panic!()
    };
    assert_eq!(&MAIN[span], "HIGH");
    assert!(other.settings.client_verification.is_some() && !all.settings.option("ServerPreference").unwrap().on);
}

#[test]
fn includes_variables_and_mistakes() {
    let files = Memory::new()
        .with(
            DEFAULT_PATH,
            "include \"conf.d/*.conf\"\ninclude_shell \"x\"\nssl.engine = \"enable\"\nssl.pemfile = env.NONE\n",
        )
        .with("/etc/lighttpd/conf.d/a.conf", "server.port = 444\nssl.cipher-list = \"HIGH\" + \":!MD5\"\n");
    let reading = reading(&files);
    assert_eq!((reading.servers.len(), reading.files.len(), reading.notes.len()), (1, 2, 1));
    assert_eq!(reading.servers[0].listen[0].value.port, 444);
    assert_eq!(reading.servers[0].settings.cipher_list.as_ref().unwrap().as_str(), "HIGH:!MD5");
    for text in ["$SERVER[\"socket\"] == \":443\" {", "}", "ssl.engine", "a = (\"b\" => )", "x = \"open"] {
        let reading = of(text);
        assert!(
            matches!(&reading.evidence[0].fact, Fact::Configuration { message, .. } if message.contains("parser error")),
            "{text}"
        );
    }
    let lacks = of(
        "ssl.pemfile = \"a\"\n$SERVER[\"socket\"] == \":443\" { ssl.engine = \"enable\" ssl.cipher-list = \"HIGH\" }\n",
    );
    assert_eq!(lacks.evidence.len(), 1);
    let wrong = of(
        "ssl.engine = \"enable\"\nssl.pemfile = \"a\"\nssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"TLS1.2\")\n",
    );
    assert_eq!(wrong.evidence.len(), 1);
}

#[test]
fn edits() {
    let reading = of(MAIN);
    let text = |edit: shakedown_config::tls::Edit| (String::from_utf8(edit.files[0].apply()).unwrap(), edit.also);
    let (after, also) = text(reading.set_command(2, "CipherString", "HIGH:!aNULL").unwrap());
    assert_eq!((after, also), (MAIN.replace("\"HIGH\"", "\"HIGH:!aNULL\""), vec![]));
    let (after, _) = text(reading.set_command(2, "MinProtocol", "TLSv1.3").unwrap());
    assert_eq!(after, MAIN.replace("P-256\")", "P-256\", \"MinProtocol\" => \"TLSv1.3\")"));
    let (after, also) = text(reading.set(0, "ssl.verifyclient.activate", "enable").unwrap());
    let line = "    ssl.verifyclient.activate = \"enable\"\n    ssl.engine = \"enable\"\n    $HTTP";
    assert_eq!((after, also), (MAIN.replace("    ssl.engine = \"enable\"\n    $HTTP", line), vec![1]));
    assert!(reading.set(0, "ssl.engine", "enable").is_err());
    // It is passed over since 1.4.68.
    assert!(reading.set(0, "ssl.honor-cipher-order", "enable").is_err());
}
