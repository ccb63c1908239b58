//! Programs whose TLS is a handful of `name value` lines: PostgreSQL, stunnel, OpenVPN, and Java's `java.security`.
//!
//! One reader takes the lines of all of them; what each line sets is said by one function a product.

mod lines;
mod products;

pub use lines::Reading;
pub use products::{java_security, openvpn, postgresql, stunnel};
