//! The facts themselves, built into one blob.
