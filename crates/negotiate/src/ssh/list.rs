use shakedown_model::{Item, Known, Name};

/// Whether a list holds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Has {
    Yes,
    No,
    Maybe,
}

/// A list of names as the negotiation reads it: an order, and what is known of names outside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    /// The names known to be on the list, in order.
    pub(crate) names: Vec<Name>,
    /// The names known not to be on it; meaningful only for an open list.
    pub(crate) refused: Vec<Name>,
    /// Whether there may be names on it that nobody has seen. The order of an open list is not known either.
    pub(crate) open: bool,
}

impl List {
    pub(crate) fn new(known: &Known<Vec<Item>>) -> Self {
        let names = |items: &Vec<Item>| items.iter().map(|item| item.name.clone()).collect();
        match known {
            Known::Complete(items) => Self { names: names(items), refused: Vec::new(), open: false },
            Known::Partial { accepted, refused } => {
                Self { names: names(accepted), refused: names(refused), open: true }
            }
            Known::Unknown => Self { names: Vec::new(), refused: Vec::new(), open: true },
        }
    }

    pub(crate) fn has(&self, name: &Name) -> Has {
        if self.names.contains(name) {
            Has::Yes
        } else if !self.open || self.refused.contains(name) {
            Has::No
        } else {
            Has::Maybe
        }
    }

    /// Only the first names, as an implementation with a limit reads them. An open list has no known order to cut.
    pub(crate) fn cut(&self, limit: Option<usize>) -> Self {
        let mut list = self.clone();
        if let (Some(limit), false) = (limit, list.open) {
            list.names.truncate(limit);
        }
        list
    }

    /// Only the names that pass.
    pub(crate) fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        let mut list = self.clone();
        list.names.retain(|name| keep(name.as_str()));
        list
    }

    /// No name that could be chosen: nothing at all, or only markers.
    pub(crate) fn offers_nothing(&self) -> bool {
        !self.open && self.names.iter().all(|name| shakedown_model::ssh::is_marker(name.as_str()))
    }
}
