//! Effective values of generated server configurations against `sshd -T`, with and without a connection (`-C`).

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{CIPHERS, KEX, KEY_TYPES, MACS, Random, directive, names};
use shakedown_config::Disk;
use shakedown_config::openssh::{ServerSpec, parse_printed, read_server};
use shakedown_model::Context;

fn one(random: &mut Random, keyword: &str, values: &[&str]) -> String {
    let value = random.pick(values).split(' ').map(str::to_owned).collect::<Vec<_>>();
    directive(random, keyword, &value)
}

fn some_directive(random: &mut Random, keys: &Path) -> String {
    match random.below(20) {
        0 => names(random, "KexAlgorithms", KEX),
        1 => names(random, "Ciphers", CIPHERS),
        2 => names(random, "MACs", MACS),
        3 => names(random, "HostKeyAlgorithms", KEY_TYPES),
        4 | 5 => names(random, "PubkeyAcceptedAlgorithms", KEY_TYPES),
        6 => names(random, "CASignatureAlgorithms", KEY_TYPES),
        7 => names(random, "HostbasedAcceptedKeyTypes", KEY_TYPES),
        8 => one(random, "Compression", &["yes", "no", "delayed", "YES", "on"]),
        9 => one(random, "Port", &["2222", "22", "ssh", "0", "x"]),
        10 | 11 => one(random, "RequiredRSASize", &["1024", "2048", "x", "3072"]),
        12 => one(random, "RekeyLimit", &["1G", "1G 1h", "default none", "512M 30m", "15"]),
        13 => {
            let key = keys.join(random.pick(&["ed25519", "rsa", "ecdsa"])).display().to_string();
            directive(random, "HostKey", &[key])
        }
        14 => one(random, "X11Forwarding", &["yes", "no", "perhaps"]),
        15 => one(random, "UsePrivilegeSeparation", &["yes"]),
        16 => one(random, "AllowUsers", &["me you", "*"]),
        17 => random
            .pick(&["Subsystem sftp internal-sftp\n", "Cipers aes128-ctr\n", "\"Ciphers x\n", "MACs\n"])
            .to_owned(),
        18 => one(random, "ModuliFile", &["/etc/ssh/moduli", "/nowhere"]),
        _ => "# nothing\n\n".to_owned(),
    }
}

fn block(random: &mut Random) -> String {
    let mut criteria = Vec::new();
    for _ in 0..=random.below(2) {
        criteria.push(
            random
                .pick(&[
                    "all",
                    "User git,root",
                    "user *,!root",
                    "Group root",
                    "Group !root,*",
                    "Host *.example.org",
                    "Address 192.0.2.0/24",
                    "Address 192.0.2.*,!192.0.2.9",
                    "LocalAddress 198.51.100.1",
                    "LocalPort 22",
                    "User",
                    "Usre git",
                    "Address 192.0.2.1/24",
                    "user \"git\" # comment",
                ])
                .to_owned(),
        );
    }
    format!("Match {}\n", criteria.join(" "))
}

fn configuration(random: &mut Random, folder: &Path, keys: &Path, depth: usize) -> String {
    let mut text = String::new();
    let mut matched = false;
    for _ in 0..random.below(9) {
        if random.percent(18) {
            matched = true;
            text.push_str(&block(random));
        } else if depth < 2 && random.percent(8) {
            let name = format!("{depth}-{}.conf", random.below(1_000_000));
            let inner = configuration(random, folder, keys, depth + 1);
            std::fs::write(folder.join(&name), inner).expect("the folder can be written");
            text.push_str(&format!("Include {}\n", folder.join(name).display()));
        } else if matched && random.percent(85) {
            // Mostly what may stand in a block.
            text.push_str(&match random.below(4) {
                0 => names(random, "PubkeyAcceptedAlgorithms", KEY_TYPES),
                1 => names(random, "CASignatureAlgorithms", KEY_TYPES),
                2 => one(random, "RequiredRSASize", &["2048", "3072", "4096"]),
                _ => one(random, "RekeyLimit", &["2G", "2G 2h", "1M none"]),
            });
        } else {
            text.push_str(&some_directive(random, keys));
        }
    }
    text
}

#[test]
fn effective_values_equal_those_of_sshd() {
    let (Some(ssh), Some(sshd), Some(keygen)) = (
        shakedown_testkit::require("ssh"),
        shakedown_testkit::require("sshd"),
        shakedown_testkit::require("ssh-keygen"),
    ) else {
        return;
    };
    let software = common::installed(&ssh);
    let keys = tempfile::tempdir().expect("a folder");
    for kind in ["ed25519", "rsa", "ecdsa"] {
        let made = Command::new(&keygen)
            .args(["-q", "-N", "", "-t", kind, "-f"])
            .arg(keys.path().join(kind))
            .status()
            .expect("ssh-keygen runs");
        assert!(made.success());
    }
    let seed = shakedown_testkit::seed();
    println!("seed {seed}, {software}");
    let mut refused = 0;
    for case in 0..shakedown_testkit::cases(150) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 104_729));
        let folder = tempfile::tempdir().expect("a folder");
        let key = keys.path().join("ed25519");
        let text = format!("HostKey {}\n{}", key.display(), configuration(&mut random, folder.path(), keys.path(), 0));
        let path = folder.path().join("config");
        std::fs::write(&path, &text).expect("the folder can be written");
        let mut command = Command::new(&sshd);
        command.env("LC_ALL", "C").args(["-T", "-f"]).arg(&path);
        let mut context = Context::default();
        if random.percent(60) {
            context = Context {
                user: Some(random.pick(&["git", "root", "nobody"]).to_owned()),
                host: Some("db.example.org".into()),
                address: Some(random.pick(&["192.0.2.7", "192.0.2.9", "2001:db8::1"]).parse().expect("an address")),
                local_address: Some("198.51.100.1".parse().expect("an address")),
                local_port: Some(if random.percent(50) { 22 } else { 2222 }),
                ..Context::default()
            };
            if let Context {
                user: Some(user), host: Some(host), address: Some(address), local_port: Some(port), ..
            } = &context
            {
                command
                    .args(["-C", &format!("user={user},host={host},addr={address},laddr=198.51.100.1,lport={port}")]);
            }
        }
        let output = command.output().expect("sshd runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        if errors.contains("not in connection test specification") {
            // `sshd -T` alone: a matter of that command, not of the configuration.
            continue;
        }
        let spec = ServerSpec::new(software.clone(), path.display().to_string(), context.clone());
        let reading = read_server(&Disk::local(), &spec, common::catalog()).expect("the file is there");
        let fatal = reading.gathered.evidence.iter().filter(|evidence| common::is_fatal(evidence));
        let problems: Vec<_> = fatal.map(|evidence| &evidence.fact).collect();
        let files = || {
            let mut all = format!("{context:?}\n");
            for entry in std::fs::read_dir(folder.path()).expect("the folder can be read").flatten() {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                all.push_str(&format!("--- {}\n{text}", entry.path().display()));
            }
            all
        };
        assert_eq!(output.status.success(), problems.is_empty(), "case {case}: {errors}\n{problems:#?}\n{}", files());
        if !output.status.success() {
            refused += 1;
            continue;
        }
        let printed = parse_printed(&String::from_utf8_lossy(&output.stdout));
        for (keyword, ours) in &reading.effective {
            assert_eq!(Some(ours), printed.get(keyword), "case {case}: {keyword}\n{}", files());
        }
    }
    println!("{refused} refused by both");
}
