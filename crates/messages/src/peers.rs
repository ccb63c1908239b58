//! Who is at the other end: names that a person knows, and peers that were seen to succeed.

use std::net::{IpAddr, Ipv4Addr};

/// A peer that a person knows: a name, an address, or a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownPeer {
    /// A name as logs write it; case does not count.
    Name(String),
    /// Addresses whose first bits are these.
    Network(IpAddr, u8),
}

impl std::str::FromStr for KnownPeer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("write a name, an address or a network: `db01`, `192.0.2.7`, `192.0.2.0/24`".to_owned());
        }
        if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(Self::Network(address, bits(address)));
        }
        if let Some((address, length)) = text.split_once('/') {
            let wrong = || format!("`{text}` is not a network: write it as `192.0.2.0/24` or `2001:db8::/32`");
            let address: IpAddr = address.parse().map_err(|_| wrong())?;
            let length = length.parse().ok().filter(|length| *length <= bits(address)).ok_or_else(wrong)?;
            return Ok(Self::Network(address, length));
        }
        Ok(Self::Name(text.to_lowercase()))
    }
}

impl KnownPeer {
    /// Whether a peer, as a log writes it, is this one.
    pub fn fits(&self, peer: &str) -> bool {
        match self {
            Self::Name(name) => {
                let peer = normal(peer);
                peer == *name || peer.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
            }
            Self::Network(network, length) => {
                normal(peer).parse().is_ok_and(|peer| masked(peer, *length) == masked(*network, *length))
            }
        }
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(address: IpAddr, length: u8) -> (bool, u128) {
    let (value, bits) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    (bits == 32, value.checked_shr(bits - u32::from(length)).unwrap_or(0))
}

/// A peer's name without what logs put around it: `unknown[192.0.2.7]`, `[2001:db8::1]:22`, `::ffff:192.0.2.7`.
pub(crate) fn normal(peer: &str) -> String {
    let peer = peer.trim();
    // There is one way to write such an address, and most peers are written so.
    if peer.parse::<Ipv4Addr>().is_ok() {
        return peer.to_owned();
    }
    let inner = peer.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(inner, _)| inner);
    let name = inner.filter(|inner| inner.parse::<IpAddr>().is_ok()).unwrap_or(peer);
    let name = match name.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => name,
    };
    match name.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().to_string(),
        Err(_) => name.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_one_name() {
        for (peer, name) in [
            ("192.0.2.7", "192.0.2.7"),
            (" 192.0.2.7 ", "192.0.2.7"),
            ("192.0.2.007", "192.0.2.007"),
            ("192.0.2.7:22", "192.0.2.7"),
            ("unknown[192.0.2.7]", "192.0.2.7"),
            ("::FFFF:192.0.2.7", "192.0.2.7"),
            ("[2001:DB8::0:1]", "2001:db8::1"),
            ("Host.Example.com", "host.example.com"),
        ] {
            assert_eq!(normal(peer), name, "{peer}");
        }
    }

    #[test]
    fn names_addresses_and_networks() {
        let known = |text: &str| text.parse::<KnownPeer>().unwrap();
        for (text, peer) in [
            ("db01", "DB01"),
            ("db01", "db01.example.com"),
            ("192.0.2.7", "unknown[192.0.2.7]"),
            ("192.0.2.7", "192.0.2.7:4711"),
            ("192.0.2.0/24", "192.0.2.200"),
            ("192.0.2.0/24", "::ffff:192.0.2.9"),
            ("2001:db8::/32", "[2001:db8:1::2]:22"),
            ("0.0.0.0/0", "198.51.100.1"),
        ] {
            assert!(known(text).fits(peer), "{text} {peer}");
        }
        for (text, peer) in
            [("db01", "db010"), ("192.0.2.0/24", "192.0.3.1"), ("192.0.2.0/24", "db01"), ("::/0", "192.0.2.1")]
        {
            assert!(!known(text).fits(peer), "{text} {peer}");
        }
        for wrong in ["", "192.0.2.0/33", "x/24"] {
            assert!(wrong.parse::<KnownPeer>().is_err(), "{wrong}");
        }
    }
}
