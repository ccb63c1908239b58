//! Reading what is to be explained: files, standard input, rotated and compressed logs, files that grow.
//!
//! [`Blocks`] reads one source after the other in blocks of whole lines, [`Follow`] one file that is being written.
//! Neither keeps more than a few MiB, whatever the size of a file or of one of its lines. What is in the way, such as a
//! folder or a binary file, is a [`Condition`] and not the end: the other sources are read all the same.

mod ahead;
mod blocks;
mod condition;
mod follow;
mod kind;
mod lines;

#[cfg(test)]
mod tests;

pub use blocks::{Blocks, Source};
pub use condition::{Condition, Note};
pub use follow::{Follow, INTERVAL, Pace, Poll, Start};
pub use lines::{Block, LINE_LIMIT};

/// What comes next.
#[derive(Debug)]
pub enum Piece<'a> {
    /// Some lines.
    Block(Block<'a>),
    /// Something about a source that a reader of the result should know.
    Note(Note),
}
