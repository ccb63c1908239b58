use crate::{Reader, WireError, Writer};

/// An alert, RFC 8446 section 6. Numbers that are not assigned are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alert {
    /// 1 is a warning, 2 is fatal.
    pub level: u8,
    /// What it is about.
    pub description: u8,
}

impl Alert {
    /// From the fragment of a record.
    ///
    /// # Errors
    /// `Truncated` when a byte is missing, `Trailing` when more follows: an encrypted alert is longer.
    pub fn parse(fragment: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(fragment);
        Self::read(&mut reader).map_err(|error| error.within("Alert"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let level = reader.u8("level")?;
        let description = reader.u8("description")?;
        reader.finish("end")?;
        Ok(Self { level, description })
    }

    /// The fragment.
    pub fn write(self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(self.level).u8(self.description);
        writer.into_bytes()
    }
}

/// change_cipher_spec, RFC 5246 section 7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeCipherSpec {
    /// 1; another number is kept.
    pub value: u8,
}

impl Default for ChangeCipherSpec {
    fn default() -> Self {
        Self { value: 1 }
    }
}

impl ChangeCipherSpec {
    /// From the fragment of a record.
    ///
    /// # Errors
    /// `Truncated` when the byte is missing, `Trailing` when more follows.
    pub fn parse(fragment: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(fragment);
        Self::read(&mut reader).map_err(|error| error.within("ChangeCipherSpec"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let value = reader.u8("type")?;
        reader.finish("end")?;
        Ok(Self { value })
    }

    /// The fragment.
    pub fn write(self) -> Vec<u8> {
        vec![self.value]
    }
}
