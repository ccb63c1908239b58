//! The initiator against a responder of these tests, which keeps to RFC 7296 or does not.

use std::net::SocketAddr;

use shakedown_crypto::ike::{Cipher, IkeKeys, Integrity, KeyPair, Prf, Seed, Suite, auth_method};
use shakedown_handshake::ike::{
    Config, Credentials, Deletion, Initiator, Machine, Observation, ProofCheck, Proving, Received, Step, identification,
};
use shakedown_model::{Role, Secret};
use shakedown_wire::ike::number::{exchange, flag, notify, payload, protocol, transform};
use shakedown_wire::ike::{
    Authentication, Fragment, Header, KeyExchange, Message, MessageLimits, Notify, Payload, Proposal, TrafficSelector,
    TrafficSelectors, Transform, View, read_payloads, write_payloads,
};

const KEY: &[u8] = b"sesame";
const SPI: [u8; 8] = [9; 8];
const NONCE: [u8; 32] = [7; 32];

fn addresses() -> [SocketAddr; 2] {
    ["192.0.2.1:40000", "192.0.2.2:500"].map(|text| text.parse().unwrap())
}

fn proposal(protocol: u8, transforms: &[(u8, u16, Option<u16>)]) -> Proposal<Transform> {
    let transforms = transforms.iter().map(|(kind, id, bits)| Transform::new(*kind, *id, *bits)).collect();
    Proposal { number: 1, protocol, transforms, ..Proposal::default() }
}

fn ike() -> Proposal<Transform> {
    let (encryption, prf, integrity) = (transform::ENCRYPTION, transform::PRF, transform::INTEGRITY);
    proposal(
        protocol::IKE,
        &[(encryption, 12, Some(256)), (prf, 5, None), (integrity, 12, None), (transform::KEY_EXCHANGE, 31, None)],
    )
}

fn esp() -> Proposal<Transform> {
    proposal(protocol::ESP, &[(transform::ENCRYPTION, 20, Some(128)), (transform::SEQUENCE_NUMBERS, 0, None)])
}

fn selectors() -> Vec<TrafficSelector> {
    vec![TrafficSelector::addresses("10.0.0.0".parse().unwrap(), "10.0.0.255".parse().unwrap())]
}

fn config(key: &[u8]) -> Config {
    let mut proposals = ike();
    proposals.transforms.push(Transform::new(transform::KEY_EXCHANGE, 19, None));
    Config {
        proposals: vec![proposals],
        group: 31,
        child: vec![esp()],
        identity: identification("a.example"),
        peer: identification("gw.example"),
        credentials: Credentials {
            shared_key: Some(Secret::new(key.to_vec())),
            certificate: None,
            with: Proving::SharedKey,
            authorities: None,
        },
        selectors: [selectors(), selectors()],
        transport: false,
    }
}

fn initiator() -> Initiator {
    Initiator::new(config(KEY), addresses()).unwrap()
}

fn sent(initiator: &Initiator) -> Message {
    let [datagram] = initiator.datagrams() else { panic!("{} datagrams", initiator.datagrams().len()) };
    Message::parse(datagram, MessageLimits::default()).unwrap()
}

fn view(message: &Message, number: u8) -> View {
    message.of_type(number).next().unwrap_or_else(|| panic!("payload {number}")).view().unwrap()
}

fn notify_payload(kind: u16, data: &[u8]) -> Payload {
    Payload::new(payload::NOTIFY, &View::Notify(Notify::new(kind, data.to_vec())))
}

/// A responder after IKE_SA_INIT.
struct Responder {
    keys: IkeKeys,
    spi: [u8; 8],
    request: Vec<u8>,
    response: Vec<u8>,
    nonce: Vec<u8>,
}

impl Responder {
    /// Answers IKE_SA_INIT.
    fn accept(initiator: &mut Initiator, notifies: &[Payload]) -> Self {
        let request = initiator.datagrams()[0].clone();
        let message = sent(initiator);
        let View::KeyExchange(key) = view(&message, payload::KE) else { panic!("a key") };
        let View::Nonce(nonce) = view(&message, payload::NONCE) else { panic!("a nonce") };
        let pair = KeyPair::generate(key.group).unwrap().unwrap();
        let secret = pair.agree(&key.data).unwrap();
        let public = KeyExchange { group: key.group, reserved: 0, data: pair.public().to_vec() };
        let mut payloads = vec![
            Payload::new(payload::SA, &View::Proposals(vec![ike()])),
            Payload::new(payload::KE, &View::KeyExchange(public)),
            Payload::new(payload::NONCE, &View::Nonce(NONCE.to_vec())),
        ];
        payloads.extend_from_slice(notifies);
        let spi = message.header.initiator_spi;
        let response = response(spi, exchange::IKE_SA_INIT, 0, payloads).write();
        let suite = Suite {
            cipher: Cipher::new(12, Some(256)).unwrap(),
            integrity: Integrity::new(12),
            prf: Prf::new(5).unwrap(),
        };
        let seed = Seed { initiator_nonce: &nonce, responder_nonce: &NONCE, initiator_spi: spi, responder_spi: SPI };
        let keys = IkeKeys::derive(suite, &secret, seed);
        assert_eq!(initiator.receive(&response), Received::Answer);
        Self { keys, spi, request, response, nonce }
    }

    fn seal(&self, exchange: u8, id: u32, payloads: &[Payload]) -> Vec<u8> {
        let plain = write_payloads(payloads);
        let next = payloads.first().map_or(0, |first| first.number);
        self.wrap(exchange, id, next, &plain, None)
    }

    fn wrap(&self, exchange: u8, id: u32, next: u8, plain: &[u8], part: Option<(u16, u16)>) -> Vec<u8> {
        let protector = self.keys.of(Role::Server);
        let room = vec![0; protector.sealed_length(plain.len())];
        let length = room.len();
        let payload = match part {
            None => Payload::new(payload::ENCRYPTED, &View::Encrypted(room)),
            Some((number, total)) => {
                Payload::new(payload::FRAGMENT, &View::Fragment(Fragment { number, total, data: room }))
            }
        };
        let mut bytes = Message { next, ..response(self.spi, exchange, id, vec![payload]) }.write();
        bytes.truncate(bytes.len() - length);
        let sealed = protector.seal(&bytes, plain).unwrap();
        bytes.extend(sealed);
        bytes
    }

    /// What stands in an initiator's request.
    fn open(&self, datagram: &[u8]) -> Vec<Payload> {
        let message = Message::parse(datagram, MessageLimits::default()).unwrap();
        let body = &message.payloads[0].body;
        let plain = self.keys.of(Role::Client).open(&datagram[..datagram.len() - body.len()], body).unwrap();
        read_payloads(message.next, &plain, MessageLimits::default()).unwrap()
    }

    /// The response that takes everything, with a proof by this key.
    fn agreement(&self, key: &[u8]) -> Vec<Payload> {
        let identity = View::Identification(identification("gw.example").unwrap());
        let octets = self.keys.signed_octets(Role::Server, &self.response, &self.nonce, &identity.write());
        let proof = Authentication::new(auth_method::SHARED_KEY, self.keys.shared_key_proof(key, &octets).to_vec());
        let left = View::TrafficSelectors(TrafficSelectors { all: selectors(), ..TrafficSelectors::default() });
        vec![
            Payload::new(payload::IDENTITY_R, &identity),
            Payload::new(payload::AUTHENTICATION, &View::Authentication(proof)),
            Payload::new(payload::SA, &View::Proposals(vec![Proposal { spi: vec![1; 4], ..esp() }])),
            Payload::new(payload::SELECTORS_I, &left),
            Payload::new(payload::SELECTORS_R, &left),
        ]
    }
}

fn response(spi: [u8; 8], exchange: u8, message_id: u32, payloads: Vec<Payload>) -> Message {
    let header = Header {
        initiator_spi: spi,
        responder_spi: if exchange == exchange::IKE_SA_INIT && payloads.len() == 1 { [0; 8] } else { SPI },
        version: Header::V2,
        exchange,
        flags: flag::RESPONSE,
        message_id,
    };
    Message { header, payloads, ..Message::default() }
}

/// Ends what is left to do without answers.
fn finish(mut initiator: Initiator) -> Observation {
    for _ in 0..4 {
        if !initiator.datagrams().is_empty() {
            initiator.give_up();
        }
    }
    assert!(initiator.datagrams().is_empty());
    initiator.finish()
}

#[test]
fn all_is_agreed_on_proved_and_deleted() {
    let mut one = initiator();
    let responder = Responder::accept(&mut one, &[]);
    let request = responder.open(&one.datagrams()[0]);
    let numbers: Vec<u8> = request.iter().map(|payload| payload.number).collect();
    assert_eq!(numbers, [35, 36, 39, 33, 44, 45], "IDi, IDr, AUTH, SA, TSi, TSr, and no INITIAL_CONTACT");
    let View::Authentication(proof) = request[2].view().unwrap() else { panic!("a proof") };
    let octets = responder.keys.signed_octets(Role::Client, &responder.request, &NONCE, &request[0].body);
    assert_eq!(proof.data, *responder.keys.shared_key_proof(KEY, &octets));
    assert_eq!(one.receive(&responder.seal(exchange::IKE_AUTH, 1, &responder.agreement(KEY))), Received::Answer);
    assert!(one.is_ending());
    let deletion = responder.open(&one.datagrams()[0]);
    assert!(matches!(deletion[0].view(), Ok(View::Delete(delete)) if delete.protocol == protocol::IKE));
    assert_eq!(one.receive(&responder.seal(exchange::INFORMATIONAL, 2, &[])), Received::Answer);
    let seen = finish(one);
    assert_eq!((&seen.sa_init, &seen.auth, &seen.child), (&Step::Done, &Step::Done, &Step::Done));
    assert_eq!((seen.proof.unwrap().check, seen.deletion), (ProofCheck::SharedKey(true), Deletion::Confirmed));
    assert_eq!(seen.selectors, Some([selectors(), selectors()]));
}

#[test]
fn a_responder_with_another_key_is_seen_and_the_sa_is_deleted() {
    let mut one = initiator();
    let responder = Responder::accept(&mut one, &[]);
    one.receive(&responder.seal(exchange::IKE_AUTH, 1, &responder.agreement(b"other")));
    assert!(!one.datagrams().is_empty(), "it is deleted");
    let seen = finish(one);
    assert_eq!((seen.proof.unwrap().check, seen.deletion), (ProofCheck::SharedKey(false), Deletion::Unconfirmed));
}

#[test]
fn refusals_are_of_the_step_that_they_are_about() {
    for (number, with_proof) in [(24, false), (7, false), (14, true), (38, true), (34, true), (36, true), (37, true)] {
        let mut one = initiator();
        let responder = Responder::accept(&mut one, &[]);
        let mut payloads = if with_proof { responder.agreement(KEY)[..2].to_vec() } else { Vec::new() };
        payloads.push(notify_payload(number, b""));
        one.receive(&responder.seal(exchange::IKE_AUTH, 1, &payloads));
        let seen = finish(one);
        let expected = if with_proof {
            (Step::Done, Step::Refused(number), Deletion::Unconfirmed)
        } else {
            (Step::Refused(number), Step::NotReached, Deletion::NotDue)
        };
        assert_eq!((seen.auth, seen.child, seen.deletion), expected, "{number}");
    }
}

#[test]
fn eap_is_told_and_not_run() {
    let mut one = initiator();
    let responder = Responder::accept(&mut one, &[]);
    let mut payloads = responder.agreement(KEY)[..2].to_vec();
    payloads.push(Payload::new(payload::EAP, &View::Opaque(vec![1, 1, 0, 5, 1])));
    one.receive(&responder.seal(exchange::IKE_AUTH, 1, &payloads));
    let seen = finish(one);
    assert!(seen.eap && matches!(seen.auth, Step::Stopped(_)) && seen.deletion == Deletion::Unconfirmed, "{seen:?}");
}

#[test]
fn cookies_for_ever_and_groups_for_ever_come_to_an_end() {
    let mut one = initiator();
    let mut requests = 0;
    while !one.datagrams().is_empty() {
        requests += 1;
        let request = sent(&one);
        if requests > 1 {
            assert!(matches!(request.payloads[0].view(), Ok(View::Notify(cookie)) if cookie.data == [requests - 1]));
        }
        let cookie = notify_payload(notify::COOKIE, &[requests]);
        one.receive(&response(request.header.initiator_spi, exchange::IKE_SA_INIT, 0, vec![cookie]).write());
        assert!(requests < 10, "it goes on for ever");
    }
    assert!(matches!(finish(one).sa_init, Step::Stopped(why) if why.contains("cookie")));
    let mut one = initiator();
    for (turn, group) in [19_u16, 31, 19, 31].into_iter().enumerate() {
        if one.datagrams().is_empty() {
            assert_eq!(turn, 2, "one change is followed");
            break;
        }
        let spi = sent(&one).header.initiator_spi;
        let other = notify_payload(notify::INVALID_KE_PAYLOAD, &group.to_be_bytes());
        one.receive(&response(spi, exchange::IKE_SA_INIT, 0, vec![other]).write());
    }
    assert!(matches!(finish(one).sa_init, Step::Stopped(_)));
    // A group that was not offered is not taken: the answer is not protected.
    let mut one = initiator();
    let spi = sent(&one).header.initiator_spi;
    let weak = notify_payload(notify::INVALID_KE_PAYLOAD, &[0, 1]);
    one.receive(&response(spi, exchange::IKE_SA_INIT, 0, vec![weak]).write());
    assert!(matches!(finish(one).sa_init, Step::Stopped(why) if why.contains("group 1")));
}

#[test]
fn what_was_not_offered_is_not_taken() {
    let with = |selected: Vec<Proposal<Transform>>, nonce: &[u8]| {
        let mut one = initiator();
        let spi = sent(&one).header.initiator_spi;
        let pair = KeyPair::generate(31).unwrap().unwrap();
        let key = KeyExchange { group: 31, reserved: 0, data: pair.public().to_vec() };
        let payloads = vec![
            Payload::new(payload::SA, &View::Proposals(selected)),
            Payload::new(payload::KE, &View::KeyExchange(key)),
            Payload::new(payload::NONCE, &View::Nonce(nonce.to_vec())),
        ];
        one.receive(&response(spi, exchange::IKE_SA_INIT, 0, payloads).write());
        finish(one).sa_init
    };
    assert!(matches!(with(vec![ike()], &NONCE), Step::Done));
    let mut weaker = ike();
    weaker.transforms[0] = Transform::new(transform::ENCRYPTION, 3, None);
    let mut two = ike();
    two.transforms.push(Transform::new(transform::PRF, 5, None));
    let many = Proposal { transforms: vec![Transform::new(transform::ENCRYPTION, 12, Some(256)); 250], ..ike() };
    let ten_thousand: Vec<_> = std::iter::repeat_n(many, 40).collect();
    for selected in [vec![weaker], vec![two], vec![ike(), ike()], Vec::new(), ten_thousand] {
        let count = selected.len();
        // Too long for a datagram it is no message at all, and passed over.
        assert!(matches!(with(selected, &NONCE), Step::Stopped(_) | Step::NoAnswer), "{count}");
    }
    assert!(matches!(with(vec![ike()], &[1; 8]), Step::Stopped(why) if why.contains("nonce")));
}

#[test]
fn what_is_not_protected_ends_nothing() {
    let mut one = initiator();
    let responder = Responder::accept(&mut one, &[]);
    let good = responder.seal(exchange::IKE_AUTH, 1, &responder.agreement(KEY));
    // The first response once more, an error in the clear, other keys, other numbers, other SPIs, cut and changed.
    let error = response(responder.spi, exchange::IKE_AUTH, 1, vec![notify_payload(24, b"")]);
    let mut other_spi = good.clone();
    other_spi[8] ^= 1;
    let mut own = good.clone();
    own[19] |= flag::INITIATOR;
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    let later = responder.seal(exchange::IKE_AUTH, 2, &responder.agreement(KEY));
    let request = one.datagrams()[0].clone();
    let length = good.len();
    for wrong in [
        &responder.response,
        &error.write(),
        &other_spi,
        &own,
        &changed,
        &later,
        &request,
        &good[..length - 1].to_vec(),
    ] {
        assert_eq!(one.receive(wrong), Received::Passed);
    }
    for at in 0..length {
        let mut wrong = good.clone();
        wrong[at] ^= 0x80;
        assert_eq!(one.receive(&wrong), Received::Passed, "byte {at}");
    }
    assert_eq!(one.receive(&good), Received::Answer);
    // The same again is no answer to what was sent since.
    assert_eq!(one.receive(&good), Received::Passed);
    let seen = finish(one);
    assert_eq!((seen.auth, seen.passed.unprotected), (Step::Done, Some(24)));
    assert!(seen.passed.undecryptable > 0 && seen.passed.strays > 0 && seen.passed.broken.is_some());
}

#[test]
fn lengths_that_overlap_inside_are_passed_over() {
    let mut one = initiator();
    let responder = Responder::accept(&mut one, &[]);
    // A payload that says that it is longer than all, one of no length, and an endless chain.
    for plain in [&[0, 0, 0xff, 0xff, 1][..], &[41, 0, 0, 0], &[41, 0, 0, 4].repeat(300)] {
        let bytes = responder.wrap(exchange::IKE_AUTH, 1, 41, plain, None);
        assert_eq!(one.receive(&bytes), Received::Passed);
    }
    let seen = finish(one);
    assert!(seen.auth == Step::NoAnswer && seen.passed.broken.is_some() && seen.deletion == Deletion::Unconfirmed);
}

#[test]
fn fragments_in_any_order_make_a_whole_and_those_that_never_do_are_counted() {
    let parts = |responder: &Responder, size: usize| -> Vec<Vec<u8>> {
        let plain = write_payloads(&responder.agreement(KEY));
        let total = u16::try_from(plain.len().div_ceil(size)).unwrap();
        let part = |(number, part): (u16, &[u8])| {
            let next = if number == 1 { payload::IDENTITY_R } else { 0 };
            responder.wrap(exchange::IKE_AUTH, 1, next, part, Some((number, total)))
        };
        (1..).zip(plain.chunks(size)).map(part).collect()
    };
    let mut one = initiator();
    let responder = Responder::accept(&mut one, &[]);
    let mut all = parts(&responder, 20);
    // Some of a coarser cut come before, and each of these twice.
    assert_eq!(one.receive(&parts(&responder, 60)[1]), Received::Part);
    all.reverse();
    let (last, others) = all.split_last().unwrap();
    for part in others {
        assert_eq!((one.receive(part), one.receive(part)), (Received::Part, Received::Part));
    }
    assert_eq!(one.receive(last), Received::Answer);
    assert_eq!(finish(one).child, Step::Done);

    let mut one = initiator();
    let responder = Responder::accept(&mut one, &[]);
    let plain = [5; 8];
    for number in 1..=200 {
        let bytes = responder.wrap(exchange::IKE_AUTH, 1, 36, &plain, Some((number, 250)));
        assert_eq!(one.receive(&bytes), Received::Part);
    }
    // More than are ever kept, of none, beyond the last.
    for wrong in [(1, 0xffff), (0, 250), (251, 250), (1, 0)] {
        let bytes = responder.wrap(exchange::IKE_AUTH, 1, 36, &plain, Some(wrong));
        assert_eq!(one.receive(&bytes), Received::Passed, "{wrong:?}");
    }
    let seen = finish(one);
    assert_eq!((seen.auth, seen.fragments), (Step::NoAnswer, Some((200, 250))));
}

#[test]
fn long_requests_go_in_fragments_where_the_responder_takes_them() {
    let many: Vec<TrafficSelector> = std::iter::repeat_with(selectors).take(200).flatten().collect();
    for takes in [true, false] {
        let mut long = config(KEY);
        long.selectors = [many.clone(), selectors()];
        let mut one = Initiator::new(long, addresses()).unwrap();
        let notifies = if takes { vec![notify_payload(notify::FRAGMENTATION_SUPPORTED, b"")] } else { Vec::new() };
        let _responder = Responder::accept(&mut one, &notifies);
        assert_eq!(one.datagrams().len(), if takes { 3 } else { 1 });
        let longest = one.datagrams().iter().map(Vec::len).max().unwrap();
        assert_eq!(longest <= shakedown_handshake::ike::FRAGMENT_SIZE, takes, "{longest}");
    }
}

#[test]
fn nats_are_found_by_the_digests() {
    let mut one = initiator();
    Responder::accept(&mut one, &[]);
    assert_eq!((one.is_behind_nat(), finish(one).nat), (false, None), "the responder does not take part");
    let mut one = initiator();
    let wrong = [notify::NAT_DETECTION_SOURCE_IP, notify::NAT_DETECTION_DESTINATION_IP];
    Responder::accept(&mut one, &wrong.map(|kind| notify_payload(kind, &[0; 20])));
    assert!(one.is_behind_nat());
}

/// This crate's own responder.
mod both_ends {
    use shakedown_handshake::ike::{
        Admission, Admitted, AuthRequest, ChildSa, Decision, Reached, Responder, WRONG_KEY, identity_text,
    };

    use super::*;

    fn answer(initiator: &mut Initiator, decision: Decision) -> Responder {
        let request = initiator.datagrams()[0].clone();
        let [client, server] = addresses();
        let responder = Responder::new(&sent(initiator), &request, decision, [server, client]).unwrap();
        assert!(responder.is_repeated(&request) && !responder.is_repeated(&request[1..]));
        assert_eq!(initiator.receive(responder.reply()), Received::Answer);
        responder
    }

    fn nobody(_: &AuthRequest) -> Admission {
        Admission::Refuse("nobody is let in".to_owned())
    }

    /// Who has this key, for this CHILD SA.
    fn with_key(key: &[u8], child: Result<ChildSa, u16>) -> impl Fn(&AuthRequest) -> Admission {
        move |request| {
            assert_eq!(request.identity.as_ref().map(identity_text).unwrap(), *"a.example");
            assert_eq!((request.method, request.selectors.clone()), (Some(2), [selectors(), selectors()]));
            let chosen = child.clone().map(|child| ChildSa { proposal: request.child[0].clone(), ..child });
            let identity = request.asked_for.clone().unwrap();
            Admission::Key(Box::new(Admitted { identity, key: Secret::new(key.to_vec()), child: Some(chosen) }))
        }
    }

    fn child() -> ChildSa {
        let [inside, outside] = [selectors(), selectors()];
        ChildSa { proposal: esp(), selectors: [inside, outside], transport: false, spis: [Vec::new(), Vec::new()] }
    }

    /// The answers to all that an initiator sends now, which it is given.
    fn pass(initiator: &mut Initiator, responder: &mut Responder, admit: &dyn Fn(&AuthRequest) -> Admission) {
        for one in initiator.datagrams().to_vec() {
            let message = Message::parse(&one, MessageLimits::default()).unwrap();
            for answer in responder.receive(&message, &one, admit).unwrap() {
                assert_eq!(initiator.receive(&answer), Received::Answer);
            }
        }
    }

    #[test]
    fn who_knows_the_key_comes_in_and_goes_again() {
        let mut initiator = initiator();
        let mut responder = answer(&mut initiator, Decision::Select(ike()));
        let admit = with_key(KEY, Ok(child()));
        pass(&mut initiator, &mut responder, &admit);
        let Reached::Entered(entered) = responder.reached().clone() else { panic!("{:?}", responder.reached()) };
        let given = entered.child.unwrap().unwrap();
        assert!(given.spis.iter().all(|spi| spi.len() == 4) && given.spis[0] != given.spis[1]);
        // The end of it.
        assert!(initiator.is_ending());
        pass(&mut initiator, &mut responder, &admit);
        let seen = initiator.finish();
        assert_eq!((seen.auth, seen.child, seen.deletion), (Step::Done, Step::Done, Deletion::Confirmed));
        assert_eq!(seen.proof.map(|proof| proof.check), Some(ProofCheck::SharedKey(true)));
        assert_eq!(seen.child_selected.unwrap().spi, given.spis[1]);
        assert_eq!(seen.selectors, Some([selectors(), selectors()]));
    }

    #[test]
    fn another_key_is_refused_and_a_tunnel_that_is_not_given_leaves_the_ike_sa() {
        let mut one = initiator();
        let mut responder = answer(&mut one, Decision::Select(ike()));
        pass(&mut one, &mut responder, &with_key(b"another", Ok(child())));
        assert_eq!(responder.reached(), &Reached::AuthenticationRefused(WRONG_KEY.to_owned()));
        assert_eq!(one.finish().auth, Step::Refused(notify::AUTHENTICATION_FAILED));

        for error in [notify::TS_UNACCEPTABLE, notify::NO_PROPOSAL_CHOSEN] {
            let mut one = initiator();
            let mut responder = answer(&mut one, Decision::Select(ike()));
            pass(&mut one, &mut responder, &with_key(KEY, Err(error)));
            let seen = one.finish();
            assert_eq!((seen.auth, seen.child), (Step::Done, Step::Refused(error)));
        }
    }

    #[test]
    fn who_comes_as_far_as_ike_auth_is_refused_there() {
        let mut initiator = initiator();
        let mut responder = answer(&mut initiator, Decision::Select(ike()));
        assert_eq!(responder.reached(), &Reached::Chosen);
        let asked = initiator.datagrams().to_vec();
        let answers: Vec<Vec<u8>> =
            asked.iter().flat_map(|one| responder.receive(&sent(&initiator), one, &nobody).unwrap()).collect();
        let again = responder.receive(&sent(&initiator), &asked[0], &nobody).unwrap();
        assert_eq!((answers.len(), &again), (1, &answers), "a repeated message gets the same answer");
        assert_eq!(responder.reached(), &Reached::AuthenticationRefused("nobody is let in".to_owned()));
        assert_eq!(initiator.receive(&answers[0]), Received::Answer);
        assert_eq!(initiator.finish().auth, Step::Refused(notify::AUTHENTICATION_FAILED));
    }

    #[test]
    fn another_group_is_asked_for_and_nothing_chosen_is_said() {
        let mut initiator = initiator();
        let mut other = ike();
        other.transforms.retain(|one| one.kind != transform::KEY_EXCHANGE);
        other.transforms.push(Transform::new(transform::KEY_EXCHANGE, 19, None));
        assert_eq!(answer(&mut initiator, Decision::Select(other.clone())).reached(), &Reached::AskedForGroup(19));
        assert_eq!(answer(&mut initiator, Decision::Select(other)).reached(), &Reached::Chosen);
        let mut initiator = super::initiator();
        assert_eq!(answer(&mut initiator, Decision::Refuse).reached(), &Reached::Refused);
        assert_eq!(initiator.finish().sa_init, Step::Refused(notify::NO_PROPOSAL_CHOSEN));
    }

    #[test]
    fn what_was_made_by_others_is_passed_over() {
        let mut initiator = initiator();
        let mut responder = answer(&mut initiator, Decision::Select(ike()));
        let mut foreign = initiator.datagrams()[0].clone();
        *foreign.last_mut().unwrap() ^= 1;
        let message = Message::parse(&foreign, MessageLimits::default()).unwrap();
        assert_eq!(responder.receive(&message, &foreign, &nobody).unwrap(), Vec::<Vec<u8>>::new());
        assert_eq!(responder.reached(), &Reached::Chosen);
    }
}
