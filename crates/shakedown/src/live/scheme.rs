use shakedown_model::tls::StartTls;

/// What a scheme stands for: the port, what is spoken before TLS, and the application protocols of its clients.
pub(super) struct Scheme {
    name: &'static str,
    pub(super) port: u16,
    pub(super) start: Option<StartTls>,
    pub(super) protocols: &'static [&'static str],
}

/// RFC 7301 and the registry of protocol identifiers.
const HTTP: &[&str] = &["h2", "http/1.1"];

const fn direct(name: &'static str, port: u16) -> Scheme {
    Scheme { name, port, start: None, protocols: &[] }
}

const fn starts(name: &'static str, port: u16, start: StartTls) -> Scheme {
    Scheme { name, port, start: Some(start), protocols: &[] }
}

/// Ports of IANA's registry "Service Name and Transport Protocol Port Number".
static SCHEMES: [Scheme; 27] = [
    direct("tls", 443),
    Scheme { name: "https", port: 443, start: None, protocols: HTTP },
    Scheme { name: "wss", port: 443, start: None, protocols: &["http/1.1"] },
    starts("smtp", 25, StartTls::Smtp),
    starts("submission", 587, StartTls::Smtp),
    direct("smtps", 465),
    starts("lmtp", 24, StartTls::Lmtp),
    starts("imap", 143, StartTls::Imap),
    direct("imaps", 993),
    starts("pop3", 110, StartTls::Pop3),
    direct("pop3s", 995),
    starts("ftp", 21, StartTls::Ftp),
    direct("ftps", 990),
    starts("ldap", 389, StartTls::Ldap),
    direct("ldaps", 636),
    starts("xmpp", 5222, StartTls::XmppClient),
    starts("xmpp-client", 5222, StartTls::XmppClient),
    starts("xmpp-server", 5269, StartTls::XmppServer),
    starts("nntp", 119, StartTls::Nntp),
    starts("sieve", 4190, StartTls::Sieve),
    starts("postgres", 5432, StartTls::Postgres),
    starts("mysql", 3306, StartTls::Mysql),
    starts("mssql", 1433, StartTls::Mssql),
    starts("rdp", 3389, StartTls::Rdp),
    starts("irc", 6667, StartTls::Irc),
    direct("ircs", 6697),
    starts("telnet", 23, StartTls::Telnet),
];

/// The scheme of that name; without one, TLS from the first byte.
pub(super) fn scheme(name: Option<&str>) -> &'static Scheme {
    let [first, ..] = &SCHEMES;
    SCHEMES.iter().find(|scheme| Some(scheme.name) == name).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_of_tls_is_a_target() {
        for scheme in &SCHEMES {
            let target: crate::Target = format!("{}://host.example", scheme.name).parse().unwrap();
            assert_eq!(target.protocol, crate::Protocol::Tls, "{}", scheme.name);
        }
        assert_eq!(scheme(None).port, 443);
        assert_eq!(scheme(Some("submission")).start, Some(StartTls::Smtp));
    }
}
