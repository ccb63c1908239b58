use shakedown_model::tls::TlsVersion;
use shakedown_model::{FailureKind, Role, Slot, Stage};

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

/// A version below TLS 1.2 that is the highest of both only because the server steps over those in between: OpenSSL's client
/// takes the server's mark for the work of an attacker, also where it has no TLS 1.2 itself. `None` where it does not matter.
pub(super) fn marked(ends: &Ends<'_>, version: TlsVersion) -> Option<Decision<TlsVersion>> {
    const RULE: &str = "a server that has TLSv1.2 marks a lower version, and the client refuses the mark below its highest \
                        version (RFC 8446 section 4.1.3; OpenSSL: ssl_choose_client_version)";
    if version >= TlsVersion::Tls12 || !ends.client_policy.behaviour.refuses_marked_downgrade {
        return None;
    }
    let (client, server) = (List::new(&ends.client.versions), List::new(&ends.server.versions));
    let higher = |list: &List| {
        let all = TlsVersion::ALL.into_iter().filter(|other| *other > version);
        all.map(|other| list.has(&super::ends::version_name(other))).fold(Has::No, super::ends::either)
    };
    let marks = match ends.behaviour.marks_downgrade {
        Some(marks) => super::ends::has_if(marks),
        None => Has::Maybe,
    };
    let newest = server.has(&super::ends::version_name(TlsVersion::Tls12));
    match both(higher(&client), both(newest, marks)) {
        Has::No => None,
        Has::Maybe => {
            let what = format!("whether the server marks {version} as a downgrade, which this client refuses");
            Some(Decision::new(Choice::Unknown(what), RULE))
        }
        Has::Yes => {
            let what = format!(
                "it has TLSv1.2 and {version} but not what lies between, and marks {version} as a downgrade, which the \
                 client refuses (inappropriate fallback)"
            );
            let kind = FailureKind::Deviation { by: Role::Server, what };
            Some(Decision::new(Choice::Failed(vec![ends.failed(Stage::Hello, Slot::Version, kind)]), RULE))
        }
    }
}
