use std::net::IpAddr;

use super::dialogue::{Buffer, Dialogue, Refusal, Step};

/// A proxy that speaks HTTP: CONNECT (RFC 9110 section 9.3.6).
pub(crate) struct HttpConnect {
    authority: String,
    state: HttpState,
}

enum HttpState {
    Begin,
    Status,
    Headers,
}

impl HttpConnect {
    pub(crate) fn new(host: &str, port: u16) -> Self {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Self { authority: format!("{host}:{port}"), state: HttpState::Begin }
    }
}

impl Dialogue for HttpConnect {
    fn step(&mut self, received: &mut Buffer) -> Step {
        if let HttpState::Begin = self.state {
            self.state = HttpState::Status;
            let request = format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", self.authority);
            return Step::Send(request.into_bytes());
        }
        while let Some(line) = received.line() {
            match self.state {
                HttpState::Headers if line.is_empty() => return Step::Begin,
                HttpState::Headers => {}
                _ if !line.starts_with(b"HTTP/1.") => return Refusal::other(&line),
                _ => match line.split(|byte| *byte == b' ').nth(1) {
                    Some([b'2', _, _]) => self.state = HttpState::Headers,
                    _ => return Refusal::refused(&line),
                },
            }
        }
        Step::Wait
    }
}

/// A SOCKS proxy of version 5 without authentication (RFC 1928). The proxy resolves the name.
pub(crate) struct Socks5 {
    host: String,
    port: u16,
    state: SocksState,
}

enum SocksState {
    Begin,
    Method,
    Reply,
}

impl Socks5 {
    pub(crate) fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port, state: SocksState::Begin }
    }

    fn request(&self) -> Vec<u8> {
        let mut request = vec![5, 1, 0];
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => {
                request.push(1);
                request.extend(address.octets());
            }
            Ok(IpAddr::V6(address)) => {
                request.push(4);
                request.extend(address.octets());
            }
            Err(_) => {
                let name: Vec<u8> = self.host.bytes().take(255).collect();
                request.push(3);
                request.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
                request.extend(name);
            }
        }
        request.extend(self.port.to_be_bytes());
        request
    }
}

impl Dialogue for Socks5 {
    fn step(&mut self, received: &mut Buffer) -> Step {
        match self.state {
            SocksState::Begin => {
                self.state = SocksState::Method;
                Step::Send(vec![5, 1, 0])
            }
            SocksState::Method => match received.take(2).as_deref() {
                None => Step::Wait,
                Some([5, 0]) => {
                    self.state = SocksState::Reply;
                    Step::Send(self.request())
                }
                Some([5, _]) => Refusal::refused(b"the SOCKS proxy wants authentication"),
                Some(other) => Refusal::other(other),
            },
            SocksState::Reply => {
                let address = match received.bytes() {
                    [_, 0, _, 1, ..] => 4,
                    [_, 0, _, 4, ..] => 16,
                    [_, 0, _, 3, length, ..] => usize::from(*length) + 1,
                    [_, 0, ..] | [_] | [] => return Step::Wait,
                    [_, code, ..] => return Refusal::refused(reply(*code).as_bytes()),
                };
                // Version, reply, reserved, type, address, port.
                match received.take(4 + address + 2) {
                    Some(_) => Step::Begin,
                    None => Step::Wait,
                }
            }
        }
    }
}

/// The meaning of a reply, RFC 1928 section 6.
fn reply(code: u8) -> String {
    let words = match code {
        1 => "general failure",
        2 => "connection not allowed by the rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => return format!("SOCKS reply {code}"),
    };
    format!("SOCKS reply {code}: {words}")
}
