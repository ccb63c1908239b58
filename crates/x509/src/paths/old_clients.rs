//! How OpenSSL builds its one path: `X509_verify_cert` and `build_chain` in crypto/x509/x509_vfy.c.

use std::cmp::Reverse;

use super::{Node, Paths};
use crate::Certificate;

/// At each step an anchor if there is one, else what was sent (1.1.0 and later, `X509_V_FLAG_TRUSTED_FIRST`). Of several
/// that fit, the first that is valid now, else the one that ends last (`get_issuer`, `find_issuer`).
pub(super) fn trusted_first(paths: &Paths<'_>) -> Vec<Node> {
    let mut path = vec![Node::Certificate(0)];
    let mut trusted = false;
    while let Some(child) = head(paths, &path) {
        if child.names_itself() {
            let own = path.last().and_then(|node| anchor_of(paths, *node));
            if let (Some(anchor), Some(last), true) = (own, path.last_mut(), !trusted) {
                *last = anchor;
            }
            break;
        }
        let next = anchor_for(paths, child)
            .or_else(|| (!trusted).then(|| preferred(paths, || sent_for(paths, child, &path))).flatten());
        let Some(next) = next.filter(|next| path.len() < LONGEST && !path.contains(next)) else { break };
        trusted = matches!(next, Node::Anchor(_));
        path.push(next);
    }
    path
}

/// What was sent as far as it goes, then anchors; where that leads to none, from each of those sent, the last one first
/// (the "alternative chains" of 1.0.1n and 1.0.2b).
pub(super) fn sent_first(paths: &Paths<'_>) -> Vec<Node> {
    let mut sent = vec![Node::Certificate(0)];
    while let Some(child) = head(paths, &sent) {
        if child.names_itself() {
            break;
        }
        let next = sent_for(paths, child, &sent).next();
        let Some(next) = next.filter(|_| sent.len() < LONGEST) else { break };
        sent.push(next);
    }
    for length in (1..=sent.len()).rev() {
        let mut path: Vec<Node> = sent.iter().take(length).copied().collect();
        // A root that was sent is looked up again among the anchors.
        if length > 1 && head(paths, &path).is_some_and(Certificate::names_itself) {
            path.pop();
        }
        while let Some(child) = head(paths, &path) {
            if child.names_itself() {
                break;
            }
            let next = first_anchor_for(paths, child);
            let Some(next) = next.filter(|next| path.len() < LONGEST && !path.contains(next)) else { break };
            path.push(next);
        }
        if path.last().is_some_and(|node| anchor_of(paths, *node).is_some()) {
            return path;
        }
    }
    sent
}

/// The depth at which OpenSSL stops, with the end's own and the root.
const LONGEST: usize = 102;

fn head<'p>(paths: &'p Paths<'_>, path: &[Node]) -> Option<&'p Certificate> {
    paths.certificate(*path.last()?)
}

/// The anchor that a node is.
fn anchor_of(paths: &Paths<'_>, node: Node) -> Option<Node> {
    if matches!(node, Node::Anchor(_)) {
        return Some(node);
    }
    let der = &paths.certificate(node)?.der;
    let is_it = |certificate: &Certificate| certificate.der == *der;
    let place = paths.anchors.list.iter().position(|anchor| anchor.certificate.as_ref().is_some_and(is_it))?;
    Some(Node::Anchor(place))
}

fn anchors_for<'p>(paths: &'p Paths<'_>, child: &'p Certificate) -> impl Iterator<Item = Node> + 'p {
    let anchors = paths.anchors.list.iter().enumerate();
    anchors
        .filter(|(_, anchor)| match &anchor.certificate {
            Some(certificate) => issued(certificate, child),
            None => anchor.subject.is_same(&child.issuer),
        })
        .map(|(place, _)| Node::Anchor(place))
}

fn anchor_for(paths: &Paths<'_>, child: &Certificate) -> Option<Node> {
    preferred(paths, || anchors_for(paths, child))
}

/// The first that is valid now, else the one that ends last.
fn preferred<I: Iterator<Item = Node>>(paths: &Paths<'_>, nodes: impl Fn() -> I) -> Option<Node> {
    let validity = |node: Node| paths.certificate(node).map(|certificate| certificate.validity);
    let valid = |node: &Node| {
        validity(*node).is_none_or(|validity| validity.not_before <= paths.now && paths.now <= validity.not_after)
    };
    let latest = || nodes().min_by_key(|node| Reverse(validity(*node).map(|one| one.not_after)));
    nodes().find(valid).or_else(latest)
}

fn first_anchor_for(paths: &Paths<'_>, child: &Certificate) -> Option<Node> {
    anchors_for(paths, child).next()
}

/// Those sent that fit and are not in the path.
fn sent_for<'p>(
    paths: &'p Paths<'_>,
    child: &'p Certificate,
    path: &'p [Node],
) -> impl Iterator<Item = Node> + use<'p> {
    let fits = move |node: &Node| {
        paths.certificate(*node).is_some_and(|certificate| issued(certificate, child)) && !path.contains(node)
    };
    (0..paths.sent).map(Node::Certificate).filter(fits)
}

/// `ossl_x509_likely_issued`: the names, the key's identifier where both have it, and whether the issuer's extensions can
/// be read. The signature comes later.
fn issued(issuer: &Certificate, child: &Certificate) -> bool {
    let extensions = &issuer.extensions;
    let same_key = match (&child.extensions.authority_key_id, &extensions.subject_key_id) {
        (Some(wanted), Some(has)) => wanted == has,
        _ => true,
    };
    issuer.subject.is_same(&child.issuer) && same_key && extensions.problems.is_empty()
}
