use shakedown_model::Role;

use crate::Envelope;
use crate::data::Entry;
use crate::hit::Hit;

/// Programs that are the server of a connection when they log it.
const SERVERS: &[&str] = &[
    "sshd",
    "sshd-session",
    "sshd-auth",
    "internal-sftp",
    "sftp-server",
    "dropbear",
    "nginx",
    "apache2",
    "httpd",
    "haproxy",
    "dovecot",
    "imap-login",
    "pop3-login",
    "postfix/smtpd",
    "postfix/submission/smtpd",
    "postfix/smtps/smtpd",
    "proftpd",
    "vsftpd",
    "mysqld",
    "mariadbd",
    "slapd",
];
/// Programs that are the client of a connection when they print.
const CLIENTS: &[&str] =
    &["ssh", "sftp", "scp", "curl", "wget", "postfix/smtp", "plink", "psftp", "pscp", "dbclient", "autossh"];

/// Who printed it: by the message, the program of the line, or the port in it.
pub(crate) fn role(entry: &Entry, text: &[u8], hit: &Hit<'_>, line: &[u8], envelope: &Envelope) -> Option<Role> {
    match entry.printed_by.as_str() {
        "client" => return Some(Role::Client),
        "server" => return Some(Role::Server),
        _ => {}
    }
    let program = program(line, envelope);
    if SERVERS.contains(&program.as_ref()) || memchr::memmem::find(line, b"[preauth]").is_some() {
        return Some(Role::Server);
    }
    if CLIENTS.contains(&program.as_ref()) {
        return Some(Role::Client);
    }
    // A port that no server listens on is a client's own: then it was the server that printed.
    let port = hit.captures.iter().find(|(name, _)| *name == "port").and_then(|(_, span)| text.get(span.clone()));
    let port: u16 = std::str::from_utf8(port?).ok()?.parse().ok()?;
    match port {
        22 | 443 | 2222 | 830 => Some(Role::Client),
        // 65535 is what ssh prints where a proxy command carries the connection.
        u16::MAX if entry.protocol == "ssh" => Some(Role::Client),
        32768.. if entry.protocol == "ssh" => Some(Role::Server),
        _ => None,
    }
}

fn program<'a>(line: &'a [u8], envelope: &Envelope) -> std::borrow::Cow<'a, str> {
    let program = envelope.program.as_ref().and_then(|range| line.get(range.clone()));
    String::from_utf8_lossy(program.unwrap_or_default())
}
