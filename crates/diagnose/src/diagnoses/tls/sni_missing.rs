//! # The client does not say which name it wants
//!
//! Protocols: tls
//!
//! ## What happened
//! The server needs to know which of its sites is meant, and the client does not send a name. It gets a default
//! certificate, or nothing.
//!
//! ## Why
//! The name stands in the extension `server_name` (RFC 6066 section 3). A TLS 1.3 server may demand it and answer with
//! `missing_extension` (109) (RFC 8446 section 9.2). A client leaves it out if it is old (Windows XP, Java 6, Python
//! 2.6), if it connects to an address instead of a name, or if the program never sets it.
//!
//! - nginx does not send it to its back ends unless `proxy_ssl_server_name on` is set.
//! - Health checks of load balancers, mail servers and monitoring scripts.
//! - A library that has to be told the name (`SSL_set_tlsext_host_name`, `server_hostname=`).
//!
//! ## How to tell
//! - `openssl s_client -connect HOST:443 -noservername` fails or shows another certificate than with `-servername
//!   NAME`.
//! - The certificate that arrives belongs to another site or is a placeholder ("Kubernetes Ingress Controller Fake
//!   Certificate").
//!
//! ## Fix
//! Client: send the name; connect to a name and not to an address.
//!
//! Server: give it a default site with a valid certificate for clients that cannot.
//!
//! Safer: the client.
//!
//! ## Example
//! ```console
//! $ openssl s_client -connect 192.0.2.7:443 -noservername </dev/null | openssl x509 -noout -subject
//! subject=CN = Kubernetes Ingress Controller Fake Certificate
//! ```
