/// What stands before an IKE message on port 4500 and tells it from ESP, RFC 3948 section 2.2.
pub const NON_ESP_MARKER: [u8; 4] = [0; 4];

/// What a datagram on port 4500 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datagram<'a> {
    /// An IKE message, without its marker.
    Ike(&'a [u8]),
    /// One byte 0xff that keeps a NAT's table alive.
    KeepAlive,
    /// An ESP packet: its SPI is not zero.
    Esp(&'a [u8]),
    /// Fewer bytes than any of them.
    Short(&'a [u8]),
}

impl<'a> Datagram<'a> {
    /// Tells by the first bytes.
    pub fn recognise(datagram: &'a [u8]) -> Self {
        match datagram.split_first_chunk::<4>() {
            Some((&NON_ESP_MARKER, message)) => Self::Ike(message),
            Some(_) => Self::Esp(datagram),
            None if datagram == [0xff] => Self::KeepAlive,
            None => Self::Short(datagram),
        }
    }

    /// A message with the marker before it.
    pub fn mark(message: &[u8]) -> Vec<u8> {
        [&NON_ESP_MARKER, message].concat()
    }
}
