//! # The server does not serve this name
//!
//! Protocols: tls
//!
//! ## What happened
//! The client says which site it wants in its first message. The server has no site of that name, and ends the
//! connection or answers with another site's certificate.
//!
//! ## Why
//! One address serves many names. The client sends the name in the extension `server_name` (SNI); a server that does
//! not know it may send the alert `unrecognized_name` (112), go on with a default site, or close (RFC 6066 section 3).
//!
//! - The name is not configured on that server yet, or only on some members of a cluster.
//! - A content delivery network knows the name only after it was verified there.
//! - The client sends an address or an internal name, because it connects through a proxy or by `/etc/hosts`.
//! - A proxy passes its own idea of the name on (nginx `proxy_ssl_name`).
//! - nginx `ssl_reject_handshake on` refuses all unknown names on purpose.
//!
//! ## How to tell
//! Programs say:
//! - Client: OpenSSL `tlsv1 unrecognized name` (0A000458); Java `received handshake warning: unrecognized_name` (it
//!   takes even the warning for an error); Chrome `ERR_SSL_UNRECOGNIZED_NAME_ALERT`; Firefox
//!   `SSL_ERROR_UNRECOGNIZED_NAME_ALERT`; GnuTLS `The SNI host name not recognised`; others alert 40 or 80, or a
//!   reset. Some servers answer with another site's certificate instead.
//! - Server: httpd AH02031, AH02032 (name against `Host`); nginx `client attempted to request the server name
//!   different from the one that was negotiated` (421); stunnel `SNI: no pattern matched servername`; HAProxy with
//!   `strict-sni`; Kubernetes ingress: its "Fake Certificate".
//!
//! Look yourself:
//! - `openssl s_client -connect ADDRESS:443 -servername NAME </dev/null` with this and with another name, for every
//!   address of the name (`dig +short NAME`).
//! - `curl -v --connect-to NAME:443:ADDRESS:443 https://NAME`; on the server `nginx -T | grep server_name`, `httpd
//!   -S`.
//!
//! Look-alikes:
//! - `sni-missing`: no name was sent at all; `-noservername` gives the same answer.
//! - `certificate-name-mismatch`: the server knows the name and has the wrong certificate for it.
//! - `middlebox-interference`: a filter cuts forbidden names; another name at the same address passes, and the
//!   server's log knows nothing.
//! - `name-resolution`: the name leads to a machine that never had it.
//!
//! ## Fix
//! Server: add the name to the site (`server_name`, `ServerAlias`, the binding in IIS, the distribution at the
//! content network), and a certificate for it.
//!
//! Client: ask for a name that the server has; with curl `--connect-to` or `--resolve`, and not a bare address. nginx
//! as client: `proxy_ssl_name`.
//!
//! Safer: no difference.
//!
//! Never: leave the name out (`-noservername`, `proxy_ssl_server_name off`) together with certificate checks switched
//! off.
//!
//! ## Example
//! ```case
//! fact: alert hello 112 unrecognized_name
//! side: server
//! ```
//!
//! ```said
//! $ openssl s_client -connect 192.0.2.7:443 -servername wrong.example.com
//! error:0A000458:SSL routines:ssl3_read_bytes:tlsv1 unrecognized name:rec_layer_s3.c:1590:SSL alert number 112
//! ```

use shakedown_model::tls::UnableCause;
use shakedown_model::{FailureKind, Match, Phase, Reason, Role, Side, Slot, Stage, Strength};

use crate::Case;
use crate::alert;

/// The unrecognized_name alert, RFC 6066 section 3.
const UNRECOGNIZED_NAME: u8 = 112;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let summary = match &case.context.server_name {
        Some(name) => format!("the server does not serve the name {}", crate::text::quoted(name)),
        None => "the server refuses the name, or a client without one".to_owned(),
    };
    let fits =
        |seen: &alert::Seen| seen.number == UNRECOGNIZED_NAME && !seen.is_warning && !alert::sent_no_name(case, seen);
    let mut found = alert::found(case, fits, Strength::Decisive, Side::Server, &summary);
    if let Some(found) = &mut found {
        found.side_because = "the name is not among those that it has".to_owned();
    }
    found.or_else(|| computed(case, &summary)).into_iter().collect()
}

/// A server that is set up to refuse names that no certificate of its own is for.
fn computed(case: &Case<'_>, summary: &str) -> Option<Match> {
    // What else keeps it from starting comes before any name.
    let refused = case.server?.tls()?.unable.iter().all(|unable| unable.cause == UnableCause::UnknownName);
    let is_it = |slot: Slot, stage: Stage| (slot, stage) == (Slot::Certificate, Stage::Hello);
    let failed = case.failed().iter().find(|failed| is_it(failed.slot, failed.stage))?;
    let FailureKind::Deviation { by: Role::Server, what } = &failed.kind else { return None };
    if !refused || !case.server?.tls()?.unable.iter().any(|unable| unable.what == *what) {
        return None;
    }
    let mut found = Match::new(Strength::Decisive, Side::Server, summary.to_owned());
    found.phase = Some(Phase::Hello);
    found.reason = Reason::ConfiguredOut;
    found.side_because = what.clone();
    Some(found)
}
