use crate::{Ending, Name};

/// A whole handshake of TLS that another implementation made than the one that asks everything else: a second opinion.
/// It tells what single messages cannot: whether the handshake comes to its end, and what the server makes of the
/// client's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The implementation: `rustls`.
    pub by: String,
    /// The version agreed on.
    pub version: Option<Name>,
    /// The suite agreed on.
    pub cipher_suite: Option<Name>,
    /// The group agreed on.
    pub group: Option<Name>,
    /// The application protocol agreed on.
    pub protocol: Option<Name>,
    /// Whether the server asked for a certificate of the client.
    pub asked: bool,
    /// The authorities that the server named as it asked.
    pub authorities: Vec<Name>,
    /// The certificate that the client showed.
    pub shown: Option<ShownCertificate>,
    /// How it ended.
    pub end: CompletionEnd,
}

/// A certificate that a client showed, as people write its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCertificate {
    /// Whose it is: `CN = alice`.
    pub subject: Name,
    /// Who signed the last one that was shown.
    pub issuer: Name,
    /// Whether one of all that were shown was signed by an authority that the server named; `None` where it named none.
    pub is_of_named: Option<bool>,
}

/// How a whole handshake ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompletionEnd {
    /// It is complete. Where the server asked for a certificate, it went on after the client's answer.
    Complete,
    /// It is complete on this end. The server's word on the client's certificate, which comes later in TLS 1.3, did not
    /// come.
    Quiet {
        /// The time waited, in milliseconds.
        milliseconds: u64,
    },
    /// By an alert of the server.
    Alert {
        /// The number of IANA's registry "TLS Alerts".
        number: u8,
        /// The name that the registry has for it.
        name: String,
    },
    /// It is complete, and the web server refuses the first request.
    Answered {
        /// The status of HTTP.
        status: u16,
        /// The title of the page, or the reason beside the status.
        title: Name,
    },
    /// By the end of the connection.
    Ended {
        /// How.
        ending: Ending,
    },
    /// The second implementation itself could not go on.
    Stopped {
        /// Why, in its own words.
        what: String,
    },
}

/// What a server makes of the client's certificate, or of having been shown none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientVerdict {
    /// It lets the client in.
    Accepted,
    /// It does not.
    Refused,
    /// It cannot be told.
    Unknown,
}

/// Alerts about a certificate (RFC 8446 section 6.2, RFC 5246 section 7.2.2): bad_certificate,
/// unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown, unknown_ca, access_denied,
/// certificate_required, and no_certificate of SSL 3.0.
const ABOUT_CERTIFICATES: [u8; 9] = [41, 42, 43, 44, 45, 46, 48, 49, 116];
/// What servers of TLS 1.2 answer where a certificate is missing: handshake_failure most, decode_error GnuTLS 3.7.
const TO_NONE: [u8; 2] = [40, 50];
/// The titles of nginx's pages, src/http/ngx_http_special_response.c.
const NGINX_REFUSED: &str = "The SSL certificate error";
const NGINX_MISSING: &str = "No required SSL certificate was sent";

impl CompletionEnd {
    /// What the server makes of the client's certificate, which it asked for. `is_shown`: whether it was shown one.
    pub fn client_verdict(&self, is_shown: bool) -> ClientVerdict {
        match self {
            Self::Complete => ClientVerdict::Accepted,
            Self::Alert { number, .. }
                if ABOUT_CERTIFICATES.contains(number) || !is_shown && TO_NONE.contains(number) =>
            {
                ClientVerdict::Refused
            }
            Self::Answered { title, .. }
                if title.as_str().contains(NGINX_REFUSED) || title.as_str().contains(NGINX_MISSING) =>
            {
                ClientVerdict::Refused
            }
            _ => ClientVerdict::Unknown,
        }
    }
}

impl Completion {
    /// What the server makes of the client's certificate; `None` where it did not ask for one.
    pub fn client_verdict(&self) -> Option<ClientVerdict> {
        self.asked.then(|| self.end.client_verdict(self.shown.is_some()))
    }

    /// The number of the alert that ended it.
    pub fn alert(&self) -> Option<u8> {
        match self.end {
            CompletionEnd::Alert { number, .. } => Some(number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(end: CompletionEnd, asked: bool) -> Completion {
        Completion {
            by: "rustls".to_owned(),
            version: None,
            cipher_suite: None,
            group: None,
            protocol: None,
            asked,
            authorities: Vec::new(),
            shown: None,
            end,
        }
    }

    #[test]
    fn only_what_is_about_the_certificate_refuses_it() {
        let alert = |number| CompletionEnd::Alert { number, name: String::new() };
        let answer = |title: &str| CompletionEnd::Answered { status: 400, title: Name::new(title) };
        let verdict = |end| with(end, true).client_verdict();
        assert_eq!(verdict(CompletionEnd::Complete), Some(ClientVerdict::Accepted));
        assert_eq!(verdict(alert(116)), Some(ClientVerdict::Refused));
        assert_eq!(verdict(alert(50)), Some(ClientVerdict::Refused));
        assert_eq!(alert(50).client_verdict(true), ClientVerdict::Unknown);
        assert_eq!(verdict(alert(80)), Some(ClientVerdict::Unknown));
        assert_eq!(verdict(answer("400 The SSL certificate error")), Some(ClientVerdict::Refused));
        assert_eq!(verdict(answer("400 Bad Request")), Some(ClientVerdict::Unknown));
        assert_eq!(verdict(CompletionEnd::Quiet { milliseconds: 1 }), Some(ClientVerdict::Unknown));
        assert_eq!(with(alert(116), false).client_verdict(), None);
    }
}
