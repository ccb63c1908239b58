//! The facts themselves, built into one blob by this crate's build script from the files in `data/`.

/// The catalog, for `shakedown_catalog::Catalog::from_blob`.
pub const BLOB: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalog.blob"));
