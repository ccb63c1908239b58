//! Message numbers (RFC 4250 section 4.1.2, RFC 4419 section 5, RFC 5656 section 7.1, RFC 8308 section 2.3) and the
//! reason codes of SSH_MSG_DISCONNECT (RFC 4250 section 4.2.2).

/// SSH_MSG_DISCONNECT.
pub const DISCONNECT: u8 = 1;
/// SSH_MSG_IGNORE.
pub const IGNORE: u8 = 2;
/// SSH_MSG_UNIMPLEMENTED.
pub const UNIMPLEMENTED: u8 = 3;
/// SSH_MSG_DEBUG.
pub const DEBUG: u8 = 4;
/// SSH_MSG_SERVICE_REQUEST.
pub const SERVICE_REQUEST: u8 = 5;
/// SSH_MSG_SERVICE_ACCEPT.
pub const SERVICE_ACCEPT: u8 = 6;
/// SSH_MSG_EXT_INFO.
pub const EXT_INFO: u8 = 7;
/// SSH_MSG_KEXINIT.
pub const KEXINIT: u8 = 20;
/// SSH_MSG_NEWKEYS.
pub const NEWKEYS: u8 = 21;
/// SSH_MSG_KEXDH_INIT, SSH_MSG_KEX_ECDH_INIT and SSH_MSG_KEX_HYBRID_INIT.
pub const KEXDH_INIT: u8 = 30;
/// SSH_MSG_KEXDH_REPLY, SSH_MSG_KEX_ECDH_REPLY and SSH_MSG_KEX_HYBRID_REPLY.
pub const KEXDH_REPLY: u8 = 31;
/// SSH_MSG_KEX_DH_GEX_REQUEST_OLD.
pub const KEX_DH_GEX_REQUEST_OLD: u8 = 30;
/// SSH_MSG_KEX_DH_GEX_GROUP.
pub const KEX_DH_GEX_GROUP: u8 = 31;
/// SSH_MSG_KEX_DH_GEX_INIT.
pub const KEX_DH_GEX_INIT: u8 = 32;
/// SSH_MSG_KEX_DH_GEX_REPLY.
pub const KEX_DH_GEX_REPLY: u8 = 33;
/// SSH_MSG_KEX_DH_GEX_REQUEST.
pub const KEX_DH_GEX_REQUEST: u8 = 34;

/// SSH_DISCONNECT_PROTOCOL_ERROR.
pub const DISCONNECT_PROTOCOL_ERROR: u32 = 2;
/// SSH_DISCONNECT_KEY_EXCHANGE_FAILED.
pub const DISCONNECT_KEY_EXCHANGE_FAILED: u32 = 3;
/// SSH_DISCONNECT_BY_APPLICATION.
pub const DISCONNECT_BY_APPLICATION: u32 = 11;

/// The name of a message as the RFCs write it, without `SSH_MSG_`; `None` for numbers that are not assigned or whose
/// meaning depends on the key exchange method (30 to 49).
pub fn message_name(number: u8) -> Option<&'static str> {
    Some(match number {
        DISCONNECT => "DISCONNECT",
        IGNORE => "IGNORE",
        UNIMPLEMENTED => "UNIMPLEMENTED",
        DEBUG => "DEBUG",
        SERVICE_REQUEST => "SERVICE_REQUEST",
        SERVICE_ACCEPT => "SERVICE_ACCEPT",
        EXT_INFO => "EXT_INFO",
        KEXINIT => "KEXINIT",
        NEWKEYS => "NEWKEYS",
        _ => return None,
    })
}

/// The name of a reason code of SSH_MSG_DISCONNECT as RFC 4250 section 4.2.2 writes it, without `SSH_DISCONNECT_`.
pub fn disconnect_reason(code: u32) -> Option<&'static str> {
    Some(match code {
        1 => "HOST_NOT_ALLOWED_TO_CONNECT",
        2 => "PROTOCOL_ERROR",
        3 => "KEY_EXCHANGE_FAILED",
        4 => "RESERVED",
        5 => "MAC_ERROR",
        6 => "COMPRESSION_ERROR",
        7 => "SERVICE_NOT_AVAILABLE",
        8 => "PROTOCOL_VERSION_NOT_SUPPORTED",
        9 => "HOST_KEY_NOT_VERIFIABLE",
        10 => "CONNECTION_LOST",
        11 => "BY_APPLICATION",
        12 => "TOO_MANY_CONNECTIONS",
        13 => "AUTH_CANCELLED_BY_USER",
        14 => "NO_MORE_AUTH_METHODS_AVAILABLE",
        15 => "ILLEGAL_USER_NAME",
        _ => return None,
    })
}
