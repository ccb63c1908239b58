use crate::Hash;

/// What a key exchange method computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodInfo {
    /// The name as on the wire.
    pub name: &'static str,
    /// The hash over the exchange.
    pub hash: Hash,
    /// What the public values are.
    pub family: Family,
    /// The specification.
    pub source: &'static str,
}

impl MethodInfo {
    /// Whether a client's shared secret can be computed here (a server's always can), so that the host key's signature can be verified.
    pub fn derives(&self) -> bool {
        !matches!(self.family, Family::Hybrid { kem: Kem::Sntrup761, .. })
    }
}

/// What the public values of a method are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A point of an elliptic curve from each end, RFC 5656 and RFC 8731.
    Ecdh {
        /// The curve.
        curve: Curve,
    },
    /// A number from each end, in a group that the name says, RFC 4253 section 8.
    FiniteField {
        /// The group's number, RFC 3526.
        group: u8,
    },
    /// A number from each end, in a group that the server chooses, RFC 4419.
    GroupExchange,
    /// A key encapsulation beside an elliptic curve.
    Hybrid {
        /// The encapsulation.
        kem: Kem,
        /// The curve.
        curve: Curve,
    },
}

/// Elliptic curves for key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Curve25519, RFC 7748.
    X25519,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

/// Key encapsulation mechanisms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kem {
    /// ML-KEM-768, FIPS 203.
    MlKem768,
    /// ML-KEM-1024, FIPS 203.
    MlKem1024,
    /// Streamlined NTRU Prime 761. As a client a fixed public key is sent, and the reply's secret is not derived.
    Sntrup761,
}

/// The method of that name; `None` where it is not implemented.
pub fn method(name: &str) -> Option<MethodInfo> {
    METHODS.iter().find(|method| method.name == name).copied()
}

/// All methods that are implemented, those whose signature can be verified first, the cheapest and smallest among these
/// first.
pub fn methods() -> &'static [MethodInfo] {
    &METHODS
}

const fn row(name: &'static str, hash: Hash, family: Family, source: &'static str) -> MethodInfo {
    MethodInfo { name, hash, family, source }
}

const fn field(group: u8) -> Family {
    Family::FiniteField { group }
}

static METHODS: [MethodInfo; 27] = [
    row("curve25519-sha256", Hash::Sha256, Family::Ecdh { curve: Curve::X25519 }, "RFC 8731"),
    row("curve25519-sha256@libssh.org", Hash::Sha256, Family::Ecdh { curve: Curve::X25519 }, "RFC 8731"),
    row("ecdh-sha2-nistp256", Hash::Sha256, Family::Ecdh { curve: Curve::P256 }, "RFC 5656"),
    row("ecdh-sha2-nistp384", Hash::Sha384, Family::Ecdh { curve: Curve::P384 }, "RFC 5656"),
    row("ecdh-sha2-nistp521", Hash::Sha512, Family::Ecdh { curve: Curve::P521 }, "RFC 5656"),
    row(
        "mlkem768x25519-sha256",
        Hash::Sha256,
        Family::Hybrid { kem: Kem::MlKem768, curve: Curve::X25519 },
        "draft-ietf-sshm-mlkem-hybrid-kex",
    ),
    row(
        "mlkem768nistp256-sha256",
        Hash::Sha256,
        Family::Hybrid { kem: Kem::MlKem768, curve: Curve::P256 },
        "draft-ietf-sshm-mlkem-hybrid-kex",
    ),
    row(
        "mlkem1024nistp384-sha384",
        Hash::Sha384,
        Family::Hybrid { kem: Kem::MlKem1024, curve: Curve::P384 },
        "draft-ietf-sshm-mlkem-hybrid-kex",
    ),
    row("diffie-hellman-group14-sha256", Hash::Sha256, field(14), "RFC 8268"),
    row("diffie-hellman-group14-sha256@ssh.com", Hash::Sha256, field(14), "RFC 4253 section 8, name by ssh.com"),
    row("diffie-hellman-group15-sha512", Hash::Sha512, field(15), "RFC 8268"),
    row("diffie-hellman-group15-sha256", Hash::Sha256, field(15), "RFC 4253 section 8, name outside the registry"),
    row("diffie-hellman-group15-sha256@ssh.com", Hash::Sha256, field(15), "RFC 4253 section 8, name by ssh.com"),
    row("diffie-hellman-group15-sha384@ssh.com", Hash::Sha384, field(15), "RFC 4253 section 8, name by ssh.com"),
    row("diffie-hellman-group16-sha512", Hash::Sha512, field(16), "RFC 8268"),
    row("diffie-hellman-group16-sha256", Hash::Sha256, field(16), "RFC 4253 section 8, name outside the registry"),
    row("diffie-hellman-group16-sha384@ssh.com", Hash::Sha384, field(16), "RFC 4253 section 8, name by ssh.com"),
    row("diffie-hellman-group16-sha512@ssh.com", Hash::Sha512, field(16), "RFC 4253 section 8, name by ssh.com"),
    row("diffie-hellman-group17-sha512", Hash::Sha512, field(17), "RFC 8268"),
    row("diffie-hellman-group18-sha512", Hash::Sha512, field(18), "RFC 8268"),
    row("diffie-hellman-group18-sha512@ssh.com", Hash::Sha512, field(18), "RFC 4253 section 8, name by ssh.com"),
    row("diffie-hellman-group-exchange-sha256", Hash::Sha256, Family::GroupExchange, "RFC 4419"),
    row("diffie-hellman-group14-sha1", Hash::Sha1, field(14), "RFC 4253 section 8.2"),
    row("diffie-hellman-group-exchange-sha1", Hash::Sha1, Family::GroupExchange, "RFC 4419"),
    row("diffie-hellman-group1-sha1", Hash::Sha1, field(1), "RFC 4253 section 8.1"),
    row(
        "sntrup761x25519-sha512",
        Hash::Sha512,
        Family::Hybrid { kem: Kem::Sntrup761, curve: Curve::X25519 },
        "draft-ietf-sshm-ntruprime-ssh",
    ),
    row(
        "sntrup761x25519-sha512@openssh.com",
        Hash::Sha512,
        Family::Hybrid { kem: Kem::Sntrup761, curve: Curve::X25519 },
        "draft-ietf-sshm-ntruprime-ssh",
    ),
];
