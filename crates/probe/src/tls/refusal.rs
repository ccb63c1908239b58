//! Why a hello was refused although the server has a suite of it: the same hello is sent again with one list made longer, or
//! one extension more. The one that is taken shows what was missing.

use shakedown_handshake::tls::HelloSpec;

use super::mapper::Mapper;
use super::{Verdict, plan};

/// Asks until a change is taken. Does nothing where a version or suites tell the reason already.
pub(super) async fn explain(mapper: &mut Mapper<'_>, hello: &HelloSpec) {
    let has_version = |number: &u16| mapper.findings.has(*number);
    let known = [&mapper.findings.suites.accepted, &mapper.findings.tls13_suites.accepted];
    let has_suite = |suite: &u16| known.iter().any(|list| list.contains(suite));
    if !hello.versions.iter().any(has_version) || !hello.cipher_suites.iter().any(has_suite) {
        return;
    }
    if !hello.extended_master_secret && hello.has_extensions {
        let changed = HelloSpec { extended_master_secret: true, ..hello.clone() };
        if is_taken(mapper, changed, "the client's hello with the extended master secret").await {
            mapper.findings.needs_extended_master_secret = Some(true);
            return;
        }
    }
    let more = |own: &[u16], all: Vec<u16>| -> Vec<u16> {
        own.iter().copied().chain(all.into_iter().filter(|number| !own.contains(number))).collect()
    };
    let candidates = mapper.engine.candidates;
    let groups = more(&hello.groups, plan::curves(candidates));
    if !hello.groups.is_empty() && groups.len() > hello.groups.len() {
        let changed = HelloSpec { groups, ..hello.clone() };
        if is_taken(mapper, changed, "the client's hello with more groups").await {
            mapper.findings.groups.refuse(&hello.groups);
            return;
        }
    }
    let signature_schemes = more(&hello.signature_schemes, plan::all_schemes(candidates));
    if !hello.signature_schemes.is_empty() && signature_schemes.len() > hello.signature_schemes.len() {
        let changed = HelloSpec { signature_schemes, ..hello.clone() };
        if is_taken(mapper, changed, "the client's hello with more signature schemes").await {
            mapper.findings.schemes.refuse(&hello.signature_schemes);
            mapper.findings.needs_shared_scheme = true;
        }
    }
}

async fn is_taken(mapper: &mut Mapper<'_>, hello: HelloSpec, purpose: &str) -> bool {
    mapper.engine.can_ask() && mapper.meet(hello, purpose).await.verdict == Verdict::Accepted
}
