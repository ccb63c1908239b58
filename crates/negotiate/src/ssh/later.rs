//! The stages after the choice: the size of the group exchange's group, and the host key itself.

use shakedown_model::ssh::{HostKey, SignatureCheck, key_type_of, plain_key_type};
use shakedown_model::{Context, FailureKind, Item, Known, Name, Role, Slot, StageResult};

use super::ends::Ends;
use super::known_host::{Verdict, verdict};

/// What became of a later stage, and why.
pub(crate) struct Later {
    pub(crate) result: StageResult,
    pub(crate) failure: Option<FailureKind>,
    pub(crate) rule: String,
}

impl Later {
    fn agreed(rule: impl Into<String>) -> Self {
        Self { result: StageResult::Agreed, failure: None, rule: rule.into() }
    }

    fn failed(failure: FailureKind, rule: impl Into<String>) -> Self {
        Self { result: StageResult::Failed, failure: Some(failure), rule: rule.into() }
    }

    fn unknown(what_would_decide: &str, rule: impl Into<String>) -> Self {
        let result = StageResult::Unknown { what_would_decide: what_would_decide.into() };
        Self { result, failure: None, rule: rule.into() }
    }
}

/// Group sizes of OpenSSH's `dh_new_group_fallback`, used where its moduli file has nothing that fits, in bits.
const OPENSSH_FALLBACK: [u32; 3] = [2048, 4096, 8192];

/// The range that RFC 4419 section 3 wants every end to support, in bits.
const RFC_RANGE: (u32, u32) = (1024, 8192);

/// Whether the group exchange finds a group. `None` where the method is not a group exchange.
pub(crate) fn gex(ends: &Ends<'_>, kex: Option<&Name>) -> Option<Later> {
    kex.filter(|name| name.as_str().starts_with("diffie-hellman-group-exchange-"))?;
    let request = ends.client.offer.gex_request;
    let (minimum, maximum) = request.map_or(RFC_RANGE, |request| (request.minimum, request.maximum));
    let fits = |sizes: &[u32]| sizes.iter().any(|bits| (minimum..=maximum).contains(bits));
    let range = format!("the client asks for {minimum} to {maximum} bits (RFC 4419 section 3)");
    Some(match &ends.server.offer.gex_sizes {
        Known::Complete(sizes) if fits(sizes) => Later::agreed(range),
        Known::Complete(_) if request.is_none() => {
            Later::unknown("the group sizes that the client asks for", "the client's range is not known")
        }
        Known::Complete(sizes) => {
            Later::failed(FailureKind::OutOfRange { minimum, maximum, available: sizes.clone() }, range)
        }
        Known::Partial { accepted, .. } if fits(accepted) => Later::agreed(range),
        Known::Partial { .. } | Known::Unknown => {
            let identification = ends.server.offer.identification.as_ref();
            let openssh = identification.is_some_and(|name| name.as_str().contains("OpenSSH"));
            if fits(&OPENSSH_FALLBACK) {
                Later::agreed(format!("{range}, and servers have a group of that size"))
            } else if openssh {
                let available = OPENSSH_FALLBACK.to_vec();
                Later::failed(FailureKind::OutOfRange { minimum, maximum, available }, range)
            } else {
                Later::unknown(
                    "the group sizes that the server has, which a probe with the client's range shows",
                    range,
                )
            }
        }
    })
}

/// Whether the client takes the server's host key. `None` where nothing is known to judge by.
pub(crate) fn host_key(ends: &Ends<'_>, algorithm: Option<&Name>, context: &Context) -> Option<Later> {
    let algorithm = algorithm?.as_str();
    let keys = ends.server.offer.host_keys.accepted()?;
    let key = keys.iter().find(|key| key.key_type == *key_type_of(algorithm) || key.key_type == *algorithm)?;
    too_small(ends, key)
        .or_else(|| wrong_signature(key))
        .or_else(|| known(ends, key, context))
        .or_else(|| large_enough(ends, key))
}

fn is_rsa(key: &HostKey) -> bool {
    key.key_type.as_str().starts_with("ssh-rsa")
}

fn too_small(ends: &Ends<'_>, key: &HostKey) -> Option<Later> {
    let (bits, minimum) = (key.bits?, ends.client.offer.min_rsa_bits?);
    (is_rsa(key) && bits < minimum).then(|| {
        let failure = FailureKind::TooSmall { bits, minimum, demanded_by: Role::Client };
        Later::failed(failure, format!("the client takes no RSA key below {minimum} bits (OpenSSH: RequiredRSASize)"))
    })
}

fn large_enough(ends: &Ends<'_>, key: &HostKey) -> Option<Later> {
    key.bits?;
    ends.client.offer.min_rsa_bits?;
    Some(Later::agreed("the host key is large enough for the client"))
}

fn wrong_signature(key: &HostKey) -> Option<Later> {
    (key.signature == SignatureCheck::Wrong).then(|| {
        let what = "its signature over the exchange hash does not fit its host key".to_owned();
        let rule = "the signature over the exchange hash must verify (RFC 4253 section 8)";
        Later::failed(FailureKind::Deviation { by: Role::Server, what }, rule)
    })
}

/// Compares with what the client knows of the host, RFC 4251 section 4.1.
fn known(ends: &Ends<'_>, key: &HostKey, context: &Context) -> Option<Later> {
    let fingerprint = key.fingerprint.as_deref()?;
    let authority = key.certificate_authority.as_deref();
    let openssh = ends.client.offer.identification.as_ref().is_some_and(|name| name.as_str().contains("OpenSSH"));
    match verdict(&key.key_type, fingerprint, authority, context, openssh) {
        Verdict::Revoked(_) => {
            Some(Later::failed(FailureKind::RevokedKey, "the client knows this host key as revoked"))
        }
        Verdict::Known => Some(Later::agreed("the client knows this host key")),
        Verdict::KnownAuthority => {
            Some(Later::agreed("the client trusts the authority that signed this host certificate"))
        }
        Verdict::Changed(entry) => {
            let rule = if entry.key_type.as_str() == plain_key_type(key.key_type.as_str()) {
                "the client knows another host key of this type"
            } else {
                "the client knows this host by a key of another type (OpenSSH: sshconnect.c check_host_key)"
            };
            Some(Later::failed(FailureKind::NotTheKnownKey, rule))
        }
        Verdict::Unknown => (context.strict_host_keys == Some(true)).then(|| {
            let rule = "the client refuses host keys that it does not know (OpenSSH: StrictHostKeyChecking)";
            Later::failed(FailureKind::NoKnownKey, rule)
        }),
    }
}

/// The element of an end's list, with its origin.
pub(crate) fn item(ends: &Ends<'_>, role: Role, slot: Slot, name: &Name) -> Vec<Item> {
    let list = ends.end(role).offer.list(slot).accepted();
    list.into_iter().flatten().filter(|item| item.name == *name).take(1).cloned().collect()
}
