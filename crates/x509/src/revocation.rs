//! Whether the certificates of a path are revoked, by the lists at hand: RFC 5280 section 6.3.

use jiff::Timestamp;
use shakedown_model::{CertificateProblem, Name};

use crate::fault::{day, span};
use crate::revocation_list::{HOLD, reason_name};
use crate::{Certificate, DistinguishedName, Path, Paths, PublicKey, Revocation, RevocationList, SignatureCheck};

/// A revocation list, and the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenList {
    /// The file, as it was named.
    pub file: String,
    /// The list.
    pub list: RevocationList,
}

/// The lists that somebody checks certificates against.
#[derive(Clone, Copy, Debug, Default)]
pub struct RevocationLists<'a> {
    /// The lists; several may be of one issuer.
    pub lists: &'a [GivenList],
    /// Whether the authorities' certificates are looked up too (OpenSSL's `-crl_check_all`).
    pub whole_path: bool,
    /// Whether a certificate is refused that cannot be looked up, as OpenSSL does once it is told to look.
    pub demanded: bool,
}

/// What is known of the revocation of one certificate of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationStatus {
    /// The certificate, by place in the path: 0 is the end's own.
    pub place: usize,
    /// Whose it is.
    pub subject: Name,
    /// Its issuer.
    pub issuer: Name,
    /// Where it says that lists are.
    pub fetch: Vec<Name>,
    /// What the lists say.
    pub status: ListStatus,
}

/// What lists say of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListStatus {
    /// A list that counts does not name it.
    Good {
        /// The list, by place.
        list: usize,
    },
    /// It is revoked.
    Revoked {
        /// The list, by place.
        list: usize,
        /// When and why.
        revocation: Revocation,
    },
    /// There is a list of its issuer, which does not tell.
    Unusable {
        /// The list, by place.
        list: usize,
        /// Why, as what follows "the list, which": `ended 3 days ago, on 2026-01-31`.
        why: String,
        /// Whether whoever goes by lists at all refuses it: it is over, not yet valid, or forged.
        is_wrong: bool,
    },
    /// None of the lists is its issuer's.
    Missing,
}

impl RevocationStatus {
    /// What the checker has against the certificate for it.
    pub(crate) fn problem(&self, given: &RevocationLists<'_>) -> Option<CertificateProblem> {
        match &self.status {
            ListStatus::Good { .. } => None,
            ListStatus::Revoked { revocation, .. } => {
                let reason = revocation.reason.and_then(reason_name).map(str::to_owned);
                Some(CertificateProblem::Revoked { at: revocation.at, reason })
            }
            ListStatus::Unusable { list, why, is_wrong } => {
                let counts = given.demanded || (*is_wrong && self.place == 0);
                let list = Name::new(&given.lists.get(*list)?.file);
                counts.then(|| CertificateProblem::ListUnusable { list, why: why.clone() })
            }
            ListStatus::Missing => given
                .demanded
                .then(|| CertificateProblem::ListMissing { issuer: self.issuer.clone(), fetch: self.fetch.clone() }),
        }
    }
}

/// The certificates of a path whose issuer is in it, each looked up.
pub(crate) fn along(
    paths: &Paths<'_>,
    path: &Path,
    given: &RevocationLists<'_>,
    now: Timestamp,
) -> Vec<RevocationStatus> {
    let mut found = Vec::new();
    if given.lists.is_empty() {
        return found;
    }
    for (place, link) in path.links.iter().enumerate() {
        let Some(certificate) = paths.certificate(link.node) else { break };
        let issuer = match path.links.get(place + 1) {
            Some(next) => paths.subject(next.node).map(|(name, key)| (name, key, paths.certificate(next.node))),
            // OpenSSL looks a root up in its own list; to others it stands above them.
            None if given.demanded && certificate.names_itself() => {
                Some((&certificate.subject, &certificate.key, Some(certificate)))
            }
            None => None,
        };
        let Some(issuer) = issuer else { break };
        found.push(RevocationStatus {
            place,
            subject: Name::from_escaped(&certificate.subject.to_string()),
            issuer: Name::from_escaped(&certificate.issuer.to_string()),
            fetch: certificate.extensions.crl.clone(),
            status: status(certificate, issuer, given.lists, now),
        });
        if !given.whole_path {
            break;
        }
    }
    found
}

type Issuer<'a> = (&'a DistinguishedName, &'a PublicKey, Option<&'a Certificate>);

fn status(certificate: &Certificate, issuer: Issuer<'_>, lists: &[GivenList], now: Timestamp) -> ListStatus {
    let mut missing = ListStatus::Missing;
    // Those that are the issuer's own and about this certificate, the newest first.
    let mut usable: Vec<(usize, &RevocationList)> = Vec::new();
    for (place, given) in lists.iter().enumerate().filter(|(_, given)| given.list.issuer.is_same(issuer.0)) {
        match fault(&given.list, certificate, issuer) {
            None => usable.push((place, &given.list)),
            Some((why, is_wrong)) => {
                let seen = matches!(missing, ListStatus::Unusable { is_wrong: true, .. });
                if !seen {
                    missing = ListStatus::Unusable { list: place, why, is_wrong };
                }
            }
        }
    }
    usable.sort_by_key(|(_, list)| std::cmp::Reverse(list.this_update));
    let revoked = |list: &RevocationList| list.entry(&certificate.serial);
    let mut partial = None;
    for &(place, list) in usable.iter().filter(|(_, list)| untimely(list, now).is_none()) {
        if let Some(revocation) = revoked(list) {
            return ListStatus::Revoked { list: place, revocation };
        }
        let why = match (list.is_delta, list.scope.some_reasons) {
            (true, _) => "holds only what has changed since another list",
            (_, true) => "holds only the certificates that were revoked for some reasons",
            _ => return ListStatus::Good { list: place },
        };
        partial.get_or_insert(ListStatus::Unusable { list: place, why: why.to_owned(), is_wrong: false });
    }
    if let Some(partial) = partial {
        return partial;
    }
    // A revocation stays, but for one on hold, so that a list that is over still tells it.
    let lasting = |(place, list): &(usize, &RevocationList)| {
        let revocation = revoked(list).filter(|one| one.reason != Some(HOLD) && list.this_update <= now)?;
        Some(ListStatus::Revoked { list: *place, revocation })
    };
    if let Some(found) = usable.iter().find_map(lasting) {
        return found;
    }
    match usable.first() {
        Some((place, list)) => {
            ListStatus::Unusable { list: *place, why: untimely(list, now).unwrap_or_default(), is_wrong: true }
        }
        None => missing,
    }
}

/// Why nobody may go by a list for this certificate, whatever the time; and whether the list is wrong in itself.
fn fault(list: &RevocationList, certificate: &Certificate, issuer: Issuer<'_>) -> Option<(String, bool)> {
    let (_, key, own) = issuer;
    let other = (list.authority_key_id.as_ref(), own.and_then(|own| own.extensions.subject_key_id.as_ref()));
    if let (Some(named), Some(own)) = other
        && named != own
    {
        return Some(("was made with another key of that authority".to_owned(), false));
    }
    match list.signature_by(key) {
        SignatureCheck::Verified => {}
        SignatureCheck::Wrong => return Some(("was not signed with its issuer's key".to_owned(), true)),
        SignatureCheck::Unchecked { reason } => {
            return Some((format!("has a signature that is not checked: {reason}"), false));
        }
    }
    if own.and_then(|own| own.extensions.key_usage).is_some_and(|usage| !usage.list_signing()) {
        return Some(("was signed with a key that may not sign lists (key usage)".to_owned(), true));
    }
    if let Some(oid) = &list.unknown {
        return Some((format!("has the critical extension {oid}, which is not read here"), false));
    }
    if list.scope.is_indirect {
        return Some(("is about other issuers too (an indirect list), which is not read here".to_owned(), false));
    }
    list.is_about(certificate).err().map(|why| (why, false))
}

/// Why a list does not count at this time, as what follows "the list, which": `ended 3 days ago, on 2026-01-31`; `None` where
/// it does.
pub fn untimely(list: &RevocationList, now: Timestamp) -> Option<String> {
    if now < list.this_update {
        let wait = span(list.this_update.as_second() - now.as_second());
        return Some(format!("begins in {wait}, on {}", day(list.this_update)));
    }
    let next = list.next_update.filter(|next| *next <= now)?;
    Some(format!("ended {} ago, on {}", span(now.as_second() - next.as_second()), day(next)))
}
