//! OpenSSL's languages, held to the installed OpenSSL.

use std::process::Command;
use std::time::Duration;

use shakedown_catalog::Catalog;
use shakedown_catalog::openssl::Openssl;

fn catalog() -> Catalog {
    Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap()
}

/// A small generator, so that a failure can be run again by its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const CLASSES: [&str; 58] = [
    "ALL",
    "DEFAULT",
    "HIGH",
    "MEDIUM",
    "LOW",
    "kRSA",
    "RSA",
    "kDHE",
    "DH",
    "DHE",
    "EDH",
    "kECDHE",
    "ECDH",
    "ECDHE",
    "EECDH",
    "ADH",
    "AECDH",
    "PSK",
    "kPSK",
    "kRSAPSK",
    "kECDHEPSK",
    "kDHEPSK",
    "SRP",
    "aRSA",
    "aDSS",
    "DSS",
    "aNULL",
    "aECDSA",
    "ECDSA",
    "aPSK",
    "aSRP",
    "AES128",
    "AES256",
    "AES",
    "AESGCM",
    "AESCCM",
    "AESCCM8",
    "CAMELLIA128",
    "CAMELLIA256",
    "CAMELLIA",
    "CHACHA20",
    "ARIA",
    "ARIAGCM",
    "ARIA128",
    "ARIA256",
    "SHA1",
    "SHA",
    "SHA256",
    "SHA384",
    "SSLv3",
    "TLSv1",
    "TLSv1.0",
    "TLSv1.2",
    "eNULL",
    "NULL",
    "COMPLEMENTOFALL",
    "COMPLEMENTOFDEFAULT",
    "NOSUCH",
];

const NAMES: [&str; 16] = [
    "AES128-SHA",
    "AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "CAMELLIA256-SHA",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "DHE-RSA-AES128-GCM-SHA256",
    "NULL-SHA",
    "AES128-CCM8",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_AES_128_GCM_SHA256",
];

fn random_string(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..=dice.below(5) {
        if !text.is_empty() {
            text += dice.of(&[":", ":", ":", ",", " "]);
        }
        if dice.below(10) == 0 {
            text += dice.of(&["@STRENGTH", "@SECLEVEL=0", "@SECLEVEL=2"]);
            continue;
        }
        // The program takes a first `-` for an option.
        text += dice.of(if text.is_empty() { &["", "", "!", "+"] } else { &["", "", "", "!", "-", "+"] });
        text += if dice.below(2) == 0 { dice.of(&CLASSES) } else { dice.of(&NAMES) };
        if dice.below(4) == 0 {
            text += "+";
            text += dice.of(&CLASSES);
        }
    }
    text
}

/// What the installed program makes of a cipher string; `None` where it refuses it.
fn theirs(program: &std::path::Path, catalog: &Openssl, text: &str) -> Option<Vec<String>> {
    let mut command = Command::new(program);
    command.args(["ciphers", text]).env("OPENSSL_CONF", "/dev/null");
    let finished = shakedown_testkit::run(&mut command, b"", Duration::from_secs(20)).unwrap();
    if !finished.status.is_some_and(|status| status.success()) {
        return None;
    }
    let names = finished.text();
    let names = names.lines().last().unwrap_or_default().split(':').filter(|name| !name.is_empty());
    // The suites of TLS 1.3 stand before any other.
    let names = names.filter(|name| !name.starts_with("TLS_"));
    Some(names.map(|name| catalog.suite(name).unwrap_or_else(|| panic!("`{name}` is not known")).to_owned()).collect())
}

fn installed() -> Option<(std::path::PathBuf, Openssl)> {
    let program = shakedown_testkit::require("openssl")?;
    let mut command = Command::new(&program);
    let finished = shakedown_testkit::run(command.arg("version"), b"", Duration::from_secs(20)).unwrap();
    let version = finished.text().split(' ').nth(1).unwrap_or_default().to_owned();
    Some((program, catalog().openssl(&version)))
}

#[test]
fn cipher_strings_mean_what_the_installed_openssl_takes_them_to_mean() {
    let Some((program, openssl)) = installed() else { return };
    let mut dice = Dice(shakedown_testkit::seed() | 1);
    let mut kinds = [0, 0];
    for _ in 0..shakedown_testkit::cases(150) {
        let text = random_string(&mut dice);
        let theirs = theirs(&program, &openssl, &text);
        // The program prints nothing but the suites of TLS 1.3 where nothing else is left.
        let ours = openssl.ciphers(&text).ok().map(|ciphers| ciphers.suites);
        assert_eq!(ours, theirs.clone().filter(|names| !names.is_empty()), "{text}");
        kinds[usize::from(theirs.is_some())] += 1;
    }
    assert!(kinds[1] > 0, "no string was taken: {kinds:?}");
}

#[test]
fn commands_and_unknown_words() {
    let openssl = catalog().openssl("3.0.19");
    let found = openssl.ciphers("DEFAULT@SECLEVEL=1").unwrap();
    assert_eq!((found.level, found.suites.len()), (Some(1), 57));
    assert_eq!(openssl.ciphers("AES256:NOSUCH").unwrap().unknown, ["NOSUCH"]);
    assert!(openssl.ciphers("AES256:@SECLEVEL=9").is_err());
    assert!(openssl.ciphers("NOSUCH").is_err());
    assert!(openssl.ciphers("AES256:!").is_err());
    assert!(catalog().openssl("1.0.2k").ciphers("HIGH").is_err(), "its tables are not known");
}

#[test]
fn group_lists() {
    let old = catalog().openssl("3.0.19");
    assert_eq!(old.groups("P-256:X25519:prime192v1").unwrap().groups, ["secp256r1", "x25519", "secp192r1"]);
    assert!(old.groups("P-256:nosuch").is_err() && old.groups("P-256:secp256r1").is_err() && old.groups("").is_err());
    assert!(old.groups("X25519MLKEM768").is_err());
    let new = catalog().openssl("3.5.0");
    let list = new.groups("?*X25519MLKEM768 / ?*X25519:?secp256r1 / ?nosuch:?secp384r1").unwrap();
    assert_eq!(list.groups, ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"]);
    assert_eq!((list.tuples, list.key_shares.len(), list.ignored.len()), (vec![1, 2, 1], 2, 1));
    assert!(!new.groups("DEFAULT:-x448").unwrap().groups.iter().any(|group| group == "x448"));
}

#[test]
fn signature_algorithm_lists() {
    let openssl = catalog().openssl("3.0.19");
    assert_eq!(
        openssl.schemes("RSA-PSS+SHA256:ECDSA+SHA384:ed25519:rsa_pkcs1_sha512").unwrap(),
        ["rsa_pss_rsae_sha256", "ecdsa_secp384r1_sha384", "ed25519", "rsa_pkcs1_sha512"]
    );
    assert!(openssl.schemes("RSA+SHA999").is_err() && openssl.schemes("RSA+SHA256:RSA+SHA256").is_err());
}

/// Case counts before 3.5, and before 3.0 the names are those of the library's objects.
#[test]
fn groups_and_schemes_are_named_as_each_version_names_them() {
    let catalog = catalog();
    let cases = [
        ("1.1.1w", "X25519:P-256:prime256v1", false),
        ("1.1.1w", "X25519:prime256v1:secp384r1", true),
        ("1.1.1w", "x25519", false),
        ("1.1.1w", "secp256r1", false),
        ("3.0.15", "x25519:secp256r1:brainpoolP256r1", true),
        ("3.0.15", "PRIME256V1", false),
        ("3.0.15", "p-384", false),
        ("3.5.0", "PRIME256V1:p-384:BRAINPOOLP256R1", true),
    ];
    for (version, list, taken) in cases {
        let openssl = catalog.openssl(version);
        assert_eq!(openssl.groups(list).is_ok(), taken, "{version} {list}");
    }
    for (version, list, taken) in [
        ("3.0.15", "RSA+SHA256:PSS+sha256:ecdsa_secp256r1_sha256", true),
        ("3.0.15", "rsa+sha256", false),
        ("3.0.15", "ecdsa_sha1", false),
        ("3.0.15", "dsa_sha256", false),
        ("3.0.15", "ECDSA+SHA1:rsa_pkcs1_sha1", true),
        ("3.5.0", "ecdsa_sha1", true),
        ("3.0.15", "RSA+Sha256", false),
        ("3.0.15", "ECDSA_SECP256R1_SHA256", false),
        ("3.5.0", "rsa+Sha256:ECDSA_SECP256R1_SHA256", true),
    ] {
        let openssl = catalog.openssl(version);
        assert_eq!(openssl.schemes(list).is_ok(), taken, "{version} {list}");
    }
}

/// That a library was taken to have no groups but its default ones made a plan leave out what would have helped.
#[test]
fn the_installed_openssl_takes_all_groups_and_schemes_that_it_is_said_to_have() {
    let Some((program, openssl)) = installed() else { return };
    let taken = |option: &str, word: &str| {
        let mut command = Command::new(&program);
        command.args(["s_client", option, word, "-unix", "/does/not/exist"]).env("OPENSSL_CONF", "/dev/null");
        let text = shakedown_testkit::run(&mut command, b"", Duration::from_secs(20)).unwrap().text();
        assert!(text.contains("SSL_CONF_cmd") != text.contains("connect"), "{text}");
        !text.contains("SSL_CONF_cmd")
    };
    let groups = openssl.supported_groups();
    let groups = groups.complete().unwrap();
    assert!(groups.len() > 20 && groups.iter().any(|name| *name == "secp224r1"), "{groups:?}");
    for name in groups {
        assert!(taken("-groups", name.as_str()), "{name}");
    }
    let all = openssl.default_schemes();
    for name in &all {
        assert!(taken("-sigalgs", &shakedown_catalog::openssl::scheme_word(name)), "{name}");
        assert_eq!(taken("-sigalgs", name), openssl.schemes(name).is_ok(), "{name}");
    }
    assert!(!taken("-groups", "none") && !taken("-sigalgs", "none"));
}

/// RHEL's builds lack curves: which ones is not told.
#[test]
fn of_builds_without_some_curves_not_all_is_known() {
    let catalog = catalog();
    let of = |build| {
        let context = catalog.openssl_context("3.0.7", Some(build), shakedown_model::Role::Server).unwrap();
        context.policy().supported.groups
    };
    assert!(of("debian-12").complete().is_some_and(|all| all.iter().any(|name| *name == "secp192r1")));
    assert!(of("rhel-9").complete().is_none() && of("fedora-43").complete().is_none());
}
