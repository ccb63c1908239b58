use shakedown_model::tls::{Suite, TlsVersion, is_tls13_suite};
use shakedown_model::{FailureKind, Known, Role, Slot, Stage};

use super::ends::{Choice, Decision, Ends, both};
use crate::ssh::list::{Has, List};

/// The highest version that both have (RFC 8446 section 4.2.1; RFC 5246 section 7.4.1.3, where holes in the server's range
/// are stepped over).
pub(super) fn version(ends: &Ends<'_>) -> Decision<TlsVersion> {
    const RULE: &str = "the highest version of both (RFC 8446 section 4.2.1)";
    let (client, server) = (List::new(&ends.client.versions), List::new(&ends.server.versions));
    for version in TlsVersion::ALL {
        let name = super::ends::version_name(version);
        match both(client.has(&name), server.has(&name)) {
            Has::Yes => return Decision::new(Choice::Agreed(version), RULE),
            Has::Maybe => {
                let who = if client.has(&name) == Has::Maybe { "client" } else { "server" };
                let what = format!("whether the {who} has {version}");
                return Decision::new(Choice::Unknown(what), RULE);
            }
            Has::No => {}
        }
    }
    let failed = ends.nothing(Stage::Hello, Slot::Version, &client, &server);
    Decision::new(Choice::Failed(vec![failed]), RULE)
}

/// A server that looks for a cipher suite of its highest version before it reads a hello, and has none.
pub(super) fn unusable(ends: &Ends<'_>) -> Option<Decision<TlsVersion>> {
    let versions = ends.server.versions.complete().filter(|_| ends.behaviour.highest_version_needs_suite)?;
    let has = |version: TlsVersion| versions.iter().any(|item| item.name == *version.as_str());
    let mut highest = None;
    let mut gap = true;
    for version in TlsVersion::ALL {
        match has(version) {
            true if gap => highest = Some(version),
            _ => {}
        }
        gap = !has(version);
    }
    let highest = highest?;
    let (Known::Complete(old), Known::Complete(new)) = (&ends.server.cipher_suites, &ends.server.tls13_cipher_suites)
    else {
        return None;
    };
    let fits = |name: &str| {
        is_tls13_suite(name) == (highest == TlsVersion::Tls13)
            && Suite::parse(name).is_some_and(|suite| suite.lowest_version() <= highest)
    };
    if old.iter().chain(new).any(|item| fits(item.name.as_str())) {
        return None;
    }
    let what = format!(
        "it looks for a cipher suite of {highest}, the highest of its lowest versions without a gap, and ends every \
         handshake for having none"
    );
    let kind = FailureKind::Deviation { by: Role::Server, what };
    let failed = ends.failed(Stage::Hello, Slot::CipherSuite, kind);
    Some(Decision::new(
        Choice::Failed(vec![failed]),
        "a server without a cipher suite for its highest version ends every handshake (OpenSSL: tls_setup_handshake)",
    ))
}
