//! Switching on what a version has and the settings leave off, until the two ends agree.

use std::cmp::Reverse;

use shakedown_model::tls::{
    Authentication, CertificateKeyType, GroupKind, Scheme, Suite, TlsVersion, group_kind, is_tls13_suite,
};
use shakedown_model::{FailedSlot, Name, Outcome, OutcomeResult, Party, Role, Slot, Stage};

use super::delta::{Changed, Delta, change, offers, sound};
use super::rating::{rating, weaknesses};
use super::syntax;
use crate::plan::PlanInput;

/// Ends that agree, and what was added to each.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) client: (Delta, Changed),
    pub(super) server: (Delta, Changed),
    pub(super) outcome: Outcome,
    /// Whether an end has what it is to switch on is not known of its software.
    pub(super) unsure: bool,
}

impl Found {
    /// Whether anything below acceptable is added, or a security level lowered.
    pub(super) fn weakens(&self) -> bool {
        [&self.client, &self.server].into_iter().any(|(delta, changed)| weak(delta, changed))
    }

    pub(super) fn of(&self, role: Role) -> &(Delta, Changed) {
        if role == Role::Client { &self.client } else { &self.server }
    }
}

pub(super) fn weak(delta: &Delta, changed: &Changed) -> bool {
    changed.level.is_some() || delta.names.iter().any(|(slot, name)| !sound(*slot, name))
}

/// One addition under trial.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(Role, Slot, Name),
    Level(Role, u8),
    /// Only versions that are sound.
    Current(Role),
}

/// How many additions are tried for one fix.
const MOST: usize = 24;

/// The additions on these roles that make the two ends agree.
pub(super) fn search(input: &PlanInput<'_>, roles: &[Role]) -> Option<Found> {
    let mut tried: Vec<Step> = Vec::new();
    let mut found = at(input, Delta::default(), Delta::default())?;
    for _ in 0..MOST {
        if found.outcome.failed.is_empty() {
            return Some(pruned(input, found));
        }
        let failed = found.outcome.failed.first()?.clone();
        let mut steps = roles.iter().flat_map(|&role| steps(input, &found, role, &failed)).collect::<Vec<_>>();
        if roles.len() > 1 {
            steps.extend(roles.iter().flat_map(|&role| of_today(input, &found, role, &failed)));
        }
        steps.retain(|step| !tried.contains(step));
        // What weakens all that an end does comes last.
        steps.sort_by_key(|step| matches!(step, Step::Level(..)));
        let (step, next) = steps.into_iter().find_map(|step| {
            tried.push(step.clone());
            let next = with(input, &found, &step)?;
            Some((step, next))
        })?;
        found = next;
        if let Step::Name(role, Slot::Version, name) = &step
            && sound(Slot::Version, name)
        {
            found = companions(input, found, *role);
        }
    }
    None
}

fn at(input: &PlanInput<'_>, client: Delta, server: Delta) -> Option<Found> {
    let ours = change(input.client, &client, input.catalog)?;
    let theirs = change(input.server, &server, input.catalog)?;
    let outcome = input.negotiate(&ours.party, &theirs.party);
    Some(Found { client: (client, ours), server: (server, theirs), outcome, unsure: false })
}

fn with(input: &PlanInput<'_>, found: &Found, step: &Step) -> Option<Found> {
    let (mut client, mut server) = (found.client.0.clone(), found.server.0.clone());
    let mut unsure = found.unsure;
    match step {
        Step::Name(role, slot, name) => {
            let delta = if *role == Role::Client { &mut client } else { &mut server };
            delta.names.push((*slot, name.clone()));
            unsure |= able(input, *role, *slot, name) == Able::Unknown;
        }
        Step::Level(role, level) => {
            let delta = if *role == Role::Client { &mut client } else { &mut server };
            delta.level = Some(*level);
        }
        Step::Current(role) => {
            let party = &found.of(*role).1.party;
            let delta = if *role == Role::Client { &mut client } else { &mut server };
            let old = list(party, Slot::Version).into_iter().filter(|name| !sound(Slot::Version, name));
            delta.without = old.collect();
        }
    }
    Some(Found { unsure, ..at(input, client, server)? })
}

/// An end that gets one current version gets all that it has: other peers know only the other one.
fn companions(input: &PlanInput<'_>, found: Found, role: Role) -> Found {
    let mut found = found;
    for version in [TlsVersion::Tls13, TlsVersion::Tls12] {
        let name = Name::new(version.as_str());
        if offers(&found.of(role).1.party, Slot::Version, &name) || able(input, role, Slot::Version, &name) != Able::Yes
        {
            continue;
        }
        let before = found.outcome.failed.len();
        if let Some(next) = with(input, &found, &Step::Name(role, Slot::Version, name))
            && next.outcome.failed.len() <= before
        {
            found = next;
        }
    }
    found
}

/// The same without what turned out not to be needed.
fn pruned(input: &PlanInput<'_>, found: Found) -> Found {
    let mut best = found;
    let as_good =
        |less: &Found, best: &Found| less.outcome.failed.is_empty() && less.outcome.result() == best.outcome.result();
    for role in [Role::Client, Role::Server] {
        let mut place = 0;
        while let Some((slot, name)) = best.of(role).0.names.get(place).cloned() {
            let (mut client, mut server) = (best.client.0.clone(), best.server.0.clone());
            let delta = if role == Role::Client { &mut client } else { &mut server };
            delta.names.remove(place);
            let companion = slot == Slot::Version && sound(slot, &name);
            let less = if companion { None } else { at(input, client, server) };
            match less.filter(|less| as_good(less, &best)) {
                Some(less) => best = Found { unsure: best.unsure, ..less },
                None => place += 1,
            }
        }
        // A level that was lowered before another step made it needless, or further than the rest needs.
        let Some(level) = best.of(role).0.level else { continue };
        let now = input.party(role).tls().and_then(|policy| policy.offer.security_level).unwrap_or(level);
        let higher = (level + 1..now).rev().map(Some);
        let less = std::iter::once(None).chain(higher).find_map(|level| {
            let (mut client, mut server) = (best.client.0.clone(), best.server.0.clone());
            if role == Role::Client { &mut client } else { &mut server }.level = level;
            at(input, client, server).filter(|less| as_good(less, &best))
        });
        if let Some(less) = less {
            best = Found { unsure: best.unsure, ..less };
        }
    }
    best
}

/// Whether an end's software has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Able {
    Yes,
    No,
    Unknown,
}

fn able(input: &PlanInput<'_>, role: Role, slot: Slot, name: &Name) -> Able {
    let party = input.party(role);
    let Some(policy) = party.tls() else { return Able::No };
    if policy.withheld.iter().any(|one| one.slot == slot && one.name == *name) {
        return Able::Yes;
    }
    if let Some(supported) = policy.supported.slot(slot).complete() {
        // A client's schemes and a program's suites can only be set where it has a way to.
        return if supported.contains(name) { Able::Yes } else { Able::No };
    }
    let Some((product, version)) = crate::syntax::identity(party, input.catalog) else { return Able::Unknown };
    if !syntax::has_way(input.catalog, &product, &version, role, slot, name) {
        return if syntax::is_known(&product, role) || role == Role::Client { Able::No } else { Able::Unknown };
    }
    let has = had(input, &product, &version, slot, name)
        || syntax::brings(input.catalog, &product, &version, role, slot, name);
    if has { Able::Yes } else { Able::No }
}

/// Whether the version or an older one of the product has it by default, at either end.
fn had(input: &PlanInput<'_>, product: &str, version: &str, slot: Slot, name: &Name) -> bool {
    [Role::Client, Role::Server].into_iter().any(|role| {
        let versions = input.catalog.versions(product, role);
        let older = |one: &&&str| {
            **one == version
                || input.catalog.compare_versions(product, one, version).is_some_and(std::cmp::Ordering::is_le)
        };
        versions.iter().filter(older).any(|one| {
            let Some(row) = input.catalog.offer_row(product, role, one) else { return false };
            let list = match slot {
                Slot::Version => row.tls.versions,
                Slot::CipherSuite => row.tls.cipher_suites,
                Slot::Group => row.tls.groups,
                Slot::SignatureScheme => row.tls.signature_schemes,
                _ => None,
            };
            list.is_some_and(|list| list.iter().any(|one| name == one.as_str()))
        })
    })
}

/// What may help against a failure on one end, the best first.
fn steps(input: &PlanInput<'_>, found: &Found, role: Role, failed: &FailedSlot) -> Vec<Step> {
    let own = &found.of(role).1.party;
    let other = &found.of(role.peer()).1.party;
    let agreed = found.outcome.agreed(Slot::Version).and_then(|name| TlsVersion::parse(name.as_str()));
    // An end that cannot begin has agreed on nothing yet.
    let version = agreed.or_else(|| {
        TlsVersion::ALL.into_iter().find(|version| {
            [own, other].into_iter().all(|party| offers(party, Slot::Version, &Name::new(version.as_str())))
        })
    });
    // Up to TLS 1.1 signatures have no scheme: only the level lets them through.
    let without_schemes =
        failed.slot == Slot::SignatureScheme && version.is_some_and(|version| version < TlsVersion::Tls12);
    let mut steps = Vec::new();
    // Settings that a library refuses leave its default lists behind, which count for nothing.
    let refused = own.tls().is_some_and(|policy| policy.unable.iter().any(|unable| unable.slot == failed.slot));
    // A server whose old versions keep it from answering at all.
    let held_back = refused && role == Role::Server && super::has_weak(own, Slot::Version);
    if failed.slot != Slot::Version && (held_back || version.is_some_and(|version| version < TlsVersion::Tls12)) {
        // What fails for an old version mostly works with a current one.
        let newer = |name: &Name| {
            sound(Slot::Version, name)
                && !offers(own, Slot::Version, name)
                && able(input, role, Slot::Version, name) != Able::No
        };
        let names = list(other, Slot::Version).into_iter().filter(newer);
        steps.extend(names.map(|name| Step::Name(role, Slot::Version, name)));
    }
    let listed = matches!(failed.slot, Slot::Version | Slot::CipherSuite | Slot::Group | Slot::SignatureScheme);
    if held_back && list(own, Slot::Version).iter().any(|name| sound(Slot::Version, name)) {
        steps.push(Step::Current(role));
    }
    if listed && !without_schemes {
        let mut names: Vec<Name> = list(other, failed.slot);
        if failed.slot == Slot::Group {
            names.extend(
                curves(other)
                    .filter(|curve| failed.stage == Stage::KeyExchange && !names.contains(curve))
                    .collect::<Vec<_>>(),
            );
        }
        names.retain(|name| {
            fits(failed.slot, name, version, &found.server.1.party)
                && (refused || !offers(own, failed.slot, name))
                && able(input, role, failed.slot, name) != Able::No
        });
        names.sort_by_key(|name| Reverse(preference(failed.slot, name)));
        steps.extend(names.into_iter().map(|name| Step::Name(role, failed.slot, name)));
    }
    let level = own.tls().and_then(|policy| policy.offer.security_level).filter(|level| *level > 0);
    let by_level = match failed.slot {
        Slot::Certificate => role == Role::Client,
        Slot::SignatureScheme | Slot::Group => true,
        _ => false,
    };
    if let Some(level) = level.filter(|_| by_level && failed.stage != Stage::ClientCertificate) {
        steps.push(Step::Level(role, level - 1));
    }
    steps
}

/// Where both ends are changed: what every current peer has, which neither of the two lists and both are known to have.
fn of_today(input: &PlanInput<'_>, found: &Found, role: Role, failed: &FailedSlot) -> Vec<Step> {
    // RFC 9325 section 4.2, RFC 8446 section 9.1.
    let names: &[&str] = match failed.slot {
        Slot::CipherSuite => &["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
        Slot::Group => &["x25519", "secp256r1"],
        Slot::SignatureScheme => &["rsa_pss_rsae_sha256", "ecdsa_secp256r1_sha256"],
        _ => &[],
    };
    let version = found.outcome.agreed(Slot::Version).and_then(|name| TlsVersion::parse(name.as_str()));
    let party = &found.of(role).1.party;
    let names = names.iter().map(|name| Name::new(name)).filter(|name| {
        fits(failed.slot, name, version, &found.server.1.party)
            && !offers(party, failed.slot, name)
            && [Role::Client, Role::Server].iter().all(|&role| able(input, role, failed.slot, name) == Able::Yes)
    });
    names.map(|name| Step::Name(role, failed.slot, name)).collect()
}

/// By rating, of weak ones those first with which fewer things are wrong; of groups the classical ones first, which more
/// peers have.
fn preference(slot: Slot, name: &Name) -> (Option<u8>, Reverse<usize>, Option<TlsVersion>, bool) {
    let strength = rating(slot, name.as_str());
    let classical = strength != Some(shakedown_catalog::Rating::PostQuantum);
    // RSA certificates are the common ones, where nothing is known of the server's.
    let rsa = Suite::parse(name.as_str()).is_some_and(|suite| suite.authentication == Authentication::Rsa);
    let mark = strength.filter(|_| classical).map(|rating| rating as u8);
    let weaknesses = if sound(slot, name) { 0 } else { weaknesses(slot, name.as_str()) };
    (mark, Reverse(weaknesses), TlsVersion::parse(name.as_str()), rsa)
}

fn list(party: &Party, slot: Slot) -> Vec<Name> {
    let known = party.tls().map(|policy| policy.offer.list(slot));
    let items = known.as_ref().and_then(shakedown_model::Known::accepted);
    items.into_iter().flatten().map(|item| item.name.clone()).collect()
}

/// The curves of a server's certificates.
fn curves(party: &Party) -> impl Iterator<Item = Name> {
    let all = party.tls().and_then(|policy| policy.offer.certificates.accepted());
    let curves: Vec<Name> = all.into_iter().flatten().filter_map(|one| one.key.as_ref()?.curve.clone()).collect();
    curves.into_iter()
}

/// Whether a name can serve for the version and the server's certificates.
fn fits(slot: Slot, name: &Name, version: Option<TlsVersion>, server: &Party) -> bool {
    let name = name.as_str();
    let keys = || {
        let all = server.tls().and_then(|policy| policy.offer.certificates.complete());
        let keys: Option<Vec<CertificateKeyType>> =
            all.map(|all| all.iter().filter_map(|one| one.key.as_ref().map(|key| key.kind)).collect());
        keys.filter(|keys| !keys.is_empty())
    };
    match slot {
        Slot::CipherSuite => {
            let tls13 = version == Some(TlsVersion::Tls13);
            let Some(suite) = Suite::parse(name).filter(|_| is_tls13_suite(name) == tls13) else { return false };
            let Some(version) = version else { return false };
            let kind = |key: &CertificateKeyType| match suite.authentication {
                Authentication::Rsa => matches!(key, CertificateKeyType::Rsa | CertificateKeyType::RsaPss),
                Authentication::Ecdsa => {
                    matches!(key, CertificateKeyType::Ec | CertificateKeyType::Ed25519 | CertificateKeyType::Ed448)
                }
                Authentication::Tls13 => true,
                _ => false,
            };
            let signed = keys().is_none_or(|keys| keys.iter().any(kind));
            suite.lowest_version() <= version && !suite.is_null() && signed
        }
        Slot::Group => version == Some(TlsVersion::Tls13) || group_kind(name) == GroupKind::EllipticCurve,
        Slot::SignatureScheme => {
            Scheme::parse(name).is_some_and(|scheme| keys().is_none_or(|keys| keys.contains(&scheme.key)))
        }
        _ => true,
    }
}

/// Whether an outcome is all that can be had: agreed, or open only for what nobody has seen.
pub(super) fn holds(outcome: &Outcome) -> bool {
    outcome.failed.is_empty() && matches!(outcome.result(), OutcomeResult::Agreed | OutcomeResult::Unknown)
}
