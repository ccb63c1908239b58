use std::borrow::Cow;
use std::collections::HashMap;

use super::{Node, Path, Paths, Search};
use crate::{Certificate, SignatureCheck};

/// Follows all ways up.
pub(super) fn walk<'a>(search: &Search<'a>) -> Paths<'a> {
    let mut certificates: Vec<Cow<'a, Certificate>> = vec![Cow::Borrowed(search.end)];
    for other in search.others {
        if !certificates.iter().any(|one| one.der == other.der) {
            certificates.push(Cow::Borrowed(other));
        }
    }
    let sent = certificates.len();
    // What is trusted and is no root can be an intermediate as well, for clients that want a whole path.
    for anchor in search.anchors.list.iter().filter_map(|anchor| anchor.certificate.as_ref()) {
        if !anchor.is_self_issued() && !certificates.iter().any(|one| one.der == anchor.der) {
            certificates.push(Cow::Borrowed(anchor));
        }
    }
    let paths = Paths {
        certificates,
        anchors: search.anchors,
        list: Vec::new(),
        complete: true,
        now: search.now,
        purpose: search.purpose,
        sent,
    };
    let mut walk = Walk { search, checks: HashMap::new(), steps: 0, complete: true, found: Vec::new(), paths: &paths };
    walk.follow(&mut vec![Node::Certificate(0)]);
    let (found, complete) = (walk.found, walk.complete);
    let list: Vec<Path> = found.iter().map(|nodes| paths.judge(nodes)).collect();
    let mut paths = Paths { list, complete, ..paths };
    paths.sort();
    paths
}

struct Walk<'s, 'a> {
    search: &'s Search<'a>,
    paths: &'s Paths<'a>,
    checks: HashMap<(Node, Node), SignatureCheck>,
    steps: usize,
    complete: bool,
    found: Vec<Vec<Node>>,
}

impl Walk<'_, '_> {
    fn follow(&mut self, path: &mut Vec<Node>) {
        self.steps += 1;
        let bounds = self.search.bounds;
        if self.steps > bounds.steps || self.found.len() >= bounds.paths {
            self.complete = false;
            return self.found_if_none(path);
        }
        let Some(&head) = path.last() else { return };
        if self.is_anchor(head) {
            return self.found.push(path.clone());
        }
        if path.len() >= bounds.links {
            self.complete = false;
            return self.found_if_none(path);
        }
        let issuers = self.issuers(head, path);
        if issuers.is_empty() {
            return self.found.push(path.clone());
        }
        for issuer in issuers {
            path.push(issuer);
            match issuer {
                Node::Anchor(_) if self.found.len() >= bounds.paths => self.complete = false,
                Node::Anchor(_) => self.found.push(path.clone()),
                Node::Certificate(_) => self.follow(path),
            }
            path.pop();
        }
    }

    /// There is always one path to show.
    fn found_if_none(&mut self, path: &[Node]) {
        if self.found.is_empty() {
            self.found.push(path.to_vec());
        }
    }

    /// Whether the certificate itself is trusted.
    fn is_anchor(&self, node: Node) -> bool {
        let Some(certificate) = self.paths.certificate(node) else { return false };
        let mut anchors = self.search.anchors.list.iter().filter_map(|anchor| anchor.certificate.as_ref());
        certificate.is_self_issued() && anchors.any(|anchor| anchor.der == certificate.der)
    }

    /// Those who may have signed it: the ones whose key did, else the ones whose name stands there.
    fn issuers(&mut self, head: Node, path: &[Node]) -> Vec<Node> {
        let Some(child) = self.paths.certificate(head).cloned() else { return Vec::new() };
        let anchors = (0..self.search.anchors.list.len()).map(Node::Anchor);
        let certificates = (0..self.paths.certificates.len()).map(Node::Certificate);
        let named: Vec<Node> = anchors.chain(certificates).filter(|node| self.is_named(&child, *node, path)).collect();
        // An anchor and a certificate that was sent may be the same.
        let mut distinct: Vec<Node> = Vec::new();
        for node in named {
            if !self.paths.certificate(node).is_some_and(|one| self.has(&distinct, one)) {
                distinct.push(node);
            }
        }
        let checks: Vec<SignatureCheck> = distinct.iter().map(|node| self.check(head, &child, *node)).collect();
        let signed: Vec<Node> = distinct
            .iter()
            .zip(&checks)
            .filter(|(_, check)| **check != SignatureCheck::Wrong)
            .map(|(node, _)| *node)
            .collect();
        if !signed.is_empty() {
            return signed;
        }
        // None of them signed it. Where the certificate names its issuer's key, those with another one are no issuers.
        let Some(wanted) = &child.extensions.authority_key_id else { return distinct };
        let is_wanted = |node: &Node| {
            let key_id = self.paths.certificate(*node).and_then(|one| one.extensions.subject_key_id.as_ref());
            key_id.is_none_or(|key_id| key_id == wanted)
        };
        distinct.into_iter().filter(is_wanted).collect()
    }

    fn has(&self, nodes: &[Node], certificate: &Certificate) -> bool {
        nodes.iter().any(|node| self.paths.certificate(*node).is_some_and(|other| other.der == certificate.der))
    }

    fn is_named(&self, child: &Certificate, node: Node, path: &[Node]) -> bool {
        let Some((subject, key)) = self.paths.subject(node) else { return false };
        if !subject.is_same(&child.issuer) {
            return false;
        }
        // RFC 4158 section 5.2: the same name and key twice in a path is a loop. An anchor ends the path anyhow.
        let again = |other: &Node| {
            self.paths.subject(*other).is_some_and(|(name, its)| name.der == subject.der && its.der == key.der)
        };
        matches!(node, Node::Anchor(_)) || !path.iter().any(again)
    }

    fn check(&mut self, head: Node, child: &Certificate, issuer: Node) -> SignatureCheck {
        if let Some(known) = self.checks.get(&(head, issuer)) {
            return known.clone();
        }
        if self.checks.len() >= self.search.bounds.signatures {
            self.complete = false;
            return SignatureCheck::Unchecked { reason: "too many signatures".to_owned() };
        }
        let key = self.paths.subject(issuer).map(|(_, key)| key.clone());
        let check = key.map_or(SignatureCheck::Wrong, |key| child.signature_by(&key));
        self.checks.insert((head, issuer), check.clone());
        check
    }
}
