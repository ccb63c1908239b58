//! The payloads of IKE_AUTH: who one is, how that is proved, and which traffic is let through.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::number::{identity, selector};
use crate::{Reader, WireError, WireErrorKind, Writer};

/// The most traffic selectors of a payload: its count is one byte.
const SELECTORS: usize = 255;

/// An identification payload, RFC 7296 section 3.5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identification {
    /// The type.
    pub kind: u8,
    /// Reserved.
    pub reserved: [u8; 3],
    /// The identity, in the form of its type.
    pub data: Vec<u8>,
}

impl Identification {
    /// An identity of a type.
    pub fn new(kind: u8, data: impl Into<Vec<u8>>) -> Self {
        Self { kind, reserved: [0; 3], data: data.into() }
    }

    /// An address.
    pub fn address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::new(identity::IPV4, address.octets()),
            IpAddr::V6(address) => Self::new(identity::IPV6, address.octets()),
        }
    }

    /// The address, where it is one.
    pub fn as_address(&self) -> Option<IpAddr> {
        match self.kind {
            identity::IPV4 => {
                <[u8; 4]>::try_from(self.data.as_slice()).ok().map(|octets| Ipv4Addr::from(octets).into())
            }
            identity::IPV6 => {
                <[u8; 16]>::try_from(self.data.as_slice()).ok().map(|octets| Ipv6Addr::from(octets).into())
            }
            _ => None,
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self { kind: reader.u8("id_type")?, reserved: reader.array("reserved")?, data: reader.rest().to_vec() })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(self.kind).raw(&self.reserved).raw(&self.data);
    }
}

/// A certificate or a request for one, RFC 7296 sections 3.6 and 3.7.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateData {
    /// The encoding; 4 is an X.509 certificate in DER.
    pub encoding: u8,
    /// The certificate; of a request SHA-1 digests of the public keys of authorities.
    pub data: Vec<u8>,
}

/// An authentication payload, RFC 7296 section 3.8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authentication {
    /// The method.
    pub method: u8,
    /// Reserved.
    pub reserved: [u8; 3],
    /// The proof.
    pub data: Vec<u8>,
}

impl Authentication {
    /// A proof by a method.
    pub fn new(method: u8, data: Vec<u8>) -> Self {
        Self { method, reserved: [0; 3], data }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self {
            method: reader.u8("auth_method")?,
            reserved: reader.array("reserved")?,
            data: reader.rest().to_vec(),
        })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(self.method).raw(&self.reserved).raw(&self.data);
    }
}

/// A delete payload, RFC 7296 section 3.11.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delete {
    /// The protocol of the SAs.
    pub protocol: u8,
    /// The length of each SPI in bytes; zero for the IKE SA itself.
    pub spi_size: u8,
    /// How many SPIs there are.
    pub count: u16,
    /// The SPIs, one after another.
    pub spis: Vec<u8>,
}

impl Delete {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let protocol = reader.u8("protocol_id")?;
        let spi_size = reader.u8("spi_size")?;
        let count = reader.u16("num_of_spis")?;
        Ok(Self { protocol, spi_size, count, spis: reader.rest().to_vec() })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(self.protocol).u8(self.spi_size).u16(self.count).raw(&self.spis);
    }
}

/// A traffic selector payload, RFC 7296 section 3.13.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficSelectors {
    /// Reserved.
    pub reserved: [u8; 3],
    /// The selectors.
    pub all: Vec<TrafficSelector>,
}

/// A traffic selector, RFC 7296 section 3.13.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrafficSelector {
    /// A range of addresses.
    Range {
        /// The protocol inside; 0 for any.
        protocol: u8,
        /// First and last port.
        ports: (u16, u16),
        /// The first address.
        first: IpAddr,
        /// The last address, of the same version of IP.
        last: IpAddr,
    },
    /// A type that is not known here.
    Other {
        /// The type.
        kind: u8,
        /// The byte after it: the protocol, as a rule.
        protocol: u8,
        /// What follows the length.
        data: Vec<u8>,
    },
}

impl TrafficSelector {
    /// All ports and protocols of a range of addresses, which are of the same version of IP.
    pub fn addresses(first: IpAddr, last: IpAddr) -> Self {
        Self::Range { protocol: 0, ports: (0, u16::MAX), first, last }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let kind = reader.u8("ts_type")?;
        let protocol = reader.u8("protocol_id")?;
        let offset = reader.offset();
        let length = reader.u16("length")?;
        let Some(rest) = length.checked_sub(4) else {
            return Err(WireError::new(
                offset,
                "length",
                WireErrorKind::TooShort { length: length.into(), minimum: 4 },
            ));
        };
        let at = reader.offset();
        let data = reader.take("selector", rest.into())?;
        if !matches!((kind, data.len()), (selector::IPV4, 12) | (selector::IPV6, 36)) {
            return Ok(Self::Other { kind, protocol, data: data.to_vec() });
        }
        let mut inner = Reader::at(data, at);
        let ports = (inner.u16("start_port")?, inner.u16("end_port")?);
        let mut address = |field| -> Result<IpAddr, WireError> {
            Ok(match kind {
                selector::IPV4 => Ipv4Addr::from(inner.array::<4>(field)?).into(),
                _ => Ipv6Addr::from(inner.array::<16>(field)?).into(),
            })
        };
        Ok(Self::Range { protocol, ports, first: address("starting_address")?, last: address("ending_address")? })
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Range { protocol, ports, first, last } => {
                let octets = |address: &IpAddr| match address {
                    IpAddr::V4(address) => address.octets().to_vec(),
                    IpAddr::V6(address) => address.octets().to_vec(),
                };
                let (kind, length) = if first.is_ipv4() { (selector::IPV4, 16) } else { (selector::IPV6, 40) };
                writer.u8(kind).u8(*protocol).u16(length).u16(ports.0).u16(ports.1);
                writer.raw(&octets(first)).raw(&octets(last));
            }
            Self::Other { kind, protocol, data } => {
                let length = u16::try_from(data.len().saturating_add(4)).unwrap_or(u16::MAX);
                writer.u8(*kind).u8(*protocol).u16(length).raw(data);
            }
        }
    }
}

impl TrafficSelectors {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let count = usize::from(reader.u8("number_of_tss")?).min(SELECTORS);
        let reserved = reader.array("reserved")?;
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(TrafficSelector::read(reader).map_err(|error| error.within("selector"))?);
        }
        Ok(Self { reserved, all })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(u8::try_from(self.all.len()).unwrap_or(u8::MAX)).raw(&self.reserved);
        self.all.iter().for_each(|one| one.write(writer));
    }
}
