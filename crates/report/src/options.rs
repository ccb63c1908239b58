use std::fmt;
use std::sync::Arc;

use shakedown_model::Slot;

/// How text is drawn.
#[derive(Clone, Debug)]
pub struct TextOptions {
    /// With colours. Whether the terminal and the user want them is for the caller to find out.
    pub color: bool,
    /// The width in columns that lists and quoted lines are shortened to; 0 for no limit. Sentences are never cut.
    pub width: usize,
    /// With the trace of the negotiation: per slot both lists, the choice, the rule.
    pub trace: bool,
    /// With the evidence, every list in full, and every fix with its commands.
    pub verbose: bool,
    /// With the fixes that lower security, not only their number.
    pub allow_weaker: bool,
    /// How algorithms are rated, for the marks in an offer.
    pub ratings: Ratings,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
            trace: false,
            verbose: false,
            allow_weaker: false,
            ratings: Ratings::default(),
        }
    }
}

/// What an algorithm is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Broken: attacks are practical.
    Broken,
    /// Weak: attacks are known.
    Weak,
    /// Legacy: to be replaced.
    Legacy,
    /// Acceptable.
    Acceptable,
    /// Strong.
    Strong,
    /// Strong, and safe from quantum computers.
    PostQuantum,
}

impl Mark {
    /// The word beside the name, or nothing where nothing needs to be said.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Weak => "weak",
            Self::Legacy => "legacy",
            Self::Acceptable | Self::Strong => "",
            Self::PostQuantum => "post-quantum",
        }
    }
}

type Rate = dyn Fn(Slot, &str) -> Option<Mark> + Send + Sync;

/// A look-up of ratings. The default rates nothing.
#[derive(Clone, Default)]
pub struct Ratings(Option<Arc<Rate>>);

impl Ratings {
    /// Ratings by this function of slot and name.
    pub fn new(rate: impl Fn(Slot, &str) -> Option<Mark> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(rate)))
    }

    pub(crate) fn rate(&self, slot: Slot, name: &str) -> Option<Mark> {
        self.0.as_ref().and_then(|rate| rate(slot, name))
    }
}

impl fmt::Debug for Ratings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Ratings(..)" } else { "Ratings(none)" })
    }
}
