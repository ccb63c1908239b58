//! What holds for any two offers.

mod common;

use proptest::prelude::*;
use shakedown_model::ssh::{SshOffer, SshPolicy, is_aead};
use shakedown_model::{Context, Item, Known, Name, Outcome, OutcomeResult, Slot};
use shakedown_negotiate::ssh::negotiate;

const CIPHERS: [&str; 5] =
    ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes128-ctr", "3des-cbc", "arcfour"];
const OTHER: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn names(pool: &'static [&'static str]) -> impl Strategy<Value = Vec<Item>> {
    proptest::sample::subsequence(pool.to_vec(), 0..=pool.len())
        .prop_shuffle()
        .prop_map(|names| names.into_iter().map(Item::new).collect())
}

fn known(pool: &'static [&'static str]) -> impl Strategy<Value = Known<Vec<Item>>> {
    prop_oneof![
        6 => names(pool).prop_map(Known::Complete),
        1 => (names(pool), names(pool)).prop_map(|(accepted, mut refused)| {
            refused.retain(|item| !accepted.contains(item));
            Known::Partial { accepted, refused }
        }),
        1 => Just(Known::Unknown),
    ]
}

fn offer(list: fn(&'static [&'static str]) -> BoxedStrategy<Known<Vec<Item>>>) -> impl Strategy<Value = SshPolicy> {
    (
        (list(&OTHER), list(&OTHER), list(&CIPHERS), list(&CIPHERS)),
        (list(&OTHER), list(&OTHER), list(&OTHER), list(&OTHER)),
    )
        .prop_map(
            |((kex, host_key, cipher_c2s, cipher_s2c), (mac_c2s, mac_s2c, compression_c2s, compression_s2c))| {
                let offer = SshOffer {
                    kex,
                    host_key,
                    cipher_c2s,
                    cipher_s2c,
                    mac_c2s,
                    mac_s2c,
                    compression_c2s,
                    compression_s2c,
                    ..SshOffer::default()
                };
                SshPolicy { offer, ..SshPolicy::default() }
            },
        )
}

fn whole(pool: &'static [&'static str]) -> BoxedStrategy<Known<Vec<Item>>> {
    names(pool).prop_map(Known::Complete).boxed()
}

/// More than half of the pool, so that any two lists have something in common.
fn ample(pool: &'static [&'static str]) -> BoxedStrategy<Known<Vec<Item>>> {
    proptest::sample::subsequence(pool.to_vec(), pool.len() / 2 + 1..=pool.len())
        .prop_shuffle()
        .prop_map(|names| Known::Complete(names.into_iter().map(Item::new).collect()))
        .boxed()
}

fn any(pool: &'static [&'static str]) -> BoxedStrategy<Known<Vec<Item>>> {
    known(pool).boxed()
}

fn run(client: &SshPolicy, server: &SshPolicy) -> Outcome {
    negotiate(client, server, &Context::default())
}

fn has(policy: &SshPolicy, slot: Slot, name: &Name) -> bool {
    policy.offer.list(slot).accepted().is_some_and(|list| list.iter().any(|item| item.name == *name))
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(256))]

    #[test]
    fn what_is_agreed_is_on_both_lists(client in offer(any), server in offer(any)) {
        for (slot, name) in run(&client, &server).agreed {
            let Some(name) = name else { continue };
            prop_assert!(has(&client, slot, &name) && has(&server, slot, &name), "{slot}: {name}");
        }
    }

    #[test]
    fn nothing_before_the_choice_is_common(client in offer(whole), server in offer(whole)) {
        for (slot, name) in run(&client, &server).agreed {
            let Some(name) = name else { continue };
            let list = client.offer.list(slot).complete().unwrap();
            let first = list.iter().find(|item| has(&server, slot, &item.name)).unwrap();
            prop_assert_eq!(&first.name, &name);
        }
    }

    #[test]
    fn a_slot_is_agreed_or_failed_and_never_both(client in offer(whole), server in offer(whole)) {
        let outcome = run(&client, &server);
        prop_assert_eq!(outcome.trace.len(), 8);
        prop_assert!(outcome.result() != OutcomeResult::Unknown);
        prop_assert_eq!(outcome.result() == OutcomeResult::Failed, !outcome.failed.is_empty());
        for failed in &outcome.failed {
            prop_assert!(outcome.agreed.iter().all(|(slot, _)| *slot != failed.slot));
        }
        if outcome.result() == OutcomeResult::Agreed {
            prop_assert_eq!(outcome.agreed.len(), 8);
        }
    }

    #[test]
    fn whether_it_works_does_not_depend_on_who_calls(client in offer(whole), server in offer(whole)) {
        // The choice follows the client's order, but that there is one does not, as long as ciphers with their own
        // integrity do not decide whether a MAC is needed.
        let plain = |mut policy: SshPolicy| {
            for slot in [Slot::CipherC2s, Slot::CipherS2c] {
                let list = policy.offer.list_mut(slot).and_then(Known::complete_mut).unwrap();
                list.retain(|item| !is_aead(item.name.as_str()));
            }
            policy
        };
        let (a, b) = (plain(client), plain(server));
        prop_assert_eq!(run(&a, &b).result(), run(&b, &a).result());
    }

    #[test]
    fn one_more_common_name_never_breaks_what_works(
        client in offer(ample), server in offer(ample), slot in 0_usize..8, at in 0_usize..7,
    ) {
        prop_assert_eq!(run(&client, &server).result(), OutcomeResult::Agreed);
        let slot = Slot::SSH[slot];
        // A cipher that brings its own integrity takes nothing away, while another may need a MAC that is not in common.
        let name = Item::new("aes256-gcm@openssh.com");
        let (mut client, mut server) = (client, server);
        for policy in [&mut client, &mut server] {
            let list = policy.offer.list_mut(slot).and_then(Known::complete_mut).unwrap();
            list.insert(at.min(list.len()), name.clone());
        }
        prop_assert_eq!(run(&client, &server).result(), OutcomeResult::Agreed);
    }

    #[test]
    fn learning_more_never_contradicts_a_verdict(client in offer(whole), server in offer(whole), hidden in 0_usize..8) {
        let truth = run(&client, &server);
        let slot = Slot::SSH[hidden];
        let mut guarded = server.clone();
        *guarded.offer.list_mut(slot).unwrap() = Known::Unknown;
        let outcome = run(&client, &guarded);
        if outcome.result() != OutcomeResult::Unknown {
            prop_assert_eq!(outcome.result(), truth.result());
        }
        for (slot, name) in &outcome.agreed {
            prop_assert!(truth.agreed.contains(&(*slot, name.clone())), "{slot}");
        }
    }
}
