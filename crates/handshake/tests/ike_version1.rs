//! Both ends of IKEv1: main mode with a pre-shared key, and quick mode.

use std::net::{IpAddr, SocketAddr};

use shakedown_handshake::ike::version1::{
    Config, Initiator, Keeper, Observation, QuickChoice, Until, traffic_selector,
};
use shakedown_handshake::ike::{
    AuthRequest, Decision, Machine, Reached, Received, Responder, Step, WRONG_KEY, identification, identity_text,
};
use shakedown_model::Secret;
use shakedown_wire::ike::number::{notification, protocol};
use shakedown_wire::ike::{
    Identification, Message, MessageLimits, Phase1Suite, Phase2Suite, Proposal, TrafficSelector, TransformV1, View,
};

const KEY: &[u8] = b"sesame";

fn addresses() -> [SocketAddr; 2] {
    ["192.0.2.1:40000", "192.0.2.2:500"].map(|text| text.parse().unwrap())
}

fn network(text: &str) -> TrafficSelector {
    TrafficSelector::addresses(format!("{text}.0").parse().unwrap(), format!("{text}.255").parse().unwrap())
}

fn suite(method: u16) -> Phase1Suite {
    Phase1Suite { cipher: 7, key_length: Some(256), hash: 4, group: 19, method }
}

fn child(group: Option<u16>) -> Phase2Suite {
    Phase2Suite { id: 12, key_length: Some(128), authentication: Some(5), group }
}

fn initiator(key: &[u8], method: u16, group: Option<u16>) -> Initiator {
    let config = Config {
        suites: vec![suite(method)],
        protocol: protocol::ESP,
        child: vec![child(group)],
        identity: identification("a.example"),
        shared_key: Some(Secret::new(key.to_vec())),
        certificate: None,
        traffic: [network("10.1.0"), network("10.2.0")],
        transport: false,
        until: Until::Child,
        aggressive: None,
    };
    Initiator::new(config, addresses()).unwrap()
}

/// One who has a key, or none; expects this identity; and answers quick mode so.
struct Gate(Option<&'static [u8]>, &'static str, Result<(), u16>);

impl Keeper for Gate {
    fn shared_key(&self, ends: [IpAddr; 2]) -> Result<Secret<Vec<u8>>, String> {
        assert_eq!(ends, [addresses()[1].ip(), addresses()[0].ip()]);
        self.0.map(|key| Secret::new(key.to_vec())).ok_or_else(|| "there is none".to_owned())
    }

    fn identity(&self, request: &AuthRequest, _: [IpAddr; 2]) -> Result<Identification, String> {
        let shown = request.identity.as_ref().map(identity_text).unwrap();
        if shown == *self.1 { Ok(identification("gw.example").unwrap()) } else { Err(format!("it is {shown}")) }
    }

    fn quick_mode(&self, request: &AuthRequest, _: [IpAddr; 2]) -> Result<QuickChoice, u16> {
        assert_eq!(request.quick.len(), 1);
        let [theirs, ours] = &request.selectors;
        self.2.map(|()| QuickChoice { suite: 0, traffic: [theirs[0].clone(), ours[0].clone()] })
    }
}

const OPEN: Gate = Gate(Some(KEY), "a.example", Ok(()));

fn parsed(bytes: &[u8]) -> Message {
    Message::parse(bytes, MessageLimits::default()).unwrap()
}

/// The initiator's own proposal with one transform.
fn chosen(message: &Message) -> Proposal<TransformV1> {
    let mut views = message.payloads.iter().filter_map(|one| one.view().ok());
    let Some(View::SecurityAssociation(sent)) = views.next() else { panic!("an SA") };
    sent.proposals[0].clone()
}

/// Lets both ends talk until the initiator has nothing more to say, or is not answered.
fn talk(mut initiator: Initiator, gate: &Gate) -> (Observation, Responder) {
    let [client, server] = addresses();
    let first = initiator.datagrams()[0].clone();
    let message = parsed(&first);
    let decision = Decision::SelectV1(chosen(&message));
    let mut responder = Responder::new(&message, &first, decision, [server, client]).unwrap();
    assert_eq!(initiator.receive(responder.reply()), Received::Answer);
    while !initiator.datagrams().is_empty() {
        let mut answered = false;
        for one in initiator.datagrams().to_vec() {
            let answers = responder.receive_version_1(&parsed(&one), &one, gate).unwrap();
            let again = responder.receive_version_1(&parsed(&one), &one, gate).unwrap();
            // Notifications have random numbers, but what is repeated is answered the same.
            assert_eq!(answers, again);
            for answer in answers {
                answered |= initiator.receive(&answer) == Received::Answer;
            }
        }
        if !answered {
            initiator.give_up();
        }
    }
    (initiator.finish(), responder)
}

#[test]
fn who_knows_the_key_gets_a_tunnel() {
    for group in [None, Some(19)] {
        let (seen, responder) = talk(initiator(KEY, 1, group), &OPEN);
        assert_eq!((&seen.auth, &seen.child, seen.same_key), (&Step::Done, &Step::Done, Some(true)), "{seen:?}");
        assert_eq!(seen.identity.as_ref().map(identity_text).unwrap(), *"gw.example");
        let nat = seen.nat.unwrap();
        assert!(!nat.initiator && !nat.responder);
        let selected = seen.child_selected.unwrap();
        assert_eq!((selected.protocol, selected.suite), (protocol::ESP, child(group)));
        let said = selected.traffic.unwrap().map(|one| traffic_selector(&View::Identification(one).write()).unwrap());
        assert_eq!(said, [network("10.1.0"), network("10.2.0")]);
        let Reached::Entered(entered) = responder.reached() else { panic!("{:?}", responder.reached()) };
        assert!(responder.is_over() && matches!(&entered.child, Some(Ok(_))));
    }
}

#[test]
fn another_key_cannot_be_read() {
    let (seen, responder) = talk(initiator(b"another", 1, None), &OPEN);
    assert_eq!((seen.auth, seen.other_keys), (Step::NoAnswer, 1));
    assert_eq!(responder.reached(), &Reached::AuthenticationRefused(WRONG_KEY.to_owned()));
    assert!(responder.is_over());
}

#[test]
fn refusals_say_what_charon_says() {
    let (seen, _) = talk(initiator(KEY, 1, None), &Gate(None, "a.example", Ok(())));
    assert_eq!(seen.key_exchange, Step::Refused(notification::INVALID_KEY_INFORMATION));
    let (seen, responder) = talk(initiator(KEY, 1, None), &Gate(Some(KEY), "b.example", Ok(())));
    assert_eq!(seen.auth, Step::Refused(notification::AUTHENTICATION_FAILED));
    assert_eq!(responder.reached(), &Reached::AuthenticationRefused("it is a.example".to_owned()));
    for kind in [notification::INVALID_ID_INFORMATION, notification::NO_PROPOSAL_CHOSEN] {
        let (seen, responder) = talk(initiator(KEY, 1, None), &Gate(Some(KEY), "a.example", Err(kind)));
        assert_eq!((seen.auth, seen.child), (Step::Done, Step::Refused(kind)));
        let Reached::Entered(entered) = responder.reached() else { panic!("{:?}", responder.reached()) };
        assert_eq!(entered.child, Some(Err(kind)));
    }
}

#[test]
fn what_is_not_done_here_is_said() {
    let mut initiator = initiator(KEY, 3, None);
    let first = initiator.datagrams()[0].clone();
    let message = parsed(&first);
    let [client, server] = addresses();
    let mut responder =
        Responder::new(&message, &first, Decision::SelectV1(chosen(&message)), [server, client]).unwrap();
    let Reached::ChosenOnly(why) = responder.reached() else { panic!("{:?}", responder.reached()) };
    assert!(why.contains("method 3"), "{why}");
    assert_eq!(initiator.receive(responder.reply()), Received::Answer);
    let third = initiator.datagrams()[0].clone();
    assert_eq!(responder.receive_version_1(&parsed(&third), &third, &OPEN).unwrap(), Vec::<Vec<u8>>::new());
}
