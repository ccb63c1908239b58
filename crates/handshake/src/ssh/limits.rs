use shakedown_wire::ssh::{IdentificationLimits, PacketLimits};

/// How much of a peer is read before it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Lines and bytes up to the identification string.
    pub identification: IdentificationLimits,
    /// Packet lengths.
    pub packet: PacketLimits,
    /// Packets before KEXINIT, and again packets after it.
    pub packets: usize,
    /// Bytes of the whole connection.
    pub total_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            identification: IdentificationLimits::default(),
            packet: PacketLimits::default(),
            packets: 64,
            total_bytes: 1024 * 1024,
        }
    }
}
