//! The suites of IKEv1: what the attributes of a transform say together (RFC 2409 appendix A, RFC 2407 section 4.5).

use super::number::{attribute, protocol};
use super::{Attribute, AttributeValue, Proposal, SecurityAssociation, TransformV1};

/// A suite of phase 1, in the numbers of the registry of RFC 2409 appendix A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phase1Suite {
    /// The cipher.
    pub cipher: u16,
    /// The length of its key in bits, where it has several.
    pub key_length: Option<u16>,
    /// The hash.
    pub hash: u16,
    /// The group, by the same number as in IKEv2.
    pub group: u16,
    /// How both ends prove themselves.
    pub method: u16,
}

/// The only kind of transform of phase 1, RFC 2407 section 4.4.2.
const KEY_IKE: u8 = 1;
/// Seconds, among the types of lifetimes.
const SECONDS: u16 = 1;

fn short(kind: u16, value: u16) -> Attribute {
    Attribute { kind, value: AttributeValue::Short(value) }
}

fn value(transform: &TransformV1, kind: u16) -> Option<u16> {
    transform.value(kind).and_then(|value| value.try_into().ok())
}

impl Phase1Suite {
    /// The transform of this number, with a lifetime in seconds where one is asked for (without, it is 8 hours).
    pub fn transform(&self, number: u8, lifetime: Option<u16>) -> TransformV1 {
        let mut attributes = vec![short(attribute::V1_ENCRYPTION, self.cipher)];
        attributes.extend(self.key_length.map(|bits| short(attribute::V1_KEY_LENGTH, bits)));
        attributes.push(short(attribute::V1_HASH, self.hash));
        attributes.push(short(attribute::V1_AUTHENTICATION, self.method));
        attributes.push(short(attribute::V1_GROUP, self.group));
        if let Some(seconds) = lifetime {
            attributes.push(short(attribute::V1_LIFE_TYPE, SECONDS));
            attributes.push(short(attribute::V1_LIFE_DURATION, seconds));
        }
        TransformV1 { number, id: KEY_IKE, attributes, ..TransformV1::default() }
    }

    /// What a transform says; `None` where something of it is missing, or where it names a pseudo-random function.
    pub fn of(transform: &TransformV1) -> Option<Self> {
        if transform.id != KEY_IKE || transform.value(attribute::V1_PRF).is_some() {
            return None;
        }
        Some(Self {
            cipher: value(transform, attribute::V1_ENCRYPTION)?,
            key_length: value(transform, attribute::V1_KEY_LENGTH),
            hash: value(transform, attribute::V1_HASH)?,
            group: value(transform, attribute::V1_GROUP)?,
            method: value(transform, attribute::V1_AUTHENTICATION)?,
        })
    }
}

/// A suite of phase 2, in the numbers of RFC 2407 section 4.4 and 4.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phase2Suite {
    /// The cipher of ESP; of AH the transform that goes with the integrity algorithm.
    pub id: u8,
    /// The length of its key in bits, where it has several.
    pub key_length: Option<u16>,
    /// The integrity algorithm.
    pub authentication: Option<u16>,
    /// The group of a key exchange of its own.
    pub group: Option<u16>,
}

/// How packets are wrapped, RFC 2407 section 4.5 and RFC 3947 section 5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encapsulation {
    /// Transport mode, not tunnel mode.
    pub transport: bool,
    /// Within UDP.
    pub udp: bool,
}

impl Encapsulation {
    fn number(self) -> u16 {
        match (self.transport, self.udp) {
            (false, false) => 1,
            (true, false) => 2,
            (false, true) => 3,
            (true, true) => 4,
        }
    }
}

impl Phase2Suite {
    /// The transform of this number, with a lifetime in seconds.
    pub fn transform(&self, number: u8, encapsulation: Encapsulation, lifetime: u16) -> TransformV1 {
        let mut attributes = vec![
            short(attribute::V1_ESP_LIFE_TYPE, SECONDS),
            short(attribute::V1_ESP_LIFE_DURATION, lifetime),
            short(attribute::V1_ESP_ENCAPSULATION, encapsulation.number()),
        ];
        attributes.extend(self.group.map(|group| short(attribute::V1_ESP_GROUP, group)));
        attributes.extend(self.authentication.map(|number| short(attribute::V1_ESP_AUTHENTICATION, number)));
        attributes.extend(self.key_length.map(|bits| short(attribute::V1_ESP_KEY_LENGTH, bits)));
        TransformV1 { number, id: self.id, attributes, ..TransformV1::default() }
    }

    /// What a transform says.
    pub fn of(transform: &TransformV1) -> Self {
        Self {
            id: transform.id,
            key_length: value(transform, attribute::V1_ESP_KEY_LENGTH),
            authentication: value(transform, attribute::V1_ESP_AUTHENTICATION),
            group: value(transform, attribute::V1_ESP_GROUP),
        }
    }
}

impl SecurityAssociation {
    /// Transforms of one protocol, of IPsec's domain and the situation "identity only".
    pub fn one(protocol: u8, spi: Vec<u8>, transforms: Vec<TransformV1>) -> Self {
        let proposal = Proposal { number: 1, protocol, spi, transforms, ..Proposal::default() };
        Self { doi: 1, situation: 1, proposals: vec![proposal] }
    }

    /// Suites of phase 1 in this order; of more than 255 the first.
    pub fn phase_1(suites: &[Phase1Suite], lifetime: Option<u16>) -> Self {
        let numbered = (1..=u8::MAX).zip(suites);
        let transforms = numbered.map(|(number, suite)| suite.transform(number, lifetime)).collect();
        Self::one(protocol::IKE, Vec::new(), transforms)
    }

    /// The only suite of phase 1 in it, as in an answer.
    pub fn selected(&self) -> Option<Phase1Suite> {
        match self.proposals.as_slice() {
            [Proposal { transforms, .. }] => match transforms.as_slice() {
                [one] => Phase1Suite::of(one),
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let suite = Phase1Suite { cipher: 7, key_length: Some(256), hash: 4, group: 14, method: 1 };
        for lifetime in [None, Some(28_800)] {
            assert_eq!(Phase1Suite::of(&suite.transform(3, lifetime)), Some(suite));
            assert_eq!(SecurityAssociation::phase_1(&[suite], lifetime).selected(), Some(suite));
        }
        let mut other = suite.transform(1, None);
        other.attributes.push(short(attribute::V1_PRF, 1));
        assert_eq!(Phase1Suite::of(&other), None);
        assert_eq!(SecurityAssociation::phase_1(&[suite, suite], None).selected(), None);
        let suite = Phase2Suite { id: 12, key_length: Some(128), authentication: Some(2), group: Some(14) };
        let encapsulation = Encapsulation { transport: false, udp: true };
        let transform = suite.transform(1, encapsulation, 3600);
        assert_eq!((Phase2Suite::of(&transform), transform.value(attribute::V1_ESP_ENCAPSULATION)), (suite, Some(3)));
    }
}
