/// What is known of a list or value. "Not known" is never the same as "empty".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Known<T> {
    /// Seen or read whole.
    Complete(T),
    /// Only these were tried: some were accepted, some refused; of others nothing is known.
    Partial {
        /// What the party is known to accept.
        accepted: T,
        /// What the party is known to refuse.
        refused: T,
    },
    /// Nothing is known.
    #[default]
    Unknown,
}

impl<T> Known<T> {
    /// The value, where it is known whole.
    pub fn complete(&self) -> Option<&T> {
        match self {
            Self::Complete(value) => Some(value),
            _ => None,
        }
    }

    /// The value, where it is known whole, to change it.
    pub fn complete_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Complete(value) => Some(value),
            _ => None,
        }
    }

    /// What is known to be accepted: the whole value, or the accepted part.
    pub fn accepted(&self) -> Option<&T> {
        match self {
            Self::Complete(value) | Self::Partial { accepted: value, .. } => Some(value),
            Self::Unknown => None,
        }
    }

    /// Whether the value is known whole.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete(_))
    }
}
