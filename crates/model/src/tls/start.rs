//! The protocols that begin in plain text and go over to TLS.

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

    /// Its name on the command line, that of the URL's scheme.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Ftp => "ftp",
            Self::Ldap => "ldap",
            Self::XmppClient => "xmpp",
            Self::XmppServer => "xmpp-server",
            Self::Nntp => "nntp",
            Self::Sieve => "sieve",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mssql => "mssql",
            Self::Rdp => "rdp",
            Self::Irc => "irc",
            Self::Telnet => "telnet",
        }
    }
}
