//! What a server says before TLS begins on protocols that start in plain text: as little as brings clients to their
//! hello. Without input or output.

mod binary;
mod lines;
#[cfg(test)]
mod tests;
mod xmpp;

use shakedown_model::tls::StartTls;

/// A protocol of which the server's side is known up to TLS.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// The protocol.
    pub protocol: StartTls,
    /// What the server says.
    pub(crate) dialogue: fn() -> Box<dyn Dialogue>,
}

impl Served {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self { protocol: StartTls::Smtp, dialogue: || Box::new(lines::Lines::new(&lines::SMTP)) },
        Self { protocol: StartTls::Lmtp, dialogue: || Box::new(lines::Lines::new(&lines::LMTP)) },
        Self { protocol: StartTls::Imap, dialogue: || Box::new(lines::Lines::new(&lines::IMAP)) },
        Self { protocol: StartTls::Pop3, dialogue: || Box::new(lines::Lines::new(&lines::POP3)) },
        Self { protocol: StartTls::Ftp, dialogue: || Box::new(lines::Lines::new(&lines::FTP)) },
        Self { protocol: StartTls::Ldap, dialogue: || Box::new(binary::Ldap) },
        Self { protocol: StartTls::XmppClient, dialogue: || Box::<xmpp::Xmpp>::default() },
        Self { protocol: StartTls::Nntp, dialogue: || Box::new(lines::Lines::new(&lines::NNTP)) },
        Self { protocol: StartTls::Sieve, dialogue: || Box::new(lines::Lines::new(&lines::SIEVE)) },
        Self { protocol: StartTls::Postgres, dialogue: || Box::new(binary::Postgres) },
        Self { protocol: StartTls::Mysql, dialogue: || Box::new(binary::Mysql) },
    ];
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// More of the client's bytes are needed.
    Wait,
    /// Send this.
    Send(Vec<u8>),
    /// Send this; what the client sends next is TLS.
    Begin(Vec<u8>),
    /// Send this and close: the client does not ask for TLS.
    End(Vec<u8>),
}

/// One side of what is said before TLS.
pub(crate) trait Dialogue: Send {
    /// What the server says before the client has said anything.
    fn greeting(&self) -> Vec<u8>;
    /// What follows from the bytes received; those that are dealt with are taken out.
    fn step(&mut self, received: &mut Vec<u8>) -> Step;
}

/// The first bytes, taken out.
pub(super) fn take(received: &mut Vec<u8>, count: usize) -> Option<Vec<u8>> {
    let rest = received.split_off_checked(count)?;
    Some(std::mem::replace(received, rest))
}

/// `Vec::split_off` for a place that may lie beyond the end.
trait SplitOff {
    fn split_off_checked(&mut self, at: usize) -> Option<Vec<u8>>;
}

impl SplitOff for Vec<u8> {
    fn split_off_checked(&mut self, at: usize) -> Option<Vec<u8>> {
        (at <= self.len()).then(|| self.split_off(at))
    }
}
