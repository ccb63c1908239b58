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
//! ```said
//! $ curl --cert me.pem --key me.key https://api.example.com
//! curl: (56) OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca, errno 0
//! ```
