//! What is wrong with a chain that a party shows, as evidence.

use jiff::Timestamp;
use shakedown_model::{CertificateFinding, CertificateProblem, Evidence, Fact, Name, Phase, Role};

use crate::oid::purpose_name;
use crate::{
    Anchors, Bounds, Builder, Certificate, Fault, GeneralName, KeyKind, NameMatch, NameMismatch, Node, Path, Paths,
    Position, Purpose, Refusal, RevocationLists, RevocationStatus, Rules, Search, Verifier, Wanted, match_name, paths,
    revocation, staple,
};

/// A chain and the client or server that it is shown to.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The certificates in the order in which they were sent, each in DER.
    pub chain: &'a [Vec<u8>],
    /// Who shows it.
    pub by: Role,
    /// The name that the other party wants, where it compares names.
    pub wanted: Option<&'a Wanted>,
    /// The stapled OCSP response, where one was sent.
    pub staple: Option<&'a [u8]>,
    /// Whether it is known that no staple was sent although one was asked for.
    pub staple_asked: bool,
    /// The revocation lists that the other party looks into; none by default.
    pub lists: RevocationLists<'a>,
    /// What the other party trusts.
    pub anchors: &'a Anchors,
    /// What the other party refuses.
    pub rules: &'a Rules,
    /// How the other party looks for a path.
    pub builder: Builder,
    /// The other party's clock.
    pub now: Timestamp,
}

/// SSL_MAX_CERT_LIST_DEFAULT in OpenSSL's ssl.h.
const OPENSSL_CHAIN: usize = 1024 * 100;

/// Everything that the other party has against the chain, in the order of the path it takes; nothing where it accepts
/// it. What is broken in its form is a [`Fact::Malformed`], the rest is [`Fact::Certificate`].
pub fn findings(shown: &Shown<'_>) -> Vec<Evidence> {
    let mut found = Vec::new();
    let phase = match shown.by {
        Role::Server => Phase::Certificate,
        Role::Client => Phase::ClientCertificate,
    };
    let mut readable: Vec<Certificate> = Vec::new();
    for (place, der) in shown.chain.iter().enumerate() {
        match Certificate::from_der(der) {
            Ok(certificate) => readable.push(certificate),
            Err(error) => {
                let what = format!("certificate {} of the chain: {}: {}", place + 1, error.field, error.kind);
                found.push(Fact::Malformed { phase, what, offset: error.offset as u64 });
                if place == 0 {
                    return evidence(found, shown.by);
                }
            }
        }
    }
    let Some((end, others)) = readable.split_first() else { return evidence(found, shown.by) };
    let all = all_paths(shown, end, others);
    let (path, refusals) = taken(shown, &all);
    let context = Context { shown, paths: &all, path: &path, sent: others.len(), phase };
    let bytes: usize = shown.chain.iter().map(Vec::len).sum();
    if shown.rules.verifier == Verifier::OpenSsl && bytes > OPENSSL_CHAIN {
        let what = format!("comes in a chain of {bytes} bytes, and OpenSSL reads no more than {OPENSSL_CHAIN}");
        found.push(context.finding(0, CertificateProblem::Policy { what }));
    }
    found.extend(refusals.iter().filter_map(|refusal| context.fact(refusal.link, &refusal.fault)));
    if let Some(wanted) = shown.wanted
        && let NameMatch::Differs { why, nearest, names } = match_name(end, wanted)
    {
        let problem = other_name(end, wanted, why, nearest.as_ref(), names);
        found.push(context.finding(0, problem));
    }
    let issuer = path.links.get(1).and_then(|link| all.subject(link.node));
    match (shown.staple, shown.staple_asked && end.extensions.must_staple()) {
        (Some(response), _) => {
            found.extend(staple::problem(response, end, issuer, shown.now).map(|problem| context.finding(0, problem)));
        }
        (None, true) => found.push(context.finding(0, CertificateProblem::StapleMissing)),
        (None, false) => {}
    }
    for status in revocation::along(&all, &path, &shown.lists, shown.now) {
        // One that was stapled says the same.
        let new = status.problem(&shown.lists).map(|problem| context.finding(status.place, problem));
        found.extend(new.filter(|new| !found.contains(new)));
    }
    evidence(found, shown.by)
}

fn all_paths<'a>(shown: &Shown<'a>, end: &'a Certificate, others: &'a [Certificate]) -> Paths<'a> {
    let purpose = match shown.by {
        Role::Server => Purpose::Server,
        Role::Client => Purpose::Client,
    };
    let bounds = Bounds::default();
    paths(&Search { end, others, anchors: shown.anchors, now: shown.now, purpose, bounds })
}

/// The path that the other party takes. Where none holds, the best of all says more than the one where it happens to stop.
fn taken(shown: &Shown<'_>, all: &Paths<'_>) -> (Path, Vec<Refusal<'static>>) {
    let (path, refusals) = all.taken_by(shown.builder, shown.rules);
    if !refusals.is_empty() && !all.verdict(shown.rules).is_trusted() {
        return all.taken_by(Builder::AllPaths, shown.rules);
    }
    (path, refusals)
}

/// What the lists of [`Shown::lists`] say of each certificate of the path that the other party takes, from the end's own
/// on.
pub fn revocation_status(shown: &Shown<'_>) -> Vec<RevocationStatus> {
    let read: Vec<Certificate> = shown.chain.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    let Some((end, others)) =
        read.split_first().filter(|(end, _)| shown.chain.first().is_some_and(|der| *der == *end.der))
    else {
        return Vec::new();
    };
    let all = all_paths(shown, end, others);
    revocation::along(&all, &taken(shown, &all).0, &shown.lists, shown.now)
}

fn evidence(facts: Vec<Fact>, by: Role) -> Vec<Evidence> {
    facts.into_iter().map(|fact| Evidence::new(fact).by(by)).collect()
}

struct Context<'a> {
    shown: &'a Shown<'a>,
    paths: &'a Paths<'a>,
    path: &'a Path,
    sent: usize,
    phase: Phase,
}

impl Context<'_> {
    fn finding(&self, link: usize, problem: CertificateProblem) -> Fact {
        let place = self.path.links.get(link);
        let certificate = place.and_then(|link| self.paths.certificate(link.node));
        let subject = place.and_then(|link| self.paths.subject(link.node)).map(|(subject, _)| subject.to_string());
        Fact::Certificate(Box::new(CertificateFinding {
            problem,
            subject: Name::from_escaped(&subject.unwrap_or_default()),
            place: link,
            is_anchor: place.is_some_and(|link| link.position == Position::Anchor),
            fingerprint: certificate.map(|one| hex(&one.sha256())).unwrap_or_default(),
        }))
    }

    fn fact(&self, link: usize, fault: &Fault) -> Option<Fact> {
        let node = self.path.links.get(link).map(|link| link.node);
        let certificate = node.and_then(|node: Node| self.paths.certificate(node));
        let issuer = || {
            let issuer = certificate.map(|one| one.issuer.to_string());
            Name::from_escaped(&issuer.unwrap_or_default())
        };
        let problem = match fault {
            // What cannot be checked here is not evidence against anybody.
            Fault::UncheckedSignature { .. } => return None,
            Fault::Malformed { field, offset, what } => {
                let what = format!("certificate {} of the chain: {field}: {what}", link + 1);
                return Some(Fact::Malformed { phase: self.phase, what, offset: *offset as u64 });
            }
            Fault::Expired { not_after, .. } => {
                CertificateProblem::Expired { not_after: *not_after, now: self.shown.now }
            }
            Fault::NotYetValid { not_before, .. } => {
                CertificateProblem::NotYetValid { not_before: *not_before, now: self.shown.now }
            }
            Fault::WrongSignature => CertificateProblem::WrongSignature { issuer: issuer() },
            Fault::IssuerNotFound { fetch, other_key, .. } => CertificateProblem::IssuerMissing {
                issuer: issuer(),
                fetch: fetch.clone(),
                sent: self.sent,
                other_key: *other_key,
            },
            Fault::SelfSigned => CertificateProblem::SelfSigned,
            Fault::UntrustedRoot => CertificateProblem::UntrustedRoot,
            Fault::WeakDigest { digest } => CertificateProblem::WeakDigest { digest: Name::new(&digest.to_string()) },
            Fault::SmallKey { kind, bits } => {
                let rules = self.shown.rules;
                let is_curve = matches!(kind, KeyKind::Ec { .. });
                let minimum = if is_curve { rules.smallest_curve } else { rules.smallest_rsa };
                CertificateProblem::SmallKey { key: Name::new(&kind.to_string()), bits: *bits, minimum }
            }
            Fault::Purpose { wanted, found } => {
                let found: Vec<String> = found.iter().take(8).map(purpose_name).collect();
                let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
                CertificateProblem::Purpose { what: format!("is for {found}, and not for {wanted}") }
            }
            Fault::NotAnAuthority { .. } => {
                CertificateProblem::Purpose { what: "is used as an authority's, and is none".to_owned() }
            }
            Fault::MayNotSign => {
                CertificateProblem::Purpose { what: "has a key that may not sign certificates".to_owned() }
            }
            Fault::PathLength { .. } | Fault::AuthorityAsEnd => CertificateProblem::Purpose { what: fault.to_string() },
            Fault::MayNotSignHandshakes { .. } => {
                CertificateProblem::Purpose { what: "has a key that may not sign handshakes".to_owned() }
            }
            Fault::NameConstraint { name, .. } => CertificateProblem::Policy {
                what: format!("has the name {}, which its authority may not vouch for", quoted(&name.to_string())),
            },
            Fault::TooLong { authorities } => {
                let most = self.shown.rules.most_authorities;
                let what = format!("has {authorities} authorities above it, and no more than {most} are followed");
                CertificateProblem::Policy { what }
            }
            other => CertificateProblem::Policy { what: other.to_string() },
        };
        Some(self.finding(link, problem))
    }
}

fn other_name(
    end: &Certificate,
    wanted: &Wanted,
    why: NameMismatch,
    nearest: Option<&GeneralName>,
    total: usize,
) -> CertificateProblem {
    let bare = |name: &GeneralName| {
        let text = name.to_string();
        Name::from_escaped(text.split_once(':').map_or(text.as_str(), |(_, text)| text))
    };
    let names = end.extensions.names.as_deref().unwrap_or_default();
    let counts = |name: &&GeneralName| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_));
    CertificateProblem::OtherName {
        wanted: Name::new(&wanted.to_string()),
        why: why.to_string(),
        names: names.iter().filter(counts).take(8).map(bare).collect(),
        total,
        nearest: nearest.map(bare),
    }
}

fn quoted(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
