//! Secure Shell: the identification string (RFC 4253 section 4.2), unencrypted binary packets (section 6) and the
//! messages of the transport layer.
//!
//! Start with [`IdentificationReader`], then [`PacketReader`], then [`Message::parse`].

mod blob;
mod identification;
mod kexinit;
mod key_exchange;
mod message;
pub mod number;
mod packet;
mod transport;
mod types;

pub use blob::{HostKeyBlob, SignatureBlob};
pub use identification::{
    Identification, IdentificationLimits, IdentificationLine, IdentificationReader, ProtocolVersion,
};
pub use kexinit::{KexInit, NameListField};
pub use key_exchange::{
    KexDhInit, KexDhReply, KexEcdhInit, KexEcdhReply, KexGexGroup, KexGexInit, KexGexReply, KexGexRequest,
    KexGexRequestOld,
};
pub use message::{Message, MethodMessages};
pub use packet::{Packet, PacketLimits, PacketReader, UnusualPacket, write_packet};
pub use transport::{Debug, Disconnect, ExtInfo, Ignore, NewKeys, ServiceAccept, ServiceRequest, Unimplemented};
pub use types::{Mpint, NameList};
