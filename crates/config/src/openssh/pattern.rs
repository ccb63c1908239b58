//! OpenSSH's patterns: `match_pattern`, `match_pattern_list`, `match_hostname` (match.c) and `addr_match_list` (addrmatch.c).

use std::net::IpAddr;

/// How a list of patterns judges a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// A pattern matches, and none with `!`.
    Match,
    /// No pattern matches.
    NoMatch,
    /// A pattern with `!` matches.
    Negated,
}

/// Whether a pattern with `*` and `?` matches the whole text, byte by byte.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == byte => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    p = star_p + 1;
                    t = star_t + 1;
                    star = Some((star_p, star_t + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|&byte| byte == b'*'))
}

/// Judges a text by patterns with commas between them. The first pattern with `!` that matches decides.
pub(crate) fn judge(patterns: &[u8], text: &[u8], lower_patterns: bool) -> Judgement {
    // A longer pattern makes OpenSSH give up on the list.
    const LONGEST: usize = 1022;
    let mut judgement = Judgement::NoMatch;
    for pattern in patterns.split(|&byte| byte == b',') {
        let (negated, pattern) = match pattern.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        if pattern.len() > LONGEST {
            return Judgement::NoMatch;
        }
        let found = if lower_patterns { matches(&pattern.to_ascii_lowercase(), text) } else { matches(pattern, text) };
        match (found, negated) {
            (true, true) => return Judgement::Negated,
            (true, false) => judgement = Judgement::Match,
            (false, _) => {}
        }
    }
    judgement
}

/// Judges a host name, whatever its case.
pub(crate) fn judge_host(patterns: &[u8], host: &str) -> Judgement {
    judge(patterns, host.to_ascii_lowercase().as_bytes(), true)
}

/// A list of addresses that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadAddressList;

/// Judges an address by a list of addresses, networks (`192.0.2.0/24`) and patterns. Without an address the list is only
/// checked.
pub(crate) fn judge_address(list: &[u8], address: Option<IpAddr>) -> Result<Judgement, BadAddressList> {
    let written = address.map(|address| address.to_string());
    let mut judgement = Judgement::NoMatch;
    for entry in list.split(|&byte| byte == b',') {
        let (negated, entry) = match entry.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, entry),
        };
        if entry.is_empty() {
            return Err(BadAddressList);
        }
        let found = match Network::parse(entry) {
            Ok(network) => address.is_some_and(|address| network.contains(address)),
            Err(NotANetwork::Inconsistent) => return Err(BadAddressList),
            Err(NotANetwork::Other) => written.as_ref().is_some_and(|text| matches(entry, text.as_bytes())),
        };
        match (found, negated) {
            (true, true) => return Ok(Judgement::Negated),
            (true, false) => judgement = Judgement::Match,
            (false, _) => {}
        }
    }
    Ok(judgement)
}

struct Network {
    address: IpAddr,
    bits: u32,
}

enum NotANetwork {
    /// The mask is too long, or bits are set behind it.
    Inconsistent,
    /// Not an address at all.
    Other,
}

impl Network {
    fn parse(text: &[u8]) -> Result<Self, NotANetwork> {
        // addr_pton_cidr gives up on longer texts.
        let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= 63).ok_or(NotANetwork::Other)?;
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let bits = match bits {
            Some(bits) => Some(bits.parse::<u32>().ok().filter(|bits| *bits <= 128).ok_or(NotANetwork::Other)?),
            None => None,
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork::Other)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(NotANetwork::Inconsistent);
        }
        let network = Self { address, bits };
        if network.masked(address) != number(address) { Err(NotANetwork::Inconsistent) } else { Ok(network) }
    }

    fn masked(&self, address: IpAddr) -> u128 {
        let width = if address.is_ipv4() { 32 } else { 128 };
        let shift = width - self.bits.min(width);
        number(address).checked_shr(shift).and_then(|value| value.checked_shl(shift)).unwrap_or(0)
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && self.masked(address) == number(self.address)
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_patterns() {
        assert_eq!(judge(b"a*,b?", b"abc", false), Judgement::Match);
        assert_eq!(judge(b"a*,!abc", b"abc", false), Judgement::Negated);
        assert_eq!(judge(b"!abc", b"x", false), Judgement::NoMatch);
        assert_eq!(judge(b"", b"", false), Judgement::Match);
        assert_eq!(judge_host(b"*.Example.ORG", "DB.example.org"), Judgement::Match);
        let long = [b"a,".as_slice(), &[b'b'; 2000]].concat();
        assert_eq!(judge(&long, b"a", false), Judgement::NoMatch);
    }

    #[test]
    fn patterns_take_no_more_than_quadratic_time() {
        assert!(!matches(&b"*a".repeat(2_000), &[b'b'; 20_000]));
    }

    #[test]
    fn lists_of_addresses() {
        let address = Some("192.0.2.7".parse().unwrap());
        assert_eq!(judge_address(b"192.0.2.0/24", address), Ok(Judgement::Match));
        assert_eq!(judge_address(b"192.0.2.0/24,!192.0.2.7", address), Ok(Judgement::Negated));
        assert_eq!(judge_address(b"192.0.2.*", address), Ok(Judgement::Match));
        assert_eq!(judge_address(b"198.51.100.0/24", address), Ok(Judgement::NoMatch));
        assert_eq!(judge_address(b"2001:db8::/32", Some("2001:db8::1".parse().unwrap())), Ok(Judgement::Match));
        assert_eq!(judge_address(b"192.0.2.1/24", address), Err(BadAddressList));
        assert_eq!(judge_address(b"192.0.2.1/33", address), Err(BadAddressList));
        assert_eq!(judge_address(b"0.0.0.0/0", address), Ok(Judgement::Match));
        assert_eq!(judge_address(b"a,,b", address), Err(BadAddressList));
    }
}
