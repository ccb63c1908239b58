//! The paths from a certificate to what is trusted, RFC 5280 section 6 and RFC 4158.

mod judge;
mod old_clients;
mod walk;

use std::borrow::Cow;
use std::cmp::Reverse;

use jiff::Timestamp;

use crate::{Anchors, Certificate, Fault, Position, Purpose, Rules};

/// What paths are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// The end's own certificate.
    pub end: &'a Certificate,
    /// All others at hand, in the order in which they were sent; the end's own and duplicates may be among them.
    pub others: &'a [Certificate],
    /// What is trusted.
    pub anchors: &'a Anchors,
    /// The time to judge by.
    pub now: Timestamp,
    /// What the end's certificate is to be used for.
    pub purpose: Purpose,
    /// How far to look.
    pub bounds: Bounds,
}

/// How far paths are followed: certificates can be made so that their paths are without number.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Paths kept.
    pub paths: usize,
    /// Signatures checked.
    pub signatures: usize,
    /// Links of one path.
    pub links: usize,
    /// Links tried in all.
    pub steps: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { paths: 128, signatures: 512, links: 256, steps: 20_000 }
    }
}

/// All paths from one certificate.
#[derive(Clone, Debug)]
pub struct Paths<'a> {
    /// The certificates without duplicates; the first one is the end's own.
    pub certificates: Vec<Cow<'a, Certificate>>,
    /// What is trusted.
    pub anchors: &'a Anchors,
    /// The paths; there is at least one, and it may end nowhere.
    pub list: Vec<Path>,
    /// Whether these are all: `false` where a bound of the search was met.
    pub complete: bool,
    now: Timestamp,
    purpose: Purpose,
    sent: usize,
}

/// One path, the end's own certificate first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Its links.
    pub links: Vec<Link>,
}

/// A certificate or an anchor in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which.
    pub node: Node,
    /// Where it stands.
    pub position: Position,
    /// Why it may be refused.
    pub faults: Vec<Fault>,
}

/// What a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// A certificate, by place in [`Paths::certificates`].
    Certificate(usize),
    /// An anchor, by place in [`Anchors::list`].
    Anchor(usize),
}

/// A fault that a client refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// The link, by place in the path.
    pub link: usize,
    /// The fault.
    pub fault: Cow<'a, Fault>,
}

/// What a client makes of all paths: the best one, and what it refuses in it.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// The path, by place in [`Paths::list`].
    pub path: usize,
    /// Why it is refused; empty where it is trusted.
    pub refusals: Vec<Refusal<'a>>,
}

impl Verdict<'_> {
    /// Whether the client trusts the certificate; its name is another matter.
    pub fn is_trusted(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// How clients look for a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builder {
    /// All paths, until one holds: browsers, Go, rustls, Java, Windows.
    AllPaths,
    /// What is trusted is preferred at each step, and no step is taken back: OpenSSL since 1.1.0.
    TrustedFirst,
    /// What was sent is preferred, and only what is missing is looked for among the anchors: OpenSSL 1.0.x, GnuTLS
    /// before 3.6.14, LibreSSL before 3.3. This is what failed when "DST Root CA X3" expired in 2021.
    SentFirst,
}

/// Every path from the end's certificate to an anchor or to where it cannot go on.
pub fn paths<'a>(search: &Search<'a>) -> Paths<'a> {
    walk::walk(search)
}

impl Path {
    /// What a client refuses in it.
    pub fn refusals<'a>(&'a self, rules: &Rules) -> Vec<Refusal<'a>> {
        let mut refusals = Vec::new();
        let authorities = self.links.iter().filter(|link| link.position == Position::Authority).count();
        let too_long = Fault::TooLong { authorities };
        if rules.refuses(Position::End, &too_long) {
            refusals.push(Refusal { link: 0, fault: Cow::Owned(too_long) });
        }
        for (place, link) in self.links.iter().enumerate() {
            let refused = link.faults.iter().filter(|fault| rules.refuses(link.position, fault));
            refusals.extend(refused.map(|fault| Refusal { link: place, fault: Cow::Borrowed(fault) }));
        }
        refusals
    }

    /// Whether it ends at what is trusted.
    pub fn is_anchored(&self) -> bool {
        let lost =
            |fault: &Fault| matches!(fault, Fault::IssuerNotFound { .. } | Fault::UntrustedRoot | Fault::SelfSigned);
        !self.links.iter().flat_map(|link| &link.faults).any(lost)
    }
}

impl<'a> Paths<'a> {
    /// What a client that looks at all paths makes of them.
    pub fn verdict(&self, rules: &Rules) -> Verdict<'_> {
        let judged = self.list.iter().enumerate().map(|(place, path)| (place, path.refusals(rules)));
        let best = judged.min_by_key(|(place, refusals)| {
            let weight: u32 = refusals.iter().map(|refusal| weight(&refusal.fault)).sum();
            (weight, self.list.get(*place).map_or(0, |path| path.links.len()), *place)
        });
        let (path, refusals) = best.unwrap_or_default();
        Verdict { path, refusals }
    }

    /// The path that a client takes, and what it refuses in it.
    pub fn taken_by(&self, builder: Builder, rules: &Rules) -> (Path, Vec<Refusal<'static>>) {
        let path = match builder {
            Builder::AllPaths => self.list.get(self.verdict(rules).path).cloned().unwrap_or(Path { links: Vec::new() }),
            Builder::TrustedFirst => self.judge(&old_clients::trusted_first(self)),
            Builder::SentFirst => self.judge(&old_clients::sent_first(self)),
        };
        let refusals = path.refusals(rules).into_iter();
        let refusals =
            refusals.map(|refusal| Refusal { link: refusal.link, fault: Cow::Owned(refusal.fault.into_owned()) });
        let refusals = refusals.collect();
        (path, refusals)
    }

    /// The certificate of a node, where it has one.
    pub fn certificate(&self, node: Node) -> Option<&Certificate> {
        match node {
            Node::Certificate(place) => self.certificates.get(place).map(Cow::as_ref),
            Node::Anchor(place) => self.anchors.list.get(place)?.certificate.as_ref(),
        }
    }

    /// The certificates that were sent beside the end's own, without those that only stand among the anchors.
    pub fn sent(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.iter().take(self.sent).skip(1).map(Cow::as_ref)
    }

    /// The name and the key of a node.
    pub(crate) fn subject(&self, node: Node) -> Option<(&crate::DistinguishedName, &crate::PublicKey)> {
        match node {
            Node::Certificate(place) => self.certificates.get(place).map(|one| (&one.subject, &one.key)),
            Node::Anchor(place) => self.anchors.list.get(place).map(|anchor| (&anchor.subject, &anchor.key)),
        }
    }

    fn judge(&self, nodes: &[Node]) -> Path {
        judge::judge(self, nodes)
    }
}

/// How far a refusal takes a path from the one that its makers meant: of the paths that fail, that one is shown which
/// needs the least.
fn weight(fault: &Fault) -> u32 {
    match fault {
        Fault::WrongSignature => 10_000,
        Fault::UntrustedRoot | Fault::SelfSigned | Fault::IssuerNotFound { other_key: true, .. } => 1000,
        Fault::IssuerNotFound { .. } => 900,
        Fault::NotAnAuthority { .. } | Fault::MayNotSign => 500,
        Fault::UncheckedSignature { .. } | Fault::Malformed { .. } => 300,
        Fault::Expired { .. } | Fault::NotYetValid { .. } => 100,
        _ => 50,
    }
}

impl Paths<'_> {
    /// Puts the paths that somebody can make use of first: trusted ones, then short ones.
    fn sort(&mut self) {
        self.list.sort_by_cached_key(|path| (Reverse(path.is_anchored()), path.links.len()));
    }
}
