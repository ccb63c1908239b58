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
//! Programs say:
//! - TLS, server: nginx `no "ssl_certificate" is defined`; httpd AH02572; OpenSSL `no certificate set`, `no suitable
//!   signature algorithm`, `no shared cipher`; Java `no cipher suites in common`, `No X.509 certificate for server
//!   authentication`; Go `tls: no certificates configured`; rustls `no server certificate chain resolved`; Windows
//!   events 36871, 36872.
//! - TLS, client: alert 40, 80 or 112; Chrome `ERR_SSL_VERSION_OR_CIPHER_MISMATCH`; `no peer certificate available`.
//! - IKE: strongSwan `no private key found for '...'`, `no trusted RSA public key found for '...'` on the side that
//!   got none; libreswan `no certificate matched`; Windows errors 13806 (no machine certificate) and 13801.
//!
//! Look yourself:
//! - `openssl s_client -connect HOST:443 -servername NAME </dev/null` prints `no peer certificate available`. With
//!   `-sigalgs ECDSA+SHA256` or `RSA-PSS+SHA256` it shows which kinds there are.
//! - `nginx -T | grep ssl_certificate`, `netsh http show sslcert`, `keytool -list -keystore FILE` (is there a
//!   `PrivateKeyEntry`?), `swanctl --list-certs`: `has private key`.
//!
//! Look-alikes:
//! - `no-common-cipher`: a certificate is there, and the lists differ. Every client fails here, and only some do
//!   there.
//! - `sni-rejected`: it works with another `-servername`.
//! - `private-key-invalid`, `private-key-permissions`: why the certificate was not loaded; the log at start tells.
//!
//! ## Fix
//! Server: configure certificate and key for that name, readable for the service; both an ECDSA and an RSA one where
//! old clients come. IKE: `certs = FILE` and `send_cert = always` in swanctl, `leftcert=` and `leftsendcert=always`
//! in ipsec.conf; in Windows a machine certificate with its key.
//!
//! Client: nothing.
//!
//! Safer: a real certificate for each name.
//!
//! Never: anonymous suites (`aNULL`) as a way out: they prove nothing.
//!
//! ## Example
//! ```case
//! fact: no-starttls SMTP offered 454 4.7.0 TLS not available due to local problem
//! side: server
//! alternatives: invalid-configuration
//! ```
//!
//! ```said
//! nginx: [emerg] no "ssl_certificate" is defined for the "listen ... ssl" directive in /etc/nginx/nginx.conf:14
//! ```
//!
//! ```said
//! iked[512]: ca_getreq: no valid local certificate found for FQDN/gw-a.example.com
//! ```

use shakedown_model::{Change, Match, Reason, Remedy, Role};

use crate::Case;
use crate::hostkey::server_shell;
use crate::tls::refused_starts;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let one = |start: crate::tls::RefusedStart<'_>| {
        let mut found = start.found("key material: its certificate or key did not load");
        found.reason = Reason::KeyMaterial;
        let steps = vec![server_shell("journalctl -u SERVICE", "what it said as it loaded certificate and key")];
        let title = "give the service a certificate and a key that it can read";
        found.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title: title.to_owned(), steps } });
        found
    };
    refused_starts(case).map(one).collect()
}
