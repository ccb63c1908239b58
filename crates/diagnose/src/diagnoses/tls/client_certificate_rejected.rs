//! # The server does not accept the client's certificate
//!
//! Protocols: tls
//!
//! ## What happened
//! The client did send a certificate, and the server refused it: it comes from an authority that the server does not
//! trust, has expired, is meant for another purpose, or its owner is not allowed in.
//!
//! ## Why
//! The server checks a client's certificate like any other (RFC 5280 section 6) and adds its own rules: which
//! authority, which names. It answers with one of `unknown_ca` (48), `bad_certificate` (42), `certificate_expired`
//! (45), `certificate_unknown` (46) or `access_denied` (49) (RFC 8446 section 6.2). Some servers (Schannel) just reset.
//!
//! - The client sends its certificate without the intermediate one.
//! - The server's list of trusted authorities is old, or holds only the root.
//! - The certificate lacks the extended key usage "client authentication" (RFC 5280 section 4.2.1.12); public
//!   authorities stop issuing that one.
//! - A name in it is not on the server's list.
//!
//! ## How to tell
//! Programs say:
//! - Client: a RECEIVED alert after its certificate was sent: OpenSSL `tlsv1 alert unknown ca`, `sslv3 alert bad
//!   certificate`, `certificate expired`, `certificate unknown`, `access denied`; Java `Received fatal alert: ...`;
//!   Go `remote error: tls: ...`; Chrome `ERR_BAD_SSL_CLIENT_AUTH_CERT`; Firefox `SSL_ERROR_UNKNOWN_CA_ALERT`; macOS
//!   NSURLErrorDomain -1205.
//! - Server: nginx `client SSL certificate verify error: (N:text)` (status 495); httpd `AH02039: Certificate
//!   Verification: Error (N)`; HAProxy `SSL client CA chain cannot be verified`; OpenVPN `VERIFY ERROR: depth=0,
//!   error=...`; Go `tls: failed to verify certificate`. The text in it is the real reason.
//!
//! Look yourself:
//! - `openssl verify -purpose sslclient -CAfile SERVERS-AUTHORITIES -untrusted INTERMEDIATE client.pem` says what the
//!   server says.
//! - `openssl s_client -connect HOST:443 -cert client.pem -key client.key -state` shows at which step the alert
//!   comes; `openssl x509 -in client.pem -noout -issuer -dates -ext extendedKeyUsage`.
//!
//! Look-alikes:
//! - `client-certificate-required`: none was sent: `openssl s_client` without `-cert` gives the same alert.
//! - `certificate-untrusted`: the alert was SENT by the client, about the server's certificate.
//! - `authentication-failed`: the handshake is done, and the answer is 401 or 403 of the application.
//!
//! ## Fix
//! Client: send the whole chain (certificate first, then the intermediate, in one file); renew the certificate; use
//! one that is meant for clients.
//!
//! Server: trust the authority that issues these certificates (`ssl_client_certificate`, `SSLCACertificateFile`),
//! allow the depth (`ssl_verify_depth 2`), or add the name. Whom to trust is a decision for a person.
//!
//! Safer: the client.
//!
//! Never: `ssl_verify_client optional_no_ca` or a verification callback that always agrees: then any certificate gets
//! in.
//!
//! ## Example
//! ```case
//! fact: completion alice alert 48 unknown_ca
//! side: client
//! reason: key-material
//! ```
//!
//! ```case
//! fact: completion alice answered 400 400 The SSL certificate error
//! side: client
//! ```
//!
//! ```said
//! $ curl --cert me.pem --key me.key https://api.example.com
//! curl: (56) OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca, errno 0
//! ```

use shakedown_model::{
    ClientVerdict, Completion, CompletionEnd, Match, Object, Phase, Reason, Role, ShownCertificate, Side, Strength,
};

use crate::Case;
use crate::certificate::decide;
use crate::completion;
use crate::hostkey::{client_shell, server_shell};
use crate::text::quoted;

/// access_denied, RFC 8446 section 6.2: the certificate holds, and its owner is not let in.
const ACCESS_DENIED: u8 = 49;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let refused = |(_, completion): &(_, &Completion)| completion.client_verdict() == Some(ClientVerdict::Refused);
    let shown = completion::seen(case).filter(refused);
    shown.filter_map(|(id, completion)| Some(one(case, id, completion, completion.shown.as_ref()?))).collect()
}

fn one(case: &Case<'_>, id: shakedown_model::EvidenceId, completion: &Completion, shown: &ShownCertificate) -> Match {
    let (subject, issuer) = (quoted(shown.subject.as_str()), quoted(shown.issuer.as_str()));
    // gnutls-serv says so of any certificate that it does not take.
    let is_denied = completion.alert() == Some(ACCESS_DENIED) && shown.is_of_named != Some(false);
    let side = if is_denied { Side::Unknown } else { Side::Client };
    let mut found =
        Match::new(Strength::Decisive, side, format!("the server refuses the client's certificate {subject}"));
    found.phase = Some(Phase::ClientCertificate);
    found.reason = Reason::KeyMaterial;
    found.object = Some(Object { kind: "client certificate", name: shown.subject.as_str().to_owned() });
    found.side_because = match (is_denied, shown.is_of_named) {
        (true, _) => "the certificate may be good and its owner not on the server's list".to_owned(),
        (false, Some(false)) => {
            format!("key material: its certificate was issued by {issuer}, which the server does not ask for")
        }
        (false, _) => "key material: it shows this certificate".to_owned(),
    };
    found.evidence.push(id);
    match &completion.end {
        CompletionEnd::Alert { number, name } => {
            found.notes.push(format!("the server's alert: {} ({number})", quoted(name)))
        }
        CompletionEnd::Answered { status, title } => {
            found.notes.push(format!("the web server answers {status}: {}", quoted(title.as_str())));
        }
        _ => {}
    }
    found.notes.extend(completion::names_asked_for(completion));
    found.supersedes = vec!["connection-cut", "middlebox-interference", "client-certificate-required"];
    let check = "openssl verify -purpose sslclient -CAfile AUTHORITIES -untrusted INTERMEDIATES CERTIFICATE";
    let steps =
        vec![client_shell("openssl x509 -in CERTIFICATE -noout -issuer -dates -ext extendedKeyUsage", "what it says")];
    let title = "show a certificate of an authority that the server trusts, with its intermediate certificates";
    found.remedies.push(decide(Role::Client, title, steps));
    let log = format!("the log of the service on port {}", case.port());
    let steps = vec![server_shell(check, "says what the server says"), server_shell("journalctl -u SERVICE", &log)];
    found.remedies.push(decide(
        Role::Server,
        "trust the authority that issued it, if its certificates are to get in",
        steps,
    ));
    found
}
