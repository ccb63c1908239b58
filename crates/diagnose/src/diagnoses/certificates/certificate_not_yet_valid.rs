//! # A certificate is not valid yet
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The certificate's first day lies in the future, as seen by the machine that checks it.
//!
//! ## Why
//! Outside of "not before" and "not after" a certificate must be refused (RFC 5280 sections 4.1.2.5 and 6.1.3). That a
//! real certificate begins in the future is rare; a wrong clock is the usual reason (`clock-skew`).
//!
//! - The checking machine's clock is behind: no battery, restored snapshot, no time server.
//! - The issuing machine's clock is ahead, and the certificate was used within minutes.
//! - A certificate was ordered for a later day and installed too soon.
//! - Dates in local time that were taken for UTC.
//!
//! ## How to tell
//! - `openssl x509 -noout -startdate -in cert.pem` beside `date -u` on both machines.
//! - `certificate is not yet valid`; alert 42 or 45, depending on the program.
//!
//! ## Fix
//! The machine whose clock is wrong: set it and keep it synchronised.
//!
//! Server: install the new certificate when its time has come; issue with a start some minutes back.
//!
//! Safer: no check has to be switched off for this.
//!
//! ## Example
//! ```console
//! $ openssl verify -CAfile ca.pem new.pem
//! error 9 at 0 depth lookup: certificate is not yet valid
//! ```
