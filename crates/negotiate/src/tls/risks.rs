//! What is weak about a session that comes about. Never a failure, and apart from reachability.

use shakedown_catalog::Catalog;
use shakedown_model::tls::{Digest, Scheme, Suite, TlsPolicy, is_post_quantum_group};
use shakedown_model::{Name, Outcome, Risk, Slot};

/// The weaknesses of what two TLS ends agreed on.
pub fn risks(outcome: &Outcome, server: &TlsPolicy, _catalog: &Catalog) -> Vec<Risk> {
    let mut risks = Vec::new();
    risks.extend(old_version(outcome));
    let suite = outcome.agreed(Slot::CipherSuite).map(Name::as_str);
    if let Some((name, suite)) = suite.and_then(|name| Some((name, Suite::parse(name)?))) {
        risks.extend(weak_suite(name, &suite));
    }
    risks.extend(no_post_quantum(outcome));
    risks.extend(sha1_signature(outcome));
    risks.extend(no_extended_master_secret(outcome, server));
    risks
}

fn risk(code: &str, slot: Slot, summary: impl Into<String>, citation: &str) -> Risk {
    Risk { code: code.into(), slot: Some(slot), summary: summary.into(), citation: citation.into() }
}

fn old_version(outcome: &Outcome) -> Option<Risk> {
    let version = outcome.agreed(Slot::Version)?.as_str();
    let citation = match version {
        "SSLv2" => "RFC 6176",
        "SSLv3" => "RFC 7568",
        "TLSv1.0" | "TLSv1.1" => "RFC 8996",
        _ => return None,
    };
    Some(risk("old-version", Slot::Version, format!("{version} is out of date and must not be used"), citation))
}

fn weak_suite(name: &str, suite: &Suite<'_>) -> Vec<Risk> {
    let mut risks = Vec::new();
    let mut add = |code, what: &str, citation| {
        risks.push(risk(code, Slot::CipherSuite, format!("`{name}`: {what}"), citation));
    };
    if suite.is_null() {
        add("no-encryption", "it encrypts nothing", "RFC 9325 section 4.1");
    }
    if !suite.has_forward_secrecy() {
        add(
            "no-forward-secrecy",
            "whoever gets the server's key later can read what was recorded",
            "RFC 9325 section 4.1",
        );
    }
    for (start, what, citation) in [
        ("RC4", "RC4 gives away plain text", "RFC 7465"),
        ("3DES", "its blocks of 64 bits repeat in long connections", "CVE-2016-2183"),
        ("DES", "its keys of 56 bits can be tried out", "RFC 5469"),
        ("IDEA", "its blocks of 64 bits repeat in long connections", "RFC 5469"),
    ] {
        if suite.cipher.starts_with(start) {
            add("weak-cipher", what, citation);
        }
    }
    if suite.cipher.contains("CBC") && !suite.cipher.starts_with("3DES") {
        add("cbc", "CBC with the MAC before encryption has been attacked by timing", "CVE-2013-0169");
    }
    risks
}

fn no_post_quantum(outcome: &Outcome) -> Option<Risk> {
    let group = outcome.agreed.iter().find(|(slot, _)| *slot == Slot::Group)?.1.as_ref()?;
    (!is_post_quantum_group(group.as_str())).then(|| {
        let summary = format!("a recorded session can be read once a quantum computer breaks `{group}`");
        risk("no-post-quantum", Slot::Group, summary, "draft-ietf-tls-ecdhe-mlkem")
    })
}

fn sha1_signature(outcome: &Outcome) -> Option<Risk> {
    let name = outcome.agreed(Slot::SignatureScheme)?.as_str();
    let weak = name == "rsa_md5_sha1"
        || Scheme::parse(name).is_some_and(|scheme| matches!(scheme.digest, Digest::Sha1 | Digest::Md5));
    weak.then(|| {
        let summary =
            format!("the server's proof of its identity, `{name}`, rests on SHA-1, whose collisions can be made");
        risk("sha1-signature", Slot::SignatureScheme, summary, "RFC 9155")
    })
}

fn no_extended_master_secret(outcome: &Outcome, server: &TlsPolicy) -> Option<Risk> {
    let version = outcome.agreed(Slot::Version)?.as_str();
    (version != "TLSv1.3" && server.offer.extended_master_secret.complete() == Some(&false)).then(|| {
        let summary = "the session's keys are not bound to its handshake (triple handshake attack)";
        risk("no-extended-master-secret", Slot::Version, summary, "RFC 7627")
    })
}
