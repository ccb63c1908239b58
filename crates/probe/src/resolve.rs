use std::io;
use std::net::{IpAddr, SocketAddr};

use shakedown_model::{Evidence, Fact, ResolveFailure};
use tokio::time::{Instant, timeout_at};

use crate::{Family, Progress, ProgressFunction};

/// What is to be reached, and how its name is resolved.
pub(crate) struct Wanted<'a> {
    /// The name or address.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// Addresses that the person gave: then the name is not asked for.
    pub(crate) given: &'a [SocketAddr],
    pub(crate) family: Family,
    pub(crate) progress: Option<&'a ProgressFunction>,
    pub(crate) deadline: Instant,
}

/// The addresses of a target. What the resolver said, or that none fits, is evidence.
pub(crate) async fn addresses(wanted: Wanted<'_>, evidence: &mut Vec<Evidence>) -> Vec<SocketAddr> {
    let host = || wanted.host.to_owned();
    if !wanted.given.is_empty() {
        let fits = |address: &SocketAddr| family_fits(wanted.family, *address);
        let fitting: Vec<_> = wanted.given.iter().copied().filter(fits).collect();
        if fitting.is_empty() {
            evidence.push(Evidence::new(Fact::NotResolved { host: host(), failure: ResolveFailure::NoAddress }));
        }
        return fitting;
    }
    if let Some(progress) = wanted.progress {
        progress(Progress::Resolving { host: host() });
    }
    match resolve(wanted.host, wanted.port, wanted.family, wanted.deadline).await {
        Ok(addresses) => {
            if wanted.host.parse::<IpAddr>().is_err() {
                evidence.push(Evidence::new(Fact::Resolved { host: host(), addresses: addresses.clone() }));
            }
            addresses
        }
        Err(failure) => {
            evidence.push(Evidence::new(Fact::NotResolved { host: host(), failure }));
            Vec::new()
        }
    }
}

/// The addresses of a name, in the resolver's order and without repetitions.
async fn resolve(host: &str, port: u16, family: Family, deadline: Instant) -> Result<Vec<SocketAddr>, ResolveFailure> {
    // `[::1]` is how addresses are written before a port.
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let found = match bare.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => match timeout_at(deadline, tokio::net::lookup_host((bare, port))).await {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(error)) => return Err(failure(&error)),
            Err(_) => return Err(ResolveFailure::TimedOut),
        },
    };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if family_fits(family, address) && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(ResolveFailure::NoAddress) } else { Ok(addresses) }
}

fn family_fits(family: Family, address: SocketAddr) -> bool {
    match family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    }
}

/// The standard library gives `getaddrinfo`'s code only as the text of `gai_strerror`.
fn failure(error: &io::Error) -> ResolveFailure {
    // A name that cannot be one, such as an empty one or one with a NUL in it.
    if error.kind() == io::ErrorKind::InvalidInput {
        return ResolveFailure::NoSuchName;
    }
    let text = error.to_string();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["Name or service not known", "nodename nor servname", "Name does not resolve"]) {
        ResolveFailure::NoSuchName
    } else if says(&[
        "No address associated",
        "Address family for hostname not supported",
        "Name has no usable address",
    ]) {
        ResolveFailure::NoAddress
    } else {
        ResolveFailure::ResolverFailed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn addresses_need_no_resolver() {
        wait(async {
            let deadline = Instant::now() + std::time::Duration::from_secs(5);
            let found = resolve("[::1]", 22, Family::Any, deadline).await;
            assert_eq!(found, Ok(vec!["[::1]:22".parse().unwrap()]));
            assert_eq!(resolve("127.0.0.1", 22, Family::V6, deadline).await, Err(ResolveFailure::NoAddress));
        });
    }

    #[test]
    fn a_name_that_cannot_exist_is_no_such_name() {
        wait(async {
            let deadline = Instant::now() + std::time::Duration::from_secs(5);
            for host in ["", "a\0b"] {
                assert_eq!(resolve(host, 22, Family::Any, deadline).await, Err(ResolveFailure::NoSuchName), "{host:?}");
            }
        });
    }

    #[test]
    fn words_of_the_resolver() {
        let failure = |text: &str| failure(&io::Error::other(format!("failed to lookup address information: {text}")));
        assert_eq!(failure("Name or service not known"), ResolveFailure::NoSuchName);
        assert_eq!(failure("No address associated with hostname"), ResolveFailure::NoAddress);
        assert_eq!(failure("Temporary failure in name resolution"), ResolveFailure::ResolverFailed);
    }
}
