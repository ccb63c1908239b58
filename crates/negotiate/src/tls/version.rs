use shakedown_model::tls::TlsVersion;
use shakedown_model::{Slot, Stage};

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
