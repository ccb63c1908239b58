//! # No message authentication code in common
//!
//! Protocols: ssh
//!
//! ## What happened
//! A message authentication code (MAC) shows that a packet was not changed on its way. Both ends name those that they
//! can do, and no name stands in both lists.
//!
//! ## Why
//! As with ciphers, the first of the client's list that the server has too is taken, for each direction by itself (RFC
//! 4253 section 7.1). A MAC is needed only beside a cipher that does not protect its packets by itself. Beside
//! `chacha20-poly1305@openssh.com` and the GCM ciphers the MAC lists do not matter: OpenSSH does not even look at them.
//! Some programs look all the same (paramiko does) and then fail where others connect.
//!
//! - A hardened server lists only `-etm@openssh.com` names (encrypt, then authenticate), which older clients lack.
//! - An old device has only `hmac-md5` and `hmac-sha1-96`, which OpenSSH servers dropped from their defaults in 6.7 and
//!   clients in 7.2.
//!
//! ## How to tell
//! - OpenSSH says `no matching MAC found. Their offer: ...`.
//! - `ssh -G HOST | grep -i macs` shows the client's list, `sshd -T | grep -i macs` the server's.
//!
//! ## Fix
//! Server: offer `hmac-sha2-256` beside the `-etm` names; both are sound. Or enable a GCM cipher, which needs no MAC.
//!
//! Client: use a release that has SHA-2 MACs. If the server cannot change, enable the least weak of its MACs for this
//! one host: `Host old-switch` with `MACs +hmac-sha1`.
//!
//! Safer: the end that lacks SHA-2 gains it. `hmac-sha1` as a MAC is not broken, unlike SHA-1 in signatures; `hmac-md5`
//! and the forms cut to 96 bits are the last resort.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! client cipher: aes128-ctr
//! server: openssh@9.2p1
//! server mac: hmac-md5
//! side: server
//! ```

use shakedown_model::Match;

use crate::Case;
use crate::mismatch;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    mismatch::matches(case, "no-common-mac", "MAC")
}
