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
//! - OpenSSH says `no matching cipher found. Their offer: ...` without the direction. A client looks at server to
//!   client first, a server at client to server.
//! - A TLS server says `no shared cipher`, the client sees `handshake failure` (alert 40).
//! - `ssh -G HOST | grep -i ciphers`, `sshd -T | grep -i ciphers`, `openssl ciphers -v`.
//!
//! ## Fix
//! Server: offer a current cipher as well, such as `aes128-ctr` or `aes256-gcm@openssh.com`; in TLS, suites that fit
//! the certificate's key type.
//!
//! Client: use a release that has one. If the server cannot change, enable the least weak of its ciphers for this one
//! host: `Host old-switch` with `Ciphers +aes128-cbc`.
//!
//! Safer: the older end gains a current cipher. CBC in SSH can give away plain text to whoever changes packets on the
//! way, and 3DES in addition after some gigabytes. RC4 must not be used at all (RFC 8758).
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! server: openssh@9.2p1
//! server cipher: 3des-cbc
//! side: server
//! ```

use shakedown_model::Match;

use crate::Case;
use crate::mismatch;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    mismatch::matches(case, "no-common-cipher", "cipher")
}
