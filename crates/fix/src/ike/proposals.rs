//! Plans for IKE, from both configurations: one end is given the strongest proposal that the other one makes.

use std::sync::Arc;

use shakedown_config::{gateway, swanctl};
use shakedown_model::ike::{ChildGroups, IkePolicy, IkeVersion, Proposal, SaProtocol, Vendor};
use shakedown_model::{
    Applicability, Command, CommandPlace, ConfigurationKind, DiagnosisId, FileEdit, Fix, Item, Known, OriginKind,
    Outcome, Party, Policy, Role, Slot, SourceFile, Span, Stage, TextEdit,
};

use crate::plan::{Kind, PlanInput, Planned};
use crate::recipes::ike::{Spelling, Strength, written};
use crate::strength::Score;
use crate::{cut_off, steps, words};

/// What to add at either end so that both agree, now and when keys are renewed.
pub(crate) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let about = |cause: &str| ["no-common-proposal", "no-common-child-proposal", "no-common-group"].contains(&cause);
    let diagnoses = input.diagnoses.iter().enumerate().filter(|(_, diagnosis)| about(diagnosis.cause));
    let resolves: Vec<DiagnosisId> = diagnoses.map(|(index, _)| DiagnosisId(index)).collect();
    if resolves.is_empty() {
        return Vec::new();
    }
    [Role::Server, Role::Client].iter().filter_map(|&role| fix(input, role, &resolves)).collect()
}

/// A proposal that an end is to make besides its own.
#[derive(Clone, Debug)]
struct Addition {
    proposal: Proposal,
    strength: Strength,
    text: String,
    /// Whether it takes the place of the end's own proposals.
    alone: bool,
}

/// An end with more proposals, and what the two ends then agree on.
struct Found {
    party: Party,
    outcome: Outcome,
    additions: Vec<Addition>,
}

fn fix(input: &PlanInput<'_>, role: Role, resolves: &[DiagnosisId]) -> Option<Planned> {
    let Found { party, outcome, additions } = search(input, role)?;
    let weakens = additions.iter().any(|added| !added.strength.is_sound());
    let applicability = if weakens { Applicability::Weakens } else { Applicability::Safe };
    let parts: Vec<String> =
        additions.iter().map(|added| format!("`{}` for {}", added.text, name(added.proposal.protocol))).collect();
    let alone = additions.iter().any(|added| added.alone);
    let also = if alone { "" } else { "also " };
    let title = format!("let the {} {also}propose {}", end(role), words::joined(&parts));
    let mut fix = Fix::new(resolves.to_vec(), title, role.into(), applicability);
    let before = input.party(role);
    for added in &additions {
        match edit(before, added) {
            Some(edit) => match fix.edits.iter_mut().find(|other| Arc::ptr_eq(&other.file, &edit.file)) {
                Some(other) => other.edits.extend(edit.edits),
                None => fix.edits.push(edit),
            },
            None => fix.commands.push(line(before, added, version(input))),
        }
    }
    fix.undo.extend(fix.edits.iter().map(steps::former));
    if fix.undo.is_empty() {
        let place = steps::shell(role);
        let text = "take the proposal out again".to_owned();
        fix.undo.push(Command { place, text, explanation: "and load the configuration once more".into() });
    }
    if alone {
        let why = match version(input) {
            IkeVersion::V1 => "in IKEv1 all proposals for a tunnel have the same group or none (RFC 2409 section 5.5)",
            IkeVersion::V2 => "all of libreswan's proposals for a tunnel have the same group or none (`proposals.c`)",
        };
        fix.notes.push(format!("{why}: this one takes the place of the others"));
    }
    if weakens {
        fix.notes
            .push("what is added is weaker than what is recommended today: give both ends a strong one".to_owned());
    }
    load(&mut fix, &party);
    steps::verify(input, &mut fix);
    fix.cuts_off = cut_off::known(input, before, &party);
    fix.notes.extend(cut_off::let_in(input, before, &party));
    if fix.applicability == Applicability::Safe && !fix.cuts_off.is_empty() {
        fix.applicability = Applicability::Manual;
    }
    let score = Score::of(&outcome, input.catalog);
    fix.outcome_after = Some(outcome);
    Some(Planned { fix, kind: Kind::Enable, score })
}

/// Adds to one end what the other one proposes, the strongest first, until nothing is refused any more.
fn search(input: &PlanInput<'_>, role: Role) -> Option<Found> {
    let mut party = input.party(role).clone();
    let mut outcome = input.outcome.clone();
    let mut additions: Vec<Addition> = Vec::new();
    // Each of the two lists needs one proposal at most; what fails for another reason is left to other fixes.
    while let Some(child) = refused(&outcome) {
        if additions.iter().any(|added| (added.proposal.protocol != SaProtocol::Ike) == child) {
            return None;
        }
        let tried = candidates(input, role, child, &outcome).into_iter().find_map(|mut added| {
            added.alone = child && is_apart(&party, &added.proposal);
            let party = with(&party, &added, child)?;
            let outcome = input.with(&party);
            (refused(&outcome) != Some(child)).then_some((party, outcome, added))
        });
        let (changed, after, added) = tried?;
        (party, outcome) = (changed, after);
        additions.push(added);
    }
    (!additions.is_empty()).then_some(Found { party, outcome, additions })
}

/// Which list is refused, now or when keys are renewed: that for the tunnel, or that for IKE itself.
fn refused(outcome: &Outcome) -> Option<bool> {
    let child = |stage: Stage| match stage {
        Stage::IkeSa => Some(false),
        Stage::ChildSa | Stage::Rekey => Some(true),
        _ => None,
    };
    let now = outcome.failed.iter().filter(|failed| Proposal::SLOTS.contains(&failed.slot));
    let later = outcome.forecast.iter().filter(|one| Proposal::SLOTS.contains(&one.slot));
    now.map(|failed| failed.stage).chain(later.map(|one| one.stage)).find_map(child)
}

/// What the other end proposes, each as one choice of every type, the strongest first.
fn candidates(input: &PlanInput<'_>, role: Role, child: bool, outcome: &Outcome) -> Vec<Addition> {
    let catalog = input.catalog;
    let group = outcome.agreed.iter().find(|(slot, _)| *slot == Slot::Group).and_then(|(_, name)| name.clone());
    let groups = |role: Role| input.party(role).ike().map(|policy| policy.child_groups).unwrap_or_default();
    let mut other = input.party(role.peer()).ike().map(|policy| list(policy, child).clone()).unwrap_or_default();
    if child && groups(role.peer()) == ChildGroups::OfIke {
        other.fill_groups(&group.iter().map(|name| Item { name: name.clone(), origin: None }).collect::<Vec<_>>());
    }
    let mut all: Vec<Addition> = Vec::new();
    for mut proposal in other.accepted().cloned().unwrap_or_default() {
        // What follows by itself is not written.
        let follows = match groups(role) {
            ChildGroups::OfIke => proposal.group.iter().any(|item| Some(&item.name) == group.as_ref()),
            ChildGroups::Any { .. } => true,
            ChildGroups::Written => false,
        };
        if child && follows {
            proposal.group.clear();
        }
        let proposal = &proposal;
        let Some((strength, text)) = written(catalog, proposal, Spelling::Strongswan) else { continue };
        let Ok(read) = catalog.proposal_of_keywords(proposal.protocol, &text) else { continue };
        // What a gateway has no word for cannot be asked of it.
        let with_words = vendor(input.party(role)).filter(|vendor| gateway::has_words(*vendor));
        if with_words.is_some_and(|vendor| gateway::written(vendor, &read, version(input)).is_none()) {
            continue;
        }
        // Nor what the end's own version does not know.
        let own = input.party(role).software.as_ref().filter(|software| software.product() == "strongswan");
        if own.is_some_and(|own| !text.split('-').all(|word| swanctl::is_keyword(own, word))) {
            continue;
        }
        let text = match spelling(input.party(role)) {
            Spelling::Strongswan => text,
            Spelling::Libreswan => match written(catalog, proposal, Spelling::Libreswan) {
                Some((_, text)) => text,
                None => continue,
            },
        };
        all.push(Addition { proposal: read, strength, text, alone: false });
    }
    all.sort_by(|one, other| other.strength.cmp(&one.strength));
    all
}

/// Whether a party of IKEv1, or libreswan, cannot propose this beside what it proposes for its tunnel.
fn is_apart(party: &Party, added: &Proposal) -> bool {
    let is_one = |policy: &&IkePolicy| policy.version == Some(IkeVersion::V1) || spelling(party) == Spelling::Libreswan;
    let Some(policy) = party.ike().filter(is_one) else { return false };
    let groups = |proposal: &Proposal| proposal.group.iter().map(|item| item.name.clone()).collect::<Vec<_>>();
    policy.child_proposals.accepted().into_iter().flatten().any(|own| groups(own) != groups(added))
}

fn list(policy: &IkePolicy, child: bool) -> &Known<Vec<Proposal>> {
    if child { &policy.child_proposals } else { &policy.proposals }
}

/// The party with one more proposal, behind its own: what it agrees on with others stays.
fn with(party: &Party, added: &Addition, child: bool) -> Option<Party> {
    let mut party = party.clone();
    let Policy::Ike(policy) = &mut party.policy else { return None };
    let list = if child { &mut policy.child_proposals } else { &mut policy.proposals };
    let Known::Complete(proposals) = list else { return None };
    if added.alone {
        proposals.clear();
    }
    proposals.push(added.proposal.clone());
    Some(party)
}

fn spelling(party: &Party) -> Spelling {
    match &party.software {
        Some(software) if software.product() == "libreswan" => Spelling::Libreswan,
        _ => Spelling::Strongswan,
    }
}

fn name(protocol: SaProtocol) -> &'static str {
    match protocol {
        SaProtocol::Ike => "the IKE SA",
        SaProtocol::Esp | SaProtocol::Ah => "the tunnel",
    }
}

/// What an end is called.
pub(super) fn end(role: Role) -> &'static str {
    match role {
        Role::Client => "initiator",
        Role::Server => "responder",
    }
}

/// The proposal behind the last one that is written in the party's own file, or in the place of all of them.
fn edit(party: &Party, added: &Addition) -> Option<FileEdit> {
    dialect(party)?;
    let child = added.proposal.protocol != SaProtocol::Ike;
    let own = list(party.ike()?, child).accepted()?;
    let places = |proposal| keywords(proposal).last();
    let (file, last) = own.last().and_then(places)?;
    let text = match added.alone {
        false => TextEdit { span: last.end..last.end, replacement: format!(",{}", added.text) },
        true => {
            let all = own.iter().flat_map(keywords).filter(|(other, _)| Arc::ptr_eq(other, file));
            let start = all.map(|(_, span)| span.start).min()?;
            TextEdit { span: start..last.end, replacement: added.text.clone() }
        }
    };
    Some(FileEdit { file: Arc::clone(file), edits: vec![text] })
}

/// Where the keywords of a proposal are written, in the order of the file.
fn keywords(proposal: &Proposal) -> impl Iterator<Item = (&Arc<SourceFile>, Span)> {
    let is_keyword = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let items = Proposal::SLOTS.into_iter().flat_map(|slot| proposal.list(slot));
    let mut places: Vec<(&Arc<SourceFile>, Span)> = items
        .filter_map(|item| match item.origin.as_ref()?.kind() {
            // The place of a whole list may have quotes, which are no end of a keyword.
            OriginKind::File { file, span } if file.text.get(span.clone())?.iter().all(is_keyword) => {
                Some((file, span.clone()))
            }
            _ => None,
        })
        .collect();
    places.sort_by_key(|(_, span)| span.end);
    places.into_iter()
}

/// Whose words a configuration is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `swanctl.conf`.
    Swanctl,
    /// `ipsec.conf` of strongSwan.
    Starter,
    /// `ipsec.conf` of libreswan.
    Libreswan,
}

/// That of the end's own file; `None` where it was not read: what was seen, or what a text tells, is no file to edit.
pub(super) fn dialect(party: &Party) -> Option<Dialect> {
    match (party.configuration.as_ref()?.kind, spelling(party)) {
        (ConfigurationKind::Swanctl, _) => Some(Dialect::Swanctl),
        (ConfigurationKind::IpsecConf, Spelling::Strongswan) => Some(Dialect::Starter),
        (ConfigurationKind::IpsecConf, Spelling::Libreswan) => Some(Dialect::Libreswan),
        _ => None,
    }
}

/// The version that both speak; IKEv2 where neither says.
fn version(input: &PlanInput<'_>) -> IkeVersion {
    let of = |role: Role| input.party(role).ike().and_then(|policy| policy.version);
    of(Role::Client).or_else(|| of(Role::Server)).unwrap_or(IkeVersion::V2)
}

/// Whose gateway a party's text is of, if it is one's.
fn vendor(party: &Party) -> Option<Vendor> {
    match party.configuration.as_ref()?.kind {
        ConfigurationKind::Gateway(vendor) => Some(vendor),
        _ => None,
    }
}

/// What to write where the end has its program's own proposals, or where its file was not read.
fn line(party: &Party, added: &Addition, version: IkeVersion) -> Command {
    if let Some(change) = vendor(party).and_then(|vendor| gateway::written(vendor, &added.proposal, version)) {
        let place = CommandPlace::Settings(format!("{} ({})", party.label, change.place));
        let explanation = "what stands in capitals is a name or number of that configuration".to_owned();
        return Command { place, text: change.text, explanation };
    }
    let Some(dialect) = dialect(party) else {
        let place = CommandPlace::Settings(format!("the proposals of {}", party.label));
        let explanation = "in strongSwan's keywords, where that end has other words".to_owned();
        return Command { place, text: added.text.clone(), explanation };
    };
    let (setting, of) = match (dialect, added.proposal.protocol) {
        (Dialect::Swanctl, SaProtocol::Ike) => ("proposals = default,", "in the connection"),
        (Dialect::Swanctl, SaProtocol::Esp) => ("esp_proposals = default,", "in the child of the connection"),
        (Dialect::Swanctl, SaProtocol::Ah) => ("ah_proposals = ", "in the child of the connection"),
        (Dialect::Starter, SaProtocol::Ike) => ("ike=", "in the connection; the defaults follow by themselves"),
        (Dialect::Starter, SaProtocol::Esp) => ("esp=", "in the connection; the defaults follow by themselves"),
        (Dialect::Libreswan, SaProtocol::Ike) => ("ike=", "in the connection; with it, the defaults no longer count"),
        (Dialect::Libreswan, SaProtocol::Esp) => ("esp=", "in the connection; with it, the defaults no longer count"),
        (Dialect::Starter | Dialect::Libreswan, SaProtocol::Ah) => ("ah=", "in the connection"),
    };
    let main = party.configuration.as_ref().and_then(|own| own.files.first());
    let place = CommandPlace::File(main.map_or_else(|| party.label.clone(), |file| file.path.clone()));
    Command { place, text: format!("{setting}{}", added.text), explanation: of.to_owned() }
}

/// How the running daemon takes the change.
pub(super) fn load(fix: &mut Fix, party: &Party) {
    let Some(dialect) = dialect(party) else { return };
    let (text, explanation) = match dialect {
        Dialect::Swanctl => ("swanctl --load-conns", "refuses a keyword that this version lacks; open tunnels stay"),
        Dialect::Starter => ("ipsec update", "takes what has changed; open tunnels stay"),
        Dialect::Libreswan => ("ipsec auto --replace CONNECTION", "refuses what this version lacks; its tunnel ends"),
    };
    let written = party.ike().and_then(|policy| policy.peering.as_ref()?.written.as_ref());
    let is_plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let name = written.map(|written| written.name.name.as_str()).filter(is_plain).unwrap_or("CONNECTION");
    let place = steps::shell(party.role);
    let text = text.replace("CONNECTION", name);
    fix.commands.push(Command { place, text, explanation: explanation.to_owned() });
}
