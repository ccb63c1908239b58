//! # No cipher in common
//!
//! Protocols: ssh, tls
//!
//! ## What happened
//! A cipher encrypts the data. Both ends name the ciphers they can do, and no name stands in both lists.
//!
//! ## Why
//! SSH chooses a cipher for each direction by itself: the first of the client's list that the server has too (RFC 4253
//! section 7.1). One direction can fail while the other agrees. The usual reasons:
//!
//! - An old device has only CBC ciphers (`aes128-cbc`, `3des-cbc`). OpenSSH servers dropped them from their defaults in
//!   6.7, clients by 7.6.
//! - A hardened end lists only `chacha20-poly1305@openssh.com` or GCM, which the other end does not know.
//! - A FIPS policy takes `chacha20-poly1305@openssh.com` away.
//!
//! In TLS a cipher suite is chosen by the server from the client's list (RFC 5246 section 7.4.1.3, RFC 8446 section
//! 4.1.3). Up to TLS 1.2 a suite also names the kind of key exchange and certificate: an ECDSA suite is of no use to a
//! server that has only an RSA certificate. The suites of TLS 1.3 have names of their own, so that a client with only
//! TLS 1.3 suites shares none with a TLS 1.2 server.
//!
//! ## How to tell
//! Programs say:
//! - SSH: OpenSSH `no matching cipher found. Their offer: ...`, without the direction: a client looks at server to
//!   client first, a server at client to server. PuTTY `Couldn't agree a client-to-server cipher`, Dropbear `No
//!   matching algo enc c->s`, paramiko `no acceptable ciphers`, node `no matching C->S cipher`.
//! - TLS, on the server: OpenSSL `no shared cipher`, Java `no cipher suites in common`, Go `no cipher suite supported
//!   by both client and server`, GnuTLS `Could not negotiate a supported cipher suite`, Windows event 36874.
//! - TLS, on the client: alert 40 `handshake failure`, Firefox `SSL_ERROR_NO_CYPHER_OVERLAP`, Chrome
//!   `ERR_SSL_VERSION_OR_CIPHER_MISMATCH`, Windows `SEC_E_ALGORITHM_MISMATCH` (0x80090331).
//!
//! Look yourself:
//! - SSH: `ssh -vv HOST` (`ciphers ctos`, `ciphers stoc`), `ssh -G HOST | grep -i ciphers`, `sshd -T | grep -i
//!   ciphers`.
//! - TLS: `openssl s_client -connect HOST:443 -tls1_2 -cipher ALL:@SECLEVEL=0` as a test only: if that connects, a
//!   suite is missing and no certificate. `openssl ciphers -v` and `Get-TlsCipherSuite` (Windows) list the own side.
//!
//! Look-alikes, all behind the same alert 40:
//! - `server-certificate-missing`: no certificate is loaded, or only one of a kind that the client's suites do not
//!   use. The log at start tells.
//! - `no-common-group`: without a common curve the ECDHE suites do not count. `-groups P-256:X25519` connects.
//! - `no-common-version`: a client with only TLS 1.3 suites at a server with TLS 1.2. `-tls1_2` connects.
//!
//! ## Fix
//! Server: offer a current cipher as well, in SSH `aes128-ctr` or `aes256-gcm@openssh.com`; in TLS suites that fit
//! the certificate's kind of key (`ssl_ciphers` in nginx, `SSLCipherSuite` in httpd), such as
//! `ECDHE-RSA-AES128-GCM-SHA256`.
//!
//! Client: use a release that has one. If the server cannot change, enable the least weak of its ciphers for this one
//! host: `Host old-switch` with `Ciphers +aes128-cbc`, in curl `--ciphers` for the one call.
//!
//! Safer: the older end gains a current cipher. CBC in SSH can give away plain text to whoever changes packets on the
//! way, and 3DES in addition after some gigabytes.
//!
//! Never: RC4, `NULL` or anonymous suites (RFC 7465, RFC 8758), nor `SECLEVEL=0` for a whole machine.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! server: openssh@9.2p1
//! server cipher: 3des-cbc
//! side: server
//! ```

use shakedown_model::{Match, Protocol};

use crate::Case;
use crate::{mismatch, tls};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    if case.protocol == Protocol::Tls {
        return tls::matches(case, "no-common-cipher");
    }
    mismatch::matches(case, "no-common-cipher", "cipher")
}
