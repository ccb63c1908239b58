//! What the operating system knows of a connection, and how it ends one.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::sleep;

/// Ends the connection with a reset, as the other end of the relay was ended. What was sent before is waited for: a reset
/// would throw it away, and it is often an alert that says why.
pub(super) async fn reset(stream: TcpStream) {
    const STEP: Duration = Duration::from_millis(5);
    /// Together one second: who has not taken it by then does not read.
    const STEPS: usize = 200;
    for _ in 0..STEPS {
        if !is_sending(&stream) {
            break;
        }
        sleep(STEP).await;
    }
    // Where the option cannot be set it is closed in order, which is all that can be done.
    let _ = stream.set_zero_linger();
}

/// Whether bytes that were written have not all arrived.
#[cfg(target_os = "linux")]
fn is_sending(stream: &TcpStream) -> bool {
    let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { return false };
    // A socket of IPv6 that carries IPv4 stands in the second list.
    let lists = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    let texts = lists.into_iter().filter_map(|path| std::fs::read_to_string(path).ok());
    texts.into_iter().any(|text| queued(&text, local.port(), peer.port()).is_some_and(|bytes| bytes > 0))
}

#[cfg(not(target_os = "linux"))]
fn is_sending(_stream: &TcpStream) -> bool {
    false
}

/// The bytes of the send queue of the connection with these ports: `sl local rem st tx:rx ...` in hexadecimal (proc(5)).
#[cfg(any(target_os = "linux", test))]
fn queued(text: &str, local: u16, peer: u16) -> Option<u64> {
    text.lines().skip(1).find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let mut port = || u16::from_str_radix(words.next()?.rsplit_once(':')?.1, 16).ok();
        if (port()?, port()?) != (local, peer) {
            return None;
        }
        let (sending, _) = words.nth(1)?.split_once(':')?;
        u64::from_str_radix(sending, 16).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_send_queue_of_a_connection() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                    \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n\
                    \x20  1: 0100007F:1F90 0100007F:C350 01 000001A4:00000000 01:00000014 00000000     0        0 2 4\n\
                    \x20  2: 0100007F:C350 0100007F:1F90 01 00000000:00000007 00:00000000 00000000     0        0 3 4\n";
        assert_eq!(queued(text, 8080, 50_000), Some(420));
        assert_eq!(queued(text, 50_000, 8080), Some(0));
        assert_eq!(queued(text, 1, 2), None);
        assert_eq!(queued("sl\n???", 1, 2), None);
    }
}
