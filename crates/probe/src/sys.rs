//! Calls of the operating system: sockets with their options, and what its errors mean.

use std::io;
use std::net::{IpAddr, SocketAddr};

use shakedown_model::ConnectFailure;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

/// Connects; the kernel stops trying when the future is dropped.
pub(crate) async fn connect(address: SocketAddr, source: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // A probe waits for each answer: nothing is gained by holding small packets back.
    socket.set_tcp_nodelay(true)?;
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    TcpSocket::from_std_stream(socket.into()).connect(address).await
}

/// A socket for datagrams to and from this address alone; what ICMP says of it are errors of the socket.
pub(crate) fn datagrams(address: SocketAddr, source: Option<IpAddr>) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    socket.connect(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// Has the connection end in a reset when it is dropped: nothing of a peer that never ends is awaited, and no port stays
/// in TIME_WAIT.
pub(crate) fn end_in_reset(stream: &TcpStream) {
    // The stream is ended in any case; where the option cannot be set it is ended in order.
    let _ = stream.set_zero_linger();
}

/// What the error of a connection attempt means. `EHOSTUNREACH` is also what Linux makes of ICMP "administratively
/// prohibited"; TCP sockets give no way to tell them apart.
///
/// `bound`: a source address was asked for; without one, the machine has run out of ports or addresses.
pub(crate) fn connect_failure(error: &io::Error, bound: bool) -> ConnectFailure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => ConnectFailure::Refused,
        io::ErrorKind::TimedOut => ConnectFailure::TimedOut,
        io::ErrorKind::HostUnreachable => ConnectFailure::HostUnreachable,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => ConnectFailure::NetworkUnreachable,
        io::ErrorKind::PermissionDenied => ConnectFailure::Prohibited,
        io::ErrorKind::AddrNotAvailable if bound => ConnectFailure::SourceNotAvailable,
        _ => ConnectFailure::Other,
    }
}

/// Whether the error of a read or write means that the peer reset the connection. A broken pipe does not: the peer had
/// closed its end in order, and only what was sent after that was answered by a reset.
pub(crate) fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_meaning() {
        // The numbers of Linux.
        let failure = |number| connect_failure(&io::Error::from_raw_os_error(number), true);
        assert_eq!(failure(111), ConnectFailure::Refused);
        assert_eq!(failure(110), ConnectFailure::TimedOut);
        assert_eq!(failure(113), ConnectFailure::HostUnreachable);
        assert_eq!(failure(101), ConnectFailure::NetworkUnreachable);
        assert_eq!(failure(1), ConnectFailure::Prohibited);
        assert_eq!(failure(13), ConnectFailure::Prohibited);
        assert_eq!(failure(99), ConnectFailure::SourceNotAvailable);
        assert_eq!(connect_failure(&io::Error::from_raw_os_error(99), false), ConnectFailure::Other);
        assert!(is_reset(&io::Error::from_raw_os_error(104)) && !is_reset(&io::Error::from_raw_os_error(32)));
    }
}
