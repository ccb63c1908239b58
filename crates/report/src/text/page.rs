use super::canvas::{Canvas, Look};
use crate::options::TextOptions;

/// A page in Markdown, drawn for the terminal: headings, lists, code; paragraphs are filled to the width. What is not of
/// that kind is shown as it stands.
pub fn cause_page(markdown: &str, options: &TextOptions) -> String {
    let mut page =
        Page { canvas: Canvas::new(options.color), width: options.width, paragraph: String::new(), indent: 0 };
    let mut code = false;
    for line in markdown.lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") {
            page.flush();
            code = !code;
        } else if code {
            page.canvas.plain("    ").put(Look::Help, line);
            page.canvas.end();
        } else if trimmed.is_empty() {
            page.flush();
            page.canvas.end();
        } else if let Some(heading) = heading(trimmed) {
            page.flush();
            page.canvas.put(Look::Strong, heading);
            page.canvas.end();
        } else if trimmed.starts_with('|') || line.starts_with("    ") {
            page.flush();
            page.canvas.plain(line);
            page.canvas.end();
        } else if let Some(length) = item(trimmed) {
            page.flush();
            page.indent = line.len() - trimmed.len() + length;
            page.paragraph.push_str(line);
        } else {
            if !page.paragraph.is_empty() {
                page.paragraph.push(' ');
            }
            page.paragraph.push_str(trimmed);
        }
    }
    page.flush();
    page.canvas.finish()
}

/// The text of a heading without its signs.
fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (text.len() < line.len() && text.starts_with(' ')).then(|| text.trim())
}

/// The length of the sign of a list's element: `- `, `* `, `1. `.
fn item(line: &str) -> Option<usize> {
    if line.starts_with("- ") || line.starts_with("* ") {
        return Some(2);
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0 && line.get(digits..).is_some_and(|rest| rest.starts_with(". "))).then_some(digits + 2)
}

struct Page {
    canvas: Canvas,
    width: usize,
    paragraph: String,
    indent: usize,
}

impl Page {
    /// Draws the paragraph that was gathered, filled to the width.
    fn flush(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let indent = std::mem::take(&mut self.indent);
        if paragraph.is_empty() {
            return;
        }
        // A list's element keeps the blanks before its sign.
        let lead = paragraph.len() - paragraph.trim_start().len();
        let mut line = paragraph.get(..lead).unwrap_or_default().to_owned();
        let mut begun = false;
        let mut code = false;
        for word in paragraph.split_whitespace() {
            if begun && self.width > 0 && line.chars().count() + 1 + word.chars().count() > self.width {
                self.line(&line, &mut code);
                line = " ".repeat(indent);
                begun = false;
            }
            if begun {
                line.push(' ');
            }
            line.push_str(word);
            begun = true;
        }
        self.line(&line, &mut code);
    }

    /// Draws a line; what stands in backticks is coloured, and keeps them where there are no colours.
    fn line(&mut self, line: &str, code: &mut bool) {
        if !self.canvas.color() {
            self.canvas.plain(line);
        } else {
            for (index, piece) in line.split('`').enumerate() {
                if index > 0 {
                    *code = !*code;
                    self.canvas.put(Look::Help, "`");
                }
                self.canvas.put(if *code { Look::Help } else { Look::Plain }, piece);
            }
        }
        self.canvas.end();
    }
}
