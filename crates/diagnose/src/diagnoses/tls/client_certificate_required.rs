//! # The server wants a certificate from the client
//!
//! Protocols: tls
//!
//! ## What happened
//! This server lets only clients in that have a certificate of their own ("mutual TLS"). The client sent none.
//!
//! ## Why
//! The server asks with a CertificateRequest, and names the authorities it trusts (RFC 8446 section 4.3.2, RFC 5246
//! section 7.4.4). A client without a fitting certificate answers with an empty list, and the server ends the
//! connection: `certificate_required` (116) in TLS 1.3, `handshake_failure` (40) before. In TLS 1.3 this comes after
//! the client already believes that all is well, so that the first read fails.
//!
//! - No certificate is configured, or its key is missing, or the program runs as another user.
//! - There is one, but none of the authorities that the server names has issued it, so that the client keeps it back.
//! - A proxy that ends TLS does not pass the client's certificate on.
//!
//! ## How to tell
//! - `openssl s_client -connect HOST:443` prints `Acceptable client certificate CA names` and `Requested Signature
//!   Algorithms`.
//! - OpenSSL server: `peer did not return a certificate`; nginx status 496; Go `client didn't provide a certificate`.
//!
//! ## Fix
//! Client: give it certificate and key (`curl --cert FILE --key FILE`), issued by one of the authorities named.
//!
//! Server: if not every client needs one, ask without demanding (`ssl_verify_client optional` in nginx).
//!
//! Safer: the client. "Optional" needs a check in the application.
//!
//! ## Example
//! ```console
//! $ curl https://api.example
//! curl: (56) OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required
//! ```
