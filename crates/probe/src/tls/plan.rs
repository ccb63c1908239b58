//! Which suites, groups and schemes are asked for together.

use shakedown_handshake::tls::{HelloSpec, Suite};
use shakedown_model::tls::{CertificateKeyType, GroupKind, KeyExchange, Scheme, TlsVersion, group_kind};
use shakedown_wire::tls::number::version;

use super::Candidates;
use super::candidates::{Class, class};

/// The most suites in one hello: some servers refuse lists of 128 or more.
pub(crate) const MOST_SUITES: usize = 100;

/// How likely a healthy server has a suite: the lower, the likelier.
fn rank(suite: &Suite) -> u8 {
    let name = suite.name.as_str();
    let has = |part: &str| name.contains(part);
    let cipher = if has("_AES_") && has("_GCM_") {
        0
    } else if has("CHACHA20_POLY1305") {
        1
    } else if has("_AES_") && has("_CBC_") {
        2
    } else if has("CCM") || has("ARIA") || has("CAMELLIA") {
        4
    } else {
        5
    };
    let exchange = match suite.key_exchange {
        KeyExchange::Tls13 | KeyExchange::Ecdhe => 0,
        KeyExchange::Rsa => 2,
        KeyExchange::Dhe => 3,
        _ => 20,
    };
    cipher * 4 + exchange
}

/// The suites of a class up to a version, likeliest first.
pub(crate) fn suites(candidates: &Candidates, of: Class, highest: TlsVersion) -> Vec<u16> {
    let mut suites: Vec<&Suite> = candidates
        .suites
        .iter()
        .filter(|suite| !suite.is_tls13() && class(suite) == of && suite.lowest_version <= highest)
        .collect();
    suites.sort_by_key(|suite| rank(suite));
    suites.into_iter().map(|suite| suite.number).collect()
}

/// The suites of TLS 1.3.
pub(crate) fn tls13_suites(candidates: &Candidates) -> Vec<u16> {
    candidates.suites.iter().filter(|suite| suite.is_tls13()).map(|suite| suite.number).collect()
}

/// Suites that servers have or lack together, those first that are the likeliest. Within one, the chosen suite is taken
/// out until the server refuses; all are asked at the same time.
pub(crate) fn clusters(candidates: &Candidates, suites: &[u16]) -> Vec<Vec<u16>> {
    let mut clusters: Vec<(u8, Vec<u16>)> = Vec::new();
    for &number in suites {
        let Some(suite) = candidates.suites.iter().find(|suite| suite.number == number) else { continue };
        let key = match (suite.key_exchange, rank(suite) / 4) {
            (KeyExchange::Ecdhe, 0 | 1) => 0,
            (KeyExchange::Ecdhe, 2) => 1,
            (KeyExchange::Rsa, 0) => 2,
            (KeyExchange::Rsa, 2) => 3,
            (KeyExchange::Dhe, 0..=2) => 4,
            (KeyExchange::Ecdhe, 4) => 5,
            (KeyExchange::Rsa, 4) => 6,
            (KeyExchange::Dhe, 4) => 7,
            _ => 8,
        };
        match clusters.iter_mut().find(|(known, list)| *known == key && list.len() < MOST_SUITES) {
            Some((_, list)) => list.push(number),
            None => clusters.push((key, vec![number])),
        }
    }
    clusters.sort_by_key(|(key, _)| *key);
    clusters.into_iter().map(|(_, list)| list).collect()
}

/// Groups that servers have or lack together, for TLS 1.3.
pub(crate) fn group_families(candidates: &Candidates, known: &[u16]) -> Vec<Vec<u16>> {
    let mut families: [Vec<u16>; 4] = Default::default();
    for group in &candidates.groups {
        if known.contains(&group.number) {
            continue;
        }
        let family = match group_kind(&group.name) {
            GroupKind::EllipticCurve if is_usual(group.number) => 0,
            GroupKind::FiniteField => 1,
            GroupKind::Encapsulation => 2,
            GroupKind::EllipticCurve => 3,
        };
        if let Some(list) = families.get_mut(family) {
            list.push(group.number);
        }
    }
    families.into_iter().filter(|family| !family.is_empty()).collect()
}

/// x25519, x448 and NIST's curves: the only elliptic curves of RFC 8446.
pub(crate) fn is_usual(group: u16) -> bool {
    matches!(group, 0x0017..=0x0019 | 0x001d | 0x001e)
}

/// The groups that a client of TLS 1.2 names: elliptic curves. A server that knows RFC 7919 would hold a client to the
/// prime fields that it names.
pub(crate) fn curves(candidates: &Candidates) -> Vec<u16> {
    let mut curves: Vec<u16> = candidates
        .groups
        .iter()
        .filter(|group| group_kind(&group.name) == GroupKind::EllipticCurve)
        .map(|group| group.number)
        .collect();
    curves.sort_by_key(|&group| !is_usual(group));
    curves
}

/// Schemes by the certificates that they fit.
pub(crate) fn schemes(candidates: &Candidates, fits: impl Fn(CertificateKeyType) -> bool) -> Vec<u16> {
    candidates
        .schemes
        .iter()
        .filter(|scheme| Scheme::parse(&scheme.name).is_some_and(|read| fits(read.key)))
        .map(|scheme| scheme.number)
        .collect()
}

/// All schemes.
pub(crate) fn all_schemes(candidates: &Candidates) -> Vec<u16> {
    candidates.schemes.iter().map(|scheme| scheme.number).collect()
}

/// The list with the element at this place first: where the client's order decides, a server shows by and by all that
/// it accepts, at no cost.
pub(crate) fn rotated(list: &[u16], by: usize) -> Vec<u16> {
    let mut list = list.to_vec();
    if !list.is_empty() {
        let length = list.len();
        list.rotate_left(by % length);
    }
    list
}

/// A hello of this version and below.
pub(crate) fn hello(base: &HelloSpec, highest: u16, suites: Vec<u16>) -> HelloSpec {
    HelloSpec {
        versions: vec![highest],
        cipher_suites: suites,
        has_extensions: highest > version::SSL3,
        ..base.clone()
    }
}

/// Whether few servers have such a suite: CCM, ARIA and Camellia, and all that is older or weaker.
pub(crate) fn is_rare(candidates: &Candidates, number: u16) -> bool {
    candidates.suites.iter().any(|suite| suite.number == number && !suite.is_tls13() && rank(suite) / 4 >= 4)
}

/// Whether healthy servers have such a suite: ECDHE with AES-GCM or ChaCha20.
pub(crate) fn is_modern(candidates: &Candidates, number: u16) -> bool {
    let fits = |suite: &Suite| suite.key_exchange == KeyExchange::Ecdhe && rank(suite) / 4 <= 1;
    candidates.suites.iter().any(|suite| suite.number == number && fits(suite))
}
