//! # No key exchange method in common
//!
//! Protocols: ssh
//!
//! ## What happened
//! Before anything is encrypted, both ends have to agree on a method to make a shared secret: the key exchange method.
//! Each end sends the list of the methods it can do. Here no name stands in both lists, so there is nothing to encrypt
//! with, and the connection ends before any password or key of yours is used.
//!
//! ## Why
//! The first method of the client's list that the server also lists is taken (RFC 4253 section 7.1). If there is none,
//! both sides must disconnect. Lists drift apart for three usual reasons:
//!
//! - One end is old. Methods with SHA-1 or with a 1024-bit group (`diffie-hellman-group1-sha1`) should or must no
//!   longer be used (RFC 9142), so newer releases took them out of their defaults, and old devices know nothing else.
//! - A configuration line `KexAlgorithms` names too few methods, often copied from an old hardening guide.
//! - A system-wide policy (FIPS mode, crypto-policies) forbids what the other end needs.
//!
//! Names such as `ext-info-c` or `kex-strict-s-v00@openssh.com` in these lists only announce abilities. They are never
//! chosen, so a list with nothing else in it is an empty one.
//!
//! With a group exchange there is a second step: the client asks for a group within a range of sizes, and the server
//! must have one (RFC 4419 section 3). If all of its groups are too small, the cause is `key-too-small`.
//!
//! ## How to tell
//! Programs say:
//! - OpenSSH, either side: `no matching key exchange method found. Their offer: ...`; the offer is the other end's.
//!   Dropbear: `No matching algo kex`.
//! - PuTTY and WinSCP: `Couldn't agree a key exchange algorithm (available: ...)`. paramiko: `Incompatible ssh peer
//!   (no acceptable kex algorithm)`, without lists. JSch: `Algorithm negotiation fail`.
//! - Go: `ssh: no common algorithm for key exchange`; libssh2 (curl, PHP): `Unable to exchange encryption keys`;
//!   libssh: `kex error : no match for method kex algos`; node: `Handshake failed: no matching key exchange
//!   algorithm`.
//!
//! Look yourself:
//! - `ssh -vv HOST` prints both lists in full: `local client KEXINIT proposal`, then `peer server KEXINIT proposal`.
//! - `ssh -G HOST | grep -i kexalgorithms` shows the client's list, `sshd -T | grep -i kexalgorithms` the server's.
//!   `ssh -Q kex` shows what a build could do if it were enabled.
//!
//! Look-alikes:
//! - `no-common-host-key-algorithm` is the next step and often follows once this one is mended: the message then says
//!   `host key type`.
//! - `connection-cut`: no message names a method. Some programs (libssh2, old Java libraries) report every failure of
//!   this phase in the same words; `ssh -vv` against the same server decides.
//! - `platform-support-missing`: both lists hold the method, and Java or a FIPS build cannot do it.
//!
//! ## Fix
//! Server: list a current method beside the old ones, for example `KexAlgorithms
//! curve25519-sha256,diffie-hellman-group14-sha256`, or install a release that has one. Check with `sshd -t` and
//! reload while a second session stays open.
//!
//! Client: move to a release that has a current method (PuTTY 0.68, paramiko 2.5, JSch of the maintained fork). If
//! the server cannot change, enable the least weak of its methods for this one host: `Host old-switch` with
//! `KexAlgorithms +diffie-hellman-group14-sha1`.
//!
//! Safer: let the older end offer something current. An exception on the newer end weakens it, and belongs in a
//! `Host` block.
//!
//! Never: `KexAlgorithms +diffie-hellman-group1-sha1` under `Host *` or in the server's own configuration for the
//! sake of one device.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! server: openssh@9.2p1
//! server kex: diffie-hellman-group1-sha1
//! side: server
//! reason: configured-out
//! ```

use shakedown_model::Match;

use crate::Case;
use crate::mismatch;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    mismatch::matches(case, "no-common-kex", "key exchange method")
}
