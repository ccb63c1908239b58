//! # An intermediate certificate is missing
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! Between the server's certificate and the root that everybody knows stand one or more intermediate certificates. The
//! server does not send them, and the client cannot close the gap.
//!
//! ## Why
//! A server must send the certificates that lead up to the root, in order (RFC 5246 section 7.4.2); TLS 1.3 says that
//! it should (RFC 8446 section 4.4.2). Browsers often hide the fault: they remember intermediates of other sites, or
//! fetch them from the address in the certificate. Programs such as `curl`, Java, Python and mail servers do not.
//!
//! - `ssl_certificate` names the server's certificate alone instead of the "full chain" file.
//! - The authority changed its intermediate, and the old file stayed.
//! - The order is wrong, or certificates of another chain stand in between.
//! - In mutual TLS the client sends only its own certificate.
//!
//! ## How to tell
//! - It works in a browser and fails in programs.
//! - OpenSSL `unable to verify the first certificate` (21), `unable to get local issuer certificate` (20); Node
//!   `UNABLE_TO_VERIFY_LEAF_SIGNATURE`; Android and Java fail too.
//! - `openssl s_client -connect HOST:443 -showcerts </dev/null | grep -e ' s:' -e ' i:'`: each issuer must be the next
//!   subject.
//!
//! ## Fix
//! Server: configure the full chain (certbot's `fullchain.pem`), without the root.
//!
//! Client: nothing. Installing an intermediate on each client hides the fault for that client only.
//!
//! Safer: the server.
//!
//! ## Example
//! ```console
//! $ curl https://shop.example
//! curl: (60) SSL certificate problem: unable to get local issuer certificate
//! $ openssl s_client -connect shop.example:443 </dev/null | grep 'Verify return'
//! Verify return code: 21 (unable to verify the first certificate)
//! ```
