use std::cmp::Reverse;

use shakedown_catalog::Catalog;
use shakedown_model::{Applicability, Context, Diagnosis, Fix, Outcome, Party, Protocol, Role, Side};

use crate::enable::Enabled;
use crate::strength::Score;
use crate::{disable, enable, host_key, ike, repair, tls, upgrade, words};

/// All that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// What was found; the fixes refer to these by their place.
    pub diagnoses: &'a [Diagnosis],
    /// The client.
    pub client: &'a Party,
    /// The server.
    pub server: &'a Party,
    /// What the rules make of the two as they are.
    pub outcome: &'a Outcome,
    /// The context that the outcome was computed in.
    pub context: &'a Context,
    /// Versions, ratings and defaults.
    pub catalog: &'a Catalog,
    /// Other parties that connect to either end today and must not be cut off.
    pub known_peers: &'a [Party],
}

impl PlanInput<'_> {
    /// The party of a role.
    pub(crate) fn party(&self, role: Role) -> &Party {
        match role {
            Role::Client => self.client,
            Role::Server => self.server,
        }
    }

    /// The outcome with these two parties in place.
    pub(crate) fn negotiate(&self, client: &Party, server: &Party) -> Outcome {
        let mut outcome = shakedown_negotiate::negotiate(client, server, self.context);
        outcome.risks = shakedown_negotiate::risks(&outcome, client, server, self.catalog);
        outcome
    }

    /// The outcome with one party replaced.
    pub(crate) fn with(&self, party: &Party) -> Outcome {
        match party.role {
            Role::Client => self.negotiate(party, self.server),
            Role::Server => self.negotiate(self.client, party),
        }
    }

    /// The name of the server as the client would type it.
    pub(crate) fn host(&self) -> Option<&str> {
        self.context.target.as_deref().or(self.context.host.as_deref())
    }
}

/// What kind of change a fix is, in the order in which people prefer them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A mistake in a file is put right.
    Repair,
    /// Something that the software has is switched on.
    Enable,
    /// The software is replaced by a newer version.
    Upgrade,
    /// Something is switched off.
    Disable,
}

/// A fix and what it is ranked by.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) fix: Fix,
    pub(crate) kind: Kind,
    pub(crate) score: Score,
}

/// What to change, safest first: `Safe`, then by the session that results; `Weakens`; `Manual`.
pub fn plan(input: &PlanInput<'_>) -> Vec<Fix> {
    let mut planned = repair::fixes(input);
    match input.server.protocol() {
        Protocol::Tls => planned.extend(tls::fixes(input)),
        Protocol::Ike => planned.extend(ike::fixes(input)),
        Protocol::Ssh => planned.extend(ssh(input)),
    }
    ranked(input, planned)
}

fn ssh(input: &PlanInput<'_>) -> Vec<Planned> {
    let mut planned = Vec::new();
    let enabled = enable::fixes(input);
    planned.extend(upgrade::fixes(input));
    planned.extend(disable::fixes(input, &enabled));
    let server_can = |enabled: &Enabled| {
        enabled.planned.fix.applicability == Applicability::Safe && enabled.planned.fix.side != Side::Client
    };
    if !enabled.iter().any(server_can) {
        planned.extend(host_key::fixes(input));
    }
    planned.extend(enabled.into_iter().map(|enabled| enabled.planned));
    planned
}

/// The fixes in their order, each once.
fn ranked(input: &PlanInput<'_>, mut planned: Vec<Planned>) -> Vec<Fix> {
    let fault = input.diagnoses.first().map_or(Side::Unknown, |diagnosis| diagnosis.side);
    planned.sort_by_key(|planned| {
        let fix = &planned.fix;
        (
            fix.applicability,
            planned.kind == Kind::Disable,
            planned.score.bucket(),
            planned.kind,
            Reverse(planned.score),
            fix.side != fault,
        )
    });
    let mut fixes: Vec<Fix> = Vec::new();
    for Planned { fix, .. } in planned {
        let known = fixes.iter_mut().find(|other| other.side == fix.side && other.title == fix.title);
        match known {
            Some(known) => known
                .resolves
                .extend(fix.resolves.iter().filter(|id| !known.resolves.contains(id)).copied().collect::<Vec<_>>()),
            None => fixes.push(fix),
        }
    }
    drop_unscoped(&mut fixes);
    fixes
}

/// A server cannot weaken itself for one client only, so that its weaker fix goes where the client has one for one
/// server.
fn drop_unscoped(fixes: &mut Vec<Fix>) {
    let weakens = |fix: &Fix, side: Side| fix.applicability == Applicability::Weakens && fix.side == side;
    let scoped = |fix: &Fix| !fix.notes.iter().any(|note| note == words::NO_CLIENT_SCOPE);
    if fixes.iter().any(|fix| weakens(fix, Side::Client) && scoped(fix)) {
        fixes.retain(|fix| !weakens(fix, Side::Server));
    }
}
