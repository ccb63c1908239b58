//! Key exchanges, hashes and host key signatures.
