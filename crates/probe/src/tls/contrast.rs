//! Hellos that differ from one that failed in one thing each: the one that is answered shows what it was.

use shakedown_handshake::tls::HelloSpec;
use shakedown_model::tls::{GroupKind, group_kind};
use shakedown_wire::tls::number::version;

use super::Candidates;

/// The change that makes a hello of one packet out of one of two.
pub(crate) const SMALL: &str = "without its large key share (post-quantum)";

/// What is changed, and the hello with that change alone.
pub(crate) fn contrasts(hello: &HelloSpec, candidates: &Candidates) -> Vec<(&'static str, HelloSpec)> {
    let is_large = |number: u16| {
        let group = candidates.groups.iter().find(|group| group.number == number);
        group.is_some_and(|group| group_kind(&group.name) == GroupKind::Encapsulation)
    };
    let mut list = Vec::new();
    if hello.key_shares.iter().any(|&group| is_large(group)) {
        let mut small = hello.clone();
        small.groups.retain(|&group| !is_large(group));
        small.key_shares.retain(|&group| !is_large(group));
        if small.key_shares.is_empty() {
            small.key_shares = small.groups.iter().copied().take(1).collect();
        }
        list.push((SMALL, small));
    }
    if hello.server_name.is_some() {
        list.push(("without `server_name`", HelloSpec { server_name: None, ..hello.clone() }));
    }
    if !hello.protocols.is_empty() {
        list.push(("without application protocols", HelloSpec { protocols: Vec::new(), ..hello.clone() }));
    }
    if hello.offers_tls13() && hello.versions.contains(&version::TLS12) {
        let mut old = hello.clone();
        old.versions.retain(|&number| !version::is_tls13(number));
        list.push(("with TLS 1.2 as its highest version", old));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contrast_changes_one_thing() {
        let candidates =
            Candidates::new([], [(0x11ec, "X25519MLKEM768".to_owned()), (0x001d, "x25519".to_owned())], []);
        let hello = HelloSpec {
            versions: vec![version::TLS13, version::TLS12],
            groups: vec![0x11ec, 0x001d],
            key_shares: vec![0x11ec],
            server_name: Some(b"host.example".to_vec()),
            ..HelloSpec::default()
        };
        let list = contrasts(&hello, &candidates);
        let names: Vec<&str> = list.iter().map(|(what, _)| *what).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        assert_eq!((&list[0].1.groups[..], &list[0].1.key_shares[..]), (&[0x001d][..], &[0x001d][..]));
        assert_eq!(list[2].1.versions, [version::TLS12]);
        assert!(contrasts(&HelloSpec::default(), &candidates).is_empty());
    }
}
