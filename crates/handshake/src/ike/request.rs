//! What an initiator is set up with, and the payloads that it makes of that.

use std::net::IpAddr;

use shakedown_crypto::CryptoError;
use shakedown_crypto::ike::{IkeKeys, SigningKey, auth_method};
use shakedown_model::{Role, Secret};
use shakedown_wire::ike::number::{encoding, notify, payload, protocol};
use shakedown_wire::ike::{
    Authentication, CertificateData, Delete, Identification, KeyExchange, Notify, Payload, Proposal, TrafficSelector,
    TrafficSelectors, Transform, View,
};

/// An initiator.
pub struct Config {
    /// Proposals for the IKE SA, in order.
    pub proposals: Vec<Proposal<Transform>>,
    /// The group of the key exchange that is tried first.
    pub group: u16,
    /// Proposals for the CHILD SA, without key exchanges. The SPI is set here.
    pub child: Vec<Proposal<Transform>>,
    /// Who this end is; where nothing is set up, its address.
    pub identity: Option<Identification>,
    /// Whom it asks for.
    pub peer: Option<Identification>,
    /// How it proves itself.
    pub credentials: Credentials,
    /// Traffic selectors of this end and of the responder's.
    pub selectors: [Vec<TrafficSelector>; 2],
    /// Whether transport mode is asked for (USE_TRANSPORT_MODE).
    pub transport: bool,
}

/// What an end has to prove itself with, and to check the other end's proof. Has no `Debug`.
pub struct Credentials {
    /// The pre-shared key.
    pub shared_key: Option<Secret<Vec<u8>>>,
    /// The certificate.
    pub certificate: Option<Certificate>,
    /// Which of them it proves itself with.
    pub with: Proving,
    /// SHA-1 digests of the public keys of authorities that it trusts, for a certificate request; `None` asks for none.
    pub authorities: Option<Vec<Vec<u8>>>,
}

/// What an end proves itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proving {
    /// The pre-shared key.
    SharedKey,
    /// The certificate.
    Certificate,
}

/// A certificate with its private key.
pub struct Certificate {
    /// The certificate and those above it, in DER.
    pub chain: Vec<Vec<u8>>,
    /// The private key.
    pub key: SigningKey,
}

/// Type of the notify that asks for transport mode, RFC 7296 section 1.3.1.
pub(super) const USE_TRANSPORT_MODE: u16 = 16391;

/// SHA-256, SHA-384 and SHA-512, and the hash of Ed25519 within (RFC 7427 section 4, RFC 8420).
pub(super) const HASHES: [u8; 8] = [0, 2, 0, 3, 0, 4, 0, 5];

pub(super) fn notify_payload(one: Notify) -> Payload {
    Payload::new(payload::NOTIFY, &View::Notify(one))
}

/// What is new in each IKE_SA_INIT request.
pub(super) struct Opening<'a> {
    pub(super) cookie: Option<&'a [u8]>,
    pub(super) group: u16,
    pub(super) public: &'a [u8],
    pub(super) nonce: &'a [u8],
    /// The digests of source and destination for NAT detection.
    pub(super) places: [Vec<u8>; 2],
}

/// The payloads of IKE_SA_INIT.
pub(super) fn opening(config: &Config, opening: Opening<'_>) -> Vec<Payload> {
    let Opening { cookie, group, public, nonce, places: [source, destination] } = opening;
    let mut payloads: Vec<Payload> =
        cookie.map(|data| notify_payload(Notify::new(notify::COOKIE, data.to_vec()))).into_iter().collect();
    let key = KeyExchange { group, reserved: 0, data: public.to_vec() };
    payloads.push(Payload::new(payload::SA, &View::Proposals(config.proposals.clone())));
    payloads.push(Payload::new(payload::KE, &View::KeyExchange(key)));
    payloads.push(Payload::new(payload::NONCE, &View::Nonce(nonce.to_vec())));
    for (kind, data) in [
        (notify::NAT_DETECTION_SOURCE_IP, source),
        (notify::NAT_DETECTION_DESTINATION_IP, destination),
        (notify::FRAGMENTATION_SUPPORTED, Vec::new()),
        (notify::SIGNATURE_HASH_ALGORITHMS, HASHES.to_vec()),
    ] {
        payloads.push(notify_payload(Notify::new(kind, data)));
    }
    payloads
}

/// What the proof in IKE_AUTH is made over.
pub(super) struct Signed<'a> {
    /// Who this end is, where the configuration does not say.
    pub(super) address: IpAddr,
    pub(super) keys: &'a IkeKeys,
    /// This end's IKE_SA_INIT request.
    pub(super) message: &'a [u8],
    pub(super) peer_nonce: &'a [u8],
    /// The hashes that the responder announced.
    pub(super) hashes: &'a [u16],
}

/// The payloads of IKE_AUTH. INITIAL_CONTACT, which would make the responder drop other IKE SAs of this identity (RFC 7296
/// section 2.4), is never among them.
pub(super) fn authentication(config: &Config, signed: &Signed<'_>, spi: [u8; 4]) -> Result<Vec<Payload>, CryptoError> {
    let Config { credentials, identity, peer, .. } = config;
    let own = identity.clone().unwrap_or_else(|| Identification::address(signed.address));
    let own = View::Identification(own);
    let octets = signed.keys.signed_octets(Role::Client, signed.message, signed.peer_nonce, &own.write());
    let mut payloads = vec![Payload::new(payload::IDENTITY_I, &own)];
    let proof = match (credentials.with, &credentials.shared_key, &credentials.certificate) {
        (Proving::SharedKey, Some(key), _) => {
            let data = signed.keys.shared_key_proof(key.expose(), &octets);
            Authentication::new(auth_method::SHARED_KEY, data.to_vec())
        }
        (Proving::Certificate, _, Some(Certificate { chain, key })) => {
            for der in chain {
                let certificate = CertificateData { encoding: encoding::X509_SIGNATURE, data: der.clone() };
                payloads.push(Payload::new(payload::CERTIFICATE, &View::Certificate(certificate)));
            }
            let made = key.sign(&octets, signed.hashes)?;
            Authentication::new(made.method, made.data)
        }
        _ => return Err(CryptoError::BadKey { what: "there is nothing to prove this end with".to_owned() }),
    };
    if let Some(authorities) = &credentials.authorities {
        let data = authorities.concat();
        let request = CertificateData { encoding: encoding::X509_SIGNATURE, data };
        payloads.push(Payload::new(payload::CERTIFICATE_REQUEST, &View::Certificate(request)));
    }
    if let Some(peer) = peer {
        payloads.push(Payload::new(payload::IDENTITY_R, &View::Identification(peer.clone())));
    }
    payloads.push(Payload::new(payload::AUTHENTICATION, &View::Authentication(proof)));
    if config.transport {
        payloads.push(notify_payload(Notify::new(USE_TRANSPORT_MODE, Vec::new())));
    }
    let with_spi = |one: &Proposal<Transform>| Proposal { spi: spi.to_vec(), ..one.clone() };
    payloads.push(Payload::new(payload::SA, &View::Proposals(config.child.iter().map(with_spi).collect())));
    let [ours, theirs] = &config.selectors;
    for (number, all) in [(payload::SELECTORS_I, ours), (payload::SELECTORS_R, theirs)] {
        let selectors = TrafficSelectors { all: all.clone(), ..TrafficSelectors::default() };
        payloads.push(Payload::new(number, &View::TrafficSelectors(selectors)));
    }
    Ok(payloads)
}

/// The payload that ends the IKE SA and all below it (RFC 7296 section 1.4.1).
pub(super) fn deletion() -> Vec<Payload> {
    let delete = Delete { protocol: protocol::IKE, ..Delete::default() };
    vec![Payload::new(payload::DELETE, &View::Delete(delete))]
}
