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
//! Programs say:
//! - OpenSSH: `no matching MAC found. Their offer: ...` (`no matching mac found: client ... server ...` before 6.7).
//!   Dropbear: `No matching algo mac c->s`.
//! - PuTTY: `Couldn't agree a client-to-server MAC (available: ...)`. paramiko: `Incompatible ssh server (no
//!   acceptable macs)`. node: `no matching C->S MAC`. JSch names it `mac.c2s`, net-ssh `hmac_client`.
//!
//! Look yourself:
//! - `ssh -vv HOST`: the lines `MACs ctos` and `MACs stoc` of both proposals. `MAC: <implicit>` in the result means
//!   that the cipher brings its own protection and the lists did not matter.
//! - `ssh -G HOST | grep -i macs` shows the client's list, `sshd -T | grep -i macs` the server's, `ssh -Q mac` what a
//!   build could do.
//!
//! Look-alikes:
//! - `no-common-cipher` is decided one step before and may be missing as well: OpenSSH names only the first list that
//!   fails.
//! - `implementation-defect`: `Corrupted MAC on input` comes later, from a MAC that was agreed on and does not fit; a
//!   device on the way or broken memory is likelier then.
//!
//! ## Fix
//! Server: offer `hmac-sha2-256` beside the `-etm` names; both are sound. Or enable a GCM cipher, which needs no MAC.
//!
//! Client: use a release that has SHA-2 MACs (OpenSSH 5.9, paramiko 1.16). If the server cannot change, enable the
//! least weak of its MACs for this one host: `Host old-switch` with `MACs +hmac-sha1`.
//!
//! Safer: the end that lacks SHA-2 gains it. `hmac-sha1` as a MAC is not broken, unlike SHA-1 in signatures;
//! `hmac-md5` and the forms cut to 96 bits are the last resort.
//!
//! Never: the MAC `none`, or a list for all hosts that holds `hmac-md5`.
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
