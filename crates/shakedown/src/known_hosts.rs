//! Holds the host keys that a server showed against what the client knows.

use shakedown_model::ssh::key_type_of;
use shakedown_model::{Context, Evidence, Fact, KnownHostKey, KnownHostMark, KnownHostStatus, Name, Party, Role};
use shakedown_negotiate::ssh::{Verdict, verdict};

/// What a lookup of each host key shown gives, by the rules of OpenSSH, whose files they are looked up in. `strict` is
/// whether the client refuses keys that it does not know.
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
    match verdict(key_type, fingerprint, authority, context, true) {
        Verdict::Known | Verdict::KnownAuthority => KnownHostStatus::Known,
        Verdict::Changed(entry) => {
            KnownHostStatus::Changed { known: entry.origin.clone(), fingerprint: entry.fingerprint.clone() }
        }
        Verdict::Revoked(entry) => KnownHostStatus::Revoked { entry: entry.origin.clone() },
        Verdict::Unknown => {
            let known = context.known_hosts.iter().chain(&context.other_known_hosts);
            let plain = known.filter(|entry| entry.mark == KnownHostMark::None);
            let mut other_types: Vec<Name> = plain.map(|entry| entry.key_type.clone()).collect();
            other_types.dedup();
            KnownHostStatus::Unknown { other_types, strict }
        }
    }
}

/// The entries of a host without its port that make a key known: OpenSSH turns to them where it has none with the port, and
/// then accepts what is neither changed nor revoked (`check_host_key` of sshconnect.c).
pub(crate) fn accepted_without_port(entries: Vec<KnownHostKey>) -> Vec<KnownHostKey> {
    let revoked: Vec<String> = entries
        .iter()
        .filter(|entry| entry.mark == KnownHostMark::Revoked)
        .map(|entry| entry.fingerprint.clone())
        .collect();
    entries.into_iter().filter(|entry| !revoked.contains(&entry.fingerprint)).collect()
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
        assert!(
            matches!(judge(&context), KnownHostStatus::Changed { ref fingerprint, .. } if fingerprint == "SHA256:r")
        );
        context.known_hosts.push(known(KnownHostMark::None, "ssh-ed25519", "SHA256:b"));
        assert!(
            matches!(judge(&context), KnownHostStatus::Changed { ref fingerprint, .. } if fingerprint == "SHA256:b")
        );
        context.known_hosts.push(known(KnownHostMark::None, "ssh-ed25519", "SHA256:a"));
        assert_eq!(judge(&context), KnownHostStatus::Known);
        context.known_hosts.push(known(KnownHostMark::Revoked, "ssh-ed25519", "SHA256:a"));
        assert!(matches!(judge(&context), KnownHostStatus::Revoked { .. }));
    }

    #[test]
    fn an_entry_without_the_port_makes_known_and_never_changed() {
        let ed25519 = Name::new("ssh-ed25519");
        let judge = |context: &Context| status(&ed25519, "SHA256:a", None, context, true);
        let without_port = |entries: &[(KnownHostMark, &str)]| -> Vec<KnownHostKey> {
            accepted_without_port(
                entries.iter().map(|(mark, fingerprint)| known(*mark, "ssh-ed25519", fingerprint)).collect(),
            )
        };
        let other_known_hosts = without_port(&[(KnownHostMark::None, "SHA256:b")]);
        let mut context = Context { other_known_hosts, ..Context::default() };
        assert!(matches!(judge(&context), KnownHostStatus::Unknown { .. }));
        context.other_known_hosts =
            without_port(&[(KnownHostMark::None, "SHA256:a"), (KnownHostMark::Revoked, "SHA256:a")]);
        assert!(matches!(judge(&context), KnownHostStatus::Unknown { .. }));
        context.other_known_hosts = without_port(&[(KnownHostMark::None, "SHA256:a")]);
        assert_eq!(judge(&context), KnownHostStatus::Known);
        context.known_hosts.push(known(KnownHostMark::None, "ssh-rsa", "SHA256:r"));
        assert!(matches!(judge(&context), KnownHostStatus::Changed { .. }), "an entry with the port goes first");
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
