use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The addresses of a redacted report: `100::7368:616b:0:N` of the discard-only block of RFC 6666, which no host has.
const PLACEHOLDER: [u16; 6] = [0x0100, 0, 0, 0, 0x7368, 0x616b];

/// An address that stands for another one: every format shows it as `address-N`.
pub fn placeholder_address(number: u32) -> IpAddr {
    let [a, b, c, d, e, f] = PLACEHOLDER;
    IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, (number >> 16) as u16, (number & 0xffff) as u16))
}

/// The number of a placeholder, or `None` for an address of a host.
pub fn placeholder_number(address: IpAddr) -> Option<u32> {
    let IpAddr::V6(address) = address else { return None };
    let [a, b, c, d, e, f, high, low] = address.segments();
    ([a, b, c, d, e, f] == PLACEHOLDER).then_some(u32::from(high) << 16 | u32::from(low))
}

/// The address as text: `192.0.2.1:22`, `[2001:db8::1]:22`, or `address-1:22` for a placeholder.
pub fn address_text(address: &SocketAddr) -> String {
    match placeholder_number(address.ip()) {
        Some(number) => format!("address-{number}:{}", address.port()),
        None => address.to_string(),
    }
}
