//! The protocols' own negotiation rules: two parties in, an outcome out.
