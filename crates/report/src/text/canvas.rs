//! The only way by which text reaches a terminal: everything that is drawn passes [`printable`] here.

use anstyle::{AnsiColor, Style};

use crate::escape::printable;

/// How a piece of text looks where there are colours. Without them, every piece must be understood by its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Strong,
    Error,
    Warning,
    Note,
    Help,
    Good,
    Frame,
    Removed,
    Added,
    Faint,
}

impl Look {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Error => AnsiColor::BrightRed.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Note | Self::Good => AnsiColor::BrightGreen.on_default().bold(),
            Self::Help => AnsiColor::BrightCyan.on_default().bold(),
            Self::Frame => AnsiColor::BrightBlue.on_default().bold(),
            Self::Removed => AnsiColor::BrightRed.on_default(),
            Self::Added => AnsiColor::BrightGreen.on_default(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// Text in the making.
#[derive(Debug)]
pub(super) struct Canvas {
    text: String,
    color: bool,
    lines: usize,
}

impl Canvas {
    pub(super) fn new(color: bool) -> Self {
        Self { text: String::new(), color, lines: 0 }
    }

    /// Adds a piece to the line. Line feeds in it are written out.
    pub(super) fn put(&mut self, look: Look, text: &str) -> &mut Self {
        let text = printable(text);
        if self.color && look != Look::Plain && !text.is_empty() {
            let style = look.style();
            self.text.push_str(&format!("{style}{text}{style:#}"));
        } else {
            self.text.push_str(&text);
        }
        self
    }

    /// The same, without a look.
    pub(super) fn plain(&mut self, text: &str) -> &mut Self {
        self.put(Look::Plain, text)
    }

    /// Ends the line.
    pub(super) fn end(&mut self) {
        self.text.push('\n');
        self.lines += 1;
    }

    /// Adds lines that were drawn elsewhere from printable text.
    pub(super) fn drawn(&mut self, lines: &str) {
        for line in lines.lines() {
            self.text.push_str(line);
            self.end();
        }
    }

    /// A blank line, if there is anything before it.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.end();
        }
    }

    /// The lines so far.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    pub(super) fn color(&self) -> bool {
        self.color
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}
