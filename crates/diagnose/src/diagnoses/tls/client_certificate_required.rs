//! # The server wants a certificate from the client
//!
//! Protocols: tls
//!
//! ## What happened
//! This server lets only clients in that have a certificate of their own ("mutual TLS"). The client sent none.
//!
//! ## Why
//! The server asks with a CertificateRequest, and names the authorities it trusts (RFC 8446 section 4.3.2, RFC 5246
//! section 7.4.4). A client without a fitting certificate answers with an empty list, and the server ends the
//! connection: `certificate_required` (116) in TLS 1.3, `handshake_failure` (40) before. In TLS 1.3 this comes after
//! the client already believes that all is well, so that the first read fails.
//!
//! - No certificate is configured, or its key is missing, or the program runs as another user.
//! - There is one, but none of the authorities that the server names has issued it, so that the client keeps it back.
//! - A proxy that ends TLS does not pass the client's certificate on.
//!
//! ## How to tell
//! Programs say:
//! - Client: OpenSSL, curl `tlsv13 alert certificate required` (116), before TLS 1.3 `alert handshake failure` (40)
//!   after the certificate request; Java `Received fatal alert: certificate_required` or `bad_certificate`; Go
//!   `remote error: tls: certificate required`; Chrome `ERR_SSL_CLIENT_AUTH_CERT_NEEDED`,
//!   `ERR_BAD_SSL_CLIENT_AUTH_CERT`; Firefox `SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT`; macOS -9824; Windows
//!   `SEC_E_INCOMPLETE_CREDENTIALS` (0x80090320).
//! - Server: OpenSSL `peer did not return a certificate`; nginx `client sent no required SSL certificate` (status
//!   496); Go `client didn't provide a certificate`; Java `Empty client certificate chain`; PostgreSQL `connection
//!   requires a valid client certificate`.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -servername NAME </dev/null` prints `Acceptable client certificate CA names`
//!   and `Requested Signature Algorithms` if the server asks for one.
//! - The same with `-cert FILE -key FILE`: does it connect? `curl -v` prints `Request CERT (13)` when it is asked.
//!
//! Look-alikes:
//! - `client-certificate-rejected`: one was sent, and refused; the server's log has a verify text.
//! - `no-common-cipher` and others behind alert 40: the alert comes right after the first message; here a request for
//!   a certificate came before it.
//! - `connection-cut`: Schannel and some devices reset in place of an alert.
//!
//! ## Fix
//! Client: give it certificate and key (`curl --cert FILE --key FILE`, `sslcert=` and `sslkey=` in PostgreSQL,
//! `javax.net.ssl.keyStore`, `proxy_ssl_certificate` in nginx), issued by one of the authorities named.
//!
//! Server: if not every client needs one, ask without demanding (`ssl_verify_client optional` in nginx), or on a name
//! of its own.
//!
//! Safer: the client. "Optional" needs a check in the application.
//!
//! Never: one shared client certificate for everybody, or `-k`, which is about the server's certificate and does not
//! help.
//!
//! ## Example
//! ```case
//! fact: alert client-certificate 116 certificate_required
//! side: client
//! ```
//!
//! ```case
//! fact: completion - answered 400 400 No required SSL certificate was sent
//! side: client
//! ```
//!
//! ```said
//! $ curl https://api.example.com
//! curl: (56) OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0
//! ```

use shakedown_model::{ClientVerdict, Match, Phase, Role, Side, Strength};

use crate::Case;
use crate::{alert, completion};

const SUMMARY: &str = "the server wants a certificate of the client and got none";

/// certificate_required, RFC 8446 section 6.2.
const CERTIFICATE_REQUIRED: u8 = 116;
/// What servers answer to an empty Certificate before TLS 1.3: handshake_failure, no_certificate, bad_certificate,
/// certificate_unknown, access_denied.
const OLDER: [u8; 5] = [40, 41, 42, 46, 49];

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let fits = |seen: &alert::Seen| {
        seen.role == Role::Server
            && (seen.number == CERTIFICATE_REQUIRED || seen.after_finished && OLDER.contains(&seen.number))
    };
    let mut found = alert::found(case, fits, Strength::Decisive, Side::Client, SUMMARY);
    for (id, completion) in completion::seen(case) {
        if completion.client_verdict() != Some(ClientVerdict::Refused) || completion.shown.is_some() {
            continue;
        }
        let one = found.get_or_insert_with(|| {
            let mut one = Match::new(Strength::Decisive, Side::Client, SUMMARY);
            one.phase = Some(Phase::ClientCertificate);
            one.supersedes = vec!["connection-cut", "middlebox-interference"];
            one
        });
        one.evidence.push(id);
        one.notes.extend(completion::names_asked_for(completion));
    }
    if let Some(found) = &mut found {
        found.side_because = "it has shown no certificate".to_owned();
    }
    found.into_iter().collect()
}
