use shakedown_model::tls::{
    Certificate, ClientCertificate, DhParameters, Preference, TlsOffer, TlsPolicy, UnknownName,
};
use shakedown_model::{Item, Known, Role, Slot};

use super::offer::Draw;

/// Names that a server refused, up to which they are listed; of more it is said how many.
const LISTED: usize = 8;

impl Draw<'_> {
    /// All that a TLS party offers, in order.
    pub(super) fn tls(&mut self, role: Role, policy: &TlsPolicy) {
        let offer = &policy.offer;
        self.list(Slot::Version, "protocol versions", &offer.versions);
        self.list(Slot::CipherSuite, "cipher suites of TLS 1.3", &offer.tls13_cipher_suites);
        self.list(Slot::CipherSuite, "cipher suites up to TLS 1.2", &offer.cipher_suites);
        self.list(Slot::Group, "groups", &offer.groups);
        if role == Role::Client && offer.key_shares.accepted().is_some() {
            self.list(Slot::Group, "key shares", &offer.key_shares);
        }
        self.list(Slot::SignatureScheme, "signature schemes", &offer.signature_schemes);
        if offer.alpn.accepted().is_some_and(|list| !list.is_empty()) {
            self.list(Slot::Alpn, "application protocols", &offer.alpn);
        }
        self.certificates(&offer.certificates);
        self.order(policy);
        for (holds, note) in [
            (offer.secure_renegotiation == Known::Complete(false), "secure renegotiation (RFC 5746) is not announced"),
            (offer.extended_master_secret == Known::Complete(false), "no extended master secret (RFC 7627)"),
            (offer.fallback, "the hello is marked as a retry with a lower version (RFC 7507)"),
        ] {
            if holds {
                self.note(note);
            }
        }
        if role == Role::Server {
            self.server(offer);
        }
    }

    fn list(&mut self, slot: Slot, phrase: &str, list: &Known<Vec<Item>>) {
        match list {
            Known::Complete(items) => {
                self.heading(&format!("{phrase} ({})", items.len()));
                self.names(slot, items);
            }
            Known::Partial { accepted, refused } => {
                self.heading(&format!("{phrase} (known in part)"));
                self.names(slot, accepted);
                match refused.len() {
                    0 => {}
                    1..=LISTED => {
                        let names: Vec<&str> = refused.iter().map(|item| item.name.as_str()).collect();
                        self.line(&format!("refused: {}", names.join(", ")));
                    }
                    count => self.line(&format!("refused: {count} others")),
                }
            }
            Known::Unknown => {
                self.heading(phrase);
                self.line("unknown");
            }
        }
    }

    fn certificates(&mut self, certificates: &Known<Vec<Certificate>>) {
        let (list, part) = match certificates {
            Known::Complete(list) => (list, String::new()),
            Known::Partial { accepted, .. } if !accepted.is_empty() => (accepted, ", known in part".to_owned()),
            Known::Partial { .. } | Known::Unknown => return,
        };
        self.heading(&format!("certificates ({}{part})", list.len()));
        for certificate in list {
            let mut text = certificate.phrase();
            if let Some(digest) = certificate.signature_digest {
                text.push_str(&format!(", signed with {}", digest.as_str()));
            }
            if let Some(subject) = &certificate.subject {
                text.push_str(&format!(", {subject}"));
            }
            if let Some(until) = certificate.not_after {
                text.push_str(&format!(", until {}", until.strftime("%Y-%m-%d")));
            }
            if !certificate.chain.is_empty() {
                text.push_str(&format!(", {} sent with it", certificate.chain.len()));
            }
            self.line(&text);
        }
    }

    fn order(&mut self, policy: &TlsPolicy) {
        for (what, order) in [("cipher suites", policy.behaviour.suite_order), ("groups", policy.behaviour.group_order)]
        {
            match order {
                Some(Preference::Client) => self.note(&format!("the client's order of {what} decides")),
                Some(Preference::Server) => self.note(&format!("the server's order of {what} decides")),
                None => {}
            }
        }
    }

    fn server(&mut self, offer: &TlsOffer) {
        match offer.dh_parameters {
            Known::Complete(DhParameters::Fixed { bits }) => self.note(&format!("DHE uses a prime of {bits} bits")),
            Known::Complete(DhParameters::None) => self.note("there are no parameters for DHE"),
            Known::Complete(DhParameters::Missing) => {
                self.note("there are no parameters for DHE: a handshake that comes to a suite with it ends");
            }
            _ => {}
        }
        match offer.client_certificate {
            Known::Complete(ClientCertificate::Required) => self.note("clients must show a certificate"),
            Known::Complete(ClientCertificate::Optional) => self.note("clients may show a certificate"),
            _ => {}
        }
        if offer.unknown_name == Known::Complete(UnknownName::Rejected) {
            self.note("names that it does not have are refused");
        }
    }
}
