//! Edits of how a connection of IKE is set up: only the connection that is meant changes, and only where it has to.

mod common;

use common::catalog;
use shakedown_config::Memory;
use shakedown_config::ike_edit::{Setting, edit};
use shakedown_config::ipsec_conf::{self, Daemon};
use shakedown_config::swanctl::{self, Selection};
use shakedown_model::ike::IkeVersion;
use shakedown_model::{Name, Party, Role};

const PATH: &str = "/etc/ipsec/main.conf";

/// The connection `site` of a file.
fn party(software: &str, text: &str) -> Party {
    let files = Memory::new().with(PATH, text).with("/etc/ipsec/ipsec.secrets", "a b : PSK \"x\"\n");
    let text = if software.starts_with("libreswan") { text.replace('!', "") } else { text.to_owned() };
    let text = text.as_str();
    let software = software.parse().unwrap();
    let selection = Selection { software: &software, role: Role::Client, name: Some("site"), label: "x" };
    let mut gathered = match (software.product(), text.contains("conn ")) {
        (_, false) => swanctl::parties(&swanctl::read(&files, PATH).unwrap(), &selection, catalog()),
        ("libreswan", _) => {
            ipsec_conf::parties(&ipsec_conf::read(&files, PATH, Daemon::Libreswan).unwrap(), &selection, catalog())
        }
        _ => ipsec_conf::parties(&ipsec_conf::read(&files, PATH, Daemon::StrongSwan).unwrap(), &selection, catalog()),
    };
    assert!(gathered.evidence.is_empty(), "{:?}", gathered.evidence);
    gathered.parties.remove(0)
}

fn edited(software: &str, text: &str, settings: &[Setting]) -> Option<String> {
    let (_, edits) = edit(&party(software, text), settings, catalog())?;
    assert_eq!(edits.len(), 1);
    Some(String::from_utf8(edits[0].apply()).unwrap())
}

fn identity(local: bool, name: &str) -> Setting {
    Setting::Identity { local, name: Name::new(name) }
}

fn networks(local: bool, all: &[&str]) -> Setting {
    Setting::Selectors { local, selectors: all.iter().map(|one| Name::new(one)).collect() }
}

fn methods(local: &str, remote: &str) -> Setting {
    Setting::Methods { local: Name::new(local), remote: Name::new(remote) }
}

const SWANCTL: &str = "connections {
  site {
    version = 2 # new
    proposals = aes256-sha256-modp2048
    local { auth = psk }
    remote {
      # whoever it is
      auth = psk
      id = \"b.example\" # theirs
    }
    children {
      net {
        esp_proposals = aes256-sha256
        local_ts = 10.1.0.0/24, 10.2.0.0/24
      }
    }
  }
}
";

#[test]
fn a_connection_of_swanctl_conf_is_changed_in_place() {
    for (setting, before, after) in [
        (identity(false, "c.example"), "id = \"b.example\" # theirs", "id = c.example # theirs"),
        (identity(false, "C=DE, CN=c"), "id = \"b.example\" # theirs", "id = \"C=DE, CN=c\" # theirs"),
        (identity(true, "a.example"), "local { auth = psk }", "local { id = a.example\n     auth = psk }"),
        (networks(true, &["10.3.0.0/16"]), "10.1.0.0/24, 10.2.0.0/24", "10.3.0.0/16"),
        (
            networks(false, &["fec0::/16", "10.9.0.0/24[tcp/443]"]),
            "net {\n",
            "net {\n        remote_ts = \"fec0::/16, 10.9.0.0/24[tcp/443]\"\n",
        ),
        (Setting::Version(IkeVersion::V1), "version = 2 # new", "version = 1 # new"),
        (Setting::Aggressive(true), "  site {\n", "  site {\n    aggressive = yes\n"),
    ] {
        let edited = edited("strongswan@5.9.8", SWANCTL, std::slice::from_ref(&setting));
        assert_eq!(edited.as_deref(), Some(&*SWANCTL.replacen(before, after, 1)), "{setting:?}");
    }
    let both = edited("strongswan@5.9.8", SWANCTL, &[methods("pubkey", "pubkey"), identity(true, "a")]).unwrap();
    assert!(
        both.contains("auth = pubkey }") && both.contains("      auth = pubkey\n      id = \"b.example\""),
        "{both}"
    );
}

/// What several connections have of one section is none of this connection's to change.
#[test]
fn what_is_inherited_stays_where_it_is() {
    let text = "all {\n  version = 1\n  proposals = aes256-sha256-modp2048\n  remote {\n    auth = psk\n    id = old\n  }\n}\nconnections {\n  site : all {\n    \
                children {\n      net {\n      }\n    }\n  }\n  other : all {\n  }\n}\n";
    let after = edited("strongswan@5.9.8", text, &[identity(false, "new"), Setting::Version(IkeVersion::V2)]).unwrap();
    let added = "  site : all {\n    remote {\n      id = new\n    }\n    version = 2\n";
    assert_eq!(after, text.replace("  site : all {\n", added));
}

#[test]
fn a_file_that_a_tool_writes_is_left_alone() {
    let text = format!("# Ansible managed\n{SWANCTL}");
    assert_eq!(edited("strongswan@5.9.8", &text, &[identity(true, "a")]), None);
}

const IPSEC: &str = "conn %default
\tauthby=secret
\tleftid=@everybody
conn site
\tleft=192.0.2.1
\tright=192.0.2.2
\trightid=\"@b.example\"   # theirs
\tleftsubnet=10.1.0.0/24
conn other
\tleft=192.0.2.1
\tright=192.0.2.3
";

#[test]
fn a_connection_of_ipsec_conf_is_changed_in_place() {
    for (software, setting, before, after) in [
        ("strongswan@5.9.8", identity(false, "c.example"), "\"@b.example\"", "c.example"),
        ("libreswan@4.10", identity(false, "c.example"), "\"@b.example\"", "@c.example"),
        ("libreswan@4.10", identity(false, "C=DE, CN=c"), "\"@b.example\"", "\"C=DE, CN=c\""),
        ("libreswan@4.10", identity(true, "192.0.2.1"), "conn site\n", "conn site\n\tleftid=192.0.2.1\n"),
        ("strongswan@5.9.8", networks(true, &["10.2.0.0/24", "10.3.0.0/24"]), "10.1.0.0/24", "10.2.0.0/24,10.3.0.0/24"),
        (
            "libreswan@4.10",
            networks(false, &["10.2.0.0/24", "10.3.0.0/24"]),
            "conn site\n",
            "conn site\n\trightsubnets=\"{10.2.0.0/24 10.3.0.0/24}\"\n",
        ),
        ("strongswan@5.9.8", Setting::Version(IkeVersion::V2), "conn site\n", "conn site\n\tkeyexchange=ikev2\n"),
        ("libreswan@4.10", Setting::Version(IkeVersion::V1), "conn site\n", "conn site\n\tikev2=no\n"),
        ("libreswan@4.10", methods("pubkey", "pubkey"), "conn site\n", "conn site\n\tauthby=rsasig\n"),
        (
            "strongswan@5.9.8",
            methods("psk", "pubkey"),
            "conn site\n",
            "conn site\n\tleftauth=psk\n\trightauth=pubkey\n",
        ),
    ] {
        let edited = edited(software, IPSEC, std::slice::from_ref(&setting));
        let before_it = if software.starts_with("libreswan") { IPSEC.replace('!', "") } else { IPSEC.to_owned() };
        assert_eq!(edited.as_deref(), Some(&*before_it.replacen(before, after, 1)), "{software} {setting:?}");
    }
}

/// A list in the place of one network is another setting, which would stand beside the first one.
#[test]
fn what_cannot_be_said_in_place_is_no_edit() {
    let several = networks(true, &["10.2.0.0/24", "10.3.0.0/24"]);
    assert_eq!(edited("libreswan@4.10", IPSEC, &[several]), None);
    assert_eq!(edited("libreswan@4.10", IPSEC, &[networks(true, &["10.2.0.0/24[tcp/443]"])]), None);
    let with_ports = IPSEC.replace("conn site\n", "conn site\n\tleftprotoport=17/1701\n");
    assert_eq!(edited("libreswan@4.10", &with_ports, &[networks(true, &["10.2.0.0/24"])]), None);
}
