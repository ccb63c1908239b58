//! What holds for any plan.

mod common;

use common::{Planned, catalog, host, party, render, run};
use proptest::prelude::*;
use shakedown_catalog::Rating;
use shakedown_model::{Applicability, Known, Name, OutcomeResult, Party, Role, Side, Slot, items};

const SOFTWARE: [&str; 6] = [
    "openssh@9.2p1/debian-12",
    "openssh@10.0p1",
    "openssh@7.4p1",
    "openssh@5.3p1",
    "dropbear@2022.83",
    "openssh@6.6p1",
];
const FAMILIES: [&[Slot]; 4] =
    [&[Slot::Kex], &[Slot::HostKey], &[Slot::CipherC2s, Slot::CipherS2c], &[Slot::MacC2s, Slot::MacS2c]];

/// A party whose configuration allows only some of what its version has.
fn restricted(role: Role) -> impl Strategy<Value = Party> {
    let lists = proptest::collection::vec((any::<bool>(), any::<prop::sample::Index>(), 1_usize..4), 4);
    (prop::sample::select(&SOFTWARE[..]), lists).prop_map(move |(software, lists)| {
        let mut party = party(software, role);
        let Some(policy) = party.ssh_mut() else { panic!("an SSH party") };
        for (slots, (restrict, from, count)) in FAMILIES.iter().zip(lists) {
            let supported = policy.supported.slot(slots[0]).complete().cloned().unwrap_or_default();
            if !restrict || supported.is_empty() || (slots[0] == Slot::HostKey && role == Role::Server) {
                continue;
            }
            let names: Vec<&str> =
                supported.iter().cycle().skip(from.index(supported.len())).take(count).map(Name::as_str).collect();
            for &slot in *slots {
                *policy.offer.list_mut(slot).unwrap() = Known::Complete(items(names.iter().copied()));
            }
        }
        party
    })
}

fn added(before: &Party, slot: Slot, agreed: Option<&Name>) -> bool {
    let list = before.ssh().and_then(|policy| policy.offer.list(slot).complete());
    agreed.is_some_and(|name| list.is_some_and(|list| list.iter().all(|item| item.name != *name)))
}

fn check(client: &Party, server: &Party, planned: &Planned) -> Result<(), TestCaseError> {
    for fix in &planned.fixes {
        prop_assert!(!fix.verify.is_empty(), "{}", fix.title);
        prop_assert!(fix.outcome_after.is_none() || !fix.undo.is_empty(), "{}", fix.title);
        prop_assert!(fix.title.starts_with(|c: char| c.is_lowercase()) && !fix.title.ends_with('.'), "{}", fix.title);
        let Some(outcome) = &fix.outcome_after else {
            prop_assert_eq!(fix.applicability, Applicability::Manual);
            continue;
        };
        prop_assert_eq!(outcome.result(), OutcomeResult::Agreed, "{}", render(planned));
        if fix.applicability != Applicability::Safe {
            continue;
        }
        prop_assert!(fix.cuts_off.is_empty());
        for (slot, name) in &outcome.agreed {
            let (Some(name), false) = (name, matches!(slot, Slot::CompressionC2s | Slot::CompressionS2c)) else {
                continue;
            };
            let new = (fix.side != Side::Server && added(client, *slot, Some(name)))
                || (fix.side != Side::Client && added(server, *slot, Some(name)));
            let sound = catalog().rating(*slot, name.as_str()).is_none_or(|rating| rating >= Rating::Acceptable);
            prop_assert!(!new || sound, "{} brings {name}", fix.title);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(32))]

    #[test]
    fn every_fix_holds_what_it_says(client in restricted(Role::Client), server in restricted(Role::Server)) {
        let planned = run(&client, &server, &host("target"), &[]);
        check(&client, &server, &planned)?;
        let order: Vec<Applicability> = planned.fixes.iter().map(|fix| fix.applicability).collect();
        prop_assert!(order.is_sorted(), "{order:?}");
    }
}
