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
//! - OpenSSH says `no matching host key type found. Their offer: ssh-rsa,ssh-dss`.
//! - `ssh -G HOST | grep -i hostkeyalgorithms` shows the client's list.
//! - On the server, `sshd -T | grep -i hostkey` shows key files and algorithms, `ls -l /etc/ssh/ssh_host_*` the files.
//!
//! ## Fix
//! Server: install a release that signs with SHA-2 (OpenSSH since 7.2), or make a key of a current type with
//! `ssh-keygen -t ed25519 -f /etc/ssh/ssh_host_ed25519_key` and name it as `HostKey`. Clients meet a new key then:
//! publish its fingerprint first.
//!
//! Client: if the server cannot change, accept the old signature for this one host: `Host old-switch` with
//! `HostKeyAlgorithms +ssh-rsa`.
//!
//! Safer: the server. Accepting SHA-1 signatures lets whoever can forge one stand in for that host.
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
