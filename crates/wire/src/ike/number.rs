//! Numbers of the protocol, from the IANA registries "Internet Key Exchange Version 2 (IKEv2) Parameters" and
//! "Internet Security Association and Key Management Protocol (ISAKMP) Identifiers". Transforms are the catalog's.

/// Exchange types of both versions.
pub mod exchange {
    /// Identity protection: main mode of IKEv1.
    pub const IDENTITY_PROTECTION: u8 = 2;
    /// Aggressive mode of IKEv1.
    pub const AGGRESSIVE: u8 = 4;
    /// Informational of IKEv1.
    pub const INFORMATIONAL_V1: u8 = 5;
    /// Transaction of IKEv1: XAUTH and mode configuration.
    pub const TRANSACTION: u8 = 6;
    /// Quick mode of IKEv1.
    pub const QUICK_MODE: u8 = 32;
    /// IKE_SA_INIT.
    pub const IKE_SA_INIT: u8 = 34;
    /// IKE_AUTH.
    pub const IKE_AUTH: u8 = 35;
    /// CREATE_CHILD_SA.
    pub const CREATE_CHILD_SA: u8 = 36;
    /// INFORMATIONAL of IKEv2.
    pub const INFORMATIONAL: u8 = 37;
    /// IKE_INTERMEDIATE, RFC 9242.
    pub const IKE_INTERMEDIATE: u8 = 43;

    const NAMES: &[(u8, &str)] = &[
        (2, "identity protection"),
        (3, "authentication only"),
        (4, "aggressive"),
        (5, "informational"),
        (6, "transaction"),
        (32, "quick mode"),
        (33, "new group mode"),
        (34, "IKE_SA_INIT"),
        (35, "IKE_AUTH"),
        (36, "CREATE_CHILD_SA"),
        (37, "INFORMATIONAL"),
        (38, "IKE_SESSION_RESUME"),
        (43, "IKE_INTERMEDIATE"),
        (44, "IKE_FOLLOWUP_KE"),
    ];

    /// The name of an exchange type.
    pub fn name(number: u8) -> Option<&'static str> {
        super::find(NAMES, number)
    }
}

/// Bits of the header's flags.
pub mod flag {
    /// IKEv1: all after the header is encrypted.
    pub const ENCRYPTION: u8 = 0x01;
    /// IKEv1: commit.
    pub const COMMIT: u8 = 0x02;
    /// IKEv2: sent by the one that began the IKE SA.
    pub const INITIATOR: u8 = 0x08;
    /// IKEv2: the sender speaks a higher version.
    pub const VERSION: u8 = 0x10;
    /// IKEv2: a response.
    pub const RESPONSE: u8 = 0x20;
}

/// Payload types. Those of IKEv1 are below 33.
pub mod payload {
    /// No further payload.
    pub const NONE: u8 = 0;
    /// IKEv1: security association.
    pub const SA_V1: u8 = 1;
    /// IKEv1: key exchange.
    pub const KE_V1: u8 = 4;
    /// IKEv1: nonce.
    pub const NONCE_V1: u8 = 10;
    /// IKEv1: who an end is; in quick mode the traffic of an end.
    pub const IDENTITY_V1: u8 = 5;
    /// IKEv1: a hash that proves something.
    pub const HASH_V1: u8 = 8;
    /// IKEv1: a certificate.
    pub const CERTIFICATE_V1: u8 = 6;
    /// IKEv1: a request for one.
    pub const CERTIFICATE_REQUEST_V1: u8 = 7;
    /// IKEv1: a signature.
    pub const SIGNATURE_V1: u8 = 9;
    /// IKEv1: SAs that are gone.
    pub const DELETE_V1: u8 = 12;
    /// IKEv1: a digest of an address, RFC 3947 section 3.2.
    pub const NAT_D_V1: u8 = 20;
    /// IKEv1: notification.
    pub const NOTIFICATION_V1: u8 = 11;
    /// IKEv1: vendor ID.
    pub const VENDOR_ID_V1: u8 = 13;
    /// Security association.
    pub const SA: u8 = 33;
    /// Key exchange.
    pub const KE: u8 = 34;
    /// Who the initiator is.
    pub const IDENTITY_I: u8 = 35;
    /// Who the responder is.
    pub const IDENTITY_R: u8 = 36;
    /// Certificate.
    pub const CERTIFICATE: u8 = 37;
    /// Certificate request.
    pub const CERTIFICATE_REQUEST: u8 = 38;
    /// Authentication.
    pub const AUTHENTICATION: u8 = 39;
    /// Nonce.
    pub const NONCE: u8 = 40;
    /// Notify.
    pub const NOTIFY: u8 = 41;
    /// Vendor ID.
    pub const VENDOR_ID: u8 = 43;
    /// Delete.
    pub const DELETE: u8 = 42;
    /// The initiator's traffic selectors.
    pub const SELECTORS_I: u8 = 44;
    /// The responder's traffic selectors.
    pub const SELECTORS_R: u8 = 45;
    /// Extensible Authentication Protocol.
    pub const EAP: u8 = 48;
    /// Encrypted and authenticated.
    pub const ENCRYPTED: u8 = 46;
    /// Encrypted and authenticated fragment, RFC 7383.
    pub const FRAGMENT: u8 = 53;

    const NAMES: &[(u8, &str)] = &[
        (1, "SA"),
        (2, "P"),
        (3, "T"),
        (4, "KE"),
        (5, "ID"),
        (6, "CERT"),
        (7, "CR"),
        (8, "HASH"),
        (9, "SIG"),
        (10, "NONCE"),
        (11, "N"),
        (12, "D"),
        (13, "VID"),
        (15, "SAK"),
        (16, "TEK"),
        (17, "KD"),
        (18, "SEQ"),
        (19, "POP"),
        (20, "NAT-D"),
        (21, "NAT-OA"),
        (22, "GAP"),
        (33, "SA"),
        (34, "KE"),
        (35, "IDi"),
        (36, "IDr"),
        (37, "CERT"),
        (38, "CERTREQ"),
        (39, "AUTH"),
        (40, "Ni"),
        (41, "N"),
        (42, "D"),
        (43, "V"),
        (44, "TSi"),
        (45, "TSr"),
        (46, "SK"),
        (47, "CP"),
        (48, "EAP"),
        (49, "GSPM"),
        (50, "IDG"),
        (51, "GSA"),
        (52, "KD"),
        (53, "SKF"),
    ];

    /// The short name of a payload type, as the RFCs write it.
    pub fn name(number: u8) -> Option<&'static str> {
        super::find(NAMES, number)
    }
}

/// Transform types of IKEv2.
pub mod transform {
    /// Encryption.
    pub const ENCRYPTION: u8 = 1;
    /// Pseudo-random function.
    pub const PRF: u8 = 2;
    /// Integrity.
    pub const INTEGRITY: u8 = 3;
    /// Key exchange method.
    pub const KEY_EXCHANGE: u8 = 4;
    /// Sequence numbers.
    pub const SEQUENCE_NUMBERS: u8 = 5;
    /// The first of seven additional key exchanges, RFC 9370.
    pub const ADDITIONAL_KEY_EXCHANGE_1: u8 = 6;
    /// The last of them.
    pub const ADDITIONAL_KEY_EXCHANGE_7: u8 = 12;

    const NAMES: &[(u8, &str)] = &[
        (1, "ENCR"),
        (2, "PRF"),
        (3, "INTEG"),
        (4, "KE"),
        (5, "SN"),
        (6, "ADDKE1"),
        (7, "ADDKE2"),
        (8, "ADDKE3"),
        (9, "ADDKE4"),
        (10, "ADDKE5"),
        (11, "ADDKE6"),
        (12, "ADDKE7"),
        (13, "KWA"),
        (14, "GCAUTH"),
    ];

    /// The short name of a transform type.
    pub fn name(number: u8) -> Option<&'static str> {
        super::find(NAMES, number)
    }
}

/// Attributes of transforms.
pub mod attribute {
    /// IKEv2: the key length in bits.
    pub const KEY_LENGTH: u16 = 14;
    /// IKEv1 phase 1: encryption algorithm.
    pub const V1_ENCRYPTION: u16 = 1;
    /// IKEv1 phase 1: hash algorithm.
    pub const V1_HASH: u16 = 2;
    /// IKEv1 phase 1: authentication method.
    pub const V1_AUTHENTICATION: u16 = 3;
    /// IKEv1 phase 1: group.
    pub const V1_GROUP: u16 = 4;
    /// IKEv1 phase 1: type of the lifetime.
    pub const V1_LIFE_TYPE: u16 = 11;
    /// IKEv1 phase 1: lifetime.
    pub const V1_LIFE_DURATION: u16 = 12;
    /// IKEv1 phase 1: pseudo-random function.
    pub const V1_PRF: u16 = 13;
    /// IKEv1 phase 1: the key length in bits.
    pub const V1_KEY_LENGTH: u16 = 14;
    /// IKEv1 phase 2: type of the lifetime.
    pub const V1_ESP_LIFE_TYPE: u16 = 1;
    /// IKEv1 phase 2: lifetime.
    pub const V1_ESP_LIFE_DURATION: u16 = 2;
    /// IKEv1 phase 2: group.
    pub const V1_ESP_GROUP: u16 = 3;
    /// IKEv1 phase 2: how packets are wrapped.
    pub const V1_ESP_ENCAPSULATION: u16 = 4;
    /// IKEv1 phase 2: integrity algorithm.
    pub const V1_ESP_AUTHENTICATION: u16 = 5;
    /// IKEv1 phase 2: the key length in bits.
    pub const V1_ESP_KEY_LENGTH: u16 = 6;
}

/// Identification types of IKEv2.
pub mod identity {
    /// An IPv4 address.
    pub const IPV4: u8 = 1;
    /// A domain name.
    pub const FQDN: u8 = 2;
    /// A mail address.
    pub const RFC822: u8 = 3;
    /// An IPv6 address.
    pub const IPV6: u8 = 5;
    /// A distinguished name in DER.
    pub const DISTINGUISHED_NAME: u8 = 9;
    /// A general name of X.509 in DER.
    pub const GENERAL_NAME: u8 = 10;
    /// Bytes of no particular meaning.
    pub const KEY_ID: u8 = 11;
}

/// Types of traffic selectors.
pub mod selector {
    /// Ranges of IPv4 addresses.
    pub const IPV4: u8 = 7;
    /// Ranges of IPv6 addresses.
    pub const IPV6: u8 = 8;
}

/// Certificate encodings of IKEv2.
pub mod encoding {
    /// An X.509 certificate for signatures.
    pub const X509_SIGNATURE: u8 = 4;
}

/// Identities of IKEv1 that stand for traffic, RFC 2407 section 4.6.2.1; the others are those of IKEv2.
pub mod identity_v1 {
    /// An IPv4 network: address and mask.
    pub const IPV4_SUBNET: u8 = 4;
    /// An IPv6 network: address and mask.
    pub const IPV6_SUBNET: u8 = 6;
    /// A range of IPv4 addresses.
    pub const IPV4_RANGE: u8 = 7;
    /// A range of IPv6 addresses.
    pub const IPV6_RANGE: u8 = 8;
}

/// Security protocols, the same numbers in both versions.
pub mod protocol {
    /// IKE itself.
    pub const IKE: u8 = 1;
    /// Authentication Header.
    pub const AH: u8 = 2;
    /// Encapsulating Security Payload.
    pub const ESP: u8 = 3;
}

/// Notify message types of IKEv2. Those below 16384 are errors.
pub mod notify {
    /// UNSUPPORTED_CRITICAL_PAYLOAD.
    pub const UNSUPPORTED_CRITICAL_PAYLOAD: u16 = 1;
    /// INVALID_MAJOR_VERSION.
    pub const INVALID_MAJOR_VERSION: u16 = 5;
    /// INVALID_SYNTAX.
    pub const INVALID_SYNTAX: u16 = 7;
    /// NO_PROPOSAL_CHOSEN.
    pub const NO_PROPOSAL_CHOSEN: u16 = 14;
    /// INVALID_KE_PAYLOAD; the data is the number of the group asked for.
    pub const INVALID_KE_PAYLOAD: u16 = 17;
    /// AUTHENTICATION_FAILED.
    pub const AUTHENTICATION_FAILED: u16 = 24;
    /// SINGLE_PAIR_REQUIRED.
    pub const SINGLE_PAIR_REQUIRED: u16 = 34;
    /// NO_ADDITIONAL_SAS.
    pub const NO_ADDITIONAL_SAS: u16 = 35;
    /// INTERNAL_ADDRESS_FAILURE.
    pub const INTERNAL_ADDRESS_FAILURE: u16 = 36;
    /// FAILED_CP_REQUIRED.
    pub const FAILED_CP_REQUIRED: u16 = 37;
    /// TS_UNACCEPTABLE.
    pub const TS_UNACCEPTABLE: u16 = 38;
    /// INVALID_SELECTORS.
    pub const INVALID_SELECTORS: u16 = 39;
    /// NAT_DETECTION_SOURCE_IP.
    pub const NAT_DETECTION_SOURCE_IP: u16 = 16388;
    /// NAT_DETECTION_DESTINATION_IP.
    pub const NAT_DETECTION_DESTINATION_IP: u16 = 16389;
    /// COOKIE.
    pub const COOKIE: u16 = 16390;
    /// REDIRECT_SUPPORTED.
    pub const REDIRECT_SUPPORTED: u16 = 16406;
    /// REDIRECT.
    pub const REDIRECT: u16 = 16407;
    /// IKEV2_FRAGMENTATION_SUPPORTED.
    pub const FRAGMENTATION_SUPPORTED: u16 = 16430;
    /// SIGNATURE_HASH_ALGORITHMS.
    pub const SIGNATURE_HASH_ALGORITHMS: u16 = 16431;
    /// INTERMEDIATE_EXCHANGE_SUPPORTED.
    pub const INTERMEDIATE_EXCHANGE_SUPPORTED: u16 = 16438;

    /// Whether a type reports an error (RFC 7296 section 3.10.1).
    pub fn is_error(number: u16) -> bool {
        number < 16384
    }

    const NAMES: &[(u16, &str)] = &[
        (1, "UNSUPPORTED_CRITICAL_PAYLOAD"),
        (4, "INVALID_IKE_SPI"),
        (5, "INVALID_MAJOR_VERSION"),
        (7, "INVALID_SYNTAX"),
        (9, "INVALID_MESSAGE_ID"),
        (11, "INVALID_SPI"),
        (14, "NO_PROPOSAL_CHOSEN"),
        (17, "INVALID_KE_PAYLOAD"),
        (19, "INVALID_CERT_ENCODING"),
        (24, "AUTHENTICATION_FAILED"),
        (34, "SINGLE_PAIR_REQUIRED"),
        (35, "NO_ADDITIONAL_SAS"),
        (36, "INTERNAL_ADDRESS_FAILURE"),
        (37, "FAILED_CP_REQUIRED"),
        (38, "TS_UNACCEPTABLE"),
        (39, "INVALID_SELECTORS"),
        (40, "UNACCEPTABLE_ADDRESSES"),
        (41, "UNEXPECTED_NAT_DETECTED"),
        (42, "USE_ASSIGNED_HoA"),
        (43, "TEMPORARY_FAILURE"),
        (44, "CHILD_SA_NOT_FOUND"),
        (45, "INVALID_GROUP_ID"),
        (46, "AUTHORIZATION_FAILED"),
        (47, "STATE_NOT_FOUND"),
        (48, "TS_MAX_QUEUE"),
        (49, "REGISTRATION_FAILED"),
        (16384, "INITIAL_CONTACT"),
        (16385, "SET_WINDOW_SIZE"),
        (16386, "ADDITIONAL_TS_POSSIBLE"),
        (16387, "IPCOMP_SUPPORTED"),
        (16388, "NAT_DETECTION_SOURCE_IP"),
        (16389, "NAT_DETECTION_DESTINATION_IP"),
        (16390, "COOKIE"),
        (16391, "USE_TRANSPORT_MODE"),
        (16392, "HTTP_CERT_LOOKUP_SUPPORTED"),
        (16393, "REKEY_SA"),
        (16394, "ESP_TFC_PADDING_NOT_SUPPORTED"),
        (16395, "NON_FIRST_FRAGMENTS_ALSO"),
        (16396, "MOBIKE_SUPPORTED"),
        (16397, "ADDITIONAL_IP4_ADDRESS"),
        (16398, "ADDITIONAL_IP6_ADDRESS"),
        (16399, "NO_ADDITIONAL_ADDRESSES"),
        (16400, "UPDATE_SA_ADDRESSES"),
        (16401, "COOKIE2"),
        (16402, "NO_NATS_ALLOWED"),
        (16403, "AUTH_LIFETIME"),
        (16404, "MULTIPLE_AUTH_SUPPORTED"),
        (16405, "ANOTHER_AUTH_FOLLOWS"),
        (16406, "REDIRECT_SUPPORTED"),
        (16407, "REDIRECT"),
        (16408, "REDIRECTED_FROM"),
        (16409, "TICKET_LT_OPAQUE"),
        (16410, "TICKET_REQUEST"),
        (16411, "TICKET_ACK"),
        (16412, "TICKET_NACK"),
        (16413, "TICKET_OPAQUE"),
        (16414, "LINK_ID"),
        (16415, "USE_WESP_MODE"),
        (16416, "ROHC_SUPPORTED"),
        (16417, "EAP_ONLY_AUTHENTICATION"),
        (16418, "CHILDLESS_IKEV2_SUPPORTED"),
        (16419, "QUICK_CRASH_DETECTION"),
        (16420, "IKEV2_MESSAGE_ID_SYNC_SUPPORTED"),
        (16421, "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED"),
        (16422, "IKEV2_MESSAGE_ID_SYNC"),
        (16423, "IPSEC_REPLAY_COUNTER_SYNC"),
        (16424, "SECURE_PASSWORD_METHODS"),
        (16425, "PSK_PERSIST"),
        (16426, "PSK_CONFIRM"),
        (16427, "ERX_SUPPORTED"),
        (16428, "IFOM_CAPABILITY"),
        (16429, "GROUP_SENDER"),
        (16430, "IKEV2_FRAGMENTATION_SUPPORTED"),
        (16431, "SIGNATURE_HASH_ALGORITHMS"),
        (16432, "CLONE_IKE_SA_SUPPORTED"),
        (16433, "CLONE_IKE_SA"),
        (16434, "PUZZLE"),
        (16435, "USE_PPK"),
        (16436, "PPK_IDENTITY"),
        (16437, "NO_PPK_AUTH"),
        (16438, "INTERMEDIATE_EXCHANGE_SUPPORTED"),
        (16439, "IP4_ALLOWED"),
        (16440, "IP6_ALLOWED"),
        (16441, "ADDITIONAL_KEY_EXCHANGE"),
        (16442, "USE_AGGFRAG"),
        (16443, "SUPPORTED_AUTH_METHODS"),
        (16444, "SA_RESOURCE_INFO"),
        (16445, "USE_PPK_INT"),
        (16446, "PPK_IDENTITY_KEY"),
        (40960, "NULL_AUTH"),
    ];

    /// The name of a notify message type.
    pub fn name(number: u16) -> Option<&'static str> {
        super::find(NAMES, number)
    }
}

/// Notify message types of IKEv1.
pub mod notification {
    /// INVALID-PAYLOAD-TYPE.
    pub const INVALID_PAYLOAD_TYPE: u16 = 1;
    /// NO-PROPOSAL-CHOSEN.
    pub const NO_PROPOSAL_CHOSEN: u16 = 14;
    /// ATTRIBUTES-NOT-SUPPORTED.
    pub const ATTRIBUTES_NOT_SUPPORTED: u16 = 13;
    /// PAYLOAD-MALFORMED.
    pub const PAYLOAD_MALFORMED: u16 = 16;
    /// INVALID-KEY-INFORMATION.
    pub const INVALID_KEY_INFORMATION: u16 = 17;
    /// INVALID-ID-INFORMATION.
    pub const INVALID_ID_INFORMATION: u16 = 18;
    /// INVALID-HASH-INFORMATION.
    pub const INVALID_HASH_INFORMATION: u16 = 23;
    /// AUTHENTICATION-FAILED.
    pub const AUTHENTICATION_FAILED: u16 = 24;

    /// Whether a type reports an error (RFC 2408 section 3.14.1).
    pub fn is_error(number: u16) -> bool {
        number < 16384
    }

    const NAMES: &[(u16, &str)] = &[
        (1, "INVALID-PAYLOAD-TYPE"),
        (2, "DOI-NOT-SUPPORTED"),
        (3, "SITUATION-NOT-SUPPORTED"),
        (4, "INVALID-COOKIE"),
        (5, "INVALID-MAJOR-VERSION"),
        (6, "INVALID-MINOR-VERSION"),
        (7, "INVALID-EXCHANGE-TYPE"),
        (8, "INVALID-FLAGS"),
        (9, "INVALID-MESSAGE-ID"),
        (10, "INVALID-PROTOCOL-ID"),
        (11, "INVALID-SPI"),
        (12, "INVALID-TRANSFORM-ID"),
        (13, "ATTRIBUTES-NOT-SUPPORTED"),
        (14, "NO-PROPOSAL-CHOSEN"),
        (15, "BAD-PROPOSAL-SYNTAX"),
        (16, "PAYLOAD-MALFORMED"),
        (17, "INVALID-KEY-INFORMATION"),
        (18, "INVALID-ID-INFORMATION"),
        (19, "INVALID-CERT-ENCODING"),
        (20, "INVALID-CERTIFICATE"),
        (21, "CERT-TYPE-UNSUPPORTED"),
        (22, "INVALID-CERT-AUTHORITY"),
        (23, "INVALID-HASH-INFORMATION"),
        (24, "AUTHENTICATION-FAILED"),
        (25, "INVALID-SIGNATURE"),
        (26, "ADDRESS-NOTIFICATION"),
        (27, "NOTIFY-SA-LIFETIME"),
        (28, "CERTIFICATE-UNAVAILABLE"),
        (29, "UNSUPPORTED-EXCHANGE-TYPE"),
        (30, "UNEQUAL-PAYLOAD-LENGTHS"),
        (16384, "CONNECTED"),
        (24576, "IPSEC-RESPONDER-LIFETIME"),
        (24577, "IPSEC-REPLAY-STATUS"),
        (24578, "IPSEC-INITIAL-CONTACT"),
    ];

    /// The name of a notify message type.
    pub fn name(number: u16) -> Option<&'static str> {
        super::find(NAMES, number)
    }
}

fn find<T: PartialEq>(names: &[(T, &'static str)], number: T) -> Option<&'static str> {
    names.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}
