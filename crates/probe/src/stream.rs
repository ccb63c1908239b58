use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::command::CommandStream;
use crate::sys;

/// The bytes of one connection, however they travel.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Command(Box<CommandStream>),
}

impl Stream {
    /// Zero for the end of the stream.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer).await,
            Self::Command(command) => command.read(buffer).await,
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes).await,
            Self::Command(command) => command.write(bytes).await,
        }
    }

    /// Gives up a connection that did not come to its end.
    pub(crate) fn abandon(&self) {
        if let Self::Tcp(stream) = self {
            sys::end_in_reset(stream);
        }
    }
}
