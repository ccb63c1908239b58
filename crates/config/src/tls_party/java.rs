//! Java's `java.security` over what a version of Java offers: what its lists of disabled algorithms leave
//! (`DisabledAlgorithmConstraints`, `SSLAlgorithmDecomposer`).

use shakedown_catalog::Catalog;
use shakedown_model::tls::{
    Authentication, Digest, KeyExchange, Layer, Scheme, Suite, TlsOffer, TlsPolicy, TlsVersion, Withheld, group_bits,
};
use shakedown_model::{ConfigurationKind, Gathered, Item, Known, Name, Role, Slot};

use super::program::Source;
use super::{PartyError, Spec, party};
use crate::flat;
use crate::value::Value;

const DISABLED: &str = "jdk.tls.disabledAlgorithms";
const LEGACY: &str = "jdk.tls.legacyAlgorithms";
const CERTIFICATES: &str = "jdk.certpath.disabledAlgorithms";
const CURVES: &str = "jdk.disabled.namedCurves";

/// Java as a client or a server, with the limits of this file. What a program sets itself (`SSLContext`,
/// `jdk.tls.client.protocols`) is not in it.
///
/// # Errors
/// The file cannot be read, or the version of Java is not known.
pub(super) fn java_security(source: &Source<'_>, spec: &Spec<'_>, catalog: &Catalog) -> Result<Gathered, PartyError> {
    let reading = flat::java_security(source.files, spec.path)?;
    let (mut policy, resolved) = catalog.tls_policy(spec.software, spec.role)?;
    let settings = reading.servers.iter().find(|server| server.role == spec.role);
    let property = |name: &str| {
        let found = settings.and_then(|server| server.settings.other.iter().find(|(other, _)| *other == name));
        found.map(|(_, value)| value)
    };
    let mut notes = resolved.notes;
    if let Some(value) = property(DISABLED) {
        let rules = rules(value, property(CURVES));
        limit(&mut policy, &rules, DISABLED);
        reopen(&mut policy, &rules, &mut notes);
    }
    if let Some(value) = property(CERTIFICATES) {
        of_certificates(&mut policy.offer, &rules(value, property(CURVES)), spec.role, &mut notes);
    }
    if let Some(value) = property(LEGACY).filter(|_| spec.role == Role::Server) {
        // Only names count there, and the order of a client is its own.
        let rules = rules(value, None);
        let last = |name: &String| rules.iter().any(|rule| rule.is_plain() && takes_suite(rule.name.as_str(), name));
        let all = catalog.tls_names(Slot::CipherSuite).into_iter().map(|(name, _)| name);
        policy.behaviour.last_resort = all.filter(last).map(|name| Name::new(&name)).collect();
    }
    if let Some(value) = property("jdk.tls.namedGroups") {
        let names = value.split(|letter| letter == ',');
        let items = names.iter().map(|name| Item::with_origin(Name::new(name.as_str()), name.origin().clone()));
        policy.offer.groups = Known::Complete(items.collect());
        policy.offer.key_shares = Known::Unknown;
    }
    let mut party = party(spec, ConfigurationKind::JavaSecurity, &reading.files, policy);
    party.notes = notes;
    Ok(Gathered { parties: vec![party], evidence: reading.evidence.clone() })
}

/// One element of a list.
struct Rule {
    name: Value,
    /// `keySize < N`: keys below N bits are refused, others are not.
    below: Option<u32>,
    /// Any other condition, such as `jdkCA` or `usage`.
    condition: Option<String>,
}

impl Rule {
    /// Whether it takes away whatever it names, without a condition.
    fn is_plain(&self) -> bool {
        self.below.is_none() && self.condition.is_none()
    }

    /// Whether it takes away what signs handshakes: without a condition, or with that one.
    fn is_of_handshakes(&self) -> bool {
        self.below.is_none()
            && self
                .condition
                .as_deref()
                .is_none_or(|condition| condition.eq_ignore_ascii_case("usage HandshakeSignature"))
    }
}

fn rules(value: &Value, curves: Option<&Value>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for part in value.split(|letter| letter == ',') {
        let text = part.as_str();
        if let Some(included) = text.strip_prefix("include ") {
            if included.trim() == CURVES
                && let Some(curves) = curves
            {
                rules.extend(curves.split(|letter| letter == ',').into_iter().map(|name| Rule {
                    name,
                    below: None,
                    condition: None,
                }));
            }
            continue;
        }
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let name = part.slice(0..end);
        let rest = text.get(end..).unwrap_or_default().trim();
        let (below, condition) = match rest.strip_prefix("keySize") {
            Some(size) => match size.trim().strip_prefix('<').map(|number| number.trim().parse()) {
                Some(Ok(below)) => (Some(below), None),
                _ => (None, Some(rest.to_owned())),
            },
            None if rest.is_empty() => (None, None),
            None => (None, Some(rest.to_owned())),
        };
        rules.push(Rule { name, below, condition });
    }
    rules
}

/// Takes away what the rules name.
fn limit(policy: &mut TlsPolicy, rules: &[Rule], what: &str) {
    let taken = |slot: Slot, name: &str| {
        let rule = rules.iter().find(|rule| match slot {
            Slot::Version => rule.is_plain() && is_version(rule.name.as_str(), name),
            Slot::CipherSuite => rule.is_plain() && takes_suite(rule.name.as_str(), name),
            Slot::Group => takes_group(rule, name),
            _ => rule.is_of_handshakes() && takes_scheme(rule.name.as_str(), name),
        })?;
        Some(Withheld {
            slot,
            name: Name::new(name),
            by: Layer::SystemPolicy,
            what: what.to_owned(),
            origin: Some(rule.name.origin().clone()),
        })
    };
    let offer = &mut policy.offer;
    for (slot, list) in [
        (Slot::Version, &mut offer.versions),
        (Slot::CipherSuite, &mut offer.tls13_cipher_suites),
        (Slot::CipherSuite, &mut offer.cipher_suites),
        (Slot::Group, &mut offer.groups),
        (Slot::SignatureScheme, &mut offer.signature_schemes),
    ] {
        let Some(items) = list.complete_mut() else { continue };
        items.retain(|item| match taken(slot, item.name.as_str()) {
            Some(withheld) => {
                policy.withheld.push(withheld);
                false
            }
            None => true,
        });
    }
    // A version without a suite is off (`HandshakeContext.getActiveProtocols`).
    let none_left = |list: &Known<Vec<Item>>| list.complete().is_some_and(Vec::is_empty);
    let (no_tls13, no_older) = (none_left(&offer.tls13_cipher_suites), none_left(&offer.cipher_suites));
    if let Some(versions) = offer.versions.complete_mut() {
        versions.retain(|item| {
            let off = if item.name == TlsVersion::Tls13.as_str() { no_tls13 } else { no_older };
            if off {
                let (slot, by, what) = (Slot::Version, Layer::SystemPolicy, what.to_owned());
                policy.withheld.push(Withheld { slot, name: item.name.clone(), by, what, origin: None });
            }
            !off
        });
    }
    // Suites of a version that is off are off with it.
    let has_tls13 =
        offer.versions.complete().is_none_or(|all| all.iter().any(|one| one.name == TlsVersion::Tls13.as_str()));
    if let Some(suites) = offer.tls13_cipher_suites.complete_mut().filter(|_| !has_tls13) {
        suites.clear();
    }
    // So are groups that no suite uses (`SupportedGroupsExtension`).
    if let (false, Some(suites)) = (has_tls13, offer.cipher_suites.complete()) {
        let exchanges: Vec<KeyExchange> =
            suites.iter().filter_map(|item| Some(Suite::parse(item.name.as_str())?.key_exchange)).collect();
        let elliptic = exchanges.iter().any(|one| matches!(one, KeyExchange::Ecdhe | KeyExchange::Ecdh));
        let finite = exchanges.iter().any(|one| matches!(one, KeyExchange::Dhe | KeyExchange::Dh));
        if let Some(groups) = offer.groups.complete_mut() {
            groups.retain(|group| if group.name.as_str().starts_with("ffdhe") { finite } else { elliptic });
        }
    }
    let groups = offer.groups.complete().cloned();
    if let (Some(shares), Some(groups)) = (offer.key_shares.complete_mut(), groups) {
        shares.retain(|share| groups.iter().any(|group| group.name == share.name));
        if shares.is_empty() {
            shares.extend(groups.first().cloned());
        }
    }
    let least = |name: &str| {
        let found = rules.iter().filter(|rule| rule.name.as_str().eq_ignore_ascii_case(name));
        found.filter_map(|rule| rule.below).max()
    };
    if let Some(bits) = least("DH").or_else(|| least("DiffieHellman")) {
        offer.min_dh_bits = Some(bits);
    }
    if let Some(bits) = least("RSA") {
        offer.min_rsa_bits = Some(bits);
    }
    if let Some(bits) = least("EC") {
        offer.min_ec_bits = Some(bits);
    }
}

/// What Java would offer if the file did not disable it, and what the row of this version, which was taken under Java's own
/// file, therefore does not show: such a list is known in part.
fn reopen(policy: &mut TlsPolicy, rules: &[Rule], notes: &mut Vec<String>) {
    let plain = |name: &str| rules.iter().any(|rule| rule.is_plain() && rule.name.as_str().eq_ignore_ascii_case(name));
    let offer = &mut policy.offer;
    if let Some(versions) = offer.versions.complete_mut() {
        for (token, version) in [("TLSv1.1", TlsVersion::Tls11), ("TLSv1", TlsVersion::Tls10)] {
            // Both are on in every Java that has them but for this list.
            if !plain(token) && !versions.iter().any(|item| item.name == version.as_str()) {
                versions.push(Item::new(version.as_str()));
                notes.push(format!("`{DISABLED}` does not name {token}: Java offers it again"));
                offer.legacy_signatures = Some(true);
            }
        }
    }
    let suites = offer.cipher_suites.complete().cloned();
    let Some(suites) = suites else { return };
    let open: Vec<&str> = ["3DES_EDE_CBC", "ECDH", "RC4", "TLS_RSA_*"]
        .into_iter()
        .filter(|token| !plain(token) && !suites.iter().any(|suite| takes_suite(token, suite.name.as_str())))
        .collect();
    if open.is_empty() {
        return;
    }
    notes.push(format!(
        "`{DISABLED}` does not name {}: whether this Java then offers such suites is not known here",
        open.join(", ")
    ));
    let refused = policy.withheld.iter().filter(|withheld| withheld.slot == Slot::CipherSuite);
    let refused =
        refused.map(|withheld| Item { name: withheld.name.clone(), origin: withheld.origin.clone() }).collect();
    offer.cipher_suites = Known::Partial { accepted: suites, refused };
}

/// What holds for the certificates of the peer.
fn of_certificates(offer: &mut TlsOffer, rules: &[Rule], role: Role, notes: &mut Vec<String>) {
    for rule in rules {
        match (rule.name.as_str().to_ascii_uppercase().as_str(), rule.below) {
            ("RSA", Some(bits)) => offer.min_rsa_bits = Some(offer.min_rsa_bits.map_or(bits, |old| old.max(bits))),
            ("EC", Some(bits)) => offer.min_ec_bits = Some(offer.min_ec_bits.map_or(bits, |old| old.max(bits))),
            (name, None) => {
                let digest = match name {
                    "MD5" | "MD5WITHRSA" => Digest::Md5,
                    "SHA1" | "SHA-1" | "SHA1WITHRSA" => Digest::Sha1,
                    _ => continue,
                };
                match &rule.condition {
                    None if !offer.refused_certificate_digests.contains(&digest) => {
                        offer.refused_certificate_digests.push(digest);
                    }
                    Some(condition) if role == Role::Client && condition.contains("TLSServer") => {
                        notes.push(format!(
                            "certificates of servers signed with {} are refused where `{condition}` holds: a chain to an \
                             authority of Java's own",
                            digest.as_str()
                        ));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

fn is_version(token: &str, name: &str) -> bool {
    TlsVersion::parse(token).is_some_and(|version| version.as_str() == name)
}

fn takes_suite(token: &str, name: &str) -> bool {
    if let Some(start) = token.strip_suffix('*') {
        return name.starts_with(start);
    }
    let Some(suite) = Suite::parse(name) else { return false };
    if token.eq_ignore_ascii_case(name) {
        return true;
    }
    parts(&suite).iter().any(|part| part.eq_ignore_ascii_case(token))
}

/// The algorithms that Java takes a suite to be made of.
fn parts(suite: &Suite<'_>) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut add = |names: &[&str]| parts.extend(names.iter().map(|name| (*name).to_owned()));
    let authentication = match suite.authentication {
        Authentication::Rsa => "RSA",
        Authentication::Ecdsa => "ECDSA",
        Authentication::Dss => "DSS",
        Authentication::Anonymous => "anon",
        _ => "",
    };
    let exchange = match suite.key_exchange {
        KeyExchange::Dhe if suite.authentication == Authentication::Anonymous => "DH",
        KeyExchange::Dhe => "DHE",
        KeyExchange::Ecdhe if suite.authentication == Authentication::Anonymous => "ECDH",
        KeyExchange::Ecdhe => "ECDHE",
        KeyExchange::Ecdh => "ECDH",
        KeyExchange::Dh => "DH",
        KeyExchange::Rsa => "RSA",
        _ => "",
    };
    add(&[authentication]);
    match exchange {
        "DHE" => add(&["DHE", "DH", "DiffieHellman"]),
        // Static, or without authentication, which has a name of its own.
        "ECDH" if authentication == "anon" => add(&["ECDH_anon"]),
        "DH" if authentication == "anon" => add(&["DH_anon"]),
        other => add(&[other]),
    }
    if authentication == "DSS" {
        add(&["DSA"]);
    }
    add(&[&format!("{exchange}_{authentication}")]);
    // The name of the cipher, but in TLS 1.3, and the parts of its transformation, such as `AES/GCM/NoPadding`.
    if !suite.tls13 && !suite.cipher.starts_with("CHACHA20") {
        add(&[suite.cipher]);
    }
    let mode = suite.cipher.rsplit('_').next().unwrap_or_default();
    match suite.cipher.split('_').next().unwrap_or_default() {
        "CHACHA20" => add(&["ChaCha20-Poly1305"]),
        "3DES" => add(&["DESede", mode]),
        "RC4" => add(&["RC4"]),
        "NULL" => {}
        cipher => add(&[cipher, mode]),
    }
    if !suite.is_aead() {
        match suite.digest {
            "MD5" => add(&["MD5", "HmacMD5"]),
            "SHA" => add(&["SHA1", "SHA-1", "HmacSHA1"]),
            digest => add(&[&format!("Hmac{digest}")]),
        }
    }
    // The digest of the key derivation.
    add(&[if suite.digest == "SHA384" { "SHA384" } else { "SHA256" }]);
    parts.retain(|part| !part.is_empty() && part.bytes().any(|byte| byte.is_ascii_alphabetic()));
    parts
}

fn takes_group(rule: &Rule, name: &str) -> bool {
    let token = rule.name.as_str();
    match rule.below {
        Some(below) => {
            let finite = name.starts_with("ffdhe");
            let kind = if finite { ["DH", "DiffieHellman"] } else { ["EC", "EC"] };
            // X25519 and X448 are no `EC` keys to Java.
            !matches!(name, "x25519" | "x448")
                && kind.iter().any(|kind| kind.eq_ignore_ascii_case(token))
                && group_bits(name).is_some_and(|bits| bits < below)
        }
        None => rule.is_plain() && token.eq_ignore_ascii_case(name),
    }
}

fn takes_scheme(token: &str, name: &str) -> bool {
    if token.eq_ignore_ascii_case(name) {
        return true;
    }
    let Some(scheme) = Scheme::parse(name) else { return false };
    let digest = match scheme.digest {
        Digest::Md5 => "MD5",
        Digest::Sha1 => "SHA1",
        Digest::Sha224 => "SHA224",
        Digest::Sha256 => "SHA256",
        Digest::Sha384 => "SHA384",
        Digest::Sha512 => "SHA512",
        _ => return false,
    };
    let key = scheme.key.as_str().split('-').next().unwrap_or_default();
    let is_digest = token.eq_ignore_ascii_case(digest) || token.replace('-', "").eq_ignore_ascii_case(digest);
    let is_key = token.eq_ignore_ascii_case(key) || scheme.pss && token.eq_ignore_ascii_case("RSASSA-PSS");
    // The digest of RSASSA-PSS is a parameter, which the lists do not reach.
    is_digest && !scheme.pss || is_key || !scheme.pss && token.eq_ignore_ascii_case(&format!("{digest}with{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_takes_the_suites_that_are_made_of_it() {
        for (token, suite, taken) in [
            ("ECDH", "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", true),
            ("ECDH", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", false),
            ("3DES_EDE_CBC", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", true),
            ("DES", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", false),
            ("RC4", "TLS_RSA_WITH_RC4_128_MD5", true),
            ("DH", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", true),
            ("RSA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", true),
            ("RSA", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", false),
            ("TLS_RSA_*", "TLS_RSA_WITH_AES_128_CBC_SHA", true),
            ("AES_128_GCM", "TLS_AES_128_GCM_SHA256", false),
            ("AES_128_GCM", "TLS_RSA_WITH_AES_128_GCM_SHA256", true),
            ("AES_128", "TLS_RSA_WITH_AES_128_GCM_SHA256", false),
            ("GCM", "TLS_AES_128_GCM_SHA256", true),
            ("CBC", "TLS_RSA_WITH_AES_128_CBC_SHA", true),
            ("ChaCha20-Poly1305", "TLS_CHACHA20_POLY1305_SHA256", true),
            ("SHA1", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", true),
            ("SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", true),
            ("SHA256", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", false),
            ("NULL", "TLS_RSA_WITH_NULL_SHA", true),
        ] {
            assert_eq!(takes_suite(token, suite), taken, "{token} {suite}");
        }
    }

    #[test]
    fn a_token_takes_signature_schemes() {
        assert!(takes_scheme("MD5withRSA", "rsa_pkcs1_md5") && !takes_scheme("MD5withRSA", "rsa_pkcs1_sha256"));
        assert!(takes_scheme("SHA1", "ecdsa_sha1") && takes_scheme("RSASSA-PSS", "rsa_pss_rsae_sha256"));
        assert!(takes_scheme("SHA384", "rsa_pkcs1_sha384") && !takes_scheme("SHA384", "rsa_pss_rsae_sha384"));
    }
}
