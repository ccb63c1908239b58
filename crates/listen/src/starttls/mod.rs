//! What a server says before TLS begins on protocols that start in plain text: as little as brings clients to their
//! hello. Without input or output.

mod binary;
mod lines;
#[cfg(test)]
mod tests;
mod xmpp;

/// A protocol that begins TLS within a connection of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartTls {
    /// SMTP, RFC 3207; also submission.
    Smtp,
    /// LMTP, RFC 3207 over RFC 2033.
    Lmtp,
    /// IMAP, RFC 9051 section 6.2.1.
    Imap,
    /// POP3, RFC 2595 section 4.
    Pop3,
    /// FTP, RFC 4217.
    Ftp,
    /// LDAP, RFC 4511 section 4.14.
    Ldap,
    /// XMPP of clients, RFC 6120 section 5.
    Xmpp,
    /// NNTP, RFC 4642.
    Nntp,
    /// ManageSieve, RFC 5804 section 2.2.
    Sieve,
    /// PostgreSQL, "SSLRequest" of its protocol.
    Postgres,
    /// MySQL and MariaDB, "SSLRequest" of their protocol.
    Mysql,
}

impl StartTls {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Smtp,
        Self::Lmtp,
        Self::Imap,
        Self::Pop3,
        Self::Ftp,
        Self::Ldap,
        Self::Xmpp,
        Self::Nntp,
        Self::Sieve,
        Self::Postgres,
        Self::Mysql,
    ];

    /// The name on the command line, that of the URL's scheme.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Ftp => "ftp",
            Self::Ldap => "ldap",
            Self::Xmpp => "xmpp",
            Self::Nntp => "nntp",
            Self::Sieve => "sieve",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    /// The server's side of it.
    pub(crate) fn dialogue(self) -> Box<dyn Dialogue> {
        match self {
            Self::Smtp => Box::new(lines::Lines::new(&lines::SMTP)),
            Self::Lmtp => Box::new(lines::Lines::new(&lines::LMTP)),
            Self::Imap => Box::new(lines::Lines::new(&lines::IMAP)),
            Self::Pop3 => Box::new(lines::Lines::new(&lines::POP3)),
            Self::Ftp => Box::new(lines::Lines::new(&lines::FTP)),
            Self::Nntp => Box::new(lines::Lines::new(&lines::NNTP)),
            Self::Sieve => Box::new(lines::Lines::new(&lines::SIEVE)),
            Self::Ldap => Box::new(binary::Ldap),
            Self::Postgres => Box::new(binary::Postgres),
            Self::Mysql => Box::new(binary::Mysql),
            Self::Xmpp => Box::<xmpp::Xmpp>::default(),
        }
    }
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
