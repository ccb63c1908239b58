//! # No compression method in common
//!
//! Protocols: ssh
//!
//! ## What happened
//! SSH can compress what it sends. Not to compress is a choice like any other, named `none`, and has to be in both
//! lists as well. Here one end insists on compression, or on none, and the other has no such name in its list.
//!
//! ## Why
//! The first of the client's list that the server has too is taken, for each direction by itself (RFC 4253 sections 6.2
//! and 7.1). `none` is the only method that every implementation must have. Two names stand for the same algorithm:
//! `zlib` begins before the user has logged in. OpenSSH servers stopped offering it in 4.2, because it lets strangers
//! reach the decompressor; `zlib@openssh.com` begins after the log-in. A client that offers only `zlib` finds nothing
//! at a current server.
//!
//! ## How to tell
//! Programs say:
//! - OpenSSH: `no matching compression method found. Their offer: none,zlib@openssh.com`. Dropbear: `No matching algo
//!   comp c->s`.
//! - PuTTY: `Couldn't agree a client-to-server compression method`. paramiko: `Incompatible ssh server (no acceptable
//!   compression)`. JSch names it `compression.c2s`, libssh `compression algo client->server`.
//!
//! Look yourself:
//! - `ssh -vv HOST`: the lines `compression ctos` and `compression stoc` of both proposals.
//! - `ssh -G HOST | grep -i compression`, `sshd -T | grep -i compression`.
//!
//! Look-alikes:
//! - `no-common-mac` and `no-common-cipher` come before it in the same message; the words after `no matching` decide.
//! - `connection-cut`: a server whose compression is broken accepts it, and the connection ends with the first
//!   compressed packet. `ssh -o Compression=no HOST` then works.
//!
//! ## Fix
//! Server: leave `Compression` at its default (`yes`, which means `delayed`), so that `none` and `zlib@openssh.com`
//! are both offered.
//!
//! Client: allow `none`. In OpenSSH that is the default; in libraries look for a setting such as `compression.c2s`
//! (JSch), `compression=` (asyncssh) or `use_compression` (paramiko).
//!
//! Safer: `none` or `zlib@openssh.com`.
//!
//! Never: bring `zlib` back on a server that strangers can reach.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! client compression: zlib
//! server: openssh@9.2p1
//! side: client
//! ```

use shakedown_model::Match;

use crate::Case;
use crate::mismatch;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    mismatch::matches(case, "no-common-compression", "compression method")
}
