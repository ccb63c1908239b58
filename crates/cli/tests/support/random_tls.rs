//! Random configurations of nginx and of OpenSSL's clients.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::process::Command;
use std::time::Duration;

use shakedown_testkit::run;

pub(crate) const CIPHERS: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-SHA",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA",
    "HIGH",
    "kRSA",
    "AESGCM+ECDHE",
    "ALL",
    "DEFAULT",
];
pub(crate) const GROUPS: &[&str] = &["X25519", "P-256", "P-384", "P-521", "X448"];
pub(crate) const SCHEMES: &[&str] =
    &["RSA+SHA256", "RSA-PSS+SHA256", "ECDSA+SHA256", "ECDSA+SHA384", "ed25519", "RSA+SHA512", "RSA-PSS+SHA512"];
pub(crate) const VERSIONS: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
pub(crate) const TLS13: &[&str] = &["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

/// xorshift64*: good enough to draw configurations, and the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    /// The draws of one case of a test that starts from a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("31 bits") % limit
    }

    pub(crate) fn some(&mut self, names: &[&str], most: usize, separator: &str) -> String {
        let mut left: Vec<&str> = names.to_vec();
        let count = 1 + self.below(most);
        let drawn: Vec<&str> = (0..count).map(|_| left.swap_remove(self.below(left.len()))).collect();
        drawn.join(separator)
    }

    /// A cipher string. It always says its level: the one that a build has by itself differs between machines.
    pub(crate) fn ciphers(&mut self) -> String {
        let list = self.some(CIPHERS, 4, ":");
        format!("{list}:@SECLEVEL={}", self.below(3))
    }

    pub(crate) fn client(&mut self) -> String {
        let mut text = format!(
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = {}\n",
            self.ciphers()
        );
        if self.below(2) == 0 {
            text += &format!("MinProtocol = {}\n", VERSIONS[self.below(4)]);
        }
        if self.below(2) == 0 {
            text += &format!("MaxProtocol = {}\n", VERSIONS[1 + self.below(3)]);
        }
        if self.below(2) == 0 {
            text += &format!("Groups = {}\n", self.some(GROUPS, 3, ":"));
        }
        if self.below(3) == 0 {
            text += &format!("SignatureAlgorithms = {}\n", self.some(SCHEMES, 4, ":"));
        }
        if self.below(3) == 0 {
            text += &format!("Ciphersuites = {}\n", self.some(TLS13, 3, ":"));
        }
        text
    }

    pub(crate) fn server(&mut self) -> (Vec<&'static str>, String) {
        let certificates = [vec!["rsa"], vec!["ec"], vec!["rsa", "ec"], vec!["ed25519"], vec!["rsa", "ed25519"]];
        let certificates = certificates[self.below(5)].clone();
        let mut text = format!("ssl_ciphers {};\n", self.ciphers());
        let versions = self.some(VERSIONS, 4, " ");
        text += &format!("ssl_protocols {versions};\n");
        if self.below(2) == 0 {
            text += &format!("ssl_ecdh_curve {};\n", self.some(GROUPS, 3, ":"));
        }
        if self.below(2) == 0 {
            text += "ssl_prefer_server_ciphers on;\n";
        }
        if self.below(4) == 0 {
            text += &format!("ssl_conf_command SignatureAlgorithms {};\n", self.some(SCHEMES, 4, ":"));
        }
        (certificates, text)
    }
}

/// What stands behind a word in what a program says of its version.
pub(crate) fn version(program: &std::path::Path, argument: &str, before: &str) -> String {
    let mut command = Command::new(program);
    let text = run(command.arg(argument), b"", Duration::from_secs(20)).expect("it runs").text();
    let after = text.split_once(before).expect("a version").1;
    after.split_whitespace().next().unwrap_or_default().to_owned()
}
