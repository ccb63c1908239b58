//! How single values are written.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clap::ValueEnum;

/// A protocol on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProtocolArgument {
    /// SSH.
    Ssh,
    /// TLS, from the first byte or by STARTTLS.
    Tls,
    /// IKE of both versions, over UDP.
    Ike,
}

impl From<ProtocolArgument> for shakedown::Protocol {
    fn from(argument: ProtocolArgument) -> Self {
        match argument {
            ProtocolArgument::Ssh => Self::Ssh,
            ProtocolArgument::Tls => Self::Tls,
            ProtocolArgument::Ike => Self::Ike,
        }
    }
}

/// A role on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideArgument {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// An address of `--connect`, with or without a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectAddress {
    /// With a port.
    Socket(SocketAddr),
    /// The target's port is used.
    Address(IpAddr),
}

pub(super) fn connect_address(text: &str) -> Result<ConnectAddress, String> {
    if let Ok(socket) = text.parse() {
        return Ok(ConnectAddress::Socket(socket));
    }
    text.trim_start_matches('[').trim_end_matches(']').parse().map(ConnectAddress::Address).map_err(|_| {
        "write an IP address, or an address and a port: `192.0.2.1`, `192.0.2.1:22`, `[2001:db8::1]:22`".into()
    })
}

pub(super) fn selectors(text: &str) -> Result<(String, String), String> {
    let (local, remote) = text.split_once('=').ok_or("write `LOCAL=REMOTE`, such as `10.1.0.0/24=10.2.0.0/24`")?;
    Ok((local.to_owned(), remote.to_owned()))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| "write a number and a unit, such as `10s` or `500ms`".to_owned())?;
    let milliseconds = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        _ => return Err(format!("`{unit}` is not a unit of time: use `ms`, `s` or `m`")),
    };
    match number.checked_mul(milliseconds) {
        Some(0) => Err("the deadline must be longer than zero".into()),
        Some(total) if total <= 3_600_000 => Ok(Duration::from_millis(total)),
        _ => Err("the deadline must be one hour or less".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["", "s", "0s", "10h", "99999999999999999999s", "2h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
