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
//! Programs say:
//! - TLS: `certificate is not yet valid`, `certificate has expired`, for hosts that others reach; Chrome
//!   `ERR_CERT_DATE_INVALID` with "your clock is behind" or "ahead"; Firefox `SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE`;
//!   Go `current time 1970-01-01T... is before ...`; Windows `SEC_E_TIME_SKEW` (0x80090324); OCSP `response is not
//!   yet valid`; apt `Release file is not valid yet`.
//! - IKE: strongSwan `certificate invalid (valid from ... to ...)`, the peer AUTHENTICATION_FAILED; Windows 13801.
//!
//! Look yourself:
//! - `date -u` on both machines, beside a clock that is right. `timedatectl`, `chronyc tracking`, `w32tm /query
//!   /status` show whether the clock is synchronised.
//! - `curl -sI http://HOST | grep -i ^date` shows the server's time without TLS. Go and browsers print the time that
//!   they assumed.
//!
//! Look-alikes:
//! - `certificate-expired` and `certificate-not-yet-valid`: a single host, for all clients. Compare the printed dates
//!   with a clock that is right.
//! - `revocation-unavailable`: only lists or answers are out of date, and not the certificate.
//!
//! ## Fix
//! The machine whose clock is wrong, client or server: set it once (`chronyc makestep`, `timedatectl set-ntp true`,
//! `w32tm /resync`), let UDP 123 pass, and let a time service keep it right. Devices without a battery: fetch the
//! time before the first TLS connection.
//!
//! The other side: nothing. A new certificate would change nothing.
//!
//! Safer: the clock.
//!
//! Never: switch the check of dates or of certificates off (`curl -k`, `verify=False`) to get past this.
//!
//! ## Example
//! ```said
//! $ date -u
//! Thu Jan  1 00:03:11 UTC 1970
//! $ curl https://example.org
//! curl: (60) SSL certificate problem: certificate is not yet valid
//! ```
