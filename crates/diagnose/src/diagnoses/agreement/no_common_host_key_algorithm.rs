//! # No host key algorithm in common
//!
//! Protocols: ssh
//!
//! ## What happened
//! The server proves who it is by signing with its host key. Client and server must agree on the kind of key and on the
//! way of signing. Here the server has no key that it can sign with in a way that the client accepts.
//!
//! ## Why
//! Each end lists host key algorithms, and the first of the client's list that the server has too is taken (RFC 4253
//! section 7.1). The name says how the signature is made, and not only what the key is:
//!
//! - `ssh-rsa` is an RSA key signing with SHA-1. `rsa-sha2-256` and `rsa-sha2-512` are the same key signing with SHA-2
//!   (RFC 8332 section 3). OpenSSH no longer offers `ssh-rsa` since 8.8, because SHA-1 signatures can be forged with
//!   enough money. The key itself is fine; it is the old server that cannot sign in the new way.
//! - `ssh-dss` is limited to 1024 bits and SHA-1. OpenSSH stopped offering it in 7.0 and has since removed it.
//! - A server offers only the types that it has a key file of. A missing or unreadable file takes its type away, and
//!   the server does not complain.
//! - A client that has `HostKeyAlgorithms` in its configuration offers exactly that.
//!
//! ## How to tell
//! Programs say:
//! - OpenSSH: `no matching host key type found. Their offer: ssh-rsa,ssh-dss`. Dropbear: `No matching algo hostkey`.
//! - PuTTY: `Couldn't agree a host key algorithm (available: ...)`. paramiko: `Incompatible ssh peer (no acceptable
//!   host key)`. node: `no matching host key format`. JSch names it `server_host_key`.
//! - libssh2 says only `Unable to exchange encryption keys`, as for a missing key exchange method.
//!
//! Look yourself:
//! - `ssh -vv HOST` shows both lists as `host key algorithms:`. `ssh -G HOST | grep -i hostkeyalgorithms` shows the
//!   client's list, `ssh -Q HostKeyAlgorithms` what its build knows.
//! - On the server, `sshd -T | grep -i hostkey` shows key files and algorithms, `ls -l /etc/ssh/ssh_host_*` the
//!   files.
//!
//! Look-alikes:
//! - `host-key-unusable`: the server lists no type that its configuration names. Its log at start says `Unable to
//!   load host key`.
//! - `host-key-changed`: the lists agree and the key is another one than in `known_hosts`. Clients such as libssh2
//!   and sshj offer only the types that `known_hosts` holds, so that an old entry looks like a missing type:
//!   `ssh-keygen -F HOST` shows it.
//! - `no-common-signature-algorithm` is about the user's key, after the key exchange.
//!
//! ## Fix
//! Server: install a release that signs with SHA-2 (OpenSSH since 7.2), or make a key of a current type with
//! `ssh-keygen -t ed25519 -f /etc/ssh/ssh_host_ed25519_key` and name it as `HostKey`. Clients meet a new key then:
//! publish its fingerprint first.
//!
//! Client: if the server cannot change, accept the old signature for this one host: `Host old-switch` with
//! `HostKeyAlgorithms +ssh-rsa` (and `PubkeyAcceptedAlgorithms +ssh-rsa` only if the user's own RSA key is refused
//! too).
//!
//! Safer: the server. Accepting SHA-1 signatures lets whoever can forge one stand in for that host.
//!
//! Never: `HostKeyAlgorithms +ssh-rsa` under `Host *`, or `StrictHostKeyChecking=no`, which has nothing to do with
//! it.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! server: openssh@9.2p1
//! server host_key: ssh-rsa
//! side: server
//! ```

use shakedown_model::Match;

use crate::Case;
use crate::mismatch;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    mismatch::matches(case, "no-common-host-key-algorithm", "host key algorithm")
}
