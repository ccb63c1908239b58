use jiff::Timestamp;
use shakedown_model::Name;

use crate::oid::purpose_name;
use crate::{Digest, DistinguishedName, GeneralName, KeyKind, Oid};

/// Why a link of a path may be refused. Faults are facts; which of them a client refuses, its [`crate::Rules`] say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its last second is over.
    Expired {
        /// The last second.
        not_after: Timestamp,
        /// For how long it has been over, in seconds.
        seconds: i64,
    },
    /// Its first second is still to come.
    NotYetValid {
        /// The first second.
        not_before: Timestamp,
        /// In how long, in seconds.
        seconds: i64,
    },
    /// It ends before it begins.
    NeverValid,
    /// Its signature was not made with the next certificate's key.
    WrongSignature,
    /// Its signature cannot be checked here.
    UncheckedSignature {
        /// Why.
        reason: String,
    },
    /// The algorithm of its signature stands within it in another form than outside (RFC 5280 section 4.1.1.2).
    AlgorithmsDiffer,
    /// Its signature was made with a hash for which collisions can be made.
    WeakDigest {
        /// Which.
        digest: Digest,
    },
    /// Its signature was made in a way that few clients know.
    RareSignature {
        /// The algorithm, with the kind of key.
        algorithm: String,
    },
    /// Its key is of a kind that few clients know: explicit curves, curves outside of TLS, DSA.
    RareKey {
        /// The kind.
        kind: KeyKind,
    },
    /// Its key has few bits: RSA and DSA below 2048, elliptic curves below 256.
    SmallKey {
        /// The kind.
        kind: KeyKind,
        /// The size in bits.
        bits: u32,
    },
    /// Its RSA key has more than 8192 bits, which many clients do not compute with.
    LargeKey {
        /// The size in bits.
        bits: u32,
    },
    /// Who signed it is not among the certificates at hand, nor trusted.
    IssuerNotFound {
        /// Who signed it.
        issuer: DistinguishedName,
        /// The issuer's key, as it calls it.
        key_id: Option<Vec<u8>>,
        /// Where the issuer's certificate can be fetched, as it says (RFC 5280 section 4.2.2.1).
        fetch: Vec<Name>,
        /// Whether there is a certificate of that name with another key.
        other_key: bool,
    },
    /// It is a root, and it is not trusted.
    UntrustedRoot,
    /// It is the end's own certificate, it signed itself, and it is not trusted.
    SelfSigned,
    /// It is trusted, but no root: clients that want a whole path go on from here.
    AnchorIsNoRoot,
    /// It is used as an authority's, and is not one.
    NotAnAuthority {
        /// Whether it has basic constraints, which then say so.
        says_so: bool,
        /// Whether its key usage lets it sign certificates all the same.
        may_sign: bool,
    },
    /// Its key may not sign certificates (key usage).
    MayNotSign,
    /// There are more authorities below it than it allows.
    PathLength {
        /// How many it allows.
        allowed: u32,
        /// How many there are, without those whose issuer has their own name (RFC 5280 section 6.1.4 (l)).
        found: usize,
        /// How many there are, with those.
        all: usize,
    },
    /// It is for other purposes (extended key usage).
    Purpose {
        /// The purpose wanted.
        wanted: Purpose,
        /// What it is for.
        found: Vec<Oid>,
    },
    /// Its key may not sign a handshake (key usage), as all key exchanges but static RSA need.
    MayNotSignHandshakes {
        /// Whether it may encrypt keys, which static RSA needs.
        may_encrypt: bool,
    },
    /// It is the end's own certificate, and an authority's.
    AuthorityAsEnd,
    /// One of its names lies where an authority above it must not reach.
    NameConstraint {
        /// The name.
        name: GeneralName,
        /// Which authority's constraint, by place in the path.
        by: usize,
        /// Whether it lies in an excluded part; else it lies outside of all permitted ones.
        excluded: bool,
    },
    /// An authority above it constrains names of a form that is not compared here and that some clients refuse.
    UnknownConstraint {
        /// The form's number, RFC 5280 section 4.2.1.6.
        form: u8,
        /// Which authority's constraint, by place in the path.
        by: usize,
    },
    /// It has a critical extension that not everybody knows.
    CriticalExtension {
        /// Which.
        oid: Oid,
    },
    /// It is of version 1 or 2, which has no extensions.
    OldVersion {
        /// 1 or 2; another number is no version at all.
        version: u32,
    },
    /// It has unique identifiers, which some clients do not read.
    UniqueIdentifiers,
    /// Something in it is broken.
    Malformed {
        /// The field.
        field: String,
        /// The byte.
        offset: usize,
        /// What is wrong.
        what: String,
    },
    /// An extension stands there twice.
    ExtensionTwice {
        /// Which, by its name in RFC 5280.
        extension: String,
    },
    /// Its issuer's name and the issuer's own differ in case, blanks or string type.
    NameEncoding,
    /// It has more bytes than some clients read.
    LargeCertificate {
        /// Its size.
        bytes: usize,
    },
    /// The path has more authorities than the client follows. It stands at the end's own certificate.
    TooLong {
        /// How many there are.
        authorities: usize,
    },
}

/// What a certificate is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A server proves itself.
    Server,
    /// A client proves itself.
    Client,
    /// Anything.
    Any,
}

impl Purpose {
    pub(crate) fn oid(self) -> Option<&'static [u8]> {
        match self {
            Self::Server => Some(crate::oid::purpose::SERVER_AUTH),
            Self::Client => Some(crate::oid::purpose::CLIENT_AUTH),
            Self::Any => None,
        }
    }
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Server => "serverAuth",
            Self::Client => "clientAuth",
            Self::Any => "anything",
        })
    }
}

impl std::fmt::Display for Fault {
    /// In a few words, lower case, without full stop.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expired { not_after, seconds } => write!(f, "expired {} ago, on {}", span(*seconds), day(*not_after)),
            Self::NotYetValid { not_before, seconds } => {
                write!(f, "begins in {}, on {}", span(*seconds), day(*not_before))
            }
            Self::NeverValid => f.write_str("ends before it begins"),
            Self::WrongSignature => f.write_str("its signature was not made with its issuer's key"),
            Self::UncheckedSignature { reason } => write!(f, "its signature is not checked: {reason}"),
            Self::AlgorithmsDiffer => f.write_str("names two signature algorithms"),
            Self::WeakDigest { digest } => write!(f, "signed with {digest}"),
            Self::RareSignature { algorithm } => write!(f, "signed with {algorithm}, which few clients know"),
            Self::RareKey { kind } => write!(f, "has a key of {kind}, which few clients know"),
            Self::SmallKey { kind, .. } => write!(f, "has a small key: {kind}"),
            Self::LargeKey { bits } => write!(f, "has an RSA key of {bits} bits"),
            Self::IssuerNotFound { issuer, other_key: false, .. } => write!(f, "its issuer is missing: {issuer}"),
            Self::IssuerNotFound { issuer, .. } => {
                write!(f, "its issuer is missing, and another key has its name: {issuer}")
            }
            Self::UntrustedRoot => f.write_str("a root that is not trusted"),
            Self::SelfSigned => f.write_str("signed by itself, and not trusted"),
            Self::AnchorIsNoRoot => f.write_str("trusted, but no root"),
            Self::NotAnAuthority { says_so: true, .. } => f.write_str("says that it is no authority"),
            Self::NotAnAuthority { .. } => f.write_str("does not say that it is an authority"),
            Self::MayNotSign => f.write_str("its key may not sign certificates"),
            Self::PathLength { allowed, all, .. } => {
                write!(f, "allows {allowed} authorities below it, and there are {all}")
            }
            Self::Purpose { wanted, found } => {
                let found: Vec<String> = found.iter().take(8).map(purpose_name).collect();
                write!(
                    f,
                    "is for {}, not for {wanted}",
                    if found.is_empty() { "nothing".into() } else { found.join(", ") }
                )
            }
            Self::MayNotSignHandshakes { .. } => f.write_str("its key may not sign handshakes"),
            Self::AuthorityAsEnd => f.write_str("is an authority's"),
            Self::NameConstraint { name, excluded: true, .. } => write!(f, "{name} is excluded by an authority above"),
            Self::NameConstraint { name, .. } => write!(f, "{name} is not permitted by an authority above"),
            Self::UnknownConstraint { form, .. } => write!(f, "an authority above constrains names of form {form}"),
            Self::CriticalExtension { oid } => write!(f, "has the critical extension {oid}"),
            Self::OldVersion { version } => write!(f, "is of version {version}"),
            Self::UniqueIdentifiers => f.write_str("has unique identifiers"),
            Self::Malformed { field, offset, what } => write!(f, "{field} at byte {offset}: {what}"),
            Self::ExtensionTwice { extension } => write!(f, "has {extension} twice"),
            Self::NameEncoding => f.write_str("writes its issuer's name in another way than the issuer"),
            Self::LargeCertificate { bytes } => write!(f, "has {bytes} bytes"),
            Self::TooLong { authorities } => write!(f, "{authorities} authorities above it"),
        }
    }
}

/// `2026-01-31`.
pub(crate) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// A length of time in the unit that fits: `3 days`.
pub(crate) fn span(seconds: i64) -> String {
    const DAY: i64 = 86_400;
    let (number, unit) = match seconds {
        ..=119 => (seconds, "second"),
        120..=7199 => (seconds / 60, "minute"),
        7200..=172_799 => (seconds / 3600, "hour"),
        _ => (seconds / DAY, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}
