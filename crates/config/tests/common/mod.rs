//! What the tests against real programs share.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use shakedown_catalog::Catalog;
use shakedown_config::tls::{ServerSettings, TlsVersion};
use shakedown_model::{ConfigProblem, Evidence, Fact, Software};

/// The catalog that ships with the program.
pub(crate) fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| Catalog::from_blob(shakedown_catalog_data::BLOB).expect("the catalog's blob is well formed"))
}

/// Pseudo-random choices that a seed repeats (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).expect("fits")).expect("fits")
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// The software of the OpenSSH installed here, by `ssh -V`.
pub(crate) fn installed(ssh: &Path) -> Software {
    let output = Command::new(ssh).arg("-V").output().expect("ssh runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let version = text.strip_prefix("OpenSSH_").and_then(|rest| rest.split([' ', ',']).next()).expect("a version");
    let build = text
        .split_once("+deb")
        .map(|(_, rest)| format!("/debian-{}", rest.chars().take_while(char::is_ascii_digit).collect::<String>()));
    format!("openssh@{version}{}", build.unwrap_or_default()).parse().expect("a software")
}

/// Whether OpenSSH would refuse to go on because of this.
pub(crate) fn is_fatal(evidence: &Evidence) -> bool {
    match &evidence.fact {
        Fact::Configuration { problem, .. } => {
            !matches!(problem, ConfigProblem::Deprecated | ConfigProblem::Ineffective)
        }
        _ => false,
    }
}

pub(crate) const KEX: &[&str] = &[
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp521",
    "sntrup761x25519-sha512@openssh.com",
];
pub(crate) const CIPHERS: &[&str] = &[
    "3des-cbc",
    "aes128-cbc",
    "aes128-ctr",
    "aes256-ctr",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
];
pub(crate) const MACS: &[&str] = &[
    "hmac-md5",
    "hmac-sha1",
    "hmac-sha1-96",
    "hmac-sha2-256",
    "hmac-sha2-512-etm@openssh.com",
    "umac-64@openssh.com",
    "umac-128-etm@openssh.com",
];
pub(crate) const KEY_TYPES: &[&str] = &[
    "ssh-ed25519",
    "ssh-rsa",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "ssh-dss",
    "rsa-sha2-512-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
];
const KEY_PATTERNS: &[&str] = &["ecdsa*", "*-cert-v01@openssh.com", "ssh-*", "rsa-sha2-???", "*", "sk-*"];
const OTHER_PATTERNS: &[&str] = &["aes*", "*-cbc", "hmac-*", "diffie-hellman-*", "*@openssh.com", "curve25519*"];

/// A list of algorithm names, now and then a wrong one.
pub(crate) fn list(random: &mut Random, names: &[&str]) -> String {
    let operator = random.pick(&["", "", "+", "-", "^"]);
    let keys = names == KEY_TYPES;
    let mut parts = Vec::new();
    for _ in 0..=random.below(5) {
        parts.push(match random.below(40) {
            0 => "aes128-crt",
            1 => "",
            2..=6 if keys => random.pick(KEY_PATTERNS),
            2..=6 if operator == "-" => random.pick(OTHER_PATTERNS),
            7 if operator == "-" => random.pick(&["!aes128-ctr", "!ssh-ed25519", "no-such-name"]),
            8 if keys => random.pick(&["rsa", "ED25519", "!ssh-rsa"]),
            _ => random.pick(names),
        });
    }
    format!("{operator}{}", parts.join(","))
}

/// Writes a directive in one of the ways in which it can be written.
pub(crate) fn directive(random: &mut Random, keyword: &str, arguments: &[String]) -> String {
    let keyword = match random.below(8) {
        0 => keyword.to_ascii_lowercase(),
        1 => keyword.to_ascii_uppercase(),
        2 => format!("\"{keyword}\""),
        _ => keyword.to_owned(),
    };
    let separator = random.pick(&[" ", " ", " ", "\t", "=", " = ", "  "]);
    // After a quoted keyword a `=` would be an argument.
    let separator = if keyword.starts_with('"') { " " } else { separator };
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| match random.below(12) {
            0 => format!("\"{argument}\""),
            1 => format!("'{argument}'"),
            _ => argument.clone(),
        })
        .collect();
    let indent = random.pick(&["", "", "    ", "\t"]);
    let end = random.pick(&["", "", "", " ", " # comment", "\r", "\t"]);
    format!("{indent}{keyword}{separator}{}{end}\n", arguments.join(" "))
}

/// A directive with a list of algorithm names.
pub(crate) fn names(random: &mut Random, keyword: &str, names: &[&str]) -> String {
    let list = list(random, names);
    directive(random, keyword, &[list])
}

/// What a program would say of a configuration.
pub(crate) fn message(evidence: &Evidence) -> &str {
    match &evidence.fact {
        Fact::Configuration { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

/// The versions that the settings leave, the highest first.
pub(crate) fn versions(server: &ServerSettings) -> String {
    let on = TlsVersion::ALL.into_iter().filter(|version| server.settings.allows(*version).is_ok());
    on.map(TlsVersion::as_str).collect::<Vec<_>>().join(" ")
}
