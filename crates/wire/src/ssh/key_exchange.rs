use crate::ssh::kexinit::expect_number;
use crate::ssh::{Mpint, number};
use crate::{Reader, WireError, Writer};

/// SSH_MSG_KEXDH_INIT, RFC 4253 section 8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexDhInit {
    /// The client's public value.
    pub e: Mpint,
}

impl KexDhInit {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEXDH_INIT"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEXDH_INIT)?;
        let e = reader.mpint("e")?;
        reader.finish("end")?;
        Ok(Self { e })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEXDH_INIT).mpint(&self.e);
        writer.into_bytes()
    }
}

/// SSH_MSG_KEXDH_REPLY, RFC 4253 section 8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexDhReply {
    /// `K_S`: the server's public host key or certificate.
    pub host_key: Vec<u8>,
    /// The server's public value.
    pub f: Mpint,
    /// The signature over the exchange hash.
    pub signature: Vec<u8>,
}

impl KexDhReply {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEXDH_REPLY"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEXDH_REPLY)?;
        let host_key = reader.string("host_key")?.to_vec();
        let f = reader.mpint("f")?;
        let signature = reader.string("signature")?.to_vec();
        reader.finish("end")?;
        Ok(Self { host_key, f, signature })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEXDH_REPLY).string(&self.host_key).mpint(&self.f).string(&self.signature);
        writer.into_bytes()
    }
}

/// SSH_MSG_KEX_ECDH_INIT, RFC 5656 section 4; also of the hybrid methods, whose C_INIT stands in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexEcdhInit {
    /// `Q_C`, or `C_INIT`: the client's public value.
    pub public: Vec<u8>,
}

impl KexEcdhInit {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEX_ECDH_INIT"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEXDH_INIT)?;
        let public = reader.string("public")?.to_vec();
        reader.finish("end")?;
        Ok(Self { public })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEXDH_INIT).string(&self.public);
        writer.into_bytes()
    }
}

/// SSH_MSG_KEX_ECDH_REPLY, RFC 5656 section 4; also of the hybrid methods, whose S_REPLY stands in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexEcdhReply {
    /// `K_S`: the server's public host key or certificate.
    pub host_key: Vec<u8>,
    /// `Q_S`, or `S_REPLY`: the server's public value.
    pub public: Vec<u8>,
    /// The signature over the exchange hash.
    pub signature: Vec<u8>,
}

impl KexEcdhReply {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEX_ECDH_REPLY"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEXDH_REPLY)?;
        let host_key = reader.string("host_key")?.to_vec();
        let public = reader.string("public")?.to_vec();
        let signature = reader.string("signature")?.to_vec();
        reader.finish("end")?;
        Ok(Self { host_key, public, signature })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEXDH_REPLY).string(&self.host_key).string(&self.public).string(&self.signature);
        writer.into_bytes()
    }
}

/// SSH_MSG_KEX_DH_GEX_REQUEST_OLD, RFC 4419 section 5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KexGexRequestOld {
    /// The size asked for, in bits.
    pub n: u32,
}

impl KexGexRequestOld {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEX_DH_GEX_REQUEST_OLD"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEX_DH_GEX_REQUEST_OLD)?;
        let n = reader.u32("n")?;
        reader.finish("end")?;
        Ok(Self { n })
    }

    /// The payload.
    pub fn write(self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEX_DH_GEX_REQUEST_OLD).u32(self.n);
        writer.into_bytes()
    }
}

/// SSH_MSG_KEX_DH_GEX_REQUEST, RFC 4419 section 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KexGexRequest {
    /// The smallest size accepted, in bits.
    pub min: u32,
    /// The size preferred, in bits.
    pub n: u32,
    /// The largest size accepted, in bits.
    pub max: u32,
}

impl KexGexRequest {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEX_DH_GEX_REQUEST"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEX_DH_GEX_REQUEST)?;
        let min = reader.u32("min")?;
        let n = reader.u32("n")?;
        let max = reader.u32("max")?;
        reader.finish("end")?;
        Ok(Self { min, n, max })
    }

    /// The payload.
    pub fn write(self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEX_DH_GEX_REQUEST).u32(self.min).u32(self.n).u32(self.max);
        writer.into_bytes()
    }
}

/// SSH_MSG_KEX_DH_GEX_GROUP, RFC 4419 section 3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexGexGroup {
    /// The prime.
    pub p: Mpint,
    /// The generator.
    pub g: Mpint,
}

impl KexGexGroup {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEX_DH_GEX_GROUP"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEX_DH_GEX_GROUP)?;
        let p = reader.mpint("p")?;
        let g = reader.mpint("g")?;
        reader.finish("end")?;
        Ok(Self { p, g })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEX_DH_GEX_GROUP).mpint(&self.p).mpint(&self.g);
        writer.into_bytes()
    }
}

/// SSH_MSG_KEX_DH_GEX_INIT, RFC 4419 section 3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexGexInit {
    /// The client's public value.
    pub e: Mpint,
}

impl KexGexInit {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEX_DH_GEX_INIT"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEX_DH_GEX_INIT)?;
        let e = reader.mpint("e")?;
        reader.finish("end")?;
        Ok(Self { e })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEX_DH_GEX_INIT).mpint(&self.e);
        writer.into_bytes()
    }
}

/// SSH_MSG_KEX_DH_GEX_REPLY, RFC 4419 section 3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexGexReply {
    /// `K_S`: the server's public host key or certificate.
    pub host_key: Vec<u8>,
    /// The server's public value.
    pub f: Mpint,
    /// The signature over the exchange hash.
    pub signature: Vec<u8>,
}

impl KexGexReply {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEX_DH_GEX_REPLY"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEX_DH_GEX_REPLY)?;
        let host_key = reader.string("host_key")?.to_vec();
        let f = reader.mpint("f")?;
        let signature = reader.string("signature")?.to_vec();
        reader.finish("end")?;
        Ok(Self { host_key, f, signature })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEX_DH_GEX_REPLY).string(&self.host_key).mpint(&self.f).string(&self.signature);
        writer.into_bytes()
    }
}
