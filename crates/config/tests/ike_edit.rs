//! Edits of how a connection of IKE is set up: only the connection that is meant changes, and only where it has to.

mod common;

use common::catalog;
use proptest::prelude::*;
use shakedown_config::Memory;
use shakedown_config::ike_edit::{Setting, edit};
use shakedown_config::ipsec_conf::{self, Daemon};
use shakedown_config::swanctl::{self, Selection};
use shakedown_model::ike::IkeVersion;
use shakedown_model::{Name, Party, Role};

const PATH: &str = "/etc/ipsec/main.conf";

/// The connection `site` of a file.
fn party(software: &str, text: &str) -> Party {
    // libreswan has no `!` for a strict list.
    let text = if software.starts_with("libreswan") { text.replace('!', "") } else { text.to_owned() };
    let text = text.as_str();
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

/// Another connection that has its settings of this one would change with it.
#[test]
fn what_others_stand_on_is_no_edit() {
    let swanctl = SWANCTL.replace("connections {\n", "connections {\n  other : connections.site {\n  }\n");
    assert_eq!(edited("strongswan@5.9.8", &swanctl, &[identity(true, "a.example")]), None);
    let ipsec = IPSEC.replace("conn other\n", "conn other\n\talso=site\n");
    assert_eq!(edited("libreswan@4.10", &ipsec, &[identity(true, "192.0.2.1")]), None);
    // What the other one says itself is its own.
    let ipsec = ipsec.replace("\talso=site\n", "\talso=site\n\tleftid=@other\n");
    assert!(edited("libreswan@4.10", &ipsec, &[identity(true, "192.0.2.1")]).is_some());
}

#[test]
fn a_file_that_a_tool_writes_is_left_alone() {
    let text = format!("# Ansible managed\n{SWANCTL}");
    assert_eq!(edited("strongswan@5.9.8", &text, &[identity(true, "a")]), None);
}

const IPSEC: &str = "conn %default
\tauthby=secret
\tike=aes256-sha256-modp2048!
\tesp=aes256-sha256!
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
fn ikev1_is_allowed_in_the_section_of_the_daemon() {
    let conn = "conn site\n\tleft=192.0.2.1\n\tright=192.0.2.2\n\tkeyexchange=ikev1\n";
    for (setup, after) in [
        ("", format!("{conn}config setup\n    ikev1-policy=accept\n")),
        ("config setup\n\tlisten=192.0.2.1\n", {
            format!("config setup\n\tikev1-policy=accept\n\tlisten=192.0.2.1\n{conn}")
        }),
        ("config setup\n\tikev1-policy=drop # old\n", { format!("config setup\n\tikev1-policy=accept # old\n{conn}") }),
    ] {
        let text = format!("{setup}{conn}");
        assert_eq!(edited("libreswan@5.2", &text, &[Setting::OldVersionAllowed]), Some(after), "{text}");
    }
    assert_eq!(edited("strongswan@5.9.8", conn, &[Setting::OldVersionAllowed]), None);
}

#[test]
fn what_cannot_be_said_in_place_is_no_edit() {
    let several = networks(true, &["10.2.0.0/24", "10.3.0.0/24"]);
    assert_eq!(edited("libreswan@4.10", IPSEC, &[several]), None);
    assert_eq!(edited("libreswan@4.10", IPSEC, &[networks(true, &["10.2.0.0/24[tcp/443]"])]), None);
    let with_ports = IPSEC.replace("conn site\n", "conn site\n\tleftprotoport=17/1701\n");
    assert_eq!(edited("libreswan@4.10", &with_ports, &[networks(true, &["10.2.0.0/24"])]), None);
}

/// Bytes, and words that mean something to one of the programs.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&str; 44] = [
        "\n",
        "\n",
        "\n",
        " ",
        "  ",
        "\t",
        "\r\n",
        "{",
        "}",
        "{\n",
        "}\n",
        "=",
        " = ",
        "\"",
        "#",
        ":",
        ",",
        "connections",
        "site",
        "other",
        "local",
        "local-1",
        "remote",
        "children",
        "net",
        "id",
        "auth = psk",
        "version = 2",
        "local_ts = 10.0.0.0/8",
        "remote_ts",
        "10.1.0.0/24",
        "secrets",
        "ike-a",
        "secret = 0sAAH/",
        "include x",
        "conn site\n",
        "conn %default\n",
        "\tleft=192.0.2.1\n",
        "\tright=192.0.2.2\n",
        "\tleftid=",
        "@a.example",
        "\talso=other\n",
        "connections { site { local { ",
        "proposals = aes256-sha256-modp2048",
    ];
    let word = prop::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec());
    let bytes = prop::collection::vec(any::<u8>(), 1..3);
    prop::collection::vec(prop_oneof![12 => word, 1 => bytes], 0..60).prop_map(|parts| parts.concat())
}

/// The identities, version and networks of each connection.
fn plain(parties: &[Party]) -> Vec<(String, String)> {
    let of = |party: &Party| {
        let policy = party.ike().unwrap();
        let peering = policy.peering.as_deref().unwrap();
        let written = peering.written.as_ref().unwrap();
        let child = written.child.as_ref().map(|child| child.name.to_string());
        let name = |item: &Option<shakedown_model::Item>| item.as_ref().map(|item| item.name.clone());
        let proofs = [&peering.local, &peering.remote].map(|proof| (name(&proof.method), name(&proof.identity)));
        let lists = [&peering.local_selectors, &peering.remote_selectors]
            .map(|list| list.accepted().map(|all| all.iter().map(|item| item.name.clone()).collect::<Vec<_>>()));
        let what = format!("{:?} {} {proofs:?} {lists:?}", policy.version, peering.aggressive);
        (format!("{} {child:?} {}", written.name.name, written.is_right), what)
    };
    parties.iter().map(of).collect()
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(20))]

    /// Every byte of a file is kept, but for the letters of secrets; an edit has its effect, on its connection alone.
    #[test]
    fn files_are_kept_as_they_are_and_edits_change_one_connection(main in any_file(), other in any_file()) {
        let files = Memory::new().with(PATH, main.clone()).with("/etc/ipsec/x", other);
        for software in ["strongswan@5.9.8", "libreswan@4.10", "swanctl"] {
            let is_swanctl = software == "swanctl";
            let software = if is_swanctl { "strongswan@5.9.8" } else { software }.parse().unwrap();
            let selection = Selection { software: &software, role: Role::Server, name: None, label: "x" };
            let daemon = if software.product() == "libreswan" { Daemon::Libreswan } else { Daemon::StrongSwan };
            let read = |files: &Memory| if is_swanctl {
                let reading = swanctl::read(files, PATH).unwrap();
                (reading.files[0].text.clone(), swanctl::parties(&reading, &selection, catalog()).parties)
            } else {
                let reading = ipsec_conf::read(files, PATH, daemon).unwrap();
                (reading.files[0].text.clone(), ipsec_conf::parties(&reading, &selection, catalog()).parties)
            };
            let (text, parties) = read(&files);
            prop_assert_eq!(text.len(), main.len());
            let kept = |(new, old): (&u8, &u8)| new == old || is_swanctl && b"*#".contains(new) && *old != b'\n';
            prop_assert!(text.iter().zip(&main).all(kept));
            let before = plain(&parties);
            for (index, party) in parties.iter().enumerate().take(3) {
                for setting in [identity(true, "new.example"), networks(false, &["10.77.0.0/16"]), Setting::Version(IkeVersion::V2)] {
                    let Some((_, edits)) = edit(party, std::slice::from_ref(&setting), catalog()) else { continue };
                    let mut files = files.clone();
                    for edit in &edits {
                        files.insert(&edit.file.path, edit.apply());
                    }
                    let after = plain(&read(&files).1);
                    prop_assert_eq!(after.len(), before.len(), "{:?}", setting);
                    // Children of one connection share its identities.
                    let connection = |name: &str| name.split(' ').next().unwrap_or_default().to_owned();
                    let own = connection(&before[index].0);
                    for (one, other) in before.iter().zip(&after) {
                        prop_assert!(one == other || connection(&one.0) == own, "{:?}: {:?} {:?}", setting, one, other);
                    }
                }
            }
        }
    }
}
