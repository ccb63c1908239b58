//! Plans the safest change and re-computes the outcome.
