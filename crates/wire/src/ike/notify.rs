use super::number::notify;
use crate::{Reader, WireError, Writer};

/// A notify payload of IKEv2, RFC 7296 section 3.10.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// The protocol of the SPI; zero where there is none.
    pub protocol: u8,
    /// The SPI of the SA that this is about; mostly empty.
    pub spi: Vec<u8>,
    /// The type.
    pub kind: u16,
    /// What belongs to it.
    pub data: Vec<u8>,
}

impl Notify {
    /// A notify about no SA.
    pub fn new(kind: u16, data: Vec<u8>) -> Self {
        Self { kind, data, ..Self::default() }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let protocol = reader.u8("protocol_id")?;
        let size = reader.u8("spi_size")?;
        let kind = reader.u16("notify_message_type")?;
        let spi = reader.take("spi", size.into())?.to_vec();
        Ok(Self { protocol, spi, kind, data: reader.rest().to_vec() })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let size = u8::try_from(self.spi.len()).unwrap_or(u8::MAX);
        writer.u8(self.protocol).u8(size).u16(self.kind).raw(&self.spi).raw(&self.data);
    }

    /// The group that INVALID_KE_PAYLOAD asks for.
    pub fn requested_group(&self) -> Option<u16> {
        let group = <[u8; 2]>::try_from(self.data.as_slice()).ok().filter(|_| self.kind == notify::INVALID_KE_PAYLOAD);
        group.map(u16::from_be_bytes)
    }

    /// The hash algorithms that SIGNATURE_HASH_ALGORITHMS lists, RFC 7427.
    pub fn signature_hashes(&self) -> Vec<u16> {
        if self.kind != notify::SIGNATURE_HASH_ALGORITHMS {
            return Vec::new();
        }
        self.data.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(u16::from_be_bytes).collect()
    }
}

/// A notification payload of IKEv1, RFC 2408 section 3.14.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notification {
    /// The domain of interpretation.
    pub doi: u32,
    /// The protocol of the SPI.
    pub protocol: u8,
    /// The SPI; of phase 1 both cookies, or nothing.
    pub spi: Vec<u8>,
    /// The type.
    pub kind: u16,
    /// What belongs to it.
    pub data: Vec<u8>,
}

impl Notification {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let doi = reader.u32("doi")?;
        let Notify { protocol, spi, kind, data } = Notify::read(reader)?;
        Ok(Self { doi, protocol, spi, kind, data })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let size = u8::try_from(self.spi.len()).unwrap_or(u8::MAX);
        writer.u32(self.doi).u8(self.protocol).u8(size).u16(self.kind).raw(&self.spi).raw(&self.data);
    }
}
