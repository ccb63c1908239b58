//! # A clock is wrong
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! A certificate is refused as expired or not yet valid, and the certificate is fine: it is the machine that looks at
//! it whose clock shows another day.
//!
//! ## Why
//! A certificate is valid from one moment to another (RFC 5280 section 4.1.2.5), and the machine that checks it
//! compares these with its own clock. A wrong clock therefore looks exactly like a bad certificate, but for every site
//! at once.
//!
//! - Small devices without a battery start in 1970, or with the day of their firmware, until they have asked a time
//!   server.
//! - Virtual machines that were paused or restored from a snapshot.
//! - A certificate made a minute ago on a machine whose clock is ahead.
//! - Time servers blocked by a firewall (UDP 123).
//!
//! Revocation lists, OCSP answers, DNSSEC and Kerberos fail along with it.
//!
//! ## How to tell
//! - `date -u` on both machines, beside a clock that is right. `timedatectl` shows whether the clock is synchronised.
//! - Many different hosts "expired" at the same time, or a certificate "not yet valid" that others accept.
//! - TLS 1.2 and earlier: servers often send their time in the first four bytes of their random value.
//!
//! ## Fix
//! The machine whose clock is wrong: set it once (`chronyc makestep`, `ntpdate`), and let a time service keep it right.
//!
//! The other side: nothing. A new certificate would change nothing.
//!
//! Safer: never switch the check of dates off to get past this.
//!
//! ## Example
//! ```console
//! $ curl https://example.org
//! curl: (60) SSL certificate problem: certificate is not yet valid
//! $ date -u
//! Thu Jan  1 00:03:11 UTC 1970
//! ```
