//! Internet Key Exchange: messages of IKEv1 (RFC 2408, RFC 2409) and IKEv2 (RFC 7296).
//!
//! Start with [`Datagram::recognise`] on port 4500, over TCP behind [`Frames`], then [`Message::parse`]; [`Payload::view`] reads a payload on
//! demand, so that a broken one does not hide the rest. What is parsed is written as the very same bytes.

mod datagram;
pub(crate) mod fuzzing;
mod identity;
mod message;
mod notify;
pub mod number;
mod payload;
mod proposal;
mod stream;
mod suite;

pub use datagram::{Datagram, NON_ESP_MARKER};
pub use identity::{Authentication, CertificateData, Delete, Identification, TrafficSelector, TrafficSelectors};
pub use message::{Header, Message, MessageLimits, read_padded_payloads, read_payloads, write_payloads};
pub use notify::{Notification, Notify};
pub use payload::{Fragment, KeyExchange, Payload, SecurityAssociation, View};
pub use proposal::{
    Attribute, AttributeValue, Proposal, Transform, TransformForm, TransformV1, read_proposals, write_proposals,
};
pub use stream::{Frames, STREAM_PREFIX, frame};
pub use suite::{Encapsulation, Phase1Suite, Phase2Suite};
