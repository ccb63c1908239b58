use crate::tls::number::{self, extension};
use crate::tls::{Place, View};
use crate::{Reader, WireError, Writer};

/// An extension as it was sent, RFC 8446 section 4.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    /// The extension type.
    pub number: u16,
    /// What its type defines.
    pub data: Vec<u8>,
}

impl Extension {
    /// An extension with this content.
    pub fn new(number: u16, view: &View) -> Self {
        Self { number, data: view.write() }
    }

    /// The name that IANA has for its type.
    pub fn name(&self) -> Option<&'static str> {
        extension::name(self.number)
    }

    /// Whether it is there only so that peers do not stumble over what they do not know, RFC 8701.
    pub fn is_grease(&self) -> bool {
        number::is_grease(self.number)
    }

    /// The content, as it is to be read in this message.
    ///
    /// # Errors
    /// Where the content is not what the type defines; offsets count from the beginning of the data.
    pub fn view(&self, place: Place) -> Result<View, WireError> {
        View::parse(self.number, place, &self.data)
    }
}

/// The extensions of one message: their order and duplicates are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions(pub Vec<Extension>);

impl Extensions {
    /// The first extension of a type.
    pub fn find(&self, number: u16) -> Option<&Extension> {
        self.0.iter().find(|extension| extension.number == number)
    }

    /// The content of the first extension of a type; `None` where there is none.
    ///
    /// # Errors
    /// As [`Extension::view`], with offsets from the beginning of the message whose extensions begin (after their
    /// length) at `offset`.
    pub fn view(&self, number: u16, place: Place, offset: usize) -> Option<Result<View, WireError>> {
        let mut begin = offset;
        for extension in &self.0 {
            begin = begin.saturating_add(4);
            if extension.number == number {
                return Some(extension.view(place).map_err(|error| error.shifted(begin)));
            }
            begin = begin.saturating_add(extension.data.len());
        }
        None
    }

    /// Reads a list with its length before it.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let list = reader.vector16("extensions")?;
        list.elements("extensions", |reader| {
            let number = reader.u16("extension_type")?;
            let field = extension::name(number).unwrap_or("extension_data");
            Ok(Extension { number, data: reader.opaque16(field)?.to_vec() })
        })
        .map(Self)
    }

    /// Reads a list that may be left out altogether at the end of a message.
    pub(crate) fn read_optional(reader: &mut Reader<'_>) -> Result<Option<Self>, WireError> {
        if reader.is_empty() { Ok(None) } else { Self::read(reader).map(Some) }
    }

    /// Writes the list with its length before it.
    pub(crate) fn write(&self, writer: &mut Writer) {
        let mut list = Writer::new();
        for extension in &self.0 {
            list.u16(extension.number).opaque16(&extension.data);
        }
        writer.opaque16(list.as_bytes());
    }
}
