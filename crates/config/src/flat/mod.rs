//! Programs whose TLS is a handful of `name value` lines: PostgreSQL, stunnel, OpenVPN, and Java's `java.security`.
//!
//! One reader takes the lines of all of them; what each line sets is said by one function a product.

mod edit;
mod lines;
mod names;
mod products;
mod stunnel;

pub(crate) use lines::Line;
pub use lines::Reading;
pub(crate) use names::openvpn_name;
pub use products::{java_security, openvpn, postgresql};
pub use stunnel::stunnel;
