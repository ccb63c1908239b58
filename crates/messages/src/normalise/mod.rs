//! Text as people hand it over, made into text as programs print it, with the way back to the bytes handed over.
//!
//! Each file takes one kind of dirt away. All of them leave what they do not recognise as it is, copy nothing where
//! there is nothing to do, and look at every byte a bounded number of times.

mod characters;
mod clean;
mod encoding;
mod entities;
mod escapes;
mod layout;
mod map;
mod quoted_printable;
mod rewriter;
mod strip;
mod terminal;
mod wrap;

#[cfg(test)]
mod tests;

pub use clean::Clean;
