use shakedown_model::{Name, Role, StrangeProtocol};

use crate::ssh::recognise::{by_first_line, by_prefix, is_binary};

/// Bytes without a line end after which an answer that is no TLS is judged all the same.
pub(super) const JUDGED: usize = 256;

/// The protocol of a server's first bytes that are neither TLS nor what was expected, and the first line; `None` for no
/// bytes.
pub fn other_protocol(bytes: &[u8]) -> Option<(StrangeProtocol, Name)> {
    if bytes.is_empty() { None } else { judge(bytes, true) }
}

/// The same for the first bytes of a client; `None` while more of them could tell better.
pub fn other_protocol_of_client(bytes: &[u8], ended: bool) -> Option<(StrangeProtocol, Name)> {
    if bytes.is_empty() { None } else { judge_peer(Role::Client, bytes, ended) }
}

/// The protocol of bytes that are no TLS; `None` while more of them could tell better.
pub(super) fn judge(bytes: &[u8], ended: bool) -> Option<(StrangeProtocol, Name)> {
    judge_peer(Role::Server, bytes, ended)
}

fn judge_peer(peer: Role, bytes: &[u8], ended: bool) -> Option<(StrangeProtocol, Name)> {
    let prefix = (1..=bytes.len().min(8)).find_map(|length| by_prefix(bytes.get(..length)?));
    if let Some(protocol) = prefix {
        return Some((protocol, shown(bytes)));
    }
    let line_end = bytes.iter().position(|&byte| byte == b'\n');
    let line = match line_end {
        Some(end) => bytes.get(..end).unwrap_or_default(),
        None if ended || bytes.len() >= JUDGED || (bytes.len() >= 8 && is_binary(bytes)) => bytes,
        None => return None,
    };
    let line = line.trim_ascii_end();
    let protocol = if line.starts_with(b"SSH-") {
        StrangeProtocol::Ssh
    } else {
        by_first_line(peer, line).unwrap_or(StrangeProtocol::Unknown)
    };
    Some((protocol, shown(line)))
}

fn shown(bytes: &[u8]) -> Name {
    Name::from_bytes(bytes.get(..bytes.len().min(JUDGED)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_no_tls() {
        let protocol = |text: &str| judge(text.as_bytes(), false).map(|(protocol, _)| protocol);
        assert_eq!(protocol("HTTP/1.1 400 Bad Request\r\n"), Some(StrangeProtocol::Http));
        assert_eq!(protocol("SSH-2.0-OpenSSH_9.2p1\r\n"), Some(StrangeProtocol::Ssh));
        assert_eq!(protocol("220 mx ESMTP Postfix\r\n"), Some(StrangeProtocol::Smtp));
        assert_eq!(protocol("SSH-2"), None);
        assert_eq!(protocol("what is this\n"), Some(StrangeProtocol::Unknown));
        let client = |text: &str| other_protocol_of_client(text.as_bytes(), false).map(|(protocol, _)| protocol);
        assert_eq!(client("GET / HTTP/1.1\r\n"), Some(StrangeProtocol::Http));
        assert_eq!(client(""), None);
        assert_eq!(judge(b"N", true).map(|(protocol, _)| protocol), Some(StrangeProtocol::Unknown));
    }
}
