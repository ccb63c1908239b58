use crate::WireError;
use crate::ssh::{
    Debug, Disconnect, ExtInfo, Ignore, KexDhInit, KexDhReply, KexEcdhInit, KexEcdhReply, KexGexGroup, KexGexInit,
    KexGexReply, KexGexRequest, KexGexRequestOld, KexInit, NewKeys, ServiceAccept, ServiceRequest, Unimplemented,
    number,
};

/// What the message numbers 30 to 49 mean: that depends on the key exchange method (RFC 4250 section 4.1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MethodMessages {
    /// No method was agreed on yet, or one that is not known here: these messages stay [`Message::Unknown`].
    #[default]
    Unknown,
    /// Finite-field Diffie-Hellman with a fixed group, RFC 4253 section 8.
    DiffieHellman,
    /// Group exchange, RFC 4419.
    GroupExchange,
    /// Elliptic curves, RFC 5656, and the hybrid methods, which use the same form.
    Ecdh,
}

/// A message of the transport layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the message of that name")]
pub enum Message {
    Disconnect(Disconnect),
    Ignore(Ignore),
    Unimplemented(Unimplemented),
    Debug(Debug),
    ServiceRequest(ServiceRequest),
    ServiceAccept(ServiceAccept),
    ExtInfo(ExtInfo),
    KexInit(Box<KexInit>),
    NewKeys(NewKeys),
    KexDhInit(KexDhInit),
    KexDhReply(KexDhReply),
    KexEcdhInit(KexEcdhInit),
    KexEcdhReply(KexEcdhReply),
    KexGexRequestOld(KexGexRequestOld),
    KexGexRequest(KexGexRequest),
    KexGexGroup(KexGexGroup),
    KexGexInit(KexGexInit),
    KexGexReply(KexGexReply),
    /// A message that is not known here, or a payload without any byte: kept as it is.
    Unknown(Vec<u8>),
}

impl Message {
    /// From the payload of a packet.
    ///
    /// # Errors
    /// Those of the message's own `parse`. An unknown number is not an error.
    pub fn parse(payload: &[u8], method: MethodMessages) -> Result<Self, WireError> {
        use MethodMessages::{DiffieHellman, Ecdh, GroupExchange};
        let Some(&message) = payload.first() else { return Ok(Self::Unknown(Vec::new())) };
        match (message, method) {
            (number::DISCONNECT, _) => Disconnect::parse(payload).map(Self::Disconnect),
            (number::IGNORE, _) => Ignore::parse(payload).map(Self::Ignore),
            (number::UNIMPLEMENTED, _) => Unimplemented::parse(payload).map(Self::Unimplemented),
            (number::DEBUG, _) => Debug::parse(payload).map(Self::Debug),
            (number::SERVICE_REQUEST, _) => ServiceRequest::parse(payload).map(Self::ServiceRequest),
            (number::SERVICE_ACCEPT, _) => ServiceAccept::parse(payload).map(Self::ServiceAccept),
            (number::EXT_INFO, _) => ExtInfo::parse(payload).map(Self::ExtInfo),
            (number::KEXINIT, _) => KexInit::parse(payload).map(Box::new).map(Self::KexInit),
            (number::NEWKEYS, _) => NewKeys::parse(payload).map(Self::NewKeys),
            (number::KEXDH_INIT, DiffieHellman) => KexDhInit::parse(payload).map(Self::KexDhInit),
            (number::KEXDH_REPLY, DiffieHellman) => KexDhReply::parse(payload).map(Self::KexDhReply),
            (number::KEXDH_INIT, Ecdh) => KexEcdhInit::parse(payload).map(Self::KexEcdhInit),
            (number::KEXDH_REPLY, Ecdh) => KexEcdhReply::parse(payload).map(Self::KexEcdhReply),
            (number::KEX_DH_GEX_REQUEST_OLD, GroupExchange) => {
                KexGexRequestOld::parse(payload).map(Self::KexGexRequestOld)
            }
            (number::KEX_DH_GEX_REQUEST, GroupExchange) => KexGexRequest::parse(payload).map(Self::KexGexRequest),
            (number::KEX_DH_GEX_GROUP, GroupExchange) => KexGexGroup::parse(payload).map(Self::KexGexGroup),
            (number::KEX_DH_GEX_INIT, GroupExchange) => KexGexInit::parse(payload).map(Self::KexGexInit),
            (number::KEX_DH_GEX_REPLY, GroupExchange) => KexGexReply::parse(payload).map(Self::KexGexReply),
            _ => Ok(Self::Unknown(payload.to_vec())),
        }
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        match self {
            Self::Disconnect(message) => message.write(),
            Self::Ignore(message) => message.write(),
            Self::Unimplemented(message) => message.write(),
            Self::Debug(message) => message.write(),
            Self::ServiceRequest(message) => message.write(),
            Self::ServiceAccept(message) => message.write(),
            Self::ExtInfo(message) => message.write(),
            Self::KexInit(message) => message.write(),
            Self::NewKeys(message) => message.write(),
            Self::KexDhInit(message) => message.write(),
            Self::KexDhReply(message) => message.write(),
            Self::KexEcdhInit(message) => message.write(),
            Self::KexEcdhReply(message) => message.write(),
            Self::KexGexRequestOld(message) => message.write(),
            Self::KexGexRequest(message) => message.write(),
            Self::KexGexGroup(message) => message.write(),
            Self::KexGexInit(message) => message.write(),
            Self::KexGexReply(message) => message.write(),
            Self::Unknown(payload) => payload.clone(),
        }
    }

    /// The message number; `None` for a payload without any byte.
    pub fn number(&self) -> Option<u8> {
        Some(match self {
            Self::Disconnect(_) => number::DISCONNECT,
            Self::Ignore(_) => number::IGNORE,
            Self::Unimplemented(_) => number::UNIMPLEMENTED,
            Self::Debug(_) => number::DEBUG,
            Self::ServiceRequest(_) => number::SERVICE_REQUEST,
            Self::ServiceAccept(_) => number::SERVICE_ACCEPT,
            Self::ExtInfo(_) => number::EXT_INFO,
            Self::KexInit(_) => number::KEXINIT,
            Self::NewKeys(_) => number::NEWKEYS,
            Self::KexDhInit(_) | Self::KexEcdhInit(_) | Self::KexGexRequestOld(_) => number::KEXDH_INIT,
            Self::KexDhReply(_) | Self::KexEcdhReply(_) | Self::KexGexGroup(_) => number::KEXDH_REPLY,
            Self::KexGexInit(_) => number::KEX_DH_GEX_INIT,
            Self::KexGexReply(_) => number::KEX_DH_GEX_REPLY,
            Self::KexGexRequest(_) => number::KEX_DH_GEX_REQUEST,
            Self::Unknown(payload) => return payload.first().copied(),
        })
    }
}
