//! Pre-shared keys: which entry each end looks up. The keys themselves are never shown.

use shakedown_model::ike::{Peering, SharedKey};
use shakedown_model::{
    Applicability, Command, CommandPlace, ConfigurationKind, FailureKind, Fix, Name, OriginKind, Party, Role, Side,
};
use shakedown_negotiate::ike::looked_up;

use super::proposals::{Dialect, dialect, end};
use super::{diagnosed, peering};
use crate::plan::{Kind, PlanInput, Planned};
use crate::strength::Score;
use crate::{steps, words};

pub(super) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let (Some(ours), Some(theirs)) = (peering(input.client), peering(input.server)) else { return Vec::new() };
    let failed = input.outcome.failed.iter();
    failed
        .filter_map(|failed| match failed.kind {
            FailureKind::DifferentKeys => Some(different(input, [ours, theirs])),
            FailureKind::NoKey { by } => Some(missing(input, by)),
            _ => None,
        })
        .collect()
}

fn different(input: &PlanInput<'_>, ends: [&Peering; 2]) -> Planned {
    let [ours, theirs] = ends;
    let title = "enter the same pre-shared key at both ends, in the entries that they look up for each other";
    let mut fix = Fix::new(diagnosed(input, &["psk-mismatch"]), title, Side::Both, Applicability::Manual);
    fix.commands.push(Command {
        place: CommandPlace::Settings("whoever runs the other end".to_owned()),
        text: "agree on one key: a new one, or the one that is right".to_owned(),
        explanation: "by another way than this connection; `openssl rand -base64 32` makes one".to_owned(),
    });
    let found = looked_up(ours, theirs);
    let roles = [Role::Client, Role::Server];
    for (role, key) in roles.into_iter().zip(found) {
        let (party, peer) = (input.party(role), peering(input.party(role.peer())));
        fix.commands.push(entry(party, key, peer));
        fix.notes.extend(key.map(|key| looks_up(role, party, key)));
    }
    for (role, own) in roles.into_iter().zip([ours, theirs]) {
        let (used, wanted) = match role {
            Role::Client => (found.first(), found.last()),
            Role::Server => (found.last(), found.first()),
        };
        let (Some(Some(used)), Some(Some(wanted))) = (used, wanted) else { continue };
        let same = own.keys.complete().into_iter().flatten().find(|key| key.print == wanted.print);
        if let Some(same) = same.filter(|same| *same != *used) {
            fix.notes.push(format!(
                "the {} has the very key of the {} too, in {}: an entry is chosen by the identities in it, so that these are what \
                 to look at",
                end(role),
                end(role.peer()),
                name(input.party(role), same)
            ));
        }
    }
    finished(input, fix)
}

fn missing(input: &PlanInput<'_>, by: Role) -> Planned {
    let party = input.party(by);
    let title = format!("file the pre-shared key for its peer at the {}", end(by));
    let mut fix = Fix::new(diagnosed(input, &["psk-missing"]), title, by.into(), Applicability::Manual);
    fix.commands.push(entry(party, None, peering(input.party(by.peer()))));
    if let Some(own) = peering(party).and_then(|own| own.keys.complete()) {
        let owners: Vec<Name> = own.iter().flat_map(|key| key.owners.clone()).collect();
        fix.notes.push(match (own.is_empty(), owners.is_empty()) {
            (true, _) => format!("the {} has no pre-shared key at all in the files that were read", end(by)),
            (false, true) => format!("the keys that the {} has are for others", end(by)),
            (false, false) => format!("the {} has keys for {}", end(by), words::list(&owners)),
        });
    }
    finished(input, fix)
}

fn finished(input: &PlanInput<'_>, mut fix: Fix) -> Planned {
    let roles: &[Role] = match fix.side {
        Side::Client => &[Role::Client],
        Side::Server => &[Role::Server],
        _ => &[Role::Client, Role::Server],
    };
    for &role in roles {
        let Some(dialect) = dialect(input.party(role)) else { continue };
        let text = match dialect {
            Dialect::Swanctl => "swanctl --load-creds",
            Dialect::Starter => "ipsec rereadsecrets",
            Dialect::Libreswan => "ipsec auto --rereadsecrets",
        };
        let explanation = "the daemon reads its keys again; open tunnels stay".to_owned();
        fix.commands.push(Command { place: steps::shell(role), text: text.to_owned(), explanation });
    }
    steps::verify(input, &mut fix);
    Planned { fix, kind: Kind::Repair, score: Score::NONE }
}

/// Which entry an end looks up.
fn looks_up(role: Role, party: &Party, key: &SharedKey) -> String {
    let of = match key.owners.as_slice() {
        [] => "which is for every peer".to_owned(),
        owners => format!("which is for {}", words::list(owners)),
    };
    format!("the {} looks up {}, {of}", end(role), name(party, key))
}

/// What an entry is called.
fn name(party: &Party, key: &SharedKey) -> String {
    let Some(OriginKind::File { file, span }) = key.origin.as_ref().map(|origin| origin.kind()) else {
        return "a key".to_owned();
    };
    let is_swanctl = matches!(dialect(party), Some(Dialect::Swanctl));
    let section = file.text.get(span.clone()).map(|text| Name::new(&String::from_utf8_lossy(text)));
    match section.filter(|_| is_swanctl) {
        Some(section) => format!("the entry `{section}` of `{}`", file.path),
        None => format!("an entry of `{}`", file.path),
    }
}

/// The entry as it has to be, with words in the place of the key.
fn entry(party: &Party, key: Option<&SharedKey>, peer: Option<&Peering>) -> Command {
    let identity = |peering: Option<&Peering>| peering.and_then(Peering::own_identity).cloned();
    let theirs = identity(peer).map_or_else(|| "IDENTITY_OF_THE_PEER".to_owned(), |name| name.to_string());
    let own = identity(peering(party)).map_or_else(|| "OWN_IDENTITY".to_owned(), |name| name.to_string());
    let written = key.and_then(|key| match key.origin.as_ref()?.kind() {
        OriginKind::File { file, .. } => Some(file.path.clone()),
        _ => None,
    });
    let main = party.configuration.as_ref().and_then(|own| own.files.first()).map(|file| file.path.clone());
    match party.configuration.as_ref().map(|own| own.kind) {
        Some(ConfigurationKind::Swanctl) => {
            let section = key.map(|key| name(party, key)).and_then(|name| Some(name.split('`').nth(1)?.to_owned()));
            let section = section.unwrap_or_else(|| "ike-PEER".to_owned());
            let owners = match key {
                Some(_) => String::new(),
                None => format!("    id = {theirs}\n"),
            };
            let text = format!("secrets {{\n  {section} {{\n{owners}    secret = \"THE KEY\"\n  }}\n}}");
            let place = CommandPlace::File(written.or(main).unwrap_or_default());
            Command { place, text, explanation: format!("the key for `{theirs}`; nobody else may read the file") }
        }
        Some(ConfigurationKind::IpsecConf) => {
            let beside = main.map(|main| match main.rsplit_once('/') {
                Some((folder, _)) => format!("{folder}/ipsec.secrets"),
                None => "ipsec.secrets".to_owned(),
            });
            let at = |name: &String| match name.parse::<std::net::IpAddr>().is_err() && !name.contains(['@', '=']) {
                true => format!("@{name}"),
                false => name.clone(),
            };
            let text = format!("{} {} : PSK \"THE KEY\"", at(&own), at(&theirs));
            let place = CommandPlace::File(written.or(beside).unwrap_or_default());
            Command { place, text, explanation: "nobody else may read the file".to_owned() }
        }
        _ => Command {
            place: CommandPlace::Settings(format!("{}: pre-shared key", party.label)),
            text: format!("THE KEY, for the peer `{theirs}`"),
            explanation: "in the words of that program".to_owned(),
        },
    }
}
