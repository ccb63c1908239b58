//! What a responder makes of IKE_AUTH (RFC 7296 sections 1.2 and 2.15): who comes, and what it is given.

use shakedown_crypto::ike::{IkeKeys, auth_method};
use shakedown_model::{Role, Secret};
use shakedown_wire::ike::number::{notify, payload};
use shakedown_wire::ike::{
    Authentication, Identification, Notify, Payload, Phase2Suite, Proposal, TrafficSelector, TrafficSelectors,
    Transform, View,
};

use super::request::{USE_TRANSPORT_MODE, notify_payload};

/// What an initiator says in IKE_AUTH, or in the fifth message of main mode and in quick mode, whoever it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthRequest {
    /// Who it says to be.
    pub identity: Option<Identification>,
    /// Whom it asks for.
    pub asked_for: Option<Identification>,
    /// How it proves itself; `None` where it wants to do so by EAP.
    pub method: Option<u8>,
    /// Its proposals for the CHILD SA; none where it wants no such.
    pub child: Vec<Proposal<Transform>>,
    /// Of IKEv1 its suites for quick mode, with their protocols.
    pub quick: Vec<(u8, Phase2Suite)>,
    /// The traffic selectors of its end and of this one.
    pub selectors: [Vec<TrafficSelector>; 2],
    /// Whether it asks for transport mode.
    pub transport: bool,
}

/// What becomes of it.
pub enum Admission {
    /// AUTHENTICATION_FAILED, for this reason.
    Refuse(String),
    /// It comes in where this key is its own as well.
    Key(Box<Admitted>),
}

/// What one who knows the key is given. Has no `Debug`.
pub struct Admitted {
    /// Who this end is.
    pub identity: Identification,
    /// The pre-shared key.
    pub key: Secret<Vec<u8>>,
    /// The CHILD SA, or the error that it is told instead; `None` where it asked for none.
    pub child: Option<Result<ChildSa, u16>>,
}

/// A CHILD SA. Nothing runs through it, and its keys are not derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSa {
    /// What was chosen of the initiator's proposals, one transform a type; of IKEv1 only protocol and SPI.
    pub proposal: Proposal<Transform>,
    /// What is left of the traffic selectors of its end and of this one.
    pub selectors: [Vec<TrafficSelector>; 2],
    /// Whether it is transport mode.
    pub transport: bool,
    /// The SPIs by which the initiator and this end know it; set as it is made.
    pub spis: [Vec<u8>; 2],
}

/// An initiator that proved itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// The CHILD SA, or the error that it was told instead; `None` where it asked for none.
    pub child: Option<Result<ChildSa, u16>>,
}

/// Why one is refused whose proof is not by the key of this end.
pub const WRONG_KEY: &str = "its proof was not made with the pre-shared key that is known here";

/// What the responder proves and is proved by.
pub(super) struct Exchanged<'a> {
    pub(super) keys: &'a IkeKeys,
    /// The first message and its answer.
    pub(super) messages: [&'a [u8]; 2],
    /// The nonces of the initiator and of this end.
    pub(super) nonces: [&'a [u8]; 2],
}

/// The request that payloads make, with the body of the identity and the proof.
pub(super) fn read(payloads: &[Payload]) -> (AuthRequest, Vec<u8>, Vec<u8>) {
    let (mut request, mut identity, mut proof) = (AuthRequest::default(), Vec::new(), Vec::new());
    let [of_initiator, of_responder] = &mut request.selectors;
    for payload in payloads {
        match (payload.number, payload.view()) {
            (payload::IDENTITY_I, Ok(View::Identification(one))) => {
                request.identity = Some(one);
                identity.clone_from(&payload.body);
            }
            (payload::IDENTITY_R, Ok(View::Identification(one))) => request.asked_for = Some(one),
            (payload::AUTHENTICATION, Ok(View::Authentication(one))) => {
                request.method = Some(one.method);
                proof = one.data;
            }
            (payload::SA, Ok(View::Proposals(all))) => request.child = all,
            (payload::SELECTORS_I, Ok(View::TrafficSelectors(all))) => *of_initiator = all.all,
            (payload::SELECTORS_R, Ok(View::TrafficSelectors(all))) => *of_responder = all.all,
            (payload::NOTIFY, Ok(View::Notify(one))) if one.kind == USE_TRANSPORT_MODE => request.transport = true,
            _ => {}
        }
    }
    (request, identity, proof)
}

/// Judges a proof, and gives the payloads of the answer with what came of it; `Err` with why it is refused.
pub(super) fn answer(
    admission: Admission,
    request: &AuthRequest,
    identity: &[u8],
    proof: &[u8],
    exchanged: &Exchanged<'_>,
    spi: [u8; 4],
) -> Result<(Vec<Payload>, Entered), String> {
    let admitted = match admission {
        Admission::Refuse(why) => return Err(why),
        Admission::Key(admitted) => *admitted,
    };
    match request.method {
        Some(auth_method::SHARED_KEY) => {}
        Some(other) => return Err(format!("it proves itself by method {other}, and not by a pre-shared key")),
        None => return Err("it wants to prove itself by EAP".to_owned()),
    }
    let Exchanged { keys, messages: [first, reply], nonces: [theirs, ours] } = exchanged;
    let octets = keys.signed_octets(Role::Client, first, ours, identity);
    let expected = keys.shared_key_proof(admitted.key.expose(), &octets);
    if !is_same(&expected, proof) {
        return Err(WRONG_KEY.to_owned());
    }
    let own = View::Identification(admitted.identity);
    let octets = keys.signed_octets(Role::Server, reply, theirs, &own.write());
    let proof = keys.shared_key_proof(admitted.key.expose(), &octets);
    let proof = Authentication::new(auth_method::SHARED_KEY, proof.to_vec());
    let mut payloads = vec![
        Payload::new(payload::IDENTITY_R, &own),
        Payload::new(payload::AUTHENTICATION, &View::Authentication(proof)),
    ];
    let child = match admitted.child {
        None => None,
        Some(Err(error)) => {
            payloads.push(notify_payload(Notify::new(error, Vec::new())));
            Some(Err(error))
        }
        Some(Ok(mut child)) => {
            child.spis = [child.proposal.spi.clone(), spi.to_vec()];
            if child.transport {
                payloads.push(notify_payload(Notify::new(USE_TRANSPORT_MODE, Vec::new())));
            }
            let chosen = Proposal { spi: spi.to_vec(), ..child.proposal.clone() };
            payloads.push(Payload::new(payload::SA, &View::Proposals(vec![chosen])));
            for (number, all) in [payload::SELECTORS_I, payload::SELECTORS_R].into_iter().zip(&child.selectors) {
                let selectors = TrafficSelectors { all: all.clone(), ..TrafficSelectors::default() };
                payloads.push(Payload::new(number, &View::TrafficSelectors(selectors)));
            }
            Some(Ok(child))
        }
    };
    Ok((payloads, Entered { child }))
}

/// Compares in a time that does not depend on where they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}

/// What a failed proof is told, and nothing of why (RFC 7296 section 2.21.2).
pub(super) fn refusal() -> Payload {
    notify_payload(Notify::new(notify::AUTHENTICATION_FAILED, Vec::new()))
}
