use crate::tls::Extensions;
use crate::tls::message::{read_message, write_message};
use crate::tls::number::{handshake, version};
use crate::{Reader, WireError};

/// NewSessionTicket, RFC 5077 section 3.3 and RFC 8446 section 4.6.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSessionTicket {
    /// For how many seconds it holds.
    pub lifetime: u32,
    /// The ticket.
    pub ticket: Vec<u8>,
    /// What TLS 1.3 adds; `None` in the form before.
    pub tls13: Option<TicketDetails>,
}

/// What TLS 1.3 adds to a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketDetails {
    /// What the client adds to the age that it sends.
    pub age_add: u32,
    /// What makes the key of each ticket another one.
    pub nonce: Vec<u8>,
    /// `early_data` and others.
    pub extensions: Extensions,
}

impl NewSessionTicket {
    /// From a handshake message of this version.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(message: &[u8], version: u16) -> Result<Self, WireError> {
        read_message(message, handshake::NEW_SESSION_TICKET, |reader| Self::read(reader, version))
    }

    fn read(reader: &mut Reader<'_>, version: u16) -> Result<Self, WireError> {
        let lifetime = reader.u32("ticket_lifetime")?;
        if !version::is_tls13(version) {
            return Ok(Self { lifetime, ticket: reader.opaque16("ticket")?.to_vec(), tls13: None });
        }
        let age_add = reader.u32("ticket_age_add")?;
        let nonce = reader.opaque8("ticket_nonce")?.to_vec();
        let ticket = reader.opaque16("ticket")?.to_vec();
        let extensions = Extensions::read(reader)?;
        Ok(Self { lifetime, ticket, tls13: Some(TicketDetails { age_add, nonce, extensions }) })
    }

    /// The handshake message.
    pub fn write(&self) -> Vec<u8> {
        write_message(handshake::NEW_SESSION_TICKET, |writer| {
            writer.u32(self.lifetime);
            if let Some(details) = &self.tls13 {
                writer.u32(details.age_add).opaque8(&details.nonce);
            }
            writer.opaque16(&self.ticket);
            if let Some(details) = &self.tls13 {
                details.extensions.write(writer);
            }
        })
    }
}
