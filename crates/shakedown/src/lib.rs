//! Finds out why a secure connection's key exchange failed, and what to change.
