use shakedown_model::tls::{
    Authentication, Certificate, CertificateKey, CertificateKeyType, Digest, Preference, Scheme, TlsVersion,
};
use shakedown_model::{FailureKind, Known, Name, Role, Slot, Stage};

use super::certificate::refused;
use super::ends::{Choice, Decision, Ends, common};
use crate::ssh::list::{Has, List};

/// The signature schemes of both, in the preferring party's order, each with how sure that is.
pub(super) struct Shared {
    pub(super) schemes: Vec<(Name, Has)>,
    /// The client's hello names some.
    pub(super) sent: Has,
}

impl Shared {
    pub(super) fn of(ends: &Ends<'_>) -> Self {
        let (client, server) = (List::new(&ends.client.signature_schemes), List::new(&ends.server.signature_schemes));
        let (first, second) = match ends.behaviour.scheme_order {
            Some(Preference::Server) => (&server, &client),
            _ => (&client, &server),
        };
        let sent = match &ends.client.signature_schemes {
            Known::Complete(list) if list.is_empty() => Has::No,
            Known::Unknown => Has::Maybe,
            _ => Has::Yes,
        };
        Self { schemes: common(first, second), sent }
    }

    /// Whether one of them fits a key.
    pub(super) fn any(&self, fits: impl Fn(&Scheme<'_>) -> bool) -> Has {
        let mut found = Has::No;
        for (name, has) in &self.schemes {
            if Scheme::parse(name.as_str()).is_some_and(|scheme| fits(&scheme)) {
                match has {
                    Has::Yes => return Has::Yes,
                    _ => found = Has::Maybe,
                }
            }
        }
        found
    }
}

/// Whether a key can sign by a scheme in a version.
pub(super) fn fits(key: &CertificateKey, scheme: &Scheme<'_>, version: TlsVersion) -> bool {
    let curve = match (scheme.curve, &key.curve) {
        // Only TLS 1.3 ties the curve to the scheme (RFC 8446 section 4.2.3).
        (Some(wanted), Some(curve)) if version == TlsVersion::Tls13 => curve == wanted,
        _ => true,
    };
    // The salt has the length of the digest (RFC 8017 section 9.1.1): SHA-512 needs more than 1024 bits.
    let digest = match scheme.digest {
        Digest::Sha512 => 64,
        Digest::Sha384 => 48,
        _ => 32,
    };
    let size = !scheme.pss || key.bits.is_none_or(|bits| bits / 8 >= 2 * digest + 2);
    key.kind == scheme.key && curve && size && (version != TlsVersion::Tls13 || scheme.tls13)
}

/// The kinds of key that a suite's authentication takes.
pub(super) fn authenticates(auth: Authentication, kind: CertificateKeyType) -> bool {
    use CertificateKeyType as K;
    match auth {
        Authentication::Rsa => matches!(kind, K::Rsa | K::RsaPss),
        Authentication::Ecdsa => matches!(kind, K::Ec | K::Ed25519 | K::Ed448),
        Authentication::Dss => kind == K::Dsa,
        Authentication::Gost => kind == K::Gost,
        Authentication::Tls13 => true,
        _ => false,
    }
}

/// A server that wants a scheme in common, whatever comes then.
pub(super) fn none_shared(ends: &Ends<'_>, shared: &Shared) -> Option<Decision> {
    if !ends.behaviour.needs_shared_scheme || shared.sent != Has::Yes || !shared.schemes.is_empty() {
        return None;
    }
    let failed = ends.failed(Stage::Certificate, Slot::SignatureScheme, FailureKind::NothingInCommon);
    Some(Decision::new(
        Choice::Failed(vec![failed]),
        "the server refuses a hello without a signature scheme of its own (OpenSSL: tls1_set_server_sigalgs)",
    ))
}

/// The scheme of the server's signature and the certificate that goes with it; `auth` is what the suite asks for, `signs`
/// whether the server signs anything with it.
pub(super) fn scheme(
    ends: &Ends<'_>,
    shared: &Shared,
    version: TlsVersion,
    auth: Authentication,
    signs: bool,
) -> Decision<(Name, Option<Certificate>)> {
    const RULE: &str =
        "the first signature scheme of both that a certificate of the server fits (RFC 8446 section 4.4.3)";
    let Some(certificates) = ends.server.certificates.accepted() else {
        if !signs {
            return Decision::new(Choice::NotUsed, "static RSA signs nothing (RFC 5246 section 7.4.3)");
        }
        return Decision::new(Choice::Unknown("which certificates the server has".to_owned()), RULE);
    };
    let usable: Vec<&Certificate> =
        certificates.iter().filter(|one| one.key.as_ref().is_none_or(|key| authenticates(auth, key.kind))).collect();
    let fail = |kind| Choice::Failed(vec![ends.failed(Stage::Certificate, Slot::SignatureScheme, kind)]);
    if version < TlsVersion::Tls12 {
        return legacy(ends, &usable, signs);
    }
    if !signs && !ends.behaviour.needs_shared_scheme {
        return Decision::new(Choice::NotUsed, "static RSA signs nothing (RFC 5246 section 7.4.3)");
    }
    if shared.sent == Has::No {
        if version == TlsVersion::Tls13 {
            let kind = FailureKind::NothingOffered { by: Role::Client };
            return Decision::new(fail(kind), "TLS 1.3 needs `signature_algorithms` (RFC 8446 section 9.2)");
        }
        return assumed(ends, &usable, signs);
    }
    // What would have decided, where an earlier scheme may or may not be taken.
    let mut open: Option<String> = None;
    for (name, has) in &shared.schemes {
        let Some(scheme) = Scheme::parse(name.as_str()) else { continue };
        if version == TlsVersion::Tls13 && matches!(scheme.digest, Digest::Sha1 | Digest::Sha224) {
            continue;
        }
        let fitting = usable.iter().find(|one| one.key.as_ref().is_none_or(|key| fits(key, &scheme, version)));
        let Some(certificate) = fitting else { continue };
        if *has != Has::Yes || certificate.key.is_none() {
            open.get_or_insert_with(|| format!("whether both have `{name}` and a certificate for it"));
            continue;
        }
        if !signs {
            return Decision::new(
                Choice::NotUsed,
                "static RSA signs nothing, but the server wants a scheme in common that fits (OpenSSL: tls_choose_sigalg)",
            );
        }
        // One that both have is enough for certain, whichever comes first, if the client takes every certificate.
        if open.is_some() {
            if usable.iter().all(|one| refused(ends, one).is_empty()) {
                return Decision::new(Choice::OneOf, RULE);
            }
            break;
        }
        return Decision::new(Choice::Agreed((name.clone(), Some((*certificate).clone()))), RULE);
    }
    if let Some(what) = open {
        return Decision::new(Choice::Unknown(what), RULE);
    }
    if !ends.server.certificates.is_complete() {
        return Decision::new(Choice::Unknown("which certificates the server has".to_owned()), RULE);
    }
    if usable.is_empty() {
        let failed =
            ends.failed(Stage::Certificate, Slot::Certificate, FailureKind::NothingOffered { by: Role::Server });
        return Decision::new(Choice::Failed(vec![failed]), RULE);
    }
    Decision::new(fail(FailureKind::NothingInCommon), RULE)
}

/// TLS 1.2 without `signature_algorithms`: SHA-1 is assumed (RFC 5246 section 7.4.1.4.1).
fn assumed(ends: &Ends<'_>, usable: &[&Certificate], signs: bool) -> Decision<(Name, Option<Certificate>)> {
    const RULE: &str = "without `signature_algorithms` SHA-1 is assumed (RFC 5246 section 7.4.1.4.1)";
    let own = List::new(&ends.server.signature_schemes);
    let mut certain = true;
    for certificate in usable {
        let name = match certificate.key.as_ref().map(|key| key.kind) {
            Some(CertificateKeyType::Rsa) => "rsa_pkcs1_sha1",
            Some(CertificateKeyType::Ec) => "ecdsa_sha1",
            Some(CertificateKeyType::Dsa) => "dsa_sha1",
            Some(_) => continue,
            None => {
                certain = false;
                continue;
            }
        };
        let name = Name::new(name);
        match own.has(&name) {
            Has::Yes if signs => return Decision::new(Choice::Agreed((name, Some((*certificate).clone()))), RULE),
            Has::Yes => return Decision::new(Choice::NotUsed, RULE),
            Has::Maybe => certain = false,
            Has::No => {}
        }
    }
    if !certain {
        return Decision::new(Choice::Unknown("whether the server signs with SHA-1".to_owned()), RULE);
    }
    let failed =
        ends.failed(Stage::Certificate, Slot::SignatureScheme, FailureKind::NothingOffered { by: Role::Client });
    Decision::new(Choice::Failed(vec![failed]), RULE)
}

/// TLS 1.1 and below: MD5 and SHA-1 together with RSA, SHA-1 with all else (RFC 4346 section 7.4.3).
fn legacy(ends: &Ends<'_>, usable: &[&Certificate], signs: bool) -> Decision<(Name, Option<Certificate>)> {
    const RULE: &str = "TLS 1.1 and below sign with MD5 and SHA-1, or SHA-1 (RFC 4346 section 7.4.3)";
    let ends_with = |role: Role, level: Option<u8>| {
        let why = level.map_or_else(String::new, |level| format!(": its security level {level} forbids SHA-1"));
        let offer = if role == Role::Client { &ends.client } else { ends.server };
        let has_newer =
            [TlsVersion::Tls12, TlsVersion::Tls13].into_iter().any(|one| offer.has_version(one) == Some(true));
        let what = format!("it makes and accepts no signature of TLS 1.1 and below{why}");
        let kind = FailureKind::Deviation { by: role, what };
        let mut failed = vec![ends.failed(Stage::Certificate, Slot::SignatureScheme, kind)];
        if has_newer {
            // What keeps both below TLS 1.2 is the other one.
            let what =
                format!("it has nothing above TLSv1.1, and the {role} makes and accepts no signature of that{why}");
            failed.push(ends.failed(
                Stage::Certificate,
                Slot::Version,
                FailureKind::Deviation { by: role.peer(), what },
            ));
        }
        Decision::new(Choice::Failed(failed), RULE)
    };
    // OpenSSL looks for the scheme also where nothing is signed.
    if ends.server.legacy_signatures == Some(false) && (signs || ends.behaviour.needs_shared_scheme) {
        return ends_with(Role::Server, ends.server.security_level);
    }
    if !signs {
        return Decision::new(Choice::NotUsed, "static RSA signs nothing (RFC 4346 section 7.4.3)");
    }
    if ends.client.legacy_signatures == Some(false) {
        return ends_with(Role::Client, ends.client.security_level);
    }
    let certificate = usable.first().map(|one| (*one).clone());
    match certificate {
        Some(certificate) => {
            let name = match certificate.key.as_ref().map(|key| key.kind) {
                Some(CertificateKeyType::Ec) => "ecdsa_sha1",
                Some(CertificateKeyType::Dsa) => "dsa_sha1",
                _ => "rsa_md5_sha1",
            };
            Decision::new(Choice::Agreed((Name::new(name), Some(certificate))), RULE)
        }
        None => Decision::new(Choice::NotUsed, RULE),
    }
}
