//! Holds the host keys that a server showed against what the client knows.

use shakedown_model::ssh::key_type_of;
use shakedown_model::{Context, Evidence, Fact, KnownHostMark, KnownHostStatus, Name, Party, Role};

/// What a lookup of each host key shown gives. `strict` is whether the client refuses keys that it does not know.
pub(crate) fn look_up(server: &Party, context: &Context, strict: bool) -> Vec<Evidence> {
    let Some(keys) = server.ssh().and_then(|policy| policy.offer.host_keys.accepted()) else { return Vec::new() };
    let mut evidence = Vec::new();
    for key in keys {
        let Some(fingerprint) = &key.fingerprint else { continue };
        let key_type = Name::new(key_type_of(key.key_type.as_str()));
        let status = status(&key_type, fingerprint, key.certificate_authority.as_deref(), context, strict);
        let mut seen = Evidence::new(Fact::HostKeyLookup {
            status,
            key_type: key.key_type.clone(),
            fingerprint: fingerprint.clone(),
        })
        .by(Role::Server);
        seen.origin = key.origin.clone();
        evidence.push(seen);
    }
    evidence
}

fn status(
    key_type: &Name,
    fingerprint: &str,
    authority: Option<&str>,
    context: &Context,
    strict: bool,
) -> KnownHostStatus {
    let shown = |known: &str| known == fingerprint || authority.is_some_and(|authority| authority == known);
    let revoked =
        context.known_hosts.iter().find(|known| known.mark == KnownHostMark::Revoked && shown(&known.fingerprint));
    if let Some(entry) = revoked {
        return KnownHostStatus::Revoked { entry: entry.origin.clone() };
    }
    let trusted_authority = context
        .known_hosts
        .iter()
        .any(|known| known.mark == KnownHostMark::CertAuthority && authority == Some(known.fingerprint.as_str()));
    let plain: Vec<_> = context.known_hosts.iter().filter(|known| known.mark == KnownHostMark::None).collect();
    if trusted_authority || plain.iter().any(|known| known.fingerprint == fingerprint) {
        return KnownHostStatus::Known;
    }
    match plain.iter().find(|known| known.key_type == *key_type) {
        Some(other) => KnownHostStatus::Changed { known: other.origin.clone(), fingerprint: other.fingerprint.clone() },
        None => {
            let mut other_types: Vec<Name> = plain.iter().map(|known| known.key_type.clone()).collect();
            other_types.dedup();
            KnownHostStatus::Unknown { other_types, strict }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_model::{KnownHostKey, Origin, OriginKind};

    fn known(mark: KnownHostMark, key_type: &str, fingerprint: &str) -> KnownHostKey {
        KnownHostKey {
            key_type: Name::new(key_type),
            fingerprint: fingerprint.into(),
            mark,
            origin: Origin::new(OriginKind::CommandLine { argument: "test".into() }),
        }
    }

    #[test]
    fn a_key_is_known_changed_unknown_or_revoked() {
        let mut context = Context::default();
        let ed25519 = Name::new("ssh-ed25519");
        let judge = |context: &Context| status(&ed25519, "SHA256:a", None, context, true);
        assert!(matches!(judge(&context), KnownHostStatus::Unknown { strict: true, .. }));
        context.known_hosts.push(known(KnownHostMark::None, "ssh-rsa", "SHA256:r"));
        assert!(matches!(judge(&context), KnownHostStatus::Unknown { ref other_types, .. } if other_types.len() == 1));
        context.known_hosts.push(known(KnownHostMark::None, "ssh-ed25519", "SHA256:b"));
        assert!(matches!(judge(&context), KnownHostStatus::Changed { .. }));
        context.known_hosts.push(known(KnownHostMark::None, "ssh-ed25519", "SHA256:a"));
        assert_eq!(judge(&context), KnownHostStatus::Known);
        context.known_hosts.push(known(KnownHostMark::Revoked, "ssh-ed25519", "SHA256:a"));
        assert!(matches!(judge(&context), KnownHostStatus::Revoked { .. }));
    }

    #[test]
    fn a_certificate_is_known_by_its_authority() {
        let mut context = Context::default();
        context.known_hosts.push(known(KnownHostMark::CertAuthority, "ssh-ed25519", "SHA256:ca"));
        let name = Name::new("ssh-ed25519-cert-v01@openssh.com");
        assert_eq!(status(&name, "SHA256:x", Some("SHA256:ca"), &context, true), KnownHostStatus::Known);
        assert!(matches!(status(&name, "SHA256:x", None, &context, true), KnownHostStatus::Unknown { .. }));
    }
}
