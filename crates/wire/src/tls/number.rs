//! Numbers of the protocol, from the IANA registries "Transport Layer Security (TLS) Parameters" and "TLS
//! ExtensionType Values". Cipher suites, groups and signature schemes are the catalog's.

/// Content types of records, RFC 8446 section 5.1.
pub mod content {
    /// change_cipher_spec.
    pub const CHANGE_CIPHER_SPEC: u8 = 20;
    /// alert.
    pub const ALERT: u8 = 21;
    /// handshake.
    pub const HANDSHAKE: u8 = 22;
    /// application_data.
    pub const APPLICATION_DATA: u8 = 23;
    /// heartbeat.
    pub const HEARTBEAT: u8 = 24;
    /// The highest assigned number: ACK of DTLS 1.3.
    pub const HIGHEST: u8 = 26;
}

/// Protocol versions as they stand in version fields.
pub mod version {
    /// SSL 2.0.
    pub const SSL2: u16 = 0x0002;
    /// SSL 3.0.
    pub const SSL3: u16 = 0x0300;
    /// TLS 1.0.
    pub const TLS10: u16 = 0x0301;
    /// TLS 1.1.
    pub const TLS11: u16 = 0x0302;
    /// TLS 1.2.
    pub const TLS12: u16 = 0x0303;
    /// TLS 1.3.
    pub const TLS13: u16 = 0x0304;
    /// DTLS 1.0.
    pub const DTLS10: u16 = 0xfeff;
    /// DTLS 1.2.
    pub const DTLS12: u16 = 0xfefd;
    /// DTLS 1.3.
    pub const DTLS13: u16 = 0xfefc;

    /// The name of a version; `None` for numbers that are no version.
    pub fn name(version: u16) -> Option<&'static str> {
        Some(match version {
            SSL2 => "SSLv2",
            SSL3 => "SSLv3",
            TLS10 => "TLSv1.0",
            TLS11 => "TLSv1.1",
            TLS12 => "TLSv1.2",
            TLS13 => "TLSv1.3",
            DTLS10 => "DTLSv1.0",
            DTLS12 => "DTLSv1.2",
            DTLS13 => "DTLSv1.3",
            _ => return None,
        })
    }

    /// Whether messages have the form of TLS 1.3 (its drafts and DTLS 1.3 too).
    pub fn is_tls13(version: u16) -> bool {
        matches!(version, TLS13 | DTLS13) || is_tls13_draft(version)
    }

    /// Whether this is a draft of TLS 1.3.
    pub fn is_tls13_draft(version: u16) -> bool {
        version >> 8 == 0x7f
    }

    /// Whether signatures below TLS 1.3 name their algorithm.
    pub fn names_signature_algorithms(version: u16) -> bool {
        matches!(version, TLS12 | DTLS12)
    }
}

/// Handshake message types.
pub mod handshake {
    /// hello_request.
    pub const HELLO_REQUEST: u8 = 0;
    /// client_hello.
    pub const CLIENT_HELLO: u8 = 1;
    /// server_hello, and the HelloRetryRequest of TLS 1.3.
    pub const SERVER_HELLO: u8 = 2;
    /// hello_verify_request of DTLS.
    pub const HELLO_VERIFY_REQUEST: u8 = 3;
    /// new_session_ticket.
    pub const NEW_SESSION_TICKET: u8 = 4;
    /// end_of_early_data.
    pub const END_OF_EARLY_DATA: u8 = 5;
    /// encrypted_extensions.
    pub const ENCRYPTED_EXTENSIONS: u8 = 8;
    /// certificate.
    pub const CERTIFICATE: u8 = 11;
    /// server_key_exchange.
    pub const SERVER_KEY_EXCHANGE: u8 = 12;
    /// certificate_request.
    pub const CERTIFICATE_REQUEST: u8 = 13;
    /// server_hello_done.
    pub const SERVER_HELLO_DONE: u8 = 14;
    /// certificate_verify.
    pub const CERTIFICATE_VERIFY: u8 = 15;
    /// client_key_exchange.
    pub const CLIENT_KEY_EXCHANGE: u8 = 16;
    /// finished.
    pub const FINISHED: u8 = 20;
    /// certificate_status.
    pub const CERTIFICATE_STATUS: u8 = 22;
    /// key_update.
    pub const KEY_UPDATE: u8 = 24;
    /// compressed_certificate.
    pub const COMPRESSED_CERTIFICATE: u8 = 25;

    const NAMES: &[(u8, &str)] = &[
        (0, "hello_request"),
        (1, "client_hello"),
        (2, "server_hello"),
        (3, "hello_verify_request"),
        (4, "new_session_ticket"),
        (5, "end_of_early_data"),
        (6, "hello_retry_request"),
        (8, "encrypted_extensions"),
        (9, "request_connection_id"),
        (10, "new_connection_id"),
        (11, "certificate"),
        (12, "server_key_exchange"),
        (13, "certificate_request"),
        (14, "server_hello_done"),
        (15, "certificate_verify"),
        (16, "client_key_exchange"),
        (17, "client_certificate_request"),
        (20, "finished"),
        (21, "certificate_url"),
        (22, "certificate_status"),
        (23, "supplemental_data"),
        (24, "key_update"),
        (25, "compressed_certificate"),
        (26, "ekt_key"),
        (67, "next_protocol"),
        (254, "message_hash"),
    ];

    /// The name of a handshake message type.
    pub fn name(number: u8) -> Option<&'static str> {
        NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
    }
}

/// Levels and descriptions of alerts.
pub mod alert {
    /// Level warning.
    pub const WARNING: u8 = 1;
    /// Level fatal.
    pub const FATAL: u8 = 2;
    /// Description close_notify.
    pub const CLOSE_NOTIFY: u8 = 0;

    const NAMES: &[(u8, &str)] = &[
        (0, "close_notify"),
        (10, "unexpected_message"),
        (20, "bad_record_mac"),
        (21, "decryption_failed"),
        (22, "record_overflow"),
        (30, "decompression_failure"),
        (40, "handshake_failure"),
        (41, "no_certificate"),
        (42, "bad_certificate"),
        (43, "unsupported_certificate"),
        (44, "certificate_revoked"),
        (45, "certificate_expired"),
        (46, "certificate_unknown"),
        (47, "illegal_parameter"),
        (48, "unknown_ca"),
        (49, "access_denied"),
        (50, "decode_error"),
        (51, "decrypt_error"),
        (52, "too_many_cids_requested"),
        (60, "export_restriction"),
        (70, "protocol_version"),
        (71, "insufficient_security"),
        (80, "internal_error"),
        (86, "inappropriate_fallback"),
        (90, "user_canceled"),
        (100, "no_renegotiation"),
        (109, "missing_extension"),
        (110, "unsupported_extension"),
        (111, "certificate_unobtainable"),
        (112, "unrecognized_name"),
        (113, "bad_certificate_status_response"),
        (114, "bad_certificate_hash_value"),
        (115, "unknown_psk_identity"),
        (116, "certificate_required"),
        (117, "general_error"),
        (120, "no_application_protocol"),
        (121, "ech_required"),
    ];

    /// The name of an alert description.
    pub fn name(description: u8) -> Option<&'static str> {
        NAMES.iter().find(|(known, _)| *known == description).map(|(_, name)| *name)
    }
}

/// Extension types.
#[expect(missing_docs, reason = "each is the extension of that name")]
pub mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const MAX_FRAGMENT_LENGTH: u16 = 1;
    pub const STATUS_REQUEST: u16 = 5;
    pub const SUPPORTED_GROUPS: u16 = 10;
    pub const EC_POINT_FORMATS: u16 = 11;
    pub const SIGNATURE_ALGORITHMS: u16 = 13;
    pub const HEARTBEAT: u16 = 15;
    pub const ALPN: u16 = 16;
    pub const SIGNED_CERTIFICATE_TIMESTAMP: u16 = 18;
    pub const CLIENT_CERTIFICATE_TYPE: u16 = 19;
    pub const SERVER_CERTIFICATE_TYPE: u16 = 20;
    pub const PADDING: u16 = 21;
    pub const ENCRYPT_THEN_MAC: u16 = 22;
    pub const EXTENDED_MASTER_SECRET: u16 = 23;
    pub const COMPRESS_CERTIFICATE: u16 = 27;
    pub const RECORD_SIZE_LIMIT: u16 = 28;
    pub const DELEGATED_CREDENTIAL: u16 = 34;
    pub const SESSION_TICKET: u16 = 35;
    /// key_share of the drafts of TLS 1.3 up to 22.
    pub const DRAFT_KEY_SHARE: u16 = 40;
    pub const PRE_SHARED_KEY: u16 = 41;
    pub const EARLY_DATA: u16 = 42;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const COOKIE: u16 = 44;
    pub const PSK_KEY_EXCHANGE_MODES: u16 = 45;
    pub const CERTIFICATE_AUTHORITIES: u16 = 47;
    pub const POST_HANDSHAKE_AUTH: u16 = 49;
    pub const SIGNATURE_ALGORITHMS_CERT: u16 = 50;
    pub const KEY_SHARE: u16 = 51;
    pub const NEXT_PROTOCOL_NEGOTIATION: u16 = 13172;
    pub const APPLICATION_SETTINGS_OLD: u16 = 17513;
    pub const APPLICATION_SETTINGS: u16 = 17613;
    pub const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
    pub const RENEGOTIATION_INFO: u16 = 0xff01;

    const NAMES: &[(u16, &str)] = &[
        (0, "server_name"),
        (1, "max_fragment_length"),
        (2, "client_certificate_url"),
        (3, "trusted_ca_keys"),
        (4, "truncated_hmac"),
        (5, "status_request"),
        (6, "user_mapping"),
        (7, "client_authz"),
        (8, "server_authz"),
        (9, "cert_type"),
        (10, "supported_groups"),
        (11, "ec_point_formats"),
        (12, "srp"),
        (13, "signature_algorithms"),
        (14, "use_srtp"),
        (15, "heartbeat"),
        (16, "application_layer_protocol_negotiation"),
        (17, "status_request_v2"),
        (18, "signed_certificate_timestamp"),
        (19, "client_certificate_type"),
        (20, "server_certificate_type"),
        (21, "padding"),
        (22, "encrypt_then_mac"),
        (23, "extended_master_secret"),
        (24, "token_binding"),
        (25, "cached_info"),
        (26, "tls_lts"),
        (27, "compress_certificate"),
        (28, "record_size_limit"),
        (29, "pwd_protect"),
        (30, "pwd_clear"),
        (31, "password_salt"),
        (32, "ticket_pinning"),
        (33, "tls_cert_with_extern_psk"),
        (34, "delegated_credential"),
        (35, "session_ticket"),
        (36, "TLMSP"),
        (37, "TLMSP_proxying"),
        (38, "TLMSP_delegate"),
        (39, "supported_ekt_ciphers"),
        (41, "pre_shared_key"),
        (42, "early_data"),
        (43, "supported_versions"),
        (44, "cookie"),
        (45, "psk_key_exchange_modes"),
        (47, "certificate_authorities"),
        (48, "oid_filters"),
        (49, "post_handshake_auth"),
        (50, "signature_algorithms_cert"),
        (51, "key_share"),
        (52, "transparency_info"),
        (53, "connection_id_deprecated"),
        (54, "connection_id"),
        (55, "external_id_hash"),
        (56, "external_session_id"),
        (57, "quic_transport_parameters"),
        (58, "ticket_request"),
        (59, "dnssec_chain"),
        (60, "sequence_number_encryption_algorithms"),
        (61, "rrc"),
        (62, "tls_flags"),
        (13172, "next_protocol_negotiation"),
        (17513, "application_settings_old"),
        (17613, "application_settings"),
        (0xfd00, "ech_outer_extensions"),
        (0xfe0d, "encrypted_client_hello"),
        (0xff01, "renegotiation_info"),
    ];

    /// The name of an extension type.
    pub fn name(number: u16) -> Option<&'static str> {
        NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
    }
}

/// The GREASE value number `index` modulo 16 for cipher suites, extensions, groups, signature schemes and versions,
/// RFC 8701 section 2.
pub fn grease(index: u8) -> u16 {
    let byte = ((index & 0x0f) << 4) | 0x0a;
    u16::from_be_bytes([byte, byte])
}

/// Whether a number is reserved for GREASE.
pub fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

/// The GREASE value number `index` modulo 8 for pre-shared key exchange modes.
pub fn grease_psk_mode(index: u8) -> u8 {
    0x0b + 0x1f * (index & 7)
}

/// Whether a pre-shared key exchange mode is reserved for GREASE.
pub fn is_grease_psk_mode(mode: u8) -> bool {
    mode >= 0x0b && (mode - 0x0b).is_multiple_of(0x1f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grease_values_are_those_of_rfc_8701() {
        let values: Vec<u16> = (0..16).map(grease).collect();
        assert_eq!((values[0], values[1], values[15]), (0x0a0a, 0x1a1a, 0xfafa));
        assert_eq!((0..=u16::MAX).filter(|&number| is_grease(number)).collect::<Vec<_>>(), values);
        let modes: Vec<u8> = (0..8).map(grease_psk_mode).collect();
        assert_eq!(modes, [0x0b, 0x2a, 0x49, 0x68, 0x87, 0xa6, 0xc5, 0xe4]);
        assert_eq!((0..=u8::MAX).filter(|&mode| is_grease_psk_mode(mode)).collect::<Vec<_>>(), modes);
    }

    #[test]
    fn forms_follow_the_version() {
        assert!(version::is_tls13(0x7f17) && version::is_tls13(version::TLS13) && version::is_tls13(version::DTLS13));
        assert!(!version::is_tls13(version::TLS12) && !version::is_tls13(version::DTLS12));
        assert_eq!(version::name(0x0303), Some("TLSv1.2"));
        assert_eq!((extension::name(51), extension::name(0x0a0a)), (Some("key_share"), None));
        assert_eq!((alert::name(70), handshake::name(11)), (Some("protocol_version"), Some("certificate")));
    }
}
