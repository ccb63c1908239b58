use crate::ssh::{NameList, number};
use crate::{Reader, WireError, WireErrorKind, Writer};

/// SSH_MSG_KEXINIT, RFC 4253 section 7.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexInit {
    /// Random bytes.
    pub cookie: [u8; 16],
    /// The ten name-lists in the order of [`NameListField::ALL`], verbatim.
    pub lists: [NameList; 10],
    /// Whether a guessed key exchange packet follows.
    pub first_kex_packet_follows: bool,
    /// Reserved for extension, 0.
    pub reserved: u32,
    /// Bytes after the last field; none in a regular message.
    pub trailing: Vec<u8>,
}

/// The name-lists of a KEXINIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameListField {
    /// `kex_algorithms`.
    KexAlgorithms,
    /// `server_host_key_algorithms`.
    ServerHostKeyAlgorithms,
    /// `encryption_algorithms_client_to_server`.
    EncryptionAlgorithmsClientToServer,
    /// `encryption_algorithms_server_to_client`.
    EncryptionAlgorithmsServerToClient,
    /// `mac_algorithms_client_to_server`.
    MacAlgorithmsClientToServer,
    /// `mac_algorithms_server_to_client`.
    MacAlgorithmsServerToClient,
    /// `compression_algorithms_client_to_server`.
    CompressionAlgorithmsClientToServer,
    /// `compression_algorithms_server_to_client`.
    CompressionAlgorithmsServerToClient,
    /// `languages_client_to_server`.
    LanguagesClientToServer,
    /// `languages_server_to_client`.
    LanguagesServerToClient,
}

impl NameListField {
    /// All of them in the order on the wire.
    pub const ALL: [Self; 10] = [
        Self::KexAlgorithms,
        Self::ServerHostKeyAlgorithms,
        Self::EncryptionAlgorithmsClientToServer,
        Self::EncryptionAlgorithmsServerToClient,
        Self::MacAlgorithmsClientToServer,
        Self::MacAlgorithmsServerToClient,
        Self::CompressionAlgorithmsClientToServer,
        Self::CompressionAlgorithmsServerToClient,
        Self::LanguagesClientToServer,
        Self::LanguagesServerToClient,
    ];

    /// The name as RFC 4253 writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KexAlgorithms => "kex_algorithms",
            Self::ServerHostKeyAlgorithms => "server_host_key_algorithms",
            Self::EncryptionAlgorithmsClientToServer => "encryption_algorithms_client_to_server",
            Self::EncryptionAlgorithmsServerToClient => "encryption_algorithms_server_to_client",
            Self::MacAlgorithmsClientToServer => "mac_algorithms_client_to_server",
            Self::MacAlgorithmsServerToClient => "mac_algorithms_server_to_client",
            Self::CompressionAlgorithmsClientToServer => "compression_algorithms_client_to_server",
            Self::CompressionAlgorithmsServerToClient => "compression_algorithms_server_to_client",
            Self::LanguagesClientToServer => "languages_client_to_server",
            Self::LanguagesServerToClient => "languages_server_to_client",
        }
    }

    fn place(self) -> usize {
        Self::ALL.iter().position(|&field| field == self).unwrap_or_default()
    }
}

impl KexInit {
    /// One of the lists.
    pub fn list(&self, field: NameListField) -> &[Vec<u8>] {
        self.lists.get(field.place()).map_or(&[], Vec::as_slice)
    }

    /// One of the lists, to change it.
    pub fn list_mut(&mut self, field: NameListField) -> &mut NameList {
        let [first, rest @ ..] = &mut self.lists;
        match field.place().checked_sub(1).and_then(|place| rest.get_mut(place)) {
            Some(list) => list,
            None => first,
        }
    }

    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("KEXINIT"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::KEXINIT)?;
        let cookie = reader.array("cookie")?;
        let mut lists = <[NameList; 10]>::default();
        for (list, field) in lists.iter_mut().zip(NameListField::ALL) {
            *list = reader.name_list(field.as_str())?;
        }
        let first_kex_packet_follows = reader.boolean("first_kex_packet_follows")?;
        let reserved = reader.u32("reserved")?;
        Ok(Self { cookie, lists, first_kex_packet_follows, reserved, trailing: reader.rest().to_vec() })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::KEXINIT).raw(&self.cookie);
        for list in &self.lists {
            writer.name_list(list);
        }
        writer.boolean(self.first_kex_packet_follows).u32(self.reserved).raw(&self.trailing);
        writer.into_bytes()
    }
}

/// Reads the message number, which has to be this one.
pub(super) fn expect_number(reader: &mut Reader<'_>, expected: u8) -> Result<(), WireError> {
    let offset = reader.offset();
    let found = reader.u8("message_number")?;
    if found == expected {
        Ok(())
    } else {
        Err(WireError::new(offset, "message_number", WireErrorKind::WrongMessage { expected, found }))
    }
}
