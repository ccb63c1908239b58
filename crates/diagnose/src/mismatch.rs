//! What all causes of the kind "nothing in common" share: from failed slots to a match with both lists, the side at
//! fault, the versions behind it and the remedies.

use shakedown_model::{
    Change, FailedSlot, FailureKind, Item, Known, Label, Match, Name, Origin, OriginKind, Party, PartySource, Phase,
    Reason, Remedy, Role, Side, Slot, Software, Span, Stage, Strength, names, ssh,
};

use crate::Case;
use crate::blame::{self, Blame, End};
use crate::facts;
use crate::text::{list, quoted};

/// The cause that a failed slot is reported as.
pub(crate) fn cause_of(failed: &FailedSlot) -> &'static str {
    match (&failed.kind, failed.slot) {
        (FailureKind::NoSecureRenegotiation, _) => "renegotiation-refused",
        (FailureKind::NoExtendedMasterSecret { .. }, _) => "crypto-policy",
        (_, Slot::Version) => "no-common-version",
        (FailureKind::WrongIdentity { .. }, _) => "peer-identity-mismatch",
        (FailureKind::DifferentKeys, _) => "psk-mismatch",
        (FailureKind::NoKey { .. }, _) => "psk-missing",
        (FailureKind::OtherAddress { .. }, _) => "no-matching-connection",
        (FailureKind::OtherMode, _) => "exchange-mode-mismatch",
        (_, Slot::Auth) => "auth-method-mismatch",
        (_, Slot::TrafficSelector) => "traffic-selector-mismatch",
        // An IKE proposal fails as a whole, whichever type of transform it is.
        _ if failed.stage == Stage::IkeSa => "no-common-proposal",
        _ if matches!(failed.stage, Stage::ChildSa | Stage::Rekey) => "no-common-child-proposal",
        // A program that wants a MAC beside a cipher that needs none: what has to be in common is the MAC.
        (FailureKind::Deviation { .. }, Slot::MacC2s | Slot::MacS2c) => "no-common-mac",
        (FailureKind::NothingOffered { by: Role::Client }, Slot::Certificate) => "client-certificate-required",
        (FailureKind::Deviation { by: Role::Server, .. }, Slot::Certificate)
            if failed.stage == Stage::ClientCertificate =>
        {
            "client-certificate-rejected"
        }
        (FailureKind::Deviation { by: Role::Client, .. }, Slot::Certificate) => "weak-signature-digest",
        (FailureKind::Deviation { by: Role::Server, .. }, Slot::Certificate) => "server-certificate-missing",
        (FailureKind::Deviation { .. }, _) if crate::tls::is_stage(failed.stage) => crate::text::cause_of(failed.slot),
        (FailureKind::MarkerChosen { .. } | FailureKind::Deviation { .. }, _) => "implementation-defect",
        (FailureKind::NotTheKnownKey | FailureKind::RevokedKey, _) => "host-key-changed",
        (FailureKind::NoKnownKey, _) => "host-key-unknown",
        (FailureKind::TooSmall { .. }, _) => "key-too-small",
        (FailureKind::OutOfRange { minimum, available, .. }, _) if all_below(*minimum, available) => "key-too-small",
        (FailureKind::NothingOffered { by: Role::Server }, Slot::HostKey) => "host-key-unusable",
        (_, Slot::Kex) => "no-common-kex",
        (_, Slot::HostKey) => "no-common-host-key-algorithm",
        (_, Slot::CipherC2s | Slot::CipherS2c | Slot::CipherSuite) => "no-common-cipher",
        (_, Slot::MacC2s | Slot::MacS2c) => "no-common-mac",
        (_, Slot::CompressionC2s | Slot::CompressionS2c) => "no-common-compression",
        (_, Slot::Group) => "no-common-group",
        (_, Slot::SignatureScheme) => "no-common-signature-algorithm",
        (_, Slot::Alpn) => "no-common-application-protocol",
        (_, Slot::Certificate) => "server-certificate-missing",
        (_, Slot::Encryption | Slot::Integrity | Slot::Prf | Slot::Esn | Slot::AdditionalGroup(_)) => {
            "no-common-proposal"
        }
    }
}

/// Whether the server has groups, and all of them are smaller than the client accepts.
pub(crate) fn all_below(minimum: u32, available: &[u32]) -> bool {
    !available.is_empty() && available.iter().all(|bits| *bits < minimum)
}

/// One match for each different pair of lists among the failed slots of this cause.
pub(crate) fn matches(case: &Case<'_>, cause: &str, noun: &str) -> Vec<Match> {
    let mut failed: Vec<&FailedSlot> = case.failed().iter().filter(|failed| cause_of(failed) == cause).collect();
    let mut found = Vec::new();
    while !failed.is_empty() {
        let first = failed.remove(0);
        let same = |other: &&FailedSlot| {
            other.kind == first.kind
                && names(&other.client) == names(&first.client)
                && names(&other.server) == names(&first.server)
        };
        let both = failed.iter().any(same);
        failed.retain(|other| !same(other));
        found.push(one(case, first, noun, both));
    }
    found
}

fn one(case: &Case<'_>, failed: &FailedSlot, noun: &str, both_directions: bool) -> Match {
    let slot = failed.slot;
    let direction = if both_directions { "" } else { direction(slot) };
    let (client, server) = (end(case, failed, Role::Client), end(case, failed, Role::Server));
    let blame = blame::decide(&client, &server, |name| facts::sound(case.catalog, slot, name));
    let summary = match &failed.kind {
        FailureKind::NothingOffered { by } => format!("the {by} offers no {noun}{direction}"),
        FailureKind::BeyondLimit { limit } => {
            format!("the {noun}s in common{direction} stand behind the first {limit} names, and no more are read")
        }
        FailureKind::OutOfRange { minimum, maximum, .. } => {
            format!(
                "the server has no Diffie-Hellman group of the size the client asks for, {minimum} to {maximum} bits"
            )
        }
        _ => format!("client and server share no {noun}{direction}"),
    };
    let Blame { side, reason, because } = match &failed.kind {
        FailureKind::NothingOffered { by } => {
            Blame { side: (*by).into(), reason: Reason::ConfiguredOut, because: "its list is empty".to_owned() }
        }
        FailureKind::BeyondLimit { .. } => {
            let because = "configured out: its list is longer than the other side reads".to_owned();
            let role = if failed.server.len() >= failed.client.len() { Role::Server } else { Role::Client };
            Blame { side: role.into(), reason: Reason::ConfiguredOut, because }
        }
        FailureKind::OutOfRange { .. } => Blame {
            side: Side::Server,
            reason: Reason::ConfiguredOut,
            because: "configured out: its moduli file has no group of that size".to_owned(),
        },
        FailureKind::Deviation { by, what } => {
            Blame { side: (*by).into(), reason: Reason::BuildOption, because: what.clone() }
        }
        _ => blame,
    };
    let mut found = Match::new(strength(case), side, summary);
    found.phase = Some(Phase::Kexinit);
    found.reason = reason;
    found.side_because = because;
    found.algorithms = if side == Side::Client { client.offered.clone() } else { server.offered.clone() };
    describe(case, failed, side, &mut found);
    let ends = Ends { client, server };
    found.notes.extend(history(case, failed, &ends, side));
    if both_directions && slot != Slot::Kex && slot != Slot::HostKey {
        found.notes.push("both directions fail in the same way".to_owned());
    }
    let curable = FailureKind::NothingInCommon == failed.kind
        || matches!(failed.kind, FailureKind::Deviation { .. } | FailureKind::NothingOffered { .. });
    if curable {
        found.remedies = remedies(case, failed, &ends, side);
    }
    found
}

/// Lists that were sent or written are certain; those of a version that only a neighbour in the catalog stands for are
/// not.
fn strength(case: &Case<'_>) -> Strength {
    let guessed = |role: Role| {
        let Some(party) = case.party(role).filter(|party| matches!(party.source, PartySource::Catalog)) else {
            return false;
        };
        party.software.as_ref().is_some_and(|software| !facts::exact(case.catalog, software, role))
    };
    if guessed(Role::Client) || guessed(Role::Server) { Strength::Strong } else { Strength::Decisive }
}

fn direction(slot: Slot) -> &'static str {
    match slot {
        Slot::CipherC2s | Slot::MacC2s | Slot::CompressionC2s => " from client to server",
        Slot::CipherS2c | Slot::MacS2c | Slot::CompressionS2c => " from server to client",
        _ => "",
    }
}

fn items(failed: &FailedSlot, role: Role) -> &[Item] {
    match role {
        Role::Client => &failed.client,
        Role::Server => &failed.server,
    }
}

/// The names of a list without the markers, which can never be chosen.
fn offered(failed: &FailedSlot, role: Role) -> Vec<Name> {
    let names = items(failed, role).iter().map(|item| item.name.clone());
    names.filter(|name| !ssh::is_marker(name.as_str())).collect()
}

struct Ends {
    client: End,
    server: End,
}

impl Ends {
    fn of(&self, role: Role) -> &End {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }
}

fn end(case: &Case<'_>, failed: &FailedSlot, role: Role) -> End {
    let slot = failed.slot;
    let offered = offered(failed, role);
    let Some(party) = case.party(role) else { return End { offered, ..End::default() } };
    let software = party.software.as_ref();
    let look_up = |software: &Software| facts::defaults(case.catalog, software, role, slot);
    // What comes from the catalog alone is its own default; a look-up costs more than all else here.
    let defaults = match (&party.source, party.ssh()) {
        (PartySource::Catalog, Some(policy)) if policy.offer.list(slot).is_complete() => Some(offered.clone()),
        _ => software.and_then(look_up),
    };
    let plain = software.is_none_or(|software| *software == facts::upstream(software));
    let upstream = if plain { defaults.clone() } else { software.and_then(|one| look_up(&facts::upstream(one))) };
    // A name that is left out for this very peer is not configured out.
    let withheld = withheld(case, role, slot);
    let kept = |names: Vec<Name>| names.into_iter().filter(|name| !withheld.contains(name)).collect::<Vec<_>>();
    let (defaults, upstream) = (defaults.map(kept), upstream.map(kept));
    End {
        without_key: without_key(party, slot, &offered, defaults.as_deref()),
        upstream,
        supported: supported(party, slot).cloned(),
        released: software.and_then(|software| facts::released(case.catalog, software, role)),
        software: software.map(ToString::to_string),
        policy: policy_layer(software).or_else(|| policy_file(items(failed, role))),
        offered,
        defaults,
    }
}

/// The names that a party leaves out because of the other's identification string.
fn withheld(case: &Case<'_>, role: Role, slot: Slot) -> Vec<Name> {
    let peer = case.party(role.peer()).and_then(Party::ssh).and_then(|policy| policy.offer.identification.as_ref());
    case.party(role).and_then(Party::ssh).map(|policy| policy.withheld(slot, peer)).unwrap_or_default()
}

/// A system-wide policy among the layers of a software.
fn policy_layer(software: Option<&Software>) -> Option<String> {
    let layer = software?.layers.iter().skip(1).find(|layer| layer.product.contains("polic"))?;
    Some(format!("{}@{}", layer.product, layer.version))
}

/// The file of a system-wide policy, where all elements come from it.
fn policy_file(items: &[Item]) -> Option<String> {
    let mut path = None;
    for item in items {
        match item.origin.as_ref().map(Origin::kind) {
            Some(OriginKind::File { file, .. }) if file.path.contains("crypto-polic") => path = Some(file.path.clone()),
            _ => return None,
        }
    }
    path
}

fn supported(party: &Party, slot: Slot) -> Option<&Vec<Name>> {
    party.ssh()?.supported.slot(slot).complete()
}

/// Default host key algorithms of the server that no key of its own could sign for.
fn without_key(party: &Party, slot: Slot, offered: &[Name], defaults: Option<&[Name]>) -> Vec<Name> {
    if slot != Slot::HostKey || party.role != Role::Server {
        return Vec::new();
    }
    let keys = match party.ssh().map(|policy| &policy.offer.host_keys) {
        Some(Known::Complete(keys)) => Some(keys),
        _ => None,
    };
    let has_key = |name: &&Name| {
        let key_type = ssh::key_type_of(name.as_str());
        match keys {
            Some(keys) => keys.iter().any(|key| key.key_type == *key_type),
            // A server lists every type that it has a key of, unless its configuration says otherwise.
            None => offered.iter().any(|other| ssh::key_type_of(other.as_str()) == key_type),
        }
    };
    defaults.unwrap_or_default().iter().filter(|name| !has_key(name)).cloned().collect()
}

/// The lists: as labels where they stand in a file, else as notes.
fn describe(case: &Case<'_>, failed: &FailedSlot, side: Side, found: &mut Match) {
    let first = if side == Side::Client { Role::Client } else { Role::Server };
    for role in [first, first.peer()] {
        let items = items(failed, role);
        let withheld = withheld(case, role, failed.slot);
        if !withheld.is_empty() {
            let peer = role.peer();
            let names = list(&withheld);
            found
                .notes
                .push(format!("the {role} leaves out {names} for this {peer}, whose version is known to fail on it"));
        }
        let offered = offered(failed, role);
        if let Some(origin) = whole(items) {
            let only = if Side::from(role) == side { " only this" } else { " this" };
            found.labels.push(Label { origin, text: format!("the {role} offers{only}") });
            if Side::from(role) == side {
                continue;
            }
        }
        let software = case.party(role).and_then(|party| party.software.as_ref());
        let who = match software {
            Some(software) => format!("{role} {}", quoted(&software.to_string())),
            None => format!("the {role}"),
        };
        let what = if offered.is_empty() { "nothing".to_owned() } else { list(&offered) };
        found.notes.push(format!("{who} offers: {what}"));
    }
    if let FailureKind::OutOfRange { available, .. } = &failed.kind
        && !available.is_empty()
    {
        let sizes: Vec<String> = available.iter().map(ToString::to_string).collect();
        found.notes.push(format!("the server's groups have {} bits", sizes.join(", ")));
    }
}

/// The bytes of a whole list, where all its elements stand in one line of one file; else those of the first element.
pub(crate) fn whole(items: &[Item]) -> Option<Origin> {
    let mut spans = items.iter().filter_map(|item| match item.origin.as_ref()?.kind() {
        OriginKind::File { file, span } => Some((file, span.clone())),
        _ => None,
    });
    let (file, mut whole): (_, Span) = spans.next()?;
    for (other, span) in spans {
        let joined = whole.start.min(span.start)..whole.end.max(span.end);
        let one_line = file.text.get(joined.clone()).is_some_and(|text| !text.contains(&b'\n'));
        if file == other && one_line {
            whole = joined;
        }
    }
    Some(Origin::file(file, whole))
}

/// The versions behind it: since when the one side no longer offers what the other has, and since when the other's
/// product offers what the first has.
fn history(case: &Case<'_>, failed: &FailedSlot, ends: &Ends, side: Side) -> Vec<String> {
    let behind = match side {
        Side::Client => Role::Client,
        _ => Role::Server,
    };
    let (theirs, ours) = (offered(failed, behind), obtainable(failed, behind));
    let mut notes = Vec::new();
    if let Some(party) = case.party(behind.peer()) {
        let mut removed: Vec<(String, Option<String>, &Name)> = theirs
            .iter()
            .filter_map(|name| facts::removed(case.catalog, party, failed.slot, name).map(|(v, d)| (v, d, name)))
            .collect();
        // The one that was offered for longest stands for all.
        removed.sort_by(|left, right| right.1.cmp(&left.1));
        if let Some((version, released, name)) = removed.first() {
            let date = released.as_ref().map_or(String::new(), |date| format!(" ({date})"));
            let why = facts::weakness(case.catalog, failed.slot, name).map_or(String::new(), |why| format!(": {why}"));
            let product = party.software.as_ref().map_or("", |software| software.product());
            let what = quoted(name.as_str());
            notes.push(format!(
                "the {}'s software stopped offering {what} in {product} {version}{date}{why}",
                behind.peer()
            ));
        }
    }
    let sound = |name: &Name| facts::sound(case.catalog, failed.slot, name) == Some(true);
    if notes.is_empty()
        && !theirs.iter().any(sound)
        && let Some((name, why)) =
            theirs.iter().find_map(|name| facts::weakness(case.catalog, failed.slot, name).map(|why| (name, why)))
    {
        notes.push(format!("{} is no longer recommended: {why}", quoted(name.as_str())));
    }
    if let Some(party) = case.party(behind)
        && let Some((version, released, name)) = newer(case, failed, party, ends, &ours)
    {
        let date = released.map_or(String::new(), |date| format!(" ({date})"));
        let product = party.software.as_ref().map_or("", |software| software.product());
        notes.push(format!("newer versions have it: {product} offers {} since {version}{date}", quoted(name.as_str())));
    }
    notes
}

/// The first newer version of the party's software that offers one of the names; nothing where its own version does
/// already, so that only its configuration is in the way.
fn newer(
    case: &Case<'_>,
    failed: &FailedSlot,
    party: &Party,
    ends: &Ends,
    names: &[Name],
) -> Option<(String, Option<String>, Name)> {
    if ends.of(party.role).upstream.iter().flatten().any(|name| names.contains(name)) {
        return None;
    }
    facts::first_offering(case.catalog, party, failed.slot, names)
}

/// The names of the other side's list that a party can be told to offer: certificates need an authority, keys of
/// security tokens a token, and GSS-API methods a realm, which no line of configuration brings.
fn obtainable(failed: &FailedSlot, role: Role) -> Vec<Name> {
    let special = |name: &str| name.contains("-cert-v0") || name.starts_with("sk-") || name.starts_with("gss-");
    let names = offered(failed, role.peer());
    let plain: Vec<Name> = names.iter().filter(|name| !special(name.as_str())).cloned().collect();
    if plain.is_empty() { names } else { plain }
}

/// What either side can do, the side at fault first: list what the other offers, move to a version that does, and then
/// take the weak names away as a step of its own.
fn remedies(case: &Case<'_>, failed: &FailedSlot, ends: &Ends, side: Side) -> Vec<Remedy> {
    let first = if side == Side::Client { Role::Client } else { Role::Server };
    let mut remedies = Vec::new();
    for role in [first, first.peer()] {
        let Some(party) = case.party(role) else { continue };
        let mut theirs = obtainable(failed, role);
        facts::best_first(case.catalog, failed.slot, &mut theirs);
        let able: Vec<Name> = match supported(party, failed.slot) {
            Some(supported) => theirs.iter().filter(|name| supported.contains(name)).cloned().collect(),
            // Without a list of what the build could do, what the version once offered is what it has.
            None => {
                let could = |name: &&Name| facts::had(case.catalog, party, failed.slot, name) != Some(false);
                theirs.iter().filter(could).cloned().collect()
            }
        };
        let sound = able.first().and_then(|name| facts::sound(case.catalog, failed.slot, name)) == Some(true);
        if !able.is_empty() {
            remedies.push(Remedy { role, change: Change::Enable { slot: failed.slot, candidates: able } });
        }
        // A newer version reads the same file, which leaves nothing.
        let emptied = matches!(failed.kind, FailureKind::NothingOffered { .. });
        if !emptied && newer(case, failed, party, ends, &theirs).is_some() {
            remedies.push(Remedy { role, change: Change::Upgrade { slot: failed.slot, candidates: theirs } });
        }
        let weak = offered(failed, role).into_iter();
        let weak: Vec<Name> =
            weak.filter(|name| facts::sound(case.catalog, failed.slot, name) == Some(false)).collect();
        if sound && !weak.is_empty() && Side::from(role) == side {
            remedies.push(Remedy { role, change: Change::Disable { slot: failed.slot, names: weak } });
        }
    }
    remedies
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shakedown_model::SourceFile;

    use super::*;

    fn item(file: &Arc<SourceFile>, name: &str) -> Item {
        let text = String::from_utf8_lossy(&file.text);
        let start = text.find(name).unwrap();
        Item::with_origin(Name::new(name), Origin::file(file, start..start + name.len()))
    }

    #[test]
    fn the_whole_list_of_one_line_is_quoted() {
        let file = Arc::new(SourceFile::new("x", b"Ciphers a1,b2,c3\nMACs d4\n".to_vec()));
        let span = |items: &[Item]| match whole(items).unwrap().kind() {
            OriginKind::File { span, .. } => span.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(span(&[item(&file, "a1"), item(&file, "b2"), item(&file, "c3")]), 8..16);
        assert_eq!(span(&[item(&file, "a1"), item(&file, "d4")]), 8..10);
        assert_eq!(whole(&[Item::new("a1")]), None);
    }

    #[test]
    fn sizes_decide_between_small_and_none() {
        let kind =
            |available: &[u32]| FailureKind::OutOfRange { minimum: 2048, maximum: 8192, available: available.to_vec() };
        let failed = |available: &[u32]| FailedSlot {
            stage: Stage::Gex,
            slot: Slot::Kex,
            client: Vec::new(),
            server: Vec::new(),
            kind: kind(available),
        };
        assert_eq!(cause_of(&failed(&[1024, 1536])), "key-too-small");
        assert_eq!(cause_of(&failed(&[1024, 16384])), "no-common-kex");
        assert_eq!(cause_of(&failed(&[])), "no-common-kex");
    }
}
