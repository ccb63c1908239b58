use crate::{Reader, WireError, Writer};

/// A public host key or certificate, RFC 4253 section 6.6: its type and what that type defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKeyBlob {
    /// The key type, such as `ssh-ed25519`.
    pub key_type: Vec<u8>,
    /// The rest, in the format of that type.
    pub data: Vec<u8>,
}

impl HostKeyBlob {
    /// From the string in a key exchange reply.
    ///
    /// # Errors
    /// `Truncated` when the type is not whole.
    pub fn parse(blob: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(blob);
        let key_type = reader.string("key_type").map_err(|error| error.within("host_key"))?.to_vec();
        Ok(Self { key_type, data: reader.rest().to_vec() })
    }

    /// The bytes of the string.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.string(&self.key_type).raw(&self.data);
        writer.into_bytes()
    }
}

/// A signature, RFC 4253 section 6.6: the algorithm that made it and what that algorithm defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureBlob {
    /// The signature algorithm, such as `rsa-sha2-256`.
    pub algorithm: Vec<u8>,
    /// The signature itself, in the format of that algorithm.
    pub signature: Vec<u8>,
    /// What follows; the security key algorithms put flags and a counter here.
    pub rest: Vec<u8>,
}

impl SignatureBlob {
    /// From the string in a key exchange reply.
    ///
    /// # Errors
    /// `Truncated` when the algorithm or the signature is not whole.
    pub fn parse(blob: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(blob);
        Self::read(&mut reader).map_err(|error| error.within("signature"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let algorithm = reader.string("algorithm")?.to_vec();
        let signature = reader.string("signature")?.to_vec();
        Ok(Self { algorithm, signature, rest: reader.rest().to_vec() })
    }

    /// The bytes of the string.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.string(&self.algorithm).string(&self.signature).raw(&self.rest);
        writer.into_bytes()
    }
}
