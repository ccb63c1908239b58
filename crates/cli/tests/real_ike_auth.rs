//! `check` with `--may-disturb-live-tunnel` against a real strongSwan: IKE_AUTH, the first CHILD SA, and each way in which a
//! responder refuses them. The daemon runs in a network of its own, as in `real_ike.rs`.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod ike_lab;

use std::fs;
use std::path::Path;
use std::time::Duration;

use ike_lab::{Asked, Lab, SECRET};
use serde_json::Value;
use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::run;

/// The responder: `gw.example`, which lets `a.example` in.
const GATEWAY: &str = r#"
connections {
  site {
    version = 2
    mobike = no
    UNIQUE
    local_addrs = 127.0.0.1
    remote_addrs = 127.0.0.1
    proposals = aes256-sha256-modp2048, aes128gcm16-prfsha256-x25519
    local {
      LOCAL_PROOF
      id = gw.example
    }
    remote {
      auth = REMOTE_AUTH
      id = a.example
    }
    children {
      tunnel {
        local_ts = LOCAL_TS
        remote_ts = REMOTE_TS
        esp_proposals = ESP
      }
    }
  }
}
secrets {
  ike-site {
    id-1 = gw.example
    id-2 = a.example
    secret = "open-sesame-4711"
  }
}
"#;

/// The initiator's own configuration.
const OWN: &str = r#"
connections {
  site {
    version = 2
    remote_addrs = 127.0.0.1
    proposals = aes256-sha256-modp2048
    local {
      auth = psk
      id = a.example
    }
    remote {
      auth = psk
      id = gw.example
    }
    children {
      tunnel {
        local_ts = 10.1.0.0/24
        remote_ts = 10.2.0.0/24
        esp_proposals = aes256-sha256
      }
    }
  }
}
secrets {
  ike-site {
    secret = "open-sesame-4711"
  }
}
"#;

struct Gateway<'a> {
    local_proof: &'a str,
    unique: &'a str,
    remote_auth: &'a str,
    local_ts: &'a str,
    remote_ts: &'a str,
    esp: &'a str,
    settings: &'a str,
}

/// With a pre-shared key, to 10.2.0.0/24.
const USUAL: Gateway<'_> = Gateway {
    local_proof: "auth = psk",
    unique: "",
    remote_auth: "psk",
    local_ts: "10.2.0.0/24, 198.51.100.0/24",
    remote_ts: "10.1.0.0/24, 192.0.2.0/24",
    esp: "aes256-sha256",
    settings: "",
};

impl Gateway<'_> {
    fn connection(&self) -> String {
        GATEWAY
            .replace("UNIQUE", self.unique)
            .replace("LOCAL_PROOF", self.local_proof)
            .replace("REMOTE_AUTH", self.remote_auth)
            .replace("LOCAL_TS", self.local_ts)
            .replace("REMOTE_TS", self.remote_ts)
            .replace("ESP", self.esp)
    }
}

const CHECK: &str = "check ike://127.0.0.1 --may-disturb-live-tunnel";

fn run_at(gateway: &Gateway<'_>, prepare: impl FnOnce(&Path), commands: &[&str]) -> Option<Lab> {
    let prepare = |folder: &Path| {
        fs::write(folder.join("own.conf"), OWN).expect("a file");
        prepare(folder);
    };
    Lab::run(&gateway.connection(), gateway.settings, prepare, commands)
}

const OFFER: &str = "--id a.example --remote-id gw.example";

#[test]
fn a_child_sa_comes_up_and_is_deleted() {
    let with_file = format!("{CHECK} --psk-file key {OFFER} --ts 10.1.0.0/24=10.2.0.0/24");
    let with_config = format!("{CHECK} --config own.conf --real-ts");
    let documentation = format!("{CHECK} --config own.conf");
    let without = format!("{CHECK} {OFFER}");
    let timid = "check ike://127.0.0.1 --config own.conf";
    let variable = format!("SHAKEDOWN_PSK={SECRET} {without}");
    let commands = [with_file.as_str(), &with_config, &documentation, &variable, &without, timid];
    let Some(lab) = run_at(&USUAL, |_| {}, &commands) else { return };
    let [.., without, timid] = lab.asked.as_slice() else { panic!("the commands") };
    // Nothing to prove oneself with, or no leave to: nothing is sent after IKE_SA_INIT.
    for asked in [without, timid] {
        assert_eq!((asked.status, asked.stages()[1]), (3, "unknown"), "{:#}", asked.document);
    }
    assert!(without.document["notes"].to_string().contains("--psk-file"));
    assert_eq!(lab.log.matches("parsed IKE_AUTH request").count(), 4, "{}", lab.log);
    assert_eq!(lab.log.matches("received DELETE for IKE_SA").count(), 4, "{}", lab.log);
    assert!(!lab.log.contains("INIT_CONTACT"), "{}", lab.log);
    // Only the check that stopped at IKE_SA_INIT has left something, half open.
    let left = |state: &str| lab.sas.matches(state).count();
    assert_eq!((left("ESTABLISHED"), left("CONNECTING")), (0, 1), "{}", lab.sas);
    if lab.has_no_kernel() {
        return;
    }
    for asked in &lab.asked[..4] {
        assert_eq!((asked.status, asked.stages()), (0, vec!["agreed"; 3]), "{:#}{}", asked.document, lab.log);
        let child = &asked.document["pairs"][0]["outcome"]["agreed"]["child"];
        assert_eq!((&child["encryption"], &child["esn"]), (&"aes256".into(), &"noesn".into()), "{child:#}");
        let notes = asked.document["parties"][1]["notes"].to_string();
        assert!(notes.contains("which the responder confirmed"), "{notes}");
        assert!(notes.contains("it is `gw.example`"), "{notes}");
    }
}

#[test]
fn the_key_of_an_ipsec_conf_is_in_the_secrets_beside_it() {
    let prepare = |folder: &Path| {
        let conf = "conn site\n  keyexchange=ikev2\n  left=%any\n  leftid=@a.example\n  leftsubnet=10.1.0.0/24\n  \
                    right=127.0.0.1\n  rightid=@gw.example\n  rightsubnet=10.2.0.0/24\n  authby=secret\n  \
                    ike=aes256-sha256-modp2048!\n  esp=aes256-sha256!\n  auto=add\n";
        fs::create_dir(folder.join("etc")).expect("a folder");
        fs::write(folder.join("etc/ipsec.conf"), conf).expect("a file");
        let secrets = format!("@x.example : PSK \"none\"\n@a.example @gw.example : PSK \"{SECRET}\"\n");
        fs::write(folder.join("etc/ipsec.secrets"), secrets).expect("a file");
    };
    let command = format!("{CHECK} --as strongswan@5.9.8:etc/ipsec.conf --real-ts");
    let Some(lab) = run_at(&USUAL, prepare, &[&command]) else { return };
    assert_eq!(lab.asked[0].stages()[..2], ["agreed"; 2], "{:#}{}", lab.asked[0].document, lab.log);
}

#[test]
fn each_refusal_names_its_cause_or_the_candidates() {
    let own = |from: &str, to: &str| OWN.replace(from, to);
    let files = [
        ("esp.conf", own("esp_proposals = aes256-sha256", "esp_proposals = aes128gcm16")),
        ("selectors.conf", own("remote_ts = 10.2.0.0/24", "remote_ts = 10.7.0.0/24")),
        ("eap.conf", own("auth = psk\n      id = a.example", "auth = eap-mschapv2\n      id = a.example")),
    ];
    let prepare = |folder: &Path| {
        for (name, text) in &files {
            fs::write(folder.join(name), text).expect("a file");
        }
    };
    // The options, how the stages end, the cause that has to stand first, or among the first three.
    let failing: [(&str, [&str; 3], &[&str]); 7] = [
        (
            "--psk-file wrong --id a.example --remote-id gw.example",
            ["agreed", "failed", "not-reached"],
            &["psk-mismatch"],
        ),
        (
            "--psk-file key --id c.example --remote-id gw.example",
            ["agreed", "failed", "not-reached"],
            &["psk-mismatch", "peer-identity-mismatch"],
        ),
        (
            "--psk-file key --id a.example --remote-id x.example",
            ["agreed", "failed", "not-reached"],
            &["psk-mismatch", "peer-identity-mismatch"],
        ),
        ("--config esp.conf --real-ts", ["agreed", "agreed", "failed"], &["no-common-child-proposal"]),
        ("--config selectors.conf --real-ts", ["agreed", "agreed", "failed"], &["traffic-selector-mismatch"]),
        (
            "--psk-file key --id a.example --remote-id gw.example --ts 10.8.0.0/24=10.9.0.0/24",
            ["agreed", "agreed", "failed"],
            &["traffic-selector-mismatch"],
        ),
        ("--config eap.conf", ["agreed", "unknown", "unknown"], &[]),
    ];
    let commands: Vec<String> = failing.iter().map(|(options, ..)| format!("{CHECK} {options}")).collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let Some(lab) = run_at(&USUAL, prepare, &commands) else { return };
    for (asked, (options, ends, first)) in lab.asked.iter().zip(failing) {
        assert_eq!(asked.stages(), ends, "{options}: {:#}{}", asked.document, lab.log);
        let causes = asked.causes();
        assert_eq!(
            causes.iter().take(first.len()).copied().collect::<Vec<_>>(),
            first,
            "{options}: {:#}",
            asked.document
        );
        // One notify with several reasons is never certain, but where the same tunnel is taken with other proposals.
        let confidence = asked.document["diagnoses"][0]["confidence"].as_f64().unwrap_or(0.0);
        let shown = asked.everything.contains("with all proposals at once, the responder takes one");
        assert_eq!(shown, options.contains("esp.conf"), "{options}: {:#}", asked.document);
        assert_eq!(confidence > 0.8, shown, "{options}: {confidence}");
    }
    assert_eq!(lab.sas, "", "no IKE SA is left");
}

#[test]
fn what_the_responder_wants_otherwise() {
    let with_psk = format!("{CHECK} --psk-file key {OFFER}");
    let certificate = Gateway { remote_auth: "pubkey", ..USUAL };
    let Some(lab) = run_at(&certificate, |_| {}, &[&with_psk]) else { return };
    assert!(lab.asked[0].causes().contains(&"auth-method-mismatch"), "{:#}", lab.asked[0].document);
    assert_eq!(lab.asked[0].stages(), ["agreed", "failed", "not-reached"]);
    // Networks for documentation are none of its own: that says nothing of the real ones.
    let own_only = Gateway { local_ts: "10.2.0.0/24", remote_ts: "10.1.0.0/24", ..USUAL };
    let config = format!("{CHECK} --config own.conf");
    let Some(lab) = run_at(&own_only, |_| {}, &[&config]) else { return };
    let asked = &lab.asked[0];
    assert_eq!((asked.status, asked.stages()), (3, vec!["agreed", "agreed", "unknown"]), "{:#}", asked.document);
    assert!(asked.document["pairs"][0]["outcome"]["stages"].to_string().contains("--real-ts"));
    // A kernel that cannot do what was agreed on answers as if the proposal were wrong, whatever is proposed.
    let esn = Gateway { esp: "aes256-sha256-esn", ..USUAL };
    let any = format!("{CHECK} --psk-file key {OFFER} --ts 10.1.0.0/24=10.2.0.0/24");
    let Some(lab) = run_at(&esn, |_| {}, &[&any]) else { return };
    let asked = &lab.asked[0];
    if lab.log.contains("failed to create SAD entry") {
        assert_eq!(asked.causes(), ["platform-support-missing", "exchange-mode-mismatch", "no-common-child-proposal"]);
    }
}

/// A second daemon has a tunnel with the same identities up while the check runs beside it, from the same address.
const BESIDE: &str = r#"
wire 30
at initiator ip address add 10.1.0.1/32 dev lo
at responder ip address add 10.2.0.1/32 dev lo
at responder ip address add 198.51.100.1/32 dev lo
start "$PWD/responder" at responder
start "$PWD/initiator"
"$SWANCTL" --initiate --child tunnel --timeout 15 --uri "unix://$PWD/initiator/vici" > initiate 2>&1 || true
for end in initiator responder; do "$SWANCTL" --list-sas --uri "unix://$PWD/$end/vici" > $end.before 2>/dev/null; done
status=0
"$SHAKEDOWN" check ike://192.0.2.2 --may-disturb-live-tunnel --config initiator/swanctl.conf --format json > output 2> error || status=$?
echo $status > status
for end in initiator responder; do "$SWANCTL" --list-sas --uri "unix://$PWD/$end/vici" > $end.after 2>/dev/null; done
"#;

/// The SAs of the responder before and after the check, the check's document and its status; `None` where CHILD SAs cannot be
/// had here.
fn beside(unique: &str) -> Option<([String; 2], Value, String)> {
    let strongswan = Strongswan::find()?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (end, own, peer) in [("initiator", "192.0.2.1", "192.0.2.2"), ("responder", "192.0.2.2", "192.0.2.1")] {
        let place = folder.path().join(end);
        fs::create_dir(&place).expect("a folder");
        strongswan_conf(&place, "", "ike = 2");
        let text = match end {
            "responder" => {
                Gateway { unique, ..USUAL }.connection().replacen("127.0.0.1", own, 1).replacen("127.0.0.1", peer, 1)
            }
            _ => OWN.replace("remote_addrs = 127.0.0.1", &format!("mobike = no\n    remote_addrs = {peer}")),
        };
        fs::write(place.join("swanctl.conf"), text).expect("a file");
    }
    let mut command = strongswan.script(folder.path(), BESIDE);
    command.env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown")).env_remove("SHAKEDOWN_PSK");
    let finished = run(&mut command, b"", Duration::from_secs(120)).expect("unshare runs");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let log = read("responder/log");
    if log.contains("unable to allocate SPI") || read("initiator/log").contains("unable to allocate SPI") {
        eprintln!("skipped: CHILD SAs: neither this kernel nor /dev/net/tun gives an SPI");
        return None;
    }
    let before = read("responder.before");
    assert!(before.contains("INSTALLED"), "{}{}{log}", read("initiate"), finished.stderr);
    let text = read("output");
    let document = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}{}", read("error")));
    Some(([before, read("responder.after")], document, log))
}

/// The SPIs of what is installed.
fn installed(sas: &str) -> Vec<&str> {
    let lines = sas.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with("in ") || line.starts_with("out "))
        .filter_map(|line| line.split(',').next())
        .collect()
}

#[test]
fn a_tunnel_that_is_up_with_the_same_identities_survives() {
    let Some(([before, after], document, log)) = beside("") else { return };
    assert_eq!(document["pairs"][0]["outcome"]["result"], "agreed", "{document:#}{log}");
    assert_eq!(installed(&before).len(), 2, "{before}");
    assert_eq!(installed(&before), installed(&after), "{before}{after}{log}");
    assert!(
        !log.contains("INIT_CONTACT") || log.matches("INIT_CONTACT").count() == 1,
        "only the daemon itself says so: {log}"
    );
}

#[test]
fn a_responder_that_keeps_one_sa_for_each_identity_drops_it_as_the_flag_says() {
    let Some(([before, after], document, log)) = beside("unique = replace") else { return };
    assert_eq!(document["pairs"][0]["outcome"]["result"], "agreed", "{document:#}{log}");
    assert_ne!(installed(&before), installed(&after), "{before}{after}{log}");
}

/// The initiator's certificates, with the kinds of their keys.
const INITIATORS: [(&str, &str); 6] = [
    ("own", "rsa"),
    ("ecdsa", "ecdsa"),
    ("p384", "p384"),
    ("ed25519", "ed25519"),
    ("strange", "rsa"),
    ("expired", "ecdsa"),
];

fn certificates(folder: &Path, kind: &str, valid: bool) {
    ike_lab::certificates(folder, "ecdsa", (kind, valid), &INITIATORS);
}

/// It has a certificate, and wants one.
const WITH_CERTIFICATES: Gateway<'_> =
    Gateway { local_proof: "auth = pubkey\n      certs = gw.pem", remote_auth: "pubkey", ..USUAL };

fn certified(own: &str, authority: &str, more: &str) -> String {
    format!("{CHECK} --cert {own}.pem --key {own}.key --cacert {authority} {OFFER} {more}")
}

#[test]
fn certificates_of_every_kind_prove_both_ends() {
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let commands: Vec<String> =
            ["own", "ecdsa", "p384", "ed25519"].map(|own| certified(own, "x509ca/root.pem", "")).into_iter().collect();
        let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
        let prepare = |folder: &Path| certificates(folder, kind, true);
        let Some(lab) = run_at(&WITH_CERTIFICATES, prepare, &commands) else { return };
        for (asked, own) in lab.asked.iter().zip(["rsa", "ecdsa", "p384", "ed25519"]) {
            assert_eq!(asked.stages()[..2], ["agreed"; 2], "{kind} {own}: {:#}{}", asked.document, lab.log);
        }
        if !lab.has_no_kernel() {
            assert!(lab.asked.iter().all(|asked| asked.status == 0 && asked.stages()[2] == "agreed"), "{}", lab.log);
        }
        assert_eq!(lab.sas, "", "no IKE SA is left");
    }
}

#[test]
fn certificates_that_are_refused_on_either_side() {
    let root = "x509ca/root.pem";
    // The options, and the cause that stands first.
    let failing = [
        (certified("strange", root, ""), "certificate-untrusted"),
        (certified("expired", root, ""), "certificate-expired"),
        // A root is not sent: whether it or one between is missing, the certificate does not say.
        (certified("own", "stranger.pem", ""), "certificate-untrusted"),
        (certified("own", root, "").replace("gw.example", "other.example"), "certificate-untrusted"),
        (format!("{CHECK} --psk-file key {OFFER} --cacert {root}"), "psk-mismatch"),
    ];
    let commands: Vec<&str> = failing.iter().map(|(command, _)| command.as_str()).collect();
    let Some(lab) = run_at(&WITH_CERTIFICATES, |folder| certificates(folder, "rsa", true), &commands) else { return };
    for (asked, (command, cause)) in lab.asked.iter().zip(&failing) {
        let found = asked.causes();
        assert_eq!(found.first(), Some(cause), "{command}: {:#}{}", asked.document, lab.log);
        assert_eq!(asked.stages(), ["agreed", "failed", "not-reached"], "{command}");
    }
    // What the responder has against it is not told: the right one is among the candidates.
    assert!(lab.asked[3].causes().contains(&"peer-identity-mismatch"));
    assert!(lab.asked[4].causes().contains(&"auth-method-mismatch"));
    assert!(lab.asked[2].causes().contains(&"certificate-chain-incomplete"));
    // What this end has against the responder's certificate is certain.
    let certain = |asked: &Asked| asked.document["diagnoses"][0]["confidence"].as_f64().unwrap_or(0.0) > 0.8;
    assert!(!certain(&lab.asked[0]), "{:#}", lab.asked[0].document);
    let old = certified("own", root, "");
    let Some(lab) = run_at(&WITH_CERTIFICATES, |folder| certificates(folder, "rsa", false), &[&old]) else { return };
    assert_eq!(lab.asked[0].causes(), ["certificate-expired"], "{:#}{}", lab.asked[0].document, lab.log);
    assert!(certain(&lab.asked[0]));
}

#[test]
fn certificates_beside_a_configuration_are_found_with_their_keys() {
    let own = OWN.replace("auth = psk", "auth = pubkey").replacen(
        "id = a.example",
        "id = a.example\n      certs = own.pem",
        1,
    );
    let prepare = |folder: &Path| {
        certificates(folder, "ecdsa", true);
        for part in ["x509", "x509ca", "private"] {
            fs::create_dir_all(folder.join("mine").join(part)).expect("a folder");
        }
        for (from, to) in [
            ("own.pem", "x509/own.pem"),
            ("strange.key", "private/another.pem"),
            ("own.key", "private/of-own.pem"),
            ("x509ca/root.pem", "x509ca/root.pem"),
        ] {
            fs::copy(folder.join(from), folder.join("mine").join(to)).expect("a copy");
        }
        fs::write(folder.join("mine/swanctl.conf"), &own).expect("a file");
        // The same in the folders of the older configuration.
        for (from, to) in
            [("own.pem", "certs/own.pem"), ("own.key", "private/of-own.pem"), ("x509ca/root.pem", "cacerts/root.pem")]
        {
            let to = folder.join("old/ipsec.d").join(to);
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::copy(folder.join(from), to).expect("a copy");
        }
        let old = "conn site\n  keyexchange=ikev2\n  left=%any\n  leftid=@a.example\n  leftcert=own.pem\n  \
                   leftsubnet=10.1.0.0/24\n  right=127.0.0.1\n  rightid=@gw.example\n  rightsubnet=10.2.0.0/24\n  \
                   type=transport\n  ike=aes256-sha256-modp2048!\n  esp=aes256-sha256!\n";
        fs::write(folder.join("old/ipsec.conf"), old).expect("a file");
    };
    let command = format!("{CHECK} --config mine/swanctl.conf");
    let older = format!("{CHECK} --as strongswan@5.9.8:old/ipsec.conf");
    let Some(lab) = run_at(&WITH_CERTIFICATES, prepare, &[&command, &older]) else { return };
    for asked in &lab.asked {
        assert_eq!(asked.stages()[..2], ["agreed"; 2], "{:#}{}", asked.document, lab.log);
    }
    // Transport mode is asked for where the configuration says so.
    assert_eq!(lab.log.matches("N(USE_TRANSP)").count(), 1, "{}", lab.log);
}
