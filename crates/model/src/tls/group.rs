/// What a group is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupKind {
    /// An elliptic curve.
    EllipticCurve,
    /// A prime field (RFC 7919).
    FiniteField,
    /// A key encapsulation mechanism, alone or beside a curve.
    Encapsulation,
}

/// What a group is made of, by its IANA name.
pub fn group_kind(name: &str) -> GroupKind {
    if name.starts_with("ffdhe") {
        GroupKind::FiniteField
    } else if is_post_quantum_group(name) {
        GroupKind::Encapsulation
    } else {
        GroupKind::EllipticCurve
    }
}

/// Whether a quantum computer does not break it, as far as is known.
pub fn is_post_quantum_group(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("mlkem") || name.contains("kyber") || name.contains("frodo")
}

/// The size of a group in bits, as its name tells: that of the curve's field or of the prime. `None` for those that are no
/// plain curve or field.
pub fn group_bits(name: &str) -> Option<u32> {
    match name {
        "x25519" => return Some(255),
        "x448" => return Some(448),
        _ => {}
    }
    if group_kind(name) == GroupKind::Encapsulation {
        return None;
    }
    let digits: String = name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kind_and_size() {
        assert_eq!((group_kind("secp384r1"), group_bits("secp384r1")), (GroupKind::EllipticCurve, Some(384)));
        assert_eq!((group_kind("ffdhe3072"), group_bits("ffdhe3072")), (GroupKind::FiniteField, Some(3072)));
        assert_eq!((group_kind("X25519MLKEM768"), group_bits("X25519MLKEM768")), (GroupKind::Encapsulation, None));
        assert_eq!(group_bits("x25519"), Some(255));
        assert_eq!(group_bits("brainpoolP256r1"), Some(256));
    }
}
