//! The published JSON documents, version 1.
