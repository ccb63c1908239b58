//! The candidates that servers are asked for, and what the tests of TLS share.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::process::Command;

use shakedown_probe::tls::Candidates;

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Groups of IANA's registry.
pub const GROUPS: [(u16, &str); 17] = [
    (0x001d, "x25519"),
    (0x0017, "secp256r1"),
    (0x0018, "secp384r1"),
    (0x0019, "secp521r1"),
    (0x001e, "x448"),
    (0x0100, "ffdhe2048"),
    (0x0101, "ffdhe3072"),
    (0x0102, "ffdhe4096"),
    (0x0103, "ffdhe6144"),
    (0x0104, "ffdhe8192"),
    (0x11ec, "X25519MLKEM768"),
    (0x11eb, "SecP256r1MLKEM768"),
    (0x11ed, "SecP384r1MLKEM1024"),
    (0x001a, "brainpoolP256r1"),
    (0x001b, "brainpoolP384r1"),
    (0x001c, "brainpoolP512r1"),
    (0x0016, "secp256k1"),
];

/// Signature schemes of IANA's registry.
pub const SCHEMES: [(u16, &str); 16] = [
    (0x0403, "ecdsa_secp256r1_sha256"),
    (0x0503, "ecdsa_secp384r1_sha384"),
    (0x0603, "ecdsa_secp521r1_sha512"),
    (0x0807, "ed25519"),
    (0x0808, "ed448"),
    (0x0809, "rsa_pss_pss_sha256"),
    (0x080a, "rsa_pss_pss_sha384"),
    (0x080b, "rsa_pss_pss_sha512"),
    (0x0804, "rsa_pss_rsae_sha256"),
    (0x0805, "rsa_pss_rsae_sha384"),
    (0x0806, "rsa_pss_rsae_sha512"),
    (0x0401, "rsa_pkcs1_sha256"),
    (0x0501, "rsa_pkcs1_sha384"),
    (0x0601, "rsa_pkcs1_sha512"),
    (0x0201, "rsa_pkcs1_sha1"),
    (0x0203, "ecdsa_sha1"),
];

/// All suites of the installed OpenSSL, and of IANA's what it lacks.
pub fn candidates() -> Candidates {
    let output = Command::new("openssl").args(["ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL@SECLEVEL=0"]).output();
    let text = String::from_utf8(output.expect("openssl").stdout).unwrap();
    let mut suites: Vec<(u16, String)> = text.lines().filter_map(suite).collect();
    suites.extend([
        (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA".to_owned()),
        (0x0005, "TLS_RSA_WITH_RC4_128_SHA".to_owned()),
        (0x0004, "TLS_RSA_WITH_RC4_128_MD5".to_owned()),
    ]);
    suites.sort();
    suites.dedup();
    let owned = |list: &[(u16, &str)]| -> Vec<(u16, String)> {
        list.iter().map(|&(number, name)| (number, name.to_owned())).collect()
    };
    Candidates::new(suites, owned(&GROUPS), owned(&SCHEMES))
}

/// `0x13,0x02 - TLS_AES_256_GCM_SHA384 - ...`.
fn suite(line: &str) -> Option<(u16, String)> {
    let mut words = line.split_whitespace();
    let (high, low) = words.next()?.split_once(',')?;
    let byte = |text: &str| u16::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let name = words.nth(1)?;
    Some((byte(high)? << 8 | byte(low)?, name.to_owned()))
}

/// The suites up to TLS 1.2 that a cipher string of OpenSSL stands for, by IANA's names, of these key exchanges.
pub fn suites_of(cipher_string: &str, exchanges: &[&str]) -> Vec<String> {
    let output = Command::new("openssl")
        .args(["ciphers", "-V", "-stdname", cipher_string])
        .env("OPENSSL_CONF", "/dev/null")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let fits = |name: &String| {
        let exchange = name.trim_start_matches("TLS_").split("_WITH_").next();
        name.contains("_WITH_") && exchange.is_some_and(|exchange| exchanges.contains(&exchange))
    };
    let mut names: Vec<String> = text.lines().filter_map(suite).map(|(_, name)| name).filter(fits).collect();
    names.sort();
    assert!(!names.is_empty(), "{cipher_string}: {text}");
    names
}
