//! Host keys: what a public key blob says, its fingerprint, key files, and keys to sign with.

mod certificate;
mod describe;
mod file;
mod openssh;
mod pem;
mod private;
mod revocation_list;

pub use certificate::{CertificateInfo, CertificateKind};
pub use describe::{KeyInfo, describe, fingerprint, plain_blob};
pub use file::{KeyFileInfo, KeyFormat, read_private_key_file, read_public_key_line};
pub use private::PrivateHostKey;
pub use revocation_list::{MAGIC as REVOCATION_LIST_MAGIC, RevocationList, read_revocation_list};
