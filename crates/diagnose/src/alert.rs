//! What the causes that an alert of TLS names share.

use shakedown_model::{EvidenceId, Fact, Known, Match, OriginKind, Phase, Role, Side, Strength};

use crate::Case;

/// An alert that ended a connection, or a warning.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) id: EvidenceId,
    /// Who sent it.
    pub(crate) role: Role,
    pub(crate) phase: Phase,
    /// The number of IANA's registry.
    pub(crate) number: u8,
    pub(crate) is_warning: bool,
    /// Whether it came after the other end had sent all of its handshake.
    pub(crate) after_finished: bool,
}

/// The alerts seen, in order.
pub(crate) fn seen<'a>(case: &Case<'a>) -> impl Iterator<Item = Seen> + use<'a> {
    case.facts().filter_map(|(id, evidence)| {
        let Fact::Alert { phase, level, number, is_encrypted: _, after_finished, name: _ } = evidence.fact.clone()
        else {
            return None;
        };
        let role = evidence.subject.unwrap_or(Role::Server);
        Some(Seen { id, role, phase, number, is_warning: level == 1, after_finished })
    })
}

/// Whether the alert answers a hello without `server_name`: one of this program's own, or of a client that sends none.
pub(crate) fn sent_no_name(case: &Case<'_>, seen: &Seen) -> bool {
    let origin = case.evidence.get(seen.id.0).and_then(|evidence| evidence.origin.as_ref());
    let is_own = origin.is_some_and(|origin| matches!(origin.kind(), OriginKind::Peer { .. }));
    let offer = case.client.and_then(|party| party.tls()).map(|policy| &policy.offer.server_name);
    let sends_none = matches!(offer, Some(Known::Complete(None))) || is_own;
    sends_none && seen.role == Role::Server && case.context.server_name.is_none()
}

/// One match for all alerts that `fits` holds for; the first one gives its place in the handshake.
pub(crate) fn found(
    case: &Case<'_>,
    fits: impl Fn(&Seen) -> bool,
    strength: Strength,
    side: Side,
    summary: &str,
) -> Option<Match> {
    let mut found: Option<Match> = None;
    for alert in seen(case).filter(|alert| fits(alert)) {
        let one = found.get_or_insert_with(|| {
            let mut one = Match::new(strength, side, summary);
            one.phase = Some(alert.phase);
            one.supersedes = vec!["connection-cut", "middlebox-interference"];
            one
        });
        one.evidence.push(alert.id);
    }
    found
}
