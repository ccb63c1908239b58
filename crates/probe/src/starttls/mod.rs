//! What is said before TLS begins on protocols that start in plain text. Each is a small machine without input or
//! output.

mod dialogue;
mod ftp;
mod imap;
mod irc;
mod ldap;
mod mail;
mod mssql;
mod mysql;
mod nntp;
mod pop3;
mod postgres;
mod proxy;
mod rdp;
mod sieve;
mod telnet;
mod xmpp;

pub(crate) use dialogue::{Buffer, Dialogue, MOST, Refusal, Step};
pub(crate) use mssql::Tds;
pub(crate) use proxy::{HttpConnect, Socks5};

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
    XmppClient,
    /// XMPP between servers.
    XmppServer,
    /// NNTP, RFC 4642.
    Nntp,
    /// ManageSieve, RFC 5804 section 2.2.
    Sieve,
    /// PostgreSQL, "SSLRequest" of its protocol.
    Postgres,
    /// MySQL and MariaDB, "SSLRequest" of their protocol.
    Mysql,
    /// Microsoft SQL Server, PRELOGIN of TDS 7: the handshake travels in TDS packets.
    Mssql,
    /// Remote Desktop, MS-RDPBCGR section 2.2.1.1.
    Rdp,
    /// IRC, the STARTTLS extension.
    Irc,
    /// Telnet, the START_TLS option 46.
    Telnet,
}

impl StartTls {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Smtp,
        Self::Lmtp,
        Self::Imap,
        Self::Pop3,
        Self::Ftp,
        Self::Ldap,
        Self::XmppClient,
        Self::XmppServer,
        Self::Nntp,
        Self::Sieve,
        Self::Postgres,
        Self::Mysql,
        Self::Mssql,
        Self::Rdp,
        Self::Irc,
        Self::Telnet,
    ];

    /// What a person calls the protocol.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Lmtp => "LMTP",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Ftp => "FTP",
            Self::Ldap => "LDAP",
            Self::XmppClient => "XMPP",
            Self::XmppServer => "XMPP between servers",
            Self::Nntp => "NNTP",
            Self::Sieve => "ManageSieve",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Mssql => "SQL Server",
            Self::Rdp => "Remote Desktop",
            Self::Irc => "IRC",
            Self::Telnet => "Telnet",
        }
    }

    /// The machine, for this host.
    pub(crate) fn dialogue(self, host: &str) -> Box<dyn Dialogue> {
        match self {
            Self::Smtp => Box::new(mail::Mail::new("EHLO")),
            Self::Lmtp => Box::new(mail::Mail::new("LHLO")),
            Self::Imap => Box::<imap::Imap>::default(),
            Self::Pop3 => Box::<pop3::Pop3>::default(),
            Self::Ftp => Box::<ftp::Ftp>::default(),
            Self::Ldap => Box::<ldap::Ldap>::default(),
            Self::XmppClient => Box::new(xmpp::Xmpp::new("jabber:client", host)),
            Self::XmppServer => Box::new(xmpp::Xmpp::new("jabber:server", host)),
            Self::Nntp => Box::<nntp::Nntp>::default(),
            Self::Sieve => Box::<sieve::Sieve>::default(),
            Self::Postgres => Box::<postgres::Postgres>::default(),
            Self::Mysql => Box::<mysql::Mysql>::default(),
            Self::Mssql => Box::<mssql::Mssql>::default(),
            Self::Rdp => Box::<rdp::Rdp>::default(),
            Self::Irc => Box::<irc::Irc>::default(),
            Self::Telnet => Box::<telnet::Telnet>::default(),
        }
    }
}

#[cfg(test)]
mod tests;
