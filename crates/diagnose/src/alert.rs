//! What the causes that an alert of TLS names share.

use shakedown_model::{EvidenceId, Fact, Match, Phase, Role, Side, Strength};

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
