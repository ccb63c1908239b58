use std::net::IpAddr;
use std::sync::Arc;

use shakedown_model::{Origin, Role, SourceFile};

use super::TlsVersion;
use crate::value::Value;

/// A value and where it is written; a program's own default has the row of that default as its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// A value at its place.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

/// Whether something is turned on or off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch<T> {
    /// What.
    pub what: T,
    /// Whether it is on.
    pub on: bool,
    /// Where that is written.
    pub origin: Origin,
}

/// The least or highest version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionBound {
    /// None: whatever the library has (OpenSSL's bound 0).
    None,
    /// This version.
    Version(TlsVersion),
}

/// The TLS library whose language the strings are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Library {
    /// OpenSSL: cipher strings, `X25519:P-256`, `RSA+SHA256:...`.
    OpenSsl,
    /// BoringSSL: cipher strings with `[A|B]`.
    BoringSsl,
    /// GnuTLS: one priority string.
    GnuTls,
    /// Java's JSSE: IANA names.
    Jsse,
    /// Go's crypto/tls: IANA names.
    Go,
}

impl Library {
    /// The product id in the catalog: `openssl`, `boringssl`, `gnutls`, `java-jsse`, `go`.
    pub fn product(self) -> &'static str {
        match self {
            Self::OpenSsl => "openssl",
            Self::BoringSsl => "boringssl",
            Self::GnuTls => "gnutls",
            Self::Jsse => "java-jsse",
            Self::Go => "go",
        }
    }
}

/// What is set in the TLS library, in the library's own language. What is `None` or empty is left as the library or the layer
/// below has it.
///
/// The fields are the calls that a program makes: `min_protocol` is `SSL_CTX_set_min_proto_version`, `protocols` are
/// `SSL_OP_NO_*` cleared or set in this order, `options` are the other options by their names in SSL_CONF_cmd(3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibrarySettings {
    /// Cipher suites up to TLS 1.2, such as an OpenSSL cipher string (`CipherString`).
    pub cipher_list: Option<Value>,
    /// Cipher suites of TLS 1.3 (`Ciphersuites`).
    pub cipher_suites: Option<Value>,
    /// Groups (`Groups`, `Curves`).
    pub groups: Option<Value>,
    /// Signature algorithms of the handshake (`SignatureAlgorithms`).
    pub signature_algorithms: Option<Value>,
    /// Those of client certificates (`ClientSignatureAlgorithms`).
    pub client_signature_algorithms: Option<Value>,
    /// The security level that the program sets itself, before the cipher string, which may set it again.
    pub security_level: Option<Setting<u8>>,
    /// The least version.
    pub min_protocol: Option<Setting<VersionBound>>,
    /// The highest version.
    pub max_protocol: Option<Setting<VersionBound>>,
    /// Versions turned on and off one by one, in this order; the last one of a version counts. A version is used where it lies
    /// within the bounds and is not off.
    pub protocols: Vec<Switch<TlsVersion>>,
    /// Options by their names in SSL_CONF_cmd(3), such as `ServerPreference`, `UnsafeLegacyServerConnect` or
    /// `SessionTicket`; the last one of a name counts.
    pub options: Vec<Switch<&'static str>>,
    /// The file with parameters for finite-field Diffie-Hellman; the text `auto` for the library's own choice.
    pub dh_parameters: Option<Value>,
    /// How a server asks for a client certificate.
    pub client_verification: Option<Setting<ClientVerification>>,
    /// Commands of SSL_CONF_cmd(3) that have no field here.
    pub other: Vec<(&'static str, Value)>,
}

/// How a server asks for a client certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientVerification {
    /// It does not ask.
    None,
    /// It asks, and goes on without one.
    Optional,
    /// It asks, and goes on with one that it cannot verify.
    OptionalUnverified,
    /// It asks, and ends the handshake, or refuses every request, without a valid one.
    Required,
}

impl LibrarySettings {
    /// These settings made on top of others, such as a program's on top of the system's.
    pub fn over(self, below: &Self) -> Self {
        let below = below.clone();
        Self {
            cipher_list: self.cipher_list.or(below.cipher_list),
            cipher_suites: self.cipher_suites.or(below.cipher_suites),
            groups: self.groups.or(below.groups),
            signature_algorithms: self.signature_algorithms.or(below.signature_algorithms),
            client_signature_algorithms: self.client_signature_algorithms.or(below.client_signature_algorithms),
            security_level: self.security_level.or(below.security_level),
            min_protocol: self.min_protocol.or(below.min_protocol),
            max_protocol: self.max_protocol.or(below.max_protocol),
            protocols: [below.protocols, self.protocols].concat(),
            options: [below.options, self.options].concat(),
            dh_parameters: self.dh_parameters.or(below.dh_parameters),
            client_verification: self.client_verification.or(below.client_verification),
            other: [below.other, self.other].concat(),
        }
    }

    /// The switch of a version that counts.
    pub fn protocol(&self, version: TlsVersion) -> Option<&Switch<TlsVersion>> {
        self.protocols.iter().rev().find(|switch| switch.what == version)
    }

    /// The switch of an option that counts, by its name in SSL_CONF_cmd(3).
    pub fn option(&self, name: &str) -> Option<&Switch<&'static str>> {
        self.options.iter().rev().find(|switch| switch.what == name)
    }

    /// Whether these settings let a version through: `Err` with the place that forbids it.
    ///
    /// # Errors
    /// The place of the bound or switch that turns the version off.
    pub fn allows(&self, version: TlsVersion) -> Result<(), &Origin> {
        let bound = |setting: &Option<Setting<VersionBound>>| match setting.as_ref().map(|setting| setting.value) {
            Some(VersionBound::Version(bound)) => Some(bound),
            Some(VersionBound::None) | None => None,
        };
        if let Some(setting) = self.min_protocol.as_ref().filter(|_| bound(&self.min_protocol) > Some(version)) {
            return Err(&setting.origin);
        }
        if let Some(setting) = &self.max_protocol
            && bound(&self.max_protocol).is_some_and(|bound| bound < version)
        {
            return Err(&setting.origin);
        }
        match self.protocol(version) {
            Some(switch) if !switch.on => Err(&switch.origin),
            _ => Ok(()),
        }
    }
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address; `None` for every address of the machine, or where it is a name that was not resolved.
    pub address: Option<IpAddr>,
    /// The address as written, where it is a host name or a path of a socket.
    pub name: Option<String>,
    /// The port; 0 for a socket in the file system.
    pub port: u16,
    /// Whether TLS is spoken from the first byte on.
    pub tls: bool,
    /// Whether this server answers where no name fits, for that address and port.
    pub default: bool,
    /// Whether it is QUIC, over UDP.
    pub quic: bool,
    /// Whether the PROXY protocol comes first.
    pub proxy_protocol: bool,
}

/// A certificate and its key, as files. A file may hold both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, with its chain behind it where the product reads it from there.
    pub certificate: Value,
    /// The private key; `None` where it is in the certificate's file.
    pub key: Option<Value>,
    /// The intermediate certificates, where they are in a file of their own.
    pub chain: Option<Value>,
}

/// What a handshake goes by once a certificate is chosen, in programs with a context for each certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateContext {
    /// The names that it is chosen for, with `!` in front those that it is not chosen for; without any, those in the
    /// certificate count.
    pub names: Vec<Value>,
    /// The settings of its own over those of the server; `None` where it has none.
    pub settings: Option<Box<LibrarySettings>>,
    /// Application protocols of its own.
    pub alpn: Option<Vec<Setting<String>>>,
    /// Whether it answers where no name fits.
    pub fallback: bool,
    /// Whether it depends on the very release if the bounds of its versions hold.
    pub versions_unknown: bool,
}

/// One TLS server of a configuration: an address, a name, all that it sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// The product's id in the catalog, such as `nginx`.
    pub product: &'static str,
    /// Which end the program is: `Client` for what it does towards its own back ends.
    pub role: Role,
    /// Whose language the strings are in.
    pub library: Library,
    /// What tells it from the others, such as `example.org` or `*:443`.
    pub label: String,
    /// The head of its block, where it has one.
    pub block: Option<Origin>,
    /// Where it listens; of a client, empty.
    pub listen: Vec<Setting<Listen>>,
    /// The names that it answers for, as the product writes them: exact, `*.example.org`, `.example.org`, `~regex`.
    pub names: Vec<Value>,
    /// What it sets in the library. Values that the program always sets are here with their default.
    pub settings: LibrarySettings,
    /// The certificates, one for each kind of key.
    pub certificates: Vec<CertificateFiles>,
    /// What holds beside each of [`Self::certificates`], where a program makes a context of each (HAProxy); else empty.
    pub contexts: Vec<CertificateContext>,
    /// The file with the CA certificates that peers' certificates are checked against.
    pub trusted_certificates: Option<Value>,
    /// The file with the revocation lists that peers' certificates are looked up in; `None` where none are.
    pub revocation_lists: Option<Value>,
    /// Application protocols (ALPN) in the order of preference; `None` where the program does not negotiate any.
    pub alpn: Option<Vec<Setting<String>>>,
    /// Whether the handshake is refused for a name that no block has (nginx's `ssl_reject_handshake`, HAProxy's
    /// `strict-sni`).
    pub reject_handshake: Option<Setting<bool>>,
    /// Whether the peer's certificate is verified; of a client.
    pub verify_peer: Option<Setting<bool>>,
    /// The name that is sent as SNI; of a client. An empty text where none is sent.
    pub server_name: Option<Value>,
    /// How TLS is begun on a plain connection, where it is: `smtp`, `imap`, `postgres`...
    pub starttls: Option<&'static str>,
    /// What the reader could not find out, each one sentence in lower case.
    pub notes: Vec<String>,
    /// The files that were read, the main one first.
    pub files: Vec<Arc<SourceFile>>,
}

impl ServerSettings {
    /// A server without any setting.
    pub fn new(product: &'static str, role: Role, label: impl Into<String>) -> Self {
        Self {
            product,
            role,
            library: Library::OpenSsl,
            label: label.into(),
            block: None,
            listen: Vec::new(),
            names: Vec::new(),
            settings: LibrarySettings::default(),
            certificates: Vec::new(),
            contexts: Vec::new(),
            trusted_certificates: None,
            revocation_lists: None,
            alpn: None,
            reject_handshake: None,
            verify_peer: None,
            server_name: None,
            starttls: None,
            notes: Vec::new(),
            files: Vec::new(),
        }
    }
}
