//! Pairs of nginx and OpenSSL of which an end has to be weakened, and what such a fix could say instead: the same text with
//! one name left out, with a stronger one in the place of one, with a higher security level.

use std::collections::BTreeSet;
use std::fmt;

use shakedown_catalog::openssl::scheme_word;
use shakedown_model::tls::is_tls13_suite;
use shakedown_model::{Fix, Party, Slot};

use super::catalog;

/// Both ends: what stands in the server's block, and what in the client's file.
pub struct Scenario {
    pub name: &'static str,
    /// The kinds of the server's certificates, as `shakedown_testkit::peers` makes them.
    pub certificates: &'static [&'static str],
    pub settings: &'static str,
    pub client: String,
}

/// An `openssl.cnf` with these lines.
pub fn cnf(lines: &str) -> String {
    format!("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n{lines}\n")
}

const RSA: &[&str] = &["rsa"];
const EC: &[&str] = &["ec"];
const MODERN: &str =
    "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384;";
const ONE_SCHEME: &str = "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0; \
                          ssl_conf_command SignatureAlgorithms rsa_pkcs1_sha256;";

pub const COUNT: usize = 27;

/// Name, certificates, the server's settings, the client's lines.
#[rustfmt::skip]
const SCENARIOS: [(&str, &[&str], &str, &str); COUNT] = [
    // A client that has nothing of today: the server is changed.
    ("a client up to TLS 1.1", RSA, MODERN,
        "CipherString = ALL:@SECLEVEL=0\nMinProtocol = TLSv1\nMaxProtocol = TLSv1.1"),
    ("a client of TLS 1.0", RSA, MODERN, "CipherString = ALL:@SECLEVEL=0\nMinProtocol = TLSv1\nMaxProtocol = TLSv1"),
    ("static RSA", RSA, MODERN, "CipherString = AES128-SHA:AES256-SHA\nMaxProtocol = TLSv1.2"),
    ("static RSA, one of them AEAD", RSA, MODERN, "CipherString = AES128-SHA:AES128-GCM-SHA256\nMaxProtocol = TLSv1.2"),
    ("CBC with forward secrecy or without", RSA, MODERN,
        "CipherString = AES256-SHA256:ECDHE-RSA-AES128-SHA\nMaxProtocol = TLSv1.2"),
    ("CCM_8", RSA, MODERN, "CipherString = AES128-CCM8:AES128-CCM\nMaxProtocol = TLSv1.2"),
    ("Camellia", RSA, MODERN, "CipherString = CAMELLIA128-SHA256:CAMELLIA256-SHA\nMaxProtocol = TLSv1.2"),
    ("CBC with ECDSA", EC, "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;",
        "CipherString = ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-CCM8\nMaxProtocol = TLSv1.2"),
    ("CCM_8 of TLS 1.3", RSA, MODERN, "Ciphersuites = TLS_AES_128_CCM_8_SHA256\nMinProtocol = TLSv1.3"),
    ("a curve of 224 bits", RSA, "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;",
        "Groups = secp224r1\nMaxProtocol = TLSv1.2"),
    ("small curves, the best last", RSA, MODERN, "Groups = secp192r1:secp224r1:secp256k1\nMaxProtocol = TLSv1.2\nCipherString = ECDHE:@SECLEVEL=0"),
    ("small curves, all of them below what level 2 lets through", RSA,
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; ssl_ecdh_curve X25519:prime256v1;",
        "Groups = secp192r1\nMaxProtocol = TLSv1.2\nCipherString = ECDHE:@SECLEVEL=0"),
    ("SHA-1 and SHA-224", RSA, ONE_SCHEME,
        "SignatureAlgorithms = RSA+SHA1:RSA+SHA224\nMaxProtocol = TLSv1.2\nCipherString = ECDHE:@SECLEVEL=0"),
    ("SHA-1", RSA, ONE_SCHEME, "SignatureAlgorithms = RSA+SHA1\nMaxProtocol = TLSv1.2\nCipherString = ECDHE:@SECLEVEL=0"),
    ("SHA-1 at a level that forbids it", RSA,
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; ssl_conf_command SignatureAlgorithms RSA+SHA256;",
        "SignatureAlgorithms = RSA+SHA1\nMaxProtocol = TLSv1.2\nCipherString = ECDHE:@SECLEVEL=0"),
    ("SHA-1 with ECDSA", EC,
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0; \
         ssl_conf_command SignatureAlgorithms ecdsa_secp256r1_sha256;",
        "SignatureAlgorithms = ECDSA+SHA1\nMaxProtocol = TLSv1.2\nCipherString = ECDHE:@SECLEVEL=0"),
    // A server that has nothing of today: where it is not to be changed, the client is.
    ("a server of TLS 1.0", RSA, "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;", "MinProtocol = TLSv1.2"),
    ("a server of TLS 1.0, and a client whose own file lets all else through", RSA,
        "ssl_protocols TLSv1; ssl_ciphers DEFAULT:@SECLEVEL=0;",
        "CipherString = ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0\nMinProtocol = TLSv1.2"),
    ("a server of TLS 1.1", RSA, "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;", "MinProtocol = TLSv1.2"),
    ("a server up to TLS 1.1", RSA, "ssl_protocols TLSv1 TLSv1.1; ssl_ciphers AES128-SHA:@SECLEVEL=0;",
        "MinProtocol = TLSv1.2"),
    ("a server of static RSA", RSA, "ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA:AES128-GCM-SHA256;",
        "CipherString = ECDHE+AESGCM"),
    ("a server of CBC", RSA, "ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA:ECDHE-RSA-AES128-SHA:AES256-SHA256;",
        "CipherString = ECDHE+AESGCM"),
    ("a server of CBC with ECDSA", EC, "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-CCM8;",
        "CipherString = ECDHE+AESGCM"),
    ("a server of small curves", RSA,
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0; ssl_ecdh_curve secp192r1:secp224r1;",
        "Groups = X25519:P-256"),
    ("a server of secp256k1", RSA,
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; ssl_ecdh_curve secp224r1:secp256k1;",
        "Groups = X25519:P-256"),
    ("a server of SHA-224", RSA,
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; ssl_conf_command SignatureAlgorithms RSA+SHA224;",
        "SignatureAlgorithms = RSA+SHA256"),
    ("a server of SHA-1", RSA,
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0; ssl_conf_command SignatureAlgorithms RSA+SHA1;",
        "SignatureAlgorithms = RSA+SHA256"),
];

pub fn scenarios() -> impl Iterator<Item = Scenario> {
    SCENARIOS.into_iter().map(|(name, certificates, settings, client)| Scenario {
        name,
        certificates,
        settings,
        client: cnf(client),
    })
}

/// The lines of a client that has all that an OpenSSL can be given.
pub const EVERYTHING: &str = "MinProtocol = TLSv1\nCipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0\nCiphersuites = \
     TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:\
     TLS_AES_128_CCM_8_SHA256\nGroups = X25519:P-256:X448:P-521:P-384:secp224r1:secp256k1:brainpoolP256r1:\
     brainpoolP384r1:brainpoolP512r1:secp192r1\nSignatureAlgorithms = ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:\
     ecdsa_secp521r1_sha512:ed25519:ed448:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA512:\
     RSA+SHA384:RSA+SHA256:RSA+SHA224:RSA+SHA1:ECDSA+SHA224:ECDSA+SHA1";

pub const SLOTS: [Slot; 4] = [Slot::Version, Slot::CipherSuite, Slot::Group, Slot::SignatureScheme];

/// The names that an end offers in a slot.
pub fn names(party: &Party, slot: Slot) -> Vec<String> {
    let list = party.tls().expect("a TLS party").offer.list(slot);
    list.accepted().into_iter().flatten().map(|item| item.name.to_string()).collect()
}

pub fn level(party: &Party) -> Option<u8> {
    party.tls().expect("a TLS party").offer.security_level
}

/// A measure of the tests' own, apart from that of the planner: each part for itself, the larger the stronger.
fn parts(slot: Slot, name: &str) -> Vec<usize> {
    let has = |all: &[&str]| usize::from(all.iter().any(|one| name.contains(one)));
    match slot {
        Slot::Version => {
            let all = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
            vec![all.iter().position(|one| *one == name).expect("a version")]
        }
        Slot::CipherSuite => vec![
            has(&["_ECDHE_", "_DHE_", "TLS_AES_", "TLS_CHACHA20_", "TLS_SM4"]),
            has(&["_GCM_", "_CCM", "POLY1305"]),
            1 - has(&["_NULL_", "_anon_"]),
            1 - has(&["3DES", "RC4"]),
            1 - has(&["CCM_8"]),
        ],
        Slot::Group => {
            let bits = [
                ("192", 96),
                ("224", 112),
                ("256", 128),
                ("25519", 128),
                ("384", 192),
                ("448", 224),
                ("51", 256),
                ("521", 256),
            ];
            // RFC 8422 section 5.1.1 and RFC 8446 section 4.2.7 no longer have the binary curves, those of Koblitz and the small ones.
            vec![
                bits.iter().find(|(digits, _)| name.contains(digits)).map_or(0, |(_, bits)| *bits),
                1 - has(&["sect", "k1", "224", "192"]),
            ]
        }
        _ => {
            let digests =
                [("sha1", 1), ("sha224", 2), ("sha256", 3), ("sha384", 3), ("sha512", 3), ("ed25519", 3), ("ed448", 3)];
            let digest = digests.iter().filter(|(digest, _)| name.ends_with(digest)).map(|(_, mark)| *mark).max();
            vec![digest.unwrap_or(0)]
        }
    }
}

/// Whether one name is stronger than the other in some part and weaker in none.
fn stronger(slot: Slot, one: &str, other: &str) -> bool {
    let pairs: Vec<_> = parts(slot, one).into_iter().zip(parts(slot, other)).collect();
    pairs.iter().all(|(one, other)| one >= other) && pairs.iter().any(|(one, other)| one > other)
}

/// Below what RFC 9325 recommends.
pub fn is_weak(slot: Slot, name: &str) -> bool {
    let parts = parts(slot, name);
    match slot {
        Slot::Version => parts[0] < 2,
        Slot::CipherSuite => parts.contains(&0),
        Slot::Group => parts[0] < 128 || parts[1] == 0,
        _ => parts[0] < 3,
    }
}

/// The names that a fix adds. What a lower security level or another version brings with it was not asked for: the string of
/// suites has it.
pub fn added(before: &Party, edited: &Party, slot: Slot, fix: &Fix) -> Vec<String> {
    let old = names(before, slot);
    // Of a fix of both ends, what it says of this one.
    let own = fix.title.split_once(&format!("the {} ", before.role)).map_or("", |(_, own)| own);
    let own = own.split_once(&format!(" and the {} ", before.role.peer())).map_or(own, |(own, _)| own);
    let named = |name: &String| own.contains(&format!("`{name}`"));
    names(edited, slot).into_iter().filter(|name| !old.contains(name) && named(name)).collect()
}

/// What a text could say instead in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Without(Slot, String),
    Instead(Slot, String, String),
    Level(u8, u8),
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Without(_, name) => write!(formatter, "without {name}"),
            Self::Instead(_, name, other) => write!(formatter, "{other} instead of {name}"),
            Self::Level(_, higher) => write!(formatter, "security level {higher}"),
        }
    }
}

/// All that a weaker fix could say instead that is stronger by one: each weak name left out, each name that a stronger one of
/// the library can stand for, each security level up to that of before.
pub fn changes(before: &Party, edited: &Party, fix: &Fix, everything: &Party) -> Vec<Change> {
    let mut all = Vec::new();
    for slot in SLOTS {
        let new = names(edited, slot);
        let universe: BTreeSet<String> = names(everything, slot).into_iter().collect();
        for name in added(before, edited, slot, fix) {
            if is_weak(slot, &name) {
                all.push(Change::Without(slot, name.clone()));
            }
            let others = universe.iter().filter(|other| !new.contains(other) && stronger(slot, other, &name));
            all.extend(others.map(|other| Change::Instead(slot, name.clone(), other.clone())));
        }
    }
    if let (Some(old), Some(new)) = (level(before), level(edited)) {
        all.extend((new + 1..=old).map(|higher| Change::Level(new, higher)));
    }
    all
}

/// What a name may be called in a file; what is written is the first.
fn words(slot: Slot, name: &str) -> Vec<String> {
    let others: &[&str] = match (slot, name) {
        (Slot::SignatureScheme, _) => return vec![scheme_word(name)],
        (Slot::Version, "TLSv1.0") => &["TLSv1"],
        (Slot::CipherSuite, _) if !is_tls13_suite(name) => {
            return vec![catalog().openssl_suite_name(name).expect("a name of OpenSSL's")];
        }
        (Slot::Group, "secp256r1") => &["prime256v1", "P-256"],
        (Slot::Group, "secp192r1") => &["prime192v1", "secp192r1"],
        (Slot::Group, "secp384r1") => &["secp384r1", "P-384"],
        (Slot::Group, "secp521r1") => &["secp521r1", "P-521"],
        (Slot::Group, "x25519") => &["X25519"],
        (Slot::Group, "x448") => &["X448"],
        _ => &[name],
    };
    others.iter().map(|&word| word.to_owned()).collect()
}

/// A word of a text, and where it is.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let part = |sign: char| sign.is_ascii_alphanumeric() || "_-+.@=!".contains(sign);
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        let word = &rest[start..];
        let end = word.find(|sign| !part(sign)).unwrap_or(word.len());
        all.push((text.len() - word.len(), &word[..end]));
        rest = &word[end..];
    }
    all
}

/// The text with one word exchanged or, with what parts it from its neighbour, left out. `None` where it is not there just
/// once.
fn exchange(text: &str, words: &[String], instead: Option<&str>) -> Option<String> {
    let mut found = tokens(text).into_iter().filter(|(_, token)| words.iter().any(|word| word == token));
    let (at, token) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let (before, after) = (&text[..at], &text[at + token.len()..]);
    Some(match (instead, before.strip_suffix(':'), after.strip_prefix(':')) {
        (Some(word), ..) => format!("{before}{word}{after}"),
        (None, Some(before), _) => format!("{before}{after}"),
        (None, None, Some(after)) => format!("{before}{after}"),
        (None, None, None) => format!("{before}{after}"),
    })
}

/// Of a file of OpenSSL's or a call of its program, which have bounds: the lowest version.
fn lowest(text: &str, version: &str, higher: &str) -> Option<String> {
    ["MinProtocol = ", "-min_protocol "].into_iter().find_map(|key| {
        let (start, rest) = text.split_once(key)?;
        let rest = rest.strip_prefix(version).filter(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))?;
        Some(format!("{start}{key}{higher}{rest}"))
    })
}

/// A text of nginx, of OpenSSL or a call of its program with a suite before those that it has of its kind: those of TLS 1.3
/// are told apart from the others.
fn with_suite(text: &str, suite: &str) -> String {
    const TLS13: &str = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
    let (word, keys, default) = if is_tls13_suite(suite) {
        (suite.to_owned(), ["Ciphersuites = ", "-ciphersuites '", "ssl_conf_command Ciphersuites "], TLS13)
    } else {
        (words(Slot::CipherSuite, suite).swap_remove(0), ["CipherString = ", "-cipher '", "ssl_ciphers "], "DEFAULT")
    };
    if let Some(key) = keys.iter().find(|key| text.contains(*key)) {
        return text.replacen(key, &format!("{key}{word}:"), 1);
    }
    let [file, call, directive] = keys;
    if text.starts_with("openssl s_client ") {
        format!("{text} {call}{word}:{default}'")
    } else if text.starts_with("openssl_conf") {
        format!("{}\n{file}{word}:{default}\n", text.trim_end())
    } else {
        text.replacen("ssl_protocols ", &format!("{directive}{word}:{default};\nssl_protocols "), 1)
    }
}

/// The text with this change; `None` where it has no way to say that.
pub fn rendered(text: &str, change: &Change) -> Option<String> {
    let word = |slot: Slot, name: &str| words(slot, name).swap_remove(0);
    let changed = match change {
        Change::Without(Slot::Version, name) if !text.contains("ssl_protocols") => {
            let all = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
            let next = all.iter().skip_while(|one| *one != name).nth(1)?;
            lowest(text, &word(Slot::Version, name), next)?
        }
        Change::Instead(Slot::Version, name, other) if !text.contains("ssl_protocols") => {
            lowest(text, &word(Slot::Version, name), other)?
        }
        Change::Without(slot, name) => exchange(text, &words(*slot, name), None)?,
        Change::Instead(slot, name, other)
            if *slot == Slot::CipherSuite && is_tls13_suite(name) != is_tls13_suite(other) =>
        {
            with_suite(&exchange(text, &words(*slot, name), None)?, other)
        }
        Change::Instead(slot, name, other) => exchange(text, &words(*slot, name), Some(&word(*slot, other)))?,
        Change::Level(new, higher) => text.replace(&format!("@SECLEVEL={new}"), &format!("@SECLEVEL={higher}")),
    };
    (changed != text).then_some(changed)
}

/// Whether an end lists a name, or would if its security level or its versions let it.
pub fn knows(party: &Party, slot: Slot, name: &str) -> bool {
    let policy = party.tls().expect("a TLS party");
    names(party, slot).iter().any(|one| one == name)
        || policy.withheld.iter().any(|one| one.slot == slot && one.name == *name)
}
