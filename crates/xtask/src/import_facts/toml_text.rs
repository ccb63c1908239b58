//! Writes TOML in the one layout of the data files: a list on one line where it fits, else one name a line.

use std::fmt::Write;

const WIDTH: usize = 120;

/// A growing TOML file.
pub(super) struct TomlText(String);

impl TomlText {
    /// A file whose first lines say where it comes from.
    pub(super) fn new(comment: &str) -> Self {
        let mut text = Self(String::new());
        for line in comment.lines() {
            // Writing to a String cannot fail.
            let _ = writeln!(text.0, "# {line}");
        }
        text
    }

    /// Opens a row.
    pub(super) fn row(&mut self, table: &str) {
        let _ = write!(self.0, "\n[[{table}]]\n");
    }

    /// A text; absent where there is none.
    pub(super) fn text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            let _ = writeln!(self.0, "{key} = {}", quoted(value));
        }
    }

    /// A number; absent where there is none.
    pub(super) fn number(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            let _ = writeln!(self.0, "{key} = {value}");
        }
    }

    /// A flag; absent where it is false.
    pub(super) fn flag(&mut self, key: &str, value: bool) {
        if value {
            let _ = writeln!(self.0, "{key} = true");
        }
    }

    /// A value that is true or false; absent where it is not known.
    pub(super) fn boolean(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            let _ = writeln!(self.0, "{key} = {value}");
        }
    }

    /// A list of names; absent where it is not known.
    pub(super) fn names(&mut self, key: &str, names: Option<&[String]>) {
        let Some(names) = names else { return };
        let line = format!("{key} = [{}]", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "));
        if line.len() <= WIDTH {
            let _ = writeln!(self.0, "{line}");
            return;
        }
        let _ = writeln!(self.0, "{key} = [");
        for name in names {
            let _ = writeln!(self.0, "    {},", quoted(name));
        }
        self.0.push_str("]\n");
    }

    /// Reasons with their references.
    pub(super) fn reasons(&mut self, reasons: &[(String, Vec<String>)]) {
        if reasons.is_empty() {
            return;
        }
        self.0.push_str("reasons = [\n");
        for (text, references) in reasons {
            let references = references.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
            let _ = writeln!(self.0, "    {{ text = {}, references = [{references}] }},", quoted(text));
        }
        self.0.push_str("]\n");
    }

    /// The file.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
