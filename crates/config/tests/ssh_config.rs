//! Effective values of generated client configurations against `ssh -G`.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{CIPHERS, KEX, KEY_TYPES, MACS, Random, directive, names};
use shakedown_config::Disk;
use shakedown_config::openssh::{ClientSpec, parse_printed, read_client};
use shakedown_model::Context;

const HOSTS: &[&str] =
    &["target", "tar*", "*", "!target", "other", "t?rget", "!other", "db.example.org", "*.example.org"];

fn some_directive(random: &mut Random) -> String {
    let text = |words: &[&str], random: &mut Random| vec![random.pick(words).to_owned()];
    match random.below(24) {
        0 | 1 => names(random, "KexAlgorithms", KEX),
        2 | 3 => names(random, "Ciphers", CIPHERS),
        4 | 5 => names(random, "MACs", MACS),
        6 | 7 => names(random, "HostKeyAlgorithms", KEY_TYPES),
        8 => {
            let keyword = random.pick(&["PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes", "CASignatureAlgorithms"]);
            names(random, keyword, KEY_TYPES)
        }
        9 => names(random, "HostbasedAcceptedAlgorithms", KEY_TYPES),
        10 => {
            let value = text(&["yes", "no", "NO", "perhaps"], random);
            directive(random, "Compression", &value)
        }
        11 => {
            let value = text(&["22", "2222", "ssh", "0", "65536", "x"], random);
            directive(random, "Port", &value)
        }
        12 => {
            let value = text(&["db.example.org", "%h.example.org", "192.0.2.1", "DB", "100%%"], random);
            directive(random, "HostName", &value)
        }
        13 => {
            let value = text(&["git", "me", "nobody"], random);
            directive(random, "User", &value)
        }
        14 => {
            let value = text(&["1024", "3072", "x", "-1", "+2048"], random);
            directive(random, "RequiredRSASize", &value)
        }
        15 => {
            let value = text(&["1G", "1G 1h", "default none", "512M 30m", "15", "1X"], random);
            let value: Vec<String> = value[0].split(' ').map(str::to_owned).collect();
            directive(random, "RekeyLimit", &value)
        }
        16 => {
            let keyword = random.pick(&["UserKnownHostsFile", "GlobalKnownHostsFile"]);
            let value = text(
                &["/tmp/a", "/tmp/a /tmp/b", "none", "/tmp/%n-%p-%%", "/tmp/%C-%l-%L", "${HOME}/%h", "~/x"],
                random,
            );
            let value: Vec<String> = value[0].split(' ').map(str::to_owned).collect();
            directive(random, keyword, &value)
        }
        17 => {
            let value = text(&["yes", "no", "ask", "accept-new", "off", "maybe"], random);
            directive(random, "StrictHostKeyChecking", &value)
        }
        18 => {
            let keyword =
                random.pick(&["HostKeyAlias", "BindAddress", "BindInterface", "IdentityFile", "RevokedHostKeys"]);
            let value = text(&["one", "Two", "/etc/three"], random);
            directive(random, keyword, &value)
        }
        19 => {
            let value = text(&["10", "1m30s", "none", "2x"], random);
            directive(random, "ConnectTimeout", &value)
        }
        20 => {
            let value = text(&["inet", "inet6", "any"], random);
            directive(random, "AddressFamily", &value)
        }
        21 => match random.below(2) {
            0 => format!(
                "ProxyJump {}\n",
                random.pick(&["none", "gate", "me@gate:2222,[2001:db8::1]:22", "192.0.2.1 # x"])
            ),
            _ => format!("ProxyCommand {}\n", random.pick(&["none", "nc %h %p", "= ssh -W \"%h\" x # y"])),
        },
        22 => {
            let value = text(&["a", "b", "a b"], random);
            match random.below(6) {
                0 => directive(random, "Cipers", &value),
                1 => directive(random, "UseRoaming", &value),
                2 => directive(random, "Protocol", &value),
                3 => "\"Ciphers aes128-ctr\n".to_owned(),
                4 => "Ciphers\n".to_owned(),
                _ => "# nothing\n\n".to_owned(),
            }
        }
        _ => {
            let keyword = random.pick(&["ServerAliveInterval", "ForwardAgent", "VisualHostKey", "IPQoS"]);
            let value = text(&["yes", "no"], random);
            if keyword == "ServerAliveInterval" {
                "ServerAliveInterval 5\n".to_owned()
            } else {
                match keyword {
                    "IPQoS" => "IPQoS lowdelay throughput\n".to_owned(),
                    keyword => directive(random, keyword, &value),
                }
            }
        }
    }
}

fn block(random: &mut Random) -> String {
    if random.percent(50) {
        let hosts: Vec<String> = (0..=random.below(3)).map(|_| random.pick(HOSTS).to_owned()).collect();
        return directive(random, "Host", &hosts);
    }
    let mut criteria = Vec::new();
    for _ in 0..=random.below(2) {
        let negated = if random.percent(20) { "!" } else { "" };
        criteria.push(match random.below(9) {
            0 => "all".to_owned(),
            1 => format!("{negated}final"),
            2 => format!("{negated}canonical"),
            3 => format!("{negated}host {}", random.pick(&["target", "*.example.org,!db*", "192.0.2.*"])),
            4 => format!("{negated}originalhost {}", random.pick(&["target", "other,target", "TARGET"])),
            5 => format!("{negated}user {}", random.pick(&["git", "nobody", "*", "root"])),
            6 => format!("{negated}localuser {}", random.pick(&["root", "nobody"])),
            7 => format!("{negated}host \"target\""),
            _ => random.pick(&["hots x", "user", "host target # comment"]).to_owned(),
        });
    }
    format!("Match {}\n", criteria.join(" "))
}

fn configuration(random: &mut Random, folder: &Path, depth: usize) -> String {
    let mut text = String::new();
    for _ in 0..random.below(10) {
        if random.percent(22) {
            text.push_str(&block(random));
        } else if depth < 2 && random.percent(8) {
            let name = format!("{}-{}.conf", depth, random.below(1_000_000));
            let inner = configuration(random, folder, depth + 1);
            std::fs::write(folder.join(&name), inner).expect("the folder can be written");
            let pattern = if random.percent(50) { name } else { format!("{depth}-*.conf") };
            text.push_str(&format!("Include {}\n", folder.join(pattern).display()));
        } else {
            text.push_str(&some_directive(random));
        }
    }
    text
}

#[test]
fn effective_values_equal_those_of_ssh() {
    let Some(ssh) = shakedown_testkit::require("ssh") else { return };
    let software = common::installed(&ssh);
    let local_user = Command::new("id").arg("-un").output().expect("id runs");
    let local_user = String::from_utf8_lossy(&local_user.stdout).trim().to_owned();
    let seed = shakedown_testkit::seed();
    println!("seed {seed}, {software}");
    let mut refused = 0;
    for case in 0..shakedown_testkit::cases(150) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 7_919));
        let folder = tempfile::tempdir().expect("a folder");
        let text = configuration(&mut random, folder.path(), 0);
        let path = folder.path().join("config");
        std::fs::write(&path, &text).expect("the folder can be written");
        let target = random.pick(&["target", "TARGET", "db.example.org", "192.0.2.1"]);
        let host_name = random.percent(20).then(|| "127.0.0.1".to_owned());
        let mut command = Command::new(&ssh);
        command.env("LC_ALL", "C").args(["-G", "-F"]).arg(&path);
        command.args(host_name.iter().flat_map(|name| ["-o".to_owned(), format!("HostName={name}")]));
        let output = command.arg(target).output().expect("ssh runs");
        let context =
            Context { target: Some(target.to_owned()), local_user: Some(local_user.clone()), ..Context::default() };
        let mut spec = ClientSpec::new(software.clone(), vec![path.display().to_string()], context);
        spec.host_name = host_name;
        let reading = read_client(&Disk::local(), &spec, common::catalog()).expect("the file is there");
        let fatal: Vec<_> = reading.gathered.evidence.iter().filter(|evidence| common::is_fatal(evidence)).collect();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let files = || {
            let mut all = format!("target {target}\n");
            for entry in std::fs::read_dir(folder.path()).expect("the folder can be read").flatten() {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                all.push_str(&format!("--- {}\n{text}", entry.path().display()));
            }
            all
        };
        // 9.2 goes on with unset lists after that message.
        let success = output.status.success() && !errors.contains("fill_default_options: ");
        let problems: Vec<_> = fatal.iter().map(|evidence| &evidence.fact).collect();
        assert_eq!(success, fatal.is_empty(), "case {case}: {errors}\n{problems:#?}\n{}", files());
        if !success {
            refused += 1;
            continue;
        }
        let printed = parse_printed(&String::from_utf8_lossy(&output.stdout));
        let configured = text.to_ascii_lowercase().contains("identityfile");
        for (keyword, ours) in &reading.effective {
            // Without a directive ssh prints its default key files.
            if keyword == "identityfile" && !configured {
                continue;
            }
            assert_eq!(Some(ours), printed.get(keyword), "case {case}: {keyword}\n{}", files());
        }
    }
    println!("{refused} refused by both");
}
