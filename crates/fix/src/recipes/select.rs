//! Which recipes a text's diagnoses get, and in which order.

use shakedown_catalog::Catalog;
use shakedown_model::{
    Applicability, Command, CommandPlace, Context, Diagnosis, DiagnosisId, Evidence, Fix, Party, Role, Side,
};

use super::data::{self, Actor, Recipe, Scope};
use super::situation::Situation;
use crate::words;

/// All that fixes for a text are made from.
#[derive(Clone, Copy, Debug)]
pub struct TextInput<'a> {
    /// What was found; the fixes refer to these by their place.
    pub diagnoses: &'a [Diagnosis],
    /// What was seen; the diagnoses refer to these by their place.
    pub evidence: &'a [Evidence],
    /// The client, as far as it is known.
    pub client: Option<&'a Party>,
    /// The server, as far as it is known.
    pub server: Option<&'a Party>,
    /// Names, addresses and ports.
    pub context: &'a Context,
    /// Versions, ratings and defaults.
    pub catalog: &'a Catalog,
}

/// A diagnosis below this confidence gets no fix.
const LEAST: u16 = 200;
/// So many alternatives of one group get fixes.
const ALTERNATIVES: usize = 3;
/// So many fixes of one kind a diagnosis gets, and so many an alternative to a more likely one.
const MOST: usize = 3;
const MOST_OF_ALTERNATIVE: usize = 1;

/// What to change, for the leading diagnoses in their order, each safest first: `Safe`, `Manual`, `Weakens`. Where both
/// parties and their software are known, what [`plan`](crate::plan()) computes is left to it.
pub fn from_text(input: &TextInput<'_>) -> Vec<Fix> {
    let mut fixes: Vec<Fix> = Vec::new();
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (index, diagnosis) in input.diagnoses.iter().enumerate() {
        if diagnosis.confidence_permille < LEAST {
            continue;
        }
        let rank = match groups.iter_mut().find(|(group, _)| *group == diagnosis.group) {
            Some((_, count)) => {
                *count += 1;
                *count - 1
            }
            None => {
                groups.push((diagnosis.group, 1));
                0
            }
        };
        if rank >= ALTERNATIVES {
            continue;
        }
        let most = if rank == 0 { MOST } else { MOST_OF_ALTERNATIVE };
        for fix in of_diagnosis(input, DiagnosisId(index), diagnosis, most) {
            match fixes.iter_mut().find(|known| same(known, &fix)) {
                Some(known) => known.resolves.extend(fix.resolves),
                None => fixes.push(fix),
            }
        }
    }
    fixes
}

fn same(a: &Fix, b: &Fix) -> bool {
    (a.side, &a.title, a.applicability, &a.commands) == (b.side, &b.title, b.applicability, &b.commands)
}

fn of_diagnosis(input: &TextInput<'_>, id: DiagnosisId, diagnosis: &Diagnosis, most: usize) -> Vec<Fix> {
    let situation = Situation::new(input, id, diagnosis);
    // Without a product the plan cannot write a change in its syntax, while a message tells who printed it.
    let known = |party: Option<&Party>| party.is_some_and(|party| party.software.is_some());
    let both_known = known(input.client) && known(input.server);
    let mut taken: Vec<(String, Side)> = Vec::new();
    let mut chosen: Vec<Chosen> = Vec::new();
    for recipe in data::recipes(diagnosis.cause) {
        let side = situation.side(recipe.side);
        let topic = (recipe.topic.clone().unwrap_or_else(|| recipe.id.clone()), side);
        let planned = both_known && (recipe.enable || recipe.upgrade);
        if planned || taken.contains(&topic) || !situation.fits(recipe) {
            continue;
        }
        if let Some(fix) = written(&situation, recipe) {
            taken.push(topic);
            chosen.push(Chosen { fix, special: !recipe.product.is_empty(), scope: recipe.scope });
        }
    }
    drop_unscoped(&mut chosen);
    let others = |fix: &Fix| fix.side != diagnosis.side && diagnosis.side != Side::Both;
    chosen.sort_by_key(|Chosen { fix, special, scope }| (rank(fix.applicability), others(fix), *scope, !special));
    let mut counts = [0; 3];
    chosen.retain(|chosen| {
        let count = counts.get_mut(usize::from(rank(chosen.fix.applicability)));
        count.is_some_and(|count| {
            *count += 1;
            *count <= most
        })
    });
    chosen.into_iter().map(|chosen| chosen.fix).collect()
}

/// A fix, and what it is ranked by besides.
struct Chosen {
    fix: Fix,
    /// Whether it is written for a product that was seen.
    special: bool,
    /// What a weaker one is limited to.
    scope: Option<Scope>,
}

fn rank(applicability: Applicability) -> u8 {
    match applicability {
        Applicability::Safe => 0,
        Applicability::Manual => 1,
        Applicability::Weakens => 2,
    }
}

/// A server weakens itself for all its clients, so that its weaker fix goes where a client has one for one server.
fn drop_unscoped(chosen: &mut Vec<Chosen>) {
    let weakens = |fix: &Fix, side: Side| fix.applicability == Applicability::Weakens && fix.side == side;
    if chosen.iter().any(|chosen| weakens(&chosen.fix, Side::Client)) {
        chosen.retain(|chosen| !weakens(&chosen.fix, Side::Server));
    }
}

/// A recipe as a fix; none where it needs an offer that the text does not tell.
fn written(situation: &Situation<'_>, recipe: &Recipe) -> Option<Fix> {
    let role = situation.role(recipe.side);
    let side = situation.side(recipe.side);
    let mut fix = Fix::new(vec![situation.id], String::new(), side, recipe.applicability.into());
    let mut title = recipe.title.clone();
    if recipe.enable {
        let role = role?;
        let enable = situation.enable(role)?;
        title = title.replace("{algorithm}", enable.name.as_str());
        fix.applicability = if enable.sound { Applicability::Safe } else { Applicability::Weakens };
        if !enable.sound && role == Role::Client {
            title.push_str(", to this server only");
        }
        fix.commands = enable.commands;
        fix.notes = enable.notes;
        if !enable.sound && role == Role::Server {
            fix.notes.push(words::NO_SERVER_SCOPE.to_owned());
        }
    }
    if recipe.upgrade {
        situation.upgrade(role?)?;
    }
    fix.title = situation.fill(&title, role, true);
    fix.commands.extend(recipe.commands.iter().map(|line| situation.command(line, role)));
    fix.notes.extend(recipe.notes.iter().map(|note| situation.fill(note, role, true)));
    fix.verify.extend(recipe.verify.iter().map(|line| situation.command(line, role)));
    if fix.verify.is_empty() {
        let acting = if recipe.side == Actor::Network { None } else { role };
        let products = situation.products(acting);
        let lines = data::verify(situation.protocol().as_str(), &products);
        fix.verify.extend(lines.iter().map(|line| situation.command(line, role)));
    }
    fix.undo = undo(situation, recipe, &fix.commands);
    Some(fix)
}

/// How to take it back: as the recipe says, else by taking out what was written.
fn undo(situation: &Situation<'_>, recipe: &Recipe, commands: &[Command]) -> Vec<Command> {
    let role = situation.role(recipe.side);
    if !recipe.undo.is_empty() {
        return recipe.undo.iter().map(|line| situation.command(line, role)).collect();
    }
    let stays = |place: &CommandPlace| match place {
        CommandPlace::File(_) => true,
        CommandPlace::Settings(_) => recipe.enable,
        CommandPlace::ClientShell | CommandPlace::ServerShell => false,
    };
    let written = commands.iter().filter(|command| !recipe.reads_only && stays(&command.place));
    written.map(|command| Command { explanation: "take this out again".into(), ..command.clone() }).collect()
}
