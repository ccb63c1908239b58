//! `ipsec.conf` of strongSwan and libreswan, the latter's proposals beside what its own parser makes of them.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::process::Command;
use std::time::Duration;

use common::{Random, catalog, message};
use shakedown_config::ipsec_conf::{Daemon, parties, read};
use shakedown_config::swanctl::Selection;
use shakedown_config::{Files, Memory};
use shakedown_model::ike::{ChildGroups, IkePolicy, IkeVersion, Proposal, SwitchedOff};
use shakedown_model::{Fact, Gathered, Known, OutcomeResult, Party, Policy, Role, Slot, Software};

fn gathered(files: &dyn Files, software: &str, role: Role, name: Option<&str>) -> Gathered {
    let software: Software = software.parse().unwrap();
    let daemon = if software.product() == "libreswan" { Daemon::Libreswan } else { Daemon::StrongSwan };
    let reading = read(files, "/etc/ipsec.conf", daemon).unwrap();
    parties(&reading, &Selection { software: &software, role, name, label: "x" }, catalog())
}

fn of(software: &str, role: Role, text: &str) -> Gathered {
    gathered(&Memory::new().with("/etc/ipsec.conf", text), software, role, None)
}

fn ike(party: &Party) -> &IkePolicy {
    let Policy::Ike(policy) = &party.policy else { panic!() };
    policy
}

fn shown(proposals: &Known<Vec<Proposal>>) -> String {
    let Known::Complete(all) = proposals else { panic!("{proposals:?}") };
    let names = |proposal: &Proposal| {
        let plain = |slot: &&Slot| !matches!(slot, Slot::AdditionalGroup(_)) || !proposal.list(**slot).is_empty();
        let slots = Proposal::SLOTS.iter().filter(plain).map(|slot| {
            proposal.list(*slot).iter().map(|item| item.name.as_str().to_owned()).collect::<Vec<_>>().join("+")
        });
        slots.collect::<Vec<_>>().join("/")
    };
    all.iter().map(names).collect::<Vec<_>>().join(" ")
}

const LIBRESWAN: &str = "version 2.0
# ours
config setup
    plutodebug=none
conn %default
    authby=secret
    ike=aes256-sha2_256;modp2048 # why
conn base
    left=192.0.2.1
    leftid=@w
    leftsubnet=10.1.0.0/24
conn t
    also=base
    right=192.0.2.2
    rightid=\"@e\"
    rightsubnets={10.2.0.0/24 10.3.0.0/24}
    esp=aes_gcm256
    auto=add
conn mirror
    alsoflip=base
    left=192.0.2.2
    ikev2=no
    esn=no
";

#[test]
fn sections_stand_on_others() {
    let gathered = of("libreswan@4.10", Role::Client, LIBRESWAN);
    assert!(gathered.evidence.is_empty(), "{:?}", gathered.evidence);
    let labels: Vec<&str> = gathered.parties.iter().map(|party| party.label.as_str()).collect();
    assert_eq!(labels, ["x#t", "x#mirror"]);
    let t = ike(&gathered.parties[0]);
    assert_eq!(shown(&t.proposals), "aes256/sha256/prfsha256/modp2048/");
    // Without a group of its own the child takes that of the IKE SA when it is renewed.
    assert_eq!((shown(&t.child_proposals).as_str(), t.child_groups), ("aes256gcm16////esn+noesn", ChildGroups::OfIke));
    assert_eq!(shown(&t.child_offer()), "aes256gcm16///modp2048/esn+noesn");
    assert_eq!(t.version, Some(IkeVersion::V2));
    let peering = t.peering.as_deref().unwrap();
    assert_eq!(peering.local.identity.as_ref().unwrap().name, "w");
    assert_eq!(peering.remote_selectors.complete().unwrap().len(), 2);
    assert_eq!(peering.keys, Known::Unknown);
    let mirror = ike(&gathered.parties[1]);
    assert_eq!(mirror.version, Some(IkeVersion::V1));
    assert_eq!(mirror.peering.as_deref().unwrap().remote.identity.as_ref().unwrap().name, "w");
    // As responder it may be either end.
    assert_eq!(of("libreswan@4.10", Role::Server, LIBRESWAN).parties.len(), 4);
    let one = super_named(LIBRESWAN, "t");
    assert_eq!(one.parties.len(), 1);
    // Since 5.0 IKEv1 is dropped unless it is asked for.
    let dropped = of("libreswan@5.1", Role::Client, LIBRESWAN);
    assert_eq!(ike(&dropped.parties[1]).switched_off, Some(SwitchedOff::ByDefault));
}

fn super_named(text: &str, name: &str) -> Gathered {
    gathered(&Memory::new().with("/etc/ipsec.conf", text), "libreswan@4.10", Role::Client, Some(name))
}

#[test]
fn what_is_wrong_has_its_place() {
    let text = LIBRESWAN.replace("    auto=add", "    auto=add\n    leftsubent=x\n    also=none");
    let evidence = of("libreswan@4.10", Role::Client, &text).evidence;
    let [keyword, section] = evidence.as_slice() else { panic!("{evidence:?}") };
    let Fact::Configuration { suggestion, .. } = &keyword.fact else { panic!() };
    assert_eq!(suggestion.as_deref(), Some("leftsubnet"));
    assert!(message(section).contains("`none`"));
    let text = LIBRESWAN.replace("aes_gcm256", "aes_gcm256-sha1");
    let refused = of("libreswan@4.10", Role::Client, &text);
    assert!(refused.parties.len() == 1 && message(&refused.evidence[0]).contains("'NONE'"), "{:?}", refused.evidence);
}

/// Since 5.4 transforms may stand behind the name of their type, which is how additional key exchanges are written.
#[test]
fn additional_key_exchanges_of_libreswan() {
    let with = |ike: &str| LIBRESWAN.replace("aes256-sha2_256;modp2048 # why", ike);
    let with = |ike: &str| with(ike).replace("ikev2=no", "ikev2=insist");
    let text = with("aes256-sha2_256;dh31;addke1=ml_kem_768+none");
    let gathered = of("libreswan@5.4", Role::Client, &text);
    assert!(gathered.evidence.is_empty(), "{:?}", gathered.evidence);
    assert_eq!(shown(&ike(&gathered.parties[0]).proposals), "aes256/sha256/prfsha256/x25519//mlkem768+none");
    // Before that it was the name of a group, and none that is known.
    let refused = of("libreswan@4.10", Role::Client, &text);
    assert!(
        message(&refused.evidence[0]).contains("contains unexpected 'addke1=ml_kem_768+none'"),
        "{:?}",
        refused.evidence
    );
    let refused = of("libreswan@5.4", Role::Client, &with("aes256;addke8=dh31"));
    assert!(message(&refused.evidence[0]).contains("transform 'addke8' invalid"), "{:?}", refused.evidence);
}

#[test]
fn strongswan_appends_its_defaults() {
    let text = "conn %default\n\tkeyexchange=ikev2\nconn a\n\tleft=%defaultroute\n\tright=192.0.2.2\n\tauthby=psk\n\tike=aes256-sha256-modp2048,aes128-sha1-modp1024!\n\tesp=aes256-sha256\n\tleftprotoport=17/1701\n";
    let gathered = of("strongswan@5.9.8", Role::Client, text);
    assert!(gathered.evidence.is_empty(), "{:?}", gathered.evidence);
    let a = ike(&gathered.parties[0]);
    assert_eq!(shown(&a.proposals), "aes256/sha256/prfsha256/modp2048/ aes128/sha1/prfsha1/modp1024/");
    let child = shown(&a.child_proposals);
    assert!(child.starts_with("aes256/sha256///noesn aes128+aes192+aes256/"), "{child}");
    let peering = a.peering.as_deref().unwrap();
    assert_eq!(peering.local_selectors.complete().unwrap()[0].name, "dynamic[udp/1701]");
    assert_eq!((a.version, peering.local.method.as_ref().unwrap().name.as_str()), (Some(IkeVersion::V2), "psk"));
    assert!(!peering.exact_selectors && peering.refuses_aggressive_psk);
    let wrong = of("strongswan@5.9.8", Role::Client, &text.replace("modp1024!", "modp1023!"));
    assert_eq!((wrong.parties.len(), wrong.evidence.len()), (0, 1));
}

/// The one that the initiator meets.
fn met(initiator: &Party, mut responders: Vec<Party>) -> Party {
    let places = shakedown_negotiate::meetings(&[initiator], &responders.iter().collect::<Vec<_>>());
    let [(0, place)] = places.as_slice() else { panic!("{places:?}") };
    responders.remove(*place)
}

#[test]
fn secrets_are_compared_and_kept_nowhere() {
    let with = |secrets: &str| {
        let text = LIBRESWAN.replace("    auto=add", "    auto=add\n    pfs=yes");
        let files = Memory::new().with("/etc/ipsec.conf", text).with("/etc/ipsec.secrets", secrets);
        let initiator = gathered(&files, "libreswan@4.10", Role::Client, Some("t")).parties.remove(0);
        let responders = gathered(&files, "libreswan@4.10", Role::Server, Some("t")).parties;
        let meets = met(&initiator, responders);
        (initiator, meets)
    };
    let outcome =
        |one: &Party, other: &Party| shakedown_negotiate::negotiate(one, other, &shakedown_model::Context::default());
    let (initiator, responder) = with("# a\n@w @e : PSK \"open sesame\"\n: RSA key.pem\n");
    assert_eq!(outcome(&initiator, &responder).result(), OutcomeResult::Agreed);
    let (_, other) = with("@w @e : PSK \"other\"\n");
    let failed = outcome(&initiator, &other);
    assert_eq!((failed.result(), failed.failed[0].slot), (OutcomeResult::Failed, Slot::Auth));
    // In hexadecimal the same, for any, on lines of their own.
    let (_, same) = with("%any\n\t: PSK 0x6f70656e20736573616d65\n");
    assert_eq!(outcome(&initiator, &same).result(), OutcomeResult::Agreed);
    assert!(!format!("{initiator:?}{responder:?}").contains("sesame"));
}

#[test]
fn selectors_of_libreswan_have_to_be_the_same() {
    let files = |subnet: &str, more: &str| {
        let text = LIBRESWAN.replace("{10.2.0.0/24 10.3.0.0/24}", subnet).replace("rightsubnets", "rightsubnet");
        Memory::new().with("/etc/ipsec.conf", text.replace("    auto=add", &format!("    auto=add\n{more}")))
    };
    let run = |theirs: &Memory| {
        let initiator =
            gathered(&files("10.2.0.0/16", ""), "libreswan@4.10", Role::Client, Some("t")).parties.remove(0);
        let responders = gathered(theirs, "libreswan@4.10", Role::Server, Some("t")).parties;
        let meets = met(&initiator, responders);
        let outcome = shakedown_negotiate::negotiate(&initiator, &meets, &shakedown_model::Context::default());
        outcome.failed.iter().any(|failed| failed.slot == Slot::TrafficSelector)
    };
    assert!(run(&files("10.2.0.0/24", "")) && !run(&files("10.2.0.0/16", "")));
    assert!(!run(&files("10.2.0.0/24", "    narrowing=yes")));
}

/// What libreswan's own parser makes of proposals by chance: what it writes out in full is read as the same, and what it refuses
/// is refused.
#[test]
fn proposals_are_what_algparse_makes_of_them() {
    let Some(program) = shakedown_testkit::require("algparse") else { return };
    let ciphers = [
        "aes",
        "aes128",
        "aes-256",
        "aes_192",
        "aes_gcm",
        "aes_gcm256",
        "aes_gcm_16_128",
        "aes_ccm256",
        "aes_ctr",
        "camellia",
        "3des",
        "chacha20_poly1305",
        "aes_cbc_256",
    ];
    let hashes = ["sha1", "sha2", "sha2_256", "sha2_512", "sha384", "none", "aes_xcbc"];
    let groups = ["modp2048", "dh19", "dh31", "dh14", "modp4096", "dh99", "none"];
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let (mut taken, mut refused) = (0, 0);
    for case in 0..shakedown_testkit::cases(150) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 179_424_673));
        let setting = *random.pick(&[&"ike", &"esp"]);
        let old = random.percent(40);
        // IKEv1 has one algorithm of each type.
        let several = if old { 3 } else { 25 };
        let mut all = Vec::new();
        for _ in 0..=random.below(2) {
            let mut text = random.pick(&ciphers).to_owned();
            if random.percent(several) {
                text += &format!("+{}", random.pick(&ciphers));
            }
            if random.percent(60) {
                text += &format!("-{}", random.pick(&hashes));
                if random.percent(several) {
                    text += &format!("+{}", random.pick(&hashes));
                }
                if setting == "ike" && random.percent(25) {
                    text += &format!("-{}", random.pick(&hashes));
                }
                if random.percent(50) {
                    text += &format!("{}{}", random.pick(&["-", ";"]), random.pick(&groups));
                }
            } else if random.percent(30) {
                text += &format!(";{}", random.pick(&groups));
            }
            all.push(text);
        }
        let text = all.join(",");
        let mut command = Command::new(&program);
        command.args([if old { "-v1" } else { "-v2" }, "-pfs=yes", &format!("{setting}={text}")]);
        let printed = shakedown_testkit::run(&mut command, b"", Duration::from_secs(20)).unwrap().text();
        let ours = |text: &str| {
            let version = if old { "no" } else { "insist" };
            let conf = format!(
                "conn t\n\tleft=192.0.2.1\n\tright=192.0.2.2\n\tikev2={version}\n\tpfs=yes\n\t{setting}={text}\n"
            );
            let gathered = of("libreswan@4.10", Role::Client, &conf);
            gathered.parties.first().map(|party| match setting {
                "ike" => shown(&ike(party).proposals),
                _ => shown(&ike(party).child_proposals),
            })
        };
        let lines: Vec<&str> = printed.lines().filter(|line| line.starts_with('\t')).map(str::trim).collect();
        if lines.is_empty() || printed.contains("ERROR:") {
            assert_eq!(ours(&text), None, "seed {seed} case {case} {setting}={text}\n{printed}");
            refused += 1;
        } else {
            let whole = ours(&lines.join(","));
            assert!(whole.is_some(), "{printed}");
            assert_eq!(ours(&text), whole, "seed {seed} case {case} {setting}={text}\n{printed}");
            taken += 1;
        }
    }
    println!("libreswan: {taken} taken, {refused} refused");
    assert!(taken > 0 && refused > 0);
}

#[test]
fn a_connection_of_ikev1_is_not_loaded_where_that_is_off() {
    let text = |setup: &str| {
        format!("{setup}conn t\n\tleft=192.0.2.1\n\tright=192.0.2.2\n\tkeyexchange=ikev1\n\tauthby=secret\n")
    };
    let off = |software: &str, setup: &str| {
        let gathered = of(software, Role::Client, &text(setup));
        let [party] = gathered.parties.as_slice() else { panic!("{:?}", gathered.evidence) };
        // What it would propose is known all the same.
        assert!(ike(party).proposals.is_complete());
        ike(party).switched_off.clone()
    };
    assert_eq!(off("libreswan@5.2", ""), Some(SwitchedOff::ByDefault));
    assert_eq!(off("libreswan@5.2", "config setup\n\tikev1-policy=accept\n"), None);
    assert_eq!(off("libreswan@4.10", ""), None);
    assert_eq!(off("strongswan@5.9.8", ""), None);
    let Some(SwitchedOff::Written(item)) = off("libreswan@4.10", "config setup\n\tikev1-policy=drop\n") else {
        panic!()
    };
    assert_eq!(item.name, *"drop");
    let new = text("").replace("ikev1", "ikev2");
    assert_eq!(ike(&of("libreswan@5.2", Role::Client, &new).parties[0]).switched_off, None);
}
