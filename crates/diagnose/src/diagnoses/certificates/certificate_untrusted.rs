//! # The certificate's authority is not trusted
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! A certificate is signed by an authority. The chain of signatures is whole, but ends at an authority that the
//! checking machine does not have on its list.
//!
//! ## Why
//! Trust begins at a list of roots (RFC 5280 section 6.1), which the operating system, the browser, Java or the program
//! brings along. Each has a list of its own: what a browser accepts, `curl` or Java on the same machine may not.
//!
//! - A company's own authority, not installed on this machine, in this container, or in Java's store.
//! - TLS inspection by a proxy: its authority is known to the company's browsers and not to the program.
//! - An old machine without newer roots.
//! - An authority that was removed by the browsers for misconduct.
//! - The root is there, and an intermediate is missing: then the cause is `certificate-chain-incomplete`.
//!
//! ## How to tell
//! - OpenSSL `unable to get local issuer certificate` (20), alert 48 `unknown_ca`; Go `certificate signed by unknown
//!   authority`; Java `PKIX path building failed`.
//! - Who issued it? `openssl s_client -connect HOST:443 -showcerts </dev/null | grep -e ' s:' -e ' i:'`.
//!
//! ## Fix
//! Server: use a certificate of an authority that its clients know.
//!
//! Client: install the authority after its fingerprint was checked by another way (`update-ca-certificates`, `keytool
//! -importcert`), for this one program if that is possible. Whom to trust is a decision for a person.
//!
//! Safer: the server. Never `--insecure`: it accepts everybody.
//!
//! ## Example
//! ```console
//! $ curl https://intranet.example
//! curl: (60) SSL certificate problem: unable to get local issuer certificate
//! ```
