//! Real and fake peers for the tests.
