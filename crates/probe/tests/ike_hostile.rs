//! IKE responders that keep to the rules, and that do not.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Instant;

use shakedown_model::ike::{IkeOffer, Proposal, SaProtocol};
use shakedown_model::{ConnectFailure, Fact, Known, Party, Slot, items, names};
use shakedown_probe::ike::{IkeProbed, IkeTarget, Verdict, map, meet};
use shakedown_wire::ike::number::{exchange, notify, payload};
use shakedown_wire::ike::{Header, Message, Notification, Payload, View};

mod ike_support;
use ike_support::*;

const OWN: &str = "aes256-aes128-sha256-prfsha256-modp2048-ecp256";
const AEAD: &str = "aes256gcm16-prfsha384-ecp384-x25519";

fn own() -> Vec<Vec<shakedown_wire::ike::Transform>> {
    vec![transforms(AEAD), transforms(OWN)]
}

/// Maps a responder of this behaviour, which refuses IKEv1; the requests of IKEv2 that it received.
fn mapped(marked: bool, milliseconds: u64, behaviour: Behaviour) -> (IkeProbed, Vec<Message>) {
    let (probed, mut received) = mapped_of_both(marked, milliseconds, modern(behaviour));
    received.retain(|request| request.header.major() == 2);
    (probed, received)
}

/// Maps a responder of this behaviour.
fn mapped_of_both(marked: bool, milliseconds: u64, behaviour: Behaviour) -> (IkeProbed, Vec<Message>) {
    wait(async {
        let fake = Fake::start(marked, behaviour).await;
        let probed = beside(map(&IkeTarget::at(fake.address), &options(milliseconds), &candidates())).await;
        let received = fake.received.lock().unwrap().clone();
        (probed, received)
    })
}

fn offer(text: &str) -> IkeOffer {
    let mut proposal = Proposal::new(SaProtocol::Ike);
    for name in text.split('-') {
        let slot = match name {
            name if name.starts_with("prf") => Slot::Prf,
            name if name.starts_with("sha") => Slot::Integrity,
            name if name.starts_with("modp") || name.starts_with("ecp") || name.starts_with("x2") => Slot::Group,
            _ => Slot::Encryption,
        };
        proposal.list_mut(slot).unwrap().extend(items([name]));
    }
    let guess = proposal.group.first().cloned();
    IkeOffer { proposals: Known::Complete(vec![proposal]), guess }
}

fn met(offers: &[IkeOffer], behaviour: Behaviour) -> (IkeProbed, Vec<Message>) {
    wait(async {
        let fake = Fake::start(true, behaviour).await;
        let target = IkeTarget::at(fake.address);
        let probed = beside(meet(&target, &options(5000), &candidates(), offers)).await;
        let received = fake.received.lock().unwrap().clone();
        (probed, received)
    })
}

fn party(probed: &IkeProbed) -> &Party {
    let [party] = probed.gathered.parties.as_slice() else { panic!("{:?}", probed.gathered) };
    party
}

/// Each proposal with its names in order.
fn accepted(probed: &IkeProbed) -> Vec<String> {
    let proposals = party(probed).ike().unwrap().proposals.accepted().cloned().unwrap_or_default();
    let text = |proposal: &Proposal| {
        let mut names: Vec<String> = [Slot::Encryption, Slot::Integrity, Slot::Prf, Slot::Group]
            .into_iter()
            .flat_map(|slot| names(proposal.list(slot)))
            .map(|name| name.to_string())
            .collect();
        names.sort();
        names.join("-")
    };
    proposals.iter().map(text).collect()
}

fn sorted(text: &str) -> String {
    let mut names: Vec<&str> = text.split('-').collect();
    names.sort();
    names.join("-")
}

fn says(probed: &IkeProbed, what: &str) -> bool {
    party(probed).notes.iter().any(|note| note.contains(what))
}

fn facts(probed: &IkeProbed) -> Vec<&Fact> {
    probed.gathered.evidence.iter().map(|one| &one.fact).collect()
}

#[test]
fn all_that_is_accepted_is_found_and_nothing_is_left_behind() {
    for marked in [true, false] {
        let (probed, received) = mapped(marked, 8000, Box::new(|request, _| vec![answer(&own(), request)]));
        assert!(party(&probed).ike().unwrap().proposals.is_complete(), "{:?}", party(&probed).notes);
        assert_eq!(accepted(&probed), [sorted(AEAD), sorted(OWN)]);
        assert!(probed.packets <= 40, "{}", probed.packets);
        // No request named a group that it offered: nothing could be accepted.
        for request in &received {
            assert!(!groups_of(request).contains(&group_of(request)));
            assert!(request.write().len() <= 1232);
        }
        assert_eq!(says(&probed, "non-ESP marker"), marked);
        assert!(!says(&probed, "half-open"));
    }
}

#[test]
fn a_group_that_serves_as_decoy_is_found_too() {
    let own = "aes256-sha256-prfsha256-ecp192";
    let (probed, _) = mapped(true, 8000, Box::new(move |request, _| vec![answer(&[transforms(own)], request)]));
    assert!(party(&probed).ike().unwrap().proposals.is_complete());
    assert_eq!(accepted(&probed), [sorted(own)]);
}

#[test]
fn a_responder_that_does_not_know_the_decoy_is_given_another() {
    let (probed, received) = mapped(
        true,
        8000,
        Box::new(|request, _| match group_of(request) {
            25 | 26 => vec![notifies(request, notify::INVALID_SYNTAX, &[])],
            _ => vec![answer(&own(), request)],
        }),
    );
    assert_eq!(accepted(&probed), [sorted(AEAD), sorted(OWN)]);
    assert_eq!(received.iter().filter(|request| matches!(group_of(request), 25 | 26)).count(), 2);
}

#[test]
fn silence_ends_with_the_time() {
    let begun = Instant::now();
    let (probed, received) = mapped(true, 700, Box::new(|_, _| Vec::new()));
    assert!(begun.elapsed().as_millis() < 3000 && !received.is_empty());
    assert!(probed.gathered.parties.is_empty());
    let [Fact::NotConnected { failure: ConnectFailure::TimedOut, .. }] = facts(&probed)[..] else {
        panic!("{:?}", probed.gathered)
    };
}

#[test]
fn a_closed_port_is_refused_at_once() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let begun = Instant::now();
    let probed = wait(map(&IkeTarget::at(address), &options(8000), &candidates()));
    assert!(begun.elapsed().as_millis() < 2000);
    let refused = |fact: &&&Fact| matches!(fact, Fact::NotConnected { failure: ConnectFailure::Refused, .. });
    assert!(facts(&probed).iter().any(|fact| refused(&fact)) && probed.gathered.parties.is_empty());
}

#[test]
fn cookies_are_brought_back_and_kept() {
    let behaviour: Behaviour = Box::new(|request, _| {
        let cookie = request.payloads.first().filter(|first| first.number == payload::NOTIFY);
        match cookie.map(|one| one.view().unwrap()) {
            Some(View::Notify(one)) if one.kind == notify::COOKIE && one.data == request.header.initiator_spi => {
                vec![answer(&own(), request)]
            }
            _ => vec![notifies(request, notify::COOKIE, &request.header.initiator_spi)],
        }
    });
    let (probed, _) = mapped(true, 8000, behaviour);
    assert_eq!(accepted(&probed), [sorted(AEAD), sorted(OWN)]);
    assert!(probed.packets <= 40 && says(&probed, "cookies that it asked for: 1"), "{:?}", party(&probed).notes);
}

#[test]
fn cookies_for_ever_are_given_up() {
    let (probed, received) =
        mapped(true, 8000, Box::new(|request, count| vec![notifies(request, notify::COOKIE, &count.to_be_bytes())]));
    assert!(received.len() <= 4, "{}", received.len());
    assert!(says(&probed, "answers each cookie with another one"));
    assert_eq!(party(&probed).ike().unwrap().proposals, Known::Unknown);
}

#[test]
fn what_belongs_to_no_request_is_passed_over() {
    let mut before: Option<Vec<u8>> = None;
    let behaviour: Behaviour = Box::new(move |request, _| {
        let right = answer(&own(), request);
        let mut other = request.clone();
        other.header.initiator_spi = [9; 8];
        let mut echoed = request.clone();
        echoed.payloads.truncate(1);
        let replayed = before.replace(right.clone());
        let wrong = vec![refuses(&other), b"\0\0garbage".to_vec(), Vec::new(), echoed.write()];
        [wrong, replayed.into_iter().collect(), vec![right.clone(), right]].concat()
    });
    let (probed, _) = mapped(true, 8000, behaviour);
    assert_eq!(accepted(&probed), [sorted(AEAD), sorted(OWN)]);
    assert!(says(&probed, "belong to no request"));
    assert!(facts(&probed).iter().any(|fact| matches!(fact, Fact::Malformed { .. })));
}

#[test]
fn a_responder_that_falls_silent_leaves_the_rest_unknown() {
    let behaviour: Behaviour =
        Box::new(|request, count| if count < 8 { vec![answer(&own(), request)] } else { Vec::new() });
    let (probed, _) = mapped(true, 2000, behaviour);
    let proposals = &party(&probed).ike().unwrap().proposals;
    assert!(matches!(proposals, Known::Partial { .. }), "{proposals:?}");
    assert!(says(&probed, "not all that it accepts is known"));
    for text in accepted(&probed) {
        assert!(text.split('-').all(|name| AEAD.contains(name)), "{text}");
    }
}

#[test]
fn a_stranger_is_refused_whatever_it_offers() {
    let (probed, received) = mapped(true, 8000, Box::new(|request, _| vec![refuses(request)]));
    assert!(received.len() <= 6 && probed.gathered.parties.is_empty());
    let [Fact::Notify { number: notify::NO_PROPOSAL_CHOSEN, to_everything: true, .. }] = facts(&probed)[..] else {
        panic!("{:?}", probed.gathered)
    };
}

#[test]
fn answers_that_break_the_rules_make_nothing_known() {
    let oddities: [Behaviour; 4] = [
        // A group that was not offered.
        Box::new(|request, _| vec![notifies(request, notify::INVALID_KE_PAYLOAD, &group_of(request).to_be_bytes())]),
        Box::new(|request, _| vec![notifies(request, notify::INVALID_KE_PAYLOAD, &[1])]),
        Box::new(|request, _| vec![response(request, Vec::new())]),
        Box::new(|request, _| vec![notifies(request, notify::UNSUPPORTED_CRITICAL_PAYLOAD, &[33])]),
    ];
    for behaviour in oddities {
        let (probed, received) = mapped(true, 8000, behaviour);
        assert_eq!(party(&probed).ike().unwrap().proposals, Known::Unknown);
        assert!(received.len() <= 2, "{}", received.len());
        assert!(says(&probed, "not all that it accepts is known"));
    }
}

#[test]
fn a_responder_of_the_old_version_says_so() {
    let behaviour: Behaviour = Box::new(|request, _| {
        let header = Header { version: Header::V1, exchange: exchange::INFORMATIONAL_V1, flags: 0, ..request.header };
        let notification = Notification { doi: 1, protocol: 1, kind: 5, ..Notification::default() };
        let payloads = vec![Payload::new(payload::NOTIFICATION_V1, &View::Notification(notification))];
        vec![Message { header, payloads, ..Message::default() }.write()]
    });
    let (probed, _) = mapped_of_both(true, 8000, behaviour);
    let says_so =
        |fact: &&Fact| matches!(fact, Fact::Notify { number: 5, name, .. } if name == "INVALID-MAJOR-VERSION");
    assert!(facts(&probed).iter().any(says_so), "{:?}", probed.gathered);
}

#[test]
fn a_responder_of_the_old_version_is_told_from_a_stranger() {
    for says_no in [true, false] {
        let behaviour: Behaviour = Box::new(move |request, _| match request.header.major() {
            1 => {
                let header = Header { responder_spi: [5; 8], ..request.header };
                vec![Message { header, payloads: request.payloads.clone(), ..Message::default() }.write()]
            }
            _ if says_no => vec![refuses(request)],
            _ => Vec::new(),
        });
        let (probed, _) = mapped_of_both(true, 8000, behaviour);
        assert!(matches!(facts(&probed)[..], [Fact::OldVersionOnly]), "{:?}", probed.gathered);
        assert!(probed.gathered.parties.is_empty());
    }
}

#[test]
fn an_initiator_meets_what_the_responder_selects() {
    let offers = [offer("aes256-sha256-prfsha256-x25519-modp2048")];
    let (probed, received) = met(&offers, Box::new(|request, _| vec![answer(&own(), request)]));
    let [answer] = probed.answers.as_slice() else { panic!("{:?}", probed.answers) };
    assert_eq!(answer.verdict, Verdict::Accepted);
    let selected = answer.selected.as_ref().unwrap();
    assert_eq!(selected.to_string(), "aes256-sha256-modp2048");
    assert_eq!(answer.vendor_ids, [b"a test"]);
    // Asked for another group once, with the same proposals.
    let [first, second] = received.as_slice() else { panic!("{received:?}") };
    assert_eq!((group_of(first), group_of(second)), (31, 14));
    assert_eq!(proposals_of(first), proposals_of(second));
    assert!(matches!(&party(&probed).ike().unwrap().proposals, Known::Partial { .. }));
}

#[test]
fn of_a_group_without_a_public_value_here_only_the_group_is_known() {
    let own = "aes256-sha256-prfsha256-modp2048s256";
    let offers = [offer(own)];
    let (probed, received) = met(&offers, Box::new(move |request, _| vec![answer(&[transforms(own)], request)]));
    assert_eq!((probed.answers[0].verdict, received.len()), (Verdict::Accepted, 1));
    assert_eq!(probed.answers[0].selected.as_ref().unwrap().to_string(), "modp2048s256");
}

#[test]
fn a_refused_initiator_brings_the_whole_map() {
    let offers = [offer("3des-sha1-prfsha1-modp1024"), offer("aes128-sha256-prfsha256-ecp256")];
    let (probed, _) = met(&offers, Box::new(|request, _| vec![answer(&own(), request)]));
    let verdicts: Vec<Verdict> = probed.answers.iter().map(|answer| answer.verdict).collect();
    assert_eq!(verdicts, [Verdict::Refused, Verdict::Accepted]);
    assert_eq!(accepted(&probed), [sorted(AEAD), sorted(OWN)]);
    assert!(party(&probed).ike().unwrap().proposals.is_complete() && probed.packets <= 40);
}

#[test]
fn a_responder_that_asks_for_the_given_group_again_is_not_followed() {
    let behaviour: Behaviour =
        Box::new(|request, _| vec![notifies(request, notify::INVALID_KE_PAYLOAD, &14_u16.to_be_bytes())]);
    let (probed, received) = met(&[offer("aes256-sha256-prfsha256-modp2048-ecp256")], behaviour);
    assert_eq!(probed.answers[0].verdict, Verdict::Unknown);
    assert!(received.len() < 40, "{}", received.len());
}

#[test]
fn one_that_accepts_at_once_is_counted() {
    // It takes whatever group the key is of: what it selects is told, and a half-open SA each time.
    let suite = "aes256-sha256-prfsha256-modp2048";
    let behaviour: Behaviour = Box::new(move |request, _| {
        let own = [transforms(suite)];
        vec![match select(&own, &proposals_of(request)) {
            Some(selected) => accept(request, selected),
            None => refuses(request),
        }]
    });
    let (probed, _) = mapped(true, 8000, behaviour);
    assert_eq!(accepted(&probed), [sorted(suite)]);
    assert!(says(&probed, "half-open"));
}
