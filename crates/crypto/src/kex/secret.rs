use zeroize::Zeroizing;

use crate::blob::{put_mpint, put_string};

/// The shared secret K, in the form in which it goes into the exchange hash. Wiped when dropped; never printed.
pub enum SharedSecret {
    /// An unsigned number, most significant byte first, hashed as mpint (RFC 4253 section 8, RFC 5656, RFC 8731).
    Mpint(Zeroizing<Vec<u8>>),
    /// Bytes, hashed as string (the hybrid methods).
    String(Zeroizing<Vec<u8>>),
}

impl SharedSecret {
    /// The bytes that go into the exchange hash, length included.
    pub fn to_wire(&self) -> Zeroizing<Vec<u8>> {
        // Room for the whole, so that no part of the secret stays behind in a buffer that was outgrown.
        let mut wire = Zeroizing::new(Vec::with_capacity(self.bytes().len() + 5));
        match self {
            Self::Mpint(bytes) => put_mpint(&mut wire, bytes),
            Self::String(bytes) => put_string(&mut wire, bytes),
        }
        wire
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mpint(bytes) | Self::String(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_on_the_wire() {
        let mpint = |bytes: &[u8]| SharedSecret::Mpint(Zeroizing::new(bytes.to_vec())).to_wire().to_vec();
        assert_eq!(mpint(&[0, 0, 0x80, 1]), [0, 0, 0, 3, 0, 0x80, 1]);
        assert_eq!(mpint(&[0, 0x7f]), [0, 0, 0, 1, 0x7f]);
        assert_eq!(mpint(&[0, 0]), [0, 0, 0, 0]);
        let string = SharedSecret::String(Zeroizing::new(vec![0, 0x80]));
        assert_eq!(string.to_wire().as_slice(), [0, 0, 0, 2, 0, 0x80]);
    }
}
