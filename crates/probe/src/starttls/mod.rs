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

use shakedown_model::tls::StartTls;

pub(crate) use dialogue::{Buffer, Dialogue, MOST, Refusal, Step};
pub(crate) use mssql::Tds;
pub(crate) use proxy::{HttpConnect, Socks5};

/// The machine that goes over to TLS, for this host.
pub(crate) fn dialogue(start: StartTls, host: &str) -> Box<dyn Dialogue> {
    match start {
        StartTls::Smtp => Box::new(mail::Mail::new("EHLO")),
        StartTls::Lmtp => Box::new(mail::Mail::new("LHLO")),
        StartTls::Imap => Box::<imap::Imap>::default(),
        StartTls::Pop3 => Box::<pop3::Pop3>::default(),
        StartTls::Ftp => Box::<ftp::Ftp>::default(),
        StartTls::Ldap => Box::<ldap::Ldap>::default(),
        StartTls::XmppClient => Box::new(xmpp::Xmpp::new("jabber:client", host)),
        StartTls::XmppServer => Box::new(xmpp::Xmpp::new("jabber:server", host)),
        StartTls::Nntp => Box::<nntp::Nntp>::default(),
        StartTls::Sieve => Box::<sieve::Sieve>::default(),
        StartTls::Postgres => Box::<postgres::Postgres>::default(),
        StartTls::Mysql => Box::<mysql::Mysql>::default(),
        StartTls::Mssql => Box::<mssql::Mssql>::default(),
        StartTls::Rdp => Box::<rdp::Rdp>::default(),
        StartTls::Irc => Box::<irc::Irc>::default(),
        StartTls::Telnet => Box::<telnet::Telnet>::default(),
    }
}

#[cfg(test)]
mod tests;
