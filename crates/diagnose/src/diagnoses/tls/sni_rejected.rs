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
//! - `openssl s_client -connect ADDRESS:443 -servername NAME` with this and with another name.
//! - Java takes even the warning for an error: `received handshake warning: unrecognized_name`.
//!
//! ## Fix
//! Server: add the name to the site, and a certificate for it.
//!
//! Client: ask for a name that the server has; with curl `--connect-to` or `--resolve`, and not a bare address.
//!
//! Safer: no difference.
//!
//! ## Example
//! ```console
//! $ openssl s_client -connect 192.0.2.7:443 -servername wrong.example
//! error:0A000458:SSL routines::tlsv1 unrecognized name
//! ```
