/// How a TLS stack chooses. What is not known is `None`; a choice that depends on it is then left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsBehaviour {
    /// Server: whose order of cipher suites decides.
    pub suite_order: Option<Preference>,
    /// Server: whose order of cipher suites decides in TLS 1.3, where that is another: it is settled before the name that a
    /// client asks for is looked at (OpenSSL: `tls_early_post_process_client_hello`).
    pub tls13_suite_order: Option<Preference>,
    /// Server: the suites of TLS 1.3 that it chooses among once more after a HelloRetryRequest, where the name has led to others:
    /// another choice than the first ends the handshake (OpenSSL: `SSL_R_BAD_CIPHER`).
    pub suites_after_retry: Option<Vec<crate::Name>>,
    /// Server: its own order, but suites with ChaCha20 come first for a client that puts one first
    /// (`SSL_OP_PRIORITIZE_CHACHA`).
    pub chacha_first_for_client: bool,
    /// Server: its own order, but suites with ChaCha20 come first for a client whose first suite that it knows is not AES-GCM
    /// (Go: `aesgcmPreferred`).
    pub chacha_first_unless_gcm: bool,
    /// Server: whose order of groups decides up to TLS 1.2.
    pub group_order: Option<Preference>,
    /// Server: how it comes to a group in TLS 1.3.
    pub group_rule: Option<GroupRule>,
    /// Server: whose order of signature schemes decides.
    pub scheme_order: Option<Preference>,
    /// Server: up to TLS 1.2 it shows an elliptic curve certificate only where its curve is among the client's groups
    /// (RFC 8422 section 5.1).
    pub certificate_curve_in_groups: bool,
    /// Server: up to TLS 1.2 an RSA certificate counts when the suite is chosen, also where the client has no signature
    /// scheme for it, so that the handshake fails a step later (OpenSSL: `ssl_set_masks`).
    pub rsa_counts_without_scheme: bool,
    /// Server: a hello whose signature schemes have none in common with its own is refused, whatever the suite (OpenSSL:
    /// `tls1_set_server_sigalgs`), and so is static RSA without one that fits.
    pub needs_shared_scheme: bool,
    /// Server: what it takes the client's groups to be when a client of TLS 1.2 or lower names none; `None` for its own.
    pub groups_if_none_sent: Option<Vec<String>>,
    /// Server: it uses the client's groups of RFC 7919 for DHE, and no DHE where the client names some and none fits.
    pub negotiates_ffdhe: bool,
    /// Server: suites that it takes only where no other fits, whoever's order counts (Java: `jdk.tls.legacyAlgorithms`).
    pub last_resort: Vec<crate::Name>,
    /// Server: whether it marks the random of its hello where it agrees on a version below TLS 1.2 and has TLS 1.2
    /// (RFC 8446 section 4.1.3).
    pub marks_downgrade: Option<bool>,
    /// Client: it refuses that mark wherever the version is below its own highest, also where that is below TLS 1.2
    /// (OpenSSL: `ssl_choose_client_version`). RFC 8446 asks only clients of TLS 1.2 and above to look for it.
    pub refuses_marked_downgrade: bool,
}

/// Whose order decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preference {
    /// The client's.
    Client,
    /// The server's.
    Server,
}

/// How a server comes to the group of TLS 1.3 (RFC 8446 section 4.2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupRule {
    /// The first of the client's key shares whose group it accepts; without one, the first common group of its own list, by
    /// a HelloRetryRequest (OpenSSL up to 3.4).
    FirstShare,
    /// Its own tuples of groups one after the other; within one the first with a key share, in the preferring party's order
    /// (OpenSSL since 3.5).
    Tuples,
    /// The first of its own list that has a key share; without one, the first common one (Go, Schannel).
    OwnOrderWithShare,
    /// The first common one of its own list, also where that costs a HelloRetryRequest (NSS, but for near strengths;
    /// BoringSSL with its own preference).
    OwnOrder,
    /// The first common one of the client's list, also where that costs a HelloRetryRequest (GnuTLS without
    /// `%SERVER_PRECEDENCE`, rustls, BoringSSL with the client's preference).
    ClientOrder,
}

/// Contexts of a server with settings of their own, of which the client's hello chooses one by what the client can verify
/// before anything else is decided (HAProxy: `ssl_sock_switchctx_cbk`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByClient {
    /// For a client that takes ECDSA.
    pub ecdsa: Option<super::TlsPolicy>,
    /// For one that takes RSA only.
    pub rsa: Option<super::TlsPolicy>,
    /// With another kind of key: for one that takes neither of the above.
    pub other: Option<super::TlsPolicy>,
    /// The suites up to TLS 1.2 that are set for all of them together.
    pub suites: Vec<crate::Name>,
    /// Whether the server speaks TLS 1.3 before a context is chosen.
    pub tls13: bool,
    /// Whether a suite of TLS 1.3 in the client's hello stands for one with ECDSA. `None`: not known of this version, as below.
    pub tls13_suites_count: Option<bool>,
    /// Whether a suite with ECDSA counts only where it is one of [`Self::suites`] too.
    pub own_suites_only: Option<bool>,
    /// Whether schemes of RSA-PSS stand for RSA.
    pub pss_counts: Option<bool>,
}
