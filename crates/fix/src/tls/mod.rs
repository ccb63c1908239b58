//! Plans for TLS, from both ends.

mod certificate;
mod delta;
mod dh;
mod modern;
mod peers;
pub(crate) mod rating;
mod search;
mod syntax;
mod upgrade;

use shakedown_model::{Applicability, Command, CommandPlace, DiagnosisId, Fix, Party, Role, Slot};

use self::delta::{Changed, Delta};
use self::search::{Found, search};
use crate::plan::{Kind, PlanInput, Planned};
use crate::strength::Score;
use crate::{steps, words};

/// What to change at either end of TLS.
pub(crate) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let resolves = resolves(input);
    if input.outcome.failed.is_empty() || resolves.is_empty() {
        return Vec::new();
    }
    let mut planned = Vec::new();
    let mut enabled: Vec<Found> =
        [Role::Server, Role::Client].iter().filter_map(|&role| search(input, &[role])).collect();
    if enabled.is_empty() {
        let server_first = input.diagnoses.first().is_none_or(|one| one.side != shakedown_model::Side::Client);
        let both = if server_first { [Role::Server, Role::Client] } else { [Role::Client, Role::Server] };
        enabled.extend(search(input, &both));
    }
    for found in &enabled {
        planned.extend(enable(input, found, &resolves));
    }
    planned.extend(dh::fix(input, &resolves));
    planned.extend(upgrade::fixes(input, &resolves));
    let sound = |planned: &Planned| planned.fix.applicability == Applicability::Safe;
    if !planned.iter().any(sound) {
        planned.extend(certificate::fixes(input, &resolves));
    }
    let first = enabled.iter().find(|found| !found.weakens() && !found.server.0.is_empty());
    planned.extend(modern::fix(input, first, &resolves));
    planned
}

/// The diagnoses that are about what the two ends agree on: the outcome afterwards is agreed in all of it.
fn resolves(input: &PlanInput<'_>) -> Vec<DiagnosisId> {
    const CAUSES: [&str; 8] = [
        "no-common-version",
        "no-common-cipher",
        "no-common-group",
        "no-common-signature-algorithm",
        "key-too-small",
        "weak-signature-digest",
        "crypto-policy",
        "invalid-configuration",
    ];
    let about = input.diagnoses.iter().enumerate().filter(|(_, diagnosis)| CAUSES.contains(&diagnosis.cause));
    about.map(|(index, _)| DiagnosisId(index)).collect()
}

fn enable(input: &PlanInput<'_>, found: &Found, resolves: &[DiagnosisId]) -> Option<Planned> {
    let mut roles = vec![Role::Server, Role::Client];
    roles.retain(|role| !found.of(*role).0.is_empty());
    if roles.is_empty() || !search::holds(&found.outcome) {
        return None;
    }
    let weakens = found.weakens();
    let mut reached = peers::reached(input, input.server, &found.server.1.party);
    if found.unsure {
        // What else a newer version brings on that server nobody has seen: nothing is known of who it would turn away.
        // Those that were named are another matter: what was added is all that they were asked with.
        reached.cut_off.retain(|label| input.known_peers.iter().any(|peer| peer.label == *label));
    }
    let applicability = match (weakens, reached.cut_off.is_empty()) {
        (true, _) => Applicability::Weakens,
        (false, true) => Applicability::Safe,
        (false, false) => Applicability::Manual,
    };
    let mut fix = Fix::new(resolves.to_vec(), String::new(), words::side(&roles), applicability);
    if found.unsure {
        fix.notes.push("what software answers is not known: whether it has this shows only there".to_owned());
    }
    let mut scoped = true;
    for &role in &roles {
        let (delta, changed) = found.of(role);
        scoped &= written(input, &mut fix, delta, changed) || role == Role::Server;
    }
    fix.title = title(input, found, &roles, scoped);
    if weakens && !scoped {
        fix.notes.push(words::NO_CLIENT_SCOPE.to_owned());
    }
    if weakens && roles.contains(&Role::Server) {
        fix.notes.push(words::NO_SERVER_SCOPE.to_owned());
    }
    affected(&mut fix, reached);
    steps::verify(input, &mut fix);
    fix.outcome_after = Some(found.outcome.clone());
    let score = Score::of(&found.outcome, input.catalog);
    Some(Planned { fix, kind: Kind::Enable, score })
}

/// Whom a change of the server reaches besides the client of this pair.
fn affected(fix: &mut Fix, reached: peers::Reached) {
    const SHOWN: usize = 8;
    fix.cuts_off = reached.cut_off;
    let more = reached.let_in.len().saturating_sub(SHOWN);
    let mut named: Vec<String> = reached.let_in.into_iter().take(SHOWN).collect();
    if more > 0 {
        named.push(format!("{more} more of the catalog's clients"));
    }
    if !named.is_empty() {
        fix.notes.push(format!("lets in, of those that fail today: {}", words::joined(&named)));
    }
}

/// The edits or commands of one end; whether they hold for one server or connection only.
fn written(input: &PlanInput<'_>, fix: &mut Fix, delta: &Delta, changed: &Changed) -> bool {
    let role = changed.party.role;
    let weak = search::weak(delta, changed);
    // A client's file holds for all that it connects to: a weaker setting goes into one call.
    let one_call = weak && role == Role::Client;
    let mut narrow = false;
    if !changed.edits.is_empty() && !one_call {
        fix.undo.extend(changed.edits.iter().map(steps::former));
        fix.edits.extend(changed.edits.iter().cloned());
        if !changed.also.is_empty() {
            let also: Vec<String> = changed.also.iter().map(|label| format!("`{label}`")).collect();
            fix.notes.push(format!("the edit also changes {}", words::joined(&also)));
        }
    } else {
        let host = steps::host(input).unwrap_or_else(|| "HOST".to_owned());
        let target =
            syntax::Target { host: &host, name: steps::asked(input, &host), port: input.context.port.unwrap_or(443) };
        let (commands, scoped) = syntax::commands(delta, changed, &target, input.catalog);
        narrow = scoped;
        let lasting = commands.iter().filter(|command| command.place != CommandPlace::ClientShell);
        fix.undo
            .extend(lasting.map(|command| Command { explanation: "take this out again".into(), ..command.clone() }));
        if fix.undo.is_empty() {
            let text = "leave the option out again".to_owned();
            fix.undo.push(Command { place: CommandPlace::ClientShell, text, explanation: "nothing is kept".into() });
        }
        fix.commands.extend(commands);
    }
    steps::reload(input, fix, role);
    narrow
}

fn title(input: &PlanInput<'_>, found: &Found, roles: &[Role], scoped: bool) -> String {
    let parts: Vec<String> = roles
        .iter()
        .map(|&role| {
            let (delta, changed) = found.of(role);
            let names: Vec<_> = delta.names.iter().map(|(_, name)| name.clone()).collect();
            let only = match (role, scoped && search::weak(delta, changed), input.host()) {
                (Role::Client, true, Some(host)) => format!(", to `{host}` only"),
                (Role::Client, true, None) => ", to this server only".to_owned(),
                _ => String::new(),
            };
            let gone = if delta.without.is_empty() {
                String::new()
            } else {
                format!(", no longer {}", words::list(&delta.without))
            };
            let only = format!("{gone}{only}");
            if names.is_empty() && changed.level.is_none() {
                return format!("the {role} offer only current versions{only}");
            }
            match (names.is_empty(), changed.level) {
                (true, Some(level)) => format!("the {role} work at security level {level}{only}"),
                (false, Some(level)) => {
                    format!("the {role} also offer {} at security level {level}{only}", words::list(&names))
                }
                (_, None) => format!("the {role} also offer {}{only}", words::list(&names)),
            }
        })
        .collect();
    format!("let {}", words::joined(&parts))
}

/// Whether an end offers anything of a slot that is below acceptable.
fn has_weak(party: &Party, slot: Slot) -> bool {
    let list = party.tls().map(|policy| policy.offer.list(slot));
    let items = list.as_ref().and_then(shakedown_model::Known::accepted);
    items.into_iter().flatten().any(|item| {
        rating::rating(slot, item.name.as_str()).is_some_and(|one| one < shakedown_catalog::Rating::Acceptable)
    })
}
