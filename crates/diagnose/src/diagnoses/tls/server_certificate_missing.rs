//! # The server has no certificate for this connection
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The server should prove who it is by a certificate and has none to send: none configured for this name, none that
//! could be loaded, or none of a kind that the client can use.
//!
//! ## Why
//! Nearly every TLS handshake needs a certificate of the server (RFC 8446 section 4.4.2). Without one it cannot choose
//! any ordinary cipher suite, and says `handshake_failure` (40) or `internal_error` (80); the log says "no shared
//! cipher". In IKE a peer that asks for a certificate, and does not get one, cannot check the signature (RFC 7296
//! section 3.6 and 3.7).
//!
//! - `listen 443 ssl` without `ssl_certificate`; IIS or http.sys without a binding for that name.
//! - The file is there and cannot be read, or its key is missing: some programs start all the same.
//! - Only an ECDSA certificate, and a client that can only do RSA, or the other way round.
//! - strongSwan with `send_cert = ifasked`, and Apple clients that never ask.
//!
//! ## How to tell
//! - Server: nginx `no "ssl_certificate" is defined`, httpd `AH02572`, OpenSSL `no certificate set`, `no suitable
//!   signature algorithm`; Windows event 36871 or 36872.
//! - `openssl s_client -connect HOST:443` prints `no peer certificate available`.
//!
//! ## Fix
//! Server: configure certificate and key for that name, readable for the service; both an ECDSA and an RSA one where
//! old clients come. IKE: `send_cert = always`.
//!
//! Client: nothing.
//!
//! Safer: anonymous suites are no way out: they prove nothing.
//!
//! ## Example
//! ```console
//! $ openssl s_client -connect db01:443
//! error:0A000410:SSL routines::sslv3 alert handshake failure
//! no peer certificate available
//! ```
