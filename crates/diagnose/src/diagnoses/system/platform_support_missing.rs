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
//! - It fails after the agreement: `unsupported KEX method`, `error in libcrypto`, `NoSuchAlgorithmException`, `unable
//!   to install IPsec policies`, `Protocol not supported`.
//! - `ssh -Q kex`, `openssl list -providers`, `cat /proc/crypto`, `modprobe esp4`, Java's `Security.getProviders()`.
//!
//! ## Fix
//! The side that lacks it: install or load the missing part (kernel module, provider, newer Java).
//!
//! Either side, meanwhile: take the algorithm out of the list, so that one is agreed that both can really do.
//!
//! Safer: install what is missing. Do not load the legacy provider for the sake of one peer.
//!
//! ## Example
//! ```console
//! charon: received netlink error: Function not implemented (38)
//! charon: unable to add SAD entry with SPI c1a2b3c4: algorithm not supported by kernel
//! ```
