//! The proxy on the way to a TLS target: `--proxy`, or what the environment names for `https`, as curl reads it.

use std::net::IpAddr;

use shakedown_probe::tls::Proxy;

use crate::{Error, Session, Target};

impl Session {
    /// The proxy for a target. The environment counts for web servers whose address nobody named, and not on loopback.
    pub(super) fn proxy_of(&self, target: &Target) -> Result<Option<Proxy>, Error> {
        if let Some(text) = &self.options.proxy {
            return proxy(text).map(Some);
        }
        if target.scheme.as_deref() != Some("https") || !self.options.connect.is_empty() {
            return Ok(None);
        }
        from_environment(&target.host, |name| std::env::var(name).ok())
    }
}

fn from_environment(host: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, Error> {
    let either = |upper: &str| {
        let lower = upper.to_ascii_lowercase();
        variable(&lower).or_else(|| variable(upper)).filter(|text| !text.is_empty())
    };
    let Some(text) = either("HTTPS_PROXY").or_else(|| either("ALL_PROXY")) else { return Ok(None) };
    if is_local(host) || either("NO_PROXY").is_some_and(|list| leaves_out(&list, host)) {
        return Ok(None);
    }
    // Without a scheme it is a proxy of HTTP.
    let text = if text.contains("://") { text } else { format!("http://{text}") };
    proxy(&text).map(Some).map_err(|_| Error::OptionValue {
        option: "HTTPS_PROXY",
        value: without_secret(&text),
        expected:
            "`http://HOST:PORT` or `socks5://HOST:PORT` is understood; unset it, or name another one by `--proxy`"
                .to_owned(),
    })
}

/// The name and password of a URL are nobody's business.
fn without_secret(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    shakedown_model::Name::new(&format!("{scheme}://{host}")).to_string()
}

fn is_local(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Whether `NO_PROXY` has a name or one above it; `*` is all.
fn leaves_out(list: &str, host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.trim_start_matches('.').to_ascii_lowercase();
        entry == "*" || host == entry || host.strip_suffix(&entry).is_some_and(|before| before.ends_with('.'))
    })
}

/// `http://HOST:PORT`, `socks5://HOST:PORT`.
pub(crate) fn proxy(text: &str) -> Result<Proxy, Error> {
    let wrong = || Error::OptionValue {
        option: "--proxy",
        value: shakedown_model::Name::new(text).to_string(),
        expected: "write `http://HOST:PORT` or `socks5://HOST:PORT`".to_owned(),
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let (host, port) = rest.trim_end_matches('/').rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() || host.contains('@') {
        return Err(wrong());
    }
    match scheme {
        "http" => Ok(Proxy::Http { host, port }),
        "socks5" | "socks5h" => Ok(Proxy::Socks5 { host, port }),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_as_people_write_them() {
        let http = Proxy::Http { host: "proxy.example".to_owned(), port: 3128 };
        assert_eq!(proxy("http://proxy.example:3128/").unwrap(), http);
        assert!(matches!(proxy("socks5://[::1]:1080"), Ok(Proxy::Socks5 { host, port: 1080 }) if host == "::1"));
        for wrong in ["proxy:3128", "http://proxy", "ftp://proxy:1", "http://user:secret@proxy:1", "http://:1"] {
            assert!(proxy(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_environment_names_a_proxy_as_for_curl() {
        let found = |host: &str, set: &[(&str, &str)]| {
            let variable =
                |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
            from_environment(host, variable)
        };
        let http = Proxy::Http { host: "proxy.example".to_owned(), port: 3128 };
        for set in [
            &[("HTTPS_PROXY", "http://proxy.example:3128")][..],
            &[("https_proxy", "proxy.example:3128"), ("HTTPS_PROXY", "http://other.example:1")],
            &[("ALL_PROXY", "http://proxy.example:3128/"), ("NO_PROXY", "example.net,.other.example")],
        ] {
            assert_eq!(found("host.example", set).unwrap(), Some(http.clone()), "{set:?}");
        }
        let set = ("HTTPS_PROXY", "http://proxy.example:3128");
        for (host, list) in
            [("a.b.example", "b.example"), ("b.example", ".b.example"), ("x", "*"), ("10.0.0.1", "10.0.0.1")]
        {
            assert_eq!(found(host, &[set, ("NO_PROXY", list)]).unwrap(), None, "{host}");
        }
        assert_eq!(found("ab.example", &[set, ("no_proxy", "b.example")]).unwrap(), Some(http));
        for host in ["localhost", "127.0.0.1", "[::1]", "::1"] {
            assert_eq!(found(host, &[set]).unwrap(), None, "{host}");
        }
        let error = found("host.example", &[("HTTPS_PROXY", "http://user:secret@proxy:1")]).unwrap_err().to_string();
        assert!(error.contains("http://proxy:1") && !error.contains("secret"), "{error}");
    }
}
