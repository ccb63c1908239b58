//! How sound what TLS agrees on is, by what its name tells.

use shakedown_catalog::Rating;
use shakedown_model::Slot;
use shakedown_model::tls::{
    Authentication, CertificateKeyType, Digest, GroupKind, KeyExchange, Scheme, Suite, TlsVersion, group_bits,
    group_kind, is_post_quantum_group,
};

/// The rating of a name; `None` for slots that have none, and for names that tell nothing.
pub(crate) fn rating(slot: Slot, name: &str) -> Option<Rating> {
    match slot {
        Slot::Version => TlsVersion::parse(name).map(version),
        Slot::CipherSuite => Suite::parse(name).map(|suite| of_suite(name, &suite)),
        Slot::Group => group(name),
        Slot::SignatureScheme => scheme(name),
        _ => None,
    }
}

/// How many things are wrong with a name, to choose between two of one rating: the fewer the better.
pub(crate) fn weaknesses(slot: Slot, name: &str) -> usize {
    if slot == Slot::Group {
        // Less than the 128 bits of strength that RFC 9325 section 4.2 has for curves.
        return usize::from(
            group_kind(name) == GroupKind::EllipticCurve && group_bits(name).is_some_and(|bits| bits < 255),
        );
    }
    let Some(suite) = (slot == Slot::CipherSuite).then(|| Suite::parse(name)).flatten() else { return 0 };
    let old =
        ["3DES", "IDEA", "SEED", "RC4", "RC2", "DES_", "DES40"].iter().any(|start| suite.cipher.starts_with(start));
    let all = [
        suite.is_null(),
        suite.authentication == Authentication::Anonymous,
        suite.authentication == Authentication::Dss,
        name.contains("EXPORT"),
        old,
        suite.digest == "MD5",
        !suite.has_forward_secrecy(),
        !suite.is_aead(),
        suite.cipher.ends_with("CCM_8"),
    ];
    all.into_iter().filter(|one| *one).count()
}

/// RFC 6176, RFC 7568, RFC 8996; RFC 9325 section 3.1.1.
fn version(version: TlsVersion) -> Rating {
    match version {
        TlsVersion::Ssl2 | TlsVersion::Ssl3 => Rating::Broken,
        TlsVersion::Tls10 | TlsVersion::Tls11 => Rating::Weak,
        TlsVersion::Tls12 => Rating::Acceptable,
        TlsVersion::Tls13 => Rating::Strong,
    }
}

/// RFC 9325 sections 4.1 and 4.2: no NULL, RC4, export or less than 112 bits; no static RSA; AEAD with forward secrecy.
fn of_suite(name: &str, suite: &Suite<'_>) -> Rating {
    let starts = |all: &[&str]| all.iter().any(|start| suite.cipher.starts_with(start));
    let unauthenticated = suite.authentication == Authentication::Anonymous;
    if suite.is_null() || unauthenticated || name.contains("EXPORT") || starts(&["RC4", "RC2", "DES_", "DES40"]) {
        return Rating::Broken;
    }
    if starts(&["3DES", "IDEA", "SEED"]) || suite.digest == "MD5" || suite.authentication == Authentication::Dss {
        return Rating::Weak;
    }
    if !suite.has_forward_secrecy() || !suite.is_aead() || suite.cipher.ends_with("CCM_8") {
        return Rating::Legacy;
    }
    let finite = matches!(suite.key_exchange, KeyExchange::Dhe | KeyExchange::DhePsk);
    if finite { Rating::Acceptable } else { Rating::Strong }
}

/// RFC 9325 section 4.4 and 4.5: curves of 224 bits, primes of 2048 bits at the least; RFC 8422 section 5.1.1 and RFC 8447
/// section 9 for what is recommended.
fn group(name: &str) -> Option<Rating> {
    if is_post_quantum_group(name) {
        return Some(Rating::PostQuantum);
    }
    let bits = group_bits(name)?;
    Some(match (name, group_kind(name)) {
        ("x25519" | "x448" | "secp256r1" | "secp384r1" | "secp521r1", _) => Rating::Strong,
        (_, GroupKind::FiniteField) if bits >= 2048 => Rating::Acceptable,
        (_, GroupKind::FiniteField) => Rating::Weak,
        _ if name.starts_with("brainpool") && bits >= 256 => Rating::Acceptable,
        _ if !(name.starts_with("sec") || name.starts_with("brainpool")) => return None,
        _ if bits >= 224 => Rating::Legacy,
        _ => Rating::Weak,
    })
}

/// RFC 9155: no MD5, no SHA-1; RFC 8446 section 4.2.3 for the rest.
fn scheme(name: &str) -> Option<Rating> {
    if name == "rsa_md5_sha1" {
        return Some(Rating::Weak);
    }
    let scheme = Scheme::parse(name)?;
    Some(match (scheme.digest, scheme.key) {
        (Digest::Md5 | Digest::Md5Sha1, _) => Rating::Broken,
        (Digest::Sha1, _) | (_, CertificateKeyType::Dsa) => Rating::Weak,
        (Digest::Sha224, _) => Rating::Legacy,
        _ if scheme.key == CertificateKeyType::Rsa && !scheme.pss => Rating::Acceptable,
        _ => Rating::Strong,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guidelines_refuse_is_below_acceptable() {
        let of = |slot, name| rating(slot, name).unwrap();
        for name in [
            "TLS_RSA_WITH_RC4_128_SHA",
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
            "TLS_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
            "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256",
            "TLS_DH_anon_WITH_AES_128_GCM_SHA256",
        ] {
            assert!(of(Slot::CipherSuite, name) < Rating::Acceptable, "{name}");
        }
        for name in ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"] {
            assert_eq!(of(Slot::CipherSuite, name), Rating::Strong);
        }
        assert_eq!(of(Slot::CipherSuite, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"), Rating::Acceptable);
        assert!(
            of(Slot::Version, "TLSv1.1") < Rating::Acceptable && of(Slot::Version, "TLSv1.2") == Rating::Acceptable
        );
        assert_eq!(of(Slot::Group, "X25519MLKEM768"), Rating::PostQuantum);
        assert!(of(Slot::Group, "secp192r1") < Rating::Legacy && of(Slot::Group, "secp256k1") == Rating::Legacy);
        assert_eq!(of(Slot::Group, "ffdhe2048"), Rating::Acceptable);
        assert!(of(Slot::SignatureScheme, "rsa_pkcs1_sha1") < Rating::Acceptable);
        assert_eq!(rating(Slot::Group, "modp2048"), None, "that is IKE's");
    }
}
