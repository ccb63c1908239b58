//! `listen` and `server_name`.

use std::net::IpAddr;

use super::tree::Node;
use crate::tls::Listen;

/// What a `listen` directive says; `Err` with the number of the argument that nginx refuses.
pub(crate) fn parse(node: &Node) -> Result<(Listen, bool), usize> {
    let address = node.argument().map(|value| value.as_str()).unwrap_or_default();
    let mut listen =
        Listen { address: None, name: None, port: 80, tls: false, default: false, quic: false, proxy_protocol: false };
    endpoint(address, &mut listen).ok_or(0_usize)?;
    let mut http2 = false;
    for (index, argument) in node.arguments.iter().enumerate().skip(1) {
        match argument.as_str() {
            "ssl" => listen.tls = true,
            "default_server" | "default" => listen.default = true,
            "http2" | "spdy" => http2 = true,
            "quic" => listen.quic = true,
            "proxy_protocol" => listen.proxy_protocol = true,
            "bind" | "deferred" | "reuseport" | "udp" | "multipath" => {}
            other if PREFIXES.iter().any(|prefix| other.starts_with(prefix)) => {}
            _ => return Err(index),
        }
    }
    Ok((listen, http2))
}

const PREFIXES: [&str; 8] =
    ["setfib=", "fastopen=", "backlog=", "rcvbuf=", "sndbuf=", "accept_filter=", "ipv6only=", "so_keepalive="];

/// `address:port`, `address`, `port`, `*:port`, `[v6]:port`, `unix:path` (`ngx_parse_url`).
fn endpoint(text: &str, listen: &mut Listen) -> Option<()> {
    if let Some(path) = text.strip_prefix("unix:") {
        listen.name = Some(path.to_owned());
        listen.port = 0;
        return (!path.is_empty()).then_some(());
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            let host: std::net::Ipv6Addr = host.parse().ok()?;
            listen.address = Some(IpAddr::V6(host));
            (String::new(), rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("")).filter(|_| true)?)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host.to_owned(), port),
            None if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() => (String::new(), text),
            None => (text.to_owned(), ""),
        },
    };
    if !port.is_empty() {
        // A range of ports: the first one stands for all.
        let first = port.split_once('-').map_or(port, |(first, _)| first);
        listen.port = first.parse().ok().filter(|port| *port > 0)?;
    }
    if !host.is_empty() && host != "*" {
        match host.parse() {
            Ok(address) => listen.address = Some(address),
            Err(_) => listen.name = Some(host),
        }
    }
    Some(())
}

/// How well a name of `server_name` fits, the best first (`ngx_hash_find_combined`, then the expressions in their order).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    Exact,
    /// `*.example.org`, by how many letters fall to the asterisk: the longest name wins.
    Front(usize),
    /// `www.*`.
    Back(usize),
    /// `~expression`: the first one in the file.
    Expression,
}

/// Whether a name fits; `None` where that cannot be said: an expression of another dialect.
pub(crate) fn fit(pattern: &str, name: &str) -> Option<Option<Fit>> {
    if let Some(expression) = pattern.strip_prefix('~') {
        let regex = regex_automata::meta::Regex::new(&format!("(?i){expression}")).ok()?;
        return Some(regex.is_match(name).then_some(Fit::Expression));
    }
    let pattern = pattern.to_ascii_lowercase();
    let fit = if let Some(rest) = pattern.strip_prefix("*.") {
        let front = name.strip_suffix(rest).and_then(|front| front.strip_suffix('.'));
        front.filter(|front| !front.is_empty()).map(|front| Fit::Front(front.len()))
    } else if let Some(rest) = pattern.strip_prefix('.') {
        if name == rest {
            Some(Fit::Exact)
        } else {
            let front = name.strip_suffix(rest).and_then(|front| front.strip_suffix('.'));
            front.filter(|front| !front.is_empty()).map(|front| Fit::Front(front.len()))
        }
    } else if let Some(rest) = pattern.strip_suffix(".*") {
        let back = name.strip_prefix(rest).and_then(|back| back.strip_prefix('.'));
        back.filter(|back| !back.is_empty()).map(|back| Fit::Back(back.len()))
    } else {
        (pattern == name).then_some(Fit::Exact)
    };
    Some(fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<(Option<String>, Option<String>, u16)> {
        let mut listen = Listen {
            address: None,
            name: None,
            port: 80,
            tls: false,
            default: false,
            quic: false,
            proxy_protocol: false,
        };
        endpoint(text, &mut listen)?;
        Some((listen.address.map(|address| address.to_string()), listen.name, listen.port))
    }

    #[test]
    fn endpoints() {
        assert_eq!(at("443"), Some((None, None, 443)));
        assert_eq!(at("*:443"), Some((None, None, 443)));
        assert_eq!(at("127.0.0.1"), Some((Some("127.0.0.1".into()), None, 80)));
        assert_eq!(at("[::1]:8443"), Some((Some("::1".into()), None, 8443)));
        assert_eq!(at("[::]"), Some((Some("::".into()), None, 80)));
        assert_eq!(at("localhost:1"), Some((None, Some("localhost".into()), 1)));
        assert_eq!(at("unix:/run/x"), Some((None, Some("/run/x".into()), 0)));
        for bad in ["0", "1:x", "[::1", "70000", "unix:"] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(fit("Example.org", "example.org"), Some(Some(Fit::Exact)));
        assert_eq!(fit(".example.org", "example.org"), Some(Some(Fit::Exact)));
        assert_eq!(fit("*.example.org", "a.b.example.org"), Some(Some(Fit::Front(3))));
        assert_eq!(fit("*.example.org", "example.org"), Some(None));
        assert_eq!(fit("www.*", "www.example.org"), Some(Some(Fit::Back(11))));
        assert_eq!(fit("~^www\\d+\\.", "WWW1.x"), Some(Some(Fit::Expression)));
        assert_eq!(fit("~^(?!www)", "x"), None);
    }
}
