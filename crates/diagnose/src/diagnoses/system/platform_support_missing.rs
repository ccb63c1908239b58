//! # The platform lacks what was agreed
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! Both ends agreed on an algorithm, and then one of them could not do it: its kernel, its cryptographic library or its
//! provider does not have it, although its list says so.
//!
//! ## Why
//! The program that negotiates is often not the one that computes. It offers what it was compiled or configured for,
//! and asks another part for the work:
//!
//! - IPsec: the daemon agrees on `aes256gcm16`, and the kernel has no such XFRM algorithm, no ESP module at all (many
//!   containers), or refuses it in FIPS mode.
//! - Java: JSch and others list `curve25519-sha256` or `ssh-ed25519`, which need Java 11 or 15, or the Bouncy Castle
//!   provider.
//! - OpenSSL 3: RC4, DES, MD4 and other old algorithms are in the "legacy" provider, which is not loaded by default.
//! - An OpenSSH built against a library without elliptic curves or with only FIPS-approved ones.
//! - A hardware token or TPM that cannot do the signature that was chosen.
//!
//! The protocols do not foresee this: what a side lists it must be able to do (RFC 4253 section 7.1).
//!
//! ## How to tell
//! Programs say:
//! - SSH: `unsupported KEX method`, `error in libcrypto`; JSch and sshj `NoSuchAlgorithmException`, `Algorithm
//!   negotiation fail` although both lists hold a name; .NET `PlatformNotSupportedException`.
//! - TLS: OpenSSL `unsupported` (`inner_evp_generic_fetch`), `digital envelope routines::unsupported` (node 17 and
//!   later with old tools); Java `NoSuchAlgorithmException: ... not available`; Windows 0x80090302.
//! - IKE: `unable to install inbound and outbound IPsec SA (SAD) in kernel`, `received netlink error: Protocol not
//!   supported (93)` or `Function not implemented (38)`; libreswan `netlink response for Add SA ... Protocol not
//!   supported`. The peer sees NO_PROPOSAL_CHOSEN or TS_UNACCEPTABLE.
//!
//! Look yourself:
//! - `ssh -Q kex`, `openssl list -providers`, Java's `Security.getProviders()`, `java -version`.
//! - IKE: `grep -e gcm -e cbc /proc/crypto`, `modprobe esp4 && modprobe xfrm_user`, `ip xfrm state`, and in
//!   containers whether the host has loaded them; `swanctl --list-algs`.
//!
//! Look-alikes:
//! - `no-common-child-proposal`, `traffic-selector-mismatch` (IKE): the notify is the same; the log of the side that
//!   refused shows a kernel error first in the case of this page.
//! - `crypto-policy`: the build has it, and a rule forbids it (FIPS mode).
//! - `private-key-invalid`: only one file fails, and others of its kind load.
//!
//! ## Fix
//! The side that lacks it, client or server: install or load the missing part: kernel module (`modprobe esp4`),
//! provider, Java 11 or 15 or Bouncy Castle; strongSwan `libstrongswan-extra-plugins`, or `kernel-libipsec` where the
//! kernel has no ESP.
//!
//! Either side, meanwhile: take the algorithm out of the list, so that one is agreed that both can really do.
//!
//! Safer: install what is missing.
//!
//! Never: load OpenSSL's legacy provider for the whole machine (`NODE_OPTIONS=--openssl-legacy-provider` in a
//! profile) for the sake of one peer.
//!
//! ## Example
//! ```said
//! charon: 08[KNL] received netlink error: Function not implemented (38)
//! charon: 08[KNL] unable to add SAD entry with SPI c1a2b3c4 (FAILED)
//! charon: 08[IKE] unable to install inbound and outbound IPsec SA (SAD) in kernel
//! ```
