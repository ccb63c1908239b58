//! What is weak about a session that comes about. Never a failure, and apart from reachability.

use shakedown_catalog::{Catalog, Rating};
use shakedown_model::ssh::{SshPolicy, is_aead};
use shakedown_model::{Name, Outcome, Risk, Slot};

/// The weaknesses of what two SSH ends agreed on, those of the pair as a whole first.
pub fn risks(outcome: &Outcome, client: &SshPolicy, server: &SshPolicy, catalog: &Catalog) -> Vec<Risk> {
    let mut risks = Vec::new();
    risks.extend(terrapin(outcome, client, server));
    risks.extend(sha1_signature(outcome));
    risks.extend(no_forward_secrecy(outcome));
    risks.extend(no_post_quantum(outcome, catalog));
    risks.extend(cbc_without_etm(outcome));
    for slot in Slot::SSH {
        let risk = weak(outcome, slot, catalog);
        risks.extend(risk.filter(|new| !risks.iter().any(|old| old.code == new.code && old.summary == new.summary)));
    }
    risks
}

fn risk(code: &str, slot: Slot, summary: impl Into<String>, citation: impl Into<String>) -> Risk {
    Risk { code: code.into(), slot: Some(slot), summary: summary.into(), citation: citation.into() }
}

/// Cipher and MAC of both directions.
fn directions(outcome: &Outcome) -> impl Iterator<Item = (Slot, &str, Option<&str>)> {
    [(Slot::CipherC2s, Slot::MacC2s), (Slot::CipherS2c, Slot::MacS2c)].into_iter().filter_map(|(cipher, mac)| {
        Some((cipher, outcome.agreed(cipher)?.as_str(), outcome.agreed(mac).map(Name::as_str)))
    })
}

fn is_etm(mac: Option<&str>) -> bool {
    mac.is_some_and(|mac| mac.contains("-etm@"))
}

fn is_cbc(cipher: &str) -> bool {
    cipher.contains("-cbc")
}

/// The prefix truncation of Terrapin works on the pair: strict key exchange protects only where both ends announce it,
/// and then only the cipher that is used matters. Nothing is said where an end's list is not known whole.
fn terrapin(outcome: &Outcome, client: &SshPolicy, server: &SshPolicy) -> Option<Risk> {
    client.offer.kex.complete()?;
    server.offer.kex.complete()?;
    let protects = [
        client.offer.has_marker("kex-strict-c-v00@openssh.com"),
        server.offer.has_marker("kex-strict-s-v00@openssh.com"),
    ];
    let who = match protects {
        [true, true] => return None,
        [true, false] => "the server does",
        [false, true] => "the client does",
        [false, false] => "both ends do",
    };
    let (slot, cipher) = directions(outcome).find_map(|(slot, cipher, mac)| {
        let open = cipher.starts_with("chacha20-poly1305") || (is_cbc(cipher) && is_etm(mac));
        open.then_some((slot, cipher))
    })?;
    let summary = format!(
        "an attacker in the path can cut the first messages of the session (Terrapin): `{cipher}` is used and {who} not \
         announce strict key exchange"
    );
    Some(risk("terrapin", slot, summary, "CVE-2023-48795, https://terrapin-attack.com"))
}

fn sha1_signature(outcome: &Outcome) -> Option<Risk> {
    let name = outcome.agreed(Slot::HostKey)?.as_str();
    let sha1 = matches!(name, "ssh-rsa" | "ssh-dss" | "ssh-rsa-cert-v01@openssh.com" | "ssh-dss-cert-v01@openssh.com");
    sha1.then(|| {
        let summary =
            format!("the server's proof of its identity, `{name}`, rests on SHA-1, whose collisions can be made");
        risk("sha1-signature", Slot::HostKey, summary, "RFC 8332 section 1")
    })
}

fn no_forward_secrecy(outcome: &Outcome) -> Option<Risk> {
    let name = outcome.agreed(Slot::Kex)?.as_str();
    matches!(name, "rsa1024-sha1" | "rsa2048-sha256").then(|| {
        let summary =
            format!("with `{name}` whoever gets the server's RSA key of the exchange can read the session later");
        risk("no-forward-secrecy", Slot::Kex, summary, "RFC 4432")
    })
}

fn no_post_quantum(outcome: &Outcome, catalog: &Catalog) -> Option<Risk> {
    let name = outcome.agreed(Slot::Kex)?.as_str();
    let hybrid = ["mlkem", "sntrup", "kyber", "ntruprime"].iter().any(|kem| name.contains(kem));
    (!hybrid && catalog.rating(Slot::Kex, name) != Some(Rating::PostQuantum)).then(|| {
        let summary = format!("a recorded session can be read once a quantum computer breaks `{name}`");
        risk("no-post-quantum", Slot::Kex, summary, "https://www.openssh.com/pq.html")
    })
}

fn cbc_without_etm(outcome: &Outcome) -> Option<Risk> {
    let (slot, cipher, _) =
        directions(outcome).find(|(_, cipher, mac)| is_cbc(cipher) && !is_aead(cipher) && !is_etm(*mac))?;
    let summary = format!("`{cipher}` without an encrypt-then-MAC algorithm can give away some bits of the plain text");
    Some(risk("cbc-without-etm", slot, summary, "CVE-2008-5161"))
}

fn weak(outcome: &Outcome, slot: Slot, catalog: &Catalog) -> Option<Risk> {
    let name = outcome.agreed(slot)?.as_str();
    let algorithm = catalog.algorithm(slot, name)?;
    let (Some(Rating::Broken | Rating::Weak), Some(reason)) = (catalog.rating(slot, name), algorithm.reasons.first())
    else {
        return None;
    };
    let code = match slot {
        Slot::Kex => "weak-kex",
        Slot::HostKey => "weak-host-key",
        Slot::CipherC2s | Slot::CipherS2c => "weak-cipher",
        Slot::MacC2s | Slot::MacS2c => "weak-mac",
        _ => "weak-compression",
    };
    let text = reason.text.trim().trim_end_matches('.');
    Some(risk(code, slot, format!("`{name}` is weak: {text}"), reason.references.join(", ")))
}
