use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many connections may still be opened in this run. Shared by all addresses, because they may be one machine.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    used: Arc<AtomicU32>,
    most: u32,
}

impl Budget {
    pub(crate) fn new(most: u32) -> Self {
        Self { used: Arc::new(AtomicU32::new(0)), most }
    }

    /// The number of the next connection, counted from 1; `None` where none is left.
    pub(crate) fn take(&self) -> Option<u32> {
        let next = |used| (used < self.most).then_some(used + 1);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok().map(|used| used + 1)
    }

    pub(crate) fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn most(&self) -> u32 {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_shared_and_ends() {
        let budget = Budget::new(2);
        let other = budget.clone();
        assert_eq!((budget.take(), other.take(), budget.take()), (Some(1), Some(2), None));
        assert_eq!(budget.used(), 2);
    }
}
