use crate::tls::message::{read_message, write_message};
use crate::tls::number::{handshake, version};
use crate::tls::types::bits;
use crate::{Reader, WireError, WireErrorKind, Writer};

/// The form of ServerKeyExchange, which the cipher suite decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyExchange {
    /// No suite was agreed on yet, or one that is not known here: the message stays [`crate::tls::Message::Unknown`].
    #[default]
    Unknown,
    /// Temporary RSA keys of export suites, RFC 2246 section 7.4.3.
    RsaExport,
    /// Finite-field Diffie-Hellman, signed.
    Dhe,
    /// The same without signature.
    DhAnon,
    /// Elliptic curves, signed, RFC 8422 section 5.4.
    Ecdhe,
    /// The same without signature.
    EcdhAnon,
    /// A pre-shared key, RFC 4279; also with RSA.
    Psk,
    /// A pre-shared key with finite-field Diffie-Hellman.
    DhePsk,
    /// A pre-shared key with elliptic curves, RFC 5489.
    EcdhePsk,
    /// Secure Remote Password without signature, RFC 5054 section 2.5.3.
    Srp,
    /// The same with signature.
    SrpSigned,
}

impl KeyExchange {
    fn has_hint(self) -> bool {
        matches!(self, Self::Psk | Self::DhePsk | Self::EcdhePsk)
    }

    fn is_signed(self) -> bool {
        matches!(self, Self::RsaExport | Self::Dhe | Self::Ecdhe | Self::SrpSigned)
    }
}

/// ServerKeyExchange, RFC 5246 section 7.4.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerKeyExchange {
    /// The hint which pre-shared key is meant.
    pub psk_identity_hint: Option<Vec<u8>>,
    /// The public values.
    pub parameters: KeyExchangeParameters,
    /// The signature over them.
    pub signature: Option<Signature>,
}

/// The public values of a ServerKeyExchange. Numbers are unsigned, most significant byte first, as they were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyExchangeParameters {
    /// None: only a hint was sent.
    None,
    /// A temporary RSA key.
    #[expect(missing_docs, reason = "named as in the RFC")]
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// Finite-field Diffie-Hellman: prime, generator, public value.
    #[expect(missing_docs, reason = "named as in the RFC")]
    Dh { p: Vec<u8>, g: Vec<u8>, public: Vec<u8> },
    /// A point on a named curve.
    #[expect(missing_docs, reason = "named as in the RFC")]
    NamedCurve { group: u16, public: Vec<u8> },
    /// A curve given by its parameters over a prime field, RFC 4492 section 5.4.
    #[expect(missing_docs, reason = "named as in the RFC")]
    ExplicitPrime {
        p: Vec<u8>,
        a: Vec<u8>,
        b: Vec<u8>,
        base: Vec<u8>,
        order: Vec<u8>,
        cofactor: Vec<u8>,
        public: Vec<u8>,
    },
    /// Secure Remote Password.
    #[expect(missing_docs, reason = "named as in the RFC")]
    Srp { n: Vec<u8>, g: Vec<u8>, salt: Vec<u8>, b: Vec<u8> },
}

impl KeyExchangeParameters {
    /// The size of the prime or modulus in bits; `None` for named curves.
    pub fn bits(&self) -> Option<u32> {
        match self {
            Self::Rsa { modulus: number, .. }
            | Self::Dh { p: number, .. }
            | Self::ExplicitPrime { p: number, .. }
            | Self::Srp { n: number, .. } => Some(bits(number)),
            Self::None | Self::NamedCurve { .. } => None,
        }
    }
}

/// A signature, and since TLS 1.2 the algorithm that made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// The signature scheme; `None` before TLS 1.2.
    pub algorithm: Option<u16>,
    /// The signature.
    pub signature: Vec<u8>,
}

impl Signature {
    pub(crate) fn read(reader: &mut Reader<'_>, version: u16) -> Result<Self, WireError> {
        let named = version::is_tls13(version) || version::names_signature_algorithms(version);
        let algorithm = if named { Some(reader.u16("algorithm")?) } else { None };
        Ok(Self { algorithm, signature: reader.opaque16("signature")?.to_vec() })
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        if let Some(algorithm) = self.algorithm {
            writer.u16(algorithm);
        }
        writer.opaque16(&self.signature);
    }
}

impl ServerKeyExchange {
    /// From a handshake message of this version, after a suite of this key exchange.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `BadForm` for curves of a kind that is
    /// not read or an unknown key exchange, `Trailing` when more follows.
    pub fn parse(message: &[u8], key_exchange: KeyExchange, version: u16) -> Result<Self, WireError> {
        read_message(message, handshake::SERVER_KEY_EXCHANGE, |reader| Self::read(reader, key_exchange, version))
    }

    fn read(reader: &mut Reader<'_>, key_exchange: KeyExchange, version: u16) -> Result<Self, WireError> {
        let psk_identity_hint =
            if key_exchange.has_hint() { Some(reader.opaque16("psk_identity_hint")?.to_vec()) } else { None };
        let parameters = KeyExchangeParameters::read(reader, key_exchange)?;
        let signature = if key_exchange.is_signed() { Some(Signature::read(reader, version)?) } else { None };
        Ok(Self { psk_identity_hint, parameters, signature })
    }

    /// The handshake message.
    pub fn write(&self) -> Vec<u8> {
        write_message(handshake::SERVER_KEY_EXCHANGE, |writer| {
            if let Some(hint) = &self.psk_identity_hint {
                writer.opaque16(hint);
            }
            self.parameters.write(writer);
            if let Some(signature) = &self.signature {
                signature.write(writer);
            }
        })
    }
}

/// Kinds of curves, RFC 4492 section 5.4.
const EXPLICIT_PRIME: u8 = 1;
const NAMED_CURVE: u8 = 3;

impl KeyExchangeParameters {
    fn read(reader: &mut Reader<'_>, key_exchange: KeyExchange) -> Result<Self, WireError> {
        use KeyExchange::{DhAnon, Dhe, DhePsk, EcdhAnon, Ecdhe, EcdhePsk, Psk, RsaExport, Srp, SrpSigned, Unknown};
        let offset = reader.offset();
        Ok(match key_exchange {
            Psk => Self::None,
            RsaExport => Self::Rsa {
                modulus: reader.opaque16("rsa_modulus")?.to_vec(),
                exponent: reader.opaque16("rsa_exponent")?.to_vec(),
            },
            Dhe | DhAnon | DhePsk => Self::Dh {
                p: reader.opaque16("dh_p")?.to_vec(),
                g: reader.opaque16("dh_g")?.to_vec(),
                public: reader.opaque16("dh_Ys")?.to_vec(),
            },
            Srp | SrpSigned => Self::Srp {
                n: reader.opaque16("srp_N")?.to_vec(),
                g: reader.opaque16("srp_g")?.to_vec(),
                salt: reader.opaque8("srp_s")?.to_vec(),
                b: reader.opaque16("srp_B")?.to_vec(),
            },
            Ecdhe | EcdhAnon | EcdhePsk => match reader.u8("curve_type")? {
                NAMED_CURVE => {
                    Self::NamedCurve { group: reader.u16("named_curve")?, public: reader.opaque8("public")?.to_vec() }
                }
                EXPLICIT_PRIME => Self::ExplicitPrime {
                    p: reader.opaque8("prime_p")?.to_vec(),
                    a: reader.opaque8("curve_a")?.to_vec(),
                    b: reader.opaque8("curve_b")?.to_vec(),
                    base: reader.opaque8("base")?.to_vec(),
                    order: reader.opaque8("order")?.to_vec(),
                    cofactor: reader.opaque8("cofactor")?.to_vec(),
                    public: reader.opaque8("public")?.to_vec(),
                },
                _ => {
                    let kind = WireErrorKind::BadForm { form: "explicit_prime (1) or named_curve (3)" };
                    return Err(WireError::new(offset, "curve_type", kind));
                }
            },
            Unknown => {
                let kind = WireErrorKind::BadForm { form: "a key exchange that is known" };
                return Err(WireError::new(offset, "params", kind));
            }
        })
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::None => {}
            Self::Rsa { modulus, exponent } => {
                writer.opaque16(modulus).opaque16(exponent);
            }
            Self::Dh { p, g, public } => {
                writer.opaque16(p).opaque16(g).opaque16(public);
            }
            Self::NamedCurve { group, public } => {
                writer.u8(NAMED_CURVE).u16(*group).opaque8(public);
            }
            Self::ExplicitPrime { p, a, b, base, order, cofactor, public } => {
                writer.u8(EXPLICIT_PRIME);
                for number in [p, a, b, base, order, cofactor, public] {
                    writer.opaque8(number);
                }
            }
            Self::Srp { n, g, salt, b } => {
                writer.opaque16(n).opaque16(g).opaque8(salt).opaque16(b);
            }
        }
    }
}
