use jiff::Timestamp;

use crate::Name;

/// What whoever checks a certificate has against it. The party that shows it is the evidence's subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFinding {
    /// What.
    pub problem: CertificateProblem,
    /// The certificate's subject, as people write it: `CN = www.example.org`.
    pub subject: Name,
    /// Where it stands: 0 is the party's own, then its issuer and so on.
    pub place: usize,
    /// Whether it is the one that the other party trusts, which then has it itself.
    pub is_anchor: bool,
    /// SHA-256 over it, in lower-case hexadecimal; empty where there is no whole certificate.
    pub fingerprint: String,
}

/// What can be wrong with a certificate or its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateProblem {
    /// Its last second is over.
    Expired {
        /// The last second.
        not_after: Timestamp,
        /// The time judged by.
        now: Timestamp,
    },
    /// Its first second is still to come.
    NotYetValid {
        /// The first second.
        not_before: Timestamp,
        /// The time judged by.
        now: Timestamp,
    },
    /// It is the party's own, signed by itself, and not trusted.
    SelfSigned,
    /// It is a root that is not trusted.
    UntrustedRoot,
    /// Who signed it is neither sent nor trusted.
    IssuerMissing {
        /// Who signed it.
        issuer: Name,
        /// Where the issuer's certificate can be fetched, as it says (RFC 5280 section 4.2.2.1).
        fetch: Vec<Name>,
        /// How many certificates were sent beside the party's own.
        sent: usize,
        /// Whether a certificate of that name is at hand, with another key.
        other_key: bool,
    },
    /// Its signature was not made by the issuer that it names.
    WrongSignature {
        /// The issuer that it names.
        issuer: Name,
    },
    /// It is for other names.
    OtherName {
        /// The name wanted.
        wanted: Name,
        /// Why none is it, in one sentence without a full stop.
        why: String,
        /// The names that it is for, the first few.
        names: Vec<Name>,
        /// How many names there are.
        total: usize,
        /// The one that comes nearest.
        nearest: Option<Name>,
    },
    /// It may not be used for this: extended key usage, key usage, basic constraints, path length.
    Purpose {
        /// In one sentence without a full stop, of which the certificate is the subject: `is for clientAuth only`.
        what: String,
    },
    /// It is signed with a hash that is refused.
    WeakDigest {
        /// The hash.
        digest: Name,
    },
    /// Its key is smaller than is accepted.
    SmallKey {
        /// The kind of key.
        key: Name,
        /// Its size in bits.
        bits: u32,
        /// The smallest accepted.
        minimum: u32,
    },
    /// A rule beside the ordinary ones: name constraints, a critical extension, a version.
    Policy {
        /// In one sentence without a full stop, of which the certificate is the subject.
        what: String,
    },
    /// Its issuer has revoked it.
    Revoked {
        /// When.
        at: Timestamp,
        /// Why, where the issuer says so.
        reason: Option<String>,
    },
    /// It demands a stapled OCSP response (RFC 7633), and none was sent.
    StapleMissing,
    /// A stapled OCSP response was sent that cannot be used.
    StapleUnusable {
        /// Why, in one sentence without a full stop.
        why: String,
    },
    /// The revocation list of its issuer, which the other party has, does not tell whether it is revoked.
    ListUnusable {
        /// The list's file.
        list: Name,
        /// Why, as what follows "the list, which": `ended 3 days ago, on 2026-01-31`.
        why: String,
    },
    /// The other party refuses what it cannot look up, and has no revocation list of its issuer.
    ListMissing {
        /// Its issuer.
        issuer: Name,
        /// Where the list can be fetched, as it says (RFC 5280 section 4.2.1.13).
        fetch: Vec<Name>,
    },
}

impl CertificateProblem {
    /// The name in JSON: `expired`, `issuer-missing`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::SelfSigned => "self-signed",
            Self::UntrustedRoot => "untrusted-root",
            Self::IssuerMissing { .. } => "issuer-missing",
            Self::WrongSignature { .. } => "wrong-signature",
            Self::OtherName { .. } => "other-name",
            Self::Purpose { .. } => "purpose",
            Self::WeakDigest { .. } => "weak-digest",
            Self::SmallKey { .. } => "small-key",
            Self::Policy { .. } => "policy",
            Self::Revoked { .. } => "revoked",
            Self::StapleMissing => "staple-missing",
            Self::StapleUnusable { .. } => "staple-unusable",
            Self::ListUnusable { .. } => "list-unusable",
            Self::ListMissing { .. } => "list-missing",
        }
    }
}

impl std::fmt::Display for CertificateProblem {
    /// What follows "the certificate ...", lower case, no full stop.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted = |name: &Name| format!("`{}`", name.as_str().replace('`', "'"));
        match self {
            Self::Expired { not_after, now } => {
                write!(f, "expired {} ago, on {}", span(now.as_second() - not_after.as_second()), day(*not_after))
            }
            Self::NotYetValid { not_before, now } => {
                let wait = span(not_before.as_second() - now.as_second());
                write!(f, "is not valid before {}, in {wait}", day(*not_before))
            }
            Self::SelfSigned => f.write_str("is signed by itself, and not trusted"),
            Self::UntrustedRoot => f.write_str("is a root that is not trusted"),
            Self::IssuerMissing { issuer, other_key: false, .. } => {
                write!(f, "was issued by {}, which is neither sent nor trusted", quoted(issuer))
            }
            Self::IssuerMissing { issuer, .. } => {
                write!(f, "was issued by {}, of which only another key is at hand", quoted(issuer))
            }
            Self::WrongSignature { issuer } => {
                write!(f, "names {} as its issuer, whose key did not sign it", quoted(issuer))
            }
            Self::OtherName { wanted, why, .. } => write!(f, "is not for {}: {why}", quoted(wanted)),
            Self::Purpose { what } | Self::Policy { what } => f.write_str(what),
            Self::WeakDigest { digest } => write!(f, "is signed with {digest}"),
            Self::SmallKey { key, bits, minimum } => {
                write!(f, "has a key of {key} with {bits} bits, and none below {minimum} is accepted")
            }
            Self::Revoked { at, reason: Some(reason) } => write!(f, "was revoked on {} ({reason})", day(*at)),
            Self::Revoked { at, reason: None } => write!(f, "was revoked on {}", day(*at)),
            Self::StapleMissing => f.write_str("demands a stapled OCSP response, and none was sent"),
            Self::StapleUnusable { why } => write!(f, "came with an OCSP response that cannot be used: {why}"),
            Self::ListUnusable { list, why } => {
                write!(f, "cannot be looked up in the revocation list {}, which {why}", quoted(list))
            }
            Self::ListMissing { issuer, .. } => {
                write!(f, "was issued by {}, of which there is no revocation list", quoted(issuer))
            }
        }
    }
}

/// `2026-01-31`.
fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// A length of time in the unit that fits: `3 days`.
fn span(seconds: i64) -> String {
    let (number, unit) = match seconds {
        ..=119 => (seconds, "second"),
        120..=7199 => (seconds / 60, "minute"),
        7200..=172_799 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}
