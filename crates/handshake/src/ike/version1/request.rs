//! What an initiator of IKEv1 is set up with, and the payloads that it makes of that.

use std::net::{IpAddr, SocketAddr};

use super::super::request::Certificate;
use shakedown_crypto::Hash;
use shakedown_model::Secret;
use shakedown_wire::ike::number::{identity, identity_v1, notification, payload, protocol};
use shakedown_wire::ike::{
    Header, Identification, Message, Notification, Payload, Phase1Suite, Phase2Suite, SecurityAssociation,
    TrafficSelector, View,
};

/// An initiator.
pub struct Config {
    /// Suites for phase 1, in order.
    pub suites: Vec<Phase1Suite>,
    /// The protocol of phase 2: ESP or AH.
    pub protocol: u8,
    /// Suites for phase 2, in order, all with the same group or none.
    pub child: Vec<Phase2Suite>,
    /// Who this end is; where nothing is set up, its address.
    pub identity: Option<Identification>,
    /// The pre-shared key. Without it and a certificate nothing is done after the first exchange.
    pub shared_key: Option<Secret<Vec<u8>>>,
    /// The certificate that this end proves itself with, of RSA, in the place of the pre-shared key; in main mode only.
    pub certificate: Option<Certificate>,
    /// The traffic of this end and of the responder's: of both one network, as IKEv1 has it.
    pub traffic: [TrafficSelector; 2],
    /// Whether transport mode is asked for.
    pub transport: bool,
    /// How far it goes.
    pub until: Until,
    /// The group of the key exchange in the first message of aggressive mode; `None` for main mode.
    pub aggressive: Option<u16>,
}

/// How far an initiator goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// To the second message.
    Proposal,
    /// To the end of quick mode.
    Child,
}

/// RFC 3947 section 3.1: MD5 of "RFC 3947".
pub(in super::super) const NAT_TRAVERSAL: [u8; 16] =
    [0x4a, 0x13, 0x1c, 0x81, 0x07, 0x03, 0x58, 0x45, 0x5c, 0x57, 0x28, 0xf2, 0x0e, 0x95, 0x45, 0x2f];
/// Lifetimes that are asked for, in seconds: of phase 1 what holds where none is named (RFC 2407 section 4.5.4), of phase 2 an
/// hour.
const LIFETIME: u16 = 28_800;
pub(super) const CHILD_LIFETIME: u16 = 3600;

pub(super) fn raw(number: u8, body: impl Into<Vec<u8>>) -> Payload {
    Payload { number, reserved: 0, body: body.into() }
}

/// The payloads that begin both modes with the suites and end their first message.
pub(super) fn opening(suites: &[Phase1Suite]) -> (Payload, Payload) {
    let association = SecurityAssociation::phase_1(suites, Some(LIFETIME));
    (Payload::new(payload::SA_V1, &View::SecurityAssociation(association)), raw(payload::VENDOR_ID_V1, NAT_TRAVERSAL))
}

/// The body of an identification payload.
pub(super) fn identity_body(config: &Config, own: SocketAddr) -> Vec<u8> {
    let own = config.identity.clone().unwrap_or_else(|| Identification::address(own.ip()));
    View::Identification(own).write()
}

/// The digest of an address, RFC 3947 section 3.2.
pub(super) fn place(hash: Hash, cookies: [[u8; 8]; 2], address: SocketAddr) -> Vec<u8> {
    let octets = match address.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let [initiator, responder] = &cookies;
    hash.digest(&[initiator, responder, &octets, &address.port().to_be_bytes()])
}

/// A network as an identification payload of quick mode, RFC 2407 section 4.6.2: an address, a network or a range. Of ports one
/// or all can be said.
pub fn selector_identity(selector: &TrafficSelector) -> Option<Identification> {
    let TrafficSelector::Range { protocol, ports, first, last } = selector else { return None };
    let port = match *ports {
        (0, u16::MAX) => 0,
        (one, other) if one == other => one,
        _ => return None,
    };
    let [high, low] = port.to_be_bytes();
    let (kind, data) = match (first, last) {
        (one, other) if one == other => {
            let address = Identification::address(*one);
            (address.kind, address.data)
        }
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let (begin, end) = (one.to_bits(), other.to_bits());
            let (kind, second) = match mask(u128::from(begin) << 96, u128::from(end) << 96, 32) {
                Some(length) => (identity_v1::IPV4_SUBNET, u32::MAX.checked_shl(32 - length).unwrap_or(0)),
                None => (identity_v1::IPV4_RANGE, end),
            };
            (kind, [begin.to_be_bytes(), second.to_be_bytes()].concat())
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let (begin, end) = (one.to_bits(), other.to_bits());
            let (kind, second) = match mask(begin, end, 128) {
                Some(length) => (identity_v1::IPV6_SUBNET, u128::MAX.checked_shl(128 - length).unwrap_or(0)),
                None => (identity_v1::IPV6_RANGE, end),
            };
            (kind, [begin.to_be_bytes(), second.to_be_bytes()].concat())
        }
        _ => return None,
    };
    Some(Identification { kind, reserved: [*protocol, high, low], data })
}

/// The traffic that an identification payload of quick mode is about, from the body of the payload; `None` where it is none of
/// addresses.
pub fn traffic_selector(body: &[u8]) -> Option<TrafficSelector> {
    let [kind, protocol, high, low, data @ ..] = body else { return None };
    let ports = match u16::from_be_bytes([*high, *low]) {
        0 => (0, u16::MAX),
        port => (port, port),
    };
    let address = |octets: &[u8]| -> Option<IpAddr> {
        match octets.len() {
            4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
            16 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
            _ => None,
        }
    };
    let whole = || address(data);
    let halves = || {
        let (one, other) = data.split_at_checked(data.len() / 2)?;
        address(one).zip(address(other))
    };
    let (first, last) = match *kind {
        identity::IPV4 | identity::IPV6 => (whole()?, whole()?),
        identity_v1::IPV4_SUBNET | identity_v1::IPV6_SUBNET => match halves()? {
            (IpAddr::V4(network), IpAddr::V4(mask)) => {
                let (network, mask) = (network.to_bits(), mask.to_bits());
                (IpAddr::V4((network & mask).into()), IpAddr::V4((network | !mask).into()))
            }
            (IpAddr::V6(network), IpAddr::V6(mask)) => {
                let (network, mask) = (network.to_bits(), mask.to_bits());
                (IpAddr::V6((network & mask).into()), IpAddr::V6((network | !mask).into()))
            }
            _ => return None,
        },
        identity_v1::IPV4_RANGE | identity_v1::IPV6_RANGE => halves()?,
        _ => return None,
    };
    let is_v4 = matches!(*kind, identity::IPV4 | identity_v1::IPV4_SUBNET | identity_v1::IPV4_RANGE);
    (first.is_ipv4() == is_v4).then_some(TrafficSelector::Range { protocol: *protocol, ports, first, last })
}

/// The length of the prefix, where a range of addresses, shifted to the upper end, is a network.
fn mask(first: u128, last: u128, width: u32) -> Option<u32> {
    let differing = first ^ last;
    let length = differing.leading_zeros().min(width);
    let host = u128::MAX.checked_shr(length).unwrap_or(0);
    let used = u128::MAX.checked_shl(128 - width).unwrap_or(0);
    (differing == host & used && first & host & used == 0).then_some(length)
}

/// The message that ends a main mode that is not gone on with, of these cookies (the initiator's first): the initiator takes
/// none of the suites after all (RFC 2408 section 5.4). A responder may heed it or not, as it carries no protection. `None`
/// where the system gives no random numbers.
pub fn release(cookies: [[u8; 8]; 2]) -> Option<Vec<u8>> {
    let message_id = random_id()?;
    let [initiator_spi, responder_spi] = cookies;
    let header = Header {
        initiator_spi,
        responder_spi,
        version: Header::V1,
        exchange: shakedown_wire::ike::number::exchange::INFORMATIONAL_V1,
        message_id,
        ..Header::default()
    };
    let notification = Notification {
        doi: 1,
        protocol: protocol::IKE,
        spi: cookies.concat(),
        kind: notification::NO_PROPOSAL_CHOSEN,
        data: Vec::new(),
    };
    let payloads = vec![Payload::new(payload::NOTIFICATION_V1, &View::Notification(notification))];
    Some(Message { header, payloads, ..Message::default() }.write())
}

/// A message ID of an exchange after phase 1, which is never zero.
pub(super) fn random_id() -> Option<u32> {
    let mut id = [0; 4];
    shakedown_crypto::random(&mut id).ok()?;
    Some(u32::from_be_bytes(id) | 1)
}

/// The body of a delete payload, RFC 2408 section 3.15.
pub(super) fn deletion(protocol: u8, spi: &[u8]) -> Vec<u8> {
    let size = u8::try_from(spi.len()).unwrap_or(u8::MAX);
    [&[0, 0, 0, 1, protocol, size, 0, 1], spi].concat()
}

/// Addresses, names and bytes: the kinds of identities that both versions have.
pub(super) fn is_identity(kind: u8) -> bool {
    (identity::IPV4..=identity::KEY_ID).contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(first: &str, last: &str, ports: (u16, u16)) -> Option<(u8, String)> {
        let selector =
            TrafficSelector::Range { protocol: 6, ports, first: first.parse().unwrap(), last: last.parse().unwrap() };
        let one = selector_identity(&selector)?;
        assert_eq!(one.reserved, [6, ports.0.to_be_bytes()[0], ports.0.to_be_bytes()[1]]);
        Some((one.kind, one.data.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    #[test]
    fn networks_are_said_in_the_shortest_way() {
        let any = (0, u16::MAX);
        let of = |kind, data: &str| Some((kind, data.to_owned()));
        assert_eq!(said("10.1.0.0", "10.1.0.255", any), of(4, "0a010000ffffff00"));
        assert_eq!(said("10.1.0.1", "10.1.0.1", any), of(1, "0a010001"));
        assert_eq!(said("10.1.0.1", "10.1.0.9", any), of(7, "0a0100010a010009"));
        assert_eq!(said("10.1.0.1", "10.1.0.255", any), of(7, "0a0100010a0100ff"));
        assert_eq!(said("0.0.0.0", "255.255.255.255", any), of(4, "0000000000000000"));
        assert_eq!(said("10.0.0.1", "10.0.0.1", (443, 443)), of(1, "0a000001"));
        assert_eq!(said("10.0.0.1", "10.0.0.1", (1, 443)), None);
        let (kind, data) = said("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", any).unwrap();
        assert_eq!((kind, &data[32..]), (6, "ffffffff000000000000000000000000"));
        assert_eq!(said("2001:db8::1", "2001:db8::9", any).unwrap().0, 8);
        for (first, last, ports) in
            [("10.1.0.0", "10.1.0.255", any), ("10.1.0.1", "10.1.0.9", (443, 443)), ("::", "::9", any)]
        {
            let (first, last) = (first.parse().unwrap(), last.parse().unwrap());
            let selector = TrafficSelector::Range { protocol: 17, ports, first, last };
            let body = View::Identification(selector_identity(&selector).unwrap()).write();
            assert_eq!(traffic_selector(&body), Some(selector));
            assert_eq!(traffic_selector(&body[..body.len() - 1]), None);
        }
        assert_eq!(said("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", any).unwrap().0, 6);
    }
}
