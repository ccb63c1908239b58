use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use shakedown_model::{Label, Origin, OriginKind};

use super::Draw;
use super::canvas::Look;
use crate::escape::printable;
use crate::quote::{Quote, quote};

impl Draw<'_> {
    /// Quotes the place of the label, as a compiler does. Gives the number of digits of its line number, which aligns
    /// what comes below; 1 where there is no line.
    pub(super) fn quote(&mut self, label: &Label, gutter: usize) -> usize {
        let OriginKind::File { file, span } = label.origin.kind() else {
            if let Some(place) = place(&label.origin) {
                let text = if label.text.is_empty() { place } else { format!("{place}: {}", label.text) };
                self.arrow(gutter, &text);
            }
            return gutter;
        };
        let room = if self.options.width == 0 { 0 } else { self.options.width.saturating_sub(8) };
        let quote = quote(&mut self.lines, file, span, room);
        let digits = digits(quote.place.line).max(gutter);
        let label_text = printable(&label.text).into_owned();
        self.arrow(digits, &format!("{}:{}:{}", file.path, quote.place.line, quote.place.column));
        self.quoted = Some(file.path.clone());
        let drawn = render(&quote, &label_text, self.canvas.color(), digits);
        self.canvas.drawn(&drawn);
        digits
    }

    fn arrow(&mut self, gutter: usize, text: &str) {
        self.canvas.plain(&" ".repeat(gutter)).put(Look::Frame, "-->").plain(" ").plain(text);
        self.canvas.end();
    }
}

/// The quoted line with the part marked. The text of the quote is printable already.
fn render(quote: &Quote, label: &str, color: bool, digits_wanted: usize) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    // The line is cut already.
    let renderer = renderer.term_width(usize::from(u16::MAX));
    let mut annotation = AnnotationKind::Primary.span(quote.part.clone());
    if !label.is_empty() {
        annotation = annotation.label(label);
    }
    let snippet = Snippet::source(quote.text.as_str()).line_start(quote.place.line).annotation(annotation);
    let drawn = renderer.render(&[Group::with_level(Level::ERROR).element(snippet)]);
    let indent = " ".repeat(digits_wanted.saturating_sub(digits(quote.place.line)));
    drawn.lines().map(|line| format!("{indent}{line}\n")).collect()
}

/// A place that is not in a file, in a few words.
pub(super) fn place(origin: &Origin) -> Option<String> {
    match origin.kind() {
        OriginKind::File { .. } => None,
        OriginKind::Catalog { row, .. } => Some(format!("catalog, {row}")),
        OriginKind::Peer { address, connection, what } => Some(format!("{address}, {what} of connection {connection}")),
        OriginKind::Program { command } => Some(format!("output of `{command}`")),
        OriginKind::CommandLine { argument } => Some(format!("command line, `{argument}`")),
        OriginKind::Edit { title } => Some(title.clone()),
    }
}

/// How many digits a line number has.
pub(super) fn digits(mut number: usize) -> usize {
    let mut digits = 1;
    while number >= 10 {
        number /= 10;
        digits += 1;
    }
    digits
}
